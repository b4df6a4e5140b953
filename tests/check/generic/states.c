/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What every element must stand: state changes over and over, its properties
 * read back, its request pads taken and given back. The elements come from the
 * registry, by the project's package name, so that new ones are covered as
 * they appear. GstCheck fails each test on any critical or warning. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <string.h>
#include <gst/check/gstcheck.h>

#define CYCLES 25

/* What an element needs to run alone. Port 0 takes a free one, so that tests
 * can run side by side; nobody listens at the discard port. */
static const struct
{
  const gchar *element;
  const gchar *property;
  const gchar *value;
} settings[] = {
  {"tryonwssrc", "port", "0"},
  {"tryonaisink", "uri", "ws://127.0.0.1:9/ws/try-on/states/"},
};

/* Elements that may lack what they need to start: these words are in their error then,
 * and only READY is tested. */
static const struct
{
  const gchar *element;
  const gchar *words;
} needs[] = {
  {"tryonnails", "tools/fetch-models"},
};

static GMutex freed_lock;
static GCond freed_cond;

static gboolean
is_ours (GstPlugin * plugin, gpointer user_data)
{
  return g_strcmp0 (gst_plugin_get_package (plugin), GST_PACKAGE_NAME) == 0;
}

/* (transfer full): GstElementFactory. */
static GList *
our_factories (void)
{
  GstRegistry *registry = gst_registry_get ();
  GList *plugins = gst_registry_plugin_filter (registry, is_ours, FALSE, NULL);
  GList *factories = NULL, *p, *f;

  for (p = plugins; p; p = p->next) {
    GList *features = gst_registry_get_feature_list_by_plugin (registry,
        gst_plugin_get_name (p->data));

    for (f = features; f; f = f->next) {
      if (GST_IS_ELEMENT_FACTORY (f->data))
        factories = g_list_prepend (factories, gst_object_ref (f->data));
    }
    gst_plugin_feature_list_free (features);
  }
  gst_plugin_list_free (plugins);
  return factories;
}

/* Whether @factory's elements lack something to start; says so. */
static gboolean
is_lacking (GstElementFactory * factory)
{
  GstElement *element;
  GstMessage *message = NULL;
  GError *error = NULL;
  gboolean lacking = FALSE;
  GstBus *bus;
  guint i;

  for (i = 0; i < G_N_ELEMENTS (needs); i++) {
    if (!g_str_equal (needs[i].element, GST_OBJECT_NAME (factory)))
      continue;
    element = gst_element_factory_create (factory, NULL);
    bus = gst_bus_new ();
    gst_element_set_bus (element, bus);
    if (gst_element_set_state (element, GST_STATE_PAUSED)
        == GST_STATE_CHANGE_FAILURE)
      message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
    if (message != NULL)
      gst_message_parse_error (message, &error, NULL);
    lacking = error != NULL && strstr (error->message, needs[i].words) != NULL;
    if (lacking)
      g_print ("SKIPPED: %s goes to READY only: %s\n",
          GST_OBJECT_NAME (factory), error->message);
    g_clear_error (&error);
    g_clear_pointer (&message, gst_message_unref);
    gst_element_set_state (element, GST_STATE_NULL);
    gst_element_set_bus (element, NULL);
    gst_object_unref (bus);
    gst_object_unref (element);
  }
  return lacking;
}

/* The highest state that the tests take its elements to. */
static GstState
highest_state (GstElementFactory * factory)
{
  return is_lacking (factory) ? GST_STATE_READY : GST_STATE_PLAYING;
}

static GstElement *
make_element (GstElementFactory * factory)
{
  GstElement *element = gst_element_factory_create (factory, NULL);
  guint i;

  fail_unless (element != NULL, "cannot make a %s", GST_OBJECT_NAME (factory));
  for (i = 0; i < G_N_ELEMENTS (settings); i++) {
    if (g_str_equal (settings[i].element, GST_OBJECT_NAME (factory)))
      gst_util_set_object_arg (G_OBJECT (element), settings[i].property,
          settings[i].value);
  }
  return element;
}

static void
change_state (GstElement * element, GstState state)
{
  GstStateChangeReturn ret = gst_element_set_state (element, state);

  fail_if (ret == GST_STATE_CHANGE_FAILURE, "%s does not go to %s",
      GST_OBJECT_NAME (element), gst_element_state_get_name (state));
  /* Upwards a sink may still wait for its first buffer, but nothing may
   * delay the way down. */
  if (state <= GST_STATE_READY)
    fail_unless_equals_int (ret, GST_STATE_CHANGE_SUCCESS);
}

static void
on_freed (gpointer freed, GObject * element)
{
  g_mutex_lock (&freed_lock);
  *(gboolean *) freed = TRUE;
  g_cond_signal (&freed_cond);
  g_mutex_unlock (&freed_lock);
}

/* Nothing keeps an element that is in NULL: no thread, source or callback. A
 * clock's thread may let go of what it was told to forget a little later. */
static void
drop_element (GstElement * element)
{
  gint64 limit = g_get_monotonic_time () + 5 * G_USEC_PER_SEC;
  gchar *name = gst_object_get_name (GST_OBJECT (element));
  gboolean freed = FALSE, in_time = TRUE;

  g_object_weak_ref (G_OBJECT (element), on_freed, &freed);
  gst_object_unref (element);
  g_mutex_lock (&freed_lock);
  while (!freed && in_time)
    in_time = g_cond_wait_until (&freed_cond, &freed_lock, limit);
  g_mutex_unlock (&freed_lock);
  fail_unless (freed, "%s is kept by something", name);
  g_free (name);
}

/* Each folder that the test was told to look into gives at least one element:
 * otherwise a plugin that does not load would pass all the tests below. */
GST_START_TEST (test_all_plugins_load)
{
  gchar **paths = g_strsplit (g_getenv ("GST_PLUGIN_PATH"), ":", -1);
  GList *factories = our_factories (), *f;
  guint i;

  for (i = 0; paths[i]; i++) {
    gboolean found = FALSE;

    for (f = factories; f && !found; f = f->next) {
      GstPlugin *plugin = gst_plugin_feature_get_plugin (f->data);

      found = g_str_has_prefix (gst_plugin_get_filename (plugin), paths[i]);
      gst_object_unref (plugin);
    }
    fail_unless (found, "no element comes from %s", paths[i]);
  }
  fail_unless (factories != NULL);
  gst_plugin_feature_list_free (factories);
  g_strfreev (paths);
}

GST_END_TEST;

GST_START_TEST (test_state_cycles)
{
  GList *factories = our_factories (), *f;
  guint i;

  for (f = factories; f; f = f->next) {
    GstElement *element = make_element (f->data);
    GstState highest = highest_state (f->data);

    for (i = 0; i < CYCLES; i++) {
      change_state (element, GST_STATE_READY);
      change_state (element, MIN (highest, GST_STATE_PAUSED));
      change_state (element, GST_STATE_READY);
      change_state (element, GST_STATE_NULL);
    }
    drop_element (element);
  }
  gst_plugin_feature_list_free (factories);
}

GST_END_TEST;

GST_START_TEST (test_leave_each_state)
{
  GList *factories = our_factories (), *f;
  GstState state;
  guint i;

  for (f = factories; f; f = f->next) {
    GstState highest = highest_state (f->data);

    for (state = GST_STATE_NULL; state <= highest; state++) {
      for (i = 0; i < CYCLES; i++) {
        GstElement *element = make_element (f->data);

        change_state (element, state);
        change_state (element, GST_STATE_NULL);
        drop_element (element);
      }
    }
  }
  gst_plugin_feature_list_free (factories);
}

GST_END_TEST;

/* Reads each property; with @defaults, compares those of the element's own
 * class to the default that gst-inspect-1.0 shows. */
static void
read_properties (GstElement * element, gboolean defaults)
{
  GObjectClass *klass = G_OBJECT_GET_CLASS (element);
  guint n_specs, i;
  GParamSpec **specs = g_object_class_list_properties (klass, &n_specs);

  for (i = 0; i < n_specs; i++) {
    GValue value = G_VALUE_INIT;

    if (!(specs[i]->flags & G_PARAM_READABLE))
      continue;
    g_value_init (&value, specs[i]->value_type);
    g_object_get_property (G_OBJECT (element), specs[i]->name, &value);
    if (defaults && specs[i]->owner_type == G_OBJECT_TYPE (element)
        && (specs[i]->flags & G_PARAM_WRITABLE))
      fail_unless (g_param_value_defaults (specs[i], &value),
          "%s.%s is not what its default says", GST_OBJECT_NAME (element),
          specs[i]->name);
    g_value_unset (&value);
  }
  g_free (specs);
}

GST_START_TEST (test_properties)
{
  GList *factories = our_factories (), *f;
  GstState state;

  for (f = factories; f; f = f->next) {
    GstElement *element = gst_element_factory_create (f->data, NULL);
    GstState highest;

    read_properties (element, TRUE);
    drop_element (element);

    element = make_element (f->data);
    highest = highest_state (f->data);
    for (state = GST_STATE_NULL; state <= highest; state++) {
      change_state (element, state);
      read_properties (element, FALSE);
    }
    change_state (element, GST_STATE_NULL);
    read_properties (element, FALSE);
    drop_element (element);
  }
  gst_plugin_feature_list_free (factories);
}

GST_END_TEST;

/* Takes a pad of each request template and gives it back. */
static void
check_request_pads (GstElement * element)
{
  const GList *templates =
      gst_element_class_get_pad_template_list (GST_ELEMENT_GET_CLASS (element));

  for (; templates; templates = templates->next) {
    GstPadTemplate *template = templates->data;
    GstPad *pad;

    if (GST_PAD_TEMPLATE_PRESENCE (template) != GST_PAD_REQUEST)
      continue;
    pad = gst_element_request_pad (element, template, NULL, NULL);
    fail_unless (pad != NULL, "%s gives no %s pad", GST_OBJECT_NAME (element),
        GST_PAD_TEMPLATE_NAME_TEMPLATE (template));
    gst_element_release_request_pad (element, pad);
    fail_unless (GST_OBJECT_PARENT (pad) == NULL);
    gst_object_unref (pad);
  }
}

GST_START_TEST (test_request_pads)
{
  GList *factories = our_factories (), *f;
  GstState state;

  for (f = factories; f; f = f->next) {
    GstState highest = highest_state (f->data);

    for (state = GST_STATE_NULL; state <= highest; state++) {
      GstElement *element = make_element (f->data);

      change_state (element, state);
      check_request_pads (element);
      check_request_pads (element);
      change_state (element, GST_STATE_NULL);
      drop_element (element);
    }
  }
  gst_plugin_feature_list_free (factories);
}

GST_END_TEST;

static Suite *
states_suite (void)
{
  Suite *s = suite_create ("states");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_all_plugins_load);
  tcase_add_test (tc, test_state_cycles);
  tcase_add_test (tc, test_leave_each_state);
  tcase_add_test (tc, test_properties);
  tcase_add_test (tc, test_request_pads);
  return s;
}

GST_CHECK_MAIN (states);

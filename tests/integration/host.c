/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs one pipeline and lets a test look inside it while it runs:
 *
 *   host LAUNCH LINE...
 *
 * Commands come line by line on stdin. Everything that is said goes to stdout,
 * one JSON object a line:
 *
 *   get ELEMENT PROPERTY    {"reply": VALUE} or {"failed": "why"}
 *   quit (or end of input)  the pipeline goes to NULL, the process ends
 *
 *   {"state": "playing"}    once, when the pipeline was told to play and its
 *                           sources have started
 *   {"message": TYPE, "source": ELEMENT, ...} for element messages, warnings,
 *                               errors and EOS
 *
 * A test's answer and the bus share one thread, so lines never mix. */

#include <stdio.h>

#include <gmodule.h>
#include <gst/gst.h>

#ifdef __SANITIZE_ADDRESS__
/* GLib gives up its table of quarks whenever that grows, and the many plugins
 * of a system make it grow. LeakSanitizer cannot tell that from leaks of ours;
 * the leaks tracer, under which this runs, can. */
G_MODULE_EXPORT int __lsan_is_turned_off (void);

int
__lsan_is_turned_off (void)
{
  return 1;
}
#endif

typedef struct
{
  GstElement *pipeline;
  GMainLoop *loop;
} Host;

static void append_structure (GString * json, const GstStructure * structure);

static void
append_string (GString * json, const gchar * text)
{
  const gchar *c;

  if (text == NULL) {
    g_string_append (json, "null");
    return;
  }
  g_string_append_c (json, '"');
  for (c = text; *c != '\0'; c++) {
    if (*c == '"' || *c == '\\')
      g_string_append_printf (json, "\\%c", *c);
    else if ((guchar) * c < 0x20)
      g_string_append_printf (json, "\\u%04x", *c);
    else
      g_string_append_c (json, *c);
  }
  g_string_append_c (json, '"');
}

static gboolean
append_number (GString * json, const GValue * value)
{
  gchar number[G_ASCII_DTOSTR_BUF_SIZE];

  if (G_VALUE_HOLDS_BOOLEAN (value))
    g_string_append (json, g_value_get_boolean (value) ? "true" : "false");
  else if (G_VALUE_HOLDS_INT (value))
    g_string_append_printf (json, "%d", g_value_get_int (value));
  else if (G_VALUE_HOLDS_UINT (value))
    g_string_append_printf (json, "%u", g_value_get_uint (value));
  else if (G_VALUE_HOLDS_INT64 (value))
    g_string_append_printf (json, "%" G_GINT64_FORMAT,
        g_value_get_int64 (value));
  else if (G_VALUE_HOLDS_UINT64 (value))
    g_string_append_printf (json, "%" G_GUINT64_FORMAT,
        g_value_get_uint64 (value));
  else if (G_VALUE_HOLDS_DOUBLE (value))
    g_string_append (json, g_ascii_dtostr (number, sizeof (number),
            g_value_get_double (value)));
  else
    return FALSE;
  return TRUE;
}

static void
append_array (GString * json, const GValue * value)
{
  guint i, size = gst_value_array_get_size (value);

  g_string_append_c (json, '[');
  for (i = 0; i < size; i++) {
    gchar *text = gst_value_serialize (gst_value_array_get_value (value, i));

    if (i > 0)
      g_string_append (json, ", ");
    append_string (json, text);
    g_free (text);
  }
  g_string_append_c (json, ']');
}

static void
append_value (GString * json, const GValue * value)
{
  if (append_number (json, value))
    return;
  if (G_VALUE_HOLDS_STRING (value)) {
    append_string (json, g_value_get_string (value));
  } else if (GST_VALUE_HOLDS_STRUCTURE (value)) {
    append_structure (json, gst_value_get_structure (value));
  } else if (GST_VALUE_HOLDS_ARRAY (value)) {
    append_array (json, value);
  } else {
    gchar *text = gst_value_serialize (value);

    append_string (json, text);
    g_free (text);
  }
}

static gboolean
append_field (GQuark field, const GValue * value, gpointer user_data)
{
  GString *json = user_data;

  g_string_append (json, ", ");
  append_string (json, g_quark_to_string (field));
  g_string_append (json, ": ");
  append_value (json, value);
  return TRUE;
}

/* The structure's name is told as "name", which no structure of ours has as a
 * field. */
static void
append_structure (GString * json, const GstStructure * structure)
{
  if (structure == NULL) {
    g_string_append (json, "null");
    return;
  }
  g_string_append (json, "{\"name\": ");
  append_string (json, gst_structure_get_name (structure));
  gst_structure_foreach (structure, append_field, json);
  g_string_append_c (json, '}');
}

static void
say (GString * json)
{
  puts (json->str);
  fflush (stdout);
  g_string_free (json, TRUE);
}

static void
say_failed (const gchar * format, const gchar * detail)
{
  gchar *text = g_strdup_printf (format, detail);
  GString *json = g_string_new ("{\"failed\": ");

  append_string (json, text);
  g_string_append_c (json, '}');
  say (json);
  g_free (text);
}

static void
say_property (GObject * object, const gchar * name)
{
  GValue value = G_VALUE_INIT;
  GString *json = g_string_new ("{\"reply\": ");

  g_object_get_property (object, name, &value);
  append_value (json, &value);
  g_value_unset (&value);
  g_string_append_c (json, '}');
  say (json);
}

/* get ELEMENT PROPERTY */
static void
run_get (Host * host, gchar ** words)
{
  GstElement *element;

  if (g_strv_length (words) != 3) {
    say_failed ("%s needs an element and a property", words[0]);
    return;
  }
  element = gst_bin_get_by_name (GST_BIN (host->pipeline), words[1]);
  if (element == NULL) {
    say_failed ("no element %s", words[1]);
    return;
  }
  if (g_object_class_find_property (G_OBJECT_GET_CLASS (element),
          words[2]) == NULL) {
    say_failed ("no property %s", words[2]);
  } else {
    say_property (G_OBJECT (element), words[2]);
  }
  gst_object_unref (element);
}

static gboolean
on_command (GIOChannel * channel, GIOCondition condition, gpointer user_data)
{
  Host *host = user_data;
  gchar *line = NULL;
  gchar **words;

  if (g_io_channel_read_line (channel, &line, NULL, NULL, NULL) !=
      G_IO_STATUS_NORMAL) {
    g_main_loop_quit (host->loop);
    return G_SOURCE_REMOVE;
  }
  words = g_strsplit (g_strstrip (line), " ", -1);
  if (g_strcmp0 (words[0], "quit") == 0)
    g_main_loop_quit (host->loop);
  else if (g_strcmp0 (words[0], "get") == 0)
    run_get (host, words);
  else
    say_failed ("no command %s", words[0]);
  g_strfreev (words);
  g_free (line);
  return G_SOURCE_CONTINUE;
}

static void
append_fault (GString * json, GstMessage * message)
{
  GError *error = NULL;
  gchar *debug = NULL;

  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR)
    gst_message_parse_error (message, &error, &debug);
  else
    gst_message_parse_warning (message, &error, &debug);
  g_string_append (json, ", \"text\": ");
  append_string (json, error->message);
  g_string_append (json, ", \"debug\": ");
  append_string (json, debug);
  g_error_free (error);
  g_free (debug);
}

static gboolean
on_message (GstBus * bus, GstMessage * message, gpointer user_data)
{
  const GstMessageType told = GST_MESSAGE_ELEMENT | GST_MESSAGE_ERROR |
      GST_MESSAGE_WARNING | GST_MESSAGE_EOS;
  GString *json;

  if (!(GST_MESSAGE_TYPE (message) & told))
    return G_SOURCE_CONTINUE;

  json = g_string_new ("{\"message\": ");
  append_string (json, GST_MESSAGE_TYPE_NAME (message));
  g_string_append (json, ", \"source\": ");
  append_string (json, GST_MESSAGE_SRC_NAME (message));
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ELEMENT) {
    g_string_append (json, ", \"structure\": ");
    append_structure (json, gst_message_get_structure (message));
  } else if (GST_MESSAGE_TYPE (message) != GST_MESSAGE_EOS) {
    append_fault (json, message);
  }
  g_string_append_c (json, '}');
  say (json);
  return G_SOURCE_CONTINUE;
}

static int
run (Host * host)
{
  GIOChannel *commands = g_io_channel_unix_new (0);
  GstBus *bus = gst_element_get_bus (host->pipeline);
  int result = 0;

  gst_bus_add_watch (bus, on_message, host);
  g_io_add_watch (commands, G_IO_IN | G_IO_HUP, on_command, host);
  if (gst_element_set_state (host->pipeline, GST_STATE_PLAYING) ==
      GST_STATE_CHANGE_FAILURE) {
    /* Why is on the bus. */
    while (g_main_context_iteration (NULL, FALSE));
    result = 1;
  } else {
    say (g_string_new ("{\"state\": \"playing\"}"));
    g_main_loop_run (host->loop);
  }
  gst_element_set_state (host->pipeline, GST_STATE_NULL);
  gst_bus_remove_watch (bus);
  gst_object_unref (bus);
  g_io_channel_unref (commands);
  return result;
}

int
main (int argc, char **argv)
{
  Host host = { NULL, };
  GError *error = NULL;
  int result;

  gst_init (&argc, &argv);
  host.pipeline = argc > 1 ?
      gst_parse_launchv ((const gchar **) argv + 1, &error) : NULL;
  if (host.pipeline == NULL || error != NULL) {
    say_failed ("no pipeline: %s", error ? error->message : "no launch line");
    g_clear_error (&error);
    gst_clear_object (&host.pipeline);
    return 2;
  }
  host.loop = g_main_loop_new (NULL, FALSE);
  result = run (&host);
  g_main_loop_unref (host.loop);
  gst_object_unref (host.pipeline);
  gst_deinit ();
  return result;
}

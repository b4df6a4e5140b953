/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tryonnails as an element: start and stop, caps, frames that go through as they are,
 * properties, references. What it does to hands is in tryonnailshand.c. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <glib/gstdio.h>

#include "nailstest.h"

/* ---- start and stop ---- */

static void
check_start_fails (GstElement * element, const gchar * words)
{
  GstMessage *message;
  GError *error;

  fail_unless_equals_int (gst_element_set_state (element, GST_STATE_PAUSED),
      GST_STATE_CHANGE_FAILURE);
  message = take_message (element, GST_MESSAGE_ERROR, 0);
  fail_unless (message != NULL);
  gst_message_parse_error (message, &error, NULL);
  fail_unless (g_error_matches (error, GST_RESOURCE_ERROR,
          GST_RESOURCE_ERROR_NOT_FOUND));
  fail_unless (strstr (error->message, words) != NULL, "%s", error->message);
  g_error_free (error);
  gst_message_unref (message);
  fail_unless_equals_int (gst_element_set_state (element, GST_STATE_NULL),
      GST_STATE_CHANGE_SUCCESS);
}

/* It says what to do; and when that is done it starts. */
GST_START_TEST (test_no_models)
{
  GstElement *element = new_element ();
  gchar *folder = g_dir_make_tmp ("tryonnails-XXXXXX", NULL);

  g_object_set (element, "model-location", folder, NULL);
  fail_unless_equals_int (gst_element_set_state (element, GST_STATE_READY),
      GST_STATE_CHANGE_SUCCESS);
  check_start_fails (element, "tools/fetch-models");
  check_start_fails (element, folder);

  if (have_models ()) {
    g_object_set (element, "model-location", NULL, NULL);
    fail_unless (gst_element_set_state (element, GST_STATE_PAUSED)
        != GST_STATE_CHANGE_FAILURE);
    fail_unless (take_message (element, GST_MESSAGE_ERROR, 0) == NULL);
  }
  free_element (element);
  g_rmdir (folder);
  g_free (folder);
}

GST_END_TEST;

GST_START_TEST (test_damaged_model)
{
  GstElement *element = new_element ();
  gchar *folder = g_dir_make_tmp ("tryonnails-XXXXXX", NULL);
  gchar *path = g_build_filename (folder, "palm_detection_lite.tflite", NULL);

  fail_unless (g_file_set_contents (path, "TFL3 or not", -1, NULL));
  g_object_set (element, "model-location", folder, NULL);
  check_start_fails (element, path);
  free_element (element);
  g_unlink (path);
  g_rmdir (folder);
  g_free (path);
  g_free (folder);
}

GST_END_TEST;

GST_START_TEST (test_states)
{
  GstElement *pipeline;
  GstMessage *message;
  guint i;

  if (!have_models ())
    return;
  pipeline = gst_parse_launch ("videotestsrc num-buffers=2 pattern=black ! "
      "video/x-raw,width=64,height=64 ! tryonnails ! fakesink", NULL);
  for (i = 0; i < 100; i++) {
    gst_element_set_state (pipeline, GST_STATE_PLAYING);
    message = gst_bus_timed_pop_filtered (GST_ELEMENT_BUS (pipeline),
        20 * GST_SECOND, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
    fail_unless (message != NULL);
    fail_unless_equals_int (GST_MESSAGE_TYPE (message), GST_MESSAGE_EOS);
    gst_message_unref (message);
    fail_unless_equals_int (gst_element_set_state (pipeline, GST_STATE_NULL),
        GST_STATE_CHANGE_SUCCESS);
  }
  gst_object_unref (pipeline);
}

GST_END_TEST;

/* Each stream begins to count anew. */
GST_START_TEST (test_stats)
{
  GstHarness *h;
  GstBuffer *frame;

  if (!have_models ())
    return;
  h = new_harness ("I420", 64, 64);
  frame = new_pattern ("smpte", "I420", 64, 64);
  gst_buffer_unref (push_many (h, frame, 0, 3));
  fail_unless_equals_uint64 (get_stat (h, "frames"), 3);
  fail_unless_equals_uint64 (get_stat (h, "frames-analysed"), 3);
  fail_unless_equals_uint64 (get_stat (h, "frames-with-hands"), 0);
  fail_unless_equals_uint64 (get_stat (h, "nails-drawn"), 0);
  fail_unless_equals_uint64 (get_stat (h, "frames-late"), 0);
  fail_unless_equals_uint64 (get_stat (h, "analysis-errors"), 0);
  fail_unless (get_stat (h, "detection-time") > 0);
  fail_unless_equals_uint64 (get_stat (h, "nails-time"), 0);
  fail_unless_equals_uint64 (get_stat (h, "drawing-time"), 0);

  gst_element_set_state (h->element, GST_STATE_READY);
  fail_unless_equals_uint64 (get_stat (h, "frames"), 3);
  gst_element_set_state (h->element, GST_STATE_PLAYING);
  fail_unless_equals_uint64 (get_stat (h, "frames"), 0);
  fail_unless_equals_uint64 (get_stat (h, "detection-time"), 0);
  gst_buffer_unref (frame);
  teardown_harness (h);
}

GST_END_TEST;

/* ---- frames that go through ---- */

static void
check_unchanged (const gchar * format, const gchar * pattern, gint width,
    gint height)
{
  GstHarness *h = new_harness (format, width, height);
  GstBuffer *frame = new_pattern (pattern, format, width, height), *out;
  guint i;

  for (i = 0; i < 4; i++) {
    out = push_frame (h, copy_frame (frame, i));
    fail_unless (is_equal (frame, out), "%s %s %dx%d is changed", format,
        pattern, width, height);
    fail_unless_equals_uint64 (GST_BUFFER_PTS (out), i * FRAME_TIME);
    fail_unless_equals_uint64 (GST_BUFFER_DURATION (out), FRAME_TIME);
    fail_unless_equals_int (get_meta (out)->n_hands, 0);
    fail_unless_equals_int (get_meta (out)->n_nails, 0);
    gst_buffer_unref (out);
  }
  fail_unless_equals_int (count_messages (h, GST_MESSAGE_WARNING), 0);
  gst_buffer_unref (frame);
  teardown_harness (h);
}

GST_START_TEST (test_no_hand)
{
  guint i;

  if (!have_models ())
    return;
  for (i = 0; i < G_N_ELEMENTS (all_formats); i++) {
    check_unchanged (all_formats[i], "smpte", 320, 240);
    check_unchanged (all_formats[i], "snow", 101, 57);
  }
  check_unchanged ("I420", "ball", 1280, 720);
}

GST_END_TEST;

/* No hand fits in, and nothing is looked for. */
GST_START_TEST (test_small_frames)
{
  static const gint sizes[][2] = {
    {1, 1}, {2, 2}, {1, 480}, {16383, 1}, {1, 16383}, {31, 480}, {640, 31}
  };
  GstHarness *h;
  GstBuffer *frame, *out;
  guint i;

  if (!have_models ())
    return;
  h = new_harness ("RGB", 1, 1);
  for (i = 0; i < G_N_ELEMENTS (sizes); i++) {
    set_caps (h, i % 2 ? "RGB" : "I420", sizes[i][0], sizes[i][1]);
    frame = new_pattern ("smpte", i % 2 ? "RGB" : "I420", sizes[i][0],
        sizes[i][1]);
    out = push_frame (h, copy_frame (frame, i));
    fail_unless (is_equal (frame, out));
    fail_unless (gst_buffer_get_tryon_nails_meta (out) == NULL);
    gst_buffer_unref (out);
    gst_buffer_unref (frame);
  }
  fail_unless_equals_uint64 (get_stat (h, "frames"), G_N_ELEMENTS (sizes));
  fail_unless_equals_uint64 (get_stat (h, "frames-analysed"), 0);
  teardown_harness (h);
}

GST_END_TEST;

/* Very flat and very high, just large enough to be looked at. */
GST_START_TEST (test_absurd_frames)
{
  if (!have_models ())
    return;
  check_unchanged ("I420", "smpte", 16383, 32);
  check_unchanged ("NV12", "smpte", 33, 16383);
  check_unchanged ("RGB", "smpte", 32, 32);
}

GST_END_TEST;

GST_START_TEST (test_caps_change_in_stream)
{
  GstHarness *h;
  GstBuffer *frame, *out;
  guint i;

  if (!have_models ())
    return;
  h = new_harness ("I420", 64, 64);
  for (i = 0; i < 3 * G_N_ELEMENTS (all_formats); i++) {
    const gchar *format = all_formats[i % G_N_ELEMENTS (all_formats)];
    gint width = 40 + 37 * (i % 9), height = 480 - 41 * (i % 11);

    set_caps (h, format, width, height);
    frame = new_pattern ("smpte", format, width, height);
    out = push_frame (h, copy_frame (frame, i));
    fail_unless (is_equal (frame, out));
    gst_buffer_unref (out);
    gst_buffer_unref (frame);
  }
  teardown_harness (h);
}

GST_END_TEST;

/* A frame that holds less than its caps say is no reason to end. */
GST_START_TEST (test_bad_frame)
{
  GstHarness *h;
  GstBuffer *frame, *out;

  if (!have_models ())
    return;
  h = new_harness ("I420", 64, 64);
  frame = new_pattern ("smpte", "I420", 64, 64);
  out = push_frame (h, gst_buffer_new_allocate (NULL, 100, NULL));
  fail_unless_equals_int (gst_buffer_get_size (out), 100);
  gst_buffer_unref (out);
  gst_buffer_unref (push_frame (h, gst_buffer_new_allocate (NULL, 100, NULL)));
  gst_buffer_unref (push_many (h, frame, 2, 2));
  fail_unless_equals_uint64 (get_stat (h, "frames"), 4);
  fail_unless_equals_uint64 (get_stat (h, "frames-analysed"), 2);
  fail_unless_equals_uint64 (get_stat (h, "analysis-errors"), 2);
  /* One of them is told of, the other within the same second is not. */
  fail_unless_equals_int (count_messages (h, GST_MESSAGE_WARNING), 1);
  fail_unless_equals_int (count_messages (h, GST_MESSAGE_ERROR), 0);
  gst_buffer_unref (frame);
  teardown_harness (h);
}

GST_END_TEST;

/* ---- references ---- */

static void
check_taken (GstHarness * h, const gchar * name, gboolean of_client)
{
  GstStructure *s = wait_for_structure (h, "tryon-nails-reference");
  gboolean from_client;
  guint nails;

  fail_unless_equals_string (gst_structure_get_string (s, "reference"), name);
  fail_unless (gst_structure_get_boolean (s, "from-client", &from_client));
  fail_unless_equals_int (from_client, of_client);
  fail_unless (gst_structure_get_uint (s, "nails", &nails));
  fail_unless_equals_int (nails, 0);
  gst_structure_free (s);
}

/* Whether such an element message is there already. */
static gboolean
has_message (GstHarness * h, const gchar * name)
{
  GstMessage *message;
  gboolean found = FALSE;

  while (!found && (message = take_message (h->element, GST_MESSAGE_ELEMENT,
              0)) != NULL) {
    found = gst_message_has_name (message, name);
    gst_message_unref (message);
  }
  return found;
}

static void
check_refused (GstHarness * h, GQuark domain, gint code)
{
  GstMessage *message =
      take_message (h->element, GST_MESSAGE_WARNING, 20 * GST_SECOND);
  GError *error;

  fail_unless (message != NULL);
  gst_message_parse_warning (message, &error, NULL);
  fail_unless (error->domain == domain && error->code == code, "%s",
      error->message);
  g_error_free (error);
  gst_message_unref (message);
}

GST_START_TEST (test_reference)
{
  GstElement *element;
  GstHarness *h;
  gchar *path;

  if (!have_models ())
    return;
  path = write_file (new_swatch (0, 200, 0));
  element = new_element ();
  g_object_set (element, "reference", path, NULL);
  h = new_harness_with (element);
  fail_unless (has_message (h, "tryon-nails-reference"));
  /* And again in another thread. */
  g_object_set (h->element, "reference", path, NULL);
  check_taken (h, path, FALSE);
  g_object_set (h->element, "reference", NULL, NULL);
  fail_unless_equals_uint64 (get_stat (h, "reference-errors"), 0);
  teardown_harness (h);
  g_unlink (path);
  g_free (path);
}

GST_END_TEST;

GST_START_TEST (test_bad_reference)
{
  GstElement *element;
  GstHarness *h;
  gchar *text, *good;

  if (!have_models ())
    return;
  text = write_file (gst_buffer_new_memdup ("no image at all", 15));
  good = write_file (new_swatch (9, 9, 200));
  element = new_element ();
  g_object_set (element, "reference", "/nonexistent/nails.png", NULL);
  h = new_harness_with (element);
  check_refused (h, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND);
  g_object_set (h->element, "reference", g_get_tmp_dir (), NULL);
  check_refused (h, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_READ);
  g_object_set (h->element, "reference", "/dev/zero", NULL);
  check_refused (h, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_READ);
  g_object_set (h->element, "reference", text, NULL);
  check_refused (h, GST_STREAM_ERROR, GST_STREAM_ERROR_DECODE);
  fail_unless_equals_uint64 (get_stat (h, "reference-errors"), 4);
  fail_unless_equals_int (count_messages (h, GST_MESSAGE_ERROR), 0);
  g_object_set (h->element, "reference", good, NULL);
  check_taken (h, good, FALSE);
  teardown_harness (h);
  g_unlink (text);
  g_unlink (good);
  g_free (text);
  g_free (good);
}

GST_END_TEST;

static void
session_wake (gpointer user_data)
{
}

static GstTryonSession *
new_session (GstHarness * h, const gchar * id)
{
  GstTryonSession *session = gst_tryon_session_new (id, NULL);

  fail_unless (gst_tryon_session_connect (session, session_wake, NULL, NULL));
  gst_tryon_session_receive_text (session, "{\"type\":\"init_session\"}", 23);
  fail_unless (gst_harness_push_event (h,
          gst_tryon_event_new_session (session)));
  return session;
}

/* (transfer full): the client's next `error`. */
static GstStructure *
take_client_error (GstTryonSession * session)
{
  GstStructure *message = NULL;
  GstTryonOutput output;

  do {
    g_clear_pointer (&message, gst_structure_free);
    fail_unless (gst_tryon_session_next_output (session, &output));
    fail_unless (output.is_text);
    message = gst_tryon_message_parse (output.text, output.text_size, NULL);
    gst_tryon_output_clear (&output);
  } while (!gst_structure_has_name (message, "error"));
  return message;
}

GST_START_TEST (test_client_reference)
{
  GstTryonSession *session, *other;
  GstBuffer *image;
  GstStructure *error;
  GstEvent *event;
  GstHarness *h;
  GstPad *pad;
  gchar *path;

  if (!have_models ())
    return;
  h = new_harness ("I420", 64, 64);
  session = new_session (h, "nails");
  image = new_swatch (200, 0, 200);
  event = gst_tryon_event_new_reference (image, "image/webp", "mine.webp");
  gst_buffer_unref (image);
  fail_unless (gst_harness_push_event (h, gst_event_ref (event)));
  check_taken (h, "mine.webp", TRUE);
  /* The same once more, as after a relink: it is not loaded again, or that would be
   * told before what is asked for behind it. */
  path = write_file (new_swatch (9, 200, 9));
  pad = gst_element_get_static_pad (h->element, "sink");
  fail_unless (gst_pad_send_event (pad, event));
  gst_object_unref (pad);
  g_object_set (h->element, "reference", path, NULL);
  check_taken (h, path, FALSE);

  image = gst_buffer_new_memdup ("no image", 8);
  fail_unless (gst_harness_push_event (h,
          gst_tryon_event_new_reference (image, "image/webp", NULL)));
  gst_buffer_unref (image);
  check_refused (h, GST_STREAM_ERROR, GST_STREAM_ERROR_DECODE);
  error = take_client_error (session);
  fail_unless_equals_string (gst_structure_get_string (error, "code"),
      "INVALID_FRAME");
  gst_structure_free (error);
  fail_unless_equals_int (count_messages (h, GST_MESSAGE_ELEMENT), 0);

  fail_unless (gst_harness_push_event (h,
          gst_tryon_event_new_reference (NULL, NULL, NULL)));
  other = new_session (h, "other");
  fail_unless_equals_uint64 (get_stat (h, "reference-errors"), 1);
  teardown_harness (h);
  gst_object_unref (session);
  gst_object_unref (other);
  g_unlink (path);
  g_free (path);
}

GST_END_TEST;

/* The client sends a frame, and the pipeline takes it from the session. */
static void
receive_frame (GstTryonSession * session, guint sequence)
{
  GstBuffer *image = new_swatch (1, 2, 3);
  GstTryonFrameHeader header = { GST_TRYON_FRAME_TYPE_FRAME, 0, sequence, 1, 0,
    0, gst_buffer_get_size (image)
  };
  guint8 *bytes = g_malloc (GST_TRYON_PROTOCOL_HEADER_SIZE);
  GstMiniObject *item = NULL;
  GstTryonImageInfo info;
  gint64 arrival;

  gst_tryon_frame_header_write (&header, bytes);
  gst_tryon_session_receive_binary (session,
      gst_buffer_append (gst_buffer_new_wrapped (bytes,
              GST_TRYON_PROTOCOL_HEADER_SIZE), image));
  do {
    g_clear_pointer (&item, gst_mini_object_unref);
    fail_unless_equals_int (gst_tryon_session_pull (session, &item, &info,
            &arrival), GST_FLOW_OK);
  } while (!GST_IS_BUFFER (item));
  gst_mini_object_unref (item);
}

/* A frame that is dropped for being late has its answer at once. */
GST_START_TEST (test_late_frame_is_answered)
{
  GstTryonSession *session;
  GstBuffer *frame, *late;
  GstHarness *h;

  if (!have_models ())
    return;
  h = new_harness ("I420", 64, 64);
  session = new_session (h, "nails");
  frame = new_pattern ("smpte", "I420", 64, 64);
  receive_frame (session, 7);
  fail_unless (gst_tryon_session_is_waiting (session, 7));
  fail_unless (gst_harness_push_upstream_event (h,
          gst_event_new_qos (GST_QOS_TYPE_UNDERFLOW, 2.0, FRAME_TIME,
              3 * FRAME_TIME)));
  late = copy_frame (frame, 3);
  gst_buffer_add_tryon_frame_meta (late, 7, 1, 1);
  fail_unless_equals_int (gst_harness_push (h, late), GST_FLOW_OK);
  fail_unless (gst_harness_try_pull (h) == NULL);
  fail_if (gst_tryon_session_is_waiting (session, 7));
  gst_buffer_unref (frame);
  teardown_harness (h);
  gst_object_unref (session);
}

GST_END_TEST;

/* To stop does not wait for an image, and nothing comes of it. */
GST_START_TEST (test_stop_while_loading)
{
  GstHarness *h;
  gchar *path;
  guint i;

  if (!have_models ())
    return;
  path = write_file (new_swatch (1, 2, 3));
  for (i = 0; i < 25; i++) {
    h = new_harness ("I420", 64, 64);
    g_object_set (h->element, "reference", path, NULL);
    g_object_set (h->element, "reference", "", NULL);
    g_object_set (h->element, "reference", path, NULL);
    teardown_harness (h);
  }
  g_unlink (path);
  g_free (path);
}

GST_END_TEST;

/* ---- properties ---- */

/* Saved under a name, and back again. */
GST_START_TEST (test_preset)
{
  GstElement *element = gst_element_factory_make ("tryonnails", NULL);
  gchar **names = gst_preset_get_property_names (GST_PRESET (element));

  fail_unless (g_strv_contains ((const gchar * const *) names, "shape"));
  fail_unless (g_strv_contains ((const gchar * const *) names, "color"));
  fail_if (g_strv_contains ((const gchar * const *) names, "stats"));
  g_strfreev (names);
  gst_object_unref (element);
}

GST_END_TEST;

/* By nick, as gst-launch-1.0 takes them. */
GST_START_TEST (test_nicks)
{
  static const gchar *values[][2] = {
    {"model", "full"}, {"model", "lite"}, {"shape", "stiletto"},
    {"pattern", "ombre"}, {"finish", "chrome"}, {"length", "2"},
    {"color", "0x80ff0000"}, {"tip-color", "4294967295"}, {"draw", "false"},
    {"max-hands", "1"}, {"interval", "1000"}, {"reference", "a.png"},
    {"model-location", "/models"}
  };
  GstElement *element = gst_element_factory_make ("tryonnails", NULL);
  guint color, tip_color, i;
  gdouble length;

  for (i = 0; i < G_N_ELEMENTS (values); i++)
    gst_util_set_object_arg (G_OBJECT (element), values[i][0], values[i][1]);
  g_object_get (element, "color", &color, "tip-color", &tip_color,
      "length", &length, NULL);
  fail_unless_equals_int64 (color, 0x80ff0000);
  fail_unless_equals_int64 (tip_color, 0xffffffff);
  fail_unless_equals_float (length, 2.0);
  gst_object_unref (element);
}

GST_END_TEST;

/* Sets the property to the stream time in seconds, 2 at most. */
typedef GstControlBinding TestBinding;
typedef GstControlBindingClass TestBindingClass;
static GType test_binding_get_type (void);
G_DEFINE_TYPE (TestBinding, test_binding, GST_TYPE_CONTROL_BINDING);

static gboolean
test_binding_sync (GstControlBinding * binding, GstObject * object,
    GstClockTime time, GstClockTime last_time)
{
  g_object_set (object, binding->name, MIN ((gdouble) time / GST_SECOND, 2.0),
      NULL);
  return TRUE;
}

static void
test_binding_class_init (TestBindingClass * klass)
{
  klass->sync_values = test_binding_sync;
}

static void
test_binding_init (TestBinding * binding)
{
}

GST_START_TEST (test_controlled)
{
  GstHarness *h;
  GstBuffer *frame;
  gdouble length;

  if (!have_models ())
    return;
  h = new_harness ("I420", 64, 64);
  frame = new_pattern ("smpte", "I420", 64, 64);
  fail_unless (gst_object_add_control_binding (GST_OBJECT (h->element),
          g_object_new (test_binding_get_type (), "object", h->element, "name",
              "length", NULL)));
  gst_buffer_unref (push_frame (h, copy_frame (frame, 25)));
  g_object_get (h->element, "length", &length, NULL);
  fail_unless_equals_float (length, 1.0);
  gst_buffer_unref (push_frame (h, copy_frame (frame, 30)));
  g_object_get (h->element, "length", &length, NULL);
  fail_unless_equals_float (length, 1.2);
  gst_buffer_unref (frame);
  teardown_harness (h);
}

GST_END_TEST;

static Suite *
tryonnails_suite (void)
{
  Suite *s = suite_create ("tryonnails");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_no_models);
  tcase_add_test (tc, test_damaged_model);
  tcase_add_test (tc, test_states);
  tcase_add_test (tc, test_stats);
  tcase_add_test (tc, test_no_hand);
  tcase_add_test (tc, test_small_frames);
  tcase_add_test (tc, test_absurd_frames);
  tcase_add_test (tc, test_caps_change_in_stream);
  tcase_add_test (tc, test_bad_frame);
  tcase_add_test (tc, test_reference);
  tcase_add_test (tc, test_bad_reference);
  tcase_add_test (tc, test_client_reference);
  tcase_add_test (tc, test_late_frame_is_answered);
  tcase_add_test (tc, test_stop_while_loading);
  tcase_add_test (tc, test_preset);
  tcase_add_test (tc, test_nicks);
  tcase_add_test (tc, test_controlled);
  return s;
}

GST_CHECK_MAIN (tryonnails);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* GstTryonSession: the conversation, without sockets and without elements. */

#include "sessiontest.h"

GST_START_TEST (test_ready)
{
  GstStructure *message, *config, *resolution, *init;
  gint64 value;

  fail_unless (gst_tryon_session_get_init (session) == NULL);
  receive_text ("{\"type\":\"init_session\",\"nail_post_id\":\"p1\"}");
  fail_unless (g_atomic_int_get (&wakes) > 0);
  message = next_text ("session_ready");
  fail_unless_equals_string (gst_structure_get_string (message, "session_id"),
      "test");
  config = gst_tryon_message_get_object (message, "config");
  fail_unless (gst_structure_get_int64 (config, "target_fps", &value));
  fail_unless_equals_int64 (value, 30);
  fail_unless (gst_structure_get_int64 (config, "max_in_flight", &value));
  fail_unless_equals_int64 (value, 4);
  resolution = gst_tryon_message_get_object (config, "max_resolution");
  fail_unless (gst_structure_get_int64 (resolution, "width", &value));
  fail_unless_equals_int64 (value, 1920);
  gst_structure_free (resolution);
  gst_structure_free (config);
  gst_structure_free (message);

  init = gst_tryon_session_get_init (session);
  fail_unless_equals_string (gst_structure_get_string (init, "nail_post_id"),
      "p1");
  gst_structure_free (init);
}

GST_END_TEST;

GST_START_TEST (test_config_when_changed)
{
  GstStructure *message;
  gint64 value;

  /* Before session_ready it is only remembered. */
  gst_tryon_session_set_target_fps (session, 20);
  fail_unless_no_output ();
  start ();
  gst_tryon_session_set_target_fps (session, 20);
  fail_unless_no_output ();
  gst_tryon_session_set_target_fps (session, 15);
  gst_tryon_session_set_max_in_flight (session, 6);
  message = next_text ("config");
  fail_unless (gst_structure_get_int64 (message, "target_fps", &value));
  fail_unless_equals_int64 (value, 15);
  fail_unless (gst_structure_get_int64 (message, "max_in_flight", &value));
  fail_unless_equals_int64 (value, 6);
  gst_structure_free (message);
  fail_unless_no_output ();
}

GST_END_TEST;

GST_START_TEST (test_frame_and_answer)
{
  GstBuffer *frame;
  GstClockTime latency = GST_CLOCK_TIME_NONE;

  start ();
  receive_frame (1);
  fail_unless_equals_uint64 (get_stat ("frames-outstanding"), 1);
  frame = pull_frame (1);
  fail_unless (gst_tryon_session_is_waiting (session, 1));
  fail_unless (gst_tryon_session_answer (session, frame, &latency));
  fail_unless (latency < 10 * GST_SECOND);
  fail_if (gst_tryon_session_is_waiting (session, 1));
  fail_if (gst_tryon_session_answer (session, frame, NULL));
  fail_unless_next_answer (1, 0);
  fail_unless_no_output ();
  fail_unless_equals_uint64 (get_stat ("frames-processed"), 1);
  gst_buffer_unref (frame);
}

GST_END_TEST;

GST_START_TEST (test_meta_lost)
{
  GstBuffer *frame, *copy = gst_buffer_new_allocate (NULL, 50, NULL);

  start ();
  receive_frame (1);
  frame = pull_frame (1);
  gst_tryon_session_set_frame_pts (session, 1, 5 * GST_SECOND);
  fail_if (gst_tryon_session_answer (session, copy, NULL));
  GST_BUFFER_PTS (copy) = 5 * GST_SECOND;
  fail_unless (gst_tryon_session_answer (session, copy, NULL));
  fail_unless_next_answer (1, 0);
  fail_unless_equals_uint64 (get_stat ("meta-misses"), 2);
  gst_buffer_unref (copy);
  gst_buffer_unref (frame);
}

GST_END_TEST;

GST_START_TEST (test_sequence_wraps)
{
  GstBuffer *frame;

  start ();
  receive_frame (G_MAXUINT32);
  gst_buffer_unref (pull_frame (G_MAXUINT32));
  gst_tryon_session_drop (session, G_MAXUINT32, GST_TRYON_DROP_REASON_RATE);
  gst_tryon_session_receive_binary (session, new_message (0, 640, 480, 1000));
  frame = pull_frame (0);
  fail_unless (gst_tryon_session_answer (session, frame, NULL));
  gst_buffer_unref (frame);
  fail_unless_equals_uint64 (get_stat ("messages-invalid"), 0);
}

GST_END_TEST;

/* Each bad frame is told with a reason and costs only itself. */
GST_START_TEST (test_bad_frames)
{
  static const struct
  {
    const gchar *code;
    GstTryonDropReason reason;
    const gchar *words;
  } expected[] = {
    {"INVALID_FRAME", GST_TRYON_DROP_REASON_INVALID, "payload"},
    {"INVALID_FRAME", GST_TRYON_DROP_REASON_INVALID, "frame 2"},
    {"INVALID_FRAME", GST_TRYON_DROP_REASON_INVALID, "frame 3"},
    {"FRAME_TOO_LARGE", GST_TRYON_DROP_REASON_TOO_LARGE, "4000x480"},
    {"FRAME_TOO_LARGE", GST_TRYON_DROP_REASON_TOO_LARGE, "bytes"},
  };
  guint i;

  start ();
  for (i = 0; i < G_N_ELEMENTS (expected); i++) {
    guint32 sequence = i + 1;
    GstBuffer *message = new_message (sequence, 640, 480, 1000);
    gchar *words;

    if (i == 0) {               /* a payload length that lies */
      gst_buffer_memset (message, 24, 0xff, 1);
    } else if (i == 1) {        /* no image */
      gst_buffer_memset (message, 32, 0x55, 100);
    } else if (i == 2) {        /* truncated: RIFF says more */
      gst_buffer_memset (message, 32 + 6, 0x02, 1);
    } else if (i == 3) {
      gst_buffer_unref (message);
      message = new_message (sequence, 4000, 480, 1000);
    } else {
      gst_buffer_unref (message);
      message = new_message (sequence, 640, 480, 1024 * 1024 + 2);
    }
    gst_tryon_session_receive_binary (session, message);
    words = next_error (expected[i].code);
    fail_unless (strstr (words, expected[i].words) != NULL,
        "'%s' does not say '%s'", words, expected[i].words);
    g_free (words);
    fail_unless_next_answer (sequence, expected[i].reason);
  }
  receive_frame (100);
  gst_buffer_unref (pull_frame (100));
}

GST_END_TEST;

GST_START_TEST (test_not_frames)
{
  GstTryonFrameHeader header = { GST_TRYON_FRAME_TYPE_PROCESSED, 0, 1 };
  guint8 data[GST_TRYON_PROTOCOL_HEADER_SIZE];
  GstBuffer *message;

  start ();
  gst_tryon_session_receive_binary (session,
      gst_buffer_new_wrapped (g_memdup2 ("short", 5), 5));
  g_free (next_error ("BAD_MESSAGE"));
  message = new_message (1, 640, 480, 1000);
  gst_buffer_memset (message, 0, 9, 1);
  gst_tryon_session_receive_binary (session, message);
  g_free (next_error ("BAD_MESSAGE"));
  gst_tryon_frame_header_write (&header, data);
  gst_tryon_session_receive_binary (session,
      gst_buffer_new_wrapped (g_memdup2 (data, sizeof (data)), sizeof (data)));
  g_free (next_error ("BAD_MESSAGE"));
  receive_text ("{\"type\":");
  g_free (next_error ("BAD_MESSAGE"));
  receive_text ("{\"type\":\"of_the_future\",\"a\":1}");
  fail_unless_no_output ();
  fail_unless_equals_uint64 (get_stat ("frames-received"), 0);
  fail_unless_equals_uint64 (get_stat ("messages-invalid"), 4);
}

GST_END_TEST;

GST_START_TEST (test_sequence_must_count_up)
{
  GstBuffer *frame;

  start ();
  receive_frame (5);
  receive_frame (5);
  receive_frame (4);
  g_free (next_error ("INVALID_FRAME"));
  frame = pull_frame (5);
  fail_unless (gst_tryon_session_answer (session, frame, NULL));
  fail_unless_next_answer (5, 0);
  fail_unless_next_answer (5, GST_TRYON_DROP_REASON_INVALID);
  fail_unless_next_answer (4, GST_TRYON_DROP_REASON_INVALID);
  gst_buffer_unref (frame);
}

GST_END_TEST;

GST_START_TEST (test_before_init)
{
  receive_frame (1);
  g_free (next_error ("BAD_MESSAGE"));
  fail_unless_next_answer (1, GST_TRYON_DROP_REASON_INVALID);
  receive_text ("{\"type\":\"capture\",\"save_to_collection\":true}");
  g_free (next_error ("BAD_MESSAGE"));
}

GST_END_TEST;

GST_START_TEST (test_pause)
{
  const gchar *action;
  GstEvent *event;

  start ();
  receive_text ("{\"type\":\"control\",\"action\":\"pause\"}");
  event = pull_event ();
  fail_unless (gst_tryon_event_parse_control (event, &action, NULL));
  fail_unless_equals_string (action, "pause");
  gst_event_unref (event);
  receive_frame (1);
  fail_unless_next_answer (1, GST_TRYON_DROP_REASON_PAUSED);
  receive_text ("{\"type\":\"control\",\"action\":\"resume\"}");
  gst_event_unref (pull_event ());
  receive_frame (2);
  gst_buffer_unref (pull_frame (2));
}

GST_END_TEST;

GST_START_TEST (test_events_in_order_with_frames)
{
  const GstStructure *params;
  const gchar *action;
  gboolean save = FALSE;
  GstEvent *event;
  gint64 quality;

  start ();
  receive_frame (1);
  receive_text ("{\"type\":\"control\",\"action\":\"adjust_quality\","
      "\"params\":{\"quality\":50}}");
  receive_frame (2);
  receive_text ("{\"type\":\"capture\",\"save_to_collection\":true}");

  gst_buffer_unref (pull_frame (1));
  event = pull_event ();
  fail_unless (gst_tryon_event_parse_control (event, &action, &params));
  fail_unless_equals_string (action, "adjust_quality");
  fail_unless (gst_structure_get_int64 (params, "quality", &quality));
  fail_unless_equals_int64 (quality, 50);
  gst_event_unref (event);
  gst_buffer_unref (pull_frame (2));
  event = pull_event ();
  fail_unless (gst_tryon_event_parse_capture (event, &save));
  fail_unless (save);
  gst_event_unref (event);
}

GST_END_TEST;

GST_START_TEST (test_reference)
{
  GstBuffer *message = new_message (0, 100, 50, 1000), *image = NULL;
  const gchar *media_type, *id;
  gchar *base64, *text;
  GstMapInfo map;
  GstEvent *event;

  start ();
  gst_buffer_map (message, &map, GST_MAP_READ);
  base64 = g_base64_encode (map.data + 32, map.size - 32);
  gst_buffer_unmap (message, &map);
  text = g_strdup_printf ("{\"type\":\"upload_reference\",\"data\":\"%s\","
      "\"format\":\"webp\",\"filename\":\"red.webp\"}", base64);
  receive_text (text);
  fail_unless_no_output ();
  event = pull_event ();
  fail_unless (gst_tryon_event_parse_reference (event, &image, &media_type,
          &id));
  fail_unless_equals_string (media_type, "image/webp");
  fail_unless_equals_string (id, "red.webp");
  fail_unless_equals_int (gst_buffer_get_size (image), 1000);
  gst_buffer_unref (image);
  gst_event_unref (event);

  receive_text ("{\"type\":\"upload_reference\",\"data\":\"aGVsbG8=\","
      "\"format\":\"webp\"}");
  g_free (next_error ("INVALID_FRAME"));
  g_free (text);
  g_free (base64);
  gst_buffer_unref (message);
}

GST_END_TEST;

GST_START_TEST (test_ping)
{
  GstStructure *pong;
  gdouble t1, t2;
  const GValue *t0;

  receive_text ("{\"type\":\"ping\",\"t0\":1234.5}");
  pong = next_text ("pong");
  t0 = gst_structure_get_value (pong, "t0");
  fail_unless (G_VALUE_HOLDS_DOUBLE (t0));
  fail_unless (g_value_get_double (t0) == 1234.5);
  fail_unless (gst_structure_get_double (pong, "t1", &t1));
  fail_unless (gst_structure_get_double (pong, "t2", &t2));
  fail_unless (t2 >= t1);
  fail_unless (t1 > 1.5e12);
  gst_structure_free (pong);
}

GST_END_TEST;

GST_START_TEST (test_close)
{
  GstTryonOutput output;
  GstMiniObject *item;
  GstTryonImageInfo info;
  GstStructure *bye;
  gboolean reconnect = FALSE;
  gint64 arrival;

  start ();
  receive_frame (1);
  gst_tryon_session_drop (session, 1, GST_TRYON_DROP_REASON_RATE);
  gst_tryon_session_close (session, GST_TRYON_CLOSE_GOING_AWAY, "restart",
      TRUE);
  bye = next_text ("bye");
  fail_unless_equals_string (gst_structure_get_string (bye, "reason"),
      "restart");
  fail_unless (gst_structure_get_boolean (bye, "reconnect", &reconnect));
  fail_unless (reconnect);
  gst_structure_free (bye);
  fail_unless_next_answer (1, GST_TRYON_DROP_REASON_RATE);
  fail_unless (gst_tryon_session_next_output (session, &output));
  fail_unless_equals_int (output.close_code, GST_TRYON_CLOSE_GOING_AWAY);
  fail_unless_equals_string (output.text, "restart");
  gst_tryon_output_clear (&output);
  fail_unless_no_output ();
  receive_frame (2);
  fail_unless_equals_uint64 (get_stat ("frames-received"), 1);
  fail_unless_equals_int (gst_tryon_session_pull (session, &item, &info,
          &arrival), GST_FLOW_EOS);
}

GST_END_TEST;

GST_START_TEST (test_close_before_connected)
{
  GstTryonOutput output;

  gst_object_unref (session);
  session = gst_tryon_session_new ("test", NULL);
  fail_if (gst_tryon_session_has_ended (session));
  gst_tryon_session_close (session, GST_TRYON_CLOSE_GOING_AWAY, "late", FALSE);
  fail_unless (gst_tryon_session_has_ended (session));
  fail_unless_no_output ();
  fail_unless (gst_tryon_session_connect (session, wake_cb, NULL, NULL));
  gst_structure_free (next_text ("bye"));
  fail_unless (gst_tryon_session_next_output (session, &output));
  fail_unless_equals_int (output.close_code, GST_TRYON_CLOSE_GOING_AWAY);
  gst_tryon_output_clear (&output);
  gst_tryon_session_disconnect (session);
  fail_if (gst_tryon_session_connect (session, wake_cb, NULL, NULL));
}

GST_END_TEST;

static gpointer
pull_thread (gpointer user_data)
{
  GstMiniObject *item = NULL;
  GstTryonImageInfo info;
  gint64 arrival;

  return GINT_TO_POINTER (gst_tryon_session_pull (session, &item, &info,
          &arrival));
}

GST_START_TEST (test_flushing_ends_wait)
{
  GThread *thread = g_thread_new ("pull", pull_thread, NULL);

  gst_tryon_session_set_flushing (session, TRUE);
  fail_unless_equals_int (GPOINTER_TO_INT (g_thread_join (thread)),
      GST_FLOW_FLUSHING);
}

GST_END_TEST;

GST_START_TEST (test_disconnect)
{
  GThread *thread = g_thread_new ("pull", pull_thread, NULL);
  gint before;

  receive_frame (1);
  gst_tryon_session_disconnect (session);
  fail_unless_equals_int (GPOINTER_TO_INT (g_thread_join (thread)),
      GST_FLOW_EOS);
  before = g_atomic_int_get (&wakes);
  receive_frame (2);
  gst_tryon_session_send_error (session, GST_TRYON_ERROR_INTERNAL, "nobody");
  fail_unless_no_output ();
  fail_unless_equals_int (g_atomic_int_get (&wakes), before);
  fail_unless_equals_uint64 (get_stat ("frames-outstanding"), 0);
  fail_if (gst_tryon_session_is_connected (session));
  fail_unless (gst_tryon_session_has_ended (session));
}

GST_END_TEST;

GST_START_TEST (test_one_transport)
{
  fail_if (gst_tryon_session_connect (session, wake_cb, NULL, NULL));
  gst_tryon_session_disconnect (session);
  fail_unless (gst_tryon_session_connect (session, wake_cb, NULL, NULL));
}

GST_END_TEST;

static Suite *
session_suite (void)
{
  Suite *s = suite_create ("session");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_ready);
  tcase_add_test (tc, test_config_when_changed);
  tcase_add_test (tc, test_frame_and_answer);
  tcase_add_test (tc, test_meta_lost);
  tcase_add_test (tc, test_sequence_wraps);
  tcase_add_test (tc, test_bad_frames);
  tcase_add_test (tc, test_not_frames);
  tcase_add_test (tc, test_sequence_must_count_up);
  tcase_add_test (tc, test_before_init);
  tcase_add_test (tc, test_pause);
  tcase_add_test (tc, test_events_in_order_with_frames);
  tcase_add_test (tc, test_reference);
  tcase_add_test (tc, test_ping);
  tcase_add_test (tc, test_close);
  tcase_add_test (tc, test_close_before_connected);
  tcase_add_test (tc, test_flushing_ends_wait);
  tcase_add_test (tc, test_disconnect);
  tcase_add_test (tc, test_one_transport);
  return s;
}

GST_CHECK_MAIN (session);

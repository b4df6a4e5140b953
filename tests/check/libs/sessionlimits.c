/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* GstTryonSession: what is bounded, in number or in time. */

#include "sessiontest.h"

GST_START_TEST (test_inbox_drops_oldest)
{
  GstBuffer *frame;

  start ();
  receive_frame (1);
  receive_frame (2);
  receive_frame (3);
  frame = pull_frame (2);
  gst_buffer_unref (frame);
  fail_unless_next_answer (1, GST_TRYON_DROP_REASON_SUPERSEDED);
  frame = pull_frame (3);
  fail_unless (gst_tryon_session_answer (session, frame, NULL));
  fail_unless_next_answer (2, GST_TRYON_DROP_REASON_SUPERSEDED);
  fail_unless_next_answer (3, 0);
  gst_buffer_unref (frame);
}

GST_END_TEST;

/* The transport is told when the pipeline has made room, once. */
GST_START_TEST (test_inbox_room)
{
  gint before;

  start ();
  fail_unless (gst_tryon_session_has_room (session));
  receive_frame (1);
  fail_unless (gst_tryon_session_has_room (session));
  before = g_atomic_int_get (&wakes);
  gst_buffer_unref (pull_frame (1));
  fail_unless_equals_int (g_atomic_int_get (&wakes), before);
  receive_frame (2);
  receive_frame (3);
  fail_if (gst_tryon_session_has_room (session));
  gst_buffer_unref (pull_frame (2));
  fail_unless_equals_int (g_atomic_int_get (&wakes), before + 1);
  fail_unless (gst_tryon_session_has_room (session));
  gst_buffer_unref (pull_frame (3));
  fail_unless_equals_int (g_atomic_int_get (&wakes), before + 1);
}

GST_END_TEST;

GST_START_TEST (test_answer_timeout)
{
  GstTryonSessionConfig config = GST_TRYON_SESSION_CONFIG_INIT;

  gst_object_unref (session);
  config.answer_timeout = 0;
  session = gst_tryon_session_new ("test", &config);
  gst_tryon_session_connect (session, wake_cb, NULL, NULL);
  start ();
  receive_frame (1);
  receive_frame (2);
  gst_buffer_unref (pull_frame (1));
  /* The answer timeout is over as soon as the clock moves on. */
  while (gst_tryon_session_is_waiting (session, 2))
    gst_tryon_session_tick (session);
  fail_unless_next_answer (1, GST_TRYON_DROP_REASON_SUPERSEDED);
  fail_unless_next_answer (2, GST_TRYON_DROP_REASON_SUPERSEDED);
  /* Nobody needs to work on frame 2 any more. */
  receive_frame (3);
  gst_buffer_unref (pull_frame (3));
}

GST_END_TEST;

GST_START_TEST (test_texts_are_bounded)
{
  GstTryonOutput output;
  guint i, n = 0;

  start ();
  for (i = 0; i < 1000; i++)
    gst_tryon_session_send_message (session, gst_structure_new ("frame_saved",
            "try_on_id", G_TYPE_STRING, "1", NULL));
  while (gst_tryon_session_next_output (session, &output)) {
    gboolean is_close = output.close_code != 0;

    if (is_close)
      fail_unless_equals_int (output.close_code, GST_TRYON_CLOSE_SLOW_CLIENT);
    n++;
    gst_tryon_output_clear (&output);
  }
  fail_unless_equals_int (n, 65);
}

GST_END_TEST;

GST_START_TEST (test_newest_stats_replace_older)
{
  GstStructure *message;
  gint64 frames;
  guint i;

  start ();
  for (i = 1; i <= 1000; i++)
    gst_tryon_session_send_message (session, gst_structure_new ("stats",
            "frames_processed", G_TYPE_UINT64, (guint64) i,
            "frames_dropped", G_TYPE_UINT64, (guint64) 0,
            "fps", G_TYPE_DOUBLE, 30.0, NULL));
  message = next_text ("stats");
  fail_unless (gst_structure_get_int64 (message, "frames_processed", &frames));
  fail_unless_equals_int64 (frames, 1000);
  gst_structure_free (message);
  fail_unless_no_output ();
}

GST_END_TEST;

GST_START_TEST (test_unanswered_are_bounded)
{
  GstTryonOutput output;
  guint i;

  start ();
  receive_frame (1);
  gst_buffer_unref (pull_frame (1));
  for (i = 2; i < 5000; i++)
    receive_frame (i);
  fail_unless (get_stat ("frames-received") <= 1026);
  /* Frame 1 holds the answers back: the close comes first. */
  fail_unless (gst_tryon_session_next_output (session, &output));
  fail_unless_equals_int (output.close_code, GST_TRYON_CLOSE_POLICY);
  gst_tryon_output_clear (&output);
  fail_unless_no_output ();
}

GST_END_TEST;

GST_START_TEST (test_errors_are_not_repeated)
{
  guint i;

  start ();
  for (i = 0; i < 1000; i++)
    receive_text ("nonsense");
  g_free (next_error ("BAD_MESSAGE"));
  fail_unless_no_output ();
  receive_text ("nonsense");
  g_free (next_error ("BAD_MESSAGE"));
}

GST_END_TEST;

/* Images are large: fewer of them wait than of other commands. */
GST_START_TEST (test_references_are_bounded)
{
  GstBuffer *message = new_message (0, 100, 50, 1000);
  gchar *base64, *text;
  GstMapInfo map;
  guint i;

  start ();
  gst_buffer_map (message, &map, GST_MAP_READ);
  base64 = g_base64_encode (map.data + 32, map.size - 32);
  gst_buffer_unmap (message, &map);
  text = g_strdup_printf ("{\"type\":\"upload_reference\",\"data\":\"%s\","
      "\"format\":\"webp\"}", base64);
  for (i = 0; i < 4; i++)
    receive_text (text);
  fail_unless_no_output ();
  receive_text (text);
  g_free (next_error ("RATE_LIMITED"));
  gst_event_unref (pull_event ());
  receive_text (text);
  fail_unless_no_output ();
  for (i = 0; i < 4; i++)
    gst_event_unref (pull_event ());
  g_free (text);
  g_free (base64);
  gst_buffer_unref (message);
}

GST_END_TEST;

static Suite *
sessionlimits_suite (void)
{
  Suite *s = suite_create ("sessionlimits");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_inbox_drops_oldest);
  tcase_add_test (tc, test_inbox_room);
  tcase_add_test (tc, test_references_are_bounded);
  tcase_add_test (tc, test_answer_timeout);
  tcase_add_test (tc, test_texts_are_bounded);
  tcase_add_test (tc, test_newest_stats_replace_older);
  tcase_add_test (tc, test_unanswered_are_bounded);
  tcase_add_test (tc, test_errors_are_not_repeated);
  return s;
}

GST_CHECK_MAIN (sessionlimits);

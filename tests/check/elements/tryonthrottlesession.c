/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tryonthrottle: frames of a try-on session, which are answered and counted. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "throttletest.h"

static gboolean
push_frame (GstHarness * h, GstTryonSession * session, guint32 sequence)
{
  return push (h, flow_client_send_frame (session, sequence,
          gst_util_uint64_scale (sequence, GST_SECOND, 60)));
}

/* Answers frame @sequence as the egress would. */
static void
answer (GstTryonSession * session, guint32 sequence)
{
  GstBuffer *image = gst_buffer_new ();

  gst_buffer_add_tryon_frame_meta (image, sequence, 0, 0);
  fail_unless (gst_tryon_session_answer (session, image, NULL));
  gst_buffer_unref (image);
}

/* Frames beyond the rate are answered. */
GST_START_TEST (test_session_told)
{
  GstHarness *h = new_harness ("tryonthrottle max-fps=30");
  GstTryonSession *session = flow_client_new ("one");
  guint i;

  gst_harness_push_event (h, gst_tryon_event_new_session (session));
  for (i = 0; i < 8; i++) {
    fail_unless_equals_int (push_frame (h, session, i), i % 2 == 0);
    if (i % 2 == 0)
      answer (session, i);
    fail_if (gst_tryon_session_is_waiting (session, i));
  }
  fail_unless_equals_uint64 (flow_client_count_drops (session, "rate"), 4);
  check_stats (h, 4, 4, 0);
  gst_harness_teardown (h);
  flow_client_free (session);
}

GST_END_TEST;

GST_START_TEST (test_max_in_flight)
{
  GstHarness *h = new_harness ("tryonthrottle max-fps=0 max-in-flight=2");
  GstTryonSession *session = flow_client_new ("one");

  gst_harness_push_event (h, gst_tryon_event_new_session (session));
  fail_unless (push_frame (h, session, 1));
  fail_unless (push_frame (h, session, 2));
  fail_if (push_frame (h, session, 3));
  fail_if (gst_tryon_session_is_waiting (session, 3));
  answer (session, 1);
  fail_unless (push_frame (h, session, 4));
  fail_if (push_frame (h, session, 5));
  /* Answers 2 as well, which was left out. */
  answer (session, 4);
  fail_unless (push_frame (h, session, 6));
  fail_unless (push_frame (h, session, 7));
  fail_if (push_frame (h, session, 8));
  /* A drop is an answer, too. */
  fail_unless (gst_tryon_session_drop (session, 7,
          GST_TRYON_DROP_REASON_AI_TIMEOUT));
  fail_unless (push_frame (h, session, 9));
  answer (session, 9);

  fail_unless_equals_uint64 (flow_client_count_drops (session, "rate"), 3);
  check_stats (h, 6, 0, 3);
  gst_harness_teardown (h);
  flow_client_free (session);
}

GST_END_TEST;

/* A limit that is set counts what passed before it. */
GST_START_TEST (test_max_in_flight_while_playing)
{
  GstHarness *h = new_harness ("tryonthrottle max-fps=0");
  GstTryonSession *session = flow_client_new ("one");
  guint32 i;

  gst_harness_push_event (h, gst_tryon_event_new_session (session));
  for (i = 0; i < 100; i++) {
    fail_unless (push_frame (h, session, i));
    if (i >= 3)
      answer (session, i - 3);
  }
  gst_harness_set (h, "tryonthrottle", "max-in-flight", 3, NULL);
  fail_if (push_frame (h, session, 100));
  gst_harness_set (h, "tryonthrottle", "max-in-flight", 4, NULL);
  fail_unless (push_frame (h, session, 101));
  gst_harness_set (h, "tryonthrottle", "max-in-flight", 0, NULL);
  for (i = 102; i < 300; i++)
    fail_unless (push_frame (h, session, i));
  gst_harness_teardown (h);
  flow_client_free (session);
}

GST_END_TEST;

/* A frame dropped for its number costs nothing of the rate. */
GST_START_TEST (test_in_flight_before_rate)
{
  GstHarness *h = new_harness ("tryonthrottle max-fps=30 max-in-flight=1");
  GstTryonSession *session = flow_client_new ("one");

  gst_harness_push_event (h, gst_tryon_event_new_session (session));
  fail_unless (push_frame (h, session, 0));
  fail_if (push_frame (h, session, 2));
  answer (session, 0);
  fail_unless (push_frame (h, session, 3));
  check_stats (h, 2, 0, 1);
  gst_harness_teardown (h);
  flow_client_free (session);
}

GST_END_TEST;

/* No session, or frames of somebody else: nothing to count. */
GST_START_TEST (test_in_flight_needs_session)
{
  GstHarness *h = new_harness ("tryonthrottle max-fps=0 max-in-flight=1");
  GstTryonSession *session;
  GstBuffer *buffer;
  guint i;

  for (i = 0; i < 5; i++) {
    buffer = gst_buffer_new ();
    gst_buffer_add_tryon_frame_meta (buffer, i, 0, 0);
    fail_unless (push (h, buffer));
  }
  session = flow_client_new ("one");
  gst_harness_push_event (h, gst_tryon_event_new_session (session));
  fail_unless (push_frame (h, session, 0));
  for (i = 0; i < 5; i++)
    fail_unless (push_at (h, i));
  fail_if (push_frame (h, session, 1));
  gst_harness_teardown (h);
  flow_client_free (session);
}

GST_END_TEST;

/* The next client begins with an account of its own. */
GST_START_TEST (test_new_session)
{
  GstHarness *h = new_harness ("tryonthrottle max-fps=30 max-in-flight=1");
  GstTryonSession *one = flow_client_new ("one");
  GstTryonSession *two = flow_client_new ("two");

  gst_harness_push_event (h, gst_tryon_event_new_session (one));
  fail_unless (push_frame (h, one, 0));
  /* The same again changes nothing. */
  gst_harness_push_event (h, gst_tryon_event_new_session (one));
  fail_if (push_frame (h, one, 2));
  check_stats (h, 1, 0, 1);

  /* For the rate this is too early, and there is a frame 0 without an answer:
   * but neither of this session. */
  gst_harness_push_event (h, gst_tryon_event_new_session (two));
  gst_buffer_unref (flow_client_send_frame (two, 0, 0));
  fail_unless (push_frame (h, two, 1));
  check_stats (h, 2, 0, 1);
  fail_unless_equals_uint64 (flow_client_count_drops (two, "rate"), 0);

  gst_harness_teardown (h);
  flow_client_free (one);
  flow_client_free (two);
}

GST_END_TEST;

/* A flush takes along what was on its way. */
GST_START_TEST (test_flush)
{
  GstHarness *h = new_harness ("tryonthrottle max-fps=30 max-in-flight=1");
  GstTryonSession *session = flow_client_new ("one");
  GstSegment segment;

  gst_harness_push_event (h, gst_tryon_event_new_session (session));
  fail_unless (push_frame (h, session, 1));
  fail_if (push_frame (h, session, 2));
  gst_harness_push_event (h, gst_event_new_flush_start ());
  gst_harness_push_event (h, gst_event_new_flush_stop (TRUE));
  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_harness_push_event (h, gst_event_new_segment (&segment));
  fail_unless (push (h, flow_client_send_frame (session, 3, 0)));
  gst_harness_teardown (h);
  flow_client_free (session);
}

GST_END_TEST;

/* What the client was asked for in the newest `config`, 0 if in none. */
static guint
read_target (GstTryonSession * session)
{
  GstStructure *message = flow_client_read (session, "config");
  GstStructure *config = NULL;
  gint64 target = 0;

  if (message == NULL)
    return 0;
  /* The message is the config object itself, or has it in a field. */
  config = gst_tryon_message_get_object (message, "config");
  fail_unless (gst_structure_get_int64 (config != NULL ? config : message,
          "target_fps", &target));
  g_clear_pointer (&config, gst_structure_free);
  gst_structure_free (message);
  return target;
}

GST_START_TEST (test_client_target)
{
  GstHarness *h = new_harness ("tryonthrottle max-fps=24");
  GstTryonSession *one = flow_client_new ("one");
  GstTryonSession *two = flow_client_new ("two");

  fail_unless_equals_int (read_target (one), 0);
  gst_harness_push_event (h, gst_tryon_event_new_session (one));
  fail_unless_equals_int (read_target (one), 24);
  gst_harness_set (h, "tryonthrottle", "max-fps", 15, NULL);
  fail_unless_equals_int (read_target (one), 15);
  /* No limit is no wish. */
  gst_harness_set (h, "tryonthrottle", "max-fps", 0, NULL);
  fail_unless_equals_int (read_target (one), 0);
  gst_harness_set (h, "tryonthrottle", "max-fps", 20, NULL);

  gst_harness_push_event (h, gst_tryon_event_new_session (two));
  fail_unless_equals_int (read_target (one), 20);
  fail_unless_equals_int (read_target (two), 20);
  gst_harness_set (h, "tryonthrottle", "max-fps", 10, NULL);
  fail_unless_equals_int (read_target (two), 10);
  fail_unless_equals_int (read_target (one), 0);

  /* With READY the session is over for the element. */
  gst_element_set_state (h->element, GST_STATE_READY);
  gst_harness_set (h, "tryonthrottle", "max-fps", 11, NULL);
  fail_unless_equals_int (read_target (two), 0);
  gst_harness_teardown (h);
  flow_client_free (one);
  flow_client_free (two);
}

GST_END_TEST;

static Suite *
tryonthrottlesession_suite (void)
{
  Suite *s = suite_create ("tryonthrottlesession");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_session_told);
  tcase_add_test (tc, test_max_in_flight);
  tcase_add_test (tc, test_max_in_flight_while_playing);
  tcase_add_test (tc, test_in_flight_before_rate);
  tcase_add_test (tc, test_in_flight_needs_session);
  tcase_add_test (tc, test_new_session);
  tcase_add_test (tc, test_flush);
  tcase_add_test (tc, test_client_target);
  return s;
}

GST_CHECK_MAIN (tryonthrottlesession);

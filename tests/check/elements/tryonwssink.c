/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What tryonwssink answers, what it says upstream, and whole streams through
 * tryonwssrc and other elements to it. */

#include <gst/check/gstharness.h>

#include "flowclient.h"
#include "wspipeline.h"

/* ---- the element alone ---- */

#define CAPS "image/png, width=1, height=1, framerate=0/1"

/* A sink that serves @session. */
static GstHarness *
harness_new (GstTryonSession * session)
{
  GstHarness *h = gst_harness_new ("tryonwssink");

  gst_harness_set_src_caps_str (h, CAPS);
  gst_harness_push_event (h, gst_tryon_event_new_session (session));
  return h;
}

/* The QoS event of the last push. */
static GstClockTimeDiff
expect_qos (GstHarness * h, GstClockTime latency_at_least,
    GstClockTime budget, GstClockTime running_time)
{
  GstEvent *event;
  GstQOSType type;
  gdouble proportion;
  GstClockTimeDiff diff, latency, expected;
  GstClockTime timestamp;

  /* The harness asks upstream for latency and the like, too. */
  while ((event = gst_harness_try_pull_upstream_event (h)) != NULL
      && GST_EVENT_TYPE (event) != GST_EVENT_QOS)
    gst_event_unref (event);
  fail_unless (event != NULL, "no QoS event");
  gst_event_parse_qos (event, &type, &proportion, &diff, &timestamp);
  fail_unless_equals_uint64 (timestamp, running_time);
  latency = proportion * budget + 0.5;
  fail_unless (latency >= (GstClockTimeDiff) latency_at_least);
  fail_unless_equals_int (type, diff > 0 ? GST_QOS_TYPE_UNDERFLOW :
      GST_QOS_TYPE_OVERFLOW);
  /* Not so much that a decoder skips all that is under way, and there is no
   * time before the stream's beginning. */
  expected = MIN (latency - (GstClockTimeDiff) budget, latency / 3);
  expected = MAX (expected, -(GstClockTimeDiff) running_time);
  fail_unless (ABS (diff - expected) <= GST_USECOND,
      "diff is %" G_GINT64_FORMAT ", not %" G_GINT64_FORMAT, diff, expected);
  gst_event_unref (event);
  return diff;
}

static void
expect_no_qos (GstHarness * h)
{
  GstEvent *event;

  while ((event = gst_harness_try_pull_upstream_event (h)) != NULL) {
    fail_if (GST_EVENT_TYPE (event) == GST_EVENT_QOS);
    gst_event_unref (event);
  }
}

GST_START_TEST (test_answers_and_feedback)
{
  GstTryonSession *session = flow_client_new ("a");
  GstHarness *h = harness_new (session);
  GstSegment segment;
  guint i;

  gst_segment_init (&segment, GST_FORMAT_TIME);
  segment.base = 7 * GST_SECOND;
  gst_harness_push_event (h, gst_event_new_segment (&segment));
  for (i = 1; i <= 3; i++) {
    GstBuffer *frame = flow_client_send_frame (session, i, i * GST_SECOND);

    fail_unless_equals_int (gst_harness_push (h, frame), GST_FLOW_OK);
    fail_if (gst_tryon_session_is_waiting (session, i));
    expect_qos (h, 0, 200 * GST_MSECOND, (7 + i) * GST_SECOND);
  }
  fail_unless_equals_uint64 (ws_get_stat (h->element, "frames-answered"), 3);
  fail_unless_equals_uint64 (ws_get_stat (h->element, "frames-late"), 0);
  gst_harness_teardown (h);
  gst_object_unref (session);
}

GST_END_TEST;

GST_START_TEST (test_latency_budget)
{
  GstTryonSession *session = flow_client_new ("a");
  GstHarness *h = harness_new (session);
  GstBuffer *frame = flow_client_send_frame (session, 1, GST_SECOND);
  gint64 late = g_get_monotonic_time () + 2000;

  g_object_set (h->element, "latency-budget", 1, NULL);
  while (g_get_monotonic_time () < late)
    g_thread_yield ();
  gst_harness_push (h, frame);
  fail_unless (expect_qos (h, 2 * GST_MSECOND, GST_MSECOND, GST_SECOND) > 0);
  fail_unless_equals_uint64 (ws_get_stat (h->element, "frames-late"), 1);

  g_object_set (h->element, "latency-budget", 60000, NULL);
  gst_harness_push (h, flow_client_send_frame (session, 2, 2));
  fail_unless_equals_int64 (expect_qos (h, 0, 60 * GST_SECOND, 2), -2);
  fail_unless_equals_uint64 (ws_get_stat (h->element, "frames-late"), 1);

  g_object_set (h->element, "latency-budget", 0, NULL);
  gst_harness_push (h, flow_client_send_frame (session, 3, 3));
  expect_no_qos (h);
  fail_unless_equals_uint64 (ws_get_stat (h->element, "frames-answered"), 3);
  gst_harness_teardown (h);
  gst_object_unref (session);
}

GST_END_TEST;

GST_START_TEST (test_frame_found_by_its_time)
{
  GstTryonSession *session = flow_client_new ("a");
  GstHarness *h = harness_new (session);
  GstBuffer *frame = flow_client_send_frame (session, 1, GST_SECOND);
  GstBuffer *bare = gst_buffer_new_allocate (NULL, 10, NULL);

  gst_tryon_session_set_frame_pts (session, 1, GST_SECOND);
  GST_BUFFER_PTS (bare) = GST_SECOND;
  gst_buffer_unref (frame);
  gst_harness_push (h, bare);
  fail_if (gst_tryon_session_is_waiting (session, 1));
  fail_unless_equals_uint64 (ws_get_stat (h->element, "frames-answered"), 1);
  gst_harness_teardown (h);
  gst_object_unref (session);
}

GST_END_TEST;

/* No error, and not a word more than once a second. */
GST_START_TEST (test_buffers_that_answer_nothing)
{
  GstTryonSession *session = flow_client_new ("a");
  GstHarness *h = harness_new (session);
  GstBuffer *frame = flow_client_send_frame (session, 1, 1);
  guint i;

  gst_buffer_ref (frame);
  gst_harness_push (h, frame);
  expect_qos (h, 0, 200 * GST_MSECOND, 1);
  for (i = 0; i < 100; i++)
    fail_unless_equals_int (gst_harness_push (h, gst_buffer_ref (frame)),
        GST_FLOW_OK);
  expect_no_qos (h);
  fail_unless_equals_uint64 (ws_get_stat (h->element, "frames-answered"), 1);
  fail_unless_equals_uint64 (ws_get_stat (h->element, "frames-unknown"), 100);

  gst_tryon_session_disconnect (session);
  fail_unless_equals_int (gst_harness_push (h, frame), GST_FLOW_OK);
  fail_unless_equals_uint64 (ws_get_stat (h->element, "frames-unknown"), 100);
  fail_unless_equals_uint64 (ws_get_stat (h->element, "frames-client-gone"), 1);
  gst_harness_teardown (h);
  gst_object_unref (session);
}

GST_END_TEST;

GST_START_TEST (test_next_session_takes_over)
{
  GstTryonSession *first = flow_client_new ("first");
  GstTryonSession *second = flow_client_new ("second");
  GstHarness *h = harness_new (first);
  GstStructure *stats;
  const GstStructure *nested;

  gst_harness_push (h, flow_client_send_frame (first, 1, 1));
  gst_harness_push_event (h, gst_event_new_stream_start ("second"));
  gst_harness_push_event (h, gst_tryon_event_new_session (second));
  gst_harness_push (h, flow_client_send_frame (second, 1, 2));
  fail_if (gst_tryon_session_is_waiting (second, 1));
  g_object_get (h->element, "stats", &stats, NULL);
  nested = gst_value_get_structure (gst_structure_get_value (stats, "session"));
  fail_unless_equals_string (gst_structure_get_string (nested, "session-id"),
      "second");
  gst_structure_free (stats);

  gst_element_set_state (h->element, GST_STATE_READY);
  g_object_get (h->element, "stats", &stats, NULL);
  fail_if (gst_structure_has_field (stats, "session"));
  gst_structure_free (stats);
  gst_harness_teardown (h);
  /* Nothing of them is kept. */
  ASSERT_OBJECT_REFCOUNT (first, "first", 1);
  ASSERT_OBJECT_REFCOUNT (second, "second", 1);
  gst_object_unref (first);
  gst_object_unref (second);
}

GST_END_TEST;

GST_START_TEST (test_without_a_session)
{
  WsPipeline *p = g_new0 (WsPipeline, 1);
  GstMessage *message;
  GError *error;
  gchar *debug;

  p->pipeline = gst_parse_launch ("fakesrc num-buffers=1 sizetype=fixed ! "
      CAPS " ! tryonwssink", NULL);
  p->bus = gst_element_get_bus (p->pipeline);
  gst_element_set_state (p->pipeline, GST_STATE_PLAYING);
  message = ws_pipeline_wait (p, GST_MESSAGE_ERROR);
  gst_message_parse_error (message, &error, &debug);
  g_assert_error (error, GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED);
  fail_unless (strstr (debug, "tryonwssrc") != NULL, "%s", debug);
  g_error_free (error);
  g_free (debug);
  gst_message_unref (message);
  gst_element_set_state (p->pipeline, GST_STATE_NULL);
  gst_object_unref (p->bus);
  gst_object_unref (p->pipeline);
  g_free (p);
}

GST_END_TEST;

/* ---- whole streams ---- */

GST_START_TEST (test_echo)
{
  static const gchar *const images[] = { WS_WEBP, WS_JPEG, WS_PNG };
  WsPipeline *p = ws_pipeline_new_playing ("tryonwssrc name=src port=0 "
      "max-buffers=8 ! tryonwssink name=sink");
  GstElement *sink = gst_bin_get_by_name (GST_BIN (p->pipeline), "sink");
  WsClient *client = ws_client_new (p->port, "a");
  guint i;

  /* One at a time, and then four ahead as the protocol allows. */
  ws_client_init (client);
  for (i = 0; i < 30; i++)
    ws_client_echo (client, i, images[i % 3]);
  for (i = 30; i < 330 + 4; i++) {
    GstTryonFrameHeader header;
    GBytes *answer;

    if (i < 330)
      ws_client_send_frame (client, i, images[i % 3]);
    if (i < 34)
      continue;
    answer = ws_client_next_answer (client, &header);
    fail_unless_equals_int (header.sequence, i - 4);
    g_clear_pointer (&answer, g_bytes_unref);
  }
  ws_client_close (client);
  fail_unless (ws_get_stat (sink, "frames-answered") > 30);
  fail_unless_equals_uint64 (ws_get_stat (sink, "frames-unknown"), 0);
  gst_object_unref (sink);
  ws_pipeline_free (p);
}

GST_END_TEST;

/* The rest of a pipeline is made of what there is. */
GST_START_TEST (test_other_elements_in_between)
{
  static const gchar *const launches[] = {
    "tryonwssrc name=src port=0 ! queue ! tryonwssink",
    "tryonwssrc name=src port=0 ! tee name=t t. ! queue ! tryonwssink "
        "t. ! queue ! fakesink async=false",
    "tryonwssrc name=src port=0 ! identity ! queue2 ! identity ! tryonwssink",
  };
  guint i, j;

  for (i = 0; i < G_N_ELEMENTS (launches); i++) {
    WsPipeline *p = ws_pipeline_new_playing (launches[i]);
    WsClient *client = ws_client_new (p->port, "a");

    ws_client_init (client);
    for (j = 0; j < 5; j++)
      ws_client_echo (client, j, WS_PNG);
    ws_client_close (client);
    ws_pipeline_free (p);
  }
}

GST_END_TEST;

static GstPadProbeReturn
lose_2_and_3 (GstPad * pad, GstPadProbeInfo * info, gpointer user_data)
{
  GstTryonFrameMeta *meta =
      gst_buffer_get_tryon_frame_meta (GST_PAD_PROBE_INFO_BUFFER (info));

  return meta->sequence == 2 || meta->sequence == 3 ? GST_PAD_PROBE_DROP :
      GST_PAD_PROBE_OK;
}

/* What a pipeline drops without a word is answered with the next. */
GST_START_TEST (test_frames_that_the_pipeline_loses)
{
  WsPipeline *p = ws_pipeline_new_playing ("tryonwssrc name=src port=0 "
      "max-buffers=8 ! tryonwssink");
  GstPad *pad = gst_element_get_static_pad (p->src, "src");
  WsClient *client = ws_client_new (p->port, "a");
  GstTryonFrameHeader header;
  GBytes *answer;
  guint32 i;

  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, lose_2_and_3, NULL, NULL);
  ws_client_init (client);
  ws_client_echo (client, 1, WS_PNG);
  for (i = 2; i <= 4; i++)
    ws_client_send_frame (client, i, WS_PNG);
  for (i = 2; i <= 4; i++) {
    answer = ws_client_next_answer (client, &header);
    fail_unless_equals_int (header.sequence, i);
    fail_unless_equals_int (header.type, i < 4 ? GST_TRYON_FRAME_TYPE_DROPPED :
        GST_TRYON_FRAME_TYPE_PROCESSED);
    if (answer == NULL)
      fail_unless_equals_int (header.flags, GST_TRYON_DROP_REASON_SUPERSEDED);
    g_clear_pointer (&answer, g_bytes_unref);
  }
  ws_client_close (client);
  gst_object_unref (pad);
  ws_pipeline_free (p);
}

GST_END_TEST;

GST_START_TEST (test_end_of_stream_says_goodbye)
{
  WsPipeline *p = ws_pipeline_new_playing ("tryonwssrc name=src port=0 "
      "! tryonwssink");
  WsClient *client = ws_client_new (p->port, "a");
  GstStructure *bye;
  gboolean reconnect = TRUE;

  ws_client_init (client);
  ws_client_echo (client, 1, WS_PNG);
  gst_element_send_event (p->pipeline, gst_event_new_eos ());
  gst_message_unref (ws_pipeline_wait (p, GST_MESSAGE_EOS));
  bye = ws_client_next_text (client, "bye");
  fail_unless_equals_string (gst_structure_get_string (bye, "reason"),
      "end of stream");
  fail_unless (gst_structure_get_boolean (bye, "reconnect", &reconnect));
  fail_if (reconnect);
  gst_structure_free (bye);
  fail_unless_equals_int (ws_client_wait_closed (client), 1001);
  ws_client_free (client);

  /* Nobody would serve the next. */
  client = ws_client_new_full (p->port, "a", NULL, NULL);
  fail_unless_equals_int (client->status, 404);
  ws_client_free (client);
  ws_pipeline_free (p);
}

GST_END_TEST;

static Suite *
tryonwssink_suite (void)
{
  Suite *s = suite_create ("tryonwssink");
  TCase *tc;

  tc = tcase_create ("sink");
  tcase_add_test (tc, test_answers_and_feedback);
  tcase_add_test (tc, test_latency_budget);
  tcase_add_test (tc, test_frame_found_by_its_time);
  tcase_add_test (tc, test_buffers_that_answer_nothing);
  tcase_add_test (tc, test_next_session_takes_over);
  tcase_add_test (tc, test_without_a_session);
  suite_add_tcase (s, tc);

  tc = tcase_create ("streams");
  tcase_add_test (tc, test_echo);
  tcase_add_test (tc, test_other_elements_in_between);
  tcase_add_test (tc, test_frames_that_the_pipeline_loses);
  tcase_add_test (tc, test_end_of_stream_says_goodbye);
  suite_add_tcase (s, tc);
  return s;
}

GST_CHECK_MAIN (tryonwssink);

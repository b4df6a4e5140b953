/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tryonaisink in its stream: sessions, events, queries. */

#include "aisinktest.h"
#include "flowclient.h"

/* ---- sessions ---- */

static GstTryonSession *
send_session (GstHarness * h, const gchar * id)
{
  GstTryonSession *session = flow_client_new (id);

  fail_unless (gst_harness_push_event (h,
          gst_tryon_event_new_session (session)));
  return session;
}

/* Frame @sequence of @session's client goes in. */
static void
push_for (GstHarness * h, GstTryonSession * session, guint32 sequence)
{
  GstBuffer *frame = flow_client_send_frame (session, sequence,
      sequence * GST_SECOND / 30);

  GST_BUFFER_DURATION (frame) = GST_SECOND / 30;
  fail_unless_equals_int (gst_harness_push (h, frame), GST_FLOW_OK);
}

/* Pulls events until the session event, which must be of @session. */
static void
pull_session (GstHarness * h, GstTryonSession * session)
{
  GstTryonSession *found = NULL;
  GstEvent *event;

  while (found == NULL) {
    event = gst_harness_pull_event (h);
    fail_unless (event != NULL, "no session came");
    if (!gst_tryon_event_parse_session (event, &found))
      found = NULL;
    gst_event_unref (event);
  }
  fail_unless (found == session);
  gst_object_unref (found);
}

static gchar *
session_uri (AiService * service)
{
  return g_strdup_printf ("ws://127.0.0.1:%u/ws/try-on/{session_id}/",
      service->port);
}

GST_START_TEST (test_session)
{
  AiService *service = ai_service_new (ai_service_process);
  gchar *uri = session_uri (service);
  GstHarness *h = ai_harness_new (uri, NULL);
  GstTryonSession *session = flow_client_new_silent ("s1");

  flow_client_say (session, "{\"type\":\"init_session\",\"user_id\":\"u1\","
      "\"nail_post_id\":\"p1\"}");
  gst_harness_push_event (h, gst_tryon_event_new_session (session));
  pull_session (h, session);
  push_for (h, session, 7);
  ai_pull_processed (h, 7, 7);
  ai_service_wait (service, ai_service_has_path (service, "/ws/try-on/s1/"));
  /* The service hears what the client said of itself. */
  ai_service_wait (service, service->texts->len > 0 &&
      strstr (g_ptr_array_index (service->texts, service->texts->len - 1),
          "\"u1\"") != NULL);
  ai_service_wait (service, service->texts->len > 0 &&
      strstr (g_ptr_array_index (service->texts, service->texts->len - 1),
          "\"p1\"") != NULL);
  fail_unless_equals_uint64 (ai_count (h->element, "frames-dropped"), 0);
  ai_harness_free (h);
  gst_object_unref (session);
  g_free (uri);
  ai_service_free (service);
}

GST_END_TEST;

/* Each session has its own connection, and nothing of one gets to the next. */
GST_START_TEST (test_next_session)
{
  AiService *service = ai_service_new (ai_service_ignore);
  gchar *uri = session_uri (service);
  GstHarness *h = ai_harness_new (uri, NULL);
  GstTryonSession *former, *latter;

  former = send_session (h, "first");
  push_for (h, former, 1);
  push_for (h, former, 2);
  ai_service_wait (service, service->n_frames == 2);

  latter = send_session (h, "second");
  /* What was under way is given up. */
  fail_unless_equals_uint64 (flow_client_count_drops (former, "superseded"), 2);
  pull_session (h, former);
  pull_session (h, latter);
  push_for (h, latter, 1);
  ai_service_wait (service, service->n_frames == 3);
  ai_service_wait (service, service->n_open == 1);
  fail_unless_equals_int (service->last_close, 1000);
  ai_service_wait (service, ai_service_has_path (service,
          "/ws/try-on/second/"));
  fail_unless_equals_int (gst_harness_buffers_received (h), 0);
  fail_unless_equals_uint64 (ai_count (h->element, "outages"), 0);

  /* The same session again is no news. */
  gst_harness_push_event (h, gst_tryon_event_new_session (latter));
  push_for (h, latter, 2);
  ai_service_wait (service, service->n_frames == 4);
  fail_unless_equals_int (service->n_open, 1);

  ai_harness_free (h);
  gst_object_unref (former);
  gst_object_unref (latter);
  g_free (uri);
  ai_service_free (service);
}

GST_END_TEST;

/* Fifty clients one after the other, each with a frame under way at its end. */
GST_START_TEST (test_many_sessions)
{
  AiService *service = ai_service_new (ai_service_process);
  gchar *uri = session_uri (service);
  GstHarness *h = ai_harness_new (uri, NULL);
  guint i;

  for (i = 0; i < 50; i++) {
    gchar *id = g_strdup_printf ("s%u", i);
    GstTryonSession *session = send_session (h, id);
    GstStructure *stats;
    guint outstanding;

    push_for (h, session, 0);
    ai_pull_processed (h, 0, 0);
    push_for (h, session, 1);
    ai_pull_processed (h, 1, 1);
    /* No egress here: the pipeline's end answers nothing. */
    stats = gst_tryon_session_get_stats (session);
    fail_unless (gst_structure_get_uint (stats, "frames-outstanding",
            &outstanding));
    fail_unless_equals_int (outstanding, 2);
    gst_structure_free (stats);
    gst_object_unref (session);
    g_free (id);
  }
  fail_unless_equals_uint64 (ai_count (h->element, "outages"), 0);
  ai_service_wait (service, service->n_open == 1);
  ai_harness_free (h);
  g_free (uri);
  ai_service_free (service);
}

GST_END_TEST;

/* Every frame that does not leave is answered to its client, with the reason. */
GST_START_TEST (test_session_account)
{
  AiService *service = ai_service_new (ai_service_ignore);
  GstHarness *h = ai_harness_new (service->uri, "timeout", 100,
      "max-in-flight", 1, NULL);
  GstTryonSession *session;
  guint32 i;

  gst_util_set_object_arg (G_OBJECT (h->element), "fallback", "drop");
  session = send_session (h, "s1");
  for (i = 0; i < 5; i++)
    push_for (h, session, i);
  ai_wait_count (h->element, "frames-dropped", 5);
  /* One at the service, one that waited for it, three that were replaced. */
  fail_unless_equals_uint64 (flow_client_count_drops (session, "ai-timeout"),
      2);
  fail_unless_equals_uint64 (flow_client_count_drops (session, "superseded"),
      3);
  ai_harness_free (h);
  gst_object_unref (session);
  ai_service_free (service);
}

GST_END_TEST;

/* A branch that ends here leaves the answers to the other one. */
GST_START_TEST (test_plain_sink)
{
  AiService *service = ai_service_new (ai_service_process);
  GstElement *element = gst_element_factory_make ("tryonaisink", NULL);
  GstTryonSession *session = flow_client_new ("s1");
  GstHarness *h;
  guint32 i;

  g_object_set (element, "uri", service->uri, "async", FALSE,
      "max-in-flight", 1, "timeout", 20000, NULL);
  h = gst_harness_new_with_element (element, "sink", NULL);
  gst_element_set_state (element, GST_STATE_PLAYING);
  gst_harness_set_src_caps_str (h, AI_FRAME_CAPS);
  gst_harness_push_event (h, gst_tryon_event_new_session (session));
  for (i = 0; i < 20; i++)
    push_for (h, session, i);
  ai_wait_count (element, "frames-processed", 1);
  /* EOS waits for what is under way. */
  fail_unless (gst_harness_push_event (h, gst_event_new_eos ()));
  ai_wait_settled (element);
  fail_unless_equals_uint64 (ai_count (element, "frames-processed") +
      ai_count (element, "frames-dropped"), 20);
  fail_unless (ai_count (element, "frames-dropped") > 0);
  for (i = 0; i < 20; i++)
    fail_unless (gst_tryon_session_is_waiting (session, i));
  gst_harness_teardown (h);
  gst_object_unref (element);
  gst_object_unref (session);
  ai_service_free (service);
}

GST_END_TEST;

/* ---- events ---- */

static GstEvent *
new_reference (void)
{
  GstBuffer *image = ai_buffer_new (ai_answer_webp, sizeof (ai_answer_webp));
  GstEvent *event = gst_tryon_event_new_reference (image, "image/webp",
      "roses.webp");

  gst_buffer_unref (image);
  return event;
}

/* The reference and the commands go to the service, and again to the next. */
GST_START_TEST (test_reference_and_control)
{
  gchar *data = g_base64_encode (ai_answer_webp, sizeof (ai_answer_webp));
  AiService *service = ai_service_new (ai_service_process);
  GstHarness *h = ai_harness_new (service->uri, NULL);
  guint round;

  gst_harness_push_event (h, new_reference ());
  ai_service_wait (service, service->texts->len == 2);
  gst_harness_push_event (h, gst_tryon_event_new_control ("adjust_quality",
          gst_structure_new ("object", "quality", G_TYPE_INT64,
              (gint64) 40, NULL)));
  ai_service_wait (service, service->texts->len == 3);
  gst_harness_push_event (h, gst_tryon_event_new_control ("change_camera",
          NULL));
  gst_harness_push_event (h, gst_tryon_event_new_control ("pause", NULL));
  ai_service_wait (service, service->texts->len == 4);

  for (round = 0; round < 2; round++) {
    guint n = round * 4;

    ai_service_wait (service, service->texts->len == n + 4);
    fail_unless (ai_service_text_has (service, n, "init_session"));
    fail_unless (ai_service_text_has (service, n + 1, "upload_reference"));
    fail_unless (ai_service_text_has (service, n + 1, data));
    fail_unless (ai_service_text_has (service, n + 1, "\"webp\""));
    fail_unless (ai_service_text_has (service, n + 1, "roses.webp"));
    fail_unless (ai_service_text_has (service, n + 2, "adjust_quality"));
    fail_unless (ai_service_text_has (service, n + 2, "40"));
    fail_unless (ai_service_text_has (service, n + 3, "pause"));
    if (round == 0)
      ai_service_do (service, ai_service_cut);
  }
  gst_harness_push_event (h, gst_tryon_event_new_control ("resume", NULL));
  ai_service_wait (service, ai_service_text_has (service, 8, "resume"));
  g_free (data);
  ai_harness_free (h);
  ai_service_free (service);
}

GST_END_TEST;

/* Another session gets nothing of that. */
GST_START_TEST (test_reference_stays_in_session)
{
  AiService *service = ai_service_new (ai_service_process);
  GstHarness *h = ai_harness_new (service->uri, NULL);
  GstTryonSession *former, *latter;
  guint i;

  former = send_session (h, "first");
  gst_harness_push_event (h, new_reference ());
  push_for (h, former, 0);
  ai_pull_processed (h, 0, 0);
  latter = send_session (h, "second");
  push_for (h, latter, 0);
  ai_pull_processed (h, 0, 0);
  for (i = service->texts->len - 1; i > 0; i--)
    fail_unless (!ai_service_text_has (service, i, "upload_reference") ||
        ai_service_text_has (service, i - 1, "init_session"));
  fail_unless (ai_service_text_has (service, service->texts->len - 1,
          "init_session"));
  ai_harness_free (h);
  gst_object_unref (former);
  gst_object_unref (latter);
  ai_service_free (service);
}

GST_END_TEST;

static void
pull_event (GstHarness * h, GstEventType type)
{
  GstEvent *event = gst_harness_pull_event (h);

  fail_unless (event != NULL);
  fail_unless (GST_EVENT_TYPE (event) == type, "%s instead of %s",
      GST_EVENT_TYPE_NAME (event), gst_event_type_get_name (type));
  gst_event_unref (event);
}

static void
answer_frame_zero (AiService * service, SoupWebsocketConnection * ws)
{
  GstTryonFrameHeader header = { GST_TRYON_FRAME_TYPE_PROCESSED, };

  ai_service_process (service, ws, &header, NULL, 0);
}

/* Events leave behind the answers to the frames before them. */
GST_START_TEST (test_events_in_order)
{
  AiService *service = ai_service_new (ai_service_ignore);
  GstHarness *h = ai_harness_new (service->uri, NULL);
  GstEvent *event;
  gboolean save;

  ai_push (h, 0);
  gst_harness_push_event (h, gst_tryon_event_new_capture (TRUE));
  pull_event (h, GST_EVENT_STREAM_START);
  ai_service_wait (service, service->n_frames == 1);
  fail_unless (gst_harness_try_pull_event (h) == NULL);
  ai_service_do (service, answer_frame_zero);
  ai_pull_processed (h, 0, 0);
  /* Caps first, and the segment behind them. */
  pull_event (h, GST_EVENT_CAPS);
  pull_event (h, GST_EVENT_SEGMENT);
  event = gst_harness_pull_event (h);
  fail_unless (gst_tryon_event_parse_capture (event, &save) && save);
  gst_event_unref (event);
  ai_harness_free (h);
  ai_service_free (service);
}

GST_END_TEST;

GST_START_TEST (test_eos_behind_answers)
{
  AiService *service = ai_service_prepare (ai_service_later, 0);
  GstHarness *h;
  gint64 start;

  service->delay = 150;
  ai_service_start (service);
  h = ai_harness_new (service->uri, NULL);
  start = g_get_monotonic_time ();
  ai_push (h, 0);
  ai_push (h, 1);
  gst_harness_push_event (h, gst_event_new_eos ());
  fail_unless (g_get_monotonic_time () - start >= 149000);
  ai_pull_processed (h, 0, 0);
  ai_pull_processed (h, 1, 1);
  pull_event (h, GST_EVENT_STREAM_START);
  pull_event (h, GST_EVENT_CAPS);
  pull_event (h, GST_EVENT_SEGMENT);
  pull_event (h, GST_EVENT_EOS);
  ai_harness_free (h);
  ai_service_free (service);
}

GST_END_TEST;

/* EOS waits no longer than frames do. */
GST_START_TEST (test_eos_bounded)
{
  AiService *service = ai_service_new (ai_service_ignore);
  GstHarness *h = ai_harness_new (service->uri, "timeout", 100, NULL);
  gint64 start = g_get_monotonic_time ();

  ai_push (h, 0);
  gst_harness_push_event (h, gst_event_new_eos ());
  fail_unless (g_get_monotonic_time () - start < 5 * G_USEC_PER_SEC);
  ai_pull_original (h, 0, 0);
  ai_harness_free (h);
  ai_service_free (service);
}

GST_END_TEST;

/* After a flush nothing of before leaves, and the stream goes on. */
GST_START_TEST (test_flush)
{
  AiService *service = ai_service_prepare (ai_service_later, 0);
  GstTryonSession *session;
  GstHarness *h;
  GstSegment segment;
  guint i;

  service->delay = 100;
  ai_service_start (service);
  h = ai_harness_new (service->uri, NULL);
  session = send_session (h, "s1");
  push_for (h, session, 0);
  push_for (h, session, 1);
  ai_service_wait (service, service->n_frames == 2);
  fail_unless (gst_harness_push_event (h, gst_event_new_flush_start ()));
  fail_unless (gst_harness_push_event (h, gst_event_new_flush_stop (TRUE)));
  fail_unless_equals_uint64 (flow_client_count_drops (session, "superseded"),
      2);
  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_harness_push_event (h, gst_event_new_segment (&segment));
  for (i = 2; i < 6; i++) {
    push_for (h, session, i);
    ai_pull_processed (h, i, i);
  }
  fail_unless_equals_uint64 (ai_count (h->element, "late-answers"), 2);
  ai_check_account (h->element);
  ai_harness_free (h);
  gst_object_unref (session);
  ai_service_free (service);
}

GST_END_TEST;

/* A flush overtakes an answer that is on its way out of the element. */
GST_START_TEST (test_flush_overtakes)
{
  AiService *service = ai_service_new (ai_service_process);
  GstHarness *h = ai_harness_new (service->uri, NULL);
  GstPad *pad = gst_element_get_static_pad (h->element, "src");
  GstSegment segment;

  ai_push (h, 0);
  ai_pull_processed (h, 0, 0);
  GST_PAD_STREAM_LOCK (pad);
  ai_push (h, 1);
  ai_wait_count (h->element, "frames-processed", 2);
  fail_unless (gst_harness_push_event (h, gst_event_new_flush_start ()));
  fail_unless (gst_harness_push_event (h, gst_event_new_flush_stop (TRUE)));
  GST_PAD_STREAM_UNLOCK (pad);
  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_harness_push_event (h, gst_event_new_segment (&segment));
  ai_push (h, 2);
  ai_pull_processed (h, 2, 2);
  fail_unless_equals_int (gst_harness_buffers_received (h), 2);
  gst_object_unref (pad);
  ai_harness_free (h);
  ai_service_free (service);
}

GST_END_TEST;

/* Upstream events get through, a seek that comes from both ends once. */
GST_START_TEST (test_upstream_events)
{
  gchar *uri = ai_uri (ai_dead_port ());
  GstHarness *h = ai_harness_new (uri, NULL);
  GstEvent *event, *seek;

  while ((event = gst_harness_try_pull_upstream_event (h)) != NULL)
    gst_event_unref (event);
  fail_unless (gst_harness_push_upstream_event (h,
          gst_event_new_qos (GST_QOS_TYPE_UNDERFLOW, 1.5, 10, 20)));
  event = gst_harness_pull_upstream_event (h);
  fail_unless_equals_int (GST_EVENT_TYPE (event), GST_EVENT_QOS);
  gst_event_unref (event);

  gst_harness_push_upstream_event (h, gst_event_new_reconfigure ());
  seek = gst_event_new_seek (1.0, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH,
      GST_SEEK_TYPE_SET, 0, GST_SEEK_TYPE_NONE, 0);
  gst_element_send_event (h->element, gst_event_ref (seek));
  gst_harness_push_upstream_event (h, seek);
  event = gst_harness_pull_upstream_event (h);
  fail_unless_equals_int (GST_EVENT_TYPE (event), GST_EVENT_SEEK);
  gst_event_unref (event);
  fail_unless (gst_harness_try_pull_upstream_event (h) == NULL);
  ai_harness_free (h);
  g_free (uri);
}

GST_END_TEST;

/* ---- queries ---- */

static gboolean
query_latency (GstHarness * h, gboolean * live, GstClockTime * min,
    GstClockTime * max)
{
  GstQuery *query = gst_query_new_latency ();
  gboolean ok = gst_pad_peer_query (h->sinkpad, query);

  gst_query_parse_latency (query, live, min, max);
  gst_query_unref (query);
  return ok;
}

/* Latency is upstream's and the measured one, told when it moves (nnstreamer
 * #1146, PR#3946). */
GST_START_TEST (test_latency)
{
  AiService *service = ai_service_prepare (ai_service_later, 0);
  GstMessage *message;
  GstClockTime min, max;
  gboolean live;
  GstHarness *h;
  GstBus *bus;
  guint i;

  service->delay = 60;
  ai_service_start (service);
  h = ai_harness_new (service->uri, NULL);
  bus = gst_element_get_bus (h->element);
  gst_harness_set_upstream_latency (h, 5 * GST_MSECOND);
  fail_unless (query_latency (h, &live, &min, &max));
  fail_unless (live);
  fail_unless_equals_uint64 (min, 5 * GST_MSECOND);
  ai_push (h, 0);
  ai_pull_processed (h, 0, 0);
  /* Those of the state changes. */
  while ((message = gst_bus_pop_filtered (bus, GST_MESSAGE_LATENCY)) != NULL)
    gst_message_unref (message);
  for (i = 1; i < 10; i++) {
    ai_push (h, i);
    ai_pull_processed (h, i, i);
  }
  message = gst_bus_timed_pop_filtered (bus, 10 * GST_SECOND,
      GST_MESSAGE_LATENCY);
  fail_unless (message != NULL);
  gst_message_unref (message);
  fail_unless (query_latency (h, &live, &min, &max));
  fail_unless (live);
  fail_unless (min >= 65 * GST_MSECOND, "min %" GST_TIME_FORMAT,
      GST_TIME_ARGS (min));
  fail_unless (min <= 20005 * GST_MSECOND);
  gst_object_unref (bus);
  ai_harness_free (h);
  ai_service_free (service);
}

GST_END_TEST;

/* The timeout bounds the latency: no frame waits longer. */
GST_START_TEST (test_latency_bounded)
{
  AiService *service = ai_service_new (ai_service_ignore);
  GstHarness *h = ai_harness_new (service->uri, "timeout", 30,
      "max-in-flight", 64, NULL);
  GstClockTime min = 0, max;
  gint64 until = g_get_monotonic_time () + AI_SERVICE_PATIENCE;
  gboolean live;
  guint i;

  gst_harness_set_upstream_latency (h, 0);
  ai_wait_state (h->element, "ready");
  for (i = 0; i < 12; i++) {
    ai_push (h, i);
    ai_pull_original (h, i, i);
  }
  while (min == 0) {
    fail_unless (query_latency (h, &live, &min, &max));
    fail_unless (g_get_monotonic_time () < until);
  }
  fail_unless_equals_uint64 (min, 30 * GST_MSECOND);
  ai_harness_free (h);
  ai_service_free (service);
}

GST_END_TEST;

GST_START_TEST (test_caps_queries)
{
  AiService *service = ai_service_new (ai_service_process);
  GstHarness *h = ai_harness_new (service->uri, NULL);
  GstCaps *caps, *webp = gst_caps_from_string (AI_ANSWER_CAPS);

  caps = gst_pad_peer_query_caps (h->sinkpad, NULL);
  fail_unless_equals_int (gst_caps_get_size (caps), 3);
  gst_caps_unref (caps);
  caps = gst_pad_peer_query_caps (h->srcpad, NULL);
  fail_unless_equals_int (gst_caps_get_size (caps), 3);
  gst_caps_unref (caps);
  ai_push (h, 0);
  ai_pull_processed (h, 0, 0);
  caps = gst_pad_peer_query_caps (h->sinkpad, NULL);
  fail_unless (gst_caps_is_equal (caps, webp));
  gst_caps_unref (caps);
  gst_caps_unref (webp);
  ai_harness_free (h);
  ai_service_free (service);
}

GST_END_TEST;

static Suite *
tryonaisinkstream_suite (void)
{
  Suite *s = suite_create ("tryonaisinkstream");
  TCase *tc = tcase_create ("sessions");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_session);
  tcase_add_test (tc, test_next_session);
  tcase_add_test (tc, test_many_sessions);
  tcase_add_test (tc, test_session_account);
  tcase_add_test (tc, test_plain_sink);

  tc = tcase_create ("events");
  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_reference_and_control);
  tcase_add_test (tc, test_reference_stays_in_session);
  tcase_add_test (tc, test_events_in_order);
  tcase_add_test (tc, test_eos_behind_answers);
  tcase_add_test (tc, test_eos_bounded);
  tcase_add_test (tc, test_flush);
  tcase_add_test (tc, test_flush_overtakes);
  tcase_add_test (tc, test_upstream_events);

  tc = tcase_create ("queries");
  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_latency);
  tcase_add_test (tc, test_latency_bounded);
  tcase_add_test (tc, test_caps_queries);
  return s;
}

GST_CHECK_MAIN (tryonaisinkstream);

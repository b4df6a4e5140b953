/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tryonaisink and a service that does what it should: frames, answers, window,
 * timeouts, fallbacks. */

#include "aisinktest.h"

GST_START_TEST (test_processes)
{
  AiService *service = ai_service_new (ai_service_process);
  GstHarness *h = ai_harness_new (service->uri, NULL);
  GstCaps *caps, *expected = gst_caps_from_string (AI_ANSWER_CAPS);
  guint i;

  for (i = 0; i < 30; i++) {
    ai_push (h, i);
    ai_pull_processed (h, i, i);
  }
  caps = gst_pad_get_current_caps (h->sinkpad);
  fail_unless (gst_caps_is_equal (caps, expected));
  fail_unless_equals_uint64 (ai_count (h->element, "frames-received"), 30);
  fail_unless_equals_uint64 (ai_count (h->element, "frames-sent"), 30);
  fail_unless_equals_uint64 (ai_count (h->element, "frames-processed"), 30);
  fail_unless_equals_uint64 (ai_count (h->element, "connections"), 1);
  fail_unless_equals_uint64 (ai_count (h->element, "faults"), 0);
  fail_unless (ai_count (h->element, "round-trip-mean") < GST_SECOND);
  fail_unless (ai_count (h->element, "round-trip-p95") < GST_SECOND);
  ai_check_account (h->element);
  ai_wait_state (h->element, "ready");
  ai_service_wait (service, ai_service_text_has (service, 0, "init_session"));

  gst_caps_unref (caps);
  gst_caps_unref (expected);
  ai_harness_free (h);
  /* It leaves as it should, not by vanishing. */
  ai_service_wait (service, service->n_open == 0);
  fail_unless_equals_int (service->last_close, 1000);
  ai_service_free (service);
}

GST_END_TEST;

/* What the frame is stays with it (nnstreamer PR#3595). */
GST_START_TEST (test_identity)
{
  AiService *service = ai_service_new (ai_service_process);
  GstHarness *h = ai_harness_new (service->uri, NULL);
  GstCaps *reference = gst_caps_new_empty_simple ("timestamp/x-test");
  GstBuffer *frame = ai_frame_new (5);
  GstReferenceTimestampMeta *timestamp;
  GstTryonFrameMeta *meta;

  meta = gst_buffer_add_tryon_frame_meta (frame, 4000000000u, 1234567890123456,
      777);
  meta->ai_latency = 1000000;
  meta->flags = GST_TRYON_FRAME_FLAG_NOT_PROCESSED;
  gst_buffer_add_reference_timestamp_meta (frame, reference, 42,
      GST_CLOCK_TIME_NONE);
  fail_unless_equals_int (gst_harness_push (h, frame), GST_FLOW_OK);
  frame = gst_harness_pull (h);
  meta = gst_buffer_get_tryon_frame_meta (frame);
  fail_unless_equals_int64 (meta->sequence, 4000000000u);
  fail_unless_equals_uint64 (meta->capture_time, 1234567890123456);
  fail_unless_equals_int64 (meta->arrival, 777);
  /* The service that was asked before has taken its time, too. */
  fail_unless (meta->ai_latency > 1000000 && meta->ai_latency < 11000000);
  fail_unless_equals_int (meta->flags, GST_TRYON_FRAME_FLAG_NONE);
  timestamp = gst_buffer_get_reference_timestamp_meta (frame, reference);
  fail_unless (timestamp != NULL);
  fail_unless_equals_uint64 (timestamp->timestamp, 42);
  gst_buffer_unref (frame);
  gst_caps_unref (reference);

  /* The next one has no number of its own: it goes on from there. */
  ai_push (h, 6);
  ai_pull_processed (h, 6, 4000000001u);
  ai_service_wait (service, service->sequences->len == 2);
  fail_unless_equals_int64 (g_array_index (service->sequences, guint32, 0),
      4000000000u);
  ai_harness_free (h);
  ai_service_free (service);
}

GST_END_TEST;

/* A frame that no session's ingress has seen gets an identity here. */
GST_START_TEST (test_new_identity)
{
  AiService *service = ai_service_new (ai_service_process);
  GstHarness *h = ai_harness_new (service->uri, NULL);
  gint64 wall = g_get_real_time (), now = g_get_monotonic_time ();
  GstTryonFrameMeta *meta;
  GstBuffer *buffer;

  ai_push (h, 0);
  buffer = gst_harness_pull (h);
  meta = gst_buffer_get_tryon_frame_meta (buffer);
  fail_unless_equals_int (meta->sequence, 0);
  fail_unless ((gint64) meta->capture_time >= wall);
  fail_unless ((gint64) meta->capture_time <= g_get_real_time ());
  fail_unless (meta->arrival >= now);
  fail_unless (meta->arrival <= g_get_monotonic_time ());
  fail_unless (meta->ai_latency > 0);
  gst_buffer_unref (buffer);
  ai_harness_free (h);
  ai_service_free (service);
}

GST_END_TEST;

/* As many frames are at the service as it is told, before any answer. */
GST_START_TEST (test_several_in_flight)
{
  AiService *service = ai_service_prepare (ai_service_later, 0);
  GstHarness *h;
  guint i;

  service->delay = 100;
  ai_service_start (service);
  h = ai_harness_new (service->uri, "max-in-flight", 4, NULL);
  for (i = 0; i < 4; i++)
    ai_push (h, i);
  ai_service_wait (service, service->n_frames == 4);
  fail_unless_equals_int (gst_harness_buffers_received (h), 0);
  for (i = 0; i < 4; i++)
    ai_pull_processed (h, i, i);
  ai_harness_free (h);
  ai_service_free (service);
}

GST_END_TEST;

/* 100 frames at 25 fps of a service with 100 ms: none lost, none late. */
GST_START_TEST (test_slow_service_costs_latency_only)
{
  AiService *service = ai_service_prepare (ai_service_later, 0);
  GstHarness *h;
  guint i;

  service->delay = 100;
  ai_service_start (service);
  /* Five would do; the rest is for a machine that is busy with other things. */
  h = ai_harness_new (service->uri, "max-in-flight", 32, "timeout", 5000, NULL);
  for (i = 0; i < 100; i++) {
    ai_push (h, i);
    g_usleep (20000);           /* the camera's pace, not a wait */
  }
  for (i = 0; i < 100; i++)
    ai_pull_processed (h, i, i);
  fail_unless_equals_uint64 (ai_count (h->element, "frames-dropped"), 0);
  fail_unless (ai_count (h->element, "round-trip-mean") >= 100 * GST_MSECOND);
  ai_harness_free (h);
  ai_service_free (service);
}

GST_END_TEST;

/* render() never waits for the service, and the newest frame waits for it. */
GST_START_TEST (test_window_full)
{
  AiService *service = ai_service_new (ai_service_ignore);
  GstHarness *h = ai_harness_new (service->uri, "max-in-flight", 2, NULL);
  gint64 start = g_get_monotonic_time ();
  guint i;

  for (i = 0; i < 10; i++)
    ai_push (h, i);
  fail_unless (g_get_monotonic_time () - start < G_USEC_PER_SEC);
  ai_service_wait (service, service->n_frames == 2);
  ai_wait_count (h->element, "frames-dropped", 7);
  fail_unless_equals_uint64 (ai_count_drops (h->element, "superseded"), 7);
  fail_unless_equals_uint64 (ai_count (h->element, "frames-sent"), 2);
  ai_check_account (h->element);

  /* More places: the one that waits is sent, which is the newest. */
  g_object_set (h->element, "max-in-flight", 3, NULL);
  ai_service_wait (service, service->n_frames == 3);
  fail_unless_equals_int (g_array_index (service->sequences, guint32, 2), 9);
  ai_harness_free (h);
  ai_service_free (service);
}

GST_END_TEST;

/* The service has the last word on how many frames it takes. */
GST_START_TEST (test_service_grants_less)
{
  AiService *service = ai_service_prepare (ai_service_ignore, 0);
  GstStructure *stats;
  GstHarness *h;
  guint i, in_effect;

  service->max_in_flight = 1;
  ai_service_start (service);
  h = ai_harness_new (service->uri, "max-in-flight", 4, NULL);
  ai_wait_state (h->element, "ready");
  for (i = 0; i < 5; i++)
    ai_push (h, i);
  ai_service_wait (service, service->n_frames == 1);
  ai_wait_count (h->element, "frames-dropped", 3);
  stats = ai_get_stats (h->element);
  fail_unless (gst_structure_get_uint (stats, "max-in-flight", &in_effect));
  fail_unless_equals_int (in_effect, 1);
  gst_structure_free (stats);
  ai_harness_free (h);
  ai_service_free (service);
}

GST_END_TEST;

static void
grant_two (AiService * service, SoupWebsocketConnection * ws)
{
  ai_service_say (ws, "{\"type\":\"config\",\"target_fps\":30,"
      "\"max_resolution\":{\"width\":640,\"height\":480},\"max_in_flight\":2,"
      "\"formats\":[\"image/png\"],\"something\":\"new\"}");
}

GST_START_TEST (test_service_changes_grant)
{
  AiService *service = ai_service_prepare (ai_service_ignore, 0);
  GstHarness *h;

  service->max_in_flight = 1;
  ai_service_start (service);
  h = ai_harness_new (service->uri, NULL);
  ai_wait_state (h->element, "ready");
  ai_push (h, 0);
  ai_push (h, 1);
  ai_service_wait (service, service->n_frames == 1);
  ai_service_do (service, grant_two);
  ai_service_wait (service, service->n_frames == 2);
  ai_harness_free (h);
  ai_service_free (service);
}

GST_END_TEST;

GST_START_TEST (test_timeout_passthrough)
{
  AiService *service = ai_service_new (ai_service_ignore);
  GstHarness *h = ai_harness_new (service->uri, "timeout", 60, NULL);
  GstCaps *caps, *expected = gst_caps_from_string (AI_FRAME_CAPS);
  gint64 start, took;

  ai_wait_state (h->element, "ready");
  start = g_get_monotonic_time ();
  ai_push (h, 0);
  ai_pull_original (h, 0, 0);
  took = g_get_monotonic_time () - start;
  fail_unless (took >= 60000, "after %d us", (gint) took);
  fail_unless (took < 5 * G_USEC_PER_SEC);
  caps = gst_pad_get_current_caps (h->sinkpad);
  fail_unless (gst_caps_is_equal (caps, expected));
  fail_unless_equals_uint64 (ai_count (h->element, "timeouts"), 1);
  fail_unless_equals_uint64 (ai_count (h->element, "frames-fallback"), 1);
  /* It has not gone for that. */
  fail_unless_equals_uint64 (ai_count (h->element, "outages"), 0);
  gst_caps_unref (caps);
  gst_caps_unref (expected);
  ai_harness_free (h);
  ai_service_free (service);
}

GST_END_TEST;

/* Processes the first frame only. */
static void
process_first (AiService * service, SoupWebsocketConnection * ws,
    const GstTryonFrameHeader * header, const guint8 * image, gsize size)
{
  if (header->sequence == 0)
    ai_service_process (service, ws, header, image, size);
}

GST_START_TEST (test_timeout_last)
{
  AiService *service = ai_service_new (process_first);
  GstHarness *h = ai_harness_new (service->uri, NULL);

  gst_util_set_object_arg (G_OBJECT (h->element), "fallback", "last");
  ai_push (h, 0);
  ai_pull_processed (h, 0, 0);
  g_object_set (h->element, "timeout", 50, NULL);
  ai_push (h, 1);
  fail_unless_equals_int (ai_pull (h, 1, 1, ai_answer_webp,
          sizeof (ai_answer_webp)), GST_TRYON_FRAME_FLAG_NOT_PROCESSED);
  fail_unless_equals_uint64 (ai_count (h->element, "timeouts"), 1);
  ai_harness_free (h);
  ai_service_free (service);
}

GST_END_TEST;

GST_START_TEST (test_timeout_drop)
{
  AiService *service = ai_service_new (process_first);
  GstHarness *h = ai_harness_new (service->uri, NULL);

  gst_util_set_object_arg (G_OBJECT (h->element), "fallback", "drop");
  ai_push (h, 0);
  ai_pull_processed (h, 0, 0);
  g_object_set (h->element, "timeout", 50, NULL);
  ai_push (h, 1);
  ai_wait_count (h->element, "frames-dropped", 1);
  fail_unless_equals_uint64 (ai_count_drops (h->element, "ai-timeout"), 1);
  fail_unless_equals_int (gst_harness_buffers_in_queue (h), 0);
  ai_harness_free (h);
  ai_service_free (service);
}

GST_END_TEST;

/* The answer that came too late is nobody's, and the next one is right. */
GST_START_TEST (test_late_answers)
{
  AiService *service = ai_service_prepare (ai_service_later, 0);
  GstHarness *h;

  service->delay = 500;
  ai_service_start (service);
  h = ai_harness_new (service->uri, "timeout", 100, NULL);
  ai_wait_state (h->element, "ready");
  ai_push (h, 0);
  ai_pull_original (h, 0, 0);
  ai_wait_count (h->element, "late-answers", 1);
  g_object_set (h->element, "timeout", 20000, NULL);
  ai_push (h, 1);
  ai_pull_processed (h, 1, 1);
  fail_unless_equals_uint64 (ai_count (h->element, "faults"), 0);
  ai_harness_free (h);
  ai_service_free (service);
}

GST_END_TEST;

static GstTryonDropReason drop_reason;

static void
drop_odd (AiService * service, SoupWebsocketConnection * ws,
    const GstTryonFrameHeader * header, const guint8 * image, gsize size)
{
  if (header->sequence % 2 == 1)
    ai_service_drop (ws, header, drop_reason);
  else
    ai_service_process (service, ws, header, image, size);
}

GST_START_TEST (test_service_drops)
{
  AiService *service;
  GstHarness *h;
  const gchar *nick;

  drop_reason = __i__;
  nick = gst_tryon_drop_reason_get_nick (drop_reason);
  service = ai_service_new (drop_odd);
  h = ai_harness_new (service->uri, NULL);
  ai_push (h, 0);
  ai_pull_processed (h, 0, 0);
  ai_push (h, 1);
  if (drop_reason == GST_TRYON_DROP_REASON_AI_TIMEOUT ||
      drop_reason == GST_TRYON_DROP_REASON_AI_DOWN) {
    ai_pull_original (h, 1, 1);
  } else {
    ai_wait_count (h->element, "frames-dropped", 1);
    fail_unless_equals_uint64 (ai_count_drops (h->element, nick), 1);
  }
  ai_push (h, 2);
  ai_pull_processed (h, 2, 2);
  ai_check_account (h->element);
  ai_harness_free (h);
  ai_service_free (service);
}

GST_END_TEST;

/* Answers each third frame only, as a service that loses frames within. */
static void
process_third (AiService * service, SoupWebsocketConnection * ws,
    const GstTryonFrameHeader * header, const guint8 * image, gsize size)
{
  if (header->sequence % 3 == 2)
    ai_service_process (service, ws, header, image, size);
}

GST_START_TEST (test_skipped_frames)
{
  AiService *service = ai_service_new (process_third);
  GstHarness *h = ai_harness_new (service->uri, "max-in-flight", 4,
      NULL);
  guint i;

  for (i = 0; i < 9; i++) {
    ai_push (h, i);
    if (i % 3 == 2)
      ai_pull_processed (h, i, i);
  }
  fail_unless_equals_uint64 (ai_count_drops (h->element, "superseded"), 6);
  ai_harness_free (h);
  ai_service_free (service);
}

GST_END_TEST;

static void
answer_not_processed (AiService * service, SoupWebsocketConnection * ws,
    const GstTryonFrameHeader * header, const guint8 * image, gsize size)
{
  GstTryonFrameHeader answer = *header;

  answer.flags = GST_TRYON_FRAME_FLAG_NOT_PROCESSED;
  ai_service_answer (ws, &answer, image, size);
}

/* The service has a fallback of its own, and says so. */
GST_START_TEST (test_service_falls_back)
{
  AiService *service = ai_service_new (answer_not_processed);
  GstHarness *h = ai_harness_new (service->uri, NULL);

  ai_push (h, 0);
  ai_pull_original (h, 0, 0);
  fail_unless_equals_uint64 (ai_count (h->element, "frames-processed"), 1);
  ai_harness_free (h);
  ai_service_free (service);
}

GST_END_TEST;

/* Caps follow the answers in mid-stream. */
static void
alternate (AiService * service, SoupWebsocketConnection * ws,
    const GstTryonFrameHeader * header, const guint8 * image, gsize size)
{
  if (header->sequence % 2 == 0)
    ai_service_process (service, ws, header, image, size);
  else
    ai_service_echo (service, ws, header, image, size);
}

GST_START_TEST (test_caps_follow)
{
  AiService *service = ai_service_new (alternate);
  GstHarness *h = ai_harness_new (service->uri, NULL);
  GstCaps *caps, *webp = gst_caps_from_string (AI_ANSWER_CAPS);
  GstCaps *png = gst_caps_from_string (AI_FRAME_CAPS);
  guint i;

  for (i = 0; i < 6; i++) {
    ai_push (h, i);
    if (i % 2 == 0) {
      ai_pull_processed (h, i, i);
    } else {
      fail_unless_equals_int (ai_pull (h, i, i, ai_frame_png,
              sizeof (ai_frame_png)), GST_TRYON_FRAME_FLAG_NONE);
    }
    caps = gst_pad_get_current_caps (h->sinkpad);
    fail_unless (gst_caps_is_equal (caps, i % 2 == 0 ? webp : png));
    gst_caps_unref (caps);
  }
  gst_caps_unref (webp);
  gst_caps_unref (png);
  ai_harness_free (h);
  ai_service_free (service);
}

GST_END_TEST;

GST_START_TEST (test_token)
{
  AiService *service = ai_service_prepare (ai_service_process, 0);
  GstHarness *h;

  service->token = g_strdup ("open-sesame");
  ai_service_start (service);
  h = ai_harness_new (service->uri, NULL);
  ai_wait_state (h->element, "unavailable");
  fail_unless_equals_int (service->n_connections, 0);
  ai_harness_free (h);

  h = ai_harness_new (service->uri, "token", "open-sesame", NULL);
  ai_push (h, 0);
  ai_pull_processed (h, 0, 0);
  ai_harness_free (h);
  ai_service_free (service);
}

GST_END_TEST;

/* Without a session each stream has an id of its own. */
GST_START_TEST (test_random_id)
{
  AiService *service = ai_service_new (ai_service_process);
  gchar *uri = g_strdup_printf ("ws://127.0.0.1:%u/ws/try-on/{session_id}/",
      service->port);
  const gchar *paths[2];
  gchar *id;
  guint i;

  for (i = 0; i < 2; i++) {
    GstHarness *h = ai_harness_new (uri, NULL);

    ai_push (h, 0);
    ai_pull_processed (h, 0, 0);
    ai_harness_free (h);
    ai_service_wait (service, service->paths->len == i + 1);
    paths[i] = g_ptr_array_index (service->paths, i);
    id = gst_tryon_session_id_from_path (paths[i]);
    fail_unless (g_uuid_string_is_valid (id), "path %s", paths[i]);
    g_free (id);
  }
  fail_if (strcmp (paths[0], paths[1]) == 0);
  g_free (uri);
  ai_service_free (service);
}

GST_END_TEST;

GST_START_TEST (test_bad_uri)
{
  static const gchar *uris[] = {
    NULL, "", "127.0.0.1:9000", "http://127.0.0.1/", "ws://", "ws:///path",
    "ws://[::1/", "wss:nothing"
  };
  GstElement *element = gst_element_factory_make ("tryonaisink", NULL);
  guint i;

  for (i = 0; i < G_N_ELEMENTS (uris); i++) {
    g_object_set (element, "uri", uris[i], NULL);
    fail_unless_equals_int (gst_element_set_state (element, GST_STATE_PAUSED),
        GST_STATE_CHANGE_FAILURE);
    gst_element_set_state (element, GST_STATE_NULL);
  }
  g_object_set (element, "uri", "wss://user@[::1]:8443/{session_id}?q=1", NULL);
  fail_unless_equals_int (gst_element_set_state (element, GST_STATE_PAUSED),
      GST_STATE_CHANGE_ASYNC);
  gst_element_set_state (element, GST_STATE_NULL);
  gst_object_unref (element);
}

GST_END_TEST;

/* Nothing of one stream is there in the next. */
GST_START_TEST (test_restart)
{
  AiService *service = ai_service_new (ai_service_process);
  GstHarness *h = ai_harness_new (service->uri, NULL);
  guint i;

  for (i = 0; i < 3; i++) {
    ai_push (h, 0);
    ai_pull_processed (h, 0, 0);
    fail_unless_equals_uint64 (ai_count (h->element, "frames-received"), 1);
    fail_unless_equals_uint64 (ai_count (h->element, "connections"), 1);
    gst_element_set_state (h->element, GST_STATE_NULL);
    ai_wait_state (h->element, "disconnected");
    gst_element_set_state (h->element, GST_STATE_PLAYING);
    gst_harness_set_src_caps_str (h, AI_FRAME_CAPS);
  }
  ai_harness_free (h);
  ai_service_free (service);
}

GST_END_TEST;

static Suite *
tryonaisink_suite (void)
{
  Suite *s = suite_create ("tryonaisink");
  TCase *tc = tcase_create ("frames");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_processes);
  tcase_add_test (tc, test_identity);
  tcase_add_test (tc, test_new_identity);
  tcase_add_test (tc, test_several_in_flight);
  tcase_add_test (tc, test_slow_service_costs_latency_only);
  tcase_add_test (tc, test_window_full);
  tcase_add_test (tc, test_service_grants_less);
  tcase_add_test (tc, test_service_changes_grant);
  tcase_add_test (tc, test_timeout_passthrough);
  tcase_add_test (tc, test_timeout_last);
  tcase_add_test (tc, test_timeout_drop);
  tcase_add_test (tc, test_late_answers);
  tcase_add_loop_test (tc, test_service_drops, 1, GST_TRYON_N_DROP_REASONS);
  tcase_add_test (tc, test_skipped_frames);
  tcase_add_test (tc, test_service_falls_back);
  tcase_add_test (tc, test_caps_follow);
  tcase_add_test (tc, test_token);
  tcase_add_test (tc, test_random_id);
  tcase_add_test (tc, test_bad_uri);
  tcase_add_test (tc, test_restart);
  return s;
}

GST_CHECK_MAIN (tryonaisink);

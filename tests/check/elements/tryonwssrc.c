/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What tryonwssrc makes of a client: events, caps, timestamps, flags. Who it
 * takes is the test of tryonwssrcclients, what it refuses of tryonwssrcinput. */

#include <gst/check/gstharness.h>

#include "wsclient.h"

/* An element that listens at a free port, with its clock at 10 s. */
static GstHarness *
harness_new (const gchar * properties, guint * port)
{
  gchar *line = g_strdup_printf ("tryonwssrc port=0 %s", properties);
  GstHarness *h = gst_harness_new_parse (line);
  GstElement *src = gst_harness_find_element (h, "tryonwssrc");

  gst_harness_set_time (h, 10 * GST_SECOND);
  gst_harness_play (h);
  g_object_get (src, "current-port", port, NULL);
  fail_unless (*port != 0);
  gst_object_unref (src);
  g_free (line);
  return h;
}

static const gchar *
get_name (GstEvent * event)
{
  if (GST_EVENT_TYPE (event) == GST_EVENT_CUSTOM_DOWNSTREAM
      || GST_EVENT_TYPE (event) == GST_EVENT_CUSTOM_DOWNSTREAM_STICKY)
    return gst_structure_get_name (gst_event_get_structure (event));
  return GST_EVENT_TYPE_NAME (event);
}

/* The next event, which must be called @name (transfer full). */
static GstEvent *
pull_event (GstHarness * h, const gchar * name)
{
  GstEvent *event = gst_harness_pull_event (h);

  fail_unless (event != NULL, "no event, waited for %s", name);
  fail_unless_equals_string (get_name (event), name);
  return event;
}

static void
skip_event (GstHarness * h, const gchar * name)
{
  gst_event_unref (pull_event (h, name));
}

static gchar *
pull_stream_id (GstHarness * h)
{
  GstEvent *event = pull_event (h, "stream-start");
  const gchar *id;
  gchar *copy;

  gst_event_parse_stream_start (event, &id);
  copy = g_strdup (id);
  gst_event_unref (event);
  return copy;
}

static void
expect_session (GstHarness * h, const gchar * id)
{
  GstEvent *event = pull_event (h, "tryon-session");
  GstTryonSession *session;

  fail_unless (gst_tryon_event_parse_session (event, &session));
  fail_unless_equals_string (gst_tryon_session_get_id (session), id);
  gst_object_unref (session);
  gst_event_unref (event);
}

static void
expect_control (GstHarness * h, const gchar * action)
{
  GstEvent *event = pull_event (h, "tryon-control");
  const gchar *found;

  fail_unless (gst_tryon_event_parse_control (event, &found, NULL));
  fail_unless_equals_string (found, action);
  gst_event_unref (event);
}

static void
expect_caps (GstHarness * h, const gchar * text)
{
  GstEvent *event = pull_event (h, "caps");
  GstCaps *caps, *expected = gst_caps_from_string (text);

  gst_event_parse_caps (event, &caps);
  fail_unless (gst_caps_is_equal (caps, expected), "%" GST_PTR_FORMAT, caps);
  gst_caps_unref (expected);
  gst_event_unref (event);
}

static void
expect_segment (GstHarness * h)
{
  GstEvent *event = pull_event (h, "segment");
  const GstSegment *segment;

  gst_event_parse_segment (event, &segment);
  fail_unless_equals_int (segment->format, GST_FORMAT_TIME);
  fail_unless_equals_uint64 (segment->start, 0);
  gst_event_unref (event);
}

/* The events in front of a client's first frame, which is a PNG. */
static gchar *
expect_beginning (GstHarness * h, const gchar * id, gboolean had_reference)
{
  gchar *stream_id = pull_stream_id (h);

  expect_session (h, id);
  if (had_reference) {
    GstEvent *event = pull_event (h, "tryon-reference");
    GstBuffer *image;

    fail_unless (gst_tryon_event_parse_reference (event, &image, NULL, NULL));
    fail_unless (image == NULL);
    gst_event_unref (event);
  }
  expect_control (h, "init_session");
  expect_caps (h, "image/png, width=16, height=12, framerate=0/1");
  expect_segment (h);
  return stream_id;
}

/* The next frame, which must be @sequence. */
static void
expect_frame (GstHarness * h, guint32 sequence, gboolean discont)
{
  GstBuffer *frame = gst_harness_pull (h);
  GstTryonFrameMeta *meta;

  fail_unless (frame != NULL);
  meta = gst_buffer_get_tryon_frame_meta (frame);
  fail_unless (meta != NULL);
  fail_unless_equals_int (meta->sequence, sequence);
  fail_unless_equals_uint64 (meta->capture_time, 1000000 + sequence);
  fail_unless_equals_int (GST_BUFFER_IS_DISCONT (frame), discont);
  gst_buffer_unref (frame);
}

GST_START_TEST (test_stream_of_a_client)
{
  guint port;
  GstHarness *h = harness_new ("", &port);
  WsClient *client = ws_client_new (port, "alice");
  GstTryonFrameMeta *meta;
  GBytes *image = ws_image (WS_PNG);
  GstBuffer *frame;
  gint64 before, now;
  gchar *own_id, *id;

  before = g_get_monotonic_time ();
  ws_client_send_text (client, WS_INIT);
  ws_client_send_frame (client, 5, WS_PNG);

  /* The base class's, before anyone is there. */
  own_id = pull_stream_id (h);
  id = expect_beginning (h, "alice", FALSE);
  fail_unless (g_str_has_suffix (id, "/alice"), "%s", id);
  fail_unless (g_strcmp0 (own_id, id) != 0);

  frame = gst_harness_pull (h);
  now = g_get_monotonic_time ();
  fail_unless (gst_buffer_memcmp (frame, 0, g_bytes_get_data (image, NULL),
          g_bytes_get_size (image)) == 0);
  fail_unless_equals_int (gst_buffer_get_size (frame),
      g_bytes_get_size (image));
  fail_unless (GST_BUFFER_IS_DISCONT (frame));
  fail_if (GST_BUFFER_DTS_IS_VALID (frame));
  fail_if (GST_BUFFER_DURATION_IS_VALID (frame));
  meta = gst_buffer_get_tryon_frame_meta (frame);
  fail_unless (meta != NULL);
  fail_unless_equals_int (meta->sequence, 5);
  fail_unless_equals_uint64 (meta->capture_time, 1000005);
  fail_unless (meta->arrival >= before && meta->arrival <= now);
  /* The running time of its arrival, which was before it was pushed. */
  fail_unless (GST_BUFFER_PTS (frame) < 10 * GST_SECOND);
  fail_unless (GST_BUFFER_PTS (frame) >=
      10 * GST_SECOND - (GstClockTime) (now - meta->arrival) * GST_USECOND);

  gst_buffer_unref (frame);
  g_free (own_id);
  g_free (id);
  g_bytes_unref (image);
  ws_client_free (client);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_next_client_is_a_new_stream)
{
  guint port;
  GstHarness *h = harness_new ("", &port);
  const gchar *names[] = { "alice", "bob", "bob" };
  gchar *ids[3];
  guint i;

  skip_event (h, "stream-start");
  for (i = 0; i < 3; i++) {
    WsClient *client = ws_client_new (port, names[i]);

    ws_client_send_text (client, WS_INIT);
    ws_client_send_frame (client, i, WS_PNG);
    ids[i] = expect_beginning (h, names[i], FALSE);
    expect_frame (h, i, TRUE);
    ws_client_close (client);
  }
  fail_unless (g_strcmp0 (ids[0], ids[1]) != 0);
  fail_unless (g_strcmp0 (ids[1], ids[2]) != 0);
  for (i = 0; i < 3; i++)
    g_free (ids[i]);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_formats_and_sizes_may_change)
{
  const struct
  {
    const gchar *image;
    const gchar *caps;
  } rows[] = {
    {WS_PNG, "image/png, width=16, height=12, framerate=0/1"},
    {WS_PNG, NULL},
    {WS_JPEG, "image/jpeg, width=16, height=12, framerate=0/1"},
    {WS_WEBP, "image/webp, width=16, height=12, framerate=0/1"},
    /* A lossy WebP of 1x1, and back. */
    {"UklGRiQAAABXRUJQVlA4IBgAAAAwAQCdASoBAAEAAUAmJaQAA3AA/v02aAA=",
        "image/webp, width=1, height=1, framerate=0/1"},
    {WS_WEBP, "image/webp, width=16, height=12, framerate=0/1"},
  };
  guint port, i;
  GstHarness *h = harness_new ("", &port);
  WsClient *client = ws_client_new (port, "a");

  ws_client_send_text (client, WS_INIT);
  skip_event (h, "stream-start");
  skip_event (h, "stream-start");
  skip_event (h, "tryon-session");
  skip_event (h, "tryon-control");
  for (i = 0; i < G_N_ELEMENTS (rows); i++) {
    ws_client_send_frame (client, i, rows[i].image);
    if (rows[i].caps != NULL)
      expect_caps (h, rows[i].caps);
    if (i == 0)
      expect_segment (h);
    expect_frame (h, i, i == 0);
  }
  ws_client_free (client);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_discont_after_a_gap)
{
  static const guint32 sequences[] = { G_MAXUINT32 - 1, G_MAXUINT32, 0, 1, 3,
    4
  };
  guint port, i;
  GstHarness *h = harness_new ("", &port);
  WsClient *client = ws_client_new (port, "a");
  GstClockTime last = 0;

  ws_client_send_text (client, WS_INIT);
  for (i = 0; i < G_N_ELEMENTS (sequences); i++) {
    GBytes *image = ws_image (WS_PNG);
    GstBuffer *frame;

    ws_client_send_binary (client, ws_frame (sequences[i], image));
    g_bytes_unref (image);
    frame = gst_harness_pull (h);
    fail_unless_equals_int (GST_BUFFER_IS_DISCONT (frame),
        sequences[i] == G_MAXUINT32 - 1 || sequences[i] == 3);
    /* The clock stands still, but no two frames have the same time. */
    fail_unless (GST_BUFFER_PTS (frame) > last);
    last = GST_BUFFER_PTS (frame);
    gst_buffer_unref (frame);
  }
  ws_client_free (client);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_commands_come_in_order_with_frames)
{
  guint port;
  GstHarness *h = harness_new ("max-buffers=8", &port);
  WsClient *client = ws_client_new (port, "a");
  GstTryonFrameHeader header;
  gboolean save;
  GstEvent *event;

  skip_event (h, "stream-start");
  ws_client_send_text (client, WS_INIT);
  ws_client_send_frame (client, 1, WS_PNG);
  ws_client_send_text (client, "{\"type\":\"capture\","
      "\"save_to_collection\":true}");
  ws_client_send_text (client, "{\"type\":\"control\",\"action\":\"pause\"}");
  ws_client_send_frame (client, 2, WS_PNG);
  ws_client_send_text (client, "{\"type\":\"control\",\"action\":\"resume\"}");
  ws_client_send_frame (client, 3, WS_PNG);

  g_free (expect_beginning (h, "a", FALSE));
  expect_frame (h, 1, TRUE);
  event = pull_event (h, "tryon-capture");
  fail_unless (gst_tryon_event_parse_capture (event, &save) && save);
  gst_event_unref (event);
  expect_control (h, "pause");
  expect_control (h, "resume");
  expect_frame (h, 3, TRUE);

  /* Frame 2 is answered when 1 is: in order. */
  {
    GstElement *src = gst_harness_find_element (h, "tryonwssrc");
    GstPad *pad = gst_element_get_static_pad (src, "src");
    GstTryonSession *session = gst_tryon_pad_get_session (pad);

    fail_unless (gst_tryon_session_drop (session, 1,
            GST_TRYON_DROP_REASON_RATE));
    gst_object_unref (session);
    gst_object_unref (pad);
    gst_object_unref (src);
  }
  fail_unless (ws_client_next_answer (client, &header) == NULL);
  fail_unless_equals_int (header.flags, GST_TRYON_DROP_REASON_RATE);
  fail_unless (ws_client_next_answer (client, &header) == NULL);
  fail_unless_equals_int (header.sequence, 2);
  fail_unless_equals_int (header.flags, GST_TRYON_DROP_REASON_PAUSED);
  ws_client_free (client);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_reference_ends_with_its_client)
{
  guint port;
  GstHarness *h = harness_new ("", &port);
  WsClient *client = ws_client_new (port, "a");
  const gchar *type, *id;
  GstBuffer *image;
  GstEvent *event;

  skip_event (h, "stream-start");
  ws_client_send_text (client, WS_INIT);
  ws_client_send_text (client, "{\"type\":\"upload_reference\",\"format\":"
      "\"png\",\"filename\":\"red\",\"data\":\"" WS_PNG "\"}");
  skip_event (h, "stream-start");
  skip_event (h, "tryon-session");
  skip_event (h, "tryon-control");
  event = pull_event (h, "tryon-reference");
  fail_unless (gst_tryon_event_parse_reference (event, &image, &type, &id));
  fail_unless (image != NULL);
  fail_unless_equals_string (type, "image/png");
  fail_unless_equals_string (id, "red");
  gst_buffer_unref (image);
  gst_event_unref (event);
  ws_client_close (client);

  client = ws_client_new (port, "b");
  ws_client_send_text (client, WS_INIT);
  ws_client_send_frame (client, 1, WS_PNG);
  g_free (expect_beginning (h, "b", TRUE));
  expect_frame (h, 1, TRUE);
  ws_client_close (client);

  client = ws_client_new (port, "c");
  ws_client_send_text (client, WS_INIT);
  ws_client_send_frame (client, 1, WS_PNG);
  g_free (expect_beginning (h, "c", FALSE));
  ws_client_close (client);
  gst_harness_teardown (h);
}

GST_END_TEST;

/* One client must not end a pipeline with what it doesn't take. */
GST_START_TEST (test_format_that_nothing_takes)
{
  guint port;
  GstHarness *h = harness_new ("", &port);
  WsClient *client = ws_client_new (port, "a");
  GstTryonFrameHeader header;
  GstStructure *error;

  gst_harness_set_sink_caps_str (h, "image/webp, width=(int)[1,100]");
  ws_client_init (client);
  ws_client_send_frame (client, 1, WS_PNG);
  error = ws_client_next_text (client, "error");
  fail_unless_equals_string (gst_structure_get_string (error, "code"),
      "INVALID_FRAME");
  fail_unless (strstr (gst_structure_get_string (error, "message"),
          "image/png") != NULL, "%" GST_PTR_FORMAT, error);
  gst_structure_free (error);
  fail_unless (ws_client_next_answer (client, &header) == NULL);
  fail_unless_equals_int (header.sequence, 1);
  fail_unless_equals_int (header.flags, GST_TRYON_DROP_REASON_INVALID);

  ws_client_send_frame (client, 2, WS_WEBP);
  expect_frame (h, 2, TRUE);
  ws_client_free (client);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_end_of_stream_with_the_client)
{
  guint port;
  GstHarness *h = harness_new ("on-disconnect=eos", &port);
  WsClient *client = ws_client_new (port, "a");

  ws_client_send_text (client, WS_INIT);
  ws_client_send_frame (client, 1, WS_PNG);
  skip_event (h, "stream-start");
  g_free (expect_beginning (h, "a", FALSE));
  expect_frame (h, 1, TRUE);
  ws_client_close (client);
  skip_event (h, "eos");

  client = ws_client_new_full (port, "b", NULL, NULL);
  fail_unless (client->ws == NULL);
  fail_unless_equals_int (client->status, 404);
  ws_client_free (client);
  gst_harness_teardown (h);
}

GST_END_TEST;

static GstPadProbeReturn
hold_up (GstPad * pad, GstPadProbeInfo * info, gpointer user_data)
{
  g_async_queue_push (user_data, pad);
  return GST_PAD_PROBE_OK;
}

GST_START_TEST (test_oldest_gives_way_to_newer)
{
  guint port, i;
  GstHarness *h = harness_new ("max-buffers=3", &port);
  GstElement *src = gst_harness_find_element (h, "tryonwssrc");
  GstPad *pad = gst_element_get_static_pad (src, "src");
  WsClient *client = ws_client_new (port, "a");
  GAsyncQueue *held = g_async_queue_new ();
  gulong id;

  ws_client_init (client);
  ws_client_send_frame (client, 0, WS_PNG);
  expect_frame (h, 0, TRUE);
  /* Hold the pipeline up: one frame in it, three wait. */
  id = gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BLOCK |
      GST_PAD_PROBE_TYPE_BUFFER, hold_up, held, NULL);
  ws_client_send_frame (client, 1, WS_PNG);
  fail_unless (g_async_queue_timeout_pop (held,
          WS_TIMEOUT * G_USEC_PER_SEC) != NULL);
  for (i = 2; i <= 10; i++)
    ws_client_send_frame (client, i, WS_PNG);
  ws_client_send_text (client, "{\"type\":\"ping\",\"t0\":1}");
  gst_structure_free (ws_client_next_text (client, "pong"));
  gst_pad_remove_probe (pad, id);
  expect_frame (h, 1, FALSE);
  expect_frame (h, 8, TRUE);
  expect_frame (h, 9, FALSE);
  expect_frame (h, 10, FALSE);
  ws_client_free (client);
  g_async_queue_unref (held);
  gst_object_unref (pad);
  gst_object_unref (src);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_latency_and_liveness)
{
  guint port;
  GstHarness *h = harness_new ("", &port);
  GstElement *src = gst_harness_find_element (h, "tryonwssrc");
  GstClockTime min, max;
  gboolean live;
  GstQuery *query = gst_query_new_latency ();

  fail_unless (gst_element_query (src, query));
  gst_query_parse_latency (query, &live, &min, &max);
  fail_unless (live);
  fail_unless_equals_uint64 (min, 0);
  fail_unless_equals_uint64 (max, GST_CLOCK_TIME_NONE);
  gst_query_unref (query);
  gst_object_unref (src);
  gst_harness_teardown (h);
}

GST_END_TEST;

static Suite *
tryonwssrc_suite (void)
{
  Suite *s = suite_create ("tryonwssrc");
  TCase *tc = tcase_create ("stream");

  tcase_add_test (tc, test_stream_of_a_client);
  tcase_add_test (tc, test_next_client_is_a_new_stream);
  tcase_add_test (tc, test_formats_and_sizes_may_change);
  tcase_add_test (tc, test_discont_after_a_gap);
  tcase_add_test (tc, test_commands_come_in_order_with_frames);
  tcase_add_test (tc, test_reference_ends_with_its_client);
  tcase_add_test (tc, test_format_that_nothing_takes);
  tcase_add_test (tc, test_end_of_stream_with_the_client);
  tcase_add_test (tc, test_oldest_gives_way_to_newer);
  tcase_add_test (tc, test_latency_and_liveness);
  suite_add_tcase (s, tc);
  return s;
}

GST_CHECK_MAIN (tryonwssrc);

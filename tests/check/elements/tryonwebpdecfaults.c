/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tryonwebpdec: a frame that is bad or late costs only itself, and the client
 * of its session is told. */

#include "webptest.h"

static GstHarness *
new_harness (const gchar * sink_caps)
{
  GstHarness *h = new_harness_with_bus ("tryonwebpdec");

  gst_harness_set_src_caps_str (h, "image/webp, framerate=(fraction)30/1");
  if (sink_caps != NULL)
    gst_harness_set_sink_caps_str (h, sink_caps);
  return h;
}

/* Pushes a frame and lets go of the decoded one, which must come. */
static void
push_good (GstHarness * h, guint number, guint width, guint height)
{
  GstBuffer *out;
  GstVideoInfo info;

  push (h, new_webp_frame (number, width, height));
  out = pull (h);
  fail_unless_equals_uint64 (GST_BUFFER_PTS (out), number * FRAME_TIME);
  get_caps_info (h->sinkpad, &info);
  fail_unless_equals_int (info.width, width);
  fail_unless_equals_int (info.height, height);
  gst_buffer_unref (out);
}

/* ---- bad frames ---- */

static GstBuffer *
copy_bytes (GstBuffer * buffer, gsize size)
{
  GstBuffer *copy = gst_buffer_copy_region (buffer,
      GST_BUFFER_COPY_MEMORY | GST_BUFFER_COPY_DEEP, 0, size);

  gst_buffer_unref (buffer);
  return copy;
}

static GstBuffer *
new_text (void)
{
  return gst_buffer_new_memdup ("this is no image, whatever its caps say", 39);
}

static GstBuffer *
new_empty (void)
{
  return gst_buffer_new ();
}

static GstBuffer *
new_truncated_header (void)
{
  return copy_bytes (new_webp (640, 480, LOSSY), 20);
}

static GstBuffer *
new_truncated (void)
{
  GstBuffer *webp = new_webp (640, 480, LOSSY);

  return copy_bytes (webp, gst_buffer_get_size (webp) / 2);
}

static GstBuffer *
new_truncated_lossless (void)
{
  GstBuffer *webp = new_webp (160, 120, LOSSLESS);

  return copy_bytes (webp, gst_buffer_get_size (webp) / 2);
}

/* Damaged in the frame header, behind the size. */
static GstBuffer *
new_corrupt (void)
{
  GstBuffer *webp = new_webp (640, 480, LOSSY);

  webp = copy_bytes (webp, gst_buffer_get_size (webp));
  gst_buffer_memset (webp, 20, 0xff, 3);
  return webp;
}

static GstBuffer *
new_corrupt_lossless (void)
{
  GstBuffer *webp = new_webp (160, 120, LOSSLESS);

  webp = copy_bytes (webp, gst_buffer_get_size (webp));
  gst_buffer_memset (webp, 25, 0xff, 200);
  return webp;
}

/* 16383x16383 pixels of a few bytes: 400 MB as I420. */
static GstBuffer *
new_bomb (void)
{
  GstBuffer *webp = new_webp (16, 16, LOSSY);
  static const guint8 sides[] = { 0xff, 0x3f, 0xff, 0x3f };

  webp = copy_bytes (webp, gst_buffer_get_size (webp));
  gst_buffer_fill (webp, 26, sides, sizeof (sides));
  return webp;
}

/* An extended header with the animation flag and a canvas of 64x48. */
static GstBuffer *
new_animation (void)
{
  static const guint8 data[] = "RIFF\x1e\0\0\0WEBPVP8X\x0a\0\0\0"
      "\x02\0\0\0\x3f\0\0\x2f\0\0" "ANIM\x06\0\0\0\0\0\0\0\0";

  return gst_buffer_new_memdup (data, sizeof (data));
}

static const struct
{
  const gchar *what;
  GstBuffer *(*make) (void);
  GstTryonDropReason reason;
  const gchar *words;           /* that the client reads */
} bad_frames[] = {
  {"text", new_text, GST_TRYON_DROP_REASON_INVALID, "not a valid WebP"},
  {"empty", new_empty, GST_TRYON_DROP_REASON_INVALID, "not a valid WebP"},
  {"truncated header", new_truncated_header, GST_TRYON_DROP_REASON_INVALID,
      "truncated"},
  {"truncated", new_truncated, GST_TRYON_DROP_REASON_INVALID, "truncated"},
  {"truncated lossless", new_truncated_lossless, GST_TRYON_DROP_REASON_INVALID,
      "truncated"},
  {"corrupt", new_corrupt, GST_TRYON_DROP_REASON_INVALID, "not a valid WebP"},
  {"corrupt lossless", new_corrupt_lossless, GST_TRYON_DROP_REASON_INVALID,
      "not a valid WebP"},
  {"bomb", new_bomb, GST_TRYON_DROP_REASON_TOO_LARGE, "16383x16383"},
  {"animation", new_animation, GST_TRYON_DROP_REASON_INVALID, "animated"},
};

static GstBuffer *
new_bad_frame (guint i, guint number)
{
  GstBuffer *buffer = bad_frames[i].make ();

  GST_BUFFER_PTS (buffer) = number * FRAME_TIME;
  return buffer;
}

/* The first of the stream, then in the middle of it, then several at once. */
GST_START_TEST (test_bad_frame_costs_only_itself)
{
  GstHarness *h = new_harness (NULL);
  guint n = 0, i;

  GST_INFO ("%s", bad_frames[__i__].what);
  push (h, new_bad_frame (__i__, n++));
  push_good (h, n++, 64, 48);
  push_good (h, n++, 64, 48);
  for (i = 0; i < 3; i++)
    push (h, new_bad_frame (__i__, n++));
  fail_unless (gst_harness_try_pull (h) == NULL);
  push_good (h, n++, 64, 48);

  fail_unless_equals_uint64 (get_stat (h, "frames-decoded"), 3);
  fail_unless_equals_uint64 (get_stat (h, "frames-invalid"), 4);
  fail_unless (gst_harness_push_event (h, gst_event_new_eos ()));
  fail_unless_equals_int (count_messages (h, GST_MESSAGE_ERROR), 0);
  teardown_harness (h);
}

GST_END_TEST;

/* A stream without one good frame ends like any other. */
GST_START_TEST (test_only_bad_frames_then_eos)
{
  GstHarness *h = new_harness (NULL);
  guint i;

  for (i = 0; i < G_N_ELEMENTS (bad_frames); i++)
    push (h, new_bad_frame (i, i));
  fail_unless (gst_harness_push_event (h, gst_event_new_eos ()));
  fail_unless_equals_int (count_messages (h, GST_MESSAGE_ERROR), 0);
  fail_unless_equals_uint64 (get_stat (h, "frames-invalid"),
      G_N_ELEMENTS (bad_frames));
  teardown_harness (h);
}

GST_END_TEST;

GST_START_TEST (test_warnings_are_few)
{
  GstHarness *h = new_harness (NULL);
  gint64 start = g_get_monotonic_time ();
  guint warnings, i;

  for (i = 0; i < 200; i++)
    push (h, new_bad_frame (0, i));
  warnings = count_messages (h, GST_MESSAGE_WARNING);
  fail_unless (warnings >= 1);
  fail_unless (warnings <= 1 + (g_get_monotonic_time () - start) /
      G_TIME_SPAN_SECOND);
  fail_unless_equals_uint64 (get_stat (h, "frames-invalid"), 200);
  teardown_harness (h);
}

GST_END_TEST;

GST_START_TEST (test_max_errors_is_obeyed)
{
  GstHarness *h = new_harness (NULL);

  g_object_set (h->element, "max-errors", 2, NULL);
  push (h, new_bad_frame (0, 0));
  push (h, new_bad_frame (0, 1));
  push_good (h, 2, 64, 48);     /* starts the count anew */
  push (h, new_bad_frame (0, 3));
  push (h, new_bad_frame (0, 4));
  fail_unless_equals_int (gst_harness_push (h, new_bad_frame (0, 5)),
      GST_FLOW_ERROR);
  fail_unless_equals_int (count_messages (h, GST_MESSAGE_ERROR), 1);
  teardown_harness (h);
}

GST_END_TEST;

GST_START_TEST (test_max_pixels)
{
  GstHarness *h = new_harness (NULL);

  g_object_set (h->element, "max-pixels", 64 * 48, NULL);
  push_good (h, 0, 64, 48);
  push (h, new_webp_frame (1, 64, 49));
  fail_unless (gst_harness_try_pull (h) == NULL);
  fail_unless_equals_uint64 (get_stat (h, "frames-invalid"), 1);
  g_object_set (h->element, "max-pixels", 0, NULL);
  push_good (h, 2, 64, 49);
  teardown_harness (h);
}

GST_END_TEST;

/* The client chose the size: it must not end the stream either. */
GST_START_TEST (test_size_that_downstream_refuses)
{
  GstHarness *h = new_harness ("video/x-raw, width=64, height=48");

  push_good (h, 0, 64, 48);
  push (h, new_webp_frame (1, 320, 240));
  fail_unless (gst_harness_try_pull (h) == NULL);
  fail_unless_equals_int (count_messages (h, GST_MESSAGE_WARNING), 1);
  fail_unless_equals_int (count_messages (h, GST_MESSAGE_ERROR), 0);
  push_good (h, 2, 64, 48);
  teardown_harness (h);
}

GST_END_TEST;

/* An event goes with the frame behind it; a bad frame doesn't take it along. */
GST_START_TEST (test_events_keep_their_place)
{
  GstHarness *h = new_harness (NULL);
  GstEvent *event;
  gboolean found = FALSE;

  push_good (h, 0, 64, 48);
  while ((event = gst_harness_try_pull_event (h)) != NULL)
    gst_event_unref (event);

  fail_unless (gst_harness_push_event (h, gst_tryon_event_new_capture (TRUE)));
  push (h, new_bad_frame (0, 1));
  push_good (h, 2, 64, 48);
  while ((event = gst_harness_try_pull_event (h)) != NULL) {
    found |= gst_tryon_event_parse_capture (event, NULL);
    gst_event_unref (event);
  }
  fail_unless (found);
  teardown_harness (h);
}

GST_END_TEST;

GST_START_TEST (test_flush)
{
  GstHarness *h = new_harness (NULL);
  GstSegment segment;

  push_good (h, 0, 64, 48);
  push (h, new_bad_frame (0, 1));
  fail_unless (gst_harness_push_event (h, gst_event_new_flush_start ()));
  fail_unless (gst_harness_push_event (h, gst_event_new_flush_stop (TRUE)));
  gst_segment_init (&segment, GST_FORMAT_TIME);
  fail_unless (gst_harness_push_event (h, gst_event_new_segment (&segment)));
  push_good (h, 0, 64, 48);
  teardown_harness (h);
}

GST_END_TEST;

/* ---- sessions ---- */

GST_START_TEST (test_session_is_told_of_bad_frames)
{
  GstHarness *h = new_harness (NULL);
  GstTryonSession *session = new_session (h, "webp");
  GstStructure *error;
  const gchar *code;

  push (h, receive_frame (session, 5, bad_frames[__i__].make ()));
  error = take_drop (session, 5, bad_frames[__i__].reason);
  fail_unless (error != NULL);
  code = gst_structure_get_string (error, "code");
  fail_unless_equals_string (code,
      bad_frames[__i__].reason == GST_TRYON_DROP_REASON_TOO_LARGE ?
      "FRAME_TOO_LARGE" : "INVALID_FRAME");
  fail_unless (strstr (gst_structure_get_string (error, "message"),
          "frame 5") != NULL);
  fail_unless (strstr (gst_structure_get_string (error, "message"),
          bad_frames[__i__].words) != NULL, "%s", gst_structure_get_string
      (error, "message"));
  gst_structure_free (error);
  fail_unless_account (session, 1, 1, 0);

  push (h, receive_frame (session, 6, new_webp (64, 48, LOSSY)));
  gst_buffer_unref (pull (h));
  fail_unless (gst_tryon_session_is_waiting (session, 6));
  fail_unless_account (session, 2, 1, 1);

  teardown_harness (h);
  gst_object_unref (session);
}

GST_END_TEST;

/* Each is answered at once: a client that waits for its credit back would
 * otherwise have to wait for a frame that it can't send. */
GST_START_TEST (test_late_frames_are_answered)
{
  GstHarness *h = new_harness (NULL);
  GstTryonSession *session = new_session (h, "webp");
  guint i;

  push_good (h, 0, 64, 48);
  send_late_qos (h);
  for (i = 1; i < 5; i++) {
    push (h, receive_frame (session, i, new_webp (64, 48, LOSSY)));
    fail_unless (gst_harness_try_pull (h) == NULL);
    fail_unless (take_drop (session, i, GST_TRYON_DROP_REASON_RATE) == NULL);
  }
  push (h, receive_frame (session, 5, new_webp (64, 48, LOSSY)));
  gst_buffer_unref (pull (h));
  fail_unless_equals_uint64 (get_stat (h, "frames-late"), 4);
  fail_unless_equals_int (count_messages (h, GST_MESSAGE_QOS), 4);
  fail_unless_account (session, 5, 4, 1);

  teardown_harness (h);
  gst_object_unref (session);
}

GST_END_TEST;

/* The base class would drop it without a word. */
GST_START_TEST (test_frame_late_while_decoding_is_answered)
{
  GstHarness *h = new_harness (NULL);
  GstTryonSession *session = new_session (h, "webp");

  push_good (h, 0, 64, 48);
  push (h, receive_frame (session, 1, new_hooked_frame (h, send_late_qos)));
  fail_unless (gst_harness_try_pull (h) == NULL);
  fail_unless (take_drop (session, 1, GST_TRYON_DROP_REASON_RATE) == NULL);
  fail_unless_equals_uint64 (get_stat (h, "frames-late"), 1);
  push_good (h, 5, 64, 48);
  teardown_harness (h);
  gst_object_unref (session);
}

GST_END_TEST;

/* Nobody looks at it: it doesn't even show that it is bad. */
GST_START_TEST (test_late_frames_are_not_decoded)
{
  GstHarness *h = new_harness (NULL);

  push_good (h, 0, 64, 48);
  send_late_qos (h);
  push (h, new_bad_frame (0, 1));
  fail_unless_equals_uint64 (get_stat (h, "frames-late"), 1);
  fail_unless_equals_uint64 (get_stat (h, "frames-invalid"), 0);
  teardown_harness (h);
}

GST_END_TEST;

GST_START_TEST (test_late_frames_without_qos)
{
  GstHarness *h = new_harness (NULL);

  g_object_set (h->element, "qos", FALSE, NULL);
  push_good (h, 0, 64, 48);
  send_late_qos (h);
  push_good (h, 1, 64, 48);
  fail_unless_equals_uint64 (get_stat (h, "frames-late"), 0);
  teardown_harness (h);
}

GST_END_TEST;

static Suite *
tryonwebpdecfaults_suite (void)
{
  Suite *suite = suite_create ("tryonwebpdecfaults");
  TCase *bad = tcase_create ("bad frames");
  TCase *late = tcase_create ("late frames");

  suite_add_tcase (suite, bad);
  tcase_add_loop_test (bad, test_bad_frame_costs_only_itself, 0,
      G_N_ELEMENTS (bad_frames));
  tcase_add_test (bad, test_only_bad_frames_then_eos);
  tcase_add_test (bad, test_warnings_are_few);
  tcase_add_test (bad, test_max_errors_is_obeyed);
  tcase_add_test (bad, test_max_pixels);
  tcase_add_test (bad, test_size_that_downstream_refuses);
  tcase_add_test (bad, test_events_keep_their_place);
  tcase_add_test (bad, test_flush);
  tcase_add_loop_test (bad, test_session_is_told_of_bad_frames, 0,
      G_N_ELEMENTS (bad_frames));

  suite_add_tcase (suite, late);
  tcase_add_test (late, test_late_frames_are_answered);
  tcase_add_test (late, test_frame_late_while_decoding_is_answered);
  tcase_add_test (late, test_late_frames_are_not_decoded);
  tcase_add_test (late, test_late_frames_without_qos);
  return suite;
}

GST_CHECK_MAIN (tryonwebpdecfaults);

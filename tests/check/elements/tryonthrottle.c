/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tryonthrottle: the rate, what comes out, the element itself. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "throttletest.h"

/* ---- rate ---- */

/* A multiple of the rate is thinned evenly, from the first frame on. */
GST_START_TEST (test_rate_patterns)
{
  static const struct
  {
    guint in;
    guint max;
    const gchar *expected;
  } cases[] = {
    {60, 30, "101010101010101010101010101010101010101010101010101010101010"},
    {120, 30, "1000100010001000100010001000100010001000"},
    {240, 30, "1000000010000000100000001000000010000000"},
    {60, 15, "1000100010001000100010001000100010001000"},
    {60, 1, "1000000000000000000000000000000000000000"
          "0000000000000000000010000000000000000000"},
    {30, 30, "1111111111111111111111111111111111111111"},
    {25, 30, "1111111111111111111111111111111111111111"},
    {240, 240, "1111111111111111111111111111111111111111"},
    {1000, 0, "1111111111111111111111111111111111111111"},
    /* Two of three, never two dropped in a row. */
    {45, 30, "101101101101101101101101101101101101101"},
  };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (cases); i++) {
    GstHarness *h = new_harness ("tryonthrottle");

    gst_harness_set (h, "tryonthrottle", "max-fps", cases[i].max, NULL);
    check_stream (h, cases[i].in, 0, cases[i].expected);
    gst_harness_teardown (h);
  }
}

GST_END_TEST;

/* Two minutes: rounding must not add up to a frame too many or too few. */
GST_START_TEST (test_rate_long_run)
{
  GstHarness *h = new_harness ("tryonthrottle max-fps=30");
  gchar *pattern = push_stream (h, 60, 0, 60 * 120);
  guint i;

  for (i = 0; pattern[i] != '\0'; i++)
    fail_unless_equals_int (pattern[i], i % 2 == 0 ? '1' : '0');
  check_stats (h, 30 * 120, 30 * 120, 0);
  g_free (pattern);
  gst_harness_teardown (h);
}

GST_END_TEST;

/* Whole milliseconds, as many containers and browsers keep time. */
GST_START_TEST (test_rate_rounded_pts)
{
  GstHarness *h = new_harness ("tryonthrottle max-fps=30");
  guint i;

  for (i = 0; i < 600; i++)
    fail_unless_equals_int (push_at (h, MS ((i * 1000 + 30) / 60)), i % 2 == 0);
  gst_harness_teardown (h);
}

GST_END_TEST;

/* @n frames of a stream at @fps that a network delivers in order with a delay
 * of up to @jitter; the first has @first_delay. Returns how many passed. */
static guint
push_jittered (GstHarness * h, GRand * random, guint fps, guint n,
    GstClockTime jitter, GstClockTime first_delay)
{
  GstClockTime arrival = 0, delay = first_delay;
  guint i, passed = 0;

  for (i = 0; i < n; i++) {
    arrival = MAX (arrival, gst_util_uint64_scale (i, GST_SECOND, fps) + delay);
    passed += push_at (h, arrival);
    delay = g_rand_double (random) * jitter;
  }
  return passed;
}

/* A stream at the very rate stays whole, however its frames bunch up within
 * the tolerance. */
GST_START_TEST (test_jitter)
{
  guint seed;

  for (seed = 1; seed <= 5; seed++) {
    GRand *random = g_rand_new_with_seed (seed);
    GstHarness *h = new_harness ("tryonthrottle max-fps=30");

    fail_unless_equals_int (push_jittered (h, random, 30, 900, MS (100), 0),
        900);
    gst_harness_teardown (h);
    g_rand_free (random);
  }
}

GST_END_TEST;

/* A first frame that is late makes the next ones seem early: that may cost
 * those, but nothing later on. */
GST_START_TEST (test_jitter_late_start)
{
  guint seed, passed;

  for (seed = 1; seed <= 5; seed++) {
    GRand *random = g_rand_new_with_seed (seed);
    GstHarness *h = new_harness ("tryonthrottle max-fps=30");

    passed = push_jittered (h, random, 30, 900, MS (100), MS (100));
    fail_unless (passed >= 897 && passed < 900, "%u passed", passed);
    gst_harness_teardown (h);
    g_rand_free (random);
  }
}

GST_END_TEST;

/* At twice the rate with jitter: half of it, still. */
GST_START_TEST (test_jitter_thinned)
{
  GRand *random = g_rand_new_with_seed (1);
  GstHarness *h = new_harness ("tryonthrottle max-fps=30");
  guint passed = push_jittered (h, random, 60, 3600, MS (20), 0);

  fail_unless (passed >= 1795 && passed <= 1804, "%u passed", passed);
  gst_harness_teardown (h);
  g_rand_free (random);
}

GST_END_TEST;

/* What waited behind a stall of 100 ms passes at once; a flood does not. */
GST_START_TEST (test_burst)
{
  GstHarness *h = new_harness ("tryonthrottle max-fps=30");
  guint i, passed = 0;

  /* Frames 0 to 9, then 10 to 12, which are due until 400 ms. */
  check_stream (h, 30, 0, "1111111111");
  for (i = 0; i < 3; i++)
    fail_unless (push_at (h, MS (400)));
  for (i = 0; i < 20; i++)
    passed += push_at (h, MS (2000));
  fail_unless_equals_int (passed, 4);
  gst_harness_teardown (h);
}

GST_END_TEST;

/* Whatever comes in: never more in any second than the rate and the tolerance
 * allow. */
GST_START_TEST (test_rate_bound)
{
  GRand *random = g_rand_new_with_seed (3);
  GstHarness *h = new_harness ("tryonthrottle max-fps=30");
  GArray *times = g_array_new (FALSE, FALSE, sizeof (GstClockTime));
  GstClockTime now = 0;
  guint i, oldest = 0;

  for (i = 0; i < 5000; i++) {
    now += g_rand_int_range (random, 0, 100) == 0 ?
        MS (g_rand_int_range (random, 0, 1500)) :
        MS (g_rand_int_range (random, 0, 8));
    if (push_at (h, now))
      g_array_append_val (times, now);
  }
  for (i = 0; i < times->len; i++) {
    now = g_array_index (times, GstClockTime, i);
    while (now - g_array_index (times, GstClockTime, oldest) > GST_SECOND)
      oldest++;
    fail_unless (i - oldest + 1 <= 34, "%u in a second", i - oldest + 1);
  }
  g_array_unref (times);
  gst_harness_teardown (h);
  g_rand_free (random);
}

GST_END_TEST;

GST_START_TEST (test_max_fps_while_playing)
{
  GstHarness *h = new_harness ("tryonthrottle max-fps=30");

  check_stream (h, 60, 0, "1010101010");
  gst_harness_set (h, "tryonthrottle", "max-fps", 15, NULL);
  check_stream (h, 60, 10, "00100010001000100010");
  gst_harness_set (h, "tryonthrottle", "max-fps", 0, NULL);
  check_stream (h, 60, 30, "11111111");
  gst_harness_set (h, "tryonthrottle", "max-fps", 30, NULL);
  check_stream (h, 60, 38, "1010101010");
  gst_harness_set (h, "tryonthrottle", "max-fps", 60, NULL);
  check_stream (h, 60, 48, "1111111111");
  check_stats (h, 5 + 5 + 8 + 5 + 10, 5 + 15 + 5, 0);
  gst_harness_teardown (h);
}

GST_END_TEST;

/* B-frames or the like: frames a little out of order neither save up time nor
 * stop the stream. */
GST_START_TEST (test_disorder)
{
  static const gint order[] = { 1, -1, 1, -1 };
  GstHarness *h = new_harness ("tryonthrottle max-fps=30");
  guint i, passed = 0;

  for (i = 0; i < 1200; i++)
    passed += push_at (h, gst_util_uint64_scale (i + order[i % 4], GST_SECOND,
            120));
  fail_unless (passed >= 299 && passed <= 304, "%u passed", passed);
  gst_harness_teardown (h);

  h = new_harness ("tryonthrottle max-fps=30");
  fail_unless (push_at (h, MS (100)));
  fail_if (push_at (h, MS (90)));
  fail_if (push_at (h, MS (110)));
  fail_unless (push_at (h, MS (130)));
  gst_harness_teardown (h);
}

GST_END_TEST;

/* Time that begins anew, as when a file is played in a loop. */
GST_START_TEST (test_time_restarts)
{
  GstHarness *h = new_harness ("tryonthrottle max-fps=30");

  check_stream (h, 60, 3600, "1010");
  check_stream (h, 60, 0, "1010");
  gst_harness_teardown (h);
}

GST_END_TEST;

/* Running time counts: of two segments, the second goes on where the first
 * ended although its timestamps begin at 0 again. */
GST_START_TEST (test_segments)
{
  GstHarness *h = new_harness ("tryonthrottle max-fps=30");
  GstSegment segment;

  check_stream (h, 60, 0, "101");
  gst_segment_init (&segment, GST_FORMAT_TIME);
  segment.base = 3 * GST_SECOND / 60;
  gst_harness_push_event (h, gst_event_new_segment (&segment));
  check_stream (h, 60, 0, "010");
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_without_pts)
{
  GstHarness *h = new_harness ("tryonthrottle max-fps=30");
  guint i;

  for (i = 0; i < 20; i++) {
    gst_harness_set_time (h, i * GST_SECOND / 60);
    fail_unless_equals_int (push_at (h, GST_CLOCK_TIME_NONE), i % 2 == 0);
  }
  gst_element_set_clock (h->element, NULL);
  for (i = 0; i < 20; i++)
    fail_unless (push_at (h, GST_CLOCK_TIME_NONE));
  gst_harness_teardown (h);
}

GST_END_TEST;

/* ---- what comes out ---- */

/* The frame itself goes on, not a copy; after a drop it is marked. */
GST_START_TEST (test_discont)
{
  GstHarness *h = new_harness ("tryonthrottle max-fps=30");
  guint i;

  for (i = 0; i < 3; i++) {
    GstBuffer *in = gst_buffer_new (), *out;

    /* Not even when somebody else, as behind a tee, has it, too. */
    GST_BUFFER_PTS (in) = i * GST_SECOND / 30;
    fail_unless_equals_int (gst_harness_push (h, gst_buffer_ref (in)),
        GST_FLOW_OK);
    out = gst_harness_pull (h);
    fail_unless (out == in);
    fail_if (GST_BUFFER_FLAG_IS_SET (out, GST_BUFFER_FLAG_DISCONT));
    gst_buffer_unref (out);
    gst_buffer_unref (in);
  }
  fail_if (push_at (h, 2 * GST_SECOND / 30 + 1));
  for (i = 3; i < 5; i++) {
    GstBuffer *in = gst_buffer_new (), *out;

    GST_BUFFER_PTS (in) = i * GST_SECOND / 30;
    fail_unless_equals_int (gst_harness_push (h, in), GST_FLOW_OK);
    out = gst_harness_pull (h);
    fail_unless_equals_int (GST_BUFFER_FLAG_IS_SET (out,
            GST_BUFFER_FLAG_DISCONT), i == 3);
    gst_buffer_unref (out);
  }
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_caps_pass)
{
  static const gchar *caps[] = {
    "image/webp,width=640,height=480,framerate=60/1",
    "video/x-raw,format=I420,width=64,height=48,framerate=60/1",
    "application/x-anything,framerate=1000/1"
  };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (caps); i++) {
    GstHarness *h = gst_harness_new ("tryonthrottle");
    GstCaps *expected = gst_caps_from_string (caps[i]);
    GstCaps *current;

    gst_harness_set_src_caps_str (h, caps[i]);
    fail_unless (push_at (h, 0));
    current = gst_pad_get_current_caps (h->sinkpad);
    fail_unless (gst_caps_is_equal (current, expected));
    gst_caps_unref (current);
    gst_caps_unref (expected);
    gst_harness_teardown (h);
  }
}

GST_END_TEST;

GST_START_TEST (test_latency_query)
{
  GstHarness *h = new_harness ("tryonthrottle max-fps=5");

  gst_harness_set_upstream_latency (h, MS (7));
  fail_unless_equals_uint64 (gst_harness_query_latency (h), MS (7));
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_qos_messages)
{
  GstHarness *h = new_harness ("tryonthrottle max-fps=30");
  GstBus *bus = gst_bus_new ();
  GstClockTime running_time, stream_time, pts, duration;
  guint64 processed, dropped;
  GstSegment segment;
  GstMessage *message;
  GstBuffer *buffer;
  GstFormat format;
  gboolean live;

  gst_element_set_bus (h->element, bus);
  gst_segment_init (&segment, GST_FORMAT_TIME);
  segment.base = MS (1000);
  segment.time = MS (200);
  gst_harness_push_event (h, gst_event_new_segment (&segment));
  fail_unless (push_at (h, 0));
  fail_unless (gst_bus_pop_filtered (bus, GST_MESSAGE_QOS) == NULL);
  fail_if (push_at (h, MS (5)));
  gst_message_unref (gst_bus_pop_filtered (bus, GST_MESSAGE_QOS));

  buffer = gst_buffer_new ();
  GST_BUFFER_PTS (buffer) = MS (10);
  GST_BUFFER_DURATION (buffer) = MS (16);
  fail_if (push (h, buffer));
  message = gst_bus_pop_filtered (bus, GST_MESSAGE_QOS);
  fail_unless (message != NULL);
  gst_message_parse_qos (message, &live, &running_time, &stream_time, &pts,
      &duration);
  fail_unless (live);
  fail_unless_equals_uint64 (running_time, MS (1010));
  fail_unless_equals_uint64 (stream_time, MS (210));
  fail_unless_equals_uint64 (pts, MS (10));
  fail_unless_equals_uint64 (duration, MS (16));
  gst_message_parse_qos_stats (message, &format, &processed, &dropped);
  fail_unless_equals_int (format, GST_FORMAT_BUFFERS);
  fail_unless_equals_uint64 (processed, 1);
  fail_unless_equals_uint64 (dropped, 2);
  gst_message_unref (message);
  fail_unless (gst_bus_pop_filtered (bus, GST_MESSAGE_QOS) == NULL);

  gst_element_set_bus (h->element, NULL);
  gst_object_unref (bus);
  gst_harness_teardown (h);
}

GST_END_TEST;

/* ---- element ---- */

/* Nothing of one run is left in the next. */
GST_START_TEST (test_states)
{
  GstElement *throttle = gst_element_factory_make ("tryonthrottle", NULL);
  guint run;

  for (run = 0; run < 5; run++) {
    GstHarness *h = gst_harness_new_with_element (throttle, "sink", "src");

    gst_harness_set_src_caps_str (h, "image/webp");
    check_stream (h, 60, 0, "1010");
    check_stats (h, 2, 2, 0);
    gst_harness_teardown (h);
    fail_unless_equals_int (gst_element_set_state (throttle, GST_STATE_NULL),
        GST_STATE_CHANGE_SUCCESS);
  }
  gst_object_unref (throttle);
}

GST_END_TEST;

GST_START_TEST (test_properties)
{
  GstElement *throttle = gst_element_factory_make ("tryonthrottle", NULL);
  guint max_fps, max_in_flight;

  g_object_get (throttle, "max-fps", &max_fps, "max-in-flight",
      &max_in_flight, NULL);
  fail_unless_equals_int (max_fps, 30);
  fail_unless_equals_int (max_in_flight, 0);
  g_object_set (throttle, "max-fps", 240, "max-in-flight", 64, NULL);
  g_object_get (throttle, "max-fps", &max_fps, "max-in-flight",
      &max_in_flight, NULL);
  fail_unless_equals_int (max_fps, 240);
  fail_unless_equals_int (max_in_flight, 64);
  gst_object_unref (throttle);
}

GST_END_TEST;

static Suite *
tryonthrottle_suite (void)
{
  Suite *s = suite_create ("tryonthrottle");
  TCase *tc;

  tc = tcase_create ("rate");
  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_rate_patterns);
  tcase_add_test (tc, test_rate_long_run);
  tcase_add_test (tc, test_rate_rounded_pts);
  tcase_add_test (tc, test_jitter);
  tcase_add_test (tc, test_jitter_late_start);
  tcase_add_test (tc, test_jitter_thinned);
  tcase_add_test (tc, test_burst);
  tcase_add_test (tc, test_rate_bound);
  tcase_add_test (tc, test_max_fps_while_playing);
  tcase_add_test (tc, test_disorder);
  tcase_add_test (tc, test_time_restarts);
  tcase_add_test (tc, test_segments);
  tcase_add_test (tc, test_without_pts);

  tc = tcase_create ("output");
  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_discont);
  tcase_add_test (tc, test_caps_pass);
  tcase_add_test (tc, test_latency_query);
  tcase_add_test (tc, test_qos_messages);

  tc = tcase_create ("element");
  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_states);
  tcase_add_test (tc, test_properties);
  return s;
}

GST_CHECK_MAIN (tryonthrottle);

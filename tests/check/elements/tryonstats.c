/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tryonstats: figures, reports, the element itself. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "statstest.h"

/* ---- figures ---- */

/* Ages of 1 to 100 ms in an order that is not theirs. */
GST_START_TEST (test_latency)
{
  Fixture f;
  GstStructure *s;
  guint i;

  setup (&f, "tryonstats interval=0");
  for (i = 0; i < 100; i++)
    push_aged (&f, MS (1000 + 10 * i), MS (1 + i * 37 % 100));
  s = get_stats (&f);
  check_uint64 (s, "latency-mean", MS (50) + MS (1) / 2);
  check_uint64 (s, "latency-p50", MS (50));
  check_uint64 (s, "latency-p95", MS (95));
  check_uint64 (s, "latency-p99", MS (99));
  check_uint64 (s, "frames", 100);
  check_uint64 (s, "bytes", 100 * FRAME_SIZE);
  check_double (s, "fps", 100.0);
  check_uint64 (s, "bitrate", 100 * FRAME_SIZE * 8);
  gst_structure_free (s);
  teardown (&f);
}

GST_END_TEST;

/* With the meta it is the time since arrival, whatever the PTS says. */
GST_START_TEST (test_latency_from_arrival)
{
  Fixture f;
  GstStructure *s;
  GstBuffer *buffer;
  gint64 arrival = g_get_monotonic_time () - 40 * G_TIME_SPAN_MILLISECOND;
  guint64 p50 = 0;
  gint64 limit;

  setup (&f, "tryonstats interval=0");
  gst_harness_set_time (f.h, GST_SECOND);
  buffer = gst_buffer_new ();
  GST_BUFFER_PTS (buffer) = 0;
  gst_buffer_add_tryon_frame_meta (buffer, 1, 0, arrival);
  gst_buffer_unref (gst_harness_push_and_pull (f.h, buffer));
  limit = g_get_monotonic_time () - arrival;

  s = get_stats (&f);
  fail_unless (gst_structure_get_uint64 (s, "latency-p50", &p50));
  fail_unless (p50 >= MS (40) && p50 <= (guint64) limit * GST_USECOND);
  check_uint64 (s, "latency-mean", p50);
  check_uint64 (s, "latency-p99", p50);
  gst_structure_free (s);
  teardown (&f);
}

GST_END_TEST;

/* Frames whose age can't be told count as frames all the same. */
GST_START_TEST (test_latency_unknown)
{
  Fixture f;
  GstStructure *s;
  GstBuffer *buffer;

  setup (&f, "tryonstats interval=0");
  gst_harness_set_time (f.h, GST_SECOND);
  /* Ahead of its time, as from a source that is not live. */
  buffer = gst_buffer_new ();
  GST_BUFFER_PTS (buffer) = 2 * GST_SECOND;
  gst_buffer_unref (gst_harness_push_and_pull (f.h, buffer));
  /* Without a time. */
  gst_buffer_unref (gst_harness_push_and_pull (f.h, gst_buffer_new ()));
  /* Arrived in the future. */
  buffer = gst_buffer_new ();
  gst_buffer_add_tryon_frame_meta (buffer, 1, 0, G_MAXINT64);
  gst_buffer_unref (gst_harness_push_and_pull (f.h, buffer));

  s = get_stats (&f);
  check_uint64 (s, "frames", 3);
  check_uint64 (s, "latency-mean", GST_CLOCK_TIME_NONE);
  check_uint64 (s, "latency-p50", GST_CLOCK_TIME_NONE);
  check_uint64 (s, "latency-p95", GST_CLOCK_TIME_NONE);
  check_uint64 (s, "latency-p99", GST_CLOCK_TIME_NONE);
  gst_structure_free (s);
  teardown (&f);
}

GST_END_TEST;

/* Only what lies in the window, in the figures over it; all, in the sums. */
GST_START_TEST (test_window)
{
  Fixture f;
  GstStructure *s;
  guint i;

  setup (&f, "tryonstats interval=0 window=500");
  for (i = 0; i < 10; i++)
    push_aged (&f, MS (1000 + 100 * i), MS (10));
  for (i = 0; i < 10; i++)
    push_aged (&f, MS (3000 + 50 * i), MS (20));
  s = get_stats (&f);
  check_double (s, "fps", 20.0);
  check_uint64 (s, "latency-mean", MS (20));
  check_uint64 (s, "frames", 20);
  check_uint64 (s, "bytes", 20 * FRAME_SIZE);
  gst_structure_free (s);
  teardown (&f);
}

GST_END_TEST;

/* The rate falls while nothing comes, and ends at 0. */
GST_START_TEST (test_idle)
{
  Fixture f;
  GstStructure *s;

  setup (&f, "tryonstats interval=1000 window=5000");
  push_stream (&f, 0, MS (50), 20);
  s = crank (&f);               /* at 1000 ms, when the next is due */
  check_double (s, "fps", 20.0);
  gst_structure_free (s);
  s = crank (&f);               /* 20 frames from 0 to 2000 ms */
  check_double (s, "fps", 10.0);
  check_uint64 (s, "bitrate", 10 * FRAME_SIZE * 8);
  gst_structure_free (s);
  s = crank (&f);
  check_double (s, "fps", 20.0 / 3.0);
  gst_structure_free (s);
  gst_structure_free (crank (&f));
  gst_structure_free (crank (&f));
  s = crank (&f);               /* at 6000 ms all are out of the window */
  check_double (s, "fps", 0.0);
  check_uint64 (s, "bitrate", 0);
  check_uint64 (s, "latency-mean", GST_CLOCK_TIME_NONE);
  check_uint64 (s, "frames", 20);
  gst_structure_free (s);
  teardown (&f);
}

GST_END_TEST;

/* Another clock: its times have nothing to do with those of the old. */
GST_START_TEST (test_clock_changes)
{
  Fixture f;
  GstStructure *s;
  GstTestClock *clock;
  guint i;

  setup (&f, "tryonstats interval=0");
  push_stream (&f, 100 * GST_SECOND, MS (10), 20);

  clock = GST_TEST_CLOCK (gst_test_clock_new_with_start_time (GST_SECOND));
  gst_element_set_clock (f.h->element, GST_CLOCK (clock));
  for (i = 0; i < 10; i++) {
    gst_test_clock_set_time (clock, GST_SECOND + i * MS (100));
    gst_buffer_unref (gst_harness_push_and_pull (f.h, gst_buffer_new ()));
  }
  s = get_stats (&f);
  check_double (s, "fps", 10.0);
  check_uint64 (s, "frames", 30);
  gst_structure_free (s);

  gst_element_set_clock (f.h->element, NULL);
  gst_buffer_unref (gst_harness_push_and_pull (f.h, gst_buffer_new ()));
  s = get_stats (&f);
  check_uint64 (s, "frames", 31);
  check_double (s, "fps", 0.0);
  gst_structure_free (s);
  gst_object_unref (clock);
  teardown (&f);
}

GST_END_TEST;

/* ---- reports ---- */

GST_START_TEST (test_message_fields)
{
  static const struct
  {
    const gchar *name;
    GType type;
  } fields[] = {
    {"fps", G_TYPE_DOUBLE}, {"latency-mean", G_TYPE_UINT64},
    {"latency-p50", G_TYPE_UINT64}, {"latency-p95", G_TYPE_UINT64},
    {"latency-p99", G_TYPE_UINT64}, {"frames", G_TYPE_UINT64},
    {"bytes", G_TYPE_UINT64}, {"bitrate", G_TYPE_UINT64}
  };
  Fixture f;
  GstStructure *message, *stats;
  guint i;

  setup (&f, "tryonstats");
  message = crank (&f);
  stats = get_stats (&f);
  fail_unless_equals_int (gst_structure_n_fields (message),
      G_N_ELEMENTS (fields));
  fail_unless_equals_int (gst_structure_n_fields (stats),
      G_N_ELEMENTS (fields));
  for (i = 0; i < G_N_ELEMENTS (fields); i++) {
    fail_unless (gst_structure_has_field_typed (message, fields[i].name,
            fields[i].type), "%s", fields[i].name);
    fail_unless (gst_structure_has_field_typed (stats, fields[i].name,
            fields[i].type), "%s", fields[i].name);
  }
  gst_structure_free (message);
  gst_structure_free (stats);
  teardown (&f);
}

GST_END_TEST;

/* One report an interval, at its end, and none in between. */
GST_START_TEST (test_interval)
{
  Fixture f;
  GstStructure *s;
  GstTestClock *clock;
  guint i;

  setup (&f, "tryonstats interval=250");
  clock = gst_harness_get_testclock (f.h);
  for (i = 1; i <= 5; i++) {
    push_aged (&f, MS (250 * i - 100), 0);
    push_aged (&f, MS (250 * i - 1), 0);
    s = crank (&f);
    fail_unless_equals_uint64 (gst_clock_get_time (GST_CLOCK (clock)),
        MS (250 * i));
    check_uint64 (s, "frames", 2 * i);
    gst_structure_free (s);
  }
  gst_object_unref (clock);
  teardown (&f);
}

GST_END_TEST;

GST_START_TEST (test_interval_while_playing)
{
  Fixture f;
  GstTestClock *clock;

  setup (&f, "tryonstats interval=0");
  clock = gst_harness_get_testclock (f.h);
  fail_unless_equals_int (count_timers (&f), 0);
  gst_harness_set_time (f.h, MS (300));
  gst_harness_set (f.h, "tryonstats", "interval", 500, NULL);
  fail_unless_equals_int (count_timers (&f), 1);
  gst_structure_free (crank (&f));
  fail_unless_equals_uint64 (gst_clock_get_time (GST_CLOCK (clock)), MS (800));
  gst_harness_set (f.h, "tryonstats", "interval", 100, NULL);
  fail_unless_equals_int (count_timers (&f), 1);
  gst_structure_free (crank (&f));
  fail_unless_equals_uint64 (gst_clock_get_time (GST_CLOCK (clock)), MS (900));
  gst_harness_set (f.h, "tryonstats", "interval", 0, NULL);
  fail_unless_equals_int (count_timers (&f), 0);
  gst_object_unref (clock);
  teardown (&f);
}

GST_END_TEST;

/* A clock that leaps over many ticks: one report, not one for each. */
GST_START_TEST (test_clock_leaps)
{
  Fixture f;
  GstTestClock *clock;
  guint i;

  setup (&f, "tryonstats interval=1000");
  clock = gst_harness_get_testclock (f.h);
  gst_harness_set_time (f.h, MS (10500));
  for (i = 0; i < 10; i++)
    gst_clock_id_unref (gst_test_clock_process_next_clock_id (clock));
  fail_unless (gst_test_clock_process_next_clock_id (clock) == NULL);
  gst_structure_free (pop_report (&f));
  check_no_report (&f);
  gst_structure_free (crank (&f));
  fail_unless_equals_uint64 (gst_clock_get_time (GST_CLOCK (clock)),
      MS (11000));
  gst_object_unref (clock);
  teardown (&f);
}

GST_END_TEST;

/* What an application does in its handler must not find the element locked. */
static GstBusSyncReply
on_sync_message (GstBus * bus, GstMessage * message, gpointer user_data)
{
  GstElement *element = GST_ELEMENT (GST_MESSAGE_SRC (message));
  guint *reports = user_data;
  GstStructure *s;

  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ELEMENT) {
    g_object_get (element, "stats", &s, NULL);
    gst_structure_free (s);
    g_object_set (element, "interval", 200, NULL);
    *reports += 1;
  }
  gst_message_unref (message);
  return GST_BUS_DROP;
}

GST_START_TEST (test_handler_may_call_back)
{
  Fixture f;
  GstTestClock *clock;
  GstClockID id;
  guint reports = 0;

  setup (&f, "tryonstats interval=100");
  gst_bus_set_sync_handler (f.bus, on_sync_message, &reports, NULL);
  clock = gst_harness_get_testclock (f.h);
  fail_unless (gst_harness_crank_single_clock_wait (f.h));
  fail_unless_equals_int (reports, 1);

  /* 200 ms later there is one more. The test clock calls the old timer, too,
   * since that was unscheduled by its own tick: it must have nothing to say. */
  gst_harness_set_time (f.h, MS (300));
  while ((id = gst_test_clock_process_next_clock_id (clock)) != NULL)
    gst_clock_id_unref (id);
  fail_unless_equals_int (reports, 2);
  gst_object_unref (clock);
  teardown (&f);
}

GST_END_TEST;

/* Reports come while PLAYING only; a pause ends what is measured over a
 * window, READY ends everything. */
GST_START_TEST (test_states)
{
  Fixture f;
  GstStructure *s;
  guint i;

  setup (&f, "tryonstats");
  push_stream (&f, 0, MS (10), 10);
  for (i = 0; i < 5; i++) {
    fail_unless_equals_int (count_timers (&f), 1);
    gst_element_set_state (f.h->element, GST_STATE_PAUSED);
    fail_unless_equals_int (count_timers (&f), 0);
    s = get_stats (&f);
    check_uint64 (s, "frames", 10);
    gst_structure_free (s);
    gst_element_set_state (f.h->element, GST_STATE_PLAYING);
    s = get_stats (&f);
    check_uint64 (s, "frames", 10);
    check_double (s, "fps", 0.0);
    check_uint64 (s, "latency-mean", GST_CLOCK_TIME_NONE);
    gst_structure_free (s);
  }
  gst_element_set_state (f.h->element, GST_STATE_READY);
  fail_unless_equals_int (count_timers (&f), 0);
  s = get_stats (&f);
  check_double (s, "fps", 0.0);
  gst_structure_free (s);
  gst_element_set_state (f.h->element, GST_STATE_PLAYING);
  s = get_stats (&f);
  check_uint64 (s, "frames", 0);
  check_uint64 (s, "bytes", 0);
  gst_structure_free (s);
  teardown (&f);
}

GST_END_TEST;

/* Nothing holds the element once it has been stopped, not even on the real
 * clock with a report always under way. */
GST_START_TEST (test_states_leak_nothing)
{
  GstElement *stats = gst_element_factory_make ("tryonstats", NULL);
  GstBus *bus = gst_bus_new ();
  GstMessage *message;
  guint i;

  gst_object_ref_sink (stats);
  gst_element_set_bus (stats, bus);
  g_object_set (stats, "interval", 1, NULL);
  for (i = 0; i < 100; i++) {
    gst_element_set_state (stats, GST_STATE_PLAYING);
    if (i % 10 == 0) {
      message = gst_bus_timed_pop_filtered (bus, 5 * GST_SECOND,
          GST_MESSAGE_ELEMENT);
      fail_unless (message != NULL);
      gst_message_unref (message);
    }
    gst_element_set_state (stats, i % 2 == 0 ? GST_STATE_NULL :
        GST_STATE_PAUSED);
  }
  gst_element_set_state (stats, GST_STATE_NULL);
  gst_element_set_bus (stats, NULL);
  gst_bus_set_flushing (bus, TRUE);
  gst_object_unref (bus);
  /* A tick that was under way lets go of it in the clock's thread. */
  for (i = 0; i < 5000 && GST_OBJECT_REFCOUNT_VALUE (stats) > 1; i++)
    g_usleep (1000);
  ASSERT_OBJECT_REFCOUNT (stats, "stats", 1);
  gst_object_unref (stats);
}

GST_END_TEST;

/* ---- element ---- */

GST_START_TEST (test_caps_and_latency_pass)
{
  static const gchar *caps[] = {
    "image/webp,width=640,height=480,framerate=60/1",
    "video/x-raw,format=I420,width=64,height=48,framerate=60/1",
    "application/x-anything"
  };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (caps); i++) {
    GstHarness *h = gst_harness_new ("tryonstats");
    GstCaps *expected = gst_caps_from_string (caps[i]);
    GstCaps *current;

    gst_harness_set_src_caps_str (h, caps[i]);
    gst_harness_set_upstream_latency (h, MS (7));
    fail_unless_equals_uint64 (gst_harness_query_latency (h), MS (7));
    current = gst_pad_get_current_caps (h->sinkpad);
    fail_unless (gst_caps_is_equal (current, expected));
    gst_caps_unref (current);
    gst_caps_unref (expected);
    gst_harness_teardown (h);
  }
}

GST_END_TEST;

GST_START_TEST (test_properties)
{
  GstElement *stats = gst_element_factory_make ("tryonstats", NULL);
  guint interval, window;
  gboolean report;

  g_object_get (stats, "interval", &interval, "window", &window,
      "report-to-client", &report, NULL);
  fail_unless_equals_int (interval, 1000);
  fail_unless_equals_int (window, 5000);
  fail_unless (report);
  g_object_set (stats, "interval", 0, "window", 100, "report-to-client",
      FALSE, NULL);
  g_object_get (stats, "interval", &interval, "window", &window,
      "report-to-client", &report, NULL);
  fail_unless_equals_int (interval, 0);
  fail_unless_equals_int (window, 100);
  fail_if (report);
  gst_object_unref (stats);
}

GST_END_TEST;

static Suite *
tryonstats_suite (void)
{
  Suite *s = suite_create ("tryonstats");
  TCase *tc;

  tc = tcase_create ("figures");
  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_latency);
  tcase_add_test (tc, test_latency_from_arrival);
  tcase_add_test (tc, test_latency_unknown);
  tcase_add_test (tc, test_window);
  tcase_add_test (tc, test_idle);
  tcase_add_test (tc, test_clock_changes);

  tc = tcase_create ("reports");
  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_message_fields);
  tcase_add_test (tc, test_interval);
  tcase_add_test (tc, test_interval_while_playing);
  tcase_add_test (tc, test_clock_leaps);
  tcase_add_test (tc, test_handler_may_call_back);
  tcase_add_test (tc, test_states);
  tcase_add_test (tc, test_states_leak_nothing);

  tc = tcase_create ("element");
  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_caps_and_latency_pass);
  tcase_add_test (tc, test_properties);
  return s;
}

GST_CHECK_MAIN (tryonstats);

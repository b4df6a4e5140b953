/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <math.h>

#include <gst/check/gstcheck.h>
#include <gst/tryon/tryon.h>

#define MS(n) ((n) * GST_MSECOND)

/* Everything that was ever added: what the window must agree with. */
typedef struct
{
  GstClockTime time;
  GstClockTime value;
} Sample;

static void
add_both (GstTryonWindow * window, GArray * all, GstClockTime time,
    GstClockTime value)
{
  Sample sample = { time, value };

  g_array_append_val (all, sample);
  gst_tryon_window_add (window, time, value);
}

/* (transfer full): the samples of @all that a window of @span and @max must
 * hold at @now, by the rule as it is written, one by one. */
static GArray *
expected_at (GArray * all, GstClockTime now, GstClockTime span, guint max)
{
  GArray *kept = g_array_new (FALSE, FALSE, sizeof (Sample));
  guint i;

  for (i = 0; i < all->len; i++) {
    Sample *s = &g_array_index (all, Sample, i);

    if (all->len - i <= max && now - s->time < span)
      g_array_append_val (kept, *s);
  }
  return kept;
}

/* Nearest rank, the slow way: the smallest value of which enough are not
 * greater. */
static GstClockTime
expected_percentile (GArray * kept, guint percent)
{
  GstClockTime best = GST_CLOCK_TIME_NONE;
  guint i, j, not_greater;

  for (i = 0; i < kept->len; i++) {
    GstClockTime value = g_array_index (kept, Sample, i).value;

    not_greater = 0;
    for (j = 0; j < kept->len; j++)
      not_greater += g_array_index (kept, Sample, j).value <= value;
    if (not_greater * 100 >= kept->len * percent && value < best)
      best = value;
  }
  return best;
}

static void
check_against (GstTryonWindow * window, GArray * kept, GstClockTime now)
{
  static const guint percents[] = { 1, 5, 49, 50, 51, 95, 99, 100 };
  gdouble rate = 0.0, sum = 0.0;
  GstClockTime covered;
  guint i;

  fail_unless_equals_int (gst_tryon_window_count (window, now), kept->len);
  if (kept->len >= 2) {
    covered = g_array_index (kept, Sample, kept->len - 1).time
        - g_array_index (kept, Sample, 0).time;
    if (covered > 0)
      rate = (kept->len - 1) / (covered / 1e9);
  }
  fail_unless (fabs (gst_tryon_window_rate (window, now) - rate) < 1e-6);
  for (i = 0; i < G_N_ELEMENTS (percents); i++) {
    fail_unless_equals_uint64 (gst_tryon_window_percentile (window, now,
            percents[i]), expected_percentile (kept, percents[i]));
  }
  if (kept->len == 0) {
    fail_unless (gst_tryon_window_mean (window, now) == GST_CLOCK_TIME_NONE);
    return;
  }
  for (i = 0; i < kept->len; i++)
    sum += g_array_index (kept, Sample, i).value;
  fail_unless (fabs (gst_tryon_window_mean (window, now) -
          sum / kept->len) <= 1.0);
}

GST_START_TEST (test_empty)
{
  GstTryonWindow *window = gst_tryon_window_new (GST_SECOND, 8);

  fail_unless_equals_int (gst_tryon_window_count (window, 0), 0);
  fail_unless (gst_tryon_window_rate (window, 0) == 0.0);
  fail_unless (gst_tryon_window_mean (window, 0) == GST_CLOCK_TIME_NONE);
  fail_unless (gst_tryon_window_percentile (window, 0,
          50) == GST_CLOCK_TIME_NONE);
  gst_tryon_window_free (window);
}

GST_END_TEST;

/* The worked example of nearest rank: ranks 1 to 10 of ten values. */
GST_START_TEST (test_nearest_rank)
{
  static const struct
  {
    guint percent;
    guint value;
  } cases[] = {
    {1, 10}, {10, 10}, {11, 20}, {50, 50}, {51, 60}, {90, 90}, {91, 100},
    {95, 100}, {99, 100}, {100, 100}
  };
  static const guint shuffled[] = { 70, 20, 100, 50, 10, 90, 30, 60, 40, 80 };
  GstTryonWindow *window = gst_tryon_window_new (GST_SECOND, 16);
  guint i;

  for (i = 0; i < G_N_ELEMENTS (shuffled); i++)
    gst_tryon_window_add (window, MS (i), MS (shuffled[i]));
  for (i = 0; i < G_N_ELEMENTS (cases); i++) {
    fail_unless_equals_uint64 (gst_tryon_window_percentile (window, MS (10),
            cases[i].percent), MS (cases[i].value));
  }
  fail_unless_equals_uint64 (gst_tryon_window_mean (window, MS (10)), MS (55));
  gst_tryon_window_free (window);
}

GST_END_TEST;

GST_START_TEST (test_one_sample)
{
  GstTryonWindow *window = gst_tryon_window_new (GST_SECOND, 8);

  gst_tryon_window_add (window, MS (5), MS (42));
  fail_unless (gst_tryon_window_rate (window, MS (5)) == 0.0);
  fail_unless_equals_uint64 (gst_tryon_window_mean (window, MS (5)), MS (42));
  fail_unless_equals_uint64 (gst_tryon_window_percentile (window, MS (5), 1),
      MS (42));
  fail_unless_equals_uint64 (gst_tryon_window_percentile (window, MS (5), 100),
      MS (42));
  gst_tryon_window_free (window);
}

GST_END_TEST;

/* A sample counts while it is younger than the span: at 30 in a second, a
 * window of a second holds 30 and not 31. */
GST_START_TEST (test_span)
{
  GstTryonWindow *window = gst_tryon_window_new (GST_SECOND, 64);
  guint i;

  for (i = 0; i <= 60; i++)
    gst_tryon_window_add (window, i * GST_SECOND / 30, i);
  fail_unless_equals_int (gst_tryon_window_count (window, 2 * GST_SECOND), 30);
  fail_unless (fabs (gst_tryon_window_rate (window,
              2 * GST_SECOND) - 30.0) < 1e-6);
  fail_unless_equals_int (gst_tryon_window_count (window,
          3 * GST_SECOND - 1), 1);
  fail_unless_equals_int (gst_tryon_window_count (window, 3 * GST_SECOND), 0);
  fail_unless (gst_tryon_window_rate (window, 3 * GST_SECOND) == 0.0);
  gst_tryon_window_free (window);
}

GST_END_TEST;

/* Asking for a percentile must not hide what is added or leaves afterwards. */
GST_START_TEST (test_query_then_change)
{
  GstTryonWindow *window = gst_tryon_window_new (MS (100), 8);

  gst_tryon_window_add (window, MS (0), 1000);
  fail_unless_equals_uint64 (gst_tryon_window_percentile (window, MS (0), 100),
      1000);
  gst_tryon_window_add (window, MS (50), 2000);
  fail_unless_equals_uint64 (gst_tryon_window_percentile (window, MS (50),
          100), 2000);
  fail_unless_equals_uint64 (gst_tryon_window_percentile (window, MS (50), 1),
      1000);
  fail_unless_equals_uint64 (gst_tryon_window_percentile (window, MS (120), 1),
      2000);
  gst_tryon_window_free (window);
}

GST_END_TEST;

GST_START_TEST (test_time_goes_back)
{
  GstTryonWindow *window = gst_tryon_window_new (MS (100), 8);

  gst_tryon_window_add (window, MS (1000), 1);
  gst_tryon_window_add (window, MS (10), 2);    /* counts as 1000 */
  fail_unless_equals_int (gst_tryon_window_count (window, MS (10)), 2);
  fail_unless (gst_tryon_window_rate (window, MS (10)) == 0.0);
  gst_tryon_window_add (window, MS (1050), 3);
  fail_unless_equals_int (gst_tryon_window_count (window, MS (1050)), 3);
  fail_unless (fabs (gst_tryon_window_rate (window, MS (1050)) - 40.0) < 1e-6);
  fail_unless_equals_int (gst_tryon_window_count (window, MS (1100)), 1);
  gst_tryon_window_free (window);
}

GST_END_TEST;

/* After clear() an earlier time is as good as any: a new clock. */
GST_START_TEST (test_clear)
{
  GstTryonWindow *window = gst_tryon_window_new (MS (100), 4);
  guint i;

  for (i = 0; i < 7; i++)
    gst_tryon_window_add (window, MS (5000 + i), i);
  gst_tryon_window_clear (window);
  fail_unless_equals_int (gst_tryon_window_count (window, 0), 0);
  gst_tryon_window_add (window, MS (1), 9);
  gst_tryon_window_add (window, MS (11), 9);
  fail_unless (fabs (gst_tryon_window_rate (window, MS (11)) - 100.0) < 1e-6);
  fail_unless_equals_int (gst_tryon_window_count (window, MS (101)), 1);
  gst_tryon_window_free (window);
}

GST_END_TEST;

/* The mean of values whose sum does not fit 64 bits. */
GST_START_TEST (test_huge_values)
{
  const GstClockTime huge = G_MAXUINT64 - 10;
  GstTryonWindow *window = gst_tryon_window_new (GST_SECOND, 8);
  guint i;

  for (i = 0; i < 5; i++)
    gst_tryon_window_add (window, 0, huge);
  fail_unless_equals_uint64 (gst_tryon_window_mean (window, 0), huge);
  fail_unless_equals_uint64 (gst_tryon_window_percentile (window, 0, 50), huge);
  gst_tryon_window_free (window);
}

GST_END_TEST;

/* Every figure, after every sample and in the pauses between them, against the
 * rule computed from all that was ever added. */
GST_START_TEST (test_brute_force)
{
  static const guint maxima[] = { 1, 2, 7, 64 };
  GRand *random = g_rand_new_with_seed (20240229);
  guint m, i;

  for (m = 0; m < G_N_ELEMENTS (maxima); m++) {
    GstTryonWindow *window = gst_tryon_window_new (MS (500), maxima[m]);
    GArray *all = g_array_new (FALSE, FALSE, sizeof (Sample));
    GstClockTime now = 0;

    for (i = 0; i < 400; i++) {
      GArray *kept;

      /* Mostly a frame's distance, now and then nothing or a long pause; few
       * different values, so that some are equal. */
      now += g_rand_int_range (random, 0, 20) == 0 ?
          MS (g_rand_int_range (random, 0, 700)) :
          MS (g_rand_int_range (random, 0, 40));
      add_both (window, all, now, g_rand_int_range (random, 0, 50));
      kept = expected_at (all, now, MS (500), maxima[m]);
      check_against (window, kept, now);
      g_array_unref (kept);
      if (i % 10 == 0) {
        now += MS (g_rand_int_range (random, 0, 600));
        kept = expected_at (all, now, MS (500), maxima[m]);
        check_against (window, kept, now);
        g_array_unref (kept);
      }
    }
    g_array_unref (all);
    gst_tryon_window_free (window);
  }
  g_rand_free (random);
}

GST_END_TEST;

static Suite *
window_suite (void)
{
  Suite *s = suite_create ("window");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_empty);
  tcase_add_test (tc, test_nearest_rank);
  tcase_add_test (tc, test_one_sample);
  tcase_add_test (tc, test_span);
  tcase_add_test (tc, test_query_then_change);
  tcase_add_test (tc, test_time_goes_back);
  tcase_add_test (tc, test_clear);
  tcase_add_test (tc, test_huge_values);
  tcase_add_test (tc, test_brute_force);
  return s;
}

GST_CHECK_MAIN (window);

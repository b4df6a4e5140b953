/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Values without noise and without lag. */

#include <gst/check/gstcheck.h>
#include <math.h>

#include "gsttryonsteadyvalue.h"

#define INTERVAL (1.0f / 30.0f)

static const GstTryonSteadyParams params = { 1.0f, 4.0f, 2.5f, 0.25f };
static const GstTryonSteadyMeanParams mean_params =
    { 0.05f, 20.0f, 1.0f, 0.015f, 0.03f };

/* Its noise is far less than what was measured; it settles within a few. */
GST_START_TEST (test_still)
{
  GRand *rand = g_rand_new_with_seed (5);
  GstTryonSteadyValue steady;
  gdouble sum = 0;
  guint i;

  gst_tryon_steady_value_set (&steady, 108, -50);
  for (i = 1; i < 200; i++) {
    gst_tryon_steady_value_follow (&steady, &params,
        100 + g_rand_double_range (rand, -0.3, 0.3),
        -50 + g_rand_double_range (rand, -0.3, 0.3), NULL, 20, INTERVAL, i);
    if (i == 10)
      fail_unless (fabs (steady.value[0] - 100) < 1.2, "%f", steady.value[0]);
    if (i >= 50)
      sum += pow (steady.value[0] - 100, 2) + pow (steady.value[1] + 50, 2);
  }
  /* 0.3 sqrt (2 / 3) as it was measured */
  sum = sqrt (sum / 150);
  fail_unless (sum < 0.12, "%f", sum);
  g_rand_free (rand);
}

GST_END_TEST;

/* At constant speed it is where it was measured; what its carrier does not say is
 * noise; without measurements it goes on, and comes to rest. */
GST_START_TEST (test_moving)
{
  GstTryonSteadyValue steady, carried;
  GstTryonPoint with = { 3, 0 }, without = { 0, 0 };
  gfloat last;
  guint i;

  gst_tryon_steady_value_set (&steady, 0, 0);
  gst_tryon_steady_value_set (&carried, 0, 0);
  for (i = 1; i <= 40; i++) {
    gst_tryon_steady_value_follow (&steady, &params, 3 * i, 0, &with, 20,
        INTERVAL, i);
    gst_tryon_steady_value_follow (&carried, &params, 3 * i, 0, &without, 20,
        INTERVAL, i);
  }
  fail_unless (fabs (steady.value[0] - 120) < 0.3, "%f", steady.value[0]);
  fail_unless (carried.value[0] < 115, "%f", carried.value[0]);
  for (i = 0; i < 60; i++) {
    last = steady.value[0];
    gst_tryon_steady_value_coast (&steady, &params, 20, INTERVAL);
    fail_unless (steady.value[0] >= last && steady.value[0] - last <= 3);
    fail_unless (i > 0 || steady.value[0] - last > 1);
  }
  fail_unless (fabs (steady.value[0] - last) < 0.01);
}

GST_END_TEST;

/* Across where they wrap around. */
GST_START_TEST (test_angle)
{
  GstTryonSteadyValue steady;
  gdouble angle = 3.0;
  guint i;

  gst_tryon_steady_value_set (&steady, angle, 0);
  for (i = 1; i < 100; i++) {
    angle = remainder (angle + 0.05, 2 * G_PI);
    gst_tryon_steady_value_follow_angle (&steady, &params, angle, NULL,
        INTERVAL, i);
    if (i > 30)
      fail_unless (fabs (gst_tryon_wrap_angle (steady.value[0] - angle)) <
          0.01);
  }
}

GST_END_TEST;

GST_START_TEST (test_time)
{
  GstClockTime last = GST_CLOCK_TIME_NONE;

  fail_if (gst_tryon_is_time_jump (last, 5 * GST_SECOND));
  fail_unless (fabs (gst_tryon_take_time (&last, GST_SECOND) - 1.0 / 30) <
      1e-6);
  fail_unless (fabs (gst_tryon_take_time (&last, 1200 * GST_MSECOND) - 0.2) <
      1e-6);
  fail_unless (last == 1200 * GST_MSECOND);
  fail_unless (gst_tryon_take_time (&last, last) > 0);
  fail_unless (fabs (gst_tryon_take_time (&last, GST_CLOCK_TIME_NONE)
          - 1.0 / 30) < 1e-6);
  fail_unless (last > 1230 * GST_MSECOND && last < 1240 * GST_MSECOND);
  fail_unless (gst_tryon_is_time_jump (last, GST_SECOND));
  fail_unless (gst_tryon_is_time_jump (last, 2 * GST_SECOND));
  fail_if (gst_tryon_is_time_jump (last, 1700 * GST_MSECOND));
  fail_if (gst_tryon_is_time_jump (last, GST_CLOCK_TIME_NONE));
  fail_if (gst_tryon_is_sane (NAN) || gst_tryon_is_sane (INFINITY)
      || gst_tryon_is_sane (-1e7f));
  fail_unless (gst_tryon_is_sane (-1e5f));
}

GST_END_TEST;

/* Carried, it is where it was plus that, at once; what lasts beyond is followed. */
GST_START_TEST (test_carried)
{
  GstTryonPoint shift = { 5, -2 };
  GstTryonSteadyValue steady;
  guint i;

  gst_tryon_steady_value_set (&steady, 0, 0);
  for (i = 1; i <= 40; i++)
    gst_tryon_steady_value_carry (&steady, &params, &mean_params,
        5 * i + (i % 2 ? 1 : -1), -2.0f * i, &shift, 20, INTERVAL, 1000);
  fail_unless (fabs (steady.value[0] - 200) < 0.5, "%f", steady.value[0]);
  fail_unless (fabs (steady.value[1] + 80) < 0.01, "%f", steady.value[1]);
  gst_tryon_steady_value_shift (&steady, &shift);
  fail_unless (fabs (steady.value[0] - 205) < 0.5, "%f", steady.value[0]);
  shift.x = shift.y = 0;
  for (i = 0; i < 30; i++)
    gst_tryon_steady_value_carry (&steady, &params, &mean_params, 217, -82,
        &shift, 20, INTERVAL, 1000);
  fail_unless (fabs (steady.value[0] - 217) < 0.5, "%f", steady.value[0]);
}

GST_END_TEST;

static Suite *
steadyvalue_suite (void)
{
  Suite *s = suite_create ("steadyvalue");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_still);
  tcase_add_test (tc, test_moving);
  tcase_add_test (tc, test_angle);
  tcase_add_test (tc, test_time);
  tcase_add_test (tc, test_carried);
  return s;
}

GST_CHECK_MAIN (steadyvalue);

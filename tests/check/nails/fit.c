/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Least squares, against what they are made from. */

#include <gst/check/gstcheck.h>
#include <math.h>

#include "gsttryonfit.h"

#define fail_unless_near(a, b, by) \
  fail_unless (fabs ((gdouble) (a) - (b)) <= (by), "%f is not %f", (gdouble) (a), \
      (gdouble) (b))

/* A polynomial comes back from values of it, whatever their weights. */
GST_START_TEST (test_exact)
{
  const gfloat wanted[6] = { 1, -2, 0.5f, 3, 0, -1 };
  gfloat unknowns[6];
  GstTryonFit fit;
  guint i, k;

  gst_tryon_fit_init (&fit, 6);
  for (i = 0; i < 100; i++) {
    gfloat u = (i % 10) / 5.0f - 0.9f, w = (i / 10) / 5.0f - 0.9f, value = 0;
    gfloat basis[6] = { 1, u, u * u, w, u * w, w * w };

    for (k = 0; k < 6; k++)
      value += wanted[k] * basis[k];
    gst_tryon_fit_add (&fit, basis, value, 0.1f + i % 7);
  }
  gst_tryon_fit_solve (&fit, NULL, unknowns);
  for (k = 0; k < 6; k++)
    fail_unless_near (unknowns[k], wanted[k], 1e-3);
}

GST_END_TEST;

/* A mean, weighted; drawn to 0 by a ridge of the same weight. */
GST_START_TEST (test_weights)
{
  const gfloat one = 1, ridge = 4;
  gfloat mean;
  GstTryonFit fit;

  gst_tryon_fit_init (&fit, 1);
  gst_tryon_fit_add (&fit, &one, 10, 1);
  gst_tryon_fit_add (&fit, &one, 20, 3);
  gst_tryon_fit_solve (&fit, NULL, &mean);
  fail_unless_near (mean, 17.5, 1e-4);

  gst_tryon_fit_init (&fit, 1);
  gst_tryon_fit_add (&fit, &one, 10, 4);
  gst_tryon_fit_solve (&fit, &ridge, &mean);
  fail_unless_near (mean, 5, 1e-4);
}

GST_END_TEST;

/* What nothing is known of is 0. */
GST_START_TEST (test_singular)
{
  const gfloat basis[3] = { 1, 1, 0 };
  gfloat unknowns[3];
  GstTryonFit fit;

  gst_tryon_fit_init (&fit, 3);
  gst_tryon_fit_solve (&fit, NULL, unknowns);
  fail_unless (unknowns[0] == 0 && unknowns[1] == 0 && unknowns[2] == 0);

  gst_tryon_fit_init (&fit, 3);
  gst_tryon_fit_add (&fit, basis, 7, 1);
  gst_tryon_fit_solve (&fit, NULL, unknowns);
  fail_unless_near (unknowns[0] + unknowns[1], 7, 1e-3);
  fail_unless (unknowns[2] == 0);
}

GST_END_TEST;

static Suite *
fit_suite (void)
{
  Suite *s = suite_create ("fit");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_exact);
  tcase_add_test (tc, test_weights);
  tcase_add_test (tc, test_singular);
  return s;
}

GST_CHECK_MAIN (fit);

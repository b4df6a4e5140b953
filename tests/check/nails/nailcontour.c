/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A nail as a radius by direction. */

#include <gst/check/gstcheck.h>
#include <float.h>
#include <math.h>

#include "gsttryonnailcontour.h"

#define N GST_TRYON_NAIL_OUTLINE

/* An ellipse, its tip up. */
static GstTryonNailContour
make_oval (gdouble x, gdouble y, gdouble width, gdouble length)
{
  GstTryonNailContour contour = { {x, y}, 0, 0, {0} };
  guint i;

  contour.size = sqrt (G_PI / 4 * width * length);
  for (i = 0; i < N; i++) {
    GstTryonPoint d = gst_tryon_nail_contour_direction (i);

    contour.radii[i] = 1 / hypot (d.x / (width / 2), d.y / (length / 2))
        / contour.size;
  }
  return contour;
}

/* Corner 0 is the tip, then clockwise; all lie on the edge. */
GST_START_TEST (test_apply)
{
  GstTryonNailContour contour = make_oval (50, 60, 16, 24);
  GstTryonNail nail = { 0, };
  guint i;

  contour.angle = G_PI / 2;     /* to the right */
  gst_tryon_nail_contour_apply (&contour, &nail);
  fail_unless (fabs (nail.axis.x - 1) < 1e-6 && fabs (nail.axis.y) < 1e-6);
  fail_unless (fabs (nail.length - 24) < 1e-3, "%f", nail.length);
  fail_unless (fabs (nail.width - 16) < 1e-3, "%f", nail.width);
  fail_unless (fabs (nail.centre.x - 50) < 1e-3);
  fail_unless (fabs (nail.centre.y - 60) < 1e-3);
  fail_unless (fabs (nail.outline[0].x - 62) < 1e-3);
  fail_unless (fabs (nail.outline[N / 4].y - 68) < 1e-3);
  for (i = 0; i < N; i++)
    fail_unless (fabs (hypot ((nail.outline[i].x - 50) / 12,
                (nail.outline[i].y - 60) / 8) - 1) < 1e-5);
}

GST_END_TEST;

/* The nail's centre is the middle of its length, wherever the contour's is. */
GST_START_TEST (test_middle)
{
  GstTryonNailContour contour = make_oval (50, 60, 16, 24);
  GstTryonNail nail = { 0, };

  contour.radii[0] *= 2;
  gst_tryon_nail_contour_apply (&contour, &nail);
  fail_unless (fabs (nail.length - 36) < 1e-3, "%f", nail.length);
  fail_unless (fabs (nail.centre.y - 54) < 1e-3, "%f", nail.centre.y);
}

GST_END_TEST;

/* Every corner goes where the similarity moves it. */
GST_START_TEST (test_move)
{
  const GstTryonAffine affine = { 0.6, -0.8, 7, 0.8, 0.6, -3 };
  GstTryonNailContour contour = make_oval (50, 60, 16, 24);
  GstTryonNail before = { 0, }, after = { 0, };
  guint i;

  contour.angle = 0.4;
  gst_tryon_nail_contour_apply (&contour, &before);
  gst_tryon_nail_contour_move (&contour, &affine);
  gst_tryon_nail_contour_apply (&contour, &after);
  for (i = 0; i < N; i++) {
    GstTryonPoint p = gst_tryon_affine_apply (&affine, before.outline[i]);

    fail_unless (hypot (p.x - after.outline[i].x,
            p.y - after.outline[i].y) < 1e-3);
  }
}

GST_END_TEST;

/* Told from elsewhere and at another angle, the edge is where it was. */
GST_START_TEST (test_rebase)
{
  const struct
  {
    gdouble x, y, turn, size;
  } bases[] = {
    {0, 0, 0, 1}, {1, 0, 0, 1}, {0, 0, 0.3, 1}, {0, 0, 0, 1.4},
    {-2, 3, -0.2, 0.8}, {1, -2, 3, 1}
  };
  guint i, j;

  for (i = 0; i < G_N_ELEMENTS (bases); i++) {
    GstTryonNailContour contour = make_oval (50, 60, 16, 24);
    GstTryonNail nail = { 0, };
    GstTryonPoint centre = { 50 + bases[i].x, 60 + bases[i].y };

    fail_unless (gst_tryon_nail_contour_rebase (&contour, centre,
            bases[i].turn, contour.size * bases[i].size));
    fail_unless_equals_float (contour.centre.x, centre.x);
    fail_unless_equals_float (contour.angle, (gfloat) bases[i].turn);
    gst_tryon_nail_contour_apply (&contour, &nail);
    for (j = 0; j < N; j++) {
      gdouble x = (nail.outline[j].x - 50) / 8;
      gdouble y = (nail.outline[j].y - 60) / 12;

      fail_unless (fabs (hypot (x, y) - 1) < 0.01, "base %u, corner %u: %f",
          i, j, hypot (x, y));
    }
  }
}

GST_END_TEST;

/* To and fro a thousand times by as much as a pose trembles: it is not worn. */
GST_START_TEST (test_rebase_often)
{
  GstTryonNailContour contour = make_oval (50, 60, 16, 24), first = contour;
  guint i;

  for (i = 0; i < 1000; i++) {
    GstTryonPoint centre = { 50 + (i % 2 ? 0.1 : -0.1), 60 };

    fail_unless (gst_tryon_nail_contour_rebase (&contour, centre,
            i % 3 ? 0.01 : -0.01, first.size));
  }
  fail_unless (gst_tryon_nail_contour_rebase (&contour, first.centre, 0,
          first.size));
  for (i = 0; i < N; i++)
    fail_unless (fabs (contour.radii[i] - first.radii[i]) < 0.01, "%u: %f",
        i, contour.radii[i] - first.radii[i]);
}

GST_END_TEST;

/* A centre outside, or near the edge, is refused; whatever the radii. */
GST_START_TEST (test_rebase_outside)
{
  const GstTryonPoint outside[] = { {50, 30}, {58, 60}, {NAN, 60}, {1e6, 0} };
  GstTryonNailContour contour = make_oval (50, 60, 16, 24), first = contour;
  guint i;

  for (i = 0; i < G_N_ELEMENTS (outside); i++) {
    fail_if (gst_tryon_nail_contour_rebase (&contour, outside[i], 0.1, 20));
    fail_unless (memcmp (&contour, &first, sizeof (first)) == 0);
  }
  fail_if (gst_tryon_nail_contour_rebase (&contour, first.centre, NAN, 20));
  fail_if (gst_tryon_nail_contour_rebase (&contour, first.centre, 0, INFINITY));
  fail_unless (memcmp (&contour, &first, sizeof (first)) == 0);
  memset (contour.radii, 0, sizeof (contour.radii));
  fail_if (gst_tryon_nail_contour_rebase (&contour, first.centre, 0.1, 20));
  for (i = 0; i < N; i += 2)
    contour.radii[i] = 1e5;
  gst_tryon_nail_contour_rebase (&contour, first.centre, 0.1, 20);
  fail_unless (gst_tryon_nail_contour_is_sane (&contour));
}

GST_END_TEST;

GST_START_TEST (test_is_sane)
{
  static const gfloat bad[] = { NAN, INFINITY, -INFINITY, FLT_MAX, -FLT_MAX };
  GstTryonNailContour good = make_oval (50, 60, 16, 24);
  guint i, j;

  fail_unless (gst_tryon_nail_contour_is_sane (&good));
  for (i = 0; i < G_N_ELEMENTS (bad); i++) {
    for (j = 0; j < 5; j++) {
      GstTryonNailContour contour = good;
      gfloat *fields[] = { &contour.centre.x, &contour.centre.y,
        &contour.angle, &contour.size, &contour.radii[N - 1]
      };

      *fields[j] = bad[i];
      fail_unless (!gst_tryon_nail_contour_is_sane (&contour));
    }
  }
  good.size = 0;
  fail_unless (!gst_tryon_nail_contour_is_sane (&good));
}

GST_END_TEST;

static Suite *
nailcontour_suite (void)
{
  Suite *s = suite_create ("nailcontour");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_apply);
  tcase_add_test (tc, test_middle);
  tcase_add_test (tc, test_move);
  tcase_add_test (tc, test_rebase);
  tcase_add_test (tc, test_rebase_often);
  tcase_add_test (tc, test_rebase_outside);
  tcase_add_test (tc, test_is_sane);
  return s;
}

GST_CHECK_MAIN (nailcontour);

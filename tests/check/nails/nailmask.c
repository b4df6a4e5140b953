/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From logits to a nail's outline, centre, axis and size. */

#include <gst/check/gstcheck.h>
#include <float.h>
#include <math.h>

#include "gsttryonnailmask.h"
#include "noise.h"

#define N GST_TRYON_NAIL_MASK_SIZE

/* A superellipse, which nails resemble; exponent 2 is an ellipse. */
typedef struct
{
  gdouble x, y;                 /* pixels */
  gdouble angle;                /* clockwise from up */
  gdouble length, width;
  gdouble exponent;
} Shape;

/* Logits rise by @slope per pixel from the edge inward, as a net's do: up to 6. */
static void
add_shape (gfloat * logits, const Shape * s, gdouble slope)
{
  gdouble sine = sin (s->angle), cosine = cos (s->angle);
  guint i, j;

  for (i = 0; i < N; i++) {
    for (j = 0; j < N; j++) {
      gdouble x = j + 0.5 - s->x, y = i + 0.5 - s->y;
      gdouble u = fabs (x * cosine + y * sine) / (s->width / 2);
      gdouble v = fabs (x * sine - y * cosine) / (s->length / 2);
      gdouble r = pow (pow (u, s->exponent) + pow (v, s->exponent),
          1 / s->exponent);
      gdouble logit = slope * hypot (x, y) * (1 / MAX (r, 1e-9) - 1);

      logits[i * N + j] = MAX (logits[i * N + j], CLAMP (logit, -6, 6));
    }
  }
}

static void
fill (gfloat * logits, gfloat value)
{
  guint i;

  for (i = 0; i < N * N; i++)
    logits[i] = value;
}

static void
add_noise (gfloat * logits, GRand * rand, gdouble sigma)
{
  guint i;

  for (i = 0; i < N * N; i++)
    logits[i] += sigma * draw_noise (rand);
}

static const Shape shapes[] = {
  {32.0, 32.0, 0.0, 22.0, 17.0, 2.0},
  {32.37, 30.81, 0.0, 22.0, 17.0, 2.8},
  {28.13, 35.49, 0.4, 24.0, 15.0, 2.5},
  {34.71, 29.25, -0.55, 26.0, 14.5, 2.8},
  {31.5, 31.5, 0.2, 40.0, 16.0, 2.2},
  {30.2, 33.3, -0.15, 14.0, 9.0, 2.0},
};

/* Without noise everything is exact within a fraction of a pixel, wherever the
 * nail lies between pixels. */
GST_START_TEST (test_exact)
{
  const Shape *s = &shapes[__i__];
  gfloat logits[N * N], confidence;
  GstTryonNailContour contour;
  GstTryonNail nail;
  gdouble shrink;

  fill (logits, -6);
  add_shape (logits, s, 2);
  confidence = gst_tryon_nail_mask_measure (logits, &contour);
  gst_tryon_nail_contour_apply (&contour, &nail);
  GST_INFO ("confidence %.3f, centre %.3f %.3f, angle %.4f, %.2f x %.2f",
      confidence, contour.centre.x - s->x, contour.centre.y - s->y,
      contour.angle - s->angle, nail.length, nail.width);
  fail_unless (confidence > (s->length < 20 ? 0.6 : 0.85));
  fail_unless (fabs (contour.centre.x - s->x) < 0.05);
  fail_unless (fabs (contour.centre.y - s->y) < 0.05);
  fail_unless (fabs (nail.centre.x - s->x) < 0.1);
  fail_unless (fabs (nail.centre.y - s->y) < 0.1);
  /* The finger's direction draws it a little towards up. */
  shrink = contour.angle / (s->angle != 0 ? s->angle : 1);
  fail_unless (s->angle == 0 ? fabs (contour.angle) < 0.01 :
      shrink > 0.65 && shrink < 1.0, "angle %f of %f", contour.angle, s->angle);
  fail_unless (fabs (hypot (nail.axis.x, nail.axis.y) - 1) < 1e-5);
  fail_unless (fabs (nail.length - s->length) < 0.06 * s->length);
  fail_unless (fabs (nail.width - s->width) < 0.06 * s->width);
}

GST_END_TEST;

static gdouble
distance_to (const Shape * s, GstTryonPoint p)
{
  gdouble x = p.x - s->x, y = p.y - s->y;
  gdouble u = fabs (x * cos (s->angle) + y * sin (s->angle)) / (s->width / 2);
  gdouble v = fabs (x * sin (s->angle) - y * cos (s->angle)) / (s->length / 2);
  gdouble r = pow (pow (u, s->exponent) + pow (v, s->exponent),
      1 / s->exponent);

  return hypot (x, y) * (1 - 1 / r);
}

/* All corners lie on the true edge; the first is the tip, then clockwise. */
GST_START_TEST (test_outline)
{
  const Shape *s = &shapes[__i__];
  gfloat logits[N * N];
  GstTryonNailContour contour;
  GstTryonNail nail;
  gdouble worst = 0, area = 0;
  guint i;

  fill (logits, -6);
  add_shape (logits, s, 2);
  fail_unless (gst_tryon_nail_mask_measure (logits, &contour) > 0);
  gst_tryon_nail_contour_apply (&contour, &nail);
  for (i = 0; i < GST_TRYON_NAIL_OUTLINE; i++) {
    GstTryonPoint p = nail.outline[i];
    GstTryonPoint q = nail.outline[(i + 1) % GST_TRYON_NAIL_OUTLINE];

    worst = MAX (worst, fabs (distance_to (s, p)));
    area += (p.x * q.y - q.x * p.y) / 2;
  }
  GST_INFO ("farthest %.3f", worst);
  fail_unless (worst < 0.35, "%f", worst);
  /* Positive: clockwise, where y points down. */
  fail_unless (fabs (area - contour.size * contour.size) < 0.03 * area);
  i = GST_TRYON_NAIL_OUTLINE;
  fail_unless (fabs ((nail.outline[0].x - nail.centre.x) * nail.axis.x
          + (nail.outline[0].y - nail.centre.y) * nail.axis.y
          - nail.length / 2) < 0.3);
  fail_unless (nail.outline[i / 4].x > nail.centre.x);
  fail_unless (nail.outline[i / 2].y > nail.centre.y);
  fail_unless (nail.outline[3 * i / 4].x < nail.centre.x);
}

GST_END_TEST;

/* With as much noise as the logits of a doubtful nail have, the centre and the
 * size are known to a small part of a pixel. */
GST_START_TEST (test_noise)
{
  const Shape *s = &shapes[__i__];
  GRand *rand = g_rand_new_with_seed (1);
  gfloat logits[N * N];
  GstTryonNailContour contour;
  GstTryonNail nail;
  gdouble centre = 0, angle = 0, angles = 0, size = 0, sizes = 0, edge = 0;
  guint i, j, n = 100;

  for (i = 0; i < n; i++) {
    fill (logits, -6);
    add_shape (logits, s, 1.5);
    add_noise (logits, rand, 0.5);
    fail_unless (gst_tryon_nail_mask_measure (logits, &contour) > 0.5);
    gst_tryon_nail_contour_apply (&contour, &nail);
    centre +=
        pow (contour.centre.x - s->x, 2) + pow (contour.centre.y - s->y, 2);
    angle += contour.angle;
    angles += contour.angle * contour.angle;
    size += contour.size;
    sizes += contour.size * contour.size;
    for (j = 0; j < GST_TRYON_NAIL_OUTLINE; j++)
      edge += pow (distance_to (s, nail.outline[j]), 2)
          / GST_TRYON_NAIL_OUTLINE;
  }
  centre = sqrt (centre / n);
  angle = sqrt (angles / n - angle * angle / n / n);
  size = sqrt (sizes / n - size * size / n / n);
  edge = sqrt (edge / n);
  GST_INFO ("RMS: centre %.3f, angle %.4f, size %.3f, edge %.3f", centre, angle,
      size, edge);
  fail_unless (centre < 0.12, "%f", centre);
  fail_unless (angle < 0.03, "%f", angle);
  fail_unless (size < 0.08, "%f", size);
  fail_unless (edge < 0.3, "%f", edge);
  g_rand_free (rand);
}

GST_END_TEST;

/* It moves by what the nail moves by, not by pixels. */
GST_START_TEST (test_sub_pixel)
{
  Shape s = { 31.0, 32.0, 0.1, 23.0, 16.0, 2.6 };
  gfloat logits[N * N], x, y;
  GstTryonNailContour contour;
  guint i;

  for (i = 0; i < 40; i++) {
    s.x = 31 + 0.05 * i;
    s.y = 32 - 0.03 * i;
    fill (logits, -6);
    add_shape (logits, &s, 2);
    fail_unless (gst_tryon_nail_mask_measure (logits, &contour) > 0.8);
    x = contour.centre.x - s.x;
    y = contour.centre.y - s.y;
    fail_unless (fabsf (x) < 0.02 && fabsf (y) < 0.02, "%f %f", x, y);
    fail_unless (fabs (contour.size - 17.9) < 0.3, "%f", contour.size);
  }
}

GST_END_TEST;

/* The nail in the middle is taken, not the larger one beside it, of which nothing
 * is in the outline. */
GST_START_TEST (test_other_parts)
{
  static const Shape nail = { 31.0, 33.0, 0.1, 22.0, 16.0, 2.5 };
  static const Shape other = { 60.0, 28.0, 0.0, 34.0, 22.0, 2.5 };
  static const Shape speck = { 30.0, 10.0, 0.0, 5.0, 5.0, 2.0 };
  gfloat logits[N * N], confidence;
  GstTryonNailContour contour, alone;

  fill (logits, -6);
  add_shape (logits, &nail, 2);
  fail_unless (gst_tryon_nail_mask_measure (logits, &alone) > 0.8);
  add_shape (logits, &other, 2);
  add_shape (logits, &speck, 2);
  confidence = gst_tryon_nail_mask_measure (logits, &contour);
  fail_unless (confidence > 0.8, "%f", confidence);
  fail_unless (hypotf (contour.centre.x - alone.centre.x,
          contour.centre.y - alone.centre.y) < 0.1);
  fail_unless (fabsf (contour.size - alone.size) < 0.2);
}

GST_END_TEST;

/* A highlight is part of the nail, a spur isn't. */
GST_START_TEST (test_hole_and_spur)
{
  static const Shape nail = { 32.0, 32.0, 0.0, 24.0, 18.0, 2.5 };
  gfloat logits[N * N], confidence;
  GstTryonNailContour contour, whole;
  guint i, j;

  fill (logits, -6);
  add_shape (logits, &nail, 2);
  gst_tryon_nail_mask_measure (logits, &whole);
  for (i = 26; i < 33; i++)
    for (j = 29; j < 32; j++)
      logits[i * N + j] = -3;
  confidence = gst_tryon_nail_mask_measure (logits, &contour);
  fail_unless (confidence > 0.8, "%f", confidence);
  fail_unless (fabsf (contour.size - whole.size) < 0.01);

  for (j = 40; j < 58; j++)
    logits[31 * N + j] = logits[32 * N + j] = 2;
  confidence = gst_tryon_nail_mask_measure (logits, &contour);
  fail_unless (confidence > 0.3, "%f", confidence);
  for (i = 0; i < GST_TRYON_NAIL_OUTLINE; i++)
    fail_unless (contour.radii[i] * contour.size
        < 1.15 * whole.radii[i] * whole.size, "corner %u: %f of %f", i,
        contour.radii[i] * contour.size, whole.radii[i] * whole.size);
}

GST_END_TEST;

/* What is no nail has no confidence: too small, too large, a crescent, far from
 * the middle, cut by the crop's border, uncertain all over. */
GST_START_TEST (test_no_nail)
{
  static const Shape small = { 32.0, 32.0, 0.0, 5.0, 5.0, 2.0 };
  static const Shape large = { 32.0, 32.0, 0.0, 60.0, 58.0, 2.0 };
  static const Shape far = { 10.0, 54.0, 0.0, 16.0, 12.0, 2.0 };
  static const Shape cut = { 32.0, 32.0, 0.0, 100.0, 18.0, 3.0 };
  const Shape *bad[] = { &small, &large, &far, &cut };
  gfloat logits[N * N], confidence;
  GstTryonNailContour contour;
  guint i, j;

  for (i = 0; i < G_N_ELEMENTS (bad); i++) {
    fill (logits, -6);
    add_shape (logits, bad[i], 2);
    confidence = gst_tryon_nail_mask_measure (logits, &contour);
    fail_unless (confidence < 0.2, "%u: %f", i, confidence);
  }
  /* A ring's half. */
  fill (logits, -6);
  for (i = 0; i < N; i++)
    for (j = 0; j < N; j++)
      if (i < 34 && fabs (hypot (i - 34.0, j - 32.0) - 18) < 4)
        logits[i * N + j] = 4;
  confidence = gst_tryon_nail_mask_measure (logits, &contour);
  fail_unless (confidence < 0.2, "%f", confidence);
  /* As sure of the nail as of the skin around it. */
  fill (logits, -0.02f);
  for (i = 22; i < 44; i++)
    for (j = 24; j < 40; j++)
      logits[i * N + j] = 0.02f;
  confidence = gst_tryon_nail_mask_measure (logits, &contour);
  fail_unless (confidence < 0.3, "%f", confidence);
}

GST_END_TEST;

static void
check_sane (const gfloat * logits)
{
  GstTryonNailContour contour;
  GstTryonNail nail;
  gfloat confidence = gst_tryon_nail_mask_measure (logits, &contour);
  guint i;

  fail_unless (confidence >= 0 && confidence <= 1);
  if (confidence == 0)
    return;
  gst_tryon_nail_contour_apply (&contour, &nail);
  fail_unless (isfinite (nail.length) && isfinite (nail.width));
  fail_unless (isfinite (nail.axis.x) && isfinite (nail.axis.y));
  for (i = 0; i < GST_TRYON_NAIL_OUTLINE; i++)
    fail_unless (fabsf (nail.outline[i].x) < 200
        && fabsf (nail.outline[i].y) < 200);
}

/* Whatever the logits are. */
GST_START_TEST (test_any_logits)
{
  static const gfloat values[] = { -6, 6, 0, -0.0f, NAN, INFINITY, -INFINITY,
    1e30f, -1e30f, 1e-40f, FLT_MAX
  };
  static const Shape nail = { 32.0, 32.0, 0.0, 22.0, 17.0, 2.5 };
  GRand *rand = g_rand_new_with_seed (2);
  gfloat logits[N * N];
  GstTryonNailContour contour;
  guint i, j, n;

  for (i = 0; i < G_N_ELEMENTS (values); i++) {
    fill (logits, values[i]);
    fail_unless (gst_tryon_nail_mask_measure (logits, &contour) < 0.1);
    check_sane (logits);
    /* One pixel, and all but one. */
    fill (logits, -3);
    logits[32 * N + 32] = values[i];
    check_sane (logits);
    fill (logits, 3);
    logits[32 * N + 32] = values[i];
    check_sane (logits);
  }
  for (n = 0; n < 300; n++) {
    gdouble share = g_rand_double (rand);

    fill (logits, -6);
    add_shape (logits, &nail, 2);
    for (i = 0; i < N * N; i++)
      if (g_rand_double (rand) < share * share)
        logits[i] = values[g_rand_int_range (rand, 0, G_N_ELEMENTS (values))];
    check_sane (logits);
  }
  /* Every square with an edge. */
  for (i = 0; i < N; i++)
    for (j = 0; j < N; j++)
      logits[i * N + j] = (i + j) % 2 ? 1 : -1;
  check_sane (logits);
  /* A nail with NaNs in it is still found. */
  fill (logits, -6);
  add_shape (logits, &nail, 2);
  logits[30 * N + 31] = NAN;
  logits[5 * N + 5] = NAN;
  fail_unless (gst_tryon_nail_mask_measure (logits, &contour) > 0.8);
  g_rand_free (rand);
}

GST_END_TEST;

/* From a round nail to a wide one the axis turns steadily: no flip between two
 * frames. */
GST_START_TEST (test_axis_is_continuous)
{
  Shape s = { 32.0, 32.0, 0.3, 22.0, 22.0, 2.2 };
  gfloat logits[N * N], last = 0;
  GstTryonNailContour contour;
  guint i;

  for (i = 0; i < 60; i++) {
    s.length = 28 - 0.25 * i;
    s.width = 14 + 0.25 * i;
    fill (logits, -6);
    add_shape (logits, &s, 2);
    fail_unless (gst_tryon_nail_mask_measure (logits, &contour) > 0.5);
    fail_unless (fabsf (contour.angle) < 0.8);
    if (i > 0)
      fail_unless (fabsf (contour.angle - last) < 0.06, "%u: %f to %f", i, last,
          contour.angle);
    last = contour.angle;
  }
}

GST_END_TEST;

static Suite *
nailmask_suite (void)
{
  Suite *s = suite_create ("nailmask");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc, test_exact, 0, G_N_ELEMENTS (shapes));
  tcase_add_loop_test (tc, test_outline, 0, G_N_ELEMENTS (shapes));
  tcase_add_loop_test (tc, test_noise, 0, G_N_ELEMENTS (shapes));
  tcase_add_test (tc, test_sub_pixel);
  tcase_add_test (tc, test_other_parts);
  tcase_add_test (tc, test_hole_and_spur);
  tcase_add_test (tc, test_no_nail);
  tcase_add_test (tc, test_any_logits);
  tcase_add_test (tc, test_axis_is_continuous);
  return s;
}

GST_CHECK_MAIN (nailmask);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The outlines that are drawn, and the coordinates on them. */

#include <gst/check/gstcheck.h>
#include <string.h>

#include "gsttryonnailshape.h"
#include "ovalnail.h"

#define N GST_TRYON_NAIL_FORM_CORNERS
#define N_SHAPES (GST_TRYON_NAIL_SHAPE_STILETTO + 1)

#define fail_unless_near(a, b, by) \
  fail_unless (fabs ((gdouble) (a) - (b)) <= (by), "%f is not %f", (gdouble) (a), \
      (gdouble) (b))

static gfloat
along (const GstTryonNailForm * form, GstTryonPoint p)
{
  return (p.x - form->root.x) * form->axis.x +
      (p.y - form->root.y) * form->axis.y;
}

static gdouble
form_area (const GstTryonNailForm * form)
{
  return polygon_area (form->corners, N);
}

/* Half the width of the outline at @v. */
static gfloat
half_at (const GstTryonNailForm * form, gfloat v)
{
  GstTryonNailStation station = gst_tryon_nail_station_at (form->stations, v);

  return (station.right - station.left) / 2;
}

/* The nail as it is; longer, it grows by that much of the same width. */
GST_START_TEST (test_natural)
{
  GstTryonNail nail = oval_nail (100, 80, 30, 42, 0.5f);
  GstTryonNailForm form;
  gdouble oval = G_PI * 15 * 21;

  fail_unless (gst_tryon_nail_form_init (&form, &nail,
          GST_TRYON_NAIL_SHAPE_NATURAL, 0));
  fail_unless_near (form_area (&form), oval, 0.01 * oval);
  fail_unless_near (form.length, 42, 0.01);
  fail_unless_near (form.own_length, 42, 0.01);
  fail_unless_near (form.corners[0].x, nail.outline[0].x, 0.01);
  fail_unless_near (form.corners[0].y, nail.outline[0].y, 0.01);
  fail_unless_near (form.root.x, nail.outline[16].x, 0.01);
  fail_unless_near (form.root.y, nail.outline[16].y, 0.01);
  fail_unless_near (half_at (&form, 0.5f), 15, 0.1);

  fail_unless (gst_tryon_nail_form_init (&form, &nail,
          GST_TRYON_NAIL_SHAPE_NATURAL, 0.5f));
  fail_unless_near (form.length, 63, 0.01);
  fail_unless_near (form_area (&form), oval + 21 * 30, 0.07 * oval);
}

GST_END_TEST;

/* Each covers the nail, ends where its length says, and keeps the cuticle. */
GST_START_TEST (test_shapes)
{
  GstTryonNail nail = oval_nail (200, 150, 34, 45, -0.8f);
  gfloat length;
  GstTryonNailForm own, form;
  guint i;

  gst_tryon_nail_form_init (&own, &nail, GST_TRYON_NAIL_SHAPE_NATURAL, 0);
  for (length = 0; length <= 2; length += 0.25f) {
    gfloat tip = 0;

    fail_unless (gst_tryon_nail_form_init (&form, &nail, __i__, length));
    fail_unless_near (form.length, 45 * (1 + length), 0.01);
    for (i = 0; i < N; i++)
      tip = MAX (tip, along (&form, form.corners[i]));
    fail_unless_near (tip, form.length, 0.02);

    for (i = 4; i <= 60; i++) {
      gfloat v = i / 64.0f;
      GstTryonNailStation a = gst_tryon_nail_station_at (own.stations, v);
      GstTryonNailStation b = gst_tryon_nail_station_at (form.stations,
          v / (1 + length));

      /* Between two stations it is a straight line. */
      fail_unless (b.left <= a.left + 0.35f && b.right >= a.right - 0.35f,
          "shape %d, length %f: at %f %f to %f", __i__, length, v, b.left,
          b.right);
      if (v > 0.1f && v < 0.5f)
        fail_unless_near (b.right, a.right, 0.5);
    }
    /* None turns back. */
    fail_unless (form_area (&form) > 0.99 * form_area (&own));
  }
}

GST_END_TEST;

/* What makes them what they are: their widths towards the tip. */
GST_START_TEST (test_profiles)
{
  GstTryonNail nail = oval_nail (200, 150, 34, 45, 0.3f);
  gfloat at_middle[N_SHAPES], at_tip[N_SHAPES];
  GstTryonNailForm form;
  guint i;

  for (i = 0; i < N_SHAPES; i++) {
    gst_tryon_nail_form_init (&form, &nail, i, 0.8f);
    at_middle[i] = half_at (&form, 0.75f) / 17;
    at_tip[i] = half_at (&form, 0.97f) / 17;
  }
  fail_unless (at_tip[GST_TRYON_NAIL_SHAPE_SQUARE] > 0.7f);
  fail_unless (at_tip[GST_TRYON_NAIL_SHAPE_COFFIN] > 0.35f);
  fail_unless (at_tip[GST_TRYON_NAIL_SHAPE_COFFIN] < 0.65f);
  fail_unless (at_tip[GST_TRYON_NAIL_SHAPE_ROUND] > 0.25f);
  fail_unless (at_tip[GST_TRYON_NAIL_SHAPE_ALMOND] > 0.08f);
  fail_unless (at_tip[GST_TRYON_NAIL_SHAPE_STILETTO] < 0.1f);
  fail_unless (at_middle[GST_TRYON_NAIL_SHAPE_SQUARE] > 0.85f);
  fail_unless (at_middle[GST_TRYON_NAIL_SHAPE_ROUND] >
      at_middle[GST_TRYON_NAIL_SHAPE_ALMOND]);
  fail_unless (at_middle[GST_TRYON_NAIL_SHAPE_ALMOND] >
      at_middle[GST_TRYON_NAIL_SHAPE_STILETTO] + 0.05f);
  fail_unless (at_middle[GST_TRYON_NAIL_SHAPE_COFFIN] >
      at_middle[GST_TRYON_NAIL_SHAPE_STILETTO]);
}

GST_END_TEST;

static void
expect_near (const GstTryonNailForm * a, const GstTryonNailForm * b, gfloat by)
{
  gfloat most = 0;
  guint i;

  for (i = 0; i < N; i++)
    most = MAX (most, hypotf (a->corners[i].x - b->corners[i].x,
            a->corners[i].y - b->corners[i].y));
  fail_unless (most <= by, "a corner moved by %f, not %f", most, by);
}

/* Small changes of anything move no corner far. */
GST_START_TEST (test_continuous)
{
  GstTryonNail nail = oval_nail (120, 90, 31, 40, 0.2f), other;
  GstTryonNailForm before, after;
  GRand *random = g_rand_new_with_seed (7);
  gfloat length, turn;
  guint i, k;

  gst_tryon_nail_form_init (&before, &nail, __i__, 0);
  for (length = 0.01f; length <= 2; length += 0.01f) {
    gst_tryon_nail_form_init (&after, &nail, __i__, length);
    /* On a flat tip, corners slide to the side as it comes up. */
    expect_near (&before, &after, 0.01f * 40 * 6);
    before = after;
  }
  /* The root is 20 pixels from the middle, a grown tip 40. */
  for (turn = 0.2f; turn < 7; turn += 0.01f) {
    other = oval_nail (120, 90, 31, 40, turn);
    gst_tryon_nail_form_init (&after, &other, __i__, 0.5f);
    if (turn > 0.2f)
      expect_near (&before, &after, 0.01f * 40 * 1.5f);
    before = after;
  }
  /* Noise of a tenth of a pixel on each corner. */
  gst_tryon_nail_form_init (&before, &nail, __i__, 0.5f);
  for (k = 0; k < 50; k++) {
    other = nail;
    for (i = 0; i < GST_TRYON_NAIL_OUTLINE; i++) {
      other.outline[i].x += g_rand_double_range (random, -0.1, 0.1);
      other.outline[i].y += g_rand_double_range (random, -0.1, 0.1);
    }
    gst_tryon_nail_form_init (&after, &other, __i__, 0.5f);
    expect_near (&before, &after, 0.4f);
  }
  g_rand_free (random);
}

GST_END_TEST;

/* A long tip does not shake when the outline trembles. */
GST_START_TEST (test_steady)
{
  GstTryonNail nail = oval_nail (120, 90, 31, 40, 0.2f), other;
  GRand *random = g_rand_new_with_seed (7);
  GstTryonNailForm still, form;
  gdouble sum = 0;
  guint i, k;

  gst_tryon_nail_form_init (&still, &nail, GST_TRYON_NAIL_SHAPE_STILETTO, 2);
  for (k = 0; k < 100; k++) {
    gdouble aside;

    other = nail;
    for (i = 0; i < GST_TRYON_NAIL_OUTLINE; i++) {
      other.outline[i].x += g_rand_double_range (random, -0.5, 0.5);
      other.outline[i].y += g_rand_double_range (random, -0.5, 0.5);
    }
    gst_tryon_nail_form_init (&form, &other, GST_TRYON_NAIL_SHAPE_STILETTO, 2);
    aside = (form.corners[0].x - still.corners[0].x) * form.side.x +
        (form.corners[0].y - still.corners[0].y) * form.side.y;
    sum += aside * aside;
  }
  /* Less than the corners themselves, 80 pixels further out. */
  fail_unless (sqrt (sum / 100) < 0.25, "%f", sqrt (sum / 100));
  g_rand_free (random);
}

GST_END_TEST;

/* The outline bends nowhere sharply but at its tip: no shoulder where the grown part
 * begins. */
GST_START_TEST (test_smooth)
{
  GstTryonNail nail = oval_nail (300, 300, 70, 100, 0);
  GstTryonNailForm form;
  guint i;

  gst_tryon_nail_form_init (&form, &nail, __i__, 0.6f);
  for (i = 0; i < N; i++) {
    const GstTryonPoint *p = &form.corners[(i + N - 1) % N];
    const GstTryonPoint *q = &form.corners[i], *r = &form.corners[(i + 1) % N];
    gfloat ax = q->x - p->x, ay = q->y - p->y;
    gfloat bx = r->x - q->x, by = r->y - q->y;
    gfloat a = hypotf (ax, ay), b = hypotf (bx, by);
    gfloat height = along (&form, *q);

    /* The tip has its corners; the root's come once more. */
    if (a < 0.2f || b < 0.2f || height > 115)
      continue;
    fail_unless ((ax * bx + ay * by) / (a * b) > 0.9f,
        "shape %d bends at %f of 160 pixels", __i__, height);
  }
}

GST_END_TEST;

/* To coordinates and back, also on a bent, crooked nail. */
GST_START_TEST (test_coordinates)
{
  GstTryonNail nail = oval_nail (60, 70, 26, 38, 1.1f);
  GstTryonNailForm form;
  gfloat u, v, x, y;
  guint i;

  for (i = 0; i < GST_TRYON_NAIL_OUTLINE; i++) {
    gfloat d = nail.outline[i].x - 60;

    nail.outline[i].y += 0.004f * d * d;
  }
  gst_tryon_nail_form_init (&form, &nail, __i__, 0.4f);
  for (y = 0; y <= 1; y += 0.05f) {
    for (x = -1.2f; x <= 1.2f; x += 0.1f) {
      gst_tryon_nail_form_locate (&form,
          gst_tryon_nail_form_place (&form, x, y), &u, &v);
      fail_unless_near (u, x, 1e-3);
      fail_unless_near (v, y, 1e-3);
    }
  }
}

GST_END_TEST;

/* u = -1 and 1 are at the side walls. */
GST_START_TEST (test_sides)
{
  GstTryonNail nail = oval_nail (60, 70, 26, 38, 0);
  GstTryonNailForm form;
  gfloat u, v;

  gst_tryon_nail_form_init (&form, &nail, GST_TRYON_NAIL_SHAPE_NATURAL, 0);
  gst_tryon_nail_form_locate (&form, (GstTryonPoint) {
      73, 70}
      , &u, &v);
  fail_unless_near (u, 1, 0.05);
  fail_unless_near (v, 0.5, 0.01);
  gst_tryon_nail_form_locate (&form, (GstTryonPoint) {
      47, 70}
      , &u, &v);
  fail_unless_near (u, -1, 0.05);
  gst_tryon_nail_form_locate (&form, (GstTryonPoint) {
      60, 51}
      , &u, &v);
  fail_unless_near (u, 0, 0.02);
  fail_unless_near (v, 1, 0.01);
}

GST_END_TEST;

GST_START_TEST (test_refused)
{
  const GstTryonNail good = oval_nail (60, 70, 26, 38, 0);
  const gfloat bad[] = { NAN, INFINITY, -INFINITY, 1e30f, 1e6f };
  GstTryonNailForm form;
  GstTryonNail nail;
  guint i;

  for (i = 0; i < G_N_ELEMENTS (bad); i++) {
    nail = good;
    nail.outline[5].x = bad[i];
    fail_if (gst_tryon_nail_form_init (&form, &nail, 0, 0));
    nail = good;
    nail.outline[31].y = bad[i];
    fail_if (gst_tryon_nail_form_init (&form, &nail, 0, 0));
    nail = good;
    nail.axis.x = bad[i];
    fail_if (gst_tryon_nail_form_init (&form, &nail, 0, 0));
    nail = good;
    nail.centre.y = bad[i];
    fail_if (gst_tryon_nail_form_init (&form, &nail, 0, 0));
    /* A length is taken as the nearest that is right. */
    fail_unless (gst_tryon_nail_form_init (&form, &good, 2, bad[i]));
    fail_unless (form.length >= 37 && form.length < 38 * 3.01f);
  }
  nail = good;
  nail.axis.x = nail.axis.y = 0;
  fail_if (gst_tryon_nail_form_init (&form, &nail, 0, 0));
  nail = oval_nail (60, 70, 0.5f, 38, 0);
  fail_if (gst_tryon_nail_form_init (&form, &nail, 0, 0));
  nail = oval_nail (60, 70, 20, 0.5f, 0);
  fail_if (gst_tryon_nail_form_init (&form, &nail, 0, 0));
  memset (nail.outline, 0, sizeof nail.outline);
  fail_if (gst_tryon_nail_form_init (&form, &nail, 0, 0));
}

GST_END_TEST;

/* Outlines that are none give finite forms, or none. */
GST_START_TEST (test_garbage)
{
  GRand *random = g_rand_new_with_seed (11);
  GstTryonNailForm form;
  guint i, k, formed = 0, wrong = 0;

  for (k = 0; k < 3000; k++) {
    GstTryonNail nail = oval_nail (60, 70, 26, 38, 0);
    gdouble range = k % 3 == 0 ? 60000 : k % 3 == 1 ? 40 : 2;

    for (i = 0; i < GST_TRYON_NAIL_OUTLINE; i++) {
      nail.outline[i].x = g_rand_double_range (random, -range, range);
      nail.outline[i].y = g_rand_double_range (random, -range, range);
    }
    if (!gst_tryon_nail_form_init (&form, &nail, k % N_SHAPES, k % 4))
      continue;
    formed++;
    for (i = 0; i < N; i++)
      wrong += !isfinite (form.corners[i].x) || !isfinite (form.corners[i].y);
    for (i = 0; i < GST_TRYON_NAIL_FORM_STATIONS; i++)
      wrong += !(isfinite (form.stations[i].left) &&
          isfinite (form.stations[i].right) &&
          isfinite (form.stations[i].middle) && form.stations[i].half > 0 &&
          form.stations[i].slant >= 0);
  }
  fail_unless_equals_int (wrong, 0);
  fail_unless (formed > 1000);
  g_rand_free (random);
}

GST_END_TEST;

/* A mask's dents and bumps at the cuticle and the sides are smoothed away; the corners
 * of a square tip are not. */
GST_START_TEST (test_dents)
{
  GstTryonNail nail = oval_nail (0, 0, 40, 56, 0);
  GstTryonNailForm form;
  gfloat most = 0;
  guint i;

  for (i = 10; i <= 22; i++) {
    gfloat by = i % 4 < 2 ? 0.94f : 1.06f;

    nail.outline[i].x *= by;
    nail.outline[i].y *= by;
  }
  gst_tryon_nail_form_init (&form, &nail, GST_TRYON_NAIL_SHAPE_NATURAL, 0);
  for (i = 0; i < N; i++) {
    const GstTryonPoint *p = &form.corners[i];

    most = MAX (most, fabsf (hypotf (p->x / 20, p->y / 28) - 1));
  }
  fail_unless (most < 0.02f, "%f", most);

  nail = oval_nail (0, 0, 40, 56, 0);
  nail.outline[4].x = 20;       /* a corner of a square tip */
  nail.outline[4].y = -28;
  gst_tryon_nail_form_init (&form, &nail, GST_TRYON_NAIL_SHAPE_NATURAL, 0);
  fail_unless (half_at (&form, 0.95f) > 13);
}

GST_END_TEST;

/* The other way around it is the same nail. */
GST_START_TEST (test_anticlockwise)
{
  GstTryonNail nail = oval_nail (60, 70, 26, 38, 0.4f), other = nail;
  GstTryonNailForm a, b;
  guint i;

  for (i = 0; i < GST_TRYON_NAIL_OUTLINE; i++)
    other.outline[i] = nail.outline[(GST_TRYON_NAIL_OUTLINE - i) %
        GST_TRYON_NAIL_OUTLINE];
  gst_tryon_nail_form_init (&a, &nail, GST_TRYON_NAIL_SHAPE_ALMOND, 0.5f);
  gst_tryon_nail_form_init (&b, &other, GST_TRYON_NAIL_SHAPE_ALMOND, 0.5f);
  expect_near (&a, &b, 1e-3f);
}

GST_END_TEST;

static Suite *
nailshape_suite (void)
{
  Suite *s = suite_create ("nailshape");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_natural);
  tcase_add_loop_test (tc, test_shapes, 0, N_SHAPES);
  tcase_add_test (tc, test_profiles);
  tcase_add_loop_test (tc, test_continuous, 0, N_SHAPES);
  tcase_add_test (tc, test_steady);
  tcase_add_loop_test (tc, test_smooth, 0, N_SHAPES);
  tcase_add_loop_test (tc, test_coordinates, 0, N_SHAPES);
  tcase_add_test (tc, test_sides);
  tcase_add_test (tc, test_refused);
  tcase_add_test (tc, test_garbage);
  tcase_add_test (tc, test_dents);
  tcase_add_test (tc, test_anticlockwise);
  return s;
}

GST_CHECK_MAIN (nailshape);

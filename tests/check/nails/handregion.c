/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Regions of hands, against numbers that are worked out by hand. */

#include <gst/check/gstcheck.h>
#include <math.h>

#include "gsttryonhandregion.h"

static void
check_number (gfloat value, gfloat expected)
{
  fail_unless (fabsf (value - expected) < 2e-3f, "%f instead of %f", value,
      expected);
}

static void
check_region (const GstTryonHandRegion * region, gfloat x, gfloat y,
    gfloat size, gfloat rotation)
{
  check_number (region->centre.x, x);
  check_number (region->centre.y, y);
  check_number (region->size, size);
  check_number (region->rotation, rotation);
}

static GstTryonPoint
turn (GstTryonPoint p, gfloat angle, gfloat x, gfloat y)
{
  GstTryonPoint result = {
    p.x * cosf (angle) - p.y * sinf (angle) + x,
    p.x * sinf (angle) + p.y * cosf (angle) + y
  };

  return result;
}

/* An open hand with its fingers up. The stable landmarks, those without the last two
 * of each finger, span -50 to 40 and -100 to 0. */
static void
set_hand (GstTryonPoint * landmarks)
{
  static const GstTryonPoint hand[GST_TRYON_N_LANDMARKS] = {
    {0, 0}, {-20, -10}, {-40, -30}, {-50, -45}, {-60, -60},
    {-20, -70}, {-22, -100}, {-23, -120}, {-24, -140},
    {0, -75}, {0, -98}, {0, -130}, {0, -155},
    {20, -70}, {22, -95}, {23, -118}, {24, -138},
    {38, -60}, {40, -80}, {43, -95}, {45, -110},
  };

  memcpy (landmarks, hand, sizeof (hand));
}

GST_START_TEST (test_from_palm)
{
  GstTryonHandRegion region;
  GstTryonPalm palm = { 0.9f, {200, 100}, 40, 50, {{0, 0}
      }
  };

  /* Fingers up: half of the box's height towards them, 2.6 times as large. */
  palm.keypoints[GST_TRYON_PALM_WRIST].y = 10;
  fail_unless (gst_tryon_hand_region_from_palm (&palm, &region));
  check_region (&region, 200, 75, 130, 0);

  /* To the right: a quarter clockwise. */
  palm.keypoints[GST_TRYON_PALM_WRIST].y = 0;
  palm.keypoints[GST_TRYON_PALM_MIDDLE].x = 10;
  fail_unless (gst_tryon_hand_region_from_palm (&palm, &region));
  check_region (&region, 225, 100, 130, G_PI / 2);

  /* To the lower left. */
  palm.keypoints[GST_TRYON_PALM_MIDDLE].x = -10;
  palm.keypoints[GST_TRYON_PALM_MIDDLE].y = 10;
  palm.width = 60;
  fail_unless (gst_tryon_hand_region_from_palm (&palm, &region));
  check_region (&region, 200 - 25 * G_SQRT2 / 2, 100 + 25 * G_SQRT2 / 2, 156,
      -0.75f * G_PI);
}

GST_END_TEST;

GST_START_TEST (test_from_landmarks)
{
  static const gfloat angles[] = { 0, 0.5f, -1.5f, 3 };
  GstTryonPoint hand[GST_TRYON_N_LANDMARKS], turned[GST_TRYON_N_LANDMARKS];
  GstTryonPoint centre = { -5, -60 };
  GstTryonHandRegion region;
  guint i, j;

  set_hand (hand);
  fail_unless (gst_tryon_hand_region_from_landmarks (hand, &region));
  /* The middle of the box, a tenth of 100 up; twice its longer side. */
  check_region (&region, -5, -60, 200, 0);

  for (i = 0; i < G_N_ELEMENTS (angles); i++) {
    GstTryonPoint expected = turn (centre, angles[i], 300, 200);

    for (j = 0; j < GST_TRYON_N_LANDMARKS; j++)
      turned[j] = turn (hand[j], angles[i], 300, 200);
    fail_unless (gst_tryon_hand_region_from_landmarks (turned, &region));
    check_region (&region, expected.x, expected.y, 200, angles[i]);
  }

  /* The tips change nothing. */
  for (j = 4; j < GST_TRYON_N_LANDMARKS; j += 4)
    hand[j].x = 1000;
  fail_unless (gst_tryon_hand_region_from_landmarks (hand, &region));
  check_region (&region, -5, -60, 200, 0);
}

GST_END_TEST;

GST_START_TEST (test_no_region)
{
  static const gfloat values[] = { NAN, INFINITY, -INFINITY, 1e30f, 3e38f };
  GstTryonPoint hand[GST_TRYON_N_LANDMARKS];
  GstTryonPalm palm;
  GstTryonHandRegion region;
  guint i;

  for (i = 0; i < G_N_ELEMENTS (values); i++) {
    set_hand (hand);
    hand[6].x = values[i];
    fail_if (gst_tryon_hand_region_from_landmarks (hand, &region));
    set_hand (hand);
    hand[0].y = values[i];
    fail_if (gst_tryon_hand_region_from_landmarks (hand, &region));

    memset (&palm, 0, sizeof (palm));
    palm.width = values[i];
    palm.height = 10;
    fail_if (gst_tryon_hand_region_from_palm (&palm, &region));
    palm.width = 10;
    palm.centre.x = values[i];
    fail_if (gst_tryon_hand_region_from_palm (&palm, &region));
  }
  memset (&palm, 0, sizeof (palm));
  fail_if (gst_tryon_hand_region_from_palm (&palm, &region));
  palm.width = palm.height = 10;
  palm.keypoints[GST_TRYON_PALM_WRIST].x = NAN;
  fail_if (gst_tryon_hand_region_from_palm (&palm, &region));
  /* All at one place. */
  memset (hand, 0, sizeof (hand));
  fail_if (gst_tryon_hand_region_from_landmarks (hand, &region));
}

GST_END_TEST;

static gfloat
get_overlap (GstTryonHandRegion a, GstTryonHandRegion b)
{
  check_number (gst_tryon_hand_region_overlap (&a, &b),
      gst_tryon_hand_region_overlap (&b, &a));
  return gst_tryon_hand_region_overlap (&a, &b);
}

GST_START_TEST (test_overlap)
{
  GstTryonHandRegion a = { {100, 100}, 20, 0 }, b = a;

  check_number (get_overlap (a, a), 1);
  b.centre.x = 110;
  check_number (get_overlap (a, b), 200.0f / 600);
  b.centre.y = 90;
  check_number (get_overlap (a, b), 100.0f / 700);
  b.centre.x = 120;
  check_number (get_overlap (a, b), 0);
  b.centre.x = 1000;
  b.centre.y = -1000;
  check_number (get_overlap (a, b), 0);
  /* One within the other. */
  b = a;
  b.size = 10;
  b.centre.x = 103;
  check_number (get_overlap (a, b), 0.25f);
  a.size = b.size = 0;
  check_number (get_overlap (a, b), 0);
}

GST_END_TEST;

GST_START_TEST (test_hands)
{
  GstTryonPoint a[GST_TRYON_N_LANDMARKS], b[GST_TRYON_N_LANDMARKS];
  GstTryonPoint centre;
  guint i;

  set_hand (a);
  check_number (gst_tryon_hand_scale (a), 75);
  centre = gst_tryon_hand_centre (a);
  check_number (centre.x, 6);
  check_number (centre.y, -130.0f / 3);

  set_hand (b);
  for (i = 0; i < GST_TRYON_N_LANDMARKS; i++) {
    b[i].x += 9;
    b[i].y -= 12;
  }
  check_number (gst_tryon_hand_distance (a, a), 0);
  check_number (gst_tryon_hand_distance (a, b), 15.0f / 75);

  /* A palm that is seen from above the fingers is as large by its width. */
  a[9].y = -10;
  check_number (gst_tryon_hand_scale (a), 1.2f * hypotf (58, 10));

  memset (a, 0, sizeof (a));
  fail_unless (gst_tryon_hand_distance (a, a) > 1e6);
}

GST_END_TEST;

/* Turned, grown and moved, whatever single fingers do; what no hand does is none. */
GST_START_TEST (test_movement)
{
  GstTryonPoint from[GST_TRYON_N_LANDMARKS], to[GST_TRYON_N_LANDMARKS], p;
  GstTryonAffine movement;
  gdouble c = 1.05 * cos (0.1), s = 1.05 * sin (0.1);
  guint i;

  for (i = 0; i < GST_TRYON_N_LANDMARKS; i++) {
    from[i].x = 300 + 30 * ((gint) i % 4) - 20 * ((gint) i / 4);
    from[i].y = 400 - 25 * ((gint) i / 4) - 7 * ((gint) i % 4);
    to[i].x = c * from[i].x - s * from[i].y + 12;
    to[i].y = s * from[i].x + c * from[i].y - 30;
  }
  /* Two fingers leap. */
  for (i = 6; i < 13; i++)
    to[i].x += 45;
  fail_unless (gst_tryon_hand_get_movement (from, to, &movement));
  for (i = 0; i < GST_TRYON_N_LANDMARKS; i++) {
    p = gst_tryon_affine_apply (&movement, from[i]);
    fail_unless (hypot (p.x - to[i].x + (i >= 6 && i < 13 ? 45 : 0),
            p.y - to[i].y) < 1, "%u: %f %f", i, p.x - to[i].x, p.y - to[i].y);
  }
  for (i = 0; i < GST_TRYON_N_LANDMARKS; i++) {
    to[i].x = 2 * from[i].x;
    to[i].y = 2 * from[i].y;
  }
  fail_if (gst_tryon_hand_get_movement (from, to, &movement));
  to[3].x = NAN;
  fail_if (gst_tryon_hand_get_movement (from, to, &movement));
  fail_if (gst_tryon_hand_get_movement (to, from, &movement));
  memset (from, 0, sizeof (from));
  fail_if (gst_tryon_hand_get_movement (from, to, &movement));
}

GST_END_TEST;

static Suite *
handregion_suite (void)
{
  Suite *s = suite_create ("handregion");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_from_palm);
  tcase_add_test (tc, test_from_landmarks);
  tcase_add_test (tc, test_no_region);
  tcase_add_test (tc, test_overlap);
  tcase_add_test (tc, test_hands);
  tcase_add_test (tc, test_movement);
  return s;
}

GST_CHECK_MAIN (handregion);

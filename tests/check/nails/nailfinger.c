/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where to look for a finger's nail, and whether it can be seen. */

#include <gst/check/gstcheck.h>
#include <math.h>

#include "gsttryonnailfinger.h"
#include "gsttryonnailnet.h"

/* A left hand's back, fingers up; in tenths of the hand's scale. */
static const GstTryonPoint back[GST_TRYON_N_LANDMARKS] = {
  {0, 0},
  {3, -2}, {5.5, -4}, {7, -6}, {8.5, -7.5},
  {2.5, -9.5}, {3, -13}, {3.2, -15.5}, {3.3, -17.5},
  {0, -10}, {0, -14}, {0, -16.8}, {0, -19},
  {-2, -9.5}, {-2.3, -13}, {-2.5, -15.6}, {-2.6, -17.8},
  {-4, -8}, {-4.8, -11}, {-5.2, -12.8}, {-5.5, -14.5},
};

static void
make_hand (GstTryonHand * hand, gdouble x, gdouble y, gdouble scale,
    gdouble angle, gboolean mirrored)
{
  guint i;

  memset (hand, 0, sizeof (*hand));
  hand->presence = 1;
  hand->handedness = mirrored ? 0.98 : 0.02;
  for (i = 0; i < GST_TRYON_N_LANDMARKS; i++) {
    gdouble u = back[i].x * scale / 10 * (mirrored ? -1 : 1);
    gdouble v = back[i].y * scale / 10;

    hand->landmarks[i].x = x + u * cos (angle) - v * sin (angle);
    hand->landmarks[i].y = y + u * sin (angle) + v * cos (angle);
  }
}

/* The crop that the net is trained with. */
GST_START_TEST (test_region)
{
  GstTryonHand hand;
  GstTryonHandRegion region;
  gdouble angle = 0.5 * (__i__ - 3), joint;
  guint i;

  make_hand (&hand, 300, 300, 100, angle, FALSE);
  for (i = 0; i < GST_TRYON_N_FINGERS; i++) {
    GstTryonPoint tip = hand.landmarks[4 * i + 4];
    GstTryonPoint up = { tip.x - hand.landmarks[4 * i + 3].x,
      tip.y - hand.landmarks[4 * i + 3].y
    };

    fail_unless (gst_tryon_nail_finger_region (&hand, i, &region));
    fail_unless (region.centre.x == tip.x && region.centre.y == tip.y);
    joint = hypot (up.x, up.y);
    /* sin, -cos is up in the crop */
    fail_unless (fabs (sin (region.rotation) - up.x / joint) < 1e-4);
    fail_unless (fabs (-cos (region.rotation) - up.y / joint) < 1e-4);
    fail_unless (fabs (region.size - 2 * GST_TRYON_NAIL_NET_MARGIN
            * MAX (joint, 22)) < 0.01);
  }
}

GST_END_TEST;

/* The back of a hand and its palm, of both hands, however they are turned; from the
 * side neither. */
GST_START_TEST (test_facing)
{
  GstTryonHand hand;
  gdouble angle = 0.5 * (__i__ - 3);
  gboolean mirrored;
  guint i;

  for (mirrored = FALSE; mirrored <= TRUE; mirrored++) {
    make_hand (&hand, 300, 300, 100, angle, mirrored);
    fail_unless (gst_tryon_nail_hand_facing (&hand) > 0.9, "%f",
        gst_tryon_nail_hand_facing (&hand));
    for (i = 0; i < GST_TRYON_N_FINGERS; i++)
      fail_unless (gst_tryon_nail_finger_prior (&hand, i, NULL) > 0.95);
    hand.handedness = 1 - hand.handedness;
    fail_unless (gst_tryon_nail_hand_facing (&hand) < -0.9);
    for (i = 1; i < GST_TRYON_N_FINGERS; i++)
      fail_unless (gst_tryon_nail_finger_prior (&hand, i, NULL) < 0.7);
    hand.handedness = 0.5;
    fail_unless (fabs (gst_tryon_nail_hand_facing (&hand)) < 0.01);
  }
  for (i = 0; i < GST_TRYON_N_LANDMARKS; i++)
    hand.landmarks[i].x = 300;
  hand.handedness = 1;
  fail_unless (fabs (gst_tryon_nail_hand_facing (&hand)) < 0.01);
}

GST_END_TEST;

/* Fingers that are bent to the palm show their nails on its side; those that point
 * at the camera show nothing; another hand may be in front. */
GST_START_TEST (test_prior)
{
  GstTryonHand hand, other;
  GstTryonFinger index = GST_TRYON_FINGER_INDEX;

  make_hand (&hand, 300, 300, 100, 0, FALSE);
  hand.handedness = 0.98;
  hand.landmarks[8].y = hand.landmarks[7].y + 20;
  fail_unless (gst_tryon_nail_finger_prior (&hand, index, NULL) > 0.95);

  make_hand (&hand, 300, 300, 100, 0, FALSE);
  hand.landmarks[8].y = hand.landmarks[7].y - 2;
  hand.landmarks[8].x = hand.landmarks[7].x;
  fail_unless (gst_tryon_nail_finger_prior (&hand, index, NULL) < 0.6);

  make_hand (&hand, 300, 300, 100, 0, FALSE);
  make_hand (&other, hand.landmarks[8].x, hand.landmarks[8].y + 50, 100, 0,
      FALSE);
  fail_unless (gst_tryon_nail_finger_prior (&hand, index, &other) < 0.95);
  fail_unless (gst_tryon_nail_finger_prior (&hand, index, &hand) > 0.95);
}

GST_END_TEST;

/* Landmarks that are no numbers, or all at one place. */
GST_START_TEST (test_bad_landmarks)
{
  static const gfloat bad[] = { NAN, INFINITY, -INFINITY, 1e30f };
  GstTryonHandRegion region;
  GstTryonHand hand;
  guint i, j, k;

  for (i = 0; i < G_N_ELEMENTS (bad); i++) {
    for (j = 0; j < GST_TRYON_N_LANDMARKS; j++) {
      make_hand (&hand, 300, 300, 100, 0, FALSE);
      hand.landmarks[j].x = bad[i];
      for (k = 0; k < GST_TRYON_N_FINGERS; k++) {
        gfloat prior = gst_tryon_nail_finger_prior (&hand, k, &hand);

        fail_unless (prior >= 0 && prior <= 1);
        if (j == 4 * k + 4)
          fail_unless (!gst_tryon_nail_finger_region (&hand, k, &region));
        else if (gst_tryon_nail_finger_region (&hand, k, &region))
          fail_unless (isfinite (region.size) && isfinite (region.rotation));
      }
    }
  }
  memset (&hand, 0, sizeof (hand));
  fail_unless (!gst_tryon_nail_finger_region (&hand, 0, &region));
  fail_unless (gst_tryon_nail_finger_prior (&hand, 0, NULL) == 0);
  fail_unless (gst_tryon_nail_hand_facing (&hand) == 0);
}

GST_END_TEST;

static Suite *
nailfinger_suite (void)
{
  Suite *s = suite_create ("nailfinger");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc, test_region, 0, 8);
  tcase_add_loop_test (tc, test_facing, 0, 8);
  tcase_add_test (tc, test_prior);
  tcase_add_test (tc, test_bad_landmarks);
  return s;
}

GST_CHECK_MAIN (nailfinger);

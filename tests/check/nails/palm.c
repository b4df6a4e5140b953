/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Palms from outputs of the detector that are made by hand. */

#include <gst/check/gstcheck.h>
#include <math.h>

#include "gsttryonhandmodels.h"
#include "gsttryonpalm.h"

#define N_NUMBERS 18

static gfloat boxes[GST_TRYON_PALM_ANCHORS * N_NUMBERS];
static gfloat scores[GST_TRYON_PALM_ANCHORS];
static GstTryonPalm palms[4];
static const GstTryonAffine identity = { 1, 0, 0, 0, 1, 0 };

static void
clear_outputs (void)
{
  guint i;

  memset (boxes, 0, sizeof (boxes));
  for (i = 0; i < GST_TRYON_PALM_ANCHORS; i++)
    scores[i] = -100;
}

/* The inverse of the logistic function. */
static gfloat
logit (gfloat score)
{
  return logf (score / (1 - score));
}

/* The keypoint k is @k pixels right and 2 k below of the box's middle. */
static void
set_anchor (guint i, gfloat score, gfloat x, gfloat y, gfloat size)
{
  guint k;

  scores[i] = logit (score);
  boxes[i * N_NUMBERS] = x;
  boxes[i * N_NUMBERS + 1] = y;
  boxes[i * N_NUMBERS + 2] = size;
  boxes[i * N_NUMBERS + 3] = 2 * size;
  for (k = 0; k < GST_TRYON_PALM_KEYPOINTS; k++) {
    boxes[i * N_NUMBERS + 4 + 2 * k] = x + k;
    boxes[i * N_NUMBERS + 5 + 2 * k] = y + 2 * k;
  }
}

static void
check_number (gfloat value, gfloat expected)
{
  fail_unless (fabsf (value - expected) < 2e-3f, "%f instead of %f", value,
      expected);
}

static void
check_palm (const GstTryonPalm * palm, gfloat score, gfloat x, gfloat y,
    gfloat size)
{
  guint k;

  check_number (palm->score, score);
  check_number (palm->centre.x, x);
  check_number (palm->centre.y, y);
  check_number (palm->width, size);
  check_number (palm->height, 2 * size);
  for (k = 0; k < GST_TRYON_PALM_KEYPOINTS; k++) {
    check_number (palm->keypoints[k].x, x + k);
    check_number (palm->keypoints[k].y, y + 2 * k);
  }
}

static guint
decode (gfloat threshold, guint max_palms)
{
  return gst_tryon_palm_decode (boxes, scores, threshold, &identity, palms,
      max_palms);
}

static const struct
{
  guint index;
  gfloat x, y;
} anchors[] = {
  {0, 4, 4}, {1, 4, 4}, {2, 12, 4}, {47, 188, 4}, {48, 4, 12}, {1151, 188, 188},
  {1152, 8, 8}, {1157, 8, 8}, {1158, 24, 8}, {1152 + 72, 8, 24},
  {2015, 184, 184},
};

GST_START_TEST (test_anchors)
{
  clear_outputs ();
  set_anchor (anchors[__i__].index, 0.8f, 1.5f, -2, 30);
  fail_unless_equals_int (decode (0.5f, 4), 1);
  check_palm (&palms[0], 0.8f, anchors[__i__].x + 1.5f, anchors[__i__].y - 2,
      30);
}

GST_END_TEST;

GST_START_TEST (test_threshold)
{
  clear_outputs ();
  set_anchor (7, 0.6f, 0, 0, 30);
  fail_unless_equals_int (decode (0.59f, 4), 1);
  fail_unless_equals_int (decode (0.61f, 4), 0);
  fail_unless_equals_int (decode (0.5f, 0), 0);
  clear_outputs ();
  fail_unless_equals_int (decode (0.5f, 4), 0);
}

GST_END_TEST;

/* Those at the same place become their mean, by weight, with the best one's score;
 * the surest comes first, and only as many as there is room for. */
GST_START_TEST (test_suppression)
{
  clear_outputs ();
  /* At 84, 84, and then 17 to the right: 23 of 57 are common. */
  set_anchor (2 * (10 * 24 + 10), 0.9f, 0, 0, 40);
  set_anchor (2 * (10 * 24 + 10) + 1, 0.6f, 17, 0, 40);
  /* Too far from it: 18 of 62. */
  set_anchor (2 * (10 * 24 + 12), 0.7f, 6, 0, 40);
  set_anchor (0, 0.95f, 0, 0, 20);
  fail_unless_equals_int (decode (0.5f, 4), 3);
  check_palm (&palms[0], 0.95f, 4, 4, 20);
  check_palm (&palms[1], 0.9f, 84 + 17 * 0.6f / 1.5f, 84, 40);
  check_palm (&palms[2], 0.7f, 106, 84, 40);
  fail_unless_equals_int (decode (0.5f, 2), 2);
  check_palm (&palms[0], 0.95f, 4, 4, 20);
}

GST_END_TEST;

/* From the square input to the frame that lies within it. */
GST_START_TEST (test_letterbox)
{
  GstTryonHandRegion region;
  GstTryonAffine affine;

  gst_tryon_palm_get_region (640, 480, GST_TRYON_PALM_VIEW_FAR, &region);
  gst_tryon_affine_init (&affine, &region, GST_TRYON_PALM_SIZE);
  clear_outputs ();
  /* The input's middle, 96, 96. */
  set_anchor (2 * (12 * 24 + 12), 0.9f, -4, -4, 48);
  fail_unless_equals_int (gst_tryon_palm_decode (boxes, scores, 0.5f, &affine,
          palms, 4), 1);
  check_number (palms[0].centre.x, 320);
  check_number (palms[0].centre.y, 240);
  check_number (palms[0].width, 160);
  check_number (palms[0].height, 320);
  check_number (palms[0].keypoints[6].x, 320 + 6 * 640.0f / 192);

  gst_tryon_palm_get_region (480, 640, GST_TRYON_PALM_VIEW_FAR, &region);
  gst_tryon_affine_init (&affine, &region, GST_TRYON_PALM_SIZE);
  gst_tryon_palm_decode (boxes, scores, 0.5f, &affine, palms, 4);
  check_number (palms[0].centre.x, 240);
  check_number (palms[0].centre.y, 320);

  /* A palm as large in the input is 2.8 times as large, at the same place. */
  gst_tryon_palm_get_region (480, 640, GST_TRYON_PALM_VIEW_NEAR, &region);
  gst_tryon_affine_init (&affine, &region, GST_TRYON_PALM_SIZE);
  gst_tryon_palm_decode (boxes, scores, 0.5f, &affine, palms, 4);
  check_number (palms[0].centre.x, 240);
  check_number (palms[0].centre.y, 320);
  check_number (palms[0].width, 2.8 * 160);
}

GST_END_TEST;

GST_START_TEST (test_damaged)
{
  static const gfloat values[] = { NAN, INFINITY, -INFINITY, 1e30f, -1e30f };
  guint i, j;

  for (i = 0; i < G_N_ELEMENTS (values); i++) {
    for (j = 0; j < N_NUMBERS; j++) {
      clear_outputs ();
      set_anchor (100, 0.9f, 0, 0, 30);
      set_anchor (1000, 0.8f, 0, 0, 30);
      boxes[100 * N_NUMBERS + j] = values[i];
      fail_unless_equals_int (decode (0.5f, 4), 1);
      check_number (palms[0].score, 0.8f);
    }
  }
  for (j = 2; j < 4; j++) {
    clear_outputs ();
    set_anchor (100, 0.9f, 0, 0, 30);
    boxes[100 * N_NUMBERS + j] = j == 2 ? 0 : 1e-30f;
    fail_unless_equals_int (decode (0.5f, 4), 0);
  }
  /* All of them, and with scores that are no numbers. */
  for (i = 0; i < GST_TRYON_PALM_ANCHORS; i++)
    set_anchor (i, 0.9f, 0, 0, 30);
  fail_unless_equals_int (decode (0.5f, 4), 4);
  for (i = 0; i < GST_TRYON_PALM_ANCHORS; i++)
    scores[i] = i % 2 ? NAN : -INFINITY;
  fail_unless_equals_int (decode (0, 4), 0);
  scores[5] = INFINITY;
  fail_unless_equals_int (decode (0.5f, 4), 1);
  check_number (palms[0].score, 1);
}

GST_END_TEST;

static Suite *
palm_suite (void)
{
  Suite *s = suite_create ("palm");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc, test_anchors, 0, G_N_ELEMENTS (anchors));
  tcase_add_test (tc, test_threshold);
  tcase_add_test (tc, test_suppression);
  tcase_add_test (tc, test_letterbox);
  tcase_add_test (tc, test_damaged);
  return s;
}

GST_CHECK_MAIN (palm);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The regions are those that MediaPipe's hand models were trained with: see
 * mediapipe/modules/hand_landmark/palm_detection_detection_to_roi.pbtxt and
 * hand_landmark_landmarks_to_roi.pbtxt, with their DetectionsToRectsCalculator,
 * HandLandmarksToRectCalculator and RectTransformationCalculator. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gsttryonhandregion.h"
#include "gsttryonfit.h"

#include <math.h>

#define WRIST 0
#define INDEX_JOINT 5           /* the first of a finger, at the palm */
#define MIDDLE_JOINT 9
#define RING_JOINT 13
#define LITTLE_JOINT 17

/* scale_x, scale_y; shift_y: parts of the box's height, against the fingers. */
#define PALM_SCALE 2.6f
#define PALM_SHIFT -0.5f
#define LANDMARKS_SCALE 2.0f
#define LANDMARKS_SHIFT -0.1f

#define SMALLEST 1.0f           /* pixels */
#define LARGEST 100000.0f

/* How a hand moves from frame to frame: rounds of least squares, each with less of what
 * does not fit; in hand scales, what does; what no hand does in a frame. */
#define MOVEMENT_ROUNDS 5
#define MOVEMENT_NOISE 0.03f
#define LEAST_AGREEMENT 0.4f    /* of all landmarks' weights */
#define MOST_GROWTH 1.4f
#define MOST_TURN 0.6f

/* So much that (from, to) points up in the region, -pi to pi. */
static gfloat
get_rotation (GstTryonPoint from, GstTryonPoint to)
{
  return atan2f (to.x - from.x, from.y - to.y);
}

static gboolean
set_region (GstTryonHandRegion * region, GstTryonPoint centre, gfloat size,
    gfloat rotation)
{
  /* NaN is neither more nor less. */
  if (!(size >= SMALLEST && size <= LARGEST) ||
      !(fabsf (centre.x) <= LARGEST && fabsf (centre.y) <= LARGEST) ||
      !isfinite (rotation))
    return FALSE;
  region->centre = centre;
  region->size = size;
  region->rotation = rotation;
  return TRUE;
}

gboolean
gst_tryon_hand_region_from_palm (const GstTryonPalm * palm,
    GstTryonHandRegion * region)
{
  gfloat rotation = get_rotation (palm->keypoints[GST_TRYON_PALM_WRIST],
      palm->keypoints[GST_TRYON_PALM_MIDDLE]);
  gfloat shift = PALM_SHIFT * palm->height;
  GstTryonPoint centre = {
    palm->centre.x - shift * sinf (rotation),
    palm->centre.y + shift * cosf (rotation)
  };

  if (!(palm->width > 0 && palm->height > 0))
    return FALSE;
  return set_region (region, centre,
      PALM_SCALE * MAX (palm->width, palm->height), rotation);
}

gboolean
gst_tryon_hand_region_from_landmarks (const GstTryonPoint * landmarks,
    GstTryonHandRegion * region)
{
  /* "A subset that is relatively more stable across frames": without the tips and
   * the joints next to them. */
  static const guint8 stable[] = { 0, 1, 2, 3, 5, 6, 9, 10, 13, 14, 17, 18 };
  GstTryonPoint centre, joints;
  gfloat rotation, c, s, x, y, width, height;
  gfloat left = INFINITY, right = -INFINITY, top = INFINITY;
  gfloat bottom = -INFINITY;
  guint i;

  /* MediaPipe's code calls them PIP, but counts among the subset: they are those at
   * the palm (MCP). */
  joints.x = (landmarks[INDEX_JOINT].x + landmarks[RING_JOINT].x) / 4 +
      landmarks[MIDDLE_JOINT].x / 2;
  joints.y = (landmarks[INDEX_JOINT].y + landmarks[RING_JOINT].y) / 4 +
      landmarks[MIDDLE_JOINT].y / 2;
  rotation = get_rotation (landmarks[WRIST], joints);
  c = cosf (rotation);
  s = sinf (rotation);

  /* The box around them that is turned so. */
  for (i = 0; i < G_N_ELEMENTS (stable); i++) {
    GstTryonPoint p = landmarks[stable[i]];

    x = p.x * c + p.y * s;
    y = p.y * c - p.x * s;
    if (!isfinite (x) || !isfinite (y))
      return FALSE;
    left = MIN (left, x);
    right = MAX (right, x);
    top = MIN (top, y);
    bottom = MAX (bottom, y);
  }
  width = right - left;
  height = bottom - top;
  x = (left + right) / 2;
  y = (top + bottom) / 2 + LANDMARKS_SHIFT * height;
  centre.x = x * c - y * s;
  centre.y = x * s + y * c;
  return set_region (region, centre, LANDMARKS_SCALE * MAX (width, height),
      rotation);
}

gfloat
gst_tryon_hand_region_overlap (const GstTryonHandRegion * a,
    const GstTryonHandRegion * b)
{
  gfloat half = (a->size + b->size) / 2, smaller = MIN (a->size, b->size);
  gfloat x = MIN (half - fabsf (a->centre.x - b->centre.x), smaller);
  gfloat y = MIN (half - fabsf (a->centre.y - b->centre.y), smaller);
  gfloat common = x > 0 && y > 0 ? x * y : 0;
  gfloat all = a->size * a->size + b->size * b->size - common;

  return all > 0 ? common / all : 0;
}

static gfloat
get_distance (GstTryonPoint a, GstTryonPoint b)
{
  return hypotf (a.x - b.x, a.y - b.y);
}

/* A palm is about 1.2 times as long as it is wide. */
gfloat
gst_tryon_hand_scale (const GstTryonPoint * landmarks)
{
  gfloat length = get_distance (landmarks[WRIST], landmarks[MIDDLE_JOINT]);
  gfloat width = get_distance (landmarks[INDEX_JOINT], landmarks[LITTLE_JOINT]);

  return MAX (length, 1.2f * width);
}

GstTryonPoint
gst_tryon_hand_centre (const GstTryonPoint * landmarks)
{
  GstTryonPoint w = landmarks[WRIST], i = landmarks[INDEX_JOINT];
  GstTryonPoint l = landmarks[LITTLE_JOINT];
  GstTryonPoint centre = { (w.x + i.x + l.x) / 3, (w.y + i.y + l.y) / 3 };

  return centre;
}

gfloat
gst_tryon_hand_distance (const GstTryonPoint * a, const GstTryonPoint * b)
{
  gfloat scale = MAX (gst_tryon_hand_scale (a), gst_tryon_hand_scale (b));
  gfloat sum = 0;
  guint i;

  for (i = 0; i < GST_TRYON_N_LANDMARKS; i++)
    sum += get_distance (a[i], b[i]);
  return scale > 0 ? sum / GST_TRYON_N_LANDMARKS / scale : INFINITY;
}

/* A similarity: u = a x - b y + u0, v = b x + a y + v0, around the middles. */
static void
fit_movement (const GstTryonPoint * from, const GstTryonPoint * to,
    const gfloat * weights, GstTryonPoint origin, GstTryonPoint target,
    gfloat unit, gfloat * unknowns)
{
  GstTryonFit fit;
  guint i;

  gst_tryon_fit_init (&fit, 4);
  for (i = 0; i < GST_TRYON_N_LANDMARKS; i++) {
    gfloat x = (from[i].x - origin.x) / unit, y = (from[i].y - origin.y) / unit;
    gfloat for_x[] = { x, -y, 1, 0 }, for_y[] = { y, x, 0, 1 };

    gst_tryon_fit_add (&fit, for_x, (to[i].x - target.x) / unit, weights[i]);
    gst_tryon_fit_add (&fit, for_y, (to[i].y - target.y) / unit, weights[i]);
  }
  gst_tryon_fit_solve (&fit, NULL, unknowns);
}

gboolean
gst_tryon_hand_get_movement (const GstTryonPoint * from,
    const GstTryonPoint * to, GstTryonAffine * movement)
{
  GstTryonPoint origin = gst_tryon_hand_centre (from);
  GstTryonPoint target = gst_tryon_hand_centre (to);
  gfloat unit = gst_tryon_hand_scale (from), weights[GST_TRYON_N_LANDMARKS];
  gfloat u[4] = { 0, }, size;
  gfloat sum = 0;
  guint round, i;

  if (!(unit > 1e-3f && unit < LARGEST))
    return FALSE;
  for (i = 0; i < GST_TRYON_N_LANDMARKS; i++)
    weights[i] = 1;
  for (round = 0; round < MOVEMENT_ROUNDS; round++) {
    fit_movement (from, to, weights, origin, target, unit, u);
    for (i = 0; i < GST_TRYON_N_LANDMARKS; i++) {
      gfloat x = (from[i].x - origin.x) / unit;
      gfloat y = (from[i].y - origin.y) / unit;
      gfloat off = hypotf (u[0] * x - u[1] * y + u[2]
          - (to[i].x - target.x) / unit,
          u[1] * x + u[0] * y + u[3] - (to[i].y - target.y) / unit)
          / MOVEMENT_NOISE;

      /* Cauchy's weights: fingers that leap, or move by themselves, hardly count. */
      weights[i] = 1 / (1 + off * off);
    }
  }
  for (i = 0; i < GST_TRYON_N_LANDMARKS; i++)
    sum += weights[i];
  size = hypotf (u[0], u[1]);
  if (!(sum > LEAST_AGREEMENT * GST_TRYON_N_LANDMARKS)
      || !(size > 1 / MOST_GROWTH && size < MOST_GROWTH)
      || !(fabsf (atan2f (u[1], u[0])) < MOST_TURN)
      || !(fabsf (u[2]) < 1 && fabsf (u[3]) < 1))
    return FALSE;
  movement->xx = movement->yy = u[0];
  movement->xy = -u[1];
  movement->yx = u[1];
  movement->x0 = target.x + u[2] * unit - u[0] * origin.x + u[1] * origin.y;
  movement->y0 = target.y + u[3] * unit - u[1] * origin.x - u[0] * origin.y;
  return isfinite (movement->x0) && isfinite (movement->y0);
}

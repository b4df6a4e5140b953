/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where to look for a finger's nail, and whether it can be seen at all. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gsttryonnailfinger.h"

#include <math.h>

#include "gsttryonhandregion.h"

/* As GST_TRYON_NAIL_NET_MARGIN, which the net is trained with. */
#define MARGIN 1.15f
/* A last joint is not taken as shorter than that part of the hand: one that points
 * at the camera has no length. */
#define SHORTEST_JOINT 0.22f

#define WRIST 0
#define INDEX_JOINT 5
#define LITTLE_JOINT 17

static GstTryonPoint
subtract (GstTryonPoint a, GstTryonPoint b)
{
  return (GstTryonPoint) {
  a.x - b.x, a.y - b.y};
}

static gfloat
get_length (GstTryonPoint a)
{
  return hypotf (a.x, a.y);
}

/* The landmark of @finger that is @n from its tip. */
static guint
get_joint (GstTryonFinger finger, guint n)
{
  return 4 * finger + 4 - n;
}

static gfloat
get_joint_length (const GstTryonHand * hand, GstTryonFinger finger)
{
  return get_length (subtract (hand->landmarks[get_joint (finger, 0)],
          hand->landmarks[get_joint (finger, 1)]));
}

gboolean
gst_tryon_nail_finger_region (const GstTryonHand * hand,
    GstTryonFinger finger, GstTryonHandRegion * region)
{
  GstTryonPoint tip = hand->landmarks[get_joint (finger, 0)];
  GstTryonPoint up = subtract (tip, hand->landmarks[get_joint (finger, 1)]);
  gfloat shortest = SHORTEST_JOINT * gst_tryon_hand_scale (hand->landmarks);

  region->centre = tip;
  region->size = 2.0f * MARGIN * MAX (get_length (up), shortest);
  region->rotation = atan2f (up.x, -up.y);
  /* NaN is neither more nor less. */
  return fabsf (tip.x) < 1e5f && fabsf (tip.y) < 1e5f && region->size > 1.0f
      && region->size < 1e5f && isfinite (region->rotation);
}

gfloat
gst_tryon_nail_hand_facing (const GstTryonHand * hand)
{
  const GstTryonPoint *l = hand->landmarks;
  GstTryonPoint a = subtract (l[INDEX_JOINT], l[WRIST]);
  GstTryonPoint b = subtract (l[LITTLE_JOINT], l[WRIST]);
  gfloat lengths = get_length (a) * get_length (b), sine;

  if (!(lengths > 1e-3f))
    return 0.0f;
  /* Of a right hand's back, fingers up, the index finger is left of the little
   * finger. In a mirror both are the other way around, and the product holds. The
   * angle between the two is about 40 degrees when seen from the front. */
  sine = (a.x * b.y - a.y * b.x) / lengths;
  return CLAMP (sine / 0.35f, -1.0f, 1.0f)
      * CLAMP (4.0f * (hand->handedness - 0.5f), -1.0f, 1.0f);
}

/* -1: its end points back to the palm, 1: straight. */
static gfloat
get_straightness (const GstTryonHand * hand, GstTryonFinger finger)
{
  const GstTryonPoint *l = hand->landmarks;
  GstTryonPoint first =
      subtract (l[get_joint (finger, 2)], l[get_joint (finger, 3)]);
  GstTryonPoint last =
      subtract (l[get_joint (finger, 0)], l[get_joint (finger, 1)]);
  gfloat lengths = get_length (first) * get_length (last);

  return lengths > 1e-3f ? (first.x * last.x + first.y * last.y) / lengths
      : 0.0f;
}

/* Within the palm's polygon. */
static gboolean
is_before_palm (const GstTryonHand * hand, GstTryonPoint p)
{
  static const guint8 corners[] = { 0, 1, 5, 9, 13, 17 };
  gboolean inside = FALSE;
  guint i, j;

  for (i = 0, j = G_N_ELEMENTS (corners) - 1; i < G_N_ELEMENTS (corners);
      j = i++) {
    GstTryonPoint a = hand->landmarks[corners[i]];
    GstTryonPoint b = hand->landmarks[corners[j]];

    if ((a.y > p.y) != (b.y > p.y)
        && p.x < a.x + (p.y - a.y) / (b.y - a.y) * (b.x - a.x))
      inside = !inside;
  }
  return inside;
}

gfloat
gst_tryon_nail_finger_prior (const GstTryonHand * hand, GstTryonFinger finger,
    const GstTryonHand * other)
{
  gfloat scale = gst_tryon_hand_scale (hand->landmarks), prior =
      1.0f, joint, palm;

  if (!(scale > 1e-3f))
    return 0.0f;
  /* Below a fifth of its usual length the finger points at the camera, or away from
   * it. */
  joint = get_joint_length (hand, finger) / (SHORTEST_JOINT * scale);
  prior *= 0.5f + 0.5f * CLAMP ((joint - 0.15f) / 0.35f, 0.0f, 1.0f);
  /* A thumb shows its nail from the side, whichever side of the hand is seen. */
  palm = MAX (-gst_tryon_nail_hand_facing (hand), 0.0f)
      * CLAMP (2.0f * get_straightness (hand, finger), 0.0f, 1.0f);
  prior *= 1.0f - (finger == GST_TRYON_FINGER_THUMB ? 0.2f : 0.4f) * palm;
  if (other != NULL
      && is_before_palm (other, hand->landmarks[get_joint (finger, 0)]))
    prior *= 0.85f;
  return prior > 0.0f ? prior : 0.0f;
}

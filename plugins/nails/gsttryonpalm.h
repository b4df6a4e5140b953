/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/tryon/gsttryonnailsmeta.h>

#include "gsttryoncrop.h"

G_BEGIN_DECLS

/* What the palm detector's numbers mean. Pure. */

/* Wrist, first joints of the index, middle, ring and little finger, then the two of
 * the thumb. */
#define GST_TRYON_PALM_KEYPOINTS 7
/* Of an anchor: x, y, width and height of the box, then x and y of each keypoint; in
 * pixels of the input, places from the anchor. */
#define GST_TRYON_PALM_NUMBERS (4 + 2 * GST_TRYON_PALM_KEYPOINTS)
#define GST_TRYON_PALM_WRIST 0
#define GST_TRYON_PALM_MIDDLE 2

/* In pixels of the frame. */
typedef struct
{
  gfloat score;                 /* how sure, 0 to 1 */
  GstTryonPoint centre;         /* of a box around the palm, without fingers */
  gfloat width, height;
  GstTryonPoint keypoints[GST_TRYON_PALM_KEYPOINTS];
} GstTryonPalm;

/**
 * GstTryonPalmView:
 * @GST_TRYON_PALM_VIEW_NEAR: the frame is small in the middle of the detector's input:
 *     for hands that fill it, or more than that
 * @GST_TRYON_PALM_VIEW_MIDDLE: it is larger
 * @GST_TRYON_PALM_VIEW_FAR: it is as large as it can be: for small hands
 *
 * How the detector is shown a frame. It misses palms that are large in its input, and
 * a hand held to a camera for its nails fills the picture: of 52 photographs of nails
 * (models lite, full) hands were found in 42, 46 with the near view, 42, 40 with the
 * middle one, 33, 33 with the far one, and 48, 47 with all three. The views are the best
 * three of eight on these photographs; there are no others that this was checked on.
 */
typedef enum
{
  GST_TRYON_PALM_VIEW_NEAR,
  GST_TRYON_PALM_VIEW_MIDDLE,
  GST_TRYON_PALM_VIEW_FAR
} GstTryonPalmView;

#define GST_TRYON_PALM_N_VIEWS 3

/* The whole frame within the detector's square input: in the middle, black where
 * there is none. */
void gst_tryon_palm_get_region (gint width, gint height, GstTryonPalmView view,
    GstTryonHandRegion * region);

/**
 * gst_tryon_palm_decode:
 * @boxes: GST_TRYON_PALM_ANCHORS x GST_TRYON_PALM_NUMBERS: the detector's first output
 * @scores: GST_TRYON_PALM_ANCHORS: its second one
 * @threshold: score from which on there is a palm, 0 to 1
 * @affine: of the crop that the detector was given; not turned
 * @palms: (out caller-allocates): the palms, the surest first
 * @max_palms: the size of @palms
 *
 * Detections that overlap are of the same palm, and become one at their weighted
 * mean. Those that hold NaN, infinity, or less than a pixel are ignored.
 *
 * Returns: how many palms there are
 */
guint gst_tryon_palm_decode (const gfloat * boxes, const gfloat * scores,
    gfloat threshold, const GstTryonAffine * affine, GstTryonPalm * palms,
    guint max_palms);

G_END_DECLS

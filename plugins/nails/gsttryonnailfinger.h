/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>
#include <gst/tryon/gsttryonnailsmeta.h>

G_BEGIN_DECLS

/* What the landmarks of a hand say of a finger's nail before it is looked for.
 * Pure. */

/**
 * gst_tryon_nail_finger_region:
 * @region: (out caller-allocates): the square to look for the nail in: the fingertip
 *     is its middle, the finger points up
 *
 * Returns: %FALSE when the landmarks are no numbers, or the finger has no size
 */
gboolean gst_tryon_nail_finger_region (const GstTryonHand * hand,
    GstTryonFinger finger, GstTryonHandRegion * region);

/* How well the finger shows its nail as far as its pose tells, 0 to 1: it is less
 * where it points at the camera, and in the palm's view while it is straight. Those
 * that may be seen all the same keep so much that a clear nail wins. @other:
 * (nullable): a hand that may be in front of it. */
gfloat gst_tryon_nail_finger_prior (const GstTryonHand * hand,
    GstTryonFinger finger, const GstTryonHand * other);

/* -1: the palm is seen, 1: the back, 0: from the side, or it cannot be told. */
gfloat gst_tryon_nail_hand_facing (const GstTryonHand * hand);

G_END_DECLS

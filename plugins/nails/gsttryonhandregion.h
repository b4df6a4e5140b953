/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/tryon/gsttryonnailsmeta.h>

#include "gsttryonpalm.h"

G_BEGIN_DECLS

/* Where the landmarks of a hand are looked for, and how hands relate. Pure. */

/* Both: FALSE, with nothing set, when the numbers are not finite, or make no region
 * of between 1 and 100000 pixels. */
gboolean gst_tryon_hand_region_from_palm (const GstTryonPalm * palm,
    GstTryonHandRegion * region);
/* @landmarks: GST_TRYON_N_LANDMARKS of them, in pixels of the frame. */
gboolean gst_tryon_hand_region_from_landmarks (const GstTryonPoint * landmarks,
    GstTryonHandRegion * region);

/* Intersection over union of two regions, as if they were not turned: 0 to 1. */
gfloat gst_tryon_hand_region_overlap (const GstTryonHandRegion * a,
    const GstTryonHandRegion * b);

/* The hand's size in pixels, nearly the same whether it is seen from above or from
 * its side, fist or open: about the length of the palm. */
gfloat gst_tryon_hand_scale (const GstTryonPoint * landmarks);
/* The middle of the palm. */
GstTryonPoint gst_tryon_hand_centre (const GstTryonPoint * landmarks);
/* How far two hands are from each other: the mean distance of their landmarks, as a
 * part of the larger one's scale. */
gfloat gst_tryon_hand_distance (const GstTryonPoint * a,
    const GstTryonPoint * b);
/* How a hand has moved as a whole, fingers that move by themselves or whose landmarks
 * leap being left out: turned, scaled and shifted. FALSE: not that it could be told. */
gboolean gst_tryon_hand_get_movement (const GstTryonPoint * from,
    const GstTryonPoint * to, GstTryonAffine * movement);

G_END_DECLS

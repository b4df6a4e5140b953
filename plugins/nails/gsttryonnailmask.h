/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gsttryonnailcontour.h"

G_BEGIN_DECLS

/* From what the nail net says of a crop to the nail that is in it. Pure. */

/* The crop's side; GST_TRYON_NAIL_NET_SIZE without XNNPACK's header. */
#define GST_TRYON_NAIL_MASK_SIZE 64

/**
 * gst_tryon_nail_mask_measure:
 * @logits: of GST_TRYON_NAIL_MASK_SIZE rows of as many, over 0 for a nail's pixels;
 *     any values, also NaN
 * @contour: (out caller-allocates): in the crop's pixels, the finger points up
 *
 * Returns: how sure it is, 0 to 1, that this is a nail and all of it; at 0 @contour is
 *     not set
 */
gfloat gst_tryon_nail_mask_measure (const gfloat * logits,
    GstTryonNailContour * contour);

G_END_DECLS

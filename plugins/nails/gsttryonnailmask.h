/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>
#include <gst/tryon/gsttryonnailsmeta.h>

G_BEGIN_DECLS

/* From what the nail net says of a crop to the nail that is in it. Pure. */

/* The crop's side; GST_TRYON_NAIL_NET_SIZE without XNNPACK's header. */
#define GST_TRYON_NAIL_MASK_SIZE 64

/**
 * GstTryonNailForm:
 * @centre: the centroid of its area
 * @angle: of its axis from the root to the tip, radians, clockwise as seen, 0 is up
 * @size: square root of its area, pixels
 * @radii: from @centre to the outline, in @size, in the directions of
 *     gst_tryon_nail_direction()
 *
 * Where a nail is, and its shape apart from that: what is measured, moved and
 * smoothed.
 */
typedef struct
{
  GstTryonPoint centre;
  gfloat angle;
  gfloat size;
  gfloat radii[GST_TRYON_NAIL_OUTLINE];
} GstTryonNailForm;

/* Directions are those of an ellipse of this width and length, so that a nail's
 * sides and ends get their share of the corners. It is the same for all nails:
 * corners do not slide along the outline when the shape changes. */
#define GST_TRYON_NAIL_ASPECT 0.75f

/* From the centre to corner @index, @axis being up and @across right: (x, y) is
 * x times @across and y times @axis. 0: the tip; then clockwise. */
GstTryonPoint gst_tryon_nail_direction (guint index);

/* Fills in centre, axis, length, width and outline. */
void gst_tryon_nail_form_apply (const GstTryonNailForm * form,
    GstTryonNail * nail);

/**
 * gst_tryon_nail_mask_measure:
 * @logits: of GST_TRYON_NAIL_MASK_SIZE rows of as many, over 0 for a nail's pixels;
 *     any values, also NaN
 * @form: (out caller-allocates): in the crop's pixels, the finger points up
 *
 * Returns: how sure it is, 0 to 1, that this is a nail and all of it; at 0 @form is
 *     not set
 */
gfloat gst_tryon_nail_mask_measure (const gfloat * logits,
    GstTryonNailForm * form);

G_END_DECLS

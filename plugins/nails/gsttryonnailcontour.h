/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gsttryoncrop.h"

G_BEGIN_DECLS

/* A nail as it is measured, moved and smoothed. Pure. */

/**
 * GstTryonNailContour:
 * @centre: of the contour: the centroid of its area as it is measured
 * @angle: of its axis from the root to the tip, radians, clockwise as seen, 0 is up
 * @size: square root of its area as it is measured, pixels
 * @radii: from @centre to the edge, in @size, in the directions of
 *     gst_tryon_nail_contour_direction()
 *
 * Where a nail is, and its shape apart from that.
 */
typedef struct
{
  GstTryonPoint centre;
  gfloat angle;
  gfloat size;
  gfloat radii[GST_TRYON_NAIL_OUTLINE];
} GstTryonNailContour;

/* Directions are those of an ellipse of this width and length, so that a nail's
 * sides and ends get their share of the corners. It is the same for all nails:
 * corners do not slide along the outline when the shape changes. */
#define GST_TRYON_NAIL_ASPECT 0.75f

/* From the centre to corner @index, @axis being up and @across right: (x, y) is
 * x times @across and y times @axis. 0: the tip; then clockwise. */
GstTryonPoint gst_tryon_nail_contour_direction (guint index);

/* Whether all of it are numbers that can be reckoned with. */
gboolean gst_tryon_nail_contour_is_sane (const GstTryonNailContour * contour);

/* Moves it by @affine, a similarity. */
void gst_tryon_nail_contour_move (GstTryonNailContour * contour,
    const GstTryonAffine * affine);

/**
 * gst_tryon_nail_contour_rebase:
 * @contour: told anew by @centre, @angle and @size, its edge where it was; smooth, as
 *     what lies between the directions is taken to be
 * @centre: from where all of the edge is in sight
 * @angle: as the contour's
 * @size: as the contour's, over 0
 *
 * Returns: %FALSE when @centre is not well within the edge; then @contour stays
 */
gboolean gst_tryon_nail_contour_rebase (GstTryonNailContour * contour,
    GstTryonPoint centre, gfloat angle, gfloat size);

/* Fills in centre, axis, length, width and outline. */
void gst_tryon_nail_contour_apply (const GstTryonNailContour * contour,
    GstTryonNail * nail);

G_END_DECLS

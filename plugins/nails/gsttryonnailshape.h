/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gsttryondesign.h"

G_BEGIN_DECLS

/* From a nail as it was found to the one that is drawn: its outline, and coordinates
 * on its surface. Pure. All results follow the nail's outline, the axis and the
 * length without jumps. */

/* Corners of a form's outline on each side, from the tip: of what the shape gives,
 * and of the nail's own from there to the root. */
#define GST_TRYON_NAIL_FORM_TIP 29
#define GST_TRYON_NAIL_FORM_BODY 20
#define GST_TRYON_NAIL_FORM_CORNERS \
  (2 * (GST_TRYON_NAIL_FORM_TIP + GST_TRYON_NAIL_FORM_BODY))
#define GST_TRYON_NAIL_FORM_STATIONS 65

/* How it is at some height above the root. */
typedef struct
{
  gfloat left, right;           /* the outline: pixels beside the axis, left < 0 */
  gfloat slant;                 /* cosine of the angle from the axis to the outline */
  gfloat middle, half;          /* where u is 0, pixels beside the axis; half width */
} GstTryonNailStation;

typedef struct
{
  GstTryonPoint root;           /* on the axis */
  GstTryonPoint axis;           /* unit vector from the root to the tip */
  GstTryonPoint side;           /* unit vector, to the right of @axis as seen */
  gfloat length;                /* pixels, with what has been grown */
  gfloat own_length;            /* pixels, of the nail itself */
  gfloat half_width;            /* pixels, at the middle of the nail itself */
  GstTryonPoint corners[GST_TRYON_NAIL_FORM_CORNERS];   /* clockwise as seen */
  /* At v = 0, 1/64, 2/64 ... 1: of the form, and of the nail itself. */
  GstTryonNailStation stations[GST_TRYON_NAIL_FORM_STATIONS];
  GstTryonNailStation own[GST_TRYON_NAIL_FORM_STATIONS];
} GstTryonNailForm;

/* FALSE for a nail that can't be drawn: not finite, too large, smaller than a
 * pixel. @length: nail lengths to add, 0..2 (others are taken as the nearest). */
gboolean gst_tryon_nail_form_init (GstTryonNailForm * form,
    const GstTryonNail * nail, GstTryonNailShape shape, gfloat length);

/* The station at @v of @stations, between two of them. */
static inline GstTryonNailStation
gst_tryon_nail_station_at (const GstTryonNailStation * stations, gfloat v)
{
  gfloat place = CLAMP (v, 0, 1) * (GST_TRYON_NAIL_FORM_STATIONS - 1);
  gint i = MIN ((gint) place, GST_TRYON_NAIL_FORM_STATIONS - 2);
  const GstTryonNailStation *a = &stations[i], *b = a + 1;
  gfloat share = place - i;
  GstTryonNailStation station;

  station.left = a->left + share * (b->left - a->left);
  station.right = a->right + share * (b->right - a->right);
  station.slant = a->slant + share * (b->slant - a->slant);
  station.middle = a->middle + share * (b->middle - a->middle);
  station.half = a->half + share * (b->half - a->half);
  return station;
}

/* Coordinates on the surface: u from -1 (left) over 0 (middle) to 1 (right), v from
 * 0 (root) to 1 (tip of the form). They go on outside of it. */
void gst_tryon_nail_form_locate (const GstTryonNailForm * form,
    GstTryonPoint point, gfloat * u, gfloat * v);
GstTryonPoint gst_tryon_nail_form_place (const GstTryonNailForm * form,
    gfloat u, gfloat v);

G_END_DECLS

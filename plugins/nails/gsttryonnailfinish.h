/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gsttryonnaillight.h"
#include "gsttryonnailsurface.h"

G_BEGIN_DECLS

/* A design's colour in the light of a nail: what it looks like. Pure. */

typedef struct
{
  const GstTryonNailForm *form;
  const GstTryonNailSurface *surface;
  GstTryonNailLight light;
  GstTryonNailFinish finish;
  gfloat exposure;              /* of the scene, about 1 */
  GstTryonNailColour bare;      /* a free edge without varnish */
  GstTryonNailColour white;     /* of highlights */
} GstTryonNailPaint;

/* Pixels of a row, one after the other. */
typedef struct
{
  gfloat c[3][GST_TRYON_NAIL_SPAN];     /* components times cover */
  gfloat cover[GST_TRYON_NAIL_SPAN];    /* of what was there, 0 to 1 */
} GstTryonNailSpan;

/**
 * gst_tryon_nail_paint_span:
 * @x: of the middle of the first pixel
 * @n: how many, at most GST_TRYON_NAIL_SPAN
 * @luma: that the frame has there, 0 to 1
 * @coverage: of the pixels by the form
 * @span: (out caller-allocates): what is to be seen
 */
void gst_tryon_nail_paint_span (const GstTryonNailPaint * paint, gfloat x,
    gfloat y, guint n, const gfloat * luma, const gfloat * coverage,
    GstTryonNailSpan * span);

G_END_DECLS

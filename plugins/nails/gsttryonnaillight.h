/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/video/video.h>

#include "gsttryonnailshape.h"

G_BEGIN_DECLS

/* The light on a nail, told from its own pixels, whatever its colour is. Pure. */

/* Reads the luma of a frame's pixels, 0 to 1, whatever its format. */
typedef struct
{
  const guint8 *data[3];        /* the luma, or red, green and blue */
  gint stride, step;            /* bytes from row to row, from pixel to pixel */
  gint width, height;
  gboolean is_rgb;
  gfloat weights[3];            /* of red, green and blue, or of luma */
  gfloat offset;
} GstTryonLuma;

/* The nail is looked at in a grid of places, and only within its borders: these are
 * skin as often as not. */
#define GST_TRYON_NAIL_LIGHT_COLUMNS 12
#define GST_TRYON_NAIL_LIGHT_ROWS 16

typedef struct
{
  gfloat mean;                  /* luma without highlights; 0 to 1 */
  /* Luma without highlights = sum of these times 1, u, u2, w, u w, w2, where w is
   * -1 at the nail's own root and 1 at its own tip. */
  gfloat terms[6];
  gfloat highlights;            /* share of the nail that they cover, 0 to 1 */
  gfloat lean;                  /* where light comes from: -1 left to 1 right */
  /* For each place of the grid, from the root on, left to right: how much its
   * surroundings are brighter, and how far what is still brighter than these is to be
   * trusted to be a highlight, 0 to 1. */
  gfloat around[GST_TRYON_NAIL_LIGHT_ROWS][GST_TRYON_NAIL_LIGHT_COLUMNS][2];
} GstTryonNailLight;

/* @frame: of one of GST_TRYON_CROP_FORMATS */
void gst_tryon_luma_init (GstTryonLuma * luma, const GstVideoFrame * frame);

void gst_tryon_nail_light_measure (GstTryonNailLight * light,
    const GstTryonLuma * luma, const GstTryonNailForm * form);

/* Inside of the frame. */
static inline gfloat
gst_tryon_luma_at (const GstTryonLuma * luma, gint x, gint y)
{
  gsize place = (gsize) y * luma->stride + (gsize) x * luma->step;

  if (!luma->is_rgb)
    return luma->data[0][place] * luma->weights[0] + luma->offset;
  return luma->data[0][place] * luma->weights[0] +
      luma->data[1][place] * luma->weights[1] +
      luma->data[2][place] * luma->weights[2] + luma->offset;
}

/* The luma that the nail has there without highlights. @w: -1 to 1. */
static inline gfloat
gst_tryon_nail_light_at (const GstTryonNailLight * light, gfloat u, gfloat w)
{
  const gfloat *t = light->terms;

  return t[0] + u * (t[1] + t[2] * u + t[4] * w) + w * (t[3] + t[5] * w);
}

/* The highlight at a pixel of that @luma, as a share of white that is laid over.
 * @smooth: gst_tryon_nail_light_at()'s */
gfloat gst_tryon_nail_light_get_highlight (const GstTryonNailLight * light,
    gfloat u, gfloat w, gfloat smooth, gfloat luma);

G_END_DECLS

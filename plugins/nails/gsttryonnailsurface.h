/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gsttryonnailshape.h"

G_BEGIN_DECLS

/* The colour of a design at each place of a nail, without any light. Pure. */

/* A colour in the components of a frame: RGB, or Y (0 to 1), Cb and Cr (-0.5 to
 * 0.5). */
typedef struct
{
  gfloat c[3];
  gfloat cover;                 /* how much of the nail it covers, 0 to 1 */
  gfloat peak;                  /* the largest of red, green and blue */
} GstTryonNailColour;

/* From RGB to the components of a frame. */
typedef struct
{
  gfloat m[3][3];
} GstTryonNailMatrix;

/* Pixels of a row that are painted together. */
#define GST_TRYON_NAIL_SPAN 64

/* A texture at full size, and halved again and again: nails are mostly smaller than
 * textures, which must not glitter when they move. */
#define GST_TRYON_NAIL_LEVELS 5

typedef struct
{
  GstTryonNailTexture *texture; /* (nullable) (owned) */
  guint8 *levels[GST_TRYON_NAIL_LEVELS];        /* the first is the texture's own */
} GstTryonNailPyramid;

typedef struct
{
  GstTryonNailPattern pattern;
  GstTryonNailMatrix matrix;
  GstTryonNailColour colours[2];
  const GstTryonNailPyramid *pyramid;   /* for the pattern reference */
  gfloat level;                 /* of the pyramid, with what is between two */
  gfloat smile;                 /* v of a french tip's line, in the middle */
  gfloat smile_depth;           /* how much lower it is at the sides */
  gfloat smile_blur;            /* half of its softness */
} GstTryonNailSurface;

/* @argb: 0xAARRGGBB */
void gst_tryon_nail_colour_set_argb (GstTryonNailColour * colour,
    const GstTryonNailMatrix * matrix, guint32 argb);

void gst_tryon_nail_pyramid_clear (GstTryonNailPyramid * pyramid);
/* Does nothing when it has that texture already. */
void gst_tryon_nail_pyramid_set_texture (GstTryonNailPyramid * pyramid,
    GstTryonNailTexture * texture);

/* @pyramid: (nullable): the finger's texture; valid as long as @surface is used */
void gst_tryon_nail_surface_init (GstTryonNailSurface * surface,
    const GstTryonDesign * design, const GstTryonNailForm * form,
    const GstTryonNailMatrix * matrix, const GstTryonNailPyramid * pyramid);
/* At @n places, at most GST_TRYON_NAIL_SPAN; the members of GstTryonNailColour, one
 * array each. */
void gst_tryon_nail_surface_span (const GstTryonNailSurface * surface, guint n,
    const gfloat * u, const gfloat * v, gfloat (*c)[GST_TRYON_NAIL_SPAN],
    gfloat * cover, gfloat * peak);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/video/video.h>
#include <gst/tryon/gsttryonnailsmeta.h>

G_BEGIN_DECLS

/* What is drawn on nails. */

typedef enum
{
  GST_TRYON_NAIL_SHAPE_NATURAL,         /* as the nail is */
  GST_TRYON_NAIL_SHAPE_ROUND,
  GST_TRYON_NAIL_SHAPE_SQUARE,
  GST_TRYON_NAIL_SHAPE_ALMOND,
  GST_TRYON_NAIL_SHAPE_COFFIN,
  GST_TRYON_NAIL_SHAPE_STILETTO
} GstTryonNailShape;

typedef enum
{
  GST_TRYON_NAIL_PATTERN_REFERENCE,     /* the reference image's, solid without one */
  GST_TRYON_NAIL_PATTERN_SOLID,
  GST_TRYON_NAIL_PATTERN_FRENCH,
  GST_TRYON_NAIL_PATTERN_OMBRE
} GstTryonNailPattern;

typedef enum
{
  GST_TRYON_NAIL_FINISH_GLOSS,
  GST_TRYON_NAIL_FINISH_MATTE,
  GST_TRYON_NAIL_FINISH_CHROME
} GstTryonNailFinish;

/* A nail's surface, rectified: RGBA, row 0 is the tip, the last one the root; what
 * the shape leaves uncovered is filled from its neighbours, opaque. */
#define GST_TRYON_NAIL_TEXTURE_WIDTH 96
#define GST_TRYON_NAIL_TEXTURE_HEIGHT 128

typedef struct
{
  gint ref_count;               /* atomic */
  guint8 rgba[GST_TRYON_NAIL_TEXTURE_HEIGHT * GST_TRYON_NAIL_TEXTURE_WIDTH * 4];
} GstTryonNailTexture;

/* Plain data; one thread at a time. */
typedef struct
{
  GstTryonNailShape shape;
  gfloat length;                /* of the free edge that is added, in nail lengths, 0..2 */
  GstTryonNailPattern pattern;
  /* 0xAARRGGBB; alpha: how much covers the nail. Of all of a solid nail, a french
   * one's base, an ombre at the root. A grown free edge is always opaque: where the
   * colour is not, a bare nail is beneath. */
  guint32 color;
  guint32 color2;               /* of a french nail's tip, an ombre at the tip */
  GstTryonNailFinish finish;
  /* (nullable) (owned): what a reference image shows for each finger. */
  GstTryonNailTexture *textures[GST_TRYON_N_FINGERS];
} GstTryonDesign;

void gst_tryon_design_init (GstTryonDesign * design);
void gst_tryon_design_clear (GstTryonDesign * design);
void gst_tryon_design_set_texture (GstTryonDesign * design,
    GstTryonFinger finger, GstTryonNailTexture * texture);

GType gst_tryon_nail_shape_get_type (void);
GType gst_tryon_nail_pattern_get_type (void);
GType gst_tryon_nail_finish_get_type (void);

GstTryonNailTexture *gst_tryon_nail_texture_new (void);
GstTryonNailTexture *gst_tryon_nail_texture_ref (GstTryonNailTexture * texture);
void gst_tryon_nail_texture_unref (GstTryonNailTexture * texture);

G_END_DECLS

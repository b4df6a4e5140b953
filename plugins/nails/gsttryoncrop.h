/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/video/video.h>
#include <gst/tryon/gsttryonnailsmeta.h>

G_BEGIN_DECLS

/* Squares of a frame, turned and scaled, as a network wants them. Pure. */

/* Maps a place in the crop (in its pixels; the middle of its first is 0.5, 0.5) to
 * one in the frame: x' = xx x + xy y + x0, y' = yx x + yy y + y0. */
typedef struct
{
  gfloat xx, xy, x0;
  gfloat yx, yy, y0;
} GstTryonAffine;

/* Of the turned square to a crop of @n x @n; of nothing (0, 0, ...) when @n is 0. */
void gst_tryon_affine_init (GstTryonAffine * affine,
    const GstTryonHandRegion * region, guint n);
GstTryonPoint gst_tryon_affine_apply (const GstTryonAffine * affine,
    GstTryonPoint point);
/* (0, 0) for an affine that has no inverse. */
GstTryonPoint gst_tryon_affine_apply_inverse (const GstTryonAffine * affine,
    GstTryonPoint point);

/* The formats that crops can be made of, and nails drawn in. */
#define GST_TRYON_CROP_FORMATS "{ I420, YV12, NV12, A420, RGB, BGR, RGBA, BGRA, " \
    "RGBx, BGRx, xRGB, xBGR, ARGB, ABGR }"

/* @rgb: 3 floats 0..1 for each of @n x @n pixels, bilinear; what is outside of the
 * frame is black, and so is all when @affine holds NaN or infinity. The colours are
 * R'G'B' by the matrix and the range of the frame's colorimetry (BT.601 where it says
 * none); chroma lies where the frame's chroma-site says, in the middle of its pixels
 * where that is unknown. Alpha is ignored. Any thread. */
void gst_tryon_crop (const GstVideoFrame * frame, const GstTryonAffine * affine,
    guint n, gfloat * rgb);

/* Makes crops that are smaller than what they show. Bilinear samples alone would skip
 * pixels then, and what the networks see would change with the camera's noise and
 * with each move: they read from halved planes instead, which are kept for the crops
 * of a frame. On photographs scaled to 640x480 the palms of 39 instead of 35 were
 * found, and the landmarks' jitter was a third less. One thread at a time. */

typedef struct _GstTryonCropper GstTryonCropper;

GstTryonCropper *gst_tryon_cropper_new (void);
void gst_tryon_cropper_free (GstTryonCropper * cropper);
/* @frame: (nullable): (transfer none): it must stay mapped until another one is set,
 * and may not change meanwhile. */
void gst_tryon_cropper_set_frame (GstTryonCropper * cropper,
    const GstVideoFrame * frame);
/* As gst_tryon_crop(); black when there is no frame. */
void gst_tryon_cropper_crop (GstTryonCropper * cropper,
    const GstTryonAffine * affine, guint n, gfloat * rgb);
/* Only how light it is, as the frame has it (of RGB, how green), 0 to 255: @n x @n
 * values. What is outside of the frame is as its edge; all is 0 as above. */
void gst_tryon_cropper_luma (GstTryonCropper * cropper,
    const GstTryonAffine * affine, guint n, gfloat * luma);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstTryonCropper, gst_tryon_cropper_free)

G_END_DECLS

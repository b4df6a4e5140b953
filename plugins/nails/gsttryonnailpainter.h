/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gsttryondesign.h"

G_BEGIN_DECLS

/* Draws nails into a frame: only the pixels of nails are touched. Keeps its buffers
 * from frame to frame; one thread at a time. */

typedef struct _GstTryonNailPainter GstTryonNailPainter;

GstTryonNailPainter *gst_tryon_nail_painter_new (void);
void gst_tryon_nail_painter_free (GstTryonNailPainter * painter);

/* @frame: mapped for reading and writing, of one of GST_TRYON_CROP_FORMATS. */
void gst_tryon_nail_painter_paint (GstTryonNailPainter * painter,
    GstVideoFrame * frame, const GstTryonNail * nails, guint n_nails,
    const GstTryonDesign * design);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstTryonNailPainter, gst_tryon_nail_painter_free)

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/video/video.h>

/* Which colours the numbers in a WebP stand for, and frames made so. */

G_BEGIN_DECLS

/* Says of @info, whose format is set, what libwebp takes and gives in it. */
void gst_tryon_webp_set_colorimetry (GstVideoInfo * info);

/**
 * GstTryonWebpImporter:
 * @info: the input as libwebp takes it
 *
 * Gives libwebp frames that it can read as they are: the input's own where
 * that is possible, else copies. Zero it to start. Not thread safe.
 */
typedef struct {
  GstVideoInfo info;
  /*< private >*/
  GstVideoConverter *converter;
  gboolean is_full_range;
  GstBuffer *scratch;
} GstTryonWebpImporter;

/* Prepares for frames of @input. %FALSE when they can't be converted. */
gboolean gst_tryon_webp_importer_set_input (GstTryonWebpImporter * importer,
                                            const GstVideoInfo * input);
void     gst_tryon_webp_importer_clear (GstTryonWebpImporter * importer);
/* Whether @frame, mapped with the input's info, goes to libwebp as it is. */
gboolean gst_tryon_webp_importer_is_direct (GstTryonWebpImporter * importer,
                                            const GstVideoFrame * frame);
/* Maps to @copy what libwebp may have in place of @frame; unmap it before the
 * next one. */
gboolean gst_tryon_webp_importer_copy (GstTryonWebpImporter * importer,
                                       GstVideoFrame * frame,
                                       GstVideoFrame * copy);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/tryon/tryon-prelude.h>

/* What an encoded image is, told from its bytes without decoding any. Pure, for
 * any thread. The functions are documented where they are defined. */

G_BEGIN_DECLS

typedef enum {
  GST_TRYON_IMAGE_FORMAT_UNKNOWN,
  GST_TRYON_IMAGE_FORMAT_WEBP,
  GST_TRYON_IMAGE_FORMAT_JPEG,
  GST_TRYON_IMAGE_FORMAT_PNG,
} GstTryonImageFormat;

/**
 * GstTryonImageInfo:
 * @format: the file format
 * @width: pixels, at least 1
 * @height: pixels, at least 1
 * @has_alpha: it may have transparent pixels
 * @is_animated: it has more than one picture
 */
typedef struct {
  GstTryonImageFormat format;
  guint width;
  guint height;
  gboolean has_alpha;
  gboolean is_animated;
} GstTryonImageInfo;

GST_TRYON_API gboolean gst_tryon_image_info_parse (const guint8 * data, gsize size,
                                                   GstTryonImageInfo * info, GError ** error);
GST_TRYON_API gboolean gst_tryon_image_info_check_complete (const GstTryonImageInfo * info,
                                                            const guint8 * data, gsize size,
                                                            GError ** error);
GST_TRYON_API guint gst_tryon_image_info_get_orientation (const GstTryonImageInfo * info,
                                                          const guint8 * data, gsize size);
GST_TRYON_API const gchar * gst_tryon_image_format_get_media_type (GstTryonImageFormat format);

G_END_DECLS

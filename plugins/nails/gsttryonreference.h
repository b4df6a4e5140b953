/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gsttryondesign.h"
#include "gsttryonhandmodels.h"

G_BEGIN_DECLS

/* From a picture of a design to the textures of nails. */

#define GST_TRYON_REFERENCE_ERROR (gst_tryon_reference_error_quark ())
GQuark gst_tryon_reference_error_quark (void);

/**
 * GstTryonReferenceError:
 * @GST_TRYON_REFERENCE_ERROR_IMAGE: it is no image, or a damaged or an empty one
 * @GST_TRYON_REFERENCE_ERROR_LIMIT: it is larger than is taken
 * @GST_TRYON_REFERENCE_ERROR_MISSING: the decoder for it is not installed
 */
typedef enum
{
  GST_TRYON_REFERENCE_ERROR_IMAGE,
  GST_TRYON_REFERENCE_ERROR_LIMIT,
  GST_TRYON_REFERENCE_ERROR_MISSING
} GstTryonReferenceError;

/**
 * gst_tryon_reference_take:
 * @image: an encoded image: WebP, JPEG or PNG
 * @palm: (nullable): %NULL: take it as a swatch
 * @landmarks: (nullable): as @palm
 * @nail_net: (nullable): as @palm
 * @textures: (out caller-allocates): GST_TRYON_N_FINGERS of them, each (transfer full)
 * @found: (out) (optional): how many nails the image shows, 0 for a swatch
 *
 * At most 8 MiB and 4096 pixels a side; upright, as its EXIF has it. Where it shows
 * hands, their nails are taken over finger by finger; a finger without a nail gets
 * that of the next one that has. Else the whole picture is a swatch. Takes up to some
 * hundred milliseconds: not for a streaming thread. Any thread.
 */
gboolean gst_tryon_reference_take (GBytes * image, GstTryonNetPool * palm,
    GstTryonNetPool * landmarks, GstTryonNetPool * nail_net,
    GstTryonNailTexture ** textures, guint * found, GError ** error);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/video/video.h>

G_BEGIN_DECLS

/* Decodes a single picture that somebody has sent. */

#define GST_TRYON_PICTURE_MAX_BYTES (8 * 1024 * 1024)
#define GST_TRYON_PICTURE_MAX_SIDE 4096

/* (transfer full): an RGBA picture of @image (WebP, JPEG or PNG), with its caps;
 * %NULL with GST_TRYON_REFERENCE_ERROR. Upright, where the file's EXIF says how it was
 * taken. Its format and size are checked before anything is decoded. Any thread. */
GstSample *gst_tryon_picture_decode (GBytes * image, GError ** error);

G_END_DECLS

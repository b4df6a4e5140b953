/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Not installed: what an image's EXIF says of it. */

/* EXIF begins with it in a JPEG's segment; it ends with two bytes of 0. */
#define GST_TRYON_EXIF_PREFIX "Exif\0"

/* 1 to 8, as EXIF numbers them; 1, which is upright, for whatever is no EXIF or says
 * no such thing. With or without the prefix. */
guint gst_tryon_exif_get_orientation (const guint8 * data, gsize size);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/video/gstvideodecoder.h>

G_BEGIN_DECLS

#define GST_TYPE_TRYON_WEBP_DEC (gst_tryon_webp_dec_get_type ())
G_DECLARE_FINAL_TYPE (GstTryonWebpDec, gst_tryon_webp_dec, GST, TRYON_WEBP_DEC,
    GstVideoDecoder)

G_END_DECLS

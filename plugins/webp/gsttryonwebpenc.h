/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/video/gstvideoencoder.h>

G_BEGIN_DECLS

#define GST_TYPE_TRYON_WEBP_ENC (gst_tryon_webp_enc_get_type ())
G_DECLARE_FINAL_TYPE (GstTryonWebpEnc, gst_tryon_webp_enc, GST, TRYON_WEBP_ENC,
    GstVideoEncoder)

G_END_DECLS

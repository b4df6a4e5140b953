/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/video/gstvideofilter.h>

G_BEGIN_DECLS

#define GST_TYPE_TRYON_NAILS (gst_tryon_nails_get_type ())
G_DECLARE_FINAL_TYPE (GstTryonNails, gst_tryon_nails, GST, TRYON_NAILS,
    GstVideoFilter);

G_END_DECLS

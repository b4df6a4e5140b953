/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/base/gstbasetransform.h>

G_BEGIN_DECLS

#define GST_TYPE_TRYON_THROTTLE (gst_tryon_throttle_get_type ())
G_DECLARE_FINAL_TYPE (GstTryonThrottle, gst_tryon_throttle, GST, TRYON_THROTTLE, GstBaseTransform)

G_END_DECLS

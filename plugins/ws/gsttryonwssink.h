/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/base/gstbasesink.h>

G_BEGIN_DECLS

#define GST_TYPE_TRYON_WS_SINK (gst_tryon_ws_sink_get_type ())
G_DECLARE_FINAL_TYPE (GstTryonWsSink, gst_tryon_ws_sink, GST, TRYON_WS_SINK, GstBaseSink)

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/base/gstbasetransform.h>

G_BEGIN_DECLS

#define GST_TYPE_TRYON_STATS (gst_tryon_stats_get_type ())
G_DECLARE_FINAL_TYPE (GstTryonStats, gst_tryon_stats, GST, TRYON_STATS, GstBaseTransform)

G_END_DECLS

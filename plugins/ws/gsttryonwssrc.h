/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/base/gstpushsrc.h>

G_BEGIN_DECLS

/**
 * GstTryonWsSrcOnDisconnect:
 * @GST_TRYON_WS_SRC_ON_DISCONNECT_WAIT: wait for the next client
 * @GST_TRYON_WS_SRC_ON_DISCONNECT_EOS: end the stream
 *
 * What tryonwssrc does when its client leaves.
 */
typedef enum {
  GST_TRYON_WS_SRC_ON_DISCONNECT_WAIT,
  GST_TRYON_WS_SRC_ON_DISCONNECT_EOS,
} GstTryonWsSrcOnDisconnect;

#define GST_TYPE_TRYON_WS_SRC_ON_DISCONNECT (gst_tryon_ws_src_on_disconnect_get_type ())
GType gst_tryon_ws_src_on_disconnect_get_type (void);

#define GST_TYPE_TRYON_WS_SRC (gst_tryon_ws_src_get_type ())
G_DECLARE_FINAL_TYPE (GstTryonWsSrc, gst_tryon_ws_src, GST, TRYON_WS_SRC, GstPushSrc)

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

#define GST_TYPE_TRYON_AI_FALLBACK (gst_tryon_ai_fallback_get_type ())
GType gst_tryon_ai_fallback_get_type (void);

/**
 * GstTryonAiFallback:
 * @GST_TRYON_AI_FALLBACK_PASSTHROUGH: the original image
 * @GST_TRYON_AI_FALLBACK_LAST: the session's last processed image, nothing
 *     before there is one
 * @GST_TRYON_AI_FALLBACK_DROP: nothing, the frame is dropped
 *
 * What leaves for a frame that the service does not answer.
 */
typedef enum {
  GST_TRYON_AI_FALLBACK_PASSTHROUGH,
  GST_TRYON_AI_FALLBACK_LAST,
  GST_TRYON_AI_FALLBACK_DROP,
} GstTryonAiFallback;

#define GST_TYPE_TRYON_AI_STATE (gst_tryon_ai_state_get_type ())
GType gst_tryon_ai_state_get_type (void);

/**
 * GstTryonAiState:
 * @GST_TRYON_AI_STATE_DISCONNECTED: no connection is wanted
 * @GST_TRYON_AI_STATE_CONNECTING: being made for the first time for this session;
 *     frames wait for it
 * @GST_TRYON_AI_STATE_READY: the service has taken the session
 * @GST_TRYON_AI_STATE_UNAVAILABLE: failed or lost, and tried again; frames do
 *     not wait
 */
typedef enum {
  GST_TRYON_AI_STATE_DISCONNECTED,
  GST_TRYON_AI_STATE_CONNECTING,
  GST_TRYON_AI_STATE_READY,
  GST_TRYON_AI_STATE_UNAVAILABLE,
} GstTryonAiState;

G_END_DECLS

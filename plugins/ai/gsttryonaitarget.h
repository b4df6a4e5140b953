/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/**
 * GstTryonAiTarget:
 * @generation: for the callbacks
 * @uri: of the service, ws:// or wss://
 * @address: the same for people, without secrets
 * @token: (nullable): to show there
 * @connect_timeout: milliseconds until the service must have taken the session
 * @silence_timeout: milliseconds in which something must come from the service
 *     while it has frames
 * @init: (nullable): the `init_session` message, %NULL for an empty one
 */
typedef struct {
  guint generation;
  gchar *uri;
  gchar *address;
  gchar *token;
  guint connect_timeout;
  guint silence_timeout;
  GstStructure *init;
} GstTryonAiTarget;

GstTryonAiTarget * gst_tryon_ai_target_new (guint generation, const gchar * uri,
    const gchar * token);
void gst_tryon_ai_target_free (GstTryonAiTarget * target);

G_END_DECLS

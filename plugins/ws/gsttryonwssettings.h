/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/tryon/gsttryonlistener.h>
#include <gst/tryon/gsttryonsession.h>

#include "gsttryonwssrc.h"

/* What can be set on a tryonwssrc: where it listens, to whom, what a client may
 * do. Knows their properties, and nothing of what becomes of them. Not thread
 * safe: the element guards it. */

G_BEGIN_DECLS

typedef struct {
  gchar *address;
  guint port;
  gchar *session_id;
  gchar *token;
  gchar *allowed_origins;
  gchar *certificate;
  gchar *private_key;
  GstTryonSession *session;
  GstTryonWsSrcOnDisconnect on_disconnect;
  GstTryonSessionConfig config;
  GstTryonConnectionLimits limits;
  GstTryonListenerOptions options;      /* its certificate is not set here */
} GstTryonWsSettings;

/* Property ids below this are the settings'. */
#define GST_TRYON_WS_SETTINGS_LAST 100

void     gst_tryon_ws_settings_install (GObjectClass * klass);
void     gst_tryon_ws_settings_init (GstTryonWsSettings * settings);
void     gst_tryon_ws_settings_clear (GstTryonWsSettings * settings);
/* A copy of its own. */
void     gst_tryon_ws_settings_copy (const GstTryonWsSettings * settings,
                                     GstTryonWsSettings * copy);
/* %FALSE when @id is none of the settings. */
gboolean gst_tryon_ws_settings_set (GstTryonWsSettings * settings, guint id, const GValue * value);
gboolean gst_tryon_ws_settings_get (const GstTryonWsSettings * settings, guint id, GValue * value);
/* %FALSE with @error of G_IO_ERROR_INVALID_ARGUMENT, or why a file can't be used.
 * @certificate: (out) (transfer full) (nullable) */
gboolean gst_tryon_ws_settings_load_certificate (const GstTryonWsSettings * settings,
                                                 GTlsCertificate ** certificate, GError ** error);

G_END_DECLS

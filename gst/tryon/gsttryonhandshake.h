/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include <gst/tryon/tryon-prelude.h>

/* The client's opening handshake (RFC 6455 section 4.1): connects, asks for
 * the subprotocol, checks the answer. The server's is libsoup's. */

G_BEGIN_DECLS

/* Connects to @uri (ws:// or wss://), in the thread-default context. @token
 * (nullable) goes as Authorization: Bearer. The whole of it may take @timeout
 * milliseconds (0: no limit). */
GST_TRYON_API void        gst_tryon_handshake_connect_async (const gchar * uri, const gchar * token,
                                                             guint timeout,
                                                             GCancellable * cancellable,
                                                             GAsyncReadyCallback callback,
                                                             gpointer user_data);
/* (transfer full): the stream, at the first byte behind the handshake; else
 * %NULL with an error that names the address, the HTTP status and the words of
 * a problem+json body, where there are any. */
GST_TRYON_API GIOStream * gst_tryon_handshake_connect_finish (GAsyncResult * result,
                                                              GError ** error);

G_END_DECLS

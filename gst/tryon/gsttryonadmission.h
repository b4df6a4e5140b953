/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <libsoup/soup.h>
#include <gst/tryon/gsttryonprotocol.h>

/* What a request must show before it becomes a WebSocket, and what it is told
 * when it doesn't. Knows the protocol's rules of HTTP, nothing of sockets,
 * endpoints or sessions. Private to the library. */

G_BEGIN_DECLS

/**
 * GstTryonUpgrade:
 * @session_id: from the path
 * @origin: (nullable): as the request has it
 * @token: (nullable): from the Authorization header, else from a subprotocol
 *
 * What a request asks for. Clear with gst_tryon_upgrade_clear().
 */
typedef struct {
  gchar *session_id;
  gchar *origin;
  gchar *token;
} GstTryonUpgrade;

/* How many of @size bytes are a request's line and headers, without the empty
 * line that ends them; 0 when that isn't there. @searched of them were searched
 * before. */
gsize    gst_tryon_request_find_end (const gchar * data, gsize size, gsize searched);
/* Whether what find_end() found may go to libsoup: up to 3.2.3 at least, where it
 * can't make out how a body would come, it loses the memory of the path, all that a
 * request may be long; and of a length below 0 it makes a warning of GLib's, which
 * ends the process where these are fatal. */
gboolean gst_tryon_request_is_safe (const gchar * head, gsize size);

/* Checks path, method, upgrade and subprotocol, in this order. Returns 0, or
 * the HTTP status to refuse with and @error. @upgrade is to be cleared in any
 * case. */
guint    gst_tryon_upgrade_parse (GstTryonUpgrade * upgrade, SoupServerMessage * msg,
                                  GError ** error);
void     gst_tryon_upgrade_clear (GstTryonUpgrade * upgrade);
/* Makes the request's answer 101, with nothing negotiated but the subprotocol. */
gboolean gst_tryon_upgrade_accept (SoupServerMessage * msg);
/* Makes the request's answer @status, with a body that says @error. */
void     gst_tryon_upgrade_refuse (SoupServerMessage * msg, guint status, const GError * error);
/* The HTTP status that tells @error. */
guint    gst_tryon_upgrade_get_status (const GError * error);

/* (transfer full): the origins of a comma-separated list in the form that
 * gst_tryon_origin_is_allowed() compares; %NULL with G_IO_ERROR_INVALID_ARGUMENT
 * for what could never match. */
gchar ** gst_tryon_origins_parse (const gchar * list, GError ** error);
/* Whether a page of @origin may connect: it is in @allowed, or, where that is
 * %NULL, it is of the host (and port) that @msg was sent to. */
gboolean gst_tryon_origin_is_allowed (const gchar * origin, gchar ** allowed,
                                      SoupServerMessage * msg);
/* Takes as long for a @given that is nearly right as for any other. */
gboolean gst_tryon_token_equal (const gchar * expected, const gchar * given);

G_END_DECLS

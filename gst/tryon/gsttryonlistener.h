/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/tryon/gsttryonconnection.h>
#include <gst/tryon/gsttryonsession.h>

/* The listening socket of one address and port, shared by all who ask for it
 * in this process. The first one opens it, the last one closes it, in whatever
 * order they leave. It owns a loop: all its sockets are served there. */

G_BEGIN_DECLS

#define GST_TYPE_TRYON_LISTENER (gst_tryon_listener_get_type ())
GST_TRYON_API
G_DECLARE_FINAL_TYPE (GstTryonListener, gst_tryon_listener, GST, TRYON_LISTENER, GstObject)

/**
 * GstTryonListenerOptions:
 * @max_connections: at once; one more is closed unanswered
 * @max_connections_per_address: the same for each address of peers, 0 for no
 *     limit: behind a proxy all have the proxy's
 * @max_pending_handshakes: connections that have not become a WebSocket yet; for
 *     one more the oldest of them is closed. With TLS at most 8
 * @max_header_bytes: of a request, its line and its body among them; more closes
 *     the connection
 * @handshake_timeout: milliseconds from accepting a connection to its WebSocket,
 *     or to the end of a refusal
 * @certificate: (nullable): with a private key, for TLS
 *
 * What a listening socket lets in. Start from GST_TRYON_LISTENER_OPTIONS_INIT.
 */
typedef struct {
  guint max_connections;
  guint max_connections_per_address;
  guint max_pending_handshakes;
  guint max_header_bytes;
  guint handshake_timeout;
  GTlsCertificate *certificate;
} GstTryonListenerOptions;

#define GST_TRYON_LISTENER_DEFAULT_MAX_CONNECTIONS 1000
#define GST_TRYON_LISTENER_DEFAULT_MAX_CONNECTIONS_PER_ADDRESS 0
#define GST_TRYON_LISTENER_DEFAULT_MAX_PENDING_HANDSHAKES 128
#define GST_TRYON_LISTENER_DEFAULT_MAX_HEADER_BYTES 16384
#define GST_TRYON_LISTENER_DEFAULT_HANDSHAKE_TIMEOUT 10000
#define GST_TRYON_LISTENER_OPTIONS_INIT { \
  GST_TRYON_LISTENER_DEFAULT_MAX_CONNECTIONS, \
  GST_TRYON_LISTENER_DEFAULT_MAX_CONNECTIONS_PER_ADDRESS, \
  GST_TRYON_LISTENER_DEFAULT_MAX_PENDING_HANDSHAKES, \
  GST_TRYON_LISTENER_DEFAULT_MAX_HEADER_BYTES, \
  GST_TRYON_LISTENER_DEFAULT_HANDSHAKE_TIMEOUT, NULL }

/* (transfer full): @port 0 takes a free one, which is never shared. @options
 * (nullable: the defaults) are copied; of one that is open already the
 * certificate must be the same, and the rest should: it stays as it was opened. */
GST_TRYON_API GstTryonListener * gst_tryon_listener_get (const gchar * address, guint16 port,
                                                         const GstTryonListenerOptions * options,
                                                         GError ** error);
/* (transfer full): "application/x-tryon-listener-stats": uint: connections (open
 * now), connections-pending (of them, in their handshake); uint64, only growing:
 * connections-accepted, connections-over-limit, connections-over-address-limit,
 * handshakes-superseded, handshakes-timed-out, headers-too-large,
 * requests-malformed (answered 400 before libsoup reads them); and of WebSockets,
 * by what they were closed for: closed-protocol-error (1002), closed-invalid-data
 * (1007), closed-policy (1008), closed-too-big (1009), closed-idle (4002),
 * closed-slow-client (4003), closed-abnormal (no close frame came: dead or gone). */
GST_TRYON_API GstStructure *     gst_tryon_listener_get_stats (GstTryonListener * listener);
GST_TRYON_API guint16            gst_tryon_listener_get_port (GstTryonListener * listener);

typedef struct {
  const gchar *session_id;      /* from the path */
  const gchar *remote_address;  /* host only */
  const gchar *origin;          /* (nullable) */
} GstTryonRequest;

/**
 * GstTryonAdmitFunc:
 *
 * Asked, on the listener's thread, for the session that @request is to have,
 * after path, subprotocol, Origin and token were found right.
 *
 * Returns: (transfer full) (nullable): the session, which has no connection, or
 *     one of this endpoint's, from which it is taken over then; else %NULL and @error of GST_TRYON_ERROR:
 *     SESSION_EXPIRED -> 404, SESSION_LIMIT -> 503, UNAUTHORIZED -> 403,
 *     RATE_LIMITED -> 429, others -> 500
 */
typedef GstTryonSession * (*GstTryonAdmitFunc) (const GstTryonRequest * request,
                                                gpointer user_data, GError ** error);
/* Told that @request's connection took over a session that had one. */
typedef void (*GstTryonReplacedFunc) (const GstTryonRequest * request,
                                      GstTryonSession * session, gpointer user_data);
/* Told of each refusal of a request that named this endpoint's session. */
typedef void (*GstTryonRefusedFunc) (const GstTryonRequest * request, guint http_status,
                                     const GError * error, gpointer user_data);

/**
 * GstTryonEndpoint:
 * @session_id: (nullable): the only session served here, %NULL for any that no
 *     other endpoint of the listener names
 * @token: (nullable): what a client must show, %NULL for nothing
 * @allowed_origins: (nullable): comma-separated list of origins, "*" for any;
 *     %NULL for the listener's own host only. Peers that send no Origin are no
 *     browsers and pass
 * @limits: for its connections
 * @admit: required
 * @replaced: optional
 * @refused: optional
 */
typedef struct {
  const gchar *session_id;
  const gchar *token;
  const gchar *allowed_origins;
  GstTryonConnectionLimits limits;
  GstTryonAdmitFunc admit;
  GstTryonReplacedFunc replaced;
  GstTryonRefusedFunc refused;
} GstTryonEndpoint;

/* Returns an id > 0; 0 with @error when another endpoint has this session id.
 * @endpoint is copied. */
GST_TRYON_API guint gst_tryon_listener_add_endpoint (GstTryonListener * listener,
                                                     const GstTryonEndpoint * endpoint,
                                                     gpointer user_data, GDestroyNotify notify,
                                                     GError ** error);
/* After it returned none of the endpoint's callbacks runs any more. Its open
 * connections go on closing by themselves (1001); their sessions are
 * disconnected. Also from a callback, which is the last one then. */
GST_TRYON_API void  gst_tryon_listener_remove_endpoint (GstTryonListener * listener, guint id);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/tryon/gsttryonlistener.h>
#include <gst/tryon/gsttryonsession.h>

/* Lets the clients of one stream in, one at a time: listens, admits or refuses
 * on the listener's thread, and hands over to the streaming thread. Knows
 * nothing of frames. */

G_BEGIN_DECLS

typedef struct _GstTryonWsGate GstTryonWsGate;

/**
 * GstTryonWsClient:
 * @session: the conversation
 * @remote_address: (nullable): where the client is, %NULL for a session that
 *     an application gave
 */
typedef struct {
  GstTryonSession *session;
  gchar *remote_address;
} GstTryonWsClient;

/* Whether @request's client may connect. On the listener's thread, no lock held. */
typedef gboolean (*GstTryonWsGateAskFunc) (GstElement * element, const GstTryonRequest * request);

/* Refusals are element messages of @element, at most one a second, and so are
 * clients that come back; both from the listener's thread. @element outlives the
 * gate. */
GstTryonWsGate * gst_tryon_ws_gate_new (GstElement * element, GstTryonWsGateAskFunc ask);
void             gst_tryon_ws_gate_free (GstTryonWsGate * gate);

/* What clients get, those that are there as far as it can be changed in
 * between; @once: whether the stream ends with its first client. */
void             gst_tryon_ws_gate_configure (GstTryonWsGate * gate,
                                              const GstTryonSessionConfig * config,
                                              gboolean once);

/* @endpoint: its callbacks are set here. */
gboolean         gst_tryon_ws_gate_open (GstTryonWsGate * gate, const gchar * address,
                                         guint16 port, const GstTryonListenerOptions * options,
                                         GstTryonEndpoint * endpoint, GError ** error);
/* Instead: the stream serves @session, and nothing listens. */
void             gst_tryon_ws_gate_open_given (GstTryonWsGate * gate, GstTryonSession * session);
/* 0 while nothing listens. */
guint            gst_tryon_ws_gate_get_port (GstTryonWsGate * gate);
/* The stream is over: nobody is let in any more. */
void             gst_tryon_ws_gate_end (GstTryonWsGate * gate);
/* Says goodbye to whoever is there; the streaming thread must have ended.
 * (transfer full) (nullable): the client that was being served. */
GstTryonWsClient * gst_tryon_ws_gate_close (GstTryonWsGate * gate);

/* Waits until there is a client. GST_FLOW_FLUSHING while flushing, GST_FLOW_EOS
 * when there will be none. @client (transfer none): valid until release() or
 * close(); @is_new: it was not there in the last call. */
GstFlowReturn    gst_tryon_ws_gate_take (GstTryonWsGate * gate, GstTryonWsClient ** client,
                                         gboolean * is_new);
/* The client that was taken has gone. (transfer full) */
GstTryonWsClient * gst_tryon_ws_gate_release (GstTryonWsGate * gate);
/* Also sets the session's that is being served. */
void             gst_tryon_ws_gate_set_flushing (GstTryonWsGate * gate, gboolean flushing);

/* (transfer full) (nullable): the session that is being served. */
GstTryonSession * gst_tryon_ws_gate_get_session (GstTryonWsGate * gate);
/* (transfer full) (nullable): %NULL while nothing listens. */
GstStructure *   gst_tryon_ws_gate_get_listener_stats (GstTryonWsGate * gate);
void             gst_tryon_ws_gate_get_counts (GstTryonWsGate * gate, guint64 * sessions,
                                               guint64 * refused);

void             gst_tryon_ws_client_free (GstTryonWsClient * client);

G_END_DECLS

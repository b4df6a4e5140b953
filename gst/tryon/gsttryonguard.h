/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/tryon/gsttryonlistener.h>

/* Lets connections in, within limits, and looks after them until they have shown
 * what they are. Knows bytes and addresses; of HTTP just where a request ends that
 * libsoup must not see. Private to the library. */

G_BEGIN_DECLS

typedef struct _GstTryonGuard GstTryonGuard;

/* All but get_stats() on the loop's thread. @name: of the listener, for people. */
GstTryonGuard * gst_tryon_guard_new (GstTryonLoop * loop, const GstTryonListenerOptions * options,
                                     const gchar * name);
/* Ends what has not shown yet what it is. Those that have go on, and hold what
 * they need of it. */
void            gst_tryon_guard_free (GstTryonGuard * guard);
/* (transfer full) (nullable): @connection (transfer none) of @remote, as a stream
 * to read a request from, TLS already where the options ask for it. From now on
 * the peer's time and bytes are counted. %NULL when it is turned away. */
GIOStream *     gst_tryon_guard_admit (GstTryonGuard * guard, GSocketConnection * connection,
                                       GSocketAddress * remote);
/* The handshake of @stream, which has a stream of gst_tryon_guard_admit() at its
 * base, is over. */
void            gst_tryon_guard_release (GIOStream * stream);
/* A WebSocket was closed with @code. */
void            gst_tryon_guard_count_close (GstTryonGuard * guard, guint16 code);
/* From any thread. */
GstStructure *  gst_tryon_guard_get_stats (GstTryonGuard * guard);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include <gst/tryon/gsttryonloop.h>

/* The listening sockets of one address or name, and the connections that come
 * in there. Knows nothing of what is spoken on them. Private to the library. */

G_BEGIN_DECLS

typedef struct _GstTryonAcceptor GstTryonAcceptor;

/* On the loop's thread, for each connection. All transfer none. */
typedef void (*GstTryonAcceptFunc) (GSocketConnection * stream, GSocketAddress * local,
                                    GSocketAddress * remote, gpointer user_data);

/* Opens @port on all addresses that @address stands for; with 0 one that is
 * free on all. May wait for the name to be resolved. */
GstTryonAcceptor * gst_tryon_acceptor_new (const gchar * address, guint16 port, GError ** error);
guint16            gst_tryon_acceptor_get_port (GstTryonAcceptor * acceptor);
/* Whether only this machine can reach it. */
gboolean           gst_tryon_acceptor_is_loopback (GstTryonAcceptor * acceptor);
/* On the loop's thread: takes connections from now on. @loop must outlive it. */
void               gst_tryon_acceptor_start (GstTryonAcceptor * acceptor, GstTryonLoop * loop,
                                             GstTryonAcceptFunc func, gpointer user_data);
/* Closes the sockets. On the loop's thread, once started. */
void               gst_tryon_acceptor_free (GstTryonAcceptor * acceptor);

G_END_DECLS

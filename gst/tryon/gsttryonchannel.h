/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/tryon/gsttryonconnection.h>
#include <gst/tryon/gsttryonsession.h>

/* Ties a server connection to a session, until either ends: messages in,
 * output out, one message in the socket's hands at a time. */

G_BEGIN_DECLS

typedef struct _GstTryonChannel GstTryonChannel;

/* Told on the loop's thread when the connection has gone; the channel is freed
 * after it. @code: the session's own, where that wanted it closed, else what the
 * connection was closed with. */
typedef void (*GstTryonChannelClosedFunc) (GstTryonChannel * channel, guint16 code,
                                           gpointer user_data);

/* On the loop's thread. @takes_over: whether @session is to be taken over from
 * @replaced (transfer full) (nullable), the channel that has it, whose client is
 * told (4000). (transfer full): %NULL when that can't be, or @session is connected
 * otherwise, or closing: then @stream is closed with @limits' grace and 1013, and
 * @replaced goes on. */
GST_TRYON_API GstTryonChannel * gst_tryon_channel_new (GstTryonLoop * loop, GIOStream * stream,
                                                       const GstTryonConnectionLimits * limits,
                                                       GstTryonSession * session,
                                                       gboolean takes_over,
                                                       GstTryonChannel * replaced,
                                                       GstTryonChannelClosedFunc closed,
                                                       gpointer user_data);
/* On the loop's thread: lets what is queued (such as a `bye`) go as far as the
 * socket takes it now, disconnects the session, leaves the close handshake to
 * the connection, frees the channel. closed() is not called. */
GST_TRYON_API void              gst_tryon_channel_shutdown (GstTryonChannel * channel, guint16 code,
                                                            const gchar * reason);

G_END_DECLS

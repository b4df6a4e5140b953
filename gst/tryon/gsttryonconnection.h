/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include <gst/tryon/gsttryonloop.h>
#include <gst/tryon/gsttryonprotocol.h>

/* One WebSocket, either end, after the handshake. It reads on its loop's thread,
 * where every callback is called; messages are sent from any thread, the other
 * functions are the loop's thread's. */

G_BEGIN_DECLS

#define GST_TYPE_TRYON_CONNECTION (gst_tryon_connection_get_type ())
GST_TRYON_API
G_DECLARE_FINAL_TYPE (GstTryonConnection, gst_tryon_connection, GST, TRYON_CONNECTION, GstObject)

typedef enum {
  GST_TRYON_CONNECTION_SERVER,
  GST_TRYON_CONNECTION_CLIENT,
} GstTryonConnectionRole;

/**
 * GstTryonConnectionLimits:
 * @max_message_bytes: a binary message over all its fragments; more: 1009
 * @max_text_bytes: a text message; more: 1009
 * @max_fragments: of one message; more: 1008
 * @close_timeout: milliseconds that the peer has for its close frame
 * @ping_interval: milliseconds between pings, 0 for none. A peer of which
 *     nothing comes behind two pings in a row is dead: 1006
 * @idle_timeout: milliseconds without a message (pings and pongs are none) after
 *     which the peer counts as idle, 0 for never
 *
 * Bytes that came for a message never exceed these by more than one read. A block
 * that they are in may be rounded up to a power of two, and there are two of them
 * while a message moves to a larger one. The two intervals are kept to within a
 * tick of the loop.
 */
typedef struct {
  gsize max_message_bytes;
  gsize max_text_bytes;
  guint max_fragments;
  guint close_timeout;
  guint ping_interval;
  guint idle_timeout;
} GstTryonConnectionLimits;

#define GST_TRYON_CONNECTION_DEFAULT_MAX_MESSAGE_BYTES (4 * 1024 * 1024)
#define GST_TRYON_CONNECTION_DEFAULT_MAX_TEXT_BYTES (2 * 1024 * 1024)
#define GST_TRYON_CONNECTION_DEFAULT_MAX_FRAGMENTS 1024
#define GST_TRYON_CONNECTION_DEFAULT_CLOSE_TIMEOUT 2000
#define GST_TRYON_CONNECTION_DEFAULT_PING_INTERVAL 15000
#define GST_TRYON_CONNECTION_DEFAULT_IDLE_TIMEOUT 0
#define GST_TRYON_CONNECTION_LIMITS_INIT { \
  GST_TRYON_CONNECTION_DEFAULT_MAX_MESSAGE_BYTES, \
  GST_TRYON_CONNECTION_DEFAULT_MAX_TEXT_BYTES, \
  GST_TRYON_CONNECTION_DEFAULT_MAX_FRAGMENTS, \
  GST_TRYON_CONNECTION_DEFAULT_CLOSE_TIMEOUT, \
  GST_TRYON_CONNECTION_DEFAULT_PING_INTERVAL, \
  GST_TRYON_CONNECTION_DEFAULT_IDLE_TIMEOUT }

/**
 * GstTryonConnectionCallbacks:
 * @binary: a whole message (transfer full), one memory where it came unfragmented
 * @text: a whole message, valid UTF-8, NUL-terminated behind @size
 * @writable: a message that could not leave at once has left; the next may be
 *     sent
 * @idle: nothing came for idle_timeout: what now is the owner's decision. Once,
 *     until a message comes; without it the connection closes (4002)
 * @closed: the last callback, exactly once, never from within a call of the
 *     owner's. @code: as the peer or this end gave it, GST_TRYON_CLOSE_NO_STATUS,
 *     or GST_TRYON_CLOSE_ABNORMAL when there was no close handshake
 */
typedef struct {
  void (*binary) (GstTryonConnection * connection, GstBuffer * message, gpointer user_data);
  void (*text) (GstTryonConnection * connection, const gchar * text, gsize size,
      gpointer user_data);
  void (*writable) (GstTryonConnection * connection, gpointer user_data);
  void (*closed) (GstTryonConnection * connection, guint16 code, const gchar * reason,
      gpointer user_data);
  void (*idle) (GstTryonConnection * connection, gpointer user_data);
} GstTryonConnectionCallbacks;

/* (transfer full): takes over @stream (transfer none), whose handshake is done,
 * and starts reading. The loop holds a reference until closed. */
GST_TRYON_API GstTryonConnection * gst_tryon_connection_new (GstTryonLoop * loop,
                                                             GIOStream * stream,
                                                             GstTryonConnectionRole role,
                                                             const GstTryonConnectionLimits * limits,
                                                             const GstTryonConnectionCallbacks * callbacks,
                                                             gpointer user_data,
                                                             GDestroyNotify notify);
/* From any thread: whether a message can be given now, as none is being sent and
 * it isn't closing. Of several threads that send, their owner lets one at a time. */
GST_TRYON_API gboolean gst_tryon_connection_is_writable (GstTryonConnection * connection);
/* From any thread. Sends @header (copied, at most 64 bytes, may be 0) and @payload
 * (transfer none, nullable, kept until it has left) as one message. Only while
 * writable, else %FALSE and nothing happens. */
GST_TRYON_API gboolean gst_tryon_connection_send_binary (GstTryonConnection * connection,
                                                         const guint8 * header, gsize header_size,
                                                         GstBuffer * payload);
/* From any thread. @text (transfer none) is copied. */
GST_TRYON_API gboolean gst_tryon_connection_send_text (GstTryonConnection * connection,
                                                       const gchar * text, gsize size);
GST_TRYON_API void     gst_tryon_connection_ping (GstTryonConnection * connection);
/* Reads nothing for a moment. */
GST_TRYON_API void     gst_tryon_connection_pause (GstTryonConnection * connection);
GST_TRYON_API void     gst_tryon_connection_resume (GstTryonConnection * connection);
/* Reads nothing any more, until the close handshake begins: the peer is left to
 * wait. That it has gone is still noticed. */
GST_TRYON_API void     gst_tryon_connection_stop_receiving (GstTryonConnection * connection);
/* Starts the close handshake behind what is being sent; after close_timeout
 * the socket is closed all the same. Safe to repeat. @reason is cut at 123 bytes. */
GST_TRYON_API void     gst_tryon_connection_close (GstTryonConnection * connection, guint16 code,
                                                   const gchar * reason);
/* Drops the callbacks at once (@notify runs, @closed does not) and goes on with
 * the close handshake by itself: for owners that go away. */
GST_TRYON_API void     gst_tryon_connection_abandon (GstTryonConnection * connection, guint16 code,
                                                     const gchar * reason);
GST_TRYON_API guint64  gst_tryon_connection_get_bytes_received (GstTryonConnection * connection);
GST_TRYON_API guint64  gst_tryon_connection_get_bytes_sent (GstTryonConnection * connection);

G_END_DECLS

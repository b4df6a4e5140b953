/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the tests of a connection are made of: an End is a GstTryonConnection on
 * a loop, watched from the test's thread; a Raw is a peer that sends whatever
 * bytes it is told to. */

#include <gst/check/gstcheck.h>
#include <gio/gio.h>
#include <string.h>
#include <sys/socket.h>

#include "gst/tryon/gsttryonconnection.h"
#include "gst/tryon/gsttryonwsframe.h"

/* Anything takes less, also under a sanitizer. */
#define PATIENCE (20 * G_TIME_SPAN_SECOND)
/* Of the connections here, in milliseconds: for what never comes. */
#define CLOSE_TIMEOUT 400

/* ---- pairs of sockets ---- */

static inline void
make_pair (gboolean tcp, GSocket * sockets[2])
{
  GSocketAddress *address;
  GInetAddress *loopback;
  GSocket *listener;
  int fds[2];

  if (!tcp) {
    fail_unless (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0);
    sockets[0] = g_socket_new_from_fd (fds[0], NULL);
    sockets[1] = g_socket_new_from_fd (fds[1], NULL);
    return;
  }
  listener = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM,
      G_SOCKET_PROTOCOL_TCP, NULL);
  loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  address = g_inet_socket_address_new (loopback, 0);
  fail_unless (g_socket_bind (listener, address, TRUE, NULL));
  fail_unless (g_socket_listen (listener, NULL));
  g_object_unref (address);
  address = g_socket_get_local_address (listener, NULL);
  sockets[0] = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM,
      G_SOCKET_PROTOCOL_TCP, NULL);
  fail_unless (g_socket_connect (sockets[0], address, NULL, NULL));
  sockets[1] = g_socket_accept (listener, NULL, NULL);
  fail_unless (sockets[1] != NULL);
  g_object_unref (address);
  g_object_unref (loopback);
  g_object_unref (listener);
}

static inline GIOStream *
take_stream (GSocket * socket)
{
  GSocketConnection *stream =
      g_socket_connection_factory_create_connection (socket);

  g_object_unref (socket);
  return G_IO_STREAM (stream);
}

/* ---- a connection, watched ---- */

typedef struct
{
  gboolean is_text;
  gsize size;
  guint8 *data;
  guint n_memory;
} Message;

typedef struct _End End;
struct _End
{
  GstTryonLoop *loop;
  GstTryonConnection *connection;

  /* For the loop's thread. */
  gboolean in_call;
  gboolean is_shared;           /* other threads send, too */
  gboolean echo;
  GQueue backlog;               /* messages to be echoed */
  void (*on_message) (End * end);
  void (*on_writable) (End * end);
  void (*on_closed) (End * end);

  GMutex lock;                  /* guards what follows */
  GCond cond;
  GQueue messages;
  guint n_messages;
  guint64 n_bytes;
  guint n_writable;
  guint n_closed;
  guint n_notified;
  guint n_gone;
  guint16 code;
  gchar *reason;
};

static inline void
message_free (Message * message)
{
  g_free (message->data);
  g_free (message);
}

#define end_wait(end, condition) G_STMT_START { \
  gint64 limit_ = g_get_monotonic_time () + PATIENCE; \
  g_mutex_lock (&(end)->lock); \
  while (!(condition)) \
    fail_unless (g_cond_wait_until (&(end)->cond, &(end)->lock, limit_), \
        "never came: %s", #condition); \
  g_mutex_unlock (&(end)->lock); \
} G_STMT_END

/* One of the counts, as it is now: the loop's thread may be at it. */
static inline guint
end_count (End * end, const guint * count)
{
  guint now;

  g_mutex_lock (&end->lock);
  now = *count;
  g_mutex_unlock (&end->lock);
  return now;
}

static inline void
end_pump_echo (End * end)
{
  Message *message;
  GstBuffer *buffer;

  while (end->echo && !g_queue_is_empty (&end->backlog)
      && gst_tryon_connection_is_writable (end->connection)) {
    message = g_queue_pop_head (&end->backlog);
    if (message->is_text) {
      fail_unless (gst_tryon_connection_send_text (end->connection,
              (gchar *) message->data, message->size));
    } else {
      buffer = gst_buffer_new_allocate (NULL, message->size, NULL);
      gst_buffer_fill (buffer, 0, message->data, message->size);
      fail_unless (gst_tryon_connection_send_binary (end->connection, NULL, 0,
              buffer));
      gst_buffer_unref (buffer);
    }
    message_free (message);
  }
}

static inline void
end_take (End * end, Message * message)
{
  fail_if (end->in_call);
  fail_unless (gst_tryon_loop_is_current (end->loop));
  g_mutex_lock (&end->lock);
  fail_unless (end->n_closed == 0 && end->n_notified == 0);
  end->n_messages++;
  end->n_bytes += message->size;
  if (!end->echo)
    g_queue_push_tail (&end->messages, message);
  g_cond_broadcast (&end->cond);
  g_mutex_unlock (&end->lock);
  if (end->echo) {
    g_queue_push_tail (&end->backlog, message);
    end_pump_echo (end);
  }
  if (end->on_message)
    end->on_message (end);
}

static inline void
end_on_binary (GstTryonConnection * connection, GstBuffer * buffer,
    gpointer user_data)
{
  Message *message = g_new0 (Message, 1);
  gsize size;

  fail_unless (gst_buffer_is_writable (buffer));
  message->n_memory = gst_buffer_n_memory (buffer);
  gst_buffer_extract_dup (buffer, 0, -1, (gpointer *) & message->data, &size);
  message->size = size;
  gst_buffer_unref (buffer);
  end_take (user_data, message);
}

static inline void
end_on_text (GstTryonConnection * connection, const gchar * text, gsize size,
    gpointer user_data)
{
  Message *message = g_new0 (Message, 1);
  End *end = user_data;

  fail_unless_equals_int (text[size], '\0');
  message->is_text = TRUE;
  message->size = size;
  message->data = g_malloc (size + 1);
  memcpy (message->data, text, size + 1);
  end_take (end, message);
  /* Still there, whatever the owner did meanwhile. */
  fail_unless_equals_int (text[size], '\0');
}

static inline void
end_on_writable (GstTryonConnection * connection, gpointer user_data)
{
  End *end = user_data;

  fail_if (end->in_call);
  fail_unless (end->is_shared || gst_tryon_connection_is_writable (connection));
  g_mutex_lock (&end->lock);
  fail_unless (end->n_closed == 0 && end->n_notified == 0);
  end->n_writable++;
  g_cond_broadcast (&end->cond);
  g_mutex_unlock (&end->lock);
  end_pump_echo (end);
  if (end->on_writable)
    end->on_writable (end);
}

static inline void
end_on_closed (GstTryonConnection * connection, guint16 code,
    const gchar * reason, gpointer user_data)
{
  End *end = user_data;

  fail_if (end->in_call);
  fail_unless (gst_tryon_loop_is_current (end->loop));
  fail_unless (reason != NULL);
  fail_if (gst_tryon_connection_is_writable (connection));
  g_mutex_lock (&end->lock);
  fail_unless (end->n_closed == 0 && end->n_notified == 0);
  end->n_closed++;
  end->code = code;
  end->reason = g_strdup (reason);
  g_cond_broadcast (&end->cond);
  g_mutex_unlock (&end->lock);
  if (end->on_closed)
    end->on_closed (end);
}

static inline void
end_notified (gpointer user_data)
{
  End *end = user_data;

  g_mutex_lock (&end->lock);
  end->n_notified++;
  g_cond_broadcast (&end->cond);
  g_mutex_unlock (&end->lock);
}

static inline void
end_gone (gpointer user_data, GObject * where)
{
  End *end = user_data;

  g_mutex_lock (&end->lock);
  end->n_gone++;
  g_cond_broadcast (&end->cond);
  g_mutex_unlock (&end->lock);
}

typedef struct
{
  End *end;
  GIOStream *stream;
  GstTryonConnectionRole role;
  GstTryonConnectionLimits limits;
} EndParams;

static inline void
end_create (gpointer loop, gpointer user_data)
{
  static const GstTryonConnectionCallbacks callbacks = {
    end_on_binary, end_on_text, end_on_writable, end_on_closed
  };
  EndParams *params = user_data;
  End *end = params->end;

  end->connection = gst_tryon_connection_new (loop, params->stream,
      params->role, &params->limits, &callbacks, end, end_notified);
  fail_if (g_object_is_floating (end->connection));
  g_object_weak_ref (G_OBJECT (end->connection), end_gone, end);
}

/* (transfer full) @stream, which is all that has the socket then. */
static inline End *
end_new_full (GstTryonLoop * loop, GIOStream * stream,
    GstTryonConnectionRole role, const GstTryonConnectionLimits * limits)
{
  End *end = g_new0 (End, 1);
  EndParams params = { end, stream, role, *limits };

  g_mutex_init (&end->lock);
  g_cond_init (&end->cond);
  end->loop = gst_object_ref (loop);
  gst_tryon_loop_invoke_sync (loop, end_create, &params);
  g_object_unref (stream);
  return end;
}

/* @max 0: the defaults. */
static inline GstTryonConnectionLimits
make_limits (gsize max)
{
  GstTryonConnectionLimits limits = GST_TRYON_CONNECTION_LIMITS_INIT;

  limits.close_timeout = CLOSE_TIMEOUT;
  if (max > 0)
    limits.max_message_bytes = limits.max_text_bytes = max;
  return limits;
}

static inline End *
end_new (GstTryonLoop * loop, GIOStream * stream, GstTryonConnectionRole role,
    gsize max)
{
  GstTryonConnectionLimits limits = make_limits (max);

  return end_new_full (loop, stream, role, &limits);
}

typedef struct
{
  End *end;
  void (*func) (End * end);
} EndCall;

static inline void
end_call_run (gpointer loop, gpointer user_data)
{
  EndCall *call = user_data;

  call->end->in_call = TRUE;
  call->func (call->end);
  call->end->in_call = FALSE;
}

/* Runs @func on the loop's thread; no callback may come from within. */
static inline void
end_call (End * end, void (*func) (End * end))
{
  EndCall call = { end, func };

  gst_tryon_loop_invoke_sync (end->loop, end_call_run, &call);
}

typedef struct
{
  End *end;
  const gchar *text;
  const guint8 *header;
  gsize size;
  GstBuffer *payload;
  guint16 code;
  gboolean result;
} EndSend;

static inline void
end_send_run (gpointer loop, gpointer user_data)
{
  EndSend *send = user_data;
  GstTryonConnection *connection = send->end->connection;
  gboolean was_writable = gst_tryon_connection_is_writable (connection);

  send->end->in_call = TRUE;
  send->result = send->text ?
      gst_tryon_connection_send_text (connection, send->text, send->size) :
      gst_tryon_connection_send_binary (connection, send->header, send->size,
      send->payload);
  send->end->in_call = FALSE;
  fail_unless_equals_int (send->result, was_writable);
}

static inline gboolean
end_send_binary (End * end, const guint8 * header, gsize header_size,
    GstBuffer * payload)
{
  EndSend send = { end, NULL, header, header_size, payload };

  gst_tryon_loop_invoke_sync (end->loop, end_send_run, &send);
  return send.result;
}

static inline gboolean
end_send_text (End * end, const gchar * text, gsize size)
{
  EndSend send = { end, text, NULL, size, NULL };

  gst_tryon_loop_invoke_sync (end->loop, end_send_run, &send);
  return send.result;
}

static inline void
end_close_run (gpointer loop, gpointer user_data)
{
  EndSend *send = user_data;

  send->end->in_call = TRUE;
  gst_tryon_connection_close (send->end->connection, send->code, send->text);
  fail_if (gst_tryon_connection_is_writable (send->end->connection));
  send->end->in_call = FALSE;
}

static inline void
end_close (End * end, guint16 code, const gchar * reason)
{
  EndSend send = { end, reason, NULL, 0, NULL, code };

  gst_tryon_loop_invoke_sync (end->loop, end_close_run, &send);
}

static inline void
end_writable_run (gpointer loop, gpointer user_data)
{
  EndSend *send = user_data;

  send->result = gst_tryon_connection_is_writable (send->end->connection);
}

static inline gboolean
end_is_writable (End * end)
{
  EndSend send = { end };

  gst_tryon_loop_invoke_sync (end->loop, end_writable_run, &send);
  return send.result;
}

/* Until the next message may be given. */
static inline void
end_wait_writable (End * end)
{
  guint n;

  for (;;) {
    g_mutex_lock (&end->lock);
    n = end->n_writable;
    g_mutex_unlock (&end->lock);
    if (end_is_writable (end))
      return;
    end_wait (end, end->n_writable > n);
  }
}

/* (transfer full): the oldest message. */
static inline Message *
end_pop (End * end)
{
  Message *message;

  end_wait (end, !g_queue_is_empty (&end->messages));
  g_mutex_lock (&end->lock);
  message = g_queue_pop_head (&end->messages);
  g_mutex_unlock (&end->lock);
  return message;
}

static inline void
end_expect (End * end, gboolean is_text, gconstpointer data, gsize size)
{
  Message *message = end_pop (end);

  fail_unless_equals_int (message->is_text, is_text);
  fail_unless_equals_uint64 (message->size, size);
  fail_unless (size == 0 || memcmp (message->data, data, size) == 0);
  message_free (message);
}

static inline void
end_expect_closed (End * end, guint16 code, const gchar * reason)
{
  end_wait (end, end->n_closed > 0 && end->n_notified > 0);
  fail_unless_equals_int (end->code, code);
  if (reason)
    fail_unless_equals_string (end->reason, reason);
}

static inline void
end_abandon_run (End * end)
{
  if (end->connection && end_count (end, &end->n_closed) == 0)
    gst_tryon_connection_abandon (end->connection, GST_TRYON_CLOSE_GOING_AWAY,
        NULL);
}

static inline void
end_ping (End * end)
{
  gst_tryon_connection_ping (end->connection);
}

static inline void
end_nothing (End * end)
{
}

/* Waits for a callback that may be at work yet; what was set before is seen by
 * those that follow. */
static inline void
end_sync (End * end)
{
  end_call (end, end_nothing);
}

/* The connection must go away by itself now; the other side has closed, or the
 * close timeout does it. Gives the loop back, too. */
static inline void
end_free (End * end)
{
  /* Behind a callback that may be at work yet. */
  end_call (end, end_abandon_run);
  gst_clear_object (&end->connection);
  end_wait (end, end->n_gone == 1);
  fail_unless_equals_int (end->n_notified, 1);
  g_queue_clear_full (&end->messages, (GDestroyNotify) message_free);
  g_queue_clear_full (&end->backlog, (GDestroyNotify) message_free);
  g_mutex_clear (&end->lock);
  g_cond_clear (&end->cond);
  gst_object_unref (end->loop);
  g_free (end->reason);
  g_free (end);
}

/* ---- a peer of bytes ---- */

typedef struct
{
  GSocket *socket;
  gboolean is_client;
} Raw;

typedef struct
{
  gboolean fin;
  GstTryonWsOpcode opcode;
  gsize size;
  guint8 *data;
} RawFrame;

static inline void
raw_send (Raw * raw, gconstpointer data, gsize size)
{
  GError *error = NULL;
  gssize n;

  while (size > 0) {
    n = g_socket_send (raw->socket, data, size, NULL, &error);
    fail_unless (n > 0, "%s", error ? error->message : "nothing sent");
    data = (const guint8 *) data + n;
    size -= n;
  }
}

/* (transfer full): a frame as it goes over the wire. */
static inline GByteArray *
make_frame (gboolean masked, gboolean fin, GstTryonWsOpcode opcode,
    gconstpointer data, gsize size)
{
  static const guint8 mask[4] = { 0xa5, 0x5a, 0x01, 0xfe };
  GByteArray *frame = g_byte_array_new ();
  guint n;

  g_byte_array_set_size (frame, GST_TRYON_WS_MAX_HEADER);
  n = gst_tryon_ws_frame_write_header (frame->data, fin, opcode, size,
      masked ? mask : NULL);
  g_byte_array_set_size (frame, n);
  if (size > 0)
    g_byte_array_append (frame, data, size);
  if (masked)
    gst_tryon_ws_frame_mask (frame->data + n, size, mask, 0);
  return frame;
}

static inline void
raw_send_frame (Raw * raw, gboolean fin, GstTryonWsOpcode opcode,
    gconstpointer data, gsize size)
{
  GByteArray *frame = make_frame (raw->is_client, fin, opcode, data, size);

  raw_send (raw, frame->data, frame->len);
  g_byte_array_unref (frame);
}

static inline void
raw_read (Raw * raw, guint8 * data, gsize size)
{
  GError *error = NULL;
  gssize n;

  while (size > 0) {
    n = g_socket_receive (raw->socket, (gchar *) data, size, NULL, &error);
    fail_unless (n > 0, "%s", error ? error->message : "end of stream");
    data += n;
    size -= n;
  }
}

static inline RawFrame *
raw_read_frame (Raw * raw)
{
  guint8 header[GST_TRYON_WS_MAX_HEADER];
  RawFrame *result = g_new0 (RawFrame, 1);
  const gchar *words = NULL;
  GstTryonWsFrame frame;
  gsize size = 0;

  for (;;) {
    GstTryonWsParseResult parsed = gst_tryon_ws_frame_parse (header, size,
        !raw->is_client, &frame, &words);

    fail_if (parsed == GST_TRYON_WS_PARSE_ERROR, "%s", words);
    if (parsed == GST_TRYON_WS_PARSE_OK)
      break;
    raw_read (raw, header + size++, 1);
  }
  result->fin = frame.fin;
  result->opcode = frame.opcode;
  result->size = frame.length;
  result->data = g_malloc (frame.length + 1);
  raw_read (raw, result->data, frame.length);
  gst_tryon_ws_frame_mask (result->data, frame.length, frame.mask, 0);
  result->data[frame.length] = '\0';
  return result;
}

static inline void
raw_frame_free (RawFrame * frame)
{
  g_free (frame->data);
  g_free (frame);
}

static inline void
raw_expect_frame (Raw * raw, GstTryonWsOpcode opcode, gconstpointer data,
    gsize size)
{
  RawFrame *frame = raw_read_frame (raw);

  fail_unless (frame->fin);
  fail_unless_equals_int (frame->opcode, opcode);
  fail_unless_equals_uint64 (frame->size, size);
  fail_unless (size == 0 || memcmp (frame->data, data, size) == 0);
  raw_frame_free (frame);
}

/* @code 0: a close frame without one. */
static inline void
raw_expect_close (Raw * raw, guint16 code)
{
  RawFrame *frame = raw_read_frame (raw);

  fail_unless_equals_int (frame->opcode, GST_TRYON_WS_OPCODE_CLOSE);
  fail_unless (code == 0 || frame->size >= 2);
  fail_unless (code != 0 || frame->size == 0);
  if (code != 0)
    fail_unless_equals_int (GST_READ_UINT16_BE (frame->data), code);
  raw_frame_free (frame);
}

/* @code 0: a close frame without one. */
static inline GByteArray *
make_close (gboolean masked, guint16 code, const gchar * reason)
{
  guint8 payload[125];

  GST_WRITE_UINT16_BE (payload, code);
  memcpy (payload + 2, reason, strlen (reason));
  return make_frame (masked, TRUE, GST_TRYON_WS_OPCODE_CLOSE, payload,
      code ? 2 + strlen (reason) : 0);
}

static inline void
raw_send_close (Raw * raw, guint16 code, const gchar * reason)
{
  GByteArray *frame = make_close (raw->is_client, code, reason);

  raw_send (raw, frame->data, frame->len);
  g_byte_array_unref (frame);
}

static inline void
raw_expect_eof (Raw * raw)
{
  gchar byte;

  fail_unless_equals_int (g_socket_receive (raw->socket, &byte, 1, NULL,
          NULL), 0);
}

static inline void
raw_close (Raw * raw)
{
  if (raw->socket)
    g_socket_close (raw->socket, NULL);
  g_clear_object (&raw->socket);
}

/* A connection of @role on a loop of its own, and @raw for its peer. */
static inline End *
end_and_raw_full (gboolean tcp, GstTryonConnectionRole role,
    const GstTryonConnectionLimits * limits, Raw * raw)
{
  GstTryonLoop *loop = gst_tryon_loop_new ("test");
  GSocket *sockets[2];
  End *end;

  make_pair (tcp, sockets);
  raw->socket = sockets[1];
  raw->is_client = role == GST_TRYON_CONNECTION_SERVER;
  g_socket_set_timeout (raw->socket, PATIENCE / G_TIME_SPAN_SECOND);
  end = end_new_full (loop, take_stream (sockets[0]), role, limits);
  gst_object_unref (loop);
  return end;
}

static inline End *
end_and_raw (gboolean tcp, GstTryonConnectionRole role, gsize max, Raw * raw)
{
  GstTryonConnectionLimits limits = make_limits (max);

  return end_and_raw_full (tcp, role, &limits, raw);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:gsttryonconnection
 * @title: GstTryonConnection
 * @short_description: one WebSocket, either end, after the handshake
 *
 * RFC 6455 over a #GIOStream, be it a plain socket or TLS. Section numbers are
 * those of RFC 6455. No extension is ever agreed on.
 *
 * A connection reads on its loop's thread. It never waits there, and reads a
 * bounded amount per turn, so that a fast peer can't starve others.
 *
 * ## Receiving
 *
 * A message's bytes go from the socket straight into the memory of the
 * #GstBuffer that the owner gets, and are unmasked in place; mostly one read
 * brings the whole of it, and memory is used again. A length that is merely
 * claimed costs nothing: it is held against the limit first, and up to 1 MiB of
 * it is believed; beyond that the memory grows with what comes, up to the limit
 * and never beyond.
 *
 * ## Sending
 *
 * One message at a time, none in a queue: what waits can be given up or replaced
 * only as long as the owner has it. The thread that sends writes, so that a
 * frame needs no other thread to leave; what the socket doesn't take then, and
 * everything over TLS, the loop's thread writes. A server's message leaves in one
 * vectored write from where it is, a client's is copied as it is masked. In the
 * kernel wait at most the bytes of one frame or so that the network hasn't taken
 * yet (TCP_NOTSENT_LOWAT): a slow peer's stale frames wait where they can be
 * dropped. Pongs leave together, and where they pile up only the newest does
 * (section 5.5.3).
 *
 * ## Liveness
 *
 * A ping leaves every ping_interval. When nothing at all has come since the last
 * one, it was missed; the second one that is missed in a row ends the connection.
 *
 * ## Closing
 *
 * | what happens | what is done |
 * | --- | --- |
 * | the owner closes | close frame behind the message being sent; messages that still come are discarded; wait for the peer's close frame |
 * | the peer closes | its code is sent back behind the message being sent |
 * | the peer breaks the protocol, or a limit | close frame (1002, 1007, 1008, 1009); what still comes is discarded unread until the peer closes TCP, because closing with bytes unread would reset the connection and could take the close frame with it |
 * | the peer goes away, or is dead | closed with 1006 |
 *
 * After both close frames the server closes TCP, and the client waits for it
 * (section 7.1.1). From the first step on all of it has close_timeout
 * milliseconds. closed() is called when TCP is closed.
 */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <string.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "gsttryonconnection-private.h"

GST_DEBUG_CATEGORY (tryon_connection_debug);
#define GST_CAT_DEFAULT tryon_connection_debug

/* Bytes that one connection may take of a turn of the loop. */
#define TURN_BUDGET (256 * 1024)
/* Bytes that the kernel may hold beyond what it has sent already. */
#define MAX_UNSENT (128 * 1024)
/* Pings in a row. */
#define MAX_MISSED 2

G_DEFINE_TYPE_WITH_CODE (GstTryonConnection, gst_tryon_connection,
    GST_TYPE_OBJECT, GST_DEBUG_CATEGORY_INIT (tryon_connection_debug,
        "tryon-connection", 0, "WebSocket connections"));

static gboolean gst_tryon_connection_on_read (gpointer user_data);

void
gst_tryon_connection_clear_source (GSource ** source)
{
  if (*source)
    g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

/* Runs @func on a fresh stack of the loop's thread. */
void
gst_tryon_connection_schedule (GstTryonConnection * self, GSourceFunc func)
{
  gst_tryon_loop_invoke (self->loop, func, gst_object_ref (self),
      gst_object_unref);
}

void
gst_tryon_connection_schedule_read (GstTryonConnection * self)
{
  if (self->read_scheduled)
    return;
  self->read_scheduled = TRUE;
  gst_tryon_connection_schedule (self, gst_tryon_connection_on_read);
}

void
gst_tryon_connection_drop_callbacks (GstTryonConnection * self)
{
  GDestroyNotify notify = self->notify;

  memset (&self->callbacks, 0, sizeof (self->callbacks));
  self->notify = NULL;
  if (notify)
    notify (self->user_data);
}

/* ---- receiving ---- */

static void
gst_tryon_connection_send_pongs (GstTryonConnection * self)
{
  if (self->pong_waits && self->state != GST_TRYON_CONNECTION_STATE_CLOSED)
    gst_tryon_connection_flush (self);
  self->pong_waits = FALSE;
}

static void
gst_tryon_connection_deliver (GstTryonConnection * self)
{
  /* Out of the connection's hands: the owner may close it meanwhile. */
  GstTryonWsMessage message = self->input.message;
  const gchar *text;
  GstBuffer *buffer;

  memset (&self->input.message, 0, sizeof (message));
  self->last_message = g_get_monotonic_time ();
  self->idle_told = FALSE;
  GST_LOG_OBJECT (self, "%s message of %" G_GSIZE_FORMAT " bytes",
      message.is_text ? "text" : "binary", message.size);
  if (!message.is_text) {
    buffer = gst_tryon_ws_message_take_buffer (&message);
    if (self->callbacks.binary)
      self->callbacks.binary (self, buffer, self->user_data);
    else
      gst_buffer_unref (buffer);
    return;
  }
  text = gst_tryon_ws_message_get_text (&message);
  if (text == NULL)
    gst_tryon_connection_fail (self, GST_TRYON_CLOSE_INVALID_DATA,
        "a text message is not UTF-8");
  else if (self->callbacks.text)
    self->callbacks.text (self, text, message.size, self->user_data);
  gst_tryon_ws_message_clear (&message);
}

/* Sections 5.5.1 and 7.1.5. */
static void
gst_tryon_connection_receive_close (GstTryonConnection * self)
{
  const guint8 *payload = self->input.control;
  gsize size = self->input.control_size;
  guint16 code = GST_TRYON_CLOSE_NO_STATUS;
  gchar *reason = NULL;

  if (size == 1) {
    gst_tryon_connection_fail (self, GST_TRYON_CLOSE_PROTOCOL_ERROR,
        "a close frame holds half a code");
    return;
  }
  if (size >= 2) {
    code = payload[0] << 8 | payload[1];
    if (!gst_tryon_ws_close_code_is_valid (code)) {
      gst_tryon_connection_fail (self, GST_TRYON_CLOSE_PROTOCOL_ERROR,
          "a close frame holds a code that may not be sent");
      return;
    }
    if (!gst_tryon_ws_is_utf8 ((const gchar *) payload + 2, size - 2)) {
      gst_tryon_connection_fail (self, GST_TRYON_CLOSE_INVALID_DATA,
          "the reason in a close frame is not UTF-8");
      return;
    }
    reason = g_strndup ((const gchar *) payload + 2, size - 2);
  }
  self->close_received = TRUE;
  gst_tryon_connection_set_result (self, code, reason ? reason : "");
  g_free (reason);
  gst_tryon_connection_begin_close (self, code, NULL);
  gst_tryon_connection_drain (self);
  gst_tryon_connection_flush (self);
}

static void
gst_tryon_connection_receive_control (GstTryonConnection * self)
{
  switch (self->input.frame.opcode) {
    case GST_TRYON_WS_OPCODE_CLOSE:
      gst_tryon_connection_receive_close (self);
      break;
    case GST_TRYON_WS_OPCODE_PING:
      if (self->state != GST_TRYON_CONNECTION_STATE_OPEN)
        break;
      g_mutex_lock (&self->lock);
      gst_tryon_ws_output_pong (&self->output, self->input.control,
          self->input.control_size);
      g_mutex_unlock (&self->lock);
      /* Sent all together, at the turn's end or before the next message. */
      self->pong_waits = TRUE;
      break;
    default:
      /* A pong: that something came was noted already. */
      break;
  }
}

static gboolean gst_tryon_connection_on_input (GObject * stream,
    gpointer user_data);

/* The stream was read empty. Not before that are its wrappers let go, and a
 * source made of it: what holds bytes from the handshake would be ready for
 * ever. */
static void
gst_tryon_connection_await_input (GstTryonConnection * self)
{
  if (self->plain_input)
    self->input.stream = G_POLLABLE_INPUT_STREAM (self->plain_input);
  if (self->in_source || self->watch || self->deaf || self->paused)
    return;
  self->in_source = g_pollable_input_stream_create_source (self->input.stream,
      NULL);
  g_source_set_callback (self->in_source,
      G_SOURCE_FUNC (gst_tryon_connection_on_input), self, NULL);
  g_source_attach (self->in_source, gst_tryon_loop_get_context (self->loop));
}

/* Reads until there is no more, or enough for a turn. */
static void
gst_tryon_connection_read_some (GstTryonConnection * self)
{
  GstTryonWsInput *input = &self->input;
  gssize budget = TURN_BUDGET;

  while (self->state != GST_TRYON_CONNECTION_STATE_CLOSED && !self->deaf
      && !self->paused) {
    switch (gst_tryon_ws_input_next (input, &budget)) {
      case GST_TRYON_WS_INPUT_MESSAGE:
        /* Before the answer that it may get. */
        gst_tryon_connection_send_pongs (self);
        gst_tryon_connection_deliver (self);
        break;
      case GST_TRYON_WS_INPUT_CONTROL:
        gst_tryon_connection_receive_control (self);
        break;
      case GST_TRYON_WS_INPUT_FAILED:
        gst_tryon_connection_fail (self, input->code, input->words);
        break;
      case GST_TRYON_WS_INPUT_ENDED:
        gst_tryon_connection_finish (self, input->words);
        break;
      case GST_TRYON_WS_INPUT_SPENT:
        /* Bytes that a socket has yet it tells of itself. */
        if (self->watch == NULL || gst_tryon_ws_input_has_bytes (input)
            || input->stream != (gpointer) self->plain_input)
          gst_tryon_connection_schedule_read (self);
        return;
      case GST_TRYON_WS_INPUT_BLOCKED:
        gst_tryon_connection_await_input (self);
        return;
    }
  }
}

static void
gst_tryon_connection_read_turn (GstTryonConnection * self)
{
  gst_tryon_connection_read_some (self);
  gst_tryon_connection_send_pongs (self);
}

static gboolean
gst_tryon_connection_on_input (GObject * stream, gpointer user_data)
{
  GstTryonConnection *self = user_data;

  /* Else it would have two turns in one. */
  if (!self->read_scheduled)
    gst_tryon_connection_read_turn (self);
  return G_SOURCE_CONTINUE;
}

static gboolean
gst_tryon_connection_on_read (gpointer user_data)
{
  GstTryonConnection *self = user_data;

  self->read_scheduled = FALSE;
  gst_tryon_connection_read_turn (self);
  return G_SOURCE_REMOVE;
}

static void
gst_tryon_connection_on_watch (GIOCondition condition, gpointer user_data)
{
  GstTryonConnection *self = user_data;

  if (condition & G_IO_OUT)
    gst_tryon_connection_flush (self);
  /* There is nobody to wait for. */
  if ((condition & (G_IO_ERR | G_IO_HUP | GST_TRYON_WATCH_PEER_CLOSED))
      && self->deaf)
    gst_tryon_connection_finish (self, "the peer went away");
  else if ((condition & (G_IO_ERR | G_IO_HUP)) && self->paused)
    gst_tryon_connection_resume (self);
  else if ((condition & ~G_IO_OUT) && !self->read_scheduled)
    gst_tryon_connection_read_turn (self);
}

/* ---- liveness ---- */

/* Sends the ping that is due. %FALSE when the peer is dead. */
static gboolean
gst_tryon_connection_keep_alive (GstTryonConnection * self, gint64 now)
{
  guint64 received = self->input.bytes_received;

  if (self->limits.ping_interval == 0 || self->deaf
      || now - self->last_ping < self->limits.ping_interval * 1000LL)
    return TRUE;
  self->missed = self->ping_open && received == self->received_at_ping ?
      self->missed + 1 : 0;
  if (self->missed >= MAX_MISSED)
    return FALSE;
  self->last_ping = now;
  self->ping_open = TRUE;
  self->received_at_ping = received;
  gst_tryon_connection_ping (self);
  return TRUE;
}

static void
gst_tryon_connection_on_tick (gpointer user_data)
{
  GstTryonConnection *self = user_data;
  gint64 now = g_get_monotonic_time ();

  if (!gst_tryon_connection_keep_alive (self, now)) {
    gst_tryon_connection_finish (self, "the peer answers no ping");
    return;
  }
  if (self->limits.idle_timeout == 0 || self->idle_told
      || now - self->last_message < self->limits.idle_timeout * 1000LL)
    return;
  self->idle_told = TRUE;
  if (self->callbacks.idle)
    self->callbacks.idle (self, self->user_data);
  else
    gst_tryon_connection_close (self, GST_TRYON_CLOSE_IDLE,
        "nothing came for too long");
}

/* ---- the object ---- */

static void
gst_tryon_connection_init (GstTryonConnection * self)
{
  g_mutex_init (&self->lock);
}

static void
gst_tryon_connection_finalize (GObject * object)
{
  GstTryonConnection *self = GST_TRYON_CONNECTION (object);

  g_clear_object (&self->stream);
  g_free (self->close_reason);
  gst_clear_object (&self->loop);
  g_mutex_clear (&self->lock);
  G_OBJECT_CLASS (gst_tryon_connection_parent_class)->finalize (object);
}

static void
gst_tryon_connection_class_init (GstTryonConnectionClass * klass)
{
  G_OBJECT_CLASS (klass)->finalize = gst_tryon_connection_finalize;
}

/* What @stream is made of, below the wrappers of GIO and of libsoup. */
static GIOStream *
find_base (GIOStream * stream, gboolean * tls)
{
  static const gchar *const names[] = { "base-io-stream", "base-iostream" };
  GIOStream *base = stream;
  guint i;

  *tls = FALSE;
  while (base) {
    stream = base;
    base = NULL;
    *tls |= G_IS_TLS_CONNECTION (stream);
    for (i = 0; i < G_N_ELEMENTS (names) && base == NULL; i++) {
      if (!g_object_class_find_property (G_OBJECT_GET_CLASS (stream), names[i]))
        continue;
      g_object_get (stream, names[i], &base, NULL);
      /* The wrapper holds it. */
      if (base)
        g_object_unref (base);
    }
  }
  return stream;
}

/* Finds the socket in the stream, and in it a plain way in and out. */
static void
gst_tryon_connection_use_stream (GstTryonConnection * self)
{
  GIOStream *base = find_base (self->stream, &self->tls), *out = self->stream;

  if (G_IS_SOCKET_CONNECTION (base))
    self->socket = g_socket_connection_get_socket (G_SOCKET_CONNECTION (base));
  if (self->socket) {
    /* Frames must not wait for more bytes, nor in the kernel for a slow
     * network. Both fail on a local socket. */
    g_socket_set_option (self->socket, IPPROTO_TCP, TCP_NODELAY, TRUE, NULL);
    g_socket_set_option (self->socket, IPPROTO_TCP, TCP_NOTSENT_LOWAT,
        MAX_UNSENT, NULL);
  }
  if (self->socket && !self->tls) {
    self->plain_input = g_io_stream_get_input_stream (base);
    out = base;
    self->watch = gst_tryon_loop_watch_fd (self->loop,
        g_socket_get_fd (self->socket), G_IO_IN, gst_tryon_connection_on_watch,
        self);
  }
  self->input.stream =
      G_POLLABLE_INPUT_STREAM (g_io_stream_get_input_stream (self->stream));
  self->output.stream =
      G_POLLABLE_OUTPUT_STREAM (g_io_stream_get_output_stream (out));
}

/**
 * gst_tryon_connection_new:
 * @loop: the loop on whose thread this is called
 * @stream: (transfer none): whose handshake is done. Both its streams must be
 *     pollable; nobody else may use them from here on
 * @role: which end this is
 * @limits: copied
 * @callbacks: copied; each may be %NULL
 * @user_data: for @callbacks
 * @notify: (nullable): frees @user_data behind the last callback
 *
 * Takes @stream over and reads from the next turn of the loop on. The loop
 * holds a reference until closed() was called.
 *
 * Returns: (transfer full): the connection
 */
GstTryonConnection *
gst_tryon_connection_new (GstTryonLoop * loop, GIOStream * stream,
    GstTryonConnectionRole role, const GstTryonConnectionLimits * limits,
    const GstTryonConnectionCallbacks * callbacks, gpointer user_data,
    GDestroyNotify notify)
{
  GstTryonConnection *self;

  g_return_val_if_fail (GST_IS_TRYON_LOOP (loop), NULL);
  g_return_val_if_fail (gst_tryon_loop_is_current (loop), NULL);
  g_return_val_if_fail (G_IS_IO_STREAM (stream), NULL);
  g_return_val_if_fail (limits != NULL, NULL);
  g_return_val_if_fail (callbacks != NULL, NULL);

  self = g_object_new (GST_TYPE_TRYON_CONNECTION, NULL);
  gst_object_ref_sink (self);
  self->loop = gst_object_ref (loop);
  self->stream = g_object_ref (stream);
  self->role = role;
  self->limits = *limits;
  self->callbacks = *callbacks;
  self->user_data = user_data;
  self->notify = notify;
  self->input.from_client = role == GST_TRYON_CONNECTION_SERVER;
  self->input.max_message_bytes = limits->max_message_bytes;
  self->input.max_text_bytes = limits->max_text_bytes;
  self->input.max_fragments = limits->max_fragments;
  self->output.masks = role == GST_TRYON_CONNECTION_CLIENT;
  gst_tryon_connection_use_stream (self);
  self->last_message = self->last_ping = g_get_monotonic_time ();
  if (limits->ping_interval > 0 || limits->idle_timeout > 0)
    self->tick = gst_tryon_loop_add_tick (loop, gst_tryon_connection_on_tick,
        self);

  /* The loop's reference, until it is closed. */
  gst_object_ref (self);
  gst_tryon_connection_schedule_read (self);
  return self;
}

/**
 * gst_tryon_connection_is_writable:
 * @connection: a #GstTryonConnection
 *
 * Returns: whether a message can be given now; when not, and the connection
 *     isn't closing, writable() tells when it can
 */
gboolean
gst_tryon_connection_is_writable (GstTryonConnection * connection)
{
  gboolean writable;

  g_return_val_if_fail (GST_IS_TRYON_CONNECTION (connection), FALSE);

  g_mutex_lock (&connection->lock);
  writable = gst_tryon_connection_is_writable_unlocked (connection);
  g_mutex_unlock (&connection->lock);
  return writable;
}

/**
 * gst_tryon_connection_send_binary:
 * @connection: a #GstTryonConnection
 * @header: (nullable) (array length=header_size): copied
 * @header_size: bytes at @header, at most 64
 * @payload: (nullable) (transfer none): kept until it has left
 *
 * Sends @header and @payload as one message, from any thread. Mostly it has left
 * when this returns, and the next one can be given; where it has not, writable()
 * is called when it has.
 *
 * Returns: %FALSE, and nothing happened, when the connection isn't writable
 */
gboolean
gst_tryon_connection_send_binary (GstTryonConnection * connection,
    const guint8 * header, gsize header_size, GstBuffer * payload)
{
  gboolean taken;

  g_return_val_if_fail (GST_IS_TRYON_CONNECTION (connection), FALSE);
  g_return_val_if_fail (header != NULL || header_size == 0, FALSE);
  g_return_val_if_fail (header_size <= GST_TRYON_WS_OUTPUT_MAX_PREFIX, FALSE);

  g_mutex_lock (&connection->lock);
  taken = gst_tryon_connection_is_writable_unlocked (connection)
      && gst_tryon_ws_output_begin_binary (&connection->output, header,
      header_size, payload);
  if (taken)
    gst_tryon_connection_flush_unlocked (connection);
  g_mutex_unlock (&connection->lock);
  return taken;
}

/**
 * gst_tryon_connection_send_text:
 * @connection: a #GstTryonConnection
 * @text: (transfer none): valid UTF-8, copied
 * @size: bytes of @text
 *
 * Like gst_tryon_connection_send_binary().
 *
 * Returns: %FALSE, and nothing happened, when the connection isn't writable
 */
gboolean
gst_tryon_connection_send_text (GstTryonConnection * connection,
    const gchar * text, gsize size)
{
  gboolean taken;

  g_return_val_if_fail (GST_IS_TRYON_CONNECTION (connection), FALSE);
  g_return_val_if_fail (text != NULL || size == 0, FALSE);

  g_mutex_lock (&connection->lock);
  taken = gst_tryon_connection_is_writable_unlocked (connection)
      && gst_tryon_ws_output_begin_text (&connection->output, text, size);
  if (taken)
    gst_tryon_connection_flush_unlocked (connection);
  g_mutex_unlock (&connection->lock);
  return taken;
}

/**
 * gst_tryon_connection_ping:
 * @connection: a #GstTryonConnection
 *
 * Sends a ping behind what is being sent. One that waits already is enough.
 */
void
gst_tryon_connection_ping (GstTryonConnection * connection)
{
  g_return_if_fail (GST_IS_TRYON_CONNECTION (connection));

  if (connection->state != GST_TRYON_CONNECTION_STATE_OPEN)
    return;
  g_mutex_lock (&connection->lock);
  gst_tryon_ws_output_ping (&connection->output);
  g_mutex_unlock (&connection->lock);
  gst_tryon_connection_flush (connection);
}

/**
 * gst_tryon_connection_stop_receiving:
 * @connection: a #GstTryonConnection
 *
 * For peers that are about to be closed, and go on sending: reads nothing any
 * more, so that they have to wait. Reading goes on with the close handshake, for
 * the peer's close frame. That the peer has gone is noticed all the same, but
 * over TLS, and over TCP where the end of its stream is behind more than the
 * sockets hold.
 */
void
gst_tryon_connection_stop_receiving (GstTryonConnection * connection)
{
  g_return_if_fail (GST_IS_TRYON_CONNECTION (connection));

  if (connection->state != GST_TRYON_CONNECTION_STATE_OPEN)
    return;
  g_mutex_lock (&connection->lock);
  connection->deaf = TRUE;
  gst_tryon_connection_update_watch (connection);
  g_mutex_unlock (&connection->lock);
  gst_tryon_connection_clear_source (&connection->in_source);
  gst_tryon_ws_input_want (&connection->input, GST_TRYON_WS_INPUT_CONTROL_ONLY);
}

void
gst_tryon_connection_listen_unlocked (GstTryonConnection * self)
{
  self->deaf = self->paused = FALSE;
  gst_tryon_connection_update_watch (self);
}

/**
 * gst_tryon_connection_pause:
 * @connection: a #GstTryonConnection
 *
 * Reads nothing until gst_tryon_connection_resume(), so that the peer has to wait
 * when the sockets are full; not longer than for moments, since pings and the close
 * frame wait as well. Also from within a callback: no other follows. Ends by itself
 * where the connection is closed, or fails.
 */
void
gst_tryon_connection_pause (GstTryonConnection * connection)
{
  g_return_if_fail (GST_IS_TRYON_CONNECTION (connection));

  if (connection->state != GST_TRYON_CONNECTION_STATE_OPEN
      || connection->paused)
    return;
  g_mutex_lock (&connection->lock);
  connection->paused = TRUE;
  gst_tryon_connection_update_watch (connection);
  g_mutex_unlock (&connection->lock);
  gst_tryon_connection_clear_source (&connection->in_source);
}

/**
 * gst_tryon_connection_resume:
 * @connection: a #GstTryonConnection
 *
 * Ends what gst_tryon_connection_pause() began, and reads; messages may come before
 * this returns.
 */
void
gst_tryon_connection_resume (GstTryonConnection * connection)
{
  g_return_if_fail (GST_IS_TRYON_CONNECTION (connection));

  if (!connection->paused)
    return;
  g_mutex_lock (&connection->lock);
  connection->paused = FALSE;
  gst_tryon_connection_update_watch (connection);
  g_mutex_unlock (&connection->lock);
  if (!connection->read_scheduled)
    gst_tryon_connection_read_turn (connection);
}

/**
 * gst_tryon_connection_close:
 * @connection: a #GstTryonConnection
 * @code: one that may be sent; any other goes as a close frame without one
 * @reason: (nullable): UTF-8, cut at 123 bytes
 *
 * Starts the close handshake behind what is being sent. No message comes any
 * more; closed() tells the end. Does nothing when it has begun already.
 */
void
gst_tryon_connection_close (GstTryonConnection * connection, guint16 code,
    const gchar * reason)
{
  g_return_if_fail (GST_IS_TRYON_CONNECTION (connection));

  if (connection->state != GST_TRYON_CONNECTION_STATE_OPEN)
    return;
  GST_INFO_OBJECT (connection, "closing with %u: %s", code,
      GST_STR_NULL (reason));
  gst_tryon_connection_begin_close (connection, code, reason);
  gst_tryon_connection_flush (connection);
}

/**
 * gst_tryon_connection_abandon:
 * @connection: a #GstTryonConnection
 * @code: see gst_tryon_connection_close()
 * @reason: (nullable): see gst_tryon_connection_close()
 *
 * For owners that go away: drops the callbacks at once (their notify runs,
 * closed() does not) and goes on with the close handshake by itself.
 */
void
gst_tryon_connection_abandon (GstTryonConnection * connection, guint16 code,
    const gchar * reason)
{
  g_return_if_fail (GST_IS_TRYON_CONNECTION (connection));

  gst_tryon_connection_drop_callbacks (connection);
  gst_tryon_connection_close (connection, code, reason);
}

/**
 * gst_tryon_connection_get_bytes_received:
 * @connection: a #GstTryonConnection
 *
 * Returns: bytes read from the stream, framing included
 */
guint64
gst_tryon_connection_get_bytes_received (GstTryonConnection * connection)
{
  g_return_val_if_fail (GST_IS_TRYON_CONNECTION (connection), 0);

  return connection->input.bytes_received;
}

/**
 * gst_tryon_connection_get_bytes_sent:
 * @connection: a #GstTryonConnection
 *
 * Returns: bytes given to the stream, framing included
 */
guint64
gst_tryon_connection_get_bytes_sent (GstTryonConnection * connection)
{
  guint64 bytes;

  g_return_val_if_fail (GST_IS_TRYON_CONNECTION (connection), 0);

  g_mutex_lock (&connection->lock);
  bytes = connection->output.bytes_sent;
  g_mutex_unlock (&connection->lock);
  return bytes;
}

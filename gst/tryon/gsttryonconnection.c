/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:gsttryonconnection
 * @title: GstTryonConnection
 * @short_description: one WebSocket, either end, after the handshake
 *
 * RFC 6455 over the pollable streams of a #GIOStream, be it a plain socket or
 * TLS. Section numbers are those of RFC 6455. No extension is ever agreed on.
 *
 * Everything happens on the loop's thread. A connection never waits there, and
 * reads a bounded amount per turn, so that a fast peer can't starve others.
 *
 * ## Receiving
 *
 * A message's bytes go from the socket straight into the memory of the
 * #GstBuffer that the owner gets, and are unmasked in place; only what the read
 * of a frame's header caught beyond it (up to 4 KiB) is copied. A length that
 * is merely claimed costs nothing: it is held against the limit first, and up
 * to 1 MiB of it is believed; beyond that the memory grows with what comes, up
 * to the limit and never beyond.
 *
 * ## Sending
 *
 * One message at a time, none in a queue: what waits can be given up or
 * replaced only as long as the owner has it. A server's message leaves in one
 * vectored write from where it is, a client's is copied once to be masked. Of
 * pings to be answered only the newest is (section 5.5.3).
 *
 * ## Closing
 *
 * | what happens | what is done |
 * | --- | --- |
 * | the owner closes | close frame behind the message being sent; messages that still come are discarded; wait for the peer's close frame |
 * | the peer closes | its code is sent back behind the message being sent |
 * | the peer breaks the protocol, or a limit | close frame (1002, 1007, 1009); what still comes is discarded unread until the peer closes TCP, because closing with bytes unread would reset the connection and could take the close frame with it |
 * | the peer goes away | closed with 1006 |
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

#include "gsttryonconnection.h"
#include "gsttryonwsinput.h"
#include "gsttryonwsoutput.h"

GST_DEBUG_CATEGORY_STATIC (tryon_connection_debug);
#define GST_CAT_DEFAULT tryon_connection_debug

/* Bytes that one connection may take of a turn of the loop. */
#define TURN_BUDGET (256 * 1024)
#define MAX_CONTROL GST_TRYON_WS_MAX_CONTROL_PAYLOAD
/* For the farewell of TLS, which GIO can only do waiting in a thread. */
#define TLS_BYE_TIMEOUT 1

typedef enum
{
  STATE_OPEN,
  /* A close frame is to be sent or was: messages are discarded. */
  STATE_CLOSING,
  /* Nothing matters any more but the end of the peer's bytes. */
  STATE_DRAINING,
  STATE_CLOSED,
} State;

/* What the wake source is to do. */
typedef enum
{
  WAKE_READ = (1 << 0),
  WAKE_WRITABLE = (1 << 1),
  WAKE_CLOSED = (1 << 2),
} Wake;

/* All of it belongs to the loop's thread. */
struct _GstTryonConnection
{
  GstObject parent;

  GstTryonLoop *loop;
  GIOStream *stream;
  GSocket *socket;              /* (nullable), what stream is made of */
  gboolean tls;
  GstTryonConnectionRole role;
  guint close_timeout;

  GstTryonConnectionCallbacks callbacks;
  gpointer user_data;
  GDestroyNotify notify;

  State state;
  GSource *in_source;
  GSource *out_source;          /* while the socket takes nothing */
  GSource *close_timer;
  GSource *wake;                /* holds the loop's reference until closed */
  Wake pending;

  GstTryonWsInput input;
  GstTryonWsOutput output;
  gboolean output_failed;
  gboolean ping_pending;
  gboolean pong_pending;
  guint8 pong[MAX_CONTROL];
  gsize pong_size;

  gboolean close_pending;
  guint8 close[MAX_CONTROL];
  gsize close_size;
  gboolean close_sent;
  gboolean close_received;
  gboolean failed;              /* the peer was told what it did wrong */
  guint16 close_code;           /* what closed() is to tell */
  gchar *close_reason;
};

G_DEFINE_TYPE_WITH_CODE (GstTryonConnection, gst_tryon_connection,
    GST_TYPE_OBJECT, GST_DEBUG_CATEGORY_INIT (tryon_connection_debug,
        "tryon-connection", 0, "WebSocket connections"));

static void gst_tryon_connection_flush (GstTryonConnection * self);
static void gst_tryon_connection_read_turn (GstTryonConnection * self);

static void
clear_source (GSource ** source)
{
  if (*source)
    g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

/* Does @what on a fresh stack. */
static void
gst_tryon_connection_wake (GstTryonConnection * self, Wake what)
{
  self->pending |= what;
  g_source_set_ready_time (self->wake, 0);
}

static void
gst_tryon_connection_drop_callbacks (GstTryonConnection * self)
{
  GDestroyNotify notify = self->notify;

  memset (&self->callbacks, 0, sizeof (self->callbacks));
  self->notify = NULL;
  if (notify)
    notify (self->user_data);
}

/* ---- sending ---- */

static void
gst_tryon_connection_frame_left (GstTryonConnection * self)
{
  GstTryonWsOpcode opcode = self->output.opcode;

  if (opcode == GST_TRYON_WS_OPCODE_CLOSE)
    self->close_sent = TRUE;
  /* A control frame may have been in a message's way, too. */
  if (self->state == STATE_OPEN
      && (opcode < GST_TRYON_WS_OPCODE_CLOSE || self->out_source != NULL))
    gst_tryon_connection_wake (self, WAKE_WRITABLE);
}

/* Begins the control frame that is due, if there is one. */
static gboolean
gst_tryon_connection_begin_control (GstTryonConnection * self)
{
  if (self->state == STATE_OPEN && self->pong_pending) {
    gst_tryon_ws_output_begin_control (&self->output, GST_TRYON_WS_OPCODE_PONG,
        self->pong, self->pong_size);
    self->pong_pending = FALSE;
  } else if (self->state == STATE_OPEN && self->ping_pending) {
    gst_tryon_ws_output_begin_control (&self->output, GST_TRYON_WS_OPCODE_PING,
        NULL, 0);
    self->ping_pending = FALSE;
  } else if (self->close_pending) {
    gst_tryon_ws_output_begin_control (&self->output, GST_TRYON_WS_OPCODE_CLOSE,
        self->close, self->close_size);
    self->close_pending = FALSE;
  }
  return self->output.active;
}

static gboolean
gst_tryon_connection_on_output (GObject * stream, gpointer user_data)
{
  gst_tryon_connection_flush (user_data);
  return G_SOURCE_CONTINUE;
}

static void
gst_tryon_connection_await_output (GstTryonConnection * self)
{
  if (self->out_source)
    return;
  self->out_source = g_pollable_output_stream_create_source
      (self->output.stream, NULL);
  g_source_set_callback (self->out_source,
      G_SOURCE_FUNC (gst_tryon_connection_on_output), self, NULL);
  g_source_attach (self->out_source, gst_tryon_loop_get_context (self->loop));
}

/* ---- closing ---- */

/* What the stream is made of, through the wrappers of GIO and of libsoup. */
static GSocket *
find_socket (GIOStream * stream, gboolean * tls)
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
  return G_IS_SOCKET_CONNECTION (stream) ?
      g_socket_connection_get_socket (G_SOCKET_CONNECTION (stream)) : NULL;
}

static void
on_tls_closed (GObject * stream, GAsyncResult * result, gpointer user_data)
{
  GstTryonLoop *loop = user_data;

  g_io_stream_close_finish (G_IO_STREAM (stream), result, NULL);
  gst_object_unref (loop);
}

/* Closes TCP. GIO can say good-bye in TLS only by waiting for the socket, which
 * it then does in a thread: worth it only after a whole close handshake. */
static void
gst_tryon_connection_close_stream (GstTryonConnection * self)
{
  if (!self->tls) {
    g_io_stream_close (self->stream, NULL, NULL);
  } else if (self->socket && !(self->close_sent && self->close_received)) {
    g_socket_close (self->socket, NULL);
  } else {
    if (self->socket)
      g_socket_set_timeout (self->socket, TLS_BYE_TIMEOUT);
    g_io_stream_close_async (self->stream, G_PRIORITY_DEFAULT, NULL,
        on_tls_closed, gst_object_ref (self->loop));
  }
}

static void
gst_tryon_connection_set_result (GstTryonConnection * self, guint16 code,
    const gchar * reason)
{
  self->close_code = code;
  g_free (self->close_reason);
  self->close_reason = g_strdup (reason);
}

/* The end of it: TCP is closed, closed() follows. */
static void
gst_tryon_connection_finish (GstTryonConnection * self, const gchar * words)
{
  if (self->state == STATE_CLOSED)
    return;
  if (!self->failed && !self->close_received)
    gst_tryon_connection_set_result (self, GST_TRYON_CLOSE_ABNORMAL, words);
  GST_INFO_OBJECT (self, "closed with %u: %s", self->close_code,
      self->close_reason);

  self->state = STATE_CLOSED;
  clear_source (&self->in_source);
  clear_source (&self->out_source);
  clear_source (&self->close_timer);
  gst_tryon_ws_input_clear (&self->input);
  gst_tryon_ws_output_clear (&self->output);
  gst_tryon_connection_close_stream (self);
  gst_tryon_connection_wake (self, WAKE_CLOSED);
}

static gboolean
gst_tryon_connection_on_close_timeout (gpointer user_data)
{
  gst_tryon_connection_finish (user_data,
      "the close handshake was not over in time");
  return G_SOURCE_REMOVE;
}

/* From here on no message goes either way. */
static void
gst_tryon_connection_leave_open (GstTryonConnection * self)
{
  self->state = STATE_CLOSING;
  gst_tryon_ws_input_want (&self->input, GST_TRYON_WS_INPUT_CONTROL_ONLY);
  self->close_timer = gst_tryon_loop_add_timeout (self->loop,
      self->close_timeout, gst_tryon_connection_on_close_timeout, self);
}

/* Bytes of @text that fit into @room and end with a whole character. */
static gsize
cut_text (const gchar * text, gsize room)
{
  const gchar *end;

  g_utf8_validate_len (text, MIN (strlen (text), room), &end);
  return end - text;
}

/* Schedules the close frame; a @code that may not be sent is left out. */
static void
gst_tryon_connection_begin_close (GstTryonConnection * self, guint16 code,
    const gchar * reason)
{
  gsize size;

  if (self->state != STATE_OPEN)
    return;
  gst_tryon_connection_leave_open (self);
  self->close_pending = TRUE;
  if (!gst_tryon_ws_close_code_is_valid (code))
    return;
  self->close[0] = code >> 8;
  self->close[1] = code & 0xff;
  self->close_size = 2;
  if (reason) {
    size = cut_text (reason, sizeof (self->close) - self->close_size);
    memcpy (self->close + self->close_size, reason, size);
    self->close_size += size;
  }
}

static void
gst_tryon_connection_drain (GstTryonConnection * self)
{
  self->state = STATE_DRAINING;
  gst_tryon_ws_input_want (&self->input, GST_TRYON_WS_INPUT_NOTHING);
}

/* Section 7.1.7. */
static void
gst_tryon_connection_fail (GstTryonConnection * self, guint16 code,
    const gchar * words)
{
  GST_WARNING_OBJECT (self, "failing the connection with %u: %s", code, words);
  if (self->state == STATE_OPEN) {
    self->failed = TRUE;
    gst_tryon_connection_set_result (self, code, words);
    gst_tryon_connection_begin_close (self, code, words);
  }
  gst_tryon_connection_drain (self);
  gst_tryon_connection_flush (self);
}

/* Nothing can be written any more. The peer may have sent a close frame before
 * it went away: reading on finds that, or the end. */
static void
gst_tryon_connection_output_broke (GstTryonConnection * self,
    const gchar * words)
{
  GST_DEBUG_OBJECT (self, "can't write any more: %s", words);
  gst_tryon_ws_output_drop (&self->output);
  self->output_failed = TRUE;
  if (self->state == STATE_OPEN)
    gst_tryon_connection_leave_open (self);
  gst_tryon_connection_wake (self, WAKE_READ);
}

/* Writes what can be written now, and takes the step of closing that is due. */
static void
gst_tryon_connection_flush (GstTryonConnection * self)
{
  GError *error = NULL;

  while (!self->output_failed && (self->output.active
          || gst_tryon_connection_begin_control (self))) {
    switch (gst_tryon_ws_output_write (&self->output, &error)) {
      case G_POLLABLE_RETURN_OK:
        gst_tryon_connection_frame_left (self);
        break;
      case G_POLLABLE_RETURN_WOULD_BLOCK:
        gst_tryon_connection_await_output (self);
        return;
      default:
        gst_tryon_connection_output_broke (self, error->message);
        g_clear_error (&error);
        break;
    }
  }
  clear_source (&self->out_source);

  if (self->state != STATE_DRAINING)
    return;
  if (self->close_received && self->role == GST_TRYON_CONNECTION_SERVER)
    gst_tryon_connection_finish (self, NULL);
  else if (self->failed && self->socket && !self->tls)
    g_socket_shutdown (self->socket, FALSE, TRUE, NULL);
}

/* ---- receiving ---- */

static void
gst_tryon_connection_deliver (GstTryonConnection * self)
{
  /* Out of the connection's hands: the owner may close it meanwhile. */
  GstTryonWsMessage message = self->input.message;
  const gchar *text;
  GstBuffer *buffer;

  memset (&self->input.message, 0, sizeof (message));
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
      memcpy (self->pong, self->input.control, self->input.control_size);
      self->pong_size = self->input.control_size;
      self->pong_pending = TRUE;
      gst_tryon_connection_flush (self);
      break;
    default:
      /* A pong: what it answers, or why it came, makes no difference yet. */
      break;
  }
}

static gboolean
gst_tryon_connection_on_input (GObject * stream, gpointer user_data)
{
  GstTryonConnection *self = user_data;

  /* Else it would have two turns in one. */
  if (!(self->pending & WAKE_READ))
    gst_tryon_connection_read_turn (self);
  return G_SOURCE_CONTINUE;
}

/* Not before the stream was read empty once: a wrapper that holds bytes from the
 * handshake makes a source that is ready for ever. */
static void
gst_tryon_connection_await_input (GstTryonConnection * self)
{
  if (self->in_source)
    return;
  self->in_source = g_pollable_input_stream_create_source (self->input.stream,
      NULL);
  g_source_set_callback (self->in_source,
      G_SOURCE_FUNC (gst_tryon_connection_on_input), self, NULL);
  g_source_attach (self->in_source, gst_tryon_loop_get_context (self->loop));
}

static void
gst_tryon_connection_read_turn (GstTryonConnection * self)
{
  GstTryonWsInput *input = &self->input;
  gssize budget = TURN_BUDGET;

  while (self->state != STATE_CLOSED) {
    switch (gst_tryon_ws_input_next (input, &budget)) {
      case GST_TRYON_WS_INPUT_MESSAGE:
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
        gst_tryon_connection_wake (self, WAKE_READ);
        return;
      case GST_TRYON_WS_INPUT_BLOCKED:
        gst_tryon_connection_await_input (self);
        return;
    }
  }
}

/* ---- the object ---- */

static gboolean
gst_tryon_connection_on_wake (gpointer user_data)
{
  GstTryonConnection *self = user_data;
  Wake pending = self->pending;

  self->pending = 0;
  if (pending & WAKE_CLOSED) {
    if (self->callbacks.closed)
      self->callbacks.closed (self, self->close_code, self->close_reason,
          self->user_data);
    gst_tryon_connection_drop_callbacks (self);
    /* Gives the loop's reference back. */
    return G_SOURCE_REMOVE;
  }
  if (pending & WAKE_READ)
    gst_tryon_connection_read_turn (self);
  if ((pending & WAKE_WRITABLE) && self->callbacks.writable
      && gst_tryon_connection_is_writable (self))
    self->callbacks.writable (self, self->user_data);
  return G_SOURCE_CONTINUE;
}

static gboolean
wake_dispatch (GSource * source, GSourceFunc callback, gpointer user_data)
{
  g_source_set_ready_time (source, -1);
  return callback (user_data);
}

static GSourceFuncs wake_funcs = { NULL, NULL, wake_dispatch, NULL };

static void
gst_tryon_connection_init (GstTryonConnection * self)
{
}

static void
gst_tryon_connection_finalize (GObject * object)
{
  GstTryonConnection *self = GST_TRYON_CONNECTION (object);

  g_clear_pointer (&self->wake, g_source_unref);
  g_clear_object (&self->stream);
  g_free (self->close_reason);
  gst_clear_object (&self->loop);
  G_OBJECT_CLASS (gst_tryon_connection_parent_class)->finalize (object);
}

static void
gst_tryon_connection_class_init (GstTryonConnectionClass * klass)
{
  G_OBJECT_CLASS (klass)->finalize = gst_tryon_connection_finalize;
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
  self->input.stream =
      G_POLLABLE_INPUT_STREAM (g_io_stream_get_input_stream (stream));
  self->input.from_client = role == GST_TRYON_CONNECTION_SERVER;
  self->input.max_message_bytes = limits->max_message_bytes;
  self->input.max_text_bytes = limits->max_text_bytes;
  self->output.stream =
      G_POLLABLE_OUTPUT_STREAM (g_io_stream_get_output_stream (stream));
  self->output.masks = role == GST_TRYON_CONNECTION_CLIENT;
  self->role = role;
  self->close_timeout = limits->close_timeout;
  self->callbacks = *callbacks;
  self->user_data = user_data;
  self->notify = notify;
  self->socket = find_socket (stream, &self->tls);
  /* Frames must not wait for more bytes; fails on a local socket. */
  if (self->socket)
    g_socket_set_option (self->socket, IPPROTO_TCP, TCP_NODELAY, TRUE, NULL);

  self->wake = g_source_new (&wake_funcs, sizeof (GSource));
  g_source_set_callback (self->wake, gst_tryon_connection_on_wake,
      gst_object_ref (self), gst_object_unref);
  g_source_attach (self->wake, gst_tryon_loop_get_context (loop));
  gst_tryon_connection_wake (self, WAKE_READ);
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
  g_return_val_if_fail (GST_IS_TRYON_CONNECTION (connection), FALSE);

  return connection->state == STATE_OPEN && !connection->output.active;
}

/**
 * gst_tryon_connection_send_binary:
 * @connection: a #GstTryonConnection
 * @header: (nullable) (array length=header_size): copied
 * @header_size: bytes at @header, at most 64
 * @payload: (nullable) (transfer none): kept until it has left
 *
 * Sends @header and @payload as one message. It may have left when this
 * returns, and the next one can then be given; writable() is called in any
 * case.
 *
 * Returns: %FALSE, and nothing happened, when the connection isn't writable
 */
gboolean
gst_tryon_connection_send_binary (GstTryonConnection * connection,
    const guint8 * header, gsize header_size, GstBuffer * payload)
{
  g_return_val_if_fail (GST_IS_TRYON_CONNECTION (connection), FALSE);
  g_return_val_if_fail (header != NULL || header_size == 0, FALSE);
  g_return_val_if_fail (header_size <= GST_TRYON_WS_OUTPUT_MAX_PREFIX, FALSE);

  if (!gst_tryon_connection_is_writable (connection))
    return FALSE;
  if (!gst_tryon_ws_output_begin_binary (&connection->output, header,
          header_size, payload)) {
    GST_ERROR_OBJECT (connection, "a payload can't be read: %" GST_PTR_FORMAT,
        payload);
    return FALSE;
  }
  gst_tryon_connection_flush (connection);
  return TRUE;
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
  g_return_val_if_fail (GST_IS_TRYON_CONNECTION (connection), FALSE);
  g_return_val_if_fail (text != NULL || size == 0, FALSE);

  if (!gst_tryon_connection_is_writable (connection))
    return FALSE;
  gst_tryon_ws_output_begin_text (&connection->output, text, size);
  gst_tryon_connection_flush (connection);
  return TRUE;
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

  connection->ping_pending = TRUE;
  if (connection->state == STATE_OPEN)
    gst_tryon_connection_flush (connection);
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

  if (connection->state != STATE_OPEN)
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
  g_return_val_if_fail (GST_IS_TRYON_CONNECTION (connection), 0);

  return connection->output.bytes_sent;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a connection sends, and how it closes; see gsttryonconnection.c. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gsttryonconnection-private.h"

#define GST_CAT_DEFAULT tryon_connection_debug

/* For the farewell of TLS, which GIO can only do waiting in a thread. */
#define TLS_BYE_TIMEOUT 1

/* ---- closing ---- */

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
  } else if (self->socket && !(self->output.close_sent && self->close_received)) {
    g_socket_close (self->socket, NULL);
  } else {
    if (self->socket)
      g_socket_set_timeout (self->socket, TLS_BYE_TIMEOUT);
    g_io_stream_close_async (self->stream, G_PRIORITY_DEFAULT, NULL,
        on_tls_closed, gst_object_ref (self->loop));
  }
}

void
gst_tryon_connection_set_result (GstTryonConnection * self, guint16 code,
    const gchar * reason)
{
  self->close_code = code;
  g_free (self->close_reason);
  self->close_reason = g_strdup (reason);
}

static gboolean
gst_tryon_connection_on_closed (gpointer user_data)
{
  GstTryonConnection *self = user_data;

  if (self->callbacks.closed)
    self->callbacks.closed (self, self->close_code, self->close_reason,
        self->user_data);
  gst_tryon_connection_drop_callbacks (self);
  /* The loop's reference. */
  gst_object_unref (self);
  return G_SOURCE_REMOVE;
}

/* The end of it: TCP is closed, closed() follows. */
void
gst_tryon_connection_finish (GstTryonConnection * self, const gchar * words)
{
  if (self->state == GST_TRYON_CONNECTION_STATE_CLOSED)
    return;
  if (!self->failed && !self->close_received)
    gst_tryon_connection_set_result (self, GST_TRYON_CLOSE_ABNORMAL, words);
  GST_INFO_OBJECT (self, "closed with %u: %s", self->close_code,
      self->close_reason);

  g_mutex_lock (&self->lock);
  self->state = GST_TRYON_CONNECTION_STATE_CLOSED;
  gst_tryon_ws_output_clear (&self->output);
  g_clear_pointer (&self->watch, gst_tryon_watch_free);
  g_mutex_unlock (&self->lock);
  gst_tryon_connection_clear_source (&self->in_source);
  gst_tryon_connection_clear_source (&self->out_source);
  gst_tryon_connection_clear_source (&self->close_timer);
  g_clear_pointer (&self->tick, gst_tryon_tick_free);
  gst_tryon_ws_input_clear (&self->input);
  gst_tryon_connection_close_stream (self);
  gst_tryon_connection_schedule (self, gst_tryon_connection_on_closed);
}

static gboolean
gst_tryon_connection_on_close_timeout (gpointer user_data)
{
  gst_tryon_connection_finish (user_data,
      "the close handshake was not over in time");
  return G_SOURCE_REMOVE;
}

static void
gst_tryon_connection_set_state (GstTryonConnection * self,
    GstTryonConnectionState state)
{
  g_mutex_lock (&self->lock);
  self->state = state;
  g_mutex_unlock (&self->lock);
}

/* From here on no message goes either way. */
static void
gst_tryon_connection_leave_open (GstTryonConnection * self)
{
  gst_tryon_connection_set_state (self, GST_TRYON_CONNECTION_STATE_CLOSING);
  gst_tryon_ws_input_want (&self->input, GST_TRYON_WS_INPUT_CONTROL_ONLY);
  if (self->deaf || self->paused) {
    g_mutex_lock (&self->lock);
    gst_tryon_connection_listen_unlocked (self);
    g_mutex_unlock (&self->lock);
    gst_tryon_connection_schedule_read (self);
  }
  g_clear_pointer (&self->tick, gst_tryon_tick_free);
  self->close_timer = gst_tryon_loop_add_timeout (self->loop,
      self->limits.close_timeout, gst_tryon_connection_on_close_timeout, self);
}

/* Schedules the close frame. */
void
gst_tryon_connection_begin_close (GstTryonConnection * self, guint16 code,
    const gchar * reason)
{
  if (self->state != GST_TRYON_CONNECTION_STATE_OPEN)
    return;
  gst_tryon_connection_leave_open (self);
  g_mutex_lock (&self->lock);
  gst_tryon_ws_output_close (&self->output, code, reason);
  g_mutex_unlock (&self->lock);
}

void
gst_tryon_connection_drain (GstTryonConnection * self)
{
  gst_tryon_connection_set_state (self, GST_TRYON_CONNECTION_STATE_DRAINING);
  gst_tryon_ws_input_want (&self->input, GST_TRYON_WS_INPUT_NOTHING);
}

/* Section 7.1.7. */
void
gst_tryon_connection_fail (GstTryonConnection * self, guint16 code,
    const gchar * words)
{
  GST_WARNING_OBJECT (self, "failing the connection with %u: %s", code, words);
  if (self->state == GST_TRYON_CONNECTION_STATE_OPEN) {
    self->failed = TRUE;
    gst_tryon_connection_set_result (self, code, words);
    gst_tryon_connection_begin_close (self, code, words);
  }
  gst_tryon_connection_drain (self);
  gst_tryon_connection_flush (self);
}

/* Everything has left: takes the step of closing that is due. */
static void
gst_tryon_connection_sent_all (GstTryonConnection * self)
{
  if (self->state != GST_TRYON_CONNECTION_STATE_DRAINING)
    return;
  if (self->close_received && self->role == GST_TRYON_CONNECTION_SERVER)
    gst_tryon_connection_finish (self, NULL);
  else if (self->failed && self->socket && !self->tls)
    g_socket_shutdown (self->socket, FALSE, TRUE, NULL);
}

/* ---- sending ---- */

gboolean
gst_tryon_connection_is_writable_unlocked (GstTryonConnection * self)
{
  return self->state == GST_TRYON_CONNECTION_STATE_OPEN && !self->output.active
      && !self->output.broken && !self->blocked;
}

/* Nothing can be written any more. The peer may have sent a close frame before
 * it went away: reading on finds that, or the end. */
static gboolean
gst_tryon_connection_on_broken (gpointer user_data)
{
  GstTryonConnection *self = user_data;

  if (self->state == GST_TRYON_CONNECTION_STATE_OPEN)
    gst_tryon_connection_leave_open (self);
  if (self->state != GST_TRYON_CONNECTION_STATE_CLOSED)
    gst_tryon_connection_schedule_read (self);
  return G_SOURCE_REMOVE;
}

void
gst_tryon_connection_update_watch (GstTryonConnection * self)
{
  GIOCondition condition = self->blocked ? G_IO_OUT : 0;

  if (self->deaf)
    condition |= GST_TRYON_WATCH_PEER_CLOSED;
  else if (!self->paused)
    condition |= G_IO_IN;
  if (self->watch)
    gst_tryon_watch_set_condition (self->watch, condition);
}

static gboolean
gst_tryon_connection_on_flush (gpointer user_data)
{
  gst_tryon_connection_flush (user_data);
  return G_SOURCE_REMOVE;
}

/* With the lock, from any thread: writes what can be written now, or has the
 * loop's thread do it. Returns whether everything has left. */
gboolean
gst_tryon_connection_flush_unlocked (GstTryonConnection * self)
{
  gboolean broken = self->output.broken;
  GError *error = NULL;

  /* TLS may have to read before it can write, which is the loop's business. */
  if (self->watch == NULL && !gst_tryon_loop_is_current (self->loop)) {
    self->blocked = TRUE;
    gst_tryon_connection_schedule (self, gst_tryon_connection_on_flush);
    return FALSE;
  }
  switch (gst_tryon_ws_output_flush (&self->output, &error)) {
    case GST_TRYON_WS_OUTPUT_IDLE:
      return TRUE;
    case GST_TRYON_WS_OUTPUT_BLOCKED:
      if (!self->blocked) {
        self->blocked = TRUE;
        gst_tryon_connection_update_watch (self);
      }
      return FALSE;
    default:
      if (!broken) {
        GST_DEBUG_OBJECT (self, "can't write any more: %s", error->message);
        g_error_free (error);
        gst_tryon_connection_schedule (self, gst_tryon_connection_on_broken);
      }
      return TRUE;
  }
}

static gboolean
gst_tryon_connection_on_writable (gpointer user_data)
{
  GstTryonConnection *self = user_data;

  if (self->callbacks.writable && gst_tryon_connection_is_writable (self))
    self->callbacks.writable (self, self->user_data);
  return G_SOURCE_REMOVE;
}

static gboolean
gst_tryon_connection_on_output (GObject * stream, gpointer user_data)
{
  gst_tryon_connection_flush (user_data);
  return G_SOURCE_CONTINUE;
}

/* Where there is no watch: waits for the stream to take more. */
static void
gst_tryon_connection_await_output (GstTryonConnection * self)
{
  if (self->out_source || self->watch
      || self->state == GST_TRYON_CONNECTION_STATE_CLOSED)
    return;
  self->out_source = g_pollable_output_stream_create_source
      (self->output.stream, NULL);
  g_source_set_callback (self->out_source,
      G_SOURCE_FUNC (gst_tryon_connection_on_output), self, NULL);
  g_source_attach (self->out_source, gst_tryon_loop_get_context (self->loop));
}

/* On the loop's thread. Calls no callback. */
void
gst_tryon_connection_flush (GstTryonConnection * self)
{
  gboolean sent_all, was_blocked;

  g_mutex_lock (&self->lock);
  was_blocked = self->blocked;
  sent_all = gst_tryon_connection_flush_unlocked (self);
  if (sent_all && was_blocked) {
    self->blocked = FALSE;
    gst_tryon_connection_update_watch (self);
  }
  g_mutex_unlock (&self->lock);

  if (!sent_all) {
    gst_tryon_connection_await_output (self);
    return;
  }
  gst_tryon_connection_clear_source (&self->out_source);
  if (was_blocked)
    gst_tryon_connection_schedule (self, gst_tryon_connection_on_writable);
  gst_tryon_connection_sent_all (self);
}

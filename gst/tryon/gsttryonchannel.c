/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ties a server connection to a session.
 *
 * Everything here runs on the loop's thread but the session's wake, which may
 * come from any: it does no more than to have the pump run on the loop, once
 * for however many wakes there were. What waits for a slow client waits in the
 * session, which knows what to drop; the connection never holds more than the
 * one message that is on its way. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gsttryonchannel.h"

GST_DEBUG_CATEGORY_STATIC (gst_tryon_channel_debug);
#define GST_CAT_DEFAULT gst_tryon_channel_debug

#define TICK_INTERVAL 1000      /* milliseconds */
/* A peer that takes nothing from its socket for this long (microseconds) has
 * stopped reading; nothing could be told to it, not even a `bye`. */
#define STALL_TIMEOUT (10 * G_USEC_PER_SEC)

struct _GstTryonChannel
{
  /* Held by the owner, the session's wake, the connection's callbacks and each
   * pump that is scheduled. */
  gatomicrefcount ref_count;

  GstTryonLoop *loop;
  GstTryonSession *session;
  GstTryonConnection *connection;       /* %NULL once it has ended */
  GSource *tick;
  GstTryonChannelClosedFunc closed;
  gpointer user_data;
  gint64 last_progress;         /* when a message could last be given */

  gint pump_scheduled;          /* atomic */
};

static GstTryonChannel *
channel_ref (GstTryonChannel * channel)
{
  g_atomic_ref_count_inc (&channel->ref_count);
  return channel;
}

static void
channel_unref (GstTryonChannel * channel)
{
  if (!g_atomic_ref_count_dec (&channel->ref_count))
    return;
  gst_object_unref (channel->session);
  gst_object_unref (channel->loop);
  g_free (channel);
}

static void
send_output (GstTryonChannel * channel, const GstTryonOutput * output)
{
  gboolean sent;

  if (output->is_text)
    sent = gst_tryon_connection_send_text (channel->connection, output->text,
        output->text_size);
  else
    sent = gst_tryon_connection_send_binary (channel->connection,
        output->header, sizeof (output->header), output->payload);
  if (!sent)
    GST_WARNING ("session %s: the connection took no message though writable",
        gst_tryon_session_get_id (channel->session));
}

/* Gives the connection what the session has, as long as it takes it. Returns
 * the code when the session wants the connection closed, else 0; the caller
 * frees @reason. */
static guint16
pump_output (GstTryonChannel * channel, gchar ** reason)
{
  GstTryonOutput output;
  guint16 code = 0;

  while (code == 0 && gst_tryon_connection_is_writable (channel->connection)) {
    channel->last_progress = g_get_monotonic_time ();
    if (!gst_tryon_session_next_output (channel->session, &output))
      break;
    code = output.close_code;
    if (code != 0)
      *reason = g_steal_pointer (&output.text);
    else
      send_output (channel, &output);
    gst_tryon_output_clear (&output);
  }
  return code;
}

static void
pump (GstTryonChannel * channel)
{
  gchar *reason = NULL;
  guint16 code;

  if (channel->connection == NULL)
    return;
  code = pump_output (channel, &reason);
  if (code != 0)
    gst_tryon_connection_close (channel->connection, code, reason);
  g_free (reason);
}

static gboolean
on_pump (gpointer user_data)
{
  GstTryonChannel *channel = user_data;

  /* First, so that what is queued from here on schedules another. */
  g_atomic_int_set (&channel->pump_scheduled, FALSE);
  pump (channel);
  return G_SOURCE_REMOVE;
}

/* Any thread. */
static void
on_wake (gpointer user_data)
{
  GstTryonChannel *channel = user_data;

  if (g_atomic_int_compare_and_exchange (&channel->pump_scheduled, FALSE, TRUE))
    gst_tryon_loop_invoke (channel->loop, on_pump, channel_ref (channel),
        (GDestroyNotify) channel_unref);
}

static gboolean
on_tick (gpointer user_data)
{
  GstTryonChannel *channel = user_data;
  gint64 now = g_get_monotonic_time ();

  gst_tryon_session_tick (channel->session);
  if (gst_tryon_connection_is_writable (channel->connection)) {
    channel->last_progress = now;
  } else if (now - channel->last_progress > STALL_TIMEOUT) {
    GST_WARNING ("session %s: the client takes nothing, closing",
        gst_tryon_session_get_id (channel->session));
    gst_tryon_connection_close (channel->connection,
        GST_TRYON_CLOSE_SLOW_CLIENT, "the client takes nothing");
    channel->last_progress = now;       /* said once */
  }
  return G_SOURCE_CONTINUE;
}

static void
on_binary (GstTryonConnection * connection, GstBuffer * message,
    gpointer user_data)
{
  GstTryonChannel *channel = user_data;

  gst_tryon_session_receive_binary (channel->session, message);
}

static void
on_text (GstTryonConnection * connection, const gchar * text, gsize size,
    gpointer user_data)
{
  GstTryonChannel *channel = user_data;

  gst_tryon_session_receive_text (channel->session, text, size);
}

static void
on_writable (GstTryonConnection * connection, gpointer user_data)
{
  GstTryonChannel *channel = user_data;

  channel->last_progress = g_get_monotonic_time ();
  pump (channel);
}

/* Lets go of everything that could call back. */
static void
detach (GstTryonChannel * channel)
{
  g_source_destroy (channel->tick);
  g_clear_pointer (&channel->tick, g_source_unref);
  gst_clear_object (&channel->connection);
  gst_tryon_session_disconnect (channel->session);
}

static void
on_closed (GstTryonConnection * connection, guint16 code, const gchar * reason,
    gpointer user_data)
{
  GstTryonChannel *channel = user_data;

  GST_INFO ("session %s: connection closed with %u%s%s",
      gst_tryon_session_get_id (channel->session), code,
      reason != NULL && reason[0] != '\0' ? ": " : "",
      reason != NULL ? reason : "");
  detach (channel);
  if (channel->closed != NULL)
    channel->closed (channel, channel->user_data);
  channel_unref (channel);
}

static const GstTryonConnectionCallbacks connection_callbacks = {
  on_binary, on_text, on_writable, on_closed
};

/* Nobody is there to talk to @stream's peer. */
static void
turn_away (GstTryonLoop * loop, GIOStream * stream,
    const GstTryonConnectionLimits * limits)
{
  static const GstTryonConnectionCallbacks none = { NULL, };
  GstTryonConnection *connection;

  connection = gst_tryon_connection_new (loop, stream,
      GST_TRYON_CONNECTION_SERVER, limits, &none, NULL, NULL);
  gst_tryon_connection_abandon (connection, GST_TRYON_CLOSE_TRY_AGAIN,
      "the session has a client already");
  gst_object_unref (connection);
}

static void
init_debug (void)
{
  static gsize once = 0;

  if (g_once_init_enter (&once)) {
    GST_DEBUG_CATEGORY_INIT (gst_tryon_channel_debug, "tryon-channel", 0,
        "Connections of try-on sessions");
    g_once_init_leave (&once, 1);
  }
}

GstTryonChannel *
gst_tryon_channel_new (GstTryonLoop * loop, GIOStream * stream,
    const GstTryonConnectionLimits * limits, GstTryonSession * session,
    GstTryonChannelClosedFunc closed, gpointer user_data)
{
  GstTryonChannel *channel;

  g_return_val_if_fail (GST_IS_TRYON_LOOP (loop), NULL);
  g_return_val_if_fail (gst_tryon_loop_is_current (loop), NULL);
  g_return_val_if_fail (G_IS_IO_STREAM (stream), NULL);
  g_return_val_if_fail (limits != NULL, NULL);
  g_return_val_if_fail (GST_IS_TRYON_SESSION (session), NULL);

  init_debug ();
  channel = g_new0 (GstTryonChannel, 1);
  g_atomic_ref_count_init (&channel->ref_count);
  channel->loop = gst_object_ref (loop);
  channel->session = gst_object_ref (session);
  channel->closed = closed;
  channel->user_data = user_data;
  channel->last_progress = g_get_monotonic_time ();

  if (!gst_tryon_session_connect (session, on_wake, channel_ref (channel),
          (GDestroyNotify) channel_unref)) {
    GST_WARNING ("session %s has a connection already",
        gst_tryon_session_get_id (session));
    turn_away (loop, stream, limits);
    /* Once for the caller and once for the wake that wasn't taken. */
    channel_unref (channel);
    channel_unref (channel);
    return NULL;
  }
  channel->connection = gst_tryon_connection_new (loop, stream,
      GST_TRYON_CONNECTION_SERVER, limits, &connection_callbacks,
      channel_ref (channel), (GDestroyNotify) channel_unref);
  channel->tick = gst_tryon_loop_add_timeout (loop, TICK_INTERVAL, on_tick,
      channel);
  return channel;
}

void
gst_tryon_channel_shutdown (GstTryonChannel * channel, guint16 code,
    const gchar * reason)
{
  GstTryonConnection *connection;
  gchar *session_reason = NULL;
  guint16 session_code;

  g_return_if_fail (channel != NULL);
  g_return_if_fail (gst_tryon_loop_is_current (channel->loop));

  session_code = pump_output (channel, &session_reason);
  connection = gst_object_ref (channel->connection);
  detach (channel);
  if (session_code != 0)
    gst_tryon_connection_abandon (connection, session_code, session_reason);
  else
    gst_tryon_connection_abandon (connection, code, reason);
  gst_object_unref (connection);
  g_free (session_reason);
  channel_unref (channel);
}

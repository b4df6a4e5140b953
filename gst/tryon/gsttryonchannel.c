/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ties a server connection to a session.
 *
 * Everything here runs on the loop's thread but the session's wake, which comes
 * from any, and sends what there is from there: an answer needs no other thread
 * to leave. What waits for a slow client waits in the session, which knows what
 * to drop; the connection never holds more than the one message that is on its
 * way.
 *
 * When the session has no room for another frame, the client is held up: its socket
 * is not read until the pipeline has taken one, or GST_TRYON_LOOP_DELAY has passed.
 * A pipeline that merely has not had its turn yet thus loses no frames, and one that
 * is slow gets the newest, as it must; but a client that sends whatever it can costs
 * as much work as it has frames processed, and a hundred frames a second. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gsttryonchannel.h"

GST_DEBUG_CATEGORY_STATIC (gst_tryon_channel_debug);
#define GST_CAT_DEFAULT gst_tryon_channel_debug

/* A peer that takes nothing from its socket for this long (microseconds) has
 * stopped reading; nothing could be told to it, not even a `bye`. */
#define STALL_TIMEOUT (10 * G_USEC_PER_SEC)

struct _GstTryonChannel
{
  /* Held by the owner, the session's wake, the connection's callbacks and the
   * close that is scheduled. */
  gatomicrefcount ref_count;

  GstTryonLoop *loop;
  GstTryonSession *session;
  GstTryonTick *tick;
  GstTryonChannelClosedFunc closed;
  gpointer user_data;
  gint64 close_timeout;         /* microseconds */
  gint64 closing_since;         /* 0 while the session is not being closed */

  /* There is something to be moved; whoever holds the lock looks again. Atomic. */
  gint wanted;

  /* The client may be held up: who finds room for a frame ends it. Atomic. */
  gint held;
  GstTryonDelay *hold;          /* the loop's: when it ends anyway */

  /* Lets one thread at a time move messages from the session to the connection,
   * so that they stay in order; guards what follows. Who only wants that done
   * doesn't wait for it: a thread that is put aside while it holds it must not
   * hold up the loop's. Taken before the session's lock. */
  GMutex lock;
  GstTryonConnection *connection;       /* %NULL once it has ended */
  gint64 last_progress;         /* when the client last took something */
  guint64 bytes_sent;           /* of the connection, then */
  guint16 close_code;           /* not 0: the session wants it closed */
  gchar *close_reason;
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
  g_mutex_clear (&channel->lock);
  g_free (channel->close_reason);
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
  /* It ended just now, or there is no memory. */
  if (!sent)
    GST_INFO ("session %s: a message could not be sent",
        gst_tryon_session_get_id (channel->session));
}

/* With the lock: gives the connection what the session has, as long as it takes
 * it. The session's last word is its close, which is kept for the loop. */
static void
pump_unlocked (GstTryonChannel * channel)
{
  GstTryonOutput output;

  while (channel->connection != NULL && channel->close_code == 0
      && gst_tryon_connection_is_writable (channel->connection)) {
    channel->last_progress = g_get_monotonic_time ();
    if (!gst_tryon_session_next_output (channel->session, &output))
      break;
    channel->close_code = output.close_code;
    if (output.close_code != 0)
      channel->close_reason = g_steal_pointer (&output.text);
    else
      send_output (channel, &output);
    gst_tryon_output_clear (&output);
  }
}

/* From any thread. Returns whether the connection is to be closed; of threads that
 * come at the same time the one that did the work is told. */
static gboolean
pump (GstTryonChannel * channel)
{
  gboolean closes = FALSE;

  g_atomic_int_set (&channel->wanted, TRUE);
  while (g_atomic_int_get (&channel->wanted)
      && g_mutex_trylock (&channel->lock)) {
    g_atomic_int_set (&channel->wanted, FALSE);
    pump_unlocked (channel);
    closes = channel->close_code != 0;
    g_mutex_unlock (&channel->lock);
  }
  return closes;
}

/* On the loop, which alone changes the connection; close_code is changed once. */
static void
pump_and_close (GstTryonChannel * channel)
{
  if (pump (channel) && channel->connection != NULL)
    gst_tryon_connection_close (channel->connection, channel->close_code,
        channel->close_reason);
}

static gboolean
on_close (gpointer user_data)
{
  pump_and_close (user_data);
  return G_SOURCE_REMOVE;
}

static void
end_hold (GstTryonChannel * channel)
{
  g_atomic_int_set (&channel->held, FALSE);
  g_clear_pointer (&channel->hold, gst_tryon_delay_free);
  if (channel->connection != NULL)
    gst_tryon_connection_resume (channel->connection);
}

static gboolean
on_room (gpointer user_data)
{
  end_hold (user_data);
  return G_SOURCE_REMOVE;
}

static void
on_hold_over (gpointer user_data)
{
  GstTryonChannel *channel = user_data;

  channel->hold = NULL;
  end_hold (channel);
}

/* Any thread. */
static void
on_wake (gpointer user_data)
{
  GstTryonChannel *channel = user_data;

  if (g_atomic_int_get (&channel->held)
      && gst_tryon_session_has_room (channel->session)
      && g_atomic_int_compare_and_exchange (&channel->held, TRUE, FALSE))
    gst_tryon_loop_invoke (channel->loop, on_room, channel_ref (channel),
        (GDestroyNotify) channel_unref);
  if (pump (channel))
    gst_tryon_loop_invoke (channel->loop, on_close, channel_ref (channel),
        (GDestroyNotify) channel_unref);
}

/* Whether the client has taken nothing for too long; said once. A large picture
 * on a slow line is under way for longer, and is no fault as long as it moves. */
static gboolean
is_stalled (GstTryonChannel * channel, gint64 now)
{
  guint64 bytes_sent;
  gboolean stalled;

  /* Somebody is at it: no. */
  if (!g_mutex_trylock (&channel->lock))
    return FALSE;
  bytes_sent = gst_tryon_connection_get_bytes_sent (channel->connection);
  if (gst_tryon_connection_is_writable (channel->connection)
      || bytes_sent != channel->bytes_sent)
    channel->last_progress = now;
  channel->bytes_sent = bytes_sent;
  stalled = now - channel->last_progress > STALL_TIMEOUT;
  if (stalled)
    channel->last_progress = now;
  g_mutex_unlock (&channel->lock);
  /* Who came meanwhile has left it to us. */
  if (g_atomic_int_get (&channel->wanted))
    pump_and_close (channel);
  return stalled;
}

/* The session is to be closed, and what it had to say before does not leave.
 * Nothing more is taken from the client, and it has the time of a close handshake
 * to read on. */
static gboolean
is_overdue (GstTryonChannel * channel, gint64 now)
{
  if (gst_tryon_session_get_close_code (channel->session) == 0)
    return FALSE;
  if (channel->closing_since == 0) {
    channel->closing_since = now;
    gst_tryon_connection_stop_receiving (channel->connection);
  }
  return now - channel->closing_since > channel->close_timeout;
}

static void
on_tick (gpointer user_data)
{
  GstTryonChannel *channel = user_data;
  gint64 now = g_get_monotonic_time ();

  gst_tryon_session_tick (channel->session);
  if (is_stalled (channel, now)) {
    GST_WARNING ("session %s: the client takes nothing, closing",
        gst_tryon_session_get_id (channel->session));
    gst_tryon_connection_close (channel->connection,
        GST_TRYON_CLOSE_SLOW_CLIENT, "the client takes nothing");
  } else if (is_overdue (channel, now)) {
    gst_tryon_connection_close (channel->connection,
        gst_tryon_session_get_close_code (channel->session), NULL);
  }
}

static void
on_binary (GstTryonConnection * connection, GstBuffer * message,
    gpointer user_data)
{
  GstTryonChannel *channel = user_data;

  /* Before: what makes room right after it must see it. */
  g_atomic_int_set (&channel->held, TRUE);
  if (gst_tryon_session_receive_binary (channel->session, message)) {
    g_atomic_int_set (&channel->held, FALSE);
  } else {
    gst_tryon_connection_pause (connection);
    /* It reads on by itself when the client has gone. */
    if (channel->hold == NULL)
      channel->hold = gst_tryon_loop_add_delay (channel->loop, on_hold_over,
          channel);
  }
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
  pump_and_close (user_data);
}

static void
on_idle (GstTryonConnection * connection, gpointer user_data)
{
  GstTryonChannel *channel = user_data;

  gst_tryon_session_close (channel->session, GST_TRYON_CLOSE_IDLE,
      "nothing came for too long", TRUE);
}

/* Lets go of everything that could call back. (transfer full): the connection. */
static GstTryonConnection *
detach (GstTryonChannel * channel)
{
  GstTryonConnection *connection;

  g_clear_pointer (&channel->tick, gst_tryon_tick_free);
  g_clear_pointer (&channel->hold, gst_tryon_delay_free);
  g_mutex_lock (&channel->lock);
  connection = g_steal_pointer (&channel->connection);
  g_mutex_unlock (&channel->lock);
  return connection;
}

static void
on_closed (GstTryonConnection * connection, guint16 code, const gchar * reason,
    gpointer user_data)
{
  GstTryonChannel *channel = user_data;
  guint16 wanted = gst_tryon_session_get_close_code (channel->session);

  GST_INFO ("session %s: connection closed with %u%s%s",
      gst_tryon_session_get_id (channel->session), code,
      reason != NULL && reason[0] != '\0' ? ": " : "",
      reason != NULL ? reason : "");
  gst_object_unref (detach (channel));
  gst_tryon_session_disconnect (channel->session);
  if (channel->closed != NULL)
    channel->closed (channel, wanted != 0 ? wanted : code, channel->user_data);
  channel_unref (channel);
}

static const GstTryonConnectionCallbacks connection_callbacks = {
  on_binary, on_text, on_writable, on_closed, on_idle
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

/* The session wakes the channel from now on; %FALSE when it doesn't. */
static gboolean
connect_session (GstTryonChannel * channel, gboolean takes_over,
    GstTryonChannel * replaced)
{
  GstTryonConnection *connection;
  gboolean taken;

  channel_ref (channel);
  if (takes_over)
    taken = replaced != NULL && gst_tryon_session_take_over (channel->session,
        on_wake, channel, (GDestroyNotify) channel_unref);
  else
    taken = gst_tryon_session_connect (channel->session, on_wake, channel,
        (GDestroyNotify) channel_unref);
  if (!taken) {
    channel_unref (channel);
    return FALSE;
  }
  if (replaced != NULL) {
    connection = detach (replaced);
    gst_tryon_connection_abandon (connection, GST_TRYON_CLOSE_REPLACED,
        "another connection took the session over");
    gst_object_unref (connection);
    channel_unref (replaced);
  }
  return TRUE;
}

GstTryonChannel *
gst_tryon_channel_new (GstTryonLoop * loop, GIOStream * stream,
    const GstTryonConnectionLimits * limits, GstTryonSession * session,
    gboolean takes_over, GstTryonChannel * replaced,
    GstTryonChannelClosedFunc closed, gpointer user_data)
{
  GstTryonConnection *connection;
  GstTryonChannel *channel;

  g_return_val_if_fail (GST_IS_TRYON_LOOP (loop), NULL);
  g_return_val_if_fail (gst_tryon_loop_is_current (loop), NULL);
  g_return_val_if_fail (G_IS_IO_STREAM (stream), NULL);
  g_return_val_if_fail (limits != NULL, NULL);
  g_return_val_if_fail (GST_IS_TRYON_SESSION (session), NULL);

  init_debug ();
  channel = g_new0 (GstTryonChannel, 1);
  g_atomic_ref_count_init (&channel->ref_count);
  g_mutex_init (&channel->lock);
  channel->loop = gst_object_ref (loop);
  channel->session = gst_object_ref (session);
  channel->closed = closed;
  channel->close_timeout = limits->close_timeout * 1000LL;
  channel->user_data = user_data;
  channel->last_progress = g_get_monotonic_time ();

  if (!connect_session (channel, takes_over, replaced)) {
    GST_WARNING ("session %s has a connection already, or has ended",
        gst_tryon_session_get_id (session));
    turn_away (loop, stream, limits);
    channel_unref (channel);
    return NULL;
  }
  connection = gst_tryon_connection_new (loop, stream,
      GST_TRYON_CONNECTION_SERVER, limits, &connection_callbacks,
      channel_ref (channel), (GDestroyNotify) channel_unref);
  g_mutex_lock (&channel->lock);
  channel->connection = connection;
  g_mutex_unlock (&channel->lock);
  channel->tick = gst_tryon_loop_add_tick (loop, on_tick, channel);
  /* What the session had to say before. */
  pump_and_close (channel);
  return channel;
}

void
gst_tryon_channel_shutdown (GstTryonChannel * channel, guint16 code,
    const gchar * reason)
{
  GstTryonConnection *connection;

  g_return_if_fail (channel != NULL);
  g_return_if_fail (gst_tryon_loop_is_current (channel->loop));

  /* Waits for whoever is at it: a goodbye that it left to us must not be lost. */
  g_mutex_lock (&channel->lock);
  pump_unlocked (channel);
  g_mutex_unlock (&channel->lock);
  connection = detach (channel);
  gst_tryon_session_disconnect (channel->session);
  if (channel->close_code != 0)
    gst_tryon_connection_abandon (connection, channel->close_code,
        channel->close_reason);
  else
    gst_tryon_connection_abandon (connection, code, reason);
  gst_object_unref (connection);
  channel_unref (channel);
}

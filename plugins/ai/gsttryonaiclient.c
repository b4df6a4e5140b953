/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <string.h>

#include "gsttryonaiclient.h"
#include "gsttryonaimessage.h"
#include "gsttryonaisender.h"

GST_DEBUG_CATEGORY_STATIC (tryon_ai_client_debug);
#define GST_CAT_DEFAULT tryon_ai_client_debug

/* Milliseconds that the last session's connection has to close before the next
 * one's is made. A service with one place wants them one after the other. */
#define LEAVE_TIMEOUT 500
/* Characters of what a service says that are passed on to people. */
#define MAX_WORDS 200

struct _GstTryonAiClient
{
  gatomicrefcount ref_count;
  GstTryonLoop *loop;

  GstTryonAiSender sender;

  /* From here on the loop's thread only. */
  GstTryonAiClientCallbacks callbacks;
  gpointer user_data;
  gboolean freed;

  GstTryonAiTarget *target;     /* %NULL when not wanted */
  GstTryonAiState state;

  GCancellable *connecting;
  GstTryonConnection *leaving;  /* the last session's, until it closed */
  GSource *timer;               /* the next step: attempt, or giving it up */
  GstTryonTick *tick;
  guint backoff;                /* milliseconds, 0 at first */
  gint64 ready_since;
  gchar *farewell;              /* what the service said before it closed */
};

static void start_attempt (GstTryonAiClient * client);

GstTryonAiClient *
gst_tryon_ai_client_ref (GstTryonAiClient * client)
{
  g_atomic_ref_count_inc (&client->ref_count);
  return client;
}

void
gst_tryon_ai_client_unref (GstTryonAiClient * client)
{
  if (!g_atomic_ref_count_dec (&client->ref_count))
    return;
  gst_object_unref (client->loop);
  gst_tryon_ai_sender_clear (&client->sender);
  g_free (client->farewell);
  g_free (client);
}

static void
unref_client (gpointer client)
{
  gst_tryon_ai_client_unref (client);
}

static void
set_timer (GstTryonAiClient * client, GSource ** timer, guint interval,
    GSourceFunc func)
{
  if (*timer != NULL) {
    g_source_destroy (*timer);
    g_source_unref (*timer);
    *timer = NULL;
  }
  if (func != NULL)
    *timer = gst_tryon_loop_add_timeout (client->loop, interval, func, client);
}

static void
clear_timer (GstTryonAiClient * client, GSource ** timer)
{
  set_timer (client, timer, 0, NULL);
}

/* The last thing to be done: the owner may do anything meanwhile, such as to let
 * go of the client, whose target is then no more. */
static void
set_state (GstTryonAiClient * client, GstTryonAiState state,
    const gchar * reason)
{
  gchar *address;

  if (client->state == state)
    return;
  client->state = state;
  address = g_strdup (client->target->address);
  client->callbacks.state (client->target->generation, state, address, reason,
      client->user_data);
  g_free (address);
}

/* ---- the end of a connection ---- */

static void
drop_attempt (GstTryonAiClient * client)
{
  if (client->connecting != NULL)
    g_cancellable_cancel (client->connecting);
  g_clear_object (&client->connecting);
  clear_timer (client, &client->timer);
}

/* (transfer full) (nullable): when this returns nothing is sent any more. */
static GstTryonConnection *
take_connection (GstTryonAiClient * client)
{
  GstTryonConnection *connection = gst_tryon_ai_sender_detach (&client->sender);

  g_clear_pointer (&client->tick, gst_tryon_tick_free);
  return connection;
}

static void
drop_connection (GstTryonAiClient * client, guint16 code, const gchar * reason)
{
  GstTryonConnection *connection = take_connection (client);

  if (connection != NULL)
    gst_tryon_connection_abandon (connection, code, reason);
  gst_clear_object (&connection);
}

static guint
next_backoff (GstTryonAiClient * client)
{
  gint64 now = g_get_monotonic_time ();
  guint backoff;

  /* A service that takes a session and dies of its first frames is no more to
   * be pressed than one that is not there. */
  if (client->state == GST_TRYON_AI_STATE_READY &&
      now - client->ready_since >= GST_TRYON_AI_RECONNECT_MAX * 1000)
    client->backoff = 0;
  backoff = CLAMP (client->backoff * 2, GST_TRYON_AI_RECONNECT_MIN,
      GST_TRYON_AI_RECONNECT_MAX);
  client->backoff = backoff;
  /* So that many clients do not come back all at once. */
  return backoff - g_random_int_range (0, backoff / 2);
}

static gboolean
on_retry (gpointer user_data)
{
  GstTryonAiClient *client = user_data;

  clear_timer (client, &client->timer);
  start_attempt (client);
  return G_SOURCE_REMOVE;
}

static void
fail (GstTryonAiClient * client, const gchar * reason)
{
  guint delay = next_backoff (client);

  GST_INFO ("%s: %s, next attempt in %u ms", client->target->address, reason,
      delay);
  drop_attempt (client);
  drop_connection (client, GST_TRYON_CLOSE_GOING_AWAY, reason);
  set_timer (client, &client->timer, delay, on_retry);
  set_state (client, GST_TRYON_AI_STATE_UNAVAILABLE, reason);
}

static gboolean
on_open_timeout (gpointer user_data)
{
  GstTryonAiClient *client = user_data;
  gchar *reason = g_strdup_printf ("no session_ready came within %u ms",
      client->target->connect_timeout);

  fail (client, reason);
  g_free (reason);
  return G_SOURCE_REMOVE;
}

static void
on_tick (gpointer user_data)
{
  GstTryonAiClient *client = user_data;
  gchar *reason;

  if (!gst_tryon_ai_sender_is_silent (&client->sender,
          client->target->silence_timeout * 1000LL))
    return;
  reason = g_strdup_printf ("it has frames, and nothing came for %u ms",
      client->target->silence_timeout);
  fail (client, reason);
  g_free (reason);
}

/* ---- what comes ---- */

static void
become_ready (GstTryonAiClient * client)
{
  if (client->state == GST_TRYON_AI_STATE_READY)
    return;
  clear_timer (client, &client->timer);
  client->ready_since = g_get_monotonic_time ();
  GST_INFO ("%s: ready", client->target->address);
  set_state (client, GST_TRYON_AI_STATE_READY, NULL);
}

static void
handle_config (GstTryonAiClient * client, const GstStructure * config)
{
  gint64 frames;

  if (gst_structure_get_int64 (config, "max_in_flight", &frames))
    client->callbacks.granted (client->target->generation,
        CLAMP (frames, 1, G_MAXINT), client->user_data);
}

static void
handle_session_ready (GstTryonAiClient * client, const GstStructure * message)
{
  GstStructure *config = gst_tryon_message_get_object (message, "config");

  if (config != NULL) {
    handle_config (client, config);
    gst_structure_free (config);
  }
  become_ready (client);
}

/* (transfer full): as much of a service's words as people are shown. */
static gchar *
shorten (const gchar * text)
{
  if (text == NULL)
    return NULL;
  return g_utf8_substring (text, 0, MIN (g_utf8_strlen (text, -1), MAX_WORDS));
}

static void
handle_error (GstTryonAiClient * client, const GstStructure * message)
{
  const gchar *code = gst_structure_get_string (message, "code");
  gchar *text = shorten (gst_structure_get_string (message, "message"));
  gchar *words;

  words = g_strdup_printf ("error %s: %s", GST_STR_NULL (code),
      GST_STR_NULL (text));
  g_free (text);
  /* What it closes for, perhaps; and a frame that it refuses has its answer. */
  g_free (client->farewell);
  client->farewell = g_strdup (words);
  client->callbacks.fault (client->target->generation, words,
      client->user_data);
  g_free (words);
}

static void
on_text (GstTryonConnection * connection, const gchar * text, gsize size,
    gpointer user_data)
{
  GstTryonAiClient *client = user_data;
  GstStructure *message;
  GError *error = NULL;

  if (connection != client->sender.connection)
    return;
  gst_tryon_ai_sender_note_heard (&client->sender, NULL);
  message = gst_tryon_message_parse (text, size, &error);
  if (message == NULL) {
    client->callbacks.fault (client->target->generation, error->message,
        client->user_data);
    g_error_free (error);
    return;
  }
  GST_DEBUG ("%s: %" GST_PTR_FORMAT, client->target->address, message);
  if (gst_structure_has_name (message, "session_ready")) {
    handle_session_ready (client, message);
  } else if (gst_structure_has_name (message, "config")) {
    handle_config (client, message);
  } else if (gst_structure_has_name (message, "error")) {
    handle_error (client, message);
  } else if (gst_structure_has_name (message, "bye")) {
    g_free (client->farewell);
    client->farewell = shorten (gst_structure_get_string (message, "reason"));
  }
  gst_structure_free (message);
}

static void
on_binary (GstTryonConnection * connection, GstBuffer * message,
    gpointer user_data)
{
  GstTryonAiClient *client = user_data;
  guint generation;
  GstTryonFrameHeader header;
  GstBuffer *image = NULL;
  gboolean is_answer, ok;
  GError *error = NULL;

  if (connection != client->sender.connection) {
    gst_buffer_unref (message);
    return;
  }
  /* The owner may let go of it in a callback. */
  gst_tryon_ai_client_ref (client);
  generation = client->target->generation;
  ok = gst_tryon_ai_answer_parse (message, &header, &is_answer, &error);
  if (ok && header.type == GST_TRYON_FRAME_TYPE_PROCESSED) {
    image = gst_buffer_make_writable (message);
    gst_buffer_resize (image, GST_TRYON_PROTOCOL_HEADER_SIZE, -1);
  } else {
    gst_buffer_unref (message);
  }
  gst_tryon_ai_sender_note_heard (&client->sender,
      is_answer ? &header.sequence : NULL);
  if (!is_answer) {
    client->callbacks.fault (generation, error->message, client->user_data);
  } else {
    client->callbacks.answer (generation, &header, image, error,
        client->user_data);
    /* It says as much as session_ready would have. */
    if (ok && connection == client->sender.connection)
      become_ready (client);
  }
  g_clear_error (&error);
  /* An answer is a place for the next frame. */
  gst_tryon_ai_sender_wake (&client->sender);
  gst_tryon_ai_client_unref (client);
}

static void
on_closed (GstTryonConnection * connection, guint16 code, const gchar * reason,
    gpointer user_data)
{
  GstTryonAiClient *client = user_data;
  gchar *words;

  if (connection == client->leaving) {
    gst_clear_object (&client->leaving);
    clear_timer (client, &client->timer);
    if (client->target != NULL)
      start_attempt (client);
    return;
  }
  if (connection != client->sender.connection)
    return;
  if (reason == NULL || reason[0] == '\0')
    reason = client->farewell;
  words = g_strdup_printf ("the connection was closed with %u%s%s", code,
      reason != NULL ? ", " : "", reason != NULL ? reason : "");
  fail (client, words);
  g_free (words);
}

static void
on_writable (GstTryonConnection * connection, gpointer user_data)
{
  GstTryonAiClient *client = user_data;

  if (connection == client->sender.connection)
    gst_tryon_ai_sender_pump (&client->sender);
}

static const GstTryonConnectionCallbacks connection_callbacks = {
  on_binary, on_text, on_writable, on_closed
};

/* ---- connecting ---- */

typedef struct
{
  GstTryonAiClient *client;
  GCancellable *cancellable;
} Attempt;

static void
use_stream (GstTryonAiClient * client, GIOStream * stream)
{
  static const GstTryonConnectionLimits limits =
      GST_TRYON_CONNECTION_LIMITS_INIT;
  GstStructure *init;

  g_clear_pointer (&client->farewell, g_free);
  set_timer (client, &client->timer, client->target->connect_timeout,
      on_open_timeout);
  client->tick = gst_tryon_loop_add_tick (client->loop, on_tick, client);
  if (client->target->init != NULL)
    init = gst_structure_copy (client->target->init);
  else
    init = gst_structure_new_empty ("init_session");
  gst_tryon_ai_sender_attach (&client->sender,
      gst_tryon_connection_new (client->loop, stream,
          GST_TRYON_CONNECTION_CLIENT, &limits, &connection_callbacks,
          gst_tryon_ai_client_ref (client), unref_client), init);
}

static void
on_connected (GObject * source, GAsyncResult * result, gpointer user_data)
{
  Attempt *attempt = user_data;
  GstTryonAiClient *client = attempt->client;
  GError *error = NULL;
  GIOStream *stream;

  stream = gst_tryon_handshake_connect_finish (result, &error);
  if (client->connecting != attempt->cancellable) {
    /* Not wanted any more. Closed without waiting, for TLS would. */
    if (stream != NULL) {
      g_io_stream_close_async (stream, G_PRIORITY_DEFAULT, NULL, NULL, NULL);
      g_object_unref (stream);
    }
  } else {
    g_clear_object (&client->connecting);
    if (stream != NULL)
      use_stream (client, stream);
    else
      fail (client, error->message);
  }
  g_clear_error (&error);
  g_object_unref (attempt->cancellable);
  gst_tryon_ai_client_unref (client);
  g_free (attempt);
}

static void
start_attempt (GstTryonAiClient * client)
{
  Attempt *attempt = g_new0 (Attempt, 1);

  client->connecting = g_cancellable_new ();
  attempt->client = gst_tryon_ai_client_ref (client);
  attempt->cancellable = g_object_ref (client->connecting);
  GST_DEBUG ("%s: connecting", client->target->address);
  gst_tryon_handshake_connect_async (client->target->uri,
      client->target->token, client->target->connect_timeout,
      client->connecting, on_connected, attempt);
}

/* ---- calls from other threads ---- */

typedef struct
{
  GstTryonAiClient *client;
  GstTryonAiTarget *target;
  GstStructure *message;
} Call;

static void
call_free (gpointer data)
{
  Call *call = data;

  if (call->target != NULL)
    gst_tryon_ai_target_free (call->target);
  gst_clear_structure (&call->message);
  gst_tryon_ai_client_unref (call->client);
  g_free (call);
}

static void
invoke (GstTryonAiClient * client, GSourceFunc func, GstTryonAiTarget * target,
    GstStructure * message)
{
  Call *call = g_new0 (Call, 1);

  call->client = gst_tryon_ai_client_ref (client);
  call->target = target;
  call->message = message;
  gst_tryon_loop_invoke (client->loop, func, call, call_free);
}

static gboolean
on_leave_timeout (gpointer user_data)
{
  GstTryonAiClient *client = user_data;

  clear_timer (client, &client->timer);
  gst_tryon_connection_abandon (client->leaving, GST_TRYON_CLOSE_NORMAL, NULL);
  gst_clear_object (&client->leaving);
  start_attempt (client);
  return G_SOURCE_REMOVE;
}

static gboolean
do_leave (gpointer user_data)
{
  GstTryonAiClient *client = ((Call *) user_data)->client;
  GstTryonConnection *connection;

  if (client->freed)
    return G_SOURCE_REMOVE;
  drop_attempt (client);
  connection = take_connection (client);
  if (connection != NULL) {
    if (client->leaving != NULL)
      gst_tryon_connection_abandon (client->leaving, GST_TRYON_CLOSE_NORMAL,
          NULL);
    gst_clear_object (&client->leaving);
    client->leaving = connection;
    gst_tryon_connection_close (client->leaving, GST_TRYON_CLOSE_NORMAL,
        "the session has ended");
  }
  gst_tryon_ai_sender_forget_texts (&client->sender);
  if (client->target != NULL)
    set_state (client, GST_TRYON_AI_STATE_DISCONNECTED, "the session ended");
  g_clear_pointer (&client->target, gst_tryon_ai_target_free);
  return G_SOURCE_REMOVE;
}

static gboolean
do_join (gpointer user_data)
{
  Call *call = user_data;
  GstTryonAiClient *client = call->client;

  if (client->freed)
    return G_SOURCE_REMOVE;
  if (client->target != NULL)
    do_leave (user_data);
  if (client->freed)
    return G_SOURCE_REMOVE;
  client->target = g_steal_pointer (&call->target);
  client->backoff = 0;
  gst_tryon_ai_sender_begin (&client->sender, client->target->generation);
  if (client->leaving != NULL)
    set_timer (client, &client->timer, LEAVE_TIMEOUT, on_leave_timeout);
  else
    start_attempt (client);
  set_state (client, GST_TRYON_AI_STATE_CONNECTING, NULL);
  return G_SOURCE_REMOVE;
}

/* Also after the end: what was announced has to be taken. */
static gboolean
do_set_reference (gpointer user_data)
{
  Call *call = user_data;

  gst_tryon_ai_sender_take_text (&call->client->sender,
      GST_TRYON_AI_TEXT_REFERENCE, g_steal_pointer (&call->message));
  return G_SOURCE_REMOVE;
}

static gboolean
do_control (gpointer user_data)
{
  Call *call = user_data;
  const gchar *action = gst_structure_get_string (call->message, "action");

  gst_tryon_ai_sender_take_text (&call->client->sender,
      strcmp (action, "adjust_quality") == 0 ? GST_TRYON_AI_TEXT_QUALITY :
      GST_TRYON_AI_TEXT_PAUSE, g_steal_pointer (&call->message));
  return G_SOURCE_REMOVE;
}

static void
do_free (gpointer loop, gpointer user_data)
{
  GstTryonAiClient *client = user_data;

  client->freed = TRUE;
  drop_attempt (client);
  drop_connection (client, GST_TRYON_CLOSE_NORMAL, NULL);
  if (client->leaving != NULL)
    gst_tryon_connection_abandon (client->leaving, GST_TRYON_CLOSE_NORMAL,
        NULL);
  gst_clear_object (&client->leaving);
  g_clear_pointer (&client->target, gst_tryon_ai_target_free);
}

/* Frames that come from here on go behind @message (transfer full). */
static void
invoke_message (GstTryonAiClient * client, GSourceFunc func,
    GstStructure * message)
{
  gst_tryon_ai_sender_announce_text (&client->sender);
  invoke (client, func, NULL, message);
}

void
gst_tryon_ai_client_leave (GstTryonAiClient * client)
{
  invoke (client, do_leave, NULL, NULL);
}

void
gst_tryon_ai_client_join (GstTryonAiClient * client, GstTryonAiTarget * target)
{
  invoke (client, do_join, target, NULL);
}

void
gst_tryon_ai_client_set_reference (GstTryonAiClient * client,
    GstBuffer * image, const gchar * media_type, const gchar * id)
{
  GstStructure *message = NULL;
  GError *error = NULL;

  if (image != NULL)
    message = gst_tryon_ai_message_new_reference (image, media_type, id,
        &error);
  if (error != NULL) {
    GST_WARNING ("%s", error->message);
    g_error_free (error);
  }
  invoke_message (client, do_set_reference, message);
}

void
gst_tryon_ai_client_control (GstTryonAiClient * client, const gchar * action,
    const GstStructure * params)
{
  GstStructure *message = gst_structure_new ("control",
      "action", G_TYPE_STRING, action, NULL);

  if (params != NULL)
    gst_structure_set (message, "params", GST_TYPE_STRUCTURE, params, NULL);
  invoke_message (client, do_control, message);
}

void
gst_tryon_ai_client_wake (GstTryonAiClient * client)
{
  gst_tryon_ai_sender_wake (&client->sender);
}

GstTryonAiClient *
gst_tryon_ai_client_new (GstTryonLoop * loop,
    const GstTryonAiClientCallbacks * callbacks, gpointer user_data)
{
  static gsize once = 0;
  GstTryonAiClient *client;

  if (g_once_init_enter (&once)) {
    GST_DEBUG_CATEGORY_INIT (tryon_ai_client_debug, "tryon-ai-client", 0,
        "Connections to AI services");
    g_once_init_leave (&once, 1);
  }
  client = g_new0 (GstTryonAiClient, 1);
  g_atomic_ref_count_init (&client->ref_count);
  client->loop = gst_object_ref (loop);
  client->callbacks = *callbacks;
  client->user_data = user_data;
  gst_tryon_ai_sender_init (&client->sender, callbacks->next_frame, user_data);
  return client;
}

void
gst_tryon_ai_client_free (GstTryonAiClient * client)
{
  gst_tryon_loop_invoke_sync (client->loop, do_free, client);
  gst_tryon_ai_client_unref (client);
}

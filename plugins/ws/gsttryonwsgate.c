/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lets the clients of one stream in, one at a time.
 *
 * There is room for two at the most, the one that is being served and the next:
 * a client that comes right after another has left is taken at once, before the
 * streaming thread got to see the end of the one before. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gsttryonwsgate.h"

/* Refusals are reported at most this often (microseconds). */
#define REPORT_INTERVAL G_USEC_PER_SEC

struct _GstTryonWsGate
{
  GstElement *element;          /* not owned */
  GstTryonWsGateAskFunc ask;

  /* Between open and close, which alone change it. */
  guint endpoint;

  /* Guards the following. Taken before a session's own lock. */
  GMutex lock;
  GstTryonListener *listener;   /* changed by open and close alone, too */
  GCond cond;                   /* there is a next client, or flushing, or ended */
  GstTryonSessionConfig config;
  gboolean once;
  gboolean flushing;
  gboolean ended;               /* takes no more clients */
  GstTryonWsClient *current;    /* set and cleared by the streaming thread */
  GstTryonWsClient *next;       /* admitted, not taken yet */
  guint64 sessions;
  guint64 refused;
  guint64 unreported;           /* refusals since the last report */
  gint64 last_report;           /* monotonic time, 0 for none yet */
};

static GstTryonWsClient *
client_new (GstTryonSession * session, const gchar * remote_address)
{
  GstTryonWsClient *client = g_new0 (GstTryonWsClient, 1);

  client->session = gst_object_ref (session);
  client->remote_address = g_strdup (remote_address);
  return client;
}

void
gst_tryon_ws_client_free (GstTryonWsClient * client)
{
  gst_object_unref (client->session);
  g_free (client->remote_address);
  g_free (client);
}

GstTryonWsGate *
gst_tryon_ws_gate_new (GstElement * element, GstTryonWsGateAskFunc ask)
{
  static const GstTryonSessionConfig defaults = GST_TRYON_SESSION_CONFIG_INIT;
  GstTryonWsGate *gate = g_new0 (GstTryonWsGate, 1);

  gate->element = element;
  gate->ask = ask;
  gate->config = defaults;
  gate->ended = TRUE;
  g_mutex_init (&gate->lock);
  g_cond_init (&gate->cond);
  return gate;
}

void
gst_tryon_ws_gate_free (GstTryonWsGate * gate)
{
  g_assert (gate->listener == NULL && gate->current == NULL);

  g_mutex_clear (&gate->lock);
  g_cond_clear (&gate->cond);
  g_free (gate);
}

void
gst_tryon_ws_gate_configure (GstTryonWsGate * gate,
    const GstTryonSessionConfig * config, gboolean once)
{
  GstTryonSession *sessions[2] = { NULL, };
  GstTryonSessionConfig before;
  GstTryonWsClient *clients[2];
  guint i;

  g_mutex_lock (&gate->lock);
  clients[0] = gate->current;
  clients[1] = gate->next;
  for (i = 0; i < G_N_ELEMENTS (clients); i++) {
    /* What a given session grants is the application's affair. */
    if (clients[i] != NULL && clients[i]->remote_address != NULL)
      sessions[i] = gst_object_ref (clients[i]->session);
  }
  before = gate->config;
  gate->config = *config;
  gate->once = once;
  g_mutex_unlock (&gate->lock);

  /* Without the lock: it may send. */
  for (i = 0; i < G_N_ELEMENTS (sessions); i++) {
    if (sessions[i] == NULL)
      continue;
    /* Only what changed: others may have set it for this session. */
    if (config->target_fps != before.target_fps)
      gst_tryon_session_set_target_fps (sessions[i], config->target_fps);
    if (config->max_in_flight != before.max_in_flight)
      gst_tryon_session_set_max_in_flight (sessions[i], config->max_in_flight);
    gst_object_unref (sessions[i]);
  }
}

/* ---- the listener's thread ---- */

/* Why another client can't be taken now; %NULL when it can. One that has left
 * takes no room, even if the streaming thread hasn't seen that yet; one that is
 * still in its handshake does. */
static GError *
check_room_unlocked (GstTryonWsGate * gate)
{
  const GstTryonWsClient *clients[] = { gate->current, gate->next };
  gboolean had_one = FALSE;
  guint i;

  for (i = 0; i < G_N_ELEMENTS (clients); i++) {
    if (clients[i] == NULL)
      continue;
    had_one = TRUE;
    if (!gst_tryon_session_has_ended (clients[i]->session))
      return g_error_new_literal (GST_TRYON_ERROR,
          GST_TRYON_ERROR_SESSION_LIMIT, "this stream has a client already");
  }
  if (gate->ended || (gate->once && had_one))
    return g_error_new_literal (GST_TRYON_ERROR,
        GST_TRYON_ERROR_SESSION_EXPIRED, "this stream has ended");
  return NULL;
}

/* (transfer full) (nullable): the session that @request's client comes back to. */
static GstTryonSession *
find_session_unlocked (GstTryonWsGate * gate, const GstTryonRequest * request)
{
  const GstTryonWsClient *clients[] = { gate->current, gate->next };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (clients); i++) {
    if (clients[i] != NULL
        && gst_tryon_session_is_connected (clients[i]->session)
        && gst_tryon_session_get_close_code (clients[i]->session) == 0
        && g_str_equal (gst_tryon_session_get_id (clients[i]->session),
            request->session_id))
      return gst_object_ref (clients[i]->session);
  }
  return NULL;
}

static GstTryonSession *
on_admit (const GstTryonRequest * request, gpointer user_data, GError ** error)
{
  GstTryonWsGate *gate = user_data;
  GstElement *element = gst_object_ref (gate->element);
  GstTryonWsClient *unseen = NULL;
  GstTryonSession *session;
  GError *refusal = NULL;

  /* The application may stop the element meanwhile, and let go of it. */
  if (!gate->ask (element, request)) {
    g_set_error_literal (error, GST_TRYON_ERROR, GST_TRYON_ERROR_UNAUTHORIZED,
        "the application refuses this client");
    gst_object_unref (element);
    return NULL;
  }
  g_mutex_lock (&gate->lock);
  session = find_session_unlocked (gate, request);
  if (session == NULL)
    refusal = check_room_unlocked (gate);
  if (session == NULL && refusal == NULL) {
    session = gst_tryon_session_new (request->session_id, &gate->config);
    unseen = gate->next;
    gate->next = client_new (session, request->remote_address);
    g_cond_signal (&gate->cond);
  }
  g_mutex_unlock (&gate->lock);

  /* It came and left again while the streaming thread was busy. */
  g_clear_pointer (&unseen, gst_tryon_ws_client_free);
  gst_object_unref (element);
  if (refusal != NULL)
    g_propagate_error (error, refusal);
  return session;
}

static void
on_replaced (const GstTryonRequest * request, GstTryonSession * session,
    gpointer user_data)
{
  GstTryonWsGate *gate = user_data;
  GstTryonWsClient *clients[2];
  gchar *previous = NULL;
  guint i;

  g_mutex_lock (&gate->lock);
  clients[0] = gate->current;
  clients[1] = gate->next;
  for (i = 0; i < G_N_ELEMENTS (clients); i++) {
    if (clients[i] != NULL && clients[i]->session == session) {
      previous = clients[i]->remote_address;
      clients[i]->remote_address = g_strdup (request->remote_address);
    }
  }
  g_mutex_unlock (&gate->lock);

  gst_element_post_message (gate->element,
      gst_message_new_element (GST_OBJECT (gate->element),
          gst_structure_new ("tryon-session-replaced",
              "session-id", G_TYPE_STRING, request->session_id,
              "remote-address", G_TYPE_STRING, request->remote_address,
              "previous-address", G_TYPE_STRING, previous, NULL)));
  g_free (previous);
}

static void
report_refusal (GstTryonWsGate * gate, const GstTryonRequest * request,
    guint http_status, const GError * error, guint64 count)
{
  GstTryonError code = GST_TRYON_ERROR_INTERNAL;
  GstStructure *s;

  if (error->domain == GST_TRYON_ERROR)
    code = error->code;
  s = gst_structure_new ("tryon-session-refused",
      "session-id", G_TYPE_STRING, request->session_id,
      "remote-address", G_TYPE_STRING, request->remote_address,
      "status", G_TYPE_UINT, http_status,
      "code", G_TYPE_STRING, gst_tryon_error_get_code (code),
      "reason", G_TYPE_STRING, error->message,
      "count", G_TYPE_UINT64, count, NULL);
  if (request->origin != NULL)
    gst_structure_set (s, "origin", G_TYPE_STRING, request->origin, NULL);
  gst_element_post_message (gate->element,
      gst_message_new_element (GST_OBJECT (gate->element), s));
}

static void
on_refused (const GstTryonRequest * request, guint http_status,
    const GError * error, gpointer user_data)
{
  GstTryonWsGate *gate = user_data;
  gint64 now = g_get_monotonic_time ();
  guint64 count = 0;

  g_mutex_lock (&gate->lock);
  gate->refused++;
  gate->unreported++;
  if (gate->last_report == 0 || now - gate->last_report >= REPORT_INTERVAL) {
    count = gate->unreported;
    gate->unreported = 0;
    gate->last_report = now;
  }
  g_mutex_unlock (&gate->lock);

  if (count > 0)
    report_refusal (gate, request, http_status, error, count);
}

/* ---- opening and closing ---- */

static void
reset (GstTryonWsGate * gate, GstTryonWsClient * next)
{
  g_mutex_lock (&gate->lock);
  gate->ended = FALSE;
  gate->next = next;
  gate->sessions = 0;
  gate->refused = 0;
  gate->unreported = 0;
  gate->last_report = 0;
  g_mutex_unlock (&gate->lock);
}

gboolean
gst_tryon_ws_gate_open (GstTryonWsGate * gate, const gchar * address,
    guint16 port, const GstTryonListenerOptions * options,
    GstTryonEndpoint * endpoint, GError ** error)
{
  GstTryonListener *listener;

  g_assert (gate->listener == NULL);

  reset (gate, NULL);
  endpoint->admit = on_admit;
  endpoint->replaced = on_replaced;
  endpoint->refused = on_refused;
  listener = gst_tryon_listener_get (address, port, options, error);
  if (listener == NULL)
    return FALSE;
  gate->endpoint = gst_tryon_listener_add_endpoint (listener, endpoint, gate,
      NULL, error);
  if (gate->endpoint == 0) {
    gst_object_unref (listener);
    return FALSE;
  }
  g_mutex_lock (&gate->lock);
  gate->listener = listener;
  g_mutex_unlock (&gate->lock);
  return TRUE;
}

void
gst_tryon_ws_gate_open_given (GstTryonWsGate * gate, GstTryonSession * session)
{
  gst_tryon_session_set_flushing (session, FALSE);
  reset (gate, client_new (session, NULL));
}

guint
gst_tryon_ws_gate_get_port (GstTryonWsGate * gate)
{
  if (gate->listener == NULL)
    return 0;
  return gst_tryon_listener_get_port (gate->listener);
}

void
gst_tryon_ws_gate_end (GstTryonWsGate * gate)
{
  g_mutex_lock (&gate->lock);
  gate->ended = TRUE;
  g_cond_signal (&gate->cond);
  g_mutex_unlock (&gate->lock);
}

GstTryonWsClient *
gst_tryon_ws_gate_close (GstTryonWsGate * gate)
{
  static const gchar reason[] = "the stream was stopped";
  GstTryonWsClient *current, *next;
  GstTryonListener *listener;

  gst_tryon_ws_gate_end (gate);
  g_mutex_lock (&gate->lock);
  current = g_steal_pointer (&gate->current);
  next = g_steal_pointer (&gate->next);
  listener = g_steal_pointer (&gate->listener);
  g_mutex_unlock (&gate->lock);

  if (listener != NULL) {
    if (current != NULL)
      gst_tryon_session_close (current->session, GST_TRYON_CLOSE_GOING_AWAY,
          reason, FALSE);
    if (next != NULL)
      gst_tryon_session_close (next->session, GST_TRYON_CLOSE_GOING_AWAY,
          reason, FALSE);
    /* Sends what was said above, and lets the connections go. */
    gst_tryon_listener_remove_endpoint (listener, gate->endpoint);
    gst_object_unref (listener);
  }
  g_clear_pointer (&next, gst_tryon_ws_client_free);
  return current;
}

/* ---- the streaming thread ---- */

GstFlowReturn
gst_tryon_ws_gate_take (GstTryonWsGate * gate, GstTryonWsClient ** client,
    gboolean * is_new)
{
  GstFlowReturn ret = GST_FLOW_OK;

  *is_new = FALSE;
  g_mutex_lock (&gate->lock);
  while (!gate->flushing && !gate->ended && gate->current == NULL
      && gate->next == NULL)
    g_cond_wait (&gate->cond, &gate->lock);
  if (gate->flushing) {
    ret = GST_FLOW_FLUSHING;
  } else if (gate->current == NULL && gate->next == NULL) {
    ret = GST_FLOW_EOS;
  } else if (gate->current == NULL) {
    gate->current = g_steal_pointer (&gate->next);
    gate->sessions++;
    *is_new = TRUE;
  }
  *client = gate->current;
  g_mutex_unlock (&gate->lock);
  return ret;
}

GstTryonWsClient *
gst_tryon_ws_gate_release (GstTryonWsGate * gate)
{
  GstTryonWsClient *client;

  g_mutex_lock (&gate->lock);
  client = g_steal_pointer (&gate->current);
  /* A given session's end is the stream's in any case. */
  if (gate->once || client->remote_address == NULL)
    gate->ended = TRUE;
  g_mutex_unlock (&gate->lock);
  return client;
}

void
gst_tryon_ws_gate_set_flushing (GstTryonWsGate * gate, gboolean flushing)
{
  g_mutex_lock (&gate->lock);
  gate->flushing = flushing;
  if (gate->current != NULL)
    gst_tryon_session_set_flushing (gate->current->session, flushing);
  g_cond_signal (&gate->cond);
  g_mutex_unlock (&gate->lock);
}

/* ---- any thread ---- */

GstTryonSession *
gst_tryon_ws_gate_get_session (GstTryonWsGate * gate)
{
  GstTryonSession *session = NULL;

  g_mutex_lock (&gate->lock);
  if (gate->current != NULL)
    session = gst_object_ref (gate->current->session);
  g_mutex_unlock (&gate->lock);
  return session;
}

GstStructure *
gst_tryon_ws_gate_get_listener_stats (GstTryonWsGate * gate)
{
  GstTryonListener *listener = NULL;
  GstStructure *stats = NULL;

  g_mutex_lock (&gate->lock);
  if (gate->listener != NULL)
    listener = gst_object_ref (gate->listener);
  g_mutex_unlock (&gate->lock);
  if (listener != NULL) {
    stats = gst_tryon_listener_get_stats (listener);
    gst_object_unref (listener);
  }
  return stats;
}

void
gst_tryon_ws_gate_get_counts (GstTryonWsGate * gate, guint64 * sessions,
    guint64 * refused)
{
  g_mutex_lock (&gate->lock);
  *sessions = gate->sessions;
  *refused = gate->refused;
  g_mutex_unlock (&gate->lock);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * SECTION:element-tryonwssrc
 * @title: tryonwssrc
 * @see_also: tryonwssink
 *
 * Receives camera frames (WebP, JPEG, PNG) from a browser, or another client of
 * the try-on protocol, over a WebSocket, and pushes them as they are: nothing
 * is decoded here. Answers go back through a #tryonwssink further down.
 *
 * It listens at `ws://ADDRESS:PORT/ws/try-on/SESSION-ID/`. Elements of one
 * process that name the same #tryonwssrc:address and #tryonwssrc:port share the
 * socket, each with a #tryonwssrc:session-id of its own.
 *
 * 1. One client at a time. Another one is refused (503) while it is there; when
 *    it has left, the next is taken, or the stream ends:
 *    #tryonwssrc:on-disconnect. A client that comes back, with the session id
 *    that is being served, takes its session over at once: the earlier
 *    connection is closed (4000), the stream goes on, and the counters too. What
 *    is unanswered is given up.
 * 2. Each client is a stream of its own: STREAM_START, the sticky
 *    `tryon-session` event, caps and segment come anew before its first frame,
 *    which has the DISCONT flag. A reference image of an earlier client is
 *    taken back with an empty `tryon-reference`.
 * 3. Frames are checked before they come in here: header, format, that they are
 *    whole, size in bytes and pixels. A bad one is answered to its client, costs
 *    nothing but itself, and never disturbs the pipeline; so is one in a format
 *    that the elements behind don't take.
 * 4. At most #tryonwssrc:max-buffers frames wait for the pipeline. A newer one
 *    waits in the client's socket for up to 10 ms, in case the pipeline is about to
 *    take one; then it takes the oldest one's place, which is answered as
 *    superseded.
 * 5. The timestamp is the running time at which the frame arrived. The client's
 *    own capture time is in the #GstTryonFrameMeta.
 * 6. Commands of the client's (`tryon-control`, `tryon-capture`,
 *    `tryon-reference` events) come in order with its frames.
 *
 * With #tryonwssrc:session set, an application has made the session and feeds
 * it: nothing listens, the settings of clients and frames mean nothing, and the
 * stream ends with the session's client. The session is not closed when the
 * element stops.
 *
 * ## Messages
 *
 * Element messages on the bus:
 *
 * * `tryon-session-added`: `session-id` (string), `remote-address` (string).
 *   From the streaming thread.
 * * `tryon-session-removed`: the same, and `reason` (string): "client-left",
 *   "closed" (from this side), or "stopped" (this element). From the streaming
 *   thread, or the one that stops the element.
 * * `tryon-session-replaced`: `session-id`, `remote-address` (string, of the
 *   connection that took the session over), `previous-address` (string). From
 *   the listener's thread.
 * * `tryon-session-refused`: `session-id`, `remote-address`, `origin` (string,
 *   where there was one), `status` (uint, of HTTP), `code` (string, of the
 *   protocol), `reason` (string), and `count` (uint64): of the refusals since
 *   the last such message. At most one a second, from the listener's thread.
 *
 * ## Safety
 *
 * It listens on the loopback unless told otherwise: put a proxy in front of it to
 * serve other machines, or give it a #tryonwssrc:certificate, and set a
 * #tryonwssrc:token. A browser's page may connect when it is of the same host, or
 * in #tryonwssrc:allowed-origins; #tryonwssrc::session-connecting asks the
 * application. Connections, handshakes, messages and silence are limited by
 * properties, and counted in #tryonwssrc:stats.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 tryonwssrc port=8001 ! tryonwssink
 * ]|
 * An echo service.
 * |[
 * gst-launch-1.0 tryonwssrc ! image/jpeg ! jpegdec ! videoconvert ! videobalance saturation=0 ! jpegenc ! tryonwssink
 * ]|
 * Takes the colour out of JPEG frames, with stock elements.
 */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gsttryonwssrc.h"
#include "gsttryonwsgate.h"
#include "gsttryonwssettings.h"
#include "gsttryonwsstream.h"
#include "gsttryonwselements.h"

/* Also that of gsttryonwsstream.c. */
GST_DEBUG_CATEGORY (gst_tryon_ws_src_debug);
#define GST_CAT_DEFAULT gst_tryon_ws_src_debug

struct _GstTryonWsSrc
{
  GstPushSrc parent;

  /* The object lock guards the two. */
  GstTryonWsSettings settings;
  guint current_port;

  GstTryonWsGate *gate;         /* has a lock of its own */
  GstTryonWsStream stream;      /* the streaming thread's */
};

enum
{
  /* Below are the settings'. */
  PROP_CURRENT_PORT = GST_TRYON_WS_SETTINGS_LAST,
  PROP_STATS,
};

enum
{
  SIGNAL_SESSION_CONNECTING,
  SIGNAL_SESSION_ADDED,
  SIGNAL_SESSION_REMOVED,
  N_SIGNALS
};

static GParamSpec *current_port_pspec;
static guint signals[N_SIGNALS];

static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE ("src",
    GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS (GST_TRYON_WS_CAPS));

G_DEFINE_TYPE_WITH_CODE (GstTryonWsSrc, gst_tryon_ws_src, GST_TYPE_PUSH_SRC,
    GST_DEBUG_CATEGORY_INIT (gst_tryon_ws_src_debug, "tryonwssrc", 0,
        "WebSocket ingress"));
GST_ELEMENT_REGISTER_DEFINE (tryonwssrc, "tryonwssrc", GST_RANK_NONE,
    GST_TYPE_TRYON_WS_SRC);

/* ---- clients ---- */

/* @reason: (nullable) */
static void
announce (GstTryonWsSrc * self, guint signal, const gchar * message,
    GstTryonWsClient * client, const gchar * reason)
{
  GstStructure *s = gst_structure_new (message, "session-id", G_TYPE_STRING,
      gst_tryon_session_get_id (client->session), NULL);

  if (client->remote_address != NULL)
    gst_structure_set (s, "remote-address", G_TYPE_STRING,
        client->remote_address, NULL);
  if (reason != NULL)
    gst_structure_set (s, "reason", G_TYPE_STRING, reason, NULL);
  GST_INFO_OBJECT (self, "%" GST_PTR_FORMAT, s);
  g_signal_emit (self, signals[signal], 0, client->session);
  gst_element_post_message (GST_ELEMENT (self),
      gst_message_new_element (GST_OBJECT (self), s));
}

static void
announce_removed (GstTryonWsSrc * self, GstTryonWsClient * client,
    const gchar * reason)
{
  announce (self, SIGNAL_SESSION_REMOVED, "tryon-session-removed", client,
      reason);
}

/* From the listener's thread, with no lock held. */
static gboolean
on_connecting (GstElement * element, const GstTryonRequest * request)
{
  gboolean accepted = TRUE;

  g_signal_emit (element, signals[SIGNAL_SESSION_CONNECTING], 0,
      request->session_id, request->remote_address, request->origin, &accepted);
  return accepted;
}

static gboolean
accept_session (GstTryonWsSrc * self, const gchar * session_id,
    const gchar * remote_address, const gchar * origin)
{
  return TRUE;
}

/* The first refusal counts. */
static gboolean
accumulate_acceptance (GSignalInvocationHint * hint, GValue * result,
    const GValue * handler_result, gpointer user_data)
{
  gboolean accepted = g_value_get_boolean (handler_result);

  g_value_set_boolean (result, accepted);
  return accepted;
}

/* ---- the streaming thread ---- */

static void
end_stream (GstTryonWsSrc * self)
{
  GstTryonWsClient *client = gst_tryon_ws_gate_release (self->gate);

  /* Still connected: this side has closed it, and its goodbye is on its way. */
  announce_removed (self, client,
      gst_tryon_session_is_connected (client->session) ? "closed" :
      "client-left");
  gst_tryon_ws_client_free (client);
}

static GstFlowReturn
gst_tryon_ws_src_create (GstPushSrc * src, GstBuffer ** buffer)
{
  GstTryonWsSrc *self = GST_TRYON_WS_SRC (src);
  GstTryonWsClient *client;
  GstTryonImageInfo info;
  GstMiniObject *item;
  GstFlowReturn ret;
  gint64 arrival;
  gboolean is_new;

  *buffer = NULL;
  while (*buffer == NULL) {
    ret = gst_tryon_ws_gate_take (self->gate, &client, &is_new);
    if (ret != GST_FLOW_OK)
      return ret;
    if (is_new) {
      announce (self, SIGNAL_SESSION_ADDED, "tryon-session-added", client,
          NULL);
      gst_tryon_ws_stream_begin (&self->stream, client->session);
    }
    ret = gst_tryon_session_pull (client->session, &item, &info, &arrival);
    if (ret == GST_FLOW_EOS)
      end_stream (self);
    else if (ret != GST_FLOW_OK)
      return ret;
    else if (GST_IS_EVENT (item))
      gst_tryon_ws_stream_push_event (&self->stream, GST_EVENT_CAST (item));
    else
      *buffer = gst_tryon_ws_stream_prepare_frame (&self->stream,
          client->session, GST_BUFFER_CAST (item), &info, arrival);
  }
  return GST_FLOW_OK;
}

/* Whatever ended the stream: a client that came now would never be served. The
 * one that is there gets its last answers; tryonwssink tells it goodbye. */
static GstPadProbeReturn
on_event (GstPad * pad, GstPadProbeInfo * info, gpointer user_data)
{
  GstTryonWsSrc *self = GST_TRYON_WS_SRC (GST_PAD_PARENT (pad));

  if (GST_EVENT_TYPE (GST_PAD_PROBE_INFO_EVENT (info)) == GST_EVENT_EOS)
    gst_tryon_ws_gate_end (self->gate);
  return GST_PAD_PROBE_OK;
}

static gboolean
gst_tryon_ws_src_unlock (GstBaseSrc * src)
{
  gst_tryon_ws_gate_set_flushing (GST_TRYON_WS_SRC (src)->gate, TRUE);
  return TRUE;
}

static gboolean
gst_tryon_ws_src_unlock_stop (GstBaseSrc * src)
{
  gst_tryon_ws_gate_set_flushing (GST_TRYON_WS_SRC (src)->gate, FALSE);
  return TRUE;
}

/* What the caps are is the client's choice, frame by frame. */
static gboolean
gst_tryon_ws_src_negotiate (GstBaseSrc * src)
{
  return TRUE;
}

static gboolean
gst_tryon_ws_src_query (GstBaseSrc * src, GstQuery * query)
{
  /* A frame is handed on as it comes. The frames that wait are no limit to how
   * late the pipeline may be: newer ones take their places. */
  if (GST_QUERY_TYPE (query) == GST_QUERY_LATENCY) {
    gst_query_set_latency (query, TRUE, 0, GST_CLOCK_TIME_NONE);
    return TRUE;
  }
  return GST_BASE_SRC_CLASS (gst_tryon_ws_src_parent_class)->query (src, query);
}

/* ---- states ---- */

static void
post_open_error (GstTryonWsSrc * self, const gchar * address, guint port,
    const GError * error)
{
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE))
    GST_ELEMENT_ERROR (self, RESOURCE, OPEN_READ,
        ("Address %s:%u is in use already. Set another 'port' (0 for any that "
            "is free), or end the program that uses it.", address, port),
        ("%s", error->message));
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED))
    GST_ELEMENT_ERROR (self, RESOURCE, OPEN_READ,
        ("Not allowed to listen on %s:%u. Ports below 1024 need privileges: "
            "set a higher 'port'.", address, port), ("%s", error->message));
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_EXISTS))
    GST_ELEMENT_ERROR (self, RESOURCE, OPEN_READ,
        ("Another element serves the same sessions at %s:%u. Give each its own "
            "'session-id', or its own 'port'.", address, port),
        ("%s", error->message));
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT))
    GST_ELEMENT_ERROR (self, RESOURCE, SETTINGS,
        ("A setting is wrong: %s.", error->message), (NULL));
  else
    GST_ELEMENT_ERROR (self, RESOURCE, OPEN_READ,
        ("Could not listen on %s:%u.", address, port), ("%s", error->message));
}

/* What the listener is told, of settings that stay as they are meanwhile. */
static void
fill_endpoint (const GstTryonWsSettings * settings, GstTryonEndpoint * endpoint)
{
  endpoint->session_id = settings->session_id;
  endpoint->token = settings->token;
  endpoint->allowed_origins = settings->allowed_origins;
  endpoint->limits = settings->limits;
  endpoint->limits.max_message_bytes = MAX (settings->limits.max_message_bytes,
      settings->config.max_frame_bytes + GST_TRYON_PROTOCOL_HEADER_SIZE);
}

static gboolean
open_gate (GstTryonWsSrc * self, GstTryonWsSettings * settings)
{
  GstTryonEndpoint endpoint = { NULL, };
  GError *error = NULL;
  gboolean open;

  fill_endpoint (settings, &endpoint);
  open = gst_tryon_ws_settings_load_certificate (settings,
      &settings->options.certificate, &error);
  if (!open)
    GST_ELEMENT_ERROR (self, RESOURCE, SETTINGS, ("TLS can't be set up: %s.",
            error->message), (NULL));
  else if (!(open = gst_tryon_ws_gate_open (self->gate, settings->address,
              settings->port, &settings->options, &endpoint, &error)))
    post_open_error (self, settings->address, settings->port, error);
  g_clear_error (&error);
  g_clear_object (&settings->options.certificate);
  return open;
}

static void
update_current_port (GstTryonWsSrc * self)
{
  guint port = gst_tryon_ws_gate_get_port (self->gate);
  gboolean changed;

  GST_OBJECT_LOCK (self);
  changed = self->current_port != port;
  self->current_port = port;
  GST_OBJECT_UNLOCK (self);
  if (changed)
    g_object_notify_by_pspec (G_OBJECT (self), current_port_pspec);
}

static gboolean
gst_tryon_ws_src_start (GstBaseSrc * src)
{
  GstTryonWsSrc *self = GST_TRYON_WS_SRC (src);
  GstTryonWsSettings settings;
  gboolean started = TRUE;

  gst_tryon_ws_stream_init (&self->stream, src);
  GST_OBJECT_LOCK (self);
  gst_tryon_ws_settings_copy (&self->settings, &settings);
  GST_OBJECT_UNLOCK (self);

  if (settings.session != NULL)
    gst_tryon_ws_gate_open_given (self->gate, settings.session);
  else
    started = open_gate (self, &settings);
  gst_tryon_ws_settings_clear (&settings);
  if (started)
    update_current_port (self);
  return started;
}

static gboolean
gst_tryon_ws_src_stop (GstBaseSrc * src)
{
  GstTryonWsSrc *self = GST_TRYON_WS_SRC (src);
  GstTryonWsClient *client = gst_tryon_ws_gate_close (self->gate);

  update_current_port (self);
  if (client != NULL) {
    announce_removed (self, client, "stopped");
    gst_tryon_ws_client_free (client);
  }
  return TRUE;
}

/* ---- properties ---- */

static void
take_structure (GstStructure * stats, const gchar * name, GstStructure * nested)
{
  if (nested == NULL)
    return;
  gst_structure_set (stats, name, GST_TYPE_STRUCTURE, nested, NULL);
  gst_structure_free (nested);
}

static GstStructure *
get_stats (GstTryonWsSrc * self)
{
  GstTryonSession *session = gst_tryon_ws_gate_get_session (self->gate);
  guint64 sessions, refused;
  GstStructure *stats;

  gst_tryon_ws_gate_get_counts (self->gate, &sessions, &refused);
  stats = gst_structure_new ("application/x-tryon-wssrc-stats",
      "sessions", G_TYPE_UINT64, sessions,
      "refused", G_TYPE_UINT64, refused, NULL);
  take_structure (stats, "listener",
      gst_tryon_ws_gate_get_listener_stats (self->gate));
  if (session != NULL) {
    take_structure (stats, "session", gst_tryon_session_get_stats (session));
    gst_object_unref (session);
  }
  return stats;
}

static void
configure_gate (GstTryonWsSrc * self)
{
  GstTryonSessionConfig config;
  gboolean once;

  GST_OBJECT_LOCK (self);
  config = self->settings.config;
  once = self->settings.on_disconnect == GST_TRYON_WS_SRC_ON_DISCONNECT_EOS;
  GST_OBJECT_UNLOCK (self);
  gst_tryon_ws_gate_configure (self->gate, &config, once);
}

static void
gst_tryon_ws_src_set_property (GObject * object, guint id,
    const GValue * value, GParamSpec * pspec)
{
  GstTryonWsSrc *self = GST_TRYON_WS_SRC (object);
  gboolean known;

  GST_OBJECT_LOCK (self);
  known = gst_tryon_ws_settings_set (&self->settings, id, value);
  GST_OBJECT_UNLOCK (self);
  if (known)
    configure_gate (self);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
gst_tryon_ws_src_get_property (GObject * object, guint id, GValue * value,
    GParamSpec * pspec)
{
  GstTryonWsSrc *self = GST_TRYON_WS_SRC (object);
  gboolean known = TRUE;

  if (id == PROP_STATS) {
    g_value_take_boxed (value, get_stats (self));
    return;
  }
  GST_OBJECT_LOCK (self);
  if (id == PROP_CURRENT_PORT)
    g_value_set_uint (value, self->current_port);
  else
    known = gst_tryon_ws_settings_get (&self->settings, id, value);
  GST_OBJECT_UNLOCK (self);
  if (!known)
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
gst_tryon_ws_src_finalize (GObject * object)
{
  GstTryonWsSrc *self = GST_TRYON_WS_SRC (object);

  gst_tryon_ws_gate_free (self->gate);
  gst_tryon_ws_settings_clear (&self->settings);
  G_OBJECT_CLASS (gst_tryon_ws_src_parent_class)->finalize (object);
}

static void
install_properties (GObjectClass * object_class)
{
  gst_tryon_ws_settings_install (object_class);

  /**
   * tryonwssrc:current-port:
   *
   * Notifies, from the thread that changes the state, when it starts or stops
   * to listen.
   */
  current_port_pspec = g_param_spec_uint ("current-port", "Current port",
      "Port that it listens on now (0 = it doesn't listen)",
      0, G_MAXUINT16, 0, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_property (object_class, PROP_CURRENT_PORT,
      current_port_pspec);

  /**
   * tryonwssrc:stats:
   *
   * "application/x-tryon-wssrc-stats", of counters that only grow from READY to
   * READY: sessions (uint64, clients served), refused (uint64, requests for
   * this stream that were turned away); and
   *
   * "listener", while it listens: "application/x-tryon-listener-stats" of the
   * socket, which other elements may share: connections and connections-pending
   * (uint, now; pending ones are in their handshake), connections-accepted,
   * connections-over-limit, connections-over-address-limit (closed by
   * #tryonwssrc:max-connections and #tryonwssrc:max-connections-per-address),
   * handshakes-superseded (#tryonwssrc:max-pending-handshakes),
   * handshakes-timed-out (#tryonwssrc:handshake-timeout), headers-too-large
   * (#tryonwssrc:max-header-bytes), requests-malformed (400), and
   * connections by what they were closed for: closed-protocol-error (1002),
   * closed-invalid-data (1007), closed-policy (1008, as for
   * #tryonwssrc:max-fragments), closed-too-big (1009, #tryonwssrc:max-message-bytes
   * and #tryonwssrc:max-text-bytes), closed-idle (4002), closed-slow-client (4003),
   * closed-abnormal (no close frame came), all uint64;
   *
   * "session", of the session that is being served, where there is one:
   * "application/x-tryon-session-stats" with session-id (string), connected and
   * paused (boolean), takeovers, frames-received, frames-processed,
   * frames-dropped, bytes-received, bytes-sent, messages-invalid, meta-misses
   * (uint64), frames-outstanding (uint), and the structure dropped-by-reason
   * (uint64s named rate, superseded, invalid, too-large, ai-timeout, ai-down,
   * slow-client, paused). At any moment frames-received = frames-processed +
   * frames-dropped + frames-outstanding.
   */
  g_object_class_install_property (object_class, PROP_STATS,
      g_param_spec_boxed ("stats", "Statistics",
          "Counters of this element, its listening socket, and the session "
          "that it serves", GST_TYPE_STRUCTURE,
          G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
}

static void
install_signals (GObjectClass * object_class)
{
  /**
   * tryonwssrc::session-connecting:
   * @src: the element
   * @session_id: the session that is asked for
   * @remote_address: where the client is, without a port
   * @origin: (nullable): of the page that it is of, where it said so
   *
   * A client wants to connect, and path, subprotocol, Origin and token are right.
   * The first handler that returns %FALSE refuses it (403). From the listener's
   * thread, on which all clients of the socket wait meanwhile: answer from what
   * is at hand, and change no state of an element that another thread may be
   * stopping.
   *
   * Returns: whether it may
   */
  signals[SIGNAL_SESSION_CONNECTING] =
      g_signal_new_class_handler ("session-connecting",
      G_OBJECT_CLASS_TYPE (object_class), G_SIGNAL_RUN_LAST,
      G_CALLBACK (accept_session), accumulate_acceptance, NULL, NULL,
      G_TYPE_BOOLEAN, 3, G_TYPE_STRING, G_TYPE_STRING, G_TYPE_STRING);

  /**
   * tryonwssrc::session-added:
   * @src: the element
   * @session: (type GstTryonSession): the client's
   *
   * A client was taken up; its first frame comes after this. From the
   * streaming thread, which waits for the handlers.
   */
  signals[SIGNAL_SESSION_ADDED] =
      g_signal_new ("session-added", G_OBJECT_CLASS_TYPE (object_class),
      G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
      GST_TYPE_TRYON_SESSION);

  /**
   * tryonwssrc::session-removed:
   * @src: the element
   * @session: (type GstTryonSession): the client's
   *
   * No more frames of this client come. From the streaming thread, or from the
   * one that stops the element.
   */
  signals[SIGNAL_SESSION_REMOVED] =
      g_signal_new ("session-removed", G_OBJECT_CLASS_TYPE (object_class),
      G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
      GST_TYPE_TRYON_SESSION);
}

static void
gst_tryon_ws_src_class_init (GstTryonWsSrcClass * klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseSrcClass *src_class = GST_BASE_SRC_CLASS (klass);

  object_class->set_property = gst_tryon_ws_src_set_property;
  object_class->get_property = gst_tryon_ws_src_get_property;
  object_class->finalize = gst_tryon_ws_src_finalize;

  src_class->start = gst_tryon_ws_src_start;
  src_class->stop = gst_tryon_ws_src_stop;
  src_class->unlock = gst_tryon_ws_src_unlock;
  src_class->unlock_stop = gst_tryon_ws_src_unlock_stop;
  src_class->negotiate = gst_tryon_ws_src_negotiate;
  src_class->query = gst_tryon_ws_src_query;
  GST_PUSH_SRC_CLASS (klass)->create = gst_tryon_ws_src_create;

  install_properties (object_class);
  install_signals (object_class);

  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_set_static_metadata (element_class,
      "Try-On WebSocket Source", "Source/Network",
      "Receives camera frames from a browser or another client over a WebSocket",
      "gst-tryon developers <gst-tryon@example.org>");
  gst_type_mark_as_plugin_api (GST_TYPE_TRYON_WS_SRC_ON_DISCONNECT, 0);
}

static void
gst_tryon_ws_src_init (GstTryonWsSrc * self)
{
  gst_tryon_ws_settings_init (&self->settings);
  self->gate = gst_tryon_ws_gate_new (GST_ELEMENT (self), on_connecting);

  gst_pad_add_probe (GST_BASE_SRC_PAD (self),
      GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, on_event, NULL, NULL);
  gst_base_src_set_live (GST_BASE_SRC (self), TRUE);
  gst_base_src_set_format (GST_BASE_SRC (self), GST_FORMAT_TIME);
}

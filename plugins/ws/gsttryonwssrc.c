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
 * 1. One client at a time. A second one is refused (503) while the first is
 *    there; when it has left, the next is taken, or the stream ends:
 *    #tryonwssrc:on-disconnect.
 * 2. Each client is a stream of its own: STREAM_START, the sticky
 *    `tryon-session` event, caps and segment come anew before its first frame,
 *    which has the DISCONT flag. A reference image of an earlier client is
 *    taken back with an empty `tryon-reference`.
 * 3. Frames are checked before they come in here: header, format, that they are
 *    whole, size in bytes and pixels. A bad one is answered to its client, costs
 *    nothing but itself, and never disturbs the pipeline; so is one in a format
 *    that the elements behind don't take.
 * 4. At most #tryonwssrc:max-buffers frames wait for the pipeline. A newer one
 *    takes the oldest one's place, which is answered as superseded.
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
 * * `tryon-session-refused`: `session-id`, `remote-address`, `origin` (string,
 *   where there was one), `status` (uint, of HTTP), `code` (string, of the
 *   protocol), `reason` (string), and `count` (uint64): of the refusals since
 *   the last such message. At most one a second, from the listener's thread.
 *
 * ## Safety
 *
 * It listens on the loopback unless told otherwise, without TLS: put a proxy in
 * front of it to serve other machines, and set a #tryonwssrc:token. A browser's
 * page may connect when it is of the same host, or in
 * #tryonwssrc:allowed-origins.
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
#include "gsttryonwsstream.h"
#include "gsttryonwselements.h"

/* Also that of gsttryonwsstream.c. */
GST_DEBUG_CATEGORY (gst_tryon_ws_src_debug);
#define GST_CAT_DEFAULT gst_tryon_ws_src_debug

#define DEFAULT_ADDRESS "127.0.0.1"
#define DEFAULT_PORT 8001
#define DEFAULT_ON_DISCONNECT GST_TRYON_WS_SRC_ON_DISCONNECT_WAIT

struct _GstTryonWsSrc
{
  GstPushSrc parent;

  /* Settings; the object lock guards them. */
  gchar *address;
  guint port;
  gchar *session_id;
  gchar *token;
  gchar *allowed_origins;
  GstTryonSession *given;
  GstTryonSessionConfig config;
  guint max_message_bytes;
  GstTryonWsSrcOnDisconnect on_disconnect;
  guint current_port;

  GstTryonWsGate *gate;         /* has a lock of its own */
  GstTryonWsStream stream;      /* the streaming thread's */
};

enum
{
  PROP_0,
  PROP_ADDRESS,
  PROP_PORT,
  PROP_CURRENT_PORT,
  PROP_SESSION_ID,
  PROP_TOKEN,
  PROP_ALLOWED_ORIGINS,
  PROP_SESSION,
  PROP_MAX_BUFFERS,
  PROP_MAX_WIDTH,
  PROP_MAX_HEIGHT,
  PROP_MAX_FRAME_BYTES,
  PROP_MAX_MESSAGE_BYTES,
  PROP_MAX_IN_FLIGHT,
  PROP_TARGET_FPS,
  PROP_ON_DISCONNECT,
  PROP_STATS,
  N_PROPERTIES
};

enum
{
  SIGNAL_SESSION_ADDED,
  SIGNAL_SESSION_REMOVED,
  N_SIGNALS
};

static GParamSpec *properties[N_PROPERTIES];
static guint signals[N_SIGNALS];

static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE ("src",
    GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS (GST_TRYON_WS_CAPS));

G_DEFINE_TYPE_WITH_CODE (GstTryonWsSrc, gst_tryon_ws_src, GST_TYPE_PUSH_SRC,
    GST_DEBUG_CATEGORY_INIT (gst_tryon_ws_src_debug, "tryonwssrc", 0,
        "WebSocket ingress"));
GST_ELEMENT_REGISTER_DEFINE (tryonwssrc, "tryonwssrc", GST_RANK_NONE,
    GST_TYPE_TRYON_WS_SRC);

GType
gst_tryon_ws_src_on_disconnect_get_type (void)
{
  static const GEnumValue values[] = {
    {GST_TRYON_WS_SRC_ON_DISCONNECT_WAIT, "Wait for the next client", "wait"},
    {GST_TRYON_WS_SRC_ON_DISCONNECT_EOS, "End the stream", "eos"},
    {0, NULL, NULL}
  };
  static gsize type = 0;

  if (g_once_init_enter (&type)) {
    GType t = g_enum_register_static ("GstTryonWsSrcOnDisconnect", values);
    g_once_init_leave (&type, t);
  }
  return type;
}

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

static gboolean
open_gate (GstTryonWsSrc * self)
{
  GstTryonConnectionLimits limits = GST_TRYON_CONNECTION_LIMITS_INIT;
  GstTryonEndpoint endpoint = { NULL, };
  gchar *address, *session_id, *token, *origins;
  GError *error = NULL;
  gboolean open;
  guint port;

  GST_OBJECT_LOCK (self);
  endpoint.session_id = session_id = g_strdup (self->session_id);
  endpoint.token = token = g_strdup (self->token);
  endpoint.allowed_origins = origins = g_strdup (self->allowed_origins);
  limits.max_message_bytes = MAX (self->max_message_bytes,
      self->config.max_frame_bytes + GST_TRYON_PROTOCOL_HEADER_SIZE);
  limits.max_text_bytes = MIN (self->max_message_bytes, limits.max_text_bytes);
  address = g_strdup (self->address);
  port = self->port;
  GST_OBJECT_UNLOCK (self);
  endpoint.limits = limits;

  open = gst_tryon_ws_gate_open (self->gate, address, port, &endpoint, &error);
  if (!open) {
    post_open_error (self, address, port, error);
    g_error_free (error);
  }
  g_free (address);
  g_free (session_id);
  g_free (token);
  g_free (origins);
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
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_CURRENT_PORT]);
}

static gboolean
gst_tryon_ws_src_start (GstBaseSrc * src)
{
  GstTryonWsSrc *self = GST_TRYON_WS_SRC (src);
  GstTryonSession *given;

  gst_tryon_ws_stream_init (&self->stream, src);

  GST_OBJECT_LOCK (self);
  given = self->given != NULL ? gst_object_ref (self->given) : NULL;
  GST_OBJECT_UNLOCK (self);
  if (given != NULL) {
    gst_tryon_ws_gate_open_given (self->gate, given);
    gst_object_unref (given);
    return TRUE;
  }
  if (!open_gate (self))
    return FALSE;
  update_current_port (self);
  return TRUE;
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

static GstStructure *
get_stats (GstTryonWsSrc * self)
{
  GstTryonSession *session = gst_tryon_ws_gate_get_session (self->gate);
  GstStructure *stats, *nested;
  guint64 sessions, refused;

  gst_tryon_ws_gate_get_counts (self->gate, &sessions, &refused);
  stats = gst_structure_new ("application/x-tryon-wssrc-stats",
      "sessions", G_TYPE_UINT64, sessions,
      "refused", G_TYPE_UINT64, refused, NULL);
  if (session != NULL) {
    nested = gst_tryon_session_get_stats (session);
    gst_structure_set (stats, "session", GST_TYPE_STRUCTURE, nested, NULL);
    gst_structure_free (nested);
    gst_object_unref (session);
  }
  return stats;
}

static void
replace_string (gchar ** field, const GValue * value)
{
  g_free (*field);
  *field = g_value_dup_string (value);
}

static void
configure_gate (GstTryonWsSrc * self)
{
  GstTryonSessionConfig config;
  gboolean once;

  GST_OBJECT_LOCK (self);
  config = self->config;
  once = self->on_disconnect == GST_TRYON_WS_SRC_ON_DISCONNECT_EOS;
  GST_OBJECT_UNLOCK (self);
  gst_tryon_ws_gate_configure (self->gate, &config, once);
}

static void
gst_tryon_ws_src_set_property (GObject * object, guint id,
    const GValue * value, GParamSpec * pspec)
{
  GstTryonWsSrc *self = GST_TRYON_WS_SRC (object);
  GstTryonSession *old = NULL;

  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_ADDRESS:
      replace_string (&self->address, value);
      if (self->address == NULL)
        self->address = g_strdup (DEFAULT_ADDRESS);
      break;
    case PROP_PORT:
      self->port = g_value_get_uint (value);
      break;
    case PROP_SESSION_ID:
      replace_string (&self->session_id, value);
      break;
    case PROP_TOKEN:
      replace_string (&self->token, value);
      break;
    case PROP_ALLOWED_ORIGINS:
      replace_string (&self->allowed_origins, value);
      break;
    case PROP_SESSION:
      old = self->given;
      self->given = g_value_dup_object (value);
      break;
    case PROP_MAX_BUFFERS:
      self->config.max_buffers = g_value_get_uint (value);
      break;
    case PROP_MAX_WIDTH:
      self->config.max_width = g_value_get_uint (value);
      break;
    case PROP_MAX_HEIGHT:
      self->config.max_height = g_value_get_uint (value);
      break;
    case PROP_MAX_FRAME_BYTES:
      self->config.max_frame_bytes = g_value_get_uint (value);
      break;
    case PROP_MAX_MESSAGE_BYTES:
      self->max_message_bytes = g_value_get_uint (value);
      break;
    case PROP_MAX_IN_FLIGHT:
      self->config.max_in_flight = g_value_get_uint (value);
      break;
    case PROP_TARGET_FPS:
      self->config.target_fps = g_value_get_uint (value);
      break;
    case PROP_ON_DISCONNECT:
      self->on_disconnect = g_value_get_enum (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (self);

  gst_clear_object (&old);
  configure_gate (self);
}

static void
gst_tryon_ws_src_get_property (GObject * object, guint id, GValue * value,
    GParamSpec * pspec)
{
  GstTryonWsSrc *self = GST_TRYON_WS_SRC (object);

  if (id == PROP_STATS) {
    g_value_take_boxed (value, get_stats (self));
    return;
  }
  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_ADDRESS:
      g_value_set_string (value, self->address);
      break;
    case PROP_PORT:
      g_value_set_uint (value, self->port);
      break;
    case PROP_CURRENT_PORT:
      g_value_set_uint (value, self->current_port);
      break;
    case PROP_SESSION_ID:
      g_value_set_string (value, self->session_id);
      break;
    case PROP_ALLOWED_ORIGINS:
      g_value_set_string (value, self->allowed_origins);
      break;
    case PROP_SESSION:
      g_value_set_object (value, self->given);
      break;
    case PROP_MAX_BUFFERS:
      g_value_set_uint (value, self->config.max_buffers);
      break;
    case PROP_MAX_WIDTH:
      g_value_set_uint (value, self->config.max_width);
      break;
    case PROP_MAX_HEIGHT:
      g_value_set_uint (value, self->config.max_height);
      break;
    case PROP_MAX_FRAME_BYTES:
      g_value_set_uint (value, self->config.max_frame_bytes);
      break;
    case PROP_MAX_MESSAGE_BYTES:
      g_value_set_uint (value, self->max_message_bytes);
      break;
    case PROP_MAX_IN_FLIGHT:
      g_value_set_uint (value, self->config.max_in_flight);
      break;
    case PROP_TARGET_FPS:
      g_value_set_uint (value, self->config.target_fps);
      break;
    case PROP_ON_DISCONNECT:
      g_value_set_enum (value, self->on_disconnect);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (self);
}

static void
gst_tryon_ws_src_finalize (GObject * object)
{
  GstTryonWsSrc *self = GST_TRYON_WS_SRC (object);

  gst_tryon_ws_gate_free (self->gate);
  gst_clear_object (&self->given);
  g_free (self->address);
  g_free (self->session_id);
  g_free (self->token);
  g_free (self->allowed_origins);
  G_OBJECT_CLASS (gst_tryon_ws_src_parent_class)->finalize (object);
}

#define READY_FLAGS (G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | \
    GST_PARAM_MUTABLE_READY)
#define PLAYING_FLAGS (G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | \
    GST_PARAM_MUTABLE_PLAYING)

/* Where it listens, and to whom. */
static void
install_listener_properties (void)
{
  /**
   * tryonwssrc:address:
   *
   * A name stands for all its addresses: "localhost" for 127.0.0.1 and ::1.
   */
  properties[PROP_ADDRESS] =
      g_param_spec_string ("address", "Address",
      "Address or name to listen on (0.0.0.0 or :: = all of this machine)",
      DEFAULT_ADDRESS, READY_FLAGS);

  properties[PROP_PORT] =
      g_param_spec_uint ("port", "Port",
      "Port to listen on (0 = any that is free, see current-port)",
      0, G_MAXUINT16, DEFAULT_PORT, READY_FLAGS);

  /**
   * tryonwssrc:current-port:
   *
   * Notifies, from the thread that changes the state, when it starts or stops
   * to listen.
   */
  properties[PROP_CURRENT_PORT] =
      g_param_spec_uint ("current-port", "Current port",
      "Port that it listens on now (0 = it doesn't listen)",
      0, G_MAXUINT16, 0, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  properties[PROP_SESSION_ID] =
      g_param_spec_string ("session-id", "Session id",
      "Only session that is served, as in the path of its URL: 1 to 128 of "
      "A-Z a-z 0-9 . _ ~ - (unset = any that no other element serves)",
      NULL, READY_FLAGS);

  /**
   * tryonwssrc:token:
   *
   * Clients send it as `Authorization: Bearer TOKEN`, or offer the subprotocol
   * `tryon.token.TOKEN`. It can't be read back, so that it does not turn up in
   * dumps of a pipeline.
   */
  properties[PROP_TOKEN] =
      g_param_spec_string ("token", "Token",
      "Secret that a client must show (unset = none)", NULL,
      G_PARAM_WRITABLE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY);

  properties[PROP_ALLOWED_ORIGINS] =
      g_param_spec_string ("allowed-origins", "Allowed origins",
      "Origins of web pages that may connect, as scheme://host or "
      "scheme://host:port, separated by commas (* = any, unset = those of the "
      "host that the request is to)", NULL, READY_FLAGS);

  properties[PROP_SESSION] =
      g_param_spec_object ("session", "Session",
      "Session to serve, fed by the application, instead of listening",
      GST_TYPE_TRYON_SESSION, READY_FLAGS);

  /**
   * tryonwssrc:max-message-bytes:
   *
   * A larger message closes the connection (1009), while a frame over
   * #tryonwssrc:max-frame-bytes only costs itself. Where this is the smaller
   * one, max-frame-bytes counts.
   */
  properties[PROP_MAX_MESSAGE_BYTES] =
      g_param_spec_uint ("max-message-bytes", "Maximum message size",
      "Largest message that a client may send, in bytes; a larger one ends its "
      "connection (text messages are held to 2 MiB as well)", 1024, G_MAXINT,
      GST_TRYON_CONNECTION_DEFAULT_MAX_MESSAGE_BYTES, READY_FLAGS);
}

/* What a client may do. */
static void
install_session_properties (void)
{
  properties[PROP_MAX_BUFFERS] =
      g_param_spec_uint ("max-buffers", "Maximum buffers",
      "Frames that wait for the pipeline at the most; the oldest is dropped "
      "for a newer one (from the next client on)", 1, 64,
      GST_TRYON_SESSION_DEFAULT_MAX_BUFFERS, PLAYING_FLAGS);

  properties[PROP_MAX_WIDTH] =
      g_param_spec_uint ("max-width", "Maximum width",
      "Widest image taken, in pixels (from the next client on)", 1, 16383,
      GST_TRYON_SESSION_DEFAULT_MAX_WIDTH, PLAYING_FLAGS);

  properties[PROP_MAX_HEIGHT] =
      g_param_spec_uint ("max-height", "Maximum height",
      "Highest image taken, in pixels (from the next client on)", 1, 16383,
      GST_TRYON_SESSION_DEFAULT_MAX_HEIGHT, PLAYING_FLAGS);

  properties[PROP_MAX_FRAME_BYTES] =
      g_param_spec_uint ("max-frame-bytes", "Maximum frame size",
      "Largest encoded image taken, in bytes", 1,
      G_MAXINT - GST_TRYON_PROTOCOL_HEADER_SIZE,
      GST_TRYON_SESSION_DEFAULT_MAX_FRAME_BYTES, READY_FLAGS);

  properties[PROP_MAX_IN_FLIGHT] =
      g_param_spec_uint ("max-in-flight", "Maximum in flight",
      "Frames that the client is told it may have unanswered", 1, 64,
      GST_TRYON_SESSION_DEFAULT_MAX_IN_FLIGHT, PLAYING_FLAGS);

  properties[PROP_TARGET_FPS] =
      g_param_spec_uint ("target-fps", "Target frame rate",
      "Frames per second that the client is asked for", 1, 240,
      GST_TRYON_SESSION_DEFAULT_TARGET_FPS, PLAYING_FLAGS);

  properties[PROP_ON_DISCONNECT] =
      g_param_spec_enum ("on-disconnect", "On disconnect",
      "What to do when the client has left",
      GST_TYPE_TRYON_WS_SRC_ON_DISCONNECT, DEFAULT_ON_DISCONNECT,
      PLAYING_FLAGS);

  /**
   * tryonwssrc:stats:
   *
   * "application/x-tryon-wssrc-stats", of counters that only grow from READY to
   * READY: sessions (uint64, clients served), refused (uint64, requests for
   * this stream that were turned away); and "session", the stats of the session
   * that is being served, where there is one:
   * "application/x-tryon-session-stats" with session-id (string), connected and
   * paused (boolean), frames-received, frames-processed, frames-dropped,
   * bytes-received, bytes-sent, messages-invalid, meta-misses (uint64),
   * frames-outstanding (uint), and the structure dropped-by-reason (uint64s
   * named rate, superseded, invalid, too-large, ai-timeout, ai-down,
   * slow-client, paused). At any moment frames-received = frames-processed +
   * frames-dropped + frames-outstanding.
   */
  properties[PROP_STATS] =
      g_param_spec_boxed ("stats", "Statistics",
      "Counters of this element, and of the session that it serves",
      GST_TYPE_STRUCTURE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
}

static void
install_signals (GObjectClass * object_class)
{
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

  install_listener_properties ();
  install_session_properties ();
  g_object_class_install_properties (object_class, N_PROPERTIES, properties);
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
  static const GstTryonSessionConfig config = GST_TRYON_SESSION_CONFIG_INIT;

  self->address = g_strdup (DEFAULT_ADDRESS);
  self->port = DEFAULT_PORT;
  self->config = config;
  self->max_message_bytes = GST_TRYON_CONNECTION_DEFAULT_MAX_MESSAGE_BYTES;
  self->on_disconnect = DEFAULT_ON_DISCONNECT;
  self->gate = gst_tryon_ws_gate_new (GST_ELEMENT (self));

  gst_pad_add_probe (GST_BASE_SRC_PAD (self),
      GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, on_event, NULL, NULL);
  gst_base_src_set_live (GST_BASE_SRC (self), TRUE);
  gst_base_src_set_format (GST_BASE_SRC (self), GST_FORMAT_TIME);
}

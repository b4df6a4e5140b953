/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The settings of tryonwssrc, as properties. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <errno.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "gsttryonwssettings.h"
#include "gsttryonwstls.h"

#define DEFAULT_ADDRESS "127.0.0.1"
#define DEFAULT_PORT 8001
#define DEFAULT_ON_DISCONNECT GST_TRYON_WS_SRC_ON_DISCONNECT_WAIT
/* A session's, while a connection by itself knows none. */
#define DEFAULT_IDLE_TIMEOUT (5 * 60 * 1000)

enum
{
  PROP_0,
  PROP_ADDRESS,
  PROP_SESSION_ID,
  PROP_TOKEN,
  PROP_ALLOWED_ORIGINS,
  PROP_CERTIFICATE,
  PROP_PRIVATE_KEY,
  PROP_SESSION,
  PROP_ON_DISCONNECT,
  PROP_FIRST_NUMBER,
};

/* A property that is a guint. Its id is PROP_FIRST_NUMBER and its place here. */
typedef struct
{
  gsize offset;
  const gchar *name;
  const gchar *nick;
  const gchar *blurb;
  guint minimum;
  guint maximum;
  guint initial;
  GParamFlags mutability;
} Number;

/* A property that is a gsize inside: bytes. */
typedef struct
{
  gsize offset;
  const gchar *name;
  const gchar *nick;
  const gchar *blurb;
  guint initial;
} Bytes;

#define READY GST_PARAM_MUTABLE_READY
#define PLAYING GST_PARAM_MUTABLE_PLAYING
#define OFFSET(field) G_STRUCT_OFFSET (GstTryonWsSettings, field)
#define FLAGS (G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS)

static const Number numbers[] = {
  {OFFSET (port), "port", "Port",
        "Port to listen on (0 = any that is free, see current-port)",
      0, G_MAXUINT16, DEFAULT_PORT, READY},

  /* What a client may do. */
  {OFFSET (config.max_buffers), "max-buffers", "Maximum buffers",
        "Frames that wait for the pipeline at the most; the oldest is dropped "
        "for a newer one (from the next client on)",
      1, 64, GST_TRYON_SESSION_DEFAULT_MAX_BUFFERS, PLAYING},
  {OFFSET (config.max_width), "max-width", "Maximum width",
        "Widest image taken, in pixels (from the next client on)",
      1, 16383, GST_TRYON_SESSION_DEFAULT_MAX_WIDTH, PLAYING},
  {OFFSET (config.max_height), "max-height", "Maximum height",
        "Highest image taken, in pixels (from the next client on)",
      1, 16383, GST_TRYON_SESSION_DEFAULT_MAX_HEIGHT, PLAYING},
  {OFFSET (config.max_frame_bytes), "max-frame-bytes", "Maximum frame size",
        "Largest encoded image taken, in bytes",
        1, G_MAXINT - GST_TRYON_PROTOCOL_HEADER_SIZE,
      GST_TRYON_SESSION_DEFAULT_MAX_FRAME_BYTES, READY},
  {OFFSET (config.max_in_flight), "max-in-flight", "Maximum in flight",
        "Frames that the client is told it may have unanswered",
      1, 64, GST_TRYON_SESSION_DEFAULT_MAX_IN_FLIGHT, PLAYING},
  {OFFSET (config.target_fps), "target-fps", "Target frame rate",
        "Frames per second that the client is asked for",
      1, 240, GST_TRYON_SESSION_DEFAULT_TARGET_FPS, PLAYING},
  {OFFSET (config.max_json_depth), "max-json-depth", "Maximum JSON depth",
        "Levels of objects and arrays in a text message; a deeper one is "
        "refused before it is parsed (the protocol allows 16)",
      1, 31, GST_TRYON_PROTOCOL_MAX_JSON_DEPTH, READY},

  /* What its connection may do. */
  {OFFSET (limits.max_fragments), "max-fragments", "Maximum fragments",
        "WebSocket frames that one message may come in; more end the "
        "connection (1008)",
      1, G_MAXINT, GST_TRYON_CONNECTION_DEFAULT_MAX_FRAGMENTS, READY},
  {OFFSET (limits.ping_interval), "ping-interval", "Ping interval",
        "Time between pings, in milliseconds; a client of which nothing comes "
        "behind two of them is dead (0 = no pings)",
      0, 3600000, GST_TRYON_CONNECTION_DEFAULT_PING_INTERVAL, READY},
  {OFFSET (limits.idle_timeout), "idle-timeout", "Idle timeout",
        "Time without a message from the client after which its connection is "
        "closed (4002), in milliseconds (0 = never)",
      0, G_MAXINT, DEFAULT_IDLE_TIMEOUT, READY},
  {OFFSET (limits.close_timeout), "close-timeout", "Close timeout",
        "Time that the client has to answer a close frame, in milliseconds",
      1, 60000, GST_TRYON_CONNECTION_DEFAULT_CLOSE_TIMEOUT, READY},

  /* What the listening socket lets in; elements that share one share these. */
  {OFFSET (options.max_connections), "max-connections", "Maximum connections",
        "Connections that the listening socket has at once; one more is closed "
        "unanswered (elements that share a socket: the first one's counts)",
      1, G_MAXINT, GST_TRYON_LISTENER_DEFAULT_MAX_CONNECTIONS, READY},
  {OFFSET (options.max_connections_per_address),
        "max-connections-per-address", "Maximum connections per address",
        "The same for each address of clients (0 = no limit of its own: behind "
        "a proxy all have the proxy's address)",
        0, G_MAXINT, GST_TRYON_LISTENER_DEFAULT_MAX_CONNECTIONS_PER_ADDRESS,
      READY},
  {OFFSET (options.max_pending_handshakes), "max-pending-handshakes",
        "Maximum pending handshakes",
        "Connections of the listening socket that have not become a WebSocket "
        "yet; for one more the oldest of them is closed (at most 8 with TLS)",
      1, G_MAXINT, GST_TRYON_LISTENER_DEFAULT_MAX_PENDING_HANDSHAKES, READY},
  {OFFSET (options.max_header_bytes), "max-header-bytes",
        "Maximum header size",
        "Largest HTTP request, in bytes; a larger one closes its connection",
      256, 1048576, GST_TRYON_LISTENER_DEFAULT_MAX_HEADER_BYTES, READY},
  {OFFSET (options.handshake_timeout), "handshake-timeout",
        "Handshake timeout",
        "Time from a connection to its WebSocket, TLS and HTTP included, in "
        "milliseconds; what takes longer is closed",
      1, 600000, GST_TRYON_LISTENER_DEFAULT_HANDSHAKE_TIMEOUT, READY},
};

#define PROP_FIRST_BYTES (PROP_FIRST_NUMBER + G_N_ELEMENTS (numbers))

static const Bytes bytes[] = {
  /**
   * tryonwssrc:max-message-bytes:
   *
   * A larger message closes the connection (1009), while a frame over
   * #tryonwssrc:max-frame-bytes only costs itself. Where this is the smaller
   * one, max-frame-bytes counts.
   */
  {OFFSET (limits.max_message_bytes), "max-message-bytes",
        "Maximum message size",
        "Largest binary message that a client may send, over all its "
        "fragments, in bytes; a larger one ends its connection (1009)",
      GST_TRYON_CONNECTION_DEFAULT_MAX_MESSAGE_BYTES},
  {OFFSET (limits.max_text_bytes), "max-text-bytes", "Maximum text size",
        "Largest text message that a client may send, in bytes; a larger one "
        "ends its connection (1009)",
      GST_TRYON_CONNECTION_DEFAULT_MAX_TEXT_BYTES},
};

#define PROP_END (PROP_FIRST_BYTES + G_N_ELEMENTS (bytes))
G_STATIC_ASSERT (PROP_END <= GST_TRYON_WS_SETTINGS_LAST);

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

static void
install_string (GObjectClass * klass, guint id, const gchar * name,
    const gchar * nick, const gchar * blurb, const gchar * initial,
    GParamFlags access)
{
  g_object_class_install_property (klass, id,
      g_param_spec_string (name, nick, blurb, initial,
          access | G_PARAM_STATIC_STRINGS | READY));
}

static void
install_strings (GObjectClass * klass)
{
  /**
   * tryonwssrc:address:
   *
   * A name stands for all its addresses: "localhost" for 127.0.0.1 and ::1.
   */
  install_string (klass, PROP_ADDRESS, "address", "Address",
      "Address or name to listen on (0.0.0.0 or :: = all of this machine)",
      DEFAULT_ADDRESS, G_PARAM_READWRITE);

  install_string (klass, PROP_SESSION_ID, "session-id", "Session id",
      "Only session that is served, as in the path of its URL: 1 to 128 of "
      "A-Z a-z 0-9 . _ ~ - (unset = any that no other element serves)",
      NULL, G_PARAM_READWRITE);

  /**
   * tryonwssrc:token:
   *
   * Clients send it as `Authorization: Bearer TOKEN`, or offer the subprotocol
   * `tryon.token.TOKEN`. It can't be read back, so that it does not turn up in
   * dumps of a pipeline.
   */
  install_string (klass, PROP_TOKEN, "token", "Token",
      "Secret that a client must show (unset = none)", NULL, G_PARAM_WRITABLE);

  install_string (klass, PROP_ALLOWED_ORIGINS, "allowed-origins",
      "Allowed origins",
      "Origins of web pages that may connect, as scheme://host or "
      "scheme://host:port, separated by commas (* = any, unset = those of the "
      "host that the request is to)", NULL, G_PARAM_READWRITE);

  /**
   * tryonwssrc:certificate:
   *
   * With it and #tryonwssrc:private-key the address is `wss://`. Both are read
   * when the element starts. All elements that share a listening socket must name
   * the same certificate.
   */
  install_string (klass, PROP_CERTIFICATE, "certificate", "Certificate",
      "PEM file with the server's certificate, and those that signed it behind "
      "(unset = no TLS)", NULL, G_PARAM_READWRITE);

  install_string (klass, PROP_PRIVATE_KEY, "private-key", "Private key",
      "PEM file with the certificate's private key (unset = no TLS)", NULL,
      G_PARAM_READWRITE);
}

static void
install_numbers (GObjectClass * klass)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (numbers); i++)
    g_object_class_install_property (klass, PROP_FIRST_NUMBER + i,
        g_param_spec_uint (numbers[i].name, numbers[i].nick, numbers[i].blurb,
            numbers[i].minimum, numbers[i].maximum, numbers[i].initial,
            FLAGS | numbers[i].mutability));
  for (i = 0; i < G_N_ELEMENTS (bytes); i++)
    g_object_class_install_property (klass, PROP_FIRST_BYTES + i,
        g_param_spec_uint (bytes[i].name, bytes[i].nick, bytes[i].blurb, 1024,
            G_MAXINT, bytes[i].initial, FLAGS | READY));
}

void
gst_tryon_ws_settings_install (GObjectClass * klass)
{
  install_strings (klass);
  install_numbers (klass);

  g_object_class_install_property (klass, PROP_SESSION,
      g_param_spec_object ("session", "Session",
          "Session to serve, fed by the application, instead of listening",
          GST_TYPE_TRYON_SESSION, FLAGS | READY));

  g_object_class_install_property (klass, PROP_ON_DISCONNECT,
      g_param_spec_enum ("on-disconnect", "On disconnect",
          "What to do when the client has left",
          GST_TYPE_TRYON_WS_SRC_ON_DISCONNECT, DEFAULT_ON_DISCONNECT,
          FLAGS | PLAYING));
}

void
gst_tryon_ws_settings_init (GstTryonWsSettings * settings)
{
  static const GstTryonWsSettings initial = {
    .on_disconnect = DEFAULT_ON_DISCONNECT,
    .config = GST_TRYON_SESSION_CONFIG_INIT,
    .limits = GST_TRYON_CONNECTION_LIMITS_INIT,
    .options = GST_TRYON_LISTENER_OPTIONS_INIT,
  };
  guint i;

  *settings = initial;
  settings->address = g_strdup (DEFAULT_ADDRESS);
  for (i = 0; i < G_N_ELEMENTS (numbers); i++)
    G_STRUCT_MEMBER (guint, settings, numbers[i].offset) = numbers[i].initial;
  for (i = 0; i < G_N_ELEMENTS (bytes); i++)
    G_STRUCT_MEMBER (gsize, settings, bytes[i].offset) = bytes[i].initial;
}

void
gst_tryon_ws_settings_clear (GstTryonWsSettings * settings)
{
  g_clear_pointer (&settings->address, g_free);
  g_clear_pointer (&settings->session_id, g_free);
  g_clear_pointer (&settings->token, g_free);
  g_clear_pointer (&settings->allowed_origins, g_free);
  g_clear_pointer (&settings->certificate, g_free);
  g_clear_pointer (&settings->private_key, g_free);
  gst_clear_object (&settings->session);
}

void
gst_tryon_ws_settings_copy (const GstTryonWsSettings * settings,
    GstTryonWsSettings * copy)
{
  *copy = *settings;
  copy->address = g_strdup (settings->address);
  copy->session_id = g_strdup (settings->session_id);
  copy->token = g_strdup (settings->token);
  copy->allowed_origins = g_strdup (settings->allowed_origins);
  copy->certificate = g_strdup (settings->certificate);
  copy->private_key = g_strdup (settings->private_key);
  if (settings->session != NULL)
    gst_object_ref (settings->session);
}

/* (nullable): the string that property @id is. */
static gchar **
get_string (const GstTryonWsSettings * settings, guint id)
{
  GstTryonWsSettings *s = (GstTryonWsSettings *) settings;

  switch (id) {
    case PROP_ADDRESS:
      return &s->address;
    case PROP_SESSION_ID:
      return &s->session_id;
    case PROP_TOKEN:
      return &s->token;
    case PROP_ALLOWED_ORIGINS:
      return &s->allowed_origins;
    case PROP_CERTIFICATE:
      return &s->certificate;
    case PROP_PRIVATE_KEY:
      return &s->private_key;
    default:
      return NULL;
  }
}

gboolean
gst_tryon_ws_settings_set (GstTryonWsSettings * settings, guint id,
    const GValue * value)
{
  gchar **string = get_string (settings, id);

  if (string != NULL) {
    g_free (*string);
    *string = g_value_dup_string (value);
    if (*string == NULL && id == PROP_ADDRESS)
      *string = g_strdup (DEFAULT_ADDRESS);
  } else if (id == PROP_SESSION) {
    gst_object_replace ((GstObject **) & settings->session,
        g_value_get_object (value));
  } else if (id == PROP_ON_DISCONNECT) {
    settings->on_disconnect = g_value_get_enum (value);
  } else if (id >= PROP_FIRST_NUMBER && id < PROP_FIRST_BYTES) {
    G_STRUCT_MEMBER (guint, settings, numbers[id - PROP_FIRST_NUMBER].offset) =
        g_value_get_uint (value);
  } else if (id >= PROP_FIRST_BYTES && id < PROP_END) {
    G_STRUCT_MEMBER (gsize, settings, bytes[id - PROP_FIRST_BYTES].offset) =
        g_value_get_uint (value);
  } else {
    return FALSE;
  }
  return TRUE;
}

gboolean
gst_tryon_ws_settings_get (const GstTryonWsSettings * settings, guint id,
    GValue * value)
{
  gchar **string = get_string (settings, id);

  if (string != NULL)
    g_value_set_string (value, *string);
  else if (id == PROP_SESSION)
    g_value_set_object (value, settings->session);
  else if (id == PROP_ON_DISCONNECT)
    g_value_set_enum (value, settings->on_disconnect);
  else if (id >= PROP_FIRST_NUMBER && id < PROP_FIRST_BYTES)
    g_value_set_uint (value, G_STRUCT_MEMBER (guint, settings,
            numbers[id - PROP_FIRST_NUMBER].offset));
  else if (id >= PROP_FIRST_BYTES && id < PROP_END)
    g_value_set_uint (value, G_STRUCT_MEMBER (gsize, settings,
            bytes[id - PROP_FIRST_BYTES].offset));
  else
    return FALSE;
  return TRUE;
}

/* What GIO says of a file that it can't read doesn't say which. */
static gboolean
check_readable (const gchar * property, const gchar * path, GError ** error)
{
  if (g_access (path, R_OK) == 0)
    return TRUE;
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno),
      "can't read '%s' %s: %s", property, path, g_strerror (errno));
  return FALSE;
}

gboolean
gst_tryon_ws_settings_load_certificate (const GstTryonWsSettings * settings,
    GTlsCertificate ** certificate, GError ** error)
{
  *certificate = NULL;
  if (settings->certificate == NULL && settings->private_key == NULL)
    return TRUE;
  if (settings->certificate == NULL || settings->private_key == NULL) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
        "TLS needs 'certificate' and 'private-key', but only %s is set",
        settings->certificate != NULL ? settings->certificate :
        settings->private_key);
    return FALSE;
  }
  if (!check_readable ("certificate", settings->certificate, error)
      || !check_readable ("private-key", settings->private_key, error))
    return FALSE;
  *certificate = g_tls_certificate_new_from_files (settings->certificate,
      settings->private_key, error);
  if (*certificate != NULL
      && !gst_tryon_ws_certificate_check (*certificate, error))
    g_clear_object (certificate);
  if (*certificate == NULL)
    g_prefix_error (error, "can't use 'certificate' %s with 'private-key' %s: ",
        settings->certificate, settings->private_key);
  return *certificate != NULL;
}

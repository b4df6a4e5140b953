/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * SECTION:gsttryonlistener
 * @title: GstTryonListener
 * @short_description: a listening socket that several streams share
 *
 * Whoever serves sessions at an address and port gets the listener of it and
 * adds an endpoint. Requests find their endpoint by the session id in their
 * path; libsoup reads and answers HTTP, and what becomes a WebSocket is taken
 * from it and handed to a #GstTryonChannel.
 *
 * libsoup's server is not made for hostile clients: the supported set-up has a
 * proxy in front, and a listener on any other address than the loopback's says
 * so in the log.
 *
 * Threads: any for the functions. The callbacks of an endpoint run on the
 * listener's own thread, which serves all its connections: they must not wait.
 */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <string.h>

#include "gsttryonlistener.h"
#include "gsttryonacceptor.h"
#include "gsttryonadmission.h"
#include "gsttryonchannel.h"
#include "gsttryonguard.h"

GST_DEBUG_CATEGORY_STATIC (gst_tryon_listener_debug);
#define GST_CAT_DEFAULT gst_tryon_listener_debug

#define LINK_KEY "gst-tryon-link"

/* What a GstTryonEndpoint became. */
typedef struct
{
  guint ref_count;              /* held by the listener, and who calls back */
  gboolean removed;             /* nothing is called back any more */
  guint id;
  gchar *session_id;
  gchar *token;
  gchar **origins;
  GstTryonConnectionLimits limits;
  GstTryonAdmitFunc admit;
  GstTryonReplacedFunc replaced;
  GstTryonRefusedFunc refused;
  gpointer user_data;
  GDestroyNotify notify;
} Endpoint;

/* A client that was admitted, until its connection ends. */
typedef struct
{
  GstTryonListener *listener;
  Endpoint *endpoint;
  GstTryonSession *session;
  gboolean takes_over;          /* the session had a connection already */
  gchar *remote_address;
  gchar *origin;
  GstTryonChannel *channel;     /* NULL until the answer has been written */
} Link;

struct _GstTryonListener
{
  GstObject parent;

  /* Constant while there are references. */
  gchar *key;                   /* in the table; NULL when not shared */
  gchar *name;                  /* "address:port", for people */
  guint16 port;
  GstTryonListenerOptions options;
  GstTryonLoop *loop;
  GstTryonGuard *guard;

  /* The loop's thread only. What runs there holds no reference to the
   * listener: dispose has the loop let go of everything, and waits for it. */
  GstTryonAcceptor *acceptor;
  SoupServer *server;
  GList *endpoints;             /* Endpoint */
  GList *links;                 /* Link */
  guint last_id;
};

G_DEFINE_TYPE_WITH_CODE (GstTryonListener, gst_tryon_listener, GST_TYPE_OBJECT,
    GST_DEBUG_CATEGORY_INIT (gst_tryon_listener_debug, "tryon-listener", 0,
        "Listening sockets"));

/* ---- links ---- */

static void
link_free (Link * link)
{
  if (link->listener != NULL)
    link->listener->links = g_list_remove (link->listener->links, link);
  gst_object_unref (link->session);
  g_free (link->remote_address);
  g_free (link->origin);
  g_free (link);
}

/* The connection ended. */
static void
on_channel_closed (GstTryonChannel * channel, guint16 code, gpointer user_data)
{
  Link *link = user_data;

  if (link->listener != NULL)
    gst_tryon_guard_count_close (link->listener->guard, code);
  link_free (link);
}

/* Ends a conversation from this side. */
static void
link_end (Link * link)
{
  if (link->channel != NULL) {
    gst_tryon_channel_shutdown (link->channel, GST_TRYON_CLOSE_GOING_AWAY,
        "the stream has ended");
    link_free (link);
  } else {
    /* Still in the handshake: the request holds the link. */
    if (!link->takes_over)
      gst_tryon_session_close (link->session, GST_TRYON_CLOSE_GOING_AWAY,
          "the stream has ended", TRUE);
    link->endpoint = NULL;
  }
}

/* The request died before it was answered. */
static void
link_abort (gpointer data)
{
  Link *link = data;

  GST_INFO ("session %s: the client left in the handshake",
      gst_tryon_session_get_id (link->session));
  if (!link->takes_over)
    gst_tryon_session_close (link->session, GST_TRYON_CLOSE_GOING_AWAY,
        "the client left in the handshake", FALSE);
  link_free (link);
}

/* The one whose connection @link takes the session over from. */
static Link *
find_replaced (Link * link)
{
  GList *l;

  for (l = link->listener->links; link->takes_over && l != NULL; l = l->next) {
    Link *other = l->data;

    if (other != link && other->session == link->session
        && other->channel != NULL)
      return other;
  }
  return NULL;
}

/* The endpoint may be removed meanwhile, and @link with it. */
static void
tell_replaced (Link * link)
{
  GstTryonSession *session = gst_object_ref (link->session);
  gchar *remote_address = g_strdup (link->remote_address);
  gchar *origin = g_strdup (link->origin);
  GstTryonRequest request = { gst_tryon_session_get_id (session),
    remote_address, origin
  };

  if (link->endpoint->replaced != NULL)
    link->endpoint->replaced (&request, session, link->endpoint->user_data);
  gst_object_unref (session);
  g_free (remote_address);
  g_free (origin);
}

/* What it was to take over may have ended meanwhile: then there is nobody who
 * would serve the session, and the client is to come again. %FALSE: @link is
 * the caller's still. */
static gboolean
open_channel (Link * link, GIOStream * stream)
{
  Link *replaced = find_replaced (link);

  link->channel = gst_tryon_channel_new (link->listener->loop, stream,
      &link->endpoint->limits, link->session, link->takes_over,
      replaced != NULL ? replaced->channel : NULL, on_channel_closed, link);
  if (link->channel == NULL)
    return FALSE;
  if (replaced != NULL) {
    link_free (replaced);
    tell_replaced (link);
  }
  return TRUE;
}

/* The 101 is written: what follows is no HTTP any more. */
static void
on_upgraded (SoupServerMessage * msg, gpointer user_data)
{
  Link *link = g_object_steal_data (G_OBJECT (msg), LINK_KEY);
  GIOStream *stream;

  g_return_if_fail (link != NULL);
  /* May free @msg. */
  stream = soup_server_message_steal_connection (msg);
  gst_tryon_guard_release (stream);
  if (link->endpoint == NULL) {
    g_io_stream_close (stream, NULL, NULL);
    link_free (link);
  } else if (!open_channel (link, stream)) {
    link_free (link);
  }
  g_object_unref (stream);
}

/* ---- requests ---- */

static void
endpoint_unref (Endpoint * endpoint)
{
  if (--endpoint->ref_count > 0)
    return;
  if (endpoint->notify != NULL)
    endpoint->notify (endpoint->user_data);
  g_free (endpoint->session_id);
  g_free (endpoint->token);
  g_strfreev (endpoint->origins);
  g_free (endpoint);
}

static Endpoint *
find_endpoint (GstTryonListener * listener, const gchar * session_id)
{
  Endpoint *open = NULL;
  GList *l;

  for (l = listener->endpoints; l != NULL; l = l->next) {
    Endpoint *endpoint = l->data;

    if (endpoint->session_id == NULL)
      open = endpoint;
    else if (g_str_equal (endpoint->session_id, session_id))
      return endpoint;
  }
  return open;
}

/* Origin, token, and what the endpoint says. Returns 0, or the HTTP status. */
static guint
admit (Endpoint * endpoint, SoupServerMessage * msg,
    const GstTryonUpgrade * upgrade, const GstTryonRequest * request,
    GstTryonSession ** session, GError ** error)
{
  GError *refusal = NULL;
  guint status;

  if (upgrade->origin != NULL && !gst_tryon_origin_is_allowed (upgrade->origin,
          endpoint->origins, msg)) {
    g_set_error (error, GST_TRYON_ERROR, GST_TRYON_ERROR_UNAUTHORIZED,
        "pages of %s may not connect to this session", upgrade->origin);
    return SOUP_STATUS_FORBIDDEN;
  }
  if (endpoint->token != NULL && (upgrade->token == NULL
          || !gst_tryon_token_equal (endpoint->token, upgrade->token))) {
    g_set_error (error, GST_TRYON_ERROR, GST_TRYON_ERROR_UNAUTHORIZED,
        upgrade->token != NULL ? "the token is wrong" :
        "this session needs a token");
    return SOUP_STATUS_UNAUTHORIZED;
  }
  *session = endpoint->admit (request, endpoint->user_data, &refusal);
  /* It may have been removed by what it asked. */
  if (endpoint->removed)
    gst_clear_object (session);
  if (*session != NULL)
    return 0;
  if (refusal == NULL)
    g_set_error_literal (&refusal, GST_TRYON_ERROR, GST_TRYON_ERROR_INTERNAL,
        "the session was refused");
  status = gst_tryon_upgrade_get_status (refusal);
  g_propagate_error (error, refusal);
  return status;
}

/* (transfer none): the peer's address without a port. */
static const gchar *
get_remote_address (SoupServerMessage * msg)
{
  static const gchar mapped[] = "::ffff:";
  const gchar *host = soup_server_message_get_remote_host (msg);

  if (host == NULL)
    return "unknown";
  /* An IPv4 peer of a socket that serves both. */
  if (g_str_has_prefix (host, mapped) && strchr (host, '.') != NULL)
    return host + strlen (mapped);
  return host;
}

static void
accept_request (GstTryonListener * listener, Endpoint * endpoint,
    SoupServerMessage * msg, const GstTryonRequest * request,
    GstTryonSession * session)
{
  Link *link = g_new0 (Link, 1);

  link->listener = listener;
  link->endpoint = endpoint;
  link->session = session;
  link->takes_over = gst_tryon_session_is_connected (session);
  link->remote_address = g_strdup (request->remote_address);
  link->origin = g_strdup (request->origin);
  listener->links = g_list_prepend (listener->links, link);
  g_object_set_data_full (G_OBJECT (msg), LINK_KEY, link, link_abort);
  g_signal_connect (msg, "wrote-informational", G_CALLBACK (on_upgraded), NULL);
  if (!gst_tryon_upgrade_accept (msg))
    g_object_set_data (G_OBJECT (msg), LINK_KEY, NULL);
}

static void
handle_request (SoupServer * server, SoupServerMessage * msg,
    const char *path, GHashTable * query, gpointer user_data)
{
  GstTryonListener *listener = user_data;
  GstTryonSession *session = NULL;
  Endpoint *endpoint = NULL;
  GstTryonUpgrade upgrade;
  GstTryonRequest request = { NULL, };
  GError *error = NULL;
  guint status;

  status = gst_tryon_upgrade_parse (&upgrade, msg, &error);
  if (status == 0) {
    request.session_id = upgrade.session_id;
    request.remote_address = get_remote_address (msg);
    request.origin = upgrade.origin;
    endpoint = find_endpoint (listener, upgrade.session_id);
    if (endpoint != NULL) {
      endpoint->ref_count++;
      status = admit (endpoint, msg, &upgrade, &request, &session, &error);
    } else {
      g_set_error (&error, GST_TRYON_ERROR, GST_TRYON_ERROR_SESSION_EXPIRED,
          "there is no session %s", upgrade.session_id);
      status = SOUP_STATUS_NOT_FOUND;
    }
  }

  if (status == 0) {
    GST_INFO ("%s: session %s goes to %s", listener->name, upgrade.session_id,
        request.remote_address);
    accept_request (listener, endpoint, msg, &request, session);
  } else {
    GST_INFO ("%s: refused %s with %u: %s", listener->name,
        get_remote_address (msg), status, error->message);
    gst_tryon_upgrade_refuse (msg, status, error);
    if (endpoint != NULL && endpoint->refused != NULL && !endpoint->removed)
      endpoint->refused (&request, status, error, endpoint->user_data);
    g_error_free (error);
  }
  if (endpoint != NULL)
    endpoint_unref (endpoint);
  gst_tryon_upgrade_clear (&upgrade);
}

static void
on_connection (GSocketConnection * connection, GSocketAddress * local,
    GSocketAddress * remote, gpointer user_data)
{
  GstTryonListener *listener = user_data;
  GIOStream *stream;
  GError *error = NULL;

  stream = gst_tryon_guard_admit (listener->guard, connection, remote);
  if (stream == NULL)
    return;
  if (!soup_server_accept_iostream (listener->server, stream, local, remote,
          &error)) {
    GST_WARNING ("%s: lost a connection: %s", listener->name, error->message);
    g_error_free (error);
  }
  g_object_unref (stream);
}

/* ---- life ---- */

/* On the loop. */
static void
set_up (gpointer loop, gpointer user_data)
{
  GstTryonListener *listener = user_data;

  /* Paths are compared as they come: a session id needs no escapes. */
  listener->server = soup_server_new ("raw-paths", TRUE, NULL);
  soup_server_add_early_handler (listener->server, NULL, handle_request,
      listener, NULL);
  listener->guard = gst_tryon_guard_new (listener->loop, &listener->options,
      listener->name);
}

/* On the loop. */
static void
drop_endpoint (GstTryonListener * listener, Endpoint * endpoint)
{
  GList *l, *next;

  listener->endpoints = g_list_remove (listener->endpoints, endpoint);
  for (l = listener->links; l != NULL; l = next) {
    Link *link = l->data;

    next = l->next;
    if (link->endpoint == endpoint)
      link_end (link);
  }
  endpoint->removed = TRUE;
  endpoint_unref (endpoint);
}

/* On the loop. */
static void
tear_down (gpointer loop, gpointer user_data)
{
  GstTryonListener *listener = user_data;

  g_clear_pointer (&listener->acceptor, gst_tryon_acceptor_free);
  g_clear_pointer (&listener->guard, gst_tryon_guard_free);
  while (listener->endpoints != NULL)
    drop_endpoint (listener, listener->endpoints->data);
  if (listener->server != NULL) {
    soup_server_remove_handler (listener->server, NULL);
    soup_server_disconnect (listener->server);
    g_clear_object (&listener->server);
  }
  /* Left are those that their requests hold. */
  for (; listener->links != NULL; listener->links =
      g_list_delete_link (listener->links, listener->links))
    ((Link *) listener->links->data)->listener = NULL;
}

/* The process's listeners by "address:port". A key without a listener is one
 * that is being opened or closed right now: wait for it. */
static GMutex table_lock;       /* guards the table; nothing is called under it */
static GCond table_cond;        /* a key was settled or removed */
static GHashTable *table;       /* gchar * -> GWeakRef; lives on when empty */

static void
weak_ref_free (GWeakRef * ref)
{
  g_weak_ref_clear (ref);
  g_free (ref);
}

/* The listener at @key; %NULL when there is none, then the key is the caller's
 * until table_settle(). */
static GstTryonListener *
table_claim (const gchar * key)
{
  GstTryonListener *listener = NULL;
  GWeakRef *ref;

  g_mutex_lock (&table_lock);
  if (table == NULL)
    table = g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
        (GDestroyNotify) weak_ref_free);
  while ((ref = g_hash_table_lookup (table, key)) != NULL) {
    listener = g_weak_ref_get (ref);
    if (listener != NULL)
      break;
    g_cond_wait (&table_cond, &table_lock);
  }
  if (ref == NULL) {
    ref = g_new0 (GWeakRef, 1);
    g_weak_ref_init (ref, NULL);
    g_hash_table_insert (table, g_strdup (key), ref);
  }
  g_mutex_unlock (&table_lock);
  return listener;
}

/* @listener: %NULL to give the key up. */
static void
table_settle (const gchar * key, GstTryonListener * listener)
{
  g_mutex_lock (&table_lock);
  if (listener != NULL)
    g_weak_ref_set (g_hash_table_lookup (table, key), listener);
  else
    g_hash_table_remove (table, key);
  g_cond_broadcast (&table_cond);
  g_mutex_unlock (&table_lock);
}

static void
gst_tryon_listener_dispose (GObject * object)
{
  GstTryonListener *listener = GST_TRYON_LISTENER (object);

  if (listener->loop != NULL) {
    gst_tryon_loop_invoke_sync (listener->loop, tear_down, listener);
    GST_INFO_OBJECT (listener, "%s: closed", listener->name);
    /* Goes on as long as connections say goodbye. */
    gst_clear_object (&listener->loop);
  }
  /* Only now: the sockets are closed, the address is free again. */
  if (listener->key != NULL) {
    table_settle (listener->key, NULL);
    g_clear_pointer (&listener->key, g_free);
  }
  G_OBJECT_CLASS (gst_tryon_listener_parent_class)->dispose (object);
}

static void
gst_tryon_listener_finalize (GObject * object)
{
  GstTryonListener *listener = GST_TRYON_LISTENER (object);

  g_clear_object (&listener->options.certificate);
  g_free (listener->name);
  G_OBJECT_CLASS (gst_tryon_listener_parent_class)->finalize (object);
}

static void
gst_tryon_listener_class_init (GstTryonListenerClass * klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = gst_tryon_listener_dispose;
  object_class->finalize = gst_tryon_listener_finalize;
}

static void
gst_tryon_listener_init (GstTryonListener * listener)
{
}

static gchar *
format_name (const gchar * address, guint16 port)
{
  return g_strdup_printf (strchr (address, ':') != NULL ? "[%s]:%u" : "%s:%u",
      address, port);
}

static GstTryonListener *
listener_open (const gchar * address, guint16 port,
    const GstTryonListenerOptions * options, GError ** error)
{
  GstTryonListener *listener;
  GstTryonAcceptor *acceptor;

  acceptor = gst_tryon_acceptor_new (address, port, error);
  if (acceptor == NULL) {
    gchar *name = format_name (address, port);

    g_prefix_error (error, "cannot listen on %s: ", name);
    g_free (name);
    return NULL;
  }
  listener = g_object_new (GST_TYPE_TRYON_LISTENER, NULL);
  gst_object_ref_sink (listener);
  listener->acceptor = acceptor;
  listener->port = gst_tryon_acceptor_get_port (acceptor);
  listener->options = *options;
  if (options->certificate != NULL)
    g_object_ref (options->certificate);
  listener->name = format_name (address, listener->port);
  listener->loop = gst_tryon_loop_new ("tryon-listener");
  gst_tryon_loop_invoke_sync (listener->loop, set_up, listener);

  GST_INFO_OBJECT (listener, "%s: open", listener->name);
  if (!gst_tryon_acceptor_is_loopback (acceptor) && !options->certificate)
    GST_WARNING_OBJECT (listener, "%s can be reached from other machines, "
        "without TLS: put a proxy in front of it", listener->name);
  return listener;
}

static gboolean
is_same_certificate (GTlsCertificate * a, GTlsCertificate * b)
{
  if (a == NULL || b == NULL)
    return a == b;
  return g_tls_certificate_is_same (a, b);
}

/* %FALSE when who asks would not get what it asks for. */
static gboolean
check_shared (GstTryonListener * listener,
    const GstTryonListenerOptions * options, GError ** error)
{
  const GstTryonListenerOptions *open = &listener->options;

  if (!is_same_certificate (open->certificate, options->certificate)) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
        "%s is open already, %s: all who share it need the same certificate",
        listener->name, open->certificate == NULL ? "without TLS" :
        options->certificate == NULL ? "with TLS" : "with another certificate");
    return FALSE;
  }
  if (open->max_connections != options->max_connections
      || open->max_connections_per_address !=
      options->max_connections_per_address
      || open->max_pending_handshakes != options->max_pending_handshakes
      || open->max_header_bytes != options->max_header_bytes
      || open->handshake_timeout != options->handshake_timeout)
    GST_WARNING_OBJECT (listener, "%s is open already, with other limits of "
        "connections and handshakes: those stay", listener->name);
  return TRUE;
}

/**
 * gst_tryon_listener_get:
 * @address: the address or name to listen on; all addresses of a name
 * @port: the port, 0 for any that is free
 * @options: (nullable): what it lets in, %NULL for the defaults
 * @error: why it can't be opened, with address and port
 *
 * May wait for a name to be resolved, or for a listener that is just being
 * closed. It takes connections from its first endpoint on.
 *
 * Returns: (transfer full): the listener, which is shared but with @port 0
 */
GstTryonListener *
gst_tryon_listener_get (const gchar * address, guint16 port,
    const GstTryonListenerOptions * options, GError ** error)
{
  static const GstTryonListenerOptions defaults =
      GST_TRYON_LISTENER_OPTIONS_INIT;
  GstTryonListener *listener;
  gchar *key;

  g_return_val_if_fail (address != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  if (options == NULL)
    options = &defaults;
  if (port == 0)
    return listener_open (address, port, options, error);

  key = format_name (address, port);
  listener = table_claim (key);
  if (listener == NULL) {
    listener = listener_open (address, port, options, error);
    if (listener != NULL)
      listener->key = g_strdup (key);
    table_settle (key, listener);
  } else if (!check_shared (listener, options, error)) {
    gst_clear_object (&listener);
  }
  g_free (key);
  return listener;
}

GstStructure *
gst_tryon_listener_get_stats (GstTryonListener * listener)
{
  g_return_val_if_fail (GST_IS_TRYON_LISTENER (listener), NULL);

  return gst_tryon_guard_get_stats (listener->guard);
}

guint16
gst_tryon_listener_get_port (GstTryonListener * listener)
{
  g_return_val_if_fail (GST_IS_TRYON_LISTENER (listener), 0);

  return listener->port;
}

/* ---- endpoints ---- */

typedef struct
{
  GstTryonListener *listener;
  Endpoint *endpoint;
  guint id;
} EndpointCall;

static void
add_endpoint (gpointer loop, gpointer user_data)
{
  EndpointCall *call = user_data;
  GstTryonListener *listener = call->listener;
  GList *l;

  for (l = listener->endpoints; l != NULL; l = l->next) {
    Endpoint *other = l->data;

    if (g_strcmp0 (other->session_id, call->endpoint->session_id) == 0)
      return;
  }
  call->id = call->endpoint->id = ++listener->last_id;
  listener->endpoints = g_list_append (listener->endpoints, call->endpoint);
  /* Not before: who is early would be told that there is no such session. */
  if (call->id == 1)
    gst_tryon_acceptor_start (listener->acceptor, listener->loop,
        on_connection, listener);
}

static gboolean
check_endpoint (const GstTryonEndpoint * endpoint, GError ** error)
{
  if (endpoint->session_id != NULL
      && !gst_tryon_session_id_is_valid (endpoint->session_id)) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
        "'%s' is not a session id: 1 to %d of A-Z a-z 0-9 . _ ~ -",
        endpoint->session_id, GST_TRYON_PROTOCOL_MAX_SESSION_ID);
    return FALSE;
  }
  /* Most likely a secret that didn't arrive: don't take it for none. */
  if (endpoint->token != NULL && endpoint->token[0] == '\0') {
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
        "the token is empty");
    return FALSE;
  }
  return TRUE;
}

guint
gst_tryon_listener_add_endpoint (GstTryonListener * listener,
    const GstTryonEndpoint * endpoint, gpointer user_data,
    GDestroyNotify notify, GError ** error)
{
  EndpointCall call = { listener, NULL, 0 };
  gchar **origins = NULL;

  g_return_val_if_fail (GST_IS_TRYON_LISTENER (listener), 0);
  g_return_val_if_fail (endpoint != NULL && endpoint->admit != NULL, 0);

  if (!check_endpoint (endpoint, error))
    return 0;
  if (endpoint->allowed_origins != NULL) {
    origins = gst_tryon_origins_parse (endpoint->allowed_origins, error);
    if (origins == NULL)
      return 0;
  }
  call.endpoint = g_new0 (Endpoint, 1);
  call.endpoint->ref_count = 1;
  call.endpoint->session_id = g_strdup (endpoint->session_id);
  call.endpoint->token = g_strdup (endpoint->token);
  call.endpoint->origins = origins;
  call.endpoint->limits = endpoint->limits;
  call.endpoint->admit = endpoint->admit;
  call.endpoint->replaced = endpoint->replaced;
  call.endpoint->refused = endpoint->refused;
  call.endpoint->user_data = user_data;

  gst_tryon_loop_invoke_sync (listener->loop, add_endpoint, &call);
  if (call.id == 0) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS, endpoint->session_id
        != NULL ? "%s serves session %s already" :
        "%s serves sessions of any name already", listener->name,
        endpoint->session_id);
    endpoint_unref (call.endpoint);
    return 0;
  }
  call.endpoint->notify = notify;
  return call.id;
}

static void
remove_endpoint (gpointer loop, gpointer user_data)
{
  EndpointCall *call = user_data;
  GList *l;

  for (l = call->listener->endpoints; l != NULL; l = l->next) {
    Endpoint *endpoint = l->data;

    if (endpoint->id == call->id) {
      drop_endpoint (call->listener, endpoint);
      return;
    }
  }
  g_warn_if_reached ();
}

static gboolean
do_nothing (gpointer user_data)
{
  return G_SOURCE_REMOVE;
}

void
gst_tryon_listener_remove_endpoint (GstTryonListener * listener, guint id)
{
  EndpointCall call = { listener, NULL, id };

  g_return_if_fail (GST_IS_TRYON_LISTENER (listener));

  /* In a callback: further up the stack the listener is in use still, whose last
   * reference the caller may be about to give back. */
  if (gst_tryon_loop_is_current (listener->loop))
    gst_tryon_loop_invoke (listener->loop, do_nothing,
        gst_object_ref (listener), gst_object_unref);
  gst_tryon_loop_invoke_sync (listener->loop, remove_endpoint, &call);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The listening sockets of one address or name.
 *
 * libsoup could listen by itself, but stops for good when it can't take a
 * connection once (too many open files). */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <netinet/in.h>
#include <netinet/tcp.h>

#include "gsttryonacceptor.h"

GST_DEBUG_CATEGORY_STATIC (gst_tryon_acceptor_debug);
#define GST_CAT_DEFAULT gst_tryon_acceptor_debug

#define BACKLOG 128
/* Bytes that the kernel may hold for a client that is not read for the moment;
 * what it accounts for them is up to twice as much. By default it would let that
 * grow to its own limit (net.ipv4.tcp_rmem: 6 MB and more), for each of them: too
 * much memory, and frames that are seconds old. A line needs its rate times its
 * round trip: 2.4 MB/s (30 frames of 80 KB) over 200 ms. */
#define RECEIVE_BUFFER (512 * 1024)
/* Connections taken in a row before other sockets have their turn. */
#define ACCEPTS_PER_TURN 16
/* Milliseconds to wait when no more connections can be opened. */
#define RETRY_INTERVAL 500
/* Tries to find a port that is free on all addresses of a name. */
#define FREE_PORT_TRIES 16

/* One address. */
typedef struct
{
  GstTryonAcceptor *acceptor;
  GSocket *socket;
  GSource *source;              /* of the socket, or of the retry */
} Door;

struct _GstTryonAcceptor
{
  GPtrArray *doors;             /* Door; a name may have several addresses */
  guint16 port;
  gboolean loopback;

  /* From start() on, on the loop's thread. */
  GstTryonLoop *loop;
  GstTryonAcceptFunc func;
  gpointer user_data;
  GQueue accepted;              /* GSocket, that func was not told of yet */
  GSource *handover;            /* while there are some */
};

static void
init_debug (void)
{
  static gsize once = 0;

  if (g_once_init_enter (&once)) {
    GST_DEBUG_CATEGORY_INIT (gst_tryon_acceptor_debug, "tryon-acceptor", 0,
        "Incoming connections");
    g_once_init_leave (&once, 1);
  }
}

/* ---- taking connections ---- */

static void
introduce (GstTryonAcceptor * acceptor, GSocket * socket)
{
  GSocketAddress *local = g_socket_get_local_address (socket, NULL);
  GSocketAddress *remote = g_socket_get_remote_address (socket, NULL);
  GSocketConnection *stream;

  /* No remote address: it has gone again already. */
  if (local != NULL && remote != NULL) {
    g_socket_set_option (socket, IPPROTO_TCP, TCP_NODELAY, TRUE, NULL);
    stream = g_socket_connection_factory_create_connection (socket);
    acceptor->func (stream, local, remote, acceptor->user_data);
    g_object_unref (stream);
  }
  g_clear_object (&local);
  g_clear_object (&remote);
}

static void
clear_source (GSource ** source)
{
  if (*source == NULL)
    return;
  g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

static gboolean
on_handover (gpointer user_data)
{
  GstTryonAcceptor *acceptor = user_data;
  GSocket *socket;

  clear_source (&acceptor->handover);
  while ((socket = g_queue_pop_head (&acceptor->accepted)) != NULL) {
    introduce (acceptor, socket);
    g_object_unref (socket);
  }
  return G_SOURCE_REMOVE;
}

/* Tells func of @socket (transfer full) in the loop's next turn. In this one
 * other connections may still learn that their clients have left: one that
 * connects anew right after it left must find its place free. */
static void
hand_over (GstTryonAcceptor * acceptor, GSocket * socket)
{
  g_queue_push_tail (&acceptor->accepted, socket);
  if (acceptor->handover != NULL)
    return;
  acceptor->handover = g_idle_source_new ();
  g_source_set_priority (acceptor->handover, G_PRIORITY_DEFAULT);
  g_source_set_callback (acceptor->handover, on_handover, acceptor, NULL);
  g_source_attach (acceptor->handover,
      gst_tryon_loop_get_context (acceptor->loop));
}

static void door_watch (Door * door);

static gboolean
on_retry (gpointer user_data)
{
  Door *door = user_data;

  clear_source (&door->source);
  door_watch (door);
  return G_SOURCE_REMOVE;
}

static gboolean
on_connection (GSocket * socket, GIOCondition condition, gpointer user_data)
{
  Door *door = user_data;
  GError *error = NULL;
  GSocket *accepted;
  guint i;

  for (i = 0; i < ACCEPTS_PER_TURN; i++) {
    accepted = g_socket_accept (socket, NULL, &error);
    if (accepted == NULL)
      break;
    hand_over (door->acceptor, accepted);
  }
  if (error == NULL
      || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK)
      || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED)) {
    g_clear_error (&error);
    return G_SOURCE_CONTINUE;
  }
  /* Most likely there are too many open files. The socket stays readable: turn
   * away from it for a while. */
  GST_WARNING ("port %u: could not take a connection, next try in %u ms: %s",
      door->acceptor->port, RETRY_INTERVAL, error->message);
  g_error_free (error);
  clear_source (&door->source);
  door->source = gst_tryon_loop_add_timeout (door->acceptor->loop,
      RETRY_INTERVAL, on_retry, door);
  return G_SOURCE_REMOVE;
}

static void
door_watch (Door * door)
{
  door->source = g_socket_create_source (door->socket, G_IO_IN, NULL);
  g_source_set_callback (door->source, G_SOURCE_FUNC (on_connection), door,
      NULL);
  g_source_attach (door->source,
      gst_tryon_loop_get_context (door->acceptor->loop));
}

static void
door_free (gpointer data)
{
  Door *door = data;

  clear_source (&door->source);
  g_socket_close (door->socket, NULL);
  g_object_unref (door->socket);
  g_free (door);
}

/* ---- opening ---- */

static GSocket *
open_socket (GInetAddress * address, guint16 port, GError ** error)
{
  GSocketAddress *name = g_inet_socket_address_new (address, port);
  GSocket *socket;

  socket = g_socket_new (g_inet_address_get_family (address),
      G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, error);
  if (socket != NULL) {
    g_socket_set_blocking (socket, FALSE);
    g_socket_set_listen_backlog (socket, BACKLOG);
    /* Accepted sockets have it from here; TCP agrees on its windows before. */
    g_socket_set_option (socket, SOL_SOCKET, SO_RCVBUF, RECEIVE_BUFFER, NULL);
    /* With SO_REUSEADDR: connections of an earlier listener that are still on
     * their way out don't keep the port. */
    if (!g_socket_bind (socket, name, TRUE, error)
        || !g_socket_listen (socket, error))
      g_clear_object (&socket);
  }
  g_object_unref (name);
  return socket;
}

static guint16
get_local_port (GSocket * socket)
{
  GSocketAddress *name = g_socket_get_local_address (socket, NULL);
  guint16 port = 0;

  if (name != NULL)
    port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (name));
  g_clear_object (&name);
  return port;
}

static void
add_door (GstTryonAcceptor * acceptor, GSocket * socket)
{
  Door *door = g_new0 (Door, 1);

  door->acceptor = acceptor;
  door->socket = socket;
  g_ptr_array_add (acceptor->doors, door);
  acceptor->port = get_local_port (socket);
}

/* Opens @port on all @addresses. An address that this machine doesn't have
 * (IPv6 is often switched off) may be left out, as long as there is another;
 * one that is in use may not: its clients would reach someone else. */
static gboolean
open_all (GstTryonAcceptor * acceptor, GList * addresses, guint16 port,
    GError ** error)
{
  GError *failure = NULL;
  GSocket *socket;
  GList *l;

  g_ptr_array_set_size (acceptor->doors, 0);
  for (l = addresses; l != NULL; l = l->next) {
    socket = open_socket (l->data, port, &failure);
    if (socket != NULL) {
      add_door (acceptor, socket);
      port = acceptor->port;
    } else if (g_error_matches (failure, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE)
        || (l->next == NULL && acceptor->doors->len == 0)) {
      g_propagate_error (error, failure);
      return FALSE;
    } else {
      GST_INFO ("port %u: leaving out an address: %s", port, failure->message);
      g_clear_error (&failure);
    }
  }
  return TRUE;
}

static GList *
resolve (const gchar * address, GError ** error)
{
  GInetAddress *literal = g_inet_address_new_from_string (address);
  GResolver *resolver;
  GList *addresses;

  if (literal != NULL)
    return g_list_prepend (NULL, literal);
  resolver = g_resolver_get_default ();
  addresses = g_resolver_lookup_by_name (resolver, address, NULL, error);
  g_object_unref (resolver);
  return addresses;
}

GstTryonAcceptor *
gst_tryon_acceptor_new (const gchar * address, guint16 port, GError ** error)
{
  GstTryonAcceptor *acceptor;
  GList *addresses, *l;
  GError *failure = NULL;
  gboolean open = FALSE;
  guint tries;

  init_debug ();
  addresses = resolve (address, error);
  if (addresses == NULL)
    return NULL;
  acceptor = g_new0 (GstTryonAcceptor, 1);
  acceptor->doors = g_ptr_array_new_with_free_func (door_free);
  acceptor->loopback = TRUE;
  for (l = addresses; l != NULL; l = l->next)
    acceptor->loopback &= g_inet_address_get_is_loopback (l->data);

  for (tries = 0; !open && tries < FREE_PORT_TRIES; tries++) {
    g_clear_error (&failure);
    open = open_all (acceptor, addresses, port, &failure);
    /* A port that was free on the first address may be taken on the next. */
    if (port != 0 || !g_error_matches (failure, G_IO_ERROR,
            G_IO_ERROR_ADDRESS_IN_USE))
      break;
  }
  g_list_free_full (addresses, g_object_unref);
  if (!open) {
    g_propagate_error (error, failure);
    gst_tryon_acceptor_free (acceptor);
    return NULL;
  }
  return acceptor;
}

guint16
gst_tryon_acceptor_get_port (GstTryonAcceptor * acceptor)
{
  return acceptor->port;
}

gboolean
gst_tryon_acceptor_is_loopback (GstTryonAcceptor * acceptor)
{
  return acceptor->loopback;
}

void
gst_tryon_acceptor_start (GstTryonAcceptor * acceptor, GstTryonLoop * loop,
    GstTryonAcceptFunc func, gpointer user_data)
{
  guint i;

  acceptor->loop = loop;
  acceptor->func = func;
  acceptor->user_data = user_data;
  for (i = 0; i < acceptor->doors->len; i++)
    door_watch (g_ptr_array_index (acceptor->doors, i));
}

void
gst_tryon_acceptor_free (GstTryonAcceptor * acceptor)
{
  clear_source (&acceptor->handover);
  g_queue_clear_full (&acceptor->accepted, g_object_unref);
  g_ptr_array_unref (acceptor->doors);
  g_free (acceptor);
}

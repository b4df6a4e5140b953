/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the tests of the opening handshake are made of: an Attempt is a client's,
 * a Server answers one client with whatever it is told to. */

#include "wspeer.h"

#include "gst/tryon/gsttryonhandshake.h"

#define ACCEPT_GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
#define PATH "/ws/try-on/abc/"

/* ---- a client ---- */

typedef struct
{
  GstTryonLoop *loop;
  gchar *uri;
  const gchar *token;
  guint timeout;
  GCancellable *cancellable;

  GMutex lock;                  /* guards what follows */
  GCond cond;
  gboolean done;
  GIOStream *stream;
  GError *error;
} Attempt;

static inline void
on_connected (GObject * source, GAsyncResult * result, gpointer user_data)
{
  Attempt *attempt = user_data;

  fail_unless (gst_tryon_loop_is_current (attempt->loop));
  g_mutex_lock (&attempt->lock);
  fail_if (attempt->done);
  attempt->stream = gst_tryon_handshake_connect_finish (result,
      &attempt->error);
  fail_unless ((attempt->stream == NULL) == (attempt->error != NULL));
  attempt->done = TRUE;
  g_cond_broadcast (&attempt->cond);
  g_mutex_unlock (&attempt->lock);
}

static inline gboolean
connect_now (gpointer user_data)
{
  Attempt *attempt = user_data;

  gst_tryon_handshake_connect_async (attempt->uri, attempt->token,
      attempt->timeout, attempt->cancellable, on_connected, attempt);
  return G_SOURCE_REMOVE;
}

static inline void
attempt_start (Attempt * attempt)
{
  g_mutex_init (&attempt->lock);
  g_cond_init (&attempt->cond);
  attempt->loop = gst_tryon_loop_new ("client");
  gst_tryon_loop_invoke (attempt->loop, connect_now, attempt, NULL);
}

static inline void
attempt_wait (Attempt * attempt)
{
  end_wait (attempt, attempt->done);
}

static inline void
attempt_clear (Attempt * attempt)
{
  g_clear_object (&attempt->stream);
  g_clear_error (&attempt->error);
  gst_object_unref (attempt->loop);
  g_mutex_clear (&attempt->lock);
  g_cond_clear (&attempt->cond);
  g_free (attempt->uri);
}

static inline void
nothing (gpointer loop, gpointer user_data)
{
}

/* The connection of a handshake that went well. */
static inline End *
attempt_take_end (Attempt * attempt)
{
  fail_unless (attempt->stream != NULL, "%s",
      attempt->error ? attempt->error->message : "");
  /* So that the task is done with the stream. */
  gst_tryon_loop_invoke_sync (attempt->loop, nothing, NULL);
  ASSERT_OBJECT_REFCOUNT (attempt->stream, "stream", 1);
  return end_new (attempt->loop, g_steal_pointer (&attempt->stream),
      GST_TRYON_CONNECTION_CLIENT, 0);
}

/* ---- a server that answers what it is told to ---- */

typedef struct
{
  const gchar *answer;          /* "@" stands for the right accept value */
  gsize answer_size;            /* 0: a string */
  guint chunk;                  /* bytes per write, 0 for all */
  gboolean hangs_up;
  GTlsCertificate *certificate;

  GSocketListener *listener;
  guint16 port;
  GThread *thread;
  GIOStream *stream;            /* open when the thread ends, NULL if hung up */
  gchar *request;
} Server;

static inline gchar *
find_header (const gchar * request, const gchar * name)
{
  gchar *start = g_strdup_printf ("\r\n%s: ", name);
  const gchar *found = strstr (request, start), *value;

  value = found ? found + strlen (start) : NULL;
  g_free (start);
  return value ? g_strndup (value, strcspn (value, "\r\n")) : NULL;
}

static inline gchar *
make_accept (const gchar * request)
{
  gchar *key = find_header (request, "Sec-WebSocket-Key"), *accept;
  GChecksum *checksum = g_checksum_new (G_CHECKSUM_SHA1);
  guint8 digest[20];
  gsize size = sizeof (digest);

  fail_unless (key != NULL);
  g_checksum_update (checksum, (const guchar *) key, -1);
  g_checksum_update (checksum, (const guchar *) ACCEPT_GUID, -1);
  g_checksum_get_digest (checksum, digest, &size);
  accept = g_base64_encode (digest, size);
  g_checksum_free (checksum);
  g_free (key);
  return accept;
}

static inline void
server_answer (Server * server)
{
  GOutputStream *out = g_io_stream_get_output_stream (server->stream);
  gsize size = server->answer_size ? server->answer_size :
      strlen (server->answer), i, n;
  gchar *accept = make_accept (server->request);
  GString *bytes = g_string_new (NULL);

  for (i = 0; i < size; i++)
    if (server->answer[i] == '@')
      g_string_append (bytes, accept);
    else
      g_string_append_c (bytes, server->answer[i]);
  for (i = 0; i < bytes->len; i += n) {
    n = server->chunk ? MIN (server->chunk, bytes->len - i) : bytes->len;
    /* The client may have heard enough. */
    if (!g_output_stream_write_all (out, bytes->str + i, n, NULL, NULL, NULL))
      break;
  }
  g_string_free (bytes, TRUE);
  g_free (accept);
}

static inline gpointer
server_run (gpointer user_data)
{
  Server *server = user_data;
  GString *request = g_string_new (NULL);
  GSocketConnection *connection;
  gchar byte;

  connection = g_socket_listener_accept (server->listener, NULL, NULL, NULL);
  server->stream = G_IO_STREAM (connection);
  g_socket_set_timeout (g_socket_connection_get_socket (connection),
      PATIENCE / G_TIME_SPAN_SECOND);
  if (server->certificate) {
    server->stream = g_tls_server_connection_new (G_IO_STREAM (connection),
        server->certificate, NULL);
    g_object_unref (connection);
  }
  while (strstr (request->str, "\r\n\r\n") == NULL) {
    if (g_input_stream_read (g_io_stream_get_input_stream (server->stream),
            &byte, 1, NULL, NULL) <= 0)
      break;
    g_string_append_c (request, byte);
  }
  server->request = g_string_free (request, FALSE);
  if (server->answer && strstr (server->request, "\r\n\r\n"))
    server_answer (server);
  if (server->hangs_up) {
    g_io_stream_close (server->stream, NULL, NULL);
    g_clear_object (&server->stream);
  }
  return NULL;
}

static inline void
server_start (Server * server, Attempt * attempt, const gchar * path)
{
  GSocketAddress *address, *bound;
  GInetAddress *loopback;

  server->listener = g_socket_listener_new ();
  loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  address = g_inet_socket_address_new (loopback, 0);
  fail_unless (g_socket_listener_add_address (server->listener, address,
          G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL, &bound, NULL));
  server->port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound));
  g_object_unref (bound);
  g_object_unref (address);
  g_object_unref (loopback);
  server->thread = g_thread_new ("server", server_run, server);
  attempt->uri = g_strdup_printf ("%s://127.0.0.1:%u%s",
      server->certificate ? "wss" : "ws", server->port, path);
}

static inline void
server_join (Server * server)
{
  if (server->thread)
    g_thread_join (server->thread);
  server->thread = NULL;
}

static inline void
server_clear (Server * server)
{
  server_join (server);
  g_clear_object (&server->stream);
  g_clear_object (&server->certificate);
  g_socket_listener_close (server->listener);
  g_object_unref (server->listener);
  g_free (server->request);
}

#define OK_HEADER "HTTP/1.1 101 Switching Protocols\r\n" \
  "upgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n" \
  "Sec-WebSocket-Accept: @\r\n"
#define OK_PROTOCOL "Sec-WebSocket-Protocol: tryon.v1\r\n"
#define OK OK_HEADER OK_PROTOCOL "\r\n"

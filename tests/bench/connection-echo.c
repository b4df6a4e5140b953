/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An echo over GstTryonConnection alone: no session, no pipeline, and an
 * opening handshake without checks, as in epoll-echo.c.
 *
 * connection-echo PORT [verbatim]: prints "ready" when it listens. A frame is
 * answered as a server would, with the type of a processed one. verbatim is for
 * suites that test conformance: text and binary messages go back just as they
 * came, up to 64 MiB, whatever subprotocol was offered. */

#include <gio/gio.h>
#include <gst/tryon/tryon.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VERBATIM_MAX_BYTES (64 * 1024 * 1024)

static gboolean verbatim;

typedef struct
{
  gboolean is_text;
  GstBuffer *buffer;
} Answer;

/* Answers wait here while the one before is being sent. */
typedef struct
{
  GQueue waiting;               /* Answer */
} Echo;

static void
answer_free (gpointer data)
{
  Answer *answer = data;

  gst_buffer_unref (answer->buffer);
  g_free (answer);
}

static void
send_answer (GstTryonConnection * connection, Answer * answer)
{
  GstMapInfo map;

  if (!answer->is_text) {
    gst_tryon_connection_send_binary (connection, NULL, 0, answer->buffer);
  } else if (gst_buffer_map (answer->buffer, &map, GST_MAP_READ)) {
    gst_tryon_connection_send_text (connection, (gchar *) map.data, map.size);
    gst_buffer_unmap (answer->buffer, &map);
  }
}

static void
writable_cb (GstTryonConnection * connection, gpointer user_data)
{
  Echo *echo = user_data;
  Answer *answer;

  /* One that leaves at once leaves room for the next. */
  while (gst_tryon_connection_is_writable (connection)
      && (answer = g_queue_pop_head (&echo->waiting))) {
    send_answer (connection, answer);
    answer_free (answer);
  }
}

static void
take (GstTryonConnection * connection, GstBuffer * message, gboolean is_text,
    Echo * echo)
{
  Answer *answer = g_new (Answer, 1);

  answer->is_text = is_text;
  answer->buffer = message;
  g_queue_push_tail (&echo->waiting, answer);
  writable_cb (connection, echo);
}

static void
binary_cb (GstTryonConnection * connection, GstBuffer * message,
    gpointer user_data)
{
  if (!verbatim
      && gst_buffer_get_size (message) >= GST_TRYON_PROTOCOL_HEADER_SIZE) {
    message = gst_buffer_make_writable (message);
    gst_buffer_memset (message, 1, GST_TRYON_FRAME_TYPE_PROCESSED, 1);
  }
  take (connection, message, FALSE, user_data);
}

static void
text_cb (GstTryonConnection * connection, const gchar * text, gsize size,
    gpointer user_data)
{
  GstBuffer *message = gst_buffer_new_allocate (NULL, size, NULL);

  gst_buffer_fill (message, 0, text, size);
  take (connection, message, TRUE, user_data);
}

static void
closed_cb (GstTryonConnection * connection, guint16 code, const gchar * reason,
    gpointer user_data)
{
  gst_object_unref (connection);
}

static void
echo_free (gpointer data)
{
  Echo *echo = data;

  g_queue_clear_full (&echo->waiting, answer_free);
  g_free (echo);
}

static gboolean
shake_hands (GIOStream * stream)
{
  GInputStream *in = g_io_stream_get_input_stream (stream);
  GOutputStream *out = g_io_stream_get_output_stream (stream);
  gchar request[4096] = "", *key, *accept, *response;
  guint8 digest[20];
  gsize n = 0, size = sizeof (digest);
  GChecksum *sum;

  while (strstr (request, "\r\n\r\n") == NULL) {
    if (n == sizeof (request) - 1 ||
        g_input_stream_read (in, request + n, 1, NULL, NULL) != 1)
      return FALSE;
    n++;
  }
  key = strstr (request, "Sec-WebSocket-Key: ");
  if (key == NULL)
    return FALSE;
  key += strlen ("Sec-WebSocket-Key: ");
  sum = g_checksum_new (G_CHECKSUM_SHA1);
  g_checksum_update (sum, (guint8 *) key, strcspn (key, "\r"));
  g_checksum_update (sum,
      (const guint8 *) "258EAFA5-E914-47DA-95CA-C5AB0DC85B11", -1);
  g_checksum_get_digest (sum, digest, &size);
  g_checksum_free (sum);
  accept = g_base64_encode (digest, size);
  response = g_strdup_printf ("HTTP/1.1 101 Switching Protocols\r\n"
      "Upgrade: websocket\r\nConnection: Upgrade\r\n"
      "%sSec-WebSocket-Accept: %s\r\n\r\n",
      strstr (request, "tryon.v1") ? "Sec-WebSocket-Protocol: tryon.v1\r\n" :
      "", accept);
  g_output_stream_write_all (out, response, strlen (response), NULL, NULL,
      NULL);
  g_free (response);
  g_free (accept);
  return TRUE;
}

typedef struct
{
  GstTryonLoop *loop;
  GIOStream *stream;
} Start;

static gboolean
start_cb (gpointer user_data)
{
  GstTryonConnectionLimits limits = GST_TRYON_CONNECTION_LIMITS_INIT;
  static const GstTryonConnectionCallbacks callbacks = {
    .binary = binary_cb,
    .text = text_cb,
    .writable = writable_cb,
    .closed = closed_cb,
  };
  Start *start = user_data;
  Echo *echo = g_new0 (Echo, 1);

  g_queue_init (&echo->waiting);
  if (verbatim) {
    limits.max_message_bytes = limits.max_text_bytes = VERBATIM_MAX_BYTES;
#ifdef GST_TRYON_CONNECTION_DEFAULT_MAX_FRAGMENTS
    limits.max_fragments = G_MAXUINT;
#endif
  }
  gst_tryon_connection_new (start->loop, start->stream,
      GST_TRYON_CONNECTION_SERVER, &limits, &callbacks, echo, echo_free);
  g_object_unref (start->stream);
  g_free (start);
  return G_SOURCE_REMOVE;
}

gint
main (gint argc, gchar ** argv)
{
  GSocketListener *listener = g_socket_listener_new ();
  GstTryonLoop *loop;
  GError *error = NULL;
  GInetAddress *address;
  GSocketAddress *any;

  gst_init (&argc, &argv);
  verbatim = argc > 2 && strcmp (argv[2], "verbatim") == 0;
  loop = gst_tryon_loop_new ("echo");
  address = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  any = g_inet_socket_address_new (address, argc > 1 ? atoi (argv[1]) : 8001);
  if (!g_socket_listener_add_address (listener, any, G_SOCKET_TYPE_STREAM,
          G_SOCKET_PROTOCOL_TCP, NULL, NULL, &error)) {
    fprintf (stderr, "connection-echo: %s\n", error->message);
    return 1;
  }
  puts ("ready");
  fflush (stdout);
  while (TRUE) {
    GSocketConnection *stream = g_socket_listener_accept (listener, NULL, NULL,
        NULL);
    Start *start;

    if (stream == NULL)
      return 1;
    if (!shake_hands (G_IO_STREAM (stream))) {
      g_object_unref (stream);
      continue;
    }
    start = g_new (Start, 1);
    start->loop = loop;
    start->stream = G_IO_STREAM (stream);
    gst_tryon_loop_invoke (loop, start_cb, start, NULL);
  }
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fuzz target: what a server may answer to a client's opening handshake. The
 * input is the answer, "@" in it stands for the right accept value; its first
 * byte says where it is cut in two. In the end there is a stream with exactly
 * what follows the header, or an error whose words fit into one line. */

#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <gst/tryon/tryon.h>

#include "fuzz.h"

#define ACCEPT_GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
#define KEY_HEADER "\r\nSec-WebSocket-Key: "
#define KEY_SIZE 24
/* As make-seeds writes it: what begins with this is right, whatever follows. */
#define RIGHT "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n" \
  "Connection: Upgrade\r\nSec-WebSocket-Accept: @\r\n" \
  "Sec-WebSocket-Protocol: tryon.v1\r\n\r\n"
/* Seconds that a step may take, on a machine with much else to do. */
#define PATIENCE 20

typedef struct
{
  gboolean done;
  GIOStream *stream;
  GError *error;
} Client;

static GMainContext *context;
static gint listening = -1;
static gchar *uri;

static void
start (void)
{
  struct sockaddr_in address = { 0 };
  socklen_t size = sizeof (address);

  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  listening = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  g_assert_cmpint (bind (listening, (struct sockaddr *) &address, size), ==, 0);
  g_assert_cmpint (listen (listening, 16), ==, 0);
  g_assert_cmpint (getsockname (listening, (struct sockaddr *) &address, &size),
      ==, 0);
  uri = g_strdup_printf ("ws://127.0.0.1:%u/ws/try-on/demo/",
      ntohs (address.sin_port));
  context = g_main_context_new ();
  g_main_context_push_thread_default (context);
}

static void
on_connected (GObject * source, GAsyncResult * result, gpointer user_data)
{
  Client *client = user_data;

  g_assert_false (client->done);
  client->stream = gst_tryon_handshake_connect_finish (result, &client->error);
  g_assert_true ((client->stream == NULL) == (client->error != NULL));
  client->done = TRUE;
}

/* Lets the client work while @n, of a call that doesn't wait, says to wait. */
static gboolean
must_wait (gssize n, gint64 end)
{
  if (n >= 0)
    return FALSE;
  g_assert (errno == EAGAIN || errno == EWOULDBLOCK);
  g_assert_cmpint (g_get_monotonic_time (), <, end);
  g_main_context_iteration (context, FALSE);
  return TRUE;
}

/* Accepts the client and reads its request. Returns what is to be answered for
 * its key. */
static gchar *
take_request (gint * fd)
{
  gint64 end = g_get_monotonic_time () + PATIENCE * G_TIME_SPAN_SECOND;
  gchar request[2048] = { 0, }, *text, *accepted;
  GChecksum *checksum = g_checksum_new (G_CHECKSUM_SHA1);
  gsize size = 0, digest_size = 20;
  guint8 digest[20];
  const gchar *key;
  gssize n;

  while (must_wait (*fd = accept (listening, NULL, NULL), end));
  while (strstr (request, "\r\n\r\n") == NULL) {
    while (must_wait (n = recv (*fd, request + size, sizeof (request) - 1
                - size, MSG_DONTWAIT), end));
    g_assert_cmpint (n, >, 0);
    size += n;
  }
  key = strstr (request, KEY_HEADER);
  g_assert_nonnull (key);
  text = g_strdup_printf ("%.*s" ACCEPT_GUID, KEY_SIZE,
      key + strlen (KEY_HEADER));
  g_checksum_update (checksum, (const guchar *) text, -1);
  g_checksum_get_digest (checksum, digest, &digest_size);
  accepted = g_base64_encode (digest, digest_size);
  g_checksum_free (checksum);
  g_free (text);
  return accepted;
}

static GByteArray *
make_answer (const guint8 * data, gsize size, const gchar * accepted)
{
  GByteArray *answer = g_byte_array_sized_new (size + 1);
  gsize i;

  for (i = 0; i < size; i++)
    if (data[i] == '@')
      g_byte_array_append (answer, (const guint8 *) accepted,
          strlen (accepted));
    else
      g_byte_array_append (answer, data + i, 1);
  return answer;
}

/* The client may have heard enough. */
static void
answer (gint fd, const GByteArray * bytes, gsize cut)
{
  cut = MIN (cut, bytes->len);
  send (fd, bytes->data, cut, MSG_NOSIGNAL);
  if (cut < bytes->len) {
    while (g_main_context_iteration (context, FALSE));
    send (fd, bytes->data + cut, bytes->len - cut, MSG_NOSIGNAL);
  }
  shutdown (fd, SHUT_WR);
}

static void
check_stream (GIOStream * stream, const GByteArray * sent)
{
  GInputStream *input = g_io_stream_get_input_stream (stream);
  const gchar *end = g_strstr_len ((gchar *) sent->data, sent->len, "\r\n\r\n");
  GByteArray *rest = g_byte_array_sized_new (1);
  guint8 bytes[4096];
  gsize begin;
  gssize n;

  g_assert_nonnull (end);
  begin = end + 4 - (gchar *) sent->data;
  while ((n = g_input_stream_read (input, bytes, sizeof (bytes), NULL,
              NULL)) > 0)
    g_byte_array_append (rest, bytes, n);
  g_assert_cmpmem (rest->data, rest->len, sent->data + begin,
      sent->len - begin);
  g_byte_array_unref (rest);
}

static void
check_error (const GError * error)
{
  const gchar *c;

  g_assert (error->domain == GST_TRYON_ERROR);
  g_assert (g_utf8_validate (error->message, -1, NULL));
  g_assert (g_str_has_prefix (error->message, uri));
  for (c = error->message; *c != '\0'; c++)
    g_assert_false (g_ascii_iscntrl (*c));
}

gint
LLVMFuzzerTestOneInput (const guint8 * data, gsize size)
{
  Client client = { FALSE, };
  GByteArray *bytes;
  gchar *accepted;
  gint fd;

  if (size < 1)
    return 0;
  if (listening < 0)
    start ();
  gst_tryon_handshake_connect_async (uri, "token", PATIENCE * 1000, NULL,
      on_connected, &client);
  accepted = take_request (&fd);
  bytes = make_answer (data + 1, size - 1, accepted);
  answer (fd, bytes, data[0]);
  while (!client.done)
    g_main_context_iteration (context, TRUE);
  if (size > strlen (RIGHT) && memcmp (data + 1, RIGHT, strlen (RIGHT)) == 0)
    g_assert_nonnull (client.stream);
  if (client.stream != NULL)
    check_stream (client.stream, bytes);
  else
    check_error (client.error);

  /* What the task still holds. */
  while (g_main_context_iteration (context, FALSE));
  g_clear_object (&client.stream);
  g_clear_error (&client.error);
  close (fd);
  g_byte_array_unref (bytes);
  g_free (accepted);
  return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The client's opening handshake, against libsoup's server and against one that
 * answers whatever it is told to. */

#include "wsattempt.h"

#include <libsoup/soup.h>

static GSocketClient *
new_client (void)
{
  return g_object_new (G_TYPE_SOCKET_CLIENT, "enable-proxy", FALSE, NULL);
}

/* ---- what is asked ---- */

GST_START_TEST (test_request)
{
  gchar *keys[2], *value, *host;
  guchar *nonce;
  gsize size;
  guint i;

  for (i = 0; i < 2; i++) {
    Attempt attempt = { NULL, NULL, i ? "s3cret.Token~+/=" : NULL, };
    Server server = { OK, };

    server_start (&server, &attempt, i ? PATH "?a=b%20c&d" : PATH);
    attempt_start (&attempt);
    attempt_wait (&attempt);
    fail_unless (attempt.error == NULL, "%s",
        attempt.error ? attempt.error->message : "");
    server_join (&server);
    fail_unless (g_str_has_prefix (server.request, i ?
            "GET " PATH "?a=b%20c&d HTTP/1.1\r\n" :
            "GET " PATH " HTTP/1.1\r\n"), "%s", server.request);

    host = g_strdup_printf ("127.0.0.1:%u", server.port);
    value = find_header (server.request, "Host");
    fail_unless_equals_string (value, host);
    g_free (value);
    g_free (host);
    value = find_header (server.request, "Upgrade");
    fail_unless_equals_string (value, "websocket");
    g_free (value);
    value = find_header (server.request, "Connection");
    fail_unless_equals_string (value, "Upgrade");
    g_free (value);
    value = find_header (server.request, "Sec-WebSocket-Version");
    fail_unless_equals_string (value, "13");
    g_free (value);
    value = find_header (server.request, "Sec-WebSocket-Protocol");
    fail_unless_equals_string (value, "tryon.v1");
    g_free (value);
    value = find_header (server.request, "Sec-WebSocket-Extensions");
    fail_unless (value == NULL);
    value = find_header (server.request, "Authorization");
    fail_unless_equals_string (value, i ? "Bearer s3cret.Token~+/=" : NULL);
    g_free (value);
    keys[i] = find_header (server.request, "Sec-WebSocket-Key");
    nonce = g_base64_decode (keys[i], &size);
    fail_unless_equals_uint64 (size, 16);
    g_free (nonce);

    attempt_clear (&attempt);
    server_clear (&server);
  }
  fail_if (g_str_equal (keys[0], keys[1]));
  g_free (keys[0]);
  g_free (keys[1]);
}

GST_END_TEST;

static const struct
{
  const gchar *uri;
  const gchar *token;
} unusable[] = {
  {"", NULL},
  {"127.0.0.1:9000/ws/try-on/a/", NULL},
  {"http://127.0.0.1:9/", NULL},
  {"https://127.0.0.1:9/", NULL},
  {"ws:///ws/try-on/a/", NULL},
  {"ws://127.0.0.1:99999/", NULL},
  {"ws://127.0.0.1:0/", NULL},
  {"ws://a%0d%0aX-Evil:%20yes/", NULL},
  {"ws://user:secret@127.0.0.1:9/", NULL},
  {"ws://127.0.0.1:9/#part", NULL},
  {"ws://127.0.0.1:9/%zz", NULL},
  {"ws://127.0.0.1:9/", ""},
  {"ws://127.0.0.1:9/", "two words"},
  {"ws://127.0.0.1:9/", "a\r\nX-Evil: yes"},
  {"ws://127.0.0.1:9/", "t\xc3\xb6ken"},
};

/* Nothing is tried, and no secret is told. */
GST_START_TEST (test_unusable_uri)
{
  Attempt attempt = { NULL, g_strdup (unusable[__i__].uri),
    unusable[__i__].token,
  };

  attempt_start (&attempt);
  attempt_wait (&attempt);
  fail_unless (g_error_matches (attempt.error, G_IO_ERROR,
          G_IO_ERROR_INVALID_ARGUMENT));
  GST_DEBUG ("%s", attempt.error->message);
  fail_unless (strstr (attempt.error->message, "secret") == NULL);
  attempt_clear (&attempt);
}

GST_END_TEST;

/* ---- what is answered ---- */

#define PROBLEM(status, body) "HTTP/1.1 " status "\r\n" \
  "Content-Type: application/problem+json\r\n\r\n" body

static const struct
{
  const gchar *answer;
  gboolean hangs_up;
  gint code;                    /* of GST_TRYON_ERROR */
  const gchar *words;           /* in the message */
} answers[] = {
  {"HTTP/1.1 101 OK\r\nUpgrade: websocket\r\nConnection: upgrade\r\n"
        "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
        OK_PROTOCOL "\r\n", FALSE,
      GST_TRYON_ERROR_BAD_MESSAGE, "Sec-WebSocket-Accept"},
  {"HTTP/1.1 101 OK\r\nUpgrade: websocket\r\nConnection: upgrade\r\n"
        OK_PROTOCOL "\r\n", FALSE,
      GST_TRYON_ERROR_BAD_MESSAGE, "Sec-WebSocket-Accept"},
  {"HTTP/1.1 101 OK\r\nConnection: upgrade\r\nSec-WebSocket-Accept: @\r\n"
        OK_PROTOCOL "\r\n", FALSE,
      GST_TRYON_ERROR_BAD_MESSAGE, "upgrade to websocket"},
  {"HTTP/1.1 101 OK\r\nUpgrade: h2c\r\nConnection: upgrade\r\n"
        "Sec-WebSocket-Accept: @\r\n" OK_PROTOCOL "\r\n", FALSE,
      GST_TRYON_ERROR_BAD_MESSAGE, "upgrade to websocket"},
  {"HTTP/1.1 101 OK\r\nUpgrade: websocket\r\nConnection: close\r\n"
        "Sec-WebSocket-Accept: @\r\n" OK_PROTOCOL "\r\n", FALSE,
      GST_TRYON_ERROR_BAD_MESSAGE, "upgrade the connection"},
  {OK_HEADER "\r\n", FALSE, GST_TRYON_ERROR_BAD_MESSAGE, "tryon.v1"},
  {OK_HEADER "Sec-WebSocket-Protocol: chat\r\n\r\n", FALSE,
      GST_TRYON_ERROR_BAD_MESSAGE, "tryon.v1"},
  {OK_HEADER OK_PROTOCOL
        "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n", FALSE,
      GST_TRYON_ERROR_BAD_MESSAGE, "extension"},
  {"SSH-2.0-OpenSSH_9.2\r\n\r\n", FALSE, GST_TRYON_ERROR_BAD_MESSAGE,
      "not HTTP"},
  {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", FALSE,
      GST_TRYON_ERROR_BAD_MESSAGE, "200 OK"},
  {"HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n", FALSE,
      GST_TRYON_ERROR_BAD_MESSAGE, "302 Found"},
  {"HTTP/1.1 426 Upgrade Required\r\n\r\n", FALSE,
      GST_TRYON_ERROR_BAD_MESSAGE, "426 Upgrade Required"},
  {"HTTP/1.1 401 Unauthorized\r\nContent-Type: application/problem+json; "
        "charset=utf-8\r\nContent-Length: 52\r\n\r\n"
        "{\"type\":\"about:blank\",\"detail\":\"the token is wrong\"}", FALSE,
      GST_TRYON_ERROR_UNAUTHORIZED, "401 Unauthorized: the token is wrong"},
  {PROBLEM ("403 Forbidden", "{\"detail\":\"not from here\"}"), TRUE,
      GST_TRYON_ERROR_UNAUTHORIZED, "403 Forbidden: not from here"},
  {"HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\n\r\n<html>", FALSE,
      GST_TRYON_ERROR_SESSION_EXPIRED, "404 Not Found"},
  {"HTTP/1.1 410 Gone\r\n\r\n", FALSE,
      GST_TRYON_ERROR_SESSION_EXPIRED, "410 Gone"},
  {"HTTP/1.1 429 Too Many Requests\r\n\r\n", FALSE,
      GST_TRYON_ERROR_RATE_LIMITED, "429 Too Many Requests"},
  {PROBLEM ("503 Service Unavailable", "{\"detail\":\"busy\\nand\\u0007\"}"),
        TRUE, GST_TRYON_ERROR_SESSION_LIMIT,
      "503 Service Unavailable: busy and "},
  /* Words go on to logs and messages of the bus. */
  {"HTTP/1.1 404 N\xf6 \x1b[2J\r\n\r\n", FALSE,
      GST_TRYON_ERROR_SESSION_EXPIRED, "404 N\xef\xbf\xbd  [2J"},
  {"HTTP/1.1 500 Oops\r\n\r\n", FALSE,
      GST_TRYON_ERROR_AI_SERVICE_UNAVAILABLE, "500 Oops"},
  /* Bodies that are of no use leave the status. */
  {PROBLEM ("404 Not Found", "{\"detail\":"), TRUE,
      GST_TRYON_ERROR_SESSION_EXPIRED, "404 Not Found"},
  {PROBLEM ("404 Not Found", "[1]"), TRUE,
      GST_TRYON_ERROR_SESSION_EXPIRED, "404 Not Found"},
  {PROBLEM ("404 Not Found", "{\"detail\":[1]}"), TRUE,
      GST_TRYON_ERROR_SESSION_EXPIRED, "404 Not Found"},
  {PROBLEM ("404 Not Found", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["), TRUE,
      GST_TRYON_ERROR_SESSION_EXPIRED, "404 Not Found"},
  {PROBLEM ("404 Not Found", ""), TRUE,
      GST_TRYON_ERROR_SESSION_EXPIRED, "404 Not Found"},
  {"HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\n"
        "Content-Length: 1000000000\r\n\r\n{}", TRUE,
      GST_TRYON_ERROR_SESSION_EXPIRED, "404 Not Found"},
  /* Nobody hangs up: nothing may be waited for. */
  {"HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\n"
        "Content-Length: -5\r\n\r\n{}", FALSE,
      GST_TRYON_ERROR_SESSION_EXPIRED, "404 Not Found"},
  {NULL, TRUE, GST_TRYON_ERROR_AI_SERVICE_UNAVAILABLE, "hung up"},
  {"HTTP/1.1 101 Swi", TRUE, GST_TRYON_ERROR_AI_SERVICE_UNAVAILABLE,
      "hung up"},
};

GST_START_TEST (test_bad_answers)
{
  Server server = { answers[__i__].answer, };
  Attempt attempt = { NULL, };

  server.hangs_up = answers[__i__].hangs_up;
  server_start (&server, &attempt, PATH);
  attempt_start (&attempt);
  attempt_wait (&attempt);
  fail_unless (attempt.error != NULL);
  GST_DEBUG ("%s", attempt.error->message);
  fail_unless (g_error_matches (attempt.error, GST_TRYON_ERROR,
          answers[__i__].code), "%s", attempt.error->message);
  fail_unless (strstr (attempt.error->message, answers[__i__].words) != NULL,
      "%s", attempt.error->message);
  fail_unless (g_str_has_prefix (attempt.error->message, attempt.uri), "%s",
      attempt.error->message);
  for (gchar * c = attempt.error->message; *c; c++)
    fail_if (g_ascii_iscntrl (*c));
  fail_unless (g_utf8_validate (attempt.error->message, -1, NULL));
  attempt_clear (&attempt);
  server_clear (&server);
}

GST_END_TEST;

/* Headers, or words, without end: neither is read to it. */
GST_START_TEST (test_flood)
{
  GString *answer = g_string_new (__i__ ? PROBLEM ("403 Forbidden",
          "{\"detail\":\"") : "HTTP/1.1 101 OK\r\n");
  Server server = { NULL, };
  Attempt attempt = { NULL, };
  guint i;

  for (i = 0; i < 50000; i++)
    g_string_append (answer, __i__ ? "many words " : "X-Header: value\r\n");
  server.answer = answer->str;
  server_start (&server, &attempt, PATH);
  attempt_start (&attempt);
  attempt_wait (&attempt);
  fail_unless (g_error_matches (attempt.error, GST_TRYON_ERROR, __i__ ?
          GST_TRYON_ERROR_UNAUTHORIZED : GST_TRYON_ERROR_BAD_MESSAGE));
  fail_unless (strstr (attempt.error->message, __i__ ? "403 Forbidden" :
          "16384 bytes") != NULL, "%s", attempt.error->message);
  fail_unless (strlen (attempt.error->message) < 200);
  /* The connection isn't kept: the server's writing ends. */
  server_join (&server);
  attempt_clear (&attempt);
  server_clear (&server);
  g_string_free (answer, TRUE);
}

GST_END_TEST;

GST_START_TEST (test_long_detail)
{
  GString *answer = g_string_new (PROBLEM ("403 Forbidden", "{\"detail\":\""));
  Server server = { NULL, };
  Attempt attempt = { NULL, };
  const gchar *detail;
  guint i;

  /* The limit is in the middle of a character. */
  g_string_append_c (answer, '.');
  for (i = 0; i < 1000; i++)
    g_string_append (answer, "\xc3\xa9");
  g_string_append (answer, "\"}");
  server.answer = answer->str;
  server.hangs_up = TRUE;
  server_start (&server, &attempt, PATH);
  attempt_start (&attempt);
  attempt_wait (&attempt);
  fail_unless (attempt.error != NULL);
  detail = strstr (attempt.error->message, "Forbidden: .");
  fail_unless (detail != NULL && strlen (detail) == 11 + 255);
  fail_unless (g_utf8_validate (detail, -1, NULL));
  attempt_clear (&attempt);
  server_clear (&server);
  g_string_free (answer, TRUE);
}

GST_END_TEST;

/* The server's first messages come right behind the header, in the same piece,
 * or byte by byte. */
GST_START_TEST (test_message_behind_header)
{
  static const gchar answer[] = OK "\x81\x05" "first" "\x82\x02" "\x00\x01"
      "\x81\x00";
  Server server = { answer, sizeof (answer) - 1, __i__ };
  Attempt attempt = { NULL, };
  End *end;

  server_start (&server, &attempt, PATH);
  attempt_start (&attempt);
  attempt_wait (&attempt);
  end = attempt_take_end (&attempt);
  end_expect (end, TRUE, "first", 5);
  end_expect (end, FALSE, "\x00\x01", 2);
  end_expect (end, TRUE, "", 0);
  server_clear (&server);
  end_expect_closed (end, 1006, NULL);
  end_free (end);
  attempt_clear (&attempt);
}

GST_END_TEST;

/* ---- what is not answered ---- */

static const gchar *const silences[] = {
  NULL,
  "HTTP/1.1 101 Switching Protocols\r\nUpgrade: webs",
  OK_HEADER OK_PROTOCOL "\r",
};

GST_START_TEST (test_timeout)
{
  Server server = { silences[__i__], };
  Attempt attempt = { NULL, NULL, NULL, 150 };
  gint64 start = g_get_monotonic_time ();

  server_start (&server, &attempt, PATH);
  attempt_start (&attempt);
  attempt_wait (&attempt);
  fail_unless (g_error_matches (attempt.error, G_IO_ERROR,
          G_IO_ERROR_TIMED_OUT), "%s", attempt.error->message);
  fail_unless (g_get_monotonic_time () - start >=
      150 * G_TIME_SPAN_MILLISECOND);
  fail_unless (strstr (attempt.error->message, "150 ms") != NULL);
  fail_unless (g_str_has_prefix (attempt.error->message, attempt.uri));
  attempt_clear (&attempt);
  server_clear (&server);
}

GST_END_TEST;

/* A refusal stays what it is when its words don't come. */
GST_START_TEST (test_timeout_in_body)
{
  Server server = { PROBLEM ("403 Forbidden", "{\"detail\":\"be") };
  Attempt attempt = { NULL, NULL, NULL, 150 };

  server_start (&server, &attempt, PATH);
  attempt_start (&attempt);
  attempt_wait (&attempt);
  fail_unless (g_error_matches (attempt.error, GST_TRYON_ERROR,
          GST_TRYON_ERROR_UNAUTHORIZED), "%s", attempt.error->message);
  attempt_clear (&attempt);
  server_clear (&server);
}

GST_END_TEST;

GST_START_TEST (test_nobody_there)
{
  Server server = { NULL, };
  Attempt attempt = { NULL, };

  /* A port that was free a moment ago. */
  server_start (&server, &attempt, PATH);
  attempt.timeout = 10000;
  {
    GSocketClient *client = new_client ();
    GSocketConnection *connection;

    connection = g_socket_client_connect_to_host (client, "127.0.0.1",
        server.port, NULL, NULL);
    g_object_unref (connection);
    g_object_unref (client);
  }
  server_clear (&server);
  attempt_start (&attempt);
  attempt_wait (&attempt);
  fail_unless (g_error_matches (attempt.error, GST_TRYON_ERROR,
          GST_TRYON_ERROR_AI_SERVICE_UNAVAILABLE));
  fail_unless (g_str_has_prefix (attempt.error->message, attempt.uri));
  attempt_clear (&attempt);
}

GST_END_TEST;

/* Before it begins, and in each wait. */
GST_START_TEST (test_cancel)
{
  GCancellable *cancellable = g_cancellable_new ();
  Server server = { __i__ == 2 ? silences[1] : NULL, };
  Attempt attempt = { NULL, NULL, NULL, 0, cancellable };

  server_start (&server, &attempt, PATH);
  if (__i__ == 0)
    g_cancellable_cancel (cancellable);
  attempt_start (&attempt);
  if (__i__ > 0) {
    server_join (&server);
    g_cancellable_cancel (cancellable);
  }
  attempt_wait (&attempt);
  fail_unless (g_error_matches (attempt.error, G_IO_ERROR,
          G_IO_ERROR_CANCELLED), "%s", attempt.error->message);
  if (__i__ == 0) {
    /* It may not have come as far as to connect. */
    GSocketClient *client = new_client ();
    GSocketConnection *connection =
        g_socket_client_connect_to_host (client, "127.0.0.1", server.port, NULL,
        NULL);

    g_clear_object (&connection);
    g_object_unref (client);
  }
  attempt_clear (&attempt);
  server_clear (&server);
  g_object_unref (cancellable);
}

GST_END_TEST;

/* ---- libsoup's server ---- */

typedef struct
{
  GstTryonLoop *loop;
  SoupServer *server;
  guint16 port;
} Soup;

static void
on_soup_message (SoupWebsocketConnection * connection, gint type,
    GBytes * message, gpointer user_data)
{
  soup_websocket_connection_send_message (connection, type, message);
}

static void
on_soup_websocket (SoupServer * server, SoupServerMessage * msg,
    const char *path, SoupWebsocketConnection * connection, gpointer user_data)
{
  g_signal_connect (connection, "message", G_CALLBACK (on_soup_message), NULL);
  g_signal_connect (connection, "closed", G_CALLBACK (g_object_unref), NULL);
  g_object_ref (connection);
  soup_websocket_connection_set_max_incoming_payload_size (connection, 0);
  soup_websocket_connection_send_text (connection, "at once");
}

static void
soup_start (gpointer loop, gpointer user_data)
{
  char *protocols[] = { (char *) "other", (char *) "tryon.v1", NULL };
  Soup *soup = user_data;
  GSList *uris;

  soup->server = soup_server_new (NULL, NULL);
  fail_unless (soup_server_listen_local (soup->server, 0,
          SOUP_SERVER_LISTEN_IPV4_ONLY, NULL));
  uris = soup_server_get_uris (soup->server);
  soup->port = g_uri_get_port (uris->data);
  g_slist_free_full (uris, (GDestroyNotify) g_uri_unref);
  soup_server_add_websocket_handler (soup->server, "/ws", NULL, protocols,
      on_soup_websocket, NULL, NULL);
  protocols[1] = NULL;
  soup_server_add_websocket_handler (soup->server, "/other", NULL, protocols,
      on_soup_websocket, NULL, NULL);
}

static void
soup_stop (gpointer loop, gpointer user_data)
{
  Soup *soup = user_data;

  soup_server_disconnect (soup->server);
  g_clear_object (&soup->server);
}

GST_START_TEST (test_soup_server)
{
  static const gsize sizes[] = { 0, 1, 125, 126, 65535, 65536, 1024 * 1024 };
  Soup soup = { gst_tryon_loop_new ("soup"), };
  Attempt attempt = { NULL, };
  guint8 *data = g_malloc0 (1024 * 1024);
  GstBuffer *payload;
  End *end;
  guint i;

  gst_tryon_loop_invoke_sync (soup.loop, soup_start, &soup);
  attempt.uri = g_strdup_printf ("ws://127.0.0.1:%u/ws", soup.port);
  attempt_start (&attempt);
  attempt_wait (&attempt);
  end = attempt_take_end (&attempt);
  end_expect (end, TRUE, "at once", 7);
  for (i = 0; i < G_N_ELEMENTS (sizes); i++) {
    payload = gst_buffer_new_allocate (NULL, sizes[i], NULL);
    gst_buffer_memset (payload, 0, 0, -1);
    end_wait_writable (end);
    fail_unless (end_send_binary (end, NULL, 0, payload));
    end_expect (end, FALSE, data, sizes[i]);
    gst_buffer_unref (payload);
  }
  end_close (end, 1000, "enough");
  end_expect_closed (end, 1000, NULL);
  end_free (end);
  attempt_clear (&attempt);
  gst_tryon_loop_invoke_sync (soup.loop, soup_stop, &soup);
  gst_object_unref (soup.loop);
  g_free (data);
}

GST_END_TEST;

GST_START_TEST (test_soup_server_refuses)
{
  static const struct
  {
    const gchar *path;
    gint code;
  } cases[] = {
    {"/nothing", GST_TRYON_ERROR_SESSION_EXPIRED},
    {"/other", GST_TRYON_ERROR_BAD_MESSAGE},
  };
  Soup soup = { gst_tryon_loop_new ("soup"), };
  guint i;

  gst_tryon_loop_invoke_sync (soup.loop, soup_start, &soup);
  for (i = 0; i < G_N_ELEMENTS (cases); i++) {
    Attempt attempt = { NULL, };

    attempt.uri = g_strdup_printf ("ws://127.0.0.1:%u%s", soup.port,
        cases[i].path);
    attempt_start (&attempt);
    attempt_wait (&attempt);
    fail_unless (g_error_matches (attempt.error, GST_TRYON_ERROR,
            cases[i].code));
    attempt_clear (&attempt);
  }
  gst_tryon_loop_invoke_sync (soup.loop, soup_stop, &soup);
  gst_object_unref (soup.loop);
}

GST_END_TEST;

/* ---- the server's side of it, as the listener does it ---- */

static GIOStream *stolen;       /* soup's loop */

static void
on_upgraded (SoupServerMessage * msg, gpointer user_data)
{
  stolen = soup_server_message_steal_connection (msg);
}

static void
upgrade (SoupServer * server, SoupServerMessage * msg, const char *path,
    GHashTable * query, gpointer user_data)
{
  char *protocols[] = { (char *) "tryon.v1", NULL };

  fail_unless (soup_websocket_server_process_handshake (msg, NULL, protocols,
          NULL, NULL));
  g_signal_connect (msg, "wrote-informational", G_CALLBACK (on_upgraded), NULL);
}

static void
soup_upgrade (gpointer loop, gpointer user_data)
{
  Soup *soup = user_data;

  soup_server_add_handler (soup->server, "/steal", upgrade, NULL, NULL);
}

static gboolean
count_turn (GSource * source, gint * timeout)
{
  g_atomic_int_inc ((gint *) (source + 1));
  *timeout = -1;
  return FALSE;
}

static GSourceFuncs turn_funcs = { count_turn, NULL, NULL, NULL };

static GMutex idle_lock;
static GCond idle_cond;
static gboolean idle_over;      /* idle_lock */

static gboolean
end_idle (gpointer user_data)
{
  g_mutex_lock (&idle_lock);
  idle_over = TRUE;
  g_cond_signal (&idle_cond);
  g_mutex_unlock (&idle_lock);
  return G_SOURCE_REMOVE;
}

/* How often the loop turns in a while in which nothing is to be done. */
static gint
count_idle_turns (GstTryonLoop * loop)
{
  GSource *counter =
      g_source_new (&turn_funcs, sizeof (GSource) + sizeof (gint)), *timeout;
  gint turns;

  idle_over = FALSE;
  g_source_attach (counter, gst_tryon_loop_get_context (loop));
  timeout = gst_tryon_loop_add_timeout (loop, 100, end_idle, NULL);
  g_mutex_lock (&idle_lock);
  while (!idle_over)
    g_cond_wait (&idle_cond, &idle_lock);
  g_mutex_unlock (&idle_lock);
  turns = g_atomic_int_get ((gint *) (counter + 1));
  g_source_destroy (counter);
  g_source_unref (counter);
  g_source_destroy (timeout);
  g_source_unref (timeout);
  gst_tryon_loop_invoke_sync (loop, nothing, NULL);
  return turns;
}

/* A client that doesn't wait for the answer: libsoup has read its first frames
 * along with the request. They arrive, and the loop is idle afterwards. */
GST_START_TEST (test_frames_behind_request)
{
  static const gchar request[] = "GET /steal HTTP/1.1\r\nHost: a\r\n"
      "Upgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: tryon.v1\r\n\r\n";
  Soup soup = { gst_tryon_loop_new ("soup"), };
  GSocketClient *client = new_client ();
  GByteArray *bytes = g_byte_array_new (), *frame;
  GSocketConnection *connection;
  Raw raw = { NULL, TRUE };
  gchar answer[1024] = { 0, };
  guint i;
  End *end;

  gst_tryon_loop_invoke_sync (soup.loop, soup_start, &soup);
  gst_tryon_loop_invoke_sync (soup.loop, soup_upgrade, &soup);
  connection = g_socket_client_connect_to_host (client, "127.0.0.1", soup.port,
      NULL, NULL);
  raw.socket = g_object_ref (g_socket_connection_get_socket (connection));
  g_byte_array_append (bytes, (const guint8 *) request, strlen (request));
  for (i = 0; i < 300; i++) {
    frame = make_frame (TRUE, TRUE, GST_TRYON_WS_OPCODE_TEXT, "early", 5);
    g_byte_array_append (bytes, frame->data, frame->len);
    g_byte_array_unref (frame);
  }
  raw_send (&raw, bytes->data, bytes->len);
  for (i = 0; !g_str_has_suffix (answer, "\r\n\r\n"); i++)
    raw_read (&raw, (guint8 *) answer + i, 1);
  gst_tryon_loop_invoke_sync (soup.loop, nothing, NULL);
  end = end_new (soup.loop, stolen, GST_TRYON_CONNECTION_SERVER, 0);
  for (i = 0; i < 300; i++)
    end_expect (end, TRUE, "early", 5);
  fail_unless (count_idle_turns (soup.loop) < 20);
  raw_send_frame (&raw, TRUE, GST_TRYON_WS_OPCODE_TEXT, "later", 5);
  end_expect (end, TRUE, "later", 5);
  raw_send_close (&raw, 1000, "");
  raw_expect_close (&raw, 1000);
  raw_expect_eof (&raw);
  end_free (end);
  gst_tryon_loop_invoke_sync (soup.loop, soup_stop, &soup);
  gst_object_unref (soup.loop);
  raw_close (&raw);
  g_object_unref (connection);
  g_object_unref (client);
  g_byte_array_unref (bytes);
}

GST_END_TEST;

static Suite *
handshake_suite (void)
{
  Suite *s = suite_create ("handshake");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_request);
  tcase_add_loop_test (tc, test_unusable_uri, 0, G_N_ELEMENTS (unusable));
  tcase_add_loop_test (tc, test_bad_answers, 0, G_N_ELEMENTS (answers));
  tcase_add_loop_test (tc, test_flood, 0, 2);
  tcase_add_test (tc, test_long_detail);
  tcase_add_loop_test (tc, test_message_behind_header, 0, 4);
  tcase_add_loop_test (tc, test_timeout, 0, G_N_ELEMENTS (silences));
  tcase_add_test (tc, test_timeout_in_body);
  tcase_add_test (tc, test_nobody_there);
  tcase_add_loop_test (tc, test_cancel, 0, 3);
  tcase_add_test (tc, test_soup_server);
  tcase_add_test (tc, test_soup_server_refuses);
  tcase_add_test (tc, test_frames_behind_request);
  return s;
}

GST_CHECK_MAIN (handshake);

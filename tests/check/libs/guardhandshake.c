/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How large a request may be, and how long a handshake may take. */

#include "guardtest.h"

/* Milliseconds; more than a tick of the loop: what ends at the next is early. */
#define TIMEOUT (GST_TRYON_LOOP_TICK + 200)

/* ---- bytes ---- */

#define MAX_BYTES 1024

typedef enum
{
  LINE, HEADERS, BODY
} Part;

/* A request of @size bytes, the most of them in @part. */
static gchar *
make_request (Part part, gsize size)
{
  static const gchar *const formats[] = {
    "GET /%s HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nX-Pad: %s\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %s\r\n\r\n",
  };
  gchar *padding, *request;
  gsize rest;

  if (part == BODY) {
    /* The number takes three bytes. */
    rest = size - (strlen (formats[BODY]) - 2 + 3);
    padding = g_strdup_printf ("%u", (guint) rest);
    fail_unless_equals_int (strlen (padding), 3);
  } else {
    rest = 0;
    padding = g_strnfill (size - (strlen (formats[part]) - 2), 'a');
  }
  request = g_strdup_printf (formats[part], padding);
  g_free (padding);
  if (rest > 0) {
    padding = g_strnfill (rest, 'b');
    request = g_realloc (request, size + 1);
    strcat (request, padding);
    g_free (padding);
  }
  fail_unless_equals_int (strlen (request), size);
  return request;
}

/* Whoever came before has had a turn of the listener's loop. */
static void
let_it_turn (Guarded * guarded)
{
  WsRaw *raw = ws_raw_new (guarded->port);

  ws_raw_send (raw, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 27);
  fail_unless_equals_int (ws_raw_read_answer (raw, NULL, NULL), 404);
  ws_raw_free (raw);
}

/* Sends @request in pieces of @piece bytes, each of which is read by itself. */
static void
send_in_pieces (Guarded * guarded, WsRaw * raw, const gchar * request,
    gsize piece)
{
  gsize size = strlen (request), done;

  for (done = 0; done < size; done += piece) {
    if (done > 0)
      let_it_turn (guarded);
    ws_raw_send (raw, request + done, MIN (piece, size - done));
  }
}

/* Exactly at the limit it is answered; a byte more, and it is closed. */
GST_START_TEST (test_max_header_bytes)
{
  static const gsize pieces[] = { 100000, 200 };
  const Part part = __i__;
  GstTryonListenerOptions options = make_options ();
  Guarded guarded;
  guint i, extra;

  options.max_header_bytes = MAX_BYTES;
  guarded_open (&guarded, &options);
  for (i = 0; i < G_N_ELEMENTS (pieces); i++) {
    for (extra = 0; extra < 2; extra++) {
      gchar *request = make_request (part, MAX_BYTES + extra);
      WsRaw *raw = ws_raw_new (guarded.port);

      send_in_pieces (&guarded, raw, request, pieces[i]);
      if (extra == 0) {
        fail_unless_equals_int (ws_raw_read_answer (raw, NULL, NULL), 404);
      } else {
        expect_closed_unanswered (raw);
      }
      guarded_expect (&guarded, "headers-too-large", i + extra);
      ws_raw_free (raw);
      g_free (request);
    }
  }
  guarded_close (&guarded);
}

GST_END_TEST;

/* What a WebSocket sends is no request: it may be of any size. */
GST_START_TEST (test_max_header_bytes_of_a_websocket)
{
  GstTryonListenerOptions options = make_options ();
  gchar *request = ws_request ("/ws/try-on/a/", WS_PROTOCOL_LINE), *pad, *line;
  const guint8 data[100] = { 0, };
  Guarded guarded;
  guint i, extra;

  options.max_header_bytes = MAX_BYTES;
  guarded_open (&guarded, &options);
  pad = g_strnfill (MAX_BYTES - strlen (request) - strlen ("X-Pad: \r\n"), 'a');
  g_free (request);
  for (extra = 0; extra < 2; extra++) {
    WsRaw *raw = ws_raw_new (guarded.port);

    line = g_strdup_printf (WS_PROTOCOL_LINE "X-Pad: %s%s\r\n", pad,
        extra ? "a" : "");
    request = ws_request ("/ws/try-on/a/", line);
    fail_unless_equals_int (strlen (request), MAX_BYTES + extra);
    ws_raw_send (raw, request, strlen (request));
    if (extra == 0) {
      fail_unless_equals_int (ws_raw_read_answer (raw, NULL, NULL), 101);
      for (i = 0; i < 10 * MAX_BYTES / sizeof (data); i++)
        ws_raw_send_frame (raw, GST_TRYON_WS_OPCODE_PONG, data, sizeof (data));
      expect_pong (raw);
    } else {
      expect_closed_unanswered (raw);
    }
    ws_raw_free (raw);
    g_free (request);
    g_free (line);
  }
  guarded_expect (&guarded, "headers-too-large", 1);
  fail_unless_equals_int (g_atomic_int_get (&guarded.admitted), 1);
  g_free (pad);
  guarded_close (&guarded);
}

GST_END_TEST;

/* ---- time ---- */

/* However little it says, and however slowly, it has no more time. */
GST_START_TEST (test_handshake_timeout)
{
  static const gchar *const begins[] = {
    "", "GET /ws/try-on/a/ HTTP/1.1\r\nHos",
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nxyz"
  };
  GstTryonListenerOptions options = make_options ();
  Guarded guarded;
  guint i;

  options.handshake_timeout = TIMEOUT;
  guarded_open (&guarded, &options);
  for (i = 0; i < G_N_ELEMENTS (begins); i++) {
    gint64 start = g_get_monotonic_time ();
    WsRaw *raw = ws_raw_new (guarded.port);

    ws_raw_send (raw, begins[i], strlen (begins[i]));
    expect_closed_unanswered (raw);
    fail_unless (g_get_monotonic_time () - start >= TIMEOUT * 1000,
        "'%s' was ended early", begins[i]);
    guarded_expect (&guarded, "handshakes-timed-out", i + 1);
    ws_raw_free (raw);
  }
  guarded_close (&guarded);
}

GST_END_TEST;

/* A byte now and then does not prolong it. */
GST_START_TEST (test_one_byte_at_a_time)
{
  GstTryonListenerOptions options = make_options ();
  gint64 start, deadline = WS_DEADLINE;
  Guarded guarded;
  gssize sent = 1;
  WsRaw *raw;

  options.handshake_timeout = TIMEOUT;
  guarded_open (&guarded, &options);
  start = g_get_monotonic_time ();
  raw = ws_raw_new (guarded.port);
  ws_raw_send (raw, "GET /", 5);
  while (sent == 1 && !g_socket_condition_timed_wait (raw->socket, G_IO_IN,
          10000, NULL, NULL)) {
    sent = g_socket_send (raw->socket, "a", 1, NULL, NULL);
    fail_unless (g_get_monotonic_time () < deadline, "it is never ended");
  }
  fail_unless (g_get_monotonic_time () - start >= TIMEOUT * 1000);
  expect_closed_unanswered (raw);
  guarded_expect (&guarded, "handshakes-timed-out", 1);
  ws_raw_free (raw);
  guarded_close (&guarded);
}

GST_END_TEST;

/* Who was refused, and stays, does not keep its place. */
GST_START_TEST (test_refused_client_that_does_not_close)
{
  static const gchar *const requests[] = {
    "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /ws/try-on/a/ HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n\r\n"
  };
  GstTryonListenerOptions options = make_options ();
  Guarded guarded;
  guint i;

  options.handshake_timeout = TIMEOUT;
  guarded_open (&guarded, &options);
  for (i = 0; i < G_N_ELEMENTS (requests); i++) {
    WsRaw *raw = ws_raw_new (guarded.port);

    ws_raw_send (raw, requests[i], strlen (requests[i]));
    fail_unless_equals_int (ws_raw_read_answer (raw, NULL, NULL),
        i ? 426 : 404);
    guarded_wait (&guarded, "connections", 0);
    guarded_expect (&guarded, "connections-pending", 0);
    fail_if (ws_raw_read (raw));
    ws_raw_free (raw);
  }
  guarded_close (&guarded);
}

GST_END_TEST;

/* A WebSocket may be as old as it likes. */
GST_START_TEST (test_websocket_has_no_handshake_timeout)
{
  GstTryonListenerOptions options = make_options ();
  WsRaw *raw, *silent;
  Guarded guarded;
  guint i;

  options.handshake_timeout = TIMEOUT;
  guarded_open (&guarded, &options);
  raw = ws_raw_new (guarded.port);
  raw_upgrade (raw);
  for (i = 0; i < 2; i++) {
    /* Is younger, and ends. */
    silent = ws_raw_new (guarded.port);
    expect_closed_unanswered (silent);
    ws_raw_free (silent);
    expect_pong (raw);
  }
  guarded_expect (&guarded, "handshakes-timed-out", 2);
  guarded_wait (&guarded, "connections", 1);
  ws_raw_free (raw);
  guarded_close (&guarded);
}

GST_END_TEST;

static Suite *
guardhandshake_suite (void)
{
  Suite *s = suite_create ("guardhandshake");
  TCase *tc;

  tc = tcase_create ("bytes");
  tcase_add_loop_test (tc, test_max_header_bytes, LINE, BODY + 1);
  tcase_add_test (tc, test_max_header_bytes_of_a_websocket);
  suite_add_tcase (s, tc);

  tc = tcase_create ("time");
  tcase_add_test (tc, test_handshake_timeout);
  tcase_add_test (tc, test_one_byte_at_a_time);
  tcase_add_test (tc, test_refused_client_that_does_not_close);
  tcase_add_test (tc, test_websocket_has_no_handshake_timeout);
  suite_add_tcase (s, tc);
  return s;
}

GST_CHECK_MAIN (guardhandshake);

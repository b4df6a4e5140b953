/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who is let in at a listener, and what the others are told. */

#include "wsdesk.h"

GST_START_TEST (test_requests_that_are_no_upgrade)
{
  GstTryonListener *listener = listen_on ("127.0.0.1", 0);
  guint port = gst_tryon_listener_get_port (listener);
  Desk desk = { NULL, };
  guint id = desk_open (&desk, listener, &any);
  gchar *head;

  g_free (expect_refusal (port, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 404,
          "BAD_MESSAGE"));
  g_free (expect_refusal (port, "GET /ws/try-on/a%2fb/ HTTP/1.1\r\nHost: a\r\n"
          "\r\n", 404, "BAD_MESSAGE"));
  head = expect_refusal (port,
      "GET /ws/try-on/a/ HTTP/1.1\r\nHost: a\r\n\r\n", 426, "BAD_MESSAGE");
  expect_header (head, "Upgrade", "websocket");
  g_free (head);
  head = expect_refusal (port, "POST /ws/try-on/a/ HTTP/1.1\r\nHost: a\r\n"
      "Content-Length: 3\r\n\r\nabc", 405, "BAD_MESSAGE");
  expect_header (head, "Allow", "GET");
  g_free (head);
  head = expect_refusal (port, "GET /ws/try-on/a/ HTTP/1.1\r\nHost: a\r\n"
      "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
      "Sec-WebSocket-Version: 8\r\n" WS_PROTOCOL_LINE "\r\n", 400,
      "BAD_MESSAGE");
  expect_header (head, "Sec-WebSocket-Version", "13");
  g_free (head);
  g_free (expect_refusal (port, "GET /ws/try-on/a/ HTTP/1.1\r\nHost: a\r\n"
          "Upgrade: websocket\r\nConnection: Upgrade\r\n"
          "Sec-WebSocket-Key: short\r\nSec-WebSocket-Version: 13\r\n"
          WS_PROTOCOL_LINE "\r\n", 400, "BAD_MESSAGE"));
  expect_status (port, "/ws/try-on/a/", WS_PROTOCOL_LINE
      "Content-Length: 0\r\n", 101, NULL);
  fail_unless_equals_int (g_atomic_int_get (&desk.admitted), 1);
  /* None of these named an endpoint's session rightly. */
  fail_unless_equals_int (g_atomic_int_get (&desk.refused), 0);
  desk_close (&desk, listener, id);
  gst_object_unref (listener);
}

GST_END_TEST;

/* libsoup loses the path of the first of such requests, up to all that a request may be
 * long: with AddressSanitizer this test tells. Of lengths below 0 it makes warnings. */
GST_START_TEST (test_bodies_that_nobody_understands)
{
  static const gchar *const rows[] = {
    "Transfer-Encoding: gzip\r\n",
    "Transfer-Encoding: chunked, gzip\r\n",
    "transfer-encoding:\r\n chunked,\r\n\tgzip\r\n",
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n",
    "Content-Length: 1x\r\n",
    "Content-Length: -\r\nHost: b\r\n",
    "Content-Length: -1\r\n",
    "Content-Length: -9999999\r\n",
    "Content-Length: +1\r\n",
    "Content-Length: -18446744073709551615\r\n",
    "Content-Length: 9223372036854775808\r\n",
  };
  GstTryonListener *listener = listen_on ("127.0.0.1", 0);
  guint port = gst_tryon_listener_get_port (listener);
  Desk desk = { NULL, };
  guint id = desk_open (&desk, listener, &any);
  gchar *path = g_strnfill (4000, 'a'), *request, *head;
  guint64 malformed = 0;
  GstStructure *stats;
  guint i;

  for (i = 0; i < G_N_ELEMENTS (rows); i++) {
    WsRaw *raw = ws_raw_new (port);

    GST_INFO ("%s", rows[i]);
    request = g_strdup_printf ("GET /%s HTTP/1.1\r\nHost: a\r\n%s\r\n", path,
        rows[i]);
    ws_raw_send (raw, request, strlen (request));
    fail_unless_equals_int (ws_raw_read_answer (raw, &head, NULL), 400);
    expect_header (head, "Connection", "close");
    fail_if (ws_raw_read (raw));
    ws_raw_free (raw);
    g_free (head);
    /* Also where it ends before its header does. */
    raw = ws_raw_new (port);
    ws_raw_send (raw, request, strlen (request) - 2);
    g_socket_shutdown (raw->socket, FALSE, TRUE, NULL);
    fail_if (ws_raw_read (raw));
    ws_raw_free (raw);
    g_free (request);
  }
  fail_unless_equals_int (g_atomic_int_get (&desk.admitted), 0);
  stats = gst_tryon_listener_get_stats (listener);
  gst_structure_get_uint64 (stats, "requests-malformed", &malformed);
  fail_unless_equals_uint64 (malformed, G_N_ELEMENTS (rows));
  gst_structure_free (stats);
  g_free (path);
  desk_close (&desk, listener, id);
  gst_object_unref (listener);
}

GST_END_TEST;

/* It could keep the stream from others for ever. */
GST_START_TEST (test_upgrade_that_promises_a_body_is_refused)
{
  GstTryonListener *listener = listen_on ("127.0.0.1", 0);
  guint port = gst_tryon_listener_get_port (listener);
  Desk desk = { NULL, };
  guint id = desk_open (&desk, listener, &any);

  expect_status (port, "/ws/try-on/a/", WS_PROTOCOL_LINE
      "Content-Length: 1\r\n\r\nx", 400, "BAD_MESSAGE");
  fail_unless_equals_int (g_atomic_int_get (&desk.admitted), 0);
  desk_close (&desk, listener, id);
  gst_object_unref (listener);
}

GST_END_TEST;

/* Words go on to logs, JSON and messages of the bus. */
GST_START_TEST (test_refusals_are_utf8)
{
  GstTryonListener *listener = listen_on ("127.0.0.1", 0);
  guint port = gst_tryon_listener_get_port (listener);
  GstTryonEndpoint guarded = any;
  Desk desk = { NULL, };
  guint id;

  guarded.allowed_origins = "http://a.example";
  id = desk_open (&desk, listener, &guarded);
  g_free (expect_refusal (port, "G\xf6T /ws/try-on/a/ HTTP/1.1\r\n"
          "Host: a\r\n\r\n", 405, "BAD_MESSAGE"));
  expect_status (port, "/ws/try-on/a/", WS_PROTOCOL_LINE
      "Origin: http://\xf6.example\r\n", 403, "UNAUTHORIZED");
  fail_unless_equals_int (desk.refused_status, 403);
  desk_close (&desk, listener, id);
  gst_object_unref (listener);
}

GST_END_TEST;

GST_START_TEST (test_subprotocol)
{
  const struct
  {
    const gchar *extra;
    guint status;
  } rows[] = {
    {"", 400},
    {"Sec-WebSocket-Protocol: tryon.v2\r\n", 400},
    {"Sec-WebSocket-Protocol: tryon.v10\r\n", 400},
    {"Sec-WebSocket-Protocol: TRYON.V1\r\n", 400},
    {"Sec-WebSocket-Protocol: tryon.token.x\r\n", 400},
    {"Sec-WebSocket-Protocol: tryon.v1\r\n", 101},
    {"Sec-WebSocket-Protocol: chat,tryon.v1 , more\r\n", 101},
    {"Sec-WebSocket-Protocol: tryon.v1\r\nSec-WebSocket-Protocol: b\r\n", 101},
    {"Sec-WebSocket-Protocol: b\r\nSec-WebSocket-Protocol: tryon.v1\r\n", 101},
  };
  GstTryonListener *listener = listen_on ("127.0.0.1", 0);
  guint port = gst_tryon_listener_get_port (listener);
  Desk desk = { NULL, };
  guint id = desk_open (&desk, listener, &any);
  guint i;

  for (i = 0; i < G_N_ELEMENTS (rows); i++)
    expect_status (port, "/ws/try-on/a/", rows[i].extra, rows[i].status,
        "BAD_MESSAGE");
  desk_close (&desk, listener, id);
  gst_object_unref (listener);
}

GST_END_TEST;

GST_START_TEST (test_nothing_but_the_subprotocol_is_agreed_on)
{
  GstTryonListener *listener = listen_on ("127.0.0.1", 0);
  guint port = gst_tryon_listener_get_port (listener);
  GstTryonEndpoint guarded = any;
  Desk desk = { NULL, };
  WsRaw *raw;
  gchar *request, *head;
  guint id;

  guarded.token = "s3cret";
  id = desk_open (&desk, listener, &guarded);
  request = ws_request ("/ws/try-on/a/",
      "Sec-WebSocket-Protocol: tryon.token.s3cret, tryon.v1\r\n"
      "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"
      "Origin: http://tryon.example:8001\r\n");
  raw = ws_raw_new (port);
  ws_raw_send (raw, request, strlen (request));
  fail_unless_equals_int (ws_raw_read_answer (raw, &head, NULL), 101);
  expect_header (head, "Sec-WebSocket-Protocol", "tryon.v1");
  expect_header (head, "Sec-WebSocket-Extensions", NULL);
  /* RFC 6455 section 1.3. */
  expect_header (head, "Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  fail_unless (strstr (head, "s3cret") == NULL, "%s", head);
  g_free (head);
  g_free (request);
  ws_raw_free (raw);
  desk_close (&desk, listener, id);
  gst_object_unref (listener);
}

GST_END_TEST;

GST_START_TEST (test_token)
{
  const struct
  {
    const gchar *extra;
    guint status;
  } rows[] = {
    {WS_PROTOCOL_LINE, 401},
    {WS_PROTOCOL_LINE "Authorization: Bearer s3cre\r\n", 401},
    {WS_PROTOCOL_LINE "Authorization: Bearer s3cret2\r\n", 401},
    {WS_PROTOCOL_LINE "Authorization: Bearer s3crets3cret\r\n", 401},
    {WS_PROTOCOL_LINE "Authorization: Bearer \r\n", 401},
    {WS_PROTOCOL_LINE "Authorization: Basic s3cret\r\n", 401},
    {WS_PROTOCOL_LINE "Authorization: Bearer s3cret\r\n", 101},
    {WS_PROTOCOL_LINE "Authorization: bearer  s3cret\r\n", 101},
    {"Sec-WebSocket-Protocol: tryon.v1, tryon.token.wrong\r\n", 401},
    {"Sec-WebSocket-Protocol: tryon.v1, tryon.token.\r\n", 401},
    {"Sec-WebSocket-Protocol: tryon.v1, tryon.token.s3cret\r\n", 101},
    {WS_PROTOCOL_LINE "Sec-WebSocket-Protocol: tryon.token.s3cret\r\n", 101},
  };
  GstTryonListener *listener = listen_on ("127.0.0.1", 0);
  guint port = gst_tryon_listener_get_port (listener);
  GstTryonEndpoint guarded = any;
  Desk desk = { NULL, };
  gchar *request, *head;
  guint i, id, refused = 0;

  guarded.token = "s3cret";
  id = desk_open (&desk, listener, &guarded);
  for (i = 0; i < G_N_ELEMENTS (rows); i++) {
    expect_status (port, "/ws/try-on/a/", rows[i].extra, rows[i].status,
        "UNAUTHORIZED");
    refused += rows[i].status == 401;
  }
  fail_unless_equals_int (g_atomic_int_get (&desk.refused), refused);
  fail_unless_equals_int (desk.refused_status, 401);

  request = ws_request ("/ws/try-on/a/", WS_PROTOCOL_LINE);
  head = expect_refusal (port, request, 401, "UNAUTHORIZED");
  expect_header (head, "WWW-Authenticate", "Bearer");
  g_free (request);
  g_free (head);
  desk_close (&desk, listener, id);
  gst_object_unref (listener);
}

GST_END_TEST;

GST_START_TEST (test_origin)
{
  /* The requests' host is tryon.example:8001. */
  const struct
  {
    const gchar *allowed;
    const gchar *origin;
    guint status;
  } rows[] = {
    {NULL, NULL, 101},
    {NULL, "http://tryon.example:8001", 101},
    {NULL, "https://TryOn.example:8001", 101},
    {NULL, "http://tryon.example", 403},
    {NULL, "http://tryon.example:8002", 403},
    {NULL, "http://tryon.example.evil:8001", 403},
    {NULL, "http://evil.example:8001", 403},
    {NULL, "null", 403},
    {NULL, "", 403},
    {"https://a.example", NULL, 101},
    {"https://a.example", "https://a.example", 101},
    {"https://a.example", "https://a.example:443", 101},
    {"https://a.example", "http://a.example", 403},
    {"https://a.example", "https://sub.a.example", 403},
    {"https://a.example", "http://tryon.example:8001", 403},
    {"https://a.example , http://B.example:81", "http://b.example:81", 101},
    {"*", "https://whoever.example", 101},
    {"*", "null", 101},
    {"", "http://tryon.example:8001", 403},
    {"", NULL, 101},
  };
  GstTryonListener *listener = listen_on ("127.0.0.1", 0);
  guint port = gst_tryon_listener_get_port (listener);
  guint i;

  for (i = 0; i < G_N_ELEMENTS (rows); i++) {
    GstTryonEndpoint guarded = any;
    Desk desk = { NULL, };
    gchar *extra;
    guint id;

    GST_INFO ("allowed %s, origin %s", rows[i].allowed, rows[i].origin);
    guarded.allowed_origins = rows[i].allowed;
    id = desk_open (&desk, listener, &guarded);
    extra = rows[i].origin == NULL ? g_strdup (WS_PROTOCOL_LINE) :
        g_strdup_printf (WS_PROTOCOL_LINE "Origin: %s\r\n", rows[i].origin);
    expect_status (port, "/ws/try-on/a/", extra, rows[i].status,
        "UNAUTHORIZED");
    g_free (extra);
    desk_close (&desk, listener, id);
  }
  gst_object_unref (listener);
}

GST_END_TEST;

GST_START_TEST (test_what_admit_says)
{
  const struct
  {
    GstTryonError code;
    guint status;
    const gchar *retry;
  } rows[] = {
    {GST_TRYON_ERROR_SESSION_EXPIRED, 404, NULL},
    {GST_TRYON_ERROR_SESSION_LIMIT, 503, "1"},
    {GST_TRYON_ERROR_UNAUTHORIZED, 403, NULL},
    {GST_TRYON_ERROR_RATE_LIMITED, 429, "1"},
    {GST_TRYON_ERROR_INTERNAL, 500, NULL},
  };
  GstTryonListener *listener = listen_on ("127.0.0.1", 0);
  guint port = gst_tryon_listener_get_port (listener);
  gchar *request = ws_request ("/ws/try-on/a/", WS_PROTOCOL_LINE);
  Desk desk = { NULL, };
  guint id = desk_open (&desk, listener, &any);
  guint i;

  for (i = 0; i < G_N_ELEMENTS (rows); i++) {
    gchar *head;

    g_clear_error (&desk.refusal);
    desk.refusal = g_error_new (GST_TRYON_ERROR, rows[i].code, "no \"%u\"", i);
    head = expect_refusal (port, request, rows[i].status,
        gst_tryon_error_get_code (rows[i].code));
    expect_header (head, "Retry-After", rows[i].retry);
    fail_unless_equals_int (desk.refused_status, rows[i].status);
    g_free (head);
  }
  g_free (request);
  desk_close (&desk, listener, id);
  gst_object_unref (listener);
}

GST_END_TEST;

static Suite *
admission_suite (void)
{
  Suite *s = suite_create ("admission");
  TCase *tc = tcase_create ("refusals");

  tcase_add_test (tc, test_requests_that_are_no_upgrade);
  tcase_add_test (tc, test_bodies_that_nobody_understands);
  tcase_add_test (tc, test_upgrade_that_promises_a_body_is_refused);
  tcase_add_test (tc, test_refusals_are_utf8);
  tcase_add_test (tc, test_subprotocol);
  tcase_add_test (tc, test_nothing_but_the_subprotocol_is_agreed_on);
  tcase_add_test (tc, test_token);
  tcase_add_test (tc, test_origin);
  tcase_add_test (tc, test_what_admit_says);
  suite_add_tcase (s, tc);
  return s;
}

GST_CHECK_MAIN (admission);

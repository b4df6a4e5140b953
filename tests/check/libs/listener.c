/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Listeners: opening, sharing and closing, endpoints, and the way from HTTP to
 * the WebSocket. Who is let in is the test of admission; what is done with the
 * connections that of channels. */

#include <sys/resource.h>

#include "wsdesk.h"

/* ---- sharing ---- */

GST_START_TEST (test_shared_in_every_order_of_leaving)
{
  /* Of three who share it, who leaves first, second, last. */
  static const guint orders[6][3] = {
    {0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}
  };
  guint port = find_free_port ();
  guint i, j;

  for (i = 0; i < G_N_ELEMENTS (orders); i++) {
    GstTryonListener *shares[3];

    for (j = 0; j < 3; j++)
      shares[j] = listen_on ("127.0.0.1", port);
    fail_unless (shares[0] == shares[1] && shares[1] == shares[2]);
    fail_unless_equals_int (gst_tryon_listener_get_port (shares[0]), port);
    for (j = 0; j < 3; j++) {
      fail_unless (is_reachable ("127.0.0.1", port));
      gst_object_unref (shares[orders[i][j]]);
    }
    fail_if (is_reachable ("127.0.0.1", port));
  }
}

GST_END_TEST;

GST_START_TEST (test_reopened_right_after_the_last_left)
{
  guint port = find_free_port ();
  guint i;

  for (i = 0; i < 100; i++) {
    GstTryonListener *listener = listen_on ("127.0.0.1", port);
    Desk desk = { NULL, };
    guint id = desk_open (&desk, listener, &any);
    WsRaw *raw = ws_raw_new_upgraded (port, "/ws/try-on/a/", FALSE);

    /* The connection outlives the listener. */
    desk_close (&desk, listener, id);
    gst_object_unref (listener);
    ws_raw_free (raw);
  }
}

GST_END_TEST;

static gpointer
come_and_go (gpointer data)
{
  guint port = GPOINTER_TO_UINT (data);
  guint i;

  for (i = 0; i < 250; i++)
    gst_object_unref (listen_on ("127.0.0.1", port));
  return NULL;
}

/* With few, it is closed and opened again all the time, with many it is shared
 * most of the time. */
GST_START_TEST (test_shared_by_threads)
{
  guint port = find_free_port ();
  GThread *threads[4];
  guint n, i;

  for (n = 2; n <= G_N_ELEMENTS (threads); n++) {
    for (i = 0; i < n; i++)
      threads[i] = g_thread_new ("share", come_and_go, GUINT_TO_POINTER (port));
    for (i = 0; i < n; i++)
      g_thread_join (threads[i]);
    fail_if (is_reachable ("127.0.0.1", port));
  }
}

GST_END_TEST;

GST_START_TEST (test_port_0_is_never_shared)
{
  GstTryonListener *first = listen_on ("127.0.0.1", 0);
  GstTryonListener *second = listen_on ("127.0.0.1", 0);
  guint port = gst_tryon_listener_get_port (first);
  GError *error = NULL;

  fail_unless (port != 0);
  fail_unless (port != gst_tryon_listener_get_port (second));
  fail_unless (is_reachable ("127.0.0.1", port));
  fail_unless (gst_tryon_listener_get ("127.0.0.1", port, NULL,
          &error) == NULL);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE);
  g_error_free (error);
  gst_object_unref (first);
  gst_object_unref (second);
}

GST_END_TEST;

/* ---- addresses ---- */

GST_START_TEST (test_errors_name_address_and_port)
{
  GstTryonListener *other = listen_on ("127.0.0.1", 0);
  guint port = gst_tryon_listener_get_port (other);
  const struct
  {
    const gchar *address;
    guint port;
    const gchar *text;
  } rows[] = {
    {"127.0.0.1", port, "127.0.0.1:"},
    {"0.0.0.0", port, "0.0.0.0:"},
    {"192.0.2.1", port, "192.0.2.1:"},
    {"2001:db8::1", port, "[2001:db8::1]:"},
    {"no.such.host.invalid", 8001, "no.such.host.invalid:8001"},
  };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (rows); i++) {
    GError *error = NULL;

    fail_unless (gst_tryon_listener_get (rows[i].address, rows[i].port, NULL,
            &error) == NULL);
    fail_unless (error != NULL && strstr (error->message, rows[i].text) != NULL,
        "%s: %s", rows[i].address, error ? error->message : "no error");
    GST_INFO ("%s", error->message);
    g_error_free (error);
  }
  gst_object_unref (other);
}

GST_END_TEST;

GST_START_TEST (test_addresses)
{
  const struct
  {
    const gchar *listen;
    const gchar *reach;
    gboolean optional;          /* IPv6 may be switched off */
  } rows[] = {
    {"127.0.0.1", "127.0.0.1", FALSE},
    {"localhost", "127.0.0.1", FALSE},
    {"localhost", "::1", TRUE},
    {"0.0.0.0", "127.0.0.1", FALSE},
    {"::1", "::1", TRUE},
    {"::", "::1", TRUE},
  };
  GstTryonListener *probe = gst_tryon_listener_get ("::1", 0, NULL, NULL);
  gboolean ipv6 = probe != NULL;
  guint i;

  gst_clear_object (&probe);
  for (i = 0; i < G_N_ELEMENTS (rows); i++) {
    GstTryonListener *listener;

    if (rows[i].optional && !ipv6) {
      GST_WARNING ("no IPv6: %s isn't tested", rows[i].listen);
      continue;
    }
    listener = listen_on (rows[i].listen, 0);
    fail_unless (is_reachable (rows[i].reach,
            gst_tryon_listener_get_port (listener)), "%s at %s",
        rows[i].reach, rows[i].listen);
    gst_object_unref (listener);
  }
}

GST_END_TEST;

static void
count_retries (GstDebugCategory * category, GstDebugLevel level,
    const gchar * file, const gchar * function, gint line, GObject * object,
    GstDebugMessage * message, gpointer user_data)
{
  GAsyncQueue *retries = user_data;

  if (g_str_equal (gst_debug_category_get_name (category), "tryon-acceptor"))
    g_async_queue_push (retries, GINT_TO_POINTER (1));
}

/* As long as there are too many open files, nobody can come in; but then. */
GST_START_TEST (test_goes_on_after_too_many_open_files)
{
  GAsyncQueue *retries = g_async_queue_new ();
  WsRaw raw = { NULL, g_byte_array_sized_new (4096) };
  GstTryonListener *listener;
  GSocketAddress *address;
  struct rlimit limit, few;
  Desk desk = { NULL, };
  guint id;

  /* Before there is a thread that reads it. */
  gst_debug_set_threshold_for_name ("tryon-acceptor", GST_LEVEL_WARNING);
  gst_debug_add_log_function (count_retries, retries, NULL);
  listener = listen_on ("127.0.0.1", 0);
  id = desk_open (&desk, listener, &any);
  address = g_inet_socket_address_new_from_string ("127.0.0.1",
      gst_tryon_listener_get_port (listener));
  raw.socket = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM,
      G_SOCKET_PROTOCOL_TCP, NULL);
  g_socket_set_timeout (raw.socket, WS_TIMEOUT);

  fail_unless_equals_int (getrlimit (RLIMIT_NOFILE, &limit), 0);
  few = limit;
  few.rlim_cur = g_socket_get_fd (raw.socket) + 1;
  fail_unless_equals_int (setrlimit (RLIMIT_NOFILE, &few), 0);
  fail_unless (g_socket_connect (raw.socket, address, NULL, NULL));
  fail_unless (g_async_queue_timeout_pop (retries,
          WS_TIMEOUT * G_USEC_PER_SEC) != NULL);
  fail_unless_equals_int (setrlimit (RLIMIT_NOFILE, &limit), 0);

  ws_raw_send (&raw, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 27);
  fail_unless_equals_int (ws_raw_read_answer (&raw, NULL, NULL), 404);

  desk_close (&desk, listener, id);
  gst_debug_remove_log_function (count_retries);
  g_async_queue_unref (retries);
  g_byte_array_unref (raw.in);
  g_object_unref (raw.socket);
  g_object_unref (address);
  gst_object_unref (listener);
}

GST_END_TEST;

/* ---- endpoints ---- */

GST_START_TEST (test_endpoints)
{
  GstTryonListener *listener = listen_on ("127.0.0.1", 0);
  guint port = gst_tryon_listener_get_port (listener);
  GstTryonEndpoint one = any, other = any;
  Desk desk_any = { NULL, }, desk_one = { NULL, }, desk_other = { NULL, };
  guint id_any, id_one, id_other;
  GError *error = NULL;

  one.session_id = "one";
  other.session_id = "other";
  id_one = desk_open (&desk_one, listener, &one);
  expect_status (port, "/ws/try-on/any/", WS_PROTOCOL_LINE, 404,
      "SESSION_EXPIRED");
  /* In whatever order they come, who is named goes first. */
  id_any = desk_open (&desk_any, listener, &any);
  id_other = desk_open (&desk_other, listener, &other);
  fail_unless_equals_int (gst_tryon_listener_add_endpoint (listener, &one,
          NULL, NULL, &error), 0);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS);
  g_clear_error (&error);
  fail_unless_equals_int (gst_tryon_listener_add_endpoint (listener, &any,
          NULL, NULL, &error), 0);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS);
  g_clear_error (&error);

  expect_status (port, "/ws/try-on/one/", WS_PROTOCOL_LINE, 101, NULL);
  expect_status (port, "/ws/try-on/any/", WS_PROTOCOL_LINE, 101, NULL);
  expect_status (port, "/ws/try-on/other/", WS_PROTOCOL_LINE, 101, NULL);
  fail_unless_equals_int (g_atomic_int_get (&desk_one.admitted), 1);
  fail_unless_equals_int (g_atomic_int_get (&desk_any.admitted), 1);
  fail_unless_equals_int (g_atomic_int_get (&desk_other.admitted), 1);

  /* Whom nobody names any more goes to the one that takes any. */
  desk_close (&desk_one, listener, id_one);
  expect_status (port, "/ws/try-on/one/", WS_PROTOCOL_LINE, 101, NULL);
  fail_unless_equals_int (g_atomic_int_get (&desk_any.admitted), 2);
  desk_close (&desk_any, listener, id_any);
  expect_status (port, "/ws/try-on/one/", WS_PROTOCOL_LINE, 404,
      "SESSION_EXPIRED");
  desk_close (&desk_other, listener, id_other);
  gst_object_unref (listener);
}

GST_END_TEST;

/* Who comes before there is anything to serve is not sent away. */
GST_START_TEST (test_early_client_waits)
{
  GstTryonListener *listener = listen_on ("127.0.0.1", 0);
  WsRaw *raw = ws_raw_new (gst_tryon_listener_get_port (listener));
  gchar *request = ws_request ("/ws/try-on/early/", WS_PROTOCOL_LINE);
  Desk desk = { NULL, };
  guint id;

  ws_raw_send (raw, request, strlen (request));
  id = desk_open (&desk, listener, &any);
  fail_unless_equals_int (ws_raw_read_answer (raw, NULL, NULL), 101);
  ws_raw_free (raw);
  g_free (request);
  desk_close (&desk, listener, id);
  gst_object_unref (listener);
}

GST_END_TEST;

GST_START_TEST (test_endpoints_that_cannot_be)
{
  GstTryonListener *listener = listen_on ("127.0.0.1", 0);
  GstTryonEndpoint bad[] = { any, any, any, any };
  guint i;

  bad[0].session_id = "not/an/id";
  bad[1].token = "";
  bad[2].allowed_origins = "a.example";
  bad[3].allowed_origins = "https://a.example, https://b.example/page";
  for (i = 0; i < G_N_ELEMENTS (bad); i++) {
    GError *error = NULL;

    fail_unless_equals_int (gst_tryon_listener_add_endpoint (listener, &bad[i],
            NULL, NULL, &error), 0);
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
    GST_INFO ("%s", error->message);
    g_error_free (error);
  }
  gst_object_unref (listener);
}

GST_END_TEST;

GST_START_TEST (test_removing_an_endpoint_ends_its_connections)
{
  GstTryonListener *listener = listen_on ("127.0.0.1", 0);
  guint port = gst_tryon_listener_get_port (listener);
  GstTryonEndpoint one = any, other = any;
  Desk desk_one = { NULL, }, desk_other = { NULL, };
  WsClient *gone, *stays;
  GstTryonSession *session;
  GstStructure *bye;
  guint id_one, id_other;

  one.session_id = "one";
  other.session_id = "other";
  id_one = desk_open (&desk_one, listener, &one);
  id_other = desk_open (&desk_other, listener, &other);
  gone = ws_client_new (port, "one");
  stays = ws_client_new (port, "other");
  ws_client_init (gone);
  session = gst_object_ref (desk_one.last);
  fail_unless (gst_tryon_session_is_connected (session));

  gst_tryon_session_close (session, GST_TRYON_CLOSE_GOING_AWAY, "so long",
      FALSE);
  desk_close (&desk_one, listener, id_one);
  fail_if (gst_tryon_session_is_connected (session));
  bye = ws_client_next_text (gone, "bye");
  fail_unless_equals_string (gst_structure_get_string (bye, "reason"),
      "so long");
  gst_structure_free (bye);
  fail_unless_equals_int (ws_client_wait_closed (gone), 1001);
  ws_client_free (gone);

  ws_client_init (stays);
  ws_client_close (stays);
  desk_close (&desk_other, listener, id_other);
  gst_object_unref (session);
  gst_object_unref (listener);
}

GST_END_TEST;

/* ---- the way from HTTP to the WebSocket ---- */

GST_START_TEST (test_nothing_behind_the_handshake_is_lost)
{
  GstTryonListener *listener = listen_on ("127.0.0.1", 0);
  guint port = gst_tryon_listener_get_port (listener);
  gchar *request = ws_request ("/ws/try-on/a/", WS_PROTOCOL_LINE);
  Desk desk = { NULL, };
  guint id = desk_open (&desk, listener, &any);
  guint cut, ahead;

  /* Whole in one write, and cut anywhere in what follows the request. */
  for (cut = 0; cut <= 32; cut += 4) {
    GByteArray *out = g_byte_array_new ();
    WsRaw *raw = ws_raw_new (port);
    GstTryonWsOpcode opcode;
    GBytes *ready, *pong;

    g_byte_array_append (out, (guint8 *) request, strlen (request));
    ws_append_frame (out, GST_TRYON_WS_OPCODE_TEXT, WS_INIT, strlen (WS_INIT));
    ws_append_frame (out, GST_TRYON_WS_OPCODE_PING, "hello", 5);
    ahead = out->len - cut;
    ws_raw_send (raw, out->data, ahead);
    if (cut < 32)
      fail_unless_equals_int (ws_raw_read_answer (raw, NULL, NULL), 101);
    ws_raw_send (raw, out->data + ahead, cut);
    if (cut == 32)
      fail_unless_equals_int (ws_raw_read_answer (raw, NULL, NULL), 101);

    pong = ws_raw_read_frame (raw, &opcode);
    if (opcode == GST_TRYON_WS_OPCODE_PONG) {
      ready = ws_raw_read_frame (raw, &opcode);
    } else {
      ready = pong;
      pong = ws_raw_read_frame (raw, &opcode);
      fail_unless_equals_int (opcode, GST_TRYON_WS_OPCODE_PONG);
    }
    fail_unless (g_strstr_len (g_bytes_get_data (ready, NULL),
            g_bytes_get_size (ready), "session_ready") != NULL);
    g_bytes_unref (ready);
    g_bytes_unref (pong);
    g_byte_array_unref (out);
    ws_raw_free (raw);
  }
  g_free (request);
  desk_close (&desk, listener, id);
  gst_object_unref (listener);
}

GST_END_TEST;

/* However far it came, its session ends. */
GST_START_TEST (test_client_that_leaves_in_the_handshake)
{
  GstTryonListener *listener = listen_on ("127.0.0.1", 0);
  guint port = gst_tryon_listener_get_port (listener);
  gchar *request = ws_request ("/ws/try-on/a/", WS_PROTOCOL_LINE);
  Desk desk = { NULL, };
  guint id = desk_open (&desk, listener, &any);
  guint i;

  for (i = 0; i < 50; i++) {
    const struct linger reset = { 1, 0 };
    GstTryonSession *session;
    GstMiniObject *item;
    GstTryonImageInfo info;
    gint64 arrival;
    WsRaw *raw = ws_raw_new (port);

    fail_unless_equals_int (setsockopt (g_socket_get_fd (raw->socket),
            SOL_SOCKET, SO_LINGER, &reset, sizeof (reset)), 0);
    ws_raw_send (raw, request, strlen (request));
    ws_raw_free (raw);
    /* Served after the one before: then that one is there. */
    expect_status (port, "/nothing", "", 404, "BAD_MESSAGE");
    if (desk.last == NULL)
      continue;                 /* the reset overtook the request */
    session = g_steal_pointer (&desk.last);
    fail_unless_equals_int (gst_tryon_session_pull (session, &item, &info,
            &arrival), GST_FLOW_EOS);
    gst_object_unref (session);
  }
  g_free (request);
  desk_close (&desk, listener, id);
  gst_object_unref (listener);
}

GST_END_TEST;

/* Someone whose admission takes its time, and what happened meanwhile. */
typedef struct
{
  GAsyncQueue *entered;
  GAsyncQueue *leave;
  GstTryonSession *first;
  gboolean first_was_there;     /* when the next one came */
} Doorman;

static GstTryonSession *
doorman_admit (const GstTryonRequest * request, gpointer user_data,
    GError ** error)
{
  Doorman *doorman = user_data;

  if (g_str_equal (request->session_id, "first")) {
    doorman->first = gst_tryon_session_new ("first", NULL);
    return gst_object_ref (doorman->first);
  }
  if (g_str_equal (request->session_id, "slow")) {
    g_async_queue_push (doorman->entered, doorman);
    g_async_queue_pop (doorman->leave);
  } else {
    doorman->first_was_there = gst_tryon_session_is_connected (doorman->first);
  }
  g_set_error_literal (error, GST_TRYON_ERROR, GST_TRYON_ERROR_SESSION_LIMIT,
      "no room");
  return NULL;
}

/* Who comes right after another left finds that one gone, even when the
 * listener learns of both at once. */
GST_START_TEST (test_leaving_is_seen_before_coming)
{
  GstTryonListener *listener = listen_on ("127.0.0.1", 0);
  guint port = gst_tryon_listener_get_port (listener);
  Doorman doorman = { g_async_queue_new (), g_async_queue_new (), NULL, TRUE };
  gchar *slow_request = ws_request ("/ws/try-on/slow/", WS_PROTOCOL_LINE);
  gchar *next_request = ws_request ("/ws/try-on/next/", WS_PROTOCOL_LINE);
  GstTryonEndpoint endpoint = any;
  WsRaw *first, *slow, *next;
  guint id;

  endpoint.admit = doorman_admit;
  endpoint.refused = NULL;
  id = gst_tryon_listener_add_endpoint (listener, &endpoint, &doorman, NULL,
      NULL);
  first = ws_raw_new_upgraded (port, "/ws/try-on/first/", FALSE);
  slow = ws_raw_new (port);
  ws_raw_send (slow, slow_request, strlen (slow_request));
  g_async_queue_pop (doorman.entered);
  ws_raw_free (first);
  next = ws_raw_new (port);
  ws_raw_send (next, next_request, strlen (next_request));
  g_async_queue_push (doorman.leave, &doorman);

  fail_unless_equals_int (ws_raw_read_answer (slow, NULL, NULL), 503);
  fail_unless_equals_int (ws_raw_read_answer (next, NULL, NULL), 503);
  fail_if (doorman.first_was_there);
  ws_raw_free (slow);
  ws_raw_free (next);
  gst_tryon_listener_remove_endpoint (listener, id);
  gst_object_unref (listener);
  gst_object_unref (doorman.first);
  g_async_queue_unref (doorman.entered);
  g_async_queue_unref (doorman.leave);
  g_free (slow_request);
  g_free (next_request);
}

GST_END_TEST;

/* Requests that never end, and connections that never ask. */
GST_START_TEST (test_closes_with_requests_under_way)
{
  guint port = find_free_port ();
  guint i;

  for (i = 0; i < 20; i++) {
    GstTryonListener *listener = listen_on ("127.0.0.1", port);
    WsRaw *silent = ws_raw_new (port), *slow = ws_raw_new (port);
    Desk desk = { NULL, };
    guint id = desk_open (&desk, listener, &any);

    ws_raw_send (slow, "GET /ws/try-on/a/ HTTP/1.1\r\nHos", 31);
    expect_status (port, "/nothing", "", 404, "BAD_MESSAGE");
    desk_close (&desk, listener, id);
    gst_object_unref (listener);
    fail_if (ws_raw_read (silent));
    fail_if (ws_raw_read (slow));
    ws_raw_free (silent);
    ws_raw_free (slow);
  }
}

GST_END_TEST;

static Suite *
listener_suite (void)
{
  Suite *s = suite_create ("listener");
  TCase *tc;

  tc = tcase_create ("sharing");
  tcase_add_test (tc, test_shared_in_every_order_of_leaving);
  tcase_add_test (tc, test_reopened_right_after_the_last_left);
  tcase_add_test (tc, test_shared_by_threads);
  tcase_add_test (tc, test_port_0_is_never_shared);
  suite_add_tcase (s, tc);

  tc = tcase_create ("addresses");
  tcase_add_test (tc, test_errors_name_address_and_port);
  tcase_add_test (tc, test_addresses);
  tcase_add_test (tc, test_goes_on_after_too_many_open_files);
  suite_add_tcase (s, tc);

  tc = tcase_create ("endpoints");
  tcase_add_test (tc, test_endpoints);
  tcase_add_test (tc, test_early_client_waits);
  tcase_add_test (tc, test_endpoints_that_cannot_be);
  tcase_add_test (tc, test_removing_an_endpoint_ends_its_connections);
  suite_add_tcase (s, tc);

  tc = tcase_create ("handshake");
  tcase_add_test (tc, test_nothing_behind_the_handshake_is_lost);
  tcase_add_test (tc, test_client_that_leaves_in_the_handshake);
  tcase_add_test (tc, test_leaving_is_seen_before_coming);
  tcase_add_test (tc, test_closes_with_requests_under_way);
  suite_add_tcase (s, tc);
  return s;
}

GST_CHECK_MAIN (listener);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How many connections and handshakes a listener lets be, and what it counts of
 * them. */

#include "guardtest.h"

/* ---- connections ---- */

/* Up to the limit all are served; one more is closed without an answer, and the
 * next is served when somebody has left, be that a WebSocket or one that has said
 * nothing yet. */
GST_START_TEST (test_max_connections)
{
  GstTryonListenerOptions options = make_options ();
  Guarded guarded;
  WsRaw *raws[3], *beyond;
  guint i;

  options.max_connections = 3;
  guarded_open (&guarded, &options);
  for (i = 0; i < 3; i++) {
    raws[i] = ws_raw_new (guarded.port);
    if (i < 2)
      raw_upgrade (raws[i]);
  }
  guarded_wait (&guarded, "connections", 3);
  guarded_wait (&guarded, "connections-pending", 1);
  guarded_expect (&guarded, "connections-over-limit", 0);

  for (i = 1; i <= 5; i++) {
    beyond = ws_raw_new (guarded.port);
    expect_closed_unanswered (beyond);
    ws_raw_free (beyond);
    guarded_expect (&guarded, "connections-over-limit", i);
  }
  guarded_expect (&guarded, "connections", 3);
  guarded_expect (&guarded, "connections-accepted", 3);
  expect_pong (raws[0]);
  expect_pong (raws[1]);
  raw_upgrade (raws[2]);
  guarded_expect (&guarded, "connections", 3);

  for (i = 0; i < 3; i++) {
    ws_raw_free (raws[i]);
    guarded_wait (&guarded, "connections", 2);
    raws[i] = ws_raw_new (guarded.port);
    raw_upgrade (raws[i]);
  }
  guarded_expect (&guarded, "connections", 3);
  guarded_expect (&guarded, "connections-over-limit", 5);
  guarded_expect (&guarded, "connections-accepted", 6);
  for (i = 0; i < 3; i++)
    ws_raw_free (raws[i]);
  guarded_close (&guarded);
}

GST_END_TEST;

/* A WebSocket has its place until its socket is closed, not until somebody says
 * goodbye. */
GST_START_TEST (test_websockets_count_until_they_have_gone)
{
  static const guint8 normal[] = { 0x03, 0xe8 };
  GstTryonListenerOptions options = make_options ();
  GstTryonWsOpcode opcode;
  Guarded guarded;
  WsRaw *raw, *next;

  options.max_connections = 1;
  guarded_open (&guarded, &options);
  raw = ws_raw_new (guarded.port);
  raw_upgrade (raw);
  /* The listener's end has let go of it, its connection goes on closing. */
  gst_tryon_listener_remove_endpoint (guarded.listener, guarded.id);
  g_bytes_unref (ws_raw_read_frame (raw, &opcode));
  fail_unless_equals_int (opcode, GST_TRYON_WS_OPCODE_CLOSE);
  guarded_expect (&guarded, "connections", 1);
  next = ws_raw_new (guarded.port);
  expect_closed_unanswered (next);
  ws_raw_free (next);

  ws_raw_send_frame (raw, GST_TRYON_WS_OPCODE_CLOSE, normal, 2);
  fail_if (ws_raw_read (raw));
  guarded_wait (&guarded, "connections", 0);
  next = ws_raw_new (guarded.port);
  ws_raw_send (next, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 27);
  fail_unless_equals_int (ws_raw_read_answer (next, NULL, NULL), 404);
  ws_raw_free (next);
  ws_raw_free (raw);
  guarded_wait (&guarded, "connections", 0);
  guarded_expect (&guarded, "connections-pending", 0);
  gst_object_unref (guarded.listener);
}

GST_END_TEST;

/* Each address has its own count, which goes down as its clients leave. */
GST_START_TEST (test_max_connections_per_address)
{
  static const gchar *const addresses[] = { "127.0.0.1", "127.0.0.2" };
  GstTryonListenerOptions options = make_options ();
  Guarded guarded;
  WsRaw *raws[2][2], *beyond;
  guint a, i, refused = 0;

  options.max_connections_per_address = 2;
  guarded_open (&guarded, &options);
  for (a = 0; a < 2; a++) {
    for (i = 0; i < 2; i++) {
      raws[a][i] = ws_raw_new_from (addresses[a], guarded.port);
      raw_upgrade (raws[a][i]);
    }
    beyond = ws_raw_new_from (addresses[a], guarded.port);
    expect_closed_unanswered (beyond);
    ws_raw_free (beyond);
    guarded_expect (&guarded, "connections-over-address-limit", ++refused);
  }
  guarded_expect (&guarded, "connections", 4);
  guarded_expect (&guarded, "connections-over-limit", 0);

  /* The place of one is none of the other's. */
  ws_raw_free (raws[0][1]);
  guarded_wait (&guarded, "connections", 3);
  beyond = ws_raw_new_from (addresses[1], guarded.port);
  expect_closed_unanswered (beyond);
  ws_raw_free (beyond);
  raws[0][1] = ws_raw_new_from (addresses[0], guarded.port);
  raw_upgrade (raws[0][1]);

  /* Forgotten when the last has left, and counted from 0 again. */
  for (i = 0; i < 2; i++)
    ws_raw_free (raws[1][i]);
  guarded_wait (&guarded, "connections", 2);
  for (i = 0; i < 2; i++) {
    raws[1][i] = ws_raw_new_from (addresses[1], guarded.port);
    raw_upgrade (raws[1][i]);
  }
  guarded_expect (&guarded, "connections-over-address-limit", 3);
  guarded_expect (&guarded, "connections-accepted", 7);
  for (a = 0; a < 2; a++) {
    for (i = 0; i < 2; i++)
      ws_raw_free (raws[a][i]);
  }
  guarded_close (&guarded);
}

GST_END_TEST;

/* ---- handshakes ---- */

/* The oldest gives way, and nobody else. */
GST_START_TEST (test_max_pending_handshakes)
{
  GstTryonListenerOptions options = make_options ();
  Guarded guarded;
  WsRaw *silent[4], *next;
  guint i;

  options.max_pending_handshakes = 4;
  guarded_open (&guarded, &options);
  for (i = 0; i < 4; i++)
    silent[i] = ws_raw_new (guarded.port);
  guarded_wait (&guarded, "connections-pending", 4);
  guarded_expect (&guarded, "handshakes-superseded", 0);

  for (i = 0; i < 2; i++) {
    /* Nothing was read of it yet, or half of its request. */
    if (i == 1)
      ws_raw_send (silent[i], "GET / HT", 8);
    next = ws_raw_new (guarded.port);
    raw_upgrade (next);
    expect_closed_unanswered (silent[i]);
    guarded_expect (&guarded, "handshakes-superseded", i + 1);
    expect_pong (next);
    ws_raw_free (next);
    /* Its place among the pending ones is free since it is a WebSocket. */
    guarded_expect (&guarded, "connections-pending", 3);
    ws_raw_free (silent[i]);
    silent[i] = ws_raw_new (guarded.port);
    guarded_wait (&guarded, "connections-pending", 4);
  }
  guarded_expect (&guarded, "handshakes-superseded", 2);
  for (i = 0; i < 4; i++) {
    raw_upgrade (silent[i]);
    guarded_wait (&guarded, "connections-pending", 3 - i);
  }
  for (i = 0; i < 4; i++)
    ws_raw_free (silent[i]);
  guarded_close (&guarded);
}

GST_END_TEST;

#define N_SILENT 200

GST_START_TEST (test_healthy_among_silent)
{
  GstTryonListenerOptions options = make_options ();
  Guarded guarded;
  WsRaw *silent[N_SILENT], *stays;
  guint i;

  options.max_pending_handshakes = 8;
  guarded_open (&guarded, &options);
  stays = ws_raw_new (guarded.port);
  raw_upgrade (stays);
  for (i = 0; i < N_SILENT; i++) {
    silent[i] = ws_raw_new (guarded.port);
    if (i % 10 == 9) {
      WsRaw *healthy = ws_raw_new (guarded.port);

      raw_upgrade (healthy);
      expect_pong (healthy);
      ws_raw_free (healthy);
      fail_unless (guarded_get (&guarded, "connections-pending") <= 8);
    }
  }
  expect_pong (stays);
  /* Each of them waits, or had to give way. */
  guarded_wait (&guarded, "connections-accepted", 1 + N_SILENT + N_SILENT / 10);
  guarded_expect (&guarded, "handshakes-superseded", N_SILENT
      - guarded_get (&guarded, "connections-pending"));
  guarded_expect (&guarded, "handshakes-timed-out", 0);
  for (i = 0; i < N_SILENT; i++)
    ws_raw_free (silent[i]);
  ws_raw_free (stays);
  guarded_close (&guarded);
}

GST_END_TEST;

/* ---- what WebSockets are closed for ---- */

static const struct
{
  const gchar *counter;
  const gchar *sent;
  gsize size;
} closes[] = {
  {"closed-protocol-error", "\x83\x80\0\0\0\0", 6},
  {"closed-invalid-data", "\x81\x81\0\0\0\0\xff", 7},
  {"closed-too-big", "\x82\xff\0\0\0\0\x7f\xff\xff\xff\0\0\0\0", 14},
  {"closed-abnormal", "", 0},
};

GST_START_TEST (test_closes_are_counted)
{
  GstTryonListenerOptions options = make_options ();
  Guarded guarded;
  WsRaw *raw;
  guint i;

  guarded_open (&guarded, &options);
  raw = ws_raw_new (guarded.port);
  raw_upgrade (raw);
  ws_raw_send (raw, closes[__i__].sent, closes[__i__].size);
  if (closes[__i__].size == 0)
    g_socket_shutdown (raw->socket, FALSE, TRUE, NULL);
  while (ws_raw_read (raw));
  ws_raw_free (raw);
  for (i = 0; i < G_N_ELEMENTS (closes); i++)
    guarded_wait (&guarded, closes[i].counter, i == (guint) __i__);
  guarded_close (&guarded);
}

GST_END_TEST;

/* ---- the end of it ---- */

/* A listener that goes away does not leave them waiting. */
GST_START_TEST (test_freed_with_pending_handshakes)
{
  GstTryonListenerOptions options = make_options ();
  Guarded guarded;
  WsRaw *raws[6];
  gint64 start;
  guint i;

  guarded_open (&guarded, &options);
  for (i = 0; i < G_N_ELEMENTS (raws); i++) {
    raws[i] = ws_raw_new (guarded.port);
    if (i % 2 == 1)
      ws_raw_send (raws[i], "GET /ws/try-on/a/ HTTP/1.1\r\nHos", 31);
  }
  guarded_wait (&guarded, "connections-pending", G_N_ELEMENTS (raws));
  gst_tryon_listener_remove_endpoint (guarded.listener, guarded.id);
  start = g_get_monotonic_time ();
  gst_object_unref (guarded.listener);
  for (i = 0; i < G_N_ELEMENTS (raws); i++) {
    expect_closed_unanswered (raws[i]);
    ws_raw_free (raws[i]);
  }
  fail_unless (g_get_monotonic_time () - start < 5 * G_USEC_PER_SEC);
}

GST_END_TEST;

/* ---- sharing ---- */

/* Who comes second finds it as the first one opened it. */
GST_START_TEST (test_other_limits_for_the_same_port)
{
  GstTryonListenerOptions options = make_options (), other = make_options ();
  Guarded guarded;
  GstTryonListener *second;
  GstTryonEndpoint endpoint = {
    .limits = GST_TRYON_CONNECTION_LIMITS_INIT,.admit = guarded_admit
  };
  guint port;
  WsRaw *raw, *beyond;

  /* A free port of one's own is never shared. */
  guarded_open (&guarded, &options);
  port = guarded.port;
  guarded_close (&guarded);

  memset (&guarded, 0, sizeof (guarded));
  options.max_connections = 1;
  guarded.listener = gst_tryon_listener_get ("127.0.0.1", port, &options, NULL);
  fail_unless (guarded.listener != NULL);
  second = gst_tryon_listener_get ("127.0.0.1", port, &other, NULL);
  fail_unless (second == guarded.listener);
  guarded.id = gst_tryon_listener_add_endpoint (second, &endpoint, &guarded,
      NULL, NULL);

  raw = ws_raw_new (port);
  raw_upgrade (raw);
  beyond = ws_raw_new (port);
  expect_closed_unanswered (beyond);
  ws_raw_free (beyond);
  guarded_expect (&guarded, "connections-over-limit", 1);
  ws_raw_free (raw);
  guarded_close (&guarded);
  gst_object_unref (second);
}

GST_END_TEST;

/* ---- counters ---- */

typedef struct
{
  Guarded *guarded;
  gint stop;                    /* atomic */
  guint looks;
} Watcher;

/* Whenever one looks, the numbers agree. */
static gpointer
watch (gpointer data)
{
  Watcher *watcher = data;
  guint64 accepted = 0, before;
  guint connections, pending;

  while (!g_atomic_int_get (&watcher->stop)) {
    GstStructure *stats =
        gst_tryon_listener_get_stats (watcher->guarded->listener);

    before = accepted;
    fail_unless (gst_structure_has_name (stats,
            "application/x-tryon-listener-stats"));
    fail_unless (gst_structure_get (stats, "connections", G_TYPE_UINT,
            &connections, "connections-pending", G_TYPE_UINT, &pending,
            "connections-accepted", G_TYPE_UINT64, &accepted, NULL));
    fail_unless (connections <= 4 && pending <= MIN (2, connections), "%"
        GST_PTR_FORMAT, stats);
    fail_unless (accepted >= before && accepted >= connections);
    gst_structure_free (stats);
    watcher->looks++;
    g_thread_yield ();
  }
  return NULL;
}

GST_START_TEST (test_stats_from_another_thread)
{
  GstTryonListenerOptions options = make_options ();
  Guarded guarded;
  Watcher watcher = { &guarded, FALSE, 0 };
  WsRaw *raws[6] = { NULL, };
  gint64 deadline = WS_DEADLINE;
  GThread *thread;
  guint i;

  options.max_connections = 4;
  options.max_pending_handshakes = 2;
  guarded_open (&guarded, &options);
  thread = g_thread_new ("watcher", watch, &watcher);
  for (i = 0; i < 120; i++) {
    WsRaw **raw = &raws[i % G_N_ELEMENTS (raws)];

    g_clear_pointer (raw, ws_raw_free);
    *raw = ws_raw_new (guarded.port);
    if (i % 3 == 0)
      ws_raw_send (*raw, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 27);
  }
  for (i = 0; i < G_N_ELEMENTS (raws); i++)
    ws_raw_free (raws[i]);
  /* The last ones may wait to be accepted yet. */
  while (guarded_get (&guarded, "connections-accepted")
      + guarded_get (&guarded, "connections-over-limit") < 120) {
    fail_unless (g_get_monotonic_time () < deadline);
    g_thread_yield ();
  }
  guarded_wait (&guarded, "connections", 0);
  g_atomic_int_set (&watcher.stop, TRUE);
  g_thread_join (thread);
  fail_unless (watcher.looks > 0);
  guarded_close (&guarded);
}

GST_END_TEST;

static Suite *
guard_suite (void)
{
  Suite *s = suite_create ("guard");
  TCase *tc;

  tc = tcase_create ("connections");
  tcase_add_test (tc, test_max_connections);
  tcase_add_test (tc, test_websockets_count_until_they_have_gone);
  tcase_add_test (tc, test_max_connections_per_address);
  suite_add_tcase (s, tc);

  tc = tcase_create ("handshakes");
  tcase_add_test (tc, test_max_pending_handshakes);
  tcase_add_test (tc, test_healthy_among_silent);
  tcase_add_loop_test (tc, test_closes_are_counted, 0, G_N_ELEMENTS (closes));
  tcase_add_test (tc, test_freed_with_pending_handshakes);
  suite_add_tcase (s, tc);

  tc = tcase_create ("listener");
  tcase_add_test (tc, test_other_limits_for_the_same_port);
  tcase_add_test (tc, test_stats_from_another_thread);
  suite_add_tcase (s, tc);
  return s;
}

GST_CHECK_MAIN (guard);

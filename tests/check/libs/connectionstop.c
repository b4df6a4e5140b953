/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* GstTryonConnection: peers that are not listened to any more, and pings that
 * come together. The sections named are RFC 6455's. */

#include "wspeer.h"

#define SERVER GST_TRYON_CONNECTION_SERVER
#define CLIENT GST_TRYON_CONNECTION_CLIENT
#define BINARY GST_TRYON_WS_OPCODE_BINARY
#define TEXT GST_TRYON_WS_OPCODE_TEXT
#define PING GST_TRYON_WS_OPCODE_PING
#define PONG GST_TRYON_WS_OPCODE_PONG

static void
stop (End * end)
{
  gst_tryon_connection_stop_receiving (end->connection);
}

/* The loop has had turns to do all that it wants to. */
static void
let_it_turn (End * end)
{
  guint i;

  for (i = 0; i < 5; i++)
    end_call (end, end_nothing);
}

/* Sends messages until the socket takes no more; (transfer full): what is left of
 * the last. */
static GByteArray *
flood (End * end, Raw * raw)
{
  const guint8 data[1000] = { 0, };
  GByteArray *frame = g_byte_array_new ();
  gint64 limit = g_get_monotonic_time () + PATIENCE;
  gboolean open = TRUE;

  g_socket_set_blocking (raw->socket, FALSE);
  do {
    gssize n;

    if (frame->len == 0) {
      g_byte_array_unref (frame);
      frame = make_frame (raw->is_client, TRUE, BINARY, data, sizeof (data));
    }
    n = g_socket_send (raw->socket, (gchar *) frame->data, frame->len, NULL,
        NULL);
    if (n > 0) {
      g_byte_array_remove_range (frame, 0, n);
    } else {
      /* TCP may be late to say how much room there is. */
      let_it_turn (end);
      open = g_socket_condition_timed_wait (raw->socket, G_IO_OUT, 50000, NULL,
          NULL);
    }
    fail_unless (g_get_monotonic_time () < limit, "everything is taken");
  } while (open);
  g_socket_set_blocking (raw->socket, TRUE);
  return frame;
}

/* Over TCP the end of a stream waits behind what was sent before, and that waits
 * for a reader: only a reset overtakes it. */
static void
reset (Raw * raw)
{
  const struct linger linger = { 1, 0 };

  /* Fails on a local socket, which needs none. */
  (void) setsockopt (g_socket_get_fd (raw->socket), SOL_SOCKET, SO_LINGER,
      &linger, sizeof (linger));
  raw_close (raw);
}

static guint64
get_bytes_received (End * end)
{
  /* Only the loop's thread changes it, and that is not at it. */
  let_it_turn (end);
  return gst_tryon_connection_get_bytes_received (end->connection);
}

/* A peer that floods is left to wait; in the close handshake it is read again,
 * to its close frame, and none of it is delivered. */
GST_START_TEST (test_flood)
{
  const gboolean tcp = __i__ & 1;
  GByteArray *rest;
  guint64 bytes;
  guint before;
  End *end;
  Raw raw;

  end = end_and_raw (tcp, __i__ & 2 ? CLIENT : SERVER, 0, &raw);
  raw_send_frame (&raw, TRUE, TEXT, "before", 6);
  end_expect (end, TRUE, "before", 6);
  before = end_count (end, &end->n_messages);
  end_call (end, stop);
  bytes = get_bytes_received (end);
  rest = flood (end, &raw);
  fail_unless_equals_uint64 (get_bytes_received (end), bytes);

  end_close (end, 1001, "enough");
  raw_expect_close (&raw, 1001);
  raw_send (&raw, rest->data, rest->len);
  raw_send_close (&raw, 1001, "so be it");
  if (raw.is_client)
    raw_expect_eof (&raw);
  raw_close (&raw);
  end_expect_closed (end, 1001, "so be it");
  fail_unless_equals_int (end_count (end, &end->n_messages), before);
  g_byte_array_unref (rest);
  end_free (end);
}

GST_END_TEST;

/* It sends nothing, and goes away: without anything unread there is nothing but
 * the end of the stream to tell of it. */
GST_START_TEST (test_gone)
{
  const gboolean tcp = __i__ & 1;
  End *end;
  Raw raw;

  end = end_and_raw (tcp, __i__ & 2 ? CLIENT : SERVER, 0, &raw);
  end_call (end, stop);
  let_it_turn (end);
  fail_unless_equals_int (end_count (end, &end->n_closed), 0);
  raw_close (&raw);
  end_expect_closed (end, 1006, NULL);
  end_free (end);
}

GST_END_TEST;

/* The same in the middle of a flood. */
GST_START_TEST (test_gone_in_a_flood)
{
  End *end;
  Raw raw;

  end = end_and_raw (__i__ & 1, SERVER, 0, &raw);
  end_call (end, stop);
  g_byte_array_unref (flood (end, &raw));
  fail_unless_equals_int (end_count (end, &end->n_closed), 0);
  reset (&raw);
  end_expect_closed (end, 1006, NULL);
  fail_unless_equals_int (end_count (end, &end->n_messages), 0);
  end_free (end);
}

GST_END_TEST;

/* What is sent to it leaves all the same. */
GST_START_TEST (test_sends_on)
{
  End *end;
  Raw raw;

  end = end_and_raw (__i__ & 1, SERVER, 0, &raw);
  end_call (end, stop);
  g_byte_array_unref (flood (end, &raw));
  fail_unless (end_send_text (end, "still here", 10));
  raw_expect_frame (&raw, TEXT, "still here", 10);
  reset (&raw);
  end_expect_closed (end, 1006, NULL);
  end_free (end);
}

GST_END_TEST;

/* ---- pings ---- */

#define N_PINGS 10

/* Section 5.5.3 allows to answer only the newest; a peer that measures wants all
 * of them. Those that come together are answered together. */
GST_START_TEST (test_pings_in_one_write)
{
  GByteArray *out = g_byte_array_new ();
  guint8 payload[125];
  guint i;
  End *end;
  Raw raw;

  end = end_and_raw (TRUE, __i__ ? CLIENT : SERVER, 0, &raw);
  for (i = 0; i < N_PINGS; i++) {
    GByteArray *frame;

    memset (payload, i, sizeof (payload));
    frame = make_frame (raw.is_client, TRUE, PING, payload,
        i % 2 ? sizeof (payload) : i);
    g_byte_array_append (out, frame->data, frame->len);
    g_byte_array_unref (frame);
  }
  raw_send (&raw, out->data, out->len);
  for (i = 0; i < N_PINGS; i++) {
    memset (payload, i, sizeof (payload));
    raw_expect_frame (&raw, PONG, payload, i % 2 ? sizeof (payload) : i);
  }
  raw_send_frame (&raw, TRUE, TEXT, "done", 4);
  end_expect (end, TRUE, "done", 4);
  end_close (end, 1000, NULL);
  raw_expect_close (&raw, 1000);
  raw_send_close (&raw, 1000, "");
  raw_close (&raw);
  end_expect_closed (end, 1000, "");
  g_byte_array_unref (out);
  end_free (end);
}

GST_END_TEST;

static Suite *
connectionstop_suite (void)
{
  Suite *s = suite_create ("connectionstop");
  TCase *tc = tcase_create ("stop");

  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc, test_flood, 0, 4);
  tcase_add_loop_test (tc, test_gone, 0, 4);
  tcase_add_loop_test (tc, test_gone_in_a_flood, 0, 2);
  tcase_add_loop_test (tc, test_sends_on, 0, 2);

  tc = tcase_create ("pings");
  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc, test_pings_in_one_write, 0, 2);
  return s;
}

GST_CHECK_MAIN (connectionstop);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Channels of clients that don't hear that it is over, or say nothing. */

#include "channelline.h"

/* Milliseconds. */
#define CLOSE_TIMEOUT 1000
static guint64
get_bytes_received (GstTryonSession * session)
{
  GstStructure *stats = gst_tryon_session_get_stats (session);
  guint64 bytes;

  fail_unless (gst_structure_get_uint64 (stats, "bytes-received", &bytes));
  gst_structure_free (stats);
  return bytes;
}

/* A line whose client has not read a large picture, and whose session is closed.
 * Returns when that was. */
static gint64
close_unheard (Line ** line, guint close_timeout)
{
  GstTryonConnectionLimits limits = GST_TRYON_CONNECTION_LIMITS_INIT;
  gint64 start;

  limits.close_timeout = close_timeout;
  *line = line_open_limited (&limits);
  line_init (*line);
  line_send_frame (*line, 1);
  line_answer (*line, line_pull_frame (*line), 5000000);
  start = g_get_monotonic_time ();
  gst_tryon_session_close ((*line)->session, GST_TRYON_CLOSE_EXPIRED, "over",
      FALSE);
  return start;
}

/* Whether the client's socket takes something, when the loop has had turns to make
 * room in it. */
static gboolean
is_taken (Line * line)
{
  guint i;

  for (i = 0; i < 5; i++) {
    if (g_socket_condition_check (line->client->socket, G_IO_OUT) & G_IO_OUT)
      return TRUE;
    gst_tryon_loop_invoke_sync (line->loop, do_nothing, NULL);
  }
  return FALSE;
}

/* Sends one message after the other until nothing is taken any more. What is
 * left of the last one is the caller's (transfer full). */
static GByteArray *
flood (Line * line)
{
  const guint8 data[1000] = { 0, };
  GByteArray *out = g_byte_array_new ();
  gint64 deadline = WS_DEADLINE;
  gssize n;

  g_socket_set_blocking (line->client->socket, FALSE);
  while (is_taken (line)) {
    if (out->len == 0)
      ws_append_frame (out, GST_TRYON_WS_OPCODE_BINARY, data, sizeof (data));
    n = g_socket_send (line->client->socket, (gchar *) out->data, out->len,
        NULL, NULL);
    if (n > 0)
      g_byte_array_remove_range (out, 0, n);
    fail_if (g_socket_condition_check (line->client->socket, G_IO_HUP) &
        G_IO_HUP, "everything is taken until the end");
    fail_unless (g_get_monotonic_time () < deadline, "everything is taken");
  }
  g_socket_set_blocking (line->client->socket, TRUE);
  return out;
}

/* It has the time of a close handshake to read on, and another for the handshake
 * itself. */
GST_START_TEST (test_closed_while_the_client_reads_nothing)
{
  Line *line;
  gint64 start = close_unheard (&line, CLOSE_TIMEOUT);

  line_wait_closed (line);
  start = g_get_monotonic_time () - start;
  fail_unless (start >= 2 * CLOSE_TIMEOUT * 1000);
  fail_unless (start < (2 * CLOSE_TIMEOUT + 2 * GST_TRYON_LOOP_TICK + 3000)
      * 1000, "after %" G_GINT64_FORMAT " us", start);
  expect_account (line->session, 1);
  line_free (line, 1);
}

GST_END_TEST;

/* Meanwhile nothing is taken from one that goes on sending. */
GST_START_TEST (test_closed_while_the_client_floods)
{
  Line *line;
  gint64 start = close_unheard (&line, CLOSE_TIMEOUT);
  guint64 bytes;

  g_byte_array_unref (flood (line));
  bytes = get_bytes_received (line->session);
  line_wait_closed (line);
  start = g_get_monotonic_time () - start;
  fail_unless (start < (2 * CLOSE_TIMEOUT + 2 * GST_TRYON_LOOP_TICK + 3000)
      * 1000, "after %" G_GINT64_FORMAT " us", start);
  fail_unless_equals_uint64 (get_bytes_received (line->session), bytes);
  line_free (line, 1);
}

GST_END_TEST;

/* One that does read on hears why, and its close frame is heard. */
GST_START_TEST (test_closed_while_the_client_reads_late)
{
  Line *line;
  GstTryonFrameHeader header;
  GByteArray *rest;
  gint64 start;

  /* Its time is long: what ends early does so because it was heard. */
  close_unheard (&line, 50 * CLOSE_TIMEOUT);
  rest = flood (line);
  line_read_answer (line, &header);
  fail_unless_equals_int (header.sequence, 1);
  line_expect_text (line, "bye");
  line_expect_close (line, GST_TRYON_CLOSE_EXPIRED, FALSE);
  ws_raw_send (line->client, rest->data, rest->len);
  start = g_get_monotonic_time ();
  ws_raw_send_frame (line->client, GST_TRYON_WS_OPCODE_CLOSE, "\x0f\xa1", 2);
  fail_if (ws_raw_read (line->client));
  fail_unless (g_get_monotonic_time () - start < 40 * CLOSE_TIMEOUT * 1000);
  line_wait_closed (line);
  expect_account (line->session, 1);
  g_byte_array_unref (rest);
  line_free (line, 1);
}

GST_END_TEST;

/* Of a client that says nothing for too long the session takes leave. */
GST_START_TEST (test_idle)
{
  GstTryonConnectionLimits limits = GST_TRYON_CONNECTION_LIMITS_INIT;
  GstTryonWsOpcode opcode;
  gboolean reconnect = FALSE;
  GstStructure *bye;
  GBytes *bytes;
  Line *line;

  limits.idle_timeout = 200;
  limits.ping_interval = 0;
  line = line_open_limited (&limits);
  line_init (line);
  bytes = ws_raw_read_frame (line->client, &opcode);
  fail_unless_equals_int (opcode, GST_TRYON_WS_OPCODE_TEXT);
  bye = gst_tryon_message_parse (g_bytes_get_data (bytes, NULL),
      g_bytes_get_size (bytes), NULL);
  fail_unless (gst_structure_has_name (bye, "bye"));
  fail_unless (gst_structure_get_boolean (bye, "reconnect", &reconnect));
  fail_unless (reconnect);
  gst_structure_free (bye);
  g_bytes_unref (bytes);
  fail_unless_equals_int (gst_tryon_session_get_close_code (line->session),
      GST_TRYON_CLOSE_IDLE);
  line_expect_close (line, GST_TRYON_CLOSE_IDLE, TRUE);
  line_wait_closed (line);
  line_free (line, 1);
}

GST_END_TEST;

static Suite *
channelend_suite (void)
{
  Suite *s = suite_create ("channelend");
  TCase *tc = tcase_create ("end");

  tcase_add_test (tc, test_closed_while_the_client_reads_nothing);
  tcase_add_test (tc, test_closed_while_the_client_floods);
  tcase_add_test (tc, test_closed_while_the_client_reads_late);
  tcase_add_test (tc, test_idle);
  suite_add_tcase (s, tc);
  return s;
}

GST_CHECK_MAIN (channelend);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Channels: one takes a session over from another. */

#include "channelline.h"

/* Frame @sequence goes there and back. */
static void
line_echo (Line * line, guint32 sequence)
{
  GstTryonFrameHeader header;

  line_send_frame (line, sequence);
  line_answer (line, line_pull_frame (line), 1000);
  line_read_answer (line, &header);
  fail_unless_equals_int (header.type, GST_TRYON_FRAME_TYPE_PROCESSED);
  fail_unless_equals_int (header.sequence, sequence);
}

/* The client is told that another took its place, and that was it. */
static void
line_expect_replaced (Line * line)
{
  line_expect_close (line, GST_TRYON_CLOSE_REPLACED, TRUE);
  fail_if (ws_raw_read (line->client));
}

static void
line_leave (Line * line)
{
  line_shutdown (line);
  line_expect_close (line, 1001, TRUE);
  line_free (line, 0);
}

static guint64
get_takeovers (GstTryonSession * session)
{
  GstStructure *stats = gst_tryon_session_get_stats (session);
  guint64 takeovers;

  fail_unless (gst_structure_get_uint64 (stats, "takeovers", &takeovers));
  gst_structure_free (stats);
  return takeovers;
}

/* The session goes on with the new one; the old one ends without a word to its
 * owner, who knows. */
GST_START_TEST (test_takes_over)
{
  Line *old = line_open (), *line;

  line_init (old);
  line_echo (old, 0);
  line_send_frame (old, 1);
  gst_buffer_unref (line_pull_frame (old));
  line = line_take_over (old, TRUE);
  fail_unless (line->channel != NULL);
  fail_unless (gst_tryon_session_is_connected (line->session));
  fail_unless_equals_uint64 (get_takeovers (line->session), 1);
  line_expect_replaced (old);
  line_free (old, 0);
  line_init (line);
  line_echo (line, 0);
  line_echo (line, 1);
  expect_account (line->session, 4);
  line_leave (line);
}

GST_END_TEST;

/* What it says after it has heard of the takeover reaches nobody, and its close
 * ends nothing. */
GST_START_TEST (test_old_client_talks_on)
{
  Line *old = line_open (), *line;

  line_init (old);
  line = line_take_over (old, TRUE);
  line_init (line);
  line_send_text (old, WS_INIT);
  line_send_frame (old, 1);
  line_send_text (old, "{\"type\":\"control\",\"action\":\"pause\"}");
  line_expect_replaced (old);
  line_free (old, 0);
  line_echo (line, 0);
  expect_account (line->session, 1);
  line_leave (line);
}

GST_END_TEST;

/* Old clients that read nothing hold nobody up: neither the new one, nor the
 * message that waits for them. */
GST_START_TEST (test_old_client_reads_nothing)
{
  GstTryonConnectionLimits limits = GST_TRYON_CONNECTION_LIMITS_INIT;
  GstTryonFrameHeader header;
  Line *old, *line;
  gchar byte;

  limits.close_timeout = 300;
  old = line_open_limited (&limits);
  line_init (old);
  line_send_frame (old, 1);
  line_answer (old, line_pull_frame (old), 5000000);
  line_send_frame (old, 2);
  line_answer (old, line_pull_frame (old), 1000);
  line = line_take_over (old, TRUE);
  line_init (line);
  line_echo (line, 2);
  /* The first of the old one's answers was on its way, and is cut off. */
  while (g_socket_receive (old->client->socket, &byte, 1, NULL, NULL) == 1);
  line_free (old, 0);
  line_send_frame (line, 3);
  line_answer (line, line_pull_frame (line), 1000);
  line_read_answer (line, &header);
  fail_unless_equals_int (header.sequence, 3);
  expect_account (line->session, 4);
  line_leave (line);
}

GST_END_TEST;

GST_START_TEST (test_many_times)
{
  Line *line = line_open (), *next;
  guint i;

  for (i = 1; i <= 50; i++) {
    line_init (line);
    line_echo (line, i % 3);
    next = line_take_over (line, TRUE);
    line_expect_replaced (line);
    line_free (line, 0);
    line = next;
  }
  fail_unless_equals_uint64 (get_takeovers (line->session), 50);
  line_init (line);
  line_leave (line);
}

GST_END_TEST;

static gpointer
answer_on (gpointer data)
{
  GstTryonSession *session = data;
  GstMiniObject *item;
  GstTryonImageInfo info;
  gint64 arrival;

  while (gst_tryon_session_pull (session, &item, &info,
          &arrival) == GST_FLOW_OK) {
    if (GST_IS_BUFFER (item))
      gst_tryon_session_answer (session, GST_BUFFER (item), NULL);
    gst_mini_object_unref (item);
  }
  return NULL;
}

/* Answers leave from another thread while it is taken over. */
GST_START_TEST (test_while_answers_leave)
{
  Line *line = line_open (), *next;
  GThread *thread = g_thread_new ("pipeline", answer_on, line->session);
  GstTryonFrameHeader header;
  guint i, n;

  for (i = 0; i < 30; i++) {
    line_init (line);
    for (n = 0; n < 4; n++)
      line_send_frame (line, n);
    line_read_answer (line, &header);
    fail_unless_equals_int (header.sequence, 0);
    next = line_take_over (line, TRUE);
    ws_raw_send_frame (line->client, GST_TRYON_WS_OPCODE_CLOSE, NULL, 0);
    while (ws_raw_read (line->client));
    line_free (line, 0);
    line = next;
  }
  line_init (line);
  line_shutdown (line);
  g_thread_join (thread);
  line_expect_close (line, 1001, TRUE);
  line_free (line, 0);
}

GST_END_TEST;

/* ---- what can't be ---- */

static void
expect_turned_away (Line * line)
{
  fail_unless (line->channel == NULL);
  line_expect_close (line, GST_TRYON_CLOSE_TRY_AGAIN, TRUE);
  fail_if (ws_raw_read (line->client));
  line_free (line, 0);
}

/* From nobody: the channel that had it is not known any more. */
GST_START_TEST (test_from_nobody)
{
  Line *old = line_open ();

  line_init (old);
  expect_turned_away (line_take_over (old, FALSE));
  line_echo (old, 1);
  fail_unless_equals_uint64 (get_takeovers (old->session), 0);
  old->is_shared = FALSE;
  line_leave (old);
}

GST_END_TEST;

/* Its end is decided, and told to who has it. */
GST_START_TEST (test_closing_session)
{
  Line *old = line_open ();

  line_init (old);
  gst_tryon_session_close (old->session, GST_TRYON_CLOSE_EXPIRED, "over",
      FALSE);
  expect_turned_away (line_take_over (old, TRUE));
  line_expect_text (old, "bye");
  line_expect_close (old, GST_TRYON_CLOSE_EXPIRED, TRUE);
  line_wait_closed (old);
  old->is_shared = FALSE;
  line_free (old, 1);
}

GST_END_TEST;

static Suite *
channeltakeover_suite (void)
{
  Suite *s = suite_create ("channeltakeover");
  TCase *tc = tcase_create ("takeover");

  tcase_add_test (tc, test_takes_over);
  tcase_add_test (tc, test_old_client_talks_on);
  tcase_add_test (tc, test_old_client_reads_nothing);
  tcase_add_test (tc, test_many_times);
  tcase_add_test (tc, test_while_answers_leave);
  tcase_add_test (tc, test_from_nobody);
  tcase_add_test (tc, test_closing_session);
  suite_add_tcase (s, tc);
  return s;
}

GST_CHECK_MAIN (channeltakeover);

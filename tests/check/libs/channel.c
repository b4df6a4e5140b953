/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Channels, between a session and one end of a socket pair; the other end is
 * the client. */

#include "channelline.h"

GST_START_TEST (test_there_and_back)
{
  Line *line = line_open ();
  GstTryonFrameHeader header;
  guint i;

  fail_unless (gst_tryon_session_is_connected (line->session));
  line_init (line);
  for (i = 0; i < 20; i++) {
    line_send_frame (line, i);
    line_answer (line, line_pull_frame (line), 1000 + i);
    line_read_answer (line, &header);
    fail_unless_equals_int (header.type, GST_TRYON_FRAME_TYPE_PROCESSED);
    fail_unless_equals_int (header.sequence, i);
    fail_unless_equals_int (header.payload_length, 1000 + i);
  }
  expect_account (line->session, 20);
  line_shutdown (line);
  line_expect_close (line, 1001, TRUE);
  line_free (line, 0);
}

GST_END_TEST;

/* Of what a client doesn't take, nothing piles up but in the socket: the
 * newest picture takes the place of the oldest that waits, and each frame is
 * answered once, in order. */
GST_START_TEST (test_slow_client_costs_its_own_frames)
{
  gint64 start = g_get_monotonic_time ();
  const guint n = 6;
  const gsize size = 500000;    /* more than the socket holds */
  Line *line = line_open ();
  GstTryonFrameHeader header;
  guint round, i, processed = 0;

  line_init (line);
  for (round = 0; round < 20; round++) {
    for (i = 0; i < n; i++) {
      line_send_frame (line, round * n + i);
      line_answer (line, line_pull_frame (line), size);
    }
    for (i = 0; i < n; i++) {
      line_read_answer (line, &header);
      fail_unless_equals_int (header.sequence, round * n + i);
      if (header.type == GST_TRYON_FRAME_TYPE_PROCESSED)
        processed++;
      else
        fail_unless_equals_int (header.flags,
            GST_TRYON_DROP_REASON_SLOW_CLIENT);
    }
    /* The last is never lost to an older one. */
    fail_unless_equals_int (header.type, GST_TRYON_FRAME_TYPE_PROCESSED);
  }
  /* One in the socket and two that wait, of each round. */
  fail_unless (processed >= 20 && processed <= 20 * 3, "%u processed",
      processed);
  expect_account (line->session, 20 * n);
  /* What waits goes on when the socket takes more, not when a timer comes by. */
  fail_unless (g_get_monotonic_time () - start < 10 * G_USEC_PER_SEC);
  line_shutdown (line);
  line_expect_close (line, 1001, TRUE);
  line_free (line, 0);
}

GST_END_TEST;

static gpointer
send_messages (gpointer data)
{
  guint i;

  for (i = 0; i < 10; i++)
    gst_tryon_session_send_message (data, gst_structure_new ("note",
            "number", G_TYPE_UINT, i, NULL));
  return NULL;
}

GST_START_TEST (test_no_wake_is_lost)
{
  Line *line = line_open ();
  GThread *threads[6];
  guint round, i;

  line_init (line);
  for (round = 0; round < 50; round++) {
    for (i = 0; i < G_N_ELEMENTS (threads); i++)
      threads[i] = g_thread_new ("send", send_messages, line->session);
    for (i = 0; i < 10 * G_N_ELEMENTS (threads); i++)
      line_expect_text (line, "note");
    for (i = 0; i < G_N_ELEMENTS (threads); i++)
      g_thread_join (threads[i]);
  }
  line_shutdown (line);
  line_expect_close (line, 1001, TRUE);
  line_free (line, 0);
}

GST_END_TEST;

GST_START_TEST (test_session_closes)
{
  Line *line = line_open ();

  line_init (line);
  gst_tryon_session_close (line->session, GST_TRYON_CLOSE_EXPIRED, "too late",
      FALSE);
  line_expect_text (line, "bye");
  line_expect_close (line, GST_TRYON_CLOSE_EXPIRED, TRUE);
  line_wait_closed (line);
  line_free (line, 1);
}

GST_END_TEST;

GST_START_TEST (test_client_closes)
{
  static const guint8 normal[] = { 0x03, 0xe8 };
  Line *line = line_open ();

  line_init (line);
  ws_raw_send_frame (line->client, GST_TRYON_WS_OPCODE_CLOSE, normal, 2);
  line_expect_close (line, 1000, FALSE);
  line_wait_closed (line);
  line_free (line, 1);
}

GST_END_TEST;

GST_START_TEST (test_client_vanishes)
{
  Line *line = line_open ();

  line_init (line);
  line_send_frame (line, 1);
  gst_buffer_unref (line_pull_frame (line));
  g_socket_close (line->client->socket, NULL);
  line_wait_closed (line);
  expect_account (line->session, 1);
  line_free (line, 1);
}

GST_END_TEST;

GST_START_TEST (test_message_too_large)
{
  Line *line = line_open ();
  /* Only the header: the claim is enough. */
  guint8 header[GST_TRYON_WS_MAX_HEADER];
  const guint8 mask[4] = { 0, };
  guint size;

  line_init (line);
  size = gst_tryon_ws_frame_write_header (header, TRUE,
      GST_TRYON_WS_OPCODE_BINARY, line->limits.max_message_bytes + 1, mask);
  ws_raw_send (line->client, header, size);
  line_expect_close (line, GST_TRYON_CLOSE_TOO_BIG, FALSE);
  ws_raw_free (line->client);
  line_wait_closed (line);
  line->client = g_new0 (WsRaw, 1);
  line->client->in = g_byte_array_new ();
  line->client->socket = g_socket_new (G_SOCKET_FAMILY_IPV4,
      G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL);
  line_free (line, 1);
}

GST_END_TEST;

/* What waits when the channel is shut down goes as far as the socket takes it,
 * and the session is free at once. */
GST_START_TEST (test_shutdown_says_goodbye)
{
  Line *line = line_open ();

  line_init (line);
  gst_tryon_loop_invoke_sync (line->loop, do_close_and_shutdown, line);
  fail_if (gst_tryon_session_is_connected (line->session));
  line_expect_text (line, "bye");
  /* The session's code, not the shutdown's: it knows better why. */
  line_expect_close (line, GST_TRYON_CLOSE_EXPIRED, TRUE);
  fail_if (ws_raw_read (line->client));
  line_free (line, 0);
}

GST_END_TEST;

GST_START_TEST (test_shutdown_with_a_client_that_reads_nothing)
{
  Line *line = line_open ();
  gint64 start;
  guint i;

  line->limits.close_timeout = 100;
  line_init (line);
  for (i = 0; i < 3; i++) {
    line_send_frame (line, i);
    line_answer (line, line_pull_frame (line), 500000);
  }
  start = g_get_monotonic_time ();
  line_shutdown (line);
  fail_unless (g_get_monotonic_time () - start < 100 * 1000);
  fail_if (gst_tryon_session_is_connected (line->session));
  expect_account (line->session, 3);
  line_free (line, 0);
}

GST_END_TEST;

GST_START_TEST (test_one_channel_a_session)
{
  Line *line = line_open ();
  Line *second = line_open_full (line->session, NULL);

  fail_unless (second->channel == NULL);
  line_expect_close (second, GST_TRYON_CLOSE_TRY_AGAIN, TRUE);
  fail_if (ws_raw_read (second->client));
  /* The first one isn't disturbed. */
  line_init (line);
  line_shutdown (line);
  line_expect_close (line, 1001, TRUE);
  gst_object_unref (line->session);     /* second's */
  second->session = gst_tryon_session_new ("none", NULL);
  line_free (second, 0);
  line_free (line, 0);
}

GST_END_TEST;

static GstBuffer *
pull_sequence (Line * line, guint32 sequence)
{
  GstBuffer *frame = line_pull_frame (line);

  fail_unless_equals_int (gst_buffer_get_tryon_frame_meta (frame)->sequence,
      sequence);
  return frame;
}

static void
wait_for_frames (Line * line, guint64 count)
{
  gint64 deadline = WS_DEADLINE;
  guint64 received = 0;

  while (received < count) {
    GstStructure *stats = gst_tryon_session_get_stats (line->session);

    gst_structure_get_uint64 (stats, "frames-received", &received);
    gst_structure_free (stats);
    fail_unless (g_get_monotonic_time () < deadline, "frames are not taken");
  }
}

/* Frames that come faster than a pipeline takes turns are not lost to each other
 * as long as it takes them: those that have no room wait in the socket. */
GST_START_TEST (test_burst_waits_for_its_turn)
{
  const guint n = 8;
  Line *line = line_open ();
  GstTryonFrameHeader header;
  guint round, i, processed = 0;

  line_init (line);
  for (round = 0; round < 20; round++) {
    for (i = 0; i < n; i++)
      line_send_frame (line, round * n + i);
    for (i = 0; i < n; i++) {
      GstBuffer *frame = line_pull_frame (line);
      guint32 sequence = gst_buffer_get_tryon_frame_meta (frame)->sequence;

      line_answer (line, frame, 100);
      if (sequence == round * n + n - 1)
        break;
    }
    for (i = 0; i < n; i++) {
      line_read_answer (line, &header);
      processed += header.type == GST_TRYON_FRAME_TYPE_PROCESSED;
    }
  }
  /* Nearly all: a machine may have kept this thread from its turn now and then. */
  fail_unless (processed >= 20 * n * 3 / 4, "%u of %u processed", processed,
      20 * n);
  expect_account (line->session, 20 * n);
  line_shutdown (line);
  line_expect_close (line, 1001, TRUE);
  line_free (line, 0);
}

GST_END_TEST;

/* For a pipeline that takes none, the newest are kept all the same. */
GST_START_TEST (test_hold_ends)
{
  const guint n = 8;
  Line *line = line_open ();
  GstTryonFrameHeader header;
  guint i;

  line_init (line);
  for (i = 0; i < n; i++)
    line_send_frame (line, i);
  wait_for_frames (line, n);
  line_answer (line, pull_sequence (line, n - 2), 100);
  line_answer (line, pull_sequence (line, n - 1), 100);
  for (i = 0; i < n; i++) {
    line_read_answer (line, &header);
    fail_unless_equals_int (header.type == GST_TRYON_FRAME_TYPE_PROCESSED,
        i >= n - 2);
  }
  /* A client that leaves while it is held up leaves nothing behind. */
  for (i = 0; i < n; i++)
    line_send_frame (line, n + i);
  line_shutdown (line);
  line_free (line, 0);
}

GST_END_TEST;

/* Who leaves while it is held up is read to its end at once, whatever it sent. */
GST_START_TEST (test_vanishes_while_held)
{
  /* The loop warns when it ends and was to do something yet. */
  GLogLevelFlags fatal = g_log_set_always_fatal (G_LOG_LEVEL_WARNING
      | G_LOG_LEVEL_CRITICAL | G_LOG_FATAL_MASK);
  guint round, i;

  for (round = 0; round < 20; round++) {
    Line *line = line_open ();

    line_init (line);
    for (i = 0; i < 20; i++)
      line_send_frame (line, i);
    ws_raw_free (line->client);
    line_wait_closed (line);
    line->client = g_new0 (WsRaw, 1);
    line->client->in = g_byte_array_new ();
    line->client->socket = g_socket_new (G_SOCKET_FAMILY_IPV4,
        G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL);
    line_free (line, 1);
  }
  g_log_set_always_fatal (fatal);
}

GST_END_TEST;

/* A frame that the pipeline lost is answered in the end. */
GST_START_TEST (test_ticks)
{
  GstTryonSessionConfig config = GST_TRYON_SESSION_CONFIG_INIT;
  GstTryonFrameHeader header;
  Line *line;

  config.answer_timeout = 50;
  line = line_open_full (NULL, &config);
  line_init (line);
  line_send_frame (line, 7);
  gst_buffer_unref (line_pull_frame (line));
  line_read_answer (line, &header);
  fail_unless_equals_int (header.type, GST_TRYON_FRAME_TYPE_DROPPED);
  fail_unless_equals_int (header.sequence, 7);
  line_shutdown (line);
  line_expect_close (line, 1001, TRUE);
  line_free (line, 0);
}

GST_END_TEST;

/* It can't be told anything any more, so it is let go. */
GST_START_TEST (test_client_that_takes_nothing_is_let_go)
{
  Line *line = line_open ();

  line_init (line);
  line_send_frame (line, 1);
  line_answer (line, line_pull_frame (line), 5000000);
  line_wait_closed (line);
  line_free (line, 1);
}

GST_END_TEST;

/* One that takes a large picture bit by bit, for longer than one that takes
 * nothing is waited for, is slow and no more. */
GST_START_TEST (test_client_that_takes_little_is_kept)
{
  const gsize size = 5000000, step = size / 50;
  Line *line = line_open ();
  gint64 start = g_get_monotonic_time ();
  gchar *bytes = g_malloc (step);
  gsize taken = 0;

  line_init (line);
  line_send_frame (line, 1);
  line_answer (line, line_pull_frame (line), size);
  while (taken < size) {
    gssize n = g_socket_receive (line->client->socket, bytes, step, NULL, NULL);

    fail_unless (n > 0, "let go after %" G_GSIZE_FORMAT " bytes", taken);
    taken += n;
    /* The pace is what is tested. */
    g_usleep (15 * G_USEC_PER_SEC / 50 * n / step);
  }
  fail_unless (g_get_monotonic_time () - start > 14 * G_USEC_PER_SEC);
  g_free (bytes);
  line_shutdown (line);
  line_free (line, 0);
}

GST_END_TEST;

static Suite *
channel_suite (void)
{
  Suite *s = suite_create ("channel");
  TCase *tc;

  tc = tcase_create ("pump");
  tcase_add_test (tc, test_there_and_back);
  tcase_add_test (tc, test_slow_client_costs_its_own_frames);
  tcase_add_test (tc, test_no_wake_is_lost);
  tcase_add_test (tc, test_burst_waits_for_its_turn);
  tcase_add_test (tc, test_hold_ends);
  tcase_add_test (tc, test_vanishes_while_held);
  tcase_add_test (tc, test_ticks);
  suite_add_tcase (s, tc);

  tc = tcase_create ("end");
  tcase_add_test (tc, test_session_closes);
  tcase_add_test (tc, test_client_closes);
  tcase_add_test (tc, test_client_vanishes);
  tcase_add_test (tc, test_message_too_large);
  tcase_add_test (tc, test_shutdown_says_goodbye);
  tcase_add_test (tc, test_shutdown_with_a_client_that_reads_nothing);
  tcase_add_test (tc, test_one_channel_a_session);
  tcase_add_test (tc, test_client_that_takes_nothing_is_let_go);
  tcase_add_test (tc, test_client_that_takes_little_is_kept);
  suite_add_tcase (s, tc);
  return s;
}

GST_CHECK_MAIN (channel);

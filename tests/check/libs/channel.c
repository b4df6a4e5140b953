/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Channels, between a session and one end of a socket pair; the other end is
 * the client. */

#include <unistd.h>

#include "wsclient.h"

typedef struct _Line
{
  GstTryonLoop *loop;
  GstTryonSession *session;
  GIOStream *stream;            /* the channel's end */
  GstTryonConnectionLimits limits;
  GstTryonChannel *channel;
  WsRaw *client;
  struct _Line *replaced;       /* (nullable), from which it takes over */

  GMutex lock;
  GCond cond;
  guint closed;                 /* lock; how often it was told */
} Line;

static void
on_closed (GstTryonChannel * channel, gpointer user_data)
{
  Line *line = user_data;

  fail_unless (channel == line->channel);
  fail_if (gst_tryon_session_is_connected (line->session));
  g_mutex_lock (&line->lock);
  line->closed++;
  g_cond_broadcast (&line->cond);
  g_mutex_unlock (&line->lock);
}

static void
do_open (gpointer loop, gpointer user_data)
{
  Line *line = user_data;

  line->channel = gst_tryon_channel_new (line->loop, line->stream,
      &line->limits, line->session, line->replaced != NULL,
      line->replaced != NULL ? line->replaced->channel : NULL, on_closed, line);
}

/* @session: (nullable): to use instead of a new one. */
static Line *
line_open_full (GstTryonSession * session, const GstTryonSessionConfig * config)
{
  static const GstTryonConnectionLimits limits =
      GST_TRYON_CONNECTION_LIMITS_INIT;
  Line *line = g_new0 (Line, 1);
  GSocket *socket;
  gint fds[2];

  fail_unless_equals_int (socketpair (AF_UNIX, SOCK_STREAM, 0, fds), 0);
  socket = g_socket_new_from_fd (fds[0], NULL);
  line->stream =
      G_IO_STREAM (g_socket_connection_factory_create_connection (socket));
  g_object_unref (socket);
  line->client = g_new0 (WsRaw, 1);
  line->client->in = g_byte_array_sized_new (4096);
  line->client->socket = g_socket_new_from_fd (fds[1], NULL);
  g_socket_set_timeout (line->client->socket, WS_TIMEOUT);

  g_mutex_init (&line->lock);
  g_cond_init (&line->cond);
  line->limits = limits;
  line->loop = gst_tryon_loop_new ("test-server");
  line->session = session != NULL ? gst_object_ref (session) :
      gst_tryon_session_new ("line", config);
  gst_tryon_loop_invoke_sync (line->loop, do_open, line);
  return line;
}

static Line *
line_open (void)
{
  return line_open_full (NULL, NULL);
}

static void
do_shutdown (gpointer loop, gpointer user_data)
{
  Line *line = user_data;

  gst_tryon_channel_shutdown (line->channel, GST_TRYON_CLOSE_GOING_AWAY, "end");
  line->channel = NULL;
}

/* The goodbye has had no turn of the loop to leave in. */
static void
do_close_and_shutdown (gpointer loop, gpointer user_data)
{
  Line *line = user_data;

  gst_tryon_session_close (line->session, GST_TRYON_CLOSE_EXPIRED, "too late",
      FALSE);
  do_shutdown (loop, line);
}

static void
line_shutdown (Line * line)
{
  gst_tryon_loop_invoke_sync (line->loop, do_shutdown, line);
}

static void
line_wait_closed (Line * line)
{
  gint64 deadline = WS_DEADLINE;

  g_mutex_lock (&line->lock);
  while (line->closed == 0) {
    gboolean in_time = g_cond_wait_until (&line->cond, &line->lock, deadline);

    fail_unless (in_time, "the channel was not told to be closed");
  }
  g_mutex_unlock (&line->lock);
  line->channel = NULL;
}

static void
do_nothing (gpointer loop, gpointer user_data)
{
}

/* The channel must have ended. */
static void
line_free (Line * line, guint closed)
{
  fail_unless (line->channel == NULL);
  /* The turn of the loop that told the end must be over, too. */
  gst_tryon_loop_invoke_sync (line->loop, do_nothing, NULL);
  fail_unless_equals_int (line->closed, closed);
  ASSERT_OBJECT_REFCOUNT (line->session, "session", 1);
  gst_object_unref (line->session);
  g_object_unref (line->stream);
  /* Lets connections finish, which this one is the end of. */
  ws_raw_free (line->client);
  gst_object_unref (line->loop);
  g_mutex_clear (&line->lock);
  g_cond_clear (&line->cond);
  g_free (line);
}

static void
line_send_text (Line * line, const gchar * text)
{
  ws_raw_send_frame (line->client, GST_TRYON_WS_OPCODE_TEXT, text,
      strlen (text));
}

static void
line_expect_text (Line * line, const gchar * type)
{
  GstTryonWsOpcode opcode;
  GBytes *bytes = ws_raw_read_frame (line->client, &opcode);
  const gchar *text;
  GstStructure *s;
  gsize size;

  text = g_bytes_get_data (bytes, &size);
  fail_unless_equals_int (opcode, GST_TRYON_WS_OPCODE_TEXT);
  s = gst_tryon_message_parse (text, size, NULL);
  fail_unless (gst_structure_has_name (s, type), "waited for %s, got %.*s",
      type, (gint) size, text);
  gst_structure_free (s);
  g_bytes_unref (bytes);
}

static void
line_init (Line * line)
{
  line_send_text (line, WS_INIT);
  line_expect_text (line, "session_ready");
}

static void
line_send_frame (Line * line, guint32 sequence)
{
  GBytes *image = ws_image (WS_PNG);
  GBytes *frame = ws_frame (sequence, image);

  ws_raw_send_frame (line->client, GST_TRYON_WS_OPCODE_BINARY,
      g_bytes_get_data (frame, NULL), g_bytes_get_size (frame));
  g_bytes_unref (frame);
  g_bytes_unref (image);
}

/* The next frame that reached the session (transfer full). */
static GstBuffer *
line_pull_frame (Line * line)
{
  GstMiniObject *item = NULL;
  GstTryonImageInfo info;
  gint64 arrival;

  do {
    g_clear_pointer (&item, gst_mini_object_unref);
    fail_unless_equals_int (gst_tryon_session_pull (line->session, &item,
            &info, &arrival), GST_FLOW_OK);
  } while (!GST_IS_BUFFER (item));
  return GST_BUFFER_CAST (item);
}

/* Answers @frame (transfer full) with @size bytes. */
static void
line_answer (Line * line, GstBuffer * frame, gsize size)
{
  GstTryonFrameMeta *meta = gst_buffer_get_tryon_frame_meta (frame);
  GstBuffer *image = gst_buffer_new_allocate (NULL, size, NULL);

  gst_buffer_memset (image, 0, 'x', size);
  gst_buffer_add_tryon_frame_meta (image, meta->sequence, meta->capture_time,
      meta->arrival);
  gst_buffer_unref (frame);
  fail_unless (gst_tryon_session_answer (line->session, image, NULL));
  gst_buffer_unref (image);
}

static void
line_read_answer (Line * line, GstTryonFrameHeader * header)
{
  GstTryonWsOpcode opcode;
  GBytes *bytes = ws_raw_read_frame (line->client, &opcode);
  const guint8 *data;
  gsize size;

  data = g_bytes_get_data (bytes, &size);
  fail_unless_equals_int (opcode, GST_TRYON_WS_OPCODE_BINARY);
  fail_unless (gst_tryon_frame_header_parse (data, size, header, NULL));
  fail_unless (gst_tryon_frame_header_check (header, size, NULL));
  g_bytes_unref (bytes);
}

/* The next frame must close with @code; answers it if @answer. */
static void
line_expect_close (Line * line, guint code, gboolean answer)
{
  GstTryonWsOpcode opcode;
  GBytes *bytes = ws_raw_read_frame (line->client, &opcode);

  fail_unless_equals_int (opcode, GST_TRYON_WS_OPCODE_CLOSE);
  fail_unless (g_bytes_get_size (bytes) >= 2);
  fail_unless_equals_int (GST_READ_UINT16_BE (g_bytes_get_data (bytes, NULL)),
      code);
  if (answer)
    ws_raw_send_frame (line->client, GST_TRYON_WS_OPCODE_CLOSE,
        g_bytes_get_data (bytes, NULL), 2);
  g_bytes_unref (bytes);
}

static void
expect_account (GstTryonSession * session, guint64 received)
{
  GstStructure *stats = gst_tryon_session_get_stats (session);
  guint64 in = 0, processed = 0, dropped = 0;
  guint outstanding = 0;

  fail_unless (gst_structure_get (stats, "frames-received", G_TYPE_UINT64, &in,
          "frames-processed", G_TYPE_UINT64, &processed, "frames-dropped",
          G_TYPE_UINT64, &dropped, "frames-outstanding", G_TYPE_UINT,
          &outstanding, NULL));
  fail_unless_equals_uint64 (in, received);
  fail_unless_equals_uint64 (in, processed + dropped + outstanding);
  gst_structure_free (stats);
}

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

static Suite *
channel_suite (void)
{
  Suite *s = suite_create ("channel");
  TCase *tc;

  tc = tcase_create ("pump");
  tcase_add_test (tc, test_there_and_back);
  tcase_add_test (tc, test_slow_client_costs_its_own_frames);
  tcase_add_test (tc, test_no_wake_is_lost);
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
  suite_add_tcase (s, tc);
  return s;
}

GST_CHECK_MAIN (channel);

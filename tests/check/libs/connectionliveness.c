/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* GstTryonConnection: peers that say nothing, what comes in too many pieces, and
 * messages that are sent from other threads. The sections named are RFC 6455's. */

#include "wspeer.h"

#define SERVER GST_TRYON_CONNECTION_SERVER
#define CLIENT GST_TRYON_CONNECTION_CLIENT
#define BINARY GST_TRYON_WS_OPCODE_BINARY
#define TEXT GST_TRYON_WS_OPCODE_TEXT
#define CONTINUATION GST_TRYON_WS_OPCODE_CONTINUATION
#define PING GST_TRYON_WS_OPCODE_PING
#define PONG GST_TRYON_WS_OPCODE_PONG

/* Shorter than a tick: a ping at each. */
#define INTERVAL 100

static void
leave (End * end, Raw * raw)
{
  raw_send_close (raw, 1000, "");
  raw_expect_close (raw, 1000);
  raw_close (raw);
  end_expect_closed (end, 1000, "");
  end_free (end);
}

/* ---- pings ---- */

/* A peer that answers is asked again and again, and stays. */
GST_START_TEST (test_pings)
{
  GstTryonConnectionLimits limits = make_limits (0);
  guint i;
  End *end;
  Raw raw;

  limits.ping_interval = INTERVAL;
  end = end_and_raw_full (FALSE, __i__ ? CLIENT : SERVER, &limits, &raw);
  for (i = 0; i < 5; i++) {
    raw_expect_frame (&raw, PING, NULL, 0);
    raw_send_frame (&raw, TRUE, PONG, NULL, 0);
  }
  fail_unless_equals_int (end_count (end, &end->n_closed), 0);
  raw_send_close (&raw, 1000, "");
  raw_expect_close (&raw, 1000);
  raw_close (&raw);
  end_expect_closed (end, 1000, "");
  end_free (end);
}

GST_END_TEST;

/* One that answers none of two is dead, and its socket is closed. */
GST_START_TEST (test_dead_peer)
{
  GstTryonConnectionLimits limits = make_limits (0);
  End *end;
  Raw raw;

  limits.ping_interval = INTERVAL;
  end = end_and_raw_full (TRUE, SERVER, &limits, &raw);
  raw_expect_frame (&raw, PING, NULL, 0);
  raw_expect_frame (&raw, PING, NULL, 0);
  raw_expect_eof (&raw);
  end_expect_closed (end, 1006, "the peer answers no ping");
  raw_close (&raw);
  end_free (end);
}

GST_END_TEST;

/* One that sends is alive, also when it has no pong to spare. */
GST_START_TEST (test_busy_peer)
{
  GstTryonConnectionLimits limits = make_limits (0);
  guint i;
  End *end;
  Raw raw;

  limits.ping_interval = INTERVAL;
  end = end_and_raw_full (FALSE, SERVER, &limits, &raw);
  for (i = 0; i < 5; i++) {
    raw_expect_frame (&raw, PING, NULL, 0);
    raw_send_frame (&raw, TRUE, TEXT, "frame", 5);
    end_expect (end, TRUE, "frame", 5);
  }
  leave (end, &raw);
}

GST_END_TEST;

/* Nor does a message that the peer does not read keep it alive. */
GST_START_TEST (test_dead_peer_behind_a_message)
{
  GstTryonConnectionLimits limits = make_limits (0);
  GstBuffer *payload = gst_buffer_new_allocate (NULL, 4 * 1024 * 1024, NULL);
  End *end;
  Raw raw;

  gst_buffer_memset (payload, 0, 0, -1);
  limits.ping_interval = INTERVAL;
  end = end_and_raw_full (FALSE, SERVER, &limits, &raw);
  fail_unless (end_send_binary (end, NULL, 0, payload));
  end_expect_closed (end, 1006, "the peer answers no ping");
  ASSERT_MINI_OBJECT_REFCOUNT (payload, "payload", 1);
  gst_buffer_unref (payload);
  raw_close (&raw);
  end_free (end);
}

GST_END_TEST;

/* ---- what waits in the kernel ---- */

/* A peer that stops reading is noticed after a few frames: what it doesn't take
 * waits where it can be dropped. The kernel alone would take megabytes. */
GST_START_TEST (test_little_waits_in_the_kernel)
{
  GstBuffer *payload = gst_buffer_new_allocate (NULL, 45000, NULL);
  gsize sent = 0;
  End *end;
  Raw raw;

  gst_buffer_memset (payload, 0, 0, -1);
  end = end_and_raw (TRUE, SERVER, 0, &raw);
  while (end_is_writable (end)) {
    fail_unless (end_send_binary (end, NULL, 0, payload));
    sent += 45000;
  }
  GST_INFO ("%" G_GSIZE_FORMAT " bytes taken", sent);
  fail_unless (sent < 768 * 1024, "%" G_GSIZE_FORMAT " bytes", sent);
  end_call (end, end_abandon_run);
  raw_close (&raw);
  gst_buffer_unref (payload);
  end_free (end);
}

GST_END_TEST;

/* ---- idle ---- */

/* Messages count, pings and pongs do not. */
GST_START_TEST (test_idle)
{
  GstTryonConnectionLimits limits = make_limits (0);
  gint64 start;
  guint i;
  End *end;
  Raw raw;

  limits.ping_interval = 0;
  limits.idle_timeout = 3 * GST_TRYON_LOOP_TICK;
  end = end_and_raw_full (FALSE, SERVER, &limits, &raw);
  for (i = 0; i < 2; i++) {
    start = g_get_monotonic_time ();
    raw_send_frame (&raw, TRUE, BINARY, "x", 1);
    end_expect (end, FALSE, "x", 1);
  }
  raw_send_frame (&raw, TRUE, PING, NULL, 0);
  raw_expect_frame (&raw, PONG, NULL, 0);
  raw_expect_close (&raw, 4002);
  fail_unless (g_get_monotonic_time () - start >=
      limits.idle_timeout * G_TIME_SPAN_MILLISECOND - 10000);
  raw_send_close (&raw, 4002, "");
  raw_expect_eof (&raw);
  end_expect_closed (end, 4002, "");
  raw_close (&raw);
  end_free (end);
}

GST_END_TEST;

/* ---- fragments ---- */

/* As many as are allowed, empty ones too; pings in between are none. */
GST_START_TEST (test_fragments)
{
  GstTryonConnectionLimits limits = make_limits (0);
  guint i, extra = __i__;
  End *end;
  Raw raw;

  limits.max_fragments = 10;
  end = end_and_raw_full (FALSE, SERVER, &limits, &raw);
  for (i = 0; i < 9; i++) {
    raw_send_frame (&raw, FALSE, i ? CONTINUATION : TEXT, "ab", i % 3);
    raw_send_frame (&raw, TRUE, PING, "", 0);
    raw_expect_frame (&raw, PONG, "", 0);
  }
  if (extra) {
    raw_send_frame (&raw, FALSE, CONTINUATION, "", 0);
    raw_send_frame (&raw, FALSE, CONTINUATION, "", 0);
    raw_expect_close (&raw, 1008);
    raw_close (&raw);
    end_expect_closed (end, 1008,
        "a message is in more fragments than allowed");
    end_free (end);
    return;
  }
  raw_send_frame (&raw, TRUE, CONTINUATION, "!", 1);
  end_expect (end, TRUE, "aabaabaab!", 10);
  leave (end, &raw);
}

GST_END_TEST;

/* ---- other threads ---- */

#define N_SENT 500

typedef struct
{
  End *end;
  GMutex *turn;                 /* one of the threads at a time */
  guint *sent;
} Sender;

static gpointer
send_numbers (gpointer data)
{
  Sender *sender = data;
  GstBuffer *payload = gst_buffer_new_allocate (NULL, 100000, NULL);
  guint8 header[4];
  gboolean more = TRUE;

  gst_buffer_memset (payload, 0, 7, -1);
  while (more) {
    end_wait_writable (sender->end);
    g_mutex_lock (sender->turn);
    more = *sender->sent < N_SENT;
    GST_WRITE_UINT32_BE (header, *sender->sent);
    if (more && gst_tryon_connection_send_binary (sender->end->connection,
            header, sizeof (header), payload))
      (*sender->sent)++;
    g_mutex_unlock (sender->turn);
  }
  gst_buffer_unref (payload);
  return NULL;
}

/* What several threads send, each when it is its turn, arrives in order and
 * whole, while the loop's thread answers pings and the socket is full now and
 * then. */
GST_START_TEST (test_send_from_threads)
{
  GstTryonConnectionRole role = __i__ ? CLIENT : SERVER;
  GMutex turn;
  guint sent = 0, seen = 0;
  GThread *threads[3];
  Sender sender;
  RawFrame *frame;
  guint i;
  End *end;
  Raw raw;

  end = end_and_raw (TRUE, role, 0, &raw);
  end->is_shared = TRUE;
  g_mutex_init (&turn);
  sender = (Sender) {
  end, &turn, &sent};
  for (i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("sender", send_numbers, &sender);
  while (seen < N_SENT) {
    if (seen % 50 == 0)
      raw_send_frame (&raw, TRUE, PING, "?", 1);
    frame = raw_read_frame (&raw);
    if (frame->opcode == BINARY) {
      fail_unless_equals_uint64 (frame->size, 100004);
      fail_unless_equals_int (GST_READ_UINT32_BE (frame->data), seen);
      fail_unless (frame->data[4] == 7 && frame->data[100003] == 7);
      seen++;
    } else {
      fail_unless_equals_int (frame->opcode, PONG);
    }
    raw_frame_free (frame);
  }
  for (i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  g_mutex_clear (&turn);
  end_call (end, end_abandon_run);
  raw_close (&raw);
  end_free (end);
}

GST_END_TEST;

static gpointer
send_until_refused (gpointer data)
{
  End *end = data;
  GstBuffer *payload = gst_buffer_new_allocate (NULL, 100000, NULL);
  gint64 limit = g_get_monotonic_time () + PATIENCE;

  gst_buffer_memset (payload, 0, 7, -1);
  while (end_count (end, &end->n_closed) == 0) {
    gst_tryon_connection_send_binary (end->connection, NULL, 0, payload);
    fail_unless (g_get_monotonic_time () < limit);
  }
  fail_if (gst_tryon_connection_send_binary (end->connection, NULL, 0,
          payload));
  gst_buffer_unref (payload);
  return NULL;
}

/* The peer goes away, or this end closes, in the middle of it. */
GST_START_TEST (test_end_while_sending)
{
  GstTryonWsOpcode opcode;
  GThread *thread;
  RawFrame *frame;
  End *end;
  Raw raw;

  end = end_and_raw (TRUE, SERVER, 0, &raw);
  end->is_shared = TRUE;
  thread = g_thread_new ("sender", send_until_refused, end);
  raw_frame_free (raw_read_frame (&raw));
  if (__i__ == 0) {
    raw_close (&raw);
    end_expect_closed (end, 1006, NULL);
  } else {
    end_close (end, 1001, "enough");
    do {
      frame = raw_read_frame (&raw);
      opcode = frame->opcode;
      raw_frame_free (frame);
    } while (opcode != GST_TRYON_WS_OPCODE_CLOSE);
    raw_send_close (&raw, 1001, "");
    raw_expect_eof (&raw);
    end_expect_closed (end, 1001, "");
    raw_close (&raw);
  }
  g_thread_join (thread);
  end_free (end);
}

GST_END_TEST;

static Suite *
connectionliveness_suite (void)
{
  Suite *s = suite_create ("connectionliveness");
  TCase *tc = tcase_create ("liveness");

  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc, test_pings, 0, 2);
  tcase_add_test (tc, test_dead_peer);
  tcase_add_test (tc, test_busy_peer);
  tcase_add_test (tc, test_dead_peer_behind_a_message);
  tcase_add_test (tc, test_idle);
  tcase_add_test (tc, test_little_waits_in_the_kernel);

  tc = tcase_create ("fragments");
  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc, test_fragments, 0, 2);

  tc = tcase_create ("threads");
  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc, test_send_from_threads, 0, 2);
  tcase_add_loop_test (tc, test_end_while_sending, 0, 2);
  return s;
}

GST_CHECK_MAIN (connectionliveness);

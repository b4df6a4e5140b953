/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* GstTryonConnection: its rules, its limits and its end. The sections named are
 * RFC 6455's. */

#include "gst/tryon/gsttryonpool.h"
#include "wspeer.h"

#define SERVER GST_TRYON_CONNECTION_SERVER
#define CLIENT GST_TRYON_CONNECTION_CLIENT
#define BINARY GST_TRYON_WS_OPCODE_BINARY
#define TEXT GST_TRYON_WS_OPCODE_TEXT
#define CONTINUATION GST_TRYON_WS_OPCODE_CONTINUATION
#define CLOSE GST_TRYON_WS_OPCODE_CLOSE
#define PING GST_TRYON_WS_OPCODE_PING

/* ---- rules ---- */

#define BYTES(...) (const guint8[]) { __VA_ARGS__ }, \
  sizeof ((const guint8[]) { __VA_ARGS__ })
#define MASK 1, 2, 3, 4

static const struct
{
  const gchar *what;
  GstTryonConnectionRole role;  /* of the connection, which is sent this: */
  const guint8 *bytes;
  gsize size;
  guint16 code;
} breaches[] = {
  {"5.1: a client does not mask", SERVER, BYTES (0x81, 0x01, 'a'), 1002},
  {"5.1: a server masks", CLIENT, BYTES (0x81, 0x81, MASK, 'a'), 1002},
  {"5.2: RSV1, such as permessage-deflate sets", SERVER,
      BYTES (0xc1, 0x81, MASK, 'a'), 1002},
  {"5.2: opcode 3", SERVER, BYTES (0x83, 0x80, MASK), 1002},
  {"5.2: opcode 15", CLIENT, BYTES (0x8f, 0x00), 1002},
  {"5.2: length 2^63", SERVER,
      BYTES (0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, MASK), 1002},
  {"5.2: length in a long form", CLIENT, BYTES (0x82, 0x7e, 0, 1, 'a'), 1002},
  {"5.4: nothing to continue", CLIENT, BYTES (0x80, 0x01, 'a'), 1002},
  {"5.4: nothing to continue after a whole message", CLIENT,
      BYTES (0x82, 0x00, 0x80, 0x01, 'a'), 1002},
  {"5.4: a message inside a message", CLIENT,
      BYTES (0x01, 0x01, 'a', 0x81, 0x01, 'b'), 1002},
  {"5.5: a fragmented ping", CLIENT, BYTES (0x09, 0x01, 'a'), 1002},
  {"5.5: a ping of 126 bytes", SERVER, BYTES (0x89, 0xfe, 0, 126, MASK), 1002},
  {"5.5.1: a close frame of one byte", CLIENT, BYTES (0x88, 0x01, 0x03), 1002},
  {"5.5.1: a reason that is not UTF-8", CLIENT,
      BYTES (0x88, 0x03, 0x03, 0xe8, 0xff), 1007},
  {"7.4: close code 1005", CLIENT, BYTES (0x88, 0x02, 0x03, 0xed), 1002},
  {"7.4: close code 1006", CLIENT, BYTES (0x88, 0x02, 0x03, 0xee), 1002},
  {"7.4: close code 0", SERVER, BYTES (0x88, 0x82, 0, 0, 0, 0, 0, 0), 1002},
  {"7.4: close code 5000", CLIENT, BYTES (0x88, 0x02, 0x13, 0x88), 1002},
  {"8.1: text that is not UTF-8", CLIENT, BYTES (0x81, 0x01, 0xff), 1007},
  {"10.4: a message of 2^62 bytes", CLIENT,
      BYTES (0x82, 0x7f, 0x40, 0, 0, 0, 0, 0, 0, 0), 1009},
};

/* The peer is told what was wrong even if it reads that only after it has sent
 * a lot more; nothing of it is delivered. */
GST_START_TEST (test_breaches)
{
  guint8 garbage[20000];
  guint before;
  End *end;
  Raw raw;

  GST_DEBUG ("%s", breaches[__i__].what);
  end = end_and_raw (TRUE, breaches[__i__].role, 0, &raw);
  raw_send_frame (&raw, TRUE, TEXT, "before", 6);
  end_expect (end, TRUE, "before", 6);
  before = end_count (end, &end->n_messages);
  raw_send (&raw, breaches[__i__].bytes, breaches[__i__].size);
  /* Frames on their own, if anyone looked at them. */
  memset (garbage, 0x81, sizeof (garbage));
  raw_send (&raw, garbage, sizeof (garbage));

  raw_expect_close (&raw, breaches[__i__].code);
  raw_expect_eof (&raw);
  fail_unless_equals_int (end_count (end, &end->n_closed), 0);
  raw_close (&raw);
  end_expect_closed (end, breaches[__i__].code, NULL);
  fail_unless (strlen (end->reason) > 10);
  /* At most the whole message that stood before the breach. */
  fail_unless (end_count (end, &end->n_messages) <= before + 1);
  end_free (end);
}

GST_END_TEST;

/* A peer that goes on for ever after its breach is cut off. */
GST_START_TEST (test_breach_and_no_end)
{
  gint64 start;
  End *end;
  Raw raw;

  end = end_and_raw (FALSE, SERVER, 0, &raw);
  start = g_get_monotonic_time ();
  raw_send (&raw, "\xff\xff", 2);
  raw_expect_close (&raw, 1002);
  end_expect_closed (end, 1002, NULL);
  fail_unless (g_get_monotonic_time () - start
      >= CLOSE_TIMEOUT * G_TIME_SPAN_MILLISECOND);
  raw_close (&raw);
  end_free (end);
}

GST_END_TEST;

/* ---- limits ---- */

/* The most that messages held since then, beyond what they hold now. */
static void
start_counting (void)
{
  gst_tryon_pool_reset_peak ();
}

static gsize
get_peak (void)
{
  GstTryonPoolStats stats;

  gst_tryon_pool_get_stats (&stats);
  return stats.peak;
}

#define MIB (1024 * 1024)

GST_START_TEST (test_limit_exactly)
{
  GstTryonWsOpcode opcode = __i__ ? TEXT : BINARY;
  gsize limit = 100000;
  guint8 *data = g_malloc (limit);
  End *end;
  Raw raw;

  memset (data, 'x', limit);
  end = end_and_raw (FALSE, SERVER, limit, &raw);
  raw_send_frame (&raw, TRUE, opcode, data, limit);
  end_expect (end, opcode == TEXT, data, limit);
  raw_send_frame (&raw, FALSE, opcode, data, limit / 2);
  raw_send_frame (&raw, FALSE, CONTINUATION, data, limit / 2 - 1);
  raw_send_frame (&raw, FALSE, CONTINUATION, data, 1);
  raw_send_frame (&raw, TRUE, CONTINUATION, NULL, 0);
  end_expect (end, opcode == TEXT, data, limit);

  /* One byte more, in a fragment of its own. */
  raw_send_frame (&raw, FALSE, opcode, data, limit);
  raw_send_frame (&raw, TRUE, CONTINUATION, data, 1);
  raw_expect_close (&raw, 1009);
  raw_close (&raw);
  end_expect_closed (end, 1009, NULL);
  fail_unless_equals_int (end_count (end, &end->n_messages), 2);
  g_free (data);
  end_free (end);
}

GST_END_TEST;

static gpointer
send_fragments (gpointer raw)
{
  guint8 data[65536] = { 0, };
  GByteArray *frame;
  gssize n = 0;
  guint i, sent;

  /* The peer cuts it off at last. */
  for (i = 0; i < 512 && n >= 0; i++) {
    frame = make_frame (TRUE, FALSE, i ? CONTINUATION : BINARY, data,
        sizeof (data));
    for (sent = 0; n >= 0 && sent < frame->len; sent += n)
      n = g_socket_send (((Raw *) raw)->socket, (gchar *) frame->data + sent,
          frame->len - sent, NULL, NULL);
    g_byte_array_unref (frame);
  }
  return NULL;
}

/* What the read of a header may catch. */
#define CAUGHT (16 * 1024)

/* 512 fragments of 64 KiB against a limit of 1 MiB and more. What is held grows
 * in a step from the first of them to 1 MiB, or to a limit that is not twice that;
 * to what is beyond, half as much is there once more while it grows, and is given
 * back before the rest is used. */
GST_START_TEST (test_fragments_beyond_limit)
{
  gsize limit = MIB + __i__ * 550000;
  gsize more = limit < 2 * MIB ? 65536 : limit / 2;
  GThread *thread;
  End *end;
  Raw raw;

  end = end_and_raw (TRUE, SERVER, limit, &raw);
  start_counting ();
  thread = g_thread_new ("sender", send_fragments, &raw);
  raw_expect_close (&raw, 1009);
  g_thread_join (thread);
  raw_close (&raw);
  end_expect_closed (end, 1009, NULL);
  fail_unless (get_peak () >= limit);
  fail_unless (get_peak () <= limit + more + CAUGHT);
  end_free (end);
}

GST_END_TEST;

static const struct
{
  guint64 claim;
  gsize sent;
  gsize most;
  guint16 code;
} claims[] = {
  /* Above the limit: not a byte. */
  {G_GUINT64_CONSTANT (1) << 62, 0, 0, 1009},
  {16 * MIB + 1, 0, 0, 1009},
  /* Within, but never sent. */
  {16 * MIB, 10, MIB, 0},
  {16 * MIB, MIB + 1, 3 * MIB, 0},
  {16 * MIB, 9 * MIB, 24 * MIB, 0},
  {100000, 10, 128 * 1024, 0},
};

/* Claims cost nothing, or little. */
GST_START_TEST (test_claims)
{
  guint8 header[GST_TRYON_WS_MAX_HEADER];
  static const guint8 mask[4] = { 0, };
  guint8 *data = g_malloc0 (claims[__i__].sent + 1);
  gint64 limit = g_get_monotonic_time () + PATIENCE;
  End *end;
  Raw raw;

  end = end_and_raw (FALSE, SERVER, 16 * MIB, &raw);
  start_counting ();
  raw_send (&raw, header, gst_tryon_ws_frame_write_header (header, TRUE, BINARY,
          claims[__i__].claim, mask));
  raw_send (&raw, data, claims[__i__].sent);
  if (claims[__i__].code) {
    raw_expect_close (&raw, claims[__i__].code);
  } else {
    /* Sent isn't received yet. */
    while (get_peak () < claims[__i__].most && g_get_monotonic_time () < limit)
      g_thread_yield ();
  }
  raw_close (&raw);
  end_expect_closed (end, claims[__i__].code ? claims[__i__].code : 1006, NULL);
  fail_unless (get_peak () >= claims[__i__].most);
  fail_unless (get_peak () <= claims[__i__].most + CAUGHT);
  g_free (data);
  end_free (end);
}

GST_END_TEST;

/* ---- the close handshake ---- */

static const guint16 good_codes[] = { 1000, 1001, 1002, 1003, 1007, 1008, 1009,
  1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999, 0
};

/* Section 5.5.1: the peer closes, and its code goes back; 7.1.1: a server closes
 * TCP, a client leaves that to the server. */
GST_START_TEST (test_peer_closes)
{
  GstTryonConnectionRole role = __i__ % 2 ? CLIENT : SERVER;
  guint16 code = good_codes[__i__ / 2];
  GByteArray *bytes, *late;
  End *end;
  Raw raw;

  end = end_and_raw (FALSE, role, 0, &raw);
  bytes = make_close (raw.is_client, code, "b\xc3\xa4h");
  late = make_frame (raw.is_client, TRUE, TEXT, "late", 4);
  /* What comes behind it counts for nothing. */
  g_byte_array_append (bytes, late->data, late->len);
  raw_send (&raw, bytes->data, bytes->len);
  raw_expect_close (&raw, code);
  if (role == CLIENT) {
    fail_unless_equals_int (end_count (end, &end->n_closed), 0);
    raw_close (&raw);
  }
  end_expect_closed (end, code ? code : 1005, code ? "b\xc3\xa4h" : "");
  fail_unless_equals_int (end_count (end, &end->n_messages), 0);
  g_byte_array_unref (bytes);
  g_byte_array_unref (late);
  raw_close (&raw);
  end_free (end);
}

GST_END_TEST;

/* The owner closes. What still comes is neither delivered nor answered. */
GST_START_TEST (test_owner_closes)
{
  GstTryonConnectionRole role = __i__ % 2 ? CLIENT : SERVER;
  gboolean in_fragments = __i__ / 2;
  RawFrame *frame;
  End *end;
  Raw raw;

  end = end_and_raw (FALSE, role, 0, &raw);
  if (in_fragments) {
    raw_send_frame (&raw, FALSE, TEXT, "be", 2);
    raw_send_frame (&raw, TRUE, PING, NULL, 0);
    raw_frame_free (raw_read_frame (&raw));
  }
  end_close (end, 4001, "enough");
  fail_if (end_send_text (end, "no", 2));
  /* Again, with something else: no effect. */
  end_close (end, 1000, "again");
  frame = raw_read_frame (&raw);
  fail_unless_equals_int (frame->opcode, CLOSE);
  fail_unless_equals_int (GST_READ_UINT16_BE (frame->data), 4001);
  fail_unless_equals_string ((gchar *) frame->data + 2, "enough");
  raw_frame_free (frame);

  raw_send_frame (&raw, TRUE, in_fragments ? CONTINUATION : TEXT, "late", 4);
  raw_send_frame (&raw, TRUE, PING, "late", 4);
  raw_send_close (&raw, 4001, "as you wish");
  if (role == SERVER)
    raw_expect_eof (&raw);
  raw_close (&raw);
  end_expect_closed (end, 4001, "as you wish");
  fail_unless_equals_int (end_count (end, &end->n_messages), 0);
  end_free (end);
}

GST_END_TEST;

/* Neither answers, nor closes TCP. */
GST_START_TEST (test_peer_does_not_answer)
{
  GstTryonConnectionRole role = __i__ % 2 ? CLIENT : SERVER;
  gboolean answers = __i__ / 2;
  gint64 start;
  End *end;
  Raw raw;

  if (answers && role == SERVER)
    return;
  end = end_and_raw (FALSE, role, 0, &raw);
  start = g_get_monotonic_time ();
  end_close (end, 1000, NULL);
  raw_expect_close (&raw, 1000);
  if (answers)
    raw_send_close (&raw, 3333, "but stays");
  end_expect_closed (end, answers ? 3333 : 1006, NULL);
  fail_unless (g_get_monotonic_time () - start >=
      CLOSE_TIMEOUT * G_TIME_SPAN_MILLISECOND);
  raw_expect_eof (&raw);
  raw_close (&raw);
  end_free (end);
}

GST_END_TEST;

/* Section 5.5: 125 bytes, of which two are the code. */
GST_START_TEST (test_long_reason)
{
  gchar reason[200];
  RawFrame *frame;
  guint i;
  End *end;
  Raw raw;

  /* 1 + 2n: the limit is in the middle of a character. */
  reason[0] = '.';
  for (i = 1; i + 2 < sizeof (reason); i += 2)
    memcpy (reason + i, "\xc3\xa9", 2);
  reason[i] = '\0';
  if (__i__)
    memmove (reason, reason + 1, i);
  end = end_and_raw (FALSE, SERVER, 0, &raw);
  end_close (end, 1000, reason);
  frame = raw_read_frame (&raw);
  fail_unless_equals_uint64 (frame->size, __i__ ? 124 : 125);
  fail_unless (memcmp (frame->data + 2, reason, frame->size - 2) == 0);
  raw_frame_free (frame);
  raw_close (&raw);
  end_free (end);
}

GST_END_TEST;

/* Codes that must not be sent are not. */
GST_START_TEST (test_close_without_code)
{
  static const guint16 codes[] = { 1005, 1006, 0, 999, 1015, 5000 };
  End *end;
  Raw raw;

  end = end_and_raw (FALSE, SERVER, 0, &raw);
  end_close (end, codes[__i__], "for no reason");
  raw_expect_close (&raw, 0);
  raw_close (&raw);
  end_expect_closed (end, 1006, NULL);
  end_free (end);
}

GST_END_TEST;

/* The close frame comes behind the message that was being sent. */
GST_START_TEST (test_close_behind_message)
{
  gsize size = 2 * MIB;
  GstBuffer *payload = gst_buffer_new_allocate (NULL, size, NULL);
  gboolean by_peer = __i__;
  RawFrame *frame;
  End *end;
  Raw raw;

  end = end_and_raw (FALSE, SERVER, 0, &raw);
  gst_buffer_memset (payload, 0, 'p', size);
  fail_unless (end_send_binary (end, NULL, 0, payload));
  if (by_peer)
    raw_send_close (&raw, 1001, "");
  else
    end_close (end, 1001, NULL);
  frame = raw_read_frame (&raw);
  fail_unless_equals_uint64 (frame->size, size);
  fail_unless (gst_buffer_memcmp (payload, 0, frame->data, size) == 0);
  raw_frame_free (frame);
  raw_expect_close (&raw, 1001);
  if (!by_peer)
    raw_send_close (&raw, 1001, "");
  raw_expect_eof (&raw);
  end_expect_closed (end, 1001, "");
  /* It was the last thing: nothing was writable any more. */
  fail_unless_equals_int (end_count (end, &end->n_writable), 0);
  ASSERT_MINI_OBJECT_REFCOUNT (payload, "payload", 1);
  gst_buffer_unref (payload);
  raw_close (&raw);
  end_free (end);
}

GST_END_TEST;

/* A peer that reads nothing can't keep the connection from closing. */
GST_START_TEST (test_close_to_deaf_peer)
{
  GstBuffer *payload = gst_buffer_new_allocate (NULL, 4 * MIB, NULL);
  gint64 start;
  End *end;
  Raw raw;

  gst_buffer_memset (payload, 0, 0, -1);
  end = end_and_raw (__i__, SERVER, 0, &raw);
  fail_unless (end_send_binary (end, NULL, 0, payload));
  while (end_is_writable (end))
    fail_unless (end_send_binary (end, NULL, 0, payload));
  start = g_get_monotonic_time ();
  end_close (end, 1001, NULL);
  end_expect_closed (end, 1006, NULL);
  fail_unless (g_get_monotonic_time () - start <
      (CLOSE_TIMEOUT + 5000) * G_TIME_SPAN_MILLISECOND);
  ASSERT_MINI_OBJECT_REFCOUNT (payload, "payload", 1);
  gst_buffer_unref (payload);
  raw_close (&raw);
  end_free (end);
}

GST_END_TEST;

/* ---- peers that go away ---- */

static const struct
{
  const guint8 *bytes;
  gsize size;
} lasts[] = {
  {(const guint8 *) "", 0},
  {BYTES (0x82)},
  {BYTES (0x82, 0xfe, 0x01)},
  {BYTES (0x82, 0x85, MASK, 'h', 'a')},
  {BYTES (0x02, 0x81, MASK, 'h')},
  {BYTES (0x88, 0x82, MASK)},
};

/* Section 7.1.5: 1006, whatever it left unfinished; by TCP also with a reset. */
GST_START_TEST (test_peer_vanishes)
{
  struct linger reset = { 1, 0 };
  guint last = __i__ / 3, how = __i__ % 3;
  End *end;
  Raw raw;

  end = end_and_raw (how > 0, SERVER, 0, &raw);
  raw_send (&raw, lasts[last].bytes, lasts[last].size);
  if (how == 2)
    fail_unless (setsockopt (g_socket_get_fd (raw.socket), SOL_SOCKET,
            SO_LINGER, &reset, sizeof (reset)) == 0);
  raw_close (&raw);
  end_expect_closed (end, 1006, NULL);
  fail_unless (strlen (end->reason) > 5);
  fail_unless_equals_int (end_count (end, &end->n_messages), 0);
  end_free (end);
}

GST_END_TEST;

/* It goes away while it is sent to: its last words are heard. */
GST_START_TEST (test_peer_vanishes_with_close_frame)
{
  GstBuffer *payload = gst_buffer_new_allocate (NULL, 4 * MIB, NULL);
  End *end;
  Raw raw;

  gst_buffer_memset (payload, 0, 0, -1);
  end = end_and_raw (__i__, SERVER, 0, &raw);
  fail_unless (end_send_binary (end, NULL, 0, payload));
  raw_send_close (&raw, 3001, "gone");
  raw_close (&raw);
  end_expect_closed (end, 3001, "gone");
  ASSERT_MINI_OBJECT_REFCOUNT (payload, "payload", 1);
  gst_buffer_unref (payload);
  end_free (end);
}

GST_END_TEST;

static Raw *leaver;

static void
send_to_leaver (End * end)
{
  raw_send_close (leaver, 3001, "gone");
  raw_close (leaver);
  gst_tryon_connection_send_text (end->connection, "hello?", 6);
  gst_tryon_connection_send_text (end->connection, "hello??", 7);
}

/* The same, with what is sent failing before anything is read. */
GST_START_TEST (test_send_to_vanished_peer)
{
  End *end;
  Raw raw;

  end = end_and_raw (__i__, SERVER, 0, &raw);
  leaver = &raw;
  end_call (end, send_to_leaver);
  end_expect_closed (end, 3001, "gone");
  end_free (end);
}

GST_END_TEST;

/* ---- owners that go away ---- */

static void
abandon (End * end)
{
  fail_unless_equals_int (end_count (end, &end->n_notified), 0);
  gst_tryon_connection_abandon (end->connection, 1001, "bye");
  /* At once: the owner may be freed now. */
  fail_unless_equals_int (end_count (end, &end->n_notified), 1);
  /* And again does no harm. */
  gst_tryon_connection_abandon (end->connection, 1000, "again");
}

static void
abandon_and_unref (End * end)
{
  abandon (end);
  gst_clear_object (&end->connection);
}

static void
close_now (End * end)
{
  gst_tryon_connection_close (end->connection, 1001, "bye");
}

/* The close handshake goes on without the owner, and the loop lives as long. */
GST_START_TEST (test_abandon)
{
  gboolean answers = __i__ % 2, sending = __i__ / 2;
  GstBuffer *payload = gst_buffer_new_allocate (NULL, 2 * MIB, NULL);
  GWeakRef loop;
  GObject *alive;
  End *end;
  Raw raw;

  gst_buffer_memset (payload, 0, 0, -1);
  end = end_and_raw (FALSE, SERVER, 0, &raw);
  if (sending)
    fail_unless (end_send_binary (end, NULL, 0, payload));
  end_call (end, abandon_and_unref);
  g_weak_ref_init (&loop, end->loop);
  /* end_free() needs one to give back. */
  gst_object_unref (end->loop);

  if (sending)
    raw_frame_free (raw_read_frame (&raw));
  raw_expect_close (&raw, 1001);
  fail_unless_equals_int (end_count (end, &end->n_gone), 0);
  alive = g_weak_ref_get (&loop);
  fail_unless (alive != NULL);
  g_object_unref (alive);
  if (answers)
    raw_send_close (&raw, 1001, "");
  raw_expect_eof (&raw);
  end_wait (end, end->n_gone == 1);
  fail_unless_equals_int (end_count (end, &end->n_closed), 0);
  g_weak_ref_clear (&loop);
  ASSERT_MINI_OBJECT_REFCOUNT (payload, "payload", 1);
  gst_buffer_unref (payload);
  end->loop = gst_tryon_loop_new (NULL);
  raw_close (&raw);
  end_free (end);
}

GST_END_TEST;

/* From within a callback on a message, of which more are at hand. */
GST_START_TEST (test_go_away_in_message)
{
  static void (*const ways[]) (End *) = { abandon_and_unref, abandon,
    close_now
  };
  gboolean is_text = __i__ % 2;
  guint i, way = __i__ / 2;
  End *end;
  Raw raw;

  end = end_and_raw (FALSE, SERVER, 0, &raw);
  end->on_message = ways[way];
  for (i = 0; i < 3; i++)
    raw_send_frame (&raw, TRUE, is_text ? TEXT : BINARY, "leave", 5);
  raw_expect_close (&raw, 1001);
  raw_send_close (&raw, 1001, "");
  raw_expect_eof (&raw);
  raw_close (&raw);
  if (ways[way] == close_now)
    end_expect_closed (end, 1001, "");
  else
    end_wait (end, end->n_notified == 1);
  if (ways[way] == abandon_and_unref)
    end_wait (end, end->n_gone == 1);
  fail_unless_equals_int (end_count (end, &end->n_messages), 1);
  end_free (end);
}

GST_END_TEST;

GST_START_TEST (test_go_away_in_writable)
{
  GstBuffer *payload = gst_buffer_new_allocate (NULL, 4 * MIB, NULL);
  RawFrame *frame;
  End *end;
  Raw raw;

  gst_buffer_memset (payload, 0, 0, -1);
  end = end_and_raw (FALSE, SERVER, 0, &raw);
  end->on_writable = abandon_and_unref;
  fail_unless (end_send_binary (end, NULL, 0, payload));
  frame = raw_read_frame (&raw);
  fail_unless_equals_uint64 (frame->size, 4 * MIB);
  raw_frame_free (frame);
  raw_expect_close (&raw, 1001);
  raw_close (&raw);
  end_wait (end, end->n_gone == 1);
  fail_unless_equals_int (end_count (end, &end->n_closed), 0);
  gst_buffer_unref (payload);
  end_free (end);
}

GST_END_TEST;

static void
unref (End * end)
{
  gst_clear_object (&end->connection);
}

/* All that an owner may do in the last callback. */
GST_START_TEST (test_go_away_in_closed)
{
  static void (*const ways[]) (End *) = { abandon_and_unref, close_now, unref };
  End *end;
  Raw raw;

  end = end_and_raw (FALSE, SERVER, 0, &raw);
  end->on_closed = ways[__i__];
  end_sync (end);
  raw_close (&raw);
  end_expect_closed (end, 1006, NULL);
  end_free (end);
}

GST_END_TEST;

/* Without the owner's reference it goes on, until it is closed. */
GST_START_TEST (test_unref_without_close)
{
  End *end;
  Raw raw;

  end = end_and_raw (FALSE, SERVER, 0, &raw);
  end_call (end, unref);
  raw_send_frame (&raw, TRUE, TEXT, "still here", 10);
  end_expect (end, TRUE, "still here", 10);
  raw_send_close (&raw, 1000, "");
  end_expect_closed (end, 1000, "");
  raw_close (&raw);
  end_free (end);
}

GST_END_TEST;

/* Closing and being closed at the same time, many times over. */
GST_START_TEST (test_both_close)
{
  GstTryonLoop *loops[2] = { gst_tryon_loop_new ("a"),
    gst_tryon_loop_new ("b")
  };
  GSocket *sockets[2];
  End *ends[2];
  guint i, n;

  for (n = 0; n < 50; n++) {
    make_pair (n % 2, sockets);
    for (i = 0; i < 2; i++)
      ends[i] = end_new (loops[i], take_stream (sockets[i]),
          i ? SERVER : CLIENT, 0);
    end_close (ends[n % 2], 4000 + n % 2, NULL);
    end_close (ends[1 - n % 2], 4001 - n % 2, NULL);
    for (i = 0; i < 2; i++) {
      end_wait (ends[i], ends[i]->n_closed == 1);
      /* Either's code: it depends on which frame was there first. */
      fail_unless (ends[i]->code == 4000 || ends[i]->code == 4001,
          "%u", ends[i]->code);
      end_free (ends[i]);
    }
  }
  gst_object_unref (loops[0]);
  gst_object_unref (loops[1]);
}

GST_END_TEST;

static Suite *
connection_close_suite (void)
{
  Suite *s = suite_create ("connectionclose");
  TCase *tc = tcase_create ("rules");

  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc, test_breaches, 0, G_N_ELEMENTS (breaches));
  tcase_add_test (tc, test_breach_and_no_end);
  tcase_add_loop_test (tc, test_limit_exactly, 0, 2);
  tcase_add_loop_test (tc, test_fragments_beyond_limit, 0, 3);
  tcase_add_loop_test (tc, test_claims, 0, G_N_ELEMENTS (claims));

  tc = tcase_create ("handshake");
  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc, test_peer_closes, 0, 2 * G_N_ELEMENTS (good_codes));
  tcase_add_loop_test (tc, test_owner_closes, 0, 4);
  tcase_add_loop_test (tc, test_peer_does_not_answer, 0, 4);
  tcase_add_loop_test (tc, test_long_reason, 0, 2);
  tcase_add_loop_test (tc, test_close_without_code, 0, 6);
  tcase_add_loop_test (tc, test_close_behind_message, 0, 2);
  tcase_add_loop_test (tc, test_close_to_deaf_peer, 0, 2);
  tcase_add_loop_test (tc, test_peer_vanishes, 0, 3 * G_N_ELEMENTS (lasts));
  tcase_add_loop_test (tc, test_peer_vanishes_with_close_frame, 0, 2);
  tcase_add_loop_test (tc, test_send_to_vanished_peer, 0, 2);
  tcase_add_test (tc, test_both_close);

  tc = tcase_create ("owner");
  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc, test_abandon, 0, 4);
  tcase_add_loop_test (tc, test_go_away_in_message, 0, 6);
  tcase_add_test (tc, test_go_away_in_writable);
  tcase_add_loop_test (tc, test_go_away_in_closed, 0, 3);
  tcase_add_test (tc, test_unref_without_close);
  return s;
}

GST_CHECK_MAIN (connection_close);

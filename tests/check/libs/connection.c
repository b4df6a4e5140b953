/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* GstTryonConnection: messages both ways. The sections named are RFC 6455's. */

#include <stdio.h>

#include "wspeer.h"

#define SERVER GST_TRYON_CONNECTION_SERVER
#define CLIENT GST_TRYON_CONNECTION_CLIENT
#define BINARY GST_TRYON_WS_OPCODE_BINARY
#define TEXT GST_TRYON_WS_OPCODE_TEXT
#define CONTINUATION GST_TRYON_WS_OPCODE_CONTINUATION
#define PING GST_TRYON_WS_OPCODE_PING
#define PONG GST_TRYON_WS_OPCODE_PONG

static const gsize sizes[] = { 0, 1, 125, 126, 4090, 4096, 65535, 65536,
  1024 * 1024, 3 * 1024 * 1024
};

/* Bytes that are all valid UTF-8, and repeat at no power of two. */
static guint8 *
make_data (gsize size)
{
  guint8 *data = g_malloc (size + 1);
  gsize i;

  for (i = 0; i < size; i++)
    data[i] = ' ' + i % 89;
  data[size] = '\0';
  return data;
}

static GstBuffer *
make_payload (const guint8 * data, gsize size)
{
  GstBuffer *payload = gst_buffer_new_allocate (NULL, size, NULL);

  gst_buffer_fill (payload, 0, data, size);
  return payload;
}

/* ---- both ends ---- */

static void
make_ends (gboolean tcp, End ** client, End ** server)
{
  GstTryonLoop *loop = gst_tryon_loop_new ("ends");
  GSocket *sockets[2];

  make_pair (tcp, sockets);
  *client = end_new (loop, take_stream (sockets[0]), CLIENT, 0);
  *server = end_new (loop, take_stream (sockets[1]), SERVER,
      3 * 1024 * 1024 + 100);
  gst_object_unref (loop);
}

/* The server closes TCP, the client waits for it: sections 5.5.1 and 7.1.1. */
static void
close_ends (End * closer, End * other)
{
  end_close (closer, 1000, "done");
  end_expect_closed (other, 1000, "done");
  end_expect_closed (closer, 1000, "");
  end_free (closer);
  end_free (other);
}

GST_START_TEST (test_echo)
{
  gboolean tcp = __i__ % 2;
  gsize size = sizes[__i__ / 2];
  guint8 *data = make_data (size);
  GstBuffer *buffer = make_payload (data, size);
  End *client, *server;
  Message *message;

  make_ends (tcp, &client, &server);
  server->echo = TRUE;
  fail_unless (end_send_binary (client, NULL, 0, buffer));
  message = end_pop (client);
  fail_unless (!message->is_text && message->size == size);
  fail_unless (size == 0 || memcmp (message->data, data, size) == 0);
  fail_unless_equals_int (message->n_memory, size > 0 ? 1 : 0);
  message_free (message);
  if (size <= 1024 * 1024) {
    end_wait_writable (client);
    fail_unless (end_send_text (client, (gchar *) data, size));
    end_expect (client, TRUE, data, size);
    end_wait_writable (client);
  }
  /* Given back once it has left. */
  end_wait_writable (client);
  ASSERT_MINI_OBJECT_REFCOUNT (buffer, "payload", 1);
  gst_buffer_unref (buffer);
  g_free (data);
  close_ends (tcp ? client : server, tcp ? server : client);
}

GST_END_TEST;

/* A header and a payload of several memories arrive as one message, and the
 * payload is left as it was. */
GST_START_TEST (test_header_and_memories)
{
  guint8 *data = make_data (40064);
  GstBuffer *payload = gst_buffer_new ();
  End *ends[2];
  GstMapInfo map;
  guint i;

  make_ends (FALSE, &ends[0], &ends[1]);
  for (i = 0; i < 16; i++)
    gst_buffer_append_memory (payload, gst_memory_new_wrapped (0, data, 40064,
            64 + i * 2500, 2500, NULL, NULL));
  fail_unless_equals_int (gst_buffer_n_memory (payload), 16);
  for (i = 0; i < 2; i++) {
    fail_unless (end_send_binary (ends[i], data, 64, payload));
    end_expect (ends[!i], FALSE, data, 40064);
    /* One that is no multiple of a mask's size, a header alone, and nothing. */
    end_wait_writable (ends[i]);
    fail_unless (end_send_binary (ends[i], data + 57, 7, payload));
    end_expect (ends[!i], FALSE, data + 57, 40007);
    end_wait_writable (ends[i]);
    fail_unless (end_send_binary (ends[i], data, 32, NULL));
    end_expect (ends[!i], FALSE, data, 32);
    end_wait_writable (ends[i]);
    fail_unless (end_send_binary (ends[i], NULL, 0, NULL));
    end_expect (ends[!i], FALSE, NULL, 0);
  }
  gst_buffer_map (payload, &map, GST_MAP_READ);
  fail_unless (memcmp (map.data, data + 64, 40000) == 0);
  gst_buffer_unmap (payload, &map);
  gst_buffer_unref (payload);
  close_ends (ends[0], ends[1]);
  g_free (data);
}

GST_END_TEST;

static gchar *stack_low, *stack_high;
static GstBuffer *large;
static guint to_send;

static void
send_another (End * end)
{
  /* Not a variable's address: a sanitizer may keep those elsewhere. */
  gchar *here = __builtin_frame_address (0);

  stack_low = stack_low ? MIN (stack_low, here) : here;
  stack_high = MAX (stack_high, here);
  while (to_send > 0 && gst_tryon_connection_send_binary (end->connection,
          NULL, 0, large))
    to_send--;
}

/* The next message is given from within writable(), for ever: the stack must
 * not grow with it. */
GST_START_TEST (test_send_from_writable)
{
  End *client, *server;

  make_ends (FALSE, &client, &server);
  /* More than a socket takes at once. */
  large = gst_buffer_new_allocate (NULL, 1024 * 1024, NULL);
  gst_buffer_memset (large, 0, 0, -1);
  stack_low = stack_high = NULL;
  to_send = 200;
  client->on_writable = send_another;
  end_call (client, send_another);
  end_wait (server, server->n_messages == 200);
  end_wait_writable (client);
  end_sync (client);
  fail_unless (client->n_writable > 100);
  fail_unless (stack_high - stack_low < 8192);
  close_ends (client, server);
  gst_clear_buffer (&large);
}

GST_END_TEST;

/* Both ends send all that they can at the same time. */
GST_START_TEST (test_both_ways_at_once)
{
  guint8 *data = make_data (200000);
  End *ends[2];
  guint i, n;

  make_ends (TRUE, &ends[0], &ends[1]);
  for (n = 1; n <= 30; n++) {
    for (i = 0; i < 2; i++) {
      end_wait_writable (ends[i]);
      fail_unless (end_send_text (ends[i], (gchar *) data, 200000));
    }
  }
  for (n = 0; n < 30; n++) {
    end_expect (ends[0], TRUE, data, 200000);
    end_expect (ends[1], TRUE, data, 200000);
  }
  close_ends (ends[1], ends[0]);
  g_free (data);
}

GST_END_TEST;

/* ---- a peer of bytes ---- */

static void
end_with_close (End * end, Raw * raw)
{
  if (raw->is_client) {
    raw_send_close (raw, 1000, "");
    raw_expect_close (raw, 1000);
    raw_expect_eof (raw);
  }
  raw_close (raw);
  end_free (end);
}

/* Each byte on its own: headers, masks and characters are cut everywhere. */
GST_START_TEST (test_one_byte_at_a_time)
{
  GstTryonConnectionRole role = __i__ ? CLIENT : SERVER;
  guint8 *data = make_data (300);
  GByteArray *bytes = g_byte_array_new (), *frame;
  End *end;
  Raw raw;
  guint i;

  end = end_and_raw (TRUE, role, 0, &raw);
  g_socket_set_option (raw.socket, 6 /* TCP */ , 1 /* TCP_NODELAY */ , 1, NULL);
  for (i = 0; i < 4; i++) {
    frame = make_frame (raw.is_client, i != 1, i == 0 ? BINARY : i == 1 ? TEXT :
        i == 2 ? PING : CONTINUATION, i == 1 ? "tr\xc3" :
        i == 3 ? "\xa9s" : (gchar *) data, i == 0 ? 300 : i == 2 ? 4 :
        i == 1 ? 3 : 2);
    g_byte_array_append (bytes, frame->data, frame->len);
    g_byte_array_unref (frame);
  }
  for (i = 0; i < bytes->len; i++)
    raw_send (&raw, bytes->data + i, 1);
  end_expect (end, FALSE, data, 300);
  raw_expect_frame (&raw, PONG, data, 4);
  end_expect (end, TRUE, "tr\xc3\xa9s", 5);
  g_byte_array_unref (bytes);
  g_free (data);
  end_with_close (end, &raw);
}

GST_END_TEST;

/* Many frames in one piece, so that they pass through the staging area. */
GST_START_TEST (test_many_small_messages)
{
  GByteArray *bytes = g_byte_array_new (), *frame;
  gchar text[16];
  End *end;
  Raw raw;
  guint i;

  end = end_and_raw (FALSE, SERVER, 0, &raw);
  for (i = 0; i < 5000; i++) {
    g_snprintf (text, sizeof (text), "%u", i);
    frame = make_frame (TRUE, TRUE, TEXT, text, i % 3 ? strlen (text) : 0);
    g_byte_array_append (bytes, frame->data, frame->len);
    g_byte_array_unref (frame);
  }
  raw_send (&raw, bytes->data, bytes->len);
  for (i = 0; i < 5000; i++) {
    g_snprintf (text, sizeof (text), "%u", i);
    end_expect (end, TRUE, text, i % 3 ? strlen (text) : 0);
  }
  g_byte_array_unref (bytes);
  end_with_close (end, &raw);
}

GST_END_TEST;

/* Section 5.4, with control frames between the fragments. */
GST_START_TEST (test_fragments)
{
  gsize size = sizes[__i__], step = MAX (1, size / 37), i, n;
  guint8 *data = make_data (size);
  gboolean first = TRUE;
  End *end;
  Raw raw;

  end = end_and_raw (FALSE, SERVER, size, &raw);
  for (i = 0; i < size; i += n, first = FALSE) {
    n = MIN (step, size - i);
    raw_send_frame (&raw, FALSE, first ? BINARY : CONTINUATION, data + i, n);
    raw_send_frame (&raw, TRUE, PING, "between", 7);
    raw_expect_frame (&raw, PONG, "between", 7);
  }
  /* The last one is empty. */
  raw_send_frame (&raw, TRUE, first ? BINARY : CONTINUATION, NULL, 0);
  end_expect (end, FALSE, data, size);
  fail_unless_equals_int (end_count (end, &end->n_messages), 1);
  g_free (data);
  end_with_close (end, &raw);
}

GST_END_TEST;

/* A pong leaves before what is sent because of a later message, also where ping
 * and message come with one read. */
GST_START_TEST (test_pong_before_answer)
{
  GByteArray *bytes, *frame;
  End *end;
  Raw raw;

  end = end_and_raw (FALSE, SERVER, 0, &raw);
  end->echo = TRUE;
  bytes = make_frame (TRUE, FALSE, TEXT, "be", 2);
  frame = make_frame (TRUE, TRUE, PING, "between", 7);
  g_byte_array_append (bytes, frame->data, frame->len);
  g_byte_array_unref (frame);
  frame = make_frame (TRUE, TRUE, CONTINUATION, "hind", 4);
  g_byte_array_append (bytes, frame->data, frame->len);
  g_byte_array_unref (frame);
  raw_send (&raw, bytes->data, bytes->len);
  g_byte_array_unref (bytes);
  raw_expect_frame (&raw, PONG, "between", 7);
  raw_expect_frame (&raw, TEXT, "behind", 6);
  end_with_close (end, &raw);
}

GST_END_TEST;

static const struct
{
  const gchar *text;
  gsize size;
  gboolean valid;
} texts[] = {
#define TEXT_OF(string, valid) { string, sizeof (string) - 1, valid }
  TEXT_OF ("", TRUE),
  TEXT_OF ("plain", TRUE),
  TEXT_OF ("\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5", TRUE),
  TEXT_OF ("\xf0\x90\x80\x80 and \xf4\x8f\xbf\xbf", TRUE),
  TEXT_OF ("U+0000 is \0 a character", TRUE),
  TEXT_OF ("\0\0", TRUE),
  TEXT_OF ("\xef\xbf\xbe\xef\xbf\xbf", TRUE),
  TEXT_OF ("\xce\xba\xed\xa0\x80" "edited", FALSE),
  TEXT_OF ("cut \xe1\xbd", FALSE),
  TEXT_OF ("\x80", FALSE),
  TEXT_OF ("\xfe", FALSE),
  TEXT_OF ("overlong \xc0\xaf", FALSE),
  TEXT_OF ("\xf4\x90\x80\x80", FALSE),
  TEXT_OF ("\0 then \xff", FALSE),
};

/* Section 8.1 */
GST_START_TEST (test_utf8)
{
  gsize size = texts[__i__].size, i;
  End *end;
  Raw raw;

  end = end_and_raw (FALSE, SERVER, 0, &raw);
  /* Binary messages may hold anything. */
  raw_send_frame (&raw, TRUE, BINARY, texts[__i__].text, size);
  end_expect (end, FALSE, texts[__i__].text, size);
  if (texts[__i__].valid) {
    raw_send_frame (&raw, TRUE, TEXT, texts[__i__].text, size);
    end_expect (end, TRUE, texts[__i__].text, size);
  }
  /* And with each byte in a frame of its own. */
  for (i = 0; i < size; i++)
    raw_send_frame (&raw, FALSE, i ? CONTINUATION : TEXT, texts[__i__].text + i,
        1);
  raw_send_frame (&raw, TRUE, size ? CONTINUATION : TEXT, NULL, 0);
  if (texts[__i__].valid) {
    end_expect (end, TRUE, texts[__i__].text, size);
  } else {
    raw_expect_close (&raw, 1007);
    raw_expect_eof (&raw);
    raw_close (&raw);
    end_expect_closed (end, 1007, NULL);
    fail_unless_equals_int (end_count (end, &end->n_messages), 1);
  }
  if (raw.socket)
    end_with_close (end, &raw);
  else
    end_free (end);
}

GST_END_TEST;

/* Sections 5.5.2 and 5.5.3 */
GST_START_TEST (test_ping_and_pong)
{
  GstTryonConnectionRole role = __i__ ? CLIENT : SERVER;
  guint8 *data = make_data (125);
  End *end;
  Raw raw;

  end = end_and_raw (FALSE, role, 0, &raw);
  raw_send_frame (&raw, TRUE, PING, NULL, 0);
  raw_expect_frame (&raw, PONG, NULL, 0);
  raw_send_frame (&raw, TRUE, PING, data, 125);
  raw_expect_frame (&raw, PONG, data, 125);
  /* Unsolicited ones mean nothing. */
  raw_send_frame (&raw, TRUE, PONG, data, 125);
  raw_send_frame (&raw, TRUE, PONG, NULL, 0);
  end_call (end, end_ping);
  raw_expect_frame (&raw, PING, NULL, 0);
  raw_send_frame (&raw, TRUE, PONG, NULL, 0);
  raw_send_frame (&raw, TRUE, TEXT, "alive", 5);
  end_expect (end, TRUE, "alive", 5);
  /* They were none of the owner's messages. */
  fail_unless_equals_int (end_count (end, &end->n_writable), 0);
  g_free (data);
  end_with_close (end, &raw);
}

GST_END_TEST;

/* A peer that reads nothing: one message is pending, no other is taken, and of
 * a thousand pings the newest are answered. */
GST_START_TEST (test_peer_does_not_read)
{
  GstTryonConnectionRole role = __i__ ? CLIENT : SERVER;
  gsize size = 2 * 1024 * 1024;
  guint8 *data = make_data (size);
  GstBuffer *payload = make_payload (data, size);
  gchar text[16];
  guint i, last;
  RawFrame *pong;
  End *end;
  Raw raw;

  end = end_and_raw (FALSE, role, 0, &raw);
  fail_unless (end_send_binary (end, NULL, 0, payload));
  fail_if (end_is_writable (end));
  for (i = 1; i <= 1000; i++) {
    g_snprintf (text, sizeof (text), "ping %u", i);
    raw_send_frame (&raw, TRUE, PING, text, strlen (text));
  }
  raw_send_frame (&raw, TRUE, TEXT, "listen", 6);
  end_expect (end, TRUE, "listen", 6);
  fail_if (end_is_writable (end));
  fail_if (end_send_text (end, "no", 2));
  fail_if (end_send_binary (end, NULL, 0, payload));
  fail_unless_equals_int (end_count (end, &end->n_writable), 0);

  raw_expect_frame (&raw, BINARY, data, size);
  for (i = 0, last = 0; last != 1000; i++) {
    pong = raw_read_frame (&raw);
    fail_unless_equals_int (pong->opcode, PONG);
    fail_unless (sscanf ((gchar *) pong->data, "ping %u", &last) == 1);
    fail_unless (last > 700);
    raw_frame_free (pong);
  }
  fail_unless (i < 300);
  end_wait (end, end->n_writable == 1);
  ASSERT_MINI_OBJECT_REFCOUNT (payload, "payload", 1);
  fail_unless (end_send_text (end, "yes", 3));
  raw_expect_frame (&raw, TEXT, "yes", 3);
  gst_buffer_unref (payload);
  g_free (data);
  end_with_close (end, &raw);
}

GST_END_TEST;

typedef struct
{
  GstTryonLoop *loop;
  End *end;                     /* NULL until it is there */
  guint64 bytes, most_bytes;
  guint messages, most_messages;
  guint expected;
  gboolean over;
} Turns;

/* Once a turn. */
static gboolean
watch_turns (gpointer user_data)
{
  Turns *turns = user_data;
  End *end = g_atomic_pointer_get (&turns->end);
  guint64 bytes = 0;
  guint messages = 0;

  if (end != NULL) {
    bytes = gst_tryon_connection_get_bytes_received (end->connection);
    g_mutex_lock (&end->lock);
    messages = end->n_messages;
    turns->most_bytes = MAX (turns->most_bytes, bytes - turns->bytes);
    turns->most_messages = MAX (turns->most_messages,
        messages - turns->messages);
    turns->over = messages >= turns->expected;
    g_cond_broadcast (&end->cond);
    g_mutex_unlock (&end->lock);
  }
  turns->bytes = bytes;
  turns->messages = messages;
  if (!turns->over)
    gst_tryon_loop_invoke (turns->loop, watch_turns, turns, NULL);
  return G_SOURCE_REMOVE;
}

typedef struct
{
  Turns *turns;
  GIOStream *stream;
} LateEnd;

/* From within the loop, so that no turn goes unwatched. */
static gboolean
make_late_end (gpointer user_data)
{
  LateEnd *late = user_data;

  g_atomic_pointer_set (&late->turns->end, end_new (late->turns->loop,
          late->stream, SERVER, 0));
  return G_SOURCE_REMOVE;
}

static void
nothing (gpointer loop, gpointer user_data)
{
}

/* Megabytes lie ready, or thousands of messages, but others on the loop have
 * their turn in between. From memory: a socket never holds that much. */
GST_START_TEST (test_turns_are_bounded)
{
  gsize size = __i__ ? 0 : 100000;
  guint8 *data = make_data (size);
  GByteArray *frame = make_frame (TRUE, TRUE, BINARY, data, size);
  GByteArray *bytes = g_byte_array_new ();
  Turns turns = { gst_tryon_loop_new ("turns"), };
  LateEnd late = { &turns, };
  GInputStream *input;
  GOutputStream *output;
  guint i;

  turns.expected = __i__ ? 20000 : 200;
  for (i = 0; i < turns.expected; i++)
    g_byte_array_append (bytes, frame->data, frame->len);
  input = g_memory_input_stream_new_from_data (bytes->data, bytes->len, NULL);
  output = g_memory_output_stream_new_resizable ();
  late.stream = g_simple_io_stream_new (input, output);
  g_object_unref (input);
  g_object_unref (output);

  gst_tryon_loop_invoke (turns.loop, watch_turns, &turns, NULL);
  gst_tryon_loop_invoke (turns.loop, make_late_end, &late, NULL);
  gst_tryon_loop_invoke_sync (turns.loop, nothing, NULL);
  for (i = 0; i < turns.expected; i++)
    end_expect (turns.end, FALSE, data, size);
  end_expect_closed (turns.end, 1006, NULL);
  end_wait (turns.end, turns.over);
  /* Polling may give a turn to a connection that has just had one for what was
   * staged; each may end with a header's read. A message costs 256 bytes. */
  fail_unless (turns.most_bytes <= 2 * (256 * 1024 + 4096),
      "%" G_GUINT64_FORMAT " bytes in one turn", turns.most_bytes);
  fail_unless (turns.most_messages <= 2 * 1025, "%u messages in one turn",
      turns.most_messages);
  gst_object_unref (turns.loop);
  end_free (turns.end);
  g_byte_array_unref (frame);
  g_byte_array_unref (bytes);
  g_free (data);
}

GST_END_TEST;

static Suite *
connection_suite (void)
{
  Suite *s = suite_create ("connection");
  TCase *tc = tcase_create ("messages");

  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc, test_echo, 0, 2 * G_N_ELEMENTS (sizes));
  tcase_add_test (tc, test_header_and_memories);
  tcase_add_test (tc, test_send_from_writable);
  tcase_add_test (tc, test_both_ways_at_once);
  tcase_add_loop_test (tc, test_one_byte_at_a_time, 0, 2);
  tcase_add_test (tc, test_many_small_messages);
  tcase_add_loop_test (tc, test_fragments, 0, G_N_ELEMENTS (sizes));
  tcase_add_test (tc, test_pong_before_answer);
  tcase_add_loop_test (tc, test_utf8, 0, G_N_ELEMENTS (texts));
  tcase_add_loop_test (tc, test_ping_and_pong, 0, 2);
  tcase_add_loop_test (tc, test_peer_does_not_read, 0, 2);
  tcase_add_loop_test (tc, test_turns_are_bounded, 0, 2);
  return s;
}

GST_CHECK_MAIN (connection);

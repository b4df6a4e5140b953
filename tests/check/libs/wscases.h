/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* RFC 6455 as a table: what a peer sends, cut in what pieces, and what must come
 * back. A row is a test by itself, and its name tells the RFC's section, the
 * case of the Autobahn test suite, and which end was tested:
 *
 *   GST_CHECKS='5.4 *' meson test -C build libs_wsconformance
 *   GST_CHECKS='*|5.19|*' meson test -C build libs_wsconformance
 *
 * docs/conformance.md is the index of all rows. */

#include "wspeer.h"

#define SERVER GST_TRYON_CONNECTION_SERVER
#define CLIENT GST_TRYON_CONNECTION_CLIENT

/* ---- what goes over the wire ---- */

typedef struct
{
  enum
  { NONE, FRAME, OCTETS } kind; /* NONE: the end of a list */
  guint8 first;                 /* of a FRAME: FIN, reserved bits, opcode */
  const gchar *payload;         /* NULL: one is made */
  gsize size;
  gsize fragment;               /* a message in frames of so many octets, or 0 */
} Frame;

#define FIN 0x80
#define RSV(bits) ((bits) << 4)
#define OP_MORE GST_TRYON_WS_OPCODE_CONTINUATION
#define OP_TEXT GST_TRYON_WS_OPCODE_TEXT
#define OP_BINARY GST_TRYON_WS_OPCODE_BINARY
#define OP_CLOSE GST_TRYON_WS_OPCODE_CLOSE
#define OP_PING GST_TRYON_WS_OPCODE_PING
#define OP_PONG GST_TRYON_WS_OPCODE_PONG

#define FRAMES(...) (const Frame[]) { __VA_ARGS__, {NONE} }
#define NOTHING (const Frame[]) { {NONE} }
#define ANY(first, words) { FRAME, first, words, sizeof (words) - 1 }
#define TEXT(words) ANY (FIN | OP_TEXT, words)
#define BINARY(words) ANY (FIN | OP_BINARY, words)
#define PING(words) ANY (FIN | OP_PING, words)
#define PONG(words) ANY (FIN | OP_PONG, words)
/* The frames of a message in fragments. */
#define BEGIN(words) ANY (OP_TEXT, words)
#define MORE(words) ANY (OP_MORE, words)
#define LAST(words) ANY (FIN | OP_MORE, words)
/* A close frame, the code in its two octets first. */
#define CLOSE(words) ANY (FIN | OP_CLOSE, words)
#define CODE_1000 "\x03\xe8"
#define TWO(code) ((const gchar[]) { (gchar) ((code) >> 8), (gchar) (code) })
#define CLOSE_CODE(code) { FRAME, FIN | OP_CLOSE, TWO (code), 2 }
/* So many octets, which are made. */
#define LONG_TEXT(size) { FRAME, FIN | OP_TEXT, NULL, size }
#define LONG_BINARY(size) { FRAME, FIN | OP_BINARY, NULL, size }
#define CUT_TEXT(size, fragment) { FRAME, FIN | OP_TEXT, NULL, size, fragment }
#define CUT_BINARY(size, fragment) \
  { FRAME, FIN | OP_BINARY, NULL, size, fragment }
/* Octets as they stand, for one end only: header and mask are in them. */
#define AS_IS(words) { OCTETS, 0, words, sizeof (words) - 1 }

#define KIB 1024
#define MIB (1024 * KIB)
/* Of both kinds of message. */
#define CASE_LIMIT (16 * MIB)

/* ---- a row ---- */

typedef enum
{
  CLEAN,                        /* goes on: the peer then closes with 1000 */
  CLOSED,                       /* the peer's close frame was among what it sent */
  FAILS,                        /* the connection is failed (7.1.7) */
  OWNER,                        /* the owner closes, and the rest is sent then */
} Outcome;

/* How it is cut. A frame or an octet on its own goes out when the one before it
 * was received, so that each is a read of its own. Greater numbers are octets
 * per write. */
#define WHOLE 0
#define PER_OCTET 1
#define PER_FRAME G_MAXUINT

typedef struct
{
  const gchar *section;         /* of RFC 6455, and its subject */
  const gchar *autobahn;        /* NULL: none of its cases */
  const gchar *what;
  guint chop;
  const Frame *sent;
  const Frame *answers;
  Outcome outcome;
  guint16 code;                 /* in the connection's close frame; 1005: none */
  const gchar *reason;          /* as the owner is told; NULL: none, or any */
  enum
  { BOTH, ONLY_SERVER, ONLY_CLIENT } end;
  guint rounds;                 /* the whole of it so many times */
} Case;

static inline gboolean
case_is_for (const Case * c, GstTryonConnectionRole role)
{
  return c->end == BOTH || (c->end == ONLY_SERVER) == (role == SERVER);
}

/* Each row as a test, once for each end that it concerns. The number that the
 * test gets is twice the row, plus one for a client. */
static inline void
add_cases (TCase * tc, TFun func, const Case * cases, guint n)
{
  static const gchar *const ends[] = { "server", "client" };
  gchar *name;
  guint i;

  for (i = 0; i < 2 * n; i++) {
    const Case *c = &cases[i / 2];

    if (!case_is_for (c, i % 2 ? CLIENT : SERVER))
      continue;
    name = g_strdup_printf ("%s|%s|%s|%s", c->section,
        c->autobahn ? c->autobahn : "-", c->what, ends[i % 2]);
    _tcase_add_test (tc, func, g_intern_string (name), 0, 0, i, i + 1);
    g_free (name);
  }
}

/* ---- the peer ---- */

/* Of all lengths of characters, so that fragments cut them everywhere. */
static inline guint8 *
case_make_payload (const Frame * frame)
{
  static const gchar unit[] = "a\xc3\xa9\xe2\x82\xac\xf0\x9d\x84\x9e";
  guint8 *data = g_malloc (frame->size + 1);
  gsize whole = frame->size - frame->size % 10, i;

  if (frame->payload) {
    memcpy (data, frame->payload, frame->size);
  } else if ((frame->first & 0x0f) == OP_TEXT) {
    for (i = 0; i < frame->size; i++)
      data[i] = i < whole ? unit[i % 10] : '.';
  } else {
    for (i = 0; i < frame->size; i++)
      data[i] = i * 31 + (i >> 8);
  }
  return data;
}

static inline void
case_add_frame (GPtrArray * pieces, const Raw * raw, guint8 first,
    const guint8 * data, gsize size)
{
  GByteArray *piece = make_frame (raw->is_client, (first & FIN) != 0,
      first & 0x0f, data, size);

  piece->data[0] |= first & RSV (7);
  g_ptr_array_add (pieces, piece);
}

/* The pieces of a frame, or of a message in fragments. */
static inline void
case_add_pieces (GPtrArray * pieces, const Raw * raw, const Frame * frame)
{
  guint8 *data = case_make_payload (frame);
  gsize done = 0, n = frame->fragment;
  GByteArray *piece;

  if (frame->kind == OCTETS) {
    piece = g_byte_array_new ();
    g_byte_array_append (piece, data, frame->size);
    g_ptr_array_add (pieces, piece);
  } else if (n == 0) {
    case_add_frame (pieces, raw, frame->first, data, frame->size);
  } else {
    for (; frame->size - done > n; done += n)
      case_add_frame (pieces, raw, done ? OP_MORE : frame->first & ~FIN,
          data + done, n);
    case_add_frame (pieces, raw, done ? FIN | OP_MORE : frame->first,
        data + done, frame->size - done);
  }
  g_free (data);
}

static inline GPtrArray *
case_make_pieces (const Raw * raw, const Frame * frames, gboolean in_one)
{
  GPtrArray *pieces =
      g_ptr_array_new_with_free_func ((GDestroyNotify) g_byte_array_unref);
  GByteArray *whole, *piece;
  guint i;

  for (; frames->kind != NONE; frames++)
    case_add_pieces (pieces, raw, frames);
  if (in_one && pieces->len > 1) {
    whole = g_byte_array_new ();
    for (i = 0; i < pieces->len; i++) {
      piece = g_ptr_array_index (pieces, i);
      g_byte_array_append (whole, piece->data, piece->len);
    }
    g_ptr_array_set_size (pieces, 0);
    g_ptr_array_add (pieces, whole);
  }
  return pieces;
}

typedef struct
{
  End *end;
  guint64 bytes;
} Received;

static inline void
case_get_received (gpointer loop, gpointer user_data)
{
  Received *received = user_data;

  received->bytes =
      gst_tryon_connection_get_bytes_received (received->end->connection);
}

static inline gboolean
case_is_closed (End * end)
{
  gboolean closed;

  g_mutex_lock (&end->lock);
  closed = end->n_closed > 0;
  g_mutex_unlock (&end->lock);
  return closed;
}

/* Until @bytes in all were read, or nothing is read any more. */
static inline void
case_await_received (End * end, guint64 bytes)
{
  gint64 limit = g_get_monotonic_time () + PATIENCE;
  Received received = { end, 0 };

  while (received.bytes < bytes && !case_is_closed (end)) {
    fail_unless (g_get_monotonic_time () < limit);
    gst_tryon_loop_invoke_sync (end->loop, case_get_received, &received);
  }
}

/* FALSE when the other end has closed. */
static inline gboolean
case_send_octets (Raw * raw, const guint8 * data, gsize size)
{
  gssize n;

  for (; size > 0; data += n, size -= n) {
    n = g_socket_send (raw->socket, (const gchar *) data, size, NULL, NULL);
    if (n <= 0)
      return FALSE;
  }
  return TRUE;
}

/* @total: octets that were sent up to now. */
static inline void
case_send (End * end, Raw * raw, const Frame * frames, guint chop,
    guint64 * total)
{
  GPtrArray *pieces = case_make_pieces (raw, frames, chop != PER_FRAME);
  gboolean awaits = chop == PER_OCTET || chop == PER_FRAME;
  gsize i, done, n;

  for (i = 0; i < pieces->len; i++) {
    GByteArray *piece = g_ptr_array_index (pieces, i);

    for (done = 0; done < piece->len; done += n) {
      n = piece->len - done;
      if (chop != WHOLE)
        n = MIN (n, chop);
      if (!case_send_octets (raw, piece->data + done, n))
        goto out;
      *total += n;
      if (awaits)
        case_await_received (end, *total);
    }
  }
out:
  g_ptr_array_unref (pieces);
}

/* ---- the end that is tested ---- */

static inline End *
case_end_new (GstTryonConnectionRole role, Raw * raw)
{
  GstTryonLoop *loop = gst_tryon_loop_new ("case");
  End *end = g_new0 (End, 1);
  EndParams params = { end, NULL, role, GST_TRYON_CONNECTION_LIMITS_INIT };
  GSocket *sockets[2];

  make_pair (FALSE, sockets);
  raw->socket = sockets[1];
  raw->is_client = role == SERVER;
  g_socket_set_timeout (raw->socket, PATIENCE / G_TIME_SPAN_SECOND);
  params.stream = take_stream (sockets[0]);
  params.limits.max_message_bytes = CASE_LIMIT;
  params.limits.max_text_bytes = CASE_LIMIT;
#ifdef GST_TRYON_CONNECTION_DEFAULT_MAX_FRAGMENTS
  /* Some of Autobahn's messages are in 65536 of them. */
  params.limits.max_fragments = G_MAXUINT;
#endif
  /* A slow machine must not look like a peer that does not answer. */
  params.limits.close_timeout = PATIENCE / G_TIME_SPAN_MILLISECOND;
  g_mutex_init (&end->lock);
  g_cond_init (&end->cond);
  end->loop = gst_object_ref (loop);
  end->echo = TRUE;
  gst_tryon_loop_invoke_sync (loop, end_create, &params);
  g_object_unref (params.stream);
  gst_object_unref (loop);
  return end;
}

/* How many of them were messages. */
static inline guint
case_expect_answers (Raw * raw, const Frame * answers)
{
  guint8 *data;
  guint n = 0;

  for (; answers->kind != NONE; answers++) {
    data = case_make_payload (answers);
    raw_expect_frame (raw, answers->first & 0x0f, data, answers->size);
    g_free (data);
    n += (answers->first & 0x0f) < OP_CLOSE;
  }
  return n;
}

/* Both close frames are on their way: a server closes TCP, and a client waits
 * until its server does (7.1.1). Nothing comes behind a close frame (5.5.1). */
static inline void
case_expect_end (End * end, Raw * raw, guint16 code, const gchar * reason)
{
  if (raw->is_client) {
    end_expect_closed (end, code, reason);
    raw_expect_eof (raw);
  } else {
    end_call (end, end_nothing);
    fail_if (case_is_closed (end));
    fail_unless (g_socket_shutdown (raw->socket, FALSE, TRUE, NULL));
    raw_expect_eof (raw);
    end_expect_closed (end, code, reason);
  }
  raw_close (raw);
}

/* The connection says why, and nothing else; then it waits until the peer has
 * closed TCP, lest a reset takes its words away. */
static inline void
case_expect_failure (End * end, Raw * raw, guint16 code)
{
  raw_expect_close (raw, code);
  raw_expect_eof (raw);
  end_call (end, end_nothing);
  fail_if (case_is_closed (end));
  raw_close (raw);
  end_expect_closed (end, code, NULL);
}

static inline void
case_finish (const Case * c, End * end, Raw * raw, guint64 * total)
{
  guint16 on_wire = c->code == GST_TRYON_CLOSE_NO_STATUS ? 0 : c->code;

  switch (c->outcome) {
    case CLEAN:
      raw_send_close (raw, 1000, "");
      raw_expect_close (raw, 1000);
      case_expect_end (end, raw, 1000, "");
      break;
    case CLOSED:
      raw_expect_close (raw, on_wire);
      case_expect_end (end, raw, c->code, c->reason ? c->reason : "");
      break;
    case FAILS:
      case_expect_failure (end, raw, c->code);
      break;
    case OWNER:
      end_close (end, c->code, c->reason);
      raw_expect_close (raw, on_wire);
      case_send (end, raw, c->sent, c->chop, total);
      case_expect_end (end, raw, c->code, "");
      break;
  }
}

static inline void
run_case (const Case * c, GstTryonConnectionRole role)
{
  guint round, n_messages = 0;
  guint64 total = 0;
  End *end;
  Raw raw;

  end = case_end_new (role, &raw);
  for (round = 0; round < MAX (c->rounds, 1); round++) {
    if (c->outcome != OWNER)
      case_send (end, &raw, c->sent, c->chop, &total);
    n_messages += case_expect_answers (&raw, c->answers);
  }
  case_finish (c, end, &raw, &total);
  fail_unless_equals_int (end->n_messages, n_messages);
  end_free (end);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fuzz target: what comes out of a WebSocket's bytes, in whatever pieces they
 * come, whenever the owner stops wanting messages; and how much memory that
 * takes. A plain decoder (wsreference.c) runs in step, and has to say the same
 * at the same byte.
 *
 * The first bytes are the set-up (see setup()); what follows are the stream's, or
 * a list of frames to make it of, which reaches lengths that no input has. */

#include <string.h>
#include <gst/tryon/tryon.h>

#include "feed.h"
#include "fuzz.h"
#include "wsreference.h"
/* Private to the library, and built in here. */
#include "gst/tryon/gsttryonpool.h"
#include "gst/tryon/gsttryonwsinput.h"

#define SETUP_SIZE 11
#define FRAME_SIZE 5
/* Of a stream made of frames: most are to be quick. */
#define MAX_STREAM (48 * 1024)
#define MAX_LARGE_STREAM (1088 * 1024)
/* As gsttryonwsinput.c and gsttryonwsmessage.c have them. */
#define EXPECTED_MIN 4096
#define EXPECTED_MAX (256 * 1024)
#define UNWANTED (16 * 1024)
#define BELIEVED (1024 * 1024)
#define FRAME_COST 256
/* Messages that stay with their receiver for a while. */
#define MAX_KEPT 4

enum
{
  FLAG_FROM_CLIENT = 1 << 0,
  FLAG_FRAMES = 1 << 1,         /* the rest is a list of frames */
  FLAG_BREAKS = 1 << 2,         /* the stream ends with an error */
  FLAG_KEEPS = 1 << 3,          /* buffers live on */
  FLAG_HEEDS_CLOSE = 1 << 4,    /* reads nothing behind a close frame */
  FLAGS_LARGE = 7 << 5,         /* all of them: a long stream */
};

enum
{
  FRAME_SHIFT = 0x07,           /* of its length, to the left */
  FRAME_ODD_MASK = 1 << 3,      /* masked as only the other end may */
  FRAME_LONG_FORM = 1 << 4,     /* length in more bytes than it takes */
  FRAME_CUT = 1 << 5,           /* half of its payload is missing */
  FRAME_LITERAL = 1 << 6,       /* payload from the input, else a pattern */
};

typedef struct
{
  GstTryonWsInput input;
  guint flags;
  gssize budget;
  guint results;                /* so far */
  guint wants_control_at;       /* which of them, 0 for none */
  guint wants_nothing_at;

  GByteArray *stream;
  Feed *feed;
  Reference ref;
  gsize seen;                   /* of the stream, by the reference */

  GQueue kept;                  /* GstBuffer */
  GQueue kept_bytes;            /* GBytes: what is in them */
  gsize kept_capacity;          /* of the pool's blocks in them */
} Trial;

/* ---- the stream ---- */

/* Appends @size bytes of payload, from @data or a pattern. */
static void FUZZ_FAST
append_payload (GByteArray * stream, const guint8 * data, gsize size,
    const guint8 * mask)
{
  gsize begin = stream->len, i;
  guint8 *to;

  g_byte_array_set_size (stream, begin + size);
  to = stream->data + begin;
  for (i = 0; i < size; i++)
    to[i] = data ? data[i] : 'a' + (i ^ i >> 4 ^ i >> 8) % 16;
  for (i = 0; mask && i < size; i++)
    to[i] ^= mask[i % 4];
}

/* Headers by the letter, wrong ones, too: so not by the library's function. */
static void
append_header (GByteArray * stream, guint8 first, guint64 length, guint bytes,
    const guint8 * mask)
{
  guint8 head[10] = { first, mask ? 0x80 : 0 };
  guint i;

  head[1] |= bytes == 0 ? length : bytes == 2 ? 126 : 127;
  for (i = 0; i < bytes; i++)
    head[2 + i] = length >> 8 * (bytes - 1 - i);
  g_byte_array_append (stream, head, 2 + bytes);
  if (mask)
    g_byte_array_append (stream, mask, 4);
}

/* Appends the frame that @data begins with. Returns how much that was. */
static gsize
append_frame (GByteArray * stream, guint limit, gboolean from_client,
    const guint8 * data, gsize size)
{
  const guint flags = data[1], seed = data[4];
  const guint8 mask[4] = { seed, seed * 3, seed ^ 0x55, seed + 1 };
  guint64 length = (guint64) (data[2] | data[3] << 8) << (flags & FRAME_SHIFT);
  gboolean masked = from_client != ((flags & FRAME_ODD_MASK) != 0);
  guint bytes = length < 126 ? 0 : length < 65536 ? 2 : 8;
  gsize n = length, literal = 0;

  if (flags & FRAME_LONG_FORM)
    bytes = bytes == 0 ? 2 : 8;
  append_header (stream, data[0], length, bytes, masked ? mask : NULL);
  if (flags & FRAME_CUT)
    n /= 2;
  n = MIN (n, limit - MIN (stream->len, limit));
  if (flags & FRAME_LITERAL)
    n = literal = MIN (n, size - FRAME_SIZE);
  append_payload (stream, literal > 0 ? data + FRAME_SIZE : NULL, n,
      masked ? mask : NULL);
  return FRAME_SIZE + literal;
}

static GByteArray *
make_stream (guint flags, const guint8 * data, gsize size)
{
  /* Not %NULL when nothing is in it. */
  GByteArray *stream = g_byte_array_sized_new (size + 1);
  guint limit = MAX_STREAM;
  gsize n;

  if (!(flags & FLAG_FRAMES))
    return g_byte_array_append (stream, data, size);
  if ((flags & FLAGS_LARGE) == FLAGS_LARGE)
    limit = MAX_LARGE_STREAM;
  while (size >= FRAME_SIZE && stream->len < limit) {
    n = append_frame (stream, limit, (flags & FLAG_FROM_CLIENT) != 0, data,
        size);
    data += n;
    size -= n;
  }
  return stream;
}

static void
setup (Trial * trial, const guint8 * data, gsize size)
{
  const guint n_pieces = MIN (data[10] & 15, size - SETUP_SIZE);
  const guint8 *pieces = data + SETUP_SIZE;
  GstTryonWsInput *input = &trial->input;
  Reference *ref = &trial->ref;

  memset (trial, 0, sizeof (*trial));
  trial->flags = data[0];
  trial->stream = make_stream (trial->flags, pieces + n_pieces,
      size - SETUP_SIZE - n_pieces);
  trial->feed = feed_new (trial->stream->data, trial->stream->len, pieces,
      n_pieces);
  trial->feed->breaks = (trial->flags & FLAG_BREAKS) != 0;
  trial->budget = (gsize) 1 << (data[7] % 20);
  trial->budget = MAX (trial->budget, (gssize) trial->feed->scale);
  trial->wants_control_at = data[8];
  trial->wants_nothing_at = data[9];
  g_queue_init (&trial->kept);
  g_queue_init (&trial->kept_bytes);

  input->stream = G_POLLABLE_INPUT_STREAM (trial->feed);
  input->from_client = (trial->flags & FLAG_FROM_CLIENT) != 0;
  input->max_message_bytes = (data[1] | data[2] << 8) << (data[5] & 7);
  input->max_text_bytes = (data[3] | data[4] << 8) << (data[5] >> 4 & 7);
  input->max_fragments = data[6];

  reference_init (ref);
  ref->from_client = input->from_client;
  ref->max_message = input->max_message_bytes;
  ref->max_text = input->max_text_bytes;
  ref->max_fragments = input->max_fragments;
}

/* ---- memory ---- */

/* What the pool gives for @size bytes. */
static gsize FUZZ_FAST
block_size (gsize size)
{
  gsize block = 4096;

  while (block < size && block < BELIEVED)
    block *= 2;
  return MAX (block, size);
}

/* The largest block that bytes are read to. */
static gsize FUZZ_FAST
read_block_size (const GstTryonWsInput * input)
{
  gsize most = MAX (input->max_message_bytes, input->max_text_bytes);

  most = MIN (most, EXPECTED_MAX) + GST_TRYON_WS_MAX_HEADER;
  most = CLAMP (most + most / 8, EXPECTED_MIN, EXPECTED_MAX);
  return block_size (MAX (most, UNWANTED));
}

/* What all of a message may take, and at the moment it is moved to its last
 * block: the one before that is smaller by half, or an odd one of the pool. */
static gsize FUZZ_FAST
message_size (const GstTryonWsInput * input, gsize * moving)
{
  gsize most = MAX (input->max_message_bytes, input->max_text_bytes + 1);
  gsize last = block_size (most), before = 4096;

  while (before * 2 < most && before < BELIEVED)
    before *= 2;
  *moving = last + MAX (before, most / 2 + 1);
  return last;
}

/* Without the buffers that were kept. */
static gsize FUZZ_FAST
get_used (const Trial * trial, GstTryonPoolStats * stats)
{
  gst_tryon_pool_get_stats (stats);
  g_assert_cmpuint (stats->used, >=, trial->kept_capacity);
  return stats->used - trial->kept_capacity;
}

static void FUZZ_FAST
check_memory (const Trial * trial)
{
  gsize read_block = read_block_size (&trial->input);
  gsize moving, most = message_size (&trial->input, &moving), used;
  GstTryonPoolStats stats;

  used = get_used (trial, &stats);
  g_assert_cmpuint (stats.peak - trial->kept_capacity, <=,
      read_block + MAX (moving, read_block));
  g_assert_cmpuint (used, <=, read_block + MAX (most, read_block));
}

/* Who waits holds no more than a message that has begun; its claim alone costs
 * little. */
static void FUZZ_FAST
check_waiting_memory (const Trial * trial)
{
  gsize read_block = read_block_size (&trial->input);
  gsize moving, most = message_size (&trial->input, &moving), used;
  gsize came = trial->ref.message->len;
  GstTryonPoolStats stats;

  used = get_used (trial, &stats);
  if (!trial->ref.active)
    g_assert_cmpuint (used, ==, 0);
  g_assert_cmpuint (used, <=, MAX (most, read_block));
  g_assert_cmpuint (used, <=, MAX (MAX (2 * BELIEVED, 4 * came) + 1,
          read_block));
}

/* ---- the results ---- */

/* What of the stream was looked at. */
static gsize FUZZ_FAST
get_position (const Trial * trial)
{
  const GstTryonWsInput *input = &trial->input;

  return trial->feed->pos - (input->end - input->start) - input->rest_size;
}

/* Lets the reference go on to @position, where it must have @event to tell, and
 * not before. */
static void FUZZ_FAST
expect (Trial * trial, ReferenceEvent event, gsize position)
{
  gsize taken = 0;

  /* It may have seen the beginning of a header already. */
  if (event == REFERENCE_NOTHING && position <= trial->seen)
    return;
  g_assert_cmpuint (position, >=, trial->seen);
  g_assert_cmpint (reference_feed (&trial->ref, trial->stream->data
          + trial->seen, position - trial->seen, &taken), ==, event);
  trial->seen += taken;
  if (event != REFERENCE_FAILED)
    g_assert_cmpuint (trial->seen, ==, position);
}

static void
want (Trial * trial, GstTryonWsInputWanted wanted)
{
  gst_tryon_ws_input_want (&trial->input, wanted);
  reference_want (&trial->ref, wanted == GST_TRYON_WS_INPUT_NOTHING ?
      REFERENCE_WANTS_NOTHING : REFERENCE_WANTS_CONTROL);
}

/* The oldest of the buffers that were kept: nobody else has written to it. */
static void
drop_kept (Trial * trial)
{
  GstBuffer *buffer = g_queue_pop_head (&trial->kept);
  GBytes *bytes = g_queue_pop_head (&trial->kept_bytes);
  gsize offset, capacity;

  if (gst_buffer_n_memory (buffer) > 0) {
    g_assert (gst_buffer_memcmp (buffer, 0, g_bytes_get_data (bytes, NULL),
            g_bytes_get_size (bytes)) == 0);
    gst_buffer_get_sizes (buffer, &offset, &capacity);
    trial->kept_capacity -= capacity;
  }
  gst_buffer_unref (buffer);
  g_bytes_unref (bytes);
}

static void
take_binary (Trial * trial, GstTryonWsMessage * message)
{
  GByteArray *right = trial->ref.message;
  GstBuffer *buffer = gst_tryon_ws_message_take_buffer (message);
  gsize offset, capacity;

  g_assert_cmpuint (gst_buffer_get_size (buffer), ==, right->len);
  g_assert_cmpuint (gst_buffer_n_memory (buffer), <=, 1);
  if (right->len > 0)
    g_assert (gst_buffer_memcmp (buffer, 0, right->data, right->len) == 0);
  if (!(trial->flags & FLAG_KEEPS)) {
    gst_buffer_unref (buffer);
    return;
  }
  if (gst_buffer_n_memory (buffer) > 0) {
    gst_buffer_get_sizes (buffer, &offset, &capacity);
    trial->kept_capacity += capacity;
  }
  g_queue_push_tail (&trial->kept, buffer);
  g_queue_push_tail (&trial->kept_bytes, g_bytes_new (right->data, right->len));
  if (trial->kept.length > MAX_KEPT)
    drop_kept (trial);
}

static void
take_text (Trial * trial, GstTryonWsMessage * message)
{
  GByteArray *right = trial->ref.message;
  const gchar *text = gst_tryon_ws_message_get_text (message);

  g_assert_cmpuint (message->size, ==, right->len);
  g_assert_cmpint (text != NULL, ==, reference_is_utf8 (right->data,
          right->len));
  if (text != NULL) {
    g_assert (right->len == 0 || memcmp (text, right->data, right->len) == 0);
    g_assert_cmpint (text[right->len], ==, '\0');
  }
  gst_tryon_ws_message_clear (message);
  if (text == NULL)
    want (trial, GST_TRYON_WS_INPUT_NOTHING);
}

/* As a connection does it. */
static void
take_message (Trial * trial)
{
  GstTryonWsMessage message = trial->input.message;

  g_assert_cmpint (message.is_text, ==, trial->ref.is_text);
  g_assert_cmpuint (message.fragments, ==, trial->ref.fragments);
  memset (&trial->input.message, 0, sizeof (message));
  if (message.is_text)
    take_text (trial, &message);
  else
    take_binary (trial, &message);
  reference_next (&trial->ref);
}

static void
take_control (Trial * trial)
{
  GstTryonWsInput *input = &trial->input;
  GByteArray *right = trial->ref.control;

  g_assert_cmpuint (input->frame.opcode, ==, trial->ref.opcode);
  g_assert_cmpuint (input->control_size, ==, right->len);
  g_assert (right->len == 0
      || memcmp (input->control, right->data, right->len) == 0);
  if (input->frame.opcode == GST_TRYON_WS_OPCODE_CLOSE
      && (trial->flags & FLAG_HEEDS_CLOSE))
    want (trial, GST_TRYON_WS_INPUT_NOTHING);
}

static void
take_failure (Trial * trial)
{
  g_assert_cmpuint (trial->input.code, ==, trial->ref.code);
  g_assert (gst_tryon_ws_close_code_is_valid (trial->input.code));
  g_assert_nonnull (trial->input.words);
  want (trial, GST_TRYON_WS_INPUT_NOTHING);
}

static void
take_result (Trial * trial, GstTryonWsInputResult result)
{
  switch (result) {
    case GST_TRYON_WS_INPUT_MESSAGE:
      expect (trial, REFERENCE_MESSAGE, get_position (trial));
      take_message (trial);
      break;
    case GST_TRYON_WS_INPUT_CONTROL:
      expect (trial, REFERENCE_CONTROL, get_position (trial));
      take_control (trial);
      break;
    case GST_TRYON_WS_INPUT_FAILED:
      expect (trial, REFERENCE_FAILED, trial->feed->pos);
      take_failure (trial);
      break;
    case GST_TRYON_WS_INPUT_ENDED:
      g_assert_cmpuint (trial->feed->pos, ==, trial->feed->size);
      g_assert_nonnull (trial->input.words);
      expect (trial, REFERENCE_NOTHING, trial->feed->pos);
      break;
    case GST_TRYON_WS_INPUT_BLOCKED:
      /* Polling doesn't tell of bytes that are here. */
      g_assert_false (gst_tryon_ws_input_has_bytes (&trial->input));
      expect (trial, REFERENCE_NOTHING, trial->feed->pos);
      check_waiting_memory (trial);
      break;
    case GST_TRYON_WS_INPUT_SPENT:
      expect (trial, REFERENCE_NOTHING, get_position (trial));
      break;
  }
}

/* A turn of the loop. %FALSE when it was the last one. */
static gboolean FUZZ_FAST
run_turn (Trial * trial)
{
  gssize budget = trial->budget;
  gsize begin = trial->feed->pos;
  GstTryonWsInputResult result;
  guint n = 0;

  do {
    gst_tryon_pool_reset_peak ();
    result = gst_tryon_ws_input_next (&trial->input, &budget);
    trial->results++;
    check_memory (trial);
    take_result (trial, result);
    g_assert_cmpuint (trial->input.bytes_received, ==, trial->feed->pos);
    /* No more than one read over it, and no more frames than it pays for. */
    g_assert_cmpuint (trial->feed->pos - begin, <=, trial->budget
        + read_block_size (&trial->input));
    g_assert_cmpuint (n++, <=, 2 + trial->budget / FRAME_COST);
    if (trial->results == trial->wants_control_at)
      want (trial, GST_TRYON_WS_INPUT_CONTROL_ONLY);
    if (trial->results == trial->wants_nothing_at)
      want (trial, GST_TRYON_WS_INPUT_NOTHING);
  } while (result != GST_TRYON_WS_INPUT_SPENT
      && result != GST_TRYON_WS_INPUT_BLOCKED
      && result != GST_TRYON_WS_INPUT_ENDED);
  if (result == GST_TRYON_WS_INPUT_SPENT)
    g_assert_cmpint (budget, <=, 0);
  return result != GST_TRYON_WS_INPUT_ENDED;
}

gint
LLVMFuzzerTestOneInput (const guint8 * data, gsize size)
{
  GstTryonPoolStats stats;
  gsize turns = 0;
  Trial trial;

  if (size < SETUP_SIZE)
    return 0;
  setup (&trial, data, size);
  /* Each turn gets on: by a byte, or past a wait. */
  while (run_turn (&trial))
    g_assert_cmpuint (++turns, <=, 16 + 3 * trial.feed->size);

  gst_tryon_ws_input_clear (&trial.input);
  gst_tryon_pool_get_stats (&stats);
  g_assert_cmpuint (stats.used, ==, trial.kept_capacity);
  while (trial.kept.length > 0)
    drop_kept (&trial);
  gst_tryon_pool_get_stats (&stats);
  g_assert_cmpuint (stats.used, ==, 0);
  reference_clear (&trial.ref);
  g_object_unref (trial.feed);
  g_byte_array_unref (trial.stream);
  return 0;
}

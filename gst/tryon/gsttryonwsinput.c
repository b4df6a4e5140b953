/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages and control frames out of a stream's bytes.
 *
 * Where a frame is to begin, a block of the pool is filled by one read with as
 * many bytes as the last frame had and a little more. When the frame that begins
 * there is a whole message, the block becomes the message's memory, header and
 * all, and what is still to come is read right behind: so most messages take one
 * read, and none of their bytes is copied. What the read caught of the next frame
 * moves on to the next block. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gsttryonwsinput.h"

#include <string.h>

#include "gsttryonpool.h"
#include "gsttryonprotocol.h"

/* Read at once where it isn't known what to expect, and at the most. */
#define EXPECTED_MIN 4096
#define EXPECTED_MAX (256 * 1024)
/* The same where it is to be thrown away. */
#define UNWANTED (16 * 1024)
/* Shorter messages are copied out of the block. */
#define ADOPTED_MIN 2048

/* What a frame costs of a budget beside its bytes: empty ones are work too. */
#define FRAME_COST 256

static gboolean
is_control (const GstTryonWsFrame * frame)
{
  return frame->opcode >= GST_TRYON_WS_OPCODE_CLOSE;
}

static GstTryonWsInputResult
failed (GstTryonWsInput * input, guint16 code, const gchar * words)
{
  input->code = code;
  g_free (input->words);
  input->words = g_strdup (words);
  return GST_TRYON_WS_INPUT_FAILED;
}

static gsize
message_limit (const GstTryonWsInput * input)
{
  return input->message.is_text ?
      input->max_text_bytes : input->max_message_bytes;
}

/* Holds a data frame against the messages' rules: RFC 6455 sections 5.4 and
 * 10.4. */
static GstTryonWsInputResult
check_data_frame (GstTryonWsInput * input)
{
  GstTryonWsMessage *message = &input->message;

  if (input->frame.opcode == GST_TRYON_WS_OPCODE_CONTINUATION) {
    if (!message->active)
      return failed (input, GST_TRYON_CLOSE_PROTOCOL_ERROR,
          "a fragment continues no message");
  } else if (message->active) {
    return failed (input, GST_TRYON_CLOSE_PROTOCOL_ERROR,
        "a message begins before the one before it has ended");
  } else {
    message->active = TRUE;
    message->is_text = input->frame.opcode == GST_TRYON_WS_OPCODE_TEXT;
  }
  if (++message->fragments > input->max_fragments)
    return failed (input, GST_TRYON_CLOSE_POLICY,
        "a message is in more fragments than allowed");
  if (input->frame.length > message_limit (input) - message->size)
    return failed (input, GST_TRYON_CLOSE_TOO_BIG,
        "a message is larger than allowed");
  return GST_TRYON_WS_INPUT_SPENT;
}

/* @size bytes of payload are at @data, where they belong (%NULL: discarded).
 * SPENT when that doesn't complete anything. */
static GstTryonWsInputResult
payload_came (GstTryonWsInput * input, guint8 * data, gsize size)
{
  if (data && input->frame.masked)
    gst_tryon_ws_frame_mask (data, size, input->frame.mask, input->frame_done);
  input->frame_done += size;
  if (data && !is_control (&input->frame))
    input->message.size += size;
  if (input->frame_done < input->frame.length)
    return GST_TRYON_WS_INPUT_SPENT;

  input->in_frame = FALSE;
  if (is_control (&input->frame)) {
    input->control_size = input->frame_done;
    return GST_TRYON_WS_INPUT_CONTROL;
  }
  if (input->frame.fin && input->wanted == GST_TRYON_WS_INPUT_ALL)
    return GST_TRYON_WS_INPUT_MESSAGE;
  return GST_TRYON_WS_INPUT_SPENT;
}

/* Bytes to be read at once where a frame is to begin. The payload of a fragment
 * has its place already: only its header is wanted here. */
static gsize
get_expected (const GstTryonWsInput * input)
{
  if (input->message.active)
    return EXPECTED_MIN;
  if (input->wanted != GST_TRYON_WS_INPUT_ALL)
    return UNWANTED;
  return CLAMP (input->expected + input->expected / 8, EXPECTED_MIN,
      EXPECTED_MAX);
}

/* A new block with what @size bytes at @data are. */
static gboolean
take_block (GstTryonWsInput * input, const guint8 * data, gsize size)
{
  input->block = gst_tryon_pool_take (MAX (get_expected (input), size),
      &input->capacity);
  if (input->block == NULL)
    return FALSE;
  memcpy (input->block, data, size);
  input->start = 0;
  input->end = size;
  return TRUE;
}

static void
drop_block (GstTryonWsInput * input)
{
  g_clear_pointer (&input->block, gst_tryon_pool_give);
  input->start = input->end = 0;
}

static GstTryonWsInputResult
no_memory (GstTryonWsInput * input)
{
  return failed (input, GST_TRYON_CLOSE_INTERNAL, "no memory");
}

/* Makes the block the message's memory where the frame that begins at its start
 * is a message. */
static GstTryonWsInputResult
adopt_block (GstTryonWsInput * input)
{
  const guint64 length = input->frame.length;
  gsize size = input->end - input->start;
  guint8 *block = input->block;

  if (!input->frame.fin || input->message.fragments > 1 || length < ADOPTED_MIN
      || !gst_tryon_ws_message_fits (&input->message, input->capacity,
          input->start, length))
    return GST_TRYON_WS_INPUT_SPENT;

  gst_tryon_ws_message_adopt (&input->message, block, input->start, length);
  input->block = NULL;
  /* What follows it belongs to the next one. */
  if (size > length) {
    if (!take_block (input, block + input->start + length, size - length))
      return no_memory (input);
    size = length;
  } else {
    input->start = input->end = 0;
  }
  return payload_came (input, gst_tryon_ws_message_get_end (&input->message),
      size);
}

/* BLOCKED when the header isn't whole yet; SPENT when it is. */
static GstTryonWsInputResult
begin_frame (GstTryonWsInput * input, gssize * budget)
{
  GstTryonWsInputResult result;
  const gchar *words;

  switch (gst_tryon_ws_frame_parse (input->block + input->start,
          input->end - input->start, input->from_client, &input->frame,
          &words)) {
    case GST_TRYON_WS_PARSE_MORE:
      return GST_TRYON_WS_INPUT_BLOCKED;
    case GST_TRYON_WS_PARSE_ERROR:
      return failed (input, GST_TRYON_CLOSE_PROTOCOL_ERROR, words);
    default:
      break;
  }
  input->start += input->frame.header_size;
  input->in_frame = TRUE;
  input->frame_done = 0;
  *budget -= FRAME_COST;
  if (is_control (&input->frame) || input->wanted != GST_TRYON_WS_INPUT_ALL)
    return GST_TRYON_WS_INPUT_SPENT;
  result = check_data_frame (input);
  if (result != GST_TRYON_WS_INPUT_SPENT)
    return result;
  input->expected = input->frame.header_size
      + MIN (input->frame.length, EXPECTED_MAX);
  return adopt_block (input);
}

/* Where the next bytes of the payload belong, with room for *@size of them or
 * fewer, which it sets; %NULL when they are to be discarded. FAILED when there
 * is no memory. */
static GstTryonWsInputResult
payload_room (GstTryonWsInput * input, guint8 ** room, gsize * size)
{
  GstTryonWsMessage *message = &input->message;
  guint64 left = input->frame.length - input->frame_done;

  *room = NULL;
  *size = MIN (*size, left);
  if (is_control (&input->frame)) {
    *room = input->control + input->frame_done;
  } else if (*size > 0 && input->wanted == GST_TRYON_WS_INPUT_ALL) {
    if (!gst_tryon_ws_message_reserve (message, left, input->frame.fin,
            message_limit (input)))
      return no_memory (input);
    *size = MIN (*size, message->capacity - message->size);
    *room = gst_tryon_ws_message_get_end (message);
  }
  return GST_TRYON_WS_INPUT_SPENT;
}

/* Works on what is in the block. BLOCKED when it takes more bytes to go on,
 * SPENT when there may be more to do. */
static GstTryonWsInputResult
consume (GstTryonWsInput * input, gssize * budget)
{
  GstTryonWsInputResult result;
  guint8 *room;
  gsize size;

  if (input->wanted == GST_TRYON_WS_INPUT_NOTHING) {
    input->start = input->end;
    return GST_TRYON_WS_INPUT_BLOCKED;
  }
  if (!input->in_frame) {
    result = begin_frame (input, budget);
    /* Adopted: its bytes have left the block already. */
    if (result != GST_TRYON_WS_INPUT_SPENT || input->block == NULL
        || input->frame_done > 0 || !input->in_frame)
      return result;
  }
  size = input->end - input->start;
  result = payload_room (input, &room, &size);
  if (result != GST_TRYON_WS_INPUT_SPENT)
    return result;
  if (room && size > 0)
    memcpy (room, input->block + input->start, size);
  input->start += size;
  return payload_came (input, room, size);
}

static gboolean
is_in_data_frame (const GstTryonWsInput * input)
{
  return input->in_frame && !is_control (&input->frame)
      && input->wanted == GST_TRYON_WS_INPUT_ALL;
}

/* Room in the block behind what is left there, which is less than a header or a
 * control frame. */
static GstTryonWsInputResult
block_room (GstTryonWsInput * input, guint8 ** room, gsize * size)
{
  if (input->block == NULL) {
    if (!take_block (input, input->rest, input->rest_size))
      return no_memory (input);
    input->rest_size = 0;
  } else {
    input->end -= input->start;
    memmove (input->block, input->block + input->start, input->end);
    input->start = 0;
  }
  *room = input->block + input->end;
  *size = MIN (input->capacity, get_expected (input)) - input->end;
  return GST_TRYON_WS_INPUT_SPENT;
}

/* Reads once, to where the bytes belong if that is known. */
static GstTryonWsInputResult
fill (GstTryonWsInput * input, gssize * budget)
{
  gboolean direct = is_in_data_frame (input);
  GstTryonWsInputResult result;
  GError *error = NULL;
  guint8 *room;
  gsize size = *budget;
  gssize n;

  if (direct)
    result = payload_room (input, &room, &size);
  else
    result = block_room (input, &room, &size);
  if (result != GST_TRYON_WS_INPUT_SPENT)
    return result;
  n = g_pollable_input_stream_read_nonblocking (input->stream, room, size, NULL,
      &error);
  if (n <= 0) {
    result = GST_TRYON_WS_INPUT_ENDED;
    if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK)) {
      result = GST_TRYON_WS_INPUT_BLOCKED;
    } else {
      g_free (input->words);
      input->words = g_strdup (error ? error->message :
          "the peer went away without a close frame");
    }
    g_clear_error (&error);
    return result;
  }
  input->bytes_received += n;
  *budget -= n;
  /* A short read has emptied a socket, and asking it once more would cost as
   * much as a read; if there is more all the same, polling tells. */
  input->drained = (gsize) n < size;
  if (direct)
    return payload_came (input, room, n);
  input->end += n;
  return GST_TRYON_WS_INPUT_SPENT;
}

/* Keeps what waits for more to come, without a block. */
static void
park (GstTryonWsInput * input)
{
  gsize size = input->end - input->start;

  if (input->block == NULL || size > sizeof (input->rest))
    return;
  memcpy (input->rest, input->block + input->start, size);
  input->rest_size = size;
  drop_block (input);
}

static GstTryonWsInputResult
next (GstTryonWsInput * input, gssize * budget)
{
  GstTryonWsInputResult result;

  while (*budget > 0) {
    if (input->start < input->end) {
      result = consume (input, budget);
      if (result == GST_TRYON_WS_INPUT_SPENT)
        continue;
      if (result != GST_TRYON_WS_INPUT_BLOCKED)
        return result;
    }
    if (input->drained) {
      input->drained = FALSE;
      return GST_TRYON_WS_INPUT_BLOCKED;
    }
    result = fill (input, budget);
    if (result != GST_TRYON_WS_INPUT_SPENT)
      return result;
  }
  input->drained = FALSE;
  return GST_TRYON_WS_INPUT_SPENT;
}

GstTryonWsInputResult
gst_tryon_ws_input_next (GstTryonWsInput * input, gssize * budget)
{
  GstTryonWsInputResult result = next (input, budget);

  if (result == GST_TRYON_WS_INPUT_BLOCKED)
    park (input);
  return result;
}

gboolean
gst_tryon_ws_input_has_bytes (const GstTryonWsInput * input)
{
  return input->start < input->end;
}

void
gst_tryon_ws_input_want (GstTryonWsInput * input, GstTryonWsInputWanted wanted)
{
  if (wanted <= input->wanted)
    return;
  input->wanted = wanted;
  gst_tryon_ws_message_clear (&input->message);
}

void
gst_tryon_ws_input_clear (GstTryonWsInput * input)
{
  gst_tryon_ws_message_clear (&input->message);
  drop_block (input);
  input->rest_size = 0;
  g_clear_pointer (&input->words, g_free);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages and control frames out of a stream's bytes. Headers are read through
 * a small staging area; payloads go from the stream to where they belong, but
 * for what the read of their header caught of them. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gsttryonwsinput.h"

#include <string.h>

#include "gsttryonprotocol.h"

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
  if (input->frame.length > message_limit (input) - message->size)
    return failed (input, GST_TRYON_CLOSE_TOO_BIG,
        "a message is larger than allowed");
  return GST_TRYON_WS_INPUT_SPENT;
}

/* BLOCKED when the header isn't whole yet; SPENT when it is. */
static GstTryonWsInputResult
begin_frame (GstTryonWsInput * input, gssize * budget)
{
  const gchar *words;

  switch (gst_tryon_ws_frame_parse (input->staging + input->staging_start,
          input->staging_end - input->staging_start, input->from_client,
          &input->frame, &words)) {
    case GST_TRYON_WS_PARSE_MORE:
      return GST_TRYON_WS_INPUT_BLOCKED;
    case GST_TRYON_WS_PARSE_ERROR:
      return failed (input, GST_TRYON_CLOSE_PROTOCOL_ERROR, words);
    default:
      break;
  }
  input->staging_start += input->frame.header_size;
  input->in_frame = TRUE;
  input->frame_done = 0;
  *budget -= FRAME_COST;
  if (is_control (&input->frame) || input->wanted != GST_TRYON_WS_INPUT_ALL)
    return GST_TRYON_WS_INPUT_SPENT;
  return check_data_frame (input);
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
      return failed (input, GST_TRYON_CLOSE_INTERNAL, "no memory");
    *size = MIN (*size, message->capacity - message->size);
    *room = message->map.data + message->size;
  }
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

/* Works on what is staged. BLOCKED when it takes more bytes to go on, SPENT
 * when there may be more to do. */
static GstTryonWsInputResult
consume (GstTryonWsInput * input, gssize * budget)
{
  GstTryonWsInputResult result;
  guint8 *room;
  gsize size;

  if (input->wanted == GST_TRYON_WS_INPUT_NOTHING) {
    input->staging_start = input->staging_end;
    return GST_TRYON_WS_INPUT_BLOCKED;
  }
  if (!input->in_frame) {
    result = begin_frame (input, budget);
    if (result != GST_TRYON_WS_INPUT_SPENT)
      return result;
  }
  size = input->staging_end - input->staging_start;
  result = payload_room (input, &room, &size);
  if (result != GST_TRYON_WS_INPUT_SPENT)
    return result;
  if (room && size > 0)
    memcpy (room, input->staging + input->staging_start, size);
  input->staging_start += size;
  return payload_came (input, room, size);
}

static gboolean
is_in_data_frame (const GstTryonWsInput * input)
{
  return input->in_frame && !is_control (&input->frame)
      && input->wanted == GST_TRYON_WS_INPUT_ALL;
}

/* Reads once, to where the bytes belong if that is known. */
static GstTryonWsInputResult
fill (GstTryonWsInput * input, gssize * budget)
{
  GstTryonWsInputResult result;
  GError *error = NULL;
  guint8 *room = NULL;
  gsize size = *budget;
  gssize n;

  if (is_in_data_frame (input)) {
    result = payload_room (input, &room, &size);
    if (result != GST_TRYON_WS_INPUT_SPENT)
      return result;
  } else {
    input->staging_end -= input->staging_start;
    memmove (input->staging, input->staging + input->staging_start,
        input->staging_end);
    input->staging_start = 0;
    size = sizeof (input->staging) - input->staging_end;
  }
  n = g_pollable_input_stream_read_nonblocking (input->stream,
      room ? room : input->staging + input->staging_end, size, NULL, &error);
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
  if (room)
    return payload_came (input, room, n);
  input->staging_end += n;
  return GST_TRYON_WS_INPUT_SPENT;
}

GstTryonWsInputResult
gst_tryon_ws_input_next (GstTryonWsInput * input, gssize * budget)
{
  GstTryonWsInputResult result;

  while (*budget > 0) {
    if (input->staging_start < input->staging_end) {
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
  g_clear_pointer (&input->words, g_free);
}

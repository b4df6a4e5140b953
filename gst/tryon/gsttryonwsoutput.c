/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a connection has to send. A server's message leaves in one vectored write
 * from where its bytes are, a client's is copied once as it is masked. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gsttryonwsoutput.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "gsttryonpool.h"

/* The key for the next frame: %NULL for a server, else @key, filled. */
static const guint8 *
next_mask (GstTryonWsOutput * output, guint8 key[4])
{
  gsize i;

  if (!output->masks)
    return NULL;
  if (output->entropy_left < 4) {
    /* RFC 6455 section 10.3 wants keys that can't be predicted. */
    if (getentropy (output->entropy, sizeof (output->entropy)) != 0) {
      GST_WARNING ("the system gives no random bytes: %s", g_strerror (errno));
      for (i = 0; i < sizeof (output->entropy); i++)
        output->entropy[i] = g_random_int ();
    }
    output->entropy_left = sizeof (output->entropy);
  }
  output->entropy_left -= 4;
  return memcpy (key, output->entropy + output->entropy_left, 4);
}

static void
add_vector (GstTryonWsOutput * output, gconstpointer data, gsize size)
{
  if (size == 0)
    return;
  output->vectors[output->n_vectors].buffer = data;
  output->vectors[output->n_vectors].size = size;
  output->n_vectors++;
}

/* Begins a frame of @size bytes, of which the first @tail_size are given here
 * and copied. */
static void
begin (GstTryonWsOutput * output, GstTryonWsOpcode opcode, gsize size,
    const guint8 * mask, const guint8 * tail, gsize tail_size)
{
  guint header_size;

  g_assert (!output->active);
  header_size = gst_tryon_ws_frame_write_header (output->head, TRUE, opcode,
      size, mask);
  if (tail_size > 0)
    memcpy (output->head + header_size, tail, tail_size);
  if (mask)
    gst_tryon_ws_frame_mask (output->head + header_size, tail_size, mask, 0);
  output->active = TRUE;
  output->opcode = opcode;
  add_vector (output, output->head, header_size + tail_size);
}

static gboolean
add_buffer (GstTryonWsOutput * output, GstBuffer * payload)
{
  guint i, n = gst_buffer_n_memory (payload);

  g_return_val_if_fail (n <= GST_TRYON_WS_OUTPUT_MAX_MEMORIES, FALSE);

  output->payload = gst_buffer_ref (payload);
  for (i = 0; i < n; i++) {
    if (!gst_memory_map (gst_buffer_peek_memory (payload, i), &output->maps[i],
            GST_MAP_READ))
      return FALSE;
    output->n_maps++;
    add_vector (output, output->maps[i].data, output->maps[i].size);
  }
  return TRUE;
}

/* Adds a copy of @payload, masked. @offset: where in the frame it begins. */
static gboolean
add_masked (GstTryonWsOutput * output, GstBuffer * payload,
    const guint8 mask[4], gsize offset)
{
  gsize size = gst_buffer_get_size (payload), capacity, done = 0;
  guint i, n = gst_buffer_n_memory (payload);
  GstMapInfo map;

  output->scratch = gst_tryon_pool_take (size, &capacity);
  if (output->scratch == NULL)
    return FALSE;
  for (i = 0; i < n; i++) {
    if (!gst_memory_map (gst_buffer_peek_memory (payload, i), &map,
            GST_MAP_READ))
      return FALSE;
    gst_tryon_ws_frame_mask_copy (output->scratch + done, map.data, map.size,
        mask, offset + done);
    done += map.size;
    gst_memory_unmap (map.memory, &map);
  }
  add_vector (output, output->scratch, size);
  return TRUE;
}

/* The active frame has left, or is given up. */
static void
end (GstTryonWsOutput * output)
{
  guint i;

  for (i = 0; i < output->n_maps; i++)
    gst_memory_unmap (output->maps[i].memory, &output->maps[i]);
  gst_clear_buffer (&output->payload);
  g_clear_pointer (&output->scratch, gst_tryon_pool_give);
  output->n_maps = output->n_vectors = output->next = 0;
  output->active = FALSE;
}

gboolean
gst_tryon_ws_output_begin_binary (GstTryonWsOutput * output,
    const guint8 * header, gsize header_size, GstBuffer * payload)
{
  gsize size = payload ? gst_buffer_get_size (payload) : 0;
  gboolean complete = TRUE;
  const guint8 *mask;
  guint8 key[4];

  g_return_val_if_fail (header_size <= GST_TRYON_WS_OUTPUT_MAX_PREFIX, FALSE);

  mask = next_mask (output, key);
  begin (output, GST_TRYON_WS_OPCODE_BINARY, header_size + size, mask, header,
      header_size);
  if (size > 0 && mask)
    complete = add_masked (output, payload, mask, header_size);
  else if (size > 0)
    complete = add_buffer (output, payload);
  if (!complete)
    end (output);
  return complete;
}

gboolean
gst_tryon_ws_output_begin_text (GstTryonWsOutput * output, const gchar * text,
    gsize size)
{
  const guint8 *mask;
  gsize capacity;
  guint8 key[4];

  mask = next_mask (output, key);
  begin (output, GST_TRYON_WS_OPCODE_TEXT, size, mask, NULL, 0);
  if (size == 0)
    return TRUE;
  output->scratch = gst_tryon_pool_take (size, &capacity);
  if (output->scratch == NULL) {
    end (output);
    return FALSE;
  }
  if (mask)
    gst_tryon_ws_frame_mask_copy (output->scratch, (const guint8 *) text, size,
        mask, 0);
  else
    memcpy (output->scratch, text, size);
  add_vector (output, output->scratch, size);
  return TRUE;
}

/* ---- control frames ---- */

void
gst_tryon_ws_output_pong (GstTryonWsOutput * output, const guint8 * data,
    gsize size)
{
  guint8 *frame, key[4];
  const guint8 *mask;
  guint header_size;

  g_return_if_fail (size <= GST_TRYON_WS_MAX_CONTROL_PAYLOAD);

  if (output->pongs_size + GST_TRYON_WS_MAX_HEADER + size
      > sizeof (output->pongs[0]))
    output->pongs_size = 0;
  frame = output->pongs[output->pongs_index] + output->pongs_size;
  mask = next_mask (output, key);
  header_size = gst_tryon_ws_frame_write_header (frame, TRUE,
      GST_TRYON_WS_OPCODE_PONG, size, mask);
  memcpy (frame + header_size, data, size);
  if (mask)
    gst_tryon_ws_frame_mask (frame + header_size, size, mask, 0);
  output->pongs_size += header_size + size;
}

/* All at once, from where they are; new ones gather elsewhere. */
static void
begin_pongs (GstTryonWsOutput * output)
{
  output->active = TRUE;
  output->opcode = GST_TRYON_WS_OPCODE_PONG;
  add_vector (output, output->pongs[output->pongs_index], output->pongs_size);
  output->pongs_index = !output->pongs_index;
  output->pongs_size = 0;
}

void
gst_tryon_ws_output_ping (GstTryonWsOutput * output)
{
  output->ping_due = TRUE;
}

/* Bytes of @text that fit into @room and end with a whole character. */
static gsize
cut_text (const gchar * text, gsize room)
{
  const gchar *end;

  g_utf8_validate_len (text, MIN (strlen (text), room), &end);
  return end - text;
}

void
gst_tryon_ws_output_close (GstTryonWsOutput * output, guint16 code,
    const gchar * reason)
{
  gsize size;

  output->pongs_size = 0;
  output->ping_due = FALSE;
  output->close_due = TRUE;
  output->close_size = 0;
  if (!gst_tryon_ws_close_code_is_valid (code))
    return;
  output->close[0] = code >> 8;
  output->close[1] = code & 0xff;
  output->close_size = 2;
  if (reason) {
    size = cut_text (reason, sizeof (output->close) - output->close_size);
    memcpy (output->close + output->close_size, reason, size);
    output->close_size += size;
  }
}

static void
begin_control (GstTryonWsOutput * output, GstTryonWsOpcode opcode,
    const guint8 * data, gsize size)
{
  guint8 key[4];

  begin (output, opcode, size, next_mask (output, key), data, size);
}

/* Begins the control frame that is due, if there is one. */
static gboolean
begin_due (GstTryonWsOutput * output)
{
  if (output->pongs_size > 0) {
    begin_pongs (output);
  } else if (output->ping_due) {
    begin_control (output, GST_TRYON_WS_OPCODE_PING, NULL, 0);
    output->ping_due = FALSE;
  } else if (output->close_due) {
    begin_control (output, GST_TRYON_WS_OPCODE_CLOSE, output->close,
        output->close_size);
    output->close_due = FALSE;
  }
  return output->active;
}

/* ---- writing ---- */

/* Takes @written bytes off the front. */
static void
advance (GstTryonWsOutput * output, gsize written)
{
  GOutputVector *vector;

  output->bytes_sent += written;
  while (output->next < output->n_vectors) {
    vector = &output->vectors[output->next];
    if (written < vector->size) {
      vector->buffer = (const guint8 *) vector->buffer + written;
      vector->size -= written;
      return;
    }
    written -= vector->size;
    output->next++;
  }
}

static GPollableReturn
write_active (GstTryonWsOutput * output, GError ** error)
{
  GPollableReturn result;
  gsize written;

  while (output->next < output->n_vectors) {
    result = g_pollable_output_stream_writev_nonblocking (output->stream,
        output->vectors + output->next, output->n_vectors - output->next,
        &written, NULL, error);
    if (result != G_POLLABLE_RETURN_OK)
      return result;
    advance (output, written);
  }
  output->close_sent |= output->opcode == GST_TRYON_WS_OPCODE_CLOSE;
  end (output);
  return G_POLLABLE_RETURN_OK;
}

GstTryonWsOutputResult
gst_tryon_ws_output_flush (GstTryonWsOutput * output, GError ** error)
{
  while (!output->broken && (output->active || begin_due (output))) {
    switch (write_active (output, error)) {
      case G_POLLABLE_RETURN_OK:
        break;
      case G_POLLABLE_RETURN_WOULD_BLOCK:
        return GST_TRYON_WS_OUTPUT_BLOCKED;
      default:
        output->broken = TRUE;
        end (output);
        break;
    }
  }
  return output->broken ? GST_TRYON_WS_OUTPUT_BROKEN : GST_TRYON_WS_OUTPUT_IDLE;
}

void
gst_tryon_ws_output_clear (GstTryonWsOutput * output)
{
  output->pongs_size = 0;
  output->ping_due = output->close_due = FALSE;
  end (output);
}

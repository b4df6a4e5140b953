/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The one frame that a connection is sending: a server's leaves in one vectored
 * write from where its bytes are, a client's is copied once to be masked. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gsttryonwsoutput.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Kept between messages that had to be copied; a larger one is given back. */
#define SCRATCH_KEPT (1024 * 1024)

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

static guint8 *
reserve_scratch (GstTryonWsOutput * output, gsize size)
{
  if (size > output->scratch_size) {
    g_free (output->scratch);
    output->scratch = g_malloc (size);
    output->scratch_size = size;
  }
  return output->scratch;
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

void
gst_tryon_ws_output_begin_control (GstTryonWsOutput * output,
    GstTryonWsOpcode opcode, const guint8 * data, gsize size)
{
  guint8 key[4];

  g_return_if_fail (size <= GST_TRYON_WS_MAX_CONTROL_PAYLOAD);

  begin (output, opcode, size, next_mask (output, key), data, size);
}

gboolean
gst_tryon_ws_output_begin_binary (GstTryonWsOutput * output,
    const guint8 * header, gsize header_size, GstBuffer * payload)
{
  gsize size = payload ? gst_buffer_get_size (payload) : 0;
  gboolean complete = TRUE;
  const guint8 *mask;
  guint8 *copy, key[4];

  g_return_val_if_fail (header_size <= GST_TRYON_WS_OUTPUT_MAX_PREFIX, FALSE);

  mask = next_mask (output, key);
  begin (output, GST_TRYON_WS_OPCODE_BINARY, header_size + size, mask, header,
      header_size);
  if (size > 0 && mask) {
    copy = reserve_scratch (output, size);
    complete = gst_buffer_extract (payload, 0, copy, size) == size;
    gst_tryon_ws_frame_mask (copy, size, mask, header_size);
    add_vector (output, copy, size);
  } else if (size > 0) {
    complete = add_buffer (output, payload);
  }
  if (!complete)
    gst_tryon_ws_output_drop (output);
  return complete;
}

void
gst_tryon_ws_output_begin_text (GstTryonWsOutput * output, const gchar * text,
    gsize size)
{
  const guint8 *mask;
  guint8 *copy, key[4];

  mask = next_mask (output, key);
  begin (output, GST_TRYON_WS_OPCODE_TEXT, size, mask, NULL, 0);
  if (size == 0)
    return;
  copy = reserve_scratch (output, size);
  memcpy (copy, text, size);
  if (mask)
    gst_tryon_ws_frame_mask (copy, size, mask, 0);
  add_vector (output, copy, size);
}

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

GPollableReturn
gst_tryon_ws_output_write (GstTryonWsOutput * output, GError ** error)
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
  gst_tryon_ws_output_drop (output);
  return G_POLLABLE_RETURN_OK;
}

void
gst_tryon_ws_output_drop (GstTryonWsOutput * output)
{
  guint i;

  for (i = 0; i < output->n_maps; i++)
    gst_memory_unmap (output->maps[i].memory, &output->maps[i]);
  gst_clear_buffer (&output->payload);
  output->n_maps = output->n_vectors = output->next = 0;
  output->active = FALSE;
  if (output->scratch_size > SCRATCH_KEPT) {
    g_clear_pointer (&output->scratch, g_free);
    output->scratch_size = 0;
  }
}

void
gst_tryon_ws_output_clear (GstTryonWsOutput * output)
{
  gst_tryon_ws_output_drop (output);
  g_clear_pointer (&output->scratch, g_free);
  output->scratch_size = 0;
}

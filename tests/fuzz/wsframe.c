/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fuzz target: the header of a WebSocket frame, and masking. What is taken must
 * be what a writer of the shortest form would have written; masking does what a
 * loop over bytes does, wherever the bytes are. */

#include <string.h>
#include <gst/tryon/tryon.h>

#include "fuzz.h"

static void
check_header (const guint8 * data, gsize size, gboolean from_client)
{
  guint8 header[GST_TRYON_WS_MAX_HEADER];
  const gchar *words = NULL;
  GstTryonWsFrame frame;
  guint n;

  switch (gst_tryon_ws_frame_parse (data, size, from_client, &frame, &words)) {
    case GST_TRYON_WS_PARSE_OK:
      g_assert_cmpuint (frame.header_size, <=, size);
      g_assert_cmpint (frame.masked, ==, from_client);
      n = gst_tryon_ws_frame_write_header (header, frame.fin, frame.opcode,
          frame.length, frame.masked ? frame.mask : NULL);
      g_assert_cmpuint (n, ==, frame.header_size);
      g_assert (memcmp (header, data, n) == 0);
      break;
    case GST_TRYON_WS_PARSE_MORE:
      g_assert_cmpuint (size, <, GST_TRYON_WS_MAX_HEADER);
      break;
    case GST_TRYON_WS_PARSE_ERROR:
      g_assert_nonnull (words);
      break;
  }
}

/* Four bytes of key, eight of offset, one for how far from a word's beginning
 * bytes are read and written, and the bytes. Memory is of just the size needed:
 * what is touched beyond it shows. */
static void
check_mask (const guint8 * data, gsize size)
{
  guint8 key[4], *right, *in_place, *from, *to;
  gsize read_at, written_at, i;
  guint64 offset;

  if (size < 14)
    return;
  memcpy (key, data, 4);
  memcpy (&offset, data + 4, 8);
  offset = GUINT64_FROM_LE (offset);
  read_at = data[12] & 15;
  written_at = data[12] >> 4;
  data += 13;
  size -= 13;

  right = g_malloc (size);
  for (i = 0; i < size; i++)
    right[i] = data[i] ^ key[(offset + i) % 4];

  in_place = g_malloc (written_at + size);
  from = g_malloc (read_at + size);
  to = g_malloc (written_at + size);
  memcpy (in_place + written_at, data, size);
  memcpy (from + read_at, data, size);
  gst_tryon_ws_frame_mask (in_place + written_at, size, key, offset);
  g_assert (memcmp (in_place + written_at, right, size) == 0);
  gst_tryon_ws_frame_mask_copy (to + written_at, from + read_at, size, key,
      offset);
  g_assert (memcmp (to + written_at, right, size) == 0);
  g_assert (memcmp (from + read_at, data, size) == 0);
  g_free (right);
  g_free (in_place);
  g_free (from);
  g_free (to);
}

gint
LLVMFuzzerTestOneInput (const guint8 * data, gsize size)
{
  if (size < 1)
    return 0;
  check_header (data + 1, size - 1, data[0] & 1);
  check_mask (data + 1, size - 1);
  return 0;
}

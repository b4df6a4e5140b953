/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fuzz target: the header of a WebSocket frame. What is taken must be what a
 * writer of the shortest form would have written. */

#include <string.h>
#include <gst/tryon/tryon.h>

#include "fuzz.h"

gint
LLVMFuzzerTestOneInput (const guint8 * data, gsize size)
{
  guint8 header[GST_TRYON_WS_MAX_HEADER], key[4];
  const gchar *words = NULL;
  gboolean from_client;
  GstTryonWsFrame frame;
  guint8 *copy;
  guint n;

  if (size < 1)
    return 0;
  from_client = data[0] & 1;
  data++;
  size--;

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

  if (size > 4) {
    memcpy (key, data, 4);
    copy = g_memdup2 (data, size);
    gst_tryon_ws_frame_mask (copy, size, key, size);
    gst_tryon_ws_frame_mask (copy, size, key, size);
    g_assert (memcmp (copy, data, size) == 0);
    g_free (copy);
  }
  return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fuzz target: the header of a binary message, and session ids in paths. */

#include <string.h>
#include <gst/tryon/tryon.h>

#include "fuzz.h"

gint
LLVMFuzzerTestOneInput (const guint8 * data, gsize size)
{
  guint8 written[GST_TRYON_PROTOCOL_HEADER_SIZE];
  GstTryonFrameHeader header;
  GError *error = NULL;
  gchar *path, *id;

  if (gst_tryon_frame_header_parse (data, size, &header, &error)) {
    if (!gst_tryon_frame_header_check (&header, size, &error)) {
      g_assert_error (error, GST_TRYON_ERROR, GST_TRYON_ERROR_INVALID_FRAME);
      g_clear_error (&error);
    }
    gst_tryon_frame_header_write (&header, written);
    g_assert (memcmp (written, data, 28) == 0);
  } else {
    g_assert_error (error, GST_TRYON_ERROR, GST_TRYON_ERROR_BAD_MESSAGE);
    g_clear_error (&error);
  }

  path = g_strndup ((const gchar *) data, size);
  id = gst_tryon_session_id_from_path (path);
  if (id != NULL)
    g_assert (gst_tryon_session_id_is_valid (id));
  g_free (id);
  g_free (path);
  return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fuzz target: what an encoded image says of itself. */

#include <gst/tryon/tryon.h>

#include "fuzz.h"

gint
LLVMFuzzerTestOneInput (const guint8 * data, gsize size)
{
  GError *error = NULL;
  GstTryonImageInfo info;
  guint orientation;

  if (gst_tryon_image_info_parse (data, size, &info, &error)) {
    g_assert_nonnull (gst_tryon_image_format_get_media_type (info.format));
    g_assert_cmpuint (info.width, >, 0);
    g_assert_cmpuint (info.height, >, 0);
    gst_tryon_image_info_check_complete (&info, data, size, &error);
    orientation = gst_tryon_image_info_get_orientation (&info, data, size);
    g_assert_cmpuint (orientation, >=, 1);
    g_assert_cmpuint (orientation, <=, 8);
  }
  if (error != NULL)
    g_assert_error (error, GST_TRYON_ERROR, GST_TRYON_ERROR_INVALID_FRAME);
  g_clear_error (&error);
  return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fuzz target: text messages. What is taken can be written, and is taken again. */

#include <gst/tryon/tryon.h>

#include "fuzz.h"

gint
LLVMFuzzerTestOneInput (const guint8 * data, gsize size)
{
  GstStructure *message, *again;
  GError *error = NULL;
  gchar *text;

  message = gst_tryon_message_parse ((const gchar *) data, size, &error);
  if (message == NULL) {
    g_assert_error (error, GST_TRYON_ERROR, GST_TRYON_ERROR_BAD_MESSAGE);
    g_assert (g_utf8_validate (error->message, -1, NULL));
    g_error_free (error);
    return 0;
  }
  text = gst_tryon_message_serialize (message, &size);
  g_assert (g_utf8_validate (text, size, NULL));
  again = gst_tryon_message_parse (text, size, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (gst_structure_get_name (again), ==,
      gst_structure_get_name (message));
  gst_structure_free (again);
  gst_structure_free (message);
  g_free (text);
  return 0;
}

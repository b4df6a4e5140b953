/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What every fuzz target needs once. */

#include <gst/gst.h>

#include "fuzz.h"

gint
LLVMFuzzerInitialize (gint * argc, gchar *** argv)
{
  gst_init (NULL, NULL);
  g_log_set_always_fatal (G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING);
  /* Refusing input is the everyday business here. */
  gst_debug_set_default_threshold (GST_LEVEL_NONE);
  return 0;
}

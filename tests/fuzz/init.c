/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What every fuzz target needs once. */

#include <signal.h>
#include <stdlib.h>
#include <gst/gst.h>

#include "fuzz.h"

/* A fatal log message ends in a breakpoint; libFuzzer keeps an input only when
 * the program aborts. */
static void
on_trap (gint signal)
{
  abort ();
}

gint
LLVMFuzzerInitialize (gint * argc, gchar *** argv)
{
  gst_init (NULL, NULL);
  g_log_set_always_fatal (G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING);
  signal (SIGTRAP, on_trap);
  /* Refusing input is the everyday business here. */
  gst_debug_set_default_threshold (GST_LEVEL_NONE);
  return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* What libFuzzer calls, and replay.c. */
gint LLVMFuzzerTestOneInput (const guint8 * data, gsize size);
gint LLVMFuzzerInitialize (gint * argc, gchar *** argv);

/* For what a target does by itself, often: at full speed, and no path to be
 * explored. */
#ifdef __clang__
#define FUZZ_FAST \
  __attribute__ ((no_sanitize ("address", "undefined", "coverage")))
#else
#define FUZZ_FAST
#endif

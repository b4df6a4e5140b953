/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>
#include <gst/tryon/gsttryonprotocol.h>

/* What both elements do with a frame that they can't code: tell the session,
 * and put a warning on the bus, but never a flood of them. */

G_BEGIN_DECLS

/**
 * GstTryonWebpWarnings:
 * @next: g_get_monotonic_time() before which no warning is posted
 * @held_back: faults since the last warning that was posted
 *
 * Lets one warning a second through. Zero it to start; used by one thread.
 */
typedef struct {
  gint64 next;
  guint64 held_back;
} GstTryonWebpWarnings;

/* Whether the fault that just happened is to be posted; @held_back: how many
 * before it were not. */
gboolean gst_tryon_webp_warnings_pass (GstTryonWebpWarnings * warnings,
                                       guint64 * held_back);

/* Answers the frame that @input belongs to as dropped, if @sinkpad has a
 * session and @input is one of its frames. */
void     gst_tryon_webp_answer_dropped (GstPad * sinkpad, GstBuffer * input,
                                        GstTryonDropReason reason);
/* The same, and tells the client of @error (of GST_TRYON_ERROR). */
void     gst_tryon_webp_answer_faulty (GstPad * sinkpad, GstBuffer * input,
                                       GstTryonDropReason reason,
                                       const GError * error);

G_END_DECLS

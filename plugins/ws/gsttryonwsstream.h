/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/base/gstbasesrc.h>
#include <gst/tryon/gsttryonsession.h>

/* Makes a stream of what a session gives: events, caps, timestamps, flags. Knows
 * nothing of where sessions come from. The streaming thread's alone. */

G_BEGIN_DECLS

typedef struct {
  GstBaseSrc *src;              /* not owned */
  gboolean has_reference;       /* a tryon-reference with an image is sticky */
  gboolean has_sequence;        /* a frame of this session's was pushed */
  guint32 sequence;             /* of the last one */
  GstTryonImageInfo info;       /* what the caps say; format unknown for none */
  GstClockTime last_pts;
} GstTryonWsStream;

void        gst_tryon_ws_stream_init (GstTryonWsStream * stream, GstBaseSrc * src);
/* A new session's stream. Its caps and segment follow with its first frame. */
void        gst_tryon_ws_stream_begin (GstTryonWsStream * stream, GstTryonSession * session);
/* @event: transfer full. */
void        gst_tryon_ws_stream_push_event (GstTryonWsStream * stream, GstEvent * event);
/* Makes @frame (transfer full) ready to be pushed. (transfer full) (nullable):
 * %NULL when nothing behind takes it; it is answered then. */
GstBuffer * gst_tryon_ws_stream_prepare_frame (GstTryonWsStream * stream,
                                               GstTryonSession * session, GstBuffer * frame,
                                               const GstTryonImageInfo * info, gint64 arrival);

G_END_DECLS

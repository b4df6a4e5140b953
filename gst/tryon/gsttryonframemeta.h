/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/tryon/gsttryonprotocol.h>

/* A frame's identity, on its buffer from ingress to egress. */

G_BEGIN_DECLS

/**
 * GstTryonFrameMeta:
 * @meta: parent
 * @sequence: the number that the frame's sender gave it
 * @capture_time: microseconds since the Unix epoch at capture, by the sender's
 *     clock; 0 when unknown. Never a PTS: the two clocks have nothing in common
 * @arrival: g_get_monotonic_time() when the frame arrived, microseconds
 * @ai_latency: microseconds that the frame waited for an AI service, 0 if none
 * @flags: what the answer says of the image
 *
 * Has no tags, so that codecs and converters copy it along.
 */
typedef struct {
  GstMeta meta;
  guint32 sequence;
  guint64 capture_time;
  gint64 arrival;
  guint32 ai_latency;
  GstTryonFrameFlags flags;
} GstTryonFrameMeta;

#define GST_TRYON_FRAME_META_API_TYPE (gst_tryon_frame_meta_api_get_type ())
#define gst_buffer_get_tryon_frame_meta(b) \
  ((GstTryonFrameMeta *) gst_buffer_get_meta ((b), GST_TRYON_FRAME_META_API_TYPE))

GST_TRYON_API GType               gst_tryon_frame_meta_api_get_type (void);
GST_TRYON_API const GstMetaInfo * gst_tryon_frame_meta_get_info (void);
/* (transfer none): the meta, added to a writable @buffer that has none yet. */
GST_TRYON_API GstTryonFrameMeta * gst_buffer_add_tryon_frame_meta (GstBuffer * buffer,
                                                                   guint32 sequence,
                                                                   guint64 capture_time,
                                                                   gint64 arrival);

G_END_DECLS

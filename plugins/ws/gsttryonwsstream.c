/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Makes a stream of what a session gives. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <string.h>

#include <gst/tryon/gsttryonevent.h>
#include <gst/tryon/gsttryonframemeta.h>

#include "gsttryonwsstream.h"

/* The element's own. */
GST_DEBUG_CATEGORY_EXTERN (gst_tryon_ws_src_debug);
#define GST_CAT_DEFAULT gst_tryon_ws_src_debug

void
gst_tryon_ws_stream_init (GstTryonWsStream * stream, GstBaseSrc * src)
{
  memset (stream, 0, sizeof (*stream));
  stream->src = src;
  stream->last_pts = GST_CLOCK_TIME_NONE;
}

void
gst_tryon_ws_stream_begin (GstTryonWsStream * stream, GstTryonSession * session)
{
  GstPad *pad = GST_BASE_SRC_PAD (stream->src);
  GstSegment segment;
  GstEvent *event;
  gchar *stream_id;

  stream->info.format = GST_TRYON_IMAGE_FORMAT_UNKNOWN;
  stream->has_sequence = FALSE;

  stream_id = gst_pad_create_stream_id (pad, GST_ELEMENT (stream->src),
      gst_tryon_session_get_id (session));
  event = gst_event_new_stream_start (stream_id);
  gst_event_set_group_id (event, gst_util_group_id_next ());
  g_free (stream_id);
  gst_pad_push_event (pad, event);
  gst_pad_push_event (pad, gst_tryon_event_new_session (session));
  if (stream->has_reference) {
    gst_pad_push_event (pad, gst_tryon_event_new_reference (NULL, NULL, NULL));
    stream->has_reference = FALSE;
  }
  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_base_src_new_segment (stream->src, &segment);
}

void
gst_tryon_ws_stream_push_event (GstTryonWsStream * stream, GstEvent * event)
{
  GstBuffer *reference = NULL;

  GST_DEBUG_OBJECT (stream->src, "from the client: %" GST_PTR_FORMAT, event);
  if (gst_tryon_event_parse_reference (event, &reference, NULL, NULL))
    stream->has_reference = reference != NULL;
  gst_clear_buffer (&reference);
  gst_pad_push_event (GST_BASE_SRC_PAD (stream->src), event);
}

/* Sets caps for @info where they changed. %FALSE when what is behind doesn't
 * take such images. */
static gboolean
update_caps (GstTryonWsStream * stream, const GstTryonImageInfo * info)
{
  GstPad *pad = GST_BASE_SRC_PAD (stream->src);
  GstCaps *caps, *taken;
  gboolean ok;

  if (stream->info.format == info->format && stream->info.width == info->width
      && stream->info.height == info->height)
    return TRUE;
  caps = gst_caps_new_simple (gst_tryon_image_format_get_media_type
      (info->format), "width", G_TYPE_INT, (gint) info->width,
      "height", G_TYPE_INT, (gint) info->height,
      "framerate", GST_TYPE_FRACTION, 0, 1, NULL);
  /* Asked first, because a buffer that isn't taken is the end of a pipeline,
   * and clients send what they like. */
  taken = gst_pad_peer_query_caps (pad, caps);
  ok = gst_caps_can_intersect (caps, taken);
  gst_caps_unref (taken);
  if (ok) {
    GST_DEBUG_OBJECT (stream->src, "caps %" GST_PTR_FORMAT, caps);
    gst_pad_push_event (pad, gst_event_new_caps (caps));
    stream->info = *info;
  }
  gst_caps_unref (caps);
  return ok;
}

/* The running time at @arrival, later than that of any frame before. */
static GstClockTime
get_pts (GstTryonWsStream * stream, gint64 arrival)
{
  GstClock *clock = gst_element_get_clock (GST_ELEMENT (stream->src));
  GstClockTime pts, age;

  if (clock == NULL)
    return GST_CLOCK_TIME_NONE;
  pts = gst_clock_get_time (clock) -
      gst_element_get_base_time (GST_ELEMENT (stream->src));
  age = MAX (g_get_monotonic_time () - arrival, 0) * GST_USECOND;
  pts = pts > age ? pts - age : 0;
  gst_object_unref (clock);
  /* Frames are found again by it. */
  if (GST_CLOCK_TIME_IS_VALID (stream->last_pts) && pts <= stream->last_pts)
    pts = stream->last_pts + 1;
  stream->last_pts = pts;
  return pts;
}

GstBuffer *
gst_tryon_ws_stream_prepare_frame (GstTryonWsStream * stream,
    GstTryonSession * session, GstBuffer * frame,
    const GstTryonImageInfo * info, gint64 arrival)
{
  GstTryonFrameMeta *meta = gst_buffer_get_tryon_frame_meta (frame);
  guint32 sequence = meta->sequence;

  if (!update_caps (stream, info)) {
    const gchar *type = gst_tryon_image_format_get_media_type (info->format);

    GST_WARNING_OBJECT (stream->src,
        "frame %u: nothing behind takes %s of %ux%u", sequence, type,
        info->width, info->height);
    gst_tryon_session_send_error (session, GST_TRYON_ERROR_INVALID_FRAME,
        "frame %u is %s of %ux%u, which this stream doesn't take", sequence,
        type, info->width, info->height);
    gst_tryon_session_drop (session, sequence, GST_TRYON_DROP_REASON_INVALID);
    gst_buffer_unref (frame);
    return NULL;
  }
  frame = gst_buffer_make_writable (frame);
  GST_BUFFER_PTS (frame) = get_pts (stream, arrival);
  GST_BUFFER_DTS (frame) = GST_CLOCK_TIME_NONE;
  GST_BUFFER_DURATION (frame) = GST_CLOCK_TIME_NONE;
  if (!stream->has_sequence || sequence != stream->sequence + 1)
    GST_BUFFER_FLAG_SET (frame, GST_BUFFER_FLAG_DISCONT);
  stream->has_sequence = TRUE;
  stream->sequence = sequence;
  gst_tryon_session_set_frame_pts (session, sequence, GST_BUFFER_PTS (frame));
  GST_LOG_OBJECT (stream->src, "frame %u: %" GST_PTR_FORMAT, sequence, frame);
  return frame;
}

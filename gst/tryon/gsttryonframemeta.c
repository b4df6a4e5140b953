/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A frame's identity, on its buffer from ingress to egress. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gsttryonframemeta.h"

GType
gst_tryon_frame_meta_api_get_type (void)
{
  static GType type = 0;
  /* No tags: a codec's base class copies only metas that claim nothing about
   * the memory, size or colours of what they are on. */
  static const gchar *tags[] = { NULL };

  if (g_once_init_enter (&type)) {
    GType t = gst_meta_api_type_register ("GstTryonFrameMetaAPI", tags);
    g_once_init_leave (&type, t);
  }
  return type;
}

static gboolean
gst_tryon_frame_meta_init (GstMeta * meta, gpointer params, GstBuffer * buffer)
{
  GstTryonFrameMeta *frame = (GstTryonFrameMeta *) meta;

  frame->sequence = 0;
  frame->capture_time = 0;
  frame->arrival = 0;
  frame->ai_latency = 0;
  frame->flags = GST_TRYON_FRAME_FLAG_NONE;
  return TRUE;
}

/* The identity is the frame's, whatever was done to its pixels: every kind of
 * transform carries it along. */
static gboolean
gst_tryon_frame_meta_transform (GstBuffer * dest, GstMeta * meta,
    GstBuffer * buffer, GQuark type, gpointer data)
{
  GstTryonFrameMeta *from = (GstTryonFrameMeta *) meta;
  GstTryonFrameMeta *to = gst_buffer_get_tryon_frame_meta (dest);

  /* A base class may copy metas onto a buffer that has been given them. */
  if (to == NULL)
    to = gst_buffer_add_tryon_frame_meta (dest, from->sequence,
        from->capture_time, from->arrival);
  if (to == NULL)
    return FALSE;
  to->sequence = from->sequence;
  to->capture_time = from->capture_time;
  to->arrival = from->arrival;
  to->ai_latency = from->ai_latency;
  to->flags = from->flags;
  return TRUE;
}

const GstMetaInfo *
gst_tryon_frame_meta_get_info (void)
{
  static const GstMetaInfo *info = NULL;

  if (g_once_init_enter ((GstMetaInfo **) & info)) {
    const GstMetaInfo *i = gst_meta_register (GST_TRYON_FRAME_META_API_TYPE,
        "GstTryonFrameMeta", sizeof (GstTryonFrameMeta),
        gst_tryon_frame_meta_init, NULL, gst_tryon_frame_meta_transform);
    g_once_init_leave ((GstMetaInfo **) & info, (GstMetaInfo *) i);
  }
  return info;
}

GstTryonFrameMeta *
gst_buffer_add_tryon_frame_meta (GstBuffer * buffer, guint32 sequence,
    guint64 capture_time, gint64 arrival)
{
  GstTryonFrameMeta *frame;

  g_return_val_if_fail (GST_IS_BUFFER (buffer), NULL);

  frame = (GstTryonFrameMeta *) gst_buffer_add_meta (buffer,
      gst_tryon_frame_meta_get_info (), NULL);
  if (frame == NULL)
    return NULL;
  frame->sequence = sequence;
  frame->capture_time = capture_time;
  frame->arrival = arrival;
  return frame;
}

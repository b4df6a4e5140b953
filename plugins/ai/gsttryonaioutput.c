/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <string.h>

#include "gsttryonaioutput.h"

/* ---- buffers ---- */

/* Metas that say something of the memory are the original's alone. */
static gboolean
copy_meta (GstBuffer * frame, GstMeta ** meta, gpointer user_data)
{
  static const gchar *const tags[] = {
    GST_META_TAG_MEMORY_STR, GST_META_TAG_MEMORY_REFERENCE_STR
  };
  GstMetaTransformCopy whole = { FALSE, 0, -1 };
  const GstMetaInfo *info = (*meta)->info;
  guint i;

  for (i = 0; i < G_N_ELEMENTS (tags); i++) {
    if (gst_meta_api_type_has_tag (info->api, g_quark_from_string (tags[i])))
      return TRUE;
  }
  if (info->transform_func != NULL)
    info->transform_func (user_data, *meta, frame, _gst_meta_transform_copy,
        &whole);
  return TRUE;
}

/* The image of @item as the buffer that it is an answer to. */
static GstBuffer *
make_buffer (GstTryonAiItem * item)
{
  GstBuffer *buffer = g_steal_pointer (&item->image);
  gboolean is_frame = buffer == item->frame;
  GstTryonFrameMeta *meta;
  gint64 waited;

  /* The copy, where one is needed, is of the struct and not of the image. */
  if (is_frame)
    gst_clear_buffer (&item->frame);
  buffer = gst_buffer_make_writable (buffer);
  if (!is_frame) {
    gst_buffer_copy_into (buffer, item->frame,
        GST_BUFFER_COPY_FLAGS | GST_BUFFER_COPY_TIMESTAMPS, 0, -1);
    gst_buffer_foreach_meta (item->frame, copy_meta, buffer);
  }

  meta = gst_buffer_get_tryon_frame_meta (buffer);
  if (meta == NULL)
    meta = gst_buffer_add_tryon_frame_meta (buffer, item->sequence,
        item->capture_time, item->arrival);
  waited = CLAMP (item->decided - item->arrival, 0, G_MAXUINT32);
  meta->ai_latency = MIN (meta->ai_latency + waited, G_MAXUINT32);
  if (item->not_processed)
    meta->flags |= GST_TRYON_FRAME_FLAG_NOT_PROCESSED;
  else
    meta->flags &= ~GST_TRYON_FRAME_FLAG_NOT_PROCESSED;

  if (item->discont)
    GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DISCONT);
  return buffer;
}

/* ---- caps ---- */

static gboolean
parse_image (GstBuffer * buffer, GstTryonImageInfo * info)
{
  GstMapInfo map;
  gboolean ok;

  if (!gst_buffer_map (buffer, &map, GST_MAP_READ))
    return FALSE;
  ok = gst_tryon_image_info_parse (map.data, map.size, info, NULL);
  gst_buffer_unmap (buffer, &map);
  return ok;
}

/* What upstream's caps say beyond the image itself holds for its answer. */
static void
copy_field (GstCaps * to, const GstCaps * from, const gchar * name)
{
  const GValue *value;

  if (from == NULL || gst_caps_get_size (from) == 0)
    return;
  value = gst_structure_get_value (gst_caps_get_structure (from, 0), name);
  if (value != NULL)
    gst_caps_set_value (to, name, value);
}

static GstCaps *
make_caps (GstBuffer * buffer, GstCaps * upstream)
{
  GstTryonImageInfo info;
  GstCaps *caps;

  /* An original that is no image goes on as what it came as. */
  if (!parse_image (buffer, &info))
    return upstream != NULL ? gst_caps_ref (upstream) : NULL;
  caps = gst_caps_new_simple
      (gst_tryon_image_format_get_media_type (info.format),
      "width", G_TYPE_INT, (gint) info.width,
      "height", G_TYPE_INT, (gint) info.height, NULL);
  copy_field (caps, upstream, "framerate");
  copy_field (caps, upstream, "pixel-aspect-ratio");
  return caps;
}

static void
update_caps (GstPad * pad, GstBuffer * buffer, GstCaps * upstream)
{
  GstCaps *current = gst_pad_get_current_caps (pad);
  GstCaps *caps = make_caps (buffer, upstream);

  if (caps != NULL && (current == NULL || !gst_caps_is_equal (current, caps)))
    gst_pad_push_event (pad, gst_event_new_caps (caps));
  gst_clear_caps (&caps);
  gst_clear_caps (&current);
}

static void
update_segment (GstPad * pad, GstEvent * segment)
{
  GstEvent *current = gst_pad_get_sticky_event (pad, GST_EVENT_SEGMENT, 0);

  if (segment != NULL && segment != current)
    gst_pad_push_event (pad, gst_event_ref (segment));
  gst_clear_event (&current);
}

/* ---- pushing ---- */

GstFlowReturn
gst_tryon_ai_output_push_frame (GstPad * pad, GstEvent * segment,
    GstTryonAiItem * item)
{
  GstBuffer *buffer = make_buffer (item);

  update_caps (pad, buffer, item->caps);
  update_segment (pad, segment);
  return gst_pad_push (pad, buffer);
}

void
gst_tryon_ai_output_push_event (GstPad * pad, GstEvent * event)
{
  /* Before there are caps, there is nothing that it could be a gap in. */
  if (GST_EVENT_TYPE (event) == GST_EVENT_GAP
      && !gst_pad_has_current_caps (pad))
    gst_event_unref (event);
  else
    gst_pad_push_event (pad, event);
}

static gboolean
store_event (GstPad * sinkpad, GstEvent ** event, gpointer user_data)
{
  /* The caps are upstream's, and the segment has to wait for ours. */
  if (GST_EVENT_TYPE (*event) != GST_EVENT_CAPS &&
      GST_EVENT_TYPE (*event) != GST_EVENT_SEGMENT &&
      GST_EVENT_TYPE (*event) != GST_EVENT_EOS)
    gst_pad_store_sticky_event (user_data, *event);
  return TRUE;
}

void
gst_tryon_ai_output_init_pad (GstPad * pad, GstPad * sinkpad)
{
  gst_pad_sticky_events_foreach (sinkpad, store_event, pad);
}

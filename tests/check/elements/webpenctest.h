/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the tests of tryonwebpenc share: the element in a harness, and painted
 * frames for it. */

#include "webptest.h"

static inline void
set_caps (GstHarness * h, const gchar * format, gint width, gint height,
    const gchar * more)
{
  gchar *caps = g_strdup_printf ("video/x-raw, format=%s, width=%d, height=%d, "
      "framerate=(fraction)30/1%s%s", format, width, height,
      more != NULL ? ", " : "", more != NULL ? more : "");

  gst_harness_set_src_caps_str (h, caps);
  g_free (caps);
}

static inline GstHarness *
new_harness (const gchar * format, gint width, gint height)
{
  GstHarness *h = new_harness_with_bus ("tryonwebpenc");

  set_caps (h, format, width, height, NULL);
  return h;
}

static inline void
set_component (GstVideoFrame * frame, guint comp, gint x, gint y, guint8 value)
{
  guint8 *data = GST_VIDEO_FRAME_COMP_DATA (frame, comp);

  data[y * GST_VIDEO_FRAME_COMP_STRIDE (frame, comp) +
      x * GST_VIDEO_FRAME_COMP_PSTRIDE (frame, comp)] = value;
}

/* Smooth colours with some edges, and alpha of all values. */
static inline void
paint (GstVideoFrame * frame, guint seed)
{
  guint comp;
  gint x, y, w, h;

  for (comp = 0; comp < GST_VIDEO_FRAME_N_COMPONENTS (frame); comp++) {
    w = GST_VIDEO_FRAME_COMP_WIDTH (frame, comp);
    h = GST_VIDEO_FRAME_COMP_HEIGHT (frame, comp);
    for (y = 0; y < h; y++) {
      for (x = 0; x < w; x++) {
        guint value = 60 + (comp + 1) * 20 + x * 60 / w + y * 40 / h;

        if (comp == 0 && ((x + seed) / 8) % 4 == 0)
          value += 20;
        if (comp == 3)
          value = (x + y) % 256;
        set_component (frame, comp, x, y, value);
      }
    }
  }
}

static inline GstBuffer *
new_frame_with_info (const GstVideoInfo * info, guint number)
{
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, info->size, NULL);
  GstVideoFrame frame;

  gst_buffer_memset (buffer, 0, 0, info->size);
  fail_unless (gst_video_frame_map (&frame, info, buffer, GST_MAP_WRITE));
  paint (&frame, number);
  gst_video_frame_unmap (&frame);
  GST_BUFFER_PTS (buffer) = number * FRAME_TIME;
  GST_BUFFER_DURATION (buffer) = FRAME_TIME;
  return buffer;
}

static inline GstBuffer *
new_frame (GstHarness * h, guint number)
{
  GstVideoInfo info;

  get_caps_info (h->srcpad, &info);
  return new_frame_with_info (&info, number);
}

/* Pushes a frame and gives its image, which must come. */
static inline GstBuffer *
encode (GstHarness * h, GstBuffer * frame)
{
  push (h, frame);
  return pull (h);
}

/* @frame (transfer none) */
static inline gsize
encoded_size (GstHarness * h, GstBuffer * frame)
{
  GstBuffer *webp = encode (h, gst_buffer_ref (frame));
  gsize size = gst_buffer_get_size (webp);

  gst_buffer_unref (webp);
  return size;
}

static inline void
push_good (GstHarness * h, guint number)
{
  gst_buffer_unref (encode (h, new_frame (h, number)));
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <math.h>

#include <gst/video/video.h>
#include <gst/tryon/gsttryonnailsmeta.h>

/* A nail that is an oval; @turn: radians clockwise from upright. */
static inline GstTryonNail
oval_nail (gfloat x, gfloat y, gfloat width, gfloat length, gfloat turn)
{
  GstTryonNail nail = { 1, GST_TRYON_FINGER_INDEX, 1, 1, {x, y},
  {sinf (turn), -cosf (turn)}, length, width, {{0}}
  };
  guint i;

  for (i = 0; i < GST_TRYON_NAIL_OUTLINE; i++) {
    gfloat angle = 2 * (gfloat) G_PI * i / GST_TRYON_NAIL_OUTLINE;
    gfloat along = length / 2 * cosf (angle);
    gfloat across = width / 2 * sinf (angle);

    nail.outline[i].x = x + along * nail.axis.x - across * nail.axis.y;
    nail.outline[i].y = y + along * nail.axis.y + across * nail.axis.x;
  }
  return nail;
}

static inline void
move_nail (GstTryonNail * nail, gfloat x, gfloat y)
{
  guint i;

  nail->centre.x += x;
  nail->centre.y += y;
  for (i = 0; i < GST_TRYON_NAIL_OUTLINE; i++) {
    nail->outline[i].x += x;
    nail->outline[i].y += y;
  }
}

static inline gdouble
polygon_area (const GstTryonPoint * corners, guint n)
{
  gdouble sum = 0;
  guint i;

  for (i = 0; i < n; i++) {
    const GstTryonPoint *p = &corners[i], *q = &corners[(i + 1) % n];

    sum += (gdouble) p->x * q->y - (gdouble) p->y * q->x;
  }
  return sum / 2;
}

/* A frame of one's own, mapped. */
static inline void
open_frame (GstVideoFrame * frame, GstVideoFormat format, guint width,
    guint height)
{
  GstVideoInfo info;
  GstBuffer *buffer;

  fail_unless (gst_video_info_set_format (&info, format, width, height));
  buffer = gst_buffer_new_allocate (NULL, info.size, NULL);
  gst_buffer_memset (buffer, 0, 0, info.size);
  fail_unless (gst_video_frame_map (frame, &info, buffer, GST_MAP_READWRITE));
  gst_buffer_unref (buffer);    /* the frame has its own reference */
}

/* Fills a component. */
static inline void
fill_component (GstVideoFrame * frame, guint component, guint8 value)
{
  gint x, y;

  for (y = 0; y < GST_VIDEO_FRAME_COMP_HEIGHT (frame, component); y++) {
    for (x = 0; x < GST_VIDEO_FRAME_COMP_WIDTH (frame, component); x++)
      ((guint8 *) GST_VIDEO_FRAME_COMP_DATA (frame, component))
          [y * GST_VIDEO_FRAME_COMP_STRIDE (frame, component) +
          x * GST_VIDEO_FRAME_COMP_PSTRIDE (frame, component)] = value;
  }
}

static inline guint8
component_at (const GstVideoFrame * frame, guint component, gint x, gint y)
{
  return ((guint8 *) GST_VIDEO_FRAME_COMP_DATA (frame, component))
      [y * GST_VIDEO_FRAME_COMP_STRIDE (frame, component) +
      x * GST_VIDEO_FRAME_COMP_PSTRIDE (frame, component)];
}

static inline void
set_component (GstVideoFrame * frame, guint component, gint x, gint y,
    guint8 value)
{
  ((guint8 *) GST_VIDEO_FRAME_COMP_DATA (frame, component))
      [y * GST_VIDEO_FRAME_COMP_STRIDE (frame, component) +
      x * GST_VIDEO_FRAME_COMP_PSTRIDE (frame, component)] = value;
}

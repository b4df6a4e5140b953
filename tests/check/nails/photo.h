/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A camera that sees a photograph, with noise, and moves. */

#include <math.h>
#include <string.h>
#include <gst/gst.h>
#include <gst/video/video.h>

#include "noise.h"

#define SIGMA 4.0               /* of the camera's noise, of 255 */
#define N_NOISE 65521

typedef struct
{
  guint8 *rgb;
  gint width, height;
} Photo;

/* From the still picture to the frame: scaled and turned around the middle, then
 * moved. */
typedef struct
{
  gdouble x, y, angle, zoom;
} Motion;

typedef struct
{
  GstVideoInfo info;
  guint8 *pixels;
  gint8 noise[N_NOISE];
  GRand *rand;
} Camera;

static inline gboolean
photo_load (Photo * photo, const gchar * path)
{
  GError *error = NULL;
  gchar *line = g_strdup_printf ("filesrc location=\"%s\" ! jpegdec ! "
      "videoconvert ! video/x-raw,format=RGB ! fakesink name=sink", path);
  GstElement *pipeline = gst_parse_launch (line, &error), *sink;
  GstMessage *message;
  GstSample *sample = NULL;
  GstVideoInfo info;
  GstVideoFrame frame;
  gint y;

  photo->rgb = NULL;
  g_free (line);
  if (pipeline == NULL) {
    g_printerr ("%s\n", error->message);
    g_clear_error (&error);
    return FALSE;
  }
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  message = gst_bus_timed_pop_filtered (GST_ELEMENT_BUS (pipeline),
      20 * GST_SECOND, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  sink = gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  if (message != NULL && GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS)
    g_object_get (sink, "last-sample", &sample, NULL);
  if (message != NULL && GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR) {
    gst_message_parse_error (message, &error, NULL);
    g_printerr ("%s\n", error->message);
    g_clear_error (&error);
  }
  if (message != NULL)
    gst_message_unref (message);
  if (sample != NULL
      && gst_video_info_from_caps (&info, gst_sample_get_caps (sample))
      && gst_video_frame_map (&frame, &info, gst_sample_get_buffer (sample),
          GST_MAP_READ)) {
    photo->width = info.width;
    photo->height = info.height;
    photo->rgb = g_malloc (3 * info.width * info.height);
    for (y = 0; y < info.height; y++)
      memcpy (photo->rgb + 3 * info.width * y,
          (guint8 *) GST_VIDEO_FRAME_PLANE_DATA (&frame, 0)
          + GST_VIDEO_FRAME_PLANE_STRIDE (&frame, 0) * y, 3 * info.width);
    gst_video_frame_unmap (&frame);
  } else {
    g_printerr ("%s: cannot be read\n", path);
  }
  g_clear_pointer (&sample, gst_sample_unref);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (sink);
  gst_object_unref (pipeline);
  return photo->rgb != NULL;
}

static inline void
photo_clear (Photo * photo)
{
  g_clear_pointer (&photo->rgb, g_free);
}

static inline void
camera_init (Camera * camera)
{
  guint i;

  memset (camera, 0, sizeof (*camera));
  camera->pixels = g_malloc (3 * 640 * 480);
  camera->rand = g_rand_new_with_seed (1);
  for (i = 0; i < N_NOISE; i++)
    camera->noise[i] = lround (SIGMA * draw_noise (camera->rand));
}

static inline void
camera_clear (Camera * camera)
{
  g_rand_free (camera->rand);
  g_free (camera->pixels);
}

/* As wide or as high as the photograph is. */
static inline void
camera_set_photo (Camera * camera, const Photo * photo)
{
  if (photo->width >= photo->height)
    gst_video_info_set_format (&camera->info, GST_VIDEO_FORMAT_RGB, 640, 480);
  else
    gst_video_info_set_format (&camera->info, GST_VIDEO_FORMAT_RGB, 480, 640);
}

/* Beyond its edges the photograph is mirrored. */
static inline gint
reflect (gint x, gint n)
{
  x = ABS (x);
  x %= 2 * n;
  return x < n ? x : 2 * n - 1 - x;
}

/* The next picture, in @camera->pixels. */
static inline void
camera_take (Camera * camera, const Photo * photo, const Motion * motion)
{
  gint width = camera->info.width, height = camera->info.height, x, y, c;
  /* All of the photograph is in the frame. */
  gdouble scale = MAX ((gdouble) photo->width / width,
      (gdouble) photo->height / height);
  gdouble sine = sin (motion->angle) * scale / motion->zoom;
  gdouble cosine = cos (motion->angle) * scale / motion->zoom;
  guint8 *out = camera->pixels;
  guint at = g_rand_int_range (camera->rand, 0, N_NOISE);

  for (y = 0; y < height; y++) {
    for (x = 0; x < width; x++) {
      gdouble u = x + 0.5 - width / 2.0 - motion->x;
      gdouble v = y + 0.5 - height / 2.0 - motion->y;
      gdouble px = u * cosine + v * sine + photo->width / 2.0 - 0.5;
      gdouble py = v * cosine - u * sine + photo->height / 2.0 - 0.5;
      gint left = floor (px), top = floor (py);
      gint fx = 256 * (px - left), fy = 256 * (py - top);
      gint l = reflect (left, photo->width);
      gint r = reflect (left + 1, photo->width);
      const guint8 *a =
          photo->rgb + 3 * photo->width * reflect (top, photo->height);
      const guint8 *b =
          photo->rgb + 3 * photo->width * reflect (top + 1, photo->height);

      for (c = 0; c < 3; c++) {
        gint upper = a[3 * l + c] * (256 - fx) + a[3 * r + c] * fx;
        gint lower = b[3 * l + c] * (256 - fx) + b[3 * r + c] * fx;
        gint value = (upper * (256 - fy) + lower * fy + 32768) >> 16;

        value += camera->noise[at];
        at = at + 1 < N_NOISE ? at + 1 : 0;
        *out++ = CLAMP (value, 0, 255);
      }
    }
  }
}

/* The last picture as a frame; to be unmapped, and the buffer unreferenced. */
static inline GstBuffer *
camera_map (Camera * camera, GstVideoFrame * frame)
{
  GstBuffer *buffer = gst_buffer_new_wrapped_full (GST_MEMORY_FLAG_READONLY,
      camera->pixels, camera->info.size, 0, camera->info.size, NULL, NULL);

  gst_video_frame_map (frame, &camera->info, buffer, GST_MAP_READ);
  return buffer;
}

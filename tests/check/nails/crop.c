/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Crops against a plain reference in double precision, for all formats. */

#include <gst/check/gstcheck.h>
#include <math.h>
#include <stdlib.h>

#include "gsttryoncrop.h"

#define N 37                    /* pixels of a crop's side */

static const GstVideoFormat formats[] = {
  GST_VIDEO_FORMAT_I420, GST_VIDEO_FORMAT_YV12, GST_VIDEO_FORMAT_NV12,
  GST_VIDEO_FORMAT_A420, GST_VIDEO_FORMAT_RGB, GST_VIDEO_FORMAT_BGR,
  GST_VIDEO_FORMAT_RGBA, GST_VIDEO_FORMAT_BGRA, GST_VIDEO_FORMAT_RGBx,
  GST_VIDEO_FORMAT_BGRx, GST_VIDEO_FORMAT_xRGB, GST_VIDEO_FORMAT_xBGR,
  GST_VIDEO_FORMAT_ARGB, GST_VIDEO_FORMAT_ABGR,
};

static const struct
{
  gint width, height;
} sizes[] = {
  {64, 48}, {33, 21}, {1, 1}, {2, 1}, {1, 7}, {3, 2}, {16383, 1}, {2, 16383},
};

/* By hand, exact for the sizes above. */
static const GstTryonAffine affines[] = {
  {1, 0, 0, 0, 1, 0},           /* pixel by pixel */
  {0.31f, 0.2f, -3.7f, -0.17f, 0.4f, 5.2f},
  {-2.3f, 1.1f, 30, 1.4f, 2.7f, -20},
  {1, 0, -36.5f, 0, 1, -36.25f},        /* only the last pixel is not black */
  {0, 0, 1.3f, 0, 0, 0.8f},     /* one place */
  {450, 0, -100, 0, 0.03f, 0.1f},
  {1, 0, 1e6f, 0, 1, -1e6f},
};

static GstVideoFrame *
make_frame (GstVideoFormat format, gint width, gint height,
    const gchar * colorimetry, GstVideoChromaSite site)
{
  GstVideoInfo info;
  GstVideoFrame *frame = g_new0 (GstVideoFrame, 1);
  GstBuffer *buffer;
  guint32 seed = 1;
  gsize i, size;

  fail_unless (gst_video_info_set_format (&info, format, width, height));
  if (colorimetry != NULL)
    fail_unless (gst_video_colorimetry_from_string (&info.colorimetry,
            colorimetry));
  info.chroma_site = site;
  /* Of the exact size, so that AddressSanitizer sees what is read beyond. */
  buffer = gst_buffer_new_wrapped (g_malloc (info.size), info.size);
  fail_unless (gst_video_frame_map (frame, &info, buffer, GST_MAP_READWRITE));
  gst_buffer_unref (buffer);
  size = info.size;
  for (i = 0; i < size; i++) {
    seed = seed * 1664525 + 1013904223;
    frame->map[0].data[i] = seed >> 24;
  }
  return frame;
}

static void
free_frame (GstVideoFrame * frame)
{
  gst_video_frame_unmap (frame);
  g_free (frame);
}

static gdouble
get_sample (const GstVideoFrame * frame, guint component, gint column, gint row)
{
  column = CLAMP (column, 0, GST_VIDEO_FRAME_COMP_WIDTH (frame, component) - 1);
  row = CLAMP (row, 0, GST_VIDEO_FRAME_COMP_HEIGHT (frame, component) - 1);
  return ((guint8 *) GST_VIDEO_FRAME_COMP_DATA (frame, component))
      [row * GST_VIDEO_FRAME_COMP_STRIDE (frame, component) +
      column * GST_VIDEO_FRAME_COMP_PSTRIDE (frame, component)];
}

/* @x, @y: in samples, the middle of the first is 0. */
static gdouble
get_between (const GstVideoFrame * frame, guint component, gdouble x, gdouble y)
{
  gint column = floor (x), row = floor (y);
  gdouble right = x - column, down = y - row;

  return (1 - down) * ((1 - right) * get_sample (frame, component, column, row)
      + right * get_sample (frame, component, column + 1, row))
      + down * ((1 - right) * get_sample (frame, component, column, row + 1)
      + right * get_sample (frame, component, column + 1, row + 1));
}

static gdouble
get_chroma (const GstVideoFrame * frame, guint component, gdouble x, gdouble y)
{
  GstVideoChromaSite site = frame->info.chroma_site;

  x = site & GST_VIDEO_CHROMA_SITE_H_COSITED ? (x - 0.5) / 2 : x / 2 - 0.5;
  y = site & GST_VIDEO_CHROMA_SITE_V_COSITED ? (y - 0.5) / 2 : y / 2 - 0.5;
  return get_between (frame, component, x, y);
}

/* What is within the frame of the square pixel around @x. */
static gdouble
get_part (gdouble x, gdouble size)
{
  return MAX (MIN (MIN (x + 0.5, size - x + 0.5), 1), 0);
}

static void
get_reference (const GstVideoFrame * frame, gdouble x, gdouble y, gdouble * rgb)
{
  const GstVideoInfo *info = &frame->info;
  gboolean full = info->colorimetry.range == GST_VIDEO_COLOR_RANGE_0_255;
  gboolean is_709 = info->colorimetry.matrix == GST_VIDEO_COLOR_MATRIX_BT709;
  gdouble kr = is_709 ? 0.2126 : 0.299, kb = is_709 ? 0.0722 : 0.114;
  gint i;

  if (GST_VIDEO_INFO_IS_YUV (info)) {
    gdouble luma = get_between (frame, 0, x - 0.5, y - 0.5);
    gdouble u = (get_chroma (frame, 1, x, y) - 128) / (full ? 255 : 224);
    gdouble v = (get_chroma (frame, 2, x, y) - 128) / (full ? 255 : 224);

    luma = full ? luma / 255 : (luma - 16) / 219;
    rgb[0] = luma + 2 * (1 - kr) * v;
    rgb[2] = luma + 2 * (1 - kb) * u;
    rgb[1] = (luma - kr * rgb[0] - kb * rgb[2]) / (1 - kr - kb);
  } else {
    for (i = 0; i < 3; i++) {
      rgb[i] = get_between (frame, i, x - 0.5, y - 0.5);
      rgb[i] = info->colorimetry.range == GST_VIDEO_COLOR_RANGE_16_235 ?
          (rgb[i] - 16) / 219 : rgb[i] / 255;
    }
  }
  for (i = 0; i < 3; i++)
    rgb[i] = CLAMP (rgb[i], 0, 1) * get_part (x, info->width) *
        get_part (y, info->height);
}

/* @tolerance: of a pixel's place, by the rounding of floats. */
static void
check_crop (const GstVideoFrame * frame, const GstTryonAffine * affine,
    gdouble tolerance)
{
  gfloat *rgb = g_new (gfloat, 3 * N * N);
  gint row, column, i;

  gst_tryon_crop (frame, affine, N, rgb);
  for (row = 0; row < N; row++) {
    for (column = 0; column < N; column++) {
      gdouble u = column + 0.5, v = row + 0.5, expected[3];

      get_reference (frame, affine->xx * u + affine->xy * v + affine->x0,
          affine->yx * u + affine->yy * v + affine->y0, expected);
      for (i = 0; i < 3; i++) {
        gfloat value = rgb[3 * (row * N + column) + i];

        /* A check that holds costs a system call as well. */
        if (!(fabs (value - expected[i]) < 1e-4 + tolerance))
          fail ("%s %dx%d: %d at %d, %d is %f instead of %f",
              frame->info.finfo->name, frame->info.width, frame->info.height,
              i, column, row, value, expected[i]);
      }
    }
  }
  g_free (rgb);
}

GST_START_TEST (test_formats)
{
  guint i, j;

  for (i = 0; i < G_N_ELEMENTS (sizes); i++) {
    GstVideoFrame *frame = make_frame (formats[__i__], sizes[i].width,
        sizes[i].height, NULL, GST_VIDEO_CHROMA_SITE_JPEG);

    /* A float of 16383 has steps of 0.001. */
    for (j = 0; j < G_N_ELEMENTS (affines); j++)
      check_crop (frame, &affines[j], sizes[i].width > 100
          || sizes[i].height > 100 ? 8e-3 : 0);
    free_frame (frame);
  }
}

GST_END_TEST;

static const gchar *colorimetries[] = {
  GST_VIDEO_COLORIMETRY_BT601, GST_VIDEO_COLORIMETRY_BT709, "1:4:0:0",
  "1:3:0:0", "2:4:0:0", "0:0:0:0", NULL,
};

GST_START_TEST (test_colorimetry)
{
  GstVideoFrame *frame;
  guint i;

  for (i = 0; i < G_N_ELEMENTS (colorimetries); i++) {
    frame = make_frame (GST_VIDEO_FORMAT_I420, 33, 21, colorimetries[i],
        GST_VIDEO_CHROMA_SITE_UNKNOWN);
    check_crop (frame, &affines[1], 0);
    free_frame (frame);
  }
  frame = make_frame (GST_VIDEO_FORMAT_RGB, 33, 21, "2:1:7:1",
      GST_VIDEO_CHROMA_SITE_UNKNOWN);
  check_crop (frame, &affines[1], 0);
  free_frame (frame);
}

GST_END_TEST;

GST_START_TEST (test_chroma_sites)
{
  static const GstVideoChromaSite sites[] = {
    GST_VIDEO_CHROMA_SITE_JPEG, GST_VIDEO_CHROMA_SITE_MPEG2,
    GST_VIDEO_CHROMA_SITE_DV, GST_VIDEO_CHROMA_SITE_COSITED,
  };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (sites); i++) {
    GstVideoFrame *frame = make_frame (GST_VIDEO_FORMAT_NV12, 33, 21, NULL,
        sites[i]);

    check_crop (frame, &affines[1], 0);
    check_crop (frame, &affines[2], 0);
    free_frame (frame);
  }
}

GST_END_TEST;

/* A grey of 8 bits comes out as itself whatever the matrix is. */
GST_START_TEST (test_grey)
{
  GstVideoFrame *frame = make_frame (GST_VIDEO_FORMAT_I420, 32, 32,
      GST_VIDEO_COLORIMETRY_BT709, GST_VIDEO_CHROMA_SITE_MPEG2);
  GstTryonAffine affine = { 0.5f, 0, 2, 0, 0.5f, 2 };
  gfloat rgb[3 * N * N];
  gint i;

  memset (frame->map[0].data, 128, frame->info.size);
  memset (frame->data[0], 235, 32 * 32);
  gst_tryon_crop (frame, &affine, N, rgb);
  for (i = 0; i < 3 * N * N; i++) {
    if (!(fabsf (rgb[i] - 1) < 1e-5f))
      fail ("%d: %f", i, rgb[i]);
  }
  free_frame (frame);
}

GST_END_TEST;

/* Nothing but black comes of it, and nothing outside of the frame is read. */
GST_START_TEST (test_absurd)
{
  static const gfloat values[] = {
    NAN, INFINITY, -INFINITY, 3e38f, -3e38f, 1e20f, -1e20f, 1e9f, -1e9f,
  };
  GstVideoFrame *frame = make_frame (formats[__i__], 31, 17, NULL,
      GST_VIDEO_CHROMA_SITE_UNKNOWN);
  gfloat rgb[3 * N * N];
  guint i, j, k;

  for (i = 0; i < G_N_ELEMENTS (values); i++) {
    for (j = 0; j < 6; j++) {
      GstTryonAffine affine = { 1, 0, 0, 0, 1, 0 };

      (&affine.xx)[j] = values[i];
      gst_tryon_crop (frame, &affine, N, rgb);
      for (k = 0; k < 3 * N * N; k++) {
        if (!(rgb[k] >= 0 && rgb[k] <= 1) ||
            (rgb[k] != 0 && !isfinite (values[i])))
          fail ("%u: %f for %f", k, rgb[k], values[i]);
      }
    }
  }
  free_frame (frame);
}

GST_END_TEST;

/* Crops without a pixel, with one, and with more than a chunk. */
GST_START_TEST (test_sides)
{
  static const guint sides[] = { 0, 1, 127, 128, 129, 256, 300 };
  GstVideoFrame *frame = make_frame (GST_VIDEO_FORMAT_I420, 300, 300, NULL,
      GST_VIDEO_CHROMA_SITE_JPEG);
  GstTryonAffine affine = { 1, 0, 0, 0, 1, 0 };
  guint i, j;

  for (i = 0; i < G_N_ELEMENTS (sides); i++) {
    guint n = sides[i];
    gfloat *rgb = g_new (gfloat, 3 * n * n + 1);
    gdouble expected[3];

    rgb[3 * n * n] = -7;
    gst_tryon_crop (frame, &affine, n, rgb);
    fail_unless (rgb[3 * n * n] == -7);
    for (j = 0; j < n * n; j++) {
      get_reference (frame, j % n + 0.5, j / n + 0.5, expected);
      if (!(fabs (rgb[3 * j] - expected[0]) < 1e-4 &&
              fabs (rgb[3 * j + 1] - expected[1]) < 1e-4 &&
              fabs (rgb[3 * j + 2] - expected[2]) < 1e-4))
        fail ("%u of %u x %u is wrong", j, n, n);
    }
    g_free (rgb);
  }
  free_frame (frame);
}

GST_END_TEST;

/* A slope from @first, that begins anew after 190. */
static void
set_samples (GstVideoFrame * frame, guint component, guint first, gdouble right,
    gdouble down)
{
  gint x, y;

  for (y = 0; y < GST_VIDEO_FRAME_COMP_HEIGHT (frame, component); y++) {
    guint8 *row = (guint8 *) GST_VIDEO_FRAME_COMP_DATA (frame, component) +
        y * GST_VIDEO_FRAME_COMP_STRIDE (frame, component);

    for (x = 0; x < GST_VIDEO_FRAME_COMP_WIDTH (frame, component); x++)
      row[x * GST_VIDEO_FRAME_COMP_PSTRIDE (frame, component)] =
          first + fmod (right * x + down * y, 190);
  }
}

/* The mean of the pixels of a square, as far as it is inside. */
static gdouble
get_mean (const GstVideoFrame * frame, guint component, gint x, gint y,
    gint size)
{
  gdouble sum = 0;
  gint n = 0, i, j;

  for (j = y; j < y + size && j < frame->info.height; j++) {
    for (i = x; i < x + size && i < frame->info.width; i++) {
      sum += get_sample (frame, component, i, j);
      n++;
    }
  }
  return sum / n / 255;
}

/* What is made two and four times smaller is averaged: where the crop's pixels are
 * the halved ones, these are seen as they are. */
GST_START_TEST (test_cropper)
{
  GstTryonCropper *cropper = gst_tryon_cropper_new ();
  gfloat *rgb = g_new (gfloat, 3 * N * N);
  guint scale, i, component;

  for (scale = 2; scale <= 4; scale *= 2) {
    GstTryonAffine affine = { scale, 0, 0, 0, scale, 0 };
    GstVideoFrame *frame = make_frame (formats[__i__], 4 * N, 4 * N, NULL,
        GST_VIDEO_CHROMA_SITE_JPEG);

    if (GST_VIDEO_INFO_IS_YUV (&frame->info)) {
      /* Luma alone, without what would be less than black, or more than white. */
      set_samples (frame, 0, 40, 1, 2);
      set_samples (frame, 1, 128, 0, 0);
      set_samples (frame, 2, 128, 0, 0);
    }
    gst_tryon_cropper_set_frame (cropper, frame);
    gst_tryon_cropper_crop (cropper, &affine, N, rgb);
    for (i = 0; i < 3 * N * N; i++) {
      gdouble expected;

      component = GST_VIDEO_INFO_IS_YUV (&frame->info) ? 0 : i % 3;
      expected = get_mean (frame, component, i / 3 % N * scale,
          i / 3 / N * scale, scale);
      if (GST_VIDEO_INFO_IS_YUV (&frame->info))
        expected = (expected * 255 - 16) / 219;
      /* Each halving rounds to 8 bits. */
      if (!(fabs (rgb[i] - expected) < 1.2 / 219))
        fail ("%u times smaller: %u is %f instead of %f", scale, i, rgb[i],
            expected);
    }
    gst_tryon_cropper_set_frame (cropper, NULL);
    free_frame (frame);
  }
  gst_tryon_cropper_free (cropper);
  g_free (rgb);
}

GST_END_TEST;

/* Only how light it is: as the frame has it, also beyond its edge. */
GST_START_TEST (test_luma)
{
  GstTryonAffine affine = { 0.31f, 0.2f, -3.7f, -0.17f, 0.4f, 5.2f };
  GstVideoFrame *frame = make_frame (formats[__i__], 33, 21, NULL,
      GST_VIDEO_CHROMA_SITE_JPEG);
  guint component = GST_VIDEO_INFO_IS_YUV (&frame->info) ? 0 : 1, i;
  GstTryonCropper *cropper = gst_tryon_cropper_new ();
  gfloat *luma = g_new (gfloat, N * N);

  gst_tryon_cropper_luma (cropper, &affine, N, luma);
  fail_unless (luma[0] == 0 && luma[N * N - 1] == 0);
  gst_tryon_cropper_set_frame (cropper, frame);
  gst_tryon_cropper_luma (cropper, &affine, N, luma);
  for (i = 0; i < N * N; i++) {
    GstTryonPoint at = { i % N + 0.5f, i / N + 0.5f };

    at = gst_tryon_affine_apply (&affine, at);
    fail_unless (fabs (luma[i] - get_between (frame, component, at.x - 0.5,
                at.y - 0.5)) < 0.05);
  }
  affine.x0 = NAN;
  gst_tryon_cropper_luma (cropper, &affine, N, luma);
  fail_unless (luma[0] == 0 && luma[N * N - 1] == 0);
  gst_tryon_cropper_free (cropper);
  free_frame (frame);
  g_free (luma);
}

GST_END_TEST;

/* A slope of colours stays where it is, whatever the size, format and siting: halved
 * planes are not displaced. */
GST_START_TEST (test_cropper_places)
{
  static const GstVideoChromaSite sites[] = {
    GST_VIDEO_CHROMA_SITE_JPEG, GST_VIDEO_CHROMA_SITE_MPEG2,
    GST_VIDEO_CHROMA_SITE_COSITED,
  };
  GstTryonCropper *cropper = gst_tryon_cropper_new ();
  gfloat *rgb = g_new (gfloat, 3 * N * N), *plain = g_new (gfloat, 3 * N * N);
  guint i, j;

  for (i = 0; i < G_N_ELEMENTS (sites); i++) {
    gdouble sums[3] = { 0, 0, 0 };
    /* Within the frame, turned, 2.9 times smaller. */
    GstTryonAffine affine = { 2.5f, -1.5f, 120, 1.5f, 2.5f, 45 };
    GstVideoFrame *frame = make_frame (formats[__i__], 250, 250, NULL,
        sites[i]);

    set_samples (frame, 0, 30, 0.3, 0.3);
    set_samples (frame, 1, 65, 0.7, 0);
    set_samples (frame, 2, 65, 0, 0.7);
    gst_tryon_cropper_set_frame (cropper, frame);
    gst_tryon_cropper_crop (cropper, &affine, N, rgb);
    gst_tryon_crop (frame, &affine, N, plain);
    for (j = 0; j < 3 * N * N; j++) {
      if (!(fabsf (rgb[j] - plain[j]) < 4.0f / 255))
        fail ("%u: %f instead of %f", j, rgb[j], plain[j]);
      sums[j % 3] += rgb[j] - plain[j];
    }
    /* Half a sample would be more than half a step. */
    for (j = 0; j < 3; j++)
      fail_unless (fabs (sums[j]) < 0.25 / 255 * N * N, "%u: %f of 255", j,
          sums[j] * 255 / (N * N));
    free_frame (frame);
  }
  gst_tryon_cropper_free (cropper);
  g_free (rgb);
  g_free (plain);
}

GST_END_TEST;

/* Without a frame all is black; frames of all sizes may follow each other; no crop is
 * too small for them. */
GST_START_TEST (test_cropper_frames)
{
  GstTryonCropper *cropper = gst_tryon_cropper_new ();
  GstTryonAffine affine = { 500, 0, -100, 0, 700, 0 };
  gfloat rgb[3 * N * N], plain[3 * N * N];
  guint i, j;

  rgb[0] = 1;
  gst_tryon_cropper_crop (cropper, &affine, 1, rgb);
  fail_unless (rgb[0] == 0);
  for (i = 0; i < G_N_ELEMENTS (sizes); i++) {
    GstVideoFrame *frame = make_frame (formats[__i__], sizes[i].width,
        sizes[i].height, NULL, GST_VIDEO_CHROMA_SITE_JPEG);

    gst_tryon_cropper_set_frame (cropper, frame);
    gst_tryon_cropper_crop (cropper, &affine, N, rgb);
    /* Where nothing gets smaller it is a plain crop. */
    gst_tryon_cropper_crop (cropper, &affines[1], N, rgb);
    gst_tryon_crop (frame, &affines[1], N, plain);
    fail_unless (memcmp (rgb, plain, sizeof (rgb)) == 0);
    for (j = 0; j < 6; j++) {
      GstTryonAffine absurd = affine;

      (&absurd.xx)[j] = j % 2 ? NAN : 3e38f;
      gst_tryon_cropper_crop (cropper, &absurd, N, rgb);
    }
    free_frame (frame);
  }
  gst_tryon_cropper_set_frame (cropper, NULL);
  gst_tryon_cropper_crop (cropper, &affine, 1, rgb);
  fail_unless (rgb[0] == 0);
  gst_tryon_cropper_free (cropper);
}

GST_END_TEST;

static void
check_point (GstTryonPoint point, gfloat x, gfloat y)
{
  fail_unless (fabsf (point.x - x) < 1e-3f && fabsf (point.y - y) < 1e-3f,
      "%f, %f instead of %f, %f", point.x, point.y, x, y);
}

static GstTryonPoint
apply (const GstTryonAffine * affine, gfloat x, gfloat y)
{
  GstTryonPoint point = { x, y };

  return gst_tryon_affine_apply (affine, point);
}

static GstTryonPoint
apply_inverse (const GstTryonAffine * affine, gfloat x, gfloat y)
{
  GstTryonPoint point = { x, y };

  return gst_tryon_affine_apply_inverse (affine, point);
}

GST_START_TEST (test_affine)
{
  GstTryonHandRegion region = { {100, 50}, 40, 0 };
  GstTryonAffine affine;

  gst_tryon_affine_init (&affine, &region, 80);
  check_point (apply (&affine, 0, 0), 80, 30);
  check_point (apply (&affine, 80, 40), 120, 50);

  /* A quarter turned clockwise: up in the crop is right in the frame. */
  region.rotation = G_PI / 2;
  gst_tryon_affine_init (&affine, &region, 80);
  check_point (apply (&affine, 40, 0), 120, 50);
  check_point (apply (&affine, 80, 40), 100, 70);
  check_point (apply_inverse (&affine, 120, 50), 40, 0);

  region.rotation = 0.3f;
  gst_tryon_affine_init (&affine, &region, 80);
  check_point (apply_inverse (&affine, apply (&affine, 11, 73).x,
          apply (&affine, 11, 73).y), 11, 73);

  gst_tryon_affine_init (&affine, &region, 0);
  check_point (apply_inverse (&affine, 3, 4), 0, 0);
  region.size = NAN;
  gst_tryon_affine_init (&affine, &region, 80);
  check_point (apply_inverse (&affine, 3, 4), 0, 0);
}

GST_END_TEST;

static Suite *
crop_suite (void)
{
  Suite *s = suite_create ("crop");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc, test_formats, 0, G_N_ELEMENTS (formats));
  tcase_add_test (tc, test_colorimetry);
  tcase_add_test (tc, test_chroma_sites);
  tcase_add_test (tc, test_grey);
  tcase_add_loop_test (tc, test_absurd, 0, G_N_ELEMENTS (formats));
  tcase_add_test (tc, test_sides);
  tcase_add_loop_test (tc, test_cropper, 0, G_N_ELEMENTS (formats));
  tcase_add_loop_test (tc, test_cropper_places, 0, G_N_ELEMENTS (formats));
  tcase_add_loop_test (tc, test_cropper_frames, 0, G_N_ELEMENTS (formats));
  tcase_add_loop_test (tc, test_luma, 0, G_N_ELEMENTS (formats));
  tcase_add_test (tc, test_affine);
  return s;
}

GST_CHECK_MAIN (crop);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Light told from a nail's pixels. */

#include <gst/check/gstcheck.h>

#include "gsttryonnaillight.h"
#include "ovalnail.h"

#define WIDTH 128
#define HEIGHT 96

#define fail_unless_near(a, b, by) \
  fail_unless (fabs ((gdouble) (a) - (b)) <= (by), "%f is not %f", (gdouble) (a), \
      (gdouble) (b))

typedef gfloat (*Paint) (gfloat u, gfloat v);

/* A nail in the middle of a frame, of the luma (0 to 1) that @paint says, among
 * others of @around. */
static void
measure (GstTryonNailLight * light, Paint paint, gfloat around, gfloat turn)
{
  GstTryonNail nail = oval_nail (64, 48, 44, 60, turn);
  GstTryonNailForm form;
  GstTryonLuma luma;
  GstVideoFrame frame;
  gint x, y;

  open_frame (&frame, GST_VIDEO_FORMAT_I420, WIDTH, HEIGHT);
  gst_tryon_nail_form_init (&form, &nail, GST_TRYON_NAIL_SHAPE_NATURAL, 0);
  for (y = 0; y < HEIGHT; y++) {
    for (x = 0; x < WIDTH; x++) {
      GstTryonPoint point = { x + 0.5f, y + 0.5f };
      GstTryonNailStation station;
      gfloat u, v, across;

      gst_tryon_nail_form_locate (&form, point, &u, &v);
      station = gst_tryon_nail_station_at (form.stations, v);
      across = station.middle + u * station.half;
      set_component (&frame, 0, x, y, 16.5f + 219 * (v > 0 && v < 1 &&
              across > station.left && across < station.right ?
              paint (u, v) : around));
    }
  }
  gst_tryon_luma_init (&luma, &frame);
  gst_tryon_nail_light_measure (light, &luma, &form);
  gst_video_frame_unmap (&frame);
}

static gfloat
flat (gfloat u, gfloat v)
{
  return 0.5f;
}

static gfloat
from_right (gfloat u, gfloat v)
{
  return 0.5f + 0.15f * u;
}

static gfloat
cylinder (gfloat u, gfloat v)
{
  return 0.6f - 0.25f * u * u;
}

static gfloat
streak (gfloat u, gfloat v)
{
  return fabsf (u + 0.3f) < 0.1f && v > 0.3f && v < 0.7f ? 0.95f : 0.3f;
}

static gfloat
french (gfloat u, gfloat v)
{
  return v > 0.7f ? 0.9f : 0.5f;
}

static gfloat
stripes (gfloat u, gfloat v)
{
  return fmodf (u + 2, 0.5f) < 0.25f ? 0.2f : 0.8f;
}

/* Whatever is around it. */
GST_START_TEST (test_flat)
{
  static const gfloat arounds[] = { 0, 0.4f, 1 };
  GstTryonNailLight light;
  guint i;

  for (i = 0; i < G_N_ELEMENTS (arounds); i++) {
    measure (&light, flat, arounds[i], 0.7f);
    fail_unless_near (light.mean, 0.5, 0.02);
    fail_unless_near (light.lean, 0, 0.15);
    fail_unless_near (gst_tryon_nail_light_at (&light, 0, 0), 0.5, 0.02);
    fail_unless_near (gst_tryon_nail_light_at (&light, -0.8f, 0.5f), 0.5, 0.05);
    fail_unless_near (light.highlights, 0, 0.01);
  }
}

GST_END_TEST;

/* Right is the nail's, however it is turned. */
GST_START_TEST (test_gradient)
{
  GstTryonNailLight light;
  gfloat turn;

  for (turn = 0; turn < 6; turn += 0.9f) {
    measure (&light, from_right, 0.4f, turn);
    fail_unless_near (light.mean, 0.5, 0.02);
    fail_unless (light.lean > 0.3f);
    fail_unless_near (gst_tryon_nail_light_at (&light, 0.6f, 0) -
        gst_tryon_nail_light_at (&light, -0.6f, 0), 0.18, 0.05);
    fail_unless_near (light.highlights, 0, 0.01);
  }
  measure (&light, cylinder, 0.4f, 0);
  fail_unless (gst_tryon_nail_light_at (&light, 0, 0) >
      gst_tryon_nail_light_at (&light, 0.7f, 0) + 0.04f);
  fail_unless_near (light.lean, 0, 0.1);
}

GST_END_TEST;

/* A reflection is one, and does not change the mean. */
GST_START_TEST (test_highlight)
{
  GstTryonNailLight light;
  gfloat smooth;

  measure (&light, streak, 0.4f, 0);
  fail_unless_near (light.mean, 0.3, 0.04);
  fail_unless (light.highlights > 0.01f);
  smooth = gst_tryon_nail_light_at (&light, -0.3f, 0);
  fail_unless (gst_tryon_nail_light_get_highlight (&light, -0.3f, 0, smooth,
          0.95f) > 0.4f);
  smooth = gst_tryon_nail_light_at (&light, 0.3f, 0);
  fail_unless (gst_tryon_nail_light_get_highlight (&light, 0.3f, 0, smooth,
          0.3f) == 0);
}

GST_END_TEST;

/* What is painted on the nail is none. */
GST_START_TEST (test_patterns)
{
  GstTryonNailLight light;
  gfloat smooth, w;

  measure (&light, french, 0.4f, 0);
  for (w = -0.8f; w < 1; w += 0.1f) {
    smooth = gst_tryon_nail_light_at (&light, 0, w);
    fail_unless (gst_tryon_nail_light_get_highlight (&light, 0, w, smooth,
            french (0, (w + 1) / 2)) < 0.12f);
  }
  measure (&light, stripes, 0.4f, 0);
  smooth = gst_tryon_nail_light_at (&light, 0.35f, 0);
  fail_unless (gst_tryon_nail_light_get_highlight (&light, 0.35f, 0, smooth,
          0.8f) < 0.2f);
}

GST_END_TEST;

/* In each format the same luma. */
GST_START_TEST (test_luma)
{
  static const GstVideoFormat formats[] = { GST_VIDEO_FORMAT_I420,
    GST_VIDEO_FORMAT_NV12, GST_VIDEO_FORMAT_RGB, GST_VIDEO_FORMAT_xBGR,
    GST_VIDEO_FORMAT_ARGB
  };
  GstVideoFrame frame;
  GstTryonLuma luma;
  guint i, c;

  for (i = 0; i < G_N_ELEMENTS (formats); i++) {
    open_frame (&frame, formats[i], 5, 3);
    gst_tryon_luma_init (&luma, &frame);
    for (c = 0; c < GST_VIDEO_FRAME_N_COMPONENTS (&frame); c++)
      fill_component (&frame, c, luma.is_rgb ? 255 : 235);
    fail_unless_near (gst_tryon_luma_at (&luma, 4, 2), 1, 1e-5);
    if (luma.is_rgb)
      set_component (&frame, 1, 4, 2, 0);
    else
      set_component (&frame, 0, 4, 2, 16 + 219 * 0.413f);
    fail_unless_near (gst_tryon_luma_at (&luma, 4, 2), 0.413, 0.003);
    fail_unless_near (gst_tryon_luma_at (&luma, 3, 2), 1, 1e-5);
    gst_video_frame_unmap (&frame);
  }
}

GST_END_TEST;

/* Partly and wholly outside of the frame. */
GST_START_TEST (test_outside)
{
  GstTryonNailLight light;
  GstTryonNailForm form;
  GstTryonLuma luma;
  GstVideoFrame frame;
  gint x;

  open_frame (&frame, GST_VIDEO_FORMAT_I420, WIDTH, HEIGHT);
  fill_component (&frame, 0, 16 + 219 * 3 / 4);
  gst_tryon_luma_init (&luma, &frame);
  for (x = -100; x < WIDTH + 100; x += 9) {
    GstTryonNail nail = oval_nail (x, x / 2, 30, 40, x);

    gst_tryon_nail_form_init (&form, &nail, GST_TRYON_NAIL_SHAPE_COFFIN, 1);
    gst_tryon_nail_light_measure (&light, &luma, &form);
    fail_unless_near (light.mean, x < -30 || x > WIDTH + 30 ? 0.5 :
        light.mean == 0.5f ? 0.5 : 0.75, 0.01);
    fail_unless (fabsf (light.lean) < 0.05f);
  }
  gst_video_frame_unmap (&frame);
}

GST_END_TEST;

static Suite *
naillight_suite (void)
{
  Suite *s = suite_create ("naillight");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_flat);
  tcase_add_test (tc, test_gradient);
  tcase_add_test (tc, test_highlight);
  tcase_add_test (tc, test_patterns);
  tcase_add_test (tc, test_luma);
  tcase_add_test (tc, test_outside);
  return s;
}

GST_CHECK_MAIN (naillight);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pieces of a frame that are followed: on a made picture, with a camera's noise. */

#include <gst/check/gstcheck.h>
#include <gst/video/video.h>
#include <math.h>

#include "gsttryonpatch.h"
#include "noise.h"

#define WIDTH 320
#define HEIGHT 240
#define NOISE 4.0               /* sigma */

/* Where it is looked at: turned, and far from the frame's middle. */
static const GstTryonHandRegion region = { {190, 110}, 60, 0.7f };

typedef struct
{
  GstVideoFrame frame;
  GstTryonCropper *cropper;
  GstTryonPatch patch;
  GRand *rand;
  gdouble gain, offset;         /* the light's */
  gboolean is_flat;
  gboolean has_background;      /* which does not move */
} Scene;

static void
scene_init (Scene * scene)
{
  GstVideoInfo info;
  GstBuffer *buffer;

  memset (scene, 0, sizeof (*scene));
  gst_video_info_set_format (&info, GST_VIDEO_FORMAT_I420, WIDTH, HEIGHT);
  buffer = gst_buffer_new_allocate (NULL, info.size, NULL);
  gst_buffer_memset (buffer, 0, 128, info.size);
  fail_unless (gst_video_frame_map (&scene->frame, &info, buffer,
          GST_MAP_READWRITE));
  gst_buffer_unref (buffer);
  scene->cropper = gst_tryon_cropper_new ();
  scene->rand = g_rand_new_with_seed (7);
  scene->gain = 1;
}

static void
scene_clear (Scene * scene)
{
  gst_tryon_cropper_free (scene->cropper);
  gst_video_frame_unmap (&scene->frame);
  g_rand_free (scene->rand);
}

/* On the finger, from the nail's middle: across and along. */
static GstTryonPoint
get_place (gdouble x, gdouble y)
{
  gdouble u = x - region.centre.x, v = y - region.centre.y;
  gdouble sine = sin (region.rotation), cosine = cos (region.rotation);

  return (GstTryonPoint) {
  u *cosine + v * sine, v * cosine - u * sine};
}

/* A bright oval on a finger, about as a nail is; and beyond it what is no finger. */
static gdouble
get_light (gdouble x, gdouble y)
{
  GstTryonPoint at = get_place (x, y);
  gdouble oval = hypot (at.x / 9, at.y / 13) - 1, finger = fabs (at.x) - 17;

  return 90 + 50 / (1 + exp (3 * oval)) + 30 / (1 + exp (finger))
      + 4 * sin (0.3 * x) * cos (0.23 * y);
}

/* Beside the finger, of more contrast than the nail has. */
static gdouble
get_background (gdouble x, gdouble y)
{
  return 120 + 60 * sin (0.35 * x + 0.2 * y) * cos (0.3 * y - 0.1 * x);
}

/* The next frame, in which all is moved by @movement since the first one. */
static void
scene_take (Scene * scene, const GstTryonAffine * movement)
{
  guint8 *data = GST_VIDEO_FRAME_PLANE_DATA (&scene->frame, 0);
  gint stride = GST_VIDEO_FRAME_PLANE_STRIDE (&scene->frame, 0), x, y;

  for (y = 0; y < HEIGHT; y++) {
    for (x = 0; x < WIDTH; x++) {
      GstTryonPoint here = { x + 0.5f, y + 0.5f };
      GstTryonPoint at = gst_tryon_affine_apply_inverse (movement, here);
      gdouble light = scene->is_flat ? 100 : get_light (at.x, at.y);

      if (scene->has_background && fabs (get_place (at.x, at.y).x) > 12)
        light = get_background (here.x, here.y);
      light = scene->gain * light + scene->offset
          + NOISE * draw_noise (scene->rand);
      data[y * stride + x] = CLAMP (lround (light), 0, 255);
    }
  }
  gst_tryon_cropper_set_frame (scene->cropper, &scene->frame);
}

/* Around the region's middle, then moved. */
static void
make_movement (gdouble x, gdouble y, gdouble angle, gdouble zoom,
    GstTryonAffine * movement)
{
  movement->xx = movement->yy = zoom * cos (angle);
  movement->yx = zoom * sin (angle);
  movement->xy = -movement->yx;
  movement->x0 = region.centre.x - movement->xx * region.centre.x
      - movement->xy * region.centre.y + x;
  movement->y0 = region.centre.y - movement->yx * region.centre.x
      - movement->yy * region.centre.y + y;
}

/* How far @a and @b are apart, pixels, over what is seen of the nail. */
static gdouble
compare (const GstTryonAffine * a, const GstTryonAffine * b)
{
  gdouble sine = sin (region.rotation), cosine = cos (region.rotation);
  gdouble worst = 0;
  gint i;

  for (i = 0; i < 5; i++) {
    gdouble across = (i == 1) * 9 - (i == 2) * 9;
    gdouble along = (i == 3) * 13 - (i == 4) * 13;
    GstTryonPoint at = { region.centre.x + across * cosine - along * sine,
      region.centre.y + across * sine + along * cosine
    };
    GstTryonPoint p = gst_tryon_affine_apply (a, at);
    GstTryonPoint q = gst_tryon_affine_apply (b, at);

    worst = MAX (worst, hypot (p.x - q.x, p.y - q.y));
  }
  return worst;
}

static void
follow_all (Scene * scene, GstTryonAffine * all, const GstTryonAffine * guess)
{
  GstTryonAffine movement, before = *all;

  fail_unless (gst_tryon_patch_follow (&scene->patch, scene->cropper, guess,
          &movement));
  all->xx = movement.xx * before.xx + movement.xy * before.yx;
  all->xy = movement.xx * before.xy + movement.xy * before.yy;
  all->x0 = movement.xx * before.x0 + movement.xy * before.y0 + movement.x0;
  all->yx = movement.yx * before.xx + movement.yy * before.yx;
  all->yy = movement.yx * before.xy + movement.yy * before.yy;
  all->y0 = movement.yx * before.x0 + movement.yy * before.y0 + movement.y0;
}

static const GstTryonAffine still = { 1, 0, 0, 0, 1, 0 };

/* Still, moved, turned, zoomed, and all of it: to half a pixel at the nail's ends, at the
 * end of a second as well, for errors do not add up. */
static const struct
{
  gdouble x, y, angle, zoom;    /* in a frame */
} ways[] = {
  {0, 0, 0, 0}, {3, 1, 0, 0}, {0, 0, 0.03, 0}, {0, 0, 0, 0.015},
  {-2.3, 1.1, -0.02, -0.008},
};

GST_START_TEST (test_follow)
{
  GstTryonAffine truth, all = still;
  Scene scene;
  guint i;

  scene_init (&scene);
  scene_take (&scene, &still);
  fail_unless (gst_tryon_patch_set (&scene.patch, scene.cropper, &region));
  fail_if (gst_tryon_patch_is_worn (&scene.patch, region.centre));
  for (i = 1; i <= 25; i++) {
    make_movement (ways[__i__].x * i, ways[__i__].y * i, ways[__i__].angle * i,
        exp (ways[__i__].zoom * i), &truth);
    scene_take (&scene, &truth);
    follow_all (&scene, &all, NULL);
    fail_unless (compare (&all, &truth) < 0.5, "frame %u: %f", i,
        compare (&all, &truth));
  }
  scene_clear (&scene);
}

GST_END_TEST;

/* What is too far for the pixels alone is found where the guess says. */
GST_START_TEST (test_guess)
{
  GstTryonAffine truth, guess, movement;
  Scene scene;
  guint i;

  scene_init (&scene);
  make_movement (40, -25, 0.1, 1.02, &truth);
  make_movement (37, -24, 0.05, 1, &guess);
  for (i = 0; i < 2; i++) {
    scene_take (&scene, &still);
    fail_unless (gst_tryon_patch_set (&scene.patch, scene.cropper, &region));
    scene_take (&scene, &truth);
    if (i == 0) {
      fail_if (gst_tryon_patch_follow (&scene.patch, scene.cropper, NULL,
              &movement));
      fail_unless (gst_tryon_patch_is_worn (&scene.patch, region.centre));
      /* It is lost. */
      fail_if (gst_tryon_patch_follow (&scene.patch, scene.cropper, &guess,
              &movement));
    } else {
      fail_unless (gst_tryon_patch_follow (&scene.patch, scene.cropper, &guess,
              &movement));
      fail_unless (compare (&movement, &truth) < 0.5);
    }
  }
  scene_clear (&scene);
}

GST_END_TEST;

/* A finger that moves before what stays, and is brighter than the nail: the nail is
 * followed, not what is behind it. */
static const struct
{
  gdouble x, y, angle;          /* in a frame */
} fingers[] = {
  {0, 0, 0}, {1, 0, 0}, {0, 1, 0}, {-2, 2, 0}, {0.3, 0.2, 0}, {0, 0, 0.02},
};

GST_START_TEST (test_background)
{
  GstTryonAffine truth, all = still;
  gdouble worst = 0;
  Scene scene;
  guint i;

  scene_init (&scene);
  scene.has_background = TRUE;
  scene_take (&scene, &still);
  fail_unless (gst_tryon_patch_set (&scene.patch, scene.cropper, &region));
  for (i = 1; i <= 20; i++) {
    make_movement (fingers[__i__].x * i, fingers[__i__].y * i,
        fingers[__i__].angle * i, 1, &truth);
    scene_take (&scene, &truth);
    follow_all (&scene, &all, NULL);
    worst = MAX (worst, compare (&all, &truth));
  }
  GST_INFO ("worst: %.2f pixels", worst);
  fail_unless (worst < 1, "%f", worst);
  scene_clear (&scene);
}

GST_END_TEST;

/* More light is no movement. */
GST_START_TEST (test_light)
{
  GstTryonAffine all = still;
  Scene scene;
  guint i;

  scene_init (&scene);
  scene_take (&scene, &still);
  fail_unless (gst_tryon_patch_set (&scene.patch, scene.cropper, &region));
  for (i = 0; i < 20; i++) {
    scene.gain *= i % 10 < 5 ? 1.05 : 1 / 1.05;
    scene.offset += i < 10 ? 2 : -2;
    scene_take (&scene, &still);
    follow_all (&scene, &all, NULL);
    fail_unless (compare (&all, &still) < 0.5, "%f", compare (&all, &still));
  }
  scene_clear (&scene);
}

GST_END_TEST;

/* Nothing to follow; and what was followed is no more to be seen. */
GST_START_TEST (test_nothing)
{
  const GstTryonHandRegion odd[] = {
    {{NAN, 3}, 60, 0}, {{30, 30}, NAN, 0}, {{30, 30}, 0, 0},
    {{1e9f, -1e9f}, 60, 0}, {{30, 30}, 60, INFINITY},
  };
  GstTryonAffine movement, guess = { NAN, 0, 0, 0, 1, 0 };
  Scene scene;
  guint i;

  scene_init (&scene);
  fail_if (gst_tryon_patch_follow (&scene.patch, scene.cropper, NULL,
          &movement));
  scene_take (&scene, &still);
  for (i = 0; i < G_N_ELEMENTS (odd); i++)
    fail_if (gst_tryon_patch_set (&scene.patch, scene.cropper, &odd[i]));
  fail_unless (gst_tryon_patch_set (&scene.patch, scene.cropper, &region));
  fail_unless (gst_tryon_patch_is_worn (&scene.patch, (GstTryonPoint) {
          region.centre.x + 15, region.centre.y}
      ));
  fail_unless (gst_tryon_patch_follow (&scene.patch, scene.cropper, &guess,
          &movement));
  scene.is_flat = TRUE;
  scene_take (&scene, &still);
  fail_if (gst_tryon_patch_follow (&scene.patch, scene.cropper, NULL,
          &movement));
  fail_if (gst_tryon_patch_set (&scene.patch, scene.cropper, &region));
  gst_tryon_patch_clear (&scene.patch);
  fail_unless (gst_tryon_patch_is_worn (&scene.patch, region.centre));
  scene_clear (&scene);
}

GST_END_TEST;

static Suite *
patch_suite (void)
{
  Suite *s = suite_create ("patch");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc, test_follow, 0, G_N_ELEMENTS (ways));
  tcase_add_loop_test (tc, test_background, 0, G_N_ELEMENTS (fingers));
  tcase_add_test (tc, test_guess);
  tcase_add_test (tc, test_light);
  tcase_add_test (tc, test_nothing);
  return s;
}

GST_CHECK_MAIN (patch);

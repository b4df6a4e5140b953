/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From a real hand before a camera to its nails, with the real networks. Skipped where
 * the models or ../shared/data's photographs are missing. */

#include <gst/check/gstcheck.h>
#include <math.h>

#include "gsttryonhandtracker.h"
#include "gsttryonnailfinder.h"
#include "gsttryonnailnet.h"
#include "photo.h"

#define FRAME (GST_SECOND / 30)

typedef struct
{
  Camera camera;
  Photo photo;
  GstTryonHandTracker *tracker;
  GstTryonNailFinder *finder;
  GstClockTime time;
  GstTryonNail nails[GST_TRYON_MAX_NAILS];
  guint n_nails;
} Scene;

/* FALSE: something is missing. */
static gboolean
scene_init (Scene * scene)
{
  const gchar *folder = g_getenv ("TRYON_PHOTOS");
  gchar *path = g_build_filename (folder != NULL ? folder : "", "nails-cc0",
      "images", "4c484f8c-e402-11e8-97db-0242ac1c0002.jpg", NULL);
  GstTryonNetPool *palm, *landmarks, *net;
  GError *error = NULL;

  memset (scene, 0, sizeof (*scene));
  if (!g_file_test (path, G_FILE_TEST_EXISTS)) {
    g_print ("SKIPPED: there is no photograph %s\n", path);
    g_free (path);
    return FALSE;
  }
  if (!gst_tryon_hand_models_open (NULL, GST_TRYON_HAND_MODEL_LITE, &palm,
          &landmarks, &error)) {
    g_print ("SKIPPED: %s\n", error->message);
    g_clear_error (&error);
    g_free (path);
    return FALSE;
  }
  net = gst_tryon_nail_net_open (&error);
  g_assert_no_error (error);
  fail_unless (photo_load (&scene->photo, path));
  camera_init (&scene->camera);
  camera_set_photo (&scene->camera, &scene->photo);
  scene->tracker = gst_tryon_hand_tracker_new (palm, landmarks);
  scene->finder = gst_tryon_nail_finder_new (net);
  gst_tryon_net_pool_unref (palm);
  gst_tryon_net_pool_unref (landmarks);
  gst_tryon_net_pool_unref (net);
  g_free (path);
  return TRUE;
}

static void
scene_clear (Scene * scene)
{
  gst_tryon_nail_finder_free (scene->finder);
  gst_tryon_hand_tracker_free (scene->tracker);
  camera_clear (&scene->camera);
  photo_clear (&scene->photo);
}

static void
scene_find (Scene * scene, gdouble x, gdouble y)
{
  Motion motion = { x, y, 0, 1 };
  GstTryonHand hands[GST_TRYON_MAX_HANDS];
  GstVideoFrame frame;
  GstBuffer *buffer;
  GError *error = NULL;
  guint n_hands;

  camera_take (&scene->camera, &scene->photo, &motion);
  buffer = camera_map (&scene->camera, &frame);
  fail_unless (gst_tryon_hand_tracker_track (scene->tracker, &frame,
          scene->time, hands, &n_hands, &error));
  fail_unless (gst_tryon_nail_finder_find (scene->finder, &frame, scene->time,
          hands, n_hands, scene->nails, &scene->n_nails, &error));
  gst_video_frame_unmap (&frame);
  gst_buffer_unref (buffer);
  scene->time += FRAME;
}

/* On a still photograph with noise of sigma 4, each corner of each nail moves by
 * less than 0.3 pixels RMS. */
GST_START_TEST (test_still)
{
  Scene scene;
  gdouble x[5][GST_TRYON_NAIL_OUTLINE] =
      { {0}, }, y[5][GST_TRYON_NAIL_OUTLINE] = { {0}, }, squares[5] = { 0, };
  guint i, j, k, n = 45;

  if (!scene_init (&scene))
    return;
  for (i = 0; i < 15; i++)
    scene_find (&scene, 0, 0);
  for (i = 0; i < n; i++) {
    scene_find (&scene, 0, 0);
    fail_unless_equals_int (scene.n_nails, 5);
    for (j = 0; j < 5; j++) {
      fail_unless (scene.nails[j].opacity == 1);
      for (k = 0; k < GST_TRYON_NAIL_OUTLINE; k++) {
        /* Floats have too few digits for squares of which little remains. */
        gdouble px = scene.nails[j].outline[k].x;
        gdouble py = scene.nails[j].outline[k].y;

        x[j][k] += px;
        y[j][k] += py;
        squares[j] += px * px + py * py;
      }
    }
  }
  for (j = 0; j < 5; j++) {
    for (k = 0; k < GST_TRYON_NAIL_OUTLINE; k++)
      squares[j] -= (x[j][k] * x[j][k] + y[j][k] * y[j][k]) / n;
    squares[j] = sqrt (squares[j] / n / GST_TRYON_NAIL_OUTLINE);
    GST_INFO ("finger %u: %.3f pixels RMS", j, squares[j]);
    fail_unless (squares[j] < 0.3, "finger %u: %f", j, squares[j]);
  }
  scene_clear (&scene);
}

GST_END_TEST;

/* Panned by 3 pixels a frame no nail goes off, and all lag by less than a frame. */
GST_START_TEST (test_pan)
{
  Scene scene;
  GstTryonPoint still[5];
  guint i, j;

  if (!scene_init (&scene))
    return;
  for (i = 0; i < 25; i++)
    scene_find (&scene, -36, 0);
  fail_unless_equals_int (scene.n_nails, 5);
  for (j = 0; j < 5; j++)
    still[j] = scene.nails[j].centre;
  for (i = 1; i < 25; i++) {
    scene_find (&scene, -36 + 3.0 * i, 0);
    fail_unless_equals_int (scene.n_nails, 5);
    for (j = 0; j < 5; j++) {
      fail_unless (scene.nails[j].opacity == 1);
      fail_unless (fabs (still[j].x + 3 * i - scene.nails[j].centre.x) < 3,
          "frame %u, finger %u: %f pixels behind", i, j,
          still[j].x + 3 * i - scene.nails[j].centre.x);
    }
  }
  scene_clear (&scene);
}

GST_END_TEST;

static Suite *
nailfinderphotos_suite (void)
{
  Suite *s = suite_create ("nailfinderphotos");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_still);
  tcase_add_test (tc, test_pan);
  return s;
}

GST_CHECK_MAIN (nailfinderphotos);

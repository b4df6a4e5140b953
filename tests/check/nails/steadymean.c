/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A mean that knows chance from change. */

#include <gst/check/gstcheck.h>
#include <math.h>

#include "gsttryonsteadymean.h"
#include "noise.h"

#define INTERVAL (1.0f / 30.0f)
#define DIMS GST_TRYON_STEADY_MEAN_DIMS
#define UNIT 20.0

static const GstTryonSteadyMeanParams params =
    { 0.05f, 20.0f, 1.0f, 0.015f, 0.03f };

typedef struct
{
  gfloat value[DIMS], last[DIMS], drift[DIMS], noise;
  GstTryonSteadyMean mean;
  GRand *rand;
  guint n;
} Scene;

/* At the first measurement. */
static void
scene_init (Scene * scene, guint n_dims, gdouble at)
{
  guint i;

  memset (scene, 0, sizeof (*scene));
  scene->mean = (GstTryonSteadyMean) {
  n_dims, scene->value, scene->last, scene->drift, &scene->noise};
  for (i = 0; i < n_dims; i++)
    scene->value[i] = at;
  scene->rand = g_rand_new_with_seed (7);
  scene->n = 1;
}

static void
scene_clear (Scene * scene)
{
  g_rand_free (scene->rand);
}

static void
scene_measure (Scene * scene, gdouble truth, gdouble sigma)
{
  gfloat measured[DIMS];
  guint i;

  for (i = 0; i < scene->mean.n_dims; i++)
    measured[i] = truth + sigma * draw_noise (scene->rand);
  gst_tryon_steady_mean_update (&scene->mean, &params, measured, UNIT,
      INTERVAL, scene->n++);
}

/* Of @frames, how far the first dimension is from @truth, RMS. */
static gdouble
scene_run (Scene * scene, guint frames, gdouble truth, gdouble sigma)
{
  gdouble sum = 0;
  guint i;

  for (i = 0; i < frames; i++) {
    scene_measure (scene, truth, sigma);
    sum += pow (scene->value[0] - truth, 2);
  }
  return sqrt (sum / frames);
}

static const gdouble sigmas[] = { 0.02, 0.2, 1, 4 };

/* Noise of any size is taken for what it is, in a plane or in many dimensions. */
GST_START_TEST (test_noise)
{
  const guint n_dims[] = { 1, 2, DIMS };
  gdouble sigma = sigmas[__i__], rms;
  Scene scene;
  guint i;

  for (i = 0; i < G_N_ELEMENTS (n_dims); i++) {
    scene_init (&scene, n_dims[i], 100);
    scene_run (&scene, 60, 100, sigma);
    rms = scene_run (&scene, 600, 100, sigma);
    GST_INFO ("%u dimensions: %.3f of %.3f", n_dims[i], rms, sigma);
    /* Of 0.05 Hz at 30 frames a second 0.07 is left. */
    fail_unless (rms < 0.25 * sigma, "%f", rms);
    scene_clear (&scene);
  }
}

GST_END_TEST;

/* It soon is what was measured in the mean. */
GST_START_TEST (test_settles)
{
  Scene scene;
  guint i;

  scene_init (&scene, 1, 101);
  for (i = 0; i < 40; i++)
    scene_measure (&scene, i % 2 ? 101 : 99, 0);
  fail_unless (fabs (scene.value[0] - 100) < 0.06, "%f", scene.value[0]);
  scene_clear (&scene);
}

GST_END_TEST;

/* What lasts is followed within half a second, though it is large. */
GST_START_TEST (test_change)
{
  const gdouble steps[] = { 2, 8, 60 };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (steps); i++) {
    Scene scene;

    scene_init (&scene, 2, 100);
    scene_run (&scene, 300, 100, 0.1);
    scene_run (&scene, 15, 100 + steps[i], 0.1);
    fail_unless (fabs (scene.value[0] - 100 - steps[i]) < 0.25 * steps[i],
        "%f of %f", scene.value[0] - 100, steps[i]);
    scene_run (&scene, 30, 100 + steps[i], 0.1);
    fail_unless (fabs (scene.value[0] - 100 - steps[i]) < 0.3,
        "%f of %f", scene.value[0] - 100, steps[i]);
    scene_clear (&scene);
  }
}

GST_END_TEST;

/* The same change is none where there is as much noise. */
GST_START_TEST (test_unsure)
{
  Scene scene;

  scene_init (&scene, 1, 100);
  scene_run (&scene, 300, 100, 2);
  scene_run (&scene, 5, 102, 2);
  fail_unless (fabs (scene.value[0] - 100) < 0.7, "%f", scene.value[0]);
  scene_clear (&scene);
}

GST_END_TEST;

/* One bad frame every now and then moves nothing. */
GST_START_TEST (test_outlier)
{
  Scene scene;
  gdouble last;
  guint i;

  scene_init (&scene, 2, 100);
  scene_run (&scene, 100, 100, 0.1);
  for (i = 0; i < 10; i++) {
    last = scene.value[0];
    scene_run (&scene, 1, 160, 0.1);
    fail_unless (fabs (scene.value[0] - last) < 0.02, "%f",
        scene.value[0] - last);
    scene_run (&scene, 20, 100, 0.1);
    fail_unless (fabs (scene.value[0] - 100) < 0.05, "%f", scene.value[0]);
  }
  scene_clear (&scene);
}

GST_END_TEST;

/* The first ones, of which nothing was known, do not stick. */
GST_START_TEST (test_first)
{
  Scene scene;

  scene_init (&scene, 2, 130);
  scene_run (&scene, 3, 130, 0.1);
  scene_run (&scene, 15, 100, 0.1);
  fail_unless (fabs (scene.value[0] - 100) < 2, "%f", scene.value[0]);
  scene_clear (&scene);
}

GST_END_TEST;

static Suite *
steadymean_suite (void)
{
  Suite *s = suite_create ("steadymean");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc, test_noise, 0, G_N_ELEMENTS (sigmas));
  tcase_add_test (tc, test_settles);
  tcase_add_test (tc, test_change);
  tcase_add_test (tc, test_unsure);
  tcase_add_test (tc, test_outlier);
  tcase_add_test (tc, test_first);
  return s;
}

GST_CHECK_MAIN (steadymean);

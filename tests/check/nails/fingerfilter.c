/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a finger is looked for: the same place while it is still, with it while it
 * moves, and with its nail when its landmarks leap. */

#include <gst/check/gstcheck.h>
#include <math.h>

#include "gsttryonfingerfilter.h"
#include "noise.h"

#define FRAME (GST_SECOND / 30)
#define LANDMARK_NOISE 0.3      /* pixels, as on a still picture */

typedef struct
{
  GRand *rand;
  GstClockTime time;
  gdouble x, y, angle, scale;   /* the truth */
  GstTryonFingerFilter filter;
  GstTryonFingerEnd end, view;
  gboolean stays;
} Scene;

static void
scene_init (Scene * scene)
{
  memset (scene, 0, sizeof (*scene));
  scene->rand = g_rand_new_with_seed (3);
  scene->time = GST_SECOND;
  scene->x = 320;
  scene->y = 240;
  scene->angle = 0.3;
  scene->scale = 36;
  gst_tryon_finger_filter_init (&scene->filter);
}

static void
scene_clear (Scene * scene)
{
  g_rand_free (scene->rand);
}

static void
make_finger (Scene * scene, GstTryonFingerEnd * finger)
{
  finger->angle = scene->angle + 0.03 * draw_noise (scene->rand);
  finger->scale = scene->scale * exp (0.02 * draw_noise (scene->rand));
  finger->tip.x = scene->x + LANDMARK_NOISE * draw_noise (scene->rand);
  finger->tip.y = scene->y + LANDMARK_NOISE * draw_noise (scene->rand);
}

static void
scene_update (Scene * scene, const GstTryonFingerEnd * landmarks,
    const GstTryonAffine * movement)
{
  scene->stays = gst_tryon_finger_filter_update (&scene->filter, scene->time,
      landmarks, movement, FALSE, &scene->end, &scene->view);
  scene->time += FRAME;
}

/* The nail is seen, where a nail mostly is. */
static void
scene_confirm (Scene * scene)
{
  GstTryonPoint nail = { scene->x - 0.07 * scene->scale * sin (scene->angle),
    scene->y + 0.07 * scene->scale * cos (scene->angle)
  };

  gst_tryon_finger_filter_confirm (&scene->filter, &nail);
}

/* Frames in which the nail is seen. */
static void
scene_settle (Scene * scene)
{
  GstTryonFingerEnd finger;
  guint i;

  for (i = 0; i < 20; i++) {
    make_finger (scene, &finger);
    scene_update (scene, &finger, NULL);
    fail_unless (scene->stays);
    scene_confirm (scene);
  }
}

/* What the net sees of a finger that stands still is the same picture in nearly all
 * frames, whichever way it points; it is never far from the finger, and not behind
 * one that moves. */
GST_START_TEST (test_view)
{
  Scene scene;
  GstTryonFingerEnd finger, last;
  gdouble away;
  guint i, changes = 0;

  scene_init (&scene);
  scene.angle = G_PI * (__i__ - 1);
  for (i = 0; i < 140; i++) {
    scene.x += i < 60 ? 0 : i < 100 ? 2 : 0.3;
    make_finger (&scene, &finger);
    scene_update (&scene, &finger, NULL);
    fail_unless (scene.stays);
    fail_unless (memcmp (&scene.end, &finger, sizeof (finger)) == 0);
    if (i > 30 && i < 60)
      changes += memcmp (&scene.view, &last, sizeof (last)) != 0;
    last = scene.view;
    away = hypot (last.tip.x - finger.tip.x, last.tip.y - finger.tip.y);
    fail_unless (away < 0.15 * finger.scale, "frame %u: %f", i, away);
    if (i > 70 && i < 100)
      fail_unless (away < 0.06 * finger.scale, "frame %u: %f", i, away);
    fail_unless (fabs (remainder (last.angle - scene.angle, 2 * G_PI)) < 0.15);
    fail_unless (fabs (log (last.scale / finger.scale)) < 0.15);
  }
  fail_unless (changes <= 6, "%u", changes);
  /* Not a number: as it comes; then anew. */
  finger.tip.x = NAN;
  scene_update (&scene, &finger, NULL);
  fail_unless (scene.stays && isnan (scene.view.tip.x));
  make_finger (&scene, &finger);
  scene_update (&scene, &finger, NULL);
  fail_unless (scene.stays);
  fail_unless (memcmp (&scene.view, &finger, sizeof (finger)) == 0);
  scene_clear (&scene);
}

GST_END_TEST;

/* In place, angle, or size. */
static void
leap (const Scene * scene, guint kind, GstTryonFingerEnd * finger)
{
  finger->tip.x = scene->x + (kind == 0 ? 0.6 * scene->scale : 0);
  finger->tip.y = scene->y;
  finger->angle = scene->angle + (kind == 1 ? 1.2 : 0);
  finger->scale = scene->scale * (kind == 2 ? 2 : 1);
}

/* Landmarks that leap leave the finger where its nail is seen, and it goes with the
 * hand; when they come back they are believed again. */
GST_START_TEST (test_leap_is_held)
{
  GstTryonAffine movement = { 1, 0, 3, 0, 1, -2 };
  Scene scene;
  GstTryonFingerEnd finger;
  guint i;

  scene_init (&scene);
  scene_settle (&scene);
  for (i = 0; i < 40; i++) {
    scene.x += 3;
    scene.y -= 2;
    leap (&scene, __i__, &finger);
    scene_update (&scene, &finger, &movement);
    fail_unless (scene.stays);
    fail_unless (hypot (scene.end.tip.x - scene.x,
            scene.end.tip.y - scene.y) < 1.5);
    fail_unless (fabs (scene.end.angle - scene.angle) < 0.15);
    fail_unless (hypot (scene.view.tip.x - scene.end.tip.x,
            scene.view.tip.y - scene.end.tip.y) < 0.15 * scene.scale);
    scene_confirm (&scene);
  }
  make_finger (&scene, &finger);
  scene_update (&scene, &finger, NULL);
  fail_unless (scene.stays);
  fail_unless (memcmp (&scene.end, &finger, sizeof (finger)) == 0);
  scene_clear (&scene);
}

GST_END_TEST;

/* Landmarks that go astray slowly: the finger stays by its nail, which is never far from
 * the middle of the view. */
GST_START_TEST (test_drift)
{
  Scene scene;
  GstTryonFingerEnd finger;
  GstTryonPoint nan = { NAN, 0 };
  guint i;

  scene_init (&scene);
  scene_settle (&scene);
  for (i = 0; i < 60; i++) {
    scene.y += 1;
    make_finger (&scene, &finger);
    finger.tip.x += 0.5 * i;
    finger.tip.y -= 0.2 * i;
    scene_update (&scene, &finger, NULL);
    fail_unless (scene.stays);
    fail_unless (hypot (scene.end.tip.x - scene.x,
            scene.end.tip.y - scene.y) < 0.2 * scene.scale);
    fail_unless (hypot (scene.view.tip.x - scene.x,
            scene.view.tip.y - scene.y) < 0.25 * scene.scale);
    scene_confirm (&scene);
  }
  /* Not a number: as if it was not seen. Then the landmarks have it. */
  for (i = 0; i < 40; i++) {
    gst_tryon_finger_filter_confirm (&scene.filter, &nan);
    scene_update (&scene, &finger, NULL);
  }
  fail_unless (hypot (scene.end.tip.x - finger.tip.x,
          scene.end.tip.y - finger.tip.y) < 0.1);
  scene_clear (&scene);
}

GST_END_TEST;

/* When the nail isn't seen there, or never was, the landmarks were right. */
GST_START_TEST (test_leap_is_believed)
{
  Scene scene;
  GstTryonFingerEnd finger;
  guint i;

  scene_init (&scene);
  if (__i__ == 0) {
    scene_settle (&scene);
  } else {
    make_finger (&scene, &finger);
    scene_update (&scene, &finger, NULL);
    gst_tryon_finger_filter_confirm (&scene.filter, NULL);
  }
  leap (&scene, 0, &finger);
  for (i = 0; i < 4; i++) {
    scene_update (&scene, &finger, NULL);
    if (!scene.stays)
      break;
    gst_tryon_finger_filter_confirm (&scene.filter, NULL);
  }
  fail_unless_equals_int (i, __i__ == 0 ? 2 : 0);
  fail_unless (memcmp (&scene.end, &finger, sizeof (finger)) == 0);
  fail_unless (memcmp (&scene.view, &finger, sizeof (finger)) == 0);
  /* After a gap there is nothing to leap from. */
  scene_confirm (&scene);
  scene.time += 10 * GST_SECOND;
  make_finger (&scene, &finger);
  scene_update (&scene, &finger, NULL);
  fail_unless (scene.stays);
  fail_unless (memcmp (&scene.end, &finger, sizeof (finger)) == 0);
  scene_clear (&scene);
}

GST_END_TEST;

/* Landmarks that leap about are not to be relied on, until they were quiet for a moment;
 * a hand that moves, whose fingers move, too, is not restless. */
GST_START_TEST (test_restless)
{
  GstTryonAffine movement = { 1, 0, 25, 0, 1, 0 };
  Scene scene;
  GstTryonFingerEnd finger;
  guint i;

  scene_init (&scene);
  for (i = 0; i < 30; i++) {
    scene.x += 25 + 4 * (i % 3);
    make_finger (&scene, &finger);
    scene_update (&scene, &finger, &movement);
    fail_if (gst_tryon_finger_filter_is_restless (&scene.filter));
  }
  for (i = 0; i < 6; i++) {
    leap (&scene, 0, &finger);
    finger.tip.x += i % 2 * 60;
    scene_update (&scene, &finger, NULL);
  }
  fail_unless (gst_tryon_finger_filter_is_restless (&scene.filter));
  for (i = 0; i < 40; i++)
    scene_update (&scene, &finger, NULL);
  fail_if (gst_tryon_finger_filter_is_restless (&scene.filter));
  scene_clear (&scene);
}

GST_END_TEST;

/* A finger that is seen to move goes as it was seen, and its view with it: landmarks that
 * tremble do not move it; those that are elsewhere for long do. */
GST_START_TEST (test_seen_movement)
{
  GstTryonFingerEnd at = { {100, 100}, 0.2f, 40 }, landmarks = at, before;
  GstTryonAffine movement = { 1, 0, 6, 0, 1, 0 };
  GstTryonFingerFilter filter;
  GstTryonFingerEnd end, view;
  guint i;

  gst_tryon_finger_filter_init (&filter);
  fail_unless (gst_tryon_finger_filter_update (&filter, 0, &at, NULL, FALSE,
          &end, &view));
  for (i = 1; i < 40; i++) {
    before = view;
    at.tip.x += 6;
    landmarks = at;
    landmarks.tip.x += i % 2 ? 3 : -3;
    fail_unless (gst_tryon_finger_filter_update (&filter, i * FRAME,
            &landmarks, &movement, TRUE, &end, &view));
    fail_unless (fabsf (end.tip.x - at.tip.x) < 0.3, "%f",
        end.tip.x - at.tip.x);
    fail_unless (fabsf (view.tip.x - before.tip.x - 6) < 0.2);
  }
  movement.x0 = 0;
  landmarks = at;
  landmarks.tip.y += 6;
  for (; i < 40 + 90; i++)
    gst_tryon_finger_filter_update (&filter, i * FRAME, &landmarks, &movement,
        TRUE, &end, &view);
  fail_unless (fabsf (end.tip.y - landmarks.tip.y) < 1, "%f",
      end.tip.y - landmarks.tip.y);
}

GST_END_TEST;

/* A nail that trembles about as far off as a view may be from its finger: the view stays on
 * the skin, but for the few times that it is taken to the finger as a whole. */
GST_START_TEST (test_refocus)
{
  const GstTryonAffine movement = { 1, 0, 2, 0, 1, 0 };
  GstTryonFingerEnd landmarks, before;
  guint i, n = 0;
  Scene scene;

  scene_init (&scene);
  scene_settle (&scene);
  for (i = 0; i < 200; i++) {
    GstTryonPoint nail;

    scene.x += 2;
    nail.x = scene.x + 0.2 * scene.scale + 0.5 * draw_noise (scene.rand);
    nail.y = scene.y + 0.5 * draw_noise (scene.rand);
    make_finger (&scene, &landmarks);
    before = scene.view;
    fail_unless (gst_tryon_finger_filter_update (&scene.filter, scene.time,
            &landmarks, &movement, TRUE, &scene.end, &scene.view));
    scene.time += FRAME;
    if (gst_tryon_finger_filter_has_refocused (&scene.filter)) {
      fail_unless (memcmp (&scene.view, &scene.end, sizeof (before)) == 0);
      n++;
    } else {
      fail_unless (fabs (scene.view.tip.x - before.tip.x - 2) < 1e-3, "%u", i);
      fail_unless (fabs (scene.view.tip.y - before.tip.y) < 1e-3, "%u", i);
    }
    fail_unless (hypot (nail.x - scene.view.tip.x, nail.y - scene.view.tip.y)
        < 0.25 * scene.scale);
    gst_tryon_finger_filter_confirm (&scene.filter, &nail);
  }
  fail_unless (n >= 1 && n <= 4, "%u", n);
  /* Where landmarks alone say where it is, the view is dragged. */
  scene_update (&scene, &landmarks, NULL);
  fail_if (gst_tryon_finger_filter_has_refocused (&scene.filter));
  scene_clear (&scene);
}

GST_END_TEST;

static Suite *
fingerfilter_suite (void)
{
  Suite *s = suite_create ("fingerfilter");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc, test_view, 0, 3);
  tcase_add_loop_test (tc, test_leap_is_held, 0, 3);
  tcase_add_test (tc, test_drift);
  tcase_add_loop_test (tc, test_leap_is_believed, 0, 2);
  tcase_add_test (tc, test_restless);
  tcase_add_test (tc, test_seen_movement);
  tcase_add_test (tc, test_refocus);
  return s;
}

GST_CHECK_MAIN (fingerfilter);

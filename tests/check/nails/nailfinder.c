/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From hands to nails, with drawn nails in place of a picture and of the net: the
 * nails are known exactly. */

#include <gst/check/gstcheck.h>
#include <math.h>

#include "gsttryonnailfinder.h"
#include "gsttryonnailfinger.h"
#include "gsttryonnailnet.h"
#include "noise.h"

#define N GST_TRYON_NAIL_MASK_SIZE
#define FRAME (GST_SECOND / 30)

/* A left hand's back; in tenths of the hand's scale. */
static const GstTryonPoint back[GST_TRYON_N_LANDMARKS] = {
  {0, 0},
  {3, -2}, {5.5, -4}, {7, -6}, {8.5, -7.5},
  {2.5, -9.5}, {3, -13}, {3.2, -15.5}, {3.3, -17.5},
  {0, -10}, {0, -14}, {0, -16.8}, {0, -19},
  {-2, -9.5}, {-2.3, -13}, {-2.5, -15.6}, {-2.6, -17.8},
  {-4, -8}, {-4.8, -11}, {-5.2, -12.8}, {-5.5, -14.5},
};

typedef struct
{
  GstTryonPoint centre;
  gdouble angle, length, width;
  gboolean visible;
} TrueNail;

typedef struct
{
  GstTryonNailFinder *finder;
  GRand *rand;
  GstClockTime time;
  GstVideoFrame *frame;         /* (nullable): what is to be seen by itself */
  GstTryonHand hands[GST_TRYON_MAX_HANDS];      /* the truth, as given */
  guint n_hands;
  TrueNail truth[GST_TRYON_MAX_NAILS];
  gdouble handedness;
  gdouble landmark_noise, logit_noise, logit_gain;
  gfloat noise[4999];
  gboolean fails;               /* the net */
  GstTryonAffine crops[GST_TRYON_N_FINGERS];    /* that it was shown last */
  guint n_calls;

  GstTryonNail nails[GST_TRYON_MAX_NAILS];
  guint n_nails;
} Scene;

static gdouble
get_logit (const TrueNail * nail, GstTryonPoint p, gdouble pixel)
{
  gdouble x = p.x - nail->centre.x, y = p.y - nail->centre.y, sine, cosine;
  gdouble u, v, r;

  if (fabs (x) > nail->length || fabs (y) > nail->length)
    return -6;
  sine = sin (nail->angle);
  cosine = cos (nail->angle);
  u = fabs (x * cosine + y * sine) / (nail->width / 2);
  v = fabs (x * sine - y * cosine) / (nail->length / 2);
  r = pow (pow (u, 2.5) + pow (v, 2.5), 1 / 2.5);
  return CLAMP (1.5 * hypot (x, y) / pixel * (1 / MAX (r, 1e-9) - 1), -6, 6);
}

static gboolean
segment (const GstVideoFrame * frame, const GstTryonAffine * affines,
    gfloat * logits, gpointer user_data, GError ** error)
{
  Scene *scene = user_data;
  guint i, j, x, y;

  scene->n_calls++;
  memcpy (scene->crops, affines, sizeof (scene->crops));
  if (scene->fails) {
    g_set_error_literal (error, GST_TRYON_NET_ERROR, 0, "no net today");
    return FALSE;
  }
  for (i = 0; i < GST_TRYON_N_FINGERS; i++) {
    gdouble pixel = hypot (affines[i].xx, affines[i].yx);
    guint start = g_rand_int_range (scene->rand, 0, 4999);

    for (y = 0; y < N; y++) {
      for (x = 0; x < N; x++) {
        GstTryonPoint p = { x + 0.5f, y + 0.5f };
        gdouble logit = -6;

        p = gst_tryon_affine_apply (&affines[i], p);
        for (j = 0; j < 5 * scene->n_hands; j++)
          if (scene->truth[j].visible)
            logit = MAX (logit, get_logit (&scene->truth[j], p, pixel));
        *logits++ = scene->logit_gain * logit
            + scene->logit_noise * scene->noise[(start + y * N + x) % 4999];
      }
    }
  }
  return TRUE;
}

/* Puts hand @index at a place, with nails on its fingertips. */
static void
place_hand (Scene * scene, guint index, gdouble x, gdouble y, gdouble scale,
    gdouble angle)
{
  GstTryonHand *hand = &scene->hands[index];
  guint i;

  hand->presence = 1;
  hand->handedness = scene->handedness;
  for (i = 0; i < GST_TRYON_N_LANDMARKS; i++) {
    gdouble u = back[i].x * scale / 10, v = back[i].y * scale / 10;

    hand->landmarks[i].x = x + u * cos (angle) - v * sin (angle);
    hand->landmarks[i].y = y + u * sin (angle) + v * cos (angle);
  }
  for (i = 0; i < GST_TRYON_N_FINGERS; i++) {
    TrueNail *nail = &scene->truth[5 * index + i];
    GstTryonPoint tip = hand->landmarks[4 * i + 4];
    GstTryonPoint last = hand->landmarks[4 * i + 3];

    nail->angle = atan2 (tip.x - last.x, last.y - tip.y);
    nail->centre.x = tip.x - 0.02 * scale * sin (nail->angle);
    nail->centre.y = tip.y + 0.02 * scale * cos (nail->angle);
    nail->length = 0.17 * scale;
    nail->width = 0.13 * scale;
  }
}

static void
scene_init (Scene * scene)
{
  guint i;

  memset (scene, 0, sizeof (*scene));
  scene->rand = g_rand_new_with_seed (4);
  scene->time = GST_SECOND;
  scene->n_hands = 1;
  scene->handedness = 0.02;
  scene->logit_gain = 1;
  for (i = 0; i < G_N_ELEMENTS (scene->noise); i++)
    scene->noise[i] = draw_noise (scene->rand);
  for (i = 0; i < GST_TRYON_MAX_HANDS; i++) {
    scene->hands[i].id = i + 1;
    place_hand (scene, i, 200 + 250 * i, 350, 110, 0.2);
  }
  for (i = 0; i < GST_TRYON_MAX_NAILS; i++)
    scene->truth[i].visible = TRUE;
  scene->finder = gst_tryon_nail_finder_new_with_func (segment, scene);
}

static void
scene_clear (Scene * scene)
{
  gst_tryon_nail_finder_free (scene->finder);
  g_rand_free (scene->rand);
}

/* @mask: which of the hands the tracker gives. */
static void
scene_find (Scene * scene, guint mask)
{
  GstTryonHand hands[GST_TRYON_MAX_HANDS];
  GError *error = NULL;
  guint i, j, n = 0;

  for (i = 0; i < scene->n_hands; i++) {
    if (!(mask & 1 << i))
      continue;
    hands[n] = scene->hands[i];
    for (j = 0; j < GST_TRYON_N_LANDMARKS; j++) {
      hands[n].landmarks[j].x +=
          scene->landmark_noise * draw_noise (scene->rand);
      hands[n].landmarks[j].y +=
          scene->landmark_noise * draw_noise (scene->rand);
    }
    n++;
  }
  fail_unless (gst_tryon_nail_finder_find (scene->finder, scene->frame,
          scene->time, hands, n, scene->nails, &scene->n_nails, &error));
  g_assert_no_error (error);
  scene->time += FRAME;
}

static void
scene_settle (Scene * scene)
{
  guint i;

  for (i = 0; i < 45; i++)
    scene_find (scene, 3);
}

static GstTryonNail *
get_nail (Scene * scene, guint hand, guint finger)
{
  guint i;

  for (i = 0; i < scene->n_nails; i++)
    if (scene->nails[i].hand == hand && scene->nails[i].finger == finger)
      return &scene->nails[i];
  return NULL;
}

static void
check_nail (const GstTryonNail * nail, const TrueNail * truth, gdouble bound)
{
  gdouble angle = atan2 (nail->axis.x, -nail->axis.y);

  fail_unless (hypot (nail->centre.x - truth->centre.x,
          nail->centre.y - truth->centre.y) < bound, "%f %f for %f %f",
      nail->centre.x, nail->centre.y, truth->centre.x, truth->centre.y);
  fail_unless (fabs (remainder (angle - truth->angle, 2 * G_PI)) < 0.1);
  fail_unless (fabs (nail->length - truth->length) < 0.1 * truth->length);
  fail_unless (fabs (nail->width - truth->width) < 0.1 * truth->width);
}

static void
check_nails (Scene * scene, guint hand, guint id, gdouble bound)
{
  guint i;

  for (i = 0; i < GST_TRYON_N_FINGERS; i++) {
    GstTryonNail *nail = get_nail (scene, id, i);

    fail_unless (nail != NULL, "finger %u", i);
    check_nail (nail, &scene->truth[5 * hand + i], bound);
  }
}

/* A picture by itself: all nails where they are, at once, whatever the hand's size
 * and direction. */
GST_START_TEST (test_single)
{
  static const gdouble scales[] = { 80, 110, 300 };
  Scene scene;
  guint i, j;

  scene_init (&scene);
  gst_tryon_nail_finder_set_smooth (scene.finder, FALSE);
  scene.n_hands = 2;
  for (i = 0; i < 12; i++) {
    for (j = 0; j < G_N_ELEMENTS (scales); j++) {
      place_hand (&scene, 0, 500, 500, scales[j], 0.52 * i);
      place_hand (&scene, 1, 2500, 500, scales[j], -0.52 * i);
      scene_find (&scene, 3);
      fail_unless_equals_int (scene.n_nails, 10);
      check_nails (&scene, 0, 1, 0.01 * scales[j]);
      check_nails (&scene, 1, 2, 0.01 * scales[j]);
      fail_unless (scene.nails[3].opacity == 1);
      fail_unless (scene.nails[3].confidence > 0.7);
    }
  }
  /* Single pictures have nothing to do with each other. */
  scene_find (&scene, 0);
  fail_unless_equals_int (scene.n_nails, 0);
  scene_clear (&scene);
}

GST_END_TEST;

/* No nail on a finger: none is made up, not the next finger's either, even where
 * that is in its crop. */
GST_START_TEST (test_each_its_own)
{
  Scene scene;
  guint i;

  scene_init (&scene);
  gst_tryon_nail_finder_set_smooth (scene.finder, FALSE);
  for (i = 0; i < GST_TRYON_N_FINGERS; i++) {
    scene.truth[i].visible = FALSE;
    /* Together. */
    scene.hands[0].landmarks[15].x = scene.hands[0].landmarks[11].x - 16;
    scene.hands[0].landmarks[16].x = scene.hands[0].landmarks[12].x - 16;
    scene.truth[3].centre.x = scene.hands[0].landmarks[16].x;
    scene_find (&scene, 1);
    fail_unless_equals_int (scene.n_nails, 4);
    fail_unless (get_nail (&scene, 1, i) == NULL, "finger %u", i);
    scene.truth[i].visible = TRUE;
  }
  scene_clear (&scene);
}

GST_END_TEST;

/* Two narrow nails side by side are nearer to each other than most of their length, and
 * yet two. */
GST_START_TEST (test_side_by_side)
{
  Scene scene;
  guint i, j;

  scene_init (&scene);
  for (i = GST_TRYON_FINGER_INDEX; i <= GST_TRYON_FINGER_MIDDLE; i++) {
    scene.hands[0].landmarks[4 * i + 3].x = 200 + 13 * i;
    scene.hands[0].landmarks[4 * i + 3].y = 220;
    scene.hands[0].landmarks[4 * i + 4].x = 200 + 13 * i;
    scene.hands[0].landmarks[4 * i + 4].y = 190;
    scene.truth[i].centre = scene.hands[0].landmarks[4 * i + 4];
    scene.truth[i].angle = 0;
    scene.truth[i].width = 11;
    scene.truth[i].length = 44;
  }
  scene.logit_noise = 0.5;
  scene_settle (&scene);
  for (j = 0; j < 30; j++) {
    scene_find (&scene, 1);
    fail_unless_equals_int (scene.n_nails, 5);
  }
  scene_clear (&scene);
}

GST_END_TEST;

/* One hand that was taken for two has five nails. */
GST_START_TEST (test_same_hand_twice)
{
  Scene scene;
  guint i;

  scene_init (&scene);
  scene.n_hands = 2;
  place_hand (&scene, 1, 202, 351, 110, 0.21);
  for (i = 5; i < 10; i++)
    scene.truth[i].visible = FALSE;
  scene_settle (&scene);
  fail_unless_equals_int (scene.n_nails, 5);
  scene_clear (&scene);
}

GST_END_TEST;

/* Landmarks jump by 0.7 pixels, the logits are noisy: nails stand still. */
GST_START_TEST (test_steady)
{
  Scene scene;
  GstTryonNail first[5], *nail;
  gdouble sum = 0;
  guint i, j, k, n = 60;

  scene_init (&scene);
  scene.landmark_noise = 0.7;
  scene.logit_noise = 0.5;
  scene_settle (&scene);
  check_nails (&scene, 0, 1, 0.6);
  for (j = 0; j < 5; j++)
    first[j] = *get_nail (&scene, 1, j);
  for (i = 0; i < n; i++) {
    scene_find (&scene, 3);
    fail_unless_equals_int (scene.n_nails, 5);
    for (j = 0; j < 5; j++) {
      nail = get_nail (&scene, 1, j);
      fail_unless (nail->opacity == 1);
      for (k = 0; k < GST_TRYON_NAIL_OUTLINE; k++)
        sum += pow (nail->outline[k].x - first[j].outline[k].x, 2)
            + pow (nail->outline[k].y - first[j].outline[k].y, 2);
    }
  }
  sum = sqrt (sum / n / 5 / GST_TRYON_NAIL_OUTLINE);
  GST_INFO ("%.3f pixels RMS", sum);
  fail_unless (sum < 0.15, "%f", sum);
  scene_clear (&scene);
}

GST_END_TEST;

/* Blots, which move with the hand. */
static void
draw_blots (GstVideoFrame * frame, gint x0, gint y0)
{
  guint8 *data = GST_VIDEO_FRAME_PLANE_DATA (frame, 0);
  gint x, y;

  for (y = 0; y < 480; y++)
    for (x = 0; x < 640; x++)
      data[y * GST_VIDEO_FRAME_PLANE_STRIDE (frame, 0) + x] =
          lround (120 + 30 * sin (0.31 * (x - x0) + 0.13 * (y - y0))
          + 30 * cos (0.22 * (x - x0) - 0.35 * (y - y0)));
}

/* Landmarks tremble by more than a nail's width moves: the nails go as the picture at
 * their places does. */
GST_START_TEST (test_seen_movement)
{
  GstVideoInfo info;
  GstVideoFrame frame;
  GstBuffer *buffer;
  gdouble sum = 0;
  Scene scene;
  gint i, j, x = 0;

  gst_video_info_set_format (&info, GST_VIDEO_FORMAT_I420, 640, 480);
  buffer = gst_buffer_new_allocate (NULL, info.size, NULL);
  fail_unless (gst_video_frame_map (&frame, &info, buffer, GST_MAP_READWRITE));
  scene_init (&scene);
  scene.frame = &frame;
  scene.landmark_noise = 3;
  scene.logit_noise = 0.5;
  for (i = 0; i < 90; i++) {
    if (i >= 30)
      x += i % 20 < 10 ? 4 : -4;
    draw_blots (&frame, x, x / 2);
    place_hand (&scene, 0, 200 + x, 350 + x / 2, 110, 0.2);
    scene_find (&scene, 1);
    for (j = 0; j < 5 && i >= 30; j++) {
      GstTryonNail *nail = get_nail (&scene, 1, j);

      fail_unless (nail != NULL, "frame %d, finger %d", i, j);
      sum += pow (nail->centre.x - scene.truth[j].centre.x, 2)
          + pow (nail->centre.y - scene.truth[j].centre.y, 2);
    }
  }
  sum = sqrt (sum / 60 / 5);
  GST_INFO ("%.3f pixels RMS", sum);
  fail_unless (sum < 0.1, "%f", sum);
  scene_clear (&scene);
  gst_video_frame_unmap (&frame);
  gst_buffer_unref (buffer);
}

GST_END_TEST;

/* Landmarks of single fingers leap to the next one and back while the hand moves: no
 * nail does, none is drawn twice, and none goes off. */
static void
check_leaping_landmarks (Scene * scene)
{
  guint i, j;

  for (i = 0; i < 60; i++) {
    GstTryonHand *hand = &scene->hands[0];
    guint to = 2 + i / 3 % 3;

    place_hand (scene, 0, 200 + 2 * i, 350 - i, 110, 0.2);
    /* Two frames of three finger 1 is where another one is. */
    if (i % 3 != 0)
      memcpy (&hand->landmarks[6], &hand->landmarks[4 * to + 2],
          3 * sizeof (GstTryonPoint));
    scene_find (scene, 1);
    fail_unless_equals_int (scene->n_nails, 5);
    for (j = 0; j < 5; j++) {
      fail_unless (scene->nails[j].opacity == 1);
      check_nail (&scene->nails[j],
          &scene->truth[scene->nails[j].finger], i < 6 ? 3 : 1.5);
    }
  }
}

GST_START_TEST (test_leaping_landmarks)
{
  Scene scene;

  scene_init (&scene);
  scene.landmark_noise = 0.3;
  scene_settle (&scene);
  check_leaping_landmarks (&scene);
  scene_clear (&scene);
}

GST_END_TEST;

/* Where the landmarks have little trust in a nail that is seen, it holds its finger
 * against them all the same. */
GST_START_TEST (test_leaping_landmarks_in_doubt)
{
  Scene scene;

  scene_init (&scene);
  scene.landmark_noise = 0.3;
  scene_settle (&scene);
  scene.logit_gain = 0.3;
  scene.handedness = 0.98;      /* the palm */
  check_leaping_landmarks (&scene);
  scene_clear (&scene);
}

GST_END_TEST;

/* As when a hand leaves: its nails are not there any more. */
static void
hide_nails (Scene * scene, guint hand)
{
  guint i;

  for (i = 0; i < GST_TRYON_N_FINGERS; i++)
    scene->truth[5 * hand + i].visible = FALSE;
}

/* Landmarks that are beside the nail: its crop has come to it before it is to be seen, and
 * it does not move any more. */
GST_START_TEST (test_comes_to_rest)
{
  const GstTryonPoint middle = { 0.5f * N, 0.5f * N };
  GstTryonPoint crop, first = { 0, 0 };
  gdouble half;
  Scene scene;
  guint i, n = 0;

  scene_init (&scene);
  scene_find (&scene, 1);
  half = 0.5 * N * hypot (scene.crops[1].xx, scene.crops[1].yx);
  scene.truth[1].centre.x += 0.35 * half;
  scene.logit_gain = 0.45;      /* in doubt: it takes a while to be shown */
  gst_tryon_nail_finder_reset (scene.finder);
  for (i = 0; i < 30; i++) {
    GstTryonNail *nail;

    scene_find (&scene, 1);
    nail = get_nail (&scene, 1, 1);
    if (nail == NULL)
      continue;
    crop = gst_tryon_affine_apply (&scene.crops[1], middle);
    if (n++ == 0)
      first = crop;
    fail_unless (hypot (crop.x - nail->centre.x, crop.y - nail->centre.y)
        < 0.2 * half, "frame %u", i);
    fail_unless (hypot (crop.x - first.x, crop.y - first.y) < 0.06 * half,
        "frame %u", i);
  }
  fail_unless (n > 20, "%u", n);
  scene_clear (&scene);
}

GST_END_TEST;

/* It comes on when it has been there for a moment, moves along, and fades out when
 * its hand is gone. */
GST_START_TEST (test_life)
{
  Scene scene;
  gfloat opacity = 0;
  guint i;

  scene_init (&scene);
  scene_find (&scene, 1);
  fail_unless_equals_int (scene.n_nails, 0);
  scene_settle (&scene);
  fail_unless_equals_int (scene.n_nails, 5);
  for (i = 0; i < 40; i++) {
    place_hand (&scene, 0, 200 + 5 * i, 350 - 2 * i, 110, 0.2 + 0.01 * i);
    scene_find (&scene, 1);
    fail_unless_equals_int (scene.n_nails, 5);
    fail_unless (scene.nails[0].opacity == 1);
    if (i > 5)
      check_nails (&scene, 0, 1, 2);
  }
  opacity = 1;
  hide_nails (&scene, 0);
  for (i = 0; i < 20; i++) {
    scene_find (&scene, 0);
    if (scene.n_nails == 0)
      break;
    fail_unless (scene.nails[0].opacity <= opacity);
    opacity = scene.nails[0].opacity;
  }
  fail_unless (i > 5 && i < 15, "%u", i);
  fail_unless (opacity < 0.5);
  scene_clear (&scene);
}

GST_END_TEST;

/* Nails in plain view stay for a second and a half without their hand, and are where
 * they go to. Then they are believed to be none. */
GST_START_TEST (test_lost_hand)
{
  Scene scene;
  guint i;

  scene_init (&scene);
  scene.logit_noise = 0.5;
  scene_settle (&scene);
  for (i = 0; i < 44; i++) {
    place_hand (&scene, 0, 200 + 3 * i, 350 - i, 110, 0.2);
    scene_find (&scene, i < 5);
    fail_unless_equals_int (scene.n_nails, 5);
    check_nails (&scene, 0, 1, 2);
  }
  for (i = 0; i < 20; i++)
    scene_find (&scene, 0);
  fail_unless_equals_int (scene.n_nails, 0);
  scene_clear (&scene);
}

GST_END_TEST;

/* A tracker that loses a hand for some frames gives it a new id: its nails stay. A
 * hand elsewhere is another one. */
GST_START_TEST (test_new_id)
{
  Scene scene;
  guint i;

  scene_init (&scene);
  scene_settle (&scene);
  for (i = 0; i < 30; i++) {
    place_hand (&scene, 0, 200 + 2 * i, 350, 110, 0.2);
    scene_find (&scene, i % 6 < 2 ? 0 : 1);
    if (i % 6 == 1)
      scene.hands[0].id += 10;
    fail_unless_equals_int (scene.n_nails, 5);
    fail_unless (scene.nails[0].opacity == 1);
    if (i % 6 >= 2)
      fail_unless_equals_int (scene.nails[0].hand, scene.hands[0].id);
  }
  scene.hands[0].id = 3;
  place_hand (&scene, 0, 600, 350, 110, 0.2);
  scene_find (&scene, 1);
  fail_unless (get_nail (&scene, 3, 1) == NULL);
  for (i = 0; i < 12; i++)
    scene_find (&scene, 1);
  fail_unless_equals_int (scene.n_nails, 5);
  check_nails (&scene, 0, 3, 1);
  scene_clear (&scene);
}

GST_END_TEST;

/* More hands come and go than there are places for. */
GST_START_TEST (test_many_hands)
{
  Scene scene;
  guint i;

  scene_init (&scene);
  scene.n_hands = 2;
  for (i = 0; i < 100; i++) {
    if (i % 7 == 0) {
      scene.hands[i / 7 % 2].id = 100 + i;
      place_hand (&scene, i / 7 % 2, 100 + i * 37 % 900, 350, 110, 0.2);
    }
    scene_find (&scene, i % 11 == 0 ? 0 : i % 5 == 0 ? 2 : 3);
    fail_unless (scene.n_nails <= GST_TRYON_MAX_NAILS);
  }
  /* Two hands of one id, which no tracker should give. */
  scene.hands[0].id = scene.hands[1].id = 9;
  scene_settle (&scene);
  fail_unless (scene.n_nails >= 5);
  scene_clear (&scene);
}

GST_END_TEST;

/* The palm's side: what looks a bit like a nail isn't one. Tiny hands neither. */
GST_START_TEST (test_rejected)
{
  Scene scene;

  scene_init (&scene);
  gst_tryon_nail_finder_set_smooth (scene.finder, FALSE);
  scene.logit_gain = 0.3;
  scene_find (&scene, 1);
  fail_unless (scene.n_nails >= 4);
  scene.hands[0].handedness = 0.98;
  scene_find (&scene, 1);
  fail_unless (scene.n_nails <= 1, "%u", scene.n_nails);
  scene_clear (&scene);

  scene_init (&scene);
  gst_tryon_nail_finder_set_smooth (scene.finder, FALSE);
  place_hand (&scene, 0, 200, 350, 25, 0.2);
  scene_find (&scene, 1);
  fail_unless_equals_int (scene.n_nails, 0);
  scene_clear (&scene);
}

GST_END_TEST;

/* A net that fails is an error, and the next frame is found again. Landmarks that
 * are no numbers are no fingers. */
GST_START_TEST (test_faults)
{
  Scene scene;
  GError *error = NULL;
  guint i;

  scene_init (&scene);
  scene_settle (&scene);
  scene.fails = TRUE;
  fail_if (gst_tryon_nail_finder_find (scene.finder, NULL, scene.time,
          scene.hands, 1, scene.nails, &scene.n_nails, &error));
  g_assert_error (error, GST_TRYON_NET_ERROR, 0);
  g_clear_error (&error);
  fail_unless_equals_int (scene.n_nails, 0);
  scene.fails = FALSE;
  scene_find (&scene, 1);
  fail_unless_equals_int (scene.n_nails, 5);

  scene.hands[0].landmarks[8].x = NAN;
  scene.hands[0].landmarks[12].y = INFINITY;
  scene.hands[0].landmarks[0].x = 1e30;
  for (i = 0; i < 30; i++)
    scene_find (&scene, 1);
  fail_unless (get_nail (&scene, 1, 1) == NULL);
  gst_tryon_nail_finder_set_smooth (scene.finder, FALSE);
  scene_find (&scene, 1);
  fail_unless (get_nail (&scene, 1, 1) == NULL);
  for (i = 0; i < scene.n_nails; i++)
    fail_unless (isfinite (scene.nails[i].outline[0].x));
  scene_clear (&scene);
}

GST_END_TEST;

/* After a reset nothing of before is left; the net runs once for each hand. */
GST_START_TEST (test_reset)
{
  Scene scene;

  scene_init (&scene);
  scene.n_hands = 2;
  scene_settle (&scene);
  fail_unless_equals_int (scene.n_nails, 10);
  gst_tryon_nail_finder_reset (scene.finder);
  scene.n_calls = 0;
  scene_find (&scene, 3);
  fail_unless_equals_int (scene.n_nails, 0);
  fail_unless_equals_int (scene.n_calls, 2);
  scene_find (&scene, 0);
  fail_unless_equals_int (scene.n_calls, 2);
  scene_clear (&scene);
}

GST_END_TEST;

static Suite *
nailfinder_suite (void)
{
  Suite *s = suite_create ("nailfinder");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_single);
  tcase_add_test (tc, test_each_its_own);
  tcase_add_test (tc, test_side_by_side);
  tcase_add_test (tc, test_same_hand_twice);
  tcase_add_test (tc, test_steady);
  tcase_add_test (tc, test_seen_movement);
  tcase_add_test (tc, test_leaping_landmarks);
  tcase_add_test (tc, test_leaping_landmarks_in_doubt);
  tcase_add_test (tc, test_comes_to_rest);
  tcase_add_test (tc, test_life);
  tcase_add_test (tc, test_lost_hand);
  tcase_add_test (tc, test_new_id);
  tcase_add_test (tc, test_many_hands);
  tcase_add_test (tc, test_rejected);
  tcase_add_test (tc, test_faults);
  tcase_add_test (tc, test_reset);
  return s;
}

GST_CHECK_MAIN (nailfinder);

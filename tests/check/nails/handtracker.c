/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How hands are found, followed and lost, with made-up hands in place of networks. */

#include <gst/check/gstcheck.h>
#include <math.h>
#include <string.h>

#include "gsttryonhandregion.h"
#include "gsttryonhandtracker.h"

#define WIDTH 640
#define HEIGHT 480
#define FRAME (40 * GST_MSECOND)
#define N_WORLD 4

/* A hand of the made-up world; it is seen when a region is near. */
typedef struct
{
  gboolean is_there;
  GstTryonPoint centre;         /* about the middle of its palm */
  gfloat scale;                 /* 0.35 of its region's size */
  gfloat presence;
  gfloat score;                 /* of its palm, 0: not found */
  guint views;                  /* bits of those it is found in; 0: all */
} WorldHand;

typedef struct
{
  WorldHand hands[N_WORLD];
  guint n_palm_runs, n_landmark_runs, most_runs;
  gboolean fails;
} World;

static World world;
static GstTryonHandTracker *tracker;
static GstVideoFrame frame;
static GstBuffer *buffer;
static GstClockTime now;
static GstTryonHand hands[GST_TRYON_MAX_HANDS];
static guint n_hands;

/* With the fingers up, of scale 1, around the middle of the palm. */
static const GstTryonPoint shape[GST_TRYON_N_LANDMARKS] = {
  {0, 0.5f}, {-0.25f, 0.35f}, {-0.45f, 0.1f}, {-0.6f, -0.1f}, {-0.7f, -0.3f},
  {-0.25f, -0.4f}, {-0.27f, -0.8f}, {-0.28f, -1}, {-0.3f, -1.2f},
  {0, -0.5f}, {0, -0.85f}, {0, -1.1f}, {0, -1.3f},
  {0.2f, -0.42f}, {0.22f, -0.75f}, {0.23f, -0.95f}, {0.25f, -1.15f},
  {0.38f, -0.3f}, {0.42f, -0.55f}, {0.44f, -0.7f}, {0.46f, -0.85f},
};

static void
set_landmarks (const WorldHand * hand, GstTryonPoint * landmarks)
{
  gint i;

  for (i = 0; i < GST_TRYON_N_LANDMARKS; i++) {
    landmarks[i].x = hand->centre.x + hand->scale * shape[i].x;
    landmarks[i].y = hand->centre.y + hand->scale * shape[i].y;
  }
}

static gboolean
fake_palms (gpointer user_data, const GstVideoFrame * video,
    GstTryonPalmView view, GstTryonPalm * palms, guint max_palms,
    guint * n_palms, GError ** error)
{
  gint i;

  world.n_palm_runs++;
  *n_palms = 0;
  if (world.fails) {
    g_set_error (error, GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED, "no palms");
    return FALSE;
  }
  for (i = 0; i < N_WORLD && *n_palms < max_palms; i++) {
    const WorldHand *hand = &world.hands[i];
    GstTryonPalm *palm = &palms[*n_palms];

    if (!hand->is_there || hand->score == 0
        || (hand->views != 0 && !(hand->views & 1 << view)))
      continue;
    memset (palm, 0, sizeof (*palm));
    palm->score = hand->score;
    palm->centre = hand->centre;
    palm->width = palm->height = 1.1f * hand->scale;
    palm->keypoints[GST_TRYON_PALM_MIDDLE].y = -10;
    (*n_palms)++;
  }
  return TRUE;
}

static gboolean
fake_landmarks (gpointer user_data, const GstVideoFrame * video,
    const GstTryonHandRegion * region, GstTryonHand * hand, GError ** error)
{
  const WorldHand *nearest = NULL;
  gfloat best = region->size / 2;
  gint i;

  world.n_landmark_runs++;
  if (world.fails) {
    g_set_error (error, GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED, "no hand");
    return FALSE;
  }
  for (i = 0; i < N_WORLD; i++) {
    const WorldHand *h = &world.hands[i];
    gfloat distance = hypotf (h->centre.x - region->centre.x,
        h->centre.y - region->centre.y);

    if (h->is_there && distance < best) {
      best = distance;
      nearest = h;
    }
  }
  hand->presence = 0.01f;
  if (nearest != NULL) {
    hand->presence = nearest->presence;
    set_landmarks (nearest, hand->landmarks);
  }
  return TRUE;
}

static const GstTryonHandBackend backend = {
  NULL, fake_palms, fake_landmarks, NULL
};

static void
map_frame (GstVideoFormat format, gint width, gint height)
{
  GstVideoInfo info;

  fail_unless (gst_video_info_set_format (&info, format, width, height));
  buffer = gst_buffer_new_allocate (NULL, info.size, NULL);
  gst_buffer_memset (buffer, 0, 128, info.size);
  fail_unless (gst_video_frame_map (&frame, &info, buffer, GST_MAP_READWRITE));
}

static void
unmap_frame (void)
{
  gst_video_frame_unmap (&frame);
  gst_clear_buffer (&buffer);
}

static void
setup (void)
{
  memset (&world, 0, sizeof (world));
  now = 0;
  map_frame (GST_VIDEO_FORMAT_GRAY8, WIDTH, HEIGHT);
  tracker = gst_tryon_hand_tracker_new_with_backend (&backend, NULL);
}

static void
teardown (void)
{
  g_clear_pointer (&tracker, gst_tryon_hand_tracker_free);
  unmap_frame ();
}

static void
set_hand (guint i, gfloat x, gfloat y)
{
  WorldHand hand = { TRUE, {x, y}, 80, 0.95f, 0.9f };

  world.hands[i] = hand;
}

static void
track (void)
{
  guint before = world.n_palm_runs + world.n_landmark_runs;
  GError *error = NULL;

  fail_unless (gst_tryon_hand_tracker_track (tracker, &frame, now, hands,
          &n_hands, &error));
  fail_unless (error == NULL);
  world.most_runs = MAX (world.most_runs,
      world.n_palm_runs + world.n_landmark_runs - before);
  now += FRAME;
}

static void
track_frames (guint n)
{
  while (n-- > 0)
    track ();
}

/* Frames until @n hands are reported, at most 100. */
static guint
track_until (guint n)
{
  guint i = 0;

  do {
    track ();
    i++;
  } while (n_hands != n && i < 100);
  return i;
}

static void
check_hand (guint i, guint id, guint which)
{
  GstTryonPoint expected[GST_TRYON_N_LANDMARKS];

  fail_unless (i < n_hands);
  fail_unless_equals_int (hands[i].id, id);
  set_landmarks (&world.hands[which], expected);
  fail_unless (gst_tryon_hand_distance (hands[i].landmarks, expected) < 1e-3);
  fail_unless (hands[i].presence == world.hands[which].presence);
  fail_unless (hands[i].region.size > 0);
}

/* Whenever it comes, and in whichever view it is seen, a hand is reported in 500 ms of
 * its first frame. */
GST_START_TEST (test_appears)
{
  track_frames (20 + __i__);
  fail_unless_equals_int (n_hands, 0);
  fail_unless_equals_int (world.n_landmark_runs, 0);
  set_hand (0, 300, 250);
  world.hands[0].views = 1 << __i__ % GST_TRYON_PALM_N_VIEWS;
  /* The last of these frames comes 500 ms after the first one. */
  fail_unless (track_until (1) <= 13);
  check_hand (0, 1, 0);
  /* The landmarks were looked for twice. */
  fail_unless_equals_int (world.n_landmark_runs, 2);
  track_frames (20);
  check_hand (0, 1, 0);
}

GST_END_TEST;

static const struct
{
  guint fps, frames;
} rates[] = {
  {5, 4}, {10, 6}, {15, 8}, {24, 13}, {25, 13}, {30, 16}, {60, 31},
};

/* The same at other rates: 500 ms, or when each view had its turn and one more frame,
 * if they are slower. */
GST_START_TEST (test_rates)
{
  guint phase, i;

  for (phase = 0; phase < 30; phase++) {
    /* Not so long that it would be looked for less often. */
    guint empty = phase % (2 * rates[__i__].fps);

    gst_tryon_hand_tracker_reset (tracker);
    memset (world.hands, 0, sizeof (world.hands));
    for (i = 0; i < empty + rates[__i__].frames; i++) {
      if (i == empty) {
        set_hand (0, 300, 250);
        world.hands[0].views = 1 << phase % GST_TRYON_PALM_N_VIEWS;
      }
      now = gst_util_uint64_scale (i, GST_SECOND, rates[__i__].fps);
      track ();
    }
    fail_unless_equals_int (n_hands, 1);
  }
}

GST_END_TEST;

/* Where there was none for three seconds, a hand is reported within 1.2 seconds; when it
 * has gone again, the next one within 500 ms, as ever. */
GST_START_TEST (test_idle)
{
  track_frames (150 + __i__);
  set_hand (0, 300, 250);
  world.hands[0].views = 1 << __i__ % GST_TRYON_PALM_N_VIEWS;
  /* The last of these frames comes 1.2 s after the first one. */
  fail_unless (track_until (1) <= 31);
  track_frames (10);
  check_hand (0, 1, 0);
  world.hands[0].is_there = FALSE;
  track_frames (40);
  fail_unless_equals_int (n_hands, 0);
  world.hands[0].is_there = TRUE;
  fail_unless (track_until (1) <= 13);
  /* Nothing of that is left after a reset, nor where time goes backwards. */
  world.hands[0].is_there = FALSE;
  track_frames (150);
  gst_tryon_hand_tracker_reset (tracker);
  now = 0;
  track_frames (30);
  world.hands[0].is_there = TRUE;
  fail_unless (track_until (1) <= 13);
}

GST_END_TEST;

/* Without hands the palms are looked for in every fourth frame, after a while in every
 * tenth; with one rarely; with two never. */
GST_START_TEST (test_cadence)
{
  track_frames (75);
  fail_unless_equals_int (world.n_palm_runs, 19);
  track_frames (10);
  world.n_palm_runs = 0;
  track_frames (100);
  fail_unless_equals_int (world.n_palm_runs, 10);
  fail_unless_equals_int (world.n_landmark_runs, 0);

  set_hand (0, 200, 250);
  track_until (1);
  world.n_palm_runs = world.n_landmark_runs = 0;
  track_frames (120);
  fail_unless_equals_int (world.n_landmark_runs, 120);
  fail_unless (world.n_palm_runs >= 8 && world.n_palm_runs <= 11);

  set_hand (1, 450, 250);
  fail_unless (track_until (2) <= 14);
  world.n_palm_runs = world.n_landmark_runs = 0;
  track_frames (50);
  fail_unless_equals_int (world.n_palm_runs, 0);
  fail_unless_equals_int (world.n_landmark_runs, 100);
  fail_unless_equals_int (world.most_runs, 2);
}

GST_END_TEST;

GST_START_TEST (test_max_hands)
{
  gst_tryon_hand_tracker_set_max_hands (tracker, 1);
  set_hand (0, 200, 250);
  set_hand (1, 450, 250);
  track_until (1);
  world.n_palm_runs = world.n_landmark_runs = 0;
  track_frames (50);
  fail_unless_equals_int (n_hands, 1);
  fail_unless_equals_int (world.n_palm_runs, 0);
  fail_unless_equals_int (world.n_landmark_runs, 50);

  gst_tryon_hand_tracker_set_max_hands (tracker, 2);
  fail_unless (track_until (2) < 100);
  gst_tryon_hand_tracker_set_max_hands (tracker, 1);
  track ();
  fail_unless_equals_int (n_hands, 1);
}

GST_END_TEST;

/* Two that come at once; the first id stays the first. */
GST_START_TEST (test_two_hands)
{
  set_hand (0, 200, 250);
  set_hand (1, 450, 250);
  fail_unless (track_until (2) <= 7);
  check_hand (0, 1, 0);
  check_hand (1, 2, 1);
  track_frames (30);
  check_hand (0, 1, 0);
  check_hand (1, 2, 1);
  fail_unless_equals_int (world.most_runs, 2);

  /* One leaves and comes again: it has a new id, the other keeps its own. */
  world.hands[0].is_there = FALSE;
  track_frames (5);
  fail_unless_equals_int (n_hands, 1);
  check_hand (0, 2, 1);
  world.hands[0].is_there = TRUE;
  fail_unless (track_until (2) <= 14);
  check_hand (0, 2, 1);
  check_hand (1, 3, 0);
}

GST_END_TEST;

/* It is not reported without presence, but followed for two more frames. */
GST_START_TEST (test_lost)
{
  set_hand (0, 300, 250);
  track_until (1);
  /* Wherever it is in the rhythm of looking for another one. */
  track_frames (__i__);
  world.hands[0].presence = 0.1f;
  track ();
  fail_unless_equals_int (n_hands, 0);
  track ();
  world.hands[0].presence = 0.9f;
  track ();
  check_hand (0, 1, 0);

  world.hands[0].is_there = FALSE;
  track_frames (2);
  set_hand (1, 100, 250);
  world.n_palm_runs = 0;
  track ();
  fail_unless_equals_int (n_hands, 0);
  /* Another one is looked for in the frame that it was lost in. */
  fail_unless_equals_int (world.n_palm_runs, 1);
  fail_unless (track_until (1) <= 2);
  check_hand (0, 2, 1);
}

GST_END_TEST;

/* A hand that was lost is looked for where it was found: in the first frame it can be
 * seen in, whatever views had their turn since. */
GST_START_TEST (test_found_again)
{
  set_hand (0, 300, 250);
  world.hands[0].views = 1 << GST_TRYON_PALM_VIEW_MIDDLE;
  track_until (1);
  track_frames (__i__);
  world.hands[0].is_there = FALSE;
  track_frames (2);
  set_hand (0, 100, 250);
  world.hands[0].views = 1 << GST_TRYON_PALM_VIEW_MIDDLE;
  fail_unless (track_until (1) <= 3);
  check_hand (0, 2, 0);
}

GST_END_TEST;

/* A hand stays with less presence than it needs to be found. */
GST_START_TEST (test_hysteresis)
{
  set_hand (0, 300, 250);
  world.hands[0].presence = 0.45f;
  track_frames (20);
  fail_unless_equals_int (n_hands, 0);
  world.hands[0].presence = 0.55f;
  /* After the time in which a rejected palm is not tried again. */
  track_frames (25);
  check_hand (0, 1, 0);
  world.hands[0].presence = 0.35f;
  track_frames (20);
  check_hand (0, 1, 0);
  world.hands[0].presence = 0.25f;
  track_frames (20);
  fail_unless_equals_int (n_hands, 0);
}

GST_END_TEST;

/* A palm that is none costs landmarks only now and then, and does not keep a hand from
 * being found elsewhere. */
GST_START_TEST (test_rejected)
{
  set_hand (0, 500, 250);
  world.hands[0].presence = 0.1f;
  track_frames (60);
  fail_unless_equals_int (n_hands, 0);
  fail_unless_equals_int (world.n_palm_runs, 15);
  fail_unless (world.n_landmark_runs <= 8, "%u", world.n_landmark_runs);
  set_hand (1, 200, 250);
  fail_unless (track_until (1) <= 6);
  check_hand (0, 1, 1);
}

GST_END_TEST;

/* Tiny ones, and what is not shaped like a hand in its region. */
GST_START_TEST (test_implausible)
{
  set_hand (0, 300, 250);
  world.hands[0].scale = 20;
  track_frames (30);
  fail_unless_equals_int (n_hands, 0);
  world.hands[0].scale = 32;
  track_frames (30);
  fail_unless_equals_int (n_hands, 1);
  /* All at once it fills the region. */
  world.hands[0].scale = 90;
  track ();
  fail_unless_equals_int (n_hands, 0);
}

GST_END_TEST;

/* When one hand leaves next to the other, both tracks are on one hand: the one that
 * jumped there goes. */
GST_START_TEST (test_duplicate)
{
  set_hand (0, 280, 250);
  set_hand (1, 370, 250);
  track_until (2);
  track_frames (5);
  world.hands[__i__].is_there = FALSE;
  track ();
  fail_unless_equals_int (n_hands, 1);
  check_hand (0, 2 - __i__, 1 - __i__);
  track_frames (50);
  fail_unless_equals_int (n_hands, 1);
  check_hand (0, 2 - __i__, 1 - __i__);
}

GST_END_TEST;

/* A hand that is at rest is looked for in the same region, while one that moves is
 * followed. */
GST_START_TEST (test_regions)
{
  GstTryonHandRegion region;
  guint i;

  set_hand (0, 250, 250);
  track_until (1);
  track_frames (10);
  region = hands[0].region;
  for (i = 0; i < 20; i++) {
    world.hands[0].centre.x = 250 + (i % 2);
    world.hands[0].centre.y = 250 + (i % 3 == 0);
    track ();
    fail_unless (memcmp (&region, &hands[0].region, sizeof (region)) == 0);
  }
  /* When it is on its way the region does not fall behind, but for a hundredth. */
  for (i = 0; i < 30; i++) {
    world.hands[0].centre.x += 10;
    track ();
    check_hand (0, 1, 0);
    fail_unless (fabsf (world.hands[0].centre.x - 250 -
            hands[0].region.centre.x + region.centre.x) <= (i < 2 ? 13 : 3),
        "%u: %f", i, world.hands[0].centre.x - 250 -
        hands[0].region.centre.x + region.centre.x);
  }
}

GST_END_TEST;

GST_START_TEST (test_reset)
{
  set_hand (0, 300, 250);
  track_until (1);
  gst_tryon_hand_tracker_reset (tracker);
  fail_unless (track_until (1) == 2);
  check_hand (0, 2, 0);

  /* A frame of another size does the same. */
  unmap_frame ();
  map_frame (GST_VIDEO_FORMAT_GRAY8, WIDTH + 1, HEIGHT);
  fail_unless (track_until (1) == 2);
  check_hand (0, 3, 0);
}

GST_END_TEST;

/* Without times, and with such that go backwards, or leap. */
GST_START_TEST (test_times)
{
  GstClockTime detection, landmarks;
  guint i;

  for (i = 0; i < 20; i++) {
    now = GST_CLOCK_TIME_NONE;
    track ();
  }
  fail_unless_equals_int (world.n_palm_runs, 5);
  now = 100 * GST_SECOND;
  track ();
  fail_unless_equals_int (world.n_palm_runs, 6);
  gst_tryon_hand_tracker_get_times (tracker, &detection, &landmarks);
  fail_unless (GST_CLOCK_TIME_IS_VALID (detection));
  fail_unless_equals_uint64 (landmarks, 0);
  set_hand (0, 300, 250);
  now = 5 * GST_SECOND;
  track ();
  track ();
  check_hand (0, 1, 0);
  now = 0;
  track_frames (10);
  check_hand (0, 1, 0);
}

GST_END_TEST;

/* What the backend says goes to the caller, and the next frame goes on. */
GST_START_TEST (test_errors)
{
  GError *error = NULL;

  set_hand (0, 300, 250);
  world.fails = TRUE;
  n_hands = 7;
  fail_if (gst_tryon_hand_tracker_track (tracker, &frame, 0, hands, &n_hands,
          &error));
  fail_unless (error != NULL);
  fail_unless_equals_int (n_hands, 0);
  g_clear_error (&error);
  world.fails = FALSE;
  track_until (1);
  world.fails = TRUE;
  fail_if (gst_tryon_hand_tracker_track (tracker, &frame, now, hands, &n_hands,
          &error));
  fail_unless_equals_int (n_hands, 0);
  g_clear_error (&error);
  world.fails = FALSE;
  now += FRAME;
  track ();
  check_hand (0, 1, 0);
}

GST_END_TEST;

/* Numbers that are none come to nothing. */
GST_START_TEST (test_damaged)
{
  static const gfloat values[] = { NAN, INFINITY, -INFINITY, 1e30f };

  set_hand (0, 300, 250);
  track_until (1);
  world.hands[0].presence = NAN;
  track ();
  fail_unless_equals_int (n_hands, 0);
  world.hands[0].presence = 0.9f;
  world.hands[0].scale = values[__i__];
  track_frames (30);
  fail_unless_equals_int (n_hands, 0);
  set_hand (0, 300, 250);
  track_until (1);
  check_hand (0, 2, 0);
}

GST_END_TEST;

static Suite *
handtracker_suite (void)
{
  Suite *s = suite_create ("handtracker");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_loop_test (tc, test_appears, 0, 9);
  tcase_add_loop_test (tc, test_idle, 0, 12);
  tcase_add_loop_test (tc, test_rates, 0, G_N_ELEMENTS (rates));
  tcase_add_test (tc, test_cadence);
  tcase_add_test (tc, test_max_hands);
  tcase_add_test (tc, test_two_hands);
  tcase_add_loop_test (tc, test_lost, 0, 13);
  tcase_add_loop_test (tc, test_found_again, 0, 13);
  tcase_add_test (tc, test_hysteresis);
  tcase_add_test (tc, test_rejected);
  tcase_add_test (tc, test_implausible);
  tcase_add_loop_test (tc, test_duplicate, 0, 2);
  tcase_add_test (tc, test_regions);
  tcase_add_test (tc, test_reset);
  tcase_add_test (tc, test_times);
  tcase_add_test (tc, test_errors);
  tcase_add_loop_test (tc, test_damaged, 0, 4);
  return s;
}

GST_CHECK_MAIN (handtracker);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A hand that is followed has a track. It begins with a palm: the landmarks are looked
 * for in the palm's region in the same frame, when there is time for it, and once more
 * in the next one, in the region that those landmarks give. Only then is it a hand:
 * what is no hand has low presence in at least one of the two, and the second landmarks
 * are the better ones. From then on each frame's landmarks give the next one's region.
 *
 * MediaPipe takes that region as it comes. But the landmarks depend on the region, so
 * that they move even when the picture does not: by 1 to 10 pixels in turn, forever
 * (seen with all models). Here a hand is kept at the same place of its region, as well
 * as that goes: the region of a hand at rest stands still, so that the landmarks move
 * only with the camera's noise, by a quarter of a pixel; that of a hand that moves goes
 * ahead with its speed; and only what is farther off than the landmark model minds is
 * set right.
 */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gsttryonhandtracker.h"
#include "gsttryonhandregion.h"

#include <math.h>
#include <string.h>

/* MediaPipe's min_score_thresh is 0.5. With 0.4 hands were found in 48 (lite) and 47
 * (full) of 52 photographs, with 0.5 in 46 and 45. Chosen on these. */
#define PALM_SCORE 0.4f
/* Hands that are in the frame as a whole have 0.86 to 1 on photographs, what else the
 * palm detector takes for one up to 0.35; fists and hands that fill the frame, all
 * values in between. */
#define PRESENCE_NEW 0.5f
#define PRESENCE_KEPT 0.3f
/* Frames that a hand may be without presence (blurred by a quick move) before it is
 * lost. */
#define MAX_MISSED 2

/* Of the hand's scale, about the length of its palm, in pixels: a nail is an eighth of
 * that, and under four pixels wide there is nothing to be drawn. */
#define MIN_SCALE 28
/* Of the region's size: landmarks beyond these are no hand's (0.31 to 0.5 on
 * photographs), or of one that leaps. Where there is no hand the model gives 0.1 to
 * 0.4, so it is presence that tells: of 1188 places on the photographs without a palm
 * 4 (full) and 6 (lite) had more than 0.5. */
#define MIN_FILL 0.2f
#define MAX_FILL 0.75f

/* In hand scales: landmarks of one hand from two regions were 0.01 to 0.15 apart,
 * those of two hands of a photograph 1.2 to 1.7. */
#define SAME_HAND 0.35f
/* A palm is that of a hand which is followed already when its region overlaps so much
 * with the hand's: MediaPipe's min_similarity_threshold. Both regions of the same hand
 * overlapped by 0.62 to 0.86. */
#define SAME_REGION 0.5f
/* A palm that turned out to be no hand is not tried again at once: this much alike. */
#define SAME_REJECTED 0.8f
#define REJECTED_TIME (600 * GST_MSECOND)

/* A hand has to be reported this soon, in whichever view it is found; the last frame of
 * it is for the second look. */
#define FIRST_HAND_TIME (500 * GST_MSECOND)
#define SECOND_HAND_TIME (1500 * GST_MSECOND)
/* When there has been none for so long, it may take longer until the first one is
 * reported: most frames of a camera that nobody holds a hand to cost next to nothing
 * then. Most palms are found in the first view that is looked in, a third of that. */
#define IDLE_AFTER (3 * GST_SECOND)
#define IDLE_HAND_TIME (1200 * GST_MSECOND)
#define TIMESTAMP_JITTER (2 * GST_MSECOND)
#define DEFAULT_FRAME_TIME (40 * GST_MSECOND)
/* No speed is taken from frames that are farther apart. */
#define MAX_FRAME_TIME (250 * GST_MSECOND)

/* The landmark model's depths are that much smaller than its places (normalize_z in
 * MediaPipe's hand_landmarks_detector_graph.cc). */
#define DEPTH_SCALE 0.4f

#define MAX_NETS 2              /* that a frame runs */

/* Parts of a region's size, of its size, radians. By how much it may be wrong: */
#define WRONG_PLACE 0.05f
#define WRONG_SIZE 0.08f
#define WRONG_ROTATION 0.12f
/* (as a part of these, up to here it is right enough) */
#define RIGHT_ENOUGH 0.4f
/* and what is no move of the hand: */
#define STILL_PLACE 0.01f
#define STILL_SIZE 0.02f
#define STILL_ROTATION 0.03f

typedef struct
{
  gboolean is_used;
  guint n_seen;                 /* frames with landmarks */
  guint n_missed;               /* frames without presence since */
  GstTryonHand hand;            /* id is 0 until it is reported */
  GstTryonHandRegion region;    /* where to look next */
  GstTryonHandRegion anchor;    /* the hand's own region when it was put there */
  GstTryonHandRegion last;      /* the same, in the last frame */
  GstTryonPoint velocity;       /* pixels a second */
  gfloat moved;                 /* since the frame before, hand scales */
  GstTryonPalmView view;        /* its palm was found in */
} Track;

struct _GstTryonHandTracker
{
  GstTryonHandBackend backend;
  gpointer user_data;
  guint max_hands;
  guint last_id;

  Track tracks[GST_TRYON_MAX_HANDS];
  gint width, height;           /* of the last frame, 0 before the first one */
  GstClockTime time;            /* of this frame */
  GstClockTime frame_time;      /* since the one before */
  GstClockTime searched;        /* when palms were looked for, or NONE: at once */
  GstClockTime alone;           /* since when no hand is reported, NONE: one is */
  GstTryonPalmView view;        /* to look in next */
  GstTryonHandRegion rejected[GST_TRYON_MAX_HANDS];
  GstClockTime rejected_time[GST_TRYON_MAX_HANDS];

  guint n_nets;                 /* that this frame has run */
  GstClockTime detection_time, landmarks_time;
};

GstTryonHandTracker *
gst_tryon_hand_tracker_new_with_backend (const GstTryonHandBackend * backend,
    gpointer user_data)
{
  GstTryonHandTracker *tracker = g_new0 (GstTryonHandTracker, 1);

  tracker->backend = *backend;
  tracker->user_data = user_data;
  tracker->max_hands = GST_TRYON_MAX_HANDS;
  gst_tryon_hand_tracker_reset (tracker);
  return tracker;
}

void
gst_tryon_hand_tracker_free (GstTryonHandTracker * tracker)
{
  if (tracker->backend.free != NULL)
    tracker->backend.free (tracker->user_data);
  g_free (tracker);
}

void
gst_tryon_hand_tracker_set_max_hands (GstTryonHandTracker * tracker,
    guint max_hands)
{
  tracker->max_hands = CLAMP (max_hands, 1, GST_TRYON_MAX_HANDS);
}

void
gst_tryon_hand_tracker_reset (GstTryonHandTracker * tracker)
{
  guint i;

  memset (tracker->tracks, 0, sizeof (tracker->tracks));
  tracker->width = tracker->height = 0;
  tracker->time = GST_CLOCK_TIME_NONE;
  tracker->frame_time = DEFAULT_FRAME_TIME;
  tracker->searched = tracker->alone = GST_CLOCK_TIME_NONE;
  tracker->view = GST_TRYON_PALM_VIEW_NEAR;
  for (i = 0; i < GST_TRYON_MAX_HANDS; i++)
    tracker->rejected_time[i] = GST_CLOCK_TIME_NONE;
}

void
gst_tryon_hand_tracker_get_times (GstTryonHandTracker * tracker,
    GstClockTime * detection, GstClockTime * landmarks)
{
  if (detection != NULL)
    *detection = tracker->detection_time;
  if (landmarks != NULL)
    *landmarks = tracker->landmarks_time;
}

/* --- regions --- */

static gfloat
get_difference (gfloat angle, gfloat from)
{
  return remainderf (angle - from, 2 * (gfloat) G_PI);
}

/* How far @region has to follow @wanted: 0 not at all, 1 the whole way. */
static gfloat
get_gain (const GstTryonHandRegion * region, const GstTryonHandRegion * wanted)
{
  gfloat place = hypotf (wanted->centre.x - region->centre.x,
      wanted->centre.y - region->centre.y) / (region->size * WRONG_PLACE);
  gfloat size = fabsf (wanted->size / region->size - 1) / WRONG_SIZE;
  gfloat rotation = fabsf (get_difference (wanted->rotation,
          region->rotation)) / WRONG_ROTATION;
  gfloat wrong = MAX (MAX (place, size), rotation);

  return CLAMP ((wrong - RIGHT_ENOUGH) / (1 - RIGHT_ENOUGH), 0, 1);
}

static void
correct_region (GstTryonHandRegion * region, const GstTryonHandRegion * wanted)
{
  gfloat gain = get_gain (region, wanted);

  region->centre.x += gain * (wanted->centre.x - region->centre.x);
  region->centre.y += gain * (wanted->centre.y - region->centre.y);
  region->size += gain * (wanted->size - region->size);
  region->rotation += gain * get_difference (wanted->rotation,
      region->rotation);
}

static void
shift_region (GstTryonHandRegion * region, gfloat x, gfloat y)
{
  region->centre.x += x;
  region->centre.y += y;
}

/* As the hand has moved. Size and rotation go half of the way: the whole way, those of
 * some hands would change in turn forever. */
static void
move_region (Track * track, const GstTryonHandRegion * wanted)
{
  GstTryonHandRegion *region = &track->region, *anchor = &track->anchor;
  gfloat x = wanted->centre.x - anchor->centre.x;
  gfloat y = wanted->centre.y - anchor->centre.y;
  gfloat ratio = wanted->size / anchor->size;
  gfloat turn = get_difference (wanted->rotation, anchor->rotation);

  if (hypotf (x, y) > STILL_PLACE * region->size) {
    shift_region (region, x, y);
    shift_region (anchor, x, y);
  }
  if (fabsf (ratio - 1) > STILL_SIZE) {
    region->size *= sqrtf (ratio);
    anchor->size *= sqrtf (ratio);
  }
  if (fabsf (turn) > STILL_ROTATION) {
    region->rotation += turn / 2;
    anchor->rotation += turn / 2;
  }
}

static void
measure_velocity (const GstTryonHandTracker * tracker, Track * track,
    const GstTryonHandRegion * wanted)
{
  gfloat x = wanted->centre.x - track->last.centre.x;
  gfloat y = wanted->centre.y - track->last.centre.y;
  gfloat seconds = (gfloat) tracker->frame_time / GST_SECOND;

  track->velocity.x = track->velocity.y = 0;
  if (hypotf (x, y) > STILL_PLACE * wanted->size
      && tracker->frame_time < MAX_FRAME_TIME) {
    track->velocity.x = x / seconds;
    track->velocity.y = y / seconds;
  }
}

/* To where the hand should be in this frame. */
static void
predict_region (const GstTryonHandTracker * tracker, Track * track)
{
  gfloat seconds = (gfloat) tracker->frame_time / GST_SECOND;
  gfloat x = track->velocity.x * seconds, y = track->velocity.y * seconds;

  shift_region (&track->region, x, y);
  shift_region (&track->anchor, x, y);
}

/* --- tracks --- */

static guint
count_tracks (const GstTryonHandTracker * tracker)
{
  guint n = 0, i;

  for (i = 0; i < GST_TRYON_MAX_HANDS; i++)
    n += tracker->tracks[i].is_used;
  return n;
}

static gboolean
is_hand (const Track * track)
{
  return track->is_used && track->n_seen >= 2;
}

/* Looks for it in the next frame already, as it was found before. */
static void
lose (GstTryonHandTracker * tracker, Track * track)
{
  if (is_hand (track)) {
    tracker->searched = GST_CLOCK_TIME_NONE;
    tracker->view = track->view;
  }
  track->is_used = FALSE;
}

static void
reject (GstTryonHandTracker * tracker, const GstTryonHandRegion * region)
{
  guint older = 0, i;

  for (i = 0; i < GST_TRYON_MAX_HANDS; i++) {
    if (!GST_CLOCK_TIME_IS_VALID (tracker->rejected_time[i])) {
      older = i;
      break;
    }
    if (tracker->rejected_time[i] < tracker->rejected_time[older])
      older = i;
  }
  tracker->rejected[older] = *region;
  tracker->rejected_time[older] = tracker->time;
}

static gboolean
is_rejected (const GstTryonHandTracker * tracker,
    const GstTryonHandRegion * region)
{
  guint i;

  for (i = 0; i < GST_TRYON_MAX_HANDS; i++) {
    GstClockTime time = tracker->rejected_time[i];

    if (GST_CLOCK_TIME_IS_VALID (time) && tracker->time >= time
        && tracker->time - time < REJECTED_TIME
        && gst_tryon_hand_region_overlap (&tracker->rejected[i], region) >=
        SAME_REJECTED)
      return TRUE;
  }
  return FALSE;
}

static gboolean
is_plausible (const GstTryonHand * hand, const GstTryonHandRegion * region)
{
  gfloat scale = gst_tryon_hand_scale (hand->landmarks);

  return scale >= MIN_SCALE && scale >= MIN_FILL * region->size
      && scale <= MAX_FILL * region->size;
}

/* Takes over landmarks that were found. */
static void
update_track (GstTryonHandTracker * tracker, Track * track,
    const GstTryonHand * hand, const GstTryonHandRegion * wanted)
{
  guint id = track->hand.id;

  if (track->n_seen > 0)
    track->moved = gst_tryon_hand_distance (track->hand.landmarks,
        hand->landmarks);
  track->hand = *hand;
  track->hand.id = id;
  track->hand.region = track->region;
  /* The first landmarks are not good enough to measure a speed by. */
  if (track->n_seen < 2) {
    track->region = track->anchor = *wanted;
  } else {
    measure_velocity (tracker, track, wanted);
    move_region (track, wanted);
    correct_region (&track->region, wanted);
    track->region.rotation = get_difference (track->region.rotation, 0);
  }
  track->last = *wanted;
  track->n_seen++;
  track->n_missed = 0;
}

/* Looks for the landmarks of a track. */
static gboolean
follow (GstTryonHandTracker * tracker, const GstVideoFrame * frame,
    Track * track, GError ** error)
{
  gboolean was_hand = is_hand (track);
  gint64 start = g_get_monotonic_time ();
  GstTryonHandRegion wanted;
  GstTryonHand hand;

  memset (&hand, 0, sizeof (hand));
  predict_region (tracker, track);
  if (!tracker->backend.find_landmarks (tracker->user_data, frame,
          &track->region, &hand, error))
    return FALSE;
  tracker->n_nets++;
  tracker->landmarks_time += (g_get_monotonic_time () - start) * GST_USECOND;

  if (hand.presence >= (was_hand ? PRESENCE_KEPT : PRESENCE_NEW)
      && gst_tryon_hand_region_from_landmarks (hand.landmarks, &wanted)
      && is_plausible (&hand, &track->region)) {
    update_track (tracker, track, &hand, &wanted);
  } else if (!was_hand) {
    reject (tracker, &track->region);
    lose (tracker, track);
  } else if (++track->n_missed > MAX_MISSED) {
    lose (tracker, track);
  } else {
    track->velocity.x = track->velocity.y = 0;
  }
  return TRUE;
}

/* When one hand leaves, its track may jump to another one: of two tracks on the same
 * hand the one that moved less stays, else the older. */
static void
merge_same (GstTryonHandTracker * tracker)
{
  Track *a = &tracker->tracks[0], *b = &tracker->tracks[1];
  gboolean a_stays;

  if (!a->is_used || !b->is_used || a->n_seen == 0 || b->n_seen == 0)
    return;
  if (gst_tryon_hand_distance (a->hand.landmarks, b->hand.landmarks) >=
      SAME_HAND)
    return;
  if (is_hand (a) != is_hand (b))
    a_stays = is_hand (a);
  else if (MAX (a->moved, b->moved) > SAME_HAND)
    a_stays = a->moved <= b->moved;
  else
    a_stays = a->n_seen >= b->n_seen;
  /* It is not lost: no need to look for another one at once. */
  (a_stays ? b : a)->is_used = FALSE;
}

/* --- palms --- */

/* @n: tracks. Within which time the next hand has to be reported. */
static GstClockTime
get_time_to_find (const GstTryonHandTracker * tracker, guint n)
{
  if (n > 0)
    return SECOND_HAND_TIME;
  return GST_CLOCK_TIME_IS_VALID (tracker->alone)
      && tracker->time > tracker->alone + IDLE_AFTER ? IDLE_HAND_TIME :
      FIRST_HAND_TIME;
}

static gboolean
is_search_due (const GstTryonHandTracker * tracker)
{
  guint n = count_tracks (tracker);
  GstClockTime since, limit;

  if (n >= tracker->max_hands || tracker->n_nets >= MAX_NETS)
    return FALSE;
  if (!GST_CLOCK_TIME_IS_VALID (tracker->searched)
      || tracker->time < tracker->searched)
    return TRUE;
  since = tracker->time - tracker->searched;
  /* With the next frame, each view's turn would come too late. */
  limit = (get_time_to_find (tracker, n) + TIMESTAMP_JITTER)
      / GST_TRYON_PALM_N_VIEWS;
  return since + tracker->frame_time > limit;
}

static gboolean
is_followed (const GstTryonHandTracker * tracker,
    const GstTryonHandRegion * region)
{
  guint i;

  for (i = 0; i < GST_TRYON_MAX_HANDS; i++) {
    if (tracker->tracks[i].is_used
        && gst_tryon_hand_region_overlap (&tracker->tracks[i].region,
            region) >= SAME_REGION)
      return TRUE;
  }
  return FALSE;
}

static void
add_palm (GstTryonHandTracker * tracker, const GstTryonPalm * palm)
{
  GstTryonHandRegion region;
  guint i;

  if (!gst_tryon_hand_region_from_palm (palm, &region)
      || is_followed (tracker, &region) || is_rejected (tracker, &region))
    return;
  for (i = 0; i < GST_TRYON_MAX_HANDS; i++) {
    Track *track = &tracker->tracks[i];

    if (track->is_used)
      continue;
    memset (track, 0, sizeof (*track));
    track->is_used = TRUE;
    track->region = region;
    track->view = tracker->view;
    return;
  }
}

static gboolean
search (GstTryonHandTracker * tracker, const GstVideoFrame * frame,
    GError ** error)
{
  /* Those that are followed, or no hands, are among them. */
  GstTryonPalm palms[2 * GST_TRYON_MAX_HANDS];
  gint64 start = g_get_monotonic_time ();
  guint n_palms = 0, i;

  if (!tracker->backend.find_palms (tracker->user_data, frame,
          tracker->view, palms, G_N_ELEMENTS (palms), &n_palms, error))
    return FALSE;
  tracker->n_nets++;
  tracker->searched = tracker->time;
  tracker->detection_time = (g_get_monotonic_time () - start) * GST_USECOND;
  for (i = 0; i < n_palms && count_tracks (tracker) < tracker->max_hands; i++)
    add_palm (tracker, &palms[i]);
  tracker->view = (tracker->view + 1) % GST_TRYON_PALM_N_VIEWS;
  return TRUE;
}

/* --- frames --- */

static void
begin_frame (GstTryonHandTracker * tracker, const GstVideoFrame * frame,
    GstClockTime time)
{
  gint width = GST_VIDEO_FRAME_WIDTH (frame);
  gint height = GST_VIDEO_FRAME_HEIGHT (frame);

  if (width != tracker->width || height != tracker->height)
    gst_tryon_hand_tracker_reset (tracker);
  tracker->width = width;
  tracker->height = height;
  if (!GST_CLOCK_TIME_IS_VALID (time))
    time = GST_CLOCK_TIME_IS_VALID (tracker->time) ?
        tracker->time + DEFAULT_FRAME_TIME : 0;
  if (GST_CLOCK_TIME_IS_VALID (tracker->time) && time > tracker->time)
    tracker->frame_time = MIN (time - tracker->time, MAX_FRAME_TIME);
  tracker->time = time;
  tracker->n_nets = 0;
  tracker->detection_time = 0;
  tracker->landmarks_time = 0;
}

static void
report_hands (GstTryonHandTracker * tracker, GstTryonHand * hands,
    guint * n_hands)
{
  guint i;

  *n_hands = 0;
  for (i = 0; i < GST_TRYON_MAX_HANDS; i++) {
    Track *track = &tracker->tracks[i];

    if (!is_hand (track) || track->n_missed > 0)
      continue;
    if (track->hand.id == 0)
      track->hand.id = ++tracker->last_id;
    hands[(*n_hands)++] = track->hand;
  }
  /* The one that was found first comes first. */
  if (*n_hands == 2 && hands[0].id > hands[1].id) {
    GstTryonHand hand = hands[0];

    hands[0] = hands[1];
    hands[1] = hand;
  }
}

gboolean
gst_tryon_hand_tracker_track (GstTryonHandTracker * tracker,
    const GstVideoFrame * frame, GstClockTime time, GstTryonHand * hands,
    guint * n_hands, GError ** error)
{
  guint i;

  *n_hands = 0;
  begin_frame (tracker, frame, time);
  if (tracker->backend.begin_frame != NULL)
    tracker->backend.begin_frame (tracker->user_data, frame);
  for (i = 0; i < GST_TRYON_MAX_HANDS; i++) {
    Track *track = &tracker->tracks[i];

    if (i >= tracker->max_hands)
      track->is_used = FALSE;
    if (track->is_used && !follow (tracker, frame, track, error))
      return FALSE;
  }
  merge_same (tracker);

  if (is_search_due (tracker)) {
    if (!search (tracker, frame, error))
      return FALSE;
    /* The others have to wait for the next frame. */
    for (i = 0; i < GST_TRYON_MAX_HANDS && tracker->n_nets < MAX_NETS; i++) {
      Track *track = &tracker->tracks[i];

      if (track->is_used && track->n_seen == 0
          && !follow (tracker, frame, track, error))
        return FALSE;
    }
  }
  report_hands (tracker, hands, n_hands);
  if (*n_hands > 0)
    tracker->alone = GST_CLOCK_TIME_NONE;
  else if (!GST_CLOCK_TIME_IS_VALID (tracker->alone)
      || tracker->time < tracker->alone)
    tracker->alone = tracker->time;
  return TRUE;
}

/* --- the networks --- */

typedef struct
{
  GstTryonNetPool *palm;
  GstTryonNetPool *landmarks;
  GstTryonCropper *cropper;
} Nets;

static void
nets_begin_frame (gpointer user_data, const GstVideoFrame * frame)
{
  Nets *nets = user_data;

  gst_tryon_cropper_set_frame (nets->cropper, frame);
}

/* (transfer full): a net that was run on a crop of @region. */
static GstTryonNet *
run_net (Nets * nets, GstTryonNetPool * pool, const GstTryonAffine * affine,
    guint side, GError ** error)
{
  GstTryonNet *net = gst_tryon_net_pool_acquire (pool, error);
  gfloat *input;
  gsize size = 0;

  if (net == NULL)
    return NULL;
  input = gst_tryon_net_get_input (net, 0, &size);
  if (size != 3 * side * side) {
    g_set_error (error, GST_TRYON_NET_ERROR, GST_TRYON_NET_ERROR_UNSUPPORTED,
        "A hand model's input has %" G_GSIZE_FORMAT
        " numbers instead of %u: it is another model", size, 3 * side * side);
  } else {
    gst_tryon_cropper_crop (nets->cropper, affine, side, input);
    if (gst_tryon_net_run (net, error))
      return net;
  }
  gst_tryon_net_pool_release (pool, net);
  return NULL;
}

/* (nullable): the output, when it has as many numbers. */
static const gfloat *
get_output (GstTryonNet * net, guint index, gsize expected, GError ** error)
{
  const gfloat *output = NULL;
  gsize size = 0;

  if (index < gst_tryon_net_get_n_outputs (net))
    output = gst_tryon_net_get_output (net, index, &size);
  if (size == expected)
    return output;
  g_set_error (error, GST_TRYON_NET_ERROR, GST_TRYON_NET_ERROR_UNSUPPORTED,
      "A hand model's output %u has %" G_GSIZE_FORMAT " numbers instead of %"
      G_GSIZE_FORMAT ": it is another model", index, size, expected);
  return NULL;
}

static gboolean
nets_find_palms (gpointer user_data, const GstVideoFrame * frame,
    GstTryonPalmView view, GstTryonPalm * palms, guint max_palms,
    guint * n_palms, GError ** error)
{
  Nets *nets = user_data;
  GstTryonHandRegion region;
  GstTryonAffine affine;
  GstTryonNet *net;
  const gfloat *boxes, *scores = NULL;

  gst_tryon_palm_get_region (GST_VIDEO_FRAME_WIDTH (frame),
      GST_VIDEO_FRAME_HEIGHT (frame), view, &region);
  gst_tryon_affine_init (&affine, &region, GST_TRYON_PALM_SIZE);
  net = run_net (nets, nets->palm, &affine, GST_TRYON_PALM_SIZE, error);
  if (net == NULL)
    return FALSE;
  boxes = get_output (net, 0, GST_TRYON_PALM_ANCHORS * GST_TRYON_PALM_NUMBERS,
      error);
  if (boxes != NULL)
    scores = get_output (net, 1, GST_TRYON_PALM_ANCHORS, error);
  if (scores != NULL)
    *n_palms = gst_tryon_palm_decode (boxes, scores, PALM_SCORE, &affine,
        palms, max_palms);
  gst_tryon_net_pool_release (nets->palm, net);
  return scores != NULL;
}

static gboolean
nets_find_landmarks (gpointer user_data, const GstVideoFrame * frame,
    const GstTryonHandRegion * region, GstTryonHand * hand, GError ** error)
{
  Nets *nets = user_data;
  GstTryonAffine affine;
  GstTryonNet *net;
  const gfloat *points, *presence = NULL, *handedness = NULL;
  guint i;

  gst_tryon_affine_init (&affine, region, GST_TRYON_LANDMARK_SIZE);
  net = run_net (nets, nets->landmarks, &affine, GST_TRYON_LANDMARK_SIZE,
      error);
  if (net == NULL)
    return FALSE;
  points = get_output (net, 0, 3 * GST_TRYON_N_LANDMARKS, error);
  if (points != NULL)
    presence = get_output (net, 1, 1, error);
  if (presence != NULL)
    handedness = get_output (net, 2, 1, error);
  if (handedness != NULL) {
    hand->presence = *presence;
    hand->handedness = *handedness;
    for (i = 0; i < GST_TRYON_N_LANDMARKS; i++) {
      GstTryonPoint point = { points[3 * i], points[3 * i + 1] };

      hand->landmarks[i] = gst_tryon_affine_apply (&affine, point);
      hand->depths[i] = points[3 * i + 2] / DEPTH_SCALE * region->size /
          GST_TRYON_LANDMARK_SIZE;
    }
  }
  gst_tryon_net_pool_release (nets->landmarks, net);
  return handedness != NULL;
}

static void
nets_free (gpointer user_data)
{
  Nets *nets = user_data;

  gst_tryon_net_pool_unref (nets->palm);
  gst_tryon_net_pool_unref (nets->landmarks);
  gst_tryon_cropper_free (nets->cropper);
  g_free (nets);
}

GstTryonHandTracker *
gst_tryon_hand_tracker_new (GstTryonNetPool * palm, GstTryonNetPool * landmarks)
{
  static const GstTryonHandBackend backend = {
    nets_begin_frame, nets_find_palms, nets_find_landmarks, nets_free
  };
  Nets *nets = g_new0 (Nets, 1);

  nets->palm = gst_tryon_net_pool_ref (palm);
  nets->landmarks = gst_tryon_net_pool_ref (landmarks);
  nets->cropper = gst_tryon_cropper_new ();
  return gst_tryon_hand_tracker_new_with_backend (&backend, nets);
}

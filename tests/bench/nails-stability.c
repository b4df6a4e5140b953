/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How steady nails are, and how much they lag.
 *
 *   bench-nails-stability [--lite] [--trace] PHOTOGRAPH.jpg...
 *
 * Each photograph is a camera's view of 640x480 (480x640) with noise of sigma 4, at
 * 30 frames a second: still for 60 frames, then moved by 3 pixels a frame, turned by
 * one degree, and zoomed by one percent, there and back. A nail is one of the
 * photograph's, whichever hand and finger it is said to belong to: the nails of the
 * still picture tell where each has to be when the camera moves. Prints for each
 *
 *   still    how far the outline's corners are from their mean, pixels RMS; that of
 *            the landmark of the fingertip to compare with
 *   lag      frames that the nail's centre is behind where the still picture's
 *            would be by now
 *   blinks   how often the nail went off while it was in the frame
 *
 * their means, and how many nails were seen where the still picture has none. Frames
 * 0 to 14 do not count, nor do a still nail's first 15 for its outline when it is found
 * later: nails fade in. */

#include <math.h>
#include <string.h>
#include <gst/gst.h>
#include <gst/video/video.h>

#include "tests/check/nails/photo.h"

#include "gsttryonhandtracker.h"
#include "gsttryonnailfinder.h"
#include "gsttryonnailnet.h"

#define FRAME_TIME (GST_SECOND / 30)
#define SETTLE 15
#define STILL_FRAMES 60
#define LEG 40                  /* frames one way */
#define MAX_TRACKS 16
/* Of a nail's length. */
#define SAME_NAIL 0.6
/* Pixels RMS, that an outline may move by. */
#define STEADY 0.3

typedef enum
{
  STILL,
  PAN,
  TURN,
  ZOOM,
  N_KINDS
} Kind;

static const gchar *const kind_names[] = { "still", "pan", "turn", "zoom" };

/* What is summed up of one nail in one sequence. */
typedef struct
{
  guint n;                      /* frames that it was seen in */
  guint n_settled;              /* of these, that count for the outline */
  guint unsettled;              /* how many do not, the first ones */
  gdouble x[GST_TRYON_NAIL_OUTLINE], y[GST_TRYON_NAIL_OUTLINE];
  gdouble xx[GST_TRYON_NAIL_OUTLINE], yy[GST_TRYON_NAIL_OUTLINE];
  gdouble tip_x, tip_y, tip_xx, tip_yy;
  guint n_tips;
  gdouble centre_x, centre_y;   /* sums: of the still one the truth */
  gdouble size;
  gdouble lag, way;             /* sums of error times speed, speed squared */
  guint blinks;
  gboolean seen, was_seen;      /* in this frame, in the one before */
  gboolean was_inside;          /* of the frame, as a whole */
} Track;

typedef struct
{
  GstTryonHandTracker *tracker;
  GstTryonNailFinder *finder;
  Camera camera;
  gboolean trace;
  Track tracks[N_KINDS][MAX_TRACKS];
  guint n_tracks;               /* nails of the still picture */
  guint strangers[N_KINDS];     /* nails where there are none, times frames */
  GstClockTime spent;           /* in the finder */
  guint n_frames;
} Bench;

static guint
get_n_frames (Kind kind)
{
  return kind == STILL ? STILL_FRAMES : SETTLE + 2 * LEG;
}

/* There and back, through the middle. @before: a frame earlier. */
static void
get_motion (Kind kind, guint frame, Motion * motion, Motion * before)
{
  gint t = MAX ((gint) frame - SETTLE, 0), i;

  for (i = 0; i < 2; i++) {
    gdouble way = (t <= LEG ? t : 2 * LEG - t) - LEG / 2.0;
    Motion *m = i == 0 ? motion : before;

    *m = (Motion) {
    0, 0, 0, 1};
    if (kind == PAN) {
      m->x = 0.8 * 3 * way;
      m->y = 0.6 * 3 * way;
    } else if (kind == TURN) {
      m->angle = way * G_PI / 180;
    } else if (kind == ZOOM) {
      m->zoom = exp (0.01 * way);
    }
    t = MAX (t - 1, 0);
  }
}

static void
move (const Bench * bench, const Motion * motion, gdouble x, gdouble y,
    gdouble * to_x, gdouble * to_y)
{
  gdouble u = x - bench->camera.info.width / 2.0, v =
      y - bench->camera.info.height / 2.0;
  gdouble sine = sin (motion->angle) * motion->zoom;
  gdouble cosine = cos (motion->angle) * motion->zoom;

  *to_x = u * cosine - v * sine + motion->x + bench->camera.info.width / 2.0;
  *to_y = v * cosine + u * sine + motion->y + bench->camera.info.height / 2.0;
}

/* Where the still picture's nail is when the camera has moved. */
static void
get_truth (const Bench * bench, guint track, const Motion * motion,
    gdouble * x, gdouble * y)
{
  const Track *still = &bench->tracks[STILL][track];

  move (bench, motion, still->centre_x / still->n, still->centre_y / still->n,
      x, y);
}

/* The nail of the still picture that @nail is, or -1. In the still picture itself a
 * new one for what is none yet. */
static gint
find_track (Bench * bench, Kind kind, guint frame, const GstTryonNail * nail,
    const Motion * motion)
{
  gint best = -1;
  gdouble nearest = SAME_NAIL * nail->length * MIN (1, 1 / motion->zoom);
  guint i;

  for (i = 0; i < bench->n_tracks; i++) {
    gdouble x, y, distance;

    get_truth (bench, i, motion, &x, &y);
    distance = hypot (nail->centre.x - x, nail->centre.y - y);
    if (distance < nearest) {
      nearest = distance;
      best = i;
    }
  }
  if (best < 0 && kind == STILL && bench->n_tracks < MAX_TRACKS) {
    best = bench->n_tracks++;
    bench->tracks[STILL][best].unsettled = frame > SETTLE ? SETTLE : 0;
  }
  return best;
}

static void
track_still (Track * track, const GstTryonNail * nail,
    const GstTryonHand * hand)
{
  guint i;

  track->centre_x += nail->centre.x;
  track->centre_y += nail->centre.y;
  track->size += nail->length;
  if (track->n <= track->unsettled)
    return;
  track->n_settled++;
  for (i = 0; i < GST_TRYON_NAIL_OUTLINE; i++) {
    /* Floats have too few digits for squares of which little remains. */
    gdouble x = nail->outline[i].x, y = nail->outline[i].y;

    track->x[i] += x;
    track->y[i] += y;
    track->xx[i] += x * x;
    track->yy[i] += y * y;
  }
  if (hand != NULL) {
    gdouble x = hand->landmarks[4 * nail->finger + 4].x;
    gdouble y = hand->landmarks[4 * nail->finger + 4].y;

    track->tip_x += x;
    track->tip_y += y;
    track->tip_xx += x * x;
    track->tip_yy += y * y;
    track->n_tips++;
  }
}

static void
track_moving (Bench * bench, guint index, const GstTryonNail * nail, Kind kind,
    guint frame, const Motion * motion, const Motion * before)
{
  Track *track = &bench->tracks[kind][index];
  gdouble x, y, old_x, old_y;
  guint t = frame - SETTLE;

  /* Not the first frames of each way. */
  if (t % LEG < 6)
    return;
  get_truth (bench, index, motion, &x, &y);
  get_truth (bench, index, before, &old_x, &old_y);
  track->lag += (x - nail->centre.x) * (x - old_x)
      + (y - nail->centre.y) * (y - old_y);
  track->way += (x - old_x) * (x - old_x) + (y - old_y) * (y - old_y);
}

/* A nail that is about to leave the frame may go. */
static gboolean
is_inside (const Bench * bench, guint index, const Motion * motion)
{
  const Track *still = &bench->tracks[STILL][index];
  gdouble margin = still->size / still->n * motion->zoom, x, y;

  get_truth (bench, index, motion, &x, &y);
  return x > margin && y > margin && x < bench->camera.info.width - margin
      && y < bench->camera.info.height - margin;
}

static void
count_blinks (Bench * bench, Kind kind, guint frame, const Motion * motion)
{
  guint i;

  for (i = 0; i < bench->n_tracks; i++) {
    Track *track = &bench->tracks[kind][i];
    gboolean inside = is_inside (bench, i, motion);

    if (frame > SETTLE && inside && track->was_inside && track->was_seen
        && !track->seen) {
      track->blinks++;
      if (bench->trace)
        g_print ("%s %u: nail %u goes off\n", kind_names[kind], frame, i);
    }
    track->was_seen = track->seen;
    track->was_inside = inside;
    track->seen = FALSE;
  }
}

static const GstTryonHand *
find_hand (const GstTryonHand * hands, guint n_hands, guint id)
{
  guint i;

  for (i = 0; i < n_hands; i++)
    if (hands[i].id == id)
      return &hands[i];
  return NULL;
}

static void
trace_frame (Kind kind, guint frame, const GstTryonHand * hands, guint n_hands,
    const GstTryonNail * nails, guint n_nails)
{
  guint i;

  g_print ("%s %u:", kind_names[kind], frame);
  for (i = 0; i < n_hands; i++)
    g_print (" hand %u %.2f", hands[i].id, hands[i].presence);
  for (i = 0; i < n_nails; i++)
    g_print (" | %u.%u at %.0f,%.0f %.2f %.2f", nails[i].hand,
        nails[i].finger, nails[i].centre.x, nails[i].centre.y,
        nails[i].confidence, nails[i].opacity);
  g_print ("\n");
}

static void
take_frame (Bench * bench, Kind kind, guint frame, const GstTryonHand * hands,
    guint n_hands, const GstTryonNail * nails, guint n_nails)
{
  Motion motion, before;
  guint i;

  get_motion (kind, frame, &motion, &before);
  for (i = 0; i < n_nails; i++) {
    gint index;

    if (nails[i].opacity < 0.5)
      continue;
    index = find_track (bench, kind, frame, &nails[i], &motion);
    if (index < 0 || bench->tracks[kind][index].seen) {
      bench->strangers[kind]++;
      continue;
    }
    bench->tracks[kind][index].seen = TRUE;
    bench->tracks[kind][index].n++;
    if (kind == STILL)
      track_still (&bench->tracks[kind][index], &nails[i],
          find_hand (hands, n_hands, nails[i].hand));
    else
      track_moving (bench, index, &nails[i], kind, frame, &motion, &before);
  }
  count_blinks (bench, kind, frame, &motion);
}

static gboolean
run_kind (Bench * bench, const Photo * photo, Kind kind)
{
  GstTryonHand hands[GST_TRYON_MAX_HANDS];
  GstTryonNail nails[GST_TRYON_MAX_NAILS];
  guint n_hands, n_nails, frame, n_frames = get_n_frames (kind);
  GError *error = NULL;

  gst_tryon_hand_tracker_reset (bench->tracker);
  gst_tryon_nail_finder_reset (bench->finder);
  for (frame = 0; frame < n_frames; frame++) {
    GstClockTime time = frame * FRAME_TIME, start;
    GstBuffer *buffer;
    GstVideoFrame mapped;
    Motion motion, before;
    gboolean done;

    get_motion (kind, frame, &motion, &before);
    camera_take (&bench->camera, photo, &motion);
    buffer = camera_map (&bench->camera, &mapped);
    done = gst_tryon_hand_tracker_track (bench->tracker, &mapped, time, hands,
        &n_hands, &error);
    start = gst_util_get_timestamp ();
    done = done && gst_tryon_nail_finder_find (bench->finder, &mapped, time,
        hands, n_hands, nails, &n_nails, &error);
    bench->spent += gst_util_get_timestamp () - start;
    bench->n_frames++;
    gst_video_frame_unmap (&mapped);
    gst_buffer_unref (buffer);
    if (!done) {
      g_printerr ("%s\n", error->message);
      g_clear_error (&error);
      return FALSE;
    }
    if (bench->trace)
      trace_frame (kind, frame, hands, n_hands, nails, n_nails);
    if (frame >= SETTLE)
      take_frame (bench, kind, frame, hands, n_hands, nails, n_nails);
  }
  return TRUE;
}

static gdouble
get_rms (const Track * track)
{
  gdouble sum = 0, n = MAX (track->n_settled, 1);
  guint i;

  for (i = 0; i < GST_TRYON_NAIL_OUTLINE; i++)
    sum += track->xx[i] / n - track->x[i] / n * track->x[i] / n
        + track->yy[i] / n - track->y[i] / n * track->y[i] / n;
  return sqrt (MAX (sum, 0) / GST_TRYON_NAIL_OUTLINE);
}

static gdouble
get_tip_rms (const Track * track)
{
  gdouble n = MAX (track->n_tips, 1);

  return sqrt (MAX (track->tip_xx / n - track->tip_x / n * track->tip_x / n
          + track->tip_yy / n - track->tip_y / n * track->tip_y / n, 0));
}

/* Over all photographs. */
typedef struct
{
  guint n_still, n_moving[N_KINDS], blinks[N_KINDS], n_frames[N_KINDS];
  guint n_over, strangers[N_KINDS];
  gdouble still, worst, tip, lag[N_KINDS], way[N_KINDS], worst_lag[N_KINDS];
} Totals;

static void
add_still (const Track * track, Totals * totals)
{
  gdouble rms = get_rms (track), tip = get_tip_rms (track);

  g_print ("length %5.1f, outline %.3f, landmark %.3f",
      track->size / track->n, rms, tip);
  totals->still += rms * rms;
  totals->tip += tip * tip;
  totals->worst = MAX (totals->worst, rms);
  totals->n_over += rms > STEADY;
  totals->n_still++;
}

static void
add_moving (const Track * track, Kind kind, Totals * totals)
{
  gdouble lag = track->lag / track->way;

  g_print (", %s %+.2f", kind_names[kind], lag);
  totals->lag[kind] += track->lag;
  totals->way[kind] += track->way;
  totals->n_moving[kind]++;
  /* Near the middle of what turns or grows nothing moves: half a pixel of error would
   * be many frames. */
  if (track->way > track->n)
    totals->worst_lag[kind] = MAX (totals->worst_lag[kind], fabs (lag));
}

static void
add_totals (const Bench * bench, Totals * totals)
{
  guint kind, i;

  for (i = 0; i < bench->n_tracks; i++) {
    g_print ("  nail %u: ", i);
    for (kind = 0; kind < N_KINDS; kind++) {
      const Track *track = &bench->tracks[kind][i];

      totals->blinks[kind] += track->blinks;
      totals->n_frames[kind] += track->n;
      if (kind == STILL ? track->n_settled < 20 : track->n < 20)
        g_print ("%s %s %u frames", kind == STILL ? "" : ",",
            kind_names[kind], track->n);
      else if (kind == STILL)
        add_still (track, totals);
      else if (track->way > 0)
        add_moving (track, kind, totals);
      if (track->blinks > 0)
        g_print (" (%u blinks)", track->blinks);
    }
    g_print ("\n");
  }
  for (kind = 0; kind < N_KINDS; kind++)
    totals->strangers[kind] += bench->strangers[kind];
}

static void
print_totals (const Bench * bench, const Totals * totals)
{
  guint kind;

  g_print ("still: %u nails, outline %.3f pixels RMS, %u over %.1f, the worst "
      "%.3f; landmarks %.3f\n", totals->n_still,
      sqrt (totals->still / MAX (totals->n_still, 1)), totals->n_over, STEADY,
      totals->worst, sqrt (totals->tip / MAX (totals->n_still, 1)));
  for (kind = PAN; kind < N_KINDS; kind++)
    g_print ("%s: %u nails, lag %.3f frames, the worst %.3f\n",
        kind_names[kind], totals->n_moving[kind],
        totals->lag[kind] / MAX (totals->way[kind], 1),
        totals->worst_lag[kind]);
  for (kind = STILL; kind < N_KINDS; kind++)
    g_print ("%s: %u blinks in %u frames of nails, %u where there are none\n",
        kind_names[kind], totals->blinks[kind], totals->n_frames[kind],
        totals->strangers[kind]);
  g_print ("finder: %.3f ms a frame\n",
      bench->spent / 1e6 / MAX (bench->n_frames, 1));
}

static gboolean
run_photo (Bench * bench, const gchar * path, Totals * totals)
{
  Photo photo;
  gboolean done = TRUE;
  Kind kind;

  if (!photo_load (&photo, path))
    return FALSE;
  memset (bench->tracks, 0, sizeof (bench->tracks));
  memset (bench->strangers, 0, sizeof (bench->strangers));
  bench->n_tracks = 0;
  /* The same noise, whatever came before. */
  g_rand_set_seed (bench->camera.rand, 1);
  camera_set_photo (&bench->camera, &photo);
  for (kind = STILL; kind < N_KINDS && done; kind++)
    done = run_kind (bench, &photo, kind);
  photo_clear (&photo);
  if (done) {
    gchar *name = g_path_get_basename (path);

    g_print ("%s: %u nails\n", name, bench->n_tracks);
    add_totals (bench, totals);
    g_free (name);
  }
  return done;
}

int
main (int argc, char **argv)
{
  gboolean lite = FALSE, trace = FALSE;
  GOptionEntry options[] = {
    {"lite", 0, 0, G_OPTION_ARG_NONE, &lite, "the lite hand model", NULL},
    {"trace", 0, 0, G_OPTION_ARG_NONE, &trace, "print each frame", NULL},
    {NULL}
  };
  GOptionContext *context = g_option_context_new ("PHOTOGRAPH.jpg...");
  GstTryonNetPool *palm, *landmarks, *net;
  Bench *bench = g_new0 (Bench, 1);
  Totals totals = { 0, };
  GError *error = NULL;
  gint i;

  g_option_context_add_main_entries (context, options, NULL);
  g_option_context_add_group (context, gst_init_get_option_group ());
  if (!g_option_context_parse (context, &argc, &argv, &error)
      || !gst_tryon_hand_models_open (NULL,
          lite ? GST_TRYON_HAND_MODEL_LITE : GST_TRYON_HAND_MODEL_FULL, &palm,
          &landmarks, &error)
      || !(net = gst_tryon_nail_net_open (&error))) {
    g_printerr ("%s\n", error->message);
    return 1;
  }
  bench->tracker = gst_tryon_hand_tracker_new (palm, landmarks);
  bench->finder = gst_tryon_nail_finder_new (net);
  bench->trace = trace;
  camera_init (&bench->camera);
  for (i = 1; i < argc; i++)
    if (!run_photo (bench, argv[i], &totals))
      return 1;
  print_totals (bench, &totals);
  gst_tryon_hand_tracker_free (bench->tracker);
  gst_tryon_nail_finder_free (bench->finder);
  gst_tryon_net_pool_unref (palm);
  gst_tryon_net_pool_unref (landmarks);
  gst_tryon_net_pool_unref (net);
  camera_clear (&bench->camera);
  g_free (bench);
  g_option_context_free (context);
  return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Steadies a nail over time: its position, angle and size in the picture, carried by
 * its finger, are steady values.
 *
 * When this was chosen, on 8 still photographs with noise of sigma 4 (40 nails of 15 to
 * 80 pixels), the outline moved by 0.18 pixels RMS; with the nail's speed alone it was
 * 0.32, and 0.21 when its place on the finger was smoothed and put upon smoothed
 * landmarks. In pans of 3 pixels a frame it lagged by 0.03 to 0.05 frames (the last by
 * as much).
 *
 * Where the movement was seen, by the skin's pixels, none of that is needed: the nail
 * goes with it, and what the net says beyond it is a steady mean
 * (gsttryonsteadymean.c). With its finger's crop at rest on the skin, too, the outline
 * moved by 0.09 pixels RMS, on 52 such photographs (210 nails of 18 to 160 pixels).
 *
 * The shape, which changes slowly, has a slow filter of its own. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gsttryonnailfilter.h"

#include <math.h>
#include <string.h>

/* A confidence below that says nothing of place and shape. */
#define LEAST_CONFIDENCE 0.2f
/* A nail is shown above the first, until it falls below the second... */
#define BELIEF_ON 0.55f
#define BELIEF_OFF 0.22f
/* ...of its confidence as it was lately, seconds: 2 frames of 30 a second that are sure
 * bring it on, 15 bad ones off: thumbs seen from the side are not found for so long.
 * Without its hand, 9. What is in doubt has to last, as it would soon be off again. */
#define SURE 0.85f
#define UNSURE 0.65f
#define BELIEF_RISE 0.06f
#define BELIEF_RISE_UNSURE 0.3f
#define BELIEF_FALL 0.35f
#define BELIEF_FALL_LOST 0.21f
#define FADE 0.12f              /* from nothing to all, seconds */

/* From where it was on the finger, in half sides of the crop, and logarithm. */
#define STRAYED_DISTANCE 0.35f
#define STRAYED_SIZE 0.6f
/* After so many frames in a row it is believed to be there. */
#define STRAYED_FRAMES 4

#define PLACE_CUTOFF 2.0f       /* Hz */
#define RADII_CUTOFF 0.6f
/* Of frames: the n-th one counts s / (n + s) at least. */
#define SETTLING 4.0f
/* Frames that count of what was not seen well. */
#define UNSETTLED 2
/* Hz per relative difference of the radii that lasts. */
#define RADII_BETA 25.0f
#define RADII_NOISE 0.03f       /* relative, below which it is none */
#define DRIFT_CUTOFF 2.0f

/* Speeds: in sizes of the nail, radians, and e-folds per second. */
static const GstTryonSteadyParams centre_params = { 0.8f, 4.0f, 2.5f, 0.25f };
static const GstTryonSteadyParams turn_params = { 0.6f, 6.0f, 2.0f, 0.35f };
static const GstTryonSteadyParams size_params = { 0.6f, 8.0f, 2.0f, 0.25f };

/* What the net says beyond how the nail was seen to move; in the same units, and of the
 * radii, all together. */
static const GstTryonSteadyMeanParams held_centre_params =
    { 0.05f, 20.0f, 1.0f, 0.015f, 0.03f };
static const GstTryonSteadyMeanParams held_turn_params =
    { 0.05f, 20.0f, 1.0f, 0.02f, 0.05f };
static const GstTryonSteadyMeanParams held_size_params =
    { 0.05f, 20.0f, 1.0f, 0.015f, 0.03f };
static const GstTryonSteadyMeanParams held_radii_params =
    { 0.05f, 25.0f, 1.0f, 0.01f, 0.03f };

void
gst_tryon_nail_filter_init (GstTryonNailFilter * filter)
{
  memset (filter, 0, sizeof (*filter));
  filter->time = GST_CLOCK_TIME_NONE;
}

static GstTryonNailContour
get_contour (const GstTryonNailFilter * filter)
{
  GstTryonNailContour contour;

  contour.centre.x = filter->centre.value[0];
  contour.centre.y = filter->centre.value[1];
  contour.angle = filter->angle.value[0];
  contour.size = expf (filter->size.value[0]);
  memcpy (contour.radii, filter->radii, sizeof (contour.radii));
  return contour;
}

/* Where the nail is on the finger, with @alpha of what is new. */
static void
place_on_finger (GstTryonNailFilter * filter, const GstTryonFingerEnd * finger,
    const GstTryonNailContour * contour, gfloat alpha)
{
  gfloat sine = sinf (finger->angle), cosine = cosf (finger->angle);
  gfloat x = (contour->centre.x - finger->tip.x) / finger->scale;
  gfloat y = (contour->centre.y - finger->tip.y) / finger->scale;

  filter->across += alpha * (x * cosine + y * sine - filter->across);
  filter->along += alpha * (x * sine - y * cosine - filter->along);
  filter->turned +=
      alpha * gst_tryon_wrap_angle (contour->angle - finger->angle -
      filter->turned);
  filter->grown +=
      alpha * (logf (contour->size / finger->scale) - filter->grown);
}

static GstTryonNailContour
take_from_finger (const GstTryonNailFilter * filter,
    const GstTryonFingerEnd * finger)
{
  gfloat sine = sinf (finger->angle), cosine = cosf (finger->angle);
  GstTryonNailContour contour;

  contour.centre.x = finger->tip.x + finger->scale
      * (filter->across * cosine + filter->along * sine);
  contour.centre.y = finger->tip.y + finger->scale
      * (filter->across * sine - filter->along * cosine);
  contour.angle = finger->angle + filter->turned;
  contour.size = finger->scale * expf (filter->grown);
  memcpy (contour.radii, filter->radii, sizeof (contour.radii));
  return contour;
}

void
gst_tryon_nail_filter_leap (GstTryonNailFilter * filter)
{
  filter->leapt = filter->started;
}

void
gst_tryon_nail_filter_unsettle (GstTryonNailFilter * filter)
{
  filter->n_measured = MIN (filter->n_measured, UNSETTLED);
}

gboolean
gst_tryon_nail_filter_is_settled (const GstTryonNailFilter * filter)
{
  return filter->shown && !filter->leapt;
}

static gboolean
is_far (const GstTryonNailContour * contour, GstTryonPoint centre, gfloat size,
    gfloat scale)
{
  return hypotf (contour->centre.x - centre.x, contour->centre.y - centre.y)
      > STRAYED_DISTANCE * scale
      || fabsf (logf (contour->size / size)) > STRAYED_SIZE;
}

/* Something else was found, such as the next finger's nail: it is neither where the
 * finger should have it, nor where it was. */
static gboolean
has_strayed (const GstTryonNailFilter * filter,
    const GstTryonFingerEnd * finger, const GstTryonNailContour * contour)
{
  GstTryonPoint last = { filter->centre.value[0], filter->centre.value[1] };
  GstTryonNailContour expected;

  if (!filter->placed || finger == NULL)
    return FALSE;
  expected = take_from_finger (filter, finger);
  return is_far (contour, expected.centre, expected.size, finger->scale)
      && is_far (contour, last, expf (filter->size.value[0]), finger->scale);
}

/* How a contour has moved since the last frame. */
typedef struct
{
  const GstTryonAffine *seen;   /* (nullable): not just as its finger's landmarks have */
  GstTryonPoint centre;
  GstTryonPoint angle;          /* in x */
  GstTryonPoint size;           /* logarithm, in x */
} Movement;

/* By how much the finger has moved its nail. */
static void
take_movement (GstTryonNailFilter * filter, const GstTryonFingerEnd * finger,
    Movement * movement)
{
  GstTryonNailContour now, before;

  memset (movement, 0, sizeof (*movement));
  if (finger != NULL && filter->has_finger && filter->placed) {
    now = take_from_finger (filter, finger);
    before = take_from_finger (filter, &filter->finger);
    movement->centre.x = now.centre.x - before.centre.x;
    movement->centre.y = now.centre.y - before.centre.y;
    movement->angle.x = gst_tryon_wrap_angle (now.angle - before.angle);
    movement->size.x = logf (now.size / before.size);
  }
  filter->has_finger = finger != NULL;
  if (finger != NULL)
    filter->finger = *finger;
}

static void
take_seen_movement (const GstTryonNailFilter * filter,
    const GstTryonAffine * affine, Movement * movement)
{
  GstTryonPoint centre = { filter->centre.value[0], filter->centre.value[1] };
  GstTryonPoint moved = gst_tryon_affine_apply (affine, centre);

  movement->seen = affine;
  movement->centre.x = moved.x - centre.x;
  movement->centre.y = moved.y - centre.y;
  movement->angle.x = atan2f (affine->yx, affine->xx);
  movement->size.x = logf (hypotf (affine->xx, affine->yx));
}

static void
shift_pose (GstTryonNailFilter * filter, const Movement * movement)
{
  gst_tryon_steady_value_shift (&filter->centre, &movement->centre);
  gst_tryon_steady_value_shift (&filter->angle, &movement->angle);
  gst_tryon_steady_value_shift (&filter->size, &movement->size);
}

static void
carry_pose (GstTryonNailFilter * filter, const GstTryonNailContour * contour,
    const Movement * movement, gfloat interval)
{
  gfloat size = expf (filter->size.value[0]);
  gfloat angle = filter->angle.value[0] + gst_tryon_wrap_angle (contour->angle
      - filter->angle.value[0]);
  guint n = filter->n_measured;

  gst_tryon_steady_value_carry (&filter->centre, &centre_params,
      &held_centre_params, contour->centre.x, contour->centre.y,
      &movement->centre, size, interval, n);
  gst_tryon_steady_value_carry (&filter->angle, &turn_params,
      &held_turn_params, angle, 0.0f, &movement->angle, 1.0f, interval, n);
  gst_tryon_steady_value_carry (&filter->size, &size_params,
      &held_size_params, logf (contour->size), 0.0f, &movement->size, 1.0f,
      interval, n);
}

static void
follow_pose (GstTryonNailFilter * filter, const GstTryonNailContour * contour,
    const Movement * movement, gfloat interval)
{
  guint n = filter->n_measured;

  gst_tryon_steady_value_follow (&filter->centre, &centre_params,
      contour->centre.x, contour->centre.y, &movement->centre, contour->size,
      interval, n);
  gst_tryon_steady_value_follow_angle (&filter->angle, &turn_params,
      contour->angle, &movement->angle, interval, n);
  gst_tryon_steady_value_follow (&filter->size, &size_params,
      logf (contour->size), 0.0f, &movement->size, 1.0f, interval, n);
}

/* Slow while the differences are noise, that is while their mean is about 0. */
static void
follow_radii (GstTryonNailFilter * filter, const gfloat * radii,
    gfloat interval)
{
  gfloat alpha = gst_tryon_steady_alpha (DRIFT_CUTOFF, interval), drift =
      0.0f, mean = 0.0f;
  guint i;

  for (i = 0; i < GST_TRYON_NAIL_OUTLINE; i++) {
    filter->drift[i] +=
        alpha * (radii[i] - filter->radii[i] - filter->drift[i]);
    drift += filter->drift[i] * filter->drift[i];
    mean += radii[i] * radii[i];
  }
  drift = sqrtf (drift / MAX (mean, 1e-6f));
  drift *= gst_tryon_steady_share (drift, RADII_NOISE);
  alpha = gst_tryon_steady_alpha (RADII_CUTOFF + RADII_BETA * drift, interval);
  alpha = MAX (alpha, SETTLING / (filter->n_measured + SETTLING));
  for (i = 0; i < GST_TRYON_NAIL_OUTLINE; i++)
    filter->radii[i] += alpha * (radii[i] - filter->radii[i]);
  filter->noise = 0.0f;
}

static gfloat
get_unit_of_radii (const GstTryonNailFilter * filter)
{
  gfloat sum = 0.0f;
  guint i;

  for (i = 0; i < GST_TRYON_NAIL_OUTLINE; i++)
    sum += filter->radii[i] * filter->radii[i];
  return sqrtf (MAX (sum, 1e-6f));
}

/* The edge goes as the nail was seen to. The pose, as it is corrected, is but what the
 * radii are told by, and does not move the edge; what the net says is told by the same.
 * A nail that is nearly round may be found at any angle, and has one edge all the same. */
static void
hold_contour (GstTryonNailFilter * filter, const GstTryonNailContour * contour,
    const Movement * movement, gfloat interval)
{
  const GstTryonSteadyMean radii = { GST_TRYON_NAIL_OUTLINE, filter->radii,
    filter->last, filter->drift, &filter->noise
  };
  GstTryonNailContour steady = get_contour (filter), measured = *contour, pose;

  gst_tryon_nail_contour_move (&steady, movement->seen);
  carry_pose (filter, contour, movement, interval);
  pose = get_contour (filter);
  if (gst_tryon_nail_contour_rebase (&steady, pose.centre, pose.angle,
          pose.size))
    memcpy (filter->radii, steady.radii, sizeof (filter->radii));
  gst_tryon_nail_contour_rebase (&measured, pose.centre, pose.angle, pose.size);
  gst_tryon_steady_mean_update (&radii, &held_radii_params, measured.radii,
      get_unit_of_radii (filter), interval, filter->n_measured);
}

static void
start (GstTryonNailFilter * filter, const GstTryonFingerEnd * finger,
    const GstTryonNailContour * contour)
{
  filter->started = TRUE;
  gst_tryon_steady_value_set (&filter->centre, contour->centre.x,
      contour->centre.y);
  gst_tryon_steady_value_set (&filter->angle, contour->angle, 0.0f);
  gst_tryon_steady_value_set (&filter->size, logf (contour->size), 0.0f);
  memcpy (filter->radii, contour->radii, sizeof (filter->radii));
  memset (filter->drift, 0, sizeof (filter->drift));
  filter->noise = 0.0f;
  filter->n_measured = 1;
  filter->n_strayed = 0;
  filter->placed = finger != NULL;
  if (finger != NULL) {
    filter->across = filter->along = filter->turned = filter->grown = 0.0f;
    place_on_finger (filter, finger, contour, 1.0f);
  }
}

static void
follow_contour (GstTryonNailFilter * filter, const GstTryonFingerEnd * finger,
    const GstTryonNailContour * contour, const Movement * movement,
    gfloat interval)
{
  if (movement->seen != NULL) {
    hold_contour (filter, contour, movement, interval);
  } else {
    follow_pose (filter, contour, movement, interval);
    follow_radii (filter, contour->radii, interval);
  }
  filter->n_measured++;
  filter->n_strayed = 0;
  if (finger != NULL) {
    place_on_finger (filter, finger, contour,
        filter->placed ? MAX (gst_tryon_steady_alpha (PLACE_CUTOFF, interval),
            2.0f / (filter->n_measured + 1)) : 1.0f);
    filter->placed = TRUE;
  }
}

static void
follow_finger (GstTryonNailFilter * filter, const GstTryonFingerEnd * finger,
    const Movement * movement, gfloat interval)
{
  GstTryonNailContour contour;

  if (movement->seen != NULL) {
    shift_pose (filter, movement);
  } else if (finger != NULL && filter->placed) {
    contour = take_from_finger (filter, finger);
    follow_pose (filter, &contour, movement, interval);
  } else {
    gst_tryon_steady_value_coast (&filter->centre, &centre_params,
        expf (filter->size.value[0]), interval);
    gst_tryon_steady_value_coast (&filter->angle, &turn_params, 1.0f, interval);
    gst_tryon_steady_value_coast (&filter->size, &size_params, 1.0f, interval);
  }
}

static void
fade (GstTryonNailFilter * filter, gfloat confidence, gboolean is_lost,
    gfloat interval)
{
  gfloat doubt = CLAMP ((SURE - confidence) / (SURE - UNSURE), 0.0f, 1.0f);
  gfloat seconds = confidence > filter->belief ? BELIEF_RISE
      + doubt * (BELIEF_RISE_UNSURE - BELIEF_RISE) :
      is_lost ? BELIEF_FALL_LOST : BELIEF_FALL;

  filter->belief += (1.0f - expf (-interval / seconds))
      * (confidence - filter->belief);
  if (filter->belief >= BELIEF_ON)
    filter->shown = TRUE;
  else if (filter->belief < BELIEF_OFF)
    filter->shown = FALSE;
  filter->opacity += (filter->shown ? 1.0f : -1.0f) * interval / FADE;
  filter->opacity = CLAMP (filter->opacity, 0.0f, 1.0f);
}

gboolean
gst_tryon_nail_filter_update (GstTryonNailFilter * filter, GstClockTime time,
    const GstTryonFingerEnd * finger, const GstTryonNailContour * contour,
    gfloat confidence, const GstTryonAffine * affine, GstTryonNail * nail)
{
  GstTryonNailContour steady;
  Movement movement;
  gboolean is_lost;
  gfloat interval;

  if (gst_tryon_is_time_jump (filter->time, time))
    gst_tryon_nail_filter_init (filter);
  interval = gst_tryon_take_time (&filter->time, time);
  if (finger != NULL && !gst_tryon_finger_end_is_sane (finger))
    finger = NULL;
  is_lost = finger == NULL;
  if (contour == NULL || !gst_tryon_nail_contour_is_sane (contour)
      || !(confidence >= LEAST_CONFIDENCE))
    contour = NULL;
  if (filter->leapt && contour != NULL)
    filter->started = filter->leapt = FALSE;
  /* What is known of its place is of another one. */
  if (filter->leapt)
    finger = NULL;
  if (contour != NULL && filter->started
      && has_strayed (filter, finger, contour)) {
    if (++filter->n_strayed < STRAYED_FRAMES)
      contour = NULL;
    else
      filter->started = FALSE;
  }
  confidence = contour != NULL ? MIN (confidence, 1.0f) : 0.0f;
  take_movement (filter, finger, &movement);
  if (affine != NULL && filter->started)
    take_seen_movement (filter, affine, &movement);
  if (contour != NULL && !filter->started)
    start (filter, finger, contour);
  else if (contour != NULL)
    follow_contour (filter, finger, contour, &movement, interval);
  else if (filter->started)
    follow_finger (filter, finger, &movement, interval);
  fade (filter, confidence, is_lost, interval);
  if (contour == NULL && filter->opacity <= 0.0f)
    filter->started = filter->placed = filter->leapt = FALSE;
  if (!filter->started)
    return FALSE;

  steady = get_contour (filter);
  gst_tryon_nail_contour_apply (&steady, nail);
  nail->confidence = confidence;
  nail->opacity = filter->opacity;
  return TRUE;
}

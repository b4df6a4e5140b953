/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Steadies a nail over time.
 *
 * Its position, angle and size in the picture go through One-Euro filters (Casiez,
 * Roussel, Vogel: "1 Euro Filter: A Simple Speed-based Low-pass Filter for Noisy
 * Input in Interactive Systems", CHI 2012): low-passes whose cutoff grows with the
 * speed, fc = fc_min + beta |speed|, so that what is still is steady and what moves
 * does not lag. Two things are added. Theirs lags at constant speed by
 * (1 - alpha) / alpha frames all the same: here the value goes on by itself at the
 * speed it has. And the nail has a speed only as far as it and its finger's
 * landmarks agree: the noise of the two is not the same, so that a threshold can be
 * low.
 *
 * On 8 still photographs with noise of sigma 4 (40 nails of 15 to 80 pixels) the
 * outline then moves by 0.18 pixels RMS; with the nail's speed alone it is 0.32, and
 * 0.21 when its place on the finger is smoothed and put upon smoothed landmarks. In
 * pans of 3 pixels a frame it lags by 0.03 to 0.05 frames (the last by as much).
 *
 * The shape, which changes slowly, has a slow filter of its own. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gsttryonnailfilter.h"

#include <math.h>
#include <string.h>

/* Seconds. */
#define USUAL_INTERVAL (1.0f / 30.0f)
#define LEAST_INTERVAL 0.001f
#define LONGEST_INTERVAL 0.5f

/* A confidence below that says nothing of place and shape. */
#define LEAST_CONFIDENCE 0.2f
/* A nail is shown above the first, until it falls below the second... */
#define BELIEF_ON 0.55f
#define BELIEF_OFF 0.27f
/* ...of its confidence as it was lately, seconds: 2 good frames of 30 a second bring
 * it on, 9 bad ones off. */
#define BELIEF_RISE 0.06f
#define BELIEF_FALL 0.25f
#define FADE 0.12f              /* from nothing to all, seconds */

/* From where it was on the finger, in half sides of the crop, and logarithm. */
#define STRAYED_DISTANCE 0.35f
#define STRAYED_SIZE 0.6f
/* After so many frames in a row it is believed to be there. */
#define STRAYED_FRAMES 4

/* Of what the net sees of a finger, in half sides of the crop, radians, logarithm.
 * The net is trained with more than that. */
#define VIEW_SLACK 0.1f
#define VIEW_ANGLE_SLACK 0.08f
#define VIEW_SCALE_SLACK 0.05f

#define PLACE_CUTOFF 2.0f       /* Hz */
#define RADII_CUTOFF 0.6f
/* Hz per relative difference of the radii that lasts. */
#define RADII_BETA 25.0f
#define RADII_NOISE 0.03f       /* relative, below which it is none */
#define DRIFT_CUTOFF 2.0f

/* How one kind of value is filtered. */
typedef struct
{
  gfloat cutoff;                /* Hz, of what is still */
  gfloat beta;                  /* Hz per speed */
  gfloat speed_cutoff;          /* Hz */
  gfloat noise;                 /* speed, below which it is not followed */
} SteadyParams;

/* Speeds: in sizes of the nail (scales of the finger), radians, and e-folds per
 * second. */
static const SteadyParams centre_params = { 0.8f, 4.0f, 2.5f, 0.25f };
static const SteadyParams tip_params = { 1.0f, 6.0f, 2.5f, 0.3f };
static const SteadyParams turn_params = { 0.6f, 6.0f, 2.0f, 0.35f };
static const SteadyParams size_params = { 0.6f, 8.0f, 2.0f, 0.25f };

/* Of an exponential filter with that cutoff; the paper's formula. */
static gfloat
get_alpha (gfloat cutoff, gfloat interval)
{
  gfloat tau = 1.0f / (2.0f * (gfloat) G_PI * cutoff);

  return 1.0f / (1.0f + tau / interval);
}

/* Of @x, that is taken as more than noise. */
static gfloat
get_share (gfloat x, gfloat noise)
{
  gfloat x4 = x * x * x * x, noise4 = noise * noise * noise * noise;

  return x4 / (x4 + noise4);
}

static gfloat
wrap_angle (gfloat angle)
{
  return remainderf (angle, 2.0f * (gfloat) G_PI);
}

static void
steady_value_set (GstTryonSteadyValue * steady, gfloat x, gfloat y)
{
  memset (steady, 0, sizeof (*steady));
  steady->value[0] = steady->measured[0] = x;
  steady->value[1] = steady->measured[1] = y;
}

static void
follow_speed (gfloat * speed, gfloat x, gfloat y, const SteadyParams * params,
    gfloat interval)
{
  gfloat alpha = get_alpha (params->speed_cutoff, interval);

  speed[0] += alpha * (x / interval - speed[0]);
  speed[1] += alpha * (y / interval - speed[1]);
}

/* The smaller one, 0 where they differ in sign: as far as @a and @b agree. */
static gfloat
minmod (gfloat a, gfloat b)
{
  if (a > 0.0f && b > 0.0f)
    return MIN (a, b);
  if (a < 0.0f && b < 0.0f)
    return MAX (a, b);
  return 0.0f;
}

/* @carrier: (nullable): by how much what carries the value has moved, when it is
 * known. */
static void
steady_value_take_speed (GstTryonSteadyValue * steady,
    const SteadyParams * params, gfloat x, gfloat y,
    const GstTryonPoint * carrier, gfloat interval)
{
  follow_speed (steady->speed, x - steady->measured[0],
      y - steady->measured[1], params, interval);
  steady->measured[0] = x;
  steady->measured[1] = y;
  if (carrier != NULL)
    follow_speed (steady->carried, carrier->x, carrier->y, params, interval);
  else
    memcpy (steady->carried, steady->speed, sizeof (steady->carried));
}

/* Goes on at its speed, as far as that is known; returns the speed in @unit, without
 * what may be noise. */
static gfloat
steady_value_go_on (GstTryonSteadyValue * steady, const SteadyParams * params,
    gfloat unit, gfloat interval)
{
  gfloat x = minmod (steady->speed[0], steady->carried[0]);
  gfloat y = minmod (steady->speed[1], steady->carried[1]);
  gfloat speed = hypotf (x, y) / unit;
  gfloat share = get_share (speed, params->noise);

  steady->value[0] += share * x * interval;
  steady->value[1] += share * y * interval;
  return share * speed;
}

/* @unit: of the value, that speeds are told in. @n: how many came before. */
static void
steady_value_follow (GstTryonSteadyValue * steady, const SteadyParams * params,
    gfloat x, gfloat y, const GstTryonPoint * carrier, gfloat unit,
    gfloat interval, guint n)
{
  gfloat speed, alpha;

  steady_value_take_speed (steady, params, x, y, carrier, interval);
  speed = steady_value_go_on (steady, params, unit, interval);
  alpha = get_alpha (params->cutoff + params->beta * speed, interval);
  /* The mean, at first. */
  alpha = MAX (alpha, 1.0f / (n + 1));
  steady->value[0] += alpha * (x - steady->value[0]);
  steady->value[1] += alpha * (y - steady->value[1]);
}

/* As follow, for an angle in x. */
static void
steady_value_follow_angle (GstTryonSteadyValue * steady, gfloat angle,
    const GstTryonPoint * carrier, gfloat interval, guint n)
{
  gfloat whole = 2.0f * (gfloat) G_PI;

  /* All of them near to the new one. */
  steady->measured[0] = angle - wrap_angle (angle - steady->measured[0]);
  steady->value[0] -= whole * roundf ((steady->value[0] - angle) / whole);
  steady_value_follow (steady, &turn_params, angle, 0.0f, carrier, 1.0f,
      interval, n);
}

/* When nothing is known: goes on, slower and slower. */
static void
steady_value_coast (GstTryonSteadyValue * steady, const SteadyParams * params,
    gfloat unit, gfloat interval)
{
  follow_speed (steady->speed, 0.0f, 0.0f, params, interval);
  follow_speed (steady->carried, 0.0f, 0.0f, params, interval);
  steady_value_go_on (steady, params, unit, interval);
  steady->measured[0] = steady->value[0];
  steady->measured[1] = steady->value[1];
}

/* Also FALSE for NaN; beyond, the sums of a frame's life could overflow. */
static gboolean
is_sane (gfloat x)
{
  return fabsf (x) < 1e6f;
}

static gboolean
is_finger (const GstTryonFingerEnd * finger)
{
  return finger != NULL && is_sane (finger->tip.x) && is_sane (finger->tip.y)
      && is_sane (finger->angle) && is_sane (finger->scale)
      && finger->scale > 1e-3f;
}

static gboolean
is_form (const GstTryonNailForm * form)
{
  guint i;

  if (form == NULL || !is_sane (form->centre.x) || !is_sane (form->centre.y)
      || !is_sane (form->angle) || !is_sane (form->size)
      || form->size < 1e-3f)
    return FALSE;
  for (i = 0; i < GST_TRYON_NAIL_OUTLINE; i++)
    if (!is_sane (form->radii[i]))
      return FALSE;
  return TRUE;
}

/* Seconds since the frame at @last, which becomes @time. */
static gfloat
take_time (GstClockTime * last, GstClockTime time)
{
  gfloat interval = USUAL_INTERVAL;

  if (!GST_CLOCK_TIME_IS_VALID (time)) {
    if (GST_CLOCK_TIME_IS_VALID (*last))
      *last += GST_SECOND / 30;
    return interval;
  }
  if (GST_CLOCK_TIME_IS_VALID (*last))
    interval = (gfloat) ((gdouble) (time - *last) / GST_SECOND);
  *last = time;
  return MAX (interval, LEAST_INTERVAL);
}

/* Backwards, or so far on that nothing of before still holds. */
static gboolean
is_jump (GstClockTime last, GstClockTime time)
{
  return GST_CLOCK_TIME_IS_VALID (last) && GST_CLOCK_TIME_IS_VALID (time)
      && (time < last || time - last > LONGEST_INTERVAL * GST_SECOND);
}

void
gst_tryon_finger_filter_init (GstTryonFingerFilter * filter)
{
  memset (filter, 0, sizeof (*filter));
  filter->time = GST_CLOCK_TIME_NONE;
}

/* @x as far from 0 as it is beyond @slack. */
static gfloat
get_excess (gfloat x, gfloat slack)
{
  return x > slack ? x - slack : x < -slack ? x + slack : 0.0f;
}

/* As if @finger drew it along by slack ropes, which are the tighter the faster it
 * moves (@moving: 0 to 1): a view that trails behind would be off to one side. */
static void
drag_view (GstTryonFingerEnd * view, const GstTryonFingerEnd * finger,
    gfloat moving)
{
  gfloat x = finger->tip.x - view->tip.x, y = finger->tip.y - view->tip.y;
  gfloat away = hypotf (x, y);
  gfloat excess =
      get_excess (away, VIEW_SLACK * finger->scale * (1.0f - moving));

  if (excess > 0.0f) {
    view->tip.x += x * excess / away;
    view->tip.y += y * excess / away;
  }
  view->angle +=
      get_excess (wrap_angle (finger->angle - view->angle), VIEW_ANGLE_SLACK);
  view->scale *=
      expf (get_excess (logf (finger->scale / view->scale), VIEW_SCALE_SLACK));
}

void
gst_tryon_finger_filter_update (GstTryonFingerFilter * filter,
    GstClockTime time, const GstTryonFingerEnd * finger,
    GstTryonFingerEnd * view)
{
  GstTryonFingerEnd steady;
  gfloat interval;

  *view = *finger;
  if (!is_finger (finger) || is_jump (filter->time, time))
    gst_tryon_finger_filter_init (filter);
  interval = take_time (&filter->time, time);
  if (!is_finger (finger))
    return;
  if (filter->n == 0) {
    steady_value_set (&filter->tip, finger->tip.x, finger->tip.y);
    steady_value_set (&filter->angle, finger->angle, 0.0f);
    steady_value_set (&filter->scale, logf (finger->scale), 0.0f);
    filter->view = *finger;
  } else {
    steady_value_follow (&filter->tip, &tip_params, finger->tip.x,
        finger->tip.y, NULL, finger->scale, interval, filter->n);
    steady_value_follow_angle (&filter->angle, finger->angle, NULL, interval,
        filter->n);
    steady_value_follow (&filter->scale, &size_params, logf (finger->scale),
        0.0f, NULL, 1.0f, interval, filter->n);
    steady.tip.x = filter->tip.value[0];
    steady.tip.y = filter->tip.value[1];
    steady.angle = filter->angle.value[0];
    steady.scale = expf (filter->scale.value[0]);
    drag_view (&filter->view, &steady,
        get_share (hypotf (filter->tip.speed[0], filter->tip.speed[1])
            / finger->scale, tip_params.noise));
  }
  filter->n++;
  *view = filter->view;
}

void
gst_tryon_nail_filter_init (GstTryonNailFilter * filter)
{
  memset (filter, 0, sizeof (*filter));
  filter->time = GST_CLOCK_TIME_NONE;
}

/* Where the nail is on the finger, with @alpha of what is new. */
static void
place_on_finger (GstTryonNailFilter * filter, const GstTryonFingerEnd * finger,
    const GstTryonNailForm * form, gfloat alpha)
{
  gfloat sine = sinf (finger->angle), cosine = cosf (finger->angle);
  gfloat x = (form->centre.x - finger->tip.x) / finger->scale;
  gfloat y = (form->centre.y - finger->tip.y) / finger->scale;

  filter->across += alpha * (x * cosine + y * sine - filter->across);
  filter->along += alpha * (x * sine - y * cosine - filter->along);
  filter->turned +=
      alpha * wrap_angle (form->angle - finger->angle - filter->turned);
  filter->grown += alpha * (logf (form->size / finger->scale) - filter->grown);
}

static GstTryonNailForm
take_from_finger (const GstTryonNailFilter * filter,
    const GstTryonFingerEnd * finger)
{
  gfloat sine = sinf (finger->angle), cosine = cosf (finger->angle);
  GstTryonNailForm form;

  form.centre.x = finger->tip.x + finger->scale
      * (filter->across * cosine + filter->along * sine);
  form.centre.y = finger->tip.y + finger->scale
      * (filter->across * sine - filter->along * cosine);
  form.angle = finger->angle + filter->turned;
  form.size = finger->scale * expf (filter->grown);
  memcpy (form.radii, filter->radii, sizeof (form.radii));
  return form;
}

/* Something else was found, such as the next finger's nail. */
static gboolean
has_strayed (const GstTryonNailFilter * filter,
    const GstTryonFingerEnd * finger, const GstTryonNailForm * form)
{
  GstTryonNailForm expected;

  if (!filter->placed || finger == NULL)
    return FALSE;
  expected = take_from_finger (filter, finger);
  return hypotf (form->centre.x - expected.centre.x,
      form->centre.y - expected.centre.y) > STRAYED_DISTANCE * finger->scale
      || fabsf (logf (form->size / expected.size)) > STRAYED_SIZE;
}

/* How a form has moved since the last frame. */
typedef struct
{
  GstTryonPoint centre;
  GstTryonPoint angle;          /* in x */
  GstTryonPoint size;           /* logarithm, in x */
} Movement;

/* By how much the finger has moved its nail. */
static void
take_movement (GstTryonNailFilter * filter, const GstTryonFingerEnd * finger,
    Movement * movement)
{
  GstTryonNailForm now, before;

  memset (movement, 0, sizeof (*movement));
  if (finger != NULL && filter->has_finger && filter->placed) {
    now = take_from_finger (filter, finger);
    before = take_from_finger (filter, &filter->finger);
    movement->centre.x = now.centre.x - before.centre.x;
    movement->centre.y = now.centre.y - before.centre.y;
    movement->angle.x = wrap_angle (now.angle - before.angle);
    movement->size.x = logf (now.size / before.size);
  }
  filter->has_finger = finger != NULL;
  if (finger != NULL)
    filter->finger = *finger;
}

static void
follow_pose (GstTryonNailFilter * filter, const GstTryonNailForm * form,
    const Movement * movement, gfloat interval)
{
  guint n = filter->n_measured;

  steady_value_follow (&filter->centre, &centre_params, form->centre.x,
      form->centre.y, &movement->centre, form->size, interval, n);
  steady_value_follow_angle (&filter->angle, form->angle, &movement->angle,
      interval, n);
  steady_value_follow (&filter->size, &size_params, logf (form->size), 0.0f,
      &movement->size, 1.0f, interval, n);
}

/* Slow while the differences are noise, that is while their mean is about 0. */
static void
follow_radii (GstTryonNailFilter * filter, const gfloat * radii,
    gfloat interval)
{
  gfloat alpha = get_alpha (DRIFT_CUTOFF, interval), drift = 0.0f, mean = 0.0f;
  guint i;

  for (i = 0; i < GST_TRYON_NAIL_OUTLINE; i++) {
    filter->drift[i] +=
        alpha * (radii[i] - filter->radii[i] - filter->drift[i]);
    drift += filter->drift[i] * filter->drift[i];
    mean += radii[i] * radii[i];
  }
  drift = sqrtf (drift / MAX (mean, 1e-6f));
  drift *= get_share (drift, RADII_NOISE);
  alpha = get_alpha (RADII_CUTOFF + RADII_BETA * drift, interval);
  alpha = MAX (alpha, 1.0f / (filter->n_measured + 1));
  for (i = 0; i < GST_TRYON_NAIL_OUTLINE; i++)
    filter->radii[i] += alpha * (radii[i] - filter->radii[i]);
}

static void
start (GstTryonNailFilter * filter, const GstTryonFingerEnd * finger,
    const GstTryonNailForm * form)
{
  filter->started = TRUE;
  steady_value_set (&filter->centre, form->centre.x, form->centre.y);
  steady_value_set (&filter->angle, form->angle, 0.0f);
  steady_value_set (&filter->size, logf (form->size), 0.0f);
  memcpy (filter->radii, form->radii, sizeof (filter->radii));
  memset (filter->drift, 0, sizeof (filter->drift));
  filter->n_measured = 1;
  filter->n_strayed = 0;
  filter->placed = finger != NULL;
  if (finger != NULL) {
    filter->across = filter->along = filter->turned = filter->grown = 0.0f;
    place_on_finger (filter, finger, form, 1.0f);
  }
}

static void
follow_form (GstTryonNailFilter * filter, const GstTryonFingerEnd * finger,
    const GstTryonNailForm * form, const Movement * movement, gfloat interval)
{
  follow_pose (filter, form, movement, interval);
  follow_radii (filter, form->radii, interval);
  filter->n_measured++;
  filter->n_strayed = 0;
  if (finger != NULL) {
    place_on_finger (filter, finger, form,
        filter->placed ? MAX (get_alpha (PLACE_CUTOFF, interval),
            1.0f / filter->n_measured) : 1.0f);
    filter->placed = TRUE;
  }
}

static void
follow_finger (GstTryonNailFilter * filter, const GstTryonFingerEnd * finger,
    const Movement * movement, gfloat interval)
{
  GstTryonNailForm form;

  if (finger != NULL && filter->placed) {
    form = take_from_finger (filter, finger);
    follow_pose (filter, &form, movement, interval);
  } else {
    steady_value_coast (&filter->centre, &centre_params,
        expf (filter->size.value[0]), interval);
    steady_value_coast (&filter->angle, &turn_params, 1.0f, interval);
    steady_value_coast (&filter->size, &size_params, 1.0f, interval);
  }
}

static void
fade (GstTryonNailFilter * filter, gfloat confidence, gfloat interval)
{
  gfloat seconds = confidence > filter->belief ? BELIEF_RISE : BELIEF_FALL;

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
    const GstTryonFingerEnd * finger, const GstTryonNailForm * form,
    gfloat confidence, GstTryonNail * nail)
{
  GstTryonNailForm steady;
  Movement movement;
  gfloat interval;

  if (is_jump (filter->time, time))
    gst_tryon_nail_filter_init (filter);
  interval = take_time (&filter->time, time);
  if (!is_finger (finger))
    finger = NULL;
  if (!is_form (form) || !(confidence >= LEAST_CONFIDENCE))
    form = NULL;
  if (form != NULL && filter->started && has_strayed (filter, finger, form)) {
    if (++filter->n_strayed < STRAYED_FRAMES)
      form = NULL;
    else
      filter->started = FALSE;
  }
  confidence = form != NULL ? MIN (confidence, 1.0f) : 0.0f;
  take_movement (filter, finger, &movement);
  if (form != NULL && !filter->started)
    start (filter, finger, form);
  else if (form != NULL)
    follow_form (filter, finger, form, &movement, interval);
  else if (filter->started)
    follow_finger (filter, finger, &movement, interval);
  fade (filter, confidence, interval);
  if (form == NULL && filter->opacity <= 0.0f)
    filter->started = filter->placed = FALSE;
  if (!filter->started || filter->opacity <= 0.0f)
    return FALSE;

  steady.centre.x = filter->centre.value[0];
  steady.centre.y = filter->centre.value[1];
  steady.angle = filter->angle.value[0];
  steady.size = expf (filter->size.value[0]);
  memcpy (steady.radii, filter->radii, sizeof (steady.radii));
  gst_tryon_nail_form_apply (&steady, nail);
  nail->confidence = confidence;
  nail->opacity = filter->opacity;
  return TRUE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* On photographs of fists and of fingers that lie over each other, landmarks of the
 * same still hand differ by whole fingers from frame to frame, with a presence of 0.95:
 * what follows them follows nothing. So a finger whose nail was seen in the last frames
 * does not go where its landmarks have leapt, but with the hand, and is looked for
 * there; when its nail isn't there, the landmarks were right. Those that go astray
 * slowly are drawn back to the nail: the net finds it best in the middle. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gsttryonfingerfilter.h"

#include <math.h>
#include <string.h>

/* What is a leap: from where the hand has carried it, in scales of the finger, radians,
 * logarithm. A finger that moves by itself may do so by more; then its nail is in the
 * view all the same, and tells where it is. */
#define LEAP_DISTANCE 0.2f
#define LEAP_ANGLE 0.35f
#define LEAP_SCALE 0.3f
/* Frames without its nail, after which the landmarks are believed. */
#define MAX_UNSEEN 2

/* A nail's centre is so far behind the landmark in the mean, in scales; it is drawn to
 * be no farther off than about the standard deviation of that (nailnet.md). */
#define NAIL_BEHIND 0.07f
#define NAIL_SLACK 0.1f
#define NAIL_STEP 0.1f          /* in a frame */
/* Without its nail the finger goes back to its landmarks, by that part in a frame. */
#define RETURN 0.2f

/* A finger that moves by itself may leap once or twice; by twice as much and again
 * within that time, seconds, nothing does but landmarks. */
#define UNREST_TIME 0.5f
#define UNREST_LEAP 2.0f
#define RESTLESS 1.5f

/* How far a finger that is seen to move goes to its landmarks, in a second; and by how
 * much its angle and its scale may differ from theirs for as long as its nail is seen.
 * Landmarks of hands that fill the frame change their mind by a sixth of the scale
 * every now and then; with a crop that followed them, nails moved by a pixel. */
#define PULL 1.0f
#define SEEN_ANGLE_SLACK 0.25f
#define SEEN_SCALE_SLACK 0.25f

/* Of what the net sees of a finger, in half sides of the crop, radians, logarithm.
 * The net is trained with more than that. */
#define VIEW_SLACK 0.1f
#define VIEW_ANGLE_SLACK 0.08f
#define VIEW_SCALE_SLACK 0.05f

/* Speeds: in scales of the finger, radians, and e-folds per second. */
static const GstTryonSteadyParams tip_params = { 1.0f, 6.0f, 2.5f, 0.3f };
static const GstTryonSteadyParams turn_params = { 0.6f, 6.0f, 2.0f, 0.35f };
static const GstTryonSteadyParams scale_params = { 0.6f, 8.0f, 2.0f, 0.25f };

gboolean
gst_tryon_finger_end_is_sane (const GstTryonFingerEnd * end)
{
  return gst_tryon_is_sane (end->tip.x) && gst_tryon_is_sane (end->tip.y)
      && gst_tryon_is_sane (end->angle) && gst_tryon_is_sane (end->scale)
      && end->scale > 1e-3f;
}

void
gst_tryon_finger_filter_init (GstTryonFingerFilter * filter)
{
  memset (filter, 0, sizeof (*filter));
  filter->time = GST_CLOCK_TIME_NONE;
  filter->n_unseen = MAX_UNSEEN;
}

/* As the hand has moved: a similarity. */
static void
carry_end (GstTryonFingerEnd * end, const GstTryonAffine * movement)
{
  end->tip = gst_tryon_affine_apply (movement, end->tip);
  end->angle = gst_tryon_wrap_angle (end->angle
      + atan2f (movement->yx, movement->xx));
  end->scale *= hypotf (movement->xx, movement->yx);
}

/* By @times as much as makes a leap. */
static gboolean
has_leapt (const GstTryonFingerEnd * to, const GstTryonFingerEnd * from,
    gfloat times)
{
  return hypotf (to->tip.x - from->tip.x, to->tip.y - from->tip.y)
      > times * LEAP_DISTANCE * from->scale
      || fabsf (gst_tryon_wrap_angle (to->angle - from->angle)) >
      times * LEAP_ANGLE
      || fabsf (logf (to->scale / from->scale)) > times * LEAP_SCALE;
}

/* Brings the tip to where the nail is seen, step by step: the nail's place on the
 * finger has to keep up. */
static void
draw_to_nail (GstTryonFingerFilter * filter)
{
  GstTryonFingerEnd *end = &filter->end;
  gfloat x = filter->nail.x + NAIL_BEHIND * end->scale * sinf (end->angle)
      - end->tip.x;
  gfloat y = filter->nail.y - NAIL_BEHIND * end->scale * cosf (end->angle)
      - end->tip.y;
  gfloat away = hypotf (x, y);
  gfloat step = MIN (away - NAIL_SLACK * end->scale, NAIL_STEP * end->scale);

  if (step > 0.0f) {
    x *= step / away;
    y *= step / away;
    end->tip.x += x;
    end->tip.y += y;
    filter->off.x += x;
    filter->off.y += y;
  }
}

static void
watch_landmarks (GstTryonFingerFilter * filter,
    const GstTryonFingerEnd * landmarks, const GstTryonAffine * movement,
    gfloat interval)
{
  GstTryonFingerEnd carried = filter->landmarks;

  filter->unrest *= expf (-interval / UNREST_TIME);
  if (filter->n > 0) {
    if (movement != NULL)
      carry_end (&carried, movement);
    filter->unrest += has_leapt (landmarks, &carried, UNREST_LEAP);
  }
  filter->landmarks = *landmarks;
}

/* @x as far from 0 as it is beyond @slack. */
static gfloat
get_excess (gfloat x, gfloat slack)
{
  return x > slack ? x - slack : x < -slack ? x + slack : 0.0f;
}

/* A nail that is seen tells where the finger is; its landmarks where it points, but not
 * exactly. */
static void
pull_end (const GstTryonFingerFilter * filter, GstTryonFingerEnd * end,
    const GstTryonFingerEnd * landmarks, gfloat part)
{
  gfloat angle = gst_tryon_wrap_angle (landmarks->angle - end->angle);
  gfloat scale = logf (landmarks->scale / end->scale);

  if (filter->n_unseen < MAX_UNSEEN) {
    angle = get_excess (angle, SEEN_ANGLE_SLACK);
    scale = get_excess (scale, SEEN_SCALE_SLACK);
  } else {
    end->tip.x += part * (landmarks->tip.x - end->tip.x);
    end->tip.y += part * (landmarks->tip.y - end->tip.y);
  }
  end->angle += part * angle;
  end->scale *= expf (part * scale);
}

/* FALSE: leaps. */
static gboolean
judge_end (GstTryonFingerFilter * filter, const GstTryonFingerEnd * landmarks,
    const GstTryonAffine * movement, gboolean is_seen, gfloat interval)
{
  GstTryonFingerEnd carried = filter->end, drawn = *landmarks;

  if (movement != NULL)
    carry_end (&carried, movement);
  drawn.tip.x += filter->off.x;
  drawn.tip.y += filter->off.y;
  if (!gst_tryon_finger_end_is_sane (&carried)
      || !has_leapt (&drawn, &carried, 1.0f)) {
    if (is_seen && gst_tryon_finger_end_is_sane (&carried)) {
      pull_end (filter, &carried, landmarks, MIN (PULL * interval, 1.0f));
      filter->off.x += carried.tip.x - drawn.tip.x;
      filter->off.y += carried.tip.y - drawn.tip.y;
      drawn = carried;
    }
    filter->end = drawn;
    return TRUE;
  }
  if (filter->n_unseen < MAX_UNSEEN) {
    filter->end = carried;
    return TRUE;
  }
  filter->end = *landmarks;
  filter->off.x = filter->off.y = 0.0f;
  return FALSE;
}

/* As if @end drew it along by slack ropes, which are the tighter the faster it moves
 * (@moving: 0 to 1): a view that trails behind would be off to one side. */
static void
drag_view (GstTryonFingerEnd * view, const GstTryonFingerEnd * end,
    gfloat moving)
{
  gfloat x = end->tip.x - view->tip.x, y = end->tip.y - view->tip.y;
  gfloat away = hypotf (x, y);
  gfloat excess = get_excess (away, VIEW_SLACK * end->scale * (1.0f - moving));

  if (excess > 0.0f) {
    view->tip.x += x * excess / away;
    view->tip.y += y * excess / away;
  }
  view->angle +=
      get_excess (gst_tryon_wrap_angle (end->angle - view->angle),
      VIEW_ANGLE_SLACK);
  view->scale *=
      expf (get_excess (logf (end->scale / view->scale), VIEW_SCALE_SLACK));
}

/* A view that goes with the skin is not dragged: each tremble of an end that is as far
 * off as it may be would draw it on, the nail is then seen a bit elsewhere, and draws the
 * end on; so the two crept for seconds. It stays, and when the end is too far off, it is
 * taken there at once. */
static void
refocus (GstTryonFingerFilter * filter, const GstTryonFingerEnd * end)
{
  const GstTryonFingerEnd *view = &filter->view;

  filter->refocused = hypotf (end->tip.x - view->tip.x,
      end->tip.y - view->tip.y) > VIEW_SLACK * end->scale
      || fabsf (gst_tryon_wrap_angle (end->angle - view->angle)) >
      VIEW_ANGLE_SLACK
      || fabsf (logf (end->scale / view->scale)) > VIEW_SCALE_SLACK;
  if (filter->refocused)
    filter->view = *end;
}

static void
start (GstTryonFingerFilter * filter)
{
  const GstTryonFingerEnd *end = &filter->end;

  gst_tryon_steady_value_set (&filter->tip, end->tip.x, end->tip.y);
  gst_tryon_steady_value_set (&filter->angle, end->angle, 0.0f);
  gst_tryon_steady_value_set (&filter->scale, logf (end->scale), 0.0f);
  filter->view = *end;
  filter->n = 0;
}

static void
follow (GstTryonFingerFilter * filter, const GstTryonAffine * movement,
    gfloat interval)
{
  const GstTryonFingerEnd *end = &filter->end;
  GstTryonFingerEnd steady;

  gst_tryon_steady_value_follow (&filter->tip, &tip_params, end->tip.x,
      end->tip.y, NULL, end->scale, interval, filter->n);
  gst_tryon_steady_value_follow_angle (&filter->angle, &turn_params,
      end->angle, NULL, interval, filter->n);
  gst_tryon_steady_value_follow (&filter->scale, &scale_params,
      logf (end->scale), 0.0f, NULL, 1.0f, interval, filter->n);
  if (movement != NULL) {
    carry_end (&filter->view, movement);
    refocus (filter, end);
    return;
  }
  steady.tip.x = filter->tip.value[0];
  steady.tip.y = filter->tip.value[1];
  steady.angle = filter->angle.value[0];
  steady.scale = expf (filter->scale.value[0]);
  drag_view (&filter->view, &steady,
      gst_tryon_steady_share (hypotf (filter->tip.speed[0],
              filter->tip.speed[1]) / end->scale, tip_params.noise));
}

gboolean
gst_tryon_finger_filter_update (GstTryonFingerFilter * filter,
    GstClockTime time, const GstTryonFingerEnd * landmarks,
    const GstTryonAffine * movement, gboolean is_seen, GstTryonFingerEnd * end,
    GstTryonFingerEnd * view)
{
  gboolean stays = TRUE;
  gfloat interval;

  *end = *view = *landmarks;
  if (!gst_tryon_finger_end_is_sane (landmarks)
      || gst_tryon_is_time_jump (filter->time, time))
    gst_tryon_finger_filter_init (filter);
  interval = gst_tryon_take_time (&filter->time, time);
  if (!gst_tryon_finger_end_is_sane (landmarks))
    return TRUE;
  watch_landmarks (filter, landmarks, movement, interval);
  filter->refocused = FALSE;
  if (filter->n == 0) {
    filter->end = *landmarks;
    filter->off.x = filter->off.y = 0.0f;
  } else {
    stays = judge_end (filter, landmarks, movement, is_seen, interval);
  }
  if (stays && filter->n_unseen < MAX_UNSEEN) {
    if (movement != NULL)
      filter->nail = gst_tryon_affine_apply (movement, filter->nail);
    draw_to_nail (filter);
  } else {
    filter->off.x -= RETURN * filter->off.x;
    filter->off.y -= RETURN * filter->off.y;
  }
  if (filter->n == 0 || !stays)
    start (filter);
  else
    follow (filter, is_seen ? movement : NULL, interval);
  filter->n++;
  *end = filter->end;
  *view = filter->view;
  return stays;
}

void
gst_tryon_finger_filter_confirm (GstTryonFingerFilter * filter,
    const GstTryonPoint * nail)
{
  if (nail != NULL && gst_tryon_is_sane (nail->x)
      && gst_tryon_is_sane (nail->y)) {
    filter->nail = *nail;
    filter->n_unseen = 0;
  } else if (filter->n_unseen < MAX_UNSEEN) {
    filter->n_unseen++;
  }
}

gboolean
gst_tryon_finger_filter_has_refocused (const GstTryonFingerFilter * filter)
{
  return filter->refocused;
}

gboolean
gst_tryon_finger_filter_is_restless (const GstTryonFingerFilter * filter)
{
  return filter->unrest > RESTLESS;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One-Euro filters (Casiez, Roussel, Vogel: "1 Euro Filter: A Simple Speed-based
 * Low-pass Filter for Noisy Input in Interactive Systems", CHI 2012): low-passes whose
 * cutoff grows with the speed, fc = fc_min + beta |speed|, so that what is still is
 * steady and what moves does not lag. Two things are added. Theirs lags at constant
 * speed by (1 - alpha) / alpha frames all the same: here the value goes on by itself
 * at the speed it has. And a value that is carried by something (a nail by its finger)
 * has a speed only as far as it and its carrier agree: the noise of the two is not the
 * same, so that a threshold can be low. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gsttryonsteadyvalue.h"

#include <math.h>
#include <string.h>

/* Seconds. */
#define USUAL_INTERVAL (1.0f / 30.0f)
#define LEAST_INTERVAL 0.001f
#define LONGEST_INTERVAL 0.5f

/* Of frames: the n-th one counts s / (n + s) at least. */
#define SETTLING 4.0f

/* Of an exponential filter with that cutoff; the paper's formula. */
gfloat
gst_tryon_steady_alpha (gfloat cutoff, gfloat interval)
{
  gfloat tau = 1.0f / (2.0f * (gfloat) G_PI * cutoff);

  return 1.0f / (1.0f + tau / interval);
}

gfloat
gst_tryon_steady_share (gfloat x, gfloat noise)
{
  gfloat x4 = x * x * x * x, noise4 = noise * noise * noise * noise;

  return x4 / (x4 + noise4);
}

gfloat
gst_tryon_wrap_angle (gfloat angle)
{
  return remainderf (angle, 2.0f * (gfloat) G_PI);
}

void
gst_tryon_steady_value_set (GstTryonSteadyValue * steady, gfloat x, gfloat y)
{
  memset (steady, 0, sizeof (*steady));
  steady->value[0] = steady->measured[0] = x;
  steady->value[1] = steady->measured[1] = y;
}

static void
follow_speed (gfloat * speed, gfloat x, gfloat y,
    const GstTryonSteadyParams * params, gfloat interval)
{
  gfloat alpha = gst_tryon_steady_alpha (params->speed_cutoff, interval);

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
    const GstTryonSteadyParams * params, gfloat x, gfloat y,
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
steady_value_go_on (GstTryonSteadyValue * steady,
    const GstTryonSteadyParams * params, gfloat unit, gfloat interval)
{
  gfloat x = minmod (steady->speed[0], steady->carried[0]);
  gfloat y = minmod (steady->speed[1], steady->carried[1]);
  gfloat speed = hypotf (x, y) / unit;
  gfloat share = gst_tryon_steady_share (speed, params->noise);

  steady->value[0] += share * x * interval;
  steady->value[1] += share * y * interval;
  return share * speed;
}

void
gst_tryon_steady_value_follow (GstTryonSteadyValue * steady,
    const GstTryonSteadyParams * params, gfloat x, gfloat y,
    const GstTryonPoint * carrier, gfloat unit, gfloat interval, guint n)
{
  gfloat speed, alpha;

  steady_value_take_speed (steady, params, x, y, carrier, interval);
  speed = steady_value_go_on (steady, params, unit, interval);
  alpha =
      gst_tryon_steady_alpha (params->cutoff + params->beta * speed, interval);
  /* At first a mean in which the later ones count more: the finger was not yet seen as
   * well as it will be. */
  alpha = MAX (alpha, SETTLING / (n + SETTLING));
  steady->value[0] += alpha * (x - steady->value[0]);
  steady->value[1] += alpha * (y - steady->value[1]);
  /* What it has as a mean does not hold any more. */
  steady->drift[0] = steady->drift[1] = steady->noise = 0.0f;
}

void
gst_tryon_steady_value_carry (GstTryonSteadyValue * steady,
    const GstTryonSteadyParams * params,
    const GstTryonSteadyMeanParams * mean_params, gfloat x, gfloat y,
    const GstTryonPoint * shift, gfloat unit, gfloat interval, guint n)
{
  const gfloat measured[2] = { x, y };
  gfloat last[2] = { steady->measured[0] + shift->x,
    steady->measured[1] + shift->y
  };
  const GstTryonSteadyMean mean = { 2, steady->value, last, steady->drift,
    &steady->noise
  };

  /* For when it is not known any more. */
  steady_value_take_speed (steady, params, x, y, shift, interval);
  steady->value[0] += shift->x;
  steady->value[1] += shift->y;
  gst_tryon_steady_mean_update (&mean, mean_params, measured, unit, interval,
      n);
}

void
gst_tryon_steady_value_shift (GstTryonSteadyValue * steady,
    const GstTryonPoint * shift)
{
  steady->value[0] += shift->x;
  steady->value[1] += shift->y;
  steady->measured[0] += shift->x;
  steady->measured[1] += shift->y;
}

void
gst_tryon_steady_value_follow_angle (GstTryonSteadyValue * steady,
    const GstTryonSteadyParams * params, gfloat angle,
    const GstTryonPoint * carrier, gfloat interval, guint n)
{
  gfloat whole = 2.0f * (gfloat) G_PI;

  /* All of them near to the new one. */
  steady->measured[0] =
      angle - gst_tryon_wrap_angle (angle - steady->measured[0]);
  steady->value[0] -= whole * roundf ((steady->value[0] - angle) / whole);
  gst_tryon_steady_value_follow (steady, params, angle, 0.0f, carrier, 1.0f,
      interval, n);
}

void
gst_tryon_steady_value_coast (GstTryonSteadyValue * steady,
    const GstTryonSteadyParams * params, gfloat unit, gfloat interval)
{
  follow_speed (steady->speed, 0.0f, 0.0f, params, interval);
  follow_speed (steady->carried, 0.0f, 0.0f, params, interval);
  steady_value_go_on (steady, params, unit, interval);
  steady->measured[0] = steady->value[0];
  steady->measured[1] = steady->value[1];
}

gboolean
gst_tryon_is_sane (gfloat x)
{
  return fabsf (x) < 1e6f;
}

gfloat
gst_tryon_take_time (GstClockTime * last, GstClockTime time)
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

gboolean
gst_tryon_is_time_jump (GstClockTime last, GstClockTime time)
{
  return GST_CLOCK_TIME_IS_VALID (last) && GST_CLOCK_TIME_IS_VALID (time)
      && (time < last || time - last > LONGEST_INTERVAL * GST_SECOND);
}

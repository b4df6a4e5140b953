/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A low-pass whose cutoff grows with what lasts of the difference to what is measured,
 * as a One-Euro filter's does with the speed (gsttryonsteadyvalue.c). A fixed threshold
 * would not do: the net's answers about one nail differ by a fiftieth of a radian from
 * frame to frame, and by a sixth about another that is nearly round; what is noise to
 * the second is movement to the first. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gsttryonsteadymean.h"

#include <math.h>
#include <string.h>

#include "gsttryonsteadyvalue.h"

/* Of frames: the n-th one counts s / (n + s) at least; later ones a bit more than in a
 * plain mean, for what is seen at first is not seen as well. */
#define SETTLING 2.0f
/* The last frame's part of the noise, once that is known; and how many standard
 * deviations it is taken for at most, so that one bad frame does not pass for noise. */
#define NOISE_SHARE 0.05f
#define NOISE_GROWTH 3.0f
/* Standard deviations of the smoothed noise that half of a difference is believed at. */
#define SURE 5.0f
/* Standard deviations, beyond which a single measurement counts no more; and how much
 * farther in what has lasted. */
#define OUTLIER 1.5f
#define OUTLIER_LEAST 0.4f      /* of the least difference */
#define OUTLIER_GROWTH 4.0f
/* Measurements before which none is an outlier. */
#define OUTLIER_FRAMES 4

static gfloat
get_square (const gfloat * a, const gfloat * b, guint n)
{
  gfloat sum = 0.0f;
  guint i;

  for (i = 0; i < n; i++)
    sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sum;
}

static gfloat
get_length (const gfloat * a, guint n)
{
  gfloat sum = 0.0f;
  guint i;

  for (i = 0; i < n; i++)
    sum += a[i] * a[i];
  return sqrtf (sum);
}

/* Two measurements differ by twice the variance of one. */
static void
take_noise (const GstTryonSteadyMean * mean,
    const GstTryonSteadyMeanParams * params, const gfloat * measured,
    gfloat unit, guint n)
{
  gfloat square;

  if (*mean->noise > 0.0f) {
    square = 0.5f * get_square (measured, mean->last, mean->n_dims)
        / (unit * unit);
    square = MIN (square, NOISE_GROWTH * NOISE_GROWTH * *mean->noise);
    *mean->noise += MAX (NOISE_SHARE, 1.0f / (n + 1)) * (square - *mean->noise);
    /* 0 says that it is not known; and from 0 nothing grows. */
    *mean->noise = MAX (*mean->noise, 1e-6f);
  } else {
    *mean->noise = params->usual * params->usual;
  }
  memcpy (mean->last, measured, mean->n_dims * sizeof (gfloat));
}

/* How much of the difference to what was measured counts. */
static gfloat
get_part (const GstTryonSteadyMean * mean,
    const GstTryonSteadyMeanParams * params, const gfloat * measured,
    gfloat unit, guint n)
{
  gfloat away = sqrtf (get_square (measured, mean->value, mean->n_dims));
  gfloat most = unit * (OUTLIER * sqrtf (*mean->noise)
      + OUTLIER_LEAST * params->least)
      + OUTLIER_GROWTH * get_length (mean->drift, mean->n_dims);

  return n < OUTLIER_FRAMES || away <= most ? 1.0f : most / away;
}

void
gst_tryon_steady_mean_update (const GstTryonSteadyMean * mean,
    const GstTryonSteadyMeanParams * params, const gfloat * measured,
    gfloat unit, gfloat interval, guint n)
{
  gfloat alpha = gst_tryon_steady_alpha (params->drift_cutoff, interval);
  gfloat part, drift, chance;
  guint i;

  take_noise (mean, params, measured, unit, n);
  part = get_part (mean, params, measured, unit, n);
  for (i = 0; i < mean->n_dims; i++)
    mean->drift[i] += alpha * (part * (measured[i] - mean->value[i])
        - mean->drift[i]);
  drift = get_length (mean->drift, mean->n_dims) / unit;
  /* What is left of white noise behind an exponential filter. */
  chance = sqrtf (*mean->noise * alpha / (2.0f - alpha));
  drift *= gst_tryon_steady_share (drift, MAX (SURE * chance, params->least));
  alpha =
      gst_tryon_steady_alpha (params->cutoff + params->beta * drift, interval);
  alpha = MAX (alpha, SETTLING / (n + SETTLING));
  for (i = 0; i < mean->n_dims; i++)
    mean->value[i] += alpha * part * (measured[i] - mean->value[i]);
}

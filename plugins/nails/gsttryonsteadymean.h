/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The mean of what is measured of something that stays as it is, until what is measured
 * differs for longer, and by more, than by chance. How much is chance is measured, too.
 * Pure: time is given. */

/* The most dimensions that a value may have. */
#define GST_TRYON_STEADY_MEAN_DIMS 32

/**
 * GstTryonSteadyMeanParams:
 * @cutoff: Hz, of a mean of which nothing was seen to change
 * @beta: Hz per difference that lasts, in units
 * @drift_cutoff: Hz: what is faster does not last
 * @least: difference in units, below which none is one, however little chance does
 * @usual: standard deviation in units that is taken as chance's at first
 */
typedef struct
{
  gfloat cutoff;
  gfloat beta;
  gfloat drift_cutoff;
  gfloat least;
  gfloat usual;
} GstTryonSteadyMeanParams;

/**
 * GstTryonSteadyMean:
 * @n_dims: 1 to GST_TRYON_STEADY_MEAN_DIMS
 * @value: the mean
 * @last: what was measured last, moved as @value was since
 * @drift: how what was measured differs from @value, smoothed
 * @noise: variance of what is measured, in units squared; 0: not known, nor is @last
 *
 * Where the numbers are, which belong to the caller.
 */
typedef struct
{
  guint n_dims;
  gfloat *value;
  gfloat *last;
  gfloat *drift;
  gfloat *noise;
} GstTryonSteadyMean;

/* A new measurement. @unit: of the value, that differences are told in. @interval: since
 * the last one, seconds, over 0. @n: how many came before. */
void gst_tryon_steady_mean_update (const GstTryonSteadyMean * mean,
    const GstTryonSteadyMeanParams * params, const gfloat * measured,
    gfloat unit, gfloat interval, guint n);

G_END_DECLS

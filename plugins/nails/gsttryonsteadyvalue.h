/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>
#include <gst/tryon/gsttryonnailsmeta.h>

#include "gsttryonsteadymean.h"

G_BEGIN_DECLS

/* Takes the noise from a value that is measured in each frame, without lag while it
 * moves: see the .c file. Pure: time is given. */

/* How one kind of value is filtered. */
typedef struct
{
  gfloat cutoff;                /* Hz, of what is still */
  gfloat beta;                  /* Hz per speed */
  gfloat speed_cutoff;          /* Hz */
  gfloat noise;                 /* speed, below which it is not followed */
} GstTryonSteadyParams;

/* A value of one or two dimensions. */
typedef struct
{
  gfloat value[2];
  gfloat measured[2];           /* the last one, as it came */
  gfloat speed[2];              /* of what was measured, per second */
  gfloat carried[2];            /* the speed of what carries it */
  gfloat drift[2];              /* as GstTryonSteadyMean's */
  gfloat noise;
} GstTryonSteadyValue;

void gst_tryon_steady_value_set (GstTryonSteadyValue * steady, gfloat x,
    gfloat y);

/* A new measurement. @carrier: (nullable): by how much what carries the value has
 * moved since the last one, when it is known. @unit: of the value, that speeds are
 * told in. @interval: since the last one, seconds, over 0. @n: how many came
 * before. */
void gst_tryon_steady_value_follow (GstTryonSteadyValue * steady,
    const GstTryonSteadyParams * params, gfloat x, gfloat y,
    const GstTryonPoint * carrier, gfloat unit, gfloat interval, guint n);
/* The same when it is known exactly by how much it has moved, @shift: apart from that it
 * is a steady mean. */
void gst_tryon_steady_value_carry (GstTryonSteadyValue * steady,
    const GstTryonSteadyParams * params,
    const GstTryonSteadyMeanParams * mean_params, gfloat x, gfloat y,
    const GstTryonPoint * shift, gfloat unit, gfloat interval, guint n);
/* Moved when nothing was measured. */
void gst_tryon_steady_value_shift (GstTryonSteadyValue * steady,
    const GstTryonPoint * shift);
/* The same as the first for an angle, in value[0]; its unit is the radian. */
void gst_tryon_steady_value_follow_angle (GstTryonSteadyValue * steady,
    const GstTryonSteadyParams * params, gfloat angle,
    const GstTryonPoint * carrier, gfloat interval, guint n);
/* When nothing was measured: goes on, slower and slower. */
void gst_tryon_steady_value_coast (GstTryonSteadyValue * steady,
    const GstTryonSteadyParams * params, gfloat unit, gfloat interval);

/* Of an exponential filter with that @cutoff, Hz. */
gfloat gst_tryon_steady_alpha (gfloat cutoff, gfloat interval);
/* Of @x, that is taken as more than noise: 0 to 1. */
gfloat gst_tryon_steady_share (gfloat x, gfloat noise);
/* -pi to pi. */
gfloat gst_tryon_wrap_angle (gfloat angle);
/* Also FALSE for NaN; beyond, the sums of a frame's life could overflow. */
gboolean gst_tryon_is_sane (gfloat x);

/* Seconds from the frame at @last to the one at @time, more than 0; sets @last.
 * GST_CLOCK_TIME_NONE: a 30th of a second after the last one. */
gfloat gst_tryon_take_time (GstClockTime * last, GstClockTime time);
/* Backwards, or so far on that nothing of before still holds: half a second. */
gboolean gst_tryon_is_time_jump (GstClockTime last, GstClockTime time);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gsttryonnailmask.h"

G_BEGIN_DECLS

/* Keeps a finger's nail steady from frame to frame, and fades it in and out. Pure:
 * time is given. */

/* A finger's end as landmarks give it. */
typedef struct
{
  GstTryonPoint tip;
  gfloat angle;                 /* from the last joint to the tip, as a form's */
  gfloat scale;                 /* pixels; half of the crop's side */
} GstTryonFingerEnd;

/* A value of one or two dimensions and its One-Euro filter, see the .c file. */
typedef struct
{
  gfloat value[2];
  gfloat measured[2];           /* the last one, as it came */
  gfloat speed[2];              /* of what was measured, per second */
  gfloat carried[2];            /* the speed of what carries it */
} GstTryonSteadyValue;

/* Set up by gst_tryon_finger_filter_init(). All fields are private. */
typedef struct
{
  GstClockTime time;
  guint n;                      /* frames in a row */
  GstTryonSteadyValue tip;
  GstTryonSteadyValue angle;
  GstTryonSteadyValue scale;    /* its logarithm */
  GstTryonFingerEnd view;
} GstTryonFingerFilter;

/* Set up by gst_tryon_nail_filter_init(). All fields are private. */
typedef struct
{
  gboolean started;             /* there is a form */
  GstClockTime time;            /* of the last frame; GST_CLOCK_TIME_NONE: none yet */
  GstTryonSteadyValue centre;
  GstTryonSteadyValue angle;
  GstTryonSteadyValue size;     /* its logarithm */
  gfloat radii[GST_TRYON_NAIL_OUTLINE];
  gfloat drift[GST_TRYON_NAIL_OUTLINE]; /* how measured radii differ, smoothed */
  guint n_measured;             /* since it started */

  gboolean has_finger;          /* in the last frame */
  GstTryonFingerEnd finger;
  /* Where the nail is on the finger, to be moved with it. */
  gboolean placed;
  gfloat across, along;         /* of its centre from the tip, in scales */
  gfloat turned;                /* its angle to the finger's */
  gfloat grown;                 /* logarithm of size / scale */
  guint n_strayed;              /* frames in a row that it was found elsewhere */

  gfloat belief;                /* confidence, smoothed */
  gboolean shown;               /* fades in, or is there; else fades out */
  gfloat opacity;
} GstTryonNailFilter;

void gst_tryon_finger_filter_init (GstTryonFingerFilter * filter);
/* @view (out caller-allocates): @finger, as landmarks give it, but steadier, and it
 * stays where it is until the finger has left it by some pixels of the crop: what to
 * look for the nail in. What the net makes of a nail depends on where in the crop
 * that is, so a crop that trembles would make the nail tremble. @time: as
 * gst_tryon_nail_filter_update()'s. */
void gst_tryon_finger_filter_update (GstTryonFingerFilter * filter,
    GstClockTime time, const GstTryonFingerEnd * finger,
    GstTryonFingerEnd * view);

void gst_tryon_nail_filter_init (GstTryonNailFilter * filter);

/**
 * gst_tryon_nail_filter_update:
 * @time: of the frame; GST_CLOCK_TIME_NONE: a 30th of a second after the last one.
 *     Backwards, or after more than half a second, all is forgotten
 * @finger: (nullable): where the finger is; %NULL when its hand was not found
 * @form: (nullable): the nail as measured in this frame, in frame pixels
 * @confidence: of @form; 0 without
 * @nail: (out caller-allocates): all but hand and finger are set
 *
 * Returns: %FALSE when nothing is to be seen of the nail
 */
gboolean gst_tryon_nail_filter_update (GstTryonNailFilter * filter,
    GstClockTime time, const GstTryonFingerEnd * finger,
    const GstTryonNailForm * form, gfloat confidence, GstTryonNail * nail);

G_END_DECLS

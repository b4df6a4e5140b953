/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gsttryonfingerfilter.h"
#include "gsttryonnailcontour.h"

G_BEGIN_DECLS

/* Keeps a finger's nail steady from frame to frame, and fades it in and out. Pure:
 * time is given. */

/* Set up by gst_tryon_nail_filter_init(). All fields are private. */
typedef struct
{
  gboolean started;             /* there is a contour */
  GstClockTime time;            /* of the last frame; GST_CLOCK_TIME_NONE: none yet */
  GstTryonSteadyValue centre;
  GstTryonSteadyValue angle;
  GstTryonSteadyValue size;     /* its logarithm */
  gfloat radii[GST_TRYON_NAIL_OUTLINE];
  gfloat drift[GST_TRYON_NAIL_OUTLINE]; /* how measured radii differ, smoothed */
  gfloat last[GST_TRYON_NAIL_OUTLINE];  /* as GstTryonSteadyMean's */
  gfloat noise;
  guint n_measured;             /* since it started */

  gboolean has_finger;          /* in the last frame */
  GstTryonFingerEnd finger;
  /* Where the nail is on the finger, to be moved with it. */
  gboolean placed;
  gfloat across, along;         /* of its centre from the tip, in scales */
  gfloat turned;                /* its angle to the finger's */
  gfloat grown;                 /* logarithm of size / scale */
  guint n_strayed;              /* frames in a row that it was found elsewhere */
  gboolean leapt;               /* its finger; the nail wasn't found there yet */

  gfloat belief;                /* confidence, smoothed */
  gboolean shown;               /* fades in, or is there; else fades out */
  gfloat opacity;
} GstTryonNailFilter;

void gst_tryon_nail_filter_init (GstTryonNailFilter * filter);
/* The finger is at once elsewhere: the nail stays, and fades, until it is found
 * there. */
void gst_tryon_nail_filter_leap (GstTryonNailFilter * filter);
/* What was seen of it until now was not seen well, and counts as if it were little. */
void gst_tryon_nail_filter_unsettle (GstTryonNailFilter * filter);
/* Whether it is shown, where its finger is. */
gboolean gst_tryon_nail_filter_is_settled (const GstTryonNailFilter * filter);
/**
 * gst_tryon_nail_filter_update:
 * @time: of the frame; GST_CLOCK_TIME_NONE: a 30th of a second after the last one.
 *     Backwards, or after more than half a second, all is forgotten
 * @finger: (nullable): where the finger is; %NULL when its hand was not found
 * @contour: (nullable): the nail as measured in this frame, in frame pixels
 * @confidence: of @contour; 0 without
 * @movement: (nullable): how the nail has moved since the last frame, when that was seen:
 *     a similarity
 * @nail: (out caller-allocates): all but hand and finger are set
 *
 * Returns: %FALSE when it is not known where it is, and @nail is not set. Otherwise its
 *     opacity may be 0: it is not to be seen yet
 */
gboolean gst_tryon_nail_filter_update (GstTryonNailFilter * filter,
    GstClockTime time, const GstTryonFingerEnd * finger,
    const GstTryonNailContour * contour, gfloat confidence,
    const GstTryonAffine * movement, GstTryonNail * nail);

G_END_DECLS

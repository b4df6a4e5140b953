/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gsttryoncrop.h"
#include "gsttryonsteadyvalue.h"

G_BEGIN_DECLS

/* Where a finger's end is, and where to look for its nail. Landmarks say it in each
 * frame, but not always well: those of a finger that is half hidden leap to another one
 * and back. A nail that is seen knows better. Pure: time is given. */

/* A finger's end as landmarks give it. */
typedef struct
{
  GstTryonPoint tip;
  gfloat angle;                 /* from the last joint to the tip, as a contour's */
  gfloat scale;                 /* pixels; half of the crop's side */
} GstTryonFingerEnd;

/* Set up by gst_tryon_finger_filter_init(). All fields are private. */
typedef struct
{
  GstClockTime time;
  guint n;                      /* frames in a row */
  GstTryonSteadyValue tip;
  GstTryonSteadyValue angle;
  GstTryonSteadyValue scale;    /* its logarithm */
  GstTryonFingerEnd view;
  gboolean refocused;           /* the view, in the last frame */

  GstTryonFingerEnd end;        /* where it was in the last frame */
  GstTryonPoint off;            /* by how much that was drawn to the nail, pixels */
  GstTryonPoint nail;           /* its centre, in the frame that it was last seen in */
  guint n_unseen;               /* frames in a row without a nail there */
  GstTryonFingerEnd landmarks;  /* as they were in the last frame */
  gfloat unrest;                /* how often they leapt lately */
} GstTryonFingerFilter;

/* Not for numbers that are none, or far beyond any frame. */
gboolean gst_tryon_finger_end_is_sane (const GstTryonFingerEnd * end);

void gst_tryon_finger_filter_init (GstTryonFingerFilter * filter);

/**
 * gst_tryon_finger_filter_update:
 * @time: as gst_tryon_nail_filter_update()'s
 * @landmarks: where they say that the finger is
 * @movement: (nullable): the hand's since the last frame
 * @is_seen: @movement is the finger's own, as it was seen: landmarks count little then
 * @end: (out caller-allocates): where it is: @landmarks, as far as its nail is not too far
 *     from their tip; or, when these have leapt away from a nail that was seen, where the
 *     hand has carried it
 * @view: (out caller-allocates): @end, but steadier, and it stays where it is until
 *     the finger has left it by some pixels of the crop: what to look for the nail in.
 *     What the net makes of a nail depends on where in the crop that is, so a crop
 *     that trembles would make the nail tremble, and one that creeps, creep
 *
 * Returns: %FALSE when @end has leapt: what was known of the finger's nail does not
 *     hold for this place
 */
gboolean gst_tryon_finger_filter_update (GstTryonFingerFilter * filter,
    GstClockTime time, const GstTryonFingerEnd * landmarks,
    const GstTryonAffine * movement, gboolean is_seen, GstTryonFingerEnd * end,
    GstTryonFingerEnd * view);
/* Whether the last update took the view elsewhere while its finger was seen to move: what
 * the net says will differ from what it has said. */
gboolean gst_tryon_finger_filter_has_refocused (const GstTryonFingerFilter *
    filter);
/* After each update: where its nail was seen there; %NULL: it wasn't. */
void gst_tryon_finger_filter_confirm (GstTryonFingerFilter * filter,
    const GstTryonPoint * nail);
/* Whether the landmarks have leapt more than once within half a second: where they are
 * says little then, and a nail that was not seen before may be none. */
gboolean gst_tryon_finger_filter_is_restless (const GstTryonFingerFilter *
    filter);

G_END_DECLS

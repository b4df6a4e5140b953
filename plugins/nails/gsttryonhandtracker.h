/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/video/video.h>
#include <gst/tryon/gsttryonnailsmeta.h>

#include "gsttryonhandmodels.h"
#include "gsttryonpalm.h"

G_BEGIN_DECLS

/* Finds up to two hands in a frame, and follows them. The palms are looked for only
 * while a hand may be missing, in one of the views in turn, and not in every frame: as
 * often as it needs for a hand to be reported within 500 ms of its first frame when
 * there is none yet, within 1.2 s when there was none for 3 s, and within 1.5 s when
 * there is one. No frame runs more than two networks. A hand is reported from its second frame on. One thread at a time. */

typedef struct _GstTryonHandTracker GstTryonHandTracker;

/* What finds palms and landmarks: the networks, or a test. */
typedef struct
{
  /* (nullable): before the others, once for each frame. */
  void (*begin_frame) (gpointer user_data, const GstVideoFrame * frame);
  /* @palms: room for @max_palms, the surest first. */
  gboolean (*find_palms) (gpointer user_data, const GstVideoFrame * frame,
      GstTryonPalmView view, GstTryonPalm * palms, guint max_palms, guint * n_palms, GError ** error);
  /* @hand: to get presence, handedness, landmarks and depths, in pixels of the
   * frame. */
  gboolean (*find_landmarks) (gpointer user_data, const GstVideoFrame * frame,
      const GstTryonHandRegion * region, GstTryonHand * hand, GError ** error);
  void (*free) (gpointer user_data);    /* (nullable) */
} GstTryonHandBackend;

/* @backend: (transfer none): copied. */
GstTryonHandTracker *gst_tryon_hand_tracker_new_with_backend
    (const GstTryonHandBackend * backend, gpointer user_data);
/* @palm, @landmarks: (transfer none). */
GstTryonHandTracker *gst_tryon_hand_tracker_new (GstTryonNetPool * palm,
    GstTryonNetPool * landmarks);
void gst_tryon_hand_tracker_free (GstTryonHandTracker * tracker);

/* 1 or 2, by default 2. */
void gst_tryon_hand_tracker_set_max_hands (GstTryonHandTracker * tracker,
    guint max_hands);
/* Forgets the hands: the next frame has nothing to do with those before. So does a
 * frame of another size. Ids go on. */
void gst_tryon_hand_tracker_reset (GstTryonHandTracker * tracker);

/* @time: of the frame; when it is not valid, 25 frames a second are assumed.
 * @hands (out caller-allocates): GST_TRYON_MAX_HANDS of them; the landmarks are as
 * the model gives them, not smoothed. @n_hands (out): how many. */
gboolean gst_tryon_hand_tracker_track (GstTryonHandTracker * tracker,
    const GstVideoFrame * frame, GstClockTime time, GstTryonHand * hands,
    guint * n_hands, GError ** error);

/* @detection, @landmarks: (out) (optional): how long the last frame's palm detection
 * and landmarks took, 0 when there was none. */
void gst_tryon_hand_tracker_get_times (GstTryonHandTracker * tracker,
    GstClockTime * detection, GstClockTime * landmarks);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstTryonHandTracker, gst_tryon_hand_tracker_free)

G_END_DECLS

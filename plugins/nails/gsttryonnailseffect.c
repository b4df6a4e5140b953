/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gsttryonhandtracker.h"
#include "gsttryonnailfinder.h"
#include "gsttryonnailpainter.h"
#include "gsttryonnailseffect.h"

struct _GstTryonNailsEffect
{
  GstTryonHandTracker *tracker;
  GstTryonNailFinder *finder;
  GstTryonNailPainter *painter;
};

GstTryonNailsEffect *
gst_tryon_nails_effect_new (GstTryonNetPool * palm,
    GstTryonNetPool * landmarks, GstTryonNetPool * nail_net)
{
  GstTryonNailsEffect *effect = g_new0 (GstTryonNailsEffect, 1);

  effect->tracker = gst_tryon_hand_tracker_new (palm, landmarks);
  effect->finder = gst_tryon_nail_finder_new (nail_net);
  effect->painter = gst_tryon_nail_painter_new ();
  return effect;
}

void
gst_tryon_nails_effect_free (GstTryonNailsEffect * effect)
{
  gst_tryon_nail_painter_free (effect->painter);
  gst_tryon_nail_finder_free (effect->finder);
  gst_tryon_hand_tracker_free (effect->tracker);
  g_free (effect);
}

void
gst_tryon_nails_effect_forget (GstTryonNailsEffect * effect)
{
  gst_tryon_hand_tracker_reset (effect->tracker);
  gst_tryon_nail_finder_reset (effect->finder);
}

static gboolean
analyse_frame (GstTryonNailsEffect * effect, const GstVideoFrame * frame,
    GstClockTime time, GstTryonNailsResults * results, GError ** error)
{
  GstClockTime begin;

  if (!gst_tryon_hand_tracker_track (effect->tracker, frame, time,
          results->hands, &results->n_hands, error))
    return FALSE;
  gst_tryon_hand_tracker_get_times (effect->tracker,
      &results->times[GST_TRYON_NAILS_STAGE_DETECTION],
      &results->times[GST_TRYON_NAILS_STAGE_LANDMARKS]);

  begin = gst_util_get_timestamp ();
  if (!gst_tryon_nail_finder_find (effect->finder, frame, time,
          results->hands, results->n_hands, results->nails, &results->n_nails,
          error))
    return FALSE;
  if (results->n_hands > 0)
    results->times[GST_TRYON_NAILS_STAGE_NAILS] =
        gst_util_get_timestamp () - begin;
  return TRUE;
}

gboolean
gst_tryon_nails_effect_analyse (GstTryonNailsEffect * effect,
    GstBuffer * buffer, const GstVideoInfo * info, GstClockTime time,
    guint max_hands, GstTryonNailsResults * results, GError ** error)
{
  GstVideoFrame frame;
  gboolean ok;

  if (!gst_video_frame_map (&frame, info, buffer, GST_MAP_READ)) {
    g_set_error_literal (error, GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED,
        "the video frame can't be read");
    return FALSE;
  }
  gst_tryon_hand_tracker_set_max_hands (effect->tracker, max_hands);
  ok = analyse_frame (effect, &frame, time, results, error);
  gst_video_frame_unmap (&frame);
  return ok;
}

gboolean
gst_tryon_nails_effect_paint (GstTryonNailsEffect * effect,
    GstBuffer * buffer, const GstVideoInfo * info,
    GstTryonNailsResults * results, const GstTryonDesign * design,
    GError ** error)
{
  GstClockTime begin = gst_util_get_timestamp ();
  GstVideoFrame frame;

  if (!gst_video_frame_map (&frame, info, buffer, GST_MAP_READWRITE)) {
    g_set_error_literal (error, GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED,
        "the video frame can't be written to");
    return FALSE;
  }
  gst_tryon_nail_painter_paint (effect->painter, &frame, results->nails,
      results->n_nails, design);
  gst_video_frame_unmap (&frame);
  results->times[GST_TRYON_NAILS_STAGE_DRAWING] =
      gst_util_get_timestamp () - begin;
  return TRUE;
}

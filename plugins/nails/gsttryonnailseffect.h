/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gsttryondesign.h"
#include "gsttryonnailsaccount.h"
#include "gsttryonnetpool.h"

G_BEGIN_DECLS

/* From a frame to its nails, and back into the frame. One thread at a time. */

typedef struct _GstTryonNailsEffect GstTryonNailsEffect;

/* The pools (transfer none): of the hand models, and of the nail net. */
GstTryonNailsEffect *gst_tryon_nails_effect_new (GstTryonNetPool * palm,
    GstTryonNetPool * landmarks, GstTryonNetPool * nail_net);
void gst_tryon_nails_effect_free (GstTryonNailsEffect * effect);

/* What earlier frames showed has nothing to do with the next one. */
void gst_tryon_nails_effect_forget (GstTryonNailsEffect * effect);

/* @buffer: a frame of @info, is only read: that others hold it, too, costs no copy.
 * @time: what positions are smoothed by. @results: zeroed. */
gboolean gst_tryon_nails_effect_analyse (GstTryonNailsEffect * effect,
    GstBuffer * buffer, const GstVideoInfo * info, GstClockTime time,
    guint max_hands, GstTryonNailsResults * results, GError ** error);
/* Draws the nails of @results into the same frame, which is writable. */
gboolean gst_tryon_nails_effect_paint (GstTryonNailsEffect * effect,
    GstBuffer * buffer, const GstVideoInfo * info,
    GstTryonNailsResults * results, const GstTryonDesign * design,
    GError ** error);

G_END_DECLS

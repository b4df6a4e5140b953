/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/video/video.h>
#include <gst/tryon/gsttryonnailsmeta.h>

#include "gsttryoncrop.h"
#include "gsttryonnailmask.h"
#include "gsttryonnetpool.h"

G_BEGIN_DECLS

/* Finds the nails of hands, and keeps them steady from frame to frame. One thread at
 * a time. */

typedef struct _GstTryonNailFinder GstTryonNailFinder;

/* @net: (transfer none): gst_tryon_nail_net_open()'s. */
GstTryonNailFinder *gst_tryon_nail_finder_new (GstTryonNetPool * net);

/* Logits of all fingers' crops of a hand, GST_TRYON_NAIL_MASK_SIZE squared for each,
 * thumb first. @affines: from each crop to @frame. */
typedef gboolean (*GstTryonNailSegmentFunc) (const GstVideoFrame * frame,
    const GstTryonAffine * affines, gfloat * logits, gpointer user_data,
    GError ** error);

/* With something else in place of the net: tests. @user_data: (transfer none). */
GstTryonNailFinder *gst_tryon_nail_finder_new_with_func (
    GstTryonNailSegmentFunc func, gpointer user_data);
void gst_tryon_nail_finder_free (GstTryonNailFinder * finder);
/* Forgets what was seen before. */
void gst_tryon_nail_finder_reset (GstTryonNailFinder * finder);

/* Without smoothing and fading when FALSE: single pictures. By default TRUE. */
void gst_tryon_nail_finder_set_smooth (GstTryonNailFinder * finder,
    gboolean smooth);

/* @nails (out caller-allocates): GST_TRYON_MAX_NAILS of them; those to be seen, also
 * the ones of fingers that are lost for the moment and fade out. @n_nails (out). */
gboolean gst_tryon_nail_finder_find (GstTryonNailFinder * finder,
    const GstVideoFrame * frame, GstClockTime time, const GstTryonHand * hands,
    guint n_hands, GstTryonNail * nails, guint * n_nails, GError ** error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstTryonNailFinder, gst_tryon_nail_finder_free)

G_END_DECLS

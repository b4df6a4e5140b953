/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gsttryonnetpool.h"

G_BEGIN_DECLS

/* Our own network, that tells a nail's pixels from all others in a crop around a
 * fingertip (tools/train-nails makes its weights). */

#define GST_TRYON_NAIL_NET_SIZE 64      /* of a crop, square, RGB 0..1 */
#define GST_TRYON_NAIL_NET_BATCH 5      /* crops at once: those of a hand */
/* A crop's half side, as a multiple of max (|tip - joint|, 0.22 hand scale). The hand
 * scale is max (|wrist - middle knuckle|, 1.2 |index knuckle - little knuckle|). */
#define GST_TRYON_NAIL_NET_MARGIN 1.15f

#define GST_TRYON_NAIL_NET_ERROR (gst_tryon_nail_net_error_quark ())

/**
 * GstTryonNailNetError:
 * @GST_TRYON_NAIL_NET_ERROR_DAMAGED: the weights are not as they were written
 * @GST_TRYON_NAIL_NET_ERROR_OTHER: the weights are of another network, or version
 */
typedef enum
{
  GST_TRYON_NAIL_NET_ERROR_DAMAGED,
  GST_TRYON_NAIL_NET_ERROR_OTHER
} GstTryonNailNetError;

GQuark gst_tryon_nail_net_error_quark (void);

/* (transfer full): input 0: 5 x 64 x 64 x 3, output 0: 5 x 64 x 64 logits, over 0 for
 * a nail's pixels. The weights are part of the plugin. All crops are worked on in
 * each run; what is left in those of fingers that do not matter does no harm. */
GstTryonNetPool *gst_tryon_nail_net_open (GError ** error);

/* (transfer full): one such net, of @weights (transfer none), a file that
 * tools/train-nails has written; %NULL for those of the plugin. */
GstTryonNet *gst_tryon_nail_net_new (GBytes * weights, GError ** error);

G_END_DECLS

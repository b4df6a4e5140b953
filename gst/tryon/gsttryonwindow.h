/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/tryon/tryon-prelude.h>

/* Rolling count, rate, mean and percentiles of what happened in the last
 * while. Pure: driven by the times it is given. Not thread safe. Constant
 * memory: the newest @max_samples are kept. */

G_BEGIN_DECLS

typedef struct _GstTryonWindow GstTryonWindow;

GST_TRYON_API GstTryonWindow * gst_tryon_window_new (GstClockTime span, guint max_samples);
GST_TRYON_API void             gst_tryon_window_free (GstTryonWindow * window);
GST_TRYON_API void             gst_tryon_window_clear (GstTryonWindow * window);
/* @now must not go back; if it does, it counts as the newest time seen. */
GST_TRYON_API void             gst_tryon_window_add (GstTryonWindow * window, GstClockTime now,
                                                     GstClockTime value);
GST_TRYON_API guint            gst_tryon_window_count (GstTryonWindow * window, GstClockTime now);
/* Events per second: (n - 1) / (newest - oldest), and 0 with fewer than two. */
GST_TRYON_API gdouble          gst_tryon_window_rate (GstTryonWindow * window, GstClockTime now);
/* GST_CLOCK_TIME_NONE when empty. */
GST_TRYON_API GstClockTime     gst_tryon_window_mean (GstTryonWindow * window, GstClockTime now);
/* Nearest rank: the smallest value that @percent % (1 to 100) of the samples do
 * not exceed. */
GST_TRYON_API GstClockTime     gst_tryon_window_percentile (GstTryonWindow * window,
                                                            GstClockTime now, guint percent);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/tryon/gsttryonnailsmeta.h>

G_BEGIN_DECLS

/* What an element has found, and what it has done. Plain data, pure. */

typedef enum
{
  GST_TRYON_NAILS_STAGE_DETECTION,
  GST_TRYON_NAILS_STAGE_LANDMARKS,
  GST_TRYON_NAILS_STAGE_NAILS,
  GST_TRYON_NAILS_STAGE_DRAWING
} GstTryonNailsStage;
#define GST_TRYON_NAILS_N_STAGES 4

/**
 * GstTryonNailsResults:
 * @hands: those of the frame
 * @n_hands: how many
 * @nails: those to be seen in the frame
 * @n_nails: how many
 * @times: what each stage took, 0 when there was nothing for it to do
 *
 * Of one frame.
 */
typedef struct
{
  GstTryonHand hands[GST_TRYON_MAX_HANDS];
  guint n_hands;
  GstTryonNail nails[GST_TRYON_MAX_NAILS];
  guint n_nails;
  GstClockTime times[GST_TRYON_NAILS_N_STAGES];
} GstTryonNailsResults;

/* As a meta on @buffer, which is writable. */
void gst_tryon_nails_results_attach (const GstTryonNailsResults * results,
    GstBuffer * buffer);
/* Adds the fields that a `tryon-nails` message has of them. */
void gst_tryon_nails_results_describe (const GstTryonNailsResults * results,
    GstStructure * structure);

/* Since start. Each only grows. */
typedef struct
{
  guint64 frames;
  guint64 analysed;
  guint64 with_hands;
  guint64 nails_drawn;
  guint64 late;
  guint64 analysis_errors;
  guint64 reference_errors;
  /* Frames that a stage had something to do for, and what it took for all. */
  guint64 stage_runs[GST_TRYON_NAILS_N_STAGES];
  GstClockTime stage_times[GST_TRYON_NAILS_N_STAGES];
} GstTryonNailsAccount;

/* A frame was analysed; @drawn: and its nails are in it. */
void gst_tryon_nails_account_add (GstTryonNailsAccount * account,
    const GstTryonNailsResults * results, gboolean drawn);
/* (transfer full): an `application/x-tryon-nails-stats`. */
GstStructure *gst_tryon_nails_account_get_stats (const GstTryonNailsAccount *
    account);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <string.h>

#include "gsttryonnailsaccount.h"

static const gchar *const stage_fields[GST_TRYON_NAILS_N_STAGES] = {
  "detection-time", "landmarks-time", "nails-time", "drawing-time"
};

void
gst_tryon_nails_results_attach (const GstTryonNailsResults * results,
    GstBuffer * buffer)
{
  GstTryonNailsMeta *meta = gst_buffer_add_tryon_nails_meta (buffer);

  if (meta == NULL)
    return;
  meta->n_hands = results->n_hands;
  memcpy (meta->hands, results->hands,
      results->n_hands * sizeof (GstTryonHand));
  meta->n_nails = results->n_nails;
  memcpy (meta->nails, results->nails,
      results->n_nails * sizeof (GstTryonNail));
}

void
gst_tryon_nails_results_describe (const GstTryonNailsResults * results,
    GstStructure * structure)
{
  gdouble confidence = 0.0;
  guint i;

  for (i = 0; i < results->n_nails; i++)
    confidence += results->nails[i].confidence / results->n_nails;
  gst_structure_set (structure,
      "hands", G_TYPE_UINT, results->n_hands,
      "nails", G_TYPE_UINT, results->n_nails,
      "confidence", G_TYPE_DOUBLE, confidence, NULL);
  for (i = 0; i < GST_TRYON_NAILS_N_STAGES; i++)
    gst_structure_set (structure, stage_fields[i], G_TYPE_UINT64,
        results->times[i], NULL);
}

void
gst_tryon_nails_account_add (GstTryonNailsAccount * account,
    const GstTryonNailsResults * results, gboolean drawn)
{
  guint i;

  account->analysed++;
  if (results->n_hands > 0)
    account->with_hands++;
  if (drawn)
    account->nails_drawn += results->n_nails;
  for (i = 0; i < GST_TRYON_NAILS_N_STAGES; i++) {
    if (results->times[i] > 0)
      account->stage_runs[i]++;
    account->stage_times[i] += results->times[i];
  }
}

GstStructure *
gst_tryon_nails_account_get_stats (const GstTryonNailsAccount * account)
{
  GstStructure *stats = gst_structure_new ("application/x-tryon-nails-stats",
      "frames", G_TYPE_UINT64, account->frames,
      "frames-analysed", G_TYPE_UINT64, account->analysed,
      "frames-with-hands", G_TYPE_UINT64, account->with_hands,
      "frames-late", G_TYPE_UINT64, account->late,
      "nails-drawn", G_TYPE_UINT64, account->nails_drawn,
      "analysis-errors", G_TYPE_UINT64, account->analysis_errors,
      "reference-errors", G_TYPE_UINT64, account->reference_errors, NULL);
  guint i;

  for (i = 0; i < GST_TRYON_NAILS_N_STAGES; i++)
    gst_structure_set (stats, stage_fields[i], G_TYPE_UINT64,
        account->stage_runs[i] > 0 ?
        account->stage_times[i] / account->stage_runs[i] : (guint64) 0, NULL);
  return stats;
}

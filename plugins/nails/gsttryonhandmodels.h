/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gsttryonnetpool.h"

G_BEGIN_DECLS

/* The files of the hand models: where they are, and which. */

#define GST_TRYON_PALM_SIZE 192         /* input: square, RGB 0..1 */
#define GST_TRYON_PALM_ANCHORS 2016     /* outputs: 18 floats and 1 for each */
#define GST_TRYON_LANDMARK_SIZE 224

/**
 * GstTryonHandModel:
 * @GST_TRYON_HAND_MODEL_LITE: half the time of the full one
 * @GST_TRYON_HAND_MODEL_FULL: more exact
 */
typedef enum
{
  GST_TRYON_HAND_MODEL_LITE,
  GST_TRYON_HAND_MODEL_FULL
} GstTryonHandModel;

/**
 * gst_tryon_hand_models_open:
 * @folder: (nullable): where the files are; %NULL: $TRYON_MODELS, then the user's
 *     data folder, then the installed one
 * @palm: (out) (transfer full): outputs 0: boxes (2016 x 18), 1: scores (2016)
 * @landmarks: (out) (transfer full): outputs 0: 63 pixels of the crop, 1: presence,
 *     2: handedness, 3: 63 world
 *
 * The error says which file is missing, where it was looked for, and to run
 * gst-tryon-fetch-models, which is tools/fetch-models in a source tree.
 */
gboolean gst_tryon_hand_models_open (const gchar * folder,
    GstTryonHandModel model, GstTryonNetPool ** palm,
    GstTryonNetPool ** landmarks, GError ** error);

/* (transfer full): the path of the file @name, looked for in the same way. */
gchar *gst_tryon_hand_models_find (const gchar * folder, const gchar * name,
    GError ** error);

G_END_DECLS

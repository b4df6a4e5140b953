/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gsttryondesign.h"
#include "gsttryonhandmodels.h"

G_BEGIN_DECLS

/* What the element's properties say. Plain data: its owner guards it. */

/* The properties' numbers. */
enum
{
  GST_TRYON_NAILS_PROP_0,
  GST_TRYON_NAILS_PROP_MODEL,
  GST_TRYON_NAILS_PROP_MODEL_LOCATION,
  GST_TRYON_NAILS_PROP_MAX_HANDS,
  GST_TRYON_NAILS_PROP_DRAW,
  GST_TRYON_NAILS_PROP_REFERENCE,
  GST_TRYON_NAILS_PROP_SHAPE,
  GST_TRYON_NAILS_PROP_LENGTH,
  GST_TRYON_NAILS_PROP_PATTERN,
  GST_TRYON_NAILS_PROP_COLOR,
  GST_TRYON_NAILS_PROP_TIP_COLOR,
  GST_TRYON_NAILS_PROP_FINISH,
  GST_TRYON_NAILS_PROP_INTERVAL,
  GST_TRYON_NAILS_N_SETTINGS
};

typedef struct
{
  GstTryonHandModel model;
  gchar *model_location;        /* (nullable) */
  guint max_hands;
  gboolean draw;
  gchar *reference;             /* (nullable) */
  guint interval;               /* milliseconds, 0: none */
  GstTryonDesign design;        /* without textures */
} GstTryonNailsSettings;

void gst_tryon_nails_settings_install (GObjectClass * klass);
void gst_tryon_nails_settings_init (GstTryonNailsSettings * settings);
void gst_tryon_nails_settings_clear (GstTryonNailsSettings * settings);
/* FALSE when @prop_id is none of these. */
gboolean gst_tryon_nails_settings_set (GstTryonNailsSettings * settings,
    guint prop_id, const GValue * value);
gboolean gst_tryon_nails_settings_get (const GstTryonNailsSettings * settings,
    guint prop_id, GValue * value);

G_END_DECLS

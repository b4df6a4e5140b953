/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The hands and nails of a frame, on its buffer. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <math.h>
#include <string.h>

#include <gst/video/video.h>

#include "gsttryonnailsmeta.h"

GType
gst_tryon_nails_meta_api_get_type (void)
{
  static GType type = 0;
  /* It holds places in a frame: who turns the frame, or changes its size, is not to
   * copy it as it is. Scalers let gst_tryon_nails_meta_transform() do it. Colours
   * and memory mean nothing to it. */
  static const gchar *tags[] = {
    GST_META_TAG_VIDEO_STR, GST_META_TAG_VIDEO_ORIENTATION_STR,
    GST_META_TAG_VIDEO_SIZE_STR, NULL
  };

  if (g_once_init_enter (&type)) {
    GType t = gst_meta_api_type_register ("GstTryonNailsMetaAPI", tags);
    g_once_init_leave (&type, t);
  }
  return type;
}

static void
clear_content (GstTryonNailsMeta * nails)
{
  nails->n_hands = nails->n_nails = 0;
  memset (nails->hands, 0, sizeof (nails->hands));
  memset (nails->nails, 0, sizeof (nails->nails));
}

static gboolean
gst_tryon_nails_meta_init (GstMeta * meta, gpointer params, GstBuffer * buffer)
{
  clear_content ((GstTryonNailsMeta *) meta);
  return TRUE;
}

/* ---- scaling ---- */

typedef struct
{
  gfloat x, y;
  gfloat mean;                  /* of what has no direction */
} Scale;

static void
scale_point (const Scale * scale, GstTryonPoint * point)
{
  point->x *= scale->x;
  point->y *= scale->y;
}

/* Scales the unit vector @direction, which stays one; returns by how much lengths
 * along it grow. */
static gfloat
scale_direction (const Scale * scale, GstTryonPoint * direction)
{
  gfloat length;

  scale_point (scale, direction);
  length = hypotf (direction->x, direction->y);
  if (length > 0.0f) {
    direction->x /= length;
    direction->y /= length;
  }
  return length;
}

/* A square that is not scaled alike both ways is none any more: that of the same
 * area takes its place. */
static void
scale_region (const Scale * scale, GstTryonHandRegion * region)
{
  GstTryonPoint up = { sinf (region->rotation), -cosf (region->rotation) };

  scale_point (scale, &region->centre);
  scale_direction (scale, &up);
  region->rotation = atan2f (up.x, -up.y);
  region->size *= scale->mean;
}

static void
scale_hand (const Scale * scale, GstTryonHand * hand)
{
  guint i;

  for (i = 0; i < GST_TRYON_N_LANDMARKS; i++) {
    scale_point (scale, &hand->landmarks[i]);
    hand->depths[i] *= scale->mean;
  }
  scale_region (scale, &hand->region);
}

static void
scale_nail (const Scale * scale, GstTryonNail * nail)
{
  GstTryonPoint across = { -nail->axis.y, nail->axis.x };
  guint i;

  scale_point (scale, &nail->centre);
  nail->width *= scale_direction (scale, &across);
  nail->length *= scale_direction (scale, &nail->axis);
  for (i = 0; i < GST_TRYON_NAIL_OUTLINE; i++)
    scale_point (scale, &nail->outline[i]);
}

static void
scale_content (GstTryonNailsMeta * nails, const GstVideoMetaTransform * sizes)
{
  Scale scale;
  guint i;

  scale.x = (gfloat) GST_VIDEO_INFO_WIDTH (sizes->out_info) /
      GST_VIDEO_INFO_WIDTH (sizes->in_info);
  scale.y = (gfloat) GST_VIDEO_INFO_HEIGHT (sizes->out_info) /
      GST_VIDEO_INFO_HEIGHT (sizes->in_info);
  scale.mean = sqrtf (scale.x * scale.y);

  for (i = 0; i < nails->n_hands; i++)
    scale_hand (&scale, &nails->hands[i]);
  for (i = 0; i < nails->n_nails; i++)
    scale_nail (&scale, &nails->nails[i]);
}

/* ---- the meta ---- */

/* A copy of the frame keeps it, a scaled one has it scaled. A part of its bytes is no
 * frame any more; and of every other transform it is not known where it moves what. */
static gboolean
gst_tryon_nails_meta_transform (GstBuffer * dest, GstMeta * meta,
    GstBuffer * buffer, GQuark type, gpointer data)
{
  GstTryonNailsMeta *from = (GstTryonNailsMeta *) meta;
  GstTryonNailsMeta *to;
  const GstVideoMetaTransform *sizes = NULL;

  if (GST_META_TRANSFORM_IS_COPY (type)) {
    if (((GstMetaTransformCopy *) data)->region)
      return FALSE;
  } else if (GST_VIDEO_META_TRANSFORM_IS_SCALE (type)) {
    sizes = data;
    if (GST_VIDEO_INFO_WIDTH (sizes->in_info) < 1 ||
        GST_VIDEO_INFO_HEIGHT (sizes->in_info) < 1)
      return FALSE;
  } else {
    return FALSE;
  }

  to = gst_buffer_add_tryon_nails_meta (dest);
  if (to == NULL)
    return FALSE;
  to->n_hands = from->n_hands;
  memcpy (to->hands, from->hands, sizeof (to->hands));
  to->n_nails = from->n_nails;
  memcpy (to->nails, from->nails, sizeof (to->nails));
  if (sizes != NULL)
    scale_content (to, sizes);
  return TRUE;
}

const GstMetaInfo *
gst_tryon_nails_meta_get_info (void)
{
  static const GstMetaInfo *info = NULL;

  if (g_once_init_enter ((GstMetaInfo **) & info)) {
    const GstMetaInfo *i = gst_meta_register (GST_TRYON_NAILS_META_API_TYPE,
        "GstTryonNailsMeta", sizeof (GstTryonNailsMeta),
        gst_tryon_nails_meta_init, NULL, gst_tryon_nails_meta_transform);
    g_once_init_leave ((GstMetaInfo **) & info, (GstMetaInfo *) i);
  }
  return info;
}

GstTryonNailsMeta *
gst_buffer_add_tryon_nails_meta (GstBuffer * buffer)
{
  GstTryonNailsMeta *nails;

  g_return_val_if_fail (GST_IS_BUFFER (buffer), NULL);

  /* A frame is analysed again, or a base class copies metas onto it: what was known
   * of it before no longer holds. */
  nails = gst_buffer_get_tryon_nails_meta (buffer);
  if (nails != NULL) {
    clear_content (nails);
    return nails;
  }
  return (GstTryonNailsMeta *) gst_buffer_add_meta (buffer,
      gst_tryon_nails_meta_get_info (), NULL);
}

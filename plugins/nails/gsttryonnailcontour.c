/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A nail's contour: a radius by direction. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gsttryonnailcontour.h"

#include <math.h>

#include "gsttryonsteadyvalue.h"

#define N GST_TRYON_NAIL_OUTLINE

GstTryonPoint
gst_tryon_nail_contour_direction (guint index)
{
  gfloat t = 2.0f * (gfloat) G_PI * index / N;

  return (GstTryonPoint) {
  GST_TRYON_NAIL_ASPECT *sinf (t), cosf (t)};
}

gboolean
gst_tryon_nail_contour_is_sane (const GstTryonNailContour * contour)
{
  guint i;

  if (!gst_tryon_is_sane (contour->centre.x)
      || !gst_tryon_is_sane (contour->centre.y)
      || !gst_tryon_is_sane (contour->angle)
      || !gst_tryon_is_sane (contour->size) || contour->size < 1e-3f)
    return FALSE;
  for (i = 0; i < N; i++)
    if (!gst_tryon_is_sane (contour->radii[i]))
      return FALSE;
  return TRUE;
}

void
gst_tryon_nail_contour_move (GstTryonNailContour * contour,
    const GstTryonAffine * affine)
{
  contour->centre = gst_tryon_affine_apply (affine, contour->centre);
  contour->angle += atan2f (affine->yx, affine->xx);
  contour->size *= hypotf (affine->xx, affine->yx);
}

void
gst_tryon_nail_contour_apply (const GstTryonNailContour * contour,
    GstTryonNail * nail)
{
  gfloat sine = sinf (contour->angle), cosine = cosf (contour->angle);
  gfloat left = 0.0f, right = 0.0f, root = 0.0f, tip = 0.0f;
  guint i;

  for (i = 0; i < GST_TRYON_NAIL_OUTLINE; i++) {
    GstTryonPoint d = gst_tryon_nail_contour_direction (i);
    gfloat x = contour->size * contour->radii[i] * d.x;
    gfloat y = contour->size * contour->radii[i] * d.y;

    left = MIN (left, x);
    right = MAX (right, x);
    root = MIN (root, y);
    tip = MAX (tip, y);
    nail->outline[i].x = contour->centre.x + x * cosine + y * sine;
    nail->outline[i].y = contour->centre.y + x * sine - y * cosine;
  }
  /* The middle of its length and width, not of its area: half of the length from
   * there is the tip. */
  nail->centre.x = contour->centre.x + 0.5f * ((left + right) * cosine
      + (root + tip) * sine);
  nail->centre.y = contour->centre.y + 0.5f * ((left + right) * sine
      - (root + tip) * cosine);
  nail->axis.x = sine;
  nail->axis.y = -cosine;
  nail->length = tip - root;
  nail->width = right - left;
}

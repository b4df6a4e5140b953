/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A nail's contour: a radius by direction. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gsttryonnailcontour.h"

#include <math.h>
#include <string.h>

#include "gsttryonsteadyvalue.h"

#define N GST_TRYON_NAIL_OUTLINE

/* Each brings the edge nearer by a factor of some ten when it is rebased by what a nail's
 * pose is corrected by in a frame. */
#define EDGE_STEPS 4
/* In sizes. */
#define FARTHEST 10.0f
/* How many times as far as a centre the edge has to be. */
#define WITHIN 1.5f

/* Directions go around. */
G_STATIC_ASSERT ((N & (N - 1)) == 0);

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

/* The radius between directions: Catmull and Rom's cubic through the four nearest. */
static gfloat
get_radius (const gfloat * radii, gfloat direction)
{
  gint i = (gint) floorf (direction);
  gfloat t = direction - i;
  gfloat a = radii[(i - 1) & (N - 1)], b = radii[i & (N - 1)];
  gfloat c = radii[(i + 1) & (N - 1)], d = radii[(i + 2) & (N - 1)];

  return b + 0.5f * t * (c - a + t * (2.0f * a - 5.0f * b + 4.0f * c - d
          + t * (3.0f * (b - c) + d - a)));
}

/* The edge's radius in the direction of (@x, @y), as a part of how far away that is.
 * Both are in the contour's own axes and size. */
static gfloat
compare_to_edge (const gfloat * radii, gfloat x, gfloat y)
{
  gfloat u = x / GST_TRYON_NAIL_ASPECT;

  return get_radius (radii, atan2f (u, y) * (N / (2.0f * (gfloat) G_PI)))
      / MAX (hypotf (u, y), 1e-3f);
}

/* How far the edge is from (@x, @y) along (@across, @along): a point is tried, and moved
 * by what the edge is nearer or farther than that in the point's direction. */
static gfloat
find_edge (const gfloat * radii, gfloat x, gfloat y, gfloat across,
    gfloat along, gfloat guess)
{
  gfloat r = guess;
  guint i;

  for (i = 0; i < EDGE_STEPS; i++) {
    r *= compare_to_edge (radii, x + r * across, y + r * along);
    r = CLAMP (r, 0.0f, FARTHEST);
  }
  return r;
}

gboolean
gst_tryon_nail_contour_rebase (GstTryonNailContour * contour,
    GstTryonPoint centre, gfloat angle, gfloat size)
{
  gfloat sine = sinf (contour->angle), cosine = cosf (contour->angle);
  gfloat turn_sine = sinf (angle - contour->angle);
  gfloat turn_cosine = cosf (angle - contour->angle);
  gfloat dx = (centre.x - contour->centre.x) / contour->size;
  gfloat dy = (centre.y - contour->centre.y) / contour->size;
  gfloat x = dx * cosine + dy * sine, y = dx * sine - dy * cosine;
  gfloat scale = size / contour->size, radii[N];
  guint i;

  /* No direction is found by a number that is none. */
  if (!gst_tryon_is_sane (x) || !gst_tryon_is_sane (y)
      || !gst_tryon_is_sane (angle) || !gst_tryon_is_sane (scale)
      || !(compare_to_edge (contour->radii, x, y) > WITHIN))
    return FALSE;
  for (i = 0; i < N; i++) {
    GstTryonPoint d = gst_tryon_nail_contour_direction (i);

    radii[i] = find_edge (contour->radii, x, y,
        scale * (d.x * turn_cosine + d.y * turn_sine),
        scale * (d.y * turn_cosine - d.x * turn_sine),
        contour->radii[i] / scale);
  }
  memcpy (contour->radii, radii, sizeof (radii));
  contour->centre = centre;
  contour->angle = angle;
  contour->size = size;
  return TRUE;
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

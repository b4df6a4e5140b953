/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <math.h>
#include <string.h>

#include "gsttryonfit.h"
#include "gsttryonnailshape.h"

/* Frames have at most 32767 pixels a side; beyond that, floats get coarse. */
#define MAX_PLACE 65536.0f
#define MIN_SIZE 1.0f           /* pixels */
#define MAX_GROWTH 2.0f         /* nail lengths */

/* The outline is refined by this for drawing: 32 straight edges would be seen on a
 * nail of 100 pixels. */
#define REFINE 4
#define N_DENSE (GST_TRYON_NAIL_OUTLINE * REFINE)
#define N_HALF (N_DENSE / 2)

/* Height over the root, in nail lengths, from where on the shape takes over: about
 * where a nail is widest, and the finger is still beneath it. */
#define JOIN 0.55f
/* Nail lengths after which a side wall's slope has gone half of its way. */
#define STRAIGHTEN 1.2f

#define LAST (GST_TRYON_NAIL_FORM_STATIONS - 1)

/* A place relative to the nail: pixels from the root along the axis and to the
 * right of it. */
typedef struct
{
  gfloat along;
  gfloat across;
} Place;

/* Terms in powers of the height over a nail's middle, in nail lengths; pixels. */
typedef struct
{
  gfloat middle[3];
  gfloat half[3];
} Sides;

/* What the shapes are made from. */
typedef struct
{
  Place dense[N_DENSE + 1];     /* the outline; the first once more at its end */
  gfloat length;
  gfloat growth;                /* pixels */
  gfloat join;                  /* pixels from the root */
  gfloat index[2];              /* in @dense, where the right, left side is there */
  gfloat middle, half;          /* of the side walls at the join, pixels */
  gfloat middle_slope, half_slope;      /* ... per pixel */
} Walls;

static inline gfloat
mix (gfloat a, gfloat b, gfloat share)
{
  return a + (b - a) * share;
}

static inline gfloat
smoothstep (gfloat from, gfloat to, gfloat x)
{
  x = CLAMP ((x - from) / (to - from), 0, 1);
  return x * x * (3 - 2 * x);
}

/* ---- the nail itself ---- */

/* Leaves what a nail can be, an oval, crooked or pointed, and not the dents and bumps
 * of a mask, which are finer: as a sum of circles (Fourier's), of which the fine ones
 * are left out bit by bit. Only a tip may have corners. */
static void
smooth (Place * corners, gfloat length)
{
  static const gfloat kept[] = { 1, 1, 1, 0.85f, 0.5f, 0.2f };
  const gint n = GST_TRYON_NAIL_OUTLINE, most = G_N_ELEMENTS (kept) - 1;
  gfloat weights[GST_TRYON_NAIL_OUTLINE];
  Place result[GST_TRYON_NAIL_OUTLINE];
  gint i, k;

  /* All of it is one sum over the neighbours. */
  for (i = 0; i < n; i++) {
    weights[i] = kept[0] / n;
    for (k = 1; k <= most; k++)
      weights[i] += 2 * kept[k] / n * cosf (2 * (gfloat) G_PI * i * k / n);
  }
  for (i = 0; i < n; i++) {
    gfloat tip = smoothstep (0.55f, 0.85f, corners[i].along / length);
    Place sum = { 0, 0 };

    for (k = 0; k < n; k++) {
      sum.along += weights[k] * corners[(i + k) % n].along;
      sum.across += weights[k] * corners[(i + k) % n].across;
    }
    result[i].along = mix (sum.along, corners[i].along, tip);
    result[i].across = mix (sum.across, corners[i].across, tip);
  }
  memcpy (corners, result, sizeof result);
}

/* Through all corners, round between them (Catmull and Rom's spline). */
static void
refine (const Place * corners, Place * dense)
{
  guint i, k;

  for (i = 0; i < GST_TRYON_NAIL_OUTLINE; i++) {
    const Place *p[4];

    for (k = 0; k < 4; k++)
      p[k] = &corners[(i + k + GST_TRYON_NAIL_OUTLINE - 1) %
          GST_TRYON_NAIL_OUTLINE];
    for (k = 0; k < REFINE; k++) {
      gfloat x = (gfloat) k / REFINE, x2 = x * x, x3 = x2 * x;
      gfloat w0 = -0.5f * x3 + x2 - 0.5f * x, w1 = 1.5f * x3 - 2.5f * x2 + 1;
      gfloat w2 = -1.5f * x3 + 2 * x2 + 0.5f * x, w3 = 0.5f * (x3 - x2);
      Place *to = &dense[i * REFINE + k];

      to->along = w0 * p[0]->along + w1 * p[1]->along + w2 * p[2]->along +
          w3 * p[3]->along;
      to->across = w0 * p[0]->across + w1 * p[1]->across + w2 * p[2]->across +
          w3 * p[3]->across;
    }
  }
  dense[N_DENSE] = dense[0];
}

/* Makes the lowest of the corners the root. FALSE when there is no size to them. */
static gboolean
set_root (GstTryonNailForm * form, Place * corners)
{
  gfloat low = G_MAXFLOAT, high = -G_MAXFLOAT;
  gfloat left = G_MAXFLOAT, right = -G_MAXFLOAT;
  guint i;

  for (i = 0; i < GST_TRYON_NAIL_OUTLINE; i++) {
    low = MIN (low, corners[i].along);
    high = MAX (high, corners[i].along);
    left = MIN (left, corners[i].across);
    right = MAX (right, corners[i].across);
  }
  for (i = 0; i < GST_TRYON_NAIL_OUTLINE; i++)
    corners[i].along -= low;
  form->root.x += low * form->axis.x;
  form->root.y += low * form->axis.y;
  form->own_length = high - low;
  return high - low >= MIN_SIZE && right - left >= MIN_SIZE &&
      fabsf (form->root.x) < MAX_PLACE && fabsf (form->root.y) < MAX_PLACE;
}

/* Axes, and the outline relative to them. */
static gboolean
set_axes (GstTryonNailForm * form, const GstTryonNail * nail, Place * corners)
{
  gfloat norm = hypotf (nail->axis.x, nail->axis.y);
  guint i;

  /* Written so that what is no number fails. */
  if (!(norm > 0.01f && norm < 100 && fabsf (nail->centre.x) < MAX_PLACE &&
          fabsf (nail->centre.y) < MAX_PLACE))
    return FALSE;
  form->axis.x = nail->axis.x / norm;
  form->axis.y = nail->axis.y / norm;
  form->side.x = -form->axis.y;
  form->side.y = form->axis.x;
  form->root = nail->centre;
  for (i = 0; i < GST_TRYON_NAIL_OUTLINE; i++) {
    const GstTryonPoint *p = &nail->outline[i];
    gfloat x = p->x - nail->centre.x, y = p->y - nail->centre.y;

    if (!(fabsf (p->x) < MAX_PLACE && fabsf (p->y) < MAX_PLACE))
      return FALSE;
    corners[i].along = x * form->axis.x + y * form->axis.y;
    corners[i].across = x * form->side.x + y * form->side.y;
  }
  return set_root (form, corners);
}

/* Makes sure that the first half is on the right. */
static void
set_clockwise (Place * corners)
{
  gfloat area = 0;
  guint i;

  for (i = 0; i < GST_TRYON_NAIL_OUTLINE; i++) {
    const Place *p = &corners[i], *q = &corners[(i + 1) %
        GST_TRYON_NAIL_OUTLINE];

    area += p->along * q->across - p->across * q->along;
  }
  if (area >= 0)
    return;
  for (i = 1; i < GST_TRYON_NAIL_OUTLINE / 2; i++) {
    Place kept = corners[i];

    corners[i] = corners[GST_TRYON_NAIL_OUTLINE - i];
    corners[GST_TRYON_NAIL_OUTLINE - i] = kept;
  }
}

/* ---- stations ---- */

static void
widen (GstTryonNailStation * station, gfloat across)
{
  station->left = MIN (station->left, across);
  station->right = MAX (station->right, across);
}

/* The left and right edge at each station. */
static void
set_edges (GstTryonNailStation * stations, gfloat length, const Place * corners,
    guint n)
{
  gfloat scale = LAST / length;
  guint i;
  gint k;

  for (i = 0; i <= LAST; i++) {
    stations[i].left = G_MAXFLOAT;
    stations[i].right = -G_MAXFLOAT;
  }
  for (i = 0; i < n; i++) {
    const Place *p = &corners[i], *q = &corners[(i + 1) % n];
    gfloat from, to;

    if (p->along > q->along) {
      const Place *kept = p;

      p = q;
      q = kept;
    }
    from = p->along * scale;
    to = q->along * scale;
    for (k = MAX ((gint) ceilf (from), 0); k <= to && k <= LAST; k++)
      widen (&stations[k], mix (p->across, q->across,
              to > from ? (k - from) / (to - from) : 0));
  }
  /* The root and the tip may have been missed by a rounding error. */
  for (i = 1; i <= LAST; i++) {
    if (stations[i].left > stations[i].right)
      stations[i].left = stations[i].right =
          (stations[i - 1].left + stations[i - 1].right) / 2;
  }
  if (stations[0].left > stations[0].right)
    stations[0].left = stations[0].right =
        (stations[1].left + stations[1].right) / 2;
  for (i = 0; i <= LAST; i++) {
    const GstTryonNailStation *a = &stations[i > 0 ? i - 1 : 0];
    const GstTryonNailStation *b = &stations[i < LAST ? i + 1 : LAST];
    gfloat run = length / LAST * (b - a);
    gfloat rise = ((b->right - b->left) - (a->right - a->left)) / 2;

    stations[i].slant = run / sqrtf (run * run + rise * rise);
  }
}

/* A nail's middle and half width as polynomials of @x, nail lengths from its middle,
 * from what its sides show: its two ends say little of either. That the middle is
 * straight is taken for granted to a degree: a long tip would show each tremble of
 * the outline ten times as large. */
static void
fit_sides (const GstTryonNailStation * own, Sides * sides)
{
  static const gfloat ridge[3] = { 0, 1.5f, 0.3f };
  GstTryonFit middles, halves;
  guint i;

  gst_tryon_fit_init (&middles, 3);
  gst_tryon_fit_init (&halves, 3);
  for (i = 0; i <= LAST; i++) {
    gfloat v = (gfloat) i / LAST, x = v - 0.5f, basis[3] = { 1, x, x * x };
    gfloat width = own[i].right - own[i].left;
    gfloat inside = smoothstep (0.05f, 0.3f, v) * smoothstep (0.95f, 0.7f, v);

    gst_tryon_fit_add (&middles, basis, (own[i].left + own[i].right) / 2,
        0.01f + inside);
    gst_tryon_fit_add (&halves, basis, width / 2, 0.01f + inside);
  }
  gst_tryon_fit_solve (&middles, ridge, sides->middle);
  gst_tryon_fit_solve (&halves, NULL, sides->half);
}

static inline gfloat
polynomial (const gfloat * terms, gfloat x)
{
  return terms[0] + x * (terms[1] + x * terms[2]);
}

static inline gfloat
slope (const gfloat * terms, gfloat x)
{
  return terms[1] + 2 * terms[2] * x;
}

/* How far a side wall goes on with its slope after @x nail lengths: it turns
 * parallel to the axis bit by bit. */
static gfloat
straightened (gfloat x)
{
  return x / (1 + x / STRAIGHTEN);
}

/* Where u = 0 and 1 are: all along the form, wider at its ends than the outline. */
static void
set_coordinates (GstTryonNailStation * stations, gfloat lengths,
    const Sides * sides)
{
  gfloat half = sides->half[0];
  /* Pixels per nail length. */
  gfloat wider = CLAMP (sides->half[1], -0.4f * half, 0.4f * half);
  gfloat aside = slope (sides->middle, 0.5f);
  guint i;

  for (i = 0; i <= LAST; i++) {
    gfloat x = lengths * i / LAST, own = MIN (x, 1) - 0.5f;
    gfloat above = straightened (MAX (x - 1, 0));

    stations[i].middle = polynomial (sides->middle, own) + aside * above;
    stations[i].half = MAX (half + wider * (own + above / 2), 0.25f);
  }
}

/* ---- shapes ---- */

static Place
dense_at (const Walls * walls, gfloat index)
{
  guint i = CLAMP ((gint) index, 0, N_DENSE - 1);
  const Place *a = &walls->dense[i], *b = a + 1;

  return (Place) {
  mix (a->along, b->along, index - i), mix (a->across, b->across, index - i)};
}

/* Where the outline, followed from the tip on one side, comes down to the join. */
static gfloat
find_join (const Walls * walls, gboolean left)
{
  gint i, step = left ? -1 : 1, from = left ? N_DENSE : 0;

  for (i = from; i != N_HALF; i += step) {
    gfloat a = walls->dense[i].along, b = walls->dense[i + step].along;

    if (a >= walls->join && b < walls->join)
      return i + step * (a - walls->join) / (a - b);
  }
  return N_HALF;
}

static void
set_walls (Walls * walls, const Sides * sides)
{
  Place right, left;

  walls->index[0] = find_join (walls, FALSE);
  walls->index[1] = find_join (walls, TRUE);
  right = dense_at (walls, walls->index[0]);
  left = dense_at (walls, walls->index[1]);
  walls->middle = (left.across + right.across) / 2;
  walls->half = MAX ((right.across - left.across) / 2, 0.25f);
  walls->middle_slope = slope (sides->middle, JOIN - 0.5f) / walls->length;
  walls->half_slope = slope (sides->half, JOIN - 0.5f) / walls->length;
  /* More than this is a mask's fault. */
  walls->middle_slope = CLAMP (walls->middle_slope, -0.4f, 0.4f);
  walls->half_slope = CLAMP (walls->half_slope, -0.3f, 0.03f);
}

/* The side walls, gone on with beyond the join. */
static void
walls_at (const Walls * walls, gfloat along, gfloat * middle, gfloat * half)
{
  gfloat x = along - walls->join;

  x = x > 0 ? walls->length * straightened (x / walls->length) : x;
  *middle = walls->middle + walls->middle_slope * x;
  *half = MAX (walls->half + walls->half_slope * x, 0.3f * walls->half);
}

/* A rectangle's end with round corners: @x from 0, the middle of the tip, to 1.
 * @end: half the width of the tip, @corner: radius of the corner, both as the half
 * width at the join; @ratio: height from there, in the same measure. */
static void
blunt_tip (gfloat x, gfloat end, gfloat corner, gfloat ratio, gfloat * height,
    gfloat * width)
{
  gfloat flat = end - corner;

  if (x < 0.3f) {
    *width = flat * x / 0.3f;
    *height = ratio;
  } else if (x < 0.6f) {
    gfloat angle = (x - 0.3f) / 0.3f * (gfloat) G_PI_2;

    *width = flat + corner * sinf (angle);
    *height = ratio - corner * (1 - cosf (angle));
  } else {
    *height = (ratio - corner) * (1 - x) / 0.4f;
    *width = end;
  }
  /* The edge itself is slightly curved, as it follows the finger's. */
  *height -= 0.07f * *width * *width * smoothstep (1, 0.5f, x);
}

/* Narrower from @straight of the height @ratio on: (1 - q^a)^b. Like shape_tip(). */
static void
pointed_tip (gfloat x, gfloat straight, gfloat a, gfloat b, gfloat ratio,
    gfloat * height, gfloat * width)
{
  gfloat q;

  if (x < 0.8f) {
    q = cosf (x / 0.8f * (gfloat) G_PI_2);
    *height = straight + (ratio - straight) * q;
    *width = powf (MAX (1 - powf (q, a), 0), b);
  } else {
    *height = straight * (1 - x) / 0.2f;
    *width = 1;
  }
}

/* The end of a shape: @x from 0 at the tip to 1 at the join; @ratio: its height
 * over the join, and @height, @width of the outline there, as the half width there;
 * width 1 with no slope at the join. */
static void
shape_tip (GstTryonNailShape shape, gfloat x, gfloat ratio, gfloat * height,
    gfloat * width)
{
  /* A finger's width goes on up to about its own tip. */
  gfloat straight = MIN (0.45f, 0.3f * ratio), end, round, taper;

  switch (shape) {
    case GST_TRYON_NAIL_SHAPE_SQUARE:
      blunt_tip (x, 1, MIN (0.24f, ratio / 2), ratio, height, width);
      break;
    case GST_TRYON_NAIL_SHAPE_COFFIN:
      end = mix (1, 0.5f, smoothstep (0.9f, 2.8f, ratio));
      blunt_tip (x, end, MIN (0.12f, ratio / 3), ratio, height, width);
      if (x >= 0.6f) {
        taper = MAX (*height - straight, 0) / (ratio - straight);
        *width = mix (1, end, taper * taper * (1.6f - 0.6f * taper));
      }
      break;
    case GST_TRYON_NAIL_SHAPE_ALMOND:
      pointed_tip (x, straight, 1.9f, 0.68f, ratio, height, width);
      break;
    case GST_TRYON_NAIL_SHAPE_STILETTO:
      pointed_tip (x, straight, 1.4f, 0.9f, ratio, height, width);
      break;
    case GST_TRYON_NAIL_SHAPE_ROUND:
    case GST_TRYON_NAIL_SHAPE_NATURAL:
    default:
      round = MIN (1.05f, ratio);
      if (x < 0.7f) {
        gfloat angle = x / 0.7f * (gfloat) G_PI_2;

        *height = ratio - round * (1 - cosf (angle));
        *width = sinf (angle);
      } else {
        *height = (ratio - round) * (1 - x) / 0.3f;
        *width = 1;
      }
      break;
  }
}

/* The larger one, rounded where they are about the same. */
static gfloat
smooth_max (gfloat a, gfloat b, gfloat radius)
{
  return (a + b + sqrtf ((a - b) * (a - b) + radius * radius)) / 2;
}

/* The outline at @x, from 0 at the tip to 1 at the join, on one side. */
static Place
grown (const Walls * walls, const GstTryonNailStation * own,
    GstTryonNailShape shape, gboolean left, gfloat x)
{
  gfloat height, width, middle, half, nail, sign = left ? -1 : 1, near_join;
  gfloat tip = walls->length + walls->growth - walls->join;
  GstTryonNailStation station;
  Place place;

  shape_tip (shape, x, tip / walls->half, &height, &width);
  place.along = walls->join + height * walls->half;
  walls_at (walls, place.along, &middle, &half);
  width *= half;

  /* Nothing of the nail stays bare. */
  station = gst_tryon_nail_station_at (own, place.along / walls->length);
  nail = left ? middle - station.left : station.right - middle;
  nail -= MAX (place.along - walls->length, 0);
  near_join = smoothstep (0, 0.8f, height);
  width = smooth_max (width, nail, 0.05f * near_join * (width + MAX (nail, 0)));
  place.across = middle + sign * width;
  return place;
}

/* The nail's own tip, moved along its side walls. */
static Place
moved (const Walls * walls, gboolean left, gfloat x)
{
  gfloat from = left ? N_DENSE : 0;
  gfloat middle, half, moved_middle, moved_half;
  Place place;

  /* The last few are for the walls between the join and the tip. */
  place = dense_at (walls, mix (from, walls->index[left], MIN (x / 0.85f, 1)));
  walls_at (walls, place.along, &middle, &half);
  place.along += walls->growth * (x > 0.85f ? (1 - x) / 0.15f : 1);
  walls_at (walls, place.along, &moved_middle, &moved_half);
  place.across = moved_middle + (place.across - middle) * moved_half / half;
  return place;
}

static void
make_outline (const Walls * walls, const GstTryonNailStation * own,
    GstTryonNailShape shape, Place * outline)
{
  guint left, i;

  for (left = 0; left < 2; left++) {
    /* Clockwise from the tip: the left side comes last and backwards. */
    Place *to = left ? outline + GST_TRYON_NAIL_FORM_CORNERS - 1 : outline;
    gint step = left ? -1 : 1;

    for (i = 0; i < GST_TRYON_NAIL_FORM_TIP; i++, to += step) {
      gfloat x = (gfloat) i / (GST_TRYON_NAIL_FORM_TIP - 1);

      *to = shape == GST_TRYON_NAIL_SHAPE_NATURAL ?
          moved (walls, left, x) : grown (walls, own, shape, left, x);
    }
    for (i = 1; i <= GST_TRYON_NAIL_FORM_BODY; i++, to += step)
      *to = dense_at (walls, mix (walls->index[left], N_HALF,
              (gfloat) i / GST_TRYON_NAIL_FORM_BODY));
  }
}

gboolean
gst_tryon_nail_form_init (GstTryonNailForm * form, const GstTryonNail * nail,
    GstTryonNailShape shape, gfloat length)
{
  Place corners[GST_TRYON_NAIL_OUTLINE], outline[GST_TRYON_NAIL_FORM_CORNERS];
  Sides sides;
  Walls walls;
  guint i;

  if (!set_axes (form, nail, corners))
    return FALSE;
  smooth (corners, form->own_length);
  if (!set_root (form, corners))
    return FALSE;
  set_clockwise (corners);
  /* What is no number becomes 0. */
  length = length > 0 ? MIN (length, MAX_GROWTH) : 0;

  refine (corners, walls.dense);
  set_edges (form->own, form->own_length, walls.dense, N_DENSE);
  fit_sides (form->own, &sides);
  set_coordinates (form->own, 1, &sides);

  walls.length = form->own_length;
  walls.growth = length * form->own_length;
  walls.join = JOIN * form->own_length;
  set_walls (&walls, &sides);
  make_outline (&walls, form->own, shape, outline);

  form->length = walls.length + walls.growth;
  form->half_width = form->own[LAST / 2].half;
  set_edges (form->stations, form->length, outline,
      GST_TRYON_NAIL_FORM_CORNERS);
  set_coordinates (form->stations, 1 + length, &sides);
  for (i = 0; i < GST_TRYON_NAIL_FORM_CORNERS; i++) {
    form->corners[i].x = form->root.x + outline[i].along * form->axis.x +
        outline[i].across * form->side.x;
    form->corners[i].y = form->root.y + outline[i].along * form->axis.y +
        outline[i].across * form->side.y;
  }
  return TRUE;
}

/* ---- coordinates ---- */

void
gst_tryon_nail_form_locate (const GstTryonNailForm * form, GstTryonPoint point,
    gfloat * u, gfloat * v)
{
  gfloat x = point.x - form->root.x, y = point.y - form->root.y;
  gfloat across = x * form->side.x + y * form->side.y;
  GstTryonNailStation station;

  *v = (x * form->axis.x + y * form->axis.y) / form->length;
  station = gst_tryon_nail_station_at (form->stations, *v);
  *u = (across - station.middle) / station.half;
}

GstTryonPoint
gst_tryon_nail_form_place (const GstTryonNailForm * form, gfloat u, gfloat v)
{
  GstTryonNailStation station = gst_tryon_nail_station_at (form->stations, v);
  gfloat along = v * form->length, across = station.middle + u * station.half;
  GstTryonPoint point = {
    form->root.x + along * form->axis.x + across * form->side.x,
    form->root.y + along * form->axis.y + across * form->side.y
  };

  return point;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <math.h>

#include "gsttryonnailfinish.h"

/* All light is reckoned in the frame's own (gamma) values: a factor there is a
 * factor of light as well, and a highlight is laid over as a screen of white, which
 * is what a camera makes of it. In these, YCbCr does as RGB does: a factor scales
 * all three, white takes from the chroma what it takes from the colour.
 *
 * Each step is a loop of its own over the pixels of a span, without branches, so
 * that compilers make vectors of it. */

/* Luma that is added to both sides of a ratio to the mean: dark nails are noisy. */
#define NOISE 0.08f
/* What the whitest varnish gives back: leaves room for light on it. */
#define ALBEDO 0.96f

#define N GST_TRYON_NAIL_SPAN

/* Where the pixels are, and what light does to a colour there. */
typedef struct
{
  gfloat u[N], v[N];            /* for patterns, within the form */
  gfloat w[N];                  /* -1 at the nail's own root, 1 at its own tip */
  gfloat round[N];              /* -1 to 1 from edge to edge: how it is turned */
  gfloat depth[N];              /* from the form's outline inwards, half widths */
  gfloat own[N];                /* 1: well inside of the nail itself, 0: not */
  gfloat grown[N];              /* 1: outside of it or near its tip, 0: not */

  gfloat shade[N];              /* the nail's own light: 0 is its mean */
  gfloat highlight[N];          /* what shines in the picture, share of white */

  gfloat gain[N];
  gfloat white[N];              /* share of white light laid over */
  gfloat c[3][N], cover[N], peak[N];    /* the design's colour */
} Work;

/* Constants of a nail, to be had without going through pointers. */
typedef struct
{
  gfloat lean, highlights, exposure;
} Scene;

static inline gfloat
smoothstep (gfloat from, gfloat to, gfloat x)
{
  x = (x - from) * (1 / (to - from));
  x = CLAMP (x, 0, 1);
  return x * x * (3 - 2 * x);
}

/* Like a bell of that width around @middle, 1 there. */
static inline gfloat
bell (gfloat x, gfloat middle, gfloat width)
{
  gfloat d = (x - middle) * (1 / width), b = 1 / (1 + d * d);

  return b * b;
}

/* Keeps small changes, and holds back large ones. */
static inline gfloat
soften (gfloat x)
{
  return x / (1 + 0.8f * fabsf (x));
}

/* ---- where it is ---- */

static void
locate (const GstTryonNailForm * form, gfloat x, gfloat y, guint n, Work * work)
{
  const gfloat dx = x - form->root.x, dy = y - form->root.y;
  const gfloat along0 = dx * form->axis.x + dy * form->axis.y;
  const gfloat across0 = dx * form->side.x + dy * form->side.y;
  const gfloat per_length = 1 / form->length, per_own = 1 / form->own_length;
  const gfloat per_half = 1 / form->half_width;
  /* Over a pixel and a half at least, so that nothing crawls. */
  const gfloat border = 1 / MAX (0.12f * form->half_width, 1.5f);
  /* An extension reaches over the nail's own tip, which would be seen else. */
  const gfloat longer = smoothstep (0, 0.1f, form->length * per_own - 1);
  gfloat halves[N], turned[N];
  guint i;

  for (i = 0; i < n; i++) {
    gfloat along = along0 + i * form->axis.x;
    gfloat across = across0 + i * form->side.x, inside;
    GstTryonNailStation station;

    work->v[i] = along * per_length;
    work->w[i] = 2 * along * per_own - 1;
    station = gst_tryon_nail_station_at (form->stations, work->v[i]);
    work->u[i] = across - station.middle;
    halves[i] = station.half;
    /* From edge to edge, but what is mirrored must not follow each dent. */
    turned[i] = MAX ((station.right - station.left) / 4 + station.half / 2,
        0.45f * station.half);
    inside = MIN (across - station.left, station.right - across);
    inside = MIN (inside * station.slant, form->length - along);
    work->depth[i] = inside * per_half;

    station = gst_tryon_nail_station_at (form->own, along * per_own);
    inside = MIN (across - station.left, station.right - across);
    work->own[i] = MIN (inside * station.slant, form->own_length - along) *
        border;
    /* A pixel on the outline has its middle outside, up to that far. */
    work->grown[i] = -work->own[i] - 0.75f * border;
  }
  for (i = 0; i < n; i++) {
    gfloat u = work->u[i] / halves[i], round = work->u[i] / turned[i];

    work->u[i] = CLAMP (u, -1, 1);
    work->round[i] = CLAMP (round, -1, 1);
    work->v[i] = CLAMP (work->v[i], 0, 1);
    work->w[i] = CLAMP (work->w[i], -1, 1);
    work->depth[i] = MAX (work->depth[i], 0);
    work->own[i] = smoothstep (0, 1, work->own[i]);
    work->grown[i] = smoothstep (0, 1, work->grown[i]);
    work->grown[i] = MAX (work->grown[i], longer *
        smoothstep (0.2f, 0.8f, work->w[i]));
  }
}

/* ---- light ---- */

static void
look_at_nail (const GstTryonNailLight * light, guint n, const gfloat * luma,
    Work * work)
{
  const gfloat scale = 1 / (light->mean + NOISE);
  gfloat smooth[N];
  guint i;

  for (i = 0; i < n; i++) {
    smooth[i] = gst_tryon_nail_light_at (light, work->u[i], work->w[i]);
    work->shade[i] = soften ((smooth[i] + NOISE) * scale - 1);
  }
  for (i = 0; i < n; i++)
    work->highlight[i] = luma[i] > smooth[i] ? work->own[i] *
        gst_tryon_nail_light_get_highlight (light, work->u[i], work->w[i],
        smooth[i], luma[i]) : 0;
}

static void
gloss (const Scene * scene, guint n, Work * work)
{
  /* As a highlight of a window: along the nail, where its surface faces it. */
  const gfloat place = 0.42f * scene->lean - 0.14f;
  /* What is there in the picture need not be made up. */
  const gfloat amount = 0.4f * scene->exposure *
      (1 - 0.65f * smoothstep (0.01f, 0.08f, scene->highlights));
  const gfloat middle = 0.3f * scene->lean;
  guint i;

  for (i = 0; i < n; i++) {
    gfloat v = work->v[i], round = work->round[i];
    gfloat ends = smoothstep (0.1f, 0.32f, v) * smoothstep (0.98f, 0.7f, v);
    gfloat streak = bell (round, place, 0.13f) * ends;
    gfloat sheen = bell (round, middle, 0.75f);

    work->gain[i] = (1 + work->shade[i]) * (0.9f + 0.13f * sheen);
    work->white[i] = 1 - (1 - work->highlight[i]) * (1 - amount * streak) *
        (1 - 0.025f * sheen);
  }
}

static void
matte (const Scene * scene, guint n, Work * work)
{
  const gfloat middle = 0.3f * scene->lean;
  guint i;

  for (i = 0; i < n; i++) {
    gfloat sheen = bell (work->round[i], middle, 0.9f);

    work->gain[i] = (1 + 0.8f * work->shade[i]) * (0.86f + 0.14f * sheen);
    work->white[i] = 0.015f + 0.035f * sheen + 0.08f * work->highlight[i];
  }
}

/* A mirror shows a room: a bright window, dark walls, a second light. */
static void
chrome (const Scene * scene, guint n, Work * work)
{
  guint i;

  for (i = 0; i < n; i++) {
    gfloat round = work->round[i], v = work->v[i];
    gfloat turned = round + 0.22f * (v - 0.5f) * (round - 0.4f) -
        0.25f * scene->lean;
    gfloat window = bell (turned, -0.34f, 0.3f);
    gfloat lamp = bell (turned, 0.52f, 0.16f);
    gfloat wall = bell (turned, 0.16f, 0.2f) + bell (turned, -0.9f, 0.2f) +
        bell (turned, 0.95f, 0.22f);
    gfloat room = 0.62f + 0.78f * window + 0.5f * lamp - 0.38f * wall;

    room = MAX (room, 0.12f) * (1 - 0.2f * smoothstep (0.75f, 1, v));
    work->gain[i] = (1 + 0.6f * work->shade[i]) * room;
    work->white[i] = 1 - (1 - 0.8f * work->highlight[i]) *
        (1 - scene->exposure * (0.5f * window * window + 0.28f * lamp * lamp));
  }
}

/* The light that does not reach where the skin stands over the nail's borders, and
 * where a grown edge turns away; and the rim of that edge, which is thick. */
static void
add_borders (guint n, Work * work)
{
  guint i;

  for (i = 0; i < n; i++) {
    gfloat depth = work->depth[i], own = work->own[i], turned;
    gfloat border = 1 / (1 + 60 * depth * depth);

    turned = work->round[i] * work->round[i];
    work->gain[i] *= (1 - border * (0.1f + 0.16f * own)) *
        (1 - 0.2f * turned * turned * (1 - 0.6f * own));
    work->white[i] += (1 - work->white[i]) * 0.06f * (1 - own) *
        smoothstep (0.6f, 0.95f, work->v[i]) * bell (depth, 0.1f, 0.07f);
  }
}

/* ---- what is to be seen ---- */

/* A free edge is not to be seen through: its finger has been left. */
static void
lay_over_bare (const GstTryonNailColour * bare, guint n, Work * work)
{
  guint i, k;

  for (i = 0; i < n; i++) {
    gfloat cover = work->cover[i], sum;
    gfloat under = work->grown[i] * (1 - cover), share;

    sum = cover + under;
    share = under / MAX (sum, 1e-6f);
    for (k = 0; k < 3; k++)
      work->c[k][i] += share * (bare->c[k] - work->c[k][i]);
    work->peak[i] += share * (bare->peak - work->peak[i]);
    work->cover[i] = sum;
  }
}

static void
expose (const GstTryonNailColour * light, gfloat exposure, guint n, Work * work)
{
  guint i;

  for (i = 0; i < n; i++) {
    gfloat gain = ALBEDO * work->gain[i] * exposure;
    /* What is brighter than its colour can be turns white. */
    gfloat over = gain * MAX (work->peak[i], 0.05f);
    gfloat white = work->white[i], excess = CLAMP ((over - 1) * 0.8f, 0, 1);

    white += (1 - white) * excess;
    work->gain[i] = gain / MAX (over, 1) * (1 - white);
    work->white[i] = white;
  }
  for (i = 0; i < n; i++) {
    work->c[0][i] = work->c[0][i] * work->gain[i] + light->c[0] *
        work->white[i];
    work->c[1][i] = work->c[1][i] * work->gain[i] + light->c[1] *
        work->white[i];
    work->c[2][i] = work->c[2][i] * work->gain[i] + light->c[2] *
        work->white[i];
  }
}

/* Varnish thins out towards skin, and pictures are never as sharp as an edge that is
 * drawn; a free edge is. */
static void
cover (const GstTryonNailForm * form, guint n, const gfloat * coverage,
    const Work * work, GstTryonNailSpan * span)
{
  const gfloat pixel = 1 / form->half_width;
  guint i, k;

  for (i = 0; i < n; i++) {
    gfloat feather = (1 - smoothstep (0.1f, 0.9f, work->v[i])) * 0.05f +
        1.2f * pixel;
    gfloat inside = (work->depth[i] + 0.5f * pixel) / feather;

    inside = CLAMP (inside, 0, 1);
    inside = inside * inside * (3 - 2 * inside);
    span->cover[i] = coverage[i] * work->cover[i] * (0.35f + 0.65f * inside);
  }
  for (k = 0; k < 3; k++) {
    for (i = 0; i < n; i++)
      span->c[k][i] = work->c[k][i] * span->cover[i];
  }
}

void
gst_tryon_nail_paint_span (const GstTryonNailPaint * paint, gfloat x, gfloat y,
    guint n, const gfloat * luma, const gfloat * coverage,
    GstTryonNailSpan * span)
{
  const Scene scene = { paint->light.lean, paint->light.highlights,
    paint->exposure
  };
  Work work;

  g_return_if_fail (n > 0 && n <= GST_TRYON_NAIL_SPAN);

  locate (paint->form, x, y, n, &work);
  gst_tryon_nail_surface_span (paint->surface, n, work.u, work.v, work.c,
      work.cover, work.peak);
  lay_over_bare (&paint->bare, n, &work);

  look_at_nail (&paint->light, n, luma, &work);
  switch (paint->finish) {
    case GST_TRYON_NAIL_FINISH_MATTE:
      matte (&scene, n, &work);
      break;
    case GST_TRYON_NAIL_FINISH_CHROME:
      chrome (&scene, n, &work);
      break;
    case GST_TRYON_NAIL_FINISH_GLOSS:
    default:
      gloss (&scene, n, &work);
      break;
  }
  add_borders (n, &work);
  expose (&paint->white, paint->exposure, n, &work);
  cover (paint->form, n, coverage, &work, span);
}

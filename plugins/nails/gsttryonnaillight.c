/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <math.h>
#include <string.h>

#include "gsttryonfit.h"
#include "gsttryonnaillight.h"

#define COLUMNS GST_TRYON_NAIL_LIGHT_COLUMNS
#define ROWS GST_TRYON_NAIL_LIGHT_ROWS
#define N_SAMPLES (COLUMNS * ROWS)
#define MAX_U 0.85f
#define MIN_V 0.08f
#define MAX_V 0.9f
/* Pixels of a sample on each axis, at most. */
#define MAX_TAPS 3

/* Refits without what did not fit; a fixed number, so that the result follows the
 * pixels without jumps. */
#define ROUNDS 4
/* Luma by which a pixel may differ and still counts (half as much). A highlight is
 * brighter, a shadow is no outlier but light. */
#define BRIGHTER 0.04f
#define DARKER 0.12f
/* How flat light is at least, as a share of all samples: a painted pattern must not
 * be taken for light. */
#define FLAT_SLOPE 0.03f
#define FLAT_CURVE 0.02f

/* A highlight is small, and so are few of them: a white tip or a painted flower is
 * not. Surroundings reach that many places of the grid each way; as a share of them,
 * or of the nail, what is lighter is trusted at the first figure, not at the second. */
#define AROUND 3
#define TRUST_AROUND 0.3f
#define DOUBT_AROUND 0.62f
#define TRUST_NAIL 0.12f
#define DOUBT_NAIL 0.4f
/* Of what is above the mean luma, as a share of what is left to white: half of it
 * may be a camera's noise (two standard deviations of 4 of 255). */
#define HIGHLIGHT_MIN 0.05f
#define HIGHLIGHT_FULL 0.3f
/* Height of the nail where its own free edge, which is white without any light,
 * begins to show, and where it surely does. */
#define BED_END 0.62f
#define EDGE 0.86f

typedef struct
{
  gfloat basis[6];
  gfloat luma;
  gfloat weight;
} Sample;

void
gst_tryon_luma_init (GstTryonLuma * luma, const GstVideoFrame * frame)
{
  const GstVideoInfo *info = &frame->info;
  gboolean full = info->colorimetry.range != GST_VIDEO_COLOR_RANGE_16_235;
  gdouble kr = 0.299, kb = 0.114;
  guint i;

  luma->is_rgb = GST_VIDEO_INFO_IS_RGB (info);
  luma->width = GST_VIDEO_FRAME_WIDTH (frame);
  luma->height = GST_VIDEO_FRAME_HEIGHT (frame);
  luma->stride = GST_VIDEO_FRAME_COMP_STRIDE (frame, 0);
  luma->step = GST_VIDEO_FRAME_COMP_PSTRIDE (frame, 0);
  for (i = 0; i < 3; i++)
    luma->data[i] = GST_VIDEO_FRAME_COMP_DATA (frame, luma->is_rgb ? i : 0);

  luma->weights[0] = kr;
  luma->weights[1] = 1 - kr - kb;
  luma->weights[2] = kb;
  if (!luma->is_rgb) {
    /* Unset is what gst_video_info_set_format() makes of it: limited. */
    full = info->colorimetry.range == GST_VIDEO_COLOR_RANGE_0_255;
    luma->weights[0] = 1;
  }
  for (i = 0; i < 3; i++)
    luma->weights[i] /= full ? 255 : 219;
  luma->offset = full ? 0 : -16 / 219.0f;
}

/* The luma between pixels; *@weight: 0 outside of the frame. */
static inline gfloat
look (const GstTryonLuma * luma, gfloat x, gfloat y, gfloat * weight)
{
  gfloat fx, fy, above, below;
  gint column, row, right, down;

  *weight = CLAMP (x + 1, 0, 1) * CLAMP (luma->width - x, 0, 1) *
      CLAMP (y + 1, 0, 1) * CLAMP (luma->height - y, 0, 1);
  x = CLAMP (x, 0, luma->width - 1);
  y = CLAMP (y, 0, luma->height - 1);
  column = (gint) x;
  row = (gint) y;
  right = MIN (column + 1, luma->width - 1);
  down = MIN (row + 1, luma->height - 1);
  fx = x - column;
  fy = y - row;
  above = gst_tryon_luma_at (luma, column, row) * (1 - fx) +
      gst_tryon_luma_at (luma, right, row) * fx;
  below = gst_tryon_luma_at (luma, column, down) * (1 - fx) +
      gst_tryon_luma_at (luma, right, down) * fx;
  return above * (1 - fy) + below * fy;
}

/* A cell of the grid, averaged: single pixels are noise. */
static void
take_sample (Sample * sample, const GstTryonLuma * luma,
    const GstTryonNailForm * form, gfloat u, gfloat v, guint taps)
{
  GstTryonNailStation own = gst_tryon_nail_station_at (form->own, v);
  gfloat across = own.middle + u * own.half, w = 2 * v - 1;
  gfloat inside = MIN (across - own.left, own.right - across) / own.half;
  /* Pixels from one tap to the next. */
  gfloat to_right = 2 * MAX_U / COLUMNS / taps * own.half;
  gfloat to_tip = (MAX_V - MIN_V) / ROWS / taps * form->own_length;
  gfloat sum = 0, weights = 0;
  guint i, j;

  for (j = 0; j < taps; j++) {
    gfloat up = v * form->own_length + (j - (taps - 1) / 2.0f) * to_tip;

    for (i = 0; i < taps; i++) {
      gfloat beside = across + (i - (taps - 1) / 2.0f) * to_right, weight, y;

      y = look (luma,
          form->root.x + up * form->axis.x + beside * form->side.x - 0.5f,
          form->root.y + up * form->axis.y + beside * form->side.y - 0.5f,
          &weight);
      sum += weight * y;
      weights += weight;
    }
  }
  sample->luma = weights > 0 ? sum / weights : 0;
  /* From the outline on, over an eighth of the half width. */
  sample->weight = weights / (taps * taps) * CLAMP (inside * 8, 0, 1);
  sample->basis[0] = 1;
  sample->basis[1] = u;
  sample->basis[2] = u * u;
  sample->basis[3] = w;
  sample->basis[4] = u * w;
  sample->basis[5] = w * w;
}

static gfloat
value_at (const gfloat * terms, const gfloat * basis)
{
  gfloat sum = 0;
  guint i;

  for (i = 0; i < 6; i++)
    sum += terms[i] * basis[i];
  return sum;
}

static void
fit (const Sample * samples, gfloat total, gfloat * terms)
{
  const gfloat ridge[6] = { 0, FLAT_SLOPE * total, FLAT_CURVE * total,
    FLAT_SLOPE * total, FLAT_CURVE * total, FLAT_CURVE * total
  };
  GstTryonFit fit;
  guint i, round;

  for (round = 0; round < ROUNDS; round++) {
    gst_tryon_fit_init (&fit, 6);
    for (i = 0; i < N_SAMPLES; i++) {
      const Sample *s = &samples[i];
      gfloat weight = s->weight, off;

      if (round > 0) {
        off = s->luma - value_at (terms, s->basis);
        off /= off > 0 ? BRIGHTER : DARKER;
        weight /= 1 + off * off;
      }
      gst_tryon_fit_add (&fit, s->basis, s->luma, weight);
    }
    gst_tryon_fit_solve (&fit, ridge, terms);
  }
}

static gfloat
smoothstep (gfloat from, gfloat to, gfloat x)
{
  x = CLAMP ((x - from) / (to - from), 0, 1);
  return x * x * (3 - 2 * x);
}

/* Sums over the surroundings of each place, rows first. */
static void
sum_around (gfloat (*grid)[COLUMNS][3])
{
  gfloat sums[ROWS][COLUMNS][3];
  gint i, j, k, c;

  memset (sums, 0, sizeof sums);
  for (j = 0; j < ROWS; j++) {
    for (i = 0; i < COLUMNS; i++) {
      for (k = MAX (i - AROUND, 0); k <= MIN (i + AROUND, COLUMNS - 1); k++) {
        for (c = 0; c < 3; c++)
          sums[j][i][c] += grid[j][k][c];
      }
    }
  }
  memset (grid, 0, sizeof sums);
  for (j = 0; j < ROWS; j++) {
    for (k = MAX (j - AROUND, 0); k <= MIN (j + AROUND, ROWS - 1); k++) {
      for (i = 0; i < COLUMNS; i++) {
        for (c = 0; c < 3; c++)
          grid[j][i][c] += sums[k][i][c];
      }
    }
  }
}

/* What may be taken for a highlight, and where. */
static void
find_highlights (GstTryonNailLight * light, const Sample * samples,
    gfloat total)
{
  gfloat grid[ROWS][COLUMNS][3], bright = 0, trust, trusted = 0;
  gint i, j;

  for (j = 0; j < ROWS; j++) {
    for (i = 0; i < COLUMNS; i++) {
      const Sample *s = &samples[j * COLUMNS + i];
      gfloat over = s->luma - value_at (light->terms, s->basis);
      gfloat lighter = smoothstep (0.06f, 0.2f,
          over / MAX (1 - s->luma + over, 0.1f));

      grid[j][i][0] = s->weight;
      grid[j][i][1] = s->weight * MAX (over, 0);
      grid[j][i][2] = s->weight * lighter;
      bright += s->weight * lighter;
    }
  }
  trust = smoothstep (DOUBT_NAIL, TRUST_NAIL, bright / total);
  sum_around (grid);
  for (j = 0; j < ROWS; j++) {
    for (i = 0; i < COLUMNS; i++) {
      gfloat weight = grid[j][i][0] + 0.01f, *around = light->around[j][i];

      around[0] = grid[j][i][1] / weight;
      around[1] = trust * smoothstep (DOUBT_AROUND, TRUST_AROUND,
          grid[j][i][2] / weight);
      trusted += around[1] * samples[j * COLUMNS + i].weight;
    }
  }
  light->highlights = bright / total * trusted / total;
}

gfloat
gst_tryon_nail_light_get_highlight (const GstTryonNailLight * light, gfloat u,
    gfloat w, gfloat smooth, gfloat luma)
{
  gfloat left = MAX (1 - smooth, 0.1f), over = luma - smooth, x, y, fx, fy;
  const gfloat (*a)[2], (*b)[2];
  gfloat around[2];
  guint column, row, i;

  if (over < HIGHLIGHT_MIN * left)
    return 0;
  x = (u / MAX_U + 1) * COLUMNS / 2 - 0.5f;
  y = ((w + 1) / 2 - MIN_V) / (MAX_V - MIN_V) * ROWS - 0.5f;
  x = CLAMP (x, 0, COLUMNS - 1);
  y = CLAMP (y, 0, ROWS - 1);
  column = MIN ((guint) x, COLUMNS - 2);
  row = MIN ((guint) y, ROWS - 2);
  fx = x - column;
  fy = y - row;
  a = &light->around[row][column];
  b = &light->around[row + 1][column];
  for (i = 0; i < 2; i++)
    around[i] = (a[0][i] + fx * (a[1][i] - a[0][i])) * (1 - fy) +
        (b[0][i] + fx * (b[1][i] - b[0][i])) * fy;
  over = (over - around[0]) / left;
  if (over <= 0)
    return 0;
  over *= smoothstep (HIGHLIGHT_MIN, HIGHLIGHT_FULL, over);
  return MIN (over, 0.9f) * around[1] * smoothstep (EDGE, BED_END, (w + 1) / 2);
}

/**
 * gst_tryon_nail_light_measure:
 * @light: (out caller-allocates): flat and of middle brightness when nothing of
 *     the nail is in the frame
 * @luma: the frame before anything is drawn
 */
void
gst_tryon_nail_light_measure (GstTryonNailLight * light,
    const GstTryonLuma * luma, const GstTryonNailForm * form)
{
  Sample samples[N_SAMPLES];
  gfloat cell = MAX (form->half_width * 2 / COLUMNS,
      form->own_length / ROWS);
  /* A tap for each pixel and a half. */
  guint taps = CLAMP ((guint) (cell / 1.5f) + 1, 1, MAX_TAPS), i;
  gfloat total = 0, mean = 0, lean;

  for (i = 0; i < N_SAMPLES; i++) {
    gfloat u = MAX_U * ((2 * (i % COLUMNS) + 1.0f) / COLUMNS - 1);
    gfloat v = MIN_V + (MAX_V - MIN_V) * ((i / COLUMNS + 0.5f) / ROWS);

    take_sample (&samples[i], luma, form, u, v, taps);
    total += samples[i].weight;
  }
  memset (light, 0, sizeof *light);
  light->mean = light->terms[0] = 0.5f;
  if (total < 0.01f)
    return;
  fit (samples, total, light->terms);
  for (i = 0; i < N_SAMPLES; i++)
    mean += samples[i].weight * value_at (light->terms, samples[i].basis);
  light->mean = CLAMP (mean / total, 0, 1);
  find_highlights (light, samples, total);
  lean = light->terms[1] / (light->mean + 0.1f);
  light->lean = lean / (0.15f + fabsf (lean));
}

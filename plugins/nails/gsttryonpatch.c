/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The inverse compositional algorithm (Baker, Matthews: "Lucas-Kanade 20 Years On: A
 * Unifying Framework", IJCV 56, 2004) for a similarity, with the light's gain and
 * offset as further unknowns, so that what the camera's exposure does is no movement.
 *
 * The patch stays as it was set for as long as it fits: followed from each frame to the
 * next, the errors would add up. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gsttryonpatch.h"

#include <math.h>
#include <string.h>

#define N GST_TRYON_PATCH_SIZE
#define HALF (N / 2)
#define N_UNKNOWNS 6            /* growth, turn, right, down; gain, offset */

/* What counts of the finger, in half sides from the middle, all of it up to the first,
 * nothing beyond the second: a finger is hardly wider than its nail, which is 0.3 to each
 * side and 0.35 to its ends, and behind it is what does not move with it. Robust weights
 * do not help: what is behind is mostly the greater part, and of more contrast. */
#define ASIDE 0.2f, 0.34f
#define BEFORE 0.3f, 0.5f       /* the tip */
#define BEHIND 0.5f, 1.2f       /* down the finger */
/* All of it falls off from the middle as a Gaussian does. It tells the movement much
 * better than the finger alone, when it moves as that does: when it then fits about as
 * well. */
#define ALL_SIGMA 0.45f
#define AS_WELL 1.1f

#define MAX_STEPS 12
/* A step that is shorter, in samples, is the last. */
#define LAST_STEP 0.02f
/* A guess that is nearer needs no other to be tried, samples. */
#define NEAR 1.0f
/* From the best guess, in samples, half sides: what is farther is something else. */
#define FARTHEST 6.0f

/* What a sample differs by from what was set, of 255, with a camera's noise; and as a
 * part of the patch's contrast, for what changes in shape. */
#define NOISE 3.0f
#define MISFIT 0.45f
/* The standard deviation of the place, samples, by the normal equations. */
#define UNSURE 0.1f
/* Of the unknowns before anything is seen: with NOISE, what keeps the equations
 * regular. */
#define PRIOR 2.0f

/* Of the misfit that it is lost at; of half a side; logarithm. */
#define WORN 0.6f
#define WORN_PLACE 0.3f
#define WORN_SIZE 0.25f

typedef enum
{
  FINGER,
  ALL,
  N_EXTENTS
} Extent;

/* Written once, by make_weights(). */
static gfloat weights[N_EXTENTS][N * N];

/* 1 up to @from, 0 from @to on. */
static gfloat
fade (gfloat x, gfloat from, gfloat to)
{
  gfloat t = CLAMP ((x - from) / (to - from), 0.0f, 1.0f);

  return 1.0f - t * t * (3.0f - 2.0f * t);
}

static gpointer
make_weights (gpointer unused)
{
  gint x, y;

  for (y = 0; y < N; y++) {
    for (x = 0; x < N; x++) {
      gfloat u = (x + 0.5f - HALF) / HALF, v = (y + 0.5f - HALF) / HALF;

      weights[FINGER][y * N + x] = fade (fabsf (u), ASIDE)
          * (v < 0.0f ? fade (-v, BEFORE) : fade (v, BEHIND));
      weights[ALL][y * N + x] =
          expf (-(u * u + v * v) / (2.0f * ALL_SIGMA * ALL_SIGMA));
    }
  }
  return NULL;
}

/* Of a similarity. */
static GstTryonAffine
invert (const GstTryonAffine * affine)
{
  gfloat square = affine->xx * affine->xx + affine->yx * affine->yx;
  GstTryonAffine inverse;

  inverse.xx = inverse.yy = affine->xx / square;
  inverse.xy = affine->yx / square;
  inverse.yx = -inverse.xy;
  inverse.x0 = -(inverse.xx * affine->x0 + inverse.xy * affine->y0);
  inverse.y0 = -(inverse.yx * affine->x0 + inverse.yy * affine->y0);
  return inverse;
}

/* @b first. */
static GstTryonAffine
compose (const GstTryonAffine * a, const GstTryonAffine * b)
{
  GstTryonPoint origin = { b->x0, b->y0 };
  GstTryonAffine result;

  result.xx = a->xx * b->xx + a->xy * b->yx;
  result.xy = a->xx * b->xy + a->xy * b->yy;
  result.yx = a->yx * b->xx + a->yy * b->yx;
  result.yy = a->yx * b->xy + a->yy * b->yy;
  origin = gst_tryon_affine_apply (a, origin);
  result.x0 = origin.x;
  result.y0 = origin.y;
  return result;
}

/* A binomial of 3 x 3: less noise in the slopes, and a wider view for each step. */
static void
soften (const gfloat * samples, gfloat * soft)
{
  gfloat rows[N * N];
  gint x, y;

  for (y = 0; y < N; y++) {
    const gfloat *b = samples + y * N, *a = y > 0 ? b - N : b;
    const gfloat *c = y < N - 1 ? b + N : b;

    for (x = 0; x < N; x++)
      rows[y * N + x] = 0.25f * (a[x] + c[x]) + 0.5f * b[x];
  }
  for (y = 0; y < N; y++) {
    const gfloat *a = rows + y * N;
    gfloat *s = soft + y * N;

    for (x = 1; x < N - 1; x++)
      s[x] = 0.25f * (a[x - 1] + a[x + 1]) + 0.5f * a[x];
    s[0] = 0.25f * a[1] + 0.75f * a[0];
    s[N - 1] = 0.25f * a[N - 2] + 0.75f * a[N - 1];
  }
}

static void
take_samples (GstTryonCropper * cropper, const GstTryonAffine * place,
    gfloat * samples)
{
  gfloat sharp[N * N];

  gst_tryon_cropper_luma (cropper, place, N, sharp);
  soften (sharp, samples);
}

static void
take_slopes (GstTryonPatch * patch)
{
  const gfloat *s = patch->samples;
  gint x, y;

  for (y = 0; y < N; y++) {
    for (x = 0; x < N; x++) {
      gint left = MAX (x - 1, 0), right = MIN (x + 1, N - 1);
      gint above = MAX (y - 1, 0), below = MIN (y + 1, N - 1);

      patch->right[y * N + x] =
          (s[y * N + right] - s[y * N + left]) / (right - left);
      patch->down[y * N + x] =
          (s[below * N + x] - s[above * N + x]) / (below - above);
    }
  }
}

/* How each sample of a row changes with each unknown. */
static inline void
take_changes (const GstTryonPatch * patch, guint row,
    gfloat changes[N_UNKNOWNS][N])
{
  const gfloat *samples = patch->samples + row * N;
  const gfloat *right = patch->right + row * N, *down = patch->down + row * N;
  gfloat y = (row + 0.5f - HALF) / HALF;
  gint i;

  for (i = 0; i < N; i++) {
    gfloat x = (i + 0.5f - HALF) / HALF;

    changes[0][i] = x * right[i] + y * down[i];
    changes[1][i] = x * down[i] - y * right[i];
    changes[2][i] = right[i];
    changes[3][i] = down[i];
    changes[4][i] = samples[i] * (1.0f / 64);
    changes[5][i] = 1.0f;
  }
}

static inline gfloat
sum_products (const gfloat * a, const gfloat * b)
{
  gfloat sums[8] = { 0, };
  gint i, j;

  for (i = 0; i < N; i += 8)
    for (j = 0; j < 8; j++)
      sums[j] += a[i + j] * b[i + j];
  return ((sums[0] + sums[1]) + (sums[2] + sums[3]))
      + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
}

/* Of a symmetric, positive matrix, by Gauss and Jordan. */
static gboolean
invert_matrix (gdouble a[N_UNKNOWNS][N_UNKNOWNS],
    gfloat inverse[N_UNKNOWNS][N_UNKNOWNS])
{
  gdouble b[N_UNKNOWNS][N_UNKNOWNS] = { {0,}, };
  guint i, j, k;

  for (i = 0; i < N_UNKNOWNS; i++)
    b[i][i] = 1;
  for (i = 0; i < N_UNKNOWNS; i++) {
    gdouble pivot = a[i][i];

    if (!(pivot > 1e-9))
      return FALSE;
    for (j = 0; j < N_UNKNOWNS; j++) {
      a[i][j] /= pivot;
      b[i][j] /= pivot;
    }
    for (k = 0; k < N_UNKNOWNS; k++) {
      gdouble factor = a[k][i];

      for (j = 0; j < N_UNKNOWNS && k != i; j++) {
        a[k][j] -= factor * a[i][j];
        b[k][j] -= factor * b[i][j];
      }
    }
  }
  for (i = 0; i < N_UNKNOWNS; i++)
    for (j = 0; j < N_UNKNOWNS; j++)
      inverse[i][j] = b[i][j];
  return TRUE;
}

static gboolean
set_equations (GstTryonPatch * patch, Extent extent)
{
  gdouble matrix[N_UNKNOWNS][N_UNKNOWNS] = { {0,}, };
  gfloat changes[N_UNKNOWNS][N], weighted[N];
  guint row, i, j, k;

  for (row = 0; row < N; row++) {
    take_changes (patch, row, changes);
    for (i = 0; i < N_UNKNOWNS; i++) {
      for (k = 0; k < N; k++)
        weighted[k] = weights[extent][row * N + k] * changes[i][k];
      for (j = 0; j <= i; j++)
        matrix[i][j] += sum_products (weighted, changes[j]);
    }
  }
  for (i = 0; i < N_UNKNOWNS; i++) {
    matrix[i][i] += NOISE * NOISE / (PRIOR * PRIOR);
    for (j = 0; j < i; j++)
      matrix[j][i] = matrix[i][j];
  }
  return invert_matrix (matrix, patch->solutions[extent]);
}

/* One step of least squares from @place. */
typedef struct
{
  gfloat unknowns[N_UNKNOWNS];
  gfloat misfit;                /* RMS that would be left after it */
  gfloat contrast;              /* RMS of what was seen */
} Step;

static void
take_step (const GstTryonPatch * patch, GstTryonCropper * cropper,
    const GstTryonAffine * place, Extent extent, Step * step)
{
  gfloat samples[N * N], changes[N_UNKNOWNS][N], difference[N];
  gfloat sums[N_UNKNOWNS] = { 0, }, squares = 0, weight = 0, mean =
      0, power = 0;
  guint row, i, j;

  take_samples (cropper, place, samples);
  for (row = 0; row < N; row++) {
    const gfloat *w = weights[extent] + row * N, *s = samples + row * N;
    gfloat weighted[N];

    take_changes (patch, row, changes);
    for (i = 0; i < N; i++) {
      difference[i] = s[i] - patch->samples[row * N + i];
      weighted[i] = w[i] * difference[i];
    }
    for (i = 0; i < N_UNKNOWNS; i++)
      sums[i] += sum_products (weighted, changes[i]);
    squares += sum_products (weighted, difference);
    weight += sum_products (w, changes[5]);
    mean += sum_products (w, s);
    for (i = 0; i < N; i++)
      weighted[i] = w[i] * s[i];
    power += sum_products (weighted, s);
  }
  for (i = 0; i < N_UNKNOWNS; i++) {
    step->unknowns[i] = 0;
    for (j = 0; j < N_UNKNOWNS; j++)
      step->unknowns[i] += patch->solutions[extent][i][j] * sums[j];
    squares -= step->unknowns[i] * sums[i];
  }
  mean /= weight;
  step->misfit = sqrtf (MAX (squares, 0) / weight);
  step->contrast = sqrtf (MAX (power / weight - mean * mean, 0));
}

/* The patch has moved by the unknowns as seen in @place, so the place moves by them. */
static void
move_place (GstTryonAffine * place, const Step * step)
{
  gfloat growth = 1.0f + step->unknowns[0] / HALF;
  gfloat turn = step->unknowns[1] / HALF;
  GstTryonAffine change, back;

  /* Around the middle. */
  change.xx = change.yy = growth;
  change.yx = turn;
  change.xy = -turn;
  change.x0 = HALF - HALF * (growth - turn) + step->unknowns[2];
  change.y0 = HALF - HALF * (turn + growth) + step->unknowns[3];
  back = invert (&change);
  *place = compose (place, &back);
}

static gfloat
get_length (const Step * step)
{
  return MAX (hypotf (step->unknowns[0], step->unknowns[1]),
      hypotf (step->unknowns[2], step->unknowns[3]));
}

/* 1 and more: it is not what was set. */
static gfloat
get_misfit (const Step * step)
{
  return step->misfit / MAX (NOISE, MISFIT * step->contrast);
}

/* The guess that fits best, or well enough. */
static void
choose_start (const GstTryonPatch * patch, GstTryonCropper * cropper,
    const GstTryonAffine * guess, Extent extent, GstTryonAffine * place,
    Step * step)
{
  const GstTryonAffine still = { 1, 0, 0, 0, 1, 0 };
  const GstTryonAffine *guesses[3] = { &patch->movement, &still, guess };
  Step other;
  guint i;

  for (i = 0; i < G_N_ELEMENTS (guesses); i++) {
    GstTryonAffine there;

    if (guesses[i] == NULL || (i > 0
            && memcmp (guesses[i], &patch->movement, sizeof (*guess)) == 0))
      continue;
    there = compose (guesses[i], &patch->place);
    take_step (patch, cropper, &there, extent, &other);
    if (i == 0 || other.misfit < step->misfit) {
      *step = other;
      *place = there;
    }
    if (get_length (step) < NEAR && get_misfit (step) < WORN)
      break;
  }
}

static gboolean
is_unsure (const GstTryonPatch * patch, Extent extent)
{
  return NOISE * sqrtf (MAX (patch->solutions[extent][2][2],
          patch->solutions[extent][3][3])) > UNSURE;
}

void
gst_tryon_patch_clear (GstTryonPatch * patch)
{
  patch->is_set = FALSE;
}

gboolean
gst_tryon_patch_set (GstTryonPatch * patch, GstTryonCropper * cropper,
    const GstTryonHandRegion * region)
{
  static GOnce once = G_ONCE_INIT;
  const GstTryonAffine still = { 1, 0, 0, 0, 1, 0 };

  g_once (&once, make_weights, NULL);
  patch->is_set = FALSE;
  gst_tryon_affine_init (&patch->place, region, N);
  take_samples (cropper, &patch->place, patch->samples);
  take_slopes (patch);
  if (!set_equations (patch, ALL) || is_unsure (patch, ALL))
    return FALSE;
  patch->has_finger = set_equations (patch, FINGER)
      && !is_unsure (patch, FINGER);
  patch->movement = still;
  patch->size = hypotf (patch->place.xx, patch->place.yx);
  patch->misfit = 0.0f;
  patch->is_set = TRUE;
  return TRUE;
}

gboolean
gst_tryon_patch_is_worn (const GstTryonPatch * patch, GstTryonPoint middle)
{
  GstTryonPoint place;

  if (!patch->is_set)
    return TRUE;
  place = gst_tryon_affine_apply_inverse (&patch->place, middle);
  return patch->misfit > WORN || hypotf (place.x - HALF,
      place.y - HALF) > WORN_PLACE * HALF
      || fabsf (logf (hypotf (patch->place.xx,
              patch->place.yx) / patch->size)) > WORN_SIZE;
}

/* Goes on from @place by @step, and sets both; FALSE: it leads too far, or nowhere. */
static gboolean
settle (const GstTryonPatch * patch, GstTryonCropper * cropper, Extent extent,
    GstTryonAffine * place, Step * step)
{
  gfloat way = 0;
  guint i;

  for (i = 0; i < MAX_STEPS; i++) {
    gfloat length = get_length (step);

    way += length;
    if (!(way < FARTHEST))
      return FALSE;
    move_place (place, step);
    if (length < LAST_STEP)
      return TRUE;
    take_step (patch, cropper, place, extent, step);
  }
  return FALSE;
}

/* Whether it moves as its finger does, for which @finger was the last step. */
static gboolean
fits_as_well (const Step * all, const Step * finger)
{
  return all->misfit < AS_WELL * MAX (finger->misfit, NOISE);
}

static gboolean
follow (const GstTryonPatch * patch, GstTryonCropper * cropper,
    const GstTryonAffine * guess, Extent extent, GstTryonAffine * place,
    Step * step)
{
  choose_start (patch, cropper, guess, extent, place, step);
  return settle (patch, cropper, extent, place, step)
      && get_misfit (step) < 1.0f;
}

/* @place, @step: of the finger; set to those of all when it moves as that does. */
static void
refine (const GstTryonPatch * patch, GstTryonCropper * cropper,
    GstTryonAffine * place, Step * step)
{
  GstTryonAffine there = *place;
  Step all;

  take_step (patch, cropper, &there, ALL, &all);
  if (fits_as_well (&all, step)
      && settle (patch, cropper, ALL, &there, &all)
      && fits_as_well (&all, step)) {
    *place = there;
    *step = all;
  }
}

gboolean
gst_tryon_patch_follow (GstTryonPatch * patch, GstTryonCropper * cropper,
    const GstTryonAffine * guess, GstTryonAffine * movement)
{
  GstTryonAffine before, place;
  Step step;

  if (!patch->is_set)
    return FALSE;
  patch->is_set = FALSE;
  if (patch->has_finger
      && follow (patch, cropper, guess, FINGER, &place, &step))
    refine (patch, cropper, &place, &step);
  /* Where the landmarks do not know where the finger points, as on fists. */
  else if (!follow (patch, cropper, guess, ALL, &place, &step))
    return FALSE;
  before = invert (&patch->place);
  patch->movement = *movement = compose (&place, &before);
  patch->place = place;
  patch->misfit = get_misfit (&step);
  patch->is_set = TRUE;
  return TRUE;
}

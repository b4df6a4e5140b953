/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* As MediaPipe does it (mediapipe/modules/palm_detection/palm_detection_cpu.pbtxt,
 * with its SsdAnchorsCalculator, TensorsToDetectionsCalculator and
 * NonMaxSuppressionCalculator): the detector says for each of 2016 places, the
 * anchors, whether a palm is near, and where from there. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gsttryonpalm.h"
#include "gsttryonhandmodels.h"

#include <math.h>
#include <string.h>

/* Intersection over union from which on two boxes are of the same palm:
 * min_suppression_threshold. */
#define SAME_PALM 0.3f
/* Nothing is farther from the input's middle, in pixels, when it makes sense. */
#define FARTHEST (16.0f * GST_TRYON_PALM_SIZE)
#define SMALLEST 1.0f           /* pixels */
/* The input's side in sides of the frame, for each view. */
static const gfloat view_sides[GST_TRYON_PALM_N_VIEWS] = { 2.8f, 2.0f, 1.0f };

typedef struct
{
  const gfloat *boxes;
  gfloat scores[GST_TRYON_PALM_ANCHORS];        /* 0 to 1; 0 when it is used up */
} Candidates;

/* Two for each field of 8 x 8 pixels, then six for each of 16 x 16: the strides 8,
 * 16, 16, 16, each with two anchors, in their middles. */
static GstTryonPoint
get_anchor (guint i)
{
  const guint fine = GST_TRYON_PALM_SIZE / 8, coarse = GST_TRYON_PALM_SIZE / 16;
  guint field, columns, stride;
  GstTryonPoint anchor;

  if (i < 2 * fine * fine) {
    field = i / 2;
    columns = fine;
    stride = 8;
  } else {
    field = (i - 2 * fine * fine) / 6;
    columns = coarse;
    stride = 16;
  }
  anchor.x = (field % columns + 0.5f) * stride;
  anchor.y = (field / columns + 0.5f) * stride;
  return anchor;
}

static gboolean
makes_sense (const gfloat * numbers)
{
  gint i;

  for (i = 0; i < GST_TRYON_PALM_NUMBERS; i++) {
    if (!(fabsf (numbers[i]) < FARTHEST))
      return FALSE;
  }
  return numbers[2] >= SMALLEST && numbers[3] >= SMALLEST;
}

/* In pixels of the input. */
static void
decode_box (const Candidates * candidates, guint i, GstTryonPalm * palm)
{
  const gfloat *numbers = candidates->boxes + GST_TRYON_PALM_NUMBERS * i;
  GstTryonPoint anchor = get_anchor (i);
  guint k;

  palm->score = candidates->scores[i];
  palm->centre.x = anchor.x + numbers[0];
  palm->centre.y = anchor.y + numbers[1];
  palm->width = numbers[2];
  palm->height = numbers[3];
  for (k = 0; k < GST_TRYON_PALM_KEYPOINTS; k++) {
    palm->keypoints[k].x = anchor.x + numbers[4 + 2 * k];
    palm->keypoints[k].y = anchor.y + numbers[5 + 2 * k];
  }
}

/* Of two intervals, given by their middles and lengths. */
static gfloat
get_common (gfloat a, gfloat a_length, gfloat b, gfloat b_length)
{
  gfloat start = MAX (a - a_length / 2, b - b_length / 2);
  gfloat end = MIN (a + a_length / 2, b + b_length / 2);

  return MAX (end - start, 0);
}

static gfloat
get_overlap (const GstTryonPalm * a, const GstTryonPalm * b)
{
  gfloat common = get_common (a->centre.x, a->width, b->centre.x, b->width) *
      get_common (a->centre.y, a->height, b->centre.y, b->height);

  return common / (a->width * a->height + b->width * b->height - common);
}

static void
add_weighted (GstTryonPalm * sum, const GstTryonPalm * palm, gfloat weight)
{
  guint k;

  sum->centre.x += weight * palm->centre.x;
  sum->centre.y += weight * palm->centre.y;
  sum->width += weight * palm->width;
  sum->height += weight * palm->height;
  for (k = 0; k < GST_TRYON_PALM_KEYPOINTS; k++) {
    sum->keypoints[k].x += weight * palm->keypoints[k].x;
    sum->keypoints[k].y += weight * palm->keypoints[k].y;
  }
}

/* All that overlap with @best, each by its score; they are used up. */
static void
merge_same (Candidates * candidates, const GstTryonPalm * best,
    GstTryonPalm * mean)
{
  GstTryonPalm sum, palm;
  gfloat weight = 0;
  guint i;

  memset (&sum, 0, sizeof (sum));
  for (i = 0; i < GST_TRYON_PALM_ANCHORS; i++) {
    if (candidates->scores[i] == 0)
      continue;
    decode_box (candidates, i, &palm);
    if (get_overlap (best, &palm) <= SAME_PALM)
      continue;
    add_weighted (&sum, &palm, palm.score);
    weight += palm.score;
    candidates->scores[i] = 0;
  }
  memset (mean, 0, sizeof (*mean));
  add_weighted (mean, &sum, 1 / weight);
  mean->score = best->score;
}

static void
to_frame (GstTryonPalm * palm, const GstTryonAffine * affine)
{
  guint k;

  palm->centre = gst_tryon_affine_apply (affine, palm->centre);
  palm->width *= affine->xx;
  palm->height *= affine->yy;
  for (k = 0; k < GST_TRYON_PALM_KEYPOINTS; k++)
    palm->keypoints[k] = gst_tryon_affine_apply (affine, palm->keypoints[k]);
}

void
gst_tryon_palm_get_region (gint width, gint height, GstTryonPalmView view,
    GstTryonHandRegion * region)
{
  region->centre.x = width / 2.0f;
  region->centre.y = height / 2.0f;
  region->size = view_sides[view] * MAX (width, height);
  region->rotation = 0;
}

guint
gst_tryon_palm_decode (const gfloat * boxes, const gfloat * scores,
    gfloat threshold, const GstTryonAffine * affine, GstTryonPalm * palms,
    guint max_palms)
{
  Candidates candidates;
  guint n_palms = 0, i;

  candidates.boxes = boxes;
  for (i = 0; i < GST_TRYON_PALM_ANCHORS; i++) {
    gfloat score = 1 / (1 + expf (-scores[i]));

    /* NaN is not above it. */
    candidates.scores[i] = score > 0 && score >= threshold &&
        makes_sense (boxes + GST_TRYON_PALM_NUMBERS * i) ? score : 0;
  }

  while (n_palms < max_palms) {
    GstTryonPalm best;
    guint b = 0;

    for (i = 1; i < GST_TRYON_PALM_ANCHORS; i++) {
      if (candidates.scores[i] > candidates.scores[b])
        b = i;
    }
    if (candidates.scores[b] == 0)
      break;
    decode_box (&candidates, b, &best);
    merge_same (&candidates, &best, &palms[n_palms]);
    to_frame (&palms[n_palms], affine);
    n_palms++;
  }
  return n_palms;
}

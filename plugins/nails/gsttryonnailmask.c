/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The nail in a crop of a fingertip.
 *
 * The net's logits are a smooth surface, and the nail's edge is where it crosses
 * zero. It is followed by marching squares, which gives it between the pixels:
 * counted pixels would jump by whole ones. Area, centroid and axis are those of the
 * polygon (Green's theorem), so that each is a mean over the whole edge. The outline
 * is the polygon's radius by direction, as a Fourier series of few terms: nails are
 * smooth, and what the series leaves out is noise. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gsttryonnailmask.h"

#include <math.h>
#include <string.h>

#define N GST_TRYON_NAIL_MASK_SIZE
/* With a margin of one on each side, where every contour closes. */
#define STRIDE (N + 2)
/* Beyond, a logit says nothing more. */
#define MAX_LOGIT 8.0f
/* Of an edge that is inside of the crop everywhere; a nail has about 70, noise
 * thousands. */
#define MAX_SEGMENTS 512
/* Directions that the radius is measured in. */
#define N_RAYS 64
/* Of the Fourier series; an ellipse of 3:1 needs 8 for a hundredth. */
#define N_HARMONICS 8

G_STATIC_ASSERT (N_RAYS % GST_TRYON_NAIL_OUTLINE == 0);

typedef struct
{
  gfloat x0, y0, x1, y1;
} Segment;

/* The edge, in the crop's pixels; clockwise as seen around what is inside. */
typedef struct
{
  Segment segments[MAX_SEGMENTS];
  guint n;
  gfloat length;
  gfloat slope;                 /* mean of |gradient| along it, logits per pixel */
  gfloat cut;                   /* share of its length along the crop's border */
} Edge;

typedef struct
{
  gfloat area;
  GstTryonPoint centre;
  gfloat xx, yy, xy;            /* central second moments, per area */
} Moments;

typedef struct
{
  guint8 labels[STRIDE * STRIDE];       /* VISITED, INSIDE */
  gfloat field[STRIDE * STRIDE];
  guint16 stack[STRIDE * STRIDE];
} Work;

enum
{
  VISITED = 1,
  INSIDE = 2
};

/* A connected part of the pixels over 0. */
typedef struct
{
  guint start;                  /* a pixel of it */
  guint n;
  gfloat mass;                  /* sum of probabilities */
  gfloat score;
} Part;

static gfloat
smooth_step (gfloat from, gfloat to, gfloat x)
{
  gfloat t = CLAMP ((x - from) / (to - from), 0.0f, 1.0f);

  return t * t * (3.0f - 2.0f * t);
}

static void
copy_logits (Work * work, const gfloat * logits)
{
  guint x, y;

  memset (work->labels, 0, sizeof (work->labels));
  for (y = 0; y < N; y++) {
    gfloat *row = work->field + (y + 1) * STRIDE + 1;

    for (x = 0; x < N; x++) {
      gfloat logit = logits[y * N + x];

      /* A comparison with NaN is false. */
      row[x] = logit > -MAX_LOGIT ? MIN (logit, MAX_LOGIT) : -MAX_LOGIT;
    }
  }
  for (x = 0; x < STRIDE; x++) {
    work->field[x] = work->field[(N + 1) * STRIDE + x] = -MAX_LOGIT;
    work->field[x * STRIDE] = work->field[x * STRIDE + N + 1] = -MAX_LOGIT;
  }
}

/* With the eight neighbours: marching squares joins corners, too. */
static const gint neighbours[8] = {
  1, -1, STRIDE, -STRIDE, STRIDE + 1, STRIDE - 1, 1 - STRIDE, -1 - STRIDE
};

/* Marks the part that @start belongs to. */
static Part
flood_part (Work * work, guint start, guint8 label)
{
  Part part = { start, };
  gfloat x = 0.0f, y = 0.0f, dx, dy;
  guint top = 0, i;

  work->labels[start] |= label;
  work->stack[top++] = start;
  while (top > 0) {
    guint place = work->stack[--top];
    gfloat p = 1.0f / (1.0f + expf (-work->field[place]));

    part.n++;
    part.mass += p;
    x += p * (place % STRIDE);
    y += p * (place / STRIDE);
    for (i = 0; i < G_N_ELEMENTS (neighbours); i++) {
      guint next = place + neighbours[i];

      if (work->field[next] > 0.0f && !(work->labels[next] & label)) {
        work->labels[next] |= label;
        work->stack[top++] = next;
      }
    }
  }
  /* The nail's middle is at the landmark, which is the crop's middle, give or take
   * 0.13 of the last joint's length, 4 pixels (measured on 113 nails). */
  dx = x / part.mass - 0.5f * (STRIDE - 1);
  dy = y / part.mass - 0.5f * (STRIDE - 1);
  part.score = part.mass * expf (-(dx * dx + dy * dy) / (2 * 11.0f * 11.0f));
  return part;
}

/* The part that fits best. n is 0 when there is none. */
static Part
choose_part (Work * work)
{
  Part best = { 0, }, part;
  guint x, y, place;

  for (y = 1; y <= N; y++) {
    for (x = 1; x <= N; x++) {
      place = y * STRIDE + x;
      if (work->field[place] <= 0.0f || work->labels[place] != 0)
        continue;
      part = flood_part (work, place, VISITED);
      if (part.score > best.score)
        best = part;
    }
  }
  if (best.n > 0)
    flood_part (work, best.start, INSIDE);
  return best;
}

/* Leaves only the chosen part over 0, without the holes that highlights make. */
static void
isolate_part (Work * work)
{
  guint top = 0, place, i;

  for (i = 0; i < STRIDE * STRIDE; i++)
    work->labels[i] &= INSIDE;
  /* What is outside is reached from the margin. */
  work->labels[0] = VISITED;
  work->stack[top++] = 0;
  while (top > 0) {
    static const gint steps[4] = { 1, -1, STRIDE, -STRIDE };

    place = work->stack[--top];
    for (i = 0; i < G_N_ELEMENTS (steps); i++) {
      guint next = place + steps[i];

      /* Before the first pixel it wraps to a number that is too large. */
      if (next < STRIDE * STRIDE && work->labels[next] == 0) {
        work->labels[next] = VISITED;
        work->stack[top++] = next;
      }
    }
  }
  for (i = 0; i < STRIDE * STRIDE; i++) {
    gfloat *f = &work->field[i];

    if (work->labels[i] & INSIDE)
      continue;
    if (work->labels[i] & VISITED)
      *f = MIN (*f, -0.5f * fabsf (*f) - 1e-3f);
    else
      *f = MAX (*f, 0.5f);
  }
}

/* Gives the margin such values that an edge along the border is where the crop
 * ends, half a pixel out. */
static void
mirror_margin (Work * work)
{
  gfloat *f = work->field;
  guint i;

  for (i = 1; i <= N; i++) {
    f[i] = -fabsf (f[STRIDE + i]);
    f[(N + 1) * STRIDE + i] = -fabsf (f[N * STRIDE + i]);
    f[i * STRIDE] = -fabsf (f[i * STRIDE + 1]);
    f[i * STRIDE + N + 1] = -fabsf (f[i * STRIDE + N]);
  }
}

/* The edge's piece in the square whose first corner is (@x, @y), in @f's pixels. */
static gboolean
follow_square (const gfloat * f, guint x, guint y, Edge * edge)
{
  /* Clockwise as seen. */
  static const guint8 cx[5] = { 0, 1, 1, 0, 0 }, cy[5] = { 0, 0, 1, 1, 0 };
  gfloat v[5], px[4], py[4], gx, gy, length;
  gint crossing[4];             /* 1: out of the part, -1: into it */
  guint i, j;

  for (i = 0; i < 5; i++)
    v[i] = f[(y + cy[i]) * STRIDE + x + cx[i]];
  for (i = 0; i < 4; i++) {
    gfloat t;

    crossing[i] = (v[i] > 0.0f) - (v[i + 1] > 0.0f);
    if (crossing[i] == 0)
      continue;
    t = v[i] / (v[i] - v[i + 1]);
    /* The crop's pixel 0 is the field's 1, and its middle is 0.5. */
    px[i] = x + cx[i] + t * ((gint) cx[i + 1] - cx[i]) - 0.5f;
    py[i] = y + cy[i] + t * ((gint) cy[i + 1] - cy[i]) - 0.5f;
  }
  gx = 0.5f * (v[1] - v[0] + v[2] - v[3]);
  gy = 0.5f * (v[3] - v[0] + v[2] - v[1]);
  for (i = 0; i < 4; i++) {
    Segment *s = &edge->segments[edge->n];

    if (crossing[i] != 1)
      continue;
    if (edge->n == MAX_SEGMENTS)
      return FALSE;
    for (j = (i + 1) % 4; crossing[j] != -1; j = (j + 1) % 4);
    *s = (Segment) {
    px[i], py[i], px[j], py[j]};
    length = hypotf (s->x1 - s->x0, s->y1 - s->y0);
    edge->length += length;
    edge->slope += length * hypotf (gx, gy);
    if (x == 0 || y == 0 || x == N || y == N)
      edge->cut += length;
    edge->n++;
  }
  return TRUE;
}

/* FALSE: more than any nail has. */
static gboolean
follow_edge (Work * work, Edge * edge)
{
  guint x, y;

  mirror_margin (work);
  edge->n = 0;
  edge->length = edge->slope = edge->cut = 0.0f;
  for (y = 0; y <= N; y++) {
    const gfloat *a = work->field + y * STRIDE, *b = a + STRIDE;

    for (x = 0; x <= N; x++) {
      guint n = (a[x] > 0.0f) + (a[x + 1] > 0.0f) + (b[x] > 0.0f)
          + (b[x + 1] > 0.0f);

      if (n != 0 && n != 4 && !follow_square (work->field, x, y, edge))
        return FALSE;
    }
  }
  if (edge->length <= 0.0f)
    return FALSE;
  edge->slope /= edge->length;
  edge->cut /= edge->length;
  return TRUE;
}

/* Of the polygon, by Green's theorem; each segment adds the triangle that it makes
 * with the crop's middle. */
static Moments
measure_moments (const Edge * edge)
{
  Moments m = { 0.0f, };
  gdouble a = 0, x = 0, y = 0, xx = 0, yy = 0, xy = 0;
  guint i;

  for (i = 0; i < edge->n; i++) {
    const Segment *s = &edge->segments[i];
    gdouble x0 = s->x0 - 0.5 * N, y0 = s->y0 - 0.5 * N;
    gdouble x1 = s->x1 - 0.5 * N, y1 = s->y1 - 0.5 * N;
    gdouble cross = x0 * y1 - x1 * y0;

    a += cross / 2;
    x += cross * (x0 + x1) / 6;
    y += cross * (y0 + y1) / 6;
    xx += cross * (x0 * x0 + x0 * x1 + x1 * x1) / 12;
    yy += cross * (y0 * y0 + y0 * y1 + y1 * y1) / 12;
    xy += cross * (x0 * (2 * y0 + y1) + x1 * (2 * y1 + y0)) / 24;
  }
  if (a < 1.0)
    return m;
  x /= a;
  y /= a;
  m.area = a;
  m.centre.x = x + 0.5 * N;
  m.centre.y = y + 0.5 * N;
  m.xx = xx / a - x * x;
  m.yy = yy / a - y * y;
  m.xy = xy / a - x * y;
  return m;
}

/* Angle of the nail's axis from up. The moments tell it as far as the nail is
 * elongated; a round one has the finger's. Both are added as tensors, whose angles
 * count twice, so that nothing jumps in between. */
static gfloat
measure_angle (const Moments * m)
{
  const gfloat finger = 0.12f;  /* as the elongation of a nail of 1.13:1 */
  gfloat sum = MAX (m->xx + m->yy, 1e-6f);
  gfloat up = (m->yy - m->xx) / sum, aslant = -2.0f * m->xy / sum;

  /* Wider than long is a finger that is bent away, not a nail that lies across. */
  return 0.5f * atan2f (aslant, MAX (up, 0.0f) + finger);
}

/* Into the frame whose ellipse is the unit circle, y along the axis. */
static GstTryonPoint
to_circle (gfloat x, gfloat y, GstTryonPoint centre, gfloat sine, gfloat cosine)
{
  x -= centre.x;
  y -= centre.y;
  return (GstTryonPoint) {
  (x * cosine + y * sine) / GST_TRYON_NAIL_ASPECT, x * sine - y * cosine};
}

/* How far the edge is from the centre in each direction; the outermost, where there
 * are several. Where there is none, as far as in the direction before. */
static void
measure_radii (const Edge * edge, GstTryonPoint centre, gfloat angle,
    gfloat * radii)
{
  const gfloat step = 2.0f * (gfloat) G_PI / N_RAYS;
  gfloat sine = sinf (angle), cosine = cosf (angle), last = 0.0f;
  guint i;
  gint j;

  memset (radii, 0, N_RAYS * sizeof (gfloat));
  for (i = 0; i < edge->n; i++) {
    const Segment *s = &edge->segments[i];
    GstTryonPoint p = to_circle (s->x0, s->y0, centre, sine, cosine);
    GstTryonPoint q = to_circle (s->x1, s->y1, centre, sine, cosine);
    gfloat from = atan2f (p.x, p.y), to = atan2f (q.x, q.y), swap;
    gfloat cross = p.x * q.y - p.y * q.x;
    gfloat farthest = MAX (hypotf (p.x, p.y), hypotf (q.x, q.y));

    if (fabsf (to - from) > (gfloat) G_PI)
      to += to < from ? 2.0f * (gfloat) G_PI : -2.0f * (gfloat) G_PI;
    if (to < from) {
      swap = from;
      from = to;
      to = swap;
    }
    for (j = (gint) ceilf (from / step); j * step <= to; j++) {
      gfloat dx = sinf (j * step), dy = cosf (j * step);
      gfloat across = dx * (q.y - p.y) - dy * (q.x - p.x);
      gfloat radius = fabsf (across) > 1e-6f ? cross / across : 0.0f;
      gfloat *r = &radii[((j % N_RAYS) + N_RAYS) % N_RAYS];

      /* A segment that points to the centre nearly has a quotient of two zeros. */
      *r = MAX (*r, MIN (radius, farthest));
    }
  }
  for (i = 0; i < 2 * N_RAYS; i++) {
    gfloat *r = &radii[i % N_RAYS];

    if (*r <= 0.0f)
      *r = last;
    last = *r;
  }
}

/* @fit: @radii as a Fourier series. The weights of the last terms fall off, without
 * which a corner would ring. */
static void
fit_series (const gfloat * radii, gfloat * fit)
{
  static const gfloat weights[N_HARMONICS + 1] =
      { 1.0f, 1.0f, 1.0f, 1.0f, 1.0f, 0.95f, 0.85f, 0.65f, 0.4f };
  gfloat cosines[N_RAYS];
  guint i, k;

  for (i = 0; i < N_RAYS; i++) {
    cosines[i] = cosf (2.0f * (gfloat) G_PI * i / N_RAYS);
    fit[i] = 0.0f;
  }
  for (k = 0; k <= N_HARMONICS; k++) {
    gfloat a = 0.0f, b = 0.0f;

    for (i = 0; i < N_RAYS; i++) {
      a += radii[i] * cosines[k * i % N_RAYS];
      b += radii[i] * cosines[(k * i + 3 * N_RAYS / 4) % N_RAYS];
    }
    a *= weights[k] * (k > 0 ? 2.0f : 1.0f) / N_RAYS;
    b *= weights[k] * 2.0f / N_RAYS;
    for (i = 0; i < N_RAYS; i++)
      fit[i] += a * cosines[k * i % N_RAYS]
          + b * cosines[(k * i + 3 * N_RAYS / 4) % N_RAYS];
  }
}

/* What sticks out of the fit, such as a bridge to the skin, is cut, and the rest
 * fitted again: a least squares fit would follow it half of the way. */
static void
smooth_radii (const gfloat * radii, gfloat * fit)
{
  gfloat cut[N_RAYS], limit = 0.0f;
  guint i, pass;

  fit_series (radii, fit);
  for (i = 0; i < N_RAYS; i++)
    limit += fit[i] / N_RAYS;
  limit *= 0.04f;
  for (pass = 0; pass < 5; pass++) {
    for (i = 0; i < N_RAYS; i++)
      cut[i] = CLAMP (radii[i], fit[i] - limit, fit[i] + limit);
    fit_series (cut, fit);
  }
}

/* Area of @radii, and of the convex hull around them: 1 for a nail, less for what is
 * curved or has arms. Graham's scan, for which the order by direction is there
 * already. */
static gfloat
measure_solidity (const gfloat * radii, gfloat area)
{
  GstTryonPoint hull[2 * N_RAYS + 1], p;
  guint n = 0, i, start = 0;
  gfloat sum = 0.0f;

  /* The farthest is on the hull. */
  for (i = 1; i < N_RAYS; i++)
    if (radii[i] > radii[start])
      start = i;
  for (i = 0; i <= N_RAYS; i++) {
    guint ray = (start + i) % N_RAYS;
    gfloat t = 2.0f * (gfloat) G_PI * ray / N_RAYS;

    p.x = radii[ray] * sinf (t);
    p.y = radii[ray] * cosf (t);
    while (n >= 2 && (hull[n - 1].x - hull[n - 2].x) * (p.y - hull[n - 2].y)
        - (hull[n - 1].y - hull[n - 2].y) * (p.x - hull[n - 2].x) >= 0.0f)
      n--;
    hull[n++] = p;
  }
  for (i = 0; i + 1 < n; i++)
    sum += hull[i + 1].x * hull[i].y - hull[i].x * hull[i + 1].y;
  sum *= 0.5f * GST_TRYON_NAIL_ASPECT;
  return sum > 1e-3f ? MIN (area / sum, 1.0f) : 0.0f;
}

/* Each factor is 1 for a nail as it should be. */
static gfloat
measure_confidence (const Part * part, const Edge * edge, const Moments * m,
    gfloat solidity)
{
  gfloat dx = m->centre.x - 0.5f * N, dy = m->centre.y - 0.5f * N;
  gfloat confidence = part->mass / part->n;

  /* An uncertain edge is a slope of a few tenths, a clear one of 1 to 3. */
  confidence *= 0.5f + 0.5f * smooth_step (0.1f, 0.7f, edge->slope);
  /* A natural nail has about 340 pixels, a foreshortened one 100, one of twice the
   * length that grows beyond the finger 800. */
  confidence *= smooth_step (25.0f, 100.0f, m->area)
      * (1.0f - smooth_step (1400.0f, 2200.0f, m->area));
  confidence *= smooth_step (0.6f, 0.88f, solidity);
  confidence *= 1.0f - smooth_step (11.0f, 22.0f, hypotf (dx, dy));
  confidence *= 1.0f - smooth_step (0.05f, 0.25f, edge->cut);
  return confidence;
}

gfloat
gst_tryon_nail_mask_measure (const gfloat * logits,
    GstTryonNailContour * contour)
{
  Work work;
  Edge edge;
  Part part;
  Moments m;
  gfloat radii[N_RAYS], fit[N_RAYS], confidence;
  guint i;

  copy_logits (&work, logits);
  part = choose_part (&work);
  if (part.n == 0)
    return 0.0f;
  isolate_part (&work);
  if (!follow_edge (&work, &edge))
    return 0.0f;
  m = measure_moments (&edge);
  if (m.area <= 0.0f)
    return 0.0f;
  contour->centre = m.centre;
  contour->angle = measure_angle (&m);
  contour->size = sqrtf (m.area);
  measure_radii (&edge, contour->centre, contour->angle, radii);
  smooth_radii (radii, fit);
  for (i = 0; i < GST_TRYON_NAIL_OUTLINE; i++)
    contour->radii[i] =
        MAX (fit[i * (N_RAYS / GST_TRYON_NAIL_OUTLINE)], 0.0f) / contour->size;
  confidence = measure_confidence (&part, &edge, &m,
      measure_solidity (radii, m.area));
  return CLAMP (confidence, 0.0f, 1.0f);
}

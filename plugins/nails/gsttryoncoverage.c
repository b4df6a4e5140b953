/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <math.h>
#include <string.h>

#include "gsttryoncoverage.h"

/* The area to the right of each edge, with the sign of the edge's direction, sums
 * up to the polygon's. An edge changes only the pixels that it goes through and
 * adds the same to all others on its right; so each row is kept as differences from
 * pixel to pixel, and summed up in the end. */

/* The part of an edge inside of one pixel column: from (@x0, ...) to (@x1, ...), of
 * height @dy (signed). */
static inline void
add_piece (gfloat * differences, guint column, gfloat x0, gfloat x1, gfloat dy)
{
  gfloat left = (x0 + x1) / 2 - column; /* how much of the pixel is left of it */

  differences[column] += dy * (1 - left);
  differences[column + 1] += dy * left;
}

/* An edge with 0 <= x <= @width. */
static void
add_inside (gfloat * differences, guint width, gfloat x0, gfloat x1, gfloat dy)
{
  gfloat low = MIN (x0, x1), high = MAX (x0, x1), from = low;
  guint first = MIN ((guint) low, width - 1);
  guint last = MIN ((guint) high, width - 1), column;

  if (first == last) {
    add_piece (differences, first, low, high, dy);
    return;
  }
  dy /= high - low;
  for (column = first; column <= last; column++) {
    gfloat to = column < last ? column + 1 : high;

    add_piece (differences, column, from, to, dy * (to - from));
    from = to;
  }
}

/* Any edge: what is left of the row counts at its first pixel, what is right of it
 * not at all. */
static void
add_edge (gfloat * differences, guint width, gfloat x0, gfloat x1, gfloat dy)
{
  gfloat low = MIN (x0, x1), high = MAX (x0, x1), per_x;

  if (low >= width)
    return;
  if (high <= 0) {
    differences[0] += dy;
    return;
  }
  if (low < 0 || high > width) {
    per_x = dy / (high - low);
    if (low < 0) {
      differences[0] -= per_x * low;
      low = 0;
    }
    high = MIN (high, (gfloat) width);
    dy = per_x * (high - low);
  }
  add_inside (differences, width, low, high, dy);
}

void
gst_tryon_coverage_row (const GstTryonPoint * corners, guint n, gint x,
    guint width, gint y, gfloat * scratch, gfloat * row)
{
  gfloat sum = 0;
  guint i;

  memset (scratch, 0, (width + 1) * sizeof *scratch);
  for (i = 0; i < n; i++) {
    const GstTryonPoint *p = &corners[i], *q = &corners[i + 1 < n ? i + 1 : 0];
    gfloat y0 = p->y - y, y1 = q->y - y, x0 = p->x - x, x1 = q->x - x;
    gfloat top, bottom, run;

    if ((y0 <= 0 && y1 <= 0) || (y0 >= 1 && y1 >= 1) || y0 == y1)
      continue;
    run = x1 - x0;
    top = CLAMP (y0, 0, 1);
    bottom = CLAMP (y1, 0, 1);
    /* A share, as a slope could be infinite. */
    add_edge (scratch, width, x0 + run * ((top - y0) / (y1 - y0)),
        x0 + run * ((bottom - y0) / (y1 - y0)), bottom - top);
  }
  for (i = 0; i < width; i++) {
    sum += scratch[i];
    row[i] = MIN (fabsf (sum), 1);
  }
}

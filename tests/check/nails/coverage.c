/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a polygon covers of each pixel. */

#include <gst/check/gstcheck.h>
#include <string.h>

#include "gsttryoncoverage.h"
#include "ovalnail.h"

#define SIDE 64

#define fail_unless_near(a, b, by) \
  fail_unless (fabs ((gdouble) (a) - (b)) <= (by), "%f is not %f", (gdouble) (a), \
      (gdouble) (b))

/* In the square from @x, @y. */
static gdouble
cover (const GstTryonPoint * corners, guint n, gint x, gint y,
    gfloat (*rows)[SIDE])
{
  gfloat scratch[SIDE + 1];
  gdouble sum = 0;
  gint i, j, wrong = 0;

  for (j = 0; j < SIDE; j++) {
    gst_tryon_coverage_row (corners, n, x, SIDE, y + j, scratch, rows[j]);
    for (i = 0; i < SIDE; i++) {
      wrong += !(rows[j][i] >= 0 && rows[j][i] <= 1);
      sum += rows[j][i];
    }
  }
  fail_unless_equals_int (wrong, 0);
  return sum;
}

/* Known pixel by pixel. */
GST_START_TEST (test_exact)
{
  const GstTryonPoint box[] = { {1.25f, 1.5f}, {3.5f, 1.5f}, {3.5f, 3}, {1.25f,
      3}
  };
  const GstTryonPoint corner[] = { {2, 2}, {3, 2}, {2, 3} };
  gfloat rows[SIDE][SIDE];

  fail_unless_near (cover (box, 4, 0, 0, rows), 3.375, 1e-5);
  fail_unless_near (rows[1][0], 0, 0);
  fail_unless_near (rows[1][1], 0.375, 1e-6);
  fail_unless_near (rows[1][2], 0.5, 1e-6);
  fail_unless_near (rows[1][3], 0.25, 1e-6);
  fail_unless_near (rows[2][2], 1, 1e-6);
  fail_unless_near (rows[3][2], 0, 0);
  fail_unless_near (cover (corner, 3, 0, 0, rows), 0.5, 1e-6);
  fail_unless_near (rows[2][2], 0.5, 1e-6);
}

GST_END_TEST;

/* The sum is the area, in either direction, wherever it is. */
GST_START_TEST (test_area)
{
  gfloat rows[SIDE][SIDE];
  guint i, k;

  for (i = 0; i < 200; i++) {
    GstTryonNail nail = oval_nail (32 + i % 7 * 0.31f, 31 + i % 11 * 0.17f,
        2 + i * 0.1f, 3 + i * 0.15f, i * 0.37f);
    GstTryonPoint backwards[GST_TRYON_NAIL_OUTLINE];
    gdouble area = polygon_area (nail.outline, GST_TRYON_NAIL_OUTLINE);

    fail_unless_near (cover (nail.outline, GST_TRYON_NAIL_OUTLINE, 0, 0, rows),
        area, 1e-3);
    for (k = 0; k < GST_TRYON_NAIL_OUTLINE; k++)
      backwards[k] = nail.outline[GST_TRYON_NAIL_OUTLINE - 1 - k];
    fail_unless_near (cover (backwards, GST_TRYON_NAIL_OUTLINE, 0, 0, rows),
        area, 1e-3);
  }
}

GST_END_TEST;

/* A part of a row is the same as that part of the whole row. */
GST_START_TEST (test_clipped)
{
  GstTryonNail nail = oval_nail (30.3f, 29.8f, 41.2f, 55.5f, 0.6f);
  gfloat whole[SIDE][SIDE], part[SIDE][SIDE];
  gfloat off = 0;
  gint dx, i, j;

  cover (nail.outline, GST_TRYON_NAIL_OUTLINE, 0, 0, whole);
  for (dx = -70; dx <= 70; dx += 7) {
    cover (nail.outline, GST_TRYON_NAIL_OUTLINE, dx, 3, part);
    for (j = 0; j + 3 < SIDE; j++) {
      for (i = MAX (0, dx); i < MIN (SIDE, SIDE + dx); i++)
        off = MAX (off, fabsf (part[j][i - dx] - whole[j + 3][i]));
    }
  }
  fail_unless_near (off, 0, 1e-4);
}

GST_END_TEST;

/* A tenth of a pixel changes no pixel by more than that. */
GST_START_TEST (test_moves)
{
  GstTryonNail nail = oval_nail (32, 32, 20.3f, 30.7f, 0.4f);
  gfloat before[SIDE][SIDE], after[SIDE][SIDE], most = 0;
  gint step, i, j;

  cover (nail.outline, GST_TRYON_NAIL_OUTLINE, 0, 0, before);
  for (step = 0; step < 30; step++) {
    move_nail (&nail, 0.1f, 0);
    cover (nail.outline, GST_TRYON_NAIL_OUTLINE, 0, 0, after);
    for (j = 0; j < SIDE; j++) {
      for (i = 0; i < SIDE; i++)
        most = MAX (most, fabsf (after[j][i] - before[j][i]));
    }
    memcpy (before, after, sizeof before);
    fail_unless (most <= 0.1f + 1e-4f && most > 0.09f);
  }
}

GST_END_TEST;

/* Large numbers, tiny ones, no polygon at all. */
GST_START_TEST (test_extremes)
{
  const GstTryonPoint around[] = { {-65000, -65000}, {65000, -65000}, {65000,
      65000}, {-65000, 65000}
  };
  const GstTryonPoint flat[] = { {0, 1e-40f}, {60, 2e-40f}, {60, 1}, {0, 1} };
  gfloat rows[SIDE][SIDE];

  fail_unless_near (cover (around, 4, 0, 0, rows), SIDE * SIDE, 1);
  fail_unless_near (cover (flat, 4, 0, 0, rows), 60, 1e-3);
  fail_unless_near (cover (flat, 0, 0, 0, rows), 0, 0);
  fail_unless_near (cover (flat, 2, 0, 0, rows), 0, 0);
}

GST_END_TEST;

static Suite *
coverage_suite (void)
{
  Suite *s = suite_create ("coverage");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_exact);
  tcase_add_test (tc, test_area);
  tcase_add_test (tc, test_clipped);
  tcase_add_test (tc, test_moves);
  tcase_add_test (tc, test_extremes);
  return s;
}

GST_CHECK_MAIN (coverage);

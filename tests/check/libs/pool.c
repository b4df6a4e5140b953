/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The pool of blocks that messages are received in. */

#include <gst/check/gstcheck.h>
#include <string.h>

#include "gst/tryon/gsttryonpool.h"

#define MIB (1024 * 1024)

static gsize
get_used (void)
{
  GstTryonPoolStats stats;

  gst_tryon_pool_get_stats (&stats);
  return stats.used;
}

static gsize
get_kept (void)
{
  GstTryonPoolStats stats;

  gst_tryon_pool_get_stats (&stats);
  return stats.kept;
}

static const struct
{
  gsize size;
  gsize capacity;
} sizes[] = {
  {0, 4096}, {1, 4096}, {4096, 4096}, {4097, 8192}, {45000, 65536},
  {65536, 65536}, {MIB, MIB}, {MIB + 1, MIB + 1}, {5 * MIB, 5 * MIB},
};

/* As large as asked for, apart from others, at a cache line; up to 1 MiB the same
 * block comes back. */
GST_START_TEST (test_blocks)
{
  /* Without forks, what the tests before have left. */
  gsize capacity = 0, kept = get_kept ();
  guint8 *block, *other, *again;

  block = gst_tryon_pool_take (sizes[__i__].size, &capacity);
  fail_unless (block != NULL);
  fail_unless_equals_uint64 (capacity, sizes[__i__].capacity);
  fail_unless_equals_uint64 ((guintptr) block % 64, 0);
  memset (block, 1, capacity);
  other = gst_tryon_pool_take (sizes[__i__].size, &capacity);
  memset (other, 2, capacity);
  fail_unless_equals_int (block[0] + block[capacity - 1], 2);
  fail_unless_equals_uint64 (get_used (), 2 * capacity);

  gst_tryon_pool_give (other);
  gst_tryon_pool_give (block);
  fail_unless_equals_uint64 (get_used (), 0);
  /* None is new where a test before has left two. */
  if (capacity <= MIB && get_kept () != kept)
    kept += 2 * capacity;
  fail_unless_equals_uint64 (get_kept (), kept);
  if (capacity <= MIB) {
    again = gst_tryon_pool_take (sizes[__i__].size, &capacity);
    fail_unless (again == block);
    gst_tryon_pool_give (again);
  }
}

GST_END_TEST;

/* No memory is an answer. */
GST_START_TEST (test_too_large)
{
  gsize capacity;

  fail_unless (gst_tryon_pool_take (G_MAXSIZE, &capacity) == NULL);
#ifndef __SANITIZE_ADDRESS__
  /* Whose allocator ends the process in place of an answer. */
  fail_unless (gst_tryon_pool_take (G_MAXSIZE / 2, &capacity) == NULL);
#endif
  fail_unless_equals_uint64 (get_used (), 0);
}

GST_END_TEST;

/* What is kept is bounded, however much was used at once. */
GST_START_TEST (test_kept)
{
  gsize capacity, n = 2 * GST_TRYON_POOL_MAX_KEPT / MIB, i;
  guint8 **blocks = g_new (guint8 *, n);
  GstTryonPoolStats stats;

  for (i = 0; i < n; i++)
    blocks[i] = gst_tryon_pool_take (MIB, &capacity);
  for (i = 0; i < n; i++)
    gst_tryon_pool_give (blocks[i]);
  gst_tryon_pool_get_stats (&stats);
  fail_unless (stats.kept > GST_TRYON_POOL_MAX_KEPT - MIB);
  fail_unless (stats.kept <= GST_TRYON_POOL_MAX_KEPT);
  fail_unless_equals_uint64 (stats.peak, n * MIB);
  gst_tryon_pool_reset_peak ();
  gst_tryon_pool_get_stats (&stats);
  fail_unless_equals_uint64 (stats.peak, 0);
  g_free (blocks);
}

GST_END_TEST;

/* A memory gives its block back with its last reference, also that of a part of
 * it. */
GST_START_TEST (test_memory)
{
  gsize capacity;
  guint8 *block = gst_tryon_pool_take (100000, &capacity);
  GstMemory *memory, *part;
  GstMapInfo map;

  memcpy (block + 10, "hello", 5);
  memory = gst_tryon_pool_wrap (block, 10, 5);
  fail_unless (gst_memory_map (memory, &map, GST_MAP_READWRITE));
  fail_unless (map.size == 5 && memcmp (map.data, "hello", 5) == 0);
  gst_memory_unmap (memory, &map);
  part = gst_memory_share (memory, 1, 2);
  gst_memory_unref (memory);
  fail_unless_equals_uint64 (get_used (), capacity);
  gst_memory_unref (part);
  fail_unless_equals_uint64 (get_used (), 0);
}

GST_END_TEST;

static gpointer
take_and_give (gpointer data)
{
  guint8 *blocks[8];
  gsize capacity;
  guint i, n;

  for (n = 0; n < 2000; n++) {
    for (i = 0; i < G_N_ELEMENTS (blocks); i++) {
      blocks[i] = gst_tryon_pool_take (4096 << (n + i) % 5, &capacity);
      memset (blocks[i], GPOINTER_TO_INT (data), 64);
    }
    for (i = 0; i < G_N_ELEMENTS (blocks); i++) {
      fail_unless_equals_int (blocks[i][63], GPOINTER_TO_INT (data));
      gst_tryon_pool_give (blocks[i]);
    }
  }
  return NULL;
}

GST_START_TEST (test_threads)
{
  GThread *threads[4];
  gint i;

  for (i = 0; i < 4; i++)
    threads[i] = g_thread_new ("taker", take_and_give, GINT_TO_POINTER (i));
  for (i = 0; i < 4; i++)
    g_thread_join (threads[i]);
  fail_unless_equals_uint64 (get_used (), 0);
}

GST_END_TEST;

static Suite *
pool_suite (void)
{
  Suite *s = suite_create ("pool");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc, test_blocks, 0, G_N_ELEMENTS (sizes));
  tcase_add_test (tc, test_too_large);
  tcase_add_test (tc, test_kept);
  tcase_add_test (tc, test_memory);
  tcase_add_test (tc, test_threads);
  return s;
}

GST_CHECK_MAIN (pool);

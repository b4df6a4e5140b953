/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Blocks of memory for messages.
 *
 * malloc() gives large blocks back to the kernel as soon as they are free, and
 * the next frame then pays for fresh pages, each a fault: on virtual machines
 * the same work took two to three times as long. Here the block that was free
 * last, and is likely to be in a cache still, is the next to be used.
 *
 * Blocks come in powers of two up to 1 MiB, larger ones as they are asked for
 * and never kept. What is kept free is bounded; beyond that blocks go back to
 * malloc(). */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gsttryonpool.h"

#include <stdlib.h>

/* clang tells by a feature, which gcc doesn't know yet. */
#ifdef __has_feature
#if __has_feature (address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(data, size)
#define ASAN_UNPOISON_MEMORY_REGION(data, size)
#endif

#define SMALLEST_SHIFT 12       /* 4 KiB */
#define N_CLASSES 9             /* up to 1 MiB */

typedef struct _Block Block;

/* In front of a block's bytes, which so begin at a cache line. */
struct _Block
{
  gsize capacity;
  Block *next;                  /* while it is free */
} __attribute__((aligned (64)));

static GMutex lock;             /* guards the two below */
static Block *free_blocks[N_CLASSES];
static GstTryonPoolStats stats;

/* N_CLASSES for what is too large to be kept. */
static guint
get_class (gsize size)
{
  guint i = 0;

  while (i < N_CLASSES && size > (gsize) 1 << (SMALLEST_SHIFT + i))
    i++;
  return i;
}

static Block *
block_new (gsize capacity)
{
  Block *block = NULL;

  if (capacity > G_MAXSIZE - sizeof (Block)
      || posix_memalign ((gpointer *) & block, sizeof (Block),
          sizeof (Block) + capacity) != 0)
    return NULL;
  block->capacity = capacity;
  return block;
}

guint8 *
gst_tryon_pool_take (gsize size, gsize * capacity)
{
  guint i = get_class (size);
  Block *block = NULL;

  if (i < N_CLASSES)
    size = (gsize) 1 << (SMALLEST_SHIFT + i);
  g_mutex_lock (&lock);
  if (i < N_CLASSES && (block = free_blocks[i]) != NULL) {
    free_blocks[i] = block->next;
    stats.kept -= block->capacity;
  } else {
    block = block_new (size);
  }
  if (block != NULL) {
    stats.used += block->capacity;
    stats.peak = MAX (stats.peak, stats.used);
  }
  g_mutex_unlock (&lock);
  if (block == NULL)
    return NULL;
  ASAN_UNPOISON_MEMORY_REGION (block + 1, block->capacity);
  *capacity = block->capacity;
  return (guint8 *) (block + 1);
}

void
gst_tryon_pool_give (guint8 * data)
{
  Block *block = (Block *) data - 1;
  guint i = get_class (block->capacity);
  gboolean keep;

  g_mutex_lock (&lock);
  stats.used -= block->capacity;
  keep = i < N_CLASSES
      && block->capacity <= GST_TRYON_POOL_MAX_KEPT - stats.kept;
  if (keep) {
    /* Whoever uses it still is found by the sanitizer, as with malloc(). */
    ASAN_POISON_MEMORY_REGION (data, block->capacity);
    block->next = free_blocks[i];
    free_blocks[i] = block;
    stats.kept += block->capacity;
  }
  g_mutex_unlock (&lock);
  if (!keep)
    free (block);
}

GstMemory *
gst_tryon_pool_wrap (guint8 * data, gsize offset, gsize size)
{
  Block *block = (Block *) data - 1;

  return gst_memory_new_wrapped (0, data, block->capacity, offset, size, data,
      (GDestroyNotify) gst_tryon_pool_give);
}

void
gst_tryon_pool_get_stats (GstTryonPoolStats * result)
{
  g_mutex_lock (&lock);
  *result = stats;
  g_mutex_unlock (&lock);
}

void
gst_tryon_pool_reset_peak (void)
{
  g_mutex_lock (&lock);
  stats.peak = stats.used;
  g_mutex_unlock (&lock);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/tryon/tryon-prelude.h>

/* Not installed: blocks of memory for messages, used again and again. One pool
 * for the process; from any thread. */

G_BEGIN_DECLS

/* What a pool keeps for later at the most, in bytes of all its free blocks. */
#define GST_TRYON_POOL_MAX_KEPT (64 * 1024 * 1024)

/* (transfer full): a block of at least @size bytes, whose contents are anything.
 * @capacity: how many it has. %NULL without memory. */
GST_TRYON_API guint8 *    gst_tryon_pool_take (gsize size, gsize * capacity);
/* @block: transfer full. */
GST_TRYON_API void        gst_tryon_pool_give (guint8 * block);
/* (transfer full): @size bytes at @offset of @block (transfer full) as a memory,
 * which gives the block back when it goes. */
GST_TRYON_API GstMemory * gst_tryon_pool_wrap (guint8 * block, gsize offset, gsize size);

/**
 * GstTryonPoolStats:
 * @used: bytes of all blocks that are taken
 * @peak: the most that ever was, since gst_tryon_pool_reset_peak()
 * @kept: bytes of all blocks that are free and kept
 */
typedef struct {
  gsize used;
  gsize peak;
  gsize kept;
} GstTryonPoolStats;

/* For tests. */
GST_TRYON_API void gst_tryon_pool_get_stats (GstTryonPoolStats * stats);
GST_TRYON_API void gst_tryon_pool_reset_peak (void);

G_END_DECLS

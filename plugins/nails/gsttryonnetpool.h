/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gsttryonnet.h"

G_BEGIN_DECLS

/* The nets of one model, for all elements of the process: XNNPACK packs the weights
 * anew for each runtime (with its own memory, the full landmark model's takes 18 MB,
 * the full palm model's 32), so runtimes are shared instead. There are at most as
 * many as processors: more could not run at once. A net is taken for one inference
 * and given back. */

typedef struct _GstTryonNetPool GstTryonNetPool;

/* Makes a net; on any thread, one at a time for each pool. */
typedef GstTryonNet *(*GstTryonNetFunc) (gpointer user_data, GError ** error);

/**
 * gst_tryon_net_pool_get:
 * @key: names the model, such as its path
 * @func: makes a net of it, when there is no pool of that name yet
 * @user_data: (transfer full): for @func
 * @destroy: (nullable): frees @user_data: with the pool, or at once when there is
 *     a pool of that name
 *
 * Any thread. Waits for a thread that makes that pool at the same time.
 *
 * Returns: (transfer full): the process's pool of that name. Its first net has been
 *     made: a model that does not work is an error here, %NULL.
 */
GstTryonNetPool *gst_tryon_net_pool_get (const gchar * key,
    GstTryonNetFunc func, gpointer user_data, GDestroyNotify destroy,
    GError ** error);
GstTryonNetPool *gst_tryon_net_pool_ref (GstTryonNetPool * pool);
/* The last one frees the nets; one that is acquired keeps the pool. */
void gst_tryon_net_pool_unref (GstTryonNetPool * pool);

/* (transfer full): waits while as many as processors are taken (for the time of an
 * inference); %NULL with @error when one more was needed and could not be made. Any
 * thread. */
GstTryonNet *gst_tryon_net_pool_acquire (GstTryonNetPool * pool,
    GError ** error);
void gst_tryon_net_pool_release (GstTryonNetPool * pool, GstTryonNet * net);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstTryonNetPool, gst_tryon_net_pool_unref)

G_END_DECLS

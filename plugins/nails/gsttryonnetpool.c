/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gsttryonnetpool.h"

struct _GstTryonNetPool
{
  gchar *key;
  GstTryonNetFunc func;
  gpointer user_data;
  GDestroyNotify destroy;
  guint max;

  gint ref_count;               /* atomic; falls only under pools_lock */

  GMutex lock;                  /* guards the following */
  GCond changed;                /* a net is free, or is_making has ended */
  GPtrArray *idle;              /* nets; the last one was used last */
  guint n_made;
  gboolean is_making;           /* a thread is in func */
  GError *error;                /* why the first net could not be made */
};

/* Of the two locks, this one is taken first. */
static GMutex pools_lock;       /* guards the table, and that what is in it lives */
static GHashTable *pools;       /* key: pool; no references */

static GstTryonNetPool *
pool_new (const gchar * key, GstTryonNetFunc func, gpointer user_data,
    GDestroyNotify destroy)
{
  GstTryonNetPool *pool = g_new0 (GstTryonNetPool, 1);

  pool->key = g_strdup (key);
  pool->func = func;
  pool->user_data = user_data;
  pool->destroy = destroy;
  pool->max = g_get_num_processors ();
  pool->ref_count = 1;
  g_mutex_init (&pool->lock);
  g_cond_init (&pool->changed);
  pool->idle = g_ptr_array_new_with_free_func ((GDestroyNotify)
      gst_tryon_net_free);
  return pool;
}

static void
pool_free (GstTryonNetPool * pool)
{
  g_ptr_array_unref (pool->idle);
  if (pool->destroy != NULL)
    pool->destroy (pool->user_data);
  g_clear_error (&pool->error);
  g_cond_clear (&pool->changed);
  g_mutex_clear (&pool->lock);
  g_free (pool->key);
  g_free (pool);
}

/* Under the pool's lock, which is not held meanwhile: others go on with the nets
 * that there are. */
static GstTryonNet *
make (GstTryonNetPool * pool, GError ** error)
{
  GstTryonNet *net;

  pool->is_making = TRUE;
  g_mutex_unlock (&pool->lock);
  net = pool->func (pool->user_data, error);
  g_mutex_lock (&pool->lock);
  pool->is_making = FALSE;
  if (net != NULL)
    pool->n_made++;
  g_cond_broadcast (&pool->changed);
  return net;
}

/* The pool's first net; whoever else asks for the pool meanwhile waits for it, and
 * gets the same error. */
static gboolean
make_first (GstTryonNetPool * pool, GError ** error)
{
  GstTryonNet *net;
  gboolean is_made;

  g_mutex_lock (&pool->lock);
  while (pool->is_making)
    g_cond_wait (&pool->changed, &pool->lock);
  if (pool->n_made == 0 && pool->error == NULL) {
    net = make (pool, &pool->error);
    if (net != NULL)
      g_ptr_array_add (pool->idle, net);
  }
  is_made = pool->n_made > 0;
  if (!is_made && error != NULL)
    *error = g_error_copy (pool->error);
  g_mutex_unlock (&pool->lock);
  return is_made;
}

GstTryonNetPool *
gst_tryon_net_pool_get (const gchar * key, GstTryonNetFunc func,
    gpointer user_data, GDestroyNotify destroy, GError ** error)
{
  GstTryonNetPool *pool;

  g_mutex_lock (&pools_lock);
  if (pools == NULL)
    pools = g_hash_table_new (g_str_hash, g_str_equal);
  pool = g_hash_table_lookup (pools, key);
  if (pool != NULL) {
    gst_tryon_net_pool_ref (pool);
  } else {
    pool = pool_new (key, func, user_data, destroy);
    g_hash_table_insert (pools, pool->key, pool);
    destroy = NULL;
  }
  g_mutex_unlock (&pools_lock);

  if (destroy != NULL)
    destroy (user_data);
  if (!make_first (pool, error))
    g_clear_pointer (&pool, gst_tryon_net_pool_unref);
  return pool;
}

GstTryonNetPool *
gst_tryon_net_pool_ref (GstTryonNetPool * pool)
{
  g_atomic_int_inc (&pool->ref_count);
  return pool;
}

void
gst_tryon_net_pool_unref (GstTryonNetPool * pool)
{
  gboolean is_last;

  g_mutex_lock (&pools_lock);
  is_last = g_atomic_int_dec_and_test (&pool->ref_count);
  if (is_last)
    g_hash_table_remove (pools, pool->key);
  if (is_last && g_hash_table_size (pools) == 0)
    g_clear_pointer (&pools, g_hash_table_unref);
  g_mutex_unlock (&pools_lock);
  if (is_last)
    pool_free (pool);
}

GstTryonNet *
gst_tryon_net_pool_acquire (GstTryonNetPool * pool, GError ** error)
{
  GstTryonNet *net;

  g_mutex_lock (&pool->lock);
  while (pool->idle->len == 0 && (pool->is_making || pool->n_made >= pool->max))
    g_cond_wait (&pool->changed, &pool->lock);
  if (pool->idle->len > 0)
    net = g_ptr_array_steal_index (pool->idle, pool->idle->len - 1);
  else
    net = make (pool, error);
  g_mutex_unlock (&pool->lock);
  /* A net that is out keeps its pool. */
  if (net != NULL)
    gst_tryon_net_pool_ref (pool);
  return net;
}

void
gst_tryon_net_pool_release (GstTryonNetPool * pool, GstTryonNet * net)
{
  g_mutex_lock (&pool->lock);
  g_ptr_array_add (pool->idle, net);
  g_cond_signal (&pool->changed);
  g_mutex_unlock (&pool->lock);
  gst_tryon_net_pool_unref (pool);
}

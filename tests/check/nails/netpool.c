/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Nets that threads share. */

#include <gst/check/gstcheck.h>
#include <math.h>

#include "gsttryonnetpool.h"

#define KEY "a model"
#define N_RUNS 200

/* What a pool's nets are made with. The fields are read when all is done, or are
 * atomic. */
typedef struct
{
  gint n_made;
  gint n_nets_freed;
  gint n_freed;
  gint n_inside;                /* threads that are making one */
  gint max_inside;
  gint n_out;                   /* nets that are taken */
  gint max_out;
  gint fail_from;               /* makes no more nets than this */
  GMutex lock;                  /* held by a test: nobody makes a net meanwhile */
} Maker;

static void
raise_to (gint * maximum, gint value)
{
  gint before;

  do {
    before = g_atomic_int_get (maximum);
  } while (value > before
      && !g_atomic_int_compare_and_exchange (maximum, before, value));
}

static void
net_freed (gpointer data)
{
  g_atomic_int_inc ((gint *) data);
}

static void
maker_freed (gpointer data)
{
  g_atomic_int_inc (&((Maker *) data)->n_freed);
}

static void
maker_init (Maker * maker)
{
  memset (maker, 0, sizeof (*maker));
  maker->fail_from = G_MAXINT;
  g_mutex_init (&maker->lock);
}

/* output = sigmoid (input), a number. */
static GstTryonNet *
make_sigmoid (Maker * maker, GError ** error)
{
  const gsize one = 1;
  xnn_subgraph_t subgraph;
  guint32 ids[2];
  guint i;

  if (!gst_tryon_net_init (error))
    return NULL;
  fail_unless (xnn_create_subgraph (2, 0, &subgraph) == xnn_status_success);
  for (i = 0; i < 2; i++)
    fail_unless (xnn_define_tensor_value (subgraph, xnn_datatype_fp32, 1, &one,
            NULL, i, i == 0 ? XNN_VALUE_FLAG_EXTERNAL_INPUT :
            XNN_VALUE_FLAG_EXTERNAL_OUTPUT, &ids[i]) == xnn_status_success);
  fail_unless (xnn_define_sigmoid (subgraph, ids[0], ids[1],
          0) == xnn_status_success);
  return gst_tryon_net_new (subgraph, &maker->n_nets_freed, net_freed, &one, 1,
      &one, 1, error);
}

/* GstTryonNetFunc. */
static GstTryonNet *
make (gpointer data, GError ** error)
{
  Maker *maker = data;
  GstTryonNet *net = NULL;

  raise_to (&maker->max_inside, g_atomic_int_add (&maker->n_inside, 1) + 1);
  g_mutex_lock (&maker->lock);
  if (g_atomic_int_get (&maker->n_made) >= maker->fail_from)
    g_set_error (error, GST_TRYON_NET_ERROR, GST_TRYON_NET_ERROR_FAILED,
        "no more than %d", maker->fail_from);
  else
    net = make_sigmoid (maker, error);
  if (net != NULL)
    g_atomic_int_inc (&maker->n_made);
  g_mutex_unlock (&maker->lock);
  g_atomic_int_add (&maker->n_inside, -1);
  return net;
}

static GstTryonNetPool *
get_pool (Maker * maker)
{
  GError *error = NULL;
  GstTryonNetPool *pool = gst_tryon_net_pool_get (KEY, make, maker, maker_freed,
      &error);

  fail_unless (pool != NULL, "%s", error ? error->message : "?");
  return pool;
}

typedef struct
{
  Maker *maker;
  GstTryonNetPool *pool;
  gint number;
  GMutex *start;
} Worker;

/* Takes a net, for one run, again and again. */
static gpointer
work (gpointer data)
{
  Worker *worker = data;
  gint i;

  g_mutex_lock (worker->start);
  g_mutex_unlock (worker->start);
  for (i = 0; i < N_RUNS; i++) {
    GError *error = NULL;
    GstTryonNet *net = gst_tryon_net_pool_acquire (worker->pool, &error);
    gfloat x = worker->number + i / (gfloat) N_RUNS, y;

    fail_unless (net != NULL, "%s", error ? error->message : "?");
    raise_to (&worker->maker->max_out,
        g_atomic_int_add (&worker->maker->n_out, 1) + 1);
    *gst_tryon_net_get_input (net, 0, NULL) = x;
    /* Others come meanwhile. */
    g_thread_yield ();
    fail_unless (gst_tryon_net_run (net, NULL));
    y = *gst_tryon_net_get_output (net, 0, NULL);
    fail_unless (fabsf (y - 1 / (1 + expf (-x))) < 1e-5, "%g gives %g", x, y);
    g_atomic_int_add (&worker->maker->n_out, -1);
    gst_tryon_net_pool_release (worker->pool, net);
  }
  return NULL;
}

/* More threads than processors: they share as many nets, each net has one user at a
 * time, and one net is made at a time. */
GST_START_TEST (test_threads)
{
  const gint n_threads = 3 * g_get_num_processors () + 1;
  Worker *workers = g_new (Worker, n_threads);
  GThread **threads = g_new (GThread *, n_threads);
  GMutex start;
  GstTryonNetPool *pool;
  Maker maker;
  gint i;

  maker_init (&maker);
  g_mutex_init (&start);
  pool = get_pool (&maker);
  fail_unless_equals_int (maker.n_made, 1);
  g_mutex_lock (&start);
  for (i = 0; i < n_threads; i++) {
    workers[i] = (Worker) {
    &maker, pool, i, &start};
    threads[i] = g_thread_new ("worker", work, &workers[i]);
  }
  g_mutex_unlock (&start);
  for (i = 0; i < n_threads; i++)
    g_thread_join (threads[i]);
  g_print ("%d threads, %d processors: %d nets, at most %d in use\n", n_threads,
      g_get_num_processors (), maker.n_made, maker.max_out);
  fail_unless (maker.n_made <= (gint) g_get_num_processors ());
  fail_unless (maker.max_out <= maker.n_made);
  fail_unless_equals_int (maker.max_inside, 1);
  fail_unless_equals_int (maker.n_nets_freed, 0);
  gst_tryon_net_pool_unref (pool);
  fail_unless_equals_int (maker.n_nets_freed, maker.n_made);
  fail_unless_equals_int (maker.n_freed, 1);
  g_mutex_clear (&maker.lock);
  g_mutex_clear (&start);
  g_free (threads);
  g_free (workers);
}

GST_END_TEST;

/* The same key is the same pool as long as somebody has it, then a new one. */
GST_START_TEST (test_keys)
{
  Maker maker, other;
  GstTryonNetPool *pool, *again;

  maker_init (&maker);
  maker_init (&other);
  pool = get_pool (&maker);
  /* What another one brings for it is freed at once. */
  again = gst_tryon_net_pool_get (KEY, make, &other, maker_freed, NULL);
  fail_unless (again == pool);
  fail_unless_equals_int (other.n_freed, 1);
  fail_unless_equals_int (other.n_made, 0);
  gst_tryon_net_pool_unref (again);
  again = gst_tryon_net_pool_get ("another model", make, &other, NULL, NULL);
  fail_unless (again != pool);
  fail_unless_equals_int (other.n_made, 1);
  gst_tryon_net_pool_unref (again);
  fail_unless_equals_int (other.n_nets_freed, 1);

  fail_unless_equals_int (maker.n_nets_freed, 0);
  gst_tryon_net_pool_unref (pool);
  fail_unless_equals_int (maker.n_nets_freed, 1);
  fail_unless_equals_int (maker.n_freed, 1);
  pool = get_pool (&other);
  fail_unless_equals_int (other.n_made, 2);
  gst_tryon_net_pool_unref (pool);
  g_mutex_clear (&maker.lock);
  g_mutex_clear (&other.lock);
}

GST_END_TEST;

/* The net that was used last is the next one: its memory is in the caches. */
GST_START_TEST (test_order)
{
  Maker maker;
  GstTryonNetPool *pool;
  GstTryonNet *net, *other;

  maker_init (&maker);
  pool = get_pool (&maker);
  net = gst_tryon_net_pool_acquire (pool, NULL);
  gst_tryon_net_pool_release (pool, net);
  fail_unless (gst_tryon_net_pool_acquire (pool, NULL) == net);
  fail_unless_equals_int (maker.n_made, 1);
  if (g_get_num_processors () > 1) {
    other = gst_tryon_net_pool_acquire (pool, NULL);
    gst_tryon_net_pool_release (pool, other);
    gst_tryon_net_pool_release (pool, net);
    fail_unless (gst_tryon_net_pool_acquire (pool, NULL) == net);
  }
  /* The pool lives on for it. */
  gst_tryon_net_pool_unref (pool);
  fail_unless_equals_int (maker.n_nets_freed, 0);
  gst_tryon_net_pool_release (pool, net);
  fail_unless_equals_int (maker.n_nets_freed, maker.n_made);
  g_mutex_clear (&maker.lock);
}

GST_END_TEST;

/* A model that can't be made, at first or later, is an error; it may work later. */
GST_START_TEST (test_failure)
{
  const gint max = g_get_num_processors ();
  GstTryonNet **nets = g_new (GstTryonNet *, max);
  GError *error = NULL;
  Maker maker;
  GstTryonNetPool *pool;
  gint i;

  maker_init (&maker);
  maker.fail_from = 0;
  fail_unless (gst_tryon_net_pool_get (KEY, make, &maker, maker_freed,
          &error) == NULL);
  g_assert_error (error, GST_TRYON_NET_ERROR, GST_TRYON_NET_ERROR_FAILED);
  g_clear_error (&error);
  fail_unless_equals_int (maker.n_freed, 1);
  fail_unless (gst_tryon_net_pool_get (KEY, make, &maker, NULL, NULL) == NULL);

  maker.fail_from = 1;
  pool = get_pool (&maker);
  nets[0] = gst_tryon_net_pool_acquire (pool, &error);
  fail_unless (nets[0] != NULL);
  if (max > 1) {
    fail_unless (gst_tryon_net_pool_acquire (pool, &error) == NULL);
    g_assert_error (error, GST_TRYON_NET_ERROR, GST_TRYON_NET_ERROR_FAILED);
    g_clear_error (&error);
  }
  maker.fail_from = G_MAXINT;
  for (i = 1; i < max; i++) {
    nets[i] = gst_tryon_net_pool_acquire (pool, &error);
    fail_unless (nets[i] != NULL);
  }
  fail_unless_equals_int (maker.n_made, max);
  for (i = 0; i < max; i++)
    gst_tryon_net_pool_release (pool, nets[i]);
  gst_tryon_net_pool_unref (pool);
  fail_unless_equals_int (maker.n_nets_freed, max);
  g_mutex_clear (&maker.lock);
  g_free (nets);
}

GST_END_TEST;

static gpointer
acquire (gpointer data)
{
  return gst_tryon_net_pool_acquire (data, NULL);
}

/* Who comes when all are taken gets the one that is given back. */
GST_START_TEST (test_wait)
{
  const gint max = g_get_num_processors ();
  GstTryonNet **nets = g_new (GstTryonNet *, max);
  Maker maker;
  GstTryonNetPool *pool;
  GThread *thread;
  gint i;

  maker_init (&maker);
  pool = get_pool (&maker);
  for (i = 0; i < max; i++)
    nets[i] = gst_tryon_net_pool_acquire (pool, NULL);
  thread = g_thread_new ("late", acquire, pool);
  g_thread_yield ();
  gst_tryon_net_pool_release (pool, nets[0]);
  fail_unless (g_thread_join (thread) == nets[0]);
  fail_unless_equals_int (maker.n_made, max);
  for (i = 0; i < max; i++)
    gst_tryon_net_pool_release (pool, nets[i]);
  gst_tryon_net_pool_unref (pool);
  g_mutex_clear (&maker.lock);
  g_free (nets);
}

GST_END_TEST;

static gpointer
acquire_release (gpointer data)
{
  GstTryonNet *net = gst_tryon_net_pool_acquire (data, NULL);

  fail_unless (net != NULL);
  gst_tryon_net_pool_release (data, net);
  return NULL;
}

/* Who needs one more while one is being made waits, and makes none beside it. */
GST_START_TEST (test_one_more)
{
  GThread *threads[8];
  Maker maker;
  GstTryonNetPool *pool;
  GstTryonNet *net;
  guint i;

  if (g_get_num_processors () == 1) {
    g_print ("SKIPPED: one processor, one net\n");
    return;
  }
  maker_init (&maker);
  pool = get_pool (&maker);
  net = gst_tryon_net_pool_acquire (pool, NULL);
  g_mutex_lock (&maker.lock);
  for (i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("one more", acquire_release, pool);
  while (g_atomic_int_get (&maker.n_inside) == 0)
    g_thread_yield ();
  /* Those that do wrong show only if they come this far. */
  for (i = 0; i < 1000; i++)
    g_thread_yield ();
  g_mutex_unlock (&maker.lock);
  for (i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  fail_unless_equals_int (maker.max_inside, 1);
  fail_unless (maker.n_made <= (gint) g_get_num_processors ());
  gst_tryon_net_pool_release (pool, net);
  gst_tryon_net_pool_unref (pool);
  g_mutex_clear (&maker.lock);
}

GST_END_TEST;

static gpointer
get_failing (gpointer data)
{
  GError *error = NULL;

  fail_unless (gst_tryon_net_pool_get (KEY, make, data, NULL, &error) == NULL);
  return error;
}

static gpointer
get_working (gpointer data)
{
  return get_pool (data);
}

/* Threads that want the same pool at once: one makes it, all get it, or its error. */
GST_START_TEST (test_at_once)
{
  GThread *threads[8];
  GstTryonNetPool *pools[G_N_ELEMENTS (threads)];
  Maker maker;
  guint i;

  maker_init (&maker);
  g_mutex_lock (&maker.lock);
  for (i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("get", get_working, &maker);
  while (g_atomic_int_get (&maker.n_inside) == 0)
    g_thread_yield ();
  g_mutex_unlock (&maker.lock);
  for (i = 0; i < G_N_ELEMENTS (threads); i++)
    pools[i] = g_thread_join (threads[i]);
  for (i = 0; i < G_N_ELEMENTS (threads); i++) {
    fail_unless (pools[i] == pools[0]);
    gst_tryon_net_pool_unref (pools[i]);
  }
  fail_unless_equals_int (maker.n_made, 1);
  fail_unless_equals_int (maker.max_inside, 1);
  fail_unless_equals_int (maker.n_nets_freed, 1);

  maker.fail_from = 0;
  for (i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("get", get_failing, &maker);
  for (i = 0; i < G_N_ELEMENTS (threads); i++) {
    GError *error = g_thread_join (threads[i]);

    g_assert_error (error, GST_TRYON_NET_ERROR, GST_TRYON_NET_ERROR_FAILED);
    g_error_free (error);
  }
  fail_unless_equals_int (maker.max_inside, 1);
  g_mutex_clear (&maker.lock);
}

GST_END_TEST;

static Suite *
netpool_suite (void)
{
  Suite *s = suite_create ("netpool");
  TCase *tc = tcase_create ("pools");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_threads);
  tcase_add_test (tc, test_keys);
  tcase_add_test (tc, test_order);
  tcase_add_test (tc, test_failure);
  tcase_add_test (tc, test_wait);
  tcase_add_test (tc, test_one_more);
  tcase_add_test (tc, test_at_once);
  return s;
}

GST_CHECK_MAIN (netpool);

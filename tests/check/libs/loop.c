/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* GstTryonLoop: the thread, its order, and its end. */

#include <gst/check/gstcheck.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gst/tryon/gsttryonloop.h"

/* Anything takes less, also under a sanitizer. */
#define PATIENCE (20 * G_TIME_SPAN_SECOND)

static GMutex lock;
static GCond cond;

/* Waits until *@count, which the lock guards, is @n. */
static void
wait_for (gint * count, gint n)
{
  gint64 end = g_get_monotonic_time () + PATIENCE;

  g_mutex_lock (&lock);
  while (*count < n)
    fail_unless (g_cond_wait_until (&cond, &lock, end), "%d of %d", *count, n);
  g_mutex_unlock (&lock);
}

static gint
count_now (const gint * count)
{
  gint n;

  g_mutex_lock (&lock);
  n = *count;
  g_mutex_unlock (&lock);
  return n;
}

static void
count_up (gpointer count)
{
  g_mutex_lock (&lock);
  (*(gint *) count)++;
  g_cond_broadcast (&cond);
  g_mutex_unlock (&lock);
}

static gboolean
count_run (gpointer count)
{
  count_up (count);
  /* Means nothing to invoke(). */
  return G_SOURCE_CONTINUE;
}

static void
count_gone (gpointer count, GObject * where)
{
  count_up (count);
}

static void
check_thread (gpointer loop, gpointer is_default)
{
  fail_unless (gst_tryon_loop_is_current (loop));
  *(gboolean *) is_default = g_main_context_get_thread_default ()
      == gst_tryon_loop_get_context (loop);
}

GST_START_TEST (test_thread)
{
  GstTryonLoop *loop = gst_tryon_loop_new ("test-loop");
  gboolean is_default = FALSE;

  fail_unless_equals_string (GST_OBJECT_NAME (loop), "test-loop");
  fail_if (g_object_is_floating (loop));
  ASSERT_OBJECT_REFCOUNT (loop, "loop", 1);
  fail_if (gst_tryon_loop_is_current (loop));
  gst_tryon_loop_invoke_sync (loop, check_thread, &is_default);
  fail_unless (is_default);
  gst_object_unref (loop);

  loop = gst_tryon_loop_new (NULL);
  fail_unless (GST_OBJECT_NAME (loop) != NULL);
  gst_object_unref (loop);
}

GST_END_TEST;

typedef struct
{
  GstTryonLoop *loop;
  GArray *order;
  guint number;
} Step;

static gboolean
take_step (gpointer data)
{
  Step *step = data;

  fail_unless (gst_tryon_loop_is_current (step->loop));
  g_array_append_val (step->order, step->number);
  return G_SOURCE_CONTINUE;
}

static void
nothing (gpointer loop, gpointer user_data)
{
}

GST_START_TEST (test_order)
{
  GstTryonLoop *loop = gst_tryon_loop_new ("order");
  GArray *order = g_array_new (FALSE, FALSE, sizeof (guint));
  Step steps[1000];
  guint i;

  for (i = 0; i < G_N_ELEMENTS (steps); i++) {
    steps[i] = (Step) {
    loop, order, i};
    gst_tryon_loop_invoke (loop, take_step, &steps[i], NULL);
  }
  /* It comes behind them. */
  gst_tryon_loop_invoke_sync (loop, nothing, NULL);
  fail_unless_equals_int (order->len, G_N_ELEMENTS (steps));
  for (i = 0; i < order->len; i++)
    fail_unless_equals_int (g_array_index (order, guint, i), i);
  g_array_unref (order);
  gst_object_unref (loop);
}

GST_END_TEST;

typedef struct
{
  GstTryonLoop *loop;
  gint runs;
  gint notified;
  gint sync_runs;
} Nested;

static void
run_sync (gpointer loop, gpointer user_data)
{
  ((Nested *) user_data)->sync_runs++;
}

static gboolean
run_nested (gpointer user_data)
{
  Nested *nested = user_data;

  if (g_atomic_int_get (&nested->runs) == 0) {
    gst_tryon_loop_invoke (nested->loop, run_nested, nested, NULL);
    /* Never before it has returned, not even here. */
    fail_unless_equals_int (nested->runs, 0);
    gst_tryon_loop_invoke_sync (nested->loop, run_sync, nested);
    /* But this one can't wait for itself. */
    fail_unless_equals_int (nested->sync_runs, 1);
  } else {
    /* The first one's notify came before the next function. */
    fail_unless_equals_int (nested->notified, 1);
  }
  count_up (&nested->runs);
  return G_SOURCE_REMOVE;
}

static void
notify_nested (gpointer user_data)
{
  Nested *nested = user_data;

  fail_unless (gst_tryon_loop_is_current (nested->loop));
  fail_unless_equals_int (nested->runs, 1);
  count_up (&nested->notified);
}

GST_START_TEST (test_on_own_thread)
{
  Nested nested = { gst_tryon_loop_new ("nested"), };

  gst_tryon_loop_invoke (nested.loop, run_nested, &nested, notify_nested);
  wait_for (&nested.runs, 2);
  gst_object_unref (nested.loop);
  fail_unless_equals_int (nested.notified, 1);
}

GST_END_TEST;

/* What was invoked runs, though the loop was given back at once; the loop then
 * ends on its own thread. */
GST_START_TEST (test_kept_alive_until_run)
{
  gint gone = 0, runs = 0;
  guint i;

  for (i = 1; i <= 200; i++) {
    GstTryonLoop *loop = gst_tryon_loop_new ("brief");

    g_object_weak_ref (G_OBJECT (loop), count_gone, &gone);
    gst_tryon_loop_invoke (loop, count_run, &runs, count_up);
    gst_tryon_loop_invoke (loop, count_run, &runs, NULL);
    gst_object_unref (loop);
    wait_for (&gone, i);
    /* Two functions, and the one's notify counts as well. */
    fail_unless_equals_int (runs, 3 * i);
  }
}

GST_END_TEST;

static gboolean
give_back (gpointer loop)
{
  fail_unless (gst_tryon_loop_is_current (loop));
  gst_object_unref (loop);
  return G_SOURCE_REMOVE;
}

/* Ended from a source that holds no reference itself: the loop is freed inside
 * the callback. */
GST_START_TEST (test_last_unref_on_own_thread)
{
  gint gone = 0;
  guint i;

  for (i = 1; i <= 200; i++) {
    GstTryonLoop *loop = gst_tryon_loop_new ("own");
    GMainContext *context =
        g_main_context_ref (gst_tryon_loop_get_context (loop));
    GSource *source = g_idle_source_new ();

    g_object_weak_ref (G_OBJECT (loop), count_gone, &gone);
    g_source_set_callback (source, give_back, loop, NULL);
    /* The loop may be gone before this returns, its context must not be. */
    g_source_attach (source, context);
    wait_for (&gone, i);
    /* Its thread lets go of the context, with which go the sources. */
    g_source_unref (source);
    g_main_context_unref (context);
  }
}

GST_END_TEST;

static gpointer
start_and_end (gpointer data)
{
  guint i;

  for (i = 0; i < 300; i++)
    gst_object_unref (gst_tryon_loop_new ("quick"));
  return NULL;
}

/* The end must not come before the start and be forgotten. */
GST_START_TEST (test_start_and_end)
{
  GThread *threads[4];
  guint i;

  for (i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("starter", start_and_end, NULL);
  for (i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
}

GST_END_TEST;

GST_START_TEST (test_timeout)
{
  GstTryonLoop *loop = gst_tryon_loop_new ("timeout");
  gint64 start = g_get_monotonic_time ();
  gint ticks = 0, after;
  GSource *source;

  source = gst_tryon_loop_add_timeout (loop, 20, count_run, &ticks);
  /* It goes on, and not too soon. */
  wait_for (&ticks, 3);
  fail_unless (g_get_monotonic_time () - start >= 60 * G_TIME_SPAN_MILLISECOND);
  g_source_destroy (source);
  g_source_unref (source);
  /* One may have been running. */
  gst_tryon_loop_invoke_sync (loop, nothing, NULL);
  after = ticks;
  source = gst_tryon_loop_add_timeout (loop, 100, count_run, &ticks);
  wait_for (&ticks, after + 1);
  g_source_destroy (source);
  g_source_unref (source);
  gst_object_unref (loop);
  fail_unless_equals_int (ticks, after + 1);
}

GST_END_TEST;

static gpointer
get_client (gpointer data)
{
  return gst_tryon_loop_get_client ();
}

GST_START_TEST (test_client)
{
  GstTryonLoop *first = gst_tryon_loop_get_client (), *loops[8];
  GThread *threads[8];
  gint gone = 0;
  guint i;

  g_object_weak_ref (G_OBJECT (first), count_gone, &gone);
  for (i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("getter", get_client, NULL);
  for (i = 0; i < G_N_ELEMENTS (threads); i++) {
    loops[i] = g_thread_join (threads[i]);
    fail_unless (loops[i] == first);
  }
  ASSERT_OBJECT_REFCOUNT (first, "client", 9);
  for (i = 0; i < G_N_ELEMENTS (threads); i++)
    gst_object_unref (loops[i]);
  fail_unless_equals_int (gone, 0);
  gst_object_unref (first);
  /* Nobody used it any more; the next one is as good. */
  fail_unless_equals_int (gone, 1);

  first = gst_tryon_loop_get_client ();
  gst_tryon_loop_invoke_sync (first, nothing, NULL);
  gst_object_unref (first);
}

GST_END_TEST;

/* ---- ticks ---- */

typedef struct
{
  GstTryonTick *ticks[3];
  GstTryonTick *to_free;        /* by the first of them */
  gint counts[3];
} Ticks;

static Ticks ticks;

static void
on_first (gpointer user_data)
{
  if (ticks.to_free != NULL)
    gst_tryon_tick_free (g_steal_pointer (&ticks.to_free));
  count_up (&ticks.counts[0]);
}

static void
add_ticks (gpointer loop, gpointer to_free)
{
  ticks.ticks[0] = gst_tryon_loop_add_tick (loop, on_first, NULL);
  ticks.ticks[1] = gst_tryon_loop_add_tick (loop, count_up, &ticks.counts[1]);
  ticks.ticks[2] = gst_tryon_loop_add_tick (loop, count_up, &ticks.counts[2]);
  ticks.to_free = ticks.ticks[GPOINTER_TO_INT (to_free)];
}

static void
free_ticks (gpointer loop, gpointer freed)
{
  gint i;

  for (i = 0; i < 3; i++) {
    if (i != GPOINTER_TO_INT (freed))
      gst_tryon_tick_free (ticks.ticks[i]);
  }
}

/* Each may end itself or another from within, whether that had its turn or is
 * the next; the others go on. */
GST_START_TEST (test_ticks)
{
  GstTryonLoop *loop = gst_tryon_loop_new ("ticks");
  gint64 start = g_get_monotonic_time ();
  gint other = __i__ == 2 ? 1 : 2;

  memset (&ticks, 0, sizeof (ticks));
  gst_tryon_loop_invoke_sync (loop, add_ticks, GINT_TO_POINTER (__i__));
  wait_for (&ticks.counts[other], 2);
  fail_unless (g_get_monotonic_time () - start >=
      2 * GST_TRYON_LOOP_TICK * G_TIME_SPAN_MILLISECOND - 100000);
  gst_tryon_loop_invoke_sync (loop, free_ticks, GINT_TO_POINTER (__i__));
  fail_unless_equals_int (ticks.counts[0], __i__ == 0 ? 1 : 2);
  if (__i__ != 0)
    fail_unless_equals_int (ticks.counts[__i__], 0);
  gst_object_unref (loop);
}

GST_END_TEST;

/* ---- delays ---- */

typedef struct
{
  GstTryonDelay *delays[4];
  gint count;                   /* of those that ended */
  gint order[4];
} Delays;

static Delays delays;

static void
on_delay (gpointer user_data)
{
  gint i = GPOINTER_TO_INT (user_data);

  delays.delays[i] = NULL;
  delays.order[delays.count] = i;
  /* The first one ends the third, whose time has come, too. */
  if (i == 0)
    g_clear_pointer (&delays.delays[2], gst_tryon_delay_free);
  count_up (&delays.count);
}

static void
add_delays (gpointer loop, gpointer unused)
{
  guint i;

  memset (&delays, 0, sizeof (delays));
  for (i = 0; i < G_N_ELEMENTS (delays.delays); i++)
    delays.delays[i] = gst_tryon_loop_add_delay (loop, on_delay,
        GUINT_TO_POINTER (i));
}

static void
free_delays (gpointer loop, gpointer unused)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (delays.delays); i++)
    g_clear_pointer (&delays.delays[i], gst_tryon_delay_free);
}

/* They end in order and not too soon, and may end each other. */
GST_START_TEST (test_delays)
{
  GstTryonLoop *loop = gst_tryon_loop_new ("delays");
  gint64 start;
  guint round;

  for (round = 0; round < 20; round++) {
    /* Some that are ended before: nothing comes of them, and those that follow
     * have their own time. */
    gst_tryon_loop_invoke_sync (loop, add_delays, NULL);
    gst_tryon_loop_invoke_sync (loop, free_delays, NULL);
    fail_unless_equals_int (delays.count, 0);
    start = g_get_monotonic_time ();
    gst_tryon_loop_invoke_sync (loop, add_delays, NULL);
    wait_for (&delays.count, 3);
    fail_unless (g_get_monotonic_time () - start >=
        GST_TRYON_LOOP_DELAY * G_TIME_SPAN_MILLISECOND);
    fail_unless_equals_int (delays.order[0], 0);
    fail_unless_equals_int (delays.order[1], 1);
    fail_unless_equals_int (delays.order[2], 3);
  }
  gst_object_unref (loop);
}

GST_END_TEST;

/* ---- watches ---- */

typedef struct
{
  gint fds[2];
  GstTryonWatch *watch;
  GstTryonWatch **to_free;
  gint condition;               /* the last one that was told; atomic */
  gint count;
} Pair;

static void
on_pair (GIOCondition condition, gpointer user_data)
{
  Pair *pair = user_data;

  if (pair->to_free != NULL && *pair->to_free != NULL)
    g_clear_pointer (pair->to_free, gst_tryon_watch_free);
  g_atomic_int_set (&pair->condition, condition);
  count_up (&pair->count);
}

static void
pair_watch (gpointer loop, gpointer user_data)
{
  Pair *pair = user_data;

  pair->watch = gst_tryon_loop_watch_fd (loop, pair->fds[0], G_IO_IN, on_pair,
      pair);
}

static void
pair_unwatch (gpointer loop, gpointer user_data)
{
  Pair *pair = user_data;

  g_clear_pointer (&pair->watch, gst_tryon_watch_free);
}

static void
pair_open (Pair * pair)
{
  memset (pair, 0, sizeof (*pair));
  fail_unless (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
          pair->fds) == 0);
}

static void
pair_close (Pair * pair)
{
  close (pair->fds[0]);
  close (pair->fds[1]);
}

/* It is told again and again what holds, and what it did not ask for only when
 * the other end has gone. */
GST_START_TEST (test_watch)
{
  GstTryonLoop *loop = gst_tryon_loop_new ("watch");
  gint seen;
  Pair pair;

  pair_open (&pair);
  gst_tryon_loop_invoke_sync (loop, pair_watch, &pair);
  fail_unless_equals_int (count_now (&pair.count), 0);
  fail_unless (write (pair.fds[1], "x", 1) == 1);
  wait_for (&pair.count, 3);
  fail_unless_equals_int (g_atomic_int_get (&pair.condition), G_IO_IN);
  /* From this thread. */
  gst_tryon_watch_set_condition (pair.watch, G_IO_OUT);
  gst_tryon_loop_invoke_sync (loop, nothing, NULL);
  seen = count_now (&pair.count);
  wait_for (&pair.count, seen + 3);
  fail_unless_equals_int (g_atomic_int_get (&pair.condition), G_IO_OUT);
  gst_tryon_watch_set_condition (pair.watch, 0);
  gst_tryon_loop_invoke_sync (loop, nothing, NULL);
  seen = count_now (&pair.count);
  close (pair.fds[1]);
  wait_for (&pair.count, seen + 1);
  fail_unless (g_atomic_int_get (&pair.condition) & G_IO_HUP);
  gst_tryon_loop_invoke_sync (loop, pair_unwatch, &pair);
  close (pair.fds[0]);
  gst_object_unref (loop);
}

GST_END_TEST;

static void
make_all_ready (gpointer loop, gpointer user_data)
{
  Pair *pairs = user_data;
  gint i;

  for (i = 0; i < 2; i++) {
    pair_watch (loop, &pairs[i]);
    fail_unless (write (pairs[i].fds[1], "x", 1) == 1);
  }
}

/* Both are ready in one turn, and the one that comes first ends the other: that
 * is not told any more. */
GST_START_TEST (test_watch_ends_another)
{
  GstTryonLoop *loop = gst_tryon_loop_new ("watch");
  Pair pairs[2];
  gint i, total = 0;

  for (i = 0; i < 2; i++)
    pair_open (&pairs[i]);
  for (i = 0; i < 2; i++)
    pairs[i].to_free = &pairs[!i].watch;
  gst_tryon_loop_invoke_sync (loop, make_all_ready, pairs);
  for (i = 0; i < 100; i++)
    gst_tryon_loop_invoke_sync (loop, nothing, NULL);
  for (i = 0; i < 2; i++) {
    total += count_now (&pairs[i].count) > 0;
    gst_tryon_loop_invoke_sync (loop, pair_unwatch, &pairs[i]);
    pair_close (&pairs[i]);
  }
  fail_unless_equals_int (total, 1);
  gst_object_unref (loop);
}

GST_END_TEST;

static Suite *
loop_suite (void)
{
  Suite *s = suite_create ("loop");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_thread);
  tcase_add_loop_test (tc, test_ticks, 0, 3);
  tcase_add_test (tc, test_delays);
  tcase_add_test (tc, test_watch);
  tcase_add_test (tc, test_watch_ends_another);
  tcase_add_test (tc, test_order);
  tcase_add_test (tc, test_on_own_thread);
  tcase_add_test (tc, test_kept_alive_until_run);
  tcase_add_test (tc, test_last_unref_on_own_thread);
  tcase_add_test (tc, test_start_and_end);
  tcase_add_test (tc, test_timeout);
  tcase_add_test (tc, test_client);
  return s;
}

GST_CHECK_MAIN (loop);

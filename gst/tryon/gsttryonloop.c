/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:gsttryonloop
 * @title: GstTryonLoop
 * @short_description: a thread that turns one main context
 *
 * All sockets of a listener, or of this process's outgoing connections, are
 * read on one loop's thread, and written there when they take no more from who has
 * something to send. What runs there never waits and never pushes into a pipeline.
 *
 * The context is the thread's default one, so that GIO's asynchronous calls
 * made there come back there.
 *
 * A loop lives as long as someone holds a reference; the functions that wait
 * to run (gst_tryon_loop_invoke()) hold one too. When the last one is given
 * back on another thread, that thread waits for the loop's to end; when it is
 * given back on the loop's own thread, the thread ends by itself right after
 * the callback that did it. Timeouts, ticks and watches hold no reference:
 * whoever adds one ends it before it gives the loop back.
 *
 * A main context's work grows with each of its sources, at every turn. So what
 * there is one of for each connection is no source: sockets are watches (of one
 * epoll), what is looked after now and then are ticks (of one timeout), what may
 * wait for a moment are delays (of one source), and calls from other threads wait
 * in one queue.
 *
 * Connections may say goodbye when nobody else needs their loop any more. A
 * process that calls gst_deinit() waits there until all loops have ended, for 3
 * seconds at the most, so that they can, and so that no thread uses what GStreamer
 * takes down. What goes on beyond that is stopped where it is.
 */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gsttryonpoller.h"

GST_DEBUG_CATEGORY_STATIC (tryon_loop_debug);
#define GST_CAT_DEFAULT tryon_loop_debug

/* Microseconds that the end of GStreamer waits for loops: the default time of a
 * close handshake, and that of TLS behind it. */
#define MAX_FAREWELL (3 * G_USEC_PER_SEC)

static GMutex running_lock;     /* guards the next */
static GList *running;          /* GMainLoop, not held: those that have a thread */
static GCond running_cond;      /* one less of them */

struct _GstTryonLoop
{
  GstObject parent;

  /* Set at construction, constant afterwards. */
  GMainContext *context;
  GMainLoop *main_loop;
  GThread *thread;
  GSource *invoker;             /* ready when there are calls */

  GMutex lock;                  /* guards calls */
  GQueue calls;                 /* Call: for invoker */

  /* The loop's thread only. */
  GstTryonPoller *poller;
  GQueue ticks;                 /* GstTryonTick */
  GList *next_tick;             /* while they are called */
  GSource *tick_source;         /* while there are some */
  GQueue delays;                /* GstTryonDelay, the first to end first */
  GSource *delay_source;        /* made with the first one, then kept */
};

/* A function to be run on the loop's thread. */
typedef struct
{
  GstTryonLoop *loop;           /* (nullable): held until it ran */
  GSourceFunc func;
  gpointer user_data;
  GDestroyNotify notify;
} Call;

struct _GstTryonTick
{
  GstTryonLoop *loop;           /* not held */
  void (*func) (gpointer user_data);
  gpointer user_data;
};

struct _GstTryonDelay
{
  GList link;                   /* of delays, with this as its data */
  GstTryonLoop *loop;           /* not held */
  gint64 end;                   /* monotonic, microseconds */
  void (*func) (gpointer user_data);
  gpointer user_data;
};

/* A source that the loop calls itself for. */
typedef struct
{
  GSource parent;
  GstTryonLoop *loop;           /* that the source belongs to */
} LoopSource;

G_DEFINE_TYPE_WITH_CODE (GstTryonLoop, gst_tryon_loop, GST_TYPE_OBJECT,
    GST_DEBUG_CATEGORY_INIT (tryon_loop_debug, "tryon-loop", 0,
        "Thread that turns a main context"));

/* The thread owns the main loop but not the object: it must not keep alive
 * what ends it. */
static gpointer
gst_tryon_loop_thread (gpointer data)
{
  GMainLoop *main_loop = data;
  GMainContext *context = g_main_loop_get_context (main_loop);

  g_main_context_push_thread_default (context);
  g_main_loop_run (main_loop);
  g_main_context_pop_thread_default (context);

  g_mutex_lock (&running_lock);
  running = g_list_remove (running, main_loop);
  g_cond_broadcast (&running_cond);
  g_mutex_unlock (&running_lock);
  g_main_loop_unref (main_loop);
  return NULL;
}

static gboolean
on_quit (gpointer data)
{
  g_main_loop_quit (data);
  return G_SOURCE_REMOVE;
}

/* As a source: g_main_loop_quit() called from here would be forgotten if the
 * thread hasn't come as far as g_main_loop_run() yet. */
static void
quit (GMainLoop * main_loop)
{
  GSource *source = g_idle_source_new ();

  g_source_set_priority (source, G_PRIORITY_HIGH);
  g_source_set_callback (source, on_quit, g_main_loop_ref (main_loop),
      (GDestroyNotify) g_main_loop_unref);
  g_source_attach (source, g_main_loop_get_context (main_loop));
  g_source_unref (source);
}

/* Whether all threads have ended by then. */
static gboolean
wait_for_threads_unlocked (gint64 end)
{
  while (running != NULL && g_cond_wait_until (&running_cond, &running_lock,
          end));
  return running == NULL;
}

/* gst_deinit() gives back the registry, before it takes down what a loop's thread
 * may still use: a tracer, for one, looks at objects that are freed meanwhile. */
static void
on_deinit (gpointer unused, GObject * registry)
{
  gint64 end = g_get_monotonic_time () + MAX_FAREWELL;
  GList *l;

  g_mutex_lock (&running_lock);
  if (!wait_for_threads_unlocked (end)) {
    GST_WARNING ("%u loops are in use when GStreamer ends; stopping them",
        g_list_length (running));
    for (l = running; l != NULL; l = l->next)
      quit (l->data);
    wait_for_threads_unlocked (end + G_USEC_PER_SEC);
  }
  g_mutex_unlock (&running_lock);
}

/* Runs the calls that are there now; what they call for in turn comes in the
 * next turn, so that sockets have theirs in between. */
static gboolean
invoker_dispatch (GSource * source, GSourceFunc callback, gpointer user_data)
{
  GstTryonLoop *self = ((LoopSource *) source)->loop;
  GQueue calls;
  Call *call;

  g_mutex_lock (&self->lock);
  calls = self->calls;
  g_queue_init (&self->calls);
  g_source_set_ready_time (source, -1);
  g_mutex_unlock (&self->lock);

  while ((call = g_queue_pop_head (&calls)) != NULL) {
    GstTryonLoop *held = call->loop;

    call->func (call->user_data);
    if (call->notify)
      call->notify (call->user_data);
    g_free (call);
    /* Perhaps the last one, here on the loop's own thread. */
    gst_clear_object (&held);
  }
  return G_SOURCE_CONTINUE;
}

static GSourceFuncs invoker_funcs = { NULL, NULL, invoker_dispatch, NULL };

/* It becomes ready by its time alone. */
static GSource *
add_source (GstTryonLoop * self, GSourceFuncs * funcs, const gchar * name)
{
  GSource *source = g_source_new (funcs, sizeof (LoopSource));

  ((LoopSource *) source)->loop = self;
  g_source_set_static_name (source, name);
  g_source_attach (source, self->context);
  return source;
}

static void
gst_tryon_loop_init (GstTryonLoop * self)
{
  g_mutex_init (&self->lock);
  self->context = g_main_context_new ();
  self->main_loop = g_main_loop_new (self->context, FALSE);
  self->poller = gst_tryon_poller_new (self->context);
  /* The sockets' priority: neither waits longer than a turn for the other. */
  self->invoker = add_source (self, &invoker_funcs, "tryon-invoker");
}

/* Not when the class is initialized: that holds GObject's lock, which
 * gst_registry_get() may take while it holds its own. */
static void
watch_deinit (void)
{
  static gsize once = 0;

  if (g_once_init_enter (&once)) {
    g_object_weak_ref (G_OBJECT (gst_registry_get ()), on_deinit, NULL);
    g_once_init_leave (&once, 1);
  }
}

static void
gst_tryon_loop_constructed (GObject * object)
{
  GstTryonLoop *self = GST_TRYON_LOOP (object);

  G_OBJECT_CLASS (gst_tryon_loop_parent_class)->constructed (object);
  watch_deinit ();
  g_mutex_lock (&running_lock);
  running = g_list_prepend (running, self->main_loop);
  g_mutex_unlock (&running_lock);
  self->thread = g_thread_new (GST_OBJECT_NAME (self), gst_tryon_loop_thread,
      g_main_loop_ref (self->main_loop));
  GST_DEBUG_OBJECT (self, "started");
}

static void
gst_tryon_loop_finalize (GObject * object)
{
  GstTryonLoop *self = GST_TRYON_LOOP (object);

  GST_DEBUG_OBJECT (self, "ending");
  quit (self->main_loop);
  if (self->thread == g_thread_self ())
    g_thread_unref (self->thread);
  else
    g_thread_join (self->thread);
  g_warn_if_fail (self->ticks.length == 0);
  g_warn_if_fail (self->delays.length == 0);
  if (self->delay_source != NULL)
    g_source_destroy (self->delay_source);
  g_clear_pointer (&self->delay_source, g_source_unref);
  g_source_destroy (self->invoker);
  g_source_unref (self->invoker);
  gst_tryon_poller_free (self->poller);
  g_mutex_clear (&self->lock);
  g_main_loop_unref (self->main_loop);
  g_main_context_unref (self->context);

  G_OBJECT_CLASS (gst_tryon_loop_parent_class)->finalize (object);
}

static void
gst_tryon_loop_class_init (GstTryonLoopClass * klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->constructed = gst_tryon_loop_constructed;
  object_class->finalize = gst_tryon_loop_finalize;
}

/**
 * gst_tryon_loop_new:
 * @name: (nullable): of the object and of the thread (systems show its first
 *     15 bytes)
 *
 * Starts a thread.
 *
 * Returns: (transfer full): the loop
 */
GstTryonLoop *
gst_tryon_loop_new (const gchar * name)
{
  return gst_object_ref_sink (g_object_new (GST_TYPE_TRYON_LOOP,
          "name", name, NULL));
}

/**
 * gst_tryon_loop_get_client:
 *
 * The loop that all outgoing connections of this process share. It is there
 * while someone uses it, and a new one is made afterwards.
 *
 * Returns: (transfer full): the loop
 */
GstTryonLoop *
gst_tryon_loop_get_client (void)
{
  static GMutex lock;
  static GWeakRef client;       /* the process's loop; held under lock */
  GstTryonLoop *loop;

  g_mutex_lock (&lock);
  loop = g_weak_ref_get (&client);
  if (loop == NULL) {
    loop = gst_tryon_loop_new ("tryon-client");
    g_weak_ref_set (&client, loop);
  }
  g_mutex_unlock (&lock);
  return loop;
}

/**
 * gst_tryon_loop_get_context:
 * @loop: a #GstTryonLoop
 *
 * Returns: (transfer none): the context that the loop's thread turns
 */
GMainContext *
gst_tryon_loop_get_context (GstTryonLoop * loop)
{
  g_return_val_if_fail (GST_IS_TRYON_LOOP (loop), NULL);

  return loop->context;
}

/**
 * gst_tryon_loop_is_current:
 * @loop: a #GstTryonLoop
 *
 * Returns: whether the caller runs on the loop's thread
 */
gboolean
gst_tryon_loop_is_current (GstTryonLoop * loop)
{
  g_return_val_if_fail (GST_IS_TRYON_LOOP (loop), FALSE);

  return loop->thread == g_thread_self ();
}

static void
gst_tryon_loop_call (GstTryonLoop * self, GstTryonLoop * held, GSourceFunc func,
    gpointer user_data, GDestroyNotify notify)
{
  Call *call = g_new (Call, 1);

  call->loop = held;
  call->func = func;
  call->user_data = user_data;
  call->notify = notify;

  g_mutex_lock (&self->lock);
  g_queue_push_tail (&self->calls, call);
  /* The first one wakes the thread for all. */
  if (self->calls.length == 1)
    g_source_set_ready_time (self->invoker, 0);
  g_mutex_unlock (&self->lock);
}

/**
 * gst_tryon_loop_invoke:
 * @loop: a #GstTryonLoop
 * @func: (scope async): what to run; its result means nothing
 * @user_data: for @func
 * @notify: (nullable): frees @user_data, on the loop's thread after @func
 *
 * Runs @func once on the loop's thread, behind what was invoked earlier, and
 * never before this function has returned. From any thread.
 */
void
gst_tryon_loop_invoke (GstTryonLoop * loop, GSourceFunc func,
    gpointer user_data, GDestroyNotify notify)
{
  g_return_if_fail (GST_IS_TRYON_LOOP (loop));
  g_return_if_fail (func != NULL);

  gst_tryon_loop_call (loop, gst_object_ref (loop), func, user_data, notify);
}

typedef struct
{
  GFunc func;
  GstTryonLoop *loop;
  gpointer user_data;

  GMutex lock;
  GCond cond;
  gboolean done;                /* lock */
} SyncInvocation;

static gboolean
sync_invocation_run (gpointer data)
{
  SyncInvocation *invocation = data;

  invocation->func (invocation->loop, invocation->user_data);
  return G_SOURCE_REMOVE;
}

/* As the notify: it is the last thing that happens to the call. */
static void
sync_invocation_done (gpointer data)
{
  SyncInvocation *invocation = data;

  g_mutex_lock (&invocation->lock);
  invocation->done = TRUE;
  g_cond_signal (&invocation->cond);
  g_mutex_unlock (&invocation->lock);
}

/**
 * gst_tryon_loop_invoke_sync:
 * @loop: a #GstTryonLoop
 * @func: (scope call): what to run; its arguments are @loop and @user_data
 * @user_data: for @func
 *
 * Runs @func on the loop's thread, behind what was invoked earlier, and waits
 * for it; on the loop's own thread runs it at once. Hold no lock that the
 * loop's callbacks take.
 */
void
gst_tryon_loop_invoke_sync (GstTryonLoop * loop, GFunc func, gpointer user_data)
{
  SyncInvocation invocation = { func, loop, user_data };

  g_return_if_fail (GST_IS_TRYON_LOOP (loop));
  g_return_if_fail (func != NULL);

  if (gst_tryon_loop_is_current (loop)) {
    func (loop, user_data);
    return;
  }

  g_mutex_init (&invocation.lock);
  g_cond_init (&invocation.cond);
  /* The caller's reference is enough: once this returns, the loop's thread
   * holds none on its behalf. */
  gst_tryon_loop_call (loop, NULL, sync_invocation_run, &invocation,
      sync_invocation_done);
  g_mutex_lock (&invocation.lock);
  while (!invocation.done)
    g_cond_wait (&invocation.cond, &invocation.lock);
  g_mutex_unlock (&invocation.lock);
  g_cond_clear (&invocation.cond);
  g_mutex_clear (&invocation.lock);
}

/**
 * gst_tryon_loop_add_timeout:
 * @loop: a #GstTryonLoop
 * @interval_ms: milliseconds, counted from now
 * @func: (scope async): runs on the loop's thread each @interval_ms, until it
 *     gives %G_SOURCE_REMOVE or the source is destroyed
 * @user_data: for @func
 *
 * Holds no reference to @loop. Destroyed on another thread than the loop's,
 * @func may still be running.
 *
 * Returns: (transfer full): the source, which runs already
 */
GSource *
gst_tryon_loop_add_timeout (GstTryonLoop * loop, guint interval_ms,
    GSourceFunc func, gpointer user_data)
{
  GSource *source;

  g_return_val_if_fail (GST_IS_TRYON_LOOP (loop), NULL);
  g_return_val_if_fail (func != NULL, NULL);

  source = g_timeout_source_new (interval_ms);
  g_source_set_callback (source, func, user_data, NULL);
  g_source_attach (source, loop->context);
  return source;
}

/* ---- ticks ---- */

static gboolean
on_ticks (gpointer user_data)
{
  GstTryonLoop *self = user_data;
  GSource *source = g_main_current_source ();
  GstTryonTick *tick;

  self->next_tick = self->ticks.head;
  while (self->next_tick != NULL) {
    tick = self->next_tick->data;
    self->next_tick = self->next_tick->next;
    tick->func (tick->user_data);
    /* The last tick has gone, and perhaps the loop with it. */
    if (g_source_is_destroyed (source))
      return G_SOURCE_REMOVE;
  }
  return G_SOURCE_CONTINUE;
}

/**
 * gst_tryon_loop_add_tick:
 * @loop: a #GstTryonLoop
 * @func: (scope async): called every %GST_TRYON_LOOP_TICK milliseconds, the
 *     first time within that
 * @user_data: for @func
 *
 * On the loop's thread only. Holds no reference to @loop.
 *
 * Returns: (transfer full): what gst_tryon_tick_free() ends
 */
GstTryonTick *
gst_tryon_loop_add_tick (GstTryonLoop * loop, void (*func) (gpointer user_data),
    gpointer user_data)
{
  GstTryonTick *tick;

  g_return_val_if_fail (GST_IS_TRYON_LOOP (loop), NULL);
  g_return_val_if_fail (gst_tryon_loop_is_current (loop), NULL);

  tick = g_new (GstTryonTick, 1);
  tick->loop = loop;
  tick->func = func;
  tick->user_data = user_data;
  g_queue_push_tail (&loop->ticks, tick);
  if (loop->tick_source == NULL)
    loop->tick_source = gst_tryon_loop_add_timeout (loop, GST_TRYON_LOOP_TICK,
        on_ticks, loop);
  return tick;
}

/**
 * gst_tryon_tick_free:
 * @tick: (transfer full): a tick
 *
 * On the loop's thread, also from within a tick.
 */
void
gst_tryon_tick_free (GstTryonTick * tick)
{
  GstTryonLoop *loop = tick->loop;
  GList *link = g_queue_find (&loop->ticks, tick);

  g_return_if_fail (link != NULL);

  if (loop->next_tick == link)
    loop->next_tick = link->next;
  g_queue_delete_link (&loop->ticks, link);
  g_free (tick);
  if (loop->ticks.length == 0) {
    g_source_destroy (loop->tick_source);
    g_clear_pointer (&loop->tick_source, g_source_unref);
  }
}

/* ---- delays ---- */

/* For the first one that ends; those that were added later end later. */
static void
set_delay_time (GstTryonLoop * self)
{
  GstTryonDelay *first = g_queue_peek_head (&self->delays);

  g_source_set_ready_time (self->delay_source, first != NULL ? first->end : -1);
}

static gboolean
delays_dispatch (GSource * source, GSourceFunc callback, gpointer user_data)
{
  GstTryonLoop *self = ((LoopSource *) source)->loop;
  gint64 now = g_source_get_time (source);
  GstTryonDelay *delay;

  while ((delay = g_queue_peek_head (&self->delays)) != NULL
      && delay->end <= now) {
    void (*func) (gpointer) = delay->func;
    gpointer data = delay->user_data;

    g_queue_unlink (&self->delays, &delay->link);
    g_free (delay);
    func (data);
    /* The last reference to the loop may have gone with it. */
    if (g_source_is_destroyed (source))
      return G_SOURCE_REMOVE;
  }
  set_delay_time (self);
  return G_SOURCE_CONTINUE;
}

static GSourceFuncs delay_funcs = { NULL, NULL, delays_dispatch, NULL };

/**
 * gst_tryon_loop_add_delay:
 * @loop: a #GstTryonLoop
 * @func: (scope async): called once, %GST_TRYON_LOOP_DELAY milliseconds from now,
 *     when the delay has been freed
 * @user_data: for @func
 *
 * On the loop's thread only. Holds no reference to @loop.
 *
 * Returns: (transfer full): what gst_tryon_delay_free() ends before that
 */
GstTryonDelay *
gst_tryon_loop_add_delay (GstTryonLoop * loop,
    void (*func) (gpointer user_data), gpointer user_data)
{
  GstTryonDelay *delay;

  g_return_val_if_fail (GST_IS_TRYON_LOOP (loop), NULL);
  g_return_val_if_fail (gst_tryon_loop_is_current (loop), NULL);

  delay = g_new0 (GstTryonDelay, 1);
  delay->link.data = delay;
  delay->loop = loop;
  delay->end = g_get_monotonic_time () + GST_TRYON_LOOP_DELAY * 1000;
  delay->func = func;
  delay->user_data = user_data;
  if (loop->delay_source == NULL)
    loop->delay_source = add_source (loop, &delay_funcs, "tryon-delays");
  g_queue_push_tail_link (&loop->delays, &delay->link);
  if (loop->delays.length == 1)
    set_delay_time (loop);
  return delay;
}

/**
 * gst_tryon_delay_free:
 * @delay: (transfer full): a delay that has not ended yet
 *
 * On the loop's thread, also from within another one's function.
 */
void
gst_tryon_delay_free (GstTryonDelay * delay)
{
  /* The source's time stays: when it comes there may be nothing to be done, which
   * costs less than to change it each time. */
  g_queue_unlink (&delay->loop->delays, &delay->link);
  g_free (delay);
}

/* ---- watches ---- */

/**
 * gst_tryon_loop_watch_fd:
 * @loop: a #GstTryonLoop
 * @fd: a descriptor that epoll(7) can wait for
 * @condition: of %G_IO_IN and %G_IO_OUT; %G_IO_ERR and %G_IO_HUP are always told
 * @func: (scope async): called as long as the condition holds
 * @user_data: for @func
 *
 * On the loop's thread only. Holds no reference to @loop. What it costs does not
 * grow with the number of watches.
 *
 * Returns: (transfer full): what gst_tryon_watch_free() ends
 */
GstTryonWatch *
gst_tryon_loop_watch_fd (GstTryonLoop * loop, gint fd, GIOCondition condition,
    GstTryonWatchFunc func, gpointer user_data)
{
  g_return_val_if_fail (GST_IS_TRYON_LOOP (loop), NULL);
  g_return_val_if_fail (gst_tryon_loop_is_current (loop), NULL);
  g_return_val_if_fail (fd >= 0, NULL);

  return gst_tryon_poller_add (loop->poller, fd, condition, func, user_data);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Many sockets behind one source of a main context, by epoll(7).
 *
 * A GMainContext looks at each of its sources before and after each wait, and
 * hands each of its descriptors to poll(). With a hundred cameras of 25 frames a
 * second nearly every wait ends with one event, and that looking cost more than
 * moving the frame did. Here it costs the same however many sockets there are. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <glib-unix.h>

#include "gsttryonpoller.h"

/* Events taken at once; a busy context comes back for more. */
#define BATCH 64

typedef struct
{
  GSource parent;
  GstTryonPoller *poller;
} PollerSource;

struct _GstTryonPoller
{
  gint epoll_fd;
  GSource *source;

  /* The events that are being dispatched; those of a watch that goes away
   * meanwhile are crossed out. */
  struct epoll_event events[BATCH];
  gint next_event;
  gint n_events;
};

struct _GstTryonWatch
{
  GstTryonPoller *poller;
  gint fd;
  GstTryonWatchFunc func;
  gpointer user_data;
};

/* The bits are the same, on Linux: poll()'s. */
G_STATIC_ASSERT ((gint) G_IO_IN == EPOLLIN && (gint) G_IO_OUT == EPOLLOUT);
G_STATIC_ASSERT ((gint) G_IO_ERR == EPOLLERR && (gint) G_IO_HUP == EPOLLHUP);
G_STATIC_ASSERT ((gint) GST_TRYON_WATCH_PEER_CLOSED == EPOLLRDHUP);

static gboolean
poller_dispatch (GSource * source, GSourceFunc callback, gpointer user_data)
{
  GstTryonPoller *poller = ((PollerSource *) source)->poller;

  poller->n_events = epoll_wait (poller->epoll_fd, poller->events, BATCH, 0);
  for (poller->next_event = 0; poller->next_event < poller->n_events;) {
    struct epoll_event *event = &poller->events[poller->next_event++];
    GstTryonWatch *watch = event->data.ptr;

    if (watch != NULL)
      watch->func (event->events, watch->user_data);
    /* The last reference to the loop may have gone with it. */
    if (g_source_is_destroyed (source))
      return G_SOURCE_REMOVE;
  }
  poller->n_events = 0;
  return G_SOURCE_CONTINUE;
}

static GSourceFuncs poller_funcs = { NULL, NULL, poller_dispatch, NULL };

GstTryonPoller *
gst_tryon_poller_new (GMainContext * context)
{
  GstTryonPoller *poller = g_new0 (GstTryonPoller, 1);

  poller->epoll_fd = epoll_create1 (EPOLL_CLOEXEC);
  if (poller->epoll_fd < 0)
    g_error ("epoll_create1: %s", g_strerror (errno));
  poller->source = g_source_new (&poller_funcs, sizeof (PollerSource));
  ((PollerSource *) poller->source)->poller = poller;
  g_source_set_static_name (poller->source, "tryon-poller");
  /* It never does; but for what can't, GLib takes the descriptor out of the
   * context and puts it back around each dispatch, and wakes the context, which
   * is us, each time. */
  g_source_set_can_recurse (poller->source, TRUE);
  g_source_add_unix_fd (poller->source, poller->epoll_fd, G_IO_IN);
  g_source_attach (poller->source, context);
  return poller;
}

void
gst_tryon_poller_free (GstTryonPoller * poller)
{
  g_source_destroy (poller->source);
  g_source_unref (poller->source);
  close (poller->epoll_fd);
  g_free (poller);
}

GstTryonWatch *
gst_tryon_poller_add (GstTryonPoller * poller, gint fd, GIOCondition condition,
    GstTryonWatchFunc func, gpointer user_data)
{
  GstTryonWatch *watch = g_new (GstTryonWatch, 1);
  struct epoll_event event = { condition, {watch} };

  watch->poller = poller;
  watch->fd = fd;
  watch->func = func;
  watch->user_data = user_data;
  if (epoll_ctl (poller->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
    g_critical ("can't watch descriptor %d: %s", fd, g_strerror (errno));
  return watch;
}

/**
 * gst_tryon_watch_set_condition:
 * @watch: a #GstTryonWatch
 * @condition: of %G_IO_IN, %G_IO_OUT and %GST_TRYON_WATCH_PEER_CLOSED
 *
 * Changes what is waited for. From any thread, as long as the watch is there;
 * the calls of several threads must not cross.
 */
void
gst_tryon_watch_set_condition (GstTryonWatch * watch, GIOCondition condition)
{
  struct epoll_event event = { condition, {watch} };

  if (epoll_ctl (watch->poller->epoll_fd, EPOLL_CTL_MOD, watch->fd, &event) < 0)
    g_critical ("can't watch descriptor %d: %s", watch->fd, g_strerror (errno));
}

/**
 * gst_tryon_watch_free:
 * @watch: (transfer full): a #GstTryonWatch
 *
 * Ends it, while its descriptor is open still; on the loop's thread, where its
 * function does not run any more after this.
 */
void
gst_tryon_watch_free (GstTryonWatch * watch)
{
  GstTryonPoller *poller = watch->poller;
  gint i;

  epoll_ctl (poller->epoll_fd, EPOLL_CTL_DEL, watch->fd, NULL);
  for (i = poller->next_event; i < poller->n_events; i++) {
    if (poller->events[i].data.ptr == watch)
      poller->events[i].data.ptr = NULL;
  }
  g_free (watch);
}

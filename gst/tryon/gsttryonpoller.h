/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/tryon/gsttryonloop.h>

/* Not installed: many sockets behind one source of a main context. A loop has
 * one; see gst_tryon_loop_watch_fd(). */

G_BEGIN_DECLS

typedef struct _GstTryonPoller GstTryonPoller;

/* Attaches to @context. */
GstTryonPoller * gst_tryon_poller_new (GMainContext * context);
/* All watches have gone. */
void             gst_tryon_poller_free (GstTryonPoller * poller);
GstTryonWatch *  gst_tryon_poller_add (GstTryonPoller * poller, gint fd, GIOCondition condition,
                                       GstTryonWatchFunc func, gpointer user_data);

G_END_DECLS

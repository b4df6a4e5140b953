/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/tryon/tryon-prelude.h>

/* A thread that turns one GMainContext: where sockets are waited for and read.
 * Whoever uses it holds a reference; it ends with the last one, also when that
 * is given back on the loop's own thread. */

G_BEGIN_DECLS

#define GST_TYPE_TRYON_LOOP (gst_tryon_loop_get_type ())
GST_TRYON_API
G_DECLARE_FINAL_TYPE (GstTryonLoop, gst_tryon_loop, GST, TRYON_LOOP, GstObject)

GST_TRYON_API GstTryonLoop *  gst_tryon_loop_new (const gchar * name);
/* (transfer full): the one loop of this process for outgoing connections. */
GST_TRYON_API GstTryonLoop *  gst_tryon_loop_get_client (void);
GST_TRYON_API GMainContext *  gst_tryon_loop_get_context (GstTryonLoop * loop);
GST_TRYON_API gboolean        gst_tryon_loop_is_current (GstTryonLoop * loop);
/* Runs @func once on the loop's thread, in the order of the calls; the loop
 * stays alive until then. Never runs it before returning. */
GST_TRYON_API void            gst_tryon_loop_invoke (GstTryonLoop * loop, GSourceFunc func,
                                                     gpointer user_data, GDestroyNotify notify);
/* The same, and waits until it ran; on the loop's own thread it runs at once.
 * Hold no lock that the loop's callbacks take. */
GST_TRYON_API void            gst_tryon_loop_invoke_sync (GstTryonLoop * loop, GFunc func,
                                                          gpointer user_data);
/* (transfer full): a started timeout source on the loop; destroy to end it. */
GST_TRYON_API GSource *       gst_tryon_loop_add_timeout (GstTryonLoop * loop, guint interval_ms,
                                                          GSourceFunc func, gpointer user_data);

/* Milliseconds between ticks. */
#define GST_TRYON_LOOP_TICK 500

/* What looks after something every GST_TRYON_LOOP_TICK: of all of them together
 * the loop makes one timeout. On the loop's thread only. */
typedef struct _GstTryonTick GstTryonTick;

GST_TRYON_API GstTryonTick *  gst_tryon_loop_add_tick (GstTryonLoop * loop,
                                                       void (*func) (gpointer user_data),
                                                       gpointer user_data);
GST_TRYON_API void            gst_tryon_tick_free (GstTryonTick * tick);

/* Milliseconds of a delay. */
#define GST_TRYON_LOOP_DELAY 10

/* What is to be done once, GST_TRYON_LOOP_DELAY from now: of all of them together
 * the loop makes one source. On the loop's thread only. */
typedef struct _GstTryonDelay GstTryonDelay;

/* (transfer full): until @func is called, which frees it, or
 * gst_tryon_delay_free(). */
GST_TRYON_API GstTryonDelay * gst_tryon_loop_add_delay (GstTryonLoop * loop,
                                                        void (*func) (gpointer user_data),
                                                        gpointer user_data);
GST_TRYON_API void            gst_tryon_delay_free (GstTryonDelay * delay);

/* A descriptor that is waited for. Its function is called on the loop's thread
 * again and again while the condition holds (as with poll()). */
typedef struct _GstTryonWatch GstTryonWatch;
typedef void (*GstTryonWatchFunc) (GIOCondition condition, gpointer user_data);

/* Beside G_IO_IN and G_IO_OUT: the peer sends nothing any more. With TCP that is
 * no G_IO_HUP as long as this side has not closed, too. */
#define GST_TRYON_WATCH_PEER_CLOSED ((GIOCondition) 0x2000)

/* On the loop's thread. (transfer full): to be freed before @fd is closed. */
GST_TRYON_API GstTryonWatch * gst_tryon_loop_watch_fd (GstTryonLoop * loop, gint fd,
                                                       GIOCondition condition,
                                                       GstTryonWatchFunc func,
                                                       gpointer user_data);
/* From any thread, one at a time. */
GST_TRYON_API void            gst_tryon_watch_set_condition (GstTryonWatch * watch,
                                                             GIOCondition condition);
/* On the loop's thread. */
GST_TRYON_API void            gst_tryon_watch_free (GstTryonWatch * watch);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/base/gstbasesink.h>

#include "gsttryonaiclient.h"
#include "gsttryonaiqueue.h"

G_BEGIN_DECLS

#define GST_TYPE_TRYON_AI_SINK (gst_tryon_ai_sink_get_type ())
G_DECLARE_FINAL_TYPE (GstTryonAiSink, gst_tryon_ai_sink, GST, TRYON_AI_SINK, GstBaseSink)

/* Three threads meet here: upstream's, which hands over; the client loop's,
 * which sends and receives; the task's, which pushes at the source pad. */
struct _GstTryonAiSink {
  GstBaseSink parent;

  /* Constant between READY and PAUSED, and back. The client is set and cleared
   * under lock, too: settings may come at any time. */
  GstTryonLoop *loop;
  GstTryonAiClient *client;
  GstTask *task;
  GRecMutex task_lock;          /* the task's own */

  /* Upstream's thread only, under its stream lock. */
  gboolean joined;              /* the client was told where to go */
  guint32 next_sequence;
  GstBuffer *prerolled;         /* handed over; render() follows */

  /* The task's thread only, or under the source pad's stream lock. */
  GstEvent *segment;

  /* Held for short. Taken inside the pads' stream locks and the preroll lock;
   * nothing is taken inside it, no message, signal, event or buffer leaves
   * under it. */
  GMutex lock;
  GCond cond;                   /* see gst_tryon_ai_sink_unlock_and_settle() */

  /* ---- all that follows is guarded by lock ---- */

  gchar *uri;
  gchar *token;
  guint max_in_flight;
  guint timeout;                /* milliseconds */
  GstTryonAiFallback fallback;
  guint connect_timeout;        /* milliseconds */

  GstTryonAiQueue *queue;
  GstTryonSession *session;
  /* Counts the sessions: what the client calls back for an earlier one is of
   * no interest. */
  guint generation;
  guint granted;                /* frames that the service takes */
  GstTryonAiState state;
  gboolean in_outage;           /* told on the bus; lasts over sessions */
  gint64 fault_warned;          /* when, on the bus */

  gint64 task_until;            /* what the task waits for, 0: it is at work */
  gboolean task_rested;         /* it waited since it had something to do */
  gboolean in_eos;              /* upstream waits for the last answers */

  GstPad *srcpad;
  GstFlowReturn flow;           /* downstream's last word */
  gboolean stopping;
  gboolean unlocked;
  gboolean flushing;
  guint flushes;                /* what was popped before the last is stale */
  guint32 last_seek;            /* sequence number */

  GstTryonWindow *round_trips;  /* of answers */
  GstTryonWindow *waits;        /* of all frames that waited */
  GstClockTime latency;         /* as reported */
  GstClockTime latency_checked;

  guint64 faults;
  guint64 bad_answers;
  guint64 connections;
  guint64 outages;
};

/* ---- gsttryonaiservice.c: the service's side ---- */

extern const GstTryonAiClientCallbacks gst_tryon_ai_sink_callbacks;

/* The following are upstream's. */
void gst_tryon_ai_sink_set_session (GstTryonAiSink * self, GstTryonSession * session);
/* Connects, unless that was done for this session. */
void gst_tryon_ai_sink_join (GstTryonAiSink * self);
/* Tells what is not up to the client: the state at the end. */
void gst_tryon_ai_sink_set_disconnected (GstTryonAiSink * self);
GstStructure * gst_tryon_ai_sink_get_stats (GstTryonAiSink * self);
/* (transfer full): @uri for the session named @id. */
gchar * gst_tryon_ai_sink_expand_uri (const gchar * uri, const gchar * id);

/* ---- gsttryonaisource.c: the source pad's side ---- */

/* Gives the lock back, and then does what must not be done under it: wakes who
 * waits for what was done, drops in the account of their sessions the frames that
 * were dropped, and has the client send what is to be sent. */
void gst_tryon_ai_sink_unlock_and_settle (GstTryonAiSink * self);
/* With the lock: decides about the frames whose time is over. %TRUE when a place
 * came free for a frame that waited: settle then. */
gboolean gst_tryon_ai_sink_expire_unlocked (GstTryonAiSink * self);

void gst_tryon_ai_sink_start_task (GstTryonAiSink * self);
/* Ends the task's waiting; join_task() waits for it, once the pads are down. */
void gst_tryon_ai_sink_stop_task (GstTryonAiSink * self);
void gst_tryon_ai_sink_join_task (GstTryonAiSink * self);
/* FLUSH_START and FLUSH_STOP, @event (transfer full): to be passed on. */
void gst_tryon_ai_sink_flush_start (GstTryonAiSink * self, GstEvent * event);
void gst_tryon_ai_sink_flush_stop (GstTryonAiSink * self, GstEvent * event);
/* For GstElement's vfuncs. */
GstPad * gst_tryon_ai_sink_request_pad (GstElement * element, GstPadTemplate * templ,
    const gchar * name, const GstCaps * caps);
void gst_tryon_ai_sink_release_pad (GstElement * element, GstPad * pad);
/* (transfer full) (nullable) */
GstPad * gst_tryon_ai_sink_get_src_pad (GstTryonAiSink * self);
/* Whether this seek came the other way round already. */
gboolean gst_tryon_ai_sink_is_repeated_seek (GstTryonAiSink * self, GstEvent * event);

G_END_DECLS

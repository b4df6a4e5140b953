/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/tryon/tryon.h>

#include "gsttryonaienums.h"

/* The frames that were handed over to an AI service and have not left yet, in
 * their order, and the events between them. Decides what becomes of each frame:
 * whether it goes to the service or waits, what stands in for an answer that
 * does not come, when it is given up.
 *
 * Pure: driven by the times it is given (microseconds of one monotonic clock),
 * knows no socket, pad or thread. Not thread safe.
 *
 *   push ----> [ frames and events in order ] ----> pop
 *               |  next_to_send        ^ answer, refuse
 *               v                      |
 *             (the service, at most max-in-flight frames)
 *
 * A frame has one of max-in-flight places from when it is pushed until its
 * answer comes; when all are taken, the newest frame waits for the next place
 * and the one that waited before it is dropped as superseded. A frame that
 * missed its deadline leaves at once, but the service has it still: its place
 * stays taken until the answer comes after all, or for
 * GST_TRYON_AI_OVERDUE_FACTOR more timeouts. So a service that hangs is not fed
 * with frames that it will work off one day; and while overdue frames hold all
 * places, new frames do not wait for what is not going to come. */

G_BEGIN_DECLS

#define GST_TRYON_AI_MAX_IN_FLIGHT 64
#define GST_TRYON_AI_OVERDUE_FACTOR 5
/* More than a connection takes at once: it would cost the whole connection. */
#define GST_TRYON_AI_MAX_FRAME_BYTES \
  (GST_TRYON_CONNECTION_DEFAULT_MAX_MESSAGE_BYTES - GST_TRYON_PROTOCOL_HEADER_SIZE)
/* Custom events that wait for their turn; more are refused. */
#define GST_TRYON_AI_MAX_EVENTS 64

typedef enum {
  GST_TRYON_AI_OUTCOME_NONE,    /* not decided yet */
  GST_TRYON_AI_OUTCOME_PROCESSED,
  GST_TRYON_AI_OUTCOME_FALLBACK,
  GST_TRYON_AI_OUTCOME_DROPPED,
} GstTryonAiOutcome;

typedef enum {
  GST_TRYON_AI_STAGE_WAITING,   /* for a place */
  GST_TRYON_AI_STAGE_PLACED,    /* to be sent */
  GST_TRYON_AI_STAGE_SENT,      /* to be answered */
  GST_TRYON_AI_STAGE_DECIDED,   /* to leave */
} GstTryonAiStage;

/**
 * GstTryonAiItem:
 * @event: when not %NULL, this is an event and nothing else is set
 * @frame: the frame as it came
 * @caps: (nullable): what upstream said of it
 * @session: (nullable): whose it is
 * @sequence: its number on the wire
 * @capture_time: microseconds since the Unix epoch
 * @arrival: when it was pushed
 * @outcome: what became of it
 * @reason: why, unless it was processed
 * @image: what is to leave for it, unless it was dropped
 * @not_processed: whether @image lacks the effect
 * @discont: frames before it were dropped
 * @decided: when @outcome was found
 *
 * One frame, or one event between frames.
 */
typedef struct {
  GstEvent *event;

  GstBuffer *frame;
  GstCaps *caps;
  GstTryonSession *session;
  guint32 sequence;
  guint64 capture_time;
  gint64 arrival;

  GstTryonAiOutcome outcome;
  GstTryonDropReason reason;
  GstBuffer *image;
  gboolean not_processed;
  gboolean discont;
  gint64 decided;

  /*< private >*/
  GstTryonAiStage stage;
  gint64 deadline;
  guint64 serial;               /* order of sending, over all connections */
  gboolean preroll;
} GstTryonAiItem;

/* Only growing, but for @outstanding. At any time
 * received = processed + fallbacks + dropped + outstanding. */
typedef struct {
  guint64 received;
  guint64 sent;
  guint64 processed;
  guint64 fallbacks;
  guint64 dropped;
  guint64 dropped_by_reason[GST_TRYON_N_DROP_REASONS];
  guint64 timeouts;
  guint64 late_answers;
  guint64 unknown_answers;
  guint64 events_dropped;
  guint outstanding;
} GstTryonAiCounts;

typedef enum {
  GST_TRYON_AI_ANSWER_TAKEN,
  GST_TRYON_AI_ANSWER_LATE,     /* the frame has left, or has an answer */
  GST_TRYON_AI_ANSWER_UNKNOWN,  /* no such frame was sent */
} GstTryonAiAnswer;

typedef struct _GstTryonAiQueue GstTryonAiQueue;

GstTryonAiItem * gst_tryon_ai_item_new_frame (GstBuffer * frame, GstCaps * caps,
    GstTryonSession * session, guint32 sequence, guint64 capture_time);
void gst_tryon_ai_item_free (GstTryonAiItem * item);

GstTryonAiQueue * gst_tryon_ai_queue_new (void);
void gst_tryon_ai_queue_free (GstTryonAiQueue * queue);
void gst_tryon_ai_queue_set_max_in_flight (GstTryonAiQueue * queue, guint frames);
void gst_tryon_ai_queue_set_timeout (GstTryonAiQueue * queue, gint64 timeout);
void gst_tryon_ai_queue_set_fallback (GstTryonAiQueue * queue, GstTryonAiFallback fallback);
/* Whether frames may go to the service. Not any more: those that it has, and
 * those that come, fall back with ai-down. Starts closed. */
void gst_tryon_ai_queue_set_open (GstTryonAiQueue * queue, gboolean open, gint64 now);
/* While prerolling a frame that was pushed as @preroll is never dropped, for
 * the sinks behind wait for it; it falls back to the original instead. */
void gst_tryon_ai_queue_set_prerolling (GstTryonAiQueue * queue, gboolean prerolling);

/* (transfer full) */
void gst_tryon_ai_queue_push_frame (GstTryonAiQueue * queue, GstTryonAiItem * item,
    gboolean preroll, gint64 now);
/* @event (transfer full). %FALSE when it was refused. */
gboolean gst_tryon_ai_queue_push_event (GstTryonAiQueue * queue, GstEvent * event);
/* (transfer none): the next frame for the service, which has it from now on.
 * Valid until the next call. */
const GstTryonAiItem * gst_tryon_ai_queue_next_to_send (GstTryonAiQueue * queue, gint64 now);
gboolean gst_tryon_ai_queue_has_frame_to_send (GstTryonAiQueue * queue);
/* The service answered with @image (transfer full). Frames sent before it that
 * have no answer are dropped as superseded. @waited (optional): since it came. */
GstTryonAiAnswer gst_tryon_ai_queue_answer (GstTryonAiQueue * queue, guint32 sequence,
    GstBuffer * image, gboolean not_processed, gint64 now, gint64 * waited);
/* The service dropped the frame, or answered with nonsense (ai-down). */
GstTryonAiAnswer gst_tryon_ai_queue_refuse (GstTryonAiQueue * queue, guint32 sequence,
    GstTryonDropReason reason, gint64 now);
/* Decides about the frames whose time is over. */
void gst_tryon_ai_queue_expire (GstTryonAiQueue * queue, gint64 now);
/* When expire() has something to do next, -1 for never. */
gint64 gst_tryon_ai_queue_get_next_deadline (GstTryonAiQueue * queue);
/* Drops what is not decided yet, for whom it came has gone. */
void gst_tryon_ai_queue_give_up (GstTryonAiQueue * queue, gint64 now);
/* Whether @event outlasts a flush. */
gboolean gst_tryon_ai_queue_keeps_event (GstEvent * event);
/* Drops everything but the events that outlast a flush. */
void gst_tryon_ai_queue_flush (GstTryonAiQueue * queue, gint64 now);
/* Whether the next in order may leave. */
gboolean gst_tryon_ai_queue_can_pop (GstTryonAiQueue * queue);
/* (transfer full) (nullable): the next in order, when it may leave. */
GstTryonAiItem * gst_tryon_ai_queue_pop (GstTryonAiQueue * queue, gint64 now);
/* (transfer full) (nullable): frames that were dropped, in no order; to be
 * asked for after every other call that takes a time. */
GstTryonAiItem * gst_tryon_ai_queue_pop_dropped (GstTryonAiQueue * queue);
gboolean gst_tryon_ai_queue_has_dropped (GstTryonAiQueue * queue);
guint gst_tryon_ai_queue_get_n_undecided (GstTryonAiQueue * queue);
void gst_tryon_ai_queue_get_counts (GstTryonAiQueue * queue, GstTryonAiCounts * counts);

G_END_DECLS

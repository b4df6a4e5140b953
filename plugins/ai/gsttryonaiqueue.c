/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gsttryonaiqueue.h"

/* A frame that left without its answer, and that the service has still. */
typedef struct
{
  guint32 sequence;
  guint64 serial;
  gint64 deadline;              /* until then its answer was to be expected */
  gint64 until;                 /* when its place is free at the latest */
} Overdue;

struct _GstTryonAiQueue
{
  guint max_in_flight;
  gint64 timeout;
  GstTryonAiFallback fallback;
  gboolean open;
  gboolean prerolling;

  GQueue items;                 /* oldest first */
  GQueue dropped;               /* out of @items, for pop_dropped() */
  GArray *overdue;              /* in the order of sending */
  GstTryonAiItem *waiting;      /* one of @items, without a place */
  guint n_placed;
  guint n_sent;
  guint n_decided;
  guint n_events;

  gboolean has_sent;            /* on this connection */
  guint32 first_sent;
  guint32 newest_sent;
  guint64 next_serial;

  /* The newest processed image, and whose it is: never to be seen by another
   * session. */
  GstBuffer *last;
  GstTryonSession *last_session;
  gboolean discont;

  GstTryonAiCounts counts;
};

GstTryonAiItem *
gst_tryon_ai_item_new_frame (GstBuffer * frame, GstCaps * caps,
    GstTryonSession * session, guint32 sequence, guint64 capture_time)
{
  GstTryonAiItem *item = g_new0 (GstTryonAiItem, 1);

  item->frame = gst_buffer_ref (frame);
  item->caps = caps != NULL ? gst_caps_ref (caps) : NULL;
  item->session = session != NULL ? gst_object_ref (session) : NULL;
  item->sequence = sequence;
  item->capture_time = capture_time;
  return item;
}

void
gst_tryon_ai_item_free (GstTryonAiItem * item)
{
  gst_clear_event (&item->event);
  gst_clear_buffer (&item->frame);
  gst_clear_buffer (&item->image);
  gst_clear_caps (&item->caps);
  gst_clear_object (&item->session);
  g_free (item);
}

static void
clear_last (GstTryonAiQueue * queue)
{
  gst_clear_buffer (&queue->last);
  gst_clear_object (&queue->last_session);
}

GstTryonAiQueue *
gst_tryon_ai_queue_new (void)
{
  GstTryonAiQueue *queue = g_new0 (GstTryonAiQueue, 1);

  g_queue_init (&queue->items);
  g_queue_init (&queue->dropped);
  queue->overdue = g_array_new (FALSE, FALSE, sizeof (Overdue));
  queue->max_in_flight = 1;
  return queue;
}

void
gst_tryon_ai_queue_free (GstTryonAiQueue * queue)
{
  g_queue_clear_full (&queue->items, (GDestroyNotify) gst_tryon_ai_item_free);
  g_queue_clear_full (&queue->dropped, (GDestroyNotify) gst_tryon_ai_item_free);
  g_array_unref (queue->overdue);
  clear_last (queue);
  g_free (queue);
}

/* ---- places ---- */

static Overdue *
get_overdue (GstTryonAiQueue * queue, guint i)
{
  return &g_array_index (queue->overdue, Overdue, i);
}

static void
place_waiting (GstTryonAiQueue * queue)
{
  if (queue->waiting == NULL || queue->n_placed + queue->n_sent +
      queue->overdue->len >= queue->max_in_flight)
    return;
  queue->waiting->stage = GST_TRYON_AI_STAGE_PLACED;
  queue->waiting = NULL;
  queue->n_placed++;
}

/* Whether the answer that gives the next place back can be expected still. */
static gboolean
is_place_in_sight (GstTryonAiQueue * queue, gint64 now)
{
  guint i;

  if (queue->n_placed + queue->n_sent > 0)
    return TRUE;
  for (i = 0; i < queue->overdue->len; i++) {
    if (get_overdue (queue, i)->deadline > now)
      return TRUE;
  }
  return FALSE;
}

/* Takes the item's place from it; the service may have the frame still. */
static void
leave_stage (GstTryonAiQueue * queue, GstTryonAiItem * item, gboolean answered,
    gint64 now)
{
  Overdue overdue;

  switch (item->stage) {
    case GST_TRYON_AI_STAGE_WAITING:
      queue->waiting = NULL;
      break;
    case GST_TRYON_AI_STAGE_PLACED:
      queue->n_placed--;
      break;
    case GST_TRYON_AI_STAGE_SENT:
      queue->n_sent--;
      if (answered)
        break;
      overdue.sequence = item->sequence;
      overdue.serial = item->serial;
      overdue.deadline = item->deadline;
      overdue.until = MAX (item->deadline, now)
          + GST_TRYON_AI_OVERDUE_FACTOR * queue->timeout;
      g_array_append_val (queue->overdue, overdue);
      break;
    case GST_TRYON_AI_STAGE_DECIDED:
      queue->n_decided--;
      break;
  }
}

/* ---- outcomes ---- */

static void
decide (GstTryonAiQueue * queue, GstTryonAiItem * item,
    GstTryonAiOutcome outcome, GstTryonDropReason reason, gint64 now)
{
  item->stage = GST_TRYON_AI_STAGE_DECIDED;
  item->outcome = outcome;
  item->reason = reason;
  item->decided = now;
  queue->n_decided++;
}

/* @item has left its stage and @items. */
static void
add_to_dropped (GstTryonAiQueue * queue, GstTryonAiItem * item,
    GstTryonDropReason reason, gint64 now)
{
  item->outcome = GST_TRYON_AI_OUTCOME_DROPPED;
  item->reason = reason;
  item->decided = now;
  /* Only the number is of interest from here on. */
  gst_clear_buffer (&item->frame);
  gst_clear_buffer (&item->image);
  queue->counts.dropped++;
  queue->counts.dropped_by_reason[reason]++;
  queue->discont = TRUE;
  g_queue_push_tail (&queue->dropped, item);
}

static gboolean
must_leave (GstTryonAiQueue * queue, GstTryonAiItem * item)
{
  return item->preroll && queue->prerolling;
}

/* @item has left its stage. */
static void
drop (GstTryonAiQueue * queue, GstTryonAiItem * item,
    GstTryonDropReason reason, gint64 now)
{
  if (must_leave (queue, item)) {
    decide (queue, item, GST_TRYON_AI_OUTCOME_FALLBACK, reason, now);
    return;
  }
  g_queue_remove (&queue->items, item);
  add_to_dropped (queue, item, reason, now);
}

static gboolean
is_undecided (GstTryonAiItem * item)
{
  return item->event == NULL && item->stage != GST_TRYON_AI_STAGE_DECIDED;
}

/* Frames that nobody takes at the other end pile up no further than this. */
static void
bound_decided (GstTryonAiQueue * queue, gint64 now)
{
  GList *l = queue->items.head;

  while (l != NULL && queue->n_decided > queue->max_in_flight) {
    GstTryonAiItem *item = l->data;

    l = l->next;
    if (item->event != NULL || item->stage != GST_TRYON_AI_STAGE_DECIDED ||
        must_leave (queue, item))
      continue;
    leave_stage (queue, item, TRUE, now);
    drop (queue, item, GST_TRYON_DROP_REASON_SUPERSEDED, now);
  }
}

/* ---- settings ---- */

void
gst_tryon_ai_queue_set_max_in_flight (GstTryonAiQueue * queue, guint frames)
{
  g_return_if_fail (frames >= 1 && frames <= GST_TRYON_AI_MAX_IN_FLIGHT);

  queue->max_in_flight = frames;
  place_waiting (queue);
}

void
gst_tryon_ai_queue_set_timeout (GstTryonAiQueue * queue, gint64 timeout)
{
  g_return_if_fail (timeout > 0);

  queue->timeout = timeout;
}

void
gst_tryon_ai_queue_set_fallback (GstTryonAiQueue * queue,
    GstTryonAiFallback fallback)
{
  queue->fallback = fallback;
  if (fallback != GST_TRYON_AI_FALLBACK_LAST)
    clear_last (queue);
}

void
gst_tryon_ai_queue_set_prerolling (GstTryonAiQueue * queue, gboolean prerolling)
{
  queue->prerolling = prerolling;
}

void
gst_tryon_ai_queue_set_open (GstTryonAiQueue * queue, gboolean open, gint64 now)
{
  GList *l;

  if (!open) {
    for (l = queue->items.head; l != NULL; l = l->next) {
      GstTryonAiItem *item = l->data;

      if (!is_undecided (item))
        continue;
      leave_stage (queue, item, TRUE, now);
      decide (queue, item, GST_TRYON_AI_OUTCOME_FALLBACK,
          GST_TRYON_DROP_REASON_AI_DOWN, now);
    }
    /* What a connection was sent is nothing that the next one knows of. */
    g_array_set_size (queue->overdue, 0);
    queue->has_sent = FALSE;
  }
  queue->open = open;
}

/* ---- in ---- */

void
gst_tryon_ai_queue_push_frame (GstTryonAiQueue * queue, GstTryonAiItem * item,
    gboolean preroll, gint64 now)
{
  gsize size;

  gst_tryon_ai_queue_expire (queue, now);

  item->arrival = now;
  item->deadline = now + queue->timeout;
  item->preroll = preroll;
  queue->counts.received++;

  size = gst_buffer_get_size (item->frame);
  if (size == 0 || size > GST_TRYON_AI_MAX_FRAME_BYTES) {
    add_to_dropped (queue, item, size == 0 ? GST_TRYON_DROP_REASON_INVALID :
        GST_TRYON_DROP_REASON_TOO_LARGE, now);
    return;
  }

  g_queue_push_tail (&queue->items, item);
  if (!queue->open) {
    decide (queue, item, GST_TRYON_AI_OUTCOME_FALLBACK,
        GST_TRYON_DROP_REASON_AI_DOWN, now);
  } else if (queue->n_placed + queue->n_sent + queue->overdue->len <
      queue->max_in_flight) {
    item->stage = GST_TRYON_AI_STAGE_PLACED;
    queue->n_placed++;
  } else if (is_place_in_sight (queue, now)) {
    GstTryonAiItem *before = queue->waiting;

    if (before != NULL) {
      leave_stage (queue, before, FALSE, now);
      drop (queue, before, GST_TRYON_DROP_REASON_SUPERSEDED, now);
    }
    item->stage = GST_TRYON_AI_STAGE_WAITING;
    queue->waiting = item;
  } else {
    queue->counts.timeouts++;
    decide (queue, item, GST_TRYON_AI_OUTCOME_FALLBACK,
        GST_TRYON_DROP_REASON_AI_TIMEOUT, now);
  }
  bound_decided (queue, now);
}

gboolean
gst_tryon_ai_queue_push_event (GstTryonAiQueue * queue, GstEvent * event)
{
  GstTryonAiItem *item;

  /* Only what an application or a client makes up can come without end. */
  if (queue->n_events >= GST_TRYON_AI_MAX_EVENTS &&
      (GST_EVENT_TYPE (event) == GST_EVENT_CUSTOM_DOWNSTREAM ||
          GST_EVENT_TYPE (event) == GST_EVENT_CUSTOM_DOWNSTREAM_STICKY ||
          GST_EVENT_TYPE (event) == GST_EVENT_GAP ||
          GST_EVENT_TYPE (event) == GST_EVENT_TAG)) {
    queue->counts.events_dropped++;
    gst_event_unref (event);
    return FALSE;
  }
  item = g_new0 (GstTryonAiItem, 1);
  item->event = event;
  queue->n_events++;
  g_queue_push_tail (&queue->items, item);
  return TRUE;
}

/* ---- the service ---- */

gboolean
gst_tryon_ai_queue_has_frame_to_send (GstTryonAiQueue * queue)
{
  return queue->n_placed > 0;
}

const GstTryonAiItem *
gst_tryon_ai_queue_next_to_send (GstTryonAiQueue * queue, gint64 now)
{
  GList *l;

  gst_tryon_ai_queue_expire (queue, now);
  if (!queue->open || queue->n_placed == 0)
    return NULL;

  for (l = queue->items.head; l != NULL; l = l->next) {
    GstTryonAiItem *item = l->data;

    if (item->event != NULL || item->stage != GST_TRYON_AI_STAGE_PLACED)
      continue;
    item->stage = GST_TRYON_AI_STAGE_SENT;
    item->serial = queue->next_serial++;
    queue->n_placed--;
    queue->n_sent++;
    queue->newest_sent = item->sequence;
    if (!queue->has_sent)
      queue->first_sent = item->sequence;
    queue->has_sent = TRUE;
    queue->counts.sent++;
    return item;
  }
  g_return_val_if_reached (NULL);
}

static GstTryonAiItem *
find_sent (GstTryonAiQueue * queue, guint32 sequence)
{
  GList *l;

  for (l = queue->items.head; l != NULL; l = l->next) {
    GstTryonAiItem *item = l->data;

    if (item->event == NULL && item->stage == GST_TRYON_AI_STAGE_SENT &&
        item->sequence == sequence)
      return item;
  }
  return NULL;
}

/* An answer to a frame that is not expected (any more): gives the place back
 * that the frame had. */
static GstTryonAiAnswer
take_unexpected (GstTryonAiQueue * queue, guint32 sequence)
{
  guint i;

  for (i = 0; i < queue->overdue->len; i++) {
    if (get_overdue (queue, i)->sequence == sequence) {
      g_array_remove_range (queue->overdue, 0, i + 1);
      place_waiting (queue);
      break;
    }
  }
  if (queue->has_sent && (gint32) (sequence - queue->first_sent) >= 0 &&
      (gint32) (queue->newest_sent - sequence) >= 0) {
    queue->counts.late_answers++;
    return GST_TRYON_AI_ANSWER_LATE;
  }
  queue->counts.unknown_answers++;
  return GST_TRYON_AI_ANSWER_UNKNOWN;
}

/* The service answers in order: it has nothing more to say on what it was sent
 * before @item. */
static void
supersede_before (GstTryonAiQueue * queue, GstTryonAiItem * item, gint64 now)
{
  GList *l = queue->items.head;

  while (l != NULL && l->data != item) {
    GstTryonAiItem *before = l->data;

    l = l->next;
    if (before->event != NULL || before->stage != GST_TRYON_AI_STAGE_SENT)
      continue;
    leave_stage (queue, before, TRUE, now);
    drop (queue, before, GST_TRYON_DROP_REASON_SUPERSEDED, now);
  }
  while (queue->overdue->len > 0 &&
      get_overdue (queue, 0)->serial < item->serial)
    g_array_remove_index (queue->overdue, 0);
}

GstTryonAiAnswer
gst_tryon_ai_queue_answer (GstTryonAiQueue * queue, guint32 sequence,
    GstBuffer * image, gboolean not_processed, gint64 now, gint64 * waited)
{
  GstTryonAiItem *item = find_sent (queue, sequence);

  /* No matter how late: a frame that has not left yet takes its answer. */
  if (item == NULL) {
    gst_buffer_unref (image);
    return take_unexpected (queue, sequence);
  }
  supersede_before (queue, item, now);
  leave_stage (queue, item, TRUE, now);
  item->image = image;
  item->not_processed = not_processed;
  decide (queue, item, GST_TRYON_AI_OUTCOME_PROCESSED, 0, now);
  place_waiting (queue);
  if (waited != NULL)
    *waited = now - item->arrival;
  return GST_TRYON_AI_ANSWER_TAKEN;
}

GstTryonAiAnswer
gst_tryon_ai_queue_refuse (GstTryonAiQueue * queue, guint32 sequence,
    GstTryonDropReason reason, gint64 now)
{
  GstTryonAiItem *item = find_sent (queue, sequence);

  if (item == NULL)
    return take_unexpected (queue, sequence);

  /* A newer version's reason: all that is known is that there is no image. */
  if (reason == 0 || reason >= GST_TRYON_N_DROP_REASONS)
    reason = GST_TRYON_DROP_REASON_SUPERSEDED;
  leave_stage (queue, item, TRUE, now);
  if (reason == GST_TRYON_DROP_REASON_AI_TIMEOUT ||
      reason == GST_TRYON_DROP_REASON_AI_DOWN)
    decide (queue, item, GST_TRYON_AI_OUTCOME_FALLBACK, reason, now);
  else
    drop (queue, item, reason, now);
  place_waiting (queue);
  return GST_TRYON_AI_ANSWER_TAKEN;
}

/* ---- time ---- */

static void
time_out (GstTryonAiQueue * queue, GstTryonAiItem * item, gint64 now)
{
  leave_stage (queue, item, FALSE, now);
  queue->counts.timeouts++;
  decide (queue, item, GST_TRYON_AI_OUTCOME_FALLBACK,
      GST_TRYON_DROP_REASON_AI_TIMEOUT, now);
}

void
gst_tryon_ai_queue_expire (GstTryonAiQueue * queue, gint64 now)
{
  GList *l;
  guint i;

  for (l = queue->items.head; l != NULL; l = l->next) {
    GstTryonAiItem *item = l->data;

    if (is_undecided (item) && item->deadline <= now)
      time_out (queue, item, now);
  }
  for (i = queue->overdue->len; i > 0; i--) {
    if (get_overdue (queue, i - 1)->until <= now)
      g_array_remove_index (queue->overdue, i - 1);
  }
  place_waiting (queue);
  if (queue->waiting != NULL && !is_place_in_sight (queue, now))
    time_out (queue, queue->waiting, now);
}

gint64
gst_tryon_ai_queue_get_next_deadline (GstTryonAiQueue * queue)
{
  gint64 next = -1;
  GList *l;
  guint i;

  for (l = queue->items.head; l != NULL; l = l->next) {
    GstTryonAiItem *item = l->data;

    if (is_undecided (item) && (next == -1 || item->deadline < next))
      next = item->deadline;
  }
  /* A place that comes free is of interest to the one that waits for it. */
  for (i = 0; queue->waiting != NULL && i < queue->overdue->len; i++)
    next = MIN (next, get_overdue (queue, i)->until);
  return next;
}

/* ---- out ---- */

void
gst_tryon_ai_queue_give_up (GstTryonAiQueue * queue, gint64 now)
{
  GList *l = queue->items.head;

  while (l != NULL) {
    GstTryonAiItem *item = l->data;

    l = l->next;
    if (!is_undecided (item))
      continue;
    leave_stage (queue, item, FALSE, now);
    drop (queue, item, GST_TRYON_DROP_REASON_SUPERSEDED, now);
  }
}

gboolean
gst_tryon_ai_queue_keeps_event (GstEvent * event)
{
  return GST_EVENT_IS_STICKY (event) &&
      GST_EVENT_TYPE (event) != GST_EVENT_SEGMENT &&
      GST_EVENT_TYPE (event) != GST_EVENT_EOS;
}

void
gst_tryon_ai_queue_flush (GstTryonAiQueue * queue, gint64 now)
{
  GList *l = queue->items.head;

  while (l != NULL) {
    GList *this = l;
    GstTryonAiItem *item = l->data;

    l = l->next;
    if (item->event != NULL && gst_tryon_ai_queue_keeps_event (item->event))
      continue;
    g_queue_delete_link (&queue->items, this);
    if (item->event != NULL) {
      queue->n_events--;
      gst_tryon_ai_item_free (item);
    } else {
      leave_stage (queue, item, FALSE, now);
      add_to_dropped (queue, item, GST_TRYON_DROP_REASON_SUPERSEDED, now);
    }
  }
  clear_last (queue);
  queue->discont = TRUE;
}

static void
set_last (GstTryonAiQueue * queue, GstTryonAiItem * item)
{
  gst_buffer_replace (&queue->last, item->image);
  gst_object_replace ((GstObject **) & queue->last_session,
      (GstObject *) item->session);
}

/* What leaves for @item, %FALSE for nothing. */
static gboolean
choose_image (GstTryonAiQueue * queue, GstTryonAiItem * item)
{
  if (item->outcome == GST_TRYON_AI_OUTCOME_PROCESSED) {
    if (!item->not_processed && queue->fallback == GST_TRYON_AI_FALLBACK_LAST)
      set_last (queue, item);
    return TRUE;
  }
  item->not_processed = TRUE;
  if (must_leave (queue, item) ||
      queue->fallback == GST_TRYON_AI_FALLBACK_PASSTHROUGH) {
    item->image = gst_buffer_ref (item->frame);
    return TRUE;
  }
  if (queue->fallback == GST_TRYON_AI_FALLBACK_LAST && queue->last != NULL &&
      queue->last_session == item->session) {
    item->image = gst_buffer_ref (queue->last);
    return TRUE;
  }
  return FALSE;
}

gboolean
gst_tryon_ai_queue_can_pop (GstTryonAiQueue * queue)
{
  GstTryonAiItem *item = g_queue_peek_head (&queue->items);

  return item != NULL && !is_undecided (item);
}

GstTryonAiItem *
gst_tryon_ai_queue_pop (GstTryonAiQueue * queue, gint64 now)
{
  GstTryonAiItem *item;

  while ((item = g_queue_peek_head (&queue->items)) != NULL) {
    if (is_undecided (item))
      return NULL;
    g_queue_pop_head (&queue->items);
    if (item->event != NULL) {
      queue->n_events--;
      return item;
    }
    queue->n_decided--;
    if (choose_image (queue, item)) {
      if (item->outcome == GST_TRYON_AI_OUTCOME_PROCESSED)
        queue->counts.processed++;
      else
        queue->counts.fallbacks++;
      item->discont = queue->discont;
      queue->discont = FALSE;
      return item;
    }
    add_to_dropped (queue, item, item->reason, now);
  }
  return NULL;
}

GstTryonAiItem *
gst_tryon_ai_queue_pop_dropped (GstTryonAiQueue * queue)
{
  return g_queue_pop_head (&queue->dropped);
}

gboolean
gst_tryon_ai_queue_has_dropped (GstTryonAiQueue * queue)
{
  return queue->dropped.length > 0;
}

guint
gst_tryon_ai_queue_get_n_undecided (GstTryonAiQueue * queue)
{
  return queue->n_placed + queue->n_sent + (queue->waiting != NULL ? 1 : 0);
}

void
gst_tryon_ai_queue_get_counts (GstTryonAiQueue * queue,
    GstTryonAiCounts * counts)
{
  *counts = queue->counts;
  counts->outstanding = queue->items.length - queue->n_events;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tryonaisink's source pad: the task that pushes what was decided, events and
 * queries from downstream, the latency. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gsttryonaioutput.h"
#include "gsttryonaisink.h"

GST_DEBUG_CATEGORY_EXTERN (tryon_ai_sink_debug);
#define GST_CAT_DEFAULT tryon_ai_sink_debug

/* The latency that is reported follows the measured one in steps of at least
 * this, and is looked at this often, when there are this many samples. */
#define LATENCY_STEP (10 * GST_MSECOND)
#define LATENCY_INTERVAL GST_SECOND
#define LATENCY_MIN_SAMPLES 8

GstPad *
gst_tryon_ai_sink_get_src_pad (GstTryonAiSink * self)
{
  GstPad *pad;

  g_mutex_lock (&self->lock);
  pad = self->srcpad != NULL ? gst_object_ref (self->srcpad) : NULL;
  g_mutex_unlock (&self->lock);
  return pad;
}

/* ---- what must not be done under the lock ---- */

/* With the lock. A thread is woken only for what it waits for: each wake costs
 * as much as all that is done with a frame here. */
static gboolean
has_work_for_waiters (GstTryonAiSink * self)
{
  gint64 deadline;

  if (self->in_eos)
    return TRUE;
  if (self->task_until == 0 || self->flushing)
    return FALSE;
  if (gst_tryon_ai_queue_can_pop (self->queue))
    return TRUE;
  deadline = gst_tryon_ai_queue_get_next_deadline (self->queue);
  return deadline >= 0 && deadline < self->task_until;
}

void
gst_tryon_ai_sink_unlock_and_settle (GstTryonAiSink * self)
{
  GQueue dropped = G_QUEUE_INIT;
  GstTryonAiClient *client = NULL;
  gboolean answers, wake;
  GstTryonAiItem *item;

  while ((item = gst_tryon_ai_queue_pop_dropped (self->queue)) != NULL)
    g_queue_push_tail (&dropped, item);
  if (self->client != NULL
      && gst_tryon_ai_queue_has_frame_to_send (self->queue))
    client = gst_tryon_ai_client_ref (self->client);
  /* In a branch that ends here, another one answers the session. */
  answers = self->srcpad != NULL && gst_pad_is_linked (self->srcpad);
  wake = has_work_for_waiters (self);
  g_mutex_unlock (&self->lock);

  /* Not before: it would only wait for the lock. */
  if (wake)
    g_cond_broadcast (&self->cond);
  while ((item = g_queue_pop_head (&dropped)) != NULL) {
    GST_LOG_OBJECT (self, "frame %u dropped: %s", item->sequence,
        gst_tryon_drop_reason_get_nick (item->reason));
    if (answers && item->session != NULL)
      gst_tryon_session_drop (item->session, item->sequence, item->reason);
    gst_tryon_ai_item_free (item);
  }
  if (client != NULL) {
    gst_tryon_ai_client_wake (client);
    gst_tryon_ai_client_unref (client);
  }
}

/* ---- latency ---- */

/* With the lock. %TRUE when what is reported has changed. */
static gboolean
update_latency (GstTryonAiSink * self, gint64 decided, gint64 waited)
{
  GstClockTime now = decided * GST_USECOND;
  GstClockTime latency;

  gst_tryon_window_add (self->waits, now, waited * GST_USECOND);
  if (gst_tryon_window_count (self->waits, now) < LATENCY_MIN_SAMPLES ||
      (self->latency_checked != 0 &&
          now < self->latency_checked + LATENCY_INTERVAL))
    return FALSE;
  self->latency_checked = now;
  latency = gst_tryon_window_percentile (self->waits, now, 95);
  latency = MIN (latency, self->timeout * GST_MSECOND);
  if (ABS (GST_CLOCK_DIFF (self->latency, latency)) < LATENCY_STEP)
    return FALSE;
  GST_INFO_OBJECT (self, "latency is %" GST_TIME_FORMAT,
      GST_TIME_ARGS (latency));
  self->latency = latency;
  return TRUE;
}

static void
note_wait (GstTryonAiSink * self, const GstTryonAiItem * item)
{
  gint64 waited = item->decided - item->arrival;
  gboolean changed;

  /* What falls back because the service is down has not waited for it. */
  if (item->outcome != GST_TRYON_AI_OUTCOME_PROCESSED && waited <= 0)
    return;
  g_mutex_lock (&self->lock);
  changed = update_latency (self, item->decided, waited);
  g_mutex_unlock (&self->lock);
  if (changed)
    gst_element_post_message (GST_ELEMENT (self),
        gst_message_new_latency (GST_OBJECT (self)));
}

/* ---- the task ---- */

static GstFlowReturn
push_item (GstTryonAiSink * self, GstPad * pad, GstTryonAiItem * item)
{
  GstEvent *event = g_steal_pointer (&item->event);

  if (event == NULL)
    return gst_tryon_ai_output_push_frame (pad, self->segment, item);

  GST_DEBUG_OBJECT (self, "pushing %" GST_PTR_FORMAT, event);
  /* A segment waits for the caps, which come from the first answer. */
  if (GST_EVENT_TYPE (event) == GST_EVENT_SEGMENT) {
    gst_event_replace (&self->segment, event);
    if (!gst_pad_has_current_caps (pad)) {
      gst_event_unref (event);
      return GST_FLOW_OK;
    }
  }
  gst_tryon_ai_output_push_event (pad, event);
  return GST_FLOW_OK;
}

/* Without a pad: only what the next one must be told is kept. */
static void
skip_item (GstTryonAiSink * self, GstTryonAiItem * item)
{
  if (item->event != NULL && GST_EVENT_TYPE (item->event) == GST_EVENT_SEGMENT)
    gst_event_replace (&self->segment, item->event);
}

/* A flush or downstream's refusal was faster. */
static void
discard_item (GstPad * pad, GstTryonAiItem * item)
{
  if (item->session != NULL)
    gst_tryon_session_drop (item->session, item->sequence,
        GST_TRYON_DROP_REASON_SUPERSEDED);
  if (item->event != NULL && gst_tryon_ai_queue_keeps_event (item->event))
    gst_pad_store_sticky_event (pad, item->event);
}

/* Downstream's word is final, until the next flush or start. */
static void
take_flow (GstTryonAiSink * self, GstFlowReturn ret)
{
  /* Nobody there, or not yet or not any more: as if no pad were there. */
  if (ret == GST_FLOW_OK || ret == GST_FLOW_NOT_LINKED ||
      ret == GST_FLOW_FLUSHING)
    return;
  GST_INFO_OBJECT (self, "downstream says %s", gst_flow_get_name (ret));
  g_mutex_lock (&self->lock);
  self->flow = ret;
  g_mutex_unlock (&self->lock);
  if (ret < GST_FLOW_EOS)
    GST_ELEMENT_FLOW_ERROR (self, ret);
}

/* @flushes: as it was when @item was popped. */
static void
deliver (GstTryonAiSink * self, GstTryonAiItem * item, guint flushes)
{
  GstFlowReturn ret = GST_FLOW_OK;
  GstPad *pad;
  gboolean current;

  if (item->event == NULL)
    note_wait (self, item);
  pad = gst_tryon_ai_sink_get_src_pad (self);
  if (pad == NULL) {
    skip_item (self, item);
    return;
  }
  GST_PAD_STREAM_LOCK (pad);
  g_mutex_lock (&self->lock);
  /* Behind GST_FLOW_EOS the event is still due: a sink waits for it. */
  current = self->flushes == flushes && (self->flow == GST_FLOW_OK ||
      (self->flow == GST_FLOW_EOS && item->event != NULL &&
          GST_EVENT_TYPE (item->event) == GST_EVENT_EOS));
  g_mutex_unlock (&self->lock);
  if (current)
    ret = push_item (self, pad, item);
  else
    discard_item (pad, item);
  GST_PAD_STREAM_UNLOCK (pad);
  gst_object_unref (pad);
  take_flow (self, ret);
}

/* With the lock. When nothing is under way it first waits for as long as a frame
 * may take: in a stream that flows the next one is there by then, whose deadline
 * is later, so that nobody needs to wake this thread for it. */
static void
wait_for_item (GstTryonAiSink * self, gint64 now)
{
  gint64 deadline = gst_tryon_ai_queue_get_next_deadline (self->queue);

  if (deadline < 0 && !self->task_rested) {
    self->task_rested = TRUE;
    deadline = now + self->timeout * G_TIME_SPAN_MILLISECOND;
  }
  if (self->flushing || deadline < 0) {
    self->task_until = G_MAXINT64;
    g_cond_wait (&self->cond, &self->lock);
  } else {
    self->task_until = deadline;
    g_cond_wait_until (&self->cond, &self->lock, deadline);
  }
  self->task_until = 0;
}

gboolean
gst_tryon_ai_sink_expire_unlocked (GstTryonAiSink * self)
{
  gboolean had_one = gst_tryon_ai_queue_has_frame_to_send (self->queue);

  gst_tryon_ai_queue_expire (self->queue, g_get_monotonic_time ());
  return !had_one && gst_tryon_ai_queue_has_frame_to_send (self->queue);
}

static void
gst_tryon_ai_sink_loop (gpointer user_data)
{
  GstTryonAiSink *self = user_data;
  GstTryonAiItem *item = NULL;
  guint flushes;

  g_mutex_lock (&self->lock);
  while (!self->stopping) {
    gint64 now = g_get_monotonic_time ();
    gboolean placed = gst_tryon_ai_sink_expire_unlocked (self);

    if (!self->flushing)
      item = gst_tryon_ai_queue_pop (self->queue, now);
    if (item != NULL || placed || gst_tryon_ai_queue_has_dropped (self->queue))
      break;
    wait_for_item (self, now);
  }
  if (item != NULL)
    self->task_rested = FALSE;
  flushes = self->flushes;
  gst_tryon_ai_sink_unlock_and_settle (self);

  if (item != NULL) {
    deliver (self, item, flushes);
    gst_tryon_ai_item_free (item);
  }
}

void
gst_tryon_ai_sink_start_task (GstTryonAiSink * self)
{
  gchar *name = g_strdup_printf ("%s:src", GST_OBJECT_NAME (self));

  self->task = gst_task_new (gst_tryon_ai_sink_loop, self, NULL);
  gst_object_set_name (GST_OBJECT (self->task), name);
  gst_task_set_lock (self->task, &self->task_lock);
  gst_task_start (self->task);
  g_free (name);
}

void
gst_tryon_ai_sink_stop_task (GstTryonAiSink * self)
{
  /* First, or the function would be called again and again. */
  gst_task_stop (self->task);
  g_mutex_lock (&self->lock);
  self->stopping = TRUE;
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->lock);
}

void
gst_tryon_ai_sink_join_task (GstTryonAiSink * self)
{
  gst_task_join (self->task);
  gst_clear_object (&self->task);
}

/* ---- flushing ---- */

void
gst_tryon_ai_sink_flush_start (GstTryonAiSink * self, GstEvent * event)
{
  GstPad *pad = gst_tryon_ai_sink_get_src_pad (self);

  g_mutex_lock (&self->lock);
  self->flushing = TRUE;
  self->flushes++;
  gst_tryon_ai_queue_flush (self->queue, g_get_monotonic_time ());
  gst_tryon_ai_sink_unlock_and_settle (self);

  /* Ends a push that is under way. */
  if (pad != NULL) {
    gst_pad_push_event (pad, event);
    gst_object_unref (pad);
  } else {
    gst_event_unref (event);
  }
}

void
gst_tryon_ai_sink_flush_stop (GstTryonAiSink * self, GstEvent * event)
{
  GstPad *pad = gst_tryon_ai_sink_get_src_pad (self);

  if (pad != NULL)
    GST_PAD_STREAM_LOCK (pad);
  gst_clear_event (&self->segment);
  g_mutex_lock (&self->lock);
  self->flushing = FALSE;
  self->flow = GST_FLOW_OK;
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->lock);

  if (pad != NULL) {
    gst_pad_push_event (pad, event);
    GST_PAD_STREAM_UNLOCK (pad);
    gst_object_unref (pad);
  } else {
    gst_event_unref (event);
  }
}

/* ---- the pad ---- */

gboolean
gst_tryon_ai_sink_is_repeated_seek (GstTryonAiSink * self, GstEvent * event)
{
  guint32 seqnum = gst_event_get_seqnum (event);
  gboolean repeated;

  if (GST_EVENT_TYPE (event) != GST_EVENT_SEEK)
    return FALSE;
  g_mutex_lock (&self->lock);
  repeated = seqnum != GST_SEQNUM_INVALID && seqnum == self->last_seek;
  self->last_seek = seqnum;
  g_mutex_unlock (&self->lock);
  return repeated;
}

static gboolean
gst_tryon_ai_sink_src_event (GstPad * pad, GstObject * parent, GstEvent * event)
{
  GstTryonAiSink *self = GST_TRYON_AI_SINK (parent);

  /* Caps are the answers': there is nothing that upstream could change. And a
   * pipeline sends a seek to all of its sinks, of which this is one too. */
  if (GST_EVENT_TYPE (event) == GST_EVENT_RECONFIGURE ||
      gst_tryon_ai_sink_is_repeated_seek (self, event)) {
    gst_event_unref (event);
    return TRUE;
  }
  return gst_pad_push_event (GST_BASE_SINK_PAD (self), event);
}

static gboolean
query_latency (GstTryonAiSink * self, GstQuery * query)
{
  GstClockTime min, max;
  gboolean live;

  if (!gst_pad_peer_query (GST_BASE_SINK_PAD (self), query))
    return FALSE;
  gst_query_parse_latency (query, &live, &min, &max);
  g_mutex_lock (&self->lock);
  min += self->latency;
  /* Frames are held for as long as their timeout where that helps. */
  if (GST_CLOCK_TIME_IS_VALID (max))
    max += self->timeout * GST_MSECOND;
  g_mutex_unlock (&self->lock);
  gst_query_set_latency (query, live, min, max);
  return TRUE;
}

static gboolean
gst_tryon_ai_sink_src_query (GstPad * pad, GstObject * parent, GstQuery * query)
{
  GstTryonAiSink *self = GST_TRYON_AI_SINK (parent);

  switch (GST_QUERY_TYPE (query)) {
    case GST_QUERY_LATENCY:
      return query_latency (self, query);
    case GST_QUERY_CAPS:
    case GST_QUERY_ACCEPT_CAPS:
    case GST_QUERY_SCHEDULING:
      return gst_pad_query_default (pad, parent, query);
    default:
      return gst_pad_peer_query (GST_BASE_SINK_PAD (self), query);
  }
}

GstPad *
gst_tryon_ai_sink_request_pad (GstElement * element, GstPadTemplate * templ,
    const gchar * name, const GstCaps * caps)
{
  GstTryonAiSink *self = GST_TRYON_AI_SINK (element);
  GstPad *pad = gst_pad_new_from_template (templ, "src");
  gboolean taken;

  gst_pad_set_event_function (pad, gst_tryon_ai_sink_src_event);
  gst_pad_set_query_function (pad, gst_tryon_ai_sink_src_query);
  gst_pad_use_fixed_caps (pad);
  gst_pad_set_active (pad, TRUE);
  gst_tryon_ai_output_init_pad (pad, GST_BASE_SINK_PAD (self));

  g_mutex_lock (&self->lock);
  taken = self->srcpad != NULL;
  if (!taken)
    self->srcpad = pad;
  g_mutex_unlock (&self->lock);
  if (taken) {
    GST_WARNING_OBJECT (self, "there is only one source pad");
    gst_object_unref (pad);
    return NULL;
  }
  gst_element_add_pad (element, pad);
  return pad;
}

void
gst_tryon_ai_sink_release_pad (GstElement * element, GstPad * pad)
{
  GstTryonAiSink *self = GST_TRYON_AI_SINK (element);

  g_mutex_lock (&self->lock);
  self->srcpad = NULL;
  g_mutex_unlock (&self->lock);
  gst_pad_set_active (pad, FALSE);
  gst_element_remove_pad (element, pad);
}

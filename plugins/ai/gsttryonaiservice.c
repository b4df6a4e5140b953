/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tryonaisink's other end: sessions and their service, what it says and how it
 * is. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <string.h>

#include "gsttryonaisink.h"

GST_DEBUG_CATEGORY_EXTERN (tryon_ai_sink_debug);
#define GST_CAT_DEFAULT tryon_ai_sink_debug

/* Faults of the service are told on the bus at most this often, microseconds. */
#define FAULT_INTERVAL (10 * G_USEC_PER_SEC)
/* A service that has frames and says nothing is given up after this many
 * milliseconds, or after this many of the frames' timeouts where that is more. */
#define SILENCE_TIMEOUT 5000
#define SILENCE_FACTOR 4

#define SESSION_ID_FIELD "{session_id}"

gchar *
gst_tryon_ai_sink_expand_uri (const gchar * uri, const gchar * id)
{
  gchar **parts = g_strsplit (uri, SESSION_ID_FIELD, -1);
  gchar *expanded = g_strjoinv (id, parts);

  g_strfreev (parts);
  return expanded;
}

/* ---- joining and leaving ---- */

void
gst_tryon_ai_sink_set_session (GstTryonAiSink * self, GstTryonSession * session)
{
  gboolean changed;

  g_mutex_lock (&self->lock);
  changed = session != self->session;
  if (changed) {
    gint64 now = g_get_monotonic_time ();

    gst_object_replace ((GstObject **) & self->session, (GstObject *) session);
    self->generation++;
    /* Nobody waits for the last session's answers any more. */
    gst_tryon_ai_queue_give_up (self->queue, now);
    gst_tryon_ai_queue_set_open (self->queue, FALSE, now);
  }
  gst_tryon_ai_sink_unlock_and_settle (self);

  if (changed) {
    self->joined = FALSE;
    gst_tryon_ai_client_leave (self->client);
  }
}

/* With the lock. */
static void
update_window (GstTryonAiSink * self)
{
  gst_tryon_ai_queue_set_max_in_flight (self->queue,
      MIN (self->max_in_flight, self->granted));
}

static GstTryonAiTarget *
new_target_unlocked (GstTryonAiSink * self)
{
  GstTryonAiTarget *target;
  gchar *id, *uri;

  if (self->session != NULL)
    id = g_strdup (gst_tryon_session_get_id (self->session));
  else
    id = g_uuid_string_random ();
  uri = gst_tryon_ai_sink_expand_uri (self->uri, id);
  target = gst_tryon_ai_target_new (self->generation, uri, self->token);
  target->connect_timeout = self->connect_timeout;
  target->silence_timeout = MAX (SILENCE_TIMEOUT,
      SILENCE_FACTOR * self->timeout);
  g_free (uri);
  g_free (id);
  return target;
}

void
gst_tryon_ai_sink_join (GstTryonAiSink * self)
{
  GstTryonAiTarget *target;

  if (self->joined)
    return;
  self->joined = TRUE;

  g_mutex_lock (&self->lock);
  target = new_target_unlocked (self);
  self->granted = GST_TRYON_AI_MAX_IN_FLIGHT;
  update_window (self);
  gst_tryon_ai_queue_set_open (self->queue, TRUE, g_get_monotonic_time ());
  g_mutex_unlock (&self->lock);

  /* The service is to know of the session what its client said of it. */
  if (self->session != NULL)
    target->init = gst_tryon_session_get_init (self->session);
  gst_tryon_ai_client_join (self->client, target);
}

/* ---- the state ---- */

/* Without the lock. */
static void
post_state (GstTryonAiSink * self, GstTryonAiState state,
    const gchar * address, const gchar * reason)
{
  GEnumClass *klass = g_type_class_ref (GST_TYPE_TRYON_AI_STATE);

  gst_element_post_message (GST_ELEMENT (self),
      gst_message_new_element (GST_OBJECT (self),
          gst_structure_new ("tryon-ai-state",
              "state", G_TYPE_STRING,
              g_enum_get_value (klass, state)->value_nick,
              "reason", G_TYPE_STRING, reason != NULL ? reason : "",
              "uri", G_TYPE_STRING, address, NULL)));
  g_object_notify (G_OBJECT (self), "state");
  g_type_class_unref (klass);
}

/* With the lock. */
static void
take_state (GstTryonAiSink * self, GstTryonAiState state)
{
  gint64 now = g_get_monotonic_time ();

  switch (state) {
    case GST_TRYON_AI_STATE_READY:
      if (self->state == GST_TRYON_AI_STATE_UNAVAILABLE)
        gst_tryon_ai_queue_set_open (self->queue, TRUE, now);
      self->in_outage = FALSE;
      self->connections++;
      break;
    case GST_TRYON_AI_STATE_UNAVAILABLE:
      gst_tryon_ai_queue_set_open (self->queue, FALSE, now);
      self->granted = GST_TRYON_AI_MAX_IN_FLIGHT;
      update_window (self);
      break;
    case GST_TRYON_AI_STATE_CONNECTING:
    case GST_TRYON_AI_STATE_DISCONNECTED:
      break;
  }
  self->state = state;
}

static void
on_state (guint generation, GstTryonAiState state, const gchar * address,
    const gchar * reason, gpointer user_data)
{
  GstTryonAiSink *self = user_data;
  GstTryonSession *session = NULL;
  gboolean warn = FALSE;

  g_mutex_lock (&self->lock);
  /* The end of an earlier session's connection is news all the same. */
  if (generation != self->generation &&
      state != GST_TRYON_AI_STATE_DISCONNECTED) {
    g_mutex_unlock (&self->lock);
    return;
  }
  take_state (self, state);
  if (state == GST_TRYON_AI_STATE_UNAVAILABLE) {
    warn = !self->in_outage;
    if (warn)
      self->outages++;
    self->in_outage = TRUE;
    if (self->session != NULL)
      session = gst_object_ref (self->session);
  }
  gst_tryon_ai_sink_unlock_and_settle (self);

  /* No address: it is nothing that a session's client should know. */
  if (session != NULL) {
    gst_tryon_session_send_error (session,
        GST_TRYON_ERROR_AI_SERVICE_UNAVAILABLE,
        "the AI service is not available, it is being tried again");
    gst_object_unref (session);
  }
  /* An application may stop the element in a message, and another of its threads
   * may then let go of it: nobody waits for this thread. */
  gst_object_ref (self);
  if (warn)
    GST_ELEMENT_WARNING (self, RESOURCE, OPEN_READ_WRITE,
        ("The AI service is not available, it is being tried again."),
        ("%s: %s", address, reason));
  post_state (self, state, address, reason);
  gst_object_unref (self);
}

void
gst_tryon_ai_sink_set_disconnected (GstTryonAiSink * self)
{
  gboolean changed;

  g_mutex_lock (&self->lock);
  changed = self->state != GST_TRYON_AI_STATE_DISCONNECTED;
  self->state = GST_TRYON_AI_STATE_DISCONNECTED;
  self->in_outage = FALSE;
  g_mutex_unlock (&self->lock);
  if (changed)
    post_state (self, GST_TRYON_AI_STATE_DISCONNECTED, "", "stopped");
}

/* ---- frames and answers ---- */

static gboolean
on_next_frame (guint generation, GstTryonFrameHeader * header,
    GstBuffer ** image, gpointer user_data)
{
  GstTryonAiSink *self = user_data;
  const GstTryonAiItem *item = NULL;

  g_mutex_lock (&self->lock);
  if (generation == self->generation && !self->flushing)
    item = gst_tryon_ai_queue_next_to_send (self->queue,
        g_get_monotonic_time ());
  if (item != NULL) {
    memset (header, 0, sizeof (*header));
    header->type = GST_TRYON_FRAME_TYPE_FRAME;
    header->sequence = item->sequence;
    header->timestamp = item->capture_time;
    header->payload_length = gst_buffer_get_size (item->frame);
    *image = gst_buffer_ref (item->frame);
    GST_LOG_OBJECT (self, "sending frame %u, %u bytes", header->sequence,
        header->payload_length);
  }
  g_mutex_unlock (&self->lock);
  return item != NULL;
}

/* Without the lock. */
static void
report_fault (GstTryonAiSink * self, const gchar * words)
{
  gint64 now = g_get_monotonic_time ();
  gboolean warn;

  g_mutex_lock (&self->lock);
  self->faults++;
  warn = self->fault_warned == 0 || now - self->fault_warned > FAULT_INTERVAL;
  if (warn)
    self->fault_warned = now;
  g_mutex_unlock (&self->lock);

  if (warn)
    GST_ELEMENT_WARNING (self, STREAM, FORMAT,
        ("The AI service does not keep to the protocol."), ("%s", words));
  else
    GST_LOG_OBJECT (self, "%s", words);
}

static void
on_fault (guint generation, const gchar * words, gpointer user_data)
{
  /* As in on_state(). */
  gst_object_ref (user_data);
  report_fault (user_data, words);
  gst_object_unref (user_data);
}

/* With the lock. Takes @image. */
static GstTryonAiAnswer
take_answer (GstTryonAiSink * self, const GstTryonFrameHeader * header,
    GstBuffer * image, const GError * error)
{
  gint64 now = g_get_monotonic_time ();
  GstTryonAiAnswer result;
  gint64 waited;

  if (error != NULL) {
    self->bad_answers++;
    return gst_tryon_ai_queue_refuse (self->queue, header->sequence,
        GST_TRYON_DROP_REASON_AI_DOWN, now);
  }
  if (image == NULL)
    return gst_tryon_ai_queue_refuse (self->queue, header->sequence,
        header->flags & 0xff, now);

  result = gst_tryon_ai_queue_answer (self->queue, header->sequence, image,
      (header->flags & GST_TRYON_FRAME_FLAG_NOT_PROCESSED) != 0, now, &waited);
  if (result == GST_TRYON_AI_ANSWER_TAKEN)
    gst_tryon_window_add (self->round_trips, now * GST_USECOND,
        waited * GST_USECOND);
  return result;
}

static void
on_answer (guint generation, const GstTryonFrameHeader * header,
    GstBuffer * image, const GError * error, gpointer user_data)
{
  GstTryonAiSink *self = user_data;
  GstTryonAiAnswer result;
  gchar *words = NULL;

  g_mutex_lock (&self->lock);
  if (generation != self->generation) {
    g_mutex_unlock (&self->lock);
    gst_clear_buffer (&image);
    return;
  }
  result = take_answer (self, header, image, error);
  gst_tryon_ai_sink_unlock_and_settle (self);

  GST_LOG_OBJECT (self, "answer to frame %u: type %d, flags %u%s",
      header->sequence, header->type, header->flags,
      result == GST_TRYON_AI_ANSWER_LATE ? ", too late" : "");
  if (error != NULL)
    words = g_strdup (error->message);
  else if (result == GST_TRYON_AI_ANSWER_UNKNOWN)
    words = g_strdup_printf ("answer to frame %u, which it was not sent",
        header->sequence);
  if (words != NULL)
    on_fault (generation, words, self);
  g_free (words);
}

static void
on_granted (guint generation, guint max_in_flight, gpointer user_data)
{
  GstTryonAiSink *self = user_data;

  g_mutex_lock (&self->lock);
  if (generation == self->generation) {
    self->granted = CLAMP (max_in_flight, 1, GST_TRYON_AI_MAX_IN_FLIGHT);
    update_window (self);
    GST_DEBUG_OBJECT (self, "the service takes %u frames at a time",
        max_in_flight);
  }
  gst_tryon_ai_sink_unlock_and_settle (self);
}

const GstTryonAiClientCallbacks gst_tryon_ai_sink_callbacks = {
  on_state, on_next_frame, on_answer, on_granted, on_fault
};

/* ---- statistics ---- */

static GstStructure *
new_drops (const GstTryonAiCounts * counts)
{
  GstStructure *drops = gst_structure_new_empty ("dropped-by-reason");
  guint i;

  for (i = 1; i < GST_TRYON_N_DROP_REASONS; i++)
    gst_structure_set (drops, gst_tryon_drop_reason_get_nick (i),
        G_TYPE_UINT64, counts->dropped_by_reason[i], NULL);
  return drops;
}

GstStructure *
gst_tryon_ai_sink_get_stats (GstTryonAiSink * self)
{
  GstClockTime now = g_get_monotonic_time () * GST_USECOND;
  GstTryonAiCounts counts;
  GstStructure *stats, *drops;

  g_mutex_lock (&self->lock);
  gst_tryon_ai_queue_get_counts (self->queue, &counts);
  stats = gst_structure_new ("application/x-tryon-ai-stats",
      "frames-received", G_TYPE_UINT64, counts.received,
      "frames-sent", G_TYPE_UINT64, counts.sent,
      "frames-processed", G_TYPE_UINT64, counts.processed,
      "frames-fallback", G_TYPE_UINT64, counts.fallbacks,
      "frames-dropped", G_TYPE_UINT64, counts.dropped,
      "frames-outstanding", G_TYPE_UINT, counts.outstanding,
      "timeouts", G_TYPE_UINT64, counts.timeouts,
      "late-answers", G_TYPE_UINT64, counts.late_answers,
      "bad-answers", G_TYPE_UINT64, self->bad_answers,
      "faults", G_TYPE_UINT64, self->faults,
      "events-dropped", G_TYPE_UINT64, counts.events_dropped,
      "connections", G_TYPE_UINT64, self->connections,
      "outages", G_TYPE_UINT64, self->outages,
      "max-in-flight", G_TYPE_UINT, MIN (self->max_in_flight, self->granted),
      "round-trip-mean", G_TYPE_UINT64,
      gst_tryon_window_mean (self->round_trips, now),
      "round-trip-p95", G_TYPE_UINT64,
      gst_tryon_window_percentile (self->round_trips, now, 95), NULL);
  g_mutex_unlock (&self->lock);

  drops = new_drops (&counts);
  gst_structure_set (stats, "dropped-by-reason", GST_TYPE_STRUCTURE, drops,
      NULL);
  gst_structure_free (drops);
  return stats;
}

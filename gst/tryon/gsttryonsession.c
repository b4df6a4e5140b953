/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * SECTION:gsttryonsession
 * @title: GstTryonSession
 * @short_description: one conversation with one client
 *
 * The session keeps the promise of the protocol, that every frame gets exactly
 * one answer and that answers come in order, whatever the pipeline does with
 * the frames. It is made by `tryonwssrc`, or by an application, and travels
 * down the pipeline in the `tryon-session` event; see gsttryonevent.h.
 *
 * What is bounded: frames that wait for the pipeline (`max_buffers`), pictures
 * that wait for the client (two), text messages and events that wait (64 each),
 * frames without an answer (1024: a client that goes on sending is closed).
 */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <string.h>

#include "gsttryonsession-private.h"
#include "gsttryonevent.h"
#include "gsttryonframemeta.h"

GST_DEBUG_CATEGORY (gst_tryon_session_debug);
#define GST_CAT_DEFAULT gst_tryon_session_debug

/* Events that wait for the pipeline. */
#define MAX_EVENTS 64
G_DEFINE_TYPE_WITH_CODE (GstTryonSession, gst_tryon_session, GST_TYPE_OBJECT,
    GST_DEBUG_CATEGORY_INIT (gst_tryon_session_debug, "tryon-session", 0,
        "Try-on sessions"));

void
gst_tryon_session_item_free (GstTryonSessionItem * item)
{
  gst_mini_object_unref (item->object);
  g_free (item);
}

static void
clear_inbox_unlocked (GstTryonSession * session)
{
  g_queue_clear_full (&session->inbox,
      (GDestroyNotify) gst_tryon_session_item_free);
  session->frames_in_inbox = 0;
}

static void
clear_texts_unlocked (GstTryonSession * session)
{
  g_queue_clear_full (&session->texts, (GDestroyNotify) gst_structure_free);
}

static void
gst_tryon_session_finalize (GObject * object)
{
  GstTryonSession *session = GST_TRYON_SESSION (object);

  if (session->wake_notify != NULL)
    session->wake_notify (session->wake_data);
  clear_inbox_unlocked (session);
  clear_texts_unlocked (session);
  gst_tryon_account_free (session->account);
  if (session->init != NULL)
    gst_structure_free (session->init);
  g_free (session->close_reason);
  g_free (session->id);
  g_mutex_clear (&session->lock);
  g_mutex_clear (&session->wake_lock);
  g_cond_clear (&session->wake_cond);
  g_cond_clear (&session->cond);

  G_OBJECT_CLASS (gst_tryon_session_parent_class)->finalize (object);
}

static void
gst_tryon_session_class_init (GstTryonSessionClass * klass)
{
  G_OBJECT_CLASS (klass)->finalize = gst_tryon_session_finalize;
}

static void
gst_tryon_session_init (GstTryonSession * session)
{
  g_mutex_init (&session->lock);
  g_mutex_init (&session->wake_lock);
  g_cond_init (&session->wake_cond);
  g_cond_init (&session->cond);
  g_queue_init (&session->inbox);
  g_queue_init (&session->texts);
  session->account = gst_tryon_account_new ();
}

GstTryonSession *
gst_tryon_session_new (const gchar * id, const GstTryonSessionConfig * config)
{
  static const GstTryonSessionConfig defaults = GST_TRYON_SESSION_CONFIG_INIT;
  GstTryonSession *session;

  g_return_val_if_fail (gst_tryon_session_id_is_valid (id), NULL);

  session = g_object_new (GST_TYPE_TRYON_SESSION, NULL);
  gst_object_ref_sink (session);
  session->id = g_strdup (id);
  session->config = config != NULL ? *config : defaults;
  return session;
}

const gchar *
gst_tryon_session_get_id (GstTryonSession * session)
{
  g_return_val_if_fail (GST_IS_TRYON_SESSION (session), NULL);

  return session->id;
}

GstStructure *
gst_tryon_session_get_init (GstTryonSession * session)
{
  GstStructure *init = NULL;

  g_return_val_if_fail (GST_IS_TRYON_SESSION (session), NULL);

  g_mutex_lock (&session->lock);
  if (session->init != NULL)
    init = gst_structure_copy (session->init);
  g_mutex_unlock (&session->lock);
  return init;
}

void
gst_tryon_session_get_config (GstTryonSession * session,
    GstTryonSessionConfig * config)
{
  g_return_if_fail (GST_IS_TRYON_SESSION (session));

  g_mutex_lock (&session->lock);
  *config = session->config;
  g_mutex_unlock (&session->lock);
}

static gboolean
has_output_unlocked (GstTryonSession * session)
{
  if (!session->connected || session->close_taken)
    return FALSE;
  return session->texts.length > 0 || session->close_code != 0 ||
      gst_tryon_account_has_answer (session->account);
}

static void
run_wake (GstTryonSession * session)
{
  GstTryonSessionWakeFunc wake;
  gpointer data;

  g_mutex_lock (&session->wake_lock);
  wake = session->wake;
  data = session->wake_data;
  session->wakes_running += wake != NULL;
  g_mutex_unlock (&session->wake_lock);
  if (wake == NULL)
    return;
  wake (data);
  g_mutex_lock (&session->wake_lock);
  if (--session->wakes_running == 0 && session->wake_ends)
    g_cond_broadcast (&session->wake_cond);
  g_mutex_unlock (&session->wake_lock);
}

void
gst_tryon_session_unlock_and_wake (GstTryonSession * session)
{
  gboolean wake = has_output_unlocked (session);
  gboolean item_came = session->item_came;

  session->item_came = FALSE;
  g_mutex_unlock (&session->lock);
  /* Not before: who waits would only go on to wait for the lock. */
  if (item_came)
    g_cond_broadcast (&session->cond);
  if (wake)
    run_wake (session);
}

static void
set_config_field (GstTryonSession * session, guint * field, guint value)
{
  g_mutex_lock (&session->lock);
  if (*field != value) {
    *field = value;
    gst_tryon_session_queue_config_unlocked (session);
  }
  gst_tryon_session_unlock_and_wake (session);
}

void
gst_tryon_session_set_target_fps (GstTryonSession * session, guint fps)
{
  g_return_if_fail (GST_IS_TRYON_SESSION (session));
  g_return_if_fail (fps > 0);

  set_config_field (session, &session->config.target_fps, fps);
}

void
gst_tryon_session_set_max_in_flight (GstTryonSession * session, guint frames)
{
  g_return_if_fail (GST_IS_TRYON_SESSION (session));
  g_return_if_fail (frames > 0);

  set_config_field (session, &session->config.max_in_flight, frames);
}

/* ---- the transport's side ---- */

void
gst_tryon_output_clear (GstTryonOutput * output)
{
  g_clear_pointer (&output->text, g_free);
  gst_clear_buffer (&output->payload);
  output->text_size = 0;
  output->close_code = 0;
}

/* When this returns what was set before is not called any more. */
static void
set_wake (GstTryonSession * session, GstTryonSessionWakeFunc wake,
    gpointer user_data, GDestroyNotify notify)
{
  GDestroyNotify old_notify;
  gpointer old_data;

  g_mutex_lock (&session->wake_lock);
  old_notify = session->wake_notify;
  old_data = session->wake_data;
  /* New ones don't begin, and those that run end soon: they don't wait. */
  session->wake = NULL;
  session->wake_ends = TRUE;
  while (session->wakes_running > 0)
    g_cond_wait (&session->wake_cond, &session->wake_lock);
  session->wake_ends = FALSE;
  session->wake = wake;
  session->wake_data = user_data;
  session->wake_notify = notify;
  g_mutex_unlock (&session->wake_lock);
  if (old_notify != NULL)
    old_notify (old_data);
}

/* Frames that wait for the pipeline. Once given up they must not stay: they would
 * be taken for those of the next connection that have the same numbers. */
static void
clear_frames_unlocked (GstTryonSession * session)
{
  GList *l, *next;

  for (l = session->inbox.head; l != NULL; l = next) {
    GstTryonSessionItem *item = l->data;

    next = l->next;
    if (GST_IS_EVENT (item->object))
      continue;
    g_queue_delete_link (&session->inbox, l);
    gst_tryon_session_item_free (item);
  }
  session->frames_in_inbox = 0;
}

/* What is between the session and one connection. */
static void
begin_anew_unlocked (GstTryonSession * session)
{
  clear_texts_unlocked (session);
  clear_frames_unlocked (session);
  gst_tryon_account_give_up (session->account);
  gst_tryon_account_set_sending (session->account, FALSE);
  session->introduced = FALSE;
  session->has_newest_sequence = FALSE;
  session->takeovers++;
  /* A page that was loaded again doesn't know of it. */
  if (session->paused) {
    session->paused = FALSE;
    gst_tryon_session_push_event_unlocked (session,
        gst_tryon_event_new_control ("resume", NULL));
  }
}

gboolean
gst_tryon_session_connect (GstTryonSession * session,
    GstTryonSessionWakeFunc wake, gpointer user_data, GDestroyNotify notify)
{
  gboolean taken;

  g_return_val_if_fail (GST_IS_TRYON_SESSION (session), FALSE);
  g_return_val_if_fail (wake != NULL, FALSE);

  g_mutex_lock (&session->lock);
  /* A session that was closed in the meantime still says goodbye. */
  taken = session->connected || session->close_taken;
  if (!taken) {
    session->connected = TRUE;
    session->gone = FALSE;
  }
  g_mutex_unlock (&session->lock);
  if (taken)
    return FALSE;

  set_wake (session, wake, user_data, notify);
  GST_INFO_OBJECT (session, "session %s: connected", session->id);

  g_mutex_lock (&session->lock);
  gst_tryon_session_unlock_and_wake (session);
  return TRUE;
}

gboolean
gst_tryon_session_take_over (GstTryonSession * session,
    GstTryonSessionWakeFunc wake, gpointer user_data, GDestroyNotify notify)
{
  gboolean taken;

  g_return_val_if_fail (GST_IS_TRYON_SESSION (session), FALSE);
  g_return_val_if_fail (wake != NULL, FALSE);

  g_mutex_lock (&session->lock);
  taken = session->connected && session->close_code == 0;
  if (taken)
    begin_anew_unlocked (session);
  g_mutex_unlock (&session->lock);
  if (!taken)
    return FALSE;

  set_wake (session, wake, user_data, notify);
  GST_INFO_OBJECT (session, "session %s: taken over by another connection",
      session->id);
  g_mutex_lock (&session->lock);
  gst_tryon_session_unlock_and_wake (session);
  return TRUE;
}

void
gst_tryon_session_disconnect (GstTryonSession * session)
{
  g_return_if_fail (GST_IS_TRYON_SESSION (session));

  set_wake (session, NULL, NULL, NULL);

  g_mutex_lock (&session->lock);
  if (session->connected) {
    session->connected = FALSE;
    session->gone = TRUE;
    clear_inbox_unlocked (session);
    clear_texts_unlocked (session);
    gst_tryon_account_give_up (session->account);
    g_cond_broadcast (&session->cond);
    GST_INFO_OBJECT (session, "session %s: disconnected", session->id);
  }
  g_mutex_unlock (&session->lock);
}

void
gst_tryon_session_close_unlocked (GstTryonSession * session,
    guint16 close_code, const gchar * reason)
{
  if (session->close_code != 0)
    return;
  GST_INFO_OBJECT (session, "session %s: closing with %u, %s", session->id,
      close_code, reason);
  session->close_code = close_code;
  session->close_reason = g_strdup (reason);
  g_cond_broadcast (&session->cond);
}

void
gst_tryon_session_push_item_unlocked (GstTryonSession * session,
    GstMiniObject * object, const GstTryonImageInfo * info, gint64 arrival,
    guint32 sequence)
{
  GstTryonSessionItem *item = g_new0 (GstTryonSessionItem, 1);

  item->object = object;
  if (info != NULL)
    item->info = *info;
  item->arrival = arrival;
  item->sequence = sequence;
  g_queue_push_tail (&session->inbox, item);
  session->item_came = TRUE;
}

void
gst_tryon_session_push_event_unlocked (GstTryonSession * session,
    GstEvent * event)
{
  if (session->inbox.length - session->frames_in_inbox >= MAX_EVENTS) {
    gst_event_unref (event);
    session->messages_invalid++;
    gst_tryon_session_queue_error_unlocked (session,
        GST_TRYON_ERROR_RATE_LIMITED,
        "commands come faster than they can be carried out");
    return;
  }
  gst_tryon_session_push_item_unlocked (session, GST_MINI_OBJECT_CAST (event),
      NULL, g_get_monotonic_time (), 0);
}

void
gst_tryon_session_receive_text (GstTryonSession * session, const gchar * text,
    gsize size)
{
  gint64 arrival = g_get_real_time ();
  GError *error = NULL;
  GstStructure *message;

  g_return_if_fail (GST_IS_TRYON_SESSION (session));

  message = gst_tryon_message_parse_full (text, size,
      session->config.max_json_depth, &error);

  g_mutex_lock (&session->lock);
  session->bytes_received += size;
  if (message == NULL)
    gst_tryon_session_reject_unlocked (session, error);
  else if (session->connected && session->close_code == 0)
    gst_tryon_session_handle_text_unlocked (session, message, arrival);
  gst_tryon_session_unlock_and_wake (session);

  if (message != NULL)
    gst_structure_free (message);
  g_clear_error (&error);
}

static void
fill_answer (const GstTryonAnswer * answer, GstTryonOutput * output)
{
  GstTryonFrameHeader header = { 0, };

  header.sequence = answer->sequence;
  header.timestamp = answer->capture_time;
  header.latency = CLAMP (g_get_monotonic_time () - answer->arrival,
      0, G_MAXUINT32);
  header.ai_latency = answer->ai_latency;
  if (answer->image != NULL) {
    header.type = GST_TRYON_FRAME_TYPE_PROCESSED;
    header.flags = answer->flags;
    header.payload_length = gst_buffer_get_size (answer->image);
  } else {
    header.type = GST_TRYON_FRAME_TYPE_DROPPED;
    header.flags = answer->reason;
  }
  gst_tryon_frame_header_write (&header, output->header);
  output->payload = answer->image;
}

gboolean
gst_tryon_session_next_output (GstTryonSession * session,
    GstTryonOutput * output)
{
  GstStructure *text = NULL;
  GstTryonAnswer answer;
  gboolean found = TRUE;

  g_return_val_if_fail (GST_IS_TRYON_SESSION (session), FALSE);

  memset (output, 0, sizeof (*output));
  g_mutex_lock (&session->lock);
  /* Who asks for the next one has no other in hands. */
  gst_tryon_account_set_sending (session->account, FALSE);
  if (!has_output_unlocked (session)) {
    found = FALSE;
  } else if ((text = g_queue_pop_head (&session->texts)) != NULL) {
    output->is_text = TRUE;
    output->text = gst_tryon_session_serialize_text (text, &output->text_size);
    session->bytes_sent += output->text_size;
    gst_structure_free (text);
  } else if (gst_tryon_account_take_answer (session->account, &answer)) {
    fill_answer (&answer, output);
    gst_tryon_account_set_sending (session->account, output->payload != NULL);
    session->bytes_sent += GST_TRYON_PROTOCOL_HEADER_SIZE;
    if (output->payload != NULL)
      session->bytes_sent += gst_buffer_get_size (output->payload);
  } else {
    session->close_taken = TRUE;
    output->is_text = TRUE;
    output->close_code = session->close_code;
    output->text = g_strdup (session->close_reason);
    output->text_size = output->text != NULL ? strlen (output->text) : 0;
  }
  g_mutex_unlock (&session->lock);
  return found;
}

void
gst_tryon_session_tick (GstTryonSession * session)
{
  guint expired;

  g_return_if_fail (GST_IS_TRYON_SESSION (session));

  g_mutex_lock (&session->lock);
  expired = gst_tryon_account_expire (session->account,
      g_get_monotonic_time () - session->config.answer_timeout * 1000LL);
  if (expired > 0)
    GST_WARNING_OBJECT (session, "session %s: %u frames got no answer from "
        "the pipeline within %u ms", session->id, expired,
        session->config.answer_timeout);
  gst_tryon_session_unlock_and_wake (session);
}

/* ---- the pipeline's side ---- */

static GstTryonSessionItem *
pop_item_unlocked (GstTryonSession * session)
{
  GstTryonSessionItem *item;

  while ((item = g_queue_pop_head (&session->inbox)) != NULL) {
    if (GST_IS_EVENT (item->object))
      return item;
    session->frames_in_inbox--;
    /* It may have been given up while it waited. */
    if (gst_tryon_account_is_waiting (session->account, item->sequence))
      return item;
    gst_tryon_session_item_free (item);
  }
  return NULL;
}

GstFlowReturn
gst_tryon_session_pull (GstTryonSession * session, GstMiniObject ** object,
    GstTryonImageInfo * info, gint64 * arrival)
{
  GstFlowReturn ret = GST_FLOW_OK;
  GstTryonSessionItem *item = NULL;
  gboolean room_came;

  g_return_val_if_fail (GST_IS_TRYON_SESSION (session), GST_FLOW_ERROR);

  g_mutex_lock (&session->lock);
  while (ret == GST_FLOW_OK) {
    if (session->flushing)
      ret = GST_FLOW_FLUSHING;
    else if ((item = pop_item_unlocked (session)) != NULL)
      break;
    else if (session->gone || session->close_code != 0)
      ret = GST_FLOW_EOS;
    else
      g_cond_wait (&session->cond, &session->lock);
  }
  room_came = session->room_wanted
      && gst_tryon_session_has_room_unlocked (session);
  if (room_came)
    session->room_wanted = FALSE;
  g_mutex_unlock (&session->lock);

  if (room_came)
    run_wake (session);
  if (item == NULL)
    return ret;
  *object = item->object;
  *info = item->info;
  *arrival = item->arrival;
  g_free (item);
  return GST_FLOW_OK;
}

void
gst_tryon_session_set_flushing (GstTryonSession * session, gboolean flushing)
{
  g_return_if_fail (GST_IS_TRYON_SESSION (session));

  g_mutex_lock (&session->lock);
  session->flushing = flushing;
  g_cond_broadcast (&session->cond);
  g_mutex_unlock (&session->lock);
}

void
gst_tryon_session_set_frame_pts (GstTryonSession * session, guint32 sequence,
    GstClockTime pts)
{
  g_return_if_fail (GST_IS_TRYON_SESSION (session));

  g_mutex_lock (&session->lock);
  gst_tryon_account_set_pts (session->account, sequence, pts);
  g_mutex_unlock (&session->lock);
}

gboolean
gst_tryon_session_answer (GstTryonSession * session, GstBuffer * image,
    GstClockTime * latency)
{
  GstTryonFrameMeta *meta;
  GstTryonFrameFlags flags = GST_TRYON_FRAME_FLAG_NONE;
  guint32 sequence = 0, ai_latency = 0;
  gint64 arrival = GST_TRYON_ACCOUNT_ANY_ARRIVAL;
  gboolean known = TRUE;

  g_return_val_if_fail (GST_IS_TRYON_SESSION (session), FALSE);
  g_return_val_if_fail (GST_IS_BUFFER (image), FALSE);

  meta = gst_buffer_get_tryon_frame_meta (image);
  g_mutex_lock (&session->lock);
  if (meta != NULL) {
    sequence = meta->sequence;
    if (meta->arrival > 0)
      arrival = meta->arrival;
    flags = meta->flags;
    ai_latency = meta->ai_latency;
  } else {
    session->meta_misses++;
    known = gst_tryon_account_find_pts (session->account,
        GST_BUFFER_PTS (image), &sequence);
  }
  known = known && session->connected &&
      gst_tryon_account_answer (session->account, sequence, image, flags,
      ai_latency, &arrival);
  gst_tryon_session_unlock_and_wake (session);

  if (known && latency != NULL)
    *latency = MAX (g_get_monotonic_time () - arrival, 0) * GST_USECOND;
  return known;
}

gboolean
gst_tryon_session_drop (GstTryonSession * session, guint32 sequence,
    GstTryonDropReason reason)
{
  gboolean known;

  g_return_val_if_fail (GST_IS_TRYON_SESSION (session), FALSE);
  g_return_val_if_fail (reason > 0 && reason < GST_TRYON_N_DROP_REASONS, FALSE);

  g_mutex_lock (&session->lock);
  known = gst_tryon_account_drop (session->account, sequence, reason);
  gst_tryon_session_unlock_and_wake (session);
  return known;
}

gboolean
gst_tryon_session_is_waiting (GstTryonSession * session, guint32 sequence)
{
  gboolean waiting;

  g_return_val_if_fail (GST_IS_TRYON_SESSION (session), FALSE);

  g_mutex_lock (&session->lock);
  waiting = gst_tryon_account_is_waiting (session->account, sequence);
  g_mutex_unlock (&session->lock);
  return waiting;
}

void
gst_tryon_session_send_message (GstTryonSession * session,
    GstStructure * message)
{
  g_return_if_fail (GST_IS_TRYON_SESSION (session));
  g_return_if_fail (message != NULL);

  g_mutex_lock (&session->lock);
  gst_tryon_session_queue_text_unlocked (session, message);
  gst_tryon_session_unlock_and_wake (session);
}

void
gst_tryon_session_send_error (GstTryonSession * session, GstTryonError code,
    const gchar * format, ...)
{
  va_list args;
  gchar *text;

  g_return_if_fail (GST_IS_TRYON_SESSION (session));

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  g_mutex_lock (&session->lock);
  gst_tryon_session_queue_error_unlocked (session, code, text);
  gst_tryon_session_unlock_and_wake (session);
  g_free (text);
}

void
gst_tryon_session_close (GstTryonSession * session, guint16 close_code,
    const gchar * reason, gboolean reconnect)
{
  g_return_if_fail (GST_IS_TRYON_SESSION (session));
  g_return_if_fail (close_code != 0);

  g_mutex_lock (&session->lock);
  gst_tryon_session_queue_text_unlocked (session, gst_structure_new ("bye",
          "reason", G_TYPE_STRING, reason != NULL ? reason : "",
          "reconnect", G_TYPE_BOOLEAN, reconnect, NULL));
  gst_tryon_session_close_unlocked (session, close_code, reason);
  gst_tryon_session_unlock_and_wake (session);
}

guint16
gst_tryon_session_get_close_code (GstTryonSession * session)
{
  guint16 code;

  g_return_val_if_fail (GST_IS_TRYON_SESSION (session), 0);

  g_mutex_lock (&session->lock);
  code = session->close_code;
  g_mutex_unlock (&session->lock);
  return code;
}

gboolean
gst_tryon_session_is_connected (GstTryonSession * session)
{
  gboolean connected;

  g_return_val_if_fail (GST_IS_TRYON_SESSION (session), FALSE);

  g_mutex_lock (&session->lock);
  connected = session->connected;
  g_mutex_unlock (&session->lock);
  return connected;
}

gboolean
gst_tryon_session_has_ended (GstTryonSession * session)
{
  gboolean ended;

  g_return_val_if_fail (GST_IS_TRYON_SESSION (session), TRUE);

  g_mutex_lock (&session->lock);
  ended = session->gone || (session->close_code != 0 && !session->connected);
  g_mutex_unlock (&session->lock);
  return ended;
}

GstStructure *
gst_tryon_session_get_stats (GstTryonSession * session)
{
  GstTryonAccountCounts counts;
  GstStructure *stats, *reasons;
  guint i;

  g_return_val_if_fail (GST_IS_TRYON_SESSION (session), NULL);

  g_mutex_lock (&session->lock);
  gst_tryon_account_get_counts (session->account, &counts);
  stats = gst_structure_new ("application/x-tryon-session-stats",
      "session-id", G_TYPE_STRING, session->id,
      "connected", G_TYPE_BOOLEAN, session->connected,
      "paused", G_TYPE_BOOLEAN, session->paused,
      "takeovers", G_TYPE_UINT64, session->takeovers,
      "frames-received", G_TYPE_UINT64, counts.received,
      "frames-processed", G_TYPE_UINT64, counts.processed,
      "frames-dropped", G_TYPE_UINT64, counts.dropped,
      "frames-outstanding", G_TYPE_UINT, counts.outstanding,
      "bytes-received", G_TYPE_UINT64, session->bytes_received,
      "bytes-sent", G_TYPE_UINT64, session->bytes_sent,
      "messages-invalid", G_TYPE_UINT64, session->messages_invalid,
      "meta-misses", G_TYPE_UINT64, session->meta_misses, NULL);
  g_mutex_unlock (&session->lock);

  reasons = gst_structure_new_empty ("dropped-by-reason");
  for (i = 1; i < GST_TRYON_N_DROP_REASONS; i++)
    gst_structure_set (reasons, gst_tryon_drop_reason_get_nick (i),
        G_TYPE_UINT64, counts.dropped_by_reason[i], NULL);
  gst_structure_set (stats, "dropped-by-reason", GST_TYPE_STRUCTURE, reasons,
      NULL);
  gst_structure_free (reasons);
  return stats;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <string.h>

#include "gsttryonaisender.h"

void
gst_tryon_ai_sender_init (GstTryonAiSender * sender,
    GstTryonAiNextFrameFunc next_frame, gpointer user_data)
{
  memset (sender, 0, sizeof (*sender));
  sender->next_frame = next_frame;
  sender->user_data = user_data;
  g_mutex_init (&sender->lock);
  g_mutex_init (&sender->heard_lock);
}

void
gst_tryon_ai_sender_clear (GstTryonAiSender * sender)
{
  g_assert (sender->connection == NULL);

  gst_tryon_ai_sender_forget_texts (sender);
  gst_clear_structure (&sender->init);
  g_mutex_clear (&sender->lock);
  g_mutex_clear (&sender->heard_lock);
}

void
gst_tryon_ai_sender_begin (GstTryonAiSender * sender, guint generation)
{
  g_mutex_lock (&sender->lock);
  sender->generation = generation;
  g_mutex_unlock (&sender->lock);
}

void
gst_tryon_ai_sender_forget_texts (GstTryonAiSender * sender)
{
  guint i;

  for (i = 0; i < GST_TRYON_AI_N_TEXTS; i++)
    gst_clear_structure (&sender->texts[i].message);
}

/* ---- texts ---- */

static gboolean
send_text (GstTryonAiSender * sender, const GstStructure * message)
{
  gsize size;
  gchar *text = gst_tryon_message_serialize (message, &size);
  gboolean sent;

  sent = gst_tryon_connection_send_text (sender->connection, text, size);
  g_free (text);
  return sent;
}

/* With the lock: the next thing that is to be said before the next frame. %FALSE
 * when there is nothing. */
static gboolean
send_next_text (GstTryonAiSender * sender)
{
  guint i;

  if (sender->init != NULL) {
    if (!send_text (sender, sender->init))
      return FALSE;
    gst_clear_structure (&sender->init);
    return TRUE;
  }
  for (i = 0; i < GST_TRYON_AI_N_TEXTS; i++) {
    if (sender->texts[i].message == NULL || sender->texts[i].sent)
      continue;
    sender->texts[i].sent = send_text (sender, sender->texts[i].message);
    return sender->texts[i].sent;
  }
  return FALSE;
}

/* ---- frames ---- */

/* With the lock. */
static gboolean
can_send (GstTryonAiSender * sender)
{
  return sender->connection != NULL &&
      gst_tryon_connection_is_writable (sender->connection);
}

static void
note_sent (GstTryonAiSender * sender, guint32 sequence)
{
  g_mutex_lock (&sender->heard_lock);
  if (!sender->is_owed)
    sender->heard = g_get_monotonic_time ();
  sender->is_owed = TRUE;
  sender->newest_sent = sequence;
  g_mutex_unlock (&sender->heard_lock);
}

/* With the lock. */
static gboolean
send_next_frame (GstTryonAiSender * sender)
{
  guint8 data[GST_TRYON_PROTOCOL_HEADER_SIZE];
  GstTryonFrameHeader header;
  GstBuffer *image;
  gboolean sent;

  if (!sender->next_frame (sender->generation, &header, &image,
          sender->user_data))
    return FALSE;
  note_sent (sender, header.sequence);
  gst_tryon_frame_header_write (&header, data);
  sent = gst_tryon_connection_send_binary (sender->connection, data,
      sizeof (data), image);
  if (!sent)
    GST_WARNING ("frame %u could not be sent", header.sequence);
  gst_buffer_unref (image);
  return sent;
}

/* With the lock. A text that was announced comes before the frames behind it. */
static void
send_frames (GstTryonAiSender * sender)
{
  while (sender->texts_sent && g_atomic_int_get (&sender->n_announced) == 0
      && can_send (sender)) {
    if (!send_next_frame (sender))
      break;
  }
}

void
gst_tryon_ai_sender_wake (GstTryonAiSender * sender)
{
  g_atomic_int_set (&sender->wanted, TRUE);
  while (g_atomic_int_get (&sender->wanted)
      && g_mutex_trylock (&sender->lock)) {
    g_atomic_int_set (&sender->wanted, FALSE);
    send_frames (sender);
    g_mutex_unlock (&sender->lock);
  }
}

void
gst_tryon_ai_sender_pump (GstTryonAiSender * sender)
{
  g_mutex_lock (&sender->lock);
  sender->texts_sent = FALSE;
  while (can_send (sender) && !sender->texts_sent)
    sender->texts_sent = !send_next_text (sender);
  g_mutex_unlock (&sender->lock);
  gst_tryon_ai_sender_wake (sender);
}

/* ---- connections ---- */

void
gst_tryon_ai_sender_attach (GstTryonAiSender * sender,
    GstTryonConnection * connection, GstStructure * init)
{
  guint i;

  gst_clear_structure (&sender->init);
  sender->init = init;
  for (i = 0; i < GST_TRYON_AI_N_TEXTS; i++)
    sender->texts[i].sent = FALSE;
  g_mutex_lock (&sender->heard_lock);
  sender->is_owed = FALSE;
  sender->heard = g_get_monotonic_time ();
  g_mutex_unlock (&sender->heard_lock);

  g_mutex_lock (&sender->lock);
  sender->connection = connection;
  g_mutex_unlock (&sender->lock);
  gst_tryon_ai_sender_pump (sender);
}

GstTryonConnection *
gst_tryon_ai_sender_detach (GstTryonAiSender * sender)
{
  GstTryonConnection *connection;

  g_mutex_lock (&sender->lock);
  connection = g_steal_pointer (&sender->connection);
  sender->texts_sent = FALSE;
  g_mutex_unlock (&sender->lock);
  return connection;
}

void
gst_tryon_ai_sender_announce_text (GstTryonAiSender * sender)
{
  /* With the lock, although it is atomic: who looks for a frame right now has
   * found that there are no texts, and must not find one from behind this. Who
   * was kept from looking by it is made up for when the text is taken. */
  g_mutex_lock (&sender->lock);
  g_atomic_int_inc (&sender->n_announced);
  g_mutex_unlock (&sender->lock);
}

void
gst_tryon_ai_sender_take_text (GstTryonAiSender * sender, GstTryonAiText text,
    GstStructure * message)
{
  gst_clear_structure (&sender->texts[text].message);
  sender->texts[text].message = message;
  sender->texts[text].sent = FALSE;
  g_atomic_int_add (&sender->n_announced, -1);
  gst_tryon_ai_sender_pump (sender);
}

/* ---- silence ---- */

void
gst_tryon_ai_sender_note_heard (GstTryonAiSender * sender,
    const guint32 * sequence)
{
  g_mutex_lock (&sender->heard_lock);
  sender->heard = g_get_monotonic_time ();
  if (sequence != NULL && *sequence == sender->newest_sent)
    sender->is_owed = FALSE;
  g_mutex_unlock (&sender->heard_lock);
}

gboolean
gst_tryon_ai_sender_is_silent (GstTryonAiSender * sender, gint64 timeout)
{
  gboolean is_silent;

  g_mutex_lock (&sender->heard_lock);
  is_silent = sender->is_owed
      && g_get_monotonic_time () - sender->heard >= timeout;
  g_mutex_unlock (&sender->heard_lock);
  return is_silent;
}

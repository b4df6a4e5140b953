/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The binary messages of a session: which frames it takes from the client, and
 * how they wait for the pipeline. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gsttryonsession-private.h"
#include "gsttryonframemeta.h"

#define GST_CAT_DEFAULT gst_tryon_session_debug

/* A client may send more than max_in_flight, the surplus is then superseded;
 * but each of these costs an answer that waits for the older ones. */
#define MAX_UNANSWERED 1024

gboolean
gst_tryon_session_has_room_unlocked (GstTryonSession * session)
{
  return session->frames_in_inbox < MAX (session->config.max_buffers, 1);
}

/* Drops the oldest frame that still waits for the pipeline. */
static void
supersede_oldest_unlocked (GstTryonSession * session)
{
  GList *l;

  for (l = session->inbox.head; l != NULL; l = l->next) {
    GstTryonSessionItem *item = l->data;

    if (!GST_IS_BUFFER (item->object))
      continue;
    GST_LOG_OBJECT (session, "frame %u superseded at ingress", item->sequence);
    gst_tryon_account_drop (session->account, item->sequence,
        GST_TRYON_DROP_REASON_SUPERSEDED);
    g_queue_delete_link (&session->inbox, l);
    session->frames_in_inbox--;
    gst_tryon_session_item_free (item);
    return;
  }
}

/* What the session takes of a frame. @data and @size: header and image. */
static gboolean
check_frame_unlocked (GstTryonSession * session,
    const GstTryonFrameHeader * header, const guint8 * data, gsize size,
    GstTryonImageInfo * info, GError ** error)
{
  const GstTryonSessionConfig *config = &session->config;
  const guint8 *image = data + GST_TRYON_PROTOCOL_HEADER_SIZE;
  gsize image_size = size - GST_TRYON_PROTOCOL_HEADER_SIZE;

  if (!session->introduced) {
    g_set_error_literal (error, GST_TRYON_ERROR, GST_TRYON_ERROR_BAD_MESSAGE,
        "a frame came before init_session, send that first");
    return FALSE;
  }
  if (session->has_newest_sequence &&
      (gint32) (header->sequence - session->newest_sequence) <= 0) {
    g_set_error (error, GST_TRYON_ERROR, GST_TRYON_ERROR_INVALID_FRAME,
        "frame %u came after frame %u, sequence numbers must count up",
        header->sequence, session->newest_sequence);
    return FALSE;
  }
  if (!gst_tryon_frame_header_check (header, size, error))
    return FALSE;
  if (image_size > config->max_frame_bytes) {
    g_set_error (error, GST_TRYON_ERROR, GST_TRYON_ERROR_FRAME_TOO_LARGE,
        "frame %u has %" G_GSIZE_FORMAT " bytes, at most %u are taken: "
        "lower its quality or size", header->sequence, image_size,
        config->max_frame_bytes);
    return FALSE;
  }
  if (!gst_tryon_image_info_parse (image, image_size, info, error) ||
      !gst_tryon_image_info_check_complete (info, image, image_size, error)) {
    g_prefix_error (error, "frame %u: ", header->sequence);
    return FALSE;
  }
  if (info->is_animated) {
    g_set_error (error, GST_TRYON_ERROR, GST_TRYON_ERROR_INVALID_FRAME,
        "frame %u is an animation, send still images", header->sequence);
    return FALSE;
  }
  if (info->width > config->max_width || info->height > config->max_height) {
    g_set_error (error, GST_TRYON_ERROR, GST_TRYON_ERROR_FRAME_TOO_LARGE,
        "frame %u is %ux%u, at most %ux%u is taken: scale it down",
        header->sequence, info->width, info->height, config->max_width,
        config->max_height);
    return FALSE;
  }
  return TRUE;
}

/* Enters a frame into the account, from which it will be answered whatever
 * becomes of it. %TRUE when it may go on to the pipeline. */
static gboolean
enter_frame_unlocked (GstTryonSession * session,
    const GstTryonFrameHeader * header, const guint8 * data, gsize size,
    gint64 arrival, GstTryonImageInfo * info)
{
  GError *error = NULL;
  GstTryonDropReason reason;
  gboolean accepted;

  gst_tryon_account_add (session->account, header->sequence,
      header->timestamp, arrival);
  accepted = check_frame_unlocked (session, header, data, size, info, &error);

  if (!session->has_newest_sequence ||
      (gint32) (header->sequence - session->newest_sequence) > 0) {
    session->newest_sequence = header->sequence;
    session->has_newest_sequence = TRUE;
  }
  if (!accepted) {
    reason = error->code == GST_TRYON_ERROR_FRAME_TOO_LARGE ?
        GST_TRYON_DROP_REASON_TOO_LARGE : GST_TRYON_DROP_REASON_INVALID;
    GST_WARNING_OBJECT (session, "session %s: %s", session->id, error->message);
    gst_tryon_session_queue_error_unlocked (session, error->code,
        error->message);
    gst_tryon_account_drop_newest (session->account, reason);
    g_error_free (error);
  } else if (session->paused) {
    accepted = FALSE;
    gst_tryon_account_drop_newest (session->account,
        GST_TRYON_DROP_REASON_PAUSED);
  }
  return accepted;
}

static void
push_frame_unlocked (GstTryonSession * session, GstBuffer * frame,
    const GstTryonImageInfo * info, guint32 sequence, gint64 arrival)
{
  while (!gst_tryon_session_has_room_unlocked (session))
    supersede_oldest_unlocked (session);
  session->frames_in_inbox++;
  gst_tryon_session_push_item_unlocked (session, GST_MINI_OBJECT_CAST (frame),
      info, arrival, sequence);
}

void
gst_tryon_session_reject_unlocked (GstTryonSession * session,
    const GError * error)
{
  session->messages_invalid++;
  GST_WARNING_OBJECT (session, "session %s: %s", session->id, error->message);
  gst_tryon_session_queue_error_unlocked (session,
      error->domain == GST_TRYON_ERROR ? error->code :
      GST_TRYON_ERROR_BAD_MESSAGE, error->message);
}

/* Reads the header; %FALSE when the message is no frame of a client's. */
static gboolean
parse_frame_header (const guint8 * data, gsize size,
    GstTryonFrameHeader * header, GError ** error)
{
  if (!gst_tryon_frame_header_parse (data, size, header, error))
    return FALSE;
  if (header->type != GST_TRYON_FRAME_TYPE_FRAME) {
    g_set_error (error, GST_TRYON_ERROR, GST_TRYON_ERROR_BAD_MESSAGE,
        "binary message of type %d, a client sends type %d (frame) only",
        header->type, GST_TRYON_FRAME_TYPE_FRAME);
    return FALSE;
  }
  return TRUE;
}

gboolean
gst_tryon_session_has_room (GstTryonSession * session)
{
  gboolean has_room;

  g_return_val_if_fail (GST_IS_TRYON_SESSION (session), FALSE);

  g_mutex_lock (&session->lock);
  has_room = gst_tryon_session_has_room_unlocked (session);
  session->room_wanted = !has_room;
  g_mutex_unlock (&session->lock);
  return has_room;
}

gboolean
gst_tryon_session_receive_binary (GstTryonSession * session,
    GstBuffer * message)
{
  GstTryonFrameHeader header;
  GstTryonImageInfo info;
  gint64 arrival = g_get_monotonic_time ();
  gboolean accepted = FALSE, has_room;
  GError *error = NULL;
  GstMapInfo map;

  g_return_val_if_fail (GST_IS_TRYON_SESSION (session), FALSE);

  message = gst_buffer_make_writable (message);
  if (!gst_buffer_map (message, &map, GST_MAP_READ)) {
    gst_buffer_unref (message);
    g_return_val_if_reached (FALSE);
  }

  g_mutex_lock (&session->lock);
  session->bytes_received += map.size;
  if (!session->connected || session->close_code != 0) {
    GST_LOG_OBJECT (session, "message after the end");
  } else if (!parse_frame_header (map.data, map.size, &header, &error)) {
    gst_tryon_session_reject_unlocked (session, error);
  } else {
    accepted = enter_frame_unlocked (session, &header, map.data, map.size,
        arrival, &info);
  }
  gst_buffer_unmap (message, &map);
  g_clear_error (&error);

  if (accepted) {
    gst_buffer_resize (message, GST_TRYON_PROTOCOL_HEADER_SIZE, -1);
    gst_buffer_add_tryon_frame_meta (message, header.sequence,
        header.timestamp, arrival);
    push_frame_unlocked (session, message, &info, header.sequence, arrival);
  } else {
    gst_buffer_unref (message);
  }
  if (gst_tryon_account_get_length (session->account) > MAX_UNANSWERED)
    gst_tryon_session_close_unlocked (session, GST_TRYON_CLOSE_POLICY,
        "too many frames without an answer");
  has_room = gst_tryon_session_has_room_unlocked (session);
  session->room_wanted = !has_room;
  gst_tryon_session_unlock_and_wake (session);
  return has_room;
}

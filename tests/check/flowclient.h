/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A session with a client that has no socket: what the client sends is handed
 * to the session, what it is sent is taken from it. */

#include <string.h>

#include <gst/check/gstcheck.h>
#include <gst/tryon/tryon.h>

/* A grey dot. */
static const guint8 flow_client_png[] = {
  0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d,
  0x49, 0x48, 0x44, 0x52, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x01,
  0x08, 0x00, 0x00, 0x00, 0x00, 0x3a, 0x7e, 0x9b, 0x55, 0x00, 0x00, 0x00,
  0x0a, 0x49, 0x44, 0x41, 0x54, 0x78, 0xda, 0x63, 0x68, 0x00, 0x00, 0x00,
  0x82, 0x00, 0x81, 0xda, 0x45, 0x08, 0x3b, 0x00, 0x00, 0x00, 0x00, 0x49,
  0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82
};

static inline void
flow_client_wake (gpointer user_data)
{
}

/* (transfer full): a connected session whose client has not said a word. */
static inline GstTryonSession *
flow_client_new_silent (const gchar * id)
{
  GstTryonSession *session = gst_tryon_session_new (id, NULL);

  fail_unless (gst_tryon_session_connect (session, flow_client_wake, NULL,
          NULL));
  return session;
}

static inline void
flow_client_say (GstTryonSession * session, const gchar * text)
{
  gst_tryon_session_receive_text (session, text, strlen (text));
}

/* (transfer full): a connected session whose client has introduced itself. */
static inline GstTryonSession *
flow_client_new (const gchar * id)
{
  GstTryonSession *session = flow_client_new_silent (id);

  flow_client_say (session, "{\"type\":\"init_session\"}");
  return session;
}

/* The client leaves; nobody else may hold the session then. */
static inline void
flow_client_free (GstTryonSession * session)
{
  gst_tryon_session_disconnect (session);
  ASSERT_OBJECT_REFCOUNT (session, "session", 1);
  gst_object_unref (session);
}

/* The client sends frame @sequence, and the ingress takes it. */
static inline GstBuffer *
flow_client_send_frame (GstTryonSession * session, guint32 sequence,
    GstClockTime pts)
{
  GstTryonFrameHeader header = { 0, };
  guint8 bytes[GST_TRYON_PROTOCOL_HEADER_SIZE];
  GstMiniObject *item = NULL;
  GstTryonImageInfo info;
  GstBuffer *message;
  gint64 arrival;

  header.type = GST_TRYON_FRAME_TYPE_FRAME;
  header.sequence = sequence;
  header.payload_length = sizeof (flow_client_png);
  gst_tryon_frame_header_write (&header, bytes);
  message = gst_buffer_new_allocate (NULL,
      sizeof (bytes) + sizeof (flow_client_png), NULL);
  gst_buffer_fill (message, 0, bytes, sizeof (bytes));
  gst_buffer_fill (message, sizeof (bytes), flow_client_png,
      sizeof (flow_client_png));
  gst_tryon_session_receive_binary (session, message);

  /* Events of the introduction may be in front of it. */
  while (item == NULL || !GST_IS_BUFFER (item)) {
    g_clear_pointer (&item, gst_mini_object_unref);
    fail_unless_equals_int (gst_tryon_session_pull (session, &item, &info,
            &arrival), GST_FLOW_OK);
  }
  GST_BUFFER_PTS (item) = pts;
  fail_unless_equals_int64 (gst_buffer_get_tryon_frame_meta (GST_BUFFER_CAST
          (item))->sequence, sequence);
  return GST_BUFFER_CAST (item);
}

/* Reads all that is there for the client. (transfer full) (nullable): the last
 * text message of @type among it. */
static inline GstStructure *
flow_client_read (GstTryonSession * session, const gchar * type)
{
  GstStructure *found = NULL;
  GstTryonOutput output;

  while (gst_tryon_session_next_output (session, &output)) {
    if (output.is_text && output.close_code == 0) {
      GstStructure *message =
          gst_tryon_message_parse (output.text, output.text_size, NULL);

      fail_unless (message != NULL, "not understood: %s", output.text);
      if (gst_structure_has_name (message, type)) {
        g_clear_pointer (&found, gst_structure_free);
        found = message;
      } else {
        gst_structure_free (message);
      }
    }
    gst_tryon_output_clear (&output);
  }
  return found;
}

/* How many frames the client was told to be dropped for @reason, a nick. Reads
 * all that is there for it. */
static inline guint64
flow_client_count_drops (GstTryonSession * session, const gchar * reason)
{
  GstStructure *stats, *reasons = NULL;
  guint64 count = 0;

  /* A drop counts when the client has taken it. */
  fail_unless (flow_client_read (session, "none") == NULL);
  stats = gst_tryon_session_get_stats (session);
  fail_unless (gst_structure_get (stats, "dropped-by-reason",
          GST_TYPE_STRUCTURE, &reasons, NULL));
  fail_unless (gst_structure_get_uint64 (reasons, reason, &count));
  gst_structure_free (reasons);
  gst_structure_free (stats);
  return count;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the tests of GstTryonSession share: a session without a transport, what comes in,
 * and what goes out. */

#include <string.h>
#include <gst/check/gstcheck.h>
#include <gst/tryon/tryon.h>

static GstTryonSession *session;
static gint wakes;

static inline void
wake_cb (gpointer user_data)
{
  g_atomic_int_inc (&wakes);
}

static inline void
setup (void)
{
  wakes = 0;
  session = gst_tryon_session_new ("test", NULL);
  fail_unless (gst_tryon_session_connect (session, wake_cb, NULL, NULL));
}

static inline void
teardown (void)
{
  gst_object_unref (session);
}

/* The first 30 bytes of a lossy WebP of that size, padded to @size bytes: all
 * that a session looks at. */
static inline GstBuffer *
new_message (guint32 sequence, guint width, guint height, gsize size)
{
  GstTryonFrameHeader header = { GST_TRYON_FRAME_TYPE_FRAME, 0, sequence,
    1000 + sequence, 0, 0, size
  };
  guint8 *data = g_malloc0 (GST_TRYON_PROTOCOL_HEADER_SIZE + size);
  guint8 *image = data + GST_TRYON_PROTOCOL_HEADER_SIZE;

  gst_tryon_frame_header_write (&header, data);
  memcpy (image, "RIFF....WEBPVP8 ", 16);
  GST_WRITE_UINT32_LE (image + 4, size - 8);
  GST_WRITE_UINT32_LE (image + 16, size - 20);
  memcpy (image + 20, "\x10\x02\x00\x9d\x01\x2a", 6);
  GST_WRITE_UINT16_LE (image + 26, width);
  GST_WRITE_UINT16_LE (image + 28, height);
  return gst_buffer_new_wrapped (data, GST_TRYON_PROTOCOL_HEADER_SIZE + size);
}

static inline void
receive_frame (guint32 sequence)
{
  gst_tryon_session_receive_binary (session,
      new_message (sequence, 640, 480, 1000));
}

static inline void
receive_text (const gchar * text)
{
  gst_tryon_session_receive_text (session, text, strlen (text));
}

/* (transfer full): the next output, a text message of this type. */
static inline GstStructure *
next_text (const gchar * type)
{
  GstTryonOutput output;
  GstStructure *message;

  fail_unless (gst_tryon_session_next_output (session, &output));
  fail_unless (output.is_text);
  fail_unless_equals_int (output.close_code, 0);
  fail_unless_equals_int (output.text_size, strlen (output.text));
  message = gst_tryon_message_parse (output.text, output.text_size, NULL);
  fail_unless (message != NULL, "no message: %s", output.text);
  fail_unless_equals_string (gst_structure_get_name (message), type);
  gst_tryon_output_clear (&output);
  return message;
}

/* Returns the words of the error. */
static inline gchar *
next_error (const gchar * code)
{
  GstStructure *message = next_text ("error");
  gchar *words = g_strdup (gst_structure_get_string (message, "message"));
  gboolean recoverable = FALSE;

  fail_unless_equals_string (gst_structure_get_string (message, "code"), code);
  fail_unless (gst_structure_get_boolean (message, "recoverable",
          &recoverable) && recoverable);
  gst_structure_free (message);
  return words;
}

/* @reason 0: processed. */
static inline void
fail_unless_next_answer (guint32 sequence, GstTryonDropReason reason)
{
  GstTryonFrameHeader header;
  GstTryonOutput output;
  gsize size = 0;

  fail_unless (gst_tryon_session_next_output (session, &output));
  fail_if (output.is_text, "text instead of an answer: %s", output.text);
  if (output.payload != NULL)
    size = gst_buffer_get_size (output.payload);
  size += GST_TRYON_PROTOCOL_HEADER_SIZE;
  fail_unless (gst_tryon_frame_header_parse (output.header, size, &header,
          NULL));
  fail_unless (gst_tryon_frame_header_check (&header, size, NULL));
  fail_unless_equals_int (header.sequence, sequence);
  fail_unless_equals_uint64 (header.timestamp, 1000 + sequence);
  if (reason == 0) {
    fail_unless_equals_int (header.type, GST_TRYON_FRAME_TYPE_PROCESSED);
    fail_unless (output.payload != NULL);
  } else {
    fail_unless_equals_int (header.type, GST_TRYON_FRAME_TYPE_DROPPED);
    fail_unless_equals_int (header.flags, reason);
  }
  gst_tryon_output_clear (&output);
}

static inline void
fail_unless_no_output (void)
{
  GstTryonOutput output;

  fail_if (gst_tryon_session_next_output (session, &output));
}

static inline void
start (void)
{
  GstMiniObject *item;
  GstTryonImageInfo info;
  const gchar *action;
  gint64 arrival;

  receive_text ("{\"type\":\"init_session\"}");
  gst_structure_free (next_text ("session_ready"));
  fail_unless_equals_int (gst_tryon_session_pull (session, &item, &info,
          &arrival), GST_FLOW_OK);
  fail_unless (gst_tryon_event_parse_control (GST_EVENT (item), &action, NULL));
  fail_unless_equals_string (action, "init_session");
  gst_mini_object_unref (item);
}

static inline GstBuffer *
pull_frame (guint32 sequence)
{
  GstMiniObject *item;
  GstTryonImageInfo info;
  GstTryonFrameMeta *meta;
  gint64 arrival;

  fail_unless_equals_int (gst_tryon_session_pull (session, &item, &info,
          &arrival), GST_FLOW_OK);
  fail_unless (GST_IS_BUFFER (item));
  fail_unless_equals_int (info.format, GST_TRYON_IMAGE_FORMAT_WEBP);
  fail_unless_equals_int (gst_buffer_get_size (GST_BUFFER (item)), 1000);
  meta = gst_buffer_get_tryon_frame_meta (GST_BUFFER (item));
  fail_unless (meta != NULL);
  fail_unless_equals_int (meta->sequence, sequence);
  fail_unless_equals_uint64 (meta->capture_time, 1000 + sequence);
  fail_unless_equals_int64 (meta->arrival, arrival);
  return GST_BUFFER (item);
}

static inline GstEvent *
pull_event (void)
{
  GstMiniObject *item;
  GstTryonImageInfo info;
  gint64 arrival;

  fail_unless_equals_int (gst_tryon_session_pull (session, &item, &info,
          &arrival), GST_FLOW_OK);
  fail_unless (GST_IS_EVENT (item));
  return GST_EVENT (item);
}

static inline guint64
get_stat (const gchar * name)
{
  GstStructure *stats = gst_tryon_session_get_stats (session);
  guint64 received, processed, dropped, value = 0;
  guint outstanding;

  fail_unless (gst_structure_get (stats,
          "frames-received", G_TYPE_UINT64, &received,
          "frames-processed", G_TYPE_UINT64, &processed,
          "frames-dropped", G_TYPE_UINT64, &dropped,
          "frames-outstanding", G_TYPE_UINT, &outstanding, NULL));
  fail_unless_equals_uint64 (received, processed + dropped + outstanding);
  if (strcmp (name, "frames-outstanding") == 0)
    value = outstanding;
  else
    fail_unless (gst_structure_get_uint64 (stats, name, &value));
  gst_structure_free (stats);
  return value;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Channels of tests, between a session and one end of a pair of sockets; the
 * other end is the client. */

#include "wsclient.h"

typedef struct _Line
{
  GstTryonLoop *loop;
  GstTryonSession *session;
  GIOStream *stream;            /* the channel's end */
  GstTryonConnectionLimits limits;
  GstTryonChannel *channel;
  WsRaw *client;
  gboolean takes_over;
  struct _Line *replaced;       /* (nullable), from which it takes over */
  gboolean is_shared;           /* another line has the session, too */

  GMutex lock;
  GCond cond;
  guint closed;                 /* lock; how often it was told */
} Line;

static inline void
on_closed (GstTryonChannel * channel, guint16 code, gpointer user_data)
{
  Line *line = user_data;

  fail_unless (channel == line->channel);
  fail_if (gst_tryon_session_is_connected (line->session));
  g_mutex_lock (&line->lock);
  line->closed++;
  g_cond_broadcast (&line->cond);
  g_mutex_unlock (&line->lock);
}

static inline void
do_open (gpointer loop, gpointer user_data)
{
  Line *line = user_data;

  line->channel = gst_tryon_channel_new (line->loop, line->stream,
      &line->limits, line->session, line->takes_over,
      line->replaced != NULL ? line->replaced->channel : NULL, on_closed, line);
}

/* Two sockets: the channel's end is @stream. */
static inline WsRaw *
line_connect (GIOStream ** stream)
{
  WsRaw *client = g_new0 (WsRaw, 1);
  GSocket *socket;
  gint fds[2];

  fail_unless_equals_int (socketpair (AF_UNIX, SOCK_STREAM, 0, fds), 0);
  socket = g_socket_new_from_fd (fds[0], NULL);
  *stream =
      G_IO_STREAM (g_socket_connection_factory_create_connection (socket));
  g_object_unref (socket);
  client->in = g_byte_array_sized_new (4096);
  client->socket = g_socket_new_from_fd (fds[1], NULL);
  g_socket_set_timeout (client->socket, WS_TIMEOUT);
  return client;
}

/* All but @loop (transfer full) may be %NULL: for something new, and the
 * defaults. */
static inline Line *
line_new (GstTryonLoop * loop, GstTryonSession * session,
    const GstTryonSessionConfig * config,
    const GstTryonConnectionLimits * limits)
{
  static const GstTryonConnectionLimits defaults =
      GST_TRYON_CONNECTION_LIMITS_INIT;
  Line *line = g_new0 (Line, 1);

  line->client = line_connect (&line->stream);
  g_mutex_init (&line->lock);
  g_cond_init (&line->cond);
  line->limits = limits != NULL ? *limits : defaults;
  line->loop = loop;
  line->session = session != NULL ? gst_object_ref (session) :
      gst_tryon_session_new ("line", config);
  return line;
}

/* @session: (nullable): to use instead of a new one. */
static inline Line *
line_open_full (GstTryonSession * session, const GstTryonSessionConfig * config)
{
  Line *line = line_new (gst_tryon_loop_new ("test-server"), session, config,
      NULL);

  gst_tryon_loop_invoke_sync (line->loop, do_open, line);
  return line;
}

static inline Line *
line_open_limited (const GstTryonConnectionLimits * limits)
{
  Line *line = line_new (gst_tryon_loop_new ("test-server"), NULL, NULL,
      limits);

  gst_tryon_loop_invoke_sync (line->loop, do_open, line);
  return line;
}

/* Takes @replaced's session over, on the same loop; @from: %FALSE to name no
 * channel that has it. */
static inline Line *
line_take_over (Line * replaced, gboolean from)
{
  Line *line = line_new (gst_object_ref (replaced->loop), replaced->session,
      NULL, &replaced->limits);

  line->takes_over = TRUE;
  line->replaced = from ? replaced : NULL;
  line->is_shared = replaced->is_shared = TRUE;
  gst_tryon_loop_invoke_sync (line->loop, do_open, line);
  if (line->channel != NULL)
    replaced->channel = NULL;
  return line;
}

static inline Line *
line_open (void)
{
  return line_open_full (NULL, NULL);
}

static inline void
do_shutdown (gpointer loop, gpointer user_data)
{
  Line *line = user_data;

  gst_tryon_channel_shutdown (line->channel, GST_TRYON_CLOSE_GOING_AWAY, "end");
  line->channel = NULL;
}

/* The goodbye has had no turn of the loop to leave in. */
static inline void
do_close_and_shutdown (gpointer loop, gpointer user_data)
{
  Line *line = user_data;

  gst_tryon_session_close (line->session, GST_TRYON_CLOSE_EXPIRED, "too late",
      FALSE);
  do_shutdown (loop, line);
}

static inline void
line_shutdown (Line * line)
{
  gst_tryon_loop_invoke_sync (line->loop, do_shutdown, line);
}

static inline void
line_wait_closed (Line * line)
{
  /* A client that takes nothing is let go after 12 seconds. */
  gint64 deadline = WS_DEADLINE + 20 * G_USEC_PER_SEC;

  g_mutex_lock (&line->lock);
  while (line->closed == 0) {
    gboolean in_time = g_cond_wait_until (&line->cond, &line->lock, deadline);

    fail_unless (in_time, "the channel was not told to be closed");
  }
  g_mutex_unlock (&line->lock);
  line->channel = NULL;
}

static inline void
do_nothing (gpointer loop, gpointer user_data)
{
}

/* The channel must have ended. */
static inline void
line_free (Line * line, guint closed)
{
  fail_unless (line->channel == NULL);
  /* The turn of the loop that told the end must be over, too. */
  gst_tryon_loop_invoke_sync (line->loop, do_nothing, NULL);
  fail_unless_equals_int (line->closed, closed);
  if (!line->is_shared)
    ASSERT_OBJECT_REFCOUNT (line->session, "session", 1);
  gst_object_unref (line->session);
  g_object_unref (line->stream);
  /* Lets connections finish, which this one is the end of. */
  ws_raw_free (line->client);
  gst_object_unref (line->loop);
  g_mutex_clear (&line->lock);
  g_cond_clear (&line->cond);
  g_free (line);
}

static inline void
line_send_text (Line * line, const gchar * text)
{
  ws_raw_send_frame (line->client, GST_TRYON_WS_OPCODE_TEXT, text,
      strlen (text));
}

static inline void
line_expect_text (Line * line, const gchar * type)
{
  GstTryonWsOpcode opcode;
  GBytes *bytes = ws_raw_read_frame (line->client, &opcode);
  const gchar *text;
  GstStructure *s;
  gsize size;

  text = g_bytes_get_data (bytes, &size);
  fail_unless_equals_int (opcode, GST_TRYON_WS_OPCODE_TEXT);
  s = gst_tryon_message_parse (text, size, NULL);
  fail_unless (gst_structure_has_name (s, type), "waited for %s, got %.*s",
      type, (gint) size, text);
  gst_structure_free (s);
  g_bytes_unref (bytes);
}

static inline void
line_init (Line * line)
{
  line_send_text (line, WS_INIT);
  line_expect_text (line, "session_ready");
}

static inline void
line_send_frame (Line * line, guint32 sequence)
{
  GBytes *image = ws_image (WS_PNG);
  GBytes *frame = ws_frame (sequence, image);

  ws_raw_send_frame (line->client, GST_TRYON_WS_OPCODE_BINARY,
      g_bytes_get_data (frame, NULL), g_bytes_get_size (frame));
  g_bytes_unref (frame);
  g_bytes_unref (image);
}

/* The next frame that reached the session (transfer full). */
static inline GstBuffer *
line_pull_frame (Line * line)
{
  GstMiniObject *item = NULL;
  GstTryonImageInfo info;
  gint64 arrival;

  do {
    g_clear_pointer (&item, gst_mini_object_unref);
    fail_unless_equals_int (gst_tryon_session_pull (line->session, &item,
            &info, &arrival), GST_FLOW_OK);
  } while (!GST_IS_BUFFER (item));
  return GST_BUFFER_CAST (item);
}

/* Answers @frame (transfer full) with @size bytes. */
static inline void
line_answer (Line * line, GstBuffer * frame, gsize size)
{
  GstTryonFrameMeta *meta = gst_buffer_get_tryon_frame_meta (frame);
  GstBuffer *image = gst_buffer_new_allocate (NULL, size, NULL);

  gst_buffer_memset (image, 0, 'x', size);
  gst_buffer_add_tryon_frame_meta (image, meta->sequence, meta->capture_time,
      meta->arrival);
  gst_buffer_unref (frame);
  fail_unless (gst_tryon_session_answer (line->session, image, NULL));
  gst_buffer_unref (image);
}

static inline void
line_read_answer (Line * line, GstTryonFrameHeader * header)
{
  GstTryonWsOpcode opcode;
  GBytes *bytes = ws_raw_read_frame (line->client, &opcode);
  const guint8 *data;
  gsize size;

  data = g_bytes_get_data (bytes, &size);
  fail_unless_equals_int (opcode, GST_TRYON_WS_OPCODE_BINARY);
  fail_unless (gst_tryon_frame_header_parse (data, size, header, NULL));
  fail_unless (gst_tryon_frame_header_check (header, size, NULL));
  g_bytes_unref (bytes);
}

/* The next frame must close with @code; answers it if @answer. */
static inline void
line_expect_close (Line * line, guint code, gboolean answer)
{
  GstTryonWsOpcode opcode;
  GBytes *bytes = ws_raw_read_frame (line->client, &opcode);

  fail_unless_equals_int (opcode, GST_TRYON_WS_OPCODE_CLOSE);
  fail_unless (g_bytes_get_size (bytes) >= 2);
  fail_unless_equals_int (GST_READ_UINT16_BE (g_bytes_get_data (bytes, NULL)),
      code);
  if (answer)
    ws_raw_send_frame (line->client, GST_TRYON_WS_OPCODE_CLOSE,
        g_bytes_get_data (bytes, NULL), 2);
  g_bytes_unref (bytes);
}

static inline void
expect_account (GstTryonSession * session, guint64 received)
{
  GstStructure *stats = gst_tryon_session_get_stats (session);
  guint64 in = 0, processed = 0, dropped = 0;
  guint outstanding = 0;

  fail_unless (gst_structure_get (stats, "frames-received", G_TYPE_UINT64, &in,
          "frames-processed", G_TYPE_UINT64, &processed, "frames-dropped",
          G_TYPE_UINT64, &dropped, "frames-outstanding", G_TYPE_UINT,
          &outstanding, NULL));
  fail_unless_equals_uint64 (in, received);
  fail_unless_equals_uint64 (in, processed + dropped + outstanding);
  gst_structure_free (stats);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whom tryonwssrc takes and lets go, what it says of it, and that none of them
 * can keep it from stopping. */

#include "wspipeline.h"

#define ECHO "tryonwssrc name=src port=0 ! tryonwssink"

/* ---- one at a time ---- */

static void
expect_refused (guint port, const gchar * id, guint status)
{
  WsClient *client = ws_client_new_full (port, id, NULL, NULL);

  fail_unless (client->ws == NULL);
  fail_unless_equals_int (client->status, status);
  ws_client_free (client);
}

GST_START_TEST (test_second_client_is_refused)
{
  WsPipeline *p = ws_pipeline_new_playing (ECHO);
  WsClient *first = ws_client_new (p->port, "alice");
  GstMessage *message;
  guint status;

  gst_message_unref (ws_pipeline_wait_element (p, "tryon-session-added"));
  ws_client_init (first);
  expect_refused (p->port, "bob", 503);
  ws_client_echo (first, 1, WS_PNG);

  message = ws_pipeline_wait_element (p, "tryon-session-refused");
  ws_expect_field (message, "session-id", "bob");
  ws_expect_field (message, "remote-address", "127.0.0.1");
  ws_expect_field (message, "code", "SESSION_LIMIT");
  fail_unless (gst_structure_get_uint (gst_message_get_structure (message),
          "status", &status));
  fail_unless_equals_int (status, 503);
  gst_message_unref (message);
  fail_unless_equals_uint64 (ws_get_stat (p->src, "sessions"), 1);
  fail_unless_equals_uint64 (ws_get_stat (p->src, "refused"), 1);
  ws_client_close (first);
  ws_pipeline_free (p);
}

GST_END_TEST;

/* Two knock at one moment: one is taken, even while its handshake is under way,
 * and the other one is refused. */
GST_START_TEST (test_one_of_two_at_a_time)
{
  WsPipeline *p = ws_pipeline_new_playing (ECHO);
  GstMessage *message = NULL;
  guint round, i, n = 8;

  for (round = 0; round < 20; round++) {
    WsRaw *raws[8];
    guint taken = 0;

    for (i = 0; i < n; i++)
      raws[i] = ws_raw_new (p->port);
    for (i = 0; i < n; i++) {
      gchar *path = g_strdup_printf ("/ws/try-on/%u/", i);
      gchar *request = ws_request (path, WS_PROTOCOL_LINE);

      ws_raw_send (raws[i], request, strlen (request));
      g_free (request);
      g_free (path);
    }
    for (i = 0; i < n; i++) {
      gchar *head, *body;
      guint status = ws_raw_read_answer (raws[i], &head, &body);

      fail_unless (status == 101 || status == 503, "status %u", status);
      taken += status == 101;
      g_free (head);
      g_free (body);
    }
    fail_unless_equals_int (taken, 1);
    for (i = 0; i < n; i++)
      ws_raw_free (raws[i]);
    do {
      g_clear_pointer (&message, gst_message_unref);
      message = ws_pipeline_wait (p, GST_MESSAGE_ELEMENT);
    } while (!gst_message_has_name (message, "tryon-session-removed"));
    g_clear_pointer (&message, gst_message_unref);
  }
  ws_pipeline_free (p);
}

GST_END_TEST;

/* Whoever comes when the one before has left is taken, however soon. */
GST_START_TEST (test_next_client_is_taken_at_once)
{
  WsPipeline *p = ws_pipeline_new_playing (ECHO);
  guint i;

  for (i = 0; i < 50; i++) {
    WsClient *client = ws_client_new (p->port, "a");

    ws_client_init (client);
    ws_client_echo (client, i, WS_WEBP);
    ws_client_close (client);
  }
  fail_unless_equals_uint64 (ws_get_stat (p->src, "sessions"), 50);
  fail_unless_equals_uint64 (ws_get_stat (p->src, "refused"), 0);
  ws_pipeline_free (p);
}

GST_END_TEST;

/* Also when the pipeline is too busy to have seen that it has left. */
GST_START_TEST (test_next_client_is_taken_while_the_pipeline_is_busy)
{
  WsPipeline *p = ws_pipeline_new_playing (ECHO);
  GstPad *pad = gst_element_get_static_pad (p->src, "src");
  WsClient *client = ws_client_new (p->port, "first"), *next;
  gulong block;

  ws_client_init (client);
  block = gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BLOCK_DOWNSTREAM, NULL,
      NULL, NULL);
  ws_client_send_frame (client, 1, WS_PNG);
  ws_client_close (client);

  /* One came and left unseen. */
  client = ws_client_new (p->port, "second");
  ws_client_init (client);
  ws_client_close (client);
  next = ws_client_new (p->port, "third");
  ws_client_init (next);
  expect_refused (p->port, "fourth", 503);
  gst_pad_remove_probe (pad, block);
  ws_client_echo (next, 1, WS_WEBP);
  ws_client_close (next);
  gst_object_unref (pad);
  ws_pipeline_free (p);
}

GST_END_TEST;

static void
count_session (GstElement * src, GstTryonSession * session, gint * count)
{
  fail_unless (GST_IS_TRYON_SESSION (session));
  g_atomic_int_inc (count);
}

GST_START_TEST (test_messages_and_signals)
{
  WsPipeline *p = ws_pipeline_new_playing (ECHO);
  GstMessage *message;
  WsClient *client;
  gint added = 0, removed = 0;

  g_signal_connect (p->src, "session-added", G_CALLBACK (count_session),
      &added);
  g_signal_connect (p->src, "session-removed", G_CALLBACK (count_session),
      &removed);

  client = ws_client_new (p->port, "alice");
  message = ws_pipeline_wait_element (p, "tryon-session-added");
  ws_expect_field (message, "session-id", "alice");
  ws_expect_field (message, "remote-address", "127.0.0.1");
  gst_message_unref (message);
  fail_unless_equals_int (g_atomic_int_get (&added), 1);

  /* Gone without a word. */
  ws_client_free (client);
  message = ws_pipeline_wait_element (p, "tryon-session-removed");
  ws_expect_field (message, "session-id", "alice");
  ws_expect_field (message, "remote-address", "127.0.0.1");
  ws_expect_field (message, "reason", "client-left");
  gst_message_unref (message);
  fail_unless_equals_int (g_atomic_int_get (&removed), 1);

  client = ws_client_new (p->port, "bob");
  gst_message_unref (ws_pipeline_wait_element (p, "tryon-session-added"));
  ws_client_init (client);
  /* A pipeline drops what is on its bus when it stops: ask the element. */
  gst_element_set_state (p->src, GST_STATE_NULL);
  message = ws_pipeline_wait_element (p, "tryon-session-removed");
  ws_expect_field (message, "session-id", "bob");
  ws_expect_field (message, "reason", "stopped");
  gst_message_unref (message);
  fail_unless_equals_int (g_atomic_int_get (&added), 2);
  fail_unless_equals_int (g_atomic_int_get (&removed), 2);
  fail_unless_equals_int (ws_client_wait_closed (client), 1001);
  gst_structure_free (ws_client_next_text (client, "bye"));
  ws_client_free (client);
  ws_pipeline_free (p);
}

GST_END_TEST;

/* A storm of refusals is no storm on the bus, and none is left uncounted. */
GST_START_TEST (test_refusals_are_reported_once_a_second)
{
  WsPipeline *p = ws_pipeline_new_playing ("tryonwssrc name=src port=0 "
      "token=s3cret ! tryonwssink");
  guint64 counted = 0, count;
  guint i, sent = 0, messages = 0;
  gint64 start = g_get_monotonic_time ();
  gchar *request = ws_request ("/ws/try-on/a/", WS_PROTOCOL_LINE);

  while (messages < 3) {
    GstMessage *message;

    for (i = 0; i < 20; i++, sent++) {
      WsRaw *raw = ws_raw_new (p->port);

      ws_raw_send (raw, request, strlen (request));
      fail_unless_equals_int (ws_raw_read_answer (raw, NULL, NULL), 401);
      ws_raw_free (raw);
    }
    while ((message = gst_bus_pop_filtered (p->bus, GST_MESSAGE_ELEMENT))) {
      fail_unless (gst_message_has_name (message, "tryon-session-refused"));
      fail_unless (gst_structure_get_uint64 (gst_message_get_structure
              (message), "count", &count));
      counted += count;
      messages++;
      gst_message_unref (message);
    }
    fail_unless (counted <= sent);
  }
  fail_unless_equals_int (messages, 3);
  fail_unless (g_get_monotonic_time () - start >= 2 * G_USEC_PER_SEC);
  fail_unless (counted > 20);
  fail_unless_equals_uint64 (ws_get_stat (p->src, "refused"), sent);
  g_free (request);
  ws_pipeline_free (p);
}

GST_END_TEST;

GST_START_TEST (test_token_and_origin)
{
  WsPipeline *p = ws_pipeline_new_playing ("tryonwssrc name=src port=0 "
      "session-id=alice token=s3cret allowed-origins=https://shop.example "
      "! tryonwssink");
  const struct
  {
    const gchar *id, *origin, *token;
    guint status;
  } rows[] = {
    {"bob", NULL, "s3cret", 404},
    {"alice", NULL, NULL, 401},
    {"alice", NULL, "wrong", 401},
    {"alice", "https://evil.example", "s3cret", 403},
    {"alice", "https://shop.example", "s3cret", 101},
  };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (rows); i++) {
    WsClient *client = ws_client_new_full (p->port, rows[i].id,
        rows[i].origin, rows[i].token);

    fail_unless_equals_int (client->status, rows[i].status);
    if (rows[i].status == 101) {
      ws_client_init (client);
      ws_client_echo (client, 1, WS_WEBP);
      ws_client_close (client);
    } else {
      fail_unless (client->ws == NULL);
      ws_client_free (client);
    }
  }
  ws_pipeline_free (p);
}

GST_END_TEST;

/* ---- where it listens ---- */

static void
on_port (GstElement * src, GParamSpec * pspec, GArray * ports)
{
  guint port;

  g_object_get (src, "current-port", &port, NULL);
  g_array_append_val (ports, port);
}

GST_START_TEST (test_current_port)
{
  WsPipeline *p = ws_pipeline_new (ECHO);
  GArray *ports = g_array_new (FALSE, FALSE, sizeof (guint));

  g_signal_connect (p->src, "notify::current-port", G_CALLBACK (on_port),
      ports);
  ws_pipeline_play (p);
  fail_unless (p->port != 0);
  gst_element_set_state (p->pipeline, GST_STATE_NULL);
  fail_unless_equals_int (ports->len, 2);
  fail_unless_equals_int (g_array_index (ports, guint, 0), p->port);
  fail_unless_equals_int (g_array_index (ports, guint, 1), 0);
  g_array_unref (ports);
  ws_pipeline_free (p);
}

GST_END_TEST;

GST_START_TEST (test_elements_share_a_port)
{
  WsPipeline *first = ws_pipeline_new_playing ("tryonwssrc name=src port=0 "
      "! tryonwssink");
  guint port = first->port;
  WsPipeline *second;
  WsClient *a, *b;

  /* Any free port is not shared: take that one, the first must let it go. */
  gst_element_set_state (first->pipeline, GST_STATE_NULL);
  g_object_set (first->src, "port", port, "session-id", "a", NULL);
  ws_pipeline_play (first);
  second = ws_pipeline_new (ECHO);
  g_object_set (second->src, "port", port, "session-id", "b", NULL);
  ws_pipeline_play (second);

  a = ws_client_new (port, "a");
  b = ws_client_new (port, "b");
  ws_client_init (a);
  ws_client_init (b);
  ws_client_echo (a, 1, WS_WEBP);
  ws_client_echo (b, 7, WS_JPEG);
  /* Who opened it goes first. */
  ws_pipeline_free (first);
  fail_unless_equals_int (ws_client_wait_closed (a), 1001);
  ws_client_free (a);
  ws_client_echo (b, 8, WS_PNG);
  expect_refused (port, "a", 404);
  ws_client_close (b);
  ws_pipeline_free (second);
}

GST_END_TEST;

GST_START_TEST (test_errors_of_start_say_what_to_do)
{
  WsPipeline *other = ws_pipeline_new_playing (ECHO), *p;
  gchar *words;

  p = ws_pipeline_new (ECHO);
  g_object_set (p->src, "port", other->port, NULL);
  words = g_strdup_printf ("127.0.0.1:%u|in use|'port'", other->port);
  ws_pipeline_expect_error (p, GST_RESOURCE_ERROR_OPEN_READ, words);
  g_free (words);

  p = ws_pipeline_new (ECHO);
  g_object_set (p->src, "address", "192.0.2.1", NULL);
  ws_pipeline_expect_error (p, GST_RESOURCE_ERROR_OPEN_READ, "192.0.2.1:0");

  p = ws_pipeline_new (ECHO);
  g_object_set (p->src, "session-id", "a/b", NULL);
  ws_pipeline_expect_error (p, GST_RESOURCE_ERROR_SETTINGS, "'a/b'|session id");

  p = ws_pipeline_new (ECHO);
  g_object_set (p->src, "allowed-origins", "shop.example", NULL);
  ws_pipeline_expect_error (p, GST_RESOURCE_ERROR_SETTINGS,
      "'shop.example'|scheme://host");

  p = ws_pipeline_new (ECHO);
  g_object_set (p->src, "token", "", NULL);
  ws_pipeline_expect_error (p, GST_RESOURCE_ERROR_SETTINGS, "token is empty");
  ws_pipeline_free (other);
}

GST_END_TEST;

GST_START_TEST (test_two_that_serve_the_same_sessions)
{
  WsPipeline *first = ws_pipeline_new_playing (ECHO), *second;
  guint port = first->port;

  gst_element_set_state (first->pipeline, GST_STATE_NULL);
  g_object_set (first->src, "port", port, NULL);
  ws_pipeline_play (first);
  second = ws_pipeline_new (ECHO);
  g_object_set (second->src, "port", port, NULL);
  ws_pipeline_expect_error (second, GST_RESOURCE_ERROR_OPEN_READ,
      "'session-id'");
  ws_pipeline_free (first);
}

GST_END_TEST;

/* ---- settings of clients ---- */

static void
expect_config (GstStructure * message, gint64 fps, gint64 in_flight,
    gint64 width, gint64 height)
{
  GstStructure *config = gst_tryon_message_get_object (message, "config");
  const GstStructure *s = config != NULL ? config : message;
  GstStructure *size = gst_tryon_message_get_object (s, "max_resolution");
  gint64 value;

  fail_unless (gst_structure_get_int64 (s, "target_fps", &value));
  fail_unless_equals_int (value, fps);
  fail_unless (gst_structure_get_int64 (s, "max_in_flight", &value));
  fail_unless_equals_int (value, in_flight);
  fail_unless (gst_structure_get_int64 (size, "width", &value));
  fail_unless_equals_int (value, width);
  fail_unless (gst_structure_get_int64 (size, "height", &value));
  fail_unless_equals_int (value, height);
  gst_structure_free (size);
  g_clear_pointer (&config, gst_structure_free);
  gst_structure_free (message);
}

GST_START_TEST (test_settings_reach_the_client)
{
  WsPipeline *p = ws_pipeline_new_playing ("tryonwssrc name=src port=0 "
      "target-fps=12 max-in-flight=3 max-width=640 max-height=480 "
      "! tryonwssink");
  WsClient *client = ws_client_new (p->port, "a");

  ws_client_send_text (client, WS_INIT);
  expect_config (ws_client_next_text (client, "session_ready"), 12, 3, 640,
      480);
  /* These two also in between. */
  g_object_set (p->src, "target-fps", 20, NULL);
  expect_config (ws_client_next_text (client, "config"), 20, 3, 640, 480);
  g_object_set (p->src, "max-in-flight", 5, "max-width", 800, NULL);
  expect_config (ws_client_next_text (client, "config"), 20, 5, 640, 480);
  ws_client_close (client);

  client = ws_client_new (p->port, "a");
  ws_client_send_text (client, WS_INIT);
  expect_config (ws_client_next_text (client, "session_ready"), 20, 5, 800,
      480);
  ws_client_close (client);
  ws_pipeline_free (p);
}

GST_END_TEST;

/* ---- an application's session ---- */

static void
ignore_wake (gpointer user_data)
{
}

GST_START_TEST (test_given_session)
{
  GstTryonSession *session = gst_tryon_session_new ("given", NULL);
  WsPipeline *p = ws_pipeline_new ("tryonwssrc name=src port=0 ! tryonwssink");
  GBytes *image = ws_image (WS_PNG), *message = ws_frame (3, image);
  GstTryonFrameHeader header;
  GstTryonOutput output;
  gboolean answered = FALSE;

  fail_unless (gst_tryon_session_connect (session, ignore_wake, NULL, NULL));
  g_object_set (p->src, "session", session, NULL);
  ws_pipeline_play (p);
  fail_unless_equals_int (p->port, 0);

  gst_tryon_session_receive_text (session, WS_INIT, strlen (WS_INIT));
  gst_tryon_session_receive_binary (session, gst_buffer_new_wrapped_bytes
      (message));
  while (!answered) {
    if (!gst_tryon_session_next_output (session, &output)) {
      g_thread_yield ();
      continue;
    }
    if (!output.is_text) {
      fail_unless (gst_tryon_frame_header_parse (output.header,
              sizeof (output.header) + gst_buffer_get_size (output.payload),
              &header, NULL));
      fail_unless_equals_int (header.sequence, 3);
      answered = TRUE;
    }
    gst_tryon_output_clear (&output);
  }
  /* Its end is the stream's, although on-disconnect is to wait. */
  gst_tryon_session_disconnect (session);
  gst_message_unref (ws_pipeline_wait (p, GST_MESSAGE_EOS));
  ws_pipeline_free (p);
  ASSERT_OBJECT_REFCOUNT (session, "session", 1);
  gst_object_unref (session);
  g_bytes_unref (message);
  g_bytes_unref (image);
}

GST_END_TEST;

static void
look_at_stats (gpointer src)
{
  GstStructure *stats;

  g_object_get (src, "stats", &stats, NULL);
  gst_structure_free (stats);
}

/* Its application may ask the element, and what it grants is its own affair. */
GST_START_TEST (test_given_session_and_settings)
{
  GstTryonSession *session = gst_tryon_session_new ("given", NULL);
  WsPipeline *p = ws_pipeline_new ("tryonwssrc name=src port=0 ! tryonwssink");
  GstTryonSessionConfig config;

  fail_unless (gst_tryon_session_connect (session, look_at_stats, p->src,
          NULL));
  g_object_set (p->src, "session", session, NULL);
  ws_pipeline_play (p);
  gst_tryon_session_receive_text (session, WS_INIT, strlen (WS_INIT));
  g_object_set (p->src, "target-fps", 20, "max-in-flight", 5, NULL);
  gst_tryon_session_get_config (session, &config);
  fail_unless_equals_int (config.target_fps,
      GST_TRYON_SESSION_DEFAULT_TARGET_FPS);
  fail_unless_equals_int (config.max_in_flight,
      GST_TRYON_SESSION_DEFAULT_MAX_IN_FLIGHT);

  gst_tryon_session_disconnect (session);
  gst_message_unref (ws_pipeline_wait (p, GST_MESSAGE_EOS));
  ws_pipeline_free (p);
  gst_object_unref (session);
}

GST_END_TEST;

/* ---- stopping ---- */

typedef enum
{
  NOBODY, IDLE, SENDING, NEVER_READING
} Guest;

/* A PNG of 400 kB, most of it a chunk that nobody looks into. */
static GBytes *
make_large_image (void)
{
  static const guint8 head[] = { 0, 6, 0x1a, 0x80, 't', 'e', 's', 't' };
  GBytes *small = ws_image (WS_PNG);
  GByteArray *large = g_byte_array_new ();
  const guint8 *data;
  guint8 *padding = g_malloc0 (0x61a80 + 4);
  gsize size;

  /* Behind signature and IHDR. */
  data = g_bytes_get_data (small, &size);
  g_byte_array_append (large, data, 33);
  g_byte_array_append (large, head, sizeof (head));
  g_byte_array_append (large, padding, 0x61a80 + 4);
  g_byte_array_append (large, data + 33, size - 33);
  g_free (padding);
  g_bytes_unref (small);
  return g_byte_array_free_to_bytes (large);
}

/* Sends pictures until their answers find no room in the client's socket. */
static void
fill_socket (WsRaw * raw, GstElement * sink, GBytes * image)
{
  const GstStructure *session;
  GstStructure *stats;
  guint32 sequence = 0;
  guint outstanding;

  do {
    GBytes *frame = ws_frame (sequence++, image);

    ws_raw_send_frame (raw, GST_TRYON_WS_OPCODE_BINARY,
        g_bytes_get_data (frame, NULL), g_bytes_get_size (frame));
    g_bytes_unref (frame);
    while (ws_get_stat (sink, "frames-answered") < sequence)
      g_thread_yield ();
    g_object_get (sink, "stats", &stats, NULL);
    session = gst_value_get_structure (gst_structure_get_value (stats,
            "session"));
    fail_unless (gst_structure_get_uint (session, "frames-outstanding",
            &outstanding));
    gst_structure_free (stats);
    fail_unless (sequence < 100, "the client's socket takes no end of bytes");
  } while (outstanding < 2);
}

/* Sends the next frame when something has come back. */
static gpointer
keep_sending (gpointer data)
{
  WsRaw *raw = data;
  GBytes *image = ws_image (WS_PNG);
  guint32 sequence = 0;
  gboolean open = TRUE;
  gchar answer[4096];

  while (open) {
    GBytes *frame = ws_frame (sequence++, image);
    GByteArray *out = g_byte_array_new ();

    ws_append_frame (out, GST_TRYON_WS_OPCODE_BINARY,
        g_bytes_get_data (frame, NULL), g_bytes_get_size (frame));
    g_bytes_unref (frame);
    /* Fails in the end, when the server has closed. */
    open = g_socket_send (raw->socket, (gchar *) out->data, out->len, NULL,
        NULL) == (gssize) out->len
        && g_socket_receive (raw->socket, answer, sizeof (answer), NULL,
        NULL) > 0;
    g_byte_array_unref (out);
  }
  g_bytes_unref (image);
  return NULL;
}

/* PLAYING to NULL a hundred times, within 100 ms. A machine that is busy with
 * other things may be late a few times, but what waits for a client waits much
 * longer. */
static void
stop_many_times (Guest guest)
{
  WsPipeline *p = ws_pipeline_new (ECHO " name=sink");
  GstElement *sink = gst_bin_get_by_name (GST_BIN (p->pipeline), "sink");
  GBytes *large = make_large_image ();
  gint64 start, took, worst = 0;
  guint i, late = 0;

  for (i = 0; i < 100; i++) {
    WsRaw *raw = NULL;
    GThread *thread = NULL;

    ws_pipeline_play (p);
    if (guest != NOBODY) {
      raw = ws_raw_new_upgraded (p->port, "/ws/try-on/a/",
          guest == NEVER_READING);
      ws_raw_send_frame (raw, GST_TRYON_WS_OPCODE_TEXT, WS_INIT,
          strlen (WS_INIT));
      if (guest != NEVER_READING) {
        GstTryonWsOpcode opcode;

        g_bytes_unref (ws_raw_read_frame (raw, &opcode));
      }
      gst_message_unref (ws_pipeline_wait_element (p, "tryon-session-added"));
    }
    if (guest == SENDING)
      thread = g_thread_new ("sender", keep_sending, raw);
    if (guest == NEVER_READING)
      fill_socket (raw, sink, large);

    start = g_get_monotonic_time ();
    fail_unless_equals_int (gst_element_set_state (p->pipeline,
            GST_STATE_NULL), GST_STATE_CHANGE_SUCCESS);
    took = g_get_monotonic_time () - start;
    worst = MAX (worst, took);
    late += took > 100 * 1000;
    fail_unless (late <= 5 && took < G_USEC_PER_SEC,
        "took %" G_GINT64_FORMAT " us", took);

    /* Not GLib's: the sender has the GSocket. */
    if (guest != NOBODY)
      shutdown (g_socket_get_fd (raw->socket), SHUT_RDWR);
    g_clear_pointer (&thread, g_thread_join);
    g_clear_pointer (&raw, ws_raw_free);
  }
  gst_object_unref (sink);
  g_bytes_unref (large);
  GST_INFO ("the longest took %" G_GINT64_FORMAT " us", worst);
  ws_pipeline_free (p);
}

GST_START_TEST (test_stops_at_once)
{
  stop_many_times (__i__);
}

GST_END_TEST;

static gint stops_left;

/* Once: the element is played again. */
static void
stop_once (GstElement * src)
{
  if (g_atomic_int_compare_and_exchange (&stops_left, 1, 0))
    gst_element_set_state (src, GST_STATE_NULL);
}

static GstBusSyncReply
stop_in_message (GstBus * bus, GstMessage * message, gpointer src)
{
  if (gst_message_has_name (message, "tryon-session-refused")
      || gst_message_has_name (message, "tryon-session-replaced"))
    stop_once (src);
  return GST_BUS_PASS;
}

static gboolean
stop_in_signal (GstElement * src, const gchar * id, const gchar * address,
    const gchar * origin, gpointer user_data)
{
  stop_once (src);
  return TRUE;
}

static gboolean
is_stopped (GstElement * element)
{
  gboolean stopped;

  GST_OBJECT_LOCK (element);
  stopped = GST_STATE (element) == GST_STATE_NULL;
  GST_OBJECT_UNLOCK (element);
  return stopped;
}

/* It can be stopped from within its messages and its signal, on the listener's
 * thread, and used again. */
GST_START_TEST (test_stops_in_callback)
{
  static const gchar *ids[] = { "refused", "alice", "connecting" };
  WsPipeline *p = ws_pipeline_new_playing (ECHO);
  WsClient *first, *second;

  first = ws_client_new (p->port, "alice");
  ws_client_init (first);
  ws_client_echo (first, 1, WS_PNG);
  g_atomic_int_set (&stops_left, 1);
  if (__i__ < 2)
    gst_bus_set_sync_handler (p->bus, stop_in_message, p->src, NULL);
  else
    g_signal_connect (p->src, "session-connecting",
        G_CALLBACK (stop_in_signal), NULL);
  /* Its answer, if it gets one, is of no interest. */
  second = ws_client_new_full (p->port, ids[__i__], NULL, NULL);
  while (!is_stopped (p->src))
    g_usleep (1000);
  ws_client_free (second);
  ws_client_free (first);

  gst_element_set_state (p->pipeline, GST_STATE_NULL);
  ws_pipeline_play (p);
  first = ws_client_new (p->port, "alice");
  ws_client_init (first);
  ws_client_echo (first, 1, WS_PNG);
  ws_client_close (first);
  ws_pipeline_free (p);
}

GST_END_TEST;

static Suite *
tryonwssrcclients_suite (void)
{
  Suite *s = suite_create ("tryonwssrcclients");
  TCase *tc;

  tc = tcase_create ("clients");
  tcase_add_test (tc, test_second_client_is_refused);
  tcase_add_test (tc, test_one_of_two_at_a_time);
  tcase_add_test (tc, test_next_client_is_taken_at_once);
  tcase_add_test (tc, test_next_client_is_taken_while_the_pipeline_is_busy);
  tcase_add_test (tc, test_messages_and_signals);
  tcase_add_test (tc, test_refusals_are_reported_once_a_second);
  tcase_add_test (tc, test_token_and_origin);
  tcase_add_test (tc, test_settings_reach_the_client);
  tcase_add_test (tc, test_given_session);
  tcase_add_test (tc, test_given_session_and_settings);
  suite_add_tcase (s, tc);

  tc = tcase_create ("listening");
  tcase_add_test (tc, test_current_port);
  tcase_add_test (tc, test_elements_share_a_port);
  tcase_add_test (tc, test_errors_of_start_say_what_to_do);
  tcase_add_test (tc, test_two_that_serve_the_same_sessions);
  suite_add_tcase (s, tc);

  tc = tcase_create ("stopping");
  tcase_add_loop_test (tc, test_stops_at_once, NOBODY, NEVER_READING + 1);
  tcase_add_loop_test (tc, test_stops_in_callback, 0, 3);
  suite_add_tcase (s, tc);
  return s;
}

GST_CHECK_MAIN (tryonwssrcclients);

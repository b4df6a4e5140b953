/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A client of tryonwssrc that comes back takes its session over. */

#include "wspipeline.h"

#define ECHO "tryonwssrc name=src port=0 ! tryonwssink"

/* What leaves the source. */
typedef struct
{
  gint eos;                     /* atomic, as all of them are */
  gint sessions;
  gint starts;                  /* of the two: since the last session */
  gint segments;
  gint frames;
  gint disconts;
} Seen;

static GstPadProbeReturn
on_data (GstPad * pad, GstPadProbeInfo * info, gpointer user_data)
{
  Seen *seen = user_data;

  if (GST_IS_BUFFER (info->data)) {
    g_atomic_int_inc (&seen->frames);
    if (GST_BUFFER_FLAG_IS_SET (info->data, GST_BUFFER_FLAG_DISCONT))
      g_atomic_int_inc (&seen->disconts);
  } else if (GST_EVENT_TYPE (info->data) == GST_EVENT_EOS) {
    g_atomic_int_inc (&seen->eos);
  } else if (GST_EVENT_TYPE (info->data) == GST_EVENT_STREAM_START) {
    g_atomic_int_inc (&seen->starts);
  } else if (GST_EVENT_TYPE (info->data) == GST_EVENT_SEGMENT) {
    g_atomic_int_inc (&seen->segments);
  } else if (gst_event_has_name (info->data, "tryon-session")) {
    /* Behind the STREAM_START of its stream; the source has one of its own. */
    g_atomic_int_set (&seen->starts, 0);
    g_atomic_int_set (&seen->segments, 0);
    g_atomic_int_inc (&seen->sessions);
  }
  return GST_PAD_PROBE_OK;
}

static void
watch (WsPipeline * p, Seen * seen)
{
  GstPad *pad = gst_element_get_static_pad (p->src, "src");

  memset (seen, 0, sizeof (*seen));
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER |
      GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, on_data, seen, NULL);
  gst_object_unref (pad);
}

/* It is one stream, whoever of its clients sent the frames. */
static void
expect_one_stream (Seen * seen)
{
  fail_unless_equals_int (g_atomic_int_get (&seen->eos), 0);
  fail_unless_equals_int (g_atomic_int_get (&seen->sessions), 1);
  fail_unless_equals_int (g_atomic_int_get (&seen->starts), 0);
  fail_unless_equals_int (g_atomic_int_get (&seen->segments), 1);
}

/* A uint64 or uint of a structure in the element's stats. */
static guint64
get_nested (WsPipeline * p, const gchar * nested, const gchar * name)
{
  GstStructure *stats;
  const GstStructure *s;
  guint64 value = 0;
  guint now = 0;

  g_object_get (p->src, "stats", &stats, NULL);
  s = gst_value_get_structure (gst_structure_get_value (stats, nested));
  fail_unless (gst_structure_get_uint64 (s, name, &value)
      || gst_structure_get_uint (s, name, &now), "no %s in %" GST_PTR_FORMAT,
      name, stats);
  gst_structure_free (stats);
  return value + now;
}

static void
wait_nested (WsPipeline * p, const gchar * nested, const gchar * name,
    guint64 value)
{
  gint64 deadline = WS_DEADLINE;

  while (get_nested (p, nested, name) != value) {
    fail_unless (g_get_monotonic_time () < deadline, "%s never is %"
        G_GUINT64_FORMAT, name, value);
    g_thread_yield ();
  }
}

static void
expect_replaced (WsClient * client)
{
  fail_unless_equals_int (ws_client_wait_closed (client), 4000);
  ws_client_free (client);
}

static void
expect_refused (WsPipeline * p, const gchar * id, guint status)
{
  WsClient *client = ws_client_new_full (p->port, id, NULL, NULL);

  fail_unless (client->ws == NULL);
  fail_unless_equals_int (client->status, status);
  ws_client_free (client);
}

/* ---- while it streams ---- */

/* No end, no new stream; what is said of it; and DISCONT where numbers leave
 * something out, or begin anew, and only there. */
GST_START_TEST (test_stream_goes_on)
{
  static const guint32 firsts[] = { 4, 9, 0 };
  static const gint disconts[] = { 1, 2, 3 };
  WsPipeline *p = ws_pipeline_new (ECHO);
  GstMessage *message;
  WsClient *client, *next;
  Seen seen;
  guint i;

  watch (p, &seen);
  ws_pipeline_play (p);
  client = ws_client_new (p->port, "alice");
  gst_message_unref (ws_pipeline_wait_element (p, "tryon-session-added"));
  ws_client_init (client);
  for (i = 1; i <= 3; i++)
    ws_client_echo (client, i, WS_PNG);
  fail_unless_equals_int (g_atomic_int_get (&seen.disconts), 1);

  for (i = 0; i < G_N_ELEMENTS (firsts); i++) {
    next = ws_client_new (p->port, "alice");
    message = ws_pipeline_wait_element (p, "tryon-session-replaced");
    fail_unless (GST_MESSAGE_SRC (message) == GST_OBJECT (p->src));
    ws_expect_field (message, "session-id", "alice");
    ws_expect_field (message, "remote-address", "127.0.0.1");
    ws_expect_field (message, "previous-address", "127.0.0.1");
    gst_message_unref (message);
    expect_replaced (client);
    client = next;
    ws_client_init (client);
    ws_client_echo (client, firsts[i], WS_PNG);
    fail_unless_equals_int (g_atomic_int_get (&seen.disconts), disconts[i]);
    ws_client_echo (client, firsts[i] + 1, WS_PNG);
    fail_unless_equals_int (g_atomic_int_get (&seen.disconts), disconts[i]);
    fail_unless_equals_uint64 (get_nested (p, "session", "takeovers"), i + 1);
  }
  expect_one_stream (&seen);
  fail_unless_equals_int (g_atomic_int_get (&seen.frames), 9);
  fail_unless_equals_uint64 (get_nested (p, "session", "frames-processed"), 9);
  fail_unless_equals_uint64 (ws_get_stat (p->src, "sessions"), 1);
  fail_unless_equals_uint64 (ws_get_stat (p->src, "refused"), 0);

  /* And it has an end, with the last of them. */
  ws_client_close (client);
  message = ws_pipeline_wait_element (p, "tryon-session-removed");
  ws_expect_field (message, "reason", "client-left");
  gst_message_unref (message);
  ws_pipeline_free (p);
}

GST_END_TEST;

/* The addresses that the message names are the connections'. */
GST_START_TEST (test_addresses)
{
  static const gchar *const addresses[] = {
    "127.0.0.1", "127.0.0.2", "127.0.0.3"
  };
  WsPipeline *p = ws_pipeline_new_playing (ECHO);
  gchar *request = ws_request ("/ws/try-on/a/", WS_PROTOCOL_LINE);
  WsRaw *raws[3];
  GstMessage *message;
  guint i;

  for (i = 0; i < G_N_ELEMENTS (raws); i++) {
    raws[i] = ws_raw_new_from (addresses[i], p->port);
    ws_raw_send (raws[i], request, strlen (request));
    fail_unless_equals_int (ws_raw_read_answer (raws[i], NULL, NULL), 101);
    message = ws_pipeline_wait_element (p, i > 0 ? "tryon-session-replaced" :
        "tryon-session-added");
    ws_expect_field (message, "remote-address", addresses[i]);
    if (i > 0)
      ws_expect_field (message, "previous-address", addresses[i - 1]);
    gst_message_unref (message);
  }
  /* The one that is removed is the last. */
  for (i = 0; i < G_N_ELEMENTS (raws); i++)
    ws_raw_free (raws[i]);
  message = ws_pipeline_wait_element (p, "tryon-session-removed");
  ws_expect_field (message, "remote-address", "127.0.0.3");
  gst_message_unref (message);
  g_free (request);
  ws_pipeline_free (p);
}

GST_END_TEST;

/* Only who names the same session takes it over; others wait for its end. */
GST_START_TEST (test_another_id)
{
  WsPipeline *p = ws_pipeline_new (ECHO);
  WsClient *client, *next;
  Seen seen;

  watch (p, &seen);
  ws_pipeline_play (p);
  client = ws_client_new (p->port, "alice");
  ws_client_init (client);
  expect_refused (p, "bob", 503);
  expect_refused (p, "alic", 503);
  expect_refused (p, "alice2", 503);
  ws_client_echo (client, 1, WS_PNG);
  next = ws_client_new (p->port, "alice");
  expect_replaced (client);
  expect_refused (p, "bob", 503);
  ws_client_init (next);
  ws_client_echo (next, 2, WS_PNG);
  expect_one_stream (&seen);
  ws_client_close (next);
  /* Now bob may; and alice's end is no takeover. */
  client = ws_client_new (p->port, "bob");
  ws_client_init (client);
  ws_client_echo (client, 1, WS_PNG);
  fail_unless_equals_uint64 (get_nested (p, "session", "takeovers"), 0);
  fail_unless_equals_int (g_atomic_int_get (&seen.sessions), 2);
  ws_client_close (client);
  ws_pipeline_free (p);
}

GST_END_TEST;

GST_START_TEST (test_many_times)
{
  WsPipeline *p = ws_pipeline_new (ECHO);
  WsClient *client, *next;
  GstMessage *message;
  Seen seen;
  guint i;

  watch (p, &seen);
  ws_pipeline_play (p);
  client = ws_client_new (p->port, "a");
  gst_message_unref (ws_pipeline_wait_element (p, "tryon-session-added"));
  for (i = 0; i < 50; i++) {
    ws_client_init (client);
    ws_client_echo (client, i % 4, WS_WEBP);
    /* Unanswered, or on its way: nobody knows. */
    ws_client_send_frame (client, i % 4 + 1, WS_WEBP);
    next = ws_client_new (p->port, "a");
    gst_message_unref (ws_pipeline_wait_element (p, "tryon-session-replaced"));
    expect_replaced (client);
    client = next;
  }
  ws_client_init (client);
  ws_client_echo (client, 0, WS_WEBP);
  expect_one_stream (&seen);
  fail_unless_equals_uint64 (get_nested (p, "session", "takeovers"), 50);
  fail_unless_equals_uint64 (ws_get_stat (p->src, "sessions"), 1);
  wait_nested (p, "listener", "connections", 1);
  ws_client_close (client);
  message = ws_pipeline_wait_element (p, "tryon-session-removed");
  gst_message_unref (message);
  ws_pipeline_free (p);
}

GST_END_TEST;

/* ---- while the pipeline stands still ---- */

/* The new client is served by the listener alone; its frames, with the numbers
 * that the old one's have, are not taken for those. */
GST_START_TEST (test_while_the_pipeline_is_blocked)
{
  WsPipeline *p = ws_pipeline_new (ECHO);
  WsClient *client, *next;
  GstTryonFrameHeader header;
  GBytes *image = ws_image (WS_WEBP), *answer;
  GstPad *pad;
  gulong block;
  Seen seen;
  guint i;

  watch (p, &seen);
  ws_pipeline_play (p);
  pad = gst_element_get_static_pad (p->src, "src");
  client = ws_client_new (p->port, "a");
  ws_client_init (client);
  ws_client_echo (client, 1, WS_PNG);
  block = gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BLOCK_DOWNSTREAM, NULL,
      NULL, NULL);
  for (i = 2; i < 8; i++)
    ws_client_send_frame (client, i, WS_PNG);
  wait_nested (p, "session", "frames-received", 7);

  next = ws_client_new (p->port, "a");
  expect_replaced (client);
  ws_client_init (next);
  ws_client_send_frame (next, 6, WS_WEBP);
  ws_client_send_frame (next, 7, WS_WEBP);
  wait_nested (p, "session", "frames-received", 9);
  gst_pad_remove_probe (pad, block);
  for (i = 6; i < 8; i++) {
    answer = ws_client_next_answer (next, &header);
    fail_unless_equals_int (header.sequence, i);
    fail_unless_equals_int (header.type, GST_TRYON_FRAME_TYPE_PROCESSED);
    fail_unless (g_bytes_equal (answer, image));
    g_bytes_unref (answer);
  }
  ws_client_echo (next, 8, WS_PNG);
  expect_one_stream (&seen);
  ws_client_close (next);
  g_bytes_unref (image);
  gst_object_unref (pad);
  ws_pipeline_free (p);
}

GST_END_TEST;

static GstPadProbeReturn
on_blocked (GstPad * pad, GstPadProbeInfo * info, gpointer user_data)
{
  g_async_queue_push (user_data, pad);
  return GST_PAD_PROBE_OK;
}

/* One that is admitted, and not seen by the pipeline yet, is taken over, too. */
GST_START_TEST (test_next_client_is_taken_over)
{
  WsPipeline *p = ws_pipeline_new_playing (ECHO);
  GstPad *pad = gst_element_get_static_pad (p->src, "src");
  WsClient *client = ws_client_new (p->port, "first"), *next;
  GAsyncQueue *blocked = g_async_queue_new ();
  gulong block;

  ws_client_init (client);
  ws_client_echo (client, 1, WS_PNG);
  block = gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BLOCK_DOWNSTREAM,
      on_blocked, blocked, NULL);
  ws_client_send_frame (client, 2, WS_PNG);
  fail_unless (g_async_queue_timeout_pop (blocked,
          WS_TIMEOUT * G_USEC_PER_SEC) != NULL);
  ws_client_close (client);
  client = ws_client_new (p->port, "second");
  ws_client_init (client);
  next = ws_client_new (p->port, "second");
  expect_replaced (client);
  ws_client_init (next);
  gst_pad_remove_probe (pad, block);
  ws_client_echo (next, 1, WS_WEBP);
  fail_unless_equals_uint64 (get_nested (p, "session", "takeovers"), 1);
  fail_unless_equals_uint64 (ws_get_stat (p->src, "sessions"), 2);
  ws_client_close (next);
  g_async_queue_unref (blocked);
  gst_object_unref (pad);
  ws_pipeline_free (p);
}

GST_END_TEST;

/* ---- clients that don't behave ---- */

typedef struct
{
  gint hold;                    /* atomic */
  GAsyncQueue *entered;
  GAsyncQueue *leave;
} Door;

static gboolean
on_connecting (GstElement * src, const gchar * session_id,
    const gchar * remote_address, const gchar * origin, Door * door)
{
  if (g_atomic_int_get (&door->hold)) {
    g_async_queue_push (door->entered, door);
    g_async_queue_pop (door->leave);
  }
  return TRUE;
}

/* One that is gone before its handshake is over takes nothing from anybody. */
GST_START_TEST (test_client_that_leaves_in_the_handshake)
{
  const struct linger reset = { 1, 0 };
  WsPipeline *p = ws_pipeline_new_playing (ECHO);
  Door door = { FALSE, g_async_queue_new (), g_async_queue_new () };
  gchar *request = ws_request ("/ws/try-on/a/", WS_PROTOCOL_LINE);
  WsClient *client;
  GstMessage *message;
  guint i;

  g_signal_connect (p->src, "session-connecting", G_CALLBACK (on_connecting),
      &door);
  client = ws_client_new (p->port, "a");
  gst_message_unref (ws_pipeline_wait_element (p, "tryon-session-added"));
  ws_client_init (client);
  for (i = 1; i <= 5; i++) {
    WsRaw *raw = ws_raw_new (p->port);

    g_atomic_int_set (&door.hold, TRUE);
    ws_raw_send (raw, request, strlen (request));
    g_async_queue_pop (door.entered);
    fail_unless_equals_int (setsockopt (g_socket_get_fd (raw->socket),
            SOL_SOCKET, SO_LINGER, &reset, sizeof (reset)), 0);
    ws_raw_free (raw);
    g_atomic_int_set (&door.hold, FALSE);
    g_async_queue_push (door.leave, &door);
    /* Served after it. */
    expect_refused (p, "b", 503);
    ws_client_echo (client, i, WS_PNG);
  }
  fail_unless_equals_uint64 (get_nested (p, "session", "takeovers"), 0);
  wait_nested (p, "listener", "connections", 1);
  while ((message = gst_bus_pop_filtered (p->bus, GST_MESSAGE_ELEMENT))) {
    fail_unless (gst_message_has_name (message, "tryon-session-refused"), "%"
        GST_PTR_FORMAT, message);
    gst_message_unref (message);
  }
  ws_client_close (client);
  g_async_queue_unref (door.entered);
  g_async_queue_unref (door.leave);
  g_free (request);
  ws_pipeline_free (p);
}

GST_END_TEST;

/* The old connection's client has gone without the network telling: it answers
 * nothing. The new one is served at once, the old one's socket is let go after
 * the close timeout. */
GST_START_TEST (test_half_open)
{
  WsPipeline *p = ws_pipeline_new ("tryonwssrc name=src port=0 "
      "close-timeout=1500 ! tryonwssink");
  GstTryonWsOpcode opcode;
  WsClient *client;
  gint64 start;
  WsRaw *raw;
  Seen seen;

  watch (p, &seen);
  ws_pipeline_play (p);
  raw = ws_raw_new_upgraded (p->port, "/ws/try-on/a/", FALSE);
  ws_raw_send_frame (raw, GST_TRYON_WS_OPCODE_TEXT, WS_INIT, strlen (WS_INIT));
  g_bytes_unref (ws_raw_read_frame (raw, &opcode));
  client = ws_client_new (p->port, "a");
  start = g_get_monotonic_time ();
  ws_client_init (client);
  ws_client_echo (client, 1, WS_PNG);
  /* Not behind the old one. */
  if (g_get_monotonic_time () - start < G_USEC_PER_SEC)
    fail_unless_equals_uint64 (get_nested (p, "listener", "connections"), 2);

  wait_nested (p, "listener", "connections", 1);
  fail_unless (g_get_monotonic_time () - start >= G_USEC_PER_SEC);
  g_bytes_unref (ws_raw_read_frame (raw, &opcode));
  fail_unless_equals_int (opcode, GST_TRYON_WS_OPCODE_CLOSE);
  fail_if (ws_raw_read (raw));
  ws_client_echo (client, 2, WS_PNG);
  expect_one_stream (&seen);
  ws_client_close (client);
  ws_raw_free (raw);
  ws_pipeline_free (p);
}

GST_END_TEST;

static Suite *
tryonwssrctakeover_suite (void)
{
  Suite *s = suite_create ("tryonwssrctakeover");
  TCase *tc;

  tc = tcase_create ("streaming");
  tcase_add_test (tc, test_stream_goes_on);
  tcase_add_test (tc, test_addresses);
  tcase_add_test (tc, test_another_id);
  tcase_add_test (tc, test_many_times);
  suite_add_tcase (s, tc);

  tc = tcase_create ("blocked");
  tcase_add_test (tc, test_while_the_pipeline_is_blocked);
  tcase_add_test (tc, test_next_client_is_taken_over);
  suite_add_tcase (s, tc);

  tc = tcase_create ("clients");
  tcase_add_test (tc, test_client_that_leaves_in_the_handshake);
  tcase_add_test (tc, test_half_open);
  suite_add_tcase (s, tc);
  return s;
}

GST_CHECK_MAIN (tryonwssrctakeover);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tryonaisink and a service that is not there, goes away, says nothing or talks
 * nonsense. */

#include "aisinktest.h"
#include "flowclient.h"

/* Waits for the message that tells state @nick; gives its reason. */
static gchar *
wait_state_message (GstBus * bus, const gchar * nick)
{
  gchar *reason = NULL;

  while (reason == NULL) {
    GstMessage *message = gst_bus_timed_pop_filtered (bus,
        AI_SERVICE_PATIENCE * GST_USECOND, GST_MESSAGE_ELEMENT);
    const GstStructure *s;

    fail_unless (message != NULL, "no message of state %s", nick);
    s = gst_message_get_structure (message);
    if (gst_structure_has_name (s, "tryon-ai-state") &&
        g_strcmp0 (gst_structure_get_string (s, "state"), nick) == 0) {
      fail_unless (gst_structure_has_field_typed (s, "uri", G_TYPE_STRING));
      reason = g_strdup (gst_structure_get_string (s, "reason"));
    }
    gst_message_unref (message);
  }
  return reason;
}

/* ---- not there ---- */

GST_START_TEST (test_nobody_there)
{
  gchar *uri = ai_uri (ai_dead_port ()), *reason;
  GstHarness *h = ai_harness_new (uri, NULL);
  GstBus *bus = gst_element_get_bus (h->element);
  gint64 start;
  guint i;

  /* The first frame waits for the first attempt, and no longer. */
  ai_push (h, 0);
  ai_pull_original (h, 0, 0);
  ai_wait_state (h->element, "unavailable");
  start = g_get_monotonic_time ();
  for (i = 1; i < 30; i++) {
    ai_push (h, i);
    ai_pull_original (h, i, i);
  }
  fail_unless (g_get_monotonic_time () - start < 2 * G_USEC_PER_SEC);
  fail_unless_equals_uint64 (ai_count (h->element, "frames-fallback"), 30);
  fail_unless_equals_uint64 (ai_count (h->element, "timeouts"), 0);
  fail_unless_equals_uint64 (ai_count (h->element, "frames-sent"), 0);
  reason = wait_state_message (bus, "unavailable");
  fail_unless (strlen (reason) > 0);
  g_free (reason);
  gst_object_unref (bus);
  ai_harness_free (h);
  g_free (uri);
}

GST_END_TEST;

/* One outage: one warning, one error for the client, no error in the pipeline
 * however often it is tried again. */
GST_START_TEST (test_outage_told_once)
{
  GstTryonSession *session = flow_client_new ("s1");
  gchar *uri = ai_uri (ai_dead_port ());
  GstHarness *h = ai_harness_new (uri, NULL);
  GstBus *bus = gst_element_get_bus (h->element);
  GstStructure *error;
  const gchar *words;
  gint64 until;
  guint i;

  gst_harness_push_event (h, gst_tryon_event_new_session (session));
  ai_wait_state (h->element, "unavailable");
  /* Several attempts: 100 + 200 + 400 ms at most. */
  until = g_get_monotonic_time () + G_USEC_PER_SEC;
  for (i = 0; g_get_monotonic_time () < until; i++) {
    ai_push (h, i);
    ai_pull_original (h, i, i);
    g_usleep (20000);
  }
  fail_unless_equals_uint64 (ai_count (h->element, "outages"), 1);
  fail_unless_equals_int (g_atomic_int_get (&ai_warnings), 1);

  error = flow_client_read (session, "error");
  fail_unless (error != NULL);
  fail_unless_equals_string (gst_structure_get_string (error, "code"),
      "AI_SERVICE_UNAVAILABLE");
  /* The client is told nothing of what is behind. */
  words = gst_structure_get_string (error, "message");
  fail_unless (strstr (words, "127.0.0.1") == NULL, "says: %s", words);
  gst_structure_free (error);
  fail_unless (flow_client_read (session, "error") == NULL);

  gst_object_unref (bus);
  ai_harness_free (h);
  gst_object_unref (session);
  g_free (uri);
}

GST_END_TEST;

/* Messages end up in logs. */
GST_START_TEST (test_secrets_are_not_told)
{
  gchar *uri = g_strdup_printf ("ws://me:secret@127.0.0.1:%u/?key=secret",
      ai_dead_port ());
  GstHarness *h = ai_harness_new (uri, "token", "secret", NULL);
  GstBus *bus = gst_element_get_bus (h->element);
  gboolean seen = FALSE;
  GstMessage *message;
  GError *error = NULL;
  gchar *text;

  ai_wait_state (h->element, "unavailable");
  while (!seen) {
    message = gst_bus_timed_pop_filtered (bus, 10 * GST_SECOND,
        GST_MESSAGE_ELEMENT | GST_MESSAGE_WARNING);
    fail_unless (message != NULL);
    if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_WARNING) {
      gst_message_parse_warning (message, &error, &text);
      fail_unless (strstr (error->message, "secret") == NULL);
      g_clear_error (&error);
    } else {
      text = gst_structure_to_string (gst_message_get_structure (message));
      seen = strstr (text, "unavailable") != NULL;
    }
    fail_unless (strstr (text, "secret") == NULL, "told: %s", text);
    g_free (text);
    gst_message_unref (message);
  }
  gst_object_unref (bus);
  ai_harness_free (h);
  g_free (uri);
}

GST_END_TEST;

GST_START_TEST (test_comes_later)
{
  guint port = ai_dead_port ();
  gchar *uri = ai_uri (port);
  GstHarness *h = ai_harness_new (uri, NULL);
  GstBus *bus = gst_element_get_bus (h->element);
  AiService *service;

  ai_push (h, 0);
  ai_pull_original (h, 0, 0);
  g_free (wait_state_message (bus, "unavailable"));
  service = ai_service_prepare (ai_service_process, port);
  ai_service_start (service);
  g_free (wait_state_message (bus, "ready"));
  ai_push (h, 1);
  ai_pull_processed (h, 1, 1);
  gst_object_unref (bus);
  ai_harness_free (h);
  ai_service_free (service);
  g_free (uri);
}

GST_END_TEST;

/* 503 is not for ever. */
GST_START_TEST (test_refused_at_first)
{
  AiService *service = ai_service_prepare (ai_service_process, 0);
  GstHarness *h;
  GstBus *bus;
  gchar *reason;

  service->n_refused = 3;
  ai_service_start (service);
  h = ai_harness_new (service->uri, NULL);
  bus = gst_element_get_bus (h->element);
  ai_wait_state (h->element, "ready");
  fail_unless_equals_int (service->n_requests, 4);
  ai_push (h, 0);
  ai_pull_processed (h, 0, 0);
  reason = wait_state_message (bus, "ready");
  g_free (reason);
  gst_object_unref (bus);
  ai_harness_free (h);
  ai_service_free (service);
}

GST_END_TEST;

/* TCP is taken by the kernel, and nobody ever speaks. */
GST_START_TEST (test_never_accepting)
{
  GSocketListener *listener = g_socket_listener_new ();
  guint port = g_socket_listener_add_any_inet_port (listener, NULL, NULL);
  gchar *uri = ai_uri (port);
  GstHarness *h = ai_harness_new (uri, "timeout", 50, "connect-timeout", 300,
      NULL);

  /* While it is tried for the first time, a frame waits, no longer than its
   * timeout. */
  ai_push (h, 0);
  ai_pull_original (h, 0, 0);
  fail_unless_equals_uint64 (ai_count (h->element, "timeouts"), 1);
  ai_wait_state (h->element, "unavailable");
  ai_push (h, 1);
  ai_pull_original (h, 1, 1);
  fail_unless_equals_uint64 (ai_count (h->element, "timeouts"), 1);
  ai_harness_free (h);
  g_object_unref (listener);
  g_free (uri);
}

GST_END_TEST;

/* The handshake is done, and the session is not taken. */
GST_START_TEST (test_mute)
{
  AiService *service = ai_service_prepare (ai_service_ignore, 0);
  GstHarness *h;
  GstBus *bus;
  gchar *reason;

  service->is_mute = TRUE;
  ai_service_start (service);
  h = ai_harness_new (service->uri, "connect-timeout", 1000, NULL);
  bus = gst_element_get_bus (h->element);
  reason = wait_state_message (bus, "unavailable");
  fail_unless (strstr (reason, "session_ready") != NULL, "reason: %s", reason);
  g_free (reason);
  gst_object_unref (bus);
  ai_harness_free (h);
  ai_service_free (service);
}

GST_END_TEST;

/* A service that answers has taken the session, whether it says so or not. */
GST_START_TEST (test_mute_but_working)
{
  AiService *service = ai_service_prepare (ai_service_process, 0);
  GstHarness *h;

  service->is_mute = TRUE;
  ai_service_start (service);
  h = ai_harness_new (service->uri, NULL);
  ai_push (h, 0);
  ai_pull_processed (h, 0, 0);
  ai_wait_state (h->element, "ready");
  ai_harness_free (h);
  ai_service_free (service);
}

GST_END_TEST;

/* ---- goes away ---- */

/* Ignores the second and third frame. */
static void
process_some (AiService * service, SoupWebsocketConnection * ws,
    const GstTryonFrameHeader * header, const guint8 * image, gsize size)
{
  if (header->sequence != 1 && header->sequence != 2)
    ai_service_process (service, ws, header, image, size);
}

static AiServiceDoFunc go_away[] = { ai_service_cut, ai_service_hang_up };

/* In mid-stream: what it has falls back at once, and it is found again. */
GST_START_TEST (test_goes_away)
{
  AiService *service = ai_service_new (process_some);
  GstHarness *h = ai_harness_new (service->uri, NULL);
  GstBus *bus = gst_element_get_bus (h->element);
  gchar *reason;

  ai_push (h, 0);
  ai_pull_processed (h, 0, 0);
  ai_push (h, 1);
  ai_push (h, 2);
  ai_service_wait (service, service->n_frames == 3);
  ai_service_do (service, go_away[__i__]);
  ai_pull_original (h, 1, 1);
  ai_pull_original (h, 2, 2);
  reason = wait_state_message (bus, "unavailable");
  if (__i__ == 1) {
    fail_unless (strstr (reason, "1001") != NULL, "reason: %s", reason);
    fail_unless (strstr (reason, "maintenance") != NULL, "reason: %s", reason);
  }
  g_free (reason);
  g_free (wait_state_message (bus, "ready"));
  ai_push (h, 3);
  ai_pull_processed (h, 3, 3);
  fail_unless_equals_uint64 (ai_count (h->element, "connections"), 2);
  fail_unless_equals_uint64 (ai_count (h->element, "outages"), 1);
  fail_unless_equals_int (g_atomic_int_get (&ai_warnings), 1);
  ai_check_account (h->element);
  gst_object_unref (bus);
  ai_harness_free (h);
  ai_service_free (service);
}

GST_END_TEST;

/* Dies of every frame. */
static void
die (AiService * service, SoupWebsocketConnection * ws,
    const GstTryonFrameHeader * header, const guint8 * image, gsize size)
{
  ai_service_cut (service, ws);
}

/* A service that comes back only to die is left more and more alone
 * (nnstreamer PR#4320), and frames go on. */
GST_START_TEST (test_dies_of_frames)
{
  AiService *service = ai_service_new (die);
  GstHarness *h = ai_harness_new (service->uri, NULL);
  gint64 until = g_get_monotonic_time () + 2 * G_USEC_PER_SEC;
  guint i;

  for (i = 0; g_get_monotonic_time () < until; i++) {
    ai_push (h, i);
    ai_pull_original (h, i, i);
    g_usleep (5000);
  }
  /* At 0, 50-100, 150-300, 350-700 and 750-1500, 1550-3100 ms. */
  fail_unless (ai_count (h->element, "outages") >= 3);
  fail_unless (ai_count (h->element, "outages") <= 7, "%d attempts",
      (gint) ai_count (h->element, "outages"));
  ai_check_account (h->element);
  ai_harness_free (h);
  ai_service_free (service);
}

GST_END_TEST;

/* Takes frames and says nothing for 5 s: lost. */
GST_START_TEST (test_silence)
{
  AiService *service = ai_service_new (ai_service_ignore);
  GstHarness *h = ai_harness_new (service->uri, "timeout", 50, NULL);
  GstBus *bus = gst_element_get_bus (h->element);
  gint64 start, took;
  gchar *reason;

  ai_wait_state (h->element, "ready");
  start = g_get_monotonic_time ();
  ai_push (h, 0);
  ai_pull_original (h, 0, 0);
  reason = wait_state_message (bus, "unavailable");
  took = g_get_monotonic_time () - start;
  fail_unless (took >= 5 * G_USEC_PER_SEC && took < 8 * G_USEC_PER_SEC);
  fail_unless (strstr (reason, "nothing came") != NULL, "reason: %s", reason);
  g_free (reason);
  gst_object_unref (bus);
  ai_harness_free (h);
  ai_service_free (service);
}

GST_END_TEST;

/* Nothing is to be said where nothing was asked. */
GST_START_TEST (test_idle_is_no_silence)
{
  AiService *service = ai_service_new (ai_service_process);
  GstHarness *h = ai_harness_new (service->uri, "timeout", 1000, NULL);

  ai_push (h, 0);
  ai_pull_processed (h, 0, 0);
  g_usleep (6 * G_USEC_PER_SEC);        /* longer than the silence it may be */
  fail_unless_equals_uint64 (ai_count (h->element, "outages"), 0);
  ai_push (h, 1);
  ai_pull_processed (h, 1, 1);
  ai_harness_free (h);
  ai_service_free (service);
}

GST_END_TEST;

/* ---- talks nonsense ---- */

static void
send_not_an_image (SoupWebsocketConnection * ws,
    const GstTryonFrameHeader * header)
{
  ai_service_answer (ws, header, (const guint8 *) "This is no image.", 17);
}

static void
send_truncated (SoupWebsocketConnection * ws,
    const GstTryonFrameHeader * header)
{
  ai_service_answer (ws, header, ai_answer_webp, sizeof (ai_answer_webp) - 6);
}

static void
send_empty (SoupWebsocketConnection * ws, const GstTryonFrameHeader * header)
{
  ai_service_answer (ws, header, NULL, 0);
}

static void
send_lying_length (SoupWebsocketConnection * ws,
    const GstTryonFrameHeader * header)
{
  GstTryonFrameHeader lie = *header;

  lie.type = GST_TRYON_FRAME_TYPE_PROCESSED;
  lie.payload_length = sizeof (ai_answer_webp) + 1;
  ai_service_send (ws, &lie, ai_answer_webp, sizeof (ai_answer_webp));
}

static void
send_drop_with_image (SoupWebsocketConnection * ws,
    const GstTryonFrameHeader * header)
{
  GstTryonFrameHeader lie = *header;

  lie.type = GST_TRYON_FRAME_TYPE_DROPPED;
  lie.payload_length = sizeof (ai_answer_webp);
  ai_service_send (ws, &lie, ai_answer_webp, sizeof (ai_answer_webp));
}

static void
send_wrong_version (SoupWebsocketConnection * ws,
    const GstTryonFrameHeader * header)
{
  guint8 data[GST_TRYON_PROTOCOL_HEADER_SIZE];

  gst_tryon_frame_header_write (header, data);
  data[0] = 2;
  soup_websocket_connection_send_binary (ws, data, sizeof (data));
}

static void
send_unknown_type (SoupWebsocketConnection * ws,
    const GstTryonFrameHeader * header)
{
  GstTryonFrameHeader lie = *header;

  lie.type = 99;
  ai_service_send (ws, &lie, ai_answer_webp, sizeof (ai_answer_webp));
}

static void
send_frame (SoupWebsocketConnection * ws, const GstTryonFrameHeader * header)
{
  ai_service_send (ws, header, ai_answer_webp, sizeof (ai_answer_webp));
}

static void
send_short (SoupWebsocketConnection * ws, const GstTryonFrameHeader * header)
{
  soup_websocket_connection_send_binary (ws, "\1\2\0", 3);
}

static void
send_nothing (SoupWebsocketConnection * ws, const GstTryonFrameHeader * header)
{
  soup_websocket_connection_send_binary (ws, NULL, 0);
}

static void
send_unknown_sequence (SoupWebsocketConnection * ws,
    const GstTryonFrameHeader * header)
{
  GstTryonFrameHeader lie = *header;

  lie.sequence += 1000;
  ai_service_answer (ws, &lie, ai_answer_webp, sizeof (ai_answer_webp));
}

static void
send_no_json (SoupWebsocketConnection * ws, const GstTryonFrameHeader * header)
{
  ai_service_say (ws, "Traceback (most recent call last):");
}

static void
send_wrong_config (SoupWebsocketConnection * ws,
    const GstTryonFrameHeader * header)
{
  ai_service_say (ws, "{\"type\":\"config\",\"max_in_flight\":\"many\"}");
}

static void
send_error (SoupWebsocketConnection * ws, const GstTryonFrameHeader * header)
{
  ai_service_say (ws, "{\"type\":\"error\",\"code\":\"INTERNAL\","
      "\"message\":\"out of paint\",\"recoverable\":true}");
}

typedef struct
{
  const gchar *name;
  void (*send) (SoupWebsocketConnection * ws,
      const GstTryonFrameHeader * header);
  /* It says which frame it means, so that this falls back at once. */
  gboolean is_answer;
} Nonsense;

static const Nonsense nonsense[] = {
  {"not an image", send_not_an_image, TRUE},
  {"truncated image", send_truncated, TRUE},
  {"no image", send_empty, TRUE},
  {"length that lies", send_lying_length, TRUE},
  {"drop with an image", send_drop_with_image, TRUE},
  {"wrong version", send_wrong_version, FALSE},
  {"unknown type", send_unknown_type, FALSE},
  {"a frame", send_frame, FALSE},
  {"three bytes", send_short, FALSE},
  {"no bytes", send_nothing, FALSE},
  {"unknown sequence", send_unknown_sequence, FALSE},
  {"no JSON", send_no_json, FALSE},
  {"wrong config", send_wrong_config, FALSE},
  {"error", send_error, FALSE},
};

static const Nonsense *next_nonsense;

/* Nonsense for odd frames; where it is no answer, one follows. */
static void
talk_nonsense (AiService * service, SoupWebsocketConnection * ws,
    const GstTryonFrameHeader * header, const guint8 * image, gsize size)
{
  if (header->sequence % 2 == 1)
    next_nonsense->send (ws, header);
  if (header->sequence % 2 == 0 || !next_nonsense->is_answer)
    ai_service_process (service, ws, header, image, size);
}

/* Costs at most the frame, is counted, and told once. */
GST_START_TEST (test_nonsense)
{
  const Nonsense *n = &nonsense[__i__];
  AiService *service;
  GstHarness *h;
  GstBus *bus;
  guint i;

  next_nonsense = n;
  service = ai_service_new (talk_nonsense);
  h = ai_harness_new (service->uri, NULL);
  bus = gst_element_get_bus (h->element);
  for (i = 0; i < 10; i++) {
    ai_push (h, i);
    if (n->is_answer && i % 2 == 1) {
      ai_pull_original (h, i, i);
    } else {
      ai_pull_processed (h, i, i);
    }
  }
  ai_wait_count (h->element, "faults", 5);
  fail_unless_equals_uint64 (ai_count (h->element, "faults"), 5);
  fail_unless_equals_uint64 (ai_count (h->element, "bad-answers"),
      n->is_answer ? 5 : 0);
  fail_unless_equals_uint64 (ai_count (h->element, "outages"), 0);
  fail_unless_equals_uint64 (ai_count (h->element, "connections"), 1);
  fail_unless_equals_int (g_atomic_int_get (&ai_warnings), 1);
  ai_check_account (h->element);
  gst_object_unref (bus);
  ai_harness_free (h);
  ai_service_free (service);
}

GST_END_TEST;

static void
answer_twice (AiService * service, SoupWebsocketConnection * ws,
    const GstTryonFrameHeader * header, const guint8 * image, gsize size)
{
  ai_service_process (service, ws, header, image, size);
  ai_service_process (service, ws, header, image, size);
}

GST_START_TEST (test_answers_twice)
{
  AiService *service = ai_service_new (answer_twice);
  GstHarness *h = ai_harness_new (service->uri, NULL);
  guint i;

  for (i = 0; i < 10; i++) {
    ai_push (h, i);
    ai_pull_processed (h, i, i);
  }
  ai_wait_count (h->element, "late-answers", 10);
  fail_unless_equals_int (gst_harness_buffers_received (h), 10);
  ai_harness_free (h);
  ai_service_free (service);
}

GST_END_TEST;

/* Backwards: what is answered first is the newest, and the rest is passed
 * over. */
static void
answer_backwards (AiService * service, SoupWebsocketConnection * ws,
    const GstTryonFrameHeader * header, const guint8 * image, gsize size)
{
  GstTryonFrameHeader answer = *header;

  if (header->sequence % 4 != 3)
    return;
  for (; answer.sequence + 4 != header->sequence; answer.sequence--)
    ai_service_process (service, ws, &answer, image, size);
}

GST_START_TEST (test_answers_backwards)
{
  AiService *service = ai_service_new (answer_backwards);
  GstHarness *h = ai_harness_new (service->uri, NULL);
  guint i;

  for (i = 0; i < 4; i++)
    ai_push (h, i);
  ai_pull_processed (h, 3, 3);
  ai_wait_count (h->element, "late-answers", 3);
  fail_unless_equals_uint64 (ai_count_drops (h->element, "superseded"), 3);
  ai_harness_free (h);
  ai_service_free (service);
}

GST_END_TEST;

/* A WebSocket that breaks RFC 6455 is the end of the connection, not of more. */
static void
break_framing (AiService * service, SoupWebsocketConnection * ws,
    const GstTryonFrameHeader * header, const guint8 * image, gsize size)
{
  GSocket *socket = g_object_get_data (G_OBJECT (ws), "socket");

  /* A reserved opcode. */
  if (header->sequence == 1)
    g_socket_send (socket, "\x83\x01x", 3, NULL, NULL);
  else
    ai_service_process (service, ws, header, image, size);
}

GST_START_TEST (test_framing_broken)
{
  AiService *service = ai_service_new (break_framing);
  GstHarness *h = ai_harness_new (service->uri, NULL);
  GstBus *bus = gst_element_get_bus (h->element);

  ai_push (h, 0);
  ai_pull_processed (h, 0, 0);
  ai_push (h, 1);
  ai_pull_original (h, 1, 1);
  g_free (wait_state_message (bus, "unavailable"));
  g_free (wait_state_message (bus, "ready"));
  ai_push (h, 2);
  ai_pull_processed (h, 2, 2);
  gst_object_unref (bus);
  ai_harness_free (h);
  ai_service_free (service);
}

GST_END_TEST;

static Suite *
tryonaisinkfaults_suite (void)
{
  Suite *s = suite_create ("tryonaisinkfaults");
  TCase *tc = tcase_create ("faults");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_nobody_there);
  tcase_add_test (tc, test_outage_told_once);
  tcase_add_test (tc, test_secrets_are_not_told);
  tcase_add_test (tc, test_comes_later);
  tcase_add_test (tc, test_refused_at_first);
  tcase_add_test (tc, test_never_accepting);
  tcase_add_test (tc, test_mute);
  tcase_add_test (tc, test_mute_but_working);
  tcase_add_loop_test (tc, test_goes_away, 0, G_N_ELEMENTS (go_away));
  tcase_add_test (tc, test_dies_of_frames);
  tcase_add_test (tc, test_silence);
  tcase_add_test (tc, test_idle_is_no_silence);
  tcase_add_loop_test (tc, test_nonsense, 0, G_N_ELEMENTS (nonsense));
  tcase_add_test (tc, test_answers_twice);
  tcase_add_test (tc, test_answers_backwards);
  tcase_add_test (tc, test_framing_broken);
  return s;
}

GST_CHECK_MAIN (tryonaisinkfaults);

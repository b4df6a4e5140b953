/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The signal session-connecting of tryonwssrc: the application decides. */

#include "wspipeline.h"

#define ECHO "tryonwssrc name=src port=0 ! tryonwssink"

/* A handler of the signal, and what it was asked. */
typedef struct
{
  gboolean answer;
  gint asked;                   /* atomic */
  GThread *thread;
  gchar *session_id;
  gchar *remote_address;
  gchar *origin;
} Porter;

static gboolean
on_connecting (GstElement * src, const gchar * session_id,
    const gchar * remote_address, const gchar * origin, Porter * porter)
{
  fail_unless (GST_IS_ELEMENT (src));
  g_free (porter->session_id);
  g_free (porter->remote_address);
  g_free (porter->origin);
  porter->session_id = g_strdup (session_id);
  porter->remote_address = g_strdup (remote_address);
  porter->origin = g_strdup (origin);
  porter->thread = g_thread_self ();
  g_atomic_int_inc (&porter->asked);
  return porter->answer;
}

static void
hire (WsPipeline * p, Porter * porter, gboolean answer)
{
  memset (porter, 0, sizeof (*porter));
  porter->answer = answer;
  g_signal_connect (p->src, "session-connecting", G_CALLBACK (on_connecting),
      porter);
}

static void
dismiss (Porter * porter)
{
  g_free (porter->session_id);
  g_free (porter->remote_address);
  g_free (porter->origin);
}

static void
expect_asked (Porter * porter, gint times)
{
  fail_unless_equals_int (g_atomic_int_get (&porter->asked), times);
}

/* (transfer full): whoever comes with this, taken or not. */
static WsClient *
come (WsPipeline * p, const gchar * id, const gchar * origin,
    const gchar * token, guint status)
{
  WsClient *client = ws_client_new_full (p->port, id, origin, token);

  fail_unless_equals_int (client->status, status);
  fail_unless_equals_int (client->ws != NULL, status == 101);
  return client;
}

/* ---- what it is asked ---- */

GST_START_TEST (test_arguments)
{
  WsPipeline *p = ws_pipeline_new ("tryonwssrc name=src port=0 "
      "allowed-origins=https://shop.example ! tryonwssink");
  Porter porter;
  WsClient *client;

  hire (p, &porter, TRUE);
  ws_pipeline_play (p);
  client = come (p, "alice", NULL, NULL, 101);
  expect_asked (&porter, 1);
  fail_unless_equals_string (porter.session_id, "alice");
  fail_unless_equals_string (porter.remote_address, "127.0.0.1");
  fail_unless (porter.origin == NULL);
  /* Not on the application's. */
  fail_unless (porter.thread != g_thread_self ());
  ws_client_init (client);
  ws_client_echo (client, 1, WS_PNG);

  /* Also who comes back is asked for. */
  ws_client_free (come (p, "alice", "https://shop.example", NULL, 101));
  expect_asked (&porter, 2);
  fail_unless_equals_string (porter.origin, "https://shop.example");
  ws_client_free (client);
  dismiss (&porter);
  ws_pipeline_free (p);
}

GST_END_TEST;

/* It is asked last: of those only that may come. */
GST_START_TEST (test_not_asked)
{
  WsPipeline *p = ws_pipeline_new ("tryonwssrc name=src port=0 session-id=a "
      "token=s3cret allowed-origins=https://shop.example ! tryonwssink");
  Porter porter;
  WsClient *client;

  hire (p, &porter, TRUE);
  ws_pipeline_play (p);
  ws_client_free (come (p, "b", NULL, "s3cret", 404));
  ws_client_free (come (p, "a", NULL, NULL, 401));
  ws_client_free (come (p, "a", NULL, "wrong", 401));
  ws_client_free (come (p, "a", "https://evil.example", "s3cret", 403));
  expect_asked (&porter, 0);
  client = come (p, "a", "https://shop.example", "s3cret", 101);
  expect_asked (&porter, 1);
  ws_client_close (client);
  dismiss (&porter);
  ws_pipeline_free (p);
}

GST_END_TEST;

/* ---- what it says ---- */

/* Refused clients are told, counted, and reported. */
GST_START_TEST (test_refuses)
{
  WsPipeline *p = ws_pipeline_new (ECHO);
  const GstStructure *s;
  GstMessage *message;
  Porter porter;
  gchar *request = ws_request ("/ws/try-on/alice/", WS_PROTOCOL_LINE);
  gchar *body;
  guint64 count;
  guint status;
  WsRaw *raw;

  hire (p, &porter, FALSE);
  ws_pipeline_play (p);
  raw = ws_raw_new (p->port);
  ws_raw_send (raw, request, strlen (request));
  fail_unless_equals_int (ws_raw_read_answer (raw, NULL, &body), 403);
  fail_unless (strstr (body, "\"code\":\"UNAUTHORIZED\"") != NULL, "%s", body);
  ws_raw_free (raw);
  g_free (body);

  message = ws_pipeline_wait_element (p, "tryon-session-refused");
  s = gst_message_get_structure (message);
  ws_expect_field (message, "session-id", "alice");
  ws_expect_field (message, "remote-address", "127.0.0.1");
  ws_expect_field (message, "code", "UNAUTHORIZED");
  fail_unless (strstr (gst_structure_get_string (s, "reason"),
          "application") != NULL);
  fail_unless (gst_structure_get_uint (s, "status", &status));
  fail_unless_equals_int (status, 403);
  fail_unless (gst_structure_get_uint64 (s, "count", &count));
  fail_unless_equals_uint64 (count, 1);
  gst_message_unref (message);
  fail_unless_equals_uint64 (ws_get_stat (p->src, "refused"), 1);
  fail_unless_equals_uint64 (ws_get_stat (p->src, "sessions"), 0);
  g_free (request);
  dismiss (&porter);
  ws_pipeline_free (p);
}

GST_END_TEST;

/* The first one that refuses decides, the ones behind it are not asked. */
GST_START_TEST (test_two_handlers)
{
  static const struct
  {
    gboolean first, second;
    guint status;
    gint second_asked;
  } rows[] = {
    {TRUE, TRUE, 101, 1},
    {TRUE, FALSE, 403, 1},
    {FALSE, TRUE, 403, 0},
    {FALSE, FALSE, 403, 0},
  };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (rows); i++) {
    WsPipeline *p = ws_pipeline_new (ECHO);
    Porter porters[2];

    hire (p, &porters[0], rows[i].first);
    hire (p, &porters[1], rows[i].second);
    ws_pipeline_play (p);
    ws_client_free (come (p, "a", NULL, NULL, rows[i].status));
    expect_asked (&porters[0], 1);
    expect_asked (&porters[1], rows[i].second_asked);
    dismiss (&porters[0]);
    dismiss (&porters[1]);
    ws_pipeline_free (p);
  }
}

GST_END_TEST;

/* Who is refused takes no session over, whoever it says it is. */
GST_START_TEST (test_refuses_a_takeover)
{
  WsPipeline *p = ws_pipeline_new_playing (ECHO);
  WsClient *client = ws_client_new (p->port, "a");
  Porter porter;

  ws_client_init (client);
  hire (p, &porter, FALSE);
  ws_client_free (come (p, "a", NULL, NULL, 403));
  ws_client_free (come (p, "b", NULL, NULL, 403));
  expect_asked (&porter, 2);
  ws_client_echo (client, 1, WS_PNG);
  ws_client_close (client);
  dismiss (&porter);
  ws_pipeline_free (p);
}

GST_END_TEST;

/* ---- what it may do ---- */

static gboolean
on_connecting_looks_around (GstElement * src, const gchar * session_id,
    const gchar * remote_address, const gchar * origin, gint * asked)
{
  const GstStructure *nested;
  GstStructure *stats;
  guint pending = 0, port = 0, fps;

  g_object_get (src, "stats", &stats, "current-port", &port, "target-fps", &fps,
      NULL);
  fail_unless (port > 0);
  nested = gst_value_get_structure (gst_structure_get_value (stats,
          "listener"));
  fail_unless (gst_structure_get_uint (nested, "connections-pending",
          &pending));
  fail_unless (pending >= 1);
  if (g_atomic_int_add (asked, 1) > 0)
    fail_unless (gst_structure_has_field (stats, "session"));
  gst_structure_free (stats);
  g_object_set (src, "target-fps", fps + 1, "max-in-flight", 5,
      "max-buffers", 3, NULL);
  gst_element_post_message (src, gst_message_new_element (GST_OBJECT (src),
          gst_structure_new_empty ("asked")));
  return TRUE;
}

static gint64
get_fps (GstStructure * message)
{
  GstStructure *config = gst_tryon_message_get_object (message, "config");
  gint64 fps;

  fail_unless (gst_structure_get_int64 (config != NULL ? config : message,
          "target_fps", &fps));
  g_clear_pointer (&config, gst_structure_free);
  gst_structure_free (message);
  return fps;
}

/* No lock is held: it may look at the element, set properties, which tells the
 * client that is there, and post messages. */
GST_START_TEST (test_runs_without_locks)
{
  WsPipeline *p = ws_pipeline_new ("tryonwssrc name=src port=0 target-fps=10 "
      "! tryonwssink");
  GstMessage *message;
  WsClient *client;
  gint asked = 0;

  g_signal_connect (p->src, "session-connecting",
      G_CALLBACK (on_connecting_looks_around), &asked);
  ws_pipeline_play (p);
  client = come (p, "a", NULL, NULL, 101);
  gst_message_unref (ws_pipeline_wait_element (p, "asked"));
  gst_message_unref (ws_pipeline_wait_element (p, "tryon-session-added"));
  ws_client_send_text (client, WS_INIT);
  /* What it set counts for the one that is connecting. */
  fail_unless_equals_int (get_fps (ws_client_next_text (client,
              "session_ready")), 11);

  ws_client_free (come (p, "b", NULL, NULL, 503));
  gst_message_unref (ws_pipeline_wait_element (p, "asked"));
  fail_unless_equals_int (get_fps (ws_client_next_text (client, "config")), 12);
  message = ws_pipeline_wait_element (p, "tryon-session-refused");
  gst_message_unref (message);
  fail_unless_equals_int (g_atomic_int_get (&asked), 2);
  ws_client_close (client);
  ws_pipeline_free (p);
}

GST_END_TEST;

static Suite *
tryonwssrcconnecting_suite (void)
{
  Suite *s = suite_create ("tryonwssrcconnecting");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_arguments);
  tcase_add_test (tc, test_not_asked);
  tcase_add_test (tc, test_refuses);
  tcase_add_test (tc, test_two_handlers);
  tcase_add_test (tc, test_refuses_a_takeover);
  tcase_add_test (tc, test_runs_without_locks);
  return s;
}

GST_CHECK_MAIN (tryonwssrcconnecting);

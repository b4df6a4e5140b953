/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Settings of tryonwssrc that are wrong, or don't agree, and what they limit. */

#include <glib/gstdio.h>

#include "wspipeline.h"

#define ECHO "tryonwssrc name=src port=0 ! tryonwssink"

/* (transfer full) */
static gchar *
get_path (const gchar * name)
{
  const gchar *data = g_getenv ("TRYON_TEST_DATA");

  fail_unless (data != NULL, "TRYON_TEST_DATA is not set");
  return g_build_filename (data, "tls", name, NULL);
}

/* ---- certificate and private-key ---- */

/* Both are set (nullable); it can't start, and says why in one error that has
 * all of @words. */
static void
expect_tls_error (const gchar * certificate, const gchar * private_key,
    const gchar * words)
{
  WsPipeline *p = ws_pipeline_new (ECHO);

  g_object_set (p->src, "certificate", certificate, "private-key", private_key,
      NULL);
  ws_pipeline_expect_error (p, GST_RESOURCE_ERROR_SETTINGS, words);
}

GST_START_TEST (test_certificate_that_cannot_be_used)
{
  gchar *folder = g_dir_make_tmp ("tryon-XXXXXX", NULL);
  gchar *missing = g_build_filename (folder, "missing.pem", NULL);
  gchar *words = g_build_filename (folder, "words.pem", NULL);
  gchar *good = get_path ("localhost.pem"), *other = get_path ("other.pem");
  const struct
  {
    const gchar *certificate, *private_key;
    const gchar *named;         /* the property that is to blame */
    const gchar *path;          /* and what else it must say */
  } rows[] = {
    {missing, good, "'certificate'", missing},
    {good, missing, "'private-key'", missing},
    {missing, missing, "'certificate'", missing},
    {good, NULL, "'private-key'", good},
    {NULL, good, "'certificate'", good},
    {words, good, "'certificate'", words},
    {good, words, "'private-key'", words},
    {"", good, "'certificate'", "can't read"},
    {folder, good, "'certificate'", folder},
    {good, other, "'private-key'", other},
    {other, good, "'certificate'", other},
  };
  guint i;

  fail_unless (g_file_set_contents (words, "No PEM.\n", -1, NULL));
  for (i = 0; i < G_N_ELEMENTS (rows); i++) {
    gchar *all = g_strdup_printf ("TLS|%s|%s", rows[i].named, rows[i].path);

    expect_tls_error (rows[i].certificate, rows[i].private_key, all);
    g_free (all);
  }
  g_unlink (words);
  g_rmdir (folder);
  g_free (folder);
  g_free (missing);
  g_free (words);
  g_free (good);
  g_free (other);
}

GST_END_TEST;

/* ---- elements that share a port ---- */

/* A pipeline that plays at a port it does not have for itself alone. */
static WsPipeline *
play_shared (const gchar * properties)
{
  gchar *launch = g_strdup_printf ("tryonwssrc name=src session-id=a %s "
      "! tryonwssink", properties);
  WsPipeline *p = ws_pipeline_new_playing (ECHO);
  guint port = p->port;

  ws_pipeline_free (p);
  p = ws_pipeline_new (launch);
  g_object_set (p->src, "port", port, NULL);
  ws_pipeline_play (p);
  g_free (launch);
  return p;
}

/* One certificate for all of them. */
GST_START_TEST (test_another_certificate_at_one_port)
{
  gchar *certificates[] = {
    NULL, get_path ("localhost.pem"), get_path ("other.pem")
  };
  static const gchar *const words[3][3] = {
    {NULL, "without TLS", "without TLS"},
    {"with TLS", NULL, "another certificate"},
    {"with TLS", "another certificate", NULL},
  };
  guint i, j;

  for (i = 0; i < G_N_ELEMENTS (certificates); i++) {
    gchar *properties = i == 0 ? g_strdup ("") :
        g_strdup_printf ("certificate=%s private-key=%s", certificates[i],
        certificates[i]);
    WsPipeline *first = play_shared (properties), *second;

    for (j = 0; j < G_N_ELEMENTS (certificates); j++) {
      second = ws_pipeline_new (ECHO);
      g_object_set (second->src, "port", first->port, "session-id", "b",
          "certificate", certificates[j], "private-key", certificates[j], NULL);
      if (i == j) {
        ws_pipeline_play (second);
        ws_pipeline_free (second);
      } else {
        gchar *all = g_strdup_printf ("127.0.0.1:%u|%s|same certificate",
            first->port, words[i][j]);

        ws_pipeline_expect_error (second, GST_RESOURCE_ERROR_SETTINGS, all);
        g_free (all);
      }
    }
    ws_pipeline_free (first);
    g_free (properties);
  }
  for (i = 1; i < G_N_ELEMENTS (certificates); i++)
    g_free (certificates[i]);
}

GST_END_TEST;

/* Of limits those stay that the first one opened it with. */
GST_START_TEST (test_other_limits_at_one_port)
{
  WsPipeline *first = play_shared ("max-connections=2"), *second;
  WsClient *a, *b;
  WsRaw *raw;

  second = ws_pipeline_new (ECHO);
  g_object_set (second->src, "port", first->port, "session-id", "b",
      "max-connections", 100, NULL);
  ws_pipeline_play (second);
  a = ws_client_new (first->port, "a");
  b = ws_client_new (first->port, "b");
  ws_client_init (a);
  ws_client_init (b);
  raw = ws_raw_new (first->port);
  fail_if (ws_raw_read (raw), "there are too many, and it is answered");
  ws_raw_free (raw);
  ws_client_echo (a, 1, WS_PNG);
  ws_client_echo (b, 1, WS_PNG);
  ws_client_close (a);
  ws_client_close (b);
  ws_pipeline_free (first);
  ws_pipeline_free (second);
}

GST_END_TEST;

/* ---- max-json-depth ---- */

/* Deeper is refused, costs itself only, and is no matter of the next client's. */
GST_START_TEST (test_max_json_depth)
{
  WsPipeline *p = ws_pipeline_new_playing ("tryonwssrc name=src port=0 "
      "max-json-depth=4 ! tryonwssink");
  WsClient *client = ws_client_new (p->port, "a");
  GstStructure *message;

  ws_client_send_text (client,
      "{\"type\":\"init_session\",\"a\":{\"b\":{\"c\":[]}}}");
  gst_structure_free (ws_client_next_text (client, "session_ready"));
  ws_client_send_text (client,
      "{\"type\":\"init_session\",\"a\":{\"b\":{\"c\":[{}]}}}");
  message = ws_client_next_text (client, "error");
  fail_unless_equals_string (gst_structure_get_string (message, "code"),
      "BAD_MESSAGE");
  GST_INFO ("%s", gst_structure_get_string (message, "message"));
  gst_structure_free (message);
  ws_client_echo (client, 1, WS_PNG);
  ws_client_close (client);

  gst_element_set_state (p->pipeline, GST_STATE_NULL);
  g_object_set (p->src, "max-json-depth", 5, NULL);
  ws_pipeline_play (p);
  client = ws_client_new (p->port, "a");
  ws_client_send_text (client,
      "{\"type\":\"init_session\",\"a\":{\"b\":{\"c\":[{}]}}}");
  gst_structure_free (ws_client_next_text (client, "session_ready"));
  ws_client_close (client);
  ws_pipeline_free (p);
}

GST_END_TEST;

static Suite *
tryonwssrcsettings_suite (void)
{
  Suite *s = suite_create ("tryonwssrcsettings");
  TCase *tc;

  tc = tcase_create ("limits");
  tcase_add_test (tc, test_max_json_depth);
  tcase_add_test (tc, test_other_limits_at_one_port);
  suite_add_tcase (s, tc);

  tc = tcase_create ("tls");
  suite_add_tcase (s, tc);
  if (!g_tls_backend_supports_tls (g_tls_backend_get_default ())) {
    GST_WARNING ("GIO has no TLS here: certificates are not tested");
    return s;
  }
  tcase_add_test (tc, test_certificate_that_cannot_be_used);
  tcase_add_test (tc, test_another_certificate_at_one_port);
  return s;
}

GST_CHECK_MAIN (tryonwssrcsettings);

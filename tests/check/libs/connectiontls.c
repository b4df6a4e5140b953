/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Handshake and connection over TLS, as GIO does it. */

#include "wsattempt.h"

static gchar *
certificate_path (void)
{
  const gchar *data = g_getenv ("TRYON_TEST_DATA");

  fail_unless (data != NULL, "TRYON_TEST_DATA is not set");
  return g_build_filename (data, "tls", "localhost.pem", NULL);
}

/* This process trusts the test's certificate, or again only the system's. */
static void
trust (gboolean ours)
{
  gchar *path = certificate_path ();
  GTlsDatabase *database = NULL;

  if (ours) {
    database = g_tls_file_database_new (path, NULL);
    fail_unless (database != NULL);
  }
  g_tls_backend_set_default_database (g_tls_backend_get_default (), database);
  g_clear_object (&database);
  g_free (path);
}

/* Both ends over TLS: @client on the attempt's loop, @server on its own. */
static void
make_tls_ends (Server * server, Attempt * attempt, End ** client,
    End ** server_end)
{
  GstTryonLoop *loop = gst_tryon_loop_new ("tls-server");
  gchar *path = certificate_path ();

  server->answer = OK;
  server->certificate = g_tls_certificate_new_from_file (path, NULL);
  fail_unless (server->certificate != NULL);
  server_start (server, attempt, PATH);
  attempt_start (attempt);
  attempt_wait (attempt);
  *client = attempt_take_end (attempt);
  server_join (server);
  *server_end = end_new (loop, g_steal_pointer (&server->stream),
      GST_TRYON_CONNECTION_SERVER, 0);
  gst_object_unref (loop);
  g_free (path);
}

/* Large messages both ways at once, with pings in between: what a TLS stream
 * was given once must be given again the same. */
GST_START_TEST (test_echo)
{
  gsize size = 2 * 1024 * 1024, i;
  GstBuffer *payload = gst_buffer_new_allocate (NULL, size, NULL);
  guint8 *data = g_malloc (size);
  Attempt attempt = { NULL, };
  Server server = { NULL, };
  End *ends[2];
  guint n;

  trust (TRUE);
  for (i = 0; i < size; i++)
    data[i] = i % 251;
  gst_buffer_fill (payload, 0, data, size);
  make_tls_ends (&server, &attempt, &ends[0], &ends[1]);
  for (n = 1; n <= 5; n++) {
    for (i = 0; i < 2; i++) {
      end_wait_writable (ends[i]);
      fail_unless (end_send_binary (ends[i], NULL, 0, payload));
      end_call (ends[i], end_ping);
    }
    end_expect (ends[0], FALSE, data, size);
    end_expect (ends[1], FALSE, data, size);
  }
  for (i = 0; i < 2; i++)
    end_wait_writable (ends[i]);
  gst_buffer_unref (payload);
  end_close (ends[__i__], 1001, "done");
  end_expect_closed (ends[!__i__], 1001, "done");
  end_expect_closed (ends[__i__], 1001, "");
  end_free (ends[0]);
  end_free (ends[1]);
  attempt_clear (&attempt);
  server_clear (&server);
  trust (FALSE);
  g_free (data);
}

GST_END_TEST;

static gboolean
wait_to_be_told (gpointer user_data)
{
  End *end = user_data;

  end_wait (end, end->n_gone == 77);
  return G_SOURCE_REMOVE;
}

/* A peer that reads nothing, by TLS: no thread waits for it. */
GST_START_TEST (test_deaf_peer)
{
  GstBuffer *payload = gst_buffer_new_allocate (NULL, 4 * 1024 * 1024, NULL);
  Attempt attempt = { NULL, };
  Server server = { NULL, };
  End *client, *deaf;
  gint64 start;

  trust (TRUE);
  gst_buffer_memset (payload, 0, 0, -1);
  make_tls_ends (&server, &attempt, &client, &deaf);
  /* Its loop stands still until it is told to go on. */
  gst_tryon_loop_invoke (deaf->loop, wait_to_be_told, deaf, NULL);
  fail_unless (end_send_binary (client, NULL, 0, payload));
  while (end_is_writable (client))
    fail_unless (end_send_binary (client, NULL, 0, payload));
  start = g_get_monotonic_time ();
  end_close (client, 1001, NULL);
  end_expect_closed (client, 1006, NULL);
  fail_unless (g_get_monotonic_time () - start <
      (CLOSE_TIMEOUT + 5000) * G_TIME_SPAN_MILLISECOND);
  ASSERT_MINI_OBJECT_REFCOUNT (payload, "payload", 1);
  gst_buffer_unref (payload);
  end_free (client);

  g_mutex_lock (&deaf->lock);
  deaf->n_gone = 77;
  g_cond_broadcast (&deaf->cond);
  g_mutex_unlock (&deaf->lock);
  end_expect_closed (deaf, 1006, NULL);
  deaf->n_gone = 0;
  end_free (deaf);
  attempt_clear (&attempt);
  server_clear (&server);
  trust (FALSE);
}

GST_END_TEST;

GST_START_TEST (test_untrusted)
{
  gchar *path = certificate_path ();
  Server server = { OK, };
  Attempt attempt = { NULL, };

  server.certificate = g_tls_certificate_new_from_file (path, NULL);
  server_start (&server, &attempt, PATH);
  attempt_start (&attempt);
  attempt_wait (&attempt);
  fail_unless (g_error_matches (attempt.error, GST_TRYON_ERROR,
          GST_TRYON_ERROR_AI_SERVICE_UNAVAILABLE), "%s",
      attempt.error ? attempt.error->message : "trusted");
  GST_DEBUG ("%s", attempt.error->message);
  attempt_clear (&attempt);
  server_clear (&server);
  g_free (path);
}

GST_END_TEST;

static Suite *
connection_tls_suite (void)
{
  Suite *s = suite_create ("connectiontls");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  if (!g_tls_backend_supports_tls (g_tls_backend_get_default ())) {
    GST_WARNING ("GIO has no TLS here: nothing is tested");
    return s;
  }
  tcase_add_loop_test (tc, test_echo, 0, 2);
  tcase_add_test (tc, test_deaf_peer);
  tcase_add_test (tc, test_untrusted);
  return s;
}

GST_CHECK_MAIN (connection_tls);

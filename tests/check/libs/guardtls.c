/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The limits of a listener that does TLS. */

#include "guardtest.h"

/* Milliseconds; more than a tick of the loop: what ends at the next is early. */
#define TIMEOUT (GST_TRYON_LOOP_TICK + 200)

/* (transfer full) */
static GTlsCertificate *
load_certificate (const gchar * name)
{
  const gchar *data = g_getenv ("TRYON_TEST_DATA");
  GTlsCertificate *certificate;
  GError *error = NULL;
  gchar *path;

  fail_unless (data != NULL, "TRYON_TEST_DATA is not set");
  path = g_build_filename (data, "tls", name, NULL);
  certificate = g_tls_certificate_new_from_file (path, &error);
  fail_unless (certificate != NULL, "%s", error ? error->message : "");
  g_free (path);
  return certificate;
}

static void
tls_open (Guarded * guarded, GstTryonListenerOptions * options)
{
  options->certificate = load_certificate ("localhost.pem");
  guarded_open (guarded, options);
  g_clear_object (&options->certificate);
}

static gboolean
accept_any (GTlsConnection * connection, GTlsCertificate * certificate,
    GTlsCertificateFlags errors, gpointer user_data)
{
  return TRUE;
}

/* (transfer full): TLS over @raw, hands shaken. */
static GIOStream *
shake_hands (WsRaw * raw)
{
  GSocketConnection *plain =
      g_socket_connection_factory_create_connection (raw->socket);
  GError *error = NULL;
  GIOStream *tls = g_tls_client_connection_new (G_IO_STREAM (plain), NULL,
      &error);

  fail_unless (tls != NULL, "%s", error ? error->message : "");
  g_signal_connect (tls, "accept-certificate", G_CALLBACK (accept_any), NULL);
  fail_unless (g_tls_connection_handshake (G_TLS_CONNECTION (tls), NULL,
          &error), "%s", error ? error->message : "");
  g_object_unref (plain);
  return tls;
}

static void
tls_send (GIOStream * tls, gconstpointer data, gsize size)
{
  GError *error = NULL;

  fail_unless (g_output_stream_write_all (g_io_stream_get_output_stream (tls),
          data, size, NULL, NULL, &error), "%s", error ? error->message : "");
}

/* Reads until @end comes; %FALSE when the connection ends before. */
static gboolean
tls_read_until (GIOStream * tls, const gchar * end)
{
  GString *text = g_string_new (NULL);
  gboolean found;
  gchar byte;

  while (!(found = g_str_has_suffix (text->str, end))
      && g_input_stream_read (g_io_stream_get_input_stream (tls), &byte, 1,
          NULL, NULL) == 1)
    g_string_append_c (text, byte);
  fail_unless (found || text->len == 0, "only %s", text->str);
  g_string_free (text, TRUE);
  return found;
}

/* A handshake, a WebSocket, and what is counted meanwhile. */
GST_START_TEST (test_there_and_back)
{
  GstTryonListenerOptions options = make_options ();
  gchar *request = ws_request ("/ws/try-on/a/", WS_PROTOCOL_LINE);
  GByteArray *ping = g_byte_array_new ();
  Guarded guarded;
  GIOStream *tls;
  WsRaw *raw;

  tls_open (&guarded, &options);
  raw = ws_raw_new (guarded.port);
  guarded_wait (&guarded, "connections-pending", 1);
  tls = shake_hands (raw);
  guarded_expect (&guarded, "connections-pending", 1);
  tls_send (tls, request, strlen (request));
  fail_unless (tls_read_until (tls, "\r\n\r\n"));
  guarded_wait (&guarded, "connections-pending", 0);
  guarded_expect (&guarded, "connections", 1);

  ws_append_frame (ping, GST_TRYON_WS_OPCODE_PING, "tls", 3);
  tls_send (tls, ping->data, ping->len);
  fail_unless (tls_read_until (tls, "tls"));
  fail_unless_equals_int (g_atomic_int_get (&guarded.admitted), 1);
  guarded_expect (&guarded, "connections-accepted", 1);
  g_object_unref (tls);
  ws_raw_free (raw);
  g_byte_array_unref (ping);
  g_free (request);
  guarded_close (&guarded);
}

GST_END_TEST;

/* It is the request's bytes that count, not those of TLS. */
GST_START_TEST (test_max_header_bytes)
{
  GstTryonListenerOptions options = make_options ();
  Guarded guarded;
  guint extra;

  options.max_header_bytes = 512;
  tls_open (&guarded, &options);
  for (extra = 0; extra < 2; extra++) {
    static const gchar format[] = "GET /%s HTTP/1.1\r\nHost: a\r\n\r\n";
    gchar *pad = g_strnfill (512 + extra - (strlen (format) - 2), 'a');
    gchar *request = g_strdup_printf (format, pad);
    WsRaw *raw = ws_raw_new (guarded.port);
    GIOStream *tls = shake_hands (raw);

    tls_send (tls, request, strlen (request));
    fail_unless_equals_int (tls_read_until (tls, "\r\n\r\n"), extra == 0);
    guarded_expect (&guarded, "headers-too-large", extra);
    g_object_unref (tls);
    ws_raw_free (raw);
    g_free (request);
    g_free (pad);
  }
  guarded_close (&guarded);
}

GST_END_TEST;

/* TLS is a part of the handshake, and has no time of its own. */
GST_START_TEST (test_handshake_timeout)
{
  GstTryonListenerOptions options = make_options ();
  /* What a ClientHello of 512 bytes begins with. */
  static const gchar hello[] = { 0x16, 3, 1, 2, 0, 1, 0, 1, (gchar) 0xfc };
  Guarded guarded;
  gint64 start;
  GIOStream *tls;
  WsRaw *raw;
  guint i;

  options.handshake_timeout = TIMEOUT;
  tls_open (&guarded, &options);
  for (i = 0; i < 2; i++) {
    start = g_get_monotonic_time ();
    raw = ws_raw_new (guarded.port);
    ws_raw_send (raw, hello, i * sizeof (hello));
    expect_closed_unanswered (raw);
    fail_unless (g_get_monotonic_time () - start >= TIMEOUT * 1000);
    guarded_expect (&guarded, "handshakes-timed-out", i + 1);
    ws_raw_free (raw);
  }
  /* Through with TLS, silent after. On a busy machine it may not even be. */
  start = g_get_monotonic_time ();
  raw = ws_raw_new (guarded.port);
  tls = shake_hands (raw);
  fail_if (tls_read_until (tls, "\r\n\r\n"));
  fail_unless (g_get_monotonic_time () - start >= TIMEOUT * 1000);
  guarded_expect (&guarded, "handshakes-timed-out", 3);
  g_object_unref (tls);
  ws_raw_free (raw);
  guarded_close (&guarded);
}

GST_END_TEST;

/* More than GIO has threads for; with ThreadSanitizer each takes half a second. */
#define N_SILENT 16

/* GIO has ten threads for handshakes. Silent connections, of which a browser opens
 * some in advance, must not take them all: with 128 pending this took as long as
 * their timeout. */
GST_START_TEST (test_healthy_among_silent)
{
  GstTryonListenerOptions options = make_options ();
  WsRaw *silent[N_SILENT], *raw;
  Guarded guarded;
  GIOStream *tls;
  guint i;

  tls_open (&guarded, &options);
  for (i = 0; i < N_SILENT; i++)
    silent[i] = ws_raw_new (guarded.port);
  guarded_wait (&guarded, "connections-accepted", N_SILENT);
  guarded_wait (&guarded, "handshakes-superseded", N_SILENT - 8);
  guarded_wait (&guarded, "connections-pending", 8);
  raw = ws_raw_new (guarded.port);
  tls = shake_hands (raw);
  g_object_unref (tls);
  ws_raw_free (raw);
  for (i = 0; i < N_SILENT; i++)
    ws_raw_free (silent[i]);
  guarded_close (&guarded);
}

GST_END_TEST;

/* Who speaks HTTP to it is not served, and does not stay. */
GST_START_TEST (test_plain_bytes)
{
  GstTryonListenerOptions options = make_options ();
  gchar *request = ws_request ("/ws/try-on/a/", WS_PROTOCOL_LINE);
  Guarded guarded;
  WsRaw *raw;

  options.handshake_timeout = TIMEOUT;
  tls_open (&guarded, &options);
  raw = ws_raw_new (guarded.port);
  ws_raw_send (raw, request, strlen (request));
  /* An alert of TLS may come. */
  while (ws_raw_read (raw));
  fail_if (g_strstr_len ((gchar *) raw->in->data, raw->in->len, "HTTP"));
  guarded_wait (&guarded, "connections", 0);
  guarded_expect (&guarded, "connections-pending", 0);
  fail_unless_equals_int (g_atomic_int_get (&guarded.admitted), 0);
  ws_raw_free (raw);
  g_free (request);
  guarded_close (&guarded);
}

GST_END_TEST;

/* However far they came: a listener that goes away ends them. */
GST_START_TEST (test_freed_with_pending_handshakes)
{
  GstTryonListenerOptions options = make_options ();
  Guarded guarded;
  WsRaw *raws[3];
  GIOStream *tls;
  gint64 start;
  guint i;

  tls_open (&guarded, &options);
  for (i = 0; i < G_N_ELEMENTS (raws); i++)
    raws[i] = ws_raw_new (guarded.port);
  ws_raw_send (raws[1], "\x16\x03\x01", 3);
  tls = shake_hands (raws[2]);
  tls_send (tls, "GET /", 5);
  guarded_wait (&guarded, "connections-pending", G_N_ELEMENTS (raws));
  gst_tryon_listener_remove_endpoint (guarded.listener, guarded.id);
  start = g_get_monotonic_time ();
  gst_object_unref (guarded.listener);
  expect_closed_unanswered (raws[0]);
  expect_closed_unanswered (raws[1]);
  fail_if (tls_read_until (tls, "\r\n\r\n"));
  fail_unless (g_get_monotonic_time () - start < 5 * G_USEC_PER_SEC);
  g_object_unref (tls);
  for (i = 0; i < G_N_ELEMENTS (raws); i++)
    ws_raw_free (raws[i]);
}

GST_END_TEST;

/* Of one port there is one certificate, or none. */
GST_START_TEST (test_sharing)
{
  GTlsCertificate *certificates[] = {
    NULL, load_certificate ("localhost.pem"), load_certificate ("other.pem")
  };
  GstTryonListenerOptions options = make_options (), other = make_options ();
  GTlsCertificate *same = load_certificate ("localhost.pem");
  GstTryonListener *first, *second;
  Guarded guarded;
  guint i, j, port;

  guarded_open (&guarded, &options);
  port = guarded.port;
  guarded_close (&guarded);
  for (i = 0; i < G_N_ELEMENTS (certificates); i++) {
    options.certificate = certificates[i];
    first = gst_tryon_listener_get ("127.0.0.1", port, &options, NULL);
    fail_unless (first != NULL);
    for (j = 0; j < G_N_ELEMENTS (certificates); j++) {
      GError *error = NULL;

      /* Loaded again it is the same. */
      other.certificate = j == 1 ? same : certificates[j];
      second = gst_tryon_listener_get ("127.0.0.1", port, &other, &error);
      if (i == j) {
        fail_unless (second == first);
        gst_object_unref (second);
        continue;
      }
      fail_unless (second == NULL);
      GST_INFO ("%s", error->message);
      fail_unless (strstr (error->message, "is open already") != NULL);
      fail_unless (strstr (error->message, i == 0 ? "without TLS" :
              j == 0 ? "with TLS" : "another certificate") != NULL, "%s",
          error->message);
      g_error_free (error);
    }
    gst_object_unref (first);
  }
  for (i = 1; i < G_N_ELEMENTS (certificates); i++)
    g_object_unref (certificates[i]);
  g_object_unref (same);
}

GST_END_TEST;

static Suite *
guardtls_suite (void)
{
  Suite *s = suite_create ("guardtls");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  if (!g_tls_backend_supports_tls (g_tls_backend_get_default ())) {
    GST_WARNING ("GIO has no TLS here: nothing is tested");
    return s;
  }
  tcase_add_test (tc, test_there_and_back);
  tcase_add_test (tc, test_max_header_bytes);
  tcase_add_test (tc, test_handshake_timeout);
  tcase_add_test (tc, test_healthy_among_silent);
  tcase_add_test (tc, test_plain_bytes);
  tcase_add_test (tc, test_freed_with_pending_handshakes);
  tcase_add_test (tc, test_sharing);
  return s;
}

GST_CHECK_MAIN (guardtls);

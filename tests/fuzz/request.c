/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fuzz target: what comes in at a listening socket. The input goes to a real
 * listener over a real connection, and ends there; the answer has to come and to
 * end in time, and neither the connection nor its session may stay. What follows
 * a good request are the bytes of a WebSocket, and go all the way to a session. */

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <gst/tryon/tryon.h>

#include "fuzz.h"

/* Seconds that an answer may take, on a machine with much else to do. */
#define PATIENCE 20
/* Small enough for inputs to be too large. */
#define MAX_HEADER 2048

static GstTryonListener *listener;
static gint sessions;           /* atomic: alive */

static void
on_session_gone (gpointer user_data, GObject * session)
{
  g_atomic_int_add (&sessions, -1);
}

static GstTryonSession *
admit (const GstTryonRequest * request, gpointer user_data, GError ** error)
{
  GstTryonSession *session;

  g_assert (gst_tryon_session_id_is_valid (request->session_id));
  if (g_str_equal (request->session_id, "gone")) {
    g_set_error_literal (error, GST_TRYON_ERROR,
        GST_TRYON_ERROR_SESSION_EXPIRED, "gone");
    return NULL;
  }
  session = gst_tryon_session_new (request->session_id, NULL);
  g_atomic_int_inc (&sessions);
  g_object_weak_ref (G_OBJECT (session), on_session_gone, NULL);
  return session;
}

static void
refused (const GstTryonRequest * request, guint status, const GError * error,
    gpointer user_data)
{
  g_assert_cmpuint (status, >=, 400);
  g_assert_cmpuint (status, <, 600);
  g_assert (g_utf8_validate (error->message, -1, NULL));
}

static void
add_endpoint (const gchar * session_id, const gchar * token,
    const gchar * origins)
{
  GstTryonEndpoint endpoint = { session_id, token, origins,
    GST_TRYON_CONNECTION_LIMITS_INIT, admit, NULL, refused
  };
  GError *error = NULL;

  endpoint.limits.max_message_bytes = 1024;
  endpoint.limits.max_text_bytes = 512;
  endpoint.limits.max_fragments = 8;
  gst_tryon_listener_add_endpoint (listener, &endpoint, NULL, NULL, &error);
  g_assert_no_error (error);
}

static void
start (void)
{
  GstTryonListenerOptions options = GST_TRYON_LISTENER_OPTIONS_INIT;
  GError *error = NULL;
  sigset_t alarm;

  /* libFuzzer looks after slow inputs by an alarm, which ends a recv() with a
   * timeout. That timeout looks after them here. */
  sigemptyset (&alarm);
  sigaddset (&alarm, SIGALRM);
  pthread_sigmask (SIG_BLOCK, &alarm, NULL);

  options.max_header_bytes = MAX_HEADER;
  /* Whatever ends here ends because its bytes do. */
  options.handshake_timeout = 4 * PATIENCE * 1000;
  listener = gst_tryon_listener_get ("127.0.0.1", 0, &options, &error);
  g_assert_no_error (error);
  add_endpoint (NULL, NULL, NULL);
  add_endpoint ("secret", "abc", "https://example.com, http://[::1]:8080");
}

static gint
connect_client (void)
{
  struct sockaddr_in address = { 0 };
  struct timeval patience = { PATIENCE, 0 };
  gint fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  address.sin_family = AF_INET;
  address.sin_port = htons (gst_tryon_listener_get_port (listener));
  address.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  g_assert_cmpint (fd, >=, 0);
  setsockopt (fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof (patience));
  setsockopt (fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof (patience));
  g_assert_cmpint (connect (fd, (struct sockaddr *) &address,
          sizeof (address)), ==, 0);
  return fd;
}

/* Until the server closes; it may do so before it has read everything. */
static void
take_answer (gint fd)
{
  gchar bytes[4096];
  gboolean begun = FALSE;
  gssize n;

  while ((n = recv (fd, bytes, sizeof (bytes), 0)) > 0) {
    if (!begun)
      g_assert (memcmp (bytes, "HTTP/1.", MIN (n, 7)) == 0);
    begun = TRUE;
  }
  g_assert (n == 0 || errno == ECONNRESET);
}

/* The connection is closed: its last references go right after that. */
static void
wait_for_nothing (void)
{
  gint64 end = g_get_monotonic_time () + PATIENCE * G_TIME_SPAN_SECOND;
  GstStructure *stats;
  guint connections;

  do {
    stats = gst_tryon_listener_get_stats (listener);
    gst_structure_get (stats, "connections", G_TYPE_UINT, &connections, NULL);
    gst_structure_free (stats);
    if (connections == 0 && g_atomic_int_get (&sessions) == 0)
      return;
    g_thread_yield ();
  } while (g_get_monotonic_time () < end);
  g_error ("%u connections and %d sessions stayed", connections,
      g_atomic_int_get (&sessions));
}

gint
LLVMFuzzerTestOneInput (const guint8 * data, gsize size)
{
  gint fd;

  if (listener == NULL)
    start ();
  fd = connect_client ();
  while (size > 0) {
    gssize n = send (fd, data, size, MSG_NOSIGNAL);

    if (n < 0) {
      g_assert (errno == ECONNRESET || errno == EPIPE);
      break;
    }
    data += n;
    size -= n;
  }
  shutdown (fd, SHUT_WR);
  take_answer (fd);
  close (fd);
  wait_for_nothing ();
  return 0;
}

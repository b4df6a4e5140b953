/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Load generator: many WebSocket clients in one epoll thread, made to be much
 * cheaper than any server it drives. It sends one frame over and over, masked
 * with a key of zeroes (a legal key, which leaves the bytes as they are), and
 * reads only the headers of what comes back.
 *
 * Closed loop (--fps 0): each client keeps --in-flight frames unanswered; the
 * latency counts from the send. Paced (--fps N): each client's frames are due
 * at fixed times, and the latency counts from when a frame was due, so that a
 * stall is not hidden by the frames that were not sent meanwhile. A frame that
 * is due while --in-flight are unanswered, or while the socket is full, is
 * skipped and counted. With --open the number of unanswered frames does not
 * matter: an ill-behaved client, which sends whenever a frame is due.
 *
 * --never-read N: when measuring begins, the first N clients stop reading and
 * send on, however many frames are unanswered. They count in nothing but
 * deaf_frames; when the server ends such a connection, it is made again.
 *
 * At the end (or at SIGTERM, which comes to the end at once) nothing more is
 * sent, and what is still unanswered gets --drain seconds. Prints one line of
 * JSON. */

#define _GNU_SOURCE
#include "load.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>

LoadOptions options = {
  .port = 8001,
  .clients = 100,
  .frame_bytes = 45000,
  .in_flight = 1,
  .seconds = 5,
  .warmup = 1,
  .drain = 3,
};

LoadCounts counts;
LoadFaults faults;
gboolean measuring;
gboolean draining;
gint epoll_fd;

static LoadClient *clients;
static gdouble start;           /* when the first frame is due */
static guint64 n_due;           /* frames of all clients that were due so far */
static volatile sig_atomic_t stopped;

static const GOptionEntry entries[] = {
  {"host", 0, 0, G_OPTION_ARG_STRING, &options.host,
      "IPv4 address (127.0.0.1)", "ADDRESS"},
  {"port", 0, 0, G_OPTION_ARG_INT, &options.port, "Port", "PORT"},
  {"path", 0, 0, G_OPTION_ARG_STRING, &options.path,
      "Request path, %d is the client's number (/ws/try-on/bench-%d/)", "PATH"},
  {"clients", 0, 0, G_OPTION_ARG_INT, &options.clients, "Clients", "N"},
  {"frame-bytes", 0, 0, G_OPTION_ARG_INT, &options.frame_bytes,
      "Bytes a frame", "N"},
  {"fps", 0, 0, G_OPTION_ARG_DOUBLE, &options.fps,
      "Frames a second and client, 0: closed loop", "N"},
  {"in-flight", 0, 0, G_OPTION_ARG_INT, &options.in_flight,
      "Unanswered frames a client", "N"},
  {"open", 0, 0, G_OPTION_ARG_NONE, &options.open,
      "With --fps: send what is due, however many are unanswered", NULL},
  {"never-read", 0, 0, G_OPTION_ARG_INT, &options.never_read,
      "Clients that send all they can and read nothing", "N"},
  {"seconds", 0, 0, G_OPTION_ARG_DOUBLE, &options.seconds, "Measured time",
      "S"},
  {"warmup", 0, 0, G_OPTION_ARG_DOUBLE, &options.warmup, "Time before that",
      "S"},
  {"drain", 0, 0, G_OPTION_ARG_DOUBLE, &options.drain,
      "Time for the last answers, at the most", "S"},
  {"plain", 0, 0, G_OPTION_ARG_NONE, &options.plain,
      "The server is a plain WebSocket echo: no init_session", NULL},
  {"pid", 0, 0, G_OPTION_ARG_INT, &options.pid,
      "The server's process, to report its CPU time and memory", "PID"},
  {NULL}
};

gdouble
load_now (void)
{
  struct timespec ts;

  clock_gettime (CLOCK_MONOTONIC, &ts);
  return ts.tv_sec + ts.tv_nsec / 1e9;
}

void
load_die (const gchar * what)
{
  fprintf (stderr, "load: %s: %s\n", what, g_strerror (errno));
  exit (1);
}

/* The clients' frames are due in turn, spread over the interval as cameras
 * are. */
static gdouble
get_due (guint64 n)
{
  return start + n / (options.fps * options.clients);
}

static void
send_due_frames (void)
{
  gdouble now = load_now ();

  for (; get_due (n_due) <= now; n_due++) {
    load_client_send_due (&clients[n_due % options.clients], get_due (n_due));
  }
}

/* Until events come, or the next frame is due; a sleep is never shorter than
 * the timers are exact. */
static void
handle_events (gdouble until)
{
  struct epoll_event events[128];
  struct timespec timeout;
  gdouble wait;
  gint i, n;

  wait = CLAMP (until - load_now (), 0.0001, 0.1);
  timeout.tv_sec = 0;
  timeout.tv_nsec = wait * 1e9;
  n = epoll_pwait2 (epoll_fd, events, G_N_ELEMENTS (events), &timeout, NULL);
  for (i = 0; i < n; i++)
    load_client_handle (events[i].data.ptr, events[i].events);
}

static void
connect_again (void)
{
  gint i;

  for (i = 0; i < options.never_read; i++) {
    if (clients[i].fd < 0 && clients[i].retry <= load_now ())
      load_client_connect (&clients[i]);
  }
}

static void
run_until (gdouble end)
{
  while (!stopped && load_now () < end) {
    handle_events (options.fps > 0 ? MIN (end, get_due (n_due)) : end);
    if (options.fps > 0)
      send_due_frames ();
    if (measuring)
      connect_again ();
  }
}

/* Nothing is sent any more; TRUE when all that was sent is answered. */
static gboolean
is_drained (void)
{
  gint i;

  for (i = 0; i < options.clients; i++) {
    if (clients[i].fd >= 0 && !clients[i].deaf && clients[i].unanswered > 0)
      return FALSE;
  }
  return TRUE;
}

static void
drain (void)
{
  gdouble end = load_now () + options.drain;

  draining = TRUE;
  while (!is_drained () && load_now () < end)
    handle_events (end);
}

static void
measure (void)
{
  gdouble begin = load_now (), end = begin + options.seconds, next = begin;
  gint i;

  measuring = TRUE;
  load_report_begin ();
  for (i = 0; i < options.never_read; i++)
    load_client_go_deaf (&clients[i]);
  while (!stopped && load_now () < end) {
    next += 1;
    /* A last bit of a second is part of the one before. */
    run_until (next + 0.5 < end ? next : end);
    if (!stopped && load_now () < end)
      load_report_sample ();
  }
  load_report_end ();
  measuring = FALSE;
}

static void
stop (int number)
{
  stopped = TRUE;
}

static gboolean
check_options (void)
{
  return options.in_flight >= 1 && options.in_flight <= 64 &&
      options.frame_bytes >= 32 && options.clients >= 1 &&
      options.never_read <= options.clients && options.fps >= 0 &&
      !(options.open && options.fps == 0);
}

gint
main (gint argc, gchar ** argv)
{
  GOptionContext *context = g_option_context_new ("- WebSocket load");
  GError *error = NULL;
  gint i;

  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error)) {
    fprintf (stderr, "load: %s\n", error->message);
    return 2;
  }
  g_option_context_free (context);
  if (!check_options ()) {
    fprintf (stderr, "load: --in-flight 1 to 64, --frame-bytes from 32, "
        "--clients from 1, --open with --fps\n");
    return 2;
  }
  if (options.host == NULL)
    options.host = g_strdup ("127.0.0.1");
  if (options.path == NULL)
    options.path = g_strdup ("/ws/try-on/bench-%d/");
  signal (SIGPIPE, SIG_IGN);
  signal (SIGTERM, stop);
  clients = g_new0 (LoadClient, options.clients);
  epoll_fd = epoll_create1 (EPOLL_CLOEXEC);
  for (i = 0; i < options.clients; i++) {
    load_client_init (&clients[i], i);
    load_client_connect (&clients[i]);
  }
  start = load_now ();
  for (i = 0; i < options.clients; i++)
    load_client_fill (&clients[i]);
  run_until (start + options.warmup);
  measure ();
  drain ();
  load_report_print (clients);
  return 0;
}

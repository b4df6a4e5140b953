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
 * skipped and counted.
 *
 * Prints one line of JSON. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define HEADER_SIZE 32
#define RING 64                 /* frames that can be unanswered, a power of 2 */
#define MAX_SAMPLES (4 * 1000 * 1000)

static gchar *host;
static gint port = 8001;
static gchar *path;
static gint n_clients = 100;
static gint frame_bytes = 45000;
static gint fps = 0;
static gint in_flight = 1;
static gdouble seconds = 5.0;
static gdouble warmup = 1.0;
static gboolean plain = FALSE;
static gint server_pid = 0;

static const GOptionEntry options[] = {
  {"host", 0, 0, G_OPTION_ARG_STRING, &host, "IPv4 address (127.0.0.1)",
      "ADDRESS"},
  {"port", 0, 0, G_OPTION_ARG_INT, &port, "Port", "PORT"},
  {"path", 0, 0, G_OPTION_ARG_STRING, &path,
      "Request path, %d is the client's number (/ws/try-on/bench-%d/)", "PATH"},
  {"clients", 0, 0, G_OPTION_ARG_INT, &n_clients, "Clients", "N"},
  {"frame-bytes", 0, 0, G_OPTION_ARG_INT, &frame_bytes, "Bytes a frame", "N"},
  {"fps", 0, 0, G_OPTION_ARG_INT, &fps, "Frames a second, 0: closed loop", "N"},
  {"in-flight", 0, 0, G_OPTION_ARG_INT, &in_flight,
      "Unanswered frames a client", "N"},
  {"seconds", 0, 0, G_OPTION_ARG_DOUBLE, &seconds, "Measured time", "S"},
  {"warmup", 0, 0, G_OPTION_ARG_DOUBLE, &warmup, "Time before that", "S"},
  {"plain", 0, 0, G_OPTION_ARG_NONE, &plain,
      "The server is a plain WebSocket echo: no init_session", NULL},
  {"pid", 0, 0, G_OPTION_ARG_INT, &server_pid,
      "The server's process, to report its CPU time and memory", "PID"},
  {NULL}
};

typedef struct
{
  gint fd;
  gboolean want_out;

  /* Sending: one WebSocket frame at a time. */
  guint8 head[16 + HEADER_SIZE];
  gsize head_size;
  gsize sent;                   /* of head and image together */
  gboolean sending;

  guint32 next_sequence;
  gint unanswered;
  gdouble due[RING];            /* by sequence: what latency counts from */
  gdouble next_due;

  /* Receiving: the header of a WebSocket frame and of the message in it. */
  guint8 in[16 + HEADER_SIZE];
  gsize in_size;
  guint64 skip;                 /* payload still to come */
} Client;

static Client *clients;
static guint8 *image;
static gint epoll_fd;
static guint8 scratch[256 * 1024];

static gboolean measuring;
static guint64 n_sent, n_processed, n_dropped, n_skipped, n_errors;
static guint64 dropped_by_reason[16];
static guint32 *samples;        /* microseconds */
static gsize n_samples;

static gdouble
now (void)
{
  struct timespec ts;

  clock_gettime (CLOCK_MONOTONIC, &ts);
  return ts.tv_sec + ts.tv_nsec / 1e9;
}

static void
die (const gchar * what)
{
  fprintf (stderr, "load: %s: %s\n", what, g_strerror (errno));
  exit (1);
}

/* The start of a lossy WebP of 640x480, as far as an ingress looks at it. The
 * rest does not compress. */
static void
make_image (void)
{
  gint i;

  image = g_malloc (frame_bytes);
  for (i = 0; i < frame_bytes; i++)
    image[i] = rand () & 0xff;
  memcpy (image, "RIFF....WEBPVP8 ", 16);
  *(guint32 *) (image + 4) = GUINT32_TO_LE (frame_bytes - 8);
  *(guint32 *) (image + 16) = GUINT32_TO_LE (frame_bytes - 20);
  memcpy (image + 20, "\x10\x02\x00\x9d\x01\x2a\x80\x02\xe0\x01", 10);
}

static gsize
write_ws_header (guint8 * data, guint8 opcode, guint64 length)
{
  gsize n = 2;

  data[0] = 0x80 | opcode;
  if (length < 126) {
    data[1] = 0x80 | length;
  } else if (length <= G_MAXUINT16) {
    data[1] = 0x80 | 126;
    data[n++] = length >> 8;
    data[n++] = length;
  } else {
    gint i;

    data[1] = 0x80 | 127;
    for (i = 7; i >= 0; i--)
      data[n++] = length >> (8 * i);
  }
  memset (data + n, 0, 4);      /* the masking key */
  return n + 4;
}

static void
watch (Client * client, gboolean out)
{
  struct epoll_event event = { EPOLLIN | (out ? EPOLLOUT : 0), {client} };

  if (client->want_out == out)
    return;
  client->want_out = out;
  if (epoll_ctl (epoll_fd, EPOLL_CTL_MOD, client->fd, &event) < 0)
    die ("epoll_ctl");
}

static void
go_on_sending (Client * client)
{
  gsize total = client->head_size + frame_bytes;

  while (client->sent < total) {
    struct iovec v[2];
    gint n = 0;
    gssize written;

    if (client->sent < client->head_size) {
      v[n].iov_base = client->head + client->sent;
      v[n++].iov_len = client->head_size - client->sent;
      v[n].iov_base = image;
      v[n++].iov_len = frame_bytes;
    } else {
      v[n].iov_base = image + (client->sent - client->head_size);
      v[n++].iov_len = total - client->sent;
    }
    written = writev (client->fd, v, n);
    if (written < 0) {
      if (errno != EAGAIN)
        die ("write");
      watch (client, TRUE);
      return;
    }
    client->sent += written;
  }
  client->sending = FALSE;
  watch (client, FALSE);
}

static void
send_frame (Client * client, gdouble due)
{
  guint8 *h;

  client->head_size = write_ws_header (client->head, 2,
      HEADER_SIZE + frame_bytes);
  h = client->head + client->head_size;
  memset (h, 0, HEADER_SIZE);
  h[0] = 1;
  h[1] = 1;
  *(guint32 *) (h + 4) = GUINT32_TO_BE (client->next_sequence);
  *(guint32 *) (h + 24) = GUINT32_TO_BE (frame_bytes);
  client->head_size += HEADER_SIZE;
  client->due[client->next_sequence % RING] = due;
  client->next_sequence++;
  client->unanswered++;
  client->sent = 0;
  client->sending = TRUE;
  if (measuring)
    n_sent++;
  go_on_sending (client);
}

/* In the closed loop: as many as may be unanswered. */
static void
fill (Client * client)
{
  while (fps == 0 && !client->sending && client->unanswered < in_flight)
    send_frame (client, now ());
}

static void
take_answer (Client * client, const guint8 * h)
{
  guint32 sequence = GUINT32_FROM_BE (*(const guint32 *) (h + 4));
  gdouble latency = now () - client->due[sequence % RING];

  client->unanswered--;
  if (!measuring)
    return;
  if (h[1] == 3) {
    n_dropped++;
    dropped_by_reason[h[3] & 15]++;
    return;
  }
  n_processed++;
  if (n_samples < MAX_SAMPLES)
    samples[n_samples++] = MIN (latency * 1e6, G_MAXUINT32);
}

/* Takes the header off what came. Returns FALSE when it is not whole yet. */
static gboolean
take_header (Client * client)
{
  gsize n = 2, length;
  guint8 opcode;

  if (client->in_size < 2)
    return FALSE;
  opcode = client->in[0] & 15;
  length = client->in[1] & 127;
  if (length == 126) {
    n = 4;
    if (client->in_size < n)
      return FALSE;
    length = client->in[2] << 8 | client->in[3];
  } else if (length == 127) {
    n = 10;
    if (client->in_size < n)
      return FALSE;
    length = GUINT64_FROM_BE (*(guint64 *) (client->in + 2));
  }
  if (opcode == 8) {
    fprintf (stderr, "load: the server closed the connection\n");
    exit (1);
  }
  if (opcode == 2 && length >= HEADER_SIZE) {
    if (client->in_size < n + HEADER_SIZE)
      return FALSE;
    take_answer (client, client->in + n);
    client->skip = length - HEADER_SIZE;
    n += HEADER_SIZE;
  } else {
    client->skip = length;
    if (opcode == 1 && measuring)
      n_errors++;
  }
  client->in_size -= n;
  memmove (client->in, client->in + n, client->in_size);
  return TRUE;
}

static void
take_bytes (Client * client, const guint8 * data, gsize size)
{
  while (size > 0 || client->in_size > 0) {
    gsize n;

    if (client->skip > 0) {
      /* What the header buffer caught comes first. */
      n = MIN (client->skip, client->in_size);
      client->in_size -= n;
      memmove (client->in, client->in + n, client->in_size);
      client->skip -= n;
      n = MIN (client->skip, size);
      data += n;
      size -= n;
      client->skip -= n;
      if (client->skip > 0)
        return;
    }
    n = MIN (size, sizeof (client->in) - client->in_size);
    memcpy (client->in + client->in_size, data, n);
    client->in_size += n;
    data += n;
    size -= n;
    if (!take_header (client))
      return;
  }
}

static void
receive (Client * client)
{
  gssize n;
  gint turns = 0;

  do {
    n = read (client->fd, scratch, sizeof (scratch));
    if (n == 0) {
      fprintf (stderr, "load: the server hung up\n");
      exit (1);
    }
    if (n < 0) {
      if (errno != EAGAIN)
        die ("read");
      break;
    }
    take_bytes (client, scratch, n);
  } while (n == sizeof (scratch) && ++turns < 4);
  fill (client);
}

static void
send_text (gint fd, const gchar * text)
{
  guint8 data[256];
  gsize n = write_ws_header (data, 1, strlen (text));

  memcpy (data + n, text, strlen (text));
  n += strlen (text);
  if (write (fd, data, n) != (gssize) n)
    die ("write");
}

static void
shake_hands (Client * client, gint number)
{
  struct sockaddr_in address = { AF_INET, htons (port), {inet_addr (host)} };
  gchar *p = g_strdup_printf (path, number), *request;
  gchar response[4096];
  gsize n = 0;
  gint one = 1;

  client->fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect (client->fd, (struct sockaddr *) &address, sizeof (address)) < 0)
    die ("connect");
  setsockopt (client->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof (one));
  request = g_strdup_printf ("GET %s HTTP/1.1\r\nHost: %s:%d\r\n"
      "Upgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
      "Sec-WebSocket-Protocol: tryon.v1\r\n"
      "Sec-WebSocket-Version: 13\r\n\r\n", p, host, port);
  if (write (client->fd, request, strlen (request)) < 0)
    die ("write");
  /* A byte at a time: what follows belongs to the frames. */
  while (n < 4 || memcmp (response + n - 4, "\r\n\r\n", 4) != 0) {
    if (n == sizeof (response) || read (client->fd, response + n, 1) != 1)
      die ("handshake");
    n++;
  }
  if (memcmp (response, "HTTP/1.1 101", 12) != 0) {
    fprintf (stderr, "load: %.*s\n", (gint) n, response);
    exit (1);
  }
  if (!plain)
    send_text (client->fd, "{\"type\":\"init_session\"}");
  fcntl (client->fd, F_SETFL, O_NONBLOCK);
  g_free (request);
  g_free (p);
}

static void
send_due_frames (gdouble t)
{
  gint i;

  for (i = 0; i < n_clients; i++) {
    Client *client = &clients[i];

    while (client->next_due <= t) {
      if (client->sending || client->unanswered >= in_flight)
        n_skipped += measuring;
      else
        send_frame (client, client->next_due);
      client->next_due += 1.0 / fps;
    }
  }
}

/* Seconds of CPU that the process took so far; memory in kB. */
static gdouble
get_cpu (gint pid, glong * rss)
{
  gchar *name = g_strdup_printf ("/proc/%d/stat", pid), *text = NULL, *p;
  gulong utime = 0, stime = 0;
  glong pages = 0;

  if (g_file_get_contents (name, &text, NULL, NULL) &&
      (p = strrchr (text, ')')) != NULL)
    sscanf (p + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu "
        "%*d %*d %*d %*d %*d %*d %*u %*u %ld", &utime, &stime, &pages);
  if (rss != NULL)
    *rss = pages * (sysconf (_SC_PAGESIZE) / 1024);
  g_free (text);
  g_free (name);
  return (utime + stime) / (gdouble) sysconf (_SC_CLK_TCK);
}

static gint
compare (gconstpointer a, gconstpointer b)
{
  guint32 x = *(const guint32 *) a, y = *(const guint32 *) b;

  return x < y ? -1 : x > y;
}

static guint32
percentile (guint percent)
{
  return n_samples == 0 ? 0 : samples[(n_samples - 1) * percent / 100];
}

static void
print_result (gdouble elapsed, gdouble server_cpu, gdouble own_cpu,
    glong rss_before, glong rss_after)
{
  guint64 answered = n_processed + n_dropped;
  gint i;

  qsort (samples, n_samples, sizeof (guint32), compare);
  printf ("{\"clients\":%d,\"fps\":%d,\"in_flight\":%d,\"frame_bytes\":%d,"
      "\"seconds\":%.2f,\"sent\":%" G_GUINT64_FORMAT ",\"processed\":%"
      G_GUINT64_FORMAT ",\"dropped\":%" G_GUINT64_FORMAT ",\"skipped\":%"
      G_GUINT64_FORMAT ",\"texts\":%" G_GUINT64_FORMAT ",\"frames_per_second\":"
      "%.0f,\"p50_us\":%u,\"p95_us\":%u,\"p99_us\":%u,\"max_us\":%u,"
      "\"server_us_per_frame\":%.1f,\"load_us_per_frame\":%.1f,"
      "\"server_rss_kb\":[%ld,%ld],\"dropped_by_reason\":[",
      n_clients, fps, in_flight, frame_bytes, elapsed, n_sent, n_processed,
      n_dropped, n_skipped, n_errors, n_processed / elapsed, percentile (50),
      percentile (95), percentile (99), percentile (100),
      answered ? server_cpu * 1e6 / answered : 0.0,
      answered ? own_cpu * 1e6 / answered : 0.0, rss_before, rss_after);
  for (i = 0; i < 9; i++)
    printf ("%s%" G_GUINT64_FORMAT, i ? "," : "", dropped_by_reason[i]);
  printf ("]}\n");
}

static void
run_until (gdouble end)
{
  struct epoll_event events[128];
  gdouble t;
  gint i, n;

  while ((t = now ()) < end) {
    n = epoll_wait (epoll_fd, events, G_N_ELEMENTS (events), fps ? 1 : 100);
    for (i = 0; i < n; i++) {
      Client *client = events[i].data.ptr;

      if (events[i].events & EPOLLOUT) {
        go_on_sending (client);
        fill (client);
      }
      if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))
        receive (client);
    }
    if (fps)
      send_due_frames (now ());
  }
}

gint
main (gint argc, gchar ** argv)
{
  GOptionContext *context = g_option_context_new ("- WebSocket load");
  GError *error = NULL;
  gdouble start, server_cpu, own_cpu;
  glong rss_before = 0, rss_after = 0;
  gint i;

  g_option_context_add_main_entries (context, options, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error)) {
    fprintf (stderr, "load: %s\n", error->message);
    return 2;
  }
  if (in_flight < 1 || in_flight > RING || frame_bytes < 32 || n_clients < 1) {
    fprintf (stderr, "load: --in-flight 1 to %d, --frame-bytes from 32, "
        "--clients from 1\n", RING);
    return 2;
  }
  if (host == NULL)
    host = g_strdup ("127.0.0.1");
  if (path == NULL)
    path = g_strdup ("/ws/try-on/bench-%d/");
  make_image ();
  samples = g_new (guint32, MAX_SAMPLES);
  clients = g_new0 (Client, n_clients);
  epoll_fd = epoll_create1 (EPOLL_CLOEXEC);
  for (i = 0; i < n_clients; i++) {
    struct epoll_event event = { EPOLLIN, {&clients[i]} };

    shake_hands (&clients[i], i);
    epoll_ctl (epoll_fd, EPOLL_CTL_ADD, clients[i].fd, &event);
  }
  start = now ();
  for (i = 0; i < n_clients; i++) {
    /* Spread over the interval, as cameras are. */
    clients[i].next_due = fps ? start + (gdouble) i / n_clients / fps : 0;
    fill (&clients[i]);
  }
  run_until (start + warmup);

  measuring = TRUE;
  start = now ();
  server_cpu = get_cpu (server_pid, &rss_before);
  own_cpu = get_cpu (getpid (), NULL);
  run_until (start + seconds);
  start = now () - start;
  server_cpu = get_cpu (server_pid, &rss_after) - server_cpu;
  own_cpu = get_cpu (getpid (), NULL) - own_cpu;
  print_result (start, server_cpu, own_cpu, rss_before, rss_after);
  return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A client of the load generator: its socket, its frames and their answers. */

#define _GNU_SOURCE
#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

/* What a client that never reads sends over one connection. */
#define DEAF_FRAMES 1000

#define OPCODE_TEXT 1
#define OPCODE_BINARY 2
#define OPCODE_CLOSE 8
#define OPCODE_PING 9
#define OPCODE_PONG 10

#define TYPE_DROPPED 3
#define FLAG_NOT_PROCESSED 1
#define REASON_SUPERSEDED 2
#define REASON_SLOW_CLIENT 7

/* What a client that sends whatever its credit is can have unanswered: a server
 * closes at 1024, and there are those in the sockets. */
#define OPEN_RING 4096
#define RETRY_INTERVAL 0.1      /* seconds */

static guint8 *image;
static gint ring;               /* frames that can be unanswered, a power of 2 */
static guint8 scratch[256 * 1024];

/* The start of a lossy WebP of 640x480, as far as an ingress looks at it. The
 * rest does not compress. */
static void
make_image (void)
{
  gint i;

  image = g_malloc (options.frame_bytes);
  for (i = 0; i < options.frame_bytes; i++)
    image[i] = rand () & 0xff;
  memcpy (image, "RIFF....WEBPVP8 ", 16);
  *(guint32 *) (image + 4) = GUINT32_TO_LE (options.frame_bytes - 8);
  *(guint32 *) (image + 16) = GUINT32_TO_LE (options.frame_bytes - 20);
  memcpy (image + 20, "\x10\x02\x00\x9d\x01\x2a\x80\x02\xe0\x01", 10);
}

/* Fields of the headers lie anywhere. */
static guint32
read_be32 (const guint8 * data)
{
  guint32 value;

  memcpy (&value, data, sizeof (value));
  return GUINT32_FROM_BE (value);
}

static void
write_be32 (guint8 * data, guint32 value)
{
  value = GUINT32_TO_BE (value);
  memcpy (data, &value, sizeof (value));
}

static void
watch (LoadClient * client)
{
  struct epoll_event event = { 0, {client} };

  event.events = (client->deaf ? EPOLLRDHUP : EPOLLIN) |
      (client->sending ? EPOLLOUT : 0);
  if (client->fd < 0 || event.events == client->events)
    return;
  if (epoll_ctl (epoll_fd, client->events == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD,
          client->fd, &event) < 0)
    load_die ("epoll_ctl");
  client->events = event.events;
}

/* The server has ended the connection. It may do that to a client which reads
 * nothing, or keeps to no credit; to any other it must not. */
static void
lose (LoadClient * client)
{
  if (!client->deaf && !options.open) {
    fprintf (stderr, "load: the server closed connection %d\n", client->number);
    exit (1);
  }
  if (!client->deaf)
    faults.closed++;
  close (client->fd);
  client->fd = -1;
  client->events = 0;
  client->sending = client->pong_due = FALSE;
  client->retry = load_now () + RETRY_INTERVAL;
}

/* ---- sending ---- */

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
go_on_sending (LoadClient * client)
{
  gsize total = client->head_size + client->body_size;

  while (client->sent < total) {
    struct iovec v[2];
    gint n = 0;
    gssize written;

    if (client->sent < client->head_size) {
      v[n].iov_base = client->head + client->sent;
      v[n++].iov_len = client->head_size - client->sent;
      v[n].iov_base = image;
      v[n++].iov_len = client->body_size;
    } else {
      v[n].iov_base = image + (client->sent - client->head_size);
      v[n++].iov_len = total - client->sent;
    }
    written = writev (client->fd, v, n);
    if (written < 0) {
      if (errno != EAGAIN)
        lose (client);
      return;
    }
    client->sent += written;
  }
  client->sending = FALSE;
}

static void
send_pong (LoadClient * client)
{
  client->head_size = write_ws_header (client->head, OPCODE_PONG,
      client->pong_size);
  memcpy (client->head + client->head_size, client->pong, client->pong_size);
  client->head_size += client->pong_size;
  client->body_size = 0;
  client->sent = 0;
  client->sending = TRUE;
  client->sending_frame = client->pong_due = FALSE;
  go_on_sending (client);
}

static void
send_frame (LoadClient * client, gdouble due)
{
  guint8 *h;

  client->head_size = write_ws_header (client->head, OPCODE_BINARY,
      LOAD_HEADER_SIZE + options.frame_bytes);
  h = client->head + client->head_size;
  memset (h, 0, LOAD_HEADER_SIZE);
  h[0] = 1;
  h[1] = 1;
  write_be32 (h + 4, client->next_sequence);
  write_be32 (h + 24, options.frame_bytes);
  client->head_size += LOAD_HEADER_SIZE;
  client->body_size = options.frame_bytes;
  client->due[client->next_sequence & (ring - 1)] = due;
  client->next_sequence++;
  client->unanswered++;
  client->sent = 0;
  client->sending = client->sending_frame = TRUE;
  if (client->deaf)
    counts.deaf_frames++;
  else if (measuring)
    counts.sent++;
  go_on_sending (client);
}

void
load_client_fill (LoadClient * client)
{
  if (client->fd >= 0 && client->pong_due && !client->sending)
    send_pong (client);
  while (options.fps == 0 && !draining && client->fd >= 0 && !client->sending &&
      client->unanswered < options.in_flight)
    send_frame (client, load_now ());
  watch (client);
}

void
load_client_send_due (LoadClient * client, gdouble due)
{
  gint most = options.open ? ring : options.in_flight;

  /* At 1024 the server ends it; one that leaves by itself has an account that is
   * closed. */
  if (client->fd >= 0 && client->deaf && client->unanswered >= DEAF_FRAMES)
    lose (client);
  if (client->fd < 0 || client->sending ||
      (client->unanswered >= most && !client->deaf)) {
    counts.skipped += measuring && !client->deaf;
    return;
  }
  if (measuring && !client->deaf)
    counts.lags += MAX (load_now () - due, 0) * 1e6;
  send_frame (client, due);
  watch (client);
}

void
load_client_go_deaf (LoadClient * client)
{
  client->deaf = TRUE;
  counts.deaf_connections++;
  load_client_fill (client);
}

/* ---- receiving ---- */

/* The account: every frame gets one answer, in order; and a frame gives way only
 * to a newer one, so the newest that the server can have is never dropped for
 * that. */
static void
take_answer (LoadClient * client, const guint8 * h)
{
  guint32 sequence = read_be32 (h + 4);
  gboolean whole = !(client->sending && client->sending_frame);
  guint32 newest = client->next_sequence - (whole ? 1 : 2);
  gint32 ahead = sequence - client->next_answer;
  gint reason = h[3] < LOAD_N_REASONS ? h[3] : 0;

  if (ahead < 0 || (gint32) (client->next_sequence - sequence) <= 0) {
    faults.repeated++;
    return;
  }
  faults.missing += ahead;
  client->next_answer = sequence + 1;
  client->unanswered = client->next_sequence - client->next_answer;
  if (h[1] == TYPE_DROPPED) {
    client->dropped++;
    if (sequence == newest && (reason == REASON_SUPERSEDED ||
            reason == REASON_SLOW_CLIENT))
      faults.newest_dropped++;
    if (measuring) {
      counts.dropped++;
      counts.by_reason[reason]++;
    }
    return;
  }
  if (h[3] & FLAG_NOT_PROCESSED) {
    client->fallback++;
    counts.fallback += measuring;
  } else {
    client->processed++;
    counts.processed += measuring;
  }
  if (measuring)
    load_report_add_latency (load_now () - client->due[sequence & (ring - 1)]);
}

static void
take_control (LoadClient * client, guint8 opcode, const guint8 * data,
    gsize size)
{
  if (opcode == OPCODE_PING) {
    memcpy (client->pong, data, size);
    client->pong_size = size;
    client->pong_due = TRUE;
  } else if (opcode == OPCODE_CLOSE) {
    if (size >= 2)
      fprintf (stderr, "load: connection %d was closed: %d %.*s\n",
          client->number, data[0] << 8 | data[1], (gint) size - 2, data + 2);
    lose (client);
  }
}

/* Takes the header off what came. Returns FALSE when it is not whole yet. */
static gboolean
take_header (LoadClient * client)
{
  gsize n = 2, length, part;
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
    length = (guint64) read_be32 (client->in + 2) << 32 |
        read_be32 (client->in + 6);
  }
  part = opcode >= OPCODE_CLOSE ? length :
      opcode == OPCODE_BINARY ? MIN (length, LOAD_HEADER_SIZE) : 0;
  if (client->in_size < n + part)
    return FALSE;
  if (opcode >= OPCODE_CLOSE)
    take_control (client, opcode, client->in + n, length);
  else if (part == LOAD_HEADER_SIZE)
    take_answer (client, client->in + n);
  else if (opcode == OPCODE_TEXT)
    counts.texts += measuring;
  client->skip = length - part;
  client->in_size -= n + part;
  memmove (client->in, client->in + n + part, client->in_size);
  return TRUE;
}

static void
take_bytes (LoadClient * client, const guint8 * data, gsize size)
{
  while (client->fd >= 0 && (size > 0 || client->in_size > 0)) {
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
receive (LoadClient * client)
{
  gssize n;
  gint turns = 0;

  do {
    n = read (client->fd, scratch, sizeof (scratch));
    if (n == 0 || (n < 0 && errno != EAGAIN))
      lose (client);
    if (n <= 0)
      return;
    take_bytes (client, scratch, n);
  } while (n == sizeof (scratch) && client->fd >= 0 && ++turns < 4);
}

void
load_client_handle (LoadClient * client, guint32 events)
{
  if (client->fd >= 0 && client->deaf &&
      (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)))
    lose (client);
  if (client->fd >= 0 && client->sending && (events & EPOLLOUT))
    go_on_sending (client);
  if (client->fd >= 0 && !client->deaf &&
      (events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
    receive (client);
  load_client_fill (client);
}

/* ---- connecting ---- */

void
load_client_init (LoadClient * client, gint number)
{
  if (image == NULL) {
    make_image ();
    ring = options.open ? OPEN_RING : 64;
  }
  client->number = number;
  client->fd = -1;
  client->due = g_new0 (gdouble, ring);
}

static void
send_text (gint fd, const gchar * text)
{
  guint8 data[256];
  gsize n = write_ws_header (data, OPCODE_TEXT, strlen (text));

  memcpy (data + n, text, strlen (text));
  n += strlen (text);
  if (write (fd, data, n) != (gssize) n)
    load_die ("write");
}

/* TRUE when the server has accepted it. */
static gboolean
shake_hands (gint fd, const gchar * path, gchar response[4096])
{
  gchar *request = g_strdup_printf ("GET %s HTTP/1.1\r\nHost: %s:%d\r\n"
      "Upgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
      "Sec-WebSocket-Protocol: tryon.v1\r\n"
      "Sec-WebSocket-Version: 13\r\n\r\n", path, options.host, options.port);
  gsize n = 0;

  if (write (fd, request, strlen (request)) < 0)
    load_die ("write");
  g_free (request);
  /* A byte at a time: what follows belongs to the frames. */
  while (n < 4 || memcmp (response + n - 4, "\r\n\r\n", 4) != 0) {
    if (n == 4095 || read (fd, response + n, 1) != 1)
      break;
    n++;
  }
  response[n] = '\0';
  return strncmp (response, "HTTP/1.1 101", 12) == 0;
}

void
load_client_connect (LoadClient * client)
{
  struct sockaddr_in address = { AF_INET, htons (options.port),
    {inet_addr (options.host)}
  };
  struct timeval limit = { 5, 0 };
  gchar response[4096], *path, *number;
  gchar **parts;
  gint one = 1, fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  number = g_strdup_printf ("%d", client->number);
  parts = g_strsplit (options.path, "%d", -1);
  path = g_strjoinv (number, parts);
  g_strfreev (parts);
  g_free (number);

  if (connect (fd, (struct sockaddr *) &address, sizeof (address)) < 0)
    load_die ("connect");
  setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof (one));
  setsockopt (fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof (limit));
  if (!shake_hands (fd, path, response)) {
    /* The session of the connection before may not be over yet. */
    if (!client->deaf) {
      fprintf (stderr, "load: %s\n", response);
      exit (1);
    }
    close (fd);
    client->retry = load_now () + RETRY_INTERVAL;
    g_free (path);
    return;
  }
  g_free (path);
  if (!options.plain)
    send_text (fd, "{\"type\":\"init_session\"}");
  fcntl (fd, F_SETFL, O_NONBLOCK);
  client->fd = fd;
  client->in_size = client->skip = 0;
  client->next_answer = client->next_sequence;
  client->unanswered = 0;
  counts.deaf_connections += client->deaf;
  watch (client);
}

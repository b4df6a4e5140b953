/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The least that a WebSocket echo can cost: one epoll thread, one buffer a
 * connection, no checks. It answers each binary message with itself, marked as
 * processed, and each text message (an init_session) with session_ready. What
 * the benchmarks compare with, and the AI service of theirs; not a server.
 *
 * epoll-echo PORT: prints "ready" when it listens. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <glib.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define BUFFER_SIZE (256 * 1024)

typedef struct
{
  gint fd;
  gboolean open;                /* the handshake is done */
  guint8 *in;                   /* a frame, from its first byte */
  gsize in_size;
  gsize frame_size;             /* of the frame that is being answered */
  guint8 head[10];              /* of the frame that is being sent */
  struct iovec out[2];
  gsize left;                   /* bytes of it still to send */
} Connection;

static gint epoll_fd;

static void
answer_handshake (Connection * c)
{
  const gchar *guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  gchar *text, *key, *accept, *response;
  GChecksum *sum;
  guint8 digest[20];
  gsize n = sizeof (digest);

  c->in[c->in_size] = '\0';
  text = (gchar *) c->in;
  if (strstr (text, "\r\n\r\n") == NULL)
    return;
  key = strstr (text, "Sec-WebSocket-Key: ");
  if (key == NULL)
    exit (1);
  key += strlen ("Sec-WebSocket-Key: ");
  sum = g_checksum_new (G_CHECKSUM_SHA1);
  g_checksum_update (sum, (guint8 *) key, strcspn (key, "\r"));
  g_checksum_update (sum, (const guint8 *) guid, strlen (guid));
  g_checksum_get_digest (sum, digest, &n);
  g_checksum_free (sum);
  accept = g_base64_encode (digest, n);
  response = g_strdup_printf ("HTTP/1.1 101 Switching Protocols\r\n"
      "Upgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Protocol: tryon.v1\r\n"
      "Sec-WebSocket-Accept: %s\r\n\r\n", accept);
  if (write (c->fd, response, strlen (response)) < 0)
    exit (1);
  c->open = TRUE;
  c->in_size = 0;
  g_free (response);
  g_free (accept);
}

static void
unmask (guint8 * data, gsize size, const guint8 * mask)
{
  guint64 word, key;
  gsize i;

  memcpy (&key, mask, 4);
  memcpy ((guint8 *) & key + 4, mask, 4);
  for (i = 0; i + 8 <= size; i += 8) {
    memcpy (&word, data + i, 8);
    word ^= key;
    memcpy (data + i, &word, 8);
  }
  for (; i < size; i++)
    data[i] ^= mask[i & 3];
}

static void
watch (Connection * c, guint32 events)
{
  struct epoll_event event = { events, {c} };

  epoll_ctl (epoll_fd, EPOLL_CTL_MOD, c->fd, &event);
}

/* FALSE when the socket is full. */
static gboolean
go_on_sending (Connection * c)
{
  while (c->left > 0) {
    gssize n = writev (c->fd, c->out, 2);
    gint i;

    if (n < 0) {
      if (errno != EAGAIN)
        exit (1);
      return FALSE;
    }
    c->left -= n;
    for (i = 0; i < 2; i++) {
      gsize part = MIN ((gsize) n, c->out[i].iov_len);

      c->out[i].iov_base = (guint8 *) c->out[i].iov_base + part;
      c->out[i].iov_len -= part;
      n -= part;
    }
  }
  c->in_size -= c->frame_size;
  memmove (c->in, c->in + c->frame_size, c->in_size);
  return TRUE;
}

static gboolean
echo (Connection * c, guint8 * payload, gsize length)
{
  static gchar ready[] = "{\"type\":\"session_ready\",\"session_id\":\"bench\","
      "\"config\":{\"target_fps\":30,\"max_resolution\":{\"width\":1920,"
      "\"height\":1920},\"max_in_flight\":8,\"formats\":[\"image/webp\"]}}";
  gsize n = 2, i;

  c->head[0] = 0x80 | (c->in[0] & 15);
  if ((c->in[0] & 15) == 1) {
    payload = (guint8 *) ready;
    length = strlen (ready);
  } else if (length >= 32) {
    payload[1] = 2;             /* processed_frame */
  }
  if (length < 126) {
    c->head[1] = length;
  } else if (length < 65536) {
    c->head[1] = 126;
    c->head[n++] = length >> 8;
    c->head[n++] = length;
  } else {
    c->head[1] = 127;
    for (i = 0; i < 8; i++)
      c->head[n++] = (guint64) length >> (56 - 8 * i);
  }
  c->out[0].iov_base = c->head;
  c->out[0].iov_len = n;
  c->out[1].iov_base = payload;
  c->out[1].iov_len = length;
  c->left = n + length;
  return go_on_sending (c);
}

/* Answers the frames that are whole, until one does not leave at once: it is
 * sent from where it lies. */
static void
handle_frames (Connection * c)
{
  while (c->in_size >= 6) {
    gsize n = 2, length = c->in[1] & 127;

    if (length == 126) {
      length = c->in[2] << 8 | c->in[3];
      n = 4;
    } else if (length == 127) {
      length = GUINT64_FROM_BE (*(guint64 *) (c->in + 2));
      n = 10;
    }
    if (length + 14 > BUFFER_SIZE)
      exit (1);
    if (c->in_size < n + 4 + length)
      return;
    unmask (c->in + n + 4, length, c->in + n);
    c->frame_size = n + 4 + length;
    if (!echo (c, c->in + n + 4, length)) {
      watch (c, EPOLLOUT);
      return;
    }
  }
}

static void
handle_events (Connection * c, guint32 events)
{
  gssize n;

  if (events & EPOLLOUT) {
    if (!go_on_sending (c))
      return;
    watch (c, EPOLLIN);
    handle_frames (c);
    return;
  }
  n = read (c->fd, c->in + c->in_size, BUFFER_SIZE - c->in_size);
  if (n <= 0) {
    if (n < 0 && errno == EAGAIN)
      return;
    close (c->fd);
    g_free (c->in);
    g_free (c);
    return;
  }
  c->in_size += n;
  if (c->open)
    handle_frames (c);
  else
    answer_handshake (c);
}

static void
accept_client (gint listener)
{
  gint fd = accept4 (listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
  Connection *c = g_new0 (Connection, 1);
  struct epoll_event event = { EPOLLIN, {c} };
  gint one = 1;

  setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof (one));
  c->fd = fd;
  c->in = g_malloc (BUFFER_SIZE + 1);
  epoll_ctl (epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

gint
main (gint argc, gchar ** argv)
{
  struct sockaddr_in address = { AF_INET, htons (argc > 1 ? atoi (argv[1]) :
        8001), {htonl (INADDR_LOOPBACK)}
  };
  struct epoll_event events[128], event = { EPOLLIN, {NULL} };
  gint listener, one = 1, i, n;

  listener = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  setsockopt (listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof (one));
  if (bind (listener, (struct sockaddr *) &address, sizeof (address)) < 0 ||
      listen (listener, 1024) < 0) {
    perror ("epoll-echo");
    return 1;
  }
  epoll_fd = epoll_create1 (EPOLL_CLOEXEC);
  epoll_ctl (epoll_fd, EPOLL_CTL_ADD, listener, &event);
  puts ("ready");
  fflush (stdout);
  while (TRUE) {
    n = epoll_wait (epoll_fd, events, G_N_ELEMENTS (events), -1);
    for (i = 0; i < n; i++) {
      if (events[i].data.ptr == NULL)
        accept_client (listener);
      else
        handle_events (events[i].data.ptr, events[i].events);
    }
  }
}

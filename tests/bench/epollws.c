/* SPDX-License-Identifier: LGPL-2.1-or-later */

#define _GNU_SOURCE
#include "epollws.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define BUFFER_SIZE (256 * 1024)

static gint epoll_fd = -1;
static EpollWsFrameFunc frame_func;
/* Closed in this turn; events for them may still be in hand. */
static GSList *closed;

static EpollWs *
epoll_ws_new (gint fd)
{
  struct epoll_event event = { EPOLLIN, {NULL} };
  EpollWs *ws = g_new0 (EpollWs, 1);
  gint one = 1;

  setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof (one));
  ws->fd = fd;
  ws->events = EPOLLIN;
  ws->in = g_malloc (BUFFER_SIZE + 1);
  event.data.ptr = ws;
  epoll_ctl (epoll_fd, EPOLL_CTL_ADD, fd, &event);
  return ws;
}

static void
close_one (EpollWs * ws)
{
  if (ws->fd < 0)
    return;
  close (ws->fd);
  ws->fd = -1;
  closed = g_slist_prepend (closed, ws);
}

static void
close_both (EpollWs * ws)
{
  close_one (ws);
  close_one (ws->peer);
}

static void
free_closed (void)
{
  while (closed != NULL) {
    EpollWs *ws = closed->data;

    closed = g_slist_delete_link (closed, closed);
    g_free (ws->in);
    g_free (ws);
  }
}

static void
watch (EpollWs * ws)
{
  struct epoll_event event = { 0, {ws} };

  event.events = (ws->blocked ? 0 : EPOLLIN) |
      (ws->peer->blocked ? EPOLLOUT : 0);
  if (ws->fd < 0 || event.events == ws->events)
    return;
  ws->events = event.events;
  epoll_ctl (epoll_fd, EPOLL_CTL_MOD, ws->fd, &event);
}

/* ---- handshakes ---- */

static void
answer_handshake (EpollWs * ws)
{
  const gchar *guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  gchar *text, *key, *accept, *response;
  GChecksum *sum;
  guint8 digest[20];
  gsize n = sizeof (digest);

  ws->in[ws->in_size] = '\0';
  text = (gchar *) ws->in;
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
  if (write (ws->fd, response, strlen (response)) < 0)
    exit (1);
  ws->open = TRUE;
  ws->in_size = 0;
  g_free (response);
  g_free (accept);
}

EpollWs *
epoll_ws_connect (gint port)
{
  struct sockaddr_in address = { AF_INET, htons (port),
    {htonl (INADDR_LOOPBACK)}
  };
  const gchar *request = "GET /ws/try-on/bench/ HTTP/1.1\r\n"
      "Host: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
      "Sec-WebSocket-Protocol: tryon.v1\r\nSec-WebSocket-Version: 13\r\n\r\n";
  gint fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  gchar response[4096];
  gsize n = 0;
  EpollWs *ws;

  if (connect (fd, (struct sockaddr *) &address, sizeof (address)) < 0 ||
      write (fd, request, strlen (request)) < 0) {
    perror ("connect");
    exit (1);
  }
  while (n < 4 || memcmp (response + n - 4, "\r\n\r\n", 4) != 0) {
    if (n == sizeof (response) || read (fd, response + n, 1) != 1)
      exit (1);
    n++;
  }
  fcntl (fd, F_SETFL, O_NONBLOCK);
  ws = epoll_ws_new (fd);
  ws->is_client = ws->open = TRUE;
  return ws;
}

/* ---- frames ---- */

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

/* Sends the frame from where it lies. FALSE when the peer's socket is full, or
 * there is no peer any more. */
static gboolean
go_on_sending (EpollWs * ws)
{
  while (ws->left > 0) {
    gssize n = writev (ws->peer->fd, ws->out, 2);
    gint i;

    if (n < 0) {
      if (errno != EAGAIN)
        close_both (ws);
      return FALSE;
    }
    ws->left -= n;
    for (i = 0; i < 2; i++) {
      gsize part = MIN ((gsize) n, ws->out[i].iov_len);

      ws->out[i].iov_base = (guint8 *) ws->out[i].iov_base + part;
      ws->out[i].iov_len -= part;
      n -= part;
    }
  }
  ws->in_size -= ws->frame_size;
  memmove (ws->in, ws->in + ws->frame_size, ws->in_size);
  return TRUE;
}

static gboolean
forward (EpollWs * ws, guint8 * payload, gsize length)
{
  guint8 mask = ws->peer->is_client ? 0x80 : 0;
  gsize n = 2;
  gint i;

  if (frame_func != NULL)
    frame_func (ws->in[0] & 15, &payload, &length);
  ws->head[0] = ws->in[0];
  if (length < 126) {
    ws->head[1] = mask | length;
  } else if (length < 65536) {
    ws->head[1] = mask | 126;
    ws->head[n++] = length >> 8;
    ws->head[n++] = length;
  } else {
    ws->head[1] = mask | 127;
    for (i = 0; i < 8; i++)
      ws->head[n++] = (guint64) length >> (56 - 8 * i);
  }
  if (mask != 0) {
    memset (ws->head + n, 0, 4);        /* this key changes nothing */
    n += 4;
  }
  ws->out[0].iov_base = ws->head;
  ws->out[0].iov_len = n;
  ws->out[1].iov_base = payload;
  ws->out[1].iov_len = length;
  ws->left = n + length;
  return go_on_sending (ws);
}

/* Forwards the frames that are whole, until one does not leave at once. */
static void
handle_frames (EpollWs * ws)
{
  ws->blocked = FALSE;
  while (ws->in_size >= 2 && ws->fd >= 0) {
    gsize n = 2, length = ws->in[1] & 127;
    gboolean masked = ws->in[1] >> 7;

    if (length == 126) {
      length = ws->in[2] << 8 | ws->in[3];
      n = 4;
    } else if (length == 127) {
      memcpy (&length, ws->in + 2, 8);
      length = GUINT64_FROM_BE (length);
      n = 10;
    }
    n += 4 * masked;
    if (ws->in_size < n)
      break;
    if (length > BUFFER_SIZE - n)
      exit (1);
    if (ws->in_size < n + length)
      break;
    if (masked)
      unmask (ws->in + n, length, ws->in + n - 4);
    ws->frame_size = n + length;
    if (!forward (ws, ws->in + n, length)) {
      ws->blocked = TRUE;
      break;
    }
  }
  watch (ws);
  watch (ws->peer);
}

static void
handle_events (EpollWs * ws, guint32 events)
{
  gssize n;

  if (ws->fd >= 0 && (events & EPOLLOUT) && ws->peer->blocked &&
      go_on_sending (ws->peer))
    handle_frames (ws->peer);
  if (ws->fd < 0)
    return;
  if (ws->blocked) {
    if (events & (EPOLLHUP | EPOLLERR))
      close_both (ws);
    return;
  }
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0)
    return;
  n = read (ws->fd, ws->in + ws->in_size, BUFFER_SIZE - ws->in_size);
  if (n <= 0) {
    if (n == 0 || errno != EAGAIN)
      close_both (ws);
    return;
  }
  ws->in_size += n;
  if (ws->open)
    handle_frames (ws);
  else
    answer_handshake (ws);
}

gint
epoll_ws_serve (gint port, EpollWsAcceptFunc accept, EpollWsFrameFunc frame)
{
  struct sockaddr_in address = { AF_INET, htons (port),
    {htonl (INADDR_LOOPBACK)}
  };
  struct epoll_event events[128], event = { EPOLLIN, {NULL} };
  gint listener, one = 1, i, n;

  signal (SIGPIPE, SIG_IGN);
  frame_func = frame;
  listener = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  setsockopt (listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof (one));
  if (bind (listener, (struct sockaddr *) &address, sizeof (address)) < 0 ||
      listen (listener, 1024) < 0) {
    perror ("listen");
    return 1;
  }
  epoll_fd = epoll_create1 (EPOLL_CLOEXEC);
  epoll_ctl (epoll_fd, EPOLL_CTL_ADD, listener, &event);
  puts ("ready");
  fflush (stdout);
  while (TRUE) {
    n = epoll_wait (epoll_fd, events, G_N_ELEMENTS (events), -1);
    for (i = 0; i < n; i++) {
      if (events[i].data.ptr != NULL)
        handle_events (events[i].data.ptr, events[i].events);
      else
        accept (epoll_ws_new (accept4 (listener, NULL, NULL,
                    SOCK_NONBLOCK | SOCK_CLOEXEC)));
    }
    free_closed ();
  }
}

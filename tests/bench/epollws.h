/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The least that moving WebSocket frames can cost: one epoll thread, one buffer
 * a connection, no checks. What the plain servers that the benchmarks compare
 * with are made of; not for anything else. */

#include <glib.h>
#include <sys/uio.h>

typedef struct _EpollWs EpollWs;

struct _EpollWs
{
  EpollWs *peer;                /* where frames leave that come in here */

  gint fd;                      /* -1 once it is closed */
  guint32 events;               /* that are watched */
  gboolean is_client;           /* what is sent here has to be masked */
  gboolean open;                /* the handshake is done */
  guint8 *in;                   /* a frame, from its first byte */
  gsize in_size;

  /* The frame at the start of @in, on its way to the peer. */
  gboolean blocked;             /* the peer's socket was full */
  gsize frame_size;
  guint8 head[14];
  struct iovec out[2];
  gsize left;
};

/* A client came: sets its peer. */
typedef void (*EpollWsAcceptFunc) (EpollWs * ws);
/* Each frame, unmasked; it may be changed, and replaced. */
typedef void (*EpollWsFrameFunc) (guint8 opcode, guint8 ** payload, gsize * length);

/* A connection to a server on this machine. */
EpollWs * epoll_ws_connect (gint port);
/* Prints "ready" when it listens, and never returns but for an error. */
gint      epoll_ws_serve (gint port, EpollWsAcceptFunc accept, EpollWsFrameFunc frame);

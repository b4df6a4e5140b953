/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The least that a gateway with an AI hop can cost: for each client a connection
 * to the AI service, and whole frames go from one to the other, unmasked on one
 * side and with a key of zeroes on the other. No checks, no account, no
 * timeouts. What `tryonwssrc ! tryonaisink ! tryonwssink` is compared with.
 *
 * epoll-gateway PORT AI-PORT: prints "ready" when it listens. */

#include <stdio.h>
#include <stdlib.h>

#include "epollws.h"

static gint ai_port;

static void
accept_client (EpollWs * ws)
{
  ws->peer = epoll_ws_connect (ai_port);
  ws->peer->peer = ws;
}

gint
main (gint argc, gchar ** argv)
{
  if (argc != 3) {
    fprintf (stderr, "usage: epoll-gateway PORT AI-PORT\n");
    return 2;
  }
  ai_port = atoi (argv[2]);
  return epoll_ws_serve (atoi (argv[1]), accept_client, NULL);
}

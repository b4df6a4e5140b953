/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The least that a WebSocket echo can cost. It answers each binary message with
 * itself, marked as processed, and each text message (an init_session) with
 * session_ready. What the benchmarks compare with, and the AI service of
 * theirs.
 *
 * epoll-echo PORT: prints "ready" when it listens. */

#include <stdlib.h>
#include <string.h>

#include "epollws.h"

static void
accept_client (EpollWs * ws)
{
  ws->peer = ws;
}

static void
make_answer (guint8 opcode, guint8 ** payload, gsize * length)
{
  static gchar ready[] = "{\"type\":\"session_ready\",\"session_id\":\"bench\","
      "\"config\":{\"target_fps\":30,\"max_resolution\":{\"width\":1920,"
      "\"height\":1920},\"max_in_flight\":8,\"formats\":[\"image/webp\"]}}";

  if (opcode == 1) {
    *payload = (guint8 *) ready;
    *length = strlen (ready);
  } else if (*length >= 32) {
    (*payload)[1] = 2;          /* processed_frame */
  }
}

gint
main (gint argc, gchar ** argv)
{
  return epoll_ws_serve (argc > 1 ? atoi (argv[1]) : 9000, accept_client,
      make_answer);
}

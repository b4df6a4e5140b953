/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The parts of the load generator; load.c says what it does. */

#include <glib.h>

#define LOAD_HEADER_SIZE 32     /* of a binary message, docs/protocol.md */
#define LOAD_N_REASONS 9

typedef struct
{
  gchar *host;
  gint port;
  gchar *path;
  gint clients;
  gint frame_bytes;
  gdouble fps;                  /* 0: closed loop */
  gint in_flight;
  gdouble seconds;
  gdouble warmup;
  gdouble drain;
  gboolean plain;
  gint pid;                     /* of the server */
  gboolean open;
  gint never_read;
} LoadOptions;

typedef struct
{
  gint number;
  gint fd;                      /* -1: to be connected again */
  guint32 events;               /* that are watched */
  gboolean deaf;                /* sends what is due, reads nothing */
  gdouble retry;                /* when to connect again */

  /* Sending: one WebSocket frame at a time. */
  guint8 head[128 + 16];
  gsize head_size;
  gsize body_size;              /* of the image, which follows the head */
  gsize sent;                   /* of both */
  gboolean sending;
  gboolean sending_frame;       /* else it is a pong */
  guint8 pong[125];
  gsize pong_size;
  gboolean pong_due;

  /* The account of its frames. */
  guint32 next_sequence;
  guint32 next_answer;          /* the oldest without an answer */
  guint64 processed, fallback, dropped;
  gdouble *due;                 /* by sequence: what latency counts from */
  gint unanswered;

  /* Receiving: a WebSocket frame's header, and that of the message in it or
   * all of a control frame. */
  guint8 in[128 + 16];
  gsize in_size;
  guint64 skip;                 /* payload still to come */
} LoadClient;

/* What has been counted since measuring began, and what was wrong at any time:
 * load-report.c says what each is. */
typedef struct
{
  guint64 sent, processed, fallback, dropped, skipped, texts;
  guint64 by_reason[LOAD_N_REASONS];
  guint64 lags;                 /* of sending behind the due time, microseconds */
  guint64 deaf_frames, deaf_connections;
} LoadCounts;

typedef struct
{
  guint64 missing, repeated, newest_dropped, closed;
} LoadFaults;

extern LoadOptions options;
extern LoadCounts counts;
extern LoadFaults faults;
extern gboolean measuring;
extern gboolean draining;       /* nothing new is sent */
extern gint epoll_fd;

/* load.c */
gdouble load_now (void);
void load_die (const gchar * what);

/* load-client.c */
void load_client_init (LoadClient * client, gint number);
void load_client_connect (LoadClient * client);
/* Frames of the closed loop, or of a client that never reads. */
void load_client_fill (LoadClient * client);
void load_client_send_due (LoadClient * client, gdouble due);
void load_client_go_deaf (LoadClient * client);
void load_client_handle (LoadClient * client, guint32 events);

/* load-report.c */
void load_report_add_latency (gdouble latency);
/* When measuring begins, then about every second, and at the end. */
void load_report_begin (void);
void load_report_sample (void);
void load_report_end (void);
void load_report_print (LoadClient * clients);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/tryon/gsttryonconnection.h>
#include <gst/tryon/gsttryonwsinput.h>
#include <gst/tryon/gsttryonwsoutput.h>

/* What the connection's own files share: gsttryonconnection.c (life, receiving,
 * liveness) and gsttryonconnectionsend.c (sending, closing). */

G_BEGIN_DECLS

GST_DEBUG_CATEGORY_EXTERN (tryon_connection_debug);

typedef enum {
  GST_TRYON_CONNECTION_STATE_OPEN,
  /* A close frame is to be sent or was: messages are discarded. */
  GST_TRYON_CONNECTION_STATE_CLOSING,
  /* Nothing matters any more but the end of the peer's bytes. */
  GST_TRYON_CONNECTION_STATE_DRAINING,
  GST_TRYON_CONNECTION_STATE_CLOSED,
} GstTryonConnectionState;

struct _GstTryonConnection {
  GstObject parent;

  /* Constant. */
  GstTryonLoop *loop;
  GIOStream *stream;
  GSocket *socket;              /* (nullable), what stream is made of */
  gboolean tls;
  GstTryonConnectionRole role;
  GstTryonConnectionLimits limits;

  /* Guards what follows. Nothing is called under it but the socket's write. */
  GMutex lock;
  GstTryonConnectionState state;                  /* the loop's thread alone changes it */
  GstTryonWsOutput output;
  gboolean blocked;             /* the last message did not leave at once */
  gboolean deaf;                /* the watch is not to tell of input */
  gboolean paused;              /* nor while this is set */
  GstTryonWatch *watch;         /* of a plain socket, until closed */

  /* The loop's thread only. */
  GstTryonConnectionCallbacks callbacks;
  gpointer user_data;
  GDestroyNotify notify;
  GstTryonWsInput input;
  GInputStream *plain_input;    /* (nullable), below all wrappers */
  gboolean read_scheduled;
  gboolean pong_waits;          /* for the end of the turn */
  GSource *in_source;           /* these two where there is no watch; */
  GSource *out_source;          /* while the stream takes nothing */
  GSource *close_timer;

  GstTryonTick *tick;           /* while open */
  gint64 last_message;          /* monotonic, microseconds */
  gboolean idle_told;
  gint64 last_ping;
  gboolean ping_open;           /* one was sent */
  guint64 received_at_ping;     /* bytes */
  guint missed;                 /* in a row */

  gboolean close_received;
  gboolean failed;              /* the peer was told what it did wrong */
  guint16 close_code;           /* what closed() is to tell */
  gchar *close_reason;
};

/* ---- gsttryonconnection.c ---- */

/* The stream is to be read on a fresh stack. */
void gst_tryon_connection_schedule_read (GstTryonConnection * self);
/* Runs @func on a fresh stack of the loop's thread. From any thread. */
void gst_tryon_connection_schedule (GstTryonConnection * self, GSourceFunc func);
void gst_tryon_connection_drop_callbacks (GstTryonConnection * self);
/* With the lock: reading goes on, if it was stopped or paused. */
void gst_tryon_connection_listen_unlocked (GstTryonConnection * self);
/* What of it is being waited for is waited for no more. */
void gst_tryon_connection_clear_source (GSource ** source);

/* ---- gsttryonconnectionsend.c: all but the two that say so on the loop's
 * thread ---- */

/* With the lock, from any thread: whether a message can be given. */
gboolean gst_tryon_connection_is_writable_unlocked (GstTryonConnection * self);
/* With the lock, from any thread: what the watch is to wait for. */
void gst_tryon_connection_update_watch (GstTryonConnection * self);
/* With the lock, from any thread: writes what can be written now, or has the
 * loop's thread do it. Returns whether everything has left. */
gboolean gst_tryon_connection_flush_unlocked (GstTryonConnection * self);
/* Writes what can be written now. Calls no callback. */
void gst_tryon_connection_flush (GstTryonConnection * self);
/* Schedules the close frame, where none is yet. */
void gst_tryon_connection_begin_close (GstTryonConnection * self, guint16 code,
                                       const gchar * reason);
/* Nothing matters any more but the end of the peer's bytes. */
void gst_tryon_connection_drain (GstTryonConnection * self);
/* The peer broke a rule (section 7.1.7). */
void gst_tryon_connection_fail (GstTryonConnection * self, guint16 code, const gchar * words);
/* The end of it: TCP is closed, closed() follows. */
void gst_tryon_connection_finish (GstTryonConnection * self, const gchar * words);
/* What closed() is to tell. */
void gst_tryon_connection_set_result (GstTryonConnection * self, guint16 code,
                                      const gchar * reason);

G_END_DECLS

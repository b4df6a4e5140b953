/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/tryon/gsttryonaccount.h>
#include <gst/tryon/gsttryonsession.h>

/* What the session's own files share: gsttryonsession.c (life, and both sides),
 * gsttryonsessionframe.c (the client's frames) and gsttryonsessiontext.c (the
 * text messages). */

G_BEGIN_DECLS

/* Text messages that wait for the client at the most. A client that lets more
 * pile up does not read: it is closed. */
#define GST_TRYON_SESSION_MAX_TEXTS 64

GST_DEBUG_CATEGORY_EXTERN (gst_tryon_session_debug);

/* Something from the client that waits for pull(). */
typedef struct {
  GstMiniObject *object;        /* a frame's GstBuffer, or a GstEvent */
  GstTryonImageInfo info;
  gint64 arrival;
  guint32 sequence;
} GstTryonSessionItem;

struct _GstTryonSession
{
  GstObject parent;

  gchar *id;                    /* immutable */

  GMutex lock;                  /* guards everything down to wake_lock */
  GCond cond;                   /* signalled when pull() may go on */
  GstTryonSessionConfig config;
  GstTryonAccount *account;
  GstStructure *init;           /* the client's init_session, or NULL */
  guint32 newest_sequence;      /* of the frames received */
  gboolean has_newest_sequence;
  gboolean introduced;          /* init_session came on this connection */
  guint64 takeovers;
  gboolean connected;
  gboolean gone;                /* was connected once, is no more */
  gboolean paused;
  gboolean flushing;
  guint16 close_code;           /* not 0: to be closed when all is sent */
  gchar *close_reason;
  gboolean close_taken;         /* next_output() gave the close */
  GQueue inbox;                 /* GstTryonSessionItem: for pull() */
  guint frames_in_inbox;
  gboolean room_wanted;         /* the transport is to be told of room in it */
  gboolean item_came;           /* pull() is to be told */
  GQueue texts;                 /* GstStructure: for next_output() */
  guint64 bytes_received;
  guint64 bytes_sent;
  guint64 messages_invalid;
  guint64 meta_misses;

  /* Guards what follows. Not held while wake runs: threads that wake at the same
   * time must not wait for each other, least of all the transport's. Never taken
   * with lock held. */
  GMutex wake_lock;
  GCond wake_cond;              /* no wake runs any more */
  GstTryonSessionWakeFunc wake;
  gpointer wake_data;
  GDestroyNotify wake_notify;
  guint wakes_running;
  gboolean wake_ends;           /* somebody waits for that */
};

void gst_tryon_session_item_free (GstTryonSessionItem * item);
/* Ends a section that may have made output. */
void gst_tryon_session_unlock_and_wake (GstTryonSession * session);

/* All with the lock held. */

/* @object: transfer full; @info: NULL for events. */
void gst_tryon_session_push_item_unlocked (GstTryonSession * session, GstMiniObject * object,
                                           const GstTryonImageInfo * info, gint64 arrival,
                                           guint32 sequence);
/* For a frame, without another's place. */
gboolean gst_tryon_session_has_room_unlocked (GstTryonSession * session);
/* Tells the client of a message that could not be used. */
void gst_tryon_session_reject_unlocked (GstTryonSession * session, const GError * error);

/* @event: transfer full. */
void gst_tryon_session_push_event_unlocked (GstTryonSession * session, GstEvent * event);
/* @message: transfer full. */
void gst_tryon_session_queue_text_unlocked (GstTryonSession * session, GstStructure * message);
void gst_tryon_session_queue_error_unlocked (GstTryonSession * session, GstTryonError code,
                                             const gchar * text);
/* The `config` that the client is to have. */
void gst_tryon_session_queue_config_unlocked (GstTryonSession * session);
void gst_tryon_session_close_unlocked (GstTryonSession * session, guint16 close_code,
                                       const gchar * reason);
/* Acts on a message of the client's; @arrival: g_get_real_time() of it. */
void gst_tryon_session_handle_text_unlocked (GstTryonSession * session,
                                             const GstStructure * message, gint64 arrival);
/* JSON of a queued message (transfer full), stamped where it is a `pong`. Needs
 * no lock. */
gchar * gst_tryon_session_serialize_text (GstStructure * message, gsize * size);

G_END_DECLS

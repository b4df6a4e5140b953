/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/tryon/tryon.h>

/* What goes to an AI service: over each connection the session's introduction and
 * commands, and then frames, from whichever thread has one. Knows nothing of how
 * connections come about, nor of answers, but whether one is owed. */

G_BEGIN_DECLS

/* What is said before the next frame, in its newest form, and on each connection
 * anew. */
typedef enum {
  GST_TRYON_AI_TEXT_REFERENCE,
  GST_TRYON_AI_TEXT_QUALITY,
  GST_TRYON_AI_TEXT_PAUSE,
  GST_TRYON_AI_N_TEXTS,
} GstTryonAiText;

/* The next frame to send, %FALSE for none. @image (transfer full). From any thread,
 * under the sender's lock. */
typedef gboolean (*GstTryonAiNextFrameFunc) (guint generation, GstTryonFrameHeader * header,
    GstBuffer ** image, gpointer user_data);

typedef struct {
  GstTryonAiNextFrameFunc next_frame;
  gpointer user_data;

  gint wanted;                  /* atomic: there may be frames to be sent */
  gint n_announced;             /* atomic: texts on their way to the loop */

  /* Lets one thread at a time hand messages to the connection, so that they stay
   * in order; guards what follows. Who has a frame doesn't wait for it: a thread
   * that is put aside while it holds it must not hold up the loop's. Taken before
   * the owner's own lock. */
  GMutex lock;
  guint generation;
  GstTryonConnection *connection;       /* the loop's thread alone changes it */
  gboolean texts_sent;          /* all that goes before the next frame */

  GMutex heard_lock;            /* held for short; guards what follows */
  gint64 heard;                 /* when something came last, or was asked for */
  gboolean is_owed;             /* the answer to the newest frame sent */
  guint32 newest_sent;

  /* The loop's thread only. */
  GstStructure *init;           /* (nullable): until it was sent */
  struct {
    GstStructure *message;      /* (nullable) */
    gboolean sent;              /* on this connection */
  } texts[GST_TRYON_AI_N_TEXTS];
} GstTryonAiSender;

/* ---- the loop's thread ---- */

void gst_tryon_ai_sender_init (GstTryonAiSender * sender, GstTryonAiNextFrameFunc next_frame,
    gpointer user_data);
void gst_tryon_ai_sender_clear (GstTryonAiSender * sender);
/* Another session: next_frame is asked for its frames, and nothing was said yet. */
void gst_tryon_ai_sender_begin (GstTryonAiSender * sender, guint generation);
void gst_tryon_ai_sender_forget_texts (GstTryonAiSender * sender);
/* @connection, @init: transfer full. */
void gst_tryon_ai_sender_attach (GstTryonAiSender * sender, GstTryonConnection * connection,
    GstStructure * init);
/* (transfer full) (nullable): when this returns nothing is sent any more, and
 * next_frame does not run. */
GstTryonConnection * gst_tryon_ai_sender_detach (GstTryonAiSender * sender);
/* A text that was announced. @message: (transfer full) (nullable) */
void gst_tryon_ai_sender_take_text (GstTryonAiSender * sender, GstTryonAiText text,
    GstStructure * message);
/* The connection can take something again. */
void gst_tryon_ai_sender_pump (GstTryonAiSender * sender);

/* ---- any thread ---- */

/* A text is on its way to the loop's thread: frames from here on go behind it. Hold
 * no lock that next_frame takes. */
void gst_tryon_ai_sender_announce_text (GstTryonAiSender * sender);
/* There are frames: sends them where the connection takes them. Hold no lock that
 * next_frame takes. */
void gst_tryon_ai_sender_wake (GstTryonAiSender * sender);
/* Something came. @sequence: (nullable): of the frame that it answers */
void gst_tryon_ai_sender_note_heard (GstTryonAiSender * sender, const guint32 * sequence);
/* Whether an answer is owed and nothing came for @timeout microseconds. */
gboolean gst_tryon_ai_sender_is_silent (GstTryonAiSender * sender, gint64 timeout);

G_END_DECLS

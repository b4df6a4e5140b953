/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/tryon/gsttryonprotocol.h>

/* The account of a session's frames, and with it the rule of the protocol:
 * every frame gets exactly one answer, in the order of arrival. Pure and not
 * thread safe: the session guards it. Private to the library. */

G_BEGIN_DECLS

typedef struct _GstTryonAccount GstTryonAccount;

/**
 * GstTryonAnswer:
 * @sequence: the frame
 * @capture_time: as the frame's sender gave it
 * @arrival: monotonic microseconds
 * @image: (transfer full) (nullable): %NULL for a dropped frame
 * @reason: of a dropped frame
 * @flags: of an answered one
 * @ai_latency: microseconds
 */
typedef struct {
  guint32 sequence;
  guint64 capture_time;
  gint64 arrival;
  GstBuffer *image;
  GstTryonDropReason reason;
  GstTryonFrameFlags flags;
  guint32 ai_latency;
} GstTryonAnswer;

typedef struct {
  guint64 received;
  guint64 processed;
  guint64 dropped;
  guint64 dropped_by_reason[GST_TRYON_N_DROP_REASONS];
  guint outstanding;
} GstTryonAccountCounts;

GstTryonAccount * gst_tryon_account_new (void);
void     gst_tryon_account_free (GstTryonAccount * account);

/* A frame came in; it waits for its answer from now on. */
void     gst_tryon_account_add (GstTryonAccount * account, guint32 sequence,
                                guint64 capture_time, gint64 arrival);
/* Whether a picture that was taken is on its way still. */
void     gst_tryon_account_set_sending (GstTryonAccount * account, gboolean sending);
void     gst_tryon_account_set_pts (GstTryonAccount * account, guint32 sequence,
                                    GstClockTime pts);
gboolean gst_tryon_account_is_waiting (GstTryonAccount * account, guint32 sequence);
gboolean gst_tryon_account_find_pts (GstTryonAccount * account, GstClockTime pts,
                                     guint32 * sequence);
/* When it isn't known when a frame arrived. */
#define GST_TRYON_ACCOUNT_ANY_ARRIVAL (-1)

/* @arrival: (inout): when the frame arrived, which tells it from another one of
 * the same number, or GST_TRYON_ACCOUNT_ANY_ARRIVAL. Both are %FALSE for a frame
 * that doesn't wait. @image: transfer none. */
gboolean gst_tryon_account_answer (GstTryonAccount * account, guint32 sequence,
                                   GstBuffer * image, GstTryonFrameFlags flags,
                                   guint32 ai_latency, gint64 * arrival);
gboolean gst_tryon_account_drop (GstTryonAccount * account, guint32 sequence,
                                 GstTryonDropReason reason);
/* Drops the frame that was added last, whatever its number. */
void     gst_tryon_account_drop_newest (GstTryonAccount * account, GstTryonDropReason reason);
/* Drops what arrived before @arrival and still waits. Returns how many. */
guint    gst_tryon_account_expire (GstTryonAccount * account, gint64 arrival);
/* Drops everything, with nobody to be told. */
void     gst_tryon_account_give_up (GstTryonAccount * account);
/* Whether the oldest frame has its answer. */
gboolean gst_tryon_account_has_answer (GstTryonAccount * account);
/* Takes the oldest frame's answer, which is counted at this moment. */
gboolean gst_tryon_account_take_answer (GstTryonAccount * account, GstTryonAnswer * answer);
guint    gst_tryon_account_get_length (GstTryonAccount * account);
void     gst_tryon_account_get_counts (GstTryonAccount * account,
                                       GstTryonAccountCounts * counts);

G_END_DECLS

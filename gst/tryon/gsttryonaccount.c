/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A queue of frames in the order of arrival. Each waits, or has its answer; an
 * answer leaves when its frame is the oldest. So answers are in order, and
 * received = processed + dropped + queue length holds by construction: a frame
 * is counted as processed or dropped in the step that takes it off the queue.
 *
 * A processed answer settles all older frames: those that still wait were lost
 * or left out in the pipeline (superseded). Of pictures that the client has not
 * taken yet one waits while another is being sent, and two while none is: the
 * first of them is just about to be. For one more the oldest is given up
 * (slow-client), so that what is held stays small and fresh, whatever the client
 * does. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gsttryonaccount.h"

#include <gst/base/gstqueuearray.h>

/* Pictures held, the one that is being sent among them. */
#define MAX_PICTURES 2

typedef struct
{
  GstTryonAnswer answer;
  GstClockTime pts;
  gboolean waiting;
} Entry;

struct _GstTryonAccount
{
  GstQueueArray *entries;       /* Entry, oldest first */
  GstTryonAccountCounts counts; /* all but outstanding */
  gboolean is_sending;
};

GstTryonAccount *
gst_tryon_account_new (void)
{
  GstTryonAccount *account = g_new0 (GstTryonAccount, 1);

  account->entries = gst_queue_array_new_for_struct (sizeof (Entry), 16);
  return account;
}

void
gst_tryon_account_free (GstTryonAccount * account)
{
  gst_tryon_account_give_up (account);
  gst_queue_array_free (account->entries);
  g_free (account);
}

void
gst_tryon_account_add (GstTryonAccount * account, guint32 sequence,
    guint64 capture_time, gint64 arrival)
{
  Entry entry = { {0,}, GST_CLOCK_TIME_NONE, TRUE };

  entry.answer.sequence = sequence;
  entry.answer.capture_time = capture_time;
  entry.answer.arrival = arrival;
  gst_queue_array_push_tail_struct (account->entries, &entry);
  account->counts.received++;
}

/* The waiting frame @sequence. A client may, against the rule or on another
 * connection, use a number twice: the first of them that waits is meant, or the
 * one that came at @arrival. */
static Entry *
find_waiting (GstTryonAccount * account, guint32 sequence, gint64 arrival,
    guint * index)
{
  guint i, n = gst_queue_array_get_length (account->entries);

  for (i = 0; i < n; i++) {
    Entry *entry = gst_queue_array_peek_nth_struct (account->entries, i);

    if (entry->waiting && entry->answer.sequence == sequence
        && (arrival == GST_TRYON_ACCOUNT_ANY_ARRIVAL
            || arrival == entry->answer.arrival)) {
      if (index != NULL)
        *index = i;
      return entry;
    }
  }
  return NULL;
}

void
gst_tryon_account_set_sending (GstTryonAccount * account, gboolean sending)
{
  account->is_sending = sending;
}

void
gst_tryon_account_set_pts (GstTryonAccount * account, guint32 sequence,
    GstClockTime pts)
{
  Entry *entry = find_waiting (account, sequence,
      GST_TRYON_ACCOUNT_ANY_ARRIVAL, NULL);

  if (entry != NULL)
    entry->pts = pts;
}

gboolean
gst_tryon_account_is_waiting (GstTryonAccount * account, guint32 sequence)
{
  return find_waiting (account, sequence,
      GST_TRYON_ACCOUNT_ANY_ARRIVAL, NULL) != NULL;
}

gboolean
gst_tryon_account_find_pts (GstTryonAccount * account, GstClockTime pts,
    guint32 * sequence)
{
  guint i, n = gst_queue_array_get_length (account->entries);

  if (!GST_CLOCK_TIME_IS_VALID (pts))
    return FALSE;
  for (i = 0; i < n; i++) {
    Entry *entry = gst_queue_array_peek_nth_struct (account->entries, i);

    if (entry->waiting && entry->pts == pts) {
      *sequence = entry->answer.sequence;
      return TRUE;
    }
  }
  return FALSE;
}

static void
settle_as_dropped (Entry * entry, GstTryonDropReason reason)
{
  gst_clear_buffer (&entry->answer.image);
  entry->answer.reason = reason;
  entry->waiting = FALSE;
}

gboolean
gst_tryon_account_answer (GstTryonAccount * account, guint32 sequence,
    GstBuffer * image, GstTryonFrameFlags flags, guint32 ai_latency,
    gint64 * arrival)
{
  guint i, index, pictures = account->is_sending ? 2 : 1;
  Entry *entry = find_waiting (account, sequence, *arrival, &index);

  if (entry == NULL)
    return FALSE;

  for (i = index; i-- > 0;) {
    Entry *older = gst_queue_array_peek_nth_struct (account->entries, i);

    if (older->waiting)
      settle_as_dropped (older, GST_TRYON_DROP_REASON_SUPERSEDED);
    else if (older->answer.image != NULL && ++pictures > MAX_PICTURES)
      settle_as_dropped (older, GST_TRYON_DROP_REASON_SLOW_CLIENT);
  }
  entry->answer.image = gst_buffer_ref (image);
  entry->answer.flags = flags;
  entry->answer.ai_latency = ai_latency;
  entry->waiting = FALSE;
  *arrival = entry->answer.arrival;
  return TRUE;
}

gboolean
gst_tryon_account_drop (GstTryonAccount * account, guint32 sequence,
    GstTryonDropReason reason)
{
  Entry *entry = find_waiting (account, sequence,
      GST_TRYON_ACCOUNT_ANY_ARRIVAL, NULL);

  if (entry == NULL)
    return FALSE;
  settle_as_dropped (entry, reason);
  return TRUE;
}

void
gst_tryon_account_drop_newest (GstTryonAccount * account,
    GstTryonDropReason reason)
{
  Entry *entry = gst_queue_array_peek_tail_struct (account->entries);

  if (entry != NULL && entry->waiting)
    settle_as_dropped (entry, reason);
}

guint
gst_tryon_account_expire (GstTryonAccount * account, gint64 arrival)
{
  guint i, expired = 0, n = gst_queue_array_get_length (account->entries);

  for (i = 0; i < n; i++) {
    Entry *entry = gst_queue_array_peek_nth_struct (account->entries, i);

    if (entry->answer.arrival >= arrival)
      break;
    if (entry->waiting) {
      settle_as_dropped (entry, GST_TRYON_DROP_REASON_SUPERSEDED);
      expired++;
    }
  }
  return expired;
}

static void
count (GstTryonAccount * account, const GstTryonAnswer * answer)
{
  if (answer->image != NULL) {
    account->counts.processed++;
  } else {
    account->counts.dropped++;
    account->counts.dropped_by_reason[answer->reason]++;
  }
}

void
gst_tryon_account_give_up (GstTryonAccount * account)
{
  Entry *entry;

  while ((entry = gst_queue_array_pop_head_struct (account->entries)) != NULL) {
    if (entry->waiting)
      settle_as_dropped (entry, GST_TRYON_DROP_REASON_SUPERSEDED);
    else if (entry->answer.image != NULL)
      settle_as_dropped (entry, GST_TRYON_DROP_REASON_SLOW_CLIENT);
    count (account, &entry->answer);
  }
}

gboolean
gst_tryon_account_has_answer (GstTryonAccount * account)
{
  Entry *entry = gst_queue_array_peek_head_struct (account->entries);

  return entry != NULL && !entry->waiting;
}

gboolean
gst_tryon_account_take_answer (GstTryonAccount * account,
    GstTryonAnswer * answer)
{
  Entry *entry;

  if (!gst_tryon_account_has_answer (account))
    return FALSE;
  entry = gst_queue_array_pop_head_struct (account->entries);
  *answer = entry->answer;
  count (account, answer);
  return TRUE;
}

guint
gst_tryon_account_get_length (GstTryonAccount * account)
{
  return gst_queue_array_get_length (account->entries);
}

void
gst_tryon_account_get_counts (GstTryonAccount * account,
    GstTryonAccountCounts * counts)
{
  *counts = account->counts;
  counts->outstanding = gst_queue_array_get_length (account->entries);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rules of tryonaisink's queue, at given times (milliseconds here). */

#include <gst/check/gstcheck.h>

/* Private to the plugin. */
#include "plugins/ai/gsttryonaiqueue.c"

#define MS(n) ((gint64) (n) * 1000)
#define TIMEOUT 200

static GstTryonAiQueue *queue;

static void
setup (void)
{
  queue = gst_tryon_ai_queue_new ();
  gst_tryon_ai_queue_set_timeout (queue, MS (TIMEOUT));
  gst_tryon_ai_queue_set_max_in_flight (queue, 2);
  gst_tryon_ai_queue_set_open (queue, TRUE, 0);
}

static void
teardown (void)
{
  GstTryonAiCounts counts;

  gst_tryon_ai_queue_get_counts (queue, &counts);
  assert_equals_uint64 (counts.received, counts.processed + counts.fallbacks +
      counts.dropped + counts.outstanding);
  gst_tryon_ai_queue_free (queue);
}

static GstTryonAiCounts
get_counts (void)
{
  GstTryonAiCounts counts;

  gst_tryon_ai_queue_get_counts (queue, &counts);
  return counts;
}

static void
push_for (GstTryonSession * session, guint32 sequence, gint64 now)
{
  GstBuffer *frame = gst_buffer_new_allocate (NULL, 1 + sequence % 256, NULL);

  gst_tryon_ai_queue_push_frame (queue,
      gst_tryon_ai_item_new_frame (frame, NULL, session, sequence, 0), FALSE,
      MS (now));
  gst_buffer_unref (frame);
}

static void
push (guint32 sequence, gint64 now)
{
  push_for (NULL, sequence, now);
}

/* The number of the frame that goes to the service now, -1 for none. */
static gint64
send_one (gint64 now)
{
  const GstTryonAiItem *item =
      gst_tryon_ai_queue_next_to_send (queue, MS (now));

  return item != NULL ? (gint64) item->sequence : -1;
}

static GstTryonAiAnswer
answer (guint32 sequence, gint64 now)
{
  return gst_tryon_ai_queue_answer (queue, sequence,
      gst_buffer_new_allocate (NULL, 1000, NULL), FALSE, MS (now), NULL);
}

#define assert_leaves(now, sequence, outcome, reason) \
    check_leaves (now, sequence, GST_TRYON_AI_OUTCOME_ ## outcome, reason, \
        __LINE__)

static void
check_leaves (gint64 now, guint32 sequence, GstTryonAiOutcome outcome,
    GstTryonDropReason reason, gint line)
{
  GstTryonAiItem *item;

  gst_tryon_ai_queue_expire (queue, MS (now));
  item = gst_tryon_ai_queue_pop (queue, MS (now));
  fail_unless (item != NULL, "line %d: nothing leaves", line);
  fail_unless (item->event == NULL, "line %d: an event leaves", line);
  fail_unless (item->sequence == sequence, "line %d: frame %u leaves", line,
      item->sequence);
  fail_unless (item->outcome == outcome, "line %d: outcome %d", line,
      item->outcome);
  if (outcome == GST_TRYON_AI_OUTCOME_FALLBACK) {
    fail_unless (item->reason == reason, "line %d: reason %d", line,
        item->reason);
    fail_unless (item->not_processed);
  }
  fail_unless (item->image != NULL);
  gst_tryon_ai_item_free (item);
}

#define assert_nothing_leaves(now) G_STMT_START { \
  gst_tryon_ai_queue_expire (queue, MS (now)); \
  fail_unless (gst_tryon_ai_queue_pop (queue, MS (now)) == NULL); \
} G_STMT_END

#define assert_dropped(sequence, reason) \
    check_dropped (sequence, GST_TRYON_DROP_REASON_ ## reason, __LINE__)

static void
check_dropped (guint32 sequence, GstTryonDropReason reason, gint line)
{
  GstTryonAiItem *item = gst_tryon_ai_queue_pop_dropped (queue);

  fail_unless (item != NULL, "line %d: nothing was dropped", line);
  fail_unless (item->sequence == sequence, "line %d: frame %u was dropped",
      line, item->sequence);
  fail_unless (item->reason == reason, "line %d: reason %d", line,
      item->reason);
  fail_unless (item->frame == NULL, "line %d: holds its image still", line);
  gst_tryon_ai_item_free (item);
}

#define assert_nothing_dropped() \
    fail_if (gst_tryon_ai_queue_has_dropped (queue))

GST_START_TEST (test_in_order)
{
  push (7, 0);
  push (8, 10);
  fail_unless_equals_int64 (send_one (10), 7);
  fail_unless_equals_int64 (send_one (10), 8);
  fail_unless_equals_int64 (send_one (10), -1);
  assert_nothing_leaves (20);
  fail_unless_equals_int (answer (7, 30), GST_TRYON_AI_ANSWER_TAKEN);
  assert_leaves (30, 7, PROCESSED, 0);
  assert_nothing_leaves (30);
  fail_unless_equals_int (answer (8, 40), GST_TRYON_AI_ANSWER_TAKEN);
  assert_leaves (40, 8, PROCESSED, 0);
  assert_nothing_dropped ();
  fail_unless_equals_uint64 (get_counts ().sent, 2);
  fail_unless_equals_uint64 (get_counts ().processed, 2);
}

GST_END_TEST;

/* One frame waits for the next place, the newest. */
GST_START_TEST (test_newest_waits)
{
  guint32 i;

  for (i = 1; i <= 5; i++)
    push (i, i);
  assert_dropped (3, SUPERSEDED);
  assert_dropped (4, SUPERSEDED);
  assert_nothing_dropped ();
  fail_unless_equals_int64 (send_one (5), 1);
  fail_unless_equals_int64 (send_one (5), 2);
  fail_unless_equals_int64 (send_one (5), -1);
  fail_unless_equals_int (answer (1, 10), GST_TRYON_AI_ANSWER_TAKEN);
  fail_unless_equals_int64 (send_one (10), 5);
  fail_unless_equals_uint64 (get_counts ().dropped, 2);
  fail_unless_equals_uint64 (get_counts ().dropped_by_reason
      [GST_TRYON_DROP_REASON_SUPERSEDED], 2);
}

GST_END_TEST;

/* The places are given when frames come: how fast the socket is has no say. */
GST_START_TEST (test_places_before_sending)
{
  push (1, 0);
  push (2, 0);
  push (3, 0);
  push (4, 0);
  assert_dropped (3, SUPERSEDED);
  assert_nothing_dropped ();
  fail_unless_equals_int64 (send_one (1), 1);
  fail_unless_equals_int64 (send_one (1), 2);
}

GST_END_TEST;

GST_START_TEST (test_skipped_answers)
{
  gst_tryon_ai_queue_set_max_in_flight (queue, 4);
  push (1, 0);
  push (2, 0);
  push (3, 0);
  push (4, 0);
  while (send_one (0) != -1);
  fail_unless_equals_int (answer (3, 50), GST_TRYON_AI_ANSWER_TAKEN);
  assert_dropped (1, SUPERSEDED);
  assert_dropped (2, SUPERSEDED);
  assert_nothing_dropped ();
  assert_leaves (50, 3, PROCESSED, 0);
  assert_nothing_leaves (50);
  /* Their places are free again. */
  push (5, 60);
  push (6, 60);
  push (7, 60);
  assert_nothing_dropped ();
  fail_unless_equals_int (answer (2, 70), GST_TRYON_AI_ANSWER_LATE);
  fail_unless_equals_int (answer (3, 70), GST_TRYON_AI_ANSWER_LATE);
  fail_unless_equals_uint64 (get_counts ().late_answers, 2);
}

GST_END_TEST;

/* What the service drops is dropped for the same reason, but for its AI's. */
GST_START_TEST (test_refusals)
{
  static const GstTryonDropReason reasons[] = {
    GST_TRYON_DROP_REASON_RATE, GST_TRYON_DROP_REASON_SUPERSEDED,
    GST_TRYON_DROP_REASON_INVALID, GST_TRYON_DROP_REASON_TOO_LARGE,
    GST_TRYON_DROP_REASON_SLOW_CLIENT, GST_TRYON_DROP_REASON_PAUSED
  };
  guint32 i;

  for (i = 0; i < G_N_ELEMENTS (reasons); i++) {
    push (i, 10 * i);
    fail_unless_equals_int64 (send_one (10 * i), i);
    fail_unless_equals_int (gst_tryon_ai_queue_refuse (queue, i, reasons[i],
            MS (10 * i)), GST_TRYON_AI_ANSWER_TAKEN);
    check_dropped (i, reasons[i], __LINE__);
    assert_nothing_leaves (10 * i);
  }
  /* A reason of a later version. */
  push (20, 100);
  fail_unless_equals_int64 (send_one (100), 20);
  gst_tryon_ai_queue_refuse (queue, 20, 77, MS (100));
  assert_dropped (20, SUPERSEDED);

  push (21, 110);
  fail_unless_equals_int64 (send_one (110), 21);
  gst_tryon_ai_queue_refuse (queue, 21, GST_TRYON_DROP_REASON_AI_TIMEOUT,
      MS (115));
  assert_leaves (115, 21, FALLBACK, GST_TRYON_DROP_REASON_AI_TIMEOUT);
  push (22, 120);
  fail_unless_equals_int64 (send_one (120), 22);
  gst_tryon_ai_queue_refuse (queue, 22, GST_TRYON_DROP_REASON_AI_DOWN,
      MS (125));
  assert_leaves (125, 22, FALLBACK, GST_TRYON_DROP_REASON_AI_DOWN);
  assert_nothing_dropped ();
  fail_unless_equals_uint64 (get_counts ().timeouts, 0);
}

GST_END_TEST;

/* A drop says nothing of the frames before it. */
GST_START_TEST (test_refusal_out_of_order)
{
  push (1, 0);
  push (2, 0);
  while (send_one (0) != -1);
  gst_tryon_ai_queue_refuse (queue, 2, GST_TRYON_DROP_REASON_AI_DOWN, MS (10));
  assert_nothing_leaves (10);
  fail_unless_equals_int (answer (1, 20), GST_TRYON_AI_ANSWER_TAKEN);
  assert_leaves (20, 1, PROCESSED, 0);
  assert_leaves (20, 2, FALLBACK, GST_TRYON_DROP_REASON_AI_DOWN);
}

GST_END_TEST;

GST_START_TEST (test_timeout)
{
  push (1, 0);
  push (2, 50);
  push (3, 60);
  while (send_one (60) != -1);
  fail_unless_equals_int64 (gst_tryon_ai_queue_get_next_deadline (queue),
      MS (200));
  assert_nothing_leaves (199);
  assert_leaves (200, 1, FALLBACK, GST_TRYON_DROP_REASON_AI_TIMEOUT);
  assert_nothing_leaves (200);
  fail_unless_equals_int64 (gst_tryon_ai_queue_get_next_deadline (queue),
      MS (250));
  /* The one that has no place has a deadline too; and when nothing is to be
   * expected of the service, it does not wait for that. */
  assert_leaves (250, 2, FALLBACK, GST_TRYON_DROP_REASON_AI_TIMEOUT);
  assert_leaves (250, 3, FALLBACK, GST_TRYON_DROP_REASON_AI_TIMEOUT);
  fail_unless_equals_uint64 (get_counts ().timeouts, 3);
  fail_unless_equals_int (answer (1, 260), GST_TRYON_AI_ANSWER_LATE);
  fail_unless_equals_int (answer (9, 260), GST_TRYON_AI_ANSWER_UNKNOWN);
  fail_unless_equals_uint64 (get_counts ().late_answers, 1);
  fail_unless_equals_uint64 (get_counts ().unknown_answers, 1);
}

GST_END_TEST;

/* An answer behind its deadline is good as long as its frame is there. */
GST_START_TEST (test_answer_before_leaving)
{
  push (1, 0);
  fail_unless_equals_int64 (send_one (0), 1);
  fail_unless_equals_int (answer (1, 205), GST_TRYON_AI_ANSWER_TAKEN);
  assert_leaves (205, 1, PROCESSED, 0);
}

GST_END_TEST;

/* A service that hangs has max-in-flight frames and no more. */
GST_START_TEST (test_hanging_service)
{
  guint32 i;

  push (0, 0);
  push (1, 0);
  while (send_one (0) != -1);
  assert_leaves (200, 0, FALLBACK, GST_TRYON_DROP_REASON_AI_TIMEOUT);
  assert_leaves (200, 1, FALLBACK, GST_TRYON_DROP_REASON_AI_TIMEOUT);
  for (i = 2; i < 30; i++) {
    push (i, 200 + i);
    fail_unless_equals_int64 (send_one (200 + i), -1);
    assert_leaves (200 + i, i, FALLBACK, GST_TRYON_DROP_REASON_AI_TIMEOUT);
  }
  assert_nothing_dropped ();
  /* Five timeouts later it is asked again. */
  push (30, 1199);
  assert_leaves (1199, 30, FALLBACK, GST_TRYON_DROP_REASON_AI_TIMEOUT);
  push (31, 1200);
  fail_unless_equals_int64 (send_one (1200), 31);
  fail_unless_equals_int (answer (31, 1210), GST_TRYON_AI_ANSWER_TAKEN);
  assert_leaves (1210, 31, PROCESSED, 0);
  fail_unless_equals_uint64 (get_counts ().sent, 3);
}

GST_END_TEST;

/* A late answer gives the place back at once, and those of frames before. */
GST_START_TEST (test_late_answer_frees)
{
  push (0, 0);
  push (1, 0);
  while (send_one (0) != -1);
  assert_leaves (200, 0, FALLBACK, GST_TRYON_DROP_REASON_AI_TIMEOUT);
  assert_leaves (200, 1, FALLBACK, GST_TRYON_DROP_REASON_AI_TIMEOUT);
  fail_unless_equals_int (answer (1, 300), GST_TRYON_AI_ANSWER_LATE);
  push (2, 301);
  push (3, 301);
  fail_unless_equals_int64 (send_one (301), 2);
  fail_unless_equals_int64 (send_one (301), 3);
}

GST_END_TEST;

GST_START_TEST (test_closed)
{
  gst_tryon_ai_queue_set_max_in_flight (queue, 1);
  push (1, 0);
  push (2, 1);
  fail_unless_equals_int64 (send_one (1), 1);
  gst_tryon_ai_queue_set_open (queue, FALSE, MS (20));
  assert_leaves (20, 1, FALLBACK, GST_TRYON_DROP_REASON_AI_DOWN);
  assert_leaves (20, 2, FALLBACK, GST_TRYON_DROP_REASON_AI_DOWN);
  push (3, 30);
  assert_leaves (30, 3, FALLBACK, GST_TRYON_DROP_REASON_AI_DOWN);
  fail_unless_equals_int64 (send_one (30), -1);

  /* The next connection knows nothing of the frames of the last. */
  gst_tryon_ai_queue_set_open (queue, TRUE, MS (40));
  fail_unless_equals_int (answer (1, 41), GST_TRYON_AI_ANSWER_UNKNOWN);
  push (4, 50);
  fail_unless_equals_int64 (send_one (50), 4);
  fail_unless_equals_uint64 (get_counts ().timeouts, 0);
}

GST_END_TEST;

static GstBuffer *
pop_image (gint64 now)
{
  GstTryonAiItem *item = gst_tryon_ai_queue_pop (queue, MS (now));
  GstBuffer *image;

  fail_unless (item != NULL);
  image = gst_buffer_ref (item->image);
  gst_tryon_ai_item_free (item);
  return image;
}

GST_START_TEST (test_fallback_last)
{
  GstTryonSession *first = gst_tryon_session_new ("first", NULL);
  GstTryonSession *second = gst_tryon_session_new ("second", NULL);
  GstBuffer *processed, *image;

  gst_tryon_ai_queue_set_fallback (queue, GST_TRYON_AI_FALLBACK_LAST);

  /* None yet. */
  push_for (first, 1, 0);
  fail_unless_equals_int64 (send_one (0), 1);
  assert_nothing_leaves (200);
  assert_dropped (1, AI_TIMEOUT);
  answer (1, 201);

  push_for (first, 2, 210);
  fail_unless_equals_int64 (send_one (210), 2);
  answer (2, 220);
  processed = pop_image (220);
  push_for (first, 3, 230);
  fail_unless_equals_int64 (send_one (230), 3);
  gst_tryon_ai_queue_refuse (queue, 3, GST_TRYON_DROP_REASON_AI_DOWN, MS (240));
  image = pop_image (240);
  fail_unless (image == processed);
  gst_buffer_unref (image);
  gst_buffer_unref (processed);

  /* Another session never sees it. */
  push_for (second, 4, 250);
  gst_tryon_ai_queue_set_open (queue, FALSE, MS (250));
  assert_nothing_leaves (250);
  assert_dropped (4, AI_DOWN);

  gst_object_unref (first);
  gst_object_unref (second);
}

GST_END_TEST;

/* What the service marks as not processed is no image to be repeated. */
GST_START_TEST (test_fallback_last_is_processed)
{
  gst_tryon_ai_queue_set_fallback (queue, GST_TRYON_AI_FALLBACK_LAST);
  push (1, 0);
  fail_unless_equals_int64 (send_one (0), 1);
  gst_tryon_ai_queue_answer (queue, 1, gst_buffer_new_allocate (NULL, 9, NULL),
      TRUE, MS (10), NULL);
  assert_leaves (10, 1, PROCESSED, 0);
  push (2, 20);
  gst_tryon_ai_queue_set_open (queue, FALSE, MS (20));
  assert_nothing_leaves (20);
  assert_dropped (2, AI_DOWN);
}

GST_END_TEST;

GST_START_TEST (test_fallback_drop)
{
  gst_tryon_ai_queue_set_fallback (queue, GST_TRYON_AI_FALLBACK_DROP);
  push (1, 0);
  push (2, 0);
  while (send_one (0) != -1);
  assert_nothing_leaves (200);
  assert_dropped (1, AI_TIMEOUT);
  assert_dropped (2, AI_TIMEOUT);
  gst_tryon_ai_queue_set_open (queue, FALSE, MS (210));
  push (3, 220);
  assert_nothing_leaves (220);
  assert_dropped (3, AI_DOWN);
  fail_unless_equals_uint64 (get_counts ().fallbacks, 0);
}

GST_END_TEST;

GST_START_TEST (test_discont)
{
  GstTryonAiItem *item;

  gst_tryon_ai_queue_set_max_in_flight (queue, 1);
  push (1, 0);
  push (2, 0);
  push (3, 0);
  assert_dropped (2, SUPERSEDED);
  fail_unless_equals_int64 (send_one (0), 1);
  gst_tryon_ai_queue_refuse (queue, 1, GST_TRYON_DROP_REASON_RATE, MS (1));
  assert_dropped (1, RATE);
  push (4, 2);
  fail_unless_equals_int64 (send_one (2), 3);
  answer (3, 3);
  fail_unless_equals_int64 (send_one (3), 4);
  answer (4, 4);
  item = gst_tryon_ai_queue_pop (queue, MS (4));
  fail_unless (item->discont);
  gst_tryon_ai_item_free (item);
  item = gst_tryon_ai_queue_pop (queue, MS (4));
  fail_if (item->discont);
  gst_tryon_ai_item_free (item);
}

GST_END_TEST;

static void
assert_event_leaves (GstEventType type)
{
  GstTryonAiItem *item = gst_tryon_ai_queue_pop (queue, 0);

  fail_unless (item != NULL && item->event != NULL);
  fail_unless_equals_int (GST_EVENT_TYPE (item->event), type);
  gst_tryon_ai_item_free (item);
}

GST_START_TEST (test_events_in_order)
{
  gst_tryon_ai_queue_push_event (queue, gst_event_new_stream_start ("x"));
  push (1, 0);
  gst_tryon_ai_queue_push_event (queue, gst_event_new_gap (0, 1));
  push (2, 0);
  gst_tryon_ai_queue_push_event (queue, gst_event_new_eos ());
  while (send_one (0) != -1);

  assert_event_leaves (GST_EVENT_STREAM_START);
  assert_nothing_leaves (0);
  answer (1, 1);
  assert_leaves (1, 1, PROCESSED, 0);
  assert_event_leaves (GST_EVENT_GAP);
  assert_nothing_leaves (1);
  fail_unless_equals_int (gst_tryon_ai_queue_get_n_undecided (queue), 1);
  /* EOS is behind the last frame, whatever becomes of it. */
  gst_tryon_ai_queue_refuse (queue, 2, GST_TRYON_DROP_REASON_RATE, MS (2));
  fail_unless_equals_int (gst_tryon_ai_queue_get_n_undecided (queue), 0);
  assert_event_leaves (GST_EVENT_EOS);
  assert_dropped (2, RATE);
}

GST_END_TEST;

GST_START_TEST (test_events_bounded)
{
  guint i;

  push (1, 0);
  for (i = 0; i < GST_TRYON_AI_MAX_EVENTS; i++)
    fail_unless (gst_tryon_ai_queue_push_event (queue,
            gst_event_new_gap (0, 1)));
  fail_if (gst_tryon_ai_queue_push_event (queue, gst_event_new_gap (0, 1)));
  /* Without these nothing would go on. */
  fail_unless (gst_tryon_ai_queue_push_event (queue, gst_event_new_eos ()));
  fail_unless_equals_uint64 (get_counts ().events_dropped, 1);
  fail_unless_equals_int (get_counts ().outstanding, 1);
}

GST_END_TEST;

/* Nobody takes anything at the other end. */
GST_START_TEST (test_decided_are_bounded)
{
  guint32 i;

  gst_tryon_ai_queue_set_open (queue, FALSE, 0);
  for (i = 0; i < 1000; i++)
    push (i, i);
  fail_unless_equals_int (get_counts ().outstanding, 2);
  for (i = 0; i < 998; i++)
    assert_dropped (i, SUPERSEDED);
  assert_nothing_dropped ();
  assert_leaves (1000, 998, FALLBACK, GST_TRYON_DROP_REASON_AI_DOWN);
  assert_leaves (1000, 999, FALLBACK, GST_TRYON_DROP_REASON_AI_DOWN);
}

GST_END_TEST;

GST_START_TEST (test_give_up)
{
  gst_tryon_ai_queue_set_max_in_flight (queue, 3);
  push (1, 0);
  push (2, 0);
  push (3, 0);
  push (4, 0);
  while (send_one (0) != -1);
  answer (1, 5);
  gst_tryon_ai_queue_give_up (queue, MS (10));
  assert_dropped (2, SUPERSEDED);
  assert_dropped (3, SUPERSEDED);
  assert_dropped (4, SUPERSEDED);
  assert_nothing_dropped ();
  assert_leaves (10, 1, PROCESSED, 0);
  assert_nothing_leaves (10);
}

GST_END_TEST;

GST_START_TEST (test_flush)
{
  gst_tryon_ai_queue_push_event (queue, gst_event_new_tag
      (gst_tag_list_new_empty ()));
  push (1, 0);
  push (2, 0);
  gst_tryon_ai_queue_push_event (queue, gst_event_new_gap (0, 1));
  gst_tryon_ai_queue_push_event (queue, gst_event_new_eos ());
  while (send_one (0) != -1);
  gst_tryon_ai_queue_flush (queue, MS (10));
  assert_dropped (1, SUPERSEDED);
  assert_dropped (2, SUPERSEDED);
  fail_unless_equals_int (get_counts ().outstanding, 0);
  /* Sticky events outlast a flush. */
  assert_event_leaves (GST_EVENT_TAG);
  assert_nothing_leaves (10);

  /* The service has both frames still: the next one waits for a place, which
   * is to be expected. */
  push (3, 20);
  fail_unless_equals_int64 (send_one (20), -1);
  assert_nothing_leaves (20);
  fail_unless_equals_int (answer (1, 30), GST_TRYON_AI_ANSWER_LATE);
  fail_unless_equals_int64 (send_one (30), 3);
}

GST_END_TEST;

/* The frame that sinks wait for is not dropped, whatever is said of it. */
GST_START_TEST (test_preroll)
{
  GstBuffer *frame = gst_buffer_new_allocate (NULL, 5, NULL);

  gst_tryon_ai_queue_set_fallback (queue, GST_TRYON_AI_FALLBACK_DROP);
  gst_tryon_ai_queue_set_prerolling (queue, TRUE);
  gst_tryon_ai_queue_push_frame (queue,
      gst_tryon_ai_item_new_frame (frame, NULL, NULL, 1, 0), TRUE, 0);
  fail_unless_equals_int64 (send_one (0), 1);
  gst_tryon_ai_queue_refuse (queue, 1, GST_TRYON_DROP_REASON_INVALID, MS (1));
  assert_nothing_dropped ();
  assert_leaves (1, 1, FALLBACK, GST_TRYON_DROP_REASON_INVALID);

  /* In PLAYING it is a frame like any other. */
  gst_tryon_ai_queue_push_frame (queue,
      gst_tryon_ai_item_new_frame (frame, NULL, NULL, 2, 0), TRUE, MS (2));
  gst_tryon_ai_queue_set_prerolling (queue, FALSE);
  fail_unless_equals_int64 (send_one (2), 2);
  gst_tryon_ai_queue_refuse (queue, 2, GST_TRYON_DROP_REASON_INVALID, MS (3));
  assert_dropped (2, INVALID);
  gst_buffer_unref (frame);
}

GST_END_TEST;

GST_START_TEST (test_frame_sizes)
{
  GstBuffer *empty = gst_buffer_new ();
  GstBuffer *large = gst_buffer_new_allocate (NULL,
      GST_TRYON_AI_MAX_FRAME_BYTES + 1, NULL);

  gst_tryon_ai_queue_push_frame (queue,
      gst_tryon_ai_item_new_frame (empty, NULL, NULL, 1, 0), FALSE, 0);
  assert_dropped (1, INVALID);
  gst_tryon_ai_queue_push_frame (queue,
      gst_tryon_ai_item_new_frame (large, NULL, NULL, 2, 0), FALSE, 0);
  assert_dropped (2, TOO_LARGE);
  gst_buffer_resize (large, 0, GST_TRYON_AI_MAX_FRAME_BYTES);
  gst_tryon_ai_queue_push_frame (queue,
      gst_tryon_ai_item_new_frame (large, NULL, NULL, 3, 0), FALSE, 0);
  fail_unless_equals_int64 (send_one (0), 3);
  gst_buffer_unref (empty);
  gst_buffer_unref (large);
}

GST_END_TEST;

GST_START_TEST (test_sequences_wrap)
{
  push (G_MAXUINT32, 0);
  push (0, 0);
  while (send_one (0) != -1);
  fail_unless_equals_int (answer (0, 1), GST_TRYON_AI_ANSWER_TAKEN);
  assert_dropped (G_MAXUINT32, SUPERSEDED);
  fail_unless_equals_int (answer (G_MAXUINT32, 2), GST_TRYON_AI_ANSWER_LATE);
  fail_unless_equals_int (answer (1, 2), GST_TRYON_AI_ANSWER_UNKNOWN);
  fail_unless_equals_int (answer (G_MAXUINT32 - 1, 2),
      GST_TRYON_AI_ANSWER_UNKNOWN);
  assert_leaves (2, 0, PROCESSED, 0);
}

GST_END_TEST;

/* A frame that was not sent yet cannot have an answer. */
GST_START_TEST (test_answer_before_sending)
{
  push (1, 0);
  push (2, 0);
  fail_unless_equals_int64 (send_one (0), 1);
  fail_unless_equals_int (answer (2, 1), GST_TRYON_AI_ANSWER_UNKNOWN);
  fail_unless_equals_int64 (send_one (1), 2);
}

GST_END_TEST;

/* Anything in any order: every frame comes out once, dropped or not. */
GST_START_TEST (test_account)
{
  GRand *rand = g_rand_new_with_seed (42);
  GstTryonAiItem *item;
  GstTryonAiCounts counts;
  guint64 left = 0, dropped = 0;
  guint32 sequence = 0, sent = 0;
  gint64 now = 0;
  guint i;

  gst_tryon_ai_queue_set_max_in_flight (queue, 4);
  for (i = 0; i < 20000; i++) {
    now += g_rand_int_range (rand, 0, 40);
    switch (g_rand_int_range (rand, 0, 12)) {
      case 0:
        gst_tryon_ai_queue_set_open (queue, g_rand_boolean (rand), MS (now));
        break;
      case 1:
        gst_tryon_ai_queue_set_max_in_flight (queue,
            g_rand_int_range (rand, 1, 9));
        break;
      case 2:
        gst_tryon_ai_queue_set_fallback (queue, g_rand_int_range (rand, 0, 3));
        break;
      case 3:
        answer (sent - g_rand_int_range (rand, 0, 6), now);
        break;
      case 4:
        gst_tryon_ai_queue_refuse (queue, sent - g_rand_int_range (rand, 0, 6),
            g_rand_int_range (rand, 0, 12), MS (now));
        break;
      case 5:
        if (g_rand_int_range (rand, 0, 30) == 0)
          gst_tryon_ai_queue_flush (queue, MS (now));
        break;
      case 6:
        if (g_rand_int_range (rand, 0, 30) == 0)
          gst_tryon_ai_queue_give_up (queue, MS (now));
        break;
      case 7:
        gst_tryon_ai_queue_expire (queue, MS (now));
        break;
      default:
        push (sequence++, now);
        break;
    }
    while (g_rand_boolean (rand)) {
      gint64 next = send_one (now);

      if (next < 0)
        break;
      sent = next;
    }
    while ((item = gst_tryon_ai_queue_pop_dropped (queue)) != NULL) {
      dropped++;
      gst_tryon_ai_item_free (item);
    }
    while ((item = gst_tryon_ai_queue_pop (queue, MS (now))) != NULL) {
      left++;
      gst_tryon_ai_item_free (item);
    }
    while ((item = gst_tryon_ai_queue_pop_dropped (queue)) != NULL) {
      dropped++;
      gst_tryon_ai_item_free (item);
    }
    gst_tryon_ai_queue_get_counts (queue, &counts);
    assert_equals_uint64 (counts.received, sequence);
    assert_equals_uint64 (counts.dropped, dropped);
    assert_equals_uint64 (counts.processed + counts.fallbacks, left);
    assert_equals_uint64 (counts.received, left + dropped + counts.outstanding);
    fail_unless (counts.outstanding <= 9);
    fail_unless (queue->n_placed + queue->n_sent +
        (queue->waiting ? 1 : 0) + queue->n_decided == counts.outstanding);
  }
  fail_unless (left > 1000 && dropped > 1000);
  g_rand_free (rand);
}

GST_END_TEST;

static Suite *
tryonaiqueue_suite (void)
{
  Suite *s = suite_create ("tryonaiqueue");
  TCase *tc = tcase_create ("rules");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_in_order);
  tcase_add_test (tc, test_newest_waits);
  tcase_add_test (tc, test_places_before_sending);
  tcase_add_test (tc, test_skipped_answers);
  tcase_add_test (tc, test_refusals);
  tcase_add_test (tc, test_refusal_out_of_order);
  tcase_add_test (tc, test_timeout);
  tcase_add_test (tc, test_answer_before_leaving);
  tcase_add_test (tc, test_hanging_service);
  tcase_add_test (tc, test_late_answer_frees);
  tcase_add_test (tc, test_closed);
  tcase_add_test (tc, test_fallback_last);
  tcase_add_test (tc, test_fallback_last_is_processed);
  tcase_add_test (tc, test_fallback_drop);
  tcase_add_test (tc, test_discont);
  tcase_add_test (tc, test_events_in_order);
  tcase_add_test (tc, test_events_bounded);
  tcase_add_test (tc, test_decided_are_bounded);
  tcase_add_test (tc, test_give_up);
  tcase_add_test (tc, test_flush);
  tcase_add_test (tc, test_preroll);
  tcase_add_test (tc, test_frame_sizes);
  tcase_add_test (tc, test_sequences_wrap);
  tcase_add_test (tc, test_answer_before_sending);
  tcase_add_test (tc, test_account);
  return s;
}

GST_CHECK_MAIN (tryonaiqueue);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* GstTryonAccount: every frame exactly one answer, in the order of arrival. */

#include <gst/check/gstcheck.h>

#include "gst/tryon/gsttryonaccount.h"

static GstTryonAccount *account;
static GstBuffer *image;

static void
setup (void)
{
  account = gst_tryon_account_new ();
  image = gst_buffer_new_allocate (NULL, 10, NULL);
}

static void
teardown (void)
{
  gst_tryon_account_free (account);
  /* The account gave back every reference that it took. */
  ASSERT_MINI_OBJECT_REFCOUNT (image, "image", 1);
  gst_buffer_unref (image);
}

static void
add (guint32 first, guint n)
{
  guint i;

  for (i = 0; i < n; i++)
    gst_tryon_account_add (account, first + i, 1000 + i, 2000 + i);
}

static gboolean
answer (guint32 sequence)
{
  gint64 arrival = GST_TRYON_ACCOUNT_ANY_ARRIVAL;

  return gst_tryon_account_answer (account, sequence, image, 0, 0, &arrival);
}

static void
fail_unless_balanced (void)
{
  GstTryonAccountCounts c;
  guint64 sum = 0;
  guint i;

  gst_tryon_account_get_counts (account, &c);
  fail_unless_equals_uint64 (c.received,
      c.processed + c.dropped + c.outstanding);
  for (i = 0; i < GST_TRYON_N_DROP_REASONS; i++)
    sum += c.dropped_by_reason[i];
  fail_unless_equals_uint64 (sum, c.dropped);
}

/* @reason 0: processed. */
static void
fail_unless_next (guint32 sequence, GstTryonDropReason reason)
{
  GstTryonAnswer a;

  fail_unless (gst_tryon_account_take_answer (account, &a));
  fail_unless_equals_int (a.sequence, sequence);
  if (reason == 0) {
    fail_unless (a.image == image);
    gst_buffer_unref (a.image);
  } else {
    fail_unless (a.image == NULL);
    fail_unless_equals_int (a.reason, reason);
  }
  fail_unless_balanced ();
}

static void
fail_unless_none (void)
{
  GstTryonAnswer a;

  fail_if (gst_tryon_account_has_answer (account));
  fail_if (gst_tryon_account_take_answer (account, &a));
}

GST_START_TEST (test_answer)
{
  GstTryonAnswer a;
  gint64 arrival = 455;

  gst_tryon_account_add (account, 7, 123, 456);
  fail_unless_none ();
  fail_unless (gst_tryon_account_is_waiting (account, 7));
  /* Another frame's number, from an earlier connection. */
  fail_if (gst_tryon_account_answer (account, 7, image, 0, 99, &arrival));
  arrival = GST_TRYON_ACCOUNT_ANY_ARRIVAL;
  fail_unless (gst_tryon_account_answer (account, 7, image,
          GST_TRYON_FRAME_FLAG_NOT_PROCESSED, 99, &arrival));
  fail_unless_equals_int64 (arrival, 456);
  fail_if (gst_tryon_account_is_waiting (account, 7));

  fail_unless (gst_tryon_account_take_answer (account, &a));
  fail_unless_equals_int (a.sequence, 7);
  fail_unless_equals_uint64 (a.capture_time, 123);
  fail_unless_equals_int64 (a.arrival, 456);
  fail_unless_equals_int (a.flags, GST_TRYON_FRAME_FLAG_NOT_PROCESSED);
  fail_unless_equals_int (a.ai_latency, 99);
  fail_unless (a.image == image);
  gst_buffer_unref (a.image);
  fail_unless_none ();
}

GST_END_TEST;

GST_START_TEST (test_only_once)
{
  add (1, 1);
  fail_if (answer (2));
  fail_unless (answer (1));
  fail_if (answer (1));
  fail_if (gst_tryon_account_drop (account, 1, GST_TRYON_DROP_REASON_RATE));
  fail_unless_next (1, 0);
  fail_if (answer (1));
  fail_unless_none ();
}

GST_END_TEST;

GST_START_TEST (test_drop_waits_for_older)
{
  add (1, 3);
  fail_unless (gst_tryon_account_drop (account, 2, GST_TRYON_DROP_REASON_RATE));
  fail_unless (gst_tryon_account_drop (account, 3,
          GST_TRYON_DROP_REASON_INVALID));
  fail_unless_none ();
  fail_unless (answer (1));
  fail_unless_next (1, 0);
  fail_unless_next (2, GST_TRYON_DROP_REASON_RATE);
  fail_unless_next (3, GST_TRYON_DROP_REASON_INVALID);
  fail_unless_none ();
}

GST_END_TEST;

GST_START_TEST (test_later_answer_supersedes)
{
  add (1, 4);
  fail_unless (gst_tryon_account_drop (account, 2, GST_TRYON_DROP_REASON_RATE));
  fail_unless (answer (3));
  /* What was superseded can't be answered any more. */
  fail_if (answer (1));
  fail_unless_next (1, GST_TRYON_DROP_REASON_SUPERSEDED);
  fail_unless_next (2, GST_TRYON_DROP_REASON_RATE);
  fail_unless_next (3, 0);
  fail_unless_none ();
  fail_unless (gst_tryon_account_is_waiting (account, 4));
}

GST_END_TEST;

GST_START_TEST (test_newest_images_win)
{
  add (1, 5);
  fail_unless (answer (1));
  fail_unless (answer (2));
  fail_unless (answer (4));
  fail_unless (answer (5));
  /* Two images are held, not four. */
  ASSERT_MINI_OBJECT_REFCOUNT (image, "image", 3);
  fail_unless_next (1, GST_TRYON_DROP_REASON_SLOW_CLIENT);
  fail_unless_next (2, GST_TRYON_DROP_REASON_SLOW_CLIENT);
  fail_unless_next (3, GST_TRYON_DROP_REASON_SUPERSEDED);
  fail_unless_next (4, 0);
  fail_unless_next (5, 0);
}

GST_END_TEST;

GST_START_TEST (test_find_pts)
{
  guint32 sequence = 0;

  add (5, 2);
  gst_tryon_account_set_pts (account, 5, 100);
  gst_tryon_account_set_pts (account, 6, 200);
  fail_unless (gst_tryon_account_find_pts (account, 200, &sequence));
  fail_unless_equals_int (sequence, 6);
  fail_if (gst_tryon_account_find_pts (account, 300, &sequence));
  fail_if (gst_tryon_account_find_pts (account, GST_CLOCK_TIME_NONE,
          &sequence));
  fail_unless (answer (6));
  fail_if (gst_tryon_account_find_pts (account, 200, &sequence));
}

GST_END_TEST;

GST_START_TEST (test_expire)
{
  add (1, 3);                   /* arrivals 2000, 2001, 2002 */
  fail_unless_equals_int (gst_tryon_account_expire (account, 2000), 0);
  fail_unless_equals_int (gst_tryon_account_expire (account, 2002), 2);
  fail_unless_equals_int (gst_tryon_account_expire (account, 2002), 0);
  fail_unless_next (1, GST_TRYON_DROP_REASON_SUPERSEDED);
  fail_unless_next (2, GST_TRYON_DROP_REASON_SUPERSEDED);
  fail_unless_none ();
}

GST_END_TEST;

GST_START_TEST (test_drop_newest_with_used_number)
{
  /* The second frame 1 is refused; it must not take the first one's place. */
  add (1, 1);
  add (1, 1);
  gst_tryon_account_drop_newest (account, GST_TRYON_DROP_REASON_INVALID);
  fail_unless (answer (1));
  fail_unless_next (1, 0);
  fail_unless_next (1, GST_TRYON_DROP_REASON_INVALID);
}

GST_END_TEST;

GST_START_TEST (test_give_up)
{
  GstTryonAccountCounts c;

  add (1, 3);
  fail_unless (answer (1));
  fail_unless (gst_tryon_account_drop (account, 2, GST_TRYON_DROP_REASON_RATE));
  gst_tryon_account_give_up (account);
  fail_unless_none ();
  fail_unless_balanced ();
  gst_tryon_account_get_counts (account, &c);
  fail_unless_equals_uint64 (c.dropped, 3);
  fail_unless_equals_uint64 (c.processed, 0);
}

GST_END_TEST;

/* Any mix of calls: answers come in order, each frame has exactly one, and the
 * account balances all the time. */
GST_START_TEST (test_random)
{
  GRand *rand = g_rand_new_with_seed (42);
  guint32 next = G_MAXUINT32 - 500, expected = next;    /* wraps on the way */
  guint i;

  for (i = 0; i < 20000; i++) {
    guint32 outstanding = next - expected;
    guint32 some = expected + g_rand_int_range (rand, 0, outstanding + 1);
    GstTryonAnswer a;

    switch (g_rand_int_range (rand, 0, 6)) {
      case 0:
      case 1:
        if (outstanding < 20)
          add (next++, 1);
        break;
      case 2:
        answer (some);
        break;
      case 3:
        gst_tryon_account_drop (account, some, GST_TRYON_DROP_REASON_RATE);
        break;
      default:
        if (gst_tryon_account_take_answer (account, &a)) {
          fail_unless_equals_int (a.sequence, expected);
          gst_clear_buffer (&a.image);
          expected++;
        }
        break;
    }
    fail_unless_balanced ();
  }
  fail_unless (expected - (G_MAXUINT32 - 500) > 1000);
  g_rand_free (rand);
}

GST_END_TEST;

static Suite *
account_suite (void)
{
  Suite *s = suite_create ("account");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_answer);
  tcase_add_test (tc, test_only_once);
  tcase_add_test (tc, test_drop_waits_for_older);
  tcase_add_test (tc, test_later_answer_supersedes);
  tcase_add_test (tc, test_newest_images_win);
  tcase_add_test (tc, test_find_pts);
  tcase_add_test (tc, test_expire);
  tcase_add_test (tc, test_drop_newest_with_used_number);
  tcase_add_test (tc, test_give_up);
  tcase_add_test (tc, test_random);
  return s;
}

GST_CHECK_MAIN (account);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* GstTryonConnection: peers that are held up for a moment. */

#include "wspeer.h"

#define SERVER GST_TRYON_CONNECTION_SERVER
#define CLIENT GST_TRYON_CONNECTION_CLIENT
#define TEXT GST_TRYON_WS_OPCODE_TEXT
#define N_MESSAGES 5

static void
hold (End * end)
{
  gst_tryon_connection_pause (end->connection);
}

static void
go_on (End * end)
{
  end->in_call = FALSE;         /* messages may come */
  gst_tryon_connection_resume (end->connection);
}

/* The loop has had turns to do all that it wants to. */
static void
let_it_turn (End * end)
{
  guint i;

  for (i = 0; i < 5; i++)
    end_call (end, end_nothing);
}

static void
send_all (Raw * raw)
{
  guint8 number;

  for (number = 0; number < N_MESSAGES; number++)
    raw_send_frame (raw, TRUE, TEXT, &number, 1);
}

/* One message a time, though all of them are there: what the connection has read
 * already waits as well. */
GST_START_TEST (test_from_within)
{
  End *end;
  Raw raw;
  guint8 number;

  end = end_and_raw (__i__ & 1, __i__ & 2 ? CLIENT : SERVER, 0, &raw);
  end->on_message = hold;
  send_all (&raw);
  for (number = 0; number < N_MESSAGES; number++) {
    end_expect (end, TRUE, &number, 1);
    let_it_turn (end);
    fail_unless_equals_int (end_count (end, &end->n_messages), number + 1);
    end_call (end, go_on);
  }
  end_close (end, 1000, NULL);
  raw_expect_close (&raw, 1000);
  raw_send_close (&raw, 1000, "");
  raw_close (&raw);
  end_expect_closed (end, 1000, "");
  end_free (end);
}

GST_END_TEST;

/* Bytes that come meanwhile are read afterwards; twice is as good as once. */
GST_START_TEST (test_from_outside)
{
  End *end;
  Raw raw;
  guint8 number;

  end = end_and_raw (__i__ & 1, SERVER, 0, &raw);
  end_call (end, go_on);
  end_call (end, hold);
  end_call (end, hold);
  send_all (&raw);
  let_it_turn (end);
  fail_unless_equals_int (end_count (end, &end->n_messages), 0);
  /* What is sent to it leaves all the same. */
  fail_unless (end_send_text (end, "still here", 10));
  raw_expect_frame (&raw, TEXT, "still here", 10);
  end_call (end, go_on);
  end_call (end, go_on);
  for (number = 0; number < N_MESSAGES; number++)
    end_expect (end, TRUE, &number, 1);
  end_close (end, 1000, NULL);
  raw_expect_close (&raw, 1000);
  raw_send_close (&raw, 1000, "");
  raw_close (&raw);
  end_expect_closed (end, 1000, "");
  end_free (end);
}

GST_END_TEST;

/* Who closes wants to read the peer's close frame. */
GST_START_TEST (test_closed_meanwhile)
{
  End *end;
  Raw raw;

  end = end_and_raw (__i__ & 1, SERVER, 0, &raw);
  end_call (end, hold);
  send_all (&raw);
  end_close (end, 1001, "enough");
  raw_expect_close (&raw, 1001);
  raw_send_close (&raw, 1001, "so be it");
  raw_close (&raw);
  end_expect_closed (end, 1001, "so be it");
  fail_unless_equals_int (end_count (end, &end->n_messages), 0);
  /* Of no use any more, and harmless. */
  end_call (end, hold);
  end_call (end, go_on);
  end_free (end);
}

GST_END_TEST;

/* A peer that is reset is no reason to turn for ever: its end is noticed. */
GST_START_TEST (test_reset_meanwhile)
{
  const struct linger linger = { 1, 0 };
  End *end;
  Raw raw;

  end = end_and_raw (TRUE, SERVER, 0, &raw);
  end_call (end, hold);
  (void) setsockopt (g_socket_get_fd (raw.socket), SOL_SOCKET, SO_LINGER,
      &linger, sizeof (linger));
  raw_close (&raw);
  end_expect_closed (end, 1006, NULL);
  end_free (end);
}

GST_END_TEST;

static Suite *
connectionpause_suite (void)
{
  Suite *s = suite_create ("connectionpause");
  TCase *tc = tcase_create ("pause");

  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc, test_from_within, 0, 4);
  tcase_add_loop_test (tc, test_from_outside, 0, 2);
  tcase_add_loop_test (tc, test_closed_meanwhile, 0, 2);
  tcase_add_test (tc, test_reset_meanwhile);
  return s;
}

GST_CHECK_MAIN (connectionpause);

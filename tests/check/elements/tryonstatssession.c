/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tryonstats: the account of a try-on session, and what its client is told. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "statstest.h"

/* The session's account, as the session itself tells it. */
GST_START_TEST (test_session_fields)
{
  static const gchar *fields[] = {
    "session-id", "frames-received", "frames-processed", "frames-dropped",
    "frames-outstanding", "dropped-by-reason"
  };
  Fixture f;
  GstTryonSession *session = flow_client_new ("one");
  GstStructure *s, *account;
  GstBuffer *frame;
  guint i;

  setup (&f, "tryonstats");
  gst_harness_push_event (f.h, gst_tryon_event_new_session (session));
  for (i = 1; i <= 6; i++) {
    frame = flow_client_send_frame (session, i, 0);
    gst_harness_push (f.h, frame);
    frame = gst_harness_pull (f.h);
    if (i == 2)
      gst_tryon_session_drop (session, i, GST_TRYON_DROP_REASON_AI_DOWN);
    else if (i <= 4)
      gst_tryon_session_answer (session, frame, NULL);
    gst_buffer_unref (frame);
    /* The client takes its answers, which is when they count. */
    fail_unless (flow_client_read (session, "none") == NULL);
  }
  s = crank (&f);
  account = gst_tryon_session_get_stats (session);
  for (i = 0; i < G_N_ELEMENTS (fields); i++) {
    fail_unless_equals_int (gst_value_compare (gst_structure_get_value (s,
                fields[i]), gst_structure_get_value (account, fields[i])),
        GST_VALUE_EQUAL);
  }
  check_uint64 (s, "frames", 6);
  check_uint64 (s, "frames-received", 6);
  check_uint64 (s, "frames-processed", 3);
  check_uint64 (s, "frames-dropped", 1);
  gst_structure_free (account);
  gst_structure_free (s);
  teardown (&f);
  flow_client_free (session);
}

GST_END_TEST;

/* JSON does not tell 10.0 from 10. */
static gint64
get_number (const GstStructure * s, const gchar * field)
{
  gint64 whole = -1;
  gdouble value;

  if (gst_structure_get_double (s, field, &value))
    whole = value + 0.5;
  else
    fail_unless (gst_structure_get_int64 (s, field, &whole), "no %s", field);
  return whole;
}

static void
check_client_stats (GstTryonSession * session, guint latency,
    const gchar * quality)
{
  GstStructure *s = flow_client_read (session, "stats");

  fail_unless (s != NULL, "the client was told nothing");
  fail_unless_equals_int64 (get_number (s, "fps"), 10);
  fail_unless_equals_int64 (get_number (s, "avg_latency_ms"), latency);
  fail_unless_equals_int64 (get_number (s, "p50"), latency);
  fail_unless_equals_int64 (get_number (s, "p95"), latency);
  fail_unless_equals_int64 (get_number (s, "p99"), latency);
  fail_unless_equals_string (gst_structure_get_string (s,
          "connection_quality"), quality);
  fail_unless_equals_int64 (get_number (s, "frames_processed"), 0);
  fail_unless_equals_int64 (get_number (s, "frames_dropped"), 1);
  gst_structure_free (s);
}

GST_START_TEST (test_client_message)
{
  static const struct
  {
    guint latency;              /* ms */
    const gchar *quality;
  } cases[] = {
    {20, "good"}, {99, "good"}, {100, "fair"}, {199, "fair"},
    {200, "poor"}, {999, "poor"}
  };
  Fixture f;
  GstTryonSession *session = flow_client_new ("one");
  GstClockTime now = GST_SECOND;
  guint i, j;

  setup (&f, "tryonstats interval=1000 window=900");
  gst_harness_push_event (f.h, gst_tryon_event_new_session (session));
  gst_buffer_unref (flow_client_send_frame (session, 1, 0));
  gst_tryon_session_drop (session, 1, GST_TRYON_DROP_REASON_RATE);
  /* The drop counts when the client has been told of it. */
  fail_unless_equals_uint64 (flow_client_count_drops (session, "rate"), 1);
  gst_harness_set_time (f.h, now);
  gst_structure_free (crank (&f));
  for (i = 0; i < G_N_ELEMENTS (cases); i++) {
    for (j = 1; j <= 9; j++)
      push_aged (&f, now + j * MS (100), MS (cases[i].latency));
    gst_structure_free (crank (&f));
    check_client_stats (session, cases[i].latency, cases[i].quality);
    now += GST_SECOND;
  }
  teardown (&f);
  flow_client_free (session);
}

GST_END_TEST;

/* Nothing measured, nothing claimed; but the client hears that it goes on. */
GST_START_TEST (test_client_message_idle)
{
  Fixture f;
  GstTryonSession *session = flow_client_new ("one");
  GstStructure *s;

  setup (&f, "tryonstats");
  gst_harness_push_event (f.h, gst_tryon_event_new_session (session));
  gst_structure_free (crank (&f));
  s = flow_client_read (session, "stats");
  fail_unless (s != NULL);
  fail_unless (gst_structure_has_field (s, "fps"));
  fail_unless (gst_structure_has_field (s, "frames_dropped"));
  fail_if (gst_structure_has_field (s, "avg_latency_ms"));
  fail_if (gst_structure_has_field (s, "p50"));
  fail_if (gst_structure_has_field (s, "connection_quality"));
  gst_structure_free (s);
  teardown (&f);
  flow_client_free (session);
}

GST_END_TEST;

/* The first that a client hears is session_ready. */
GST_START_TEST (test_client_not_ready)
{
  Fixture f;
  GstTryonSession *session = flow_client_new_silent ("one");
  GstStructure *s;

  setup (&f, "tryonstats");
  gst_harness_push_event (f.h, gst_tryon_event_new_session (session));
  gst_structure_free (crank (&f));
  fail_unless (flow_client_read (session, "stats") == NULL);
  flow_client_say (session, "{\"type\":\"init_session\"}");
  gst_structure_free (crank (&f));
  s = flow_client_read (session, "stats");
  fail_unless (s != NULL);
  gst_structure_free (s);
  teardown (&f);
  flow_client_free (session);
}

GST_END_TEST;

GST_START_TEST (test_report_to_client)
{
  Fixture f;
  GstTryonSession *session = flow_client_new ("one");
  GstStructure *s;

  setup (&f, "tryonstats report-to-client=false");
  gst_harness_push_event (f.h, gst_tryon_event_new_session (session));
  gst_structure_free (crank (&f));
  fail_unless (flow_client_read (session, "stats") == NULL);
  gst_harness_set (f.h, "tryonstats", "report-to-client", TRUE, NULL);
  gst_structure_free (crank (&f));
  s = flow_client_read (session, "stats");
  fail_unless (s != NULL);
  gst_structure_free (s);
  teardown (&f);
  flow_client_free (session);
}

GST_END_TEST;

/* The next client's figures are its own. */
GST_START_TEST (test_new_session)
{
  Fixture f;
  GstTryonSession *one = flow_client_new ("one");
  GstTryonSession *two = flow_client_new ("two");
  GstStructure *s;

  setup (&f, "tryonstats interval=0");
  gst_harness_push_event (f.h, gst_tryon_event_new_session (one));
  push_stream (&f, 0, MS (10), 10);
  /* The same again changes nothing. */
  gst_harness_push_event (f.h, gst_tryon_event_new_session (one));
  s = get_stats (&f);
  check_double (s, "fps", 100.0);
  fail_unless_equals_string (gst_structure_get_string (s, "session-id"), "one");
  gst_structure_free (s);

  gst_harness_push_event (f.h, gst_tryon_event_new_session (two));
  s = get_stats (&f);
  check_double (s, "fps", 0.0);
  check_uint64 (s, "latency-mean", GST_CLOCK_TIME_NONE);
  check_uint64 (s, "frames", 10);
  fail_unless_equals_string (gst_structure_get_string (s, "session-id"), "two");
  gst_structure_free (s);

  /* With READY the session is over for the element. */
  gst_element_set_state (f.h->element, GST_STATE_READY);
  s = get_stats (&f);
  fail_if (gst_structure_has_field (s, "session-id"));
  gst_structure_free (s);
  teardown (&f);
  flow_client_free (one);
  flow_client_free (two);
}

GST_END_TEST;

/* Two in a row: each reports for itself, and each sees every frame. */
GST_START_TEST (test_two_in_a_row)
{
  Fixture f;
  GstTryonSession *session = flow_client_new ("one");
  GstTryonOutput output;
  gboolean seen[2] = { FALSE, FALSE };
  guint i, told = 0;

  setup (&f, "tryonstats name=stats0 ! queue ! tryonstats name=stats1");
  gst_harness_push_event (f.h, gst_tryon_event_new_session (session));
  push_stream (&f, 0, MS (100), 10);
  fail_unless_equals_int (count_timers (&f), 2);
  fail_unless (gst_harness_crank_multiple_clock_waits (f.h, 2));
  for (i = 0; i < 2; i++) {
    GstMessage *message = gst_bus_pop_filtered (f.bus, GST_MESSAGE_ELEMENT);

    fail_unless (message != NULL);
    seen[g_str_has_suffix (GST_MESSAGE_SRC_NAME (message), "1")] = TRUE;
    check_uint64 (gst_message_get_structure (message), "frames", 10);
    check_double (gst_message_get_structure (message), "fps", 10.0);
    gst_message_unref (message);
  }
  check_no_report (&f);
  fail_unless (seen[0] && seen[1]);

  while (gst_tryon_session_next_output (session, &output)) {
    told += output.is_text && strstr (output.text, "\"stats\"") != NULL;
    gst_tryon_output_clear (&output);
  }
  /* Both told at one moment: of stats that wait the client gets the newest. */
  fail_unless_equals_int (told, 1);
  teardown (&f);
  flow_client_free (session);
}

GST_END_TEST;

static Suite *
tryonstatssession_suite (void)
{
  Suite *s = suite_create ("tryonstatssession");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_session_fields);
  tcase_add_test (tc, test_client_message);
  tcase_add_test (tc, test_client_message_idle);
  tcase_add_test (tc, test_client_not_ready);
  tcase_add_test (tc, test_report_to_client);
  tcase_add_test (tc, test_new_session);
  tcase_add_test (tc, test_two_in_a_row);
  return s;
}

GST_CHECK_MAIN (tryonstatssession);

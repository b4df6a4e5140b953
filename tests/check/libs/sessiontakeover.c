/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* GstTryonSession: another transport takes the conversation over. */

#include <string.h>
#include <gst/check/gstcheck.h>
#include <gst/tryon/tryon.h>

/* One transport. */
typedef struct
{
  gint wakes;                   /* atomic */
  gint over;                    /* atomic: nothing may wake it any more */
  gint notified;                /* atomic */
} Transport;

static GstTryonSession *session;
static Transport earlier, later;

static void
on_wake (gpointer user_data)
{
  Transport *transport = user_data;
  guint i;

  g_atomic_int_inc (&transport->wakes);
  /* Whoever takes over in the middle of this has to wait. */
  for (i = 0; i < 10; i++) {
    fail_if (g_atomic_int_get (&transport->over));
    g_thread_yield ();
  }
}

static void
on_notify (gpointer user_data)
{
  Transport *transport = user_data;

  g_atomic_int_inc (&transport->notified);
}

static void
setup (void)
{
  memset (&earlier, 0, sizeof (earlier));
  memset (&later, 0, sizeof (later));
  session = gst_tryon_session_new ("test", NULL);
  fail_unless (gst_tryon_session_connect (session, on_wake, &earlier,
          on_notify));
}

static void
teardown (void)
{
  ASSERT_OBJECT_REFCOUNT (session, "session", 1);
  gst_object_unref (session);
}

static void
take_over (void)
{
  fail_unless (gst_tryon_session_take_over (session, on_wake, &later,
          on_notify));
  g_atomic_int_set (&earlier.over, TRUE);
  fail_unless_equals_int (g_atomic_int_get (&earlier.notified), 1);
  fail_unless_equals_int (g_atomic_int_get (&later.notified), 0);
  fail_unless (gst_tryon_session_is_connected (session));
  fail_if (gst_tryon_session_has_ended (session));
}

static void
receive_text (const gchar * text)
{
  gst_tryon_session_receive_text (session, text, strlen (text));
}

/* A frame whose image says on which connection it came: by its width. */
static void
receive_frame (guint32 sequence, guint width)
{
  const gsize size = 1000;
  GstTryonFrameHeader header = { GST_TRYON_FRAME_TYPE_FRAME, 0, sequence,
    1000 + sequence, 0, 0, size
  };
  guint8 *data = g_malloc0 (GST_TRYON_PROTOCOL_HEADER_SIZE + size);
  guint8 *image = data + GST_TRYON_PROTOCOL_HEADER_SIZE;

  gst_tryon_frame_header_write (&header, data);
  memcpy (image, "RIFF....WEBPVP8 ", 16);
  GST_WRITE_UINT32_LE (image + 4, size - 8);
  GST_WRITE_UINT32_LE (image + 16, size - 20);
  memcpy (image + 20, "\x10\x02\x00\x9d\x01\x2a", 6);
  GST_WRITE_UINT16_LE (image + 26, width);
  GST_WRITE_UINT16_LE (image + 28, 480);
  gst_tryon_session_receive_binary (session,
      gst_buffer_new_wrapped (data, GST_TRYON_PROTOCOL_HEADER_SIZE + size));
}

/* (transfer full) */
static GstMiniObject *
pull (GstTryonImageInfo * info)
{
  GstMiniObject *item;
  gint64 arrival;

  fail_unless_equals_int (gst_tryon_session_pull (session, &item, info,
          &arrival), GST_FLOW_OK);
  return item;
}

/* (transfer full) */
static GstBuffer *
pull_frame (guint32 sequence, guint width)
{
  GstTryonImageInfo info;
  GstMiniObject *item = pull (&info);

  fail_unless (GST_IS_BUFFER (item), "got %" GST_PTR_FORMAT, item);
  fail_unless_equals_int (gst_buffer_get_tryon_frame_meta (GST_BUFFER
          (item))->sequence, sequence);
  fail_unless_equals_int (info.width, width);
  return GST_BUFFER (item);
}

static void
pull_control (const gchar * action)
{
  GstTryonImageInfo info;
  GstMiniObject *item = pull (&info);
  const gchar *found;

  fail_unless (GST_IS_EVENT (item), "got %" GST_PTR_FORMAT, item);
  fail_unless (gst_tryon_event_parse_control (GST_EVENT (item), &found, NULL));
  fail_unless_equals_string (found, action);
  gst_mini_object_unref (item);
}

/* Returns the `code` field, where there is one. */
static gchar *
next_text (const gchar * type)
{
  GstTryonOutput output;
  GstStructure *message;
  gchar *code;

  fail_unless (gst_tryon_session_next_output (session, &output));
  fail_unless (output.is_text && output.close_code == 0);
  message = gst_tryon_message_parse (output.text, output.text_size, NULL);
  fail_unless_equals_string (gst_structure_get_name (message), type);
  code = g_strdup (gst_structure_get_string (message, "code"));
  gst_structure_free (message);
  gst_tryon_output_clear (&output);
  return code;
}

static void
expect_error (const gchar * code)
{
  gchar *found = next_text ("error");

  fail_unless_equals_string (found, code);
  g_free (found);
}

/* @reason 0: processed. */
static void
expect_answer (guint32 sequence, GstTryonDropReason reason)
{
  GstTryonFrameHeader header;
  GstTryonOutput output;
  gsize size = GST_TRYON_PROTOCOL_HEADER_SIZE;

  fail_unless (gst_tryon_session_next_output (session, &output));
  fail_if (output.is_text, "text instead of an answer: %s", output.text);
  if (output.payload != NULL)
    size += gst_buffer_get_size (output.payload);
  fail_unless (gst_tryon_frame_header_parse (output.header, size, &header,
          NULL));
  fail_unless_equals_int (header.sequence, sequence);
  fail_unless_equals_int (header.type, reason == 0 ?
      GST_TRYON_FRAME_TYPE_PROCESSED : GST_TRYON_FRAME_TYPE_DROPPED);
  if (reason != 0)
    fail_unless_equals_int (header.flags, reason);
  gst_tryon_output_clear (&output);
}

static void
expect_no_output (void)
{
  GstTryonOutput output;

  fail_if (gst_tryon_session_next_output (session, &output));
}

static void
introduce (void)
{
  receive_text ("{\"type\":\"init_session\"}");
  g_free (next_text ("session_ready"));
  pull_control ("init_session");
}

typedef struct
{
  guint64 received, processed, dropped, superseded, slow, takeovers;
  guint outstanding;
  gboolean paused;
} Stats;

static void
get_stats (Stats * s)
{
  GstStructure *stats = gst_tryon_session_get_stats (session);
  const GstStructure *reasons;

  fail_unless (gst_structure_get (stats,
          "frames-received", G_TYPE_UINT64, &s->received,
          "frames-processed", G_TYPE_UINT64, &s->processed,
          "frames-dropped", G_TYPE_UINT64, &s->dropped,
          "frames-outstanding", G_TYPE_UINT, &s->outstanding,
          "takeovers", G_TYPE_UINT64, &s->takeovers,
          "paused", G_TYPE_BOOLEAN, &s->paused, NULL));
  reasons = gst_value_get_structure (gst_structure_get_value (stats,
          "dropped-by-reason"));
  fail_unless (gst_structure_get (reasons,
          "superseded", G_TYPE_UINT64, &s->superseded,
          "slow-client", G_TYPE_UINT64, &s->slow, NULL));
  fail_unless_equals_uint64 (s->received, s->processed + s->dropped
      + s->outstanding);
  gst_structure_free (stats);
}

/* ---- who is woken ---- */

typedef struct
{
  gint stop;                    /* atomic */
  gint sent;                    /* atomic */
} Talker;

static gpointer
talk (gpointer data)
{
  Talker *talker = data;

  while (!g_atomic_int_get (&talker->stop)) {
    gst_tryon_session_send_message (session, gst_structure_new_empty ("stats"));
    g_atomic_int_inc (&talker->sent);
  }
  return NULL;
}

/* The old transport may be freed as soon as the session is taken over, whoever
 * is just about to wake it. */
GST_START_TEST (test_old_transport_is_not_woken)
{
  Talker talker = { FALSE, 0 };
  Transport transports[50];
  GThread *thread;
  guint i;
  gint sent;

  introduce ();
  memset (transports, 0, sizeof (transports));
  thread = g_thread_new ("talker", talk, &talker);
  while (g_atomic_int_get (&earlier.wakes) == 0)
    g_thread_yield ();
  for (i = 0; i < G_N_ELEMENTS (transports); i++) {
    Transport *old = i == 0 ? &earlier : &transports[i - 1];

    fail_unless (gst_tryon_session_take_over (session, on_wake, &transports[i],
            on_notify));
    g_atomic_int_set (&old->over, TRUE);
    fail_unless_equals_int (g_atomic_int_get (&old->notified), 1);
    sent = g_atomic_int_get (&talker.sent);
    while (g_atomic_int_get (&talker.sent) < sent + 3)
      g_thread_yield ();
    fail_unless (g_atomic_int_get (&transports[i].wakes) > 0);
  }
  g_atomic_int_set (&talker.stop, TRUE);
  g_thread_join (thread);
  fail_unless_equals_int (transports[i - 1].notified, 0);
  gst_tryon_session_disconnect (session);
  fail_unless_equals_int (transports[i - 1].notified, 1);
}

GST_END_TEST;

/* Nobody has it, or it is about to end: then nothing happens. */
GST_START_TEST (test_what_cannot_be_taken_over)
{
  GstTryonSession *fresh = gst_tryon_session_new ("fresh", NULL);
  Stats stats;

  fail_if (gst_tryon_session_take_over (fresh, on_wake, &later, on_notify));
  fail_if (gst_tryon_session_is_connected (fresh));
  gst_object_unref (fresh);

  introduce ();
  gst_tryon_session_close (session, GST_TRYON_CLOSE_EXPIRED, "over", FALSE);
  fail_if (gst_tryon_session_take_over (session, on_wake, &later, on_notify));
  get_stats (&stats);
  fail_unless_equals_uint64 (stats.takeovers, 0);
  /* What it has to say goes to the one that has it. */
  fail_unless_equals_int (g_atomic_int_get (&earlier.notified), 0);
  fail_unless (g_atomic_int_get (&earlier.wakes) > 0);
  g_free (next_text ("bye"));

  gst_tryon_session_disconnect (session);
  fail_if (gst_tryon_session_take_over (session, on_wake, &later, on_notify));
  fail_unless_equals_int (g_atomic_int_get (&later.wakes), 0);
  fail_unless_equals_int (g_atomic_int_get (&later.notified), 0);
}

GST_END_TEST;

/* ---- what is left of the last connection ---- */

/* Waiting for the pipeline, in it, and answered but not taken: none of them is
 * answered to the new client, and each is counted. */
GST_START_TEST (test_unanswered_is_given_up)
{
  GstBuffer *frames[3];
  Stats stats;
  guint i;

  introduce ();
  for (i = 0; i < 3; i++) {
    receive_frame (i, 640);
    frames[i] = pull_frame (i, 640);
  }
  receive_frame (3, 640);
  receive_frame (4, 640);
  fail_unless (gst_tryon_session_answer (session, frames[0], NULL));
  fail_unless (gst_tryon_session_drop (session, 1, GST_TRYON_DROP_REASON_RATE));
  gst_tryon_session_send_error (session, GST_TRYON_ERROR_RATE_LIMITED, "old");

  take_over ();
  expect_no_output ();
  get_stats (&stats);
  fail_unless_equals_uint64 (stats.takeovers, 1);
  fail_unless_equals_uint64 (stats.received, 5);
  fail_unless_equals_uint64 (stats.processed, 0);
  fail_unless_equals_uint64 (stats.dropped, 5);
  fail_unless_equals_uint64 (stats.superseded, 3);
  fail_unless_equals_uint64 (stats.slow, 1);
  fail_unless_equals_int (stats.outstanding, 0);

  /* They come out of the pipeline all the same. */
  for (i = 0; i < 3; i++) {
    fail_if (gst_tryon_session_answer (session, frames[i], NULL));
    gst_buffer_unref (frames[i]);
  }
  expect_no_output ();
  /* And what waited for it doesn't go in any more. */
  introduce ();
  receive_frame (5, 320);
  gst_buffer_unref (pull_frame (5, 320));
  get_stats (&stats);
  fail_unless_equals_int (stats.outstanding, 1);
  fail_unless_equals_uint64 (stats.dropped, 5);
}

GST_END_TEST;

/* Commands do: what the last client chose stays, as its stream does. */
GST_START_TEST (test_commands_are_carried_out)
{
  introduce ();
  receive_frame (0, 640);
  receive_text ("{\"type\":\"control\",\"action\":\"change_camera\"}");
  receive_frame (1, 640);
  take_over ();
  receive_text ("{\"type\":\"init_session\"}");
  g_free (next_text ("session_ready"));
  pull_control ("change_camera");
  pull_control ("init_session");
}

GST_END_TEST;

/* A new page has not heard what was said to the old one. */
GST_START_TEST (test_says_init_session_again)
{
  Stats stats;

  introduce ();
  take_over ();
  gst_tryon_session_set_target_fps (session, 7);
  expect_no_output ();
  receive_text ("{\"type\":\"control\",\"action\":\"change_camera\"}");
  expect_error ("BAD_MESSAGE");
  receive_frame (0, 320);
  expect_error ("BAD_MESSAGE");
  expect_answer (0, GST_TRYON_DROP_REASON_INVALID);
  introduce ();
  receive_frame (1, 320);
  gst_buffer_unref (pull_frame (1, 320));
  get_stats (&stats);
  fail_unless_equals_uint64 (stats.dropped, 1);
  gst_tryon_session_set_target_fps (session, 8);
  g_free (next_text ("config"));
}

GST_END_TEST;

/* Numbers count up within a connection; from one to the next they may do what
 * they like. */
GST_START_TEST (test_numbers_go_on_or_begin_anew)
{
  static const guint32 starts[] = { 11, 0, 11, 10, G_MAXUINT32 };
  GstTryonSession *keep = session;
  guint i;

  introduce ();
  receive_frame (10, 640);
  gst_buffer_unref (pull_frame (10, 640));
  for (i = 0; i < G_N_ELEMENTS (starts); i++) {
    fail_unless (gst_tryon_session_take_over (keep, on_wake, &later, NULL));
    introduce ();
    receive_frame (starts[i], 320);
    gst_buffer_unref (pull_frame (starts[i], 320));
    /* But within it they do count. */
    receive_frame (starts[i], 320);
    expect_error ("INVALID_FRAME");
  }
}

GST_END_TEST;

/* ---- the same number twice ---- */

/* What comes back of the old connection's frame is no answer to the new one's. */
GST_START_TEST (test_old_answer_is_not_for_the_new_frame)
{
  GstBuffer *old, *fresh;
  Stats stats;

  introduce ();
  receive_frame (7, 640);
  old = pull_frame (7, 640);
  take_over ();
  introduce ();
  receive_frame (7, 320);
  fail_if (gst_tryon_session_answer (session, old, NULL));
  expect_no_output ();
  fresh = pull_frame (7, 320);
  fail_if (gst_tryon_session_answer (session, old, NULL));
  expect_no_output ();
  fail_unless (gst_tryon_session_answer (session, fresh, NULL));
  expect_answer (7, 0);
  get_stats (&stats);
  fail_unless_equals_uint64 (stats.processed, 1);
  fail_unless_equals_uint64 (stats.superseded, 1);
  gst_buffer_unref (old);
  gst_buffer_unref (fresh);
}

GST_END_TEST;

/* Where an element loses the meta, frames are found by their PTS. */
GST_START_TEST (test_old_answer_without_meta)
{
  GstBuffer *old = gst_buffer_new_allocate (NULL, 10, NULL);

  introduce ();
  receive_frame (7, 640);
  gst_buffer_unref (pull_frame (7, 640));
  gst_tryon_session_set_frame_pts (session, 7, 1 * GST_SECOND);
  take_over ();
  introduce ();
  receive_frame (7, 320);
  gst_buffer_unref (pull_frame (7, 320));
  gst_tryon_session_set_frame_pts (session, 7, 2 * GST_SECOND);
  GST_BUFFER_PTS (old) = 1 * GST_SECOND;
  fail_if (gst_tryon_session_answer (session, old, NULL));
  expect_no_output ();
  GST_BUFFER_PTS (old) = 2 * GST_SECOND;
  fail_unless (gst_tryon_session_answer (session, old, NULL));
  expect_answer (7, 0);
  gst_buffer_unref (old);
}

GST_END_TEST;

/* Frames of the old connection that the pipeline has not taken neither reach it
 * in the place of the new ones, nor are these given up for them. */
GST_START_TEST (test_old_frames_that_wait)
{
  Stats stats;

  introduce ();
  receive_frame (0, 640);
  receive_frame (1, 640);
  take_over ();
  receive_text ("{\"type\":\"init_session\"}");
  g_free (next_text ("session_ready"));
  receive_frame (0, 320);
  receive_frame (1, 320);
  expect_no_output ();
  pull_control ("init_session");
  gst_buffer_unref (pull_frame (0, 320));
  gst_buffer_unref (pull_frame (1, 320));
  get_stats (&stats);
  fail_unless_equals_uint64 (stats.superseded, 2);
  fail_unless_equals_int (stats.outstanding, 2);
}

GST_END_TEST;

/* ---- the stream ---- */

/* A client that paused and was loaded again would wait for ever. */
GST_START_TEST (test_pause_is_lifted)
{
  Stats stats;

  introduce ();
  receive_text ("{\"type\":\"control\",\"action\":\"pause\"}");
  receive_frame (0, 640);
  expect_answer (0, GST_TRYON_DROP_REASON_PAUSED);
  get_stats (&stats);
  fail_unless (stats.paused);
  take_over ();
  get_stats (&stats);
  fail_if (stats.paused);
  pull_control ("pause");
  pull_control ("resume");
  introduce ();
  receive_frame (0, 320);
  gst_buffer_unref (pull_frame (0, 320));

  /* Nobody is told who had not paused. */
  fail_unless (gst_tryon_session_take_over (session, on_wake, &later, NULL));
  introduce ();
}

GST_END_TEST;

static gpointer
pull_one (gpointer data)
{
  GstMiniObject *item;
  GstTryonImageInfo info;
  gint64 arrival;
  GstFlowReturn ret;

  g_atomic_int_set ((gint *) data, TRUE);
  ret = gst_tryon_session_pull (session, &item, &info, &arrival);
  if (ret == GST_FLOW_OK)
    return item;
  GST_ERROR ("pull() ended with %s", gst_flow_get_name (ret));
  return NULL;
}

/* The streaming thread waits on: it sees no end. */
GST_START_TEST (test_pull_goes_on)
{
  gint started = FALSE;
  GThread *thread;
  GstMiniObject *item;

  introduce ();
  thread = g_thread_new ("puller", pull_one, &started);
  while (!g_atomic_int_get (&started))
    g_thread_yield ();
  take_over ();
  receive_text ("{\"type\":\"init_session\"}");
  item = g_thread_join (thread);
  fail_unless (item != NULL && GST_IS_EVENT (item));
  gst_mini_object_unref (item);
  g_free (next_text ("session_ready"));
  receive_frame (0, 320);
  gst_buffer_unref (pull_frame (0, 320));
}

GST_END_TEST;

static Suite *
sessiontakeover_suite (void)
{
  Suite *s = suite_create ("sessiontakeover");
  TCase *tc = tcase_create ("takeover");

  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_old_transport_is_not_woken);
  tcase_add_test (tc, test_what_cannot_be_taken_over);
  tcase_add_test (tc, test_unanswered_is_given_up);
  tcase_add_test (tc, test_commands_are_carried_out);
  tcase_add_test (tc, test_says_init_session_again);
  tcase_add_test (tc, test_numbers_go_on_or_begin_anew);
  tcase_add_test (tc, test_old_answer_is_not_for_the_new_frame);
  tcase_add_test (tc, test_old_answer_without_meta);
  tcase_add_test (tc, test_old_frames_that_wait);
  tcase_add_test (tc, test_pause_is_lifted);
  tcase_add_test (tc, test_pull_goes_on);
  suite_add_tcase (s, tc);
  return s;
}

GST_CHECK_MAIN (sessiontakeover);

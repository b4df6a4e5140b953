/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What tryonaisink sends, and in which order. */

#include <sys/socket.h>

#include <gst/check/gstcheck.h>

/* Private to the plugin. */
#include "plugins/ai/gsttryonaisender.c"

static GstTryonAiSender sender;
static GstTryonLoop *loop;
static gint announced;
static gboolean overtaken;
static GThread *announcer;

static gpointer
announce (gpointer user_data)
{
  gst_tryon_ai_sender_announce_text (&sender);
  g_atomic_int_set (&announced, TRUE);
  return NULL;
}

/* What is sent here was looked for before the text was announced. */
static gboolean
next_frame (guint generation, GstTryonFrameHeader * header, GstBuffer ** image,
    gpointer user_data)
{
  gint64 until = g_get_monotonic_time () + G_USEC_PER_SEC / 5;

  if (announcer == NULL) {
    announcer = g_thread_new ("announcer", announce, NULL);
    while (!g_atomic_int_get (&announced) && g_get_monotonic_time () < until)
      g_thread_yield ();
    overtaken = g_atomic_int_get (&announced);
  }
  return FALSE;
}

static void
attach (gpointer unused, gpointer stream)
{
  static const GstTryonConnectionLimits limits =
      GST_TRYON_CONNECTION_LIMITS_INIT;
  static const GstTryonConnectionCallbacks callbacks = { NULL, };

  gst_tryon_ai_sender_attach (&sender, gst_tryon_connection_new (loop, stream,
          GST_TRYON_CONNECTION_CLIENT, &limits, &callbacks, NULL, NULL),
      gst_structure_new_empty ("init_session"));
}

static void
detach (gpointer unused, gpointer user_data)
{
  GstTryonConnection *connection = gst_tryon_ai_sender_detach (&sender);

  gst_tryon_connection_abandon (connection, GST_TRYON_CLOSE_NORMAL, NULL);
  gst_object_unref (connection);
}

/* Who has announced a text may queue the frames that go behind it: none of them
 * must be found by a search that began before. */
GST_START_TEST (test_frames_behind_a_text)
{
  GSocketConnection *stream;
  GSocket *socket;
  gint fds[2];

  fail_unless_equals_int (socketpair (AF_UNIX, SOCK_STREAM, 0, fds), 0);
  socket = g_socket_new_from_fd (fds[0], NULL);
  stream = g_socket_connection_factory_create_connection (socket);
  loop = gst_tryon_loop_new ("test");
  gst_tryon_ai_sender_init (&sender, next_frame, NULL);
  gst_tryon_loop_invoke_sync (loop, attach, stream);
  fail_unless (announcer != NULL);
  fail_if (overtaken);
  g_thread_join (announcer);
  fail_unless_equals_int (g_atomic_int_get (&sender.n_announced), 1);

  gst_tryon_loop_invoke_sync (loop, detach, NULL);
  close (fds[1]);
  gst_tryon_ai_sender_clear (&sender);
  g_object_unref (stream);
  g_object_unref (socket);
  gst_object_unref (loop);
}

GST_END_TEST;

static Suite *
tryonaisender_suite (void)
{
  Suite *s = suite_create ("tryonaisender");
  TCase *tc = tcase_create ("order");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_frames_behind_a_text);
  return s;
}

GST_CHECK_MAIN (tryonaisender);

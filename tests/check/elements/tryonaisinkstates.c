/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tryonaisink in its pipeline: pads, states. */

#include "aisinktest.h"

/* ---- pads ---- */

GST_START_TEST (test_one_src_pad)
{
  GstElement *element = gst_element_factory_make ("tryonaisink", NULL);
  GstPad *pad = gst_element_request_pad_simple (element, "src");
  GstPadTemplate *templ = gst_element_get_pad_template (element, "src");

  fail_unless (pad != NULL);
  fail_unless_equals_string (GST_PAD_NAME (pad), "src");
  fail_unless (gst_element_request_pad (element, templ, NULL, NULL) == NULL);
  gst_element_release_request_pad (element, pad);
  gst_object_unref (pad);
  pad = gst_element_request_pad_simple (element, "src");
  fail_unless (pad != NULL);
  gst_object_unref (pad);
  gst_object_unref (element);
}

GST_END_TEST;

static gint n_probed;

static GstPadProbeReturn
count_probed (GstPad * pad, GstPadProbeInfo * info, gpointer user_data)
{
  g_atomic_int_inc (&n_probed);
  return GST_PAD_PROBE_OK;
}

/* The source pad comes and goes while frames pass. */
GST_START_TEST (test_src_pad_in_playing)
{
  AiService *service = ai_service_new (ai_service_process);
  GstElement *pipeline = gst_pipeline_new (NULL);
  GstElement *element = gst_element_factory_make ("tryonaisink", NULL);
  GstElement *sink = gst_element_factory_make ("fakesink", NULL);
  GstHarness *h;
  GstPad *pad, *sinkpad = gst_element_get_static_pad (sink, "sink");
  guint i;

  gst_pad_add_probe (sinkpad, GST_PAD_PROBE_TYPE_BUFFER, count_probed, NULL,
      NULL);
  g_object_set (sink, "async", FALSE, NULL);
  g_object_set (element, "uri", service->uri, "async", FALSE, "timeout", 20000,
      NULL);
  gst_bin_add_many (GST_BIN (pipeline), gst_object_ref (element), sink, NULL);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  h = gst_harness_new_with_element (element, "sink", NULL);
  gst_harness_set_src_caps_str (h, AI_FRAME_CAPS);
  for (i = 0; i < 20; i++) {
    gint before;

    ai_push (h, 0);
    pad = gst_element_request_pad_simple (element, "src");
    fail_unless_equals_int (gst_pad_link (pad, sinkpad), GST_PAD_LINK_OK);
    before = g_atomic_int_get (&n_probed);
    ai_push (h, 1);
    ai_wait_count (element, "frames-processed", 2 * i + 2);
    while (g_atomic_int_get (&n_probed) == before)
      g_usleep (100);
    gst_pad_unlink (pad, sinkpad);
    ai_push (h, 2);
    gst_element_release_request_pad (element, pad);
    gst_object_unref (pad);
  }
  gst_object_unref (sinkpad);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_harness_teardown (h);
  gst_object_unref (pipeline);
  gst_object_unref (element);
  ai_service_free (service);
}

GST_END_TEST;

/* Downstream's end is upstream's. */
static GstFlowReturn chain_result;

static GstFlowReturn
refuse_buffer (GstPad * pad, GstObject * parent, GstBuffer * buffer)
{
  gst_buffer_unref (buffer);
  return chain_result;
}

GST_START_TEST (test_downstream_ends)
{
  AiService *service = ai_service_new (ai_service_process);
  GstHarness *h = ai_harness_new (service->uri, NULL);
  GstFlowReturn ret = GST_FLOW_OK;
  gint64 until = g_get_monotonic_time () + AI_SERVICE_PATIENCE;

  chain_result = __i__ == 0 ? GST_FLOW_EOS : GST_FLOW_NOT_NEGOTIATED;
  gst_pad_set_chain_function (h->sinkpad, refuse_buffer);
  while (ret == GST_FLOW_OK) {
    ret = gst_harness_push (h, ai_frame_new (0));
    fail_unless (g_get_monotonic_time () < until);
  }
  fail_unless_equals_int (ret, chain_result);
  while (g_atomic_int_get (&ai_errors) != __i__)
    fail_unless (g_get_monotonic_time () < until);
  ai_errors = 0;
  ai_harness_free (h);
  ai_service_free (service);
}

GST_END_TEST;

/* Downstream has had enough, but a sink there still waits for EOS to end with. */
GST_START_TEST (test_eos_behind_downstreams_end)
{
  AiService *service = ai_service_new (ai_service_process);
  GstHarness *h = ai_harness_new (service->uri, NULL);
  gint64 until = g_get_monotonic_time () + AI_SERVICE_PATIENCE;
  GstEvent *event = NULL;

  chain_result = GST_FLOW_EOS;
  gst_pad_set_chain_function (h->sinkpad, refuse_buffer);
  while (gst_harness_push (h, ai_frame_new (0)) == GST_FLOW_OK)
    fail_unless (g_get_monotonic_time () < until);
  fail_unless (gst_harness_push_event (h, gst_event_new_eos ()));
  while (event == NULL || GST_EVENT_TYPE (event) != GST_EVENT_EOS) {
    fail_unless (g_get_monotonic_time () < until, "EOS never came");
    gst_clear_event (&event);
    event = gst_harness_try_pull_event (h);
  }
  gst_event_unref (event);
  ai_harness_free (h);
  ai_service_free (service);
}

GST_END_TEST;

/* ---- states ---- */

static GstMessage *
run_until (GstElement * pipeline, GstMessageType type)
{
  GstBus *bus = gst_element_get_bus (pipeline);
  GstMessage *message = gst_bus_timed_pop_filtered (bus, 20 * GST_SECOND,
      type | GST_MESSAGE_ERROR);

  gst_object_unref (bus);
  fail_unless (message != NULL, "it hangs");
  fail_unless (GST_MESSAGE_TYPE (message) == type);
  return message;
}

static GstElement *
launch (const gchar * uri, const gchar * tail, const gchar * head)
{
  gchar *line = g_strdup_printf ("%s ! tryonaisink name=ai uri=%s %s", head,
      uri, tail);
  GError *error = NULL;
  GstElement *pipeline = gst_parse_launch (line, &error);

  fail_unless (error == NULL, "%s: %s", line, error ? error->message : "");
  g_free (line);
  return pipeline;
}

#define CAMERA "videotestsrc num-buffers=30 ! " \
    "video/x-raw,width=64,height=48 ! pngenc"

static void
drop_all (AiService * service, SoupWebsocketConnection * ws,
    const GstTryonFrameHeader * header, const guint8 * image, gsize size)
{
  ai_service_drop (ws, header, GST_TRYON_DROP_REASON_RATE);
}

/* Without anything that is live: the sinks behind get what they preroll with
 * (nnstreamer #3788), whatever the service does with it. */
static const struct
{
  AiServiceFrameFunc on_frame;
  const gchar *fallback;
  const gchar *tail;
} prerolls[] = {
  {ai_service_process, "passthrough", "! fakesink sync=true"},
  {ai_service_ignore, "passthrough", "! fakesink sync=true"},
  {ai_service_ignore, "drop", "ai.src ! queue ! fakesink"},
  {drop_all, "passthrough", "ai.src ! fakesink"},
  {NULL, "passthrough", "ai.src ! fakesink"},
  {NULL, "last", "ai.src ! fakesink"},
  {ai_service_process, "passthrough", ""},
};

GST_START_TEST (test_preroll)
{
  AiService *service = NULL;
  GstElement *pipeline, *ai;
  gchar *uri;

  if (prerolls[__i__].on_frame != NULL) {
    service = ai_service_new (prerolls[__i__].on_frame);
    uri = g_strdup (service->uri);
  } else {
    uri = ai_uri (ai_dead_port ());
  }
  pipeline = launch (uri, prerolls[__i__].tail, CAMERA);
  ai = gst_bin_get_by_name (GST_BIN (pipeline), "ai");
  gst_util_set_object_arg (G_OBJECT (ai), "fallback", prerolls[__i__].fallback);

  gst_element_set_state (pipeline, GST_STATE_PAUSED);
  fail_unless_equals_int (gst_element_get_state (pipeline, NULL, NULL,
          20 * GST_SECOND), GST_STATE_CHANGE_SUCCESS);
  /* The one that was prerolled, and it is not handed over again. */
  fail_unless_equals_uint64 (ai_count (ai, "frames-received"), 1);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  gst_message_unref (run_until (pipeline, GST_MESSAGE_EOS));
  fail_unless_equals_uint64 (ai_count (ai, "frames-received"), 30);
  ai_check_account (ai);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (ai);
  gst_object_unref (pipeline);
  g_free (uri);
  if (service != NULL)
    ai_service_free (service);
}

GST_END_TEST;

/* PLAYING and PAUSED in turn. */
GST_START_TEST (test_pauses)
{
  AiService *service = ai_service_new (ai_service_process);
  GstElement *pipeline = launch (service->uri, "ai.src ! fakesink sync=true",
      "videotestsrc is-live=true ! video/x-raw,width=64,height=48 ! pngenc");
  GstElement *ai = gst_bin_get_by_name (GST_BIN (pipeline), "ai");
  guint i;

  for (i = 0; i < 20; i++) {
    guint64 before = ai_count (ai, "frames-processed");

    gst_element_set_state (pipeline, GST_STATE_PLAYING);
    ai_wait_count (ai, "frames-processed", before + 1);
    fail_if (gst_element_set_state (pipeline, GST_STATE_PAUSED) ==
        GST_STATE_CHANGE_FAILURE);
  }
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (ai);
  gst_object_unref (pipeline);
  ai_service_free (service);
}

GST_END_TEST;

/* From PLAYING to NULL in milliseconds, whatever the service is at
 * (nnstreamer/api#487). */
typedef enum
{
  WITH_NOBODY,
  WITH_NEVER_ACCEPTING,
  WITH_SILENT,
  WITH_LATE,
  WITH_WORKING,
  N_SITUATIONS
} Situation;

/* Microseconds that it took. */
static gint64
measure_stop (const gchar * uri, gulong run)
{
  GstElement *pipeline = launch (uri, "ai.src ! fakesink async=false",
      "videotestsrc is-live=true ! video/x-raw,width=64,height=48,"
      "framerate=100/1 ! pngenc");
  gint64 start, took;

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  g_usleep (run);               /* wherever it gets */
  start = g_get_monotonic_time ();
  gst_element_set_state (pipeline, GST_STATE_NULL);
  took = g_get_monotonic_time () - start;
  gst_object_unref (pipeline);
  return took;
}

GST_START_TEST (test_stop)
{
  /* Set where everything takes longer: with ThreadSanitizer. */
  const gchar *slower = g_getenv ("CK_TIMEOUT_MULTIPLIER");
  gint64 limit = 100000 * (slower ? g_ascii_strtoll (slower, NULL, 10) : 1);
  GSocketListener *listener = g_socket_listener_new ();
  AiService *service = NULL;
  guint i, slow = 0;
  gint64 took;
  gchar *uri;

  if (__i__ == WITH_NOBODY) {
    uri = ai_uri (ai_dead_port ());
  } else if (__i__ == WITH_NEVER_ACCEPTING) {
    uri = ai_uri (g_socket_listener_add_any_inet_port (listener, NULL, NULL));
  } else {
    service = ai_service_prepare (__i__ == WITH_SILENT ? ai_service_ignore :
        __i__ == WITH_LATE ? ai_service_later : ai_service_process, 0);
    service->delay = 100;
    ai_service_start (service);
    uri = g_strdup (service->uri);
  }
  for (i = 0; i < 100; i++) {
    took = measure_stop (uri, i * 500);
    /* A machine that is busy with something else may take its time, now and
     * then. */
    if (took > limit && ++slow > 3)
      fail ("took %d us", (gint) took);
  }
  g_free (uri);
  g_object_unref (listener);
  if (service != NULL)
    ai_service_free (service);
}

GST_END_TEST;

static gint set_enough;

static gpointer
set_again_and_again (gpointer user_data)
{
  GstElement *ai = user_data;
  guint i;

  for (i = 0; !g_atomic_int_get (&set_enough); i++)
    g_object_set (ai, "max-in-flight", 1 + i % 8, NULL);
  return NULL;
}

/* Settings may come from another thread while it stops. */
GST_START_TEST (test_stop_while_set)
{
  GSocketListener *listener = g_socket_listener_new ();
  gchar *uri = ai_uri (g_socket_listener_add_any_inet_port (listener, NULL,
          NULL));
  GstHarness *h = ai_harness_new (uri, NULL);
  GThread *thread;
  guint i;

  g_atomic_int_set (&set_enough, FALSE);
  thread = g_thread_new ("set", set_again_and_again, h->element);
  for (i = 0; i < 300; i++) {
    /* Has its place and waits for the connection. */
    ai_push (h, i);
    gst_element_set_state (h->element, GST_STATE_READY);
    gst_element_set_state (h->element, GST_STATE_PLAYING);
    gst_harness_set_src_caps_str (h, AI_FRAME_CAPS);
  }
  g_atomic_int_set (&set_enough, TRUE);
  g_thread_join (thread);
  ai_harness_free (h);
  g_object_unref (listener);
  g_free (uri);
}

GST_END_TEST;

/* An EOS that waits for answers is no obstacle to it. */
GST_START_TEST (test_stop_in_eos)
{
  AiService *service = ai_service_new (ai_service_ignore);
  guint i;

  for (i = 0; i < 10; i++) {
    GstElement *pipeline = launch (service->uri,
        "timeout=60000 ai.src ! fakesink async=false",
        "videotestsrc num-buffers=2 is-live=true ! video/x-raw,width=64,"
        "height=48,framerate=100/1 ! pngenc");
    GstElement *ai = gst_bin_get_by_name (GST_BIN (pipeline), "ai");
    gint64 start, took;

    gst_element_set_state (pipeline, GST_STATE_PLAYING);
    ai_wait_count (ai, "frames-received", 2);
    g_usleep (i * 2000);        /* wherever it gets */
    start = g_get_monotonic_time ();
    gst_element_set_state (pipeline, GST_STATE_NULL);
    took = g_get_monotonic_time () - start;
    fail_unless (took < G_USEC_PER_SEC, "took %d us", (gint) took);
    gst_object_unref (ai);
    gst_object_unref (pipeline);
  }
  ai_service_free (service);
}

GST_END_TEST;

static GstBusSyncReply
stop_when_ready (GstBus * bus, GstMessage * message, gpointer user_data)
{
  const GstStructure *s = gst_message_get_structure (message);

  if (s != NULL && gst_structure_has_name (s, "tryon-ai-state") &&
      g_strcmp0 (gst_structure_get_string (s, "state"), user_data) == 0)
    gst_element_set_state (GST_ELEMENT (GST_MESSAGE_SRC (message)),
        GST_STATE_NULL);
  return GST_BUS_PASS;
}

static gboolean
is_stopped (GstElement * element)
{
  gboolean stopped;

  GST_OBJECT_LOCK (element);
  stopped = GST_STATE (element) == GST_STATE_NULL;
  GST_OBJECT_UNLOCK (element);
  return stopped;
}

/* It can be stopped from within its messages, on the connections' thread. */
GST_START_TEST (test_stop_in_message)
{
  static const gchar *states[] = { "connecting", "ready", "unavailable" };
  AiService *service = ai_service_new (ai_service_process);
  gchar *dead = ai_uri (ai_dead_port ());
  GstHarness *h = ai_harness_new (__i__ == 2 ? dead : service->uri, NULL);
  GstBus *bus = gst_element_get_bus (h->element);

  gst_element_set_state (h->element, GST_STATE_NULL);
  gst_bus_set_sync_handler (bus, NULL, NULL, NULL);
  gst_bus_set_sync_handler (bus, stop_when_ready, (gpointer) states[__i__],
      NULL);
  gst_element_set_state (h->element, GST_STATE_PLAYING);
  gst_harness_set_src_caps_str (h, AI_FRAME_CAPS);
  while (!is_stopped (h->element))
    g_usleep (1000);
  ai_wait_state (h->element, "disconnected");
  gst_object_unref (bus);
  ai_harness_free (h);
  g_free (dead);
  ai_service_free (service);
}

GST_END_TEST;

/* The same, and the message was the last to hold the element. */
typedef struct
{
  const gchar *state;           /* to end in; NULL: in the warning before */
  GMutex lock;
  GCond cond;
  gboolean is_there;            /* lock: in the message */
  gboolean is_alone;            /* lock: nobody else holds the element */
  gint gone;                    /* atomic: the element */
} LastWords;

static GstBusSyncReply
end_in_message (GstBus * bus, GstMessage * message, gpointer user_data)
{
  const GstStructure *s = gst_message_get_structure (message);
  LastWords *words = user_data;
  GstElement *element = GST_ELEMENT (GST_MESSAGE_SRC (message));

  if (words->state == NULL ? GST_MESSAGE_TYPE (message) != GST_MESSAGE_WARNING :
      s == NULL || !gst_structure_has_name (s, "tryon-ai-state")
      || g_strcmp0 (gst_structure_get_string (s, "state"), words->state) != 0) {
    gst_message_unref (message);
    return GST_BUS_DROP;
  }
  g_mutex_lock (&words->lock);
  words->is_there = TRUE;
  g_cond_signal (&words->cond);
  while (!words->is_alone)
    g_cond_wait (&words->cond, &words->lock);
  g_mutex_unlock (&words->lock);
  /* Its own messages are no matter here. */
  words->state = "none";
  gst_element_set_state (element, GST_STATE_NULL);
  gst_object_unref (element);
  gst_message_unref (message);
  return GST_BUS_DROP;
}

static void
note_gone (gpointer user_data, GObject * where)
{
  g_atomic_int_set (&((LastWords *) user_data)->gone, TRUE);
}

GST_START_TEST (test_end_in_message)
{
  static const gchar *states[] = { "connecting", "ready", "unavailable", NULL };
  static GstStaticPadTemplate templ = GST_STATIC_PAD_TEMPLATE ("src",
      GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS (AI_FRAME_CAPS));
  AiService *service = ai_service_new (ai_service_process);
  gchar *dead = ai_uri (ai_dead_port ());
  GstElement *element = gst_element_factory_make ("tryonaisink", NULL);
  GstCaps *caps = gst_caps_from_string (AI_FRAME_CAPS);
  LastWords words = { states[__i__], };
  GstBus *bus = gst_bus_new ();
  gint64 until = g_get_monotonic_time () + AI_SERVICE_PATIENCE;
  GstPad *pad;

  gst_object_ref_sink (element);
  g_mutex_init (&words.lock);
  g_cond_init (&words.cond);
  g_object_weak_ref (G_OBJECT (element), note_gone, &words);
  g_object_set (element, "uri", __i__ < 2 ? service->uri : dead, "async",
      FALSE, NULL);
  gst_bus_set_sync_handler (bus, end_in_message, &words, NULL);
  gst_element_set_bus (element, bus);
  pad = gst_check_setup_src_pad (element, &templ);
  gst_pad_set_active (pad, TRUE);
  gst_element_set_state (element, GST_STATE_PLAYING);
  gst_check_setup_events (pad, element, caps, GST_FORMAT_TIME);

  g_mutex_lock (&words.lock);
  while (!words.is_there)
    fail_unless (g_cond_wait_until (&words.cond, &words.lock, until));
  gst_pad_set_active (pad, FALSE);
  gst_check_teardown_src_pad (element);
  words.is_alone = TRUE;
  g_cond_signal (&words.cond);
  g_mutex_unlock (&words.lock);
  while (!g_atomic_int_get (&words.gone))
    fail_unless (g_get_monotonic_time () < until, "the element stays");

  gst_bus_set_sync_handler (bus, NULL, NULL, NULL);
  gst_object_unref (bus);
  gst_caps_unref (caps);
  ai_service_free (service);
  g_free (dead);
  g_mutex_clear (&words.lock);
  g_cond_clear (&words.cond);
}

GST_END_TEST;

/* The client's launch line: there and back through the project's codecs. */
GST_START_TEST (test_launch_line)
{
  AiService *service = ai_service_new (ai_service_echo);
  GstElement *pipeline = launch (service->uri,
      "ai.src ! tryonwebpdec ! videoconvert ! fakesink sync=true",
      "videotestsrc num-buffers=30 is-live=true ! video/x-raw,width=64,"
      "height=48,framerate=100/1 ! videoconvert ! tryonwebpenc");
  GstElement *ai = gst_bin_get_by_name (GST_BIN (pipeline), "ai");

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  gst_message_unref (run_until (pipeline, GST_MESSAGE_EOS));
  fail_unless_equals_uint64 (ai_count (ai, "frames-received"), 30);
  fail_unless (ai_count (ai, "frames-processed") > 20);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (ai);
  gst_object_unref (pipeline);
  ai_service_free (service);
}

GST_END_TEST;

static Suite *
tryonaisinkstates_suite (void)
{
  Suite *s = suite_create ("tryonaisinkstates");
  TCase *tc;

  tc = tcase_create ("pads");
  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_one_src_pad);
  tcase_add_test (tc, test_src_pad_in_playing);
  tcase_add_loop_test (tc, test_downstream_ends, 0, 2);
  tcase_add_test (tc, test_eos_behind_downstreams_end);

  tc = tcase_create ("states");
  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc, test_preroll, 0, G_N_ELEMENTS (prerolls));
  tcase_add_test (tc, test_pauses);
  tcase_add_loop_test (tc, test_stop, 0, N_SITUATIONS);
  tcase_add_test (tc, test_stop_while_set);
  tcase_add_test (tc, test_stop_in_eos);
  tcase_add_loop_test (tc, test_stop_in_message, 0, 3);
  tcase_add_loop_test (tc, test_end_in_message, 0, 4);
  tcase_add_test (tc, test_launch_line);
  return s;
}

GST_CHECK_MAIN (tryonaisinkstates);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tryonwebpenc: properties, commands of the client, frames that fail. */

#include "webpenctest.h"

static guint
get_quality (GstHarness * h)
{
  guint quality;

  g_object_get (h->element, "quality", &quality, NULL);
  return quality;
}

/* ---- properties ---- */

GST_START_TEST (test_properties)
{
  GstElement *element = gst_element_factory_make ("tryonwebpenc", NULL);
  guint quality, method, target_size;
  gboolean lossless;

  g_object_get (element, "quality", &quality, "method", &method,
      "target-size", &target_size, "lossless", &lossless, NULL);
  fail_unless_equals_int (quality, 75);
  fail_unless_equals_int (method, 0);
  fail_unless_equals_int (target_size, 0);
  fail_unless (!lossless);
  fail_unless (GST_IS_PRESET (element));
  gst_object_unref (element);
}

GST_END_TEST;

static void
fail_unless_percent (gsize size, guint percent, gsize of)
{
  gsize wanted = of * percent / 100;

  fail_unless (size > wanted * 85 / 100 && size < wanted * 115 / 100,
      "%" G_GSIZE_FORMAT " is not near %" G_GSIZE_FORMAT, size, wanted);
}

GST_START_TEST (test_properties_while_playing)
{
  GstHarness *h = new_harness ("I420", 640, 480);
  GstBuffer *photo = new_camera_picture ("I420", 640, 480), *webp;
  gsize normal, size;
  guint8 tag[4];

  normal = encoded_size (h, photo);
  g_object_set (h->element, "quality", 20, NULL);
  size = encoded_size (h, photo);
  fail_unless (size < normal * 2 / 3);
  g_object_set (h->element, "quality", 75, "method", 6, NULL);
  size = encoded_size (h, photo);
  fail_unless (size < normal);
  g_object_set (h->element, "method", 0, "target-size", (guint) normal / 2,
      NULL);
  fail_unless_percent (encoded_size (h, photo), 50, normal);
  g_object_set (h->element, "target-size", (guint) normal * 2, NULL);
  fail_unless_percent (encoded_size (h, photo), 200, normal);
  g_object_set (h->element, "target-size", 0, "lossless", TRUE, NULL);
  webp = encode (h, gst_buffer_ref (photo));
  gst_buffer_extract (webp, 12, tag, 4);
  fail_unless (memcmp (tag, "VP8L", 4) == 0);
  gst_buffer_unref (webp);
  g_object_set (h->element, "lossless", FALSE, NULL);
  size = encoded_size (h, photo);
  fail_unless_equals_int (size, normal);
  gst_buffer_unref (photo);
  teardown_harness (h);
}

GST_END_TEST;

/* Every legal combination is one that libwebp takes. */
GST_START_TEST (test_all_settings_are_valid)
{
  GstHarness *h = new_harness ("RGBA", 16, 16);
  guint quality, method, lossless, target;

  for (quality = 0; quality <= 100; quality += 50) {
    for (method = 0; method <= 6; method++) {
      for (lossless = 0; lossless <= 1; lossless++) {
        for (target = 0; target <= 2; target++) {
          g_object_set (h->element, "quality", quality, "method", method,
              "lossless", lossless, "target-size",
              target == 2 ? G_MAXINT : target, NULL);
          push_good (h, 0);
        }
      }
    }
  }
  fail_unless_equals_int (count_messages (h, GST_MESSAGE_WARNING), 0);
  teardown_harness (h);
}

GST_END_TEST;

/* ---- commands ---- */

static void
adjust (GstHarness * h, const gchar * params)
{
  GstStructure *s = NULL;

  if (params != NULL)
    s = gst_structure_from_string (params, NULL);
  fail_unless (params == NULL || s != NULL);
  fail_unless (gst_harness_push_event (h,
          gst_tryon_event_new_control ("adjust_quality", s)));
}

GST_START_TEST (test_adjust_quality)
{
  static const struct
  {
    const gchar *params;
    guint quality;
  } cases[] = {
    {"object, quality=(gint64)33", 33},
    {"object, quality=(gint64)1", 1},
    {"object, quality=(gint64)100", 100},
    {"object, quality=(int)34", 34},
    {"object, quality=(uint)35", 35},
    {"object, quality_preset=low", 60},
    {"object, quality_preset=balanced", 75},
    {"object, quality_preset=high", 85},
    {"object, quality_preset=high, quality=(gint64)40", 40},
    /* Ignored: the quality stays. */
    {"object, quality=(gint64)0", 40},
    {"object, quality=(gint64)101", 40},
    {"object, quality=(gint64)-5", 40},
    {"object, quality=(gint64)4294967346", 40},
    {"object, quality_preset=splendid", 40},
    {"object, quality=(string)50", 40},
    {"object", 40},
    {NULL, 40},
  };
  GstHarness *h = new_harness ("I420", 64, 48);
  guint i;

  for (i = 0; i < G_N_ELEMENTS (cases); i++) {
    adjust (h, cases[i].params);
    fail_unless_equals_int (get_quality (h), cases[i].quality);
    push_good (h, i);
  }
  /* Another command is none of this element's. */
  fail_unless (gst_harness_push_event (h,
          gst_tryon_event_new_control ("change_camera",
              gst_structure_new ("object", "quality", G_TYPE_INT64,
                  G_GINT64_CONSTANT (9), NULL))));
  fail_unless_equals_int (get_quality (h), 40);
  teardown_harness (h);
}

GST_END_TEST;

static void
count_notify (GObject * object, GParamSpec * pspec, gpointer user_data)
{
  guint quality;

  /* Deadlocks if a lock is held. */
  g_object_get (object, "quality", &quality, NULL);
  ++*(guint *) user_data;
}

GST_START_TEST (test_adjust_quality_notifies)
{
  GstHarness *h = new_harness ("I420", 64, 48);
  guint n = 0;

  g_signal_connect (h->element, "notify::quality", G_CALLBACK (count_notify),
      &n);
  adjust (h, "object, quality=(gint64)33");
  fail_unless_equals_int (n, 1);
  adjust (h, "object, quality=(gint64)33");
  fail_unless_equals_int (n, 1);
  adjust (h, "object, quality_preset=low");
  fail_unless_equals_int (n, 2);
  teardown_harness (h);
}

GST_END_TEST;

/* Between its two frames, neither earlier nor later; and it goes on downstream
 * behind the first of them. */
GST_START_TEST (test_adjust_quality_in_order)
{
  GstHarness *h = new_harness ("I420", 320, 240);
  GstBuffer *photo = new_camera_picture ("I420", 320, 240);
  gsize before = encoded_size (h, photo), after;
  const gchar *action = NULL;
  GstEvent *event;

  while ((event = gst_harness_try_pull_event (h)) != NULL)
    gst_event_unref (event);
  adjust (h, "object, quality=(gint64)1");
  after = encoded_size (h, photo);
  fail_unless (after < before / 2);
  event = gst_harness_try_pull_event (h);
  fail_unless (event != NULL);
  fail_unless (gst_tryon_event_parse_control (event, &action, NULL));
  fail_unless_equals_string (action, "adjust_quality");
  gst_event_unref (event);
  adjust (h, "object, quality=(gint64)75");
  fail_unless_equals_int (encoded_size (h, photo), before);
  gst_buffer_unref (photo);
  teardown_harness (h);
}

GST_END_TEST;

/* A client's wish ends with its session, and with the stream. */
GST_START_TEST (test_quality_is_the_applications_again)
{
  GstHarness *h = new_harness ("I420", 64, 48);
  GstTryonSession *first, *second;

  g_object_set (h->element, "quality", 90, NULL);
  first = new_session (h, "first");
  adjust (h, "object, quality=(gint64)10");
  push_good (h, 0);
  /* The same one once more, as after a relink. */
  fail_unless (gst_harness_push_event (h, gst_tryon_event_new_session (first)));
  fail_unless_equals_int (get_quality (h), 10);
  second = new_session (h, "second");
  fail_unless_equals_int (get_quality (h), 90);

  adjust (h, "object, quality=(gint64)20");
  gst_element_set_state (h->element, GST_STATE_NULL);
  fail_unless_equals_int (get_quality (h), 90);

  teardown_harness (h);
  gst_object_unref (first);
  gst_object_unref (second);
}

GST_END_TEST;

/* ---- faults ---- */

/* A buffer that is smaller than its caps say can't be encoded. */
GST_START_TEST (test_bad_frame_costs_only_itself)
{
  GstHarness *h = new_harness ("I420", 64, 48);
  GstTryonSession *session = new_session (h, "webp");
  GstStructure *error;

  push_good (h, 0);
  push (h, receive_frame (session, 1, gst_buffer_new_allocate (NULL, 100,
              NULL)));
  fail_unless (gst_harness_try_pull (h) == NULL);
  error = take_drop (session, 1, GST_TRYON_DROP_REASON_INVALID);
  fail_unless (error != NULL);
  fail_unless_equals_string (gst_structure_get_string (error, "code"),
      "INTERNAL");
  gst_structure_free (error);

  push_good (h, 2);
  fail_unless_account (session, 1, 1, 0);
  fail_unless_equals_uint64 (get_stat (h, "frames-encoded"), 2);
  fail_unless_equals_uint64 (get_stat (h, "frames-failed"), 1);
  fail_unless_equals_int (count_messages (h, GST_MESSAGE_WARNING), 1);
  fail_unless_equals_int (count_messages (h, GST_MESSAGE_ERROR), 0);
  teardown_harness (h);
  gst_object_unref (session);
}

GST_END_TEST;

GST_START_TEST (test_late_frames_are_answered)
{
  GstHarness *h = new_harness ("I420", 64, 48);
  GstTryonSession *session = new_session (h, "webp");

  push_good (h, 0);
  send_late_qos (h);
  push_good (h, 1);             /* qos is off unless asked for */
  g_object_set (h->element, "qos", TRUE, NULL);
  send_late_qos (h);
  push (h, receive_frame (session, 2, new_frame (h, 2)));
  fail_unless (gst_harness_try_pull (h) == NULL);
  fail_unless (take_drop (session, 2, GST_TRYON_DROP_REASON_RATE) == NULL);
  fail_unless_account (session, 1, 1, 0);
  fail_unless_equals_uint64 (get_stat (h, "frames-late"), 1);
  push_good (h, 5);
  teardown_harness (h);
  gst_object_unref (session);
}

GST_END_TEST;

static Suite *
tryonwebpenccontrol_suite (void)
{
  Suite *suite = suite_create ("tryonwebpenccontrol");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_add_test (tc, test_properties);
  tcase_add_test (tc, test_properties_while_playing);
  tcase_add_test (tc, test_all_settings_are_valid);
  tcase_add_test (tc, test_adjust_quality);
  tcase_add_test (tc, test_adjust_quality_notifies);
  tcase_add_test (tc, test_adjust_quality_in_order);
  tcase_add_test (tc, test_quality_is_the_applications_again);
  tcase_add_test (tc, test_bad_frame_costs_only_itself);
  tcase_add_test (tc, test_late_frames_are_answered);
  return suite;
}

GST_CHECK_MAIN (tryonwebpenccontrol);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <gst/check/gstcheck.h>
#include <gst/check/gstharness.h>
#include <gst/tryon/tryon.h>

/* Every event, to hold each parser against the others' events. */
typedef enum
{
  SESSION,
  REFERENCE,
  CONTROL,
  CAPTURE,
  FOREIGN,
  BUILTIN,
  N_EVENTS
} Kind;

static GstEvent *
new_event (Kind kind)
{
  GstTryonSession *session;
  GstEvent *event;

  switch (kind) {
    case SESSION:
      session = gst_tryon_session_new ("one", NULL);
      event = gst_tryon_event_new_session (session);
      gst_object_unref (session);
      return event;
    case REFERENCE:
      return gst_tryon_event_new_reference (NULL, NULL, NULL);
    case CONTROL:
      return gst_tryon_event_new_control ("pause", NULL);
    case CAPTURE:
      return gst_tryon_event_new_capture (TRUE);
    case FOREIGN:
      return gst_event_new_custom (GST_EVENT_CUSTOM_DOWNSTREAM,
          gst_structure_new_empty ("something-else"));
    default:
      return gst_event_new_eos ();
  }
}

GST_START_TEST (test_parsers_refuse_others)
{
  Kind kind;

  for (kind = 0; kind < N_EVENTS; kind++) {
    GstEvent *event = new_event (kind);
    GstTryonSession *session = NULL;

    fail_unless_equals_int (gst_tryon_event_parse_session (event, &session),
        kind == SESSION);
    fail_unless_equals_int (session != NULL, kind == SESSION);
    fail_unless_equals_int (gst_tryon_event_parse_reference (event, NULL, NULL,
            NULL), kind == REFERENCE);
    fail_unless_equals_int (gst_tryon_event_parse_control (event, NULL, NULL),
        kind == CONTROL);
    fail_unless_equals_int (gst_tryon_event_parse_capture (event, NULL),
        kind == CAPTURE);
    gst_clear_object (&session);
    gst_event_unref (event);
  }
}

GST_END_TEST;

/* What stays for those who come later, and what happens once. */
GST_START_TEST (test_stickiness)
{
  Kind kind;

  for (kind = SESSION; kind <= CAPTURE; kind++) {
    GstEvent *event = new_event (kind);

    fail_unless_equals_int (GST_EVENT_IS_STICKY (event),
        kind == SESSION || kind == REFERENCE);
    fail_unless (GST_EVENT_IS_SERIALIZED (event));
    fail_unless (GST_EVENT_IS_DOWNSTREAM (event));
    fail_if (GST_EVENT_IS_UPSTREAM (event));
    gst_event_unref (event);
  }
}

GST_END_TEST;

GST_START_TEST (test_session_references)
{
  GstTryonSession *session = gst_tryon_session_new ("one", NULL);
  GstTryonSession *parsed = NULL;
  GstEvent *event;

  ASSERT_OBJECT_REFCOUNT (session, "session", 1);
  event = gst_tryon_event_new_session (session);
  ASSERT_OBJECT_REFCOUNT (session, "session", 2);
  fail_unless (gst_tryon_event_parse_session (event, &parsed));
  fail_unless (parsed == session);
  ASSERT_OBJECT_REFCOUNT (session, "session", 3);
  gst_object_unref (parsed);
  gst_event_unref (event);
  ASSERT_OBJECT_REFCOUNT (session, "session", 1);
  gst_object_unref (session);
}

GST_END_TEST;

GST_START_TEST (test_reference)
{
  GstBuffer *image = gst_buffer_new_allocate (NULL, 10, NULL);
  GstBuffer *parsed = NULL;
  const gchar *media_type = NULL, *id = NULL;
  GstEvent *event;

  event = gst_tryon_event_new_reference (image, "image/webp", "red.webp");
  ASSERT_MINI_OBJECT_REFCOUNT (image, "image", 2);
  fail_unless (gst_tryon_event_parse_reference (event, &parsed, &media_type,
          &id));
  fail_unless (parsed == image);
  ASSERT_MINI_OBJECT_REFCOUNT (image, "image", 3);
  fail_unless_equals_string (media_type, "image/webp");
  fail_unless_equals_string (id, "red.webp");
  gst_buffer_unref (parsed);
  gst_event_unref (event);
  ASSERT_MINI_OBJECT_REFCOUNT (image, "image", 1);
  gst_buffer_unref (image);
}

GST_END_TEST;

/* The event that takes a reference back: everything is NULL, whatever was in
 * the variables before. */
GST_START_TEST (test_reference_none)
{
  GstEvent *event = gst_tryon_event_new_reference (NULL, NULL, NULL);
  GstBuffer *image = (GstBuffer *) 0x1;
  const gchar *media_type = "x", *id = "x";

  fail_unless (gst_tryon_event_parse_reference (event, &image, &media_type,
          &id));
  fail_unless (image == NULL);
  fail_unless (media_type == NULL);
  fail_unless (id == NULL);
  gst_event_unref (event);
}

GST_END_TEST;

GST_START_TEST (test_control)
{
  const GstStructure *params = (const GstStructure *) 0x1;
  const gchar *action = NULL;
  gint64 quality = 0;
  GstEvent *event;

  event = gst_tryon_event_new_control ("pause", NULL);
  fail_unless (gst_tryon_event_parse_control (event, &action, &params));
  fail_unless_equals_string (action, "pause");
  fail_unless (params == NULL);
  gst_event_unref (event);

  event = gst_tryon_event_new_control ("adjust_quality",
      gst_structure_new ("object", "quality", G_TYPE_INT64,
          G_GINT64_CONSTANT (80), NULL));
  fail_unless (gst_tryon_event_parse_control (event, &action, &params));
  fail_unless_equals_string (action, "adjust_quality");
  fail_unless (gst_structure_get_int64 (params, "quality", &quality));
  fail_unless_equals_int64 (quality, 80);
  gst_event_unref (event);
}

GST_END_TEST;

GST_START_TEST (test_capture)
{
  gboolean save;
  GstEvent *event;

  save = FALSE;
  event = gst_tryon_event_new_capture (TRUE);
  fail_unless (gst_tryon_event_parse_capture (event, &save));
  fail_unless (save);
  gst_event_unref (event);

  event = gst_tryon_event_new_capture (FALSE);
  fail_unless (gst_tryon_event_parse_capture (event, &save));
  fail_if (save);
  gst_event_unref (event);
}

GST_END_TEST;

/* Whether @pad has @expected, which may be NULL, as its session. */
static void
check_pad_session (GstPad * pad, GstTryonSession * expected)
{
  GstTryonSession *found = gst_tryon_pad_get_session (pad);

  fail_unless (found == expected);
  gst_clear_object (&found);
}

/* Found among other sticky custom events, whichever came first, and replaced
 * by the next client's. */
GST_START_TEST (test_pad_session)
{
  GstHarness *h = gst_harness_new ("identity");
  GstPad *pad = gst_element_get_static_pad (h->element, "src");
  GstTryonSession *one = gst_tryon_session_new ("one", NULL);
  GstTryonSession *two = gst_tryon_session_new ("two", NULL);

  gst_harness_set_src_caps_str (h, "image/webp");
  check_pad_session (pad, NULL);
  gst_harness_push_event (h, gst_tryon_event_new_reference (NULL, NULL, NULL));
  check_pad_session (pad, NULL);
  gst_harness_push_event (h, gst_tryon_event_new_session (one));
  check_pad_session (pad, one);
  gst_harness_push_event (h, gst_tryon_event_new_session (two));
  check_pad_session (pad, two);

  gst_object_unref (pad);
  gst_harness_teardown (h);
  ASSERT_OBJECT_REFCOUNT (one, "one", 1);
  ASSERT_OBJECT_REFCOUNT (two, "two", 1);
  gst_object_unref (one);
  gst_object_unref (two);
}

GST_END_TEST;

/* The sticky ones are there behind everything that may lie between ingress and
 * an element that needs them, also behind decoders. */
static void
check_session_behind (const gchar * launch, const gchar * caps,
    GstBuffer * buffer)
{
  GstHarness *h = gst_harness_new_parse (launch);
  GstTryonSession *session = gst_tryon_session_new ("one", NULL);

  gst_harness_push_event (h, gst_tryon_event_new_session (session));
  gst_harness_set_src_caps_str (h, caps);
  fail_unless_equals_int (gst_harness_push (h, buffer), GST_FLOW_OK);
  gst_buffer_unref (gst_harness_pull (h));
  check_pad_session (h->sinkpad, session);
  gst_harness_teardown (h);
  ASSERT_OBJECT_REFCOUNT (session, "session", 1);
  gst_object_unref (session);
}

GST_START_TEST (test_session_through_elements)
{
  GstHarness *encoder = gst_harness_new_parse ("jpegenc");
  GstBuffer *raw, *jpeg;

  gst_harness_set_src_caps_str (encoder, "video/x-raw,format=I420,width=16,"
      "height=16,framerate=30/1");
  raw = gst_harness_create_buffer (encoder, 16 * 16 * 3 / 2);
  gst_buffer_memset (raw, 0, 128, 16 * 16 * 3 / 2);
  GST_BUFFER_PTS (raw) = 0;
  jpeg = gst_harness_push_and_pull (encoder, raw);
  fail_unless (jpeg != NULL);
  gst_harness_teardown (encoder);

  check_session_behind ("queue", "image/webp", gst_buffer_new ());
  check_session_behind ("tee ! queue", "image/webp", gst_buffer_new ());
  check_session_behind ("jpegdec ! videoconvert ! jpegenc",
      "image/jpeg,width=16,height=16,framerate=30/1", jpeg);
}

GST_END_TEST;

static Suite *
event_suite (void)
{
  Suite *s = suite_create ("event");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_parsers_refuse_others);
  tcase_add_test (tc, test_stickiness);
  tcase_add_test (tc, test_session_references);
  tcase_add_test (tc, test_reference);
  tcase_add_test (tc, test_reference_none);
  tcase_add_test (tc, test_control);
  tcase_add_test (tc, test_capture);
  tcase_add_test (tc, test_pad_session);
  tcase_add_test (tc, test_session_through_elements);
  return s;
}

GST_CHECK_MAIN (event);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <gst/check/gstcheck.h>
#include <gst/check/gstharness.h>
#include <gst/tryon/tryon.h>

#define SEQUENCE 0xfffffffeu
#define CAPTURE_TIME G_GUINT64_CONSTANT (1700000000123456)
#define ARRIVAL G_GINT64_CONSTANT (987654321)
#define AI_LATENCY 65432u

/* Marks @buffer with values that no default has. */
static void
add_meta (GstBuffer * buffer)
{
  GstTryonFrameMeta *meta = gst_buffer_add_tryon_frame_meta (buffer, SEQUENCE,
      CAPTURE_TIME, ARRIVAL);

  fail_unless (meta != NULL);
  meta->ai_latency = AI_LATENCY;
  meta->flags = GST_TRYON_FRAME_FLAG_NOT_PROCESSED;
}

static void
check_meta (GstBuffer * buffer)
{
  GstTryonFrameMeta *meta = gst_buffer_get_tryon_frame_meta (buffer);

  fail_unless (meta != NULL);
  fail_unless_equals_int (gst_buffer_get_n_meta (buffer,
          GST_TRYON_FRAME_META_API_TYPE), 1);
  fail_unless_equals_int64 (meta->sequence, SEQUENCE);
  fail_unless_equals_uint64 (meta->capture_time, CAPTURE_TIME);
  fail_unless_equals_int64 (meta->arrival, ARRIVAL);
  fail_unless_equals_int64 (meta->ai_latency, AI_LATENCY);
  fail_unless_equals_int (meta->flags, GST_TRYON_FRAME_FLAG_NOT_PROCESSED);
}

/* Sends a 64x48 I420 picture with the meta through @launch and checks what
 * comes out. */
static void
check_through (const gchar * launch)
{
  GstHarness *h = gst_harness_new_parse (launch);
  GstBuffer *buffer;

  gst_harness_set_src_caps_str (h, "video/x-raw,format=I420,width=64,"
      "height=48,framerate=30/1");
  buffer = gst_harness_create_buffer (h, 64 * 48 * 3 / 2);
  gst_buffer_memset (buffer, 0, 128, 64 * 48 * 3 / 2);
  GST_BUFFER_PTS (buffer) = 0;
  GST_BUFFER_DURATION (buffer) = GST_SECOND / 30;
  add_meta (buffer);

  fail_unless_equals_int (gst_harness_push (h, buffer), GST_FLOW_OK);
  buffer = gst_harness_pull (h);
  fail_unless (buffer != NULL, "nothing came out of %s", launch);
  check_meta (buffer);
  gst_buffer_unref (buffer);
  gst_harness_teardown (h);
}

GST_START_TEST (test_defaults)
{
  GstBuffer *buffer = gst_buffer_new ();
  GstTryonFrameMeta *meta;

  fail_unless (gst_buffer_get_tryon_frame_meta (buffer) == NULL);
  meta = gst_buffer_add_tryon_frame_meta (buffer, 7, 8, 9);
  fail_unless (gst_buffer_get_tryon_frame_meta (buffer) == meta);
  fail_unless_equals_int (meta->sequence, 7);
  fail_unless_equals_uint64 (meta->capture_time, 8);
  fail_unless_equals_int64 (meta->arrival, 9);
  fail_unless_equals_int (meta->ai_latency, 0);
  fail_unless_equals_int (meta->flags, GST_TRYON_FRAME_FLAG_NONE);
  gst_buffer_unref (buffer);
}

GST_END_TEST;

/* Codecs' base classes leave out metas with tags that they don't know. */
GST_START_TEST (test_no_tags)
{
  const gchar *const *tags =
      gst_meta_api_type_get_tags (GST_TRYON_FRAME_META_API_TYPE);

  fail_unless (tags == NULL || tags[0] == NULL);
}

GST_END_TEST;

GST_START_TEST (test_copies)
{
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, 100, NULL);
  GstBuffer *copy;

  add_meta (buffer);
  copy = gst_buffer_copy (buffer);
  check_meta (copy);
  gst_buffer_unref (copy);

  copy = gst_buffer_copy_deep (buffer);
  check_meta (copy);
  gst_buffer_unref (copy);

  /* The image without the header in front of it. */
  copy = gst_buffer_copy_region (buffer, GST_BUFFER_COPY_ALL, 32, 68);
  check_meta (copy);
  gst_buffer_unref (copy);

  copy = gst_buffer_make_writable (gst_buffer_ref (buffer));
  fail_unless (copy != buffer);
  check_meta (copy);
  gst_buffer_unref (copy);
  check_meta (buffer);
  gst_buffer_unref (buffer);
}

GST_END_TEST;

/* The copy is a frame of its own: changing it leaves the original alone. */
GST_START_TEST (test_copy_is_independent)
{
  GstBuffer *buffer = gst_buffer_new ();
  GstBuffer *copy;

  add_meta (buffer);
  copy = gst_buffer_copy (buffer);
  gst_buffer_get_tryon_frame_meta (copy)->sequence = 1;
  gst_buffer_get_tryon_frame_meta (copy)->flags = GST_TRYON_FRAME_FLAG_NONE;
  check_meta (buffer);
  gst_buffer_unref (copy);
  gst_buffer_unref (buffer);
}

GST_END_TEST;

/* A buffer never has two: the copied one takes the place of what was there. */
GST_START_TEST (test_copy_onto_another)
{
  GstBuffer *buffer = gst_buffer_new ();
  GstBuffer *dest = gst_buffer_new ();

  add_meta (buffer);
  gst_buffer_add_tryon_frame_meta (dest, 1, 2, 3);
  fail_unless (gst_buffer_copy_into (dest, buffer, GST_BUFFER_COPY_METADATA, 0,
          -1));
  check_meta (dest);
  gst_buffer_unref (dest);
  gst_buffer_unref (buffer);
}

GST_END_TEST;

GST_START_TEST (test_through_converters)
{
  check_through ("videoconvert ! capsfilter caps=video/x-raw,format=RGB");
  check_through ("videoscale ! capsfilter caps=video/x-raw,width=32,height=24");
  check_through ("videoconvert ! videoscale ! "
      "capsfilter caps=video/x-raw,format=RGBA,width=100,height=20");
}

GST_END_TEST;

GST_START_TEST (test_through_effects)
{
  check_through ("videobalance saturation=0.0");
  check_through ("queue ! identity");
  check_through ("tee ! queue");
}

GST_END_TEST;

GST_START_TEST (test_through_codecs)
{
  check_through ("jpegenc");
  check_through ("jpegenc ! jpegdec");
  check_through ("videoconvert ! pngenc ! pngdec ! videoconvert");
}

GST_END_TEST;

static Suite *
framemeta_suite (void)
{
  Suite *s = suite_create ("framemeta");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_defaults);
  tcase_add_test (tc, test_no_tags);
  tcase_add_test (tc, test_copies);
  tcase_add_test (tc, test_copy_is_independent);
  tcase_add_test (tc, test_copy_onto_another);
  tcase_add_test (tc, test_through_converters);
  tcase_add_test (tc, test_through_effects);
  tcase_add_test (tc, test_through_codecs);
  return s;
}

GST_CHECK_MAIN (framemeta);

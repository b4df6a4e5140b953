/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <math.h>

#include <gst/check/gstcheck.h>
#include <gst/check/gstharness.h>
#include <gst/video/video.h>
#include <gst/tryon/tryon.h>

#define WIDTH 64
#define HEIGHT 48
#define SIZE (WIDTH * HEIGHT * 3 / 2)

static gboolean
is_near (gfloat a, gfloat b)
{
  return fabsf (a - b) < 1e-3f;
}

#define fail_unless_near(a, b) fail_unless (is_near (a, b), \
    #a " is %f, not %f", (gdouble) (a), (gdouble) (b))

/* Marks @buffer with values that no default has. The nail points up and to the
 * right at 45 degrees, the hand's region a quarter to the right. */
static void
add_meta (GstBuffer * buffer)
{
  GstTryonNailsMeta *meta = gst_buffer_add_tryon_nails_meta (buffer);
  guint i;

  fail_unless (meta != NULL);
  meta->n_hands = 1;
  meta->hands[0].id = 7;
  meta->hands[0].presence = 0.75f;
  meta->hands[0].handedness = 0.25f;
  for (i = 0; i < GST_TRYON_N_LANDMARKS; i++) {
    meta->hands[0].landmarks[i].x = i;
    meta->hands[0].landmarks[i].y = 2 * i;
    meta->hands[0].depths[i] = -(gfloat) i;
  }
  meta->hands[0].region.centre.x = 32.0f;
  meta->hands[0].region.centre.y = 24.0f;
  meta->hands[0].region.size = 40.0f;
  meta->hands[0].region.rotation = G_PI / 2;
  meta->n_nails = 1;
  meta->nails[0].hand = 7;
  meta->nails[0].finger = GST_TRYON_FINGER_RING;
  meta->nails[0].confidence = 0.875f;
  meta->nails[0].opacity = 0.5f;
  meta->nails[0].centre.x = 10.0f;
  meta->nails[0].centre.y = 20.0f;
  meta->nails[0].axis.x = G_SQRT2 / 2;
  meta->nails[0].axis.y = -G_SQRT2 / 2;
  meta->nails[0].length = 8.0f;
  meta->nails[0].width = 6.0f;
  for (i = 0; i < GST_TRYON_NAIL_OUTLINE; i++) {
    meta->nails[0].outline[i].x = 10.0f + i;
    meta->nails[0].outline[i].y = 20.0f - i / 2.0f;
  }
}

/* @x, @y: what every place is to be multiplied by. What has a direction of its own is
 * compared by the tests of scaling. */
static void
check_meta (GstBuffer * buffer, gfloat x, gfloat y)
{
  GstTryonNailsMeta *meta = gst_buffer_get_tryon_nails_meta (buffer);
  guint i;

  fail_unless (meta != NULL);
  fail_unless_equals_int (gst_buffer_get_n_meta (buffer,
          GST_TRYON_NAILS_META_API_TYPE), 1);
  fail_unless_equals_int (meta->n_hands, 1);
  fail_unless_equals_int (meta->hands[0].id, 7);
  fail_unless_near (meta->hands[0].presence, 0.75f);
  fail_unless_near (meta->hands[0].handedness, 0.25f);
  for (i = 0; i < GST_TRYON_N_LANDMARKS; i++) {
    fail_unless_near (meta->hands[0].landmarks[i].x, x * i);
    fail_unless_near (meta->hands[0].landmarks[i].y, y * 2 * i);
    fail_unless_near (meta->hands[0].depths[i], -sqrtf (x * y) * i);
  }
  fail_unless_near (meta->hands[0].region.centre.x, x * 32.0f);
  fail_unless_near (meta->hands[0].region.centre.y, y * 24.0f);
  fail_unless_near (meta->hands[0].region.size, sqrtf (x * y) * 40.0f);
  fail_unless_near (meta->hands[0].region.rotation, G_PI / 2);
  fail_unless_equals_int (meta->n_nails, 1);
  fail_unless_equals_int (meta->nails[0].hand, 7);
  fail_unless_equals_int (meta->nails[0].finger, GST_TRYON_FINGER_RING);
  fail_unless_near (meta->nails[0].confidence, 0.875f);
  fail_unless_near (meta->nails[0].opacity, 0.5f);
  fail_unless_near (meta->nails[0].centre.x, x * 10.0f);
  fail_unless_near (meta->nails[0].centre.y, y * 20.0f);
  for (i = 0; i < GST_TRYON_NAIL_OUTLINE; i++) {
    fail_unless_near (meta->nails[0].outline[i].x, x * (10.0f + i));
    fail_unless_near (meta->nails[0].outline[i].y, y * (20.0f - i / 2.0f));
  }
}

/* (transfer full): what comes out of @launch for a picture with the meta. */
static GstBuffer *
send_through (const gchar * launch)
{
  GstHarness *h = gst_harness_new_parse (launch);
  GstBuffer *buffer;

  gst_harness_set_src_caps_str (h, "video/x-raw,format=I420,width="
      G_STRINGIFY (WIDTH) ",height=" G_STRINGIFY (HEIGHT) ",framerate=30/1");
  buffer = gst_harness_create_buffer (h, SIZE);
  gst_buffer_memset (buffer, 0, 128, SIZE);
  GST_BUFFER_PTS (buffer) = 0;
  GST_BUFFER_DURATION (buffer) = GST_SECOND / 30;
  add_meta (buffer);

  fail_unless_equals_int (gst_harness_push (h, buffer), GST_FLOW_OK);
  buffer = gst_harness_pull (h);
  fail_unless (buffer != NULL, "nothing came out of %s", launch);
  gst_harness_teardown (h);
  return buffer;
}

static void
check_kept (const gchar * launch, gfloat x, gfloat y)
{
  GstBuffer *buffer = send_through (launch);

  check_meta (buffer, x, y);
  gst_buffer_unref (buffer);
}

GST_START_TEST (test_empty)
{
  GstBuffer *buffer = gst_buffer_new ();
  GstTryonNailsMeta *meta;

  fail_unless (gst_buffer_get_tryon_nails_meta (buffer) == NULL);
  meta = gst_buffer_add_tryon_nails_meta (buffer);
  fail_unless (gst_buffer_get_tryon_nails_meta (buffer) == meta);
  fail_unless_equals_int (meta->n_hands, 0);
  fail_unless_equals_int (meta->n_nails, 0);
  gst_buffer_unref (buffer);
}

GST_END_TEST;

/* A frame that is analysed again has the newer results, and only them. */
GST_START_TEST (test_added_again)
{
  GstBuffer *buffer = gst_buffer_new ();
  GstTryonNailsMeta *meta;

  add_meta (buffer);
  meta = gst_buffer_add_tryon_nails_meta (buffer);
  fail_unless_equals_int (gst_buffer_get_n_meta (buffer,
          GST_TRYON_NAILS_META_API_TYPE), 1);
  fail_unless_equals_int (meta->n_hands, 0);
  fail_unless_equals_int (meta->n_nails, 0);
  fail_unless_equals_int (meta->hands[0].id, 0);
  gst_buffer_unref (buffer);
}

GST_END_TEST;

GST_START_TEST (test_tags)
{
  GType api = GST_TRYON_NAILS_META_API_TYPE;

  fail_unless (gst_meta_api_type_has_tag (api, g_quark_from_static_string
          (GST_META_TAG_VIDEO_STR)));
  fail_unless (gst_meta_api_type_has_tag (api, g_quark_from_static_string
          (GST_META_TAG_VIDEO_SIZE_STR)));
  fail_unless (gst_meta_api_type_has_tag (api, g_quark_from_static_string
          (GST_META_TAG_VIDEO_ORIENTATION_STR)));
  fail_unless_equals_int (g_strv_length ((gchar **)
          gst_meta_api_type_get_tags (api)), 3);
}

GST_END_TEST;

GST_START_TEST (test_copies)
{
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, 100, NULL);
  GstBuffer *copy, *dest = gst_buffer_new ();

  add_meta (buffer);
  copy = gst_buffer_copy (buffer);
  check_meta (copy, 1.0f, 1.0f);
  /* It is a frame of its own. */
  gst_buffer_get_tryon_nails_meta (copy)->n_nails = 0;
  check_meta (buffer, 1.0f, 1.0f);
  gst_buffer_unref (copy);

  copy = gst_buffer_copy_deep (buffer);
  check_meta (copy, 1.0f, 1.0f);
  gst_buffer_unref (copy);

  /* A part of a frame's bytes is no frame. */
  copy = gst_buffer_copy_region (buffer, GST_BUFFER_COPY_ALL, 32, 68);
  fail_unless (gst_buffer_get_tryon_nails_meta (copy) == NULL);
  gst_buffer_unref (copy);

  /* The copied one takes the place of what was there. */
  gst_buffer_add_tryon_nails_meta (dest)->n_hands = 2;
  fail_unless (gst_buffer_copy_into (dest, buffer, GST_BUFFER_COPY_METADATA, 0,
          -1));
  check_meta (dest, 1.0f, 1.0f);
  gst_buffer_unref (dest);
  gst_buffer_unref (buffer);
}

GST_END_TEST;

/* Directions and what is measured along them: the nail lies at 45 degrees in a frame
 * that gets twice as wide. (1, -1) becomes (2, -1), and (1, 1) becomes (2, 1). */
GST_START_TEST (test_scaled_directions)
{
  GstBuffer *buffer = gst_buffer_new (), *scaled = gst_buffer_new ();
  GstTryonNailsMeta *meta;
  GstVideoMetaTransform sizes;
  GstVideoInfo in, out;
  gfloat root5 = sqrtf (5.0f);

  add_meta (buffer);
  meta = gst_buffer_get_tryon_nails_meta (buffer);
  meta->hands[0].region.rotation = G_PI / 4;
  fail_unless (gst_video_info_set_format (&in, GST_VIDEO_FORMAT_RGB, 100, 60));
  fail_unless (gst_video_info_set_format (&out, GST_VIDEO_FORMAT_RGB, 200, 60));
  sizes.in_info = &in;
  sizes.out_info = &out;
  fail_unless (meta->meta.info->transform_func (scaled, &meta->meta, buffer,
          gst_video_meta_transform_scale_get_quark (), &sizes));

  meta = gst_buffer_get_tryon_nails_meta (scaled);
  fail_unless (meta != NULL);
  fail_unless_near (meta->nails[0].axis.x, 2.0f / root5);
  fail_unless_near (meta->nails[0].axis.y, -1.0f / root5);
  fail_unless_near (meta->nails[0].length, 8.0f * root5 / sqrtf (2.0f));
  fail_unless_near (meta->nails[0].width, 6.0f * root5 / sqrtf (2.0f));
  fail_unless_near (meta->hands[0].region.rotation, atan2f (2.0f, 1.0f));
  gst_buffer_unref (scaled);
  gst_buffer_unref (buffer);
}

GST_END_TEST;

GST_START_TEST (test_unknown_transform)
{
  GstBuffer *buffer = gst_buffer_new (), *dest = gst_buffer_new ();
  GstTryonNailsMeta *meta;
  GstVideoMetaTransform sizes;
  GstVideoInfo in, out;

  add_meta (buffer);
  meta = gst_buffer_get_tryon_nails_meta (buffer);
  fail_if (meta->meta.info->transform_func (dest, &meta->meta, buffer,
          g_quark_from_static_string ("test-bend"), NULL));
  fail_unless (gst_buffer_get_tryon_nails_meta (dest) == NULL);

  /* Nothing to scale from. */
  gst_video_info_init (&in);
  fail_unless (gst_video_info_set_format (&out, GST_VIDEO_FORMAT_RGB, 8, 6));
  sizes.in_info = &in;
  sizes.out_info = &out;
  fail_if (meta->meta.info->transform_func (dest, &meta->meta, buffer,
          gst_video_meta_transform_scale_get_quark (), &sizes));
  fail_unless (gst_buffer_get_tryon_nails_meta (dest) == NULL);
  gst_buffer_unref (dest);
  gst_buffer_unref (buffer);
}

GST_END_TEST;

GST_START_TEST (test_through_elements)
{
  check_kept ("identity", 1.0f, 1.0f);
  check_kept ("queue ! tee ! queue", 1.0f, 1.0f);
  check_kept ("videobalance saturation=0.0", 1.0f, 1.0f);
  check_kept ("videoconvert ! capsfilter caps=video/x-raw,format=RGBA", 1.0f,
      1.0f);
}

GST_END_TEST;

GST_START_TEST (test_through_scalers)
{
  check_kept ("videoscale ! capsfilter caps=video/x-raw,width=32,height=24",
      0.5f, 0.5f);
  check_kept ("videoscale add-borders=false ! "
      "capsfilter caps=video/x-raw,width=128,height=24,pixel-aspect-ratio=1/1",
      2.0f, 0.5f);
}

GST_END_TEST;

/* An encoded image has the size of its frame, and so the places of it. */
GST_START_TEST (test_through_codecs)
{
  check_kept ("jpegenc", 1.0f, 1.0f);
  check_kept ("jpegenc ! jpegdec", 1.0f, 1.0f);
}

GST_END_TEST;

static Suite *
nailsmeta_suite (void)
{
  Suite *s = suite_create ("nailsmeta");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_empty);
  tcase_add_test (tc, test_added_again);
  tcase_add_test (tc, test_tags);
  tcase_add_test (tc, test_copies);
  tcase_add_test (tc, test_scaled_directions);
  tcase_add_test (tc, test_unknown_transform);
  tcase_add_test (tc, test_through_elements);
  tcase_add_test (tc, test_through_scalers);
  tcase_add_test (tc, test_through_codecs);
  return s;
}

GST_CHECK_MAIN (nailsmeta);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tryonwebpdec: pixels, formats, sizes, metas. */

#include "webptest.h"

/* A frame as from a camera. */
static GstBuffer *
new_camera_frame (guint width, guint height)
{
  GstBuffer *picture = new_camera_picture ("RGB", width, height);
  guint8 *webp = NULL;
  GstMapInfo map;
  gsize size;

  fail_unless (gst_buffer_map (picture, &map, GST_MAP_READ));
  size = WebPEncodeRGB (map.data, width, height, GST_ROUND_UP_4 (width * 3), 75,
      &webp);
  gst_buffer_unmap (picture, &map);
  gst_buffer_unref (picture);
  return take_webp (webp, size);
}

/* ---- harness ---- */

static GstHarness *
new_harness (const gchar * sink_caps)
{
  GstHarness *h = new_harness_with_bus ("tryonwebpdec");

  gst_harness_set_src_caps_str (h, "image/webp, framerate=(fraction)30/1");
  if (sink_caps != NULL)
    gst_harness_set_sink_caps_str (h, sink_caps);
  return h;
}

/* Pushes a frame and lets go of the decoded one, which must come. */
static void
push_good (GstHarness * h, guint number, guint width, guint height)
{
  GstBuffer *out;
  GstVideoInfo info;

  push (h, new_webp_frame (number, width, height));
  out = pull (h);
  fail_unless_equals_uint64 (GST_BUFFER_PTS (out), number * FRAME_TIME);
  get_caps_info (h->sinkpad, &info);
  fail_unless_equals_int (info.width, width);
  fail_unless_equals_int (info.height, height);
  gst_buffer_unref (out);
}

static void
fail_unless_output (GstHarness * h, GstVideoFormat format, gint width,
    gint height)
{
  GstVideoInfo info;

  get_caps_info (h->sinkpad, &info);
  fail_unless_equals_string (gst_video_format_to_string (GST_VIDEO_INFO_FORMAT
          (&info)), gst_video_format_to_string (format));
  fail_unless_equals_int (info.width, width);
  fail_unless_equals_int (info.height, height);
}

/* ---- pixels ---- */

static const struct
{
  GstVideoFormat format;
  WEBP_CSP_MODE mode;
} formats[] = {
  {GST_VIDEO_FORMAT_I420, MODE_YUV},
  {GST_VIDEO_FORMAT_A420, MODE_YUVA},
  {GST_VIDEO_FORMAT_RGB, MODE_RGB},
  {GST_VIDEO_FORMAT_BGR, MODE_BGR},
  {GST_VIDEO_FORMAT_RGBA, MODE_RGBA},
  {GST_VIDEO_FORMAT_BGRA, MODE_BGRA},
  {GST_VIDEO_FORMAT_ARGB, MODE_ARGB},
  {GST_VIDEO_FORMAT_RGBx, MODE_RGBA},
  {GST_VIDEO_FORMAT_BGRx, MODE_BGRA},
  {GST_VIDEO_FORMAT_xRGB, MODE_ARGB},
};

static void
compare_rows (const guint8 * a, gint a_stride, const guint8 * b, gint b_stride,
    gint row_bytes, gint rows)
{
  gint y;

  for (y = 0; y < rows; y++)
    fail_unless (memcmp (a + y * a_stride, b + y * b_stride, row_bytes) == 0,
        "row %d differs", y);
}

/* Compares @out with what libwebp makes of @webp by itself. */
static void
compare_with_libwebp (GstHarness * h, GstBuffer * webp, GstBuffer * out,
    WEBP_CSP_MODE mode)
{
  WebPDecoderConfig config;
  GstVideoFrame frame;
  GstVideoInfo info;
  GstMapInfo map;
  gint w, ht;

  get_caps_info (h->sinkpad, &info);
  fail_unless (gst_video_frame_map (&frame, &info, out, GST_MAP_READ));
  fail_unless (gst_buffer_map (webp, &map, GST_MAP_READ));
  fail_unless (WebPInitDecoderConfig (&config));
  config.output.colorspace = mode;
  fail_unless_equals_int (WebPDecode (map.data, map.size, &config),
      VP8_STATUS_OK);
  w = config.output.width;
  ht = config.output.height;
  fail_unless_equals_int (w, info.width);
  fail_unless_equals_int (ht, info.height);

  if (WebPIsRGBMode (mode)) {
    compare_rows (frame.data[0], GST_VIDEO_FRAME_PLANE_STRIDE (&frame, 0),
        config.output.u.RGBA.rgba, config.output.u.RGBA.stride,
        w * GST_VIDEO_FRAME_COMP_PSTRIDE (&frame, 0), ht);
  } else {
    WebPYUVABuffer *yuv = &config.output.u.YUVA;

    compare_rows (frame.data[0], GST_VIDEO_FRAME_PLANE_STRIDE (&frame, 0),
        yuv->y, yuv->y_stride, w, ht);
    compare_rows (frame.data[1], GST_VIDEO_FRAME_PLANE_STRIDE (&frame, 1),
        yuv->u, yuv->u_stride, (w + 1) / 2, (ht + 1) / 2);
    compare_rows (frame.data[2], GST_VIDEO_FRAME_PLANE_STRIDE (&frame, 2),
        yuv->v, yuv->v_stride, (w + 1) / 2, (ht + 1) / 2);
    if (mode == MODE_YUVA)
      compare_rows (frame.data[3], GST_VIDEO_FRAME_PLANE_STRIDE (&frame, 3),
          yuv->a, yuv->a_stride, w, ht);
  }
  WebPFreeDecBuffer (&config.output);
  gst_buffer_unmap (webp, &map);
  gst_video_frame_unmap (&frame);
}

static void
decode_and_compare (GstHarness * h, GstBuffer * webp, WEBP_CSP_MODE mode)
{
  GstBuffer *out;

  push (h, gst_buffer_ref (webp));
  out = pull (h);
  compare_with_libwebp (h, webp, out, mode);
  gst_buffer_unref (out);
  gst_buffer_unref (webp);
}

static GstHarness *
new_format_harness (guint i)
{
  GstHarness *h;
  gchar *caps = g_strdup_printf ("video/x-raw, format=%s",
      gst_video_format_to_string (formats[i].format));

  h = new_harness (caps);
  g_free (caps);
  return h;
}

GST_START_TEST (test_pixels_are_libwebps)
{
  static const guint sizes[][2] = { {1, 1}, {2, 1}, {1, 2}, {3, 5}, {17, 33},
  {64, 48}, {101, 7}
  };
  GstHarness *h = new_format_harness (__i__);
  guint i, kind;

  for (i = 0; i < G_N_ELEMENTS (sizes); i++) {
    for (kind = 0; kind < N_KINDS; kind++)
      decode_and_compare (h, new_webp (sizes[i][0], sizes[i][1], kind),
          formats[__i__].mode);
  }
  decode_and_compare (h, new_camera_frame (640, 480), formats[__i__].mode);
  fail_unless_equals_int (count_messages (h, GST_MESSAGE_WARNING), 0);
  teardown_harness (h);
}

GST_END_TEST;

GST_START_TEST (test_threads_make_the_same_pixels)
{
  GstHarness *h = new_harness (NULL);

  g_object_set (h->element, "use-threads", TRUE, NULL);
  decode_and_compare (h, new_camera_frame (1280, 720), MODE_YUV);
  teardown_harness (h);
}

GST_END_TEST;

/* Four flat quarters, so that every format's order of bytes shows. */
static const guint8 colours[4][4] = {
  {255, 0, 0, 255}, {0, 255, 0, 128}, {0, 0, 255, 255}, {255, 255, 255, 10},
};

static GstBuffer *
new_colours (void)
{
  guint8 rgba[32 * 32 * 4];
  guint x, y;

  for (y = 0; y < 32; y++) {
    for (x = 0; x < 32; x++)
      memcpy (rgba + (y * 32 + x) * 4, colours[(y / 16) * 2 + x / 16], 4);
  }
  return new_webp_of_rgba (rgba, 32, 32, LOSSLESS_ALPHA);
}

static gint
component (GstVideoFrame * frame, guint comp, guint x, guint y)
{
  const guint8 *data = GST_VIDEO_FRAME_COMP_DATA (frame, comp);

  if (GST_VIDEO_INFO_IS_YUV (&frame->info) && (comp == 1 || comp == 2)) {
    x /= 2;
    y /= 2;
  }
  return data[y * GST_VIDEO_FRAME_COMP_STRIDE (frame, comp) +
      x * GST_VIDEO_FRAME_COMP_PSTRIDE (frame, comp)];
}

static void
check_colour (GstVideoFrame * frame, guint quarter)
{
  static const guint8 bt601[4][3] = { {82, 90, 240}, {145, 54, 34},
  {41, 240, 110}, {235, 128, 128}
  };
  guint x = (quarter % 2) * 16 + 8, y = (quarter / 2) * 16 + 8, i;

  for (i = 0; i < 3; i++) {
    gint value = component (frame, i, x, y);

    if (GST_VIDEO_INFO_IS_YUV (&frame->info))
      fail_unless (ABS (value - bt601[quarter][i]) <= 1,
          "quarter %u component %u is %d", quarter, i, value);
    else
      fail_unless_equals_int (value, colours[quarter][i]);
  }
  if (GST_VIDEO_INFO_HAS_ALPHA (&frame->info))
    fail_unless_equals_int (component (frame, 3, x, y), colours[quarter][3]);
}

/* By GStreamer's own description of the formats, so that a wrong order of
 * colours can't pass. */
GST_START_TEST (test_colours_are_true)
{
  GstHarness *h = new_format_harness (__i__);
  GstVideoFrame frame;
  GstVideoInfo info;
  GstBuffer *out;
  guint quarter;

  push (h, new_colours ());
  out = pull (h);
  get_caps_info (h->sinkpad, &info);
  fail_unless (gst_video_frame_map (&frame, &info, out, GST_MAP_READ));
  for (quarter = 0; quarter < 4; quarter++)
    check_colour (&frame, quarter);
  gst_video_frame_unmap (&frame);
  gst_buffer_unref (out);

  if (GST_VIDEO_INFO_IS_YUV (&info)) {
    fail_unless (gst_video_colorimetry_matches (&info.colorimetry, "bt601"));
    fail_unless_equals_int (info.chroma_site, GST_VIDEO_CHROMA_SITE_JPEG);
  } else {
    fail_unless (gst_video_colorimetry_matches (&info.colorimetry, "sRGB"));
  }
  teardown_harness (h);
}

GST_END_TEST;

/* An opaque image has an opaque alpha plane, not what was in the buffer. */
GST_START_TEST (test_opaque_image_with_alpha_format)
{
  GstHarness *h = new_harness ("video/x-raw, format=A420");
  GstVideoFrame frame;
  GstVideoInfo info;
  GstBuffer *out;
  gint x, y;

  push (h, new_webp (33, 17, LOSSY));
  out = pull (h);
  get_caps_info (h->sinkpad, &info);
  fail_unless (gst_video_frame_map (&frame, &info, out, GST_MAP_READ));
  for (y = 0; y < 17; y++) {
    for (x = 0; x < 33; x++)
      fail_unless_equals_int (component (&frame, 3, x, y), 255);
  }
  gst_video_frame_unmap (&frame);
  gst_buffer_unref (out);
  teardown_harness (h);
}

GST_END_TEST;

/* ---- formats and sizes ---- */

GST_START_TEST (test_prefers_i420)
{
  GstHarness *h = new_harness ("video/x-raw, format={ RGBA, BGR, I420, A420 }");

  push_good (h, 0, 64, 48);
  fail_unless_output (h, GST_VIDEO_FORMAT_I420, 64, 48);
  teardown_harness (h);

  h = new_harness ("video/x-raw, format={ NV12, BGRA, RGB }");
  push_good (h, 0, 64, 48);
  fail_unless_output (h, GST_VIDEO_FORMAT_RGB, 64, 48);
  teardown_harness (h);
}

GST_END_TEST;

GST_START_TEST (test_no_common_format)
{
  GstHarness *h = new_harness ("video/x-raw, format=NV12");

  fail_unless_equals_int (gst_harness_push (h, new_webp_frame (0, 64, 48)),
      GST_FLOW_NOT_NEGOTIATED);
  teardown_harness (h);
}

GST_END_TEST;

GST_START_TEST (test_size_change_loses_no_frame)
{
  static const guint sizes[][2] = { {640, 480}, {320, 240}, {321, 241}, {1, 1},
  {640, 480}, {480, 640}
  };
  GstHarness *h = new_harness (NULL);
  guint i, n;

  for (i = 0, n = 0; i < G_N_ELEMENTS (sizes); i++) {
    push_good (h, n++, sizes[i][0], sizes[i][1]);
    push_good (h, n++, sizes[i][0], sizes[i][1]);
  }
  fail_unless_equals_uint64 (get_stat (h, "frames-decoded"), n);
  teardown_harness (h);
}

GST_END_TEST;

GST_START_TEST (test_longest_sides)
{
  GstHarness *h = new_harness (NULL);

  push_good (h, 0, 16383, 1);
  push_good (h, 1, 1, 16383);
  teardown_harness (h);
}

GST_END_TEST;

/* Whoever wrote the caps may be wrong, or lie. */
GST_START_TEST (test_size_is_the_images)
{
  GstHarness *h = new_harness (NULL);

  gst_harness_set_src_caps_str (h, "image/webp, width=4, height=2, "
      "framerate=(fraction)30/1");
  push_good (h, 0, 64, 48);
  fail_unless_output (h, GST_VIDEO_FORMAT_I420, 64, 48);
  teardown_harness (h);
}

GST_END_TEST;

GST_START_TEST (test_framerate_and_aspect_are_kept)
{
  GstHarness *h = new_harness (NULL);
  GstVideoInfo info;

  gst_harness_set_src_caps_str (h, "image/webp, framerate=(fraction)25/2, "
      "pixel-aspect-ratio=(fraction)4/3");
  push_good (h, 0, 64, 48);
  get_caps_info (h->sinkpad, &info);
  fail_unless_equals_int (info.fps_n, 25);
  fail_unless_equals_int (info.fps_d, 2);
  fail_unless_equals_int (info.par_n, 4);
  fail_unless_equals_int (info.par_d, 3);

  /* In mid-stream, at the same size. */
  gst_harness_set_src_caps_str (h, "image/webp");
  push_good (h, 1, 64, 48);
  get_caps_info (h->sinkpad, &info);
  fail_unless_equals_int (info.fps_n, 0);
  fail_unless_equals_int (info.fps_d, 1);
  teardown_harness (h);
}

GST_END_TEST;

static void
reconfigure_to (GstHarness * h, const gchar * caps)
{
  gst_harness_set_sink_caps_str (h, caps);
  fail_unless (gst_harness_push_upstream_event (h,
          gst_event_new_reconfigure ()));
}

GST_START_TEST (test_format_change_by_downstream)
{
  GstHarness *h = new_harness ("video/x-raw, format=I420");

  push_good (h, 0, 64, 48);
  fail_unless_output (h, GST_VIDEO_FORMAT_I420, 64, 48);
  reconfigure_to (h, "video/x-raw, format=BGRx");
  push_good (h, 1, 64, 48);
  fail_unless_output (h, GST_VIDEO_FORMAT_BGRx, 64, 48);
  teardown_harness (h);
}

GST_END_TEST;

static void
reconfigure_to_bgr (GstHarness * h)
{
  reconfigure_to (h, "video/x-raw, format=BGR");
}

/* The frame that is decoded already leaves in its format, the next one in the
 * new one. */
GST_START_TEST (test_format_change_while_decoding)
{
  GstHarness *h = new_harness ("video/x-raw, format={ I420, BGR }");

  push (h, new_hooked_frame (h, reconfigure_to_bgr));
  gst_buffer_unref (pull (h));
  fail_unless_output (h, GST_VIDEO_FORMAT_I420, 64, 48);
  push_good (h, 1, 64, 48);
  fail_unless_output (h, GST_VIDEO_FORMAT_BGR, 64, 48);
  teardown_harness (h);
}

GST_END_TEST;

/* Downstream that understands the meta gets it. */
GST_START_TEST (test_video_meta_where_wanted)
{
  GstHarness *h = new_harness (NULL);
  GstBuffer *out;

  gst_harness_add_propose_allocation_meta (h, GST_VIDEO_META_API_TYPE, NULL);
  push (h, new_webp_frame (0, 61, 37));
  out = pull (h);
  fail_unless (gst_buffer_get_video_meta (out) != NULL);
  gst_buffer_unref (out);
  teardown_harness (h);
}

GST_END_TEST;

/* A pool of downstream's with padding on all four sides. */
static GstPadProbeReturn
propose_padded_pool (GstPad * pad, GstPadProbeInfo * probe, gpointer user_data)
{
  GstQuery *query = GST_PAD_PROBE_INFO_QUERY (probe);
  GstVideoAlignment align;
  GstStructure *config;
  GstBufferPool *pool;
  GstVideoInfo info;
  GstCaps *caps;

  if (GST_QUERY_TYPE (query) != GST_QUERY_ALLOCATION)
    return GST_PAD_PROBE_OK;
  gst_query_parse_allocation (query, &caps, NULL);
  fail_unless (gst_video_info_from_caps (&info, caps));

  pool = gst_video_buffer_pool_new ();
  config = gst_buffer_pool_get_config (pool);
  gst_buffer_pool_config_set_params (config, caps, info.size, 0, 0);
  gst_buffer_pool_config_add_option (config, GST_BUFFER_POOL_OPTION_VIDEO_META);
  gst_buffer_pool_config_add_option (config,
      GST_BUFFER_POOL_OPTION_VIDEO_ALIGNMENT);
  gst_video_alignment_reset (&align);
  align.padding_left = 16;
  align.padding_right = 48;
  align.padding_top = 8;
  align.padding_bottom = 4;
  gst_buffer_pool_config_set_video_alignment (config, &align);
  fail_unless (gst_buffer_pool_set_config (pool, config));
  gst_query_add_allocation_pool (query, pool, info.size, 0, 0);
  gst_query_add_allocation_meta (query, GST_VIDEO_META_API_TYPE, NULL);
  gst_object_unref (pool);
  return GST_PAD_PROBE_HANDLED;
}

GST_START_TEST (test_downstream_pool_with_padding)
{
  GstHarness *h = new_format_harness (__i__);
  GstBuffer *webp = new_webp (61, 37, LOSSY_ALPHA), *out;
  GstVideoMeta *meta;
  GstVideoInfo info;

  gst_pad_add_probe (h->sinkpad, GST_PAD_PROBE_TYPE_QUERY_DOWNSTREAM,
      propose_padded_pool, NULL, NULL);
  push (h, gst_buffer_ref (webp));
  out = pull (h);
  get_caps_info (h->sinkpad, &info);
  meta = gst_buffer_get_video_meta (out);
  fail_unless (meta != NULL);
  fail_unless (meta->stride[0] > GST_VIDEO_INFO_PLANE_STRIDE (&info, 0));
  fail_unless (meta->offset[0] > 0);
  compare_with_libwebp (h, webp, out, formats[__i__].mode);

  gst_buffer_unref (out);
  gst_buffer_unref (webp);
  teardown_harness (h);
}

GST_END_TEST;

/* ---- element ---- */

GST_START_TEST (test_meta_survives)
{
  GstHarness *h = new_harness (NULL);

  check_meta_survives (h, new_webp (64, 48, LOSSY));
  teardown_harness (h);
}

GST_END_TEST;

GST_START_TEST (test_no_latency)
{
  GstHarness *h = new_harness (NULL);

  push_good (h, 0, 64, 48);
  gst_harness_set_upstream_latency (h, 20 * GST_MSECOND);
  fail_unless_equals_uint64 (gst_harness_query_latency (h), 20 * GST_MSECOND);
  teardown_harness (h);
}

GST_END_TEST;

GST_START_TEST (test_properties)
{
  GstElement *element = gst_element_factory_make ("tryonwebpdec", NULL);
  gboolean use_threads;
  guint max_pixels;

  g_object_get (element, "max-pixels", &max_pixels, "use-threads",
      &use_threads, NULL);
  fail_unless_equals_int (max_pixels, 16 * 1024 * 1024);
  fail_unless (!use_threads);
  gst_object_unref (element);
}

GST_END_TEST;

GST_START_TEST (test_state_cycles)
{
  cycle_states ("videotestsrc num-buffers=2 ! "
      "video/x-raw,width=64,height=48 ! tryonwebpenc ! "
      "tryonwebpdec ! fakesink sync=false");
}

GST_END_TEST;

static Suite *
tryonwebpdec_suite (void)
{
  Suite *suite = suite_create ("tryonwebpdec");
  TCase *pixels = tcase_create ("pixels");
  TCase *stream = tcase_create ("stream");

  suite_add_tcase (suite, pixels);
  tcase_add_loop_test (pixels, test_pixels_are_libwebps, 0,
      G_N_ELEMENTS (formats));
  tcase_add_loop_test (pixels, test_colours_are_true, 0,
      G_N_ELEMENTS (formats));
  tcase_add_loop_test (pixels, test_downstream_pool_with_padding, 0,
      G_N_ELEMENTS (formats));
  tcase_add_test (pixels, test_threads_make_the_same_pixels);
  tcase_add_test (pixels, test_opaque_image_with_alpha_format);

  suite_add_tcase (suite, stream);
  tcase_add_test (stream, test_prefers_i420);
  tcase_add_test (stream, test_no_common_format);
  tcase_add_test (stream, test_size_change_loses_no_frame);
  tcase_add_test (stream, test_longest_sides);
  tcase_add_test (stream, test_size_is_the_images);
  tcase_add_test (stream, test_framerate_and_aspect_are_kept);
  tcase_add_test (stream, test_format_change_by_downstream);
  tcase_add_test (stream, test_format_change_while_decoding);
  tcase_add_test (stream, test_video_meta_where_wanted);
  tcase_add_test (stream, test_meta_survives);
  tcase_add_test (stream, test_no_latency);
  tcase_add_test (stream, test_properties);
  tcase_add_test (stream, test_state_cycles);
  return suite;
}

GST_CHECK_MAIN (tryonwebpdec);

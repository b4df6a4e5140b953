/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tryonwebpenc: images, colours, sizes, the stream of them. */

#include "webpenctest.h"

#define FORMATS "I420", "A420", "RGB", "BGR", "RGBA", "BGRA", "RGBx", "BGRx"

static const gchar *all_formats[] = { FORMATS };

static const gchar *rgb_formats[] = { "RGB", "BGR", "RGBA", "BGRA", "RGBx",
  "BGRx"
};

/* ---- decoded images ---- */

/* (free with WebPFree) */
static guint8 *
decode_rgba (GstBuffer * webp, gint * width, gint * height)
{
  GstMapInfo map;
  guint8 *rgba;

  fail_unless (gst_buffer_map (webp, &map, GST_MAP_READ));
  rgba = WebPDecodeRGBA (map.data, map.size, width, height);
  gst_buffer_unmap (webp, &map);
  fail_unless (rgba != NULL);
  return rgba;
}

static void
fail_unless_near (const guint8 * rgba, guint r, guint g, guint b,
    gint tolerance)
{
  fail_unless (ABS (rgba[0] - (gint) r) <= tolerance &&
      ABS (rgba[1] - (gint) g) <= tolerance &&
      ABS (rgba[2] - (gint) b) <= tolerance,
      "%u,%u,%u is not %u,%u,%u", rgba[0], rgba[1], rgba[2], r, g, b);
}

/* In dB. */
static gfloat
psnr_of_plane (const guint8 * a, gint a_stride, const guint8 * b, gint b_stride,
    gint width, gint height)
{
  gfloat distortion, psnr;

  fail_unless (WebPPlaneDistortion (a, a_stride, b, b_stride, width, height, 1,
          0, &distortion, &psnr));
  return psnr;
}

/* ---- images ---- */

/* Decoded again, a frame is near to what it was: YUV against libwebp's YUV, RGB
 * against its RGB. */
GST_START_TEST (test_quality_of_a_camera_frame)
{
  const gchar *format = all_formats[__i__];
  GstHarness *h = new_harness (format, 640, 480);
  GstBuffer *webp, *photo = new_camera_picture (format, 640, 480);
  WebPDecoderConfig config;
  GstVideoFrame frame;
  GstVideoInfo info;
  GstMapInfo map;
  gfloat psnr;

  get_caps_info (h->srcpad, &info);
  webp = encode (h, gst_buffer_ref (photo));
  fail_unless (gst_video_frame_map (&frame, &info, photo, GST_MAP_READ));
  fail_unless (gst_buffer_map (webp, &map, GST_MAP_READ));
  fail_unless (WebPInitDecoderConfig (&config));
  if (GST_VIDEO_INFO_IS_YUV (&info))
    config.output.colorspace = MODE_YUV;
  else if (g_str_has_prefix (format, "BGR"))
    config.output.colorspace = strlen (format) == 3 ? MODE_BGR : MODE_BGRA;
  else
    config.output.colorspace = strlen (format) == 3 ? MODE_RGB : MODE_RGBA;
  fail_unless_equals_int (WebPDecode (map.data, map.size, &config),
      VP8_STATUS_OK);
  if (GST_VIDEO_INFO_IS_YUV (&info))
    psnr = psnr_of_plane (frame.data[0], GST_VIDEO_FRAME_PLANE_STRIDE (&frame,
            0), config.output.u.YUVA.y, config.output.u.YUVA.y_stride, 640,
        480);
  else
    psnr = psnr_of_plane (frame.data[0], GST_VIDEO_FRAME_PLANE_STRIDE (&frame,
            0), config.output.u.RGBA.rgba, config.output.u.RGBA.stride,
        640 * strlen (format), 480);
  g_print ("%s: %" G_GSIZE_FORMAT " bytes, %.1f dB\n", format, map.size, psnr);
  fail_unless (psnr > 30);

  WebPFreeDecBuffer (&config.output);
  gst_buffer_unmap (webp, &map);
  gst_video_frame_unmap (&frame);
  gst_buffer_unref (webp);
  gst_buffer_unref (photo);
  teardown_harness (h);
}

GST_END_TEST;

/* The image is the one that libwebp makes of the same planes: nothing was
 * converted on the way. */
static GstBuffer *
encode_planes (const GstVideoInfo * info, GstBuffer * buffer)
{
  WebPMemoryWriter writer;
  WebPPicture picture;
  WebPConfig config;
  GstVideoFrame frame;
  GstBuffer *webp;

  fail_unless (gst_video_frame_map (&frame, info, buffer, GST_MAP_READ));
  fail_unless (WebPConfigInit (&config));
  fail_unless (WebPPictureInit (&picture));
  WebPMemoryWriterInit (&writer);
  config.method = 0;
  picture.width = info->width;
  picture.height = info->height;
  picture.y = frame.data[0];
  picture.u = frame.data[1];
  picture.v = frame.data[2];
  picture.y_stride = GST_VIDEO_FRAME_PLANE_STRIDE (&frame, 0);
  picture.uv_stride = GST_VIDEO_FRAME_PLANE_STRIDE (&frame, 1);
  picture.writer = WebPMemoryWrite;
  picture.custom_ptr = &writer;
  fail_unless (WebPEncode (&config, &picture));
  webp = gst_buffer_new_memdup (writer.mem, writer.size);
  WebPMemoryWriterClear (&writer);
  WebPPictureFree (&picture);
  gst_video_frame_unmap (&frame);
  return webp;
}

static void
fail_unless_same_bytes (GstBuffer * a, GstBuffer * b)
{
  GstMapInfo map;

  fail_unless_equals_int (gst_buffer_get_size (a), gst_buffer_get_size (b));
  fail_unless (gst_buffer_map (a, &map, GST_MAP_READ));
  fail_unless_equals_int (gst_buffer_memcmp (b, 0, map.data, map.size), 0);
  gst_buffer_unmap (a, &map);
}

static const gint sizes[][2] = { {1, 1}, {2, 1}, {1, 2}, {3, 5}, {17, 33},
{64, 48}, {101, 7}, {16383, 1}, {1, 16383}
};

GST_START_TEST (test_i420_is_taken_as_it_is)
{
  gint width = sizes[__i__][0], height = sizes[__i__][1];
  GstHarness *h = new_harness ("I420", width, height);
  GstBuffer *frame, *webp, *expected;
  GstVideoInfo info;

  set_caps (h, "I420", width, height, "colorimetry=bt601");
  get_caps_info (h->srcpad, &info);
  frame = new_frame (h, 0);
  expected = encode_planes (&info, frame);
  webp = encode (h, frame);
  fail_unless_same_bytes (webp, expected);
  gst_buffer_unref (webp);
  gst_buffer_unref (expected);
  teardown_harness (h);
}

GST_END_TEST;

/* The same planes elsewhere in memory: any strides, also two for chroma. */
GST_START_TEST (test_any_strides)
{
  static const gint strides[][3] = { {33, 17, 17}, {80, 40, 40}, {64, 32, 48} };
  GstHarness *h = new_harness ("I420", 33, 17);
  GstVideoInfo info, wide;
  GstBuffer *frame, *webp, *expected, *copy;
  gsize offset = 0;
  guint i;

  get_caps_info (h->srcpad, &info);
  frame = new_frame (h, 0);
  expected = encode_planes (&info, frame);

  wide = info;
  for (i = 0; i < 3; i++) {
    wide.stride[i] = strides[__i__][i];
    wide.offset[i] = offset + 5;
    offset = wide.offset[i] + wide.stride[i] * (i == 0 ? 17 : 9);
  }
  wide.size = offset;
  copy = new_frame_with_info (&wide, 0);
  gst_buffer_add_video_meta_full (copy, GST_VIDEO_FRAME_FLAG_NONE,
      GST_VIDEO_FORMAT_I420, 33, 17, 3, wide.offset, wide.stride);
  webp = encode (h, copy);
  fail_unless_same_bytes (webp, expected);

  gst_buffer_unref (webp);
  gst_buffer_unref (expected);
  gst_buffer_unref (frame);
  teardown_harness (h);
}

GST_END_TEST;

/* libwebp smooths what transparent pixels hide, in place, unless told not to:
 * a frame may be in use elsewhere, too. */
GST_START_TEST (test_input_is_left_alone)
{
  GstHarness *h = new_harness (all_formats[__i__], 64, 48);
  GstBuffer *frame = new_frame (h, 0), *before;
  GstVideoFrame vframe;
  GstVideoInfo info;
  gint x, y;

  get_caps_info (h->srcpad, &info);
  if (GST_VIDEO_INFO_HAS_ALPHA (&info)) {
    fail_unless (gst_video_frame_map (&vframe, &info, frame, GST_MAP_WRITE));
    for (y = 0; y < 48; y++) {
      for (x = 0; x < 36; x++)
        set_component (&vframe, 3, x, y, 0);
    }
    gst_video_frame_unmap (&vframe);
  }
  before = gst_buffer_copy_deep (frame);
  gst_buffer_unref (encode (h, gst_buffer_ref (frame)));
  fail_unless_same_bytes (frame, before);
  gst_buffer_unref (before);
  gst_buffer_unref (frame);
  teardown_harness (h);
}

GST_END_TEST;

static guint8
rgba_of_input (GstVideoFrame * frame, guint comp, gint x, gint y)
{
  const guint8 *data;

  if (comp == 3 && !GST_VIDEO_INFO_HAS_ALPHA (&frame->info))
    return 255;
  data = GST_VIDEO_FRAME_COMP_DATA (frame, comp);
  return data[y * GST_VIDEO_FRAME_COMP_STRIDE (frame, comp) +
      x * GST_VIDEO_FRAME_COMP_PSTRIDE (frame, comp)];
}

/* Every RGB format comes out of lossless as it went in, each colour in its
 * place by GStreamer's description of the format; also under alpha 0. */
GST_START_TEST (test_lossless_is_lossless)
{
  GstHarness *h = new_harness (rgb_formats[__i__], 37, 23);
  GstBuffer *input = new_frame (h, 0), *webp;
  GstVideoFrame frame;
  GstVideoInfo info;
  gint width, height, x, y;
  guint8 *rgba, tag[4];
  guint i;

  g_object_set (h->element, "lossless", TRUE, NULL);
  webp = encode (h, gst_buffer_ref (input));
  gst_buffer_extract (webp, 12, tag, 4);
  fail_unless (memcmp (tag, "VP8L", 4) == 0);

  get_caps_info (h->srcpad, &info);
  fail_unless (gst_video_frame_map (&frame, &info, input, GST_MAP_READ));
  rgba = decode_rgba (webp, &width, &height);
  fail_unless_equals_int (width, 37);
  fail_unless_equals_int (height, 23);
  for (y = 0; y < height; y++) {
    for (x = 0; x < width; x++) {
      for (i = 0; i < 4; i++)
        fail_unless_equals_int (rgba[(y * width + x) * 4 + i],
            rgba_of_input (&frame, i, x, y));
    }
  }
  WebPFree (rgba);
  gst_video_frame_unmap (&frame);
  gst_buffer_unref (webp);
  gst_buffer_unref (input);
  teardown_harness (h);
}

GST_END_TEST;

GST_START_TEST (test_alpha_is_kept)
{
  GstHarness *h = new_harness ("A420", 64, 48);
  GstBuffer *webp = encode (h, new_frame (h, 0));
  gint width, height, x, y;
  guint8 *rgba = decode_rgba (webp, &width, &height);

  for (y = 0; y < height; y++) {
    for (x = 0; x < width; x++)
      fail_unless_equals_int (rgba[(y * width + x) * 4 + 3], (x + y) % 256);
  }
  WebPFree (rgba);
  gst_buffer_unref (webp);
  teardown_harness (h);
}

GST_END_TEST;

/* Flat frames of one colour as several definitions of YUV have it: it is the
 * same to a browser. */
static const struct
{
  const gchar *format;
  const gchar *colorimetry;
  guint8 yuv[3];
} same_colour[] = {
  {"I420", "bt601", {96, 101, 182}},
  {"I420", "2:4:0:0", {96, 101, 182}},
  {"I420", "bt709", {88, 107, 182}},
  {"A420", "bt709", {88, 107, 182}},
  {"I420", "1:4:0:0", {94, 98, 190}},   /* JPEG: full range */
  {"A420", "1:4:0:0", {94, 98, 190}},
  {"I420", "1:3:0:0", {84, 104, 189}},
};

GST_START_TEST (test_colours_are_true)
{
  GstHarness *h = new_harness ("RGB", 32, 32);
  gchar *more = g_strdup_printf ("colorimetry=(string)%s",
      same_colour[__i__].colorimetry);
  GstVideoFrame frame;
  GstVideoInfo info;
  GstBuffer *buffer, *webp;
  gint width, height;
  guint8 *rgba;
  guint comp;

  set_caps (h, same_colour[__i__].format, 32, 32, more);
  get_caps_info (h->srcpad, &info);
  buffer = gst_buffer_new_allocate (NULL, info.size, NULL);
  fail_unless (gst_video_frame_map (&frame, &info, buffer, GST_MAP_WRITE));
  for (comp = 0; comp < GST_VIDEO_FRAME_N_COMPONENTS (&frame); comp++)
    memset (frame.data[comp], comp < 3 ? same_colour[__i__].yuv[comp] : 200,
        GST_VIDEO_FRAME_PLANE_STRIDE (&frame, comp) *
        GST_VIDEO_FRAME_COMP_HEIGHT (&frame, comp));
  gst_video_frame_unmap (&frame);
  webp = encode (h, buffer);
  rgba = decode_rgba (webp, &width, &height);
  fail_unless_near (rgba + (16 * 32 + 16) * 4, 180, 60, 40, 3);
  fail_unless_equals_int (rgba[3],
      strcmp (same_colour[__i__].format, "A420") == 0 ? 200 : 255);
  WebPFree (rgba);
  gst_buffer_unref (webp);
  g_free (more);
  teardown_harness (h);
}

GST_END_TEST;

GST_START_TEST (test_all_sizes_and_formats)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (sizes); i++) {
    GstHarness *h = new_harness (all_formats[__i__], sizes[i][0], sizes[i][1]);
    GstBuffer *webp = encode (h, new_frame (h, 0));
    gint width, height;

    WebPFree (decode_rgba (webp, &width, &height));
    fail_unless_equals_int (width, sizes[i][0]);
    fail_unless_equals_int (height, sizes[i][1]);
    gst_buffer_unref (webp);
    teardown_harness (h);
  }
}

GST_END_TEST;

GST_START_TEST (test_limits_of_size)
{
  GstElement *element = gst_element_factory_make ("tryonwebpenc", NULL);
  GstPad *pad = gst_element_get_static_pad (element, "sink");
  static const struct
  {
    const gchar *size;
    gboolean accepted;
  } cases[] = {
    {"width=16383, height=16383", TRUE},
    {"width=16384, height=1", FALSE},
    {"width=1, height=16384", FALSE},
  };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (cases); i++) {
    gchar *s = g_strdup_printf ("video/x-raw, format=I420, %s, "
        "framerate=(fraction)30/1", cases[i].size);
    GstCaps *caps = gst_caps_from_string (s);

    fail_unless_equals_int (gst_pad_query_accept_caps (pad, caps),
        cases[i].accepted);
    gst_caps_unref (caps);
    g_free (s);
  }
  gst_object_unref (pad);
  gst_object_unref (element);
}

GST_END_TEST;

/* ---- stream ---- */

GST_START_TEST (test_caps_and_buffers)
{
  GstHarness *h = new_harness ("I420", 1280, 720);
  GstBuffer *webp = encode (h, new_frame (h, 3));
  GstCaps *caps = gst_pad_get_current_caps (h->sinkpad);
  GstStructure *s = gst_caps_get_structure (caps, 0);
  gint width, height, n, d;

  fail_unless (gst_structure_has_name (s, "image/webp"));
  fail_unless (gst_structure_get_int (s, "width", &width));
  fail_unless_equals_int (width, 1280);
  fail_unless (gst_structure_get_int (s, "height", &height));
  fail_unless_equals_int (height, 720);
  fail_unless (gst_structure_get_fraction (s, "framerate", &n, &d));
  fail_unless_equals_int (n, 30);
  /* Not that of the HD input. */
  fail_unless_equals_string (gst_structure_get_string (s, "colorimetry"),
      "bt601");

  fail_unless_equals_uint64 (GST_BUFFER_PTS (webp), 3 * FRAME_TIME);
  fail_unless_equals_uint64 (GST_BUFFER_DURATION (webp), FRAME_TIME);
  fail_if (GST_BUFFER_FLAG_IS_SET (webp, GST_BUFFER_FLAG_DELTA_UNIT));
  gst_buffer_unref (webp);

  webp = encode (h, new_frame (h, 4));
  fail_if (GST_BUFFER_FLAG_IS_SET (webp, GST_BUFFER_FLAG_DELTA_UNIT));
  gst_buffer_unref (webp);
  gst_caps_unref (caps);
  teardown_harness (h);
}

GST_END_TEST;

GST_START_TEST (test_size_change_loses_no_frame)
{
  GstHarness *h = new_harness ("I420", 64, 48);
  guint i, n = 0;

  for (i = 0; i < G_N_ELEMENTS (sizes); i++) {
    GstBuffer *webp;
    gint width, height;

    set_caps (h, all_formats[i % 8], sizes[i][0], sizes[i][1], NULL);
    webp = encode (h, new_frame (h, n++));
    WebPFree (decode_rgba (webp, &width, &height));
    fail_unless_equals_int (width, sizes[i][0]);
    fail_unless_equals_int (height, sizes[i][1]);
    gst_buffer_unref (webp);
  }
  fail_unless_equals_uint64 (get_stat (h, "frames-encoded"), n);
  teardown_harness (h);
}

GST_END_TEST;

/* From small images to ones that outgrow the room made for them, and back. */
GST_START_TEST (test_room_grows_and_shrinks)
{
  GstHarness *h = new_harness ("RGB", 640, 480);
  GstBuffer *noise = gst_buffer_new_allocate (NULL, 640 * 480 * 3, NULL);
  GstBuffer *flat = gst_buffer_new_allocate (NULL, 640 * 480 * 3, NULL);
  GstMapInfo map;
  guint64 total = 0;
  guint i;
  gsize n, room, offset;

  fail_unless (gst_buffer_map (noise, &map, GST_MAP_WRITE));
  for (n = 0; n < map.size; n++)
    map.data[n] = g_random_int ();
  gst_buffer_unmap (noise, &map);
  gst_buffer_memset (flat, 0, 100, 640 * 480 * 3);

  for (i = 0; i < 300; i++) {
    GstBuffer *webp = encode (h, gst_buffer_ref (i % 150 == 7 ? noise : flat));
    gint width, height;
    gsize size = gst_buffer_get_sizes (webp, &offset, &room);

    WebPFree (decode_rgba (webp, &width, &height));
    total += size;
    if (i % 150 == 7)
      fail_unless (size > 100000);
    if (i % 150 == 149)
      fail_unless (room < 20000, "still %" G_GSIZE_FORMAT, room);
    gst_buffer_unref (webp);
  }
  fail_unless_equals_uint64 (get_stat (h, "bytes-encoded"), total);
  gst_buffer_unref (noise);
  gst_buffer_unref (flat);
  teardown_harness (h);
}

GST_END_TEST;

GST_START_TEST (test_meta_survives)
{
  GstHarness *h = new_harness ("I420", 64, 48);

  check_meta_survives (h, new_frame (h, 7));
  teardown_harness (h);
}

GST_END_TEST;

GST_START_TEST (test_no_latency)
{
  GstHarness *h = new_harness ("I420", 64, 48);

  push_good (h, 0);
  gst_harness_set_upstream_latency (h, 20 * GST_MSECOND);
  fail_unless_equals_uint64 (gst_harness_query_latency (h), 20 * GST_MSECOND);
  teardown_harness (h);
}

GST_END_TEST;

GST_START_TEST (test_state_cycles)
{
  cycle_states ("videotestsrc num-buffers=2 ! "
      "video/x-raw,format=I420,width=64,height=48,colorimetry=bt709 ! "
      "tryonwebpenc ! fakesink sync=false");
}

GST_END_TEST;

static Suite *
tryonwebpenc_suite (void)
{
  Suite *suite = suite_create ("tryonwebpenc");
  TCase *images = tcase_create ("images");
  TCase *stream = tcase_create ("stream");
  guint n_formats = G_N_ELEMENTS (all_formats);

  suite_add_tcase (suite, images);
  tcase_add_loop_test (images, test_quality_of_a_camera_frame, 0, n_formats);
  tcase_add_loop_test (images, test_i420_is_taken_as_it_is, 0,
      G_N_ELEMENTS (sizes));
  tcase_add_loop_test (images, test_any_strides, 0, 3);
  tcase_add_loop_test (images, test_input_is_left_alone, 0, n_formats);
  tcase_add_loop_test (images, test_lossless_is_lossless, 0,
      G_N_ELEMENTS (rgb_formats));
  tcase_add_test (images, test_alpha_is_kept);
  tcase_add_loop_test (images, test_colours_are_true, 0,
      G_N_ELEMENTS (same_colour));
  tcase_add_loop_test (images, test_all_sizes_and_formats, 0, n_formats);
  tcase_add_test (images, test_limits_of_size);

  suite_add_tcase (suite, stream);
  tcase_add_test (stream, test_caps_and_buffers);
  tcase_add_test (stream, test_size_change_loses_no_frame);
  tcase_add_test (stream, test_room_grows_and_shrinks);
  tcase_add_test (stream, test_meta_survives);
  tcase_add_test (stream, test_no_latency);
  tcase_add_test (stream, test_state_cycles);
  return suite;
}

GST_CHECK_MAIN (tryonwebpenc);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From pictures to textures. */

#include <gst/check/gstcheck.h>
#include <gst/tag/tag.h>
#include <string.h>
#include <webp/encode.h>

#include "gsttryonhandmodels.h"
#include "gsttryonnailnet.h"
#include "gsttryonnailpainter.h"
#include "gsttryonpicture.h"
#include "gsttryonrectify.h"
#include "gsttryonreference.h"
#include "ovalnail.h"

#define WIDTH GST_TRYON_NAIL_TEXTURE_WIDTH
#define HEIGHT GST_TRYON_NAIL_TEXTURE_HEIGHT

#define fail_unless_near(a, b, by) \
  fail_unless (fabs ((gdouble) (a) - (b)) <= (by), "%f is not %f", (gdouble) (a), \
      (gdouble) (b))

/* Red, green and blue grow with x, y and both. */
static void
draw_gradient (GstVideoFrame * frame)
{
  gint width = GST_VIDEO_FRAME_WIDTH (frame);
  gint height = GST_VIDEO_FRAME_HEIGHT (frame), x, y;

  for (y = 0; y < height; y++) {
    for (x = 0; x < width; x++) {
      set_component (frame, 0, x, y, 255 * x / width);
      set_component (frame, 1, x, y, 255 * y / height);
      set_component (frame, 2, x, y, 60);
      set_component (frame, 3, x, y, 255);
    }
  }
}

static GBytes *
encode_webp (const GstVideoFrame * frame)
{
  guint8 *data;
  gsize size = WebPEncodeLosslessRGBA (frame->data[0],
      GST_VIDEO_FRAME_WIDTH (frame), GST_VIDEO_FRAME_HEIGHT (frame),
      GST_VIDEO_FRAME_PLANE_STRIDE (frame, 0), &data);
  GBytes *bytes = g_bytes_new (data, size);

  WebPFree (data);
  return bytes;
}

/* (nullable): NULL without an encoder. */
static GBytes *
encode (const GstVideoFrame * frame, const gchar * type)
{
  /* JPEG's own range: GStreamer's encoder takes any as it is. */
  GstCaps *full = gst_caps_from_string (strcmp (type, "image/jpeg") == 0 ?
      "video/x-raw, format=I420, colorimetry=1:4:0:0" :
      "video/x-raw, format=RGBA");
  GstCaps *caps, *to = gst_caps_new_empty_simple (type);
  GstSample *sample, *picture, *encoded;
  GBytes *bytes = NULL;
  GstMapInfo map;
  GstVideoInfo info = frame->info;

  info.fps_n = info.fps_d = 1;
  caps = gst_video_info_to_caps (&info);
  sample = gst_sample_new (frame->buffer, caps, NULL, NULL);
  picture = gst_video_convert_sample (sample, full, 20 * GST_SECOND, NULL);
  fail_unless (picture != NULL);
  encoded = gst_video_convert_sample (picture, to, 20 * GST_SECOND, NULL);
  if (encoded != NULL) {
    gst_buffer_map (gst_sample_get_buffer (encoded), &map, GST_MAP_READ);
    bytes = g_bytes_new (map.data, map.size);
    gst_buffer_unmap (gst_sample_get_buffer (encoded), &map);
    gst_sample_unref (encoded);
  }
  gst_sample_unref (picture);
  gst_sample_unref (sample);
  gst_caps_unref (full);
  gst_caps_unref (caps);
  gst_caps_unref (to);
  return bytes;
}

static GBytes *
gradient (const gchar * type, guint width, guint height)
{
  GstVideoFrame frame;
  GBytes *bytes;

  open_frame (&frame, GST_VIDEO_FORMAT_RGBA, width, height);
  draw_gradient (&frame);
  bytes = strcmp (type, "image/webp") == 0 ? encode_webp (&frame) :
      encode (&frame, type);
  gst_video_frame_unmap (&frame);
  if (bytes == NULL)
    g_print ("SKIPPED: %s: GStreamer has no encoder for it\n", type);
  return bytes;
}

static void
unref_textures (GstTryonNailTexture ** textures)
{
  guint i;

  for (i = 0; i < GST_TRYON_N_FINGERS; i++)
    gst_tryon_nail_texture_unref (textures[i]);
}

/* Takes @bytes up. */
static void
expect_error (GBytes * bytes, gint code, const gchar * word)
{
  GstTryonNailTexture *textures[GST_TRYON_N_FINGERS];
  GError *error = NULL;

  fail_if (gst_tryon_reference_take (bytes, NULL, NULL, NULL, textures, NULL,
          &error));
  fail_unless (g_error_matches (error, GST_TRYON_REFERENCE_ERROR, code),
      "%s", error->message);
  fail_unless (strstr (error->message, word) != NULL, "%s", error->message);
  g_error_free (error);
  g_bytes_unref (bytes);
}

static const gchar *types[] = { "image/webp", "image/png", "image/jpeg" };

/* The middle of a picture, another part for each finger, the same each time. */
GST_START_TEST (test_swatch)
{
  GBytes *bytes = gradient (types[__i__], 640, 480);
  GstTryonNailTexture *textures[GST_TRYON_N_FINGERS];
  GstTryonNailTexture *again[GST_TRYON_N_FINGERS];
  GError *error = NULL;
  guint found = 9, i, k;

  if (bytes == NULL)
    return;
  fail_unless (gst_tryon_reference_take (bytes, NULL, NULL, NULL, textures,
          &found, &error));
  fail_unless_equals_int (found, 0);
  fail_unless (gst_tryon_reference_take (bytes, NULL, NULL, NULL, again, NULL,
          NULL));
  for (i = 0; i < GST_TRYON_N_FINGERS; i++) {
    const guint8 *rgba = textures[i]->rgba;
    const guint8 *last = rgba + 4 * (WIDTH * HEIGHT - 1);

    fail_unless (memcmp (rgba, again[i]->rgba, 4 * WIDTH * HEIGHT) == 0);
    for (k = 0; k < i; k++)
      fail_if (memcmp (rgba, textures[k]->rgba, 4 * WIDTH * HEIGHT) == 0);
    fail_unless (rgba[3] == 255 && last[3] == 255);
    /* 0.8 of the height is seen, and 0.45 of the width. */
    fail_unless_near (last[1] - rgba[1], 0.8 * 255, 6);
    fail_unless_near (last[0] - rgba[0], 0.45 * 255, 6);
    fail_unless_near (rgba[2], 60, 8);
  }
  unref_textures (textures);
  unref_textures (again);
  g_bytes_unref (bytes);
}

GST_END_TEST;

/* Any shape of picture. */
GST_START_TEST (test_sizes)
{
  static const guint sizes[][2] = { {1, 1}, {1, 4096}, {4096, 1}, {2, 3},
  {96, 128}, {4096, 30}
  };
  GstTryonNailTexture *textures[GST_TRYON_N_FINGERS];
  guint i;

  for (i = 0; i < G_N_ELEMENTS (sizes); i++) {
    GBytes *bytes = gradient ("image/webp", sizes[i][0], sizes[i][1]);

    fail_unless (gst_tryon_reference_take (bytes, NULL, NULL, NULL, textures,
            NULL, NULL));
    fail_unless_near (textures[3]->rgba[4 * 5000 + 2], 60, 1);
    unref_textures (textures);
    g_bytes_unref (bytes);
  }
}

GST_END_TEST;

/* ---- orientation ---- */

/* Where EXIF has the first row and the first column of a picture that is shown
 * upright, as JEITA CP-3451 words it; and GStreamer's name of how to turn it. */
static const struct
{
  const gchar *row, *column, *name;
} orientations[] = {
  {"top", "left", "rotate-0"},
  {"top", "right", "flip-rotate-0"},
  {"bottom", "right", "rotate-180"},
  {"bottom", "left", "flip-rotate-180"},
  {"left", "top", "flip-rotate-270"},
  {"right", "top", "rotate-90"},
  {"right", "bottom", "flip-rotate-90"},
  {"left", "bottom", "rotate-270"},
};

/* By GStreamer. */
static GBytes *
write_exif (const gchar * orientation)
{
  GstTagList *tags = gst_tag_list_new (GST_TAG_IMAGE_ORIENTATION, orientation,
      GST_TAG_DEVICE_MODEL, "A telephone with a camera", NULL);
  GstBuffer *buffer = gst_tag_list_to_exif_buffer_with_tiff_header (tags);
  gsize size = gst_buffer_get_size (buffer);
  guint8 *data = g_malloc (size);

  gst_buffer_extract (buffer, 0, data, size);
  gst_buffer_unref (buffer);
  gst_tag_list_unref (tags);
  return g_bytes_new_take (data, size);
}

static guint32
png_crc (const guint8 * data, gsize size)
{
  guint32 crc = 0xffffffff;
  gsize i;
  gint bit;

  for (i = 0; i < size; i++) {
    crc ^= data[i];
    for (bit = 0; bit < 8; bit++)
      crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc;
}

static void
append_u32 (GByteArray * to, guint32 value, gboolean is_big)
{
  value = is_big ? GUINT32_TO_BE (value) : GUINT32_TO_LE (value);
  g_byte_array_append (to, (const guint8 *) &value, 4);
}

static void
append_png_exif (GByteArray * to, const guint8 * exif, gsize size)
{
  guint start = to->len + 4;

  append_u32 (to, size, TRUE);
  g_byte_array_append (to, (const guint8 *) "eXIf", 4);
  g_byte_array_append (to, exif, size);
  append_u32 (to, png_crc (to->data + start, to->len - start), TRUE);
}

static void
append_jpeg_exif (GByteArray * to, const guint8 * exif, gsize size)
{
  const guint8 head[] = { 0xff, 0xe1, (size + 8) >> 8, (size + 8) & 0xff };

  g_byte_array_append (to, head, sizeof (head));
  g_byte_array_append (to, (const guint8 *) "Exif\0", 6);
  g_byte_array_append (to, exif, size);
}

/* Of a WebP, all: its header before the picture, and EXIF behind it. */
static void
append_webp_with_exif (GByteArray * to, const guint8 * webp, gsize n_webp,
    guint width, guint height, const guint8 * exif, gsize size)
{
  append_u32 (to, GST_MAKE_FOURCC ('R', 'I', 'F', 'F'), FALSE);
  append_u32 (to, n_webp - 8 + 18 + 8 + size + size % 2, FALSE);
  g_byte_array_append (to, (const guint8 *) "WEBPVP8X", 8);
  append_u32 (to, 10, FALSE);
  append_u32 (to, 0x18, FALSE); /* EXIF, alpha */
  append_u32 (to, (width - 1) | (height - 1) << 24, FALSE);
  g_byte_array_append (to, (const guint8[]) { (height - 1) >> 8, 0 }, 2);
  g_byte_array_append (to, webp + 12, n_webp - 12);
  g_byte_array_append (to, (const guint8 *) "EXIF", 4);
  append_u32 (to, size, FALSE);
  g_byte_array_append (to, exif, size);
  if (size % 2 != 0)
    g_byte_array_append (to, (const guint8 *) "", 1);
}

/* Takes @image and @exif up. */
static GBytes *
add_exif (GBytes * image, const gchar * type, guint width, guint height,
    GBytes * exif)
{
  GByteArray *to = g_byte_array_new ();
  gsize size, n_exif, start = 2;
  const guint8 *data = g_bytes_get_data (image, &size);
  const guint8 *bytes = g_bytes_get_data (exif, &n_exif);

  if (strcmp (type, "image/webp") == 0) {
    append_webp_with_exif (to, data, size, width, height, bytes, n_exif);
  } else {
    /* Behind the first marker, or the signature and the IHDR chunk. */
    if (strcmp (type, "image/png") == 0)
      start = 33;
    g_byte_array_append (to, data, start);
    if (start == 2)
      append_jpeg_exif (to, bytes, n_exif);
    else
      append_png_exif (to, bytes, n_exif);
    g_byte_array_append (to, data + start, size - start);
  }
  g_bytes_unref (image);
  g_bytes_unref (exif);
  return g_byte_array_free_to_bytes (to);
}

/* The place along @side of what is @n lines from it, of @size. */
static void
place (const gchar * side, gint n, gint width, gint height, gint * x, gint * y)
{
  if (strcmp (side, "top") == 0)
    *y = n;
  else if (strcmp (side, "bottom") == 0)
    *y = height - 1 - n;
  else if (strcmp (side, "left") == 0)
    *x = n;
  else
    *x = width - 1 - n;
}

/* (nullable): a gradient of @width x @height as a camera stores it. */
static GBytes *
turned_gradient (const gchar * type, guint width, guint height,
    guint orientation)
{
  const gchar *row = orientations[orientation].row;
  const gchar *column = orientations[orientation].column;
  gboolean is_exchanged = orientation >= 4;
  gint w = is_exchanged ? height : width, h = is_exchanged ? width : height;
  GstVideoFrame frame, upright;
  GBytes *bytes;
  gint i, k, x = 0, y = 0, c;

  open_frame (&upright, GST_VIDEO_FORMAT_RGBA, width, height);
  draw_gradient (&upright);
  open_frame (&frame, GST_VIDEO_FORMAT_RGBA, w, h);
  for (i = 0; i < h; i++) {
    for (k = 0; k < w; k++) {
      place (row, i, width, height, &x, &y);
      place (column, k, width, height, &x, &y);
      for (c = 0; c < 4; c++)
        set_component (&frame, c, k, i, component_at (&upright, c, x, y));
    }
  }
  bytes = strcmp (type, "image/webp") == 0 ? encode_webp (&frame) :
      encode (&frame, type);
  gst_video_frame_unmap (&frame);
  gst_video_frame_unmap (&upright);
  if (bytes == NULL) {
    g_print ("SKIPPED: %s: GStreamer has no encoder for it\n", type);
    return NULL;
  }
  return add_exif (bytes, type, w, h,
      write_exif (orientations[orientation].name));
}

/* A picture is upright, whichever way the camera was held. */
GST_START_TEST (test_orientation)
{
  const gchar *type = types[__i__ % G_N_ELEMENTS (types)];
  GBytes *bytes = turned_gradient (type, 96, 64, __i__ / G_N_ELEMENTS (types));
  GstVideoFrame frame;
  GstVideoInfo info;
  GstSample *sample;
  GError *error = NULL;
  gint x, y;

  if (bytes == NULL)
    return;
  sample = gst_tryon_picture_decode (bytes, &error);
  fail_unless (sample != NULL, "%s", error != NULL ? error->message : "");
  gst_video_info_from_caps (&info, gst_sample_get_caps (sample));
  fail_unless_equals_int (info.width, 96);
  fail_unless_equals_int (info.height, 64);
  gst_video_frame_map (&frame, &info, gst_sample_get_buffer (sample),
      GST_MAP_READ);
  for (y = 0; y < 64; y++) {
    for (x = 0; x < 96; x++) {
      fail_unless_near (component_at (&frame, 0, x, y), 255 * x / 96, 12);
      fail_unless_near (component_at (&frame, 1, x, y), 255 * y / 64, 12);
      fail_unless_near (component_at (&frame, 2, x, y), 60, 12);
    }
  }
  gst_video_frame_unmap (&frame);
  gst_sample_unref (sample);
  g_bytes_unref (bytes);
}

GST_END_TEST;

/* EXIF that is anything costs only itself: the picture is taken as it is stored. */
GST_START_TEST (test_orientation_damaged)
{
  const gchar *type = types[__i__];
  GstTryonNailTexture *textures[GST_TRYON_N_FINGERS];
  GRand *random = g_rand_new_with_seed (5);
  GError *error = NULL;
  gsize i, k;

  for (i = 0; i < 40; i++) {
    gsize size;
    guint8 *exif = g_bytes_unref_to_data (write_exif ("rotate-90"), &size);
    GBytes *bytes = gradient (type, 64, 48);

    if (bytes == NULL) {
      g_free (exif);
      break;
    }
    for (k = 0; k < 1 + i; k++)
      exif[g_rand_int_range (random, 0, size)] = g_rand_int (random);
    bytes = add_exif (bytes, type, 64, 48,
        g_bytes_new_take (exif, g_rand_int_range (random, 0, size + 1)));
    fail_unless (gst_tryon_reference_take (bytes, NULL, NULL, NULL, textures,
            NULL, &error), "%s", error != NULL ? error->message : "");
    unref_textures (textures);
    g_bytes_unref (bytes);
  }
  g_rand_free (random);
}

GST_END_TEST;

/* What is transparent is filled in from beside it; without anything, an error. */
GST_START_TEST (test_transparent)
{
  GstTryonNailTexture *textures[GST_TRYON_N_FINGERS];
  GstVideoFrame frame;
  GBytes *bytes;
  gint x, y;

  open_frame (&frame, GST_VIDEO_FORMAT_RGBA, 90, 120);
  for (y = 0; y < 120; y++) {
    for (x = 0; x < 90; x++) {
      gboolean there = hypot (x - 45, y - 60) < 20;

      set_component (&frame, 0, x, y, there ? 200 : 0);
      set_component (&frame, 1, x, y, there ? 100 : 255);
      set_component (&frame, 2, x, y, there ? 50 : 0);
      set_component (&frame, 3, x, y, there ? 255 : 0);
    }
  }
  bytes = encode_webp (&frame);
  fail_unless (gst_tryon_reference_take (bytes, NULL, NULL, NULL, textures,
          NULL, NULL));
  for (y = 0; y < WIDTH * HEIGHT; y += 97) {
    const guint8 *p = &textures[0]->rgba[4 * y];

    fail_unless (ABS (p[0] - 200) <= 1 && ABS (p[1] - 100) <= 1 &&
        ABS (p[2] - 50) <= 1 && p[3] == 255);
  }
  unref_textures (textures);
  g_bytes_unref (bytes);
  fill_component (&frame, 3, 0);
  expect_error (encode_webp (&frame), GST_TRYON_REFERENCE_ERROR_IMAGE,
      "transparent");
  gst_video_frame_unmap (&frame);
}

GST_END_TEST;

/* No image, cut off, changed inside. */
GST_START_TEST (test_damaged)
{
  GBytes *whole = gradient (types[__i__], 64, 48);
  GstTryonNailTexture *textures[GST_TRYON_N_FINGERS];
  GRand *random = g_rand_new_with_seed (17);
  const guint8 *data;
  gsize size, i;

  expect_error (g_bytes_new (NULL, 0), GST_TRYON_REFERENCE_ERROR_IMAGE, "");
  expect_error (g_bytes_new ("hello, is this an image?", 24),
      GST_TRYON_REFERENCE_ERROR_IMAGE, "");
  if (whole == NULL)
    return;
  data = g_bytes_get_data (whole, &size);
  for (i = 0; i < size; i += 1 + i / 7)
    expect_error (g_bytes_new (data, i), GST_TRYON_REFERENCE_ERROR_IMAGE, "");

  for (i = 0; i < 60; i++) {
    guint8 *copy = g_memdup2 (data, size);
    GError *error = NULL;
    GBytes *bytes;

    copy[g_rand_int_range (random, 8, size - 2)] ^= 1 << i % 8;
    bytes = g_bytes_new_take (copy, size);
    /* Decoders take much of it; the rest is told. */
    if (gst_tryon_reference_take (bytes, NULL, NULL, NULL, textures, NULL,
            &error)) {
      fail_unless (error == NULL);
      unref_textures (textures);
    } else {
      fail_unless (error != NULL && error->domain == GST_TRYON_REFERENCE_ERROR);
      g_error_free (error);
    }
    g_bytes_unref (bytes);
  }
  g_rand_free (random);
  g_bytes_unref (whole);
}

GST_END_TEST;

/* What would take much to decode is refused by its header. */
GST_START_TEST (test_limits)
{
  /* A WebP of 16383 x 16383 pixels without any: lossless. */
  static const guint8 webp[] = { 'R', 'I', 'F', 'F', 18, 0, 0, 0, 'W', 'E',
    'B', 'P', 'V', 'P', '8', 'L', 6, 0, 0, 0, 0x2f, 0xfe, 0xbf, 0xff, 0x0f, 0
  };
  GByteArray *scans = g_byte_array_new ();
  GBytes *bytes;
  guint8 *png;
  const guint8 *data;
  gsize size, i;

  expect_error (g_bytes_new_take (g_malloc0 (8 * 1024 * 1024 + 1),
          8 * 1024 * 1024 + 1), GST_TRYON_REFERENCE_ERROR_LIMIT, "bytes");
  expect_error (g_bytes_new_static (webp, sizeof webp),
      GST_TRYON_REFERENCE_ERROR_LIMIT, "16383");
  expect_error (gradient ("image/webp", 4097, 1),
      GST_TRYON_REFERENCE_ERROR_LIMIT, "4097");

  bytes = gradient ("image/png", 8, 8);
  if (bytes != NULL) {
    png = g_bytes_unref_to_data (bytes, &size);
    png[16] = 0x7f;             /* the first byte of the width */
    expect_error (g_bytes_new_take (png, size), GST_TRYON_REFERENCE_ERROR_LIMIT,
        "213");
  }
  bytes = gradient ("image/jpeg", 8, 8);
  if (bytes != NULL) {
    data = g_bytes_get_data (bytes, &size);
    g_byte_array_append (scans, data, size - 2);
    for (i = 0; i < 65; i++)
      g_byte_array_append (scans, (const guint8 *) "\xff\xda\0\x03\0\0", 6);
    g_byte_array_append (scans, data + size - 2, 2);
    expect_error (g_bytes_new (scans->data, scans->len),
        GST_TRYON_REFERENCE_ERROR_LIMIT, "scans");
    g_bytes_unref (bytes);
  }
  g_byte_array_free (scans, TRUE);
}

GST_END_TEST;

/* A texture with a cross on it. */
static GstTryonNailTexture *
make_texture (void)
{
  GstTryonNailTexture *texture = gst_tryon_nail_texture_new ();
  guint x, y;

  for (y = 0; y < HEIGHT; y++) {
    for (x = 0; x < WIDTH; x++) {
      guint8 *p = &texture->rgba[4 * (y * WIDTH + x)];
      gboolean cross = (x > 20 && x < 40) || (y > 60 && y < 85);

      p[0] = cross ? 40 : 200;
      p[1] = cross ? 120 : 80;
      p[2] = cross ? 200 : 60;
      p[3] = 255;
    }
  }
  return texture;
}

static GstTryonNailTexture *
take_painted (gfloat turn, gfloat light)
{
  GstTryonNail nail = oval_nail (150, 150, 130, 180, turn);
  GstTryonNailPainter *painter = gst_tryon_nail_painter_new ();
  GstTryonNailTexture *texture = make_texture (), *taken;
  GstTryonDesign design;
  GstVideoFrame frame;
  gint x, y, c;

  gst_tryon_design_init (&design);
  design.finish = GST_TRYON_NAIL_FINISH_MATTE;
  gst_tryon_design_set_texture (&design, GST_TRYON_FINGER_INDEX, texture);
  gst_tryon_nail_texture_unref (texture);
  open_frame (&frame, GST_VIDEO_FORMAT_RGBA, 300, 300);
  for (y = 0; y < 300; y++) {
    for (x = 0; x < 300; x++) {
      for (c = 0; c < 4; c++)
        set_component (&frame, c, x, y, c < 3 ? 180 : 255);
    }
  }
  gst_tryon_nail_painter_paint (painter, &frame, &nail, 1, &design);
  for (y = 0; y < 300; y++) {
    for (x = 0; x < 300; x++) {
      for (c = 0; c < 3; c++)
        set_component (&frame, c, x, y, component_at (&frame, c, x, y) *
            (1 + light * (x - 150) / 100.0f));
    }
  }
  taken = gst_tryon_rectify_nail (&frame, &nail);
  gst_tryon_nail_painter_free (painter);
  gst_tryon_design_clear (&design);
  gst_video_frame_unmap (&frame);
  return taken;
}

/* What has been painted on a nail is found on it, however it is turned; light from a
 * side is not. */
GST_START_TEST (test_rectified)
{
  GstTryonNailTexture *flat = take_painted (__i__, 0);
  GstTryonNailTexture *lit = take_painted (0, 0.35f);
  GstTryonNailTexture *wanted = make_texture ();
  gdouble off = 0, difference = 0, n = 0, left = 0, right = 0;
  guint x, y, c;

  for (y = 0; y < HEIGHT; y++) {
    for (x = 0; x < WIDTH; x++) {
      for (c = 0; c < 3; c++) {
        guint i = 4 * (y * WIDTH + x) + c;
        gdouble u = (x + 0.5) / WIDTH * 2 - 1, v = (y + 0.5) / HEIGHT * 2 - 1;

        if (u * u + v * v > 0.7)
          continue;
        n++;
        off += ABS (flat->rgba[i] - wanted->rgba[i]);
        difference += ABS (lit->rgba[i] - wanted->rgba[i]);
      }
    }
  }
  /* Of red, at the same height on both sides: it was a third brighter on one. */
  for (y = 30; y < 50; y++) {
    left += lit->rgba[4 * (y * WIDTH + 14)] / 20.0;
    right += lit->rgba[4 * (y * WIDTH + 78)] / 20.0;
  }
  fail_unless_near (left / right, 1, 0.12);
  fail_unless (off / n < 14, "%f", off / n);
  fail_unless (difference / n < 22, "%f", difference / n);
  /* Its corners, where no nail is, are like what is beside them. */
  fail_unless_near (flat->rgba[4 * (WIDTH - 1)], 200, 50);
  gst_tryon_nail_texture_unref (flat);
  gst_tryon_nail_texture_unref (lit);
  gst_tryon_nail_texture_unref (wanted);
}

GST_END_TEST;

GST_START_TEST (test_too_small)
{
  GstTryonNail nail = oval_nail (20, 20, 4, 5, 0);
  GstVideoFrame frame;

  open_frame (&frame, GST_VIDEO_FORMAT_RGBA, 40, 40);
  fail_unless (gst_tryon_rectify_nail (&frame, &nail) == NULL);
  nail = oval_nail (-300, 20, 40, 50, 0);
  fail_unless (gst_tryon_rectify_nail (&frame, &nail) == NULL);
  nail.outline[0].x = NAN;
  fail_unless (gst_tryon_rectify_nail (&frame, &nail) == NULL);
  gst_video_frame_unmap (&frame);
}

GST_END_TEST;

/* On a picture of a hand, nails are taken over; on a picture of none, a swatch. */
GST_START_TEST (test_hands)
{
  GstTryonNetPool *palm = NULL, *landmarks = NULL, *nail_net = NULL;
  GstTryonNailTexture *textures[GST_TRYON_N_FINGERS];
  const gchar *photos = g_getenv ("TRYON_PHOTOS");
  gchar *folder = g_build_filename (photos != NULL ? photos : "", "nails-cc0",
      "images", NULL);
  GDir *dir = g_dir_open (folder, 0, NULL);
  guint found, hands = 0, n = 0;
  GError *error = NULL;
  const gchar *name;
  GBytes *bytes;

  if (!gst_tryon_hand_models_open (NULL, GST_TRYON_HAND_MODEL_LITE, &palm,
          &landmarks, &error)) {
    g_print ("SKIPPED: %s\n", error->message);
    g_clear_error (&error);
  } else {
    nail_net = gst_tryon_nail_net_open (&error);
    fail_unless (nail_net != NULL);
    bytes = gradient ("image/webp", 320, 240);
    fail_unless (gst_tryon_reference_take (bytes, palm, landmarks, nail_net,
            textures, &found, NULL));
    fail_unless_equals_int (found, 0);
    unref_textures (textures);
    g_bytes_unref (bytes);
    if (dir == NULL)
      g_print ("SKIPPED: no photographs in %s\n", folder);
    while (dir != NULL && n < 10 && (name = g_dir_read_name (dir)) != NULL) {
      gchar *path = g_build_filename (folder, name, NULL), *data;
      gsize size;

      fail_unless (g_file_get_contents (path, &data, &size, NULL));
      bytes = g_bytes_new_take (data, size);
      fail_unless (gst_tryon_reference_take (bytes, palm, landmarks, nail_net,
              textures, &found, NULL));
      fail_unless (found <= GST_TRYON_N_FINGERS);
      hands += found > 2;
      n++;
      unref_textures (textures);
      g_bytes_unref (bytes);
      g_free (path);
    }
    fail_unless (n == 0 || hands > 1, "of %u, %u show hands", n, hands);
  }
  g_clear_pointer (&dir, g_dir_close);
  g_clear_pointer (&palm, gst_tryon_net_pool_unref);
  g_clear_pointer (&landmarks, gst_tryon_net_pool_unref);
  g_clear_pointer (&nail_net, gst_tryon_net_pool_unref);
  g_free (folder);
}

GST_END_TEST;

static Suite *
reference_suite (void)
{
  Suite *s = suite_create ("reference");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc, test_swatch, 0, G_N_ELEMENTS (types));
  tcase_add_test (tc, test_sizes);
  tcase_add_loop_test (tc, test_orientation, 0,
      G_N_ELEMENTS (orientations) * G_N_ELEMENTS (types));
  tcase_add_loop_test (tc, test_orientation_damaged, 0, G_N_ELEMENTS (types));
  tcase_add_test (tc, test_transparent);
  tcase_add_loop_test (tc, test_damaged, 0, G_N_ELEMENTS (types));
  tcase_add_test (tc, test_limits);
  tcase_add_loop_test (tc, test_rectified, 0, 4);
  tcase_add_test (tc, test_too_small);
  tcase_add_test (tc, test_hands);
  return s;
}

GST_CHECK_MAIN (reference);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Images told from their bytes, against tests/data/protocol/images.json. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <gst/tryon/gsttryonimageinfo.h>
#include <stdlib.h>

#include "tryonvectors.h"

/* A fixed seed: a failure must come again. */
#define SEED 20260101

/* (transfer full): the image, in a block of just its size. */
static guint8 *
vector_image (JsonObject * vector, gsize * size)
{
  guchar *decoded = g_base64_decode (json_object_get_string_member (vector,
          "base64"), size);
  guint8 *data = exact_copy (decoded, *size);

  g_free (decoded);
  return data;
}

static GstTryonImageInfo
expected_info (JsonObject * vector)
{
  const gchar *format = json_object_get_string_member (vector, "format");
  GstTryonImageInfo info = { GST_TRYON_IMAGE_FORMAT_UNKNOWN, };

  if (strcmp (format, "webp") == 0)
    info.format = GST_TRYON_IMAGE_FORMAT_WEBP;
  else if (strcmp (format, "jpeg") == 0)
    info.format = GST_TRYON_IMAGE_FORMAT_JPEG;
  else if (strcmp (format, "png") == 0)
    info.format = GST_TRYON_IMAGE_FORMAT_PNG;
  info.width = json_object_get_int_member (vector, "width");
  info.height = json_object_get_int_member (vector, "height");
  info.has_alpha = json_object_get_boolean_member (vector, "alpha");
  info.is_animated = json_object_get_boolean_member (vector, "animated");
  return info;
}

static void
assert_info (const GstTryonImageInfo * info, const GstTryonImageInfo * expected,
    const gchar * name)
{
  fail_unless (info->format == expected->format, "%s: format %d", name,
      info->format);
  fail_unless (info->width == expected->width
      && info->height == expected->height, "%s: %ux%u", name, info->width,
      info->height);
  fail_unless (info->has_alpha == expected->has_alpha, "%s: alpha", name);
  fail_unless (info->is_animated == expected->is_animated, "%s: animated",
      name);
}

static void
check_good (JsonObject * vector, const gchar * name)
{
  GstTryonImageInfo expected = expected_info (vector);
  GstTryonImageInfo info;
  GError *error = NULL;
  gsize size;
  guint8 *data = vector_image (vector, &size);

  fail_unless (gst_tryon_image_info_parse (data, size, &info, &error),
      "%s: %s", name, error != NULL ? error->message : "");
  assert_info (&info, &expected, name);
  fail_unless (gst_tryon_image_info_check_complete (&info, data, size, &error),
      "%s: %s", name, error != NULL ? error->message : "");
  fail_unless (error == NULL);
  free (data);
}

GST_START_TEST (test_good_images)
{
  vectors_foreach ("images.json", "good", check_good);
}

GST_END_TEST;

static void
check_bad (JsonObject * vector, const gchar * name)
{
  const gchar *stage = json_object_get_string_member (vector, "stage");
  const gchar *words = json_object_get_string_member (vector, "words");
  gboolean has_info = strcmp (stage, "complete") == 0;
  GstTryonImageInfo info;
  GError *error = NULL;
  GstTryonError code;
  gsize size;
  guint8 *data = vector_image (vector, &size);

  fail_unless (gst_tryon_error_from_code (json_object_get_string_member (vector,
              "error"), &code));
  memset (&info, 0xaa, sizeof (info));
  fail_unless (gst_tryon_image_info_parse (data, size, &info, &error) ==
      has_info, "%s: %s", name, error != NULL ? error->message : "");
  if (has_info) {
    fail_unless (info.width > 0 && info.height > 0, "%s", name);
    fail_if (gst_tryon_image_info_check_complete (&info, data, size, &error),
        "%s", name);
  } else {
    fail_unless (info.width == 0xaaaaaaaa, "%s: is touched", name);
  }
  assert_error (error, code, name);
  fail_unless (strstr (error->message, words) != NULL, "%s: \"%s\" has no "
      "\"%s\"", name, error->message, words);
  g_error_free (error);
  free (data);
}

GST_START_TEST (test_bad_images)
{
  vectors_foreach ("images.json", "bad", check_bad);
}

GST_END_TEST;

/* However much of an image is there: what is told is right or nothing is, and
 * it is whole at its very end only. */
static void
check_prefixes (JsonObject * vector, const gchar * name)
{
  GstTryonImageInfo expected = expected_info (vector);
  gsize size, end, n;
  guint8 *data = vector_image (vector, &size);
  gboolean known = FALSE;

  end = size - json_object_get_int_member (vector, "trailing");
  for (n = 0; n <= size; n++) {
    guint8 *prefix = exact_copy (data, n);
    GstTryonImageInfo info;
    GError *error = NULL;

    if (gst_tryon_image_info_parse (prefix, n, &info, &error)) {
      known = TRUE;
      assert_info (&info, &expected, name);
      fail_unless (gst_tryon_image_info_check_complete (&info, prefix, n,
              &error) == (n >= end), "%s: %u of %u bytes: %s", name, (guint) n,
          (guint) end, error != NULL ? error->message : "whole");
    } else {
      fail_if (known, "%s: is not known any more at %u bytes: %s", name,
          (guint) n, error->message);
    }
    if (error != NULL)
      assert_error (error, GST_TRYON_ERROR_INVALID_FRAME, name);
    g_clear_error (&error);
    free (prefix);
  }
  fail_unless (known, "%s", name);
  free (data);
}

GST_START_TEST (test_image_prefixes)
{
  vectors_foreach ("images.json", "good", check_prefixes);
}

GST_END_TEST;

/* Takes @data over. Whatever it is: an image with pixels, or an error. */
static gboolean
assert_any_image (guint8 * data, gsize size, const gchar * name)
{
  GstTryonImageInfo info = { GST_TRYON_IMAGE_FORMAT_UNKNOWN, };
  GError *error = NULL;
  gboolean ok = gst_tryon_image_info_parse (data, size, &info, &error);

  if (ok) {
    fail_unless (info.format != GST_TRYON_IMAGE_FORMAT_UNKNOWN, "%s", name);
    fail_unless (info.width > 0 && info.height > 0, "%s", name);
    gst_tryon_image_info_check_complete (&info, data, size, &error);
  } else {
    fail_unless (info.format == GST_TRYON_IMAGE_FORMAT_UNKNOWN, "%s", name);
    fail_unless (error != NULL, "%s", name);
  }
  if (error != NULL)
    assert_error (error, GST_TRYON_ERROR_INVALID_FRAME, name);
  g_clear_error (&error);
  free (data);
  return ok;
}

static void
check_mutations (JsonObject * vector, const gchar * name)
{
  static const guint8 odd[] =
      { 0x00, 0x01, 0x7f, 0x80, 0xfe, 0xff, 0xd8, 0xd9 };
  GRand *rand = g_rand_new_with_seed (SEED);
  gsize size;
  guint8 *data = vector_image (vector, &size);
  guint i, n;

  for (i = 0; i < 300; i++) {
    /* Most of what is read is at the start. */
    gsize range = i % 3 == 0 ? size : MIN (size, 64);
    guint8 *mutant = exact_copy (data, size);

    for (n = g_rand_int_range (rand, 1, 5); n > 0; n--)
      mutant[g_rand_int_range (rand, 0, range)] = i % 2 == 0 ?
          odd[g_rand_int_range (rand, 0, sizeof (odd))] : g_rand_int (rand);
    assert_any_image (mutant, size, name);
  }
  g_rand_free (rand);
  free (data);
}

GST_START_TEST (test_image_mutations)
{
  vectors_foreach ("images.json", "good", check_mutations);
  vectors_foreach ("images.json", "good", check_mutations);
}

GST_END_TEST;

/* Random bytes behind a right signature. */
GST_START_TEST (test_image_random)
{
  static const struct
  {
    const gchar *bytes;
    gsize size;
  } heads[] = {
    {"", 0},
    {"RIFF\xff\0\0\0WEBP", 12},
    {"RIFF\xff\0\0\0WEBPVP8 \x20\0\0", 19},
    {"RIFF\xff\xff\xff\xffWEBPVP8X\x0a\0\0\0", 20},
    {"RIFF\xff\0\0\0WEBPVP8L\x20\0\0\0\x2f", 21},
    {"\xff\xd8\xff", 3},
    {"\xff\xd8\xff\xc0\0", 5},
    {"\x89PNG\r\n\x1a\n", 8},
    {"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0", 29},
  };
  GRand *rand = g_rand_new_with_seed (SEED);
  guint n_images = 0;
  guint i, j;

  for (i = 0; i < 40000; i++) {
    guint8 bytes[96];
    gsize size = g_rand_int_range (rand, 0, sizeof (bytes) + 1);
    guint head = i % G_N_ELEMENTS (heads);

    for (j = 0; j < sizeof (bytes); j++)
      bytes[j] = g_rand_int (rand) & (i % 2 == 0 ? 0xff : 0x0f);
    memcpy (bytes, heads[head].bytes, heads[head].size);
    n_images += assert_any_image (exact_copy (bytes, size), size, "random");
  }
  fail_unless (n_images > 100, "only %u were images", n_images);
  g_rand_free (rand);
}

GST_END_TEST;

/* Info of another image must not lead the check astray. */
GST_START_TEST (test_stale_info)
{
  static const guint8 jpeg[] = { 0xff, 0xd8, 0xff, 0xd9 };
  GstTryonImageInfo info = { GST_TRYON_IMAGE_FORMAT_UNKNOWN, };
  gint format;

  for (format = GST_TRYON_IMAGE_FORMAT_UNKNOWN;
      format <= GST_TRYON_IMAGE_FORMAT_PNG; format++) {
    gsize size;

    info.format = (GstTryonImageFormat) format;
    for (size = 0; size <= sizeof (jpeg); size++) {
      guint8 *data = exact_copy (jpeg, size);
      GError *error = NULL;

      fail_if (gst_tryon_image_info_check_complete (&info, data, size, &error));
      assert_error (error, GST_TRYON_ERROR_INVALID_FRAME, "stale");
      g_error_free (error);
      free (data);
    }
  }
  fail_if (gst_tryon_image_info_parse (NULL, 0, &info, NULL));
}

GST_END_TEST;

/* Chunks of no size: as many steps as there can be, and not one more. */
GST_START_TEST (test_many_chunks)
{
  const gsize size = 1024 * 1024;
  guint8 *data = calloc (1, size);
  GstTryonImageInfo info;
  GError *error = NULL;
  gsize i;

  memcpy (data, "RIFF\xf8\xff\x0f\0WEBPVP8X\x0a\0\0\0", 20);
  fail_if (gst_tryon_image_info_parse (data, size, &info, &error));
  assert_error (error, GST_TRYON_ERROR_INVALID_FRAME, "WebP");
  g_clear_error (&error);

  memset (data, 0xff, size);
  data[1] = 0xd8;
  fail_if (gst_tryon_image_info_parse (data, size, &info, &error));
  assert_error (error, GST_TRYON_ERROR_INVALID_FRAME, "JPEG of fill bytes");
  g_clear_error (&error);

  for (i = 2; i + 1 < size; i += 2)
    data[i + 1] = 0x01;
  fail_if (gst_tryon_image_info_parse (data, size, &info, &error));
  assert_error (error, GST_TRYON_ERROR_INVALID_FRAME, "JPEG of markers");
  g_clear_error (&error);

  memset (data, 0, size);
  memcpy (data, "\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x01\0\0\0\x01\x08\x02",
      26);
  fail_if (gst_tryon_image_info_parse (data, size, &info, &error));
  assert_error (error, GST_TRYON_ERROR_INVALID_FRAME, "PNG");
  g_clear_error (&error);
  free (data);
}

GST_END_TEST;

GST_START_TEST (test_media_types)
{
  fail_unless_equals_string (gst_tryon_image_format_get_media_type
      (GST_TRYON_IMAGE_FORMAT_WEBP), "image/webp");
  fail_unless_equals_string (gst_tryon_image_format_get_media_type
      (GST_TRYON_IMAGE_FORMAT_JPEG), "image/jpeg");
  fail_unless_equals_string (gst_tryon_image_format_get_media_type
      (GST_TRYON_IMAGE_FORMAT_PNG), "image/png");
  fail_unless (gst_tryon_image_format_get_media_type
      (GST_TRYON_IMAGE_FORMAT_UNKNOWN) == NULL);
  fail_unless (gst_tryon_image_format_get_media_type (99) == NULL);
}

GST_END_TEST;

static Suite *
imageinfo_suite (void)
{
  Suite *s = suite_create ("imageinfo");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_good_images);
  tcase_add_test (tc, test_bad_images);
  tcase_add_test (tc, test_image_prefixes);
  tcase_add_test (tc, test_image_mutations);
  tcase_add_test (tc, test_image_random);
  tcase_add_test (tc, test_stale_info);
  tcase_add_test (tc, test_many_chunks);
  tcase_add_test (tc, test_media_types);
  return s;
}

GST_CHECK_MAIN (imageinfo);

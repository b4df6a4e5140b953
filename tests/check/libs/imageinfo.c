/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Images told from their bytes, against tests/data/protocol/images.json. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <gst/tryon/gsttryonimageinfo.h>
#include <stdlib.h>

#include <gst/tryon/gsttryonbytes-private.h>

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

static void
assert_orientation (const GstTryonImageInfo * info, const guint8 * data,
    gsize size, const gchar * name)
{
  guint orientation = gst_tryon_image_info_get_orientation (info, data, size);

  fail_unless (orientation >= 1 && orientation <= 8, "%s: %u", name,
      orientation);
}

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
    assert_orientation (&info, data, size, name);
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

/* ---- orientation ---- */

/* An EXIF with one entry, as a big-endian camera writes it. */
#define EXIF_SIZE 26
static const guint8 plain_exif[EXIF_SIZE] = { 'M', 'M', 0, 42, 0, 0, 0, 8,
  0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0
};

/* The place in a file where @before and the EXIF are put in. */
static guint8 *
insert (const guint8 * data, gsize * size, gsize at, const guint8 * before,
    gsize n_before, const guint8 * exif, gsize n_exif)
{
  GByteArray *file = g_byte_array_new ();
  guint8 *copy;

  g_byte_array_append (file, data, at);
  g_byte_array_append (file, before, n_before);
  g_byte_array_append (file, exif, n_exif);
  /* PNG's CRC, which nobody looks at, and WebP's byte to be even. */
  if (data[0] == 0x89)
    g_byte_array_append (file, (const guint8 *) "crc?", 4);
  else if (data[0] == 'R' && n_exif % 2 != 0)
    g_byte_array_append (file, (const guint8 *) "", 1);
  g_byte_array_append (file, data + at, *size - at);
  copy = exact_copy (file->data, file->len);
  *size = file->len;
  g_byte_array_free (file, TRUE);
  return copy;
}

/* (transfer full): an image with that EXIF, in a block of just its size. */
static guint8 *
image_with_exif (GstTryonImageFormat format, const guint8 * exif, gsize n_exif,
    gsize * size)
{
  /* Without pixels: nobody looks at them either. */
  static const guint8 jpeg[] = { 0xff, 0xd8, 0xff, 0xe1, 0, 10, 'h', 't', 't',
    'p', ':', '/', '/', 0, 0xff, 0xc0, 0, 8, 8, 0, 4, 0, 4, 1, 0xff, 0xda, 0,
    2, 0xff, 0xd9
  };
  static const guint8 webp[] = { 'R', 'I', 'F', 'F', 0, 0, 0, 0, 'W', 'E', 'B',
    'P', 'V', 'P', '8', 'X', 10, 0, 0, 0, 0x08, 0, 0, 0, 3, 0, 0, 3, 0, 0,
    'V', 'P', '8', 'L', 6, 0, 0, 0, 0x2f, 3, 0xc0, 0, 0, 0
  };
  static const guint8 png[] = { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n',
    0, 0, 0, 13, 'I', 'H', 'D', 'R', 0, 0, 0, 4, 0, 0, 0, 4, 8, 2, 0, 0, 0, 1,
    2, 3, 4, 0, 0, 0, 0, 'I', 'D', 'A', 'T', 1, 2, 3, 4, 0, 0, 0, 0, 'I', 'E',
    'N', 'D', 1, 2, 3, 4
  };
  guint8 head[10] = { 0xff, 0xe1, };
  guint8 *image;

  switch (format) {
    case GST_TRYON_IMAGE_FORMAT_JPEG:
      *size = sizeof (jpeg);
      gst_tryon_write_u16_be (head + 2, n_exif + 8);
      memcpy (head + 4, "Exif\0", 6);
      return insert (jpeg, size, 14, head, 10, exif, n_exif);
    case GST_TRYON_IMAGE_FORMAT_PNG:
      *size = sizeof (png);
      gst_tryon_write_u32_be (head, n_exif);
      memcpy (head + 4, "eXIf", 4);
      return insert (png, size, 33, head, 8, exif, n_exif);
    default:
      *size = sizeof (webp);
      memcpy (head, "EXIF", 4);
      head[4] = n_exif & 0xff;
      head[5] = n_exif >> 8;
      head[6] = head[7] = 0;
      image = insert (webp, size, sizeof (webp), head, 8, exif, n_exif);
      image[4] = (*size - 8) & 0xff;
      image[5] = (*size - 8) >> 8;
      return image;
  }
}

static guint
orientation_of (GstTryonImageFormat format, const guint8 * exif, gsize n_exif)
{
  GstTryonImageInfo info;
  GError *error = NULL;
  gsize size;
  guint8 *data = image_with_exif (format, exif, n_exif, &size);
  guint orientation;

  fail_unless (gst_tryon_image_info_parse (data, size, &info, &error), "%s",
      error != NULL ? error->message : "");
  fail_unless (gst_tryon_image_info_check_complete (&info, data, size, &error),
      "%s", error != NULL ? error->message : "");
  fail_unless_equals_int (info.format, format);
  orientation = gst_tryon_image_info_get_orientation (&info, data, size);
  free (data);
  return orientation;
}

/* Each, in both byte orders, also with the prefix where only a JPEG should have it. */
GST_START_TEST (test_orientation)
{
  GstTryonImageFormat format = __i__;
  guint8 big[EXIF_SIZE + 6] = "Exif\0";
  guint8 little[EXIF_SIZE] = { 'I', 'I', 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 0x01, 3,
    0, 1, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0
  };
  guint i;

  memcpy (big + 6, plain_exif, EXIF_SIZE);
  for (i = 1; i <= 8; i++) {
    big[6 + 19] = little[18] = i;
    fail_unless_equals_int (orientation_of (format, big + 6, EXIF_SIZE), i);
    if (format != GST_TRYON_IMAGE_FORMAT_JPEG)
      fail_unless_equals_int (orientation_of (format, big, sizeof (big)), i);
    fail_unless_equals_int (orientation_of (format, little, EXIF_SIZE), i);
  }
}

GST_END_TEST;

/* EXIF that makes no sense is none: what is wrong with it, as the bytes that are
 * changed. */
GST_START_TEST (test_orientation_damaged)
{
  static const struct
  {
    guint at;
    guint8 value;
  } changes[] = {
    {0, 'X'}, {1, 'I'}, {3, 43}, {4, 0xff}, {5, 1}, {7, 24}, {7, 25}, {7, 26},
    {7, 27}, {9, 0}, {10, 0xff}, {13, 4}, {13, 0}, {17, 0}, {17, 2}, {14, 0x80},
    {18, 1}, {19, 0}, {19, 9}, {19, 0xff},
  };
  GstTryonImageFormat format = __i__;
  guint8 exif[EXIF_SIZE];
  guint i;

  for (i = 0; i < G_N_ELEMENTS (changes); i++) {
    memcpy (exif, plain_exif, EXIF_SIZE);
    exif[changes[i].at] = changes[i].value;
    fail_unless (orientation_of (format, exif, EXIF_SIZE) == 1, "%u at %u",
        changes[i].value, changes[i].at);
  }
  /* Its last four bytes, the place of the next directory, need not be there. */
  for (i = 0; i < EXIF_SIZE; i++)
    fail_unless_equals_int (orientation_of (format, plain_exif, i),
        i < EXIF_SIZE - 4 ? 1 : 6);
  /* More entries than there are bytes; none of them is it. */
  memcpy (exif, plain_exif, EXIF_SIZE);
  exif[8] = exif[9] = exif[10] = 0xff;
  fail_unless_equals_int (orientation_of (format, exif, EXIF_SIZE), 1);
}

GST_END_TEST;

/* However much of the file is there, and whatever of it is changed. */
GST_START_TEST (test_orientation_any)
{
  GstTryonImageFormat format = __i__;
  GRand *rand = g_rand_new_with_seed (SEED);
  GstTryonImageInfo info = { format, };
  gsize size, n;
  guint8 *data = image_with_exif (format, plain_exif, EXIF_SIZE, &size);

  fail_unless (gst_tryon_image_info_parse (data, size, &info, NULL));
  for (n = 0; n <= size; n++) {
    guint8 *prefix = exact_copy (data, n);
    guint orientation = gst_tryon_image_info_get_orientation (&info, prefix, n);

    fail_unless (orientation == 1 || orientation == 6, "%u", orientation);
    free (prefix);
  }
  for (n = 0; n < 20000; n++) {
    guint8 *mutant = exact_copy (data, size);
    guint i;

    for (i = n % 4; i < 4; i++)
      mutant[g_rand_int_range (rand, 0, size)] = g_rand_int (rand);
    assert_orientation (&info, mutant, size, "mutant");
    free (mutant);
  }
  /* That of another image, and of none. */
  info.format = GST_TRYON_IMAGE_FORMAT_UNKNOWN;
  fail_unless_equals_int (gst_tryon_image_info_get_orientation (&info, data,
          size), 1);
  info.format = format % 3 + 1;
  fail_unless_equals_int (gst_tryon_image_info_get_orientation (&info, data,
          size), 1);
  fail_unless_equals_int (gst_tryon_image_info_get_orientation (&info, NULL, 0),
      1);
  g_rand_free (rand);
  free (data);
}

GST_END_TEST;

/* A WebP counts as one with EXIF when its header says so. */
GST_START_TEST (test_orientation_flag)
{
  gsize size;
  GstTryonImageInfo info;
  guint8 *data = image_with_exif (GST_TRYON_IMAGE_FORMAT_WEBP, plain_exif,
      EXIF_SIZE, &size);

  fail_unless (gst_tryon_image_info_parse (data, size, &info, NULL));
  fail_unless_equals_int (gst_tryon_image_info_get_orientation (&info, data,
          size), 6);
  data[20] = 0;
  fail_unless_equals_int (gst_tryon_image_info_get_orientation (&info, data,
          size), 1);
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
  tcase_add_loop_test (tc, test_orientation, GST_TRYON_IMAGE_FORMAT_WEBP,
      GST_TRYON_IMAGE_FORMAT_PNG + 1);
  tcase_add_loop_test (tc, test_orientation_damaged,
      GST_TRYON_IMAGE_FORMAT_WEBP, GST_TRYON_IMAGE_FORMAT_PNG + 1);
  tcase_add_loop_test (tc, test_orientation_any, GST_TRYON_IMAGE_FORMAT_WEBP,
      GST_TRYON_IMAGE_FORMAT_PNG + 1);
  tcase_add_test (tc, test_orientation_flag);
  tcase_add_test (tc, test_media_types);
  return s;
}

GST_CHECK_MAIN (imageinfo);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tables, fields and vectors in bytes that are written down here. */

#include <gst/check/gstcheck.h>
#include <string.h>

#include "gsttryonflatbuffer.h"
#include "gsttryontflite.h"

/* A table at 16, with a number of 1 byte, one of 4, nothing, a vector of two numbers
 * at 36, and a table at 48, which has no fields. */
static const guint8 good[] = {
  16, 0, 0, 0, 'T', 'E', 'S', 'T',
  0, 0, 0, 0, 0, 0, 0, 0,
  /* 16: its list of fields is 36 bytes on; then the fields. */
  (guint8) - 36, 255, 255, 255,
  0xfe, 0, 0, 0,
  0xff, 0xff, 0xff, 0x7f,
  8, 0, 0, 0,
  16, 0, 0, 0,
  /* 36: the vector. */
  2, 0, 0, 0, 7, 0, 0, 0, 9, 0, 0, 0,
  /* 48: the table. */
  (guint8) - 18, 255, 255, 255,
  /* 52: the list of the one at 16. */
  14, 0, 20, 0, 4, 0, 8, 0, 0, 0, 12, 0, 16, 0,
  /* 66: the list of the one at 48. */
  4, 0, 4, 0
};

/* Field numbers, and where they are. */
enum
{ BYTE, NUMBER, NONE, VECTOR, TABLE };
#define ROOT 16
#define LIST 52

/* Everything in it, or an error. */
static gboolean
read_all (const guint8 * data, gsize size, GError ** error)
{
  /* Of just this size, so that a read past the end shows. */
  guint8 *copy = g_memdup2 (data, size);
  const GstTryonFlatbuffer buffer = { copy, size };
  GstTryonFlatTable root, table;
  GstTryonFlatVector vector;
  gint byte;
  gint32 number, none;
  gboolean is_read =
      gst_tryon_flatbuffer_get_root (&buffer, "TEST", &root, error)
      && gst_tryon_flat_table_get_int8 (&root, BYTE, 5, &byte, error)
      && gst_tryon_flat_table_get_int32 (&root, NUMBER, 5, &number, error)
      && gst_tryon_flat_table_get_int32 (&root, NONE, 5, &none, error)
      && gst_tryon_flat_table_get_vector (&root, VECTOR, 4, &vector, error)
      && gst_tryon_flat_table_get_table (&root, TABLE, &table, error);

  if (is_read && memcmp (data, good, MIN (size, sizeof (good))) == 0) {
    fail_unless_equals_int (byte, -2);
    fail_unless_equals_int (number, G_MAXINT32);
    fail_unless_equals_int (none, 5);
    fail_unless_equals_int (vector.length, 2);
    fail_unless_equals_int (gst_tryon_flat_vector_get_int32 (&vector, 1), 9);
    fail_unless_equals_int (table.n_fields, 0);
    fail_unless (gst_tryon_flat_table_has (&root, VECTOR));
    fail_unless (!gst_tryon_flat_table_has (&root, NONE));
    fail_unless (!gst_tryon_flat_table_has (&root, TABLE + 1));
  }
  g_free (copy);
  return is_read;
}

GST_START_TEST (test_contents)
{
  GError *error = NULL;

  fail_unless (read_all (good, sizeof (good), &error), "%s",
      error ? error->message : "?");
}

GST_END_TEST;

/* What is not there is empty, and has nothing in it. */
GST_START_TEST (test_absent)
{
  const GstTryonFlatbuffer buffer = { good, sizeof (good) };
  GstTryonFlatTable root, table;
  GstTryonFlatVector vector;
  gint32 number = 0;

  fail_unless (gst_tryon_flatbuffer_get_root (&buffer, "TEST", &root, NULL));
  fail_unless (gst_tryon_flat_table_get_vector (&root, NONE, 4, &vector, NULL));
  fail_unless_equals_int (vector.length, 0);
  fail_unless (gst_tryon_flat_table_get_table (&root, 1000, &table, NULL));
  fail_unless (gst_tryon_flat_table_get_int32 (&table, 0, 42, &number, NULL));
  fail_unless_equals_int (number, 42);
}

GST_END_TEST;

/* Bytes that are others, and what is said of them. */
static const struct
{
  guint place;
  guint8 bytes[4];
  const gchar *words;
} faults[] = {
  {4, {'B', 'E', 'S', 'T'}, "it does not begin with TEST"},
  {0, {200, 0, 0, 0}, "byte 0: the offset leads past the end"},
  {0, {255, 255, 255, 255}, "byte 0: the offset leads past the end"},
  {0, {70, 0, 0, 0}, "byte 70: a table begins past the end"},
  {0, {67, 0, 0, 0}, "byte 67: a table begins past the end"},
  {ROOT, {17, 0, 0, 0},
      "byte 16: the table's list of fields is not in the file"},
  {ROOT, {0, 0, 0, 128}, "byte 16: the table's list of fields"},
  {ROOT, {255, 255, 255, 127}, "byte 16: the table's list of fields"},
  {ROOT, {(guint8) - 51, 255, 255, 255}, "byte 16: the table's list of fields"},
  {LIST, {20, 0, 20, 0}, "byte 52: the list of fields has no possible size"},
  {LIST, {13, 0, 20, 0}, "byte 52: the list of fields has no possible size"},
  {LIST, {2, 0, 20, 0}, "byte 52: the list of fields has no possible size"},
  {LIST, {255, 255, 20, 0}, "byte 52: the list of fields has no possible size"},
  {LIST, {14, 0, 55, 0}, "byte 16: the table goes past the end"},
  {LIST, {14, 0, 3, 0}, "byte 16: the table goes past the end"},
  {LIST, {14, 0, 19, 0}, "byte 16: a field is not inside of its table"},
  {LIST + 4, {20, 0, 8, 0}, "byte 16: a field is not inside of its table"},
  {LIST + 4, {3, 0, 8, 0}, "byte 16: a field is not inside of its table"},
  {LIST + 4, {4, 0, 17, 0}, "byte 16: a field is not inside of its table"},
  {LIST + 4, {4, 0, 255, 255}, "byte 16: a field is not inside of its table"},
  {28, {255, 255, 255, 127}, "byte 28: the offset leads past the end"},
  {28, {42, 0, 0, 0}, "byte 70: a vector begins past the end"},
  {28, {39, 0, 0, 0}, "byte 67: a vector begins past the end"},
  {36, {8, 0, 0, 0}, "byte 36: the vector goes past the end"},
  {36, {255, 255, 255, 255}, "byte 36: the vector goes past the end"},
  {36, {1, 0, 0, 64}, "byte 36: the vector goes past the end"},
  {32, {37, 0, 0, 0}, "byte 69: a table begins past the end"},
};

GST_START_TEST (test_faults)
{
  guint8 bytes[sizeof (good)];
  GError *error = NULL;

  memcpy (bytes, good, sizeof (good));
  memcpy (bytes + faults[__i__].place, faults[__i__].bytes, 4);
  fail_unless (!read_all (bytes, sizeof (bytes), &error), "not found: %s",
      faults[__i__].words);
  g_assert_error (error, GST_TRYON_TFLITE_ERROR,
      GST_TRYON_TFLITE_ERROR_DAMAGED);
  fail_unless (strstr (error->message, faults[__i__].words) != NULL,
      "%s, not %s", error->message, faults[__i__].words);
  g_error_free (error);
}

GST_END_TEST;

/* Nothing is read past the end, wherever that is. */
GST_START_TEST (test_truncated)
{
  gsize size;

  for (size = 0; size < sizeof (good); size++) {
    GError *error = NULL;

    fail_unless (!read_all (good, size, &error));
    fail_unless (error != NULL);
    g_error_free (error);
  }
}

GST_END_TEST;

static Suite *
flatbuffer_suite (void)
{
  Suite *s = suite_create ("flatbuffer");
  TCase *tc = tcase_create ("bytes");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_contents);
  tcase_add_test (tc, test_absent);
  tcase_add_loop_test (tc, test_faults, 0, G_N_ELEMENTS (faults));
  tcase_add_test (tc, test_truncated);
  return s;
}

GST_CHECK_MAIN (flatbuffer);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Designs are plain data. */

#include <gst/check/gstcheck.h>

#include "gsttryondesign.h"

GST_START_TEST (test_textures)
{
  GstTryonNailTexture *a = gst_tryon_nail_texture_new ();
  GstTryonNailTexture *b = gst_tryon_nail_texture_new ();
  GstTryonDesign design;
  guint i;

  gst_tryon_design_init (&design);
  for (i = 0; i < GST_TRYON_N_FINGERS; i++)
    gst_tryon_design_set_texture (&design, i, a);
  fail_unless_equals_int (a->ref_count, 6);
  gst_tryon_design_set_texture (&design, GST_TRYON_FINGER_RING, b);
  fail_unless_equals_int (a->ref_count, 5);
  fail_unless (design.textures[GST_TRYON_FINGER_RING] == b);
  /* The same again, with no reference but the design's. */
  gst_tryon_nail_texture_unref (b);
  gst_tryon_design_set_texture (&design, GST_TRYON_FINGER_RING, b);
  fail_unless_equals_int (b->ref_count, 1);
  gst_tryon_design_set_texture (&design, GST_TRYON_FINGER_THUMB, NULL);
  fail_unless_equals_int (a->ref_count, 4);

  gst_tryon_design_clear (&design);
  fail_unless_equals_int (a->ref_count, 1);
  for (i = 0; i < GST_TRYON_N_FINGERS; i++)
    fail_unless (design.textures[i] == NULL);
  gst_tryon_design_clear (&design);
  gst_tryon_nail_texture_unref (a);
}

GST_END_TEST;

static void
check_enum (GType type, const gchar * const *nicks)
{
  GEnumClass *klass = g_type_class_ref (type);
  guint i;

  fail_unless_equals_int (klass->n_values, g_strv_length ((gchar **) nicks));
  for (i = 0; nicks[i] != NULL; i++) {
    GEnumValue *value = g_enum_get_value (klass, i);

    fail_unless (value != NULL);
    fail_unless_equals_string (value->value_nick, nicks[i]);
  }
  g_type_class_unref (klass);
}

GST_START_TEST (test_nicks)
{
  static const gchar *shapes[] = { "natural", "round", "square", "almond",
    "coffin", "stiletto", NULL
  };
  static const gchar *patterns[] = { "reference", "solid", "french", "ombre",
    NULL
  };
  static const gchar *finishes[] = { "gloss", "matte", "chrome", NULL };

  check_enum (gst_tryon_nail_shape_get_type (), shapes);
  check_enum (gst_tryon_nail_pattern_get_type (), patterns);
  check_enum (gst_tryon_nail_finish_get_type (), finishes);
}

GST_END_TEST;

static gpointer
take_and_give (gpointer data)
{
  guint i;

  for (i = 0; i < 100000; i++)
    gst_tryon_nail_texture_unref (gst_tryon_nail_texture_ref (data));
  return NULL;
}

GST_START_TEST (test_threads)
{
  GstTryonNailTexture *texture = gst_tryon_nail_texture_new ();
  GThread *threads[4];
  guint i;

  for (i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("taker", take_and_give, texture);
  for (i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  fail_unless_equals_int (texture->ref_count, 1);
  gst_tryon_nail_texture_unref (texture);
}

GST_END_TEST;

static Suite *
design_suite (void)
{
  Suite *s = suite_create ("design");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_textures);
  tcase_add_test (tc, test_nicks);
  tcase_add_test (tc, test_threads);
  return s;
}

GST_CHECK_MAIN (design);

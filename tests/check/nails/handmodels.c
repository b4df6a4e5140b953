/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the hand models are looked for, and what is wrong with those that are none. */

#include <gst/check/gstcheck.h>
#include <glib/gstdio.h>
#include <unistd.h>

#include "gsttryonhandmodels.h"
#include "testmodel.h"

static const gchar *names[] = { "palm_detection_lite.tflite",
  "palm_detection_full.tflite", "hand_landmark_lite.tflite",
  "hand_landmark_full.tflite"
};

/* Folders of the test, and where real models may be. */
static gchar *folder, *own, *data, *was_models, *was_data;

static void
empty (const gchar * path)
{
  GDir *dir = g_dir_open (path, 0, NULL);
  const gchar *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
    gchar *inside = g_build_filename (path, name, NULL);

    if (g_file_test (inside, G_FILE_TEST_IS_DIR)
        && !g_file_test (inside, G_FILE_TEST_IS_SYMLINK))
      empty (inside);
    else
      g_unlink (inside);
    g_free (inside);
  }
  if (dir != NULL)
    g_dir_close (dir);
  g_rmdir (path);
}

static void
setup (void)
{
  /* What a test has left that failed. */
  empty (own);
  empty (data);
  g_mkdir (own, 0700);
  g_mkdir_with_parents (data, 0700);
  g_unsetenv ("TRYON_MODELS");
}

static void
teardown (void)
{
  empty (own);
  empty (data);
}

static void
write_file (const gchar * where, const gchar * name, gconstpointer bytes,
    gssize size)
{
  gchar *path = g_build_filename (where, name, NULL);

  fail_unless (g_file_set_contents (path, bytes, size, NULL));
  g_free (path);
}

static gchar *
find_real (const gchar * name)
{
  const gchar *folders[] = { was_models != NULL ? was_models : was_data,
    was_data, NULL
  };
  gchar *path = NULL;
  guint i;

  for (i = 0; i < G_N_ELEMENTS (folders) && path == NULL; i++)
    path = gst_tryon_hand_models_find (folders[i], name, NULL);
  return path;
}

/* The real ones, by links in @where; FALSE where they are not there. */
static gboolean
link_models (const gchar * where)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (names); i++) {
    gchar *path = find_real (names[i]);
    gchar *link = g_build_filename (where, names[i], NULL);
    gboolean is_linked = path != NULL && symlink (path, link) == 0;

    g_free (path);
    g_free (link);
    if (!is_linked) {
      g_print ("SKIPPED: %s is not there (tools/fetch-models)\n", names[i]);
      return FALSE;
    }
  }
  return TRUE;
}

/* A model that takes an image of that shape, and gives it back with each output's
 * shape. */
static void
write_model (const gchar * where, const gchar * name, gint size,
    const gint (*outputs)[3], guint n_outputs)
{
  TestModel model;
  GBytes *bytes;
  gsize n;
  gconstpointer written;
  guint i;

  test_model_init (&model);
  model.inputs[model.n_inputs++] = test_model_add (&model, TEST_FLOAT32, NULL,
      0, 4, 1, size, size, 3);
  for (i = 0; i < n_outputs; i++) {
    model.outputs[model.n_outputs++] = test_model_add (&model, TEST_FLOAT32,
        NULL, 0, outputs[i][2] != 0 ? 3 : 2, outputs[i][0], outputs[i][1],
        outputs[i][2], 0);
    test_operator_read (test_model_operate (&model, GST_TRYON_TFLITE_RESHAPE,
            model.outputs[i], 17, 0, NULL), model.inputs[0]);
  }
  bytes = test_model_write (&model);
  written = g_bytes_get_data (bytes, &n);
  write_file (where, name, written, n);
  g_bytes_unref (bytes);
}

static gchar *
open_fails (const gchar * where, GQuark domain, gint code)
{
  GError *error = NULL;
  GstTryonNetPool *palm, *landmarks;
  gchar *words;

  fail_unless (!gst_tryon_hand_models_open (where, GST_TRYON_HAND_MODEL_FULL,
          &palm, &landmarks, &error));
  fail_unless (palm == NULL && landmarks == NULL);
  g_assert_error (error, domain, code);
  words = g_strdup (error->message);
  g_error_free (error);
  return words;
}

/* By the name that it is installed by, and by that of the source tree. */
static void
check_says_what_to_run (const gchar * words)
{
  fail_unless (strstr (words, "run gst-tryon-fetch-models ") != NULL, "%s",
      words);
  fail_unless (strstr (words, "tools/fetch-models") != NULL, "%s", words);
}

/* It says what is missing, where it was looked for, and what to do. */
GST_START_TEST (test_missing)
{
  gchar *words;

  words = open_fails (own, G_FILE_ERROR, G_FILE_ERROR_NOENT);
  fail_unless (strstr (words, "palm_detection_full.tflite") != NULL);
  fail_unless (strstr (words, own) != NULL);
  check_says_what_to_run (words);
  fail_unless (strstr (words, data) == NULL);
  g_free (words);
}

GST_END_TEST;

/* Another model, or what is none, by the name of one. */
GST_START_TEST (test_others)
{
  const gint none[][3] = { {1, 192 * 192, 3}, {1, 192, 576} };
  gchar *words;
  guint i;

  write_file (own, names[1], "no model", -1);
  words = open_fails (own, GST_TRYON_TFLITE_ERROR,
      GST_TRYON_TFLITE_ERROR_DAMAGED);
  fail_unless (strstr (words, names[1]) != NULL, "%s", words);
  check_says_what_to_run (words);
  g_free (words);

  /* Of too few outputs, and of others. */
  for (i = 1; i < 3; i++) {
    write_model (own, names[1], 192, none, i);
    words = open_fails (own, GST_TRYON_TFLITE_ERROR,
        GST_TRYON_TFLITE_ERROR_UNSUPPORTED);
    fail_unless (strstr (words, "is another model") != NULL, "%s", words);
    g_free (words);
  }
}

GST_END_TEST;

/* The landmark model in place of the palm model, and the other way round. */
GST_START_TEST (test_exchanged)
{
  gchar *from, *to, *words;

  if (!link_models (own))
    return;
  from = g_build_filename (own, names[__i__ == 0 ? 3 : 1], NULL);
  to = g_build_filename (own, names[__i__ == 0 ? 1 : 3], NULL);
  fail_unless (g_rename (from, to) == 0);
  if (__i__ == 0) {
    words = open_fails (own, GST_TRYON_TFLITE_ERROR,
        GST_TRYON_TFLITE_ERROR_UNSUPPORTED);
    fail_unless (strstr (words, "is another model") != NULL, "%s", words);
    fail_unless (strstr (words, names[1]) != NULL, "%s", words);
  } else {
    words = open_fails (own, G_FILE_ERROR, G_FILE_ERROR_NOENT);
    fail_unless (strstr (words, names[1]) != NULL, "%s", words);
  }
  g_free (words);
  g_free (from);
  g_free (to);
}

GST_END_TEST;

/* The folder that is given; $TRYON_MODELS; the user's data. */
GST_START_TEST (test_folders)
{
  gchar *found;

  write_file (data, names[0], "in data", -1);
  fail_unless (gst_tryon_hand_models_find (own, names[0], NULL) == NULL);
  g_unsetenv ("TRYON_MODELS");
  found = gst_tryon_hand_models_find (NULL, names[0], NULL);
  fail_unless (found != NULL && g_str_has_prefix (found, data), "%s", found);
  g_free (found);
  /* What is not in the first folder may be in the next. */
  g_setenv ("TRYON_MODELS", own, TRUE);
  found = gst_tryon_hand_models_find (NULL, names[0], NULL);
  fail_unless (found != NULL && g_str_has_prefix (found, data), "%s", found);
  g_free (found);
  write_file (own, names[0], "own", -1);
  found = gst_tryon_hand_models_find (NULL, names[0], NULL);
  fail_unless (found != NULL && g_str_has_prefix (found, own), "%s", found);
  g_free (found);
}

GST_END_TEST;

static void
check_sizes (GstTryonNetPool * pool, gsize input, const gsize * outputs,
    guint n_outputs)
{
  GstTryonNet *net = gst_tryon_net_pool_acquire (pool, NULL);
  gsize size, i;
  guint j;

  fail_unless (net != NULL);
  gst_tryon_net_get_input (net, 0, &size);
  fail_unless_equals_uint64 (size, input);
  fail_unless_equals_int (gst_tryon_net_get_n_outputs (net), n_outputs);
  for (i = 0; i < input; i++)
    gst_tryon_net_get_input (net, 0, NULL)[i] = (i * 7919 % 256) / 255.f;
  fail_unless (gst_tryon_net_run (net, NULL));
  for (j = 0; j < n_outputs; j++) {
    const gfloat *values = gst_tryon_net_get_output (net, j, &size);

    fail_unless_equals_uint64 (size, outputs[j]);
    for (i = 0; i < size; i++)
      fail_unless (ABS (values[i]) < 1e4, "output %u, %" G_GSIZE_FORMAT ": %g",
          j, i, values[i]);
  }
  gst_tryon_net_pool_release (pool, net);
}

/* The real ones; who opens them again has the same pools. */
GST_START_TEST (test_real)
{
  static const gsize palm_sizes[] = { 2016 * 18, 2016 };
  static const gsize landmark_sizes[] = { 63, 1, 1, 63 };
  GstTryonNetPool *palm, *landmarks, *palm_again, *landmarks_again;
  GError *error = NULL;

  if (!link_models (own))
    return;
  fail_unless (gst_tryon_hand_models_open (own, __i__, &palm, &landmarks,
          &error), "%s", error ? error->message : "?");
  check_sizes (palm, 192 * 192 * 3, palm_sizes, 2);
  check_sizes (landmarks, 224 * 224 * 3, landmark_sizes, 4);
  fail_unless (gst_tryon_hand_models_open (own, __i__, &palm_again,
          &landmarks_again, &error));
  fail_unless (palm_again == palm && landmarks_again == landmarks);
  gst_tryon_net_pool_unref (palm);
  gst_tryon_net_pool_unref (palm_again);
  gst_tryon_net_pool_unref (landmarks);
  gst_tryon_net_pool_unref (landmarks_again);
}

GST_END_TEST;

static Suite *
handmodels_suite (void)
{
  Suite *s = suite_create ("handmodels");
  TCase *tc = tcase_create ("files");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_missing);
  tcase_add_test (tc, test_others);
  tcase_add_loop_test (tc, test_exchanged, 0, 2);
  tcase_add_test (tc, test_folders);
  tcase_add_loop_test (tc, test_real, 0, 2);
  return s;
}

/* As GLib has it, which reads it once and keeps it: so it is not asked, and gets the
 * test's folder. */
static void
replace_data_folder (void)
{
  const gchar *set = g_getenv ("XDG_DATA_HOME");
  gchar *home;

  if (set != NULL && g_path_is_absolute (set))
    was_data = g_build_filename (set, "gst-tryon", "models", NULL);
  else
    was_data = g_build_filename (g_get_home_dir (), ".local", "share",
        "gst-tryon", "models", NULL);
  home = g_build_filename (folder, "data", NULL);
  g_setenv ("XDG_DATA_HOME", home, TRUE);
  g_free (home);
}

gint
main (gint argc, gchar ** argv)
{
  gint failures;

  folder = g_dir_make_tmp ("handmodels-XXXXXX", NULL);
  own = g_build_filename (folder, "own", NULL);
  data = g_build_filename (folder, "data", "gst-tryon", "models", NULL);
  was_models = g_strdup (g_getenv ("TRYON_MODELS"));
  replace_data_folder ();
  gst_check_init (&argc, &argv);
  failures = gst_check_run_suite (handmodels_suite (), "handmodels", __FILE__);
  empty (folder);
  g_free (was_models);
  g_free (was_data);
  g_free (data);
  g_free (own);
  g_free (folder);
  return failures;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gsttryonhandmodels.h"

#include <string.h>

/* The second one is for who has built it, and not installed. */
#define FETCH "run gst-tryon-fetch-models (in a source tree: tools/fetch-models)"
#define ENVIRONMENT "TRYON_MODELS"
/* In a data folder. */
#define FOLDER "gst-tryon" G_DIR_SEPARATOR_S "models"

#define MAX_OUTPUTS 4

typedef struct
{
  guint n_dims;
  guint dims[GST_TRYON_TFLITE_MAX_DIMENSIONS];
} Shape;

/* What a model takes and gives. */
typedef struct
{
  const gchar *names[2];        /* of the files, by GstTryonHandModel */
  Shape input;
  guint n_outputs;
  Shape outputs[MAX_OUTPUTS];
} Interface;

static const Interface palm_interface = {
  .names = {"palm_detection_lite.tflite", "palm_detection_full.tflite"},
  .input = {4, {1, GST_TRYON_PALM_SIZE, GST_TRYON_PALM_SIZE, 3}},
  .n_outputs = 2,
  .outputs = {{3, {1, GST_TRYON_PALM_ANCHORS, 18}},
      {3, {1, GST_TRYON_PALM_ANCHORS, 1}}},
};

static const Interface landmark_interface = {
  .names = {"hand_landmark_lite.tflite", "hand_landmark_full.tflite"},
  .input = {4, {1, GST_TRYON_LANDMARK_SIZE, GST_TRYON_LANDMARK_SIZE, 3}},
  .n_outputs = 4,
  .outputs = {{2, {1, 63}}, {2, {1, 1}}, {2, {1, 1}}, {2, {1, 63}}},
};

/* How a net of it is made anew. */
typedef struct
{
  const Interface *interface;
  gchar *path;
} Recipe;

static void
recipe_free (Recipe * recipe)
{
  g_free (recipe->path);
  g_free (recipe);
}

static gboolean
has_shape (const GstTryonTfliteTensor * tensor, const Shape * shape)
{
  return tensor->n_dims == shape->n_dims
      && memcmp (tensor->dims, shape->dims,
      shape->n_dims * sizeof (shape->dims[0])) == 0;
}

static gboolean
has_interface (const GstTryonTflite * model, const Interface * interface)
{
  guint n_tensors, n_inputs, n_outputs, i;
  const GstTryonTfliteTensor *tensors =
      gst_tryon_tflite_get_tensors (model, &n_tensors);
  const guint *inputs = gst_tryon_tflite_get_inputs (model, &n_inputs);
  const guint *outputs = gst_tryon_tflite_get_outputs (model, &n_outputs);

  if (n_inputs != 1 || !has_shape (&tensors[inputs[0]], &interface->input)
      || n_outputs != interface->n_outputs)
    return FALSE;
  for (i = 0; i < n_outputs; i++)
    if (!has_shape (&tensors[outputs[i]], &interface->outputs[i]))
      return FALSE;
  return TRUE;
}

/* GstTryonNetFunc. The weights that it reads are only needed here: XNNPACK packs
 * them. */
static GstTryonNet *
make_net (gpointer data, GError ** error)
{
  const Recipe *recipe = data;
  GstTryonTflite *model = gst_tryon_tflite_load (recipe->path, error);
  GstTryonNet *net = NULL;

  if (model == NULL) {
    if (error != NULL && (*error)->domain == GST_TRYON_TFLITE_ERROR)
      g_prefix_error (error, "%s, which replaces a damaged model: ", FETCH);
    return NULL;
  }
  if (has_interface (model, recipe->interface))
    net = gst_tryon_net_new_from_tflite (model, error);
  else
    g_set_error (error, GST_TRYON_TFLITE_ERROR,
        GST_TRYON_TFLITE_ERROR_UNSUPPORTED,
        "%s is another model: its inputs and outputs are not those of the hand "
        "model of that name; move it away and %s", recipe->path, FETCH);
  gst_tryon_tflite_unref (model);
  return net;
}

/* (transfer full): where models are looked for, in this order. */
static gchar **
list_folders (const gchar * folder)
{
  GStrvBuilder *builder = g_strv_builder_new ();
  const gchar *set = g_getenv (ENVIRONMENT);
  gchar *user = g_build_filename (g_get_user_data_dir (), FOLDER, NULL);
  gchar **folders;

  if (folder != NULL) {
    g_strv_builder_add (builder, folder);
  } else {
    if (set != NULL && *set != '\0')
      g_strv_builder_add (builder, set);
    g_strv_builder_add (builder, user);
    g_strv_builder_add (builder, GST_TRYON_DATADIR G_DIR_SEPARATOR_S FOLDER);
  }
  g_free (user);
  folders = g_strv_builder_end (builder);
  g_strv_builder_unref (builder);
  return folders;
}

/* (transfer full). */
static gchar *
find_file (gchar ** folders, const gchar * name, GError ** error)
{
  gchar *path, *all;
  guint i;

  for (i = 0; folders[i] != NULL; i++) {
    path = g_build_filename (folders[i], name, NULL);
    if (g_file_test (path, G_FILE_TEST_EXISTS))
      return path;
    g_free (path);
  }
  all = g_strjoinv (", ", folders);
  g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT,
      "the hand model %s is not there; %s, or set %s to its folder (looked in %s)",
      name, FETCH, ENVIRONMENT, all);
  g_free (all);
  return NULL;
}

gchar *
gst_tryon_hand_models_find (const gchar * folder, const gchar * name,
    GError ** error)
{
  gchar **folders = list_folders (folder);
  gchar *path = find_file (folders, name, error);

  g_strfreev (folders);
  return path;
}

static GstTryonNetPool *
open_model (const gchar * folder, const Interface * interface,
    GstTryonHandModel model, GError ** error)
{
  gchar *path = gst_tryon_hand_models_find (folder, interface->names[model],
      error);
  gchar *key;
  Recipe *recipe;
  GstTryonNetPool *pool;

  if (path == NULL)
    return NULL;
  recipe = g_new (Recipe, 1);
  recipe->interface = interface;
  recipe->path = path;
  /* A relative path may be another file later. */
  key = g_canonicalize_filename (path, NULL);
  pool = gst_tryon_net_pool_get (key, make_net, recipe,
      (GDestroyNotify) recipe_free, error);
  g_free (key);
  return pool;
}

gboolean
gst_tryon_hand_models_open (const gchar * folder, GstTryonHandModel model,
    GstTryonNetPool ** palm, GstTryonNetPool ** landmarks, GError ** error)
{
  g_return_val_if_fail (model <= GST_TRYON_HAND_MODEL_FULL, FALSE);
  *landmarks = NULL;
  *palm = open_model (folder, &palm_interface, model, error);
  if (*palm != NULL)
    *landmarks = open_model (folder, &landmark_interface, model, error);
  if (*landmarks == NULL)
    g_clear_pointer (palm, gst_tryon_net_pool_unref);
  return *landmarks != NULL;
}

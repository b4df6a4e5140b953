/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs a model once, or says where one is, for litert.py:
 *
 *   tryon-netdump MODEL INPUT FOLDER
 *   tryon-netdump NAME
 *
 * INPUT holds the floats of the model's input; those of its output N are written to
 * FOLDER/N.f32. */

#include <stdio.h>
#include <string.h>

#include "gsttryonhandmodels.h"

static gboolean
read_input (GstTryonNet * net, const gchar * path, GError ** error)
{
  gsize size, n_bytes;
  gfloat *input = gst_tryon_net_get_input (net, 0, &size);
  gchar *data;

  if (!g_file_get_contents (path, &data, &n_bytes, error))
    return FALSE;
  if (n_bytes == size * sizeof (gfloat))
    memcpy (input, data, n_bytes);
  else
    g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "%s has %"
        G_GSIZE_FORMAT " bytes, not %" G_GSIZE_FORMAT, path, n_bytes,
        size * sizeof (gfloat));
  g_free (data);
  return n_bytes == size * sizeof (gfloat);
}

static gboolean
write_output (GstTryonNet * net, guint i, const gchar * folder, GError ** error)
{
  gsize size;
  const gfloat *output = gst_tryon_net_get_output (net, i, &size);
  gchar *path = g_strdup_printf ("%s/%u.f32", folder, i);
  gboolean is_written = g_file_set_contents (path, (const gchar *) output,
      size * sizeof (gfloat), error);

  g_free (path);
  return is_written;
}

static gboolean
dump (const gchar * path, const gchar * input, const gchar * folder,
    GError ** error)
{
  GstTryonTflite *model = gst_tryon_tflite_load (path, error);
  GstTryonNet *net;
  gboolean is_done;
  guint i;

  if (model == NULL)
    return FALSE;
  net = gst_tryon_net_new_from_tflite (model, error);
  gst_tryon_tflite_unref (model);
  if (net == NULL)
    return FALSE;
  is_done = read_input (net, input, error) && gst_tryon_net_run (net, error);
  for (i = 0; is_done && i < gst_tryon_net_get_n_outputs (net); i++)
    is_done = write_output (net, i, folder, error);
  gst_tryon_net_free (net);
  return is_done;
}

static gboolean
find (const gchar * name, GError ** error)
{
  gchar *path = gst_tryon_hand_models_find (NULL, name, error);

  if (path == NULL)
    return FALSE;
  puts (path);
  g_free (path);
  return TRUE;
}

gint
main (gint argc, gchar ** argv)
{
  GError *error = NULL;

  if (argc != 2 && argc != 4) {
    fprintf (stderr, "usage: %s MODEL INPUT FOLDER | NAME\n", argv[0]);
    return 2;
  }
  if (argc == 2 ? !find (argv[1], &error) :
      !dump (argv[1], argv[2], argv[3], &error)) {
    fprintf (stderr, "%s\n", error->message);
    g_error_free (error);
    return 1;
  }
  return 0;
}

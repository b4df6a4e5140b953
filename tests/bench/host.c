/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Many pipelines in one process, made from one launch description.
 *
 * host N "DESCRIPTION": every %d in the description is the pipeline's number.
 * Prints "ready" when all of them are PLAYING, and each error. */

#include <gst/gst.h>
#include <stdio.h>
#include <stdlib.h>

static gboolean
message_cb (GstBus * bus, GstMessage * message, gpointer user_data)
{
  GError *error = NULL;

  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR) {
    gst_message_parse_error (message, &error, NULL);
    fprintf (stderr, "host: %s\n", error->message);
    exit (1);
  }
  return G_SOURCE_CONTINUE;
}

static gchar *
expand (const gchar * description, gint number)
{
  gchar *text = g_strdup_printf ("%d", number);
  gchar **parts = g_strsplit (description, "%d", -1);
  gchar *expanded = g_strjoinv (text, parts);

  g_strfreev (parts);
  g_free (text);
  return expanded;
}

gint
main (gint argc, gchar ** argv)
{
  gint i, n;

  gst_init (&argc, &argv);
  if (argc != 3) {
    fprintf (stderr, "usage: host N DESCRIPTION\n");
    return 2;
  }
  n = atoi (argv[1]);
  for (i = 0; i < n; i++) {
    gchar *description = expand (argv[2], i);
    GError *error = NULL;
    GstElement *pipeline = gst_parse_launch (description, &error);
    GstBus *bus;

    if (pipeline == NULL) {
      fprintf (stderr, "host: %s\n", error->message);
      return 1;
    }
    bus = gst_pipeline_get_bus (GST_PIPELINE (pipeline));
    gst_bus_add_watch (bus, message_cb, NULL);
    gst_object_unref (bus);
    if (gst_element_set_state (pipeline, GST_STATE_PLAYING) ==
        GST_STATE_CHANGE_FAILURE) {
      fprintf (stderr, "host: pipeline %d does not start\n", i);
      return 1;
    }
    g_free (description);
  }
  puts ("ready");
  fflush (stdout);
  g_main_loop_run (g_main_loop_new (NULL, FALSE));
  return 0;
}

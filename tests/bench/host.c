/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Many pipelines in one process, made from one launch description.
 *
 * host N "DESCRIPTION": every %d in the description is the pipeline's number.
 * Prints "ready" when all of them are PLAYING, and each error. At SIGUSR1 it
 * prints what became of the frames: a line of JSON, an array of an object a
 * pipeline, over all the sessions that its tryonwssrc has had. */

#include <glib-unix.h>
#include <gst/gst.h>
#include <gst/tryon/tryon.h>
#include <stdio.h>
#include <stdlib.h>

/* The names of the fields are those of the session's stats. */
static const gchar *const fields[] = {
  "frames-received", "frames-processed", "frames-dropped",
};

static const gchar *const reasons[] = {
  "rate", "superseded", "invalid", "too-large", "ai-timeout", "ai-down",
  "slow-client", "paused",
};

#define N_COUNTS (G_N_ELEMENTS (fields) + G_N_ELEMENTS (reasons))

typedef struct
{
  GstElement *src;              /* the tryonwssrc; %NULL where there is none */
  GMutex lock;                  /* of those below */
  guint64 past[N_COUNTS];       /* of the sessions that are over */
  guint sessions;
} Pipeline;

static Pipeline *pipelines;
static gint n_pipelines;

static void
add_counts (guint64 * counts, const GstStructure * stats)
{
  GstStructure *dropped = NULL;
  guint64 value;
  gsize i;

  for (i = 0; i < N_COUNTS; i++) {
    value = 0;
    if (i < G_N_ELEMENTS (fields)) {
      gst_structure_get_uint64 (stats, fields[i], &value);
    } else {
      if (dropped == NULL)
        gst_structure_get (stats, "dropped-by-reason", GST_TYPE_STRUCTURE,
            &dropped, NULL);
      if (dropped != NULL)
        gst_structure_get_uint64 (dropped, reasons[i - G_N_ELEMENTS (fields)],
            &value);
    }
    counts[i] += value;
  }
  g_clear_pointer (&dropped, gst_structure_free);
}

static void
removed_cb (GstElement * src, GstTryonSession * session, gpointer user_data)
{
  GstStructure *stats = gst_tryon_session_get_stats (session);
  Pipeline *pipeline = user_data;

  g_mutex_lock (&pipeline->lock);
  add_counts (pipeline->past, stats);
  pipeline->sessions++;
  g_mutex_unlock (&pipeline->lock);
  gst_structure_free (stats);
}

static void
print_pipeline (Pipeline * pipeline)
{
  GstStructure *stats = NULL, *session = NULL;
  guint64 counts[N_COUNTS];
  guint outstanding = 0;
  gsize i;

  g_mutex_lock (&pipeline->lock);
  memcpy (counts, pipeline->past, sizeof (counts));
  g_mutex_unlock (&pipeline->lock);
  if (pipeline->src != NULL)
    g_object_get (pipeline->src, "stats", &stats, NULL);
  if (stats != NULL)
    gst_structure_get (stats, "session", GST_TYPE_STRUCTURE, &session, NULL);
  if (session != NULL) {
    add_counts (counts, session);
    gst_structure_get_uint (session, "frames-outstanding", &outstanding);
  }
  printf ("{\"frames-outstanding\":%u", outstanding);
  for (i = 0; i < N_COUNTS; i++)
    printf (",\"%s\":%" G_GUINT64_FORMAT, i < G_N_ELEMENTS (fields) ?
        fields[i] : reasons[i - G_N_ELEMENTS (fields)], counts[i]);
  printf ("}");
  g_clear_pointer (&session, gst_structure_free);
  g_clear_pointer (&stats, gst_structure_free);
}

static gboolean
print_cb (gpointer user_data)
{
  gint i;

  printf ("[");
  for (i = 0; i < n_pipelines; i++) {
    if (i > 0)
      printf (",");
    print_pipeline (&pipelines[i]);
  }
  printf ("]\n");
  fflush (stdout);
  return G_SOURCE_CONTINUE;
}

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

/* transfer full (nullable) */
static GstElement *
find_source (GstElement * bin)
{
  GstIterator *it = gst_bin_iterate_sources (GST_BIN (bin));
  GValue item = G_VALUE_INIT;
  GstElement *found = NULL;

  while (found == NULL && gst_iterator_next (it, &item) == GST_ITERATOR_OK) {
    GstElement *element = g_value_get_object (&item);
    GstElementFactory *factory = gst_element_get_factory (element);

    if (factory != NULL && g_strcmp0 (GST_OBJECT_NAME (factory),
            "tryonwssrc") == 0)
      found = gst_object_ref (element);
    g_value_reset (&item);
  }
  g_value_unset (&item);
  gst_iterator_free (it);
  return found;
}

static gboolean
start (Pipeline * pipeline, const gchar * template, gint number)
{
  gchar *description = expand (template, number);
  GError *error = NULL;
  GstElement *bin = gst_parse_launch (description, &error);
  GstBus *bus;

  g_free (description);
  if (bin == NULL) {
    fprintf (stderr, "host: %s\n", error->message);
    return FALSE;
  }
  bus = gst_pipeline_get_bus (GST_PIPELINE (bin));
  gst_bus_add_watch (bus, message_cb, NULL);
  gst_object_unref (bus);
  g_mutex_init (&pipeline->lock);
  pipeline->src = find_source (bin);
  if (pipeline->src != NULL)
    g_signal_connect (pipeline->src, "session-removed",
        G_CALLBACK (removed_cb), pipeline);
  if (gst_element_set_state (bin, GST_STATE_PLAYING) ==
      GST_STATE_CHANGE_FAILURE) {
    fprintf (stderr, "host: pipeline %d does not start\n", number);
    return FALSE;
  }
  return TRUE;
}

gint
main (gint argc, gchar ** argv)
{
  gint i;

  gst_init (&argc, &argv);
  if (argc != 3) {
    fprintf (stderr, "usage: host N DESCRIPTION\n");
    return 2;
  }
  n_pipelines = atoi (argv[1]);
  pipelines = g_new0 (Pipeline, n_pipelines);
  for (i = 0; i < n_pipelines; i++) {
    if (!start (&pipelines[i], argv[2], i))
      return 1;
  }
  g_unix_signal_add (SIGUSR1, print_cb, NULL);
  puts ("ready");
  fflush (stdout);
  g_main_loop_run (g_main_loop_new (NULL, FALSE));
  return 0;
}

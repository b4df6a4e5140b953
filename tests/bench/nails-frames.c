/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a frame with one hand costs `tryonnails`, from its sink pad to its source pad,
 * at 640x480, while it follows the hand.
 *
 * nails-frames lite|full PICTURE [SECONDS]: measures for so long, once it is warm, and
 * prints one line of JSON: milliseconds of its thread (the median; all is done in that
 * one), the frames, and how many hands and nails there were in one (the mean). */

#include <gst/gst.h>
#include <gst/tryon/tryon.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cputime.h"

/* Until the hand is found, and its nails are seen in full. */
#define WARM_UP 30
/* By when it is, or it hangs; with sanitizers a frame may take 50 ms. */
#define WARM_UP_SECONDS 60
#define MAX_FRAMES 100000

/* The pads' own thread fills it; it is read when that has ended. */
typedef struct
{
  gint64 start;
  gint64 times[MAX_FRAMES];
  guint n_frames;               /* those to warm up among them */
  guint64 hands, nails;
} Account;

/* The element changes frames in place: a decoder's are its own to change, those of
 * imagefreeze would be copied within the time that is measured. */
static GstPadProbeReturn
begin_frame (GstPad * pad, GstPadProbeInfo * info, gpointer data)
{
  Account *account = data;
  GstBuffer *shared = GST_PAD_PROBE_INFO_BUFFER (info);

  GST_PAD_PROBE_INFO_DATA (info) = gst_buffer_copy_deep (shared);
  gst_buffer_unref (shared);
  account->start = get_cpu_time ();
  return GST_PAD_PROBE_OK;
}

static GstPadProbeReturn
end_frame (GstPad * pad, GstPadProbeInfo * info, gpointer data)
{
  Account *account = data;
  gint64 now = get_cpu_time ();
  GstTryonNailsMeta *meta =
      gst_buffer_get_tryon_nails_meta (GST_PAD_PROBE_INFO_BUFFER (info));
  guint n = account->n_frames - MIN (account->n_frames, WARM_UP);

  if (n == MAX_FRAMES)
    return GST_PAD_PROBE_OK;
  if (account->n_frames++ < WARM_UP)
    return GST_PAD_PROBE_OK;
  if (n == 0) {
    GstElement *nails = gst_pad_get_parent_element (pad);

    gst_element_post_message (nails, gst_message_new_application (GST_OBJECT
            (nails), gst_structure_new_empty ("warm")));
    gst_object_unref (nails);
  }
  account->times[n] = now - account->start;
  if (meta != NULL) {
    account->hands += meta->n_hands;
    account->nails += meta->n_nails;
  }
  return GST_PAD_PROBE_OK;
}

static GstElement *
make_pipeline (const gchar * model, const gchar * picture, Account * account,
    GError ** error)
{
  gchar *line = g_strdup_printf ("filesrc name=file ! decodebin ! videoconvert"
      " ! videoscale ! video/x-raw,format=I420,width=640,height=480,"
      "pixel-aspect-ratio=1/1 ! imagefreeze ! tryonnails name=nails model=%s"
      " max-hands=1 pattern=solid ! fakesink sync=false", model);
  GstElement *pipeline = gst_parse_launch (line, error), *file, *nails;
  GstPad *sink, *src;

  g_free (line);
  if (*error != NULL)
    gst_clear_object (&pipeline);
  if (pipeline == NULL)
    return NULL;
  file = gst_bin_get_by_name (GST_BIN (pipeline), "file");
  g_object_set (file, "location", picture, NULL);
  gst_object_unref (file);
  nails = gst_bin_get_by_name (GST_BIN (pipeline), "nails");
  sink = gst_element_get_static_pad (nails, "sink");
  src = gst_element_get_static_pad (nails, "src");
  gst_pad_add_probe (sink, GST_PAD_PROBE_TYPE_BUFFER, begin_frame, account,
      NULL);
  gst_pad_add_probe (src, GST_PAD_PROBE_TYPE_BUFFER, end_frame, account, NULL);
  gst_object_unref (sink);
  gst_object_unref (src);
  gst_object_unref (nails);
  return pipeline;
}

/* For so long once it is warm, or until something fails: then what that was, (transfer
 * full). */
static GError *
run (GstElement * pipeline, gdouble seconds)
{
  GstBus *bus = gst_element_get_bus (pipeline);
  GstMessage *message;
  GError *error = NULL;

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  message = gst_bus_timed_pop_filtered (bus, WARM_UP_SECONDS * GST_SECOND,
      GST_MESSAGE_ERROR | GST_MESSAGE_APPLICATION);
  if (message == NULL)
    error = g_error_new (GST_CORE_ERROR, GST_CORE_ERROR_FAILED,
        "no %u frames within %u s", WARM_UP, WARM_UP_SECONDS);
  else if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_APPLICATION) {
    gst_clear_message (&message);
    message = gst_bus_timed_pop_filtered (bus, seconds * GST_SECOND,
        GST_MESSAGE_ERROR);
  }
  if (message != NULL)
    gst_message_parse_error (message, &error, NULL);
  gst_clear_message (&message);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (bus);
  return error;
}

static gint
compare (gconstpointer a, gconstpointer b)
{
  const gint64 x = *(const gint64 *) a, y = *(const gint64 *) b;

  return (x > y) - (x < y);
}

gint
main (gint argc, gchar ** argv)
{
  Account *account = g_new0 (Account, 1);
  GstElement *pipeline;
  GError *error = NULL;
  guint n;

  gst_init (&argc, &argv);
  if (argc < 3 || argc > 4 || (strcmp (argv[1], "lite") != 0
          && strcmp (argv[1], "full") != 0)) {
    fprintf (stderr, "usage: %s lite|full PICTURE [SECONDS]\n", argv[0]);
    return 2;
  }
  pipeline = make_pipeline (argv[1], argv[2], account, &error);
  if (pipeline != NULL) {
    error = run (pipeline, argc > 3 ? g_ascii_strtod (argv[3], NULL) : 5);
    gst_object_unref (pipeline);
  }
  if (error != NULL) {
    fprintf (stderr, "%s\n", error->message);
    g_error_free (error);
    return 1;
  }
  n = account->n_frames - MIN (account->n_frames, WARM_UP);
  qsort (account->times, n, sizeof (gint64), compare);
  printf ("{\"ms\": %.3f, \"frames\": %u, \"hands\": %.3f, \"nails\": %.3f}\n",
      account->times[n / 2] / 1e6, n, (gdouble) account->hands / MAX (n, 1),
      (gdouble) account->nails / MAX (n, 1));
  g_free (account);
  return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Draws designs on the nails of a picture, side by side, for human eyes; or times it.
 *
 *   bench-nails-sheet [--nails=FILE] [--models=FOLDER] [--output=FILE.png]
 *       [--size=WxH] [--crop=X,Y,W,H] [--zoom=N] [--columns=N] [--repeat=N]
 *       PICTURE DESIGN...
 *
 * DESIGN is a list such as shape=coffin,length=0.5,finish=gloss,pattern=french,
 * color=ffb01030,color2=ffffffff,reference=FILE (all of them optional), or `none`.
 * The nails are those that are found, unless FILE of --nails has a line for each:
 * finger (0 to 4), centre x, y, axis x, y, length, width, then the 32 corners of the
 * outline, all in pixels of the picture.
 * With --repeat, prints milliseconds for each frame in place of writing any. */

#include <gst/gst.h>
#include <gst/video/video.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gsttryonhandtracker.h"
#include "gsttryonnailfinder.h"
#include "gsttryonnailnet.h"
#include "gsttryonnailpainter.h"
#include "gsttryonreference.h"

#define MAX_DESIGNS 64

static gchar *nails_path, *models, *output, *crop, *size;
static gint zoom = 1, repeat, columns;

/* (nullable): without --models, when the nails are given. */
static GstTryonNetPool *palm, *landmarks, *nail_net;

static GOptionEntry options[] = {
  {"models", 0, 0, G_OPTION_ARG_FILENAME, &models, "Hand models", "FOLDER"},
  {"nails", 0, 0, G_OPTION_ARG_FILENAME, &nails_path, "The nails", "FILE"},
  {"output", 0, 0, G_OPTION_ARG_FILENAME, &output, "A PNG", "FILE"},
  {"crop", 0, 0, G_OPTION_ARG_STRING, &crop, "Of the picture", "X,Y,W,H"},
  {"size", 0, 0, G_OPTION_ARG_STRING, &size, "To scale it to", "WxH"},
  {"zoom", 0, 0, G_OPTION_ARG_INT, &zoom, "Enlarge the result", "N"},
  {"repeat", 0, 0, G_OPTION_ARG_INT, &repeat, "Measure time", "N"},
  {"columns", 0, 0, G_OPTION_ARG_INT, &columns, "Pictures in a row", "N"},
  {NULL}
};

static void
die (const gchar * what, const gchar * why)
{
  g_printerr ("nails-sheet: %s: %s\n", what, why);
  exit (1);
}

/* (transfer full): the picture in I420. */
static GstSample *
load_picture (const gchar * path)
{
  GError *error = NULL;
  gchar *line = g_strdup_printf ("filesrc name=file ! decodebin ! videoconvert"
      " ! videoscale ! video/x-raw,format=I420,pixel-aspect-ratio=1/1%s%s%s%s"
      " ! fakesink name=end sync=false", size ? ",width=" : "",
      size ? strtok (g_strdup (size), "x") : "", size ? ",height=" : "",
      size ? strchr (size, 'x') + 1 : "");
  GstElement *pipeline = gst_parse_launch (line, &error);
  GstElement *end, *file;
  GstSample *sample = NULL;
  GstMessage *message;
  GstBus *bus;

  if (pipeline == NULL)
    die (line, error->message);
  g_free (line);
  end = gst_bin_get_by_name (GST_BIN (pipeline), "end");
  file = gst_bin_get_by_name (GST_BIN (pipeline), "file");
  g_object_set (file, "location", path, NULL);
  gst_object_unref (file);
  bus = gst_element_get_bus (pipeline);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  message = gst_bus_timed_pop_filtered (bus, 20 * GST_SECOND,
      GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  if (message == NULL || GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR)
    die (path, "can't be decoded");
  g_object_get (end, "last-sample", &sample, NULL);
  if (sample == NULL)
    die (path, "has no picture");
  gst_message_unref (message);
  gst_object_unref (bus);
  gst_object_unref (end);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pipeline);
  return sample;
}

static guint
load_nails (const gchar * path, GstTryonNail * nails)
{
  gchar *text, **lines;
  guint n = 0, i, k;

  if (!g_file_get_contents (path, &text, NULL, NULL))
    die (path, "can't be read");
  lines = g_strsplit (text, "\n", -1);
  for (i = 0; lines[i] != NULL && n < GST_TRYON_MAX_NAILS; i++) {
    gfloat v[7 + 2 * GST_TRYON_NAIL_OUTLINE];
    gchar *at = lines[i];

    if (*at == '\0')
      continue;
    for (k = 0; k < G_N_ELEMENTS (v); k++)
      v[k] = g_ascii_strtod (at, &at);
    nails[n] = (GstTryonNail) {
      0, v[0], 1, 1, {
      v[1], v[2]}
      , {
      v[3], v[4]}
      , v[5], v[6], { {
      0}
      }
    };
    for (k = 0; k < GST_TRYON_NAIL_OUTLINE; k++)
      nails[n].outline[k] = (GstTryonPoint) {
      v[7 + 2 * k], v[8 + 2 * k]};
    n++;
  }
  g_strfreev (lines);
  g_free (text);
  return n;
}

static void
open_models (void)
{
  GError *error = NULL;

  if (!gst_tryon_hand_models_open (models, GST_TRYON_HAND_MODEL_FULL, &palm,
          &landmarks, &error))
    die ("models", error->message);
  nail_net = gst_tryon_nail_net_open (&error);
  if (nail_net == NULL)
    die ("models", error->message);
}

static guint
find_nails (const GstVideoInfo * info, GstBuffer * picture,
    GstTryonNail * nails)
{
  GstTryonHandTracker *tracker = gst_tryon_hand_tracker_new (palm, landmarks);
  GstTryonNailFinder *finder = gst_tryon_nail_finder_new (nail_net);
  GstTryonHand hands[GST_TRYON_MAX_HANDS];
  guint n_hands = 0, n = 0, i;
  GError *error = NULL;
  GstVideoFrame frame;

  gst_tryon_nail_finder_set_smooth (finder, FALSE);
  gst_video_frame_map (&frame, info, picture, GST_MAP_READ);
  for (i = 0; i < GST_TRYON_PALM_N_VIEWS + 1; i++) {
    if (!gst_tryon_hand_tracker_track (tracker, &frame, i * GST_SECOND, hands,
            &n_hands, &error))
      die ("hands", error->message);
  }
  if (!gst_tryon_nail_finder_find (finder, &frame, 0, hands, n_hands, nails, &n,
          &error))
    die ("nails", error->message);
  gst_video_frame_unmap (&frame);
  gst_tryon_nail_finder_free (finder);
  gst_tryon_hand_tracker_free (tracker);
  g_printerr ("%u hands, %u nails\n", n_hands, n);
  return n;
}

static gint
enum_value (GType type, const gchar * nick)
{
  GEnumClass *klass = g_type_class_ref (type);
  GEnumValue *value = g_enum_get_value_by_nick (klass, nick);

  if (value == NULL)
    die (nick, "no such value");
  return value->value;
}

static void
set_reference (GstTryonDesign * design, const gchar * path)
{
  GstTryonNailTexture *textures[GST_TRYON_N_FINGERS];
  GError *error = NULL;
  GBytes *bytes;
  gchar *data;
  gsize length;
  guint i;

  if (!g_file_get_contents (path, &data, &length, &error))
    die (path, error->message);
  bytes = g_bytes_new_take (data, length);
  if (!gst_tryon_reference_take (bytes, palm, landmarks, nail_net, textures,
          NULL, &error))
    die (path, error->message);
  for (i = 0; i < GST_TRYON_N_FINGERS; i++) {
    gst_tryon_design_set_texture (design, i, textures[i]);
    gst_tryon_nail_texture_unref (textures[i]);
  }
  g_bytes_unref (bytes);
  design->pattern = GST_TRYON_NAIL_PATTERN_REFERENCE;
}

/* FALSE for none. */
static gboolean
parse_design (const gchar * text, GstTryonDesign * design)
{
  gchar **parts = g_strsplit (text, ",", -1);
  guint i;

  gst_tryon_design_init (design);
  if (strcmp (text, "none") == 0)
    return FALSE;
  for (i = 0; parts[i] != NULL; i++) {
    gchar *value = strchr (parts[i], '=');

    if (value == NULL)
      die (parts[i], "is not name=value");
    *value++ = '\0';
    if (strcmp (parts[i], "shape") == 0)
      design->shape = enum_value (gst_tryon_nail_shape_get_type (), value);
    else if (strcmp (parts[i], "length") == 0)
      design->length = g_ascii_strtod (value, NULL);
    else if (strcmp (parts[i], "finish") == 0)
      design->finish = enum_value (gst_tryon_nail_finish_get_type (), value);
    else if (strcmp (parts[i], "pattern") == 0)
      design->pattern = enum_value (gst_tryon_nail_pattern_get_type (), value);
    else if (strcmp (parts[i], "color") == 0)
      design->color = g_ascii_strtoull (value, NULL, 16);
    else if (strcmp (parts[i], "color2") == 0)
      design->color2 = g_ascii_strtoull (value, NULL, 16);
    else if (strcmp (parts[i], "reference") == 0)
      set_reference (design, value);
    else
      die (parts[i], "no such name");
  }
  g_strfreev (parts);
  return TRUE;
}

static GstBuffer *
paint (GstTryonNailPainter * painter, const GstVideoInfo * info,
    GstBuffer * picture, const GstTryonNail * nails, guint n,
    const GstTryonDesign * design)
{
  GstBuffer *copy = gst_buffer_copy_deep (picture);
  GstVideoFrame frame;

  if (design == NULL)
    return copy;
  gst_video_frame_map (&frame, info, copy, GST_MAP_READWRITE);
  gst_tryon_nail_painter_paint (painter, &frame, nails, n, design);
  gst_video_frame_unmap (&frame);
  return copy;
}

static void
measure (GstTryonNailPainter * painter, const GstVideoInfo * info,
    GstBuffer * picture, const GstTryonNail * nails, guint n,
    const GstTryonDesign * design, const gchar * name)
{
  GstBuffer *copy = gst_buffer_copy_deep (picture);
  gint64 best = G_MAXINT64, sum = 0, took;
  GstVideoFrame frame;
  gint i;

  gst_video_frame_map (&frame, info, copy, GST_MAP_READWRITE);
  for (i = 0; i < repeat; i++) {
    took = -g_get_monotonic_time ();
    gst_tryon_nail_painter_paint (painter, &frame, nails, n, design);
    took += g_get_monotonic_time ();
    best = MIN (best, took);
    sum += took;
  }
  gst_video_frame_unmap (&frame);
  gst_buffer_unref (copy);
  g_print ("%6.3f ms mean, %6.3f ms best, %u nails: %s\n",
      sum / 1000.0 / repeat, best / 1000.0, n, name);
}

/* Sets a picture into the sheet, RGB, cropped and enlarged. */
static void
place (guint8 * sheet, gsize stride, gint x0, gint y0, const gint * box,
    GstVideoInfo * info, GstBuffer * picture)
{
  GstCaps *from = gst_video_info_to_caps (info);
  GstCaps *to = gst_caps_from_string ("video/x-raw,format=RGB");
  GstSample *sample = gst_sample_new (picture, from, NULL, NULL), *rgb;
  GstVideoFrame frame;
  GstVideoInfo out;
  gint x, y;

  rgb = gst_video_convert_sample (sample, to, 10 * GST_SECOND, NULL);
  gst_video_info_from_caps (&out, gst_sample_get_caps (rgb));
  gst_video_frame_map (&frame, &out, gst_sample_get_buffer (rgb), GST_MAP_READ);
  for (y = 0; y < box[3] * zoom; y++) {
    for (x = 0; x < box[2] * zoom; x++)
      memcpy (sheet + (y0 + y) * stride + 3 * (x0 + x),
          (guint8 *) GST_VIDEO_FRAME_PLANE_DATA (&frame, 0) +
          GST_VIDEO_FRAME_PLANE_STRIDE (&frame, 0) * (box[1] + y / zoom) +
          3 * (box[0] + x / zoom), 3);
  }
  gst_video_frame_unmap (&frame);
  gst_sample_unref (rgb);
  gst_sample_unref (sample);
  gst_caps_unref (from);
  gst_caps_unref (to);
}

static void
write_sheet (guint8 * sheet, gint width, gint height)
{
  GstCaps *caps = gst_caps_new_simple ("video/x-raw", "format", G_TYPE_STRING,
      "RGB", "width", G_TYPE_INT, width, "height", G_TYPE_INT, height,
      "framerate", GST_TYPE_FRACTION, 1, 1, NULL);
  GstCaps *png = gst_caps_new_empty_simple ("image/png");
  GstBuffer *buffer = gst_buffer_new_wrapped (sheet,
      GST_ROUND_UP_4 (3 * width) * height);
  GstSample *sample = gst_sample_new (buffer, caps, NULL, NULL), *encoded;
  GError *error = NULL;
  GstMapInfo map;

  encoded = gst_video_convert_sample (sample, png, 60 * GST_SECOND, &error);
  if (encoded == NULL)
    die (output, error->message);
  gst_buffer_map (gst_sample_get_buffer (encoded), &map, GST_MAP_READ);
  if (!g_file_set_contents (output, (gchar *) map.data, map.size, &error))
    die (output, error->message);
  gst_buffer_unmap (gst_sample_get_buffer (encoded), &map);
  gst_sample_unref (encoded);
  gst_sample_unref (sample);
  gst_buffer_unref (buffer);
  gst_caps_unref (caps);
  gst_caps_unref (png);
}

int
main (int argc, char **argv)
{
  GOptionContext *context = g_option_context_new ("PICTURE DESIGN...");
  GstTryonNailPainter *painter = gst_tryon_nail_painter_new ();
  GstTryonNail nails[GST_TRYON_MAX_NAILS];
  GstTryonDesign design;
  GstSample *sample;
  GstBuffer *picture, *painted;
  GstVideoInfo info;
  GError *error = NULL;
  guint8 *sheet = NULL;
  gsize stride = 0;
  gint box[4], i, n, n_nails, width = 0, height = 0;

  g_option_context_add_main_entries (context, options, NULL);
  g_option_context_add_group (context, gst_init_get_option_group ());
  if (!g_option_context_parse (context, &argc, &argv, &error))
    die ("options", error->message);
  if (argc < 3 || (output == NULL && repeat == 0))
    die ("usage", "--output=FILE PICTURE DESIGN...");
  if (models != NULL || nails_path == NULL)
    open_models ();
  sample = load_picture (argv[1]);
  picture = gst_sample_get_buffer (sample);
  gst_video_info_from_caps (&info, gst_sample_get_caps (sample));
  n_nails = nails_path != NULL ? load_nails (nails_path, nails) :
      find_nails (&info, picture, nails);
  box[0] = box[1] = 0;
  box[2] = info.width;
  box[3] = info.height;
  if (crop != NULL && sscanf (crop, "%d,%d,%d,%d", &box[0], &box[1], &box[2],
          &box[3]) != 4)
    die (crop, "is not X,Y,W,H");
  n = argc - 2;
  if (columns == 0)
    columns = n;
  if (repeat == 0) {
    width = columns * box[2] * zoom;
    height = (n + columns - 1) / columns * box[3] * zoom;
    stride = GST_ROUND_UP_4 (3 * width);
    sheet = g_malloc0 (stride * height);
  }
  for (i = 0; i < n; i++) {
    gboolean some = parse_design (argv[2 + i], &design);

    if (repeat > 0) {
      measure (painter, &info, picture, nails, n_nails, &design, argv[2 + i]);
    } else {
      painted = paint (painter, &info, picture, nails, n_nails,
          some ? &design : NULL);
      place (sheet, stride, i % columns * box[2] * zoom,
          i / columns * box[3] * zoom, box, &info, painted);
      gst_buffer_unref (painted);
    }
    gst_tryon_design_clear (&design);
  }
  if (repeat == 0)
    write_sheet (sheet, width, height);
  gst_sample_unref (sample);
  g_clear_pointer (&palm, gst_tryon_net_pool_unref);
  g_clear_pointer (&landmarks, gst_tryon_net_pool_unref);
  g_clear_pointer (&nail_net, gst_tryon_net_pool_unref);
  gst_tryon_nail_painter_free (painter);
  g_option_context_free (context);
  return 0;
}

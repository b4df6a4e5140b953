/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the tests of tryonnails share: whether there are models, a harness with a bus,
 * frames, and the picture of a hand that tools/draw-hand draws. */

#include <string.h>
#include <glib/gstdio.h>
#include <webp/encode.h>
#include <gst/check/gstcheck.h>
#include <gst/check/gstharness.h>
#include <gst/video/video.h>
#include <gst/tryon/tryon.h>

#define FRAME_TIME (GST_SECOND / 25)
/* More than it takes for nails to be seen in full. */
#define N_FRAMES 12

static const gchar *const all_formats[] = {
  "I420", "YV12", "NV12", "A420", "RGB", "BGR", "RGBA", "BGRA", "RGBx", "BGRx",
  "xRGB", "xBGR", "ARGB", "ABGR"
};

/* ---- harness ---- */

/* (transfer full): the element, with a bus. */
static inline GstElement *
new_element (void)
{
  GstElement *element = gst_element_factory_make ("tryonnails", NULL);
  GstBus *bus = gst_bus_new ();

  fail_unless (element != NULL);
  gst_element_set_bus (element, bus);
  gst_object_unref (bus);
  return element;
}

static inline void
free_element (GstElement * element)
{
  gst_element_set_state (element, GST_STATE_NULL);
  gst_element_set_bus (element, NULL);
  gst_object_unref (element);
}

/* @element (transfer full), which plays from now on. */
static inline GstHarness *
new_harness_with (GstElement * element)
{
  GstHarness *h = gst_harness_new_with_element (element, "sink", "src");

  gst_object_unref (element);
  return h;
}

static inline void
teardown_harness (GstHarness * h)
{
  gst_element_set_bus (h->element, NULL);
  gst_harness_teardown (h);
}

static inline void
set_caps (GstHarness * h, const gchar * format, gint width, gint height)
{
  gchar *caps = g_strdup_printf ("video/x-raw, format=%s, width=%d, height=%d, "
      "framerate=(fraction)25/1", format, width, height);

  gst_harness_set_src_caps_str (h, caps);
  g_free (caps);
}

static inline GstHarness *
new_harness (const gchar * format, gint width, gint height)
{
  GstHarness *h = new_harness_with (new_element ());

  set_caps (h, format, width, height);
  return h;
}

/* (transfer full) (nullable): the next message of these types, if there is one within
 * the time. Those of other types in front of it are lost. */
static inline GstMessage *
take_message (GstElement * element, GstMessageType types, GstClockTime timeout)
{
  GstBus *bus = gst_element_get_bus (element);
  GstMessage *message = gst_bus_timed_pop_filtered (bus, timeout, types);

  gst_object_unref (bus);
  return message;
}

/* (transfer full): the next element message of this name. */
static inline GstStructure *
wait_for_structure (GstHarness * h, const gchar * name)
{
  GstStructure *structure = NULL;
  GstMessage *message;

  while (structure == NULL) {
    message = take_message (h->element, GST_MESSAGE_ELEMENT, 20 * GST_SECOND);
    fail_unless (message != NULL, "no %s", name);
    if (gst_message_has_name (message, name))
      structure = gst_structure_copy (gst_message_get_structure (message));
    gst_message_unref (message);
  }
  return structure;
}

static inline guint
count_messages (GstHarness * h, GstMessageType type)
{
  GstMessage *message;
  guint n = 0;

  while ((message = take_message (h->element, type, 0)) != NULL) {
    n++;
    gst_message_unref (message);
  }
  return n;
}

static inline guint64
get_stat (GstHarness * h, const gchar * name)
{
  GstStructure *stats;
  guint64 value;

  g_object_get (h->element, "stats", &stats, NULL);
  fail_unless (gst_structure_has_name (stats,
          "application/x-tryon-nails-stats"));
  fail_unless (gst_structure_get_uint64 (stats, name, &value), "no %s", name);
  gst_structure_free (stats);
  return value;
}

/* ---- models ---- */

/* Without models little can be tested: then it says so, FALSE. No check of its own: it
 * runs outside of tests, too. */
static inline gboolean
have_models (void)
{
  static gint known = -1;
  GstElement *element = gst_element_factory_make ("tryonnails", NULL);
  GstMessage *message = NULL;
  GError *error = NULL;
  GstBus *bus;

  if (known < 0 && element != NULL) {
    known = TRUE;
    bus = gst_bus_new ();
    gst_element_set_bus (element, bus);
    if (gst_element_set_state (element, GST_STATE_PAUSED)
        == GST_STATE_CHANGE_FAILURE)
      message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
    if (message != NULL)
      gst_message_parse_error (message, &error, NULL);
    /* Another error is one that tests are to fail by. */
    if (error != NULL && strstr (error->message, "tools/fetch-models")) {
      g_print ("SKIPPED: %s\n", error->message);
      known = FALSE;
    }
    g_clear_error (&error);
    g_clear_pointer (&message, gst_message_unref);
    gst_element_set_state (element, GST_STATE_NULL);
    gst_element_set_bus (element, NULL);
    gst_object_unref (bus);
  }
  gst_clear_object (&element);
  return known;
}

/* ---- frames ---- */

/* (transfer full): a copy of @frame as it is pushed, at its place in time. */
static inline GstBuffer *
copy_frame (GstBuffer * frame, guint number)
{
  GstBuffer *copy = gst_buffer_copy_deep (frame);

  GST_BUFFER_PTS (copy) = number * FRAME_TIME;
  GST_BUFFER_DURATION (copy) = FRAME_TIME;
  return copy;
}

/* (transfer full): what @source, a description of elements, gives first, in this
 * format. */
static inline GstBuffer *
new_frame_of (const gchar * source, const gchar * format, gint width,
    gint height)
{
  gchar *line = g_strdup_printf ("%s ! videoconvert ! videoscale ! "
      "video/x-raw,format=%s,width=%d,height=%d ! fakesink name=sink", source,
      format, width, height);
  GstElement *pipeline = gst_parse_launch (line, NULL), *sink;
  GstSample *sample = NULL;
  GstMessage *message;
  GstBuffer *buffer;

  fail_unless (pipeline != NULL);
  sink = gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  message = gst_bus_timed_pop_filtered (GST_ELEMENT_BUS (pipeline),
      20 * GST_SECOND, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  fail_unless (message != NULL);
  fail_unless_equals_int (GST_MESSAGE_TYPE (message), GST_MESSAGE_EOS);
  gst_message_unref (message);
  g_object_get (sink, "last-sample", &sample, NULL);
  buffer = gst_buffer_copy_deep (gst_sample_get_buffer (sample));
  gst_sample_unref (sample);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (sink);
  gst_object_unref (pipeline);
  g_free (line);
  return buffer;
}

static inline GstBuffer *
new_pattern (const gchar * pattern, const gchar * format, gint width,
    gint height)
{
  gchar *source = g_strdup_printf ("videotestsrc pattern=%s num-buffers=1",
      pattern);
  GstBuffer *frame = new_frame_of (source, format, width, height);

  g_free (source);
  return frame;
}

/* (transfer full): what came of the frame that is pushed. */
static inline GstBuffer *
push_frame (GstHarness * h, GstBuffer * frame)
{
  GstBuffer *out;

  fail_unless_equals_int (gst_harness_push (h, frame), GST_FLOW_OK);
  out = gst_harness_try_pull (h);
  fail_unless (out != NULL);
  return out;
}

static inline gboolean
is_equal (GstBuffer * a, GstBuffer * b)
{
  GstMapInfo map;
  gboolean equal;

  fail_unless (gst_buffer_map (a, &map, GST_MAP_READ));
  equal = map.size == gst_buffer_get_size (b)
      && gst_buffer_memcmp (b, 0, map.data, map.size) == 0;
  gst_buffer_unmap (a, &map);
  return equal;
}

/* ---- references ---- */

/* (transfer full): a WebP image of one colour. */
static inline GstBuffer *
new_swatch (guint8 r, guint8 g, guint8 b)
{
  guint8 rgb[64 * 64 * 3], *webp;
  gsize size, i;

  for (i = 0; i < sizeof (rgb); i += 3) {
    rgb[i] = r;
    rgb[i + 1] = g;
    rgb[i + 2] = b;
  }
  size = WebPEncodeLosslessRGB (rgb, 64, 64, 64 * 3, &webp);
  fail_unless (size > 0);
  return gst_buffer_new_wrapped_full (0, webp, size, 0, size, webp, WebPFree);
}

/* (transfer full): the path of a file that holds it. */
static inline gchar *
write_file (GstBuffer * buffer)
{
  gchar *path;
  gint fd = g_file_open_tmp ("tryonnails-XXXXXX", &path, NULL);
  GstMapInfo map;

  fail_unless (fd >= 0);
  g_close (fd, NULL);
  fail_unless (gst_buffer_map (buffer, &map, GST_MAP_READ));
  fail_unless (g_file_set_contents (path, (gchar *) map.data, map.size, NULL));
  gst_buffer_unmap (buffer, &map);
  gst_buffer_unref (buffer);
  return path;
}

/* ---- a hand ---- */

#define HAND_WIDTH 640
#define HAND_HEIGHT 480

/* (nullable): a picture of what tools/draw-hand draws; where there is none it says
 * so. */
static inline const gchar *
get_hand_path (void)
{
  const gchar *path = g_getenv ("TRYON_HAND");

  if (path != NULL && g_file_test (path, G_FILE_TEST_EXISTS))
    return path;
  g_print ("SKIPPED: no drawn hand: tools/draw-hand needs python3-numpy and "
      "python3-pil when the build is configured\n");
  return NULL;
}

/* (transfer full) (nullable): the picture, NULL when models or picture are missing. */
static inline GstBuffer *
new_hand (const gchar * format)
{
  const gchar *path = have_models ()? get_hand_path () : NULL;
  GstBuffer *frame;
  gchar *source;

  if (path == NULL)
    return NULL;
  source = g_strdup_printf ("filesrc location=\"%s\" ! jpegdec", path);
  frame = new_frame_of (source, format, HAND_WIDTH, HAND_HEIGHT);
  g_free (source);
  return frame;
}

/* (transfer full): what the last one of so many of these frames became. */
static inline GstBuffer *
push_many (GstHarness * h, GstBuffer * frame, guint first, guint n)
{
  GstBuffer *out = NULL;
  guint i;

  for (i = 0; i < n; i++) {
    gst_clear_buffer (&out);
    out = push_frame (h, copy_frame (frame, first + i));
  }
  return out;
}

static inline GstTryonNailsMeta *
get_meta (GstBuffer * buffer)
{
  GstTryonNailsMeta *meta = gst_buffer_get_tryon_nails_meta (buffer);

  fail_unless (meta != NULL);
  return meta;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the tests of tryonwebpdec and tryonwebpenc share: pictures, their WebP,
 * harnesses with a bus, sessions with a client. */

#include <string.h>
#include <webp/decode.h>
#include <webp/encode.h>
#include <gst/check/gstcheck.h>
#include <gst/check/gstharness.h>
#include <gst/video/video.h>
#include <gst/tryon/tryon.h>

#define FRAME_TIME (GST_SECOND / 30)

/* ---- pictures ---- */

/* (transfer full): a picture of a camera's kind: a photograph, if there are
 * any, else a generated one. YUV is BT.601. */
static inline GstBuffer *
new_camera_picture (const gchar * format, guint width, guint height)
{
  const gchar *folder = g_getenv ("TRYON_PHOTOS");
  gchar *path = NULL, *source, *line;
  GstElement *pipeline, *sink;
  GstSample *sample = NULL;
  GstMessage *message;
  GstBuffer *buffer;

  if (folder != NULL)
    path = g_build_filename (folder, "nails-cc0", "images",
        "41d83dbb-7c39-4d91-979e-eec5ff71b265.jpg", NULL);
  if (path != NULL && g_file_test (path, G_FILE_TEST_EXISTS)) {
    g_print ("a photograph is used\n");
    source = g_strdup_printf ("filesrc location=\"%s\" ! jpegdec", path);
  } else {
    g_print ("no photographs: a generated picture is used\n");
    source = g_strdup ("videotestsrc pattern=snow num-buffers=1 ! "
        "video/x-raw,format=I420,width=80,height=60");
  }
  line = g_strdup_printf ("%s ! videoconvert ! videoscale ! "
      "video/x-raw,format=%s,width=%u,height=%u,colorimetry=%s ! "
      "fakesink name=sink", source, format, width, height,
      strchr (format, '4') != NULL ? "bt601" : "sRGB");
  pipeline = gst_parse_launch (line, NULL);
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
  g_free (source);
  g_free (path);
  return buffer;
}

/* RGBA with flat parts, edges, noise, and alpha of all values. */
static inline guint8 *
new_picture (guint width, guint height)
{
  guint8 *rgba = g_malloc (width * height * 4);
  guint32 noise = 1;
  guint x, y;

  for (y = 0; y < height; y++) {
    for (x = 0; x < width; x++) {
      guint8 *p = rgba + (y * width + x) * 4;

      noise = noise * 1664525 + 1013904223;
      p[0] = x * 255 / width;
      p[1] = y * 255 / height;
      p[2] = (x / 8 + y / 8) % 2 ? 200 : noise >> 24;
      p[3] = (x + y) % 256;
    }
  }
  return rgba;
}

typedef enum
{
  LOSSY,
  LOSSY_ALPHA,
  LOSSLESS,
  LOSSLESS_ALPHA,
  N_KINDS,
} Kind;

static inline GstBuffer *
take_webp (guint8 * data, gsize size)
{
  fail_unless (size > 0);
  return gst_buffer_new_wrapped_full (0, data, size, 0, size, data, WebPFree);
}

static inline GstBuffer *
new_webp_of_rgba (const guint8 * rgba, guint width, guint height, Kind kind)
{
  guint8 *opaque = NULL, *webp = NULL;
  gsize size, i;

  if (kind == LOSSY || kind == LOSSLESS) {
    opaque = g_memdup2 (rgba, width * height * 4);
    for (i = 0; i < width * height; i++)
      opaque[i * 4 + 3] = 255;
    rgba = opaque;
  }
  if (kind == LOSSLESS || kind == LOSSLESS_ALPHA)
    size = WebPEncodeLosslessRGBA (rgba, width, height, width * 4, &webp);
  else
    size = WebPEncodeRGBA (rgba, width, height, width * 4, 75, &webp);
  g_free (opaque);
  return take_webp (webp, size);
}

static inline GstBuffer *
new_webp (guint width, guint height, Kind kind)
{
  guint8 *rgba = new_picture (width, height);
  GstBuffer *buffer = new_webp_of_rgba (rgba, width, height, kind);

  g_free (rgba);
  return buffer;
}

static inline GstBuffer *
new_webp_frame (guint number, guint width, guint height)
{
  GstBuffer *buffer = new_webp (width, height, LOSSY);

  GST_BUFFER_PTS (buffer) = number * FRAME_TIME;
  return buffer;
}

/* ---- harness ---- */

static inline GstHarness *
new_harness_with_bus (const gchar * factory)
{
  GstHarness *h = gst_harness_new (factory);
  GstBus *bus = gst_bus_new ();

  gst_element_set_bus (h->element, bus);
  gst_object_unref (bus);
  return h;
}

static inline void
teardown_harness (GstHarness * h)
{
  gst_element_set_bus (h->element, NULL);
  gst_harness_teardown (h);
}

static inline guint
count_messages (GstHarness * h, GstMessageType type)
{
  GstBus *bus = gst_element_get_bus (h->element);
  GstMessage *message;
  guint n = 0;

  while ((message = gst_bus_pop_filtered (bus, type)) != NULL) {
    n++;
    gst_message_unref (message);
  }
  gst_object_unref (bus);
  return n;
}

static inline guint64
get_stat (GstHarness * h, const gchar * name)
{
  GstStructure *stats;
  guint64 value;

  g_object_get (h->element, "stats", &stats, NULL);
  fail_unless (g_str_has_prefix (gst_structure_get_name (stats),
          "application/x-tryonwebp"));
  fail_unless (gst_structure_get_uint64 (stats, name, &value));
  gst_structure_free (stats);
  return value;
}

static inline void
get_caps_info (GstPad * pad, GstVideoInfo * info)
{
  GstCaps *caps = gst_pad_get_current_caps (pad);

  fail_unless (caps != NULL);
  fail_unless (gst_video_info_from_caps (info, caps));
  gst_caps_unref (caps);
}

static inline void
push (GstHarness * h, GstBuffer * buffer)
{
  fail_unless_equals_int (gst_harness_push (h, buffer), GST_FLOW_OK);
}

/* What came of the frame that was pushed: it must be there already. */
static inline GstBuffer *
pull (GstHarness * h)
{
  GstBuffer *out = gst_harness_try_pull (h);

  fail_unless (out != NULL);
  return out;
}

/* Makes frames before 2 + 2 * 1 + 1 frame times late. */
static inline void
send_late_qos (GstHarness * h)
{
  fail_unless (gst_harness_push_upstream_event (h,
          gst_event_new_qos (GST_QOS_TYPE_UNDERFLOW, 2.0, FRAME_TIME,
              2 * FRAME_TIME)));
}

/* For h with @elements as a pipeline: a hundred times to EOS and back. */
static inline void
cycle_states (const gchar * elements)
{
  GstElement *pipeline = gst_parse_launch (elements, NULL);
  GstMessage *message;
  guint i;

  fail_unless (pipeline != NULL);
  for (i = 0; i < 100; i++) {
    gst_element_set_state (pipeline, GST_STATE_PLAYING);
    message = gst_bus_timed_pop_filtered (GST_ELEMENT_BUS (pipeline),
        10 * GST_SECOND, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
    fail_unless (message != NULL);
    fail_unless_equals_int (GST_MESSAGE_TYPE (message), GST_MESSAGE_EOS);
    gst_message_unref (message);
    fail_unless_equals_int (gst_element_set_state (pipeline, GST_STATE_NULL),
        GST_STATE_CHANGE_SUCCESS);
  }
  gst_object_unref (pipeline);
}

/* A frame's meta comes through @h with all that is in it. */
static inline void
check_meta_survives (GstHarness * h, GstBuffer * frame)
{
  GstTryonFrameMeta *meta;
  GstBuffer *out;

  GST_BUFFER_PTS (frame) = 7 * FRAME_TIME;
  meta = gst_buffer_add_tryon_frame_meta (frame, 41, 123456789, 987654321);
  meta->ai_latency = 5;
  meta->flags = GST_TRYON_FRAME_FLAG_NOT_PROCESSED;
  push (h, frame);
  out = pull (h);
  fail_unless_equals_uint64 (GST_BUFFER_PTS (out), 7 * FRAME_TIME);
  meta = gst_buffer_get_tryon_frame_meta (out);
  fail_unless (meta != NULL);
  fail_unless_equals_int (meta->sequence, 41);
  fail_unless_equals_uint64 (meta->capture_time, 123456789);
  fail_unless_equals_int64 (meta->arrival, 987654321);
  fail_unless_equals_int (meta->ai_latency, 5);
  fail_unless_equals_int (meta->flags, GST_TRYON_FRAME_FLAG_NOT_PROCESSED);
  gst_buffer_unref (out);
}

/* ---- sessions ---- */

static inline void
session_wake (gpointer user_data)
{
}

/* A session with a client, which @h serves from now on. */
static inline GstTryonSession *
new_session (GstHarness * h, const gchar * id)
{
  static const gchar init[] = "{\"type\":\"init_session\"}";
  GstTryonSession *session = gst_tryon_session_new (id, NULL);

  fail_unless (gst_tryon_session_connect (session, session_wake, NULL, NULL));
  gst_tryon_session_receive_text (session, init, strlen (init));
  fail_unless (gst_harness_push_event (h,
          gst_tryon_event_new_session (session)));
  return session;
}

/* The client sends a frame, and the pipeline takes it from the session.
 * @buffer (transfer full): what stands for it now, whatever that is. */
static inline GstBuffer *
receive_frame (GstTryonSession * session, guint sequence, GstBuffer * buffer)
{
  GstBuffer *image = new_webp (16, 16, LOSSY), *message;
  GstTryonFrameHeader header = { GST_TRYON_FRAME_TYPE_FRAME, 0, sequence, 1, 0,
    0, gst_buffer_get_size (image)
  };
  guint8 *bytes = g_malloc (GST_TRYON_PROTOCOL_HEADER_SIZE);
  GstMiniObject *item = NULL;
  GstTryonImageInfo info;
  gint64 arrival;

  gst_tryon_frame_header_write (&header, bytes);
  message = gst_buffer_append (gst_buffer_new_wrapped (bytes,
          GST_TRYON_PROTOCOL_HEADER_SIZE), image);
  gst_tryon_session_receive_binary (session, message);
  do {
    g_clear_pointer (&item, gst_mini_object_unref);
    fail_unless_equals_int (gst_tryon_session_pull (session, &item, &info,
            &arrival), GST_FLOW_OK);
  } while (!GST_IS_BUFFER (item));
  gst_mini_object_unref (item);

  buffer = gst_buffer_make_writable (buffer);
  gst_buffer_add_tryon_frame_meta (buffer, sequence, 1, arrival);
  GST_BUFFER_PTS (buffer) = sequence * FRAME_TIME;
  return buffer;
}

/* What the client gets next must be that drop. (transfer full) (nullable): the
 * `error` message in front of it. */
static inline GstStructure *
take_drop (GstTryonSession * session, guint sequence, GstTryonDropReason reason)
{
  GstStructure *error = NULL, *message;
  GstTryonFrameHeader header;
  GstTryonOutput output;

  while (TRUE) {
    fail_unless (gst_tryon_session_next_output (session, &output));
    if (!output.is_text)
      break;
    message = gst_tryon_message_parse (output.text, output.text_size, NULL);
    if (gst_structure_has_name (message, "error"))
      error = gst_structure_copy (message);
    gst_structure_free (message);
    gst_tryon_output_clear (&output);
  }
  fail_unless (gst_tryon_frame_header_parse (output.header,
          GST_TRYON_PROTOCOL_HEADER_SIZE, &header, NULL));
  fail_unless_equals_int (header.type, GST_TRYON_FRAME_TYPE_DROPPED);
  fail_unless_equals_int (header.sequence, sequence);
  fail_unless_equals_int (header.flags & 0xff, reason);
  gst_tryon_output_clear (&output);
  return error;
}

static inline void
fail_unless_account (GstTryonSession * session, guint64 received,
    guint64 dropped, guint outstanding)
{
  GstStructure *stats = gst_tryon_session_get_stats (session);
  guint64 n;
  guint n_outstanding;

  fail_unless (gst_structure_get_uint64 (stats, "frames-received", &n));
  fail_unless_equals_uint64 (n, received);
  fail_unless (gst_structure_get_uint64 (stats, "frames-dropped", &n));
  fail_unless_equals_uint64 (n, dropped);
  fail_unless (gst_structure_get_uint (stats, "frames-outstanding",
          &n_outstanding));
  fail_unless_equals_int (n_outstanding, outstanding);
  gst_structure_free (stats);
}

/* ---- hooks ---- */

/* Memory that tells when it is unmapped: after decoding, before the push. */
typedef struct
{
  GstAllocator parent;
} HookAllocator;
typedef GstAllocatorClass HookAllocatorClass;

typedef struct
{
  GstMemory parent;
  GstMapInfo map;
  GstBuffer *image;
  void (*decoded) (GstHarness * h);
  GstHarness *h;
} HookMemory;

static GType hook_allocator_get_type (void);
G_DEFINE_TYPE (HookAllocator, hook_allocator, GST_TYPE_ALLOCATOR);

static inline gpointer
hook_map (GstMemory * memory, gsize maxsize, GstMapFlags flags)
{
  return ((HookMemory *) memory)->map.data;
}

static inline void
hook_unmap (GstMemory * memory)
{
  HookMemory *hook = (HookMemory *) memory;

  hook->decoded (hook->h);
}

static inline void
hook_free (GstAllocator * allocator, GstMemory * memory)
{
  HookMemory *hook = (HookMemory *) memory;

  gst_buffer_unmap (hook->image, &hook->map);
  gst_buffer_unref (hook->image);
  g_free (hook);
}

static inline void
hook_allocator_class_init (HookAllocatorClass * klass)
{
  klass->free = hook_free;
}

static inline void
hook_allocator_init (HookAllocator * allocator)
{
  GST_ALLOCATOR (allocator)->mem_map = hook_map;
  GST_ALLOCATOR (allocator)->mem_unmap = hook_unmap;
}

/* A frame of 64x48 that has @decoded called when it was decoded. */
static inline GstBuffer *
new_hooked_frame (GstHarness * h, void (*decoded) (GstHarness * h))
{
  GstAllocator *allocator = g_object_new (hook_allocator_get_type (), NULL);
  HookMemory *hook = g_new0 (HookMemory, 1);
  GstBuffer *buffer = gst_buffer_new ();

  hook->h = h;
  hook->decoded = decoded;
  hook->image = new_webp (64, 48, LOSSY);
  fail_unless (gst_buffer_map (hook->image, &hook->map, GST_MAP_READ));
  gst_memory_init (GST_MEMORY_CAST (hook), GST_MEMORY_FLAG_READONLY, allocator,
      NULL, hook->map.size, 0, 0, hook->map.size);
  gst_buffer_append_memory (buffer, GST_MEMORY_CAST (hook));
  gst_object_unref (allocator);
  return buffer;
}

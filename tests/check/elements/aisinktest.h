/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the tests of tryonaisink share: the element in a harness, frames for
 * it, its statistics. */

#include <gst/check/gstharness.h>

#include "aiservice.h"

/* A port where nobody listens. */
static inline guint
ai_dead_port (void)
{
  GSocketListener *listener = g_socket_listener_new ();
  guint port = g_socket_listener_add_any_inet_port (listener, NULL, NULL);

  g_socket_listener_close (listener);
  g_object_unref (listener);
  return port;
}

static inline gchar *
ai_uri (guint port)
{
  return g_strdup_printf ("ws://127.0.0.1:%u/ws/try-on/test/", port);
}

/* What the element posted, counted as it is posted. */
static gint ai_warnings, ai_errors;

static inline GstBusSyncReply
ai_count_message (GstBus * bus, GstMessage * message, gpointer user_data)
{
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_WARNING)
    g_atomic_int_inc (&ai_warnings);
  else if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR)
    g_atomic_int_inc (&ai_errors);
  return GST_BUS_PASS;
}

/* (transfer full): the element in PLAYING, on a bus of its own, with @first_property and so on. */
static inline GstHarness *
ai_harness_new (const gchar * uri, const gchar * first_property, ...)
{
  GstElement *element = gst_element_factory_make ("tryonaisink", NULL);
  GstBus *bus = gst_bus_new ();
  GstHarness *h;
  va_list args;

  fail_unless (element != NULL);
  /* A harness wants its element in PLAYING before there is anything to preroll
   * with; and no test means to find out how fast the machine is. */
  g_object_set (element, "uri", uri, "async", FALSE, "timeout", 20000, NULL);
  va_start (args, first_property);
  g_object_set_valist (G_OBJECT (element), first_property, args);
  va_end (args);
  ai_warnings = ai_errors = 0;
  gst_bus_set_sync_handler (bus, ai_count_message, NULL, NULL);
  gst_element_set_bus (element, bus);
  h = gst_harness_new_with_element (element, "sink", "src");
  gst_harness_set_src_caps_str (h, AI_FRAME_CAPS);
  gst_object_unref (element);
  gst_object_unref (bus);
  return h;
}

/* The state of a service is never an error of the pipeline. */
static inline void
ai_harness_free (GstHarness * h)
{
  fail_unless_equals_int (g_atomic_int_get (&ai_errors), 0);
  /* Messages on the bus hold the element that they are of. */
  gst_element_set_bus (h->element, NULL);
  gst_harness_teardown (h);
}

static inline GstBuffer *
ai_frame_new (guint n)
{
  GstBuffer *frame = ai_buffer_new (ai_frame_png, sizeof (ai_frame_png));

  GST_BUFFER_PTS (frame) = n * GST_SECOND / 30;
  GST_BUFFER_DURATION (frame) = GST_SECOND / 30;
  return frame;
}

static inline void
ai_push (GstHarness * h, guint n)
{
  fail_unless_equals_int (gst_harness_push (h, ai_frame_new (n)), GST_FLOW_OK);
}

/* The next buffer is what belongs to frame @n; gives its flags. */
static inline GstTryonFrameFlags
ai_pull (GstHarness * h, guint n, guint32 sequence, const guint8 * image,
    gsize size)
{
  GstBuffer *buffer = gst_harness_pull (h);
  GstTryonFrameFlags flags;
  GstTryonFrameMeta *meta;

  fail_unless (buffer != NULL, "nothing came for frame %u", n);
  meta = gst_buffer_get_tryon_frame_meta (buffer);
  fail_unless (meta != NULL);
  fail_unless_equals_int (meta->sequence, sequence);
  fail_unless_equals_uint64 (GST_BUFFER_PTS (buffer), n * GST_SECOND / 30);
  fail_unless_equals_uint64 (GST_BUFFER_DURATION (buffer), GST_SECOND / 30);
  gst_check_buffer_data (buffer, image, size);
  flags = meta->flags;
  gst_buffer_unref (buffer);
  return flags;
}

#define ai_pull_processed(h, n, sequence) \
    fail_unless_equals_int (ai_pull (h, n, sequence, ai_answer_webp, \
            sizeof (ai_answer_webp)), GST_TRYON_FRAME_FLAG_NONE)
#define ai_pull_original(h, n, sequence) \
    fail_unless_equals_int (ai_pull (h, n, sequence, ai_frame_png, \
            sizeof (ai_frame_png)), GST_TRYON_FRAME_FLAG_NOT_PROCESSED)

static inline GstStructure *
ai_get_stats (GstElement * element)
{
  GstStructure *stats;

  g_object_get (element, "stats", &stats, NULL);
  fail_unless (gst_structure_has_name (stats, "application/x-tryon-ai-stats"));
  return stats;
}

static inline guint64
ai_count (GstElement * element, const gchar * name)
{
  GstStructure *stats = ai_get_stats (element);
  guint64 count;

  fail_unless (gst_structure_get_uint64 (stats, name, &count), "no %s", name);
  gst_structure_free (stats);
  return count;
}

static inline guint64
ai_count_drops (GstElement * element, const gchar * reason)
{
  GstStructure *stats = ai_get_stats (element), *reasons;
  guint64 count;

  fail_unless (gst_structure_get (stats, "dropped-by-reason",
          GST_TYPE_STRUCTURE, &reasons, NULL));
  fail_unless (gst_structure_get_uint64 (reasons, reason, &count));
  gst_structure_free (reasons);
  gst_structure_free (stats);
  return count;
}

/* Polls, for want of a signal, until the count @name is at least @least. */
static inline void
ai_wait_count (GstElement * element, const gchar * name, guint64 least)
{
  gint64 until = g_get_monotonic_time () + AI_SERVICE_PATIENCE;

  while (ai_count (element, name) < least) {
    fail_unless (g_get_monotonic_time () < until, "%s never got to %"
        G_GUINT64_FORMAT, name, least);
    g_usleep (1000);
  }
}

/* Every frame is accounted for; gives those that are still there. */
static inline guint
ai_check_account (GstElement * element)
{
  GstStructure *stats = ai_get_stats (element);
  guint64 received, processed, fallbacks, dropped;
  guint outstanding;

  fail_unless (gst_structure_get (stats,
          "frames-received", G_TYPE_UINT64, &received,
          "frames-processed", G_TYPE_UINT64, &processed,
          "frames-fallback", G_TYPE_UINT64, &fallbacks,
          "frames-dropped", G_TYPE_UINT64, &dropped,
          "frames-outstanding", G_TYPE_UINT, &outstanding, NULL));
  fail_unless_equals_uint64 (received, processed + fallbacks + dropped +
      outstanding);
  gst_structure_free (stats);
  return outstanding;
}

/* Waits until no frame is there any more. */
static inline void
ai_wait_settled (GstElement * element)
{
  gint64 until = g_get_monotonic_time () + AI_SERVICE_PATIENCE;

  while (ai_check_account (element) > 0) {
    fail_unless (g_get_monotonic_time () < until, "frames are still there");
    g_usleep (1000);
  }
}

/* Waits until the state is the one named @nick. */
static inline void
ai_wait_state (GstElement * element, const gchar * nick)
{
  gint64 until = g_get_monotonic_time () + AI_SERVICE_PATIENCE;
  gboolean reached = FALSE;

  while (!reached) {
    GParamSpec *pspec =
        g_object_class_find_property (G_OBJECT_GET_CLASS (element), "state");
    GEnumClass *klass = G_PARAM_SPEC_ENUM (pspec)->enum_class;
    gint state;

    g_object_get (element, "state", &state, NULL);
    reached = strcmp (g_enum_get_value (klass, state)->value_nick, nick) == 0;
    fail_unless (reached || g_get_monotonic_time () < until,
        "state never became %s", nick);
    if (!reached)
      g_usleep (1000);
  }
}

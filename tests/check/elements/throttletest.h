/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the tests of tryonthrottle share: the element in a harness, streams of frames,
 * its statistics. */

#include <gst/check/gstcheck.h>
#include <gst/check/gstharness.h>
#include <gst/check/gsttestclock.h>
#include <gst/tryon/tryon.h>

#include "flowclient.h"

#define MS(n) ((n) * GST_MSECOND)

static inline GstHarness *
new_harness (const gchar * launch)
{
  GstHarness *h = gst_harness_new_parse (launch);

  gst_harness_set_src_caps_str (h, "image/webp,width=1,height=1");
  return h;
}

/* Whether @buffer (transfer full) passes. */
static inline gboolean
push (GstHarness * h, GstBuffer * buffer)
{
  GstBuffer *out;

  fail_unless_equals_int (gst_harness_push (h, buffer), GST_FLOW_OK);
  out = gst_harness_try_pull (h);
  if (out == NULL)
    return FALSE;
  gst_buffer_unref (out);
  return TRUE;
}

static inline gboolean
push_at (GstHarness * h, GstClockTime pts)
{
  GstBuffer *buffer = gst_buffer_new ();

  GST_BUFFER_PTS (buffer) = pts;
  return push (h, buffer);
}

/* Pushes frames @first to @first + @n - 1 of a stream at @fps. (transfer full):
 * a character for each, 1 when it passed and 0 when it was dropped. */
static inline gchar *
push_stream (GstHarness * h, guint fps, guint first, guint n)
{
  GString *pattern = g_string_new (NULL);
  guint i;

  for (i = first; i < first + n; i++) {
    gboolean passed = push_at (h, gst_util_uint64_scale (i, GST_SECOND, fps));

    g_string_append_c (pattern, passed ? '1' : '0');
  }
  return g_string_free (pattern, FALSE);
}

static inline void
check_stream (GstHarness * h, guint fps, guint first, const gchar * expected)
{
  gchar *pattern = push_stream (h, fps, first, strlen (expected));

  fail_unless_equals_string (pattern, expected);
  g_free (pattern);
}

static inline void
check_stats (GstHarness * h, guint64 passed, guint64 rate, guint64 in_flight)
{
  GstElement *throttle = gst_harness_find_element (h, "tryonthrottle");
  guint64 value = 0;
  GstStructure *stats;

  g_object_get (throttle, "stats", &stats, NULL);
  fail_unless (gst_structure_has_name (stats,
          "application/x-tryon-throttle-stats"));
  fail_unless (gst_structure_get_uint64 (stats, "passed", &value));
  fail_unless_equals_uint64 (value, passed);
  fail_unless (gst_structure_get_uint64 (stats, "dropped-rate", &value));
  fail_unless_equals_uint64 (value, rate);
  fail_unless (gst_structure_get_uint64 (stats, "dropped-in-flight", &value));
  fail_unless_equals_uint64 (value, in_flight);
  gst_structure_free (stats);
  gst_object_unref (throttle);
}

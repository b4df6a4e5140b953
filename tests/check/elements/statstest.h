/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the tests of tryonstats share: the element on a clock that the test turns, what
 * it reports, and its statistics. */

#include <math.h>

#include <gst/check/gstcheck.h>
#include <gst/check/gstharness.h>
#include <gst/check/gsttestclock.h>
#include <gst/tryon/tryon.h>

#include "flowclient.h"

#define MS(n) ((n) * GST_MSECOND)
#define FRAME_SIZE 1000

/* An element on a clock that the test turns, and the bus it reports to. */
typedef struct
{
  GstHarness *h;
  GstBus *bus;
} Fixture;

static inline void
setup (Fixture * f, const gchar * launch)
{
  f->h = gst_harness_new_parse (launch);
  f->bus = gst_bus_new ();
  gst_element_set_bus (f->h->element, f->bus);
  gst_harness_set_src_caps_str (f->h, "image/webp,width=1,height=1");
}

static inline void
teardown (Fixture * f)
{
  gst_element_set_bus (f->h->element, NULL);
  gst_object_unref (f->bus);
  gst_harness_teardown (f->h);
}

/* A frame that comes by at @now and was captured @age before. It goes on as it
 * is, also when somebody else has it, too. */
static inline void
push_aged (Fixture * f, GstClockTime now, GstClockTime age)
{
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, FRAME_SIZE, NULL), *out;

  gst_harness_set_time (f->h, now);
  GST_BUFFER_PTS (buffer) = now - age;
  fail_unless_equals_int (gst_harness_push (f->h, gst_buffer_ref (buffer)),
      GST_FLOW_OK);
  out = gst_harness_pull (f->h);
  fail_unless (out == buffer);
  gst_buffer_unref (out);
  gst_buffer_unref (buffer);
}

/* @n frames, the first at @start. Returns when the one after them is due. */
static inline GstClockTime
push_stream (Fixture * f, GstClockTime start, GstClockTime period, guint n)
{
  guint i;

  for (i = 0; i < n; i++)
    push_aged (f, start + i * period, 0);
  return start + n * period;
}

/* (transfer full): the structure of the next `tryon-stats`, which must be on
 * the bus. */
static inline GstStructure *
pop_report (Fixture * f)
{
  GstMessage *message = gst_bus_pop_filtered (f->bus, GST_MESSAGE_ELEMENT);
  GstStructure *s;

  fail_unless (message != NULL);
  s = gst_structure_copy (gst_message_get_structure (message));
  fail_unless_equals_string (gst_structure_get_name (s), "tryon-stats");
  gst_message_unref (message);
  return s;
}

static inline void
check_no_report (Fixture * f)
{
  fail_unless (gst_bus_pop_filtered (f->bus, GST_MESSAGE_ELEMENT) == NULL);
}

/* (transfer full): what comes with the next tick. */
static inline GstStructure *
crank (Fixture * f)
{
  GstStructure *s;

  check_no_report (f);
  fail_unless (gst_harness_crank_single_clock_wait (f->h));
  s = pop_report (f);
  check_no_report (f);
  return s;
}

static inline GstStructure *
get_stats (Fixture * f)
{
  GstElement *element = gst_harness_find_element (f->h, "tryonstats");
  GstStructure *s = NULL;

  g_object_get (element, "stats", &s, NULL);
  gst_object_unref (element);
  fail_unless_equals_string (gst_structure_get_name (s),
      "application/x-tryon-stats");
  return s;
}

static inline void
check_uint64 (const GstStructure * s, const gchar * field, guint64 expected)
{
  guint64 value = 0;

  fail_unless (gst_structure_get_uint64 (s, field, &value), "no %s", field);
  fail_unless (value == expected, "%s is %" G_GUINT64_FORMAT ", not %"
      G_GUINT64_FORMAT, field, value, expected);
}

static inline void
check_double (const GstStructure * s, const gchar * field, gdouble expected)
{
  gdouble value = -1.0;

  fail_unless (gst_structure_get_double (s, field, &value), "no %s", field);
  fail_unless (fabs (value - expected) < 1e-3, "%s is %f, not %f", field,
      value, expected);
}

static inline guint
count_timers (Fixture * f)
{
  GstTestClock *clock = gst_harness_get_testclock (f->h);
  guint n = gst_test_clock_peek_id_count (clock);

  gst_object_unref (clock);
  return n;
}

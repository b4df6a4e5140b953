/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rolling count, rate, mean and percentiles: a ring of timed samples. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <stdlib.h>

#include "gsttryonwindow.h"

typedef struct
{
  GstClockTime time;
  GstClockTime value;
} Sample;

struct _GstTryonWindow
{
  GstClockTime span;
  GstClockTime now;             /* the newest time seen */

  Sample *samples;              /* ring of @size, in order of time */
  guint size;
  guint first;                  /* index of the oldest */
  guint count;

  GstClockTime *sorted;         /* the values in order, @size long */
  gboolean is_sorted;           /* whether @sorted holds what is in the ring */
};

static inline Sample *
get_sample (GstTryonWindow * window, guint nth)
{
  return &window->samples[(window->first + nth) % window->size];
}

static void
drop_oldest (GstTryonWindow * window)
{
  window->first = (window->first + 1) % window->size;
  window->count--;
  window->is_sorted = FALSE;
}

/* Moves the clock on and lets go of what is @span old or older. */
static void
advance (GstTryonWindow * window, GstClockTime now)
{
  if (now > window->now)
    window->now = now;
  while (window->count > 0
      && window->now - get_sample (window, 0)->time >= window->span)
    drop_oldest (window);
}

GstTryonWindow *
gst_tryon_window_new (GstClockTime span, guint max_samples)
{
  GstTryonWindow *window;

  g_return_val_if_fail (span > 0, NULL);
  g_return_val_if_fail (max_samples > 0, NULL);

  window = g_new0 (GstTryonWindow, 1);
  window->span = span;
  window->size = max_samples;
  window->samples = g_new (Sample, max_samples);
  window->sorted = g_new (GstClockTime, max_samples);
  return window;
}

void
gst_tryon_window_free (GstTryonWindow * window)
{
  g_return_if_fail (window != NULL);

  g_free (window->samples);
  g_free (window->sorted);
  g_free (window);
}

/* Forgets the time, too: what follows may be on another clock. */
void
gst_tryon_window_clear (GstTryonWindow * window)
{
  g_return_if_fail (window != NULL);

  window->now = 0;
  window->first = 0;
  window->count = 0;
  window->is_sorted = FALSE;
}

void
gst_tryon_window_add (GstTryonWindow * window, GstClockTime now,
    GstClockTime value)
{
  Sample *sample;

  g_return_if_fail (window != NULL);
  g_return_if_fail (GST_CLOCK_TIME_IS_VALID (now));
  g_return_if_fail (GST_CLOCK_TIME_IS_VALID (value));

  advance (window, now);
  if (window->count == window->size)
    drop_oldest (window);
  window->count++;
  window->is_sorted = FALSE;
  sample = get_sample (window, window->count - 1);
  sample->time = window->now;
  sample->value = value;
}

guint
gst_tryon_window_count (GstTryonWindow * window, GstClockTime now)
{
  g_return_val_if_fail (window != NULL, 0);
  g_return_val_if_fail (GST_CLOCK_TIME_IS_VALID (now), 0);

  advance (window, now);
  return window->count;
}

gdouble
gst_tryon_window_rate (GstTryonWindow * window, GstClockTime now)
{
  GstClockTime covered;

  g_return_val_if_fail (window != NULL, 0.0);
  g_return_val_if_fail (GST_CLOCK_TIME_IS_VALID (now), 0.0);

  advance (window, now);
  if (window->count < 2)
    return 0.0;
  covered = get_sample (window, window->count - 1)->time
      - get_sample (window, 0)->time;
  /* All at one moment: no time passed that a rate could be of. */
  if (covered == 0)
    return 0.0;
  return (gdouble) (window->count - 1) * GST_SECOND / covered;
}

GstClockTime
gst_tryon_window_mean (GstTryonWindow * window, GstClockTime now)
{
  GstClockTime whole = 0, rest = 0, value;
  guint i;

  g_return_val_if_fail (window != NULL, GST_CLOCK_TIME_NONE);
  g_return_val_if_fail (GST_CLOCK_TIME_IS_VALID (now), GST_CLOCK_TIME_NONE);

  advance (window, now);
  if (window->count == 0)
    return GST_CLOCK_TIME_NONE;
  /* Quotients and remainders apart: the sum of the values may not fit. */
  for (i = 0; i < window->count; i++) {
    value = get_sample (window, i)->value;
    whole += value / window->count;
    rest += value % window->count;
  }
  return whole + rest / window->count;
}

static gint
compare_values (gconstpointer a, gconstpointer b)
{
  const GstClockTime *left = a, *right = b;

  return (*left > *right) - (*left < *right);
}

/* Once for all percentiles that are asked for at one time. */
static void
ensure_sorted (GstTryonWindow * window)
{
  guint i;

  if (window->is_sorted)
    return;
  for (i = 0; i < window->count; i++)
    window->sorted[i] = get_sample (window, i)->value;
  qsort (window->sorted, window->count, sizeof (GstClockTime), compare_values);
  window->is_sorted = TRUE;
}

GstClockTime
gst_tryon_window_percentile (GstTryonWindow * window, GstClockTime now,
    guint percent)
{
  guint64 rank;

  g_return_val_if_fail (window != NULL, GST_CLOCK_TIME_NONE);
  g_return_val_if_fail (GST_CLOCK_TIME_IS_VALID (now), GST_CLOCK_TIME_NONE);
  g_return_val_if_fail (percent >= 1 && percent <= 100, GST_CLOCK_TIME_NONE);

  advance (window, now);
  if (window->count == 0)
    return GST_CLOCK_TIME_NONE;
  ensure_sorted (window);
  rank = ((guint64) window->count * percent + 99) / 100;
  return window->sorted[rank - 1];
}

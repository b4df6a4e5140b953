/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the networks of `tryonnails` cost by themselves: a run of each on one thread,
 * making it (a hand model is read first), and its memory. It is what the element
 * can't be faster than.
 *
 * nets [SECONDS [best|avx2|sse]]: prints one line of JSON: milliseconds of the thread (the median,
 * over so many seconds for each), megabytes, and millions of multiplications.
 * The last argument keeps XNNPACK from using what this processor has beyond that. */

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef HAVE_CPUINFO
#include <cpuinfo.h>
#endif

#include "cputime.h"
#include "gsttryonhandmodels.h"
#include "gsttryonnailnet.h"

#define WARM_UP 3
#define MAX_RUNS 100000

/* Ours, which is part of the plugin: a run is for the five fingertips of a hand. */
#define NAIL_NET "nail_net"

static const gchar *names[] = { "palm_detection_lite", "palm_detection_full",
  "hand_landmark_lite", "hand_landmark_full", NAIL_NET
};

static gsize
get_allocated (void)
{
  struct mallinfo2 info = mallinfo2 ();

  return info.uordblks + info.hblkhd;
}

static gint
compare (gconstpointer a, gconstpointer b)
{
  const gint64 x = *(const gint64 *) a, y = *(const gint64 *) b;

  return (x > y) - (x < y);
}

/* The median of runs, in nanoseconds. */
static gint64
time_runs (GstTryonNet * net, gdouble seconds, guint * n_runs)
{
  gint64 *times = g_new (gint64, MAX_RUNS);
  gint64 end = g_get_monotonic_time () + seconds * G_USEC_PER_SEC, median;
  guint n = 0, i;

  for (i = 0; i < WARM_UP; i++)
    gst_tryon_net_run (net, NULL);
  do {
    times[n] = -get_cpu_time ();
    gst_tryon_net_run (net, NULL);
    times[n] += get_cpu_time ();
    n++;
  } while (n < MAX_RUNS && g_get_monotonic_time () < end);
  qsort (times, n, sizeof (gint64), compare);
  median = times[n / 2];
  g_free (times);
  *n_runs = n;
  return median;
}

static GstTryonNet *
make_hand_net (const gchar * name, guint64 * cost, GError ** error)
{
  gchar *file = g_strconcat (name, ".tflite", NULL);
  gchar *path = gst_tryon_hand_models_find (NULL, file, error);
  GstTryonTflite *model = NULL;
  GstTryonNet *net;

  g_free (file);
  if (path != NULL)
    model = gst_tryon_tflite_load (path, error);
  g_free (path);
  if (model == NULL)
    return NULL;
  net = gst_tryon_net_new_from_tflite (model, error);
  *cost = gst_tryon_tflite_get_cost (model);
  gst_tryon_tflite_unref (model);
  return net;
}

static gboolean
measure (const gchar * name, gdouble seconds, GError ** error)
{
  gsize before = get_allocated (), size, i;
  gint64 start = g_get_monotonic_time (), made, median;
  GstTryonNet *net;
  guint64 cost = 0;
  guint n_runs;
  gfloat *input;

  if (strcmp (name, NAIL_NET) == 0)
    net = gst_tryon_nail_net_new (NULL, error);
  else
    net = make_hand_net (name, &cost, error);
  if (net == NULL)
    return FALSE;
  made = g_get_monotonic_time () - start;
  input = gst_tryon_net_get_input (net, 0, &size);
  for (i = 0; i < size; i++)
    input[i] = (i * 7919 % 256) / 255.f;
  median = time_runs (net, seconds, &n_runs);
  printf (", \"%s\": {\"ms\": %.3f, \"runs\": %u, \"make_ms\": %.1f, "
      "\"megabytes\": %.1f", name, median / 1e6, n_runs, made / 1e3,
      (get_allocated () - before) / 1e6);
  if (cost > 0)
    printf (", \"millions\": %" G_GUINT64_FORMAT, cost / 1000000);
  printf ("}");
  gst_tryon_net_free (net);
  return TRUE;
}

/* XNNPACK asks libcpuinfo what there is, as it is initialized; libcpuinfo looks
 * once. */
static gboolean
restrict_to (const gchar * isa)
{
  if (strcmp (isa, "best") == 0)
    return TRUE;
#if defined (HAVE_CPUINFO) && defined (__x86_64__)
  if (!cpuinfo_initialize ()
      || (strcmp (isa, "avx2") != 0 && strcmp (isa, "sse") != 0))
    return FALSE;
  cpuinfo_isa.avx512f = FALSE;
  if (strcmp (isa, "avx2") == 0)
    return TRUE;
  cpuinfo_isa.avx = cpuinfo_isa.avx2 = cpuinfo_isa.fma3 = FALSE;
  cpuinfo_isa.f16c = cpuinfo_isa.xop = FALSE;
  return TRUE;
#else
  fprintf (stderr, "this takes an x86 processor, and libcpuinfo-dev\n");
  return FALSE;
#endif
}

gint
main (gint argc, gchar ** argv)
{
  gdouble seconds = argc > 1 ? g_ascii_strtod (argv[1], NULL) : 5;
  const gchar *isa = argc > 2 ? argv[2] : "best";
  GError *error = NULL;
  guint i;

  if (argc > 3 || !restrict_to (isa)) {
    fprintf (stderr, "usage: %s [SECONDS [best|avx2|sse]]\n", argv[0]);
    return 2;
  }
  printf ("{\"isa\": \"%s\"", isa);
  for (i = 0; i < G_N_ELEMENTS (names); i++)
    if (!measure (names[i], seconds, &error)) {
      printf ("}\n");
      fprintf (stderr, "%s\n", error->message);
      g_error_free (error);
      return 77;
    }
  printf ("}\n");
  return 0;
}

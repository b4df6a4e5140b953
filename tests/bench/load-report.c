/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the load generator says at the end, as one line of JSON. */

#define _GNU_SOURCE
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define MAX_LATENCIES (4 * 1000 * 1000)
#define MAX_SAMPLES 600

typedef struct
{
  gdouble time;                 /* since measuring began */
  LoadCounts counts;            /* since measuring began */
  gsize n_latencies;
  glong rss;                    /* kB */
} Sample;

static guint32 *latencies;      /* microseconds, in the order of arrival */
static gsize n_latencies;
static Sample samples[MAX_SAMPLES];
static gint n_samples;
static gdouble begin, elapsed, server_cpu, own_cpu;

void
load_report_add_latency (gdouble latency)
{
  if (n_latencies < MAX_LATENCIES)
    latencies[n_latencies++] = CLAMP (latency * 1e6, 0, G_MAXUINT32);
}

/* Seconds that a process's threads have run so far. */
static gdouble
get_cpu (gint pid)
{
  struct timespec ts = { 0, 0 };
  clockid_t clock;

  if (pid == 0 || clock_getcpuclockid (pid, &clock) != 0 ||
      clock_gettime (clock, &ts) < 0)
    return 0;
  return ts.tv_sec + ts.tv_nsec / 1e9;
}

static glong
get_rss (gint pid)
{
  gchar *name = g_strdup_printf ("/proc/%d/statm", pid), *text = NULL;
  glong pages = 0;

  if (pid != 0 && g_file_get_contents (name, &text, NULL, NULL))
    sscanf (text, "%*d %ld", &pages);
  g_free (text);
  g_free (name);
  return pages * (sysconf (_SC_PAGESIZE) / 1024);
}

void
load_report_begin (void)
{
  latencies = g_new (guint32, MAX_LATENCIES);
  server_cpu = get_cpu (options.pid);
  own_cpu = get_cpu (getpid ());
  begin = load_now ();
  load_report_sample ();
}

void
load_report_sample (void)
{
  /* The last one is of the end, in any case. */
  Sample *sample = &samples[MIN (n_samples, MAX_SAMPLES - 1)];

  sample->time = load_now () - begin;
  sample->counts = counts;
  sample->n_latencies = n_latencies;
  sample->rss = get_rss (options.pid);
  n_samples = MIN (n_samples + 1, MAX_SAMPLES);
}

void
load_report_end (void)
{
  load_report_sample ();
  elapsed = load_now () - begin;
  server_cpu = get_cpu (options.pid) - server_cpu;
  own_cpu = get_cpu (getpid ()) - own_cpu;
}

static gint
compare (gconstpointer a, gconstpointer b)
{
  guint32 x = *(const guint32 *) a, y = *(const guint32 *) b;

  return x < y ? -1 : x > y;
}

/* Of @n latencies from @first on, which are sorted hereby. */
static guint32
percentile (gsize first, gsize n, guint percent)
{
  qsort (latencies + first, n, sizeof (guint32), compare);
  return n == 0 ? 0 : latencies[first + (n - 1) * percent / 100];
}

static void
print_number (const gchar * name, guint64 value)
{
  printf ("\"%s\":%" G_GUINT64_FORMAT ",", name, value);
}

static void
print_reasons (const guint64 * now, const guint64 * before)
{
  gint i;

  printf ("\"dropped_by_reason\":[");
  for (i = 0; i < LOAD_N_REASONS; i++)
    printf ("%s%" G_GUINT64_FORMAT, i ? "," : "",
        now[i] - (before != NULL ? before[i] : 0));
  printf ("]");
}

/* What happened between one sample and the next. */
static void
print_samples (void)
{
  gint i;

  printf ("\"samples\":[");
  for (i = 0; i < n_samples; i++) {
    const Sample *now = &samples[i], *before = &samples[i ? i - 1 : 0];

    printf ("%s{\"time\":%.2f,\"seconds\":%.3f,\"rss_kb\":%ld,", i ? "," : "",
        now->time, now->time - before->time, now->rss);
    print_number ("processed", now->counts.processed -
        before->counts.processed);
    print_number ("fallback", now->counts.fallback - before->counts.fallback);
    print_number ("dropped", now->counts.dropped - before->counts.dropped);
    print_number ("skipped", now->counts.skipped - before->counts.skipped);
    print_number ("p95_us", percentile (before->n_latencies,
            now->n_latencies - before->n_latencies, 95));
    print_reasons (now->counts.by_reason, before->counts.by_reason);
    printf ("}");
  }
  printf ("],");
}

/* Over all the time, warming up and running out among it: each client's frames
 * are answered or not yet, and there is no third. */
static void
print_account (LoadClient * clients)
{
  guint64 sent = 0, processed = 0, fallback = 0, dropped = 0, unanswered = 0;
  guint unbalanced = 0;
  gint i;

  for (i = 0; i < options.clients; i++) {
    LoadClient *client = &clients[i];
    guint32 open = client->next_sequence - client->next_answer;

    if (client->deaf)
      continue;
    sent += client->next_sequence;
    processed += client->processed;
    fallback += client->fallback;
    dropped += client->dropped;
    unanswered += open;
    unbalanced += client->next_sequence != client->processed +
        client->fallback + client->dropped + open;
  }
  printf ("\"account\":{");
  print_number ("sent", sent);
  print_number ("processed", processed);
  print_number ("fallback", fallback);
  print_number ("dropped", dropped);
  print_number ("unanswered", unanswered);
  print_number ("unbalanced_clients", unbalanced);
  print_number ("missing", faults.missing);
  print_number ("repeated", faults.repeated);
  print_number ("newest_dropped", faults.newest_dropped);
  printf ("\"closed\":%" G_GUINT64_FORMAT "},", faults.closed);
}

void
load_report_print (LoadClient * clients)
{
  const LoadCounts *c = &samples[n_samples - 1].counts;
  guint64 answered = c->processed + c->fallback + c->dropped;

  printf ("{\"clients\":%d,\"fps\":%g,\"in_flight\":%d,\"frame_bytes\":%d,"
      "\"seconds\":%.2f,", options.clients, options.fps, options.in_flight,
      options.frame_bytes, elapsed);
  print_number ("sent", c->sent);
  print_number ("processed", c->processed);
  print_number ("fallback", c->fallback);
  print_number ("dropped", c->dropped);
  print_number ("skipped", c->skipped);
  print_number ("texts", c->texts);
  print_number ("deaf_frames", c->deaf_frames);
  print_number ("deaf_connections", c->deaf_connections);
  print_samples ();
  print_account (clients);
  printf ("\"frames_per_second\":%.0f,", c->processed / elapsed);
  print_number ("p50_us", percentile (0, n_latencies, 50));
  print_number ("p95_us", percentile (0, n_latencies, 95));
  print_number ("p99_us", percentile (0, n_latencies, 99));
  print_number ("max_us", percentile (0, n_latencies, 100));
  printf ("\"send_lag_us\":%.0f,\"server_us_per_frame\":%.1f,"
      "\"load_us_per_frame\":%.1f,\"server_cores\":%.3f,\"load_cores\":%.3f,"
      "\"server_rss_kb\":[%ld,%ld],",
      c->sent ? c->lags / (gdouble) c->sent : 0.0,
      answered ? server_cpu * 1e6 / answered : 0.0,
      answered ? own_cpu * 1e6 / answered : 0.0,
      server_cpu / elapsed, own_cpu / elapsed,
      samples[0].rss, samples[n_samples - 1].rss);
  print_reasons (c->by_reason, NULL);
  printf ("}\n");
}

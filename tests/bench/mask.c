/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What unmasking a frame costs, beside the byte loop of RFC 6455 section 5.3,
 * and beside memcpy, which no pass over the bytes can beat by much. Each over
 * one frame that is in the caches, as it is just after a read, and over many
 * that are not.
 *
 * mask [SECONDS]: prints one line of JSON, nanoseconds a frame. */

#include <gst/tryon/tryon.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FRAME_BYTES 45000
#define STRIDE 46080            /* of the frames in memory */
#define N_COLD 1024             /* 45 MB, more than a cache holds */

typedef void (*Work) (guint8 * data, gsize size);

static const guint8 mask[4] = { 0x37, 0xfa, 0x21, 0x3d };

static guint8 copy[STRIDE];

/* As the RFC has it, and as a compiler without vectors would leave it. */
#ifndef __clang__
__attribute__((optimize ("no-tree-vectorize")))
#endif
     static void mask_bytes (guint8 * data, gsize size)
{
  gsize i;

#ifdef __clang__
#pragma clang loop vectorize(disable) interleave(disable)
#endif
  for (i = 0; i < size; i++)
    data[i] ^= mask[i % 4];
}

static void
mask_library (guint8 * data, gsize size)
{
  gst_tryon_ws_frame_mask (data, size, mask, 0);
}

static void
copy_bytes (guint8 * data, gsize size)
{
  memcpy (copy, data, size);
  __asm__ volatile (""::"r" (copy):"memory");
}

/* Both must do the same, at every alignment of data and key. */
static gboolean
check (void)
{
  guint8 a[256], b[256];
  gsize start, split, i;

  for (start = 0; start < 33; start++) {
    for (split = 0; split < 67; split++) {
      for (i = 0; i < sizeof (a); i++)
        a[i] = b[i] = i * 7;
      mask_bytes (a + start, 200);
      gst_tryon_ws_frame_mask (b + start, split, mask, 0);
      gst_tryon_ws_frame_mask (b + start + split, 200 - split, mask, split);
      if (memcmp (a, b, sizeof (a)) != 0) {
        fprintf (stderr, "mask: wrong bytes at offset %d, split at %d\n",
            (gint) start, (gint) split);
        return FALSE;
      }
    }
  }
  return TRUE;
}

static gdouble
measure (Work work, guint8 * frames, gint n_frames, gdouble seconds)
{
  gint64 begin = g_get_monotonic_time (), now = begin;
  guint64 n = 0;

  while (now - begin < seconds * G_USEC_PER_SEC) {
    gint i;

    for (i = 0; i < 256; i++, n++)
      work (frames + (n % n_frames) * STRIDE, FRAME_BYTES);
    now = g_get_monotonic_time ();
  }
  return (now - begin) * 1000.0 / n;
}

gint
main (gint argc, gchar ** argv)
{
  static const struct
  {
    const gchar *name;
    Work work;
  } works[] = {
    {"library", mask_library},
    {"bytes", mask_bytes},
    {"memcpy", copy_bytes},
  };
  gdouble seconds = argc > 1 ? g_ascii_strtod (argv[1], NULL) : 0.25;
  guint8 *frames = g_malloc (N_COLD * STRIDE);
  gsize i;

  if (!check ())
    return 1;
  memset (frames, 0x55, N_COLD * STRIDE);
  printf ("{\"frame_bytes\":%d", FRAME_BYTES);
  for (i = 0; i < G_N_ELEMENTS (works); i++) {
    printf (",\"%s_ns\":%.0f,\"%s_cold_ns\":%.0f", works[i].name,
        measure (works[i].work, frames, 1, seconds), works[i].name,
        measure (works[i].work, frames, N_COLD, seconds));
  }
  printf ("}\n");
  g_free (frames);
  return 0;
}

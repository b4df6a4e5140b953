/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fuzz target: model files. What is read is built and run, where it is small: no
 * operator may write past what the file says. XNNPACK is not instrumented; so what
 * lies behind its memory is looked at. */

#include <stdlib.h>
#include <string.h>

#include "gsttryonnet.h"

#include "fuzz.h"

/* Multiplications, and numbers of all tensors, that are built and run. */
#define MAX_COST 200000
#define MAX_VALUES 50000

#define GUARD_SIZE 64
#define GUARD 0xa5

/* In front of what XNNPACK gets, which begins at a multiple of its size. */
typedef struct
{
  gsize size;
} __attribute__((aligned (64))) Header;

static gpointer
guarded_aligned_allocate (gpointer context, gsize alignment, gsize size)
{
  Header *header;

  g_assert (alignment <= sizeof (Header));
  if (posix_memalign ((gpointer *) & header, sizeof (Header),
          sizeof (Header) + size + GUARD_SIZE) != 0)
    return NULL;
  header->size = size;
  memset ((guint8 *) (header + 1) + size, GUARD, GUARD_SIZE);
  return header + 1;
}

static gpointer
guarded_allocate (gpointer context, gsize size)
{
  return guarded_aligned_allocate (context, 1, size);
}

static void
guarded_free (gpointer context, gpointer data)
{
  Header *header;
  guint i;

  if (data == NULL)
    return;
  header = (Header *) data - 1;
  for (i = 0; i < GUARD_SIZE; i++)
    g_assert_cmpuint (((guint8 *) data)[header->size + i], ==, GUARD);
  free (header);
}

static gpointer
guarded_reallocate (gpointer context, gpointer data, gsize size)
{
  gpointer copy = guarded_allocate (context, size);

  if (copy != NULL && data != NULL) {
    memcpy (copy, data, MIN (size, ((Header *) data - 1)->size));
    guarded_free (context, data);
  }
  return copy;
}

/* The first one to initialize XNNPACK says what it allocates with. */
static void
initialize (void)
{
  static const struct xnn_allocator allocator = {
    NULL, guarded_allocate, guarded_reallocate, guarded_free,
    guarded_aligned_allocate, guarded_free
  };
  static gsize is_done;

  if (g_once_init_enter (&is_done)) {
    g_assert (xnn_initialize (&allocator) == xnn_status_success);
    g_once_init_leave (&is_done, 1);
  }
}

static gboolean
is_small (GstTryonTflite * model)
{
  guint n, i;
  const GstTryonTfliteTensor *tensors =
      gst_tryon_tflite_get_tensors (model, &n);
  gsize sum = 0;

  for (i = 0; i < n; i++)
    sum += tensors[i].n_values;
  return sum <= MAX_VALUES && gst_tryon_tflite_get_cost (model) <= MAX_COST;
}

static void
check_end (const gfloat * values, gsize size)
{
  static const guint8 zeros[XNN_EXTRA_BYTES];

  g_assert (memcmp (values + size, zeros, sizeof (zeros)) == 0);
}

static void
build (GstTryonTflite * model)
{
  GError *error = NULL;
  GstTryonNet *net = gst_tryon_net_new_from_tflite (model, &error);
  gsize size;
  guint i;

  if (net == NULL) {
    g_assert (error->domain == GST_TRYON_NET_ERROR);
    g_error_free (error);
    return;
  }
  g_assert (gst_tryon_net_run (net, NULL));
  for (i = 0; i < gst_tryon_net_get_n_outputs (net); i++) {
    const gfloat *values = gst_tryon_net_get_output (net, i, &size);

    check_end (values, size);
  }
  gst_tryon_net_free (net);
}

gint
LLVMFuzzerTestOneInput (const guint8 * data, gsize size)
{
  GBytes *bytes = g_bytes_new_static (data, size);
  GError *error = NULL;
  GstTryonTflite *model = gst_tryon_tflite_parse (bytes, &error);

  initialize ();
  g_bytes_unref (bytes);
  if (model == NULL) {
    g_assert (error->domain == GST_TRYON_TFLITE_ERROR);
    g_error_free (error);
    return 0;
  }
  if (is_small (model))
    build (model);
  gst_tryon_tflite_unref (model);
  return 0;
}

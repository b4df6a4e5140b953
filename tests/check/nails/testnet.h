/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/check/gstcheck.h>
#include <math.h>

#include "gsttryonnet.h"
#include "testmodel.h"

/* Runs small models, beside their plain computation. */

/* Of results that are about 1 to 10. */
#define TOLERANCE 1e-4

/* A tensor of the plain computation. */
typedef struct
{
  gint n, h, w, c;
  gfloat *v;
} Image;

/* Numbers from -1 to 1 that float16 can express, always the same ones. */
static inline gfloat
next_number (guint32 * seed)
{
  *seed = *seed * 1664525 + 1013904223;
  return ((gint) (*seed >> 24) - 128) / 128.f;
}

static inline gfloat *
make_numbers (guint n, guint32 seed)
{
  gfloat *numbers = g_new (gfloat, n);
  guint i;

  for (i = 0; i < n; i++)
    numbers[i] = next_number (&seed);
  return numbers;
}

static inline Image
make_image (gint n, gint h, gint w, gint c, gboolean filled)
{
  Image image = { n, h, w, c, NULL };

  image.v = filled ? make_numbers (n * h * w * c, 7) :
      g_new0 (gfloat, n * h * w * c);
  return image;
}

static inline gfloat *
at (const Image * image, gint n, gint y, gint x, gint c)
{
  return &image->v[((n * image->h + y) * image->w + x) * image->c + c];
}

static inline gint
add_image (TestModel * model, const Image * image)
{
  return test_model_add (model, TEST_FLOAT32, NULL, 0, 4, image->n, image->h,
      image->w, image->c);
}

/* The net of a model; NULL with an error. */
static inline GstTryonNet *
make_net (const TestModel * model, GError ** error)
{
  GBytes *bytes = test_model_write (model);
  GstTryonTflite *read = gst_tryon_tflite_parse (bytes, error);
  GstTryonNet *net = NULL;

  g_bytes_unref (bytes);
  if (read != NULL) {
    net = gst_tryon_net_new_from_tflite (read, error);
    gst_tryon_tflite_unref (read);
  }
  return net;
}

static inline void
check_numbers (const gfloat * found, const gfloat * expected, gsize n,
    const gchar * what)
{
  gsize i;

  for (i = 0; i < n; i++)
    fail_unless (fabsf (found[i] - expected[i]) <= TOLERANCE,
        "%s: number %" G_GSIZE_FORMAT " is %g, not %g", what, i, found[i],
        expected[i]);
}

/* Runs a model of one input and one output. */
static inline void
check_model (TestModel * model, const Image * in, const Image * out,
    const gchar * what)
{
  GError *error = NULL;
  GstTryonNet *net;
  gsize size;

  model->n_inputs = model->n_outputs = 1;
  net = make_net (model, &error);
  fail_unless (net != NULL, "%s: %s", what, error ? error->message : "?");
  fail_unless_equals_int (gst_tryon_net_get_n_inputs (net), 1);
  fail_unless_equals_int (gst_tryon_net_get_n_outputs (net), 1);
  memcpy (gst_tryon_net_get_input (net, 0, &size), in->v,
      sizeof (gfloat) * in->n * in->h * in->w * in->c);
  fail_unless_equals_uint64 (size, (guint64) in->n * in->h * in->w * in->c);
  fail_unless_equals_uint64 ((guintptr) gst_tryon_net_get_input (net, 0, NULL)
      % 64, 0);
  fail_unless (gst_tryon_net_run (net, &error));
  gst_tryon_net_get_output (net, 0, &size);
  fail_unless_equals_uint64 (size, (guint64) out->n * out->h * out->w * out->c);
  check_numbers (gst_tryon_net_get_output (net, 0, NULL), out->v, size, what);
  gst_tryon_net_free (net);
}

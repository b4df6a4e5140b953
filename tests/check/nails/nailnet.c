/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The network that finds nails: the weights that are built in, and those that are
 * none. */

#include <gst/check/gstcheck.h>
#include <gio/gio.h>
#include <string.h>

#include "gsttryonnailnet.h"

#define SIZE GST_TRYON_NAIL_NET_SIZE
#define BATCH GST_TRYON_NAIL_NET_BATCH
#define N_PIXELS (BATCH * SIZE * SIZE)
/* vectors.py keeps every third pixel of every third row. */
#define STEP 3
#define N_KEPT ((SIZE + STEP - 1) / STEP)

#define HEADER_SIZE 48

static GBytes *
read_vectors (void)
{
  gchar *path, *contents;
  gsize size;
  GError *error = NULL;

  fail_unless (g_getenv ("TRYON_TEST_DATA") != NULL);
  path = g_build_filename (g_getenv ("TRYON_TEST_DATA"), "nails",
      "nailnet.vectors", NULL);
  fail_unless (g_file_get_contents (path, &contents, &size, &error), "%s",
      error != NULL ? error->message : NULL);
  fail_unless_equals_uint64 (size, 3 * N_PIXELS + 4 * BATCH * N_KEPT * N_KEPT);
  g_free (path);
  return g_bytes_new_take (contents, size);
}

static GstTryonNet *
new_net (void)
{
  GError *error = NULL;
  GstTryonNet *net = gst_tryon_nail_net_new (NULL, &error);

  fail_unless (net != NULL, "%s", error != NULL ? error->message : NULL);
  return net;
}

static void
fill_in (GstTryonNet * net, const guint8 * rgb)
{
  gsize i, size;
  gfloat *input = gst_tryon_net_get_input (net, 0, &size);

  fail_unless_equals_uint64 (size, 3 * N_PIXELS);
  for (i = 0; i < size; i++)
    input[i] = rgb[i] / 255.f;
}

static const gfloat *
run (GstTryonNet * net)
{
  GError *error = NULL;
  gsize size;
  const gfloat *output;

  fail_unless (gst_tryon_net_run (net, &error), "%s",
      error != NULL ? error->message : NULL);
  output = gst_tryon_net_get_output (net, 0, &size);
  fail_unless_equals_uint64 (size, N_PIXELS);
  return output;
}

static gfloat
read_float (const guint8 * data)
{
  union
  {
    guint32 bits;
    gfloat value;
  } number;

  memcpy (&number.bits, data, sizeof (number.bits));
  number.bits = GUINT32_FROM_LE (number.bits);
  return number.value;
}

/* The logits are those that torch has computed of the same weights. */
GST_START_TEST (test_vectors)
{
  GBytes *vectors = read_vectors ();
  const guint8 *data = g_bytes_get_data (vectors, NULL);
  GstTryonNet *net = new_net ();
  const gfloat *output;
  guint crop, x, y, n_nail = 0;

  fill_in (net, data);
  output = run (net);
  data += 3 * N_PIXELS;
  for (crop = 0; crop < BATCH; crop++) {
    for (y = 0; y < SIZE; y += STEP) {
      for (x = 0; x < SIZE; x += STEP) {
        gfloat is = output[(crop * SIZE + y) * SIZE + x];
        gfloat should = read_float (data);

        data += 4;
        fail_unless (ABS (is - should) < 1e-3 + 1e-4 * ABS (should),
            "crop %u, %u,%u: %f, not %f", crop, x, y, is, should);
        n_nail += is > 0;
      }
    }
  }
  /* The drawn fingers have nails, which are not all there is. */
  fail_unless (n_nail > 20 && n_nail < BATCH * N_KEPT * N_KEPT / 2,
      "%u pixels of a nail", n_nail);
  gst_tryon_net_free (net);
  g_bytes_unref (vectors);
}

GST_END_TEST;

/* What is in the other crops of a batch makes no difference. */
GST_START_TEST (test_crops_apart)
{
  GBytes *vectors = read_vectors ();
  GstTryonNet *net = new_net ();
  gfloat *before, *input;
  guint i;

  fill_in (net, g_bytes_get_data (vectors, NULL));
  before = g_memdup2 (run (net), N_PIXELS * sizeof (gfloat));
  input = gst_tryon_net_get_input (net, 0, NULL);
  for (i = 0; i < BATCH * 3 * SIZE * SIZE; i++)
    if (i / (3 * SIZE * SIZE) != (guint) __i__)
      input[i] = i % 7;
  fail_unless (memcmp (run (net) + __i__ * SIZE * SIZE,
          before + __i__ * SIZE * SIZE, SIZE * SIZE * sizeof (gfloat)) == 0);
  g_free (before);
  gst_tryon_net_free (net);
  g_bytes_unref (vectors);
}

GST_END_TEST;

/* All elements of the process have the same pool. */
GST_START_TEST (test_pool)
{
  GError *error = NULL;
  GstTryonNetPool *pool = gst_tryon_nail_net_open (&error);
  GstTryonNetPool *again = gst_tryon_nail_net_open (&error);
  GstTryonNet *net;

  fail_unless (pool != NULL && pool == again);
  net = gst_tryon_net_pool_acquire (pool, &error);
  fail_unless (net != NULL);
  run (net);
  gst_tryon_net_pool_release (pool, net);
  gst_tryon_net_pool_unref (again);
  gst_tryon_net_pool_unref (pool);
}

GST_END_TEST;

/* The plugin's own weights, to be changed. */
static guint8 *
copy_weights (gsize * size)
{
  GError *error = NULL;
  GBytes *weights;
  guint8 *copy;

  /* Registers them, too. */
  gst_tryon_net_free (new_net ());
  weights = g_resources_lookup_data ("/gst-tryon/nails/nailnet.weights",
      G_RESOURCE_LOOKUP_FLAGS_NONE, &error);
  fail_unless (weights != NULL, "%s", error != NULL ? error->message : NULL);
  copy = g_memdup2 (g_bytes_get_data (weights, size),
      g_bytes_get_size (weights));
  g_bytes_unref (weights);
  return copy;
}

static void
assert_refused (const guint8 * data, gsize size, GstTryonNailNetError code)
{
  /* Its own memory: a sanitizer sees what is read beyond it. */
  GBytes *weights = g_bytes_new (data, size);
  GError *error = NULL;

  fail_unless (gst_tryon_nail_net_new (weights, &error) == NULL);
  fail_unless (g_error_matches (error, GST_TRYON_NAIL_NET_ERROR, code),
      "%s", error != NULL ? error->message : NULL);
  g_error_free (error);
  g_bytes_unref (weights);
}

GST_START_TEST (test_same_weights)
{
  gsize size;
  guint8 *data = copy_weights (&size);
  GBytes *weights = g_bytes_new_take (data, size);
  GError *error = NULL;
  GstTryonNet *net = gst_tryon_nail_net_new (weights, &error);

  fail_unless (net != NULL && error == NULL);
  gst_tryon_net_free (net);
  g_bytes_unref (weights);
}

GST_END_TEST;

static const struct
{
  gsize place;
  GstTryonNailNetError code;
} flips[] = {
  {0, GST_TRYON_NAIL_NET_ERROR_DAMAGED},        /* magic */
  {7, GST_TRYON_NAIL_NET_ERROR_DAMAGED},
  {8, GST_TRYON_NAIL_NET_ERROR_OTHER},  /* version */
  {11, GST_TRYON_NAIL_NET_ERROR_OTHER}, /* topology */
  {12, GST_TRYON_NAIL_NET_ERROR_OTHER}, /* count */
  {15, GST_TRYON_NAIL_NET_ERROR_OTHER},
  {16, GST_TRYON_NAIL_NET_ERROR_DAMAGED},       /* checksum */
  {47, GST_TRYON_NAIL_NET_ERROR_DAMAGED},
  {48, GST_TRYON_NAIL_NET_ERROR_DAMAGED},       /* values */
  {50001, GST_TRYON_NAIL_NET_ERROR_DAMAGED},
};

/* A single bit that has changed is noticed. */
GST_START_TEST (test_flipped_bit)
{
  gsize size;
  guint8 *data = copy_weights (&size);

  data[flips[__i__].place] ^= 0x80;
  assert_refused (data, size, flips[__i__].code);
  g_free (data);
}

GST_END_TEST;

GST_START_TEST (test_other_size)
{
  gsize size;
  guint8 *data = copy_weights (&size);

  assert_refused (data, 0, GST_TRYON_NAIL_NET_ERROR_DAMAGED);
  assert_refused (data, HEADER_SIZE - 1, GST_TRYON_NAIL_NET_ERROR_DAMAGED);
  assert_refused (data, HEADER_SIZE, GST_TRYON_NAIL_NET_ERROR_DAMAGED);
  assert_refused (data, size - 1, GST_TRYON_NAIL_NET_ERROR_DAMAGED);
  data = g_realloc (data, size + 1);
  data[size] = 0;
  assert_refused (data, size + 1, GST_TRYON_NAIL_NET_ERROR_DAMAGED);
  g_free (data);
}

GST_END_TEST;

static Suite *
nailnet_suite (void)
{
  Suite *s = suite_create ("nailnet");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_vectors);
  tcase_add_loop_test (tc, test_crops_apart, 0, BATCH);
  tcase_add_test (tc, test_pool);
  tcase_add_test (tc, test_same_weights);
  tcase_add_loop_test (tc, test_flipped_bit, 0, G_N_ELEMENTS (flips));
  tcase_add_test (tc, test_other_size);
  return s;
}

GST_CHECK_MAIN (nailnet);

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gsttryonnailnet.h"

#include <math.h>
#include <string.h>

#include "gsttryonnailsresources.h"

#define RESOURCE "/gst-tryon/nails/nailnet.weights"

/* A file: MAGIC, version and topology (16 bits each), how many values (32 bits),
 * SHA-256 of what follows: the values, as half-precision floats. Little-endian. */
#define MAGIC "TRYONNET"
#define FILE_VERSION 1
#define HEADER_SIZE 48
#define VERSION_AT 8
#define TOPOLOGY_AT 10
#define COUNT_AT 12
#define CHECKSUM_AT 16
#define CHECKSUM_SIZE 32

/* What network.py says under the same names. */
#define TOPOLOGY 1
#define N_VALUES 44204
#define FINE 24
#define MIDDLE 48
#define COARSE 80

/* A network that is being made. After the first failure nothing more is done. */
typedef struct
{
  xnn_subgraph_t subgraph;
  enum xnn_status status;
  const gfloat *values;
  gsize n_used;                 /* of the values */
} Builder;

/* What flows from one operator to the next: @side x @side pixels for each crop. */
typedef struct
{
  guint32 id;
  guint side;
  guint channels;
} Map;

GQuark
gst_tryon_nail_net_error_quark (void)
{
  return g_quark_from_static_string ("gst-tryon-nail-net-error-quark");
}

static guint
read_uint16 (const guint8 * data)
{
  return data[0] | data[1] << 8;
}

static gboolean
check_weights (const guint8 * data, gsize size, GError ** error)
{
  GChecksum *checksum;
  guint8 digest[CHECKSUM_SIZE];
  gsize digest_size = sizeof (digest);
  guint64 count;

  if (size < HEADER_SIZE || memcmp (data, MAGIC, strlen (MAGIC)) != 0) {
    g_set_error (error, GST_TRYON_NAIL_NET_ERROR,
        GST_TRYON_NAIL_NET_ERROR_DAMAGED,
        "these %" G_GSIZE_FORMAT " bytes are no weights of a network: "
        "tools/train-nails makes them", size);
    return FALSE;
  }
  count = read_uint16 (data + COUNT_AT)
      | (guint64) read_uint16 (data + COUNT_AT + 2) << 16;
  if (read_uint16 (data + VERSION_AT) != FILE_VERSION
      || read_uint16 (data + TOPOLOGY_AT) != TOPOLOGY || count != N_VALUES) {
    g_set_error (error, GST_TRYON_NAIL_NET_ERROR,
        GST_TRYON_NAIL_NET_ERROR_OTHER,
        "the weights are of version %u, topology %u, and %" G_GUINT64_FORMAT
        "; needed are %d, %d and %d: they belong to another release",
        read_uint16 (data + VERSION_AT), read_uint16 (data + TOPOLOGY_AT),
        count, FILE_VERSION, TOPOLOGY, N_VALUES);
    return FALSE;
  }
  checksum = g_checksum_new (G_CHECKSUM_SHA256);
  g_checksum_update (checksum, data + HEADER_SIZE, size - HEADER_SIZE);
  g_checksum_get_digest (checksum, digest, &digest_size);
  g_checksum_free (checksum);
  if (size != HEADER_SIZE + 2 * N_VALUES
      || memcmp (digest, data + CHECKSUM_AT, sizeof (digest)) != 0) {
    g_set_error (error, GST_TRYON_NAIL_NET_ERROR,
        GST_TRYON_NAIL_NET_ERROR_DAMAGED,
        "the weights are damaged: their checksum differs (%" G_GSIZE_FORMAT
        " bytes of %d)", size, HEADER_SIZE + 2 * N_VALUES);
    return FALSE;
  }
  return TRUE;
}

/* IEEE 754 binary16; an infinite one becomes a large number. */
static gfloat
half_to_float (guint half)
{
  gint exponent = half >> 10 & 0x1f, fraction = half & 0x3ff;
  gfloat value;

  if (exponent == 0)
    value = ldexpf (fraction, -24);
  else
    value = ldexpf (fraction | 0x400, exponent - 25);
  return half & 0x8000 ? -value : value;
}

static gfloat *
convert_weights (const guint8 * data)
{
  gfloat *values = g_new (gfloat, N_VALUES);
  gsize i;

  for (i = 0; i < N_VALUES; i++)
    values[i] = half_to_float (read_uint16 (data + HEADER_SIZE + 2 * i));
  return values;
}

static guint32
define_value (Builder * builder, gsize n_dims, const gsize * dims,
    const gfloat * data, guint32 external_id, guint32 flags)
{
  guint32 id = XNN_INVALID_VALUE_ID;

  if (builder->status == xnn_status_success)
    builder->status = xnn_define_tensor_value (builder->subgraph,
        xnn_datatype_fp32, n_dims, dims, data, external_id, flags, &id);
  return id;
}

static Map
define_map (Builder * builder, guint side, guint channels, guint32 external_id,
    guint32 flags)
{
  gsize dims[4] = { GST_TRYON_NAIL_NET_BATCH, side, side, channels };
  Map map = { 0, side, channels };

  map.id = define_value (builder, 4, dims, NULL, external_id, flags);
  return map;
}

static Map
define_result (Builder * builder, guint side, guint channels)
{
  return define_map (builder, side, channels, XNN_INVALID_VALUE_ID, 0);
}

static guint32
take_values (Builder * builder, gsize n_dims, const gsize * dims)
{
  const gfloat *data = builder->values + builder->n_used;
  gsize i, n = 1;

  for (i = 0; i < n_dims; i++)
    n *= dims[i];
  g_assert (n <= N_VALUES - builder->n_used);
  builder->n_used += n;
  return define_value (builder, n_dims, dims, data, XNN_INVALID_VALUE_ID, 0);
}

static Map
convolve (Builder * builder, Map input, guint channels, guint kernel,
    guint stride, gboolean is_last)
{
  gsize filter_dims[4] = { channels, kernel, kernel, input.channels };
  gsize bias_dims[1] = { channels };
  guint32 filter = take_values (builder, 4, filter_dims);
  guint32 bias = take_values (builder, 1, bias_dims);
  guint padding = kernel / 2;
  Map output = define_result (builder, input.side / stride, channels);

  if (builder->status == xnn_status_success)
    builder->status = xnn_define_convolution_2d (builder->subgraph, padding,
        padding, padding, padding, kernel, kernel, stride, stride, 1, 1, 1,
        input.channels, channels, is_last ? -INFINITY : 0, INFINITY, input.id,
        filter, bias, output.id, 0);
  return output;
}

/* Each channel by itself. */
static Map
convolve_depthwise (Builder * builder, Map input, guint kernel, guint stride)
{
  gsize filter_dims[4] = { 1, kernel, kernel, input.channels };
  gsize bias_dims[1] = { input.channels };
  guint32 filter = take_values (builder, 4, filter_dims);
  guint32 bias = take_values (builder, 1, bias_dims);
  guint padding = kernel / 2;
  Map output = define_result (builder, input.side / stride, input.channels);

  if (builder->status == xnn_status_success)
    builder->status = xnn_define_depthwise_convolution_2d (builder->subgraph,
        padding, padding, padding, padding, kernel, kernel, stride, stride, 1,
        1, 1, input.channels, 0, INFINITY, input.id, filter, bias, output.id,
        0);
  return output;
}

/* Each channel by itself, then across the channels. */
static Map
convolve_separably (Builder * builder, Map input, guint channels, guint kernel,
    guint stride)
{
  Map each = convolve_depthwise (builder, input, kernel, stride);

  return convolve (builder, each, channels, 1, 1, FALSE);
}

static Map
add (Builder * builder, Map a, Map b)
{
  Map output = define_result (builder, a.side, a.channels);

  if (builder->status == xnn_status_success)
    builder->status = xnn_define_add2 (builder->subgraph, -INFINITY, INFINITY,
        a.id, b.id, output.id, 0);
  return output;
}

static Map
scale_twice (Builder * builder, Map input)
{
  Map output = define_result (builder, 2 * input.side, input.channels);

  if (builder->status == xnn_status_success)
    builder->status = xnn_define_static_resize_bilinear_2d (builder->subgraph,
        output.side, output.side, input.id, output.id, 0);
  return output;
}

/* As NailNet.forward() of network.py. */
static void
define_network (Builder * builder)
{
  Map input = define_map (builder, GST_TRYON_NAIL_NET_SIZE, 3, 0,
      XNN_VALUE_FLAG_EXTERNAL_INPUT);
  Map output = define_map (builder, GST_TRYON_NAIL_NET_SIZE, 1, 1,
      XNN_VALUE_FLAG_EXTERNAL_OUTPUT);
  Map fine, middle, map;
  guint i;

  map = convolve (builder, input, 16, 3, 2, FALSE);
  fine = convolve_separably (builder, map, FINE, 3, 1);
  map = convolve_separably (builder, fine, MIDDLE, 3, 2);
  middle = convolve_separably (builder, map, MIDDLE, 3, 1);
  map = convolve_separably (builder, middle, COARSE, 3, 2);
  for (i = 0; i < 3; i++)
    map = add (builder, map, convolve_separably (builder, map, COARSE, 5, 1));
  map = scale_twice (builder, convolve (builder, map, MIDDLE, 1, 1, FALSE));
  map = convolve_separably (builder, add (builder, map, middle), MIDDLE, 3, 1);
  map = scale_twice (builder, convolve (builder, map, FINE, 1, 1, FALSE));
  map = convolve_separably (builder, add (builder, map, fine), FINE, 3, 1);
  map = convolve (builder, map, 4, 1, 1, TRUE);
  if (builder->status == xnn_status_success)
    builder->status = xnn_define_depth_to_space (builder->subgraph, map.id,
        output.id, 2, 0);
  g_assert (builder->n_used == N_VALUES);
}

static GstTryonNet *
make_net (const gfloat * values, GError ** error)
{
  const gsize n_pixels = GST_TRYON_NAIL_NET_BATCH * GST_TRYON_NAIL_NET_SIZE
      * GST_TRYON_NAIL_NET_SIZE;
  const gsize input_size = 3 * n_pixels;
  Builder builder = { NULL, xnn_status_success, values, 0 };

  if (!gst_tryon_net_init (error)
      || !gst_tryon_net_check (xnn_create_subgraph (2, 0, &builder.subgraph),
          "cannot make the nail network", error))
    return NULL;
  define_network (&builder);
  if (!gst_tryon_net_check (builder.status, "cannot make the nail network",
          error)) {
    xnn_delete_subgraph (builder.subgraph);
    return NULL;
  }
  return gst_tryon_net_new (builder.subgraph, NULL, NULL, &input_size, 1,
      &n_pixels, 1, error);
}

static gpointer
register_resource (gpointer data)
{
  gst_tryon_nails_register_resource ();
  return NULL;
}

static GBytes *
get_own_weights (GError ** error)
{
  static GOnce once = G_ONCE_INIT;

  g_once (&once, register_resource, NULL);
  return g_resource_lookup_data (gst_tryon_nails_get_resource (), RESOURCE,
      G_RESOURCE_LOOKUP_FLAGS_NONE, error);
}

GstTryonNet *
gst_tryon_nail_net_new (GBytes * weights, GError ** error)
{
  GstTryonNet *net = NULL;
  const guint8 *data;
  gfloat *values;
  gsize size;

  weights = weights != NULL ? g_bytes_ref (weights) : get_own_weights (error);
  if (weights == NULL)
    return NULL;
  data = g_bytes_get_data (weights, &size);
  if (check_weights (data, size, error)) {
    values = convert_weights (data);
    /* XNNPACK copies them. */
    net = make_net (values, error);
    g_free (values);
  }
  g_bytes_unref (weights);
  return net;
}

static GstTryonNet *
make_pooled (gpointer user_data, GError ** error)
{
  return gst_tryon_nail_net_new (NULL, error);
}

GstTryonNetPool *
gst_tryon_nail_net_open (GError ** error)
{
  return gst_tryon_net_pool_get (RESOURCE, make_pooled, NULL, NULL, error);
}

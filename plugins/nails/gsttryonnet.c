/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gsttryonnet.h"

#include <stdlib.h>
#include <string.h>

/* A cache line, and XNNPACK's widest vector. */
#define ALIGNMENT 64

typedef struct
{
  gsize size;                   /* floats */
  gfloat *data;                 /* XNN_EXTRA_BYTES more than that */
} Buffer;

struct _GstTryonNet
{
  xnn_runtime_t runtime;
  gpointer keep;
  GDestroyNotify keep_free;
  guint n_inputs, n_outputs;
  Buffer *buffers;              /* the inputs, then the outputs */
};

GQuark
gst_tryon_net_error_quark (void)
{
  return g_quark_from_static_string ("gst-tryon-net-error-quark");
}

static const gchar *
status_get_text (enum xnn_status status)
{
  switch (status) {
    case xnn_status_success:
      return "success";
    case xnn_status_uninitialized:
      return "XNNPACK is not initialized";
    case xnn_status_invalid_parameter:
      return "invalid parameter";
    case xnn_status_invalid_state:
      return "invalid state";
    case xnn_status_unsupported_parameter:
      return "unsupported parameter";
    case xnn_status_unsupported_hardware:
      return "this processor lacks what XNNPACK needs (on x86: SSE2)";
    case xnn_status_out_of_memory:
      return "out of memory";
  }
  return "unknown error";
}

gboolean
gst_tryon_net_check (enum xnn_status status, const gchar * what,
    GError ** error)
{
  if (status == xnn_status_success)
    return TRUE;
  g_set_error (error, GST_TRYON_NET_ERROR, GST_TRYON_NET_ERROR_FAILED,
      "%s: %s", what, status_get_text (status));
  return FALSE;
}

static gpointer
initialize (gpointer data)
{
  return GINT_TO_POINTER (xnn_initialize (NULL));
}

gboolean
gst_tryon_net_init (GError ** error)
{
  static GOnce once = G_ONCE_INIT;

  return gst_tryon_net_check (GPOINTER_TO_INT (g_once (&once, initialize,
              NULL)), "cannot initialize XNNPACK", error);
}

static gboolean
make_buffer (Buffer * buffer, gsize size, GError ** error)
{
  gsize bytes;

  if (size == 0 || size > GST_TRYON_NET_MAX_VALUES) {
    g_set_error (error, GST_TRYON_NET_ERROR, GST_TRYON_NET_ERROR_UNSUPPORTED,
        "an input or output of %" G_GSIZE_FORMAT " numbers, not 1 to %d", size,
        GST_TRYON_NET_MAX_VALUES);
    return FALSE;
  }
  bytes = size * sizeof (gfloat) + XNN_EXTRA_BYTES;
  if (posix_memalign ((gpointer *) & buffer->data, ALIGNMENT, bytes) != 0) {
    buffer->data = NULL;
    return gst_tryon_net_check (xnn_status_out_of_memory,
        "cannot make an input or output", error);
  }
  /* The bytes behind it are read, too. */
  memset (buffer->data, 0, bytes);
  buffer->size = size;
  return TRUE;
}

static gboolean
make_buffers (GstTryonNet * net, const gsize * input_sizes,
    const gsize * output_sizes, GError ** error)
{
  guint i;

  net->buffers = g_new0 (Buffer, net->n_inputs + net->n_outputs);
  for (i = 0; i < net->n_inputs; i++)
    if (!make_buffer (&net->buffers[i], input_sizes[i], error))
      return FALSE;
  for (i = 0; i < net->n_outputs; i++)
    if (!make_buffer (&net->buffers[net->n_inputs + i], output_sizes[i], error))
      return FALSE;
  return TRUE;
}

/* Tells the runtime where its inputs and outputs are. */
static gboolean
connect_buffers (GstTryonNet * net, const GstTryonNetPiece * pieces,
    guint n_pieces, GError ** error)
{
  struct xnn_external_value values[GST_TRYON_NET_MAX_EXTERNAL];
  guint i;

  for (i = 0; i < net->n_inputs; i++) {
    values[i].id = i;
    values[i].data = net->buffers[i].data;
  }
  for (i = 0; i < n_pieces; i++) {
    const Buffer *buffer = &net->buffers[net->n_inputs + pieces[i].output];

    g_assert (pieces[i].output < net->n_outputs);
    g_assert (pieces[i].offset <= buffer->size
        && pieces[i].size <= buffer->size - pieces[i].offset);
    values[net->n_inputs + i].id = net->n_inputs + i;
    values[net->n_inputs + i].data = buffer->data + pieces[i].offset;
  }
  return gst_tryon_net_check (xnn_setup_runtime (net->runtime,
          net->n_inputs + n_pieces, values), "cannot set up the network",
      error);
}

GstTryonNet *
gst_tryon_net_new_of_pieces (xnn_subgraph_t subgraph, gpointer keep,
    GDestroyNotify keep_free, const gsize * input_sizes, guint n_inputs,
    const gsize * output_sizes, guint n_outputs,
    const GstTryonNetPiece * pieces, guint n_pieces, GError ** error)
{
  GstTryonNet *net = g_new0 (GstTryonNet, 1);
  gboolean is_made;

  g_assert (n_inputs + n_pieces <= GST_TRYON_NET_MAX_EXTERNAL);
  net->keep = keep;
  net->keep_free = keep_free;
  net->n_inputs = n_inputs;
  net->n_outputs = n_outputs;
  is_made = gst_tryon_net_init (error)
      && make_buffers (net, input_sizes, output_sizes, error)
      && gst_tryon_net_check (xnn_create_runtime_v2 (subgraph, NULL, 0,
          &net->runtime), "cannot make the network", error)
      && connect_buffers (net, pieces, n_pieces, error);
  xnn_delete_subgraph (subgraph);
  if (!is_made)
    g_clear_pointer (&net, gst_tryon_net_free);
  return net;
}

GstTryonNet *
gst_tryon_net_new (xnn_subgraph_t subgraph, gpointer keep,
    GDestroyNotify keep_free, const gsize * input_sizes, guint n_inputs,
    const gsize * output_sizes, guint n_outputs, GError ** error)
{
  GstTryonNetPiece pieces[GST_TRYON_NET_MAX_EXTERNAL];
  guint i;

  g_assert (n_outputs <= GST_TRYON_NET_MAX_EXTERNAL);
  for (i = 0; i < n_outputs; i++) {
    pieces[i].output = i;
    pieces[i].offset = 0;
    pieces[i].size = output_sizes[i];
  }
  return gst_tryon_net_new_of_pieces (subgraph, keep, keep_free, input_sizes,
      n_inputs, output_sizes, n_outputs, pieces, n_outputs, error);
}

void
gst_tryon_net_free (GstTryonNet * net)
{
  guint i;

  xnn_delete_runtime (net->runtime);
  for (i = 0; net->buffers != NULL && i < net->n_inputs + net->n_outputs; i++)
    free (net->buffers[i].data);
  g_free (net->buffers);
  if (net->keep_free != NULL)
    net->keep_free (net->keep);
  g_free (net);
}

guint
gst_tryon_net_get_n_inputs (GstTryonNet * net)
{
  return net->n_inputs;
}

guint
gst_tryon_net_get_n_outputs (GstTryonNet * net)
{
  return net->n_outputs;
}

gfloat *
gst_tryon_net_get_input (GstTryonNet * net, guint index, gsize * size)
{
  g_return_val_if_fail (index < net->n_inputs, NULL);
  if (size != NULL)
    *size = net->buffers[index].size;
  return net->buffers[index].data;
}

const gfloat *
gst_tryon_net_get_output (GstTryonNet * net, guint index, gsize * size)
{
  g_return_val_if_fail (index < net->n_outputs, NULL);
  if (size != NULL)
    *size = net->buffers[net->n_inputs + index].size;
  return net->buffers[net->n_inputs + index].data;
}

gboolean
gst_tryon_net_run (GstTryonNet * net, GError ** error)
{
  return gst_tryon_net_check (xnn_invoke_runtime (net->runtime),
      "cannot run the network", error);
}

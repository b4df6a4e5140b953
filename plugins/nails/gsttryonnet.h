/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>
#include <xnnpack.h>

#include "gsttryontflite.h"

G_BEGIN_DECLS

/* A network that is ready to run: an XNNPACK runtime, with the buffers of its
 * inputs and outputs (float32, NHWC). One thread at a time. */

#define GST_TRYON_NET_ERROR (gst_tryon_net_error_quark ())

/**
 * GstTryonNetError:
 * @GST_TRYON_NET_ERROR_UNSUPPORTED: XNNPACK has no operator for what the model does
 * @GST_TRYON_NET_ERROR_FAILED: XNNPACK refused, or there is no memory
 */
typedef enum
{
  GST_TRYON_NET_ERROR_UNSUPPORTED,
  GST_TRYON_NET_ERROR_FAILED
} GstTryonNetError;

/* Floats of an input or output, at most. */
#define GST_TRYON_NET_MAX_VALUES (1 << 24)
/* Inputs and pieces of outputs, at most. */
#define GST_TRYON_NET_MAX_EXTERNAL 64

typedef struct _GstTryonNet GstTryonNet;

/* A part of an output that has an external value of its own: this version of XNNPACK
 * has no operator that concatenates. */
typedef struct
{
  guint output;
  gsize offset;                 /* floats */
  gsize size;                   /* floats */
} GstTryonNetPiece;

GQuark gst_tryon_net_error_quark (void);

/**
 * gst_tryon_net_new:
 * @subgraph: (transfer full): external values 0 to @n_inputs - 1 are its inputs,
 *     those that follow its outputs; of just these sizes, which is not checked
 * @keep: (nullable): what must live as long as the net, such as static weights
 * @keep_free: (nullable): frees @keep
 * @input_sizes: floats of each input
 * @output_sizes: floats of each output
 *
 * Runs on the thread that calls gst_tryon_net_run(), without others. @subgraph and
 * @keep are freed also when it fails. XNNPACK packs the weights of convolutions, of
 * fully connected operators and of PReLUs into memory of its own while the runtime is
 * made: only other static values, such as one that is added, need to be kept.
 */
GstTryonNet *gst_tryon_net_new (xnn_subgraph_t subgraph, gpointer keep,
    GDestroyNotify keep_free, const gsize * input_sizes, guint n_inputs,
    const gsize * output_sizes, guint n_outputs, GError ** error);
/* The same, with outputs that consist of pieces: external value @n_inputs + i is
 * @pieces[i]. */
GstTryonNet *gst_tryon_net_new_of_pieces (xnn_subgraph_t subgraph, gpointer keep,
    GDestroyNotify keep_free, const gsize * input_sizes, guint n_inputs,
    const gsize * output_sizes, guint n_outputs,
    const GstTryonNetPiece * pieces, guint n_pieces, GError ** error);
/* From @model (transfer none), which may be freed afterwards. */
GstTryonNet *gst_tryon_net_new_from_tflite (GstTryonTflite * model,
    GError ** error);
void gst_tryon_net_free (GstTryonNet * net);

/* (transfer none): the floats of an input, 64-byte aligned, to be filled in before
 * gst_tryon_net_run(). @size (out) (optional): how many. */
gfloat *gst_tryon_net_get_input (GstTryonNet * net, guint index, gsize * size);
/* (transfer none): what gst_tryon_net_run() made, until the next run. In the order
 * that the model's file has them. */
const gfloat *gst_tryon_net_get_output (GstTryonNet * net, guint index,
    gsize * size);
gboolean gst_tryon_net_run (GstTryonNet * net, GError ** error);

guint gst_tryon_net_get_n_inputs (GstTryonNet * net);
guint gst_tryon_net_get_n_outputs (GstTryonNet * net);

/* Calls xnn_initialize() once in the process. To be called before a subgraph is
 * made. */
gboolean gst_tryon_net_init (GError ** error);

/* Whether it is success; else an error: @what, and the reason. */
gboolean gst_tryon_net_check (enum xnn_status status, const gchar * what,
    GError ** error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstTryonNet, gst_tryon_net_free)

G_END_DECLS

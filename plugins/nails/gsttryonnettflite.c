/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From a TensorFlow Lite model to an XNNPACK subgraph.
 *
 * XNNPACK does not look at most of the shapes that it is told: an output that is
 * smaller than what its operator makes is written past its end. The model has been
 * checked for that when it was read. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gsttryonnet.h"

G_STATIC_ASSERT (GST_TRYON_TFLITE_EXTRA_BYTES >= XNN_EXTRA_BYTES);
G_STATIC_ASSERT (GST_TRYON_TFLITE_MAX_VALUES <= GST_TRYON_NET_MAX_VALUES);
/* Each output may consist of as many pieces as an operator has inputs. */
G_STATIC_ASSERT (GST_TRYON_TFLITE_MAX_INPUTS * GST_TRYON_TFLITE_MAX_INPUTS <=
    GST_TRYON_NET_MAX_EXTERNAL);

typedef struct
{
  const GstTryonTfliteTensor *tensors;
  guint n_tensors;
  const GstTryonTfliteOperator *operators;
  guint n_operators;
  guint32 *values;              /* XNNPACK's number of each tensor */
  GstTryonNetPiece pieces[GST_TRYON_NET_MAX_EXTERNAL];
  guint piece_tensors[GST_TRYON_NET_MAX_EXTERNAL];
  guint n_pieces;
  xnn_subgraph_t subgraph;
} Builder;

static gboolean
fail (GError ** error, const gchar * what, guint tensor)
{
  g_set_error (error, GST_TRYON_NET_ERROR, GST_TRYON_NET_ERROR_UNSUPPORTED,
      "%s: tensor %u", what, tensor);
  return FALSE;
}

static const GstTryonTfliteOperator *
find_maker (const Builder * builder, guint tensor)
{
  guint i;

  for (i = 0; i < builder->n_operators; i++)
    if (builder->operators[i].output == tensor)
      return &builder->operators[i];
  return NULL;
}

static gboolean
add_piece (Builder * builder, guint output, gsize offset, guint tensor,
    GError ** error)
{
  GstTryonNetPiece *piece = &builder->pieces[builder->n_pieces];
  guint i;

  if (builder->n_pieces == GST_TRYON_NET_MAX_EXTERNAL
      - GST_TRYON_TFLITE_MAX_INPUTS)
    return fail (error, "the model's outputs have too many parts", tensor);
  for (i = 0; i < builder->n_pieces; i++)
    if (builder->piece_tensors[i] == tensor)
      return fail (error, "it is more than one output, or part of one", tensor);
  piece->output = output;
  piece->offset = offset;
  piece->size = builder->tensors[tensor].n_values;
  builder->piece_tensors[builder->n_pieces++] = tensor;
  return TRUE;
}

/* An output that is concatenated: its parts are written where they belong to begin
 * with. So they must lie one behind the other. */
static gboolean
add_parts (Builder * builder, guint output,
    const GstTryonTfliteOperator * maker, GError ** error)
{
  gsize offset = 0;
  guint i;

  if (builder->tensors[maker->output].n_uses > 0)
    return fail (error, "it is concatenated, and more than an output",
        maker->output);
  for (i = 0; i < maker->axis; i++)
    if (builder->tensors[maker->output].dims[i] != 1)
      return fail (error, "it is concatenated, but not of whole parts",
          maker->output);
  for (i = 0; i < maker->n_inputs; i++) {
    const GstTryonTfliteOperator *part = find_maker (builder, maker->inputs[i]);

    if (part == NULL || part->kind == GST_TRYON_TFLITE_CONCATENATION)
      return fail (error, "it is concatenated, and not an operator's result",
          maker->inputs[i]);
    if (!add_piece (builder, output, offset, maker->inputs[i], error))
      return FALSE;
    offset += builder->tensors[maker->inputs[i]].n_values;
  }
  return TRUE;
}

static gboolean
add_outputs (Builder * builder, const guint * outputs, guint n_outputs,
    GError ** error)
{
  guint i;

  for (i = 0; i < n_outputs; i++) {
    const GstTryonTfliteOperator *maker = find_maker (builder, outputs[i]);

    if (maker->kind == GST_TRYON_TFLITE_CONCATENATION ?
        !add_parts (builder, i, maker, error) :
        !add_piece (builder, i, 0, outputs[i], error))
      return FALSE;
  }
  return TRUE;
}

/* With @external XNN_INVALID_VALUE_ID for a value that is not to be seen. */
static enum xnn_status
define_value (Builder * builder, guint n_dims, const guint * dims,
    const gfloat * data, guint32 external, guint32 flags, guint32 * value)
{
  gsize sizes[GST_TRYON_TFLITE_MAX_DIMENSIONS];
  guint i;

  for (i = 0; i < n_dims; i++)
    sizes[i] = dims[i];
  return xnn_define_tensor_value (builder->subgraph, xnn_datatype_fp32, n_dims,
      sizes, data, external, flags, value);
}

/* A tensor that inputs and outputs have not defined already. */
static enum xnn_status
define_tensor (Builder * builder, guint index)
{
  const GstTryonTfliteTensor *tensor = &builder->tensors[index];

  if (builder->values[index] != XNN_INVALID_VALUE_ID)
    return xnn_status_success;
  return define_value (builder, tensor->n_dims, tensor->dims, tensor->data,
      XNN_INVALID_VALUE_ID, 0, &builder->values[index]);
}

static enum xnn_status
define_external (Builder * builder, guint index, guint32 id, guint32 flags)
{
  const GstTryonTfliteTensor *tensor = &builder->tensors[index];

  return define_value (builder, tensor->n_dims, tensor->dims, NULL, id, flags,
      &builder->values[index]);
}

static enum xnn_status
define_convolution (Builder * builder, const GstTryonTfliteOperator * op)
{
  const GstTryonTfliteWindow *w = &op->window;
  const guint *dims = builder->tensors[op->weights].dims;
  const guint32 *values = builder->values;

  return xnn_define_convolution_2d (builder->subgraph, w->top, w->right,
      w->bottom, w->left, w->height, w->width, w->stride_y, w->stride_x,
      w->dilation_y, w->dilation_x, 1, dims[3], dims[0], op->min, op->max,
      values[op->inputs[0]], values[op->weights],
      op->bias == GST_TRYON_TFLITE_NONE ? XNN_INVALID_VALUE_ID :
      values[op->bias], values[op->output], 0);
}

static enum xnn_status
define_depthwise (Builder * builder, const GstTryonTfliteOperator * op)
{
  const GstTryonTfliteWindow *w = &op->window;
  const guint32 *values = builder->values;
  guint in = builder->tensors[op->inputs[0]].dims[3];

  return xnn_define_depthwise_convolution_2d (builder->subgraph, w->top,
      w->right, w->bottom, w->left, w->height, w->width, w->stride_y,
      w->stride_x, w->dilation_y, w->dilation_x,
      builder->tensors[op->output].dims[3] / in, in, op->min, op->max,
      values[op->inputs[0]], values[op->weights],
      op->bias == GST_TRYON_TFLITE_NONE ? XNN_INVALID_VALUE_ID :
      values[op->bias], values[op->output], 0);
}

static enum xnn_status
define_max_pool (Builder * builder, const GstTryonTfliteOperator * op)
{
  const GstTryonTfliteWindow *w = &op->window;

  return xnn_define_max_pooling_2d (builder->subgraph, w->top, w->right,
      w->bottom, w->left, w->height, w->width, w->stride_y, w->stride_x,
      w->dilation_y, w->dilation_x, op->min, op->max,
      builder->values[op->inputs[0]], builder->values[op->output], 0);
}

/* XNNPACK takes slopes of one dimension only. */
static enum xnn_status
define_prelu (Builder * builder, const GstTryonTfliteOperator * op)
{
  const GstTryonTfliteTensor *slopes = &builder->tensors[op->weights];
  const guint channels = slopes->n_values;
  guint32 value;
  enum xnn_status status = define_value (builder, 1, &channels, slopes->data,
      XNN_INVALID_VALUE_ID, 0, &value);

  if (status != xnn_status_success)
    return status;
  return xnn_define_prelu (builder->subgraph, builder->values[op->inputs[0]],
      value, builder->values[op->output], 0);
}

static enum xnn_status
define_pad (Builder * builder, const GstTryonTfliteOperator * op)
{
  gsize before[XNN_MAX_TENSOR_DIMS] = { 0 }, after[XNN_MAX_TENSOR_DIMS] = {
    0
  };
  guint i;

  for (i = 0; i < GST_TRYON_TFLITE_MAX_DIMENSIONS; i++) {
    before[i] = op->before[i];
    after[i] = op->after[i];
  }
  return xnn_define_static_constant_pad (builder->subgraph, before, after, 0,
      builder->values[op->inputs[0]], builder->values[op->output], 0);
}

static enum xnn_status
define_resize (Builder * builder, const GstTryonTfliteOperator * op)
{
  const guint *dims = builder->tensors[op->output].dims;
  guint32 flags = XNN_FLAG_TENSORFLOW_LEGACY_MODE;

  if (op->align_corners)
    flags = XNN_FLAG_ALIGN_CORNERS;
  else if (op->half_pixel_centres)
    flags = 0;
  return xnn_define_static_resize_bilinear_2d (builder->subgraph, dims[1],
      dims[2], builder->values[op->inputs[0]], builder->values[op->output],
      flags);
}

/* From a value to the shape of the output. */
static enum xnn_status
define_reshape (Builder * builder, guint32 value, guint output)
{
  const GstTryonTfliteTensor *tensor = &builder->tensors[output];
  gsize sizes[GST_TRYON_TFLITE_MAX_DIMENSIONS];
  guint i;

  for (i = 0; i < tensor->n_dims; i++)
    sizes[i] = tensor->dims[i];
  return xnn_define_static_reshape (builder->subgraph, tensor->n_dims, sizes,
      value, builder->values[output], 0);
}

/* Over height and width. What XNNPACK makes has four dimensions always, the output
 * may have less. */
static enum xnn_status
define_mean (Builder * builder, const GstTryonTfliteOperator * op)
{
  const guint *in = builder->tensors[op->inputs[0]].dims;
  const guint dims[] = { in[0], 1, 1, in[3] };
  guint32 value;
  enum xnn_status status = define_value (builder, G_N_ELEMENTS (dims), dims,
      NULL, XNN_INVALID_VALUE_ID, 0, &value);

  if (status == xnn_status_success)
    status = xnn_define_global_average_pooling_2d (builder->subgraph, op->min,
        op->max, builder->values[op->inputs[0]], value, 0);
  if (status == xnn_status_success)
    status = define_reshape (builder, value, op->output);
  return status;
}

static enum xnn_status
define_operator (Builder * builder, const GstTryonTfliteOperator * op)
{
  const guint32 *values = builder->values;
  const guint *inputs = op->inputs;

  switch (op->kind) {
    case GST_TRYON_TFLITE_ADD:
      return xnn_define_add2 (builder->subgraph, op->min, op->max,
          values[inputs[0]], values[inputs[1]], values[op->output], 0);
    case GST_TRYON_TFLITE_CONV_2D:
      return define_convolution (builder, op);
    case GST_TRYON_TFLITE_DEPTHWISE_CONV_2D:
      return define_depthwise (builder, op);
    case GST_TRYON_TFLITE_FULLY_CONNECTED:
      return xnn_define_fully_connected (builder->subgraph, op->min, op->max,
          values[inputs[0]], values[op->weights],
          op->bias == GST_TRYON_TFLITE_NONE ? XNN_INVALID_VALUE_ID :
          values[op->bias], values[op->output], XNN_FLAG_TENSORFLOW_RESHAPE_2D);
    case GST_TRYON_TFLITE_LOGISTIC:
      return xnn_define_sigmoid (builder->subgraph, values[inputs[0]],
          values[op->output], 0);
    case GST_TRYON_TFLITE_MAX_POOL_2D:
      return define_max_pool (builder, op);
    case GST_TRYON_TFLITE_RESHAPE:
      return define_reshape (builder, values[inputs[0]], op->output);
    case GST_TRYON_TFLITE_RESIZE_BILINEAR:
      return define_resize (builder, op);
    case GST_TRYON_TFLITE_PAD:
      return define_pad (builder, op);
    case GST_TRYON_TFLITE_MEAN:
      return define_mean (builder, op);
    case GST_TRYON_TFLITE_PRELU:
      return define_prelu (builder, op);
    case GST_TRYON_TFLITE_CONCATENATION:
    case GST_TRYON_TFLITE_DEQUANTIZE:
      break;
  }
  return xnn_status_unsupported_parameter;
}

static gboolean
add_operator (Builder * builder, const GstTryonTfliteOperator * op,
    GError ** error)
{
  enum xnn_status status = xnn_status_success;

  if (op->kind == GST_TRYON_TFLITE_CONCATENATION) {
    /* Those that make an output are done by its pieces. */
    if (builder->tensors[op->output].n_uses > 0)
      return fail (error, "it is concatenated, but no output", op->output);
    return TRUE;
  }
  /* Its inputs have been defined by what made them. */
  if (op->weights != GST_TRYON_TFLITE_NONE && op->kind !=
      GST_TRYON_TFLITE_PRELU)
    status = define_tensor (builder, op->weights);
  if (status == xnn_status_success && op->bias != GST_TRYON_TFLITE_NONE)
    status = define_tensor (builder, op->bias);
  if (status == xnn_status_success)
    status = define_tensor (builder, op->output);
  if (status == xnn_status_success)
    status = define_operator (builder, op);
  return gst_tryon_net_check (status,
      gst_tryon_tflite_kind_get_name (op->kind), error);
}

/* The inputs, the pieces of the outputs, then all others as operators need them. */
static gboolean
define_all (Builder * builder, const guint * inputs, guint n_inputs,
    GError ** error)
{
  enum xnn_status status = xnn_create_subgraph (n_inputs + builder->n_pieces,
      0, &builder->subgraph);
  guint i;

  for (i = 0; status == xnn_status_success && i < n_inputs; i++)
    status = define_external (builder, inputs[i], i,
        XNN_VALUE_FLAG_EXTERNAL_INPUT);
  for (i = 0; status == xnn_status_success && i < builder->n_pieces; i++)
    status = define_external (builder, builder->piece_tensors[i], n_inputs + i,
        XNN_VALUE_FLAG_EXTERNAL_OUTPUT);
  if (!gst_tryon_net_check (status, "cannot define the network", error))
    return FALSE;
  for (i = 0; i < builder->n_operators; i++)
    if (!add_operator (builder, &builder->operators[i], error))
      return FALSE;
  return TRUE;
}

GstTryonNet *
gst_tryon_net_new_from_tflite (GstTryonTflite * model, GError ** error)
{
  gsize input_sizes[GST_TRYON_TFLITE_MAX_INPUTS];
  gsize output_sizes[GST_TRYON_TFLITE_MAX_INPUTS];
  guint n_inputs, n_outputs, i;
  const guint *inputs = gst_tryon_tflite_get_inputs (model, &n_inputs);
  const guint *outputs = gst_tryon_tflite_get_outputs (model, &n_outputs);
  Builder builder = { 0 };
  GstTryonNet *net = NULL;

  builder.tensors = gst_tryon_tflite_get_tensors (model, &builder.n_tensors);
  builder.operators = gst_tryon_tflite_get_operators (model,
      &builder.n_operators);
  builder.values = g_new (guint32, builder.n_tensors);
  for (i = 0; i < builder.n_tensors; i++)
    builder.values[i] = XNN_INVALID_VALUE_ID;
  for (i = 0; i < n_inputs; i++)
    input_sizes[i] = builder.tensors[inputs[i]].n_values;
  for (i = 0; i < n_outputs; i++)
    output_sizes[i] = builder.tensors[outputs[i]].n_values;
  if (gst_tryon_net_init (error)
      && add_outputs (&builder, outputs, n_outputs, error)
      && define_all (&builder, inputs, n_inputs, error)) {
    net = gst_tryon_net_new_of_pieces (builder.subgraph, NULL, NULL,
        input_sizes, n_inputs, output_sizes, n_outputs, builder.pieces,
        builder.n_pieces, error);
  } else if (builder.subgraph != NULL) {
    xnn_delete_subgraph (builder.subgraph);
  }
  g_free (builder.values);
  return net;
}

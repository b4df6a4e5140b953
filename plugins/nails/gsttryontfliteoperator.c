/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gsttryontfliteoperator.h"

#include <math.h>
#include <string.h>

/* Sides of a convolution's kernel, strides and dilations. */
#define MAX_SIDE 64
/* Pixels of an output, times those of the kernel: for each, XNNPACK keeps the address
 * of a pixel of the input. */
#define MAX_WINDOW_PIXELS (1 << 24)

/* Fields of the schema's Operator. */
enum
{
  OPERATOR_INPUTS = 1,
  OPERATOR_OUTPUTS = 2,
  OPERATOR_OPTIONS_TYPE = 3,
  OPERATOR_OPTIONS = 4
};

/* Padding and ActivationFunctionType of the schema. */
enum
{ PADDING_SAME = 0, PADDING_VALID = 1 };
enum
{ ACTIVATION_NONE = 0, ACTIVATION_RELU = 1, ACTIVATION_RELU_N1_TO_1 = 2,
  ACTIVATION_RELU6 = 3
};

/* An operator that is being read. */
typedef struct
{
  GstTryonTfliteReader *reader;
  GstTryonFlatVector inputs;
  GstTryonFlatTable options;
  GstTryonTfliteOperator *op;
  GstTryonTfliteTensor *output;
  GError **error;
} Task;

/* FALSE, with an error. */
#define fail(task, code, ...) \
  (g_set_error ((task)->error, GST_TRYON_TFLITE_ERROR, code, __VA_ARGS__), FALSE)
#define damaged(task, ...) \
  fail (task, GST_TRYON_TFLITE_ERROR_DAMAGED, __VA_ARGS__)
#define unsupported(task, ...) \
  fail (task, GST_TRYON_TFLITE_ERROR_UNSUPPORTED, __VA_ARGS__)

static gboolean
is_same_shape (const GstTryonTfliteTensor * a, const GstTryonTfliteTensor * b)
{
  return a->n_dims == b->n_dims
      && memcmp (a->dims, b->dims, a->n_dims * sizeof (a->dims[0])) == 0;
}

/* The number of an input's tensor. */
static gboolean
get_input (Task * task, guint i, guint * index)
{
  gint32 number;

  if (i >= task->inputs.length)
    return damaged (task, "it has only %u inputs", task->inputs.length);
  number = gst_tryon_flat_vector_get_int32 (&task->inputs, i);
  if (number < 0 || (guint) number >= task->reader->n_tensors)
    return damaged (task, "its input %u is tensor %d, which is not there", i,
        number);
  *index = number;
  return TRUE;
}

/* The next of the operator's inputs that are no constants. */
static gboolean
take_input (Task * task, guint i, const GstTryonTfliteTensor ** tensor)
{
  GstTryonTfliteOperator *op = task->op;
  guint index;

  if (!get_input (task, i, &index))
    return FALSE;
  if (!task->reader->sources[index].is_made)
    return damaged (task,
        "its input %u, tensor %u, has not been made before it", i, index);
  if (op->n_inputs == GST_TRYON_TFLITE_MAX_INPUTS)
    return unsupported (task, "it has more than %d inputs",
        GST_TRYON_TFLITE_MAX_INPUTS);
  op->inputs[op->n_inputs++] = index;
  task->reader->tensors[index].n_uses++;
  *tensor = &task->reader->tensors[index];
  return TRUE;
}

/* Where tensors have their channels, and height and width before. */
static gboolean
take_image (Task * task, const GstTryonTfliteTensor ** tensor)
{
  if (!take_input (task, 0, tensor))
    return FALSE;
  if ((*tensor)->n_dims != 4 || task->output->n_dims != 4)
    return damaged (task, "input and output have %u and %u dimensions, not 4",
        (*tensor)->n_dims, task->output->n_dims);
  if ((*tensor)->dims[0] != task->output->dims[0])
    return damaged (task, "%u images go in, %u come out", (*tensor)->dims[0],
        task->output->dims[0]);
  return TRUE;
}

/* Constant floats. */
static gboolean
take_weights (Task * task, guint i, guint n_dims, guint * index,
    const GstTryonTfliteTensor ** tensor)
{
  GstTryonTfliteTensor *found;
  const GstTryonTfliteSource *source;

  if (!get_input (task, i, index))
    return FALSE;
  found = &task->reader->tensors[*index];
  source = &task->reader->sources[*index];
  if (found->data == NULL) {
    if (source->raw == NULL || source->type != GST_TRYON_TFLITE_FLOAT32)
      return unsupported (task,
          "its input %u, tensor %u, has no constant floats", i, *index);
    if (!gst_tryon_tflite_make_constant (task->reader, found, source,
            task->error))
      return FALSE;
  }
  if (n_dims != 0 && found->n_dims != n_dims)
    return damaged (task, "its weights have %u dimensions, not %u",
        found->n_dims, n_dims);
  found->n_uses++;
  *tensor = found;
  return TRUE;
}

static gboolean
take_bias (Task * task, guint i, guint channels)
{
  const GstTryonTfliteTensor *bias;

  if (i >= task->inputs.length
      || gst_tryon_flat_vector_get_int32 (&task->inputs, i) == -1)
    return TRUE;
  if (!take_weights (task, i, 0, &task->op->bias, &bias))
    return FALSE;
  if (bias->n_values != channels)
    return damaged (task, "%" G_GSIZE_FORMAT " biases for %u channels",
        bias->n_values, channels);
  return TRUE;
}

/* Constant whole numbers, just @n. */
static gboolean
take_numbers (Task * task, guint i, guint n, gint32 * numbers)
{
  const GstTryonTfliteSource *source;
  guint index, j;

  if (!get_input (task, i, &index))
    return FALSE;
  source = &task->reader->sources[index];
  if (source->raw == NULL || source->type != GST_TRYON_TFLITE_INT32)
    return unsupported (task,
        "its input %u, tensor %u, has no constant numbers", i, index);
  if (task->reader->tensors[index].n_values != n)
    return damaged (task,
        "its input %u has %" G_GSIZE_FORMAT " numbers, not %u", i,
        task->reader->tensors[index].n_values, n);
  memcpy (numbers, source->raw, n * sizeof (gint32));
  for (j = 0; j < n; j++)
    numbers[j] = GINT32_FROM_LE (numbers[j]);
  return TRUE;
}

static gboolean
read_activation (Task * task, guint field)
{
  gint activation;

  if (!gst_tryon_flat_table_get_int8 (&task->options, field, ACTIVATION_NONE,
          &activation, task->error))
    return FALSE;
  switch (activation) {
    case ACTIVATION_NONE:
      break;
    case ACTIVATION_RELU:
      task->op->min = 0;
      break;
    case ACTIVATION_RELU_N1_TO_1:
      task->op->min = -1;
      task->op->max = 1;
      break;
    case ACTIVATION_RELU6:
      task->op->min = 0;
      task->op->max = 6;
      break;
    default:
      return unsupported (task, "it has activation function %d", activation);
  }
  return TRUE;
}

/* A number of the options, from 1 to MAX_SIDE. */
static gboolean
read_side (Task * task, guint field, gint32 otherwise, guint * value)
{
  gint32 number;

  if (!gst_tryon_flat_table_get_int32 (&task->options, field, otherwise,
          &number, task->error))
    return FALSE;
  if (number < 1 || number > MAX_SIDE)
    return unsupported (task, "a stride, dilation or kernel of %d", number);
  *value = number;
  return TRUE;
}

/* Where a window of @size goes over @in pixels in steps of @stride: how many there
 * are, and TensorFlow's padding. Its SAME makes as many as there are steps, and puts
 * an odd pixel of padding at the end.
 * (XNNPACK has a flag for that, but where the stride exceeds the window, its padding
 * is negative there and wraps.) */
static gboolean
slide (Task * task, gint padding, guint in, guint side, guint stride,
    guint dilation, guint out, guint * before, guint * after)
{
  guint size = (side - 1) * dilation + 1, steps, covered;

  *before = *after = 0;
  if (padding == PADDING_SAME) {
    steps = (in + stride - 1) / stride;
    covered = (steps - 1) * stride + size;
    if (covered > in) {
      *before = (covered - in) / 2;
      *after = covered - in - *before;
    }
  } else {
    steps = in >= size ? (in - size) / stride + 1 : 0;
  }
  if (steps == 0 || steps != out)
    return damaged (task, "from %u pixels it makes %u, not %u", in, steps, out);
  return TRUE;
}

/* With the window's size set. @padding, @stride_x, @dilation_x are fields of the
 * options; those for y follow. */
static gboolean
read_window (Task * task, guint padding, guint stride_x, guint dilation_x,
    const GstTryonTfliteTensor * input)
{
  GstTryonTfliteWindow *window = &task->op->window;
  const GstTryonTfliteTensor *output = task->output;
  gint kind;

  if (window->width > MAX_SIDE || window->height > MAX_SIDE)
    return unsupported (task, "a kernel of %u x %u", window->width,
        window->height);
  if ((guint64) output->dims[0] * output->dims[1] * output->dims[2]
      * window->width * window->height > MAX_WINDOW_PIXELS)
    return unsupported (task, "a kernel of %u x %u on %u x %u pixels",
        window->width, window->height, output->dims[2], output->dims[1]);
  window->dilation_x = window->dilation_y = 1;
  if (!gst_tryon_flat_table_get_int8 (&task->options, padding, PADDING_SAME,
          &kind, task->error)
      || !read_side (task, stride_x, 0, &window->stride_x)
      || !read_side (task, stride_x + 1, 0, &window->stride_y)
      || (dilation_x != 0
          && (!read_side (task, dilation_x, 1, &window->dilation_x)
              || !read_side (task, dilation_x + 1, 1, &window->dilation_y))))
    return FALSE;
  if (kind != PADDING_SAME && kind != PADDING_VALID)
    return unsupported (task, "padding of kind %d", kind);
  return slide (task, kind, input->dims[2], window->width, window->stride_x,
      window->dilation_x, output->dims[2], &window->left, &window->right)
      && slide (task, kind, input->dims[1], window->height, window->stride_y,
      window->dilation_y, output->dims[1], &window->top, &window->bottom);
}

/* Conv2DOptions: padding, stride_w, stride_h, activation, dilation_w, _h. */
static gboolean
read_conv_2d (Task * task)
{
  GstTryonTfliteOperator *op = task->op;
  const GstTryonTfliteTensor *input, *weights;

  if (!take_image (task, &input)
      || !take_weights (task, 1, 4, &op->weights, &weights)
      || !take_bias (task, 2, weights->dims[0]) || !read_activation (task, 3))
    return FALSE;
  if (weights->dims[3] != input->dims[3]
      || weights->dims[0] != task->output->dims[3])
    return damaged (task,
        "its weights are for %u to %u channels, the tensors have %u and %u",
        weights->dims[3], weights->dims[0], input->dims[3],
        task->output->dims[3]);
  op->window.height = weights->dims[1];
  op->window.width = weights->dims[2];
  task->reader->cost += (guint64) task->output->n_values * weights->dims[1]
      * weights->dims[2] * weights->dims[3];
  return read_window (task, 0, 1, 4, input);
}

/* DepthwiseConv2DOptions: padding, stride_w, stride_h, multiplier, activation,
 * dilation_w, _h. As in TensorFlow Lite, the tensors say the multiplier. */
static gboolean
read_depthwise_conv_2d (Task * task)
{
  GstTryonTfliteOperator *op = task->op;
  const GstTryonTfliteTensor *input, *weights;

  if (!take_image (task, &input)
      || !take_weights (task, 1, 4, &op->weights, &weights)
      || !take_bias (task, 2, weights->dims[3]) || !read_activation (task, 4))
    return FALSE;
  if (weights->dims[0] != 1 || weights->dims[3] % input->dims[3] != 0
      || weights->dims[3] != task->output->dims[3])
    return damaged (task,
        "its weights are %u x %u, the tensors' channels %u, %u",
        weights->dims[0], weights->dims[3], input->dims[3],
        task->output->dims[3]);
  op->window.height = weights->dims[1];
  op->window.width = weights->dims[2];
  task->reader->cost += (guint64) task->output->n_values * weights->dims[1]
      * weights->dims[2];
  return read_window (task, 0, 1, 5, input);
}

/* Pool2DOptions: padding, stride_w, stride_h, filter_width, filter_height,
 * activation. */
static gboolean
read_max_pool_2d (Task * task)
{
  GstTryonTfliteWindow *window = &task->op->window;
  const GstTryonTfliteTensor *input;

  if (!take_image (task, &input) || !read_activation (task, 5)
      || !read_side (task, 3, 0, &window->width)
      || !read_side (task, 4, 0, &window->height))
    return FALSE;
  if (input->dims[3] != task->output->dims[3])
    return damaged (task, "%u channels go in, %u come out", input->dims[3],
        task->output->dims[3]);
  if (window->width * window->height == 1)
    return unsupported (task, "a window of one pixel");
  task->reader->cost += (guint64) task->output->n_values * window->width
      * window->height;
  return read_window (task, 0, 1, 0, input);
}

/* FullyConnectedOptions: activation, weights_format. */
static gboolean
read_fully_connected (Task * task)
{
  const GstTryonTfliteTensor *input, *weights, *output = task->output;
  gint format;

  if (!take_input (task, 0, &input)
      || !take_weights (task, 1, 2, &task->op->weights, &weights)
      || !take_bias (task, 2, weights->dims[0]) || !read_activation (task, 0)
      || !gst_tryon_flat_table_get_int8 (&task->options, 1, 0, &format,
          task->error))
    return FALSE;
  if (format != 0)
    return unsupported (task, "weights of format %d", format);
  if (input->n_values % weights->dims[1] != 0
      || output->dims[output->n_dims - 1] != weights->dims[0]
      || output->n_values / weights->dims[0]
      != input->n_values / weights->dims[1])
    return damaged (task,
        "its weights are for %u to %u numbers, the tensors have %"
        G_GSIZE_FORMAT " and %" G_GSIZE_FORMAT, weights->dims[1],
        weights->dims[0], input->n_values, output->n_values);
  task->reader->cost += (guint64) output->n_values * weights->dims[1];
  return TRUE;
}

/* An operator on each number by itself: what all inputs and the output share. */
static gboolean
check_same_shape (Task * task, const GstTryonTfliteTensor * input)
{
  if (!is_same_shape (input, task->output))
    return unsupported (task, "input and output are of different shapes");
  task->reader->cost += input->n_values;
  return TRUE;
}

/* AddOptions: activation. */
static gboolean
read_add (Task * task)
{
  const GstTryonTfliteTensor *a, *b;

  return take_input (task, 0, &a) && take_input (task, 1, &b)
      && read_activation (task, 0) && check_same_shape (task, a)
      && check_same_shape (task, b);
}

static gboolean
read_logistic (Task * task)
{
  const GstTryonTfliteTensor *input;

  return take_input (task, 0, &input) && check_same_shape (task, input);
}

static gboolean
read_prelu (Task * task)
{
  const GstTryonTfliteTensor *input, *slopes;
  guint channels;

  if (!take_input (task, 0, &input)
      || !take_weights (task, 1, 0, &task->op->weights, &slopes)
      || !check_same_shape (task, input))
    return FALSE;
  channels = input->dims[input->n_dims - 1];
  if (slopes->n_values != channels || slopes->n_dims == 0
      || slopes->dims[slopes->n_dims - 1] != channels)
    return unsupported (task, "%" G_GSIZE_FORMAT " slopes for %u channels",
        slopes->n_values, channels);
  return TRUE;
}

static gboolean
read_pad (Task * task)
{
  const GstTryonTfliteTensor *input;
  gint32 numbers[2 * GST_TRYON_TFLITE_MAX_DIMENSIONS];
  guint i;

  if (!take_input (task, 0, &input)
      || !take_numbers (task, 1, 2 * input->n_dims, numbers))
    return FALSE;
  if (task->output->n_dims != input->n_dims)
    return damaged (task, "input and output have %u and %u dimensions",
        input->n_dims, task->output->n_dims);
  for (i = 0; i < input->n_dims; i++) {
    gint64 before = numbers[2 * i], after = numbers[2 * i + 1];

    if (before < 0 || after < 0
        || input->dims[i] + before + after != task->output->dims[i])
      return damaged (task, "it pads dimension %u, of %u, by %d and %d to %u",
          i, input->dims[i], numbers[2 * i], numbers[2 * i + 1],
          task->output->dims[i]);
    task->op->before[i] = before;
    task->op->after[i] = after;
  }
  task->reader->cost += task->output->n_values;
  return TRUE;
}

/* ResizeBilinearOptions: two that are no more in use, align_corners,
 * half_pixel_centers. */
static gboolean
read_resize_bilinear (Task * task)
{
  GstTryonTfliteOperator *op = task->op;
  const GstTryonTfliteTensor *input, *output = task->output;
  gint32 size[2];

  if (!take_image (task, &input) || !take_numbers (task, 1, 2, size)
      || !gst_tryon_flat_table_get_int8 (&task->options, 2, 0,
          &op->align_corners, task->error)
      || !gst_tryon_flat_table_get_int8 (&task->options, 3, 0,
          &op->half_pixel_centres, task->error))
    return FALSE;
  if (op->align_corners != 0 && op->half_pixel_centres != 0)
    return unsupported (task, "aligned corners and half-pixel centres at once");
  if (size[0] < 0 || size[1] < 0 || (guint) size[0] != output->dims[1]
      || (guint) size[1] != output->dims[2]
      || input->dims[3] != output->dims[3])
    return damaged (task,
        "it makes %d x %d of %u channels, the output has %u x %u " "of %u",
        size[1], size[0], input->dims[3], output->dims[2], output->dims[1],
        output->dims[3]);
  /* For each, XNNPACK keeps the addresses of four pixels of the input. */
  if (output->n_values / output->dims[3] > MAX_WINDOW_PIXELS / 4)
    return unsupported (task, "an output of %u x %u pixels", output->dims[2],
        output->dims[1]);
  task->reader->cost += 4 * (guint64) output->n_values;
  return TRUE;
}

/* Its second input is a shape, too, which may leave one dimension open. The output's
 * leaves none. */
static gboolean
read_reshape (Task * task)
{
  const GstTryonTfliteTensor *input;

  if (!take_input (task, 0, &input))
    return FALSE;
  if (input->n_values != task->output->n_values)
    return damaged (task, "%" G_GSIZE_FORMAT " numbers go in, %" G_GSIZE_FORMAT
        " come out", input->n_values, task->output->n_values);
  task->reader->cost += input->n_values;
  return TRUE;
}

/* Over height and width, with or without keeping these dimensions. */
static gboolean
read_mean (Task * task)
{
  const GstTryonTfliteTensor *input, *output = task->output;
  gint32 axes[2];

  if (!take_input (task, 0, &input) || !take_numbers (task, 1, 2, axes))
    return FALSE;
  if (input->n_dims != 4 || !((axes[0] == 1 && axes[1] == 2)
          || (axes[0] == 2 && axes[1] == 1)))
    return unsupported (task, "a mean over dimensions %d and %d of %u, "
        "not 1 and 2 of 4", axes[0], axes[1], input->n_dims);
  if (output->dims[0] != input->dims[0]
      || output->dims[output->n_dims - 1] != input->dims[3]
      || output->n_values != (gsize) input->dims[0] * input->dims[3])
    return damaged (task, "%u images of %u channels go in, %" G_GSIZE_FORMAT
        " numbers come out", input->dims[0], input->dims[3], output->n_values);
  task->reader->cost += input->n_values;
  return TRUE;
}

/* ConcatenationOptions: axis, activation. */
static gboolean
read_concatenation (Task * task)
{
  const GstTryonTfliteTensor *input, *output = task->output;
  gint32 axis;
  guint i, j, sum = 0;

  if (!gst_tryon_flat_table_get_int32 (&task->options, 0, 0, &axis,
          task->error) || !read_activation (task, 1))
    return FALSE;
  if (axis < 0)
    axis += output->n_dims;
  if (axis < 0 || (guint) axis >= output->n_dims)
    return damaged (task, "there is no dimension %d", axis);
  if (task->op->min != -INFINITY)
    return unsupported (task, "it has an activation function");
  if (task->inputs.length == 0)
    return damaged (task, "it has no inputs");
  for (i = 0; i < task->inputs.length; i++) {
    if (!take_input (task, i, &input))
      return FALSE;
    if (input->n_dims != output->n_dims)
      return damaged (task, "input %u has %u dimensions, not %u", i,
          input->n_dims, output->n_dims);
    for (j = 0; j < output->n_dims; j++)
      if (j != (guint) axis && input->dims[j] != output->dims[j])
        return damaged (task, "dimension %u of input %u is %u, not %u", j, i,
            input->dims[j], output->dims[j]);
    /* At most MAX_INPUTS times MAX_VALUES: no overflow. */
    sum += input->dims[axis];
  }
  if (sum != output->dims[axis])
    return damaged (task, "dimension %d is %u in all inputs, %u in the output",
        axis, sum, output->dims[axis]);
  task->op->axis = axis;
  task->reader->cost += output->n_values;
  return TRUE;
}

static gboolean
read_dequantize (Task * task)
{
  GstTryonTfliteReader *reader = task->reader;
  guint index;

  if (!get_input (task, 0, &index))
    return FALSE;
  if (reader->sources[index].raw == NULL
      || reader->sources[index].type != GST_TRYON_TFLITE_FLOAT16)
    return unsupported (task, "tensor %u has no constant float16 numbers",
        index);
  if (!is_same_shape (&reader->tensors[index], task->output))
    return damaged (task, "input and output are of different shapes");
  return gst_tryon_tflite_make_constant (reader, task->output,
      &reader->sources[index], task->error);
}

/* By its number: the reader, and BuiltinOptions of the schema (0: it needs none). */
static const struct
{
  GstTryonTfliteKind kind;
  const gchar *name;
    gboolean (*read) (Task * task);
  gint options;
} kinds[] = {
  {GST_TRYON_TFLITE_ADD, "ADD", read_add, 11},
  {GST_TRYON_TFLITE_CONCATENATION, "CONCATENATION", read_concatenation, 10},
  {GST_TRYON_TFLITE_CONV_2D, "CONV_2D", read_conv_2d, 1},
  {GST_TRYON_TFLITE_DEPTHWISE_CONV_2D, "DEPTHWISE_CONV_2D",
      read_depthwise_conv_2d, 2},
  {GST_TRYON_TFLITE_DEQUANTIZE, "DEQUANTIZE", read_dequantize, 0},
  {GST_TRYON_TFLITE_FULLY_CONNECTED, "FULLY_CONNECTED", read_fully_connected,
      8},
  {GST_TRYON_TFLITE_LOGISTIC, "LOGISTIC", read_logistic, 0},
  {GST_TRYON_TFLITE_MAX_POOL_2D, "MAX_POOL_2D", read_max_pool_2d, 5},
  {GST_TRYON_TFLITE_RESHAPE, "RESHAPE", read_reshape, 0},
  {GST_TRYON_TFLITE_RESIZE_BILINEAR, "RESIZE_BILINEAR", read_resize_bilinear,
      15},
  {GST_TRYON_TFLITE_PAD, "PAD", read_pad, 0},
  {GST_TRYON_TFLITE_MEAN, "MEAN", read_mean, 0},
  {GST_TRYON_TFLITE_PRELU, "PRELU", read_prelu, 0},
};

const gchar *
gst_tryon_tflite_kind_get_name (GstTryonTfliteKind kind)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (kinds[i].kind == kind)
      return kinds[i].name;
  return NULL;
}

/* The operator's only output, which nobody has made yet. */
static gboolean
read_output (Task * task, const GstTryonFlatTable * operation)
{
  const GstTryonTfliteReader *reader = task->reader;
  GstTryonFlatVector outputs;
  GstTryonTfliteSource *source;
  gint32 number;

  if (!gst_tryon_flat_table_get_vector (operation, OPERATOR_OUTPUTS, 4,
          &outputs, task->error))
    return FALSE;
  if (outputs.length != 1)
    return damaged (task, "it has %u outputs, not 1", outputs.length);
  number = gst_tryon_flat_vector_get_int32 (&outputs, 0);
  if (number < 0 || (guint) number >= reader->n_tensors)
    return damaged (task, "its output is tensor %d, which is not there",
        number);
  source = &reader->sources[number];
  if (source->is_made || source->raw != NULL
      || reader->tensors[number].data != NULL)
    return damaged (task, "its output, tensor %d, has been made already",
        number);
  if (source->type != GST_TRYON_TFLITE_FLOAT32
      || reader->tensors[number].n_dims == 0)
    return unsupported (task,
        "its output, tensor %d, is not of float32 numbers", number);
  task->op->output = number;
  task->output = &reader->tensors[number];
  return TRUE;
}

/* Options of another operator would be taken for its own. */
static gboolean
read_options (Task * task, const GstTryonFlatTable * operation, gint expected)
{
  gint type;

  if (!gst_tryon_flat_table_get_int8 (operation, OPERATOR_OPTIONS_TYPE, 0,
          &type, task->error)
      || !gst_tryon_flat_table_get_table (operation, OPERATOR_OPTIONS,
          &task->options, task->error))
    return FALSE;
  if (expected != 0 && type != expected)
    return damaged (task, "its options are of type %d, not %d", type, expected);
  return TRUE;
}

gboolean
gst_tryon_tflite_read_operator (GstTryonTfliteReader * reader,
    const GstTryonFlatTable * operation, GstTryonTfliteKind kind,
    GstTryonTfliteOperator * op, GError ** error)
{
  Task task = {.reader = reader,.op = op,.error = error };
  guint i;

  memset (op, 0, sizeof (*op));
  op->kind = kind;
  op->weights = op->bias = GST_TRYON_TFLITE_NONE;
  op->min = -INFINITY;
  op->max = INFINITY;
  for (i = 0; i < G_N_ELEMENTS (kinds) && kinds[i].kind != kind;)
    i++;
  if (i == G_N_ELEMENTS (kinds))
    return unsupported (&task, "it is of kind %d, which is not known", kind);
  if (!gst_tryon_flat_table_get_vector (operation, OPERATOR_INPUTS, 4,
          &task.inputs, error)
      || !read_output (&task, operation)
      || !read_options (&task, operation, kinds[i].options)
      || !kinds[i].read (&task))
    return FALSE;
  reader->sources[op->output].is_made = kind != GST_TRYON_TFLITE_DEQUANTIZE;
  if (reader->cost > GST_TRYON_TFLITE_MAX_COST)
    return unsupported (&task, "the model takes more than %" G_GUINT64_FORMAT
        " multiplications", GST_TRYON_TFLITE_MAX_COST);
  return TRUE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Each operator against its plain computation. */

#include "testnet.h"

static gfloat
clip (gfloat value, gint activation)
{
  switch (activation) {
    case 1:
      return MAX (value, 0);
    case 2:
      return CLAMP (value, -1, 1);
    case RELU6:
      return CLAMP (value, 0, 6);
  }
  return value;
}

/* A case of a window that is moved over an image. */
typedef struct
{
  gint n, h, w, in, out;
  gint kernel_h, kernel_w;
  gint stride_h, stride_w;
  gint dilation_h, dilation_w;
  gint padding, activation;
  gboolean has_bias, is_half;
} Window;

/* TensorFlow's: how many steps, and what is in front of the first. */
static gint
count_steps (gint in, gint kernel, gint stride, gint dilation, gint padding,
    gint * before)
{
  gint size = (kernel - 1) * dilation + 1, steps;

  *before = 0;
  if (padding == VALID)
    return (in - size) / stride + 1;
  steps = (in + stride - 1) / stride;
  *before = MAX ((steps - 1) * stride + size - in, 0) / 2;
  return steps;
}

/* From the window at output pixel y, x to its place ky, kx in the input; FALSE where
 * that is padding. */
static gboolean
locate (const Window * c, gint y, gint x, gint ky, gint kx, gint * in_y,
    gint * in_x)
{
  gint top, left;

  count_steps (c->h, c->kernel_h, c->stride_h, c->dilation_h, c->padding, &top);
  count_steps (c->w, c->kernel_w, c->stride_w, c->dilation_w, c->padding,
      &left);
  *in_y = y * c->stride_h + ky * c->dilation_h - top;
  *in_x = x * c->stride_w + kx * c->dilation_w - left;
  return *in_y >= 0 && *in_y < c->h && *in_x >= 0 && *in_x < c->w;
}

static Image
make_output (const Window * c)
{
  gint before;

  return make_image (c->n, count_steps (c->h, c->kernel_h, c->stride_h,
          c->dilation_h, c->padding, &before), count_steps (c->w, c->kernel_w,
          c->stride_w, c->dilation_w, c->padding, &before), c->out, FALSE);
}

/* Weights as they are in the file: float32, or float16 behind a DEQUANTIZE. */
static gint
add_weights (TestModel * model, gboolean is_half, const gfloat * values,
    guint n, GPtrArray * garbage, guint n_dims, gint a, gint b, gint c, gint d)
{
  guint16 *halves;
  gint packed, tensor;
  guint i;

  if (!is_half)
    return test_model_add (model, TEST_FLOAT32, values, n * sizeof (gfloat),
        n_dims, a, b, c, d);
  halves = g_new (guint16, n);
  g_ptr_array_add (garbage, halves);
  for (i = 0; i < n; i++) {
    /* A whole multiple of 1/128, up to 1. */
    gint exponent;
    gfloat fraction = frexpf (fabsf (values[i]), &exponent);

    halves[i] = values[i] == 0 ? 0 : GUINT16_TO_LE ((values[i] < 0) << 15
        | (exponent + 14) << 10 | (guint) ((fraction * 2 - 1) * 1024));
  }
  packed = test_model_add (model, TEST_FLOAT16, halves, 2 * n, n_dims, a, b, c,
      d);
  tensor = test_model_add (model, TEST_FLOAT32, NULL, 0, n_dims, a, b, c, d);
  test_operator_read (test_model_operate (model, GST_TRYON_TFLITE_DEQUANTIZE,
          tensor, 0, 0, NULL), packed);
  return tensor;
}

static const Window convolutions[] = {
  {1, 5, 7, 3, 4, 3, 3, 1, 1, 1, 1, SAME, NONE, TRUE, TRUE},
  {1, 6, 6, 3, 8, 3, 3, 2, 2, 1, 1, SAME, RELU6, TRUE, TRUE},
  {1, 7, 6, 3, 16, 5, 3, 2, 3, 1, 1, SAME, 1, TRUE, FALSE},
  {2, 5, 5, 1, 1, 2, 2, 1, 1, 1, 1, SAME, NONE, FALSE, FALSE},
  {5, 4, 4, 17, 33, 1, 1, 1, 1, 1, 1, SAME, 2, TRUE, TRUE},
  /* The stride over the kernel's size: where XNNPACK's own padding wraps. */
  {1, 4, 4, 8, 5, 1, 1, 2, 2, 1, 1, SAME, NONE, TRUE, TRUE},
  {1, 9, 8, 2, 3, 2, 1, 4, 3, 1, 1, SAME, NONE, TRUE, FALSE},
  {1, 9, 8, 2, 3, 3, 3, 1, 1, 2, 3, SAME, NONE, TRUE, FALSE},
  {1, 9, 8, 2, 3, 3, 2, 2, 1, 1, 2, VALID, 1, TRUE, TRUE},
  {1, 3, 3, 4, 2, 3, 3, 1, 1, 1, 1, VALID, NONE, FALSE, TRUE},
  /* A kernel that is larger than the image. */
  {1, 2, 2, 3, 2, 5, 5, 1, 1, 1, 1, SAME, NONE, TRUE, TRUE},
  {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, VALID, NONE, TRUE, TRUE},
};

/* With @weights as TensorFlow Lite has them: output, height, width, input. */
static void
convolve (const Window * c, const Image * in, const gfloat * weights,
    const gfloat * bias, const Image * out)
{
  gint n, y, x, o, ky, kx, i, in_y, in_x;

  for (n = 0; n < out->n; n++)
    for (y = 0; y < out->h; y++)
      for (x = 0; x < out->w; x++)
        for (o = 0; o < c->out; o++) {
          gdouble sum = c->has_bias ? bias[o] : 0;

          for (ky = 0; ky < c->kernel_h; ky++)
            for (kx = 0; kx < c->kernel_w; kx++)
              for (i = 0; i < c->in
                  && locate (c, y, x, ky, kx, &in_y, &in_x); i++)
                sum += *at (in, n, in_y, in_x, i) * weights[((o * c->kernel_h
                            + ky) * c->kernel_w + kx) * c->in + i];
          *at (out, n, y, x, o) = clip (sum, c->activation);
        }
}

GST_START_TEST (test_convolution)
{
  const Window *c = &convolutions[__i__];
  const gint options[] = { c->padding, c->stride_w, c->stride_h, c->activation,
    c->dilation_w, c->dilation_h
  };
  guint n_weights = c->out * c->kernel_h * c->kernel_w * c->in;
  gfloat *weights = make_numbers (n_weights, 3);
  gfloat *bias = make_numbers (c->out, 4);
  Image in = make_image (c->n, c->h, c->w, c->in, TRUE), out = make_output (c);
  GPtrArray *garbage = g_ptr_array_new_with_free_func (g_free);
  TestModel model;
  gint from, kernel, biases;
  TestOperator *op;

  convolve (c, &in, weights, bias, &out);
  test_model_init (&model);
  from = model.inputs[0] = add_image (&model, &in);
  kernel = add_weights (&model, c->is_half, weights, n_weights, garbage, 4,
      c->out, c->kernel_h, c->kernel_w, c->in);
  biases = c->has_bias ? add_weights (&model, c->is_half, bias, c->out, garbage,
      1, c->out, 0, 0, 0) : -1;
  model.outputs[0] = add_image (&model, &out);
  op = test_model_operate (&model, GST_TRYON_TFLITE_CONV_2D, model.outputs[0],
      1, 6, options);
  test_operator_read (op, from);
  test_operator_read (op, kernel);
  test_operator_read (op, biases);
  check_model (&model, &in, &out, "CONV_2D");
  g_ptr_array_unref (garbage);
  g_free (weights);
  g_free (bias);
  g_free (in.v);
  g_free (out.v);
}

GST_END_TEST;

static const Window depthwise[] = {
  {1, 5, 7, 4, 4, 3, 3, 1, 1, 1, 1, SAME, NONE, TRUE, TRUE},
  {1, 6, 6, 8, 8, 3, 3, 2, 2, 1, 1, SAME, RELU6, TRUE, TRUE},
  {1, 7, 7, 32, 32, 5, 5, 2, 2, 1, 1, SAME, NONE, TRUE, TRUE},
  {1, 7, 7, 19, 19, 5, 5, 1, 1, 1, 1, SAME, 1, TRUE, FALSE},
  {2, 6, 5, 3, 3, 2, 2, 1, 1, 1, 1, VALID, NONE, FALSE, FALSE},
  {1, 6, 6, 3, 3, 1, 1, 2, 2, 1, 1, SAME, NONE, TRUE, FALSE},
  {1, 6, 6, 5, 5, 1, 1, 1, 1, 1, 1, SAME, NONE, TRUE, FALSE},
  {1, 9, 9, 3, 3, 3, 3, 1, 1, 2, 2, SAME, NONE, TRUE, TRUE},
  {1, 9, 9, 3, 3, 7, 1, 1, 1, 1, 1, SAME, NONE, TRUE, TRUE},
  /* More than one output of each channel. */
  {1, 5, 5, 3, 6, 3, 3, 1, 1, 1, 1, SAME, NONE, TRUE, TRUE},
  {2, 5, 5, 1, 4, 3, 3, 2, 2, 1, 1, VALID, 1, TRUE, FALSE},
};

/* With weights of 1, height, width, output. */
static void
convolve_depthwise (const Window * c, const Image * in, const gfloat * weights,
    const gfloat * bias, const Image * out)
{
  gint n, y, x, o, ky, kx, in_y, in_x;

  for (n = 0; n < out->n; n++)
    for (y = 0; y < out->h; y++)
      for (x = 0; x < out->w; x++)
        for (o = 0; o < c->out; o++) {
          gdouble sum = c->has_bias ? bias[o] : 0;

          for (ky = 0; ky < c->kernel_h; ky++)
            for (kx = 0; kx < c->kernel_w; kx++)
              if (locate (c, y, x, ky, kx, &in_y, &in_x))
                sum += *at (in, n, in_y, in_x, o / (c->out / c->in))
                    * weights[(ky * c->kernel_w + kx) * c->out + o];
          *at (out, n, y, x, o) = clip (sum, c->activation);
        }
}

GST_START_TEST (test_depthwise)
{
  const Window *c = &depthwise[__i__];
  const gint options[] = { c->padding, c->stride_w, c->stride_h,
    c->out / c->in, c->activation, c->dilation_w, c->dilation_h
  };
  guint n_weights = c->kernel_h * c->kernel_w * c->out;
  gfloat *weights = make_numbers (n_weights, 3);
  gfloat *bias = make_numbers (c->out, 4);
  Image in = make_image (c->n, c->h, c->w, c->in, TRUE), out = make_output (c);
  GPtrArray *garbage = g_ptr_array_new_with_free_func (g_free);
  TestModel model;
  gint from, kernel, biases;
  TestOperator *op;

  convolve_depthwise (c, &in, weights, bias, &out);
  test_model_init (&model);
  from = model.inputs[0] = add_image (&model, &in);
  kernel = add_weights (&model, c->is_half, weights, n_weights, garbage, 4, 1,
      c->kernel_h, c->kernel_w, c->out);
  biases = c->has_bias ? add_weights (&model, c->is_half, bias, c->out, garbage,
      1, c->out, 0, 0, 0) : -1;
  model.outputs[0] = add_image (&model, &out);
  op = test_model_operate (&model, GST_TRYON_TFLITE_DEPTHWISE_CONV_2D,
      model.outputs[0], 2, 7, options);
  test_operator_read (op, from);
  test_operator_read (op, kernel);
  test_operator_read (op, biases);
  check_model (&model, &in, &out, "DEPTHWISE_CONV_2D");
  g_ptr_array_unref (garbage);
  g_free (weights);
  g_free (bias);
  g_free (in.v);
  g_free (out.v);
}

GST_END_TEST;

static const Window pools[] = {
  {1, 6, 6, 4, 4, 2, 2, 2, 2, 1, 1, SAME, NONE},
  {1, 5, 7, 3, 3, 2, 2, 2, 2, 1, 1, SAME, NONE},
  {1, 5, 7, 17, 17, 3, 2, 1, 1, 1, 1, SAME, RELU6},
  {2, 5, 7, 3, 3, 3, 3, 2, 1, 1, 1, VALID, NONE},
  {1, 9, 9, 3, 3, 1, 2, 3, 3, 1, 1, SAME, NONE},
};

GST_START_TEST (test_max_pool)
{
  const Window *c = &pools[__i__];
  const gint options[] = { c->padding, c->stride_w, c->stride_h, c->kernel_w,
    c->kernel_h, c->activation
  };
  Image in = make_image (c->n, c->h, c->w, c->in, TRUE), out = make_output (c);
  TestModel model;
  gint n, y, x, o, ky, kx, in_y, in_x;

  for (n = 0; n < out.n; n++)
    for (y = 0; y < out.h; y++)
      for (x = 0; x < out.w; x++)
        for (o = 0; o < out.c; o++) {
          gfloat max = -INFINITY;

          for (ky = 0; ky < c->kernel_h; ky++)
            for (kx = 0; kx < c->kernel_w; kx++)
              if (locate (c, y, x, ky, kx, &in_y, &in_x))
                max = MAX (max, *at (&in, n, in_y, in_x, o));
          *at (&out, n, y, x, o) = clip (max, c->activation);
        }
  test_model_init (&model);
  model.inputs[0] = add_image (&model, &in);
  model.outputs[0] = add_image (&model, &out);
  test_operator_read (test_model_operate (&model, GST_TRYON_TFLITE_MAX_POOL_2D,
          model.outputs[0], 5, 6, options), model.inputs[0]);
  check_model (&model, &in, &out, "MAX_POOL_2D");
  g_free (in.v);
  g_free (out.v);
}

GST_END_TEST;

/* Of an image, which it takes for a row of numbers. */
GST_START_TEST (test_fully_connected)
{
  const gint options[] = { 1, 0 };
  Image in = make_image (2, 2, 3, 5, TRUE), out =
      make_image (4, 1, 1, 7, FALSE);
  gfloat *weights = make_numbers (7 * 15, 5), *bias = make_numbers (7, 6);
  TestModel model;
  TestOperator *op;
  gint n, o, i;

  for (n = 0; n < 4; n++)
    for (o = 0; o < 7; o++) {
      gdouble sum = __i__ > 0 ? bias[o] : 0;

      for (i = 0; i < 15; i++)
        sum += in.v[n * 15 + i] * weights[o * 15 + i];
      out.v[n * 7 + o] = clip (sum, options[0]);
    }
  test_model_init (&model);
  model.inputs[0] = add_image (&model, &in);
  model.outputs[0] = test_model_add (&model, TEST_FLOAT32, NULL, 0, 2, 4, 7, 0,
      0);
  op = test_model_operate (&model, GST_TRYON_TFLITE_FULLY_CONNECTED,
      model.outputs[0], 8, 2, options);
  test_operator_read (op, model.inputs[0]);
  test_operator_read (op, test_model_add (&model, TEST_FLOAT32, weights,
          7 * 15 * sizeof (gfloat), 2, 7, 15, 0, 0));
  if (__i__ > 0)
    test_operator_read (op, test_model_add (&model, TEST_FLOAT32, bias,
            7 * sizeof (gfloat), 1, 7, 0, 0, 0));
  check_model (&model, &in, &out, "FULLY_CONNECTED");
  g_free (weights);
  g_free (bias);
  g_free (in.v);
  g_free (out.v);
}

GST_END_TEST;

/* x + x, then a sigmoid. */
GST_START_TEST (test_add_logistic)
{
  const gint options[] = { 2 };
  Image in = make_image (1, 3, 5, 3, TRUE), out =
      make_image (1, 3, 5, 3, FALSE);
  TestModel model;
  TestOperator *op;
  gint i, sum;

  for (i = 0; i < 45; i++)
    out.v[i] = 1 / (1 + expf (-clip (2 * in.v[i], 2)));
  test_model_init (&model);
  model.inputs[0] = add_image (&model, &in);
  sum = add_image (&model, &in);
  model.outputs[0] = add_image (&model, &out);
  op = test_model_operate (&model, GST_TRYON_TFLITE_ADD, sum, 11, 1, options);
  test_operator_read (op, model.inputs[0]);
  test_operator_read (op, model.inputs[0]);
  test_operator_read (test_model_operate (&model, GST_TRYON_TFLITE_LOGISTIC,
          model.outputs[0], 0, 0, NULL), sum);
  check_model (&model, &in, &out, "ADD, LOGISTIC");
  g_free (in.v);
  g_free (out.v);
}

GST_END_TEST;

/* With slopes as they come: 1 x 1 x channels. */
GST_START_TEST (test_prelu)
{
  gint channels = 1 + 6 * __i__, i;
  Image in = make_image (2, 3, 5, channels, TRUE);
  Image out = make_image (2, 3, 5, channels, FALSE);
  gfloat *slopes = make_numbers (channels, 8);
  TestModel model;
  TestOperator *op;

  for (i = 0; i < 2 * 3 * 5 * channels; i++)
    out.v[i] = in.v[i] < 0 ? in.v[i] * slopes[i % channels] : in.v[i];
  test_model_init (&model);
  model.inputs[0] = add_image (&model, &in);
  model.outputs[0] = add_image (&model, &out);
  op = test_model_operate (&model, GST_TRYON_TFLITE_PRELU, model.outputs[0], 0,
      0, NULL);
  test_operator_read (op, model.inputs[0]);
  test_operator_read (op, test_model_add (&model, TEST_FLOAT32, slopes,
          channels * sizeof (gfloat), 3, 1, 1, channels, 0));
  check_model (&model, &in, &out, "PRELU");
  g_free (slopes);
  g_free (in.v);
  g_free (out.v);
}

GST_END_TEST;

/* Of channels, as the models do it, and of all dimensions. */
GST_START_TEST (test_pad)
{
  const gint32 paddings[][8] = {
    {0, 0, 0, 0, 0, 0, 0, 5}, {0, 0, 1, 2, 3, 0, 0, 0}, {1, 0, 0, 1, 2, 1, 3,
        2},
    {0},
  };
  const gint32 *p = paddings[__i__];
  gint32 bytes[8];
  Image in = make_image (2, 3, 4, 5, TRUE);
  Image out = make_image (2 + p[0] + p[1], 3 + p[2] + p[3], 4 + p[4] + p[5],
      5 + p[6] + p[7], FALSE);
  TestModel model;
  TestOperator *op;
  gint n, y, x, c, i;

  for (n = 0; n < 2; n++)
    for (y = 0; y < 3; y++)
      for (x = 0; x < 4; x++)
        for (c = 0; c < 5; c++)
          *at (&out, n + p[0], y + p[2], x + p[4], c + p[6]) =
              *at (&in, n, y, x, c);
  for (i = 0; i < 8; i++)
    bytes[i] = GINT32_TO_LE (p[i]);
  test_model_init (&model);
  model.inputs[0] = add_image (&model, &in);
  model.outputs[0] = add_image (&model, &out);
  op = test_model_operate (&model, GST_TRYON_TFLITE_PAD, model.outputs[0], 0, 0,
      NULL);
  test_operator_read (op, model.inputs[0]);
  test_operator_read (op, test_model_add (&model, TEST_INT32, bytes,
          sizeof (bytes), 2, 4, 2, 0, 0));
  check_model (&model, &in, &out, "PAD");
  g_free (in.v);
  g_free (out.v);
}

GST_END_TEST;

/* Where in the input an output's pixel lies. */
static gfloat
resize_place (gint i, gint in, gint out, gboolean align, gboolean half)
{
  if (align && out > 1)
    return i * (gfloat) (in - 1) / (out - 1);
  if (half)
    return MAX ((i + 0.5f) * in / out - 0.5f, 0);
  return i * (gfloat) in / out;
}

GST_START_TEST (test_resize)
{
  const gint options[] = { ABSENT, ABSENT, __i__ == 1, __i__ == 2 };
  const gint32 size[] = { GINT32_TO_LE (10), GINT32_TO_LE (6) };
  Image in = make_image (1, 5, 4, 3, TRUE);
  Image out = make_image (1, 10, 6, 3, FALSE);
  TestModel model;
  TestOperator *op;
  gint y, x, c;

  for (y = 0; y < out.h; y++)
    for (x = 0; x < out.w; x++)
      for (c = 0; c < out.c; c++) {
        gfloat fy = resize_place (y, in.h, out.h, options[2], options[3]);
        gfloat fx = resize_place (x, in.w, out.w, options[2], options[3]);
        gint y0 = fy, x0 = fx;
        gint y1 = MIN (y0 + 1, in.h - 1), x1 = MIN (x0 + 1, in.w - 1);

        fy -= y0;
        fx -= x0;
        *at (&out, 0, y, x, c) = *at (&in, 0, y0, x0, c) * (1 - fy) * (1 - fx)
            + *at (&in, 0, y0, x1, c) * (1 - fy) * fx
            + *at (&in, 0, y1, x0, c) * fy * (1 - fx)
            + *at (&in, 0, y1, x1, c) * fy * fx;
      }
  test_model_init (&model);
  model.inputs[0] = add_image (&model, &in);
  model.outputs[0] = add_image (&model, &out);
  op = test_model_operate (&model, GST_TRYON_TFLITE_RESIZE_BILINEAR,
      model.outputs[0], 15, 4, options);
  test_operator_read (op, model.inputs[0]);
  test_operator_read (op, test_model_add (&model, TEST_INT32, size,
          sizeof (size), 1, 2, 0, 0, 0));
  check_model (&model, &in, &out, "RESIZE_BILINEAR");
  g_free (in.v);
  g_free (out.v);
}

GST_END_TEST;

/* Of each image of some; the rest of the model sees the shape that the file says. */
GST_START_TEST (test_mean)
{
  const gint32 axes[] = { GINT32_TO_LE (1), GINT32_TO_LE (2) };
  const gint keep[] = { __i__ };
  Image in = make_image (3, 5, 4, 7, TRUE), out =
      make_image (3, 1, 1, 7, FALSE);
  TestModel model;
  TestOperator *op;
  gint n, y, x, c, mean;

  for (n = 0; n < in.n; n++)
    for (c = 0; c < in.c; c++) {
      gdouble sum = 0;

      for (y = 0; y < in.h; y++)
        for (x = 0; x < in.w; x++)
          sum += *at (&in, n, y, x, c);
      *at (&out, n, 0, 0, c) = 2 * sum / (in.h * in.w);
    }
  test_model_init (&model);
  model.inputs[0] = add_image (&model, &in);
  mean = __i__ > 0 ? add_image (&model, &out) :
      test_model_add (&model, TEST_FLOAT32, NULL, 0, 2, 3, 7, 0, 0);
  model.outputs[0] = model.n_tensors;
  model.tensors[model.n_tensors++] = model.tensors[mean];
  op = test_model_operate (&model, GST_TRYON_TFLITE_MEAN, mean, 27, 1, keep);
  test_operator_read (op, model.inputs[0]);
  test_operator_read (op, test_model_add (&model, TEST_INT32, axes,
          sizeof (axes), 1, 2, 0, 0, 0));
  op = test_model_operate (&model, GST_TRYON_TFLITE_ADD, model.outputs[0], 11,
      0, NULL);
  test_operator_read (op, mean);
  test_operator_read (op, mean);
  check_model (&model, &in, &out, "MEAN, ADD");
  g_free (in.v);
  g_free (out.v);
}

GST_END_TEST;

static Suite *
netoperators_suite (void)
{
  Suite *s = suite_create ("netoperators");
  TCase *tc = tcase_create ("operators");

  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc, test_convolution, 0, G_N_ELEMENTS (convolutions));
  tcase_add_loop_test (tc, test_depthwise, 0, G_N_ELEMENTS (depthwise));
  tcase_add_loop_test (tc, test_max_pool, 0, G_N_ELEMENTS (pools));
  tcase_add_loop_test (tc, test_fully_connected, 0, 2);
  tcase_add_test (tc, test_add_logistic);
  tcase_add_loop_test (tc, test_prelu, 0, 4);
  tcase_add_loop_test (tc, test_pad, 0, 4);
  tcase_add_loop_test (tc, test_resize, 0, 3);
  tcase_add_loop_test (tc, test_mean, 0, 2);
  return s;
}

GST_CHECK_MAIN (netoperators);

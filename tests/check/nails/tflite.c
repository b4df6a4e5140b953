/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is read of model files, and that no damage is believed. */

#include <gst/check/gstcheck.h>
#include <math.h>
#include <glib/gstdio.h>

#include "gsttryonhandmodels.h"
#include "gsttryontflite.h"
#include "testmodel.h"

/* Numbers of tensors of the model below. */
enum
{
  IN, HALVES, WEIGHTS, BIAS, CONVOLVED, PADDED, PADDING, OUT, N_USED
};

static gfloat bias[] = { 1, -2, 0.5f };

static guint8 halves[3 * 2 * 2 * 2 * 2];
static gint32 padding[8];

static const gint conv_options[] = { SAME, 2, 1, RELU6, ABSENT, 1 };

/* A convolution with float16 weights, padding, doubling: 1 x 4 x 4 x 2 to 3 channels
 * and 2 of padding. */
static void
make_model (TestModel * model)
{
  TestOperator *op;
  guint i;

  for (i = 0; i < sizeof (halves); i += 2) {
    halves[i] = i;
    halves[i + 1] = 0x38;       /* from 0.5 on */
  }
  memset (padding, 0, sizeof (padding));
  padding[7] = GINT32_TO_LE (2);
  test_model_init (model);
  test_model_add (model, TEST_FLOAT32, NULL, 0, 4, 1, 4, 4, 2);
  test_model_add (model, TEST_FLOAT16, halves, sizeof (halves), 4, 3, 2, 2, 2);
  test_model_add (model, TEST_FLOAT32, NULL, 0, 4, 3, 2, 2, 2);
  test_model_add (model, TEST_FLOAT32, bias, sizeof (bias), 1, 3, 0, 0, 0);
  test_model_add (model, TEST_FLOAT32, NULL, 0, 4, 1, 4, 2, 3);
  test_model_add (model, TEST_FLOAT32, NULL, 0, 4, 1, 4, 2, 5);
  test_model_add (model, TEST_INT32, padding, sizeof (padding), 2, 4, 2, 0, 0);
  test_model_add (model, TEST_FLOAT32, NULL, 0, 4, 1, 4, 2, 5);
  op = test_model_operate (model, GST_TRYON_TFLITE_DEQUANTIZE, WEIGHTS, 0, 0,
      NULL);
  test_operator_read (op, HALVES);
  op = test_model_operate (model, GST_TRYON_TFLITE_CONV_2D, CONVOLVED, 1, 6,
      conv_options);
  test_operator_read (op, IN);
  test_operator_read (op, WEIGHTS);
  test_operator_read (op, BIAS);
  op = test_model_operate (model, GST_TRYON_TFLITE_PAD, PADDED, 0, 0, NULL);
  test_operator_read (op, PADDED - 1);
  test_operator_read (op, PADDING);
  op = test_model_operate (model, GST_TRYON_TFLITE_ADD, OUT, 11, 0, NULL);
  test_operator_read (op, PADDED);
  test_operator_read (op, PADDED);
  model->inputs[model->n_inputs++] = IN;
  model->outputs[model->n_outputs++] = OUT;
}

static GstTryonTflite *
parse (const TestModel * model, GError ** error)
{
  GBytes *bytes = test_model_write (model);
  GstTryonTflite *read = gst_tryon_tflite_parse (bytes, error);

  g_bytes_unref (bytes);
  return read;
}

/* All that the file says arrives. */
GST_START_TEST (test_contents)
{
  GError *error = NULL;
  TestModel model;
  GstTryonTflite *read;
  const GstTryonTfliteTensor *tensors;
  const GstTryonTfliteOperator *ops;
  guint n;

  make_model (&model);
  read = parse (&model, &error);
  fail_unless (read != NULL, "%s", error ? error->message : "?");
  tensors = gst_tryon_tflite_get_tensors (read, &n);
  fail_unless_equals_int (n, N_USED);
  fail_unless_equals_int (tensors[IN].n_dims, 4);
  fail_unless_equals_int (tensors[IN].dims[2], 4);
  fail_unless_equals_uint64 (tensors[IN].n_values, 32);
  fail_unless (tensors[IN].data == NULL);
  fail_unless_equals_int (tensors[PADDED].n_uses, 2);
  fail_unless_equals_float (tensors[WEIGHTS].data[0], 0.5);
  fail_unless_equals_float (tensors[WEIGHTS].data[23], 0.5 + 46 / 2048.);
  fail_unless_equals_float (tensors[BIAS].data[1], -2);
  ops = gst_tryon_tflite_get_operators (read, &n);
  /* The DEQUANTIZE is none. */
  fail_unless_equals_int (n, 3);
  fail_unless_equals_int (ops[0].kind, GST_TRYON_TFLITE_CONV_2D);
  fail_unless_equals_int (ops[0].inputs[0], IN);
  fail_unless_equals_int (ops[0].weights, WEIGHTS);
  fail_unless_equals_int (ops[0].bias, BIAS);
  fail_unless_equals_int (ops[0].output, CONVOLVED);
  fail_unless_equals_float (ops[0].min, 0);
  fail_unless_equals_float (ops[0].max, 6);
  fail_unless_equals_int (ops[0].window.stride_x, 2);
  fail_unless_equals_int (ops[0].window.stride_y, 1);
  fail_unless_equals_int (ops[0].window.dilation_x, 1);
  fail_unless_equals_int (ops[0].window.bottom, 1);
  fail_unless_equals_int (ops[0].window.top, 0);
  fail_unless_equals_int (ops[0].window.right, 0);
  fail_unless_equals_int (ops[1].after[3], 2);
  fail_unless (isinf (ops[2].max));
  fail_unless_equals_int (gst_tryon_tflite_get_inputs (read, &n)[0], IN);
  fail_unless_equals_int (n, 1);
  fail_unless_equals_int (gst_tryon_tflite_get_outputs (read, &n)[0], OUT);
  fail_unless_equals_int (n, 1);
  /* 24 sums of 8, 40 numbers padded, and added. */
  fail_unless_equals_uint64 (gst_tryon_tflite_get_cost (read), 24 * 8 + 3 * 40);
  gst_tryon_tflite_unref (gst_tryon_tflite_ref (read));
  gst_tryon_tflite_unref (read);
}

GST_END_TEST;

/* A model with as many float16 weights, which it multiplies an input with. */
static GstTryonTflite *
parse_halves (const guint16 * numbers, guint n, GError ** error)
{
  TestModel model;
  TestOperator *op;

  test_model_init (&model);
  model.inputs[model.n_inputs++] = test_model_add (&model, TEST_FLOAT32, NULL,
      0, 2, 1, n, 0, 0);
  test_model_add (&model, TEST_FLOAT16, numbers, 2 * n, 2, 1, n, 0, 0);
  test_model_add (&model, TEST_FLOAT32, NULL, 0, 2, 1, n, 0, 0);
  model.outputs[model.n_outputs++] = test_model_add (&model, TEST_FLOAT32, NULL,
      0, 2, 1, 1, 0, 0);
  op = test_model_operate (&model, GST_TRYON_TFLITE_DEQUANTIZE, 2, 0, 0, NULL);
  test_operator_read (op, 1);
  op = test_model_operate (&model, GST_TRYON_TFLITE_FULLY_CONNECTED, 3, 8, 0,
      NULL);
  test_operator_read (op, 0);
  test_operator_read (op, 2);
  return parse (&model, error);
}

/* Every finite number of 16 bits. */
GST_START_TEST (test_halves)
{
  guint16 *numbers = g_new (guint16, 0x10000);
  GError *error = NULL;
  GstTryonTflite *read;
  const gfloat *floats;
  guint half, n = 0, i;

  for (half = 0; half < 0x10000; half++)
    if ((half >> 10 & 31) != 31)
      numbers[n++] = GUINT16_TO_LE (half);
  read = parse_halves (numbers, n, &error);
  fail_unless (read != NULL, "%s", error ? error->message : "?");
  floats = gst_tryon_tflite_get_tensors (read, &i)[2].data;
  for (i = 0; i < n; i++) {
    gint exponent, fraction;
    gfloat expected;

    half = GUINT16_FROM_LE (numbers[i]);
    exponent = half >> 10 & 31;
    fraction = half & 1023;
    expected = exponent == 0 ? ldexpf (fraction, -24) :
        ldexpf (1024 + fraction, exponent - 25);
    fail_unless (floats[i] == (half >> 15 ? -expected : expected));
    fail_unless (!signbit (floats[i]) == !(half >> 15));
  }
  gst_tryon_tflite_unref (read);
  g_free (numbers);
}

GST_END_TEST;

/* An infinity, or what is no number, is damage. */
GST_START_TEST (test_not_finite)
{
  const guint16 halves[] = { 0x7c00, 0x7c01, 0x7fff, 0xfc00, 0xfe00 };
  guint16 number = GUINT16_TO_LE (halves[__i__]);
  GError *error = NULL;

  fail_unless (parse_halves (&number, 1, &error) == NULL);
  g_assert_error (error, GST_TRYON_TFLITE_ERROR,
      GST_TRYON_TFLITE_ERROR_DAMAGED);
  g_error_free (error);
}

GST_END_TEST;

#define DAMAGED GST_TRYON_TFLITE_ERROR_DAMAGED
#define UNSUPPORTED GST_TRYON_TFLITE_ERROR_UNSUPPORTED

/* One number of the model is another one. */
typedef struct
{
  gsize place;
  gint value;
  GstTryonTfliteError code;
  const gchar *words;           /* of the error's */
} Fault;

#define TENSOR(i, field) G_STRUCT_OFFSET (TestModel, tensors[i].field)
#define OPERATOR(i, field) G_STRUCT_OFFSET (TestModel, operators[i].field)
#define MODEL(field) G_STRUCT_OFFSET (TestModel, field)

static const Fault faults[] = {
  {MODEL (version), 4, UNSUPPORTED, "version 4"},
  {MODEL (n_inputs), 0, UNSUPPORTED, "0 inputs"},
  {MODEL (n_inputs), 9, UNSUPPORTED, "9 inputs"},
  {MODEL (n_inputs), 2, UNSUPPORTED, "inputs: tensor 0 is there twice"},
  {MODEL (n_outputs), 0, UNSUPPORTED, "0 outputs"},
  {MODEL (n_operators), 0, UNSUPPORTED, "0 operator codes"},
  {MODEL (inputs[0]), -1, DAMAGED, "inputs: tensor -1"},
  {MODEL (inputs[0]), N_USED, DAMAGED, "inputs: tensor 8"},
  {MODEL (inputs[0]), BIAS, UNSUPPORTED, "inputs: tensor 3"},
  {MODEL (inputs[0]), PADDING, UNSUPPORTED, "inputs: tensor 6"},
  {MODEL (inputs[0]), OUT, DAMAGED, "tensor 0, has not been made"},
  {MODEL (outputs[0]), G_MAXINT, DAMAGED, "outputs: tensor 2147483647"},
  {MODEL (outputs[0]), IN, DAMAGED, "no operator makes tensor 0"},
  {MODEL (outputs[0]), BIAS, DAMAGED, "no operator makes tensor 3"},
  {MODEL (outputs[0]), WEIGHTS, DAMAGED, "no operator makes tensor 2"},
  {MODEL (outputs[0]), PADDED, UNSUPPORTED, "tensor 7 is of no use"},
  {MODEL (n_outputs), 2, DAMAGED, "no operator makes tensor 0"},
  {MODEL (n_tensors), 7, DAMAGED, "tensor 7, which is not there"},

  {TENSOR (IN, dims[1]), 0, UNSUPPORTED, "tensor 0: dimension 1 is 0"},
  {TENSOR (IN, dims[1]), -4, UNSUPPORTED, "tensor 0: dimension 1 is -4"},
  {TENSOR (IN, dims[1]), 65536, UNSUPPORTED, "tensor 0: dimension 1 is 65536"},
  {TENSOR (IN, dims[1]), 65535, DAMAGED, "from 65535 pixels"},
  {TENSOR (IN, dims[3]), 65535, DAMAGED, "2 to 3 channels"},
  {TENSOR (OUT, dims[1]), 60000, UNSUPPORTED, "different shapes"},
  {TENSOR (OUT, dims[2]), 65535, UNSUPPORTED, "different shapes"},
  {TENSOR (CONVOLVED, dims[3]), 65535, DAMAGED, "channels"},
  {TENSOR (IN, n_dims), 5, UNSUPPORTED, "5 dimensions"},
  {TENSOR (IN, n_dims), 3, DAMAGED, "operator 1 (CONV_2D)"},
  {TENSOR (IN, type), TEST_INT32, UNSUPPORTED, "tensor 0"},
  {TENSOR (OUT, type), TEST_FLOAT16, UNSUPPORTED, "float32"},
  {TENSOR (OUT, type), 9, UNSUPPORTED, "type 9"},
  {TENSOR (OUT, type), -1, UNSUPPORTED, "type -1"},
  {TENSOR (HALVES, size), 46, DAMAGED, "46 bytes, not 48"},
  {TENSOR (HALVES, type), TEST_INT32, DAMAGED, "48 bytes, not 96"},
  {TENSOR (HALVES, dims[0]), 2, DAMAGED, "48 bytes, not 32"},
  {TENSOR (WEIGHTS, dims[3]), 3, DAMAGED, "operator 0 (DEQUANTIZE)"},
  {TENSOR (PADDING, n_dims), 1, DAMAGED, "32 bytes, not 16"},
  {TENSOR (CONVOLVED, dims[0]), 2, DAMAGED, "1 images go in"},
  {TENSOR (CONVOLVED, dims[1]), 5, DAMAGED, "from 4 pixels it makes 4, not 5"},
  {TENSOR (CONVOLVED, dims[2]), 1, DAMAGED, "from 4 pixels it makes 2, not 1"},
  {TENSOR (CONVOLVED, dims[3]), 4, DAMAGED, "2 to 3 channels"},
  {TENSOR (PADDED, dims[3]), 6, DAMAGED, "it pads dimension 3, of 3"},
  {TENSOR (OUT, n_dims), 3, UNSUPPORTED, "operator 3 (ADD)"},

  {OPERATOR (1, kind), 5, UNSUPPORTED, "operator 1 (?): it is of kind 5"},
  {OPERATOR (1, kind), 32, UNSUPPORTED, "kind 32"},
  {OPERATOR (1, kind), 4000, UNSUPPORTED, "kind 4000"},
  {OPERATOR (1, kind), -1, UNSUPPORTED, "kind -1"},
  {OPERATOR (1, kind), GST_TRYON_TFLITE_MAX_POOL_2D, DAMAGED,
      "of type 1, not 5"},
  {OPERATOR (1, options_type), 2, DAMAGED, "of type 2, not 1"},
  {OPERATOR (1, output), -1, DAMAGED, "tensor -1"},
  {OPERATOR (1, output), 100, DAMAGED, "tensor 100"},
  {OPERATOR (1, output), IN, DAMAGED, "tensor 0, has been made"},
  {OPERATOR (1, output), BIAS, DAMAGED, "tensor 3, has been made"},
  {OPERATOR (1, output), WEIGHTS, DAMAGED, "tensor 2, has been made"},
  {OPERATOR (1, n_inputs), 1, DAMAGED, "it has only 1 inputs"},
  {OPERATOR (1, n_inputs), 0, DAMAGED, "it has only 0 inputs"},
  {OPERATOR (1, inputs[0]), -1, DAMAGED, "tensor -1"},
  {OPERATOR (1, inputs[0]), PADDED, DAMAGED, "tensor 5, has not been made"},
  {OPERATOR (1, inputs[0]), BIAS, DAMAGED, "tensor 3, has not been made"},
  {OPERATOR (1, inputs[1]), IN, UNSUPPORTED, "no constant floats"},
  {OPERATOR (1, inputs[1]), HALVES, UNSUPPORTED, "no constant floats"},
  {OPERATOR (1, inputs[1]), BIAS, DAMAGED, "1 dimensions, not 4"},
  {OPERATOR (1, inputs[2]), WEIGHTS, DAMAGED, "24 biases for 3 channels"},
  {OPERATOR (1, inputs[2]), -2, DAMAGED, "tensor -2"},
  {OPERATOR (1, options[0]), 2, UNSUPPORTED, "padding of kind 2"},
  {OPERATOR (1, options[0]), VALID, DAMAGED, "from 4 pixels"},
  {OPERATOR (1, options[1]), 0, UNSUPPORTED, "of 0"},
  {OPERATOR (1, options[1]), -1, UNSUPPORTED, "of -1"},
  {OPERATOR (1, options[1]), 65, UNSUPPORTED, "of 65"},
  {OPERATOR (1, options[1]), G_MAXINT, UNSUPPORTED, "of 2147483647"},
  {OPERATOR (1, options[1]), ABSENT, UNSUPPORTED, "of 0"},
  {OPERATOR (1, options[3]), 4, UNSUPPORTED, "activation function 4"},
  {OPERATOR (1, options[5]), 0, UNSUPPORTED, "of 0"},
  {OPERATOR (0, inputs[0]), BIAS, UNSUPPORTED, "float16"},
  {OPERATOR (0, inputs[0]), IN, UNSUPPORTED, "float16"},
  {OPERATOR (2, inputs[1]), BIAS, UNSUPPORTED, "no constant numbers"},
  {OPERATOR (2, n_inputs), 1, DAMAGED, "it has only 1 inputs"},
  {OPERATOR (3, inputs[1]), CONVOLVED, UNSUPPORTED, "different shapes"},
};

GST_START_TEST (test_faults)
{
  const Fault *fault = &faults[__i__];
  GError *error = NULL;
  TestModel model;

  make_model (&model);
  *(gint *) ((guint8 *) & model + fault->place) = fault->value;
  fail_unless (parse (&model, &error) == NULL, "%s was not found",
      fault->words);
  fail_unless (strstr (error->message, fault->words) != NULL, "%s, not %s",
      error->message, fault->words);
  g_assert_error (error, GST_TRYON_TFLITE_ERROR, (gint) fault->code);
  g_error_free (error);
}

GST_END_TEST;

/* Tensors whose size is beyond all measure, also that of a number of 64 bits. */
GST_START_TEST (test_huge)
{
  const gint sides[] = { 46, 2048, 65535 };
  GError *error = NULL;
  TestModel model;
  guint i;

  make_model (&model);
  for (i = 0; i < 4; i++)
    model.tensors[IN].dims[i] = sides[__i__];
  fail_unless (parse (&model, &error) == NULL);
  g_assert_error (error, GST_TRYON_TFLITE_ERROR, UNSUPPORTED);
  fail_unless (strstr (error->message, "tensor 0: it has more than") != NULL);
  g_error_free (error);
}

GST_END_TEST;

/* Constants that are none, or would be too many. */
GST_START_TEST (test_constants)
{
  GError *error = NULL;
  TestModel model;

  make_model (&model);
  bias[1] = NAN;
  fail_unless (parse (&model, &error) == NULL);
  g_assert_error (error, GST_TRYON_TFLITE_ERROR, DAMAGED);
  g_clear_error (&error);
  bias[1] = -2;
  padding[6] = GINT32_TO_LE (-1);
  padding[7] = GINT32_TO_LE (3);
  fail_unless (parse (&model, &error) == NULL);
  g_assert_error (error, GST_TRYON_TFLITE_ERROR, DAMAGED);
  g_clear_error (&error);
  padding[6] = padding[7] = GINT32_TO_LE (G_MAXINT);
  fail_unless (parse (&model, &error) == NULL);
  g_assert_error (error, GST_TRYON_TFLITE_ERROR, DAMAGED);
  g_clear_error (&error);
}

GST_END_TEST;

/* A model that would take minutes, though its file is small: 64 x 64 at each of
 * 2048 x 2048 pixels, and a hundred times 4 x 4 of 128 channels. */
GST_START_TEST (test_too_much)
{
  const gint options[] = { SAME, 1, 1, NONE, 1, 1 };
  gsize size = 128 * 4 * 4 * 128 * sizeof (gfloat);
  gfloat *zeros = g_malloc0 (size);
  GError *error = NULL;
  TestModel model;
  TestOperator *op;
  guint i;

  test_model_init (&model);
  model.inputs[model.n_inputs++] = test_model_add (&model, TEST_FLOAT32, NULL,
      0, 4, 1, 2048, 2048, 1);
  model.outputs[model.n_outputs++] = test_model_add (&model, TEST_FLOAT32, NULL,
      0, 4, 1, 2048, 2048, 1);
  op = test_model_operate (&model, GST_TRYON_TFLITE_CONV_2D, 1, 1, 6, options);
  test_operator_read (op, 0);
  test_operator_read (op, test_model_add (&model, TEST_FLOAT32, zeros,
          64 * 64 * sizeof (gfloat), 4, 1, 64, 64, 1));
  fail_unless (parse (&model, &error) == NULL);
  g_assert_error (error, GST_TRYON_TFLITE_ERROR, UNSUPPORTED);
  fail_unless (strstr (error->message, "a kernel of 64 x 64 on 2048 x 2048"));
  g_clear_error (&error);

  test_model_init (&model);
  model.inputs[model.n_inputs++] = 0;
  for (i = 0; i < 10; i++)
    test_model_add (&model, TEST_FLOAT32, NULL, 0, 4, 1, 180, 180, 128);
  test_model_add (&model, TEST_FLOAT32, zeros, size, 4, 128, 4, 4, 128);
  model.outputs[model.n_outputs++] = 9;
  for (i = 0; i < 9; i++) {
    op = test_model_operate (&model, GST_TRYON_TFLITE_CONV_2D, i + 1, 1, 6,
        options);
    test_operator_read (op, i);
    test_operator_read (op, 10);
  }
  fail_unless (parse (&model, &error) == NULL);
  g_assert_error (error, GST_TRYON_TFLITE_ERROR, UNSUPPORTED);
  fail_unless (strstr (error->message, "multiplications"), "%s",
      error->message);
  g_clear_error (&error);
  g_free (zeros);
}

GST_END_TEST;

/* Parses bytes that may be anything, in memory of just that size; builds and runs
 * what they are. */
static gboolean
try_bytes (const guint8 * data, gsize size)
{
  GBytes *bytes = g_bytes_new (data, size);
  GError *error = NULL;
  GstTryonTflite *model = gst_tryon_tflite_parse (bytes, &error);
  static const guint8 zeros[XNN_EXTRA_BYTES];
  GstTryonNet *net;
  const gfloat *values;
  gsize n_values;
  guint i;

  g_bytes_unref (bytes);
  if (model == NULL) {
    fail_unless (error != NULL && error->message[0] != '\0');
    fail_unless (error->domain == GST_TRYON_TFLITE_ERROR);
    g_error_free (error);
    return FALSE;
  }
  net = gst_tryon_net_new_from_tflite (model, &error);
  gst_tryon_tflite_unref (model);
  if (net == NULL) {
    fail_unless (error->domain == GST_TRYON_NET_ERROR);
    g_error_free (error);
    return FALSE;
  }
  fail_unless (gst_tryon_net_run (net, NULL));
  for (i = 0; i < gst_tryon_net_get_n_outputs (net); i++) {
    values = gst_tryon_net_get_output (net, i, &n_values);
    /* Nothing was written behind an output. */
    fail_unless (memcmp (values + n_values, zeros, sizeof (zeros)) == 0);
  }
  gst_tryon_net_free (net);
  return TRUE;
}

/* A file that ends too early is never one. */
GST_START_TEST (test_truncated)
{
  TestModel model;
  GBytes *bytes;
  const guint8 *data;
  gsize size, i;

  make_model (&model);
  bytes = test_model_write (&model);
  data = g_bytes_get_data (bytes, &size);
  for (i = 0; i < size; i++)
    fail_unless (!try_bytes (data, i), "%" G_GSIZE_FORMAT " of %" G_GSIZE_FORMAT
        " bytes", i, size);
  fail_unless (try_bytes (data, size));
  g_bytes_unref (bytes);
}

GST_END_TEST;

/* Each bit of each byte flipped, and each byte as 0 and 255. */
GST_START_TEST (test_damaged)
{
  TestModel model;
  GBytes *bytes;
  guint8 *data;
  gsize size, i;
  guint j, n = 0;

  make_model (&model);
  bytes = test_model_write (&model);
  data = g_bytes_unref_to_data (bytes, &size);
  for (i = 0; i < size; i++) {
    guint8 was = data[i];

    for (j = 0; j < 10; j++) {
      data[i] = j < 8 ? was ^ 1 << j : j == 8 ? 0 : 255;
      n += try_bytes (data, size);
    }
    data[i] = was;
  }
  /* Such as those of weights. */
  fail_unless (n > 0 && n < 10 * size / 2);
  g_free (data);
}

GST_END_TEST;

/* Four bytes at a time: counts, offsets and sizes beyond all measure. */
GST_START_TEST (test_absurd)
{
  const guint32 numbers[] = { 0, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffffc,
    0x40000000, 0x10000, 0xffff
  };
  TestModel model;
  GBytes *bytes;
  guint8 *data, was[4];
  gsize size, i;
  guint j;

  make_model (&model);
  bytes = test_model_write (&model);
  data = g_bytes_unref_to_data (bytes, &size);
  for (i = 0; i + 4 <= size; i++) {
    memcpy (was, data + i, 4);
    for (j = 0; j < G_N_ELEMENTS (numbers); j++) {
      guint32 number = GUINT32_TO_LE (numbers[j]);

      memcpy (data + i, &number, 4);
      try_bytes (data, size);
    }
    memcpy (data + i, was, 4);
  }
  g_free (data);
}

GST_END_TEST;

/* No file, a folder, one that is no model, one that never ends. */
GST_START_TEST (test_load)
{
  GError *error = NULL;
  gchar *folder = g_dir_make_tmp ("tflite-XXXXXX", NULL);
  gchar *path = g_build_filename (folder, "x.tflite", NULL);
  TestModel model;
  GBytes *bytes;
  GstTryonTflite *read;
  gsize size;
  gconstpointer data;

  fail_unless (gst_tryon_tflite_load (path, &error) == NULL);
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
  fail_unless (strstr (error->message, path) != NULL);
  g_clear_error (&error);
  fail_unless (gst_tryon_tflite_load (folder, &error) == NULL);
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_ISDIR);
  g_clear_error (&error);
  fail_unless (gst_tryon_tflite_load ("/dev/zero", &error) == NULL);
  g_assert_error (error, GST_TRYON_TFLITE_ERROR, UNSUPPORTED);
  /* It was not read for much longer than a model can be. */
  fail_unless (strstr (error->message, "it has 68157440 bytes") != NULL, "%s",
      error->message);
  g_clear_error (&error);

  fail_unless (g_file_set_contents (path, "GIF89a, say", -1, NULL));
  fail_unless (gst_tryon_tflite_load (path, &error) == NULL);
  g_assert_error (error, GST_TRYON_TFLITE_ERROR, DAMAGED);
  fail_unless (strstr (error->message, path) != NULL);
  g_clear_error (&error);
  fail_unless (g_file_set_contents (path, "", 0, NULL));
  fail_unless (gst_tryon_tflite_load (path, &error) == NULL);
  g_clear_error (&error);

  make_model (&model);
  bytes = test_model_write (&model);
  data = g_bytes_get_data (bytes, &size);
  fail_unless (g_file_set_contents (path, data, size, NULL));
  read = gst_tryon_tflite_load (path, &error);
  fail_unless (read != NULL, "%s", error ? error->message : "?");
  gst_tryon_tflite_unref (read);
  g_bytes_unref (bytes);
  g_unlink (path);
  g_rmdir (folder);
  g_free (path);
  g_free (folder);
}

GST_END_TEST;

/* Where the hand models are: what they consist of, and parts of them. */
GST_START_TEST (test_hand_model)
{
  static const struct
  {
    const gchar *name;
    guint n_operators;
  } models[] = {
    {"palm_detection_lite.tflite", 119}, {"palm_detection_full.tflite", 139},
    {"hand_landmark_lite.tflite", 65}, {"hand_landmark_full.tflite", 63},
  };
  gchar *path = gst_tryon_hand_models_find (NULL, models[__i__].name, NULL);
  GError *error = NULL;
  GstTryonTflite *read;
  gchar *data;
  gsize size, i;
  guint n;

  if (path == NULL) {
    g_print ("SKIPPED: %s is not there (tools/fetch-models)\n",
        models[__i__].name);
    return;
  }
  read = gst_tryon_tflite_load (path, &error);
  fail_unless (read != NULL, "%s", error ? error->message : "?");
  gst_tryon_tflite_get_operators (read, &n);
  fail_unless_equals_int (n, models[__i__].n_operators);
  g_print ("%s: %" G_GUINT64_FORMAT " million multiplications\n",
      models[__i__].name, gst_tryon_tflite_get_cost (read) / 1000000);
  gst_tryon_tflite_unref (read);

  fail_unless (g_file_get_contents (path, &data, &size, NULL));
  for (i = 1; i < 100; i++) {
    GBytes *bytes = g_bytes_new (data, size * i / 100);

    fail_unless (gst_tryon_tflite_parse (bytes, &error) == NULL);
    g_clear_error (&error);
    g_bytes_unref (bytes);
  }
  g_free (data);
  g_free (path);
}

GST_END_TEST;

static Suite *
tflite_suite (void)
{
  Suite *s = suite_create ("tflite");
  TCase *tc = tcase_create ("files");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_contents);
  tcase_add_test (tc, test_halves);
  tcase_add_loop_test (tc, test_not_finite, 0, 5);
  tcase_add_loop_test (tc, test_faults, 0, G_N_ELEMENTS (faults));
  tcase_add_loop_test (tc, test_huge, 0, 3);
  tcase_add_test (tc, test_constants);
  tcase_add_test (tc, test_too_much);
  tcase_add_test (tc, test_truncated);
  tcase_add_test (tc, test_damaged);
  tcase_add_test (tc, test_absurd);
  tcase_add_test (tc, test_load);
  tcase_add_loop_test (tc, test_hand_model, 0, 4);
  return s;
}

GST_CHECK_MAIN (tflite);

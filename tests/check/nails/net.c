/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Networks: their inputs and outputs, weights, and errors. */

#include <sys/mman.h>
#include <unistd.h>

#include "testnet.h"

/* Two reshaped results make one output, as in the palm models; one of them is an
 * input of the other. */
GST_START_TEST (test_concatenation)
{
  const gint options[] = { 1, NONE };
  Image in = make_image (1, 2, 3, 4, TRUE), out =
      make_image (1, 12, 1, 4, FALSE);
  TestModel model;
  TestOperator *op;
  gint first, sum, second, i;

  for (i = 0; i < 24; i++) {
    out.v[i] = in.v[i];
    out.v[24 + i] = 2 * in.v[i];
  }
  test_model_init (&model);
  model.inputs[0] = add_image (&model, &in);
  first = test_model_add (&model, TEST_FLOAT32, NULL, 0, 3, 1, 6, 4, 0);
  sum = test_model_add (&model, TEST_FLOAT32, NULL, 0, 3, 1, 6, 4, 0);
  second = test_model_add (&model, TEST_FLOAT32, NULL, 0, 3, 1, 6, 4, 0);
  model.outputs[0] = test_model_add (&model, TEST_FLOAT32, NULL, 0, 3, 1, 12, 4,
      0);
  test_operator_read (test_model_operate (&model, GST_TRYON_TFLITE_RESHAPE,
          first, 17, 0, NULL), model.inputs[0]);
  op = test_model_operate (&model, GST_TRYON_TFLITE_ADD, sum, 11, 0, NULL);
  test_operator_read (op, first);
  test_operator_read (op, first);
  test_operator_read (test_model_operate (&model, GST_TRYON_TFLITE_RESHAPE,
          second, 17, 0, NULL), sum);
  op = test_model_operate (&model, GST_TRYON_TFLITE_CONCATENATION,
      model.outputs[0], 10, 2, options);
  test_operator_read (op, first);
  test_operator_read (op, second);
  check_model (&model, &in, &out, "RESHAPE, CONCATENATION");
  g_free (in.v);
  g_free (out.v);
}

GST_END_TEST;

/* Adds a concatenation of two tensors along @axis. */
static gint
concatenate (TestModel * model, gint axis, gint a, gint b)
{
  const gint options[] = { axis, NONE };
  gint out = model->n_tensors;
  TestOperator *op;

  model->tensors[model->n_tensors++] = model->tensors[a];
  model->tensors[out].dims[axis] += model->tensors[b].dims[axis];
  op = test_model_operate (model, GST_TRYON_TFLITE_CONCATENATION, out, 10, 2,
      options);
  test_operator_read (op, a);
  test_operator_read (op, b);
  return out;
}

static gint
double_it (TestModel * model, gint tensor)
{
  gint out = model->n_tensors;
  TestOperator *op;

  model->tensors[model->n_tensors++] = model->tensors[tensor];
  op = test_model_operate (model, GST_TRYON_TFLITE_ADD, out, 11, 0, NULL);
  test_operator_read (op, tensor);
  test_operator_read (op, tensor);
  return out;
}

/* What would take more than to write the parts where they belong. */
GST_START_TEST (test_concatenation_errors)
{
  GError *error = NULL;
  TestModel model;
  gint in, a, b;

  test_model_init (&model);
  model.n_inputs = model.n_outputs = 1;
  in = model.inputs[0] = test_model_add (&model, TEST_FLOAT32, NULL, 0, 3, 2, 6,
      4, 0);
  a = double_it (&model, in);
  b = double_it (&model, a);
  switch (__i__) {
    case 0:                    /* rows of two images */
      model.outputs[0] = concatenate (&model, 1, a, b);
      break;
    case 1:                    /* the same twice */
      model.outputs[0] = concatenate (&model, 0, b, b);
      break;
    case 2:                    /* an input of the model */
      model.outputs[0] = concatenate (&model, 0, b, in);
      break;
    case 3:                    /* more than an output */
      model.outputs[0] = concatenate (&model, 0, a, b);
      model.outputs[model.n_outputs++] = double_it (&model, model.outputs[0]);
      break;
    case 4:                    /* no output */
      model.outputs[0] = double_it (&model, concatenate (&model, 0, a, b));
      break;
    case 5:                    /* of what is concatenated */
      model.outputs[0] = concatenate (&model, 0, b, concatenate (&model, 0, a,
              b));
      break;
    case 6:                    /* a part is an output, too */
      model.outputs[0] = concatenate (&model, 0, a, b);
      model.outputs[model.n_outputs++] = b;
      break;
  }
  fail_unless (make_net (&model, &error) == NULL);
  g_assert_error (error, GST_TRYON_NET_ERROR, GST_TRYON_NET_ERROR_UNSUPPORTED);
  g_error_free (error);
}

GST_END_TEST;

/* An output in the middle, and two inputs. */
GST_START_TEST (test_inputs_outputs)
{
  GError *error = NULL;
  TestModel model;
  TestOperator *op;
  GstTryonNet *net;
  gfloat *a, *b;
  gint sum, twice, i;

  test_model_init (&model);
  model.n_inputs = model.n_outputs = 2;
  for (i = 0; i < 2; i++)
    model.inputs[i] = test_model_add (&model, TEST_FLOAT32, NULL, 0, 2, 1, 3, 0,
        0);
  sum = model.outputs[1] = test_model_add (&model, TEST_FLOAT32, NULL, 0, 2, 1,
      3, 0, 0);
  twice = model.outputs[0] = test_model_add (&model, TEST_FLOAT32, NULL, 0, 2,
      1, 3, 0, 0);
  op = test_model_operate (&model, GST_TRYON_TFLITE_ADD, sum, 11, 0, NULL);
  test_operator_read (op, model.inputs[0]);
  test_operator_read (op, model.inputs[1]);
  op = test_model_operate (&model, GST_TRYON_TFLITE_ADD, twice, 11, 0, NULL);
  test_operator_read (op, sum);
  test_operator_read (op, sum);
  net = make_net (&model, &error);
  fail_unless (net != NULL, "%s", error ? error->message : "?");
  a = gst_tryon_net_get_input (net, 0, NULL);
  b = gst_tryon_net_get_input (net, 1, NULL);
  for (i = 0; i < 3; i++) {
    a[i] = i;
    b[i] = 10;
  }
  fail_unless (gst_tryon_net_run (net, NULL));
  for (i = 0; i < 3; i++) {
    fail_unless_equals_float (gst_tryon_net_get_output (net, 1, NULL)[i],
        i + 10);
    fail_unless_equals_float (gst_tryon_net_get_output (net, 0, NULL)[i],
        2 * (i + 10));
  }
  gst_tryon_net_free (net);
}

GST_END_TEST;

/* A subgraph of one's own: y = PReLU (fully connected (depthwise (conv (x)))), of
 * weights that are all at @weights. */
static xnn_subgraph_t
make_subgraph (const gfloat * weights)
{
  const gsize image[] = { 1, 4, 4, 3 }, flat[] = { 16, 3 };
  const gsize conv[] = { 3, 1, 1, 3 }, kernel[] = { 1, 3, 3, 3 };
  const gsize channels[] = { 3 }, square[] = { 3, 3 };
  xnn_subgraph_t subgraph;
  guint32 ids[10];
  guint i;

#define DEFINE(dims, data, external, flags, id) fail_unless ( \
    xnn_define_tensor_value (subgraph, xnn_datatype_fp32, G_N_ELEMENTS (dims), \
        dims, data, external, flags, id) == xnn_status_success)
  fail_unless (xnn_create_subgraph (2, 0, &subgraph) == xnn_status_success);
  DEFINE (image, NULL, 0, XNN_VALUE_FLAG_EXTERNAL_INPUT, &ids[0]);
  DEFINE (flat, NULL, 1, XNN_VALUE_FLAG_EXTERNAL_OUTPUT, &ids[1]);
  for (i = 2; i < 4; i++)
    DEFINE (image, NULL, XNN_INVALID_VALUE_ID, 0, &ids[i]);
  DEFINE (flat, NULL, XNN_INVALID_VALUE_ID, 0, &ids[4]);
  DEFINE (conv, weights, XNN_INVALID_VALUE_ID, 0, &ids[5]);
  DEFINE (kernel, weights, XNN_INVALID_VALUE_ID, 0, &ids[6]);
  DEFINE (square, weights, XNN_INVALID_VALUE_ID, 0, &ids[7]);
  DEFINE (channels, weights, XNN_INVALID_VALUE_ID, 0, &ids[8]);
  fail_unless (xnn_define_convolution_2d (subgraph, 0, 0, 0, 0, 1, 1, 1, 1, 1,
          1, 1, 3, 3, -INFINITY, INFINITY, ids[0], ids[5], ids[8], ids[2],
          0) == xnn_status_success);
  fail_unless (xnn_define_depthwise_convolution_2d (subgraph, 1, 1, 1, 1, 3, 3,
          1, 1, 1, 1, 1, 3, -INFINITY, INFINITY, ids[2], ids[6], ids[8],
          ids[3], 0) == xnn_status_success);
  fail_unless (xnn_define_fully_connected (subgraph, -INFINITY, INFINITY,
          ids[3], ids[7], ids[8], ids[4],
          XNN_FLAG_TENSORFLOW_RESHAPE_2D) == xnn_status_success);
  fail_unless (xnn_define_prelu (subgraph, ids[4], ids[8], ids[1],
          0) == xnn_status_success);
#undef DEFINE
  return subgraph;
}

static void
count_call (gpointer data)
{
  ++*(gint *) data;
}

/* XNNPACK keeps no weights of these operators: a run does without them. They are in
 * memory of their own, which then can't be read any more. */
GST_START_TEST (test_weights_not_needed)
{
  const gsize page = sysconf (_SC_PAGESIZE);
  const gsize in_size = 48, out_size = 48;
  gfloat *weights = mmap (NULL, page, PROT_READ | PROT_WRITE,
      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  gfloat before[48];
  GError *error = NULL;
  guint32 seed = 1;
  gint n_freed = 0;
  GstTryonNet *net;
  guint i;

  fail_unless (weights != MAP_FAILED);
  fail_unless (gst_tryon_net_init (&error));
  for (i = 0; i < 27; i++)
    weights[i] = next_number (&seed);
  net = gst_tryon_net_new (make_subgraph (weights), &n_freed, count_call,
      &in_size, 1, &out_size, 1, &error);
  fail_unless (net != NULL);
  for (i = 0; i < in_size; i++)
    gst_tryon_net_get_input (net, 0, NULL)[i] = next_number (&seed);
  fail_unless (gst_tryon_net_run (net, &error));
  memcpy (before, gst_tryon_net_get_output (net, 0, NULL), sizeof (before));
  fail_unless (before[0] != before[1]);

  fail_unless (mprotect (weights, page, PROT_NONE) == 0);
  fail_unless (gst_tryon_net_run (net, &error));
  fail_unless (memcmp (before, gst_tryon_net_get_output (net, 0, NULL),
          sizeof (before)) == 0);
  fail_unless_equals_int (n_freed, 0);
  gst_tryon_net_free (net);
  fail_unless_equals_int (n_freed, 1);
  munmap (weights, page);
}

GST_END_TEST;

/* What does not work is an error, and everything is freed. */
GST_START_TEST (test_errors)
{
  const gsize sizes[] = { 0, GST_TRYON_NET_MAX_VALUES + 1, G_MAXSIZE };
  const gsize image[] = { 1, 4, 4, 3 };
  gsize size = 48;
  gfloat weights[27] = { 0 };
  GError *error = NULL;
  gint n_freed = 0;
  xnn_subgraph_t subgraph;
  guint32 id;
  guint i;

  fail_unless (gst_tryon_net_init (&error));
  for (i = 0; i < G_N_ELEMENTS (sizes); i++) {
    fail_unless (gst_tryon_net_new (make_subgraph (weights), &n_freed,
            count_call, &sizes[i], 1, &size, 1, &error) == NULL);
    g_assert_error (error, GST_TRYON_NET_ERROR,
        GST_TRYON_NET_ERROR_UNSUPPORTED);
    g_clear_error (&error);
  }
  fail_unless_equals_int (n_freed, i);
  /* Values 0 and 1 are no inputs and outputs of this one. */
  fail_unless (xnn_create_subgraph (2, 0, &subgraph) == xnn_status_success);
  for (i = 0; i < 2; i++)
    fail_unless (xnn_define_tensor_value (subgraph, xnn_datatype_fp32, 4, image,
            NULL, XNN_INVALID_VALUE_ID, 0, &id) == xnn_status_success);
  fail_unless (xnn_define_sigmoid (subgraph, id - 1, id,
          0) == xnn_status_success);
  fail_unless (gst_tryon_net_new (subgraph, NULL, NULL, &size, 1, &size, 1,
          &error) == NULL);
  g_assert_error (error, GST_TRYON_NET_ERROR, GST_TRYON_NET_ERROR_FAILED);
  g_clear_error (&error);
}

GST_END_TEST;

static Suite *
net_suite (void)
{
  Suite *s = suite_create ("net");
  TCase *tc = tcase_create ("models");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_concatenation);
  tcase_add_loop_test (tc, test_concatenation_errors, 0, 7);
  tcase_add_test (tc, test_inputs_outputs);

  tc = tcase_create ("subgraphs");
  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_weights_not_needed);
  tcase_add_test (tc, test_errors);
  return s;
}

GST_CHECK_MAIN (net);

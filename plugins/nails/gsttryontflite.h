/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* A TensorFlow Lite model as read from its file: tensors and operators, nothing of
 * how they are run. All that the file says has been checked against its size and
 * against what the operators need, so that its users can go by it. Immutable: any
 * thread may read it.
 *
 * What is read is what the hand models consist of: float32 tensors in NHWC, weights
 * in float32, or in float16 that a DEQUANTIZE turns into float32 (done here, so that
 * users see float32 only), and the operators of #GstTryonTfliteKind.
 * The format: tensorflow/lite/schema/schema.fbs, version 3. */

#define GST_TRYON_TFLITE_ERROR (gst_tryon_tflite_error_quark ())

/**
 * GstTryonTfliteError:
 * @GST_TRYON_TFLITE_ERROR_DAMAGED: it is no such file, or it contradicts itself
 * @GST_TRYON_TFLITE_ERROR_UNSUPPORTED: it may be right, but is more than is read here
 */
typedef enum
{
  GST_TRYON_TFLITE_ERROR_DAMAGED,
  GST_TRYON_TFLITE_ERROR_UNSUPPORTED
} GstTryonTfliteError;

#define GST_TRYON_TFLITE_MAX_DIMENSIONS 4
/* Tensors that an operator reads, and a model has as inputs, or as outputs. */
#define GST_TRYON_TFLITE_MAX_INPUTS 8
/* Bytes of a file: ten times the largest hand model. */
#define GST_TRYON_TFLITE_MAX_SIZE (64 * 1024 * 1024)
/* Floats of a tensor: ten times the hand models' largest. */
#define GST_TRYON_TFLITE_MAX_VALUES (1 << 22)
/* Multiplications of a run: 25 times the full landmark model's. */
#define GST_TRYON_TFLITE_MAX_COST (G_GUINT64_CONSTANT (1) << 33)
/* No tensor. */
#define GST_TRYON_TFLITE_NONE G_MAXUINT
/* Bytes behind constant data that may be read. */
#define GST_TRYON_TFLITE_EXTRA_BYTES 16

typedef struct
{
  guint n_dims;
  guint dims[GST_TRYON_TFLITE_MAX_DIMENSIONS];
  gsize n_values;               /* the product of them */
  const gfloat *data;           /* (nullable): a constant's, of finite numbers */
  guint n_uses;                 /* how often operators read it */
} GstTryonTfliteTensor;

/* The numbers are those of the file. */
typedef enum
{
  GST_TRYON_TFLITE_ADD = 0,
  GST_TRYON_TFLITE_CONCATENATION = 2,
  GST_TRYON_TFLITE_CONV_2D = 3,
  GST_TRYON_TFLITE_DEPTHWISE_CONV_2D = 4,
  GST_TRYON_TFLITE_DEQUANTIZE = 6,      /* of weights: not among the operators */
  GST_TRYON_TFLITE_FULLY_CONNECTED = 9,
  GST_TRYON_TFLITE_LOGISTIC = 14,
  GST_TRYON_TFLITE_MAX_POOL_2D = 17,
  GST_TRYON_TFLITE_RESHAPE = 22,
  GST_TRYON_TFLITE_RESIZE_BILINEAR = 23,
  GST_TRYON_TFLITE_PAD = 34,
  GST_TRYON_TFLITE_MEAN = 40,
  GST_TRYON_TFLITE_PRELU = 54
} GstTryonTfliteKind;

/* Of CONV_2D, DEPTHWISE_CONV_2D and MAX_POOL_2D. */
typedef struct
{
  guint width, height;
  guint stride_x, stride_y;
  guint dilation_x, dilation_y;
  guint left, right, top, bottom;       /* padding, with zeros */
} GstTryonTfliteWindow;

typedef struct
{
  GstTryonTfliteKind kind;
  guint n_inputs;               /* those that are no constants */
  guint inputs[GST_TRYON_TFLITE_MAX_INPUTS];
  guint weights;                /* or PRELU's slopes; constant */
  guint bias;                   /* or GST_TRYON_TFLITE_NONE; constant */
  guint output;
  gfloat min, max;              /* what the output is clipped to */
  GstTryonTfliteWindow window;
  guint before[GST_TRYON_TFLITE_MAX_DIMENSIONS];        /* PAD's, of each dimension */
  guint after[GST_TRYON_TFLITE_MAX_DIMENSIONS];
  guint axis;                   /* of CONCATENATION */
  gboolean align_corners;       /* of RESIZE_BILINEAR */
  gboolean half_pixel_centres;
} GstTryonTfliteOperator;

typedef struct _GstTryonTflite GstTryonTflite;

GQuark gst_tryon_tflite_error_quark (void);

/* Errors of reading are those of #G_FILE_ERROR. */
GstTryonTflite *gst_tryon_tflite_load (const gchar * path, GError ** error);
GstTryonTflite *gst_tryon_tflite_parse (GBytes * bytes, GError ** error);
GstTryonTflite *gst_tryon_tflite_ref (GstTryonTflite * model);
void gst_tryon_tflite_unref (GstTryonTflite * model);

/* (transfer none). Inputs and outputs are numbers of tensors. */
const GstTryonTfliteTensor *gst_tryon_tflite_get_tensors (const GstTryonTflite *
    model, guint * n_tensors);
/* In an order in which each only needs what those before it have made; what each
 * makes is an output of the model, or is used. */
const GstTryonTfliteOperator *gst_tryon_tflite_get_operators (const
    GstTryonTflite * model, guint * n_operators);
const guint *gst_tryon_tflite_get_inputs (const GstTryonTflite * model,
    guint * n_inputs);
const guint *gst_tryon_tflite_get_outputs (const GstTryonTflite * model,
    guint * n_outputs);
/* Multiplications of a run. */
guint64 gst_tryon_tflite_get_cost (const GstTryonTflite * model);

const gchar *gst_tryon_tflite_kind_get_name (GstTryonTfliteKind kind);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstTryonTflite, gst_tryon_tflite_unref)

G_END_DECLS

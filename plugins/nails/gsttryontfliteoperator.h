/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gsttryonflatbuffer.h"
#include "gsttryontflite.h"

G_BEGIN_DECLS

/* A part of gsttryontflite.c: what each operator needs, and what it makes. */

/* TensorType of the schema. */
typedef enum
{
  GST_TRYON_TFLITE_FLOAT32 = 0,
  GST_TRYON_TFLITE_FLOAT16 = 1,
  GST_TRYON_TFLITE_INT32 = 2
} GstTryonTfliteType;

/* What is known of a tensor only while the model is read. */
typedef struct
{
  GstTryonTfliteType type;
  const guint8 *raw;            /* (nullable): a constant's bytes, as many as its
                                 * shape and type say, not aligned */
  gboolean is_made;             /* an input, or an operator before has made it */
} GstTryonTfliteSource;

typedef struct
{
  guint n_tensors;
  GstTryonTfliteTensor *tensors;
  GstTryonTfliteSource *sources;
  GPtrArray *constants;         /* owned data of tensors */
  guint64 n_constant_values;
  guint64 cost;
} GstTryonTfliteReader;

/* @operation: an Operator of the schema. A DEQUANTIZE is done: it makes a constant of
 * its output. */
gboolean gst_tryon_tflite_read_operator (GstTryonTfliteReader * reader,
    const GstTryonFlatTable * operation, GstTryonTfliteKind kind,
    GstTryonTfliteOperator * op, GError ** error);

/* Makes a constant of @tensor, from the bytes of @source, which are floats. */
gboolean gst_tryon_tflite_make_constant (GstTryonTfliteReader * reader,
    GstTryonTfliteTensor * tensor, const GstTryonTfliteSource * source,
    GError ** error);

G_END_DECLS

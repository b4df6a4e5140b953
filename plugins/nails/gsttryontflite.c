/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gsttryontflite.h"
#include "gsttryontfliteoperator.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <glib/gstdio.h>

#define IDENTIFIER "TFL3"
#define SCHEMA_VERSION 3

/* The hand models have at most 413 tensors and 285 buffers. */
#define MAX_TENSORS 4096
#define MAX_OPERATORS 4096
#define MAX_OPERATOR_CODES 256
#define MAX_BUFFERS 8192
/* Floats of all weights: 64 MiB, the hand models have at most 11. */
#define MAX_CONSTANT_VALUES (1 << 24)
/* Of a tensor; also keeps their product within 64 bits. */
#define MAX_DIMENSION 65535

/* Fields of the schema's tables. */
enum
{ MODEL_VERSION = 0, MODEL_OPERATOR_CODES = 1, MODEL_SUBGRAPHS = 2,
  MODEL_BUFFERS = 4
};
enum
{ CODE_DEPRECATED = 0, CODE_BUILTIN = 3 };
enum
{ SUBGRAPH_TENSORS = 0, SUBGRAPH_INPUTS = 1, SUBGRAPH_OUTPUTS = 2,
  SUBGRAPH_OPERATORS = 3
};
enum
{ TENSOR_SHAPE = 0, TENSOR_TYPE = 1, TENSOR_BUFFER = 2, TENSOR_VARIABLE = 5,
  TENSOR_SPARSITY = 6
};
enum
{ BUFFER_DATA = 0 };
enum
{ OPERATOR_CODE = 0 };

struct _GstTryonTflite
{
  gint ref_count;               /* atomic */
  GstTryonTfliteReader reader;  /* its sources are gone when it is read */
  guint n_operators;
  GstTryonTfliteOperator *operators;
  guint n_inputs, n_outputs;
  guint inputs[GST_TRYON_TFLITE_MAX_INPUTS];
  guint outputs[GST_TRYON_TFLITE_MAX_INPUTS];
};

/* The tables that a model consists of. */
typedef struct
{
  GstTryonFlatVector codes, buffers;
  GstTryonFlatVector tensors, operators, inputs, outputs;
} Layout;

GQuark
gst_tryon_tflite_error_quark (void)
{
  return g_quark_from_static_string ("gst-tryon-tflite-error-quark");
}

static gboolean
fail (GError ** error, GstTryonTfliteError code, const gchar * format, ...)
G_GNUC_PRINTF (3, 4);

     static gboolean
         fail (GError ** error, GstTryonTfliteError code,
    const gchar * format, ...)
{
  va_list args;

  va_start (args, format);
  if (error != NULL)
    *error = g_error_new_valist (GST_TRYON_TFLITE_ERROR, code, format, args);
  va_end (args);
  return FALSE;
}

/* A vector of tables or numbers, of @min to @max items. */
static gboolean
read_vector (const GstTryonFlatTable * table, guint field, guint min, guint max,
    const gchar * what, GstTryonFlatVector * vector, GError ** error)
{
  if (!gst_tryon_flat_table_get_vector (table, field, 4, vector, error)) {
    g_prefix_error (error, "%s: ", what);
    return FALSE;
  }
  if (vector->length < min || vector->length > max)
    return fail (error, GST_TRYON_TFLITE_ERROR_UNSUPPORTED,
        "it has %u %s, not %u to %u", vector->length, what, min, max);
  return TRUE;
}

static gboolean
read_layout (const GstTryonFlatbuffer * file, Layout * layout, GError ** error)
{
  GstTryonFlatTable root, subgraph;
  GstTryonFlatVector subgraphs;
  guint32 version;

  if (!gst_tryon_flatbuffer_get_root (file, IDENTIFIER, &root, error)
      || !gst_tryon_flat_table_get_uint32 (&root, MODEL_VERSION, 0, &version,
          error))
    return FALSE;
  if (version != SCHEMA_VERSION)
    return fail (error, GST_TRYON_TFLITE_ERROR_UNSUPPORTED,
        "it is of version %u, not %d", version, SCHEMA_VERSION);
  return read_vector (&root, MODEL_OPERATOR_CODES, 1, MAX_OPERATOR_CODES,
      "operator codes", &layout->codes, error)
      && read_vector (&root, MODEL_BUFFERS, 0, MAX_BUFFERS, "buffers",
      &layout->buffers, error)
      && read_vector (&root, MODEL_SUBGRAPHS, 1, 1, "subgraphs", &subgraphs,
      error)
      && gst_tryon_flat_vector_get_table (&subgraphs, 0, &subgraph, error)
      && read_vector (&subgraph, SUBGRAPH_TENSORS, 1, MAX_TENSORS, "tensors",
      &layout->tensors, error)
      && read_vector (&subgraph, SUBGRAPH_OPERATORS, 1, MAX_OPERATORS,
      "operators", &layout->operators, error)
      && read_vector (&subgraph, SUBGRAPH_INPUTS, 1,
      GST_TRYON_TFLITE_MAX_INPUTS, "inputs", &layout->inputs, error)
      && read_vector (&subgraph, SUBGRAPH_OUTPUTS, 1,
      GST_TRYON_TFLITE_MAX_INPUTS, "outputs", &layout->outputs, error);
}

static gboolean
read_shape (const GstTryonFlatTable * table, GstTryonTfliteTensor * tensor,
    GError ** error)
{
  GstTryonFlatVector shape;
  guint i;

  if (!read_vector (table, TENSOR_SHAPE, 0, GST_TRYON_TFLITE_MAX_DIMENSIONS,
          "dimensions", &shape, error))
    return FALSE;
  tensor->n_dims = shape.length;
  tensor->n_values = 1;
  for (i = 0; i < shape.length; i++) {
    gint32 size = gst_tryon_flat_vector_get_int32 (&shape, i);

    if (size < 1 || size > MAX_DIMENSION)
      return fail (error, GST_TRYON_TFLITE_ERROR_UNSUPPORTED,
          "dimension %u is %d, not 1 to %d", i, size, MAX_DIMENSION);
    tensor->dims[i] = size;
    tensor->n_values *= size;
    if (tensor->n_values > GST_TRYON_TFLITE_MAX_VALUES)
      return fail (error, GST_TRYON_TFLITE_ERROR_UNSUPPORTED,
          "it has more than %d numbers", GST_TRYON_TFLITE_MAX_VALUES);
  }
  return TRUE;
}

/* The bytes of a constant; others have a buffer without any. */
static gboolean
read_raw (const Layout * layout, const GstTryonFlatTable * table,
    const GstTryonTfliteTensor * tensor, GstTryonTfliteSource * source,
    GError ** error)
{
  GstTryonFlatTable buffer;
  GstTryonFlatVector data;
  guint32 index;
  gsize size = source->type == GST_TRYON_TFLITE_FLOAT16 ? 2 : 4;

  if (!gst_tryon_flat_table_get_uint32 (table, TENSOR_BUFFER, 0, &index, error))
    return FALSE;
  /* Buffer 0 is that of all tensors that are no constants. */
  if (index == 0)
    return TRUE;
  if (index >= layout->buffers.length)
    return fail (error, GST_TRYON_TFLITE_ERROR_DAMAGED,
        "its buffer %u is not there", index);
  if (!gst_tryon_flat_vector_get_table (&layout->buffers, index, &buffer, error)
      || !gst_tryon_flat_table_get_vector (&buffer, BUFFER_DATA, 1, &data,
          error))
    return FALSE;
  if (data.length == 0)
    return TRUE;
  if (data.length != size * tensor->n_values)
    return fail (error, GST_TRYON_TFLITE_ERROR_DAMAGED, "it has %u bytes, not %"
        G_GSIZE_FORMAT, data.length, size * tensor->n_values);
  source->raw = data.buffer->data + data.start;
  return TRUE;
}

/* IEEE 754 binary16, of finite numbers. */
static gfloat
half_to_float (guint half)
{
  guint exponent = half >> 10 & 0x1f, fraction = half & 0x3ff;
  union
  {
    guint32 bits;
    gfloat value;
  } number;

  if (exponent == 0)
    number.value = fraction * 0x1p-24f;
  else
    number.bits = (exponent + 127 - 15) << 23 | fraction << 13;
  number.bits |= (half & 0x8000) << 16;
  return number.value;
}

static gboolean
convert_halves (const guint8 * raw, gsize n, gfloat * values)
{
  gsize i;
  guint16 half;

  for (i = 0; i < n; i++) {
    memcpy (&half, raw + 2 * i, sizeof (half));
    half = GUINT16_FROM_LE (half);
    if ((half >> 10 & 0x1f) == 0x1f)
      return FALSE;
    values[i] = half_to_float (half);
  }
  return TRUE;
}

static gboolean
convert_floats (const guint8 * raw, gsize n, gfloat * values)
{
  gsize i;
  union
  {
    guint32 bits;
    gfloat value;
  } number;

  for (i = 0; i < n; i++) {
    memcpy (&number.bits, raw + 4 * i, sizeof (number.bits));
    number.bits = GUINT32_FROM_LE (number.bits);
    if (!isfinite (number.value))
      return FALSE;
    values[i] = number.value;
  }
  return TRUE;
}

gboolean
gst_tryon_tflite_make_constant (GstTryonTfliteReader * reader,
    GstTryonTfliteTensor * tensor, const GstTryonTfliteSource * source,
    GError ** error)
{
  gfloat *values;

  if (reader->n_constant_values + tensor->n_values > MAX_CONSTANT_VALUES)
    return fail (error, GST_TRYON_TFLITE_ERROR_UNSUPPORTED,
        "the model has more than %d weights", MAX_CONSTANT_VALUES);
  values = g_try_malloc0 (tensor->n_values * sizeof (gfloat)
      + GST_TRYON_TFLITE_EXTRA_BYTES);
  if (values == NULL)
    return fail (error, GST_TRYON_TFLITE_ERROR_UNSUPPORTED,
        "no memory for %" G_GSIZE_FORMAT " weights", tensor->n_values);
  g_ptr_array_add (reader->constants, values);
  reader->n_constant_values += tensor->n_values;
  if (!(source->type == GST_TRYON_TFLITE_FLOAT16 ? convert_halves :
          convert_floats) (source->raw, tensor->n_values, values))
    return fail (error, GST_TRYON_TFLITE_ERROR_DAMAGED,
        "a weight is not a finite number");
  tensor->data = values;
  return TRUE;
}

static gboolean
read_tensor (const Layout * layout, guint i, GstTryonTfliteTensor * tensor,
    GstTryonTfliteSource * source, GError ** error)
{
  GstTryonFlatTable table;
  gint type, is_variable;

  if (!gst_tryon_flat_vector_get_table (&layout->tensors, i, &table, error)
      || !read_shape (&table, tensor, error)
      || !gst_tryon_flat_table_get_int8 (&table, TENSOR_TYPE,
          GST_TRYON_TFLITE_FLOAT32, &type, error)
      || !gst_tryon_flat_table_get_int8 (&table, TENSOR_VARIABLE, 0,
          &is_variable, error))
    return FALSE;
  if (type < GST_TRYON_TFLITE_FLOAT32 || type > GST_TRYON_TFLITE_INT32)
    return fail (error, GST_TRYON_TFLITE_ERROR_UNSUPPORTED,
        "it is of type %d, not float32, float16 or int32", type);
  if (is_variable || gst_tryon_flat_table_has (&table, TENSOR_SPARSITY))
    return fail (error, GST_TRYON_TFLITE_ERROR_UNSUPPORTED,
        "it is variable or sparse");
  source->type = type;
  return read_raw (layout, &table, tensor, source, error);
}

static gboolean
read_tensors (GstTryonTflite * model, const Layout * layout, GError ** error)
{
  GstTryonTfliteReader *reader = &model->reader;
  guint i;

  reader->n_tensors = layout->tensors.length;
  reader->tensors = g_new0 (GstTryonTfliteTensor, reader->n_tensors);
  reader->sources = g_new0 (GstTryonTfliteSource, reader->n_tensors);
  for (i = 0; i < reader->n_tensors; i++)
    if (!read_tensor (layout, i, &reader->tensors[i], &reader->sources[i],
            error)) {
      g_prefix_error (error, "tensor %u: ", i);
      return FALSE;
    }
  return TRUE;
}

/* The tensor that is number @i of the model's inputs or outputs, and none of those
 * before. */
static gboolean
read_end (const GstTryonTfliteReader * reader,
    const GstTryonFlatVector * vector, guint i, guint * ends, GError ** error)
{
  gint32 number = gst_tryon_flat_vector_get_int32 (vector, i);
  guint j;

  if (number < 0 || (guint) number >= reader->n_tensors)
    return fail (error, GST_TRYON_TFLITE_ERROR_DAMAGED,
        "tensor %d is not there", number);
  for (j = 0; j < i; j++)
    if (ends[j] == (guint) number)
      return fail (error, GST_TRYON_TFLITE_ERROR_UNSUPPORTED,
          "tensor %d is there twice", number);
  ends[i] = number;
  return TRUE;
}

static gboolean
read_inputs (GstTryonTflite * model, const Layout * layout, GError ** error)
{
  guint i;

  for (i = 0; i < layout->inputs.length; i++) {
    const GstTryonTfliteTensor *tensor;
    GstTryonTfliteSource *source;

    if (!read_end (&model->reader, &layout->inputs, i, model->inputs, error))
      return FALSE;
    tensor = &model->reader.tensors[model->inputs[i]];
    source = &model->reader.sources[model->inputs[i]];
    if (source->raw != NULL || source->type != GST_TRYON_TFLITE_FLOAT32
        || tensor->n_dims == 0)
      return fail (error, GST_TRYON_TFLITE_ERROR_UNSUPPORTED,
          "tensor %u is not of float32 numbers to be filled in",
          model->inputs[i]);
    source->is_made = TRUE;
  }
  model->n_inputs = layout->inputs.length;
  return TRUE;
}

static gboolean
is_input (const GstTryonTflite * model, guint tensor)
{
  guint i;

  for (i = 0; i < model->n_inputs && model->inputs[i] != tensor;)
    i++;
  return i < model->n_inputs;
}

static gboolean
read_outputs (GstTryonTflite * model, const Layout * layout, GError ** error)
{
  guint i;

  for (i = 0; i < layout->outputs.length; i++) {
    if (!read_end (&model->reader, &layout->outputs, i, model->outputs, error))
      return FALSE;
    if (!model->reader.sources[model->outputs[i]].is_made
        || is_input (model, model->outputs[i]))
      return fail (error, GST_TRYON_TFLITE_ERROR_DAMAGED,
          "no operator makes tensor %u", model->outputs[i]);
  }
  model->n_outputs = layout->outputs.length;
  return TRUE;
}

/* BuiltinOperator: what did not fit into a byte has a field of its own since, and
 * the larger of the two counts. */
static gboolean
read_kind (const Layout * layout, const GstTryonFlatTable * operation,
    GstTryonTfliteKind * kind, GError ** error)
{
  GstTryonFlatTable code;
  guint32 index;
  gint old;
  gint32 builtin;

  if (!gst_tryon_flat_table_get_uint32 (operation, OPERATOR_CODE, 0, &index,
          error))
    return FALSE;
  if (index >= layout->codes.length)
    return fail (error, GST_TRYON_TFLITE_ERROR_DAMAGED,
        "its operator code %u is not there", index);
  if (!gst_tryon_flat_vector_get_table (&layout->codes, index, &code, error)
      || !gst_tryon_flat_table_get_int8 (&code, CODE_DEPRECATED, 0, &old, error)
      || !gst_tryon_flat_table_get_int32 (&code, CODE_BUILTIN, 0, &builtin,
          error))
    return FALSE;
  *kind = MAX (old, builtin);
  return TRUE;
}

static gboolean
read_operators (GstTryonTflite * model, const Layout * layout, GError ** error)
{
  guint i;

  model->operators = g_new (GstTryonTfliteOperator, layout->operators.length);
  for (i = 0; i < layout->operators.length; i++) {
    GstTryonFlatTable operation;
    GstTryonTfliteKind kind = -1;
    const gchar *name;

    if (!gst_tryon_flat_vector_get_table (&layout->operators, i, &operation,
            error) || !read_kind (layout, &operation, &kind, error)
        || !gst_tryon_tflite_read_operator (&model->reader, &operation, kind,
            &model->operators[model->n_operators], error)) {
      name = gst_tryon_tflite_kind_get_name (kind);
      g_prefix_error (error, "operator %u (%s): ", i,
          name != NULL ? name : "?");
      return FALSE;
    }
    if (kind != GST_TRYON_TFLITE_DEQUANTIZE)
      model->n_operators++;
  }
  return TRUE;
}

/* What nobody needs is a sign of damage, and XNNPACK has no place for it. */
static gboolean
check_uses (const GstTryonTflite * model, GError ** error)
{
  guint i, j;

  for (i = 0; i < model->reader.n_tensors; i++) {
    if (!model->reader.sources[i].is_made
        || model->reader.tensors[i].n_uses > 0)
      continue;
    for (j = 0; j < model->n_outputs && model->outputs[j] != i;)
      j++;
    if (j == model->n_outputs)
      return fail (error, GST_TRYON_TFLITE_ERROR_UNSUPPORTED,
          "tensor %u is of no use", i);
  }
  return TRUE;
}

static gboolean
read_model (GstTryonTflite * model, const GstTryonFlatbuffer * file,
    GError ** error)
{
  Layout layout;

  if (!read_layout (file, &layout, error)
      || !read_tensors (model, &layout, error))
    return FALSE;
  if (!read_inputs (model, &layout, error)) {
    g_prefix_error (error, "inputs: ");
    return FALSE;
  }
  if (!read_operators (model, &layout, error))
    return FALSE;
  if (!read_outputs (model, &layout, error)) {
    g_prefix_error (error, "outputs: ");
    return FALSE;
  }
  return check_uses (model, error);
}

GstTryonTflite *
gst_tryon_tflite_parse (GBytes * bytes, GError ** error)
{
  GstTryonTflite *model;
  GstTryonFlatbuffer file;
  gboolean is_read;

  file.data = g_bytes_get_data (bytes, &file.size);
  if (file.size > GST_TRYON_TFLITE_MAX_SIZE) {
    fail (error, GST_TRYON_TFLITE_ERROR_UNSUPPORTED,
        "it has %" G_GSIZE_FORMAT " bytes, more than %d", file.size,
        GST_TRYON_TFLITE_MAX_SIZE);
    return NULL;
  }
  model = g_new0 (GstTryonTflite, 1);
  model->ref_count = 1;
  model->reader.constants = g_ptr_array_new_with_free_func (g_free);
  is_read = read_model (model, &file, error);
  g_clear_pointer (&model->reader.sources, g_free);
  if (!is_read)
    g_clear_pointer (&model, gst_tryon_tflite_unref);
  return model;
}

static void
set_file_error (GError ** error, const gchar * path)
{
  gint code = errno;

  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (code),
      "cannot read %s: %s", path, g_strerror (code));
}

/* Reads not more than may be, whatever kind of file it is and however it grows. */
static GBytes *
read_file (const gchar * path, GError ** error)
{
  FILE *file = g_fopen (path, "rbe");
  GByteArray *data = g_byte_array_new ();
  const gsize step = 1024 * 1024;
  gsize n;

  if (file == NULL) {
    set_file_error (error, path);
    g_byte_array_unref (data);
    return NULL;
  }
  do {
    g_byte_array_set_size (data, data->len + step);
    n = fread (data->data + data->len - step, 1, step, file);
    g_byte_array_set_size (data, data->len - step + n);
  } while (n == step && data->len <= GST_TRYON_TFLITE_MAX_SIZE);
  if (ferror (file)) {
    set_file_error (error, path);
    g_clear_pointer (&data, g_byte_array_unref);
  }
  fclose (file);
  return data != NULL ? g_byte_array_free_to_bytes (data) : NULL;
}

GstTryonTflite *
gst_tryon_tflite_load (const gchar * path, GError ** error)
{
  GstTryonTflite *model;
  GBytes *bytes = read_file (path, error);

  if (bytes == NULL)
    return NULL;
  model = gst_tryon_tflite_parse (bytes, error);
  g_bytes_unref (bytes);
  if (model == NULL)
    g_prefix_error (error, "%s is no usable model: ", path);
  return model;
}

GstTryonTflite *
gst_tryon_tflite_ref (GstTryonTflite * model)
{
  g_atomic_int_inc (&model->ref_count);
  return model;
}

void
gst_tryon_tflite_unref (GstTryonTflite * model)
{
  if (!g_atomic_int_dec_and_test (&model->ref_count))
    return;
  g_ptr_array_unref (model->reader.constants);
  g_free (model->reader.tensors);
  g_free (model->operators);
  g_free (model);
}

const GstTryonTfliteTensor *
gst_tryon_tflite_get_tensors (const GstTryonTflite * model, guint * n_tensors)
{
  *n_tensors = model->reader.n_tensors;
  return model->reader.tensors;
}

const GstTryonTfliteOperator *
gst_tryon_tflite_get_operators (const GstTryonTflite * model,
    guint * n_operators)
{
  *n_operators = model->n_operators;
  return model->operators;
}

const guint *
gst_tryon_tflite_get_inputs (const GstTryonTflite * model, guint * n_inputs)
{
  *n_inputs = model->n_inputs;
  return model->inputs;
}

const guint *
gst_tryon_tflite_get_outputs (const GstTryonTflite * model, guint * n_outputs)
{
  *n_outputs = model->n_outputs;
  return model->outputs;
}

guint64
gst_tryon_tflite_get_cost (const GstTryonTflite * model)
{
  return model->reader.cost;
}

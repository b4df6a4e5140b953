/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <string.h>

#include "gsttryontflite.h"

/* Writes small TensorFlow Lite files. Fields that are left out, and all others, take
 * four bytes each: a number of one byte is the first of them. */

#define TEST_FLOAT32 0
#define TEST_FLOAT16 1
#define TEST_INT32 2
/* A field that is not written. */
#define ABSENT G_MININT
/* Of padding and activation. */
#define SAME 0
#define VALID 1
#define NONE 0
#define RELU6 3

typedef struct
{
  gint type;
  guint n_dims;
  gint dims[5];
  const void *data;             /* (nullable): a constant's */
  gsize size;                   /* bytes */
} TestTensor;

typedef struct
{
  gint kind;
  guint n_inputs;
  gint inputs[10];
  gint output;
  gint options_type;
  guint n_options;
  gint options[8];
} TestOperator;

typedef struct
{
  gint version;
  guint n_tensors;
  TestTensor tensors[32];
  guint n_operators;
  TestOperator operators[16];
  guint n_inputs;
  gint inputs[10];
  guint n_outputs;
  gint outputs[10];
} TestModel;

static inline guint
test_put (GByteArray * file, gint number)
{
  gint32 bytes = GINT32_TO_LE (number);

  g_byte_array_append (file, (const guint8 *) &bytes, sizeof (bytes));
  return file->len - sizeof (bytes);
}

/* Makes the field or item at @place lead to @target. */
static inline void
test_link (GByteArray * file, guint place, guint target)
{
  gint32 bytes = GINT32_TO_LE (target - place);

  memcpy (file->data + place, &bytes, sizeof (bytes));
}

/* Field i of the table is 4 + 4 i behind what is returned. */
static inline guint
test_put_table (GByteArray * file, guint n_fields, const gint * fields)
{
  guint i, list = file->len, table;
  guint16 bytes = GUINT16_TO_LE (4 + 2 * n_fields);

  g_byte_array_append (file, (const guint8 *) &bytes, 2);
  bytes = GUINT16_TO_LE (4 + 4 * n_fields);
  g_byte_array_append (file, (const guint8 *) &bytes, 2);
  for (i = 0; i < n_fields; i++) {
    bytes = fields[i] == ABSENT ? 0 : GUINT16_TO_LE (4 + 4 * i);
    g_byte_array_append (file, (const guint8 *) &bytes, 2);
  }
  table = file->len;
  test_put (file, table - list);
  for (i = 0; i < n_fields; i++)
    test_put (file, fields[i]);
  return table;
}

/* Item i is 4 + 4 i behind what is returned. */
static inline guint
test_put_vector (GByteArray * file, guint n, const gint * items)
{
  guint i, vector = test_put (file, n);

  for (i = 0; i < n; i++)
    test_put (file, items != NULL ? items[i] : 0);
  return vector;
}

/* A vector of @n tables to come, in a field. */
static inline guint
test_put_tables (GByteArray * file, guint table, guint field, guint n)
{
  guint vector = test_put_vector (file, n, NULL);

  test_link (file, table + 4 + 4 * field, vector);
  return vector + 4;
}

static inline void
test_put_numbers (GByteArray * file, guint table, guint field, guint n,
    const gint * numbers)
{
  guint vector = test_put_vector (file, n, numbers);

  test_link (file, table + 4 + 4 * field, vector);
}

static inline void
test_put_operator (GByteArray * file, guint place, guint code,
    const TestOperator * op)
{
  const gint fields[] = { code, 0, 0, op->options_type,
    op->n_options > 0 ? 0 : ABSENT
  };
  guint table = test_put_table (file, 5, fields);

  test_link (file, place, table);
  test_put_numbers (file, table, 1, op->n_inputs, op->inputs);
  test_put_numbers (file, table, 2, 1, &op->output);
  if (op->n_options > 0)
    test_link (file, table + 4 + 4 * 4,
        test_put_table (file, op->n_options, op->options));
}

static inline void
test_put_subgraph (GByteArray * file, guint place, const TestModel * model)
{
  const gint fields[] = { 0, 0, 0, 0 };
  guint table = test_put_table (file, 4, fields), items, i;

  test_link (file, place, table);
  items = test_put_tables (file, table, 0, model->n_tensors);
  for (i = 0; i < model->n_tensors; i++) {
    const TestTensor *tensor = &model->tensors[i];
    /* Buffer 0 is of nobody. */
    const gint values[] = { 0, tensor->type, i + 1 };
    guint written = test_put_table (file, 3, values);

    test_link (file, items + 4 * i, written);
    test_put_numbers (file, written, 0, tensor->n_dims, tensor->dims);
  }
  test_put_numbers (file, table, 1, model->n_inputs, model->inputs);
  test_put_numbers (file, table, 2, model->n_outputs, model->outputs);
  items = test_put_tables (file, table, 3, model->n_operators);
  for (i = 0; i < model->n_operators; i++)
    test_put_operator (file, items + 4 * i, i, &model->operators[i]);
}

static inline void
test_put_buffers (GByteArray * file, guint model_table, const TestModel * model)
{
  guint items = test_put_tables (file, model_table, 4, model->n_tensors + 1);
  const gint empty = ABSENT, full = 0;
  guint i;

  test_link (file, items, test_put_table (file, 1, &empty));
  for (i = 0; i < model->n_tensors; i++) {
    const TestTensor *tensor = &model->tensors[i];
    guint table =
        test_put_table (file, 1, tensor->data != NULL ? &full : &empty);

    test_link (file, items + 4 * (i + 1), table);
    if (tensor->data != NULL) {
      test_link (file, table + 4, test_put (file, tensor->size));
      g_byte_array_append (file, tensor->data, tensor->size);
    }
  }
}

/* (transfer full). */
static inline GBytes *
test_model_write (const TestModel * model)
{
  GByteArray *file = g_byte_array_new ();
  const gint fields[] = { model->version, 0, 0, ABSENT, 0 };
  guint table, items, i;

  test_put (file, 0);
  g_byte_array_append (file, (const guint8 *) "TFL3", 4);
  table = test_put_table (file, 5, fields);
  test_link (file, 0, table);
  items = test_put_tables (file, table, 1, model->n_operators);
  for (i = 0; i < model->n_operators; i++) {
    const gint code[] = { MIN (model->operators[i].kind, 127), ABSENT, 1,
      model->operators[i].kind
    };

    test_link (file, items + 4 * i, test_put_table (file, 4, code));
  }
  items = test_put_tables (file, table, 2, 1);
  test_put_subgraph (file, items, model);
  test_put_buffers (file, table, model);
  return g_byte_array_free_to_bytes (file);
}

static inline void
test_model_init (TestModel * model)
{
  memset (model, 0, sizeof (*model));
  model->version = 3;
}

/* Returns its number. */
static inline gint
test_model_add (TestModel * model, gint type, const void *data, gsize size,
    guint n_dims, gint a, gint b, gint c, gint d)
{
  TestTensor *tensor = &model->tensors[model->n_tensors];

  tensor->type = type;
  tensor->data = data;
  tensor->size = size;
  tensor->n_dims = n_dims;
  tensor->dims[0] = a;
  tensor->dims[1] = b;
  tensor->dims[2] = c;
  tensor->dims[3] = d;
  return model->n_tensors++;
}

/* Its inputs are to be set. */
static inline TestOperator *
test_model_operate (TestModel * model, gint kind, gint output,
    gint options_type, guint n_options, const gint * options)
{
  TestOperator *op = &model->operators[model->n_operators++];

  op->kind = kind;
  op->output = output;
  op->options_type = options_type;
  op->n_options = n_options;
  if (n_options > 0)
    memcpy (op->options, options, n_options * sizeof (gint));
  return op;
}

static inline void
test_operator_read (TestOperator * op, gint tensor)
{
  op->inputs[op->n_inputs++] = tensor;
}

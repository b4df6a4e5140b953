/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Reads FlatBuffers (https://flatbuffers.dev/internals/): tables of numbered fields,
 * that point to each other by offsets. No byte is read before it is known to be
 * inside of the buffer; what is not there is an error that says where. Numbers need
 * not be aligned. */

/* Of #GST_TRYON_TFLITE_ERROR, and GST_TRYON_TFLITE_ERROR_DAMAGED, are its errors. */

typedef struct
{
  const guint8 *data;
  gsize size;
} GstTryonFlatbuffer;

/* A table; one that is not there has no fields. */
typedef struct
{
  const GstTryonFlatbuffer *buffer;
  gsize start;
  gsize size;                   /* of its fields, bytes, from @start */
  gsize fields;                 /* where the fields' offsets are */
  guint n_fields;
} GstTryonFlatTable;

/* A vector; one that is not there is empty. */
typedef struct
{
  const GstTryonFlatbuffer *buffer;
  gsize start;                  /* of its first item */
  gsize size;                   /* of an item, bytes */
  guint32 length;
} GstTryonFlatVector;

/* @identifier: the four letters that begin such a file. */
gboolean gst_tryon_flatbuffer_get_root (const GstTryonFlatbuffer * buffer,
    const gchar * identifier, GstTryonFlatTable * root, GError ** error);

/* @value is @otherwise without such a field. */
gboolean gst_tryon_flat_table_get_int8 (const GstTryonFlatTable * table,
    guint field, gint otherwise, gint * value, GError ** error);
gboolean gst_tryon_flat_table_get_int32 (const GstTryonFlatTable * table,
    guint field, gint32 otherwise, gint32 * value, GError ** error);
gboolean gst_tryon_flat_table_get_uint32 (const GstTryonFlatTable * table,
    guint field, guint32 otherwise, guint32 * value, GError ** error);
/* @size: of an item, bytes. All of its items are inside of the buffer. */
gboolean gst_tryon_flat_table_get_vector (const GstTryonFlatTable * table,
    guint field, gsize size, GstTryonFlatVector * vector, GError ** error);
gboolean gst_tryon_flat_table_get_table (const GstTryonFlatTable * table,
    guint field, GstTryonFlatTable * value, GError ** error);
gboolean gst_tryon_flat_table_has (const GstTryonFlatTable * table,
    guint field);

/* Of a vector with items of 4 bytes; @index is below its length. */
gint32 gst_tryon_flat_vector_get_int32 (const GstTryonFlatVector * vector,
    guint32 index);
gboolean gst_tryon_flat_vector_get_table (const GstTryonFlatVector * vector,
    guint32 index, GstTryonFlatTable * table, GError ** error);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gsttryonflatbuffer.h"
#include "gsttryontflite.h"

#include <string.h>

/* An offset of 4 bytes, and the identifier. */
#define HEADER_SIZE 8
/* In front of the fields' offsets are its own size and the table's, 2 bytes each. */
#define VTABLE_HEADER_SIZE 4

static gboolean
fail (GError ** error, gsize position, const gchar * what)
{
  g_set_error (error, GST_TRYON_TFLITE_ERROR, GST_TRYON_TFLITE_ERROR_DAMAGED,
      "byte %" G_GSIZE_FORMAT ": %s", position, what);
  return FALSE;
}

static gboolean
is_inside (const GstTryonFlatbuffer * buffer, gsize position, gsize size)
{
  return position <= buffer->size && size <= buffer->size - position;
}

/* Of a place that is known to be inside. */
static guint
get_uint16 (const GstTryonFlatbuffer * buffer, gsize position)
{
  guint16 value;

  memcpy (&value, buffer->data + position, sizeof (value));
  return GUINT16_FROM_LE (value);
}

static guint32
get_uint32 (const GstTryonFlatbuffer * buffer, gsize position)
{
  guint32 value;

  memcpy (&value, buffer->data + position, sizeof (value));
  return GUINT32_FROM_LE (value);
}

/* Where the offset at @position, which is inside, leads: always forwards. */
static gboolean
follow (const GstTryonFlatbuffer * buffer, gsize position, gsize * target,
    GError ** error)
{
  guint32 offset = get_uint32 (buffer, position);

  if (!is_inside (buffer, position, offset))
    return fail (error, position, "the offset leads past the end");
  *target = position + offset;
  return TRUE;
}

static gboolean
table_init (GstTryonFlatTable * table, const GstTryonFlatbuffer * buffer,
    gsize start, GError ** error)
{
  gint64 vtable;
  gsize vtable_size;

  if (!is_inside (buffer, start, sizeof (gint32)))
    return fail (error, start, "a table begins past the end");
  vtable = (gint64) start - (gint32) get_uint32 (buffer, start);
  if (vtable < 0 || !is_inside (buffer, vtable, VTABLE_HEADER_SIZE))
    return fail (error, start, "the table's list of fields is not in the file");
  vtable_size = get_uint16 (buffer, vtable);
  if (vtable_size < VTABLE_HEADER_SIZE || vtable_size % 2 != 0
      || !is_inside (buffer, vtable, vtable_size))
    return fail (error, vtable, "the list of fields has no possible size");
  table->buffer = buffer;
  table->start = start;
  table->size = get_uint16 (buffer, vtable + 2);
  table->fields = vtable + VTABLE_HEADER_SIZE;
  table->n_fields = (vtable_size - VTABLE_HEADER_SIZE) / 2;
  if (table->size < sizeof (gint32) || !is_inside (buffer, start, table->size))
    return fail (error, start, "the table goes past the end");
  return TRUE;
}

gboolean
gst_tryon_flatbuffer_get_root (const GstTryonFlatbuffer * buffer,
    const gchar * identifier, GstTryonFlatTable * root, GError ** error)
{
  gsize start;

  if (!is_inside (buffer, 0, HEADER_SIZE)
      || memcmp (buffer->data + 4, identifier, 4) != 0) {
    g_set_error (error, GST_TRYON_TFLITE_ERROR, GST_TRYON_TFLITE_ERROR_DAMAGED,
        "it does not begin with %s", identifier);
    return FALSE;
  }
  return follow (buffer, 0, &start, error)
      && table_init (root, buffer, start, error);
}

/* FALSE for one that is not there. */
static gboolean
find (const GstTryonFlatTable * table, guint field, gsize * offset)
{
  if (field >= table->n_fields)
    return FALSE;
  *offset = get_uint16 (table->buffer, table->fields + 2 * field);
  return *offset != 0;
}

gboolean
gst_tryon_flat_table_has (const GstTryonFlatTable * table, guint field)
{
  gsize offset;

  return find (table, field, &offset);
}

/* @position (out): of the @size bytes of the field; 0 for one that is not there. */
static gboolean
locate (const GstTryonFlatTable * table, guint field, gsize size,
    gsize * position, GError ** error)
{
  gsize offset;

  *position = 0;
  if (!find (table, field, &offset))
    return TRUE;
  /* The table itself is inside of the buffer. */
  if (offset < sizeof (gint32) || offset > table->size
      || size > table->size - offset)
    return fail (error, table->start, "a field is not inside of its table");
  *position = table->start + offset;
  return TRUE;
}

gboolean
gst_tryon_flat_table_get_int8 (const GstTryonFlatTable * table, guint field,
    gint otherwise, gint * value, GError ** error)
{
  gsize position;

  if (!locate (table, field, 1, &position, error))
    return FALSE;
  *value = position != 0 ? (gint8) table->buffer->data[position] : otherwise;
  return TRUE;
}

gboolean
gst_tryon_flat_table_get_uint32 (const GstTryonFlatTable * table, guint field,
    guint32 otherwise, guint32 * value, GError ** error)
{
  gsize position;

  if (!locate (table, field, 4, &position, error))
    return FALSE;
  *value = position != 0 ? get_uint32 (table->buffer, position) : otherwise;
  return TRUE;
}

gboolean
gst_tryon_flat_table_get_int32 (const GstTryonFlatTable * table, guint field,
    gint32 otherwise, gint32 * value, GError ** error)
{
  guint32 bits;

  if (!gst_tryon_flat_table_get_uint32 (table, field, otherwise, &bits, error))
    return FALSE;
  *value = (gint32) bits;
  return TRUE;
}

gboolean
gst_tryon_flat_table_get_vector (const GstTryonFlatTable * table, guint field,
    gsize size, GstTryonFlatVector * vector, GError ** error)
{
  gsize position, start;

  memset (vector, 0, sizeof (*vector));
  if (!locate (table, field, 4, &position, error))
    return FALSE;
  if (position == 0)
    return TRUE;
  if (!follow (table->buffer, position, &start, error))
    return FALSE;
  if (!is_inside (table->buffer, start, 4))
    return fail (error, start, "a vector begins past the end");
  vector->buffer = table->buffer;
  vector->size = size;
  vector->length = get_uint32 (table->buffer, start);
  vector->start = start + 4;
  if (vector->length > (table->buffer->size - vector->start) / size)
    return fail (error, start, "the vector goes past the end");
  return TRUE;
}

gboolean
gst_tryon_flat_table_get_table (const GstTryonFlatTable * table, guint field,
    GstTryonFlatTable * value, GError ** error)
{
  gsize position, start;

  memset (value, 0, sizeof (*value));
  if (!locate (table, field, 4, &position, error))
    return FALSE;
  return position == 0 || (follow (table->buffer, position, &start, error)
      && table_init (value, table->buffer, start, error));
}

gint32
gst_tryon_flat_vector_get_int32 (const GstTryonFlatVector * vector,
    guint32 index)
{
  g_assert (vector->size == 4 && index < vector->length);
  return (gint32) get_uint32 (vector->buffer,
      vector->start + 4 * (gsize) index);
}

gboolean
gst_tryon_flat_vector_get_table (const GstTryonFlatVector * vector,
    guint32 index, GstTryonFlatTable * table, GError ** error)
{
  gsize start;

  g_assert (vector->size == 4 && index < vector->length);
  return follow (vector->buffer, vector->start + 4 * (gsize) index, &start,
      error) && table_init (table, vector->buffer, start, error);
}

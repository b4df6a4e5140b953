/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Text messages: JSON to GstStructure and back. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gsttryonprotocol.h"
#include "gsttryonmessage-private.h"

#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

#define NAME_OBJECT "object"
#define NAME_UNKNOWN "unknown"
#define FIELD_TYPE "type"

/* Names of fields and types become quarks, which are never freed. Those that
 * this version does not know are therefore taken in a bounded number only. */
#define MAX_NAME_SIZE 64
#define MAX_NEW_NAMES 256

/* JSON's numbers are doubles to many peers: up to here all whole ones exist. */
#define MAX_SAFE_INTEGER 9007199254740992.0

/* ---- names ---- */

/* Atomic: quarks made for peers so far. */
static gint new_names;

static gboolean
may_intern (const gchar * name)
{
  if (g_quark_try_string (name) != 0)
    return TRUE;
  if (strlen (name) > MAX_NAME_SIZE)
    return FALSE;
  /* Never past the limit, however many ask at once. */
  if (g_atomic_int_add (&new_names, 1) < MAX_NEW_NAMES)
    return TRUE;
  g_atomic_int_add (&new_names, -1);
  return FALSE;
}

/* The name of the structure for messages of @type. */
static const gchar *
structure_name (const gchar * type)
{
  const gchar *p;

  /* What GstStructure takes without a word; it has some for media types. */
  if (!g_ascii_isalpha (type[0]))
    return NAME_UNKNOWN;
  for (p = type; *p != '\0'; p++) {
    if (!g_ascii_isalnum (*p) && *p != '_' && *p != '-' && *p != '.')
      return NAME_UNKNOWN;
  }
  return may_intern (type) ? type : NAME_UNKNOWN;
}

/* ---- from JSON: values ---- */

static gboolean node_to_value (JsonNode * node, GValue * value,
    GError ** error);

static gboolean
number_to_value (gdouble number, GValue * value, GError ** error)
{
  if (!isfinite (number)) {
    g_set_error_literal (error, GST_TRYON_ERROR, GST_TRYON_ERROR_BAD_MESSAGE,
        "text message has a number that no double holds");
    return FALSE;
  }
  /* 30.0 and 30 are one number in JSON, and some peers write the former. */
  if (number == trunc (number) && fabs (number) <= MAX_SAFE_INTEGER) {
    g_value_init (value, G_TYPE_INT64);
    g_value_set_int64 (value, (gint64) number);
  } else {
    g_value_init (value, G_TYPE_DOUBLE);
    g_value_set_double (value, number);
  }
  return TRUE;
}

static gboolean
object_to_structure (JsonObject * object, GstStructure * structure,
    gboolean is_message, GError ** error)
{
  JsonObjectIter iter;
  const gchar *name;
  JsonNode *node;

  json_object_iter_init_ordered (&iter, object);
  while (json_object_iter_next_ordered (&iter, &name, &node)) {
    GValue value = G_VALUE_INIT;

    if (is_message && strcmp (name, FIELD_TYPE) == 0)
      continue;
    if (!node_to_value (node, &value, error))
      return FALSE;
    if (!G_IS_VALUE (&value))
      continue;
    if (may_intern (name))
      gst_structure_take_value (structure, name, &value);
    else
      g_value_unset (&value);
  }
  return TRUE;
}

static gboolean
is_number (JsonNode * node)
{
  return JSON_NODE_HOLDS_VALUE (node)
      && (json_node_get_value_type (node) == G_TYPE_INT64
      || json_node_get_value_type (node) == G_TYPE_DOUBLE);
}

/* Whether @array is of numbers that are not all whole. */
static gboolean
has_fractions (JsonArray * array)
{
  guint n = json_array_get_length (array);
  gboolean found = FALSE;
  guint i;

  for (i = 0; i < n; i++) {
    JsonNode *node = json_array_get_element (array, i);
    gdouble number;

    if (!is_number (node))
      return FALSE;
    number = json_node_get_double (node);
    found |= number != trunc (number) || fabs (number) > MAX_SAFE_INTEGER;
  }
  return found;
}

/* What GStreamer takes for the type of an array, G_TYPE_INVALID for any. */
static GType
basic_type (const GValue * value)
{
  while (GST_VALUE_HOLDS_ARRAY (value)) {
    if (gst_value_array_get_size (value) == 0)
      return G_TYPE_INVALID;
    value = gst_value_array_get_value (value, 0);
  }
  return G_VALUE_TYPE (value);
}

/* Takes @item over. %FALSE when it is of another type than those before it. */
static gboolean
append_item (GValue * array, GValue * item)
{
  GType array_type = basic_type (array);
  GType item_type = basic_type (item);

  if (array_type != G_TYPE_INVALID && item_type != G_TYPE_INVALID
      && array_type != item_type) {
    g_value_unset (item);
    return FALSE;
  }
  gst_value_array_append_and_take_value (array, item);
  return TRUE;
}

/* Leaves @value unset for an array that GST_TYPE_ARRAY can't be. */
static gboolean
array_to_value (JsonArray * array, GValue * value, GError ** error)
{
  guint n = json_array_get_length (array);
  gboolean as_doubles = has_fractions (array);
  guint i;

  g_value_init (value, GST_TYPE_ARRAY);
  for (i = 0; i < n; i++) {
    GValue item = G_VALUE_INIT;

    if (!node_to_value (json_array_get_element (array, i), &item, error)) {
      g_value_unset (value);
      return FALSE;
    }
    if (!G_IS_VALUE (&item))
      continue;
    if (as_doubles && G_VALUE_HOLDS_INT64 (&item)) {
      gdouble number = g_value_get_int64 (&item);

      g_value_unset (&item);
      g_value_init (&item, G_TYPE_DOUBLE);
      g_value_set_double (&item, number);
    }
    if (!append_item (value, &item)) {
      g_value_unset (value);
      return TRUE;
    }
  }
  return TRUE;
}

static gboolean
scalar_to_value (JsonNode * node, GValue * value, GError ** error)
{
  switch (json_node_get_value_type (node)) {
    case G_TYPE_STRING:
      g_value_init (value, G_TYPE_STRING);
      g_value_set_string (value, json_node_get_string (node));
      return TRUE;
    case G_TYPE_BOOLEAN:
      g_value_init (value, G_TYPE_BOOLEAN);
      g_value_set_boolean (value, json_node_get_boolean (node));
      return TRUE;
    case G_TYPE_INT64:
      g_value_init (value, G_TYPE_INT64);
      g_value_set_int64 (value, json_node_get_int (node));
      return TRUE;
    default:
      return number_to_value (json_node_get_double (node), value, error);
  }
}

/* Leaves @value unset for what is left out. Recurses as deep as the JSON goes,
 * which was checked. */
static gboolean
node_to_value (JsonNode * node, GValue * value, GError ** error)
{
  GstStructure *structure;

  switch (json_node_get_node_type (node)) {
    case JSON_NODE_OBJECT:
      structure = gst_structure_new_empty (NAME_OBJECT);
      if (!object_to_structure (json_node_get_object (node), structure, FALSE,
              error)) {
        gst_structure_free (structure);
        return FALSE;
      }
      g_value_init (value, GST_TYPE_STRUCTURE);
      g_value_take_boxed (value, structure);
      return TRUE;
    case JSON_NODE_ARRAY:
      return array_to_value (json_node_get_array (node), value, error);
    case JSON_NODE_VALUE:
      return scalar_to_value (node, value, error);
    case JSON_NODE_NULL:
    default:
      return TRUE;
  }
}

/* ---- from JSON ---- */

static const gchar *
get_message_type (JsonObject * object, GError ** error)
{
  JsonNode *node = json_object_get_member (object, FIELD_TYPE);
  const gchar *type = NULL;

  if (node != NULL && JSON_NODE_HOLDS_VALUE (node)
      && json_node_get_value_type (node) == G_TYPE_STRING)
    type = json_node_get_string (node);
  if (type == NULL || *type == '\0') {
    g_set_error (error, GST_TRYON_ERROR, GST_TRYON_ERROR_BAD_MESSAGE,
        "text message %s: it must have a field \"type\", a string that is not "
        "empty", node == NULL ? "without a type" : "with an unusable type");
    return NULL;
  }
  return type;
}

/**
 * gst_tryon_message_parse:
 * @text: (array length=size): a text message; any bytes are safe
 * @size: bytes of @text, which the caller bounds
 * @error: return location for an error
 *
 * gst_tryon_message_parse_full() with %GST_TRYON_PROTOCOL_MAX_JSON_DEPTH.
 *
 * Returns: (transfer full): the message; %NULL with
 *     #GST_TRYON_ERROR_BAD_MESSAGE
 */
GstStructure *
gst_tryon_message_parse (const gchar * text, gsize size, GError ** error)
{
  return gst_tryon_message_parse_full (text, size,
      GST_TRYON_PROTOCOL_MAX_JSON_DEPTH, error);
}

/**
 * gst_tryon_message_parse_full:
 * @text: (array length=size): a text message; any bytes are safe
 * @size: bytes of @text, which the caller bounds
 * @max_depth: levels of objects and arrays, the message itself among them, at
 *     most 31
 * @error: return location for an error
 *
 * Reads a text message. Before the JSON parser sees it, it is checked to be
 * one JSON object, strictly after RFC 8259, at most @max_depth deep and of at
 * most %GST_TRYON_PROTOCOL_MAX_JSON_VALUES values. Then the fields that this version
 * knows for the message's type are checked: presence, JSON type, range.
 *
 * The structure is named after the message's `type`. Its fields are
 * G_TYPE_STRING, G_TYPE_BOOLEAN, G_TYPE_INT64 for whole numbers (30.0 is one),
 * G_TYPE_DOUBLE for others, GST_TYPE_STRUCTURE named "object", and
 * GST_TYPE_ARRAY, of doubles when not all numbers in it are whole. A field of
 * kind number may thus hold either of the two types of number. null is left
 * out, of arrays too; so are arrays of values of several types, which
 * GST_TYPE_ARRAY does not hold. Of two fields of the same name the last counts.
 *
 * Unknown types pass; one that can't name a structure gives a structure named
 * "unknown". Unknown fields pass too, except that new names, which cost memory
 * for good, are kept up to a number, and left out then.
 *
 * Returns: (transfer full): the message; %NULL with
 *     #GST_TRYON_ERROR_BAD_MESSAGE
 */
GstStructure *
gst_tryon_message_parse_full (const gchar * text, gsize size, guint max_depth,
    GError ** error)
{
  GstStructure *message = NULL;
  JsonParser *parser;
  JsonObject *object;
  GError *json_error = NULL;
  const gchar *type;

  g_return_val_if_fail (text != NULL || size == 0, NULL);

  if (!gst_tryon_json_check (text, size, max_depth, error))
    return NULL;

  gst_tryon_schema_intern_names ();
  parser = json_parser_new_immutable ();
  if (!json_parser_load_from_data (parser, text, size, &json_error)) {
    /* What the check lets pass the parser takes; and if not, it is no harm. */
    g_set_error (error, GST_TRYON_ERROR, GST_TRYON_ERROR_BAD_MESSAGE,
        "text message is no JSON: %s", json_error->message);
    g_error_free (json_error);
    goto done;
  }
  object = json_node_get_object (json_parser_get_root (parser));
  type = get_message_type (object, error);
  if (type == NULL)
    goto done;

  message = gst_structure_new_empty (structure_name (type));
  if (!object_to_structure (object, message, TRUE, error)
      || !gst_tryon_schema_check (message, error))
    g_clear_pointer (&message, gst_structure_free);

done:
  g_object_unref (parser);
  return message;
}

/* ---- to JSON ---- */

/* Not with json-glib's generator, which writes a large double as 1e+22.0. */

static void append_value (GString * json, const GValue * value);

static void
append_escaped (GString * json, const gchar * text)
{
  const gchar *start = text;

  for (; *text != '\0'; text++) {
    guchar c = *text;

    if (c >= 0x20 && c != '"' && c != '\\')
      continue;
    g_string_append_len (json, start, text - start);
    if (c < 0x20)
      g_string_append_printf (json, "\\u%04x", c);
    else
      g_string_append_printf (json, "\\%c", c);
    start = text + 1;
  }
  g_string_append_len (json, start, text - start);
}

static void
append_string (GString * json, const gchar * text)
{
  gchar *valid = NULL;

  if (text == NULL) {
    g_string_append (json, "null");
    return;
  }
  /* One wrong byte would make the peer close the connection. */
  if (!g_utf8_validate (text, -1, NULL))
    text = valid = g_utf8_make_valid (text, -1);
  g_string_append_c (json, '"');
  append_escaped (json, text);
  g_string_append_c (json, '"');
  g_free (valid);
}

static void
append_integer (GString * json, gint64 number)
{
  g_string_append_printf (json, "%" G_GINT64_FORMAT, number);
}

static void
append_double (GString * json, gdouble number)
{
  gchar text[G_ASCII_DTOSTR_BUF_SIZE];

  if (!isfinite (number)) {
    g_string_append (json, "null");
    return;
  }
  /* 17 digits tell every double from its neighbours, but 0.1 needs one. */
  g_ascii_formatd (text, sizeof (text), "%.15g", number);
  if (g_ascii_strtod (text, NULL) != number)
    g_ascii_formatd (text, sizeof (text), "%.17g", number);
  g_string_append (json, text);
}

static void
append_list (GString * json, const GValue * value)
{
  gboolean is_array = GST_VALUE_HOLDS_ARRAY (value);
  guint n = is_array ? gst_value_array_get_size (value) :
      gst_value_list_get_size (value);
  guint i;

  g_string_append_c (json, '[');
  for (i = 0; i < n; i++) {
    if (i > 0)
      g_string_append_c (json, ',');
    append_value (json, is_array ? gst_value_array_get_value (value, i) :
        gst_value_list_get_value (value, i));
  }
  g_string_append_c (json, ']');
}

static void
append_strv (GString * json, const gchar * const *strv)
{
  guint i;

  g_string_append_c (json, '[');
  for (i = 0; strv != NULL && strv[i] != NULL; i++) {
    if (i > 0)
      g_string_append_c (json, ',');
    append_string (json, strv[i]);
  }
  g_string_append_c (json, ']');
}

static void
append_fields (GString * json, const GstStructure * structure,
    const gchar * except)
{
  guint n = gst_structure_n_fields (structure);
  guint i;

  for (i = 0; i < n; i++) {
    const gchar *name = gst_structure_nth_field_name (structure, i);

    if (g_strcmp0 (name, except) == 0)
      continue;
    if (json->str[json->len - 1] != '{')
      g_string_append_c (json, ',');
    append_string (json, name);
    g_string_append_c (json, ':');
    append_value (json, gst_structure_get_value (structure, name));
  }
}

static void
append_object (GString * json, const GstStructure * structure)
{
  g_string_append_c (json, '{');
  if (structure != NULL)
    append_fields (json, structure, NULL);
  g_string_append_c (json, '}');
}

static void
append_scalar (GString * json, const GValue * value)
{
  switch (G_VALUE_TYPE (value)) {
    case G_TYPE_STRING:
      append_string (json, g_value_get_string (value));
      break;
    case G_TYPE_BOOLEAN:
      g_string_append (json, g_value_get_boolean (value) ? "true" : "false");
      break;
    case G_TYPE_INT:
      append_integer (json, g_value_get_int (value));
      break;
    case G_TYPE_UINT:
      append_integer (json, g_value_get_uint (value));
      break;
    case G_TYPE_INT64:
      append_integer (json, g_value_get_int64 (value));
      break;
    case G_TYPE_UINT64:
      append_integer (json, MIN (g_value_get_uint64 (value), G_MAXINT64));
      break;
    case G_TYPE_DOUBLE:
      append_double (json, g_value_get_double (value));
      break;
    case G_TYPE_FLOAT:
      append_double (json, g_value_get_float (value));
      break;
    default:
      g_warning ("a message can't hold a value of type %s",
          G_VALUE_TYPE_NAME (value));
      g_string_append (json, "null");
      break;
  }
}

static void
append_value (GString * json, const GValue * value)
{
  if (GST_VALUE_HOLDS_STRUCTURE (value))
    append_object (json, gst_value_get_structure (value));
  else if (GST_VALUE_HOLDS_ARRAY (value) || GST_VALUE_HOLDS_LIST (value))
    append_list (json, value);
  else if (G_VALUE_HOLDS (value, G_TYPE_STRV))
    append_strv (json, g_value_get_boxed (value));
  else
    append_scalar (json, value);
}

/**
 * gst_tryon_message_serialize:
 * @message: a message, named after its type
 * @size: (out) (optional): bytes of the text
 *
 * Writes a text message: `type` first, then the fields in their order. Takes
 * what gst_tryon_message_parse() gives, and G_TYPE_INT, G_TYPE_UINT,
 * G_TYPE_UINT64 (no larger than %G_MAXINT64), G_TYPE_FLOAT, G_TYPE_STRV and
 * GST_TYPE_LIST. Numbers that JSON does not have (NaN, the infinities) and
 * %NULL strings become null, which a receiver takes as absent. Bytes that are
 * no UTF-8 are replaced. Nothing is checked against the message's type.
 *
 * Returns: (transfer full): JSON text, NUL-terminated, on one line
 */
gchar *
gst_tryon_message_serialize (const GstStructure * message, gsize * size)
{
  GString *json;

  g_return_val_if_fail (message != NULL, NULL);

  json = g_string_new ("{\"" FIELD_TYPE "\":");
  append_string (json, gst_structure_get_name (message));
  append_fields (json, message, FIELD_TYPE);
  g_string_append_c (json, '}');
  if (size != NULL)
    *size = json->len;
  return g_string_free (json, FALSE);
}

/**
 * gst_tryon_message_new_error:
 * @code: what it is
 * @text: words for the peer: what, where, what to do about it
 * @recoverable: whether the conversation goes on
 *
 * Returns: (transfer full): an `error` message
 */
GstStructure *
gst_tryon_message_new_error (GstTryonError code, const gchar * text,
    gboolean recoverable)
{
  GstStructure *message;
  gchar *valid;

  g_return_val_if_fail (text != NULL, NULL);

  /* Structures refuse strings that are no UTF-8. */
  valid = g_utf8_make_valid (text, -1);
  message = gst_structure_new ("error",
      "code", G_TYPE_STRING, gst_tryon_error_get_code (code),
      "message", G_TYPE_STRING, valid,
      "recoverable", G_TYPE_BOOLEAN, recoverable, NULL);
  g_free (valid);
  return message;
}

/**
 * gst_tryon_message_get_object:
 * @message: a message, or an object in one
 * @name: a field
 *
 * Returns: (transfer full) (nullable): a copy of the object that the field
 *     holds; %NULL when there is no such field, or it holds something else
 */
GstStructure *
gst_tryon_message_get_object (const GstStructure * message, const gchar * name)
{
  const GValue *value;

  g_return_val_if_fail (message != NULL, NULL);
  g_return_val_if_fail (name != NULL, NULL);

  value = gst_structure_get_value (message, name);
  if (value == NULL || !GST_VALUE_HOLDS_STRUCTURE (value))
    return NULL;
  return gst_structure_copy (gst_value_get_structure (value));
}

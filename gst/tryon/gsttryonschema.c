/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What each type of text message holds, as docs/protocol.md states it under
 * "Text messages", and the check of a message against that. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gsttryonmessage-private.h"

#include <string.h>

/* As much of a peer's text as an error message repeats. */
#define MAX_QUOTE_SIZE 40

typedef enum
{
  KIND_STRING,                  /* min to max: bytes */
  KIND_WORD,                    /* a string, one of words */
  KIND_SESSION_ID,
  KIND_INTEGER,                 /* min to max */
  KIND_NUMBER,                  /* min or more */
  KIND_BOOLEAN,
  KIND_OBJECT,                  /* of fields */
  KIND_STRINGS,                 /* an array of at least min */
} Kind;

typedef struct _Field Field;

struct _Field
{
  const gchar *name;
  Kind kind;
  gboolean required;
  gint64 min;
  gint64 max;
  const gchar *const *words;
  const Field *fields;
};

typedef struct
{
  const gchar *name;
  const Field *fields;
} MessageType;

#define FIELD_END { NULL, }

static const gchar *const presets[] = { "low", "balanced", "high", NULL };
static const gchar *const formats[] = { "webp", "jpeg", "png", NULL };

static const gchar *const actions[] =
    { "pause", "resume", "change_camera", "adjust_quality", NULL };

static const gchar *const qualities[] = { "good", "fair", "poor", NULL };

static const Field init_session_fields[] = {
  {"nail_post_id", KIND_STRING, FALSE, 1, 256},
  {"user_id", KIND_STRING, FALSE, 1, 256},
  {"quality_preset", KIND_WORD, FALSE, 0, 0, presets},
  FIELD_END
};

static const Field upload_reference_fields[] = {
  {"data", KIND_STRING, TRUE, 1, G_MAXINT32},
  {"format", KIND_WORD, TRUE, 0, 0, formats},
  {"filename", KIND_STRING, FALSE, 1, 255},
  FIELD_END
};

static const Field control_params_fields[] = {
  {"quality_preset", KIND_WORD, FALSE, 0, 0, presets},
  {"quality", KIND_INTEGER, FALSE, 1, 100},
  FIELD_END
};

static const Field control_fields[] = {
  {"action", KIND_WORD, TRUE, 0, 0, actions},
  {"params", KIND_OBJECT, FALSE, 0, 0, NULL, control_params_fields},
  FIELD_END
};

static const Field capture_fields[] = {
  {"save_to_collection", KIND_BOOLEAN, TRUE},
  FIELD_END
};

static const Field ping_fields[] = {
  {"t0", KIND_NUMBER, TRUE, 0},
  FIELD_END
};

static const Field resolution_fields[] = {
  {"width", KIND_INTEGER, TRUE, 1, 65535},
  {"height", KIND_INTEGER, TRUE, 1, 65535},
  FIELD_END
};

static const Field config_fields[] = {
  {"target_fps", KIND_INTEGER, TRUE, 1, 240},
  {"max_resolution", KIND_OBJECT, TRUE, 0, 0, NULL, resolution_fields},
  {"max_in_flight", KIND_INTEGER, TRUE, 1, 64},
  {"formats", KIND_STRINGS, TRUE, 1},
  FIELD_END
};

static const Field session_ready_fields[] = {
  {"session_id", KIND_SESSION_ID, TRUE},
  {"nail_reference_url", KIND_STRING, FALSE, 1, 2048},
  {"config", KIND_OBJECT, TRUE, 0, 0, NULL, config_fields},
  FIELD_END
};

static const Field stats_fields[] = {
  {"fps", KIND_NUMBER, TRUE, 0},
  {"avg_latency_ms", KIND_NUMBER, FALSE, 0},
  {"p50", KIND_NUMBER, FALSE, 0},
  {"p95", KIND_NUMBER, FALSE, 0},
  {"p99", KIND_NUMBER, FALSE, 0},
  {"frames_processed", KIND_INTEGER, TRUE, 0, G_MAXINT64},
  {"frames_dropped", KIND_INTEGER, TRUE, 0, G_MAXINT64},
  {"connection_quality", KIND_WORD, FALSE, 0, 0, qualities},
  FIELD_END
};

static const Field error_fields[] = {
  {"code", KIND_STRING, TRUE, 1, 64},
  {"message", KIND_STRING, TRUE, 0, G_MAXINT32},
  {"recoverable", KIND_BOOLEAN, TRUE},
  FIELD_END
};

static const Field frame_saved_fields[] = {
  {"try_on_id", KIND_STRING, TRUE, 1, 256},
  {"image_url", KIND_STRING, TRUE, 1, 2048},
  {"thumbnail_url", KIND_STRING, TRUE, 1, 2048},
  FIELD_END
};

static const Field pong_fields[] = {
  {"t0", KIND_NUMBER, TRUE, 0},
  {"t1", KIND_NUMBER, TRUE, 0},
  {"t2", KIND_NUMBER, TRUE, 0},
  FIELD_END
};

static const Field bye_fields[] = {
  {"reason", KIND_STRING, TRUE, 0, G_MAXINT32},
  {"reconnect", KIND_BOOLEAN, TRUE},
  FIELD_END
};

static const MessageType message_types[] = {
  {"init_session", init_session_fields},
  {"upload_reference", upload_reference_fields},
  {"control", control_fields},
  {"capture", capture_fields},
  {"ping", ping_fields},
  {"session_ready", session_ready_fields},
  {"config", config_fields},
  {"stats", stats_fields},
  {"error", error_fields},
  {"frame_saved", frame_saved_fields},
  {"pong", pong_fields},
  {"bye", bye_fields},
};

static void
intern_fields (const Field * fields)
{
  for (; fields->name != NULL; fields++) {
    g_quark_from_static_string (fields->name);
    if (fields->fields != NULL)
      intern_fields (fields->fields);
  }
}

void
gst_tryon_schema_intern_names (void)
{
  static gsize done = 0;
  guint i;

  if (!g_once_init_enter (&done))
    return;
  for (i = 0; i < G_N_ELEMENTS (message_types); i++) {
    g_quark_from_static_string (message_types[i].name);
    intern_fields (message_types[i].fields);
  }
  g_once_init_leave (&done, 1);
}

/* A peer's text in an error message: short, and without line breaks. */
static gchar *
quote (const gchar * text)
{
  const gchar *end = text;
  gchar *quoted;
  gchar *p;

  while (*end != '\0' && end - text < MAX_QUOTE_SIZE)
    end = g_utf8_next_char (end);
  quoted = g_strdup_printf ("\"%.*s%s\"", (int) (end - text), text,
      *end != '\0' ? "..." : "");
  for (p = quoted; *p != '\0'; p++) {
    if (g_ascii_iscntrl (*p))
      *p = ' ';
  }
  return quoted;
}

static void
append_words (GString * text, const gchar * const *words)
{
  guint i;

  g_string_append (text, "one of");
  for (i = 0; words[i] != NULL; i++)
    g_string_append_printf (text, "%s \"%s\"", i > 0 ? "," : "", words[i]);
}

static gchar *
describe_expected (const Field * field)
{
  GString *text = g_string_new (NULL);

  switch (field->kind) {
    case KIND_STRING:
      if (field->max < G_MAXINT32)
        g_string_append_printf (text, "a string of %d to %d bytes",
            (int) field->min, (int) field->max);
      else
        g_string_append (text, field->min > 0 ? "a string that is not empty" :
            "a string");
      break;
    case KIND_WORD:
      append_words (text, field->words);
      break;
    case KIND_SESSION_ID:
      g_string_append_printf (text, "1 to %d of A-Z a-z 0-9 . _ ~ -",
          GST_TRYON_PROTOCOL_MAX_SESSION_ID);
      break;
    case KIND_INTEGER:
      g_string_append_printf (text, "a whole number from %" G_GINT64_FORMAT
          " to %" G_GINT64_FORMAT, field->min, field->max);
      break;
    case KIND_NUMBER:
      g_string_append_printf (text, "a number from %" G_GINT64_FORMAT " on",
          field->min);
      break;
    case KIND_BOOLEAN:
      g_string_append (text, "true or false");
      break;
    case KIND_OBJECT:
      g_string_append (text, "an object");
      break;
    case KIND_STRINGS:
      g_string_append_printf (text, "an array of %d or more strings",
          (int) field->min);
      break;
  }
  return g_string_free (text, FALSE);
}

static gchar *
describe_value (const GValue * value)
{
  if (value == NULL)
    return g_strdup ("missing");
  if (G_VALUE_HOLDS_STRING (value)) {
    if (strlen (g_value_get_string (value)) > MAX_QUOTE_SIZE)
      return g_strdup_printf ("a string of %" G_GSIZE_FORMAT " bytes",
          strlen (g_value_get_string (value)));
    return quote (g_value_get_string (value));
  }
  if (G_VALUE_HOLDS_INT64 (value))
    return g_strdup_printf ("%" G_GINT64_FORMAT, g_value_get_int64 (value));
  if (G_VALUE_HOLDS_DOUBLE (value))
    return g_strdup_printf ("%g", g_value_get_double (value));
  if (G_VALUE_HOLDS_BOOLEAN (value))
    return g_strdup (g_value_get_boolean (value) ? "true" : "false");
  if (GST_VALUE_HOLDS_ARRAY (value))
    return g_strdup_printf ("an array of %u", gst_value_array_get_size (value));
  return g_strdup ("an object");
}

static gboolean
fail_field (const gchar * path, const Field * field, const GValue * value,
    GError ** error)
{
  gchar *expected = describe_expected (field);
  gchar *got = describe_value (value);

  g_set_error (error, GST_TRYON_ERROR, GST_TRYON_ERROR_BAD_MESSAGE,
      "%s.%s is %s: it must be %s", path, field->name, got, expected);
  g_free (expected);
  g_free (got);
  return FALSE;
}

static gboolean
is_strings (const GValue * value, guint min)
{
  guint i;

  if (!GST_VALUE_HOLDS_ARRAY (value) || gst_value_array_get_size (value) < min)
    return FALSE;
  for (i = 0; i < gst_value_array_get_size (value); i++) {
    if (!G_VALUE_HOLDS_STRING (gst_value_array_get_value (value, i)))
      return FALSE;
  }
  return TRUE;
}

static gboolean
value_fits (const Field * field, const GValue * value)
{
  const gchar *text;

  switch (field->kind) {
    case KIND_STRING:
    case KIND_WORD:
    case KIND_SESSION_ID:
      if (!G_VALUE_HOLDS_STRING (value))
        return FALSE;
      text = g_value_get_string (value);
      if (field->kind == KIND_WORD)
        return g_strv_contains (field->words, text);
      if (field->kind == KIND_SESSION_ID)
        return gst_tryon_session_id_is_valid (text);
      return (gint64) strlen (text) >= field->min
          && (gint64) strlen (text) <= field->max;
    case KIND_INTEGER:
      return G_VALUE_HOLDS_INT64 (value)
          && g_value_get_int64 (value) >= field->min
          && g_value_get_int64 (value) <= field->max;
    case KIND_NUMBER:
      if (G_VALUE_HOLDS_DOUBLE (value))
        return g_value_get_double (value) >= field->min;
      return G_VALUE_HOLDS_INT64 (value)
          && g_value_get_int64 (value) >= field->min;
    case KIND_BOOLEAN:
      return G_VALUE_HOLDS_BOOLEAN (value);
    case KIND_OBJECT:
      return GST_VALUE_HOLDS_STRUCTURE (value);
    case KIND_STRINGS:
      return is_strings (value, field->min);
  }
  return FALSE;
}

static gboolean
check_fields (const gchar * path, const Field * fields,
    const GstStructure * structure, GError ** error)
{
  const Field *field;

  for (field = fields; field->name != NULL; field++) {
    const GValue *value = gst_structure_get_value (structure, field->name);
    gboolean ok = TRUE;

    if (value == NULL) {
      if (field->required)
        return fail_field (path, field, NULL, error);
      continue;
    }
    if (!value_fits (field, value))
      return fail_field (path, field, value, error);
    if (field->fields != NULL) {
      gchar *inner = g_strconcat (path, ".", field->name, NULL);

      ok = check_fields (inner, field->fields, gst_value_get_structure (value),
          error);
      g_free (inner);
    }
    if (!ok)
      return FALSE;
  }
  return TRUE;
}

gboolean
gst_tryon_schema_check (const GstStructure * message, GError ** error)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (message_types); i++) {
    if (gst_structure_has_name (message, message_types[i].name))
      return check_fields (message_types[i].name, message_types[i].fields,
          message, error);
  }
  return TRUE;
}

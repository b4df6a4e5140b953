/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A look at a peer's JSON before the parser sees it. json-glib recurses without
 * a limit (80 kB of '[' end the process), spends some hundred bytes on a value
 * of two, takes comments and assignments for JSON, cuts strings at a \u0000 and
 * lets whole numbers wrap. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gsttryonmessage-private.h"

#include <string.h>

/* What may come next, between tokens. */
typedef enum
{
  EXPECT_VALUE,
  EXPECT_VALUE_OR_END,          /* behind '[' */
  EXPECT_KEY,
  EXPECT_KEY_OR_END,            /* behind '{' */
  EXPECT_COLON,
  EXPECT_COMMA_OR_END,
  EXPECT_NOTHING,
} Expect;

typedef struct
{
  const gchar *text;
  gsize size;
  gsize pos;
  Expect expect;
  guint depth;
  guint max_depth;
  /* Bit n: level n is an object, else an array. */
  guint32 objects;
  guint n_values;
} Scanner;

G_STATIC_ASSERT (GST_TRYON_PROTOCOL_MAX_JSON_DEPTH <=
    GST_TRYON_JSON_DEPTH_LIMIT);
G_STATIC_ASSERT (GST_TRYON_JSON_DEPTH_LIMIT < 32);

static gboolean
fail (const Scanner * s, GError ** error, const gchar * what)
{
  g_set_error (error, GST_TRYON_ERROR, GST_TRYON_ERROR_BAD_MESSAGE,
      "text message is not taken at byte %" G_GSIZE_FORMAT ": %s", s->pos,
      what);
  return FALSE;
}

static gboolean
fail_deep (const Scanner * s, GError ** error)
{
  gchar *words = g_strdup_printf ("objects and arrays nested more than %u deep",
      s->max_depth);

  fail (s, error, words);
  g_free (words);
  return FALSE;
}

static gboolean
is_digit_at (const Scanner * s, gsize pos)
{
  return pos < s->size && g_ascii_isdigit (s->text[pos]);
}

static gsize
skip_digits (const Scanner * s, gsize pos)
{
  while (is_digit_at (s, pos))
    pos++;
  return pos;
}

static gboolean
scan_number (Scanner * s, GError ** error)
{
  const gsize start = s->pos;
  gboolean negative = s->text[start] == '-';
  gsize digits = negative ? start + 1 : start;
  gsize pos = skip_digits (s, digits);
  gsize n = pos - digits;
  gboolean whole = TRUE;

  if (n == 0 || (n > 1 && s->text[digits] == '0'))
    return fail (s, error, "a number that JSON does not have");
  if (pos < s->size && s->text[pos] == '.') {
    if (!is_digit_at (s, ++pos))
      return fail (s, error, "a number without digits behind its point");
    pos = skip_digits (s, pos);
    whole = FALSE;
  }
  if (pos < s->size && (s->text[pos] == 'e' || s->text[pos] == 'E')) {
    pos++;
    if (pos < s->size && (s->text[pos] == '+' || s->text[pos] == '-'))
      pos++;
    if (!is_digit_at (s, pos))
      return fail (s, error, "a number without digits in its exponent");
    pos = skip_digits (s, pos);
    whole = FALSE;
  }
  /* Digits of the same number compare like what they mean. */
  if (whole && (n > 19 || (n == 19 && strncmp (s->text + digits,
                  negative ? "9223372036854775808" : "9223372036854775807",
                  n) > 0)))
    return fail (s, error, "a whole number that does not fit 64 bits");
  s->pos = pos;
  return TRUE;
}

/* The value of the \uXXXX at @pos, -1 when there is none. */
static gint
read_unicode_escape (const Scanner * s, gsize pos)
{
  gint code = 0;
  guint i;

  if (s->size - pos < 6 || s->text[pos] != '\\' || s->text[pos + 1] != 'u')
    return -1;
  for (i = 2; i < 6; i++) {
    gint digit = g_ascii_xdigit_value (s->text[pos + i]);

    if (digit < 0)
      return -1;
    code = code << 4 | digit;
  }
  return code;
}

static gboolean
scan_escape (Scanner * s, GError ** error)
{
  gint code;
  gint low;

  if (s->size - s->pos < 2)
    return fail (s, error, "the text ends within a string");
  if (s->text[s->pos + 1] != 'u') {
    if (strchr ("\"\\/bfnrt", s->text[s->pos + 1]) == NULL)
      return fail (s, error, "an escape that JSON does not have");
    s->pos += 2;
    return TRUE;
  }
  code = read_unicode_escape (s, s->pos);
  if (code < 0)
    return fail (s, error, "a \\u without four hexadecimal digits");
  if (code == 0)
    return fail (s, error, "U+0000 in a string");
  if (code >= 0xd800 && code <= 0xdfff) {
    low = read_unicode_escape (s, s->pos + 6);
    if (code >= 0xdc00 || low < 0xdc00 || low > 0xdfff)
      return fail (s, error, "half a surrogate pair in a string");
    s->pos += 6;
  }
  s->pos += 6;
  return TRUE;
}

/* From its opening quote to behind its closing one. */
static gboolean
scan_string (Scanner * s, GError ** error)
{
  s->pos++;
  while (s->pos < s->size) {
    guchar c = s->text[s->pos];

    if (c == '"') {
      s->pos++;
      return TRUE;
    }
    if (c < 0x20)
      return fail (s, error, "a control character in a string");
    if (c != '\\')
      s->pos++;
    else if (!scan_escape (s, error))
      return FALSE;
  }
  return fail (s, error, "the text ends within a string");
}

static gboolean
scan_literal (Scanner * s, GError ** error)
{
  static const gchar *const literals[] = { "true", "false", "null" };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (literals); i++) {
    const gchar *rest = s->text + s->pos;
    gsize n = strlen (literals[i]);

    if (s->size - s->pos >= n && memcmp (rest, literals[i], n) == 0) {
      s->pos += n;
      return TRUE;
    }
  }
  return fail (s, error, "expected a JSON value");
}

static gboolean
open_level (Scanner * s, gboolean is_object, GError ** error)
{
  if (s->depth == s->max_depth)
    return fail_deep (s, error);
  s->depth++;
  s->objects &= ~(1u << s->depth);
  s->objects |= (is_object ? 1u : 0u) << s->depth;
  s->expect = is_object ? EXPECT_KEY_OR_END : EXPECT_VALUE_OR_END;
  s->pos++;
  return TRUE;
}

static gboolean
in_object (const Scanner * s)
{
  return (s->objects >> s->depth) & 1;
}

static void
close_level (Scanner * s)
{
  s->depth--;
  s->expect = s->depth == 0 ? EXPECT_NOTHING : EXPECT_COMMA_OR_END;
  s->pos++;
}

static gboolean
scan_value (Scanner * s, gchar c, GError ** error)
{
  if (++s->n_values > GST_TRYON_PROTOCOL_MAX_JSON_VALUES)
    return fail (s, error, "more than "
        G_STRINGIFY (GST_TRYON_PROTOCOL_MAX_JSON_VALUES) " values");
  if (c == '{' || c == '[')
    return open_level (s, c == '{', error);
  s->expect = EXPECT_COMMA_OR_END;
  if (c == '"')
    return scan_string (s, error);
  if (c == '-' || g_ascii_isdigit (c))
    return scan_number (s, error);
  return scan_literal (s, error);
}

static gboolean
scan_key (Scanner * s, gchar c, GError ** error)
{
  if (c != '"')
    return fail (s, error, "expected a field name in double quotes");
  s->expect = EXPECT_COLON;
  return scan_string (s, error);
}

/* One token, which begins with @c. */
static gboolean
scan_token (Scanner * s, gchar c, GError ** error)
{
  switch (s->expect) {
    case EXPECT_VALUE_OR_END:
      if (c == ']') {
        close_level (s);
        return TRUE;
      }
      return scan_value (s, c, error);
    case EXPECT_VALUE:
      return scan_value (s, c, error);
    case EXPECT_KEY_OR_END:
      if (c == '}') {
        close_level (s);
        return TRUE;
      }
      return scan_key (s, c, error);
    case EXPECT_KEY:
      return scan_key (s, c, error);
    case EXPECT_COLON:
      if (c != ':')
        return fail (s, error, "expected a colon behind the field name");
      s->expect = EXPECT_VALUE;
      s->pos++;
      return TRUE;
    case EXPECT_COMMA_OR_END:
      if (c == (in_object (s) ? '}' : ']')) {
        close_level (s);
        return TRUE;
      }
      if (c != ',')
        return fail (s, error, in_object (s) ?
            "expected a comma or } behind the field" :
            "expected a comma or ] behind the value");
      s->expect = in_object (s) ? EXPECT_KEY : EXPECT_VALUE;
      s->pos++;
      return TRUE;
    case EXPECT_NOTHING:
    default:
      return fail (s, error, "something follows the object");
  }
}

gboolean
gst_tryon_json_check (const gchar * text, gsize size, guint max_depth,
    GError ** error)
{
  Scanner s = { text, size, 0, EXPECT_VALUE, };
  const gchar *end;

  s.max_depth = MIN (max_depth, GST_TRYON_JSON_DEPTH_LIMIT);

  /* Finds NUL bytes too. */
  if (!g_utf8_validate_len (text, size, &end)) {
    s.pos = end - text;
    return fail (&s, error, "not UTF-8");
  }
  for (;;) {
    while (s.pos < size && strchr (" \t\r\n", text[s.pos]) != NULL)
      s.pos++;
    if (s.pos == size)
      break;
    if (s.depth == 0 && s.expect == EXPECT_VALUE && text[s.pos] != '{')
      return fail (&s, error, "expected a JSON object");
    if (!scan_token (&s, text[s.pos], error))
      return FALSE;
  }
  if (s.expect != EXPECT_NOTHING)
    return fail (&s, error, size == 0 ? "expected a JSON object" :
        "the text ends before the object does");
  return TRUE;
}

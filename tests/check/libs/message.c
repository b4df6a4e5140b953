/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Text messages against the vectors in tests/data/protocol, and beyond. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <gmodule.h>
#include <math.h>
#include <stdlib.h>

#include "tryonvectors.h"

/* A fixed seed: a failure must come again. */
#define SEED 20260101

/* Asked by the leak sanitizer at exit, where there is one. GLib gives up its
 * table of quarks each time that it grows: a leak that it means, and that can't
 * be told from others by its stack. */
G_MODULE_EXPORT int __lsan_is_turned_off (void);

int
__lsan_is_turned_off (void)
{
  return g_quark_from_static_string ("tryon-last-quark") >= 2048;
}

/* (transfer full): the text of a vector, in a block of just its size. */
static gchar *
vector_text (JsonObject * vector, gsize * size)
{
  guchar *decoded;
  gchar *text;

  if (json_object_has_member (vector, "text")) {
    const gchar *s = json_object_get_string_member (vector, "text");

    *size = strlen (s);
    return (gchar *) exact_copy (s, *size);
  }
  decoded = g_base64_decode (json_object_get_string_member (vector, "base64"),
      size);
  text = (gchar *) exact_copy (decoded, *size);
  g_free (decoded);
  return text;
}

static void assert_object (const GstStructure * structure, JsonObject * object,
    const gchar * name);

static void
assert_value (const GValue * value, JsonNode * node, const gchar * name)
{
  JsonArray *array;
  guint i;

  fail_unless (value != NULL, "%s: missing", name);
  switch (json_node_get_node_type (node)) {
    case JSON_NODE_OBJECT:
      fail_unless (GST_VALUE_HOLDS_STRUCTURE (value), "%s", name);
      fail_unless (gst_structure_has_name (gst_value_get_structure (value),
              "object"));
      assert_object (gst_value_get_structure (value),
          json_node_get_object (node), name);
      return;
    case JSON_NODE_ARRAY:
      fail_unless (GST_VALUE_HOLDS_ARRAY (value), "%s", name);
      array = json_node_get_array (node);
      fail_unless_equals_int (gst_value_array_get_size (value),
          json_array_get_length (array));
      for (i = 0; i < json_array_get_length (array); i++)
        assert_value (gst_value_array_get_value (value, i),
            json_array_get_element (array, i), name);
      return;
    default:
      break;
  }
  fail_unless (G_VALUE_TYPE (value) == json_node_get_value_type (node),
      "%s: %s for %s", name, G_VALUE_TYPE_NAME (value),
      g_type_name (json_node_get_value_type (node)));
  switch (json_node_get_value_type (node)) {
    case G_TYPE_STRING:
      fail_unless_equals_string (g_value_get_string (value),
          json_node_get_string (node));
      break;
    case G_TYPE_INT64:
      fail_unless_equals_int64 (g_value_get_int64 (value),
          json_node_get_int (node));
      break;
    case G_TYPE_DOUBLE:
      fail_unless (g_value_get_double (value) == json_node_get_double (node),
          "%s", name);
      break;
    default:
      fail_unless (g_value_get_boolean (value) ==
          json_node_get_boolean (node), "%s", name);
      break;
  }
}

static void
assert_object (const GstStructure * structure, JsonObject * object,
    const gchar * name)
{
  GList *members = json_object_get_members (object);
  GList *l;

  fail_unless (gst_structure_n_fields (structure) ==
      (gint) g_list_length (members), "%s: %" GST_PTR_FORMAT, name, structure);
  for (l = members; l != NULL; l = l->next)
    assert_value (gst_structure_get_value (structure, l->data),
        json_object_get_member (object, l->data), name);
  g_list_free (members);
}

static void
check_good_message (JsonObject * vector, const gchar * name)
{
  GError *error = NULL;
  gsize size;
  gchar *text = vector_text (vector, &size);
  gchar *again;
  GstStructure *message, *copy;

  message = gst_tryon_message_parse (text, size, &error);
  fail_unless (message != NULL, "%s: %s", name, error ? error->message : "");
  fail_unless (error == NULL);
  fail_unless (gst_structure_has_name (message,
          json_object_get_string_member (vector, "type")), "%s", name);
  assert_object (message, json_object_get_object_member (vector, "fields"),
      name);

  /* What we write of it reads the same. */
  again = gst_tryon_message_serialize (message, &size);
  fail_unless (strlen (again) == size);
  fail_unless (g_str_has_prefix (again, "{\"type\":\""), "%s: %s", name, again);
  copy = gst_tryon_message_parse (again, size, &error);
  fail_unless (copy != NULL, "%s: %s: %s", name, again,
      error ? error->message : "");
  fail_unless (gst_structure_is_equal (message, copy), "%s: %s", name, again);
  gst_structure_free (copy);
  gst_structure_free (message);
  g_free (again);
  free (text);
}

GST_START_TEST (test_good_messages)
{
  vectors_foreach ("messages.json", "good", check_good_message);
}

GST_END_TEST;

static void
check_bad_message (JsonObject * vector, const gchar * name)
{
  const gchar *words = json_object_get_string_member (vector, "words");
  GError *error = NULL;
  GstTryonError code;
  gsize size;
  gchar *text = vector_text (vector, &size);
  GstStructure *message = gst_tryon_message_parse (text, size, &error);

  fail_unless (message == NULL, "%s: %" GST_PTR_FORMAT, name, message);
  fail_unless (gst_tryon_error_from_code (json_object_get_string_member (vector,
              "error"), &code));
  assert_error (error, code, name);
  fail_unless (strstr (error->message, words) != NULL, "%s: \"%s\" has no "
      "\"%s\"", name, error->message, words);
  fail_unless (strlen (error->message) < 400, "%s: %s", name, error->message);
  g_error_free (error);
  free (text);
}

GST_START_TEST (test_bad_messages)
{
  vectors_foreach ("messages.json", "bad", check_bad_message);
  fail_unless (gst_tryon_message_parse (NULL, 0, NULL) == NULL);
  fail_unless (gst_tryon_message_parse ("{}", 2, NULL) == NULL);
}

GST_END_TEST;

/* No object ends before its last bracket. */
static void
check_message_prefixes (JsonObject * vector, const gchar * name)
{
  gsize size, n;
  gchar *text = vector_text (vector, &size);

  while (size > 0 && text[size - 1] != '}')
    size--;
  for (n = 0; n < size; n++) {
    GError *error = NULL;
    gchar *prefix = (gchar *) exact_copy (text, n);

    fail_unless (gst_tryon_message_parse (prefix, n, &error) == NULL,
        "%s: %.*s", name, (int) n, text);
    assert_error (error, GST_TRYON_ERROR_BAD_MESSAGE, name);
    g_error_free (error);
    free (prefix);
  }
  free (text);
}

GST_START_TEST (test_message_prefixes)
{
  vectors_foreach ("messages.json", "good", check_message_prefixes);
}

GST_END_TEST;

static void
assert_any_text (const gchar * bytes, gsize size)
{
  gchar *text = (gchar *) exact_copy (bytes, size);
  GError *error = NULL;
  GstStructure *message = gst_tryon_message_parse (text, size, &error);

  if (message == NULL) {
    assert_error (error, GST_TRYON_ERROR_BAD_MESSAGE, "any text");
    g_error_free (error);
  } else {
    gsize written;
    gchar *again = gst_tryon_message_serialize (message, &written);
    GstStructure *copy = gst_tryon_message_parse (again, written, &error);

    fail_unless (copy != NULL, "%.*s: %s", (int) size, text,
        error ? error->message : "");
    fail_unless (gst_structure_is_equal (message, copy), "%.*s", (int) size,
        text);
    gst_structure_free (copy);
    gst_structure_free (message);
    g_free (again);
  }
  free (text);
}

static void
check_message_mutations (JsonObject * vector, const gchar * name)
{
  static const gchar alphabet[] = "{}[]:,\"\\u0019eE+-.ntfals \n\xc3\xff";
  GRand *rand = g_rand_new_with_seed (SEED);
  gsize size;
  gchar *text = vector_text (vector, &size);
  gchar *mutant = malloc (size);
  guint i, n;

  for (i = 0; i < 100; i++) {
    memcpy (mutant, text, size);
    for (n = g_rand_int_range (rand, 1, 4); n > 0; n--)
      mutant[g_rand_int_range (rand, 0, size)] =
          alphabet[g_rand_int_range (rand, 0, sizeof (alphabet))];
    assert_any_text (mutant, size);
  }
  g_rand_free (rand);
  free (mutant);
  free (text);
}

GST_START_TEST (test_message_mutations)
{
  vectors_foreach ("messages.json", "good", check_message_mutations);
}

GST_END_TEST;

GST_START_TEST (test_message_random)
{
  GRand *rand = g_rand_new_with_seed (SEED);
  gchar bytes[48];
  guint i, j, size;

  for (i = 0; i < 20000; i++) {
    size = g_rand_int_range (rand, 0, sizeof (bytes));
    for (j = 0; j < size; j++)
      bytes[j] = g_rand_int (rand);
    if (i % 2 == 0)
      memcpy (bytes, "{\"type\":\"", MIN (size, 9));
    assert_any_text (bytes, size);
  }
  g_rand_free (rand);
}

GST_END_TEST;

/* The parser behind the check recurses: 80 kB of brackets end its process. */
GST_START_TEST (test_message_depth)
{
  static const gchar *const openings[] = { "[", "{\"a\":", "[[],", "[{\"b\":" };
  const gsize size = 2 * 1024 * 1024;
  guint i;

  for (i = 0; i < G_N_ELEMENTS (openings); i++) {
    GString *text = g_string_new ("{\"type\":\"ping\",\"t0\":");
    GError *error = NULL;

    while (text->len < size)
      g_string_append (text, openings[i]);
    fail_unless (gst_tryon_message_parse (text->str, text->len, &error) ==
        NULL);
    assert_error (error, GST_TRYON_ERROR_BAD_MESSAGE, openings[i]);
    fail_unless (strstr (error->message, "16") != NULL, "%s", error->message);
    g_error_free (error);
    g_string_free (text, TRUE);
  }
}

GST_END_TEST;

/* The largest reference picture that the transport lets through. */
GST_START_TEST (test_message_large)
{
  gsize n = 2 * 1024 * 1024 - 100;
  gchar *data = g_malloc (n + 1);
  GstStructure *message, *again;
  gchar *text;
  gsize size;

  memset (data, 'A', n);
  data[n] = '\0';
  message = gst_structure_new ("upload_reference",
      "data", G_TYPE_STRING, data, "format", G_TYPE_STRING, "webp", NULL);
  text = gst_tryon_message_serialize (message, &size);
  again = gst_tryon_message_parse (text, size, NULL);
  fail_unless (again != NULL);
  fail_unless (gst_structure_is_equal (message, again));
  gst_structure_free (again);
  gst_structure_free (message);
  g_free (text);
  g_free (data);
}

GST_END_TEST;

/* The vectors can't vouch for these: the same parser reads them. */
GST_START_TEST (test_message_numbers)
{
  static const gchar text[] = "{\"type\":\"x_numbers\","
      "\"a\":-9223372036854775808,\"b\":9223372036854775807,\"c\":0.1,"
      "\"d\":9007199254740993,\"e\":1e3,\"f\":9007199254740994.0,\"g\":-2.5}";
  GstStructure *message = gst_tryon_message_parse (text, strlen (text), NULL);
  gint64 number = 0;
  gdouble real = 0;

  fail_unless (message != NULL);
  fail_unless (gst_structure_get_int64 (message, "a", &number));
  fail_unless_equals_int64 (number, G_MININT64);
  fail_unless (gst_structure_get_int64 (message, "b", &number));
  fail_unless_equals_int64 (number, G_MAXINT64);
  fail_unless (gst_structure_get_double (message, "c", &real) && real == 0.1);
  fail_unless (gst_structure_get_int64 (message, "d", &number));
  fail_unless_equals_int64 (number, G_GINT64_CONSTANT (9007199254740993));
  fail_unless (gst_structure_get_int64 (message, "e", &number));
  fail_unless_equals_int64 (number, 1000);
  /* Behind 2^53 a double does not know which whole number it was. */
  fail_unless (gst_structure_get_double (message, "f", &real));
  fail_unless (real == 9007199254740994.0);
  fail_unless (gst_structure_get_double (message, "g", &real) && real == -2.5);
  gst_structure_free (message);
}

GST_END_TEST;

/* GStreamer's arrays are of one type, JSON's need not be. */
GST_START_TEST (test_message_mixed_arrays)
{
  static const gchar *const arrays[] = {
    "[1,\"a\"]", "[\"a\",true]", "[1,2.5,true]", "[{},[]  ,1]", "[[1],[\"a\"]]",
    "[[1],2.5]", "[[[[]]],[[[1]]],\"a\"]", "[[1,\"a\"]]", "[[],1,\"a\"]",
    "[null,1,null,2.5,false]", "[1e300,1,\"\"]", "[[2.5],[1]]",
  };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (arrays); i++) {
    gchar *text = g_strdup_printf ("{\"type\":\"ping\",\"x_a\":%s,\"t0\":1}",
        arrays[i]);

    assert_any_text (text, strlen (text));
    g_free (text);
    text = g_strdup_printf ("{\"type\":\"config\",\"formats\":%s}", arrays[i]);
    assert_any_text (text, strlen (text));
    g_free (text);
  }
}

GST_END_TEST;

static void
set_odd_fields (GstStructure * message)
{
  const gchar *strv[] = { "image/webp", "image/png", NULL };
  GValue list = G_VALUE_INIT;
  GValue item = G_VALUE_INIT;

  gst_structure_set (message,
      "int", G_TYPE_INT, G_MININT, "uint", G_TYPE_UINT, G_MAXUINT,
      "uint64", G_TYPE_UINT64, G_MAXUINT64, "float", G_TYPE_FLOAT, 0.5,
      "nan", G_TYPE_DOUBLE, NAN, "inf", G_TYPE_DOUBLE, -INFINITY,
      "none", G_TYPE_STRING, NULL, "strv", G_TYPE_STRV, strv, NULL);
  g_value_init (&list, GST_TYPE_LIST);
  g_value_init (&item, G_TYPE_DOUBLE);
  g_value_set_double (&item, INFINITY);
  gst_value_list_append_and_take_value (&list, &item);
  g_value_init (&item, G_TYPE_DOUBLE);
  g_value_set_double (&item, -1.5);
  gst_value_list_append_and_take_value (&list, &item);
  gst_structure_take_value (message, "list", &list);
}

GST_START_TEST (test_serialize_types)
{
  GstStructure *message = gst_structure_new ("x_types",
      "type", G_TYPE_STRING, "other", "bool", G_TYPE_BOOLEAN, TRUE, NULL);
  gchar *text;

  set_odd_fields (message);
  text = gst_tryon_message_serialize (message, NULL);
  fail_unless_equals_string (text, "{\"type\":\"x_types\",\"bool\":true,"
      "\"int\":-2147483648,\"uint\":4294967295,\"uint64\":9223372036854775807,"
      "\"float\":0.5,\"nan\":null,\"inf\":null,\"none\":null,"
      "\"strv\":[\"image/webp\",\"image/png\"],\"list\":[null,-1.5]}");
  g_free (text);
  gst_structure_free (message);
}

GST_END_TEST;

GST_START_TEST (test_serialize_strings)
{
  GstStructure *message = gst_structure_new ("x_strings",
      "quotes", G_TYPE_STRING, "\"\\/\b\f\n\r\t\x01\x7f",
      "wide", G_TYPE_STRING, "\xf0\x9f\x92\x85\xe2\x82\xac", NULL);
  GstStructure *again;
  GValue raw = G_VALUE_INIT;
  gchar *text;
  gsize size;

  text = gst_tryon_message_serialize (message, &size);
  again = gst_tryon_message_parse (text, size, NULL);
  fail_unless (again != NULL, "%s", text);
  fail_unless (gst_structure_is_equal (again, message), "%s", text);
  gst_structure_free (again);
  g_free (text);

  /* A structure refuses such a string; an array in it does not look. */
  g_value_init (&raw, GST_TYPE_ARRAY);
  {
    GValue item = G_VALUE_INIT;

    g_value_init (&item, G_TYPE_STRING);
    g_value_set_string (&item, "bad \xff byte");
    gst_value_array_append_and_take_value (&raw, &item);
  }
  gst_structure_take_value (message, "raw", &raw);
  text = gst_tryon_message_serialize (message, &size);
  fail_unless (g_utf8_validate (text, size, NULL));
  fail_unless (strstr (text, "[\"bad \xef\xbf\xbd byte\"]") != NULL, "%s",
      text);
  g_free (text);
  gst_structure_free (message);
}

GST_END_TEST;

GST_START_TEST (test_serialize_nested)
{
  GstStructure *inner = gst_structure_new ("whatever",
      "type", G_TYPE_STRING, "kept", "n", G_TYPE_UINT, 1, NULL);
  GstStructure *message = gst_structure_new ("x_nested",
      "object", GST_TYPE_STRUCTURE, inner, NULL);
  GstStructure *object;
  gchar *text = gst_tryon_message_serialize (message, NULL);

  fail_unless_equals_string (text,
      "{\"type\":\"x_nested\",\"object\":{\"type\":\"kept\",\"n\":1}}");
  g_free (text);

  object = gst_tryon_message_get_object (message, "object");
  fail_unless (object != NULL && gst_structure_is_equal (object, inner));
  gst_structure_free (object);
  gst_structure_set (message, "text", G_TYPE_STRING, "no object", NULL);
  fail_unless (gst_tryon_message_get_object (message, "text") == NULL);
  fail_unless (gst_tryon_message_get_object (message, "absent") == NULL);
  gst_structure_free (inner);
  gst_structure_free (message);
}

GST_END_TEST;

GST_START_TEST (test_new_error)
{
  GstStructure *message = gst_tryon_message_new_error
      (GST_TRYON_ERROR_FRAME_TOO_LARGE, "too large \xff", FALSE);
  GstStructure *again;
  gchar *text;
  gsize size;

  text = gst_tryon_message_serialize (message, &size);
  fail_unless_equals_string (text,
      "{\"type\":\"error\",\"code\":\"FRAME_TOO_LARGE\","
      "\"message\":\"too large \xef\xbf\xbd\",\"recoverable\":false}");
  again = gst_tryon_message_parse (text, size, NULL);
  fail_unless (again != NULL && gst_structure_is_equal (again, message));
  gst_structure_free (again);
  gst_structure_free (message);
  g_free (text);
}

GST_END_TEST;

static gpointer
parse_all (gpointer data)
{
  vectors_foreach ("messages.json", "good", check_good_message);
  vectors_foreach ("messages.json", "bad", check_bad_message);
  return NULL;
}

GST_START_TEST (test_message_threads)
{
  GThread *threads[4];
  guint i;

  for (i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("parse", parse_all, NULL);
  for (i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
}

GST_END_TEST;

/* Names of fields are quarks and stay for good: a peer must not make any
 * number of them. Uses up the process's allowance. */
GST_START_TEST (test_message_name_limit)
{
  guint kept = 0;
  guint i;

  for (i = 0; i < 3000; i++) {
    gchar *text = g_strdup_printf ("{\"type\":\"x_type_%u\",\"x_name_%u\":1,"
        "\"x_%0100u\":2}", i, i, i);
    GstStructure *message = gst_tryon_message_parse (text, strlen (text), NULL);
    gint n;

    fail_unless (message != NULL);
    n = gst_structure_n_fields (message);
    fail_unless (n <= 1, "a name of 100 bytes was kept");
    kept += n;
    if (!gst_structure_has_name (message, "unknown"))
      kept++;
    gst_structure_free (message);
    g_free (text);
  }
  fail_unless (kept > 100 && kept <= 256, "%u new names", kept);

  /* What the protocol knows is not touched by that. */
  vectors_foreach ("messages.json", "bad", check_bad_message);
}

GST_END_TEST;

/* Each message that the rules name has a vector, and the other way round. */
GST_START_TEST (test_vectors_are_complete)
{
  JsonObject *rules = vectors_load ("rules.json");
  JsonObject *messages = vectors_load ("messages.json");
  JsonArray *good = json_object_get_array_member (messages, "good");
  static const gchar *const sides[] = { "client", "server" };
  guint i, j, k;

  for (i = 0; i < G_N_ELEMENTS (sides); i++) {
    gchar *key = g_strconcat (sides[i], "_messages", NULL);
    JsonArray *types = json_object_get_array_member (rules, key);

    for (j = 0; j < json_array_get_length (types); j++) {
      const gchar *type = json_array_get_string_element (types, j);
      guint n = 0;

      for (k = 0; k < json_array_get_length (good); k++) {
        JsonObject *v = json_array_get_object_element (good, k);

        if (g_strcmp0 (json_object_get_string_member (v, "type"), type) == 0
            && g_strcmp0 (json_object_get_string_member_with_default (v,
                    "from", NULL), sides[i]) == 0)
          n++;
      }
      fail_unless (n > 0, "no vector of a %s from the %s", type, sides[i]);
    }
    g_free (key);
  }
  json_object_unref (messages);
  json_object_unref (rules);
}

GST_END_TEST;

static Suite *
message_suite (void)
{
  Suite *s = suite_create ("message");
  TCase *tc = tcase_create ("messages");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_vectors_are_complete);
  tcase_add_test (tc, test_good_messages);
  tcase_add_test (tc, test_bad_messages);
  tcase_add_test (tc, test_message_prefixes);
  tcase_add_test (tc, test_message_depth);
  tcase_add_test (tc, test_message_large);
  tcase_add_test (tc, test_message_numbers);
  tcase_add_test (tc, test_message_mixed_arrays);
  tcase_add_test (tc, test_serialize_types);
  tcase_add_test (tc, test_serialize_strings);
  tcase_add_test (tc, test_serialize_nested);
  tcase_add_test (tc, test_new_error);
  tcase_add_test (tc, test_message_threads);
  /* With CK_FORK=no the rest is left without new names, which it does not
   * need. */
  tcase_add_test (tc, test_message_name_limit);
  tcase_add_test (tc, test_message_mutations);
  tcase_add_test (tc, test_message_random);
  return s;
}

GST_CHECK_MAIN (message);

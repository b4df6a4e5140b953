/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Access to the test vectors in tests/data/protocol, for tests. */

#include <gst/check/gstcheck.h>
#include <gst/tryon/gsttryonprotocol.h>
#include <json-glib/json-glib.h>
#include <string.h>

/* (transfer full): the root object of the file @name. */
static inline JsonObject *
vectors_load (const gchar * name)
{
  const gchar *folder = g_getenv ("TRYON_TEST_DATA");
  JsonParser *parser = json_parser_new ();
  GError *error = NULL;
  JsonObject *root;
  gchar *path;

  fail_unless (folder != NULL, "TRYON_TEST_DATA is not set: use meson test");
  path = g_build_filename (folder, "protocol", name, NULL);
  fail_unless (json_parser_load_from_file (parser, path, &error),
      "%s: %s", path, error != NULL ? error->message : "");
  root = json_object_ref (json_node_get_object (json_parser_get_root (parser)));
  g_object_unref (parser);
  g_free (path);
  return root;
}

typedef void (*VectorFunc) (JsonObject * vector, const gchar * name);

/* Calls @func with each vector of the list @key of the file @file. */
static inline void
vectors_foreach (const gchar * file, const gchar * key, VectorFunc func)
{
  JsonObject *root = vectors_load (file);
  JsonArray *list = json_object_get_array_member (root, key);
  guint i;

  fail_unless (list != NULL && json_array_get_length (list) > 0,
      "%s has no %s", file, key);
  for (i = 0; i < json_array_get_length (list); i++) {
    JsonObject *vector = json_array_get_object_element (list, i);

    func (vector, json_object_get_string_member_with_default (vector, "name",
            ""));
  }
  json_object_unref (root);
}

/* (transfer full): the first @size bytes of @data in a block of just that
 * size, so that a checker of memory sees any byte read past them. */
static inline guint8 *
exact_copy (gconstpointer data, gsize size)
{
  /* Of size 0 too: a pointer that must not be read at all. */
  guint8 *copy = malloc (size);

  fail_unless (copy != NULL || size == 0);
  if (size > 0)
    memcpy (copy, data, size);
  return copy;
}

/* @error must be of the protocol, be @code, and say something. */
static inline void
assert_error (GError * error, gint code, const gchar * name)
{
  fail_unless (error != NULL, "%s: no error is set", name);
  fail_unless (error->domain == GST_TRYON_ERROR, "%s: wrong domain", name);
  fail_unless (error->code == code, "%s: %s", name, error->message);
  fail_unless (strlen (error->message) > 10, "%s: no words", name);
  fail_unless (g_utf8_validate (error->message, -1, NULL), "%s", name);
}

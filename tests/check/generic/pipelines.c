/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every pipeline that the project shows to its users can be made: the
 * descriptions in pipelines/, the example launch lines in the elements'
 * documentation, and the gst-launch-1.0 lines in README.md and docs/. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <string.h>
#include <gst/check/gstcheck.h>

#define COMMAND "gst-launch-1.0 "

/* (transfer full): a path in the source tree. */
static gchar *
source_path (const gchar * name)
{
  const gchar *data = g_getenv ("TRYON_TEST_DATA");

  fail_unless (data != NULL, "TRYON_TEST_DATA is not set");
  return g_build_filename (data, "..", "..", name, NULL);
}

static gchar *
read_file (const gchar * path)
{
  GError *error = NULL;
  gchar *text;

  if (!g_file_get_contents (path, &text, NULL, &error))
    fail ("%s", error->message);
  return text;
}

/* Calls @func for each file under @path that ends in @suffix; returns how many
 * there are. */
static guint
each_file (const gchar * path, const gchar * suffix,
    void (*func) (const gchar * path, gpointer data), gpointer data)
{
  GDir *dir = g_dir_open (path, 0, NULL);
  const gchar *name;
  guint n = 0;

  if (dir == NULL)
    return 0;
  while ((name = g_dir_read_name (dir))) {
    gchar *child = g_build_filename (path, name, NULL);

    if (g_file_test (child, G_FILE_TEST_IS_DIR)) {
      n += each_file (child, suffix, func, data);
    } else if (g_str_has_suffix (name, suffix)) {
      func (child, data);
      n++;
    }
    g_free (child);
  }
  g_dir_close (dir);
  return n;
}

/* @where says whose pipeline it is. Takes @pipeline and @error. */
static void
check_parsed (GstElement * pipeline, GError * error, const gchar * where)
{
  fail_unless (error == NULL, "%s: %s", where, error ? error->message : "");
  fail_unless (pipeline != NULL, "%s: no pipeline", where);
  gst_object_unref (gst_object_ref_sink (pipeline));
}

/* The command that begins at @start: a backslash joins lines, which may be those
 * of a comment. */
static gchar *
command_at (const gchar * start)
{
  GString *command = g_string_new (NULL);
  gchar **lines = g_strsplit (start, "\n", -1);
  guint i;

  for (i = 0; lines[i]; i++) {
    gchar *line = g_strstrip (lines[i]);
    gboolean goes_on = g_str_has_suffix (line, "\\");

    if (i > 0 && g_str_has_prefix (line, "* "))
      line += 2;
    if (goes_on)
      line[strlen (line) - 1] = '\0';
    g_string_append (command, line);
    if (!goes_on)
      break;
  }
  g_strfreev (lines);
  return g_string_free (command, FALSE);
}

/* Parses a command as a shell and then gst-launch-1.0 would. */
static void
check_command (const gchar * command, const gchar * where)
{
  GError *error = NULL;
  gchar **argv, **arg;
  gint argc;

  if (!g_shell_parse_argv (command, &argc, &argv, &error))
    fail ("%s: %s: %s", where, command, error->message);
  for (arg = argv + 1; *arg && **arg == '-';)
    arg++;
  check_parsed (gst_parse_launchv ((const gchar **) arg, &error), error, where);
  g_strfreev (argv);
}

/* Checks the commands of a text; each one's text goes to @commands. */
static void
check_text (const gchar * path, gpointer data)
{
  GString *commands = data;
  gchar *text = read_file (path);
  const gchar *at;

  for (at = strstr (text, COMMAND); at; at = strstr (at + 1, COMMAND)) {
    const gchar *line = at;
    gchar *command;

    /* Only where it begins a line: prose may name the command too. */
    while (line > text && line[-1] != '\n')
      line--;
    line += strspn (line, " *");
    if (line != at)
      continue;
    command = command_at (at);
    check_command (command, path);
    g_string_append_printf (commands, "%s\n", command);
    g_free (command);
  }
  g_free (text);
}

static gboolean
expand_place (const GMatchInfo * match, GString * result, gpointer data)
{
  gchar *value = g_match_info_fetch (match, 1);

  g_string_append (result, value);
  g_free (value);
  return FALSE;
}

/* As tools/launch reads it, with nothing replaced. */
static void
check_description (const gchar * path, gpointer data)
{
  gchar *text = read_file (path);
  GRegex *comment = g_regex_new ("^\\s*#.*$", G_REGEX_MULTILINE, 0, NULL);
  GRegex *place = g_regex_new ("\\$\\{[a-z][a-z0-9-]*:-"
      "((?:[^{}]|\\{[^{}]*\\})*)\\}", 0, 0, NULL);
  gchar *bare = g_regex_replace_literal (comment, text, -1, 0, "", 0, NULL);
  gchar *full = g_regex_replace_eval (place, bare, -1, 0, 0, expand_place,
      NULL, NULL);
  GError *error = NULL;

  fail_unless (g_str_has_prefix (text, "# "), "%s says not what it is for",
      path);
  check_parsed (gst_parse_launch (full, &error), error, path);
  g_free (full);
  g_free (bare);
  g_regex_unref (place);
  g_regex_unref (comment);
  g_free (text);
}

GST_START_TEST (test_descriptions)
{
  gchar *path = source_path ("pipelines");

  fail_unless (each_file (path, ".launch", check_description, NULL) >= 4);
  g_free (path);
}

GST_END_TEST;

/* Each element has an example with itself in it. */
static void
check_example (const gchar * path, gpointer data)
{
  gchar *text = read_file (path);
  const gchar *section = strstr (text, "SECTION:element-");
  GString *commands = g_string_new (NULL);
  gchar *element;

  check_text (path, commands);
  if (section) {
    section += strlen ("SECTION:element-");
    element = g_strndup (section, strcspn (section, "\n"));
    fail_unless (strstr (commands->str, element) != NULL,
        "%s: no example launch line for %s", path, element);
    g_free (element);
    *(guint *) data += 1;
  }
  g_string_free (commands, TRUE);
  g_free (text);
}

GST_START_TEST (test_element_examples)
{
  gchar *path = source_path ("plugins");
  guint n_sections = 0;

  each_file (path, ".c", check_example, &n_sections);
  fail_unless (n_sections > 0);
  g_free (path);
}

GST_END_TEST;

GST_START_TEST (test_documents)
{
  GString *commands = g_string_new (NULL);
  gchar *path;

  path = source_path ("README.md");
  check_text (path, commands);
  fail_unless (commands->len > 0);
  g_free (path);

  path = source_path ("docs");
  each_file (path, ".md", check_text, commands);
  g_free (path);
  g_string_free (commands, TRUE);
}

GST_END_TEST;

static Suite *
pipelines_suite (void)
{
  Suite *s = suite_create ("pipelines");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_descriptions);
  tcase_add_test (tc, test_element_examples);
  tcase_add_test (tc, test_documents);
  return s;
}

GST_CHECK_MAIN (pipelines);

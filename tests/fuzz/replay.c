/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs a fuzz target over the files of folders, the seeds and what ever found
 * something, as an ordinary test. Also over prefixes of each, as many as the first
 * argument says. */

#include <stdio.h>
#include <stdlib.h>

#include "fuzz.h"

static void
run (const guint8 * data, gsize size)
{
  /* Of just this size, so that a read past the end shows. */
  guint8 *copy = g_memdup2 (data, size);

  LLVMFuzzerTestOneInput (copy, size);
  g_free (copy);
}

static gint
run_folder (const gchar * folder, guint prefixes)
{
  GDir *dir = g_dir_open (folder, 0, NULL);
  const gchar *name;
  gint n = 0;

  if (dir == NULL)
    return 0;
  while ((name = g_dir_read_name (dir)) != NULL) {
    gchar *path = g_build_filename (folder, name, NULL), *data;
    gsize size, i, stride;

    if (g_file_get_contents (path, &data, &size, NULL)) {
      stride = 1 + size / MAX (prefixes, 1);
      for (i = 0; prefixes > 0 && i < size; i += stride)
        run ((guint8 *) data, i);
      run ((guint8 *) data, size);
      g_free (data);
      n++;
    }
    g_free (path);
  }
  g_dir_close (dir);
  return n;
}

gint
main (gint argc, gchar ** argv)
{
  gint i, n = 0;

  if (argc < 3) {
    fprintf (stderr, "usage: %s PREFIXES FOLDER...\n", argv[0]);
    return 2;
  }
  LLVMFuzzerInitialize (&argc, &argv);
  for (i = 2; i < argc; i++)
    n += run_folder (argv[i], atoi (argv[1]));
  printf ("%d inputs\n", n);
  return n > 0 ? 0 : 1;
}

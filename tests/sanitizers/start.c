/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Part of every test program in a build with AddressSanitizer: the search for
 * leaks passes over what libraries allocate while the program is loaded. GLib
 * gives one such piece up on purpose, its first table of quarks, when there
 * are more of them than fit; and which stock elements a test uses decides
 * about that. */

#include <sanitizer/lsan_interface.h>

static void after_libraries (void) __attribute__((constructor));

/* Runs before the constructors of all libraries. */
static void (*const before_libraries[]) (void)
    __attribute__((section (".preinit_array"), used)) = {
  __lsan_disable
};

/* The program's own come last. */
static void
after_libraries (void)
{
  __lsan_enable ();
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Part of all test programs: says where one crashed, before it does. A fault that
 * comes once in a thousand runs would leave nothing else to go by. addr2line turns
 * the offsets into lines. */

#include <execinfo.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define MAX_FRAMES 64

static const int faults[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE };

/* Only what a signal's handler may call; the library behind backtrace() was loaded
 * by the first call of it. */
static void
on_fault (int number)
{
  static const char words[] = "crashed; the thread that did came from:\n";
  void *frames[MAX_FRAMES];
  int n = backtrace (frames, MAX_FRAMES);

  if (write (STDERR_FILENO, words, sizeof (words) - 1) > 0)
    backtrace_symbols_fd (frames, n, STDERR_FILENO);
  /* Its handler is the default one again. */
  raise (number);
}

static void __attribute__((constructor))
    watch_faults (void)
{
  struct sigaction action;
  void *frame;
  unsigned i;

  backtrace (&frame, 1);
  memset (&action, 0, sizeof (action));
  action.sa_handler = on_fault;
  action.sa_flags = SA_RESETHAND | SA_NODEFER;
  for (i = 0; i < sizeof (faults) / sizeof (faults[0]); i++)
    sigaction (faults[i], &action, NULL);
}

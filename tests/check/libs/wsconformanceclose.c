/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* RFC 6455, sections 5.5.1, 7 and 7.4: how it ends, whoever begins. */

#include "wscases.h"

#define HELLO "Hello from the other end"
#define X41 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X123 X41 X41 X41

/* The peer closes, with @code or none, and @reason. */
#define PEER_CLOSES(section, autobahn, what, chop, code, reason, ...) \
  {section, autobahn, what, chop, FRAMES (__VA_ARGS__), NOTHING, CLOSED, code, \
        reason}
#define BREACH(section, autobahn, what, code, ...) \
  {section, autobahn, what, WHOLE, FRAMES (__VA_ARGS__), NOTHING, FAILS, code}
/* This end closes; the rest is what the peer sends before it answers that. */
#define OWNER_CLOSES(section, what, code, reason, ...) \
  {section, NULL, what, WHOLE, FRAMES (__VA_ARGS__), NOTHING, OWNER, code, \
        reason}

static const Case handshakes[] = {
  {"5.5.1 close frames", "7.1.1", "behind a message", WHOLE,
        FRAMES (TEXT (HELLO), CLOSE (CODE_1000)), FRAMES (TEXT (HELLO)), CLOSED,
      1000},
  PEER_CLOSES ("5.5.1 close frames", "7.1.2", "two of them", WHOLE, 1000, NULL,
      CLOSE (CODE_1000), CLOSE ("")),
  PEER_CLOSES ("5.5.1 close frames", "7.1.3", "a ping behind it", WHOLE, 1000,
      NULL, CLOSE (CODE_1000), PING ("")),
  PEER_CLOSES ("5.5.1 close frames", "7.1.4", "a text behind it", WHOLE, 1000,
      NULL, CLOSE (CODE_1000), TEXT (HELLO)),
  PEER_CLOSES ("5.5.1 close frames", "7.1.5", "between two fragments", WHOLE,
      1000, NULL, BEGIN (HELLO), CLOSE (CODE_1000), LAST (HELLO)),
  /* Nobody reads the answer before all of this was received, and it is more
   * than a socket holds: it is finished first. */
  {"5.5.1 close frames", "7.1.6", "behind 256 KiB and a ping behind it",
        PER_FRAME,
        FRAMES (LONG_TEXT (256 * KIB), CLOSE (CODE_1000), PING ("")),
      FRAMES (LONG_TEXT (256 * KIB)), CLOSED, 1000},
  PEER_CLOSES ("5.5.1 close frames", "7.3.1", "empty", WHOLE, 1005, NULL,
      CLOSE ("")),
  BREACH ("5.5.1 close frames", "7.3.2", "of one octet", 1002, CLOSE ("a")),
  PEER_CLOSES ("5.5.1 close frames", "7.3.3", "of two octets", WHOLE, 1000,
      NULL, CLOSE (CODE_1000)),
  PEER_CLOSES ("5.5.1 close frames", "7.3.4", "with a reason", WHOLE, 1000,
      HELLO, CLOSE (CODE_1000 HELLO)),
  PEER_CLOSES ("5.5.1 close frames", "7.3.5", "with a reason of 123", WHOLE,
      1000, X123, CLOSE (CODE_1000 X123)),
  BREACH ("5.5.1 close frames", "7.3.6", "with a reason of 124", 1002,
      CLOSE (CODE_1000 X123 "x")),
  BREACH ("5.5.1 close frames", "7.5.1", "with a reason that is not UTF-8",
      1007, CLOSE (CODE_1000 "gr\xc3\xbc\xc3\x9f \xed\xa0\x80 Gott")),
  BREACH ("5.5.1 close frames", NULL, "with a reason that is cut", 1007,
      CLOSE (CODE_1000 "gr\xc3")),
  PEER_CLOSES ("5.5.1 close frames", NULL, "by octet", PER_OCTET, 1000, HELLO,
      CLOSE (CODE_1000 HELLO)),
  PEER_CLOSES ("5.5.1 close frames", NULL, "behind half a message", PER_FRAME,
      1000, NULL, BEGIN (HELLO), CLOSE (CODE_1000)),
  PEER_CLOSES ("5.5.1 close frames", NULL, "bad frames behind it", WHOLE, 1000,
      NULL, CLOSE (CODE_1000), ANY (FIN | RSV (7) | 0xf, HELLO)),

  /* 5.5.1: nothing is sent behind it; 7.1.1: the server closes TCP. Either is
   * held of each row that closes, too. */
  OWNER_CLOSES ("7.1.1 who closes TCP", "the peer answers", 1001, "bye",
      CLOSE ("\x03\xe9")),
  OWNER_CLOSES ("7.1.1 who closes TCP", "a ping before the answer", 1000, NULL,
      PING (HELLO), CLOSE (CODE_1000)),
  OWNER_CLOSES ("7.1.1 who closes TCP", "messages before the answer", 1000,
      NULL, TEXT (HELLO), LONG_BINARY (100000), CLOSE (CODE_1000)),
  OWNER_CLOSES ("7.1.1 who closes TCP", "half a message before the answer",
      1000, NULL, BEGIN (HELLO), CLOSE (CODE_1000)),
  OWNER_CLOSES ("7.1.1 who closes TCP", "with no code", 1005, NULL, CLOSE ("")),
  OWNER_CLOSES ("7.1.1 who closes TCP", "with an application's code", 4321,
      "done", CLOSE ("\x10\xe1")),
};

#define GOOD(section, autobahn, code) \
  PEER_CLOSES (section, autobahn, #code, WHOLE, code, NULL, CLOSE_CODE (code))
#define BAD(section, autobahn, code) \
  BREACH (section, autobahn, #code, 1002, CLOSE_CODE (code))

static const Case codes[] = {
  GOOD ("7.4.1 defined codes", "7.7.1", 1000),
  GOOD ("7.4.1 defined codes", "7.7.2", 1001),
  GOOD ("7.4.1 defined codes", "7.7.3", 1002),
  GOOD ("7.4.1 defined codes", "7.7.4", 1003),
  GOOD ("7.4.1 defined codes", "7.7.5", 1007),
  GOOD ("7.4.1 defined codes", "7.7.6", 1008),
  GOOD ("7.4.1 defined codes", "7.7.7", 1009),
  GOOD ("7.4.1 defined codes", "7.7.8", 1010),
  GOOD ("7.4.1 defined codes", "7.7.9", 1011),
  /* IANA's register has them since. */
  GOOD ("7.4.1 defined codes", NULL, 1012),
  GOOD ("7.4.1 defined codes", NULL, 1013),
  GOOD ("7.4.1 defined codes", NULL, 1014),
  BAD ("7.4.1 defined codes", "7.9.3", 1004),
  BAD ("7.4.1 defined codes", "7.9.4", 1005),
  BAD ("7.4.1 defined codes", "7.9.5", 1006),
  BAD ("7.4.1 defined codes", NULL, 1015),
  GOOD ("7.4.2 ranges of codes", "7.7.10", 3000),
  GOOD ("7.4.2 ranges of codes", "7.7.11", 3999),
  GOOD ("7.4.2 ranges of codes", "7.7.12", 4000),
  GOOD ("7.4.2 ranges of codes", "7.7.13", 4999),
  BAD ("7.4.2 ranges of codes", "7.9.1", 0),
  BAD ("7.4.2 ranges of codes", "7.9.2", 999),
  BAD ("7.4.2 ranges of codes", "7.9.6", 1016),
  BAD ("7.4.2 ranges of codes", "7.9.7", 1100),
  BAD ("7.4.2 ranges of codes", "7.9.8", 2000),
  BAD ("7.4.2 ranges of codes", "7.9.9", 2999),
  /* The RFC does not say what of these; they are in none of its ranges. */
  BAD ("7.4.2 ranges of codes", "7.13.1", 5000),
  BAD ("7.4.2 ranges of codes", "7.13.2", 65535),
};

#define ROLE (__i__ % 2 ? CLIENT : SERVER)

GST_START_TEST (test_handshakes)
{
  run_case (&handshakes[__i__ / 2], ROLE);
}

GST_END_TEST;

GST_START_TEST (test_codes)
{
  run_case (&codes[__i__ / 2], ROLE);
}

GST_END_TEST;

static Suite *
wsconformance_close_suite (void)
{
  Suite *s = suite_create ("wsconformanceclose");
  TCase *tc = tcase_create ("rows");

  suite_add_tcase (s, tc);
  add_cases (tc, test_handshakes, handshakes, G_N_ELEMENTS (handshakes));
  add_cases (tc, test_codes, codes, G_N_ELEMENTS (codes));
  return s;
}

GST_CHECK_MAIN (wsconformance_close);

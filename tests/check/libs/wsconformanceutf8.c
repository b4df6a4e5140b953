/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* RFC 6455, section 8.1: a text message is UTF-8 (RFC 3629), or the connection
 * fails with 1007. It is checked when it is whole, which the RFC leaves open;
 * Autobahn calls that not strict (6.4). */

#include "wscases.h"

#define SECTION "8.1 UTF-8"

#define VALID(autobahn, what, text) \
  {SECTION, autobahn, what, WHOLE, FRAMES (TEXT (text)), FRAMES (TEXT (text)), \
        CLEAN}
#define INVALID(autobahn, what, text) \
  {SECTION, autobahn, what, WHOLE, FRAMES (TEXT (text)), NOTHING, FAILS, 1007}
#define IN_PARTS(autobahn, what, chop, ...) \
  {SECTION, autobahn, what, chop, FRAMES (__VA_ARGS__), NOTHING, FAILS, 1007}

/* Of 22 octets, and where its characters are cut. */
#define MIXED_1 "3 \xc2\xb5m, \xc3\xa4\xc3"
#define MIXED_2 "\xb6\xc3\xbc, \xf0\x9d\x84\x9e!"
/* Each of two octets or three. */
#define WORD "\xcf\x80\xe2\x82\xac\xce\xb4\xcf\x81\xce\xbe"
#define WORD_OCTETS BEGIN ("\xcf"), MORE ("\x80"), MORE ("\xe2"), \
  MORE ("\x82"), MORE ("\xac"), MORE ("\xce"), MORE ("\xb4"), MORE ("\xcf"), \
  MORE ("\x81"), MORE ("\xce"), MORE ("\xbe")
/* The first of a pair of UTF-16, and the first beyond Unicode. */
#define SURROGATE "\xed\xa0\x80"
#define BEYOND "\xf4\x90\x80\x80"
#define REST "and on"

static const Case texts[] = {
  VALID ("6.1.1", "empty", ""),
  VALID ("6.2.1", "characters of 1 to 4 octets", MIXED_1 MIXED_2),
  {SECTION, "6.2.2", "fragments of whole characters", WHOLE,
        FRAMES (BEGIN ("3 \xc2\xb5"), LAST ("m, \xc3\xa4")),
      FRAMES (TEXT ("3 \xc2\xb5m, \xc3\xa4")), CLEAN},
  {SECTION, "6.2.3", "a fragment per octet", WHOLE,
      FRAMES (CUT_TEXT (30, 1)), FRAMES (LONG_TEXT (30)), CLEAN},
  {SECTION, "6.2.4", "a fragment per octet of a word", WHOLE,
      FRAMES (WORD_OCTETS, LAST ("")), FRAMES (TEXT (WORD)), CLEAN},
  {SECTION, NULL, "cut in a character and by octet", PER_OCTET,
        FRAMES (BEGIN (MIXED_1), PING ("\xff"), LAST (MIXED_2)),
      FRAMES (PONG ("\xff"), TEXT (MIXED_1 MIXED_2)), CLEAN},
  INVALID ("6.3.1", "a surrogate inside", WORD SURROGATE REST),
  IN_PARTS ("6.3.2", "a surrogate inside and a fragment per octet", WHOLE,
      WORD_OCTETS, MORE ("\xed"), MORE ("\xa0"), MORE ("\x80"), LAST (REST)),
  /* The fault is there with the second part; that it may be told then is for
   * the sake of peers that send texts without end, which the limit is for. */
  IN_PARTS ("6.4.1", "bad fragment of three", PER_FRAME, BEGIN (WORD),
      MORE (BEYOND), LAST (REST)),
  IN_PARTS ("6.4.2", "bad octet in a fragment of its own", PER_FRAME,
      BEGIN (WORD "\xf4"), MORE ("\x90"), LAST ("\x80\x80" REST)),
  IN_PARTS ("6.4.3", "bad part of a frame", PER_OCTET, TEXT (WORD BEYOND REST)),
  IN_PARTS ("6.4.4", "bad octet of a frame", PER_OCTET,
      TEXT (WORD "\xf4\x90" REST)),
  IN_PARTS (NULL, "cut at the end of a message", PER_FRAME, BEGIN (WORD),
      LAST ("\xcf")),
  {SECTION, NULL, "binary need not be", WHOLE, FRAMES (BINARY (SURROGATE)),
      FRAMES (BINARY (SURROGATE)), CLEAN},
  VALID ("6.5.1", "characters of 1 octet", "5 $ each"),
  VALID ("6.5.2", "characters of 2 octets", "5 \xc2\xa2 each"),
  VALID ("6.5.3", "characters of 3 octets", "5 \xe2\x82\xac each"),
  VALID ("6.5.4", "characters of 4 octets", "5 \xf0\x9d\x84\x9e each"),
  VALID ("6.5.5", "characters of 2 and 3 octets",
      "\xcf\x80\xe2\x82\xac\xce\xb4\xcf\x81\xce\xbe"),
  INVALID ("6.6.1", "a word cut at 1 of 11", "\xcf"),
  VALID ("6.6.2", "a word cut at 2 of 11", "\xcf\x80"),
  INVALID ("6.6.3", "a word cut at 3 of 11", "\xcf\x80\xe2"),
  INVALID ("6.6.4", "a word cut at 4 of 11", "\xcf\x80\xe2\x82"),
  VALID ("6.6.5", "a word cut at 5 of 11", "\xcf\x80\xe2\x82\xac"),
  INVALID ("6.6.6", "a word cut at 6 of 11", "\xcf\x80\xe2\x82\xac\xce"),
  VALID ("6.6.7", "a word cut at 7 of 11", "\xcf\x80\xe2\x82\xac\xce\xb4"),
  INVALID ("6.6.8", "a word cut at 8 of 11",
      "\xcf\x80\xe2\x82\xac\xce\xb4\xcf"),
  VALID ("6.6.9", "a word cut at 9 of 11",
      "\xcf\x80\xe2\x82\xac\xce\xb4\xcf\x81"),
  INVALID ("6.6.10", "a word cut at 10 of 11",
      "\xcf\x80\xe2\x82\xac\xce\xb4\xcf\x81\xce"),
  VALID ("6.6.11", "a word cut at 11 of 11",
      "\xcf\x80\xe2\x82\xac\xce\xb4\xcf\x81\xce\xbe"),
  VALID ("6.7.1", "the first of 1", "\x00"),
  VALID ("6.7.2", "the first of 2", "\xc2\x80"),
  VALID ("6.7.3", "the first of 3", "\xe0\xa0\x80"),
  VALID ("6.7.4", "the first of 4", "\xf0\x90\x80\x80"),
  INVALID ("6.8.1", "the first of 5", "\xf8\x88\x80\x80\x80"),
  INVALID ("6.8.2", "the first of 6", "\xfc\x84\x80\x80\x80\x80"),
  VALID ("6.9.1", "the last of 1", "\x7f"),
  VALID ("6.9.2", "the last of 2", "\xdf\xbf"),
  VALID ("6.9.3", "the last of 3", "\xef\xbf\xbf"),
  VALID ("6.9.4", "the last of 4", "\xf4\x8f\xbf\xbf"),
  INVALID ("6.10.1", "the most that 4 could hold", "\xf7\xbf\xbf\xbf"),
  INVALID ("6.10.2", "the most that 5 could hold",
      "\xfb\xbf\xbf\xbf\xbf"),
  INVALID ("6.10.3", "the most that 6 could hold",
      "\xfd\xbf\xbf\xbf\xbf\xbf"),
  VALID ("6.11.1", "U+D7FF", "\xed\x9f\xbf"),
  VALID ("6.11.2", "U+E000", "\xee\x80\x80"),
  VALID ("6.11.3", "U+FFFD", "\xef\xbf\xbd"),
  VALID ("6.11.4", "U+10FFFF", "\xf4\x8f\xbf\xbf"),
  INVALID ("6.11.5", "U+110000", "\xf4\x90\x80\x80"),
  INVALID ("6.12.1", "octet 0x80 alone", "\x80"),
  INVALID ("6.12.2", "octet 0xbf alone", "\xbf"),
  INVALID ("6.12.3", "2 of them", "\x80\xbf"),
  INVALID ("6.12.4", "3 of them", "\x80\xbf\x80"),
  INVALID ("6.12.5", "4 of them", "\x80\xbf\x80\xbf"),
  INVALID ("6.12.6", "5 of them", "\x80\xbf\x80\xbf\x80"),
  INVALID ("6.12.7", "6 of them", "\x80\xbf\x80\xbf\x80\xbf"),
  INVALID ("6.12.8", "each of them",
      "\x80\x81\x82\x83\x84\x85\x86\x87\x88\x89\x8a\x8b\x8c\x8d\x8e\x8f\x90"
      "\x91\x92\x93\x94\x95\x96\x97\x98\x99\x9a\x9b\x9c\x9d\x9e\x9f\xa0\xa1"
      "\xa2\xa3\xa4\xa5\xa6\xa7\xa8\xa9\xaa\xab\xac\xad\xae\xaf\xb0\xb1\xb2"
      "\xb3\xb4\xb5\xb6\xb7\xb8\xb9\xba\xbb\xbc\xbd\xbe\xbf"),
  INVALID ("6.13.1", "each beginning of 2 alone",
      "\xc0 \xc1 \xc2 \xc3 \xc4 \xc5 \xc6 \xc7 \xc8 \xc9 \xca \xcb \xcc "
      "\xcd \xce \xcf \xd0 \xd1 \xd2 \xd3 \xd4 \xd5 \xd6 \xd7 \xd8 \xd9 "
      "\xda \xdb \xdc \xdd \xde \xdf "),
  INVALID ("6.13.2", "each beginning of 3 alone",
      "\xe0 \xe1 \xe2 \xe3 \xe4 \xe5 \xe6 \xe7 \xe8 \xe9 \xea \xeb \xec "
      "\xed \xee \xef "),
  INVALID ("6.13.3", "each beginning of 4 alone",
      "\xf0 \xf1 \xf2 \xf3 \xf4 \xf5 \xf6 \xf7 "),
  INVALID ("6.13.4", "each beginning of 5 alone", "\xf8 \xf9 \xfa \xfb "),
  INVALID ("6.13.5", "each beginning of 6 alone", "\xfc \xfd "),
  INVALID ("6.14.1", "the least of 2 cut", "\xc0"),
  INVALID ("6.14.2", "the least of 3 cut", "\xe0\x80"),
  INVALID ("6.14.3", "the least of 4 cut", "\xf0\x80\x80"),
  INVALID ("6.14.4", "the least of 5 cut", "\xf8\x80\x80\x80"),
  INVALID ("6.14.5", "the least of 6 cut", "\xfc\x80\x80\x80\x80"),
  INVALID ("6.14.6", "the most of 2 cut", "\xdf"),
  INVALID ("6.14.7", "the most of 3 cut", "\xef\xbf"),
  INVALID ("6.14.8", "the most of 4 cut", "\xf7\xbf\xbf"),
  INVALID ("6.14.9", "the most of 5 cut", "\xfb\xbf\xbf\xbf"),
  INVALID ("6.14.10", "the most of 6 cut", "\xfd\xbf\xbf\xbf\xbf"),
  INVALID ("6.15.1", "all of these in one",
      "\xc0\xe0\x80\xf0\x80\x80\xf8\x80\x80\x80\xfc\x80\x80\x80\x80\xdf\xef"
      "\xbf\xf7\xbf\xbf\xfb\xbf\xbf\xbf\xfd\xbf\xbf\xbf\xbf"),
  INVALID ("6.16.1", "octet 0xfe", "\xfe"),
  INVALID ("6.16.2", "octet 0xff", "\xff"),
  INVALID ("6.16.3", "both twice", "\xfe\xfe\xff\xff"),
  INVALID ("6.17.1", "a slash in 2", "\xc0\xaf"),
  INVALID ("6.17.2", "a slash in 3", "\xe0\x80\xaf"),
  INVALID ("6.17.3", "a slash in 4", "\xf0\x80\x80\xaf"),
  INVALID ("6.17.4", "a slash in 5", "\xf8\x80\x80\x80\xaf"),
  INVALID ("6.17.5", "a slash in 6", "\xfc\x80\x80\x80\x80\xaf"),
  INVALID ("6.18.1", "the last of the lesser in 2", "\xc1\xbf"),
  INVALID ("6.18.2", "the last of the lesser in 3", "\xe0\x9f\xbf"),
  INVALID ("6.18.3", "the last of the lesser in 4", "\xf0\x8f\xbf\xbf"),
  INVALID ("6.18.4", "the last of the lesser in 5", "\xf8\x87\xbf\xbf\xbf"),
  INVALID ("6.18.5", "the last of the lesser in 6", "\xfc\x83\xbf\xbf\xbf\xbf"),
  INVALID ("6.19.1", "NUL in 2", "\xc0\x80"),
  INVALID ("6.19.2", "NUL in 3", "\xe0\x80\x80"),
  INVALID ("6.19.3", "NUL in 4", "\xf0\x80\x80\x80"),
  INVALID ("6.19.4", "NUL in 5", "\xf8\x80\x80\x80\x80"),
  INVALID ("6.19.5", "NUL in 6", "\xfc\x80\x80\x80\x80\x80"),
  INVALID ("6.20.1", "U+D800", "\xed\xa0\x80"),
  INVALID ("6.20.2", "U+DB7F", "\xed\xad\xbf"),
  INVALID ("6.20.3", "U+DB80", "\xed\xae\x80"),
  INVALID ("6.20.4", "U+DBFF", "\xed\xaf\xbf"),
  INVALID ("6.20.5", "U+DC00", "\xed\xb0\x80"),
  INVALID ("6.20.6", "U+DF80", "\xed\xbe\x80"),
  INVALID ("6.20.7", "U+DFFF", "\xed\xbf\xbf"),
  INVALID ("6.21.1", "U+D800 and U+DC00", "\xed\xa0\x80\xed\xb0\x80"),
  INVALID ("6.21.2", "U+D800 and U+DFFF", "\xed\xa0\x80\xed\xbf\xbf"),
  INVALID ("6.21.3", "U+DB7F and U+DC00", "\xed\xad\xbf\xed\xb0\x80"),
  INVALID ("6.21.4", "U+DB7F and U+DFFF", "\xed\xad\xbf\xed\xbf\xbf"),
  INVALID ("6.21.5", "U+DB80 and U+DC00", "\xed\xae\x80\xed\xb0\x80"),
  INVALID ("6.21.6", "U+DB80 and U+DFFF", "\xed\xae\x80\xed\xbf\xbf"),
  INVALID ("6.21.7", "U+DBFF and U+DC00", "\xed\xaf\xbf\xed\xb0\x80"),
  INVALID ("6.21.8", "U+DBFF and U+DFFF", "\xed\xaf\xbf\xed\xbf\xbf"),
  VALID ("6.22.1", "U+FFFE", "\xef\xbf\xbe"),
  VALID ("6.22.2", "U+FFFF", "\xef\xbf\xbf"),
  VALID ("6.22.3", "U+1FFFE", "\xf0\x9f\xbf\xbe"),
  VALID ("6.22.4", "U+1FFFF", "\xf0\x9f\xbf\xbf"),
  VALID ("6.22.5", "U+2FFFE", "\xf0\xaf\xbf\xbe"),
  VALID ("6.22.6", "U+2FFFF", "\xf0\xaf\xbf\xbf"),
  VALID ("6.22.7", "U+3FFFE", "\xf0\xbf\xbf\xbe"),
  VALID ("6.22.8", "U+3FFFF", "\xf0\xbf\xbf\xbf"),
  VALID ("6.22.9", "U+4FFFE", "\xf1\x8f\xbf\xbe"),
  VALID ("6.22.10", "U+4FFFF", "\xf1\x8f\xbf\xbf"),
  VALID ("6.22.11", "U+5FFFE", "\xf1\x9f\xbf\xbe"),
  VALID ("6.22.12", "U+5FFFF", "\xf1\x9f\xbf\xbf"),
  VALID ("6.22.13", "U+6FFFE", "\xf1\xaf\xbf\xbe"),
  VALID ("6.22.14", "U+6FFFF", "\xf1\xaf\xbf\xbf"),
  VALID ("6.22.15", "U+7FFFE", "\xf1\xbf\xbf\xbe"),
  VALID ("6.22.16", "U+7FFFF", "\xf1\xbf\xbf\xbf"),
  VALID ("6.22.17", "U+8FFFE", "\xf2\x8f\xbf\xbe"),
  VALID ("6.22.18", "U+8FFFF", "\xf2\x8f\xbf\xbf"),
  VALID ("6.22.19", "U+9FFFE", "\xf2\x9f\xbf\xbe"),
  VALID ("6.22.20", "U+9FFFF", "\xf2\x9f\xbf\xbf"),
  VALID ("6.22.21", "U+AFFFE", "\xf2\xaf\xbf\xbe"),
  VALID ("6.22.22", "U+AFFFF", "\xf2\xaf\xbf\xbf"),
  VALID ("6.22.23", "U+BFFFE", "\xf2\xbf\xbf\xbe"),
  VALID ("6.22.24", "U+BFFFF", "\xf2\xbf\xbf\xbf"),
  VALID ("6.22.25", "U+CFFFE", "\xf3\x8f\xbf\xbe"),
  VALID ("6.22.26", "U+CFFFF", "\xf3\x8f\xbf\xbf"),
  VALID ("6.22.27", "U+DFFFE", "\xf3\x9f\xbf\xbe"),
  VALID ("6.22.28", "U+DFFFF", "\xf3\x9f\xbf\xbf"),
  VALID ("6.22.29", "U+EFFFE", "\xf3\xaf\xbf\xbe"),
  VALID ("6.22.30", "U+EFFFF", "\xf3\xaf\xbf\xbf"),
  VALID ("6.22.31", "U+FFFFE", "\xf3\xbf\xbf\xbe"),
  VALID ("6.22.32", "U+FFFFF", "\xf3\xbf\xbf\xbf"),
  VALID ("6.22.33", "U+10FFFE", "\xf4\x8f\xbf\xbe"),
  VALID ("6.22.34", "U+10FFFF", "\xf4\x8f\xbf\xbf"),
  VALID ("6.23.1", "U+FFF9", "\xef\xbf\xb9"),
  VALID ("6.23.2", "U+FFFA", "\xef\xbf\xba"),
  VALID ("6.23.3", "U+FFFB", "\xef\xbf\xbb"),
  VALID ("6.23.4", "U+FFFC", "\xef\xbf\xbc"),
  VALID ("6.23.5", "U+FFFD", "\xef\xbf\xbd"),
  VALID ("6.23.6", "U+FFFE", "\xef\xbf\xbe"),
  VALID ("6.23.7", "U+FFFF", "\xef\xbf\xbf"),
};

GST_START_TEST (test_texts)
{
  run_case (&texts[__i__ / 2], __i__ % 2 ? CLIENT : SERVER);
}

GST_END_TEST;

static Suite *
wsconformance_utf8_suite (void)
{
  Suite *s = suite_create ("wsconformanceutf8");
  TCase *tc = tcase_create ("rows");

  suite_add_tcase (s, tc);
  add_cases (tc, test_texts, texts, G_N_ELEMENTS (texts));
  return s;
}

GST_CHECK_MAIN (wsconformance_utf8);

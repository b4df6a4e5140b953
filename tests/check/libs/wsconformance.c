/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* RFC 6455, sections 5.1 to 5.6 and 10.4: frames, fragments, pings, sizes. */

#include "wscases.h"

#define HELLO "Hello from the other end"
/* Not UTF-8, and with NULs. */
#define SOME_OCTETS "\x00\xff\xfe\xfd\xfc\xfb\x00\xff"
#define X25 "xxxxxxxxxxxxxxxxxxxxxxxxx"
#define X125 X25 X25 X25 X25 X25

/* A whole message, and it comes back. */
#define MESSAGE(section, autobahn, what, chop, ...) \
  {section, autobahn, what, chop, FRAMES (__VA_ARGS__), \
        FRAMES (__VA_ARGS__), CLEAN}
/* One in fragments comes back in one. */
#define CUT(autobahn, what, chop, frames, ...) \
  {"5.4 fragmentation", autobahn, what, chop, frames, FRAMES (__VA_ARGS__), \
        CLEAN}
/* Something that must not be, and everything behind it is for nothing. */
#define BREACH(section, autobahn, what, chop, ...) \
  {section, autobahn, what, chop, FRAMES (__VA_ARGS__), NOTHING, FAILS, 1002}
/* The same behind a message. */
#define LATE_BREACH(section, autobahn, what, chop, ...) \
  {section, autobahn, what, chop, FRAMES (TEXT (HELLO), __VA_ARGS__), \
        FRAMES (TEXT (HELLO)), FAILS, 1002}
/* A length or a mask that only one end may see. */
#define OCTETS_BREACH(section, what, end, words) \
  {section, NULL, what, WHOLE, FRAMES (AS_IS (words)), NOTHING, FAILS, 1002, \
        NULL, end}

/* ---- 5.1 and 5.2: single frames ---- */

#define MASK "\x11\x22\x33\x44"
#define HI_MASKED "\x59\x4b"

static const Case framing[] = {
  {"5.1 masking", NULL, "a client masks", WHOLE,
        FRAMES (AS_IS ("\x81\x82" MASK HI_MASKED)), FRAMES (TEXT ("Hi")), CLEAN,
      0, NULL, ONLY_SERVER},
  {"5.1 masking", NULL, "with zeros is masking too", WHOLE,
        FRAMES (AS_IS ("\x81\x82\x00\x00\x00\x00Hi")), FRAMES (TEXT ("Hi")),
      CLEAN, 0, NULL, ONLY_SERVER},
  {"5.1 masking", NULL, "a server does not mask", WHOLE,
        FRAMES (AS_IS ("\x81\x02Hi")), FRAMES (TEXT ("Hi")), CLEAN,
      0, NULL, ONLY_CLIENT},
  OCTETS_BREACH ("5.1 masking", "a client's text without mask", ONLY_SERVER,
      "\x81\x02Hi"),
  OCTETS_BREACH ("5.1 masking", "a client's ping without mask", ONLY_SERVER,
      "\x89\x00"),
  OCTETS_BREACH ("5.1 masking", "a client's close without mask", ONLY_SERVER,
      "\x88\x02" CODE_1000),
  OCTETS_BREACH ("5.1 masking", "a client's second fragment without mask",
      ONLY_SERVER, "\x01\x82" MASK HI_MASKED "\x80\x02Hi"),
  OCTETS_BREACH ("5.1 masking", "a server's masked text", ONLY_CLIENT,
      "\x81\x82" MASK HI_MASKED),
  OCTETS_BREACH ("5.1 masking", "a server's masked ping", ONLY_CLIENT,
      "\x89\x80" MASK),
  OCTETS_BREACH ("5.1 masking", "a server's masked close", ONLY_CLIENT,
      "\x88\x82" MASK "\x12\xca"),

  OCTETS_BREACH ("5.2 lengths", "16 bits for 125", ONLY_SERVER,
      "\x82\xfe\x00\x7d" MASK),
  OCTETS_BREACH ("5.2 lengths", "16 bits for 0", ONLY_CLIENT,
      "\x82\x7e\x00\x00"),
  OCTETS_BREACH ("5.2 lengths", "64 bits for 65535", ONLY_SERVER,
      "\x82\xff\x00\x00\x00\x00\x00\x00\xff\xff" MASK),
  OCTETS_BREACH ("5.2 lengths", "64 bits for 1", ONLY_CLIENT,
      "\x81\x7f\x00\x00\x00\x00\x00\x00\x00\x01x"),
  OCTETS_BREACH ("5.2 lengths", "2^63", ONLY_SERVER,
      "\x82\xff\x80\x00\x00\x00\x00\x00\x00\x00" MASK),
  OCTETS_BREACH ("5.2 lengths", "2^64 - 1", ONLY_CLIENT,
      "\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff"),
  OCTETS_BREACH ("5.2 lengths", "2^63 in a fragment", ONLY_CLIENT,
      "\x01\x01x\x00\x7f\x80\x00\x00\x00\x00\x00\x00\x00"),

  BREACH ("5.2 reserved bits", "3.1", "RSV3 in a text", WHOLE,
      ANY (FIN | RSV (1) | OP_TEXT, HELLO)),
  LATE_BREACH ("5.2 reserved bits", "3.2", "RSV2 behind a text", WHOLE,
      ANY (FIN | RSV (2) | OP_TEXT, HELLO), PING ("")),
  LATE_BREACH ("5.2 reserved bits", "3.3", "RSV2 and RSV3 behind a text",
      PER_FRAME, ANY (FIN | RSV (3) | OP_TEXT, HELLO), PING ("")),
  LATE_BREACH ("5.2 reserved bits", "3.4", "RSV1 behind a text", PER_OCTET,
      ANY (FIN | RSV (4) | OP_TEXT, HELLO), PING ("")),
  BREACH ("5.2 reserved bits", "3.5", "RSV1 and RSV3 in a binary", WHOLE,
      ANY (FIN | RSV (5) | OP_BINARY, SOME_OCTETS)),
  BREACH ("5.2 reserved bits", "3.6", "RSV1 and RSV2 in a ping", WHOLE,
      ANY (FIN | RSV (6) | OP_PING, HELLO)),
  BREACH ("5.2 reserved bits", "3.7", "all of them in a close", WHOLE,
      ANY (FIN | RSV (7) | OP_CLOSE, "")),
  BREACH ("5.2 reserved bits", NULL, "RSV1 in a second fragment", PER_FRAME,
      BEGIN ("a"), ANY (FIN | RSV (4) | OP_MORE, "b")),

  BREACH ("5.2 opcodes", "4.1.1", "3, empty", WHOLE, ANY (FIN | 0x3, "")),
  BREACH ("5.2 opcodes", "4.1.2", "4", WHOLE, ANY (FIN | 0x4, HELLO)),
  LATE_BREACH ("5.2 opcodes", "4.1.3", "5 behind a text, empty", WHOLE,
      ANY (FIN | 0x5, ""), PING ("")),
  LATE_BREACH ("5.2 opcodes", "4.1.4", "6 behind a text", WHOLE,
      ANY (FIN | 0x6, HELLO), PING ("")),
  LATE_BREACH ("5.2 opcodes", "4.1.5", "7 behind a text", PER_OCTET,
      ANY (FIN | 0x7, HELLO), PING ("")),
  BREACH ("5.2 opcodes", "4.2.1", "11, empty", WHOLE, ANY (FIN | 0xb, "")),
  BREACH ("5.2 opcodes", "4.2.2", "12", WHOLE, ANY (FIN | 0xc, HELLO)),
  LATE_BREACH ("5.2 opcodes", "4.2.3", "13 behind a text, empty", WHOLE,
      ANY (FIN | 0xd, ""), PING ("")),
  LATE_BREACH ("5.2 opcodes", "4.2.4", "14 behind a text", WHOLE,
      ANY (FIN | 0xe, HELLO), PING ("")),
  LATE_BREACH ("5.2 opcodes", "4.2.5", "15 behind a text", PER_OCTET,
      ANY (FIN | 0xf, HELLO), PING ("")),
};

#define SIZE(autobahn, what, chop, ...) \
  MESSAGE ("5.6 data frames", autobahn, what, chop, __VA_ARGS__)

static const Case data_frames[] = {
  SIZE ("1.1.1", "text of 0", WHOLE, TEXT ("")),
  SIZE ("1.1.2", "text of 125", WHOLE, LONG_TEXT (125)),
  SIZE ("1.1.3", "text of 126", WHOLE, LONG_TEXT (126)),
  SIZE ("1.1.4", "text of 127", WHOLE, LONG_TEXT (127)),
  SIZE ("1.1.5", "text of 128", WHOLE, LONG_TEXT (128)),
  SIZE ("1.1.6", "text of 65535", WHOLE, LONG_TEXT (65535)),
  SIZE ("1.1.7", "text of 65536", WHOLE, LONG_TEXT (65536)),
  SIZE ("1.1.8", "text of 65536 by 997", 997, LONG_TEXT (65536)),
  SIZE ("1.2.1", "binary of 0", WHOLE, BINARY ("")),
  SIZE ("1.2.2", "binary of 125", WHOLE, LONG_BINARY (125)),
  SIZE ("1.2.3", "binary of 126", WHOLE, LONG_BINARY (126)),
  SIZE ("1.2.4", "binary of 127", WHOLE, LONG_BINARY (127)),
  SIZE ("1.2.5", "binary of 128", WHOLE, LONG_BINARY (128)),
  SIZE ("1.2.6", "binary of 65535", WHOLE, LONG_BINARY (65535)),
  SIZE ("1.2.7", "binary of 65536", WHOLE, LONG_BINARY (65536)),
  SIZE ("1.2.8", "binary of 65536 by 997", 997, LONG_BINARY (65536)),
  SIZE (NULL, "text of 128 by octet", PER_OCTET, LONG_TEXT (128)),
  SIZE (NULL, "binary of 128 by octet", PER_OCTET, LONG_BINARY (128)),
};

/* ---- 5.4: fragments ---- */

#define ONE "the one "
#define OTHER "and the other"
#define BREAK(autobahn, what, chop, ...) \
  BREACH ("5.4 fragmentation", autobahn, what, chop, __VA_ARGS__)
#define PING_BETWEEN(autobahn, what, chop) \
  {"5.4 fragmentation", autobahn, what, chop, \
        FRAMES (BEGIN (ONE), PING ("between"), LAST (OTHER)), \
        FRAMES (PONG ("between"), TEXT (ONE OTHER)), CLEAN}
#define TWO_PINGS_BETWEEN(autobahn, what, chop) \
  {"5.4 fragmentation", autobahn, what, chop, \
        FRAMES (BEGIN ("1,"), MORE ("2,"), PING ("first"), MORE ("3,"), \
            MORE ("4,"), PING ("second"), LAST ("5")), \
        FRAMES (PONG ("first"), PONG ("second"), TEXT ("1,2,3,4,5")), CLEAN}

static const Case fragments[] = {
  CUT ("5.3", "two", WHOLE, FRAMES (BEGIN (ONE), LAST (OTHER)),
      TEXT (ONE OTHER)),
  CUT ("5.4", "two by frame", PER_FRAME, FRAMES (BEGIN (ONE), LAST (OTHER)),
      TEXT (ONE OTHER)),
  CUT ("5.5", "two by octet", PER_OCTET, FRAMES (BEGIN (ONE), LAST (OTHER)),
      TEXT (ONE OTHER)),
  PING_BETWEEN ("5.6", "a ping between two", WHOLE),
  PING_BETWEEN ("5.7", "a ping between two by frame", PER_FRAME),
  PING_BETWEEN ("5.8", "a ping between two by octet", PER_OCTET),
  BREAK ("5.9", "the last of nothing", WHOLE, LAST (ONE), TEXT (HELLO)),
  BREAK ("5.10", "the last of nothing by frame", PER_FRAME, LAST (ONE),
      TEXT (HELLO)),
  BREAK ("5.11", "the last of nothing by octet", PER_OCTET, LAST (ONE),
      TEXT (HELLO)),
  BREAK ("5.12", "more of nothing", WHOLE, MORE (ONE), TEXT (HELLO)),
  BREAK ("5.13", "more of nothing by frame", PER_FRAME, MORE (ONE),
      TEXT (HELLO)),
  BREAK ("5.14", "more of nothing by octet", PER_OCTET, MORE (ONE),
      TEXT (HELLO)),
  {"5.4 fragmentation", "5.15", "more behind the last", WHOLE,
        FRAMES (BEGIN (ONE), LAST (OTHER), MORE (ONE), TEXT (HELLO)),
      FRAMES (TEXT (ONE OTHER)), FAILS, 1002},
  BREAK ("5.16", "more of nothing before two", WHOLE, MORE ("1"), BEGIN (ONE),
      LAST (OTHER), MORE ("1"), BEGIN (ONE), LAST (OTHER)),
  BREAK ("5.17", "the last of nothing before two", WHOLE, LAST ("1"),
      BEGIN (ONE), LAST (OTHER), LAST ("1"), BEGIN (ONE), LAST (OTHER)),
  BREAK ("5.18", "a text inside a text", WHOLE, BEGIN (ONE), TEXT (OTHER)),
  TWO_PINGS_BETWEEN ("5.19", "pings between five", WHOLE),
  TWO_PINGS_BETWEEN ("5.20", "pings between five by frame", PER_FRAME),
  CUT ("6.1.2", "three empty", WHOLE, FRAMES (BEGIN (""), MORE (""), LAST ("")),
      TEXT ("")),
  CUT ("6.1.3", "an empty before and behind", WHOLE,
      FRAMES (BEGIN (""), MORE (HELLO), LAST ("")), TEXT (HELLO)),
  CUT (NULL, "binary", PER_FRAME,
      FRAMES (ANY (OP_BINARY, "\xff\x00"), MORE (""), LAST ("\x00\xff")),
      BINARY ("\xff\x00\x00\xff")),
  BREAK (NULL, "a binary inside a text", PER_FRAME, BEGIN (ONE),
      BINARY (OTHER)),
  BREAK (NULL, "a text begins inside a binary", PER_FRAME,
      ANY (OP_BINARY, ONE), BEGIN (OTHER)),
  {"5.4 fragmentation", NULL, "a pong between two", PER_FRAME,
        FRAMES (BEGIN (ONE), PONG ("between"), LAST (OTHER)),
      FRAMES (TEXT (ONE OTHER)), CLEAN},
  {"5.4 fragmentation", NULL, "a close between two", WHOLE,
      FRAMES (BEGIN (ONE), CLOSE (CODE_1000)), NOTHING, CLOSED, 1000},
  CUT ("10.1.1", "65536 by 1300", WHOLE, FRAMES (CUT_TEXT (65536, 1300)),
      LONG_TEXT (65536)),
  CUT ("9.3.1", "text of 4 MiB by 64", WHOLE, FRAMES (CUT_TEXT (4 * MIB, 64)),
      LONG_TEXT (4 * MIB)),
  CUT ("9.3.2", "text of 4 MiB by 256", WHOLE, FRAMES (CUT_TEXT (4 * MIB, 256)),
      LONG_TEXT (4 * MIB)),
  CUT ("9.3.3", "text of 4 MiB by 1 KiB", WHOLE,
      FRAMES (CUT_TEXT (4 * MIB, KIB)), LONG_TEXT (4 * MIB)),
  CUT ("9.3.4", "text of 4 MiB by 4 KiB", WHOLE,
      FRAMES (CUT_TEXT (4 * MIB, 4 * KIB)), LONG_TEXT (4 * MIB)),
  CUT ("9.3.5", "text of 4 MiB by 16 KiB", WHOLE,
      FRAMES (CUT_TEXT (4 * MIB, 16 * KIB)), LONG_TEXT (4 * MIB)),
  CUT ("9.3.6", "text of 4 MiB by 64 KiB", WHOLE,
      FRAMES (CUT_TEXT (4 * MIB, 64 * KIB)), LONG_TEXT (4 * MIB)),
  CUT ("9.3.7", "text of 4 MiB by 256 KiB", WHOLE,
      FRAMES (CUT_TEXT (4 * MIB, 256 * KIB)), LONG_TEXT (4 * MIB)),
  CUT ("9.3.8", "text of 4 MiB by 1 MiB", WHOLE,
      FRAMES (CUT_TEXT (4 * MIB, MIB)), LONG_TEXT (4 * MIB)),
  CUT ("9.3.9", "text of 4 MiB by 4 MiB", WHOLE,
      FRAMES (CUT_TEXT (4 * MIB, 4 * MIB)), LONG_TEXT (4 * MIB)),
  CUT ("9.4.1", "binary of 4 MiB by 64", WHOLE,
      FRAMES (CUT_BINARY (4 * MIB, 64)), LONG_BINARY (4 * MIB)),
  CUT ("9.4.2", "binary of 4 MiB by 256", WHOLE,
      FRAMES (CUT_BINARY (4 * MIB, 256)), LONG_BINARY (4 * MIB)),
  CUT ("9.4.3", "binary of 4 MiB by 1 KiB", WHOLE,
      FRAMES (CUT_BINARY (4 * MIB, KIB)), LONG_BINARY (4 * MIB)),
  CUT ("9.4.4", "binary of 4 MiB by 4 KiB", WHOLE,
      FRAMES (CUT_BINARY (4 * MIB, 4 * KIB)), LONG_BINARY (4 * MIB)),
  CUT ("9.4.5", "binary of 4 MiB by 16 KiB", WHOLE,
      FRAMES (CUT_BINARY (4 * MIB, 16 * KIB)), LONG_BINARY (4 * MIB)),
  CUT ("9.4.6", "binary of 4 MiB by 64 KiB", WHOLE,
      FRAMES (CUT_BINARY (4 * MIB, 64 * KIB)), LONG_BINARY (4 * MIB)),
  CUT ("9.4.7", "binary of 4 MiB by 256 KiB", WHOLE,
      FRAMES (CUT_BINARY (4 * MIB, 256 * KIB)), LONG_BINARY (4 * MIB)),
  CUT ("9.4.8", "binary of 4 MiB by 1 MiB", WHOLE,
      FRAMES (CUT_BINARY (4 * MIB, MIB)), LONG_BINARY (4 * MIB)),
  CUT ("9.4.9", "binary of 4 MiB by 4 MiB", WHOLE,
      FRAMES (CUT_BINARY (4 * MIB, 4 * MIB)), LONG_BINARY (4 * MIB)),
};

/* ---- 5.5: control frames ---- */

#define PINGED(autobahn, what, chop, words) \
  {"5.5.2 pings", autobahn, what, chop, FRAMES (PING (words)), \
        FRAMES (PONG (words)), CLEAN}
#define TEN(KIND) KIND ("ping 0"), KIND ("ping 1"), KIND ("ping 2"), \
  KIND ("ping 3"), KIND ("ping 4"), KIND ("ping 5"), KIND ("ping 6"), \
  KIND ("ping 7"), KIND ("ping 8"), KIND ("ping 9")
/* That only the newest of several pings need be answered is for when the answers
 * can't leave; here each finds the way free. */
#define TEN_PINGS(autobahn, what, chop) \
  {"5.5.2 pings", autobahn, what, chop, FRAMES (TEN (PING)), \
        FRAMES (TEN (PONG)), CLEAN}
#define CONTROL_BREACH(autobahn, what, ...) \
  BREACH ("5.5 control frames", autobahn, what, WHOLE, __VA_ARGS__)

static const Case control_frames[] = {
  PINGED ("2.1", "empty", WHOLE, ""),
  PINGED ("2.2", "text", WHOLE, HELLO),
  PINGED ("2.3", "not UTF-8", WHOLE, SOME_OCTETS),
  PINGED ("2.4", "of 125", WHOLE, X125),
  PINGED ("2.6", "of 125 by octet", PER_OCTET, X125),
  TEN_PINGS ("2.10", "ten", WHOLE),
  TEN_PINGS ("2.11", "ten by octet", PER_OCTET),
  /* Answered with a close frame and nothing else. */
  {"5.5.3 pongs", "2.7", "unsolicited and empty", WHOLE,
      FRAMES (PONG ("")), NOTHING, CLEAN},
  {"5.5.3 pongs", "2.8", "unsolicited", WHOLE,
      FRAMES (PONG (HELLO)), NOTHING, CLEAN},
  {"5.5.3 pongs", "2.9", "unsolicited before a ping", WHOLE,
      FRAMES (PONG (HELLO), PING (ONE)), FRAMES (PONG (ONE)), CLEAN},
  CONTROL_BREACH ("2.5", "a ping of 126", PING (X125 "x")),
  CONTROL_BREACH (NULL, "a pong of 126", PONG (X125 "x")),
  CONTROL_BREACH (NULL, "a ping of 65536", {FRAME, FIN | OP_PING, NULL, 65536}),
  CONTROL_BREACH ("5.1", "a ping in fragments", ANY (OP_PING, ONE),
      LAST (OTHER)),
  CONTROL_BREACH ("5.2", "a pong in fragments", ANY (OP_PONG, ONE),
      LAST (OTHER)),
  CONTROL_BREACH (NULL, "a close in fragments", ANY (OP_CLOSE, CODE_1000),
      LAST (OTHER)),
  CONTROL_BREACH (NULL, "a ping in fragments inside a text", BEGIN (ONE),
      ANY (OP_PING, ""), LAST (OTHER)),
};

/* ---- 10.4: what is much, and much of it ---- */

#define MUCH(autobahn, what, chop, ...) \
  MESSAGE ("10.4 sizes", autobahn, what, chop, __VA_ARGS__)
#define OFTEN(autobahn, what, ...) \
  {"10.4 sizes", autobahn, what, WHOLE, FRAMES (__VA_ARGS__), \
        FRAMES (__VA_ARGS__), CLEAN, .rounds = 1000}
#define TOO_BIG(what, ...) \
  {"10.4 sizes", NULL, what, WHOLE, FRAMES (__VA_ARGS__), NOTHING, FAILS, 1009}

static const Case sizes[] = {
  MUCH ("9.1.1", "text of 64 KiB", WHOLE, LONG_TEXT (64 * KIB)),
  MUCH ("9.1.2", "text of 256 KiB", WHOLE, LONG_TEXT (256 * KIB)),
  MUCH ("9.1.3", "text of 1 MiB", WHOLE, LONG_TEXT (MIB)),
  MUCH ("9.1.4", "text of 4 MiB", WHOLE, LONG_TEXT (4 * MIB)),
  MUCH ("9.1.5", "text of 8 MiB", WHOLE, LONG_TEXT (8 * MIB)),
  MUCH ("9.1.6", "text of 16 MiB", WHOLE, LONG_TEXT (16 * MIB)),
  MUCH ("9.2.1", "binary of 64 KiB", WHOLE, LONG_BINARY (64 * KIB)),
  MUCH ("9.2.2", "binary of 256 KiB", WHOLE, LONG_BINARY (256 * KIB)),
  MUCH ("9.2.3", "binary of 1 MiB", WHOLE, LONG_BINARY (MIB)),
  MUCH ("9.2.4", "binary of 4 MiB", WHOLE, LONG_BINARY (4 * MIB)),
  MUCH ("9.2.5", "binary of 8 MiB", WHOLE, LONG_BINARY (8 * MIB)),
  MUCH ("9.2.6", "binary of 16 MiB", WHOLE, LONG_BINARY (16 * MIB)),
  MUCH ("9.5.1", "text of 1 MiB by 64", 64, LONG_TEXT (MIB)),
  MUCH ("9.5.2", "text of 1 MiB by 128", 128, LONG_TEXT (MIB)),
  MUCH ("9.5.3", "text of 1 MiB by 256", 256, LONG_TEXT (MIB)),
  MUCH ("9.5.4", "text of 1 MiB by 512", 512, LONG_TEXT (MIB)),
  MUCH ("9.5.5", "text of 1 MiB by 1 KiB", KIB, LONG_TEXT (MIB)),
  MUCH ("9.5.6", "text of 1 MiB by 2 KiB", 2 * KIB, LONG_TEXT (MIB)),
  MUCH ("9.6.1", "binary of 1 MiB by 64", 64, LONG_BINARY (MIB)),
  MUCH ("9.6.2", "binary of 1 MiB by 128", 128, LONG_BINARY (MIB)),
  MUCH ("9.6.3", "binary of 1 MiB by 256", 256, LONG_BINARY (MIB)),
  MUCH ("9.6.4", "binary of 1 MiB by 512", 512, LONG_BINARY (MIB)),
  MUCH ("9.6.5", "binary of 1 MiB by 1 KiB", KIB, LONG_BINARY (MIB)),
  MUCH ("9.6.6", "binary of 1 MiB by 2 KiB", 2 * KIB, LONG_BINARY (MIB)),
  OFTEN ("9.7.1", "1000 empty texts", LONG_TEXT (0)),
  OFTEN ("9.7.2", "1000 texts of 16", LONG_TEXT (16)),
  OFTEN ("9.7.3", "1000 texts of 64", LONG_TEXT (64)),
  OFTEN ("9.7.4", "1000 texts of 256", LONG_TEXT (256)),
  OFTEN ("9.7.5", "1000 texts of 1 KiB", LONG_TEXT (KIB)),
  OFTEN ("9.7.6", "1000 texts of 4 KiB", LONG_TEXT (4 * KIB)),
  OFTEN ("9.8.1", "1000 empty binaries", LONG_BINARY (0)),
  OFTEN ("9.8.2", "1000 binaries of 16", LONG_BINARY (16)),
  OFTEN ("9.8.3", "1000 binaries of 64", LONG_BINARY (64)),
  OFTEN ("9.8.4", "1000 binaries of 256", LONG_BINARY (256)),
  OFTEN ("9.8.5", "1000 binaries of 1 KiB", LONG_BINARY (KIB)),
  OFTEN ("9.8.6", "1000 binaries of 4 KiB", LONG_BINARY (4 * KIB)),
  TOO_BIG ("a text of one octet too much", LONG_TEXT (CASE_LIMIT + 1)),
  TOO_BIG ("a binary of one octet too much", LONG_BINARY (CASE_LIMIT + 1)),
  TOO_BIG ("fragments of one octet too much",
      {FRAME, OP_BINARY, NULL, CASE_LIMIT}, LAST ("x")),
};

/* ---- the tests ---- */

#define ROLE (__i__ % 2 ? CLIENT : SERVER)

GST_START_TEST (test_framing)
{
  run_case (&framing[__i__ / 2], ROLE);
}

GST_END_TEST;

GST_START_TEST (test_data_frames)
{
  run_case (&data_frames[__i__ / 2], ROLE);
}

GST_END_TEST;

GST_START_TEST (test_fragments)
{
  run_case (&fragments[__i__ / 2], ROLE);
}

GST_END_TEST;

GST_START_TEST (test_control_frames)
{
  run_case (&control_frames[__i__ / 2], ROLE);
}

GST_END_TEST;

GST_START_TEST (test_sizes)
{
  run_case (&sizes[__i__ / 2], ROLE);
}

GST_END_TEST;

/* A client takes a new key for each frame, control frames too (5.3); that a
 * server takes none, and a client one, is held of every answer in the tables. */
GST_START_TEST (test_masking_keys)
{
  GHashTable *keys = g_hash_table_new (NULL, NULL);
  guint8 ping[2] = { FIN | OP_PING, 0 }, pong[6];
  guint32 key;
  End *end;
  Raw raw;
  guint i;

  end = case_end_new (CLIENT, &raw);
  for (i = 0; i < 1000; i++) {
    raw_send (&raw, ping, sizeof (ping));
    raw_read (&raw, pong, sizeof (pong));
    fail_unless (pong[0] == (FIN | OP_PONG) && pong[1] == 0x80);
    memcpy (&key, pong + 2, sizeof (key));
    g_hash_table_add (keys, GUINT_TO_POINTER (key));
  }
  /* Of 32 bits two may well be the same, once in some thousand times; not more. */
  fail_unless (g_hash_table_size (keys) >= 998);
  g_hash_table_unref (keys);
  raw_close (&raw);
  end_free (end);
}

GST_END_TEST;

static Suite *
wsconformance_suite (void)
{
  Suite *s = suite_create ("wsconformance");
  TCase *tc = tcase_create ("rows");

  suite_add_tcase (s, tc);
  add_cases (tc, test_framing, framing, G_N_ELEMENTS (framing));
  add_cases (tc, test_data_frames, data_frames, G_N_ELEMENTS (data_frames));
  add_cases (tc, test_fragments, fragments, G_N_ELEMENTS (fragments));
  add_cases (tc, test_control_frames, control_frames,
      G_N_ELEMENTS (control_frames));
  add_cases (tc, test_sizes, sizes, G_N_ELEMENTS (sizes));
  _tcase_add_test (tc, test_masking_keys,
      "5.3 masking keys|-|a new one for each frame|client", 0, 0, 0, 1);
  return s;
}

GST_CHECK_MAIN (wsconformance);

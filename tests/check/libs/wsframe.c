/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* RFC 6455 framing; the sections named are the RFC's. */

#include <gst/check/gstcheck.h>

#include <string.h>

#include "gst/tryon/gsttryonwsframe.h"

static const guint8 rfc_mask[4] = { 0x37, 0xfa, 0x21, 0x3d };

typedef struct
{
  const gchar *what;
  gboolean from_client;
  const guint8 *bytes;
  gsize size;                   /* of the header */
  gboolean fin;
  GstTryonWsOpcode opcode;
  guint64 length;
  const gchar *payload;         /* as it reads unmasked, NULL: not given */
} Example;

#define BYTES(...) (const guint8[]) { __VA_ARGS__ }

static const Example examples[] = {
  {"a single-frame unmasked text message", FALSE,
        BYTES (0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f), 2,
      TRUE, GST_TRYON_WS_OPCODE_TEXT, 5, "Hello"},
  {"a single-frame masked text message", TRUE,
        BYTES (0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51,
            0x58), 6,
      TRUE, GST_TRYON_WS_OPCODE_TEXT, 5, "Hello"},
  {"a fragmented unmasked text message, first", FALSE,
        BYTES (0x01, 0x03, 0x48, 0x65, 0x6c), 2,
      FALSE, GST_TRYON_WS_OPCODE_TEXT, 3, "Hel"},
  {"a fragmented unmasked text message, second", FALSE,
        BYTES (0x80, 0x02, 0x6c, 0x6f), 2,
      TRUE, GST_TRYON_WS_OPCODE_CONTINUATION, 2, "lo"},
  {"unmasked ping request", FALSE,
        BYTES (0x89, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f), 2,
      TRUE, GST_TRYON_WS_OPCODE_PING, 5, "Hello"},
  {"masked ping response", TRUE,
        BYTES (0x8a, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51,
            0x58), 6,
      TRUE, GST_TRYON_WS_OPCODE_PONG, 5, "Hello"},
  {"256 bytes binary message in a single unmasked frame", FALSE,
        BYTES (0x82, 0x7e, 0x01, 0x00), 4,
      TRUE, GST_TRYON_WS_OPCODE_BINARY, 256, NULL},
  {"64 KiB binary message in a single unmasked frame", FALSE,
        BYTES (0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0), 10,
      TRUE, GST_TRYON_WS_OPCODE_BINARY, 65536, NULL},
};

GST_START_TEST (test_section_5_7_examples)
{
  const Example *e = &examples[__i__];
  GstTryonWsFrame frame;
  guint8 header[GST_TRYON_WS_MAX_HEADER], payload[8];
  gsize size;

  GST_DEBUG ("%s", e->what);
  for (size = 0; size < e->size; size++)
    fail_unless_equals_int (gst_tryon_ws_frame_parse (e->bytes, size,
            e->from_client, &frame, NULL), GST_TRYON_WS_PARSE_MORE);
  fail_unless_equals_int (gst_tryon_ws_frame_parse (e->bytes, e->size,
          e->from_client, &frame, NULL), GST_TRYON_WS_PARSE_OK);
  fail_unless_equals_int (frame.fin, e->fin);
  fail_unless_equals_int (frame.opcode, e->opcode);
  fail_unless_equals_int (frame.masked, e->from_client);
  fail_unless_equals_uint64 (frame.length, e->length);
  fail_unless_equals_int (frame.header_size, e->size);
  if (e->payload) {
    memcpy (payload, e->bytes + e->size, e->length);
    gst_tryon_ws_frame_mask (payload, e->length, frame.mask, 0);
    fail_unless (memcmp (payload, e->payload, e->length) == 0);
  }

  fail_unless_equals_int (gst_tryon_ws_frame_write_header (header, e->fin,
          e->opcode, e->length, e->from_client ? rfc_mask : NULL), e->size);
  fail_unless (memcmp (header, e->bytes, e->size) == 0);
}

GST_END_TEST;

static const struct
{
  const gchar *section;
  const gchar *what;
  gboolean from_client;
  const guint8 *bytes;
  gsize size;
} errors[] = {
  {"5.1", "a client's frame without mask", TRUE, BYTES (0x82, 0x00), 2},
  {"5.1", "a server's frame with mask", FALSE, BYTES (0x82, 0x80), 2},
  {"5.2", "RSV1", TRUE, BYTES (0xc2), 1},
  {"5.2", "RSV2", TRUE, BYTES (0xa2), 1},
  {"5.2", "RSV3", TRUE, BYTES (0x92), 1},
  {"5.2", "data opcode 3", TRUE, BYTES (0x83), 1},
  {"5.2", "data opcode 4", TRUE, BYTES (0x84), 1},
  {"5.2", "data opcode 5", TRUE, BYTES (0x85), 1},
  {"5.2", "data opcode 6", TRUE, BYTES (0x86), 1},
  {"5.2", "data opcode 7", TRUE, BYTES (0x87), 1},
  {"5.2", "control opcode 0xb", TRUE, BYTES (0x8b), 1},
  {"5.2", "control opcode 0xc", TRUE, BYTES (0x8c), 1},
  {"5.2", "control opcode 0xd", TRUE, BYTES (0x8d), 1},
  {"5.2", "control opcode 0xe", TRUE, BYTES (0x8e), 1},
  {"5.2", "control opcode 0xf", TRUE, BYTES (0x8f), 1},
  {"5.2", "16 bits for 0", FALSE, BYTES (0x82, 0x7e, 0, 0), 4},
  {"5.2", "16 bits for 125", FALSE, BYTES (0x82, 0x7e, 0, 125), 4},
  {"5.2", "64 bits for 125", FALSE,
      BYTES (0x82, 0x7f, 0, 0, 0, 0, 0, 0, 0, 125), 10},
  {"5.2", "64 bits for 65535", FALSE,
      BYTES (0x82, 0x7f, 0, 0, 0, 0, 0, 0, 0xff, 0xff), 10},
  {"5.2", "highest bit of a length", FALSE,
      BYTES (0x82, 0x7f, 0x80, 0, 0, 0, 0, 0, 0, 0), 10},
  {"5.2", "all bits of a length", FALSE,
      BYTES (0x82, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), 10},
  {"5.5", "a fragmented close", TRUE, BYTES (0x08), 1},
  {"5.5", "a fragmented ping", TRUE, BYTES (0x09), 1},
  {"5.5", "a fragmented pong", TRUE, BYTES (0x0a), 1},
  {"5.5", "a ping of 126 bytes", FALSE, BYTES (0x89, 0x7e), 2},
  {"5.5", "a close of 64 bits' length", FALSE, BYTES (0x88, 0x7f), 2},
  {"5.5", "a masked pong of 126 bytes", TRUE, BYTES (0x8a, 0xfe), 2},
};

/* An error shows with the very byte that makes it one, and stays one whatever
 * follows. */
GST_START_TEST (test_errors)
{
  guint8 bytes[GST_TRYON_WS_MAX_HEADER] = { 0, };
  GstTryonWsFrame frame;
  const gchar *message = NULL;
  gsize size;

  memcpy (bytes, errors[__i__].bytes, errors[__i__].size);
  for (size = 0; size < errors[__i__].size; size++)
    fail_unless_equals_int (gst_tryon_ws_frame_parse (bytes, size,
            errors[__i__].from_client, &frame, &message),
        GST_TRYON_WS_PARSE_MORE);
  for (; size <= sizeof (bytes); size++) {
    message = NULL;
    fail_unless (gst_tryon_ws_frame_parse (bytes, size,
            errors[__i__].from_client, &frame, &message)
        == GST_TRYON_WS_PARSE_ERROR, "section %s: %s", errors[__i__].section,
        errors[__i__].what);
    fail_unless (message != NULL && strlen (message) > 10);
  }
}

GST_END_TEST;

static const guint64 lengths[] = {
  0, 1, 125, 126, 127, 128, 65535, 65536, 65537, G_MAXUINT32,
  G_GUINT64_CONSTANT (0x100000000), G_MAXINT64
};

/* What is written is read, and not one byte earlier. */
GST_START_TEST (test_write_and_parse)
{
  static const GstTryonWsOpcode opcodes[] = {
    GST_TRYON_WS_OPCODE_CONTINUATION, GST_TRYON_WS_OPCODE_TEXT,
    GST_TRYON_WS_OPCODE_BINARY, GST_TRYON_WS_OPCODE_CLOSE,
    GST_TRYON_WS_OPCODE_PING, GST_TRYON_WS_OPCODE_PONG
  };
  guint64 length = lengths[__i__];
  guint8 header[GST_TRYON_WS_MAX_HEADER];
  GstTryonWsFrame frame;
  guint i, masked, fin, size, expected, n;

  for (i = 0; i < G_N_ELEMENTS (opcodes); i++) {
    for (masked = 0; masked < 2; masked++) {
      for (fin = 0; fin < 2; fin++) {
        if (opcodes[i] >= GST_TRYON_WS_OPCODE_CLOSE && (!fin || length > 125))
          continue;
        expected = (length < 126 ? 2 : length < 65536 ? 4 : 10) + 4 * masked;
        size = gst_tryon_ws_frame_write_header (header, fin, opcodes[i],
            length, masked ? rfc_mask : NULL);
        fail_unless_equals_int (size, expected);
        for (n = 0; n < size; n++)
          fail_unless_equals_int (gst_tryon_ws_frame_parse (header, n, masked,
                  &frame, NULL), GST_TRYON_WS_PARSE_MORE);
        fail_unless_equals_int (gst_tryon_ws_frame_parse (header, size, masked,
                &frame, NULL), GST_TRYON_WS_PARSE_OK);
        fail_unless_equals_int (frame.opcode, opcodes[i]);
        fail_unless_equals_int (frame.fin, fin);
        fail_unless_equals_int (frame.masked, masked);
        fail_unless_equals_int (frame.header_size, size);
        fail_unless_equals_uint64 (frame.length, length);
        if (masked)
          fail_unless (memcmp (frame.mask, rfc_mask, 4) == 0);
        fail_unless_equals_int (gst_tryon_ws_frame_parse (header, size,
                !masked, &frame, NULL), GST_TRYON_WS_PARSE_ERROR);
      }
    }
  }
}

GST_END_TEST;

/* Any first two bytes: never more than a header is asked for, and an answer
 * doesn't change with what stands behind the header. */
GST_START_TEST (test_all_first_bytes)
{
  guint8 zeros[GST_TRYON_WS_MAX_HEADER + 2] = { 0, };
  guint8 ones[GST_TRYON_WS_MAX_HEADER + 2];
  GstTryonWsFrame frame, other;
  GstTryonWsParseResult result;
  guint i, from_client;

  memset (ones, 0x11, sizeof (ones));
  for (i = 0; i < 65536; i++) {
    for (from_client = 0; from_client < 2; from_client++) {
      ones[0] = zeros[0] = i >> 8;
      ones[1] = zeros[1] = i & 0xff;
      fail_if (gst_tryon_ws_frame_parse (zeros, GST_TRYON_WS_MAX_HEADER,
              from_client, &frame, NULL) == GST_TRYON_WS_PARSE_MORE);
      result = gst_tryon_ws_frame_parse (ones, GST_TRYON_WS_MAX_HEADER,
          from_client, &frame, NULL);
      fail_if (result == GST_TRYON_WS_PARSE_MORE);
      if (result == GST_TRYON_WS_PARSE_OK) {
        memset (ones + frame.header_size, 0xff,
            sizeof (ones) - frame.header_size);
        fail_unless_equals_int (gst_tryon_ws_frame_parse (ones, sizeof (ones),
                from_client, &other, NULL), GST_TRYON_WS_PARSE_OK);
        fail_unless_equals_uint64 (frame.length, other.length);
        memset (ones, 0x11, sizeof (ones));
      }
    }
  }
}

GST_END_TEST;

/* Against a byte at a time, for each alignment, offset and length around the
 * steps of the vector loop; bytes around must stay. */
GST_START_TEST (test_mask)
{
  guint8 plain[320], masked[320], expected[320], copied[320];
  gsize align, size, i;
  guint64 offset;

  for (i = 0; i < sizeof (plain); i++)
    plain[i] = i * 7 + 3;
  for (align = 0; align < 16; align++) {
    for (size = 0; size < 260; size++) {
      for (offset = 0; offset < 9; offset++) {
        memcpy (masked, plain, sizeof (plain));
        memcpy (expected, plain, sizeof (plain));
        for (i = 0; i < size; i++)
          expected[align + i] ^= rfc_mask[(offset + i) % 4];
        gst_tryon_ws_frame_mask (masked + align, size, rfc_mask, offset);
        fail_unless (memcmp (masked, expected, sizeof (plain)) == 0,
            "align %" G_GSIZE_FORMAT " size %" G_GSIZE_FORMAT " offset %"
            G_GUINT64_FORMAT, align, size, offset);
        memcpy (copied, plain, sizeof (plain));
        gst_tryon_ws_frame_mask_copy (copied + align, plain + align, size,
            rfc_mask, offset);
        fail_unless (memcmp (copied, expected, sizeof (plain)) == 0);
      }
    }
  }
}

GST_END_TEST;

/* A payload that comes in pieces of any size, beyond 32 bits of offset too. */
GST_START_TEST (test_mask_in_pieces)
{
  const guint64 base = G_GUINT64_CONSTANT (0xfffffffe);
  guint8 whole[1000], pieces[1000];
  gsize i, n, step;

  for (step = 1; step < 100; step++) {
    for (i = 0; i < sizeof (whole); i++)
      whole[i] = pieces[i] = i;
    gst_tryon_ws_frame_mask (whole, sizeof (whole), rfc_mask, base);
    for (i = 0; i < sizeof (pieces); i += n) {
      n = MIN (step, sizeof (pieces) - i);
      gst_tryon_ws_frame_mask (pieces + i, n, rfc_mask, base + i);
    }
    fail_unless (memcmp (whole, pieces, sizeof (whole)) == 0);
    gst_tryon_ws_frame_mask (whole, sizeof (whole), rfc_mask, base);
    for (i = 0; i < sizeof (whole); i++)
      fail_unless_equals_int (whole[i], i & 0xff);
  }
}

GST_END_TEST;

/* Section 7.4: all 65536 of them. */
GST_START_TEST (test_close_codes)
{
  static const struct
  {
    guint from, to;
  } valid[] = {
    {1000, 1003}, {1007, 1014}, {3000, 4999}
  };
  guint code, i;

  for (code = 0; code <= 65536; code++) {
    gboolean expected = FALSE;

    for (i = 0; i < G_N_ELEMENTS (valid); i++)
      expected |= code >= valid[i].from && code <= valid[i].to;
    fail_unless_equals_int (gst_tryon_ws_close_code_is_valid (code), expected);
  }
}

GST_END_TEST;

static Suite *
wsframe_suite (void)
{
  Suite *s = suite_create ("wsframe");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc, test_section_5_7_examples, 0,
      G_N_ELEMENTS (examples));
  tcase_add_loop_test (tc, test_errors, 0, G_N_ELEMENTS (errors));
  tcase_add_loop_test (tc, test_write_and_parse, 0, G_N_ELEMENTS (lengths));
  tcase_add_test (tc, test_all_first_bytes);
  tcase_add_test (tc, test_mask);
  tcase_add_test (tc, test_mask_in_pieces);
  tcase_add_test (tc, test_close_codes);
  return s;
}

GST_CHECK_MAIN (wsframe);

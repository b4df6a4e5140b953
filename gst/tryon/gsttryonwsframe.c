/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:gsttryonwsframe
 * @title: WebSocket frames
 * @short_description: RFC 6455 framing over bytes
 *
 * Pure functions: nothing here knows of sockets, messages or state. Section
 * numbers are those of RFC 6455.
 */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <string.h>

#include "gsttryonwsframe.h"

#define FIN 0x80
#define RESERVED 0x70
#define OPCODE 0x0f
#define OPCODE_CONTROL 0x08
#define MASKED 0x80
#define LENGTH 0x7f
#define LENGTH_16 126
#define LENGTH_64 127

/* Unrolled by the compiler into vector registers: with a trip count that it
 * knows it does so at -O2 already. */
#define MASK_BLOCK 64

/* GST_READ_UINT64_BE() and its like assume alignment, which C asks for. */
static guint64
read_be (const guint8 * data, guint size)
{
  guint64 value = 0;

  while (size-- > 0)
    value = value << 8 | *data++;
  return value;
}

static void
write_be (guint8 * data, guint size, guint64 value)
{
  for (; size > 0; value >>= 8)
    data[--size] = (guint8) value;
}

static GstTryonWsParseResult
parse_error (const gchar ** message, const gchar * words)
{
  if (message)
    *message = words;
  return GST_TRYON_WS_PARSE_ERROR;
}

/* Sections 5.2 and 5.4: what the first byte alone tells. */
static const gchar *
parse_first (guint8 byte, GstTryonWsFrame * frame)
{
  frame->fin = (byte & FIN) != 0;
  frame->opcode = byte & OPCODE;

  if (byte & RESERVED)
    return "reserved bits are set, but no extension was agreed on";
  /* Three data opcodes from 0x0 and three of control from 0x8. */
  if ((frame->opcode & ~OPCODE_CONTROL) > 0x2)
    return "unknown opcode";
  if ((frame->opcode & OPCODE_CONTROL) && !frame->fin)
    return "a control frame is fragmented";
  return NULL;
}

/* Sections 5.1 and 5.5: what the second byte adds. */
static const gchar *
parse_second (guint8 byte, gboolean from_client, GstTryonWsFrame * frame)
{
  frame->masked = (byte & MASKED) != 0;

  if (from_client && !frame->masked)
    return "a client's frame is not masked";
  if (!from_client && frame->masked)
    return "a server's frame is masked";
  if ((frame->opcode & OPCODE_CONTROL)
      && (byte & LENGTH) > GST_TRYON_WS_MAX_CONTROL_PAYLOAD)
    return "a control frame is longer than 125 bytes";
  return NULL;
}

/**
 * gst_tryon_ws_frame_parse:
 * @data: (array length=size): bytes that begin with a frame
 * @size: bytes at @data
 * @from_client: whether a client sent them
 * @frame: (out caller-allocates): the header; means nothing unless the result
 *     is %GST_TRYON_WS_PARSE_OK
 * @message: (out) (optional) (transfer none): words for an error
 *
 * Reads a frame header. An error is told as soon as the bytes show it, even
 * when the header isn't whole.
 *
 * Returns: %GST_TRYON_WS_PARSE_MORE when @size bytes do not hold the header yet
 */
GstTryonWsParseResult
gst_tryon_ws_frame_parse (const guint8 * data, gsize size,
    gboolean from_client, GstTryonWsFrame * frame, const gchar ** message)
{
  const gchar *words;
  guint extended = 0;

  g_return_val_if_fail (data != NULL || size == 0, GST_TRYON_WS_PARSE_ERROR);
  g_return_val_if_fail (frame != NULL, GST_TRYON_WS_PARSE_ERROR);

  if (size < 1)
    return GST_TRYON_WS_PARSE_MORE;
  if ((words = parse_first (data[0], frame)))
    return parse_error (message, words);
  if (size < 2)
    return GST_TRYON_WS_PARSE_MORE;
  if ((words = parse_second (data[1], from_client, frame)))
    return parse_error (message, words);

  frame->length = data[1] & LENGTH;
  if (frame->length == LENGTH_16)
    extended = 2;
  else if (frame->length == LENGTH_64)
    extended = 8;
  frame->header_size = 2 + extended + (frame->masked ? 4 : 0);

  if (size < 2 + extended)
    return GST_TRYON_WS_PARSE_MORE;
  if (extended == 2) {
    frame->length = read_be (data + 2, extended);
    if (frame->length < LENGTH_16)
      return parse_error (message, "a length is not in its shortest form");
  } else if (extended == 8) {
    frame->length = read_be (data + 2, extended);
    if (frame->length > G_MAXINT64)
      return parse_error (message, "a length has its highest bit set");
    if (frame->length <= G_MAXUINT16)
      return parse_error (message, "a length is not in its shortest form");
  }

  if (size < frame->header_size)
    return GST_TRYON_WS_PARSE_MORE;
  if (frame->masked)
    memcpy (frame->mask, data + 2 + extended, 4);
  else
    memset (frame->mask, 0, 4);
  return GST_TRYON_WS_PARSE_OK;
}

/**
 * gst_tryon_ws_frame_write_header:
 * @data: room for %GST_TRYON_WS_MAX_HEADER bytes
 * @fin: whether this is the message's last frame
 * @opcode: the frame's kind
 * @length: bytes of payload, at most %G_MAXINT64
 * @mask: (nullable) (array fixed-size=4): the masking key
 *
 * Writes a header with the length in its shortest form. Masking the payload is
 * left to gst_tryon_ws_frame_mask().
 *
 * Returns: bytes written
 */
guint
gst_tryon_ws_frame_write_header (guint8 * data, gboolean fin,
    GstTryonWsOpcode opcode, guint64 length, const guint8 mask[4])
{
  guint8 masked = mask ? MASKED : 0;
  guint size = 2;

  g_return_val_if_fail (data != NULL, 0);
  g_return_val_if_fail (length <= G_MAXINT64, 0);

  data[0] = (fin ? FIN : 0) | (opcode & OPCODE);
  if (length < LENGTH_16) {
    data[1] = masked | (guint8) length;
  } else if (length <= G_MAXUINT16) {
    data[1] = masked | LENGTH_16;
    write_be (data + size, 2, length);
    size += 2;
  } else {
    data[1] = masked | LENGTH_64;
    write_be (data + size, 8, length);
    size += 8;
  }
  if (mask) {
    memcpy (data + size, mask, 4);
    size += 4;
  }
  return size;
}

/* @to may be @from, else they don't overlap. Bytes are moved through memcpy,
 * which costs nothing here: they may start anywhere. */
static void
apply_mask (guint8 * to, const guint8 * from, gsize size,
    const guint8 mask[4], guint64 offset)
{
  guint8 key[8];
  guint64 word;
  gsize pos = 0;
  guint i;

  for (i = 0; i < sizeof (key); i++)
    key[i] = mask[(offset + i) & 3];
  memcpy (&word, key, sizeof (word));

  for (; size - pos >= MASK_BLOCK; pos += MASK_BLOCK) {
    guint64 block[MASK_BLOCK / sizeof (word)];

    memcpy (block, from + pos, MASK_BLOCK);
    for (i = 0; i < G_N_ELEMENTS (block); i++)
      block[i] ^= word;
    memcpy (to + pos, block, MASK_BLOCK);
  }
  for (; pos < size; pos++)
    to[pos] = from[pos] ^ key[pos & 7];
}

/**
 * gst_tryon_ws_frame_mask:
 * @data: (array length=size): bytes to change in place, aligned or not
 * @size: bytes at @data
 * @mask: (array fixed-size=4): the masking key
 * @offset: where in the payload @data begins
 *
 * Masks or unmasks (section 5.3): it is the same.
 */
void
gst_tryon_ws_frame_mask (guint8 * data, gsize size, const guint8 mask[4],
    guint64 offset)
{
  g_return_if_fail (data != NULL || size == 0);

  apply_mask (data, data, size, mask, offset);
}

/**
 * gst_tryon_ws_frame_mask_copy:
 * @to: room for @size bytes
 * @from: (array length=size): elsewhere
 * @size: bytes at @from
 * @mask: (array fixed-size=4): the masking key
 * @offset: where in the payload @from begins
 *
 * Masks what it copies, which costs no more than copying.
 */
void
gst_tryon_ws_frame_mask_copy (guint8 * to, const guint8 * from, gsize size,
    const guint8 mask[4], guint64 offset)
{
  g_return_if_fail (size == 0 || (to != NULL && from != NULL));

  apply_mask (to, from, size, mask, offset);
}

/**
 * gst_tryon_ws_close_code_is_valid:
 * @code: a close code
 *
 * Whether a close frame may carry @code: section 7.4.1, what IANA added to it
 * since (1012 to 1014), and the ranges of section 7.4.2 for libraries and
 * applications.
 *
 * Returns: %FALSE for reserved codes and for those that only ever stand for
 *     the want of one (1005, 1006, 1015)
 */
gboolean
gst_tryon_ws_close_code_is_valid (guint code)
{
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014)
      || (code >= 3000 && code <= 4999);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/tryon/tryon-prelude.h>

/* RFC 6455 framing over bytes (section 5): pure, no socket. */

G_BEGIN_DECLS

typedef enum {
  GST_TRYON_WS_OPCODE_CONTINUATION = 0x0,
  GST_TRYON_WS_OPCODE_TEXT = 0x1,
  GST_TRYON_WS_OPCODE_BINARY = 0x2,
  GST_TRYON_WS_OPCODE_CLOSE = 0x8,
  GST_TRYON_WS_OPCODE_PING = 0x9,
  GST_TRYON_WS_OPCODE_PONG = 0xa,
} GstTryonWsOpcode;

/* 2 bytes, 8 of extended length, 4 of mask. */
#define GST_TRYON_WS_MAX_HEADER 14
#define GST_TRYON_WS_MAX_CONTROL_PAYLOAD 125

typedef struct {
  gboolean fin;
  GstTryonWsOpcode opcode;
  gboolean masked;
  guint8 mask[4];
  guint64 length;               /* of the payload */
  guint header_size;
} GstTryonWsFrame;

typedef enum {
  GST_TRYON_WS_PARSE_OK,
  GST_TRYON_WS_PARSE_MORE,      /* @size bytes do not hold the header yet */
  GST_TRYON_WS_PARSE_ERROR,     /* the connection must be failed with 1002 */
} GstTryonWsParseResult;

/* Reads a frame header. @from_client: the frame must be masked, else it must
 * not be (section 5.1). Also an error: reserved bits, unknown opcodes, control
 * frames that are fragmented or longer than 125, lengths not in their shortest
 * form or with the top bit set. @message (optional): static words for it. */
GST_TRYON_API GstTryonWsParseResult gst_tryon_ws_frame_parse (const guint8 * data, gsize size,
                                                              gboolean from_client,
                                                              GstTryonWsFrame * frame,
                                                              const gchar ** message);
/* Writes a header of at most GST_TRYON_WS_MAX_HEADER bytes; %NULL @mask for
 * none. Returns its size. */
GST_TRYON_API guint gst_tryon_ws_frame_write_header (guint8 * data, gboolean fin,
                                                     GstTryonWsOpcode opcode, guint64 length,
                                                     const guint8 mask[4]);
/* Masks or unmasks @size bytes in place that begin at @offset of the payload. */
GST_TRYON_API void  gst_tryon_ws_frame_mask (guint8 * data, gsize size, const guint8 mask[4],
                                             guint64 offset);
/* The same on the way from @from to @to, which don't overlap. */
GST_TRYON_API void  gst_tryon_ws_frame_mask_copy (guint8 * to, const guint8 * from, gsize size,
                                                  const guint8 mask[4], guint64 offset);
/* Whether a close frame may carry @code (section 7.4). */
GST_TRYON_API gboolean gst_tryon_ws_close_code_is_valid (guint code);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include <gst/tryon/gsttryonwsmessage.h>

/* Not installed: messages and control frames out of a stream's bytes. Knows the
 * rules of RFC 6455 for what may follow what, but answers nothing. */

G_BEGIN_DECLS

typedef enum {
  GST_TRYON_WS_INPUT_MESSAGE,   /* message is whole: take it */
  GST_TRYON_WS_INPUT_CONTROL,   /* frame.opcode, control, control_size */
  GST_TRYON_WS_INPUT_FAILED,    /* the peer broke a rule: code, words */
  GST_TRYON_WS_INPUT_ENDED,     /* the stream is at its end or broken: words */
  GST_TRYON_WS_INPUT_BLOCKED,   /* all that came was read: poll the stream */
  GST_TRYON_WS_INPUT_SPENT,     /* enough for now; there may be more at hand */
} GstTryonWsInputResult;

typedef enum {
  GST_TRYON_WS_INPUT_ALL,
  GST_TRYON_WS_INPUT_CONTROL_ONLY,      /* messages are discarded */
  GST_TRYON_WS_INPUT_NOTHING,   /* all but the end is discarded unread */
} GstTryonWsInputWanted;

typedef struct {
  GPollableInputStream *stream; /* (transfer none) */
  gboolean from_client;
  gsize max_message_bytes;
  gsize max_text_bytes;
  guint max_fragments;          /* of a message */
  GstTryonWsInputWanted wanted;
  guint64 bytes_received;

  /* What gst_tryon_ws_input_next() tells. */
  GstTryonWsMessage message;
  GstTryonWsFrame frame;
  guint8 control[GST_TRYON_WS_MAX_CONTROL_PAYLOAD];
  gsize control_size;
  guint16 code;
  gchar *words;

  /* Bytes that were read and have not been looked at. Between two calls they
   * are in a block only when there was not enough budget for them; the begin of
   * a header waits in @rest, so that idle connections hold no block. */
  guint8 *block;                /* (nullable), of the pool */
  gsize capacity;
  gsize start;
  gsize end;
  guint8 rest[GST_TRYON_WS_MAX_HEADER];
  gsize rest_size;
  gsize expected;               /* bytes of the frame to come, as of the last one */

  gboolean in_frame;
  guint64 frame_done;           /* bytes of the frame's payload that have come */
  gboolean drained;             /* the last read got less than it asked for */
} GstTryonWsInput;

/* Goes on to the next thing. Takes from @budget what it read, and something for
 * each frame. */
GstTryonWsInputResult gst_tryon_ws_input_next (GstTryonWsInput * input, gssize * budget);
/* Wants less from here on; never more. */
void gst_tryon_ws_input_want (GstTryonWsInput * input, GstTryonWsInputWanted wanted);
/* Whether there are bytes at hand that the stream does not tell of any more. */
gboolean gst_tryon_ws_input_has_bytes (const GstTryonWsInput * input);
void gst_tryon_ws_input_clear (GstTryonWsInput * input);

G_END_DECLS

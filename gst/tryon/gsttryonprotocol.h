/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/tryon/tryon-prelude.h>

/* The wire format, as docs/protocol.md states it: pure functions over bytes, for
 * any thread. Nothing here knows of sockets or elements. The functions are
 * documented where they are defined. */

G_BEGIN_DECLS

/* The WebSocket subprotocol that both ends agree on. */
#define GST_TRYON_PROTOCOL_NAME "tryon.v1"
/* A token offered as a second subprotocol, for peers that can't set headers. */
#define GST_TRYON_PROTOCOL_TOKEN_PREFIX "tryon.token."
/* The request path is this, then the session id, then a slash. */
#define GST_TRYON_PROTOCOL_PATH_PREFIX "/ws/try-on/"
#define GST_TRYON_PROTOCOL_VERSION 1
#define GST_TRYON_PROTOCOL_HEADER_SIZE 32
/* JSON nested deeper than this is refused before the parser sees it: the
 * parser recurses without a limit of its own. */
#define GST_TRYON_PROTOCOL_MAX_JSON_DEPTH 16
/* More values than this in one message are refused for the same reason: each
 * costs the parser many times its own size. */
#define GST_TRYON_PROTOCOL_MAX_JSON_VALUES 1024
/* The longest session id, in bytes; [A-Za-z0-9._~-] only, not "." nor "..". */
#define GST_TRYON_PROTOCOL_MAX_SESSION_ID 128

/**
 * GST_TRYON_ERROR:
 *
 * Error domain of the protocol. Its codes are the `code` of the `error`
 * message, so that a failed check can be told to the peer as it is.
 */
#define GST_TRYON_ERROR (gst_tryon_error_quark ())

typedef enum {
  GST_TRYON_ERROR_INVALID_FRAME,
  GST_TRYON_ERROR_FRAME_TOO_LARGE,
  GST_TRYON_ERROR_RATE_LIMITED,
  GST_TRYON_ERROR_AI_SERVICE_UNAVAILABLE,
  GST_TRYON_ERROR_AI_TIMEOUT,
  GST_TRYON_ERROR_SESSION_EXPIRED,
  GST_TRYON_ERROR_UNAUTHORIZED,
  GST_TRYON_ERROR_SESSION_LIMIT,
  GST_TRYON_ERROR_BAD_MESSAGE,
  GST_TRYON_ERROR_INTERNAL,
} GstTryonError;

GST_TRYON_API GQuark        gst_tryon_error_quark (void);
GST_TRYON_API const gchar * gst_tryon_error_get_code (GstTryonError error);
GST_TRYON_API gboolean      gst_tryon_error_from_code (const gchar * code,
                                                       GstTryonError * error);

typedef enum {
  GST_TRYON_FRAME_TYPE_FRAME = 1,
  GST_TRYON_FRAME_TYPE_PROCESSED = 2,
  GST_TRYON_FRAME_TYPE_DROPPED = 3,
} GstTryonFrameType;

/**
 * GstTryonFrameFlags:
 * @GST_TRYON_FRAME_FLAG_NOT_PROCESSED: the image is a fallback, the effect is
 *     not on it
 */
typedef enum {
  GST_TRYON_FRAME_FLAG_NONE = 0,
  GST_TRYON_FRAME_FLAG_NOT_PROCESSED = (1 << 0),
} GstTryonFrameFlags;

/* Why a frame was dropped. The value is the low byte of a drop's flags. */
typedef enum {
  GST_TRYON_DROP_REASON_RATE = 1,
  GST_TRYON_DROP_REASON_SUPERSEDED = 2,
  GST_TRYON_DROP_REASON_INVALID = 3,
  GST_TRYON_DROP_REASON_TOO_LARGE = 4,
  GST_TRYON_DROP_REASON_AI_TIMEOUT = 5,
  GST_TRYON_DROP_REASON_AI_DOWN = 6,
  GST_TRYON_DROP_REASON_SLOW_CLIENT = 7,
  GST_TRYON_DROP_REASON_PAUSED = 8,
} GstTryonDropReason;
#define GST_TRYON_N_DROP_REASONS 9      /* index 0 is for unknown reasons */

/* WebSocket close codes (RFC 6455 section 7.4.1, and 4000-4099 of ours). */
typedef enum {
  GST_TRYON_CLOSE_NORMAL = 1000,
  GST_TRYON_CLOSE_GOING_AWAY = 1001,
  GST_TRYON_CLOSE_PROTOCOL_ERROR = 1002,
  GST_TRYON_CLOSE_UNSUPPORTED = 1003,
  GST_TRYON_CLOSE_NO_STATUS = 1005,     /* never on the wire */
  GST_TRYON_CLOSE_ABNORMAL = 1006,      /* never on the wire */
  GST_TRYON_CLOSE_INVALID_DATA = 1007,
  GST_TRYON_CLOSE_POLICY = 1008,
  GST_TRYON_CLOSE_TOO_BIG = 1009,
  GST_TRYON_CLOSE_INTERNAL = 1011,
  GST_TRYON_CLOSE_TRY_AGAIN = 1013,
  GST_TRYON_CLOSE_REPLACED = 4000,      /* another connection took the session */
  GST_TRYON_CLOSE_EXPIRED = 4001,       /* the session's time is over */
  GST_TRYON_CLOSE_IDLE = 4002,          /* nothing came for too long */
  GST_TRYON_CLOSE_SLOW_CLIENT = 4003,   /* answers piled up unread */
} GstTryonCloseCode;

GST_TRYON_API const gchar * gst_tryon_drop_reason_get_nick (GstTryonDropReason reason);

/**
 * GstTryonFrameHeader:
 * @type: what the message is
 * @flags: #GstTryonFrameFlags, or the #GstTryonDropReason of a drop
 * @sequence: the frame's number, set by the sender of the frame; wraps
 * @timestamp: microseconds since the Unix epoch at capture, the sender's clock
 * @latency: microseconds from arrival to the answer leaving
 * @ai_latency: microseconds of @latency that were spent waiting for the AI
 * @payload_length: bytes of image that follow the header
 *
 * The 32 bytes in front of every binary message's image.
 */
typedef struct {
  GstTryonFrameType type;
  guint16 flags;
  guint32 sequence;
  guint64 timestamp;
  guint32 latency;
  guint32 ai_latency;
  guint32 payload_length;
} GstTryonFrameHeader;

/* Each of the two checks asks for an answer of its own: no header, no frame. */
GST_TRYON_API gboolean gst_tryon_frame_header_parse (const guint8 * data, gsize size,
                                                     GstTryonFrameHeader * header,
                                                     GError ** error);
GST_TRYON_API gboolean gst_tryon_frame_header_check (const GstTryonFrameHeader * header,
                                                     gsize size, GError ** error);
GST_TRYON_API void     gst_tryon_frame_header_write (const GstTryonFrameHeader * header,
                                                     guint8 data[GST_TRYON_PROTOCOL_HEADER_SIZE]);

/* Text messages are GstStructures: the structure's name is the message's
 * `type`, its fields are the message's fields. JSON strings are G_TYPE_STRING,
 * whole numbers G_TYPE_INT64, other numbers G_TYPE_DOUBLE, booleans
 * G_TYPE_BOOLEAN, objects GST_TYPE_STRUCTURE (named "object"), arrays
 * GST_TYPE_ARRAY; null is left out. A field of kind number can thus be either:
 * 5 or 5.5. */

GST_TRYON_API GstStructure * gst_tryon_message_parse (const gchar * text, gsize size,
                                                      GError ** error);
GST_TRYON_API GstStructure * gst_tryon_message_parse_full (const gchar * text, gsize size,
                                                           guint max_depth, GError ** error);
GST_TRYON_API gchar *        gst_tryon_message_serialize (const GstStructure * message,
                                                          gsize * size);
GST_TRYON_API GstStructure * gst_tryon_message_new_error (GstTryonError code,
                                                          const gchar * text,
                                                          gboolean recoverable);
GST_TRYON_API GstStructure * gst_tryon_message_get_object (const GstStructure * message,
                                                           const gchar * name);

GST_TRYON_API gboolean gst_tryon_session_id_is_valid (const gchar * id);
GST_TRYON_API gchar *  gst_tryon_session_id_from_path (const gchar * path);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:gsttryonprotocol
 * @title: Try-on protocol
 * @short_description: the wire format: headers, text messages, names
 *
 * The wire format that every hop speaks, as docs/protocol.md states it. All
 * functions are pure: they work on the bytes that they are given, keep no
 * state, and may be called from any thread at the same time.
 *
 * A receiver takes a binary message apart in two steps, because the answer
 * depends on which one fails:
 *
 * 1. gst_tryon_frame_header_parse(): without a header there is no frame, and
 *    nothing but an `error` message can be said about it.
 * 2. gst_tryon_frame_header_check(): the frame has a number, so it is answered
 *    like any other, by a drop.
 *
 * Errors are of #GST_TRYON_ERROR. Their words are made for the peer: they say
 * what was expected and what came, and hold nothing that the peer did not send.
 */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gsttryonprotocol.h"
#include "gsttryonbytes-private.h"

#include <string.h>

/* Where the fields of the header are: docs/protocol.md, "Binary messages". */
#define OFFSET_VERSION 0
#define OFFSET_TYPE 1
#define OFFSET_FLAGS 2
#define OFFSET_SEQUENCE 4
#define OFFSET_TIMESTAMP 8
#define OFFSET_LATENCY 16
#define OFFSET_AI_LATENCY 20
#define OFFSET_PAYLOAD_LENGTH 24
#define OFFSET_RESERVED 28

static const gchar *const error_codes[] = {
  [GST_TRYON_ERROR_INVALID_FRAME] = "INVALID_FRAME",
  [GST_TRYON_ERROR_FRAME_TOO_LARGE] = "FRAME_TOO_LARGE",
  [GST_TRYON_ERROR_RATE_LIMITED] = "RATE_LIMITED",
  [GST_TRYON_ERROR_AI_SERVICE_UNAVAILABLE] = "AI_SERVICE_UNAVAILABLE",
  [GST_TRYON_ERROR_AI_TIMEOUT] = "AI_TIMEOUT",
  [GST_TRYON_ERROR_SESSION_EXPIRED] = "SESSION_EXPIRED",
  [GST_TRYON_ERROR_UNAUTHORIZED] = "UNAUTHORIZED",
  [GST_TRYON_ERROR_SESSION_LIMIT] = "SESSION_LIMIT",
  [GST_TRYON_ERROR_BAD_MESSAGE] = "BAD_MESSAGE",
  [GST_TRYON_ERROR_INTERNAL] = "INTERNAL",
};

static const gchar *const drop_reasons[GST_TRYON_N_DROP_REASONS] = {
  "unknown",
  [GST_TRYON_DROP_REASON_RATE] = "rate",
  [GST_TRYON_DROP_REASON_SUPERSEDED] = "superseded",
  [GST_TRYON_DROP_REASON_INVALID] = "invalid",
  [GST_TRYON_DROP_REASON_TOO_LARGE] = "too-large",
  [GST_TRYON_DROP_REASON_AI_TIMEOUT] = "ai-timeout",
  [GST_TRYON_DROP_REASON_AI_DOWN] = "ai-down",
  [GST_TRYON_DROP_REASON_SLOW_CLIENT] = "slow-client",
  [GST_TRYON_DROP_REASON_PAUSED] = "paused",
};

GQuark
gst_tryon_error_quark (void)
{
  return g_quark_from_static_string ("gst-tryon-error-quark");
}

/**
 * gst_tryon_error_get_code:
 * @error: an error of the protocol
 *
 * Returns: (transfer none): the `code` of an `error` message, such as
 *     "BAD_MESSAGE"; "INTERNAL" for a value that is none of #GstTryonError
 */
const gchar *
gst_tryon_error_get_code (GstTryonError error)
{
  if ((guint) error >= G_N_ELEMENTS (error_codes))
    error = GST_TRYON_ERROR_INTERNAL;
  return error_codes[error];
}

/**
 * gst_tryon_error_from_code:
 * @code: the `code` of an `error` message
 * @error: (out) (optional): what it means; untouched when unknown
 *
 * Returns: %FALSE when @code is none that this version knows
 */
gboolean
gst_tryon_error_from_code (const gchar * code, GstTryonError * error)
{
  guint i;

  g_return_val_if_fail (code != NULL, FALSE);

  for (i = 0; i < G_N_ELEMENTS (error_codes); i++) {
    if (strcmp (code, error_codes[i]) == 0) {
      if (error != NULL)
        *error = (GstTryonError) i;
      return TRUE;
    }
  }
  return FALSE;
}

/**
 * gst_tryon_drop_reason_get_nick:
 * @reason: why a frame was dropped; any value, as it may come from a peer
 *
 * Returns: (transfer none): a name in kebab-case, "unknown" for a value that
 *     is none of #GstTryonDropReason
 */
const gchar *
gst_tryon_drop_reason_get_nick (GstTryonDropReason reason)
{
  if ((guint) reason >= G_N_ELEMENTS (drop_reasons))
    return drop_reasons[0];
  return drop_reasons[reason];
}

/**
 * gst_tryon_frame_header_parse:
 * @data: (array length=size): a binary message, from its first byte
 * @size: bytes of the whole message
 * @header: (out caller-allocates): the fields, set only on success
 * @error: return location for an error
 *
 * Reads the header of a binary message. Does not judge the payload: see
 * gst_tryon_frame_header_check().
 *
 * Returns: %FALSE with #GST_TRYON_ERROR_BAD_MESSAGE when the message is none
 *     of this protocol's: shorter than a header, of another version, or of an
 *     unknown type. Such a message has no sequence that could be answered.
 */
gboolean
gst_tryon_frame_header_parse (const guint8 * data, gsize size,
    GstTryonFrameHeader * header, GError ** error)
{
  g_return_val_if_fail (data != NULL || size == 0, FALSE);
  g_return_val_if_fail (header != NULL, FALSE);

  if (size < GST_TRYON_PROTOCOL_HEADER_SIZE) {
    g_set_error (error, GST_TRYON_ERROR, GST_TRYON_ERROR_BAD_MESSAGE,
        "binary message of %" G_GSIZE_FORMAT " bytes: expected a header of %d "
        "bytes and an image", size, GST_TRYON_PROTOCOL_HEADER_SIZE);
    return FALSE;
  }
  if (data[OFFSET_VERSION] != GST_TRYON_PROTOCOL_VERSION) {
    g_set_error (error, GST_TRYON_ERROR, GST_TRYON_ERROR_BAD_MESSAGE,
        "binary message of version %u: expected version %d in its first byte",
        data[OFFSET_VERSION], GST_TRYON_PROTOCOL_VERSION);
    return FALSE;
  }
  switch (data[OFFSET_TYPE]) {
    case GST_TRYON_FRAME_TYPE_FRAME:
    case GST_TRYON_FRAME_TYPE_PROCESSED:
    case GST_TRYON_FRAME_TYPE_DROPPED:
      break;
    default:
      g_set_error (error, GST_TRYON_ERROR, GST_TRYON_ERROR_BAD_MESSAGE,
          "binary message of unknown type %u: expected %d (frame), %d "
          "(processed_frame) or %d (frame_dropped) in its second byte",
          data[OFFSET_TYPE], GST_TRYON_FRAME_TYPE_FRAME,
          GST_TRYON_FRAME_TYPE_PROCESSED, GST_TRYON_FRAME_TYPE_DROPPED);
      return FALSE;
  }

  header->type = (GstTryonFrameType) data[OFFSET_TYPE];
  header->flags = gst_tryon_read_u16_be (data + OFFSET_FLAGS);
  header->sequence = gst_tryon_read_u32_be (data + OFFSET_SEQUENCE);
  header->timestamp = gst_tryon_read_u64_be (data + OFFSET_TIMESTAMP);
  header->latency = gst_tryon_read_u32_be (data + OFFSET_LATENCY);
  header->ai_latency = gst_tryon_read_u32_be (data + OFFSET_AI_LATENCY);
  header->payload_length = gst_tryon_read_u32_be (data + OFFSET_PAYLOAD_LENGTH);
  return TRUE;
}

/**
 * gst_tryon_frame_header_check:
 * @header: a header that gst_tryon_frame_header_parse() took from the message
 * @size: bytes of the whole message, its header among them
 * @error: return location for an error
 *
 * Checks that the payload length is what the message holds, and that it fits
 * the type: a frame and a processed frame have an image, a drop has none.
 *
 * Returns: %FALSE with #GST_TRYON_ERROR_INVALID_FRAME when not. The sequence
 *     of @header still says which frame that was.
 */
gboolean
gst_tryon_frame_header_check (const GstTryonFrameHeader * header, gsize size,
    GError ** error)
{
  gsize payload;

  g_return_val_if_fail (header != NULL, FALSE);
  g_return_val_if_fail (size >= GST_TRYON_PROTOCOL_HEADER_SIZE, FALSE);

  payload = size - GST_TRYON_PROTOCOL_HEADER_SIZE;
  if (header->payload_length != payload) {
    g_set_error (error, GST_TRYON_ERROR, GST_TRYON_ERROR_INVALID_FRAME,
        "frame %u: its header says %u bytes of payload, but %" G_GSIZE_FORMAT
        " follow", header->sequence, header->payload_length, payload);
    return FALSE;
  }
  if (header->type == GST_TRYON_FRAME_TYPE_DROPPED) {
    if (payload != 0) {
      g_set_error (error, GST_TRYON_ERROR, GST_TRYON_ERROR_INVALID_FRAME,
          "frame %u: a frame_dropped message has no payload, but %"
          G_GSIZE_FORMAT " bytes follow its header", header->sequence, payload);
      return FALSE;
    }
  } else if (payload == 0) {
    g_set_error (error, GST_TRYON_ERROR, GST_TRYON_ERROR_INVALID_FRAME,
        "frame %u: no image follows its header", header->sequence);
    return FALSE;
  }
  return TRUE;
}

/**
 * gst_tryon_frame_header_write:
 * @header: the fields
 * @data: (out caller-allocates) (array fixed-size=32): where the
 *     %GST_TRYON_PROTOCOL_HEADER_SIZE bytes go
 *
 * Writes a header of this version; every byte of @data is set.
 */
void
gst_tryon_frame_header_write (const GstTryonFrameHeader * header,
    guint8 data[GST_TRYON_PROTOCOL_HEADER_SIZE])
{
  g_return_if_fail (header != NULL);
  g_return_if_fail (data != NULL);

  data[OFFSET_VERSION] = GST_TRYON_PROTOCOL_VERSION;
  data[OFFSET_TYPE] = (guint8) header->type;
  gst_tryon_write_u16_be (data + OFFSET_FLAGS, header->flags);
  gst_tryon_write_u32_be (data + OFFSET_SEQUENCE, header->sequence);
  gst_tryon_write_u64_be (data + OFFSET_TIMESTAMP, header->timestamp);
  gst_tryon_write_u32_be (data + OFFSET_LATENCY, header->latency);
  gst_tryon_write_u32_be (data + OFFSET_AI_LATENCY, header->ai_latency);
  gst_tryon_write_u32_be (data + OFFSET_PAYLOAD_LENGTH, header->payload_length);
  gst_tryon_write_u32_be (data + OFFSET_RESERVED, 0);
}

static gboolean
is_id_char (gchar c)
{
  return g_ascii_isalnum (c) || c == '.' || c == '_' || c == '~' || c == '-';
}

/* The length of the session id at the start of @text, 0 when there is none.
 * "." and ".." are none: a URL's path can't hold them, as clients and proxies
 * resolve them away, and they mean something else in a file name. */
static gsize
session_id_length (const gchar * text)
{
  gsize n = 0;

  while (is_id_char (text[n])) {
    if (++n > GST_TRYON_PROTOCOL_MAX_SESSION_ID)
      return 0;
  }
  if (n <= 2 && strspn (text, ".") == n)
    return 0;
  return n;
}

/**
 * gst_tryon_session_id_is_valid:
 * @id: (nullable): a text
 *
 * Returns: whether @id may be a session id: 1 to
 *     %GST_TRYON_PROTOCOL_MAX_SESSION_ID characters of [A-Za-z0-9._~-], but
 *     neither "." nor ".."
 */
gboolean
gst_tryon_session_id_is_valid (const gchar * id)
{
  gsize n;

  if (id == NULL)
    return FALSE;
  n = session_id_length (id);
  return n > 0 && id[n] == '\0';
}

/**
 * gst_tryon_session_id_from_path:
 * @path: (nullable): the path of a request, without a query
 *
 * Returns: (transfer full) (nullable): the session id, %NULL when @path is not
 *     %GST_TRYON_PROTOCOL_PATH_PREFIX, a valid session id and a slash
 */
gchar *
gst_tryon_session_id_from_path (const gchar * path)
{
  gsize n;

  if (path == NULL || !g_str_has_prefix (path, GST_TRYON_PROTOCOL_PATH_PREFIX))
    return NULL;
  path += strlen (GST_TRYON_PROTOCOL_PATH_PREFIX);
  n = session_id_length (path);
  if (n == 0 || strcmp (path + n, "/") != 0)
    return NULL;
  return g_strndup (path, n);
}

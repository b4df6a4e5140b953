/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/tryon/gsttryonwsframe.h>

/* Not installed: the memory of a message that is being received. */

G_BEGIN_DECLS

typedef struct {
  gboolean active;              /* between its first and its last frame */
  gboolean is_text;
  guint fragments;              /* that have begun */
  guint8 *block;                /* (nullable), of the pool */
  gsize offset;                 /* of the message's bytes in it */
  gsize size;                   /* bytes that have come */
  gsize capacity;               /* bytes that there is room for from offset on */
} GstTryonWsMessage;

/* Whether there is room for @length bytes, and a text's NUL, at @offset of a
 * block of @capacity bytes. */
gboolean    gst_tryon_ws_message_fits (const GstTryonWsMessage * message, gsize capacity,
                                       gsize offset, guint64 length);
/* The message, which has no bytes yet, is to be received at @offset of @block
 * (transfer full), where @length bytes fit. */
void        gst_tryon_ws_message_adopt (GstTryonWsMessage * message, guint8 * block, gsize offset,
                                        gsize length);
/* Makes room for more than the @size bytes that have come. @left: what its frame
 * claims to bring yet; @last: whether that is its last frame; @limit: what all
 * of it may have, which @size and @left are within. %FALSE without memory. */
gboolean    gst_tryon_ws_message_reserve (GstTryonWsMessage * message, guint64 left,
                                          gboolean last, gsize limit);
/* Where the next byte belongs. */
guint8 *    gst_tryon_ws_message_get_end (GstTryonWsMessage * message);
/* (transfer full): the message, one memory; cleared. */
GstBuffer * gst_tryon_ws_message_take_buffer (GstTryonWsMessage * message);
/* (transfer none) (nullable): the message, NUL-terminated; %NULL when it is not
 * UTF-8. */
const gchar * gst_tryon_ws_message_get_text (GstTryonWsMessage * message);
void        gst_tryon_ws_message_clear (GstTryonWsMessage * message);

/* Whether @text is UTF-8, in which U+0000 is a character like any other. */
gboolean    gst_tryon_ws_is_utf8 (const gchar * text, gsize size);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The memory of a message that is being received. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gsttryonwsmessage.h"

#include <string.h>

#include "gsttryonpool.h"

/* A claimed length up to here gets its memory before its bytes have come. */
#define CLAIM_BELIEVED (1024 * 1024)
/* First memory of a message whose length isn't known yet, and the most for one
 * that is not large. */
#define FRAGMENTS_FIRST 4096
#define FRAGMENTS_SMALL (64 * 1024)

gboolean
gst_tryon_ws_message_fits (const GstTryonWsMessage * message, gsize capacity,
    gsize offset, guint64 length)
{
  return length <= capacity && offset + message->is_text <= capacity - length;
}

void
gst_tryon_ws_message_adopt (GstTryonWsMessage * message, guint8 * block,
    gsize offset, gsize length)
{
  g_assert (message->block == NULL);

  message->block = block;
  message->offset = offset;
  message->capacity = length;
}

static gboolean
grow (GstTryonWsMessage * message, gsize capacity, gsize limit)
{
  guint8 *block;
  gsize room;

  block = gst_tryon_pool_take (capacity + message->is_text, &room);
  if (block == NULL)
    return FALSE;
  if (message->block) {
    memcpy (block, message->block + message->offset, message->size);
    gst_tryon_pool_give (message->block);
  }
  message->block = block;
  message->offset = 0;
  message->capacity = MIN (room - message->is_text, limit);
  return TRUE;
}

gboolean
gst_tryon_ws_message_reserve (GstTryonWsMessage * message, guint64 left,
    gboolean last, gsize limit)
{
  gsize needed = message->size + left;
  gsize capacity;

  if (message->size < message->capacity || left == 0)
    return TRUE;
  if (last && needed <= MAX (CLAIM_BELIEVED, 2 * message->capacity))
    return grow (message, needed, limit);

  capacity = MAX (MIN (needed, CLAIM_BELIEVED), 2 * message->capacity);
  capacity = MAX (capacity, FRAGMENTS_FIRST);
  /* A large one gets in one step what would be believed if it said how large: the
   * pool keeps what it grows through, and that is as much again. Pages that no byte
   * comes to cost nothing. */
  if (capacity > FRAGMENTS_SMALL)
    capacity = MAX (capacity, CLAIM_BELIEVED);
  /* The last step leads from at most half of the limit to all of it: what the
   * old and the new memory hold while one is copied to the other stays within
   * the limit, too. */
  if (capacity > limit / 2)
    capacity = limit;
  return grow (message, capacity, limit);
}

guint8 *
gst_tryon_ws_message_get_end (GstTryonWsMessage * message)
{
  return message->block + message->offset + message->size;
}

GstBuffer *
gst_tryon_ws_message_take_buffer (GstTryonWsMessage * message)
{
  GstBuffer *buffer = gst_buffer_new ();

  if (message->block)
    gst_buffer_append_memory (buffer,
        gst_tryon_pool_wrap (g_steal_pointer (&message->block),
            message->offset, message->size));
  gst_tryon_ws_message_clear (message);
  return buffer;
}

const gchar *
gst_tryon_ws_message_get_text (GstTryonWsMessage * message)
{
  gchar *text;

  if (message->block == NULL)
    return "";
  text = (gchar *) message->block + message->offset;
  if (!gst_tryon_ws_is_utf8 (text, message->size))
    return NULL;
  text[message->size] = '\0';
  return text;
}

void
gst_tryon_ws_message_clear (GstTryonWsMessage * message)
{
  if (message->block)
    gst_tryon_pool_give (message->block);
  memset (message, 0, sizeof (*message));
}

/* g_utf8_validate_len() takes a NUL for a fault. */
gboolean
gst_tryon_ws_is_utf8 (const gchar * text, gsize size)
{
  const gchar *end = text + size;

  while (!g_utf8_validate_len (text, end - text, &text)) {
    if (*text != '\0')
      return FALSE;
    text++;
  }
  return TRUE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The memory of a message that is being received: the place for a pool. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gsttryonwsmessage.h"

#include <string.h>

/* A claimed length up to here gets its memory before its bytes have come. */
#define CLAIM_BELIEVED (1024 * 1024)
/* First memory of a message whose length isn't known yet. */
#define FRAGMENTS_FIRST 4096

static gboolean
grow (GstTryonWsMessage * message, gsize capacity)
{
  /* One more for a text's NUL. */
  GstMemory *memory = gst_allocator_alloc (NULL, capacity + message->is_text,
      NULL);
  GstMapInfo map;

  if (memory == NULL)
    return FALSE;
  if (!gst_memory_map (memory, &map, GST_MAP_WRITE)) {
    gst_memory_unref (memory);
    return FALSE;
  }
  if (message->memory) {
    memcpy (map.data, message->map.data, message->size);
    gst_memory_unmap (message->memory, &message->map);
    gst_memory_unref (message->memory);
  }
  message->memory = memory;
  message->map = map;
  message->capacity = capacity;
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
    return grow (message, needed);

  capacity = MAX (MIN (needed, CLAIM_BELIEVED), 2 * message->capacity);
  capacity = MAX (capacity, FRAGMENTS_FIRST);
  /* The last step leads from at most half of the limit to all of it: what the
   * old and the new memory hold while one is copied to the other stays within
   * the limit, too. */
  if (capacity > limit / 2)
    capacity = limit;
  return grow (message, capacity);
}

GstBuffer *
gst_tryon_ws_message_take_buffer (GstTryonWsMessage * message)
{
  GstBuffer *buffer = gst_buffer_new ();

  if (message->memory) {
    gst_memory_unmap (message->memory, &message->map);
    gst_memory_resize (message->memory, 0, message->size);
    gst_buffer_append_memory (buffer, g_steal_pointer (&message->memory));
  }
  gst_tryon_ws_message_clear (message);
  return buffer;
}

const gchar *
gst_tryon_ws_message_get_text (GstTryonWsMessage * message)
{
  gchar *text = (gchar *) message->map.data;

  if (message->memory == NULL)
    return "";
  if (!gst_tryon_ws_is_utf8 (text, message->size))
    return NULL;
  text[message->size] = '\0';
  return text;
}

void
gst_tryon_ws_message_clear (GstTryonWsMessage * message)
{
  if (message->memory) {
    gst_memory_unmap (message->memory, &message->map);
    gst_memory_unref (message->memory);
  }
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

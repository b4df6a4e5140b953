/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A WebSocket's receiving end to compare with: see the header. */

#include "wsreference.h"

#include <string.h>

#include "fuzz.h"

void
reference_init (Reference * ref)
{
  memset (ref, 0, sizeof (*ref));
  ref->message = g_byte_array_new ();
  ref->control = g_byte_array_new ();
}

void
reference_clear (Reference * ref)
{
  g_byte_array_unref (ref->message);
  g_byte_array_unref (ref->control);
}

void
reference_next (Reference * ref)
{
  g_byte_array_set_size (ref->message, 0);
  ref->active = FALSE;
  ref->fragments = 0;
}

void
reference_want (Reference * ref, ReferenceWanted wanted)
{
  if (wanted <= ref->wanted)
    return;
  ref->wanted = wanted;
  reference_next (ref);
}

static ReferenceEvent
fail (Reference * ref, guint code)
{
  ref->code = code;
  return REFERENCE_FAILED;
}

/* How long the header is, as far as can be told: more than there is, or not. */
static guint
head_length (const Reference * ref)
{
  guint length = 2;

  if (ref->head_size < 2)
    return 2;
  if ((ref->head[1] & 0x7f) == 126)
    length += 2;
  else if ((ref->head[1] & 0x7f) == 127)
    length += 8;
  return length + (ref->head[1] & 0x80 ? 4 : 0);
}

/* Sections 5.2 to 5.5, for one more byte of the header: whether it is wrong. */
static gboolean
is_head_wrong (const Reference * ref)
{
  const guint8 *head = ref->head;
  guint opcode = head[0] & 0x0f, length = head[1] & 0x7f, i;
  guint64 extended = 0;

  if (ref->head_size == 1)
    return (head[0] & 0x70) != 0 || (opcode >= 3 && opcode <= 7) || opcode > 10
        || (opcode >= 8 && !(head[0] & 0x80));
  if (ref->head_size == 2)
    return ((head[1] & 0x80) != 0) != ref->from_client
        || (opcode >= 8 && length > 125);
  if (length < 126 || ref->head_size != (length == 126 ? 4 : 10))
    return FALSE;
  for (i = 2; i < ref->head_size; i++)
    extended = extended * 256 + head[i];
  if (length == 126)
    return extended < 126;
  return extended < 65536 || (head[2] & 0x80) != 0;
}

/* Sections 5.4 and 10.4. */
static ReferenceEvent
begin_data (Reference * ref)
{
  if (ref->wanted != REFERENCE_WANTS_ALL)
    return REFERENCE_NOTHING;
  if ((ref->opcode == 0) != ref->active)
    return fail (ref, 1002);
  if (!ref->active)
    ref->is_text = ref->opcode == 1;
  ref->active = TRUE;
  ref->fragments++;
  if (ref->fragments > ref->max_fragments)
    return fail (ref, 1008);
  if (ref->message->len + ref->length >
      (ref->is_text ? ref->max_text : ref->max_message))
    return fail (ref, 1009);
  return REFERENCE_NOTHING;
}

static ReferenceEvent
end_frame (Reference * ref)
{
  ref->in_payload = FALSE;
  ref->head_size = 0;
  if (ref->opcode >= 8)
    return REFERENCE_CONTROL;
  return ref->fin && ref->wanted == REFERENCE_WANTS_ALL ?
      REFERENCE_MESSAGE : REFERENCE_NOTHING;
}

static ReferenceEvent
feed_head (Reference * ref, guint8 byte)
{
  ReferenceEvent event = REFERENCE_NOTHING;
  guint length, i;

  ref->head[ref->head_size++] = byte;
  if (is_head_wrong (ref))
    return fail (ref, 1002);
  if (ref->head_size < head_length (ref))
    return REFERENCE_NOTHING;

  length = ref->head[1] & 0x7f;
  ref->fin = (ref->head[0] & 0x80) != 0;
  ref->opcode = ref->head[0] & 0x0f;
  ref->length = length < 126 ? length : 0;
  for (i = 2; length >= 126 && i < (length == 126 ? 4 : 10); i++)
    ref->length = ref->length * 256 + ref->head[i];
  ref->done = 0;
  ref->in_payload = TRUE;
  if (ref->opcode >= 8)
    g_byte_array_set_size (ref->control, 0);
  else
    event = begin_data (ref);
  if (event == REFERENCE_NOTHING && ref->length == 0)
    event = end_frame (ref);
  return event;
}

/* @begin: where in the payload @data begins. */
static void FUZZ_FAST
unmask (guint8 * data, gsize size, const guint8 * mask, guint64 begin)
{
  gsize i;

  for (i = 0; i < size; i++)
    data[i] ^= mask[(begin + i) % 4];
}

static ReferenceEvent
feed_payload (Reference * ref, const guint8 * data, gsize size)
{
  const guint8 *mask = ref->head + ref->head_size - 4;
  GByteArray *array = ref->opcode >= 8 ? ref->control : ref->message;
  gsize begin = array->len;

  if (ref->opcode >= 8 || ref->wanted == REFERENCE_WANTS_ALL) {
    g_byte_array_append (array, data, size);
    if (ref->from_client)
      unmask (array->data + begin, size, mask, ref->done);
  }
  ref->done += size;
  return ref->done == ref->length ? end_frame (ref) : REFERENCE_NOTHING;
}

ReferenceEvent
reference_feed (Reference * ref, const guint8 * data, gsize size, gsize * taken)
{
  ReferenceEvent event = REFERENCE_NOTHING;
  gsize n, used = 0;

  if (ref->wanted == REFERENCE_WANTS_NOTHING)
    used = size;
  while (used < size && event == REFERENCE_NOTHING) {
    if (ref->in_payload) {
      n = MIN (size - used, ref->length - ref->done);
      event = feed_payload (ref, data + used, n);
      used += n;
    } else {
      event = feed_head (ref, data[used++]);
    }
  }
  *taken = used;
  return event;
}

/* RFC 3629 section 4, by the values that sequences stand for. */
gboolean FUZZ_FAST
reference_is_utf8 (const guint8 * data, gsize size)
{
  static const guint32 least[] = { 0, 0, 0x80, 0x800, 0x10000 };
  gsize i = 0, n, k;
  guint32 value;

  for (; i < size; i += n) {
    if (data[i] < 0x80) {
      n = 1;
      continue;
    }
    n = data[i] >= 0xf0 ? 4 : data[i] >= 0xe0 ? 3 : 2;
    if (data[i] < 0xc0 || data[i] > 0xf7 || n > size - i)
      return FALSE;
    value = data[i] & (0x7f >> n);
    for (k = 1; k < n; k++) {
      if ((data[i + k] & 0xc0) != 0x80)
        return FALSE;
      value = value << 6 | (data[i + k] & 0x3f);
    }
    if (value < least[n] || value > 0x10ffff
        || (value >= 0xd800 && value <= 0xdfff))
      return FALSE;
  }
  return TRUE;
}

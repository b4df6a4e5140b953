/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* RFC 6455's receiving end once more, as plainly as it can be written: a byte
 * at a time, everything in one growing array. What the library does is held
 * against it. Shares no code with it. */

typedef enum
{
  REFERENCE_NOTHING,
  REFERENCE_MESSAGE,            /* is_text, message */
  REFERENCE_CONTROL,            /* opcode, control */
  REFERENCE_FAILED,             /* code */
} ReferenceEvent;

typedef enum
{
  REFERENCE_WANTS_ALL,
  REFERENCE_WANTS_CONTROL,
  REFERENCE_WANTS_NOTHING,
} ReferenceWanted;

typedef struct
{
  gboolean from_client;
  guint64 max_message;
  guint64 max_text;
  guint max_fragments;
  ReferenceWanted wanted;

  guint8 head[14];
  guint head_size;
  gboolean in_payload;
  gboolean fin;
  guint opcode;
  guint64 length;
  guint64 done;

  gboolean active;              /* within a message */
  gboolean is_text;
  guint fragments;
  GByteArray *message;
  GByteArray *control;
  guint code;
} Reference;

void reference_init (Reference * ref);
void reference_clear (Reference * ref);
/* Takes bytes up to the first event; *@taken: how many. */
ReferenceEvent reference_feed (Reference * ref, const guint8 * data, gsize size, gsize * taken);
void reference_want (Reference * ref, ReferenceWanted wanted);
/* Call after REFERENCE_MESSAGE was dealt with. */
void reference_next (Reference * ref);
gboolean reference_is_utf8 (const guint8 * data, gsize size);

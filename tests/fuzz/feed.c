/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Memory in pieces: see the header. */

#include "feed.h"

#include <string.h>

/* Reads that an input may take at the most, or long ones would take seconds. */
#define MAX_READS 1024

static void feed_pollable_init (GPollableInputStreamInterface * iface);
G_DEFINE_TYPE_WITH_CODE (Feed, feed, G_TYPE_INPUT_STREAM,
    G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_INPUT_STREAM, feed_pollable_init));

Feed *
feed_new (const guint8 * data, gsize size, const guint8 * pieces,
    guint n_pieces)
{
  Feed *feed = g_object_new (TYPE_FEED, NULL);

  feed->data = data;
  feed->size = size;
  feed->pieces = pieces;
  feed->n_pieces = n_pieces;
  feed->scale = 1 + size / MAX_READS;
  return feed;
}

/* Bytes to be had, 0 when they are to be waited for. A wait is never followed
 * by another one. */
static gsize
next_piece (Feed * feed)
{
  gsize piece = 255;

  if (feed->n_pieces > 0)
    piece = feed->pieces[feed->piece++ % feed->n_pieces];
  feed->blocked = piece == 0 && !feed->blocked;
  if (feed->blocked)
    return 0;
  piece = piece == 255 ? feed->size : MAX (piece, 1) * feed->scale;
  return MIN (piece, feed->size - feed->pos);
}

static gssize
feed_read_nonblocking (GPollableInputStream * stream, void *buffer, gsize size,
    GError ** error)
{
  Feed *feed = FUZZ_FEED (stream);
  gsize n = next_piece (feed);

  g_assert_cmpuint (size, >, 0);
  if (feed->blocked) {
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK, "later");
    return -1;
  }
  if (n == 0 && feed->breaks) {
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED,
        "reset");
    return -1;
  }
  n = MIN (n, size);
  memcpy (buffer, feed->data + feed->pos, n);
  feed->pos += n;
  return n;
}

static gboolean
feed_is_readable (GPollableInputStream * stream)
{
  return TRUE;
}

static void
feed_pollable_init (GPollableInputStreamInterface * iface)
{
  iface->is_readable = feed_is_readable;
  iface->read_nonblocking = feed_read_nonblocking;
}

static void
feed_class_init (FeedClass * klass)
{
}

static void
feed_init (Feed * feed)
{
}

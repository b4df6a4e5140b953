/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

/* A pollable stream that hands out memory in pieces, as a network would. */

#define TYPE_FEED (feed_get_type ())
G_DECLARE_FINAL_TYPE (Feed, feed, FUZZ, FEED, GInputStream)

struct _Feed
{
  GInputStream parent;

  const guint8 *data;           /* the caller's */
  gsize size;
  gsize pos;                    /* handed out */
  const guint8 *pieces;         /* 0: would block; 255: all; again and again */
  guint n_pieces;               /* 0: all at once */
  guint piece;
  gsize scale;                  /* bytes that a piece of 1 has */
  gboolean blocked;             /* it did so last time */
  gboolean breaks;              /* at its end is an error */
};

Feed *feed_new (const guint8 * data, gsize size, const guint8 * pieces, guint n_pieces);

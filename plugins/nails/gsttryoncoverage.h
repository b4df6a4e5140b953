/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/tryon/gsttryonnailsmeta.h>

G_BEGIN_DECLS

/* How much of each pixel a polygon covers: exactly, so that a moving edge changes
 * pixels in proportion. Pure. */

/* Of the pixels @x to @x + @width - 1 of row @y: 0 to 1 each, in @row. @scratch:
 * @width + 1 floats. The polygon is one that does not cross itself. */
void gst_tryon_coverage_row (const GstTryonPoint * corners, guint n, gint x,
    guint width, gint y, gfloat * scratch, gfloat * row);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/tryon/gsttryonprotocol.h>

/* Not installed: the steps of gst_tryon_message_parse(). */

G_BEGIN_DECLS

/* No deeper may max_depth be, so that nothing that recurses comes to harm. */
#define GST_TRYON_JSON_DEPTH_LIMIT 31

/* Whether @text is one JSON object (RFC 8259, to the letter) that is safe to
 * parse: valid UTF-8, at most @max_depth deep and
 * GST_TRYON_PROTOCOL_MAX_JSON_VALUES large, whole numbers within 64 bits, no
 * U+0000 and no half surrogate pairs in strings. Does not recurse and allocates
 * nothing but @error, of GST_TRYON_ERROR_BAD_MESSAGE. */
gboolean gst_tryon_json_check (const gchar * text, gsize size, guint max_depth,
                               GError ** error);

/* Makes quarks of all names that the schema has. Before any of a peer's names
 * are: those of the schema must not count against their limit. */
void     gst_tryon_schema_intern_names (void);
/* Whether @message has the fields that its type asks for, and those that it has
 * and this version knows are right. GST_TRYON_ERROR_BAD_MESSAGE. */
gboolean gst_tryon_schema_check (const GstStructure * message, GError ** error);

G_END_DECLS

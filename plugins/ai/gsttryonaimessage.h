/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/tryon/tryon.h>

/* What is said to an AI service, and what it answers: pure. */

G_BEGIN_DECLS

/* (transfer full) (nullable): `upload_reference`, of the fields of a
 * tryon-reference event. %NULL with @error when no service would take it. */
GstStructure * gst_tryon_ai_message_new_reference (GstBuffer * image,
    const gchar * media_type, const gchar * id, GError ** error);
/* Reads a binary message. %FALSE with @error when it does not keep to the
 * protocol; when it is the answer to a frame nevertheless, @is_answer is %TRUE
 * and @header says to which. */
gboolean gst_tryon_ai_answer_parse (GstBuffer * message, GstTryonFrameHeader * header,
    gboolean * is_answer, GError ** error);

G_END_DECLS

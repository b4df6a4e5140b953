/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/tryon/gsttryonsession.h>

/* The events that carry the conversation through a pipeline. */

G_BEGIN_DECLS

/* Each parser gives %FALSE when @event is another one. */

/* tryon-session (sticky): every element behind it serves this session, until
 * the next one. */
GST_TRYON_API GstEvent *        gst_tryon_event_new_session (GstTryonSession * session);
/* @session (transfer full) */
GST_TRYON_API gboolean          gst_tryon_event_parse_session (GstEvent * event,
                                                               GstTryonSession ** session);
/* (transfer full) (nullable): the session that is sticky on @pad. */
GST_TRYON_API GstTryonSession * gst_tryon_pad_get_session (GstPad * pad);

/* tryon-reference (sticky): the design to put on. @image: an encoded image,
 * %NULL for none (it takes back an earlier one); @media_type: such as
 * "image/webp"; @id (nullable): what the client called it. */
GST_TRYON_API GstEvent *        gst_tryon_event_new_reference (GstBuffer * image,
                                                               const gchar * media_type,
                                                               const gchar * id);
/* @image (transfer full) (nullable), @media_type, @id (transfer none): valid as
 * long as @event; each may be %NULL when not wanted. */
GST_TRYON_API gboolean          gst_tryon_event_parse_reference (GstEvent * event,
                                                                 GstBuffer ** image,
                                                                 const gchar ** media_type,
                                                                 const gchar ** id);

/* tryon-control: a command of the client's, in order with its frames. @params
 * (transfer full) (nullable). */
GST_TRYON_API GstEvent *        gst_tryon_event_new_control (const gchar * action,
                                                             GstStructure * params);
/* (transfer none) */
GST_TRYON_API gboolean          gst_tryon_event_parse_control (GstEvent * event,
                                                               const gchar ** action,
                                                               const GstStructure ** params);

/* tryon-capture: save the next frame. */
GST_TRYON_API GstEvent *        gst_tryon_event_new_capture (gboolean save_to_collection);
GST_TRYON_API gboolean          gst_tryon_event_parse_capture (GstEvent * event,
                                                               gboolean * save_to_collection);

G_END_DECLS

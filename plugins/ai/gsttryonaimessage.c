/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <string.h>

#include "gsttryonaimessage.h"

/* What an `upload_reference` holds beside the image. */
#define MAX_REFERENCE_FIELDS 1024

GstStructure *
gst_tryon_ai_message_new_reference (GstBuffer * image,
    const gchar * media_type, const gchar * id, GError ** error)
{
  GstStructure *message;
  GstMapInfo map;
  gchar *data;

  /* Beyond this the service would close the connection, again and again. */
  if (gst_buffer_get_size (image) / 3 * 4 + MAX_REFERENCE_FIELDS >
      GST_TRYON_CONNECTION_DEFAULT_MAX_TEXT_BYTES) {
    g_set_error (error, GST_TRYON_ERROR, GST_TRYON_ERROR_FRAME_TOO_LARGE,
        "a reference image of %" G_GSIZE_FORMAT " bytes is too large",
        gst_buffer_get_size (image));
    return NULL;
  }
  if (!gst_buffer_map (image, &map, GST_MAP_READ)) {
    g_set_error_literal (error, GST_TRYON_ERROR, GST_TRYON_ERROR_INTERNAL,
        "a reference image can't be read");
    return NULL;
  }
  data = g_base64_encode (map.data, map.size);
  gst_buffer_unmap (image, &map);
  if (media_type != NULL && g_str_has_prefix (media_type, "image/"))
    media_type += strlen ("image/");
  message = gst_structure_new ("upload_reference",
      "data", G_TYPE_STRING, data, "format", G_TYPE_STRING, media_type, NULL);
  if (id != NULL && id[0] != '\0')
    gst_structure_set (message, "filename", G_TYPE_STRING, id, NULL);
  g_free (data);
  return message;
}

static gboolean
check_answer (const GstTryonFrameHeader * header, const guint8 * data,
    gsize size, GError ** error)
{
  GstTryonImageInfo info;
  GError *problem = NULL;

  if (!gst_tryon_frame_header_check (header, size, error))
    return FALSE;
  if (header->type == GST_TRYON_FRAME_TYPE_DROPPED)
    return TRUE;
  data += GST_TRYON_PROTOCOL_HEADER_SIZE;
  size -= GST_TRYON_PROTOCOL_HEADER_SIZE;
  if (gst_tryon_image_info_parse (data, size, &info, &problem) &&
      gst_tryon_image_info_check_complete (&info, data, size, &problem))
    return TRUE;
  g_propagate_prefixed_error (error, problem, "answer to frame %u: ",
      header->sequence);
  return FALSE;
}

gboolean
gst_tryon_ai_answer_parse (GstBuffer * message, GstTryonFrameHeader * header,
    gboolean * is_answer, GError ** error)
{
  gboolean ok = FALSE;
  GstMapInfo map;

  *is_answer = FALSE;
  if (!gst_buffer_map (message, &map, GST_MAP_READ)) {
    g_set_error_literal (error, GST_TRYON_ERROR, GST_TRYON_ERROR_INTERNAL,
        "a message can't be read");
    return FALSE;
  }
  if (!gst_tryon_frame_header_parse (map.data, map.size, header, error)) {
    /* Of no frame. */
  } else if (header->type == GST_TRYON_FRAME_TYPE_FRAME) {
    g_set_error (error, GST_TRYON_ERROR, GST_TRYON_ERROR_BAD_MESSAGE,
        "binary message of type %d (frame), a service sends answers only",
        header->type);
  } else {
    *is_answer = TRUE;
    ok = check_answer (header, map.data, map.size, error);
  }
  gst_buffer_unmap (message, &map);
  return ok;
}

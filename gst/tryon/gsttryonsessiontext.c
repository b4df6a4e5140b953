/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The text messages of a session: what the client's mean, and those that are
 * sent to it. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <string.h>

#include "gsttryonsession-private.h"
#include "gsttryonevent.h"

/* A reference picture is decoded whole by who uses it. */
#define MAX_REFERENCE_SIDE 4096
/* Those that wait for the pipeline, each as large as a text message may be. */
#define MAX_REFERENCES 4

/* Puts @message in the place of one of its type that the client has not read
 * yet, where only the newest one counts. */
static gboolean
replace_waiting (GstTryonSession * session, GstStructure * message)
{
  GList *l;

  if (!gst_structure_has_name (message, "config") &&
      !gst_structure_has_name (message, "stats"))
    return FALSE;
  for (l = session->texts.head; l != NULL; l = l->next) {
    if (gst_structure_has_name (l->data, gst_structure_get_name (message))) {
      gst_structure_free (l->data);
      l->data = message;
      return TRUE;
    }
  }
  return FALSE;
}

void
gst_tryon_session_queue_text_unlocked (GstTryonSession * session,
    GstStructure * message)
{
  /* Before it is connected it may have something to say already. */
  if (session->gone || session->close_code != 0) {
    gst_structure_free (message);
    return;
  }
  if (replace_waiting (session, message))
    return;
  if (session->texts.length >= GST_TRYON_SESSION_MAX_TEXTS) {
    gst_structure_free (message);
    gst_tryon_session_close_unlocked (session, GST_TRYON_CLOSE_SLOW_CLIENT,
        "messages pile up unread");
    return;
  }
  g_queue_push_tail (&session->texts, message);
}

void
gst_tryon_session_queue_error_unlocked (GstTryonSession * session,
    GstTryonError code, const gchar * text)
{
  const gchar *name = gst_tryon_error_get_code (code);
  GList *l;

  /* A client that does everything wrong is told so once, not once a frame,
   * as long as it has not read the last one. */
  for (l = session->texts.head; l != NULL; l = l->next) {
    if (gst_structure_has_name (l->data, "error") &&
        g_strcmp0 (gst_structure_get_string (l->data, "code"), name) == 0)
      return;
  }
  gst_tryon_session_queue_text_unlocked (session,
      gst_tryon_message_new_error (code, text, TRUE));
}

static GstStructure *
new_config (GstTryonSession * session)
{
  static const gchar *formats[] = {
    "image/webp", "image/jpeg", "image/png", NULL
  };
  GstStructure *resolution, *config;

  resolution = gst_structure_new ("object",
      "width", G_TYPE_UINT, session->config.max_width,
      "height", G_TYPE_UINT, session->config.max_height, NULL);
  config = gst_structure_new ("config",
      "target_fps", G_TYPE_UINT, session->config.target_fps,
      "max_resolution", GST_TYPE_STRUCTURE, resolution,
      "max_in_flight", G_TYPE_UINT, session->config.max_in_flight,
      "formats", G_TYPE_STRV, formats, NULL);
  gst_structure_free (resolution);
  return config;
}

void
gst_tryon_session_queue_config_unlocked (GstTryonSession * session)
{
  /* Before that, session_ready will carry it. */
  if (session->introduced)
    gst_tryon_session_queue_text_unlocked (session, new_config (session));
}

gchar *
gst_tryon_session_serialize_text (GstStructure * message, gsize * size)
{
  if (gst_structure_has_name (message, "pong"))
    gst_structure_set (message,
        "t2", G_TYPE_DOUBLE, g_get_real_time () / 1000.0, NULL);
  return gst_tryon_message_serialize (message, size);
}

static void
push_control (GstTryonSession * session, const gchar * action,
    GstStructure * params)
{
  gst_tryon_session_push_event_unlocked (session,
      gst_tryon_event_new_control (action, params));
}

static void
handle_init (GstTryonSession * session, const GstStructure * message)
{
  const gchar *preset = gst_structure_get_string (message, "quality_preset");
  GstStructure *config;

  if (session->init != NULL)
    gst_structure_free (session->init);
  session->init = gst_structure_copy (message);
  session->introduced = TRUE;
  push_control (session, "init_session", gst_structure_copy (message));
  if (preset != NULL)
    push_control (session, "adjust_quality", gst_structure_new ("object",
            "quality_preset", G_TYPE_STRING, preset, NULL));

  config = new_config (session);
  gst_tryon_session_queue_text_unlocked (session,
      gst_structure_new ("session_ready",
          "session_id", G_TYPE_STRING, session->id,
          "config", GST_TYPE_STRUCTURE, config, NULL));
  gst_structure_free (config);
}

static guint
count_references (GstTryonSession * session)
{
  guint n = 0;
  GList *l;

  for (l = session->inbox.head; l != NULL; l = l->next) {
    GstTryonSessionItem *item = l->data;

    if (GST_IS_EVENT (item->object))
      n += gst_tryon_event_parse_reference (GST_EVENT_CAST (item->object), NULL,
          NULL, NULL);
  }
  return n;
}

static GstBuffer *
decode_reference (GstTryonSession * session, const GstStructure * message,
    GstTryonImageInfo * info, GError ** error)
{
  const gchar *base64 = gst_structure_get_string (message, "data");
  guchar *data;
  gsize size;

  if (base64 == NULL) {
    g_set_error_literal (error, GST_TRYON_ERROR, GST_TRYON_ERROR_BAD_MESSAGE,
        "upload_reference: data is missing, send the image in base64");
    return NULL;
  }
  if (count_references (session) >= MAX_REFERENCES) {
    g_set_error_literal (error, GST_TRYON_ERROR, GST_TRYON_ERROR_RATE_LIMITED,
        "upload_reference: images come faster than they can be put on");
    return NULL;
  }
  data = g_base64_decode (base64, &size);
  if (!gst_tryon_image_info_parse (data, size, info, error) ||
      !gst_tryon_image_info_check_complete (info, data, size, error)) {
    g_prefix_error (error, "upload_reference: ");
    g_free (data);
    return NULL;
  }
  if (info->width > MAX_REFERENCE_SIDE || info->height > MAX_REFERENCE_SIDE) {
    g_set_error (error, GST_TRYON_ERROR, GST_TRYON_ERROR_FRAME_TOO_LARGE,
        "upload_reference: the image is %ux%u, at most %ux%u is taken",
        info->width, info->height, MAX_REFERENCE_SIDE, MAX_REFERENCE_SIDE);
    g_free (data);
    return NULL;
  }
  return gst_buffer_new_wrapped (data, size);
}

static void
handle_reference (GstTryonSession * session, const GstStructure * message)
{
  GstTryonImageInfo info;
  GError *error = NULL;
  GstBuffer *image = decode_reference (session, message, &info, &error);

  if (image == NULL) {
    session->messages_invalid++;
    gst_tryon_session_queue_error_unlocked (session, error->code,
        error->message);
    g_error_free (error);
    return;
  }
  gst_tryon_session_push_event_unlocked (session,
      gst_tryon_event_new_reference (image,
          gst_tryon_image_format_get_media_type (info.format),
          gst_structure_get_string (message, "filename")));
  gst_buffer_unref (image);
}

static void
handle_control (GstTryonSession * session, const GstStructure * message)
{
  const gchar *action = gst_structure_get_string (message, "action");

  if (action == NULL)
    return;
  if (strcmp (action, "pause") == 0)
    session->paused = TRUE;
  else if (strcmp (action, "resume") == 0)
    session->paused = FALSE;
  push_control (session, action,
      gst_tryon_message_get_object (message, "params"));
}

static void
handle_capture (GstTryonSession * session, const GstStructure * message)
{
  gboolean save = FALSE;

  gst_structure_get_boolean (message, "save_to_collection", &save);
  gst_tryon_session_push_event_unlocked (session,
      gst_tryon_event_new_capture (save));
}

static void
handle_ping (GstTryonSession * session, const GstStructure * message,
    gint64 arrival)
{
  GstStructure *pong = gst_structure_new ("pong", NULL, NULL);
  const GValue *t0 = gst_structure_get_value (message, "t0");

  if (t0 != NULL)
    gst_structure_set_value (pong, "t0", t0);
  gst_structure_set (pong, "t1", G_TYPE_DOUBLE, arrival / 1000.0, NULL);
  gst_tryon_session_queue_text_unlocked (session, pong);
}

void
gst_tryon_session_handle_text_unlocked (GstTryonSession * session,
    const GstStructure * message, gint64 arrival)
{
  const gchar *type = gst_structure_get_name (message);

  if (strcmp (type, "ping") == 0)
    handle_ping (session, message, arrival);
  else if (strcmp (type, "init_session") == 0)
    handle_init (session, message);
  else if (!session->introduced)
    gst_tryon_session_queue_error_unlocked (session,
        GST_TRYON_ERROR_BAD_MESSAGE, "the first message must be init_session");
  else if (strcmp (type, "upload_reference") == 0)
    handle_reference (session, message);
  else if (strcmp (type, "control") == 0)
    handle_control (session, message);
  else if (strcmp (type, "capture") == 0)
    handle_capture (session, message);
  else
    GST_DEBUG_OBJECT (session, "ignoring a '%s' message", type);
}

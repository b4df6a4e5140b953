/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The events that carry the conversation through a pipeline. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gsttryonevent.h"

#define EVENT_SESSION "tryon-session"
#define EVENT_REFERENCE "tryon-reference"
#define EVENT_CONTROL "tryon-control"
#define EVENT_CAPTURE "tryon-capture"

static GstEvent *
new_sticky (GstStructure * structure)
{
  return gst_event_new_custom (GST_EVENT_CUSTOM_DOWNSTREAM_STICKY, structure);
}

static GstEvent *
new_serialized (GstStructure * structure)
{
  return gst_event_new_custom (GST_EVENT_CUSTOM_DOWNSTREAM, structure);
}

GstEvent *
gst_tryon_event_new_session (GstTryonSession * session)
{
  g_return_val_if_fail (GST_IS_TRYON_SESSION (session), NULL);

  return new_sticky (gst_structure_new (EVENT_SESSION,
          "session", GST_TYPE_TRYON_SESSION, session, NULL));
}

gboolean
gst_tryon_event_parse_session (GstEvent * event, GstTryonSession ** session)
{
  if (!gst_event_has_name (event, EVENT_SESSION))
    return FALSE;
  return gst_structure_get (gst_event_get_structure (event),
      "session", GST_TYPE_TRYON_SESSION, session, NULL) && *session != NULL;
}

GstTryonSession *
gst_tryon_pad_get_session (GstPad * pad)
{
  GstTryonSession *session = NULL;
  GstEvent *event;
  guint i;

  /* All custom sticky events share one type: they differ by name only. */
  for (i = 0; session == NULL; i++) {
    event =
        gst_pad_get_sticky_event (pad, GST_EVENT_CUSTOM_DOWNSTREAM_STICKY, i);
    if (event == NULL)
      break;
    if (!gst_tryon_event_parse_session (event, &session))
      session = NULL;
    gst_event_unref (event);
  }
  return session;
}

GstEvent *
gst_tryon_event_new_reference (GstBuffer * image, const gchar * media_type,
    const gchar * id)
{
  GstStructure *s = gst_structure_new_empty (EVENT_REFERENCE);

  if (image != NULL)
    gst_structure_set (s, "image", GST_TYPE_BUFFER, image, NULL);
  if (media_type != NULL)
    gst_structure_set (s, "media-type", G_TYPE_STRING, media_type, NULL);
  if (id != NULL)
    gst_structure_set (s, "id", G_TYPE_STRING, id, NULL);
  return new_sticky (s);
}

gboolean
gst_tryon_event_parse_reference (GstEvent * event, GstBuffer ** image,
    const gchar ** media_type, const gchar ** id)
{
  const GstStructure *s;

  if (!gst_event_has_name (event, EVENT_REFERENCE))
    return FALSE;
  s = gst_event_get_structure (event);
  if (image != NULL) {
    *image = NULL;
    gst_structure_get (s, "image", GST_TYPE_BUFFER, image, NULL);
  }
  if (media_type != NULL)
    *media_type = gst_structure_get_string (s, "media-type");
  if (id != NULL)
    *id = gst_structure_get_string (s, "id");
  return TRUE;
}

GstEvent *
gst_tryon_event_new_control (const gchar * action, GstStructure * params)
{
  GstStructure *s;

  g_return_val_if_fail (action != NULL, NULL);

  s = gst_structure_new (EVENT_CONTROL, "action", G_TYPE_STRING, action, NULL);
  if (params != NULL) {
    gst_structure_set (s, "params", GST_TYPE_STRUCTURE, params, NULL);
    gst_structure_free (params);
  }
  return new_serialized (s);
}

gboolean
gst_tryon_event_parse_control (GstEvent * event, const gchar ** action,
    const GstStructure ** params)
{
  const GstStructure *s;
  const GValue *value;

  if (!gst_event_has_name (event, EVENT_CONTROL))
    return FALSE;
  s = gst_event_get_structure (event);
  if (action != NULL)
    *action = gst_structure_get_string (s, "action");
  if (params != NULL) {
    value = gst_structure_get_value (s, "params");
    *params = value != NULL ? gst_value_get_structure (value) : NULL;
  }
  return TRUE;
}

GstEvent *
gst_tryon_event_new_capture (gboolean save_to_collection)
{
  return new_serialized (gst_structure_new (EVENT_CAPTURE,
          "save-to-collection", G_TYPE_BOOLEAN, save_to_collection, NULL));
}

gboolean
gst_tryon_event_parse_capture (GstEvent * event, gboolean * save_to_collection)
{
  if (!gst_event_has_name (event, EVENT_CAPTURE))
    return FALSE;
  if (save_to_collection != NULL)
    gst_structure_get_boolean (gst_event_get_structure (event),
        "save-to-collection", save_to_collection);
  return TRUE;
}

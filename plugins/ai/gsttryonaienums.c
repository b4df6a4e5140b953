/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gsttryonaienums.h"

GType
gst_tryon_ai_fallback_get_type (void)
{
  static GType type = 0;
  static const GEnumValue values[] = {
    {GST_TRYON_AI_FALLBACK_PASSTHROUGH, "The original image", "passthrough"},
    {GST_TRYON_AI_FALLBACK_LAST,
          "The session's last processed image, nothing before there is one",
        "last"},
    {GST_TRYON_AI_FALLBACK_DROP, "Nothing, the frame is dropped", "drop"},
    {0, NULL, NULL}
  };

  if (g_once_init_enter (&type)) {
    GType t = g_enum_register_static ("GstTryonAiFallback", values);
    g_once_init_leave (&type, t);
  }
  return type;
}

GType
gst_tryon_ai_state_get_type (void)
{
  static GType type = 0;
  static const GEnumValue values[] = {
    {GST_TRYON_AI_STATE_DISCONNECTED, "No connection is wanted",
        "disconnected"},
    {GST_TRYON_AI_STATE_CONNECTING, "Connecting for the first time",
        "connecting"},
    {GST_TRYON_AI_STATE_READY, "The service has taken the session", "ready"},
    {GST_TRYON_AI_STATE_UNAVAILABLE, "Failed or lost, tried again",
        "unavailable"},
    {0, NULL, NULL}
  };

  if (g_once_init_enter (&type)) {
    GType t = g_enum_register_static ("GstTryonAiState", values);
    g_once_init_leave (&type, t);
  }
  return type;
}

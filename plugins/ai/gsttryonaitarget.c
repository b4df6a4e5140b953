/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gsttryonaitarget.h"

static gchar *
get_address (const gchar * text)
{
  GUri *uri = g_uri_parse (text, G_URI_FLAGS_NONE, NULL);
  gchar *address;

  if (uri == NULL)
    return g_strdup ("(invalid address)");
  address = g_uri_to_string_partial (uri,
      G_URI_HIDE_USERINFO | G_URI_HIDE_QUERY | G_URI_HIDE_FRAGMENT);
  g_uri_unref (uri);
  return address;
}

GstTryonAiTarget *
gst_tryon_ai_target_new (guint generation, const gchar * uri,
    const gchar * token)
{
  GstTryonAiTarget *target = g_new0 (GstTryonAiTarget, 1);

  target->generation = generation;
  target->uri = g_strdup (uri);
  target->address = get_address (uri);
  target->token = g_strdup (token);
  return target;
}

void
gst_tryon_ai_target_free (GstTryonAiTarget * target)
{
  g_free (target->uri);
  g_free (target->address);
  g_free (target->token);
  gst_clear_structure (&target->init);
  g_free (target);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Listeners of a test, what is let in there, and what is refused. */

#include "wsclient.h"

/* An endpoint of a test, and what happened at it. */
typedef struct
{
  GError *refusal;              /* admit() gives this, if any */
  gint admitted;                /* atomic */
  gint refused;                 /* atomic */
  gint notified;                /* atomic */
  gint removed;                 /* atomic: nothing may be called any more */
  guint refused_status;
  GstTryonSession *last;
} Desk;

static inline GstTryonSession *
desk_admit (const GstTryonRequest * request, gpointer user_data,
    GError ** error)
{
  Desk *desk = user_data;

  fail_if (g_atomic_int_get (&desk->removed));
  fail_unless_equals_string (request->remote_address, "127.0.0.1");
  g_atomic_int_inc (&desk->admitted);
  if (desk->refusal != NULL) {
    g_propagate_error (error, g_error_copy (desk->refusal));
    return NULL;
  }
  gst_clear_object (&desk->last);
  desk->last = gst_tryon_session_new (request->session_id, NULL);
  return gst_object_ref (desk->last);
}

static inline void
desk_refused (const GstTryonRequest * request, guint http_status,
    const GError * error, gpointer user_data)
{
  Desk *desk = user_data;

  fail_if (g_atomic_int_get (&desk->removed));
  /* Structures take nothing else. */
  fail_unless (g_utf8_validate (error->message, -1, NULL));
  fail_unless (request->origin == NULL
      || g_utf8_validate (request->origin, -1, NULL));
  desk->refused_status = http_status;
  g_atomic_int_inc (&desk->refused);
}

static inline void
desk_notify (gpointer user_data)
{
  g_atomic_int_inc (&((Desk *) user_data)->notified);
}

static const GstTryonEndpoint any = {
  NULL, NULL, NULL, GST_TRYON_CONNECTION_LIMITS_INIT, desk_admit, NULL, desk_refused
};

static inline guint
desk_open (Desk * desk, GstTryonListener * listener,
    const GstTryonEndpoint * endpoint)
{
  GError *error = NULL;
  guint id;

  id = gst_tryon_listener_add_endpoint (listener, endpoint, desk, desk_notify,
      &error);
  fail_unless (id > 0, "%s", error ? error->message : "");
  return id;
}

static inline void
desk_close (Desk * desk, GstTryonListener * listener, guint id)
{
  gst_tryon_listener_remove_endpoint (listener, id);
  g_atomic_int_set (&desk->removed, TRUE);
  fail_unless_equals_int (g_atomic_int_get (&desk->notified), 1);
  g_clear_error (&desk->refusal);
  gst_clear_object (&desk->last);
}

static inline GstTryonListener *
listen_on (const gchar * address, guint port)
{
  GError *error = NULL;
  GstTryonListener *listener;

  listener = gst_tryon_listener_get (address, port, NULL, &error);
  fail_unless (listener != NULL, "%s", error ? error->message : "");
  return listener;
}

static inline guint
find_free_port (void)
{
  GstTryonListener *listener = listen_on ("127.0.0.1", 0);
  guint port = gst_tryon_listener_get_port (listener);

  gst_object_unref (listener);
  return port;
}

static inline gboolean
is_reachable (const gchar * address, guint port)
{
  WsRaw *raw = ws_raw_try_new (address, port, FALSE, NULL);

  if (raw == NULL)
    return FALSE;
  ws_raw_free (raw);
  return TRUE;
}

/* Sends @request; its refusal must be @status with @code, as problem+json. */
static inline gchar *
expect_refusal (guint port, const gchar * request, guint status,
    const gchar * code)
{
  WsRaw *raw = ws_raw_new (port);
  gchar *head, *body, *type;
  GstStructure *problem;
  gint64 said;

  ws_raw_send (raw, request, strlen (request));
  fail_unless_equals_int_hex (ws_raw_read_answer (raw, &head, &body), status);
  type = ws_header (head, "Content-Type");
  fail_unless_equals_string (type, "application/problem+json");
  problem = gst_tryon_message_parse (body, strlen (body), NULL);
  fail_unless (problem != NULL, "%s", body);
  fail_unless (strstr (body, "\"type\":\"about:blank\"") != NULL, "%s", body);
  fail_unless (gst_structure_get_int64 (problem, "status", &said));
  fail_unless_equals_int (said, status);
  fail_unless_equals_string (gst_structure_get_string (problem, "code"), code);
  fail_unless (strlen (gst_structure_get_string (problem, "title")) > 0);
  fail_unless (strlen (gst_structure_get_string (problem, "detail")) > 0);
  GST_INFO ("%u: %s", status, body);
  /* And the connection is over. */
  fail_if (ws_raw_read (raw));

  gst_structure_free (problem);
  g_free (type);
  g_free (body);
  ws_raw_free (raw);
  return head;
}

static inline void
expect_header (const gchar * head, const gchar * name, const gchar * value)
{
  gchar *found = ws_header (head, name);

  fail_unless_equals_string (found, value);
  g_free (found);
}

/* The handshake with path @path and header lines @extra ends in @status. */
static inline void
expect_status (guint port, const gchar * path, const gchar * extra,
    guint status, const gchar * code)
{
  gchar *request = ws_request (path, extra);
  WsRaw *raw;

  if (status == 101) {
    raw = ws_raw_new (port);
    ws_raw_send (raw, request, strlen (request));
    fail_unless_equals_int (ws_raw_read_answer (raw, NULL, NULL), 101);
    ws_raw_free (raw);
  } else {
    g_free (expect_refusal (port, request, status, code));
  }
  g_free (request);
}

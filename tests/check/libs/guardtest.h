/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A listener that lets in whom its options let in: each client that gets through
 * has a session of its own. */

#include "wsclient.h"

/* Milliseconds; for what is to come to an end by something else. */
#define NEVER 600000

typedef struct
{
  GstTryonListener *listener;
  guint port;
  guint id;
  gint admitted;                /* atomic */
} Guarded;

static inline GstTryonSession *
guarded_admit (const GstTryonRequest * request, gpointer user_data,
    GError ** error)
{
  g_atomic_int_inc (&((Guarded *) user_data)->admitted);
  return gst_tryon_session_new (request->session_id, NULL);
}

static inline GstTryonListenerOptions
make_options (void)
{
  GstTryonListenerOptions options = GST_TRYON_LISTENER_OPTIONS_INIT;

  options.handshake_timeout = NEVER;
  return options;
}

static inline void
guarded_open (Guarded * guarded, const GstTryonListenerOptions * options)
{
  GstTryonEndpoint endpoint = {
    .limits = GST_TRYON_CONNECTION_LIMITS_INIT,.admit = guarded_admit
  };
  GError *error = NULL;

  memset (guarded, 0, sizeof (*guarded));
  guarded->listener = gst_tryon_listener_get ("127.0.0.1", 0, options, &error);
  fail_unless (guarded->listener != NULL, "%s", error ? error->message : "");
  guarded->port = gst_tryon_listener_get_port (guarded->listener);
  guarded->id = gst_tryon_listener_add_endpoint (guarded->listener, &endpoint,
      guarded, NULL, NULL);
  fail_unless (guarded->id > 0);
}

static inline guint64
guarded_get (Guarded * guarded, const gchar * name)
{
  GstStructure *stats = gst_tryon_listener_get_stats (guarded->listener);
  guint64 value = 0;
  guint now = 0;

  fail_unless (gst_structure_get_uint64 (stats, name, &value)
      || gst_structure_get_uint (stats, name, &now), "no %s in %"
      GST_PTR_FORMAT, name, stats);
  gst_structure_free (stats);
  return value + now;
}

/* What the listener's thread is about to do shows in its counters. */
static inline void
guarded_wait (Guarded * guarded, const gchar * name, guint64 value)
{
  gint64 deadline = WS_DEADLINE;
  guint64 found;

  while ((found = guarded_get (guarded, name)) != value) {
    fail_unless (g_get_monotonic_time () < deadline, "%s stays at %"
        G_GUINT64_FORMAT ", not %" G_GUINT64_FORMAT, name, found, value);
    g_thread_yield ();
  }
}

static inline void
guarded_expect (Guarded * guarded, const gchar * name, guint64 value)
{
  guint64 found = guarded_get (guarded, name);

  fail_unless (found == value, "%s is %" G_GUINT64_FORMAT ", not %"
      G_GUINT64_FORMAT, name, found, value);
}

/* All clients have left: nothing may be counted as there any more. */
static inline void
guarded_close (Guarded * guarded)
{
  guarded_wait (guarded, "connections", 0);
  guarded_wait (guarded, "connections-pending", 0);
  gst_tryon_listener_remove_endpoint (guarded->listener, guarded->id);
  gst_object_unref (guarded->listener);
}

/* The handshake on @raw, which must succeed. */
static inline void
raw_upgrade (WsRaw * raw)
{
  gchar *request = ws_request ("/ws/try-on/a/", WS_PROTOCOL_LINE);

  ws_raw_send (raw, request, strlen (request));
  fail_unless_equals_int (ws_raw_read_answer (raw, NULL, NULL), 101);
  g_free (request);
}

/* Not one byte comes but the end. */
static inline void
expect_closed_unanswered (WsRaw * raw)
{
  fail_if (ws_raw_read (raw), "answered: %.*s", (gint) raw->in->len,
      raw->in->data);
}

/* @raw, which is a WebSocket, is being served. */
static inline void
expect_pong (WsRaw * raw)
{
  GstTryonWsOpcode opcode;
  GBytes *payload;

  ws_raw_send_frame (raw, GST_TRYON_WS_OPCODE_PING, "?", 1);
  payload = ws_raw_read_frame (raw, &opcode);
  fail_unless_equals_int (opcode, GST_TRYON_WS_OPCODE_PONG);
  fail_unless_equals_int (g_bytes_get_size (payload), 1);
  g_bytes_unref (payload);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* An AI service for tests, on libsoup's WebSocket, which shares no code with
 * the element's end. Runs on a thread of its own; what it does with a frame is
 * a function of the test's. */

#include <string.h>
#include <gst/check/gstcheck.h>
#include <gst/tryon/tryon.h>
#include <libsoup/soup.h>

/* Longest time that a test waits for anything, microseconds. */
#define AI_SERVICE_PATIENCE (10 * G_USEC_PER_SEC)

/* What frames are: a blue PNG; and what answers are: a red WebP. */
static const guint8 ai_frame_png[] = {
  0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d,
  0x49, 0x48, 0x44, 0x52, 0x00, 0x00, 0x00, 0x10, 0x00, 0x00, 0x00, 0x0c,
  0x08, 0x02, 0x00, 0x00, 0x00, 0xe4, 0x85, 0xaa, 0xd6, 0x00, 0x00, 0x00,
  0x17, 0x49, 0x44, 0x41, 0x54, 0x78, 0xda, 0x63, 0x64, 0x60, 0xf8, 0xcf,
  0x40, 0x0a, 0x60, 0x62, 0x20, 0x11, 0x8c, 0x6a, 0x18, 0x29, 0x1a, 0x00,
  0x64, 0xb1, 0x01, 0x17, 0x7e, 0x7d, 0x96, 0x4a, 0x00, 0x00, 0x00, 0x00,
  0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82
};
static const guint8 ai_answer_webp[] = {
  0x52, 0x49, 0x46, 0x46, 0x1c, 0x00, 0x00, 0x00, 0x57, 0x45, 0x42, 0x50,
  0x56, 0x50, 0x38, 0x4c, 0x0f, 0x00, 0x00, 0x00, 0x2f, 0x1f, 0xc0, 0x05,
  0x00, 0x07, 0x10, 0xfd, 0x8f, 0xfe, 0x07, 0x22, 0xa2, 0xff, 0x01, 0x00
};

#define AI_FRAME_CAPS "image/png,width=16,height=12,framerate=30/1"
#define AI_ANSWER_CAPS "image/webp,width=32,height=24,framerate=30/1"

typedef struct _AiService AiService;

/* On the service's thread. @image: what follows the header. */
typedef void (*AiServiceFrameFunc) (AiService * service,
    SoupWebsocketConnection * ws, const GstTryonFrameHeader * header,
    const guint8 * image, gsize size);

struct _AiService {
  /* Set before a client comes, constant afterwards. */
  AiServiceFrameFunc on_frame;
  guint delay;                  /* milliseconds, of ai_service_later() */
  guint max_in_flight;
  gboolean is_mute;             /* says no session_ready */
  gchar *token;                 /* (nullable): must be shown */

  guint port;
  gchar *uri;
  GThread *thread;
  GMainContext *context;
  GMainLoop *loop;
  SoupServer *server;           /* the thread's */
  GList *peers;                 /* the thread's */
  gboolean ready;               /* lock */

  GMutex lock;
  GCond cond;
  /* lock: */
  guint n_refused;              /* of requests still to be refused with 503 */
  guint n_requests;
  guint n_connections;
  guint n_open;
  guint n_frames;
  guint last_close;
  GArray *sequences;            /* guint32, of the frames */
  GPtrArray *texts;             /* what came as text */
  GPtrArray *paths;             /* of the connections */
};

static inline GstBuffer *
ai_buffer_new (const guint8 * data, gsize size)
{
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, size, NULL);

  gst_buffer_fill (buffer, 0, data, size);
  return buffer;
}

/* ---- what it says ---- */

static inline void
ai_service_say (SoupWebsocketConnection * ws, const gchar * text)
{
  if (soup_websocket_connection_get_state (ws) == SOUP_WEBSOCKET_STATE_OPEN)
    soup_websocket_connection_send_text (ws, text);
}

static inline void
ai_service_send (SoupWebsocketConnection * ws,
    const GstTryonFrameHeader * header, const guint8 * payload, gsize size)
{
  guint8 *data = g_malloc (GST_TRYON_PROTOCOL_HEADER_SIZE + size);

  gst_tryon_frame_header_write (header, data);
  if (size > 0)
    memcpy (data + GST_TRYON_PROTOCOL_HEADER_SIZE, payload, size);
  if (soup_websocket_connection_get_state (ws) == SOUP_WEBSOCKET_STATE_OPEN)
    soup_websocket_connection_send_binary (ws, data,
        GST_TRYON_PROTOCOL_HEADER_SIZE + size);
  g_free (data);
}

static inline void
ai_service_answer (SoupWebsocketConnection * ws,
    const GstTryonFrameHeader * frame, const guint8 * payload, gsize size)
{
  GstTryonFrameHeader header = *frame;

  header.type = GST_TRYON_FRAME_TYPE_PROCESSED;
  header.payload_length = size;
  ai_service_send (ws, &header, payload, size);
}

static inline void
ai_service_drop (SoupWebsocketConnection * ws,
    const GstTryonFrameHeader * frame, GstTryonDropReason reason)
{
  GstTryonFrameHeader header = *frame;

  header.type = GST_TRYON_FRAME_TYPE_DROPPED;
  header.flags = reason;
  header.payload_length = 0;
  ai_service_send (ws, &header, NULL, 0);
}

/* ---- what it does with frames ---- */

static inline void
ai_service_process (AiService * service, SoupWebsocketConnection * ws,
    const GstTryonFrameHeader * header, const guint8 * image, gsize size)
{
  ai_service_answer (ws, header, ai_answer_webp, sizeof (ai_answer_webp));
}

static inline void
ai_service_echo (AiService * service, SoupWebsocketConnection * ws,
    const GstTryonFrameHeader * header, const guint8 * image, gsize size)
{
  ai_service_answer (ws, header, image, size);
}

static inline void
ai_service_ignore (AiService * service, SoupWebsocketConnection * ws,
    const GstTryonFrameHeader * header, const guint8 * image, gsize size)
{
}

typedef struct {
  SoupWebsocketConnection *ws;
  GstTryonFrameHeader header;
} AiServiceLater;

static inline gboolean
ai_service_now (gpointer user_data)
{
  AiServiceLater *later = user_data;

  ai_service_process (NULL, later->ws, &later->header, NULL, 0);
  return G_SOURCE_REMOVE;
}

static inline void
ai_service_later_free (gpointer user_data)
{
  AiServiceLater *later = user_data;

  g_object_unref (later->ws);
  g_free (later);
}

/* Processes it after service->delay. */
static inline void
ai_service_later (AiService * service, SoupWebsocketConnection * ws,
    const GstTryonFrameHeader * header, const guint8 * image, gsize size)
{
  AiServiceLater *later = g_new0 (AiServiceLater, 1);
  GSource *source = g_timeout_source_new (service->delay);

  later->ws = g_object_ref (ws);
  later->header = *header;
  g_source_set_callback (source, ai_service_now, later, ai_service_later_free);
  g_source_attach (source, service->context);
  g_source_unref (source);
}

/* ---- its thread ---- */

static inline void
ai_service_on_binary (AiService * service, SoupWebsocketConnection * ws,
    const guint8 * data, gsize size)
{
  GstTryonFrameHeader header;

  fail_unless (gst_tryon_frame_header_parse (data, size, &header, NULL));
  fail_unless (gst_tryon_frame_header_check (&header, size, NULL));
  fail_unless_equals_int (header.type, GST_TRYON_FRAME_TYPE_FRAME);
  fail_unless_equals_int (header.latency, 0);
  fail_unless_equals_int (header.ai_latency, 0);

  g_mutex_lock (&service->lock);
  service->n_frames++;
  g_array_append_val (service->sequences, header.sequence);
  g_cond_broadcast (&service->cond);
  g_mutex_unlock (&service->lock);

  service->on_frame (service, ws, &header,
      data + GST_TRYON_PROTOCOL_HEADER_SIZE,
      size - GST_TRYON_PROTOCOL_HEADER_SIZE);
}

static inline void
ai_service_on_text (AiService * service, SoupWebsocketConnection * ws,
    const gchar * text)
{
  gchar *ready;

  g_mutex_lock (&service->lock);
  g_ptr_array_add (service->texts, g_strdup (text));
  g_cond_broadcast (&service->cond);
  g_mutex_unlock (&service->lock);

  if (service->is_mute || strstr (text, "\"init_session\"") == NULL)
    return;
  ready = g_strdup_printf ("{\"type\":\"session_ready\","
      "\"session_id\":\"a\",\"config\":{\"target_fps\":30,\"max_resolution\":"
      "{\"width\":1920,\"height\":1920},\"max_in_flight\":%u,"
      "\"formats\":[\"image/webp\",\"image/png\"]}}", service->max_in_flight);
  ai_service_say (ws, ready);
  g_free (ready);
}

static inline void
ai_service_on_message (SoupWebsocketConnection * ws, gint type,
    GBytes * message, gpointer user_data)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (message, &size);

  if (type == SOUP_WEBSOCKET_DATA_TEXT)
    ai_service_on_text (user_data, ws, (const gchar *) data);
  else
    ai_service_on_binary (user_data, ws, data, size);
}

static inline void
ai_service_on_closed (SoupWebsocketConnection * ws, gpointer user_data)
{
  AiService *service = user_data;

  g_mutex_lock (&service->lock);
  service->n_open--;
  service->last_close = soup_websocket_connection_get_close_code (ws);
  g_cond_broadcast (&service->cond);
  g_mutex_unlock (&service->lock);
  service->peers = g_list_remove (service->peers, ws);
  g_object_unref (ws);
}

static inline void
ai_service_on_websocket (SoupServer * server, SoupServerMessage * message,
    const char *path, SoupWebsocketConnection * ws, gpointer user_data)
{
  AiService *service = user_data;

  service->peers = g_list_prepend (service->peers, g_object_ref (ws));
  g_object_set_data_full (G_OBJECT (ws), "socket",
      g_object_ref (soup_server_message_get_socket (message)), g_object_unref);
  soup_websocket_connection_set_max_incoming_payload_size (ws, 0);
  g_signal_connect (ws, "message", G_CALLBACK (ai_service_on_message), service);
  g_signal_connect (ws, "closed", G_CALLBACK (ai_service_on_closed), service);

  g_mutex_lock (&service->lock);
  service->n_connections++;
  service->n_open++;
  g_ptr_array_add (service->paths, g_strdup (path));
  g_cond_broadcast (&service->cond);
  g_mutex_unlock (&service->lock);
}

/* Before the handshake. */
static inline void
ai_service_on_request (SoupServer * server, SoupServerMessage * message,
    const char *path, GHashTable * query, gpointer user_data)
{
  AiService *service = user_data;
  SoupMessageHeaders *headers =
      soup_server_message_get_request_headers (message);
  const gchar *shown = soup_message_headers_get_one (headers, "Authorization");
  gboolean refuse;

  g_mutex_lock (&service->lock);
  service->n_requests++;
  refuse = service->n_refused > 0;
  if (refuse)
    service->n_refused--;
  g_cond_broadcast (&service->cond);
  g_mutex_unlock (&service->lock);

  if (refuse)
    soup_server_message_set_status (message, 503, NULL);
  else if (service->token != NULL && (shown == NULL ||
          !g_str_has_suffix (shown, service->token)))
    soup_server_message_set_status (message, 401, NULL);
}

/* As when the process dies. */
static inline void
ai_service_cut_peer (gpointer ws, gpointer user_data)
{
  g_socket_shutdown (g_object_get_data (ws, "socket"), TRUE, TRUE, NULL);
}

static inline gpointer
ai_service_thread (gpointer user_data)
{
  AiService *service = user_data;
  gchar *protocols[] = { (gchar *) GST_TRYON_PROTOCOL_NAME, NULL };
  GError *error = NULL;
  GSList *uris;

  g_main_context_push_thread_default (service->context);
  service->server = soup_server_new (NULL, NULL);
  soup_server_add_early_handler (service->server, NULL, ai_service_on_request,
      service, NULL);
  soup_server_add_websocket_handler (service->server, NULL, NULL, protocols,
      ai_service_on_websocket, service, NULL);
  fail_unless (soup_server_listen_local (service->server, service->port,
          SOUP_SERVER_LISTEN_IPV4_ONLY, &error));
  uris = soup_server_get_uris (service->server);
  g_mutex_lock (&service->lock);
  service->port = g_uri_get_port (uris->data);
  service->uri = g_strdup_printf ("ws://127.0.0.1:%u/ws/try-on/test/",
      service->port);
  service->ready = TRUE;
  g_cond_broadcast (&service->cond);
  g_mutex_unlock (&service->lock);
  g_slist_free_full (uris, (GDestroyNotify) g_uri_unref);

  g_main_loop_run (service->loop);

  /* What is not closed by now is cut; libsoup wants to see the end of each
   * before its server goes. */
  g_list_foreach (service->peers, ai_service_cut_peer, NULL);
  while (service->peers != NULL || g_main_context_pending (service->context))
    g_main_context_iteration (service->context, TRUE);
  soup_server_disconnect (service->server);
  while (g_main_context_iteration (service->context, FALSE));
  g_object_unref (service->server);
  g_main_context_pop_thread_default (service->context);
  return NULL;
}

/* @port 0 takes a free one. Call ai_service_start() when it is set up. */
static inline AiService *
ai_service_prepare (AiServiceFrameFunc on_frame, guint port)
{
  AiService *service = g_new0 (AiService, 1);

  service->on_frame = on_frame;
  service->port = port;
  service->max_in_flight = 64;
  g_mutex_init (&service->lock);
  g_cond_init (&service->cond);
  service->sequences = g_array_new (FALSE, FALSE, sizeof (guint32));
  service->texts = g_ptr_array_new_with_free_func (g_free);
  service->paths = g_ptr_array_new_with_free_func (g_free);
  return service;
}

static inline void
ai_service_start (AiService * service)
{
  service->context = g_main_context_new ();
  service->loop = g_main_loop_new (service->context, FALSE);
  service->thread = g_thread_new ("ai-service", ai_service_thread, service);
  g_mutex_lock (&service->lock);
  while (!service->ready)
    g_cond_wait (&service->cond, &service->lock);
  g_mutex_unlock (&service->lock);
}

static inline AiService *
ai_service_new (AiServiceFrameFunc on_frame)
{
  AiService *service = ai_service_prepare (on_frame, 0);

  ai_service_start (service);
  return service;
}

static inline gboolean
ai_service_quit (gpointer user_data)
{
  g_main_loop_quit (user_data);
  return G_SOURCE_REMOVE;
}

/* As a process that is killed: sockets end without a word. */
static inline void
ai_service_free (AiService * service)
{
  g_main_context_invoke (service->context, ai_service_quit, service->loop);
  g_thread_join (service->thread);
  g_main_loop_unref (service->loop);
  g_main_context_unref (service->context);
  g_array_unref (service->sequences);
  g_ptr_array_unref (service->texts);
  g_ptr_array_unref (service->paths);
  g_mutex_clear (&service->lock);
  g_cond_clear (&service->cond);
  g_free (service->token);
  g_free (service->uri);
  g_free (service);
}

/* ---- for the test's thread ---- */

/* With the lock. Not that it is the last one: a connection that was given up at once
 * may be read after the one that took its place. */
static inline gboolean
ai_service_has_path (AiService * service, const gchar * path)
{
  return g_ptr_array_find_with_equal_func (service->paths, path, g_str_equal,
      NULL);
}

/* Waits until @condition, which may use @service, holds. */
#define ai_service_wait(service, condition) G_STMT_START { \
  gint64 until_ = g_get_monotonic_time () + AI_SERVICE_PATIENCE; \
  g_mutex_lock (&(service)->lock); \
  while (!(condition)) { \
    if (!g_cond_wait_until (&(service)->cond, &(service)->lock, until_)) { \
      g_mutex_unlock (&(service)->lock); \
      fail ("never came: %s", #condition); \
    } \
  } \
  g_mutex_unlock (&(service)->lock); \
} G_STMT_END

typedef void (*AiServiceDoFunc) (AiService * service, SoupWebsocketConnection * ws);

typedef struct {
  AiService *service;
  AiServiceDoFunc func;
} AiServiceDo;

static inline gboolean
ai_service_on_do (gpointer user_data)
{
  AiServiceDo *call = user_data;
  GList *peers = g_list_copy (call->service->peers);
  GList *l;

  for (l = peers; l != NULL; l = l->next)
    call->func (call->service, l->data);
  g_list_free (peers);
  return G_SOURCE_REMOVE;
}

/* Runs @func for each connection on the service's thread, some time soon. */
static inline void
ai_service_do (AiService * service, AiServiceDoFunc func)
{
  AiServiceDo *call = g_new (AiServiceDo, 1);

  call->service = service;
  call->func = func;
  g_main_context_invoke_full (service->context, G_PRIORITY_DEFAULT,
      ai_service_on_do, call, g_free);
}

static inline void
ai_service_hang_up (AiService * service, SoupWebsocketConnection * ws)
{
  soup_websocket_connection_close (ws, 1001, "maintenance");
}

static inline void
ai_service_cut (AiService * service, SoupWebsocketConnection * ws)
{
  ai_service_cut_peer (ws, NULL);
}

/* Whether text number @n, from 0, has @part in it. */
static inline gboolean
ai_service_text_has (AiService * service, guint n, const gchar * part)
{
  return n < service->texts->len &&
      strstr (g_ptr_array_index (service->texts, n), part) != NULL;
}

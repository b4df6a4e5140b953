/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Two clients that share no code with the server's end. WsClient is libsoup's
 * WebSocket, on a thread of its own: for conversations. WsRaw is a plain socket
 * that sends what it is told: for handshakes, and for what no decent client
 * does. Whatever waits gives up, and fails the test, after WS_TIMEOUT. */

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <gio/gio.h>
#include <gst/check/gstcheck.h>
#include <gst/tryon/tryon.h>
#include <libsoup/soup.h>

#define WS_TIMEOUT 20           /* seconds */

/* 16x12 pixels each. */
#define WS_WEBP "UklGRkoAAABXRUJQVlA4ID4AAACwAQCdASoQAAwAAoBCJbACdAEOtW9oAP75" \
  "Un1YnAJxdEsyFBzD+5Mm8dPmkJS/+G91P7tPdT/2lZ4HyjoAAA=="
#define WS_PNG "iVBORw0KGgoAAAANSUhEUgAAABAAAAAMCAIAAADkharWAAAAG0lEQVR4nGNkYGg" \
  "QYGAgHrEwiDCQBEY1jBQNAGacAnrxGBhBAAAAAElFTkSuQmCC"
#define WS_JPEG "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAA0JCgsKCA0LCgsODg0PEyAVExISE" \
  "yccHhcgLikxMC4pLSwzOko+MzZGNywtQFdBRkxOUlNSMj5aYVpQYEpRUk//2wBDAQ4ODhMREyY" \
  "VFSZPNS01T09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT" \
  "0//wAARCAAMABADASIAAhEBAxEB/8QAHwAAAQUBAQEBAQEAAAAAAAAAAAECAwQFBgcICQoL/8Q" \
  "AtRAAAgEDAwIEAwUFBAQAAAF9AQIDAAQRBRIhMUEGE1FhByJxFDKBkaEII0KxwRVS0fAkM2Jyg" \
  "gkKFhcYGRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqDhIW" \
  "Gh4iJipKTlJWWl5iZmqKjpKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi4+Tl5" \
  "ufo6erx8vP09fb3+Pn6/8QAHwEAAwEBAQEBAQEBAQAAAAAAAAECAwQFBgcICQoL/8QAtREAAgE" \
  "CBAQDBAcFBAQAAQJ3AAECAxEEBSExBhJBUQdhcRMiMoEIFEKRobHBCSMzUvAVYnLRChYkNOEl8" \
  "RcYGRomJygpKjU2Nzg5OkNERUZHSElKU1RVVldYWVpjZGVmZ2hpanN0dXZ3eHl6goOEhYaHiIm" \
  "KkpOUlZaXmJmaoqOkpaanqKmqsrO0tba3uLm6wsPExcbHyMnK0tPU1dbX2Nna4uPk5ebn6Onq8" \
  "vP09fb3+Pn6/9oADAMBAAIRAxEAPwDnbXSuny1r2uldPlratbaLj5a17W2i4+WlXx0jPKsxnof" \
  "/2Q=="

#define WS_INIT "{\"type\":\"init_session\"}"

static inline GBytes *
ws_image (const gchar * base64)
{
  gsize size;
  guchar *data = g_base64_decode (base64, &size);

  return g_bytes_new_take (data, size);
}

/* A frame message; @image is not kept. */
static inline GBytes *
ws_frame (guint32 sequence, GBytes * image)
{
  GstTryonFrameHeader header = { 0, };
  guint8 bytes[GST_TRYON_PROTOCOL_HEADER_SIZE];
  GByteArray *message = g_byte_array_new ();

  header.type = GST_TRYON_FRAME_TYPE_FRAME;
  header.sequence = sequence;
  header.timestamp = 1000000 + sequence;
  header.payload_length = g_bytes_get_size (image);
  gst_tryon_frame_header_write (&header, bytes);
  g_byte_array_append (message, bytes, sizeof (bytes));
  g_byte_array_append (message, g_bytes_get_data (image, NULL),
      g_bytes_get_size (image));
  return g_byte_array_free_to_bytes (message);
}

/* ---- a plain socket ---- */

typedef struct
{
  GSocket *socket;
  GByteArray *in;               /* read, not used up */
} WsRaw;

/* @small: with as little room as possible for what it doesn't read. */
static inline WsRaw *
ws_raw_try_new (const gchar * address, guint port, gboolean small,
    GError ** error)
{
  GSocketAddress *to = g_inet_socket_address_new_from_string (address, port);
  WsRaw *raw = g_new0 (WsRaw, 1);

  raw->in = g_byte_array_sized_new (4096);
  raw->socket = g_socket_new (g_socket_address_get_family (to),
      G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL);
  g_socket_set_timeout (raw->socket, WS_TIMEOUT);
  if (small)
    g_socket_set_option (raw->socket, SOL_SOCKET, SO_RCVBUF, 2048, NULL);
  if (!g_socket_connect (raw->socket, to, NULL, error)) {
    g_clear_object (&raw->socket);
    g_byte_array_unref (raw->in);
    g_clear_pointer (&raw, g_free);
  }
  g_object_unref (to);
  return raw;
}

static inline WsRaw *
ws_raw_new (guint port)
{
  GError *error = NULL;
  WsRaw *raw = ws_raw_try_new ("127.0.0.1", port, FALSE, &error);

  fail_unless (raw != NULL, "port %u: %s", port, error ? error->message : "");
  return raw;
}

/* A connection from @address, such as 127.0.0.2. */
static inline WsRaw *
ws_raw_new_from (const gchar * address, guint port)
{
  GSocketAddress *from = g_inet_socket_address_new_from_string (address, 0);
  GSocketAddress *to = g_inet_socket_address_new_from_string ("127.0.0.1",
      port);
  WsRaw *raw = g_new0 (WsRaw, 1);
  GError *error = NULL;

  raw->in = g_byte_array_sized_new (4096);
  raw->socket = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM,
      G_SOCKET_PROTOCOL_TCP, NULL);
  g_socket_set_timeout (raw->socket, WS_TIMEOUT);
  fail_unless (g_socket_bind (raw->socket, from, FALSE, &error)
      && g_socket_connect (raw->socket, to, NULL, &error), "%s",
      error ? error->message : "");
  g_object_unref (from);
  g_object_unref (to);
  return raw;
}

static inline void
ws_raw_free (WsRaw * raw)
{
  g_socket_close (raw->socket, NULL);
  g_object_unref (raw->socket);
  g_byte_array_unref (raw->in);
  g_free (raw);
}

static inline void
ws_raw_send (WsRaw * raw, gconstpointer data, gsize size)
{
  gsize done = 0;

  while (done < size) {
    GError *error = NULL;
    gssize n = g_socket_send (raw->socket, (const gchar *) data + done,
        size - done, NULL, &error);

    fail_unless (n > 0, "send: %s", error ? error->message : "");
    done += n;
  }
}

/* Reads more into raw->in. %FALSE at the end. */
static inline gboolean
ws_raw_read (WsRaw * raw)
{
  gchar buffer[4096];
  GError *error = NULL;
  gssize n = g_socket_receive (raw->socket, buffer, sizeof (buffer), NULL,
      &error);

  if (n < 0 && g_error_matches (error, G_IO_ERROR,
          G_IO_ERROR_CONNECTION_CLOSED))
    n = 0;
  fail_unless (n >= 0, "receive: %s", error ? error->message : "");
  g_clear_error (&error);
  g_byte_array_append (raw->in, (guint8 *) buffer, n);
  return n > 0;
}

/* What a handshake needs, but for the subprotocol. @extra: more header lines. */
static inline gchar *
ws_request (const gchar * path, const gchar * extra)
{
  return g_strdup_printf ("GET %s HTTP/1.1\r\nHost: tryon.example:8001\r\n"
      "Upgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
      "Sec-WebSocket-Version: 13\r\n%s\r\n", path, extra);
}

#define WS_PROTOCOL_LINE "Sec-WebSocket-Protocol: tryon.v1\r\n"

/* The value of header @name in @head (transfer full) (nullable). */
static inline gchar *
ws_header (const gchar * head, const gchar * name)
{
  gchar **lines = g_strsplit (head, "\r\n", -1), *value = NULL;
  gsize size = strlen (name);
  guint i;

  for (i = 1; lines[i] != NULL && value == NULL; i++) {
    if (g_ascii_strncasecmp (lines[i], name, size) == 0
        && lines[i][size] == ':')
      value = g_strstrip (g_strdup (lines[i] + size + 1));
  }
  g_strfreev (lines);
  return value;
}

/* Reads an answer: the status, its head, and its body where there is one. */
static inline guint
ws_raw_read_answer (WsRaw * raw, gchar ** head, gchar ** body)
{
  gchar *end, *text, *length;
  gsize size, body_size = 0;
  guint status;

  while ((end = g_strstr_len ((gchar *) raw->in->data, raw->in->len,
              "\r\n\r\n")) == NULL)
    fail_unless (ws_raw_read (raw), "the answer ends early: %.*s",
        (gint) raw->in->len, raw->in->data);
  size = end + 4 - (gchar *) raw->in->data;
  text = g_strndup ((gchar *) raw->in->data, size);
  g_byte_array_remove_range (raw->in, 0, size);
  fail_unless (sscanf (text, "HTTP/1.1 %u ", &status) == 1, "%s", text);

  length = ws_header (text, "Content-Length");
  if (length != NULL)
    body_size = g_ascii_strtoull (length, NULL, 10);
  g_free (length);
  while (raw->in->len < body_size)
    fail_unless (ws_raw_read (raw), "the body ends early");
  if (body != NULL)
    *body = g_strndup ((gchar *) raw->in->data, body_size);
  g_byte_array_remove_range (raw->in, 0, body_size);
  if (head != NULL)
    *head = text;
  else
    g_free (text);
  return status;
}

/* Appends a masked frame to @out. */
static inline void
ws_append_frame (GByteArray * out, GstTryonWsOpcode opcode, gconstpointer data,
    gsize size)
{
  static const guint8 mask[4] = { 1, 2, 3, 4 };
  guint8 header[GST_TRYON_WS_MAX_HEADER];
  guint header_size;
  gsize start, i;

  header_size = gst_tryon_ws_frame_write_header (header, TRUE, opcode, size,
      mask);
  g_byte_array_append (out, header, header_size);
  start = out->len;
  g_byte_array_append (out, data, size);
  for (i = 0; i < size; i++)
    out->data[start + i] ^= mask[i % 4];
}

static inline void
ws_raw_send_frame (WsRaw * raw, GstTryonWsOpcode opcode, gconstpointer data,
    gsize size)
{
  GByteArray *out = g_byte_array_new ();

  ws_append_frame (out, opcode, data, size);
  ws_raw_send (raw, out->data, out->len);
  g_byte_array_unref (out);
}

/* Reads a frame of the server's (transfer full). */
static inline GBytes *
ws_raw_read_frame (WsRaw * raw, GstTryonWsOpcode * opcode)
{
  GstTryonWsFrame frame;
  GBytes *payload;

  while (gst_tryon_ws_frame_parse (raw->in->data, raw->in->len, FALSE, &frame,
          NULL) != GST_TRYON_WS_PARSE_OK
      || raw->in->len < frame.header_size + frame.length)
    fail_unless (ws_raw_read (raw), "the connection ends early");
  *opcode = frame.opcode;
  payload = g_bytes_new (raw->in->data + frame.header_size, frame.length);
  g_byte_array_remove_range (raw->in, 0, frame.header_size + frame.length);
  return payload;
}

/* Connects and shakes hands; the socket then is a WebSocket. */
static inline WsRaw *
ws_raw_new_upgraded (guint port, const gchar * path, gboolean small)
{
  GError *error = NULL;
  WsRaw *raw = ws_raw_try_new ("127.0.0.1", port, small, &error);
  gchar *request = ws_request (path, WS_PROTOCOL_LINE);

  fail_unless (raw != NULL, "port %u: %s", port, error ? error->message : "");
  ws_raw_send (raw, request, strlen (request));
  fail_unless_equals_int (ws_raw_read_answer (raw, NULL, NULL), 101);
  g_free (request);
  return raw;
}

/* ---- libsoup's client ---- */

typedef struct
{
  SoupWebsocketDataType type;
  GBytes *bytes;
} WsMessage;

typedef struct
{
  GstTryonLoop *loop;

  /* The loop's thread only. */
  SoupSession *soup;
  SoupMessage *request;
  SoupWebsocketConnection *ws;

  GMutex lock;                  /* guards the following */
  GCond cond;                   /* one of them changed */
  GQueue messages;              /* WsMessage */
  gboolean ready;               /* connected, or failed to */
  gboolean closed;
  guint status;                 /* of HTTP */
  GError *error;
} WsClient;

static inline void
ws_message_free (WsMessage * message)
{
  g_bytes_unref (message->bytes);
  g_free (message);
}

static inline void
ws_client_on_message (SoupWebsocketConnection * ws, SoupWebsocketDataType type,
    GBytes * bytes, WsClient * client)
{
  WsMessage *message = g_new0 (WsMessage, 1);

  message->type = type;
  message->bytes = g_bytes_ref (bytes);
  g_mutex_lock (&client->lock);
  g_queue_push_tail (&client->messages, message);
  g_cond_broadcast (&client->cond);
  g_mutex_unlock (&client->lock);
}

static inline void
ws_client_on_closed (SoupWebsocketConnection * ws, WsClient * client)
{
  g_mutex_lock (&client->lock);
  client->closed = TRUE;
  g_cond_broadcast (&client->cond);
  g_mutex_unlock (&client->lock);
}

static inline void
ws_client_on_connected (GObject * source, GAsyncResult * result, gpointer data)
{
  WsClient *client = data;
  GError *error = NULL;

  client->ws = soup_session_websocket_connect_finish (client->soup, result,
      &error);
  if (client->ws != NULL) {
    soup_websocket_connection_set_max_incoming_payload_size (client->ws, 0);
    g_signal_connect (client->ws, "message", G_CALLBACK (ws_client_on_message),
        client);
    g_signal_connect (client->ws, "closed", G_CALLBACK (ws_client_on_closed),
        client);
  }
  g_mutex_lock (&client->lock);
  client->error = error;
  client->status = soup_message_get_status (client->request);
  client->ready = TRUE;
  g_cond_broadcast (&client->cond);
  g_mutex_unlock (&client->lock);
}

typedef struct
{
  WsClient *client;
  guint port;
  const gchar *session_id;
  const gchar *origin;
  const gchar *token;
} WsConnectCall;

static inline void
ws_client_connect (gpointer loop, gpointer data)
{
  WsConnectCall *call = data;
  WsClient *client = call->client;
  gchar *uri = g_strdup_printf ("ws://127.0.0.1:%u/ws/try-on/%s/", call->port,
      call->session_id);
  gchar *offer = g_strconcat (GST_TRYON_PROTOCOL_TOKEN_PREFIX, call->token,
      NULL);
  gchar *protocols[] = { (gchar *) GST_TRYON_PROTOCOL_NAME,
    call->token != NULL ? offer : NULL, NULL
  };

  client->soup = soup_session_new ();
  client->request = soup_message_new ("GET", uri);
  soup_session_websocket_connect_async (client->soup, client->request,
      call->origin, protocols, G_PRIORITY_DEFAULT, NULL,
      ws_client_on_connected, client);
  g_free (offer);
  g_free (uri);
}

/* With lock. */
static inline void
ws_client_wait_unlocked (WsClient * client, gint64 deadline, const gchar * what)
{
  gboolean in_time = g_cond_wait_until (&client->cond, &client->lock, deadline);

  if (!in_time)
    g_mutex_unlock (&client->lock);
  fail_unless (in_time, "waited too long for %s", what);
}

#define WS_DEADLINE (g_get_monotonic_time () + WS_TIMEOUT * G_USEC_PER_SEC)

/* Connects, or fails to: then client->ws is %NULL, see status and error. */
static inline WsClient *
ws_client_new_full (guint port, const gchar * session_id, const gchar * origin,
    const gchar * token)
{
  WsClient *client = g_new0 (WsClient, 1);
  WsConnectCall call = { client, port, session_id, origin, token };
  gint64 deadline = WS_DEADLINE;

  g_mutex_init (&client->lock);
  g_cond_init (&client->cond);
  g_queue_init (&client->messages);
  client->loop = gst_tryon_loop_new ("test-client");
  gst_tryon_loop_invoke_sync (client->loop, ws_client_connect, &call);
  g_mutex_lock (&client->lock);
  while (!client->ready)
    ws_client_wait_unlocked (client, deadline, "a connection");
  g_mutex_unlock (&client->lock);
  return client;
}

static inline WsClient *
ws_client_new (guint port, const gchar * session_id)
{
  WsClient *client = ws_client_new_full (port, session_id, NULL, NULL);

  fail_unless (client->ws != NULL, "refused with %u: %s", client->status,
      client->error ? client->error->message : "");
  return client;
}

static inline void
ws_client_drop (gpointer loop, gpointer data)
{
  WsClient *client = data;

  if (client->ws != NULL) {
    g_signal_handlers_disconnect_by_data (client->ws, client);
    g_io_stream_close (soup_websocket_connection_get_io_stream (client->ws),
        NULL, NULL);
  }
  g_clear_object (&client->ws);
  g_clear_object (&client->request);
  soup_session_abort (client->soup);
  g_clear_object (&client->soup);
}

/* Goes away, without a word where it is still connected. */
static inline void
ws_client_free (WsClient * client)
{
  gst_tryon_loop_invoke_sync (client->loop, ws_client_drop, client);
  gst_object_unref (client->loop);
  g_queue_clear_full (&client->messages, (GDestroyNotify) ws_message_free);
  g_clear_error (&client->error);
  g_mutex_clear (&client->lock);
  g_cond_clear (&client->cond);
  g_free (client);
}

typedef struct
{
  WsClient *client;
  SoupWebsocketDataType type;
  GBytes *bytes;
} WsSendCall;

static inline void
ws_client_do_send (gpointer loop, gpointer data)
{
  WsSendCall *call = data;

  soup_websocket_connection_send_message (call->client->ws, call->type,
      call->bytes);
}

static inline void
ws_client_send (WsClient * client, SoupWebsocketDataType type, GBytes * bytes)
{
  WsSendCall call = { client, type, bytes };

  gst_tryon_loop_invoke_sync (client->loop, ws_client_do_send, &call);
}

static inline void
ws_client_send_text (WsClient * client, const gchar * text)
{
  GBytes *bytes = g_bytes_new (text, strlen (text));

  ws_client_send (client, SOUP_WEBSOCKET_DATA_TEXT, bytes);
  g_bytes_unref (bytes);
}

/* @message: transfer full. */
static inline void
ws_client_send_binary (WsClient * client, GBytes * message)
{
  ws_client_send (client, SOUP_WEBSOCKET_DATA_BINARY, message);
  g_bytes_unref (message);
}

/* @base64: of the image. */
static inline void
ws_client_send_frame (WsClient * client, guint32 sequence, const gchar * base64)
{
  GBytes *image = ws_image (base64);

  ws_client_send_binary (client, ws_frame (sequence, image));
  g_bytes_unref (image);
}

/* The next message of @type (transfer full); others stay. */
static inline WsMessage *
ws_client_next (WsClient * client, SoupWebsocketDataType type)
{
  gint64 deadline = WS_DEADLINE;
  WsMessage *found = NULL;
  GList *l;

  g_mutex_lock (&client->lock);
  while (found == NULL) {
    for (l = client->messages.head; l != NULL && found == NULL; l = l->next) {
      if (((WsMessage *) l->data)->type == type) {
        found = l->data;
        g_queue_delete_link (&client->messages, l);
        break;
      }
    }
    if (found == NULL)
      ws_client_wait_unlocked (client, deadline, "a message");
  }
  g_mutex_unlock (&client->lock);
  return found;
}

/* The next text message, which must be a @type (transfer full). */
static inline GstStructure *
ws_client_next_text (WsClient * client, const gchar * type)
{
  WsMessage *message = ws_client_next (client, SOUP_WEBSOCKET_DATA_TEXT);
  const gchar *text;
  GstStructure *s;
  gsize size;

  text = g_bytes_get_data (message->bytes, &size);
  s = gst_tryon_message_parse (text, size, NULL);
  fail_unless (s != NULL && gst_structure_has_name (s, type),
      "waited for %s, got %.*s", type, (gint) size, text);
  ws_message_free (message);
  return s;
}

/* The next answer; its image (transfer full), %NULL for a drop. */
static inline GBytes *
ws_client_next_answer (WsClient * client, GstTryonFrameHeader * header)
{
  WsMessage *message = ws_client_next (client, SOUP_WEBSOCKET_DATA_BINARY);
  GBytes *image = NULL;
  const guint8 *data;
  gsize size;

  data = g_bytes_get_data (message->bytes, &size);
  fail_unless (gst_tryon_frame_header_parse (data, size, header, NULL));
  fail_unless (gst_tryon_frame_header_check (header, size, NULL));
  fail_unless_equals_uint64 (header->timestamp, 1000000 + header->sequence);
  if (header->payload_length > 0)
    image = g_bytes_new (data + GST_TRYON_PROTOCOL_HEADER_SIZE,
        header->payload_length);
  ws_message_free (message);
  return image;
}

/* Sends init_session and takes session_ready. */
static inline void
ws_client_init (WsClient * client)
{
  ws_client_send_text (client, WS_INIT);
  gst_structure_free (ws_client_next_text (client, "session_ready"));
}

static inline void
ws_client_do_close (gpointer loop, gpointer data)
{
  soup_websocket_connection_close (((WsClient *) data)->ws, 1000, "bye");
}

/* Waits for the end of the connection; the close code. */
static inline guint
ws_client_wait_closed (WsClient * client)
{
  gint64 deadline = WS_DEADLINE;
  guint code;

  g_mutex_lock (&client->lock);
  while (!client->closed)
    ws_client_wait_unlocked (client, deadline, "the connection's end");
  g_mutex_unlock (&client->lock);
  code = soup_websocket_connection_get_close_code (client->ws);
  return code;
}

/* Says goodbye, and waits for the answer. */
static inline void
ws_client_close (WsClient * client)
{
  gst_tryon_loop_invoke_sync (client->loop, ws_client_do_close, client);
  fail_unless_equals_int (ws_client_wait_closed (client), 1000);
  ws_client_free (client);
}

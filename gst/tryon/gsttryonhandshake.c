/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:gsttryonhandshake
 * @title: Opening handshake
 * @short_description: the client's side of RFC 6455 section 4.1
 *
 * Connects, asks for a WebSocket of the subprotocol tryon.v1 without any
 * extension, and checks the answer. Redirects are not followed.
 *
 * ## Errors
 *
 * | error | when | again later? |
 * | --- | --- | --- |
 * | #G_IO_ERROR_INVALID_ARGUMENT | the URI or the token can't be used | no |
 * | #G_IO_ERROR_CANCELLED | the cancellable was cancelled | |
 * | #G_IO_ERROR_TIMED_OUT | it took longer than the timeout | yes |
 * | %GST_TRYON_ERROR_AI_SERVICE_UNAVAILABLE | the server can't be reached, its certificate is not trusted, it hangs up, 5xx | yes |
 * | %GST_TRYON_ERROR_SESSION_LIMIT | 503: it takes no more, or not now | yes |
 * | %GST_TRYON_ERROR_RATE_LIMITED | 429 | yes |
 * | %GST_TRYON_ERROR_UNAUTHORIZED | 401, 403 | no |
 * | %GST_TRYON_ERROR_SESSION_EXPIRED | 404, 410: there is no such session | no |
 * | %GST_TRYON_ERROR_BAD_MESSAGE | anything else: it is no server of this protocol | no |
 */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <json-glib/json-glib.h>
#include <libsoup/soup.h>

#include "gsttryonhandshake.h"
#include "gsttryonmessage-private.h"
#include "gsttryonprotocol.h"

GST_DEBUG_CATEGORY_STATIC (tryon_handshake_debug);
#define GST_CAT_DEFAULT tryon_handshake_debug

/* RFC 6455 section 1.3 */
#define ACCEPT_GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
#define HEADER_END "\r\n\r\n"
#define MAX_HEADER (16 * 1024)
/* Of a refusal's words, as they come and as they go into an error. */
#define MAX_BODY (8 * 1024)
#define MAX_DETAIL 256

/* A GTask's data. One reference to the task goes from step to step; the last
 * step gives it back. */
typedef struct
{
  gchar *address;               /* for people: without secrets */
  gboolean tls;
  GSocketConnectable *host;
  GString *request;
  gchar *accept;                /* what the server must prove itself with */
  guint timeout;

  GCancellable *abort;          /* ends the step under way */
  gboolean timed_out;
  GSource *timer;
  GCancellable *cancellable;    /* (nullable), the caller's */
  gulong cancelled_id;
  GSource *cancel_source;       /* made ready by it, from any thread */
  GSource *in_source;
  GIOStream *stream;

  GString *head;
  SoupMessageHeaders *headers;
  guint status;
  gchar *reason;
  GString *body;                /* while a refusal's is being read */
  gsize body_size;
} Handshake;

static void
init_debug (void)
{
  static gsize once = 0;

  if (g_once_init_enter (&once)) {
    GST_DEBUG_CATEGORY_INIT (tryon_handshake_debug, "tryon-handshake", 0,
        "Opening handshakes of outgoing connections");
    g_once_init_leave (&once, 1);
  }
}

static void
clear_source (GSource ** source)
{
  if (*source)
    g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

/* Waits for a cancellation that is under way, whose thread has no other business
 * here than to make the source ready. */
static void
handshake_stop (Handshake * hs)
{
  g_cancellable_disconnect (hs->cancellable, hs->cancelled_id);
  hs->cancelled_id = 0;
  clear_source (&hs->timer);
  clear_source (&hs->cancel_source);
  clear_source (&hs->in_source);
}

static void
handshake_free (gpointer data)
{
  Handshake *hs = data;

  handshake_stop (hs);
  g_clear_object (&hs->cancellable);
  g_clear_object (&hs->stream);
  g_clear_object (&hs->host);
  g_clear_object (&hs->abort);
  g_clear_pointer (&hs->headers, soup_message_headers_unref);
  if (hs->request)
    g_string_free (hs->request, TRUE);
  if (hs->body)
    g_string_free (hs->body, TRUE);
  g_string_free (hs->head, TRUE);
  g_free (hs->address);
  g_free (hs->accept);
  g_free (hs->reason);
  g_free (hs);
}

/* Ends it. Nothing of it happens after this, also if the task lives on until
 * its result is fetched. */
static void
handshake_end (GTask * task, GError * error)
{
  Handshake *hs = g_task_get_task_data (task);

  handshake_stop (hs);
  if (error) {
    GST_INFO ("%s", error->message);
    g_clear_object (&hs->stream);
    g_task_return_error (task, error);
  } else {
    GST_INFO ("%s: connected", hs->address);
    g_task_return_pointer (task, g_steal_pointer (&hs->stream), g_object_unref);
  }
  g_object_unref (task);
}

static void handshake_refused (GTask * task);

static void
G_GNUC_PRINTF (3, 4)
handshake_refuse (GTask * task, gint code, const gchar * format, ...)
{
  Handshake *hs = g_task_get_task_data (task);
  va_list args;
  gchar *words;

  va_start (args, format);
  words = g_strdup_vprintf (format, args);
  va_end (args);
  handshake_end (task, g_error_new (GST_TRYON_ERROR, code, "%s: %s",
          hs->address, words));
  g_free (words);
}

/* A step failed with @error (transfer full). */
static void
handshake_break (GTask * task, const gchar * step, GError * error)
{
  Handshake *hs = g_task_get_task_data (task);

  if (hs->body && !g_cancellable_is_cancelled (g_task_get_cancellable (task))) {
    /* The answer is known; only its words are not. */
    handshake_refused (task);
  } else if (hs->timed_out) {
    handshake_end (task, g_error_new (G_IO_ERROR, G_IO_ERROR_TIMED_OUT,
            "%s: %s: not done within %u ms", hs->address, step, hs->timeout));
  } else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
    handshake_end (task, g_error_copy (error));
  } else {
    handshake_refuse (task, GST_TRYON_ERROR_AI_SERVICE_UNAVAILABLE, "%s: %s",
        step, error->message);
  }
  g_error_free (error);
}

/* ---- the answer ---- */

static gint
error_from_status (guint status)
{
  switch (status) {
    case SOUP_STATUS_UNAUTHORIZED:
    case SOUP_STATUS_FORBIDDEN:
      return GST_TRYON_ERROR_UNAUTHORIZED;
    case SOUP_STATUS_NOT_FOUND:
    case SOUP_STATUS_GONE:
      return GST_TRYON_ERROR_SESSION_EXPIRED;
    case 429:
      return GST_TRYON_ERROR_RATE_LIMITED;
    case SOUP_STATUS_SERVICE_UNAVAILABLE:
      return GST_TRYON_ERROR_SESSION_LIMIT;
    default:
      return SOUP_STATUS_IS_SERVER_ERROR (status) ?
          GST_TRYON_ERROR_AI_SERVICE_UNAVAILABLE : GST_TRYON_ERROR_BAD_MESSAGE;
  }
}

/* (transfer full): what the server says, fit for one line of a log. */
static gchar *
tidy (const gchar * words)
{
  gchar *tidied = g_utf8_make_valid (words, -1), *end;

  g_utf8_validate_len (tidied, MIN (strlen (tidied), MAX_DETAIL),
      (const gchar **) &end);
  *end = '\0';
  for (end = tidied; *end; end++)
    if (g_ascii_iscntrl (*end))
      *end = ' ';
  return tidied;
}

/* (transfer full) (nullable): the words for people of an RFC 9457 body. */
static gchar *
problem_detail (const GString * body)
{
  JsonParser *parser;
  JsonNode *node;
  const gchar *words = NULL;
  gchar *detail = NULL;

  if (!gst_tryon_json_check (body->str, body->len,
          GST_TRYON_PROTOCOL_MAX_JSON_DEPTH, NULL))
    return NULL;
  parser = json_parser_new ();
  if (json_parser_load_from_data (parser, body->str, body->len, NULL)) {
    node = json_object_get_member (json_node_get_object (json_parser_get_root
            (parser)), "detail");
    if (node && JSON_NODE_HOLDS_VALUE (node))
      words = json_node_get_string (node);
    if (words)
      detail = tidy (words);
  }
  g_object_unref (parser);
  return detail;
}

/* The server refused, and said all it had to say. */
static void
handshake_refused (GTask * task)
{
  Handshake *hs = g_task_get_task_data (task);
  gchar *detail = hs->body ? problem_detail (hs->body) : NULL;
  gchar *reason = tidy (hs->reason);

  handshake_refuse (task, error_from_status (hs->status),
      "the server answered %u %s%s%s", hs->status, reason,
      detail ? ": " : "", detail ? detail : "");
  g_free (detail);
  g_free (reason);
}

/* Whether the body is worth reading, and how much of it there is at most. */
static gboolean
wants_body (Handshake * hs)
{
  const gchar *type = soup_message_headers_get_content_type (hs->headers, NULL);
  goffset length;

  if (type == NULL || (g_ascii_strcasecmp (type, "application/problem+json")
          && g_ascii_strcasecmp (type, "application/json")))
    return FALSE;
  switch (soup_message_headers_get_encoding (hs->headers)) {
    case SOUP_ENCODING_CONTENT_LENGTH:
      /* libsoup takes signs. */
      length = soup_message_headers_get_content_length (hs->headers);
      hs->body_size = CLAMP (length, 0, MAX_BODY);
      return length > 0;
    case SOUP_ENCODING_EOF:
    case SOUP_ENCODING_UNRECOGNIZED:
      hs->body_size = MAX_BODY;
      return TRUE;
    default:
      return FALSE;
  }
}

/* Section 4.1, the list of what a client must check. %NULL when all is right. */
static const gchar *
check_upgrade (Handshake * hs)
{
  SoupMessageHeaders *headers = hs->headers;
  const gchar *value;

  value = soup_message_headers_get_one (headers, "Upgrade");
  if (value == NULL || g_ascii_strcasecmp (value, "websocket") != 0)
    return "it does not upgrade to websocket";
  value = soup_message_headers_get_list (headers, "Connection");
  if (value == NULL || !soup_header_contains (value, "upgrade"))
    return "it does not upgrade the connection";
  value = soup_message_headers_get_one (headers, "Sec-WebSocket-Accept");
  if (g_strcmp0 (value, hs->accept) != 0)
    return "its Sec-WebSocket-Accept does not answer the key that was sent";
  if (soup_message_headers_get_list (headers, "Sec-WebSocket-Extensions"))
    return "it agrees to an extension that was not offered";
  value = soup_message_headers_get_one (headers, "Sec-WebSocket-Protocol");
  if (g_strcmp0 (value, GST_TRYON_PROTOCOL_NAME) != 0)
    return "it does not speak " GST_TRYON_PROTOCOL_NAME;
  return NULL;
}

/* The header is there. %FALSE when it was the end, either way. */
static gboolean
handshake_judge (GTask * task)
{
  Handshake *hs = g_task_get_task_data (task);
  const gchar *words;

  hs->headers = soup_message_headers_new (SOUP_MESSAGE_HEADERS_RESPONSE);
  /* Without the empty line, as libsoup wants it. */
  if (!soup_headers_parse_response (hs->head->str, hs->head->len - 2,
          hs->headers, NULL, &hs->status, &hs->reason)) {
    handshake_refuse (task, GST_TRYON_ERROR_BAD_MESSAGE,
        "the server's answer is not HTTP");
    return FALSE;
  }
  if (hs->status != SOUP_STATUS_SWITCHING_PROTOCOLS) {
    if (!wants_body (hs)) {
      handshake_refused (task);
      return FALSE;
    }
    hs->body = g_string_new (NULL);
    return TRUE;
  }
  words = check_upgrade (hs);
  if (words)
    handshake_refuse (task, GST_TRYON_ERROR_BAD_MESSAGE,
        "the server's answer is no good: %s", words);
  else
    handshake_end (task, NULL);
  return FALSE;
}

/* How far off the end of the header is at least. The server may send its first
 * message right behind it, and that must stay in the stream, whoever reads it
 * next: so never more than this is read at once. It takes some fifty small reads
 * for a handshake, and no stream that puts bytes back. */
static gsize
head_missing (const GString * head)
{
  gsize n;

  for (n = strlen (HEADER_END); n > 0; n--)
    if (head->len >= n
        && memcmp (head->str + head->len - n, HEADER_END, n) == 0)
      break;
  return strlen (HEADER_END) - n;
}

/* Looks at what has come. %FALSE when it was the end. */
static gboolean
handshake_received (GTask * task)
{
  Handshake *hs = g_task_get_task_data (task);

  if (hs->body) {
    if (hs->body->len < hs->body_size)
      return TRUE;
    handshake_refused (task);
    return FALSE;
  }
  if (head_missing (hs->head) == 0)
    return handshake_judge (task);
  if (hs->head->len >= MAX_HEADER) {
    handshake_refuse (task, GST_TRYON_ERROR_BAD_MESSAGE,
        "the server's answer has more than %u bytes of header", MAX_HEADER);
    return FALSE;
  }
  return TRUE;
}

static gboolean
on_input (GObject * stream, gpointer user_data)
{
  GTask *task = user_data;
  Handshake *hs = g_task_get_task_data (task);
  GError *error = NULL;
  gchar bytes[1024];
  gssize n;

  do {
    n = g_pollable_input_stream_read_nonblocking (G_POLLABLE_INPUT_STREAM
        (stream), bytes, hs->body ? MIN (sizeof (bytes),
            hs->body_size - hs->body->len) : head_missing (hs->head),
        hs->abort, &error);
    if (n > 0) {
      g_string_append_len (hs->body ? hs->body : hs->head, bytes, n);
    } else if (n == 0 && hs->body) {
      handshake_refused (task);
      return G_SOURCE_REMOVE;
    } else if (n == 0) {
      handshake_refuse (task, GST_TRYON_ERROR_AI_SERVICE_UNAVAILABLE,
          "the server hung up before it had answered");
      return G_SOURCE_REMOVE;
    } else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK)) {
      g_error_free (error);
      return G_SOURCE_CONTINUE;
    } else {
      handshake_break (task, "waiting for the server's answer", error);
      return G_SOURCE_REMOVE;
    }
  } while (handshake_received (task));
  return G_SOURCE_REMOVE;
}

/* ---- the way there ---- */

static void
on_requested (GObject * output, GAsyncResult * result, gpointer user_data)
{
  GTask *task = user_data;
  Handshake *hs = g_task_get_task_data (task);
  GError *error = NULL;

  if (!g_output_stream_write_all_finish (G_OUTPUT_STREAM (output), result, NULL,
          &error)) {
    handshake_break (task, "asking for a WebSocket", error);
    return;
  }
  hs->in_source =
      g_pollable_input_stream_create_source (G_POLLABLE_INPUT_STREAM
      (g_io_stream_get_input_stream (hs->stream)), hs->abort);
  g_source_set_callback (hs->in_source, G_SOURCE_FUNC (on_input), task, NULL);
  g_source_attach (hs->in_source, g_task_get_context (task));
}

static void
on_connected (GObject * client, GAsyncResult * result, gpointer user_data)
{
  GTask *task = user_data;
  Handshake *hs = g_task_get_task_data (task);
  GError *error = NULL;

  hs->stream =
      G_IO_STREAM (g_socket_client_connect_finish (G_SOCKET_CLIENT (client),
          result, &error));
  if (hs->stream == NULL) {
    handshake_break (task, "connecting", error);
    return;
  }
  GST_DEBUG ("%s: asking for a WebSocket", hs->address);
  g_output_stream_write_all_async (g_io_stream_get_output_stream (hs->stream),
      hs->request->str, hs->request->len, G_PRIORITY_DEFAULT, hs->abort,
      on_requested, task);
}

static gboolean
on_timeout (gpointer user_data)
{
  Handshake *hs = user_data;

  hs->timed_out = TRUE;
  g_cancellable_cancel (hs->abort);
  return G_SOURCE_REMOVE;
}

/* Any thread. */
static void
on_cancelled (GCancellable * cancellable, gpointer source)
{
  g_source_set_ready_time (source, 0);
}

static gboolean
abort_dispatch (GSource * source, GSourceFunc callback, gpointer abort)
{
  g_source_set_ready_time (source, -1);
  g_cancellable_cancel (abort);
  return G_SOURCE_CONTINUE;
}

/* Bounds all steps by one cancellable of their own, which is cancelled on their
 * own thread: GLib 2.74 leaks a source that goes away in one thread while its
 * cancellable is being cancelled in another. */
static void
handshake_guard (GTask * task, Handshake * hs)
{
  static GSourceFuncs funcs = { NULL, NULL, abort_dispatch, NULL };
  GCancellable *cancellable = g_task_get_cancellable (task);
  GMainContext *context = g_task_get_context (task);

  hs->abort = g_cancellable_new ();
  if (hs->timeout > 0) {
    hs->timer = g_timeout_source_new (hs->timeout);
    g_source_set_callback (hs->timer, on_timeout, hs, NULL);
    g_source_attach (hs->timer, context);
  }
  if (cancellable) {
    hs->cancel_source = g_source_new (&funcs, sizeof (GSource));
    g_source_set_callback (hs->cancel_source, NULL, hs->abort, NULL);
    g_source_attach (hs->cancel_source, context);
    hs->cancellable = g_object_ref (cancellable);
    hs->cancelled_id = g_cancellable_connect (cancellable,
        G_CALLBACK (on_cancelled), g_source_ref (hs->cancel_source),
        (GDestroyNotify) g_source_unref);
  }
}

/* ---- the request ---- */

/* What may stand in a line of HTTP without ending it or beginning another. */
static gboolean
is_visible (const gchar * text)
{
  for (; *text; text++)
    if (!g_ascii_isgraph (*text))
      return FALSE;
  return TRUE;
}

/* Section 4.1: 16 random bytes, and what the server must make of them. */
static gchar *
make_key (gchar ** accept)
{
  guint8 nonce[16], digest[20];
  gsize i, size = sizeof (digest);
  GChecksum *checksum;
  gchar *key;

  if (getentropy (nonce, sizeof (nonce)) != 0) {
    GST_WARNING ("the system gives no random bytes: %s", g_strerror (errno));
    for (i = 0; i < sizeof (nonce); i++)
      nonce[i] = g_random_int ();
  }
  key = g_base64_encode (nonce, sizeof (nonce));

  checksum = g_checksum_new (G_CHECKSUM_SHA1);
  g_checksum_update (checksum, (const guchar *) key, -1);
  g_checksum_update (checksum, (const guchar *) ACCEPT_GUID, -1);
  g_checksum_get_digest (checksum, digest, &size);
  g_checksum_free (checksum);
  *accept = g_base64_encode (digest, size);
  return key;
}

static void
make_request (Handshake * hs, GUri * uri, const gchar * token)
{
  const gchar *host = g_uri_get_host (uri), *query = g_uri_get_query (uri);
  gboolean brackets = strchr (host, ':') != NULL;
  gchar *key = make_key (&hs->accept);

  hs->request = g_string_new (NULL);
  g_string_append_printf (hs->request, "GET %s%s%s HTTP/1.1\r\n",
      g_uri_get_path (uri), query ? "?" : "", query ? query : "");
  g_string_append_printf (hs->request, "Host: %s%s%s", brackets ? "[" : "",
      host, brackets ? "]" : "");
  if (g_uri_get_port (uri) != (hs->tls ? 443 : 80))
    g_string_append_printf (hs->request, ":%d", g_uri_get_port (uri));
  g_string_append_printf (hs->request, "\r\nUpgrade: websocket\r\n"
      "Connection: Upgrade\r\n"
      "Sec-WebSocket-Key: %s\r\n"
      "Sec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Protocol: " GST_TRYON_PROTOCOL_NAME "\r\n"
      "User-Agent: " PACKAGE "/" VERSION "\r\n", key);
  if (token)
    g_string_append_printf (hs->request, "Authorization: Bearer %s\r\n", token);
  g_string_append (hs->request, "\r\n");
  g_free (key);
}

/* GUri has encoded in path and query what must not stand there. */
static const gchar *
check_uri (GUri * uri)
{
  const gchar *scheme = g_uri_get_scheme (uri), *host = g_uri_get_host (uri);

  if (strcmp (scheme, "ws") != 0 && strcmp (scheme, "wss") != 0)
    return "its scheme is neither ws nor wss";
  if (host == NULL || *host == '\0' || !is_visible (host))
    return "it names no host";
  if (g_uri_get_port (uri) == 0)
    return "there is no port 0";
  if (g_uri_get_userinfo (uri))
    return "it has a user in it; use a token";
  if (g_uri_get_fragment (uri))
    return "it has a fragment";
  return NULL;
}

static gboolean
handshake_prepare (Handshake * hs, const gchar * uri, const gchar * token,
    GError ** error)
{
  const gchar *words = NULL;
  GUri *parsed;

  parsed = g_uri_parse (uri, G_URI_FLAGS_ENCODED_PATH |
      G_URI_FLAGS_ENCODED_QUERY | G_URI_FLAGS_SCHEME_NORMALIZE, error);
  if (parsed == NULL) {
    g_prefix_error (error, "'%s' is not a WebSocket address: ", uri);
    (*error)->domain = G_IO_ERROR;
    (*error)->code = G_IO_ERROR_INVALID_ARGUMENT;
    return FALSE;
  }
  hs->address = g_uri_to_string_partial (parsed, G_URI_HIDE_USERINFO |
      G_URI_HIDE_QUERY | G_URI_HIDE_FRAGMENT);
  words = check_uri (parsed);
  if (words == NULL && token && (*token == '\0' || !is_visible (token)))
    words = "the token has characters that a header can't carry";
  if (words) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
        "%s can't be connected to: %s", hs->address, words);
    g_uri_unref (parsed);
    return FALSE;
  }
  hs->tls = strcmp (g_uri_get_scheme (parsed), "wss") == 0;
  hs->host = g_network_address_new (g_uri_get_host (parsed),
      g_uri_get_port (parsed));
  make_request (hs, parsed, token);
  g_uri_unref (parsed);
  return TRUE;
}

/**
 * gst_tryon_handshake_connect_async:
 * @uri: ws://host:port/path or wss://...
 * @token: (nullable): what goes as "Authorization: Bearer"
 * @timeout: milliseconds that all of it may take, 0 for no limit
 * @cancellable: (nullable): to give it up
 * @callback: called in the caller's thread-default context
 * @user_data: for @callback
 *
 * Connects to @uri, not through a proxy. A wss server's certificate must be one
 * that the system trusts.
 */
void
gst_tryon_handshake_connect_async (const gchar * uri, const gchar * token,
    guint timeout, GCancellable * cancellable, GAsyncReadyCallback callback,
    gpointer user_data)
{
  GSocketClient *client;
  GError *error = NULL;
  Handshake *hs;
  GTask *task;

  g_return_if_fail (uri != NULL);

  init_debug ();
  hs = g_new0 (Handshake, 1);
  hs->head = g_string_new (NULL);
  hs->timeout = timeout;
  task = g_task_new (NULL, cancellable, callback, user_data);
  g_task_set_source_tag (task, gst_tryon_handshake_connect_async);
  g_task_set_task_data (task, hs, handshake_free);

  if (!handshake_prepare (hs, uri, token, &error)) {
    handshake_end (task, error);
    return;
  }
  handshake_guard (task, hs);
  GST_DEBUG ("%s: connecting", hs->address);
  client = g_socket_client_new ();
  g_socket_client_set_tls (client, hs->tls);
  /* Hops of a pipeline: a desktop's proxy settings are not meant for them. */
  g_socket_client_set_enable_proxy (client, FALSE);
  g_socket_client_connect_async (client, hs->host, hs->abort, on_connected,
      task);
  g_object_unref (client);
}

/**
 * gst_tryon_handshake_connect_finish:
 * @result: what the callback was given
 * @error: see the table above
 *
 * Returns: (transfer full): the stream, whose next byte is the first one behind
 *     the handshake, for gst_tryon_connection_new(); %NULL with @error
 */
GIOStream *
gst_tryon_handshake_connect_finish (GAsyncResult * result, GError ** error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result,
          gst_tryon_handshake_connect_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

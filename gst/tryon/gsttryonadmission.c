/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a request must show before it becomes a WebSocket. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <string.h>

#include "gsttryonadmission.h"

#define PROTOCOL_HEADER "Sec-WebSocket-Protocol"
#define PROBLEM_TYPE "application/problem+json"
/* SoupStatus has no names for these. */
#define STATUS_UPGRADE_REQUIRED 426
#define STATUS_TOO_MANY_REQUESTS 429

/* ---- the request, before libsoup has it ---- */

/* Lines end as libsoup takes them to: with or without a carriage return. */
gsize
gst_tryon_request_find_end (const gchar * data, gsize size, gsize searched)
{
  gsize i;

  for (i = MAX (searched, 2) - 2; i + 1 < size; i++) {
    if (data[i] != '\n')
      continue;
    if (data[i + 1] == '\n'
        || (i + 2 < size && data[i + 1] == '\r' && data[i + 2] == '\n'))
      return i + 1;
  }
  return 0;
}

/* RFC 9110 section 8.6: digits. libsoup also takes signs, and what is more than it can
 * count, for a number below 0. */
static gboolean
is_length (SoupMessageHeaders * headers)
{
  const gchar *value = soup_message_headers_get_one (headers, "Content-Length");

  return value != NULL && value[strspn (value, "0123456789")] == '\0'
      && soup_message_headers_get_content_length (headers) >= 0;
}

static gboolean
is_body_understood (SoupMessageHeaders * headers)
{
  switch (soup_message_headers_get_encoding (headers)) {
    case SOUP_ENCODING_UNRECOGNIZED:
      return FALSE;
    case SOUP_ENCODING_CONTENT_LENGTH:
      return is_length (headers);
    default:
      return TRUE;
  }
}

gboolean
gst_tryon_request_is_safe (const gchar * head, gsize size)
{
  SoupMessageHeaders *headers =
      soup_message_headers_new (SOUP_MESSAGE_HEADERS_REQUEST);
  gchar *method = NULL, *path = NULL;
  SoupHTTPVersion version;
  gboolean safe;

  /* What is no request at all it refuses without a loss. */
  safe = soup_headers_parse_request (head, size, headers, &method, &path,
      &version) != SOUP_STATUS_OK || is_body_understood (headers);
  soup_message_headers_unref (headers);
  g_free (method);
  g_free (path);
  return safe;
}

/* ---- the request ---- */

/* The subprotocols offered: whether ours is among them, and the token that
 * came the same way. */
static gboolean
parse_protocols (SoupMessageHeaders * headers, gchar ** token)
{
  const gchar *list = soup_message_headers_get_list (headers, PROTOCOL_HEADER);
  const gsize prefix = strlen (GST_TRYON_PROTOCOL_TOKEN_PREFIX);
  gboolean found = FALSE;
  gchar **names;
  guint i;

  if (list == NULL)
    return FALSE;
  names = g_strsplit (list, ",", -1);
  for (i = 0; names[i] != NULL; i++) {
    const gchar *name = g_strstrip (names[i]);

    if (strcmp (name, GST_TRYON_PROTOCOL_NAME) == 0)
      found = TRUE;
    else if (*token == NULL
        && g_str_has_prefix (name, GST_TRYON_PROTOCOL_TOKEN_PREFIX))
      *token = g_strdup (name + prefix);
  }
  g_strfreev (names);
  return found;
}

static gchar *
parse_authorization (SoupMessageHeaders * headers)
{
  static const gchar scheme[] = "Bearer ";
  const gchar *value = soup_message_headers_get_one (headers, "Authorization");

  if (value == NULL
      || g_ascii_strncasecmp (value, scheme, strlen (scheme)) != 0)
    return NULL;
  return g_strstrip (g_strdup (value + strlen (scheme)));
}

static gboolean
has_body (SoupMessageHeaders * headers)
{
  return soup_message_headers_get_content_length (headers) > 0 ||
      soup_message_headers_get_one (headers, "Transfer-Encoding") != NULL;
}

/* RFC 6455 section 4.2.1. */
static guint
check_upgrade (SoupServerMessage * msg, GError ** error)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (msg);
  GError *reason = NULL;

  if (soup_server_message_get_method (msg) != SOUP_METHOD_GET) {
    gchar *method = g_utf8_make_valid (soup_server_message_get_method (msg),
        -1);

    g_set_error (error, GST_TRYON_ERROR, GST_TRYON_ERROR_BAD_MESSAGE,
        "%s is not served here, a WebSocket is opened with GET", method);
    g_free (method);
    return SOUP_STATUS_METHOD_NOT_ALLOWED;
  }
  if (!soup_message_headers_header_equals (headers, "Upgrade", "websocket")
      || !soup_message_headers_header_contains (headers, "Connection",
          "upgrade")) {
    g_set_error_literal (error, GST_TRYON_ERROR, GST_TRYON_ERROR_BAD_MESSAGE,
        "this path is served over WebSocket only");
    return STATUS_UPGRADE_REQUIRED;
  }
  if (soup_server_message_get_http_version (msg) != SOUP_HTTP_1_1) {
    g_set_error_literal (error, GST_TRYON_ERROR, GST_TRYON_ERROR_BAD_MESSAGE,
        "a WebSocket is opened with HTTP/1.1");
    return SOUP_STATUS_BAD_REQUEST;
  }
  /* An answer has to wait until the body is there, and that may be never. */
  if (has_body (headers)) {
    g_set_error_literal (error, GST_TRYON_ERROR, GST_TRYON_ERROR_BAD_MESSAGE,
        "a WebSocket is opened by a request without a body");
    return SOUP_STATUS_BAD_REQUEST;
  }
  if (!soup_websocket_server_check_handshake (msg, NULL, NULL, NULL, &reason)) {
    g_set_error (error, GST_TRYON_ERROR, GST_TRYON_ERROR_BAD_MESSAGE,
        "the WebSocket handshake is not valid: %s", reason->message);
    g_error_free (reason);
    return SOUP_STATUS_BAD_REQUEST;
  }
  return 0;
}

guint
gst_tryon_upgrade_parse (GstTryonUpgrade * upgrade, SoupServerMessage * msg,
    GError ** error)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (msg);
  const gchar *path = g_uri_get_path (soup_server_message_get_uri (msg));
  const gchar *origin;
  guint status;

  memset (upgrade, 0, sizeof (*upgrade));
  upgrade->session_id = gst_tryon_session_id_from_path (path);
  if (upgrade->session_id == NULL) {
    g_set_error_literal (error, GST_TRYON_ERROR, GST_TRYON_ERROR_BAD_MESSAGE,
        "nothing is served here, the path is "
        GST_TRYON_PROTOCOL_PATH_PREFIX "{session_id}/");
    return SOUP_STATUS_NOT_FOUND;
  }
  status = check_upgrade (msg, error);
  if (status != 0)
    return status;

  origin = soup_message_headers_get_list (headers, "Origin");
  /* Of ASCII; what else comes is to be told, and structures take UTF-8 only. */
  upgrade->origin = origin != NULL ? g_utf8_make_valid (origin, -1) : NULL;
  upgrade->token = parse_authorization (headers);
  if (!parse_protocols (headers, &upgrade->token)) {
    g_set_error_literal (error, GST_TRYON_ERROR, GST_TRYON_ERROR_BAD_MESSAGE,
        "the subprotocol " GST_TRYON_PROTOCOL_NAME " must be offered in "
        PROTOCOL_HEADER);
    return SOUP_STATUS_BAD_REQUEST;
  }
  return 0;
}

void
gst_tryon_upgrade_clear (GstTryonUpgrade * upgrade)
{
  g_clear_pointer (&upgrade->session_id, g_free);
  g_clear_pointer (&upgrade->origin, g_free);
  g_clear_pointer (&upgrade->token, g_free);
}

/* ---- the answer ---- */

gboolean
gst_tryon_upgrade_accept (SoupServerMessage * msg)
{
  static gchar *protocols[] = { (gchar *) GST_TRYON_PROTOCOL_NAME, NULL };
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (msg);

  /* libsoup looks at one header of this name only, while the offer may be
   * spread over several; that ours is there was checked. */
  soup_message_headers_replace (headers, PROTOCOL_HEADER,
      GST_TRYON_PROTOCOL_NAME);
  /* No extension is ever agreed on: compressing images again costs more time
   * than the frame has. */
  return soup_websocket_server_process_handshake (msg, NULL, protocols, NULL,
      NULL);
}

guint
gst_tryon_upgrade_get_status (const GError * error)
{
  if (error->domain != GST_TRYON_ERROR)
    return SOUP_STATUS_INTERNAL_SERVER_ERROR;
  switch (error->code) {
    case GST_TRYON_ERROR_SESSION_EXPIRED:
      return SOUP_STATUS_NOT_FOUND;
    case GST_TRYON_ERROR_SESSION_LIMIT:
      return SOUP_STATUS_SERVICE_UNAVAILABLE;
    case GST_TRYON_ERROR_UNAUTHORIZED:
      return SOUP_STATUS_FORBIDDEN;
    case GST_TRYON_ERROR_RATE_LIMITED:
      return STATUS_TOO_MANY_REQUESTS;
    default:
      return SOUP_STATUS_INTERNAL_SERVER_ERROR;
  }
}

static const gchar *
get_phrase (guint status)
{
  switch (status) {
    case STATUS_UPGRADE_REQUIRED:
      return "Upgrade Required";
    case STATUS_TOO_MANY_REQUESTS:
      return "Too Many Requests";
    default:
      return soup_status_get_phrase (status);
  }
}

static void
set_refusal_headers (SoupMessageHeaders * headers, guint status)
{
  soup_message_headers_replace (headers, "Connection", "close");
  soup_message_headers_replace (headers, "Cache-Control", "no-store");
  switch (status) {
    case SOUP_STATUS_BAD_REQUEST:
      /* RFC 6455 section 4.4: which version would have been right. */
      soup_message_headers_replace (headers, "Sec-WebSocket-Version", "13");
      break;
    case SOUP_STATUS_UNAUTHORIZED:
      soup_message_headers_replace (headers, "WWW-Authenticate", "Bearer");
      break;
    case SOUP_STATUS_METHOD_NOT_ALLOWED:
      soup_message_headers_replace (headers, "Allow", "GET");
      break;
    case STATUS_UPGRADE_REQUIRED:
      soup_message_headers_replace (headers, "Connection", "Upgrade, close");
      soup_message_headers_replace (headers, "Upgrade", "websocket");
      break;
    case STATUS_TOO_MANY_REQUESTS:
    case SOUP_STATUS_SERVICE_UNAVAILABLE:
      soup_message_headers_replace (headers, "Retry-After", "1");
      break;
    default:
      break;
  }
}

void
gst_tryon_upgrade_refuse (SoupServerMessage * msg, guint status,
    const GError * error)
{
  GstTryonError code = GST_TRYON_ERROR_INTERNAL;
  GstStructure *problem;
  gchar *body;
  gsize size;

  if (error->domain == GST_TRYON_ERROR)
    code = error->code;
  /* A structure's name is the message's `type`, and "about:blank" the type of
   * a problem that its status says all of (RFC 9457 section 4.2.1). */
  problem = gst_structure_new ("about:blank",
      "title", G_TYPE_STRING, get_phrase (status),
      "status", G_TYPE_INT, (gint) status,
      "detail", G_TYPE_STRING, error->message,
      "code", G_TYPE_STRING, gst_tryon_error_get_code (code), NULL);
  body = gst_tryon_message_serialize (problem, &size);
  gst_structure_free (problem);

  soup_server_message_set_status (msg, status, get_phrase (status));
  set_refusal_headers (soup_server_message_get_response_headers (msg), status);
  soup_server_message_set_response (msg, PROBLEM_TYPE, SOUP_MEMORY_TAKE, body,
      size);
  /* A body that is on its way is read to its end, but not kept. */
  soup_message_body_set_accumulate (soup_server_message_get_request_body (msg),
      FALSE);
}

/* ---- origin and token ---- */

/* "scheme://host:port" in lower case, with the port always there; %NULL when
 * @origin is none (as "null", which sandboxed pages send, or a list). */
static gchar *
normalize_origin (const gchar * origin)
{
  gchar *scheme = NULL, *host = NULL, *path = NULL, *normal = NULL, *text;
  gint port = -1;

  if (!g_uri_split_network (origin, G_URI_FLAGS_NONE, &scheme, &host, &port,
          NULL))
    return NULL;
  g_uri_split (origin, G_URI_FLAGS_NONE, NULL, NULL, NULL, NULL, &path, NULL,
      NULL, NULL);
  if (port < 0 && g_str_equal (scheme, "https"))
    port = 443;
  else if (port < 0 && g_str_equal (scheme, "http"))
    port = 80;
  if (host[0] != '\0' && (path == NULL || path[0] == '\0')) {
    text = g_strdup_printf (strchr (host, ':') != NULL ? "%s://[%s]:%d" :
        "%s://%s:%d", scheme, host, port);
    normal = g_ascii_strdown (text, -1);
    g_free (text);
  }
  g_free (scheme);
  g_free (host);
  g_free (path);
  return normal;
}

gchar **
gst_tryon_origins_parse (const gchar * list, GError ** error)
{
  gchar **origins = g_strsplit (list, ",", -1);
  gchar *normal;
  guint i;

  for (i = 0; origins[i] != NULL; i++) {
    if (strcmp (g_strstrip (origins[i]), "*") == 0)
      continue;
    normal = normalize_origin (origins[i]);
    if (normal == NULL) {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
          "'%s' is not an origin, write it as scheme://host or "
          "scheme://host:port", origins[i]);
      g_strfreev (origins);
      return NULL;
    }
    g_free (origins[i]);
    origins[i] = normal;
  }
  return origins;
}

gboolean
gst_tryon_origin_is_allowed (const gchar * origin, gchar ** allowed,
    SoupServerMessage * msg)
{
  const gchar *host, *separator;
  gchar *normal, *own = NULL, *own_normal = NULL;
  gboolean found = FALSE;

  if (allowed != NULL && g_strv_contains ((const gchar * const *) allowed, "*"))
    return TRUE;
  normal = normalize_origin (origin);
  if (normal == NULL)
    return FALSE;
  if (allowed != NULL) {
    found = g_strv_contains ((const gchar * const *) allowed, normal);
  } else {
    /* By what scheme the page reached this host can't be known: a proxy may
     * have ended TLS. So the Origin's own is taken for both. */
    host = soup_message_headers_get_one (soup_server_message_get_request_headers
        (msg), "Host");
    separator = strstr (normal, "://");
    own = g_strdup_printf ("%.*s%s", (gint) (separator + 3 - normal), normal,
        host != NULL ? host : "");
    own_normal = normalize_origin (own);
    found = g_strcmp0 (own_normal, normal) == 0;
  }
  g_free (own_normal);
  g_free (own);
  g_free (normal);
  return found;
}

gboolean
gst_tryon_token_equal (const gchar * expected, const gchar * given)
{
  const gsize expected_size = strlen (expected), size = strlen (given);
  guint different = expected_size != size;
  gsize i;

  for (i = 0; i < size; i++)
    different |= (guchar) given[i] ^
        (guchar) expected[expected_size > 0 ? i % expected_size : 0];
  return different == 0;
}

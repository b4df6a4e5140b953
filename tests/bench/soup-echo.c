/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An echo over libsoup's own WebSocket connection, as it comes but for the two
 * settings that nobody would leave alone: no permessage-deflate, and a payload
 * limit that lets frames pass. What the benchmarks compare with.
 *
 * soup-echo PORT: prints "ready" when it listens. */

#include <libsoup/soup.h>
#include <stdio.h>
#include <stdlib.h>

static void
message_cb (SoupWebsocketConnection * connection, gint type, GBytes * message,
    gpointer user_data)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (message, &size);
  guint8 *copy;

  if (type != SOUP_WEBSOCKET_DATA_BINARY)
    return;
  if (size < 32) {
    soup_websocket_connection_send_message (connection, type, message);
    return;
  }
  copy = g_memdup2 (data, size);
  copy[1] = 2;                  /* processed_frame */
  soup_websocket_connection_send_binary (connection, copy, size);
  g_free (copy);
}

static void
closed_cb (SoupWebsocketConnection * connection, gpointer user_data)
{
  g_object_unref (connection);
}

static void
connected_cb (SoupServer * server, SoupServerMessage * message,
    const gchar * path, SoupWebsocketConnection * connection,
    gpointer user_data)
{
  soup_websocket_connection_set_max_incoming_payload_size (connection,
      4 * 1024 * 1024);
  g_signal_connect (connection, "message", G_CALLBACK (message_cb), NULL);
  g_signal_connect (connection, "closed", G_CALLBACK (closed_cb), NULL);
  g_object_ref (connection);
}

gint
main (gint argc, gchar ** argv)
{
  gchar protocol[] = "tryon.v1";
  gchar *protocols[] = { protocol, NULL };
  SoupServer *server = soup_server_new (NULL, NULL);
  GError *error = NULL;

  soup_server_remove_websocket_extension (server,
      SOUP_TYPE_WEBSOCKET_EXTENSION_DEFLATE);
  soup_server_add_websocket_handler (server, "/", NULL, protocols,
      connected_cb, NULL, NULL);
  if (!soup_server_listen_local (server, argc > 1 ? atoi (argv[1]) : 8001,
          SOUP_SERVER_LISTEN_IPV4_ONLY, &error)) {
    fprintf (stderr, "soup-echo: %s\n", error->message);
    return 1;
  }
  puts ("ready");
  fflush (stdout);
  g_main_loop_run (g_main_loop_new (NULL, FALSE));
  return 0;
}

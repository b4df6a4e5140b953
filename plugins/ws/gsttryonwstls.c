/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a certificate can be served. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gsttryonwstls.h"

/* Two ends of one connection that shake hands. */
typedef struct
{
  GMainContext *context;
  GCancellable *cancellable;
  guint busy;                   /* ends */
  GError *error;                /* (nullable): the first one */
} Trial;

static gboolean
on_accept_certificate (GTlsConnection * connection, GTlsCertificate * peer,
    GTlsCertificateFlags errors, gpointer user_data)
{
  /* Who trusts it is for its clients to say. */
  return TRUE;
}

static void
on_shaken (GObject * source, GAsyncResult * result, gpointer user_data)
{
  Trial *trial = user_data;
  GError *error = NULL;

  trial->busy--;
  if (g_tls_connection_handshake_finish (G_TLS_CONNECTION (source), result,
          &error))
    return;
  /* The other one need not find out by itself. */
  g_cancellable_cancel (trial->cancellable);
  if (trial->error == NULL)
    trial->error = error;
  else
    g_error_free (error);
}

static void
trial_shake (Trial * trial, GIOStream * end)
{
  trial->busy++;
  g_tls_connection_handshake_async (G_TLS_CONNECTION (end), G_PRIORITY_DEFAULT,
      trial->cancellable, on_shaken, trial);
}

/* @streams: connected to each other. */
static void
trial_run (Trial * trial, GIOStream * streams[2], GTlsCertificate * certificate)
{
  GIOStream *server, *client = NULL;

  server = g_tls_server_connection_new (streams[0], certificate, &trial->error);
  if (server != NULL)
    client = g_tls_client_connection_new (streams[1], NULL, &trial->error);
  if (client != NULL) {
    g_tls_connection_set_database (G_TLS_CONNECTION (client), NULL);
    g_signal_connect (client, "accept-certificate",
        G_CALLBACK (on_accept_certificate), NULL);
    trial_shake (trial, server);
    trial_shake (trial, client);
  }
  while (trial->busy > 0)
    g_main_context_iteration (trial->context, TRUE);
  g_clear_object (&client);
  g_clear_object (&server);
}

static GIOStream *
wrap (int fd, GError ** error)
{
  GSocket *socket = g_socket_new_from_fd (fd, error);
  GIOStream *stream;

  if (socket == NULL) {
    close (fd);
    return NULL;
  }
  stream = G_IO_STREAM (g_socket_connection_factory_create_connection (socket));
  g_object_unref (socket);
  return stream;
}

gboolean
gst_tryon_ws_certificate_check (GTlsCertificate * certificate, GError ** error)
{
  Trial trial = { NULL, };
  GIOStream *streams[2] = { NULL, };
  int fds[2];

  if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0) {
    g_set_error_literal (error, G_IO_ERROR, g_io_error_from_errno (errno),
        g_strerror (errno));
    return FALSE;
  }
  streams[0] = wrap (fds[0], &trial.error);
  streams[1] = wrap (fds[1], trial.error ? NULL : &trial.error);
  if (streams[0] != NULL && streams[1] != NULL) {
    trial.context = g_main_context_new ();
    trial.cancellable = g_cancellable_new ();
    g_main_context_push_thread_default (trial.context);
    trial_run (&trial, streams, certificate);
    g_main_context_pop_thread_default (trial.context);
    g_object_unref (trial.cancellable);
    g_main_context_unref (trial.context);
  }
  g_clear_object (&streams[0]);
  g_clear_object (&streams[1]);
  if (trial.error == NULL)
    return TRUE;
  /* What the library behind GIO says is a sentence, its own words are none. */
  if (g_str_has_suffix (trial.error->message, "."))
    trial.error->message[strlen (trial.error->message) - 1] = '\0';
  g_propagate_error (error, trial.error);
  return FALSE;
}

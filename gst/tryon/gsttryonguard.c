/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lets connections in, and looks after them until their handshake is over.
 *
 * libsoup reads requests, but knows no limit for their time and a generous one
 * for their size. So it gets each connection as a stream of ours, which counts
 * what is read of it. One that takes too long, says too much, or is the oldest of
 * too many, has its socket shut down under libsoup, which then sees the end of it.
 * A healthy client's handshake takes a moment, so it is the oldest that gives way:
 * whoever opens connections and says nothing keeps out nobody.
 *
 * The streams count for the limits as long as they live, and that is as long as
 * their WebSocket. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <string.h>
#include <sys/socket.h>

#include "gsttryonguard.h"
#include "gsttryonadmission.h"

GST_DEBUG_CATEGORY_STATIC (gst_tryon_guard_debug);
#define GST_CAT_DEFAULT gst_tryon_guard_debug

/* Of pending handshakes where there is TLS. GIO does each one in a thread of a
 * pool of ten that all of the process shares: as many silent connections (a
 * browser opens such in advance) held up everybody's handshake for seconds. So
 * fewer are let in there, and the oldest gives way. */
#define TLS_MAX_PENDING 8

/* What connections are closed for by this side, and what that counts as. */
static const struct
{
  guint16 code;
  const gchar *name;
} closes[] = {
  {GST_TRYON_CLOSE_PROTOCOL_ERROR, "closed-protocol-error"},
  {GST_TRYON_CLOSE_INVALID_DATA, "closed-invalid-data"},
  {GST_TRYON_CLOSE_POLICY, "closed-policy"},
  {GST_TRYON_CLOSE_TOO_BIG, "closed-too-big"},
  {GST_TRYON_CLOSE_IDLE, "closed-idle"},
  {GST_TRYON_CLOSE_SLOW_CLIENT, "closed-slow-client"},
  /* Without a close frame: dead, or gone without a word. */
  {GST_TRYON_CLOSE_ABNORMAL, "closed-abnormal"},
};

struct _GstTryonGuard
{
  gatomicrefcount ref_count;    /* held by the owner and each stream */
  gchar *name;
  GstTryonListenerOptions options;      /* constant */

  /* The loop's thread only. */
  GstTryonTick *tick;
  GQueue pending;               /* GuardStream, oldest first; not owned */

  GMutex lock;                  /* guards what follows */
  GHashTable *addresses;        /* gchar * -> connections of it */
  guint connections;
  guint n_pending;
  guint64 accepted;
  guint64 over_limit;
  guint64 over_address_limit;
  guint64 superseded;
  guint64 timed_out;
  guint64 too_large;
  guint64 malformed;
  guint64 closed[G_N_ELEMENTS (closes)];
};

static void
init_debug (void)
{
  static gsize once = 0;

  if (g_once_init_enter (&once)) {
    GST_DEBUG_CATEGORY_INIT (gst_tryon_guard_debug, "tryon-guard", 0,
        "Limits of incoming connections");
    g_once_init_leave (&once, 1);
  }
}

static GstTryonGuard *
guard_ref (GstTryonGuard * guard)
{
  g_atomic_ref_count_inc (&guard->ref_count);
  return guard;
}

static void
guard_unref (GstTryonGuard * guard)
{
  if (!g_atomic_ref_count_dec (&guard->ref_count))
    return;
  g_hash_table_unref (guard->addresses);
  g_mutex_clear (&guard->lock);
  g_clear_object (&guard->options.certificate);
  g_free (guard->name);
  g_free (guard);
}

static void
count_one (GstTryonGuard * guard, guint64 * counter)
{
  g_mutex_lock (&guard->lock);
  (*counter)++;
  g_mutex_unlock (&guard->lock);
}

/* ---- places ---- */

/* Counts one more connection of @address, or why not. */
static gboolean
take_place (GstTryonGuard * guard, const gchar * address)
{
  const guint limit = guard->options.max_connections_per_address;
  gboolean taken = FALSE;
  guint n;

  g_mutex_lock (&guard->lock);
  n = GPOINTER_TO_UINT (g_hash_table_lookup (guard->addresses, address));
  if (guard->connections >= guard->options.max_connections) {
    guard->over_limit++;
  } else if (limit > 0 && n >= limit) {
    guard->over_address_limit++;
  } else {
    taken = TRUE;
    guard->connections++;
    guard->accepted++;
    g_hash_table_insert (guard->addresses, g_strdup (address),
        GUINT_TO_POINTER (n + 1));
  }
  g_mutex_unlock (&guard->lock);
  return taken;
}

static void
give_place (GstTryonGuard * guard, const gchar * address)
{
  guint n;

  g_mutex_lock (&guard->lock);
  guard->connections--;
  n = GPOINTER_TO_UINT (g_hash_table_lookup (guard->addresses, address));
  if (n > 1)
    g_hash_table_insert (guard->addresses, g_strdup (address),
        GUINT_TO_POINTER (n - 1));
  else
    g_hash_table_remove (guard->addresses, address);
  g_mutex_unlock (&guard->lock);
}

/* ---- the stream ---- */

typedef struct
{
  GIOStream parent;

  GIOStream *base;              /* the socket's, or TLS over it */
  GInputStream *input;
  GstTryonGuard *guard;
  GSocket *socket;
  gchar *address;
  GList *link;                  /* in pending, %NULL when that is over */
  gint64 since;                 /* monotonic, microseconds */
  gsize bytes;                  /* read while pending */
  GString *head;                /* of a request, %NULL once it was judged */
} GuardStream;

typedef GIOStreamClass GuardStreamClass;

enum
{
  PROP_0,
  PROP_BASE_IO_STREAM,
};

static GType guard_stream_get_type (void);
G_DEFINE_TYPE (GuardStream, guard_stream, G_TYPE_IO_STREAM);

/* Of a GuardStream, which outlives it as far as anything is read. */
typedef struct
{
  GFilterInputStream parent;
  GuardStream *stream;          /* not owned, %NULL once it has gone */
} GuardInput;

typedef GFilterInputStreamClass GuardInputClass;

static GType guard_input_get_type (void);
static void guard_input_pollable_init (GPollableInputStreamInterface * iface);
G_DEFINE_TYPE_WITH_CODE (GuardInput, guard_input, G_TYPE_FILTER_INPUT_STREAM,
    G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_INPUT_STREAM,
        guard_input_pollable_init));

/* What it is has been shown, or is of no interest any more. */
static void
guard_stream_settle (GuardStream * self)
{
  GstTryonGuard *guard = self->guard;

  if (self->link == NULL)
    return;
  g_queue_delete_link (&guard->pending, self->link);
  self->link = NULL;
  if (self->head != NULL)
    g_string_free (g_steal_pointer (&self->head), TRUE);
  g_mutex_lock (&guard->lock);
  guard->n_pending--;
  g_mutex_unlock (&guard->lock);
}

/* Ends it for whoever reads or writes it; for TLS that is a thread of GIO's, so
 * it is done without the GSocket, whose flags g_socket_shutdown() writes. */
static void
guard_stream_shut_down (GuardStream * self)
{
  shutdown (g_socket_get_fd (self->socket), SHUT_RDWR);
}

static void
guard_stream_expel (GuardStream * self, guint64 * counter, const gchar * reason)
{
  GST_INFO ("%s: ending the connection of %s: %s", self->guard->name,
      self->address, reason);
  count_one (self->guard, counter);
  guard_stream_settle (self);
  guard_stream_shut_down (self);
}

/* Says so in libsoup's stead, as far as the socket takes it. */
static void
guard_stream_refuse (GuardStream * self)
{
  static const gchar answer[] = "HTTP/1.1 400 Bad Request\r\n"
      "Connection: close\r\nContent-Length: 0\r\n\r\n";
  GOutputStream *output = g_io_stream_get_output_stream (self->base);

  g_pollable_output_stream_write_nonblocking (G_POLLABLE_OUTPUT_STREAM (output),
      answer, strlen (answer), NULL, NULL);
  guard_stream_expel (self, &self->guard->malformed,
      "its request can't be understood");
}

/* Judges a request as soon as it is whole. */
static gboolean
guard_stream_is_safe (GuardStream * self, const gchar * data, gsize bytes)
{
  gsize searched, end;
  gboolean safe;

  if (self->head == NULL)
    return TRUE;
  searched = self->head->len;
  g_string_append_len (self->head, data, bytes);
  end = gst_tryon_request_find_end (self->head->str, self->head->len, searched);
  if (end == 0)
    return TRUE;
  safe = gst_tryon_request_is_safe (self->head->str, end);
  g_string_free (g_steal_pointer (&self->head), TRUE);
  return safe;
}

/* %FALSE with @error when it was too much, or nothing for libsoup. */
static gboolean
guard_stream_came (GuardStream * self, const gchar * data, gsize bytes,
    GError ** error)
{
  if (self->link == NULL)
    return TRUE;
  self->bytes += bytes;
  if (self->bytes <= self->guard->options.max_header_bytes) {
    if (guard_stream_is_safe (self, data, bytes))
      return TRUE;
    guard_stream_refuse (self);
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
        "the request can't be understood");
    return FALSE;
  }
  guard_stream_expel (self, &self->guard->too_large,
      "its request is larger than allowed");
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_MESSAGE_TOO_LARGE,
      "the request has more than %u bytes",
      self->guard->options.max_header_bytes);
  return FALSE;
}

static GInputStream *
guard_stream_get_input_stream (GIOStream * stream)
{
  return ((GuardStream *) stream)->input;
}

static GOutputStream *
guard_stream_get_output_stream (GIOStream * stream)
{
  return g_io_stream_get_output_stream (((GuardStream *) stream)->base);
}

static gboolean
guard_stream_close (GIOStream * stream, GCancellable * cancellable,
    GError ** error)
{
  GuardStream *self = (GuardStream *) stream;

  return g_io_stream_close (self->base, cancellable, error);
}

static void
on_base_closed (GObject * base, GAsyncResult * result, gpointer user_data)
{
  GTask *task = user_data;
  GError *error = NULL;

  if (g_io_stream_close_finish (G_IO_STREAM (base), result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
  g_object_unref (task);
}

static void
guard_stream_close_async (GIOStream * stream, int priority,
    GCancellable * cancellable, GAsyncReadyCallback callback, gpointer data)
{
  GuardStream *self = (GuardStream *) stream;
  GTask *task = g_task_new (stream, cancellable, callback, data);

  g_io_stream_close_async (self->base, priority, cancellable, on_base_closed,
      task);
}

static gboolean
guard_stream_close_finish (GIOStream * stream, GAsyncResult * result,
    GError ** error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
guard_stream_get_property (GObject * object, guint id, GValue * value,
    GParamSpec * pspec)
{
  g_value_set_object (value, ((GuardStream *) object)->base);
}

/* From any thread once it is settled; before that on the loop's only, where
 * libsoup has it. */
static void
guard_stream_finalize (GObject * object)
{
  GuardStream *self = (GuardStream *) object;
  GstTryonGuard *guard = self->guard;

  guard_stream_settle (self);
  give_place (guard, self->address);
  ((GuardInput *) self->input)->stream = NULL;
  g_object_unref (self->input);
  g_object_unref (self->base);
  g_object_unref (self->socket);
  g_free (self->address);
  guard_unref (guard);
  G_OBJECT_CLASS (guard_stream_parent_class)->finalize (object);
}

static void
guard_stream_class_init (GuardStreamClass * klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = guard_stream_get_property;
  object_class->finalize = guard_stream_finalize;
  klass->get_input_stream = guard_stream_get_input_stream;
  klass->get_output_stream = guard_stream_get_output_stream;
  klass->close_fn = guard_stream_close;
  klass->close_async = guard_stream_close_async;
  klass->close_finish = guard_stream_close_finish;
  /* As TLS connections have it: by this the socket below is found. */
  g_object_class_install_property (object_class, PROP_BASE_IO_STREAM,
      g_param_spec_object ("base-io-stream", NULL, NULL, G_TYPE_IO_STREAM,
          G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
}

static void
guard_stream_init (GuardStream * self)
{
}

/* ---- its input ---- */

static GPollableInputStream *
guard_input_get_base (gpointer input)
{
  return G_POLLABLE_INPUT_STREAM (((GFilterInputStream *) input)->base_stream);
}

static gssize
guard_input_take (GuardInput * self, const gchar * data, gssize n,
    GError ** error)
{
  if (self->stream == NULL || n < 0)
    return n;
  if (n == 0 && self->stream->head != NULL && self->stream->head->len > 0) {
    /* libsoup would go by what there is of it. */
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_PARTIAL_INPUT,
        "the request ends early");
    return -1;
  }
  if (n > 0 && !guard_stream_came (self->stream, data, n, error))
    return -1;
  return n;
}

static gssize
guard_input_read (GInputStream * stream, void *data, gsize size,
    GCancellable * cancellable, GError ** error)
{
  return guard_input_take ((GuardInput *) stream, data,
      g_input_stream_read (((GFilterInputStream *) stream)->base_stream, data,
          size, cancellable, error), error);
}

static gssize
guard_input_read_nonblocking (GPollableInputStream * stream, void *data,
    gsize size, GError ** error)
{
  return guard_input_take ((GuardInput *) stream, data,
      g_pollable_input_stream_read_nonblocking (guard_input_get_base (stream),
          data, size, NULL, error), error);
}

static gboolean
guard_input_can_poll (GPollableInputStream * stream)
{
  return g_pollable_input_stream_can_poll (guard_input_get_base (stream));
}

static gboolean
guard_input_is_readable (GPollableInputStream * stream)
{
  return g_pollable_input_stream_is_readable (guard_input_get_base (stream));
}

static GSource *
guard_input_create_source (GPollableInputStream * stream,
    GCancellable * cancellable)
{
  GSource *base, *source;

  base = g_pollable_input_stream_create_source (guard_input_get_base (stream),
      NULL);
  source = g_pollable_source_new_full (stream, base, cancellable);
  g_source_unref (base);
  return source;
}

static void
guard_input_pollable_init (GPollableInputStreamInterface * iface)
{
  iface->can_poll = guard_input_can_poll;
  iface->is_readable = guard_input_is_readable;
  iface->create_source = guard_input_create_source;
  iface->read_nonblocking = guard_input_read_nonblocking;
}

static void
guard_input_class_init (GuardInputClass * klass)
{
  G_INPUT_STREAM_CLASS (klass)->read_fn = guard_input_read;
}

static void
guard_input_init (GuardInput * self)
{
}

/* ---- the guard ---- */

static void
on_tick (gpointer user_data)
{
  GstTryonGuard *guard = user_data;
  gint64 limit = g_get_monotonic_time () - guard->options.handshake_timeout
      * 1000LL;
  GuardStream *oldest;

  while ((oldest = g_queue_peek_head (&guard->pending)) != NULL
      && oldest->since < limit)
    guard_stream_expel (oldest, &guard->timed_out,
        "its handshake is not over in time");
}

GstTryonGuard *
gst_tryon_guard_new (GstTryonLoop * loop,
    const GstTryonListenerOptions * options, const gchar * name)
{
  GstTryonGuard *guard = g_new0 (GstTryonGuard, 1);

  init_debug ();
  g_atomic_ref_count_init (&guard->ref_count);
  g_mutex_init (&guard->lock);
  guard->name = g_strdup (name);
  guard->options = *options;
  if (options->certificate != NULL)
    g_object_ref (options->certificate);
  guard->addresses = g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
      NULL);
  if (options->certificate != NULL)
    guard->options.max_pending_handshakes =
        MIN (options->max_pending_handshakes, TLS_MAX_PENDING);
  guard->tick = gst_tryon_loop_add_tick (loop, on_tick, guard);
  return guard;
}

void
gst_tryon_guard_free (GstTryonGuard * guard)
{
  GuardStream *stream;

  g_clear_pointer (&guard->tick, gst_tryon_tick_free);
  while ((stream = g_queue_peek_head (&guard->pending)) != NULL) {
    guard_stream_settle (stream);
    guard_stream_shut_down (stream);
  }
  guard_unref (guard);
}

/* (transfer full): @connection, or TLS over it. */
static GIOStream *
start_tls (GstTryonGuard * guard, GSocketConnection * connection)
{
  GIOStream *tls;
  GError *error = NULL;

  if (guard->options.certificate == NULL)
    return G_IO_STREAM (g_object_ref (connection));
  tls = g_tls_server_connection_new (G_IO_STREAM (connection),
      guard->options.certificate, &error);
  if (tls == NULL) {
    GST_ERROR ("%s: no TLS: %s", guard->name, error->message);
    g_error_free (error);
  }
  return tls;
}

/* (transfer full) */
static gchar *
get_address (GSocketAddress * remote)
{
  if (!G_IS_INET_SOCKET_ADDRESS (remote))
    return g_strdup ("local");
  return
      g_inet_address_to_string (g_inet_socket_address_get_address
      (G_INET_SOCKET_ADDRESS (remote)));
}

GIOStream *
gst_tryon_guard_admit (GstTryonGuard * guard, GSocketConnection * connection,
    GSocketAddress * remote)
{
  gchar *address = get_address (remote);
  gboolean placed = take_place (guard, address);
  GuardStream *self;
  GIOStream *base = NULL;

  if (placed)
    base = start_tls (guard, connection);
  if (base == NULL) {
    GST_INFO ("%s: turning %s away", guard->name, address);
    if (placed)
      give_place (guard, address);
    g_io_stream_close (G_IO_STREAM (connection), NULL, NULL);
    g_free (address);
    return NULL;
  }
  while (guard->pending.length >= guard->options.max_pending_handshakes)
    guard_stream_expel (g_queue_peek_head (&guard->pending),
        &guard->superseded, "it is the oldest of too many handshakes");

  self = g_object_new (guard_stream_get_type (), NULL);
  self->guard = guard_ref (guard);
  self->base = base;
  self->socket = g_object_ref (g_socket_connection_get_socket (connection));
  self->address = address;
  self->since = g_get_monotonic_time ();
  self->head = g_string_new (NULL);
  self->input = g_object_new (guard_input_get_type (),
      "base-stream", g_io_stream_get_input_stream (base),
      "close-base-stream", FALSE, NULL);
  ((GuardInput *) self->input)->stream = self;
  g_queue_push_tail (&guard->pending, self);
  self->link = guard->pending.tail;
  g_mutex_lock (&guard->lock);
  guard->n_pending++;
  g_mutex_unlock (&guard->lock);
  return G_IO_STREAM (self);
}

void
gst_tryon_guard_release (GIOStream * stream)
{
  GIOStream *base = NULL;

  /* libsoup has wrapped it. */
  if (g_object_class_find_property (G_OBJECT_GET_CLASS (stream),
          "base-iostream")) {
    g_object_get (stream, "base-iostream", &base, NULL);
    stream = base;
  }
  if (G_TYPE_CHECK_INSTANCE_TYPE (stream, guard_stream_get_type ()))
    guard_stream_settle ((GuardStream *) stream);
  g_clear_object (&base);
}

void
gst_tryon_guard_count_close (GstTryonGuard * guard, guint16 code)
{
  guint i;

  g_mutex_lock (&guard->lock);
  for (i = 0; i < G_N_ELEMENTS (closes); i++)
    guard->closed[i] += closes[i].code == code;
  g_mutex_unlock (&guard->lock);
}

GstStructure *
gst_tryon_guard_get_stats (GstTryonGuard * guard)
{
  GstStructure *stats;
  guint i;

  g_mutex_lock (&guard->lock);
  stats = gst_structure_new ("application/x-tryon-listener-stats",
      "connections", G_TYPE_UINT, guard->connections,
      "connections-pending", G_TYPE_UINT, guard->n_pending,
      "connections-accepted", G_TYPE_UINT64, guard->accepted,
      "connections-over-limit", G_TYPE_UINT64, guard->over_limit,
      "connections-over-address-limit", G_TYPE_UINT64,
      guard->over_address_limit,
      "handshakes-superseded", G_TYPE_UINT64, guard->superseded,
      "handshakes-timed-out", G_TYPE_UINT64, guard->timed_out,
      "headers-too-large", G_TYPE_UINT64, guard->too_large,
      "requests-malformed", G_TYPE_UINT64, guard->malformed, NULL);
  for (i = 0; i < G_N_ELEMENTS (closes); i++)
    gst_structure_set (stats, closes[i].name, G_TYPE_UINT64, guard->closed[i],
        NULL);
  g_mutex_unlock (&guard->lock);
  return stats;
}

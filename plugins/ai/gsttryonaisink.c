/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-tryonaisink
 * @title: tryonaisink
 * @short_description: hands frames to an AI service and takes its answers
 *
 * The client's end of the try-on protocol: sends each encoded image to a
 * service over a WebSocket and goes on at once, with several frames under way
 * at a time. The processed images leave in order at the `src` request pad, from
 * a thread of their own. With nothing linked there it is a plain sink.
 *
 * An answer is the service's image with the timestamps and the
 * #GstTryonFrameMeta of the frame that it answers; what it is, and its size,
 * are read from the image, and the caps follow. Frames without a meta get one.
 *
 * ## Frames
 *
 * At most #GstTryonAiSink:max-in-flight frames (fewer, where the service says
 * so) are at the service. The newest frame waits for the next place; the one
 * that waited before it is dropped. A frame whose answer is not there in time,
 * or cannot come because the service is down, leaves as
 * #GstTryonAiSink:fallback says, marked as not processed. What the service
 * drops itself (other than for its own AI's sake) is dropped. A frame that the
 * service passed over is dropped when a later one is answered. Every drop is
 * told to the frame's session, and counted.
 *
 * A service that hangs is not fed any further: while all places are held by
 * frames whose time is over, new frames fall back at once, and after five more
 * timeouts the places are given to new frames.
 *
 * In PAUSED the frame that the sinks behind wait for is never dropped: it
 * leaves unprocessed.
 *
 * ## Connection
 *
 * There is one connection for each session, made when the session's
 * `tryon-session` event comes, and for a stream without one when it starts.
 * While it is made for the first time, frames wait for it as long as for an
 * answer. When it fails or is lost, frames fall back at once, and it is tried
 * again after 100 ms, 200 ms and so on up to 5 s, less up to half of that at
 * random, for as long as the element is PAUSED or PLAYING. This is never an
 * error of the pipeline: it is told on the bus, to the session's client, and by
 * #GstTryonAiSink:state. A service that holds frames and says nothing for 5 s
 * (or four timeouts, where that is more) counts as lost.
 *
 * The reference image of a `tryon-reference` event, and the newest
 * `adjust_quality`, `pause` and `resume` of `tryon-control` events are sent to
 * the service, and again on each new connection. Like all serialized events
 * they also leave at `src`, in order with the answers.
 *
 * ## Latency
 *
 * The latency query at `src` is answered with upstream's latency and the time
 * that 95 % of the frames of the last seconds waited, which is never more than
 * the timeout. A LATENCY message is posted when that moves by 10 ms.
 *
 * ## Messages
 *
 * An element message "tryon-ai-state" is posted when the state changes:
 *
 * * "state" (#gchararray): a nick of #GstTryonAiSink:state
 * * "reason" (#gchararray): why, for people; may be empty
 * * "uri" (#gchararray): of the service, without user, password and query
 *
 * A warning is posted once for each outage of the service, and at most each
 * 10 s when it does not keep to the protocol. These messages, and the
 * notification of #GstTryonAiSink:state, come from the thread of the
 * connections, which all elements share: do not wait for anything there.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 videotestsrc num-buffers=90 is-live=true ! tryonwebpenc ! tryonaisink name=ai uri=ws://127.0.0.1:9000/ws/try-on/demo/ ai.src ! tryonwebpdec ! videoconvert ! fakesink
 * ]| Without a service at that address, frames go on unprocessed.
 */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <string.h>

#include "gsttryonaielements.h"
#include "gsttryonaisink.h"

GST_DEBUG_CATEGORY (tryon_ai_sink_debug);
#define GST_CAT_DEFAULT tryon_ai_sink_debug

#define DEFAULT_URI "ws://127.0.0.1:9000/ws/try-on/{session_id}/"
#define DEFAULT_MAX_IN_FLIGHT 4
#define DEFAULT_TIMEOUT 200
#define DEFAULT_FALLBACK GST_TRYON_AI_FALLBACK_PASSTHROUGH
#define DEFAULT_CONNECT_TIMEOUT 5000

/* What the statistics and the latency look back on. */
#define WINDOW_SPAN (5 * GST_SECOND)
#define WINDOW_SAMPLES 256

enum
{
  PROP_0,
  PROP_URI,
  PROP_TOKEN,
  PROP_MAX_IN_FLIGHT,
  PROP_TIMEOUT,
  PROP_FALLBACK,
  PROP_CONNECT_TIMEOUT,
  PROP_STATE,
  PROP_STATS,
};

#define CAPS \
    "image/webp, width = [ 1, MAX ], height = [ 1, MAX ]; " \
    "image/jpeg, width = [ 1, MAX ], height = [ 1, MAX ]; " \
    "image/png, width = [ 1, MAX ], height = [ 1, MAX ]"

static GstStaticPadTemplate sink_template =
GST_STATIC_PAD_TEMPLATE ("sink", GST_PAD_SINK, GST_PAD_ALWAYS,
    GST_STATIC_CAPS (CAPS));

static GstStaticPadTemplate src_template =
GST_STATIC_PAD_TEMPLATE ("src", GST_PAD_SRC, GST_PAD_REQUEST,
    GST_STATIC_CAPS (CAPS));

G_DEFINE_TYPE_WITH_CODE (GstTryonAiSink, gst_tryon_ai_sink, GST_TYPE_BASE_SINK,
    GST_DEBUG_CATEGORY_INIT (tryon_ai_sink_debug, "tryonaisink", 0,
        "Hands frames to an AI service"));
GST_ELEMENT_REGISTER_DEFINE (tryonaisink, "tryonaisink", GST_RANK_NONE,
    GST_TYPE_TRYON_AI_SINK);

/* ---- frames ---- */

static GstTryonAiItem *
new_item (GstTryonAiSink * self, GstBuffer * buffer)
{
  GstTryonFrameMeta *meta = gst_buffer_get_tryon_frame_meta (buffer);
  GstCaps *caps = gst_pad_get_current_caps (GST_BASE_SINK_PAD (self));
  guint64 capture_time = g_get_real_time ();
  guint32 sequence = self->next_sequence;
  GstTryonAiItem *item;

  if (meta != NULL) {
    sequence = meta->sequence;
    capture_time = meta->capture_time;
  }
  self->next_sequence = sequence + 1;
  item = gst_tryon_ai_item_new_frame (buffer, caps, self->session, sequence,
      capture_time);
  gst_clear_caps (&caps);
  return item;
}

static GstFlowReturn
hand_over (GstTryonAiSink * self, GstBuffer * buffer, gboolean preroll)
{
  GstTryonAiItem *item;
  GstFlowReturn flow;

  gst_tryon_ai_sink_join (self);
  item = new_item (self, buffer);

  g_mutex_lock (&self->lock);
  flow = self->flow;
  if (flow == GST_FLOW_OK) {
    gst_tryon_ai_queue_set_prerolling (self->queue, preroll);
    gst_tryon_ai_queue_push_frame (self->queue, item, preroll,
        g_get_monotonic_time ());
  } else {
    gst_tryon_ai_item_free (item);
  }
  gst_tryon_ai_sink_unlock_and_settle (self);
  return flow;
}

/* The sinks behind the source pad wait for this frame, and it will not get
 * through render() before they have it. */
static GstFlowReturn
gst_tryon_ai_sink_preroll (GstBaseSink * sink, GstBuffer * buffer)
{
  GstTryonAiSink *self = GST_TRYON_AI_SINK (sink);

  gst_buffer_replace (&self->prerolled, buffer);
  return hand_over (self, buffer, TRUE);
}

static GstFlowReturn
gst_tryon_ai_sink_render (GstBaseSink * sink, GstBuffer * buffer)
{
  GstTryonAiSink *self = GST_TRYON_AI_SINK (sink);
  gboolean prerolled = buffer == self->prerolled;
  GstFlowReturn flow;

  gst_clear_buffer (&self->prerolled);
  if (!prerolled)
    return hand_over (self, buffer, FALSE);

  g_mutex_lock (&self->lock);
  gst_tryon_ai_queue_set_prerolling (self->queue, FALSE);
  flow = self->flow;
  gst_tryon_ai_sink_unlock_and_settle (self);
  return flow;
}

/* ---- events ---- */

static void
handle_session (GstTryonAiSink * self, GstTryonSession * session)
{
  GstStructure *init = gst_tryon_session_get_init (session);

  gst_tryon_ai_sink_set_session (self, session);
  /* What the client said at first is to reach the service with the connection:
   * it comes with the first event or frame, if it is not there yet. */
  if (init != NULL) {
    gst_structure_free (init);
    gst_tryon_ai_sink_join (self);
  }
}

static void
handle_control (GstTryonAiSink * self, const gchar * action,
    const GstStructure * params)
{
  gst_tryon_ai_sink_join (self);
  if (g_strcmp0 (action, "adjust_quality") == 0 ||
      g_strcmp0 (action, "pause") == 0 || g_strcmp0 (action, "resume") == 0)
    gst_tryon_ai_client_control (self->client, action, params);
}

static void
handle_tryon_event (GstTryonAiSink * self, GstEvent * event)
{
  const gchar *media_type, *id, *action;
  const GstStructure *params;
  GstTryonSession *session;
  GstBuffer *image;

  if (gst_tryon_event_parse_session (event, &session)) {
    handle_session (self, session);
    gst_object_unref (session);
  } else if (gst_tryon_event_parse_reference (event, &image, &media_type, &id)) {
    gst_tryon_ai_client_set_reference (self->client, image, media_type, id);
    gst_clear_buffer (&image);
  } else if (gst_tryon_event_parse_control (event, &action, &params)) {
    handle_control (self, action, params);
  }
}

/* Queues a serialized event behind the frames before it. */
static void
queue_event (GstTryonAiSink * self, GstEvent * event)
{
  gboolean queued;

  g_mutex_lock (&self->lock);
  queued = gst_tryon_ai_queue_push_event (self->queue, gst_event_ref (event));
  gst_tryon_ai_sink_unlock_and_settle (self);
  if (!queued)
    GST_WARNING_OBJECT (self, "too many events wait, dropping %" GST_PTR_FORMAT,
        event);
}

static void
push_event_now (GstTryonAiSink * self, GstEvent * event)
{
  GstPad *pad = gst_tryon_ai_sink_get_src_pad (self);

  if (pad != NULL) {
    gst_pad_push_event (pad, gst_event_ref (event));
    gst_object_unref (pad);
  }
}

static gboolean
gst_tryon_ai_sink_event (GstBaseSink * sink, GstEvent * event)
{
  GstTryonAiSink *self = GST_TRYON_AI_SINK (sink);
  GstBaseSinkClass *parent_class =
      GST_BASE_SINK_CLASS (gst_tryon_ai_sink_parent_class);
  gboolean ret;

  switch (GST_EVENT_TYPE (event)) {
    case GST_EVENT_FLUSH_START:
      gst_tryon_ai_sink_flush_start (self, gst_event_ref (event));
      break;
    case GST_EVENT_FLUSH_STOP:
      gst_event_ref (event);
      ret = parent_class->event (sink, event);
      gst_clear_buffer (&self->prerolled);
      gst_tryon_ai_sink_flush_stop (self, event);
      return ret;
    case GST_EVENT_CAPS:
      /* Nothing comes before them that could be a session. */
      gst_tryon_ai_sink_join (self);
      break;
    case GST_EVENT_SINK_MESSAGE:
      /* Posted here; behind the source pad it would be posted once more. */
      break;
    case GST_EVENT_CUSTOM_DOWNSTREAM:
    case GST_EVENT_CUSTOM_DOWNSTREAM_STICKY:
      handle_tryon_event (self, event);
      queue_event (self, event);
      break;
    default:
      if (GST_EVENT_IS_SERIALIZED (event))
        queue_event (self, event);
      else
        push_event_now (self, event);
      break;
  }
  return parent_class->event (sink, event);
}

/* EOS: holds the base class's message back until it is known what becomes of
 * the frames, which takes no longer than their timeout. */
static GstFlowReturn
gst_tryon_ai_sink_wait_event (GstBaseSink * sink, GstEvent * event)
{
  GstTryonAiSink *self = GST_TRYON_AI_SINK (sink);
  gboolean unlocked;
  GstFlowReturn ret;

  ret = GST_BASE_SINK_CLASS (gst_tryon_ai_sink_parent_class)->wait_event (sink,
      event);
  if (GST_EVENT_TYPE (event) != GST_EVENT_EOS)
    return ret;

  while (ret == GST_FLOW_OK) {
    g_mutex_lock (&self->lock);
    self->in_eos = TRUE;
    while (!self->unlocked) {
      /* A frame that waited has a place now: it is sent without the lock. */
      if (gst_tryon_ai_sink_expire_unlocked (self)) {
        gst_tryon_ai_sink_unlock_and_settle (self);
        g_mutex_lock (&self->lock);
        continue;
      }
      if (gst_tryon_ai_queue_get_n_undecided (self->queue) == 0)
        break;
      g_cond_wait_until (&self->cond, &self->lock,
          gst_tryon_ai_queue_get_next_deadline (self->queue));
    }
    self->in_eos = FALSE;
    unlocked = self->unlocked;
    gst_tryon_ai_sink_unlock_and_settle (self);
    if (!unlocked)
      break;
    ret = gst_base_sink_wait_preroll (sink);
  }
  return ret;
}

static gboolean
set_unlocked (GstBaseSink * sink, gboolean unlocked)
{
  GstTryonAiSink *self = GST_TRYON_AI_SINK (sink);

  g_mutex_lock (&self->lock);
  self->unlocked = unlocked;
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->lock);
  return TRUE;
}

static gboolean
gst_tryon_ai_sink_unlock (GstBaseSink * sink)
{
  return set_unlocked (sink, TRUE);
}

static gboolean
gst_tryon_ai_sink_unlock_stop (GstBaseSink * sink)
{
  return set_unlocked (sink, FALSE);
}

static gboolean
gst_tryon_ai_sink_send_event (GstElement * element, GstEvent * event)
{
  if (gst_tryon_ai_sink_is_repeated_seek (GST_TRYON_AI_SINK (element), event)) {
    gst_event_unref (event);
    return TRUE;
  }
  return GST_ELEMENT_CLASS (gst_tryon_ai_sink_parent_class)->send_event
      (element, event);
}

/* ---- states ---- */

static gboolean
check_uri (const gchar * uri, GError ** error)
{
  gchar *example = gst_tryon_ai_sink_expand_uri (uri, "id");
  GUri *parsed = g_uri_parse (example, G_URI_FLAGS_NONE, error);
  gboolean ok = FALSE;

  if (parsed != NULL) {
    ok = (strcmp (g_uri_get_scheme (parsed), "ws") == 0 ||
        strcmp (g_uri_get_scheme (parsed), "wss") == 0) &&
        g_uri_get_host (parsed) != NULL && *g_uri_get_host (parsed) != '\0';
    if (!ok)
      g_set_error_literal (error, G_URI_ERROR, G_URI_ERROR_FAILED,
          "it must begin with ws:// or wss:// and a host");
    g_uri_unref (parsed);
  }
  g_free (example);
  return ok;
}

static gboolean
gst_tryon_ai_sink_start (GstBaseSink * sink)
{
  GstTryonAiSink *self = GST_TRYON_AI_SINK (sink);
  GError *error = NULL;
  gchar *uri;

  g_mutex_lock (&self->lock);
  uri = g_strdup (self->uri);
  g_mutex_unlock (&self->lock);
  if (uri == NULL || !check_uri (uri, &error)) {
    GST_ELEMENT_ERROR (self, RESOURCE, SETTINGS,
        ("The uri of the AI service cannot be used."),
        ("%s: %s", uri, error != NULL ? error->message : "there is none"));
    g_clear_error (&error);
    g_free (uri);
    return FALSE;
  }
  g_free (uri);
  return TRUE;
}

/* Everything of a stream is new with it. */
static void
reset (GstTryonAiSink * self)
{
  self->joined = FALSE;
  self->next_sequence = 0;

  g_mutex_lock (&self->lock);
  g_clear_pointer (&self->queue, gst_tryon_ai_queue_free);
  self->queue = gst_tryon_ai_queue_new ();
  gst_tryon_ai_queue_set_max_in_flight (self->queue, self->max_in_flight);
  gst_tryon_ai_queue_set_timeout (self->queue, self->timeout * 1000LL);
  gst_tryon_ai_queue_set_fallback (self->queue, self->fallback);
  self->generation++;
  self->granted = GST_TRYON_AI_MAX_IN_FLIGHT;
  self->fault_warned = 0;
  self->flow = GST_FLOW_OK;
  self->stopping = FALSE;
  self->unlocked = FALSE;
  self->flushing = FALSE;
  self->flushes++;
  self->last_seek = GST_SEQNUM_INVALID;
  gst_tryon_window_clear (self->round_trips);
  gst_tryon_window_clear (self->waits);
  self->latency = 0;
  self->latency_checked = 0;
  self->faults = self->bad_answers = 0;
  self->connections = self->outages = 0;
  g_mutex_unlock (&self->lock);
}

static void
open_service (GstTryonAiSink * self)
{
  GstTryonAiClient *client;

  reset (self);
  self->loop = gst_tryon_loop_get_client ();
  client = gst_tryon_ai_client_new (self->loop, &gst_tryon_ai_sink_callbacks,
      self);
  g_mutex_lock (&self->lock);
  self->client = client;
  g_mutex_unlock (&self->lock);
  gst_tryon_ai_sink_start_task (self);
}

/* With the pads down: nothing comes in any more, and nothing gets out. */
static void
close_service (GstTryonAiSink * self)
{
  GstTryonAiClient *client;

  gst_tryon_ai_sink_join_task (self);
  g_mutex_lock (&self->lock);
  client = g_steal_pointer (&self->client);
  g_mutex_unlock (&self->lock);
  gst_tryon_ai_client_free (client);
  gst_clear_object (&self->loop);

  g_mutex_lock (&self->lock);
  gst_tryon_ai_queue_set_prerolling (self->queue, FALSE);
  gst_tryon_ai_queue_flush (self->queue, g_get_monotonic_time ());
  gst_tryon_ai_queue_set_open (self->queue, FALSE, g_get_monotonic_time ());
  gst_tryon_ai_sink_unlock_and_settle (self);
  gst_clear_buffer (&self->prerolled);
  gst_clear_event (&self->segment);
  gst_clear_object (&self->session);
  gst_tryon_ai_sink_set_disconnected (self);
}

static GstStateChangeReturn
gst_tryon_ai_sink_change_state (GstElement * element, GstStateChange transition)
{
  GstTryonAiSink *self = GST_TRYON_AI_SINK (element);
  GstStateChangeReturn ret;

  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED)
    open_service (self);
  else if (transition == GST_STATE_CHANGE_PAUSED_TO_READY)
    gst_tryon_ai_sink_stop_task (self);

  ret = GST_ELEMENT_CLASS (gst_tryon_ai_sink_parent_class)->change_state
      (element, transition);

  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED &&
      ret == GST_STATE_CHANGE_FAILURE) {
    gst_tryon_ai_sink_stop_task (self);
    close_service (self);
  } else if (transition == GST_STATE_CHANGE_PAUSED_TO_READY) {
    close_service (self);
  }
  return ret;
}

/* ---- properties ---- */

static void
gst_tryon_ai_sink_set_property (GObject * object, guint prop_id,
    const GValue * value, GParamSpec * pspec)
{
  GstTryonAiSink *self = GST_TRYON_AI_SINK (object);

  g_mutex_lock (&self->lock);
  switch (prop_id) {
    case PROP_URI:
      g_free (self->uri);
      self->uri = g_value_dup_string (value);
      break;
    case PROP_TOKEN:
      g_free (self->token);
      self->token = g_value_dup_string (value);
      break;
    case PROP_MAX_IN_FLIGHT:
      self->max_in_flight = g_value_get_uint (value);
      gst_tryon_ai_queue_set_max_in_flight (self->queue,
          MIN (self->max_in_flight, self->granted));
      break;
    case PROP_TIMEOUT:
      self->timeout = g_value_get_uint (value);
      gst_tryon_ai_queue_set_timeout (self->queue, self->timeout * 1000LL);
      break;
    case PROP_FALLBACK:
      self->fallback = g_value_get_enum (value);
      gst_tryon_ai_queue_set_fallback (self->queue, self->fallback);
      break;
    case PROP_CONNECT_TIMEOUT:
      self->connect_timeout = g_value_get_uint (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
      break;
  }
  gst_tryon_ai_sink_unlock_and_settle (self);
}

static void
gst_tryon_ai_sink_get_property (GObject * object, guint prop_id,
    GValue * value, GParamSpec * pspec)
{
  GstTryonAiSink *self = GST_TRYON_AI_SINK (object);

  if (prop_id == PROP_STATS) {
    g_value_take_boxed (value, gst_tryon_ai_sink_get_stats (self));
    return;
  }
  g_mutex_lock (&self->lock);
  switch (prop_id) {
    case PROP_URI:
      g_value_set_string (value, self->uri);
      break;
    case PROP_MAX_IN_FLIGHT:
      g_value_set_uint (value, self->max_in_flight);
      break;
    case PROP_TIMEOUT:
      g_value_set_uint (value, self->timeout);
      break;
    case PROP_FALLBACK:
      g_value_set_enum (value, self->fallback);
      break;
    case PROP_CONNECT_TIMEOUT:
      g_value_set_uint (value, self->connect_timeout);
      break;
    case PROP_STATE:
      g_value_set_enum (value, self->state);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
      break;
  }
  g_mutex_unlock (&self->lock);
}

static void
gst_tryon_ai_sink_finalize (GObject * object)
{
  GstTryonAiSink *self = GST_TRYON_AI_SINK (object);

  gst_tryon_ai_queue_free (self->queue);
  gst_tryon_window_free (self->round_trips);
  gst_tryon_window_free (self->waits);
  g_free (self->uri);
  g_free (self->token);
  g_cond_clear (&self->cond);
  g_mutex_clear (&self->lock);
  g_rec_mutex_clear (&self->task_lock);

  G_OBJECT_CLASS (gst_tryon_ai_sink_parent_class)->finalize (object);
}

static void
gst_tryon_ai_sink_init (GstTryonAiSink * self)
{
  GstBaseSink *sink = GST_BASE_SINK (self);

  g_mutex_init (&self->lock);
  g_cond_init (&self->cond);
  g_rec_mutex_init (&self->task_lock);
  self->uri = g_strdup (DEFAULT_URI);
  self->max_in_flight = DEFAULT_MAX_IN_FLIGHT;
  self->timeout = DEFAULT_TIMEOUT;
  self->fallback = DEFAULT_FALLBACK;
  self->connect_timeout = DEFAULT_CONNECT_TIMEOUT;
  self->round_trips = gst_tryon_window_new (WINDOW_SPAN, WINDOW_SAMPLES);
  self->waits = gst_tryon_window_new (WINDOW_SPAN, WINDOW_SAMPLES);
  reset (self);

  /* A frame is late already when it comes here: waiting for its time would
   * only add to the latency. And nobody needs it once it was handed over. */
  gst_base_sink_set_sync (sink, FALSE);
  gst_base_sink_set_last_sample_enabled (sink, FALSE);
}

static void
install_properties (GObjectClass * object_class)
{
  const GParamFlags ready = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
      GST_PARAM_MUTABLE_READY;
  const GParamFlags playing = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
      GST_PARAM_MUTABLE_PLAYING;
  const GParamFlags readable = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  /**
   * GstTryonAiSink:uri:
   *
   * Where the service is. "{session_id}" stands for the id of the session of
   * the `tryon-session` event; in a stream without one, for a random UUID.
   */
  g_object_class_install_property (object_class, PROP_URI,
      g_param_spec_string ("uri", "URI",
          "Address of the AI service (ws:// or wss://); {session_id} in it "
          "stands for the session's id, or a random one", DEFAULT_URI, ready));
  /**
   * GstTryonAiSink:token:
   *
   * Shown to the service as `Authorization: Bearer`. Can't be read back.
   */
  g_object_class_install_property (object_class, PROP_TOKEN,
      g_param_spec_string ("token", "Token",
          "Token to show to the AI service (NULL = none)", NULL,
          (ready & ~G_PARAM_READABLE)));
  /**
   * GstTryonAiSink:max-in-flight:
   *
   * How many frames may be at the service at a time. The service may grant
   * fewer. What the rate needs is the rate times the service's latency.
   */
  g_object_class_install_property (object_class, PROP_MAX_IN_FLIGHT,
      g_param_spec_uint ("max-in-flight", "Maximum in flight",
          "Frames that are at the AI service at a time, at most; the service "
          "may grant fewer", 1, GST_TRYON_AI_MAX_IN_FLIGHT,
          DEFAULT_MAX_IN_FLIGHT, playing));
  /**
   * GstTryonAiSink:timeout:
   *
   * Bounds the time that a frame waits here for its answer. When it is over
   * the frame leaves as #GstTryonAiSink:fallback says, and "timeouts" of
   * #GstTryonAiSink:stats counts one up. Holds for frames that come from then
   * on.
   */
  g_object_class_install_property (object_class, PROP_TIMEOUT,
      g_param_spec_uint ("timeout", "Timeout",
          "Longest time that a frame waits for its answer, in milliseconds",
          1, 60000, DEFAULT_TIMEOUT, playing));
  /**
   * GstTryonAiSink:fallback:
   *
   * What leaves for a frame that the service did not answer in time or cannot
   * answer. Images are marked as not processed.
   */
  g_object_class_install_property (object_class, PROP_FALLBACK,
      g_param_spec_enum ("fallback", "Fallback",
          "What leaves for a frame that the AI service does not answer",
          GST_TYPE_TRYON_AI_FALLBACK, DEFAULT_FALLBACK, playing));
  /**
   * GstTryonAiSink:connect-timeout:
   *
   * Bounds connecting (name, TCP, TLS and handshake), and after it the time
   * until the service says `session_ready`. When it is over the attempt has
   * failed.
   */
  g_object_class_install_property (object_class, PROP_CONNECT_TIMEOUT,
      g_param_spec_uint ("connect-timeout", "Connect timeout",
          "Longest time for connecting, and for the AI service to take the "
          "session, in milliseconds", 1, 600000, DEFAULT_CONNECT_TIMEOUT,
          ready));
  /**
   * GstTryonAiSink:state:
   *
   * How the connection is. Notified from the connections' thread.
   */
  g_object_class_install_property (object_class, PROP_STATE,
      g_param_spec_enum ("state", "State", "State of the connection",
          GST_TYPE_TRYON_AI_STATE, GST_TRYON_AI_STATE_DISCONNECTED, readable));
  /**
   * GstTryonAiSink:stats:
   *
   * "application/x-tryon-ai-stats", since the element was PAUSED last. Only
   * growing #guint64: "frames-received", "frames-sent", "frames-processed"
   * (left with the service's image), "frames-fallback" (left without it),
   * "frames-dropped", "timeouts" (frames that were not answered in time, among
   * those that fell back or were dropped), "late-answers" (to frames that had
   * left, or had an answer), "bad-answers" (were no image), "faults" (what else
   * did not keep to the protocol, and bad answers), "events-dropped",
   * "connections" (times that a service was ready), "outages". #guint:
   * "frames-outstanding", and "max-in-flight" as it is in effect. #guint64
   * nanoseconds over the last 5 s, %GST_CLOCK_TIME_NONE without a sample:
   * "round-trip-mean", "round-trip-p95" (from hand-over to answer). Structure
   * "dropped-by-reason" of #guint64, named after the reasons.
   *
   * frames-received = frames-processed + frames-fallback + frames-dropped +
   * frames-outstanding, at any time.
   */
  g_object_class_install_property (object_class, PROP_STATS,
      g_param_spec_boxed ("stats", "Statistics",
          "Counters of frames, answers and connections, round trip times in "
          "nanoseconds", GST_TYPE_STRUCTURE, readable));
}

static void
gst_tryon_ai_sink_class_init (GstTryonAiSinkClass * klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseSinkClass *sink_class = GST_BASE_SINK_CLASS (klass);

  object_class->set_property = gst_tryon_ai_sink_set_property;
  object_class->get_property = gst_tryon_ai_sink_get_property;
  object_class->finalize = gst_tryon_ai_sink_finalize;
  install_properties (object_class);

  element_class->change_state = gst_tryon_ai_sink_change_state;
  element_class->send_event = gst_tryon_ai_sink_send_event;
  element_class->request_new_pad = gst_tryon_ai_sink_request_pad;
  element_class->release_pad = gst_tryon_ai_sink_release_pad;
  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_set_static_metadata (element_class, "Try-On AI Client",
      "Sink/Network",
      "Hands each frame to an AI service and passes its answers on in order",
      "gst-tryon developers <gst-tryon@example.org>");

  sink_class->start = gst_tryon_ai_sink_start;
  sink_class->preroll = gst_tryon_ai_sink_preroll;
  sink_class->render = gst_tryon_ai_sink_render;
  sink_class->event = gst_tryon_ai_sink_event;
  sink_class->wait_event = gst_tryon_ai_sink_wait_event;
  sink_class->unlock = gst_tryon_ai_sink_unlock;
  sink_class->unlock_stop = gst_tryon_ai_sink_unlock_stop;

  gst_type_mark_as_plugin_api (GST_TYPE_TRYON_AI_FALLBACK, 0);
  gst_type_mark_as_plugin_api (GST_TYPE_TRYON_AI_STATE, 0);
}

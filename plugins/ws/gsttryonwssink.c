/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * SECTION:element-tryonwssink
 * @title: tryonwssink
 * @see_also: tryonwssrc
 *
 * Sends processed frames back to the client that sent them. It is the last
 * element behind a #tryonwssrc: the session that it answers comes down the
 * pipeline in the sticky `tryon-session` event, so there is nothing to set up,
 * and whatever lies in between (queues, a tee, decoders and encoders) need not
 * know of it.
 *
 * 1. A buffer answers the frame whose #GstTryonFrameMeta it carries. Where an
 *    element in between lost that, its timestamp finds the frame, and the miss
 *    is counted.
 * 2. It never waits, neither for the clock (`sync` is off) nor for the client.
 *    Of the answers that the client has not taken yet the two newest are kept,
 *    older frames are answered as dropped (slow-client). So a slow client costs
 *    nothing but its own frames.
 * 3. Frames older than the one answered that nobody answered are answered as
 *    superseded: elements may drop frames without a word.
 * 4. A buffer that answers no frame (such as a copy made by `videorate`), or
 *    whose client has left, is not sent, and counted.
 * 5. At the end of the stream (EOS) the client is told so (`bye`) and its
 *    connection closed (1001).
 *
 * A pipeline that waits for its first client reaches PLAYING at once (`async`
 * is off).
 *
 * ## Feedback
 *
 * Each answer sends a QoS event upstream. Its latency is the time from the
 * frame's arrival at the source to the answer:
 * `proportion` is latency / #tryonwssink:latency-budget, `diff` is latency -
 * #tryonwssink:latency-budget in nanoseconds (negative when there is time left,
 * and a third of the latency at most, so that decoders do not skip all that is
 * under way), `timestamp` the running time of the buffer. Stock decoders skip
 * work by it. The base class's own `qos` property is about something else, how
 * late buffers are against the clock; leave it off.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 tryonwssrc ! tryonwssink
 * ]|
 * An echo service on port 8001.
 */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <gst/tryon/gsttryonevent.h>
#include <gst/tryon/gsttryonframemeta.h>
#include <gst/tryon/gsttryonsession.h>

#include "gsttryonwssink.h"
#include "gsttryonwselements.h"

GST_DEBUG_CATEGORY_STATIC (gst_tryon_ws_sink_debug);
#define GST_CAT_DEFAULT gst_tryon_ws_sink_debug

#define DEFAULT_LATENCY_BUDGET 200
/* A warning about frames that answer nothing comes at most this often
 * (microseconds). */
#define WARNING_INTERVAL G_USEC_PER_SEC

struct _GstTryonWsSink
{
  GstBaseSink parent;

  /* The streaming thread only. */
  gint64 last_warning;          /* monotonic time, 0 for none yet */
  guint64 unwarned;             /* unknown frames since then */

  /* The object lock guards the rest. */
  guint latency_budget;         /* milliseconds */
  GstTryonSession *session;     /* of the last tryon-session event */
  guint64 answered;
  guint64 late;
  guint64 unknown;
  guint64 client_gone;
};

enum
{
  PROP_0,
  PROP_LATENCY_BUDGET,
  PROP_STATS,
  N_PROPERTIES
};

static GParamSpec *properties[N_PROPERTIES];

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE ("sink",
    GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS (GST_TRYON_WS_CAPS));

G_DEFINE_TYPE_WITH_CODE (GstTryonWsSink, gst_tryon_ws_sink, GST_TYPE_BASE_SINK,
    GST_DEBUG_CATEGORY_INIT (gst_tryon_ws_sink_debug, "tryonwssink", 0,
        "WebSocket egress"));
GST_ELEMENT_REGISTER_DEFINE (tryonwssink, "tryonwssink", GST_RANK_NONE,
    GST_TYPE_TRYON_WS_SINK);

/* (transfer full) (nullable) */
static GstTryonSession *
get_session (GstTryonWsSink * self)
{
  GstTryonSession *session;

  GST_OBJECT_LOCK (self);
  session = self->session != NULL ? gst_object_ref (self->session) : NULL;
  GST_OBJECT_UNLOCK (self);
  return session;
}

/* @session: (transfer full) (nullable) */
static void
set_session (GstTryonWsSink * self, GstTryonSession * session)
{
  GstTryonSession *old;

  GST_OBJECT_LOCK (self);
  old = self->session;
  self->session = session;
  GST_OBJECT_UNLOCK (self);
  gst_clear_object (&old);
}

static GstStructure *
get_stats (GstTryonWsSink * self)
{
  GstTryonSession *session = get_session (self);
  GstStructure *stats, *nested;

  GST_OBJECT_LOCK (self);
  stats = gst_structure_new ("application/x-tryon-wssink-stats",
      "frames-answered", G_TYPE_UINT64, self->answered,
      "frames-late", G_TYPE_UINT64, self->late,
      "frames-unknown", G_TYPE_UINT64, self->unknown,
      "frames-client-gone", G_TYPE_UINT64, self->client_gone, NULL);
  GST_OBJECT_UNLOCK (self);
  if (session != NULL) {
    nested = gst_tryon_session_get_stats (session);
    gst_structure_set (stats, "session", GST_TYPE_STRUCTURE, nested, NULL);
    gst_structure_free (nested);
    gst_object_unref (session);
  }
  return stats;
}

static void
gst_tryon_ws_sink_set_property (GObject * object, guint id,
    const GValue * value, GParamSpec * pspec)
{
  GstTryonWsSink *self = GST_TRYON_WS_SINK (object);

  switch (id) {
    case PROP_LATENCY_BUDGET:
      GST_OBJECT_LOCK (self);
      self->latency_budget = g_value_get_uint (value);
      GST_OBJECT_UNLOCK (self);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
}

static void
gst_tryon_ws_sink_get_property (GObject * object, guint id, GValue * value,
    GParamSpec * pspec)
{
  GstTryonWsSink *self = GST_TRYON_WS_SINK (object);

  switch (id) {
    case PROP_LATENCY_BUDGET:
      GST_OBJECT_LOCK (self);
      g_value_set_uint (value, self->latency_budget);
      GST_OBJECT_UNLOCK (self);
      break;
    case PROP_STATS:
      g_value_take_boxed (value, get_stats (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
}

/* Counts an answer, and tells upstream how much time it took. */
static void
report_latency (GstTryonWsSink * self, GstBuffer * buffer, GstClockTime latency)
{
  GstBaseSink *sink = GST_BASE_SINK (self);
  GstClockTime running_time = GST_CLOCK_TIME_NONE;
  GstClockTimeDiff diff;
  GstClockTime budget;

  GST_OBJECT_LOCK (self);
  budget = self->latency_budget * GST_MSECOND;
  diff = GST_CLOCK_DIFF (budget, latency);
  self->answered++;
  if (budget > 0 && diff > 0)
    self->late++;
  if (sink->segment.format == GST_FORMAT_TIME)
    running_time = gst_segment_to_running_time (&sink->segment,
        GST_FORMAT_TIME, GST_BUFFER_PTS (buffer));
  GST_OBJECT_UNLOCK (self);

  GST_LOG_OBJECT (self, "answered %" GST_TIME_FORMAT " after %" GST_TIME_FORMAT,
      GST_TIME_ARGS (GST_BUFFER_PTS (buffer)), GST_TIME_ARGS (latency));
  if (budget == 0 || !GST_CLOCK_TIME_IS_VALID (running_time))
    return;
  /* A decoder skips frames for twice this time (GstVideoDecoder's QoS). The
   * frame that this answer makes the client send comes a latency later: it
   * must not be skipped too, or the client waits for answers that nobody
   * gives. */
  diff = MIN (diff, (GstClockTimeDiff) (latency / 3));
  /* QoS knows no time before the stream's beginning. */
  diff = MAX (diff, -(GstClockTimeDiff) running_time);
  gst_pad_push_event (GST_BASE_SINK_PAD (sink),
      gst_event_new_qos (diff > 0 ? GST_QOS_TYPE_UNDERFLOW :
          GST_QOS_TYPE_OVERFLOW, (gdouble) latency / budget, diff,
          running_time));
}

/* Counts a buffer that answers nothing. */
static void
report_unanswerable (GstTryonWsSink * self, GstTryonSession * session,
    GstBuffer * buffer)
{
  gboolean gone = !gst_tryon_session_is_connected (session);
  gint64 now;

  GST_OBJECT_LOCK (self);
  if (gone)
    self->client_gone++;
  else
    self->unknown++;
  GST_OBJECT_UNLOCK (self);

  if (gone) {
    GST_LOG_OBJECT (self, "the client has gone, nobody takes %"
        GST_PTR_FORMAT, buffer);
    return;
  }
  now = g_get_monotonic_time ();
  self->unwarned++;
  if (self->last_warning != 0 && now - self->last_warning < WARNING_INTERVAL)
    return;
  GST_WARNING_OBJECT (self, "%" G_GUINT64_FORMAT " buffers answered no frame "
      "that waits for an answer, the last is %" GST_PTR_FORMAT,
      self->unwarned, buffer);
  self->last_warning = now;
  self->unwarned = 0;
}

static GstFlowReturn
gst_tryon_ws_sink_render (GstBaseSink * sink, GstBuffer * buffer)
{
  GstTryonWsSink *self = GST_TRYON_WS_SINK (sink);
  GstTryonSession *session = get_session (self);
  GstClockTime latency = 0;

  if (session == NULL) {
    GST_ELEMENT_ERROR (self, STREAM, FAILED,
        ("There is no session to answer."),
        ("No tryon-session event came before the first buffer: link "
            "tryonwssink behind a tryonwssrc."));
    return GST_FLOW_ERROR;
  }
  if (gst_tryon_session_answer (session, buffer, &latency))
    report_latency (self, buffer, latency);
  else
    report_unanswerable (self, session, buffer);
  gst_object_unref (session);
  return GST_FLOW_OK;
}

static gboolean
gst_tryon_ws_sink_event (GstBaseSink * sink, GstEvent * event)
{
  GstTryonWsSink *self = GST_TRYON_WS_SINK (sink);
  GstTryonSession *session = NULL;

  if (gst_tryon_event_parse_session (event, &session)) {
    GST_INFO_OBJECT (self, "answering session %s",
        gst_tryon_session_get_id (session));
    set_session (self, session);
  } else if (GST_EVENT_TYPE (event) == GST_EVENT_EOS) {
    session = get_session (self);
    if (session != NULL) {
      gst_tryon_session_close (session, GST_TRYON_CLOSE_GOING_AWAY,
          "end of stream", FALSE);
      gst_object_unref (session);
    }
  }
  return GST_BASE_SINK_CLASS (gst_tryon_ws_sink_parent_class)->event (sink,
      event);
}

static void
reset (GstTryonWsSink * self)
{
  GST_OBJECT_LOCK (self);
  self->answered = self->late = self->unknown = self->client_gone = 0;
  GST_OBJECT_UNLOCK (self);
  self->last_warning = 0;
  self->unwarned = 0;
}

/* Not start and stop, which a sink has between NULL and READY only. */
static GstStateChangeReturn
gst_tryon_ws_sink_change_state (GstElement * element, GstStateChange transition)
{
  GstTryonWsSink *self = GST_TRYON_WS_SINK (element);
  GstStateChangeReturn ret;

  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED)
    reset (self);
  ret = GST_ELEMENT_CLASS (gst_tryon_ws_sink_parent_class)->change_state
      (element, transition);
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY)
    set_session (self, NULL);
  return ret;
}

static void
gst_tryon_ws_sink_finalize (GObject * object)
{
  GstTryonWsSink *self = GST_TRYON_WS_SINK (object);

  gst_clear_object (&self->session);
  G_OBJECT_CLASS (gst_tryon_ws_sink_parent_class)->finalize (object);
}

static void
gst_tryon_ws_sink_class_init (GstTryonWsSinkClass * klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseSinkClass *sink_class = GST_BASE_SINK_CLASS (klass);

  object_class->set_property = gst_tryon_ws_sink_set_property;
  object_class->get_property = gst_tryon_ws_sink_get_property;
  object_class->finalize = gst_tryon_ws_sink_finalize;

  element_class->change_state = gst_tryon_ws_sink_change_state;
  sink_class->render = gst_tryon_ws_sink_render;
  sink_class->event = gst_tryon_ws_sink_event;

  /**
   * tryonwssink:latency-budget:
   *
   * The time that a frame may take, from its arrival at the source to its
   * answer. The QoS events upstream measure by it; no frame is dropped for
   * being late.
   */
  properties[PROP_LATENCY_BUDGET] =
      g_param_spec_uint ("latency-budget", "Latency budget",
      "Time from a frame's arrival to its answer that QoS events measure by, "
      "in milliseconds (0 = send no QoS events)", 0, 60000,
      DEFAULT_LATENCY_BUDGET,
      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING);

  /**
   * tryonwssink:stats:
   *
   * "application/x-tryon-wssink-stats", of uint64 that only grow from READY to
   * READY:
   *
   * * frames-answered: buffers that became a frame's answer
   * * frames-late: those of them over #tryonwssink:latency-budget
   * * frames-unknown: buffers that answered no waiting frame
   * * frames-client-gone: buffers whose client had left
   *
   * and "session", the stats of the session that is answered, where there is
   * one; see #tryonwssrc:stats.
   */
  properties[PROP_STATS] =
      g_param_spec_boxed ("stats", "Statistics",
      "Counters of this element, and of the session that it answers",
      GST_TYPE_STRUCTURE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPERTIES, properties);

  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_set_static_metadata (element_class,
      "Try-On WebSocket Sink", "Sink/Network",
      "Sends processed frames back to the client of a tryonwssrc",
      "gst-tryon developers <gst-tryon@example.org>");
}

static void
gst_tryon_ws_sink_init (GstTryonWsSink * self)
{
  self->latency_budget = DEFAULT_LATENCY_BUDGET;
  gst_base_sink_set_sync (GST_BASE_SINK (self), FALSE);
  gst_base_sink_set_async_enabled (GST_BASE_SINK (self), FALSE);
  /* Would hold on to a frame of a client that is long gone. */
  gst_base_sink_set_last_sample_enabled (GST_BASE_SINK (self), FALSE);
}

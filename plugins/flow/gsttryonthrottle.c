/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * SECTION:element-tryonthrottle
 * @title: tryonthrottle
 * @short_description: drops frames beyond a rate or a number in flight
 *
 * Lets frames of any kind through, unchanged, as long as they stay within
 * #GstTryonThrottle:max-fps and #GstTryonThrottle:max-in-flight, and drops the
 * others. It never waits, so it adds no latency. Every frame must stand for
 * itself (WebP, JPEG, PNG, raw video): between frames of a codec that refers to
 * earlier ones nothing may be dropped.
 *
 * How it decides:
 *
 * 1. With a session (a `tryon-session` event came) and
 *    #GstTryonThrottle:max-in-flight set: a frame is dropped while that many
 *    frames of the session have passed here and have no answer yet. A frame
 *    that gets lost further on counts until the session gives it up, which is
 *    when a later one is answered, or after the session's answer timeout.
 *    Without a session, and for frames that did not come from one (without a
 *    #GstTryonFrameMeta), there is no such limit.
 * 2. With #GstTryonThrottle:max-fps set: a token bucket, which is the Generic
 *    Cell Rate Algorithm of ITU-T Recommendation I.371 told in units of saved
 *    time. Time that passes is saved up, a frame costs 1 / max-fps
 *    seconds, and who cannot pay is dropped. Up to 100 ms more than one frame
 *    costs can be saved: frames that the network held up for so long and then
 *    delivered in a burst all pass, hence a jittery stream at max-fps is not
 *    thinned, though over any while no more than max-fps * (while + 100 ms) + 1
 *    frames pass. A stream begins with nearly nothing saved, hence one at a
 *    multiple of max-fps is thinned evenly from its first frame on.
 *
 * Time is the running time of the frames' PTS, so bursts between elements do
 * not matter; of frames without PTS it is the clock's running time, and where
 * there is no clock either they all pass.
 *
 * For each dropped frame the session is told (its client gets `frame_dropped`
 * with reason `rate`), a QOS message is posted (#GST_MESSAGE_QOS, live, counted
 * in buffers), and the next frame that passes has #GST_BUFFER_FLAG_DISCONT.
 *
 * With a session, the client is asked for max-fps frames per second (`config`
 * message, `target_fps`) when the session begins and when max-fps changes, so
 * that it does not send in vain. 0 asks for nothing new.
 *
 * #GstTryonThrottle:stats is an `application/x-tryon-throttle-stats` structure.
 * Its counters grow from READY on, over all sessions:
 *
 * * `passed` (#guint64): frames that went on
 * * `dropped-rate` (#guint64): frames dropped to hold max-fps
 * * `dropped-in-flight` (#guint64): frames dropped to hold max-in-flight
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 -m videotestsrc is-live=true num-buffers=240 ! video/x-raw,framerate=60/1 ! tryonthrottle max-fps=30 ! tryonstats ! fakesink
 * ]| Makes 30 frames per second out of 60; the `tryon-stats` messages say so.
 */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <gst/tryon/tryon.h>

#include "gsttryonflowelements.h"
#include "gsttryonthrottle.h"

GST_DEBUG_CATEGORY_STATIC (gst_tryon_throttle_debug);
#define GST_CAT_DEFAULT gst_tryon_throttle_debug

#define DEFAULT_MAX_FPS 30
#define MAX_MAX_FPS 240
#define DEFAULT_MAX_IN_FLIGHT 0
/* No session grants its client more unanswered frames than this. */
#define MAX_MAX_IN_FLIGHT 64

/* What frames may be late by before others are dropped for it. Networks delay
 * by time, not by frames, so this is not a multiple of the interval. Phones
 * that save power fetch their packets about every 100 ms. */
#define JITTER_TOLERANCE (100 * GST_MSECOND)
/* What the second frame may be early by. Enough for timestamps in whole
 * milliseconds, and less than the interval at the highest rate: of a stream at
 * a multiple of the limit, the frame that is due passes, not the one before. */
#define FIRST_TOLERANCE (4 * GST_MSECOND)
/* Time that goes back by more begins anew; by less, frames are out of order. */
#define MAX_DISORDER GST_SECOND

enum
{
  PROP_0,
  PROP_MAX_FPS,
  PROP_MAX_IN_FLIGHT,
  PROP_STATS,
  N_PROPERTIES
};

static GParamSpec *properties[N_PROPERTIES];

typedef struct
{
  GstClockTime newest;          /* of the times seen, NONE before the first */
  GstClockTime credit;          /* time saved up */
} Bucket;

struct _GstTryonThrottle
{
  GstBaseTransform parent;

  /* Of the streaming thread alone. */
  Bucket bucket;
  guint32 in_flight[MAX_MAX_IN_FLIGHT]; /* sequences, the oldest first */
  guint n_in_flight;

  /* With the object lock. */
  guint max_fps;
  guint max_in_flight;
  GstTryonSession *session;
  guint64 passed;
  guint64 dropped_rate;
  guint64 dropped_in_flight;
};

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE ("sink",
    GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE ("src",
    GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);

#define gst_tryon_throttle_parent_class parent_class
G_DEFINE_TYPE_WITH_CODE (GstTryonThrottle, gst_tryon_throttle,
    GST_TYPE_BASE_TRANSFORM,
    GST_DEBUG_CATEGORY_INIT (gst_tryon_throttle_debug, "tryonthrottle", 0,
        "Drops frames beyond a rate or a number in flight"));
GST_ELEMENT_REGISTER_DEFINE (tryonthrottle, "tryonthrottle", GST_RANK_NONE,
    GST_TYPE_TRYON_THROTTLE);

/* ---- rate ---- */

static void
bucket_reset (Bucket * bucket)
{
  bucket->newest = GST_CLOCK_TIME_NONE;
  bucket->credit = 0;
}

static gboolean
bucket_take (Bucket * bucket, GstClockTime now, guint fps)
{
  GstClockTime cost = GST_SECOND / fps;

  if (!GST_CLOCK_TIME_IS_VALID (bucket->newest)
      || now + MAX_DISORDER < bucket->newest) {
    bucket->credit = cost + MIN (cost / 8, FIRST_TOLERANCE);
    bucket->newest = now;
  } else if (now > bucket->newest) {
    bucket->credit += now - bucket->newest;
    bucket->newest = now;
  }
  bucket->credit = MIN (bucket->credit, cost + JITTER_TOLERANCE);

  if (bucket->credit < cost)
    return FALSE;
  bucket->credit -= cost;
  return TRUE;
}

/* The running time of @buffer, or of now when it has none. */
static GstClockTime
get_running_time (GstTryonThrottle * self, GstBuffer * buffer)
{
  GstBaseTransform *trans = GST_BASE_TRANSFORM (self);
  GstClockTime time = GST_CLOCK_TIME_NONE;

  if (trans->segment.format == GST_FORMAT_TIME)
    time = gst_segment_to_running_time (&trans->segment, GST_FORMAT_TIME,
        GST_BUFFER_PTS (buffer));
  if (!GST_CLOCK_TIME_IS_VALID (time))
    time = gst_element_get_current_running_time (GST_ELEMENT (self));
  return time;
}

/* ---- in flight ---- */

/* Forgets the frames that have been answered. */
static void
prune_in_flight (GstTryonThrottle * self, GstTryonSession * session)
{
  guint i, kept = 0;

  for (i = 0; i < self->n_in_flight; i++) {
    if (gst_tryon_session_is_waiting (session, self->in_flight[i]))
      self->in_flight[kept++] = self->in_flight[i];
  }
  self->n_in_flight = kept;
}

/* Always, even without a limit: there may be one with the next frame. */
static void
remember_in_flight (GstTryonThrottle * self, GstTryonSession * session,
    guint32 sequence)
{
  if (self->n_in_flight == MAX_MAX_IN_FLIGHT)
    prune_in_flight (self, session);
  if (self->n_in_flight < MAX_MAX_IN_FLIGHT)
    self->in_flight[self->n_in_flight++] = sequence;
}

/* ---- session ---- */

/* Asks the client for max-fps. Comes from the streaming thread and from those
 * that set the property; the loop sees to it that the newest value is what the
 * session is told last. */
static void
tell_target (GstTryonThrottle * self)
{
  GstTryonSession *session;
  guint fps, told = 0;

  while (TRUE) {
    GST_OBJECT_LOCK (self);
    fps = self->max_fps;
    session = self->session != NULL ? gst_object_ref (self->session) : NULL;
    GST_OBJECT_UNLOCK (self);

    if (session == NULL || fps == 0 || fps == told)
      break;
    gst_tryon_session_set_target_fps (session, fps);
    told = fps;
    gst_object_unref (session);
  }
  gst_clear_object (&session);
}

/* @session (transfer full) (nullable). %FALSE when it was in use already. */
static gboolean
take_session (GstTryonThrottle * self, GstTryonSession * session)
{
  GstTryonSession *old;

  GST_OBJECT_LOCK (self);
  old = self->session;
  self->session = session;
  GST_OBJECT_UNLOCK (self);

  if (old != session) {
    bucket_reset (&self->bucket);
    self->n_in_flight = 0;
  }
  gst_clear_object (&old);
  return old != session;
}

/* ---- frames ---- */

/* Counts the dropped frame, and tells the session and the bus of it. */
static GstFlowReturn
drop_frame (GstTryonThrottle * self, GstTryonSession * session,
    GstBuffer * buffer, GstClockTime running_time, guint64 * counter)
{
  GstTryonFrameMeta *meta = gst_buffer_get_tryon_frame_meta (buffer);
  GstSegment *segment = &GST_BASE_TRANSFORM (self)->segment;
  GstClockTime stream_time = GST_CLOCK_TIME_NONE;
  guint64 passed, dropped;
  GstMessage *message;

  GST_OBJECT_LOCK (self);
  *counter += 1;
  passed = self->passed;
  dropped = self->dropped_rate + self->dropped_in_flight;
  GST_OBJECT_UNLOCK (self);

  GST_LOG_OBJECT (self, "dropping for %s: %" GST_PTR_FORMAT,
      counter == &self->dropped_rate ? "max-fps" : "max-in-flight", buffer);

  if (session != NULL && meta != NULL)
    gst_tryon_session_drop (session, meta->sequence,
        GST_TRYON_DROP_REASON_RATE);

  if (segment->format == GST_FORMAT_TIME)
    stream_time = gst_segment_to_stream_time (segment, GST_FORMAT_TIME,
        GST_BUFFER_PTS (buffer));
  message = gst_message_new_qos (GST_OBJECT (self), TRUE, running_time,
      stream_time, GST_BUFFER_PTS (buffer), GST_BUFFER_DURATION (buffer));
  gst_message_set_qos_stats (message, GST_FORMAT_BUFFERS, passed, dropped);
  gst_element_post_message (GST_ELEMENT (self), message);

  /* The base class marks the next buffer as discontinuous. */
  return GST_BASE_TRANSFORM_FLOW_DROPPED;
}

static GstFlowReturn
gst_tryon_throttle_transform_ip (GstBaseTransform * trans, GstBuffer * buffer)
{
  GstTryonThrottle *self = GST_TRYON_THROTTLE (trans);
  GstTryonFrameMeta *meta = gst_buffer_get_tryon_frame_meta (buffer);
  /* Only this thread changes it. */
  GstTryonSession *session = self->session;
  GstClockTime running_time = get_running_time (self, buffer);
  guint max_fps, max_in_flight;

  GST_OBJECT_LOCK (self);
  max_fps = self->max_fps;
  max_in_flight = self->max_in_flight;
  GST_OBJECT_UNLOCK (self);

  if (session != NULL && meta != NULL && max_in_flight > 0) {
    prune_in_flight (self, session);
    if (self->n_in_flight >= max_in_flight)
      return drop_frame (self, session, buffer, running_time,
          &self->dropped_in_flight);
  }

  if (max_fps == 0)
    bucket_reset (&self->bucket);
  else if (GST_CLOCK_TIME_IS_VALID (running_time)
      && !bucket_take (&self->bucket, running_time, max_fps))
    return drop_frame (self, session, buffer, running_time,
        &self->dropped_rate);

  if (session != NULL && meta != NULL)
    remember_in_flight (self, session, meta->sequence);

  GST_OBJECT_LOCK (self);
  self->passed++;
  GST_OBJECT_UNLOCK (self);
  return GST_FLOW_OK;
}

static gboolean
gst_tryon_throttle_sink_event (GstBaseTransform * trans, GstEvent * event)
{
  GstTryonThrottle *self = GST_TRYON_THROTTLE (trans);
  GstTryonSession *session = NULL;

  if (gst_tryon_event_parse_session (event, &session)) {
    GST_INFO_OBJECT (self, "session %s", gst_tryon_session_get_id (session));
    if (take_session (self, session))
      tell_target (self);
  } else if (GST_EVENT_TYPE (event) == GST_EVENT_FLUSH_STOP) {
    /* What was on its way is gone, and running time begins anew. */
    bucket_reset (&self->bucket);
    self->n_in_flight = 0;
  }
  return GST_BASE_TRANSFORM_CLASS (parent_class)->sink_event (trans, event);
}

/* ---- element ---- */

static gboolean
gst_tryon_throttle_start (GstBaseTransform * trans)
{
  GstTryonThrottle *self = GST_TRYON_THROTTLE (trans);

  bucket_reset (&self->bucket);
  self->n_in_flight = 0;
  GST_OBJECT_LOCK (self);
  self->passed = self->dropped_rate = self->dropped_in_flight = 0;
  GST_OBJECT_UNLOCK (self);
  return TRUE;
}

static gboolean
gst_tryon_throttle_stop (GstBaseTransform * trans)
{
  take_session (GST_TRYON_THROTTLE (trans), NULL);
  return TRUE;
}

static GstStructure *
get_stats (GstTryonThrottle * self)
{
  GstStructure *stats;

  GST_OBJECT_LOCK (self);
  stats = gst_structure_new ("application/x-tryon-throttle-stats",
      "passed", G_TYPE_UINT64, self->passed,
      "dropped-rate", G_TYPE_UINT64, self->dropped_rate,
      "dropped-in-flight", G_TYPE_UINT64, self->dropped_in_flight, NULL);
  GST_OBJECT_UNLOCK (self);
  return stats;
}

static void
gst_tryon_throttle_set_property (GObject * object, guint prop_id,
    const GValue * value, GParamSpec * pspec)
{
  GstTryonThrottle *self = GST_TRYON_THROTTLE (object);

  switch (prop_id) {
    case PROP_MAX_FPS:
      GST_OBJECT_LOCK (self);
      self->max_fps = g_value_get_uint (value);
      GST_OBJECT_UNLOCK (self);
      tell_target (self);
      break;
    case PROP_MAX_IN_FLIGHT:
      GST_OBJECT_LOCK (self);
      self->max_in_flight = g_value_get_uint (value);
      GST_OBJECT_UNLOCK (self);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
      break;
  }
}

static void
gst_tryon_throttle_get_property (GObject * object, guint prop_id,
    GValue * value, GParamSpec * pspec)
{
  GstTryonThrottle *self = GST_TRYON_THROTTLE (object);

  switch (prop_id) {
    case PROP_MAX_FPS:
      GST_OBJECT_LOCK (self);
      g_value_set_uint (value, self->max_fps);
      GST_OBJECT_UNLOCK (self);
      break;
    case PROP_MAX_IN_FLIGHT:
      GST_OBJECT_LOCK (self);
      g_value_set_uint (value, self->max_in_flight);
      GST_OBJECT_UNLOCK (self);
      break;
    case PROP_STATS:
      g_value_take_boxed (value, get_stats (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
      break;
  }
}

static void
install_properties (GObjectClass * klass)
{
  const GParamFlags live = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
      GST_PARAM_MUTABLE_PLAYING;

  /**
   * GstTryonThrottle:max-fps:
   *
   * Frames per second that may pass; 0 for no limit. A change counts from the
   * next frame on, and is told to the session's client.
   */
  properties[PROP_MAX_FPS] = g_param_spec_uint ("max-fps", "Max fps",
      "Frames per second that may pass, also asked of the client "
      "(0 = no limit)", 0, MAX_MAX_FPS, DEFAULT_MAX_FPS, live);
  /**
   * GstTryonThrottle:max-in-flight:
   *
   * Frames of the session that may have passed here and be unanswered; 0 for no
   * limit. Has no effect without a session. Where elements behind lose frames
   * silently (a leaky queue), leave room for them: with 1, a lost frame stops
   * the stream until the session's answer timeout.
   */
  properties[PROP_MAX_IN_FLIGHT] =
      g_param_spec_uint ("max-in-flight", "Max in flight",
      "Frames of a session that may have passed and be unanswered, no effect "
      "without a session (0 = no limit)", 0, MAX_MAX_IN_FLIGHT,
      DEFAULT_MAX_IN_FLIGHT, live);
  /**
   * GstTryonThrottle:stats:
   *
   * What passed and what was dropped, in frames; see the element's description
   * for the fields. May be read at any time from any thread.
   */
  properties[PROP_STATS] = g_param_spec_boxed ("stats", "Statistics",
      "Frames passed and dropped by cause since READY",
      GST_TYPE_STRUCTURE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (klass, N_PROPERTIES, properties);
}

static void
gst_tryon_throttle_class_init (GstTryonThrottleClass * klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseTransformClass *trans_class = GST_BASE_TRANSFORM_CLASS (klass);

  object_class->set_property = gst_tryon_throttle_set_property;
  object_class->get_property = gst_tryon_throttle_get_property;
  install_properties (object_class);

  trans_class->start = GST_DEBUG_FUNCPTR (gst_tryon_throttle_start);
  trans_class->stop = GST_DEBUG_FUNCPTR (gst_tryon_throttle_stop);
  trans_class->sink_event = GST_DEBUG_FUNCPTR (gst_tryon_throttle_sink_event);
  trans_class->transform_ip =
      GST_DEBUG_FUNCPTR (gst_tryon_throttle_transform_ip);

  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_set_static_metadata (element_class, "Try-On Throttle",
      "Generic",
      "Drops frames beyond a rate or a number of unanswered frames, "
      "never delays them", "gst-tryon developers <gst-tryon@example.org>");
}

static void
gst_tryon_throttle_init (GstTryonThrottle * self)
{
  self->max_fps = DEFAULT_MAX_FPS;
  self->max_in_flight = DEFAULT_MAX_IN_FLIGHT;
  bucket_reset (&self->bucket);
  /* The frame is looked at, never changed. */
  gst_base_transform_set_passthrough (GST_BASE_TRANSFORM (self), TRUE);
}

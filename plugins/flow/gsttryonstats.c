/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * SECTION:element-tryonstats
 * @title: tryonstats
 * @short_description: measures frame rate, latency and losses in passing
 *
 * Lets everything through unchanged and measures it: frame rate, bytes, and how
 * old the frames are when they come by. The frames may be of any kind. Works
 * alone; with a session (a `tryon-session` event came) it also tells of the
 * session's account, and reports to its client. There may be several in a
 * pipeline; the difference of their latencies is what lies between them.
 *
 * A frame's latency is the time since it arrived at the server (its
 * #GstTryonFrameMeta); of a frame without that meta it is the running time
 * now minus the running time of its PTS, if that is not negative, that is, the
 * time since a live source captured it.
 *
 * ## Messages
 *
 * Every #GstTryonStats:interval while PLAYING, by the pipeline's clock and also
 * when no frame comes, an element message named `tryon-stats` is posted from
 * the clock's thread. Its fields, which #GstTryonStats:stats has too at any
 * time, in a structure named `application/x-tryon-stats`:
 *
 * * `fps` (#gdouble): frames per second over the last #GstTryonStats:window;
 *   falls as soon as a frame is overdue, 0 when there are fewer than two
 * * `latency-mean`, `latency-p50`, `latency-p95`, `latency-p99` (#guint64):
 *   nanoseconds, over the last #GstTryonStats:window; %GST_CLOCK_TIME_NONE when
 *   nothing was measured there
 * * `frames`, `bytes` (#guint64): what passed since READY
 * * `bitrate` (#guint64): bits per second over the last #GstTryonStats:window
 *
 * and with a session, taken from gst_tryon_session_get_stats():
 *
 * * `session-id` (#gchararray)
 * * `frames-received`, `frames-processed`, `frames-dropped` (#guint64): since
 *   the session began
 * * `frames-outstanding` (#guint): received and not answered yet
 * * `dropped-by-reason` (#GstStructure): a #guint64 for each reason: `rate`,
 *   `superseded`, `invalid`, `too-large`, `ai-timeout`, `ai-down`,
 *   `slow-client`, `paused`
 *
 * With #GstTryonStats:report-to-client, the session's client is sent a `stats`
 * message at the same times, once it has sent its `init_session`: `fps`,
 * `frames_processed`, `frames_dropped`, and, where a latency was measured,
 * `avg_latency_ms`, `p50`, `p95`, `p99` (milliseconds) and `connection_quality`
 * (`good`: mean under 100 ms, `fair`: under 200 ms, else `poor`).
 *
 * The figures over the window are of the newest 2048 frames in it; they begin
 * anew with PLAYING and with each session.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 -m videotestsrc is-live=true num-buffers=150 ! tryonstats ! jpegenc ! tryonstats ! fakesink
 * ]| Prints the messages of both; their latencies differ by what jpegenc takes.
 */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <gst/tryon/tryon.h>

#include "gsttryonflowelements.h"
#include "gsttryonstats.h"

GST_DEBUG_CATEGORY_STATIC (gst_tryon_stats_debug);
#define GST_CAT_DEFAULT gst_tryon_stats_debug

#define DEFAULT_INTERVAL 1000
#define MAX_INTERVAL (60 * 60 * 1000)
#define DEFAULT_WINDOW 5000
#define MIN_WINDOW 100
#define MAX_WINDOW (60 * 1000)
#define DEFAULT_REPORT_TO_CLIENT TRUE
/* A minute at 30 frames per second. */
#define MAX_SAMPLES 2048

/* What a client may call its connection by the mean latency. */
#define GOOD_LATENCY (100 * GST_MSECOND)
#define FAIR_LATENCY (200 * GST_MSECOND)

enum
{
  PROP_0,
  PROP_INTERVAL,
  PROP_WINDOW,
  PROP_REPORT_TO_CLIENT,
  PROP_STATS,
  N_PROPERTIES
};

static GParamSpec *properties[N_PROPERTIES];

struct _GstTryonStats
{
  GstBaseTransform parent;

  /* All with the object lock. */
  guint interval;
  guint window;
  gboolean report_to_client;
  GstTryonSession *session;
  guint64 frames;
  guint64 bytes;
  /* From start to stop, else NULL. */
  GstTryonWindow *sizes;        /* of all frames: counts them, too */
  GstTryonWindow *latencies;    /* of those that have one */
  GstClock *window_clock;       /* whose times they hold, NULL: monotonic */
  GstClockTime newest;          /* when the newest frame came, by that clock */
  gboolean is_playing;
  GstClockID timer;             /* NULL unless reports are due */
};

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE ("sink",
    GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE ("src",
    GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);

#define gst_tryon_stats_parent_class parent_class
G_DEFINE_TYPE_WITH_CODE (GstTryonStats, gst_tryon_stats,
    GST_TYPE_BASE_TRANSFORM,
    GST_DEBUG_CATEGORY_INIT (gst_tryon_stats_debug, "tryonstats", 0,
        "Measures frame rate, latency and losses in passing"));
GST_ELEMENT_REGISTER_DEFINE (tryonstats, "tryonstats", GST_RANK_NONE,
    GST_TYPE_TRYON_STATS);

/* ---- windows ---- */

/* The time that the windows go by. @clock (transfer full) (nullable). */
static GstClockTime
get_window_time (GstTryonStats * self, GstClock ** clock)
{
  *clock = gst_element_get_clock (GST_ELEMENT (self));
  return *clock != NULL ? gst_clock_get_time (*clock)
      : gst_util_get_timestamp ();
}

static void
clear_windows_unlocked (GstTryonStats * self)
{
  if (self->sizes == NULL)
    return;
  gst_tryon_window_clear (self->sizes);
  gst_tryon_window_clear (self->latencies);
  self->newest = 0;
}

/* Times of two clocks have nothing in common. */
static void
use_clock_unlocked (GstTryonStats * self, GstClock * clock)
{
  if (self->window_clock == clock)
    return;
  clear_windows_unlocked (self);
  gst_object_replace ((GstObject **) & self->window_clock,
      GST_OBJECT_CAST (clock));
}

/* The window knows the rate between its first and its last frame. When the next
 * is overdue, the pause since counts as well, so that a stream that stops does
 * not keep its rate until the window is empty. Both agree at the moment when
 * the frame is due. */
static gdouble
get_fps_unlocked (GstTryonStats * self, GstClockTime now)
{
  gdouble rate = gst_tryon_window_rate (self->sizes, now);
  guint count = gst_tryon_window_count (self->sizes, now);
  gdouble pause = now > self->newest ? now - self->newest : 0;
  gdouble period;

  if (rate <= 0.0)
    return 0.0;
  period = GST_SECOND / rate;
  if (pause > period)
    return count * (gdouble) GST_SECOND / ((count - 1) * period + pause);
  return rate;
}

/* ---- statistics ---- */

static void
set_own_fields (GstTryonStats * self, GstStructure * stats)
{
  GstClockTime mean = GST_CLOCK_TIME_NONE, p50 = GST_CLOCK_TIME_NONE;
  GstClockTime p95 = GST_CLOCK_TIME_NONE, p99 = GST_CLOCK_TIME_NONE;
  gdouble fps = 0.0, bits = 0.0;
  guint64 frames, bytes;
  GstClock *clock;
  GstClockTime now = get_window_time (self, &clock);

  GST_OBJECT_LOCK (self);
  if (self->sizes != NULL) {
    use_clock_unlocked (self, clock);
    fps = get_fps_unlocked (self, now);
    if (fps > 0.0)
      bits = 8 * fps * gst_tryon_window_mean (self->sizes, now);
    mean = gst_tryon_window_mean (self->latencies, now);
    p50 = gst_tryon_window_percentile (self->latencies, now, 50);
    p95 = gst_tryon_window_percentile (self->latencies, now, 95);
    p99 = gst_tryon_window_percentile (self->latencies, now, 99);
  }
  frames = self->frames;
  bytes = self->bytes;
  GST_OBJECT_UNLOCK (self);
  gst_clear_object (&clock);

  gst_structure_set (stats,
      "fps", G_TYPE_DOUBLE, fps,
      "latency-mean", G_TYPE_UINT64, mean,
      "latency-p50", G_TYPE_UINT64, p50,
      "latency-p95", G_TYPE_UINT64, p95,
      "latency-p99", G_TYPE_UINT64, p99,
      "frames", G_TYPE_UINT64, frames,
      "bytes", G_TYPE_UINT64, bytes,
      "bitrate", G_TYPE_UINT64, (guint64) bits, NULL);
}

static void
set_session_fields (GstTryonSession * session, GstStructure * stats)
{
  static const gchar *fields[] = {
    "session-id", "frames-received", "frames-processed", "frames-dropped",
    "frames-outstanding", "dropped-by-reason"
  };
  GstStructure *account = gst_tryon_session_get_stats (session);
  guint i;

  for (i = 0; i < G_N_ELEMENTS (fields); i++)
    gst_structure_set_value (stats, fields[i],
        gst_structure_get_value (account, fields[i]));
  gst_structure_free (account);
}

static GstTryonSession *
ref_session (GstTryonStats * self)
{
  GstTryonSession *session = NULL;

  GST_OBJECT_LOCK (self);
  if (self->session != NULL)
    session = gst_object_ref (self->session);
  GST_OBJECT_UNLOCK (self);
  return session;
}

static GstStructure *
new_stats (GstTryonStats * self, GstTryonSession * session, const gchar * name)
{
  GstStructure *stats = gst_structure_new_empty (name);

  set_own_fields (self, stats);
  if (session != NULL)
    set_session_fields (session, stats);
  return stats;
}

/* ---- reports ---- */

static void
copy_milliseconds (GstStructure * to, const gchar * to_field,
    const GstStructure * from, const gchar * from_field)
{
  GstClockTime time;

  if (gst_structure_get_uint64 (from, from_field, &time))
    gst_structure_set (to, to_field, G_TYPE_DOUBLE,
        (gdouble) time / GST_MSECOND, NULL);
}

static void
report_to_client (GstTryonSession * session, const GstStructure * stats)
{
  GstStructure *message, *init = gst_tryon_session_get_init (session);
  GstClockTime mean = GST_CLOCK_TIME_NONE;

  /* session_ready is the first message that a client expects. */
  if (init == NULL)
    return;
  gst_structure_free (init);

  message = gst_structure_new_empty ("stats");
  gst_structure_set_value (message, "fps",
      gst_structure_get_value (stats, "fps"));
  gst_structure_get_uint64 (stats, "latency-mean", &mean);
  if (GST_CLOCK_TIME_IS_VALID (mean)) {
    copy_milliseconds (message, "avg_latency_ms", stats, "latency-mean");
    copy_milliseconds (message, "p50", stats, "latency-p50");
    copy_milliseconds (message, "p95", stats, "latency-p95");
    copy_milliseconds (message, "p99", stats, "latency-p99");
    gst_structure_set (message, "connection_quality", G_TYPE_STRING,
        mean < GOOD_LATENCY ? "good" : mean < FAIR_LATENCY ? "fair" : "poor",
        NULL);
  }
  gst_structure_set_value (message, "frames_processed",
      gst_structure_get_value (stats, "frames-processed"));
  gst_structure_set_value (message, "frames_dropped",
      gst_structure_get_value (stats, "frames-dropped"));
  gst_tryon_session_send_message (session, message);
}

static void
report (GstTryonStats * self)
{
  GstTryonSession *session = ref_session (self);
  GstStructure *stats = new_stats (self, session, "tryon-stats");
  gboolean to_client;

  GST_OBJECT_LOCK (self);
  to_client = self->report_to_client;
  GST_OBJECT_UNLOCK (self);

  GST_LOG_OBJECT (self, "%" GST_PTR_FORMAT, stats);
  if (session != NULL && to_client)
    report_to_client (session, stats);
  gst_element_post_message (GST_ELEMENT (self),
      gst_message_new_element (GST_OBJECT (self), stats));
  gst_clear_object (&session);
}

/* In the clock's thread. */
static gboolean
on_tick (GstClock * clock, GstClockTime time, GstClockID id, gpointer user_data)
{
  GstTryonStats *self = GST_TRYON_STATS (user_data);
  GstClockTime now = gst_clock_get_time (clock);
  gboolean due;

  GST_OBJECT_LOCK (self);
  /* unschedule() does not wait for a tick that is under way. After a leap of
   * the clock, ticks come for all the time leapt over: only the last counts. */
  due = self->timer == id
      && now < gst_clock_id_get_time (id) + self->interval * GST_MSECOND;
  GST_OBJECT_UNLOCK (self);
  if (due)
    report (self);
  return TRUE;
}

/* Ends the reports, and begins them anew if they are due. */
static void
restart_timer (GstTryonStats * self)
{
  GstClock *clock = gst_element_get_clock (GST_ELEMENT (self));
  GstClockTime now, interval;
  GstClockID old, timer = NULL;

  if (clock == NULL)
    clock = gst_system_clock_obtain ();
  now = gst_clock_get_time (clock);

  GST_OBJECT_LOCK (self);
  interval = self->interval * GST_MSECOND;
  if (self->is_playing && interval > 0)
    timer = gst_clock_new_periodic_id (clock, now + interval, interval);
  old = self->timer;
  self->timer = timer != NULL ? gst_clock_id_ref (timer) : NULL;
  GST_OBJECT_UNLOCK (self);

  if (old != NULL) {
    gst_clock_id_unschedule (old);
    gst_clock_id_unref (old);
  }
  /* The reference makes a circle, which ends with PLAYING at the latest. */
  if (timer != NULL) {
    gst_clock_id_wait_async (timer, on_tick, gst_object_ref (self),
        gst_object_unref);
    gst_clock_id_unref (timer);
  }
  gst_object_unref (clock);
}

/* ---- frames ---- */

/* The age of @buffer, GST_CLOCK_TIME_NONE when it can't be told. */
static GstClockTime
measure_latency (GstTryonStats * self, GstBuffer * buffer)
{
  GstBaseTransform *trans = GST_BASE_TRANSFORM (self);
  GstTryonFrameMeta *meta = gst_buffer_get_tryon_frame_meta (buffer);
  GstClockTime now, then;

  if (meta != NULL) {
    gint64 age = g_get_monotonic_time () - meta->arrival;

    return age >= 0 ? (GstClockTime) age *GST_USECOND : GST_CLOCK_TIME_NONE;
  }
  if (trans->segment.format != GST_FORMAT_TIME)
    return GST_CLOCK_TIME_NONE;
  then = gst_segment_to_running_time (&trans->segment, GST_FORMAT_TIME,
      GST_BUFFER_PTS (buffer));
  now = gst_element_get_current_running_time (GST_ELEMENT (self));
  if (!GST_CLOCK_TIME_IS_VALID (then) || !GST_CLOCK_TIME_IS_VALID (now)
      || now < then)
    return GST_CLOCK_TIME_NONE;
  return now - then;
}

static GstFlowReturn
gst_tryon_stats_transform_ip (GstBaseTransform * trans, GstBuffer * buffer)
{
  GstTryonStats *self = GST_TRYON_STATS (trans);
  GstClockTime latency = measure_latency (self, buffer);
  gsize size = gst_buffer_get_size (buffer);
  GstClock *clock;
  GstClockTime now = get_window_time (self, &clock);

  GST_OBJECT_LOCK (self);
  use_clock_unlocked (self, clock);
  self->frames++;
  self->bytes += size;
  self->newest = MAX (self->newest, now);
  gst_tryon_window_add (self->sizes, now, size);
  if (GST_CLOCK_TIME_IS_VALID (latency))
    gst_tryon_window_add (self->latencies, now, latency);
  GST_OBJECT_UNLOCK (self);

  gst_clear_object (&clock);
  return GST_FLOW_OK;
}

static gboolean
gst_tryon_stats_sink_event (GstBaseTransform * trans, GstEvent * event)
{
  GstTryonStats *self = GST_TRYON_STATS (trans);
  GstTryonSession *session = NULL;

  if (gst_tryon_event_parse_session (event, &session)) {
    GST_INFO_OBJECT (self, "session %s", gst_tryon_session_get_id (session));
    GST_OBJECT_LOCK (self);
    if (session != self->session) {
      GstTryonSession *old = self->session;

      self->session = session;
      session = old;
      clear_windows_unlocked (self);
    }
    GST_OBJECT_UNLOCK (self);
    gst_clear_object (&session);
  }
  return GST_BASE_TRANSFORM_CLASS (parent_class)->sink_event (trans, event);
}

/* ---- element ---- */

static gboolean
gst_tryon_stats_start (GstBaseTransform * trans)
{
  GstTryonStats *self = GST_TRYON_STATS (trans);

  GST_OBJECT_LOCK (self);
  self->sizes = gst_tryon_window_new (self->window * GST_MSECOND, MAX_SAMPLES);
  self->latencies =
      gst_tryon_window_new (self->window * GST_MSECOND, MAX_SAMPLES);
  self->newest = 0;
  self->frames = self->bytes = 0;
  GST_OBJECT_UNLOCK (self);
  return TRUE;
}

static gboolean
gst_tryon_stats_stop (GstBaseTransform * trans)
{
  GstTryonStats *self = GST_TRYON_STATS (trans);
  GstTryonSession *session;
  GstClock *clock;

  GST_OBJECT_LOCK (self);
  g_clear_pointer (&self->sizes, gst_tryon_window_free);
  g_clear_pointer (&self->latencies, gst_tryon_window_free);
  session = self->session;
  self->session = NULL;
  clock = self->window_clock;
  self->window_clock = NULL;
  GST_OBJECT_UNLOCK (self);

  gst_clear_object (&session);
  gst_clear_object (&clock);
  return TRUE;
}

static void
set_playing (GstTryonStats * self, gboolean is_playing)
{
  GST_OBJECT_LOCK (self);
  self->is_playing = is_playing;
  if (is_playing)
    clear_windows_unlocked (self);
  GST_OBJECT_UNLOCK (self);
  restart_timer (self);
}

static GstStateChangeReturn
gst_tryon_stats_change_state (GstElement * element, GstStateChange transition)
{
  GstTryonStats *self = GST_TRYON_STATS (element);
  GstStateChangeReturn ret;

  if (transition == GST_STATE_CHANGE_PAUSED_TO_PLAYING)
    set_playing (self, TRUE);
  else if (transition == GST_STATE_CHANGE_PLAYING_TO_PAUSED)
    set_playing (self, FALSE);

  ret = GST_ELEMENT_CLASS (parent_class)->change_state (element, transition);

  if (transition == GST_STATE_CHANGE_PAUSED_TO_PLAYING
      && ret == GST_STATE_CHANGE_FAILURE)
    set_playing (self, FALSE);
  return ret;
}

static void
gst_tryon_stats_set_property (GObject * object, guint prop_id,
    const GValue * value, GParamSpec * pspec)
{
  GstTryonStats *self = GST_TRYON_STATS (object);
  gboolean restart = FALSE;

  GST_OBJECT_LOCK (self);
  switch (prop_id) {
    case PROP_INTERVAL:
      restart = self->interval != g_value_get_uint (value);
      self->interval = g_value_get_uint (value);
      break;
    case PROP_WINDOW:
      self->window = g_value_get_uint (value);
      break;
    case PROP_REPORT_TO_CLIENT:
      self->report_to_client = g_value_get_boolean (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (self);

  if (restart)
    restart_timer (self);
}

static GstStructure *
get_stats (GstTryonStats * self)
{
  GstTryonSession *session = ref_session (self);
  GstStructure *stats;

  stats = new_stats (self, session, "application/x-tryon-stats");
  gst_clear_object (&session);
  return stats;
}

static void
gst_tryon_stats_get_property (GObject * object, guint prop_id, GValue * value,
    GParamSpec * pspec)
{
  GstTryonStats *self = GST_TRYON_STATS (object);

  if (prop_id == PROP_STATS) {
    g_value_take_boxed (value, get_stats (self));
    return;
  }
  GST_OBJECT_LOCK (self);
  switch (prop_id) {
    case PROP_INTERVAL:
      g_value_set_uint (value, self->interval);
      break;
    case PROP_WINDOW:
      g_value_set_uint (value, self->window);
      break;
    case PROP_REPORT_TO_CLIENT:
      g_value_set_boolean (value, self->report_to_client);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (self);
}

static void
install_properties (GObjectClass * klass)
{
  const GParamFlags readwrite = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS;

  /**
   * GstTryonStats:interval:
   *
   * Milliseconds between two reports to the bus and the client; 0 for none.
   * A change while PLAYING counts from that moment.
   */
  properties[PROP_INTERVAL] = g_param_spec_uint ("interval", "Interval",
      "Time between reports to the bus and the client, in milliseconds "
      "(0 = never)", 0, MAX_INTERVAL, DEFAULT_INTERVAL,
      readwrite | GST_PARAM_MUTABLE_PLAYING);
  /**
   * GstTryonStats:window:
   *
   * Milliseconds of the past that frame rate, bit rate and latency are of.
   */
  properties[PROP_WINDOW] = g_param_spec_uint ("window", "Window",
      "How much of the past the rates and latencies are of, in milliseconds",
      MIN_WINDOW, MAX_WINDOW, DEFAULT_WINDOW,
      readwrite | GST_PARAM_MUTABLE_READY);
  /**
   * GstTryonStats:report-to-client:
   *
   * Whether the session's client gets a `stats` message every interval. With
   * several of these elements in a pipeline, leave it to one of them.
   */
  properties[PROP_REPORT_TO_CLIENT] = g_param_spec_boolean ("report-to-client",
      "Report to client",
      "Send a stats message to the session's client every interval, too",
      DEFAULT_REPORT_TO_CLIENT, readwrite | GST_PARAM_MUTABLE_PLAYING);
  /**
   * GstTryonStats:stats:
   *
   * The figures of this moment; see the element's description for the fields.
   * May be read at any time from any thread.
   */
  properties[PROP_STATS] = g_param_spec_boxed ("stats", "Statistics",
      "Frame rate, latency, bytes, and the session's account at this moment",
      GST_TYPE_STRUCTURE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (klass, N_PROPERTIES, properties);
}

static void
gst_tryon_stats_class_init (GstTryonStatsClass * klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseTransformClass *trans_class = GST_BASE_TRANSFORM_CLASS (klass);

  object_class->set_property = gst_tryon_stats_set_property;
  object_class->get_property = gst_tryon_stats_get_property;
  install_properties (object_class);

  element_class->change_state =
      GST_DEBUG_FUNCPTR (gst_tryon_stats_change_state);
  trans_class->start = GST_DEBUG_FUNCPTR (gst_tryon_stats_start);
  trans_class->stop = GST_DEBUG_FUNCPTR (gst_tryon_stats_stop);
  trans_class->sink_event = GST_DEBUG_FUNCPTR (gst_tryon_stats_sink_event);
  trans_class->transform_ip = GST_DEBUG_FUNCPTR (gst_tryon_stats_transform_ip);

  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_set_static_metadata (element_class, "Try-On Statistics",
      "Filter/Analyzer",
      "Measures frame rate, latency and losses, and reports them to the bus "
      "and the client", "gst-tryon developers <gst-tryon@example.org>");
}

static void
gst_tryon_stats_init (GstTryonStats * self)
{
  self->interval = DEFAULT_INTERVAL;
  self->window = DEFAULT_WINDOW;
  self->report_to_client = DEFAULT_REPORT_TO_CLIENT;
  gst_base_transform_set_passthrough (GST_BASE_TRANSFORM (self), TRUE);
}

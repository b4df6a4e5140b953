/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * SECTION:element-tryonnails
 * @title: tryonnails
 * @short_description: dresses the nails of hands in live video
 *
 * Finds the nails of up to two hands in raw video and draws a design on them, in
 * place, in real time on a CPU.
 *
 * 1. Only the pixels of nails are changed. A frame without a hand, or with the palm
 *    side up, or where the nails are not found for sure, goes through bit for bit.
 * 2. The design is #GstTryonNails:shape, #GstTryonNails:length,
 *    #GstTryonNails:pattern with #GstTryonNails:color and
 *    #GstTryonNails:tip-color, and #GstTryonNails:finish; or it comes from a
 *    picture: #GstTryonNails:reference. All may be changed while PLAYING, and count
 *    from the next frame on.
 * 3. Where the reference picture shows hands, their nails are taken over finger by
 *    finger, else the whole picture is taken as a swatch. It is turned as its EXIF
 *    says, which is how telephones store photographs. It is loaded before the
 *    first frame when the element starts, and in a thread of its own when it comes
 *    later; until then the design stays as it was. One that can't be used is told by
 *    a warning, and changes nothing.
 * 4. A client's reference (the event `tryon-reference` of a try-on session) comes
 *    before the property's, until the client takes it back or another session
 *    begins. Where it can't be used the client is told, too, by an `error` message.
 * 5. Hands are followed from frame to frame, and nails are kept steady and fade in
 *    and out. That begins anew with caps, segments, flushes, a session, a client's
 *    `change_camera`, and when the time of frames goes back, or on by more than half
 *    a second. A mere #GST_BUFFER_FLAG_DISCONT doesn't do it: where frames are thinned
 *    out to a lower rate, every one has it.
 * 6. Frames that are too late by QoS are dropped (told by a QOS message, and to the
 *    client), as there is no right answer for them: without nails they would flicker,
 *    and with those of another frame the nails would slip. With #GstTryonNails:draw
 *    off no frame is dropped, only its analysis is left out.
 * 7. Frames less than 32 pixels wide or high, and those marked as
 *    #GST_BUFFER_FLAG_GAP, go through as they are.
 * 8. Every frame that was analysed has a #GstTryonNailsMeta: the landmarks of its
 *    hands, the outlines of its nails as they were found (without a free edge that
 *    was drawn), and how sure they are. It has no hands where none was found.
 *
 * The element needs MediaPipe's hand models, which are not a part of it: run
 * gst-tryon-fetch-models once (in a source tree: tools/fetch-models). Without them it
 * does not start, with an error that says so. They are looked for in
 * #GstTryonNails:model-location.
 *
 * ## Messages
 *
 * With #GstTryonNails:interval set, an element message named `tryon-nails` of the
 * newest frame, each time that it has passed:
 *
 * * `timestamp`, `stream-time`, `running-time` (#guint64): of the frame, nanoseconds
 * * `hands`, `nails` (#guint): how many there are in the frame
 * * `confidence` (#gdouble): the nails' mean, 0 to 1; 0 without nails
 * * `detection-time`, `landmarks-time`, `nails-time`, `drawing-time` (#guint64):
 *   nanoseconds that the frame took to look for hands, to follow them, to find their
 *   nails, and to draw them; 0 for what was not done
 *
 * When a reference has been taken, an element message named `tryon-nails-reference`:
 *
 * * `reference` (#gchararray): the property's value, or what the client calls it;
 *   may be missing
 * * `from-client` (#gboolean)
 * * `nails` (#guint): nails that the picture shows; 0: it is taken as a swatch
 *
 * Warnings are posted for a reference that can't be used, and for frames that could
 * not be analysed, at most one a second of these.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 v4l2src ! videoconvert ! tryonnails pattern=french color=0xfff0c0b8 shape=almond length=0.5 ! videoconvert ! autovideosink
 * ]| A French manicure on the hand that is held in front of the camera.
 */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <string.h>

#include <gst/tryon/tryon.h>

#include "gsttryoncrop.h"
#include "gsttryonhandmodels.h"
#include "gsttryonnailnet.h"
#include "gsttryonnails.h"
#include "gsttryonnailsaccount.h"
#include "gsttryonnailseffect.h"
#include "gsttryonnailselements.h"
#include "gsttryonnailsreferences.h"
#include "gsttryonnailssettings.h"

GST_DEBUG_CATEGORY_STATIC (tryonnails_debug);
#define GST_CAT_DEFAULT tryonnails_debug

#define PROP_STATS GST_TRYON_NAILS_N_SETTINGS

/* A hand needs about as many pixels to be found as one; it can't be in less. */
#define MIN_SIDE 32
/* Where a hand was so long ago says little. Frames that QoS or a throttle left out
 * come at 15 per second, at the least. */
#define MAX_PAUSE (GST_SECOND / 2)
#define WARNING_INTERVAL G_TIME_SPAN_SECOND

struct _GstTryonNails
{
  GstVideoFilter parent;

  /* The streaming thread's own, from start to stop. */
  GstTryonNailsEffect *effect;
  GstTryonDesign drawn;         /* what the newest frame was drawn with */
  guint drawn_version;          /* of its textures */
  GstClockTime last_time;       /* of the newest frame */
  GstClockTime next_message;    /* running time, NONE: with the next frame */
  guint32 client_event;         /* seqnum of the client's newest reference */
  gint64 next_warning;          /* g_get_monotonic_time() */
  guint64 warnings_held_back;

  /* With the object lock. */
  GstTryonNailsSettings settings;
  GstTryonNailsReferences *references;  /* from start to stop, else NULL */
  GstClockTime earliest_time;   /* of QoS, running time; NONE: all are in time */
  GstTryonNailsAccount account;
};

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE ("sink",
    GST_PAD_SINK, GST_PAD_ALWAYS,
    GST_STATIC_CAPS (GST_VIDEO_CAPS_MAKE (GST_TRYON_CROP_FORMATS)));
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE ("src",
    GST_PAD_SRC, GST_PAD_ALWAYS,
    GST_STATIC_CAPS (GST_VIDEO_CAPS_MAKE (GST_TRYON_CROP_FORMATS)));

#define gst_tryon_nails_parent_class parent_class
/* All its knobs can be kept under a name. */
G_DEFINE_TYPE_WITH_CODE (GstTryonNails, gst_tryon_nails, GST_TYPE_VIDEO_FILTER,
    G_IMPLEMENT_INTERFACE (GST_TYPE_PRESET, NULL);
    GST_DEBUG_CATEGORY_INIT (tryonnails_debug, "tryonnails", 0,
        "Dresses the nails of hands in live video"));
GST_ELEMENT_REGISTER_DEFINE (tryonnails, "tryonnails", GST_RANK_NONE,
    GST_TYPE_TRYON_NAILS);

/* ---- references ---- */

static void
tell_bad_reference (GstTryonNails * self, GstTryonNailsReferenceKind kind,
    const gchar * name, const GError * error)
{
  GstTryonSession *session;
  GQuark domain = GST_STREAM_ERROR;
  gint code = GST_STREAM_ERROR_DECODE;

  GST_OBJECT_LOCK (self);
  self->account.reference_errors++;
  GST_OBJECT_UNLOCK (self);

  session = kind == GST_TRYON_NAILS_REFERENCE_CLIENT ?
      gst_tryon_pad_get_session (GST_BASE_TRANSFORM_SINK_PAD (self)) : NULL;
  if (session != NULL)
    gst_tryon_session_send_error (session, GST_TRYON_ERROR_INVALID_FRAME,
        "upload_reference: the image can't be used: %s", error->message);
  g_clear_object (&session);

  if (error->domain == G_FILE_ERROR) {
    domain = GST_RESOURCE_ERROR;
    code = error->code == G_FILE_ERROR_NOENT ? GST_RESOURCE_ERROR_NOT_FOUND
        : GST_RESOURCE_ERROR_OPEN_READ;
  }
  gst_element_message_full (GST_ELEMENT (self), GST_MESSAGE_WARNING, domain,
      code, g_strdup_printf ("The reference image can't be used: %s",
          error->message), g_strdup_printf ("reference: %s; the design stays as"
          " it was", GST_STR_NULL (name)), __FILE__, GST_FUNCTION, __LINE__);
}

/* In the thread that loaded it. */
static void
on_loaded (GstObject * owner, GstTryonNailsReferenceKind kind,
    const gchar * name, guint n_found, const GError * error)
{
  GstTryonNails *self = GST_TRYON_NAILS (owner);
  GstStructure *s;

  if (error != NULL) {
    tell_bad_reference (self, kind, name, error);
    return;
  }
  s = gst_structure_new ("tryon-nails-reference",
      "from-client", G_TYPE_BOOLEAN, kind == GST_TRYON_NAILS_REFERENCE_CLIENT,
      "nails", G_TYPE_UINT, n_found, NULL);
  if (name != NULL)
    gst_structure_set (s, "reference", G_TYPE_STRING, name, NULL);
  GST_INFO_OBJECT (self, "%" GST_PTR_FORMAT, s);
  gst_element_post_message (GST_ELEMENT (self),
      gst_message_new_element (GST_OBJECT (self), s));
}

/* (transfer full) (nullable): NULL while the element is stopped. */
static GstTryonNailsReferences *
ref_references (GstTryonNails * self)
{
  GstTryonNailsReferences *references = NULL;

  GST_OBJECT_LOCK (self);
  if (self->references != NULL)
    references = gst_tryon_nails_references_ref (self->references);
  GST_OBJECT_UNLOCK (self);
  return references;
}

/* Puts on what the property says now. */
static void
load_own_reference (GstTryonNails * self, gboolean wait)
{
  GstTryonNailsReferences *references = ref_references (self);
  gchar *path;

  if (references == NULL)
    return;
  GST_OBJECT_LOCK (self);
  path = g_strdup (self->settings.reference);
  GST_OBJECT_UNLOCK (self);

  if (path != NULL && *path != '\0')
    gst_tryon_nails_references_load (references, GST_ELEMENT (self),
        GST_TRYON_NAILS_REFERENCE_OWN, path, NULL, wait);
  else
    gst_tryon_nails_references_clear (references,
        GST_TRYON_NAILS_REFERENCE_OWN);
  g_free (path);
  gst_tryon_nails_references_unref (references);
}

/* @image (transfer full) (nullable): without one, the last is taken back. */
static void
set_client_reference (GstTryonNails * self, GstBuffer * image,
    const gchar * name)
{
  GstTryonNailsReferences *references = ref_references (self);
  gpointer data;
  gsize size;

  if (references != NULL && image != NULL) {
    gst_buffer_extract_dup (image, 0, -1, &data, &size);
    gst_tryon_nails_references_load (references, GST_ELEMENT (self),
        GST_TRYON_NAILS_REFERENCE_CLIENT, name, g_bytes_new_take (data, size),
        FALSE);
  } else if (references != NULL) {
    gst_tryon_nails_references_clear (references,
        GST_TRYON_NAILS_REFERENCE_CLIENT);
  }
  gst_clear_buffer (&image);
  g_clear_pointer (&references, gst_tryon_nails_references_unref);
}

/* ---- frames ---- */

/* What earlier frames showed has nothing to do with the next one. */
static void
forget (GstTryonNails * self)
{
  self->last_time = GST_CLOCK_TIME_NONE;
  if (self->effect != NULL)
    gst_tryon_nails_effect_forget (self->effect);
}

/* The design as it is now, for this thread alone. */
static void
update_design (GstTryonNails * self)
{
  GST_OBJECT_LOCK (self);
  self->drawn.shape = self->settings.design.shape;
  self->drawn.length = self->settings.design.length;
  self->drawn.pattern = self->settings.design.pattern;
  self->drawn.color = self->settings.design.color;
  self->drawn.color2 = self->settings.design.color2;
  self->drawn.finish = self->settings.design.finish;
  GST_OBJECT_UNLOCK (self);

  /* Only start and stop change which it is. */
  gst_tryon_nails_references_update (self->references, &self->drawn,
      &self->drawn_version);
}

/* The time that positions are smoothed by. */
static GstClockTime
get_time (GstTryonNails * self, GstBuffer * buffer)
{
  GstSegment *segment = &GST_BASE_TRANSFORM (self)->segment;
  GstClockTime time = GST_CLOCK_TIME_NONE;

  if (segment->format == GST_FORMAT_TIME)
    time = gst_segment_to_running_time (segment, GST_FORMAT_TIME,
        GST_BUFFER_PTS (buffer));
  return GST_CLOCK_TIME_IS_VALID (time) ? time : gst_util_get_timestamp ();
}

static gboolean
is_late (GstTryonNails * self, GstClockTime time)
{
  gboolean late;

  GST_OBJECT_LOCK (self);
  late = GST_CLOCK_TIME_IS_VALID (self->earliest_time)
      && time <= self->earliest_time;
  GST_OBJECT_UNLOCK (self);
  return late;
}

static void
tell_results (GstTryonNails * self, GstBuffer * buffer, GstClockTime time,
    GstClockTime interval, const GstTryonNailsResults * results)
{
  GstSegment *segment = &GST_BASE_TRANSFORM (self)->segment;
  GstClockTime stream_time = GST_CLOCK_TIME_NONE;
  GstStructure *s;

  /* Time that has gone back by more than can be waited for has begun anew. */
  if (GST_CLOCK_TIME_IS_VALID (self->next_message)
      && time < self->next_message && self->next_message - time <= interval)
    return;
  self->next_message = time + interval;

  if (segment->format == GST_FORMAT_TIME)
    stream_time = gst_segment_to_stream_time (segment, GST_FORMAT_TIME,
        GST_BUFFER_PTS (buffer));
  s = gst_structure_new ("tryon-nails",
      "timestamp", G_TYPE_UINT64, GST_BUFFER_PTS (buffer),
      "stream-time", G_TYPE_UINT64, stream_time,
      "running-time", G_TYPE_UINT64, time, NULL);
  gst_tryon_nails_results_describe (results, s);
  gst_element_post_message (GST_ELEMENT (self),
      gst_message_new_element (GST_OBJECT (self), s));
}

/* The frame goes on as it is; the next one may fare better. */
static void
tell_failed (GstTryonNails * self, const GError * error)
{
  gint64 now = g_get_monotonic_time ();

  GST_OBJECT_LOCK (self);
  self->account.analysis_errors++;
  GST_OBJECT_UNLOCK (self);

  if (now < self->next_warning) {
    self->warnings_held_back++;
    return;
  }
  self->next_warning = now + WARNING_INTERVAL;
  GST_ELEMENT_WARNING (self, STREAM, FAILED,
      ("A frame went through without the effect: %s", error->message),
      ("and %" G_GUINT64_FORMAT " others since the last such warning",
          self->warnings_held_back));
  self->warnings_held_back = 0;
}

/* Draws what was found; returns whether anything was. */
static gboolean
paint (GstTryonNails * self, GstBuffer * buffer,
    GstTryonNailsResults * results, GError ** error)
{
  if (results->n_nails == 0)
    return FALSE;
  update_design (self);
  return gst_tryon_nails_effect_paint (self->effect, buffer,
      &GST_VIDEO_FILTER (self)->in_info, results, &self->drawn, error);
}

static void
process (GstTryonNails * self, GstBuffer * buffer, GstClockTime time)
{
  GstTryonNailsResults results = { 0, };
  GstClockTime interval;
  GError *error = NULL;
  guint max_hands;
  gboolean draw, drawn;

  GST_OBJECT_LOCK (self);
  draw = self->settings.draw;
  max_hands = self->settings.max_hands;
  interval = self->settings.interval * GST_MSECOND;
  GST_OBJECT_UNLOCK (self);

  if (gst_tryon_nails_effect_analyse (self->effect, buffer,
          &GST_VIDEO_FILTER (self)->in_info, time, max_hands, &results,
          &error)) {
    gst_tryon_nails_results_attach (&results, buffer);
    drawn = draw && paint (self, buffer, &results, &error);
    GST_OBJECT_LOCK (self);
    gst_tryon_nails_account_add (&self->account, &results, drawn);
    GST_OBJECT_UNLOCK (self);
    if (interval > 0)
      tell_results (self, buffer, time, interval, &results);
    else
      self->next_message = GST_CLOCK_TIME_NONE;
  }
  if (error != NULL)
    tell_failed (self, error);
  g_clear_error (&error);
}

/* In place of GstVideoFilter's own, which maps every frame for writing, whereby those
 * that others hold, too, are copied: most need not be written to. */
static GstFlowReturn
gst_tryon_nails_transform_ip (GstBaseTransform * trans, GstBuffer * buffer)
{
  GstTryonNails *self = GST_TRYON_NAILS (trans);
  GstVideoFilter *filter = GST_VIDEO_FILTER (trans);
  GstClockTime time = get_time (self, buffer);

  if (!filter->negotiated)
    return GST_FLOW_NOT_NEGOTIATED;
  GST_OBJECT_LOCK (self);
  self->account.frames++;
  GST_OBJECT_UNLOCK (self);
  if (GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_GAP)
      || GST_VIDEO_INFO_WIDTH (&filter->in_info) < MIN_SIDE
      || GST_VIDEO_INFO_HEIGHT (&filter->in_info) < MIN_SIDE)
    return GST_FLOW_OK;
  if (is_late (self, time)) {
    GST_OBJECT_LOCK (self);
    self->account.late++;
    GST_OBJECT_UNLOCK (self);
    return GST_FLOW_OK;
  }

  if (GST_CLOCK_TIME_IS_VALID (self->last_time) && (time < self->last_time
          || time - self->last_time > MAX_PAUSE))
    forget (self);
  self->last_time = time;
  process (self, buffer, time);
  return GST_FLOW_OK;
}

/* The base class drops what is late, silently but for a QOS message. */
static GstFlowReturn
gst_tryon_nails_submit_input_buffer (GstBaseTransform * trans,
    gboolean is_discont, GstBuffer * buffer)
{
  GstTryonNails *self = GST_TRYON_NAILS (trans);
  GstTryonFrameMeta *meta = gst_buffer_get_tryon_frame_meta (buffer);
  guint32 sequence = meta != NULL ? meta->sequence : 0;
  GstTryonSession *session;
  GstFlowReturn ret;

  ret = GST_BASE_TRANSFORM_CLASS (parent_class)->submit_input_buffer (trans,
      is_discont, buffer);
  if (ret != GST_BASE_TRANSFORM_FLOW_DROPPED)
    return ret;

  GST_DEBUG_OBJECT (self, "a frame is too late");
  GST_OBJECT_LOCK (self);
  self->account.frames++;
  self->account.late++;
  GST_OBJECT_UNLOCK (self);
  if (meta == NULL)
    return ret;
  session = gst_tryon_pad_get_session (GST_BASE_TRANSFORM_SINK_PAD (trans));
  if (session != NULL)
    gst_tryon_session_drop (session, sequence, GST_TRYON_DROP_REASON_RATE);
  g_clear_object (&session);
  return ret;
}

static void
gst_tryon_nails_before_transform (GstBaseTransform * trans, GstBuffer * buffer)
{
  GstClockTime time = gst_segment_to_stream_time (&trans->segment,
      GST_FORMAT_TIME, GST_BUFFER_PTS (buffer));

  if (trans->segment.format == GST_FORMAT_TIME
      && GST_CLOCK_TIME_IS_VALID (time))
    gst_object_sync_values (GST_OBJECT (trans), time);
}

/* ---- events ---- */

/* The pad has the event only after it was handled: until then it tells whose session
 * it was before. */
static void
handle_session (GstTryonNails * self, GstTryonSession * session)
{
  GstTryonSession *before =
      gst_tryon_pad_get_session (GST_BASE_TRANSFORM_SINK_PAD (self));

  if (session != before) {
    set_client_reference (self, NULL, NULL);
    self->client_event = GST_SEQNUM_INVALID;
    forget (self);
  }
  g_clear_object (&before);
}

static void
handle_reference (GstTryonNails * self, GstEvent * event)
{
  GstBuffer *image;
  const gchar *id;

  /* Sticky events come again, such as after a pad was linked anew. */
  if (gst_event_get_seqnum (event) == self->client_event)
    return;
  self->client_event = gst_event_get_seqnum (event);
  gst_tryon_event_parse_reference (event, &image, NULL, &id);
  set_client_reference (self, image, id);
}

static void
handle_custom (GstTryonNails * self, GstEvent * event)
{
  GstTryonSession *session = NULL;
  const gchar *action;

  if (gst_tryon_event_parse_session (event, &session)) {
    handle_session (self, session);
    gst_object_unref (session);
  } else if (gst_tryon_event_parse_reference (event, NULL, NULL, NULL)) {
    handle_reference (self, event);
  } else if (gst_tryon_event_parse_control (event, &action, NULL)
      && g_strcmp0 (action, "change_camera") == 0) {
    forget (self);
  }
}

static void
set_earliest_time (GstTryonNails * self, GstClockTime time)
{
  GST_OBJECT_LOCK (self);
  self->earliest_time = time;
  GST_OBJECT_UNLOCK (self);
}

static gboolean
gst_tryon_nails_sink_event (GstBaseTransform * trans, GstEvent * event)
{
  GstTryonNails *self = GST_TRYON_NAILS (trans);

  switch (GST_EVENT_TYPE (event)) {
    case GST_EVENT_CUSTOM_DOWNSTREAM:
    case GST_EVENT_CUSTOM_DOWNSTREAM_STICKY:
      handle_custom (self, event);
      break;
    case GST_EVENT_FLUSH_STOP:
    case GST_EVENT_STREAM_START:
    case GST_EVENT_SEGMENT:
    case GST_EVENT_EOS:
      forget (self);
      set_earliest_time (self, GST_CLOCK_TIME_NONE);
      break;
    default:
      break;
  }
  return GST_BASE_TRANSFORM_CLASS (parent_class)->sink_event (trans, event);
}

/* The base class drops what is late by what it learns here. */
static gboolean
gst_tryon_nails_src_event (GstBaseTransform * trans, GstEvent * event)
{
  GstTryonNails *self = GST_TRYON_NAILS (trans);
  GstClockTimeDiff diff;
  GstClockTime time;
  gboolean draw;

  GST_OBJECT_LOCK (self);
  draw = self->settings.draw;
  GST_OBJECT_UNLOCK (self);
  if (draw || GST_EVENT_TYPE (event) != GST_EVENT_QOS
      || !gst_base_transform_is_qos_enabled (trans))
    return GST_BASE_TRANSFORM_CLASS (parent_class)->src_event (trans, event);

  gst_event_parse_qos (event, NULL, NULL, &diff, &time);
  if (GST_CLOCK_TIME_IS_VALID (time))
    set_earliest_time (self, diff < 0 && time < (GstClockTime) - diff ? 0
        : time + diff);
  return gst_pad_push_event (GST_BASE_TRANSFORM_SINK_PAD (trans), event);
}

static gboolean
gst_tryon_nails_set_info (GstVideoFilter * filter, GstCaps * in,
    GstVideoInfo * in_info, GstCaps * out, GstVideoInfo * out_info)
{
  forget (GST_TRYON_NAILS (filter));
  return TRUE;
}

/* ---- start and stop ---- */

static gboolean
open_models (GstTryonNails * self, GstTryonNetPool ** palm,
    GstTryonNetPool ** landmarks, GstTryonNetPool ** nail_net, GError ** error)
{
  GstTryonHandModel model;
  gchar *folder;
  gboolean ok;

  GST_OBJECT_LOCK (self);
  model = self->settings.model;
  folder = g_strdup (self->settings.model_location);
  GST_OBJECT_UNLOCK (self);

  ok = gst_tryon_hand_models_open (folder, model, palm, landmarks, error);
  g_free (folder);
  if (ok)
    *nail_net = gst_tryon_nail_net_open (error);
  return ok && *nail_net != NULL;
}

static void
begin (GstTryonNails * self, GstTryonNetPool * palm,
    GstTryonNetPool * landmarks, GstTryonNetPool * nail_net)
{
  self->effect = gst_tryon_nails_effect_new (palm, landmarks, nail_net);
  gst_tryon_design_init (&self->drawn);
  self->drawn_version = 0;
  self->last_time = self->next_message = GST_CLOCK_TIME_NONE;
  self->client_event = GST_SEQNUM_INVALID;
  self->next_warning = 0;
  self->warnings_held_back = 0;

  GST_OBJECT_LOCK (self);
  memset (&self->account, 0, sizeof (self->account));
  self->earliest_time = GST_CLOCK_TIME_NONE;
  self->references =
      gst_tryon_nails_references_new (on_loaded, palm, landmarks, nail_net);
  GST_OBJECT_UNLOCK (self);
  /* Before the first frame, so that a film is drawn on from its first frame on. */
  load_own_reference (self, TRUE);
}

static gboolean
gst_tryon_nails_start (GstBaseTransform * trans)
{
  GstTryonNails *self = GST_TRYON_NAILS (trans);
  GstTryonNetPool *palm = NULL, *landmarks = NULL, *nail_net = NULL;
  GError *error = NULL;
  gboolean ok;

  ok = open_models (self, &palm, &landmarks, &nail_net, &error);
  if (ok) {
    begin (self, palm, landmarks, nail_net);
  } else {
    GST_ELEMENT_ERROR (self, RESOURCE, NOT_FOUND, ("%s", error->message),
        (NULL));
    g_error_free (error);
  }
  g_clear_pointer (&palm, gst_tryon_net_pool_unref);
  g_clear_pointer (&landmarks, gst_tryon_net_pool_unref);
  g_clear_pointer (&nail_net, gst_tryon_net_pool_unref);
  return ok;
}

static gboolean
gst_tryon_nails_stop (GstBaseTransform * trans)
{
  GstTryonNails *self = GST_TRYON_NAILS (trans);
  GstTryonNailsReferences *references;

  GST_OBJECT_LOCK (self);
  references = g_steal_pointer (&self->references);
  GST_OBJECT_UNLOCK (self);

  if (references != NULL) {
    gst_tryon_nails_references_stop (references);
    gst_tryon_nails_references_unref (references);
    gst_tryon_design_clear (&self->drawn);
  }
  g_clear_pointer (&self->effect, gst_tryon_nails_effect_free);
  return TRUE;
}

/* ---- object ---- */

static GstStructure *
get_stats (GstTryonNails * self)
{
  GstTryonNailsAccount account;

  GST_OBJECT_LOCK (self);
  account = self->account;
  GST_OBJECT_UNLOCK (self);
  return gst_tryon_nails_account_get_stats (&account);
}

static void
gst_tryon_nails_set_property (GObject * object, guint prop_id,
    const GValue * value, GParamSpec * pspec)
{
  GstTryonNails *self = GST_TRYON_NAILS (object);
  gboolean known;

  GST_OBJECT_LOCK (self);
  known = gst_tryon_nails_settings_set (&self->settings, prop_id, value);
  if (prop_id == GST_TRYON_NAILS_PROP_DRAW)
    self->earliest_time = GST_CLOCK_TIME_NONE;
  GST_OBJECT_UNLOCK (self);

  if (!known)
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
  else if (prop_id == GST_TRYON_NAILS_PROP_REFERENCE)
    load_own_reference (self, FALSE);
}

static void
gst_tryon_nails_get_property (GObject * object, guint prop_id,
    GValue * value, GParamSpec * pspec)
{
  GstTryonNails *self = GST_TRYON_NAILS (object);
  gboolean known;

  if (prop_id == PROP_STATS) {
    g_value_take_boxed (value, get_stats (self));
    return;
  }
  GST_OBJECT_LOCK (self);
  known = gst_tryon_nails_settings_get (&self->settings, prop_id, value);
  GST_OBJECT_UNLOCK (self);
  if (!known)
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
}

static void
gst_tryon_nails_finalize (GObject * object)
{
  GstTryonNails *self = GST_TRYON_NAILS (object);

  gst_tryon_nails_settings_clear (&self->settings);
  G_OBJECT_CLASS (parent_class)->finalize (object);
}

static void
install_properties (GObjectClass * klass)
{
  gst_tryon_nails_settings_install (klass);
  /**
   * GstTryonNails:stats:
   *
   * `application/x-tryon-nails-stats`: #guint64 `frames` (that came),
   * `frames-analysed`, `frames-with-hands`, `frames-late` (dropped; with
   * #GstTryonNails:draw off: not analysed), `nails-drawn`, `analysis-errors`,
   * `reference-errors`, since the element left READY; these only grow. And
   * `detection-time`, `landmarks-time`, `nails-time`, `drawing-time`: means, in
   * nanoseconds, over the frames in which this was done.
   */
  g_object_class_install_property (klass, PROP_STATS,
      g_param_spec_boxed ("stats", "Statistics",
          "Frames, nails, errors and mean times since the element left READY",
          GST_TYPE_STRUCTURE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
}

static void
gst_tryon_nails_class_init (GstTryonNailsClass * klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseTransformClass *transform_class = GST_BASE_TRANSFORM_CLASS (klass);

  object_class->set_property = gst_tryon_nails_set_property;
  object_class->get_property = gst_tryon_nails_get_property;
  object_class->finalize = gst_tryon_nails_finalize;
  install_properties (object_class);

  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_set_static_metadata (element_class, "Nail Try-On",
      "Filter/Effect/Video",
      "Finds the nails of hands and dresses them in a design, in real time",
      "gst-tryon developers <gst-tryon@example.org>");

  transform_class->start = GST_DEBUG_FUNCPTR (gst_tryon_nails_start);
  transform_class->stop = GST_DEBUG_FUNCPTR (gst_tryon_nails_stop);
  transform_class->sink_event = GST_DEBUG_FUNCPTR (gst_tryon_nails_sink_event);
  transform_class->src_event = GST_DEBUG_FUNCPTR (gst_tryon_nails_src_event);
  transform_class->submit_input_buffer =
      GST_DEBUG_FUNCPTR (gst_tryon_nails_submit_input_buffer);
  transform_class->before_transform =
      GST_DEBUG_FUNCPTR (gst_tryon_nails_before_transform);
  transform_class->transform_ip =
      GST_DEBUG_FUNCPTR (gst_tryon_nails_transform_ip);
  transform_class->transform_ip_on_passthrough = FALSE;
  GST_VIDEO_FILTER_CLASS (klass)->set_info =
      GST_DEBUG_FUNCPTR (gst_tryon_nails_set_info);
}

static void
gst_tryon_nails_init (GstTryonNails * self)
{
  gst_tryon_nails_settings_init (&self->settings);
  self->earliest_time = GST_CLOCK_TIME_NONE;
  gst_base_transform_set_in_place (GST_BASE_TRANSFORM (self), TRUE);
}

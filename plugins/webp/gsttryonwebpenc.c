/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * SECTION:element-tryonwebpenc
 * @title: tryonwebpenc
 * @see_also: tryonwebpdec
 *
 * Encodes a live stream of video frames as WebP images, each by itself.
 *
 * - I420 and A420 are read where they lie, without a copy or a conversion, if
 *   they are BT.601 in limited range, which is what WebP is defined as. YUV of
 *   another colorimetry (such as BT.709 of an HD camera) is converted first, or
 *   the colours would come out wrong. RGB formats are converted by libwebp.
 * - #GstTryonWebpEnc:method is 0, the fastest, unless set: about four
 *   times faster than libwebp's own default, for a few percent more bytes.
 * - All properties that shape the image may be changed while PLAYING and count
 *   from the next frame on.
 * - A client of a try-on session changes the quality with the command
 *   `adjust_quality`: `quality` (1 to 100) or `quality_preset` (low = 60,
 *   balanced = 75, high = 85). It takes effect exactly between the frames that
 *   it was sent between, shows in #GstTryonWebpEnc:quality with a notification
 *   from the streaming thread, and is taken back when another session begins.
 * - Every frame is a key frame, and none is held back: no latency is added.
 * - A frame that can't be encoded is dropped, counted in
 *   #GstTryonWebpEnc:stats, answered to the client, and told on the bus by a
 *   warning, at most one a second.
 *
 * With #GstTryonWebpEnc:lossless on, RGB formats come out exactly as they went
 * in, also under transparent pixels; YUV ones go through RGB on the way.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 videotestsrc num-buffers=1 ! video/x-raw,width=640,height=480 ! tryonwebpenc quality=85 ! filesink location=frame.webp
 * ]| Writes one test picture to a file.
 */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <string.h>
#include <webp/encode.h>

#include <gst/video/video.h>
#include <gst/tryon/gsttryonevent.h>

#include "gsttryonwebpcolour.h"
#include "gsttryonwebpelements.h"
#include "gsttryonwebpenc.h"
#include "gsttryonwebpfault.h"

GST_DEBUG_CATEGORY_STATIC (tryonwebpenc_debug);
#define GST_CAT_DEFAULT tryonwebpenc_debug

#define MAX_SIDE G_STRINGIFY (WEBP_MAX_DIMENSION)

#define DEFAULT_QUALITY 75
#define DEFAULT_METHOD 0
#define DEFAULT_TARGET_SIZE 0
#define DEFAULT_LOSSLESS FALSE

/* Passes over a frame to come near a target size, at most: libwebp stops when
 * it is there, and after six (cwebp's choice) it may still be 60 % away. */
#define TARGET_SIZE_PASSES 10
/* The smallest room made for an encoded frame, in bytes. */
#define MIN_ROOM 4096

enum
{
  PROP_0,
  PROP_QUALITY,
  PROP_METHOD,
  PROP_TARGET_SIZE,
  PROP_LOSSLESS,
  PROP_STATS,
  N_PROPERTIES,
};

static GParamSpec *properties[N_PROPERTIES];

typedef struct
{
  guint quality;
  guint method;
  guint target_size;
  gboolean lossless;
} Settings;

/* Where libwebp writes to: memory that becomes the output buffer. */
typedef struct
{
  guint8 *data;
  gsize size;
  gsize room;
} Writer;

struct _GstTryonWebpEnc
{
  GstVideoEncoder parent;

  /* The streaming thread's own. */
  GstVideoCodecState *input_state;
  GstTryonWebpImporter importer;
  gsize room;                   /* what recent frames needed, bytes */
  GstTryonWebpWarnings warnings;

  /* Guarded by the object lock. */
  Settings settings;
  guint own_quality;            /* the application's, without any client's */
  guint64 n_encoded;
  guint64 n_failed;
  guint64 n_late;
  guint64 n_bytes;
};

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE ("sink",
    GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS ("video/x-raw, "
        "format = (string) { I420, A420, RGB, BGR, RGBA, BGRA, RGBx, BGRx }, "
        "width = (int) [ 1, " MAX_SIDE " ], "
        "height = (int) [ 1, " MAX_SIDE " ], "
        "framerate = (fraction) [ 0/1, max ]"));

static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE ("src",
    GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS ("image/webp, "
        "width = (int) [ 1, " MAX_SIDE " ], "
        "height = (int) [ 1, " MAX_SIDE " ], "
        "framerate = (fraction) [ 0/1, max ]"));

#define gst_tryon_webp_enc_parent_class parent_class
G_DEFINE_TYPE (GstTryonWebpEnc, gst_tryon_webp_enc, GST_TYPE_VIDEO_ENCODER);
GST_ELEMENT_REGISTER_DEFINE (tryonwebpenc, "tryonwebpenc", GST_RANK_SECONDARY,
    GST_TYPE_TRYON_WEBP_ENC);

/* ---- quality ---- */

/* @quality 0: back to the application's. */
static void
set_client_quality (GstTryonWebpEnc * self, guint quality)
{
  gboolean changed;

  GST_OBJECT_LOCK (self);
  if (quality == 0)
    quality = self->own_quality;
  changed = self->settings.quality != quality;
  self->settings.quality = quality;
  GST_OBJECT_UNLOCK (self);

  if (changed) {
    GST_INFO_OBJECT (self, "quality is now %u", quality);
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_QUALITY]);
  }
}

static gboolean
get_whole_number (const GstStructure * s, const gchar * name, gint64 * number)
{
  gint narrow;
  guint positive;

  if (gst_structure_get_int64 (s, name, number))
    return TRUE;
  if (gst_structure_get_int (s, name, &narrow)) {
    *number = narrow;
    return TRUE;
  }
  if (gst_structure_get_uint (s, name, &positive)) {
    *number = positive;
    return TRUE;
  }
  return FALSE;
}

/* The quality that an adjust_quality asks for, 0 for none that is known. */
static guint
quality_from_params (const GstStructure * params)
{
  static const struct
  {
    const gchar *name;
    guint quality;
  } presets[] = {
    {"low", 60},
    {"balanced", 75},
    {"high", 85},
  };
  const gchar *name;
  gint64 number;
  guint i;

  /* The number is the more precise wish. */
  if (get_whole_number (params, "quality", &number))
    return number >= 1 && number <= 100 ? (guint) number : 0;

  name = gst_structure_get_string (params, "quality_preset");
  for (i = 0; i < G_N_ELEMENTS (presets); i++) {
    if (g_strcmp0 (name, presets[i].name) == 0)
      return presets[i].quality;
  }
  return 0;
}

static void
handle_control (GstTryonWebpEnc * self, const gchar * action,
    const GstStructure * params)
{
  guint quality;

  if (g_strcmp0 (action, "adjust_quality") != 0)
    return;
  quality = params != NULL ? quality_from_params (params) : 0;
  if (quality != 0)
    set_client_quality (self, quality);
  else
    GST_WARNING_OBJECT (self, "adjust_quality without a known quality: %"
        GST_PTR_FORMAT, params);
}

/* The event is stored on the pad after it was handled: until then the pad tells
 * whose session it was before. */
static void
handle_session (GstTryonWebpEnc * self, GstTryonSession * session)
{
  GstTryonSession *before =
      gst_tryon_pad_get_session (GST_VIDEO_ENCODER_SINK_PAD (self));

  if (session != before)
    set_client_quality (self, 0);
  g_clear_object (&before);
}

static gboolean
gst_tryon_webp_enc_sink_event (GstVideoEncoder * encoder, GstEvent * event)
{
  GstTryonWebpEnc *self = GST_TRYON_WEBP_ENC (encoder);
  GstTryonSession *session = NULL;
  const GstStructure *params;
  const gchar *action;

  /* Both kinds are serialized, and no frame is held back: every frame before
   * the event has left already. */
  if (GST_EVENT_TYPE (event) == GST_EVENT_CUSTOM_DOWNSTREAM &&
      gst_tryon_event_parse_control (event, &action, &params)) {
    handle_control (self, action, params);
  } else if (GST_EVENT_TYPE (event) == GST_EVENT_CUSTOM_DOWNSTREAM_STICKY &&
      gst_tryon_event_parse_session (event, &session)) {
    handle_session (self, session);
    gst_object_unref (session);
  }
  return GST_VIDEO_ENCODER_CLASS (parent_class)->sink_event (encoder, event);
}

/* ---- stream ---- */

static gboolean
gst_tryon_webp_enc_start (GstVideoEncoder * encoder)
{
  GstTryonWebpEnc *self = GST_TRYON_WEBP_ENC (encoder);

  self->room = 0;
  self->warnings.next = 0;
  self->warnings.held_back = 0;

  GST_OBJECT_LOCK (self);
  self->n_encoded = self->n_failed = self->n_late = self->n_bytes = 0;
  GST_OBJECT_UNLOCK (self);
  return TRUE;
}

static void
clear_format (GstTryonWebpEnc * self)
{
  gst_tryon_webp_importer_clear (&self->importer);
  g_clear_pointer (&self->input_state, gst_video_codec_state_unref);
}

static gboolean
gst_tryon_webp_enc_stop (GstVideoEncoder * encoder)
{
  GstTryonWebpEnc *self = GST_TRYON_WEBP_ENC (encoder);

  clear_format (self);
  set_client_quality (self, 0);
  return TRUE;
}

static gboolean
gst_tryon_webp_enc_set_format (GstVideoEncoder * encoder,
    GstVideoCodecState * state)
{
  GstTryonWebpEnc *self = GST_TRYON_WEBP_ENC (encoder);
  GstVideoCodecState *output;

  clear_format (self);
  self->input_state = gst_video_codec_state_ref (state);

  if (!gst_tryon_webp_importer_set_input (&self->importer, &state->info))
    return FALSE;

  output = gst_video_encoder_set_output_state (encoder,
      gst_caps_new_empty_simple ("image/webp"), state);
  if (output == NULL)
    return FALSE;
  output->info.colorimetry = self->importer.info.colorimetry;
  output->info.chroma_site = self->importer.info.chroma_site;
  gst_video_codec_state_unref (output);
  return TRUE;
}

/* ---- a frame ---- */

static int
writer_write (const uint8_t * data, size_t size, const WebPPicture * picture)
{
  Writer *writer = picture->custom_ptr;
  gsize needed, room;
  guint8 *grown;

  if (!g_size_checked_add (&needed, writer->size, size))
    return FALSE;
  if (needed > writer->room) {
    room = MAX (needed, writer->room + writer->room / 2);
    grown = g_try_realloc (writer->data, room);
    if (grown == NULL)
      return FALSE;
    writer->data = grown;
    writer->room = room;
  }
  memcpy (writer->data + writer->size, data, size);
  writer->size = needed;
  return TRUE;
}

/* Most frames then fit at once, and a single large one is soon forgotten. */
static void
learn_room (GstTryonWebpEnc * self, gsize size)
{
  gsize wanted = size + size / 8;

  self->room -= self->room / 16;
  self->room = MAX (MAX (self->room, wanted), MIN_ROOM);
}

static gboolean
fill_config (const Settings * settings, const GstVideoInfo * info,
    WebPConfig * config)
{
  if (!WebPConfigInit (config))
    return FALSE;
  config->quality = settings->quality;
  config->method = settings->method;
  config->lossless = settings->lossless;
  if (settings->target_size != 0 && !settings->lossless) {
    config->target_size = settings->target_size;
    config->pass = TARGET_SIZE_PASSES;
  }
  /* Else libwebp smooths what transparent pixels hide: not lossless, and for
   * A420 in place, in a buffer that isn't the encoder's to write to. */
  config->exact = settings->lossless || GST_VIDEO_INFO_IS_YUV (info);
  return WebPValidateConfig (config);
}

static gboolean
import_rgb (const GstVideoFrame * frame, WebPPicture * picture)
{
  const guint8 *data = GST_VIDEO_FRAME_PLANE_DATA (frame, 0);
  gint stride = GST_VIDEO_FRAME_PLANE_STRIDE (frame, 0);

  switch (GST_VIDEO_FRAME_FORMAT (frame)) {
    case GST_VIDEO_FORMAT_RGB:
      return WebPPictureImportRGB (picture, data, stride);
    case GST_VIDEO_FORMAT_BGR:
      return WebPPictureImportBGR (picture, data, stride);
    case GST_VIDEO_FORMAT_RGBA:
      return WebPPictureImportRGBA (picture, data, stride);
    case GST_VIDEO_FORMAT_BGRA:
      return WebPPictureImportBGRA (picture, data, stride);
    case GST_VIDEO_FORMAT_RGBx:
      return WebPPictureImportRGBX (picture, data, stride);
    case GST_VIDEO_FORMAT_BGRx:
      return WebPPictureImportBGRX (picture, data, stride);
    default:
      g_return_val_if_reached (FALSE);
  }
}

static void
refer_to_yuv (const GstVideoFrame * frame, WebPPicture * picture)
{
  picture->colorspace = WEBP_YUV420;
  picture->y = GST_VIDEO_FRAME_PLANE_DATA (frame, 0);
  picture->u = GST_VIDEO_FRAME_PLANE_DATA (frame, 1);
  picture->v = GST_VIDEO_FRAME_PLANE_DATA (frame, 2);
  picture->y_stride = GST_VIDEO_FRAME_PLANE_STRIDE (frame, 0);
  picture->uv_stride = GST_VIDEO_FRAME_PLANE_STRIDE (frame, 1);
  if (GST_VIDEO_FRAME_FORMAT (frame) == GST_VIDEO_FORMAT_A420) {
    picture->colorspace = WEBP_YUV420A;
    picture->a = GST_VIDEO_FRAME_PLANE_DATA (frame, 3);
    picture->a_stride = GST_VIDEO_FRAME_PLANE_STRIDE (frame, 3);
  }
}

/* Encodes @frame, which is one that libwebp can read. */
static gboolean
encode (GstTryonWebpEnc * self, const Settings * settings,
    const GstVideoFrame * frame, Writer * writer, GError ** error)
{
  WebPPicture picture;
  WebPConfig config;
  gboolean ok;

  if (!WebPPictureInit (&picture) ||
      !fill_config (settings, &frame->info, &config)) {
    g_set_error_literal (error, GST_TRYON_ERROR, GST_TRYON_ERROR_INTERNAL,
        "libwebp refuses the settings");
    return FALSE;
  }
  picture.width = self->importer.info.width;
  picture.height = self->importer.info.height;
  picture.use_argb = settings->lossless;
  picture.writer = writer_write;
  picture.custom_ptr = writer;

  if (GST_VIDEO_INFO_IS_RGB (&frame->info)) {
    ok = import_rgb (frame, &picture);
  } else {
    picture.use_argb = FALSE;
    refer_to_yuv (frame, &picture);
    ok = TRUE;
  }
  ok = ok && WebPEncode (&config, &picture);
  if (!ok)
    g_set_error (error, GST_TRYON_ERROR, GST_TRYON_ERROR_INTERNAL,
        "libwebp couldn't encode it (error %d)", picture.error_code);
  WebPPictureFree (&picture);
  return ok;
}

/* As encode(), for a frame that libwebp can't read. */
static gboolean
encode_copy (GstTryonWebpEnc * self, const Settings * settings,
    GstVideoFrame * frame, Writer * writer, GError ** error)
{
  GstVideoFrame copy;
  gboolean ok;

  if (!gst_tryon_webp_importer_copy (&self->importer, frame, &copy)) {
    g_set_error_literal (error, GST_TRYON_ERROR, GST_TRYON_ERROR_INTERNAL,
        "the video frame can't be converted");
    return FALSE;
  }
  ok = encode (self, settings, &copy, writer, error);
  gst_video_frame_unmap (&copy);
  return ok;
}

/* (transfer full): the WebP image, NULL with @error. */
static GstBuffer *
encode_buffer (GstTryonWebpEnc * self, const Settings * settings,
    GstBuffer * input, GError ** error)
{
  GstVideoFrame frame;
  Writer writer = { NULL, 0, 0 };
  gboolean ok;

  if (!gst_video_frame_map (&frame, &self->input_state->info, input,
          GST_MAP_READ)) {
    g_set_error_literal (error, GST_TRYON_ERROR, GST_TRYON_ERROR_INTERNAL,
        "the video frame can't be read");
    return NULL;
  }

  writer.room = MAX (self->room, MIN_ROOM);
  writer.data = g_malloc (writer.room);
  if (gst_tryon_webp_importer_is_direct (&self->importer, &frame))
    ok = encode (self, settings, &frame, &writer, error);
  else
    ok = encode_copy (self, settings, &frame, &writer, error);
  gst_video_frame_unmap (&frame);

  if (!ok) {
    g_free (writer.data);
    return NULL;
  }
  learn_room (self, writer.size);
  return gst_buffer_new_wrapped_full (0, writer.data, writer.room, 0,
      writer.size, writer.data, g_free);
}

static void
tell_failed (GstTryonWebpEnc * self, GstVideoCodecFrame * frame,
    const GError * error)
{
  guint64 held_back;

  GST_OBJECT_LOCK (self);
  self->n_failed++;
  GST_OBJECT_UNLOCK (self);

  gst_tryon_webp_answer_faulty (GST_VIDEO_ENCODER_SINK_PAD (self),
      frame->input_buffer, GST_TRYON_DROP_REASON_INVALID, error);
  if (gst_tryon_webp_warnings_pass (&self->warnings, &held_back))
    GST_ELEMENT_WARNING (self, STREAM, ENCODE,
        ("Dropped a frame: %s", error->message),
        ("and %" G_GUINT64_FORMAT " others since the last such warning",
            held_back));
}

static void
tell_late (GstTryonWebpEnc * self, GstVideoCodecFrame * frame)
{
  GST_DEBUG_OBJECT (self, "frame %" GST_TIME_FORMAT " is too late",
      GST_TIME_ARGS (frame->pts));

  GST_OBJECT_LOCK (self);
  self->n_late++;
  GST_OBJECT_UNLOCK (self);

  gst_tryon_webp_answer_dropped (GST_VIDEO_ENCODER_SINK_PAD (self),
      frame->input_buffer, GST_TRYON_DROP_REASON_RATE);
}

static GstFlowReturn
gst_tryon_webp_enc_handle_frame (GstVideoEncoder * encoder,
    GstVideoCodecFrame * frame)
{
  GstTryonWebpEnc *self = GST_TRYON_WEBP_ENC (encoder);
  Settings settings;
  GError *error = NULL;

  /* Finishing a frame without an output buffer drops it, with a QoS message. */
  if (gst_video_encoder_get_max_encode_time (encoder, frame) < 0) {
    tell_late (self, frame);
    return gst_video_encoder_finish_frame (encoder, frame);
  }

  GST_OBJECT_LOCK (self);
  settings = self->settings;
  GST_OBJECT_UNLOCK (self);

  frame->output_buffer =
      encode_buffer (self, &settings, frame->input_buffer, &error);
  if (frame->output_buffer == NULL) {
    tell_failed (self, frame, error);
    g_error_free (error);
    return gst_video_encoder_finish_frame (encoder, frame);
  }

  GST_OBJECT_LOCK (self);
  self->n_encoded++;
  self->n_bytes += gst_buffer_get_size (frame->output_buffer);
  GST_OBJECT_UNLOCK (self);

  GST_VIDEO_CODEC_FRAME_SET_SYNC_POINT (frame);
  return gst_video_encoder_finish_frame (encoder, frame);
}

/* ---- object ---- */

static GstStructure *
get_stats (GstTryonWebpEnc * self)
{
  guint64 encoded, failed, late, bytes;

  GST_OBJECT_LOCK (self);
  encoded = self->n_encoded;
  failed = self->n_failed;
  late = self->n_late;
  bytes = self->n_bytes;
  GST_OBJECT_UNLOCK (self);

  return gst_structure_new ("application/x-tryonwebpenc-stats",
      "frames-encoded", G_TYPE_UINT64, encoded,
      "frames-failed", G_TYPE_UINT64, failed,
      "frames-late", G_TYPE_UINT64, late,
      "bytes-encoded", G_TYPE_UINT64, bytes, NULL);
}

static void
gst_tryon_webp_enc_set_property (GObject * object, guint prop_id,
    const GValue * value, GParamSpec * pspec)
{
  GstTryonWebpEnc *self = GST_TRYON_WEBP_ENC (object);

  GST_OBJECT_LOCK (self);
  switch (prop_id) {
    case PROP_QUALITY:
      self->own_quality = g_value_get_uint (value);
      self->settings.quality = self->own_quality;
      break;
    case PROP_METHOD:
      self->settings.method = g_value_get_uint (value);
      break;
    case PROP_TARGET_SIZE:
      self->settings.target_size = g_value_get_uint (value);
      break;
    case PROP_LOSSLESS:
      self->settings.lossless = g_value_get_boolean (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (self);
}

static void
gst_tryon_webp_enc_get_property (GObject * object, guint prop_id,
    GValue * value, GParamSpec * pspec)
{
  GstTryonWebpEnc *self = GST_TRYON_WEBP_ENC (object);

  if (prop_id == PROP_STATS) {
    g_value_take_boxed (value, get_stats (self));
    return;
  }

  GST_OBJECT_LOCK (self);
  switch (prop_id) {
    case PROP_QUALITY:
      g_value_set_uint (value, self->settings.quality);
      break;
    case PROP_METHOD:
      g_value_set_uint (value, self->settings.method);
      break;
    case PROP_TARGET_SIZE:
      g_value_set_uint (value, self->settings.target_size);
      break;
    case PROP_LOSSLESS:
      g_value_set_boolean (value, self->settings.lossless);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (self);
}

static void
make_properties (void)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
      GST_PARAM_MUTABLE_PLAYING;

  /**
   * GstTryonWebpEnc:quality:
   *
   * 0 (smallest) to 100 (best). With #GstTryonWebpEnc:lossless: the effort, 0
   * (fastest) to 100 (smallest). A client's `adjust_quality` changes it, too.
   */
  properties[PROP_QUALITY] = g_param_spec_uint ("quality", "Quality",
      "Quality of the image, 0 (smallest) to 100 (best); with lossless: effort,"
      " 0 (fastest) to 100 (smallest)", 0, 100, DEFAULT_QUALITY, flags);
  /**
   * GstTryonWebpEnc:method:
   *
   * Effort: 0 (fastest) to 6 (smallest). Each step costs time on every frame.
   */
  properties[PROP_METHOD] = g_param_spec_uint ("method", "Method",
      "Effort, 0 (fastest, for real time) to 6 (smallest image)", 0, 6,
      DEFAULT_METHOD, flags);
  /**
   * GstTryonWebpEnc:target-size:
   *
   * Size in bytes that each image is to come near, instead of a quality; 0:
   * off. libwebp then tries qualities until one fits: mostly within 10 %, for
   * four to five times the CPU of a quality. Not used with lossless.
   */
  properties[PROP_TARGET_SIZE] = g_param_spec_uint ("target-size",
      "Target size", "Size in bytes that each image is to come near, instead of"
      " the quality; takes several times the CPU (0 = off)", 0, G_MAXINT,
      DEFAULT_TARGET_SIZE, flags);
  /**
   * GstTryonWebpEnc:lossless:
   *
   * Keeps every pixel of RGB formats as it is. Far larger and slower.
   */
  properties[PROP_LOSSLESS] = g_param_spec_boolean ("lossless", "Lossless",
      "Keep every pixel of RGB formats as it is: far larger and slower",
      DEFAULT_LOSSLESS, flags);
  /**
   * GstTryonWebpEnc:stats:
   *
   * `application/x-tryonwebpenc-stats`: #guint64 `frames-encoded`,
   * `frames-failed` (dropped: not encodable), `frames-late` (dropped: QoS) and
   * `bytes-encoded`, since the element left READY. They only grow.
   */
  properties[PROP_STATS] = g_param_spec_boxed ("stats", "Statistics",
      "Frames encoded, failed and late, and bytes, since the element left"
      " READY", GST_TYPE_STRUCTURE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
}

static void
gst_tryon_webp_enc_class_init (GstTryonWebpEncClass * klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstVideoEncoderClass *encoder_class = GST_VIDEO_ENCODER_CLASS (klass);

  GST_DEBUG_CATEGORY_INIT (tryonwebpenc_debug, "tryonwebpenc", 0,
      "WebP encoder for live streams");

  object_class->set_property = gst_tryon_webp_enc_set_property;
  object_class->get_property = gst_tryon_webp_enc_get_property;
  make_properties ();
  g_object_class_install_properties (object_class, N_PROPERTIES, properties);

  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_set_static_metadata (element_class,
      "WebP Live Stream Encoder", "Codec/Encoder/Image",
      "Encodes a live stream of video frames as WebP images, in real time",
      "gst-tryon developers <gst-tryon@example.org>");

  encoder_class->start = GST_DEBUG_FUNCPTR (gst_tryon_webp_enc_start);
  encoder_class->stop = GST_DEBUG_FUNCPTR (gst_tryon_webp_enc_stop);
  encoder_class->set_format = GST_DEBUG_FUNCPTR (gst_tryon_webp_enc_set_format);
  encoder_class->sink_event = GST_DEBUG_FUNCPTR (gst_tryon_webp_enc_sink_event);
  encoder_class->handle_frame =
      GST_DEBUG_FUNCPTR (gst_tryon_webp_enc_handle_frame);
}

static void
gst_tryon_webp_enc_init (GstTryonWebpEnc * self)
{
  self->own_quality = DEFAULT_QUALITY;
  self->settings.quality = DEFAULT_QUALITY;
  self->settings.method = DEFAULT_METHOD;
  self->settings.target_size = DEFAULT_TARGET_SIZE;
  self->settings.lossless = DEFAULT_LOSSLESS;
}

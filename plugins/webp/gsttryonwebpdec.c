/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * SECTION:element-tryonwebpdec
 * @title: tryonwebpdec
 * @see_also: tryonwebpenc
 *
 * Decodes a live stream of still WebP images (lossy, lossless, with or without
 * alpha), each buffer one image, straight into downstream's buffers.
 *
 * - The size of the output is the one in the image. What the input caps say of
 *   it is not believed. A new size in mid-stream renegotiates, without losing a
 *   frame.
 * - I420 is chosen where downstream takes it: it is what a lossy WebP holds.
 *   Alpha is kept in A420, RGBA, BGRA and ARGB, and left out in the others.
 *   A format without alpha shows what is under transparent pixels, too.
 * - YUV output is BT.601 in limited range with chroma sited as in JPEG,
 *   whatever the size, because that is how WebP is defined.
 * - A frame that can't be decoded (no WebP, truncated, damaged, animated,
 *   larger than #GstTryonWebpDec:max-pixels, or of a size that downstream
 *   refuses) costs itself alone. It is dropped, counted in
 *   #GstTryonWebpDec:stats, answered to the client of a try-on session as
 *   `frame_dropped` with an `error` message, and told on the bus by a warning,
 *   at most one a second. Only with #GstVideoDecoder:max-errors at 0 or above
 *   does it ever end the stream.
 * - A frame that a QoS event from downstream makes too late is dropped before
 *   it is decoded (unless #GstVideoDecoder:qos is off), and answered with
 *   reason `rate`, so that the client gets its credit back at once.
 *
 * It adds no latency: a frame has left when the chain function returns.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 videotestsrc num-buffers=100 ! video/x-raw,width=640,height=480 ! tryonwebpenc ! tryonwebpdec ! fakesink
 * ]| Encodes a hundred frames and decodes them again.
 */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <webp/decode.h>

#include <gst/video/video.h>

#include "gsttryonwebpcolour.h"
#include "gsttryonwebpdec.h"
#include "gsttryonwebpelements.h"
#include "gsttryonwebpfault.h"

GST_DEBUG_CATEGORY_STATIC (tryonwebpdec_debug);
#define GST_CAT_DEFAULT tryonwebpdec_debug

/* 14 bits each in the bitstream. */
#define MAX_SIDE "16383"
#define MAX_PIXELS (16383 * 16383)

#define DEFAULT_MAX_PIXELS (16 * 1024 * 1024)
#define DEFAULT_USE_THREADS FALSE

enum
{
  PROP_0,
  PROP_MAX_PIXELS,
  PROP_USE_THREADS,
  PROP_STATS,
};

typedef struct
{
  GstVideoFormat format;
  WEBP_CSP_MODE mode;
} Layout;

/* What libwebp writes by itself, best first. */
static const Layout layouts[] = {
  {GST_VIDEO_FORMAT_I420, MODE_YUV},
  {GST_VIDEO_FORMAT_A420, MODE_YUVA},
  {GST_VIDEO_FORMAT_RGB, MODE_RGB},
  {GST_VIDEO_FORMAT_BGR, MODE_BGR},
  {GST_VIDEO_FORMAT_RGBA, MODE_RGBA},
  {GST_VIDEO_FORMAT_BGRA, MODE_BGRA},
  {GST_VIDEO_FORMAT_ARGB, MODE_ARGB},
  /* Their fourth byte may hold anything. */
  {GST_VIDEO_FORMAT_RGBx, MODE_RGBA},
  {GST_VIDEO_FORMAT_BGRx, MODE_BGRA},
  {GST_VIDEO_FORMAT_xRGB, MODE_ARGB},
};

#define FORMATS "{ I420, A420, RGB, BGR, RGBA, BGRA, ARGB, RGBx, BGRx, xRGB }"

struct _GstTryonWebpDec
{
  GstVideoDecoder parent;

  /* The streaming thread's own. */
  GstVideoCodecState *input_state;
  const Layout *layout;         /* of the output state, NULL before the first */
  GstVideoInfo info;            /* of the output state */
  gboolean renegotiate;         /* look at format and caps for the next frame */
  GstTryonWebpWarnings warnings;

  /* Guarded by the object lock. */
  guint max_pixels;
  gboolean use_threads;
  guint64 n_decoded;
  guint64 n_invalid;
  guint64 n_late;
};

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE ("sink",
    GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS ("image/webp"));

static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE ("src",
    GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS ("video/x-raw, "
        "format = (string) " FORMATS ", "
        "width = (int) [ 1, " MAX_SIDE " ], "
        "height = (int) [ 1, " MAX_SIDE " ], "
        "framerate = (fraction) [ 0/1, max ]"));

#define gst_tryon_webp_dec_parent_class parent_class
G_DEFINE_TYPE (GstTryonWebpDec, gst_tryon_webp_dec, GST_TYPE_VIDEO_DECODER);
GST_ELEMENT_REGISTER_DEFINE (tryonwebpdec, "tryonwebpdec", GST_RANK_SECONDARY,
    GST_TYPE_TRYON_WEBP_DEC);

static gboolean
gst_tryon_webp_dec_start (GstVideoDecoder * decoder)
{
  GstTryonWebpDec *self = GST_TRYON_WEBP_DEC (decoder);

  self->layout = NULL;
  self->renegotiate = TRUE;
  self->warnings.next = 0;
  self->warnings.held_back = 0;

  GST_OBJECT_LOCK (self);
  self->n_decoded = self->n_invalid = self->n_late = 0;
  GST_OBJECT_UNLOCK (self);
  return TRUE;
}

static gboolean
gst_tryon_webp_dec_stop (GstVideoDecoder * decoder)
{
  GstTryonWebpDec *self = GST_TRYON_WEBP_DEC (decoder);

  g_clear_pointer (&self->input_state, gst_video_codec_state_unref);
  return TRUE;
}

static gboolean
gst_tryon_webp_dec_set_format (GstVideoDecoder * decoder,
    GstVideoCodecState * state)
{
  GstTryonWebpDec *self = GST_TRYON_WEBP_DEC (decoder);

  g_clear_pointer (&self->input_state, gst_video_codec_state_unref);
  self->input_state = gst_video_codec_state_ref (state);
  /* Only an image tells the size: the output state waits for it. */
  self->renegotiate = TRUE;
  return TRUE;
}

static gboolean
gst_tryon_webp_dec_negotiate (GstVideoDecoder * decoder)
{
  /* The base class comes here by itself, too, when it has taken a RECONFIGURE
   * off the pad. It may then hold a frame that is decoded already, so that the
   * format can't change before the next one. */
  GST_TRYON_WEBP_DEC (decoder)->renegotiate = TRUE;

  return GST_VIDEO_DECODER_CLASS (parent_class)->negotiate (decoder);
}

static gboolean
gst_tryon_webp_dec_decide_allocation (GstVideoDecoder * decoder,
    GstQuery * query)
{
  GstBufferPool *pool = NULL;
  GstStructure *config;

  if (!GST_VIDEO_DECODER_CLASS (parent_class)->decide_allocation (decoder,
          query))
    return FALSE;

  /* libwebp takes any strides: let the pool choose them. */
  if (!gst_query_find_allocation_meta (query, GST_VIDEO_META_API_TYPE, NULL))
    return TRUE;
  gst_query_parse_nth_allocation_pool (query, 0, &pool, NULL, NULL, NULL);
  if (gst_buffer_pool_has_option (pool, GST_BUFFER_POOL_OPTION_VIDEO_META)) {
    config = gst_buffer_pool_get_config (pool);
    gst_buffer_pool_config_add_option (config,
        GST_BUFFER_POOL_OPTION_VIDEO_META);
    gst_buffer_pool_set_config (pool, config);
  }
  gst_object_unref (pool);
  return TRUE;
}

/* Whether downstream takes @format, at any size if @width is 0. */
static gboolean
is_allowed (GstCaps * allowed, GstVideoFormat format, gint width, gint height)
{
  gboolean ret;
  GstCaps *caps = gst_caps_new_simple ("video/x-raw", "format", G_TYPE_STRING,
      gst_video_format_to_string (format), NULL);

  if (width != 0)
    gst_caps_set_simple (caps, "width", G_TYPE_INT, width, "height",
        G_TYPE_INT, height, NULL);
  ret = gst_caps_can_intersect (allowed, caps);
  gst_caps_unref (caps);
  return ret;
}

/* The first layout that downstream takes at this size, NULL for none.
 * @format_fits: whether one fits but for the size. */
static const Layout *
choose_layout (GstTryonWebpDec * self, gint width, gint height,
    gboolean * format_fits)
{
  GstCaps *allowed =
      gst_pad_get_allowed_caps (GST_VIDEO_DECODER_SRC_PAD (self));
  const Layout *layout = NULL;
  guint i;

  *format_fits = FALSE;
  if (allowed == NULL)          /* not linked: the push will say so */
    return &layouts[0];

  for (i = 0; layout == NULL && i < G_N_ELEMENTS (layouts); i++) {
    if (is_allowed (allowed, layouts[i].format, width, height))
      layout = &layouts[i];
    else if (is_allowed (allowed, layouts[i].format, 0, 0))
      *format_fits = TRUE;
  }
  gst_caps_unref (allowed);
  return layout;
}

/* Makes the output state that of an image of @width x @height. Sets @error and
 * returns OK when downstream refuses just this size. */
static GstFlowReturn
configure (GstTryonWebpDec * self, gint width, gint height, GError ** error)
{
  GstVideoDecoder *decoder = GST_VIDEO_DECODER (self);
  GstVideoCodecState *state;
  const Layout *layout;
  gboolean format_fits;

  if (self->layout != NULL && width == self->info.width &&
      height == self->info.height && !self->renegotiate &&
      !gst_pad_needs_reconfigure (GST_VIDEO_DECODER_SRC_PAD (self)))
    return GST_FLOW_OK;

  layout = choose_layout (self, width, height, &format_fits);
  if (layout == NULL && format_fits) {
    g_set_error (error, GST_TRYON_ERROR, GST_TRYON_ERROR_INVALID_FRAME,
        "the pipeline doesn't take images of %dx%d pixels", width, height);
    return GST_FLOW_OK;
  }
  if (layout == NULL)
    goto not_negotiated;

  GST_INFO_OBJECT (self, "output is %s, %dx%d",
      gst_video_format_to_string (layout->format), width, height);
  state = gst_video_decoder_set_output_state (decoder, layout->format, width,
      height, self->input_state);
  if (state == NULL)
    goto not_negotiated;
  gst_tryon_webp_set_colorimetry (&state->info);
  self->info = state->info;
  self->layout = layout;
  gst_video_codec_state_unref (state);

  if (!gst_video_decoder_negotiate (decoder))
    goto not_negotiated;
  self->renegotiate = FALSE;
  return GST_FLOW_OK;

not_negotiated:
  self->renegotiate = TRUE;
  if (GST_PAD_IS_FLUSHING (GST_VIDEO_DECODER_SRC_PAD (self)))
    return GST_FLOW_FLUSHING;
  return GST_FLOW_NOT_NEGOTIATED;
}

static const gchar *
status_to_string (VP8StatusCode status)
{
  switch (status) {
    case VP8_STATUS_OUT_OF_MEMORY:
      return "out of memory";
    case VP8_STATUS_NOT_ENOUGH_DATA:
    case VP8_STATUS_SUSPENDED:
      return "the WebP image is truncated";
    case VP8_STATUS_UNSUPPORTED_FEATURE:
      return "the WebP image has a feature that the decoder doesn't support";
    default:
      return "not a valid WebP image";
  }
}

/* Whether the image is one to decode: told from its headers, before anything
 * is allocated for it. */
static gboolean
check_features (GstTryonWebpDec * self, const GstMapInfo * map,
    WebPBitstreamFeatures * features, GError ** error)
{
  VP8StatusCode status;
  guint max_pixels;

  status = WebPGetFeatures (map->data, map->size, features);
  if (status != VP8_STATUS_OK) {
    g_set_error_literal (error, GST_TRYON_ERROR, GST_TRYON_ERROR_INVALID_FRAME,
        status_to_string (status));
    return FALSE;
  }
  if (features->has_animation) {
    g_set_error_literal (error, GST_TRYON_ERROR, GST_TRYON_ERROR_INVALID_FRAME,
        "the WebP image is animated; a frame is a still one");
    return FALSE;
  }

  GST_OBJECT_LOCK (self);
  max_pixels = self->max_pixels;
  GST_OBJECT_UNLOCK (self);
  if (max_pixels != 0 &&
      (guint64) features->width * features->height > max_pixels) {
    g_set_error (error, GST_TRYON_ERROR, GST_TRYON_ERROR_FRAME_TOO_LARGE,
        "%dx%d is more than %u pixels", features->width, features->height,
        max_pixels);
    return FALSE;
  }
  return TRUE;
}

static gsize
plane_size (gint stride, gint rows, gint row_bytes)
{
  return (gsize) ABS (stride) * (rows - 1) + row_bytes;
}

static void
describe_output (GstTryonWebpDec * self, const GstVideoFrame * frame,
    WebPDecBuffer * output)
{
  gint width = self->info.width, height = self->info.height;

  output->colorspace = self->layout->mode;
  output->is_external_memory = 1;

  if (WebPIsRGBMode (output->colorspace)) {
    WebPRGBABuffer *rgb = &output->u.RGBA;

    rgb->rgba = GST_VIDEO_FRAME_PLANE_DATA (frame, 0);
    rgb->stride = GST_VIDEO_FRAME_PLANE_STRIDE (frame, 0);
    rgb->size = plane_size (rgb->stride, height,
        width * GST_VIDEO_FRAME_COMP_PSTRIDE (frame, 0));
  } else {
    WebPYUVABuffer *yuv = &output->u.YUVA;

    yuv->y = GST_VIDEO_FRAME_PLANE_DATA (frame, 0);
    yuv->u = GST_VIDEO_FRAME_PLANE_DATA (frame, 1);
    yuv->v = GST_VIDEO_FRAME_PLANE_DATA (frame, 2);
    yuv->y_stride = GST_VIDEO_FRAME_PLANE_STRIDE (frame, 0);
    yuv->u_stride = GST_VIDEO_FRAME_PLANE_STRIDE (frame, 1);
    yuv->v_stride = GST_VIDEO_FRAME_PLANE_STRIDE (frame, 2);
    yuv->y_size = plane_size (yuv->y_stride, height, width);
    yuv->u_size = plane_size (yuv->u_stride, (height + 1) / 2, (width + 1) / 2);
    yuv->v_size = plane_size (yuv->v_stride, (height + 1) / 2, (width + 1) / 2);
    if (output->colorspace == MODE_YUVA) {
      yuv->a = GST_VIDEO_FRAME_PLANE_DATA (frame, 3);
      yuv->a_stride = GST_VIDEO_FRAME_PLANE_STRIDE (frame, 3);
      yuv->a_size = plane_size (yuv->a_stride, height, width);
    }
  }
}

/* Decodes into @frame's output buffer. Sets @error and returns OK when it is
 * the image's fault. */
static GstFlowReturn
decode (GstTryonWebpDec * self, GstVideoCodecFrame * frame,
    const GstMapInfo * map, GError ** error)
{
  WebPDecoderConfig config;
  GstVideoFrame vframe;
  VP8StatusCode status;

  if (!WebPInitDecoderConfig (&config))
    goto wrong_version;

  if (!gst_video_frame_map (&vframe, &self->info, frame->output_buffer,
          GST_MAP_WRITE))
    goto map_failed;

  GST_OBJECT_LOCK (self);
  config.options.use_threads = self->use_threads;
  GST_OBJECT_UNLOCK (self);
  describe_output (self, &vframe, &config.output);
  status = WebPDecode (map->data, map->size, &config);
  WebPFreeDecBuffer (&config.output);
  gst_video_frame_unmap (&vframe);

  if (status != VP8_STATUS_OK)
    g_set_error_literal (error, GST_TRYON_ERROR, GST_TRYON_ERROR_INVALID_FRAME,
        status_to_string (status));
  return GST_FLOW_OK;

wrong_version:
  GST_ELEMENT_ERROR (self, LIBRARY, INIT, (NULL),
      ("libwebp is not the version that the element was built for"));
  return GST_FLOW_ERROR;

map_failed:
  GST_ELEMENT_ERROR (self, RESOURCE, WRITE, (NULL),
      ("an output buffer can't be written to"));
  return GST_FLOW_ERROR;
}

/* A QoS event may come from another thread at any time, and a frame that the
 * base class drops on its own would never be answered. */
static gboolean
is_late (GstTryonWebpDec * self, GstVideoCodecFrame * frame)
{
  GstVideoDecoder *decoder = GST_VIDEO_DECODER (self);
  gboolean qos;

  if (gst_video_decoder_get_max_decode_time (decoder, frame) >= 0)
    return FALSE;
  g_object_get (self, "qos", &qos, NULL);
  return qos;
}

static GstFlowReturn
drop_late (GstTryonWebpDec * self, GstVideoCodecFrame * frame)
{
  GST_DEBUG_OBJECT (self, "frame %" GST_TIME_FORMAT " is too late",
      GST_TIME_ARGS (frame->pts));

  GST_OBJECT_LOCK (self);
  self->n_late++;
  GST_OBJECT_UNLOCK (self);

  gst_tryon_webp_answer_dropped (GST_VIDEO_DECODER_SINK_PAD (self),
      frame->input_buffer, GST_TRYON_DROP_REASON_RATE);
  return gst_video_decoder_drop_frame (GST_VIDEO_DECODER (self), frame);
}

static GstFlowReturn
drop_invalid (GstTryonWebpDec * self, GstVideoCodecFrame * frame,
    const GError * error)
{
  GstTryonDropReason reason = GST_TRYON_DROP_REASON_INVALID;
  GstFlowReturn ret;
  guint64 held_back;

  if (error->code == GST_TRYON_ERROR_FRAME_TOO_LARGE)
    reason = GST_TRYON_DROP_REASON_TOO_LARGE;

  GST_OBJECT_LOCK (self);
  self->n_invalid++;
  GST_OBJECT_UNLOCK (self);

  gst_tryon_webp_answer_faulty (GST_VIDEO_DECODER_SINK_PAD (self),
      frame->input_buffer, reason, error);

  /* Judges whether the stream may go on; then it posts nothing. */
  GST_VIDEO_DECODER_ERROR (self, 1, STREAM, DECODE, ("%s", error->message),
      ("frame at %" GST_TIME_FORMAT " dropped", GST_TIME_ARGS (frame->pts)),
      ret);
  if (ret == GST_FLOW_OK
      && gst_tryon_webp_warnings_pass (&self->warnings, &held_back))
    GST_ELEMENT_WARNING (self, STREAM, DECODE,
        ("Dropped a frame: %s", error->message),
        ("and %" G_GUINT64_FORMAT " others since the last such warning",
            held_back));

  /* Not released but dropped: a stream without one good frame may still end
   * with a plain EOS. */
  gst_video_decoder_drop_frame (GST_VIDEO_DECODER (self), frame);
  return ret;
}

static GstFlowReturn
gst_tryon_webp_dec_handle_frame (GstVideoDecoder * decoder,
    GstVideoCodecFrame * frame)
{
  GstTryonWebpDec *self = GST_TRYON_WEBP_DEC (decoder);
  WebPBitstreamFeatures features;
  GstMapInfo map;
  GstFlowReturn ret = GST_FLOW_OK;
  GError *error = NULL;

  if (is_late (self, frame))
    return drop_late (self, frame);

  if (!gst_buffer_map (frame->input_buffer, &map, GST_MAP_READ))
    goto map_failed;
  if (check_features (self, &map, &features, &error))
    ret = configure (self, features.width, features.height, &error);
  if (ret == GST_FLOW_OK && error == NULL)
    ret = gst_video_decoder_allocate_output_frame (decoder, frame);
  if (ret == GST_FLOW_OK && error == NULL)
    ret = decode (self, frame, &map, &error);
  gst_buffer_unmap (frame->input_buffer, &map);

  if (error != NULL) {
    ret = drop_invalid (self, frame, error);
    g_error_free (error);
    return ret;
  }
  if (ret != GST_FLOW_OK) {
    gst_video_decoder_release_frame (decoder, frame);
    return ret;
  }
  if (is_late (self, frame))
    return drop_late (self, frame);

  GST_OBJECT_LOCK (self);
  self->n_decoded++;
  GST_OBJECT_UNLOCK (self);
  return gst_video_decoder_finish_frame (decoder, frame);

map_failed:
  gst_video_decoder_release_frame (decoder, frame);
  GST_ELEMENT_ERROR (self, RESOURCE, READ, (NULL),
      ("an input buffer can't be read"));
  return GST_FLOW_ERROR;
}

static GstStructure *
get_stats (GstTryonWebpDec * self)
{
  guint64 decoded, invalid, late;

  GST_OBJECT_LOCK (self);
  decoded = self->n_decoded;
  invalid = self->n_invalid;
  late = self->n_late;
  GST_OBJECT_UNLOCK (self);

  return gst_structure_new ("application/x-tryonwebpdec-stats",
      "frames-decoded", G_TYPE_UINT64, decoded,
      "frames-invalid", G_TYPE_UINT64, invalid,
      "frames-late", G_TYPE_UINT64, late, NULL);
}

static void
gst_tryon_webp_dec_set_property (GObject * object, guint prop_id,
    const GValue * value, GParamSpec * pspec)
{
  GstTryonWebpDec *self = GST_TRYON_WEBP_DEC (object);

  GST_OBJECT_LOCK (self);
  switch (prop_id) {
    case PROP_MAX_PIXELS:
      self->max_pixels = g_value_get_uint (value);
      break;
    case PROP_USE_THREADS:
      self->use_threads = g_value_get_boolean (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (self);
}

static void
gst_tryon_webp_dec_get_property (GObject * object, guint prop_id,
    GValue * value, GParamSpec * pspec)
{
  GstTryonWebpDec *self = GST_TRYON_WEBP_DEC (object);

  if (prop_id == PROP_STATS) {
    g_value_take_boxed (value, get_stats (self));
    return;
  }

  GST_OBJECT_LOCK (self);
  switch (prop_id) {
    case PROP_MAX_PIXELS:
      g_value_set_uint (value, self->max_pixels);
      break;
    case PROP_USE_THREADS:
      g_value_set_boolean (value, self->use_threads);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (self);
}

static void
install_properties (GObjectClass * object_class)
{
  /**
   * GstTryonWebpDec:max-pixels:
   *
   * Largest image taken, in pixels (width times height); 0: as large as WebP
   * can be, 16383x16383. A larger one is dropped before memory is allocated
   * for it: a few bytes of WebP can ask for a gigabyte.
   */
  g_object_class_install_property (object_class, PROP_MAX_PIXELS,
      g_param_spec_uint ("max-pixels", "Maximum pixels",
          "Largest image taken, in pixels (width times height); larger ones are"
          " dropped (0 = no limit)", 0, MAX_PIXELS, DEFAULT_MAX_PIXELS,
          G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
          GST_PARAM_MUTABLE_PLAYING));

  /**
   * GstTryonWebpDec:use-threads:
   *
   * Lets libwebp filter in a second thread: a frame takes less time but more
   * CPU. Of use for a single stream of large images.
   */
  g_object_class_install_property (object_class, PROP_USE_THREADS,
      g_param_spec_boolean ("use-threads", "Use threads",
          "Decode a frame with two threads: less time, more CPU",
          DEFAULT_USE_THREADS,
          G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
          GST_PARAM_MUTABLE_PLAYING));

  /**
   * GstTryonWebpDec:stats:
   *
   * `application/x-tryonwebpdec-stats`: #guint64 `frames-decoded`,
   * `frames-invalid` (dropped: no image to decode), `frames-late` (dropped:
   * QoS), since the element left READY. They only grow.
   */
  g_object_class_install_property (object_class, PROP_STATS,
      g_param_spec_boxed ("stats", "Statistics",
          "Frames decoded, invalid and late since the element left READY",
          GST_TYPE_STRUCTURE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
}

static void
gst_tryon_webp_dec_class_init (GstTryonWebpDecClass * klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstVideoDecoderClass *decoder_class = GST_VIDEO_DECODER_CLASS (klass);

  GST_DEBUG_CATEGORY_INIT (tryonwebpdec_debug, "tryonwebpdec", 0,
      "WebP decoder for live streams");

  object_class->set_property = gst_tryon_webp_dec_set_property;
  object_class->get_property = gst_tryon_webp_dec_get_property;
  install_properties (object_class);

  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_set_static_metadata (element_class,
      "WebP Live Stream Decoder", "Codec/Decoder/Image",
      "Decodes a live stream of WebP images; a bad frame costs only itself",
      "gst-tryon developers <gst-tryon@example.org>");

  decoder_class->start = GST_DEBUG_FUNCPTR (gst_tryon_webp_dec_start);
  decoder_class->stop = GST_DEBUG_FUNCPTR (gst_tryon_webp_dec_stop);
  decoder_class->set_format = GST_DEBUG_FUNCPTR (gst_tryon_webp_dec_set_format);
  decoder_class->negotiate = GST_DEBUG_FUNCPTR (gst_tryon_webp_dec_negotiate);
  decoder_class->decide_allocation =
      GST_DEBUG_FUNCPTR (gst_tryon_webp_dec_decide_allocation);
  decoder_class->handle_frame =
      GST_DEBUG_FUNCPTR (gst_tryon_webp_dec_handle_frame);
}

static void
gst_tryon_webp_dec_init (GstTryonWebpDec * self)
{
  GstVideoDecoder *decoder = GST_VIDEO_DECODER (self);

  gst_video_info_init (&self->info);
  self->max_pixels = DEFAULT_MAX_PIXELS;
  self->use_threads = DEFAULT_USE_THREADS;

  gst_video_decoder_set_packetized (decoder, TRUE);
  gst_video_decoder_set_needs_format (decoder, TRUE);
  /* Caps say nothing that the images don't: the template is all there is to
   * check. */
  gst_video_decoder_set_use_default_pad_acceptcaps (decoder, TRUE);
  GST_PAD_SET_ACCEPT_TEMPLATE (GST_VIDEO_DECODER_SINK_PAD (decoder));
}

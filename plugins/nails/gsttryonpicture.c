/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <png.h>
#include <webp/decode.h>

#include <gst/tryon/gsttryonimageinfo.h>

#include "gsttryonpicture.h"
#include "gsttryonreference.h"

/* A progressive JPEG may go over all its pixels again with every scan, which takes a
 * few bytes each: real ones have about ten. */
#define MAX_SCANS 64

G_DEFINE_QUARK (gst - tryon - reference - error - quark,
    gst_tryon_reference_error);

static gboolean
check_scans (const guint8 * data, gsize size, GError ** error)
{
  guint scans = 0;
  gsize i;

  /* Inside of a scan's data, 0xff is always followed by 0 or a restart marker. */
  for (i = 0; i + 1 < size; i++)
    scans += data[i] == 0xff && data[i + 1] == 0xda;
  if (scans <= MAX_SCANS)
    return TRUE;
  g_set_error (error, GST_TRYON_REFERENCE_ERROR,
      GST_TRYON_REFERENCE_ERROR_LIMIT,
      "The JPEG has %u scans, more than %u are not decoded; save it as a baseline"
      " JPEG", scans, MAX_SCANS);
  return FALSE;
}

static gboolean
check (const guint8 * data, gsize size, GstTryonImageInfo * info,
    GError ** error)
{
  GError *why = NULL;

  if (size > GST_TRYON_PICTURE_MAX_BYTES) {
    g_set_error (error, GST_TRYON_REFERENCE_ERROR,
        GST_TRYON_REFERENCE_ERROR_LIMIT, "The image has %" G_GSIZE_FORMAT
        " bytes, more than %u; make it smaller", size,
        GST_TRYON_PICTURE_MAX_BYTES);
    return FALSE;
  }
  if (!gst_tryon_image_info_parse (data, size, info, &why) ||
      !gst_tryon_image_info_check_complete (info, data, size, &why)) {
    g_set_error_literal (error, GST_TRYON_REFERENCE_ERROR,
        GST_TRYON_REFERENCE_ERROR_IMAGE, why->message);
    g_error_free (why);
    return FALSE;
  }
  if (info->width > GST_TRYON_PICTURE_MAX_SIDE ||
      info->height > GST_TRYON_PICTURE_MAX_SIDE) {
    g_set_error (error, GST_TRYON_REFERENCE_ERROR,
        GST_TRYON_REFERENCE_ERROR_LIMIT, "The image has %u x %u pixels, more"
        " than %u on a side; make it smaller", info->width, info->height,
        GST_TRYON_PICTURE_MAX_SIDE);
    return FALSE;
  }
  if (info->is_animated) {
    g_set_error (error, GST_TRYON_REFERENCE_ERROR,
        GST_TRYON_REFERENCE_ERROR_IMAGE, "The image is animated; send one"
        " picture of it");
    return FALSE;
  }
  return info->format != GST_TRYON_IMAGE_FORMAT_JPEG ||
      check_scans (data, size, error);
}

static GstSample *
new_sample (GstBuffer * buffer, guint width, guint height)
{
  GstCaps *caps = gst_caps_new_simple ("video/x-raw",
      "format", G_TYPE_STRING, "RGBA", "width", G_TYPE_INT, width,
      "height", G_TYPE_INT, height, NULL);
  GstSample *sample = gst_sample_new (buffer, caps, NULL, NULL);

  gst_caps_unref (caps);
  gst_buffer_unref (buffer);
  return sample;
}

static GstSample *
decode_webp (const guint8 * data, gsize size, const GstTryonImageInfo * info,
    GError ** error)
{
  gsize length = 4 * (gsize) info->width * info->height;
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, length, NULL);
  GstMapInfo map;
  gboolean done;

  gst_buffer_map (buffer, &map, GST_MAP_WRITE);
  done = WebPDecodeRGBAInto (data, size, map.data, length,
      4 * info->width) != NULL;
  gst_buffer_unmap (buffer, &map);
  if (done)
    return new_sample (buffer, info->width, info->height);
  gst_buffer_unref (buffer);
  g_set_error (error, GST_TRYON_REFERENCE_ERROR,
      GST_TRYON_REFERENCE_ERROR_IMAGE, "The WebP image is damaged");
  return NULL;
}

/* Not by pngdec, which leaks its buffers with each damaged image (1.22). */
static GstSample *
decode_png (const guint8 * data, gsize size, const GstTryonImageInfo * info,
    GError ** error)
{
  png_image png = {.version = PNG_IMAGE_VERSION };
  GstBuffer *buffer = NULL;
  gboolean done = FALSE;
  GstMapInfo map;

  if (png_image_begin_read_from_memory (&png, data, size)
      && png.width == info->width && png.height == info->height) {
    png.format = PNG_FORMAT_RGBA;
    buffer = gst_buffer_new_allocate (NULL, PNG_IMAGE_SIZE (png), NULL);
    gst_buffer_map (buffer, &map, GST_MAP_WRITE);
    done = png_image_finish_read (&png, NULL, map.data, 0, NULL);
    gst_buffer_unmap (buffer, &map);
  }
  if (done)
    return new_sample (buffer, info->width, info->height);
  gst_clear_buffer (&buffer);
  g_set_error (error, GST_TRYON_REFERENCE_ERROR,
      GST_TRYON_REFERENCE_ERROR_IMAGE, "The PNG image is damaged%s%s",
      png.message[0] != 0 ? ": " : "", png.message);
  png_image_free (&png);
  return NULL;
}

/* ---- JPEG: GStreamer's decoder ---- */

/* A decoder between two pads of our own: as it answers on the thread that pushes,
 * neither a pipeline nor a main loop is needed. */
typedef struct
{
  GstElement *decoder;
  GstPad *input, *output;
  GstBus *bus;
  GstCaps *caps;                /* (nullable): of what it gives */
  GstBuffer *picture;           /* (nullable): the first it gave */
} Decoder;

static GstFlowReturn
take_picture (GstPad * pad, GstObject * parent, GstBuffer * buffer)
{
  Decoder *d = gst_pad_get_element_private (pad);

  if (d->picture == NULL)
    d->picture = buffer;
  else
    gst_buffer_unref (buffer);
  return GST_FLOW_OK;
}

static gboolean
take_event (GstPad * pad, GstObject * parent, GstEvent * event)
{
  Decoder *d = gst_pad_get_element_private (pad);
  GstCaps *caps;

  if (GST_EVENT_TYPE (event) == GST_EVENT_CAPS && d->picture == NULL) {
    gst_event_parse_caps (event, &caps);
    gst_caps_replace (&d->caps, caps);
  }
  gst_event_unref (event);
  return TRUE;
}

static gboolean
link_decoder (Decoder * d)
{
  GstPad *sink = gst_element_get_static_pad (d->decoder, "sink");
  GstPad *src = gst_element_get_static_pad (d->decoder, "src");
  gboolean linked = sink != NULL && src != NULL &&
      gst_pad_link (d->input, sink) == GST_PAD_LINK_OK &&
      gst_pad_link (src, d->output) == GST_PAD_LINK_OK;

  gst_clear_object (&sink);
  gst_clear_object (&src);
  return linked;
}

/* FALSE when there is no such decoder. */
static gboolean
open_decoder (Decoder * d, const gchar * factory)
{
  *d = (Decoder) {
  .decoder = gst_element_factory_make (factory, NULL)};

  if (d->decoder == NULL)
    return FALSE;
  gst_object_ref_sink (d->decoder);
  d->bus = gst_bus_new ();
  gst_element_set_bus (d->decoder, d->bus);
  d->input = gst_pad_new ("input", GST_PAD_SRC);
  d->output = gst_pad_new ("output", GST_PAD_SINK);
  gst_pad_set_element_private (d->output, d);
  gst_pad_set_chain_function (d->output, take_picture);
  gst_pad_set_event_function (d->output, take_event);
  gst_pad_set_active (d->input, TRUE);
  gst_pad_set_active (d->output, TRUE);
  return link_decoder (d) && gst_element_set_state (d->decoder,
      GST_STATE_PLAYING) != GST_STATE_CHANGE_FAILURE;
}

static void
close_decoder (Decoder * d)
{
  if (d->decoder == NULL)
    return;
  gst_element_set_state (d->decoder, GST_STATE_NULL);
  gst_element_set_bus (d->decoder, NULL);
  gst_pad_set_active (d->input, FALSE);
  gst_pad_set_active (d->output, FALSE);
  gst_object_unref (d->input);
  gst_object_unref (d->output);
  gst_object_unref (d->decoder);
  gst_object_unref (d->bus);
  gst_clear_caps (&d->caps);
  gst_clear_buffer (&d->picture);
}

static void
run_decoder (Decoder * d, GBytes * image, const gchar * media_type)
{
  GstCaps *caps = gst_caps_new_empty_simple (media_type);
  GstBuffer *buffer = gst_buffer_new_wrapped_bytes (image);
  GstSegment segment;

  gst_segment_init (&segment, GST_FORMAT_TIME);
  GST_BUFFER_PTS (buffer) = 0;
  gst_pad_push_event (d->input, gst_event_new_stream_start ("reference"));
  gst_pad_push_event (d->input, gst_event_new_caps (caps));
  gst_pad_push_event (d->input, gst_event_new_segment (&segment));
  gst_pad_push (d->input, buffer);
  gst_pad_push_event (d->input, gst_event_new_eos ());
  gst_caps_unref (caps);
}

/* (transfer full): @picture in RGBA; %NULL when it is not of the size that the file
 * has told, or can't be converted. */
static GstSample *
convert (GstBuffer * picture, GstCaps * caps, const GstTryonImageInfo * info)
{
  GstVideoConverter *converter;
  GstVideoInfo in, out;
  GstVideoFrame from, to;
  GstBuffer *buffer;

  if (caps == NULL || !gst_video_info_from_caps (&in, caps) ||
      in.width != (gint) info->width || in.height != (gint) info->height ||
      !gst_video_info_set_format (&out, GST_VIDEO_FORMAT_RGBA, info->width,
          info->height) || !gst_video_frame_map (&from, &in, picture,
          GST_MAP_READ))
    return NULL;
  out.fps_n = in.fps_n;
  out.fps_d = in.fps_d;
  converter = gst_video_converter_new (&in, &out, NULL);
  if (converter == NULL) {
    gst_video_frame_unmap (&from);
    return NULL;
  }
  buffer = gst_buffer_new_allocate (NULL, out.size, NULL);
  gst_video_frame_map (&to, &out, buffer, GST_MAP_WRITE);
  gst_video_converter_frame (converter, &from, &to);
  gst_video_frame_unmap (&to);
  gst_video_frame_unmap (&from);
  gst_video_converter_free (converter);
  return new_sample (buffer, info->width, info->height);
}

static GstSample *
decode (GBytes * image, const gchar * factory, const GstTryonImageInfo * info,
    GError ** error)
{
  const gchar *type = gst_tryon_image_format_get_media_type (info->format);
  GstSample *sample = NULL;
  Decoder decoder;

  if (!open_decoder (&decoder, factory)) {
    g_set_error (error, GST_TRYON_REFERENCE_ERROR,
        GST_TRYON_REFERENCE_ERROR_MISSING, "No decoder for %s: the element %s"
        " is missing; install GStreamer's good plugins", type, factory);
    close_decoder (&decoder);
    return NULL;
  }
  run_decoder (&decoder, image, type);
  if (decoder.picture != NULL)
    sample = convert (decoder.picture, decoder.caps, info);
  if (sample == NULL)
    g_set_error (error, GST_TRYON_REFERENCE_ERROR,
        GST_TRYON_REFERENCE_ERROR_IMAGE, "The %s image is damaged", type);
  close_decoder (&decoder);
  return sample;
}

/* ---- any of them ---- */

/* (transfer full): @stored, which is of that size, made upright. As EXIF has it, the
 * picture's columns are its rows from 5 on; its first row, or what becomes of it, is
 * at the far side with 3, 4, 6 and 7, and its first column with 2, 3, 7 and 8. */
static GstBuffer *
turn (GstBuffer * stored, gsize width, gsize height, guint orientation)
{
  gboolean is_exchanged = orientation >= 5;
  gboolean is_row_far = orientation == 3 || orientation == 4
      || orientation == 6 || orientation == 7;
  gboolean is_column_far = orientation == 2 || orientation == 3
      || orientation == 7 || orientation == 8;
  gssize column = is_column_far ? -1 : 1;
  gssize row = is_row_far ? -(gssize) width : (gssize) width;
  gssize right = is_exchanged ? row : column;
  gssize down = is_exchanged ? column : row;
  GstBuffer *upright = gst_buffer_new_allocate (NULL, 4 * width * height, NULL);
  GstMapInfo in, out;
  const guint32 *from;
  guint32 *to;
  gsize x, y;

  gst_buffer_map (stored, &in, GST_MAP_READ);
  gst_buffer_map (upright, &out, GST_MAP_WRITE);
  from = (const guint32 *) in.data + (is_row_far ? (height - 1) * width : 0)
      + (is_column_far ? width - 1 : 0);
  to = (guint32 *) out.data;
  for (y = 0; y < (is_exchanged ? width : height); y++)
    for (x = 0; x < (is_exchanged ? height : width); x++)
      *to++ = from[(gssize) y * down + (gssize) x * right];
  gst_buffer_unmap (upright, &out);
  gst_buffer_unmap (stored, &in);
  return upright;
}

/* (transfer full): takes @sample over, whose pixels are of the size of @info. */
static GstSample *
make_upright (GstSample * sample, const GstTryonImageInfo * info,
    guint orientation)
{
  gboolean is_exchanged = orientation >= 5;
  GstBuffer *upright;

  if (orientation == 1)
    return sample;
  upright = turn (gst_sample_get_buffer (sample), info->width, info->height,
      orientation);
  gst_sample_unref (sample);
  return new_sample (upright, is_exchanged ? info->height : info->width,
      is_exchanged ? info->width : info->height);
}

GstSample *
gst_tryon_picture_decode (GBytes * image, GError ** error)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (image, &size);
  GstTryonImageInfo info;
  GstSample *sample;

  if (!check (data, size, &info, error))
    return NULL;
  switch (info.format) {
    case GST_TRYON_IMAGE_FORMAT_JPEG:
      sample = decode (image, "jpegdec", &info, error);
      break;
    case GST_TRYON_IMAGE_FORMAT_PNG:
      sample = decode_png (data, size, &info, error);
      break;
    case GST_TRYON_IMAGE_FORMAT_WEBP:
    default:
      sample = decode_webp (data, size, &info, error);
      break;
  }
  if (sample == NULL)
    return NULL;
  return make_upright (sample, &info,
      gst_tryon_image_info_get_orientation (&info, data, size));
}

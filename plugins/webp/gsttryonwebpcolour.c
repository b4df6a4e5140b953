/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gsttryonwebpcolour.h"

/* libwebp's conversions from and to RGB are those of BT.601 in limited range,
 * with each chroma sample in the middle of its four pixels, whatever the size
 * of the image. Primaries and transfer function are not in the bitstream. */
void
gst_tryon_webp_set_colorimetry (GstVideoInfo * info)
{
  if (GST_VIDEO_INFO_IS_YUV (info)) {
    gst_video_colorimetry_from_string (&info->colorimetry,
        GST_VIDEO_COLORIMETRY_BT601);
    info->chroma_site = GST_VIDEO_CHROMA_SITE_JPEG;
  } else {
    gst_video_colorimetry_from_string (&info->colorimetry,
        GST_VIDEO_COLORIMETRY_SRGB);
    info->chroma_site = GST_VIDEO_CHROMA_SITE_UNKNOWN;
  }
}

static gboolean
set_conversion (GstTryonWebpImporter * importer, const GstVideoInfo * input)
{
  GstVideoInfo *info = &importer->info;
  GstVideoColorMatrix matrix = input->colorimetry.matrix;

  if (!GST_VIDEO_INFO_IS_YUV (input))
    return TRUE;
  /* GstVideoConverter leaves the numbers alone where only the range differs
   * (seen with 1.22), and that is just what jpegdec gives. */
  if (matrix == GST_VIDEO_COLOR_MATRIX_BT601 ||
      matrix == GST_VIDEO_COLOR_MATRIX_UNKNOWN) {
    importer->is_full_range =
        input->colorimetry.range == GST_VIDEO_COLOR_RANGE_0_255;
    return TRUE;
  }

  /* The converter refuses to change the frame rate, or to deinterlace. */
  info->fps_n = input->fps_n;
  info->fps_d = input->fps_d;
  info->interlace_mode = input->interlace_mode;
  importer->converter = gst_video_converter_new (input, info, NULL);
  return importer->converter != NULL;
}

gboolean
gst_tryon_webp_importer_set_input (GstTryonWebpImporter * importer,
    const GstVideoInfo * input)
{
  gst_tryon_webp_importer_clear (importer);

  if (!gst_video_info_set_format (&importer->info,
          GST_VIDEO_INFO_FORMAT (input), input->width, input->height))
    return FALSE;
  gst_tryon_webp_set_colorimetry (&importer->info);
  return set_conversion (importer, input);
}

void
gst_tryon_webp_importer_clear (GstTryonWebpImporter * importer)
{
  g_clear_pointer (&importer->converter, gst_video_converter_free);
  gst_clear_buffer (&importer->scratch);
  importer->is_full_range = FALSE;
}

gboolean
gst_tryon_webp_importer_is_direct (GstTryonWebpImporter * importer,
    const GstVideoFrame * frame)
{
  if (importer->converter != NULL || importer->is_full_range)
    return FALSE;
  /* libwebp has one stride for both chroma planes. */
  return GST_VIDEO_INFO_IS_RGB (&frame->info) ||
      GST_VIDEO_FRAME_PLANE_STRIDE (frame, 1) ==
      GST_VIDEO_FRAME_PLANE_STRIDE (frame, 2);
}

/* 0..255 to 16..235, chroma to 16..240. */
static void
compress_plane (const GstVideoFrame * full, GstVideoFrame * limited,
    guint plane)
{
  guint8 table[256];
  gint x, y, i;
  gint width = GST_VIDEO_FRAME_COMP_WIDTH (limited, plane);

  for (i = 0; i < 256; i++)
    table[i] = (plane == 0 ? i * 219 + 16 * 255 + 127 :
        (i - 128) * 224 + 128 * 255 + 127) / 255;

  for (y = 0; y < GST_VIDEO_FRAME_COMP_HEIGHT (limited, plane); y++) {
    const guint8 *s = (guint8 *) GST_VIDEO_FRAME_PLANE_DATA (full, plane) +
        y * GST_VIDEO_FRAME_PLANE_STRIDE (full, plane);
    guint8 *d = (guint8 *) GST_VIDEO_FRAME_PLANE_DATA (limited, plane) +
        y * GST_VIDEO_FRAME_PLANE_STRIDE (limited, plane);

    for (x = 0; x < width; x++)
      d[x] = table[s[x]];
  }
}

gboolean
gst_tryon_webp_importer_copy (GstTryonWebpImporter * importer,
    GstVideoFrame * frame, GstVideoFrame * copy)
{
  GstVideoInfo *info = &importer->info;

  if (importer->scratch == NULL)
    importer->scratch =
        gst_buffer_new_allocate (NULL, GST_VIDEO_INFO_SIZE (info), NULL);
  if (!gst_video_frame_map (copy, info, importer->scratch, GST_MAP_READWRITE))
    return FALSE;

  if (importer->converter != NULL) {
    gst_video_converter_frame (importer->converter, frame, copy);
  } else if (importer->is_full_range) {
    compress_plane (frame, copy, GST_VIDEO_COMP_Y);
    compress_plane (frame, copy, GST_VIDEO_COMP_U);
    compress_plane (frame, copy, GST_VIDEO_COMP_V);
  } else {
    gst_video_frame_copy (copy, frame);
  }
  /* From one A420 to another the converter makes everything opaque. */
  if (GST_VIDEO_INFO_HAS_ALPHA (info) && GST_VIDEO_INFO_IS_YUV (info))
    gst_video_frame_copy_plane (copy, frame, GST_VIDEO_COMP_A);
  return TRUE;
}

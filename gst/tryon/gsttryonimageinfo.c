/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:gsttryonimageinfo
 * @title: Image information
 * @short_description: what an encoded image is, without decoding it
 *
 * Tells format, size, transparency, animation and orientation of a WebP, JPEG or
 * PNG image from its structure. No pixel is decoded and nothing is allocated, so that an
 * image can be judged against limits before anything is spent on it.
 *
 * The functions are pure and may be called from any thread. Every byte is
 * taken as hostile: nothing past the given size is read, and the work is
 * bounded by it.
 *
 * The size that is told is the size that a decoder will find. Where a file
 * states it twice (a WebP's canvas and its picture), both must agree.
 */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gsttryonimageinfo.h"
#include "gsttryonprotocol.h"
#include "gsttryonbytes-private.h"
#include "gsttryonexif-private.h"

#include <string.h>

#define RIFF_HEADER_SIZE 12
#define WEBP_CHUNK_HEADER_SIZE 8
#define WEBP_FLAG_ANIMATION 0x02
#define WEBP_FLAG_EXIF 0x08
#define WEBP_FLAG_ALPHA 0x10
#define VP8_HEADER_SIZE 10
#define VP8L_HEADER_SIZE 5
#define VP8X_HEADER_SIZE 10

#define PNG_CHUNK_OVERHEAD 12   /* length, type, CRC */
#define PNG_FIRST_CHUNK 8
#define PNG_IHDR_SIZE 13

#define JPEG_SOI 0xd8
#define JPEG_EOI 0xd9
#define JPEG_SOS 0xda
#define JPEG_TEM 0x01
#define JPEG_APP1 0xe1

static const guint8 png_signature[PNG_FIRST_CHUNK] =
    { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n' };

static gboolean
fail_short (GError ** error, const gchar * format, gsize size,
    const gchar * what)
{
  g_set_error (error, GST_TRYON_ERROR, GST_TRYON_ERROR_INVALID_FRAME,
      "%s image is cut off: it ends after %" G_GSIZE_FORMAT
      " bytes, before %s; send the whole file", format, size, what);
  return FALSE;
}

static gboolean
fail_broken (GError ** error, const gchar * format, gsize offset,
    const gchar * what)
{
  g_set_error (error, GST_TRYON_ERROR, GST_TRYON_ERROR_INVALID_FRAME,
      "%s image is broken at byte %" G_GSIZE_FORMAT ": %s", format, offset,
      what);
  return FALSE;
}

/* ---- WebP: https://www.rfc-editor.org/rfc/rfc9649 ---- */

/* One chunk of a RIFF file. @available: the bytes of its payload that are
 * there, at most @size. */
typedef struct
{
  guint32 fourcc;
  guint32 size;
  gsize offset;                 /* of the payload */
  gsize available;
  guint64 end;                  /* offset of the byte behind the payload */
  guint64 next;                 /* offset of the chunk behind it */
} RiffChunk;

#define FOURCC_RIFF GST_MAKE_FOURCC ('R', 'I', 'F', 'F')
#define FOURCC_WEBP GST_MAKE_FOURCC ('W', 'E', 'B', 'P')
#define FOURCC_VP8 GST_MAKE_FOURCC ('V', 'P', '8', ' ')
#define FOURCC_VP8L GST_MAKE_FOURCC ('V', 'P', '8', 'L')
#define FOURCC_VP8X GST_MAKE_FOURCC ('V', 'P', '8', 'X')
#define FOURCC_ALPH GST_MAKE_FOURCC ('A', 'L', 'P', 'H')
#define FOURCC_EXIF GST_MAKE_FOURCC ('E', 'X', 'I', 'F')

static gboolean
read_riff_chunk (const guint8 * data, gsize size, guint64 offset,
    RiffChunk * chunk)
{
  if (offset > size || size - offset < WEBP_CHUNK_HEADER_SIZE)
    return FALSE;
  chunk->fourcc = gst_tryon_read_u32_le (data + offset);
  chunk->size = gst_tryon_read_u32_le (data + offset + 4);
  chunk->offset = offset + WEBP_CHUNK_HEADER_SIZE;
  chunk->available = MIN (chunk->size, size - chunk->offset);
  /* Chunks begin at even offsets. 64 bits: a size of 2^32 - 1 can't wrap. */
  chunk->end = (guint64) chunk->offset + chunk->size;
  chunk->next = chunk->end + (chunk->size & 1);
  return TRUE;
}

/* The end of the RIFF file as its header has it. */
static guint64
riff_end (const guint8 * data)
{
  return (guint64) gst_tryon_read_u32_le (data + 4) + 8;
}

static gboolean
parse_vp8 (const guint8 * data, gsize size, const RiffChunk * chunk,
    GstTryonImageInfo * info, GError ** error)
{
  const guint8 *p = data + chunk->offset;

  if (chunk->size < VP8_HEADER_SIZE)
    return fail_broken (error, "WebP", chunk->offset,
        "its VP8 chunk is too small for a picture");
  if (chunk->available < VP8_HEADER_SIZE)
    return fail_short (error, "WebP", size, "its size is known");
  if ((p[0] & 1) != 0)
    return fail_broken (error, "WebP", chunk->offset,
        "its VP8 data does not start with a key frame");
  if (p[3] != 0x9d || p[4] != 0x01 || p[5] != 0x2a)
    return fail_broken (error, "WebP", chunk->offset + 3,
        "its VP8 data has no start code");
  /* The top two bits are a scaling hint that decoders ignore. */
  info->width = gst_tryon_read_u16_le (p + 6) & 0x3fff;
  info->height = gst_tryon_read_u16_le (p + 8) & 0x3fff;
  if (info->width == 0 || info->height == 0)
    return fail_broken (error, "WebP", chunk->offset + 6,
        "its width or height is 0");
  return TRUE;
}

static gboolean
parse_vp8l (const guint8 * data, gsize size, const RiffChunk * chunk,
    GstTryonImageInfo * info, GError ** error)
{
  const guint8 *p = data + chunk->offset;
  guint32 bits;

  if (chunk->size < VP8L_HEADER_SIZE)
    return fail_broken (error, "WebP", chunk->offset,
        "its VP8L chunk is too small for a picture");
  if (chunk->available < VP8L_HEADER_SIZE)
    return fail_short (error, "WebP", size, "its size is known");
  bits = gst_tryon_read_u32_le (p + 1);
  if (p[0] != 0x2f || bits >> 29 != 0)
    return fail_broken (error, "WebP", chunk->offset,
        "its VP8L data has a wrong signature or version");
  info->width = (bits & 0x3fff) + 1;
  info->height = ((bits >> 14) & 0x3fff) + 1;
  info->has_alpha = (bits >> 28) & 1;
  return TRUE;
}

/* Looks behind a VP8X chunk for the picture. A canvas that differs from it
 * would get an oversized picture past the limits. */
static gboolean
parse_vp8x_picture (const guint8 * data, gsize size, guint64 offset,
    GstTryonImageInfo * info, GError ** error)
{
  GstTryonImageInfo picture = { GST_TRYON_IMAGE_FORMAT_WEBP, };
  RiffChunk chunk;

  while (read_riff_chunk (data, size, offset, &chunk)) {
    if (chunk.fourcc == FOURCC_VP8 || chunk.fourcc == FOURCC_VP8L) {
      if (chunk.fourcc == FOURCC_VP8) {
        if (!parse_vp8 (data, size, &chunk, &picture, error))
          return FALSE;
      } else if (!parse_vp8l (data, size, &chunk, &picture, error)) {
        return FALSE;
      }
      if (picture.width != info->width || picture.height != info->height)
        return fail_broken (error, "WebP", chunk.offset,
            "its picture is not as large as its canvas");
      info->has_alpha |= picture.has_alpha;
      return TRUE;
    }
    if (chunk.fourcc == FOURCC_ALPH)
      info->has_alpha = TRUE;
    offset = chunk.next;
  }
  return fail_short (error, "WebP", size, "its picture starts");
}

static gboolean
parse_vp8x (const guint8 * data, gsize size, const RiffChunk * chunk,
    GstTryonImageInfo * info, GError ** error)
{
  const guint8 *p = data + chunk->offset;

  if (chunk->size < VP8X_HEADER_SIZE)
    return fail_broken (error, "WebP", chunk->offset,
        "its VP8X chunk is too small");
  if (chunk->available < VP8X_HEADER_SIZE)
    return fail_short (error, "WebP", size, "its size is known");
  info->has_alpha = (p[0] & WEBP_FLAG_ALPHA) != 0;
  info->is_animated = (p[0] & WEBP_FLAG_ANIMATION) != 0;
  info->width = gst_tryon_read_u24_le (p + 4) + 1;
  info->height = gst_tryon_read_u24_le (p + 7) + 1;
  if ((guint64) info->width * info->height > G_MAXUINT32)
    return fail_broken (error, "WebP", chunk->offset + 4,
        "its canvas has more than 2^32 - 1 pixels");
  /* The pictures of an animation lie within its canvas, and may be smaller. */
  if (info->is_animated)
    return TRUE;
  return parse_vp8x_picture (data, size, chunk->next, info, error);
}

static gboolean
parse_webp (const guint8 * data, gsize size, GstTryonImageInfo * info,
    GError ** error)
{
  RiffChunk chunk;

  if (!read_riff_chunk (data, size, RIFF_HEADER_SIZE, &chunk))
    return fail_short (error, "WebP", size, "its size is known");
  if (riff_end (data) < chunk.end)
    return fail_broken (error, "WebP", 4,
        "its RIFF length is too small for its first chunk");
  switch (chunk.fourcc) {
    case FOURCC_VP8:
      return parse_vp8 (data, size, &chunk, info, error);
    case FOURCC_VP8L:
      return parse_vp8l (data, size, &chunk, info, error);
    case FOURCC_VP8X:
      return parse_vp8x (data, size, &chunk, info, error);
    default:
      return fail_broken (error, "WebP", RIFF_HEADER_SIZE,
          "its first chunk is none of VP8, VP8L, VP8X");
  }
}

static gboolean
check_webp (const guint8 * data, gsize size, GError ** error)
{
  guint64 end = riff_end (data);
  guint64 offset = RIFF_HEADER_SIZE;
  RiffChunk chunk;

  if (end > size)
    return fail_short (error, "WebP", size, "the end that its header names");
  while (offset < end) {
    if (!read_riff_chunk (data, end, offset, &chunk) || chunk.end > end)
      return fail_broken (error, "WebP", offset,
          "a chunk goes past the end of the file");
    offset = chunk.next;
  }
  return TRUE;
}

/* (nullable): the EXIF of the file, which may be cut off. */
static const guint8 *
find_webp_exif (const guint8 * data, gsize size, gsize * length)
{
  guint64 offset;
  RiffChunk chunk;

  if (!read_riff_chunk (data, size, RIFF_HEADER_SIZE, &chunk)
      || chunk.fourcc != FOURCC_VP8X || chunk.available == 0
      || (data[chunk.offset] & WEBP_FLAG_EXIF) == 0)
    return NULL;
  size = MIN (size, riff_end (data));
  for (offset = chunk.next; read_riff_chunk (data, size, offset, &chunk);
      offset = chunk.next) {
    if (chunk.fourcc == FOURCC_EXIF) {
      *length = chunk.available;
      return data + chunk.offset;
    }
  }
  return NULL;
}

/* ---- JPEG: ITU-T T.81 annex B ---- */

/* Finds the marker that begins at @offset, behind any fill bytes. */
static gboolean
read_jpeg_marker (const guint8 * data, gsize size, gsize * offset,
    guint8 * marker, GError ** error)
{
  gsize i = *offset;

  if (i < size && data[i] != 0xff)
    return fail_broken (error, "JPEG", i, "there should be a marker");
  while (i < size && data[i] == 0xff)
    i++;
  if (i >= size)
    return fail_short (error, "JPEG", size, "the next marker");
  *marker = data[i];
  *offset = i + 1;
  return TRUE;
}

static gboolean
jpeg_marker_has_segment (guint8 marker)
{
  return !((marker >= 0xd0 && marker <= JPEG_EOI) || marker == JPEG_TEM);
}

/* Start of frame: C4 (Huffman tables), C8 (reserved) and CC (arithmetic
 * conditioning) lie in between. */
static gboolean
jpeg_marker_is_sof (guint8 marker)
{
  return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8
      && marker != 0xcc;
}

/* The length of the segment at @offset, its two bytes of length among it. */
static gboolean
read_jpeg_segment (const guint8 * data, gsize size, gsize offset,
    guint * length, GError ** error)
{
  if (size - offset < 2)
    return fail_short (error, "JPEG", size, "the length of a segment");
  *length = gst_tryon_read_u16_be (data + offset);
  if (*length < 2)
    return fail_broken (error, "JPEG", offset,
        "a segment is shorter than its own length field");
  return TRUE;
}

static gboolean
parse_jpeg_sof (const guint8 * data, gsize size, gsize offset, guint length,
    GstTryonImageInfo * info, GError ** error)
{
  /* Length, precision, height, width, number of components. */
  if (length < 8)
    return fail_broken (error, "JPEG", offset, "its frame header is too short");
  if (size - offset < 8)
    return fail_short (error, "JPEG", size, "its size is known");
  info->height = gst_tryon_read_u16_be (data + offset + 3);
  info->width = gst_tryon_read_u16_be (data + offset + 5);
  if (info->width == 0 || info->height == 0)
    return fail_broken (error, "JPEG", offset + 3,
        "its width or height is 0 (a height that comes after the picture is "
        "not supported)");
  return TRUE;
}

static gboolean
parse_jpeg (const guint8 * data, gsize size, GstTryonImageInfo * info,
    GError ** error)
{
  gsize offset = 2;
  guint8 marker;
  guint length;

  while (read_jpeg_marker (data, size, &offset, &marker, error)) {
    if (marker == JPEG_SOI || marker == JPEG_EOI || marker == JPEG_SOS
        || marker == 0)
      return fail_broken (error, "JPEG", offset - 1,
          "there is no frame header before this marker");
    if (!jpeg_marker_has_segment (marker))
      continue;
    if (!read_jpeg_segment (data, size, offset, &length, error))
      return FALSE;
    if (jpeg_marker_is_sof (marker))
      return parse_jpeg_sof (data, size, offset, length, info, error);
    if (length > size - offset)
      return fail_short (error, "JPEG", size, "its size is known");
    offset += length;
  }
  return FALSE;
}

/* Moves @offset from within a scan's data to the next marker that ends it:
 * FF 00 is a stuffed byte, and restart markers are part of the data. */
static gboolean
skip_jpeg_scan (const guint8 * data, gsize size, gsize * offset)
{
  const guint8 *p = data + *offset;
  const guint8 *end = data + size;

  while (p < end && (p = memchr (p, 0xff, end - p)) != NULL && p + 1 < end) {
    if (p[1] != 0 && !(p[1] >= 0xd0 && p[1] <= 0xd7)) {
      *offset = p - data;
      return TRUE;
    }
    p += 2;
  }
  return FALSE;
}

static gboolean
check_jpeg (const guint8 * data, gsize size, GError ** error)
{
  gsize offset = 2;
  gboolean have_scan = FALSE;
  guint8 marker;
  guint length;

  while (read_jpeg_marker (data, size, &offset, &marker, error)) {
    if (marker == JPEG_EOI) {
      if (!have_scan)
        return fail_broken (error, "JPEG", offset - 1,
            "it ends without a picture");
      return TRUE;
    }
    if (!jpeg_marker_has_segment (marker))
      continue;
    if (!read_jpeg_segment (data, size, offset, &length, error))
      return FALSE;
    if (length > size - offset)
      return fail_short (error, "JPEG", size, "its end marker");
    offset += length;
    if (marker == JPEG_SOS) {
      have_scan = TRUE;
      if (!skip_jpeg_scan (data, size, &offset))
        return fail_short (error, "JPEG", size, "its end marker");
    }
  }
  return FALSE;
}

static const guint8 *
find_jpeg_exif (const guint8 * data, gsize size, gsize * length)
{
  gsize offset = 2;
  guint8 marker;
  guint segment;

  while (read_jpeg_marker (data, size, &offset, &marker, NULL)
      && marker != JPEG_SOS && marker != JPEG_EOI) {
    if (!jpeg_marker_has_segment (marker))
      continue;
    if (!read_jpeg_segment (data, size, offset, &segment, NULL)
        || segment > size - offset)
      return NULL;
    /* XMP is an APP1, too. */
    if (marker == JPEG_APP1 && segment >= 2 + sizeof (GST_TRYON_EXIF_PREFIX)
        && memcmp (data + offset + 2, GST_TRYON_EXIF_PREFIX,
            sizeof (GST_TRYON_EXIF_PREFIX)) == 0) {
      *length = segment - 2;
      return data + offset + 2;
    }
    offset += segment;
  }
  return NULL;
}

/* ---- PNG: https://www.w3.org/TR/png-3/ ---- */

#define PNG_TYPE(a, b, c, d) \
  (((guint32) (a) << 24) | ((guint32) (b) << 16) | ((guint32) (c) << 8) | (d))
#define PNG_IHDR PNG_TYPE ('I', 'H', 'D', 'R')
#define PNG_IDAT PNG_TYPE ('I', 'D', 'A', 'T')
#define PNG_IEND PNG_TYPE ('I', 'E', 'N', 'D')
#define PNG_TRNS PNG_TYPE ('t', 'R', 'N', 'S')
#define PNG_ACTL PNG_TYPE ('a', 'c', 'T', 'L')
#define PNG_EXIF PNG_TYPE ('e', 'X', 'I', 'f')

/* Reads the head of the chunk at @offset. */
static gboolean
read_png_chunk (const guint8 * data, gsize size, gsize offset, guint32 * type,
    guint32 * length, GError ** error)
{
  if (offset > size || size - offset < 8)
    return fail_short (error, "PNG", size, "its next chunk");
  *length = gst_tryon_read_u32_be (data + offset);
  *type = gst_tryon_read_u32_be (data + offset + 4);
  if (*length > G_MAXINT32)
    return fail_broken (error, "PNG", offset,
        "a chunk is longer than the format allows");
  return TRUE;
}

static gboolean
png_depth_is_valid (guint8 depth, guint8 colour_type)
{
  switch (colour_type) {
    case 0:                    /* grey */
      return depth == 1 || depth == 2 || depth == 4 || depth == 8
          || depth == 16;
    case 3:                    /* palette */
      return depth == 1 || depth == 2 || depth == 4 || depth == 8;
    case 2:                    /* RGB */
    case 4:                    /* grey and alpha */
    case 6:                    /* RGB and alpha */
      return depth == 8 || depth == 16;
    default:
      return FALSE;
  }
}

static gboolean
parse_png_ihdr (const guint8 * data, gsize size, GstTryonImageInfo * info,
    GError ** error)
{
  const gsize offset = PNG_FIRST_CHUNK + 8;
  const guint8 *p = data + offset;

  if (size - offset < PNG_IHDR_SIZE)
    return fail_short (error, "PNG", size, "its size is known");
  info->width = gst_tryon_read_u32_be (p);
  info->height = gst_tryon_read_u32_be (p + 4);
  if (info->width == 0 || info->height == 0)
    return fail_broken (error, "PNG", offset, "its width or height is 0");
  if (info->width > G_MAXINT32 || info->height > G_MAXINT32)
    return fail_broken (error, "PNG", offset,
        "its width or height is larger than the format allows");
  if (!png_depth_is_valid (p[8], p[9]) || p[10] != 0 || p[11] != 0 || p[12] > 1)
    return fail_broken (error, "PNG", offset + 8,
        "its header has a colour type, depth or method that does not exist");
  info->has_alpha = (p[9] & 4) != 0;
  return TRUE;
}

static gboolean
parse_png (const guint8 * data, gsize size, GstTryonImageInfo * info,
    GError ** error)
{
  gsize offset = PNG_FIRST_CHUNK;
  guint32 type;
  guint32 length;

  if (!read_png_chunk (data, size, offset, &type, &length, error))
    return FALSE;
  if (type != PNG_IHDR || length != PNG_IHDR_SIZE)
    return fail_broken (error, "PNG", offset, "it does not start with IHDR");
  if (!parse_png_ihdr (data, size, info, error))
    return FALSE;

  /* tRNS and acTL come before the first IDAT. */
  while (type != PNG_IDAT) {
    if (size - offset < (gsize) length + PNG_CHUNK_OVERHEAD)
      return fail_short (error, "PNG", size, "its picture starts");
    offset += (gsize) length + PNG_CHUNK_OVERHEAD;
    if (!read_png_chunk (data, size, offset, &type, &length, error))
      return FALSE;
    if (type == PNG_TRNS)
      info->has_alpha = TRUE;
    else if (type == PNG_ACTL)
      info->is_animated = TRUE;
    else if (type == PNG_IEND)
      return fail_broken (error, "PNG", offset, "it ends without a picture");
  }
  return TRUE;
}

static gboolean
check_png (const guint8 * data, gsize size, GError ** error)
{
  gsize offset = PNG_FIRST_CHUNK;
  guint32 type;
  guint32 length;

  while (read_png_chunk (data, size, offset, &type, &length, error)) {
    if (size - offset < (gsize) length + PNG_CHUNK_OVERHEAD)
      return fail_short (error, "PNG", size, "the end of its last chunk");
    if (type == PNG_IEND)
      return TRUE;
    offset += (gsize) length + PNG_CHUNK_OVERHEAD;
  }
  return FALSE;
}

static const guint8 *
find_png_exif (const guint8 * data, gsize size, gsize * length)
{
  gsize offset = PNG_FIRST_CHUNK;
  guint32 type;
  guint32 chunk;

  while (read_png_chunk (data, size, offset, &type, &chunk, NULL)
      && type != PNG_IEND
      && size - offset >= (gsize) chunk + PNG_CHUNK_OVERHEAD) {
    if (type == PNG_EXIF) {
      *length = chunk;
      return data + offset + 8;
    }
    offset += (gsize) chunk + PNG_CHUNK_OVERHEAD;
  }
  return NULL;
}

/* ---- any of them ---- */

static GstTryonImageFormat
guess_format (const guint8 * data, gsize size)
{
  if (size >= RIFF_HEADER_SIZE && gst_tryon_read_u32_le (data) == FOURCC_RIFF
      && gst_tryon_read_u32_le (data + 8) == FOURCC_WEBP)
    return GST_TRYON_IMAGE_FORMAT_WEBP;
  if (size >= 3 && data[0] == 0xff && data[1] == JPEG_SOI && data[2] == 0xff)
    return GST_TRYON_IMAGE_FORMAT_JPEG;
  if (size >= sizeof (png_signature)
      && memcmp (data, png_signature, sizeof (png_signature)) == 0)
    return GST_TRYON_IMAGE_FORMAT_PNG;
  return GST_TRYON_IMAGE_FORMAT_UNKNOWN;
}

static gboolean
fail_unknown (const guint8 * data, gsize size, GError ** error)
{
  GString *start = g_string_new (NULL);
  gsize i;

  for (i = 0; i < MIN (size, RIFF_HEADER_SIZE); i++)
    g_string_append_printf (start, " %02x", data[i]);
  g_set_error (error, GST_TRYON_ERROR, GST_TRYON_ERROR_INVALID_FRAME,
      "not an image that can be taken (%" G_GSIZE_FORMAT " bytes%s%s): send a "
      "WebP, JPEG or PNG file", size, size > 0 ? ", starting with" : "",
      start->str);
  g_string_free (start, TRUE);
  return FALSE;
}

/**
 * gst_tryon_image_info_parse:
 * @data: (array length=size): an encoded image, from its first byte
 * @size: bytes of it that are there
 * @info: (out caller-allocates): what it is, set only on success
 * @error: return location for an error
 *
 * Tells what image @data holds: WebP (lossy, lossless, extended), JPEG (all
 * processes) or PNG. The image need not be whole: as soon as @data reaches far
 * enough the result is the same as for all of it.
 *
 * Returns: %FALSE with #GST_TRYON_ERROR_INVALID_FRAME when @data is none of
 *     these, contradicts itself, has no pixels, or ends too early
 */
gboolean
gst_tryon_image_info_parse (const guint8 * data, gsize size,
    GstTryonImageInfo * info, GError ** error)
{
  GstTryonImageInfo found = { GST_TRYON_IMAGE_FORMAT_UNKNOWN, };
  gboolean ok;

  g_return_val_if_fail (data != NULL || size == 0, FALSE);
  g_return_val_if_fail (info != NULL, FALSE);

  found.format = guess_format (data, size);
  switch (found.format) {
    case GST_TRYON_IMAGE_FORMAT_WEBP:
      ok = parse_webp (data, size, &found, error);
      break;
    case GST_TRYON_IMAGE_FORMAT_JPEG:
      ok = parse_jpeg (data, size, &found, error);
      break;
    case GST_TRYON_IMAGE_FORMAT_PNG:
      ok = parse_png (data, size, &found, error);
      break;
    default:
      return fail_unknown (data, size, error);
  }
  if (ok)
    *info = found;
  return ok;
}

/**
 * gst_tryon_image_info_check_complete:
 * @info: what gst_tryon_image_info_parse() told of @data
 * @data: (array length=size): the encoded image
 * @size: bytes of it
 * @error: return location for an error
 *
 * Checks that the image ends where its own structure says: at the RIFF length
 * (WebP), behind an IEND chunk (PNG), at an EOI marker (JPEG). Bytes behind
 * that pass, as decoders ignore them. The picture may still be damaged inside.
 *
 * Returns: %FALSE with #GST_TRYON_ERROR_INVALID_FRAME when it does not
 */
gboolean
gst_tryon_image_info_check_complete (const GstTryonImageInfo * info,
    const guint8 * data, gsize size, GError ** error)
{
  g_return_val_if_fail (info != NULL, FALSE);
  g_return_val_if_fail (data != NULL || size == 0, FALSE);

  /* @data decides, lest a stale @info lead the check past its end. */
  if (guess_format (data, size) != info->format)
    return fail_unknown (data, size, error);
  switch (info->format) {
    case GST_TRYON_IMAGE_FORMAT_WEBP:
      return check_webp (data, size, error);
    case GST_TRYON_IMAGE_FORMAT_JPEG:
      return check_jpeg (data, size, error);
    case GST_TRYON_IMAGE_FORMAT_PNG:
      return check_png (data, size, error);
    default:
      return fail_unknown (data, size, error);
  }
}

/**
 * gst_tryon_image_info_get_orientation:
 * @info: what gst_tryon_image_info_parse() told of @data
 * @data: (array length=size): the encoded image
 * @size: bytes of it
 *
 * Tells how the picture is to be turned to be upright, by the file's EXIF. Sizes in
 * @info are those of the picture as it is stored: from 5 on it is shown with width
 * and height exchanged.
 *
 * Returns: 1 to 8, as EXIF numbers them; 1, which is upright, where the file says
 *     nothing, or nothing that makes sense
 */
guint
gst_tryon_image_info_get_orientation (const GstTryonImageInfo * info,
    const guint8 * data, gsize size)
{
  const guint8 *exif;
  gsize length = 0;

  g_return_val_if_fail (info != NULL, 1);
  g_return_val_if_fail (data != NULL || size == 0, 1);

  if (guess_format (data, size) != info->format)
    return 1;
  switch (info->format) {
    case GST_TRYON_IMAGE_FORMAT_WEBP:
      exif = find_webp_exif (data, size, &length);
      break;
    case GST_TRYON_IMAGE_FORMAT_JPEG:
      exif = find_jpeg_exif (data, size, &length);
      break;
    case GST_TRYON_IMAGE_FORMAT_PNG:
      exif = find_png_exif (data, size, &length);
      break;
    default:
      return 1;
  }
  return exif != NULL ? gst_tryon_exif_get_orientation (exif, length) : 1;
}

/**
 * gst_tryon_image_format_get_media_type:
 * @format: a file format
 *
 * Returns: (transfer none) (nullable): its media type, which is also the name
 *     of its caps, such as "image/webp"; %NULL for
 *     #GST_TRYON_IMAGE_FORMAT_UNKNOWN
 */
const gchar *
gst_tryon_image_format_get_media_type (GstTryonImageFormat format)
{
  switch (format) {
    case GST_TRYON_IMAGE_FORMAT_WEBP:
      return "image/webp";
    case GST_TRYON_IMAGE_FORMAT_JPEG:
      return "image/jpeg";
    case GST_TRYON_IMAGE_FORMAT_PNG:
      return "image/png";
    default:
      return NULL;
  }
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* EXIF: a TIFF file, by CIPA DC-008. Of all that is in it, only the orientation is
 * read, in one pass over one directory: the bytes are anybody's. That is why it is not
 * gst_tag_list_from_exif_buffer_with_tiff_header(), which reads everything, among that
 * a string past the end of the buffer, and a directory again for each of its entries
 * that names it (1.22). */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gsttryonexif-private.h"
#include "gsttryonbytes-private.h"

#include <string.h>

#define TIFF_HEADER_SIZE 8
#define TIFF_ENTRY_SIZE 12
#define TIFF_ORIENTATION 0x0112
#define TIFF_SHORT 3

static guint
read_tiff_u16 (const guint8 * data, gboolean is_big)
{
  return is_big ? gst_tryon_read_u16_be (data) : gst_tryon_read_u16_le (data);
}

static guint32
read_tiff_u32 (const guint8 * data, gboolean is_big)
{
  return is_big ? gst_tryon_read_u32_be (data) : gst_tryon_read_u32_le (data);
}

guint
gst_tryon_exif_get_orientation (const guint8 * data, gsize size)
{
  gboolean is_big;
  guint32 offset;
  guint n, orientation;

  /* Some writers of WebP put it there, where it does not belong. */
  if (size >= sizeof (GST_TRYON_EXIF_PREFIX)
      && memcmp (data, GST_TRYON_EXIF_PREFIX,
          sizeof (GST_TRYON_EXIF_PREFIX)) == 0) {
    data += sizeof (GST_TRYON_EXIF_PREFIX);
    size -= sizeof (GST_TRYON_EXIF_PREFIX);
  }
  if (size < TIFF_HEADER_SIZE || (memcmp (data, "II*\0", 4) != 0
          && memcmp (data, "MM\0*", 4) != 0))
    return 1;
  is_big = data[0] == 'M';
  offset = read_tiff_u32 (data + 4, is_big);
  if (offset > size || size - offset < 2)
    return 1;
  n = read_tiff_u16 (data + offset, is_big);
  data += offset + 2;
  size -= offset + 2;
  for (; n > 0 && size >= TIFF_ENTRY_SIZE; n--) {
    if (read_tiff_u16 (data, is_big) == TIFF_ORIENTATION) {
      orientation = read_tiff_u16 (data + 8, is_big);
      return read_tiff_u16 (data + 2, is_big) == TIFF_SHORT
          && read_tiff_u32 (data + 4, is_big) == 1 && orientation >= 1
          && orientation <= 8 ? orientation : 1;
    }
    data += TIFF_ENTRY_SIZE;
    size -= TIFF_ENTRY_SIZE;
  }
  return 1;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Not installed: numbers of a wire or file format, at any address. GStreamer's
 * GST_READ_UINT32_BE() and the like read words at odd addresses where the
 * machine can, which the language does not allow and sanitizers report. These
 * compile to the same instructions. */

G_BEGIN_DECLS

static inline guint16
gst_tryon_read_u16_le (const guint8 * data)
{
  return (guint16) (data[0] | data[1] << 8);
}

static inline guint16
gst_tryon_read_u16_be (const guint8 * data)
{
  return (guint16) (data[0] << 8 | data[1]);
}

static inline guint32
gst_tryon_read_u24_le (const guint8 * data)
{
  return data[0] | (guint32) data[1] << 8 | (guint32) data[2] << 16;
}

static inline guint32
gst_tryon_read_u32_le (const guint8 * data)
{
  return gst_tryon_read_u24_le (data) | (guint32) data[3] << 24;
}

static inline guint32
gst_tryon_read_u32_be (const guint8 * data)
{
  return (guint32) data[0] << 24 | (guint32) data[1] << 16
      | (guint32) data[2] << 8 | data[3];
}

static inline guint64
gst_tryon_read_u64_be (const guint8 * data)
{
  return (guint64) gst_tryon_read_u32_be (data) << 32
      | gst_tryon_read_u32_be (data + 4);
}

static inline void
gst_tryon_write_u16_be (guint8 * data, guint16 value)
{
  data[0] = value >> 8;
  data[1] = value & 0xff;
}

static inline void
gst_tryon_write_u32_be (guint8 * data, guint32 value)
{
  gst_tryon_write_u16_be (data, value >> 16);
  gst_tryon_write_u16_be (data + 2, value & 0xffff);
}

static inline void
gst_tryon_write_u64_be (guint8 * data, guint64 value)
{
  gst_tryon_write_u32_be (data, value >> 32);
  gst_tryon_write_u32_be (data + 4, value & 0xffffffff);
}

G_END_DECLS

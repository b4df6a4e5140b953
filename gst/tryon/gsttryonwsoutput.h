/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include <gst/tryon/gsttryonwsframe.h>

/* Not installed: the one frame that a connection is sending. */

G_BEGIN_DECLS

/* The caller's part of a binary message. */
#define GST_TRYON_WS_OUTPUT_MAX_PREFIX 64
/* What a GstBuffer has at most: gst_buffer_get_max_memory(). */
#define GST_TRYON_WS_OUTPUT_MAX_MEMORIES 16

typedef struct {
  GPollableOutputStream *stream;        /* (transfer none) */
  gboolean masks;               /* a client's frames are masked */
  guint64 bytes_sent;

  /* The frame under way. Once begun its bytes stay what they are, also when
   * none has left yet: a TLS stream may have encrypted them already. */
  gboolean active;
  GstTryonWsOpcode opcode;
  guint8 head[GST_TRYON_WS_MAX_HEADER + GST_TRYON_WS_MAX_CONTROL_PAYLOAD];
  GOutputVector vectors[1 + GST_TRYON_WS_OUTPUT_MAX_MEMORIES];
  guint n_vectors;
  guint next;
  GstBuffer *payload;
  GstMapInfo maps[GST_TRYON_WS_OUTPUT_MAX_MEMORIES];
  guint n_maps;

  guint8 *scratch;              /* of messages that had to be copied */
  gsize scratch_size;
  guint8 entropy[256];
  gsize entropy_left;
} GstTryonWsOutput;

/* The three that begin a frame: only while none is active. */
void     gst_tryon_ws_output_begin_control (GstTryonWsOutput * output, GstTryonWsOpcode opcode,
                                            const guint8 * data, gsize size);
/* @payload (transfer none) (nullable). %FALSE, and no frame is active, when it
 * can't be mapped. */
gboolean gst_tryon_ws_output_begin_binary (GstTryonWsOutput * output,
                                           const guint8 * header, gsize header_size,
                                           GstBuffer * payload);
void     gst_tryon_ws_output_begin_text (GstTryonWsOutput * output, const gchar * text,
                                         gsize size);
/* Writes what the stream takes now; %G_POLLABLE_RETURN_OK when the frame has
 * left and none is active any more. */
GPollableReturn gst_tryon_ws_output_write (GstTryonWsOutput * output, GError ** error);
/* Gives the frame up. */
void     gst_tryon_ws_output_drop (GstTryonWsOutput * output);
void     gst_tryon_ws_output_clear (GstTryonWsOutput * output);

G_END_DECLS

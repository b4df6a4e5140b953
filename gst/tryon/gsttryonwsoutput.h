/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include <gst/tryon/gsttryonwsframe.h>

/* Not installed: what a connection has to send, which is one message at the most
 * and one control frame of each kind. Not thread safe: the connection guards it. */

G_BEGIN_DECLS

/* The caller's part of a binary message. */
#define GST_TRYON_WS_OUTPUT_MAX_PREFIX 64
/* What a GstBuffer has at most: gst_buffer_get_max_memory(). */
#define GST_TRYON_WS_OUTPUT_MAX_MEMORIES 16

/* Bytes of pongs that wait. */
#define GST_TRYON_WS_OUTPUT_MAX_PONGS 2048

typedef enum {
  GST_TRYON_WS_OUTPUT_IDLE,     /* everything has left */
  GST_TRYON_WS_OUTPUT_BLOCKED,  /* the stream takes no more now */
  GST_TRYON_WS_OUTPUT_BROKEN,   /* nor ever again */
} GstTryonWsOutputResult;

typedef struct {
  GPollableOutputStream *stream;        /* (transfer none) */
  gboolean masks;               /* a client's frames are masked */
  guint64 bytes_sent;
  gboolean close_sent;
  gboolean broken;              /* nothing is sent any more */

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

  /* Control frames that are due, in this order. Pongs leave together, those that
   * came meanwhile behind them; when they pile up the newest is enough (RFC 6455
   * section 5.5.3). */
  guint8 pongs[2][GST_TRYON_WS_OUTPUT_MAX_PONGS];       /* whole frames */
  guint pongs_index;            /* of those that are not being sent */
  gsize pongs_size;
  gboolean ping_due;
  gboolean close_due;
  guint8 close[GST_TRYON_WS_MAX_CONTROL_PAYLOAD];
  gsize close_size;

  guint8 *scratch;              /* (nullable), of the pool: a copied message */
  guint8 entropy[256];
  gsize entropy_left;
} GstTryonWsOutput;

/* The two that begin a message: only while no frame is active. %FALSE, and none
 * is active, when the bytes can't be had. */
/* @payload (transfer none) (nullable) */
gboolean gst_tryon_ws_output_begin_binary (GstTryonWsOutput * output,
                                           const guint8 * header, gsize header_size,
                                           GstBuffer * payload);
gboolean gst_tryon_ws_output_begin_text (GstTryonWsOutput * output, const gchar * text,
                                         gsize size);
/* These go behind the frame that is active. */
void     gst_tryon_ws_output_pong (GstTryonWsOutput * output, const guint8 * data, gsize size);
void     gst_tryon_ws_output_ping (GstTryonWsOutput * output);
/* The last frame: pings and pongs that are due are dropped. A @code that may not
 * be sent goes as none. @reason (nullable) is cut to what fits. */
void     gst_tryon_ws_output_close (GstTryonWsOutput * output, guint16 code, const gchar * reason);
/* Writes what the stream takes now. @error: for BROKEN, the first time. */
GstTryonWsOutputResult gst_tryon_ws_output_flush (GstTryonWsOutput * output, GError ** error);
/* Gives up what is being sent and what is due. */
void     gst_tryon_ws_output_clear (GstTryonWsOutput * output);

G_END_DECLS

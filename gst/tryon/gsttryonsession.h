/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/tryon/gsttryonprotocol.h>
#include <gst/tryon/gsttryonimageinfo.h>

/* One conversation with one client: who it is, what it may do, which frames
 * are unanswered, what is to be told to it. It knows nothing of sockets: a
 * transport feeds it with messages and takes its output. It knows nothing of
 * elements: a pipeline pulls frames from it and gives it answers.
 *
 *   transport                     session                    pipeline
 *   receive_binary/text() --> checks, account, inbox  --> pull()
 *   next_output()         <-- answers in order        <-- answer(), drop()
 *
 * Thread safe: of the transport's side next_output() is called from any thread, by
 * one at a time, and the rest from one thread (the connection's); the pipeline's side
 * from any. */

G_BEGIN_DECLS

/**
 * GstTryonSessionConfig:
 * @target_fps: frames per second that the client is asked for, 1 to 240
 * @max_in_flight: frames that the client may have unanswered, 1 to 64
 * @max_width: widest image taken, pixels
 * @max_height: highest image taken, pixels
 * @max_frame_bytes: largest encoded image taken, bytes
 * @max_buffers: frames that wait for the pipeline; the oldest is dropped for
 *     a newer one
 * @max_json_depth: levels of objects and arrays in a text message, 1 to 31
 * @answer_timeout: milliseconds after which a frame that nobody answered counts
 *     as lost in the pipeline and is answered as superseded
 *
 * What the session grants. Start from GST_TRYON_SESSION_CONFIG_INIT.
 */
typedef struct {
  guint target_fps;
  guint max_in_flight;
  guint max_width;
  guint max_height;
  guint max_frame_bytes;
  guint max_buffers;
  guint max_json_depth;
  guint answer_timeout;
} GstTryonSessionConfig;

#define GST_TRYON_SESSION_DEFAULT_TARGET_FPS 30
#define GST_TRYON_SESSION_DEFAULT_MAX_IN_FLIGHT 4
#define GST_TRYON_SESSION_DEFAULT_MAX_WIDTH 1920
#define GST_TRYON_SESSION_DEFAULT_MAX_HEIGHT 1920
#define GST_TRYON_SESSION_DEFAULT_MAX_FRAME_BYTES (1024 * 1024)
#define GST_TRYON_SESSION_DEFAULT_MAX_BUFFERS 2
#define GST_TRYON_SESSION_DEFAULT_ANSWER_TIMEOUT 5000
#define GST_TRYON_SESSION_CONFIG_INIT { \
  GST_TRYON_SESSION_DEFAULT_TARGET_FPS, GST_TRYON_SESSION_DEFAULT_MAX_IN_FLIGHT, \
  GST_TRYON_SESSION_DEFAULT_MAX_WIDTH, GST_TRYON_SESSION_DEFAULT_MAX_HEIGHT, \
  GST_TRYON_SESSION_DEFAULT_MAX_FRAME_BYTES, GST_TRYON_SESSION_DEFAULT_MAX_BUFFERS, \
  GST_TRYON_PROTOCOL_MAX_JSON_DEPTH, GST_TRYON_SESSION_DEFAULT_ANSWER_TIMEOUT }

#define GST_TYPE_TRYON_SESSION (gst_tryon_session_get_type ())
GST_TRYON_API
G_DECLARE_FINAL_TYPE (GstTryonSession, gst_tryon_session, GST, TRYON_SESSION, GstObject)

/* (transfer full): a session named @id; %NULL @config means the defaults. */
GST_TRYON_API GstTryonSession * gst_tryon_session_new (const gchar * id,
                                                       const GstTryonSessionConfig * config);
GST_TRYON_API const gchar *     gst_tryon_session_get_id (GstTryonSession * session);
/* (transfer full) (nullable): the client's `init_session`, %NULL before it came. */
GST_TRYON_API GstStructure *    gst_tryon_session_get_init (GstTryonSession * session);
GST_TRYON_API void              gst_tryon_session_get_config (GstTryonSession * session,
                                                              GstTryonSessionConfig * config);
/* Tells the client (`config`) when the value changed. */
GST_TRYON_API void              gst_tryon_session_set_target_fps (GstTryonSession * session,
                                                                  guint fps);
GST_TRYON_API void              gst_tryon_session_set_max_in_flight (GstTryonSession * session,
                                                                     guint frames);

/* ---- the transport's side ---- */

/* Called from any thread when next_output() has something to give, or there is room
 * for a frame again after there was none; it may come more often than needed, and
 * from several at a time. It may ask for it at once, and must not wait:
 * gst_tryon_session_disconnect() waits for it, and must not be called from within. */
typedef void (*GstTryonSessionWakeFunc) (gpointer user_data);

/**
 * GstTryonOutput:
 * @is_text: @text is to be sent as a text message; else @header, then @payload
 *     as one binary message
 * @text: (nullable): JSON
 * @text_size: bytes of @text
 * @header: the binary message's header
 * @payload: (nullable): the image, %NULL for a drop
 * @close_code: when not 0: nothing more comes, close with this and @text as the reason
 *
 * One message for the client. Clear with gst_tryon_output_clear().
 */
typedef struct {
  gboolean is_text;
  gchar *text;
  gsize text_size;
  guint8 header[GST_TRYON_PROTOCOL_HEADER_SIZE];
  GstBuffer *payload;
  guint16 close_code;
} GstTryonOutput;

GST_TRYON_API void     gst_tryon_output_clear (GstTryonOutput * output);

/* A transport takes up the conversation. %FALSE when one has it already, or it
 * has ended. @wake is called when there is something to send from before. */
GST_TRYON_API gboolean gst_tryon_session_connect (GstTryonSession * session,
                                                  GstTryonSessionWakeFunc wake,
                                                  gpointer user_data,
                                                  GDestroyNotify notify);
/* Another transport takes the conversation over from the one that has it, whose
 * @wake is not called any more after this: a client has come back before its
 * last connection was seen to have ended. The stream goes on; what the last
 * connection's frames would be answered is given up, the client says
 * init_session again, and its sequence numbers go on or begin anew. %FALSE when
 * none has it (any more), or the session is closing. */
GST_TRYON_API gboolean gst_tryon_session_take_over (GstTryonSession * session,
                                                    GstTryonSessionWakeFunc wake,
                                                    gpointer user_data,
                                                    GDestroyNotify notify);
/* The transport is gone: nothing is sent any more, waiting frames are given up,
 * pull() ends with GST_FLOW_EOS. @wake is not called any more after this. */
GST_TRYON_API void     gst_tryon_session_disconnect (GstTryonSession * session);
/* A whole binary message (transfer full): header and image. Bad ones are
 * answered to the client, and cost only themselves. Returns whether there is room
 * for another frame; when there is none, one that came now would take the place of
 * one that still waits for the pipeline, and @wake is called when it would not. */
GST_TRYON_API gboolean gst_tryon_session_receive_binary (GstTryonSession * session,
                                                         GstBuffer * message);
GST_TRYON_API gboolean gst_tryon_session_has_room (GstTryonSession * session);
/* A whole text message: valid UTF-8, of a size that the transport bounds. */
GST_TRYON_API void     gst_tryon_session_receive_text (GstTryonSession * session,
                                                       const gchar * text, gsize size);
/* The next message for the client, in order; call when the socket takes one.
 * A processed frame is stamped with its latency and counted at this moment. */
GST_TRYON_API gboolean gst_tryon_session_next_output (GstTryonSession * session,
                                                      GstTryonOutput * output);
/* Gives up frames that are older than the answer timeout; call at least once a second. */
GST_TRYON_API void     gst_tryon_session_tick (GstTryonSession * session);

/* ---- the pipeline's side ---- */

/* Waits for the next thing from the client, in order: a frame (GstBuffer with
 * GstTryonFrameMeta; @info says what image it holds) or a tryon-* event. The
 * first is always the tryon-control event of `init_session`, so that
 * gst_tryon_session_get_init() has it from the first item on.
 * @arrival: g_get_monotonic_time() of when it came. GST_FLOW_FLUSHING while
 * flushing, GST_FLOW_EOS when the client has gone (or the session was closed)
 * and nothing is left. */
GST_TRYON_API GstFlowReturn gst_tryon_session_pull (GstTryonSession * session,
                                                    GstMiniObject ** item,
                                                    GstTryonImageInfo * info,
                                                    gint64 * arrival);
GST_TRYON_API void     gst_tryon_session_set_flushing (GstTryonSession * session,
                                                       gboolean flushing);
/* Remembers under which @pts frame @sequence runs, to find it again where an
 * element loses the meta. */
GST_TRYON_API void     gst_tryon_session_set_frame_pts (GstTryonSession * session,
                                                        guint32 sequence, GstClockTime pts);
/* Answers a frame with @image (transfer none; a reference is kept until it is
 * sent), found by its meta or else by its PTS. Earlier frames that nobody
 * answered are answered as superseded. While an
 * answer is being sent the newest one waits for the client, and for an even newer
 * one it is dropped (slow-client). %FALSE when the frame is unknown or has its
 * answer already. @latency (optional): from arrival to now. */
GST_TRYON_API gboolean gst_tryon_session_answer (GstTryonSession * session, GstBuffer * image,
                                                 GstClockTime * latency);
/* Answers frame @sequence with `frame_dropped`. The answer leaves after those
 * of earlier frames. %FALSE when it is unknown or answered. */
GST_TRYON_API gboolean gst_tryon_session_drop (GstTryonSession * session, guint32 sequence,
                                               GstTryonDropReason reason);
/* Whether frame @sequence waits for an answer from the pipeline. */
GST_TRYON_API gboolean gst_tryon_session_is_waiting (GstTryonSession * session,
                                                     guint32 sequence);
/* Queues a text message (transfer full). A `stats` or `config` that still waits
 * is replaced. Bounded: a client that reads nothing is closed with
 * GST_TRYON_CLOSE_SLOW_CLIENT. */
GST_TRYON_API void     gst_tryon_session_send_message (GstTryonSession * session,
                                                       GstStructure * message);
/* Queues a recoverable `error` message. At most one of a code waits at a time. */
GST_TRYON_API void     gst_tryon_session_send_error (GstTryonSession * session,
                                                     GstTryonError code, const gchar * format,
                                                     ...) G_GNUC_PRINTF (3, 4);
/* Ends the conversation: `bye` with @reason, then @close_code. */
GST_TRYON_API void     gst_tryon_session_close (GstTryonSession * session, guint16 close_code,
                                                const gchar * reason, gboolean reconnect);
/* The code that it is being closed with, 0 while it isn't. */
GST_TRYON_API guint16  gst_tryon_session_get_close_code (GstTryonSession * session);
GST_TRYON_API gboolean gst_tryon_session_is_connected (GstTryonSession * session);
/* Whether its transport has gone, or it was closed before it had one. */
GST_TRYON_API gboolean gst_tryon_session_has_ended (GstTryonSession * session);
/* (transfer full): "application/x-tryon-session-stats": session-id (string),
 * connected, paused (boolean); uint64, only growing: takeovers, frames-received,
 * frames-processed, frames-dropped, bytes-received, bytes-sent,
 * messages-invalid, meta-misses; uint: frames-outstanding; structure
 * "dropped-by-reason" of uint64 named after the reasons' nicks.
 * frames-received = frames-processed + frames-dropped + frames-outstanding. */
GST_TRYON_API GstStructure * gst_tryon_session_get_stats (GstTryonSession * session);

G_END_DECLS

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/tryon/tryon.h>

#include "gsttryonaienums.h"
#include "gsttryonaitarget.h"

/* One session's connection to an AI service: connects, introduces the session,
 * sends frames as the socket takes them, hands answers over, comes back when
 * the connection is lost. What it sends and what answers mean is its owner's.
 *
 * Made on any thread, runs on its loop's: all callbacks but next_frame are called
 * there, with no lock held. */

G_BEGIN_DECLS

/* Milliseconds before the service is tried again: the first time, and doubled
 * each time up to the longest, less up to half of it at random. They begin anew
 * when a connection was of use for as long as the longest. */
#define GST_TRYON_AI_RECONNECT_MIN 100
#define GST_TRYON_AI_RECONNECT_MAX 5000

typedef struct _GstTryonAiClient GstTryonAiClient;

/**
 * GstTryonAiClientCallbacks:
 * @state: it changed; @address is the service's, @reason (nullable) says why
 * @next_frame: the next frame to send, %FALSE for none. @image (transfer full).
 *     Also from the thread of gst_tryon_ai_client_wake(), under a lock of its own
 * @answer: the service answered a frame. @image (transfer full) (nullable): the
 *     processed one, %NULL for a drop or with @error, when it was none
 * @granted: the number of frames that the service takes unanswered
 * @fault: the service sent something that is no answer: words for a person
 *
 * @generation is the one that gst_tryon_ai_client_join() was given.
 */
typedef struct {
  void (*state) (guint generation, GstTryonAiState state,
      const gchar * address, const gchar * reason, gpointer user_data);
  gboolean (*next_frame) (guint generation, GstTryonFrameHeader * header,
      GstBuffer ** image, gpointer user_data);
  void (*answer) (guint generation, const GstTryonFrameHeader * header,
      GstBuffer * image, const GError * error, gpointer user_data);
  void (*granted) (guint generation, guint max_in_flight, gpointer user_data);
  void (*fault) (guint generation, const gchar * words, gpointer user_data);
} GstTryonAiClientCallbacks;

/* @loop (transfer none) */
GstTryonAiClient * gst_tryon_ai_client_new (GstTryonLoop * loop,
    const GstTryonAiClientCallbacks * callbacks, gpointer user_data);
/* Closes the connection without waiting for the service. No callback runs any
 * more when it returns. Hold no lock that the callbacks take. Gives the
 * reference back. */
void gst_tryon_ai_client_free (GstTryonAiClient * client);
/* For threads that call it while another may free it: what they do then has no
 * effect. The last reference may go on any thread. */
GstTryonAiClient * gst_tryon_ai_client_ref (GstTryonAiClient * client);
void gst_tryon_ai_client_unref (GstTryonAiClient * client);

/* From any thread; carried out in the order of the calls, behind the return. */

/* Ends the session: closes the connection with 1000, forgets its reference and
 * its commands. */
void gst_tryon_ai_client_leave (GstTryonAiClient * client);
/* Begins a session at @target (transfer full), once the last one's connection
 * has closed. */
void gst_tryon_ai_client_join (GstTryonAiClient * client, GstTryonAiTarget * target);
/* The design to put on: sent to this service and to each after it. %NULL for
 * none. Arguments as of gst_tryon_event_new_reference(). */
void gst_tryon_ai_client_set_reference (GstTryonAiClient * client, GstBuffer * image,
    const gchar * media_type, const gchar * id);
/* A command; the newest of each kind is repeated on a new connection. */
void gst_tryon_ai_client_control (GstTryonAiClient * client, const gchar * action,
    const GstStructure * params);
/* There are frames to be sent: sends them at once where the socket takes them.
 * Hold no lock that next_frame takes. */
void gst_tryon_ai_client_wake (GstTryonAiClient * client);

G_END_DECLS

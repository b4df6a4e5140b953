/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Pipelines that real clients talk to. */

#include "wsclient.h"

typedef struct
{
  GstElement *pipeline;
  GstElement *src;              /* the tryonwssrc called "src" */
  GstBus *bus;
  guint port;
} WsPipeline;

/* @launch: must have a tryonwssrc with name=src. Does not start it. */
static inline WsPipeline *
ws_pipeline_new (const gchar * launch)
{
  WsPipeline *p = g_new0 (WsPipeline, 1);
  GError *error = NULL;

  p->pipeline = gst_parse_launch (launch, &error);
  fail_unless (error == NULL, "%s: %s", launch, error ? error->message : "");
  p->src = gst_bin_get_by_name (GST_BIN (p->pipeline), "src");
  p->bus = gst_element_get_bus (p->pipeline);
  return p;
}

/* To PLAYING, which it must reach without a client. */
static inline void
ws_pipeline_play (WsPipeline * p)
{
  fail_unless (gst_element_set_state (p->pipeline, GST_STATE_PLAYING) !=
      GST_STATE_CHANGE_FAILURE);
  fail_unless (gst_element_get_state (p->pipeline, NULL, NULL,
          WS_TIMEOUT * GST_SECOND) != GST_STATE_CHANGE_FAILURE);
  fail_unless_equals_int (GST_STATE (p->pipeline), GST_STATE_PLAYING);
  g_object_get (p->src, "current-port", &p->port, NULL);
}

static inline WsPipeline *
ws_pipeline_new_playing (const gchar * launch)
{
  WsPipeline *p = ws_pipeline_new (launch);

  ws_pipeline_play (p);
  return p;
}

/* Waits for a message of @types (transfer full). Errors fail the test, unless
 * waited for. */
static inline GstMessage *
ws_pipeline_wait (WsPipeline * p, GstMessageType types)
{
  GstMessage *message = gst_bus_timed_pop_filtered (p->bus,
      WS_TIMEOUT * GST_SECOND, types | GST_MESSAGE_ERROR);

  fail_unless (message != NULL, "waited too long for a message");
  fail_if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR
      && !(types & GST_MESSAGE_ERROR), "%" GST_PTR_FORMAT, message);
  return message;
}

/* The next element message, which must be called @name (transfer full). */
static inline GstMessage *
ws_pipeline_wait_element (WsPipeline * p, const gchar * name)
{
  GstMessage *message = ws_pipeline_wait (p, GST_MESSAGE_ELEMENT);

  fail_unless (gst_message_has_name (message, name), "waited for %s, got %"
      GST_PTR_FORMAT, name, message);
  return message;
}

/* A field of the element's stats. */
static inline guint64
ws_get_stat (gpointer element, const gchar * name)
{
  GstStructure *stats;
  guint64 value = 0;

  g_object_get (element, "stats", &stats, NULL);
  fail_unless (gst_structure_get_uint64 (stats, name, &value), "no %s in %"
      GST_PTR_FORMAT, name, stats);
  gst_structure_free (stats);
  return value;
}

/* Stops it. Nothing on the bus may say that anything went wrong. */
static inline void
ws_pipeline_free (WsPipeline * p)
{
  GstMessage *message = gst_bus_pop_filtered (p->bus,
      GST_MESSAGE_ERROR | GST_MESSAGE_WARNING);

  fail_if (message != NULL, "%" GST_PTR_FORMAT, message);
  fail_unless_equals_int (gst_element_set_state (p->pipeline, GST_STATE_NULL),
      GST_STATE_CHANGE_SUCCESS);
  gst_object_unref (p->src);
  gst_object_unref (p->bus);
  gst_object_unref (p->pipeline);
  g_free (p);
}

static inline void
ws_expect_field (GstMessage * message, const gchar * field,
    const gchar * value)
{
  fail_unless_equals_string (gst_structure_get_string
      (gst_message_get_structure (message), field), value);
}

/* Starting @p (transfer full) must fail with one error, of @code and with all of
 * @words, which are separated by '|'. */
static inline void
ws_pipeline_expect_error (WsPipeline * p, gint code, const gchar * words)
{
  gchar **all = g_strsplit (words, "|", -1);
  GstMessage *message;
  GError *error;
  guint i;

  fail_unless_equals_int (gst_element_set_state (p->pipeline,
          GST_STATE_PLAYING), GST_STATE_CHANGE_FAILURE);
  message = ws_pipeline_wait (p, GST_MESSAGE_ERROR);
  gst_message_parse_error (message, &error, NULL);
  g_assert_error (error, GST_RESOURCE_ERROR, code);
  GST_INFO ("%s", error->message);
  for (i = 0; all[i] != NULL; i++)
    fail_unless (strstr (error->message, all[i]) != NULL, "'%s' is not in: %s",
        all[i], error->message);
  g_strfreev (all);
  g_error_free (error);
  gst_message_unref (message);
  /* What GstBaseSrc always adds says nothing. */
  while ((message = gst_bus_pop_filtered (p->bus, GST_MESSAGE_ERROR))) {
    gst_message_parse_error (message, &error, NULL);
    g_assert_error (error, GST_CORE_ERROR, GST_CORE_ERROR_STATE_CHANGE);
    g_error_free (error);
    gst_message_unref (message);
  }
  gst_bus_set_flushing (p->bus, TRUE);
  gst_bus_set_flushing (p->bus, FALSE);
  ws_pipeline_free (p);
}

/* Frame @sequence, sent and given back as it was. */
static inline void
ws_client_echo (WsClient * client, guint32 sequence, const gchar * base64)
{
  GstTryonFrameHeader header;
  GBytes *image = ws_image (base64), *answer;

  ws_client_send_frame (client, sequence, base64);
  answer = ws_client_next_answer (client, &header);
  fail_unless_equals_int (header.type, GST_TRYON_FRAME_TYPE_PROCESSED);
  fail_unless_equals_int (header.sequence, sequence);
  fail_unless (g_bytes_equal (answer, image));
  g_bytes_unref (answer);
  g_bytes_unref (image);
}

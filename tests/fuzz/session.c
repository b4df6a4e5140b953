/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fuzz target: a whole conversation. Each step takes a byte for what happens
 * and two for how long its data is: messages of the client's, and what a
 * pipeline may do. After each step the account must balance, and answers must
 * come in order. */

#include <gst/tryon/tryon.h>

#include "fuzz.h"
/* For its inbox. */
#include "gst/tryon/gsttryonsession-private.h"

static void
wake_cb (gpointer user_data)
{
}

static void
check_account (GstTryonSession * session)
{
  GstStructure *stats = gst_tryon_session_get_stats (session);
  guint64 received, processed, dropped;
  guint outstanding;

  gst_structure_get (stats, "frames-received", G_TYPE_UINT64, &received,
      "frames-processed", G_TYPE_UINT64, &processed,
      "frames-dropped", G_TYPE_UINT64, &dropped,
      "frames-outstanding", G_TYPE_UINT, &outstanding, NULL);
  g_assert_cmpuint (received, ==, processed + dropped + outstanding);
  gst_structure_free (stats);
}

static void
take_output (GstTryonSession * session)
{
  GstTryonFrameHeader header;
  GstTryonOutput output;
  gsize size = GST_TRYON_PROTOCOL_HEADER_SIZE;

  if (!gst_tryon_session_next_output (session, &output))
    return;
  if (!output.is_text) {
    if (output.payload != NULL)
      size += gst_buffer_get_size (output.payload);
    g_assert (gst_tryon_frame_header_parse (output.header, size, &header,
            NULL));
    g_assert (gst_tryon_frame_header_check (&header, size, NULL));
  }
  gst_tryon_output_clear (&output);
}

/* What is there; a wait would be for ever. There may be less than it seems: what
 * was given up in the inbox is passed over. So something is put behind it. */
static void
pull (GstTryonSession * session, gboolean answer)
{
  GstTryonSessionItem *last = g_new0 (GstTryonSessionItem, 1);
  GstMiniObject *item = NULL;
  GstTryonImageInfo info;
  GstEvent *nothing;
  gint64 arrival;

  nothing = gst_event_new_custom (GST_EVENT_CUSTOM_DOWNSTREAM, NULL);
  last->object = GST_MINI_OBJECT_CAST (nothing);
  g_queue_push_tail (&session->inbox, last);
  if (gst_tryon_session_pull (session, &item, &info, &arrival) != GST_FLOW_OK)
    g_assert_not_reached ();
  if (item != GST_MINI_OBJECT_CAST (nothing)) {
    g_assert (g_queue_pop_tail (&session->inbox) == last);
    g_free (last);
    gst_event_unref (nothing);
  }
  if (answer && GST_IS_BUFFER (item))
    gst_tryon_session_answer (session, GST_BUFFER (item), NULL);
  gst_mini_object_unref (item);
}

static void
step (GstTryonSession * session, guint8 what, const guint8 * data, gsize size)
{
  switch (what & 7) {
    case 0:
    case 1:
      gst_tryon_session_receive_binary (session, size == 0 ?
          gst_buffer_new () :
          gst_buffer_new_wrapped (g_memdup2 (data, size), size));
      break;
    case 2:
      gst_tryon_session_receive_text (session, (const gchar *) data, size);
      break;
    case 3:
      pull (session, TRUE);
      break;
    case 4:
      pull (session, FALSE);
      break;
    case 5:
      if (size > 0)
        gst_tryon_session_drop (session, data[0], GST_TRYON_DROP_REASON_RATE);
      break;
    case 6:
      take_output (session);
      break;
    case 7:
      gst_tryon_session_tick (session);
      break;
  }
  check_account (session);
}

gint
LLVMFuzzerTestOneInput (const guint8 * data, gsize size)
{
  GstTryonSession *session = gst_tryon_session_new ("fuzz", NULL);

  gst_tryon_session_connect (session, wake_cb, NULL, NULL);
  while (size >= 3) {
    guint8 what = data[0];
    gsize n = data[1] | data[2] << 8;

    data += 3;
    size -= 3;
    n = MIN (n, size);
    step (session, what, data, n);
    data += n;
    size -= n;
  }
  gst_tryon_session_disconnect (session);
  check_account (session);
  gst_object_unref (session);
  return 0;
}

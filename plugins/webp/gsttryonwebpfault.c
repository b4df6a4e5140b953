/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <gst/tryon/gsttryonevent.h>
#include <gst/tryon/gsttryonframemeta.h>

#include "gsttryonwebpfault.h"

#define WARNING_INTERVAL G_TIME_SPAN_SECOND

gboolean
gst_tryon_webp_warnings_pass (GstTryonWebpWarnings * warnings,
    guint64 * held_back)
{
  gint64 now = g_get_monotonic_time ();

  if (now < warnings->next) {
    warnings->held_back++;
    return FALSE;
  }
  warnings->next = now + WARNING_INTERVAL;
  *held_back = warnings->held_back;
  warnings->held_back = 0;
  return TRUE;
}

static void
answer (GstPad * sinkpad, GstBuffer * input, GstTryonDropReason reason,
    const GError * error)
{
  GstTryonSession *session = gst_tryon_pad_get_session (sinkpad);
  GstTryonFrameMeta *meta;

  if (session == NULL)
    return;

  /* The reason first, so that a client that logs both in order knows why. */
  meta = gst_buffer_get_tryon_frame_meta (input);
  if (error != NULL && meta != NULL)
    gst_tryon_session_send_error (session, (GstTryonError) error->code,
        "frame %u: %s", meta->sequence, error->message);
  else if (error != NULL)
    gst_tryon_session_send_error (session, (GstTryonError) error->code,
        "%s", error->message);
  if (meta != NULL)
    gst_tryon_session_drop (session, meta->sequence, reason);
  gst_object_unref (session);
}

void
gst_tryon_webp_answer_dropped (GstPad * sinkpad, GstBuffer * input,
    GstTryonDropReason reason)
{
  answer (sinkpad, input, reason, NULL);
}

void
gst_tryon_webp_answer_faulty (GstPad * sinkpad, GstBuffer * input,
    GstTryonDropReason reason, const GError * error)
{
  g_return_if_fail (error != NULL && error->domain == GST_TRYON_ERROR);

  answer (sinkpad, input, reason, error);
}

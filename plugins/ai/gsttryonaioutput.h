/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gsttryonaiqueue.h"

/* What leaves at the source pad: decided items made into buffers, with the caps
 * that their images say. */

G_BEGIN_DECLS

/* Pushes the image of @item, behind the caps and @segment where the pad does
 * not have them. Takes the images out of @item. */
GstFlowReturn gst_tryon_ai_output_push_frame (GstPad * pad, GstEvent * segment,
    GstTryonAiItem * item);
/* (transfer full): pushes an event that is neither caps nor segment. */
void gst_tryon_ai_output_push_event (GstPad * pad, GstEvent * event);
/* Gives a new @pad what has gone through the element so far. */
void gst_tryon_ai_output_init_pad (GstPad * pad, GstPad * sinkpad);

G_END_DECLS

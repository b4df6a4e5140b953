/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* The images that both elements pass on. */
#define GST_TRYON_WS_CAPS_FIELDS \
  "width = (int) [ 1, 16383 ], height = (int) [ 1, 16383 ], " \
  "framerate = (fraction) [ 0/1, max ]"
#define GST_TRYON_WS_CAPS \
  "image/webp, " GST_TRYON_WS_CAPS_FIELDS "; " \
  "image/jpeg, " GST_TRYON_WS_CAPS_FIELDS "; " \
  "image/png, " GST_TRYON_WS_CAPS_FIELDS

GST_ELEMENT_REGISTER_DECLARE (tryonwssrc);
GST_ELEMENT_REGISTER_DECLARE (tryonwssink);

G_END_DECLS

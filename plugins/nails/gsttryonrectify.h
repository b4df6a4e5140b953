/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/video/video.h>

#include "gsttryondesign.h"

G_BEGIN_DECLS

/* From the nails in a picture to textures. Pure. */

/* (transfer full): @nail of @picture (RGBA), laid flat and without the light it is
 * in; %NULL when it is too small to tell anything. */
GstTryonNailTexture *gst_tryon_rectify_nail (const GstVideoFrame * picture,
    const GstTryonNail * nail);
/* (transfer full): a part of @picture (RGBA), another one for each finger; %NULL
 * when all of it is transparent. */
GstTryonNailTexture *gst_tryon_rectify_swatch (const GstVideoFrame * picture,
    GstTryonFinger finger);

G_END_DECLS

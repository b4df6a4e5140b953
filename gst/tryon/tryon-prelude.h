/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

/**
 * SECTION:tryon-prelude
 *
 * Marks what libgsttryon-1.0 exports. Everything else is hidden.
 */
#ifndef GST_TRYON_API
# ifdef BUILDING_GST_TRYON
#  define GST_TRYON_API GST_API_EXPORT
# else
#  define GST_TRYON_API GST_API_IMPORT
# endif
#endif

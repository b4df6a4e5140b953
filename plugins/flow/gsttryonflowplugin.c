/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * SECTION:plugin-tryonflow
 *
 * Elements that watch and steer the flow of frames and never look into them.
 */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gsttryonflowelements.h"

static gboolean
plugin_init (GstPlugin * plugin)
{
  gboolean ret = FALSE;

  ret |= GST_ELEMENT_REGISTER (tryonstats, plugin);
  ret |= GST_ELEMENT_REGISTER (tryonthrottle, plugin);
  return ret;
}

GST_PLUGIN_DEFINE (GST_VERSION_MAJOR,
    GST_VERSION_MINOR,
    tryonflow,
    "Pacing and statistics of live frames",
    plugin_init, VERSION, GST_LICENSE, GST_PACKAGE_NAME, GST_PACKAGE_ORIGIN)

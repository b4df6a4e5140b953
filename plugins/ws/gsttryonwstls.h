/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>
#include <gio/gio.h>

G_BEGIN_DECLS

/* GIO takes any key for any certificate, and then each client fails. So this has
 * one connect, which trusts it: %FALSE when that can't be. Waits, some
 * milliseconds, as no network is in it. */
gboolean gst_tryon_ws_certificate_check (GTlsCertificate * certificate, GError ** error);

G_END_DECLS

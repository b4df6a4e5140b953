/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/tryon/tryon-prelude.h>
#include <gst/tryon/gsttryonchannel.h>
#include <gst/tryon/gsttryonconnection.h>
#include <gst/tryon/gsttryonevent.h>
#include <gst/tryon/gsttryonframemeta.h>
#include <gst/tryon/gsttryonhandshake.h>
#include <gst/tryon/gsttryonimageinfo.h>
#include <gst/tryon/gsttryonlistener.h>
#include <gst/tryon/gsttryonloop.h>
#include <gst/tryon/gsttryonnailsmeta.h>
#include <gst/tryon/gsttryonprotocol.h>
#include <gst/tryon/gsttryonsession.h>
#include <gst/tryon/gsttryonwindow.h>
#include <gst/tryon/gsttryonwsframe.h>

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gsttryonreference.h"

G_BEGIN_DECLS

/* The reference images of an element, and what they show. They are loaded in another
 * thread: that takes some hundred milliseconds, which no streaming thread has.
 * Of several that come meanwhile only the newest of each kind counts. Any thread. */

typedef struct _GstTryonNailsReferences GstTryonNailsReferences;

/**
 * GstTryonNailsReferenceKind:
 * @GST_TRYON_NAILS_REFERENCE_CLIENT: from the session's client: comes first
 * @GST_TRYON_NAILS_REFERENCE_OWN: the element's property
 *
 * Whose design it is.
 */
typedef enum
{
  GST_TRYON_NAILS_REFERENCE_CLIENT,
  GST_TRYON_NAILS_REFERENCE_OWN
} GstTryonNailsReferenceKind;
#define GST_TRYON_NAILS_N_REFERENCE_KINDS 2

/**
 * GstTryonNailsLoadedFunc:
 * @owner: the element
 * @kind: whose image it was
 * @name: (nullable): its path; for a client's, what the client calls it
 * @n_found: nails that it shows, 0 for a swatch
 * @error: (nullable): why it can't be used; what was there before stays
 *
 * Called for each image that counts, without a lock, in the thread that loaded it.
 */
typedef void (*GstTryonNailsLoadedFunc) (GstObject * owner,
    GstTryonNailsReferenceKind kind, const gchar * name, guint n_found,
    const GError * error);

/* (transfer full). Keeps the pools. */
GstTryonNailsReferences *gst_tryon_nails_references_new (GstTryonNailsLoadedFunc
    func, GstTryonNetPool * palm, GstTryonNetPool * landmarks,
    GstTryonNetPool * nail_net);
GstTryonNailsReferences *gst_tryon_nails_references_ref (GstTryonNailsReferences
    * references);
void gst_tryon_nails_references_unref (GstTryonNailsReferences * references);
/* Nothing is called any more, but for a call that is under way. Does not wait. */
void gst_tryon_nails_references_stop (GstTryonNailsReferences * references);

/* @owner: is kept until it is done; @name: (nullable); @image: (nullable) (transfer
 * full): without it, it is read from the file @name. @wait: loads it here and now, else
 * returns at once. */
void gst_tryon_nails_references_load (GstTryonNailsReferences * references,
    GstElement * owner, GstTryonNailsReferenceKind kind, const gchar * name,
    GBytes * image, gboolean wait);
/* None of this kind any more, also not what is being loaded. */
void gst_tryon_nails_references_clear (GstTryonNailsReferences * references,
    GstTryonNailsReferenceKind kind);

/* Gives @design the textures that are to be drawn. @version (inout): what it had
 * before, so that nothing is done while they stay the same; 0: nothing. */
void gst_tryon_nails_references_update (GstTryonNailsReferences * references,
    GstTryonDesign * design, guint * version);

G_END_DECLS

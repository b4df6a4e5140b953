/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gsttryoncrop.h"

G_BEGIN_DECLS

/* A piece of a frame that is found again in the next ones by its pixels: what is painted
 * on a finger moves as the skin there does, to a small part of a pixel, while what
 * networks say of the place differs by more from frame to frame. Pure. */

/* Samples of a side. */
#define GST_TRYON_PATCH_SIZE 32

/* Zeroed, it follows nothing. All fields are private. */
typedef struct
{
  gboolean is_set;
  GstTryonAffine place;         /* from the patch's samples to the last frame */
  GstTryonAffine movement;      /* from the frame before to it */
  gfloat size;                  /* of a sample when it was set, pixels */
  gfloat misfit;                /* in the last frame, of 1 */
  gboolean has_finger;          /* it can be told by the finger alone */
  gfloat samples[GST_TRYON_PATCH_SIZE * GST_TRYON_PATCH_SIZE];
  gfloat right[GST_TRYON_PATCH_SIZE * GST_TRYON_PATCH_SIZE];    /* slope */
  gfloat down[GST_TRYON_PATCH_SIZE * GST_TRYON_PATCH_SIZE];
  gfloat solutions[2][6][6];    /* of the normal equations: of the finger, of all of it */
} GstTryonPatch;

void gst_tryon_patch_clear (GstTryonPatch * patch);

/**
 * gst_tryon_patch_set:
 * @cropper: with the frame
 * @region: of it, to be followed: a finger's end, its nail in the middle, the tip up. What
 *     is beside the finger counts little
 *
 * Returns: %FALSE when there is nothing to tell it by; then nothing is followed
 */
gboolean gst_tryon_patch_set (GstTryonPatch * patch, GstTryonCropper * cropper,
    const GstTryonHandRegion * region);

/* Whether it should be set again around @middle: it is not set, it has changed, or its
 * middle is elsewhere. */
gboolean gst_tryon_patch_is_worn (const GstTryonPatch * patch,
    GstTryonPoint middle);

/**
 * gst_tryon_patch_follow:
 * @cropper: with the next frame
 * @guess: (nullable): how it may have moved since the last one: a similarity. Apart from
 *     that, it is looked for where it was, and where it was going
 * @movement: (out caller-allocates): how it has moved since the last frame: a similarity
 *
 * Returns: %FALSE when it was not found, or not set; then nothing is followed
 */
gboolean gst_tryon_patch_follow (GstTryonPatch * patch,
    GstTryonCropper * cropper, const GstTryonAffine * guess,
    GstTryonAffine * movement);

G_END_DECLS

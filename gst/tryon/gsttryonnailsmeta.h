/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>
#include <gst/tryon/tryon-prelude.h>

G_BEGIN_DECLS

/* The landmarks of a hand, as MediaPipe's hand model numbers them: 0 the wrist,
 * then four from the palm to the tip for each finger, thumb first. */
#define GST_TRYON_N_LANDMARKS 21
#define GST_TRYON_N_FINGERS 5
#define GST_TRYON_MAX_HANDS 2
#define GST_TRYON_MAX_NAILS (GST_TRYON_MAX_HANDS * GST_TRYON_N_FINGERS)
/* Corners of a nail's outline. */
#define GST_TRYON_NAIL_OUTLINE 32

/**
 * GstTryonFinger:
 * @GST_TRYON_FINGER_THUMB: the thumb
 * @GST_TRYON_FINGER_INDEX: the index finger
 * @GST_TRYON_FINGER_MIDDLE: the middle finger
 * @GST_TRYON_FINGER_RING: the ring finger
 * @GST_TRYON_FINGER_LITTLE: the little finger
 *
 * The fingers of a hand. Landmark 4 * finger + 4 is its tip, the one before its
 * last joint.
 */
typedef enum
{
  GST_TRYON_FINGER_THUMB,
  GST_TRYON_FINGER_INDEX,
  GST_TRYON_FINGER_MIDDLE,
  GST_TRYON_FINGER_RING,
  GST_TRYON_FINGER_LITTLE
} GstTryonFinger;

/**
 * GstTryonPoint:
 * @x: pixels from the frame's left edge
 * @y: pixels from the frame's upper edge
 *
 * A place in a frame, or a direction. The middle of the first pixel is
 * (0.5, 0.5).
 */
typedef struct
{
  gfloat x;
  gfloat y;
} GstTryonPoint;

/**
 * GstTryonHandRegion:
 * @centre: its centre
 * @size: length of a side, pixels
 * @rotation: radians, clockwise as seen; at 0 the fingers point up
 *
 * The turned square that a hand was looked for in.
 */
typedef struct
{
  GstTryonPoint centre;
  gfloat size;
  gfloat rotation;
} GstTryonHandRegion;

/**
 * GstTryonHand:
 * @id: stays the same while the hand is tracked, is not used again by the same
 *     element for another one
 * @presence: how sure it is that there is a hand, 0 to 1
 * @handedness: the model's guess: above 0.5 a right hand, below a left one (the
 *     other way around when the frame is mirrored)
 * @landmarks: where its landmarks are
 * @depths: depth of each landmark in pixels, from the wrist's, smaller is nearer
 * @region: where it was looked for
 *
 * A hand that was found in a frame.
 */
typedef struct
{
  guint id;
  gfloat presence;
  gfloat handedness;
  GstTryonPoint landmarks[GST_TRYON_N_LANDMARKS];
  gfloat depths[GST_TRYON_N_LANDMARKS];
  GstTryonHandRegion region;
} GstTryonHand;

/**
 * GstTryonNail:
 * @hand: the id of its hand
 * @finger: its finger
 * @confidence: how sure it is that there is a nail, 0 to 1, in this frame alone
 * @opacity: how much of it is to be seen, 0 to 1: it fades in when a nail has been
 *     found for some time, and out when it is lost
 * @centre: its middle
 * @axis: unit vector from its root to its tip
 * @length: pixels along @axis
 * @width: pixels across
 * @outline: its corners in order: the first is the tip, half of the way is the
 *     root; clockwise as seen in the frame
 *
 * A nail that was found in a frame.
 */
typedef struct
{
  guint hand;
  GstTryonFinger finger;
  gfloat confidence;
  gfloat opacity;
  GstTryonPoint centre;
  GstTryonPoint axis;
  gfloat length;
  gfloat width;
  GstTryonPoint outline[GST_TRYON_NAIL_OUTLINE];
} GstTryonNail;

#define GST_TRYON_NAILS_META_API_TYPE (gst_tryon_nails_meta_api_get_type ())
#define gst_buffer_get_tryon_nails_meta(b) \
  ((GstTryonNailsMeta *) gst_buffer_get_meta ((b), GST_TRYON_NAILS_META_API_TYPE))

typedef struct _GstTryonNailsMeta GstTryonNailsMeta;

/**
 * GstTryonNailsMeta:
 * @meta: parent
 * @n_hands: how many @hands there are
 * @hands: the hands, the one that was found first comes first
 * @n_nails: how many @nails there are
 * @nails: the nails that are to be seen
 *
 * The hands and nails of a frame, in pixels of that frame. A copy of the frame has
 * it, too, also an encoded one, and a scaled one has it scaled.
 * (videoflip of GStreamer 1.22 turns frames and leaves places as they were, regions
 * of interest too: look for nails behind it, not before.)
 */
struct _GstTryonNailsMeta
{
  GstMeta meta;
  guint n_hands;
  GstTryonHand hands[GST_TRYON_MAX_HANDS];
  guint n_nails;
  GstTryonNail nails[GST_TRYON_MAX_NAILS];
};

GST_TRYON_API GType               gst_tryon_nails_meta_api_get_type (void);
GST_TRYON_API const GstMetaInfo * gst_tryon_nails_meta_get_info (void);
/* (transfer none): the meta, empty, added to a writable @buffer; a buffer has one at
 * most, and one that is there already is emptied. */
GST_TRYON_API GstTryonNailsMeta * gst_buffer_add_tryon_nails_meta (GstBuffer * buffer);

G_END_DECLS

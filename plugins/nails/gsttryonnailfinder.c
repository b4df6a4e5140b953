/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From hands to nails: a crop for each finger, the net's logits of it, the nail in
 * them, and over time one nail for each finger that is steady.
 *
 * What belongs to a hand is kept under its id. A tracker that lost a hand finds it
 * again as a new one, with a new id, mostly within some frames and at the same
 * place: it then goes on with what the lost one left, so that its nails stay. Until
 * then the nails are looked for where they were, and where they go to: landmarks of
 * fists come and go while every nail is in plain view.
 *
 * A nail that is shown is followed by the pixels there: so the crop and the nail go where
 * the skin goes, and the net sees the same picture again. It has the last word all the
 * same: what it no longer takes for a nail fades out. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gsttryonnailfinder.h"

#include <math.h>
#include <string.h>

#include "gsttryonhandregion.h"
#include "gsttryonnailfilter.h"
#include "gsttryonnailfinger.h"
#include "gsttryonnailnet.h"
#include "gsttryonpatch.h"

#define N GST_TRYON_NAIL_MASK_SIZE

G_STATIC_ASSERT (GST_TRYON_NAIL_NET_SIZE == N);
G_STATIC_ASSERT (GST_TRYON_NAIL_NET_BATCH == GST_TRYON_N_FINGERS);

/* Of a nail that its finger is held at. */
#define SEEN_CONFIDENCE 0.4f
/* Of a single picture; what is steady over time has a lower one to go off. */
#define LEAST_CONFIDENCE 0.45f

/* A nail's size (of 0.8 of its length) in pixels, below which it is not believed,
 * and above which it need not be doubted. Hands of so few pixels are often none. */
#define TINY 4.0f
#define SMALL 9.0f

/* Nails whose centres are nearer than that, across in their width and along in their
 * length, are one. */
#define SAME_NAIL 0.6f
/* A new hand is a lost one found again if its landmarks are so near, in hand
 * scales. */
#define SAME_HAND 0.35f
/* For so long, seconds, a lost hand's nails are looked for without it. */
#define LOST_TIME 1.5f

/* Hands that are there, and as many that fade out. */
#define N_SLOTS (2 * GST_TRYON_MAX_HANDS)

typedef struct
{
  gboolean used;
  gboolean present;             /* in this frame */
  GstClockTime time;            /* of the last frame */
  gfloat lost;                  /* seconds since it was present */
  GstTryonHand hand;            /* as it was, moved on; landmarks are zero at first */
  gboolean has_movement;
  GstTryonAffine movement;      /* since the frame before */
  GstTryonFingerFilter fingers[GST_TRYON_N_FINGERS];
  GstTryonNailFilter nails[GST_TRYON_N_FINGERS];
  GstTryonPatch patches[GST_TRYON_N_FINGERS];   /* where the nails are painted on */
  gboolean seen[GST_TRYON_N_FINGERS];   /* its nail, in the last frame */
  GstTryonPoint centres[GST_TRYON_N_FINGERS];   /* of these nails */
  GstTryonPoint moved;          /* by the last frame, mean of those seen in both */
} Slot;

/* What one frame says of a finger. */
typedef struct
{
  gboolean there;               /* the finger */
  gboolean leapt;               /* to there, since the frame before */
  gboolean has_movement;        /* its patch's */
  GstTryonAffine movement;
  GstTryonFingerEnd end;
  GstTryonHandRegion view;      /* what was looked at */
  GstTryonNailContour contour;  /* when confidence is over 0 */
  gfloat confidence;
  gfloat seen;                  /* the net's confidence alone */
} Finding;

struct _GstTryonNailFinder
{
  GstTryonNetPool *net;         /* (nullable) */
  GstTryonNailSegmentFunc func;
  gpointer user_data;
  gboolean smooth;
  GstTryonCropper *cropper;
  Slot slots[N_SLOTS];
  gfloat logits[GST_TRYON_N_FINGERS * N * N];
};

static gboolean
segment_with_net (const GstVideoFrame * frame, const GstTryonAffine * affines,
    gfloat * logits, gpointer user_data, GError ** error)
{
  GstTryonNetPool *pool = user_data;
  GstTryonNet *net = gst_tryon_net_pool_acquire (pool, error);
  gfloat *input;
  gboolean done;
  guint i;

  if (net == NULL)
    return FALSE;
  input = gst_tryon_net_get_input (net, 0, NULL);
  for (i = 0; i < GST_TRYON_N_FINGERS; i++)
    gst_tryon_crop (frame, &affines[i], N, input + i * 3 * N * N);
  done = gst_tryon_net_run (net, error);
  if (done)
    memcpy (logits, gst_tryon_net_get_output (net, 0, NULL),
        GST_TRYON_N_FINGERS * N * N * sizeof (gfloat));
  gst_tryon_net_pool_release (pool, net);
  return done;
}

GstTryonNailFinder *
gst_tryon_nail_finder_new_with_func (GstTryonNailSegmentFunc func,
    gpointer user_data)
{
  GstTryonNailFinder *finder = g_new0 (GstTryonNailFinder, 1);

  finder->func = func;
  finder->user_data = user_data;
  finder->smooth = TRUE;
  finder->cropper = gst_tryon_cropper_new ();
  return finder;
}

GstTryonNailFinder *
gst_tryon_nail_finder_new (GstTryonNetPool * net)
{
  GstTryonNailFinder *finder =
      gst_tryon_nail_finder_new_with_func (segment_with_net, net);

  finder->net = gst_tryon_net_pool_ref (net);
  return finder;
}

void
gst_tryon_nail_finder_free (GstTryonNailFinder * finder)
{
  g_clear_pointer (&finder->net, gst_tryon_net_pool_unref);
  gst_tryon_cropper_free (finder->cropper);
  g_free (finder);
}

void
gst_tryon_nail_finder_reset (GstTryonNailFinder * finder)
{
  memset (finder->slots, 0, sizeof (finder->slots));
}

void
gst_tryon_nail_finder_set_smooth (GstTryonNailFinder * finder, gboolean smooth)
{
  if (finder->smooth != smooth)
    gst_tryon_nail_finder_reset (finder);
  finder->smooth = smooth;
}

static Slot *
find_slot (GstTryonNailFinder * finder, const GstTryonHand * hand)
{
  guint i;

  for (i = 0; i < N_SLOTS; i++)
    if (finder->slots[i].used && finder->slots[i].hand.id == hand->id)
      return &finder->slots[i];
  return NULL;
}

/* A slot for a hand that is new: that of the lost hand that it is, or a free one;
 * there are as many as can be needed, for the hands that are there are half. */
static Slot *
take_slot (GstTryonNailFinder * finder, const GstTryonHand * hand)
{
  Slot *slot = NULL, *spare = NULL, *lost = NULL;
  gfloat nearest = SAME_HAND, distance;
  guint i;

  for (i = 0; i < N_SLOTS; i++) {
    Slot *s = &finder->slots[i];

    if (!s->used) {
      spare = s;
    } else if (!s->present) {
      lost = s;
      distance = gst_tryon_hand_distance (s->hand.landmarks, hand->landmarks);
      if (distance < nearest) {
        nearest = distance;
        slot = s;
      }
    }
  }
  if (slot != NULL)
    return slot;
  slot = spare != NULL ? spare : lost;
  memset (slot, 0, sizeof (*slot));
  slot->time = GST_CLOCK_TIME_NONE;
  for (i = 0; i < GST_TRYON_N_FINGERS; i++) {
    gst_tryon_finger_filter_init (&slot->fingers[i]);
    gst_tryon_nail_filter_init (&slot->nails[i]);
  }
  return slot;
}

/* @slots: of each hand. */
static void
assign_slots (GstTryonNailFinder * finder, const GstTryonHand * hands,
    guint n_hands, Slot ** slots)
{
  guint i;

  for (i = 0; i < N_SLOTS; i++)
    finder->slots[i].present = FALSE;
  for (i = 0; i < n_hands; i++) {
    slots[i] = find_slot (finder, &hands[i]);
    /* Two hands of one id would be a mistake: the second is a new one. */
    if (slots[i] != NULL && slots[i]->present)
      slots[i] = NULL;
    if (slots[i] != NULL)
      slots[i]->present = TRUE;
  }
  for (i = 0; i < n_hands; i++) {
    if (slots[i] == NULL)
      slots[i] = take_slot (finder, &hands[i]);
    slots[i]->used = slots[i]->present = TRUE;
    slots[i]->has_movement =
        gst_tryon_hand_get_movement (slots[i]->hand.landmarks,
        hands[i].landmarks, &slots[i]->movement);
    slots[i]->hand = hands[i];
  }
}

/* A hand that is not there goes on as its nails do. */
static void
carry_hand (Slot * slot)
{
  GstTryonAffine movement = {
    1.0f, 0.0f, slot->moved.x,
    0.0f, 1.0f, slot->moved.y
  };
  guint i;

  slot->movement = movement;
  slot->has_movement = TRUE;
  for (i = 0; i < GST_TRYON_N_LANDMARKS; i++) {
    slot->hand.landmarks[i].x += slot->moved.x;
    slot->hand.landmarks[i].y += slot->moved.y;
  }
}

/* Whether there is a nail to be looked for. */
static gboolean
has_nails (const Slot * slot)
{
  guint i;

  for (i = 0; i < GST_TRYON_N_FINGERS; i++)
    if (gst_tryon_nail_filter_is_settled (&slot->nails[i]))
      return TRUE;
  return FALSE;
}

/* The slots to look for nails in: of @hands, in their order, then of those that were
 * lost lately.
 *
 * Returns: how many */
static guint
choose_slots (GstTryonNailFinder * finder, GstClockTime time,
    const GstTryonHand * hands, guint n_hands, Slot ** slots)
{
  guint n = n_hands, i;

  assign_slots (finder, hands, n_hands, slots);
  for (i = 0; i < N_SLOTS; i++) {
    Slot *slot = &finder->slots[i];
    gfloat interval;

    if (!slot->used)
      continue;
    interval = gst_tryon_take_time (&slot->time, time);
    slot->lost = slot->present ? 0.0f : slot->lost + interval;
    if (slot->present || !finder->smooth || slot->lost > LOST_TIME
        || !has_nails (slot))
      continue;
    carry_hand (slot);
    slots[n++] = slot;
  }
  return n;
}

/* The square to look for the nail in, as steady as the finger is. */
static void
place_crop (GstTryonNailFinder * finder, Slot * slot, GstTryonFinger finger,
    GstClockTime time, Finding * finding, GstTryonAffine * affine)
{
  GstTryonHandRegion region;
  GstTryonFingerEnd view;

  finding->leapt = finding->has_movement = FALSE;
  finding->there = gst_tryon_nail_finger_region (&slot->hand, finger, &region);
  if (!finding->there) {
    /* Any crop will do: the batch has one for each finger. */
    memset (&region, 0, sizeof (region));
    region.size = 1.0f;
    gst_tryon_affine_init (affine, &region, N);
    return;
  }
  finding->end.tip = region.centre;
  finding->end.angle = region.rotation;
  finding->end.scale = 0.5f * region.size;
  if (finder->smooth) {
    GstTryonFingerEnd landmarks = finding->end;

    const GstTryonAffine *movement =
        slot->has_movement ? &slot->movement : NULL;

    finding->has_movement = gst_tryon_patch_follow (&slot->patches[finger],
        finder->cropper, movement, &finding->movement);
    if (finding->has_movement)
      movement = &finding->movement;
    finding->leapt = !gst_tryon_finger_filter_update (&slot->fingers[finger],
        time, &landmarks, movement, finding->has_movement, &finding->end,
        &view);
    if (finding->leapt) {
      gst_tryon_patch_clear (&slot->patches[finger]);
      finding->has_movement = FALSE;
    }
    region.centre = view.tip;
    region.rotation = view.angle;
    region.size = 2.0f * view.scale;
  }
  finding->view = region;
  gst_tryon_affine_init (affine, &region, N);
}

static gfloat
smooth_step (gfloat from, gfloat to, gfloat x)
{
  gfloat t = CLAMP ((x - from) / (to - from), 0.0f, 1.0f);

  return t * t * (3.0f - 2.0f * t);
}

static gboolean
find_in_hand (GstTryonNailFinder * finder, const GstVideoFrame * frame,
    GstClockTime time, Slot * slot, const GstTryonHand * other,
    Finding * findings, GError ** error)
{
  GstTryonAffine affines[GST_TRYON_N_FINGERS];
  guint i;

  for (i = 0; i < GST_TRYON_N_FINGERS; i++)
    place_crop (finder, slot, i, time, &findings[i], &affines[i]);
  if (!finder->func (frame, affines, finder->logits, finder->user_data, error))
    return FALSE;
  for (i = 0; i < GST_TRYON_N_FINGERS; i++) {
    Finding *f = &findings[i];

    f->confidence = 0.0f;
    if (!f->there)
      continue;
    f->confidence = gst_tryon_nail_mask_measure (finder->logits + i * N * N,
        &f->contour);
    if (!(f->confidence > 0.0f))
      continue;
    /* Where landmarks leap about, what is seen there for a moment is mostly none. */
    if (finder->smooth
        && gst_tryon_finger_filter_is_restless (&slot->fingers[i])
        && (f->leapt || !gst_tryon_nail_filter_is_settled (&slot->nails[i]))) {
      f->confidence = 0.0f;
      continue;
    }
    /* From the crop to the frame, of which it is a turned and scaled part. */
    gst_tryon_nail_contour_move (&f->contour, &affines[i]);
    f->seen = f->confidence;
    f->confidence *= gst_tryon_nail_finger_prior (&slot->hand, i, other)
        * smooth_step (TINY, SMALL, f->contour.size);
  }
  return TRUE;
}

/* How far @b's centre is from @a's, of @a's width and length. */
static gfloat
get_distance (const GstTryonNail * a, const GstTryonNail * b)
{
  gfloat x = b->centre.x - a->centre.x, y = b->centre.y - a->centre.y;

  return hypotf ((x * a->axis.y - y * a->axis.x) / MAX (a->width, 1e-3f),
      (x * a->axis.x + y * a->axis.y) / MAX (a->length, 1e-3f));
}

/* Not by the distance in pixels: two nails side by side, as those of two thumbs that
 * touch, are narrow, and nearer than half of their length. */
static gboolean
is_same_nail (const GstTryonNail * a, const GstTryonNail * b)
{
  return MIN (get_distance (a, b), get_distance (b, a)) < SAME_NAIL;
}

/* How well the nail suits the finger, to be compared with another finger's. */
static gfloat
get_claim (const Finding * f, const Slot * slot, guint finger)
{
  gfloat away = hypotf (f->contour.centre.x - f->end.tip.x,
      f->contour.centre.y - f->end.tip.y) / f->end.scale;

  /* The one that has it keeps it. */
  return f->confidence - away + (slot->nails[finger].shown ? 0.2f : 0.0f);
}

/* What lies beside its own nail is in a finger's crop, too. Each nail belongs to one
 * finger, of one hand: trackers at times take one hand for two. */
static void
remove_doubles (Finding findings[][GST_TRYON_N_FINGERS], Slot ** slots,
    guint n_slots)
{
  GstTryonNail nails[N_SLOTS * GST_TRYON_N_FINGERS];
  guint i, j, n = n_slots * GST_TRYON_N_FINGERS;

  for (i = 0; i < n; i++) {
    const Finding *f =
        &findings[i / GST_TRYON_N_FINGERS][i % GST_TRYON_N_FINGERS];

    if (f->confidence > 0.0f)
      gst_tryon_nail_contour_apply (&f->contour, &nails[i]);
  }
  for (i = 0; i < n; i++) {
    guint hand_a = i / GST_TRYON_N_FINGERS, a = i % GST_TRYON_N_FINGERS;
    Finding *f = &findings[hand_a][a];

    for (j = i + 1; j < n && f->confidence > 0.0f; j++) {
      guint hand_b = j / GST_TRYON_N_FINGERS, b = j % GST_TRYON_N_FINGERS;
      Finding *g = &findings[hand_b][b];

      if (g->confidence <= 0.0f || !is_same_nail (&nails[i], &nails[j]))
        continue;
      if (get_claim (f, slots[hand_a], a) >= get_claim (g, slots[hand_b], b))
        g->confidence = 0.0f;
      else
        f->confidence = 0.0f;
    }
  }
}

/* @seen: well enough to hold its finger there, though it may not be shown yet: before it
 * is, its crop has come to rest. FALSE: it is not known where it is. */
static gboolean
follow_nail (Slot * slot, guint finger, GstClockTime time, const Finding * f,
    GstTryonNail * nail, gboolean * seen)
{
  GstTryonNailFilter *filter = &slot->nails[finger];
  gboolean is_known;

  *seen = FALSE;
  /* Neither the hand nor the nail: it goes sooner. */
  if (f == NULL || !f->there || (!slot->present && !(f->confidence > 0.0f))) {
    gst_tryon_finger_filter_confirm (&slot->fingers[finger], NULL);
    return gst_tryon_nail_filter_update (filter, time, NULL, NULL, 0.0f, NULL,
        nail);
  }
  if (f->leapt)
    gst_tryon_nail_filter_leap (filter);
  if (gst_tryon_finger_filter_has_refocused (&slot->fingers[finger]))
    gst_tryon_nail_filter_unsettle (filter);
  is_known = gst_tryon_nail_filter_update (filter, time, &f->end,
      f->confidence > 0.0f ? &f->contour : NULL, f->confidence,
      f->has_movement ? &f->movement : NULL, nail);
  *seen = is_known && f->confidence > 0.0f && f->seen >= SEEN_CONFIDENCE;
  gst_tryon_finger_filter_confirm (&slot->fingers[finger],
      *seen ? &nail->centre : NULL);
  return is_known;
}

static gboolean
take_nail (const GstTryonNailFinder * finder, Slot * slot, guint finger,
    GstClockTime time, const Finding * f, GstTryonNail * nail, gboolean * seen)
{
  nail->hand = slot->hand.id;
  nail->finger = finger;
  if (finder->smooth)
    return follow_nail (slot, finger, time, f, nail, seen);
  *seen = FALSE;
  if (f == NULL || f->confidence < LEAST_CONFIDENCE)
    return FALSE;
  gst_tryon_nail_contour_apply (&f->contour, nail);
  nail->confidence = f->confidence;
  nail->opacity = 1.0f;
  return TRUE;
}

/* Where the nail is now is where it is followed from. */
static void
hold_place (const GstTryonNailFinder * finder, Slot * slot, guint finger,
    const Finding * f, const GstTryonNail * nail, gboolean is_known,
    gboolean seen)
{
  GstTryonPatch *patch = &slot->patches[finger];
  GstTryonHandRegion region;

  if (f == NULL || !is_known || !finder->smooth) {
    gst_tryon_patch_clear (patch);
  } else if (seen && gst_tryon_patch_is_worn (patch, nail->centre)) {
    region = f->view;
    region.centre = nail->centre;
    gst_tryon_patch_set (patch, finder->cropper, &region);
  }
}

/* The nails of a slot; FALSE: there are none. */
static gboolean
add_nails (const GstTryonNailFinder * finder, Slot * slot, GstClockTime time,
    const Finding * findings, GstTryonNail * nails, guint * n_nails)
{
  GstTryonPoint moved = { 0.0f, 0.0f };
  GstTryonNail nail = { 0, };
  gboolean any = FALSE, seen;
  guint i, n = 0;

  for (i = 0; i < GST_TRYON_N_FINGERS; i++) {
    gboolean is_known = take_nail (finder, slot, i, time,
        findings != NULL ? &findings[i] : NULL, &nail, &seen);

    if (seen && slot->seen[i]) {
      moved.x += nail.centre.x - slot->centres[i].x;
      moved.y += nail.centre.y - slot->centres[i].y;
      n++;
    }
    hold_place (finder, slot, i, findings != NULL ? &findings[i] : NULL, &nail,
        is_known, seen);
    slot->seen[i] = seen;
    slot->centres[i] = nail.centre;
    if (!is_known || nail.opacity <= 0.0f)
      continue;
    any = TRUE;
    if (*n_nails < GST_TRYON_MAX_NAILS)
      nails[(*n_nails)++] = nail;
  }
  slot->moved.x = n > 0 ? moved.x / n : 0.0f;
  slot->moved.y = n > 0 ? moved.y / n : 0.0f;
  return any;
}

/* A nail that was taken by another finger, and one that another finger has lost there:
 * the one that is more to be seen stays, so that nothing blinks. */
static void
remove_covered (GstTryonNail * nails, guint * n_nails)
{
  GstTryonNail kept[GST_TRYON_MAX_NAILS];
  guint i, j, n = 0;

  for (i = 0; i < *n_nails; i++) {
    gboolean covered = FALSE;

    for (j = 0; j < *n_nails && !covered; j++) {
      const GstTryonNail *a = &nails[i], *b = &nails[j];

      covered = i != j && is_same_nail (a, b)
          && (b->opacity != a->opacity ? b->opacity >
          a->opacity : b->confidence != a->confidence ? b->confidence >
          a->confidence : j < i);
    }
    if (!covered)
      kept[n++] = nails[i];
  }
  memcpy (nails, kept, n * sizeof (*nails));
  *n_nails = n;
}

gboolean
gst_tryon_nail_finder_find (GstTryonNailFinder * finder,
    const GstVideoFrame * frame, GstClockTime time, const GstTryonHand * hands,
    guint n_hands, GstTryonNail * nails, guint * n_nails, GError ** error)
{
  Finding findings[N_SLOTS][GST_TRYON_N_FINGERS];
  Slot *slots[N_SLOTS];
  guint n_slots, i, j;

  *n_nails = 0;
  n_hands = MIN (n_hands, GST_TRYON_MAX_HANDS);
  gst_tryon_cropper_set_frame (finder->cropper, frame);
  n_slots = choose_slots (finder, time, hands, n_hands, slots);
  for (i = 0; i < n_slots; i++)
    if (!find_in_hand (finder, frame, time, slots[i],
            i < n_hands && n_hands > 1 ? &hands[1 - i] : NULL, findings[i],
            error)) {
      gst_tryon_cropper_set_frame (finder->cropper, NULL);
      return FALSE;
    }
  remove_doubles (findings, slots, n_slots);
  /* Of lost ones after the hands that are there: these have the places in @nails
   * first. */
  for (i = 0; i < n_slots; i++) {
    gboolean any = add_nails (finder, slots[i], time, findings[i], nails,
        n_nails);

    slots[i]->used = slots[i]->present || any;
  }
  for (i = 0; i < N_SLOTS; i++) {
    Slot *slot = &finder->slots[i];

    for (j = 0; j < n_slots && slots[j] != slot; j++);
    if (slot->used && j == n_slots)
      slot->used = add_nails (finder, slot, time, NULL, nails, n_nails);
  }
  remove_covered (nails, n_nails);
  /* It is mapped only until now. */
  gst_tryon_cropper_set_frame (finder->cropper, NULL);
  return TRUE;
}

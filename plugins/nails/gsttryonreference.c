/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gsttryonhandtracker.h"
#include "gsttryonnailfinder.h"
#include "gsttryonpicture.h"
#include "gsttryonrectify.h"
#include "gsttryonreference.h"

/* Times that the picture is looked at: the tracker looks for hands in one view after
 * the other, and a second look at one is better than the first. */
#define N_LOOKS (GST_TRYON_PALM_N_VIEWS + 1)

/* @nails: GST_TRYON_MAX_NAILS of them. */
static gboolean
find_nails (const GstVideoFrame * picture, GstTryonNetPool * palm,
    GstTryonNetPool * landmarks, GstTryonNetPool * nail_net,
    GstTryonNail * nails, guint * n_nails, GError ** error)
{
  g_autoptr (GstTryonHandTracker) tracker =
      gst_tryon_hand_tracker_new (palm, landmarks);
  g_autoptr (GstTryonNailFinder) finder = gst_tryon_nail_finder_new (nail_net);
  GstTryonHand hands[GST_TRYON_MAX_HANDS];
  guint n_hands = 0, i;

  for (i = 0; i < N_LOOKS; i++) {
    if (!gst_tryon_hand_tracker_track (tracker, picture, i * GST_SECOND, hands,
            &n_hands, error))
      return FALSE;
  }
  gst_tryon_nail_finder_set_smooth (finder, FALSE);
  return gst_tryon_nail_finder_find (finder, picture, 0, hands, n_hands, nails,
      n_nails, error);
}

/* Of a finger that is seen twice, the one that shows more. */
static guint
take_nails (const GstVideoFrame * picture, const GstTryonNail * nails,
    guint n_nails, GstTryonNailTexture ** textures)
{
  gfloat best[GST_TRYON_N_FINGERS] = { 0, };
  guint i, found = 0;

  for (i = 0; i < n_nails; i++) {
    const GstTryonNail *nail = &nails[i];
    gfloat worth = nail->confidence * nail->length * nail->width;
    GstTryonNailTexture *texture;

    if (nail->finger >= GST_TRYON_N_FINGERS || !(worth > best[nail->finger]))
      continue;
    texture = gst_tryon_rectify_nail (picture, nail);
    if (texture == NULL)
      continue;
    best[nail->finger] = worth;
    found += textures[nail->finger] == NULL;
    g_clear_pointer (&textures[nail->finger], gst_tryon_nail_texture_unref);
    textures[nail->finger] = texture;
  }
  return found;
}

/* Gives each finger without a nail that of the next one; there is one at least. */
static void
share_textures (GstTryonNailTexture ** textures)
{
  gboolean own[GST_TRYON_N_FINGERS];
  gint i, away, side;

  for (i = 0; i < GST_TRYON_N_FINGERS; i++)
    own[i] = textures[i] != NULL;
  for (i = 0; i < GST_TRYON_N_FINGERS; i++) {
    for (away = 1; textures[i] == NULL && away < GST_TRYON_N_FINGERS; away++) {
      for (side = -1; side <= 1; side += 2) {
        gint other = i + side * away;

        if (textures[i] == NULL && other >= 0 &&
            other < GST_TRYON_N_FINGERS && own[other])
          textures[i] = gst_tryon_nail_texture_ref (textures[other]);
      }
    }
  }
}

static gboolean
take_swatch (const GstVideoFrame * picture, GstTryonNailTexture ** textures,
    GError ** error)
{
  guint i;

  for (i = 0; i < GST_TRYON_N_FINGERS; i++)
    textures[i] = gst_tryon_rectify_swatch (picture, i);
  for (i = 0; i < GST_TRYON_N_FINGERS && textures[i] == NULL; i++);
  if (i == GST_TRYON_N_FINGERS) {
    g_set_error (error, GST_TRYON_REFERENCE_ERROR,
        GST_TRYON_REFERENCE_ERROR_IMAGE, "The middle of the image is"
        " transparent: there is nothing to take as a design");
    return FALSE;
  }
  share_textures (textures);
  return TRUE;
}

gboolean
gst_tryon_reference_take (GBytes * image, GstTryonNetPool * palm,
    GstTryonNetPool * landmarks, GstTryonNetPool * nail_net,
    GstTryonNailTexture ** textures, guint * found, GError ** error)
{
  GstTryonNail nails[GST_TRYON_MAX_NAILS];
  GstTryonNailTexture *taken[GST_TRYON_N_FINGERS] = { NULL, };
  guint n_nails = 0, n = 0, i;
  gboolean done = TRUE;
  GstSample *sample;
  GstVideoFrame picture;
  GstVideoInfo info;

  sample = gst_tryon_picture_decode (image, error);
  if (sample == NULL)
    return FALSE;
  gst_video_info_from_caps (&info, gst_sample_get_caps (sample));
  gst_video_frame_map (&picture, &info, gst_sample_get_buffer (sample),
      GST_MAP_READ);
  if (palm != NULL && landmarks != NULL && nail_net != NULL)
    done = find_nails (&picture, palm, landmarks, nail_net, nails, &n_nails,
        error);
  if (done) {
    n = take_nails (&picture, nails, n_nails, taken);
    if (n > 0)
      share_textures (taken);
    else
      done = take_swatch (&picture, taken, error);
  }
  gst_video_frame_unmap (&picture);
  gst_sample_unref (sample);
  if (done && found != NULL)
    *found = n;
  for (i = 0; i < GST_TRYON_N_FINGERS && done; i++)
    textures[i] = taken[i];
  return done;
}

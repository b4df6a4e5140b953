/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gsttryondesign.h"

/**
 * gst_tryon_design_init:
 * @design: (out caller-allocates): becomes a plain dark red, of the nail's own shape
 */
void
gst_tryon_design_init (GstTryonDesign * design)
{
  *design = (GstTryonDesign) {
  .shape = GST_TRYON_NAIL_SHAPE_NATURAL,.length = 0,.pattern =
        GST_TRYON_NAIL_PATTERN_REFERENCE,.color = 0xffa8102c,.color2 =
        0xfffbf7f2,.finish = GST_TRYON_NAIL_FINISH_GLOSS,};
}

/**
 * gst_tryon_design_clear:
 * @design: loses its textures; the rest stays
 */
void
gst_tryon_design_clear (GstTryonDesign * design)
{
  guint i;

  for (i = 0; i < GST_TRYON_N_FINGERS; i++)
    g_clear_pointer (&design->textures[i], gst_tryon_nail_texture_unref);
}

/**
 * gst_tryon_design_set_texture:
 * @texture: (nullable) (transfer none): takes the place of what was there
 */
void
gst_tryon_design_set_texture (GstTryonDesign * design, GstTryonFinger finger,
    GstTryonNailTexture * texture)
{
  GstTryonNailTexture *before;

  g_return_if_fail (finger < GST_TRYON_N_FINGERS);

  before = design->textures[finger];
  design->textures[finger] =
      texture != NULL ? gst_tryon_nail_texture_ref (texture) : NULL;
  if (before != NULL)
    gst_tryon_nail_texture_unref (before);
}

GType
gst_tryon_nail_shape_get_type (void)
{
  static gsize type = 0;
  static const GEnumValue values[] = {
    {GST_TRYON_NAIL_SHAPE_NATURAL, "As the nail is", "natural"},
    {GST_TRYON_NAIL_SHAPE_ROUND, "Round", "round"},
    {GST_TRYON_NAIL_SHAPE_SQUARE, "Square, with rounded corners", "square"},
    {GST_TRYON_NAIL_SHAPE_ALMOND, "Narrower to a round tip", "almond"},
    {GST_TRYON_NAIL_SHAPE_COFFIN, "Narrower to a straight tip", "coffin"},
    {GST_TRYON_NAIL_SHAPE_STILETTO, "Narrower to a point", "stiletto"},
    {0, NULL, NULL}
  };

  if (g_once_init_enter (&type)) {
    GType t = g_enum_register_static ("GstTryonNailShape", values);

    g_once_init_leave (&type, t);
  }
  return type;
}

GType
gst_tryon_nail_pattern_get_type (void)
{
  static gsize type = 0;
  static const GEnumValue values[] = {
    {GST_TRYON_NAIL_PATTERN_REFERENCE,
        "What the reference image shows, solid without one", "reference"},
    {GST_TRYON_NAIL_PATTERN_SOLID, "All in color", "solid"},
    {GST_TRYON_NAIL_PATTERN_FRENCH, "In color, with a tip in tip-color",
        "french"},
    {GST_TRYON_NAIL_PATTERN_OMBRE,
        "From color at the root to tip-color at the tip", "ombre"},
    {0, NULL, NULL}
  };

  if (g_once_init_enter (&type)) {
    GType t = g_enum_register_static ("GstTryonNailPattern", values);

    g_once_init_leave (&type, t);
  }
  return type;
}

GType
gst_tryon_nail_finish_get_type (void)
{
  static gsize type = 0;
  static const GEnumValue values[] = {
    {GST_TRYON_NAIL_FINISH_GLOSS, "Shining", "gloss"},
    {GST_TRYON_NAIL_FINISH_MATTE, "Without highlights", "matte"},
    {GST_TRYON_NAIL_FINISH_CHROME, "Like polished metal", "chrome"},
    {0, NULL, NULL}
  };

  if (g_once_init_enter (&type)) {
    GType t = g_enum_register_static ("GstTryonNailFinish", values);

    g_once_init_leave (&type, t);
  }
  return type;
}

/* (transfer full): its pixels are not set. */
GstTryonNailTexture *
gst_tryon_nail_texture_new (void)
{
  GstTryonNailTexture *texture = g_new (GstTryonNailTexture, 1);

  g_atomic_int_set (&texture->ref_count, 1);
  return texture;
}

GstTryonNailTexture *
gst_tryon_nail_texture_ref (GstTryonNailTexture * texture)
{
  g_atomic_int_inc (&texture->ref_count);
  return texture;
}

void
gst_tryon_nail_texture_unref (GstTryonNailTexture * texture)
{
  if (g_atomic_int_dec_and_test (&texture->ref_count))
    g_free (texture);
}

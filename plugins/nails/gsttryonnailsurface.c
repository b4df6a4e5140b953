/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <math.h>

#include "gsttryonnailsurface.h"

/* Where the free edge of a nail begins, in nail lengths from the root; a grown one
 * is partly on the bed's side of the line, as manicurists do it, or a long nail
 * would be all tip. */
#define SMILE 0.78f
#define SMILE_GROWN 0.4f
/* How much lower the line is at the sides, in half widths. */
#define SMILE_DEPTH 0.42f

/* ---- textures ---- */

/* The mean of four pixels each. */
static guint8 *
halve (const guint8 * from, guint width, guint height)
{
  guint8 *to = g_malloc (width * height), *out = to;
  gsize stride = 4 * width;
  guint x, y, c;

  for (y = 0; y < height / 2; y++) {
    for (x = 0; x < width / 2; x++) {
      const guint8 *in = from + 2 * y * stride + 8 * x;

      for (c = 0; c < 4; c++, in++)
        *out++ = (in[0] + in[4] + in[stride] + in[stride + 4] + 2) / 4;
    }
  }
  return to;
}

void
gst_tryon_nail_pyramid_clear (GstTryonNailPyramid * pyramid)
{
  guint i;

  for (i = 1; i < GST_TRYON_NAIL_LEVELS; i++)
    g_clear_pointer (&pyramid->levels[i], g_free);
  pyramid->levels[0] = NULL;
  g_clear_pointer (&pyramid->texture, gst_tryon_nail_texture_unref);
}

void
gst_tryon_nail_pyramid_set_texture (GstTryonNailPyramid * pyramid,
    GstTryonNailTexture * texture)
{
  guint i;

  if (pyramid->texture == texture)
    return;
  gst_tryon_nail_pyramid_clear (pyramid);
  pyramid->texture = gst_tryon_nail_texture_ref (texture);
  pyramid->levels[0] = texture->rgba;
  for (i = 1; i < GST_TRYON_NAIL_LEVELS; i++)
    pyramid->levels[i] = halve (pyramid->levels[i - 1],
        GST_TRYON_NAIL_TEXTURE_WIDTH >> (i - 1),
        GST_TRYON_NAIL_TEXTURE_HEIGHT >> (i - 1));
}

/* @x, @y: 0 to 1 over the whole texture; adds @share of the colour there to
 * @rgba. */
static void
add_texel (const GstTryonNailPyramid * pyramid, guint level, gfloat x, gfloat y,
    gfloat share, gfloat * rgba)
{
  gint width = GST_TRYON_NAIL_TEXTURE_WIDTH >> level;
  gint height = GST_TRYON_NAIL_TEXTURE_HEIGHT >> level;
  gfloat fx = CLAMP (x * width - 0.5f, 0, width - 1);
  gfloat fy = CLAMP (y * height - 0.5f, 0, height - 1);
  gint column = MIN ((gint) fx, width - 2), row = MIN ((gint) fy, height - 2);
  const guint8 *a = pyramid->levels[level] + 4 * (row * width + column);
  const guint8 *b = a + 4 * width;
  gfloat wa, wb;
  guint c;

  fx -= column;
  fy -= row;
  wa = share * (1 - fy) / 255;
  wb = share * fy / 255;
  for (c = 0; c < 4; c++)
    rgba[c] += wa * (a[c] + fx * (a[c + 4] - a[c])) +
        wb * (b[c] + fx * (b[c + 4] - b[c]));
}

static void
look_up (const GstTryonNailPyramid * pyramid, gfloat level, gfloat u, gfloat v,
    gfloat * rgba)
{
  guint i = (guint) level;
  gfloat x = (u + 1) / 2, y = 1 - v, share = level - i;

  rgba[0] = rgba[1] = rgba[2] = rgba[3] = 0;
  add_texel (pyramid, i, x, y, 1 - share, rgba);
  if (share > 0)
    add_texel (pyramid, i + 1, x, y, share, rgba);
}

/* ---- colours ---- */

static void
set_colour (const GstTryonNailMatrix * matrix, const gfloat * rgba,
    GstTryonNailColour * colour)
{
  guint i;

  for (i = 0; i < 3; i++)
    colour->c[i] = matrix->m[i][0] * rgba[0] + matrix->m[i][1] * rgba[1] +
        matrix->m[i][2] * rgba[2];
  colour->cover = rgba[3];
  colour->peak = MAX (MAX (rgba[0], rgba[1]), rgba[2]);
}

void
gst_tryon_nail_colour_set_argb (GstTryonNailColour * colour,
    const GstTryonNailMatrix * matrix, guint32 argb)
{
  gfloat rgba[4] = { (argb >> 16 & 0xff) / 255.0f, (argb >> 8 & 0xff) / 255.0f,
    (argb & 0xff) / 255.0f, (argb >> 24) / 255.0f
  };

  set_colour (matrix, rgba, colour);
}

static inline gfloat
smoothstep (gfloat from, gfloat to, gfloat x)
{
  x = CLAMP ((x - from) / (to - from), 0, 1);
  return x * x * (3 - 2 * x);
}

void
gst_tryon_nail_surface_init (GstTryonNailSurface * surface,
    const GstTryonDesign * design, const GstTryonNailForm * form,
    const GstTryonNailMatrix * matrix, const GstTryonNailPyramid * pyramid)
{
  gfloat across = GST_TRYON_NAIL_TEXTURE_WIDTH / (2 * form->half_width);
  gfloat along = GST_TRYON_NAIL_TEXTURE_HEIGHT / form->length;
  gfloat grown = form->length / form->own_length - 1;

  surface->pattern = design->pattern;
  surface->matrix = *matrix;
  surface->pyramid = pyramid;
  if (design->pattern == GST_TRYON_NAIL_PATTERN_REFERENCE && pyramid == NULL)
    surface->pattern = GST_TRYON_NAIL_PATTERN_SOLID;
  gst_tryon_nail_colour_set_argb (&surface->colours[0], matrix, design->color);
  gst_tryon_nail_colour_set_argb (&surface->colours[1], matrix, design->color2);

  /* Texels per pixel, between those of both directions. */
  surface->level = CLAMP (log2f (across * along) / 2, 0,
      GST_TRYON_NAIL_LEVELS - 1);
  surface->smile = (SMILE + SMILE_GROWN * grown) / (1 + grown);
  surface->smile_depth = SMILE_DEPTH * form->half_width / form->length;
  /* A line of a brush, and never sharper than pixels are. */
  surface->smile_blur = (0.02f * form->half_width + 0.5f) / form->length;
}

static void
look_up_span (const GstTryonNailSurface * surface, guint n, const gfloat * u,
    const gfloat * v, gfloat (*c)[GST_TRYON_NAIL_SPAN], gfloat * cover,
    gfloat * peak)
{
  GstTryonNailColour colour;
  gfloat rgba[4];
  guint i, k;

  for (i = 0; i < n; i++) {
    look_up (surface->pyramid, surface->level, u[i], v[i], rgba);
    set_colour (&surface->matrix, rgba, &colour);
    for (k = 0; k < 3; k++)
      c[k][i] = colour.c[k];
    cover[i] = colour.cover;
    peak[i] = colour.peak;
  }
}

/* How much of the second colour is where. */
static void
set_shares (const GstTryonNailSurface * surface, guint n, const gfloat * u,
    const gfloat * v, gfloat * shares)
{
  const gfloat sharp = 1 / surface->smile_blur;
  guint i;

  switch (surface->pattern) {
    case GST_TRYON_NAIL_PATTERN_FRENCH:
      for (i = 0; i < n; i++) {
        gfloat u2 = u[i] * u[i];
        gfloat line = surface->smile -
            surface->smile_depth * u2 * (1.3f - 0.3f * u2);

        shares[i] = smoothstep (-1, 1, (v[i] - line) * sharp);
      }
      break;
    case GST_TRYON_NAIL_PATTERN_OMBRE:
      for (i = 0; i < n; i++)
        shares[i] = smoothstep (0.12f, 0.88f, v[i]);
      break;
    default:
      for (i = 0; i < n; i++)
        shares[i] = 0;
      break;
  }
}

void
gst_tryon_nail_surface_span (const GstTryonNailSurface * surface, guint n,
    const gfloat * u, const gfloat * v, gfloat (*c)[GST_TRYON_NAIL_SPAN],
    gfloat * cover, gfloat * peak)
{
  const GstTryonNailColour a = surface->colours[0], b = surface->colours[1];
  gfloat shares[GST_TRYON_NAIL_SPAN];
  guint i, k;

  g_return_if_fail (n <= GST_TRYON_NAIL_SPAN);

  if (surface->pattern == GST_TRYON_NAIL_PATTERN_REFERENCE) {
    look_up_span (surface, n, u, v, c, cover, peak);
    return;
  }
  set_shares (surface, n, u, v, shares);
  for (k = 0; k < 3; k++) {
    for (i = 0; i < n; i++)
      c[k][i] = a.c[k] + (b.c[k] - a.c[k]) * shares[i];
  }
  for (i = 0; i < n; i++) {
    cover[i] = a.cover + (b.cover - a.cover) * shares[i];
    peak[i] = a.peak + (b.peak - a.peak) * shares[i];
  }
}

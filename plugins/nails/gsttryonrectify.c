/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <math.h>
#include <string.h>

#include "gsttryonnaillight.h"
#include "gsttryonrectify.h"

#define WIDTH GST_TRYON_NAIL_TEXTURE_WIDTH
#define HEIGHT GST_TRYON_NAIL_TEXTURE_HEIGHT
/* Halved until one or two are left. */
#define N_LEVELS 7

/* Pixels across that a nail needs to tell anything of its design. */
#define MIN_WIDTH 6
/* How much of a nail's border is skin as often as not, of the half width. */
#define BORDER 0.16f
/* Samples of a texel on each axis, at most. */
#define MAX_TAPS 8
/* How bright the bright parts of a picture are when its colours can be taken as they
 * are (a mean of the sixth power of the luma), and by how much they are made brighter
 * where it is darker, at most. */
#define SCENE 0.75f
#define MAX_GAIN 1.35f
/* Of a swatch: a finger sees this much of it on each side. */
#define WINDOW 0.8f
/* Keeps the light's ratio steady where a nail is dark, luma. */
#define NOISE 0.06f

/* Texels that are known in part: red, green, blue (0 to 255) times weight, and the
 * weight, 0 to 1. */
typedef gfloat Texel[4];

/* ---- what is not known, from its surroundings ---- */

static void
shrink (Texel * from, guint width, guint height, Texel * to)
{
  guint w = MAX (width / 2, 1), h = MAX (height / 2, 1), x, y, c;

  for (y = 0; y < h; y++) {
    for (x = 0; x < w; x++) {
      guint x1 = MIN (2 * x + 1, width - 1), y1 = MIN (2 * y + 1, height - 1);
      gfloat *sum = to[y * w + x], scale;

      for (c = 0; c < 4; c++)
        sum[c] = from[2 * y * width + 2 * x][c] + from[2 * y * width + x1][c] +
            from[y1 * width + 2 * x][c] + from[y1 * width + x1][c];
      /* One known one is enough. */
      scale = 1 / MAX (sum[3], 1);
      for (c = 0; c < 4; c++)
        sum[c] *= scale;
    }
  }
}

/* What @coarse has at the middle of a texel at @x, @y of a level twice as large. */
static void
between (Texel * coarse, guint width, guint height, guint x, guint y,
    gfloat * value)
{
  gfloat fx = CLAMP ((x + 0.5f) / 2 - 0.5f, 0, width - 1);
  gfloat fy = CLAMP ((y + 0.5f) / 2 - 0.5f, 0, height - 1);
  guint x0 = (guint) fx, y0 = (guint) fy;
  guint x1 = MIN (x0 + 1, width - 1), y1 = MIN (y0 + 1, height - 1), c;

  fx -= x0;
  fy -= y0;
  for (c = 0; c < 4; c++)
    value[c] = (coarse[y0 * width + x0][c] * (1 - fx) +
        coarse[y0 * width + x1][c] * fx) * (1 - fy) +
        (coarse[y1 * width + x0][c] * (1 - fx) +
        coarse[y1 * width + x1][c] * fx) * fy;
}

/* Fills what is not known: the picture is made small until all of it is known, and
 * then looked up from there. FALSE when nothing is known. */
static gboolean
fill (Texel * texels, guint width, guint height, guint level)
{
  guint w = MAX (width / 2, 1), h = MAX (height / 2, 1), x, y, c;
  Texel *coarse;
  gboolean some;

  if (level == N_LEVELS) {
    for (x = 1, y = 0; x < width * height; x++)
      y = texels[x][3] > texels[y][3] ? x : y;
    for (x = 0; x < width * height && texels[y][3] > 0; x++) {
      if (texels[x][3] <= 0)
        memcpy (texels[x], texels[y], sizeof (Texel));
    }
    return texels[y][3] > 0;
  }
  coarse = g_new (Texel, w * h);
  shrink (texels, width, height, coarse);
  some = fill (coarse, w, h, level + 1);
  for (y = 0; y < height && some; y++) {
    for (x = 0; x < width; x++) {
      gfloat *texel = texels[y * width + x], other[4];

      if (texel[3] >= 1)
        continue;
      between (coarse, w, h, x, y, other);
      for (c = 0; c < 3; c++)
        texel[c] += (1 - texel[3]) * other[c] / other[3];
      texel[3] = 1;
    }
  }
  g_free (coarse);
  return some;
}

/* (transfer full) (nullable): takes @texels up. */
static GstTryonNailTexture *
make_texture (Texel * texels)
{
  GstTryonNailTexture *texture = NULL;
  guint i, c;

  if (fill (texels, WIDTH, HEIGHT, 0)) {
    texture = gst_tryon_nail_texture_new ();
    for (i = 0; i < WIDTH * HEIGHT; i++) {
      for (c = 0; c < 3; c++)
        texture->rgba[4 * i + c] =
            (guint8) CLAMP (texels[i][c] / texels[i][3] + 0.5f, 0, 255);
      texture->rgba[4 * i + 3] = 255;
    }
  }
  g_free (texels);
  return texture;
}

/* ---- samples ---- */

/* Adds the pixel that holds a place; outside of the picture there is none. */
static inline void
add_pixel (const GstVideoFrame * picture, gfloat x, gfloat y, gfloat * sum)
{
  const guint8 *pixel;
  gfloat weight;
  guint c;

  if (!(x >= 0 && y >= 0 && x < GST_VIDEO_FRAME_WIDTH (picture) &&
          y < GST_VIDEO_FRAME_HEIGHT (picture)))
    return;
  pixel = (const guint8 *) GST_VIDEO_FRAME_PLANE_DATA (picture, 0) +
      (gsize) y *GST_VIDEO_FRAME_PLANE_STRIDE (picture, 0) + 4 * (gsize) x;
  weight = pixel[3] / 255.0f;
  for (c = 0; c < 3; c++)
    sum[c] += weight * pixel[c];
  sum[3] += weight;
}

/* The mean of a rectangle of the picture around @middle; its sides as vectors. */
static void
sample (const GstVideoFrame * picture, GstTryonPoint middle,
    GstTryonPoint across, GstTryonPoint along, gfloat * texel)
{
  gfloat size = MAX (hypotf (across.x, across.y), hypotf (along.x, along.y));
  /* Twice as many as pixels, as these are not looked between. */
  guint taps = CLAMP ((guint) (2 * size) + 2, 2, MAX_TAPS), i, j, c;

  memset (texel, 0, sizeof (Texel));
  for (j = 0; j < taps; j++) {
    for (i = 0; i < taps; i++) {
      gfloat a = (i + 0.5f) / taps - 0.5f, b = (j + 0.5f) / taps - 0.5f;

      add_pixel (picture, middle.x + a * across.x + b * along.x,
          middle.y + a * across.y + b * along.y, texel);
    }
  }
  for (c = 0; c < 4; c++)
    texel[c] /= taps * taps;
}

/* ---- nails ---- */

static gfloat
smoothstep (gfloat from, gfloat to, gfloat x)
{
  x = CLAMP ((x - from) / (to - from), 0, 1);
  return x * x * (3 - 2 * x);
}

static gfloat
get_gain (const GstTryonLuma * luma)
{
  const gint columns = MIN (32, luma->width), rows = MIN (32, luma->height);
  gfloat sum = 0;
  gint x, y;

  for (y = 0; y < rows; y++) {
    for (x = 0; x < columns; x++) {
      gfloat value = gst_tryon_luma_at (luma,
          (2 * x + 1) * luma->width / (2 * columns),
          (2 * y + 1) * luma->height / (2 * rows));

      sum += powf (value, 6);
    }
  }
  return CLAMP (SCENE / MAX (powf (sum / (rows * columns), 1 / 6.0f), 0.01f),
      1, MAX_GAIN);
}

/* Takes the nail's light away. Along the nail it stays: from root to tip, a design
 * such as an ombre can't be told from light. Highlights become unknown. */
static void
flatten (const GstTryonNailLight * light, gfloat scene, gfloat u, gfloat w,
    gfloat * texel)
{
  gfloat smooth = gst_tryon_nail_light_at (light, u, w), luma, gain, shine;
  /* The mean across: that of u2 is a third. */
  gfloat mean = light->terms[0] + light->terms[2] / 3 +
      w * (light->terms[3] + w * light->terms[5]);
  guint c;

  if (texel[3] <= 0)
    return;
  luma = (0.299f * texel[0] + 0.587f * texel[1] + 0.114f * texel[2]) /
      (255 * texel[3]);
  shine = gst_tryon_nail_light_get_highlight (light, u, w, smooth, luma);
  gain = (MAX (mean, 0) + NOISE) / (MAX (smooth, 0) + NOISE);
  gain = scene * CLAMP (gain, 0.7f, 1.5f);
  for (c = 0; c < 3; c++) {
    gfloat value = texel[c] / texel[3] / 255;

    value = MAX (value - shine, 0) / (1 - shine) * gain;
    texel[c] = 255 * MIN (value, 1) * texel[3];
  }
  shine = 1 - smoothstep (0.1f, 0.4f, shine);
  for (c = 0; c < 4; c++)
    texel[c] *= shine;
}

static gboolean
is_inside (const GstTryonNailForm * form, const GstTryonNailStation * station,
    gfloat u, gfloat v)
{
  gfloat across = station->middle + u * station->half;
  gfloat inside = MIN (across - station->left, station->right - across);

  inside = MIN (inside * station->slant, v * form->length);
  inside = MIN (inside, (1 - v) * form->length);
  return inside > BORDER * form->half_width;
}

GstTryonNailTexture *
gst_tryon_rectify_nail (const GstVideoFrame * picture,
    const GstTryonNail * nail)
{
  GstTryonNailLight light;
  GstTryonNailForm form;
  GstTryonLuma luma;
  gfloat scene;
  Texel *texels;
  guint x, y;

  if (!gst_tryon_nail_form_init (&form, nail, GST_TRYON_NAIL_SHAPE_NATURAL,
          0) || 2 * form.half_width < MIN_WIDTH || form.length < MIN_WIDTH)
    return NULL;
  gst_tryon_luma_init (&luma, picture);
  scene = get_gain (&luma);
  gst_tryon_nail_light_measure (&light, &luma, &form);
  texels = g_new0 (Texel, WIDTH * HEIGHT);
  for (y = 0; y < HEIGHT; y++) {
    gfloat v = 1 - (y + 0.5f) / HEIGHT;
    GstTryonNailStation station = gst_tryon_nail_station_at (form.stations, v);
    gfloat wide = 2 * station.half / WIDTH, high = form.length / HEIGHT;
    GstTryonPoint across = { form.side.x * wide, form.side.y * wide };
    GstTryonPoint along = { form.axis.x * high, form.axis.y * high };

    for (x = 0; x < WIDTH; x++) {
      gfloat u = 2 * (x + 0.5f) / WIDTH - 1;

      if (!is_inside (&form, &station, u, v))
        continue;
      sample (picture, gst_tryon_nail_form_place (&form, u, v), across, along,
          texels[y * WIDTH + x]);
      flatten (&light, scene, u, 2 * v - 1, texels[y * WIDTH + x]);
    }
  }
  return make_texture (texels);
}

GstTryonNailTexture *
gst_tryon_rectify_swatch (const GstVideoFrame * picture, GstTryonFinger finger)
{
  /* Where in what is left over the window of each finger is. */
  static const GstTryonPoint places[GST_TRYON_N_FINGERS] = {
    {0.5f, 0.5f}, {0, 0.25f}, {1, 0.75f}, {0.25f, 1}, {0.75f, 0}
  };
  gfloat width = GST_VIDEO_FRAME_WIDTH (picture);
  gfloat height = GST_VIDEO_FRAME_HEIGHT (picture);
  gfloat high = MIN (height, width * HEIGHT / WIDTH) * WINDOW;
  gfloat wide = high * WIDTH / HEIGHT;
  GstTryonPoint across = { wide / WIDTH, 0 }, along = { 0, high / HEIGHT };
  /* The windows lie within the middle crop, so that none shows other things. */
  gfloat left = (width - wide / WINDOW) / 2 +
      places[finger].x * (wide / WINDOW - wide);
  gfloat top = (height - high / WINDOW) / 2 +
      places[finger].y * (high / WINDOW - high);
  Texel *texels = g_new0 (Texel, WIDTH * HEIGHT);
  guint x, y;

  for (y = 0; y < HEIGHT; y++) {
    for (x = 0; x < WIDTH; x++) {
      GstTryonPoint middle = { left + (x + 0.5f) * across.x,
        top + (y + 0.5f) * along.y
      };

      sample (picture, middle, across, along, texels[y * WIDTH + x]);
    }
  }
  return make_texture (texels);
}

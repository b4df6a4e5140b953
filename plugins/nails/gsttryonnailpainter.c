/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <math.h>
#include <string.h>

#include "gsttryoncoverage.h"
#include "gsttryonnailfinish.h"
#include "gsttryonnailpainter.h"

/* The scene's brightness that a design's colours are true in, and how much of a
 * difference they follow: a camera has its own exposure. */
#define SCENE 0.64f
#define SCENE_SHARE 0.55f
#define MIN_EXPOSURE 0.45f
#define MAX_EXPOSURE 1.06f
#define TINT_SHARE 0.22f
#define MAX_TINT 0.06f

/* A nail without varnish where no finger is beneath. */
#define BARE 0xf0f1ded2

/* How a component of a frame is kept: value * scale + offset, in a byte. */
typedef struct
{
  guint8 *data;
  gint stride, step;
  gfloat scale, offset;
} Component;

/* The frame as it is painted on. */
typedef struct
{
  Component components[4];      /* the fourth is alpha */
  gint width, height;
  gboolean is_rgb, has_alpha;
  gfloat kr, kb;                /* shares of red and blue in luma */
  GstTryonNailMatrix matrix;
  GstTryonLuma luma;
} Canvas;

/* A part of the frame: whole chroma pixels. */
typedef struct
{
  gint x, y, width, height;
} Box;

/* What is painted on a row of the box: components times cover, and that. */
typedef struct
{
  gfloat *c[3];
  gfloat *cover;
} Row;

struct _GstTryonNailPainter
{
  GstTryonNailPyramid pyramids[GST_TRYON_N_FINGERS];
  GstTryonNailForm forms[GST_TRYON_MAX_NAILS];
  GstTryonNailPaint paints[GST_TRYON_MAX_NAILS];
  GstTryonNailSurface surfaces[GST_TRYON_MAX_NAILS];

  gint room;                    /* pixels of a row */
  gfloat *floats;               /* all of these: */
  gfloat *scratch;
  gfloat *coverage;
  Row rows[2];
};

GstTryonNailPainter *
gst_tryon_nail_painter_new (void)
{
  return g_new0 (GstTryonNailPainter, 1);
}

void
gst_tryon_nail_painter_free (GstTryonNailPainter * painter)
{
  guint i;

  for (i = 0; i < GST_TRYON_N_FINGERS; i++)
    gst_tryon_nail_pyramid_clear (&painter->pyramids[i]);
  g_free (painter->floats);
  g_free (painter);
}

/* ---- the frame ---- */

static void
set_matrix (Canvas * canvas, const GstVideoInfo * info)
{
  GstTryonNailMatrix *m = &canvas->matrix;
  gdouble kr = 0.299, kb = 0.114, kg;   /* BT.601 unless the frame says */
  guint i;

  memset (m, 0, sizeof *m);
  if (canvas->is_rgb) {
    for (i = 0; i < 3; i++)
      m->m[i][i] = 1;
    return;
  }
  gst_video_color_matrix_get_Kr_Kb (info->colorimetry.matrix, &kr, &kb);
  canvas->kr = kr;
  canvas->kb = kb;
  kg = 1 - kr - kb;
  m->m[0][0] = kr;
  m->m[0][1] = kg;
  m->m[0][2] = kb;
  m->m[1][0] = -kr / (2 * (1 - kb));
  m->m[1][1] = -kg / (2 * (1 - kb));
  m->m[1][2] = 0.5f;
  m->m[2][0] = 0.5f;
  m->m[2][1] = -kg / (2 * (1 - kr));
  m->m[2][2] = -kb / (2 * (1 - kr));
}

static void
canvas_init (Canvas * canvas, GstVideoFrame * frame)
{
  const GstVideoInfo *info = &frame->info;
  gboolean limited;
  guint i, n = GST_VIDEO_FRAME_N_COMPONENTS (frame);

  canvas->width = GST_VIDEO_FRAME_WIDTH (frame);
  canvas->height = GST_VIDEO_FRAME_HEIGHT (frame);
  canvas->is_rgb = GST_VIDEO_INFO_IS_RGB (info);
  canvas->has_alpha = n > 3;
  limited = canvas->is_rgb ?
      info->colorimetry.range == GST_VIDEO_COLOR_RANGE_16_235 :
      info->colorimetry.range != GST_VIDEO_COLOR_RANGE_0_255;
  for (i = 0; i < n && i < 4; i++) {
    Component *c = &canvas->components[i];

    c->data = GST_VIDEO_FRAME_COMP_DATA (frame, i);
    c->stride = GST_VIDEO_FRAME_COMP_STRIDE (frame, i);
    c->step = GST_VIDEO_FRAME_COMP_PSTRIDE (frame, i);
    c->scale = limited && i < 3 ? 219 : 255;
    c->offset = limited && i < 3 ? 16 : 0;
    if (!canvas->is_rgb && (i == 1 || i == 2)) {
      c->scale = limited ? 224 : 255;
      c->offset = 128;
    }
  }
  set_matrix (canvas, info);
  gst_tryon_luma_init (&canvas->luma, frame);
}

/* Bytes, where the sum of what is painted there is @values times @covers; where that
 * is nothing they stay as they are. */
static void
put (const Component * c, gint x, gint y, gint n, const gfloat * values,
    const gfloat * covers)
{
  guint8 *bytes = c->data + (gsize) y * c->stride + (gsize) x * c->step;
  const gfloat scale = c->scale, offset = c->offset;
  const gint step = c->step;
  gint i;

  /* Twice the same: with a known step the compiler makes vectors of it. */
  if (step == 1) {
    for (i = 0; i < n; i++) {
      gfloat to = bytes[i] + values[i] * scale + covers[i] * (offset -
          bytes[i]) + 0.5f;

      bytes[i] = (guint8) (gint) CLAMP (to, 0, 255);
    }
    return;
  }
  for (i = 0; i < n; i++) {
    guint8 *byte = &bytes[i * step];
    gfloat to = *byte + values[i] * scale + covers[i] * (offset - *byte) + 0.5f;

    *byte = (guint8) (gint) CLAMP (to, 0, 255);
  }
}

/* ---- drawing ---- */

/* Luma or red, green and blue of a row. */
static void
put_row (const Canvas * canvas, const Box * box, gint y, const Row * row)
{
  guint n = canvas->is_rgb ? 3 : 1, i;

  for (i = 0; i < n; i++)
    put (&canvas->components[i], box->x, y, box->width, row->c[i], row->cover);
  if (canvas->has_alpha)
    put (&canvas->components[3], box->x, y, box->width, row->cover, row->cover);
}

/* The chroma of two rows, in place of the upper one: each has the mean of its four
 * pixels, of which a frame of odd size lacks some at its border. */
static void
put_chroma (const Canvas * canvas, const Box * box, gint y, Row * upper,
    const Row * lower)
{
  gint n = (box->width + 1) / 2, x;
  guint i;

  for (i = 1; i < 4; i++) {
    gfloat *a = i < 3 ? upper->c[i] : upper->cover;
    const gfloat *b = i < 3 ? lower->c[i] : lower->cover;

    if (box->width % 2 != 0)
      a[box->width] = a[box->width - 1];
    for (x = 0; x < n; x++) {
      gboolean pair = 2 * x + 1 < box->width;

      a[x] = (a[2 * x] + a[2 * x + 1] + b[2 * x] + b[2 * x + pair]) * 0.25f;
    }
  }
  for (i = 1; i < 3; i++)
    put (&canvas->components[i], box->x / 2, y / 2, n, upper->c[i],
        upper->cover);
}

/* Pixels @from to @to - 1 of the row. */
static void
draw_part (const Canvas * canvas, const Box * box, gint y, gint from, gint to,
    const GstTryonNailPaint * paint, const gfloat * coverage, Row * row)
{
  gfloat luma[GST_TRYON_NAIL_SPAN];
  GstTryonNailSpan span;
  gint n, i;

  for (; from < to; from += n) {
    n = MIN (to - from, GST_TRYON_NAIL_SPAN);
    for (i = 0; i < n; i++)
      luma[i] = gst_tryon_luma_at (&canvas->luma, box->x + from + i, y);
    gst_tryon_nail_paint_span (paint, box->x + from + 0.5f, y + 0.5f, n, luma,
        coverage + from, &span);
    for (i = 0; i < 3; i++)
      memcpy (row->c[i] + from, span.c[i], n * sizeof (gfloat));
    memcpy (row->cover + from, span.cover, n * sizeof (gfloat));
  }
}

/* Fills a row; FALSE when it is empty. */
static gboolean
draw_row (GstTryonNailPainter * painter, const Canvas * canvas,
    const Box * box, gint y, const GstTryonNailPaint * paint, gfloat opacity,
    Row * row)
{
  gfloat *coverage = painter->coverage;
  gint from = 0, to = box->width, x, i;

  gst_tryon_coverage_row (paint->form->corners, GST_TRYON_NAIL_FORM_CORNERS,
      box->x, box->width, y, painter->scratch, coverage);
  for (x = 0; x < box->width; x++) {
    coverage[x] *= opacity;
    /* What rounding errors leave is nothing. */
    coverage[x] = coverage[x] < 1e-3f ? 0 : coverage[x];
  }
  while (from < to && coverage[from] <= 0)
    from++;
  while (to > from && coverage[to - 1] <= 0)
    to--;
  for (i = 0; i < 4; i++) {
    gfloat *plane = i < 3 ? row->c[i] : row->cover;

    memset (plane, 0, from * sizeof (gfloat));
    memset (plane + to, 0, (box->width - to) * sizeof (gfloat));
  }
  draw_part (canvas, box, y, from, to, paint, coverage, row);
  return from < to;
}

static void
ensure_room (GstTryonNailPainter * painter, gint width)
{
  gfloat *next;
  guint i, k;

  if (width <= painter->room)
    return;
  painter->room = width;
  g_free (painter->floats);
  /* One more than a row has, for what goes over its end. */
  painter->floats = next = g_new (gfloat, 10 * (width + 1));
  painter->scratch = next;
  painter->coverage = next += width + 1;
  for (i = 0; i < 2; i++) {
    for (k = 0; k < 3; k++)
      painter->rows[i].c[k] = next += width + 1;
    painter->rows[i].cover = next += width + 1;
  }
}

/* FALSE when nothing of it is in the frame. */
static gboolean
find_box (const GstTryonNailForm * form, const Canvas * canvas, Box * box)
{
  gfloat left = G_MAXFLOAT, right = -G_MAXFLOAT;
  gfloat top = G_MAXFLOAT, bottom = -G_MAXFLOAT;
  gint end_x, end_y;
  guint i;

  for (i = 0; i < GST_TRYON_NAIL_FORM_CORNERS; i++) {
    const GstTryonPoint *p = &form->corners[i];

    left = MIN (left, p->x);
    right = MAX (right, p->x);
    top = MIN (top, p->y);
    bottom = MAX (bottom, p->y);
  }
  if (!(right > 0 && bottom > 0 && left < canvas->width &&
          top < canvas->height))
    return FALSE;
  /* From even places on: whole pixels of chroma. */
  box->x = (gint) MAX (left, 0) & ~1;
  box->y = (gint) MAX (top, 0) & ~1;
  end_x = ((gint) MIN (right, canvas->width - 1) + 2) & ~1;
  end_y = ((gint) MIN (bottom, canvas->height - 1) + 2) & ~1;
  box->width = MIN (end_x, canvas->width) - box->x;
  box->height = MIN (end_y, canvas->height) - box->y;
  return TRUE;
}

static void
draw_nail (GstTryonNailPainter * painter, const Canvas * canvas,
    const GstTryonNailPaint * paint, gfloat opacity)
{
  Row *upper = &painter->rows[0], *lower = &painter->rows[1];
  Box box;
  gint y;

  if (!find_box (paint->form, canvas, &box))
    return;
  ensure_room (painter, box.width);
  for (y = box.y; y < box.y + box.height; y += 2) {
    gboolean pair = y + 1 < box.y + box.height, some;

    some = draw_row (painter, canvas, &box, y, paint, opacity, upper);
    if (pair)
      some |= draw_row (painter, canvas, &box, y + 1, paint, opacity, lower);
    if (!some)
      continue;
    put_row (canvas, &box, y, upper);
    if (pair)
      put_row (canvas, &box, y + 1, lower);
    if (!canvas->is_rgb)
      put_chroma (canvas, &box, y, upper, pair ? lower : upper);
  }
}

/* ---- nails ---- */

/* (nullable) (transfer none): levels of the finger's texture. */
static const GstTryonNailPyramid *
get_pyramid (GstTryonNailPainter * painter, const GstTryonDesign * design,
    GstTryonFinger finger)
{
  GstTryonNailPyramid *pyramid;

  if (design->pattern != GST_TRYON_NAIL_PATTERN_REFERENCE ||
      finger >= GST_TRYON_N_FINGERS || design->textures[finger] == NULL)
    return NULL;
  pyramid = &painter->pyramids[finger];
  gst_tryon_nail_pyramid_set_texture (pyramid, design->textures[finger]);
  return pyramid;
}

static void
get_rgb (const Canvas * canvas, gint x, gint y, gfloat * rgb)
{
  gfloat value[3];
  guint i;

  for (i = 0; i < 3; i++) {
    const Component *c = &canvas->components[i];
    gint half = !canvas->is_rgb && i > 0;

    value[i] = (c->data[(gsize) (y >> half) * c->stride +
            (gsize) (x >> half) * c->step] - c->offset) / c->scale;
  }
  if (canvas->is_rgb) {
    memcpy (rgb, value, sizeof value);
    return;
  }
  rgb[0] = value[0] + 2 * (1 - canvas->kr) * value[2];
  rgb[2] = value[0] + 2 * (1 - canvas->kb) * value[1];
  rgb[1] = (value[0] - canvas->kr * rgb[0] - canvas->kb * rgb[2]) /
      (1 - canvas->kr - canvas->kb);
}

static inline gfloat
sixth (gfloat x)
{
  return x * x * x * x * x * x;
}

/* Colour (as the matrix follows it) and brightness of the light, from a mean of the
 * sixth power, which is led by what is bright, and does not jump as a percentile does
 * (Finlayson and Trezzi, Shades of Gray and Colour Constancy, 2004). Colours follow
 * it with caution: most that is in view may be skin. */
static gfloat
look_at_scene (Canvas * canvas)
{
  const gint columns = MIN (32, canvas->width), rows = MIN (24, canvas->height);
  gfloat sum[3] = { 0, }, mean, rgb[3], tint;
  gint x, y, i, j;

  for (y = 0; y < rows; y++) {
    for (x = 0; x < columns; x++) {
      get_rgb (canvas, (2 * x + 1) * canvas->width / (2 * columns),
          (2 * y + 1) * canvas->height / (2 * rows), rgb);
      for (i = 0; i < 3; i++)
        sum[i] += sixth (rgb[i]);
    }
  }
  for (i = 0; i < 3; i++)
    sum[i] = powf (sum[i] / (rows * columns), 1 / 6.0f);
  mean = MAX ((sum[0] + sum[1] + sum[2]) / 3, 0.01f);
  for (j = 0; j < 3; j++) {
    tint = 1 + TINT_SHARE * (sum[j] / mean - 1);
    tint = CLAMP (tint, 1 - MAX_TINT, 1 + MAX_TINT);
    for (i = 0; i < 3; i++)
      canvas->matrix.m[i][j] *= tint;
  }
  return mean;
}

/* The brightness of the fingers, behind the roots of the nails; -1 when nothing of
 * them is in the frame. */
static gfloat
look_at_fingers (const Canvas * canvas, const GstTryonNailForm * forms, guint n)
{
  gfloat sum = 0;
  guint i, k, count = 0;

  for (i = 0; i < n; i++) {
    const GstTryonNailForm *form = &forms[i];

    for (k = 0; k < 20; k++) {
      gfloat along = -(0.2f + 0.15f * (k / 4)) * form->own_length;
      gfloat across = (k % 4 - 1.5f) * 0.4f * form->half_width;
      gfloat x = form->root.x + along * form->axis.x + across * form->side.x;
      gfloat y = form->root.y + along * form->axis.y + across * form->side.y;

      if (x < 0 || y < 0 || x >= canvas->width || y >= canvas->height)
        continue;
      sum += sixth (gst_tryon_luma_at (&canvas->luma, (gint) x, (gint) y));
      count++;
    }
  }
  return count > 0 ? powf (sum / count, 1 / 6.0f) : -1;
}

/* A hand may be in the shade, and dark skin is no dark scene: so between what the
 * fingers and the scene say, where that is brighter. */
static gfloat
get_exposure (Canvas * canvas, const GstTryonNailForm * forms, guint n)
{
  gfloat scene = look_at_scene (canvas);
  gfloat fingers = look_at_fingers (canvas, forms, n);

  if (fingers >= 0)
    scene = fingers + MAX (scene - fingers, 0) / 2;
  return CLAMP (1 + SCENE_SHARE * (scene / SCENE - 1), MIN_EXPOSURE,
      MAX_EXPOSURE);
}

static void
set_paint (GstTryonNailPainter * painter, const Canvas * canvas, guint i,
    const GstTryonNail * nail, const GstTryonDesign * design, gfloat exposure)
{
  GstTryonNailPaint *paint = &painter->paints[i];
  GstTryonNailForm *form = &painter->forms[i];

  paint->form = form;
  paint->surface = &painter->surfaces[i];
  paint->finish = design->finish;
  paint->exposure = exposure;
  gst_tryon_nail_surface_init (&painter->surfaces[i], design, form,
      &canvas->matrix, get_pyramid (painter, design, nail->finger));
  gst_tryon_nail_colour_set_argb (&paint->bare, &canvas->matrix, BARE);
  gst_tryon_nail_colour_set_argb (&paint->white, &canvas->matrix, 0xffffffff);
  gst_tryon_nail_light_measure (&paint->light, &canvas->luma, form);
}

/**
 * gst_tryon_nail_painter_paint:
 * @nails: what can't be drawn (not finite, without size) is left out
 *
 * The light is taken from all nails before the first is drawn, so that the order of
 * nails that overlap does not matter for it.
 */
void
gst_tryon_nail_painter_paint (GstTryonNailPainter * painter,
    GstVideoFrame * frame, const GstTryonNail * nails, guint n_nails,
    const GstTryonDesign * design)
{
  const GstTryonNail *drawn[GST_TRYON_MAX_NAILS];
  guint i, n = 0;
  gfloat exposure;
  Canvas canvas;

  canvas_init (&canvas, frame);
  for (i = 0; i < n_nails && n < GST_TRYON_MAX_NAILS; i++) {
    GstTryonNailForm *form = &painter->forms[n];
    Box box;

    /* Written so that what is no number is not drawn. */
    if (nails[i].opacity > 0 && gst_tryon_nail_form_init (form, &nails[i],
            design->shape, design->length) && find_box (form, &canvas, &box))
      drawn[n++] = &nails[i];
  }
  if (n == 0)
    return;
  exposure = get_exposure (&canvas, painter->forms, n);
  for (i = 0; i < n; i++)
    set_paint (painter, &canvas, i, drawn[i], design, exposure);
  for (i = 0; i < n; i++)
    draw_nail (painter, &canvas, &painter->paints[i],
        MIN (drawn[i]->opacity, 1));
}

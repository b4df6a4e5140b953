/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Nails drawn into frames: by their properties, as eyes would judge them. */

#include <gst/check/gstcheck.h>
#include <string.h>

#include "gsttryoncoverage.h"
#include "gsttryonnailpainter.h"
#include "gsttryonnailshape.h"
#include "ovalnail.h"

#define fail_unless_near(a, b, by) \
  fail_unless (fabs ((gdouble) (a) - (b)) <= (by), "%f is not %f", (gdouble) (a), \
      (gdouble) (b))

static const GstVideoFormat formats[] = {
  GST_VIDEO_FORMAT_I420, GST_VIDEO_FORMAT_YV12, GST_VIDEO_FORMAT_NV12,
  GST_VIDEO_FORMAT_A420, GST_VIDEO_FORMAT_RGB, GST_VIDEO_FORMAT_BGR,
  GST_VIDEO_FORMAT_RGBA, GST_VIDEO_FORMAT_BGRA, GST_VIDEO_FORMAT_RGBx,
  GST_VIDEO_FORMAT_BGRx, GST_VIDEO_FORMAT_xRGB, GST_VIDEO_FORMAT_xBGR,
  GST_VIDEO_FORMAT_ARGB, GST_VIDEO_FORMAT_ABGR
};

/* Memory of @frame, all of it. */
static guint8 *
copy_bytes (const GstVideoFrame * frame)
{
  return g_memdup2 (frame->data[0], frame->info.size);
}

/* Fills all bytes, also those that are no pixels. */
static void
scribble (GstVideoFrame * frame, guint32 seed)
{
  GRand *random = g_rand_new_with_seed (seed);
  guint8 *bytes = frame->data[0];
  gsize i;

  for (i = 0; i < frame->info.size; i++)
    bytes[i] = g_rand_int (random);
  g_rand_free (random);
}

static void
fill (GstVideoFrame * frame, guint8 a, guint8 b, guint8 c)
{
  fill_component (frame, 0, a);
  fill_component (frame, 1, b);
  fill_component (frame, 2, c);
  if (GST_VIDEO_FRAME_N_COMPONENTS (frame) > 3)
    fill_component (frame, 3, 255);
}

static void
paint (GstVideoFrame * frame, const GstTryonNail * nails, guint n,
    const GstTryonDesign * design)
{
  GstTryonNailPainter *painter = gst_tryon_nail_painter_new ();

  gst_tryon_nail_painter_paint (painter, frame, nails, n, design);
  gst_tryon_nail_painter_free (painter);
}

/* The mean of a component around a place of the nail's surface. */
static gdouble
look_at (const GstVideoFrame * frame, const GstTryonNail * nail,
    const GstTryonDesign * design, guint component, gfloat u, gfloat v)
{
  GstTryonNailForm form;
  gdouble sum = 0;
  gint x, y;

  gst_tryon_nail_form_init (&form, nail, design->shape, design->length);
  for (y = -1; y <= 1; y++) {
    for (x = -1; x <= 1; x++) {
      GstTryonPoint p = gst_tryon_nail_form_place (&form, u, v);
      gint half = component > 0 && GST_VIDEO_INFO_IS_YUV (&frame->info);

      sum += component_at (frame, component, ((gint) p.x + x) >> half,
          ((gint) p.y + y) >> half);
    }
  }
  return sum / 9;
}

/* Pixels that the nail's form touches, of a component. */
static gboolean
is_touched (const GstTryonNailForm * form, const GstVideoFrame * frame,
    guint component, gint x, gint y)
{
  gint w = GST_VIDEO_FORMAT_INFO_W_SUB (frame->info.finfo, component);
  gint h = GST_VIDEO_FORMAT_INFO_H_SUB (frame->info.finfo, component), i;
  gfloat scratch[3], row[2];

  for (i = 0; i < 1 << h; i++) {
    gst_tryon_coverage_row (form->corners, GST_TRYON_NAIL_FORM_CORNERS,
        x << w, 1 << w, (y << h) + i, scratch, row);
    if (row[0] > 0 || (w > 0 && row[1] > 0))
      return TRUE;
  }
  return FALSE;
}

/* Not a bit changes but in the nail's own pixels; those do. */
GST_START_TEST (test_others_stay)
{
  GstTryonNail nail = oval_nail (33.3f, 28.7f, 17, 24, 0.5f);
  GstTryonDesign design;
  GstVideoFrame frame, before;
  GstTryonNailForm form;
  guint c, touched = 0, wrong = 0;
  gint x, y;

  gst_tryon_design_init (&design);
  design.shape = GST_TRYON_NAIL_SHAPE_ALMOND;
  design.length = 0.3f;
  gst_tryon_nail_form_init (&form, &nail, design.shape, design.length);
  open_frame (&frame, formats[__i__], 67, 55);
  open_frame (&before, formats[__i__], 67, 55);
  scribble (&frame, 5);
  memcpy (before.data[0], frame.data[0], frame.info.size);
  paint (&frame, &nail, 1, &design);

  for (c = 0; c < GST_VIDEO_FRAME_N_COMPONENTS (&frame); c++) {
    for (y = 0; y < GST_VIDEO_FRAME_COMP_HEIGHT (&frame, c); y++) {
      for (x = 0; x < GST_VIDEO_FRAME_COMP_WIDTH (&frame, c); x++) {
        if (component_at (&frame, c, x, y) == component_at (&before, c, x, y))
          continue;
        touched += c == 0;
        wrong += !is_touched (&form, &frame, c, x, y);
        /* Put back: what then differs are bytes that are no pixels. */
        set_component (&frame, c, x, y, component_at (&before, c, x, y));
      }
    }
  }
  fail_unless_equals_int (wrong, 0);
  fail_unless (touched > 250, "only %u pixels have changed", touched);
  fail_unless (memcmp (frame.data[0], before.data[0], frame.info.size) == 0);
  gst_video_frame_unmap (&frame);
  gst_video_frame_unmap (&before);
}

GST_END_TEST;

/* Opacity 0, no number, no nails: nothing. Half of it: half of the change. */
GST_START_TEST (test_opacity)
{
  static const gfloat none[] = { 0, -1, NAN };
  GstTryonNail nail = oval_nail (32, 32, 20, 28, 0.5f);
  GstTryonDesign design;
  GstVideoFrame frame;
  guint8 *before;
  gdouble whole, half;
  guint i;

  gst_tryon_design_init (&design);
  open_frame (&frame, formats[__i__], 64, 64);
  scribble (&frame, 5);
  before = copy_bytes (&frame);
  paint (&frame, &nail, 0, &design);
  for (i = 0; i < G_N_ELEMENTS (none); i++) {
    nail.opacity = none[i];
    paint (&frame, &nail, 1, &design);
  }
  nail.opacity = 1;
  design.color &= 0xffffff;
  paint (&frame, &nail, 1, &design);
  fail_unless (memcmp (frame.data[0], before, frame.info.size) == 0);
  g_free (before);

  gst_tryon_design_init (&design);
  fill (&frame, 180, 128, 128);
  paint (&frame, &nail, 1, &design);
  whole = 180 - look_at (&frame, &nail, &design, 0, 0.5f, 0.5f);
  fill (&frame, 180, 128, 128);
  nail.opacity = 0.5f;
  paint (&frame, &nail, 1, &design);
  half = 180 - look_at (&frame, &nail, &design, 0, 0.5f, 0.5f);
  fail_unless (fabs (whole) > 15);
  fail_unless_near (half, whole / 2, 1.5);
  gst_video_frame_unmap (&frame);
}

GST_END_TEST;

/* The varnish has its colour in each format: here close to 0x20a040. */
GST_START_TEST (test_colour)
{
  GstTryonNail nail = oval_nail (48, 48, 36, 50, 0.2f);
  GstTryonDesign design;
  GstVideoFrame frame;
  gdouble v[3];
  guint c;

  gst_tryon_design_init (&design);
  design.pattern = GST_TRYON_NAIL_PATTERN_SOLID;
  design.finish = GST_TRYON_NAIL_FINISH_MATTE;
  design.color = 0xff20a040;
  open_frame (&frame, formats[__i__], 96, 96);
  fill (&frame, 180, GST_VIDEO_INFO_IS_YUV (&frame.info) ? 128 : 180,
      GST_VIDEO_INFO_IS_YUV (&frame.info) ? 128 : 180);
  paint (&frame, &nail, 1, &design);
  for (c = 0; c < 3; c++)
    v[c] = look_at (&frame, &nail, &design, c, 0.1f, 0.5f);
  if (GST_VIDEO_INFO_IS_YUV (&frame.info)) {
    /* BT.601, as a small frame is by default: 107 111 72. */
    fail_unless_near (v[0], 107, 12);
    fail_unless_near (v[1], 107, 8);
    fail_unless_near (v[2], 78, 10);
  } else {
    fail_unless_near (v[0], 0x20, 16);
    fail_unless_near (v[1], 0xa0, 16);
    fail_unless_near (v[2], 0x40, 14);
  }
  if (GST_VIDEO_FRAME_N_COMPONENTS (&frame) > 3)
    fail_unless_equals_int (component_at (&frame, 3, 48, 48), 255);
  gst_video_frame_unmap (&frame);
}

GST_END_TEST;

/* Y, Cb and Cr are those of the frame's colorimetry. */
GST_START_TEST (test_colorimetry)
{
  static const struct
  {
    const gchar *name;
    gdouble y, cb, cr;          /* of 0xff0000 */
    gdouble white;
  } cases[] = {
    {"bt601", 81, 90, 240, 235},
    {"bt709", 63, 102, 240, 235},
    {"1:4:0:0", 76, 85, 255, 255},
  };
  GstTryonNail nail = oval_nail (48, 48, 36, 50, 0.2f);
  GstTryonDesign design;
  GstVideoFrame frame;
  guint i;

  gst_tryon_design_init (&design);
  design.pattern = GST_TRYON_NAIL_PATTERN_SOLID;
  design.finish = GST_TRYON_NAIL_FINISH_MATTE;
  design.color = 0xffff0000;
  for (i = 0; i < G_N_ELEMENTS (cases); i++) {
    gdouble y, cb, cr, white, share;

    open_frame (&frame, GST_VIDEO_FORMAT_I420, 96, 96);
    fail_unless (gst_video_colorimetry_from_string (&frame.info.colorimetry,
            cases[i].name));
    white = cases[i].white;
    fill (&frame, white * 0.75, 128, 128);
    paint (&frame, &nail, 1, &design);
    y = look_at (&frame, &nail, &design, 0, 0.1f, 0.5f);
    cb = look_at (&frame, &nail, &design, 1, 0.1f, 0.5f);
    cr = look_at (&frame, &nail, &design, 2, 0.1f, 0.5f);
    /* Light makes it less, but not another colour. */
    share = (cr - 128) / (cases[i].cr - 128);
    fail_unless (share > 0.75 && share < 1.01);
    fail_unless_near ((cb - 128) / (cases[i].cb - 128), share, 0.05);
    fail_unless_near (y, cases[i].y, 16);
    gst_video_frame_unmap (&frame);
  }
}

GST_END_TEST;

/* What the nail is painted with already makes no difference: neither how bright it
 * is nor its colour. */
GST_START_TEST (test_nail_beneath)
{
  static const guint8 beneath[][3] = { {60, 128, 128}, {120, 128, 128},
  {210, 128, 128}, {80, 100, 200}
  };
  GstTryonNail nail = oval_nail (64, 64, 36, 50, 0.2f);
  gdouble first[3][5] = { {0,}, };
  GstTryonDesign design;
  GstVideoFrame frame;
  guint i, c, k;

  gst_tryon_design_init (&design);
  design.finish = __i__;
  design.color = 0xff6080c0;
  open_frame (&frame, GST_VIDEO_FORMAT_I420, 128, 128);
  for (i = 0; i < G_N_ELEMENTS (beneath); i++) {
    GstTryonNailForm form;
    gint x, y;

    fill (&frame, 150, 120, 140);
    gst_tryon_nail_form_init (&form, &nail, 0, 0);
    for (c = 0; c < 3; c++) {
      for (y = 0; y < GST_VIDEO_FRAME_COMP_HEIGHT (&frame, c); y++) {
        for (x = 0; x < GST_VIDEO_FRAME_COMP_WIDTH (&frame, c); x++) {
          if (is_touched (&form, &frame, c, x, y))
            set_component (&frame, c, x, y, beneath[i][c]);
        }
      }
    }
    paint (&frame, &nail, 1, &design);
    for (c = 0; c < 3; c++) {
      for (k = 0; k < 5; k++) {
        gdouble value = look_at (&frame, &nail, &design, c, -0.4f + 0.2f * k,
            0.35f + 0.08f * k);

        if (i == 0)
          first[c][k] = value;
        fail_unless_near (value, first[c][k], 4);
      }
    }
  }
  gst_video_frame_unmap (&frame);
}

GST_END_TEST;

/* The nail's light is on the varnish. */
GST_START_TEST (test_light)
{
  GstTryonNail nail = oval_nail (64, 64, 36, 50, 0);
  GstTryonDesign design;
  GstVideoFrame frame;
  gdouble left, right, before;
  gint x, y;

  gst_tryon_design_init (&design);
  design.finish = GST_TRYON_NAIL_FINISH_MATTE;
  design.color = 0xff8080c0;
  open_frame (&frame, GST_VIDEO_FORMAT_I420, 128, 128);
  fill (&frame, 128, 128, 128);
  for (y = 0; y < 128; y++) {
    for (x = 0; x < 128; x++)
      set_component (&frame, 0, x, y, CLAMP (140 + (x - 64) * 3, 16, 235));
  }
  paint (&frame, &nail, 1, &design);
  left = look_at (&frame, &nail, &design, 0, -0.6f, 0.5f);
  right = look_at (&frame, &nail, &design, 0, 0.6f, 0.5f);
  fail_unless (right - left > 20, "%f to %f", left, right);

  /* A reflection stays one, on gloss; hardly on matte. */
  fill (&frame, 120, 128, 128);
  for (y = 60; y < 70; y++) {
    for (x = 70; x < 75; x++)
      set_component (&frame, 0, x, y, 235);
  }
  design.color = 0xff202040;
  paint (&frame, &nail, 1, &design);
  before = component_at (&frame, 0, 72, 65) - component_at (&frame, 0, 72, 50);
  fail_unless (before < 25);
  fill (&frame, 120, 128, 128);
  for (y = 60; y < 70; y++) {
    for (x = 70; x < 75; x++)
      set_component (&frame, 0, x, y, 235);
  }
  design.finish = GST_TRYON_NAIL_FINISH_GLOSS;
  paint (&frame, &nail, 1, &design);
  fail_unless (component_at (&frame, 0, 72, 65) -
      component_at (&frame, 0, 72, 50) > before + 60);
  gst_video_frame_unmap (&frame);
}

GST_END_TEST;

/* Chrome has more contrast than gloss, gloss more than matte. */
GST_START_TEST (test_finishes)
{
  GstTryonNail nail = oval_nail (64, 64, 40, 56, 0.4f);
  gdouble contrast[3];
  GstTryonDesign design;
  GstVideoFrame frame;
  guint i;

  gst_tryon_design_init (&design);
  design.color = 0xff808890;
  open_frame (&frame, GST_VIDEO_FORMAT_I420, 128, 128);
  for (i = 0; i < 3; i++) {
    gdouble low = 255, high = 0;
    gfloat u;

    design.finish = i;
    fill (&frame, 150, 118, 140);
    paint (&frame, &nail, 1, &design);
    for (u = -0.75f; u <= 0.75f; u += 0.05f) {
      gdouble y = look_at (&frame, &nail, &design, 0, u, 0.5f);

      low = MIN (low, y);
      high = MAX (high, y);
    }
    contrast[i] = high - low;
  }
  fail_unless (contrast[GST_TRYON_NAIL_FINISH_MATTE] < 30);
  fail_unless (contrast[GST_TRYON_NAIL_FINISH_GLOSS] > 1.3 *
      contrast[GST_TRYON_NAIL_FINISH_MATTE]);
  fail_unless (contrast[GST_TRYON_NAIL_FINISH_CHROME] > 1.5 *
      contrast[GST_TRYON_NAIL_FINISH_GLOSS]);
  gst_video_frame_unmap (&frame);
}

GST_END_TEST;

/* A french nail has its tip in the second colour, with a line that is lower at the
 * sides; an ombre goes from one to the other, never back. Red to blue. */
GST_START_TEST (test_patterns)
{
  GstTryonNail nail = oval_nail (64, 80, 40, 60, 0);
  GstTryonDesign design;
  GstVideoFrame frame;
  gdouble last = 255;
  gfloat v;

  gst_tryon_design_init (&design);
  design.shape = __i__;
  design.length = 0.4f;
  design.finish = GST_TRYON_NAIL_FINISH_MATTE;
  design.color = 0xffe02020;
  design.color2 = 0xff2020e0;
  design.pattern = GST_TRYON_NAIL_PATTERN_FRENCH;
  open_frame (&frame, GST_VIDEO_FORMAT_RGB, 128, 128);
  fill (&frame, 180, 150, 140);
  paint (&frame, &nail, 1, &design);
  fail_unless (look_at (&frame, &nail, &design, 0, 0, 0.3f) > 150);
  fail_unless (look_at (&frame, &nail, &design, 2, 0, 0.3f) < 80);
  fail_unless (look_at (&frame, &nail, &design, 0, 0, 0.85f) < 80);
  fail_unless (look_at (&frame, &nail, &design, 2, 0, 0.85f) > 150);
  fail_unless (look_at (&frame, &nail, &design, 0, 0, 0.645f) > 150);
  fail_unless (look_at (&frame, &nail, &design, 0, 0.65f, 0.645f) < 120);

  design.pattern = GST_TRYON_NAIL_PATTERN_OMBRE;
  fill (&frame, 180, 150, 140);
  paint (&frame, &nail, 1, &design);
  for (v = 0.12f; v <= 0.9f; v += 0.02f) {
    gdouble red = look_at (&frame, &nail, &design, 0, 0, v);

    fail_unless (red < last + 4, "at %f %f after %f", v, red, last);
    last = red;
  }
  fail_unless (look_at (&frame, &nail, &design, 0, 0, 0.15f) > 150);
  fail_unless (last < 80);
  gst_video_frame_unmap (&frame);
}

GST_END_TEST;

/* A texture: its upper half, the tip's, is green, the other one red; its right edge
 * blue. */
static GstTryonNailTexture *
make_texture (void)
{
  GstTryonNailTexture *texture = gst_tryon_nail_texture_new ();
  guint x, y;

  for (y = 0; y < GST_TRYON_NAIL_TEXTURE_HEIGHT; y++) {
    for (x = 0; x < GST_TRYON_NAIL_TEXTURE_WIDTH; x++) {
      guint8 *p = &texture->rgba[4 * (y * GST_TRYON_NAIL_TEXTURE_WIDTH + x)];

      p[0] = y >= 64 && x < 66 ? 220 : 20;
      p[1] = y < 64 && x < 66 ? 220 : 20;
      p[2] = x >= 66 ? 220 : 20;
      p[3] = 255;
    }
  }
  return texture;
}

/* Lies on the nail as it is turned; each finger has its own; without one it is
 * solid. */
GST_START_TEST (test_reference)
{
  GstTryonNailTexture *texture = make_texture ();
  GstTryonNail nail = oval_nail (64, 64, 50, 70, __i__ * 0.7f);
  GstTryonDesign design;
  GstVideoFrame frame;

  gst_tryon_design_init (&design);
  design.finish = GST_TRYON_NAIL_FINISH_MATTE;
  gst_tryon_design_set_texture (&design, GST_TRYON_FINGER_INDEX, texture);
  gst_tryon_nail_texture_unref (texture);
  open_frame (&frame, GST_VIDEO_FORMAT_RGB, 128, 128);
  fill (&frame, 180, 150, 140);
  paint (&frame, &nail, 1, &design);
  fail_unless (look_at (&frame, &nail, &design, 1, -0.3f, 0.75f) > 140);
  fail_unless (look_at (&frame, &nail, &design, 0, -0.3f, 0.75f) < 80);
  fail_unless (look_at (&frame, &nail, &design, 0, -0.3f, 0.3f) > 140);
  fail_unless (look_at (&frame, &nail, &design, 1, -0.3f, 0.3f) < 80);
  fail_unless (look_at (&frame, &nail, &design, 2, 0.65f, 0.5f) > 140);

  nail.finger = GST_TRYON_FINGER_RING;
  fill (&frame, 180, 150, 140);
  paint (&frame, &nail, 1, &design);
  fail_unless (look_at (&frame, &nail, &design, 0, -0.3f, 0.75f) > 100);
  fail_unless (look_at (&frame, &nail, &design, 1, -0.3f, 0.75f) < 60);
  gst_tryon_design_clear (&design);
  gst_video_frame_unmap (&frame);
}

GST_END_TEST;

/* What is finer than the frame's pixels does not glitter. */
GST_START_TEST (test_fine_texture)
{
  GstTryonNailTexture *texture = gst_tryon_nail_texture_new ();
  gdouble low[2] = { 255, 255 }, high[2] = { 0, 0 };
  GstTryonDesign design;
  GstVideoFrame frame;
  guint i, large;

  for (i = 0; i < sizeof texture->rgba; i++)
    texture->rgba[i] = i % 4 == 3 || (i / 4 + i / 4 / 96) % 2 != 0 ? 255 : 0;
  gst_tryon_design_init (&design);
  design.finish = GST_TRYON_NAIL_FINISH_MATTE;
  gst_tryon_design_set_texture (&design, GST_TRYON_FINGER_INDEX, texture);
  gst_tryon_nail_texture_unref (texture);
  open_frame (&frame, GST_VIDEO_FORMAT_I420, 600, 600);
  for (large = 0; large < 2; large++) {
    for (i = 0; i < 20; i++) {
      GstTryonNail nail =
          oval_nail (300 + i * (large ? 0.5f : 0.13f), 300, large ? 400 : 30,
          large ? 500 : 40, 0);
      gint y;

      fill (&frame, 150, 128, 128);
      paint (&frame, &nail, 1, &design);
      y = component_at (&frame, 0, 301, 300);
      low[large] = MIN (low[large], y);
      high[large] = MAX (high[large], y);
    }
  }
  fail_unless (high[0] - low[0] < 12, "%f to %f", low[0], high[0]);
  fail_unless (high[1] - low[1] > 40, "%f to %f", low[1], high[1]);
  gst_tryon_design_clear (&design);
  gst_video_frame_unmap (&frame);
}

GST_END_TEST;

/* A tenth of a pixel, a small turn: no pixel changes much. With the camera's own
 * picture moving along or standing still, this is what popping would be seen in. */
GST_START_TEST (test_continuous)
{
  GstTryonNail nail = oval_nail (40, 60, 30, 42, 0.3f);
  GstTryonNailPainter *painter = gst_tryon_nail_painter_new ();
  GstTryonNailTexture *texture = make_texture ();
  guint8 last[128 * 96] = { 0, };
  GstTryonDesign design;
  GstVideoFrame frame;
  gint step, i, most = 0, x, y;
  gdouble sum;

  gst_tryon_design_init (&design);
  design.finish = __i__ % 3;
  design.shape = __i__;
  design.pattern = __i__ % 4;
  design.length = 0.3f;
  gst_tryon_design_set_texture (&design, GST_TRYON_FINGER_INDEX, texture);
  gst_tryon_nail_texture_unref (texture);
  open_frame (&frame, GST_VIDEO_FORMAT_I420, 128, 96);
  for (step = 0; step < 100; step++) {
    fill (&frame, 128, 128, 128);
    for (y = 0; y < 96; y++) {
      for (x = 0; x < 128; x++)
        set_component (&frame, 0, x, y, 130 + 30 * sinf (x * 0.09f) +
            20 * cosf (y * 0.07f));
    }
    gst_tryon_nail_painter_paint (painter, &frame, &nail, 1, &design);
    sum = 0;
    for (i = 0; i < 128 * 96 && step > 0; i++) {
      gint change = ABS (component_at (&frame, 0, i % 128, i / 128) - last[i]);

      most = MAX (most, change);
      sum += change;
    }
    for (i = 0; i < 128 * 96; i++)
      last[i] = component_at (&frame, 0, i % 128, i / 128);
    /* At an edge, a tenth of the contrast. */
    fail_unless (sum / (30 * 42) < 5, "step %d: %f", step, sum / (30 * 42));
    move_nail (&nail, 0.1f, 0.04f);
  }
  fail_unless (most < 35, "a pixel changed by %d", most);
  gst_tryon_design_clear (&design);
  gst_tryon_nail_painter_free (painter);
  gst_video_frame_unmap (&frame);
}

GST_END_TEST;

/* Beside the frame, over its borders, larger than it; of any size. */
GST_START_TEST (test_borders)
{
  static const gint sizes[][2] = { {1, 1}, {16383, 1}, {1, 4001}, {2, 2},
  {3, 3}, {64, 33}, {33, 64}, {17, 5}
  };
  GstTryonNailPainter *painter = gst_tryon_nail_painter_new ();
  GstTryonDesign design;
  GstVideoFrame frame;
  guint i, k, f;

  gst_tryon_design_init (&design);
  design.shape = __i__ % 6;
  design.length = 0.5f;
  for (f = 0; f < G_N_ELEMENTS (formats); f++) {
    for (i = 0; i < G_N_ELEMENTS (sizes); i++) {
      gint width = sizes[i][0], height = sizes[i][1];

      open_frame (&frame, formats[f], width, height);
      for (k = 0; k < 40; k++) {
        gfloat size = k % 4 == 3 ? 1000 : 12;
        GstTryonNail nail = oval_nail ((k % 5 - 0.5f) * width / 3.0f,
            (k / 5 - 1) * height / 5.0f, size, size * 1.3f, k);

        gst_tryon_nail_painter_paint (painter, &frame, &nail, 1, &design);
      }
      gst_video_frame_unmap (&frame);
    }
  }
  gst_tryon_nail_painter_free (painter);
}

GST_END_TEST;

/* What no finder would give. */
GST_START_TEST (test_garbage)
{
  GstTryonNailPainter *painter = gst_tryon_nail_painter_new ();
  const gfloat bad[] = { NAN, INFINITY, -INFINITY, 1e30f, 1e5f, 60000, -1 };
  GstTryonNail nails[GST_TRYON_MAX_NAILS + 2];
  GRand *random = g_rand_new_with_seed (3);
  GstTryonDesign design;
  GstVideoFrame frame;
  guint i, k, n;

  gst_tryon_design_init (&design);
  open_frame (&frame, GST_VIDEO_FORMAT_NV12, 64, 48);
  for (k = 0; k < 600; k++) {
    for (n = 0; n < G_N_ELEMENTS (nails); n++) {
      nails[n] = oval_nail (32, 24, 10, 14, n);
      for (i = 0; i < 4; i++) {
        gfloat *numbers = (gfloat *) & nails[n].confidence;
        guint count = (sizeof nails[n] - G_STRUCT_OFFSET (GstTryonNail,
                confidence)) / sizeof (gfloat);

        if (k % 3 > 0)
          numbers[g_rand_int_range (random, 0, count)] =
              bad[g_rand_int_range (random, 0, G_N_ELEMENTS (bad))];
      }
      for (i = 0; k % 3 == 2 && i < GST_TRYON_NAIL_OUTLINE; i++)
        nails[n].outline[i].x = g_rand_double_range (random, -100, 200);
      nails[n].finger = k % 7;
    }
    design.shape = k % 7;
    design.finish = k % 4;
    design.pattern = k % 5;
    design.length = bad[k % G_N_ELEMENTS (bad)];
    gst_tryon_nail_painter_paint (painter, &frame, nails,
        G_N_ELEMENTS (nails), &design);
  }
  g_rand_free (random);
  gst_tryon_nail_painter_free (painter);
  gst_video_frame_unmap (&frame);
}

GST_END_TEST;

static Suite *
nailpainter_suite (void)
{
  Suite *s = suite_create ("nailpainter");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc, test_others_stay, 0, G_N_ELEMENTS (formats));
  tcase_add_loop_test (tc, test_opacity, 0, G_N_ELEMENTS (formats));
  tcase_add_loop_test (tc, test_colour, 0, G_N_ELEMENTS (formats));
  tcase_add_test (tc, test_colorimetry);
  tcase_add_loop_test (tc, test_nail_beneath, 0, 3);
  tcase_add_test (tc, test_light);
  tcase_add_test (tc, test_finishes);
  tcase_add_loop_test (tc, test_patterns, 0, 6);
  tcase_add_loop_test (tc, test_reference, 0, 9);
  tcase_add_test (tc, test_fine_texture);
  tcase_add_loop_test (tc, test_continuous, 0, 6);
  tcase_add_loop_test (tc, test_borders, 0, 6);
  tcase_add_test (tc, test_garbage);
  return s;
}

GST_CHECK_MAIN (nailpainter);

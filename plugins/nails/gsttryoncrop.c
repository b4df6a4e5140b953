/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Each pixel of a crop is made of the four samples around its place in each of the
 * frame's components. A row is made in steps, of which only the second one, that
 * fetches the samples, does one pixel at a time: the compiler vectorizes the others
 * (0.31 instead of 0.58 ms for 224 x 224 pixels, with SSE2 alone).
 *
 * There are no bounds to be checked: places are clamped to the plane first, and what
 * lies outside is then made darker by how much of the pixel is. That equals a frame
 * with a border of black pixels, and it is the same for YUV, where black is not 0. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gsttryoncrop.h"

#include <math.h>
#include <string.h>

#define CHUNK 128               /* pixels of a row that are made at once */
/* Samples for each of a crop's pixels, along each axis, beyond which halved planes are
 * read. The landmarks' jitter by a camera's noise grows with it: 0.49 pixels at 1 and
 * at 1.25, 0.53 at 1.5, 0.6 at 2, 0.73 without. */
#define MAX_STEP 1.25f
#define MAX_HALVINGS 6

/* A component of the frame: 8 bits for each sample. */
typedef struct
{
  const guint8 *data;
  gssize row_step;              /* bytes, 0 when there is one row only */
  gssize step;                  /* bytes, 0 when there is one column only */
} Plane;

/* Where the samples of components are: those of luma and of chroma differ. */
typedef struct
{
  gint columns, rows;
  /* From a place in the frame to one in samples. */
  gfloat x_scale, x_offset, y_scale, y_offset;
} Grid;

/* The places of a chunk: the upper left sample, and how far from it. */
typedef struct
{
  gint column[CHUNK];
  gint row[CHUNK];
  gfloat right[CHUNK];
  gfloat down[CHUNK];
} Places;

typedef struct
{
  gint width, height;           /* pixels */
  gboolean is_yuv;
  Grid grids[3];                /* of RGB all are the same, of YUV the latter two */
  Plane planes[3];
  gfloat matrix[3][3];          /* of samples to R, G, B in 0..1 */
  gfloat offset[3];
} Source;

typedef struct
{
  Plane plane;
  Grid grid;
  guint8 *samples;
  gsize size;
  gboolean is_ready;            /* made of the present frame */
} Half;

struct _GstTryonCropper
{
  gboolean has_frame;
  Source source;
  Half halves[3][MAX_HALVINGS]; /* of each component, each of the one before */
};

void
gst_tryon_affine_init (GstTryonAffine * affine,
    const GstTryonHandRegion * region, guint n)
{
  gfloat scale = n > 0 ? region->size / n : 0;

  affine->xx = scale * cosf (region->rotation);
  affine->yx = scale * sinf (region->rotation);
  affine->xy = -affine->yx;
  affine->yy = affine->xx;
  affine->x0 = region->centre.x - (affine->xx + affine->xy) * n / 2;
  affine->y0 = region->centre.y - (affine->yx + affine->yy) * n / 2;
}

GstTryonPoint
gst_tryon_affine_apply (const GstTryonAffine * affine, GstTryonPoint point)
{
  GstTryonPoint result = {
    affine->xx * point.x + affine->xy * point.y + affine->x0,
    affine->yx * point.x + affine->yy * point.y + affine->y0
  };

  return result;
}

GstTryonPoint
gst_tryon_affine_apply_inverse (const GstTryonAffine * affine,
    GstTryonPoint point)
{
  gfloat determinant = affine->xx * affine->yy - affine->xy * affine->yx;
  gfloat x = point.x - affine->x0, y = point.y - affine->y0;
  GstTryonPoint result = { 0, 0 };

  if (!isnormal (determinant))
    return result;
  result.x = (affine->yy * x - affine->xy * y) / determinant;
  result.y = (affine->xx * y - affine->yx * x) / determinant;
  return result;
}

/* R = Y + (2 - 2 Kr) Cr, B = Y + (2 - 2 Kb) Cb, and Y = Kr R + Kg G + Kb B, with
 * Y 0..1 and Cb, Cr -0.5..0.5 (ITU-R BT.601, section 2.5; BT.709, section 3). */
static void
set_yuv_matrix (Source * source, const GstVideoColorimetry * colorimetry)
{
  gboolean is_full = colorimetry->range == GST_VIDEO_COLOR_RANGE_0_255;
  gfloat luma = 1.0f / (is_full ? 255 : 219);
  gfloat chroma = 1.0f / (is_full ? 255 : 224);
  gdouble kr, kb, kg;
  gint i;

  if (!gst_video_color_matrix_get_Kr_Kb (colorimetry->matrix, &kr, &kb))
    gst_video_color_matrix_get_Kr_Kb (GST_VIDEO_COLOR_MATRIX_BT601, &kr, &kb);
  kg = 1 - kr - kb;
  for (i = 0; i < 3; i++)
    source->matrix[i][0] = luma;
  source->matrix[0][1] = 0;
  source->matrix[0][2] = chroma * 2 * (1 - kr);
  source->matrix[1][1] = chroma * -2 * (1 - kb) * kb / kg;
  source->matrix[1][2] = chroma * -2 * (1 - kr) * kr / kg;
  source->matrix[2][1] = chroma * 2 * (1 - kb);
  source->matrix[2][2] = 0;
  for (i = 0; i < 3; i++)
    source->offset[i] = -luma * (is_full ? 0 : 16) -
        128 * (source->matrix[i][1] + source->matrix[i][2]);
}

static void
set_rgb_matrix (Source * source, const GstVideoColorimetry * colorimetry)
{
  gboolean is_limited = colorimetry->range == GST_VIDEO_COLOR_RANGE_16_235;
  gint i;

  for (i = 0; i < 3; i++) {
    source->matrix[i][i] = 1.0f / (is_limited ? 219 : 255);
    source->offset[i] = is_limited ? -16.0f / 219 : 0;
  }
}

/* The middle of the first sample is 0. It lies in the middle of those pixels that it
 * stands for, or upon the first of them (co-sited). */
static void
set_grid (Grid * grid, const GstVideoFrame * frame, guint component)
{
  const GstVideoFormatInfo *format = frame->info.finfo;
  GstVideoChromaSite site = frame->info.chroma_site;

  grid->columns = GST_VIDEO_FRAME_COMP_WIDTH (frame, component);
  grid->rows = GST_VIDEO_FRAME_COMP_HEIGHT (frame, component);
  grid->x_scale = 1.0f / (1 << GST_VIDEO_FORMAT_INFO_W_SUB (format, component));
  grid->y_scale = 1.0f / (1 << GST_VIDEO_FORMAT_INFO_H_SUB (format, component));
  grid->x_offset = (site & GST_VIDEO_CHROMA_SITE_H_COSITED) != 0 ?
      -0.5f * grid->x_scale : -0.5f;
  grid->y_offset = (site & GST_VIDEO_CHROMA_SITE_V_COSITED) != 0 ?
      -0.5f * grid->y_scale : -0.5f;
}

static void
set_source (Source * source, const GstVideoFrame * frame)
{
  const GstVideoColorimetry *colorimetry = &frame->info.colorimetry;
  gint i;

  memset (source, 0, sizeof (*source));
  source->width = GST_VIDEO_FRAME_WIDTH (frame);
  source->height = GST_VIDEO_FRAME_HEIGHT (frame);
  source->is_yuv = GST_VIDEO_INFO_IS_YUV (&frame->info);
  for (i = 0; i < 3; i++) {
    Plane *plane = &source->planes[i];

    plane->data = GST_VIDEO_FRAME_COMP_DATA (frame, i);
    if (GST_VIDEO_FRAME_COMP_HEIGHT (frame, i) > 1)
      plane->row_step = GST_VIDEO_FRAME_COMP_STRIDE (frame, i);
    if (GST_VIDEO_FRAME_COMP_WIDTH (frame, i) > 1)
      plane->step = GST_VIDEO_FRAME_COMP_PSTRIDE (frame, i);
    set_grid (&source->grids[i], frame, i);
  }
  if (source->is_yuv)
    set_yuv_matrix (source, colorimetry);
  else
    set_rgb_matrix (source, colorimetry);
}

/* NaN becomes 0 as well. */
static inline gfloat
clamp (gfloat value, gfloat max)
{
  value = value > 0 ? value : 0;
  return value < max ? value : max;
}

static void
find_places (const Grid * grid, const gfloat * x, const gfloat * y, guint n,
    Places * places)
{
  gfloat x_max = grid->columns - 1, y_max = grid->rows - 1;
  /* The first of the two that are interpolated. */
  gint column_max = MAX (grid->columns - 2, 0), row_max = MAX (grid->rows - 2,
      0);
  guint i;

  for (i = 0; i < n; i++) {
    gfloat column = clamp (x[i] * grid->x_scale + grid->x_offset, x_max);
    gfloat row = clamp (y[i] * grid->y_scale + grid->y_offset, y_max);
    gint c = (gint) column, r = (gint) row;

    c = c < column_max ? c : column_max;
    r = r < row_max ? r : row_max;
    places->column[i] = c;
    places->row[i] = r;
    places->right[i] = column - c;
    places->down[i] = row - r;
  }
}

/* The four samples of each place, from the lowest byte: left, right, left of the row
 * below, right. */
static inline void
fetch_samples (const Plane * plane, gssize step, const Places * places,
    guint n, guint32 * samples)
{
  guint i;

  for (i = 0; i < n; i++) {
    const guint8 *a = plane->data + places->row[i] * plane->row_step +
        places->column[i] * step;
    const guint8 *b = a + plane->row_step;

    samples[i] = a[0] | (guint32) a[step] << 8 | (guint32) b[0] << 16 |
        (guint32) b[step] << 24;
  }
}

static void
interpolate (const Places * places, const guint32 * samples, guint n,
    gfloat * values)
{
  guint i;

  for (i = 0; i < n; i++) {
    gint a = samples[i] & 255, b = samples[i] >> 8 & 255;
    gint c = samples[i] >> 16 & 255, d = samples[i] >> 24;
    gfloat above = a + places->right[i] * (gfloat) (b - a);
    gfloat below = c + places->right[i] * (gfloat) (d - c);

    values[i] = above + places->down[i] * (below - above);
  }
}

static void
read_plane (const Plane * plane, const Places * places, guint n,
    gfloat * values)
{
  guint32 samples[CHUNK];

  /* With a constant step two neighbours are read at once. */
  if (plane->step == 1)
    fetch_samples (plane, 1, places, n, samples);
  else
    fetch_samples (plane, plane->step, places, n, samples);
  interpolate (places, samples, n, values);
}

static void
convert_yuv (const Source * source, gfloat values[3][CHUNK], guint n,
    gfloat * rgb)
{
  const gfloat (*m)[3] = source->matrix;
  guint i;

  for (i = 0; i < n; i++) {
    gfloat y = values[0][i] * m[0][0], u = values[1][i], v = values[2][i];

    rgb[3 * i] = clamp (y + v * m[0][2] + source->offset[0], 1);
    rgb[3 * i + 1] =
        clamp (y + u * m[1][1] + v * m[1][2] + source->offset[1], 1);
    rgb[3 * i + 2] = clamp (y + u * m[2][1] + source->offset[2], 1);
  }
}

static void
convert_rgb (const Source * source, gfloat values[3][CHUNK], guint n,
    gfloat * rgb)
{
  gfloat scale = source->matrix[0][0], offset = source->offset[0];
  guint i;

  for (i = 0; i < n; i++) {
    rgb[3 * i] = clamp (values[0][i] * scale + offset, 1);
    rgb[3 * i + 1] = clamp (values[1][i] * scale + offset, 1);
    rgb[3 * i + 2] = clamp (values[2][i] * scale + offset, 1);
  }
}

/* Of a pixel's width that has its middle at @x, the part that is inside. */
static inline gfloat
get_coverage (gfloat x, gfloat size)
{
  gfloat left = x + 0.5f, right = size - x + 0.5f;

  return clamp (left < right ? left : right, 1);
}

static void
darken_outside (const Source * source, const gfloat * x, const gfloat * y,
    guint n, gfloat * rgb)
{
  guint i;

  for (i = 0; i < n; i++) {
    gfloat coverage = get_coverage (x[i], source->width) *
        get_coverage (y[i], source->height);

    rgb[3 * i] *= coverage;
    rgb[3 * i + 1] *= coverage;
    rgb[3 * i + 2] *= coverage;
  }
}

static gboolean
is_inside (const Source * source, gfloat x, gfloat y)
{
  return x >= 0.5f && y >= 0.5f && x <= source->width - 0.5f &&
      y <= source->height - 0.5f;
}

static void
crop_chunk (const Source * source, const gfloat * x, const gfloat * y, guint n,
    gfloat * rgb)
{
  Places places;
  gfloat values[3][CHUNK];

  find_places (&source->grids[0], x, y, n, &places);
  read_plane (&source->planes[0], &places, n, values[0]);
  if (source->is_yuv)
    find_places (&source->grids[1], x, y, n, &places);
  read_plane (&source->planes[1], &places, n, values[1]);
  read_plane (&source->planes[2], &places, n, values[2]);
  if (source->is_yuv)
    convert_yuv (source, values, n, rgb);
  else
    convert_rgb (source, values, n, rgb);

  /* The places are on a line: it is inside when both of its ends are. */
  if (!is_inside (source, x[0], y[0]) ||
      !is_inside (source, x[n - 1], y[n - 1]))
    darken_outside (source, x, y, n, rgb);
}

static gboolean
is_finite (const GstTryonAffine * affine)
{
  return isfinite (affine->xx) && isfinite (affine->xy)
      && isfinite (affine->x0) && isfinite (affine->yx)
      && isfinite (affine->yy) && isfinite (affine->y0);
}

/* The places of up to CHUNK pixels of a row. */
static inline void
map_chunk (const GstTryonAffine * affine, guint row, guint column, guint n,
    gfloat * x, gfloat * y)
{
  gfloat row_x = affine->xy * (row + 0.5f) + affine->x0;
  gfloat row_y = affine->yy * (row + 0.5f) + affine->y0;
  guint i;

  for (i = 0; i < n; i++) {
    x[i] = affine->xx * (gint) (column + i) + 0.5f * affine->xx + row_x;
    y[i] = affine->yx * (gint) (column + i) + 0.5f * affine->yx + row_y;
  }
}

static void
crop (const Source * source, const GstTryonAffine * affine, guint n,
    gfloat * rgb)
{
  gfloat x[CHUNK], y[CHUNK];
  guint row, column;

  for (row = 0; row < n; row++) {
    for (column = 0; column < n; column += CHUNK) {
      guint length = MIN (n - column, CHUNK);

      map_chunk (affine, row, column, length, x, y);
      crop_chunk (source, x, y, length, rgb);
      rgb += 3 * length;
    }
  }
}

static void
crop_luma (const Source * source, const GstTryonAffine * affine, guint n,
    gfloat * luma)
{
  guint component = source->is_yuv ? 0 : 1, row, column;
  gfloat x[CHUNK], y[CHUNK];
  Places places;

  for (row = 0; row < n; row++) {
    for (column = 0; column < n; column += CHUNK) {
      guint length = MIN (n - column, CHUNK);

      map_chunk (affine, row, column, length, x, y);
      find_places (&source->grids[component], x, y, length, &places);
      read_plane (&source->planes[component], &places, length, luma);
      luma += length;
    }
  }
}

static void
make_black (guint n, gfloat * rgb)
{
  memset (rgb, 0, sizeof (gfloat) * 3 * n * n);
}

void
gst_tryon_crop (const GstVideoFrame * frame, const GstTryonAffine * affine,
    guint n, gfloat * rgb)
{
  Source source;

  if (!is_finite (affine)) {
    make_black (n, rgb);
    return;
  }
  set_source (&source, frame);
  crop (&source, affine, n, rgb);
}

/* The means of 2 x 2 samples, of which the last ones stand alone when their number is
 * odd; rounded up and down in turn, else planes would get lighter each time. The
 * constant step lets the compiler vectorize. */
static inline void
halve_row (const guint8 * a, const guint8 * b, gssize step, gint columns,
    guint8 * half)
{
  gint i;

  for (i = 0; i < columns / 2; i++)
    half[i] = (a[2 * i * step] + a[(2 * i + 1) * step] + b[2 * i * step] +
        b[(2 * i + 1) * step] + 1 + i % 2) / 4;
  if (columns % 2 != 0)
    half[i] = (a[2 * i * step] + b[2 * i * step] + 1) / 2;
}

static void
set_half_grid (const Grid * grid, Grid * half)
{
  half->columns = (grid->columns + 1) / 2;
  half->rows = (grid->rows + 1) / 2;
  /* The first one lies in the middle between the first two. */
  half->x_scale = grid->x_scale / 2;
  half->x_offset = (grid->x_offset - 0.5f) / 2;
  half->y_scale = grid->y_scale / 2;
  half->y_offset = (grid->y_offset - 0.5f) / 2;
}

static void
halve_plane (const Plane * plane, const Grid * grid, Half * half)
{
  gsize size;
  gint i;

  set_half_grid (grid, &half->grid);
  size = (gsize) half->grid.columns * half->grid.rows;
  if (half->size != size) {
    g_free (half->samples);
    half->samples = g_malloc (size);
    half->size = size;
  }
  half->plane.data = half->samples;
  half->plane.row_step = half->grid.rows > 1 ? half->grid.columns : 0;
  half->plane.step = half->grid.columns > 1 ? 1 : 0;

  for (i = 0; i < half->grid.rows; i++) {
    const guint8 *a = plane->data + 2 * i * plane->row_step;
    const guint8 *b = 2 * i + 1 < grid->rows ? a + plane->row_step : a;
    guint8 *row = half->samples + (gsize) i * half->grid.columns;

    if (plane->step == 1)
      halve_row (a, b, 1, grid->columns, row);
    else
      halve_row (a, b, plane->step, grid->columns, row);
  }
  half->is_ready = TRUE;
}

/* Replaces a component of @source by the one that suits to crops in which a pixel is
 * @scale pixels of the frame. */
static void
choose_half (GstTryonCropper * cropper, guint component, gfloat scale,
    Source * source)
{
  Plane *plane = &source->planes[component];
  Grid *grid = &source->grids[component];
  guint i;

  for (i = 0; i < MAX_HALVINGS; i++) {
    Half *half = &cropper->halves[component][i];

    if (scale * MAX (grid->x_scale, grid->y_scale) <= MAX_STEP)
      break;
    if (!half->is_ready)
      halve_plane (plane, grid, half);
    *plane = half->plane;
    *grid = half->grid;
  }
}

GstTryonCropper *
gst_tryon_cropper_new (void)
{
  return g_new0 (GstTryonCropper, 1);
}

void
gst_tryon_cropper_free (GstTryonCropper * cropper)
{
  guint i, j;

  for (i = 0; i < 3; i++) {
    for (j = 0; j < MAX_HALVINGS; j++)
      g_free (cropper->halves[i][j].samples);
  }
  g_free (cropper);
}

void
gst_tryon_cropper_set_frame (GstTryonCropper * cropper,
    const GstVideoFrame * frame)
{
  guint i, j;

  cropper->has_frame = frame != NULL;
  if (frame != NULL)
    set_source (&cropper->source, frame);
  for (i = 0; i < 3; i++) {
    for (j = 0; j < MAX_HALVINGS; j++)
      cropper->halves[i][j].is_ready = FALSE;
  }
}

/* Of a pixel's sides, in the frame's. */
static gfloat
get_scale (const GstTryonAffine * affine)
{
  return MAX (hypotf (affine->xx, affine->yx), hypotf (affine->xy, affine->yy));
}

void
gst_tryon_cropper_crop (GstTryonCropper * cropper,
    const GstTryonAffine * affine, guint n, gfloat * rgb)
{
  Source source = cropper->source;
  guint i;

  if (!cropper->has_frame || !is_finite (affine)) {
    make_black (n, rgb);
    return;
  }
  for (i = 0; i < 3; i++)
    choose_half (cropper, i, get_scale (affine), &source);
  crop (&source, affine, n, rgb);
}

void
gst_tryon_cropper_luma (GstTryonCropper * cropper,
    const GstTryonAffine * affine, guint n, gfloat * luma)
{
  Source source = cropper->source;

  if (!cropper->has_frame || !is_finite (affine)) {
    memset (luma, 0, sizeof (gfloat) * n * n);
    return;
  }
  choose_half (cropper, source.is_yuv ? 0 : 1, get_scale (affine), &source);
  crop_luma (&source, affine, n, luma);
}

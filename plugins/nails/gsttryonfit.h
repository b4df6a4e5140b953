/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Weighted least squares with a few unknowns. Pure. */

#define GST_TRYON_FIT_MAX 6

typedef struct
{
  guint n;
  gfloat normal[GST_TRYON_FIT_MAX][GST_TRYON_FIT_MAX];  /* the lower triangle */
  gfloat right[GST_TRYON_FIT_MAX];
} GstTryonFit;

/* @n: unknowns, at most GST_TRYON_FIT_MAX */
void gst_tryon_fit_init (GstTryonFit * fit, guint n);
/* Wants sum (@basis[i] * unknown[i]) = @value. */
void gst_tryon_fit_add (GstTryonFit * fit, const gfloat * basis, gfloat value,
    gfloat weight);
/* @ridge: (nullable): @n of them, how strongly each unknown is drawn to 0; in the
 * same measure as the weights of gst_tryon_fit_add(). Where the equations leave one
 * open it is 0. Uses @fit up. */
void gst_tryon_fit_solve (GstTryonFit * fit, const gfloat * ridge,
    gfloat * unknowns);

G_END_DECLS

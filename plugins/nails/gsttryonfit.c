/* SPDX-License-Identifier: LGPL-2.1-or-later */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <math.h>
#include <string.h>

#include "gsttryonfit.h"

void
gst_tryon_fit_init (GstTryonFit * fit, guint n)
{
  g_return_if_fail (n <= GST_TRYON_FIT_MAX);

  memset (fit, 0, sizeof *fit);
  fit->n = n;
}

void
gst_tryon_fit_add (GstTryonFit * fit, const gfloat * basis, gfloat value,
    gfloat weight)
{
  guint i, j;

  for (i = 0; i < fit->n; i++) {
    gfloat b = weight * basis[i];

    for (j = 0; j <= i; j++)
      fit->normal[i][j] += b * basis[j];
    fit->right[i] += b * value;
  }
}

/* Cholesky's decomposition, in place. */
void
gst_tryon_fit_solve (GstTryonFit * fit, const gfloat * ridge, gfloat * unknowns)
{
  gfloat (*l)[GST_TRYON_FIT_MAX] = fit->normal;
  gint n = fit->n, i, j, k;

  for (i = 0; i < n; i++) {
    gfloat diagonal = l[i][i] + (ridge != NULL ? ridge[i] : 0);

    for (j = 0; j < i; j++) {
      for (k = 0; k < j; k++)
        l[i][j] -= l[i][k] * l[j][k];
      l[i][j] *= l[j][j];       /* which holds the inverse of the root */
      diagonal -= l[i][j] * l[i][j];
    }
    /* A float's precision of what it began as: then nothing is known of it. */
    l[i][i] = diagonal > 1e-6f * l[i][i] ? 1 / sqrtf (diagonal) : 0;
  }
  for (i = 0; i < n; i++) {
    gfloat sum = fit->right[i];

    for (k = 0; k < i; k++)
      sum -= l[i][k] * unknowns[k];
    unknowns[i] = sum * l[i][i];
  }
  for (i = n - 1; i >= 0; i--) {
    gfloat sum = unknowns[i];

    for (k = i + 1; k < n; k++)
      sum -= l[k][i] * unknowns[k];
    unknowns[i] = sum * l[i][i];
  }
}

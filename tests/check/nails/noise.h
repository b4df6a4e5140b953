/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Gaussian enough, variance 1: a sum of twelve, by the central limit theorem. */
static inline gdouble
draw_noise (GRand * rand)
{
  gdouble sum = -6;
  guint i;

  for (i = 0; i < 12; i++)
    sum += g_rand_double (rand);
  return sum;
}

// SPDX-License-Identifier: Apache-2.0
// Systems of the inversion examples: A_ij = r^|i-j|. The closer r is to 1, the worse they are conditioned.
#pragma once

enum { unknowns = 8 };

static float matrix[unknowns * unknowns];
static float right[unknowns];
static float solution[unknowns];
static float workspace[unknowns * unknowns];

static inline void prepare(float r) {
  float power = 1;
  for (int distance = 0; distance < unknowns; ++distance, power *= r) {
    for (int i = 0; i + distance < unknowns; ++i)
      matrix[i * unknowns + i + distance] = matrix[(i + distance) * unknowns + i] = power;
  }
  for (int i = 0; i < unknowns; ++i) right[i] = (float)(i % 3 - 1);
}

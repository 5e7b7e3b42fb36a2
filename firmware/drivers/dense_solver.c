// SPDX-License-Identifier: Apache-2.0
#include "weft/dense_solver.h"

bool dense_decompose(float* a, uint32_t n) {
  for (uint32_t k = 0; k < n; ++k) {
    const float pivot = a[k * n + k];
    if (!(pivot > 0)) return false;
    for (uint32_t i = k + 1; i < n; ++i) {
      const float factor = a[i * n + k] / pivot;
      for (uint32_t j = k + 1; j <= i; ++j) a[i * n + j] -= factor * a[j * n + k];
    }
    for (uint32_t i = k + 1; i < n; ++i) a[i * n + k] /= pivot;
  }
  return true;
}

void dense_substitute(const float* a, uint32_t n, float* x) {
  for (uint32_t i = 0; i < n; ++i) {
    for (uint32_t j = 0; j < i; ++j) x[i] -= a[i * n + j] * x[j];
  }
  for (uint32_t i = n; i-- > 0;) {
    x[i] /= a[i * n + i];
    for (uint32_t j = i + 1; j < n; ++j) x[i] -= a[j * n + i] * x[j];
  }
}

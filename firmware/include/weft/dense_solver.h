// SPDX-License-Identifier: Apache-2.0
// A x = b by the hart itself, for what an inversion unit does not solve. A is symmetric, row by row.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// A = L·D·Lᵀ in place: D on the diagonal, L below it. False if a pivot is not positive.
bool dense_decompose(float* a, uint32_t n);

// x = A⁻¹·x with the decomposition.
void dense_substitute(const float* a, uint32_t n, float* x);

// SPDX-License-Identifier: Apache-2.0
// The inversion unit: a matrix is loaded and two systems are solved at once; then the damped square of a
// factor, as second-order training needs it.
#include <stdint.h>

#include "weft/tile_program.h"
#include "weft/xweft.h"

enum { unknowns = 3, systems = 2, samples = 2, check_direct = 1, check_fused = 2 };

static const uint32_t int16_to_int32 = 0x201;
static const uint32_t first_unit = 1;

// Elements in units of 1/4; with them, A is 2 1 0 / 1 3 1 / 0 1 4.
static const int16_t matrix[unknowns][unknowns] = {{8, 4, 0}, {4, 12, 4}, {0, 4, 16}};
static const int32_t solutions[systems][unknowns] = {{3, -2, 5}, {-1, 4, 2}};
// Two samples of three activations each.
static const int16_t factor[unknowns][samples] = {{2, 0}, {4, -2}, {0, 6}};
static const int32_t damping = 5;

static int16_t right[systems][unknowns];
static int32_t found[systems][unknowns];

static void solve(uint32_t count, uint32_t check) {
  xweft_set_wcnt(count);
  xweft_set_wshift(0);
  xweft_wait(xweft_inv_solve(bus_address(right), bus_address(found), first_unit));
  for (uint32_t system = 0; system < count; ++system) {
    for (int i = 0; i < unknowns; ++i) {
      if (found[system][i] != solutions[system][i]) tile_check_failed(check);
    }
  }
}

static void direct(void) {
  for (int system = 0; system < systems; ++system) {
    for (int i = 0; i < unknowns; ++i) {
      int32_t sum = 0;
      for (int j = 0; j < unknowns; ++j) sum += matrix[i][j] / 4 * solutions[system][j];
      right[system][i] = (int16_t)sum;
    }
  }
  xweft_set_wdim(unknowns | unknowns << 16);
  xweft_set_wshift(2);
  xweft_inv_load(bus_address(matrix), first_unit);
  solve(systems, check_direct);
}

static void fused(void) {
  for (int i = 0; i < unknowns; ++i) {
    int32_t sum = damping * solutions[0][i];
    for (int j = 0; j < unknowns; ++j) {
      int32_t square = 0;
      for (int k = 0; k < samples; ++k) square += factor[i][k] * factor[j][k];
      sum += square / samples * solutions[0][j];
    }
    right[0][i] = (int16_t)sum;
  }
  xweft_set_wdim(unknowns | samples << 16);
  xweft_set_wshift(0);
  xweft_inv_loadf(bus_address(factor), (uint32_t)damping, first_unit);
  solve(1, check_fused);
}

int main(void) {
  xweft_set_wfmt(int16_to_int32);
  direct();
  fused();
  return 0;
}

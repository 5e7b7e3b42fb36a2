// SPDX-License-Identifier: Apache-2.0
// One step of training on a floating-point PIM unit: forward, backward, update, weight decay. The numbers are
// those of C's float, bit for bit.
#include <stdint.h>

#include "weft/tile_program.h"
#include "weft/xweft.h"

enum { rows = 4, columns = 3, check_forward = 1, check_backward = 2, check_update = 3 };

static const uint32_t all_fp32 = 0x333;
static const uint32_t first_unit = 1;

static float weights[rows][columns] = {
    {0.1f, -0.25f, 0.7f}, {1.3f, 0.01f, -0.9f}, {-0.33f, 2.5f, 0.4f}, {0.05f, -1.1f, 0.6f}};
static const float input[rows] = {0.3f, -1.7f, 0.9f, 2.2f};
static const float error[columns] = {-0.015f, 0.02f, 0.0037f};
static float decay[rows][columns];
static float output[columns];
static float back[rows];
static float updated[rows][columns];

static void compare(const float* found, const float* expected, int count, uint32_t check) {
  for (int i = 0; i < count; ++i) {
    if (found[i] != expected[i]) tile_check_failed(check);
  }
}

static void run_unit(void) {
  xweft_set_wfmt(all_fp32);
  xweft_set_wdim(rows | columns << 16);
  xweft_fpm_load(bus_address(weights), first_unit);
  xweft_fpm_mvm(bus_address(input), bus_address(output), first_unit);
  xweft_fpm_mtvm(bus_address(error), bus_address(back), first_unit);
  xweft_fpm_opa(bus_address(input), bus_address(error), first_unit);
  xweft_fpm_mul(bus_address(decay), first_unit);
  xweft_wait(xweft_fpm_read(bus_address(updated), first_unit));
}

int main(void) {
  float expected_output[columns] = {0};
  float expected_back[rows] = {0};
  for (int row = 0; row < rows; ++row) {
    for (int column = 0; column < columns; ++column) {
      decay[row][column] = 0.999f;
      expected_output[column] += input[row] * weights[row][column];
      expected_back[row] += weights[row][column] * error[column];
    }
  }
  run_unit();
  compare(output, expected_output, columns, check_forward);
  compare(back, expected_back, rows, check_backward);
  for (int row = 0; row < rows; ++row) {
    for (int column = 0; column < columns; ++column) {
      weights[row][column] = (weights[row][column] + input[row] * error[column]) * decay[row][column];
    }
  }
  compare(&updated[0][0], &weights[0][0], rows * columns, check_update);
  return 0;
}

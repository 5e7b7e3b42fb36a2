// SPDX-License-Identifier: Apache-2.0
// A tile program in C: the vector unit adds, a crossbar multiplies, and both results are checked.
#include <stdint.h>

#include "weft/tile_program.h"
#include "weft/xweft.h"

enum { elements = 16, rows = 4, columns = 4, check_vector = 1, check_crossbar = 2 };

// Formats of src0, src1 and dst: int32.
static const uint32_t all_int32 = 0x222;
static const uint32_t first_crossbar = 1;
static const uint32_t input_magnitude_bits = 8;

static int32_t left[elements];
static int32_t right[elements];
static int32_t sum[elements];

static const int32_t weights[rows][columns] = {
    {1, -2, 3, -4}, {5, 6, -7, 8}, {-9, 10, 11, -12}, {13, 14, 15, 16}};
static const int16_t input[rows] = {3, -5, 7, -11};
static int32_t product[columns];

static void check_addition(void) {
  xweft_set_wfmt(all_int32);
  xweft_set_wlen(elements);
  xweft_vfill(7, bus_address(left));
  xweft_vfill(35, bus_address(right));
  // The unit takes its commands in order; only the last one has to be waited for.
  xweft_wait(xweft_vadd(bus_address(left), bus_address(right), bus_address(sum)));
  for (uint32_t i = 0; i < elements; ++i) {
    if (sum[i] != 42) tile_check_failed(check_vector);
  }
}

static void check_multiplication(void) {
  xweft_set_wdim(rows | columns << 16);
  xweft_set_wbits(input_magnitude_bits);
  xweft_prog(bus_address(weights), first_crossbar);
  xweft_wait(xweft_mvm(bus_address(input), bus_address(product), first_crossbar));
  for (int column = 0; column < columns; ++column) {
    int32_t expected = 0;
    for (int row = 0; row < rows; ++row) expected += input[row] * weights[row][column];
    if (product[column] != expected) tile_check_failed(check_crossbar);
  }
}

int main(void) {
  check_addition();
  check_multiplication();
  return 0;
}

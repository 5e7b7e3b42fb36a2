// SPDX-License-Identifier: Apache-2.0
// Commands a crossbar that the tile does not have: store access fault, value is where its window would be.
#include "weft/tile_program.h"
#include "weft/xweft.h"

int main(void) {
  static const int16_t input[1] = {1};
  static int32_t result[1];
  const uint32_t last_possible_crossbar = 1u << 23;
  xweft_set_wbits(1);
  xweft_set_wdim(1 | 1 << 16);
  xweft_wait(xweft_mvm(bus_address(input), bus_address(result), last_possible_crossbar));
  return 0;
}

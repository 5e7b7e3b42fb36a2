// SPDX-License-Identifier: Apache-2.0
// Has the DMA read where nothing answers. The command is accepted and fails later: load access fault at the
// instruction that waits for it, value 0x30000000.
#include "weft/tile_program.h"
#include "weft/xweft.h"

int main(void) {
  static uint8_t target[64];
  xweft_wait(xweft_dma(0x30000000, bus_address(target), sizeof target));
  return 0;
}

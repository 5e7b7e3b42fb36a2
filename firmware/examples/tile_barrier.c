// SPDX-License-Identifier: Apache-2.0
// Four tiles in step: in every round each raises a counter of tile 0, all meet, each sees that everybody has
// been there, and all meet again before the next round.
#include <stdint.h>

#include "weft/registers.h"
#include "weft/tile_program.h"
#include "weft/xweft.h"

enum { tiles = 4, rounds = 5, shared_counter = 1, barrier_counter = 2 };

static const uint32_t home = 0;  // of counters in tile 0: tile << 16 | counter

static uint32_t shared_value(void) {
  const uintptr_t counters = WEFT_TILES_BASE + WEFT_WINDOW_SYNC_OFFSET + WEFT_SYNC_COUNTER;
  return *(const volatile uint32_t*)(counters + shared_counter * WEFT_SYNC_COUNTER_STRIDE);
}

int main(void) {
  for (uint32_t round = 1; round <= rounds; ++round) {
    // Tiles arrive at different times.
    for (uint32_t wait = xweft_get_wtile() * 300 * round; wait != 0; --wait) __asm__ volatile("");
    xweft_cadd(home | shared_counter, 1);
    xweft_barrier(home | barrier_counter, tiles);
    if (shared_value() != round * tiles) tile_check_failed(round);
    xweft_barrier(home | barrier_counter, tiles);
  }
  return 0;
}

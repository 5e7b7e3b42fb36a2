// SPDX-License-Identifier: Apache-2.0
// Units of a tile driven by the host, through their command windows. A command that fails raises the tile's
// interrupt; its handler keeps what the unit says. Takes the tiles' interrupt, so not together with
// tiles_watch().
#pragma once

#include <stdint.h>

// The words of a descriptor that a command with nothing to count needs; formats are in `control`.
struct tile_unit_command {
  uint32_t control;
  uint32_t src0;
  uint32_t src1;
  uint32_t dst;
  uint32_t length;
  uint32_t repeat;
};

struct tile_unit_error {
  uint32_t cause;  // 0: none
  uint32_t value;
};

// Resets the units of the tile; from now on their errors interrupt the host. One tile at a time.
void tile_unit_init(uint32_t tile);

// Address of the window of inversion unit `number` of that tile.
uint32_t tile_unit_inversion(uint32_t number);

// Issues a command, waits until it is finished, and, if it has failed, until the interrupt has come. A
// descriptor that the unit refuses is a store access fault instead.
struct tile_unit_error tile_unit_run(uint32_t window, const struct tile_unit_command* command);

// Interrupts of unit errors so far.
uint32_t tile_unit_interrupts(void);

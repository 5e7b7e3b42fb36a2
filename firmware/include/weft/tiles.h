// SPDX-License-Identifier: Apache-2.0
// The accelerator's tiles as the host sees them.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "weft/boot_info.h"

#define TILES_MAX 1024u
#define TILE_WINDOW_SIZE 0x100000u

struct tile_fault {
  uint32_t cause;
  uint32_t pc;
  uint32_t value;
};

uint32_t tiles_count(void);
uint32_t tile_window(uint32_t tile);
uint32_t tile_of(uint32_t address);

// Bytes from `address` to the end of the tile buffer it lies in; 0: it lies in none.
uint32_t tile_buffer_room(uint32_t address);

// Resets the tile's units and counters; its hart will start at `entry`; all its events interrupt. To be done
// with every tile before the first one starts, because a running tile may raise counters of any other.
void tile_prepare(uint32_t tile, uint32_t entry);
void tile_start(uint32_t tile);

struct tile_fault tile_fault(uint32_t tile);

// From now on the events of these tiles (at most TILES_MAX) are collected. `table` has to stay.
void tiles_watch(const struct weft_boot_tile* table, uint32_t count);

// Sleeps until one of the watched tiles has raised an event.
void tiles_wait(void);

// Events of the tile in row `index` of the table since the last call (WEFT_TILE_CONTROL_EVENTS_…).
uint32_t tiles_take_events(uint32_t index);

// SPDX-License-Identifier: Apache-2.0
#include "weft/tiles.h"

#include "weft/mmio.h"
#include "weft/plic.h"
#include "weft/registers.h"
#include "weft/trap.h"

static const uint32_t all_events =
    WEFT_TILE_CONTROL_EVENTS_PROGRESS | WEFT_TILE_CONTROL_EVENTS_DONE | WEFT_TILE_CONTROL_EVENTS_FAULT;

static const struct weft_boot_tile* watched;
static uint32_t watched_count;
static volatile uint8_t collected[TILES_MAX];
static volatile uint32_t any_collected;

static uint32_t control(uint32_t tile, uint32_t offset) {
  return tile_window(tile) + WEFT_WINDOW_TILE_CONTROL_OFFSET + offset;
}

uint32_t tiles_count(void) { return mmio_read32(WEFT_SYSCON_BASE + WEFT_SYSCON_TILES); }

uint32_t tile_window(uint32_t tile) { return WEFT_TILES_BASE + tile * TILE_WINDOW_SIZE; }

uint32_t tile_of(uint32_t address) { return (address - WEFT_TILES_BASE) / TILE_WINDOW_SIZE; }

uint32_t tile_buffer_room(uint32_t address) {
  const uint32_t tile = tile_of(address);
  if (tile >= tiles_count()) return 0;
  const uint32_t size = mmio_read32(control(tile, WEFT_TILE_CONTROL_BUFFER_SIZE));
  const uint32_t offset = address - tile_window(tile) - WEFT_WINDOW_BUFFER_OFFSET;
  return offset < size ? size - offset : 0;
}

void tile_prepare(uint32_t tile, uint32_t entry) {
  mmio_write32(control(tile, WEFT_TILE_CONTROL_CONTROL), WEFT_TILE_CONTROL_CONTROL_RESET);
  mmio_write32(control(tile, WEFT_TILE_CONTROL_EVENTS), all_events | WEFT_TILE_CONTROL_EVENTS_UNIT_ERROR);
  mmio_write32(control(tile, WEFT_TILE_CONTROL_ENTRY), entry);
  mmio_write32(control(tile, WEFT_TILE_CONTROL_ENABLE), all_events);
}

void tile_start(uint32_t tile) {
  mmio_write32(control(tile, WEFT_TILE_CONTROL_CONTROL), WEFT_TILE_CONTROL_CONTROL_START);
}

struct tile_fault tile_fault(uint32_t tile) {
  return (struct tile_fault){mmio_read32(control(tile, WEFT_TILE_CONTROL_FAULT_CAUSE)),
                             mmio_read32(control(tile, WEFT_TILE_CONTROL_FAULT_PC)),
                             mmio_read32(control(tile, WEFT_TILE_CONTROL_FAULT_VALUE))};
}

static void on_interrupt(void) {
  for (uint32_t index = 0; index < watched_count; ++index) {
    const uint32_t address = control(watched[index].tile, WEFT_TILE_CONTROL_EVENTS);
    const uint32_t events = mmio_read32(address);
    if (events == 0) continue;
    // Only what has been seen is cleared; an event raised meanwhile interrupts again.
    mmio_write32(address, events);
    collected[index] = (uint8_t)(collected[index] | events);
    any_collected = 1;
  }
}

void tiles_watch(const struct weft_boot_tile* table, uint32_t count) {
  watched = table;
  watched_count = count;
  plic_on_interrupt(WEFT_TILES_IRQ, on_interrupt);
  interrupts_on();
}

void tiles_wait(void) { trap_sleep_until(&any_collected); }

uint32_t tiles_take_events(uint32_t index) {
  interrupts_off();
  const uint32_t events = collected[index];
  collected[index] = 0;
  interrupts_on();
  return events;
}

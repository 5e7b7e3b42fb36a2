// SPDX-License-Identifier: Apache-2.0
#include "weft/tile_unit.h"

#include "weft/inversion_unit.h"
#include "weft/mmio.h"
#include "weft/plic.h"
#include "weft/registers.h"
#include "weft/tiles.h"
#include "weft/trap.h"

enum { first_inversion = 32 };

static uint32_t watched_window;
static volatile uint32_t failed;
static volatile uint32_t interrupts;
static struct tile_unit_error last;

static uint32_t control(uint32_t offset) { return watched_window + WEFT_WINDOW_TILE_CONTROL_OFFSET + offset; }

static void take_error(uint32_t window) {
  last.cause = mmio_read32(window + WEFT_UNIT_ERROR_CAUSE);
  last.value = mmio_read32(window + WEFT_UNIT_ERROR_VALUE);
  mmio_write32(window + WEFT_UNIT_ERROR_CLEAR, 1);
}

static void on_interrupt(void) {
  // First the event, then the units: one that fails in between interrupts again.
  mmio_write32(control(WEFT_TILE_CONTROL_EVENTS), WEFT_TILE_CONTROL_EVENTS_UNIT_ERROR);
  const uint32_t second_word = control(WEFT_TILE_CONTROL_UNIT_ERRORS) + WEFT_TILE_CONTROL_UNIT_ERRORS_STRIDE;
  const uint32_t units = mmio_read32(second_word) >> (first_inversion - 32);
  for (uint32_t number = 0; number < inversion_units_of_a_tile; ++number) {
    if ((units >> number & 1) != 0) take_error(tile_unit_inversion(number));
  }
  interrupts = interrupts + 1;
  failed = 1;
}

void tile_unit_init(uint32_t tile) {
  watched_window = tile_window(tile);
  mmio_write32(control(WEFT_TILE_CONTROL_CONTROL), WEFT_TILE_CONTROL_CONTROL_RESET);
  mmio_write32(control(WEFT_TILE_CONTROL_EVENTS), WEFT_TILE_CONTROL_EVENTS_UNIT_ERROR);
  mmio_write32(control(WEFT_TILE_CONTROL_ENABLE), WEFT_TILE_CONTROL_ENABLE_UNIT_ERROR);
  plic_on_interrupt(WEFT_TILES_IRQ, on_interrupt);
  interrupts_on();
}

uint32_t tile_unit_inversion(uint32_t number) { return inversion_unit_registers(watched_window, number); }

struct tile_unit_error tile_unit_run(uint32_t window, const struct tile_unit_command* command) {
  const uint32_t before = mmio_read32(window + WEFT_UNIT_OPERATIONS);
  memory_fence();
  mmio_write32(window + WEFT_UNIT_CONTROL, command->control);
  mmio_write32(window + WEFT_UNIT_SRC0, command->src0);
  mmio_write32(window + WEFT_UNIT_SRC1, command->src1);
  mmio_write32(window + WEFT_UNIT_DST, command->dst);
  mmio_write32(window + WEFT_UNIT_LENGTH, command->length);
  mmio_write32(window + WEFT_UNIT_REPEAT, command->repeat);
  mmio_write32(window + WEFT_UNIT_COMPLETION, 0);
  while ((mmio_read32(window + WEFT_UNIT_STATUS) & WEFT_UNIT_STATUS_BUSY) != 0) continue;
  if (mmio_read32(window + WEFT_UNIT_OPERATIONS) != before) return (struct tile_unit_error){0, 0};
  trap_sleep_until(&failed);
  return last;
}

uint32_t tile_unit_interrupts(void) { return interrupts; }

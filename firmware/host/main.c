// SPDX-License-Identifier: Apache-2.0
// The default host firmware: loads the tile programs the boot information names, starts the tiles, reports
// what they report, and ends the run when all are done.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "epoch_report.h"
#include "weft/boot.h"
#include "weft/boot_info.h"
#include "weft/cause.h"
#include "weft/clint.h"
#include "weft/dma.h"
#include "weft/elf_loader.h"
#include "weft/finisher.h"
#include "weft/mmio.h"
#include "weft/registers.h"
#include "weft/tiles.h"

static const uint32_t syscon_magic = WEFT_BOOT_MAGIC;

static uint32_t syscon(uint32_t offset) { return mmio_read32(WEFT_SYSCON_BASE + offset); }

static void print_banner(void) {
  if (syscon(WEFT_SYSCON_MAGIC) != syscon_magic) {
    printf("host: no Weft system controller at 0x%08" PRIx32 "\n", (uint32_t)WEFT_SYSCON_BASE);
    exit(exit_bad_program);
  }
  const uint32_t version = syscon(WEFT_SYSCON_VERSION);
  printf("Weft %" PRIu32 ".%" PRIu32 ".%" PRIu32 "\n",
         (version & WEFT_SYSCON_VERSION_MAJOR) >> WEFT_SYSCON_VERSION_MAJOR_SHIFT,
         (version & WEFT_SYSCON_VERSION_MINOR) >> WEFT_SYSCON_VERSION_MINOR_SHIFT,
         (version & WEFT_SYSCON_VERSION_PATCH) >> WEFT_SYSCON_VERSION_PATCH_SHIFT);
  printf("%" PRIu32 " x %" PRIu32 " tiles, each with %" PRIu32 " crossbars of %" PRIu32 " x %" PRIu32 "\n",
         syscon(WEFT_SYSCON_TILE_COLUMNS), syscon(WEFT_SYSCON_TILE_ROWS), syscon(WEFT_SYSCON_CROSSBARS),
         syscon(WEFT_SYSCON_CROSSBAR_ROWS), syscon(WEFT_SYSCON_CROSSBAR_COLUMNS));
}

// ---- boot information ----

static bool in_dram(uint32_t address, uint64_t bytes) {
  const uint64_t size = (uint64_t)syscon(WEFT_SYSCON_DRAM_SIZE_HI) << 32 | syscon(WEFT_SYSCON_DRAM_SIZE_LO);
  const uint64_t offset = (uint64_t)address - WEFT_DRAM_BASE;
  return address >= WEFT_DRAM_BASE && offset <= size && bytes <= size - offset;
}

static void require_table(const char* what, uint32_t address, uint64_t bytes) {
  if (address % sizeof(uint32_t) == 0 && in_dram(address, bytes)) return;
  printf("host: boot information: %s at 0x%08" PRIx32 " does not lie in DRAM, aligned to words\n", what,
         address);
  exit(exit_bad_program);
}

static const struct weft_boot_info* boot_information(void) {
  require_table("the structure", boot_info_address, sizeof(struct weft_boot_info));
  const struct weft_boot_info* boot = (const struct weft_boot_info*)(uintptr_t)boot_info_address;
  if (boot->magic != WEFT_BOOT_MAGIC) {
    printf("host: no boot information at 0x%08" PRIx32 ": magic is 0x%08" PRIx32 ", expected 0x%08" PRIx32
           "\n",
           boot_info_address, boot->magic, (uint32_t)WEFT_BOOT_MAGIC);
    exit(exit_bad_program);
  }
  if (boot->version != WEFT_BOOT_VERSION) {
    printf("host: boot information is of version %" PRIu32 ", this firmware understands %" PRIu32 "\n",
           boot->version, (uint32_t)WEFT_BOOT_VERSION);
    exit(exit_bad_program);
  }
  require_table("the tile table", boot->tiles, (uint64_t)boot->tile_count * sizeof(struct weft_boot_tile));
  if (boot->records != 0) {
    require_table("the record table", boot->records,
                  (uint64_t)boot->record_count * sizeof(struct weft_epoch_record));
  }
  return boot;
}

// ---- program ----

static uint32_t program_address;

static bool copy_to_tile(uint32_t destination, uint32_t source, uint32_t size) {
  return dma_copy(destination, program_address + source, size);
}

static void load_program(const struct weft_boot_info* boot) {
  require_table("the program", boot->program, boot->program_size);
  program_address = boot->program;
  const struct elf_memory memory = {tile_buffer_room, copy_to_tile, dma_clear};
  const struct elf_result result =
      elf_load((const uint8_t*)(uintptr_t)boot->program, boot->program_size, &memory);
  if (result.status == elf_ok) {
    printf("program: %" PRIu32 " bytes, tiles: %" PRIu32 "\n", result.bytes, boot->tile_count);
    return;
  }
  printf("host: program at 0x%08" PRIx32 ": %s", boot->program, elf_status_text(result.status));
  if (result.address != 0) printf(" (segment for 0x%08" PRIx32 ")", result.address);
  if (result.status == elf_transfer_failed) printf(", stopped at 0x%08" PRIx32, dma_error_address());
  printf("\n");
  exit(exit_bad_program);
}

static void check_tiles(const struct weft_boot_tile* tiles, uint32_t count) {
  if (count > TILES_MAX) {
    printf("host: boot information lists %" PRIu32 " tiles, at most %" PRIu32 " are possible\n", count,
           (uint32_t)TILES_MAX);
    exit(exit_bad_program);
  }
  static bool listed[TILES_MAX];
  for (uint32_t index = 0; index < count; ++index) {
    const uint32_t tile = tiles[index].tile;
    const uint32_t entry = tiles[index].entry;
    if (tile >= tiles_count()) {
      printf("host: boot information lists tile %" PRIu32 ", the platform has %" PRIu32 "\n", tile,
             tiles_count());
      exit(exit_bad_program);
    }
    if (listed[tile]) {
      printf("host: boot information lists tile %" PRIu32 " twice\n", tile);
      exit(exit_bad_program);
    }
    listed[tile] = true;
    if (tile_of(entry) != tile || tile_buffer_room(entry) == 0 || entry % 2 != 0) {
      printf("host: entry 0x%08" PRIx32 " of tile %" PRIu32 " is no address of code in its buffer\n", entry,
             tile);
      exit(exit_bad_program);
    }
  }
}

// ---- run ----

// Prints the records that have become valid since the last call; returns how many are printed by now.
static uint32_t print_records(const struct weft_boot_info* boot, uint32_t printed) {
  const volatile struct weft_epoch_record* records =
      (const volatile struct weft_epoch_record*)(uintptr_t)boot->records;
  if (boot->records == 0) return printed;
  for (; printed < boot->record_count && records[printed].valid == 1; ++printed) {
    const struct weft_epoch_record record = records[printed];
    char text[epoch_text_size];
    epoch_report(text, sizeof text, &record, boot->record_count);
    printf("%s\n", text);
  }
  return printed;
}

static void print_fault(uint32_t tile) {
  const struct tile_fault fault = tile_fault(tile);
  const char* name = cause_name(fault.cause);
  printf("tile %" PRIu32 ": ", tile);
  if (name != NULL) {
    printf("%s", name);
  } else {
    printf("exception %" PRIu32, fault.cause);
  }
  printf(" at pc 0x%08" PRIx32 ", value 0x%08" PRIx32 "\n", fault.pc, fault.value);
}

// Returns when every tile of the table is done; a fault ends the run.
static void run(const struct weft_boot_info* boot, const struct weft_boot_tile* tiles) {
  tiles_watch(tiles, boot->tile_count);
  for (uint32_t index = 0; index < boot->tile_count; ++index) {
    tile_prepare(tiles[index].tile, tiles[index].entry);
  }
  for (uint32_t index = 0; index < boot->tile_count; ++index) tile_start(tiles[index].tile);
  uint32_t printed = 0;
  uint32_t done = 0;
  bool faulty = false;
  while (done < boot->tile_count) {
    tiles_wait();
    for (uint32_t index = 0; index < boot->tile_count; ++index) {
      const uint32_t events = tiles_take_events(index);
      if ((events & WEFT_TILE_CONTROL_EVENTS_DONE) != 0) ++done;
      if ((events & WEFT_TILE_CONTROL_EVENTS_FAULT) != 0) {
        print_fault(tiles[index].tile);
        faulty = true;
      }
    }
    printed = print_records(boot, printed);
    if (faulty) exit(exit_tile_fault);
  }
}

static void print_time(void) {
  const uint32_t per_microsecond = CLINT_TICKS_PER_SECOND / 1000000;
  const uint64_t microseconds = clint_time() / per_microsecond;
  printf("done after %" PRIu32 ".%03" PRIu32 " ms\n", (uint32_t)(microseconds / 1000),
         (uint32_t)(microseconds % 1000));
}

int main(void) {
  print_banner();
  const struct weft_boot_info* boot = boot_information();
  if (boot->tile_count == 0) {
    printf("no tile has a program\n");
    return exit_pass;
  }
  const struct weft_boot_tile* tiles = (const struct weft_boot_tile*)(uintptr_t)boot->tiles;
  check_tiles(tiles, boot->tile_count);
  dma_init();
  load_program(boot);
  run(boot, tiles);
  print_time();
  return exit_pass;
}

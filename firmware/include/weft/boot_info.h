/* SPDX-License-Identifier: Apache-2.0 */
/* What the loader leaves in DRAM for the firmware, and what tile programs leave there for everybody. Plain C,
   shared by the firmware, the compiler and the tools. Addresses are 32-bit bus addresses; all words
   little-endian. */
#ifndef WEFT_BOOT_INFO_H
#define WEFT_BOOT_INFO_H

#include <stdint.h>

#define WEFT_BOOT_MAGIC 0x54464557u /* "WEFT" */
#define WEFT_BOOT_VERSION 1u

/* a1 points to it at reset, and so does the system controller's boot information register. */
struct weft_boot_info {
  uint32_t magic;
  uint32_t version;
  uint32_t program;      /* ELF file with the tile programs; its segments lie in tile windows */
  uint32_t program_size; /* bytes; 0: no program */
  uint32_t tiles;        /* array of struct weft_boot_tile */
  uint32_t tile_count;
  uint32_t records;      /* array of struct weft_epoch_record; 0: none (hand-written programs) */
  uint32_t record_count; /* one an epoch */
};

/* A tile with a program. */
struct weft_boot_tile {
  uint32_t tile;
  uint32_t entry;
};

/* Losses are sums over samples in Q16 (16 fraction bits), 64 bits in two words. */
struct weft_epoch_record {
  uint32_t valid; /* 1 once the tile program has written the record */
  uint32_t epoch; /* from 1 */
  uint32_t train_samples;
  uint32_t train_correct;
  uint32_t train_loss_low;
  uint32_t train_loss_high;
  uint32_t test_samples; /* 0: no evaluation */
  uint32_t test_correct;
  uint32_t test_loss_low;
  uint32_t test_loss_high;
  uint32_t reserved[2];
};

#endif

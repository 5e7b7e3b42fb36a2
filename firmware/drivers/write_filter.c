// SPDX-License-Identifier: Apache-2.0
#include "weft/write_filter.h"

#include "weft/mmio.h"
#include "weft/registers.h"

static const uint32_t filter_pitch = 0x400;
static const uint32_t known_id = 0x57460001;

union fraction {
  float value;
  uint32_t bits;
};

static float read_fraction(uint32_t address) {
  const union fraction word = {.bits = mmio_read32(address)};
  return word.value;
}

static void write_fraction(uint32_t address, float value) {
  const union fraction word = {.value = value};
  mmio_write32(address, word.bits);
}

// Reading the low word keeps the high one.
static uint64_t read_count(uint32_t address) {
  const uint64_t low = mmio_read32(address);
  return low | (uint64_t)mmio_read32(address + 4) << 32;
}

uint32_t write_filter_registers(uint32_t window, uint32_t crossbar) {
  return window + WEFT_WINDOW_WRITE_FILTERS_OFFSET + crossbar * filter_pitch;
}

bool write_filter_present(uint32_t registers) {
  return mmio_read32(registers + WEFT_WRITE_FILTER_ID) == known_id;
}

bool write_filter_supports(uint32_t registers, enum write_filter_policy policy) {
  return (mmio_read32(registers + WEFT_WRITE_FILTER_CAPABILITY) >> policy & 1u) != 0;
}

struct write_filter_rules write_filter_get(uint32_t registers) {
  const struct write_filter_rules rules = {
      .policy = (enum write_filter_policy)mmio_read32(registers + WEFT_WRITE_FILTER_POLICY),
      .granularity = (enum write_filter_granularity)mmio_read32(registers + WEFT_WRITE_FILTER_GRANULARITY),
      .threshold_mode =
          (enum write_filter_threshold_mode)mmio_read32(registers + WEFT_WRITE_FILTER_THRESHOLD_MODE),
      .threshold = read_fraction(registers + WEFT_WRITE_FILTER_THRESHOLD),
      .density = read_fraction(registers + WEFT_WRITE_FILTER_DENSITY),
  };
  return rules;
}

enum write_filter_refusal write_filter_set(uint32_t registers, const struct write_filter_rules* rules) {
  mmio_write32(registers + WEFT_WRITE_FILTER_POLICY, rules->policy);
  mmio_write32(registers + WEFT_WRITE_FILTER_GRANULARITY, rules->granularity);
  mmio_write32(registers + WEFT_WRITE_FILTER_THRESHOLD_MODE, rules->threshold_mode);
  write_fraction(registers + WEFT_WRITE_FILTER_THRESHOLD, rules->threshold);
  write_fraction(registers + WEFT_WRITE_FILTER_DENSITY, rules->density);
  mmio_write32(registers + WEFT_WRITE_FILTER_CONTROL,
               WEFT_WRITE_FILTER_CONTROL_CLEAR_ERROR | WEFT_WRITE_FILTER_CONTROL_APPLY);
  const uint32_t status = mmio_read32(registers + WEFT_WRITE_FILTER_STATUS);
  return (enum write_filter_refusal)((status & WEFT_WRITE_FILTER_STATUS_REASON) >>
                                     WEFT_WRITE_FILTER_STATUS_REASON_SHIFT);
}

bool write_filter_pending(uint32_t registers) {
  return (mmio_read32(registers + WEFT_WRITE_FILTER_STATUS) & WEFT_WRITE_FILTER_STATUS_PENDING) != 0;
}

struct write_filter_statistics write_filter_read(uint32_t registers) {
  const struct write_filter_statistics statistics = {
      .passes = read_count(registers + WEFT_WRITE_FILTER_PASSES),
      .weights_offered = read_count(registers + WEFT_WRITE_FILTER_WEIGHTS_OFFERED),
      .weights_written = read_count(registers + WEFT_WRITE_FILTER_WEIGHTS_WRITTEN),
      .weights_filtered = read_count(registers + WEFT_WRITE_FILTER_WEIGHTS_FILTERED),
      .rows_offered = read_count(registers + WEFT_WRITE_FILTER_ROWS_OFFERED),
      .rows_written = read_count(registers + WEFT_WRITE_FILTER_ROWS_WRITTEN),
      .residuals_forced = read_count(registers + WEFT_WRITE_FILTER_RESIDUALS_FORCED),
      .cells = read_count(registers + WEFT_WRITE_FILTER_CELLS),
      .pulses = read_count(registers + WEFT_WRITE_FILTER_PULSES),
      .rms = read_fraction(registers + WEFT_WRITE_FILTER_RMS),
      .theta = read_fraction(registers + WEFT_WRITE_FILTER_THETA),
  };
  return statistics;
}

void write_filter_clear(uint32_t registers) {
  mmio_write32(registers + WEFT_WRITE_FILTER_CONTROL, WEFT_WRITE_FILTER_CONTROL_CLEAR_STATISTICS);
}

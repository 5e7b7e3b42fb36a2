// SPDX-License-Identifier: Apache-2.0
// The write filters of a tile's crossbar units, for the host and for tile programs. Registers and what they
// do: docs/registers.md; policies: docs/models/write_filter.md.
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum write_filter_policy {
  write_filter_none = 0,
  write_filter_compare = 1,
  write_filter_drop = 2,
  write_filter_top_k = 3,
  write_filter_percentile = 4,
  write_filter_ef_reset = 5,
  write_filter_ef_grain = 6,
  write_filter_stochastic = 7,
  write_filter_row_top = 8,
  write_filter_row_max = 9,
  write_filter_wear_adaptive = 10,
};

enum write_filter_granularity {
  write_filter_cell = 0,
  write_filter_weight = 1,
  write_filter_row = 2,
  write_filter_crossbar = 3,
};

enum write_filter_threshold_mode {
  write_filter_absolute = 0,
  write_filter_rms = 1,
  write_filter_maximum = 2,
};

struct write_filter_rules {
  enum write_filter_policy policy;
  enum write_filter_granularity granularity;
  enum write_filter_threshold_mode threshold_mode;
  float threshold;
  float density;
};

// Since the last write_filter_clear().
struct write_filter_statistics {
  uint64_t passes;
  uint64_t weights_offered;
  uint64_t weights_written;
  uint64_t weights_filtered;
  uint64_t rows_offered;
  uint64_t rows_written;
  uint64_t residuals_forced;
  uint64_t cells;
  uint64_t pulses;
  float rms;
  float theta;
};

// Why rules were refused; 0: they were not.
enum write_filter_refusal {
  write_filter_accepted = 0,
  write_filter_bad_policy = 1,
  write_filter_bad_granularity = 2,
  write_filter_bad_threshold_mode = 3,
  write_filter_bad_threshold = 4,
  write_filter_bad_density = 5,
  write_filter_no_memory = 6,
  write_filter_not_for_outer_products = 7,
};

// Address of the registers of the filter in front of a crossbar unit; `window` is the tile's.
uint32_t write_filter_registers(uint32_t window, uint32_t crossbar);
bool write_filter_present(uint32_t registers);
bool write_filter_supports(uint32_t registers, enum write_filter_policy policy);

// The rules as they are staged: those of the scenario first, then those given last.
struct write_filter_rules write_filter_get(uint32_t registers);
// From the next update pass on. Refused rules change nothing.
enum write_filter_refusal write_filter_set(uint32_t registers, const struct write_filter_rules* rules);
// Whether rules given wait for an update pass.
bool write_filter_pending(uint32_t registers);

struct write_filter_statistics write_filter_read(uint32_t registers);
void write_filter_clear(uint32_t registers);

// SPDX-License-Identifier: Apache-2.0
#include "models/crossbar/array_config.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "models/common/error.h"
#include "models/crossbar/adc.h"
#include "models/crossbar/slicing.h"

namespace weft::crossbar {

namespace {

void require_in_range(const std::string& field, int value, int low, int high) {
  if (value >= low && value <= high) return;
  throw Error(fmt::format("crossbar array: {} = {} is not allowed ({} to {})", field, value, low, high));
}

void require_entry_per_slice(const std::string& field, const std::vector<int>& entries, int slices) {
  if (entries.size() == static_cast<std::size_t>(slices)) return;
  throw Error(fmt::format("crossbar array: {} has {} entries, one for each of the {} slices is needed", field,
                          entries.size(), slices));
}

void require_cells(const ArrayConfig& config) {
  if (!config.cell_bits.empty()) require_entry_per_slice("cell_bits", config.cell_bits, config.slices);
  for (int slice = 0; slice < config.slices; ++slice) {
    // Digits without a sign need one more bit of a cell whose zero is in the middle.
    // The difference of a pair has a bit more than its cells, and is kept in the same eight.
    require_in_range(fmt::format("cell_bits[{}]", slice), config.cell_bits_of(slice),
                     config.digit_bits + (config.unsigned_digits(slice) ? 1 : 0),
                     ArrayConfig::max_cell_bits - (config.pairs() ? 1 : 0));
  }
}

void require_converters(const ArrayConfig& config) {
  constexpr int max_adc_bits = 28;
  require_in_range("adc_bits", config.adc_bits, 2, max_adc_bits);
  if (!config.slice_adc_bits.empty()) {
    require_entry_per_slice("slice_adc_bits", config.slice_adc_bits, config.slices);
    for (int slice = 0; slice < config.slices; ++slice)
      require_in_range(fmt::format("slice_adc_bits[{}]", slice), config.adc_bits_of(slice), 2, max_adc_bits);
  }
  if (config.adc_range != AdcRange::calibrated) {
    if (config.full_scale.empty()) return;
    throw Error("crossbar array: full_scale is given, but adc_range is not calibrated");
  }
  require_entry_per_slice("full_scale", config.full_scale, config.slices);
  const int lines = std::max(config.rows, config.cols);
  for (int slice = 0; slice < config.slices; ++slice) {
    const auto largest = static_cast<int>(full_scale_current(config, lines, slice, false));
    require_in_range(fmt::format("full_scale[{}]", slice), config.full_scale[static_cast<std::size_t>(slice)],
                     1, largest);
  }
}

// The shift-and-add register has 64 bits. A converted current is below twice the largest current: the
// step of a converter with few bits may be as large as its full scale.
void require_accumulator(const ArrayConfig& config) {
  const double lines = std::max(config.rows, config.cols);
  const int steps = (ArrayConfig::max_operand_bits + config.dac_bits - 1) / config.dac_bits;
  double cells = 0;
  for (int slice = 0; slice < config.slices; ++slice) {
    cells += std::ldexp(config.largest_cell(slice), slice * config.digit_bits);
  }
  const double largest = 2.0 * lines * cells * std::ldexp(1.0, steps * config.dac_bits);
  if (largest < std::ldexp(1.0, 63)) return;
  throw Error(fmt::format(
      "crossbar array: results of {} x {} cells with {} weight bits, cell_bits up to {} and "
      "dac_bits = {} need {:.1f} bits, the accumulator has 63: fewer rows, cols, slices or cell_bits",
      config.rows, config.cols, config.weight_bits(),
      config.cell_bits.empty() ? ArrayConfig::default_cell_bits
                               : *std::max_element(config.cell_bits.begin(), config.cell_bits.end()),
      config.dac_bits, std::log2(largest)));
}

// Currents of devices are floating-point numbers of 24 bits, in which those of ideal cells must be exact.
void require_exact_currents(const ArrayConfig& config) {
  const int lines = std::max(config.rows, config.cols);
  for (int slice = 0; slice < config.slices; ++slice) {
    const std::int64_t largest = full_scale_current(config, lines, slice, false);
    if (largest <= std::int64_t{1} << 24) continue;
    throw Error(
        fmt::format("crossbar array: arithmetic device computes currents up to 2^24 cell units, {} lines "
                    "with dac_bits = {} "
                    "and cell_bits[{}] = {} reach {}",
                    lines, config.dac_bits, slice, config.cell_bits_of(slice), largest));
  }
}

int bits_for_current(std::int64_t current) {
  int bits = 2;
  while ((std::int64_t{1} << (bits - 1)) - 1 < current) ++bits;
  return bits;
}

int lossless_bits(const ArrayConfig& config, bool carries_resolved) {
  std::int64_t largest = 0;
  for (int slice = 0; slice < config.slices; ++slice) {
    largest = std::max(
        largest, full_scale_current(config, std::max(config.rows, config.cols), slice, carries_resolved));
  }
  return bits_for_current(largest);
}

}  // namespace

void ArrayConfig::validate() const {
  require_in_range("rows", rows, 1, max_lines);
  require_in_range("cols", cols, 1, max_lines);
  require_in_range("digit_bits", digit_bits, 1, max_cell_bits);
  require_in_range("slices", slices, 1, max_weight_bits / digit_bits);
  require_cells(*this);
  require_in_range("dac_bits", dac_bits, 1, 8);
  require_converters(*this);
  require_accumulator(*this);
  if (arithmetic != Arithmetic::device) return;
  require_exact_currents(*this);
  device.validate();
}

std::int64_t ArrayConfig::weight_min() const {
  const DigitCode code(*this);
  const std::int64_t by_cell = cell_min(slices - 1) * code.top_unit() + code.lower_digits_min();
  return std::max(by_cell, -(std::int64_t{1} << (weight_bits() - 1)));
}

std::int64_t ArrayConfig::weight_max() const {
  const DigitCode code(*this);
  const std::int64_t by_cell = cell_max(slices - 1) * code.top_unit() + code.lower_digits_max();
  return std::min(by_cell, (std::int64_t{1} << (weight_bits() - 1)) - 1);
}

int ArrayConfig::lossless_adc_bits() const { return lossless_bits(*this, true); }
int ArrayConfig::lossless_adc_bits_with_carries() const { return lossless_bits(*this, false); }

}  // namespace weft::crossbar

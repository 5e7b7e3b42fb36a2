// SPDX-License-Identifier: Apache-2.0
#include "models/crossbar/pair_cells.h"

#include <algorithm>
#include <array>
#include <cstdlib>

#include "models/crossbar/array_config.h"

namespace weft::crossbar {

namespace {

using Units = std::array<std::int16_t, ArrayConfig::max_lines>;

// What the steps of `magnitude` deposit in a row of pairs; 15 steps of 255 units fit 16 bits.
void sum_steps(const DepositJob& job, int magnitude, Units& units) {
  std::fill_n(units.begin(), job.width, std::int16_t{0});
  auto steps = static_cast<std::uint32_t>(magnitude) & job.steps;
  for (; steps != 0; steps &= steps - 1) {
    const std::uint8_t* chunk =
        job.chunks + static_cast<std::ptrdiff_t>(job.alignment - __builtin_ctz(steps)) * job.width;
    for (int c = 0; c < job.width; ++c) {
      std::int16_t& sum = units[static_cast<std::size_t>(c)];
      sum = static_cast<std::int16_t>(sum + chunk[c]);
    }
  }
}

}  // namespace

void PairCells::allocate(std::size_t count) {
  positive_.resize(count);
  negative_.resize(count);
}

void PairCells::write(std::size_t offset, int count, const std::int8_t* digits) {
  for (int i = 0; i < count; ++i) {
    const auto at = offset + static_cast<std::size_t>(i);
    positive_[at] = static_cast<std::uint8_t>(std::max<int>(digits[i], 0));
    negative_[at] = static_cast<std::uint8_t>(std::max<int>(-digits[i], 0));
  }
}

std::int8_t PairCells::set_state(std::size_t at, int part, std::uint8_t state) {
  (part == 0 ? positive_ : negative_)[at] = state;
  return static_cast<std::int8_t>(positive_[at] - negative_[at]);
}

Saturation PairCells::deposit(const DepositJob& job, std::size_t offset) {
  Saturation saturation;
  Units units;
  for (int i = 0; i < job.row_count; ++i) {
    const ActiveLine& row = job.rows[i];
    sum_steps(job, std::abs(row.value), units);
    const auto first = static_cast<std::size_t>(row.line * job.stride);
    std::uint8_t* const positive = positive_.data() + offset + first;
    std::uint8_t* const negative = negative_.data() + offset + first;
    std::int8_t* const digits = job.cells + first;
    for (int c = 0; c < job.width; ++c) {
      const bool lowers = (row.value < 0) != (job.negative[c] != 0);
      std::uint8_t& state = lowers ? negative[c] : positive[c];
      const int wanted = state + units[static_cast<std::size_t>(c)];
      const int kept = std::min(wanted, job.cell_max);
      state = static_cast<std::uint8_t>(kept);
      saturation.cells += static_cast<std::uint64_t>(kept != wanted);
      saturation.units += static_cast<std::uint64_t>(wanted - kept);
      digits[c] = static_cast<std::int8_t>(positive[c] - negative[c]);
    }
  }
  return saturation;
}

}  // namespace weft::crossbar

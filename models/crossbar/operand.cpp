// SPDX-License-Identifier: Apache-2.0
#include "models/crossbar/operand.h"

#include <algorithm>
#include <array>
#include <cstdlib>

#include "models/crossbar/array_config.h"

namespace weft::crossbar {

namespace {

constexpr int operand_bits = 16;

// Lines whose magnitude has a bit in common with `mask`; at most 1024 lines, so 16-bit lanes suffice.
std::uint64_t count_lines(const Operand& operand, std::uint32_t mask) {
  const auto lane_mask = static_cast<std::uint16_t>(mask);
  const std::uint16_t* magnitude = operand.magnitudes();
  std::uint16_t count = 0;
  for (int i = 0; i < operand.padded_lines(); ++i) {
    count = static_cast<std::uint16_t>(count + static_cast<std::uint16_t>((magnitude[i] & lane_mask) != 0));
  }
  return count;
}

int bit_length(std::uint32_t value) {
  int bits = 0;
  for (; value != 0; value >>= 1) ++bits;
  return bits;
}

std::array<std::uint64_t, operand_bits + 1> lines_by_bit_length(const Operand& operand) {
  std::array<std::uint64_t, operand_bits + 1> histogram{};
  for (int i = 0; i < operand.lines(); ++i) {
    ++histogram[static_cast<std::size_t>(bit_length(operand.magnitudes()[i]))];
  }
  return histogram;
}

// Deposits that a row with only bit `step` set causes in one row of cells.
std::uint64_t deposits_of_step(const Operand& col, int step, int slices, int digit_bits) {
  std::uint64_t deposits = 0;
  for (int slice = step / digit_bits; slice < slices; ++slice) {
    // The bits of the unshifted magnitude that become this slice's chunk.
    const std::uint64_t chunk = std::uint64_t{(1U << digit_bits) - 1} << (slice * digit_bits);
    const auto mask = static_cast<std::uint32_t>((chunk >> step) & ((1U << operand_bits) - 1));
    if ((col.magnitude_mask() & mask) != 0) deposits += count_lines(col, mask);
  }
  return deposits;
}

}  // namespace

Operand::Operand(int capacity)
    : values_(static_cast<std::size_t>(capacity)),
      magnitudes_(static_cast<std::size_t>(capacity)),
      active_(static_cast<std::size_t>(capacity) + 1) {}

std::optional<OperandOverflow> Operand::load(Span<const std::int16_t> values, int bits) {
  lines_ = static_cast<int>(values.size());
  padded_ = pad_to_lanes(lines_);
  std::uint16_t mask = 0;
  std::uint16_t largest = 0;
  for (int i = 0; i < lines_; ++i) {
    const std::int16_t value = values.data()[i];
    const auto magnitude = static_cast<std::uint16_t>(value < 0 ? -value : value);
    values_[static_cast<std::size_t>(i)] = value;
    magnitudes_[static_cast<std::size_t>(i)] = magnitude;
    mask = static_cast<std::uint16_t>(mask | magnitude);
    largest = std::max(largest, magnitude);
  }
  std::fill(values_.begin() + lines_, values_.begin() + padded_, std::int16_t{0});
  std::fill(magnitudes_.begin() + lines_, magnitudes_.begin() + padded_, std::uint16_t{0});
  mask_ = mask;
  largest_ = largest;
  find_active();
  if ((mask_ >> bits) == 0) return std::nullopt;
  const std::int16_t* first = std::find_if(
      values.begin(), values.end(), [&](std::int16_t value) { return (std::abs(value) >> bits) != 0; });
  return OperandOverflow{static_cast<int>(first - values.begin()), *first};
}

void Operand::find_active() {
  // Written without a branch: which lines are zero cannot be predicted. The last entry is scratch.
  int count = 0;
  for (int i = 0; i < lines_; ++i) {
    const std::int16_t value = values_[static_cast<std::size_t>(i)];
    active_[static_cast<std::size_t>(count)] = ActiveLine{i, value};
    count += static_cast<int>(value != 0);
  }
  active_count_ = count;
}

std::uint64_t count_deposits(const Operand& row, const Operand& col, int slices, int digit_bits) {
  if (col.active_count() == 0) return 0;
  // As long as nothing is shifted out of the top slice, steps that differ by whole digits cut the column
  // operand in the same way.
  constexpr std::uint64_t unknown = ~std::uint64_t{0};
  std::array<std::uint64_t, operand_bits> by_alignment;
  by_alignment.fill(unknown);
  std::uint64_t deposits = 0;
  for (int step = 0; (row.magnitude_mask() >> step) != 0; ++step) {
    const std::uint64_t rows = count_lines(row, 1U << step);
    if (rows == 0) continue;
    if (step + operand_bits > slices * digit_bits) {
      deposits += rows * deposits_of_step(col, step, slices, digit_bits);
      continue;
    }
    std::uint64_t& aligned = by_alignment[static_cast<std::size_t>(step % digit_bits)];
    if (aligned == unknown) aligned = deposits_of_step(col, step, slices, digit_bits);
    deposits += rows * aligned;
  }
  return deposits;
}

std::uint64_t count_truncated_products(const Operand& row, const Operand& col, int weight_bits) {
  // Bits are lost when the highest step that drives a row shifts the column's top bit out.
  const auto loses_bits = [&](int row_bits, int col_bits) {
    return row_bits > 0 && col_bits > 0 && row_bits - 1 + col_bits > weight_bits;
  };
  if (!loses_bits(bit_length(row.magnitude_mask()), bit_length(col.magnitude_mask()))) return 0;
  const auto rows = lines_by_bit_length(row);
  const auto cols = lines_by_bit_length(col);
  std::uint64_t count = 0;
  for (int r = 0; r <= operand_bits; ++r) {
    for (int c = 0; c <= operand_bits; ++c) {
      if (loses_bits(r, c)) count += rows[static_cast<std::size_t>(r)] * cols[static_cast<std::size_t>(c)];
    }
  }
  return count;
}

}  // namespace weft::crossbar

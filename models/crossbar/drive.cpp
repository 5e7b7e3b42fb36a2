// SPDX-License-Identifier: Apache-2.0
#include "models/crossbar/drive.h"

#include <algorithm>

#include "models/crossbar/array_config.h"

namespace weft::crossbar {

StreamedOperand::StreamedOperand(int capacity)
    : magnitudes_(static_cast<std::size_t>(capacity)),
      negative_(static_cast<std::size_t>(capacity)),
      values_(static_cast<std::size_t>(capacity) * ArrayConfig::max_operand_bits),
      negative_total_(ArrayConfig::max_operand_bits) {}

Chunks StreamedOperand::load_active(const Operand& x, int steps, int dac_bits) {
  const int count = x.active_count();
  const int spacing = pad_to_lanes(count);
  for (int i = 0; i < count; ++i) {
    const std::int32_t value = x.active()[i].value;
    magnitudes_[static_cast<std::size_t>(i)] = static_cast<std::uint16_t>(value < 0 ? -value : value);
    negative_[static_cast<std::size_t>(i)] = value < 0 ? 0xff : 0;
  }
  std::fill(magnitudes_.begin() + count, magnitudes_.begin() + spacing, std::uint16_t{0});
  std::fill(negative_.begin() + count, negative_.begin() + spacing, std::uint8_t{0});
  return cut(spacing, steps, dac_bits);
}

Chunks StreamedOperand::load_all(const Operand& x, int steps, int dac_bits) {
  const int spacing = x.padded_lines();
  std::copy_n(x.magnitudes(), spacing, magnitudes_.begin());
  for (int i = 0; i < spacing; ++i) negative_[static_cast<std::size_t>(i)] = x.values()[i] < 0 ? 0xff : 0;
  return cut(spacing, steps, dac_bits);
}

Chunks StreamedOperand::cut(int spacing, int steps, int dac_bits) {
  const auto mask = static_cast<std::uint16_t>((1 << dac_bits) - 1);
  for (int k = 0; k < steps; ++k) {
    std::uint8_t* values = values_.data() + static_cast<std::ptrdiff_t>(k) * spacing;
    const int shift = k * dac_bits;
    const std::uint16_t* magnitudes = magnitudes_.data();
    const std::uint8_t* negative = negative_.data();
    std::int32_t total = 0;
    for (int i = 0; i < spacing; ++i) values[i] = static_cast<std::uint8_t>((magnitudes[i] >> shift) & mask);
    for (int i = 0; i < spacing; ++i) total += values[i] & negative[i];
    negative_total_[static_cast<std::size_t>(k)] = total;
  }
  Chunks chunks;
  chunks.values = values_.data();
  chunks.negative = negative_.data();
  chunks.negative_total = negative_total_.data();
  chunks.steps = steps;
  chunks.spacing = spacing;
  chunks.largest = mask;
  return chunks;
}

// Shifts v*m - k that leave anything of a magnitude range from -(v-1) to its length less one.
ShiftedOperand::ShiftedOperand(int capacity, int digit_bits)
    : digit_bits_(digit_bits),
      chunks_(static_cast<std::size_t>(capacity) *
              static_cast<std::size_t>(digit_bits - 1 + ArrayConfig::max_operand_bits)),
      negative_(static_cast<std::size_t>(capacity)) {}

void ShiftedOperand::load(const Operand& d) {
  const int width = d.padded_lines();
  width_ = width;
  mask_ = d.magnitude_mask();
  for (int c = 0; c < width; ++c) negative_[static_cast<std::size_t>(c)] = d.values()[c] < 0 ? 0xff : 0;
  const std::uint16_t* magnitudes = d.magnitudes();
  const auto mask = static_cast<std::uint16_t>((1 << digit_bits_) - 1);
  std::uint8_t* chunks = chunks_.data();
  for (int shift = 1 - digit_bits_; shift < ArrayConfig::max_operand_bits; ++shift, chunks += width) {
    if (shift < 0) {
      for (int c = 0; c < width; ++c) chunks[c] = static_cast<std::uint8_t>((magnitudes[c] << -shift) & mask);
    } else {
      for (int c = 0; c < width; ++c) chunks[c] = static_cast<std::uint8_t>((magnitudes[c] >> shift) & mask);
    }
  }
}

std::uint32_t ShiftedOperand::steps(int slice, std::uint32_t stream) const {
  std::uint32_t steps = 0;
  for (int step = 0; (stream >> step) != 0; ++step) {
    if (deposit_chunk(mask_, step, slice, digit_bits_) != 0) steps |= 1U << step;
  }
  return steps & stream;
}

// A chunk of the bitwise or of all magnitudes is at least as large as the chunk of any of them.
int ShiftedOperand::largest_deposit(int slice, std::uint32_t stream) const {
  int units = 0;
  for (int step = 0; (stream >> step) != 0; ++step) {
    if (((stream >> step) & 1U) == 0) continue;
    units += static_cast<int>(deposit_chunk(mask_, step, slice, digit_bits_));
  }
  return units;
}

}  // namespace weft::crossbar

// SPDX-License-Identifier: Apache-2.0
#include "models/crossbar/noise_power.h"

#include <algorithm>
#include <limits>

namespace weft::crossbar {

namespace {

constexpr int top_level = 255;
// Levels are stored less this, as signed bytes.
constexpr int level_offset = 128;
constexpr int digit_bits = 8;
constexpr int phases = 8;
// Odd, and its own inverse modulo `phases`: along a row and along a column, phases differ eight at a time.
constexpr int phase_step = 5;

std::size_t step_of(int digit, const RealProduct& product, int step) {
  return static_cast<std::size_t>(digit) * static_cast<std::size_t>(product.steps) +
         static_cast<std::size_t>(step);
}

int line_capacity(const ArrayConfig& config) { return pad_to_lanes(std::max(config.rows, config.cols)); }

}  // namespace

NoisePower::NoisePower(const ArrayConfig& config, const Kernels& kernels)
    : config_(config),
      kernels_(kernels),
      stride_(pad_to_lanes(config.cols)),
      arrays_(static_cast<std::size_t>(config.slices) * static_cast<std::size_t>(config.arrays_per_slice())),
      digits_(2 * config.dac_bits > digit_bits ? 2 : 1) {
  const auto lines = static_cast<std::size_t>(line_capacity(config));
  const std::size_t step_lines = lines * ArrayConfig::max_operand_bits;
  for (int i = 0; i < stride_ + phases; ++i)
    dither_.push_back((static_cast<float>(i * phase_step % phases) + 0.5F) / phases);
  chunks_.resize(step_lines * static_cast<std::size_t>(digits_));
  totals_.resize(std::size_t{ArrayConfig::max_operand_bits} * static_cast<std::size_t>(digits_));
  polarity_.resize(lines);
  no_totals_.resize(ArrayConfig::max_operand_bits);
  scratch_.resize(packed_bytes(line_capacity(config)));
  narrow_.resize(step_lines);
  wide_.resize(step_lines);
}

void NoisePower::load(const RealProduct& product) {
  const bool rows_driven = product.rows != nullptr;
  const int lines = rows_driven ? product.row_count : product.width;
  spacing_ = pad_to_lanes(lines);
  const std::ptrdiff_t line_stride = rows_driven ? product.steps : 1;
  const std::ptrdiff_t step_stride = rows_driven ? 1 : product.width;
  std::uint8_t* target = chunks_.data();
  for (int digit = 0; digit < digits_; ++digit) {
    for (int k = 0; k < product.steps; ++k, target += spacing_) {
      std::int32_t total = 0;
      for (int i = 0; i < lines; ++i) {
        const auto chunk = static_cast<int>(product.chunks[i * line_stride + k * step_stride]);
        target[i] = static_cast<std::uint8_t>((chunk * chunk) >> (digit * digit_bits));
        total += target[i];
      }
      std::fill(target + lines, target + spacing_, std::uint8_t{0});
      totals_[step_of(digit, product, k)] = total;
    }
  }
}

void NoisePower::quantise(device::CellArray& cells, Levels& levels) {
  const auto reference = static_cast<float>(cells.reference());
  const float* seen = cells.seen();
  const int count = config_.rows * stride_;
  const float largest = kernels_.real->largest_square(seen, reference, count);
  levels.level.resize(static_cast<std::size_t>(count));
  levels.unit = largest / top_level;
  levels.version = cells.version();
  const float scale = largest > 0 ? top_level / largest : 0;
  for (int row = 0; row < config_.rows; ++row) {
    const std::ptrdiff_t first = std::ptrdiff_t{row} * stride_;
    // Phase (row + phase_step * column) modulo `phases`.
    const float* dither = dither_.data() + row * phase_step % phases;
    kernels_.real->square_levels({seen + first, reference, scale, dither, stride_},
                                 levels.level.data() + first);
  }
}

void NoisePower::add_digit(int digit, const RealProduct& product, const Levels& levels, float* sum) {
  const bool rows_driven = product.rows != nullptr;
  Chunks chunks;
  chunks.values = chunks_.data() + std::ptrdiff_t{digit} * product.steps * spacing_;
  chunks.negative = polarity_.data();
  chunks.negative_total = no_totals_.data();
  chunks.steps = product.steps;
  chunks.spacing = spacing_;
  const int largest_chunk = (1 << config_.dac_bits) - 1;
  chunks.largest = std::min(largest_chunk * largest_chunk, top_level);
  const int driven = rows_driven ? product.row_count : product.width;
  const bool fits = driven * chunks.largest * level_offset <= std::numeric_limits<std::int16_t>::max();
  const Currents current = fits ? Currents{narrow_.data(), nullptr} : Currents{nullptr, wide_.data()};
  const CellBlock block{levels.level.data(), stride_, product.width};
  int lines = product.width;
  if (rows_driven) {
    kernels_.column_currents(block, product.rows, product.row_count, chunks, scratch_.data(), current);
  } else {
    lines = pad_to_lanes(product.row_count);
    kernels_.row_currents(block, product.row_count, chunks, scratch_.data(), current);
  }
  const float unit = levels.unit * static_cast<float>(1 << (digit * digit_bits));
  for (int k = 0; k < product.steps; ++k) {
    const std::int32_t offset = level_offset * totals_[step_of(digit, product, k)];
    for (int i = k * lines; i < (k + 1) * lines; ++i) {
      const std::int32_t units = fits ? current.narrow[i] : current.wide[i];
      sum[i] += static_cast<float>(units + offset) * unit;
    }
  }
}

void NoisePower::sums(int slice, DigitCells& cells, const RealProduct& product, float* sum) {
  const int lines = product.rows != nullptr ? product.width : pad_to_lanes(product.row_count);
  std::fill(sum, sum + std::ptrdiff_t{product.steps} * lines, 0.0F);
  Levels* levels = &arrays_[static_cast<std::size_t>(slice) * cells.arrays().size()];
  for (device::CellArray& array : cells.arrays()) {
    if (levels->level.empty() || levels->version != array.version()) quantise(array, *levels);
    for (int digit = 0; digit < digits_; ++digit) add_digit(digit, product, *levels, sum);
    ++levels;
  }
}

}  // namespace weft::crossbar

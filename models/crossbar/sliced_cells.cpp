// SPDX-License-Identifier: Apache-2.0
#include "models/crossbar/sliced_cells.h"

#include <algorithm>
#include <cstdlib>
#include <limits>

namespace weft::crossbar {

SlicedCells::SlicedCells(const ArrayConfig& config, const Kernels& kernels)
    : config_(config), kernels_(kernels), code_(config), stride_(pad_to_lanes(config.cols)) {}

void SlicedCells::allocate() {
  if (!cells_.empty()) return;
  const auto lines = static_cast<std::size_t>(std::max(pad_to_lanes(config_.rows), stride_));
  cells_.resize(offset(config_.slices, 0, 0));
  chunks_.resize(lines * ArrayConfig::max_operand_bits);
  currents_.resize(lines * ArrayConfig::max_operand_bits);
}

void SlicedCells::write(int row, int col, int count, const std::int32_t* weights) {
  allocate();
  for (int slice = 0; slice < config_.slices; ++slice) {
    code_.encode(weights, count, slice, cells_.data() + offset(slice, row, col));
  }
}

void SlicedCells::values(int row, int col, int count, std::int64_t* value) const {
  std::fill(value, value + count, std::int64_t{0});
  if (cells_.empty()) return;
  for (int slice = config_.slices - 1; slice >= 0; --slice) {
    code_.append(cells_.data() + offset(slice, row, col), count, value);
  }
}

std::int8_t SlicedCells::cell(int slice, int row, int col) const {
  return cells_.empty() ? std::int8_t{0} : cells_[offset(slice, row, col)];
}

void SlicedCells::shift_and_add(const Adc& adc, int slice, int steps, int spacing, int lines, std::int64_t* y,
                                AdcCounts& counts) const {
  for (int k = 0; k < steps; ++k) {
    convert_and_add(adc, currents_.data() + static_cast<std::ptrdiff_t>(k) * spacing, lines,
                    slice * config_.digit_bits + k * config_.dac_bits, y, counts);
  }
}

void SlicedCells::mvm(const Operand& x, int in_bits, bool carries_resolved, int cols, std::int64_t* y,
                      AdcCounts& counts) {
  allocate();
  const int steps = (in_bits + config_.dac_bits - 1) / config_.dac_bits;
  const int width = pad_to_lanes(cols);
  x.chunks_by_line(steps, config_.dac_bits, chunks_.data());
  std::fill(y, y + cols, std::int64_t{0});
  for (int slice = 0; slice < config_.slices; ++slice) {
    const int largest_sum = x.active_count() * ((1 << config_.dac_bits) - 1) * -config_.cell_min(slice);
    const bool narrow = largest_sum <= std::numeric_limits<std::int16_t>::max();
    kernels_.column_currents(block(slice, width), x.active(), x.active_count(), chunks_.data(), steps, narrow,
                             currents_.data());
    shift_and_add(make_adc(config_, config_.rows, slice, carries_resolved), slice, steps, width, cols, y,
                  counts);
  }
}

void SlicedCells::mtvm(const Operand& x, int in_bits, bool carries_resolved, int rows, std::int64_t* y,
                       AdcCounts& counts) {
  allocate();
  const int steps = (in_bits + config_.dac_bits - 1) / config_.dac_bits;
  x.chunks_by_step(steps, config_.dac_bits, chunks_.data());
  std::fill(y, y + rows, std::int64_t{0});
  for (int slice = 0; slice < config_.slices; ++slice) {
    kernels_.row_currents(block(slice, x.padded_lines()), rows, chunks_.data(), steps, currents_.data());
    shift_and_add(make_adc(config_, config_.cols, slice, carries_resolved), slice, steps, rows, rows, y,
                  counts);
  }
}

std::uint32_t SlicedCells::deposit_chunks(const Operand& x, const Operand& d, int slice) {
  std::uint32_t steps = 0;
  const int width = d.padded_lines();
  for (int step = 0; (x.magnitude_mask() >> step) != 0; ++step) {
    if (deposit_chunk(d.magnitude_mask(), step, slice, config_.digit_bits) == 0) continue;
    steps |= 1U << step;
    std::int16_t* chunks = chunks_.data() + static_cast<std::ptrdiff_t>(step) * width;
    for (int c = 0; c < width; ++c) {
      const auto chunk = static_cast<int>(deposit_chunk(d.magnitudes()[c], step, slice, config_.digit_bits));
      chunks[c] = static_cast<std::int16_t>(d.values()[c] < 0 ? -chunk : chunk);
    }
  }
  return steps & x.magnitude_mask();
}

void SlicedCells::opa(const Operand& x, const Operand& d, std::vector<Saturation>& saturation) {
  allocate();
  for (int slice = 0; slice < config_.slices; ++slice) {
    DepositJob job;
    job.steps = deposit_chunks(x, d, slice);
    if (job.steps == 0) continue;
    job.cells = cells_.data() + offset(slice, 0, 0);
    job.stride = stride_;
    job.width = d.padded_lines();
    job.rows = x.active();
    job.row_count = x.active_count();
    job.chunks = chunks_.data();
    job.cell_min = config_.cell_min(slice);
    job.cell_max = config_.cell_max(slice);
    const Saturation met = kernels_.deposit(job);
    saturation[static_cast<std::size_t>(slice)].cells += met.cells;
    saturation[static_cast<std::size_t>(slice)].units += met.units;
  }
}

}  // namespace weft::crossbar

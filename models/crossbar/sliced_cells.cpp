// SPDX-License-Identifier: Apache-2.0
#include "models/crossbar/sliced_cells.h"

#include <algorithm>
#include <array>
#include <limits>

#include "models/common/vector_clones.h"

namespace weft::crossbar {

namespace {

// value[c] = value[c] * 2^shift + group[c]
WEFT_VECTOR_CLONES void append_group(const std::int32_t* group, int count, int shift, std::int64_t* value) {
  for (int c = 0; c < count; ++c) {
    const std::uint64_t higher = static_cast<std::uint64_t>(value[c]) << shift;
    value[c] = static_cast<std::int64_t>(higher + static_cast<std::uint64_t>(std::int64_t{group[c]}));
  }
}

int line_capacity(const ArrayConfig& config) { return pad_to_lanes(std::max(config.rows, config.cols)); }

}  // namespace

SlicedCells::SlicedCells(const ArrayConfig& config, const Kernels& kernels)
    : config_(config),
      kernels_(kernels),
      code_(config),
      stride_(pad_to_lanes(config.cols)),
      streamed_(line_capacity(config)),
      shifted_(line_capacity(config), config.digit_bits) {}

void SlicedCells::allocate() {
  if (!cells_.empty()) return;
  const int lines = line_capacity(config_);
  cells_.resize(offset(config_.slices, 0, 0));
  if (config_.pairs()) pairs_.allocate(cells_.size());
  currents_.resize(static_cast<std::size_t>(lines) * ArrayConfig::max_operand_bits);
  scratch_.resize(std::max(packed_bytes(lines), deposit_scratch_bytes(stride_)));
}

void SlicedCells::write(int row, int col, int count, const std::int32_t* weights) {
  allocate();
  for (int slice = 0; slice < config_.slices; ++slice) {
    const std::size_t at = offset(slice, row, col);
    code_.encode(weights, count, slice, cells_.data() + at);
    if (config_.pairs()) pairs_.write(at, count, cells_.data() + at);
  }
  restore_held();
}

void SlicedCells::hold(const std::vector<HeldCell>& cells) {
  allocate();
  held_ = cells;
  restore_held();
}

void SlicedCells::restore_held() {
  for (const HeldCell& held : held_) {
    const std::size_t at = offset(held.slice, held.row, held.col);
    cells_[at] =
        config_.pairs() ? pairs_.set_state(at, held.part, static_cast<std::uint8_t>(held.digit)) : held.digit;
  }
}

// A few slices at a time in 32-bit lanes: sums of 64 bits are only needed between these groups.
void SlicedCells::values(int row, int col, int count, std::int64_t* value) const {
  std::fill(value, value + count, std::int64_t{0});
  if (cells_.empty()) return;
  std::array<std::int32_t, ArrayConfig::max_lines> group;
  const int group_slices = code_.group_slices();
  for (int first = (config_.slices - 1) / group_slices * group_slices; first >= 0; first -= group_slices) {
    std::fill_n(group.begin(), count, 0);
    for (int slice = std::min(first + group_slices, config_.slices) - 1; slice >= first; --slice)
      code_.append(cells_.data() + offset(slice, row, col), count, group.data());
    const int shift = group_slices * config_.digit_bits;
    append_group(group.data(), count, shift, value);
  }
}

std::int8_t SlicedCells::cell(int slice, int row, int col) const {
  return cells_.empty() ? std::int8_t{0} : cells_[offset(slice, row, col)];
}

std::uint8_t SlicedCells::cell_of_pair(int slice, int row, int col, int part) const {
  return cells_.empty() ? std::uint8_t{0} : pairs_.state(offset(slice, row, col), part);
}

Conversion SlicedCells::conversion(const Adc& adc, int slice, int steps, int driven, int lines) {
  Conversion job;
  job.adc = adc;
  job.spacing = pad_to_lanes(lines);
  job.lines = lines;
  job.steps = steps;
  job.dac_bits = config_.dac_bits;
  job.weight_shift = slice * config_.digit_bits;
  job.largest_current = driven * ((1 << config_.dac_bits) - 1) * config_.largest_cell(slice);
  const std::int64_t rounded_up = job.largest_current + ((std::int64_t{1} << adc.shift) >> 1);
  // A profile and middle states take currents of one size.
  const bool narrow = profile_ == nullptr && !config_.offset_currents();
  if (narrow && rounded_up <= std::numeric_limits<std::int16_t>::max()) {
    job.current.narrow = currents_.data();
  } else {
    wide_currents_.resize(currents_.size());
    job.current.wide = wide_currents_.data();
  }
  return job;
}

Currents SlicedCells::currents(const Conversion& job) {
  if (job.current.narrow != nullptr) return {currents_.data(), nullptr};
  return {nullptr, wide_currents_.data()};
}

void SlicedCells::shift_and_add(const Conversion& job, int slice, const Chunks& chunks, std::int64_t* y,
                                AdcCounts& counts) {
  if (config_.offset_currents()) add_middle_states(job, slice, chunks);
  if (profile_ != nullptr) {
    for (int step = 0; step < job.steps; ++step)
      profile_->add(slice, job.current.from(step * job.spacing).wide, job.lines);
  }
  AdcCounts lost;
  kernels_.convert(job, y, lost);
  if (config_.offset_currents()) {
    const std::int64_t offset = middle_states(job, slice, lost);
    for (int i = 0; i < job.lines; ++i) y[i] -= offset;
  }
  if (profile_ != nullptr) profile_->add_losses(slice, lost);
  counts.clipped += lost.clipped;
  counts.rounded += lost.rounded;
}

void SlicedCells::add_middle_states(const Conversion& job, int slice, const Chunks& chunks) {
  for (int step = 0; step < chunks.steps; ++step) {
    const std::uint8_t* values = chunks.values + static_cast<std::ptrdiff_t>(step) * chunks.spacing;
    std::int32_t drive = -2 * chunks.negative_total[step];
    for (int i = 0; i < chunks.spacing; ++i) drive += values[i];
    const std::int32_t middle = drive * config_.current_offset(slice);
    middle_current_[static_cast<std::size_t>(step)] = middle;
    std::int32_t* current = wide_currents_.data() + static_cast<std::ptrdiff_t>(step) * job.spacing;
    for (int i = 0; i < job.lines; ++i) current[i] += middle;
  }
}

std::int64_t SlicedCells::middle_states(const Conversion& job, int slice, AdcCounts& counts) {
  std::int64_t sum = 0;
  if (config_.encoding == Encoding::unit_column) {
    Conversion one = job;
    one.current = {nullptr, middle_current_.data()};
    one.spacing = 1;
    one.lines = 1;
    if (profile_ != nullptr) profile_->add(slice, middle_current_.data(), job.steps);
    kernels_.convert(one, &sum, counts);
    return sum;
  }
  for (int step = 0; step < job.steps; ++step) {
    const std::int64_t weight = std::int64_t{1} << (job.weight_shift + step * job.dac_bits);
    sum += middle_current_[static_cast<std::size_t>(step)] * weight;
  }
  return sum;
}

void SlicedCells::mvm(const Operand& x, int in_bits, bool carries_resolved, int cols, std::int64_t* y,
                      AdcCounts& counts) {
  allocate();
  const Chunks chunks = streamed_.load_active(x, steps(in_bits), config_.dac_bits);
  std::fill(y, y + cols, std::int64_t{0});
  for (int slice = 0; slice < config_.slices; ++slice) {
    const Conversion job = conversion(make_adc(config_, config_.rows, slice, carries_resolved), slice,
                                      chunks.steps, x.active_count(), cols);
    kernels_.column_currents(block(slice, job.spacing), x.active(), x.active_count(), chunks, scratch_.data(),
                             currents(job));
    shift_and_add(job, slice, chunks, y, counts);
  }
}

void SlicedCells::mtvm(const Operand& x, int in_bits, bool carries_resolved, int rows, std::int64_t* y,
                       AdcCounts& counts) {
  allocate();
  const Chunks chunks = streamed_.load_all(x, steps(in_bits), config_.dac_bits);
  std::fill(y, y + rows, std::int64_t{0});
  for (int slice = 0; slice < config_.slices; ++slice) {
    const Conversion job = conversion(make_adc(config_, config_.cols, slice, carries_resolved), slice,
                                      chunks.steps, x.active_count(), rows);
    kernels_.row_currents(block(slice, x.padded_lines()), rows, chunks, scratch_.data(), currents(job));
    shift_and_add(job, slice, chunks, y, counts);
  }
}

void SlicedCells::opa(const Operand& x, const Operand& d, std::vector<Saturation>& saturation) {
  allocate();
  shifted_.load(d);
  DepositJob job;
  job.stride = stride_;
  job.width = shifted_.width();
  job.rows = x.active();
  job.row_count = x.active_count();
  job.chunks = shifted_.chunks();
  job.negative = shifted_.negative();
  job.scratch = scratch_.data();
  for (int slice = 0; slice < config_.slices; ++slice) {
    job.alignment = shifted_.alignment(slice);
    job.steps = shifted_.steps(slice, x.magnitude_mask());
    job.largest = shifted_.largest_deposit(slice, x.magnitude_mask());
    if (job.steps == 0) continue;
    job.cells = cells_.data() + offset(slice, 0, 0);
    job.cell_min = config_.cell_min(slice);
    job.cell_max = config_.cell_max(slice);
    const Saturation met = config_.pairs() ? pairs_.deposit(job, offset(slice, 0, 0)) : kernels_.deposit(job);
    saturation[static_cast<std::size_t>(slice)].cells += met.cells;
    saturation[static_cast<std::size_t>(slice)].units += met.units;
  }
  restore_held();
}

}  // namespace weft::crossbar

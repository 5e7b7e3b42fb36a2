// SPDX-License-Identifier: Apache-2.0
#include "models/crossbar/device_cells.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

namespace weft::crossbar {

DeviceCells::DeviceCells(const ArrayConfig& config, const Kernels& kernels)
    : config_(config), kernels_(kernels), code_(config), stride_(pad_to_lanes(config.cols)) {}

void DeviceCells::begin_operation() {
  ++operation_;
  if (slices_.empty()) allocate();
  for (DigitCells& slice : slices_) slice.set_time(now_s_);
  for (UnitLine& line : unit_columns_) line.set_time(now_s_);
  for (UnitLine& line : unit_rows_) line.set_time(now_s_);
}

void DeviceCells::allocate() {
  const auto lines = static_cast<std::size_t>(std::max(pad_to_lanes(config_.rows), stride_));
  for (int slice = 0; slice < config_.slices; ++slice) {
    slices_.emplace_back(config_, slice, stride_);
    if (config_.encoding != Encoding::unit_column) continue;
    unit_columns_.emplace_back(config_, slice, DeviceBank::unit_column);
    unit_rows_.emplace_back(config_, slice, DeviceBank::unit_row);
  }
  digits_.resize(lines);
  const std::size_t step_lines = lines * ArrayConfig::max_operand_bits;
  deposits_.resize(step_lines);
  chunks_.resize(step_lines);
  drive_.resize(ArrayConfig::max_operand_bits);
  power_.resize(ArrayConfig::max_operand_bits);
  currents_.resize(step_lines);
  deviates_.resize(lines);
  if (config_.device.read_noise.relative_sigma == 0) return;
  noise_power_.emplace(config_, kernels_);
  squares_.resize(step_lines);
}

// ---- Programming and reading cell by cell ----

void DeviceCells::write_digits(int row, int col, int count, const std::int32_t* weights, bool changed_only) {
  begin_operation();
  unsigned most = 0;
  for (int slice = 0; slice < config_.slices; ++slice) {
    code_.encode(weights, count, slice, digits_.data());
    most = std::max(most, slices_[static_cast<std::size_t>(slice)].program(operation_, row, col, count,
                                                                           digits_.data(), changed_only));
  }
  row_pulses_ += most;
}

// Horner step from the top slice down.
void DeviceCells::append(const std::int8_t* digit, int count, std::int64_t* value) const {
  const std::int64_t radix = std::int64_t{1} << config_.digit_bits;
  for (int c = 0; c < count; ++c) value[c] = value[c] * radix + digit[c];
}

void DeviceCells::read(int row, int col, int count, std::int64_t* value) {
  begin_operation();
  std::fill(value, value + count, std::int64_t{0});
  for (auto slice = slices_.rbegin(); slice != slices_.rend(); ++slice) {
    slice->read(operation_, row, col, count, digits_.data());
    append(digits_.data(), count, value);
  }
}

void DeviceCells::values(int row, int col, int count, std::int64_t* value) const {
  std::fill(value, value + count, std::int64_t{0});
  std::vector<std::int8_t> digits(static_cast<std::size_t>(count));
  for (auto slice = slices_.rbegin(); slice != slices_.rend(); ++slice) {
    slice->peek(row, col, count, digits.data());
    append(digits.data(), count, value);
  }
}

std::int8_t DeviceCells::cell(int slice, int row, int col) const {
  std::int8_t level = 0;
  if (!slices_.empty()) slices_[static_cast<std::size_t>(slice)].peek(row, col, 1, &level);
  return level;
}

std::int8_t DeviceCells::cell_of_pair(int slice, int row, int col, int part) const {
  return slices_.empty() ? std::int8_t{0}
                         : slices_[static_cast<std::size_t>(slice)].peek_part(part, row, col);
}

// ---- Products ----

// Chunk k of a line goes to chunk[k * spacing].
void DeviceCells::cut(int value, int steps, float* chunk, std::ptrdiff_t spacing) {
  const auto mask = (1U << config_.dac_bits) - 1;
  const auto magnitude = static_cast<unsigned>(std::abs(value));
  for (int k = 0; k < steps; ++k) {
    const auto units = static_cast<float>((magnitude >> (k * config_.dac_bits)) & mask);
    chunk[k * spacing] = value < 0 ? -units : units;
    drive_[static_cast<std::size_t>(k)] += static_cast<double>(chunk[k * spacing]);
    power_[static_cast<std::size_t>(k)] += static_cast<double>(units) * static_cast<double>(units);
  }
}

// A product without its chunks.
RealProduct DeviceCells::drive(int in_bits) {
  begin_operation();
  std::fill(drive_.begin(), drive_.end(), 0.0);
  std::fill(power_.begin(), power_.end(), 0.0);
  RealProduct product;
  product.stride = stride_;
  product.chunks = chunks_.data();
  product.steps = (in_bits + config_.dac_bits - 1) / config_.dac_bits;
  return product;
}

void DeviceCells::mvm(const Operand& x, int in_bits, bool carries_resolved, int cols, std::int64_t* y,
                      AdcCounts& counts) {
  RealProduct product = drive(in_bits);
  product.width = pad_to_lanes(cols);
  product.rows = x.active();
  product.row_count = x.active_count();
  for (int i = 0; i < x.active_count(); ++i)
    cut(x.active()[i].value, product.steps, chunks_.data() + std::ptrdiff_t{i} * product.steps, 1);
  multiply(product, kernels_.real->column_sums, {config_.rows, carries_resolved, cols, product.width}, y,
           counts);
}

void DeviceCells::mtvm(const Operand& x, int in_bits, bool carries_resolved, int rows, std::int64_t* y,
                       AdcCounts& counts) {
  RealProduct product = drive(in_bits);
  product.width = x.padded_lines();
  product.row_count = rows;
  std::fill(chunks_.begin(), chunks_.begin() + std::ptrdiff_t{product.steps} * product.width, 0.0F);
  for (int i = 0; i < x.active_count(); ++i)
    cut(x.active()[i].value, product.steps, chunks_.data() + x.active()[i].line, product.width);
  multiply(product, kernels_.real->row_sums, {config_.cols, carries_resolved, rows, pad_to_lanes(rows)}, y,
           counts);
}

void DeviceCells::multiply(RealProduct product, Sums sums, const ReadOut& read_out, std::int64_t* y,
                           AdcCounts& counts) {
  std::fill(y, y + read_out.lines, std::int64_t{0});
  if (noise_power_) noise_power_->load(product);
  for (int slice = 0; slice < config_.slices; ++slice) {
    DigitCells& cells = slices_[static_cast<std::size_t>(slice)];
    product.cells = cells.seen();
    sums(product, currents_.data());
    if (cells.has_read_noise()) add_noise(cells, slice, product, read_out);
    convert(slice, product.steps, read_out, y, counts);
    if (!unit_columns_.empty()) subtract_unit_line(slice, product, read_out, y, counts);
  }
}

void DeviceCells::convert_step(int slice, int step, const float* current, int lines, const ReadOut& read_out,
                               std::int64_t* y, AdcCounts& counts) {
  RealConversion job;
  job.adc = make_adc(config_, read_out.driven_lines, slice, read_out.carries_resolved);
  job.lines = lines;
  job.current = current;
  job.middle = drive_[static_cast<std::size_t>(step)] * config_.current_offset(slice);
  job.weight_shift = slice * config_.digit_bits + step * config_.dac_bits;
  AdcCounts lost;
  kernels_.real->convert(job, y, lost);
  counts.clipped += lost.clipped;
  counts.rounded += lost.rounded;
  if (profile_ != nullptr) profile(slice, job, lost);
}

void DeviceCells::convert(int slice, int steps, const ReadOut& read_out, std::int64_t* y, AdcCounts& counts) {
  for (int k = 0; k < steps; ++k)
    convert_step(slice, k, currents_.data() + std::ptrdiff_t{k} * read_out.spacing, read_out.lines, read_out,
                 y, counts);
}

void DeviceCells::subtract_unit_line(int slice, const RealProduct& product, const ReadOut& read_out,
                                     std::int64_t* y, AdcCounts& counts) {
  std::vector<UnitLine>& lines = product.rows != nullptr ? unit_columns_ : unit_rows_;
  std::array<float, ArrayConfig::max_operand_bits> current;
  lines[static_cast<std::size_t>(slice)].currents(product, operation_, current.data());
  std::int64_t sum = 0;
  for (int k = 0; k < product.steps; ++k)
    convert_step(slice, k, &current[static_cast<std::size_t>(k)], 1, read_out, &sum, counts);
  for (int i = 0; i < read_out.lines; ++i) y[i] -= sum;
}

void DeviceCells::profile(int slice, const RealConversion& job, const AdcCounts& lost) {
  std::array<std::int32_t, ArrayConfig::max_lines> rounded;
  for (int i = 0; i < job.lines; ++i) {
    rounded[static_cast<std::size_t>(i)] =
        static_cast<std::int32_t>(std::lround(static_cast<double>(job.current[i]) + job.middle));
  }
  profile_->add(slice, rounded.data(), job.lines);
  profile_->add_losses(slice, lost);
}

// The noises of the cells of a line add up to one normal deviate with the sum of their variances: one
// draw a conversion, not one a cell. Distribution and independence of conversions are the same.
void DeviceCells::add_noise(DigitCells& cells, int slice, const RealProduct& product,
                            const ReadOut& read_out) {
  RealNoise noise;
  noise.deviate = deviates_.data();
  noise.relative_variance = static_cast<float>(cells.relative_variance());
  noise.lines = read_out.lines;
  if (noise_power_) noise_power_->sums(slice, cells, product, squares_.data());
  const device::CellRandom random(config_.device.seed, config_.device.unit, slice);
  for (int k = 0; k < product.steps; ++k) {
    const double power = power_[static_cast<std::size_t>(k)];
    if (power == 0) continue;
    const double variance = cells.line_variance() * power;
    noise.variance = static_cast<float>(variance);
    noise.sigma = static_cast<float>(std::sqrt(variance));
    noise.squares = squares_.data() + std::ptrdiff_t{k} * read_out.spacing;
    random.normals(device::Purpose::line_noise, operation_, static_cast<std::uint32_t>(k), read_out.lines,
                   deviates_.data());
    kernels_.real->add_noise(noise, currents_.data() + std::ptrdiff_t{k} * read_out.spacing);
  }
}

// ---- Updates ----

// Fills deposits_ with what the columns deposit in `slice`; returns the steps with any deposit.
std::uint32_t DeviceCells::deposit_chunks(const Operand& x, const Operand& d, int slice) {
  std::uint32_t steps = 0;
  const int width = d.padded_lines();
  for (int step = 0; (x.magnitude_mask() >> step) != 0; ++step) {
    if (deposit_chunk(d.magnitude_mask(), step, slice, config_.digit_bits) == 0) continue;
    steps |= 1U << step;
    std::int16_t* chunks = deposits_.data() + static_cast<std::ptrdiff_t>(step) * width;
    for (int c = 0; c < width; ++c) {
      const auto chunk = static_cast<int>(deposit_chunk(d.magnitudes()[c], step, slice, config_.digit_bits));
      chunks[c] = static_cast<std::int16_t>(d.values()[c] < 0 ? -chunk : chunk);
    }
  }
  return steps & x.magnitude_mask();
}

void DeviceCells::opa(const Operand& x, const Operand& d, std::vector<Saturation>& saturation) {
  begin_operation();
  const int width = d.padded_lines();
  std::array<std::int16_t, ArrayConfig::max_lines> pulses;
  for (int slice = 0; slice < config_.slices; ++slice) {
    const std::uint32_t steps = deposit_chunks(x, d, slice);
    if (steps == 0) continue;
    for (int i = 0; i < x.active_count(); ++i) {
      const ActiveLine& row = x.active()[i];
      const int sign = row.value < 0 ? -1 : 1;
      std::fill(pulses.begin(), pulses.begin() + width, std::int16_t{0});
      for (auto left = static_cast<std::uint32_t>(sign * row.value) & steps; left != 0; left &= left - 1) {
        const std::int16_t* chunk =
            deposits_.data() + static_cast<std::ptrdiff_t>(__builtin_ctz(left)) * width;
        for (int c = 0; c < width; ++c) {
          const auto at = static_cast<std::size_t>(c);
          pulses[at] = static_cast<std::int16_t>(pulses[at] + sign * chunk[c]);
        }
      }
      const device::PulseLosses lost =
          slices_[static_cast<std::size_t>(slice)].pulse(operation_, row.line, d.lines(), pulses.data());
      saturation[static_cast<std::size_t>(slice)].cells += lost.cells;
      saturation[static_cast<std::size_t>(slice)].units += lost.units;
    }
  }
}

device::CellStatistics DeviceCells::statistics() const {
  device::CellStatistics sum;
  for (const DigitCells& slice : slices_) sum += slice.statistics();
  for (const UnitLine& line : unit_columns_) sum += line.statistics();
  for (const UnitLine& line : unit_rows_) sum += line.statistics();
  sum.row_pulses = row_pulses_;
  return sum;
}

}  // namespace weft::crossbar

// SPDX-License-Identifier: Apache-2.0
#include "models/crossbar/device_cells.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

namespace weft::crossbar {

namespace {

// Sums of a row are kept in this many lanes, added in a fixed order: the same bits from every compiler.
constexpr int lanes = 8;

float dot(const float* a, const float* b, int width) {
  std::array<float, lanes> sum{};
  for (int c = 0; c < width; c += lanes) {
    for (std::size_t i = 0; i < lanes; ++i) sum[i] += a[c + static_cast<int>(i)] * b[c + static_cast<int>(i)];
  }
  return ((sum[0] + sum[4]) + (sum[2] + sum[6])) + ((sum[1] + sum[5]) + (sum[3] + sum[7]));
}

void add_scaled(const float* cells, float scale, int width, float* sum) {
  for (int c = 0; c < width; ++c) sum[c] += scale * cells[c];
}

void add_scaled_squares(const float* cells, float reference, float scale, int width, float* sum) {
  for (int c = 0; c < width; ++c) {
    const float conductance = cells[c] + reference;
    sum[c] += scale * (conductance * conductance);
  }
}

}  // namespace

DeviceCells::DeviceCells(const ArrayConfig& config)
    : config_(config), code_(config), stride_(pad_to_lanes(config.cols)) {}

void DeviceCells::begin_operation() {
  ++operation_;
  if (slices_.empty()) allocate();
  for (device::CellArray& slice : slices_) slice.set_time(now_s_);
}

void DeviceCells::allocate() {
  const auto lines = static_cast<std::size_t>(std::max(pad_to_lanes(config_.rows), stride_));
  for (int slice = 0; slice < config_.slices; ++slice) {
    slices_.emplace_back(config_.device,
                         device::CellArrayShape{config_.rows, config_.cols, stride_, config_.cell_min(slice),
                                                config_.cell_max(slice)},
                         slice);
  }
  digits_.resize(lines);
  chunks_.resize(lines * ArrayConfig::max_operand_bits);
  currents_.resize(lines * ArrayConfig::max_operand_bits);
  square_currents_.resize(lines * ArrayConfig::max_operand_bits);
  dense_chunks_.resize(lines * ArrayConfig::max_operand_bits);
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

// ---- Products ----

DeviceCells::Drive DeviceCells::drive(const Operand& x, int in_bits) {
  const int steps = (in_bits + config_.dac_bits - 1) / config_.dac_bits;
  const auto chunk_mask = (1U << config_.dac_bits) - 1;
  for (int i = 0; i < x.active_count(); ++i) {
    const int value = x.active()[i].value;
    for (int k = 0; k < steps; ++k) {
      const auto chunk =
          static_cast<int>((static_cast<unsigned>(std::abs(value)) >> (k * config_.dac_bits)) & chunk_mask);
      chunks_[static_cast<std::size_t>(i * steps + k)] =
          static_cast<std::int16_t>(value < 0 ? -chunk : chunk);
    }
  }
  return {x, steps, chunks_.data()};
}

void DeviceCells::mvm(const Operand& x, int in_bits, bool carries_resolved, int cols, std::int64_t* y,
                      AdcCounts& counts) {
  begin_operation();
  const Drive drive_of_rows = drive(x, in_bits);
  const int width = pad_to_lanes(cols);
  std::fill(y, y + cols, std::int64_t{0});
  for (int slice = 0; slice < config_.slices; ++slice) {
    device::CellArray& cells = slices_[static_cast<std::size_t>(slice)];
    column_currents(cells, cells.seen(), drive_of_rows, width);
    add_noise(cells, slice, drive_of_rows, cols, width);
    convert(make_adc(config_, config_.rows, slice, carries_resolved), slice, drive_of_rows, cols, width, y,
            counts);
  }
}

void DeviceCells::mtvm(const Operand& x, int in_bits, bool carries_resolved, int rows, std::int64_t* y,
                       AdcCounts& counts) {
  begin_operation();
  const Drive drive_of_columns = drive(x, in_bits);
  const int width = x.padded_lines();
  std::fill(dense_chunks_.begin(), dense_chunks_.begin() + drive_of_columns.steps * width, 0.0F);
  for (int i = 0; i < x.active_count(); ++i) {
    for (int k = 0; k < drive_of_columns.steps; ++k) {
      dense_chunks_[static_cast<std::size_t>(k * width + x.active()[i].line)] =
          drive_of_columns.chunks[i * drive_of_columns.steps + k];
    }
  }
  std::fill(y, y + rows, std::int64_t{0});
  for (int slice = 0; slice < config_.slices; ++slice) {
    device::CellArray& cells = slices_[static_cast<std::size_t>(slice)];
    row_currents(cells, cells.seen(), drive_of_columns, rows);
    add_noise(cells, slice, drive_of_columns, rows, rows);
    convert(make_adc(config_, config_.cols, slice, carries_resolved), slice, drive_of_columns, rows, rows, y,
            counts);
  }
}

void DeviceCells::column_currents(const device::CellArray& cells, const float* seen, const Drive& drive,
                                  int width) {
  const bool squares = cells.relative_variance() > 0;
  const auto reference = static_cast<float>(cells.reference());
  std::fill(currents_.begin(), currents_.begin() + drive.steps * width, 0.0F);
  if (squares) std::fill(square_currents_.begin(), square_currents_.begin() + drive.steps * width, 0.0F);
  for (int i = 0; i < drive.operand.active_count(); ++i) {
    const float* row = seen + static_cast<std::ptrdiff_t>(drive.operand.active()[i].line) * stride_;
    for (int k = 0; k < drive.steps; ++k) {
      const float chunk = drive.chunks[i * drive.steps + k];
      if (chunk == 0) continue;
      add_scaled(row, chunk, width, currents_.data() + static_cast<std::ptrdiff_t>(k) * width);
      if (squares) {
        add_scaled_squares(row, reference, chunk * chunk, width,
                           square_currents_.data() + static_cast<std::ptrdiff_t>(k) * width);
      }
    }
  }
}

void DeviceCells::row_currents(const device::CellArray& cells, const float* seen, const Drive& drive,
                               int rows) {
  const bool squares = cells.relative_variance() > 0;
  const int width = drive.operand.padded_lines();
  std::array<float, ArrayConfig::max_lines> product;
  for (int r = 0; r < rows; ++r) {
    const float* row = seen + static_cast<std::ptrdiff_t>(r) * stride_;
    for (int k = 0; k < drive.steps; ++k) {
      const float* chunk = dense_chunks_.data() + static_cast<std::ptrdiff_t>(k) * width;
      const auto at = static_cast<std::size_t>(k * rows + r);
      currents_[at] = dot(row, chunk, width);
      if (!squares) continue;
      for (int c = 0; c < width; ++c) {
        product[static_cast<std::size_t>(c)] = (row[c] + static_cast<float>(cells.reference())) * chunk[c];
      }
      square_currents_[at] = dot(product.data(), product.data(), width);
    }
  }
}

// The noises of the cells of a line add up to one normal deviate with the sum of their variances: one
// draw a conversion, not one a cell. Distribution and independence of conversions are the same.
void DeviceCells::add_noise(const device::CellArray& cells, int slice, const Drive& drive, int lines,
                            int spacing) {
  if (!cells.has_read_noise()) return;
  const device::CellRandom random(config_.device.seed, config_.device.unit, slice);
  const auto relative = static_cast<float>(cells.relative_variance());
  for (int k = 0; k < drive.steps; ++k) {
    double power = 0;
    for (int i = 0; i < drive.operand.active_count(); ++i) {
      const double chunk = drive.chunks[i * drive.steps + k];
      power += chunk * chunk;
    }
    if (power == 0) continue;
    const double common = cells.line_variance() * power;
    const auto common_sigma = static_cast<float>(std::sqrt(common));
    float* current = currents_.data() + static_cast<std::ptrdiff_t>(k) * spacing;
    const float* square = square_currents_.data() + static_cast<std::ptrdiff_t>(k) * spacing;
    std::array<float, ArrayConfig::max_lines> deviate;
    random.normals(device::Purpose::line_noise, operation_, static_cast<std::uint32_t>(k), lines,
                   deviate.data());
    if (relative == 0) {
      for (int i = 0; i < lines; ++i) current[i] += common_sigma * deviate[static_cast<std::size_t>(i)];
      continue;
    }
    for (int i = 0; i < lines; ++i) {
      const float sigma = std::sqrt(static_cast<float>(common) + relative * square[i]);
      current[i] += sigma * deviate[static_cast<std::size_t>(i)];
    }
  }
}

// As convert_and_add of adc.h, for currents between the codes: nearest code, ties away from zero.
void DeviceCells::convert(const Adc& adc, int slice, const Drive& drive, int lines, int spacing,
                          std::int64_t* y, AdcCounts& counts) {
  const std::int64_t state = config_.current_offset(slice);
  const double codes_per_unit = std::ldexp(1.0, -adc.shift);
  const std::int64_t step = std::int64_t{1} << adc.shift;
  // Beyond any code, within any integer.
  const double overload = std::ldexp(1.0, 30);
  for (int k = 0; k < drive.steps; ++k) {
    const std::int64_t weight = std::int64_t{1} << (slice * config_.digit_bits + k * config_.dac_bits);
    std::int64_t middle = 0;
    if (state != 0) {
      for (int i = 0; i < drive.operand.active_count(); ++i)
        middle += state * drive.chunks[i * drive.steps + k];
    }
    const float* current = currents_.data() + static_cast<std::ptrdiff_t>(k) * spacing;
    std::int32_t clipped = 0;
    std::int32_t rounded = 0;
    for (int i = 0; i < lines; ++i) {
      const double value = (static_cast<double>(current[i]) + static_cast<double>(middle)) * codes_per_unit;
      const auto magnitude = static_cast<std::int32_t>(std::min(std::fabs(value) + 0.5, overload));
      const std::int32_t code = value < 0 ? -magnitude : magnitude;
      const std::int32_t kept = std::min(std::max(code, adc.low), adc.high);
      clipped += static_cast<std::int32_t>(kept != code);
      rounded += static_cast<std::int32_t>(kept == code && static_cast<double>(kept * step - middle) !=
                                                               static_cast<double>(current[i]));
      y[i] += (kept * step - middle) * weight;
    }
    const AdcCounts lost{static_cast<std::uint64_t>(clipped), static_cast<std::uint64_t>(rounded)};
    counts.clipped += lost.clipped;
    counts.rounded += lost.rounded;
    if (profile_ == nullptr) continue;
    profile(slice, current, middle, lines);
    profile_->add_losses(slice, lost);
  }
}

void DeviceCells::profile(int slice, const float* current, std::int64_t middle, int lines) {
  std::array<std::int32_t, ArrayConfig::max_lines> rounded;
  for (int i = 0; i < lines; ++i) {
    rounded[static_cast<std::size_t>(i)] =
        static_cast<std::int32_t>(std::lround(static_cast<double>(current[i]) + static_cast<double>(middle)));
  }
  profile_->add(slice, rounded.data(), lines);
}

// ---- Updates ----

// Fills chunks_ with what the columns deposit in `slice`; returns the steps with any deposit.
std::uint32_t DeviceCells::deposit_chunks(const Operand& x, const Operand& d, int slice) {
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
        const std::int16_t* chunk = chunks_.data() + static_cast<std::ptrdiff_t>(__builtin_ctz(left)) * width;
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
  sum.row_pulses = row_pulses_;
  for (const device::CellArray& slice : slices_) {
    const device::CellStatistics& own = slice.statistics();
    sum.program_pulses += own.program_pulses;
    sum.verify_failures += own.verify_failures;
    sum.update_pulses += own.update_pulses;
    sum.stuck_low += own.stuck_low;
    sum.stuck_high += own.stuck_high;
  }
  return sum;
}

}  // namespace weft::crossbar

// SPDX-License-Identifier: Apache-2.0
#include "models/crossbar/digit_cells.h"

#include <algorithm>

namespace weft::crossbar {

namespace {

// Units are numbered from zero, far below this.
constexpr int bank_shift = 28;

std::int8_t part(std::int8_t digit, int sign) { return static_cast<std::int8_t>(std::max(sign * digit, 0)); }

}  // namespace

device::DeviceConfig devices_of(const ArrayConfig& config, DeviceBank bank) {
  device::DeviceConfig devices = config.device;
  devices.unit ^= static_cast<std::uint32_t>(bank) << bank_shift;
  return devices;
}

DigitCells::DigitCells(const ArrayConfig& config, int slice, int stride) {
  device::CellArrayShape shape{config.rows, config.cols, stride, config.cell_min(slice),
                               config.cell_max(slice)};
  if (config.pairs()) shape.cell_min = 0;
  arrays_.emplace_back(devices_of(config, DeviceBank::digits), shape, slice);
  if (!config.pairs()) return;
  arrays_.emplace_back(devices_of(config, DeviceBank::negative_digits), shape, slice);
  difference_.resize(static_cast<std::size_t>(config.rows) * static_cast<std::size_t>(stride));
  level_.resize(static_cast<std::size_t>(stride));
  pulses_.resize(static_cast<std::size_t>(stride));
}

void DigitCells::set_time(double now_s) {
  for (device::CellArray& array : arrays_) array.set_time(now_s);
}

unsigned DigitCells::program(std::uint64_t operation, int row, int col, int count, const std::int8_t* digit,
                             bool changed_only) {
  if (!pairs()) return arrays_.front().program(operation, row, col, count, digit, changed_only);
  unsigned most = 0;
  int sign = 1;
  for (device::CellArray& array : arrays_) {
    std::transform(digit, digit + count, level_.begin(), [sign](std::int8_t d) { return part(d, sign); });
    most = std::max(most, array.program(operation, row, col, count, level_.data(), changed_only));
    sign = -sign;
  }
  return most;
}

device::PulseLosses DigitCells::pulse(std::uint64_t operation, int row, int count,
                                      const std::int16_t* pulses) {
  if (!pairs()) return arrays_.front().pulse(operation, row, count, pulses);
  device::PulseLosses lost;
  int sign = 1;
  for (device::CellArray& array : arrays_) {
    std::transform(pulses, pulses + count, pulses_.begin(),
                   [sign](std::int16_t p) { return static_cast<std::int16_t>(std::max(sign * p, 0)); });
    const device::PulseLosses own = array.pulse(operation, row, count, pulses_.data());
    lost.cells += own.cells;
    lost.units += own.units;
    sign = -sign;
  }
  return lost;
}

void DigitCells::read(std::uint64_t operation, int row, int col, int count, std::int8_t* digit) {
  arrays_.front().read(operation, row, col, count, digit);
  if (!pairs()) return;
  arrays_.back().read(operation, row, col, count, level_.data());
  for (int i = 0; i < count; ++i)
    digit[i] = static_cast<std::int8_t>(digit[i] - level_[static_cast<std::size_t>(i)]);
}

void DigitCells::peek(int row, int col, int count, std::int8_t* digit) const {
  arrays_.front().peek(row, col, count, digit);
  if (!pairs()) return;
  std::vector<std::int8_t> negative(static_cast<std::size_t>(count));
  arrays_.back().peek(row, col, count, negative.data());
  for (int i = 0; i < count; ++i)
    digit[i] = static_cast<std::int8_t>(digit[i] - negative[static_cast<std::size_t>(i)]);
}

std::int8_t DigitCells::peek_part(int part, int row, int col) const {
  std::int8_t level = 0;
  arrays_[static_cast<std::size_t>(part)].peek(row, col, 1, &level);
  return level;
}

const float* DigitCells::seen() {
  if (!pairs()) return arrays_.front().seen();
  const std::array<std::uint64_t, 2> versions{arrays_[0].version(), arrays_[1].version()};
  if (versions != versions_) {
    const float* positive = arrays_[0].seen();
    const float* negative = arrays_[1].seen();
    for (std::size_t i = 0; i < difference_.size(); ++i) difference_[i] = positive[i] - negative[i];
    versions_ = versions;
  }
  return difference_.data();
}

// The noises of both cells of a pair are independent.
double DigitCells::line_variance() const {
  double variance = 0;
  for (const device::CellArray& array : arrays_) variance += array.line_variance();
  return variance;
}

device::CellStatistics DigitCells::statistics() const {
  device::CellStatistics sum;
  for (const device::CellArray& array : arrays_) sum += array.statistics();
  return sum;
}

}  // namespace weft::crossbar

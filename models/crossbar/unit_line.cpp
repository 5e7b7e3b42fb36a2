// SPDX-License-Identifier: Apache-2.0
#include "models/crossbar/unit_line.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "models/crossbar/kernels.h"

namespace weft::crossbar {

namespace {

int length(const ArrayConfig& config, DeviceBank bank) {
  return bank == DeviceBank::unit_column ? config.rows : config.cols;
}

device::DeviceConfig without_wires(device::DeviceConfig devices) {
  devices.wires = {};
  return devices;
}

}  // namespace

UnitLine::UnitLine(const ArrayConfig& config, int slice, DeviceBank bank)
    : cells_(without_wires(devices_of(config, bank)),
             {1, length(config, bank), length(config, bank), config.cell_min(slice), config.cell_max(slice)},
             slice),
      random_(config.device.seed, devices_of(config, bank).unit, slice) {
  const std::vector<std::int8_t> middle(static_cast<std::size_t>(length(config, bank)));
  cells_.program(0, 0, 0, length(config, bank), middle.data(), false);
}

void UnitLine::currents(const RealProduct& product, std::uint64_t operation, float* current) {
  const bool rows_driven = product.rows != nullptr;
  const int driven = rows_driven ? product.row_count : std::min(product.width, cells_.shape().cols);
  const float* seen = cells_.seen();
  for (int k = 0; k < product.steps; ++k) {
    double sum = 0;
    double power = 0;
    double relative_power = 0;
    for (int i = 0; i < driven; ++i) {
      const double cell = seen[rows_driven ? product.rows[i].line : i];
      const double chunk = product.chunks[rows_driven ? i * product.steps + k : k * product.width + i];
      const double conducted = chunk * (cell + cells_.reference());
      sum += chunk * cell;
      power += chunk * chunk;
      relative_power += conducted * conducted;
    }
    const double variance = cells_.line_variance() * power + cells_.relative_variance() * relative_power;
    if (variance > 0) {
      const auto draw =
          random_.normals(device::Purpose::line_noise, 0, operation, static_cast<std::uint32_t>(k));
      sum += std::sqrt(variance) * static_cast<double>(draw[0]);
    }
    current[k] = static_cast<float>(sum);
  }
}

}  // namespace weft::crossbar

// SPDX-License-Identifier: Apache-2.0
#include "tests/models/device/ensemble.h"

namespace weft::test {
namespace {

using device::CellArray;
using device::DeviceConfig;

TEST_CASE("stuck cells have their share, keep their level and ignore writes and pulses") {
  DeviceConfig config;
  config.stuck.low = 0.02;
  config.stuck.high = 0.05;
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  std::uint64_t counted_low = 0;
  std::uint64_t counted_high = 0;
  const std::vector<double> states = states_of_seeds(config, [&](CellArray& cells) {
    program_all(cells, 3);
    pulse_all(cells, 1);
    counted_low += cells.statistics().stuck_low;
    counted_high += cells.statistics().stuck_high;
  });
  for (const double state : states) {
    REQUIRE((state == -32 || state == 31 || state == 4));
    low += static_cast<std::uint64_t>(state == -32);
    high += static_cast<std::uint64_t>(state == 31);
  }
  CHECK(low == counted_low);
  CHECK(high == counted_high);
  require_share(low, static_cast<double>(states.size()), 0.02);
  require_share(high, static_cast<double>(states.size()), 0.05);
}

TEST_CASE("variation is a fixed factor of each cell's conductance") {
  DeviceConfig config;
  config.variation = 0.05;
  require_normal(states_of_seeds(config, [](CellArray& cells) { program_all(cells, 10); }), 10, 0.05 * 42);

  CellArray cells(config, cells_of(2, 2), 0);
  program_all(cells, 10, 1);
  const float first = cells.seen()[3];
  program_all(cells, 20, 2);
  CHECK(cells.seen()[3] + 32 == Approx((first + 32) * 52 / 42));
}

TEST_CASE("conductances drift with a power of time") {
  DeviceConfig config;
  config.drift.time_s = 3600;
  config.drift.exponent = 0.06;
  CellArray cells(config, cells_of(2, 2), 0);
  program_all(cells, 31);
  CHECK(cells.seen()[0] + 32 == Approx(63 * std::pow(181.0, -0.06)));
  CHECK(cells.state(0, 0) == 31);

  config.drift.exponent_sigma = 0.01;
  auto exponents = states_of_seeds(config, [](CellArray& drifting) { program_all(drifting, 31); });
  for (double& value : exponents) value = -std::log((value + 32) / 63) / std::log(181.0);
  require_normal(exponents, 0.06, 0.01);
}

TEST_CASE("a finite on/off ratio adds the conductance of a closed cell to every cell") {
  DeviceConfig config;
  const CellArray infinite(config, cells_of(1, 1), 0);
  CHECK(infinite.reference() == 32);
  CHECK(infinite.full() == 63);
  config.on_off = 22;
  const CellArray finite(config, cells_of(1, 1), 0);
  CHECK(finite.full() / (finite.reference() - 32) == Approx(22));
  CHECK(finite.full() - finite.reference() == Approx(31));
}

TEST_CASE("a cell read by itself is taken for the nearest level of a noisy current") {
  DeviceConfig config;
  config.read_noise.sigma = 0.005;
  const double wrong = 2 * (1 - normal_distribution(0.5 / (0.005 * 63)));
  std::uint64_t errors = 0;
  std::vector<std::int8_t> level(16);
  states_of_seeds(config, [&](CellArray& cells) {
    program_all(cells, -3);
    for (int r = 0; r < 16; ++r) {
      cells.read(5, r, 0, 16, level.data());
      for (const std::int8_t value : level) errors += static_cast<std::uint64_t>(value != -3);
    }
  });
  require_share(errors, 40 * 256, wrong);
}

TEST_CASE("a debugger sees levels without noise") {
  DeviceConfig config;
  config.read_noise.sigma = 0.2;
  CellArray cells(config, cells_of(8, 8), 0);
  program_all(cells, 6);
  std::vector<std::int8_t> level(8);
  for (int r = 0; r < 8; ++r) {
    cells.peek(r, 0, 8, level.data());
    for (const std::int8_t value : level) CHECK(value == 6);
  }
}

}  // namespace
}  // namespace weft::test

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
  config.drift.age = device::DriftAge::configured;
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

DeviceConfig ageing_devices() {
  DeviceConfig config;
  config.drift.age = device::DriftAge::simulated;
  config.drift.t0_s = 20;
  config.drift.exponent = 0.06;
  return config;
}

// Share of a conductance that is left at that age.
double left_after(double age_s) { return std::pow((age_s + 20) / 20, -0.06); }

TEST_CASE("with simulated ages every cell drifts from its own last write") {
  CellArray cells(ageing_devices(), cells_of(2, 2), 0);
  program_all(cells, 31, 1);
  CHECK(cells.seen()[0] == 31);
  cells.set_time(100);
  CHECK(cells.seen()[0] + 32 == Approx(63 * left_after(100)));
  const std::vector<std::int8_t> target = {20, 20};
  cells.program(2, 0, 0, 2, target.data(), false);  // the first row only
  CHECK(cells.seen()[0] == 20);
  CHECK(cells.seen()[2] + 32 == Approx(63 * left_after(100)));
  cells.set_time(1000);
  CHECK(cells.seen()[0] + 32 == Approx(52 * left_after(900)));
  CHECK(cells.seen()[2] + 32 == Approx(63 * left_after(1000)));
}

TEST_CASE("a pulse starts from the conductance that is left, and begins a new age") {
  CellArray cells(ageing_devices(), cells_of(1, 2), 0);
  program_all(cells, 20, 1);
  cells.set_time(500);
  const std::vector<std::int16_t> pulses = {3, 0};
  cells.pulse(2, 0, 2, pulses.data());
  const double pulsed = 52 * left_after(500) + 3;
  CHECK(cells.seen()[0] + 32 == Approx(pulsed));
  CHECK(cells.seen()[1] + 32 == Approx(52 * left_after(500)));
  cells.set_time(2000);
  CHECK(cells.seen()[0] + 32 == Approx(pulsed * left_after(1500)));
  CHECK(cells.seen()[1] + 32 == Approx(52 * left_after(2000)));
}

TEST_CASE("a cell that reads as its target keeps its age where only others are written") {
  CellArray cells(ageing_devices(), cells_of(1, 2), 0);
  const std::vector<std::int8_t> first = {-30, 31};
  cells.program(1, 0, 0, 2, first.data(), false);
  cells.set_time(100);  // 31 has drifted by 6 levels, -30 by a fifth
  cells.program(2, 0, 0, 2, first.data(), true);
  CHECK(cells.statistics().program_pulses == 3);
  cells.set_time(200);
  CHECK(cells.seen()[0] + 32 == Approx(2 * left_after(200)));
  CHECK(cells.seen()[1] + 32 == Approx(63 * left_after(100)));
}

TEST_CASE("in steps that are too small to matter conductances still follow time") {
  CellArray cells(ageing_devices(), cells_of(1, 1), 0);
  program_all(cells, 31, 1);
  for (int step = 1; step <= 100'000; ++step) cells.set_time(1e-4 * step);
  CHECK((cells.seen()[0] + 32) / 63 == Approx(left_after(10)).epsilon(2e-6));
}

TEST_CASE("simulated ages spread exponents over cells and seeds, and go with variation") {
  DeviceConfig config = ageing_devices();
  config.drift.exponent_sigma = 0.01;
  const auto aged = [](CellArray& cells) {
    program_all(cells, 31);
    cells.set_time(3600);
  };
  auto exponents = states_of_seeds(config, aged);
  for (double& value : exponents) value = -std::log((value + 32) / 63) / std::log(181.0);
  require_normal(exponents, 0.06, 0.01);

  config.drift.exponent_sigma = 0;
  config.variation = 0.05;
  const double left = std::pow(181.0, -0.06);
  require_normal(states_of_seeds(config, aged), 63 * left - 32, 0.05 * 63 * left);
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

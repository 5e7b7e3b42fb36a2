// SPDX-License-Identifier: Apache-2.0
#include "tests/models/device/ensemble.h"

namespace weft::test {
namespace {

using device::CellArray;
using device::DeviceConfig;

DeviceConfig with_model(const char* model) {
  DeviceConfig config;
  config.update.model = model;
  return config;
}

// The state after pulses on a cell at `level`, for a configuration without any spread.
double after(const DeviceConfig& config, int level, int pulses) {
  CellArray cells(config, cells_of(1, 1), 0);
  program_all(cells, level);
  pulse_all(cells, pulses);
  return cells.state(0, 0);
}

TEST_CASE("an ideal pulse is one unit, up to the ends of the range") {
  CHECK(after(DeviceConfig{}, 5, 3) == 8);
  CHECK(after(DeviceConfig{}, 5, -30) == -25);
  CellArray cells(DeviceConfig{}, cells_of(1, 2), 0);
  program_all(cells, 30);
  const std::vector<std::int16_t> pulses = {4, 1};
  const device::PulseLosses losses = cells.pulse(1, 0, 2, pulses.data());
  CHECK(cells.state(0, 0) == 31);
  CHECK(losses.cells == 1);
  CHECK(losses.units == 3);
  CHECK(cells.statistics().update_pulses == 5);
}

TEST_CASE("a constant step is the same everywhere") {
  DeviceConfig config = with_model("constant_step");
  config.update.step = 0.5;
  CHECK(after(config, 10, 4) == Approx(12));
  CHECK(after(config, -20, -4) == Approx(-22));
  config.update.asymmetry = 0.2;
  CHECK(after(config, 0, 5) == Approx(3));
  CHECK(after(config, 0, -5) == Approx(-2));
}

TEST_CASE("a linear step shrinks towards the bound in its direction") {
  DeviceConfig config = with_model("linear_step");
  config.update.slope = 0.5;
  CHECK(after(config, 10, 1) == Approx(10 + 1 - 0.5 * 10 / 31));
  CHECK(after(config, 10, -1) == Approx(10 - 1 - 0.5 * 10 / 32));
}

TEST_CASE("soft bounds approach the bound geometrically and settle at the symmetry point") {
  DeviceConfig config = with_model("soft_bounds");
  CHECK(after(config, 0, 20) == Approx(31 * (1 - std::pow(1 - 1.0 / 31, 20))).epsilon(1e-5));
  config.update.asymmetry = 0.3;
  config.update.step = 0.02;
  CellArray cells(config, cells_of(1, 1), 0);
  for (std::uint64_t n = 1; n < 12'000; ++n) pulse_all(cells, (n % 2) == 0 ? 1 : -1, n);
  const double up = 0.02 * 1.3;
  const double down = 0.02 * 0.7;
  CHECK(cells.state(0, 0) == Approx((up - down) / (up / 31 + down / 32)).epsilon(0.01));
}

TEST_CASE("a power step follows the distance to the bound") {
  DeviceConfig config = with_model("power_step");
  config.update.slope = 2;
  CHECK(after(config, 10, 1) == Approx(10 + std::pow(21.0 / 63, 2)));
  CHECK(after(config, 10, -1) == Approx(10 - std::pow(42.0 / 63, 2)));
}

TEST_CASE("an exponential step has an amplitude of its own for either direction") {
  DeviceConfig config = with_model("exponential_step");
  config.update.slope = 2;
  config.update.exponential_up = 0.3;
  config.update.exponential_down = 0.1;
  config.update.exponential_offset = 0.2;
  const double z = 2 * 10.0 / 63 + 0.2;
  CHECK(after(config, 10, 1) == Approx(10 + 1 - 0.3 * std::exp(2 * z)).epsilon(1e-5));
  CHECK(after(config, 10, -1) == Approx(10 - (1 - 0.1 * std::exp(-2 * z))).epsilon(1e-5));
  // Where the bracket is negative a pulse does nothing; it never turns round.
  config.update.exponential_up = 3;
  CHECK(after(config, 10, 5) == 10);
}

TEST_CASE("saturating steps compose and become ideal without curvature") {
  DeviceConfig config = with_model("saturating_step");
  config.update.slope = 2;
  const double reach = 63 / (1 - std::exp(-2.0));
  const double share = 1 - std::exp(-2.0 * 7 / 63);
  CHECK(after(config, 10, 7) == Approx(10 + (reach - 32 - 10) * share).epsilon(1e-5));
  CHECK(after(config, 10, -7) == Approx(10 + (31 - reach - 10) * share).epsilon(1e-5));
  config.update.slope = 0;
  CHECK(after(config, 10, 7) == Approx(17).epsilon(1e-3));
}

TEST_CASE("noise of constant steps adds up over pulses") {
  DeviceConfig config = with_model("constant_step");
  config.update.noise = 0.3;
  config.update.step = 0.7;
  require_normal(states_of_seeds(config, [](CellArray& cells) { pulse_all(cells, 9); }), 6.3, 0.7 * 0.3 * 3);
}

TEST_CASE("noise of a saturating step grows with the root of range and change") {
  DeviceConfig config = with_model("saturating_step");
  config.update.slope = 0.1;
  const double mean = after(config, 4, 1);
  config.update.noise = 0.1;
  const auto states = states_of_seeds(config, [](CellArray& cells) {
    program_all(cells, 4);
    pulse_all(cells, 1, 2);
  });
  require_normal(states, mean, 0.1 * std::sqrt(63 * (mean - 4)));
}

TEST_CASE("steps differ from cell to cell, for the life of a cell") {
  DeviceConfig config = with_model("constant_step");
  config.update.step_variation = 0.1;
  require_normal(states_of_seeds(config, [](CellArray& cells) { pulse_all(cells, 10); }), 10, 1);

  CellArray cells(config, cells_of(1, 1), 0);
  pulse_all(cells, 5, 1);
  const float once = cells.state(0, 0);
  pulse_all(cells, 5, 2);
  CHECK(cells.state(0, 0) == Approx(2 * once));
}

TEST_CASE("asymmetry and bounds differ from cell to cell") {
  DeviceConfig config = with_model("constant_step");
  config.update.asymmetry = 0.1;
  config.update.asymmetry_sigma = 0.05;
  require_normal(states_of_seeds(config, [](CellArray& cells) { pulse_all(cells, 10); }), 11, 0.5);

  DeviceConfig bounded = with_model("constant_step");
  bounded.update.bound_variation = 0.1;
  require_normal(states_of_seeds(bounded, [](CellArray& cells) { pulse_all(cells, 100); }), 31, 3.1);
}

TEST_CASE("pulse noise depends on operation and cell, not on what other cells do") {
  DeviceConfig config = with_model("constant_step");
  config.update.noise = 0.5;
  CellArray all(config, cells_of(4, 4), 0);
  pulse_all(all, 5, 9);
  CellArray one(config, cells_of(4, 4), 0);
  const std::vector<std::int16_t> pulses = {0, 0, 5, 0};
  one.pulse(9, 3, 4, pulses.data());
  CHECK(one.state(3, 2) == all.state(3, 2));
  CHECK(one.state(3, 1) == 0);
  CHECK(all.state(3, 1) != all.state(3, 2));
}

}  // namespace
}  // namespace weft::test

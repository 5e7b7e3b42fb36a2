// SPDX-License-Identifier: Apache-2.0
#include "models/device/programming_error.h"
#include "tests/models/device/ensemble.h"

namespace weft::test {
namespace {

using device::CellArray;
using device::DeviceConfig;

void program_ten(CellArray& cells) { program_all(cells, 10); }

TEST_CASE("fits give the published standard deviations") {
  const auto sigma = [](const char* name, double conductance) {
    return device::find_programming_fit(name)->sigma_uS(conductance);
  };
  CHECK(sigma("milo_2021", 100) == Approx(3.8713));
  CHECK(sigma("milo_2021", 225) == Approx(2.732925));
  CHECK(sigma("joshi_2020", 10) == Approx(0.8662));
  CHECK(sigma("wan_2022", 10) == Approx(1.053 + 2.374 - 1.167 + 0.1536));
  CHECK(sigma("wan_2022_1s", 20) == Approx(0.348 + 8.015 - 10.96325 + 5.674125 - 1.0509375));
  CHECK(sigma("pcm", 25) == Approx(0.26348 + 1.965 - 1.1731));
  CHECK(sigma("xb_sim", 20) == Approx(0.724 + 1.2368 - 0.24136));
  // Outside of what was measured the nearest end counts.
  CHECK(sigma("milo_2021", 0) == sigma("milo_2021", 50));
  CHECK(sigma("joshi_2020", 1000) == sigma("joshi_2020", 25));
}

TEST_CASE("without an error every pulse hits") {
  CellArray cells(DeviceConfig{}, cells_of(4, 4), 0);
  program_all(cells, -7);
  CHECK(cells.state(3, 2) == -7);
  CHECK(cells.statistics().program_pulses == 16);
}

TEST_CASE("a state-independent error is a share of Gmax, a proportional one of the conductance") {
  DeviceConfig config;
  config.on_off = 10;
  const double closed = 63.0 / 9;  // Gmin in cell units
  config.programming.sigma = 0.02;
  require_normal(states_of_seeds(config, program_ten), 10, 0.02 * (63 + closed));
  config.programming.sigma = 0;
  config.programming.relative_sigma = 0.03;
  require_normal(states_of_seeds(config, program_ten), 10, 0.03 * (42 + closed));
}

TEST_CASE("a fitted error follows the fit at the conductance of the level") {
  DeviceConfig config;
  config.g_max_uS = 225;
  config.programming.fit = "milo_2021";
  const double unit_uS = 225.0 / 63;
  require_normal(states_of_seeds(config, program_ten), 10, (4.782 - 0.009107 * 42 * unit_uS) / unit_uS);
}

TEST_CASE("errors of cells and of repeated writes are independent") {
  DeviceConfig config;
  config.programming.sigma = 0.01;
  const double sigma = 0.63;
  std::vector<double> of_neighbours;
  std::vector<double> of_writes;
  for (std::uint64_t seed = 1; seed <= 20'000; ++seed) {
    config.seed = seed;
    CellArray cells(config, cells_of(1, 2), 0);
    program_all(cells, 0, 1);
    const double first = cells.state(0, 0) / sigma;
    of_neighbours.push_back(first * cells.state(0, 1) / sigma);
    program_all(cells, 0, 2);
    of_writes.push_back(first * cells.state(0, 0) / sigma);
  }
  // The product of independent standard normal deviates has mean 0 and variance 1.
  CHECK(std::fabs(moments(of_neighbours).mean) < sigmas_allowed / std::sqrt(20'000));
  CHECK(std::fabs(moments(of_writes).mean) < sigmas_allowed / std::sqrt(20'000));
}

TEST_CASE("no conductance is below zero") {
  DeviceConfig config;
  config.programming.sigma = 0.5;
  int at_zero = 0;
  for (const double state : states_of_seeds(config, [](CellArray& cells) { program_all(cells, -32); })) {
    REQUIRE(state >= -32);
    at_zero += static_cast<int>(state == -32);
  }
  CHECK(at_zero > 0);
}

TEST_CASE("write-verify leaves states in the window after a geometric number of pulses") {
  DeviceConfig config;
  config.programming.sigma = 0.02;
  config.programming.verify_window = 0.5;
  const double passes = std::erf(0.5 / (0.02 * 63 * std::sqrt(2.0)));
  constexpr std::size_t bins = 8;
  constexpr int trials = 20'000;
  std::vector<double> counted(bins);
  double pulses = 0;
  for (std::uint64_t seed = 1; seed <= trials; ++seed) {
    config.seed = seed;
    CellArray cells(config, cells_of(1, 1), 0);
    program_all(cells, 5);
    REQUIRE(std::fabs(cells.state(0, 0) - 5) <= 0.5F);
    const std::uint64_t own = cells.statistics().program_pulses;
    pulses += static_cast<double>(own);
    counted[std::min<std::size_t>(own, bins) - 1] += 1;
  }
  const double sigma_of_mean = std::sqrt(1 - passes) / passes / std::sqrt(trials);
  CHECK(std::fabs(pulses / trials - 1 / passes) < sigmas_allowed * sigma_of_mean);
  double chi_squared = 0;
  for (std::size_t n = 0; n < bins; ++n) {
    const double tail = std::pow(1 - passes, static_cast<double>(n));
    const double expected = trials * (n + 1 < bins ? tail * passes : tail);
    chi_squared += (counted[n] - expected) * (counted[n] - expected) / expected;
  }
  CHECK(chi_squared < 29.9);  // 7 degrees of freedom: exceeded once in ten thousand
}

// The slowest of n cells: P(most <= k) = (1 - q^k)^n with q = 1 - passes.
TEST_CASE("a row takes the pulses of its slowest cell") {
  DeviceConfig config;
  config.programming.sigma = 0.02;
  config.programming.verify_window = 0.5;
  const double fails = 1 - std::erf(0.5 / (0.02 * 63 * std::sqrt(2.0)));
  constexpr int lines = 16;
  double expected = 0;
  double expected_square = 0;
  for (int k = 0; k < 1000; ++k) {
    const double above = 1 - std::pow(1 - std::pow(fails, k), lines);
    expected += above;
    expected_square += (2 * k + 1) * above;
  }
  std::vector<double> most;
  for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
    config.seed = seed;
    CellArray cells(config, cells_of(1, lines), 0);
    const std::vector<std::int8_t> target(lines, 5);
    most.push_back(cells.program(1, 0, 0, lines, target.data(), false));
    REQUIRE(cells.statistics().row_pulses == static_cast<std::uint64_t>(most.back()));
    REQUIRE(cells.statistics().program_pulses >= cells.statistics().row_pulses + lines - 1);
  }
  const double sigma = std::sqrt((expected_square - expected * expected) / static_cast<double>(most.size()));
  CHECK(std::fabs(moments(most).mean - expected) < sigmas_allowed * sigma);
}

TEST_CASE("write-verify gives up after its pulses and says so") {
  DeviceConfig config;
  config.programming.sigma = 0.1;
  config.programming.verify_window = 0.01;
  config.programming.verify_pulses = 3;
  CellArray cells(config, cells_of(20, 20), 0);
  program_all(cells, 0);
  CHECK(cells.statistics().verify_failures > 380);
  CHECK(cells.statistics().verify_failures <= 400);
  CHECK(cells.statistics().program_pulses <= 1200);
}

TEST_CASE("only cells that do not read as their target are written where this is asked for") {
  DeviceConfig config;
  config.programming.sigma = 0.002;
  CellArray cells(config, cells_of(1, 3), 0);
  program_all(cells, 4, 1);
  const float before = cells.state(0, 0);
  const std::vector<std::int8_t> target = {4, 5, 4};
  cells.program(2, 0, 0, 3, target.data(), true);
  CHECK(cells.state(0, 0) == before);
  CHECK(cells.state(0, 1) == Approx(5).margin(0.9));
  CHECK(cells.statistics().program_pulses == 4);
}

}  // namespace
}  // namespace weft::test

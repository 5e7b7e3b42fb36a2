// SPDX-License-Identifier: Apache-2.0
#include "models/endurance/lifetime.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "models/common/normal.h"

using namespace weft::endurance;

namespace {

constexpr double year = 365.25 * 24 * 3600;

}  // namespace

TEST_CASE("the lifetime is the endurance over the wear rate, at the duty given") {
  EnduranceConfig config;
  config.count_wear = true;
  config.median = 1000;
  WornCells cells(config, {1, 1, 4, {16}});
  const Mark all[] = {Mark::whole, Mark::whole, Mark::whole, Mark::whole};
  const Mark first[] = {Mark::whole, Mark::skip, Mark::skip, Mark::skip};
  std::int8_t digits[] = {1, 1, 1, 1};
  cells.write_row(0, 4, all, digits);
  for (int n = 0; n < 4; ++n) cells.write_row(0, 4, first, digits);
  const Lifetime life = lifetime({&cells}, year, 1);
  CHECK(life.cells == 4);
  CHECK(life.mean_wear == 2);
  CHECK(life.worst_wear == 5);
  CHECK(life.mean_years == Approx(500));
  CHECK(life.worst_years == Approx(200));
  CHECK(life.first_failure_years == Approx(200));
  CHECK(lifetime({&cells}, year, 0.5).worst_years == Approx(400));
}

// 1000 trainings a year of 100 epochs of 1e6 samples in batches of 64, each moving a cell by 5 % of its
// window, half of the runs lost: PANTHER, section 7.8, says about 6 years for an endurance of 1e9.
TEST_CASE("swing counted linearly gives PANTHER's six years") {
  EnduranceConfig config;
  config.count_wear = true;
  config.mode = WearMode::swing;
  config.median = 1e9;
  WornCells cells(config, {1, 1, 1, {21}});
  const Mark one[] = {Mark::whole};
  std::int8_t level[] = {0};
  constexpr int updates = 1000;
  for (int n = 0; n < updates; ++n) {
    level[0] = static_cast<std::int8_t>(n % 2 == 0 ? 1 : 0);  // one of 20 steps: 5 %
    cells.write_row(0, 1, one, level);
  }
  const double updates_a_year = 1000.0 * 100 * 1e6 / 64;
  const double seconds = updates / updates_a_year * year;
  CHECK(lifetime({&cells}, seconds, 1).worst_years / 2 == Approx(6.4).epsilon(0.01));
}

TEST_CASE("the first of many cells fails where the lognormal tail says") {
  CHECK(weft::inverse_normal(1 - 1e-6) == Approx(4.7534).epsilon(1e-4));
  CHECK(weft::inverse_normal(0.5) == Approx(0).margin(1e-12));
  EnduranceConfig config;
  config.count_wear = true;
  config.cells_fail = false;
  config.spread = 0.4;
  config.median = 1e6;
  double logarithms = 0;
  double expected = 0;
  constexpr int arrays = 40;
  for (std::uint32_t unit = 0; unit < arrays; ++unit) {
    config.unit = unit;
    WornCells cells(config, {1, 32, 32, {16}});
    const std::vector<Mark> all(32, Mark::whole);
    std::vector<std::int8_t> digits(32, 1);
    for (int row = 0; row < 32; ++row) cells.write_row(row, 32, all.data(), digits.data());
    const Lifetime life = lifetime({&cells}, year, 1);
    logarithms += std::log(life.first_failure_years / life.worst_years);
    expected = std::log(life.first_of_many);
  }
  // The minimum of 1,024 normal draws has its mode there and a spread of about 0.35 standard deviations.
  CHECK(logarithms / arrays == Approx(expected).margin(0.4 * (0.3 + 4 * 0.35 / std::sqrt(arrays))));
}

TEST_CASE("arrays that were never written do not count, and no wear means no report") {
  EnduranceConfig config;
  config.count_wear = true;
  const WornCells unused(config, {1, 2, 2, {16}});
  CHECK(lifetime({&unused}, 1, 1).cells == 0);
}

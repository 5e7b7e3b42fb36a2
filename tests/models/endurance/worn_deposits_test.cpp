// SPDX-License-Identifier: Apache-2.0
// Wear of outer products in the array, against a cell-by-cell count and against PANTHER's lifetime.
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <numeric>
#include <vector>

#include "models/common/counter_rng.h"
#include "models/endurance/lifetime.h"
#include "models/endurance/worn_cells.h"

using namespace weft;
using namespace weft::endurance;

namespace {

constexpr int rows = 5;
constexpr int columns = 4;
constexpr int slices = 6;
constexpr int digit_bits = 3;

Geometry geometry(bool by_row = false) {
  return {slices, rows, columns, std::vector<int>(slices, 64), by_row};
}

EnduranceConfig counting(WearMode mode) {
  EnduranceConfig config;
  config.count_wear = true;
  config.mode = mode;
  config.median = 1e9;
  return config;
}

Deposit deposit_of(const std::vector<std::int16_t>& x, const std::vector<std::int16_t>& d, int steps) {
  return {x.data(), static_cast<int>(x.size()), d.data(), static_cast<int>(d.size()), digit_bits, steps};
}

// One cell, step by step: what is added to the slice's digit is part of the shifted magnitude.
double expected(WearMode mode, int x, int d, int slice) {
  double wear = 0;
  for (int step = 0; step < 15; ++step) {
    if ((std::abs(x) >> step & 1) == 0) continue;
    const std::int64_t shifted = std::int64_t{std::abs(d)} * (1 << step);
    const std::int64_t chunk = shifted / (std::int64_t{1} << digit_bits * slice) % (1 << digit_bits);
    if (chunk == 0) continue;
    if (mode == WearMode::write) return 1;
    wear += mode == WearMode::pulse ? 1 : static_cast<double>(chunk) / 63;
  }
  return wear;
}

}  // namespace

TEST_CASE("every cell wears by the steps that deposit something in it") {
  CounterRng random(3, 0, 0);
  std::vector<std::int16_t> x(rows);
  std::vector<std::int16_t> d(columns);
  for (const WearMode mode : {WearMode::write, WearMode::pulse, WearMode::swing}) {
    WornCells cells(counting(mode), geometry());
    std::vector<double> wanted(slices * rows * columns);
    for (int n = 0; n < 50; ++n) {
      for (std::int16_t& value : x)
        value = static_cast<std::int16_t>(static_cast<int>(random.below(511)) - 255);
      for (std::int16_t& value : d)
        value = static_cast<std::int16_t>(static_cast<int>(random.below(2047)) - 1023);
      x[1] = 0;
      cells.deposit(deposit_of(x, d, 8));
      std::size_t cell = 0;
      for (int slice = 0; slice < slices; ++slice) {
        for (const std::int16_t row : x) {
          for (const std::int16_t column : d) wanted[cell++] += expected(mode, row, column, slice);
        }
      }
    }
    REQUIRE(cells.wear().size() == wanted.size());
    for (std::size_t cell = 0; cell < wanted.size(); ++cell)
      CHECK(cells.wear()[cell] == Approx(wanted[cell]));
    const double sum = std::accumulate(wanted.begin(), wanted.end(), 0.0);
    if (mode == WearMode::write) CHECK(static_cast<double>(cells.statistics().cells_written) == sum);
    if (mode == WearMode::pulse) CHECK(static_cast<double>(cells.statistics().pulses) == sum);
  }
}

TEST_CASE("of a pair, the first cell wears by what is added and the second by what is taken off") {
  Geometry pairs{2 * slices, rows, columns, std::vector<int>(2 * slices, 64)};
  WornCells cells(counting(WearMode::pulse), pairs);
  const std::vector<std::int16_t> x{5, -3, 0, 7, -1};
  const std::vector<std::int16_t> d{-9, 100, 0, 77};
  Deposit deposit = deposit_of(x, d, 3);
  deposit.pairs = true;
  cells.deposit(deposit);
  std::size_t cell = 0;
  for (int array = 0; array < 2 * slices; ++array) {
    for (const std::int16_t row : x) {
      for (const std::int16_t column : d) {
        const bool takes_off = row * column < 0;
        const bool reached = takes_off == (array % 2 == 1);
        CHECK(cells.wear()[cell++] == (reached ? expected(WearMode::pulse, row, column, array / 2) : 0));
      }
    }
  }
}

TEST_CASE("rows of pairs without numbers count one cell of each pair, and wear both") {
  Geometry pairs{2 * slices, rows, columns, std::vector<int>(2 * slices, 64), true};
  WornCells cells(counting(WearMode::pulse), pairs);
  const std::vector<std::int16_t> nothing(rows);
  const std::vector<std::int16_t> two_columns(2);
  Deposit deposit = deposit_of(nothing, two_columns, 7);
  deposit.pairs = true;
  cells.deposit(deposit);
  CHECK(cells.statistics().cells_written == std::uint64_t{slices} * rows * 2);
  CHECK(cells.wear() == std::vector<double>(2 * slices * rows, 7));
}

TEST_CASE("a cell that has failed refuses deposits and is named by its place in the matrix") {
  EnduranceConfig config = counting(WearMode::write);
  config.median = 2;
  WornCells cells(config, geometry());
  const std::vector<std::int16_t> x{0, 0, 1, 0, 0};
  const std::vector<std::int16_t> d{0, 1, 0, 0};
  for (int n = 0; n < 3; ++n) cells.deposit(deposit_of(x, d, 1));
  CHECK(cells.statistics().cells_stuck == 1);
  CHECK(cells.statistics().writes_refused == 1);
  const auto stuck = cells.stuck_cells();
  REQUIRE(stuck.size() == 1);
  CHECK(stuck[0].slice == 0);
  CHECK(stuck[0].row == 2);
  CHECK(stuck[0].column == 1);
}

TEST_CASE("rows without numbers wear by the steps of the stream, the columns in use only") {
  WornCells cells(counting(WearMode::pulse), geometry(true));
  const std::vector<std::int16_t> nothing(rows);
  const std::vector<std::int16_t> two_columns(2);
  cells.deposit(deposit_of(nothing, two_columns, 7));
  CHECK(cells.wear() == std::vector<double>(slices * rows, 7));
  CHECK(cells.statistics().pulses == std::uint64_t{slices} * rows * 2 * 7);
  const Lifetime life = lifetime({&cells}, 1, 1);
  CHECK(life.cells == slices * rows * columns);
  CHECK(life.worst_wear == 7);
  CHECK(life.mean_wear == 3.5);  // two of four columns
}

TEST_CASE("a row that is written without numbers wears all of its cells") {
  EnduranceConfig config = counting(WearMode::pulse);
  config.pulses_model = PulseModel::fixed;
  config.pulses = 3;
  WornCells cells(config, geometry(true));
  const std::vector<Mark> marks{Mark::whole, Mark::changed, Mark::skip, Mark::whole};
  std::vector<std::int8_t> digits(slices * columns);
  const RowWrite done = cells.write_row(1, columns, marks.data(), digits.data());
  CHECK(done.cells == slices * 3);
  CHECK(done.pulses == slices * 9);
  CHECK(done.set_pulses == 3);
  CHECK(cells.wear()[1] == 3);
  CHECK(cells.wear()[0] == 0);
}

TEST_CASE("PANTHER's cells live for twelve years of updates of five percent, six with half of them wasted") {
  // Section 7.8: endurance 1e9, a thousand trainings a year of a hundred epochs of a million samples in
  // batches of 64; the paper says six years with half of the runs failing.
  WornCells cells(counting(WearMode::swing), geometry(true));
  const double updates_a_year = 1000.0 * 100 * 1e6 / 64;
  constexpr int updates = 1000;
  const std::vector<std::int16_t> x(rows);
  const std::vector<std::int16_t> d(columns);
  for (int n = 0; n < updates; ++n) cells.deposit(deposit_of(x, d, 1));
  const double seconds = updates / updates_a_year * 365.25 * 24 * 3600;
  const double years = lifetime({&cells}, seconds, 1).worst_years;
  CHECK(years == Approx(12.8).epsilon(0.01));
  CHECK(years / 2 == Approx(6.4).epsilon(0.01));
}

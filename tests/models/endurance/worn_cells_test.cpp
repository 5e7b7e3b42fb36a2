// SPDX-License-Identifier: Apache-2.0
#include "models/endurance/worn_cells.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <functional>
#include <numeric>

#include "models/common/counter_rng.h"
#include "models/common/error.h"

using namespace weft;
using namespace weft::endurance;

namespace {

using Digits = std::vector<std::int8_t>;

Geometry small() { return {1, 4, 3, {16}}; }

EnduranceConfig counting(WearMode mode = WearMode::write) {
  EnduranceConfig config;
  config.count_wear = true;
  config.mode = mode;
  return config;
}

RowWrite write(WornCells& cells, int row, Digits digits, Mark mark = Mark::whole) {
  const int columns = static_cast<int>(digits.size()) / cells.geometry().slices;
  const std::vector<Mark> marks(static_cast<std::size_t>(columns), mark);
  return cells.write_row(row, columns, marks.data(), digits.data());
}

double total_wear(const WornCells& cells) {
  return std::accumulate(cells.wear().begin(), cells.wear().end(), 0.0);
}

}  // namespace

TEST_CASE("a row write takes as long as its slowest SET and its slowest RESET cell") {
  EnduranceConfig config;
  config.pulses_model = PulseModel::linear;
  config.pulses = 2;
  WornCells cells(config, small());
  const RowWrite up = write(cells, 0, {3, 5, 1});
  CHECK(up.cells == 3);
  CHECK(up.set_pulses == 10);
  CHECK(up.reset_pulses == 0);
  CHECK(up.pulses == 18);
  const RowWrite both = write(cells, 0, {1, 6, 1}, Mark::changed);
  CHECK(both.cells == 2);
  CHECK(both.set_pulses == 2);
  CHECK(both.reset_pulses == 4);
  // One cell of the row sees the pulses of both phases, and each of the written ones shares its bit line with
  // cells of all other rows.
  CHECK(both.unselected == 2 + 4);
  CHECK(both.half_selected == 2 + 4 + (2 + 4) * (static_cast<std::uint64_t>(small().rows) - 1));
  CHECK(both.row_pulses == 2 + 4);
  CHECK(cells.statistics().cells_skipped == 1);
}

TEST_CASE("slices are written in parallel, so the slowest of them counts") {
  EnduranceConfig config;
  config.pulses_model = PulseModel::linear;
  WornCells cells(config, {2, 1, 2, {16, 16}});
  const RowWrite done = write(cells, 0, {1, -2, -7, 3});
  CHECK(done.set_pulses == 3);
  CHECK(done.reset_pulses == 7);
  CHECK(done.pulses == 13);
  // 1 + 2 and 3 + 7, each slice on word lines of its own.
  CHECK(done.row_pulses == 13);
}

TEST_CASE("what the filter leaves alone keeps its level and does not wear") {
  WornCells cells(counting(), small());
  write(cells, 1, {4, 4, 4});
  Digits digits = {7, 7, 4};
  const Mark marks[] = {Mark::skip, Mark::whole, Mark::changed};
  CHECK(cells.write_row(1, 3, marks, digits.data()).cells == 1);
  CHECK(digits == Digits{4, 7, 4});
  CHECK(cells.level(0, 1, 0) == 4);
  CHECK(total_wear(cells) == 4);
}

TEST_CASE("wear counts writes, pulses or swing") {
  const auto wear = [](WearMode mode, double alpha = 1) {
    EnduranceConfig config = counting(mode);
    config.pulses_model = PulseModel::linear;
    config.alpha = alpha;
    WornCells cells(config, small());
    write(cells, 0, {3, 0, 0}, Mark::changed);
    write(cells, 0, {-3, 0, 0}, Mark::changed);
    return total_wear(cells);
  };
  CHECK(wear(WearMode::write) == 2);
  CHECK(wear(WearMode::pulse) == 9);
  CHECK(wear(WearMode::swing) == Approx(3.0 / 15 + 6.0 / 15));
  CHECK(wear(WearMode::swing, 2) == Approx(9.0 / 225 + 36.0 / 225));
}

TEST_CASE("write-verify takes the mean number of pulses") {
  EnduranceConfig config;
  config.pulses_model = PulseModel::distribution;
  config.mean_pulses = 8.52;  // NeuRRAM
  config.seed = 3;
  WornCells cells(config, {1, 100, 100, {16}});
  for (int row = 0; row < 100; ++row) write(cells, row, Digits(100, 1));
  const double mean = static_cast<double>(cells.statistics().pulses) / 10000;
  // Standard deviation of a geometric draw is about its mean, of the mean of 10,000 a hundredth of that.
  CHECK(mean == Approx(8.52).margin(4 * 8.0 / 100));
}

TEST_CASE("a cell whose endurance is used up is stuck at its last level and the others go on") {
  EnduranceConfig config = counting();
  config.median = 3;
  WornCells cells(config, small());
  write(cells, 0, {1, 1, 1}, Mark::changed);
  write(cells, 0, {2, 1, 1}, Mark::changed);
  write(cells, 0, {3, 1, 1}, Mark::changed);
  CHECK(cells.statistics().cells_stuck == 1);
  CHECK(cells.statistics().first_failure > 0);
  Digits digits = {5, 5, 5};
  const Mark marks[] = {Mark::changed, Mark::changed, Mark::changed};
  CHECK(cells.write_row(0, 3, marks, digits.data()).cells == 2);
  CHECK(digits == Digits{3, 5, 5});
  CHECK(cells.statistics().writes_refused == 1);
}

TEST_CASE("cells that may not fail only count") {
  EnduranceConfig config = counting();
  config.median = 2;
  config.cells_fail = false;
  WornCells cells(config, small());
  for (std::int8_t level = 1; level < 6; ++level) write(cells, 0, {level, level, level});
  CHECK(cells.statistics().cells_stuck == 0);
  CHECK(cells.level(0, 0, 0) == 5);
}

TEST_CASE("endurance is lognormal around its median, and drawn by seed and unit") {
  EnduranceConfig config = counting();
  config.median = 1000;
  config.spread = 0.5;
  const Geometry many = {1, 100, 100, {16}};
  const WornCells cells(config, many);
  int above = 0;
  int above_one_sigma = 0;
  for (std::size_t i = 0; i < 10000; ++i) {
    above += cells.endurance(i) > 1000 ? 1 : 0;
    above_one_sigma += cells.endurance(i) > 1000 * std::exp(0.5) ? 1 : 0;
  }
  CHECK(above == Approx(5000).margin(4 * 50));
  CHECK(above_one_sigma == Approx(1587).margin(4 * 37));
  CHECK(WornCells(config, many).endurance(7) == cells.endurance(7));
  config.unit = 1;
  CHECK(WornCells(config, many).endurance(7) != cells.endurance(7));
}

TEST_CASE("levelling moves the matrix and keeps every weight") {
  for (const Levelling levelling : {Levelling::row_swap, Levelling::column_rotation, Levelling::random}) {
    EnduranceConfig config = counting();
    config.levelling = levelling;
    config.period = 3;
    WornCells cells(config, {2, 6, 5, {16, 16}});
    CounterRng random(1, 2, 3);
    std::vector<Digits> rows;
    for (int row = 0; row < 4; ++row) {
      Digits digits;
      for (int i = 0; i < 8; ++i)
        digits.push_back(static_cast<std::int8_t>(static_cast<int>(random.below(16)) - 8));
      rows.push_back(digits);
      write(cells, row, digits);
    }
    std::uint64_t moved = 0;
    for (int pass = 0; pass < 30; ++pass) {
      rows[0][0] = static_cast<std::int8_t>(pass % 8);
      write(cells, 0, rows[0]);
      moved += cells.end_of_pass().write.cells;
    }
    CAPTURE(static_cast<int>(levelling));
    CHECK(cells.statistics().levelling_moves == 10);
    CHECK(moved > 0);
    CHECK(moved == cells.statistics().levelling_cells);
    bool same = true;
    for (int row = 0; row < 4; ++row) {
      for (int slice = 0; slice < 2; ++slice) {
        for (int column = 0; column < 4; ++column) {
          same =
              same && cells.level(slice, row, column) ==
                          rows[static_cast<std::size_t>(row)][static_cast<std::size_t>(slice * 4 + column)];
        }
      }
    }
    CHECK(same);
  }
}

TEST_CASE("row swaps bring a hot row's wear down towards the mean") {
  const auto worst = [](Levelling levelling) {
    EnduranceConfig config = counting();
    config.levelling = levelling;
    config.period = 10;
    WornCells cells(config, {1, 8, 4, {16}});
    for (int row = 0; row < 8; ++row) write(cells, row, {1, 1, 1, 1});
    for (int pass = 0; pass < 4000; ++pass) {
      write(cells, 2, {1, 2, 3, 4});
      cells.end_of_pass();
    }
    return *std::max_element(cells.wear().begin(), cells.wear().end());
  };
  CHECK(worst(Levelling::none) == 4001);
  // An eighth of the writes each, and what the moves cost: at most one write a cell and move.
  CHECK(worst(Levelling::row_swap) < 4000.0 / 8 + 400);
}

TEST_CASE("column rotation spreads hot columns over all") {
  EnduranceConfig config = counting();
  config.levelling = Levelling::column_rotation;
  config.period = 1;
  WornCells cells(config, {1, 1, 16, {16}});
  for (int pass = 0; pass < 16; ++pass) {
    write(cells, 0, {static_cast<std::int8_t>(pass % 8)});
    cells.end_of_pass();
  }
  for (const double worn : cells.wear()) CHECK(worn >= 1);
}

TEST_CASE("endurance refuses what makes no sense") {
  const auto refused = [](const std::function<void(EnduranceConfig&)>& change) {
    EnduranceConfig config = counting();
    change(config);
    CHECK_THROWS_AS(WornCells(config, small()), Error);
  };
  refused([](EnduranceConfig& c) { c.pulses = 0; });
  refused([](EnduranceConfig& c) { c.mean_pulses = 0.5; });
  refused([](EnduranceConfig& c) { c.alpha = 0; });
  refused([](EnduranceConfig& c) { c.median = 0; });
  refused([](EnduranceConfig& c) { c.spread = -1; });
  refused([](EnduranceConfig& c) { c.period = 0; });
  refused([](EnduranceConfig& c) {
    c.count_wear = false;
    c.levelling = Levelling::random;
  });
}

// SPDX-License-Identifier: Apache-2.0
// Outer products in the array on their way through the write filter, and the wear of cells under them.
#include <algorithm>

#include "tests/models/crossbar/filtered_bench.h"

using namespace weft;
using namespace weft::test;
using namespace weft::test::crossbar_bench;
using write_filter::Granularity;
using write_filter::Policy;

namespace {

constexpr unsigned bits = 10;  // of the row operand

write_filter::WriteFilterConfig rules(Policy policy, double threshold = 1) {
  write_filter::WriteFilterConfig config = filter_rules(policy, threshold);
  config.rules.granularity = Granularity::row;
  config.lanes = 1;
  config.outer_products = true;
  return config;
}

Finished run(const write_filter::WriteFilterConfig& filter, const Operands& x, const Operands& d,
             int updates = 1, const CrossbarUnitConfig& unit = config_of_test()) {
  std::vector<Command> commands = {command(CrossbarCommand::prog)};
  for (int n = 0; n < updates; ++n) {
    commands.push_back(command(CrossbarCommand::opa, bits));
    commands.push_back(command(CrossbarCommand::crs));
  }
  commands.push_back(command(CrossbarCommand::rdarr));
  return finish(commands, unit, filter, x, d);
}

// Rows 2, 5 and 9 are driven.
Operands three_rows() {
  Operands x(rows, 0);
  x[2] = 3;
  x[5] = -200;
  x[9] = 900;
  return x;
}

}  // namespace

TEST_CASE("rows whose greatest product is below the threshold are not driven") {
  const Operands d(columns, 4);
  const Finished all = run(rules(Policy::none), three_rows(), d);
  const Finished some = run(rules(Policy::row_max, 100), three_rows(), d);
  CHECK(all.weights == plus(three_rows(), d));
  Operands large = three_rows();
  large[2] = 0;
  CHECK(some.weights == plus(large, d));
  CHECK(some.filter.rows_offered == 3);
  CHECK(some.filter.rows_written == 2);
  // One comparison and product a driven row; the rest of the operation takes as long as without the filter.
  CHECK(some.filter_counts.at("compare") == 3);
  CHECK(some.filter_counts.at("product") == 3);
  check_time(some.timing.times[1] - all.timing.times[1], ns(3));
  CHECK(all.counts.at("opa_slice_step") == bits * slices);
  CHECK(some.counts.at("opa_slice_step") == 0);
  CHECK(some.counts.at("opa_slice_row_step") == 2 * bits * slices);
}

TEST_CASE("an outer product below the threshold fires nothing") {
  write_filter::WriteFilterConfig filter = rules(Policy::drop, 1e6);
  filter.rules.granularity = Granularity::crossbar;
  const Finished none = run(filter, three_rows(), Operands(columns, 4));
  CHECK(none.weights == small_weights());
  CHECK(none.counts.at("opa_slice_row_step") == 0);
  CHECK(none.filter.passes == 1);
  CHECK(none.filter.passes_written == 0);
}

TEST_CASE("rows of which single weights pass are fired one after the other") {
  write_filter::WriteFilterConfig filter = rules(Policy::drop, 1000);
  filter.rules.granularity = Granularity::weight;
  Operands d(columns, 4);
  d[3] = -500;
  const Finished some = run(filter, three_rows(), d);
  std::vector<std::int32_t> expected = small_weights();
  expected[2 * columns + 3] += 3 * -500;
  expected[5 * columns + 3] += -200 * -500;
  for (unsigned column = 0; column < columns; ++column) expected[9 * columns + column] += 900 * d[column];
  CHECK(some.weights == expected);
  CHECK(some.filter.weights_written == 1 + 1 + columns);
  // Row 9 in the outer product; row 2 in one step; row 5 with 100000 = 6 · 2^14 + 1696, two parts.
  CHECK(some.counts.at("opa_slice_row_step") == slices * (bits + 1 + 15 + 1));
  CHECK(some.filter_counts.at("compare") == 3 * columns);
}

TEST_CASE("what a residual holds is added row by row and nothing is lost") {
  const Operands d(columns, 4);
  const Finished twice = run(rules(Policy::ef_reset, 20), three_rows(), d, 2);
  CHECK(twice.weights == plus(three_rows(), d, 2));
  CHECK(twice.filter.rows_written == 2 + 3);
  CHECK(twice.filter_counts.at("residual_access") == 2 * 3 * columns);
}

TEST_CASE("every change that a row can be given reaches the weights") {
  for (const int largest : {1, 127, 16383, 32767}) {
    CAPTURE(largest);
    Operands x(rows, 0);
    x[4] = 1023;
    Operands d(columns, 0);
    for (unsigned column = 0; column < columns; ++column)
      d[column] =
          static_cast<std::int16_t>(column % 2 == 0 ? largest / (1 + static_cast<int>(column)) : -largest);
    // The first three are kept and come with the fourth.
    write_filter::WriteFilterConfig filter = rules(Policy::ef_reset, 3.5 * 1023 * largest);
    const Finished finished = run(filter, x, d, 4);
    CHECK(finished.filter.rows_written == 1);
    CHECK(finished.weights == plus(x, d, 4));
  }
}

TEST_CASE("operands that the array refuses leave no trace in the filter") {
  Operands x = three_rows();
  x[9] = 5000;  // more than ten bits
  test::fresh_kernel();
  Timing timing;
  Bench bench(run_all({command(CrossbarCommand::prog), command(CrossbarCommand::opa, bits)}, timing),
              config_of_test(), Bench::buffer_config(), rules(Policy::ef_reset, 1e6));
  bench.put(weights_at, small_weights());
  bench.put(src0_at, x);
  bench.put(src1_at, Operands(columns, 4));
  sc_core::sc_start();
  CHECK(bench.listener.faults.size() == 1);
  CHECK(bench.filter.statistics().passes == 0);
}

TEST_CASE("outer products wear the cells that their pulses reach") {
  CrossbarUnitConfig unit = config_of_test();
  unit.endurance.count_wear = true;
  Operands x(rows, 0);
  x[7] = 0b101;  // two steps
  Operands d(columns, 0);
  d[2] = -1;  // in slice 0 in step 0, in slice 1 in step 2
  const auto more = [&](endurance::WearMode mode) {
    unit.endurance.mode = mode;
    const Finished idle = run(rules(Policy::none), Operands(rows, 0), d, 1, unit);
    const Finished pulsed = run(rules(Policy::none), x, d, 1, unit);
    CHECK(pulsed.weights == plus(x, d));
    CHECK(pulsed.wear.cells_written >= idle.wear.cells_written + 2);
    return pulsed.worst_wear - idle.worst_wear;
  };
  CHECK(more(endurance::WearMode::write) >= 1);
  x[7] = 0b111;  // slice 0 in steps 0 and 1
  CHECK(more(endurance::WearMode::pulse) >= 2);
  const Finished filtered = run(rules(Policy::row_max, 1e6), x, d, 1, unit);
  const Finished idle = run(rules(Policy::none), Operands(rows, 0), d, 1, unit);
  CHECK(filtered.wear.cells_written == idle.wear.cells_written);
}

TEST_CASE("cells that have worn out under outer products keep their level and training goes on") {
  CrossbarUnitConfig unit = config_of_test();
  unit.endurance.count_wear = true;
  unit.endurance.median = 3;
  Operands x(rows, 0);
  x[0] = 1;
  const Operands d(columns, 1);
  const Finished finished = run(rules(Policy::none), x, d, 8, unit);
  CHECK(finished.wear.cells_stuck > 0);
  CHECK(finished.wear.writes_refused > 0);
  // Row 0 can be written less than three times; the other rows never are.
  const std::vector<std::int32_t> kept = small_weights();
  CHECK(finished.weights[0] > kept[0]);
  CHECK(finished.weights[0] < kept[0] + 8);
  CHECK(std::equal(kept.begin() + columns, kept.end(), finished.weights.begin() + columns));
}

TEST_CASE("where levelling moves the matrix, failed cells hold what comes to lie on them") {
  CrossbarUnitConfig unit = config_of_test();
  unit.endurance.count_wear = true;
  unit.endurance.median = 25;
  unit.endurance.levelling = GENERATE(endurance::Levelling::row_swap, endurance::Levelling::row_rotation,
                                      endurance::Levelling::column_rotation, endurance::Levelling::random);
  unit.endurance.period = 2;
  Operands x(rows, 0);
  x[0] = 1;
  const Operands d(columns, 1);
  const Finished early = run(rules(Policy::none), x, d, 4, unit);
  CHECK(early.wear.cells_stuck == 0);
  CHECK(early.wear.levelling_moves == 2);
  CHECK(early.weights == plus(x, d, 4));
  CHECK(early.weights_by_level == early.weights);
  const Finished late = run(rules(Policy::none), x, d, 60, unit);
  CHECK(late.wear.cells_stuck > 0);
  CHECK(late.weights != plus(x, d, 60));
  CHECK(late.weights_by_level == late.weights);
}

TEST_CASE("either cell of a pair wears out by itself and holds its level") {
  CrossbarUnitConfig unit = config_of_test();
  unit.array.encoding = crossbar::Encoding::differential;
  unit.endurance.count_wear = true;
  unit.endurance.median = 6;
  Operands x(rows, 0);
  x[0] = 1;
  const Operands up(columns, 1);
  const Operands down(columns, -1);
  const std::vector<std::int32_t> kept = small_weights();
  // As many cells fail as with single cells at the most, in their own direction.
  const Finished raised = run(rules(Policy::none), x, up, 20, unit);
  CHECK(raised.wear.cells_stuck > 0);
  CHECK(raised.wear.writes_refused > 0);
  CHECK(raised.weights[0] > kept[0]);
  CHECK(raised.weights[0] < kept[0] + 20);
  const Finished lowered = run(rules(Policy::none), x, down, 20, unit);
  CHECK(lowered.wear.cells_stuck > 0);
  CHECK(lowered.weights[0] < kept[0]);
  CHECK(lowered.weights[0] > kept[0] - 20);
  for (const Finished* finished : {&raised, &lowered})
    CHECK(std::equal(kept.begin() + columns, kept.end(), finished->weights.begin() + columns));
}

TEST_CASE("counting the wear of pairs changes no weight") {
  CrossbarUnitConfig unit = config_of_test();
  unit.array.encoding = crossbar::Encoding::differential;
  Operands x(rows, 3);
  Operands d(columns, 5);
  x[2] = d[1] = -2;
  const Finished plain = run(rules(Policy::none), x, d, 3, unit);
  unit.endurance.count_wear = true;
  unit.endurance.median = 1e6;
  const Finished counted = run(rules(Policy::none), x, d, 3, unit);
  CHECK(counted.weights == plain.weights);
  CHECK(counted.wear.cells_stuck == 0);
  CHECK(counted.wear.cells_written > 0);
}

TEST_CASE("pulses of a carry resolution are charged where they are counted") {
  CrossbarUnitConfig unit = config_of_test();
  unit.timing.write_pulse = ns(50);
  unit.endurance.pulses_model = endurance::PulseModel::fixed;
  Operands x(rows, 0);
  x[0] = 1;
  const Operands d(columns, 3);  // a digit of two bits goes from 0 to 3 and has to be carried
  const Finished finished = run(rules(Policy::none), x, d, 1, unit);
  CHECK(finished.weights == plus(x, d));
  CHECK(finished.counts.at("update_row_write") == 0);
  CHECK(finished.counts.at("update_write_pulse") > 0);
  CHECK(finished.counts.at("update_write_pulse") <= columns * slices);
}

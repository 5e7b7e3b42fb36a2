// SPDX-License-Identifier: Apache-2.0
// Digital updates on their way through the write filter into cells that wear.
#include "tests/models/crossbar/filtered_bench.h"

using namespace weft;
using namespace weft::test;
using namespace weft::test::crossbar_bench;

namespace {

CrossbarUnitConfig writing_back() {
  CrossbarUnitConfig config = config_of_test();
  config.policy = crossbar::UpdatePolicy::write_back;
  config.timing.write_pulse = ns(50);
  config.energy.write_pulse = picojoule(2);
  config.energy.half_select = picojoule(0.5);
  config.energy.row_setup = picojoule(3);
  config.digital.outer_product = ns(500);
  return config;
}

write_filter::WriteFilterConfig rules(write_filter::Policy policy, double threshold = 1) {
  return filter_rules(policy, threshold);
}

// An outer product whose rows 2 and 5 are not zero.
Operands two_rows() {
  Operands x(rows, 0);
  x[2] = 3;
  x[5] = -200;
  return x;
}

Finished run(const CrossbarUnitConfig& unit, const write_filter::WriteFilterConfig& filter, const Operands& x,
             const Operands& d, int updates = 1) {
  std::vector<Command> commands = {command(CrossbarCommand::prog)};
  for (int n = 0; n < updates; ++n) {
    commands.push_back(command(CrossbarCommand::opa));
    commands.push_back(command(CrossbarCommand::rdarr));
  }
  return finish(commands, unit, filter, x, d);
}

}  // namespace

TEST_CASE("rows that the filter holds back are neither read nor written") {
  const Operands d(columns, 4);
  const Finished all = run(writing_back(), rules(write_filter::Policy::none), two_rows(), d);
  const Finished some = run(writing_back(), rules(write_filter::Policy::compare), two_rows(), d);
  CHECK(all.weights == plus(two_rows(), d));
  CHECK(some.weights == all.weights);
  CHECK(all.counts.at("update_row_write") == rows * slices);
  CHECK(some.counts.at("update_row_write") == 2 * slices);
  CHECK(some.counts.at("update_row_read") == 2 * slices);
  CHECK(some.filter.rows_written == 2);
  // Two rows of 1 us read and 2 us write instead of 16, and a cycle for every row offered.
  check_time(some.timing.times[2], us(2 * 3 + rows) + ns(rows));
  check_time(all.timing.times[2], us(rows * 3 + rows));
}

TEST_CASE("an update below the threshold is lost by dropping and comes with the next by error feedback") {
  const Operands d(columns, 4);  // updates of 12 and -800
  Operands large = two_rows();
  large[2] = 0;
  CHECK(run(writing_back(), rules(write_filter::Policy::drop, 20), two_rows(), d).weights == plus(large, d));
  CHECK(run(writing_back(), rules(write_filter::Policy::ef_reset, 20), two_rows(), d, 2).weights ==
        plus(two_rows(), d, 2));
}

TEST_CASE("pulses are charged by the cell and a row takes as long as its slowest cells") {
  CrossbarUnitConfig unit = writing_back();
  unit.endurance.pulses_model = endurance::PulseModel::linear;
  write_filter::WriteFilterConfig filter = rules(write_filter::Policy::compare);
  filter.rules.granularity = write_filter::Granularity::cell;
  Operands x(rows, 0);
  x[0] = 1;
  Operands d(columns, 0);
  d[0] = 1;  // weight (0, 0) is -50: digits ...; one more changes its lowest digit by one
  const Finished finished = run(unit, filter, x, d);
  CHECK(finished.weights == plus(x, d));
  const Finished before = run(unit, filter, Operands(rows, 0), d);
  CHECK(finished.wear.cells_written == before.wear.cells_written + 1);
  CHECK(finished.counts.at("update_write_pulse") == before.counts.at("update_write_pulse") + 1);
  CHECK(finished.counts.at("update_write_half_select") ==
        before.counts.at("update_write_half_select") + (columns - 1) + (rows - 1));
  CHECK(finished.counts.at("update_write_word_line") == before.counts.at("update_write_word_line") + 1);
  CHECK(finished.counts.at("update_write_bit_line") == before.counts.at("update_write_bit_line") + 1);
  CHECK(finished.counts.at("update_write_unselected_line") ==
        before.counts.at("update_write_unselected_line") + columns - 1);
  CHECK(finished.counts.at("update_write_row_setup") == before.counts.at("update_write_row_setup") + slices);
  check_time(finished.timing.times[2], us(1 + rows) + ns(50 + rows));
  CHECK(finished.counts.at("update_row_write") == 0);
}

TEST_CASE("training goes on with cells that have worn out") {
  CrossbarUnitConfig unit = writing_back();
  unit.endurance.count_wear = true;
  unit.endurance.median = 3;
  const Operands d(columns, 1);
  Operands x(rows, 0);
  x[0] = 1;
  const Finished finished = run(unit, rules(write_filter::Policy::compare), x, d, 6);
  CHECK(finished.wear.cells_stuck == columns * slices);
  const auto expected = plus(x, d, 2);
  // Programmed once and updated twice; then all cells of row 0 are stuck.
  CHECK(finished.weights == expected);
  CHECK(finished.wear.writes_refused > 0);
}

TEST_CASE("levelling keeps the weights and costs rows") {
  for (const endurance::Levelling levelling :
       {endurance::Levelling::row_swap, endurance::Levelling::column_rotation,
        endurance::Levelling::random}) {
    CrossbarUnitConfig unit = writing_back();
    unit.endurance.count_wear = true;
    unit.endurance.levelling = levelling;
    unit.endurance.period = 2;
    const Operands d(columns, 4);
    const Finished levelled = run(unit, rules(write_filter::Policy::compare), two_rows(), d, 4);
    CHECK(levelled.weights == plus(two_rows(), d, 4));
    CHECK(levelled.wear.levelling_moves == 2);
    CHECK(levelled.counts.at("update_row_write") > 4 * 2 * slices);
    unit.endurance.levelling = endurance::Levelling::none;
    const Finished still = run(unit, rules(write_filter::Policy::compare), two_rows(), d, 4);
    CHECK(levelled.timing.times[4] > still.timing.times[4]);
  }
}

TEST_CASE("counting wear changes neither results nor time nor energy") {
  CrossbarUnitConfig unit = writing_back();
  const Operands d = small_operand(columns, 29);
  const Operands x = small_operand(rows, 13);
  const Finished plain = run(unit, rules(write_filter::Policy::none), x, d, 3);
  unit.endurance.count_wear = true;
  const Finished counted = run(unit, rules(write_filter::Policy::none), x, d, 3);
  CHECK(counted.weights == plain.weights);
  CHECK(counted.timing.times == plain.timing.times);
  CHECK(counted.counts == plain.counts);
  CHECK(counted.wear.cells_written == 4 * rows * columns * slices);
}

TEST_CASE("both cells of a pair wear, and keep what they hold when they are worn out") {
  CrossbarUnitConfig unit = writing_back();
  unit.array.encoding = crossbar::Encoding::differential;
  unit.endurance.count_wear = true;
  unit.endurance.pulses_model = endurance::PulseModel::linear;
  const Operands d(columns, 1);
  Operands x(rows, 0);
  x[0] = 1;
  const Finished whole = run(unit, rules(write_filter::Policy::none), x, d);
  CHECK(whole.weights == plus(x, d));
  // Programmed, then written back as a whole.
  CHECK(whole.wear.cells_written == 2 * 2 * rows * columns * slices);
  CHECK(whole.counts.at("update_write_row_setup") == 2 * rows * slices);

  write_filter::WriteFilterConfig changes = rules(write_filter::Policy::compare);
  changes.rules.granularity = write_filter::Granularity::cell;
  Operands only(columns, 0);
  only[0] = 3;
  const Finished some = run(unit, changes, x, only);
  CHECK(some.weights == plus(x, only));
  CHECK(some.wear.cells_written < whole.wear.cells_written);

  unit.endurance.pulses_model = endurance::PulseModel::array;
  unit.endurance.median = 3;
  const Finished worn = run(unit, rules(write_filter::Policy::compare), x, d, 6);
  CHECK(worn.wear.cells_stuck == 2 * columns * slices);
  CHECK(worn.weights == plus(x, d, 2));
}

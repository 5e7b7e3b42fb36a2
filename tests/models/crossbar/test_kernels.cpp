// SPDX-License-Identifier: Apache-2.0
// Activations as kernels of an array, and gradients that are added to weights as a whole.
#include "tests/models/crossbar/crossbar_unit_bench.h"

using namespace weft;
using namespace weft::test;
using namespace weft::test::crossbar_bench;

namespace {

constexpr unsigned kernel_bits = 6;
// Digits of two bits, -2 to 1: 1 + 4 + 16 = 21 falls short of 63, 85 does not.
constexpr unsigned kernel_slices = 4;

CrossbarUnitConfig unit_config() {
  CrossbarUnitConfig config = config_of_test();
  config.policy = crossbar::UpdatePolicy::write_back;
  config.timing.write_pulse = ns(50);
  config.energy.spike = picojoule(1);
  return config;
}

write_filter::WriteFilterConfig filter_config(write_filter::Policy kernels, double threshold = 1) {
  write_filter::WriteFilterConfig config;
  config.kernel_rules.policy = kernels;
  config.kernel_rules.threshold = threshold;
  config.kernel_rules.granularity = write_filter::Granularity::cell;
  config.rows = rows;
  config.columns = columns;
  config.cycle = ns(1);
  return config;
}

Command kernel_command(unsigned first_row, unsigned count, unsigned bits = kernel_bits) {
  Command result = command(CrossbarCommand::progk, bits);
  result.count = first_row;
  result.length = part(count, columns);
  return result;
}

struct Finished {
  std::vector<std::int32_t> results;
  std::map<std::string, std::uint64_t> counts;
  Timing timing;
  write_filter::FilterStatistics filter;
  endurance::WearStatistics wear;
  std::vector<unit::Fault> faults;
  bool holds_kernels = false;
};

Finished run(const std::vector<Command>& commands, const Operands& src0, const Operands& src1,
             const CrossbarUnitConfig& config = unit_config(),
             const write_filter::WriteFilterConfig& filter = filter_config(write_filter::Policy::none)) {
  test::fresh_kernel();
  Finished finished;
  Bench bench(run_all(commands, finished.timing), config, Bench::buffer_config(), filter);
  bench.put(src0_at, src0);
  bench.put(src1_at, src1);
  bench.put(weights_at, small_weights());
  sc_core::sc_start();
  finished.results = bench.get<std::int32_t>(dst_at, rows * columns);
  finished.counts = bench.counts();
  finished.filter = bench.filter.kernel_statistics();
  finished.faults = bench.listener.faults;
  finished.holds_kernels = bench.unit.holds_kernels();
  if (bench.unit.cells() != nullptr) finished.wear = bench.unit.cells()->statistics();
  return finished;
}

Operands kernels(unsigned count) {
  Operands values;
  for (unsigned i = 0; i < count * columns; ++i)
    values.push_back(static_cast<std::int16_t>(static_cast<int>(i * 29 % 127) - 63));
  return values;
}

Command product(unsigned bits) {
  Command result = command(CrossbarCommand::mvm, bits);
  result.src0 = src1_at;
  return result;
}

}  // namespace

TEST_CASE("a product with activations as kernels is a column of a gradient") {
  const Operands x = kernels(2);
  Operands errors(rows, 0);
  errors[5] = 300;
  errors[6] = -77;
  const Finished finished = run({kernel_command(5, 2), product(10)}, x, errors);
  CHECK(finished.faults.empty());
  CHECK(finished.holds_kernels);
  for (unsigned column = 0; column < columns; ++column)
    CHECK(finished.results[column] == 300 * x[column] - 77 * x[columns + column]);
}

TEST_CASE("kernels use the slices their bits need, and are charged apart") {
  const Finished finished = run({kernel_command(0, 2), product(10)}, kernels(2), Operands(rows, 5));
  CHECK(finished.counts.at("kernel_row_write") == 2 * kernel_slices);
  CHECK(finished.counts.at("kernel_row_read") == 0);
  CHECK(finished.counts.at("gradient_slice_step") == 10 * kernel_slices);
  CHECK(finished.counts.at("gradient_adc_step") == 10 * kernel_slices);
  // 5 has two bits that are one.
  CHECK(finished.counts.at("gradient_spike") == 2 * rows * kernel_slices);
  for (const char* other : {"array_row_write", "update_row_write", "mvm_slice_step", "mvm_spike"}) {
    CAPTURE(other);
    CHECK(finished.counts.at(other) == 0);
  }
  // 2 us a row.
  check_time(finished.timing.times[0], us(4));
}

TEST_CASE("an array that is programmed with weights again uses all slices") {
  const Finished finished =
      run({kernel_command(0, 1), command(CrossbarCommand::prog), product(10)}, kernels(1), Operands(rows, 1));
  CHECK_FALSE(finished.holds_kernels);
  CHECK(finished.counts.at("mvm_slice_step") == 10 * slices);
  CHECK(finished.counts.at("gradient_slice_step") == 0);
}

TEST_CASE("a filter of kernels reads what the cells hold and leaves alone what does not change") {
  CrossbarUnitConfig config = unit_config();
  config.compares_kernels = true;
  config.endurance.count_wear = true;
  config.endurance.pulses_model = endurance::PulseModel::fixed;
  Operands two = kernels(2);
  two[0] = 4;
  for (unsigned column = 0; column < columns; ++column) two[columns + column] = two[column];
  two[columns] = 5;  // the lowest digit is 1 instead of 0
  Command second = kernel_command(3, 1);
  second.src0 = src0_at + 2 * columns;
  const auto filter = filter_config(write_filter::Policy::compare);
  const Finished once = run({kernel_command(3, 1)}, two, two, config, filter);
  const Finished finished =
      run({kernel_command(3, 1), second, product(10)}, two, Operands(rows, 1), config, filter);
  CHECK(finished.counts.at("kernel_row_read") == 2 * kernel_slices);
  CHECK(finished.wear.cells_written == once.wear.cells_written + 1);
  CHECK(finished.counts.at("kernel_write_pulse") == once.counts.at("kernel_write_pulse") + 1);
  CHECK(finished.filter.weights_offered == 2 * columns);
  for (unsigned column = 0; column < columns; ++column)
    CHECK(finished.results[column] == two[columns + column]);
  // A row read, a cycle of the filter and a pulse.
  check_time(finished.timing.times[1], us(1) + ns(1 + 50));
}

TEST_CASE("a kernel's change below the threshold leaves the old activation") {
  CrossbarUnitConfig config = unit_config();
  config.compares_kernels = true;
  Operands two(2 * columns, 10);
  two[columns] = 12;
  two[columns + 1] = 20;
  Command second = kernel_command(0, 1);
  second.src0 = src0_at + 2 * columns;
  Operands first_line(rows, 0);
  first_line[0] = 1;
  const Finished finished = run({kernel_command(0, 1), second, product(1)}, two, first_line, config,
                                filter_config(write_filter::Policy::drop, 5));
  CHECK(finished.results[0] == 10);
  CHECK(finished.results[1] == 20);
  CHECK(finished.results[2] == 10);
}

TEST_CASE("a kernel beyond its bits or beyond the rows is refused") {
  const Finished wide = run({kernel_command(0, 1, 3)}, Operands(columns, 8), {});
  REQUIRE(wide.faults.size() == 1);
  CHECK(wide.faults[0].cause == unit::Cause::illegal_instruction);
  CHECK(wide.faults[0].value == src0_at);
  const Finished low = run({kernel_command(rows - 1, 2)}, kernels(2), {});
  CHECK(low.timing.statuses[0] != Status::ok);
}

TEST_CASE("a gradient is added column by column to weights that are rewritten") {
  Command add = command(CrossbarCommand::addt);
  add.src0 = weights_at;  // the weights themselves, taken as columns of `rows` elements
  const Finished finished =
      run({command(CrossbarCommand::prog), add, command(CrossbarCommand::rdarr)}, {}, {});
  CHECK(finished.faults.empty());
  const std::vector<std::int32_t> weights = small_weights();
  for (unsigned row = 0; row < rows; ++row) {
    for (unsigned column = 0; column < columns; ++column) {
      CAPTURE(row, column);
      CHECK(finished.results[row * columns + column] ==
            weights[row * columns + column] + weights[column * rows + row]);
    }
  }
  CHECK(finished.counts.at("update_row_read") == rows * slices);
  CHECK(finished.counts.at("update_row_write") == rows * slices);
  check_time(finished.timing.times[1], us(3 * rows));
}

TEST_CASE("a unit that updates in place adds no gradients") {
  CrossbarUnitConfig config = unit_config();
  config.policy = crossbar::UpdatePolicy::in_place;
  Command add = command(CrossbarCommand::addt);
  add.src0 = weights_at;
  CHECK(run({add}, {}, {}, config).timing.statuses[0] != Status::ok);
}

// SPDX-License-Identifier: Apache-2.0
// Units that do not update in place: weights written back, and no array at all.
#include "tests/models/crossbar/crossbar_unit_bench.h"

using namespace weft;
using namespace weft::test;
using namespace weft::test::crossbar_bench;

namespace {

CrossbarUnitConfig with_policy(crossbar::UpdatePolicy policy) {
  CrossbarUnitConfig config = config_of_test();
  config.policy = policy;
  config.digital.product = us(4);
  config.digital.outer_product = ns(500);
  config.digital.product_bit = picojoule(13);
  config.digital.outer_product_bit = picojoule(17);
  config.digital.add = picojoule(0.5);
  return config;
}

std::vector<std::int32_t> with_outer_products(std::vector<std::int32_t> weights, const Operands& x,
                                              const Operands& d, int times) {
  for (unsigned row = 0; row < x.size(); ++row) {
    for (unsigned column = 0; column < d.size(); ++column)
      weights[row * columns + column] += times * x[row] * d[column];
  }
  return weights;
}

}  // namespace

TEST_CASE("weights are written back once, before the next product, and not by carry resolution") {
  const auto weights = small_weights();
  const Operands x = small_operand(rows, 13);
  const Operands d = small_operand(columns, 29);
  const Command update = command(CrossbarCommand::opa);
  const Command resolve = command(CrossbarCommand::crs);
  Timing timing;
  Bench bench(
      run_all({command(CrossbarCommand::prog), update, resolve, update, update, resolve,
               command(CrossbarCommand::mvm), command(CrossbarCommand::mvm), command(CrossbarCommand::rdarr)},
              timing),
      with_policy(crossbar::UpdatePolicy::write_back));
  bench.put(weights_at, weights);
  bench.put(src0_at, x);
  bench.put(src1_at, d);
  sc_core::sc_start();
  const auto expected = with_outer_products(weights, x, d, 3);
  std::vector<std::int32_t> product(columns, 0);
  for (unsigned row = 0; row < rows; ++row) {
    for (unsigned column = 0; column < columns; ++column)
      product[column] += x[row] * expected[row * columns + column];
  }
  CHECK(bench.get<std::int32_t>(dst_at, expected.size()) == expected);
  check_time(timing.times[1], ns(500));
  check_time(timing.times[2], sc_core::SC_ZERO_TIME);
  check_time(timing.times[6], us(rows * (1 + 2)) + ns(12 * 100));
  check_time(timing.times[7], ns(12 * 100));
  auto counts = bench.counts();
  CHECK(counts["opa_digital_bit"] == 3 * 10);
  CHECK(counts["opa_slice_step"] == 0);
  CHECK(counts["update_row_read"] == rows * slices);
  CHECK(counts["update_row_write"] == rows * slices);
  CHECK(counts["update_digital_add"] == rows * columns);
  CHECK(counts["array_row_write"] == rows * slices);
  CHECK(counts["array_row_read"] == rows * slices);
  CHECK(counts["mvm_slice_step"] == 2 * 10 * slices);
}

TEST_CASE("a write-back touches only the rows that updates have touched") {
  Command update = command(CrossbarCommand::opa);
  update.length = part(3, 2);
  Timing timing;
  Bench bench(run_all({command(CrossbarCommand::prog), update, command(CrossbarCommand::rdarr)}, timing),
              with_policy(crossbar::UpdatePolicy::write_back));
  const auto weights = small_weights();
  const Operands x = {1, -2, 3};
  const Operands d = {5, -7};
  bench.put(weights_at, weights);
  bench.put(src0_at, x);
  bench.put(src1_at, d);
  sc_core::sc_start();
  CHECK(bench.get<std::int32_t>(dst_at, weights.size()) == with_outer_products(weights, x, d, 1));
  check_time(timing.times[2], us(3 * (1 + 2) + rows * 1));
  CHECK(bench.counts()["update_row_write"] == 3 * slices);
  CHECK(bench.counts()["update_digital_add"] == 3 * 2);
}

TEST_CASE("an operand beyond its bits is refused by a unit that collects updates") {
  Timing timing;
  Bench bench(run_all({command(CrossbarCommand::opa, 4)}, timing),
              with_policy(crossbar::UpdatePolicy::write_back));
  bench.put(src0_at, Operands(rows, 16));
  sc_core::sc_start();
  REQUIRE(bench.listener.faults.size() == 1);
  CHECK(bench.counts()["opa_digital_bit"] == 0);
}

TEST_CASE("digital units compute and update at their own price, without carries") {
  const auto weights = small_weights();
  const Operands x = small_operand(rows, 13);
  const Operands d = small_operand(columns, 29);
  Command transposed = command(CrossbarCommand::mtvm, 9);
  transposed.src0 = src1_at;
  Timing timing;
  CrossbarUnitConfig config = with_policy(crossbar::UpdatePolicy::digital);
  config.array.adc_bits = 28;
  Bench bench(
      run_all({command(CrossbarCommand::prog), command(CrossbarCommand::opa), command(CrossbarCommand::crs),
               command(CrossbarCommand::mvm), transposed, command(CrossbarCommand::rdarr)},
              timing),
      config);
  bench.put(weights_at, weights);
  bench.put(src0_at, x);
  bench.put(src1_at, d);
  sc_core::sc_start();
  CHECK(bench.get<std::int32_t>(dst_at, weights.size()) == with_outer_products(weights, x, d, 1));
  check_time(timing.times[1], ns(500));
  check_time(timing.times[2], sc_core::SC_ZERO_TIME);
  check_time(timing.times[3], us(4));
  check_time(timing.times[4], us(4));
  auto counts = bench.counts();
  CHECK(counts["opa_digital_bit"] == 10);
  CHECK(counts["mvm_digital_bit"] == 10);
  CHECK(counts["mtvm_digital_bit"] == 9);
  for (const char* none : {"mvm_slice_step", "mvm_adc_step", "opa_slice_step", "update_row_write"})
    CHECK(counts[none] == 0);
  CHECK(bench.unit.array().carries_resolved());
}

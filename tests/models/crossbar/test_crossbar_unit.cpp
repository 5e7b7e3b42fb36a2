// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <limits>

#include "tests/models/crossbar/crossbar_unit_bench.h"

using namespace weft;
using namespace weft::test::crossbar_bench;
using test::Master;
using test::ns;
using test::Operands;
using unit::Rounding;

namespace {

// The output stage by definition, for values that are far from the ends of int64.
std::int64_t rounded(std::int64_t value, unsigned shift, Rounding rounding) {
  const std::int64_t unit = std::int64_t{1} << shift;
  std::int64_t below = value / unit;
  if (value % unit != 0 && value < 0) --below;
  const std::int64_t twice_rest = 2 * (value - below * unit);
  if (rounding == Rounding::floor || twice_rest < unit) return below;
  if (twice_rest > unit) return below + 1;
  if (rounding == Rounding::nearest_even) return below % 2 == 0 ? below : below + 1;
  return value >= 0 ? below + 1 : below;
}

}  // namespace

TEST_CASE("a matrix goes in by prog and comes out by rdarr, at one row a time") {
  Timing timing;
  Bench bench(run_all({command(CrossbarCommand::prog), command(CrossbarCommand::rdarr)}, timing));
  const auto weights = small_weights();
  bench.put(weights_at, weights);
  sc_core::sc_start();
  CHECK(timing.statuses == std::vector<Status>{Status::ok, Status::ok});
  CHECK(bench.get<std::int32_t>(dst_at, weights.size()) == weights);
  CHECK(bench.unit.array().weight(3, 7) == weights[3 * columns + 7]);
  check_time(timing.times[0], us(rows * 2));
  check_time(timing.times[1], us(rows * 1));
  CHECK(bench.counts()["array_row_write"] == rows * slices);
  CHECK(bench.counts()["array_row_read"] == rows * slices);
  CHECK(bench.counts()["mvm_slice_step"] == 0);
  CHECK(bench.context.energy.total().value() == Approx(1e-12 * rows * slices * (7 + 11)));
}

TEST_CASE("products from both sides are the sums of the matrix") {
  const auto weights = small_weights();
  const Operands x = small_operand(rows, 13);
  const Operands d = small_operand(columns, 29);
  std::vector<std::int32_t> forward(columns, 0);
  std::vector<std::int32_t> backward(rows, 0);
  for (unsigned row = 0; row < rows; ++row) {
    for (unsigned column = 0; column < columns; ++column) {
      forward[column] += x[row] * weights[row * columns + column];
      backward[row] += d[column] * weights[row * columns + column];
    }
  }
  Command transposed = command(CrossbarCommand::mtvm);
  transposed.src0 = src1_at;
  transposed.dst = dst_at + 0x100;
  Timing timing;
  Bench bench(run_all({command(CrossbarCommand::prog), command(CrossbarCommand::mvm), transposed}, timing));
  bench.put(weights_at, weights);
  bench.put(src0_at, x);
  bench.put(src1_at, d);
  sc_core::sc_start();
  CHECK(bench.get<std::int32_t>(dst_at, columns) == forward);
  CHECK(bench.get<std::int32_t>(dst_at + 0x100, rows) == backward);
  // Ten one-bit steps and two to fill the pipeline.
  check_time(timing.times[1], ns(12 * 100));
  check_time(timing.times[2], ns(12 * 100));
  for (const char* account : {"mvm_slice_step", "mvm_adc_step", "mtvm_slice_step", "mtvm_adc_step"}) {
    CAPTURE(account);
    CHECK(bench.counts()[account] == 10 * slices);
  }
}

TEST_CASE("a product takes a step for every chunk of the converter, and two more") {
  for (const int dac_bits : {1, 2, 4}) {
    for (const unsigned bits : {1u, 9u, 15u}) {
      test::fresh_kernel();
      CrossbarUnitConfig config = config_of_test();
      config.array.dac_bits = dac_bits;
      Timing timing;
      Bench bench(run_all({command(CrossbarCommand::mvm, bits)}, timing), config);
      sc_core::sc_start();
      INFO(dac_bits << "-bit drivers, " << bits << " bits");
      const unsigned steps = (bits + static_cast<unsigned>(dac_bits) - 1) / static_cast<unsigned>(dac_bits);
      check_time(timing.times[0], ns(100.0 * (steps + 2)));
      CHECK(bench.counts()["mvm_slice_step"] == steps * slices);
      CHECK(bench.counts()["mvm_adc_step"] == steps * slices);
      CHECK(bench.context.energy.total().value() == Approx((3e-12 + 2e-12) * steps * slices));
    }
  }
}

TEST_CASE(
    "converters that share the lines shorten a product's steps, down to what an array needs to settle") {
  struct Case {
    int adcs;
    double mvm_ns;   // a step of 12 columns
    double mtvm_ns;  // of 16 rows
  };
  // Of 12 columns two converters have 6 each, five 3 and twelve 1; of 16 rows 8, 4 and 2.
  for (const Case& each : {Case{1, 100, 100}, Case{2, 50, 50}, Case{5, 25, 25}, Case{12, 20, 20}}) {
    CAPTURE(each.adcs);
    CrossbarUnitConfig config = config_of_test();
    config.timing.adcs = each.adcs;
    config.timing.settle = ns(20);
    for (const bool transposed : {false, true}) {
      test::fresh_kernel();
      const CrossbarCommand product = transposed ? CrossbarCommand::mtvm : CrossbarCommand::mvm;
      Timing timing;
      Bench bench(run_all({command(product, 9)}, timing), config);
      sc_core::sc_start();
      check_time(timing.times[0], ns((transposed ? each.mtvm_ns : each.mvm_ns) * (9 + 2)));
    }
  }
}

TEST_CASE("an outer product takes a pulse a step and polarity") {
  const unsigned bits = GENERATE(1u, 10u, 15u);
  Timing timing;
  Bench bench(run_all({command(CrossbarCommand::opa, bits)}, timing));
  sc_core::sc_start();
  check_time(timing.times[0], ns(4 * 1.25 * bits));
  CHECK(bench.counts()["opa_slice_step"] == bits * slices);
  CHECK(bench.context.energy.total().value() == Approx(5e-12 * bits * slices));
}

TEST_CASE("an outer product changes the matrix and carry resolution keeps its value") {
  const auto weights = small_weights();
  const Operands x = small_operand(rows, 13);
  const Operands d = small_operand(columns, 29);
  Timing timing;
  Bench bench(run_all({command(CrossbarCommand::prog), command(CrossbarCommand::opa),
                       command(CrossbarCommand::crs), command(CrossbarCommand::rdarr)},
                      timing));
  bench.put(weights_at, weights);
  bench.put(src0_at, x);
  bench.put(src1_at, d);
  sc_core::sc_start();
  std::vector<std::int32_t> expected = weights;
  for (unsigned row = 0; row < rows; ++row) {
    for (unsigned column = 0; column < columns; ++column)
      expected[row * columns + column] += x[row] * d[column];
  }
  CHECK(bench.get<std::int32_t>(dst_at, expected.size()) == expected);
  CHECK(bench.unit.array().carries_resolved());
}

TEST_CASE("carry resolution reads and writes the rows that were ever written") {
  Command program = command(CrossbarCommand::prog);
  program.length = part(3, columns);
  Command update = command(CrossbarCommand::opa);
  update.length = part(5, 2);
  const Command resolve = command(CrossbarCommand::crs);
  Timing timing;
  Bench bench(run_all({resolve, program, resolve, update, resolve, program, resolve}, timing));
  sc_core::sc_start();
  check_time(timing.times[0], sc_core::SC_ZERO_TIME);
  check_time(timing.times[2], us(3 * (1 + 2)));
  check_time(timing.times[4], us(5 * (1 + 2)));
  check_time(timing.times[6], us(5 * (1 + 2)));
  CHECK(bench.counts()["update_row_read"] == (3 + 5 + 5) * slices);
  CHECK(bench.counts()["update_row_write"] == (3 + 5 + 5) * slices);
  CHECK(bench.counts()["array_row_read"] == 0);
  CHECK(bench.counts()["array_row_write"] == (3 + 3) * slices);
}

TEST_CASE("reading operands and writing results take the buffer's time") {
  memory::MemoryConfig slow = Bench::buffer_config();
  slow.latency = ns(7);
  slow.bytes_per_second = 4e9;  // a word a nanosecond
  Timing timing;
  Bench bench(run_all({command(CrossbarCommand::mvm), command(CrossbarCommand::opa)}, timing),
              config_of_test(), slow);
  sc_core::sc_start();
  constexpr unsigned row_operand_words = rows / 2;
  constexpr unsigned column_operand_words = columns / 2;
  check_time(timing.times[0], ns(row_operand_words + 7 + 12 * 100 + columns + 7));
  check_time(timing.times[1], ns(row_operand_words + column_operand_words + 14 + 4 * 1.25 * 10));
}

TEST_CASE("only the part of the array that the length names takes part") {
  Command program = command(CrossbarCommand::prog);
  Command product = command(CrossbarCommand::mvm);
  product.length = part(3, 5);
  Command transposed = command(CrossbarCommand::mtvm);
  transposed.length = part(3, 5);
  transposed.dst = dst_at + 0x100;
  Command update = command(CrossbarCommand::opa);
  update.length = part(2, 4);
  Command read = command(CrossbarCommand::rdarr);
  read.length = part(4, 6);
  read.dst = dst_at + 0x200;
  Timing timing;
  Bench bench(run_all({program, product, transposed, update, read}, timing));
  const auto weights = small_weights();
  bench.put(weights_at, weights);
  bench.put(src0_at, Operands(rows, 1));
  bench.put(src1_at, Operands(columns, 100));
  bench.put(dst_at, std::vector<std::int32_t>(0x400, -77));
  sc_core::sc_start();

  const auto forward = bench.get<std::int32_t>(dst_at, 6);
  for (unsigned column = 0; column < 5; ++column) {
    CHECK(forward[column] == weights[column] + weights[columns + column] + weights[2 * columns + column]);
  }
  CHECK(forward[5] == -77);
  const auto backward = bench.get<std::int32_t>(dst_at + 0x100, 4);
  for (unsigned row = 0; row < 3; ++row) {
    std::int32_t sum = 0;
    for (unsigned column = 0; column < 5; ++column) sum += weights[row * columns + column];
    CHECK(backward[row] == sum);
  }
  CHECK(backward[3] == -77);
  const auto block = bench.get<std::int32_t>(dst_at + 0x200, 4 * 6 + 1);
  for (unsigned row = 0; row < 4; ++row) {
    for (unsigned column = 0; column < 6; ++column) {
      CHECK(block[row * 6 + column] == weights[row * columns + column] + (row < 2 && column < 4 ? 100 : 0));
    }
  }
  CHECK(block.back() == -77);
  // Driving fewer lines changes neither time nor energy of a product: the slices' converters run all the
  // same.
  check_time(timing.times[1], ns(12 * 100));
  check_time(timing.times[4], us(4));
}

TEST_CASE("results are shifted, rounded and saturated, and saturation is counted") {
  const Rounding rounding = GENERATE(Rounding::nearest_away, Rounding::floor, Rounding::nearest_even);
  const unsigned shift = GENERATE(0u, 1u, 3u, 12u, 40u);
  Command product = command(CrossbarCommand::mvm, 12);
  product.rounding = rounding;
  product.shift = shift;
  Timing timing;
  Bench bench(run_all({command(CrossbarCommand::prog), product}, timing));
  // One row is driven with 4, so that a result is four times the weight: ties for shift 3.
  std::vector<std::int32_t> weights(rows * columns, 5);
  const std::vector<std::int32_t> first_row{1,    -1,    3,       -3,         1024, -1024,
                                            1536, -1536, 1 << 30, -(1 << 30), -5,   5};
  std::copy(first_row.begin(), first_row.end(), weights.begin());
  Operands x(rows, 0);
  x[0] = 4;
  bench.put(weights_at, weights);
  bench.put(src0_at, x);
  sc_core::sc_start();
  const auto found = bench.get<std::int32_t>(dst_at, columns);
  std::uint64_t saturated = 0;
  for (unsigned column = 0; column < columns; ++column) {
    const std::int64_t exact = rounded(std::int64_t{4} * first_row[column], shift, rounding);
    const std::int64_t limited =
        std::min<std::int64_t>(std::max<std::int64_t>(exact, std::numeric_limits<std::int32_t>::min()),
                               std::numeric_limits<std::int32_t>::max());
    INFO("column " << column);
    CHECK(found[column] == limited);
    saturated += limited != exact ? 1 : 0;
  }
  CHECK(bench.unit.results_saturated() == saturated);
  // Four times 2^30 needs one bit more than int32 has.
  CHECK(saturated == (shift == 0 ? 2u : shift == 1 ? 1u : 0u));
}

TEST_CASE("a register a slice counts lost updates since the last carry resolution") {
  CrossbarUnitConfig config = config_of_test();
  config.array.cell_bits.assign(slices, 3);
  config.array.cell_bits[1] = 8;
  const RegisterInfo& info = unit::registers::saturated;
  std::vector<std::uint32_t> after_updates;
  std::vector<std::uint32_t> after_resolution;
  const auto counts = [&](Master& master) {
    std::vector<std::uint32_t> values;
    for (unsigned slice = 0; slice < info.count; ++slice) {
      std::uint32_t value = 0;
      sc_core::sc_time delay;
      master.socket.read(info.offset + 4 * slice, &value, sizeof value, delay);
      values.push_back(value);
    }
    return values;
  };
  const auto finish = [](Master& master, const Command& what) {
    CHECK(master.issue(what) == Status::ok);
    while (master.busy()) master.sleep(ns(1));
  };
  Bench bench(
      [&](Master& master) {
        finish(master, command(CrossbarCommand::opa));
        finish(master, command(CrossbarCommand::opa));
        after_updates = counts(master);
        finish(master, command(CrossbarCommand::crs));
        after_resolution = counts(master);
      },
      config);
  bench.put(src0_at, Operands(rows, 1023));
  bench.put(src1_at, Operands(columns, 3));
  sc_core::sc_start();
  const auto& statistics = bench.unit.array().statistics().saturated;
  REQUIRE(info.count >= slices);
  for (unsigned slice = 0; slice < info.count; ++slice) {
    CAPTURE(slice);
    CHECK(after_updates[slice] == (slice < slices ? statistics[slice].cells : 0));
    CHECK(after_resolution[slice] == 0);
  }
  CHECK(after_updates[0] > 0);
  CHECK(after_updates[1] == 0);
}

TEST_CASE("an accumulating product adds its rounded result and saturates the sum") {
  const bool transposed = GENERATE(false, true);
  const Rounding rounding = GENERATE(Rounding::nearest_away, Rounding::floor, Rounding::nearest_even);
  const unsigned shift = GENERATE(0u, 3u);
  const unsigned outputs = transposed ? rows : columns;
  const unsigned inputs = transposed ? columns : rows;
  Command product = command(transposed ? CrossbarCommand::mtvma : CrossbarCommand::mvma, 12);
  product.rounding = rounding;
  product.shift = shift;
  memory::MemoryConfig memory = Bench::buffer_config();
  memory.latency = ns(3);
  Timing timing;
  Bench bench(run_all({command(CrossbarCommand::prog), product}, timing), config_of_test(), memory);
  const auto weights = small_weights();
  const Operands x = small_operand(inputs, 13);
  std::vector<std::int32_t> accumulator(outputs, 1000);
  accumulator[0] = std::numeric_limits<std::int32_t>::max();
  accumulator[1] = std::numeric_limits<std::int32_t>::min();
  bench.put(weights_at, weights);
  bench.put(src0_at, x);
  bench.put(dst_at, accumulator);
  sc_core::sc_start();
  std::uint64_t saturated = 0;
  for (unsigned i = 0; i < outputs; ++i) {
    std::int64_t sum = 0;
    for (unsigned k = 0; k < inputs; ++k)
      sum += x[k] * weights[transposed ? i * columns + k : k * columns + i];
    sum = rounded(sum, shift, rounding) + accumulator[i];
    const std::int64_t limited =
        std::min<std::int64_t>(std::max<std::int64_t>(sum, std::numeric_limits<std::int32_t>::min()),
                               std::numeric_limits<std::int32_t>::max());
    INFO("result " << i);
    CHECK(bench.get<std::int32_t>(dst_at, outputs)[i] == limited);
    saturated += limited != sum ? 1 : 0;
  }
  CHECK(saturated > 0);
  CHECK(bench.unit.results_saturated() == saturated);
  // Twelve one-bit steps and two to fill the pipeline; operand, accumulator and result.
  check_time(timing.times[1], ns(14 * 100 + 3 * 3));
}

TEST_CASE("a product is what the array computes, lossy converters included") {
  CrossbarUnitConfig config = config_of_test();
  config.array.adc_bits = 5;
  test::Random random(3);
  const test::Block block = random.weights(rows, columns, 20);
  const Operands x = random.operands(rows, 10);
  std::vector<std::int32_t> weights;
  for (const auto& line : block) weights.insert(weights.end(), line.begin(), line.end());

  Array array(config.array);
  REQUIRE(test::program(array, 0, 0, block).ok());
  std::vector<std::int64_t> sums(columns);
  REQUIRE(array.mvm({x.data(), x.size()}, 10, {sums.data(), sums.size()}).ok());
  REQUIRE(array.statistics().conversions_rounded > 0);

  Command product = command(CrossbarCommand::mvm);
  product.shift = 6;
  Timing timing;
  Bench bench(run_all({command(CrossbarCommand::prog), product}, timing), config);
  bench.put(weights_at, weights);
  bench.put(src0_at, x);
  sc_core::sc_start();
  const auto found = bench.get<std::int32_t>(dst_at, columns);
  for (unsigned column = 0; column < columns; ++column) {
    CHECK(found[column] == rounded(sums[column], 6, Rounding::nearest_away));
  }
}

TEST_CASE("time and energy do not depend on how the numbers are computed") {
  Operands x = small_operand(rows, 13);
  std::vector<Timing> timings(2);
  std::vector<std::map<std::string, std::uint64_t>> counts;
  std::vector<std::vector<std::int32_t>> results;
  for (const Arithmetic arithmetic : {Arithmetic::automatic, Arithmetic::sliced}) {
    test::fresh_kernel();
    CrossbarUnitConfig config = config_of_test();
    config.array.arithmetic = arithmetic;
    Timing& timing = timings[results.size()];
    Bench bench(
        run_all({command(CrossbarCommand::prog), command(CrossbarCommand::opa), command(CrossbarCommand::mvm),
                 command(CrossbarCommand::crs), command(CrossbarCommand::rdarr)},
                timing),
        config);
    bench.put(weights_at, small_weights());
    bench.put(src0_at, x);
    bench.put(src1_at, small_operand(columns, 29));
    sc_core::sc_start();
    results.push_back(bench.get<std::int32_t>(dst_at, rows * columns));
    counts.push_back(bench.counts());
    CHECK((bench.unit.array().path_statistics().exact_operations > 0) ==
          (arithmetic == Arithmetic::automatic));
  }
  CHECK(timings[0].times == timings[1].times);
  CHECK(counts[0] == counts[1]);
  CHECK(results[0] == results[1]);
}

TEST_CASE("everything that changes cells passes the write filter, nothing else does") {
  Command program = command(CrossbarCommand::prog);
  program.length = part(3, 5);
  Command update = command(CrossbarCommand::opa);
  update.length = part(4, 6);
  const auto seen_after = [&](const std::vector<Command>& commands) {
    test::fresh_kernel();
    Timing timing;
    Bench bench(run_all(commands, timing));
    sc_core::sc_start();
    return std::make_pair(bench.filter.writes_seen(), bench.filter.bytes_seen());
  };
  using Seen = std::pair<std::uint64_t, std::uint64_t>;
  CHECK(seen_after({program}) == Seen{3, 3 * 5 * 4});
  CHECK(seen_after({update}) == Seen{1, sizeof(UpdateHeader) + 2 * (4 + 6)});
  CHECK(seen_after({command(CrossbarCommand::crs)}) == Seen{1, 4});
  CHECK(seen_after({command(CrossbarCommand::mvm), command(CrossbarCommand::mtvm),
                    command(CrossbarCommand::rdarr)}) == Seen{0, 0});
}

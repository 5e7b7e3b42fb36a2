// SPDX-License-Identifier: Apache-2.0
#include "models/fp_pim/fp_pim_unit.h"

#include <catch2/catch.hpp>
#include <map>
#include <string>

#include "models/common/error.h"
#include "models/fp_pim/number.h"
#include "models/hart/xweft_table.h"
#include "tests/models/tlm/fresh_kernel.h"
#include "tests/models/unit/unit_bench.h"

using namespace weft;
using namespace weft::fp_pim;
using unit::Command;
using unit::Format;
using weft::test::Master;
using weft::test::ns;
using weft::test::one_after_the_other;
using Op = xweft::FpPimCommand;
namespace r = weft::unit::registers;

namespace {

constexpr std::uint32_t buffer_bytes = 0x4000;

FpPimUnitConfig small_unit() {
  FpPimUnitConfig config;
  config.unit.index = unit::first_fp_pim_index;
  config.unit.window = {0, buffer_bytes};
  config.rows = 4;
  config.columns = 3;
  return config;
}

struct Bench : test::UnitBench<FpPimUnit> {
  explicit Bench(std::function<void(Master&)> script, const FpPimUnitConfig& config = small_unit())
      : UnitBench("fp", config, test::plain_buffer(buffer_bytes), std::move(script)) {}
  std::map<std::string, std::uint64_t> counts() const {
    std::map<std::string, std::uint64_t> result;
    for (const auto& account : context.energy.accounts()) {
      if (account.component() == "fp" && account.count() != 0) result[account.operation()] = account.count();
    }
    return result;
  }
};

Command make(Op what, Format format = Format::fp32) {
  Command command;
  command.opcode = static_cast<std::uint8_t>(what);
  command.format0 = command.format1 = command.format_dst = format;
  command.src0 = 0x100;
  command.src1 = 0x200;
  command.dst = 0x300;
  return command;
}

const std::vector<float> matrix{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};

// How long the last of the commands took: the buffer takes no time.
sc_core::sc_time time_of(const std::vector<Command>& commands) {
  const auto busy = [](const std::vector<Command>& some) {
    test::fresh_kernel();
    Bench bench(one_after_the_other(some));
    bench.put(0x100, matrix);
    sc_core::sc_start(sc_core::sc_time(10, sc_core::SC_MS));
    REQUIRE(bench.unit.operations() == some.size());
    return bench.unit.busy_time();
  };
  const std::vector<Command> before(commands.begin(), commands.end() - 1);
  return busy(commands) - busy(before);
}

}  // namespace

TEST_CASE("a matrix is loaded, multiplied from both sides, updated and read back") {
  Command forward = make(Op::fpm_mvm);
  forward.src0 = 0x180;
  forward.dst = 0x800;
  Command backward = make(Op::fpm_mtvm);
  backward.src0 = 0x1c0;
  backward.dst = 0x900;
  Command update = make(Op::fpm_opa);
  update.src0 = 0x180;
  update.src1 = 0x1c0;
  Bench bench(one_after_the_other({make(Op::fpm_load), forward, backward, update, make(Op::fpm_read)}));
  bench.put(0x100, matrix);
  bench.put<float>(0x180, {1, -1, 0.5f, 2});
  bench.put<float>(0x1c0, {1, 10, 100});
  sc_core::sc_start();
  CHECK(bench.get<float>(0x800, 3) == std::vector<float>{20.5f, 23, 25.5f});
  CHECK(bench.get<float>(0x900, 4) == std::vector<float>{321, 654, 987, 1320});
  CHECK(bench.get<float>(0x300, 12) == std::vector<float>{2, 12, 103, 3, -5, -94, 7.5f, 13, 59, 12, 31, 212});
}

TEST_CASE("element-wise operations work on a part of the array") {
  std::vector<Command> commands{make(Op::fpm_load), make(Op::fpm_add), make(Op::fpm_mul), make(Op::fpm_mac),
                                make(Op::fpm_read)};
  for (std::size_t i = 1; i < 4; ++i) {
    commands[i].src0 = 0x180;
    commands[i].src1 = 0x1c0;
    commands[i].length = 2u | 2u << 16;
  }
  Bench bench(one_after_the_other(commands));
  bench.put(0x100, matrix);
  bench.put<float>(0x180, {10, 20, 30, 40});
  bench.put<float>(0x1c0, {0.5f, 0.25f, 1, 2});
  sc_core::sc_start();
  // (w + a) · a + a · b
  CHECK(bench.get<float>(0x300, 12) == std::vector<float>{115, 445, 3, 1050, 1880, 6, 7, 8, 9, 10, 11, 12});
}

TEST_CASE("operands of every format are rounded to that of the cells, results to that of dst") {
  Command load = make(Op::fpm_load);
  load.format_dst = Format::bf16;
  Command product = make(Op::fpm_mvm);
  product.length = 1u | 1u << 16;
  product.format0 = Format::fp16;
  product.format_dst = Format::fp16;
  product.src0 = 0x180;
  product.dst = 0x400;
  Bench bench(one_after_the_other({load, product}));
  bench.put<float>(0x100, std::vector<float>(12, 1.00390625f + 0.001f));  // bf16 neighbours: 1, 1.0078125
  bench.put<std::uint16_t>(0x180, {static_cast<std::uint16_t>(to_bits(Format::fp16, 3.01f))});
  sc_core::sc_start();
  CHECK(bench.unit.array().at(0, 0) == 1.0078125f);
  // 3.01 becomes 3.015625 in bf16; the product 3.03918 is nearer to 3.046875 than to 3.03125.
  CHECK(from_bits(Format::fp16, bench.get<std::uint16_t>(0x400, 1)[0]) == 3.046875f);
}

TEST_CASE("infinity and NaN are results, not faults") {
  Command product = make(Op::fpm_mvm);
  product.length = 2u | 1u << 16;
  product.src0 = 0x180;
  product.dst = 0x400;
  Bench bench(one_after_the_other({make(Op::fpm_load), product}));
  std::vector<float> weights(12, 1e38f);
  bench.put(0x100, weights);
  bench.put<float>(0x180, {10, -10});
  sc_core::sc_start();
  CHECK(bench.unit.operations() == 2);
  CHECK(bench.get<std::uint32_t>(0x400, 1)[0] == 0x7fc00000);
}

TEST_CASE("a command takes its row steps, each a multiplication, an addition or both") {
  const Primitives primitives;
  for (const Format format : {Format::fp32, Format::fp16, Format::bf16}) {
    const FormatCost cost = cost_of(format, primitives);
    const sc_core::sc_time both = cost.multiplication.time + cost.addition.time;
    Command load = make(Op::fpm_load);
    load.format_dst = format;
    CHECK(time_of({load}) == 4 * ns(2.2));
    CHECK(time_of({load, make(Op::fpm_mvm)}) == 4 * both);
    CHECK(time_of({load, make(Op::fpm_mtvm)}) == 3 * both);
    CHECK(time_of({load, make(Op::fpm_opa)}) == 4 * both);
    CHECK(time_of({load, make(Op::fpm_mac)}) == 4 * both);
    CHECK(time_of({load, make(Op::fpm_add)}) == 4 * cost.addition.time);
    CHECK(time_of({load, make(Op::fpm_mul)}) == 4 * cost.multiplication.time);
    CHECK(time_of({load, make(Op::fpm_read)}) == 4 * ns(2.2));
    Command part = make(Op::fpm_mvm);
    part.length = 2u | 1u << 16;
    CHECK(time_of({load, part}) == 2 * both);
  }
}

TEST_CASE("packed lanes save row steps and pay for the reduction of their sums") {
  FpPimUnitConfig config = small_unit();
  config.columns = 6;
  Command load = make(Op::fpm_load);
  load.length = 2u | 6u << 16;
  Command forward = make(Op::fpm_mvm);
  forward.length = 2u | 2u << 16;
  forward.count = 3;
  forward.src0 = 0x180;
  forward.dst = 0x800;
  Command backward = forward;
  backward.opcode = static_cast<std::uint8_t>(Op::fpm_mtvm);
  backward.dst = 0x900;
  Bench bench(one_after_the_other({load, forward, backward}), config);
  // Rows 0 and 1, 2 and 3, 4 and 5 of a matrix of 6 x 2 side by side.
  bench.put<float>(0x100, {1, 2, 5, 6, 9, 10, 3, 4, 7, 8, 11, 12});
  bench.put<float>(0x180, {1, 2, 3, 4, 5, 6});
  sc_core::sc_start();
  CHECK(bench.get<float>(0x800, 2) == std::vector<float>{161, 182});
  CHECK(bench.get<float>(0x900, 6) == std::vector<float>{5, 11, 17, 23, 29, 35});
  const FormatCost cost = cost_of(Format::fp32, Primitives());
  const sc_core::sc_time both = cost.multiplication.time + cost.addition.time;
  // Three groups become two, then one.
  const sc_core::sc_time reduction = 2 * (cost.transfer.time + cost.addition.time);
  CHECK(cost.transfer.time == ns(33 * 1.1));
  CHECK(bench.unit.busy_time() == 2 * ns(2.2) + 2 * both + reduction + 2 * both);
  // Lanes: 2 rows of 6, twice 2 in the reduction; 2 columns of 6.
  CHECK(bench.counts().at("fp32 addition") == 12 + 4 + 12);
  CHECK(bench.counts().at("fp32 multiplication") == 24);
  CHECK(bench.counts().at("fp32 transfer") == 4);
  CHECK(bench.unit.multiplications() == 4);
  CHECK(bench.unit.additions() == 6);
}

TEST_CASE("loads, reads and element-wise commands begin at a row") {
  Command load = make(Op::fpm_load);
  load.length = 2u | 3u << 16;
  load.count = 2;
  Command read = make(Op::fpm_read);
  read.length = 1u | 3u << 16;
  read.count = 3;
  Bench bench(one_after_the_other({load, read}));
  bench.put(0x100, matrix);
  sc_core::sc_start();
  CHECK(bench.get<float>(0x300, 3) == std::vector<float>{4, 5, 6});
  CHECK(bench.unit.array().at(0, 0) == 0);
}

TEST_CASE("a search is charged to the array or to every lane") {
  FpPimUnitConfig config = small_unit();
  config.primitives.search_scope = SearchScope::lane;
  Bench bench(one_after_the_other({make(Op::fpm_load), make(Op::fpm_add)}), config);
  bench.put(0x100, matrix);
  sc_core::sc_start();
  CHECK(bench.counts().at("fp32 search") == 4 * 48 * 3);
}

TEST_CASE("predicated multiplications pay for the multiplier's bits that are 1") {
  FpPimUnitConfig config = small_unit();
  config.primitives.logic = Logic::sot;
  config.primitives.policy = MultiplyPolicy::predicated;
  Command forward = make(Op::fpm_mvm);
  forward.src0 = 0x180;
  forward.dst = 0x800;
  Command backward = make(Op::fpm_mtvm);
  backward.src0 = 0x180;
  backward.dst = 0x900;
  Bench bench(one_after_the_other({make(Op::fpm_load), forward, backward}), config);
  bench.put(0x100, matrix);
  // Fractions of 1.5, 1.75 and 1 have one, two and no bits; 3 has one.
  bench.put<float>(0x180, {1.5f, 1.75f, 1, 3});
  sc_core::sc_start();
  CHECK(bench.counts().at("fp32 multiplier bit") == 4 * 3 + 3 * 4);
}

TEST_CASE("energy is booked by operation, format, search and bit") {
  Command load = make(Op::fpm_load);
  load.format_dst = Format::bf16;
  Bench bench(one_after_the_other({load, make(Op::fpm_mvm), make(Op::fpm_mul), make(Op::fpm_read)}));
  bench.put(0x100, matrix);
  sc_core::sc_start();
  const std::map<std::string, std::uint64_t> expected{{"number bit write", 12 * 16},
                                                      {"number bit read", 12 * 16},
                                                      {"bf16 multiplication", 24},
                                                      {"bf16 addition", 12},
                                                      {"bf16 search", 4 * 16}};
  CHECK(bench.counts() == expected);
}

TEST_CASE("what the unit cannot do is refused with the reason") {
  struct Case {
    Command command;
    std::uint32_t cause;
    std::uint32_t value;
  };
  std::vector<Case> cases;
  const auto add = [&](Command command, std::uint32_t cause, std::uint32_t value) {
    cases.push_back({command, cause, value});
  };
  Command unknown = make(Op::fpm_load);
  unknown.opcode = 9;
  add(unknown, 2, 9);
  Command large = make(Op::fpm_mvm);
  large.length = 5;
  add(large, 2, 5);
  large.length = 4u << 16;
  add(large, 2, 4u << 16);
  Command packed = make(Op::fpm_mvm);
  packed.count = 2;
  add(packed, 2, 2);
  Command below = make(Op::fpm_load);
  below.count = 1;
  add(below, 2, 1);
  Command integer = make(Op::fpm_mvm);
  integer.format0 = Format::int32;
  add(integer, 2, 2);
  integer = make(Op::fpm_opa);
  integer.format1 = Format::int8;
  add(integer, 2, 0);
  integer = make(Op::fpm_load);
  integer.format_dst = Format::int16;
  add(integer, 2, 1);
  Command crooked = make(Op::fpm_add);
  crooked.src0 = 0x102;
  add(crooked, 4, 0x102);
  crooked = make(Op::fpm_mac);
  crooked.src1 = 0x202;
  add(crooked, 4, 0x202);
  crooked = make(Op::fpm_read);
  crooked.dst = 0x302;
  add(crooked, 6, 0x302);
  Command outside = make(Op::fpm_load);
  outside.src0 = buffer_bytes - 44;
  add(outside, 5, buffer_bytes - 44);
  outside = make(Op::fpm_mtvm);
  outside.dst = buffer_bytes - 12;
  add(outside, 7, buffer_bytes - 12);
  Bench bench([&](Master& master) {
    for (const Case& each : cases) {
      CAPTURE(each.command.opcode, each.value);
      CHECK(master.issue(each.command) == Status::command_error);
      CHECK(master.read(r::error_cause) == each.cause);
      CHECK(master.read(r::error_value) == each.value);
      master.write(r::error_clear, 0);
    }
    // What a command does not use is not looked at.
    Command update = make(Op::fpm_opa);
    update.format_dst = Format::int8;
    update.dst = 0xffffffff;
    CHECK(master.issue(update) == Status::ok);
  });
  sc_core::sc_start();
}

TEST_CASE("an array has 1 to 1024 rows and columns") {
  Context context;
  FpPimUnitConfig config = small_unit();
  config.rows = 0;
  CHECK_THROWS_WITH(FpPimUnit("fp", config, context),
                    Catch::Contains("0 rows") && Catch::Contains("1 to 1024"));
  test::fresh_kernel();
  config.rows = 4;
  config.columns = 1025;
  CHECK_THROWS_WITH(FpPimUnit("fp", config, context), Catch::Contains("1025 columns"));
}

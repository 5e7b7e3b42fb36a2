// SPDX-License-Identifier: Apache-2.0
#include "models/inversion/inversion_unit.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>

#include "models/common/error.h"
#include "models/hart/xweft_table.h"
#include "tests/models/tlm/fresh_kernel.h"
#include "tests/models/unit/unit_bench.h"

using namespace weft;
using namespace weft::inversion;
using unit::Command;
using unit::Format;
using unit::Rounding;
using weft::test::Master;
using weft::test::ns;
using weft::test::one_after_the_other;
using Op = xweft::InversionCommand;
namespace r = weft::unit::registers;

namespace {

constexpr std::uint32_t buffer_bytes = 0x4000;
constexpr std::uint32_t matrix_at = 0x100;
constexpr std::uint32_t right_at = 0x800;
constexpr std::uint32_t dst_at = 0xc00;

InversionUnitConfig small_unit() {
  InversionUnitConfig config;
  config.unit.index = unit::first_inversion_index;
  config.unit.window = {0, buffer_bytes};
  config.size = 4;
  config.row_write = ns(100);
  config.solve = ns(1000);
  return config;
}

struct Bench : test::UnitBench<InversionUnit> {
  explicit Bench(std::function<void(Master&)> script, const InversionUnitConfig& config = small_unit())
      : UnitBench("inv", config, test::plain_buffer(buffer_bytes), std::move(script)) {}
  std::uint64_t count(const std::string& operation) const {
    for (const auto& account : context.energy.accounts()) {
      if (account.component() == "inv" && account.operation() == operation) return account.count();
    }
    return ~0ull;
  }
};

Command load(unsigned rows, unsigned columns, Format format) {
  Command command;
  command.opcode = static_cast<std::uint8_t>(rows == columns ? Op::inv_load : Op::inv_loadf);
  command.format0 = format;
  command.src0 = matrix_at;
  command.length = rows | columns << 16;
  return command;
}

Command solve(Format format, Format format_dst, unsigned sides = 1) {
  Command command;
  command.opcode = static_cast<std::uint8_t>(Op::inv_solve);
  command.format0 = format;
  command.format_dst = format_dst;
  command.src0 = right_at;
  command.dst = dst_at;
  command.count = sides;
  return command;
}

}  // namespace

TEST_CASE("fp32 systems are solved for every right-hand side") {
  Bench bench(one_after_the_other({load(2, 2, Format::fp32), solve(Format::fp32, Format::fp32, 3)}));
  bench.put<float>(matrix_at, {2, 1, 1, 3});
  bench.put<float>(right_at, {5, 10, 1, 0, 0, 1});
  bench.put<float>(dst_at, {9, 9, 9, 9, 9, 9, 9});
  sc_core::sc_start();
  const std::vector<float> expected{1, 3, 0.6f, -0.2f, -0.2f, 0.4f, 9};
  CHECK(bench.get<float>(dst_at, 7) == expected);
  // Two rows written, three right-hand sides solved; the buffer takes no time.
  CHECK(bench.unit.busy_time() == ns(2 * 100 + 3 * 1000));
  CHECK(bench.count("matrix row write") == 2);
  CHECK(bench.count("right-hand side") == 3);
}

TEST_CASE("integer elements are scaled when loaded, results when written, and rounded") {
  const Rounding rounding = GENERATE(Rounding::nearest_away, Rounding::floor, Rounding::nearest_even);
  Command matrix = load(2, 2, Format::int16);
  matrix.shift = 8;
  Command right = solve(Format::int32, Format::int16, 2);
  right.shift = 1;
  right.rounding = rounding;
  Bench bench(one_after_the_other({matrix, right}));
  // A = diag(4, −8): solutions 1.25, 0.75; −1.25, −0.25. Twice that: 2.5, 1.5, −2.5, −0.5.
  bench.put<std::int16_t>(matrix_at, {4 * 256, 0, 0, -8 * 256});
  bench.put<std::int32_t>(right_at, {5, -6, -5, 2});
  sc_core::sc_start();
  std::vector<std::int16_t> expected{3, 2, -3, -1};
  if (rounding == Rounding::floor) expected = {2, 1, -3, -1};
  if (rounding == Rounding::nearest_even) expected = {2, 2, -2, 0};
  CHECK(bench.get<std::int16_t>(dst_at, 4) == expected);
}

TEST_CASE("a factor is loaded with its damping, in fp32 or scaled integers") {
  Command matrix = load(2, 1, Format::fp32);
  const float damping = 0.5f;
  std::memcpy(&matrix.src1, &damping, sizeof damping);
  const bool integer = GENERATE(false, true);
  if (integer) {
    matrix.format0 = Format::int16;
    matrix.shift = 1;
    matrix.src1 = 1;
  }
  Bench bench(one_after_the_other({matrix, solve(Format::fp32, Format::fp32)}));
  // a = (1, 2): A = (1.5 2; 2 4.5), and A · (2, 1) = (5, 8.5).
  if (integer) {
    bench.put<std::int16_t>(matrix_at, {2, 4});
  } else {
    bench.put<float>(matrix_at, {1, 2});
  }
  bench.put<float>(right_at, {5, 8.5f});
  sc_core::sc_start();
  CHECK(bench.get<float>(dst_at, 2) == std::vector<float>{2, 1});
  CHECK(bench.count("matrix row write") == 4);
}

TEST_CASE("a system that cannot be solved is a unit error that says why, and x is left alone") {
  std::vector<float> matrix{2, 0, 0, 2};
  std::vector<float> right{1, 1, 1, 1};
  Command command = solve(Format::fp32, Format::fp32, 2);
  bool loads = true;
  Failure failure = Failure::not_loaded;
  SECTION("no matrix") { loads = false; }
  SECTION("singular") {
    failure = Failure::singular;
    matrix = {1, 2, 2, 4};
  }
  SECTION("not finite") {
    failure = Failure::not_finite;
    right[3] = HUGE_VALF;
  }
  SECTION("too large for the format, in the last element only") {
    failure = Failure::overflow;
    command.format_dst = Format::int16;
    right[3] = 65536;
  }
  SECTION("too large for the magnitude bits") {
    failure = Failure::overflow;
    command.format_dst = Format::int16;
    command.magnitude_bits = 3;
    right[3] = 16;
  }
  SECTION("too large for fp32") {
    failure = Failure::overflow;
    matrix = {1e-10f, 0, 0, 1e-10f};
    right[3] = 1e30f;
  }
  std::vector<Command> commands{load(2, 2, Format::fp32), command};
  if (!loads) commands.erase(commands.begin());
  Bench bench(one_after_the_other(commands));
  bench.put(matrix_at, matrix);
  bench.put(right_at, right);
  bench.put<std::uint32_t>(dst_at, {9, 9, 9, 9});
  sc_core::sc_start();
  const auto fault = bench.board.take_fault();
  REQUIRE(fault);
  CHECK(fault->fault.cause == unit::Cause::unit_error);
  CHECK(fault->fault.value == static_cast<std::uint32_t>(failure));
  CHECK(bench.get<std::uint32_t>(dst_at, 4) == std::vector<std::uint32_t>{9, 9, 9, 9});
}

TEST_CASE("results at the ends of their range are no overflow") {
  Command command = solve(Format::int32, Format::int16);
  command.magnitude_bits = GENERATE(0u, 3u);
  const std::int32_t low = command.magnitude_bits == 0 ? -32768 : -7;
  const std::int32_t high = command.magnitude_bits == 0 ? 32767 : 7;
  Bench bench(one_after_the_other({load(2, 2, Format::int32), command}));
  bench.put<std::int32_t>(matrix_at, {1, 0, 0, 1});
  bench.put<std::int32_t>(right_at, {low, high});
  sc_core::sc_start();
  CHECK(bench.unit.operations() == 2);
  CHECK(bench.get<std::int16_t>(dst_at, 2) ==
        std::vector<std::int16_t>{static_cast<std::int16_t>(low), static_cast<std::int16_t>(high)});
}

TEST_CASE("a solution is checked against the matrix loaded when it runs, not when it is issued") {
  Command near_the_end = solve(Format::fp32, Format::fp32);
  near_the_end.dst = buffer_bytes - 8;
  Bench bench([&](Master& master) {
    CHECK(master.issue(load(4, 4, Format::fp32)) == Status::ok);
    master.wait_until_idle();
    CHECK(master.issue(load(2, 2, Format::fp32)) == Status::ok);
    CHECK(master.issue(near_the_end) == Status::ok);
    CHECK(master.issue(load(4, 4, Format::fp32)) == Status::ok);
    CHECK(master.issue(near_the_end) == Status::ok);
    master.wait_until_idle();
  });
  bench.put<float>(matrix_at, {1, 0, 0, 1});
  sc_core::sc_start();
  const auto fault = bench.board.take_fault();
  REQUIRE(fault);
  CHECK(fault->fault.cause == unit::Cause::store_access_fault);
  CHECK(fault->fault.value == buffer_bytes - 8);
  CHECK(bench.unit.operations() == 4);
}

TEST_CASE("what the unit cannot do is refused with the reason") {
  struct Case {
    Command command;
    std::uint32_t cause;
    std::uint32_t value;
  };
  std::vector<Case> cases;
  Command command = load(5, 5, Format::fp32);
  cases.push_back({command, 2, command.length});
  command = load(2, 2, Format::fp32);
  command.length = 2u | 3u << 16;
  cases.push_back({command, 2, command.length});
  command.opcode = 8;
  cases.push_back({command, 2, 8});
  for (const Format format : {Format::int8, Format::fp16, Format::bf16}) {
    cases.push_back({load(2, 2, format), 2, static_cast<std::uint32_t>(format)});
    cases.push_back({solve(format, Format::fp32), 2, static_cast<std::uint32_t>(format)});
    cases.push_back({solve(Format::fp32, format), 2, static_cast<std::uint32_t>(format)});
  }
  cases.push_back({solve(Format::fp32, Format::fp32, 0), 2, 0});
  command = load(2, 2, Format::fp32);
  command.src0 = 0x102;
  cases.push_back({command, 4, 0x102});
  command.src0 = buffer_bytes - 12;
  cases.push_back({command, 5, buffer_bytes - 12});
  command = solve(Format::int16, Format::int32);
  command.src0 = 0x101;
  cases.push_back({command, 4, 0x101});
  command.src0 = buffer_bytes;
  cases.push_back({command, 5, buffer_bytes});
  command.src0 = 0x102;
  command.dst = 0x102;
  cases.push_back({command, 6, 0x102});
  command.dst = buffer_bytes;
  cases.push_back({command, 7, buffer_bytes});
  command = {};
  command.opcode = static_cast<std::uint8_t>(Op::inv_terms);
  command.src1 = most_iterations + 1;
  cases.push_back({command, 2, most_iterations + 1});
  Bench bench([&](Master& master) {
    for (const Case& each : cases) {
      CAPTURE(each.command.opcode, each.value);
      CHECK(master.issue(each.command) == Status::command_error);
      CHECK(master.read(r::error_cause) == each.cause);
      CHECK(master.read(r::error_value) == each.value);
      master.write(r::error_clear, 0);
    }
  });
  sc_core::sc_start();
}

TEST_CASE("the unit counts what software tells of solutions it has found in other ways") {
  std::vector<std::string> warnings;
  Bench bench([](Master& master) {
    for (const std::uint32_t way : {1u, 2u, 2u, 3u, 4u, 4u, 4u, 0u, 5u}) master.write(r::fallback, way);
  });
  bench.context.log.set_sink([&](const LogEntry& entry) { warnings.push_back(entry.text); },
                             LogLevel::warning);
  sc_core::sc_start();
  CHECK(bench.unit.statistics().fallbacks == std::array<std::uint64_t, fallback_count>{1, 2, 1, 3});
  CHECK(warnings == std::vector<std::string>{"FALLBACK: found 0; allowed are 1 to 4",
                                             "FALLBACK: found 5; allowed are 1 to 4"});
}

TEST_CASE("an inversion unit has 1 to 1024 unknowns") {
  Context context;
  InversionUnitConfig config = small_unit();
  config.size = 0;
  CHECK_THROWS_WITH(InversionUnit("inv", config, context), Catch::Contains("0 unknowns"));
  test::fresh_kernel();
  config.size = 1025;
  CHECK_THROWS_WITH(InversionUnit("inv", config, context), Catch::Contains("1 to 1024"));
}

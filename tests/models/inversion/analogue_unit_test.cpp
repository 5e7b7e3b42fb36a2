// SPDX-License-Identifier: Apache-2.0
// The inversion unit with analogue arrays: results, time, energy, failures, what it reports.
#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>

#include "models/hart/xweft_table.h"
#include "models/inversion/block_inverse.h"
#include "models/inversion/inversion_unit.h"
#include "tests/models/inversion/systems.h"
#include "tests/models/tlm/fresh_kernel.h"
#include "tests/models/unit/unit_bench.h"

using namespace weft;
using namespace weft::inversion;
using namespace weft::test;
using unit::Command;
using unit::Format;
using Op = xweft::InversionCommand;

namespace {

constexpr std::uint32_t buffer_bytes = 0x80000;
constexpr std::uint32_t matrix_at = 0;
constexpr std::uint32_t right_at = 0x60000;
constexpr std::uint32_t dst_at = 0x68000;
constexpr std::uint32_t status_at = 0x70000;

InversionUnitConfig nested_unit() {
  InversionUnitConfig config;
  config.unit.index = unit::first_inversion_index;
  config.unit.window = {0, buffer_bytes};
  config.row_write = ns(100);
  config.solver.mode = Mode::nested;
  return config;
}

struct Bench : UnitBench<InversionUnit> {
  explicit Bench(std::vector<Command> commands, const InversionUnitConfig& config = nested_unit())
      : UnitBench("inv", config, plain_buffer(buffer_bytes), [commands = std::move(commands)](Master& who) {
          for (const Command& each : commands) CHECK(who.issue(each) == Status::ok);
        }) {}

  const EnergyLedger::Account& account(const std::string& operation) const {
    for (const auto& each : context.energy.accounts()) {
      if (each.component() == "inv" && each.operation() == operation) return each;
    }
    FAIL("no account " << operation);
    return context.energy.accounts().front();
  }
  Failure failure() {
    const auto fault = board.take_fault();
    if (!fault) return Failure::none;
    CHECK(fault->fault.cause == unit::Cause::unit_error);
    return static_cast<Failure>(fault->fault.value);
  }
};

Command load(Op op, std::size_t rows, std::size_t columns, float damping = 0) {
  Command command;
  command.opcode = static_cast<std::uint8_t>(op);
  command.format0 = Format::fp32;
  command.src0 = matrix_at;
  std::memcpy(&command.src1, &damping, sizeof damping);
  command.length = static_cast<std::uint32_t>(rows | columns << 16);
  return command;
}

Command load(std::size_t n) { return load(Op::inv_load, n, n); }

Command solve(unsigned sides = 1) {
  Command command;
  command.opcode = static_cast<std::uint8_t>(Op::inv_solve);
  command.format0 = command.format_dst = Format::fp32;
  command.src0 = right_at;
  command.dst = dst_at;
  command.count = sides;
  return command;
}

Command status() {
  Command command;
  command.opcode = static_cast<std::uint8_t>(Op::inv_stat);
  command.dst = status_at;
  return command;
}

std::vector<float> floats(const std::vector<double>& values) { return {values.begin(), values.end()}; }

std::vector<double> doubles(const std::vector<float>& values) { return {values.begin(), values.end()}; }

}  // namespace

TEST_CASE("systems solved on arrays come out with more than sixteen bits, and the unit says so") {
  const std::size_t n = 64;
  Bench bench({load(n), solve(2)});
  bench.put(matrix_at, floats(kms(n, 0.7)));
  std::vector<double> right = cosines(n);
  right.resize(2 * n, 1.0);
  bench.put(right_at, floats(right));
  sc_core::sc_start();
  CHECK(bench.failure() == Failure::none);
  const std::vector<double> found = doubles(bench.get<float>(dst_at, n));
  CHECK(bits(found, kms_solution(cosines(n), 0.7)) > 16);
  const InversionStatistics& statistics = bench.unit.statistics();
  CHECK(statistics.loads == 1);
  CHECK(statistics.solves == 2);
  CHECK(statistics.inversions == 2 * 48);
  CHECK(statistics.products == 2 * 28);
  CHECK(statistics.bits.total() == 2);
  CHECK(statistics.bits.lowest() > 16);
  CHECK(statistics.bits.lowest() < 30);
  CHECK(statistics.bits.median() >= std::floor(10 * statistics.bits.lowest()) / 10);
  CHECK(statistics.residual.lowest() > 14);
}

TEST_CASE("what is measured is the error of the solution that is written") {
  const std::size_t n = 16;
  InversionUnitConfig config = nested_unit();
  config.solver.terms = 1;
  Bench bench({load(n), solve()}, config);
  bench.put(matrix_at, floats(kms(n, 0.5)));
  bench.put(right_at, floats(cosines(n)));
  sc_core::sc_start();
  const double expected = bits(doubles(bench.get<float>(dst_at, n)), kms_solution(cosines(n), 0.5));
  CHECK(bench.unit.statistics().bits.lowest() == Approx(expected).margin(0.01));
  const std::vector<double> product = times(kms(n, 0.5), doubles(bench.get<float>(dst_at, n)));
  const double residual = -std::log2(greatest_difference(product, cosines(n)) / greatest(cosines(n)));
  CHECK(bench.unit.statistics().residual.lowest() == Approx(residual).margin(0.01));
}

TEST_CASE("comparing with double precision changes neither results nor time") {
  const auto run = [](bool measure) {
    fresh_kernel();
    InversionUnitConfig config = nested_unit();
    config.measure = measure;
    Bench bench({load(16), solve()}, config);
    bench.put(matrix_at, floats(kms(16, 0.5)));
    bench.put(right_at, floats(cosines(16)));
    sc_core::sc_start();
    CHECK(bench.unit.statistics().bits.total() == (measure ? 1 : 0));
    return std::make_tuple(bench.get<float>(dst_at, 16), bench.unit.busy_time(),
                           bench.context.energy.total().value());
  };
  CHECK(run(true) == run(false));
}

TEST_CASE("time is that of the operations the scheme demands") {
  const std::size_t n = 64;
  InversionUnitConfig config = nested_unit();
  Bench bench({load(n), solve(3)}, config);
  bench.put(matrix_at, floats(kms(n, 0.5)));
  bench.put(right_at, floats(std::vector<double>(3 * n, 1.0)));
  sc_core::sc_start();
  // Rows; then 48 inversions of DAC, floor and 64 conversions, and 28 products likewise.
  const double operation = 1 + 100 + 64 * 0.78125;
  CHECK(bench.unit.busy_time().to_seconds() * 1e9 == Approx(64 * 100 + 3 * (48 + 28) * operation));
  CHECK(bench.account("conversion").count() == 3 * (48 * 64 + 28 * 6 * 64));
  CHECK(bench.account("line drive").count() == 3 * (48 + 28) * 64);
  CHECK(bench.account("product cell step").count() == 3 * 28 * 6 * 64 * 64);
  // Two arrays of the loop and six of products hold 8 and 24 bits.
  CHECK(bench.account("matrix row write").count() == 64 * (2 + 6));
  CHECK(bench.account("right-hand side").count() == 3);
  CHECK(bench.account("right-hand side").total().value() == 0);
}

TEST_CASE("an inversion settles with the condition number and the amplifiers' bandwidth, down to a floor") {
  OperationTimes times;
  times.gain_bandwidth_Hz = 1e8;
  times.settle_floor_ns = 50;
  const SolverSettings settings = nested_unit().solver;
  const SystemShape shape{64, 0, 64, 6};
  InverseArray array;
  array.conductance = 100;
  const auto settle = [&] { return inversion_cost(times, {}, settings, shape, array).ns - 1 - 50; };
  array.slowest = 1 / 9.0;
  const double at_nine = settle();
  // (8 + 1) ln 2 · 9 / (2π · 0.1 GHz)
  CHECK(at_nine == Approx(9 * std::log(2.0) * 9 / (2 * 3.14159265 * 0.1)).epsilon(1e-6));
  array.slowest = 1 / 18.0;
  CHECK(settle() == Approx(2 * at_nine).epsilon(0.01));
  times.gain_bandwidth_Hz = 2e8;
  CHECK(settle() == Approx(at_nine).epsilon(0.01));
  times.gain_bandwidth_Hz = 1e10;
  CHECK(settle() == Approx(50));
}

TEST_CASE("settling times agree with those simulated for single matrices") {
  // Simulated medians to 2^-9 at 1 GHz, 0.80 to 0.95 of the bound; KMS 0.5 / 64: 11 ns, 0.8 / 256: 83 ns.
  for (const auto& [n, r, simulated] : {std::tuple{64, 0.5, 11.0}, std::tuple{256, 0.8, 83.0}}) {
    const auto size = static_cast<std::size_t>(n);
    SolverSettings settings = nested_unit().solver;
    AnalogueSolver solver(settings);
    REQUIRE(solver.load(size, kms(size, r), 0, LevelRounding::nearest, 0) == Outcome::ok);
    OperationTimes times;
    times.settle_floor_ns = 0.001;
    times.drive_ns = 0;
    times.conversion_ns = 0;
    const double bound = inversion_cost(times, {}, settings, {size, 0, size, 6}, *solver.array()).ns;
    CAPTURE(n, r, bound);
    CHECK(simulated / bound > 0.75);
    CHECK(simulated / bound < 1.0);
  }
}

TEST_CASE("an inversion of 256 unknowns in 200 ns costs the derived 11.5 nJ, most of it in amplifiers") {
  OperationTimes times;
  times.settle_floor_ns = 199;
  InverseArray array;
  array.slowest = 1;
  array.conductance = 65536 * 6.5 / 34.5;  // 7 uS a cell
  const SystemShape shape{256, 0, 256, 6};
  const OperationCost cost = inversion_cost(times, {}, nested_unit().solver, shape, array);
  const OperationEnergy energy;
  const double amplifiers = static_cast<double>(cost.amplifier_ns) * energy.amplifier_ns.value();
  const double cells = static_cast<double>(cost.microsiemens_ns) * energy.microsiemens_ns.value();
  const double conversions = static_cast<double>(cost.conversions) * energy.conversion.value();
  CHECK(amplifiers == Approx(10.2e-9).epsilon(0.01));
  CHECK(cells == Approx(0.9e-9).epsilon(0.03));
  CHECK(conversions == Approx(0.4e-9).epsilon(0.01));
  const double drives = static_cast<double>(cost.drives) * energy.drive.value();
  CHECK(amplifiers + cells + conversions + drives == Approx(11.5e-9).epsilon(0.01));
}

TEST_CASE("blocks take turns in the loops: three inversions and two products for each halving") {
  OperationTimes times;
  InverseArray array;
  array.slowest = 1;
  const SolverSettings settings = nested_unit().solver;
  const SystemShape one_array = system_shape(settings, 256, 0, 24);
  const SystemShape four_arrays = system_shape(settings, 512, 0, 24);
  const double whole = inversion_cost(times, {}, settings, one_array, array).ns;
  array.stages = 1;
  const OperationCost halved = inversion_cost(times, {}, settings, four_arrays, array);
  CHECK(halved.ns == Approx(3 * whole - 2 * 100 + 2 * 100));
  CHECK(halved.cells == 2 * 6 * 256 * 256);
  CHECK(halved.conversions == 512);
  const OperationCost product = product_cost(times, four_arrays);
  CHECK(product.conversions == 2 * 6 * 512);
  CHECK(product.ns == product_cost(times, one_array).ns);
}

TEST_CASE("a factor goes through two arrays") {
  const std::size_t n = 16;
  const std::size_t m = 32;
  const std::vector<double> a = activations(n, m, 1);
  Bench bench({load(Op::inv_loadf, n, m, 0.5F), solve()});
  bench.put(matrix_at, floats(a));
  bench.put(right_at, floats(cosines(n)));
  sc_core::sc_start();
  CHECK(bench.failure() == Failure::none);
  const std::vector<double> found = doubles(bench.get<float>(dst_at, n));
  const std::vector<double> product = times(damped_square(n, m, a, 0.5), found);
  CHECK(greatest_difference(product, cosines(n)) < 1e-4);
  CHECK(bench.unit.statistics().bits.lowest() > 16);
  CHECK(bench.account("product cell step").count() == 28 * 2 * 6 * n * m);
  CHECK(bench.account("matrix row write").count() == 2 * n * (2 + 6));
}

TEST_CASE("loading with damping adds it to the diagonal, in every mode and format") {
  const Mode mode = GENERATE(Mode::reference, Mode::nested);
  const Op op = GENERATE(Op::inv_loadd, Op::inv_loadc);
  const bool integer = GENERATE(false, true);
  InversionUnitConfig config = nested_unit();
  config.solver.mode = mode;
  Command matrix = load(op, 2, 2, 1.5F);
  if (integer) {
    matrix.format0 = Format::int16;
    matrix.shift = 1;
    matrix.src1 = 3;
  }
  Bench bench({matrix, solve()}, config);
  if (integer) {
    bench.put<std::int16_t>(matrix_at, {4, 2, 2, 6});
  } else {
    bench.put<float>(matrix_at, {2, 1, 1, 3});
  }
  bench.put<float>(right_at, {4.5F, 5.5F});
  sc_core::sc_start();
  CHECK(bench.failure() == Failure::none);
  CHECK(bench.get<float>(dst_at, 2)[0] == Approx(1).epsilon(1e-4));
  CHECK(bench.get<float>(dst_at, 2)[1] == Approx(1).epsilon(1e-4));
}

TEST_CASE("what the circuit cannot do is a unit error with its reason, and x is left alone") {
  std::vector<double> matrix{1, 0.5, 0.5, 1};
  Command loading = load(2);
  std::vector<float> right{1, 2};
  InversionUnitConfig config = nested_unit();
  Failure expected = Failure::none;
  SECTION("asymmetric") {
    matrix[1] = 0.25;
    expected = Failure::asymmetric;
  }
  SECTION("not positive definite") {
    matrix[1] = matrix[2] = 2;
    expected = Failure::unstable;
  }
  SECTION("a diagonal of zero") {
    matrix[3] = 0;
    expected = Failure::bad_diagonal;
  }
  SECTION("not a number in the matrix") {
    matrix[1] = std::nan("");
    expected = Failure::not_finite;
  }
  SECTION("not a number in the right-hand side") {
    right[1] = std::nanf("");
    expected = Failure::not_finite;
  }
  SECTION("not a number in the damping") {
    loading = load(Op::inv_loadd, 2, 2, std::nanf(""));
    expected = Failure::not_finite;
  }
  SECTION("indefinite once rounded") {
    config.solver.array_bits = 1;
    matrix[1] = matrix[2] = 0.6;
    expected = Failure::unstable;
  }
  SECTION("a series that grows") {
    // Rounded to two levels, A_H is the identity: terms grow with 1.4 while A itself is fine.
    config.solver.array_bits = 1;
    loading = load(8);
    matrix.assign(64, 0.2);
    for (std::size_t i = 0; i < 8; ++i) matrix[i * 9] = 1;
    right.assign(8, 1);
    expected = Failure::not_converged;
  }
  SECTION("too large for its format") {
    right[0] = 3e38F;
    right[1] = -3e38F;
    expected = Failure::overflow;
  }
  Bench bench({loading, solve()}, config);
  bench.put(matrix_at, floats(matrix));
  bench.put(right_at, right);
  bench.put<std::uint32_t>(dst_at, {9, 9, 9, 9, 9, 9, 9, 9});
  sc_core::sc_start();
  CHECK(bench.failure() == expected);
  CHECK(bench.unit.statistics().failures[static_cast<std::size_t>(expected)] == 1);
  CHECK(bench.get<std::uint32_t>(dst_at, 8) == std::vector<std::uint32_t>(8, 9));
}

TEST_CASE("after a matrix that cannot be loaded there is none, and the next one works") {
  const Command broken = load(Op::inv_loadd, 2, 2, -5.0F);
  Bench bench({load(2), broken, solve(), load(2), solve()});
  bench.put<float>(matrix_at, {1, 0, 0, 1});
  bench.put<float>(right_at, {3, 4});
  sc_core::sc_start();
  CHECK(bench.failure() == Failure::bad_diagonal);
  CHECK(bench.failure() == Failure::not_loaded);
  CHECK(bench.failure() == Failure::none);
  CHECK(bench.get<float>(dst_at, 2)[0] == Approx(3).epsilon(1e-4));
}

TEST_CASE("the unit reports on its last load or solution") {
  const std::size_t n = 16;
  InversionUnitConfig config = nested_unit();
  config.solver.residual_bits = 20;
  Bench bench({load(n), solve(2), status()}, config);
  bench.put(matrix_at, floats(kms(n, 0.5)));
  std::vector<double> right = cosines(n);
  right.resize(2 * n, 1.0);
  bench.put(right_at, floats(right));
  sc_core::sc_start();
  const auto words = bench.get<std::uint32_t>(status_at, 8);
  const auto reals = bench.get<float>(status_at, 8);
  const InversionStatistics& statistics = bench.unit.statistics();
  CHECK(words[0] == 0);
  CHECK(words[1] == 2);
  CHECK(words[2] >= 2);
  CHECK(2 * words[2] >= statistics.iterations);
  CHECK(words[3] == statistics.inversions);
  CHECK(words[4] == statistics.products);
  CHECK(reals[5] > 0);
  CHECK(reals[5] < 0x1p-8F);
  CHECK(1 / reals[6] > 8.46);
  CHECK(1 / reals[6] < 1.6 * 8.46);
  CHECK(words[7] == n);
}

TEST_CASE("inv.terms sets the terms or passes of solutions until it is told otherwise") {
  const auto terms = [](std::uint32_t number) {
    Command command;
    command.opcode = static_cast<std::uint8_t>(Op::inv_terms);
    command.src1 = number;
    return command;
  };
  InversionUnitConfig config = nested_unit();
  config.solver.mode = GENERATE(Mode::nested, Mode::merged);
  const unsigned own = config.solver.iterations();
  Bench bench({load(16), terms(2), solve(), solve(), terms(0), solve(), status()}, config);
  bench.put(matrix_at, floats(kms(16, 0.5)));
  bench.put(right_at, floats(cosines(16)));
  sc_core::sc_start();
  const InversionStatistics& statistics = bench.unit.statistics();
  CHECK(statistics.iterations == 2 + 2 + own);
  CHECK(statistics.inversions == 2 * operation_counts(config.solver, 2, false).inversions +
                                     operation_counts(config.solver, own, false).inversions);
  CHECK(statistics.solves == 3);
  CHECK(bench.get<std::uint32_t>(status_at, 8)[2] == own);
}

TEST_CASE("the unit reports the failure, too") {
  Bench bench({load(2), solve(), status()});
  bench.put<float>(matrix_at, {1, 2, 2, 1});
  sc_core::sc_start();
  const auto words = bench.get<std::uint32_t>(status_at, 8);
  CHECK(words[0] == static_cast<std::uint32_t>(Failure::unstable));
  CHECK(words[6] == 0);
}

TEST_CASE("a median of bits is found without keeping the values") {
  BitHistogram values;
  for (const double bits : {10.0, 20.0, 30.0, 12.04, 14.01}) values.add(std::exp2(-bits));
  CHECK(values.median() == Approx(14.0));
  CHECK(values.lowest() == Approx(10));
  CHECK(values.total() == 5);
  BitHistogram more;
  more.add(0);
  more.add(2.0);
  CHECK(more.lowest() == -1);
  values.add(more);
  CHECK(values.total() == 7);
  CHECK(values.lowest() == -1);
}

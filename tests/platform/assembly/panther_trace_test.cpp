// SPDX-License-Identifier: Apache-2.0
// The training step of two layers of 128 x 128 whose statistics PANTHER's public simulator ships
// (puma-simulator, branch `training`, test/traces/mlp_train_2layer), as an Xweft program on the machine of
// presets `panther-simulator` and `panther-simulator-trace`.
#include <catch2/catch.hpp>

#include <cmath>

#include "tests/platform/assembly/preset_machine.h"

using namespace weft;
using namespace weft::test;

namespace {

constexpr unsigned lines = 128;
constexpr std::uint32_t vector_bytes = 2 * lines;
constexpr std::uint32_t matrix_bytes = 4 * lines * lines;
constexpr std::uint32_t accumulator_shift = 3;

// In the buffer of the tile that learns.
constexpr std::uint32_t measured_code = 0x400;
constexpr std::uint32_t trap_handler = 0x800;
constexpr std::uint32_t stamps = 0xc00;
constexpr std::uint32_t input = 0x1000;
constexpr std::uint32_t sums = 0x2000;  // XbarOut of the forward, forward and error product, int32
constexpr std::uint32_t operands = 0x4000;
constexpr std::uint32_t matrices = 0x10000;

constexpr std::uint32_t at(std::uint32_t offset) { return window(1) + offset; }
constexpr std::uint32_t sums_of(unsigned product) { return at(sums + product * 4 * lines); }
constexpr std::uint32_t operand(unsigned number) { return at(operands + number * vector_bytes); }

// Units of tile 1: the arrays that the two matrix units of a core have for products, transposed products and
// outer products. The first layer has no transposed product.
enum Unit : std::uint32_t { forward0, update0, forward1, backward1, update1, units };
constexpr std::uint32_t mask(std::uint32_t unit) { return 1u << unit; }

constexpr unsigned arrived = 1;  // counter

Code sender() {
  Code code;
  code.set_csr(xweft::csr_wcomp, 1u << 31 | arrived << 16 | 1);
  code.xweft("send", window(0) + input, at(input), vector_bytes);
  return code.end();
}

Code load_weights() {
  Code code;
  code.set_csr(csr_mtvec, at(trap_handler)).set_csr(xweft::csr_wdim, 0);
  code.set_csr(xweft::csr_wsstr, 0);
  code.xweft("prog", at(matrices), 0, mask(forward0) | mask(update0));
  code.xweft("prog", at(matrices + matrix_bytes), 0, mask(forward1) | mask(backward1) | mask(update1));
  return code.xweft("waitm", 0xffffffff).end();
}

// Registers that hold addresses and masks from the start, so that an instruction of the step takes one cycle.
enum Pointer : std::uint32_t { p_input = 16, p_sums, p_operands = p_sums + 3, p_masks = p_operands + 3 };

std::uint32_t issue(const std::string& name, std::uint32_t rs1, std::uint32_t rs2, std::uint32_t rs3) {
  return xweft::encode(*xweft::find(name), {a0, rs1, rs2, rs3});
}

Code set_up() {
  Code code;
  code.set_csr(csr_mtvec, at(trap_handler)).set_csr(xweft::csr_wlen, lines);
  code.set_csr(xweft::csr_wfmt, 2u | 2u << 4 | 1u << 8);
  code.set_csr(xweft::csr_wbits, 15).set_csr(xweft::csr_wshift, accumulator_shift);
  code.li(p_input, at(input));
  for (unsigned i = 0; i < 3; ++i) code.li(p_sums + i, sums_of(i)).li(p_operands + i, operand(i));
  for (std::uint32_t unit = 0; unit < units; ++unit) code.li(p_masks + unit, mask(unit));
  return code;
}

// set, set, load, mvm, copy, mvm, copy, copy, copy, mvm of the transposed and outer product, copy, copy,
// outer product. Where the simulator copies a register, Weft names the address; where formats differ, it
// converts.
Code training_step() {
  Code code;
  code << csrr(s0, csr_mcycle);
  const std::vector<std::uint32_t> prepared = set_up().words;
  code.words.insert(code.words.end(), prepared.begin(), prepared.end());
  code.xweft("cwait", arrived, 1);
  (code << issue("mvm", p_input, p_sums, p_masks + forward0)).wait_for_ticket();
  (code << issue("vcopy", p_sums, 0, p_operands)).wait_for_ticket();
  (code << issue("mvm", p_operands, p_sums + 1, p_masks + forward1)).wait_for_ticket();
  (code << issue("vcopy", p_sums + 1, 0, p_operands + 1)).wait_for_ticket();
  code << issue("opa", p_operands, p_operands + 1, p_masks + update1);
  (code << issue("mtvm", p_operands + 1, p_sums + 2, p_masks + backward1)).wait_for_ticket();
  (code << issue("vcopy", p_sums + 2, 0, p_operands + 2)).wait_for_ticket();
  (code << issue("opa", p_input, p_operands + 2, p_masks + update0)).wait_for_ticket();
  code << csrr(s1, csr_mcycle);
  return code.save(s0, at(stamps)).save(s1, at(stamps + 4)).end();
}

struct Measured {
  double cycles = 0;
  double joule = 0;
  Books books;

  double share(const std::vector<std::string>& operations) const { return books.joule(operations) / joule; }
};

std::vector<std::int32_t> weights(int layer) {
  std::vector<std::int32_t> values(lines * lines);
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] =
        static_cast<std::int32_t>((i * 37 + i / lines * 11 + static_cast<std::size_t>(layer)) % 23) - 11;
  return values;
}

std::vector<std::int16_t> example() {
  std::vector<std::int16_t> values(lines);
  for (std::size_t i = 0; i < lines; ++i)
    values[i] = static_cast<std::int16_t>(static_cast<int>(i * 53 % 61) - 30);
  return values;
}

std::int32_t rounded(std::int64_t value) {
  const std::int64_t half = 1 << (accumulator_shift - 1);
  const std::int64_t magnitude = (std::abs(value) + half) >> accumulator_shift;
  return static_cast<std::int32_t>(value < 0 ? -magnitude : magnitude);
}

// A product, requantised twice: by the crossbar unit and by the copy.
std::vector<std::int16_t> product(const std::vector<std::int16_t>& x, const std::vector<std::int32_t>& w,
                                  bool transposed) {
  std::vector<std::int16_t> y(lines);
  for (std::size_t out = 0; out < lines; ++out) {
    std::int64_t sum = 0;
    for (std::size_t in = 0; in < lines; ++in)
      sum += std::int64_t{x[in]} * w[transposed ? out * lines + in : in * lines + out];
    y[out] = static_cast<std::int16_t>(rounded(rounded(sum)));
  }
  return y;
}

bool holds(const crossbar::CrossbarUnit& unit, const std::vector<std::int32_t>& before,
           const std::vector<std::int16_t>& x, const std::vector<std::int16_t>& d) {
  for (std::size_t row = 0; row < lines; ++row) {
    for (std::size_t column = 0; column < lines; ++column) {
      const std::int64_t expected = before[row * lines + column] + std::int64_t{x[row]} * d[column];
      if (unit.array().weight(static_cast<int>(row), static_cast<int>(column)) != expected) return false;
    }
  }
  return true;
}

void check_numbers(PresetMachine& golden) {
  const std::vector<std::int16_t> hidden = product(example(), weights(0), false);
  const std::vector<std::int16_t> error = product(hidden, weights(1), false);
  const std::vector<std::int16_t> error_before = product(error, weights(1), true);
  CHECK(holds(golden.unit(1, update1), weights(1), hidden, error));
  CHECK(holds(golden.unit(1, update0), weights(0), example(), error_before));
}

Measured run_trace() {
  PresetMachine golden({"platform.preset=panther-simulator", "technology.preset=panther-simulator-trace",
                        // A copy moves a whole register.
                        "platform.tile.buffer_latency=1 ns", "platform.tile.buffer_bandwidth=512 GB/s"});
  golden.put(window(0), sender().words);
  golden.put(window(0) + input, example());
  golden.put(at(0), load_weights().words);
  golden.put(at(trap_handler), Code().end().words);
  golden.put(at(measured_code), training_step().words);
  golden.put(at(matrices), weights(0));
  golden.put(at(matrices + matrix_bytes), weights(1));
  elaborate();
  golden.start(1, 0);
  sc_core::sc_start();

  const Books before = golden.books();
  golden.start(0, 0);
  golden.start(1, measured_code);
  sc_core::sc_start();

  Measured measured;
  measured.books = golden.books() - before;
  measured.joule = measured.books.joule();
  const auto cycles = golden.get<std::uint32_t>(at(stamps), 2);
  measured.cycles = cycles[1] - cycles[0];
  check_numbers(golden);
  return measured;
}

Approx within_1_percent(double published) { return Approx(published).epsilon(0.01); }

}  // namespace

TEST_CASE("the shipped trace of PANTHER's simulator comes out of the simulated machine") {
  const Measured measured = run_trace();
  CAPTURE(measured.books.describe());
  CHECK(measured.cycles == within_1_percent(7030));
  // The tile that sends the input has some as well.
  CHECK(measured.books.count({"cycle"}) >= measured.cycles);
  CHECK(measured.books.count({"cycle"}) <= measured.cycles + 50);
  CHECK(measured.joule == within_1_percent(1.7945e-7));
  CHECK(measured.share({"mvm_slice_step", "mtvm_slice_step"}) == within_1_percent(0.855));
  CHECK(measured.share({"opa_slice_step"}) == within_1_percent(0.098));
  CHECK(measured.books.count({"mvm_slice_step", "mtvm_slice_step"}) == 384);
  CHECK(measured.books.count({"opa_slice_step"}) == 256);
  CHECK(measured.books.count({"mvm_shift_add", "mtvm_shift_add"}) == 55296);
  CHECK(measured.books.count({"mvm_output_access", "mtvm_output_access", "opa_output_access"}) ==
        within_1_percent(13312));
  CHECK(measured.books.count({"mvm_input_write", "mtvm_input_write", "opa_input_write"}) == 640);
  CHECK(measured.books.count({"mvm_input_read", "mtvm_input_read", "opa_input_read"}) == 80);
}

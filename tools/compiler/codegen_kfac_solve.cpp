// SPDX-License-Identifier: Apache-2.0
// The systems of second-order updates: damping, loading of the inversion units, solutions, and what is done
// when a unit fails.
#include <fmt/format.h>

#include <cmath>

#include "models/tile/window.h"
#include "models/unit/registers.h"
#include "tools/compiler/tile_generator.h"

namespace weft::compiler {

using unit::Format;
using xweft::Mnemonic;

namespace {

constexpr int exponent_bias = 127;
constexpr unsigned mantissa_bits = 23;
constexpr auto unit_window_size = static_cast<std::uint32_t>(tile::window::vector_size);

const VectorForm words{};

std::uint32_t solve_formats() {
  return static_cast<std::uint32_t>(Format::int16) | static_cast<std::uint32_t>(Format::int32) << 8;
}

}  // namespace

void TileGenerator::refresh_inverses(int index) {
  const KfacShard& own = kfac(index);
  const LoweredKfacLayer& lowered = *layer_of(index).kfac;
  as_.note("pi = sqrt(mean diagonal of A / mean diagonal of G)");
  mean_diagonal(own.a, lowered.a, shard(index).rows, FReg::f4);
  mean_diagonal(own.g, lowered.g, shard(index).columns, FReg::f5);
  as_.fdiv(FReg::f4, FReg::f4, FReg::f5);
  as_.fsqrt(FReg::f4, FReg::f4);
  as_.fli(FReg::f5, largest_pi);
  as_.fmin(FReg::f4, FReg::f4, FReg::f5);
  as_.fli(FReg::f5, 1 / largest_pi);
  as_.fmax(FReg::f4, FReg::f4, FReg::f5);
  as_.note("damping of A: pi x root, of G: root / pi");
  as_.fli(FReg::f5, network_.kfac->root_damping);
  as_.fmul(FReg::f6, FReg::f4, FReg::f5);
  as_.fdiv(FReg::f7, FReg::f5, FReg::f4);
  const auto keep = [&](const FactorBuffers& at, FReg damping) {
    store_float(damping, at.words + factor_word::damping);
    store_float(damping, at.words + factor_word::base);
    store_word(Reg::zero, at.words + factor_word::digital);
  };
  for (const FactorBuffers& each : own.a) keep(each, FReg::f6);
  for (const FactorBuffers& each : own.g) keep(each, FReg::f7);
  for (const FactorBuffers& each : own.a) load_factor(each, lowered.a);
  for (const FactorBuffers& each : own.g) load_factor(each, lowered.g);
}

// Of `count` rows or columns in use.
void TileGenerator::mean_diagonal(const std::vector<FactorBuffers>& blocks, const LoweredFactor& lowered,
                                  int count, FReg result) {
  as_.move(result, Reg::zero);
  for (const FactorBuffers& each : blocks) {
    if (lowered.fused) {
      e_.form({Format::int16, Format::int16, Format::int32, 0, 0}, 1);
      set_batch_length(each.order);
      e_.vector(Mnemonic::vmul, each.right, each.right, tile_.kfac.wide);
      VectorForm sum = words;
      sum.shift = lowered.trace_shift;
      e_.form(sum, 1);
      set_batch_length(each.order);
      e_.vector(Mnemonic::vsum, tile_.kfac.wide, tile_.kfac.scalars);
      e_.wait_units(vector_unit);
      load_word(Reg::t0, tile_.kfac.scalars.address);
      as_.to_float(FReg::f0, Reg::t0);
      as_.fadd(result, result, FReg::f0);
      continue;
    }
    const auto width = static_cast<std::uint32_t>(each.order);
    const Label next = as_.make_label();
    as_.li(Reg::t0, each.matrix.address);
    as_.li(Reg::t1, each.matrix.address + 4 * width * width);
    as_.li(Reg::t2, 4 * (width + 1));
    as_.bind(next);
    as_.lw(Reg::t3, 0, Reg::t0);
    as_.to_float(FReg::f0, Reg::t3);
    as_.fadd(result, result, FReg::f0);
    as_.add(Reg::t0, Reg::t0, Reg::t2);
    as_.bltu(Reg::t0, Reg::t1, next);
  }
  as_.fli(FReg::f0, lowered.diagonal_scale(count));
  as_.fmul(result, result, FReg::f0);
  if (!lowered.fused) return;
  load_float(FReg::f0, kfac_word(kfac_word::float_reciprocal));
  as_.fmul(result, result, FReg::f0);
}

// `loading`: how a matrix is loaded; samples have their own way. What a shared unit gets is kept until it is
// the block's turn.
void TileGenerator::load_factor(const FactorBuffers& at, const LoweredFactor& lowered, Mnemonic loading) {
  if (!at.shared) count(kfac_word::refreshes);
  if (lowered.fused) {
    as_.note("samples and damping into the inversion unit: " + explain_mapping(network_, lowered));
    e_.form({Format::int16, Format::int16, Format::int16, 0, 0}, at.order);
    e_.csr_from(xweft::csr_wcnt, chunk);
    e_.csr(xweft::csr_wsstr, 2 * static_cast<std::uint32_t>(at.order));
    as_.slli(Reg::t0, chunk, 1);
    e_.csr_from(xweft::csr_wdstr, Reg::t0);
    e_.vector(Mnemonic::vtrans, at.right, at.shared ? at.held : tile_.kfac.transposed);
    e_.wait_units(vector_unit);
  } else {
    fill_damped_matrix(at, lowered);
    as_.note("damped factor into the inversion unit: " + explain_mapping(network_, lowered));
  }
  if (at.shared) return hold(at, lowered, loading);
  issue_load(at, lowered, loading);
  wait_inversion(1u << at.unit);
}

void TileGenerator::hold(const FactorBuffers& at, const LoweredFactor& lowered, Mnemonic loading) {
  if (lowered.fused) return store_word(chunk, at.held_words + held_word::samples);
  e_.form(words, at.order * at.order);
  e_.vector(Mnemonic::vcopy, tile_.kfac.matrix, at.held);
  as_.li(Reg::t0, loading == Mnemonic::inv_loadc ? 1 : 0);
  store_word(Reg::t0, at.held_words + held_word::compensated);
  e_.wait_units(vector_unit);
}

void TileGenerator::issue_load(const FactorBuffers& at, const LoweredFactor& lowered, Mnemonic loading) {
  const auto width = static_cast<std::uint32_t>(at.order);
  if (at.shared) count(kfac_word::refreshes);
  if (lowered.fused) {
    take_damping(at, lowered.damping_fraction());
    if (at.shared) load_word(Reg::t1, at.held_words + held_word::samples);
    as_.slli(Reg::t1, at.shared ? Reg::t1 : chunk, 16);
    as_.li(Reg::t2, width);
    as_.add(Reg::t1, Reg::t1, Reg::t2);
    e_.csr_from(xweft::csr_wdim, Reg::t1);
    e_.csr(xweft::csr_wfmt, static_cast<std::uint32_t>(Format::int16));
  } else {
    e_.csr(xweft::csr_wdim, width | width << 16);
    e_.csr(xweft::csr_wfmt, static_cast<std::uint32_t>(Format::int32));
  }
  e_.csr(xweft::csr_wshift, static_cast<std::uint32_t>(lowered.damping_fraction()));
  e_.csr(xweft::csr_wbits, 0);
  e_.csr(xweft::csr_wcomp, 0);
  e_.csr(xweft::csr_wsstr, 0);
  as_.li(Reg::a3, 1u << at.unit);
  if (lowered.terms > 0) {
    as_.li(Reg::t1, static_cast<std::uint32_t>(lowered.terms));
    as_.xweft(Mnemonic::inv_terms, Reg::zero, Reg::zero, Reg::t1, Reg::a3);
  }
  if (lowered.fused) {
    as_.li(Reg::a0, at.shared ? at.held.address : tile_.kfac.transposed.address);
    as_.xweft(Mnemonic::inv_loadf, Reg::zero, Reg::a0, Reg::t0, Reg::a3);
  } else if (at.shared) {
    load_held_matrix(at);
  } else {
    as_.li(Reg::a0, tile_.kfac.matrix.address);
    as_.xweft(loading, Reg::zero, Reg::a0, Reg::zero, Reg::a3);
  }
}

void TileGenerator::load_held_matrix(const FactorBuffers& at) {
  const Label plain = as_.make_label();
  const Label loaded = as_.make_label();
  as_.li(Reg::a0, at.held.address);
  load_word(Reg::t0, at.held_words + held_word::compensated);
  as_.beq(Reg::t0, Reg::zero, plain);
  as_.xweft(Mnemonic::inv_loadc, Reg::zero, Reg::a0, Reg::zero, Reg::a3);
  as_.j(loaded);
  as_.bind(plain);
  as_.xweft(Mnemonic::inv_load, Reg::zero, Reg::a0, Reg::zero, Reg::a3);
  as_.bind(loaded);
}

// t0 = damping with `fraction` bits, at least 1.
void TileGenerator::take_damping(const FactorBuffers& at, int fraction) {
  const Label not_large = as_.make_label();
  const Label not_small = as_.make_label();
  load_float(FReg::f0, at.words + factor_word::damping);
  as_.fli(FReg::f1, std::ldexp(1.0F, fraction));
  as_.fmul(FReg::f0, FReg::f0, FReg::f1);
  as_.to_integer(Reg::t0, FReg::f0);
  as_.li(Reg::t1, static_cast<std::uint32_t>(largest_damping));
  as_.bge(Reg::t1, Reg::t0, not_large);
  as_.mv(Reg::t0, Reg::t1);
  as_.bind(not_large);
  as_.li(Reg::t1, 1);
  as_.bge(Reg::t0, Reg::t1, not_small);
  as_.mv(Reg::t0, Reg::t1);
  as_.bind(not_small);
}

void TileGenerator::fill_damped_matrix(const FactorBuffers& at, const LoweredFactor& lowered) {
  const Area& matrix = tile_.kfac.matrix;
  const auto width = static_cast<std::uint32_t>(at.order);
  as_.note("factor + damping x identity");
  if (lowered.fused) {
    form_statistics(at, lowered);
  } else {
    e_.form(words, at.order * at.order);
    e_.vector(Mnemonic::vcopy, at.matrix, matrix);
  }
  e_.wait_units(vector_unit);
  take_damping(at, lowered.matrix_fraction);
  const Label next = as_.make_label();
  as_.li(Reg::t1, matrix.address);
  as_.li(Reg::t2, matrix.address + 4 * width * width);
  as_.li(Reg::t3, 4 * (width + 1));
  as_.bind(next);
  as_.lw(Reg::t4, 0, Reg::t1);
  as_.add(Reg::t4, Reg::t4, Reg::t0);
  as_.sw(Reg::t4, 0, Reg::t1);
  as_.add(Reg::t1, Reg::t1, Reg::t3);
  as_.bltu(Reg::t1, Reg::t2, next);
}

// t0 = fraction bits that surely fit the solutions, also kept in the factor's words.
void TileGenerator::store_solution_fraction(const FactorBuffers& at, const LoweredFactor& lowered) {
  const Label not_small = as_.make_label();
  const Label not_large = as_.make_label();
  load_word(Reg::t0, at.words + factor_word::damping);
  as_.srli(Reg::t0, Reg::t0, mantissa_bits);
  as_.li(Reg::t1, static_cast<std::uint32_t>(lowered.solution_base() - exponent_bias));
  as_.add(Reg::t0, Reg::t0, Reg::t1);
  as_.bge(Reg::t0, Reg::zero, not_small);
  as_.li(Reg::t0, 0);
  as_.bind(not_small);
  as_.li(Reg::t1, largest_solution_fraction);
  as_.bge(Reg::t1, Reg::t0, not_large);
  as_.mv(Reg::t0, Reg::t1);
  as_.bind(not_large);
  store_word(Reg::t0, at.words + factor_word::fraction);
}

void TileGenerator::issue_solve(const FactorBuffers& at, const LoweredFactor& lowered) {
  as_.note("solve for all samples of the batch");
  count(kfac_word::solves);
  store_solution_fraction(at, lowered);
  e_.csr_from(xweft::csr_wshift, Reg::t0);
  e_.csr(xweft::csr_wfmt, solve_formats());
  e_.csr(xweft::csr_wbits, 0);
  e_.csr(xweft::csr_wcomp, 0);
  e_.csr(xweft::csr_wsstr, 0);
  e_.csr(xweft::csr_wdstr, 0);
  e_.csr_from(xweft::csr_wcnt, chunk);
  as_.li(Reg::a0, at.right.address);
  as_.li(Reg::a1, at.solution.address);
  as_.li(Reg::a3, 1u << at.unit);
  as_.xweft(Mnemonic::inv_solve, Reg::zero, Reg::a0, Reg::a1, Reg::a3);
}

// Twice: a fault that arrives together with the end of the wait traps the next Xweft instruction.
void TileGenerator::wait_inversion(std::uint32_t mask) {
  as_.li(Reg::a0, mask);
  as_.xweft(Mnemonic::waitmh, Reg::zero, Reg::a0, Reg::zero, Reg::zero);
  as_.xweft(Mnemonic::waitmh, Reg::zero, Reg::a0, Reg::zero, Reg::zero);
}

void TileGenerator::solve(int index) {
  const KfacShard& own = kfac(index);
  const LoweredKfacLayer& lowered = *layer_of(index).kfac;
  std::vector<FactorBlock> turn;
  std::uint32_t units = 0;
  const auto add = [&](const FactorBuffers& at, const LoweredFactor& factor) {
    if ((units & 1u << at.unit) != 0) {
      solve_turn(turn, units);
      turn.clear();
      units = 0;
    }
    turn.push_back({at, factor});
    units |= 1u << at.unit;
  };
  for (const FactorBuffers& each : own.a) add(each, lowered.a);
  for (const FactorBuffers& each : own.g) add(each, lowered.g);
  solve_turn(turn, units);
  as_.note("solutions rounded to 15 bits");
  for (const FactorBuffers& each : own.a) normalise(each, lowered.a);
  for (const FactorBuffers& each : own.g) normalise(each, lowered.g);
}

// Blocks that have a unit each.
void TileGenerator::solve_turn(const std::vector<FactorBlock>& turn, std::uint32_t units) {
  for (const auto& [at, lowered] : turn) {
    const Label skip = as_.make_label();
    load_word(Reg::t0, at.words + factor_word::digital);
    if (at.shared) {
      const Label analogue = as_.make_label();
      as_.beq(Reg::t0, Reg::zero, analogue);
      as_.j(skip);
      as_.bind(analogue);
      as_.note("the block's turn with a shared unit");
      issue_load(at, lowered, Mnemonic::inv_load);
    } else {
      as_.bne(Reg::t0, Reg::zero, skip);
    }
    issue_solve(at, lowered);
    e_.bind(skip);
  }
  wait_inversion(units);
  for (const auto& [at, lowered] : turn) recover(at, lowered);
}

std::uint32_t TileGenerator::inversion_register(const FactorBuffers& at, std::uint64_t offset) const {
  return tile_.base + static_cast<std::uint32_t>(tile::window::inversions_base) +
         static_cast<std::uint32_t>(at.unit) * unit_window_size + static_cast<std::uint32_t>(offset);
}

void TileGenerator::load_failure(Reg rd, const FactorBuffers& at) {
  load_word(rd, inversion_register(at, unit::registers::error_cause.offset));
}

void TileGenerator::clear_failure(const FactorBuffers& at) {
  count(kfac_word::failures);
  store_word(Reg::zero, inversion_register(at, unit::registers::error_clear.offset));
}

void TileGenerator::report_fallback(const FactorBuffers& at, inversion::Fallback way) {
  as_.li(Reg::t0, static_cast<std::uint32_t>(way));
  store_word(Reg::t0, inversion_register(at, unit::registers::fallback.offset));
}

// Loads and solves once more; goes on at `solved` unless that fails.
void TileGenerator::solve_again(const FactorBuffers& at, const LoweredFactor& lowered, Mnemonic loading,
                                Label solved) {
  const Label failed = as_.make_label();
  load_factor(at, lowered, loading);
  if (at.shared) issue_load(at, lowered, loading);
  issue_solve(at, lowered);
  wait_inversion(1u << at.unit);
  load_failure(Reg::t0, at);
  as_.bne(Reg::t0, Reg::zero, failed);
  report_fallback(
      at, loading == Mnemonic::inv_loadc ? inversion::Fallback::compensated : inversion::Fallback::damped);
  as_.j(solved);
  e_.bind(failed);
  clear_failure(at);
}

// Failed systems again with compensated rounding, then with more damping, then without the unit, until the
// next refresh.
void TileGenerator::recover(const FactorBuffers& at, const LoweredFactor& lowered) {
  const Label analogue = as_.make_label();
  const Label digital = as_.make_label();
  const Label failed = as_.make_label();
  const Label again = as_.make_label();
  const Label retry = as_.make_label();
  const Label done = as_.make_label();
  as_.note("did the unit fail?");
  load_word(Reg::t0, at.words + factor_word::digital);
  as_.beq(Reg::t0, Reg::zero, analogue);
  as_.j(digital);
  as_.bind(analogue);
  load_failure(Reg::t0, at);
  as_.bne(Reg::t0, Reg::zero, failed);
  as_.j(done);
  e_.bind(failed);
  clear_failure(at);
  // Samples are stable however they are rounded.
  if (network_.kfac->compensates && !lowered.fused) {
    as_.note("again with compensated rounding");
    count(kfac_word::compensated);
    solve_again(at, lowered, Mnemonic::inv_loadc, done);
  }
  as_.li(Reg::a7, static_cast<std::uint32_t>(network_.kfac->retries));
  e_.bind(again);
  const Label give_up = as_.make_label();
  as_.bne(Reg::a7, Reg::zero, retry);
  as_.j(give_up);
  e_.bind(retry);
  as_.note("again with ten times the damping");
  as_.addi(Reg::a7, Reg::a7, -1);
  count(kfac_word::retries);
  load_float(FReg::f0, at.words + factor_word::damping);
  as_.fli(FReg::f1, retry_factor);
  as_.fmul(FReg::f0, FReg::f0, FReg::f1);
  store_float(FReg::f0, at.words + factor_word::damping);
  solve_again(at, lowered, Mnemonic::inv_load, done);
  as_.j(again);
  e_.bind(give_up);
  as_.li(Reg::t0, 1);
  store_word(Reg::t0, at.words + factor_word::digital);
  load_word(Reg::t0, at.words + factor_word::base);
  store_word(Reg::t0, at.words + factor_word::damping);
  e_.bind(digital);
  solve_digitally(at, lowered);
  e_.bind(done);
}

void TileGenerator::solve_digitally(const FactorBuffers& at, const LoweredFactor& lowered) {
  count(kfac_word::digital);
  report_fallback(at, inversion::Fallback::digital);
  fill_damped_matrix(at, lowered);
  as_.note("on the controller");
  store_solution_fraction(at, lowered);
  as_.addi(Reg::t0, Reg::t0, lowered.matrix_fraction);
  power_of_two(FReg::f7, Reg::t0);
  as_.li(Reg::a4, 4 * static_cast<std::uint32_t>(at.order));
  as_.li(Reg::a5, at.right.address);
  as_.li(Reg::a6, at.solution.address);
  as_.call(digital_solver_);
}

// A call with a4 = 4 · order, a5 = right-hand sides, a6 = solutions, f7 = scale of the solutions. The matrix
// is decomposed in its place (Cholesky), in float32.
void TileGenerator::emit_digital_solver() {
  region("digital_solver");
  e_.bind(digital_solver_);
  decompose_digitally();
  substitute_digitally();
  as_.ret();
  e_.forget();
}

// f0 -= the sum of the products of the numbers at t2 and at t3, until t3 reaches `end`. Those at t3 are
// neighbours, those at t2 lie `pitch` bytes apart.
void TileGenerator::subtract_products(Reg end, std::optional<Reg> pitch) {
  const Label next = as_.make_label();
  const Label summed = as_.make_label();
  as_.bind(next);
  as_.beq(Reg::t3, end, summed);
  as_.flw(FReg::f1, 0, Reg::t2);
  as_.flw(FReg::f2, 0, Reg::t3);
  as_.fmul(FReg::f1, FReg::f1, FReg::f2);
  as_.fsub(FReg::f0, FReg::f0, FReg::f1);
  if (pitch) {
    as_.add(Reg::t2, Reg::t2, *pitch);
  } else {
    as_.addi(Reg::t2, Reg::t2, 4);
  }
  as_.addi(Reg::t3, Reg::t3, 4);
  as_.j(next);
  as_.bind(summed);
}

void TileGenerator::decompose_digitally() {
  const Label next_row = as_.make_label();
  const Label next_column = as_.make_label();
  const Label diagonal = as_.make_label();
  as_.note("L LT = matrix, row by row");
  as_.fli(FReg::f6, 1.0F);
  as_.mv(Reg::t6, Reg::a4);
  as_.li(Reg::a0, tile_.kfac.matrix.address);
  as_.li(Reg::a2, 0);
  as_.bind(next_row);
  as_.li(Reg::a1, tile_.kfac.matrix.address);
  as_.li(Reg::a3, 0);
  as_.bind(next_column);
  as_.add(Reg::t0, Reg::a0, Reg::a3);
  as_.lw(Reg::t1, 0, Reg::t0);
  as_.to_float(FReg::f0, Reg::t1);
  as_.mv(Reg::t2, Reg::a0);
  as_.mv(Reg::t3, Reg::a1);
  as_.add(Reg::t4, Reg::a1, Reg::a3);
  subtract_products(Reg::t4);
  as_.beq(Reg::a2, Reg::a3, diagonal);
  as_.flw(FReg::f1, 0, Reg::t4);
  as_.fdiv(FReg::f0, FReg::f0, FReg::f1);
  as_.fsw(FReg::f0, 0, Reg::t0);
  as_.add(Reg::a1, Reg::a1, Reg::t6);
  as_.addi(Reg::a3, Reg::a3, 4);
  as_.j(next_column);
  as_.bind(diagonal);
  as_.fmax(FReg::f0, FReg::f0, FReg::f6);
  as_.fsqrt(FReg::f0, FReg::f0);
  as_.fsw(FReg::f0, 0, Reg::t0);
  as_.add(Reg::a0, Reg::a0, Reg::t6);
  as_.addi(Reg::a2, Reg::a2, 4);
  as_.bne(Reg::a2, Reg::t6, next_row);
}

void TileGenerator::substitute_digitally() {
  const Label next_sample = as_.make_label();
  const Label next_row = as_.make_label();
  const Label back = as_.make_label();
  const Label convert = as_.make_label();
  as_.note("L y = b");
  as_.mv(Reg::t5, chunk);
  as_.bind(next_sample);
  as_.li(Reg::a0, tile_.kfac.matrix.address);
  as_.li(Reg::a2, 0);
  as_.bind(next_row);
  as_.lh(Reg::t1, 0, Reg::a5);
  as_.to_float(FReg::f0, Reg::t1);
  as_.mv(Reg::t2, Reg::a0);
  as_.mv(Reg::t3, Reg::a6);
  as_.add(Reg::t4, Reg::a6, Reg::a2);
  subtract_products(Reg::t4);
  as_.flw(FReg::f1, 0, Reg::t2);
  as_.fdiv(FReg::f0, FReg::f0, FReg::f1);
  as_.fsw(FReg::f0, 0, Reg::t3);
  as_.addi(Reg::a5, Reg::a5, 2);
  as_.add(Reg::a0, Reg::a0, Reg::t6);
  as_.addi(Reg::a2, Reg::a2, 4);
  as_.bne(Reg::a2, Reg::t6, next_row);
  as_.note("LT x = y");
  as_.add(Reg::a1, Reg::a6, Reg::t6);
  as_.bind(back);
  as_.sub(Reg::a0, Reg::a0, Reg::t6);
  as_.addi(Reg::a2, Reg::a2, -4);
  as_.add(Reg::t0, Reg::a0, Reg::a2);
  as_.add(Reg::t2, Reg::t0, Reg::t6);
  as_.add(Reg::t1, Reg::a6, Reg::a2);
  as_.addi(Reg::t3, Reg::t1, 4);
  as_.flw(FReg::f0, 0, Reg::t1);
  subtract_products(Reg::a1, Reg::t6);
  as_.flw(FReg::f1, 0, Reg::t0);
  as_.fdiv(FReg::f0, FReg::f0, FReg::f1);
  as_.fsw(FReg::f0, 0, Reg::t1);
  as_.bne(Reg::a2, Reg::zero, back);
  as_.note("integers");
  as_.bind(convert);
  as_.flw(FReg::f0, 0, Reg::a6);
  as_.fmul(FReg::f0, FReg::f0, FReg::f7);
  as_.to_integer(Reg::t1, FReg::f0);
  as_.sw(Reg::t1, 0, Reg::a6);
  as_.addi(Reg::a6, Reg::a6, 4);
  as_.bne(Reg::a6, Reg::a1, convert);
  as_.addi(Reg::t5, Reg::t5, -1);
  as_.bne(Reg::t5, Reg::zero, next_sample);
}

// int32 solutions become int16 of 15 bits, in their place; the fraction becomes that of the result.
void TileGenerator::normalise(const FactorBuffers& at, const LoweredFactor& lowered) {
  const Label next_bit = as_.make_label();
  const Label measured = as_.make_label();
  const Label positive = as_.make_label();
  e_.form(words, 1);
  set_batch_length(at.order);
  e_.vector(Mnemonic::vmaxabs, at.solution, tile_.kfac.scalars);
  e_.wait_units(vector_unit);
  load_word(Reg::t0, tile_.kfac.scalars.address);
  as_.li(Reg::t1, static_cast<std::uint32_t>(-solution_bits));
  as_.bind(next_bit);
  as_.beq(Reg::t0, Reg::zero, measured);
  as_.srli(Reg::t0, Reg::t0, 1);
  as_.addi(Reg::t1, Reg::t1, 1);
  as_.j(next_bit);
  as_.bind(measured);
  as_.bge(Reg::t1, Reg::zero, positive);
  as_.li(Reg::t1, 0);
  as_.bind(positive);
  load_word(Reg::t2, at.words + factor_word::fraction);
  as_.sub(Reg::t2, Reg::t2, Reg::t1);
  as_.addi(Reg::t2, Reg::t2, lowered.fraction);
  store_word(Reg::t2, at.words + factor_word::fraction);
  e_.form({Format::int32, Format::int32, Format::int16, 0, solution_bits}, 1);
  set_batch_length(at.order);
  e_.csr_from(xweft::csr_wshift, Reg::t1);
  e_.vector(Mnemonic::vcopy, at.solution, at.solution);
  e_.wait_units(vector_unit);
}

}  // namespace weft::compiler

// SPDX-License-Identifier: Apache-2.0
// Second-order updates (K-FAC): factors, products of the solutions, clipping, momentum, steps. The systems
// are solved in codegen_kfac_solve.cpp; matrices are multiplied in codegen_kfac_products.cpp.
// docs/second_order.md has the formulas and their order.
//
// Scratch registers as everywhere; a4 to a7 belong to loops in which the emitter is used.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tools/compiler/tile_generator.h"

namespace weft::compiler {

using unit::Format;
using xweft::Mnemonic;

namespace {

constexpr std::uint32_t word_size = 4;
constexpr int exponent_bias = 127;
constexpr unsigned mantissa_bits = 23;
// A float32's 24 bits of mantissa become a multiplier of 15.
constexpr unsigned multiplier_drop = 9;
constexpr int multiplier_exponent = 14;
constexpr int largest_shift = 63;
constexpr int largest_left_shift = 16;

const VectorForm words{};
const VectorForm widening{Format::int16, Format::int16, Format::int32, 0, 0};

}  // namespace

void TileGenerator::load_word(Reg rd, std::uint32_t address) {
  as_.li(rd, address);
  as_.lw(rd, 0, rd);
}

void TileGenerator::load_float(FReg rd, std::uint32_t address) {
  as_.li(Reg::t6, address);
  as_.flw(rd, 0, Reg::t6);
}

void TileGenerator::store_word(Reg source, std::uint32_t address) {
  as_.li(Reg::t6, address);
  as_.sw(source, 0, Reg::t6);
}

void TileGenerator::store_float(FReg source, std::uint32_t address) {
  as_.li(Reg::t6, address);
  as_.fsw(source, 0, Reg::t6);
}

void TileGenerator::count(std::uint32_t offset) {
  as_.li(Reg::t6, kfac_word(offset));
  as_.lw(Reg::t5, 0, Reg::t6);
  as_.addi(Reg::t5, Reg::t5, 1);
  as_.sw(Reg::t5, 0, Reg::t6);
}

void TileGenerator::power_of_two(FReg rd, Reg exponent) {
  const Label not_large = as_.make_label();
  const Label not_small = as_.make_label();
  as_.li(Reg::t6, exponent_bias);
  as_.bge(Reg::t6, exponent, not_large);
  as_.mv(exponent, Reg::t6);
  as_.bind(not_large);
  as_.li(Reg::t6, static_cast<std::uint32_t>(1 - exponent_bias));
  as_.bge(exponent, Reg::t6, not_small);
  as_.mv(exponent, Reg::t6);
  as_.bind(not_small);
  as_.addi(exponent, exponent, exponent_bias);
  as_.slli(exponent, exponent, mantissa_bits);
  as_.move(rd, exponent);
}

void TileGenerator::skip_unless(std::uint32_t address, Label target) {
  const Label go_on = as_.make_label();
  load_word(Reg::t0, address);
  as_.bne(Reg::t0, Reg::zero, go_on);
  as_.j(target);
  as_.bind(go_on);
}

void TileGenerator::set_batch_length(int width) {
  as_.li(Reg::t0, static_cast<std::uint32_t>(width));
  as_.mul(Reg::t0, Reg::t0, chunk);
  e_.csr_from(xweft::csr_wlen, Reg::t0);
}

void TileGenerator::emit_kfac_update() {
  region("second_order");
  e_.bind(update_);
  store_word(Reg::ra, kfac_word(kfac_word::return_address));
  as_.note("all errors of the batch are there");
  e_.wait_units(dma_unit | vector_unit);
  start_kfac_update();
  for (const int index : shards_) {
    prepare_step(index);
    if (network_.kfac->kl_clip > 0) measure_step(index);
  }
  if (network_.kfac->kl_clip > 0) reduce_parts();
  for (const int index : shards_) apply_step(index);
  region("second_order");
  load_word(Reg::ra, kfac_word(kfac_word::return_address));
  as_.ret();
}

void TileGenerator::start_kfac_update() {
  as_.note("which refreshes are due");
  due(kfac_word::factor_left, kfac_word::refresh_factors, network_.kfac->factor_interval);
  due(kfac_word::inverse_left, kfac_word::refresh_inverses, network_.kfac->inverse_interval);
  count(kfac_word::updates);
  as_.note("share of new statistics: 1 / their number, but not less than the decay leaves");
  const Label done = as_.make_label();
  const Label enough = as_.make_label();
  skip_unless(kfac_word(kfac_word::refresh_factors), done);
  count(kfac_word::statistics);
  as_.li(Reg::t0, 1u << decay_fraction);
  as_.divu(Reg::t0, Reg::t0, Reg::t5);
  as_.li(Reg::t1, static_cast<std::uint32_t>(network_.kfac->statistics_share));
  as_.bge(Reg::t0, Reg::t1, enough);
  as_.mv(Reg::t0, Reg::t1);
  as_.bind(enough);
  store_word(Reg::t0, kfac_word(kfac_word::share));
  e_.bind(done);
  as_.note("1 / samples");
  as_.li(Reg::t0, 1u << reciprocal_fraction);
  as_.srli(Reg::t1, chunk, 1);
  as_.add(Reg::t0, Reg::t0, Reg::t1);
  as_.divu(Reg::t0, Reg::t0, chunk);
  store_word(Reg::t0, kfac_word(kfac_word::reciprocal));
  as_.fli(FReg::f0, 1.0F);
  as_.to_float(FReg::f1, chunk);
  as_.fdiv(FReg::f0, FReg::f0, FReg::f1);
  store_float(FReg::f0, kfac_word(kfac_word::float_reciprocal));
}

void TileGenerator::due(std::uint32_t left, std::uint32_t flag, int interval) {
  const Label later = as_.make_label();
  load_word(Reg::t0, kfac_word(left));
  as_.li(Reg::t1, 0);
  as_.bne(Reg::t0, Reg::zero, later);
  as_.li(Reg::t1, 1);
  as_.li(Reg::t0, static_cast<std::uint32_t>(interval));
  as_.bind(later);
  as_.addi(Reg::t0, Reg::t0, -1);
  store_word(Reg::t0, kfac_word(left));
  store_word(Reg::t1, kfac_word(flag));
}

void TileGenerator::gather_samples(int index) {
  const ShardBuffers& at = buffers(index);
  const KfacShard& own = kfac(index);
  as_.note("inputs and errors of the batch without gaps");
  for (std::size_t block = 0; block < own.a.size(); ++block) {
    gather(at.input.at(2 * static_cast<std::uint32_t>(block) * static_cast<std::uint32_t>(at.block_rows)),
           own.a[block]);
  }
  for (std::size_t block = 0; block < own.g.size(); ++block) {
    gather(at.error.at(2 * static_cast<std::uint32_t>(block) * static_cast<std::uint32_t>(at.block_columns)),
           own.g[block]);
  }
  e_.wait_units(dma_unit);
}

void TileGenerator::gather(const Area& source, const FactorBuffers& to) {
  const std::uint32_t bytes = 2 * static_cast<std::uint32_t>(to.order);
  e_.csr(xweft::csr_wcomp, 0);
  e_.csr_from(xweft::csr_wcnt, chunk);
  e_.csr(xweft::csr_wsstr, source.pitch);
  e_.csr(xweft::csr_wdstr, bytes);
  as_.li(Reg::a0, source.address);
  as_.li(Reg::a1, to.right.address);
  as_.li(Reg::a2, bytes);
  as_.xweft(Mnemonic::dma2d, Reg::zero, Reg::a0, Reg::a1, Reg::a2);
}

void TileGenerator::prepare_step(int index) {
  const LoweredKfacLayer& lowered = *layer_of(index).kfac;
  as_.region(region_name(index, "factors"));
  e_.forget();
  gather_samples(index);
  const Label averaged = as_.make_label();
  const Label inverted = as_.make_label();
  skip_unless(kfac_word(kfac_word::refresh_factors), averaged);
  for (const FactorBuffers& each : kfac(index).a) {
    as_.note("running average of factor A");
    if (!lowered.a.fused) refresh_factor(each, lowered.a);
  }
  for (const FactorBuffers& each : kfac(index).g) {
    as_.note("running average of factor G");
    if (!lowered.g.fused) refresh_factor(each, lowered.g);
  }
  e_.bind(averaged);
  as_.region(region_name(index, "invert"));
  as_.note("errors of the inversion units are handled here");
  as_.li(Reg::t0, 1);
  store_word(Reg::t0, kfac_word(kfac_word::guard));
  skip_unless(kfac_word(kfac_word::refresh_inverses), inverted);
  refresh_inverses(index);
  e_.bind(inverted);
  solve(index);
  store_word(Reg::zero, kfac_word(kfac_word::guard));
  as_.region(region_name(index, "step"));
  multiply_solutions(index);
  if (shard(index).home()) sum_bias(index);
}

// ---- factors ----

// The mean of y yT over the batch, in the tile's matrix.
void TileGenerator::form_statistics(const FactorBuffers& at, const LoweredFactor& lowered) {
  const Area& matrix = tile_.kfac.matrix;
  multiply_samples({at.right, at.order, at.right, at.order, lowered.bits, lowered.sum_shift, matrix}, true);
  VectorForm mean = words;
  mean.shift = lowered.mean_shift;
  e_.form(mean, at.order * at.order);
  load_word(Reg::t0, kfac_word(kfac_word::reciprocal));
  e_.vector_scalar(Mnemonic::vmuls, matrix, Reg::t0, matrix);
}

void TileGenerator::refresh_factor(const FactorBuffers& at, const LoweredFactor& lowered) {
  const Area& matrix = tile_.kfac.matrix;
  form_statistics(at, lowered);
  e_.form(words, at.order * at.order);
  e_.vector(Mnemonic::vsub, matrix, at.matrix, matrix);
  VectorForm part = words;
  part.shift = decay_fraction;
  e_.form(part, at.order * at.order);
  load_word(Reg::t0, kfac_word(kfac_word::share));
  e_.vector_scalar(Mnemonic::vmuls, matrix, Reg::t0, matrix);
  e_.form(words, at.order * at.order);
  e_.vector(Mnemonic::vadd, at.matrix, matrix, at.matrix);
  e_.wait_units(vector_unit);
}

// ---- step ----

void TileGenerator::multiply_solutions(int index) {
  const KfacShard& own = kfac(index);
  const LoweredKfacLayer& lowered = *layer_of(index).kfac;
  as_.note("step = sum of solution x solution over the batch");
  for (std::size_t j = 0; j < own.g.size(); ++j) {
    for (std::size_t i = 0; i < own.a.size(); ++i) {
      multiply_samples({own.g[j].solution, own.g[j].order, own.a[i].solution, own.a[i].order, solution_bits,
                        lowered.step_shift, own.step[j * own.a.size() + i]},
                       i == 0);
    }
  }
}

void TileGenerator::sum_samples(const Area& source, const Area& result, int width) {
  e_.form(widening, width);
  e_.csr_from(xweft::csr_wcnt, chunk);
  e_.csr(xweft::csr_wsstr, 2 * static_cast<std::uint32_t>(width));
  e_.vector(Mnemonic::vsumr, source, result);
}

void TileGenerator::sum_bias(int index) {
  const KfacShard& own = kfac(index);
  as_.note("the bias's step and gradient");
  std::uint32_t offset = 0;
  for (const FactorBuffers& each : own.g) {
    sum_samples(each.solution, own.bias_step.at(offset), each.order);
    sum_samples(each.right, own.bias_gradient.at(offset), each.order);
    offset += word_size * static_cast<std::uint32_t>(each.order);
  }
  e_.wait_units(vector_unit);
}

// The dot product of step and gradient of this shard, to the head.
void TileGenerator::measure_step(int index) {
  const KfacShard& own = kfac(index);
  const LoweredLayer& layer = layer_of(index);
  const LoweredKfacLayer& lowered = *layer.kfac;
  const Area& matrix = tile_.kfac.matrix;
  as_.note("dot product of step and gradient");
  store_word(Reg::zero, kfac_word(kfac_word::part));
  VectorForm product = words;
  for (std::size_t j = 0; j < own.g.size(); ++j) {
    for (std::size_t i = 0; i < own.a.size(); ++i) {
      const int length = own.a[i].order * own.g[j].order;
      multiply_samples({own.g[j].right, own.g[j].order, own.a[i].right, own.a[i].order, lowered.a.bits,
                        lowered.gradient_shift, matrix},
                       i == 0);
      product.shift = dot_shift;
      e_.form(product, length);
      e_.vector(Mnemonic::vmul, matrix, own.step[j * own.a.size() + i], matrix);
      load_dot(matrix, length, dot_sum_shift,
               dot_shift + dot_sum_shift + lowered.step_shift - lowered.gradient_fraction(layer), own.g[j],
               &own.a[i]);
      add_to_part();
    }
  }
  if (shard(index).home()) {
    std::uint32_t offset = 0;
    for (const FactorBuffers& each : own.g) {
      product.shift = bias_dot_shift;
      e_.form(product, each.order);
      e_.vector(Mnemonic::vmul, own.bias_step.at(offset), own.bias_gradient.at(offset), matrix);
      load_dot(matrix, each.order, bias_dot_sum_shift,
               bias_dot_shift + bias_dot_sum_shift - layer.error_fraction, each, nullptr);
      divide_by_bias_damping(index, FReg::f0);
      add_to_part();
      offset += word_size * static_cast<std::uint32_t>(each.order);
    }
  }
  as_.note("means of the batch");
  load_float(FReg::f0, kfac_word(kfac_word::part));
  load_float(FReg::f1, kfac_word(kfac_word::float_reciprocal));
  as_.fmul(FReg::f0, FReg::f0, FReg::f1);
  as_.fmul(FReg::f0, FReg::f0, FReg::f1);
  store_float(FReg::f0, kfac_word(kfac_word::part));
  const TileLayout& head =
      layout_.tiles[static_cast<std::size_t>(shard(plan_.placement.home(last_layer(), 0)).tile)];
  e_.send({kfac_word(kfac_word::part), 0}, head.kfac.parts.at(word_size * static_cast<std::uint32_t>(index)),
          word_size, head.kfac.part_counter);
  e_.wait_units(dma_unit);
}

// f0 = sum of the products · 2^(exponent − fractions of the solutions).
void TileGenerator::load_dot(const Area& product, int length, int sum_shift, int exponent,
                             const FactorBuffers& g, const FactorBuffers* a) {
  VectorForm sum = words;
  sum.shift = sum_shift;
  e_.form(sum, length);
  e_.vector(Mnemonic::vsum, product, tile_.kfac.scalars);
  e_.wait_units(vector_unit);
  load_word(Reg::t0, tile_.kfac.scalars.address);
  as_.to_float(FReg::f0, Reg::t0);
  as_.li(Reg::t0, static_cast<std::uint32_t>(exponent));
  load_word(Reg::t1, g.words + factor_word::fraction);
  as_.sub(Reg::t0, Reg::t0, Reg::t1);
  if (a != nullptr) {
    load_word(Reg::t1, a->words + factor_word::fraction);
    as_.sub(Reg::t0, Reg::t0, Reg::t1);
  }
  power_of_two(FReg::f1, Reg::t0);
  as_.fmul(FReg::f0, FReg::f0, FReg::f1);
}

void TileGenerator::add_to_part() {
  load_float(FReg::f1, kfac_word(kfac_word::part));
  as_.fadd(FReg::f1, FReg::f1, FReg::f0);
  store_float(FReg::f1, kfac_word(kfac_word::part));
}

// The bias's input is always 1: a block of its own, and its damped factor a number.
void TileGenerator::divide_by_bias_damping(int index, FReg value) {
  load_float(FReg::f2, kfac(index).a.front().words + factor_word::base);
  as_.fli(FReg::f3, 1.0F);
  as_.fadd(FReg::f2, FReg::f2, FReg::f3);
  as_.fdiv(value, value, FReg::f2);
}

void TileGenerator::reduce_parts() {
  region("clip");
  e_.forget();
  const std::uint32_t clip = kfac_word(kfac_word::clip);
  if (!has_head()) {
    as_.note("factor of all steps, from the head");
    e_.wait_counter(tile_.kfac.clip_counter, target_word(tile_.kfac.clip_counter), 1);
    return;
  }
  const auto shards = static_cast<std::uint32_t>(plan_.placement.shards.size());
  as_.note("dot products of all shards, in their order");
  e_.wait_counter(tile_.kfac.part_counter, target_word(tile_.kfac.part_counter), shards);
  as_.move(FReg::f0, Reg::zero);
  as_.li(Reg::t0, tile_.kfac.parts.address);
  as_.li(Reg::t1, tile_.kfac.parts.address + word_size * shards);
  const Label next = as_.make_label();
  as_.bind(next);
  as_.flw(FReg::f1, 0, Reg::t0);
  as_.fadd(FReg::f0, FReg::f0, FReg::f1);
  as_.addi(Reg::t0, Reg::t0, word_size);
  as_.bltu(Reg::t0, Reg::t1, next);
  as_.note("factor = min(1, sqrt(kl_clip / (rate^2 |sum|)))");
  as_.fabs(FReg::f0, FReg::f0);
  as_.flw(FReg::f1, static_cast<std::int32_t>(word_size * (layout_.rate_row_words(network_) - 1)), rates);
  as_.fmul(FReg::f0, FReg::f0, FReg::f1);
  as_.fli(FReg::f1, network_.kfac->kl_clip);
  as_.fdiv(FReg::f0, FReg::f1, FReg::f0);
  as_.fsqrt(FReg::f0, FReg::f0);
  as_.fli(FReg::f1, 1.0F);
  as_.fmin(FReg::f0, FReg::f0, FReg::f1);
  store_float(FReg::f0, clip);
  const Label unclipped = as_.make_label();
  as_.move(Reg::t0, FReg::f0);
  as_.move(Reg::t1, FReg::f1);
  as_.beq(Reg::t0, Reg::t1, unclipped);
  count(kfac_word::clipped);
  e_.bind(unclipped);
  for (const TileLayout& other : layout_.tiles) {
    if (other.tile == tile_.tile) continue;
    as_.note(fmt::format("factor to tile {}", other.tile));
    e_.send({clip, 0}, {other.kfac.words + kfac_word::clip, 0}, word_size, other.kfac.clip_counter);
  }
  e_.wait_units(dma_unit);
}

// t0 and wshift: the multiplier that turns a step into a velocity. `shift` is what the step was shifted by.
void TileGenerator::set_step_scale(const FactorBuffers& g, const FactorBuffers* a, int shift) {
  load_word(Reg::t1, g.words + factor_word::fraction);
  if (a != nullptr) {
    load_word(Reg::t2, a->words + factor_word::fraction);
    as_.add(Reg::t1, Reg::t1, Reg::t2);
  }
  as_.li(Reg::t2, static_cast<std::uint32_t>(velocity_fraction + shift));
  as_.sub(Reg::t1, Reg::t2, Reg::t1);
  power_of_two(FReg::f0, Reg::t1);
  load_float(FReg::f1, kfac_word(kfac_word::clip));
  as_.fmul(FReg::f0, FReg::f0, FReg::f1);
  load_float(FReg::f1, kfac_word(kfac_word::float_reciprocal));
  as_.fmul(FReg::f0, FReg::f0, FReg::f1);
}

// result = source · f0 (positive), rounded: f0 becomes a multiplier of 15 bits and a shift.
void TileGenerator::scale_by(Reg multiplier, const Area& source, const Area& result, int length, Reg shift) {
  const Label not_small = as_.make_label();
  const Label ready = as_.make_label();
  as_.move(Reg::t1, FReg::f0);
  as_.slli(multiplier, Reg::t1, multiplier_drop);
  as_.srli(multiplier, multiplier, multiplier_drop);
  as_.li(Reg::t6, 1u << mantissa_bits);
  as_.add(multiplier, multiplier, Reg::t6);
  as_.srli(multiplier, multiplier, multiplier_drop);
  as_.srli(Reg::t1, Reg::t1, mantissa_bits);
  as_.li(shift, static_cast<std::uint32_t>(multiplier_exponent + exponent_bias));
  as_.sub(shift, shift, Reg::t1);
  as_.li(Reg::t6, largest_shift);
  as_.bge(Reg::t6, shift, not_small);
  as_.li(multiplier, 0);
  as_.li(shift, 0);
  as_.bind(not_small);
  as_.bge(shift, Reg::zero, ready);
  as_.sub(shift, Reg::zero, shift);
  const Label not_large = as_.make_label();
  as_.li(Reg::t6, largest_left_shift);
  as_.bge(Reg::t6, shift, not_large);
  as_.mv(shift, Reg::t6);
  as_.bind(not_large);
  as_.sll(multiplier, multiplier, shift);
  as_.li(shift, 0);
  as_.bind(ready);
  e_.form(words, length);
  e_.csr_from(xweft::csr_wshift, shift);
  e_.vector_scalar(Mnemonic::vmuls, source, multiplier, result);
}

void TileGenerator::decay_velocity(const Area& velocity, int length) {
  VectorForm form = words;
  form.shift = decay_fraction;
  e_.form(form, length);
  as_.li(Reg::t0, static_cast<std::uint32_t>(network_.kfac->momentum));
  e_.vector_scalar(Mnemonic::vmuls, velocity, Reg::t0, velocity);
}

void TileGenerator::apply_step(int index) {
  const KfacShard& own = kfac(index);
  const LoweredKfacLayer& lowered = *layer_of(index).kfac;
  as_.region(region_name(index, "momentum"));
  e_.forget();
  for (std::size_t j = 0; j < own.g.size(); ++j) {
    for (std::size_t i = 0; i < own.a.size(); ++i) {
      const std::size_t block = j * own.a.size() + i;
      const int length = own.a[i].order * own.g[j].order;
      as_.note("velocity = momentum x velocity + step");
      decay_velocity(own.velocity[block], length);
      set_step_scale(own.g[j], &own.a[i], lowered.step_shift);
      scale_by(Reg::t0, own.step[block], own.step[block], length, Reg::t2);
      e_.form(words, length);
      e_.vector(Mnemonic::vadd, own.velocity[block], own.step[block], own.velocity[block]);
      if (network_.kfac->weight_decay != 0) decay_weights(index, static_cast<int>(i), static_cast<int>(j));
    }
  }
  e_.wait_units(vector_unit);
  if (shard(index).home()) step_bias(index);
  deposit_step(index);
}

void TileGenerator::decay_weights(int index, int row_block, int column_block) {
  const KfacShard& own = kfac(index);
  const ShardBuffers& at = buffers(index);
  const Area& velocity = own.velocity[static_cast<std::size_t>(column_block) * own.a.size() +
                                      static_cast<std::size_t>(row_block)];
  const Area& matrix = tile_.kfac.matrix;
  as_.note("weight decay");
  e_.wait_units(vector_unit);
  set_dimensions(index);
  as_.li(Reg::a1, matrix.address);
  const std::uint32_t unit = 1u << shard(index).unit(row_block, column_block);
  e_.crossbar(Mnemonic::rdarr, unit);
  e_.wait_units(crossbar_units(unit));
  VectorForm form = words;
  form.shift = network_.kfac->weight_decay_exponent + layer_of(index).weight_fraction - velocity_fraction;
  e_.form(form, at.block_rows * at.block_columns);
  as_.li(Reg::t0, static_cast<std::uint32_t>(network_.kfac->weight_decay));
  e_.vector_scalar(Mnemonic::vmuls, matrix, Reg::t0, matrix);
  e_.form(words, at.block_rows * at.block_columns);
  e_.vector(Mnemonic::vadd, velocity, matrix, velocity);
}

void TileGenerator::step_bias(int index) {
  const KfacShard& own = kfac(index);
  const ShardBuffers& at = buffers(index);
  as_.note("the bias's velocity and step");
  decay_velocity(own.bias_velocity, at.padded_columns);
  std::uint32_t offset = 0;
  for (const FactorBuffers& each : own.g) {
    set_step_scale(each, nullptr, 0);
    divide_by_bias_damping(index, FReg::f0);
    scale_by(Reg::t0, own.bias_step.at(offset), own.bias_step.at(offset), each.order, Reg::t2);
    offset += word_size * static_cast<std::uint32_t>(each.order);
  }
  e_.form(words, at.padded_columns);
  e_.vector(Mnemonic::vadd, own.bias_velocity, own.bias_step, own.bias_velocity);
  as_.lw(Reg::t0, rate_offset(index, true), rates);
  e_.csr_from(xweft::csr_wshift, Reg::t0);
  as_.lw(Reg::t0, 0, rates);
  e_.vector_scalar(Mnemonic::vmuls, own.bias_velocity, Reg::t0, at.bias_update);
  e_.form(words, at.padded_columns);
  e_.vector(Mnemonic::vadd, at.bias, at.bias_update, at.bias);
  e_.wait_units(vector_unit);
}

void TileGenerator::deposit_step(int index) {
  as_.region(region_name(index, "deposit"));
  e_.forget();
  resolve_saturated(index);
  for (int block = 0; block < shard(index).row_blocks; ++block) deposit_step_block(index, block);
}

void TileGenerator::deposit_step_block(int index, int row_block) {
  const ShardBuffers& at = buffers(index);
  const KfacShard& own = kfac(index);
  const int rows = std::min(at.block_rows, shard(index).rows - row_block * at.block_rows);
  const auto row_bytes = word_size * static_cast<std::uint32_t>(at.block_columns);
  const Label next_row = as_.make_label();
  as_.note(fmt::format("row by row of row block {}: -rate x velocity", row_block));
  as_.li(step, 0);
  e_.bind(next_row);
  for (std::size_t j = 0; j < own.g.size(); ++j) {
    const Area& velocity = own.velocity[j * own.a.size() + static_cast<std::size_t>(row_block)];
    e_.form(words, at.block_columns);
    as_.lw(Reg::t0, rate_offset(index, false), rates);
    e_.csr_from(xweft::csr_wshift, Reg::t0);
    as_.lw(Reg::t0, 0, rates);
    as_.li(Reg::t1, row_bytes);
    as_.mul(Reg::t1, Reg::t1, step);
    as_.li(Reg::a0, velocity.address);
    as_.add(Reg::a0, Reg::a0, Reg::t1);
    as_.li(Reg::a2, at.gradient.at(row_bytes * static_cast<std::uint32_t>(j)).address);
    as_.xweft(Mnemonic::vmuls, Reg::zero, Reg::a0, Reg::t0, Reg::a2);
  }
  split_gradient(index);
  deposit_row(index, row_block, at.one_hot, at.lower, 1);
  deposit_row(index, row_block, at.shifted_hot, at.upper, network_.deposit_shift() + 1);
  as_.addi(step, step, 1);
  as_.li(Reg::t0, static_cast<std::uint32_t>(rows));
  as_.bltu(step, Reg::t0, next_row);
}

}  // namespace weft::compiler

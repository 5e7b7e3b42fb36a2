// SPDX-License-Identifier: Apache-2.0
// Passes that overlap on copies of the weights, updates of a third copy, and deposits of a whole batch.
#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "models/tile/window.h"
#include "models/unit/registers.h"
#include "tools/compiler/tile_generator.h"

namespace weft::compiler {

using unit::Format;
using xweft::Mnemonic;

namespace {

constexpr int operand_bits = 15;
constexpr auto unit_window_size = static_cast<std::uint32_t>(tile::window::vector_size);

}  // namespace

std::vector<int> TileGenerator::updated_copies(int index) const {
  const LoweredLayer& layer = layer_of(index);
  if (layer.has_accumulator()) return {layer.accumulator()};
  std::vector<int> all(static_cast<std::size_t>(layer.copies()));
  std::iota(all.begin(), all.end(), 0);
  return all;
}

bool TileGenerator::updates_at_once(int index) const {
  return layer_of(index).has_accumulator() && network_.deposits == PerBatch::example;
}

bool TileGenerator::updates_later() const {
  return std::any_of(shards_.begin(), shards_.end(), [&](int index) { return !updates_at_once(index); });
}

// Sample n is in layer l (from 0 of L) at step n + l on its way forward. The last layer's error is there one
// step later, and every layer before it adds one: step n + 2L - 1 - l.
// With activation kernels, as on PipeLayer, the output's error has a step of its own: one more for all.
int TileGenerator::lag(int index) const {
  return 2 * (last_layer() - shard(index).layer) + (network_.has_kernels() ? 2 : 1);
}

void TileGenerator::emit_step_loop() {
  int longest = 0;
  for (const int index : shards_) longest = std::max(longest, lag(index));
  const Label next = as_.make_label();
  as_.note("forward passes of the batch, backward passes of earlier samples beside them");
  as_.li(step, 0);
  e_.bind(next);
  as_.call(step_);
  e_.forget();
  as_.addi(step, step, 1);
  as_.addi(Reg::t0, chunk, longest);
  as_.bltu(step, Reg::t0, next);
}

void TileGenerator::emit_step() {
  region("step");
  e_.bind(step_);
  as_.note("buffers of the step before are free");
  e_.wait_units(dma_unit | vector_unit);
  for (const int index : shards_) emit_step(index);
  region("step");
  as_.ret();
}

// All products of a step are issued before the first is waited for.
void TileGenerator::emit_step(int index) {
  const bool sends_errors = shard(index).layer > 0;
  const bool judges_later = is_head(index) && network_.has_kernels();
  if (judges_later) for_sample_of_step(index, "loss", 1, [&] { judge(index); });
  for_sample_of_step(index, "forward", 0, [&] {
    take_input(index);
    if (network_.has_kernels()) program_kernels(index);
    start_forward(index);
  });
  for_sample_of_step(index, "backward", lag(index), [&] {
    take_error(index);
    if (sends_errors) start_backward(index);
    if (updates_at_once(index)) update_at_once(index);
    if (network_.stores_gradients()) start_gradient_of_sample(index);
  });
  for_sample_of_step(index, "forward", 0, [&] { finish_forward(index, judges_later); });
  if (!sends_errors && !network_.stores_gradients()) return;
  for_sample_of_step(index, "backward", lag(index), [&] {
    if (sends_errors) finish_backward(index);
    if (network_.stores_gradients()) store_gradient(index);
  });
}

// A sample before the first one has a slot beyond the last one, unsigned.
template <typename Body>
void TileGenerator::for_sample_of_step(int index, const char* pass, int behind, Body body) {
  const Label present = as_.make_label();
  const Label skip = as_.make_label();
  as_.region(region_name(index, pass));
  as_.note("this step's sample, if there is one");
  as_.addi(slot, step, -behind);
  as_.bltu(slot, chunk, present);
  as_.j(skip);
  e_.bind(present);
  body();
  e_.bind(skip);
}

void TileGenerator::update_at_once(int index) {
  as_.region(region_name(index, "update"));
  const std::uint32_t units = crossbar_units(copy_mask(index, layer_of(index).accumulator()));
  as_.note("the last update's operands are read");
  e_.wait_units(units);
  resolve_saturated(index);
  scale_error(index);
  outer_product(index);
  resolve_carries(index);
  if (shard(index).home()) update_bias(index);
}

std::uint32_t TileGenerator::carry_word(int index) const {
  const auto position = std::find(shards_.begin(), shards_.end(), index) - shards_.begin();
  return tile_.data.carries + 4 * static_cast<std::uint32_t>(position);
}

// Copies that take the same outer products lose the same, so that the first one speaks for all.
void TileGenerator::resolve_saturated(int index) {
  if (network_.carry_limit == 0) return;
  const Shard& own = shard(index);
  const std::vector<int> copies = updated_copies(index);
  std::uint32_t units = 0;
  for (const int copy : copies) units |= copy_mask(index, copy);
  as_.note(fmt::format("updates that slice {} has lost", network_.carry_slice));
  e_.wait_units(crossbar_units(units));
  as_.li(Reg::t1, 0);
  const int first = own.unit(0, 0, copies.front());
  for (int unit = first; unit < first + own.blocks(); ++unit) {
    as_.li(Reg::t0, tile_.base + static_cast<std::uint32_t>(tile::window::crossbars_base) +
                        static_cast<std::uint32_t>(unit) * unit_window_size +
                        static_cast<std::uint32_t>(unit::registers::saturated.offset) +
                        4 * static_cast<std::uint32_t>(network_.carry_slice));
    as_.lw(Reg::t2, 0, Reg::t0);
    as_.add(Reg::t1, Reg::t1, Reg::t2);
  }
  const Label enough_room = as_.make_label();
  as_.li(Reg::t2, static_cast<std::uint32_t>(network_.carry_limit));
  as_.bltu(Reg::t1, Reg::t2, enough_room);
  as_.li(Reg::t0, carry_word(index));
  as_.sw(Reg::zero, 0, Reg::t0);
  as_.li(Reg::t0, carry_word(index) - tile_.data.carries + tile_.data.early);
  as_.lw(Reg::t1, 0, Reg::t0);
  as_.addi(Reg::t1, Reg::t1, 1);
  as_.sw(Reg::t1, 0, Reg::t0);
  e_.crossbar(Mnemonic::crs, units);
  e_.bind(enough_room);
}

void TileGenerator::copy_back(int index) {
  const Shard& own = shard(index);
  as_.region(region_name(index, "copy_back"));
  set_dimensions(index);
  e_.csr(xweft::csr_wsstr, 0);
  for (int column = 0; column < own.column_blocks; ++column) {
    for (int row = 0; row < own.row_blocks; ++row) {
      const std::uint32_t source = 1u << own.unit(row, column, layer_of(index).accumulator());
      const std::uint32_t others = 1u << own.unit(row, column, 0) | 1u << own.unit(row, column, 1);
      as_.note(fmt::format("block ({}, {}) of the third copy over the others", row, column));
      as_.li(Reg::a1, tile_.staging);
      e_.crossbar(Mnemonic::rdarr, source);
      e_.wait_units(crossbar_units(source));
      as_.li(Reg::a0, tile_.staging);
      e_.crossbar(Mnemonic::prog, others);
      e_.wait_units(crossbar_units(others));
    }
  }
}

// Selector of row r: the window of block_rows elements that has its only non-zero one at place r.
void TileGenerator::mark_row_selectors(int index) {
  const ShardBuffers& at = buffers(index);
  const auto middle = 2 * static_cast<std::uint32_t>(at.block_rows - 1);
  as_.note("selectors of single rows");
  as_.li(Reg::t0, at.one_hot.at(middle).address);
  as_.li(Reg::t1, 1);
  as_.sh(Reg::t1, 0, Reg::t0);
  as_.li(Reg::t0, at.shifted_hot.at(middle).address);
  as_.li(Reg::t1, 1u << network_.deposit_shift());
  as_.sh(Reg::t1, 0, Reg::t0);
}

void TileGenerator::deposit_gradient(int index) {
  as_.region(region_name(index, "deposit"));
  resolve_saturated(index);
  for (int block = 0; block < shard(index).row_blocks; ++block) deposit_block(index, block);
}

void TileGenerator::deposit_block(int index, int row_block) {
  const ShardBuffers& at = buffers(index);
  const int rows = std::min(at.block_rows, shard(index).rows - row_block * at.block_rows);
  const Label next_row = as_.make_label();
  const Label untouched = as_.make_label();
  as_.note(fmt::format("row by row of row block {}: the batch's sum of input x update", row_block));
  as_.li(step, 0);
  e_.bind(next_row);
  sum_gradient_of_row(index, row_block, untouched);
  split_gradient(index);
  deposit_row(index, row_block, at.one_hot, at.lower, 1);
  deposit_row(index, row_block, at.shifted_hot, at.upper, network_.deposit_shift() + 1);
  e_.bind(untouched);
  as_.addi(step, step, 1);
  as_.li(Reg::t0, static_cast<std::uint32_t>(rows));
  as_.bltu(step, Reg::t0, next_row);
}

void TileGenerator::sum_gradient_of_row(int index, int row_block, Label untouched) {
  const ShardBuffers& at = buffers(index);
  const Label next = as_.make_label();
  const Label zero = as_.make_label();
  e_.form({}, at.padded_columns);
  as_.li(Reg::a2, at.gradient.address);
  as_.xweft(Mnemonic::vfill, Reg::zero, Reg::zero, Reg::zero, Reg::a2);
  as_.li(slot, 0);
  as_.li(Reg::t4, 0);
  e_.bind(next);
  e_.address(Reg::t0, at.input.at(2 * static_cast<std::uint32_t>(row_block * at.block_rows)));
  as_.slli(Reg::t1, step, 1);
  as_.add(Reg::t0, Reg::t0, Reg::t1);
  as_.lh(Reg::t1, 0, Reg::t0);
  as_.beq(Reg::t1, Reg::zero, zero);
  as_.li(Reg::t4, 1);
  e_.form({Format::int16, Format::int16, Format::int32, 0, 0}, at.padded_columns);
  e_.vector_scalar(Mnemonic::vmuls, at.update, Reg::t1, at.product);
  e_.form({}, at.padded_columns);
  e_.vector(Mnemonic::vadd, at.gradient, at.product, at.gradient);
  e_.bind(zero);
  as_.addi(slot, slot, 1);
  as_.bltu(slot, chunk, next);
  as_.beq(Reg::t4, Reg::zero, untouched);
}

// gradient = upper · 2^shift + lower, both signed, so that a slice gets no more than one digit of each.
void TileGenerator::split_gradient(int index) {
  const ShardBuffers& at = buffers(index);
  as_.note("upper and lower part, once the deposits of the row before have been read");
  e_.wait_units(crossbar_units(shard_mask(index)));
  e_.form({Format::int32, Format::int32, Format::int16, network_.deposit_shift(), operand_bits},
          at.padded_columns);
  e_.vector(Mnemonic::vcopy, at.gradient, at.upper);
  as_.li(Reg::t0, 1u << network_.deposit_shift());
  e_.form({Format::int16, Format::int16, Format::int32, 0, 0}, at.padded_columns);
  e_.vector_scalar(Mnemonic::vmuls, at.upper, Reg::t0, at.product);
  e_.form({Format::int32, Format::int32, Format::int16, 0, operand_bits}, at.padded_columns);
  e_.vector(Mnemonic::vsub, at.gradient, at.product, at.lower);
  e_.wait_units(vector_unit);
}

void TileGenerator::deposit_row(int index, int row_block, const Area& selector, const Area& part, int bits) {
  const Shard& own = shard(index);
  const ShardBuffers& at = buffers(index);
  as_.note("into the arrays");
  set_dimensions(index);
  e_.csr(xweft::csr_wbits, static_cast<std::uint32_t>(bits));
  as_.slli(Reg::t1, step, 1);
  as_.li(Reg::a0, selector.at(2 * static_cast<std::uint32_t>(at.block_rows - 1)).address);
  as_.sub(Reg::a0, Reg::a0, Reg::t1);
  for (const int copy : updated_copies(index)) {
    for (int block = 0; block < own.column_blocks; ++block) {
      as_.li(Reg::a1, part.at(2 * static_cast<std::uint32_t>(block * at.block_columns)).address);
      e_.crossbar(Mnemonic::opa, 1u << own.unit(row_block, block, copy));
    }
  }
}

}  // namespace weft::compiler

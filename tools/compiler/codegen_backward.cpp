// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "tools/compiler/tile_generator.h"

namespace weft::compiler {

using reference::Activation;
using unit::Format;
using xweft::Mnemonic;

void TileGenerator::emit_backward() {
  region("backward");
  e_.bind(backward_);
  as_.note("buffers of the sample before are free");
  e_.wait_units(dma_unit | vector_unit);
  for (auto it = shards_.rbegin(); it != shards_.rend(); ++it) {
    const int index = *it;
    as_.region(region_name(index, "backward"));
    take_error(index);
    const bool sends_errors = shard(index).layer > 0;
    if (sends_errors) start_backward(index);
    if (network_.stores_gradients()) start_gradient_of_sample(index);
    if (sends_errors) finish_backward(index);
    if (network_.stores_gradients()) store_gradient(index);
  }
  region("backward");
  as_.ret();
}

void TileGenerator::take_error(int index) {
  const Shard& own = shard(index);
  const ShardBuffers& at = buffers(index);
  if (is_head(index)) {
    std::vector<Message> messages;
    for (const int other : plan_.placement.of_layer(own.layer)) {
      if (other == index) continue;
      const auto offset = 2 * static_cast<std::uint32_t>(shard(other).first_column);
      messages.push_back(error_message(at.error.at(offset), other));
    }
    send_all("error", messages);
    return;
  }
  if (is_last(index) || !own.home()) {
    as_.note("error from the home of this column shard");
    e_.wait_counter(at.error_counter, target_word(at.error_counter), 1);
    return;
  }
  differentiate(index);
  std::vector<Message> messages;
  for (const int other : plan_.placement.of_layer(own.layer)) {
    if (shard(other).column_shard == own.column_shard && !shard(other).home())
      messages.push_back(error_message(at.error, other));
  }
  send_all("error", messages);
}

TileGenerator::Message TileGenerator::error_message(const Area& source, int receiver) const {
  return {source, buffers(receiver).error, 2 * static_cast<std::uint32_t>(shard(receiver).columns),
          buffers(receiver).error_counter, shard(receiver).tile};
}

void TileGenerator::differentiate(int index) {
  const ShardBuffers& at = buffers(index);
  const LoweredLayer& layer = layer_of(index);
  const LoweredLayer& next = network_.layers[static_cast<std::size_t>(shard(index).layer) + 1];
  as_.note("errors from the next layer");
  wait_for(at.errors_in);
  Area sum = at.error_in;
  if (next.column_shards() > 1) {
    e_.sum_rows(at.error_in, at.error_sum, at.padded_columns, next.column_shards(), 4 * at.padded_columns);
    sum = at.error_sum;
  }
  as_.note("times the derivative of the activation");
  VectorForm form;
  form.source1 = Format::int16;
  form.result = Format::int16;
  form.shift = sum_fraction - layer.error_fraction;
  form.magnitude_bits = network_.format.error_bits;
  switch (layer.activation) {
    case Activation::relu:
      e_.form(form, at.padded_columns);
      e_.vector(Mnemonic::vrmask, sum, at.activation, at.error);
      break;
    case Activation::sigmoid:
      emit_slope(index, at.activation, at.padded_columns);
      form.shift += layer.output_fraction;
      e_.form(form, at.padded_columns);
      e_.vector(Mnemonic::vmul, sum, buffers(index).slope, at.error);
      break;
    case Activation::none:
      e_.form(form, at.padded_columns);
      e_.vector(Mnemonic::vcopy, sum, at.error);
      break;
  }
  e_.wait_units(vector_unit);
}

void TileGenerator::start_backward(int index) {
  const Shard& own = shard(index);
  const ShardBuffers& at = buffers(index);
  const LoweredLayer& layer = layer_of(index);
  const Area target = own.column_blocks > 1 ? at.error_partial : at.error_out;
  as_.note("weights x error: the same arrays from the other side");
  set_dimensions(index);
  e_.csr(xweft::csr_wfmt,
         static_cast<std::uint32_t>(Format::int16) | static_cast<std::uint32_t>(Format::int32) << 8);
  e_.csr(xweft::csr_wshift, static_cast<std::uint32_t>(layer.mtvm_shift()));
  e_.csr(xweft::csr_wbits, static_cast<std::uint32_t>(network_.format.error_bits));
  e_.csr(xweft::csr_wsstr, 0);
  e_.csr(xweft::csr_wdstr, 4 * static_cast<std::uint32_t>(at.block_rows));
  for (int block = 0; block < own.column_blocks; ++block) {
    e_.address(Reg::a0, at.error.at(2 * static_cast<std::uint32_t>(block * at.block_columns)));
    e_.address(Reg::a1, target.at(4 * static_cast<std::uint32_t>(block * at.padded_rows)));
    e_.crossbar(Mnemonic::mtvm, column_mask(index, block, layer.backward_copy()));
  }
}

void TileGenerator::finish_backward(int index) {
  const Shard& own = shard(index);
  const ShardBuffers& at = buffers(index);
  e_.wait_units(crossbar_units(copy_mask(index, layer_of(index).backward_copy())));
  if (own.column_blocks > 1) {
    as_.note("add the partial errors of the column blocks");
    e_.sum_rows(at.error_partial, at.error_out, at.padded_rows, own.column_blocks, 4 * at.padded_rows);
    e_.wait_units(vector_unit);
  }
  send_errors(index);
}

void TileGenerator::send_errors(int index) {
  const Shard& own = shard(index);
  for (const int receiver : plan_.placement.of_layer(own.layer - 1)) {
    const Shard& before = shard(receiver);
    const Part part = overlap(before.first_column, before.columns, own.first_row, own.rows);
    if (!before.home() || part.count == 0) continue;
    const ShardBuffers& there = buffers(receiver);
    const int row = own.column_shard * there.padded_columns + part.start - before.first_column;
    as_.note(fmt::format("errors to tile {}", before.tile));
    e_.send(buffers(index).error_out.at(4 * static_cast<std::uint32_t>(part.start - own.first_row)),
            there.error_in.at(4 * static_cast<std::uint32_t>(row)),
            4 * static_cast<std::uint32_t>(part.count), there.errors_in.counter_of(index));
  }
}

void TileGenerator::emit_update() {
  region("update");
  e_.bind(update_);
  for (const int index : shards_) {
    if (updates_at_once(index)) continue;
    as_.region(region_name(index, "update"));
    if (network_.has_kernels()) {
      if (shard(index).home()) update_bias(index);
      continue;
    }
    scale_error(index);
    if (network_.deposits == PerBatch::example) {
      resolve_saturated(index);
      outer_product(index);
      as_.note("operands are read; the program goes on while the carries are resolved");
      e_.wait_units(crossbar_units(shard_mask(index)));
      resolve_carries(index);
    }
    if (shard(index).home()) update_bias(index);
  }
  region("update");
  as_.ret();
}

std::int32_t TileGenerator::rate_offset(int index, bool bias) const {
  return 4 * (1 + 2 * shard(index).layer + (bias ? 1 : 0));
}

void TileGenerator::scale_error(int index) {
  const ShardBuffers& at = buffers(index);
  as_.note("update = -rate x error");
  VectorForm form{Format::int16, Format::int16, Format::int16, 0, network_.format.error_bits};
  e_.form(form, at.padded_columns);
  as_.lw(Reg::t0, rate_offset(index, false), rates);
  e_.csr_from(xweft::csr_wshift, Reg::t0);
  as_.lw(Reg::t0, 0, rates);
  e_.vector_scalar(Mnemonic::vmuls, at.error, Reg::t0, at.update);
  e_.wait_units(vector_unit);
}

void TileGenerator::outer_product(int index) {
  const Shard& own = shard(index);
  const ShardBuffers& at = buffers(index);
  as_.note("weights += input x update, in place");
  set_dimensions(index);
  e_.csr(xweft::csr_wbits, static_cast<std::uint32_t>(layer_of(index).input_bits));
  e_.csr(xweft::csr_wsstr, 2 * static_cast<std::uint32_t>(at.block_rows));
  e_.csr(xweft::csr_wdstr, 0);
  for (const int copy : updated_copies(index)) {
    for (int block = 0; block < own.column_blocks; ++block) {
      e_.address(Reg::a0, at.input);
      as_.li(Reg::a1, at.update.at(2 * static_cast<std::uint32_t>(block * at.block_columns)).address);
      e_.crossbar(Mnemonic::opa, column_mask(index, block, copy));
    }
  }
}

void TileGenerator::resolve_carries(int index) {
  if (network_.carry_unit == PerBatch::batch) return;
  count_carries(index, CarryStep::one);
}

void TileGenerator::count_carries(int index, CarryStep amount) {
  std::uint32_t units = 0;
  for (const int copy : updated_copies(index)) units |= copy_mask(index, copy);
  if (network_.carry_period == 1) {
    as_.note("resolve the carries");
    e_.crossbar(Mnemonic::crs, units);
    return;
  }
  as_.note(fmt::format("resolve the carries after every {} {}", network_.carry_period,
                       network_.carry_unit == PerBatch::batch ? "batches" : "samples"));
  const Label skip = as_.make_label();
  as_.li(Reg::t0, carry_word(index));
  as_.lw(Reg::t1, 0, Reg::t0);
  if (amount == CarryStep::one) {
    as_.addi(Reg::t1, Reg::t1, 1);
  } else {
    as_.add(Reg::t1, Reg::t1, chunk);
  }
  as_.sw(Reg::t1, 0, Reg::t0);
  as_.li(Reg::t2, static_cast<std::uint32_t>(network_.carry_period));
  as_.bltu(Reg::t1, Reg::t2, skip);
  as_.sw(Reg::zero, 0, Reg::t0);
  e_.crossbar(Mnemonic::crs, units);
  e_.bind(skip);
}

void TileGenerator::update_bias(int index) {
  const ShardBuffers& at = buffers(index);
  as_.note("bias -= rate x error");
  VectorForm form{Format::int16, Format::int16, Format::int32, 0, 0};
  e_.form(form, at.padded_columns);
  as_.lw(Reg::t0, rate_offset(index, true), rates);
  e_.csr_from(xweft::csr_wshift, Reg::t0);
  as_.lw(Reg::t0, 0, rates);
  e_.vector_scalar(Mnemonic::vmuls, at.error, Reg::t0, at.bias_update);
  e_.form({}, at.padded_columns);
  e_.vector(Mnemonic::vadd, at.bias, at.bias_update, at.bias);
}

}  // namespace weft::compiler

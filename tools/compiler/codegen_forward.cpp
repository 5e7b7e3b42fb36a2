// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <limits>

#include "tools/compiler/tile_generator.h"

namespace weft::compiler {

using reference::Activation;
using reference::Loss;
using unit::Format;
using xweft::Mnemonic;

namespace {

// Sum of exponentials is used with this many fraction bits fewer in the division.
constexpr unsigned reciprocal_drop = 8;
// Fraction bits of exponential · reciprocal: 24 + (32 − (24 − 8)).
constexpr int probability_fraction = 40;

// Words of the head's scalars, by their offsets.
enum Scalar : std::uint32_t { maximum = 0, total = 4, logarithm = 8, winner = 12 };

}  // namespace

void TileGenerator::emit_forward() {
  region("forward");
  e_.bind(forward_);
  as_.note("buffers of the sample before are free");
  e_.wait_units(dma_unit | vector_unit);
  for (const int index : shards_) {
    as_.region(region_name(index, "forward"));
    take_input(index);
    if (network_.has_kernels()) program_kernels_in_training(index);
    start_forward(index);
    finish_forward(index, false);
  }
  region("forward");
  as_.ret();
}

void TileGenerator::take_input(int index) {
  const ShardBuffers& own = buffers(index);
  if (shard(index).layer > 0) {
    as_.note("input from the layer before");
    wait_for(own.inputs);
    return;
  }
  as_.note("sample from DRAM");
  e_.csr(xweft::csr_wcomp, 0);
  as_.lw(Reg::a0, 0, order);
  const std::uint32_t offset = 2 * static_cast<std::uint32_t>(shard(index).first_row);
  if (offset != 0) {
    as_.li(Reg::t0, offset);
    as_.add(Reg::a0, Reg::a0, Reg::t0);
  }
  e_.address(Reg::a1, own.input);
  as_.li(Reg::a2, 2 * static_cast<std::uint32_t>(shard(index).rows));
  as_.xweft(Mnemonic::dma, Reg::zero, Reg::a0, Reg::a1, Reg::a2);
  e_.wait_units(dma_unit);
}

Area TileGenerator::own_sum(int index) const {
  const ShardBuffers& own = buffers(index);
  const bool collects = shard(index).home() && layer_of(index).row_shards() > 1;
  return collects ? own.shard_sums : own.sum;
}

void TileGenerator::start_forward(int index) {
  const Shard& own = shard(index);
  const ShardBuffers& at = buffers(index);
  const LoweredLayer& layer = layer_of(index);
  const Area target = own.row_blocks > 1 ? at.partial : own_sum(index);
  as_.note("input x weights, every array at once");
  set_dimensions(index);
  e_.csr(xweft::csr_wfmt,
         static_cast<std::uint32_t>(Format::int16) | static_cast<std::uint32_t>(Format::int32) << 8);
  e_.csr(xweft::csr_wshift, static_cast<std::uint32_t>(layer.mvm_shift()));
  e_.csr(xweft::csr_wbits, static_cast<std::uint32_t>(layer.input_bits));
  e_.csr(xweft::csr_wsstr, 2 * static_cast<std::uint32_t>(at.block_rows));
  e_.csr(xweft::csr_wdstr, 4 * static_cast<std::uint32_t>(at.padded_columns));
  for (int block = 0; block < own.column_blocks; ++block) {
    e_.address(Reg::a0, at.input);
    e_.address(Reg::a1, target.at(4 * static_cast<std::uint32_t>(block * at.block_columns)));
    e_.crossbar(Mnemonic::mvm, column_mask(index, block, 0));
  }
  if (own.layer == 0) as_.addi(order, order, 4);
}

void TileGenerator::finish_forward(int index, bool judges_later) {
  const Shard& own = shard(index);
  const ShardBuffers& at = buffers(index);
  e_.wait_units(crossbar_units(copy_mask(index, 0)));
  if (own.row_blocks > 1) {
    as_.note("add the partial sums of the row blocks");
    e_.sum_rows(at.partial, own_sum(index), at.padded_columns, own.row_blocks, 4 * at.padded_columns);
  }
  if (!own.home()) {
    send_shard_sum(index);
    return;
  }
  collect_shard_sums(index);
  as_.note("bias");
  e_.form({}, at.padded_columns);
  e_.vector(Mnemonic::vadd, at.sum, at.bias_sum, at.sum);
  if (!is_last(index)) {
    activate(index);
    send_activation(index);
  } else if (!is_head(index)) {
    send_logits(index);
  } else if (!judges_later) {
    judge(index);
  }
}

void TileGenerator::judge(int index) {
  gather_logits(index);
  emit_loss(index);
}

void TileGenerator::send_shard_sum(int index) {
  const Shard& own = shard(index);
  const int home = plan_.placement.home(own.layer, own.column_shard);
  const auto bytes = 4u * static_cast<std::uint32_t>(buffers(index).padded_columns);
  as_.note("partial sum to the home of this column shard");
  e_.wait_units(vector_unit);
  e_.send(buffers(index).sum, buffers(home).shard_sums.at(bytes * static_cast<std::uint32_t>(own.row_shard)),
          bytes, buffers(home).sums.counter_of(index));
}

void TileGenerator::collect_shard_sums(int index) {
  const int others = layer_of(index).row_shards() - 1;
  if (others == 0) return;
  const ShardBuffers& at = buffers(index);
  as_.note("add the sums of the other row shards");
  wait_for(at.sums);
  e_.sum_rows(at.shard_sums, at.sum, at.padded_columns, others + 1, 4 * at.padded_columns);
}

void TileGenerator::activate(int index) {
  const ShardBuffers& at = buffers(index);
  as_.note("activation");
  apply_activation(layer_of(index), at.sum, at.activation, at.padded_columns);
  e_.wait_units(vector_unit);
}

void TileGenerator::apply_activation(const LoweredLayer& layer, const Area& source, const Area& result,
                                     int length) {
  VectorForm form;
  form.result = Format::int16;
  form.shift = sum_fraction - layer.output_fraction;
  form.magnitude_bits = layer.output_bits;
  e_.form(form, length);
  switch (layer.activation) {
    case Activation::relu:
      e_.vector(Mnemonic::vrelu, source, result);
      break;
    case Activation::sigmoid:
      e_.vector(Mnemonic::vsigm, source, result);
      break;
    case Activation::none:
      e_.vector(Mnemonic::vcopy, source, result);
      break;
  }
}

void TileGenerator::send_activation(int index) {
  const Shard& own = shard(index);
  std::vector<Message> messages;
  for (const int consumer : plan_.placement.of_layer(own.layer + 1)) {
    const Shard& next = shard(consumer);
    const Part part = overlap(own.first_column, own.columns, next.first_row, next.rows);
    if (part.count == 0) continue;
    messages.push_back(
        {buffers(index).activation.at(2 * static_cast<std::uint32_t>(part.start - own.first_column)),
         buffers(consumer).input.at(2 * static_cast<std::uint32_t>(part.start - next.first_row)),
         2 * static_cast<std::uint32_t>(part.count), buffers(consumer).inputs.counter_of(index), next.tile});
  }
  send_all("activation", messages);
}

void TileGenerator::send_logits(int index) {
  const Shard& own = shard(index);
  as_.note("sums to the tile that computes the loss");
  e_.wait_units(vector_unit);
  e_.send(buffers(index).sum, layout_.head.logits.at(4 * static_cast<std::uint32_t>(own.first_column)),
          4 * static_cast<std::uint32_t>(own.columns), layout_.head.logits_inbox.counter_of(index));
}

void TileGenerator::gather_logits(int index) {
  const int others = layer_of(index).column_shards() - 1;
  if (others == 0) return;
  const HeadBuffers& at = layout_.head;
  as_.note("sums of the other column shards");
  e_.form({}, buffers(index).padded_columns);
  e_.vector(Mnemonic::vcopy, buffers(index).sum, at.logits);
  wait_for(at.logits_inbox);
}

void TileGenerator::emit_loss(int index) {
  as_.region(region_name(index, "loss"));
  if (network_.loss == Loss::cross_entropy) {
    emit_cross_entropy(index);
  } else {
    emit_squared_error(index);
  }
  count_sample();
  as_.addi(labels, labels, 4);
}

void TileGenerator::load_label() {
  as_.note("label");
  as_.lw(Reg::a3, 0, labels);
  as_.li(Reg::t5, layout_.head.scalars.address);
}

void TileGenerator::count_correct() {
  as_.note("correct?");
  as_.lw(Reg::t1, winner, Reg::t5);
  as_.sub(Reg::t1, Reg::t1, Reg::a3);
  as_.sltu(Reg::t1, Reg::zero, Reg::t1);
  as_.lw(Reg::t2, 4, metrics);
  as_.addi(Reg::t2, Reg::t2, 1);
  as_.sub(Reg::t2, Reg::t2, Reg::t1);
  as_.sw(Reg::t2, 4, metrics);
}

void TileGenerator::subtract_at_label(const Area& area, std::int32_t amount, std::int32_t least) {
  e_.address(Reg::t0, area);
  as_.slli(Reg::t1, Reg::a3, 1);
  as_.add(Reg::t0, Reg::t0, Reg::t1);
  as_.lh(Reg::t1, 0, Reg::t0);
  as_.li(Reg::t2, static_cast<std::uint32_t>(amount));
  as_.sub(Reg::t1, Reg::t1, Reg::t2);
  constexpr std::int32_t lowest = std::numeric_limits<std::int16_t>::min();
  if (least - amount < lowest) {
    const Label fits = as_.make_label();
    as_.li(Reg::t2, static_cast<std::uint32_t>(lowest));
    as_.bge(Reg::t1, Reg::t2, fits);
    as_.mv(Reg::t1, Reg::t2);
    as_.bind(fits);
  }
  as_.sh(Reg::t1, 0, Reg::t0);
}

void TileGenerator::emit_cross_entropy(int index) {
  const HeadBuffers& at = layout_.head;
  const LoweredLayer& layer = layer_of(index);
  const int outputs = layer.outputs;
  as_.note("softmax: greatest sum");
  e_.form({}, outputs);
  e_.vector(Mnemonic::vmaxe, at.logits, at.scalars.at(maximum));
  e_.vector(Mnemonic::vargmax, at.logits, at.scalars.at(winner));
  e_.wait_units(vector_unit);
  load_label();
  as_.note("exp(sum - greatest), its total, the total's logarithm");
  as_.lw(Reg::t0, maximum, Reg::t5);
  as_.sub(Reg::t0, Reg::zero, Reg::t0);
  e_.vector_scalar(Mnemonic::vadds, at.logits, Reg::t0, at.shifted);
  e_.vector(Mnemonic::vexp, at.shifted, at.exponential);
  e_.vector(Mnemonic::vsum, at.exponential, at.scalars.at(total));
  e_.form({}, 1);
  e_.vector(Mnemonic::vlog, at.scalars.at(total), at.scalars.at(logarithm));
  e_.wait_units(vector_unit);
  count_correct();
  as_.note("loss = log(total) - shifted[label]");
  as_.slli(Reg::t1, Reg::a3, 2);
  as_.li(Reg::t2, at.shifted.address);
  as_.add(Reg::t1, Reg::t1, Reg::t2);
  as_.lw(Reg::t1, 0, Reg::t1);
  as_.lw(Reg::t0, logarithm, Reg::t5);
  as_.sub(Reg::t0, Reg::t0, Reg::t1);
  add_loss();

  const Label done = as_.make_label();
  as_.beq(training, Reg::zero, done);
  as_.note("error = exp / total - one-hot");
  as_.lw(Reg::t0, total, Reg::t5);
  as_.srli(Reg::t0, Reg::t0, reciprocal_drop);
  as_.li(Reg::t1, 0xffffffffu);
  as_.divu(Reg::t0, Reg::t1, Reg::t0);
  VectorForm form;
  form.result = Format::int16;
  form.shift = probability_fraction - layer.error_fraction;
  form.magnitude_bits = network_.format.error_bits;
  e_.form(form, outputs);
  e_.vector_scalar(Mnemonic::vmuls, at.exponential, Reg::t0, error_under_construction());
  e_.wait_units(vector_unit);
  subtract_at_label(error_under_construction(), (1 << network_.format.error_bits) - 1, 0);
  keep_error(outputs);
  e_.bind(done);
}

void TileGenerator::emit_squared_error(int index) {
  const HeadBuffers& at = layout_.head;
  const LoweredLayer& layer = layer_of(index);
  const int outputs = layer.outputs;
  const int fraction = layer.output_fraction;
  as_.note("output and the greatest of it");
  apply_activation(layer, at.logits, at.output, outputs);
  VectorForm narrow;
  narrow.source0 = Format::int16;
  narrow.source1 = Format::int16;
  narrow.result = Format::int16;
  e_.form(narrow, outputs);
  e_.vector(Mnemonic::vcopy, at.output, at.difference);
  VectorForm to_scalar = narrow;
  to_scalar.result = Format::int32;
  e_.form(to_scalar, outputs);
  e_.vector(Mnemonic::vargmax, at.output, at.scalars.at(winner));
  e_.wait_units(vector_unit);
  load_label();
  as_.note("difference to the one-hot target");
  const bool target_saturates = fraction == layer.output_bits;
  const std::int32_t least = layer.activation == Activation::none ? 1 - (1 << layer.output_bits) : 0;
  subtract_at_label(at.difference, target_saturates ? (1 << fraction) - 1 : 1 << fraction, least);
  e_.vector(Mnemonic::vmul, at.difference, at.difference, at.square);
  e_.form({}, outputs);
  e_.vector(Mnemonic::vsum, at.square, at.scalars.at(total));
  e_.wait_units(vector_unit);
  count_correct();
  as_.note("loss = half the sum of squares");
  as_.lw(Reg::t0, total, Reg::t5);
  const int drop = 2 * fraction - sum_fraction + 1;
  if (drop >= 0) {
    as_.srai(Reg::t0, Reg::t0, static_cast<unsigned>(drop));
  } else {
    as_.slli(Reg::t0, Reg::t0, static_cast<unsigned>(-drop));
  }
  add_loss();

  const Label done = as_.make_label();
  as_.beq(training, Reg::zero, done);
  e_.forget();
  as_.note("error at the pre-activation");
  const Area& draft = error_under_construction();
  VectorForm error = narrow;
  error.magnitude_bits = network_.format.error_bits;
  if (layer.activation == Activation::sigmoid) {
    emit_slope(index, at.output, outputs);
    error.shift = 2 * fraction - layer.error_fraction;
    e_.form(error, outputs);
    e_.vector(Mnemonic::vmul, at.difference, buffers(index).slope, draft);
  } else {
    as_.li(Reg::t0, 1u << (layer.error_fraction - fraction));
    e_.form(error, outputs);
    e_.vector_scalar(Mnemonic::vmuls, at.difference, Reg::t0, draft);
    if (layer.activation == Activation::relu) e_.vector(Mnemonic::vrmask, draft, at.output, draft);
  }
  keep_error(outputs);
  e_.wait_units(vector_unit);
  e_.bind(done);
}

void TileGenerator::emit_slope(int index, const Area& activation, int length) {
  const ShardBuffers& at = buffers(index);
  const int fraction = layer_of(index).output_fraction;
  VectorForm form{Format::int16, Format::int16, Format::int16, 0, 0};
  as_.li(Reg::t0, 1u << fraction);
  e_.form(form, length);
  e_.vector_scalar(Mnemonic::vrsubs, activation, Reg::t0, at.complement);
  form.shift = fraction;
  e_.form(form, length);
  e_.vector(Mnemonic::vmul, activation, at.complement, at.slope);
}

}  // namespace weft::compiler

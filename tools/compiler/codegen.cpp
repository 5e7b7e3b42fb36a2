// SPDX-License-Identifier: Apache-2.0
#include "tools/compiler/codegen.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

#include "models/common/float_bits.h"
#include "models/hart/csr.h"
#include "models/unit/command.h"
#include "tools/compiler/tile_generator.h"

namespace weft::compiler {

using xweft::Mnemonic;

TileProgram TileGenerator::make() {
  emit_start();
  emit_initialisation();
  emit_epochs();
  emit_read_out();
  emit_end();
  emit_forward();
  if (network_.pipelined()) {
    emit_step();
  } else {
    emit_backward();
  }
  if (network_.kfac) {
    emit_kfac_update();
    emit_digital_solver();
  } else if (updates_later()) {
    emit_update();
  }
  emit_trap_handler();
  return finish(make_data());
}

const LoweredLayer& TileGenerator::layer_of(int index) const {
  return network_.layers[static_cast<std::size_t>(shard(index).layer)];
}

bool TileGenerator::has_head() const {
  return std::any_of(shards_.begin(), shards_.end(), [&](int i) { return is_head(i); });
}

std::string TileGenerator::region_name(int index, const char* pass) const {
  const Shard& own = shard(index);
  std::string name = fmt::format("tile{}.layer{}", tile_.tile, own.layer);
  if (layer_of(index).column_shards() > 1) name += fmt::format(".c{}", own.column_shard);
  if (layer_of(index).row_shards() > 1) name += fmt::format(".r{}", own.row_shard);
  return name + "." + pass;
}

std::uint32_t TileGenerator::column_mask(int index, int column_block, int copy) const {
  const Shard& own = shard(index);
  return ((1u << own.row_blocks) - 1) << own.unit(0, column_block, copy);
}

std::uint32_t TileGenerator::copy_mask(int index, int copy) const {
  const Shard& own = shard(index);
  return ((1u << own.blocks()) - 1) << own.unit(0, 0, copy);
}

std::uint32_t TileGenerator::shard_mask(int index) const {
  return ((1u << shard(index).units()) - 1) << shard(index).first_unit;
}

std::vector<int> TileGenerator::producers(int index) const {
  std::vector<int> found = plan_.placement.input_senders(index);
  for (const std::vector<int>& more :
       {plan_.placement.sum_senders(index), plan_.placement.logits_senders(index)}) {
    found.insert(found.end(), more.begin(), more.end());
  }
  return found;
}

std::uint32_t TileGenerator::consumers(int index) const {
  std::uint32_t count = 0;
  for (int other = 0; other < static_cast<int>(plan_.placement.shards.size()); ++other) {
    const std::vector<int> fed_by = producers(other);
    count += static_cast<std::uint32_t>(std::count(fed_by.begin(), fed_by.end(), index));
  }
  return count;
}

void TileGenerator::emit_start() {
  emit_trap_vector();
  forward_ = as_.make_label();
  backward_ = as_.make_label();
  update_ = as_.make_label();
  step_ = as_.make_label();
  digital_solver_ = as_.make_label();
  if (network_.kfac) enable_float();
}

void TileGenerator::emit_trap_handler() {
  begin_trap_handler();
  if (network_.kfac) take_guarded_failure();
  report_trap();
}

// A unit error where the program expects some: kept, and the instruction it interrupted is executed again. It
// may interrupt anything, so that gp and tp are the handler's own.
void TileGenerator::take_guarded_failure() {
  const Label fatal = as_.make_label();
  as_.note("a unit's failure that the program handles?");
  as_.csrr(Reg::gp, hart::csr::mcause);
  as_.li(Reg::tp, static_cast<std::uint32_t>(unit::Cause::unit_error));
  as_.bne(Reg::gp, Reg::tp, fatal);
  as_.li(Reg::tp, kfac_word(0));
  as_.lw(Reg::gp, kfac_word::guard, Reg::tp);
  as_.beq(Reg::gp, Reg::zero, fatal);
  as_.csrr(Reg::gp, hart::csr::mtval);
  as_.sw(Reg::gp, kfac_word::failure, Reg::tp);
  as_.mret();
  as_.bind(fatal);
}

void TileGenerator::emit_initialisation() {
  for (const int index : shards_) {
    as_.region(region_name(index, "program"));
    e_.forget();
    for (const WeightBlock& block : plan_.dram.weights) {
      if (block.shard == index) program_block(index, block);
    }
  }
  region("clear");
  e_.forget();
  as_.note("padding of every operand is zero from now on");
  e_.form({}, static_cast<int>(tile_.zero_size / 4));
  as_.li(Reg::a2, tile_.zero_start);
  as_.xweft(Mnemonic::vfill, Reg::zero, Reg::zero, Reg::zero, Reg::a2);
  e_.wait_units(vector_unit);
  prepare_reram();
  if (network_.deposits == PerBatch::batch) {
    for (const int index : shards_) mark_row_selectors(index);
  }
  for (const BiasBlock& block : plan_.dram.biases) {
    if (shard(block.shard).tile != tile_.tile) continue;
    as_.note("first biases");
    e_.dma(block.initial, buffers(block.shard).bias.address, 4 * static_cast<std::uint32_t>(block.columns));
    e_.wait_units(dma_unit);
    refresh_bias(block.shard);
  }
  e_.wait_units(vector_unit);
  give_credits();
}

void TileGenerator::program_block(int index, const WeightBlock& block) {
  const auto bytes = 4u * static_cast<std::uint32_t>(block.rows) * static_cast<std::uint32_t>(block.columns);
  std::uint32_t units = 0;
  for (int copy = 0; copy < shard(index).copies; ++copy) {
    units |= 1u << shard(index).unit(block.row_block, block.column_block, copy);
  }
  as_.note(fmt::format("first weights of block ({}, {})", block.row_block, block.column_block));
  e_.dma(block.initial, tile_.staging, bytes);
  e_.wait_units(dma_unit);
  set_dimensions(index);
  e_.csr(xweft::csr_wsstr, 0);
  as_.li(Reg::a0, tile_.staging);
  e_.crossbar(Mnemonic::prog, units);
  e_.wait_units(crossbar_units(units));
}

void TileGenerator::set_dimensions(int index) {
  const ShardBuffers& own = buffers(index);
  e_.csr(xweft::csr_wdim,
         static_cast<std::uint32_t>(own.block_rows) | static_cast<std::uint32_t>(own.block_columns) << 16);
}

void TileGenerator::refresh_bias(int index) {
  as_.note("bias at the scale of the sums");
  VectorForm form;
  form.shift = bias_fraction - sum_fraction;
  e_.form(form, buffers(index).padded_columns);
  e_.vector(Mnemonic::vcopy, buffers(index).bias, buffers(index).bias_sum);
}

void TileGenerator::give_credits() {
  for (const int index : shards_) {
    for (const int producer : producers(index)) {
      as_.note(fmt::format("layer {} may send the next batch", shard(producer).layer));
      e_.raise_counter(shard(producer).tile, buffers(producer).credit_counter);
    }
  }
}

void TileGenerator::take_credits() {
  for (const int index : shards_) {
    const std::uint32_t count = consumers(index);
    if (count == 0) continue;
    as_.note("receivers are ready for a batch");
    const unsigned counter = buffers(index).credit_counter;
    e_.wait_counter(counter, target_word(counter), count);
  }
}

void TileGenerator::wait_for(const Inbox& inbox) {
  const auto messages = static_cast<std::uint32_t>(inbox.senders.size()) / inbox.counters();
  for (unsigned number = 0; number < inbox.counters(); ++number) {
    const unsigned counter = inbox.first_counter + number;
    e_.wait_counter(counter, target_word(counter), messages);
  }
}

void TileGenerator::emit_epochs() {
  start_epochs(plan_.dram.records);
  const Label next = as_.make_label();
  e_.bind(next);
  change_filters();
  emit_pass(true);
  if (plan_.evaluate) emit_pass(false);
  if (has_head()) emit_record();
  advance_epoch(static_cast<std::uint32_t>(4 * layout_.rate_row_words(network_)));
  as_.li(Reg::t0, static_cast<std::uint32_t>(plan_.epochs));
  as_.bltu(epoch, Reg::t0, next);
}

void TileGenerator::emit_pass(bool trains) {
  start_pass(trains ? plan_.dram.train : plan_.dram.test, trains);
  const Label next_chunk = as_.make_label();
  e_.bind(next_chunk);
  start_batch(network_.batch);
  take_credits();
  if (trains && network_.pipelined()) {
    emit_step_loop();
  } else if (trains && network_.schedule == Schedule::sequential) {
    emit_sample_loop("every sample of the batch, forward and backward", {forward_, backward_});
  } else {
    emit_sample_loop(forward_);
    if (trains) emit_sample_loop(backward_);
  }
  if (trains) emit_batch_update();
  give_credits();
  as_.bne(remaining, Reg::zero, next_chunk);
}

void TileGenerator::emit_batch_update() {
  if (network_.kfac) {
    as_.note("second-order update");
    as_.call(update_);
    e_.forget();
  } else if (updates_later())
    emit_sample_loop(update_);
  finish_update();
}

void TileGenerator::finish_update() {
  if (network_.has_kernels()) return finish_kernel_update();
  const bool whole_batch = network_.deposits == PerBatch::batch;
  for (const int index : shards_) {
    if (whole_batch && !network_.kfac) deposit_gradient(index);
    if (network_.carry_unit == PerBatch::batch) {
      count_carries(index, CarryStep::one);
    } else if (whole_batch) {
      count_carries(index, CarryStep::samples_of_batch);
    }
    if (layer_of(index).has_accumulator()) copy_back(index);
    if (shard(index).home()) refresh_bias(index);
  }
}

void TileGenerator::emit_read_out() {
  region("read_out");
  e_.forget();
  as_.note("the staging area shares the room of buffers that may still be on their way out");
  e_.wait_units(dma_unit | vector_unit);
  for (const BiasBlock& block : plan_.dram.biases) {
    if (shard(block.shard).tile != tile_.tile) continue;
    as_.note("trained biases");
    e_.dma(buffers(block.shard).bias.address, block.trained, 4 * static_cast<std::uint32_t>(block.columns));
    e_.wait_units(dma_unit);
  }
  for (const OptimiserBlock& block : plan_.dram.optimisers) {
    if (block.tile != tile_.tile) continue;
    as_.note("counts of the optimiser");
    e_.dma(kfac_word(kfac_word::counts), block.counts, 4 * kfac_word::count_words);
    e_.wait_units(dma_unit);
  }
  for (const int index : shards_) {
    as_.region(region_name(index, "read_out"));
    e_.forget();
    if (network_.carry_period > 1 && !layer_of(index).has_accumulator()) {
      as_.note("resolve what carries are left");
      e_.crossbar(Mnemonic::crs, shard_mask(index));
    }
    for (const WeightBlock& block : plan_.dram.weights) {
      if (block.shard == index) read_block(index, block);
    }
  }
}

void TileGenerator::read_block(int index, const WeightBlock& block) {
  const auto bytes = 4u * static_cast<std::uint32_t>(block.rows) * static_cast<std::uint32_t>(block.columns);
  const int unit = shard(index).unit(block.row_block, block.column_block);
  as_.note(fmt::format("trained weights of block ({}, {}) from crossbar {}", block.row_block,
                       block.column_block, unit));
  set_dimensions(index);
  as_.li(Reg::a1, tile_.staging);
  e_.crossbar(Mnemonic::rdarr, 1u << unit);
  e_.wait_units(crossbar_units(1u << unit));
  e_.dma(tile_.staging, block.trained, bytes);
  e_.wait_units(dma_unit);
}

std::vector<std::uint32_t> TileGenerator::make_data() const {
  std::vector<std::uint32_t> data(tile_.data_size / 4, 0);
  std::size_t word = (tile_.data.rates - tile_.data.train_metrics) / 4;
  for (const LoweredRate& rate : network_.rates) {
    const bool second_order = network_.kfac.has_value();
    data[word++] = static_cast<std::uint32_t>(-rate.multiplier);
    for (const LoweredLayer& layer : network_.layers) {
      const int shift = second_order ? rate.weight_step_shift(layer) : rate.update_shift(layer);
      data[word++] = static_cast<std::uint32_t>(shift);
      data[word++] =
          static_cast<std::uint32_t>(second_order ? rate.bias_step_shift() : rate.bias_shift(layer));
    }
    if (second_order) data[word++] = bits_of(rate.value() * rate.value());
  }
  if (network_.kfac) data[(kfac_word(kfac_word::clip) - tile_.data.train_metrics) / 4] = bits_of(1.0F);
  return data;
}

TileProgram generate(const ProgramPlan& plan, int tile) { return TileGenerator(plan, tile).make(); }

}  // namespace weft::compiler

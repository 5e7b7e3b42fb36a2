// SPDX-License-Identifier: Apache-2.0
#include "tools/compiler/codegen.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "firmware/include/weft/boot_info.h"
#include "models/common/error.h"
#include "models/tile/window.h"
#include "models/tile_control/registers.h"
#include "tools/compiler/epoch_record.h"
#include "tools/compiler/tile_generator.h"

namespace weft::compiler {

using xweft::Mnemonic;

namespace {

// Machine-mode CSRs.
constexpr unsigned csr_mstatus = 0x300;
constexpr unsigned csr_mtvec = 0x305;
constexpr unsigned csr_mepc = 0x341;
constexpr unsigned csr_mcause = 0x342;
constexpr unsigned csr_mtval = 0x343;
constexpr std::uint32_t mstatus_float_initial = 1u << 13;
constexpr std::uint32_t cause_unit_error = 24;

std::uint32_t bits_of(float value) {
  std::uint32_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

}  // namespace

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
  as_.finish();
  const std::uint32_t used = as_.here() - tile_.code;
  if (used > tile_.code_size) {
    throw Error(fmt::format("compiled program of tile {}: {} bytes of code, room for {}", tile_.tile, used,
                            tile_.code_size));
  }
  return {tile_.tile, tile_.code, std::move(as_), tile_.data.train_metrics, make_data()};
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
  region("start");
  as_.note("traps go to the handler at the end of the program");
  trap_handler_ = as_.make_label();
  forward_ = as_.make_label();
  backward_ = as_.make_label();
  update_ = as_.make_label();
  step_ = as_.make_label();
  digital_solver_ = as_.make_label();
  as_.la(Reg::t0, trap_handler_);
  as_.csrw(csr_mtvec, Reg::t0);
  as_.li(scratch_page, tile_.base + static_cast<std::uint32_t>(tile::window::tile_control_base));
  if (!network_.kfac) return;
  as_.note("switch the floating-point unit on");
  as_.li(Reg::t0, mstatus_float_initial);
  as_.csrs(csr_mstatus, Reg::t0);
}

void TileGenerator::emit_trap_handler() {
  region("trap");
  as_.bind(trap_handler_);
  if (network_.kfac) take_guarded_failure();
  as_.note("report the fault and stop");
  namespace r = tile_control::registers;
  as_.li(Reg::t0, tile_.base + static_cast<std::uint32_t>(tile::window::tile_control_base));
  as_.csrr(Reg::t1, csr_mcause);
  as_.sw(Reg::t1, r::fault_cause.offset, Reg::t0);
  as_.csrr(Reg::t1, csr_mepc);
  as_.sw(Reg::t1, r::fault_pc.offset, Reg::t0);
  as_.csrr(Reg::t1, csr_mtval);
  as_.sw(Reg::t1, r::fault_value.offset, Reg::t0);
  stop(r::raise_fault);
}

// A unit error where the program expects some: kept, and the instruction it interrupted is executed again. It
// may interrupt anything, so that gp and tp are the handler's own.
void TileGenerator::take_guarded_failure() {
  const Label fatal = as_.make_label();
  as_.note("a unit's failure that the program handles?");
  as_.csrr(Reg::gp, csr_mcause);
  as_.li(Reg::tp, cause_unit_error);
  as_.bne(Reg::gp, Reg::tp, fatal);
  as_.li(Reg::tp, kfac_word(0));
  as_.lw(Reg::gp, kfac_word::guard, Reg::tp);
  as_.beq(Reg::gp, Reg::zero, fatal);
  as_.csrr(Reg::gp, csr_mtval);
  as_.sw(Reg::gp, kfac_word::failure, Reg::tp);
  as_.mret();
  as_.bind(fatal);
}

void TileGenerator::stop(std::uint32_t event) {
  namespace r = tile_control::registers;
  as_.li(Reg::t1, event);
  as_.sw(Reg::t1, r::raise.offset, Reg::t0);
  as_.li(Reg::t1, r::control_stop);
  as_.sw(Reg::t1, r::control.offset, Reg::t0);
  const Label forever = as_.make_label();
  as_.bind(forever);
  as_.wfi();
  as_.j(forever);
}

void TileGenerator::emit_end() {
  region("end");
  as_.note("tell the host");
  as_.mv(Reg::t0, scratch_page);
  stop(tile_control::registers::raise_done);
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
  region("epoch");
  e_.forget();
  as_.li(epoch, 0);
  as_.li(rates, tile_.data.rates);
  as_.li(record_out, plan_.dram.records);
  const Label next = as_.make_label();
  e_.bind(next);
  change_filters();
  emit_pass(true);
  if (plan_.evaluate) emit_pass(false);
  if (has_head()) emit_record();
  region("epoch");
  e_.forget();
  as_.addi(epoch, epoch, 1);
  as_.addi(rates, rates, static_cast<std::int32_t>(4 * layout_.rate_row_words(network_)));
  as_.addi(record_out, record_out, sizeof(weft_epoch_record));
  as_.li(Reg::t0, static_cast<std::uint32_t>(plan_.epochs));
  as_.bltu(epoch, Reg::t0, next);
}

void TileGenerator::emit_pass(bool trains) {
  const SampleSet& set = trains ? plan_.dram.train : plan_.dram.test;
  region(trains ? "train" : "evaluate");
  e_.forget();
  as_.li(training, trains ? 1 : 0);
  as_.li(remaining, set.count);
  if (trains) {
    as_.note("this epoch's order");
    as_.li(Reg::t0, 4 * set.count);
    as_.mul(Reg::t0, Reg::t0, epoch);
    as_.li(order, set.order);
    as_.add(order, order, Reg::t0);
    as_.li(labels, set.labels);
    as_.add(labels, labels, Reg::t0);
  } else {
    as_.li(order, set.order);
    as_.li(labels, set.labels);
  }
  as_.li(metrics, trains ? tile_.data.train_metrics : tile_.data.test_metrics);
  for (int word = 0; word < 4; ++word) as_.sw(Reg::zero, 4 * word, metrics);

  const Label next_chunk = as_.make_label();
  const Label sized = as_.make_label();
  e_.bind(next_chunk);
  as_.note("samples of this batch");
  as_.li(chunk, static_cast<std::uint32_t>(network_.batch));
  as_.bltu(chunk, remaining, sized);
  as_.mv(chunk, remaining);
  e_.bind(sized);
  as_.sub(remaining, remaining, chunk);
  take_credits();
  if (trains && network_.pipelined()) {
    emit_step_loop();
  } else if (trains && network_.schedule == Schedule::sequential) {
    emit_serial_loop();
  } else {
    emit_sample_loop(forward_);
    if (trains) emit_sample_loop(backward_);
  }
  if (trains) emit_batch_update();
  give_credits();
  as_.bne(remaining, Reg::zero, next_chunk);
}

void TileGenerator::emit_sample_loop(Label body) {
  const Label next = as_.make_label();
  as_.note("for every sample of the batch");
  as_.li(slot, 0);
  e_.bind(next);
  as_.call(body);
  e_.forget();
  as_.addi(slot, slot, 1);
  as_.bltu(slot, chunk, next);
}

void TileGenerator::emit_serial_loop() {
  const Label next = as_.make_label();
  as_.note("every sample of the batch, forward and backward");
  as_.li(slot, 0);
  e_.bind(next);
  as_.call(forward_);
  as_.call(backward_);
  e_.forget();
  as_.addi(slot, slot, 1);
  as_.bltu(slot, chunk, next);
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

void TileGenerator::emit_record() {
  region("record");
  e_.forget();
  emit_epoch_record(e_, {tile_.data.record, tile_.data.train_metrics, tile_.data.test_metrics, epoch,
                         record_out, scratch_page});
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

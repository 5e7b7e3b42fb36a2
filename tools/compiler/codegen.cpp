// SPDX-License-Identifier: Apache-2.0
#include "tools/compiler/codegen.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <limits>

#include "firmware/include/weft/boot_info.h"
#include "models/common/error.h"
#include "models/sync/registers.h"
#include "models/tile/window.h"
#include "models/tile_control/registers.h"
#include "tools/compiler/emitter.h"

namespace weft::compiler {

using reference::Activation;
using reference::Loss;
using unit::Format;
using xweft::Mnemonic;

namespace {

// Registers that live through the program.
constexpr Reg slot = Reg::s0;           // sample within the batch
constexpr Reg chunk = Reg::s1;          // samples in this batch
constexpr Reg order = Reg::s2;          // next entry of the order table
constexpr Reg epoch = Reg::s3;          // from 0
constexpr Reg remaining = Reg::s4;      // samples left in this pass over the data
constexpr Reg rates = Reg::s5;          // row of the rate table
constexpr Reg metrics = Reg::s6;        // counters of this pass
constexpr Reg training = Reg::s7;       // 1 while training, 0 while evaluating
constexpr Reg labels = Reg::s8;         // next label
constexpr Reg record_out = Reg::s9;     // this epoch's record in DRAM
constexpr Reg scratch_page = Reg::s10;  // tile control

// Machine-mode CSRs.
constexpr unsigned csr_mtvec = 0x305;
constexpr unsigned csr_mepc = 0x341;
constexpr unsigned csr_mcause = 0x342;
constexpr unsigned csr_mtval = 0x343;

constexpr int exponential_fraction = 24;
// Sum of exponentials is used with this many fraction bits fewer in the division.
constexpr unsigned reciprocal_drop = 8;
// Fraction bits of exponential · reciprocal: 24 + (32 − (24 − 8)).
constexpr int probability_fraction = 40;

enum Scalar : std::uint32_t { maximum = 0, total = 4, logarithm = 8, winner = 12 };

class TileGenerator {
 public:
  TileGenerator(const ProgramPlan& plan, int tile)
      : plan_(plan),
        network_(plan.network),
        layout_(plan.layout),
        tile_(plan.layout.tiles.at(static_cast<std::size_t>(tile))),
        shards_(plan.placement.of_tile(tile)),
        as_(tile_.code),
        e_(as_) {}

  TileProgram make() {
    emit_start();
    emit_initialisation();
    emit_epochs();
    emit_read_out();
    emit_end();
    emit_forward();
    emit_backward();
    emit_update();
    emit_trap_handler();
    as_.finish();
    const std::uint32_t used = as_.here() - tile_.code;
    if (used > tile_.code_size) {
      throw Error(fmt::format("compiled program of tile {}: {} bytes of code, room for {}", tile_.tile, used,
                              tile_.code_size));
    }
    return {tile_.tile, tile_.code, std::move(as_), tile_.data.train_metrics, make_data()};
  }

 private:
  // ---- what the tile is part of ----

  const Shard& shard(int index) const { return plan_.placement.shards[static_cast<std::size_t>(index)]; }
  const ShardBuffers& buffers(int index) const { return layout_.shards[static_cast<std::size_t>(index)]; }
  const LoweredLayer& layer_of(int index) const {
    return network_.layers[static_cast<std::size_t>(shard(index).layer)];
  }
  int last_layer() const { return static_cast<int>(network_.layers.size()) - 1; }
  bool is_last(int index) const { return shard(index).layer == last_layer(); }
  bool is_head(int index) const { return plan_.placement.is_head(index); }
  int head() const { return plan_.placement.home(last_layer(), 0); }
  bool has_head() const {
    return std::any_of(shards_.begin(), shards_.end(), [&](int i) { return is_head(i); });
  }
  bool reads_samples() const {
    return std::any_of(shards_.begin(), shards_.end(), [&](int i) { return shard(i).layer == 0; });
  }
  std::uint32_t target_word(unsigned counter) const { return tile_.data.expected + 4 * counter; }

  std::string region_name(int index, const char* pass) const {
    const Shard& own = shard(index);
    std::string name = fmt::format("tile{}.layer{}", tile_.tile, own.layer);
    if (layer_of(index).column_shards() > 1) name += fmt::format(".c{}", own.column_shard);
    if (layer_of(index).row_shards() > 1) name += fmt::format(".r{}", own.row_shard);
    return name + "." + pass;
  }
  void region(const char* name) { as_.region(fmt::format("tile{}.{}", tile_.tile, name)); }

  // Units of one column block: its row blocks lie side by side.
  std::uint32_t column_mask(int index, int column_block) const {
    const Shard& own = shard(index);
    return ((1u << own.row_blocks) - 1) << own.unit(0, column_block);
  }
  std::uint32_t shard_mask(int index) const {
    return ((1u << shard(index).units()) - 1) << shard(index).first_unit;
  }

  // Shards whose data this shard gets in the forward pass, and which it therefore tells when it has
  // finished with a batch.
  std::vector<int> producers(int index) const {
    std::vector<int> found = plan_.placement.input_senders(index);
    for (const std::vector<int>& more :
         {plan_.placement.sum_senders(index), plan_.placement.logits_senders(index)}) {
      found.insert(found.end(), more.begin(), more.end());
    }
    return found;
  }
  std::uint32_t consumers(int index) const {
    std::uint32_t count = 0;
    for (int other = 0; other < static_cast<int>(plan_.placement.shards.size()); ++other) {
      const std::vector<int> fed_by = producers(other);
      count += static_cast<std::uint32_t>(std::count(fed_by.begin(), fed_by.end(), index));
    }
    return count;
  }

  // ---- start and end ----

  void emit_start() {
    region("start");
    as_.note("traps go to the handler at the end of the program");
    trap_handler_ = as_.make_label();
    forward_ = as_.make_label();
    backward_ = as_.make_label();
    update_ = as_.make_label();
    as_.la(Reg::t0, trap_handler_);
    as_.csrw(csr_mtvec, Reg::t0);
    as_.li(scratch_page, tile_.base + static_cast<std::uint32_t>(tile::window::tile_control_base));
  }

  void emit_trap_handler() {
    region("trap");
    as_.bind(trap_handler_);
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

  // t0 is the tile control's address.
  void stop(std::uint32_t event) {
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

  void emit_end() {
    region("end");
    as_.note("tell the host");
    as_.mv(Reg::t0, scratch_page);
    stop(tile_control::registers::raise_done);
  }

  void emit_initialisation() {
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

  void program_block(int index, const WeightBlock& block) {
    const auto bytes =
        4u * static_cast<std::uint32_t>(block.rows) * static_cast<std::uint32_t>(block.columns);
    const int unit = shard(index).unit(block.row_block, block.column_block);
    as_.note(fmt::format("first weights of block ({}, {}) into crossbar {}", block.row_block,
                         block.column_block, unit));
    e_.dma(block.initial, tile_.staging, bytes);
    e_.wait_units(dma_unit);
    set_dimensions(index);
    as_.li(Reg::a0, tile_.staging);
    e_.crossbar(Mnemonic::prog, 1u << unit);
    e_.wait_units(crossbar_units(1u << unit));
  }

  void set_dimensions(int index) {
    const ShardBuffers& own = buffers(index);
    e_.csr(xweft::csr_wdim,
           static_cast<std::uint32_t>(own.block_rows) | static_cast<std::uint32_t>(own.block_columns) << 16);
  }

  void refresh_bias(int index) {
    as_.note("bias at the scale of the sums");
    VectorForm form;
    form.shift = bias_fraction - sum_fraction;
    e_.form(form, buffers(index).padded_columns);
    e_.vector(Mnemonic::vcopy, buffers(index).bias, buffers(index).bias_sum);
  }

  void give_credits() {
    for (const int index : shards_) {
      for (const int producer : producers(index)) {
        as_.note(fmt::format("layer {} may send the next batch", shard(producer).layer));
        e_.raise_counter(shard(producer).tile, buffers(producer).credit_counter);
      }
    }
  }

  void take_credits() {
    for (const int index : shards_) {
      const std::uint32_t count = consumers(index);
      if (count == 0) continue;
      as_.note("receivers are ready for a batch");
      const unsigned counter = buffers(index).credit_counter;
      e_.wait_counter(counter, target_word(counter), count);
    }
  }

  // Until every sender's message for this sample is there.
  void wait_for(const Inbox& inbox) {
    const auto messages = static_cast<std::uint32_t>(inbox.senders.size()) / inbox.counters();
    for (unsigned number = 0; number < inbox.counters(); ++number) {
      const unsigned counter = inbox.first_counter + number;
      e_.wait_counter(counter, target_word(counter), messages);
    }
  }

  // ---- loops ----

  void emit_epochs() {
    region("epoch");
    e_.forget();
    as_.li(epoch, 0);
    as_.li(rates, tile_.data.rates);
    as_.li(record_out, plan_.dram.records);
    const Label next = as_.make_label();
    e_.bind(next);
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

  // One pass over the training set, or over the test set.
  void emit_pass(bool trains) {
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
    emit_sample_loop(forward_);
    if (trains) {
      emit_sample_loop(backward_);
      emit_sample_loop(update_);
      finish_update();
    }
    give_credits();
    as_.bne(remaining, Reg::zero, next_chunk);
  }

  void emit_sample_loop(Label body) {
    const Label next = as_.make_label();
    as_.note("for every sample of the batch");
    as_.li(slot, 0);
    e_.bind(next);
    as_.call(body);
    e_.forget();
    as_.addi(slot, slot, 1);
    as_.bltu(slot, chunk, next);
  }

  void finish_update() {
    for (const int index : shards_) {
      if (shard(index).home()) refresh_bias(index);
    }
  }

  void emit_record() {
    region("record");
    e_.forget();
    as_.note("results of this epoch");
    const auto put = [&](Reg source, std::size_t offset) {
      as_.sw(source, static_cast<std::int32_t>(offset), Reg::t0);
    };
    as_.li(Reg::t0, tile_.data.record);
    as_.li(Reg::t1, 1);
    put(Reg::t1, offsetof(weft_epoch_record, valid));
    as_.addi(Reg::t1, epoch, 1);
    put(Reg::t1, offsetof(weft_epoch_record, epoch));
    copy_metrics(tile_.data.train_metrics, offsetof(weft_epoch_record, train_samples));
    copy_metrics(tile_.data.test_metrics, offsetof(weft_epoch_record, test_samples));
    as_.note("to DRAM, then an event for the host");
    e_.csr(xweft::csr_wcomp, 0);
    as_.mv(Reg::a0, Reg::t0);
    as_.mv(Reg::a1, record_out);
    as_.li(Reg::a2, sizeof(weft_epoch_record));
    as_.xweft(Mnemonic::dma, Reg::zero, Reg::a0, Reg::a1, Reg::a2);
    e_.wait_units(dma_unit);
    as_.li(Reg::t1, tile_control::registers::raise_progress);
    as_.sw(Reg::t1, tile_control::registers::raise.offset, scratch_page);
  }

  // Four words of metrics into the record at t0.
  void copy_metrics(std::uint32_t source, std::size_t offset) {
    as_.li(Reg::t1, source);
    for (int word = 0; word < 4; ++word) {
      as_.lw(Reg::t2, 4 * word, Reg::t1);
      as_.sw(Reg::t2, static_cast<std::int32_t>(offset) + 4 * word, Reg::t0);
    }
  }

  void emit_read_out() {
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
    for (const int index : shards_) {
      as_.region(region_name(index, "read_out"));
      e_.forget();
      if (network_.carry_period > 1) {
        as_.note("resolve what carries are left");
        e_.crossbar(Mnemonic::crs, shard_mask(index));
      }
      for (const WeightBlock& block : plan_.dram.weights) {
        if (block.shard == index) read_block(index, block);
      }
    }
  }

  void read_block(int index, const WeightBlock& block) {
    const auto bytes =
        4u * static_cast<std::uint32_t>(block.rows) * static_cast<std::uint32_t>(block.columns);
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

  // ---- forward ----

  void emit_forward() {
    region("forward");
    e_.bind(forward_);
    as_.note("buffers of the sample before are free");
    e_.wait_units(dma_unit | vector_unit);
    for (const int index : shards_) {
      as_.region(region_name(index, "forward"));
      take_input(index);
      multiply_forward(index);
      if (!shard(index).home()) {
        send_shard_sum(index);
        continue;
      }
      collect_shard_sums(index);
      as_.note("bias");
      e_.form({}, buffers(index).padded_columns);
      e_.vector(Mnemonic::vadd, buffers(index).sum, buffers(index).bias_sum, buffers(index).sum);
      if (!is_last(index)) {
        activate(index);
        send_activation(index);
      } else if (!is_head(index)) {
        send_logits(index);
      } else {
        gather_logits(index);
        emit_loss(index);
      }
    }
    region("forward");
    if (reads_samples()) as_.addi(order, order, 4);
    as_.ret();
  }

  void take_input(int index) {
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

  // Where this shard's sum goes: the home's own row of the shard sums when there are several.
  Area own_sum(int index) const {
    const ShardBuffers& own = buffers(index);
    const bool collects = shard(index).home() && layer_of(index).row_shards() > 1;
    return collects ? own.shard_sums : own.sum;
  }

  void multiply_forward(int index) {
    const Shard& own = shard(index);
    const ShardBuffers& at = buffers(index);
    const LoweredLayer& layer = layer_of(index);
    const bool adds = own.row_blocks > 1;
    const Area target = adds ? at.partial : own_sum(index);
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
      e_.crossbar(Mnemonic::mvm, column_mask(index, block));
    }
    e_.wait_units(crossbar_units(shard_mask(index)));
    if (!adds) return;
    as_.note("add the partial sums of the row blocks");
    e_.sum_rows(at.partial, own_sum(index), at.padded_columns, own.row_blocks, 4 * at.padded_columns);
  }

  void send_shard_sum(int index) {
    const Shard& own = shard(index);
    const int home = plan_.placement.home(own.layer, own.column_shard);
    const auto bytes = 4u * static_cast<std::uint32_t>(buffers(index).padded_columns);
    as_.note("partial sum to the home of this column shard");
    e_.wait_units(vector_unit);
    e_.send(buffers(index).sum,
            buffers(home).shard_sums.at(bytes * static_cast<std::uint32_t>(own.row_shard)), bytes,
            buffers(home).sums.counter_of(index));
  }

  void collect_shard_sums(int index) {
    const int others = layer_of(index).row_shards() - 1;
    if (others == 0) return;
    const ShardBuffers& at = buffers(index);
    as_.note("add the sums of the other row shards");
    wait_for(at.sums);
    e_.sum_rows(at.shard_sums, at.sum, at.padded_columns, others + 1, 4 * at.padded_columns);
  }

  void activate(int index) {
    const ShardBuffers& at = buffers(index);
    as_.note("activation");
    apply_activation(layer_of(index), at.sum, at.activation, at.padded_columns);
    e_.wait_units(vector_unit);
  }

  void apply_activation(const LoweredLayer& layer, const Area& source, const Area& result, int length) {
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

  void send_activation(int index) {
    const Shard& own = shard(index);
    for (const int consumer : plan_.placement.of_layer(own.layer + 1)) {
      const Shard& next = shard(consumer);
      const Part part = overlap(own.first_column, own.columns, next.first_row, next.rows);
      if (part.count == 0) continue;
      as_.note(fmt::format("activation to tile {}", next.tile));
      e_.send(buffers(index).activation.at(2 * static_cast<std::uint32_t>(part.start - own.first_column)),
              buffers(consumer).input.at(2 * static_cast<std::uint32_t>(part.start - next.first_row)),
              2 * static_cast<std::uint32_t>(part.count), buffers(consumer).inputs.counter_of(index));
    }
  }

  void send_logits(int index) {
    const Shard& own = shard(index);
    as_.note("sums to the tile that computes the loss");
    e_.wait_units(vector_unit);
    e_.send(buffers(index).sum, layout_.head.logits.at(4 * static_cast<std::uint32_t>(own.first_column)),
            4 * static_cast<std::uint32_t>(own.columns), layout_.head.logits_inbox.counter_of(index));
  }

  void gather_logits(int index) {
    const int others = layer_of(index).column_shards() - 1;
    if (others == 0) return;
    const HeadBuffers& at = layout_.head;
    as_.note("sums of the other column shards");
    e_.form({}, buffers(index).padded_columns);
    e_.vector(Mnemonic::vcopy, buffers(index).sum, at.logits);
    wait_for(at.logits_inbox);
  }

  // ---- loss ----

  void emit_loss(int index) {
    as_.region(region_name(index, "loss"));
    if (network_.loss == Loss::cross_entropy) {
      emit_cross_entropy(index);
    } else {
      emit_squared_error(index);
    }
    as_.note("one more sample");
    as_.lw(Reg::t1, 0, metrics);
    as_.addi(Reg::t1, Reg::t1, 1);
    as_.sw(Reg::t1, 0, metrics);
    const auto progress = static_cast<std::int32_t>(tile_control::registers::scratch.offset);
    as_.lw(Reg::t1, progress, scratch_page);
    as_.addi(Reg::t1, Reg::t1, 1);
    as_.sw(Reg::t1, progress, scratch_page);
    as_.addi(labels, labels, 4);
  }

  // a3 = label; t5 = first scalar's address.
  void load_label() {
    as_.note("label");
    as_.lw(Reg::a3, 0, labels);
    as_.li(Reg::t5, layout_.head.scalars.address);
  }

  // Adds 1 to the correct samples if the winner is the label.
  void count_correct() {
    as_.note("correct?");
    as_.lw(Reg::t1, winner, Reg::t5);
    as_.sub(Reg::t1, Reg::t1, Reg::a3);
    as_.sltu(Reg::t1, Reg::zero, Reg::t1);
    as_.lw(Reg::t2, 4, metrics);
    as_.addi(Reg::t2, Reg::t2, 1);
    as_.sub(Reg::t2, Reg::t2, Reg::t1);
    as_.sw(Reg::t2, 4, metrics);
  }

  // Adds t0, signed, to the 64-bit loss.
  void add_loss() {
    as_.note("add to the loss");
    as_.lw(Reg::t1, 8, metrics);
    as_.lw(Reg::t2, 12, metrics);
    as_.add(Reg::t1, Reg::t1, Reg::t0);
    as_.sltu(Reg::t3, Reg::t1, Reg::t0);
    as_.srai(Reg::t4, Reg::t0, 31);
    as_.add(Reg::t2, Reg::t2, Reg::t3);
    as_.add(Reg::t2, Reg::t2, Reg::t4);
    as_.sw(Reg::t1, 8, metrics);
    as_.sw(Reg::t2, 12, metrics);
  }

  // area[label] −= amount, int16, saturating; no value there is less than `least`. The label is in a3.
  void subtract_at_label(const Area& area, std::int32_t amount, std::int32_t least) {
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

  void emit_cross_entropy(int index) {
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
    e_.vector_scalar(Mnemonic::vmuls, at.exponential, Reg::t0, at.error);
    e_.wait_units(vector_unit);
    subtract_at_label(at.error, (1 << network_.format.error_bits) - 1, 0);
    e_.bind(done);
  }

  void emit_squared_error(int index) {
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
    VectorForm error = narrow;
    error.magnitude_bits = network_.format.error_bits;
    if (layer.activation == Activation::sigmoid) {
      emit_slope(index, at.output, outputs);
      error.shift = 2 * fraction - layer.error_fraction;
      e_.form(error, outputs);
      e_.vector(Mnemonic::vmul, at.difference, buffers(index).slope, at.error);
    } else {
      as_.li(Reg::t0, 1u << (layer.error_fraction - fraction));
      e_.form(error, outputs);
      e_.vector_scalar(Mnemonic::vmuls, at.difference, Reg::t0, at.error);
      if (layer.activation == Activation::relu) e_.vector(Mnemonic::vrmask, at.error, at.output, at.error);
    }
    e_.wait_units(vector_unit);
    e_.bind(done);
  }

  // Sigmoid's derivative y (1 − y), at the activation's scale.
  void emit_slope(int index, const Area& activation, int length) {
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

  // ---- backward ----

  void emit_backward() {
    region("backward");
    e_.bind(backward_);
    as_.note("buffers of the sample before are free");
    e_.wait_units(dma_unit | vector_unit);
    for (auto it = shards_.rbegin(); it != shards_.rend(); ++it) {
      const int index = *it;
      as_.region(region_name(index, "backward"));
      take_error(index);
      if (shard(index).layer == 0) continue;
      multiply_backward(index);
      send_errors(index);
    }
    region("backward");
    as_.ret();
  }

  void take_error(int index) {
    const Shard& own = shard(index);
    const ShardBuffers& at = buffers(index);
    if (is_head(index)) {
      for (const int other : plan_.placement.of_layer(own.layer)) {
        if (other == index) continue;
        send_error(at.error.at(2 * static_cast<std::uint32_t>(shard(other).first_column)), other);
      }
      return;
    }
    if (is_last(index) || !own.home()) {
      as_.note("error from the home of this column shard");
      e_.wait_counter(at.error_counter, target_word(at.error_counter), 1);
      return;
    }
    differentiate(index);
    for (const int other : plan_.placement.of_layer(own.layer)) {
      if (shard(other).column_shard == own.column_shard && !shard(other).home()) send_error(at.error, other);
    }
  }

  void send_error(const Area& source, int receiver) {
    as_.note(fmt::format("error to tile {}", shard(receiver).tile));
    e_.send(source, buffers(receiver).error, 2 * static_cast<std::uint32_t>(shard(receiver).columns),
            buffers(receiver).error_counter);
  }

  // Sums the errors the next layer has sent back and multiplies with the activation's derivative.
  void differentiate(int index) {
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

  void multiply_backward(int index) {
    const Shard& own = shard(index);
    const ShardBuffers& at = buffers(index);
    const LoweredLayer& layer = layer_of(index);
    const bool adds = own.column_blocks > 1;
    const Area target = adds ? at.error_partial : at.error_out;
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
      e_.crossbar(Mnemonic::mtvm, column_mask(index, block));
    }
    e_.wait_units(crossbar_units(shard_mask(index)));
    if (!adds) return;
    as_.note("add the partial errors of the column blocks");
    e_.sum_rows(at.error_partial, at.error_out, at.padded_rows, own.column_blocks, 4 * at.padded_rows);
    e_.wait_units(vector_unit);
  }

  void send_errors(int index) {
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

  // ---- update ----

  void emit_update() {
    region("update");
    e_.bind(update_);
    for (std::size_t position = 0; position < shards_.size(); ++position) {
      const int index = shards_[position];
      as_.region(region_name(index, "update"));
      scale_error(index);
      outer_product(index);
      resolve_carries(index, static_cast<std::uint32_t>(position));
      if (shard(index).home()) update_bias(index);
    }
    region("update");
    as_.ret();
  }

  std::int32_t rate_offset(int index, bool bias) const {
    return 4 * (1 + 2 * shard(index).layer + (bias ? 1 : 0));
  }

  void scale_error(int index) {
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

  void outer_product(int index) {
    const Shard& own = shard(index);
    const ShardBuffers& at = buffers(index);
    as_.note("weights += input x update, in place");
    set_dimensions(index);
    e_.csr(xweft::csr_wbits, static_cast<std::uint32_t>(layer_of(index).input_bits));
    e_.csr(xweft::csr_wsstr, 2 * static_cast<std::uint32_t>(at.block_rows));
    e_.csr(xweft::csr_wdstr, 0);
    for (int block = 0; block < own.column_blocks; ++block) {
      e_.address(Reg::a0, at.input);
      as_.li(Reg::a1, at.update.at(2 * static_cast<std::uint32_t>(block * at.block_columns)).address);
      e_.crossbar(Mnemonic::opa, column_mask(index, block));
    }
  }

  void resolve_carries(int index, std::uint32_t position) {
    if (network_.carry_period == 1) {
      as_.note("operands are read; then resolve the carries while the program goes on");
      e_.wait_units(crossbar_units(shard_mask(index)));
      e_.crossbar(Mnemonic::crs, shard_mask(index));
      return;
    }
    e_.wait_units(crossbar_units(shard_mask(index)));
    as_.note(fmt::format("resolve the carries after every {} outer products", network_.carry_period));
    const Label skip = as_.make_label();
    as_.li(Reg::t0, tile_.data.carries + 4 * position);
    as_.lw(Reg::t1, 0, Reg::t0);
    as_.addi(Reg::t1, Reg::t1, 1);
    as_.sw(Reg::t1, 0, Reg::t0);
    as_.li(Reg::t2, static_cast<std::uint32_t>(network_.carry_period));
    as_.bltu(Reg::t1, Reg::t2, skip);
    as_.sw(Reg::zero, 0, Reg::t0);
    e_.crossbar(Mnemonic::crs, shard_mask(index));
    e_.bind(skip);
  }

  void update_bias(int index) {
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

  // ---- data ----

  std::vector<std::uint32_t> make_data() const {
    std::vector<std::uint32_t> data(tile_.data_size / 4, 0);
    std::size_t word = (tile_.data.rates - tile_.data.train_metrics) / 4;
    for (const LoweredRate& rate : network_.rates) {
      data[word++] = static_cast<std::uint32_t>(-rate.multiplier);
      for (const LoweredLayer& layer : network_.layers) {
        data[word++] = static_cast<std::uint32_t>(rate.update_shift(layer));
        data[word++] = static_cast<std::uint32_t>(rate.bias_shift(layer));
      }
    }
    return data;
  }

  const ProgramPlan& plan_;
  const LoweredNetwork& network_;
  const Layout& layout_;
  const TileLayout& tile_;
  std::vector<int> shards_;
  Assembler as_;
  Emitter e_;
  Label trap_handler_;
  Label forward_;
  Label backward_;
  Label update_;
};

}  // namespace

TileProgram generate(const ProgramPlan& plan, int tile) { return TileGenerator(plan, tile).make(); }

}  // namespace weft::compiler

// SPDX-License-Identifier: Apache-2.0
// The code generator of one tile; used by codegen*.cpp only. Start, loops and read-out are in codegen.cpp,
// the forward pass and the loss in codegen_forward.cpp, the backward pass and the update in
// codegen_backward.cpp, what ReRAM needs in codegen_reram.cpp, what only some variants and deposits need in
// codegen_variants.cpp.
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "models/inversion/inversion_statistics.h"
#include "tools/compiler/codegen.h"
#include "tools/compiler/program_frame.h"

namespace weft::compiler {

enum class CarryStep { one, samples_of_batch };

class TileGenerator : private ProgramFrame {
 public:
  TileGenerator(const ProgramPlan& plan, int tile)
      : TileGenerator(plan, plan.layout.tiles.at(static_cast<std::size_t>(tile))) {}

  TileProgram make();

 private:
  // Lives through the program, beside the registers of the frame.
  static constexpr Reg step = Reg::s11;  // of overlapping passes; row of a deposit

  TileGenerator(const ProgramPlan& plan, const TileLayout& tile)
      : ProgramFrame({tile.tile, tile.base, tile.code, tile.code_size}, tile.data),
        plan_(plan),
        network_(plan.network),
        layout_(plan.layout),
        tile_(tile),
        shards_(plan.placement.of_tile(tile.tile)) {}

  // ---- what the tile is part of ----

  const Shard& shard(int index) const { return plan_.placement.shards[static_cast<std::size_t>(index)]; }
  const ShardBuffers& buffers(int index) const { return layout_.shards[static_cast<std::size_t>(index)]; }
  const LoweredLayer& layer_of(int index) const;
  int last_layer() const { return static_cast<int>(network_.layers.size()) - 1; }
  bool is_last(int index) const { return shard(index).layer == last_layer(); }
  bool is_head(int index) const { return plan_.placement.is_head(index); }
  bool has_head() const;
  std::uint32_t target_word(unsigned counter) const { return tile_.data.expected + 4 * counter; }

  std::string region_name(int index, const char* pass) const;

  // Units of one column block: its row blocks lie side by side.
  std::uint32_t column_mask(int index, int column_block, int copy) const;
  std::uint32_t copy_mask(int index, int copy) const;
  std::uint32_t shard_mask(int index) const;
  // The copies that outer products go into.
  std::vector<int> updated_copies(int index) const;
  // Outer products follow the sample's backward pass at once.
  bool updates_at_once(int index) const;
  // Some shard's follow at the end of the batch.
  bool updates_later() const;

  // Shards whose data this shard gets in the forward pass, and which it therefore tells when it has
  // finished with a batch.
  std::vector<int> producers(int index) const;
  std::uint32_t consumers(int index) const;

  // ---- start and end ----

  void emit_start();
  void emit_trap_handler();
  void take_guarded_failure();
  void emit_initialisation();
  void prepare_reram();
  void set_range(unsigned number, const StoredRange& range);
  void program_block(int index, const WeightBlock& block);
  void set_dimensions(int index);
  void refresh_bias(int index);
  void give_credits();
  void take_credits();

  // Until every sender's message for this sample is there.
  void wait_for(const Inbox& inbox);

  // ---- loops ----

  void emit_epochs();

  // What the write filters do from this epoch on.
  void change_filters();
  void write_filter_rules(const write_filter::FilterRules& rules, std::uint32_t units);
  void finish_waiting_updates(std::uint32_t units);

  // One pass over the training set, or over the test set.
  void emit_pass(bool trains);
  void emit_batch_update();
  void finish_update();
  void emit_read_out();
  void read_block(int index, const WeightBlock& block);

  // ---- forward ----

  void emit_forward();
  void take_input(int index);

  // Where this shard's sum goes: the home's own row of the shard sums when there are several.
  Area own_sum(int index) const;
  void start_forward(int index);
  // `judges_later`: the head leaves its sums for the next step.
  void finish_forward(int index, bool judges_later);
  void judge(int index);
  void send_shard_sum(int index);
  void collect_shard_sums(int index);
  void activate(int index);
  void apply_activation(const LoweredLayer& layer, const Area& source, const Area& result, int length);
  void send_activation(int index);
  void send_logits(int index);

  // What goes to another shard, and the counter that tells it.
  struct Message {
    Area source;
    Area destination;
    std::uint32_t bytes = 0;
    unsigned counter = 0;
    int tile = 0;

    bool same_data(const Message& other) const {
      return source.address == other.source.address && source.pitch == other.source.pitch &&
             bytes == other.bytes;
    }
  };
  // One after the other or, where the network has multicast, at once to all that get the same data.
  void send_all(const char* what, const std::vector<Message>& messages);
  void gather_logits(int index);

  // ---- loss ----

  void emit_loss(int index);

  // Where the error of the last layer is computed, and its way to where it is kept.
  const Area& error_under_construction() const;
  void keep_error(int outputs);

  // a3 = label; t5 = first scalar's address.
  void load_label();

  // Adds 1 to the correct samples if the winner is the label.
  void count_correct();

  // area[label] −= amount, int16, saturating; no value there is less than `least`. The label is in a3.
  void subtract_at_label(const Area& area, std::int32_t amount, std::int32_t least);
  void emit_cross_entropy(int index);
  void emit_squared_error(int index);

  // Sigmoid's derivative y (1 − y), at the activation's scale.
  void emit_slope(int index, const Area& activation, int length);

  // ---- backward ----

  void emit_backward();
  void take_error(int index);
  Message error_message(const Area& source, int receiver) const;

  // Sums the errors the next layer has sent back and multiplies with the activation's derivative.
  void differentiate(int index);
  void start_backward(int index);
  void finish_backward(int index);
  void send_errors(int index);

  // ---- update ----

  void emit_update();
  std::int32_t rate_offset(int index, bool bias) const;
  void scale_error(int index);
  void outer_product(int index);
  // One sample or batch more, or all samples of this batch; when the period is full, carry resolution is
  // queued behind the deposits.
  void count_carries(int index, CarryStep amount);
  void resolve_carries(int index);
  // Before a deposit: if those since the last resolution have lost too much.
  void resolve_saturated(int index);
  std::uint32_t carry_word(int index) const;
  void update_bias(int index);

  // ---- variants and deposits ----

  // Steps after a sample's forward pass in which this shard does the sample's backward pass.
  int lag(int index) const;
  void emit_step_loop();
  void emit_step();
  void emit_step(int index);
  template <typename Body>
  void for_sample_of_step(int index, const char* pass, int behind, Body body);
  void update_at_once(int index);
  void copy_back(int index);
  void mark_row_selectors(int index);
  void deposit_gradient(int index);
  void deposit_block(int index, int row_block);
  void sum_gradient_of_row(int index, int row_block, Label untouched);
  void split_gradient(int index);
  void deposit_row(int index, int row_block, const Area& selector, const Area& part, int bits);

  // ---- activations as kernels ----

  std::uint32_t kernel_mask(int index) const;
  // The kernel unit's row of the batch's first sample; clobbers t0.
  void load_first_kernel_row(Reg rd);
  void program_kernels(int index);
  // Only while training: also called in forward passes of the test set.
  void program_kernels_in_training(int index);
  // Errors of `samples` (in a register) from the area on, by column and in the rows of their kernels.
  void lay_out_errors(int index, const Area& errors, Reg first_row, Reg samples);
  void issue_gradient(int index);
  void start_gradient_of_sample(int index);
  void store_gradient(int index);
  void sum_stored_gradients(int index);
  void add_gradient(int index);
  void finish_kernel_update();

  // ---- second order ----

  const KfacShard& kfac(int index) const { return layout_.kfac[static_cast<std::size_t>(index)]; }
  std::uint32_t kfac_word(std::uint32_t offset) const { return tile_.kfac.words + offset; }
  std::uint32_t work_unit() const { return 1u << network_.kfac->work_array; }
  void load_word(Reg rd, std::uint32_t address);
  void load_float(FReg rd, std::uint32_t address);
  void store_word(Reg source, std::uint32_t address);
  void store_float(FReg source, std::uint32_t address);
  void count(std::uint32_t offset);
  // rd = 2^(the integer in exponent), limited to the range of float32; changes exponent, clobbers t6.
  void power_of_two(FReg rd, Reg exponent);
  // Jumps to `target`, however far, if the word there is 0.
  void skip_unless(std::uint32_t address, Label target);
  // wlen = samples of the batch x order.
  void set_batch_length(int width);

  void emit_kfac_update();
  void start_kfac_update();
  void due(std::uint32_t left, std::uint32_t flag, int interval);
  void gather_samples(int index);
  void gather(const Area& source, const FactorBuffers& to);
  void prepare_step(int index);

  // Products of matrices on the work array: its rows are the samples of the batch.
  struct SampleProduct {
    const Area& held;  // by the array
    int columns;
    const Area& streamed;
    int rows;
    int bits;
    int shift;
    const Area& result;
  };
  int sample_pieces() const;
  void piece_samples(int piece, Label none);
  // `program`: the array does not hold the one side yet.
  void multiply_samples(const SampleProduct& of, bool program);
  void program_samples(const Area& source, int width);
  void program_wide(const Area& source, int width, Reg samples);
  void transpose_samples(const Area& source, int width);
  void stream(const SampleProduct& of, Reg samples, int piece);

  void form_statistics(const FactorBuffers& at, const LoweredFactor& lowered);
  void refresh_factor(const FactorBuffers& at, const LoweredFactor& lowered);
  void refresh_inverses(int index);
  void mean_diagonal(const std::vector<FactorBuffers>& blocks, const LoweredFactor& lowered, int count,
                     FReg result);
  void load_factor(const FactorBuffers& at, const LoweredFactor& lowered,
                   xweft::Mnemonic loading = xweft::Mnemonic::inv_load);
  void hold(const FactorBuffers& at, const LoweredFactor& lowered, xweft::Mnemonic loading);
  void issue_load(const FactorBuffers& at, const LoweredFactor& lowered, xweft::Mnemonic loading);
  void load_held_matrix(const FactorBuffers& at);
  void take_damping(const FactorBuffers& at, int fraction);
  void fill_damped_matrix(const FactorBuffers& at, const LoweredFactor& lowered);
  void issue_solve(const FactorBuffers& at, const LoweredFactor& lowered);
  void wait_inversion(std::uint32_t mask);
  struct FactorBlock {
    const FactorBuffers& at;
    const LoweredFactor& lowered;
  };
  void solve(int index);
  void solve_turn(const std::vector<FactorBlock>& turn, std::uint32_t units);
  void recover(const FactorBuffers& at, const LoweredFactor& lowered);
  void solve_again(const FactorBuffers& at, const LoweredFactor& lowered, xweft::Mnemonic loading,
                   Label solved);
  std::uint32_t inversion_register(const FactorBuffers& at, std::uint64_t offset) const;
  void load_failure(Reg rd, const FactorBuffers& at);
  void report_fallback(const FactorBuffers& at, inversion::Fallback way);
  void solve_digitally(const FactorBuffers& at, const LoweredFactor& lowered);
  void emit_digital_solver();
  void subtract_products(Reg end, std::optional<Reg> pitch = std::nullopt);
  void decompose_digitally();
  void substitute_digitally();
  void store_solution_fraction(const FactorBuffers& at, const LoweredFactor& lowered);
  void normalise(const FactorBuffers& at, const LoweredFactor& lowered);
  void clear_failure(const FactorBuffers& at);
  void sum_samples(const Area& source, const Area& result, int width);

  void multiply_solutions(int index);
  void measure_step(int index);
  void load_dot(const Area& product, int length, int sum_shift, int exponent, const FactorBuffers& g,
                const FactorBuffers* a);
  void add_to_part();
  void sum_bias(int index);
  void reduce_parts();
  void set_step_scale(const FactorBuffers& g, const FactorBuffers* a, int shift);
  void divide_by_bias_damping(int index, FReg value);
  void apply_step(int index);
  void decay_velocity(const Area& velocity, int length);
  void scale_by(Reg multiplier, const Area& source, const Area& result, int length, Reg shift);
  void decay_weights(int index, int row_block, int column_block);
  void step_bias(int index);
  void deposit_step(int index);
  void deposit_step_block(int index, int row_block);

  // ---- data ----

  std::vector<std::uint32_t> make_data() const;
  const ProgramPlan& plan_;
  const LoweredNetwork& network_;
  const Layout& layout_;
  const TileLayout& tile_;
  std::vector<int> shards_;
  Label forward_;
  Label backward_;
  Label update_;
  Label step_;
  Label digital_solver_;
};

}  // namespace weft::compiler

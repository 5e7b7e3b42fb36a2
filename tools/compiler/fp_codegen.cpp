// SPDX-License-Identifier: Apache-2.0
#include "tools/compiler/fp_codegen.h"

#include <fmt/format.h>

#include "models/common/float_bits.h"

namespace weft::compiler {

using unit::Format;
using xweft::Mnemonic;

TileProgram FpGenerator::make() {
  emit_start();
  emit_initialisation();
  emit_epochs();
  emit_read_out();
  emit_end();
  emit_forward();
  emit_backward();
  emit_update();
  region("functions");
  functions_.emit_functions();
  begin_trap_handler();
  report_trap();
  return finish(make_data());
}

void FpGenerator::region(int index, const char* pass) { region(fmt::format("layer{}.{}", index, pass)); }

void FpGenerator::emit_start() {
  emit_trap_vector();
  forward_ = as_.make_label();
  backward_ = as_.make_label();
  update_ = as_.make_label();
  functions_.make_labels();
  enable_float();
}

// ---- units ----

void FpGenerator::unit_form(int rows, int columns, int count, Formats formats) {
  const auto bits = [](Format format) { return static_cast<std::uint32_t>(format); };
  const Format result = formats == Formats::cells ? mapping_.options.format : Format::fp32;
  e_.csr(xweft::csr_wfmt, bits(Format::fp32) | bits(Format::fp32) << 4 | bits(result) << 8);
  e_.csr(xweft::csr_wdim, static_cast<std::uint32_t>(rows) | static_cast<std::uint32_t>(columns) << 16);
  e_.csr(xweft::csr_wcnt, static_cast<std::uint32_t>(count));
}

void FpGenerator::unit(Mnemonic mnemonic, int number) { e_.crossbar(mnemonic, 1u << number); }

void FpGenerator::unit_rows(Mnemonic mnemonic, int number, int rows, int columns, Formats formats) {
  unit_form(rows, columns, 0, formats);
  e_.csr_from(xweft::csr_wcnt, first_row);
  unit(mnemonic, number);
}

void FpGenerator::for_rows(const FpLayer& layer, int block, const std::function<void(int)>& body) {
  const auto row_bytes = 4u * static_cast<std::uint32_t>(layer.groups * layer.block_outputs(block));
  const auto at_once = static_cast<int>(tile_.staging_size / row_bytes);
  const int parts = layer.group_rows / at_once;
  const int rest = layer.group_rows % at_once;
  as_.li(first_row, 0);
  if (parts > 0) {
    const Label next = as_.make_label();
    e_.bind(next);
    body(at_once);
    as_.addi(first_row, first_row, at_once);
    as_.li(Reg::t0, static_cast<std::uint32_t>(parts * at_once));
    as_.bltu(first_row, Reg::t0, next);
    e_.forget();
  }
  if (rest > 0) body(rest);
}

void FpGenerator::image_address(Reg rd, std::uint32_t image, int columns) {
  as_.li(Reg::t5, 4 * static_cast<std::uint32_t>(columns));
  as_.mul(Reg::t5, Reg::t5, first_row);
  as_.li(rd, image);
  as_.add(rd, rd, Reg::t5);
}

// ---- loops of the hart ----

void FpGenerator::for_each(int count, const std::vector<Pointer>& pointers,
                           const std::function<void()>& body) {
  for (const Pointer& each : pointers) e_.address(each.reg, each.area);
  as_.li(Reg::a7, static_cast<std::uint32_t>(count));
  const Label next = as_.make_label();
  as_.bind(next);
  body();
  for (const Pointer& each : pointers) as_.addi(each.reg, each.reg, 4);
  as_.addi(Reg::a7, Reg::a7, -1);
  as_.bne(Reg::a7, Reg::zero, next);
}

// ---- start and end ----

void FpGenerator::emit_initialisation() {
  for (const FpWeightBlock& block : program_.weights) {
    const FpLayer& own = layer(block.layer);
    if (own.tile != tile_.tile) continue;
    const int columns = own.groups * own.block_outputs(block.block);
    region(block.layer, "program");
    e_.forget();
    as_.note(fmt::format("first weights of block {}", block.block));
    for_rows(own, block.block, [&](int rows) {
      image_address(Reg::a0, block.initial, columns);
      e_.csr(xweft::csr_wcomp, 0);
      as_.li(Reg::a1, tile_.staging[0]);
      as_.li(Reg::a2, 4 * static_cast<std::uint32_t>(rows * columns));
      as_.xweft(Mnemonic::dma, Reg::zero, Reg::a0, Reg::a1, Reg::a2);
      e_.wait_units(dma_unit);
      as_.li(Reg::a0, tile_.staging[0]);
      unit_rows(Mnemonic::fpm_load, own.first_unit + block.block, rows, columns, Formats::cells);
      wait_unit(own.first_unit + block.block);
    });
    for (int state = 0; state < mapping_.states(); ++state) {
      const int number = own.first_unit + (state + 1) * own.blocks + block.block;
      as_.note("what the optimizer keeps begins at 0");
      for_rows(own, block.block, [&](int rows) {
        fill_staging(0, 0.0f, rows, columns);
        as_.li(Reg::a0, tile_.staging[0]);
        unit_rows(Mnemonic::fpm_load, number, rows, columns, Formats::cells);
        wait_unit(number);
      });
    }
  }
  region("clear");
  e_.forget();
  as_.note("padding of every operand is zero from now on");
  e_.form({}, static_cast<int>(tile_.zero_size / 4));
  as_.li(Reg::a2, tile_.zero_start);
  as_.xweft(Mnemonic::vfill, Reg::zero, Reg::zero, Reg::zero, Reg::a2);
  e_.wait_units(vector_unit);
  as_.note("the input of the biases");
  as_.li(Reg::t1, bits_of(1.0f));
  as_.li(slot, 0);
  const Label next = as_.make_label();
  as_.bind(next);
  for (int index = first(); index <= last(); ++index) {
    e_.address(Reg::t0, buffers(index).input.at(4 * static_cast<std::uint32_t>(layer(index).inputs)));
    as_.sw(Reg::t1, 0, Reg::t0);
  }
  as_.addi(slot, slot, 1);
  as_.li(Reg::t2, static_cast<std::uint32_t>(mapping_.batch));
  as_.bltu(slot, Reg::t2, next);
  give_credit();
}

void FpGenerator::emit_epochs() {
  start_epochs(dram_.records);
  const Label next = as_.make_label();
  e_.bind(next);
  emit_pass(true);
  if (schedule_.evaluate) emit_pass(false);
  if (has_output()) emit_record();
  advance_epoch(4);
  as_.li(Reg::t0, static_cast<std::uint32_t>(schedule_.epochs));
  const Label done = as_.make_label();
  as_.bge(epoch, Reg::t0, done);
  as_.j(next);
  as_.bind(done);
}

void FpGenerator::emit_pass(bool trains) {
  start_pass(trains ? dram_.train : dram_.test, trains);
  const Label next_chunk = as_.make_label();
  const Label done = as_.make_label();
  e_.bind(next_chunk);
  start_batch(mapping_.batch);
  take_credit();
  if (trains && schedule_.sequential) {
    emit_sample_loop("every sample of the batch, forward and backward", {forward_, backward_});
  } else {
    emit_sample_loop(forward_);
    if (trains) emit_sample_loop(backward_);
  }
  if (trains) {
    emit_batch_start();
    emit_sample_loop(update_);
    give_credit();
    emit_batch_end();
  } else {
    give_credit();
  }
  as_.beq(remaining, Reg::zero, done);
  as_.j(next_chunk);
  e_.bind(done);
}

void FpGenerator::emit_read_out() {
  for (const FpWeightBlock& block : program_.weights) {
    const FpLayer& own = layer(block.layer);
    if (own.tile != tile_.tile) continue;
    const int columns = own.groups * own.block_outputs(block.block);
    region(block.layer, "read_out");
    e_.forget();
    as_.note(fmt::format("trained weights of block {}", block.block));
    for_rows(own, block.block, [&](int rows) {
      as_.li(Reg::a1, tile_.staging[0]);
      unit_rows(Mnemonic::fpm_read, own.first_unit + block.block, rows, columns);
      wait_unit(own.first_unit + block.block);
      image_address(Reg::a1, block.trained, columns);
      e_.csr(xweft::csr_wcomp, 0);
      as_.li(Reg::a0, tile_.staging[0]);
      as_.li(Reg::a2, 4 * static_cast<std::uint32_t>(rows * columns));
      as_.xweft(Mnemonic::dma, Reg::zero, Reg::a0, Reg::a1, Reg::a2);
      e_.wait_units(dma_unit);
    });
  }
}

std::vector<std::uint32_t> FpGenerator::make_data() const {
  std::vector<std::uint32_t> data(tile_.data_size / 4, 0);
  const auto word = [&](std::uint32_t address) { return (address - tile_.data.train_metrics) / 4; };
  std::size_t next = word(tile_.data.rates);
  for (const float rate : mapping_.rates) data[next++] = bits_of(-rate);
  data[word(tile_.decays)] = data[word(tile_.decays) + 1] = bits_of(1.0f);
  return data;
}

// ---- other tiles ----

void FpGenerator::take_credit() {
  if (has_output()) return;
  as_.note("the next tile is ready for a batch");
  e_.wait_counter(fp_counter::credit, expected(fp_counter::credit), 1);
}

// Nothing of the batch's inputs is read any more.
void FpGenerator::give_credit() {
  if (has_input()) return;
  as_.note("the tile before may send the next batch");
  e_.raise_counter(tile_.tile - 1, fp_counter::credit);
}

void FpGenerator::take_input() {
  if (!has_input()) {
    as_.note("inputs from the tile before");
    return e_.wait_counter(fp_counter::inputs, expected(fp_counter::inputs), 1);
  }
  as_.note("the sample");
  e_.csr(xweft::csr_wcomp, 0);
  as_.lw(Reg::a0, 0, order);
  as_.addi(order, order, 4);
  e_.address(Reg::a1, buffers(0).input);
  as_.li(Reg::a2, 4 * static_cast<std::uint32_t>(layer(0).inputs));
  as_.xweft(Mnemonic::dma, Reg::zero, Reg::a0, Reg::a1, Reg::a2);
  e_.wait_units(dma_unit);
}

void FpGenerator::send_activation() {
  as_.note("activations to the next tile");
  e_.send(tile_.output, tile_at(tile_.tile + 1).of_layer(last() + 1).input,
          4 * static_cast<std::uint32_t>(layer(last()).outputs), fp_counter::inputs);
}

void FpGenerator::send_error() {
  as_.note("errors to the tile before");
  e_.send(tile_.error_out, tile_at(tile_.tile - 1).of_layer(first() - 1).error,
          4 * static_cast<std::uint32_t>(layer(first()).inputs), fp_counter::errors);
}

}  // namespace weft::compiler

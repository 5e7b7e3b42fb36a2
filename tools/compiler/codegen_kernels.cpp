// SPDX-License-Identifier: Apache-2.0
// Gradients as on PipeLayer (Song et al., HPCA 2017): every sample's input is written into a row of an array
// as a kernel; a product of these rows with the errors of one output is that output's gradient. At the end of
// a batch the gradient, times the rate, is added to all copies of the weights, which are rewritten.
#include <fmt/format.h>

#include "tools/compiler/tile_generator.h"

namespace weft::compiler {

using unit::Format;
using xweft::Mnemonic;

namespace {

constexpr std::uint32_t element_bytes = 4;  // of a gradient

std::uint32_t bytes(int elements, std::uint32_t each) { return each * static_cast<std::uint32_t>(elements); }

}  // namespace

std::uint32_t TileGenerator::kernel_mask(int index) const {
  return ((1u << shard(index).row_blocks) - 1) << shard(index).kernel_unit(0);
}

void TileGenerator::load_first_kernel_row(Reg rd) {
  as_.li(Reg::t0, tile_.data.kernel_row);
  as_.lw(rd, 0, Reg::t0);
}

void TileGenerator::program_kernels(int index) {
  const ShardBuffers& at = buffers(index);
  as_.note("input as a kernel, for the gradient");
  e_.csr(xweft::csr_wdim, 1u | static_cast<std::uint32_t>(at.block_rows) << 16);
  e_.csr(xweft::csr_wbits, static_cast<std::uint32_t>(layer_of(index).input_bits));
  e_.csr(xweft::csr_wsstr, bytes(at.block_rows, 2));
  load_first_kernel_row(Reg::t1);
  as_.add(Reg::t1, Reg::t1, slot);
  e_.csr_from(xweft::csr_wcnt, Reg::t1);
  e_.address(Reg::a0, at.input);
  e_.crossbar(Mnemonic::progk, kernel_mask(index));
}

void TileGenerator::program_kernels_in_training(int index) {
  const Label skip = as_.make_label();
  as_.beq(training, Reg::zero, skip);
  program_kernels(index);
  e_.bind(skip);
}

// A line of the kernels' array is a sample. Those of other batches are not driven: their errors are zero.
void TileGenerator::lay_out_errors(int index, const Area& errors, Reg first_row, Reg samples) {
  const ShardBuffers& at = buffers(index);
  const VectorForm narrow{Format::int16, Format::int16, Format::int16, 0, 0};
  as_.note("errors by column, each on the line of its sample's kernel");
  e_.form(narrow, at.padded_columns * network_.array_rows);
  as_.li(Reg::a2, at.lines.address);
  as_.xweft(Mnemonic::vfill, Reg::zero, Reg::zero, Reg::zero, Reg::a2);
  e_.form(narrow, at.padded_columns);
  e_.csr_from(xweft::csr_wcnt, samples);
  e_.csr(xweft::csr_wsstr, errors.pitch);
  e_.csr(xweft::csr_wdstr, bytes(network_.array_rows, 2));
  e_.address(Reg::a0, errors);
  as_.slli(Reg::t2, first_row, 1);
  as_.li(Reg::a2, at.lines.address);
  as_.add(Reg::a2, Reg::a2, Reg::t2);
  as_.xweft(Mnemonic::vtrans, Reg::zero, Reg::a0, Reg::zero, Reg::a2);
  e_.wait_units(vector_unit);
}

void TileGenerator::issue_gradient(int index) {
  const ShardBuffers& at = buffers(index);
  const Label next = as_.make_label();
  as_.note("kernels x errors, output by output: a column of the gradient");
  e_.csr(xweft::csr_wdim,
         static_cast<std::uint32_t>(network_.array_rows) | static_cast<std::uint32_t>(at.block_rows) << 16);
  e_.csr(xweft::csr_wfmt,
         static_cast<std::uint32_t>(Format::int16) | static_cast<std::uint32_t>(Format::int32) << 8);
  e_.csr(xweft::csr_wshift, 0);
  e_.csr(xweft::csr_wbits, static_cast<std::uint32_t>(network_.format.error_bits));
  e_.csr(xweft::csr_wsstr, 0);
  e_.csr(xweft::csr_wdstr, bytes(at.padded_columns * at.block_rows, element_bytes));
  as_.li(Reg::a0, at.lines.address);
  as_.li(Reg::a1, at.kernel_gradient.address);
  as_.li(Reg::t1, 0);
  e_.bind(next);
  e_.crossbar(Mnemonic::mvm, kernel_mask(index));
  as_.li(Reg::t0, bytes(network_.array_rows, 2));
  as_.add(Reg::a0, Reg::a0, Reg::t0);
  as_.li(Reg::t0, bytes(at.block_rows, element_bytes));
  as_.add(Reg::a1, Reg::a1, Reg::t0);
  as_.addi(Reg::t1, Reg::t1, 1);
  as_.li(Reg::t0, static_cast<std::uint32_t>(shard(index).columns));
  as_.bltu(Reg::t1, Reg::t0, next);
}

void TileGenerator::start_gradient_of_sample(int index) {
  as_.region(region_name(index, "gradient"));
  load_first_kernel_row(Reg::t1);
  as_.add(Reg::t1, Reg::t1, slot);
  as_.li(Reg::t3, 1);
  lay_out_errors(index, buffers(index).error, Reg::t1, Reg::t3);
  issue_gradient(index);
}

void TileGenerator::store_gradient(int index) {
  const GradientStore& store = plan_.dram.gradients.at(static_cast<std::size_t>(index));
  as_.region(region_name(index, "gradient"));
  e_.wait_units(crossbar_units(kernel_mask(index)));
  as_.note("this sample's gradient to DRAM");
  e_.csr(xweft::csr_wcomp, 0);
  as_.li(Reg::a0, buffers(index).kernel_gradient.address);
  e_.address(Reg::a1, {store.address, store.pitch});
  as_.li(Reg::a2, store.pitch);
  as_.xweft(Mnemonic::dma, Reg::zero, Reg::a0, Reg::a1, Reg::a2);
}

// Block by block, for which there is room.
void TileGenerator::sum_stored_gradients(int index) {
  const GradientStore& store = plan_.dram.gradients.at(static_cast<std::size_t>(index));
  const ShardBuffers& at = buffers(index);
  const int length = at.block_rows * at.block_columns;
  for (int block = 0; block < shard(index).blocks(); ++block) {
    const std::uint32_t offset = bytes(block * length, element_bytes);
    const Area sum = at.kernel_gradient.at(offset);
    const Area sample{tile_.staging, 0};
    const Label next = as_.make_label();
    as_.note(fmt::format("sum of the samples' gradients, part {}", block));
    e_.form({}, length);
    as_.li(Reg::a2, sum.address);
    as_.xweft(Mnemonic::vfill, Reg::zero, Reg::zero, Reg::zero, Reg::a2);
    as_.li(slot, 0);
    e_.bind(next);
    e_.wait_units(dma_unit | vector_unit);
    e_.csr(xweft::csr_wcomp, 0);
    e_.address(Reg::a0, {store.address + offset, store.pitch});
    as_.li(Reg::a1, sample.address);
    as_.li(Reg::a2, bytes(length, element_bytes));
    as_.xweft(Mnemonic::dma, Reg::zero, Reg::a0, Reg::a1, Reg::a2);
    e_.wait_units(dma_unit);
    e_.form({}, length);
    e_.vector(Mnemonic::vadd, sum, sample, sum);
    as_.addi(slot, slot, 1);
    as_.bltu(slot, chunk, next);
  }
}

void TileGenerator::add_gradient(int index) {
  const Shard& own = shard(index);
  const ShardBuffers& at = buffers(index);
  as_.region(region_name(index, "gradient"));
  if (network_.stores_gradients()) {
    sum_stored_gradients(index);
  } else {
    as_.li(slot, 0);
    load_first_kernel_row(Reg::t1);
    lay_out_errors(index, at.error, Reg::t1, chunk);
    issue_gradient(index);
    e_.wait_units(crossbar_units(kernel_mask(index)));
  }
  as_.region(region_name(index, "update"));
  as_.note("step = -rate x gradient");
  e_.form({}, at.padded_rows * at.padded_columns);
  as_.lw(Reg::t0, rate_offset(index, false), rates);
  e_.csr_from(xweft::csr_wshift, Reg::t0);
  as_.lw(Reg::t0, 0, rates);
  e_.vector_scalar(Mnemonic::vmuls, at.kernel_gradient, Reg::t0, at.kernel_gradient);
  e_.wait_units(vector_unit);
  set_dimensions(index);
  e_.csr(xweft::csr_wsstr, 0);
  for (int row = 0; row < own.row_blocks; ++row) {
    for (int column = 0; column < own.column_blocks; ++column) {
      std::uint32_t units = 0;
      for (int copy = 0; copy < own.copies; ++copy) units |= 1u << own.unit(row, column, copy);
      const int before = (row * own.column_blocks + column) * at.block_rows * at.block_columns;
      as_.note(fmt::format("block ({}, {}) of all copies is rewritten", row, column));
      as_.li(Reg::a0, at.kernel_gradient.at(bytes(before, element_bytes)).address);
      e_.crossbar(Mnemonic::addt, units);
    }
  }
}

// The next batch's kernels go into other rows, so that all of them wear alike.
void TileGenerator::finish_kernel_update() {
  std::uint32_t units = 0;
  for (const int index : shards_) {
    add_gradient(index);
    units |= shard_mask(index);
  }
  const Label fits = as_.make_label();
  as_.note("rows of the next batch's kernels");
  load_first_kernel_row(Reg::t1);
  as_.li(Reg::t2, static_cast<std::uint32_t>(network_.batch));
  as_.add(Reg::t1, Reg::t1, Reg::t2);
  as_.li(Reg::t2, static_cast<std::uint32_t>(network_.array_rows - network_.batch));
  as_.bge(Reg::t2, Reg::t1, fits);
  as_.li(Reg::t1, 0);
  e_.bind(fits);
  as_.sw(Reg::t1, 0, Reg::t0);
  for (const int index : shards_) {
    if (shard(index).home()) refresh_bias(index);
  }
  e_.wait_units(crossbar_units(units));
}

}  // namespace weft::compiler

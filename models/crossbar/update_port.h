// SPDX-License-Identifier: Apache-2.0
// The update port of an array: what a write filter in front of it sees. Addresses say what a write does;
// the port lets the operation's time pass as annotated delay.
#pragma once

#include <cstdint>

namespace weft::crossbar {

// A row of weights, int32 from the first column on: one write a row, as the array is written row by row.
constexpr std::uint64_t program_base = 0x00000000;
constexpr std::uint64_t program_row_pitch = 0x1000;  // bytes; 1024 columns at most
constexpr std::uint64_t program_address(unsigned row) { return program_base + row * program_row_pitch; }

// A row of activations that is written in part: int32 from the first column on, then their marks.
constexpr std::uint64_t kernel_base = 0x30000000;
constexpr std::uint64_t kernel_row_pitch = 0x2000;
constexpr std::uint64_t kernel_row_address(unsigned row) { return kernel_base + row * kernel_row_pitch; }

// An outer product: UpdateHeader, then `rows` int16 of the row operand, then `columns` int16 of the column
// operand, in one burst.
constexpr std::uint64_t outer_product_address = 0x40000000;
struct UpdateHeader {
  std::uint16_t rows;
  std::uint16_t columns;
  std::uint16_t magnitude_bits;  // of the row operand
  std::uint16_t rows_driven;     // that the filter lets pass; 0: there is no filter, all drivers work
};

// What has been written so far, for whoever wants to know: answers debug reads only.
constexpr std::uint64_t write_counts_address = 0x51000000;
struct WriteCounts {
  std::uint64_t cells;
  std::uint64_t pulses;  // 0 unless they are counted
};

// Carry resolution: a write of any four bytes.
constexpr std::uint64_t carry_resolution_address = 0x50000000;

// A digital update, before any weight is read. The write filter answers these addresses, which no array
// has: a pass begins, every row is offered, the filter decides, every row is asked for.
constexpr std::uint64_t update_begin_address = 0x60000000;   // UpdateShape
constexpr std::uint64_t update_decide_address = 0x60000010;  // four bytes
// Instead of update_begin_address, a pass over activations that become kernels.
constexpr std::uint64_t kernel_begin_address = 0x60000020;
struct UpdateShape {
  std::uint16_t rows;
  std::uint16_t columns;
};
// Written: int64 changes of a row. Read: what is to be written of them, and then one byte a column, an
// endurance::Mark.
constexpr std::uint64_t update_base = 0x70000000;
constexpr std::uint64_t update_row_pitch = 0x4000;
constexpr std::uint64_t update_row_address(unsigned row) { return update_base + row * update_row_pitch; }

// A row of weights that is written in part: int32 from the first column on, then their marks.
constexpr std::uint64_t rewrite_base = 0x20000000;
constexpr std::uint64_t rewrite_row_pitch = 0x2000;
constexpr std::uint64_t rewrite_row_address(unsigned row) { return rewrite_base + row * rewrite_row_pitch; }

}  // namespace weft::crossbar

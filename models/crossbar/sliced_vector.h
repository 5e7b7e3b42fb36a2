// SPDX-License-Identifier: Apache-2.0
// The loops of the sliced model on vectors, once for all instruction sets.
//
// The file of an instruction set defines WEFT_VECTOR_TARGET, the attribute that its functions need, includes
// this header and passes its vector type V: the operations that differ, as static functions on V::Reg.
// Each type spells out even its trivial operations: with pointers to the intrinsics instead, products by GCC
// 12 were 5 to 10 % slower with AVX2. Bytes, 16-bit and 32-bit lanes are counted from the low end; a
// *quarter* is 128 bits, the reach of unpack and pack instructions.
#pragma once

#ifndef WEFT_VECTOR_TARGET
#error "define WEFT_VECTOR_TARGET before including sliced_vector.h"
#endif

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>

#include "models/crossbar/sliced_loops.h"

// Unnamed as well: a linker must not put one instruction set's copy of a function in the place of another's.
namespace weft::crossbar::vectors {
namespace {

// ---- Currents ----
// A panel is as many output lines as four vectors have 32-bit lanes. Its cells are packed so that the four
// bytes of a lane belong to one output line and four driven ones. On lines of negative polarity they are
// complemented, ~c = -c - 1, because -c need not fit a byte; the missing ones are added to the sums.
//
// Vector j of a panel has the output lines 16 q + 4 j .. 16 q + 4 j + 3 in its quarter q: the order that
// unpack instructions leave, which pack instructions turn into ascending lines.

inline constexpr int panel_vectors = 4;
inline constexpr int quarter_lanes = 4;
// Driven lines that share a lane.
inline constexpr int group_lines = 4;

template <class V>
inline constexpr int vector_lanes = V::bytes / 4;
template <class V>
inline constexpr int panel_width = panel_vectors* vector_lanes<V>;

inline constexpr int first_line(int quarter, int vector) {
  return quarter * panel_vectors * quarter_lanes + vector * quarter_lanes;
}

WEFT_VECTOR_TARGET inline std::int32_t four_bytes(const std::uint8_t* bytes) {
  std::int32_t four = 0;
  std::memcpy(&four, bytes, sizeof four);
  return four;
}

template <class V>
WEFT_VECTOR_TARGET inline std::uint8_t* packed_at(std::uint8_t* packed, int driven_line, int vector) {
  return packed + std::ptrdiff_t{driven_line} * panel_width<V> + vector * V::bytes;
}

// Four rows of bytes become lanes of four bytes, each with the polarities of its lines applied.
template <class V>
WEFT_VECTOR_TARGET inline void interleave(const typename V::Reg* row, typename V::Reg negative,
                                          std::uint8_t* packed) {
  const auto low_01 = V::unpack_low_8(row[0], row[1]);
  const auto high_01 = V::unpack_high_8(row[0], row[1]);
  const auto low_23 = V::unpack_low_8(row[2], row[3]);
  const auto high_23 = V::unpack_high_8(row[2], row[3]);
  V::store(packed, V::exclusive_or(V::unpack_low_16(low_01, low_23), negative));
  V::store(packed + V::bytes, V::exclusive_or(V::unpack_high_16(low_01, low_23), negative));
  V::store(packed + 2 * V::bytes, V::exclusive_or(V::unpack_low_16(high_01, high_23), negative));
  V::store(packed + 3 * V::bytes, V::exclusive_or(V::unpack_high_16(high_01, high_23), negative));
}

// Beyond the last row its own cells stand in: the chunks there are zero.
template <class V>
WEFT_VECTOR_TARGET inline void pack_columns(const CellBlock& block, const ActiveLine* rows, int row_count,
                                            const Chunks& chunks, int column, std::uint8_t* packed) {
  const int columns = block.width - column;
  for (int i = 0; i < row_count; i += group_lines) {
    typename V::Reg row[group_lines];
    for (int j = 0; j < group_lines; ++j) {
      const int line = rows[std::min(i + j, row_count - 1)].line;
      row[j] = V::load_first(block.cells + line * block.stride + column, columns);
    }
    interleave<V>(row, V::broadcast_32(four_bytes(chunks.negative + i)), packed_at<V>(packed, i, 0));
  }
}

// Of a square matrix of 32-bit lanes the 4 x 4 blocks: after this m[4 q + j] has, in its quarter l, column
// 4 l + j of rows 4 q .. 4 q + 3.
template <class V>
WEFT_VECTOR_TARGET inline void transpose_blocks(typename V::Reg* m) {
  typename V::Reg t[vector_lanes<V>];
  for (int i = 0; i < vector_lanes<V>; i += 2) {
    t[i] = V::unpack_low_32(m[i], m[i + 1]);
    t[i + 1] = V::unpack_high_32(m[i], m[i + 1]);
  }
  for (int i = 0; i < vector_lanes<V>; i += 4) {
    m[i] = V::unpack_low_64(t[i], t[i + 2]);
    m[i + 1] = V::unpack_high_64(t[i], t[i + 2]);
    m[i + 2] = V::unpack_low_64(t[i + 1], t[i + 3]);
    m[i + 3] = V::unpack_high_64(t[i + 1], t[i + 3]);
  }
}

// Rows from `row` on are the outputs; beyond `rows` the last one stands in.
template <class V>
WEFT_VECTOR_TARGET inline void pack_rows(const CellBlock& block, int rows, const Chunks& chunks, int row,
                                         std::uint8_t* packed) {
  for (int column = 0; column < block.width; column += V::bytes) {
    const int columns = std::min(block.width - column, V::bytes);
    const auto negative = V::load_first(chunks.negative + column, columns);
    for (int v = 0; v < panel_vectors; ++v) {
      typename V::Reg m[vector_lanes<V>];
      for (int i = 0; i < vector_lanes<V>; ++i) {
        const int line = row + first_line(i / quarter_lanes, v) + i % quarter_lanes;
        const std::int8_t* cells = block.cells + std::min(line, rows - 1) * block.stride + column;
        m[i] = V::exclusive_or(V::load_first(cells, columns), negative);
      }
      transpose_blocks<V>(m);
      V::transpose_quarters(m);
      for (int group = 0; group < columns / group_lines; ++group)
        V::store(packed_at<V>(packed, column + group * group_lines, v), m[group]);
    }
  }
}

struct Panel {
  std::uint8_t* packed = nullptr;
  int driven = 0;  // lines
  Currents current;
  int spacing = 0;
  int outputs = 0;  // lines wanted, a multiple of lane_padding
};

// Sums of `Steps` steps over the driven lines `from` to `to`, for V::vectors_at_once vectors from `vector`
// on.
template <class V, int Steps>
WEFT_VECTOR_TARGET inline void add_products(const Panel& panel, const Chunks& chunks, int first_step,
                                            int vector, int from, int to,
                                            typename V::Reg (&sum)[Steps][V::vectors_at_once]) {
  for (auto& step_sum : sum) {
    for (auto& vector_sum : step_sum) vector_sum = V::zero();
  }
  const std::uint8_t* values = chunks.values + std::ptrdiff_t{first_step} * chunks.spacing;
  for (int i = from; i < to; i += group_lines) {
    const std::uint8_t* packed = packed_at<V>(panel.packed, i, vector);
    typename V::Reg cells[V::vectors_at_once];
    for (int v = 0; v < V::vectors_at_once; ++v) cells[v] = V::load(packed + v * V::bytes);
    for (int s = 0; s < Steps; ++s) {
      const auto four = V::broadcast_32(four_bytes(values + std::ptrdiff_t{s} * chunks.spacing + i));
      for (int v = 0; v < V::vectors_at_once; ++v)
        sum[s][v] = V::add_four_products(sum[s][v], four, cells[v]);
    }
  }
}

template <class V, int Steps>
WEFT_VECTOR_TARGET inline void multiply_narrow(const Panel& panel, const Chunks& chunks, int first_step) {
  for (int vector = 0; vector < panel_vectors; vector += V::vectors_at_once) {
    typename V::Reg sum[Steps][V::vectors_at_once];
    add_products<V, Steps>(panel, chunks, first_step, vector, 0, panel.driven, sum);
    for (int s = 0; s < Steps; ++s) {
      const int step = first_step + s;
      std::int16_t* current = panel.current.narrow + std::ptrdiff_t{step} * panel.spacing;
      const auto total = static_cast<std::int16_t>(chunks.negative_total[step]);
      V::store_narrow(current, vector, panel.outputs, sum[s], V::broadcast_16(total));
    }
  }
}

template <class V>
WEFT_VECTOR_TARGET inline void add_wide(const Panel& panel, int step, int vector, typename V::Reg sum,
                                        std::int32_t total) {
  std::int32_t lane[vector_lanes<V>];
  V::store(lane, V::sum_of_32(sum));
  std::int32_t* current = panel.current.wide + std::ptrdiff_t{step} * panel.spacing;
  for (int i = 0; i < vector_lanes<V>; ++i) {
    const int line = first_line(i / quarter_lanes, vector) + i % quarter_lanes;
    if (line < panel.outputs) current[line] += lane[i] + total;
  }
}

// Sums that need 32 bits, as many driven lines at a time as the vector type's own sums allow.
template <class V>
WEFT_VECTOR_TARGET inline void multiply_wide(const Panel& panel, const Chunks& chunks, int step) {
  std::int32_t* current = panel.current.wide + std::ptrdiff_t{step} * panel.spacing;
  std::fill(current, current + panel.outputs, chunks.negative_total[step]);
  const int lines = V::lines_at_once(chunks.largest);
  for (int from = 0; from < panel.driven; from += lines) {
    const int to = std::min(from + lines, panel.driven);
    for (int vector = 0; vector < panel_vectors; vector += V::vectors_at_once) {
      typename V::Reg sum[1][V::vectors_at_once];
      add_products<V, 1>(panel, chunks, step, vector, from, to, sum);
      for (int v = 0; v < V::vectors_at_once; ++v) add_wide<V>(panel, step, vector + v, sum[0][v], 0);
    }
  }
}

template <class V>
WEFT_VECTOR_TARGET inline void multiply(const Panel& panel, const Chunks& chunks) {
  int step = 0;
  if (panel.current.wide != nullptr) {
    for (; step < chunks.steps; ++step) multiply_wide<V>(panel, chunks, step);
    return;
  }
  constexpr int most = V::steps_at_once;
  for (; step + most <= chunks.steps; step += most) multiply_narrow<V, most>(panel, chunks, step);
  for (; step + 2 <= chunks.steps; step += 2) multiply_narrow<V, 2>(panel, chunks, step);
  if (step < chunks.steps) multiply_narrow<V, 1>(panel, chunks, step);
}

template <class V>
WEFT_VECTOR_TARGET inline void column_currents(const CellBlock& block, const ActiveLine* rows, int row_count,
                                               const Chunks& chunks, std::uint8_t* scratch,
                                               const Currents& current) {
  if (chunks.largest > V::largest_chunk)
    return loops::column_currents(block, rows, row_count, chunks, current);
  for (int column = 0; column < block.width; column += panel_width<V>) {
    pack_columns<V>(block, rows, row_count, chunks, column, scratch);
    const int outputs = std::min(block.width - column, panel_width<V>);
    multiply<V>({scratch, row_count, current.from(column), block.width, outputs}, chunks);
  }
}

template <class V>
WEFT_VECTOR_TARGET inline void row_currents(const CellBlock& block, int rows, const Chunks& chunks,
                                            std::uint8_t* scratch, const Currents& current) {
  if (chunks.largest > V::largest_chunk) return loops::row_currents(block, rows, chunks, current);
  const int spacing = pad_to_lanes(rows);
  for (int row = 0; row < spacing; row += panel_width<V>) {
    pack_rows<V>(block, rows, chunks, row, scratch);
    const int outputs = std::min(spacing - row, panel_width<V>);
    multiply<V>({scratch, block.width, current.from(row), spacing, outputs}, chunks);
  }
}

// ---- Converters ----

template <class V>
struct VectorAdc {
  typename V::Reg half;
  typename V::Reg code_mask;
  typename V::Reg low;
  typename V::Reg high;
};

// Per 16-bit lane; a lane sees far fewer conversions than it can count.
template <class V>
struct LaneCounts {
  typename V::Reg unclipped;
  typename V::Reg unchanged;
};

inline std::int16_t limited_to_16_bits(std::int64_t value) {
  using Limits = std::numeric_limits<std::int16_t>;
  return static_cast<std::int16_t>(std::clamp<std::int64_t>(value, Limits::min(), Limits::max()));
}

template <class V, bool Rounds, bool Clips>
WEFT_VECTOR_TARGET inline typename V::Reg converted(const VectorAdc<V>& adc, typename V::Reg current,
                                                    LaneCounts<V>& counts) {
  auto value = current;
  if (Rounds) {
    // Of two codes equally near the one further from zero: half a step up, less one unit if negative.
    const auto raised = V::add_16(V::add_16(current, adc.half), V::sign_16(current));
    value = V::bitwise_and(raised, adc.code_mask);
  }
  auto kept = value;
  if (Clips) {
    kept = V::min_16(V::max_16(value, adc.low), adc.high);
    counts.unclipped = V::count_equal_16(counts.unclipped, kept, value);
  }
  if (Rounds || Clips) counts.unchanged = V::count_equal_16(counts.unchanged, kept, current);
  return kept;
}

template <class V>
WEFT_VECTOR_TARGET inline std::uint64_t lane_total(typename V::Reg counter) {
  std::uint16_t lane[V::bytes / 2];
  V::store(lane, counter);
  std::uint64_t total = 0;
  for (const std::uint16_t count : lane) total += count;
  return total;
}

// Two steps at a time: their weights are the factors of a sum of two products.
template <class V, bool Rounds, bool Clips>
WEFT_VECTOR_TARGET inline int convert_lines(const Conversion& job, std::int64_t* y, AdcCounts& counts) {
  constexpr int vector_lines = V::bytes / 2;
  constexpr int most_pairs = (ArrayConfig::max_operand_bits + 1) / 2;
  const int shift = job.adc.shift;
  const VectorAdc<V> adc{
      V::broadcast_16(static_cast<std::int16_t>((1 << shift) >> 1)),
      V::broadcast_16(limited_to_16_bits(-(std::int64_t{1} << shift))),
      V::broadcast_16(limited_to_16_bits(std::int64_t{job.adc.low} * (std::int64_t{1} << shift))),
      V::broadcast_16(limited_to_16_bits(std::int64_t{job.adc.high} * (std::int64_t{1} << shift)))};
  typename V::Reg weights[most_pairs];
  for (int k = 0; k < job.steps; k += 2) {
    const std::uint32_t even = 1U << (k * job.dac_bits);
    const std::uint32_t odd = k + 1 < job.steps ? even << job.dac_bits : 0;
    weights[k / 2] = V::broadcast_32(static_cast<std::int32_t>(even | (odd << 16)));
  }
  LaneCounts<V> lanes{V::zero(), V::zero()};
  const int whole = job.lines / vector_lines * vector_lines;
  for (int line = 0; line < whole; line += vector_lines) {
    auto low = V::zero();
    auto high = V::zero();
    const std::int16_t* current = job.current.narrow + line;
    for (int k = 0; k < job.steps; k += 2, current += 2 * std::ptrdiff_t{job.spacing}) {
      const auto even = converted<V, Rounds, Clips>(adc, V::load(current), lanes);
      auto odd = V::zero();
      if (k + 1 < job.steps) odd = converted<V, Rounds, Clips>(adc, V::load(current + job.spacing), lanes);
      low = V::add_two_products(low, V::unpack_low_16(even, odd), weights[k / 2]);
      high = V::add_two_products(high, V::unpack_high_16(even, odd), weights[k / 2]);
    }
    V::add_shifted(y + line, low, high, job.weight_shift);
  }
  const auto conversions = static_cast<std::uint64_t>(whole) * static_cast<std::uint64_t>(job.steps);
  const std::uint64_t unclipped = Clips ? lane_total<V>(lanes.unclipped) : conversions;
  counts.clipped += conversions - unclipped;
  if (Rounds || Clips) counts.rounded += unclipped - lane_total<V>(lanes.unchanged);
  return whole;
}

template <class V>
WEFT_VECTOR_TARGET inline void convert(const Conversion& job, std::int64_t* y, AdcCounts& counts) {
  if (job.current.narrow == nullptr) return loops::convert(job, 0, y, counts);
  const bool rounds = job.adc.shift > 0;
  const bool clips = job.adc.may_clip(job.largest_current);
  const auto lines = rounds ? (clips ? convert_lines<V, true, true> : convert_lines<V, true, false>)
                            : (clips ? convert_lines<V, false, true> : convert_lines<V, false, false>);
  loops::convert(job, lines(job, y, counts), y, counts);
}

// ---- Deposits ----

template <class V, int Tables>
WEFT_VECTOR_TARGET inline Saturation deposit_from(const DepositJob& job, const loops::DepositTables& tables) {
  const auto highest = V::broadcast_8(static_cast<std::int8_t>(job.cell_max));
  auto units = V::zero();
  Saturation saturation;
  for (int i = 0; i < job.row_count; ++i) {
    const int value = job.rows[i].value;
    const std::uint8_t* entry[Tables];
    for (int t = 0; t < Tables; ++t)
      entry[t] = loops::table_entry(tables.table[static_cast<std::size_t>(t)], std::abs(value), job.width);
    const auto row_negative = V::broadcast_8(static_cast<std::int8_t>(value < 0 ? -1 : 0));
    std::int8_t* cells = job.cells + job.rows[i].line * job.stride;
    for (int c = 0; c < job.width; c += V::bytes) {
      const int columns = job.width - c;
      auto deposit = V::load_first(entry[0] + c, columns);
      for (int t = 1; t < Tables; ++t) deposit = V::add_8(deposit, V::load_first(entry[t] + c, columns));
      const auto flip = V::exclusive_or(row_negative, V::load_first(job.negative + c, columns));
      const auto cell = V::exclusive_or(V::load_first(cells + c, columns), flip);
      const auto taken = V::min_unsigned_8(deposit, V::subtract_8(highest, cell));
      V::store_first(cells + c, columns, V::exclusive_or(V::add_8(cell, taken), flip));
      const auto lost = V::subtract_8(deposit, taken);
      units = V::add_64(units, V::sums_of_8(lost));
      saturation.cells += V::nonzero_8(lost);
    }
  }
  std::uint64_t lane[V::bytes / 8];
  V::store(lane, units);
  for (const std::uint64_t sum : lane) saturation.units += sum;
  return saturation;
}

template <class V>
WEFT_VECTOR_TARGET inline Saturation deposit(const DepositJob& job) {
  if (job.largest > loops::largest_byte_deposit) return loops::wide_deposit(job);
  const loops::DepositTables tables = loops::deposit_tables(job);
  switch (tables.count) {
    case 1:
      return deposit_from<V, 1>(job, tables);
    case 2:
      return deposit_from<V, 2>(job, tables);
    case 3:
      return deposit_from<V, 3>(job, tables);
    case 4:
      return deposit_from<V, 4>(job, tables);
    default:
      return {};
  }
}

}  // namespace
}  // namespace weft::crossbar::vectors

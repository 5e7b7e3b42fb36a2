// SPDX-License-Identifier: Apache-2.0
#include "models/crossbar/sliced_avx2.h"

#if defined(__x86_64__)

#include <immintrin.h>

#include <cstring>

#include "models/crossbar/sliced_loops.h"

#define WEFT_AVX2 __attribute__((target("avx2,popcnt")))

namespace weft::crossbar::avx2 {

namespace {

constexpr int vector_bytes = 32;
constexpr int vector_lines = 8;  // one 32-bit sum a line
constexpr int panel_vectors = 4;
constexpr int panel = panel_vectors * vector_lines;
static_assert(panel == lane_padding && panel <= panel_lines,
              "rows are whole panels and fit the scratch memory");
// Lines that one vpmaddubsw and one vpmaddwd add up for each sum.
constexpr int group_lines = 4;
// vpmaddubsw saturates: two products of a chunk and a cell must fit int16.
constexpr int largest_chunk = 127;

WEFT_AVX2 inline __m256i load(const void* p) { return _mm256_loadu_si256(static_cast<const __m256i*>(p)); }
WEFT_AVX2 inline void store(void* p, __m256i v) { _mm256_storeu_si256(static_cast<__m256i*>(p), v); }

WEFT_AVX2 inline std::int32_t four_bytes(const std::uint8_t* bytes) {
  std::int32_t four = 0;
  std::memcpy(&four, bytes, sizeof four);
  return four;
}

// ---- Currents ----
// Cells are packed so that the four bytes of a 32-bit lane belong to one output line and four driven ones.
// On lines of negative polarity they are complemented, ~c = -c - 1, because -c need not fit a byte; the
// missing ones are what sums start with.

// Four rows of 32 bytes become 32 lanes of four bytes, each with the polarities of its lines applied.
WEFT_AVX2 inline void interleave(const __m256i* row, __m256i negative, std::uint8_t* packed) {
  const __m256i low_01 = _mm256_unpacklo_epi8(row[0], row[1]);
  const __m256i high_01 = _mm256_unpackhi_epi8(row[0], row[1]);
  const __m256i low_23 = _mm256_unpacklo_epi8(row[2], row[3]);
  const __m256i high_23 = _mm256_unpackhi_epi8(row[2], row[3]);
  const __m256i q0 = _mm256_unpacklo_epi16(low_01, low_23);
  const __m256i q1 = _mm256_unpackhi_epi16(low_01, low_23);
  const __m256i q2 = _mm256_unpacklo_epi16(high_01, high_23);
  const __m256i q3 = _mm256_unpackhi_epi16(high_01, high_23);
  store(packed, _mm256_xor_si256(_mm256_permute2x128_si256(q0, q1, 0x20), negative));
  store(packed + vector_bytes, _mm256_xor_si256(_mm256_permute2x128_si256(q2, q3, 0x20), negative));
  store(packed + 2 * vector_bytes, _mm256_xor_si256(_mm256_permute2x128_si256(q0, q1, 0x31), negative));
  store(packed + 3 * vector_bytes, _mm256_xor_si256(_mm256_permute2x128_si256(q2, q3, 0x31), negative));
}

constexpr std::ptrdiff_t packed_offset(int driven_line, int vector) {
  return std::ptrdiff_t{driven_line} * panel + vector * vector_bytes;
}

// Beyond the last row its own cells stand in: the chunks there are zero.
WEFT_AVX2 inline void pack_columns(const CellBlock& block, const ActiveLine* rows, int row_count,
                                   const Chunks& chunks, int column, std::uint8_t* packed) {
  for (int i = 0; i < row_count; i += group_lines) {
    __m256i row[group_lines];
    for (int j = 0; j < group_lines; ++j) {
      const int line = rows[std::min(i + j, row_count - 1)].line;
      row[j] = load(block.cells + line * block.stride + column);
    }
    interleave(row, _mm256_set1_epi32(four_bytes(chunks.negative + i)), packed + packed_offset(i, 0));
  }
}

// An 8 x 8 matrix of 32-bit lanes.
WEFT_AVX2 inline void transpose(__m256i* m) {
  __m256i t[vector_lines];
  for (int i = 0; i < vector_lines; i += 2) {
    t[i] = _mm256_unpacklo_epi32(m[i], m[i + 1]);
    t[i + 1] = _mm256_unpackhi_epi32(m[i], m[i + 1]);
  }
  for (int i = 0; i < vector_lines; i += 4) {
    m[i] = _mm256_unpacklo_epi64(t[i], t[i + 2]);
    m[i + 1] = _mm256_unpackhi_epi64(t[i], t[i + 2]);
    m[i + 2] = _mm256_unpacklo_epi64(t[i + 1], t[i + 3]);
    m[i + 3] = _mm256_unpackhi_epi64(t[i + 1], t[i + 3]);
  }
  // m[4 q + j] has, in its 128-bit lane l, column 4 l + j of rows 4 q .. 4 q + 3.
  for (int j = 0; j < 4; ++j) {
    const __m256i front = _mm256_permute2x128_si256(m[j], m[4 + j], 0x20);
    m[4 + j] = _mm256_permute2x128_si256(m[j], m[4 + j], 0x31);
    m[j] = front;
  }
}

// Rows from `row` on are the outputs; beyond `rows` the last one stands in.
WEFT_AVX2 inline void pack_rows(const CellBlock& block, int rows, const Chunks& chunks, int row,
                                std::uint8_t* packed) {
  for (int column = 0; column < block.width; column += vector_bytes) {
    const __m256i negative = load(chunks.negative + column);
    for (int v = 0; v < panel_vectors; ++v) {
      __m256i m[vector_lines];
      for (int i = 0; i < vector_lines; ++i) {
        const int line = std::min(row + v * vector_lines + i, rows - 1);
        m[i] = _mm256_xor_si256(load(block.cells + line * block.stride + column), negative);
      }
      transpose(m);
      for (int group = 0; group < vector_lines; ++group)
        store(packed + packed_offset(column + group * group_lines, v), m[group]);
    }
  }
}

struct Panel {
  const std::uint8_t* packed = nullptr;
  int driven = 0;  // lines
  std::int32_t* current = nullptr;
  int spacing = 0;
};

// Two of a panel's vectors, driven lines from `from` to `to`, as many as 16-bit sums allow.
template <int Count>
WEFT_AVX2 inline void multiply_block(const Panel& job, const Chunks& chunks, int first_step, int vector,
                                     int from, int to) {
  __m256i sum[Count][2];
  for (int s = 0; s < Count; ++s) sum[s][0] = sum[s][1] = _mm256_setzero_si256();
  const std::uint8_t* values = chunks.values + static_cast<std::ptrdiff_t>(first_step) * chunks.spacing;
  for (int i = from; i < to; i += group_lines) {
    const __m256i even = load(job.packed + packed_offset(i, vector));
    const __m256i odd = load(job.packed + packed_offset(i, vector + 1));
    for (int s = 0; s < Count; ++s) {
      const __m256i four =
          _mm256_set1_epi32(four_bytes(values + static_cast<std::ptrdiff_t>(s) * chunks.spacing + i));
      sum[s][0] = _mm256_add_epi16(sum[s][0], _mm256_maddubs_epi16(four, even));
      sum[s][1] = _mm256_add_epi16(sum[s][1], _mm256_maddubs_epi16(four, odd));
    }
  }
  const __m256i ones = _mm256_set1_epi16(1);
  for (int s = 0; s < Count; ++s) {
    std::int32_t* current =
        job.current + static_cast<std::ptrdiff_t>(first_step + s) * job.spacing + vector * vector_lines;
    for (int v = 0; v < 2; ++v, current += vector_lines) {
      const __m256i before =
          from == 0 ? _mm256_set1_epi32(chunks.negative_total[first_step + s]) : load(current);
      store(current, _mm256_add_epi32(before, _mm256_madd_epi16(sum[s][v], ones)));
    }
  }
}

template <int Count>
WEFT_AVX2 inline void multiply(const Panel& job, const Chunks& chunks, int first_step) {
  // A 16-bit lane takes two products of a group, each of at most 128 times the largest chunk.
  const int block = 32767 / (2 * 128 * chunks.largest) * group_lines;
  for (int vector = 0; vector < panel_vectors; vector += 2) {
    int from = 0;
    do {
      const int to = std::min(from + block, job.driven);
      multiply_block<Count>(job, chunks, first_step, vector, from, to);
      from = to;
    } while (from < job.driven);
  }
}

// Three steps at a time: with more, GCC 12 moves sums from register to register and to the stack.
WEFT_AVX2 inline void multiply_all(const Panel& job, const Chunks& chunks) {
  int step = 0;
  for (; step + 3 <= chunks.steps; step += 3) multiply<3>(job, chunks, step);
  if (chunks.steps - step == 2) multiply<2>(job, chunks, step);
  if (chunks.steps - step == 1) multiply<1>(job, chunks, step);
}

}  // namespace

WEFT_AVX2 void column_currents(const CellBlock& block, const ActiveLine* rows, int row_count,
                               const Chunks& chunks, std::uint8_t* scratch, std::int32_t* current) {
  if (chunks.largest > largest_chunk) return loops::column_currents(block, rows, row_count, chunks, current);
  for (int column = 0; column < block.width; column += panel) {
    pack_columns(block, rows, row_count, chunks, column, scratch);
    multiply_all({scratch, row_count, current + column, block.width}, chunks);
  }
}

WEFT_AVX2 void row_currents(const CellBlock& block, int rows, const Chunks& chunks, std::uint8_t* scratch,
                            std::int32_t* current) {
  if (chunks.largest > largest_chunk) return loops::row_currents(block, rows, chunks, current);
  const int spacing = pad_to_lanes(rows);
  for (int row = 0; row < spacing; row += panel) {
    pack_rows(block, rows, chunks, row, scratch);
    multiply_all({scratch, block.width, current + row, spacing}, chunks);
  }
}

// ---- Converters ----

namespace {

struct VectorAdc {
  __m256i half;
  __m256i low;
  __m256i high;
  __m128i shift;
};

// What differs is counted downwards: a comparison gives -1.
struct LaneCounts {
  __m256i unclipped;
  __m256i unchanged;
};

WEFT_AVX2 inline __m256i converted(const VectorAdc& adc, __m256i current, LaneCounts& counts) {
  const __m256i magnitude =
      _mm256_srl_epi32(_mm256_add_epi32(_mm256_abs_epi32(current), adc.half), adc.shift);
  // vpsignd makes a code of zero where the current is zero, which is right.
  const __m256i code = _mm256_sign_epi32(magnitude, current);
  const __m256i kept = _mm256_min_epi32(_mm256_max_epi32(code, adc.low), adc.high);
  const __m256i value = _mm256_sll_epi32(kept, adc.shift);
  counts.unclipped = _mm256_sub_epi32(counts.unclipped, _mm256_cmpeq_epi32(kept, code));
  counts.unchanged = _mm256_sub_epi32(counts.unchanged, _mm256_cmpeq_epi32(value, current));
  return value;
}

WEFT_AVX2 inline std::uint64_t lane_total(__m256i v) {
  std::int32_t lanes[vector_lines];
  store(lanes, v);
  std::uint64_t total = 0;
  for (const std::int32_t lane : lanes) total += static_cast<std::uint64_t>(lane);
  return total;
}

WEFT_AVX2 inline void add_shifted(std::int64_t* y, __m128i sum, __m128i shift) {
  store(y, _mm256_add_epi64(load(y), _mm256_sll_epi64(_mm256_cvtepi32_epi64(sum), shift)));
}

}  // namespace

WEFT_AVX2 void convert(const Conversion& job, std::int64_t* y, AdcCounts& counts) {
  if (!job.narrow) return loops::convert(job, 0, y, counts);
  const VectorAdc adc{_mm256_set1_epi32((1 << job.adc.shift) >> 1), _mm256_set1_epi32(job.adc.low),
                      _mm256_set1_epi32(job.adc.high), _mm_cvtsi32_si128(job.adc.shift)};
  const __m128i step_shift = _mm_cvtsi32_si128(job.dac_bits);
  const __m128i weight_shift = _mm_cvtsi32_si128(job.weight_shift);
  LaneCounts lanes{_mm256_setzero_si256(), _mm256_setzero_si256()};
  const int whole = job.lines / vector_lines * vector_lines;
  for (int line = 0; line < whole; line += vector_lines) {
    __m256i sum = _mm256_setzero_si256();
    for (int k = job.steps - 1; k >= 0; --k) {
      const __m256i current = load(job.current + static_cast<std::ptrdiff_t>(k) * job.spacing + line);
      sum = _mm256_add_epi32(_mm256_sll_epi32(sum, step_shift), converted(adc, current, lanes));
    }
    add_shifted(y + line, _mm256_castsi256_si128(sum), weight_shift);
    add_shifted(y + line + vector_lines / 2, _mm256_extracti128_si256(sum, 1), weight_shift);
  }
  const auto conversions = static_cast<std::uint64_t>(whole) * static_cast<std::uint64_t>(job.steps);
  const std::uint64_t unclipped = lane_total(lanes.unclipped);
  counts.clipped += conversions - unclipped;
  counts.rounded += unclipped - lane_total(lanes.unchanged);
  loops::convert(job, whole, y, counts);
}

// ---- Deposits ----

namespace {

template <int Tables>
WEFT_AVX2 inline Saturation deposit_from(const DepositJob& job, const loops::DepositTables& tables) {
  const __m256i zero = _mm256_setzero_si256();
  const __m256i highest = _mm256_set1_epi8(static_cast<char>(job.cell_max));
  __m256i units = zero;
  Saturation saturation;
  for (int i = 0; i < job.row_count; ++i) {
    const int value = job.rows[i].value;
    const std::uint8_t* entry[Tables];
    for (int t = 0; t < Tables; ++t)
      entry[t] = loops::table_entry(tables.table[static_cast<std::size_t>(t)], std::abs(value), job.width);
    const __m256i row_negative = _mm256_set1_epi8(static_cast<char>(value < 0 ? -1 : 0));
    std::int8_t* cells = job.cells + job.rows[i].line * job.stride;
    for (int c = 0; c < job.width; c += vector_bytes) {
      __m256i deposit = load(entry[0] + c);
      for (int t = 1; t < Tables; ++t) deposit = _mm256_add_epi8(deposit, load(entry[t] + c));
      const __m256i flip = _mm256_xor_si256(row_negative, load(job.negative + c));
      const __m256i cell = _mm256_xor_si256(load(cells + c), flip);
      const __m256i taken = _mm256_min_epu8(deposit, _mm256_sub_epi8(highest, cell));
      store(cells + c, _mm256_xor_si256(_mm256_add_epi8(cell, taken), flip));
      const __m256i lost = _mm256_sub_epi8(deposit, taken);
      units = _mm256_add_epi64(units, _mm256_sad_epu8(lost, zero));
      const auto nothing_lost = static_cast<unsigned>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(lost, zero)));
      saturation.cells += static_cast<std::uint64_t>(__builtin_popcount(~nothing_lost));
    }
  }
  std::uint64_t lanes[4];
  store(lanes, units);
  saturation.units = lanes[0] + lanes[1] + lanes[2] + lanes[3];
  return saturation;
}

}  // namespace

WEFT_AVX2 Saturation deposit(const DepositJob& job) {
  if (job.largest > loops::largest_byte_deposit) return loops::wide_deposit(job);
  const loops::DepositTables tables = loops::deposit_tables(job);
  switch (tables.count) {
    case 1:
      return deposit_from<1>(job, tables);
    case 2:
      return deposit_from<2>(job, tables);
    case 3:
      return deposit_from<3>(job, tables);
    case 4:
      return deposit_from<4>(job, tables);
    default:
      return {};
  }
}

}  // namespace weft::crossbar::avx2

#endif

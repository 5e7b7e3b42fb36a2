// SPDX-License-Identifier: Apache-2.0
#include "models/crossbar/kernels_avx512.h"

#if defined(__x86_64__)

// GCC 12 takes the deliberately undefined source operand of its own AVX-512 intrinsics for a mistake.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#include <immintrin.h>
#pragma GCC diagnostic pop
#else
#include <immintrin.h>
#endif

#include <cstring>

#include "models/crossbar/kernels_avx2.h"
#include "models/crossbar/sliced_loops.h"

#define WEFT_AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni")))

namespace weft::crossbar {

namespace {

constexpr int vector_bytes = 64;
constexpr int vector_lines = 16;  // one 32-bit sum a line
constexpr int panel_vectors = panel_lines / vector_lines;
// Lines that one vpdpbusd adds up for each sum.
constexpr int group_lines = 4;

WEFT_AVX512 inline __m512i load(const void* p) { return _mm512_loadu_si512(p); }
WEFT_AVX512 inline void store(void* p, __m512i v) { _mm512_storeu_si512(p, v); }
WEFT_AVX512 inline __mmask64 first_bytes(int count) {
  return count >= vector_bytes ? ~__mmask64{0} : (__mmask64{1} << count) - 1;
}
WEFT_AVX512 inline std::int32_t four_bytes(const std::uint8_t* bytes) {
  std::int32_t four = 0;
  std::memcpy(&four, bytes, sizeof four);
  return four;
}

// ---- Currents ----
// Cells are packed so that the four bytes of a 32-bit lane belong to one output line and four driven ones.
// On lines of negative polarity they are complemented, ~c = -c - 1, because -c need not fit a byte; the
// missing ones are what sums start with.

// Four rows of 64 bytes become 64 lanes of four bytes, each with the polarities of its lines applied.
WEFT_AVX512 inline void interleave(const __m512i* row, __m512i negative, std::uint8_t* packed) {
  const __m512i low_01 = _mm512_unpacklo_epi8(row[0], row[1]);
  const __m512i high_01 = _mm512_unpackhi_epi8(row[0], row[1]);
  const __m512i low_23 = _mm512_unpacklo_epi8(row[2], row[3]);
  const __m512i high_23 = _mm512_unpackhi_epi8(row[2], row[3]);
  const __m512i q0 = _mm512_unpacklo_epi16(low_01, low_23);
  const __m512i q1 = _mm512_unpackhi_epi16(low_01, low_23);
  const __m512i q2 = _mm512_unpacklo_epi16(high_01, high_23);
  const __m512i q3 = _mm512_unpackhi_epi16(high_01, high_23);
  // q0 .. q3 hold every fourth quadruple of lanes: bring them into order.
  const __m512i front_01 = _mm512_shuffle_i32x4(q0, q1, 0x44);
  const __m512i front_23 = _mm512_shuffle_i32x4(q2, q3, 0x44);
  const __m512i back_01 = _mm512_shuffle_i32x4(q0, q1, 0xee);
  const __m512i back_23 = _mm512_shuffle_i32x4(q2, q3, 0xee);
  store(packed, _mm512_xor_si512(_mm512_shuffle_i32x4(front_01, front_23, 0x88), negative));
  store(packed + vector_bytes, _mm512_xor_si512(_mm512_shuffle_i32x4(front_01, front_23, 0xdd), negative));
  store(packed + 2 * vector_bytes, _mm512_xor_si512(_mm512_shuffle_i32x4(back_01, back_23, 0x88), negative));
  store(packed + 3 * vector_bytes, _mm512_xor_si512(_mm512_shuffle_i32x4(back_01, back_23, 0xdd), negative));
}

// Beyond the last row its own cells stand in: the chunks there are zero.
WEFT_AVX512 inline void pack_columns(const CellBlock& block, const ActiveLine* rows, int row_count,
                                     const Chunks& chunks, int column, std::uint8_t* packed) {
  const __mmask64 columns = first_bytes(block.width - column);
  for (int i = 0; i < row_count; i += group_lines) {
    __m512i row[group_lines];
    for (int j = 0; j < group_lines; ++j) {
      const int line = rows[std::min(i + j, row_count - 1)].line;
      row[j] = _mm512_maskz_loadu_epi8(columns, block.cells + line * block.stride + column);
    }
    interleave(row, _mm512_set1_epi32(four_bytes(chunks.negative + i)),
               packed + static_cast<std::ptrdiff_t>(i) * panel_lines);
  }
}

// A 16 x 16 matrix of 32-bit lanes.
WEFT_AVX512 inline void transpose(__m512i* m) {
  __m512i t[vector_lines];
  for (int i = 0; i < vector_lines; i += 2) {
    t[i] = _mm512_unpacklo_epi32(m[i], m[i + 1]);
    t[i + 1] = _mm512_unpackhi_epi32(m[i], m[i + 1]);
  }
  for (int i = 0; i < vector_lines; i += 4) {
    m[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
    m[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
    m[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
    m[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
  }
  // m[4 q + j] has, in its 128-bit lane l, column 4 l + j of rows 4 q .. 4 q + 3.
  for (int j = 0; j < 4; ++j) {
    t[j] = _mm512_shuffle_i32x4(m[j], m[4 + j], 0x88);
    t[4 + j] = _mm512_shuffle_i32x4(m[j], m[4 + j], 0xdd);
    t[8 + j] = _mm512_shuffle_i32x4(m[8 + j], m[12 + j], 0x88);
    t[12 + j] = _mm512_shuffle_i32x4(m[8 + j], m[12 + j], 0xdd);
  }
  for (int j = 0; j < 4; ++j) {
    m[j] = _mm512_shuffle_i32x4(t[j], t[8 + j], 0x88);
    m[8 + j] = _mm512_shuffle_i32x4(t[j], t[8 + j], 0xdd);
    m[4 + j] = _mm512_shuffle_i32x4(t[4 + j], t[12 + j], 0x88);
    m[12 + j] = _mm512_shuffle_i32x4(t[4 + j], t[12 + j], 0xdd);
  }
}

// Rows from `row` on are the outputs; beyond `rows` the last one stands in.
WEFT_AVX512 inline void pack_rows(const CellBlock& block, int rows, const Chunks& chunks, int row,
                                  std::uint8_t* packed) {
  for (int column = 0; column < block.width; column += vector_bytes) {
    const int count = std::min(block.width - column, vector_bytes);
    const __mmask64 columns = first_bytes(count);
    const __m512i negative = _mm512_maskz_loadu_epi8(columns, chunks.negative + column);
    for (int v = 0; v < panel_vectors; ++v) {
      __m512i m[vector_lines];
      for (int i = 0; i < vector_lines; ++i) {
        const std::int8_t* cells =
            block.cells + std::min(row + v * vector_lines + i, rows - 1) * block.stride + column;
        m[i] = _mm512_xor_si512(_mm512_maskz_loadu_epi8(columns, cells), negative);
      }
      transpose(m);
      std::uint8_t* target = packed + static_cast<std::ptrdiff_t>(column) * panel_lines + v * vector_bytes;
      for (int group = 0; group < count / group_lines; ++group)
        store(target + group * group_lines * panel_lines, m[group]);
    }
  }
}

struct Panel {
  const std::uint8_t* packed = nullptr;
  int driven = 0;  // lines
  std::int32_t* current = nullptr;
  int spacing = 0;
  int vectors = 0;  // outputs wanted
};

template <int Steps>
WEFT_AVX512 inline void multiply(const Panel& panel, const Chunks& chunks, int first_step) {
  __m512i sum[Steps][panel_vectors];
  for (int s = 0; s < Steps; ++s) {
    for (int v = 0; v < panel_vectors; ++v)
      sum[s][v] = _mm512_set1_epi32(chunks.negative_total[first_step + s]);
  }
  const std::uint8_t* values = chunks.values + static_cast<std::ptrdiff_t>(first_step) * chunks.spacing;
  for (int i = 0; i < panel.driven; i += group_lines) {
    const std::uint8_t* packed = panel.packed + static_cast<std::ptrdiff_t>(i) * panel_lines;
    __m512i cells[panel_vectors];
    for (int v = 0; v < panel_vectors; ++v) cells[v] = load(packed + v * vector_bytes);
    for (int s = 0; s < Steps; ++s) {
      const __m512i four =
          _mm512_set1_epi32(four_bytes(values + static_cast<std::ptrdiff_t>(s) * chunks.spacing + i));
      for (int v = 0; v < panel_vectors; ++v) sum[s][v] = _mm512_dpbusd_epi32(sum[s][v], four, cells[v]);
    }
  }
  for (int s = 0; s < Steps; ++s) {
    std::int32_t* current = panel.current + static_cast<std::ptrdiff_t>(first_step + s) * panel.spacing;
    for (int v = 0; v < panel_vectors; ++v) {
      if (v < panel.vectors) store(current + v * vector_lines, sum[s][v]);
    }
  }
}

// Three steps at a time: with more, GCC 12 moves sums from register to register and to the stack.
WEFT_AVX512 inline void multiply_all(const Panel& panel, const Chunks& chunks) {
  int step = 0;
  for (; step + 3 <= chunks.steps; step += 3) multiply<3>(panel, chunks, step);
  if (chunks.steps - step == 2) multiply<2>(panel, chunks, step);
  if (chunks.steps - step == 1) multiply<1>(panel, chunks, step);
}

WEFT_AVX512 void column_currents(const CellBlock& block, const ActiveLine* rows, int row_count,
                                 const Chunks& chunks, std::uint8_t* scratch, std::int32_t* current) {
  for (int column = 0; column < block.width; column += panel_lines) {
    pack_columns(block, rows, row_count, chunks, column, scratch);
    const int vectors = std::min(block.width - column, panel_lines) / vector_lines;
    multiply_all({scratch, row_count, current + column, block.width, vectors}, chunks);
  }
}

WEFT_AVX512 void row_currents(const CellBlock& block, int rows, const Chunks& chunks, std::uint8_t* scratch,
                              std::int32_t* current) {
  const int spacing = pad_to_lanes(rows);
  for (int row = 0; row < spacing; row += panel_lines) {
    pack_rows(block, rows, chunks, row, scratch);
    const int vectors = std::min(spacing - row, panel_lines) / vector_lines;
    multiply_all({scratch, block.width, current + row, spacing, vectors}, chunks);
  }
}

// ---- Converters ----

struct VectorAdc {
  __m512i half;
  __m512i low;
  __m512i high;
  __m128i shift;
};

struct LaneCounts {
  __m512i clipped;
  __m512i changed;
};

WEFT_AVX512 inline __m512i converted(const VectorAdc& adc, __m512i current, LaneCounts& counts) {
  const __m512i one = _mm512_set1_epi32(1);
  const __m512i magnitude =
      _mm512_srl_epi32(_mm512_add_epi32(_mm512_abs_epi32(current), adc.half), adc.shift);
  const __mmask16 negative = _mm512_cmplt_epi32_mask(current, _mm512_setzero_si512());
  const __m512i code = _mm512_mask_sub_epi32(magnitude, negative, _mm512_setzero_si512(), magnitude);
  const __m512i kept = _mm512_min_epi32(_mm512_max_epi32(code, adc.low), adc.high);
  const __m512i value = _mm512_sll_epi32(kept, adc.shift);
  counts.clipped =
      _mm512_mask_add_epi32(counts.clipped, _mm512_cmpneq_epi32_mask(kept, code), counts.clipped, one);
  counts.changed =
      _mm512_mask_add_epi32(counts.changed, _mm512_cmpneq_epi32_mask(value, current), counts.changed, one);
  return value;
}

WEFT_AVX512 inline void add_shifted(std::int64_t* y, __m256i sum, __m128i shift) {
  store(y, _mm512_add_epi64(load(y), _mm512_sll_epi64(_mm512_cvtepi32_epi64(sum), shift)));
}

WEFT_AVX512 void convert(const Conversion& job, std::int64_t* y, AdcCounts& counts) {
  if (!job.narrow) return loops::convert(job, 0, y, counts);
  const VectorAdc adc{_mm512_set1_epi32((1 << job.adc.shift) >> 1), _mm512_set1_epi32(job.adc.low),
                      _mm512_set1_epi32(job.adc.high), _mm_cvtsi32_si128(job.adc.shift)};
  const __m128i step_shift = _mm_cvtsi32_si128(job.dac_bits);
  const __m128i weight_shift = _mm_cvtsi32_si128(job.weight_shift);
  LaneCounts lanes{_mm512_setzero_si512(), _mm512_setzero_si512()};
  const int whole = job.lines / vector_lines * vector_lines;
  for (int line = 0; line < whole; line += vector_lines) {
    __m512i sum = _mm512_setzero_si512();
    for (int k = job.steps - 1; k >= 0; --k) {
      const __m512i current = load(job.current + static_cast<std::ptrdiff_t>(k) * job.spacing + line);
      sum = _mm512_add_epi32(_mm512_sll_epi32(sum, step_shift), converted(adc, current, lanes));
    }
    add_shifted(y + line, _mm512_castsi512_si256(sum), weight_shift);
    add_shifted(y + line + vector_lines / 2, _mm512_extracti64x4_epi64(sum, 1), weight_shift);
  }
  const auto clipped = static_cast<std::uint64_t>(_mm512_reduce_add_epi32(lanes.clipped));
  counts.clipped += clipped;
  counts.rounded += static_cast<std::uint64_t>(_mm512_reduce_add_epi32(lanes.changed)) - clipped;
  loops::convert(job, whole, y, counts);
}

// ---- Deposits ----

template <int Tables>
WEFT_AVX512 inline Saturation deposit_from(const DepositJob& job, const loops::DepositTables& tables) {
  const __m512i highest = _mm512_set1_epi8(static_cast<char>(job.cell_max));
  __m512i units = _mm512_setzero_si512();
  Saturation saturation;
  for (int i = 0; i < job.row_count; ++i) {
    const int value = job.rows[i].value;
    const std::uint8_t* entry[Tables];
    for (int t = 0; t < Tables; ++t)
      entry[t] = loops::table_entry(tables.table[static_cast<std::size_t>(t)], std::abs(value), job.width);
    const __m512i row_negative = _mm512_set1_epi8(static_cast<char>(value < 0 ? -1 : 0));
    std::int8_t* cells = job.cells + job.rows[i].line * job.stride;
    for (int c = 0; c < job.width; c += vector_bytes) {
      const __mmask64 columns = first_bytes(job.width - c);
      __m512i deposit = _mm512_maskz_loadu_epi8(columns, entry[0] + c);
      for (int t = 1; t < Tables; ++t)
        deposit = _mm512_add_epi8(deposit, _mm512_maskz_loadu_epi8(columns, entry[t] + c));
      const __m512i flip = _mm512_xor_si512(row_negative, _mm512_maskz_loadu_epi8(columns, job.negative + c));
      const __m512i cell = _mm512_xor_si512(_mm512_maskz_loadu_epi8(columns, cells + c), flip);
      const __m512i taken = _mm512_min_epu8(deposit, _mm512_sub_epi8(highest, cell));
      _mm512_mask_storeu_epi8(cells + c, columns, _mm512_xor_si512(_mm512_add_epi8(cell, taken), flip));
      const __m512i lost = _mm512_sub_epi8(deposit, taken);
      units = _mm512_add_epi64(units, _mm512_sad_epu8(lost, _mm512_setzero_si512()));
      saturation.cells += static_cast<std::uint64_t>(__builtin_popcountll(_mm512_test_epi8_mask(lost, lost)));
    }
  }
  saturation.units = static_cast<std::uint64_t>(_mm512_reduce_add_epi64(units));
  return saturation;
}

WEFT_AVX512 Saturation deposit(const DepositJob& job) {
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

bool supported() {
  return __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0 &&
         __builtin_cpu_supports("avx512vl") != 0 && __builtin_cpu_supports("avx512vnni") != 0;
}

// The products of exact arithmetic are bound by memory: AVX2 does as well.
Kernels made() {
  Kernels kernels = *avx2_kernels();
  kernels.name = "avx512";
  kernels.column_currents = column_currents;
  kernels.row_currents = row_currents;
  kernels.convert = convert;
  kernels.deposit = deposit;
  return kernels;
}

}  // namespace

const Kernels* avx512_kernels() {
  if (avx2_kernels() == nullptr || !supported()) return nullptr;
  static const Kernels kernels = made();
  return &kernels;
}

}  // namespace weft::crossbar

#else

namespace weft::crossbar {
const Kernels* avx512_kernels() { return nullptr; }
}  // namespace weft::crossbar

#endif

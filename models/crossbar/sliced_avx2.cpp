// SPDX-License-Identifier: Apache-2.0
#include "models/crossbar/sliced_avx2.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define WEFT_VECTOR_TARGET __attribute__((target("avx2,popcnt")))

#include "models/crossbar/sliced_vector.h"

namespace weft::crossbar::avx2 {

namespace {

#define WEFT_AVX2 WEFT_VECTOR_TARGET static inline

// 256 bits. Products of bytes are added in 16-bit lanes.
struct Vector {
  using Reg = __m256i;
  static constexpr int bytes = 32;
  static constexpr int vectors_at_once = 2;
  static constexpr int steps_at_once = 3;
  // vpmaddubsw saturates: two products of a chunk and a cell must fit int16.
  static constexpr int largest_chunk = 127;
  // A lane takes two products of every four lines, each of at most 128 times the largest chunk.
  static constexpr int lines_at_once(int largest) {
    return 32767 / (2 * 128 * largest) * vectors::group_lines;
  }

  WEFT_AVX2 Reg load(const void* p) { return _mm256_loadu_si256(static_cast<const __m256i*>(p)); }
  WEFT_AVX2 void store(void* p, Reg v) { _mm256_storeu_si256(static_cast<__m256i*>(p), v); }
  // Rows are whole vectors long.
  WEFT_AVX2 Reg load_first(const void* p, int /*count*/) { return load(p); }
  WEFT_AVX2 void store_first(void* p, int /*count*/, Reg v) { store(p, v); }
  WEFT_AVX2 Reg zero() { return _mm256_setzero_si256(); }
  WEFT_AVX2 Reg broadcast_8(std::int8_t value) { return _mm256_set1_epi8(value); }
  WEFT_AVX2 Reg broadcast_16(std::int16_t value) { return _mm256_set1_epi16(value); }
  WEFT_AVX2 Reg broadcast_32(std::int32_t value) { return _mm256_set1_epi32(value); }
  WEFT_AVX2 Reg bitwise_and(Reg a, Reg b) { return _mm256_and_si256(a, b); }
  WEFT_AVX2 Reg exclusive_or(Reg a, Reg b) { return _mm256_xor_si256(a, b); }
  WEFT_AVX2 Reg unpack_low_8(Reg a, Reg b) { return _mm256_unpacklo_epi8(a, b); }
  WEFT_AVX2 Reg unpack_high_8(Reg a, Reg b) { return _mm256_unpackhi_epi8(a, b); }
  WEFT_AVX2 Reg unpack_low_16(Reg a, Reg b) { return _mm256_unpacklo_epi16(a, b); }
  WEFT_AVX2 Reg unpack_high_16(Reg a, Reg b) { return _mm256_unpackhi_epi16(a, b); }
  WEFT_AVX2 Reg unpack_low_32(Reg a, Reg b) { return _mm256_unpacklo_epi32(a, b); }
  WEFT_AVX2 Reg unpack_high_32(Reg a, Reg b) { return _mm256_unpackhi_epi32(a, b); }
  WEFT_AVX2 Reg unpack_low_64(Reg a, Reg b) { return _mm256_unpacklo_epi64(a, b); }
  WEFT_AVX2 Reg unpack_high_64(Reg a, Reg b) { return _mm256_unpackhi_epi64(a, b); }

  // What transpose_blocks() leaves to do: the blocks themselves change places.
  WEFT_AVX2 void transpose_quarters(Reg* m) {
    for (int j = 0; j < 4; ++j) {
      const Reg front = _mm256_permute2x128_si256(m[j], m[4 + j], 0x20);
      m[4 + j] = _mm256_permute2x128_si256(m[j], m[4 + j], 0x31);
      m[j] = front;
    }
  }

  // Sums of products are pairs of 16 bits.
  WEFT_AVX2 Reg add_four_products(Reg sum, Reg chunks, Reg cells) {
    return _mm256_add_epi16(sum, _mm256_maddubs_epi16(chunks, cells));
  }
  WEFT_AVX2 Reg sum_of_32(Reg sum) { return _mm256_madd_epi16(sum, _mm256_set1_epi16(1)); }
  WEFT_AVX2 void store_narrow(std::int16_t* current, int vector, int /*outputs*/, const Reg* sum, Reg total) {
    const Reg packed = _mm256_add_epi16(_mm256_packs_epi32(sum_of_32(sum[0]), sum_of_32(sum[1])), total);
    void* low = current + vectors::first_line(0, vector);
    void* high = current + vectors::first_line(1, vector);
    _mm_storeu_si128(static_cast<__m128i*>(low), _mm256_castsi256_si128(packed));
    _mm_storeu_si128(static_cast<__m128i*>(high), _mm256_extracti128_si256(packed, 1));
  }

  WEFT_AVX2 Reg add_16(Reg a, Reg b) { return _mm256_add_epi16(a, b); }
  WEFT_AVX2 Reg sign_16(Reg a) { return _mm256_srai_epi16(a, 15); }
  WEFT_AVX2 Reg min_16(Reg a, Reg b) { return _mm256_min_epi16(a, b); }
  WEFT_AVX2 Reg max_16(Reg a, Reg b) { return _mm256_max_epi16(a, b); }
  WEFT_AVX2 Reg count_equal_16(Reg counter, Reg a, Reg b) {
    return _mm256_sub_epi16(counter, _mm256_cmpeq_epi16(a, b));
  }
  WEFT_AVX2 Reg add_two_products(Reg sum, Reg a, Reg b) {
    return _mm256_add_epi32(sum, _mm256_madd_epi16(a, b));
  }
  WEFT_AVX2 void add_four(std::int64_t* y, __m128i sum, __m128i shift) {
    store(y, _mm256_add_epi64(load(y), _mm256_sll_epi64(_mm256_cvtepi32_epi64(sum), shift)));
  }
  // Sums of lines that unpack_low_16 and unpack_high_16 took apart.
  WEFT_AVX2 void add_shifted(std::int64_t* y, Reg low, Reg high, int shift) {
    const __m128i bits = _mm_cvtsi32_si128(shift);
    add_four(y, _mm256_castsi256_si128(low), bits);
    add_four(y + 4, _mm256_castsi256_si128(high), bits);
    add_four(y + 8, _mm256_extracti128_si256(low, 1), bits);
    add_four(y + 12, _mm256_extracti128_si256(high, 1), bits);
  }

  WEFT_AVX2 Reg add_8(Reg a, Reg b) { return _mm256_add_epi8(a, b); }
  WEFT_AVX2 Reg subtract_8(Reg a, Reg b) { return _mm256_sub_epi8(a, b); }
  WEFT_AVX2 Reg min_unsigned_8(Reg a, Reg b) { return _mm256_min_epu8(a, b); }
  WEFT_AVX2 Reg add_64(Reg a, Reg b) { return _mm256_add_epi64(a, b); }
  WEFT_AVX2 Reg sums_of_8(Reg a) { return _mm256_sad_epu8(a, zero()); }
  WEFT_AVX2 std::uint64_t nonzero_8(Reg a) {
    const auto is_zero = static_cast<unsigned>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(a, zero())));
    return static_cast<std::uint64_t>(__builtin_popcount(~is_zero));
  }
};

static_assert(vectors::panel_width<Vector> <= panel_lines);

}  // namespace

WEFT_VECTOR_TARGET void column_currents(const CellBlock& block, const ActiveLine* rows, int row_count,
                                        const Chunks& chunks, std::uint8_t* scratch,
                                        const Currents& current) {
  vectors::column_currents<Vector>(block, rows, row_count, chunks, scratch, current);
}

WEFT_VECTOR_TARGET void row_currents(const CellBlock& block, int rows, const Chunks& chunks,
                                     std::uint8_t* scratch, const Currents& current) {
  vectors::row_currents<Vector>(block, rows, chunks, scratch, current);
}

WEFT_VECTOR_TARGET void convert(const Conversion& job, std::int64_t* y, AdcCounts& counts) {
  vectors::convert<Vector>(job, y, counts);
}

WEFT_VECTOR_TARGET Saturation deposit(const DepositJob& job) { return vectors::deposit<Vector>(job); }

}  // namespace weft::crossbar::avx2

#endif

// SPDX-License-Identifier: Apache-2.0
#include "models/crossbar/kernels_avx2.h"

#if defined(__x86_64__)

#include <immintrin.h>

#include "models/crossbar/sliced_avx2.h"

#define WEFT_AVX2 __attribute__((target("avx2")))

namespace weft::crossbar {

namespace {

// Vectors of eight weights that make up a block of lane_padding columns.
constexpr int block_vectors = lane_padding / 8;

WEFT_AVX2 inline __m256i load(const void* p) { return _mm256_loadu_si256(static_cast<const __m256i*>(p)); }
WEFT_AVX2 inline void store(void* p, __m256i v) { _mm256_storeu_si256(static_cast<__m256i*>(p), v); }
// Brings the odd 32-bit lanes to the even places, where vpmuldq takes its factors from.
WEFT_AVX2 inline __m256i odd_lanes(__m256i v) { return _mm256_srli_epi64(v, 32); }

// Stores eight sums that were kept apart as even and odd columns.
WEFT_AVX2 inline void store_interleaved(std::int64_t* y, __m256i even, __m256i odd) {
  const __m256i low = _mm256_unpacklo_epi64(even, odd);
  const __m256i high = _mm256_unpackhi_epi64(even, odd);
  store(y, _mm256_permute2x128_si256(low, high, 0x20));
  store(y + 4, _mm256_permute2x128_si256(low, high, 0x31));
}

// 32 x 16-bit products are exact in 64 bits: vpmuldq on even and odd lanes, eight accumulators in
// registers over all rows.
WEFT_AVX2 void mvm(const WeightBlock& w, const ActiveLine* rows, int row_count, std::int64_t* y) {
  for (int c = 0; c < w.width; c += lane_padding) {
    __m256i even[block_vectors];
    __m256i odd[block_vectors];
    for (int v = 0; v < block_vectors; ++v) even[v] = odd[v] = _mm256_setzero_si256();
    for (int i = 0; i < row_count; ++i) {
      const std::int32_t* weights = w.weights + rows[i].line * w.stride + c;
      const __m256i x = _mm256_set1_epi32(rows[i].value);
      for (int v = 0; v < block_vectors; ++v) {
        const __m256i eight = load(weights + 8 * v);
        even[v] = _mm256_add_epi64(even[v], _mm256_mul_epi32(eight, x));
        odd[v] = _mm256_add_epi64(odd[v], _mm256_mul_epi32(odd_lanes(eight), x));
      }
    }
    for (int v = 0; v < block_vectors; ++v) store_interleaved(y + c + 8 * v, even[v], odd[v]);
  }
}

WEFT_AVX2 inline std::int64_t horizontal_sum(__m256i v) {
  const __m128i pair = _mm_add_epi64(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
  return _mm_cvtsi128_si64(_mm_add_epi64(pair, _mm_unpackhi_epi64(pair, pair)));
}

template <int Rows>
WEFT_AVX2 inline void dot_rows(const std::int32_t* weights, std::ptrdiff_t stride, int width,
                               const std::int16_t* d, std::int64_t* y) {
  __m256i even[Rows];
  __m256i odd[Rows];
  for (int r = 0; r < Rows; ++r) even[r] = odd[r] = _mm256_setzero_si256();
  for (int c = 0; c < width; c += 8) {
    const __m256i d_even =
        _mm256_cvtepi16_epi32(_mm_loadu_si128(static_cast<const __m128i*>(static_cast<const void*>(d + c))));
    const __m256i d_odd = odd_lanes(d_even);
    for (int r = 0; r < Rows; ++r) {
      const __m256i eight = load(weights + r * stride + c);
      even[r] = _mm256_add_epi64(even[r], _mm256_mul_epi32(eight, d_even));
      odd[r] = _mm256_add_epi64(odd[r], _mm256_mul_epi32(odd_lanes(eight), d_odd));
    }
  }
  for (int r = 0; r < Rows; ++r) y[r] = horizontal_sum(_mm256_add_epi64(even[r], odd[r]));
}

WEFT_AVX2 void mtvm(const WeightBlock& w, int rows, const std::int16_t* d, std::int64_t* y) {
  int r = 0;
  for (; r + 4 <= rows; r += 4) dot_rows<4>(w.weights + r * w.stride, w.stride, w.width, d, y + r);
  for (; r < rows; ++r) dot_rows<1>(w.weights + r * w.stride, w.stride, w.width, d, y + r);
}

WEFT_AVX2 void opa(std::int32_t* w, std::ptrdiff_t stride, int width, const ActiveLine* rows, int row_count,
                   const std::int16_t* d) {
  for (int c = 0; c < width; c += lane_padding) {
    // vpmaddwd on (operand, 0) pairs is an exact 16 x 16-bit product in one instruction.
    __m256i factor[block_vectors];
    for (int v = 0; v < block_vectors; ++v) {
      const void* eight = d + c + 8 * v;
      factor[v] = _mm256_cvtepu16_epi32(_mm_loadu_si128(static_cast<const __m128i*>(eight)));
    }
    for (int i = 0; i < row_count; ++i) {
      std::int32_t* weights = w + rows[i].line * stride + c;
      const __m256i x = _mm256_set1_epi32(rows[i].value & 0xffff);
      for (int v = 0; v < block_vectors; ++v) {
        store(weights + 8 * v, _mm256_add_epi32(load(weights + 8 * v), _mm256_madd_epi16(factor[v], x)));
      }
    }
  }
}

}  // namespace

const Kernels* avx2_kernels() {
  static const Kernels kernels{"avx2",
                               mvm,
                               mtvm,
                               opa,
                               avx2::column_currents,
                               avx2::row_currents,
                               avx2::convert,
                               avx2::deposit,
                               &avx2_real_kernels()};
  return __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("popcnt") != 0 ? &kernels : nullptr;
}

}  // namespace weft::crossbar

#else

namespace weft::crossbar {
const Kernels* avx2_kernels() { return nullptr; }
}  // namespace weft::crossbar

#endif

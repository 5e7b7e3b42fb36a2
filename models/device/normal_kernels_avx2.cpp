// SPDX-License-Identifier: Apache-2.0
#include "models/device/normal_kernels.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define WEFT_VECTOR_TARGET __attribute__((target("avx2")))

#include "models/device/normal_vector.h"

namespace weft::device {

namespace {

#define WEFT_AVX2 WEFT_VECTOR_TARGET static inline

struct Vector {
  using Words = __m256i;
  using Floats = __m256;
  static constexpr int lanes = 8;

  WEFT_AVX2 Words broadcast(std::uint32_t value) { return _mm256_set1_epi32(static_cast<int>(value)); }
  WEFT_AVX2 Words load(const std::uint32_t* p) {
    return _mm256_loadu_si256(static_cast<const __m256i*>(static_cast<const void*>(p)));
  }
  WEFT_AVX2 Words lane_numbers() { return _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7); }
  WEFT_AVX2 Words add(Words a, Words b) { return _mm256_add_epi32(a, b); }
  WEFT_AVX2 Words exclusive_or(Words a, Words b) { return _mm256_xor_si256(a, b); }
  WEFT_AVX2 Words bitwise_or(Words a, Words b) { return _mm256_or_si256(a, b); }
  WEFT_AVX2 Words shift_left(Words a, int bits) { return _mm256_slli_epi32(a, bits); }
  WEFT_AVX2 Words shift_right(Words a, int bits) { return _mm256_srli_epi32(a, bits); }
  WEFT_AVX2 Words shift_left_each(Words a, Words bits) { return _mm256_sllv_epi32(a, bits); }

  // The lower halves of the products; the upper ones go to `high`.
  WEFT_AVX2 Words multiply(Words a, std::uint32_t factor, Words& high) {
    const Words even = _mm256_mul_epu32(a, broadcast(factor));
    const Words odd = _mm256_mul_epu32(_mm256_srli_epi64(a, 32), broadcast(factor));
    high = _mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xaa);
    return _mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), 0xaa);
  }

  // By the exponent of the upper 31 bits as a float; clearing the bit below the leading one keeps rounding
  // from carrying into it. Zero, where only the lowest bit is set, has the smallest exponent.
  WEFT_AVX2 Words leading_zeros_of_odd(Words a) {
    const Words upper = _mm256_srli_epi32(a, 1);
    const Words steady = _mm256_andnot_si256(_mm256_srli_epi32(upper, 1), upper);
    const Words exponent = _mm256_srli_epi32(_mm256_castps_si256(_mm256_cvtepi32_ps(steady)), 23);
    constexpr int exponent_of_leading_bit = 127 + 30;
    const Words zeros = _mm256_sub_epi32(_mm256_set1_epi32(exponent_of_leading_bit), exponent);
    return _mm256_min_epi32(zeros, _mm256_set1_epi32(31));
  }

  WEFT_AVX2 Floats broadcast_float(float value) { return _mm256_set1_ps(value); }
  WEFT_AVX2 Floats to_floats(Words a) { return _mm256_cvtepi32_ps(a); }
  WEFT_AVX2 Floats gather(const float* table, Words index) { return _mm256_i32gather_ps(table, index, 4); }
  WEFT_AVX2 Floats add(Floats a, Floats b) { return _mm256_add_ps(a, b); }
  WEFT_AVX2 Floats subtract(Floats a, Floats b) { return _mm256_sub_ps(a, b); }
  WEFT_AVX2 Floats multiply(Floats a, Floats b) { return _mm256_mul_ps(a, b); }
  WEFT_AVX2 Floats with_sign_of(Floats z, Words bits) {
    return _mm256_xor_ps(z, _mm256_castsi256_ps(_mm256_and_si256(bits, broadcast(0x80000000U))));
  }

  WEFT_AVX2 void store_by_counter(float* p, const Floats* z) {
    const __m256d low_01 = _mm256_castps_pd(_mm256_unpacklo_ps(z[0], z[1]));
    const __m256d high_01 = _mm256_castps_pd(_mm256_unpackhi_ps(z[0], z[1]));
    const __m256d low_23 = _mm256_castps_pd(_mm256_unpacklo_ps(z[2], z[3]));
    const __m256d high_23 = _mm256_castps_pd(_mm256_unpackhi_ps(z[2], z[3]));
    // Counters 0 and 4, 1 and 5, ...
    const Floats q0 = _mm256_castpd_ps(_mm256_unpacklo_pd(low_01, low_23));
    const Floats q1 = _mm256_castpd_ps(_mm256_unpackhi_pd(low_01, low_23));
    const Floats q2 = _mm256_castpd_ps(_mm256_unpacklo_pd(high_01, high_23));
    const Floats q3 = _mm256_castpd_ps(_mm256_unpackhi_pd(high_01, high_23));
    _mm256_storeu_ps(p, _mm256_permute2f128_ps(q0, q1, 0x20));
    _mm256_storeu_ps(p + 8, _mm256_permute2f128_ps(q2, q3, 0x20));
    _mm256_storeu_ps(p + 16, _mm256_permute2f128_ps(q0, q1, 0x31));
    _mm256_storeu_ps(p + 24, _mm256_permute2f128_ps(q2, q3, 0x31));
  }
};

WEFT_VECTOR_TARGET void fill(const std::array<std::uint32_t, 4>& counter,
                             const std::array<std::uint32_t, 2>& key, int count, float* deviate) {
  vectors::fill<Vector>(counter, key, count, deviate);
}

WEFT_VECTOR_TARGET void fill_each(const std::array<std::uint32_t, 4>& counter,
                                  const std::array<std::uint32_t, 2>& key, const std::uint32_t* first,
                                  int count, float* deviate) {
  vectors::fill_each<Vector>(counter, key, first, count, deviate);
}

}  // namespace

const NormalKernels* avx2_normal_kernels() {
  static constexpr NormalKernels kernels{"avx2", fill, fill_each};
  return __builtin_cpu_supports("avx2") != 0 ? &kernels : nullptr;
}

}  // namespace weft::device

#else

namespace weft::device {
const NormalKernels* avx2_normal_kernels() { return nullptr; }
}  // namespace weft::device

#endif

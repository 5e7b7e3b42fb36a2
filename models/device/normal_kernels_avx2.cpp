// SPDX-License-Identifier: Apache-2.0
#include "models/device/normal_kernels.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define WEFT_VECTOR_TARGET __attribute__((target("avx2")))

#include "models/device/normal_vector.h"

namespace weft::device {

namespace {

#define WEFT_AVX2 WEFT_VECTOR_TARGET static inline

struct Vector : vectors::Lanes<32> {
  // The lower halves of the products; the upper ones go to `high`.
  WEFT_AVX2 Words multiply(Words a, std::uint32_t factor, Words& high) {
    const auto wide = reinterpret_cast<__m256i>(a);
    const __m256i factors = _mm256_set1_epi32(static_cast<int>(factor));
    const __m256i even = _mm256_mul_epu32(wide, factors);
    const __m256i odd = _mm256_mul_epu32(_mm256_srli_epi64(wide, 32), factors);
    high = reinterpret_cast<Words>(_mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xaa));
    return reinterpret_cast<Words>(_mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), 0xaa));
  }

  // By the exponent of the upper 31 bits as a float; clearing the bit below the leading one keeps rounding
  // from carrying into it. Zero, where only the lowest bit is set, has the smallest exponent.
  WEFT_AVX2 Words leading_zeros_of_odd(Words a) {
    const Words upper = a >> 1;
    const Words steady = upper & ~(upper >> 1);
    const Floats number = __builtin_convertvector(reinterpret_cast<Integers>(steady), Floats);
    const Words exponent = reinterpret_cast<Words>(number) >> 23;
    constexpr std::uint32_t exponent_of_leading_bit = 127 + 30;
    const Words zeros = exponent_of_leading_bit - exponent;
    return reinterpret_cast<Words>(_mm256_min_epi32(reinterpret_cast<__m256i>(zeros), _mm256_set1_epi32(31)));
  }

  WEFT_AVX2 Floats gather(const float* table, Words index) {
    return _mm256_i32gather_ps(table, reinterpret_cast<__m256i>(index), 4);
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

}  // namespace

const NormalKernels* avx2_normal_kernels() {
  static constexpr NormalKernels kernels{"avx2", vectors::fill<Vector>, vectors::fill_each<Vector>};
  return __builtin_cpu_supports("avx2") != 0 ? &kernels : nullptr;
}

}  // namespace weft::device

#else

namespace weft::device {
const NormalKernels* avx2_normal_kernels() { return nullptr; }
}  // namespace weft::device

#endif

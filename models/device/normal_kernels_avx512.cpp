// SPDX-License-Identifier: Apache-2.0
#include "models/device/normal_kernels.h"

#if defined(__x86_64__)

#include "models/common/avx512_intrinsics.h"

#define WEFT_VECTOR_TARGET __attribute__((target("avx512f,avx512cd")))

#include "models/device/normal_vector.h"

namespace weft::device {

namespace {

#define WEFT_AVX512 WEFT_VECTOR_TARGET static inline

struct Vector : vectors::Lanes<64> {
  // The lower halves of the products; the upper ones go to `high`.
  WEFT_AVX512 Words multiply(Words a, std::uint32_t factor, Words& high) {
    constexpr __mmask16 odd_lanes = 0xaaaa;
    const auto wide = reinterpret_cast<__m512i>(a);
    const __m512i factors = _mm512_set1_epi32(static_cast<int>(factor));
    const __m512i even = _mm512_mul_epu32(wide, factors);
    const __m512i odd = _mm512_mul_epu32(_mm512_srli_epi64(wide, 32), factors);
    high = reinterpret_cast<Words>(_mm512_mask_mov_epi32(_mm512_srli_epi64(even, 32), odd_lanes, odd));
    return reinterpret_cast<Words>(_mm512_mask_mov_epi32(even, odd_lanes, _mm512_slli_epi64(odd, 32)));
  }

  WEFT_AVX512 Words leading_zeros_of_odd(Words a) {
    return reinterpret_cast<Words>(_mm512_lzcnt_epi32(reinterpret_cast<__m512i>(a)));
  }

  WEFT_AVX512 Floats gather(const float* table, Words index) {
    return _mm512_i32gather_ps(reinterpret_cast<__m512i>(index), table, 4);
  }

  WEFT_AVX512 void store_by_counter(float* p, const Floats* z) {
    const __m512d low_01 = _mm512_castps_pd(_mm512_unpacklo_ps(z[0], z[1]));
    const __m512d high_01 = _mm512_castps_pd(_mm512_unpackhi_ps(z[0], z[1]));
    const __m512d low_23 = _mm512_castps_pd(_mm512_unpacklo_ps(z[2], z[3]));
    const __m512d high_23 = _mm512_castps_pd(_mm512_unpackhi_ps(z[2], z[3]));
    // Quarter l of q<j> is counter 4 l + j.
    const Floats q0 = _mm512_castpd_ps(_mm512_unpacklo_pd(low_01, low_23));
    const Floats q1 = _mm512_castpd_ps(_mm512_unpackhi_pd(low_01, low_23));
    const Floats q2 = _mm512_castpd_ps(_mm512_unpacklo_pd(high_01, high_23));
    const Floats q3 = _mm512_castpd_ps(_mm512_unpackhi_pd(high_01, high_23));
    const Floats front_01 = _mm512_shuffle_f32x4(q0, q1, 0x44);
    const Floats front_23 = _mm512_shuffle_f32x4(q2, q3, 0x44);
    const Floats back_01 = _mm512_shuffle_f32x4(q0, q1, 0xee);
    const Floats back_23 = _mm512_shuffle_f32x4(q2, q3, 0xee);
    _mm512_storeu_ps(p, _mm512_shuffle_f32x4(front_01, front_23, 0x88));
    _mm512_storeu_ps(p + 16, _mm512_shuffle_f32x4(front_01, front_23, 0xdd));
    _mm512_storeu_ps(p + 32, _mm512_shuffle_f32x4(back_01, back_23, 0x88));
    _mm512_storeu_ps(p + 48, _mm512_shuffle_f32x4(back_01, back_23, 0xdd));
  }
};

}  // namespace

const NormalKernels* avx512_normal_kernels() {
  static constexpr NormalKernels kernels{"avx512", vectors::fill<Vector>, vectors::fill_each<Vector>};
  const bool supported = __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512cd") != 0;
  return supported ? &kernels : nullptr;
}

}  // namespace weft::device

#else

namespace weft::device {
const NormalKernels* avx512_normal_kernels() { return nullptr; }
}  // namespace weft::device

#endif

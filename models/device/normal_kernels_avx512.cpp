// SPDX-License-Identifier: Apache-2.0
#include "models/device/normal_kernels.h"

#if defined(__x86_64__)

// GCC 12 takes the deliberately undefined source operand of its own AVX-512 intrinsics for a mistake.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#include <immintrin.h>
#pragma GCC diagnostic pop
#else
#include <immintrin.h>
#endif

#define WEFT_VECTOR_TARGET __attribute__((target("avx512f,avx512cd")))

#include "models/device/normal_vector.h"

namespace weft::device {

namespace {

#define WEFT_AVX512 WEFT_VECTOR_TARGET static inline

struct Vector {
  using Words = __m512i;
  using Floats = __m512;
  static constexpr int lanes = 16;

  WEFT_AVX512 Words broadcast(std::uint32_t value) { return _mm512_set1_epi32(static_cast<int>(value)); }
  WEFT_AVX512 Words load(const std::uint32_t* p) { return _mm512_loadu_si512(p); }
  WEFT_AVX512 Words lane_numbers() {
    return _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  }
  WEFT_AVX512 Words add(Words a, Words b) { return _mm512_add_epi32(a, b); }
  WEFT_AVX512 Words exclusive_or(Words a, Words b) { return _mm512_xor_si512(a, b); }
  WEFT_AVX512 Words bitwise_or(Words a, Words b) { return _mm512_or_si512(a, b); }
  WEFT_AVX512 Words shift_left(Words a, int bits) {
    return _mm512_slli_epi32(a, static_cast<unsigned>(bits));
  }
  WEFT_AVX512 Words shift_right(Words a, int bits) {
    return _mm512_srli_epi32(a, static_cast<unsigned>(bits));
  }
  WEFT_AVX512 Words shift_left_each(Words a, Words bits) { return _mm512_sllv_epi32(a, bits); }

  // The lower halves of the products; the upper ones go to `high`.
  WEFT_AVX512 Words multiply(Words a, std::uint32_t factor, Words& high) {
    constexpr __mmask16 odd_lanes = 0xaaaa;
    const Words even = _mm512_mul_epu32(a, broadcast(factor));
    const Words odd = _mm512_mul_epu32(_mm512_srli_epi64(a, 32), broadcast(factor));
    high = _mm512_mask_mov_epi32(_mm512_srli_epi64(even, 32), odd_lanes, odd);
    return _mm512_mask_mov_epi32(even, odd_lanes, _mm512_slli_epi64(odd, 32));
  }
  WEFT_AVX512 Words leading_zeros_of_odd(Words a) { return _mm512_lzcnt_epi32(a); }

  WEFT_AVX512 Floats broadcast_float(float value) { return _mm512_set1_ps(value); }
  WEFT_AVX512 Floats to_floats(Words a) { return _mm512_cvtepi32_ps(a); }
  WEFT_AVX512 Floats gather(const float* table, Words index) { return _mm512_i32gather_ps(index, table, 4); }
  WEFT_AVX512 Floats add(Floats a, Floats b) { return _mm512_add_ps(a, b); }
  WEFT_AVX512 Floats subtract(Floats a, Floats b) { return _mm512_sub_ps(a, b); }
  WEFT_AVX512 Floats multiply(Floats a, Floats b) { return _mm512_mul_ps(a, b); }
  WEFT_AVX512 Floats with_sign_of(Floats z, Words bits) {
    const Words sign = _mm512_and_si512(bits, broadcast(0x80000000U));
    return _mm512_castsi512_ps(_mm512_xor_si512(_mm512_castps_si512(z), sign));
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

const NormalKernels* avx512_normal_kernels() {
  static constexpr NormalKernels kernels{"avx512", fill, fill_each};
  const bool supported = __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512cd") != 0;
  return supported ? &kernels : nullptr;
}

}  // namespace weft::device

#else

namespace weft::device {
const NormalKernels* avx512_normal_kernels() { return nullptr; }
}  // namespace weft::device

#endif

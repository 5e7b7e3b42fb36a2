// SPDX-License-Identifier: Apache-2.0
#include "models/crossbar/kernels_avx512.h"

#if defined(__x86_64__)

#include "models/common/avx512_intrinsics.h"

#define WEFT_VECTOR_TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni,popcnt")))

#include "models/crossbar/kernels_avx2.h"
#include "models/crossbar/sliced_vector.h"

namespace weft::crossbar {

namespace {

#define WEFT_AVX512 WEFT_VECTOR_TARGET static inline

// 512 bits. Products of bytes are added in 32-bit lanes.
struct Vector {
  using Reg = __m512i;
  static constexpr int bytes = 64;
  static constexpr int vectors_at_once = 4;
  static constexpr int steps_at_once = 5;
  static constexpr int largest_chunk = 255;
  static constexpr int lines_at_once(int /*largest*/) { return ArrayConfig::max_lines; }

  WEFT_AVX512 __mmask64 first_bytes(int count) {
    return count >= bytes ? ~__mmask64{0} : (__mmask64{1} << count) - 1;
  }
  WEFT_AVX512 Reg load(const void* p) { return _mm512_loadu_si512(p); }
  WEFT_AVX512 void store(void* p, Reg v) { _mm512_storeu_si512(p, v); }
  WEFT_AVX512 Reg load_first(const void* p, int count) {
    return _mm512_maskz_loadu_epi8(first_bytes(count), p);
  }
  WEFT_AVX512 void store_first(void* p, int count, Reg v) {
    _mm512_mask_storeu_epi8(p, first_bytes(count), v);
  }
  WEFT_AVX512 Reg zero() { return _mm512_setzero_si512(); }
  WEFT_AVX512 Reg broadcast_8(std::int8_t value) { return _mm512_set1_epi8(value); }
  WEFT_AVX512 Reg broadcast_16(std::int16_t value) { return _mm512_set1_epi16(value); }
  WEFT_AVX512 Reg broadcast_32(std::int32_t value) { return _mm512_set1_epi32(value); }
  WEFT_AVX512 Reg bitwise_and(Reg a, Reg b) { return _mm512_and_si512(a, b); }
  WEFT_AVX512 Reg exclusive_or(Reg a, Reg b) { return _mm512_xor_si512(a, b); }
  WEFT_AVX512 Reg unpack_low_8(Reg a, Reg b) { return _mm512_unpacklo_epi8(a, b); }
  WEFT_AVX512 Reg unpack_high_8(Reg a, Reg b) { return _mm512_unpackhi_epi8(a, b); }
  WEFT_AVX512 Reg unpack_low_16(Reg a, Reg b) { return _mm512_unpacklo_epi16(a, b); }
  WEFT_AVX512 Reg unpack_high_16(Reg a, Reg b) { return _mm512_unpackhi_epi16(a, b); }
  WEFT_AVX512 Reg unpack_low_32(Reg a, Reg b) { return _mm512_unpacklo_epi32(a, b); }
  WEFT_AVX512 Reg unpack_high_32(Reg a, Reg b) { return _mm512_unpackhi_epi32(a, b); }
  WEFT_AVX512 Reg unpack_low_64(Reg a, Reg b) { return _mm512_unpacklo_epi64(a, b); }
  WEFT_AVX512 Reg unpack_high_64(Reg a, Reg b) { return _mm512_unpackhi_epi64(a, b); }

  // What transpose_blocks() leaves to do: the blocks themselves change places.
  WEFT_AVX512 void transpose_quarters(Reg* m) {
    Reg t[16];
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

  WEFT_AVX512 Reg add_four_products(Reg sum, Reg chunks, Reg cells) {
    // Around the intrinsic, GCC 12 moves every sum to another register and back.
    __asm__("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(chunks), "v"(cells));
    return sum;
  }
  WEFT_AVX512 Reg sum_of_32(Reg sum) { return sum; }
  WEFT_AVX512 void store_narrow(std::int16_t* current, int /*vector*/, int outputs, const Reg* sum,
                                Reg total) {
    // Quarter q of `even` has lines 16 q .. 16 q + 7, of `odd` the eight that follow.
    const Reg even = _mm512_add_epi16(_mm512_packs_epi32(sum[0], sum[1]), total);
    const Reg odd = _mm512_add_epi16(_mm512_packs_epi32(sum[2], sum[3]), total);
    store(current, _mm512_permutex2var_epi64(even, _mm512_setr_epi64(0, 1, 8, 9, 2, 3, 10, 11), odd));
    if (outputs <= bytes / 2) return;
    store(current + bytes / 2,
          _mm512_permutex2var_epi64(even, _mm512_setr_epi64(4, 5, 12, 13, 6, 7, 14, 15), odd));
  }

  WEFT_AVX512 Reg add_16(Reg a, Reg b) { return _mm512_add_epi16(a, b); }
  WEFT_AVX512 Reg sign_16(Reg a) { return _mm512_srai_epi16(a, 15); }
  WEFT_AVX512 Reg min_16(Reg a, Reg b) { return _mm512_min_epi16(a, b); }
  WEFT_AVX512 Reg max_16(Reg a, Reg b) { return _mm512_max_epi16(a, b); }
  WEFT_AVX512 Reg count_equal_16(Reg counter, Reg a, Reg b) {
    return _mm512_mask_add_epi16(counter, _mm512_cmpeq_epi16_mask(a, b), counter, _mm512_set1_epi16(1));
  }
  WEFT_AVX512 Reg add_two_products(Reg sum, Reg a, Reg b) { return _mm512_dpwssd_epi32(sum, a, b); }
  WEFT_AVX512 void add_eight(std::int64_t* y, __m256i sum, __m128i shift) {
    store(y, _mm512_add_epi64(load(y), _mm512_sll_epi64(_mm512_cvtepi32_epi64(sum), shift)));
  }
  // Sums of lines that unpack_low_16 and unpack_high_16 took apart.
  WEFT_AVX512 void add_shifted(std::int64_t* y, Reg low, Reg high, int shift) {
    const __m128i bits = _mm_cvtsi32_si128(shift);
    const Reg front = _mm512_permutex2var_epi64(low, _mm512_setr_epi64(0, 1, 8, 9, 2, 3, 10, 11), high);
    const Reg back = _mm512_permutex2var_epi64(low, _mm512_setr_epi64(4, 5, 12, 13, 6, 7, 14, 15), high);
    add_eight(y, _mm512_castsi512_si256(front), bits);
    add_eight(y + 8, _mm512_extracti64x4_epi64(front, 1), bits);
    add_eight(y + 16, _mm512_castsi512_si256(back), bits);
    add_eight(y + 24, _mm512_extracti64x4_epi64(back, 1), bits);
  }

  WEFT_AVX512 Reg add_8(Reg a, Reg b) { return _mm512_add_epi8(a, b); }
  WEFT_AVX512 Reg subtract_8(Reg a, Reg b) { return _mm512_sub_epi8(a, b); }
  WEFT_AVX512 Reg min_unsigned_8(Reg a, Reg b) { return _mm512_min_epu8(a, b); }
  WEFT_AVX512 Reg add_64(Reg a, Reg b) { return _mm512_add_epi64(a, b); }
  WEFT_AVX512 Reg sums_of_8(Reg a) { return _mm512_sad_epu8(a, zero()); }
  WEFT_AVX512 std::uint64_t nonzero_8(Reg a) {
    return static_cast<std::uint64_t>(__builtin_popcountll(_mm512_test_epi8_mask(a, a)));
  }
};

static_assert(vectors::panel_width<Vector> <= panel_lines);

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

bool supported() {
  return __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0 &&
         __builtin_cpu_supports("avx512vl") != 0 && __builtin_cpu_supports("avx512dq") != 0 &&
         __builtin_cpu_supports("avx512vnni") != 0;
}

// The products of exact arithmetic are bound by memory: AVX2 does as well.
Kernels made() {
  Kernels kernels = *avx2_kernels();
  kernels.name = "avx512";
  kernels.column_currents = column_currents;
  kernels.row_currents = row_currents;
  kernels.convert = convert;
  kernels.deposit = deposit;
  kernels.real = &avx512_real_kernels();
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

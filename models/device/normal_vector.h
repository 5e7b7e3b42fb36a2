// SPDX-License-Identifier: Apache-2.0
// normal_kernels.h on vectors, once for all instruction sets. The file of an instruction set defines
// WEFT_VECTOR_TARGET, the attribute that its functions need, includes this header and passes its type V:
// Lanes, and the four operations for which compilers have no common notation. Lane i of V::Words belongs to
// counter i of a batch.
#pragma once

#ifndef WEFT_VECTOR_TARGET
#error "define WEFT_VECTOR_TARGET before including normal_vector.h"
#endif

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "models/device/normal_kernels.h"

namespace weft::device::vectors {

constexpr std::array<std::uint32_t, 16> first_integers{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

// GCC's and clang's vector types.
template <int Bytes>
struct Lanes {
  using Words [[gnu::vector_size(Bytes)]] = std::uint32_t;
  using Integers [[gnu::vector_size(Bytes)]] = std::int32_t;
  using Floats [[gnu::vector_size(Bytes)]] = float;
  static constexpr int count = Bytes / 4;

  WEFT_VECTOR_TARGET static inline Words numbers() {
    Words numbers;
    static_assert(sizeof numbers <= sizeof first_integers);
    std::memcpy(&numbers, first_integers.data(), sizeof numbers);
    return numbers;
  }
};

// Ten rounds of Philox4x32 (models/common/counter_rng.h).
template <class V>
WEFT_VECTOR_TARGET inline void philox(typename V::Words (&word)[4], std::array<std::uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    typename V::Words high0;
    typename V::Words high1;
    const auto low0 = V::multiply(word[0], 0xD2511F53U, high0);
    const auto low1 = V::multiply(word[2], 0xCD9E8D57U, high1);
    word[0] = high1 ^ word[1] ^ key[0];
    word[1] = low1;
    word[2] = high0 ^ word[3] ^ key[1];
    word[3] = low0;
    key[0] += 0x9E3779B9U;
    key[1] += 0xBB67AE85U;
  }
}

// normal_by() of every lane.
template <class V>
WEFT_VECTOR_TARGET inline typename V::Floats normals(const float* table, typename V::Words bits) {
  using Words = typename V::Words;
  using Floats = typename V::Floats;
  const Words tail = (bits << 1) | 1U;
  const Words octave = V::leading_zeros_of_odd(tail);
  const Words mantissa = (tail << octave) << 1;
  const Words segment = mantissa >> (32 - QuantileTable::segment_bits);
  // A row of the table has one entry more than segments.
  const Words entry = (octave << QuantileTable::segment_bits) + octave + segment;
  // Of 32 bits the lowest is zero: half of them, which fits a signed integer, has the same digits.
  const Words half = (mantissa << QuantileTable::segment_bits) >> 1;
  const auto signed_half = reinterpret_cast<typename V::Integers>(half);
  const Floats fraction = __builtin_convertvector(signed_half, Floats) * 0x1.0p-31F;
  const Floats lower = V::gather(table, entry);
  const Floats upper = V::gather(table + 1, entry);
  const Floats z = lower + fraction * (upper - lower);
  return reinterpret_cast<Floats>(reinterpret_cast<Words>(z) ^ (bits & 0x80000000U));
}

// The batch of counters whose first words are `first`, as far as `count` deviates go.
template <class V>
WEFT_VECTOR_TARGET inline void fill_batch(const std::array<std::uint32_t, 4>& counter,
                                          const std::array<std::uint32_t, 2>& key, typename V::Words first,
                                          int count, float* deviate) {
  constexpr int batch = 4 * V::count;
  const float* table = quantiles().value.front().data();
  const typename V::Words zero{};
  typename V::Words word[4] = {first, zero + counter[1], zero + counter[2], zero + counter[3]};
  philox<V>(word, key);
  typename V::Floats z[4];
  for (int w = 0; w < 4; ++w) z[w] = normals<V>(table, word[w]);
  if (count >= batch) {
    V::store_by_counter(deviate, z);
    return;
  }
  std::array<float, batch> last;
  V::store_by_counter(last.data(), z);
  std::copy_n(last.begin(), count, deviate);
}

template <class V>
WEFT_VECTOR_TARGET inline void fill(const std::array<std::uint32_t, 4>& counter,
                                    const std::array<std::uint32_t, 2>& key, int count, float* deviate) {
  constexpr int batch = 4 * V::count;
  for (int i = 0; i < count; i += batch) {
    const std::uint32_t base = counter[0] + static_cast<std::uint32_t>(i / 4);
    fill_batch<V>(counter, key, V::numbers() + base, count - i, deviate + i);
  }
}

template <class V>
WEFT_VECTOR_TARGET inline void fill_each(const std::array<std::uint32_t, 4>& counter,
                                         const std::array<std::uint32_t, 2>& key, const std::uint32_t* first,
                                         int count, float* deviate) {
  for (int i = 0; i < count; i += V::count) {
    typename V::Words words{};
    std::memcpy(&words, first + i,
                sizeof(std::uint32_t) * static_cast<std::size_t>(std::min(count - i, V::count)));
    fill_batch<V>(counter, key, words, 4 * (count - i), deviate + std::ptrdiff_t{4} * i);
  }
}

}  // namespace weft::device::vectors

// SPDX-License-Identifier: Apache-2.0
// normal_kernels.h on vectors, once for all instruction sets. The file of an instruction set defines
// WEFT_VECTOR_TARGET, the attribute that its functions need, includes this header and passes its vector type
// V. Lane i of V::Words belongs to counter i of a batch.
#pragma once

#ifndef WEFT_VECTOR_TARGET
#error "define WEFT_VECTOR_TARGET before including normal_vector.h"
#endif

#include <algorithm>

#include "models/device/normal_kernels.h"

namespace weft::device::vectors {

// Ten rounds of Philox4x32 (models/common/counter_rng.h).
template <class V>
WEFT_VECTOR_TARGET inline void philox(typename V::Words (&word)[4], std::array<std::uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    typename V::Words high0;
    typename V::Words high1;
    const auto low0 = V::multiply(word[0], 0xD2511F53U, high0);
    const auto low1 = V::multiply(word[2], 0xCD9E8D57U, high1);
    word[0] = V::exclusive_or(V::exclusive_or(high1, word[1]), V::broadcast(key[0]));
    word[1] = low1;
    word[2] = V::exclusive_or(V::exclusive_or(high0, word[3]), V::broadcast(key[1]));
    word[3] = low0;
    key[0] += 0x9E3779B9U;
    key[1] += 0xBB67AE85U;
  }
}

// normal_by() of every lane.
template <class V>
WEFT_VECTOR_TARGET inline typename V::Floats normals(const float* table, typename V::Words bits) {
  const auto tail = V::bitwise_or(V::shift_left(bits, 1), V::broadcast(1));
  const auto octave = V::leading_zeros_of_odd(tail);
  const auto mantissa = V::shift_left(V::shift_left_each(tail, octave), 1);
  const auto segment = V::shift_right(mantissa, 32 - QuantileTable::segment_bits);
  // A row of the table has one entry more than segments.
  const auto entry = V::add(V::add(V::shift_left(octave, QuantileTable::segment_bits), octave), segment);
  // Of 32 bits the lowest is zero: half of them, which fits a signed integer, has the same digits.
  const auto half = V::shift_right(V::shift_left(mantissa, QuantileTable::segment_bits), 1);
  const auto fraction = V::multiply(V::to_floats(half), V::broadcast_float(0x1.0p-31F));
  const auto lower = V::gather(table, entry);
  const auto upper = V::gather(table + 1, entry);
  const auto z = V::add(lower, V::multiply(fraction, V::subtract(upper, lower)));
  return V::with_sign_of(z, bits);
}

// The batch of counters whose first words are `first`, as far as `count` deviates go.
template <class V>
WEFT_VECTOR_TARGET inline void fill_batch(const std::array<std::uint32_t, 4>& counter,
                                          const std::array<std::uint32_t, 2>& key, typename V::Words first,
                                          int count, float* deviate) {
  constexpr int batch = 4 * V::lanes;
  const float* table = quantiles().value.front().data();
  typename V::Words word[4] = {first, V::broadcast(counter[1]), V::broadcast(counter[2]),
                               V::broadcast(counter[3])};
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
  constexpr int batch = 4 * V::lanes;
  for (int i = 0; i < count; i += batch) {
    const auto first =
        V::add(V::broadcast(counter[0] + static_cast<std::uint32_t>(i / 4)), V::lane_numbers());
    fill_batch<V>(counter, key, first, count - i, deviate + i);
  }
}

template <class V>
WEFT_VECTOR_TARGET inline void fill_each(const std::array<std::uint32_t, 4>& counter,
                                         const std::array<std::uint32_t, 2>& key, const std::uint32_t* first,
                                         int count, float* deviate) {
  std::array<std::uint32_t, V::lanes> last{};
  for (int i = 0; i < count; i += V::lanes) {
    const std::uint32_t* words = first + i;
    if (count - i < V::lanes) {
      std::copy_n(words, count - i, last.begin());
      words = last.data();
    }
    fill_batch<V>(counter, key, V::load(words), 4 * (count - i), deviate + std::ptrdiff_t{4} * i);
  }
}

}  // namespace weft::device::vectors

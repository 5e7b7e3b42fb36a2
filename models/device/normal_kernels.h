// SPDX-License-Identifier: Apache-2.0
// Normal deviates of consecutive Philox counters, many at a time: one version for every processor, one for
// AVX2 and one for AVX-512, chosen at run time. All return the same bits: the generator is integer
// arithmetic, and single-precision operations follow each other in one order, never contracted.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace weft::device {

// Quantiles of the normal distribution: entry [octave][i] is the z > 0 with P(|Z| > z) =
// 2^-(octave+1) * (1 + i / segments).
struct QuantileTable {
  static constexpr int octaves = 32;
  static constexpr int segments = 64;
  static constexpr int segment_bits = 6;

  QuantileTable();

  std::array<std::array<float, segments + 1>, octaves> value;
};
const QuantileTable& quantiles();

// Standard normal deviate of 32 random bits: the top bit is the sign, the others and a half the tail
// probability.
inline float normal_by(const QuantileTable& table, std::uint32_t bits) {
  const std::uint32_t tail = (bits << 1) | 1U;
  const int octave = __builtin_clz(tail);
  const std::uint32_t mantissa = (tail << octave) << 1;
  const auto& row = table.value[static_cast<std::size_t>(octave)];
  const std::uint32_t segment = mantissa >> (32 - QuantileTable::segment_bits);
  const float fraction = static_cast<float>(mantissa << QuantileTable::segment_bits) * 0x1.0p-32F;
  const float z = row[segment] + fraction * (row[segment + 1] - row[segment]);
  return (bits >> 31) != 0 ? -z : z;
}

struct NormalKernels {
  const char* name;
  // deviate[4 * i + j], as far as it is less than `count`: normal deviate of word j of the block whose
  // counter is `counter` with i added to its first word.
  void (*fill)(const std::array<std::uint32_t, 4>& counter, const std::array<std::uint32_t, 2>& key,
               int count, float* deviate);
  // deviate[4 * i + j], i < count: normal deviate of word j of the block whose counter is `counter` with
  // first[i] as its first word.
  void (*fill_each)(const std::array<std::uint32_t, 4>& counter, const std::array<std::uint32_t, 2>& key,
                    const std::uint32_t* first, int count, float* deviate);
};

const NormalKernels& best_normal_kernels();
// Every set this processor can run, portable first.
std::vector<const NormalKernels*> available_normal_kernels();

// Null where the processor lacks the instructions or the target is not x86-64.
const NormalKernels* avx2_normal_kernels();
const NormalKernels* avx512_normal_kernels();

}  // namespace weft::device

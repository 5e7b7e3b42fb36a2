// SPDX-License-Identifier: Apache-2.0
#include "models/device/normal_kernels.h"

#include <algorithm>
#include <cmath>

#include "models/common/counter_rng.h"

namespace weft::device {

namespace {

constexpr double sqrt2 = 1.4142135623730950488;
constexpr double inverse_sqrt_2pi = 0.3989422804014326779;

// The z > 0 with P(|Z| > z) = tail, by Newton's method on a convex function, from the left.
double two_sided_quantile(double tail) {
  if (tail >= 1) return 0;
  double z = 0;
  for (int i = 0; i < 200; ++i) {
    const double step = (std::erfc(z / sqrt2) - tail) / (2 * inverse_sqrt_2pi * std::exp(-0.5 * z * z));
    z += step;
    if (step < 1e-13) break;
  }
  return z;
}

// philox4x32 of consecutive counters, in lanes for the compiler to vectorise (a test compares the two).
struct PhiloxLanes {
  static constexpr int count = 8;
  std::array<std::array<std::uint32_t, static_cast<std::size_t>(count)>, 4> word;

  void start(const std::array<std::uint32_t, 4>& counter, int first) {
    for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
      word[0][i] = counter[0] + static_cast<std::uint32_t>(first) + static_cast<std::uint32_t>(i);
      for (std::size_t w = 1; w < 4; ++w) word[w][i] = counter[w];
    }
  }

  void run(std::array<std::uint32_t, 2> key) {
    for (int round = 0; round < 10; ++round) {
      for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
        const std::uint64_t product0 = 0xD2511F53ULL * word[0][i];
        const std::uint64_t product1 = 0xCD9E8D57ULL * word[2][i];
        word[0][i] = static_cast<std::uint32_t>(product1 >> 32) ^ word[1][i] ^ key[0];
        word[1][i] = static_cast<std::uint32_t>(product1);
        word[2][i] = static_cast<std::uint32_t>(product0 >> 32) ^ word[3][i] ^ key[1];
        word[3][i] = static_cast<std::uint32_t>(product0);
      }
      key[0] += 0x9E3779B9U;
      key[1] += 0xBB67AE85U;
    }
  }
};

void fill(const std::array<std::uint32_t, 4>& counter, const std::array<std::uint32_t, 2>& key, int count,
          float* deviate) {
  const QuantileTable& table = quantiles();
  PhiloxLanes lanes;
  for (int first = 0; first < count; first += 4 * PhiloxLanes::count) {
    lanes.start(counter, first / 4);
    lanes.run(key);
    for (int i = first; i < std::min(count, first + 4 * PhiloxLanes::count); ++i) {
      const int lane = (i - first) / 4;
      deviate[i] =
          normal_by(table, lanes.word[static_cast<std::size_t>(i % 4)][static_cast<std::size_t>(lane)]);
    }
  }
}

void fill_each(const std::array<std::uint32_t, 4>& counter, const std::array<std::uint32_t, 2>& key,
               const std::uint32_t* first, int count, float* deviate) {
  const QuantileTable& table = quantiles();
  std::array<std::uint32_t, 4> own = counter;
  for (int i = 0; i < count; ++i) {
    own[0] = first[i];
    for (const std::uint32_t word : philox4x32(own, key)) *deviate++ = normal_by(table, word);
  }
}

}  // namespace

QuantileTable::QuantileTable() {
  for (int octave = 0; octave < octaves; ++octave) {
    for (int i = 0; i <= segments; ++i) {
      const double tail = std::ldexp(1.0 + static_cast<double>(i) / segments, -octave - 1);
      value[static_cast<std::size_t>(octave)][static_cast<std::size_t>(i)] =
          static_cast<float>(two_sided_quantile(tail));
    }
  }
}

const QuantileTable& quantiles() {
  static const QuantileTable table;
  return table;
}

std::vector<const NormalKernels*> available_normal_kernels() {
  static constexpr NormalKernels portable{"portable", fill, fill_each};
  std::vector<const NormalKernels*> sets{&portable};
  if (const NormalKernels* avx2 = avx2_normal_kernels()) sets.push_back(avx2);
  if (const NormalKernels* avx512 = avx512_normal_kernels()) sets.push_back(avx512);
  return sets;
}

const NormalKernels& best_normal_kernels() {
  static const NormalKernels* const best = available_normal_kernels().back();
  return *best;
}

}  // namespace weft::device

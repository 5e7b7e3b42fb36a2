// SPDX-License-Identifier: Apache-2.0
#include "models/device/cell_random.h"

#include <algorithm>
#include <cmath>

#include "models/common/counter_rng.h"

namespace weft::device {

namespace {

// Keeps device streams apart from every other stream of the same seed.
constexpr std::uint64_t domain = 0x6465766963655f31;

constexpr int octaves = 32;
constexpr int segments = 64;
constexpr int segment_bits = 6;
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

// Entry [octave][i]: quantile at the tail probability 2^-(octave+1) * (1 + i / segments).
struct QuantileTable {
  std::array<std::array<float, segments + 1>, octaves> value;

  QuantileTable() {
    for (int octave = 0; octave < octaves; ++octave) {
      for (int i = 0; i <= segments; ++i) {
        const double tail = std::ldexp(1.0 + static_cast<double>(i) / segments, -octave - 1);
        value[static_cast<std::size_t>(octave)][static_cast<std::size_t>(i)] =
            static_cast<float>(two_sided_quantile(tail));
      }
    }
  }
};

const QuantileTable& quantiles() {
  static const QuantileTable table;
  return table;
}

// philox4x32 of consecutive counters, in lanes for the compiler to vectorise (a test compares the two).
struct PhiloxLanes {
  static constexpr int count = 8;
  std::array<std::array<std::uint32_t, static_cast<std::size_t>(count)>, 4> word;

  void start(const std::array<std::uint32_t, 4>& counter) {
    for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
      word[0][i] = counter[0] + static_cast<std::uint32_t>(i);
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

inline float normal_by(const QuantileTable& table, std::uint32_t bits) {
  // The top bit is the sign, the others and a half the tail probability.
  const std::uint32_t tail = (bits << 1) | 1U;
  const int octave = __builtin_clz(tail);
  const std::uint32_t mantissa = (tail << octave) << 1;
  const auto& row = table.value[static_cast<std::size_t>(octave)];
  const std::uint32_t segment = mantissa >> (32 - segment_bits);
  const float fraction = static_cast<float>(mantissa << segment_bits) * 0x1.0p-32F;
  const float z = row[segment] + fraction * (row[segment + 1] - row[segment]);
  return (bits >> 31) != 0 ? -z : z;
}

}  // namespace

float normal_from_bits(std::uint32_t bits) { return normal_by(quantiles(), bits); }

CellRandom::CellRandom(std::uint64_t seed, std::uint32_t unit, int slice)
    : key_{static_cast<std::uint32_t>(seed ^ domain), static_cast<std::uint32_t>((seed ^ domain) >> 32)},
      unit_(unit),
      slice_(static_cast<std::uint32_t>(slice)) {}

std::array<std::uint32_t, 4> CellRandom::counter(Purpose purpose, std::uint32_t item, std::uint64_t operation,
                                                 std::uint32_t block) const {
  const auto operation_low = static_cast<std::uint32_t>(operation);
  const auto operation_high = static_cast<std::uint32_t>(operation >> 32);
  return {item | (block << 20), operation_low, unit_,
          static_cast<std::uint32_t>(purpose) | (slice_ << 5) | (operation_high << 10)};
}

std::array<std::uint32_t, 4> CellRandom::bits(Purpose purpose, std::uint32_t item, std::uint64_t operation,
                                              std::uint32_t block) const {
  return philox4x32(counter(purpose, item, operation, block), key_);
}

std::array<float, 4> CellRandom::normals(Purpose purpose, std::uint32_t item, std::uint64_t operation,
                                         std::uint32_t block) const {
  const auto words = bits(purpose, item, operation, block);
  const QuantileTable& table = quantiles();
  return {normal_by(table, words[0]), normal_by(table, words[1]), normal_by(table, words[2]),
          normal_by(table, words[3])};
}

void CellRandom::normals(Purpose purpose, std::uint64_t operation, std::uint32_t block, int count,
                         float* deviate) const {
  const QuantileTable& table = quantiles();
  PhiloxLanes lanes;
  for (int first = 0; first < count; first += 4 * PhiloxLanes::count) {
    lanes.start(counter(purpose, static_cast<std::uint32_t>(first / 4), operation, block));
    lanes.run(key_);
    for (int i = first; i < std::min(count, first + 4 * PhiloxLanes::count); ++i) {
      const int lane = (i - first) / 4;
      deviate[i] =
          normal_by(table, lanes.word[static_cast<std::size_t>(i % 4)][static_cast<std::size_t>(lane)]);
    }
  }
}

}  // namespace weft::device

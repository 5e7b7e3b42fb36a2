// SPDX-License-Identifier: Apache-2.0
#include "models/device/cell_random.h"

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

std::array<std::uint32_t, 4> CellRandom::bits(Purpose purpose, std::uint32_t item, std::uint64_t operation,
                                              std::uint32_t block) const {
  const auto operation_low = static_cast<std::uint32_t>(operation);
  const auto operation_high = static_cast<std::uint32_t>(operation >> 32);
  return philox4x32({item | (block << 20), operation_low, unit_,
                     static_cast<std::uint32_t>(purpose) | (slice_ << 5) | (operation_high << 10)},
                    key_);
}

std::array<float, 4> CellRandom::normals(Purpose purpose, std::uint32_t item, std::uint64_t operation,
                                         std::uint32_t block) const {
  const auto words = bits(purpose, item, operation, block);
  const QuantileTable& table = quantiles();
  return {normal_by(table, words[0]), normal_by(table, words[1]), normal_by(table, words[2]),
          normal_by(table, words[3])};
}

}  // namespace weft::device

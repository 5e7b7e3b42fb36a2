// SPDX-License-Identifier: Apache-2.0
// Random numbers of device effects: every number is a pure function of (seed, unit, slice, purpose,
// operation, item), so it depends neither on other units nor on the order of work within an operation.
//
// Generator: Philox4x32-10 (models/common/counter_rng.h). Normal deviates by inversion of the normal
// distribution, a table of 64 segments an octave of the tail probability: off by less than 2e-5, and no
// deviate beyond 6.5 standard deviations.
#pragma once

#include <array>
#include <cstdint>

namespace weft::device {

enum class Purpose : std::uint32_t {
  stuck,
  variation,
  drift,
  step,
  bounds,
  programming,
  verify,
  pulse,
  line_noise,
  cell_noise
};

// Deviates never exceed this magnitude.
constexpr float largest_normal = 6.5F;

// Standard normal deviate of 32 random bits.
float normal_from_bits(std::uint32_t bits);
// Uniform in (0, 1).
inline double uniform_from_bits(std::uint32_t bits) { return (bits + 0.5) * 0x1.0p-32; }

class CellRandom {
 public:
  CellRandom(std::uint64_t seed, std::uint32_t unit, int slice);

  // 128 bits. `item` (below 2^20) is a cell or line, `block` (below 2^12) counts on where that is not
  // enough, `operation` counts what the unit does; 0 for what is fixed for a cell's life.
  std::array<std::uint32_t, 4> bits(Purpose purpose, std::uint32_t item, std::uint64_t operation = 0,
                                    std::uint32_t block = 0) const;
  std::array<float, 4> normals(Purpose purpose, std::uint32_t item, std::uint64_t operation = 0,
                               std::uint32_t block = 0) const;
  // deviate[4 * i + j] = normals(purpose, first + i, operation, block)[j], for 4 * i + j < count: the same
  // bits, many at a time.
  void normals(Purpose purpose, std::uint64_t operation, std::uint32_t block, int count, float* deviate,
               std::uint32_t first = 0) const;
  // deviate[4 * i + j] = normals(purpose, item, operation, block)[j] with place(item, block) = places[i],
  // i < count.
  void normals_at(Purpose purpose, std::uint64_t operation, const std::uint32_t* places, int count,
                  float* deviate) const;
  static constexpr std::uint32_t place(std::uint32_t item, std::uint32_t block) {
    return item | (block << 20);
  }

 private:
  std::array<std::uint32_t, 4> counter(Purpose purpose, std::uint32_t item, std::uint64_t operation,
                                       std::uint32_t block) const;

  std::array<std::uint32_t, 2> key_;
  std::uint32_t unit_;
  std::uint32_t slice_;
};

}  // namespace weft::device

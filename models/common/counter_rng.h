// SPDX-License-Identifier: Apache-2.0
// Counter-based random numbers: draw n of the stream (seed, unit, operation) is a pure function of
// those four numbers, so results depend neither on the order of events nor on thread count.
//
// The generator is Philox4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as
// 1, 2, 3", SC 2011, section 3.3 and table 2).
#pragma once

#include <array>
#include <cstdint>

namespace weft {

// One block of Philox4x32-10; exposed for the known-answer test.
std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter,
                                        std::array<std::uint32_t, 2> key);

class CounterRng {
 public:
  // `unit` names who draws (a tile, a layer, a data set), `operation` what for.
  CounterRng(std::uint64_t seed, std::uint32_t unit, std::uint32_t operation);

  std::uint32_t next_u32();
  // Uniform in [0, 1) with 53 random bits.
  double uniform();
  // Uniform in [0, bound), without modulo bias; bound > 0.
  std::uint32_t below(std::uint32_t bound);
  // Standard normal deviate (Box-Muller, both values used in turn).
  double normal();

 private:
  std::array<std::uint32_t, 2> key_;
  std::array<std::uint32_t, 4> counter_;
  std::array<std::uint32_t, 4> block_{};
  unsigned used_ = 4;
  bool has_spare_ = false;
  double spare_ = 0.0;
};

}  // namespace weft

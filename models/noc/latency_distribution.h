// SPDX-License-Identifier: Apache-2.0
// How latencies are distributed, in constant memory: octaves of eight steps, exact below 16 cycles. A
// quantile is at most an eighth too large, never too small.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "models/noc/calendar.h"

namespace weft::noc {

class LatencyDistribution {
 public:
  static constexpr std::size_t kOctaves = 24;

  void add(Cycle latency);
  void add(const LatencyDistribution& other);
  std::uint64_t count() const { return count_; }
  // The latency that a share of 0 to 1 of all stays within; 0 without any.
  Cycle quantile(double share) const;
  // Element i counts 2^i to 2^(i+1) - 1 cycles, the first one 0 as well, the last one all longer ones.
  std::array<std::uint64_t, kOctaves> octaves() const;

 private:
  static constexpr std::size_t kSteps = 8;

  std::array<std::uint64_t, (kOctaves + 1) * kSteps> counts_{};
  std::uint64_t count_ = 0;
  Cycle largest_ = 0;
};

}  // namespace weft::noc

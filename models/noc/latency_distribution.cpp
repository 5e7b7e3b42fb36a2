// SPDX-License-Identifier: Apache-2.0
#include "models/noc/latency_distribution.h"

#include <algorithm>
#include <cmath>

namespace weft::noc {

namespace {

constexpr std::size_t kStepBits = 3;
constexpr Cycle kExact = Cycle{2} << kStepBits;

std::size_t octave_of(Cycle latency) {
  std::size_t octave = 0;
  for (; latency > 1; latency /= 2) ++octave;
  return octave;
}

// Latencies below kExact have a step each; step numbers go on from there.
std::size_t step_of(Cycle latency) {
  if (latency < kExact) return static_cast<std::size_t>(latency);
  const std::size_t shift = octave_of(latency) - kStepBits;
  return (shift << kStepBits) + static_cast<std::size_t>(latency >> shift);
}

Cycle largest_in(std::size_t step) {
  if (step < kExact) return step;
  const std::size_t shift = (step >> kStepBits) - 1;
  const Cycle lead = (Cycle{1} << kStepBits) + (step & ((1u << kStepBits) - 1));
  return ((lead + 1) << shift) - 1;
}

}  // namespace

void LatencyDistribution::add(Cycle latency) {
  ++counts_[std::min(step_of(latency), counts_.size() - 1)];
  ++count_;
  largest_ = std::max(largest_, latency);
}

void LatencyDistribution::add(const LatencyDistribution& other) {
  for (std::size_t step = 0; step < counts_.size(); ++step) counts_[step] += other.counts_[step];
  count_ += other.count_;
  largest_ = std::max(largest_, other.largest_);
}

Cycle LatencyDistribution::quantile(double share) const {
  const auto wanted = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_)));
  std::uint64_t seen = 0;
  for (std::size_t step = 0; step < counts_.size(); ++step) {
    seen += counts_[step];
    const bool found = seen > 0 && seen >= wanted;
    if (found && step + 1 < counts_.size()) return std::min(largest_in(step), largest_);
  }
  return largest_;
}

std::array<std::uint64_t, LatencyDistribution::kOctaves> LatencyDistribution::octaves() const {
  std::array<std::uint64_t, kOctaves> result{};
  for (std::size_t step = 0; step < counts_.size(); ++step)
    result[std::min(octave_of(largest_in(step)), kOctaves - 1)] += counts_[step];
  return result;
}

}  // namespace weft::noc

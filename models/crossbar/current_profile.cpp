// SPDX-License-Identifier: Apache-2.0
#include "models/crossbar/current_profile.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>

#include "models/common/error.h"

namespace weft::crossbar {

void CurrentProfile::add(int slice, const std::int32_t* current, int count) {
  auto& counts = counts_[static_cast<std::size_t>(slice)];
  for (int i = 0; i < count; ++i) ++counts[std::abs(current[i])];
}

std::uint64_t CurrentProfile::observed(int slice) const {
  std::uint64_t total = 0;
  for (const auto& [magnitude, count] : counts_[static_cast<std::size_t>(slice)]) total += count;
  return total;
}

std::vector<int> CurrentProfile::full_scale(double share) const {
  if (!(share > 0 && share <= 1))
    throw Error(fmt::format("current profile: a share of {} is not allowed (above 0, up to 1)", share));
  std::vector<int> scales;
  for (std::size_t slice = 0; slice < counts_.size(); ++slice) {
    const double wanted = share * static_cast<double>(observed(static_cast<int>(slice)));
    std::uint64_t covered = 0;
    int scale = 1;
    for (const auto& [magnitude, count] : counts_[slice]) {
      if (static_cast<double>(covered) >= wanted) break;
      covered += count;
      scale = std::max(scale, magnitude);
    }
    scales.push_back(scale);
  }
  return scales;
}

}  // namespace weft::crossbar

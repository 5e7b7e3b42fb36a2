// SPDX-License-Identifier: Apache-2.0
// The currents that products cause, slice by slice: where the full scale of a calibrated converter comes
// from (ArrayConfig::full_scale).
#pragma once

#include <cstdint>
#include <map>
#include <vector>

namespace weft::crossbar {

class CurrentProfile {
 public:
  explicit CurrentProfile(int slices) : counts_(static_cast<std::size_t>(slices)) {}

  // Currents in cell units.
  void add(int slice, const std::int32_t* current, int count);

  std::uint64_t observed(int slice) const;
  // Per slice, the smallest full scale in cell units, at least 1, that covers `share` of all magnitudes
  // observed; share 1 is the largest one. Throws weft::Error unless 0 < share <= 1.
  std::vector<int> full_scale(double share = 1) const;

 private:
  std::vector<std::map<std::int32_t, std::uint64_t>> counts_;  // per slice, by magnitude
};

}  // namespace weft::crossbar

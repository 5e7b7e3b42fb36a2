// SPDX-License-Identifier: Apache-2.0
// The currents that products cause, slice by slice: where the full scale of a calibrated converter comes
// from (ArrayConfig::full_scale).
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "models/crossbar/adc.h"

namespace weft::crossbar {

class CurrentProfile {
 public:
  explicit CurrentProfile(int slices) : slices_(static_cast<std::size_t>(slices)) {}

  // Currents in cell units.
  void add(int slice, const std::int32_t* current, int count);
  // What the converters have lost of them.
  void add_losses(int slice, const AdcCounts& lost);
  // Adds what another profile of as many slices has seen.
  void add(const CurrentProfile& other);

  int slices() const { return static_cast<int>(slices_.size()); }
  std::uint64_t observed(int slice) const;
  std::int32_t largest(int slice) const;  // magnitude; 0 if nothing was observed
  AdcCounts losses(int slice) const { return of(slice).lost; }
  // What a converter would lose of the currents observed.
  AdcCounts losses_with(int slice, const Adc& adc) const;
  // Per slice, the smallest full scale in cell units, at least 1, that covers `share` of all magnitudes
  // observed; share 1 is the largest one. Throws weft::Error unless 0 < share <= 1.
  std::vector<int> full_scale(double share = 1) const;

 private:
  struct Slice {
    // By 2 * magnitude, plus 1 for negative currents; magnitudes too large for that are in `large`.
    std::vector<std::uint64_t> small;
    std::map<std::int32_t, std::uint64_t> large;
    AdcCounts lost;
  };

  const Slice& of(int slice) const { return slices_[static_cast<std::size_t>(slice)]; }
  // Calls visit(current, count) in the order of magnitudes.
  template <typename Visitor>
  static void visit(const Slice& slice, Visitor visit);

  std::vector<Slice> slices_;
};

}  // namespace weft::crossbar

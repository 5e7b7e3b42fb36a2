// SPDX-License-Identifier: Apache-2.0
// The threshold θ of a filter, pass after pass. Numerics only.
#pragma once

#include <cstdint>

#include "models/write_filter/filter_config.h"

namespace weft::write_filter {

// What a pass over all updates tells about their size.
struct UpdateSize {
  double sum_of_squares = 0;
  std::uint64_t values = 0;
  std::uint64_t non_zero = 0;
  std::int64_t largest = 0;  // |u|
};

class Threshold {
 public:
  explicit Threshold(const FilterConfig& config);

  // θ for the pass of which `size` tells; at least 1, as updates are integers.
  std::int64_t of_pass(const UpdateSize& size);
  // Tells Tracking::feedback what share of the pass reached θ.
  void passed(double density);

  double rms() const;
  // Goes on with other rules. The running mean square stays; Tracking::feedback starts anew if the policy or
  // its density is another one.
  void change(const FilterConfig& config);

 private:
  double tracked();

  FilterConfig config_;
  double mean_square_ = 0;
  bool has_mean_square_ = false;
  double followed_ = 0;  // θ of Tracking::feedback; 0 before the first pass
};

}  // namespace weft::write_filter

// SPDX-License-Identifier: Apache-2.0
#include "models/common/normal.h"

#include <cmath>

namespace weft {

double inverse_normal(double p) {
  // Bisection on the distribution itself: right to the last bits, and nobody calls it in a loop.
  double low = -40;
  double high = 40;
  for (int step = 0; step < 120; ++step) {
    const double middle = (low + high) / 2;
    const double below = 0.5 * std::erfc(-middle / std::sqrt(2.0));
    (below < p ? low : high) = middle;
  }
  return (low + high) / 2;
}

}  // namespace weft

// SPDX-License-Identifier: Apache-2.0
// Two's complement converters whose range is the least power of two that holds the greatest value; a positive
// value at its very end loses a step.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "models/inversion/dense.h"

namespace weft::inversion {

// The least power of two that is not below `greatest`; 0 for 0.
inline double full_scale(double greatest) {
  if (!(greatest > 0)) return 0;
  int exponent = 0;
  const double fraction = std::frexp(greatest, &exponent);
  return std::ldexp(1.0, fraction == 0.5 ? exponent - 1 : exponent);
}

struct Converter {
  double step;
  double limit;  // in steps

  Converter(const double* values, std::size_t count, unsigned bits)
      : step(std::ldexp(full_scale(greatest_magnitude(values, count)), 1 - static_cast<int>(bits))),
        limit(std::ldexp(1.0, static_cast<int>(bits) - 1)) {}
  double steps(double value) const {
    return step == 0 ? 0 : std::clamp(std::nearbyint(value / step), -limit, limit - 1);
  }
};

inline void convert(double* values, std::size_t count, unsigned bits) {
  const Converter converter(values, count, bits);
  for (std::size_t i = 0; i < count; ++i) values[i] = converter.steps(values[i]) * converter.step;
}

}  // namespace weft::inversion

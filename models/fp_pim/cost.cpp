// SPDX-License-Identifier: Apache-2.0
#include "models/fp_pim/cost.h"

#include <cassert>

namespace weft::fp_pim {

namespace {

struct Widths {
  double exponent;  // bits
  double fraction;  // bits, without the hidden one
};

Widths widths(unit::Format format) {
  switch (format) {
    case unit::Format::fp16:
      return {5, 10};
    case unit::Format::bf16:
      return {8, 7};
    default:
      assert(format == unit::Format::fp32 && "not a floating-point format");
      return {8, 23};
  }
}

}  // namespace

FormatCost cost_of(unit::Format format, const Primitives& p) {
  const auto [e, m] = widths(format);
  // FloatPIM, equations of the multiplication and addition of floating-point numbers.
  const double multiply_steps = 12 * e + 6.5 * m * m - 7.5 * m - 2;
  const double add_steps = 3 + 16 * e + 19 * m + m * m;
  const double add_searches = 2 * m + 1;
  const double rewritten_cells = 2 * (e + m) + m * m / 2 + m / 2 + 1;

  FormatCost cost;
  cost.multiplication.time = p.nor_time * multiply_steps;
  cost.multiplication.lane = multiply_steps * p.nor;
  cost.addition.time = p.nor_time * add_steps + p.search_time * add_searches;
  cost.addition.lane = 12 * (e + m) * p.nor + m * p.reset + rewritten_cells * (p.set + p.reset);
  // The paper's energy counts one search more than its time.
  cost.addition.searches = static_cast<unsigned>(2 * (m + 1));
  return cost;
}

}  // namespace weft::fp_pim

// SPDX-License-Identifier: Apache-2.0
// What the compiler believes about the two mappings of a factor.
#include <catch2/catch.hpp>
#include <cmath>

#include "tools/compiler/kfac_cost.h"

using namespace weft;
using namespace weft::compiler;

namespace {

MappingShape shape(int order, int batch, bool fused) {
  MappingShape result;
  result.order = order;
  result.batch = batch;
  result.fused = fused;
  result.element_bits = fused ? 16 : 32;
  return result;
}

InversionPrices circuits(inversion::Mode mode = inversion::Mode::nested) {
  InversionPrices prices;
  prices.solver.mode = mode;
  return prices;
}

bool fused(int order, int batch, const InversionPrices& prices) {
  return prefers_fused(mapping_costs(shape(order, batch, false), prices),
                       mapping_costs(shape(order, batch, true), prices), prices);
}

}  // namespace

TEST_CASE("a fused mapping writes fewer cells where samples are fewer than half the unknowns") {
  const InversionPrices prices;
  for (const int batch : {31, 32, 33}) {
    const double direct = mapping_costs(shape(64, batch, false), prices).cells;
    const double samples = mapping_costs(shape(64, batch, true), prices).cells;
    CHECK((samples < direct) == (batch < 32));
  }
}

TEST_CASE("bits of a term are those derived for random factors at a damping of 0.3") {
  // Contractions of direct and fused mappings, arrays of 8 bits.
  struct Row {
    int order;
    double direct;
    double fused;
  };
  for (const Row& row : {Row{128, 0.095, 0.007}, Row{256, 0.13, 0.007}, Row{512, 0.18, 0.008}}) {
    CAPTURE(row.order);
    CHECK(mapping_costs(shape(row.order, 32, false), circuits()).bits ==
          Approx(-std::log2(row.direct)).margin(0.8));
    CHECK(mapping_costs(shape(row.order, 32, true), circuits()).bits ==
          Approx(-std::log2(row.fused)).margin(0.8));
  }
  // Four bits are too few for a direct mapping.
  InversionPrices coarse = circuits();
  coarse.solver.array_bits = 4;
  CHECK(mapping_costs(shape(256, 32, false), coarse).bits < 0.2);
  // A pass of the merged loop has no more bits than its converter.
  CHECK(mapping_costs(shape(16, 4, true), circuits(inversion::Mode::merged)).bits == 7);
}

TEST_CASE("solutions cost the operations of the scheme, and refreshes are shared out over updates") {
  InversionPrices prices = circuits();
  prices.program_ns = prices.product_bit_ns = 0;
  MappingShape own = shape(128, 10, false);
  own.inverse_interval = 4;
  const MappingCosts costs = mapping_costs(own, prices);
  CHECK(costs.refresh_ns == Approx(128 * 85.7 / 4));
  // 48 inversions of 1 + 100 + 100 ns and 28 products of as much for each of ten samples.
  CHECK(costs.solve_ns == Approx(10 * (48 + 28) * 201.0));
  prices.solver.terms = 2;
  CHECK(mapping_costs(own, prices).solve_ns == Approx(10 * (24 + 12) * 201.0));
  // An update's statistics: programming, then a product a row.
  prices.program_ns = 1000;
  prices.product_bit_ns = 100;
  own.factor_interval = 2;
  own.bits = 8;
  CHECK(mapping_costs(own, prices).refresh_ns == Approx(128 * 85.7 / 4 + (1000 + 128 * 8 * 100.0) / 2));
}

TEST_CASE("few samples are fused, small factors are not") {
  for (const InversionPrices& prices : {InversionPrices{}, circuits(), circuits(inversion::Mode::merged)}) {
    CAPTURE(static_cast<int>(prices.solver.mode));
    CHECK(fused(128, 16, prices));
    CHECK(fused(128, 48, prices));
    CHECK_FALSE(fused(10, 48, prices));
    CHECK_FALSE(fused(16, 128, prices));
  }
}

TEST_CASE("time and energy decide where cells do not") {
  // As many cells: amplifiers for every sample cost energy, statistics cost time.
  InversionPrices prices;
  CHECK(fused(128, 64, prices));
  prices.program_ns = prices.program_pJ = prices.product_bit_ns = prices.product_bit_pJ = 0;
  CHECK_FALSE(fused(128, 64, prices));
  // Circuits whose arrays are too coarse for A itself need the samples.
  InversionPrices coarse = circuits();
  CHECK_FALSE(fused(128, 256, coarse));
  coarse.solver.array_bits = 4;
  CHECK(fused(128, 256, coarse));
}

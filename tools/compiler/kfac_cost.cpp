// SPDX-License-Identifier: Apache-2.0
#include "tools/compiler/kfac_cost.h"

#include <algorithm>
#include <cmath>

#include "models/inversion/block_inverse.h"

namespace weft::compiler {

namespace {

// Rounding A to p bits leaves a matrix of norm 2 sqrt(n / 12) / 2^p, of which a term leaves its share of the
// damping; rounding the samples instead leaves a 20th of that (derived for random factors).
constexpr double rounding_share = 0.577;
constexpr double fused_gain = 20;
// A series that hardly converges.
constexpr double fewest_bits = 0.1;
constexpr double usual_bits = 16;
// Factors and right-hand sides of a run scatter by about as much (docs/second_order.md).
constexpr double spare_bits = 1.5;
// Mean level of a cell of the INV array.
constexpr double mean_level = 0.2;

double bits_of_term(const MappingShape& shape, const inversion::SolverSettings& solver) {
  double rate = rounding_share * std::sqrt(shape.order) *
                std::ldexp(1.0, -static_cast<int>(solver.array_bits)) / shape.damping;
  if (shape.fused) rate /= fused_gain;
  const double bits = std::max(fewest_bits, -std::log2(rate));
  return solver.mode == inversion::Mode::merged ? std::min(bits, solver.adc_bits - 1.0) : bits;
}

int terms_for(const MappingShape& shape, double bits_of_each) {
  if (shape.wanted_bits == 0) return 0;
  return static_cast<int>(std::ceil((shape.wanted_bits + spare_bits) / bits_of_each));
}

inversion::SystemShape system_of(const MappingShape& shape, const InversionPrices& prices) {
  return system_shape(prices.solver, static_cast<std::size_t>(shape.order),
                      shape.fused ? static_cast<std::size_t>(shape.batch) : 0,
                      static_cast<unsigned>(shape.element_bits));
}

double price(const inversion::OperationCost& cost, const InversionPrices& prices) {
  return static_cast<double>(cost.amplifier_ns) * prices.amplifier_ns_pJ +
         static_cast<double>(cost.microsiemens_ns) * prices.microsiemens_ns_pJ +
         static_cast<double>(cost.drives) * prices.drive_pJ +
         static_cast<double>(cost.conversions) * prices.conversion_pJ +
         static_cast<double>(cost.cells) * prices.cell_pJ;
}

void add_solutions(const MappingShape& shape, const InversionPrices& prices, MappingCosts& costs) {
  if (!prices.analogue()) {
    costs.solve_ns = shape.batch * prices.solve_ns;
    costs.solve_pJ = shape.batch * prices.solve_pJ;
    return;
  }
  const unsigned stages =
      shape.fused ? 0 : inversion::halvings(static_cast<std::size_t>(shape.order), prices.solver.array);
  const inversion::SystemShape system = system_of(shape, prices);
  // As if every array settled at the floor: conditions are not known yet.
  inversion::InverseArray array;
  array.stages = stages;
  const double columns = shape.fused ? 2.0 * shape.batch : shape.order;
  array.conductance = mean_level * shape.order * columns;
  array.greatest_row = mean_level * shape.order;
  const inversion::OperationCost inversion =
      inversion_cost(prices.times, prices.conductance, prices.solver, system, array);
  const inversion::OperationCost product = product_cost(prices.times, system);
  costs.bits = bits_of_term(shape, prices.solver);
  costs.terms = terms_for(shape, costs.bits);
  const unsigned iterations =
      costs.terms > 0 ? static_cast<unsigned>(costs.terms) : prices.solver.iterations();
  const inversion::OperationCounts counts =
      operation_counts(prices.solver, iterations, prices.solver.residual_bits > 0);
  const auto inversions = static_cast<double>(counts.inversions) * shape.batch;
  const auto products = static_cast<double>(counts.products) * shape.batch;
  costs.solve_ns = inversions * inversion.ns + products * product.ns;
  costs.solve_pJ = inversions * price(inversion, prices) + products * price(product, prices);
  costs.row_arrays = system.row_arrays;
  costs.column_arrays = system.column_arrays;
}

void add_refreshes(const MappingShape& shape, const InversionPrices& prices, MappingCosts& costs) {
  const inversion::SystemShape system = system_of(shape, prices);
  const inversion::LoadCost load = load_cost(prices.solver, system);
  costs.refresh_ns = static_cast<double>(load.steps) * prices.row_write_ns / shape.inverse_interval;
  costs.refresh_pJ = static_cast<double>(load.rows) * prices.row_write_pJ / shape.inverse_interval;
  if (shape.fused) return;
  const double steps = static_cast<double>(shape.order) * shape.bits;
  costs.refresh_ns += (prices.program_ns + steps * prices.product_bit_ns) / shape.factor_interval;
  costs.refresh_pJ += (prices.program_pJ + steps * prices.product_bit_pJ) / shape.factor_interval;
}

// What `solving` would be with as many terms as 16 bits take, unless it has as many as are wanted.
double for_wanted_bits(double solving, const MappingCosts& costs, const InversionPrices& prices) {
  if (!prices.analogue() || costs.terms > 0) return solving;
  return solving * usual_bits / (costs.bits * prices.solver.iterations());
}

}  // namespace

MappingCosts mapping_costs(const MappingShape& shape, const InversionPrices& prices) {
  MappingCosts costs;
  costs.cells =
      shape.fused ? 2.0 * shape.order * shape.batch : static_cast<double>(shape.order) * shape.order;
  add_refreshes(shape, prices, costs);
  add_solutions(shape, prices, costs);
  return costs;
}

double reachable_bits(const inversion::SolverSettings& solver) {
  if (solver.mode != inversion::Mode::nested || solver.ideal_converters) return HUGE_VAL;
  return solver.solution_slices() * (solver.adc_bits - 1.0);
}

bool prefers_fused(const MappingCosts& direct, const MappingCosts& fused, const InversionPrices& prices) {
  const auto ns = [&](const MappingCosts& of) {
    return of.refresh_ns + for_wanted_bits(of.solve_ns, of, prices);
  };
  const auto pJ = [&](const MappingCosts& of) {
    return of.refresh_pJ + for_wanted_bits(of.solve_pJ, of, prices);
  };
  return fused.cells * ns(fused) * pJ(fused) < direct.cells * ns(direct) * pJ(direct);
}

}  // namespace weft::compiler

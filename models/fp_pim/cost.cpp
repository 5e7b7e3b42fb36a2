// SPDX-License-Identifier: Apache-2.0
#include "models/fp_pim/cost.h"

#include <algorithm>
#include <cmath>

namespace weft::fp_pim {

namespace {

using sc_core::sc_time;

sc_time time_of(const Charge& charge, const Primitives& p) {
  return p.nor_time * (charge.nors + charge.cycles) + p.search_time * charge.searches +
         p.read_time * charge.reads + p.write_time * charge.writes;
}

// Without searches, which may be of the whole array.
Joule lane_energy(const Charge& charge, const Primitives& p) {
  return charge.nors * p.nor + charge.sets * p.set + charge.resets * p.reset + charge.reads * p.read +
         charge.writes * p.write;
}

// `bits`: how many passes the conditional steps are of.
OperationCost price(const Executed& executed, unsigned bits, const Primitives& p) {
  OperationCost cost;
  const double time_share = p.policy == MultiplyPolicy::expected ? 0.5 : 1;
  double energy_share = time_share;
  if (p.policy == MultiplyPolicy::predicated) {
    energy_share = 0;
    cost.lane_bit = lane_energy((1.0 / bits) * executed.if_bit, p);
  }
  Charge time = executed.always;
  time += time_share * executed.if_bit;
  Charge energy = executed.always;
  energy += energy_share * executed.if_bit;
  cost.time = time_of(time, p);
  cost.lane = lane_energy(energy, p);
  cost.writes = energy.nors + energy.sets + energy.resets + energy.writes;
  if (p.policy == MultiplyPolicy::predicated) cost.writes += 0.5 * executed.if_bit.writes;
  cost.searches = static_cast<unsigned>(std::lround(energy.searches + energy.more_searches));
  return cost;
}

OperationCost transfer(const FloatFormat& format, const Primitives& p) {
  const double bits = format.bits();
  Charge time;
  Charge energy;
  if (p.logic == Logic::sot) {
    time.reads = time.writes = bits + 1;
    energy.reads = energy.writes = bits;
  } else {
    time.cycles = bits + 1;
    energy.sets = energy.resets = bits;
  }
  OperationCost cost;
  cost.time = time_of(time, p);
  cost.lane = lane_energy(energy, p);
  return cost;
}

}  // namespace

FormatCost cost_of(const FloatFormat& format, const Primitives& p) {
  const StepPrograms& programs = p.logic == Logic::sot ? sot_programs() : floatpim_programs();
  return {price(execute(programs.multiplication, format), format.fraction_bits, p),
          price(execute(programs.addition, format), format.fraction_bits, p), transfer(format, p)};
}

FormatCost cost_of(unit::Format format, const Primitives& p) { return cost_of(float_format(format), p); }

unsigned scratch_cells(const FloatFormat& format, Logic logic) {
  const unsigned bits = format.fraction_bits;
  if (logic == Logic::sot) return 4 * bits;
  // Below two bits nothing is left of a multiplication but its addition of exponents.
  constexpr unsigned adder = 12;
  return std::max(16 * bits, 19 + adder) - 19;
}

double rotation_gain(const FloatFormat& format, Logic logic, unsigned cells) {
  return static_cast<double>(cells) / scratch_cells(format, logic);
}

}  // namespace weft::fp_pim

// SPDX-License-Identifier: Apache-2.0
// Published costs come out of executed steps.
#include "models/fp_pim/cost.h"

#include <catch2/catch.hpp>

#include "models/fp_pim/logic_family.h"

using namespace weft;
using namespace weft::fp_pim;

namespace {

double nanoseconds(const sc_core::sc_time& time) { return time.to_seconds() * 1e9; }
double picojoules(Joule energy) { return energy.value() * 1e12; }

Primitives sot() {
  Primitives primitives;
  primitives.logic = Logic::sot;
  return primitives;
}

double mac_ns(const FormatCost& cost) {
  return nanoseconds(cost.multiplication.time) + nanoseconds(cost.addition.time);
}

// Energy of a MAC of one lane with searches charged to every lane.
double mac_pJ(const FormatCost& cost, const Primitives& primitives) {
  return picojoules(cost.multiplication.lane) + picojoules(cost.addition.lane) +
         cost.addition.searches * picojoules(primitives.search);
}

}  // namespace

TEST_CASE("executed steps take the times that FloatPIM publishes") {
  struct Published {
    FloatFormat format;
    double multiply, add, mac;
  };
  for (const Published& each :
       {Published{fp32_format, 3696.0, 1277.2, 4973.2}, Published{fp16_format, 696.3, 441.8, 1138.1},
        Published{bf16_format, 396.0, 366.8, 762.8}}) {
    const FormatCost cost = cost_of(each.format, Primitives());
    CHECK(nanoseconds(cost.multiplication.time) == Approx(each.multiply).epsilon(1e-9));
    CHECK(nanoseconds(cost.addition.time) == Approx(each.add).epsilon(1e-9));
    CHECK(mac_ns(cost) == Approx(each.mac).epsilon(1e-9));
  }
}

TEST_CASE("executed steps equal FloatPIM's formulas in every format") {
  const Primitives p;
  for (unsigned e = 2; e <= 8; ++e) {
    for (unsigned m = 2; m <= 23; ++m) {
      CAPTURE(e, m);
      const double ne = e;
      const double nm = m;
      const double multiply_steps = 12 * ne + 6.5 * nm * nm - 7.5 * nm - 2;
      const double add_steps = 3 + 16 * ne + 19 * nm + nm * nm;
      const double rewritten = 2 * (ne + nm) + nm * nm / 2 + nm / 2 + 1;
      const FormatCost cost = cost_of(FloatFormat{e, m}, p);
      CHECK(nanoseconds(cost.multiplication.time) == Approx(1.1 * multiply_steps).epsilon(1e-9));
      CHECK(nanoseconds(cost.addition.time) == Approx(1.1 * add_steps + 1.5 * (2 * nm + 1)).epsilon(1e-9));
      CHECK(picojoules(cost.multiplication.lane) == Approx(0.29e-3 * multiply_steps).epsilon(1e-9));
      const double add_fJ = 12 * (ne + nm) * 0.29 + nm * 0.32 + rewritten * (23.8 + 0.32);
      CHECK(picojoules(cost.addition.lane) == Approx(1e-3 * add_fJ).epsilon(1e-9));
      CHECK(cost.addition.searches == 2 * (m + 1));
      CHECK(cost.multiplication.searches == 0);
    }
  }
}

TEST_CASE("executed steps equal the remembered formulas of SOT-MRAM in every format") {
  for (unsigned e = 2; e <= 8; ++e) {
    for (unsigned m = 1; m <= 23; ++m) {
      CAPTURE(e, m);
      const double ne = e;
      const double nm = m;
      const FormatCost cost = cost_of(FloatFormat{e, m}, sot());
      const double multiply_steps = 2 * nm * nm + 6.5 * nm + 6 * ne + 3;
      const double add_steps = 7 * ne + 7 * nm;
      CHECK(nanoseconds(cost.multiplication.time) == Approx(multiply_steps * (0.57 + 1.25)).epsilon(1e-9));
      CHECK(nanoseconds(cost.addition.time) ==
            Approx((1 + add_steps) * 0.57 + add_steps * 1.25 + 2 * (nm + 2) * 1.5).epsilon(1e-9));
      CHECK(cost.addition.searches == 2 * (m + 2));
    }
  }
}

TEST_CASE("a SOT-MRAM MAC of fp32 is 1.8 times faster than FloatPIM's and takes 3.3 times less energy") {
  // arXiv 2003.01551, abstract; the energy with searches charged to every lane.
  Primitives floatpim;
  Primitives calibrated = sot();
  calibrated.search = picojoule(0.02);
  const FormatCost baseline = cost_of(fp32_format, floatpim);
  const FormatCost cost = cost_of(fp32_format, calibrated);
  CHECK(mac_ns(baseline) / mac_ns(cost) == Approx(1.8).epsilon(0.05));
  CHECK(mac_pJ(baseline, floatpim) / mac_pJ(cost, calibrated) == Approx(3.3).epsilon(0.05));
}

TEST_CASE("what a multiplier's bits cost is a policy") {
  Primitives p = sot();
  const double step = 0.57 + 1.25;
  const auto multiplication = [&](MultiplyPolicy policy) {
    p.policy = policy;
    return cost_of(fp32_format, p).multiplication;
  };
  const OperationCost expected = multiplication(MultiplyPolicy::expected);
  const OperationCost worst = multiplication(MultiplyPolicy::worst);
  const OperationCost predicated = multiplication(MultiplyPolicy::predicated);
  CHECK(nanoseconds(expected.time) == Approx(1258.5 * step));
  CHECK(nanoseconds(worst.time) == Approx(2316.5 * step));  // 84 % more
  CHECK(predicated.time == worst.time);
  CHECK(picojoules(worst.lane) == Approx(2316.5 * 0.0545));
  // Half of the bits in their expected value, all of them at worst.
  CHECK(picojoules(predicated.lane) + 11.5 * picojoules(predicated.lane_bit) ==
        Approx(picojoules(expected.lane)));
  CHECK(picojoules(predicated.lane) + 23 * picojoules(predicated.lane_bit) == Approx(picojoules(worst.lane)));
  CHECK(expected.lane_bit.value() == 0);
}

TEST_CASE("a program's full addition is that of the table the microcode adds with") {
  CHECK(sot_family().full_add.size() == 4);
  CHECK(nor_family().full_add.size() == 13);
}

TEST_CASE("rotating the scratch columns lengthens life as FloatPIM says") {
  CHECK(scratch_cells(bf16_format, Logic::nor) == 93);
  CHECK(scratch_cells(fp32_format, Logic::nor) == 349);
  CHECK(rotation_gain(bf16_format, Logic::nor, 1024) == Approx(11.0).epsilon(0.005));
  CHECK(rotation_gain(fp32_format, Logic::nor, 1024) == Approx(2.93).epsilon(0.005));
  CHECK(scratch_cells(fp32_format, Logic::sot) == 92);
}

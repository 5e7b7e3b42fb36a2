// SPDX-License-Identifier: Apache-2.0
#include "models/fp_pim/step_program.h"

#include <algorithm>

#include "models/fp_pim/logic_family.h"

namespace weft::fp_pim {

namespace {

constexpr Count once{1, 0, 0};
constexpr Count exponent_bits{0, 1, 0};
constexpr Count fraction_bits{0, 0, 1};

Charge nors(double count) {
  Charge charge;
  charge.nors = count;
  return charge;
}

// A cell copied by writing it: FloatPIM's row-parallel write takes two cycles, one to set and one to reset.
Charge rewrite(double cells) {
  Charge charge;
  charge.cycles = 2 * cells;
  charge.sets = cells;
  charge.resets = cells;
  return charge;
}

Charge searches(double count) {
  Charge charge;
  charge.searches = count;
  return charge;
}

// Steps of SOT logic: a read and a write each.
Charge steps(double count) {
  Charge charge;
  charge.reads = count;
  charge.writes = count;
  return charge;
}

// Steps of the tables the microcode adds with.
double full_add_steps(const LogicFamily& family) { return static_cast<double>(family.full_add.size()); }

StepPrograms make_floatpim() {
  const double full_add = full_add_steps(nor_family());
  // Exponents are added with their outputs initialised together: the published formulas have 12, not 13.
  const double exponent_add = full_add - 1;
  // Two bits and no carry in: the classic adder of nine NORs.
  constexpr double first_add = 9;

  Charge clear;
  clear.cycles = 2;
  clear.resets = 1;
  Charge idle;
  idle.cycles = 1;
  Charge without_time;
  without_time.more_searches = 1;
  return {"floatpim",
          {
              {"add the exponents", exponent_bits, once, false, nors(exponent_add)},
              {"add partial products, the upper half of the product", {-2, 0, 1}, once, true, nors(full_add)},
              {"first bit of a partial product", {-2, 0, 1}, once, false, nors(exponent_add)},
              {"first bit of the first one", once, once, false, nors(first_add)},
          },
          {
              {"subtract the exponents", exponent_bits, once, false, nors(exponent_add)},
              {"write difference and greater exponent", exponent_bits, once, false, rewrite(2)},
              {"search for the difference", fraction_bits, once, false, searches(1)},
              {"shift by the difference found", fraction_bits, once, true, rewrite(1)},
              {"add the fractions", fraction_bits, once, false, nors(exponent_add)},
              {"write sum and aligned operand", fraction_bits, once, false, rewrite(2)},
              {"clear what was shifted", fraction_bits, once, false, clear},
              {"search for the leading bit", {1, 0, 1}, once, false, searches(1)},
              // The paper's energy has a search more than its time.
              {"search in the shadow of the write", once, once, false, without_time},
              {"write the hidden bit", once, once, false, rewrite(1)},
              {"set up", once, once, false, idle},
          }};
}

StepPrograms make_sot() {
  const double full_add = full_add_steps(sot_family());
  Charge read;
  read.reads = 1;
  return {"sot",
          {
              {"add the exponents", exponent_bits, once, false, steps(full_add)},
              {"subtract the bias", exponent_bits, once, false, steps(2)},
              {"copy or shift into the other buffer", fraction_bits, once, false, steps(6)},
              {"every second pass: the buffers' roles", fraction_bits, once, false, steps(0.5)},
              {"add the multiplicand", fraction_bits, fraction_bits, false, steps(full_add), true},
              {"sign and hidden bits", once, once, false, steps(3)},
          },
          {
              {"look at the signs", once, once, false, read},
              {"subtract the exponents", exponent_bits, once, false, steps(full_add)},
              {"select and write the greater exponent", exponent_bits, once, false, steps(3)},
              {"search for the difference", {2, 0, 1}, once, false, searches(1)},
              {"shift while copying", fraction_bits, once, false, steps(3)},
              {"add the fractions", fraction_bits, once, false, steps(full_add)},
              {"search for the leading bit", {2, 0, 1}, once, false, searches(1)},
          }};
}

}  // namespace

Charge& Charge::operator+=(const Charge& other) {
  reads += other.reads;
  writes += other.writes;
  nors += other.nors;
  cycles += other.cycles;
  sets += other.sets;
  resets += other.resets;
  searches += other.searches;
  more_searches += other.more_searches;
  return *this;
}

Charge operator*(double factor, const Charge& charge) {
  return {factor * charge.reads,    factor * charge.writes,       factor * charge.nors,
          factor * charge.cycles,   factor * charge.sets,         factor * charge.resets,
          factor * charge.searches, factor * charge.more_searches};
}

unsigned Count::of(const FloatFormat& format) const {
  const int value = constant + exponent * static_cast<int>(format.exponent_bits) +
                    fraction * static_cast<int>(format.fraction_bits);
  return static_cast<unsigned>(std::max(value, 0));
}

Executed execute(const StepProgram& program, const FloatFormat& format) {
  Executed executed;
  for (const Phase& phase : program) {
    Charge& sum = phase.if_bit ? executed.if_bit : executed.always;
    const unsigned passes = phase.passes.of(format);
    for (unsigned pass = 1; pass <= passes; ++pass) {
      const unsigned of_pass = phase.triangle ? pass : phase.steps.of(format);
      for (unsigned step = 0; step < of_pass; ++step) sum += phase.step;
    }
  }
  return executed;
}

const StepPrograms& floatpim_programs() {
  static const StepPrograms programs = make_floatpim();
  return programs;
}

const StepPrograms& sot_programs() {
  static const StepPrograms programs = make_sot();
  return programs;
}

}  // namespace weft::fp_pim

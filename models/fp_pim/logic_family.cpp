// SPDX-License-Identifier: Apache-2.0
#include "models/fp_pim/logic_family.h"

namespace weft::fp_pim {

namespace {

using Kind = LogicStep::Kind;
using L = WriteLogic;

LogicStep drive(Slot source, std::vector<LogicStep::Target> targets) {
  return {Kind::drive, {source}, std::move(targets)};
}
LogicStep set(Slot slot) { return {Kind::set, {}, {{L::set, slot}}}; }

LogicStep init(const std::vector<Slot>& slots) {
  LogicStep step{Kind::init, {}, {}};
  for (const Slot slot : slots) step.targets.push_back({L::set, slot});
  return step;
}

LogicStep nor(Slot out, std::vector<Slot> inputs) { return {Kind::nor, std::move(inputs), {{L::set, out}}}; }

}  // namespace

const LogicFamily& sot_family() {
  using S = Slot;
  static const LogicFamily family{
      "sot",
      {drive(S::a, {{L::set, S::s}})},
      {set(S::s), drive(S::a, {{L::xor_, S::s}})},
      {drive(S::a, {{L::set, S::s}}), drive(S::b, {{L::and_, S::s}})},
      {drive(S::a, {{L::set, S::s}}), drive(S::b, {{L::or_, S::s}})},
      {drive(S::a, {{L::set, S::s}}), drive(S::b, {{L::xor_, S::s}})},
      // s = a, ab, a⊕b; with c: s = a ⊕ b ⊕ c and t0 = (a ⊕ b)·c; carry = ab + (a ⊕ b)·c.
      {drive(S::a, {{L::set, S::s}, {L::set, S::d}, {L::set, S::t0}}),
       drive(S::b, {{L::xor_, S::s}, {L::and_, S::d}, {L::xor_, S::t0}}),
       drive(S::c, {{L::xor_, S::s}, {L::and_, S::t0}}), drive(S::t0, {{L::or_, S::d}})},
  };
  return family;
}

const LogicFamily& nor_family() {
  using S = Slot;
  static const LogicFamily family{
      "nor",
      {init({S::t0, S::s}), nor(S::t0, {S::a}), nor(S::s, {S::t0})},
      {init({S::s}), nor(S::s, {S::a})},
      {init({S::t0, S::t1, S::s}), nor(S::t0, {S::a}), nor(S::t1, {S::b}), nor(S::s, {S::t0, S::t1})},
      {init({S::t0, S::s}), nor(S::t0, {S::a, S::b}), nor(S::s, {S::t0})},
      // Five NORs and an initialisation: the paper's 6 cycles.
      {init({S::t0, S::t1, S::t2, S::t3, S::s}), nor(S::t0, {S::a, S::b}), nor(S::t1, {S::a, S::t0}),
       nor(S::t2, {S::b, S::t0}), nor(S::t3, {S::t1, S::t2}), nor(S::s, {S::t3})},
      // carry = ((a+b)' + (b+c)' + (c+a)')', sum = (((a'+b'+c')' + ((a+b+c)' + carry)')')'.
      {init({S::t0, S::t1, S::t2, S::t3, S::t4, S::t5, S::t6, S::t7, S::t8, S::t9, S::s, S::d}),
       nor(S::t0, {S::a, S::b}), nor(S::t1, {S::b, S::c}), nor(S::t2, {S::c, S::a}),
       nor(S::d, {S::t0, S::t1, S::t2}), nor(S::t3, {S::a}), nor(S::t4, {S::b}), nor(S::t5, {S::c}),
       nor(S::t6, {S::t3, S::t4, S::t5}), nor(S::t7, {S::a, S::b, S::c}), nor(S::t8, {S::t7, S::d}),
       nor(S::t9, {S::t6, S::t8}), nor(S::s, {S::t9})},
  };
  return family;
}

}  // namespace weft::fp_pim

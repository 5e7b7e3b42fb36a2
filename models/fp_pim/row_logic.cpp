// SPDX-License-Identifier: Apache-2.0
#include "models/fp_pim/row_logic.h"

#include <array>

namespace weft::fp_pim {

RowLogic::RowLogic(Subarray& array, const LogicFamily& family, Row scratch)
    : array_(array),
      family_(family),
      scratch_(scratch),
      carry_{scratch + scratch_slots, scratch + scratch_slots + 1},
      zero_(scratch + scratch_slots + 2),
      one_(scratch + scratch_slots + 3) {
  array_.select_all();
  array_.write_constant(WriteLogic::set, zero_, false);
  array_.write_constant(WriteLogic::set, one_, true);
}

RowLogic::Bits RowLogic::constant(std::uint64_t value) const {
  return [this, value](unsigned bit) { return (value >> bit & 1u) != 0 ? one_ : zero_; };
}

RowLogic::Row RowLogic::row_of(Slot slot, const Binding& rows) const {
  switch (slot) {
    case Slot::a:
      return rows.a;
    case Slot::b:
      return rows.b;
    case Slot::c:
      return rows.c;
    case Slot::s:
      return rows.s;
    case Slot::d:
      return rows.d;
    default:
      return scratch_ + static_cast<unsigned>(slot) - static_cast<unsigned>(Slot::t0);
  }
}

void RowLogic::run(const LogicTable& table, const Binding& rows) {
  constexpr unsigned most = scratch_slots + 2;
  for (const LogicStep& step : table) {
    const auto targets = static_cast<unsigned>(step.targets.size());
    std::array<Row, most> inputs{};
    std::array<Row, most> outputs{};
    std::array<Subarray::Write, most> writes{};
    for (std::size_t i = 0; i < step.sources.size(); ++i) inputs[i] = row_of(step.sources[i], rows);
    for (std::size_t i = 0; i < step.targets.size(); ++i) {
      outputs[i] = row_of(step.targets[i].slot, rows);
      writes[i] = {step.targets[i].logic, outputs[i]};
    }
    switch (step.kind) {
      case LogicStep::Kind::drive:
        array_.read_write(inputs[0], writes.data(), targets);
        break;
      case LogicStep::Kind::set:
        array_.write_constant(WriteLogic::set, outputs[0], true);
        break;
      case LogicStep::Kind::init:
        array_.initialise(outputs.data(), targets);
        break;
      case LogicStep::Kind::nor:
        array_.nor(outputs[0], inputs.data(), static_cast<unsigned>(step.sources.size()));
        break;
    }
  }
}

void RowLogic::copy(const Word& result, const Word& a) {
  for (unsigned bit = 0; bit < result.width; ++bit) copy(result.bit(bit), a.bit(bit));
}

void RowLogic::write(const Word& result, std::uint64_t value) {
  for (unsigned bit = 0; bit < result.width; ++bit)
    array_.write_constant(WriteLogic::set, result.bit(bit), (value >> bit & 1u) != 0);
}

RowLogic::Row RowLogic::add(const Word& result, const Bits& a, const Bits& b, Row carry) {
  for (unsigned bit = 0; bit < result.width; ++bit) {
    const Row next = carry == carry_[0] ? carry_[1] : carry_[0];
    run(family_.full_add, {a(bit), b(bit), carry, result.bit(bit), next});
    carry = next;
  }
  return carry;
}

RowLogic::Row RowLogic::add(const Word& result, const Word& a, const Word& b, Row carry) {
  return add(
      result, [a](unsigned bit) { return a.bit(bit); }, [b](unsigned bit) { return b.bit(bit); }, carry);
}

void RowLogic::shift_left(const Word& word) {
  for (unsigned bit = word.width; --bit > 0;) copy(word.bit(bit), word.bit(bit - 1));
  write(word.part(0, 1), 0);
}

void RowLogic::shift_right_sticky(const Word& word) {
  lor(carry_[0], word.bit(0), word.bit(1));
  copy(word.bit(0), carry_[0]);
  for (unsigned bit = 1; bit + 1 < word.width; ++bit) copy(word.bit(bit), word.bit(bit + 1));
  write(word.part(word.width - 1, 1), 0);
}

void RowLogic::any(Row result, const Word& word) {
  copy(result, word.bit(0));
  for (unsigned bit = 1; bit < word.width; ++bit) {
    lor(carry_[0], result, word.bit(bit));
    copy(result, carry_[0]);
  }
}

}  // namespace weft::fp_pim

// SPDX-License-Identifier: Apache-2.0
#include "models/vector/vector_unit.h"

#include <fmt/format.h>

#include "models/common/error.h"

namespace weft::vector {

namespace {

using unit::Cause;
using unit::Command;
using unit::Fault;

constexpr std::uint64_t pipeline_fill_cycles = 4;

std::uint32_t row_bytes(const Command& command) { return command.length * unit::bytes_of(command.format0); }

unsigned rows_of(const Command& command, const Traits& traits) {
  return traits.reads_rows ? command.count : 1;
}

// Row addresses are computed modulo 2^32, as the hardware's adder does; every row is checked.
std::uint32_t row_address(const Command& command, unsigned row) {
  return command.src0 + row * static_cast<std::uint32_t>(command.src_stride);
}

}  // namespace

VectorUnit::VectorUnit(const sc_core::sc_module_name& name, const VectorUnitConfig& config, Context& context)
    : CommandUnit(name, config.unit, context),
      config_(config),
      other_energy_(context.energy.open(this->name(), "vector element", config.other_element)),
      multiply_energy_(context.energy.open(this->name(), "vector multiplication", config.multiply_element)),
      table_energy_(context.energy.open(this->name(), "vector table look-up", config.table_element)) {
  if (config.lanes == 0) throw Error(fmt::format("{}: a vector unit needs at least 1 lane", this->name()));
}

std::optional<Fault> VectorUnit::check(const Command& command) const {
  const Traits* traits = find_traits(command.opcode);
  if (traits == nullptr) return Fault{Cause::illegal_instruction, command.opcode};
  if (command.length == 0) return Fault{Cause::illegal_instruction, command.length};
  const unsigned rows = rows_of(command, *traits);
  if (rows == 0) return Fault{Cause::illegal_instruction, command.count};
  if (traits->reads_src0) {
    if (auto fault = check_rows(command, rows)) return fault;
  }
  if (traits->reads_src1) {
    const std::uint64_t size = unit::bytes_of(command.format1);
    if (auto fault = check_load(command.src1, command.length * size, static_cast<unsigned>(size)))
      return fault;
  }
  const std::uint64_t size = unit::bytes_of(command.format_dst);
  return check_store(command.dst, result_elements(command) * size, static_cast<unsigned>(size));
}

std::optional<Fault> VectorUnit::check_rows(const Command& command, unsigned rows) const {
  const std::uint64_t size = unit::bytes_of(command.format0);
  for (unsigned row = 0; row < rows; ++row) {
    auto fault = check_load(row_address(command, row), command.length * size, static_cast<unsigned>(size));
    if (fault) return fault;
  }
  // Overlapping rows would need more room than the buffer they come from.
  if (size * rows * command.length > config_.unit.window.size) {
    return Fault{Cause::illegal_instruction, command.count};
  }
  return std::nullopt;
}

std::optional<Fault> VectorUnit::execute(const Command& command) {
  const Traits& traits = *find_traits(command.opcode);
  const std::uint64_t elements = source_elements(command);
  sc_core::sc_time delay;
  if (auto fault = read_operands(command, delay)) {
    wait(delay);
    return fault;
  }

  dst_.resize(std::size_t{result_elements(command)} * unit::bytes_of(command.format_dst));
  saturated_ += elementwise_.run(command, src0_.data(), src1_.data(), dst_.data());
  elements_ += elements;
  account(traits.cost).charge(elements);
  wait(delay + compute_time(elements));

  delay = sc_core::SC_ZERO_TIME;
  auto fault = store(command.dst, dst_.data(), static_cast<std::uint32_t>(dst_.size()), delay);
  wait(delay);
  return fault;
}

std::optional<Fault> VectorUnit::read_operands(const Command& command, sc_core::sc_time& delay) {
  const Traits& traits = *find_traits(command.opcode);
  if (traits.reads_src0) {
    if (auto fault = read_rows(command, rows_of(command, traits), delay)) return fault;
  }
  if (!traits.reads_src1) return std::nullopt;
  src1_.resize(std::size_t{command.length} * unit::bytes_of(command.format1));
  return load(command.src1, src1_.data(), static_cast<std::uint32_t>(src1_.size()), delay);
}

std::optional<Fault> VectorUnit::read_rows(const Command& command, unsigned rows, sc_core::sc_time& delay) {
  const std::uint32_t bytes = row_bytes(command);
  src0_.resize(std::size_t{rows} * bytes);
  if (rows == 1 || static_cast<std::uint32_t>(command.src_stride) == bytes) {
    return load(command.src0, src0_.data(), static_cast<std::uint32_t>(src0_.size()), delay);
  }
  for (unsigned row = 0; row < rows; ++row) {
    if (auto fault = load(row_address(command, row), &src0_[std::size_t{row} * bytes], bytes, delay)) {
      return fault;
    }
  }
  return std::nullopt;
}

sc_core::sc_time VectorUnit::compute_time(std::uint64_t elements) const {
  const std::uint64_t cycles = (elements + config_.lanes - 1) / config_.lanes + pipeline_fill_cycles;
  return static_cast<double>(cycles) * config_.cycle;
}

EnergyLedger::Account& VectorUnit::account(Cost cost) {
  switch (cost) {
    case Cost::multiply:
      return multiply_energy_;
    case Cost::table:
      return table_energy_;
    case Cost::other:
      break;
  }
  return other_energy_;
}

}  // namespace weft::vector

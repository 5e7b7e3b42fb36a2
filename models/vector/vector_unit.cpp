// SPDX-License-Identifier: Apache-2.0
#include "models/vector/vector_unit.h"

#include <fmt/format.h>

#include <cstring>

#include "models/common/error.h"

namespace weft::vector {

namespace {

using unit::Cause;
using unit::Command;
using unit::Fault;

constexpr std::uint64_t pipeline_fill_cycles = 4;

std::uint32_t row_bytes(const Command& command) { return command.length * unit::bytes_of(command.format0); }

unsigned rows_of(const Command& command, const Traits& traits) {
  return traits.rows == Rows::one ? 1 : command.count;
}

// Formats of operands that the command uses and that the vector unit cannot compute with.
std::optional<Fault> check_formats(const Command& command, const Traits& traits) {
  const auto refused = [](unit::Format format) {
    return Fault{Cause::illegal_instruction, static_cast<std::uint32_t>(format)};
  };
  if (traits.reads_src0 && !unit::is_integer(command.format0)) return refused(command.format0);
  if (traits.reads_src1 && !unit::is_integer(command.format1)) return refused(command.format1);
  if (!unit::is_integer(command.format_dst)) return refused(command.format_dst);
  return std::nullopt;
}

// Row addresses are computed modulo 2^32, as the hardware's adder does; every row is checked.
std::uint32_t row_address(const Command& command, unsigned row) {
  return command.src0 + row * static_cast<std::uint32_t>(command.src_stride);
}

std::uint32_t result_address(const Command& command, std::uint32_t row) {
  return command.dst + row * static_cast<std::uint32_t>(command.dst_stride);
}

std::int32_t index_at(const Command& command, const std::vector<std::uint8_t>& indices, std::size_t at) {
  std::int32_t wide = 0;
  std::int16_t half = 0;
  switch (command.format1) {
    case unit::Format::int8:
      return static_cast<std::int8_t>(indices[at]);
    case unit::Format::int16:
      std::memcpy(&half, &indices[at * sizeof half], sizeof half);
      return half;
    default:
      std::memcpy(&wide, &indices[at * sizeof wide], sizeof wide);
      return wide;
  }
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
  if (auto fault = check_formats(command, *traits)) return fault;
  if (traits->reads_src0) {
    if (auto fault = traits->rows == Rows::gathered ? check_gather(command) : check_rows(command, rows))
      return fault;
  }
  if (traits->reads_src1) {
    const std::uint64_t size = unit::bytes_of(command.format1);
    if (auto fault = check_load(command.src1, command.length * size, static_cast<unsigned>(size)))
      return fault;
  }
  if (traits->rows == Rows::transposed) return check_columns(command);
  const std::uint64_t size = unit::bytes_of(command.format_dst);
  return check_store(command.dst, result_elements(command) * size, static_cast<unsigned>(size));
}

// Where its runs lie is known when the indices are: see read_runs().
std::optional<Fault> VectorUnit::check_gather(const Command& command) const {
  const unsigned size = unit::bytes_of(command.format0);
  if (auto fault = check_load(command.src0, 0, size)) return fault;
  if (size * source_elements(command) > config_.unit.window.size) {
    return Fault{Cause::illegal_instruction, command.count};
  }
  return std::nullopt;
}

std::optional<Fault> VectorUnit::check_columns(const Command& command) const {
  const unsigned size = unit::bytes_of(command.format_dst);
  for (std::uint32_t row = 0; row < command.length; ++row) {
    if (auto fault = check_store(result_address(command, row), command.count * size, size)) return fault;
  }
  return std::nullopt;
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

  saturated_ += elementwise_.run(command, src0_.data(), src1_.data(), dst_.data());
  elements_ += elements;
  account(traits.cost).charge(elements);
  wait(delay + compute_time(elements));

  delay = sc_core::SC_ZERO_TIME;
  auto fault = write_result(command, delay);
  wait(delay);
  return fault;
}

std::optional<Fault> VectorUnit::write_result(const Command& command, sc_core::sc_time& delay) {
  const std::uint32_t row = command.count * unit::bytes_of(command.format_dst);
  const bool gaps = find_traits(command.opcode)->rows == Rows::transposed &&
                    static_cast<std::uint32_t>(command.dst_stride) != row;
  if (!gaps) return store(command.dst, dst_.data(), static_cast<std::uint32_t>(dst_.size()), delay);
  for (std::uint32_t i = 0; i < command.length; ++i) {
    if (auto fault = store(result_address(command, i), &dst_[std::size_t{i} * row], row, delay)) return fault;
  }
  return std::nullopt;
}

// The runs of a gather are known when its indices have been read; they are not entered.
unit::Footprint VectorUnit::footprint(const Command& command) const {
  using Use = unit::Extent::Use;
  const Traits& traits = *find_traits(command.opcode);
  const std::uint32_t size_dst = unit::bytes_of(command.format_dst);
  unit::Footprint result;
  if (traits.reads_src0 && traits.rows != Rows::gathered) {
    unit::add_rows(result, command.src0, command.src_stride, rows_of(command, traits), row_bytes(command),
                   Use::reads);
  }
  if (traits.reads_src1) {
    result.push_back(
        {command.src1, std::uint64_t{command.length} * unit::bytes_of(command.format1), Use::reads});
  }
  if (traits.rows == Rows::transposed) {
    unit::add_rows(result, command.dst, command.dst_stride, command.length, command.count * size_dst,
                   Use::writes);
  } else {
    result.push_back({command.dst, result_elements(command) * size_dst, Use::writes});
  }
  return result;
}

std::optional<Fault> VectorUnit::read_operands(const Command& command, sc_core::sc_time& delay) {
  const Traits& traits = *find_traits(command.opcode);
  if (traits.reads_src0 && traits.rows != Rows::gathered) {
    if (auto fault = read_rows(command, rows_of(command, traits), delay)) return fault;
  }
  if (traits.reads_src1) {
    src1_.resize(std::size_t{command.length} * unit::bytes_of(command.format1));
    const auto bytes = static_cast<std::uint32_t>(src1_.size());
    if (auto fault = load(command.src1, src1_.data(), bytes, delay)) return fault;
  }
  if (traits.rows == Rows::gathered) {
    if (auto fault = read_runs(command, delay)) return fault;
  }
  dst_.resize(result_elements(command) * unit::bytes_of(command.format_dst));
  if (!traits.reads_dst) return std::nullopt;
  return load(command.dst, dst_.data(), static_cast<std::uint32_t>(dst_.size()), delay);
}

std::optional<Fault> VectorUnit::read_runs(const Command& command, sc_core::sc_time& delay) {
  const std::uint32_t size = unit::bytes_of(command.format0);
  const std::uint32_t run = command.count * size;
  src0_.assign(std::size_t{command.length} * run, 0);
  for (std::size_t i = 0; i < command.length; ++i) {
    const std::int32_t index = index_at(command, src1_, i);
    if (index < 0) continue;
    const std::uint64_t address = command.src0 + std::uint64_t{size} * static_cast<std::uint32_t>(index);
    const auto at = static_cast<std::uint32_t>(address);
    if (address != at) return Fault{Cause::load_access_fault, at};
    if (auto fault = check_load(at, run, size)) return fault;
    if (auto fault = load(at, &src0_[i * run], run, delay)) return fault;
  }
  return std::nullopt;
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

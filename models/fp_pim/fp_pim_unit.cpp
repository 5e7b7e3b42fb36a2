// SPDX-License-Identifier: Apache-2.0
#include "models/fp_pim/fp_pim_unit.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "models/common/error.h"
#include "models/fp_pim/number.h"
#include "models/hart/xweft_table.h"

namespace weft::fp_pim {

using sc_core::sc_time;
using unit::Cause;
using unit::Command;
using unit::Fault;
using unit::Format;
using xweft::FpPimCommand;

namespace {

constexpr std::array<Format, 3> formats{Format::fp32, Format::fp16, Format::bf16};
constexpr std::array<const char*, 3> format_names{"fp32", "fp16", "bf16"};

FpPimCommand what(const Command& command) { return static_cast<FpPimCommand>(command.opcode); }

// How many numbers a command takes from src0 and src1 and writes to dst; 0: it does not use them.
struct Operands {
  std::size_t src0 = 0;
  std::size_t src1 = 0;
  std::size_t dst = 0;
};

std::optional<Operands> operands_of(const Command& command, const Part& part) {
  const std::size_t all = std::size_t{part.rows} * part.columns;
  switch (what(command)) {
    case FpPimCommand::fpm_load:
    case FpPimCommand::fpm_add:
    case FpPimCommand::fpm_mul:
      return Operands{all, 0, 0};
    case FpPimCommand::fpm_read:
      return Operands{0, 0, all};
    case FpPimCommand::fpm_mvm:
      return Operands{part.rows, 0, part.columns};
    case FpPimCommand::fpm_mtvm:
      return Operands{part.columns, 0, part.rows};
    case FpPimCommand::fpm_opa:
      return Operands{part.rows, part.columns, 0};
    case FpPimCommand::fpm_mac:
      return Operands{all, all, 0};
  }
  return std::nullopt;
}

Fault illegal(std::uint32_t value) { return {Cause::illegal_instruction, value}; }

unsigned checked(unsigned lines, const char* name, const char* what) {
  if (lines >= 1 && lines <= max_lines) return lines;
  throw Error(
      fmt::format("{}: {} {} of a floating-point array; allowed are 1 to {}", name, lines, what, max_lines));
}

}  // namespace

FpPimUnit::FpPimUnit(const sc_core::sc_module_name& name, const FpPimUnitConfig& config, Context& context)
    : CommandUnit(name, config.unit, context),
      config_(config),
      array_(checked(config.rows, this->name(), "rows"), checked(config.columns, this->name(), "columns")),
      write_energy_(context.energy.open(this->name(), "number bit write", config.bit_write)),
      read_energy_(context.energy.open(this->name(), "number bit read", config.bit_read)) {
  for (std::size_t i = 0; i < formats.size(); ++i) {
    const FormatCost cost = cost_of(formats[i], config.primitives);
    const auto open = [&](const char* operation, Joule price) {
      return &context.energy.open(this->name(), fmt::format("{} {}", format_names[i], operation), price);
    };
    prices_[i] = {cost, open("multiplication", cost.multiplication.lane),
                  open("addition", cost.addition.lane), open("search", config.primitives.search)};
  }
}

Part FpPimUnit::part(const Command& command) const {
  const unsigned rows = command.length & 0xffffu;
  const unsigned columns = command.length >> 16;
  return {rows == 0 ? array_.rows() : rows, columns == 0 ? array_.columns() : columns};
}

std::optional<Fault> FpPimUnit::check(const Command& command) const {
  const Part used = part(command);
  if (!operands_of(command, used)) return illegal(command.opcode);
  if (used.rows > array_.rows() || used.columns > array_.columns()) return illegal(command.length);
  return check_operands(command);
}

std::optional<Fault> FpPimUnit::check_operands(const Command& command) const {
  const Operands used = *operands_of(command, part(command));
  const auto refuses = [](std::size_t count, Format format) {
    return count != 0 && unit::is_integer(format);
  };
  if (refuses(used.src0, command.format0)) return illegal(static_cast<std::uint32_t>(command.format0));
  if (refuses(used.src1, command.format1)) return illegal(static_cast<std::uint32_t>(command.format1));
  const bool uses_dst_format = used.dst != 0 || what(command) == FpPimCommand::fpm_load;
  if (uses_dst_format && unit::is_integer(command.format_dst))
    return illegal(static_cast<std::uint32_t>(command.format_dst));
  const auto bytes = [](std::size_t count, Format format) { return count * unit::bytes_of(format); };
  if (used.src0 != 0) {
    const unsigned size = unit::bytes_of(command.format0);
    if (auto fault = check_load(command.src0, bytes(used.src0, command.format0), size)) return fault;
  }
  if (used.src1 != 0) {
    const unsigned size = unit::bytes_of(command.format1);
    if (auto fault = check_load(command.src1, bytes(used.src1, command.format1), size)) return fault;
  }
  if (used.dst == 0) return std::nullopt;
  const unsigned size = unit::bytes_of(command.format_dst);
  return check_store(command.dst, bytes(used.dst, command.format_dst), size);
}

unit::Footprint FpPimUnit::footprint(const Command& command) const {
  using Use = unit::Extent::Use;
  const Operands used = *operands_of(command, part(command));
  unit::Footprint result;
  const auto add = [&](std::uint32_t address, std::size_t count, Format format, Use use) {
    if (count != 0) result.push_back({address, count * unit::bytes_of(format), use});
  };
  add(command.src0, used.src0, command.format0, Use::reads);
  add(command.src1, used.src1, command.format1, Use::reads);
  add(command.dst, used.dst, command.format_dst, Use::writes);
  return result;
}

std::optional<Fault> FpPimUnit::execute(const Command& command) {
  sc_time delay;
  if (auto fault = read_operands(command, delay)) {
    wait(delay);
    return fault;
  }
  compute(command);
  wait(delay + charge(command));
  delay = sc_core::SC_ZERO_TIME;
  auto fault = write_result(command, delay);
  wait(delay);
  return fault;
}

std::optional<Fault> FpPimUnit::read_operands(const Command& command, sc_time& delay) {
  const Operands used = *operands_of(command, part(command));
  if (auto fault = read_numbers(command.src0, command.format0, used.src0, src0_, delay)) return fault;
  return read_numbers(command.src1, command.format1, used.src1, src1_, delay);
}

// The numbers, rounded to the format of the cells.
std::optional<Fault> FpPimUnit::read_numbers(std::uint32_t address, Format format, std::size_t count,
                                             std::vector<float>& numbers, sc_time& delay) {
  if (count == 0) return std::nullopt;
  const std::size_t size = unit::bytes_of(format);
  bytes_.resize(count * size);
  if (auto fault = load(address, bytes_.data(), static_cast<std::uint32_t>(bytes_.size()), delay))
    return fault;
  numbers.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    std::uint32_t bits = 0;
    std::memcpy(&bits, &bytes_[i * size], size);
    numbers[i] = from_bits(format, bits);
  }
  return std::nullopt;
}

void FpPimUnit::compute(const Command& command) {
  const Part used = part(command);
  const auto round = [this](std::vector<float>& numbers) {
    for (float& number : numbers) number = round_to(array_.format(), number);
  };
  if (what(command) != FpPimCommand::fpm_load) {
    round(src0_);
    round(src1_);
  }
  result_.resize(operands_of(command, used)->dst);
  switch (what(command)) {
    case FpPimCommand::fpm_load:
      return array_.load(command.format_dst, used, src0_.data());
    case FpPimCommand::fpm_read:
      return array_.read(used, result_.data());
    case FpPimCommand::fpm_mvm:
      return array_.mvm(used, src0_.data(), result_.data());
    case FpPimCommand::fpm_mtvm:
      return array_.mtvm(used, src0_.data(), result_.data());
    case FpPimCommand::fpm_opa:
      return array_.opa(used, src0_.data(), src1_.data());
    case FpPimCommand::fpm_add:
      return array_.add(used, src0_.data());
    case FpPimCommand::fpm_mul:
      return array_.multiply(used, src0_.data());
    case FpPimCommand::fpm_mac:
      return array_.multiply_add(used, src0_.data(), src1_.data());
  }
}

sc_time FpPimUnit::charge(const Command& command) {
  const Part used = part(command);
  Work work{used.rows, used.columns, true, true};
  switch (what(command)) {
    case FpPimCommand::fpm_load:
      return charge_access(command, true);
    case FpPimCommand::fpm_read:
      return charge_access(command, false);
    case FpPimCommand::fpm_mtvm:
      work = {used.columns, used.rows, true, true};
      break;
    case FpPimCommand::fpm_add:
      work.multiplies = false;
      break;
    case FpPimCommand::fpm_mul:
      work.adds = false;
      break;
    default:
      break;
  }
  Prices& price = prices(array_.format());
  const std::uint64_t operations = std::uint64_t{work.steps} * work.lanes;
  sc_time step;
  if (work.multiplies) {
    price.multiplication->charge(operations);
    step += price.cost.multiplication.time;
  }
  if (work.adds) {
    price.addition->charge(operations);
    price.search->charge(std::uint64_t{work.steps} * price.cost.addition.searches);
    step += price.cost.addition.time;
  }
  return step * static_cast<double>(work.steps);
}

sc_time FpPimUnit::charge_access(const Command& command, bool writes) {
  const Part used = part(command);
  const std::uint64_t bits = std::uint64_t{8} * unit::bytes_of(array_.format()) * used.rows * used.columns;
  (writes ? write_energy_ : read_energy_).charge(bits);
  return config_.row_access * static_cast<double>(used.rows);
}

FpPimUnit::Prices& FpPimUnit::prices(Format format) {
  return prices_.at(static_cast<std::size_t>(format) - static_cast<std::size_t>(formats[0]));
}

std::optional<Fault> FpPimUnit::write_result(const Command& command, sc_time& delay) {
  if (result_.empty()) return std::nullopt;
  const std::size_t size = unit::bytes_of(command.format_dst);
  bytes_.resize(result_.size() * size);
  for (std::size_t i = 0; i < result_.size(); ++i) {
    const std::uint32_t bits = to_bits(command.format_dst, round_to(command.format_dst, result_[i]));
    std::memcpy(&bytes_[i * size], &bits, size);
  }
  return store(command.dst, bytes_.data(), static_cast<std::uint32_t>(bytes_.size()), delay);
}

}  // namespace weft::fp_pim

// SPDX-License-Identifier: Apache-2.0
#include "models/fp_pim/fp_pim_unit.h"

#include <fmt/format.h>

#include <algorithm>
#include <bitset>
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
  const std::size_t all_rows = std::size_t{part.groups} * part.rows;
  switch (what(command)) {
    case FpPimCommand::fpm_load:
    case FpPimCommand::fpm_add:
    case FpPimCommand::fpm_mul:
      return Operands{all, 0, 0};
    case FpPimCommand::fpm_read:
      return Operands{0, 0, all};
    case FpPimCommand::fpm_mvm:
      return Operands{all_rows, 0, part.columns};
    case FpPimCommand::fpm_mtvm:
      return Operands{part.columns, 0, all_rows};
    case FpPimCommand::fpm_opa:
      return Operands{all_rows, part.columns, 0};
    case FpPimCommand::fpm_mac:
      return Operands{all, all, 0};
  }
  return std::nullopt;
}

// Lanes can be packed; the other commands take rows from one on.
bool takes_groups(const Command& command) {
  switch (what(command)) {
    case FpPimCommand::fpm_mvm:
    case FpPimCommand::fpm_mtvm:
    case FpPimCommand::fpm_opa:
      return true;
    default:
      return false;
  }
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
    prices_[i] = {cost,
                  open("multiplication", cost.multiplication.lane),
                  open("addition", cost.addition.lane),
                  open("search", config.primitives.search),
                  open("transfer", cost.transfer.lane),
                  config.primitives.policy == MultiplyPolicy::predicated
                      ? open("multiplier bit", cost.multiplication.lane_bit)
                      : nullptr};
  }
}

const FormatCost& FpPimUnit::cost() const {
  return prices_.at(static_cast<std::size_t>(array_.format()) - static_cast<std::size_t>(formats[0])).cost;
}

Part FpPimUnit::part(const Command& command) const {
  const unsigned rows = command.length & 0xffffu;
  const unsigned columns = command.length >> 16;
  Part result{rows == 0 ? array_.rows() : rows, columns == 0 ? array_.columns() : columns};
  if (takes_groups(command)) {
    result.groups = std::max(command.count, 1u);
  } else {
    result.first_row = command.count;
  }
  return result;
}

std::optional<Fault> FpPimUnit::check(const Command& command) const {
  const Part used = part(command);
  if (!operands_of(command, used)) return illegal(command.opcode);
  if (used.rows > array_.rows() || used.columns > array_.columns()) return illegal(command.length);
  const bool too_wide = std::uint64_t{used.groups} * used.columns > array_.columns();
  const bool too_low = std::uint64_t{used.first_row} + used.rows > array_.rows();
  if (too_wide || too_low) return illegal(command.count);
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
  round_operands(command);
  // Loading sets the format, on which the price depends.
  const bool loads = what(command) == FpPimCommand::fpm_load;
  if (loads) compute(command);
  const sc_time cost = charge(command);
  if (!loads) task_.start(context().workers, [this, command] { compute(command); });
  wait(delay + cost);
  task_.finish();
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

void FpPimUnit::round_operands(const Command& command) {
  const auto round = [this](std::vector<float>& numbers) {
    for (float& number : numbers) number = round_to(array_.format(), number);
  };
  if (what(command) != FpPimCommand::fpm_load) {
    round(src0_);
    round(src1_);
  }
  result_.resize(operands_of(command, part(command))->dst);
}

void FpPimUnit::compute(const Command& command) {
  const Part used = part(command);
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

// The row steps of a command, and what they are in operations of lanes.
FpPimUnit::Work FpPimUnit::work(const Command& command) const {
  const Part used = part(command);
  const unsigned lanes = used.groups * used.columns;
  switch (what(command)) {
    case FpPimCommand::fpm_mtvm:
      return {used.columns, used.groups * used.rows, true, true};
    case FpPimCommand::fpm_add:
      return {used.rows, lanes, false, true};
    case FpPimCommand::fpm_mul:
      return {used.rows, lanes, true, false};
    default:
      return {used.rows, lanes, true, true};
  }
}

sc_time FpPimUnit::charge(const Command& command) {
  if (what(command) == FpPimCommand::fpm_load) return charge_access(command, true);
  if (what(command) == FpPimCommand::fpm_read) return charge_access(command, false);
  const Work steps = work(command);
  Prices& price = prices(array_.format());
  const std::uint64_t operations = std::uint64_t{steps.steps} * steps.lanes;
  sc_time step;
  if (steps.multiplies) {
    price.multiplication->charge(operations);
    if (price.multiplier_bit != nullptr) price.multiplier_bit->charge(multiplier_bits(command));
    multiplications_ += steps.steps;
    step += price.cost.multiplication.time;
  }
  if (steps.adds) {
    charge_additions(price, steps.steps, steps.lanes);
    step += price.cost.addition.time;
  }
  const sc_time reduction = what(command) == FpPimCommand::fpm_mvm ? charge_reduction(command) : sc_time();
  return step * static_cast<double>(steps.steps) + reduction;
}

void FpPimUnit::charge_additions(Prices& price, unsigned steps, unsigned lanes) {
  const bool every_lane = config_.primitives.search_scope == SearchScope::lane;
  price.addition->charge(std::uint64_t{steps} * lanes);
  price.search->charge(std::uint64_t{steps} * price.cost.addition.searches * (every_lane ? lanes : 1));
  additions_ += steps;
}

// The groups' sums are moved together and added, half of those that are left at a time.
sc_time FpPimUnit::charge_reduction(const Command& command) {
  const Part used = part(command);
  Prices& price = prices(array_.format());
  sc_time time;
  for (unsigned left = used.groups; left > 1; left = (left + 1) / 2) {
    const unsigned lanes = left / 2 * used.columns;
    charge_additions(price, 1, lanes);
    price.transfer->charge(lanes);
    time += price.cost.transfer.time + price.cost.addition.time;
  }
  return time;
}

// Bits that are 1 in the fractions of the multipliers, over all lanes that multiply with them.
std::uint64_t FpPimUnit::multiplier_bits(const Command& command) const {
  const Part used = part(command);
  const std::uint32_t fraction = (1u << float_format(array_.format()).fraction_bits) - 1;
  std::uint64_t bits = 0;
  for (const float number : src0_)
    bits += std::bitset<32>(to_bits(array_.format(), number) & fraction).count();
  switch (what(command)) {
    case FpPimCommand::fpm_mvm:
    case FpPimCommand::fpm_opa:
      return bits * used.columns;
    case FpPimCommand::fpm_mtvm:
      return bits * used.rows * used.groups;
    default:
      return bits;
  }
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

// SPDX-License-Identifier: Apache-2.0
#include "models/inversion/inversion_unit.h"

#include <fmt/format.h>

#include <cmath>
#include <cstring>

#include "models/common/error.h"
#include "models/hart/xweft_table.h"
#include "models/unit/requantise.h"

namespace weft::inversion {

using sc_core::sc_time;
using unit::Cause;
using unit::Command;
using unit::Fault;
using unit::Format;
using unit::Rounding;
using xweft::InversionCommand;

namespace {

InversionCommand what(const Command& command) { return static_cast<InversionCommand>(command.opcode); }

Fault illegal(std::uint32_t value) { return {Cause::illegal_instruction, value}; }
Fault failed(Failure failure) { return {Cause::unit_error, static_cast<std::uint32_t>(failure)}; }

std::optional<Fault> check_format(Format format) {
  if (format == Format::int16 || format == Format::int32 || format == Format::fp32) return std::nullopt;
  return illegal(static_cast<std::uint32_t>(format));
}

double number_at(Format format, const std::uint8_t* bytes) {
  std::int16_t half = 0;
  std::int32_t word = 0;
  float real = 0;
  switch (format) {
    case Format::int16:
      std::memcpy(&half, bytes, sizeof half);
      return half;
    case Format::int32:
      std::memcpy(&word, bytes, sizeof word);
      return word;
    default:
      std::memcpy(&real, bytes, sizeof real);
      return static_cast<double>(real);
  }
}

double rounded(double value, Rounding rounding) {
  const double below = std::floor(value);
  if (rounding == Rounding::floor) return below;
  const double rest = value - below;
  if (rest != 0.5) return rest > 0.5 ? below + 1 : below;
  if (rounding == Rounding::nearest_away) return value >= 0 ? below + 1 : below;
  return std::fmod(below, 2.0) == 0 ? below : below + 1;
}

// Writes x in the format of the result; false if it does not fit.
bool put_result(const Command& command, double x, std::uint8_t* bytes) {
  if (command.format_dst == Format::fp32) {
    const auto real = static_cast<float>(x);
    std::memcpy(bytes, &real, sizeof real);
    return std::isfinite(real);
  }
  const double value = rounded(std::ldexp(x, static_cast<int>(command.shift)), command.rounding);
  const unit::Range range = unit::result_range(command.format_dst, command.magnitude_bits);
  if (!(value >= static_cast<double>(range.lowest) && value <= static_cast<double>(range.highest)))
    return false;
  const auto integer = static_cast<std::int32_t>(value);
  std::memcpy(bytes, &integer, unit::bytes_of(command.format_dst));
  return true;
}

unsigned checked(unsigned size, const char* name) {
  if (size >= 1 && size <= max_size) return size;
  throw Error(
      fmt::format("{}: an inversion unit for {} unknowns; allowed are 1 to {}", name, size, max_size));
}

}  // namespace

InversionUnit::InversionUnit(const sc_core::sc_module_name& name, const InversionUnitConfig& config,
                             Context& context)
    : CommandUnit(name, config.unit, context),
      config_(config),
      write_energy_(context.energy.open(this->name(), "matrix row write", config.row_write_energy)),
      solve_energy_(context.energy.open(this->name(), "right-hand side", config.solve_energy)) {
  checked(config.size, this->name());
}

InversionUnit::Shape InversionUnit::shape(const Command& command) const {
  const unsigned rows = command.length & 0xffffu;
  const unsigned columns = command.length >> 16;
  return {rows == 0 ? config_.size : rows, columns == 0 ? config_.size : columns};
}

std::optional<Fault> InversionUnit::check(const Command& command) const {
  switch (what(command)) {
    case InversionCommand::inv_load:
    case InversionCommand::inv_loadf:
      return check_load_command(command);
    case InversionCommand::inv_solve:
      // How many unknowns there are is known when the commands before it have run: at least one.
      return check_solve(command, 1);
  }
  return illegal(command.opcode);
}

std::optional<Fault> InversionUnit::check_load_command(const Command& command) const {
  const auto [rows, columns] = shape(command);
  const bool square = what(command) == InversionCommand::inv_load;
  if (rows > config_.size || (square && columns != rows)) return illegal(command.length);
  if (auto fault = check_format(command.format0)) return fault;
  const unsigned size = unit::bytes_of(command.format0);
  return check_load(command.src0, std::uint64_t{size} * rows * columns, size);
}

std::optional<Fault> InversionUnit::check_solve(const Command& command, std::size_t unknowns) const {
  if (command.count == 0) return illegal(command.count);
  if (auto fault = check_format(command.format0)) return fault;
  if (auto fault = check_format(command.format_dst)) return fault;
  const std::uint64_t numbers = std::uint64_t{command.count} * unknowns;
  const unsigned size = unit::bytes_of(command.format0);
  if (auto fault = check_load(command.src0, size * numbers, size)) return fault;
  const unsigned size_dst = unit::bytes_of(command.format_dst);
  return check_store(command.dst, size_dst * numbers, size_dst);
}

// Of a solution, what the matrix that is loaded now would need.
unit::Footprint InversionUnit::footprint(const Command& command) const {
  using Use = unit::Extent::Use;
  const std::uint64_t size = unit::bytes_of(command.format0);
  if (what(command) != InversionCommand::inv_solve) {
    const auto [rows, columns] = shape(command);
    return {{command.src0, size * rows * columns, Use::reads}};
  }
  const std::uint64_t numbers = std::uint64_t{command.count} * solver_.size();
  return {{command.src0, size * numbers, Use::reads},
          {command.dst, unit::bytes_of(command.format_dst) * numbers, Use::writes}};
}

std::optional<Fault> InversionUnit::execute(const Command& command) {
  return what(command) == InversionCommand::inv_solve ? solve(command) : load_matrix(command);
}

std::optional<Fault> InversionUnit::read_numbers(const Command& command, std::size_t count, double scale,
                                                 std::vector<double>& numbers, sc_time& delay) {
  const std::size_t size = unit::bytes_of(command.format0);
  bytes_.resize(count * size);
  const auto bytes = static_cast<std::uint32_t>(bytes_.size());
  if (auto fault = load(command.src0, bytes_.data(), bytes, delay)) return fault;
  numbers.resize(count);
  for (std::size_t i = 0; i < count; ++i) numbers[i] = scale * number_at(command.format0, &bytes_[i * size]);
  return std::nullopt;
}

std::optional<Fault> InversionUnit::load_matrix(const Command& command) {
  const auto [rows, columns] = shape(command);
  const bool is_integer = unit::is_integer(command.format0);
  const double scale = is_integer ? std::ldexp(1.0, -static_cast<int>(command.shift)) : 1.0;
  sc_time delay;
  std::vector<double> numbers;
  if (auto fault = read_numbers(command, std::size_t{rows} * columns, scale, numbers, delay)) return fault;
  if (what(command) == InversionCommand::inv_loadf) {
    const Format damping_format = is_integer ? Format::int32 : Format::fp32;
    std::uint8_t damping[sizeof command.src1];
    std::memcpy(damping, &command.src1, sizeof damping);
    solver_.load_factor(rows, columns, numbers, scale * number_at(damping_format, damping));
  } else {
    solver_.load(rows, std::move(numbers));
  }
  // The factor is written twice, once for each side of the loop.
  const std::uint64_t written = what(command) == InversionCommand::inv_loadf ? 2 * rows : rows;
  write_energy_.charge(written);
  wait(delay + config_.row_write * static_cast<double>(written));
  return std::nullopt;
}

std::optional<Fault> InversionUnit::solve(const Command& command) {
  const std::size_t n = solver_.size();
  if (n == 0) return failed(Failure::not_loaded);
  if (auto fault = check_solve(command, n)) return fault;
  sc_time delay;
  if (auto fault = read_numbers(command, command.count * n, 1.0, right_, delay)) return fault;
  solve_energy_.charge(command.count);
  wait(delay + config_.solve * static_cast<double>(command.count));
  if (auto fault = solve_all(command, n)) return fault;
  delay = sc_core::SC_ZERO_TIME;
  auto fault = store(command.dst, bytes_.data(), static_cast<std::uint32_t>(bytes_.size()), delay);
  wait(delay);
  return fault;
}

// Fills bytes_ with all results, or says why there are none.
std::optional<Fault> InversionUnit::solve_all(const Command& command, std::size_t n) {
  const std::size_t size = unit::bytes_of(command.format_dst);
  solution_.resize(n);
  bytes_.assign(command.count * n * size, 0);
  for (std::size_t side = 0; side < command.count; ++side) {
    switch (solver_.solve(&right_[side * n], solution_.data())) {
      case Outcome::ok:
        break;
      case Outcome::not_loaded:
        return failed(Failure::not_loaded);
      case Outcome::singular:
        return failed(Failure::singular);
      case Outcome::not_finite:
        return failed(Failure::not_finite);
    }
    for (std::size_t i = 0; i < n; ++i) {
      if (!put_result(command, solution_[i], &bytes_[(side * n + i) * size]))
        return failed(Failure::overflow);
    }
  }
  return std::nullopt;
}

}  // namespace weft::inversion

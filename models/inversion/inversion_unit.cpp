// SPDX-License-Identifier: Apache-2.0
#include "models/inversion/inversion_unit.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <utility>

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

Failure failure_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::ok:
      return Failure::none;
    case Outcome::not_loaded:
      return Failure::not_loaded;
    case Outcome::singular:
      return Failure::singular;
    case Outcome::not_finite:
      return Failure::not_finite;
    case Outcome::unstable:
      return Failure::unstable;
    case Outcome::not_converged:
      return Failure::not_converged;
    case Outcome::asymmetric:
      return Failure::asymmetric;
    case Outcome::bad_diagonal:
      return Failure::bad_diagonal;
  }
  return Failure::none;
}

// Bits of an element, sign included.
unsigned element_bits(Format format) {
  constexpr unsigned significand = 24;
  return unit::is_integer(format) ? 8 * unit::bytes_of(format) : significand;
}

bool is_solve(const Command& command) { return what(command) == InversionCommand::inv_solve; }
bool is_status(const Command& command) { return what(command) == InversionCommand::inv_stat; }
bool is_terms(const Command& command) { return what(command) == InversionCommand::inv_terms; }
bool is_fused(const Command& command) { return what(command) == InversionCommand::inv_loadf; }

constexpr unsigned status_words = 8;

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

double damping_of(const Command& command, double scale) {
  std::uint8_t bytes[sizeof command.src1];
  std::memcpy(bytes, &command.src1, sizeof bytes);
  return scale * number_at(unit::is_integer(command.format0) ? Format::int32 : Format::fp32, bytes);
}

}  // namespace

const char* to_text(Failure failure) {
  switch (failure) {
    case Failure::none:
      return "none";
    case Failure::not_loaded:
      return "not_loaded";
    case Failure::singular:
      return "singular";
    case Failure::not_finite:
      return "not_finite";
    case Failure::overflow:
      return "overflow";
    case Failure::unstable:
      return "unstable";
    case Failure::not_converged:
      return "not_converged";
    case Failure::asymmetric:
      return "asymmetric";
    case Failure::bad_diagonal:
      return "bad_diagonal";
  }
  return "?";
}

const char* to_text(Fallback fallback) {
  switch (fallback) {
    case Fallback::compensated:
      return "compensated";
    case Fallback::damped:
      return "damped";
    case Fallback::digital:
      return "digital";
    case Fallback::unsolved:
      return "unsolved";
  }
  return "?";
}

InversionUnit::InversionUnit(const sc_core::sc_module_name& name, const InversionUnitConfig& config,
                             Context& context)
    : CommandUnit(name, config.unit, context),
      config_(config),
      analogue_(config.solver),
      accounts_{
          context.energy.open(this->name(), "matrix row write", config.row_write_energy),
          context.energy.open(this->name(), "right-hand side", is_analogue() ? Joule() : config.solve_energy),
          context.energy.open(this->name(), "INV amplifier, ns", config.energy.amplifier_ns),
          context.energy.open(this->name(), "INV cells, uS ns", config.energy.microsiemens_ns),
          context.energy.open(this->name(), "line drive", config.energy.drive),
          context.energy.open(this->name(), "conversion", config.energy.conversion),
          context.energy.open(this->name(), "product cell step", config.energy.cell)} {
  checked(config.size, this->name());
}

void InversionUnit::reset() {
  CommandUnit::reset();
  last_ = {};
  iterations_ = 0;
}

void InversionUnit::note_fallback(std::uint32_t way) {
  if (way >= 1 && way <= fallback_count) {
    ++statistics_.fallbacks[way - 1];
    return;
  }
  context().log.write({LogLevel::warning, sc_core::sc_time_stamp().to_string(), this->name(),
                       fmt::format("FALLBACK: found {}; allowed are 1 to {}", way, fallback_count)});
}

Fault InversionUnit::failed(Failure failure) {
  last_.failure = failure;
  ++statistics_.failures[static_cast<std::size_t>(failure)];
  return {Cause::unit_error, static_cast<std::uint32_t>(failure)};
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
    case InversionCommand::inv_loadd:
    case InversionCommand::inv_loadc:
      return check_load_command(command);
    case InversionCommand::inv_solve:
      // How many unknowns there are is known when the commands before it have run: at least one.
      return check_solve(command, 1);
    case InversionCommand::inv_stat:
      return check_store(command.dst, status_words * sizeof(std::uint32_t), sizeof(std::uint32_t));
    case InversionCommand::inv_terms:
      if (command.src1 > most_iterations) return illegal(command.src1);
      return std::nullopt;
  }
  return illegal(command.opcode);
}

std::optional<Fault> InversionUnit::check_load_command(const Command& command) const {
  const auto [rows, columns] = shape(command);
  if (rows > config_.size || (!is_fused(command) && columns != rows)) return illegal(command.length);
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
  if (is_terms(command)) return {};
  if (is_status(command)) return {{command.dst, status_words * sizeof(std::uint32_t), Use::writes}};
  const std::uint64_t size = unit::bytes_of(command.format0);
  if (!is_solve(command)) {
    const auto [rows, columns] = shape(command);
    return {{command.src0, size * rows * columns, Use::reads}};
  }
  const std::uint64_t numbers = std::uint64_t{command.count} * system_.unknowns;
  return {{command.src0, size * numbers, Use::reads},
          {command.dst, unit::bytes_of(command.format_dst) * numbers, Use::writes}};
}

std::optional<Fault> InversionUnit::execute(const Command& command) {
  if (is_status(command)) return write_status(command);
  if (is_terms(command)) {
    iterations_ = command.src1;
    return std::nullopt;
  }
  return is_solve(command) ? solve(command) : load_matrix(command);
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
  const Shape size = shape(command);
  const bool fused = is_fused(command);
  const double scale =
      unit::is_integer(command.format0) ? std::ldexp(1.0, -static_cast<int>(command.shift)) : 1.0;
  sc_time delay;
  Matrix numbers;
  if (auto fault = read_numbers(command, std::size_t{size.rows} * size.columns, scale, numbers, delay))
    return fault;
  last_ = {};
  ++statistics_.loads;
  if (what(command) == InversionCommand::inv_loadc) ++statistics_.compensated_loads;
  system_ = {};
  const Outcome outcome =
      fused ? load_factor(command, size, numbers) : load_direct(command, size.rows, std::move(numbers));
  ++load_number_;
  // An array is unstable only once its loop is closed.
  if (outcome != Outcome::ok && outcome != Outcome::unstable) {
    wait(delay);
    return failed(failure_of(outcome));
  }
  system_ = system_shape(config_.solver, size.rows, fused ? size.columns : 0, element_bits(command.format0));
  const LoadCost cost = load_cost(config_.solver, system_);
  accounts_.row_write.charge(cost.rows);
  wait(delay + config_.row_write * static_cast<double>(cost.steps));
  return std::nullopt;
}

Outcome InversionUnit::load_direct(const Command& command, std::size_t n, Matrix matrix) {
  if (what(command) != InversionCommand::inv_load) {
    const bool is_integer = unit::is_integer(command.format0);
    const double scale = is_integer ? std::ldexp(1.0, -static_cast<int>(command.shift)) : 1.0;
    const double damping = damping_of(command, scale);
    for (std::size_t i = 0; i < n; ++i) matrix[i * n + i] += damping;
  }
  if (!is_analogue()) {
    reference_.load(n, std::move(matrix));
    return Outcome::ok;
  }
  const bool compensated = what(command) == InversionCommand::inv_loadc;
  const Outcome outcome =
      analogue_.load(n, matrix, element_bits(command.format0),
                     compensated ? LevelRounding::compensated : config_.solver.rounding, load_number_);
  if (config_.measure && outcome == Outcome::ok) {
    reference_.load(n, matrix);
    given_ = std::move(matrix);
  }
  return outcome;
}

Outcome InversionUnit::load_factor(const Command& command, Shape shape, const Matrix& factor) {
  const auto [rows, columns] = shape;
  const bool is_integer = unit::is_integer(command.format0);
  const double damping =
      damping_of(command, is_integer ? std::ldexp(1.0, -static_cast<int>(command.shift)) : 1.0);
  if (!is_analogue()) {
    reference_.load_factor(rows, columns, factor, damping);
    return Outcome::ok;
  }
  const Outcome outcome =
      analogue_.load_factor(rows, columns, factor, damping, element_bits(command.format0), load_number_);
  if (config_.measure && outcome == Outcome::ok) {
    given_ = outer(rows, columns, factor, factor);
    for (double& each : given_) each /= columns;
    for (std::size_t i = 0; i < rows; ++i) given_[i * rows + i] += damping;
    reference_.load(rows, given_);
  }
  return outcome;
}

std::optional<Fault> InversionUnit::solve(const Command& command) {
  last_ = {};
  const std::size_t n = system_.unknowns;
  if (n == 0) return failed(Failure::not_loaded);
  if (auto fault = check_solve(command, n)) return fault;
  sc_time delay;
  if (auto fault = read_numbers(command, command.count * n, 1.0, right_, delay)) return fault;
  wait(delay);
  solution_.resize(command.count * n);
  accounts_.side.charge(command.count);
  last_.sides = command.count;
  if (auto fault = is_analogue() ? solve_analogue(n, command.count) : solve_reference(n, command.count))
    return fault;
  statistics_.solves += command.count;
  if (auto fault = put_results(command, n)) return fault;
  delay = sc_core::SC_ZERO_TIME;
  auto fault = store(command.dst, bytes_.data(), static_cast<std::uint32_t>(bytes_.size()), delay);
  wait(delay);
  return fault;
}

std::optional<Fault> InversionUnit::solve_reference(std::size_t n, std::size_t sides) {
  wait(config_.solve * static_cast<double>(sides));
  for (std::size_t side = 0; side < sides; ++side) {
    const Outcome outcome = reference_.solve(&right_[side * n], &solution_[side * n]);
    if (outcome != Outcome::ok) return failed(failure_of(outcome));
  }
  return std::nullopt;
}

std::optional<Fault> InversionUnit::solve_analogue(std::size_t n, std::size_t sides) {
  const Outcome outcome = analogue_.solve(right_.data(), sides, solution_.data(), iterations_);
  for (const SolveReport& report : analogue_.reports()) {
    last_.iterations = std::max(last_.iterations, report.iterations);
    last_.operations.inversions += report.operations.inversions;
    last_.operations.products += report.operations.products;
    last_.correction = std::max(last_.correction, report.last_correction);
  }
  charge_operations(last_.operations);
  if (outcome != Outcome::ok) return failed(failure_of(outcome));
  for (const SolveReport& report : analogue_.reports()) statistics_.iterations += report.iterations;
  statistics_.inversions += last_.operations.inversions;
  statistics_.products += last_.operations.products;
  if (config_.measure) measure(n, sides);
  return std::nullopt;
}

void InversionUnit::charge_operations(const OperationCounts& counts) {
  if (!analogue_.array()) {
    // The amplifiers run into their rails.
    wait(sc_time(config_.times.settle_floor_ns, sc_core::SC_NS));
    return;
  }
  const OperationCost inversion =
      inversion_cost(config_.times, config_.conductance, config_.solver, system_, *analogue_.array());
  const OperationCost step = product_cost(config_.times, system_);
  accounts_.amplifier.charge(counts.inversions * inversion.amplifier_ns);
  accounts_.conductance.charge(counts.inversions * inversion.microsiemens_ns);
  accounts_.drive.charge(counts.inversions * inversion.drives + counts.products * step.drives);
  accounts_.conversion.charge(counts.inversions * inversion.conversions + counts.products * step.conversions);
  accounts_.cell.charge(counts.inversions * inversion.cells + counts.products * step.cells);
  wait(sc_time(inversion.ns, sc_core::SC_NS) * static_cast<double>(counts.inversions) +
       sc_time(step.ns, sc_core::SC_NS) * static_cast<double>(counts.products));
}

void InversionUnit::measure(std::size_t n, std::size_t sides) {
  std::vector<double> exact(n);
  std::vector<double> product(sides * n);
  PackedMatrix(n, n, given_).multiply(solution_.data(), product.data(), sides);
  for (std::size_t side = 0; side < sides; ++side) {
    const double* const b = &right_[side * n];
    const double* const x = &solution_[side * n];
    if (reference_.solve(b, exact.data()) != Outcome::ok) continue;
    double error = 0;
    double residual = 0;
    for (std::size_t i = 0; i < n; ++i) {
      error = std::max(error, std::fabs(x[i] - exact[i]));
      residual = std::max(residual, std::fabs(b[i] - product[side * n + i]));
    }
    const double size = greatest_magnitude(b, n);
    if (size == 0) continue;
    statistics_.bits.add(error / greatest_magnitude(exact.data(), n));
    statistics_.residual.add(residual / size);
  }
}

// Fills bytes_ with all results, or says that one does not fit.
std::optional<Fault> InversionUnit::put_results(const Command& command, std::size_t n) {
  const std::size_t size = unit::bytes_of(command.format_dst);
  bytes_.assign(command.count * n * size, 0);
  for (std::size_t i = 0; i < command.count * n; ++i) {
    if (!put_result(command, solution_[i], &bytes_[i * size])) return failed(Failure::overflow);
  }
  return std::nullopt;
}

std::optional<Fault> InversionUnit::write_status(const Command& command) {
  const auto bits_of = [](double value) {
    const auto real = static_cast<float>(value);
    std::uint32_t word = 0;
    std::memcpy(&word, &real, sizeof word);
    return word;
  };
  const auto& array = analogue_.array();
  const std::array<std::uint32_t, status_words> words{static_cast<std::uint32_t>(last_.failure),
                                                      last_.sides,
                                                      last_.iterations,
                                                      static_cast<std::uint32_t>(last_.operations.inversions),
                                                      static_cast<std::uint32_t>(last_.operations.products),
                                                      bits_of(last_.correction),
                                                      bits_of(array ? array->slowest : 0.0),
                                                      static_cast<std::uint32_t>(system_.unknowns)};
  sc_time delay;
  auto fault = store(command.dst, words.data(), sizeof words, delay);
  wait(delay);
  return fault;
}

}  // namespace weft::inversion

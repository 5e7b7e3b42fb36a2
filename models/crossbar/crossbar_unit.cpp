// SPDX-License-Identifier: Apache-2.0
#include "models/crossbar/crossbar_unit.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "models/common/error.h"
#include "models/crossbar/update_port.h"
#include "models/hart/xweft_table.h"
#include "models/unit/requantise.h"

namespace weft::crossbar {

using unit::Cause;
using unit::Command;
using unit::Fault;
using xweft::CrossbarCommand;

namespace {

// Fill of the three-stage pipeline: PANTHER's public simulator charges input bits / DAC bits + 2 steps.
constexpr int pipeline_fill_steps = 2;

bool is_transposed(const Command& command) {
  const auto opcode = static_cast<CrossbarCommand>(command.opcode);
  return opcode == CrossbarCommand::mtvm || opcode == CrossbarCommand::mtvma;
}

bool accumulates(const Command& command) {
  const auto opcode = static_cast<CrossbarCommand>(command.opcode);
  return opcode == CrossbarCommand::mvma || opcode == CrossbarCommand::mtvma;
}

bool streams(const Command& command) {
  return command.opcode == static_cast<unsigned>(CrossbarCommand::mvm) ||
         command.opcode == static_cast<unsigned>(CrossbarCommand::opa) ||
         command.opcode == static_cast<unsigned>(CrossbarCommand::progk) || is_transposed(command) ||
         accumulates(command);
}

// A pair's cells are in arrays of their own, one after the other.
endurance::Geometry geometry(const ArrayConfig& array) {
  endurance::Geometry result{array.slices * array.arrays_per_slice(),
                             array.rows,
                             array.cols,
                             {},
                             array.arithmetic == Arithmetic::none};
  for (int physical = 0; physical < result.slices; ++physical)
    result.levels.push_back(1 << array.cell_bits_of(physical / array.arrays_per_slice()));
  return result;
}

// One pulse of one cell, and the reading that verifies it. Prices are for all arrays of a slice.
Joule verified_pulse(const CrossbarUnitConfig& config) {
  const double cells =
      static_cast<double>(config.array.rows) * config.array.cols * config.array.arrays_per_slice();
  return (config.energy.array_pulse + config.energy.array_read) * (1 / cells);
}

// A command the array refuses is a bad operand or a bad format: the descriptor's fault, not the bus's.
Fault refused(const Command& command, const Status& status) {
  if (status.code == StatusCode::operand_overflow) {
    return {Cause::illegal_instruction, command.src0 + 2u * static_cast<std::uint32_t>(status.index)};
  }
  return {Cause::illegal_instruction, command.opcode};
}

}  // namespace

CrossbarUnit::CrossbarUnit(const sc_core::sc_module_name& name, const CrossbarUnitConfig& config,
                           Context& context)
    : CommandUnit(name, config.unit, context),
      update_out("update_out"),
      update("update"),
      config_(config),
      code_(config.array),
      slices_in_use_(static_cast<unsigned>(config.array.slices)),
      mvm_energy_(context.energy.open(this->name(), "mvm_slice_step", config.energy.mvm_step)),
      mvm_adc_energy_(context.energy.open(this->name(), "mvm_adc_step", config.energy.adc_step)),
      mtvm_energy_(context.energy.open(this->name(), "mtvm_slice_step", config.energy.mvm_step)),
      mtvm_adc_energy_(context.energy.open(this->name(), "mtvm_adc_step", config.energy.adc_step)),
      opa_energy_(context.energy.open(this->name(), "opa_slice_step", config.energy.opa_step)),
      opa_row_energy_(context.energy.open(this->name(), "opa_slice_row_step",
                                          config.energy.opa_step * (1.0 / config.array.rows))),
      read_energy_(context.energy.open(this->name(), "array_row_read",
                                       config.energy.array_read * (1.0 / config.array.rows))),
      write_energy_(context.energy.open(this->name(), "array_row_write",
                                        config.energy.array_write * (1.0 / config.array.rows))),
      update_read_energy_(context.energy.open(this->name(), "update_row_read",
                                              config.energy.array_read * (1.0 / config.array.rows))),
      update_write_energy_(context.energy.open(this->name(), "update_row_write",
                                               config.energy.array_write * (1.0 / config.array.rows))),
      mvm_digital_energy_(context.energy.open(this->name(), "mvm_digital_bit", config.digital.product_bit)),
      mtvm_digital_energy_(context.energy.open(this->name(), "mtvm_digital_bit", config.digital.product_bit)),
      opa_digital_energy_(
          context.energy.open(this->name(), "opa_digital_bit", config.digital.outer_product_bit)),
      update_add_energy_(context.energy.open(this->name(), "update_digital_add", config.digital.add)),
      mvm_spike_energy_(context.energy.open(this->name(), "mvm_spike", config.energy.spike)),
      mtvm_spike_energy_(context.energy.open(this->name(), "mtvm_spike", config.energy.spike)),
      gradient_energy_(context.energy.open(this->name(), "gradient_slice_step", config.energy.mvm_step)),
      gradient_adc_energy_(context.energy.open(this->name(), "gradient_adc_step", config.energy.adc_step)),
      gradient_spike_energy_(context.energy.open(this->name(), "gradient_spike", config.energy.spike)),
      kernel_read_energy_(context.energy.open(this->name(), "kernel_row_read",
                                              config.energy.array_read * (1.0 / config.array.rows))),
      kernel_write_energy_(context.energy.open(this->name(), "kernel_row_write",
                                               config.energy.array_write * (1.0 / config.array.rows))),
      program_pulses_(open_pulses(context, "")),
      update_pulses_(open_pulses(context, "update_")),
      kernel_pulses_(open_pulses(context, "kernel_")),
      verified_energy_(context.energy.open(this->name(), "array_verified_pulse", verified_pulse(config))),
      update_verified_energy_(
          context.energy.open(this->name(), "update_verified_pulse", verified_pulse(config))),
      kernel_verified_energy_(
          context.energy.open(this->name(), "kernel_verified_pulse", verified_pulse(config))),
      array_(config.array) {
  if (config.registers) registers_.emplace(this->name(), *config.registers, context);
  saturated_before_ = array_->statistics().saturated;
  const bool cells_fail = config.endurance.count_wear && config.endurance.cells_fail;
  const bool holds_cells =
      config.array.arithmetic != Arithmetic::exact && config.array.arithmetic != Arithmetic::device;
  if (config.policy == UpdatePolicy::in_place && cells_fail && !holds_cells) {
    throw Error(
        "crossbar unit: cells that fail stay as they are under outer products only in the sliced model; "
        "allowed: cells_fail: false, or arithmetic automatic or sliced, or update: write_back");
  }
  if (config.endurance.on()) cells_.emplace(config.endurance, geometry(config.array));
  if (config.policy == UpdatePolicy::write_back) collected_.emplace(config.array.rows, config.array.cols);
  const auto lines = static_cast<std::size_t>(std::max(config.array.rows, config.array.cols));
  input_.resize(lines);
  sums_.resize(lines);
  output_.resize(lines);
  update.on_access(
      [this](const Transfer& transfer, sc_core::sc_time& delay) { return update_access(transfer, delay); });
}

CrossbarUnit::Shape CrossbarUnit::shape(const Command& command) const {
  const unsigned rows = command.length & 0xffffu;
  const unsigned columns = command.length >> 16;
  return {rows == 0 ? static_cast<unsigned>(config_.array.rows) : rows,
          columns == 0 ? static_cast<unsigned>(config_.array.cols) : columns};
}

std::optional<Fault> CrossbarUnit::check_shape(const Command& command) const {
  const Shape used = shape(command);
  if (used.rows > static_cast<unsigned>(config_.array.rows) ||
      used.columns > static_cast<unsigned>(config_.array.cols)) {
    return Fault{Cause::illegal_instruction, command.length};
  }
  return std::nullopt;
}

std::optional<Fault> CrossbarUnit::check(const Command& command) const {
  if (auto fault = check_shape(command)) return fault;
  const auto [rows, columns] = shape(command);
  if (streams(command) &&
      (command.magnitude_bits < 1 || command.magnitude_bits > ArrayConfig::max_operand_bits)) {
    return Fault{Cause::illegal_instruction, command.magnitude_bits};
  }
  switch (static_cast<CrossbarCommand>(command.opcode)) {
    case CrossbarCommand::mvm:
    case CrossbarCommand::mvma:
      if (auto fault = check_load(command.src0, 2u * rows, 2)) return fault;
      return check_store(command.dst, 4u * columns, 4);
    case CrossbarCommand::mtvm:
    case CrossbarCommand::mtvma:
      if (auto fault = check_load(command.src0, 2u * columns, 2)) return fault;
      return check_store(command.dst, 4u * rows, 4);
    case CrossbarCommand::opa:
      if (auto fault = check_load(command.src0, 2u * rows, 2)) return fault;
      return check_load(command.src1, 2u * columns, 2);
    case CrossbarCommand::prog:
      return check_load(command.src0, std::uint64_t{4} * rows * columns, 4);
    case CrossbarCommand::rdarr:
      return check_store(command.dst, std::uint64_t{4} * rows * columns, 4);
    case CrossbarCommand::crs:
      return std::nullopt;
    case CrossbarCommand::progk:
      if (command.count + rows > static_cast<unsigned>(config_.array.rows))
        return Fault{Cause::illegal_instruction, command.count};
      return check_load(command.src0, std::uint64_t{2} * rows * columns, 2);
    case CrossbarCommand::addt:
      if (!collected_) break;
      return check_load(command.src0, std::uint64_t{4} * rows * columns, 4);
  }
  return Fault{Cause::illegal_instruction, command.opcode};
}

void CrossbarUnit::reset() {
  CommandUnit::reset();
  pass_times_ = {};
}

std::optional<Fault> CrossbarUnit::execute(const Command& command) {
  const auto opcode = static_cast<CrossbarCommand>(command.opcode);
  array_->set_time(sc_core::sc_time_stamp().to_seconds());
  const bool uses_weights =
      opcode != CrossbarCommand::opa && opcode != CrossbarCommand::crs && opcode != CrossbarCommand::addt;
  PassTimes::Watch watch(pass_times_);
  if (uses_weights && collected_ && !collected_->empty()) {
    auto fault = write_back(command);
    watch.lap(Pass::update);
    if (fault) return fault;
  }
  auto fault = run(command);
  watch.lap(streams(command) && holds_kernels_ ? Pass::gradient : pass_of(opcode));
  return fault;
}

std::optional<Fault> CrossbarUnit::fetch(std::uint32_t address, void* data, std::uint32_t bytes,
                                         sc_core::sc_time& delay) {
  if (!registers_) return load(address, data, bytes, delay);
  if (operands.read_debug(address, data, bytes) == weft::Status::ok) return std::nullopt;
  return Fault{Cause::load_access_fault, address};
}

std::optional<Fault> CrossbarUnit::deliver(std::uint32_t address, const void* data, std::uint32_t bytes,
                                           sc_core::sc_time& delay) {
  if (!registers_) return store(address, data, bytes, delay);
  if (operands.write_debug(address, data, bytes) == weft::Status::ok) return std::nullopt;
  return Fault{Cause::store_access_fault, address};
}

std::optional<Fault> CrossbarUnit::run(const Command& command) {
  switch (static_cast<CrossbarCommand>(command.opcode)) {
    case CrossbarCommand::mvm:
    case CrossbarCommand::mtvm:
    case CrossbarCommand::mvma:
    case CrossbarCommand::mtvma:
      return multiply(command);
    case CrossbarCommand::opa:
      return outer_product(command);
    case CrossbarCommand::prog:
      return program(command);
    case CrossbarCommand::rdarr:
      return read_out(command);
    case CrossbarCommand::progk:
      return program_kernels(command);
    case CrossbarCommand::addt:
      return add_transposed(command);
    case CrossbarCommand::crs:
      break;
  }
  return resolve_carries(command);
}

unit::Footprint CrossbarUnit::footprint(const Command& command) const {
  using Use = unit::Extent::Use;
  const auto [rows, columns] = shape(command);
  const std::uint64_t matrix = std::uint64_t{4} * rows * columns;
  const Use result = accumulates(command) ? Use::accumulates : Use::writes;
  switch (static_cast<CrossbarCommand>(command.opcode)) {
    case CrossbarCommand::mvm:
    case CrossbarCommand::mvma:
      return {{command.src0, 2u * rows, Use::reads}, {command.dst, 4u * columns, result}};
    case CrossbarCommand::mtvm:
    case CrossbarCommand::mtvma:
      return {{command.src0, 2u * columns, Use::reads}, {command.dst, 4u * rows, result}};
    case CrossbarCommand::opa:
      return {{command.src0, 2u * rows, Use::reads}, {command.src1, 2u * columns, Use::reads}};
    case CrossbarCommand::prog:
    case CrossbarCommand::addt:
      return {{command.src0, matrix, Use::reads}};
    case CrossbarCommand::progk:
      return {{command.src0, matrix / 2, Use::reads}};
    case CrossbarCommand::rdarr:
      return {{command.dst, matrix, Use::writes}};
    case CrossbarCommand::crs:
      break;
  }
  return {};
}

std::uint32_t CrossbarUnit::saturated(unsigned slice) const {
  if (slice >= saturated_before_.size()) return 0;
  const std::vector<Saturation>& now = array().statistics().saturated;
  return static_cast<std::uint32_t>(now[slice].cells - saturated_before_[slice].cells);
}

std::optional<Fault> CrossbarUnit::multiply(const Command& command) {
  const bool transposed = is_transposed(command);
  const auto [rows, columns] = shape(command);
  const unsigned inputs = transposed ? columns : rows;
  const unsigned outputs = transposed ? rows : columns;
  const int bits = static_cast<int>(command.magnitude_bits);
  sc_core::sc_time delay;
  if (auto fault = fetch(command.src0, input_.data(), 2 * inputs, delay)) return fault;

  const Span<const std::int16_t> x(input_.data(), inputs);
  const Span<std::int64_t> y(sums_.data(), outputs);
  const Status status = transposed ? array_->begin_mtvm(x, bits, y) : array_->begin_mvm(x, bits, y);
  if (!status.ok()) return refused(command, status);
  const sc_core::sc_time cost = product_cost(transposed, bits, {inputs, outputs});
  array_.compute(context().workers);
  wait(delay + cost);
  array_.settle();

  delay = sc_core::SC_ZERO_TIME;
  // No time passes between reading and writing an accumulator: units that share it lose nothing.
  std::fill_n(output_.begin(), outputs, 0);
  if (accumulates(command)) {
    if (auto fault = fetch(command.dst, output_.data(), 4 * outputs, delay)) return fault;
  }
  add_results(command, outputs);
  if (auto fault = deliver(command.dst, output_.data(), 4 * outputs, delay)) return fault;
  wait(delay);
  return std::nullopt;
}

sc_core::sc_time CrossbarUnit::product_step(int lines) const {
  const CrossbarTiming& timing = config_.timing;
  const int of_each = (lines + timing.adcs - 1) / timing.adcs;
  if (of_each == lines) return timing.mvm_step;
  const sc_core::sc_time settle = std::min(timing.settle, timing.mvm_step);
  return std::max(settle, timing.mvm_step * (static_cast<double>(of_each) / lines));
}

sc_core::sc_time CrossbarUnit::product_cost(bool transposed, int bits, const Shape& used) {
  if (config_.policy == UpdatePolicy::digital) {
    const std::uint64_t streamed = static_cast<unsigned>(bits) + config_.timing.sign_steps;
    (transposed ? mtvm_digital_energy_ : mvm_digital_energy_).charge(streamed);
    return config_.digital.product;
  }
  const unsigned steps = static_cast<unsigned>(array_->read_steps(bits)) + config_.timing.sign_steps;
  const std::uint64_t slice_steps = std::uint64_t{steps} * slices_in_use_;
  if (registers_) registers_->product(transposed, used.rows, used.columns, steps, slices_in_use_);
  const auto account = [&](EnergyLedger::Account& forward,
                           EnergyLedger::Account& backward) -> EnergyLedger::Account& {
    return transposed ? backward : forward;
  };
  (holds_kernels_ ? gradient_energy_ : account(mvm_energy_, mtvm_energy_)).charge(slice_steps);
  (holds_kernels_ ? gradient_adc_energy_ : account(mvm_adc_energy_, mtvm_adc_energy_)).charge(slice_steps);
  if (config_.energy.spike.value() > 0) {
    (holds_kernels_ ? gradient_spike_energy_ : account(mvm_spike_energy_, mtvm_spike_energy_))
        .charge(driven_steps(used.rows, steps) * slices_in_use_);
  }
  const sc_core::sc_time step = product_step(transposed ? config_.array.rows : config_.array.cols);
  return step * static_cast<double>(steps + pipeline_fill_steps);
}

std::uint64_t CrossbarUnit::driven_steps(unsigned lines, unsigned steps) const {
  // Without numbers every step counts.
  if (config_.array.arithmetic == Arithmetic::none) return std::uint64_t{lines} * steps;
  const unsigned mask = (1u << static_cast<unsigned>(config_.array.dac_bits)) - 1;
  std::uint64_t driven = 0;
  for (unsigned line = 0; line < lines; ++line) {
    for (auto rest = static_cast<unsigned>(std::abs(int{input_[line]})); rest != 0;
         rest >>= static_cast<unsigned>(config_.array.dac_bits)) {
      driven += (rest & mask) != 0 ? 1u : 0u;
    }
  }
  return driven;
}

void CrossbarUnit::add_results(const Command& command, unsigned outputs) {
  const unit::Range range = unit::result_range(unit::Format::int32, 0);
  for (unsigned i = 0; i < outputs; ++i) {
    const std::int64_t rounded = unit::round_shift(sums_[i], command.shift, command.rounding);
    // Far beyond int32 either way, and the addition cannot overflow.
    constexpr std::int64_t limit = std::int64_t{1} << 62;
    const std::int64_t sum = std::clamp(rounded, -limit, limit) + output_[i];
    const std::int64_t result = unit::saturate(sum, range);
    results_saturated_ += result != sum ? 1u : 0u;
    output_[i] = static_cast<std::int32_t>(result);
  }
}

std::optional<Fault> CrossbarUnit::outer_product(const Command& command) {
  if (collected_) return collect(command);
  const auto [rows, columns] = shape(command);
  const UpdateHeader header{static_cast<std::uint16_t>(rows), static_cast<std::uint16_t>(columns),
                            static_cast<std::uint16_t>(command.magnitude_bits), 0};
  burst_.resize(sizeof header + 2u * (rows + columns));
  std::memcpy(burst_.data(), &header, sizeof header);
  sc_core::sc_time delay;
  std::uint8_t* const row_operand = burst_.data() + sizeof header;
  if (auto fault = fetch(command.src0, row_operand, 2 * rows, delay)) return fault;
  if (auto fault = fetch(command.src1, row_operand + 2u * rows, 2 * columns, delay)) return fault;
  if (auto fault = send_update(outer_product_address, burst_.data(),
                               static_cast<std::uint32_t>(burst_.size()), command.src0, delay)) {
    return fault;
  }
  wait(delay);
  return std::nullopt;
}

std::optional<Fault> CrossbarUnit::collect(const Command& command) {
  const auto [rows, columns] = shape(command);
  std::vector<std::int16_t> column_operand(columns);
  sc_core::sc_time delay;
  if (auto fault = fetch(command.src0, input_.data(), 2 * rows, delay)) return fault;
  if (auto fault = fetch(command.src1, column_operand.data(), 2 * columns, delay)) return fault;
  const Status status =
      collected_->add(Span<const std::int16_t>(input_.data(), rows), static_cast<int>(command.magnitude_bits),
                      Span<const std::int16_t>(column_operand.data(), columns));
  if (!status.ok()) return Fault{Cause::illegal_instruction, command.src0};
  const unsigned steps = command.magnitude_bits + config_.timing.sign_steps;
  if (registers_) registers_->outer_product(rows, columns, steps);
  opa_digital_energy_.charge(steps);
  wait(delay + config_.digital.outer_product);
  return std::nullopt;
}

std::optional<Fault> CrossbarUnit::program(const Command& command) {
  const auto [rows, columns] = shape(command);
  holds_kernels_ = false;
  slices_in_use_ = static_cast<unsigned>(config_.array.slices);
  for (unsigned row = 0; row < rows; ++row) {
    sc_core::sc_time delay;
    const std::uint32_t address = command.src0 + 4u * row * columns;
    if (auto fault = load(address, output_.data(), 4 * columns, delay)) return fault;
    if (auto fault = send_update(program_address(row), output_.data(), 4 * columns, address, delay))
      return fault;
    wait(delay);
  }
  return std::nullopt;
}

std::optional<Fault> CrossbarUnit::read_out(const Command& command) {
  const auto [rows, columns] = shape(command);
  read_energy_.charge(std::uint64_t{rows} * static_cast<unsigned>(config_.array.slices));
  for (unsigned row = 0; row < rows; ++row) {
    const Status status = array_->read(static_cast<int>(row), 0, 1, static_cast<int>(columns), output_.data(),
                                       static_cast<int>(columns));
    if (!status.ok()) return refused(command, status);
    sc_core::sc_time delay = row_time(config_.timing.array_read, 1);
    const std::uint32_t address = command.dst + 4u * row * columns;
    if (auto fault = store(address, output_.data(), 4 * columns, delay)) return fault;
    wait(delay);
  }
  return std::nullopt;
}

std::optional<Fault> CrossbarUnit::resolve_carries(const Command& command) {
  if (config_.policy != UpdatePolicy::in_place) return std::nullopt;  // there are none
  const std::uint32_t trigger = 1;
  sc_core::sc_time delay;
  if (auto fault = send_update(carry_resolution_address, &trigger, sizeof trigger, command.opcode, delay)) {
    return fault;
  }
  wait(delay);
  return cells_ ? level_wear(command) : std::nullopt;
}

std::optional<Fault> CrossbarUnit::send_update(std::uint64_t address, const void* data, std::uint32_t size,
                                               std::uint32_t operand, sc_core::sc_time& delay) {
  const weft::Status status = update_out.write(address, data, size, delay);
  if (status == weft::Status::ok) return std::nullopt;
  return Fault{Cause::illegal_instruction, operand};
}

weft::Status CrossbarUnit::update_access(const Transfer& transfer, sc_core::sc_time& delay) {
  if (transfer.debug) return show_write_counts(transfer);
  if (!transfer.write) return weft::Status::command_error;
  array_->set_time((sc_core::sc_time_stamp() + delay).to_seconds());
  if (transfer.address == outer_product_address) return update_outer_product(transfer, delay);
  if (transfer.address < rewrite_base) return update_row(transfer, delay);
  if (transfer.address < kernel_base) return update_rewrite(transfer, delay);
  if (transfer.address < outer_product_address) return update_kernel(transfer, delay);
  if (transfer.address != carry_resolution_address) return weft::Status::address_error;
  return resolve_rows(delay);
}

weft::Status CrossbarUnit::resolve_rows(sc_core::sc_time& delay) {
  for (unsigned row = 0; cells_ && row < rows_in_use_; ++row) take_levels(row);
  const device::CellStatistics before = pulses_so_far();
  array_.resolve_carries(context().workers, saturated_before_);
  update_read_energy_.charge(std::uint64_t{rows_in_use_} * static_cast<unsigned>(config_.array.slices));
  delay += row_time(config_.timing.array_read, rows_in_use_);
  if (cells_) wear_out_rewritten(delay);
  if (config_.endurance.pulses_model != endurance::PulseModel::array) return weft::Status::ok;
  delay += write_cost(rows_in_use_, before, update_write_energy_, update_verified_energy_);
  return weft::Status::ok;
}

weft::Status CrossbarUnit::update_outer_product(const Transfer& transfer, sc_core::sc_time& delay) {
  UpdateHeader header{};
  if (transfer.size < sizeof header) return weft::Status::burst_error;
  std::memcpy(&header, transfer.data, sizeof header);
  if (transfer.size != sizeof header + 2u * (header.rows + header.columns)) return weft::Status::burst_error;
  std::vector<std::int16_t>& row_operand = input_;
  std::vector<std::int16_t> column_operand(header.columns);
  if (header.rows > row_operand.size()) return weft::Status::burst_error;
  std::memcpy(row_operand.data(), transfer.data + sizeof header, 2u * header.rows);
  std::memcpy(column_operand.data(), transfer.data + sizeof header + 2u * header.rows, 2u * header.columns);
  const Status status =
      array_->begin_opa(Span<const std::int16_t>(row_operand.data(), header.rows), header.magnitude_bits,
                        Span<const std::int16_t>(column_operand.data(), header.columns));
  if (!status.ok()) return weft::Status::generic_error;
  array_.compute(context().workers);
  rows_in_use_ = std::max<unsigned>(rows_in_use_, header.rows);
  columns_in_use_ = std::max<unsigned>(columns_in_use_, header.columns);
  if (cells_) wear_out(header, row_operand.data(), column_operand.data());
  const unsigned steps = header.magnitude_bits + config_.timing.sign_steps;
  if (registers_) registers_->outer_product(header.rows, header.columns, steps);
  if (config_.policy == UpdatePolicy::digital) {
    // A digital sum has no carries to leave behind.
    array_->crs();
    opa_digital_energy_.charge(steps);
    delay += config_.digital.outer_product;
    return weft::Status::ok;
  }
  const std::uint64_t slice_steps = std::uint64_t{steps} * static_cast<unsigned>(config_.array.slices);
  if (header.rows_driven == 0) {
    opa_energy_.charge(slice_steps);
  } else {
    opa_row_energy_.charge(slice_steps * header.rows_driven);
  }
  delay += config_.timing.opa_step * static_cast<double>(config_.timing.opa_phases * steps);
  return weft::Status::ok;
}

device::CellStatistics CrossbarUnit::pulses_so_far() const {
  return config_.array.counts_write_pulses() ? array().device_statistics() : device::CellStatistics{};
}

sc_core::sc_time CrossbarUnit::write_cost(unsigned rows, const device::CellStatistics& before,
                                          EnergyLedger::Account& by_row, EnergyLedger::Account& by_pulse) {
  if (!config_.array.counts_write_pulses()) {
    by_row.charge(std::uint64_t{rows} * slices_in_use_);
    return row_time(config_.timing.array_write, rows);
  }
  const device::CellStatistics now = pulses_so_far();
  by_pulse.charge(now.program_pulses - before.program_pulses);
  const auto row_pulses = static_cast<unsigned>(now.row_pulses - before.row_pulses);
  return row_time(config_.timing.array_write + config_.timing.array_read, row_pulses);
}

sc_core::sc_time CrossbarUnit::row_time(const sc_core::sc_time& whole_array, unsigned rows) const {
  return whole_array * (static_cast<double>(rows) / config_.array.rows);
}

}  // namespace weft::crossbar

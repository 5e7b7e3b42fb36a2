// SPDX-License-Identifier: Apache-2.0
// What a machine in PipeLayer's manner needs (Song et al., HPCA 2017): activations written into an array as
// kernels, so that products with the errors are weight gradients, and gradients added to weights as a whole.
#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "models/crossbar/crossbar_unit.h"
#include "models/crossbar/update_port.h"

namespace weft::crossbar {

using endurance::Mark;
using unit::Cause;
using unit::Command;
using unit::Fault;

namespace {

// Slices from the least significant on whose canonical digits reach 2^bits − 1.
unsigned slices_for(const ArrayConfig& array, unsigned bits) {
  std::int64_t reached = 0;
  unsigned slices = 0;
  while (slices < static_cast<unsigned>(array.slices) && reached < (std::int64_t{1} << bits) - 1) {
    const int digit = array.digit_max(static_cast<int>(slices));
    reached += digit * (std::int64_t{1} << (slices * static_cast<unsigned>(array.digit_bits)));
    ++slices;
  }
  return slices;
}

}  // namespace

// Slices that hold digits of weights, or of wider activations, go on taking part.
void CrossbarUnit::use_for_kernels(unsigned bits) {
  const bool fresh = rows_in_use_ == 0;
  const unsigned needed = slices_for(config_.array, bits);
  slices_in_use_ = fresh ? needed : std::max(slices_in_use_, needed);
  holds_kernels_ = true;
}

std::optional<Fault> CrossbarUnit::program_kernels(const Command& command) {
  const auto [rows, columns] = shape(command);
  use_for_kernels(command.magnitude_bits);
  std::vector<std::int16_t> kernel(columns);
  for (unsigned row = 0; row < rows; ++row) {
    sc_core::sc_time delay;
    const std::uint32_t address = command.src0 + 2u * row * columns;
    if (auto fault = load(address, kernel.data(), 2 * columns, delay)) return fault;
    for (unsigned column = 0; column < columns; ++column) {
      if (std::abs(int{kernel[column]}) >> command.magnitude_bits != 0)
        return Fault{Cause::illegal_instruction, address + 2u * column};
    }
    if (auto fault = write_kernel(command, command.count + row, kernel, delay)) return fault;
    wait(delay);
  }
  return std::nullopt;
}

std::optional<Fault> CrossbarUnit::write_kernel(const Command& command, unsigned row,
                                                const std::vector<std::int16_t>& kernel,
                                                sc_core::sc_time& delay) {
  const auto columns = static_cast<unsigned>(kernel.size());
  std::vector<std::int32_t> values(columns);
  const Status status = array_->read(static_cast<int>(row), 0, 1, static_cast<int>(columns), values.data(),
                                     static_cast<int>(columns));
  if (!status.ok()) return Fault{Cause::illegal_instruction, command.opcode};
  if (config_.compares_kernels) {
    kernel_read_energy_.charge(slices_in_use_);
    delay += row_time(config_.timing.array_read, 1);
  }
  std::vector<std::int64_t> changes(columns);
  for (unsigned column = 0; column < columns; ++column)
    changes[column] = std::int64_t{kernel[column]} - values[column];
  std::vector<std::uint8_t> marks(columns);
  if (auto fault = filter_kernel(command, changes, marks, delay)) return fault;
  if (std::all_of(marks.begin(), marks.end(), [](std::uint8_t mark) { return mark == 0; }))
    return std::nullopt;
  for (unsigned column = 0; column < columns; ++column)
    values[column] = static_cast<std::int32_t>(values[column] + changes[column]);
  burst_.resize(std::size_t{5} * columns);
  std::memcpy(burst_.data(), values.data(), 4u * columns);
  std::copy(marks.begin(), marks.end(), burst_.begin() + 4 * static_cast<std::ptrdiff_t>(columns));
  return send_update(kernel_row_address(row), burst_.data(), 5 * columns, command.opcode, delay);
}

std::optional<Fault> CrossbarUnit::filter_kernel(const Command& command, std::vector<std::int64_t>& changes,
                                                 std::vector<std::uint8_t>& marks, sc_core::sc_time& delay) {
  const auto columns = static_cast<unsigned>(changes.size());
  const UpdateShape shape{1, static_cast<std::uint16_t>(columns)};
  const std::uint32_t trigger = 1;
  const std::uint64_t row = update_row_address(0);
  if (auto fault = send_update(kernel_begin_address, &shape, sizeof shape, command.opcode, delay))
    return fault;
  if (auto fault = send_update(row, changes.data(), 8 * columns, command.opcode, delay)) return fault;
  if (auto fault = send_update(update_decide_address, &trigger, sizeof trigger, command.opcode, delay))
    return fault;
  burst_.resize(std::size_t{9} * columns);
  if (update_out.read(row, burst_.data(), 9 * columns, delay) != weft::Status::ok)
    return Fault{Cause::illegal_instruction, command.opcode};
  std::memcpy(changes.data(), burst_.data(), 8u * columns);
  std::memcpy(marks.data(), burst_.data() + 8u * columns, columns);
  return std::nullopt;
}

std::optional<Fault> CrossbarUnit::add_transposed(const Command& command) {
  const auto [rows, columns] = shape(command);
  std::vector<std::int32_t> column(rows);
  sc_core::sc_time delay;
  for (unsigned number = 0; number < columns; ++number) {
    const std::uint32_t address = command.src0 + 4u * number * rows;
    if (auto fault = load(address, column.data(), 4 * rows, delay)) return fault;
    collected_->add_column(static_cast<int>(number), column.data(), static_cast<int>(rows));
  }
  wait(delay);
  return write_back(command);
}

weft::Status CrossbarUnit::update_kernel(const Transfer& transfer, sc_core::sc_time& delay) {
  const std::uint64_t offset = transfer.address - kernel_base;
  if (offset % kernel_row_pitch != 0 || transfer.size % 5 != 0) return weft::Status::burst_error;
  const unsigned columns = transfer.size / 5;
  const auto row = static_cast<unsigned>(offset / kernel_row_pitch);
  if (row >= static_cast<unsigned>(config_.array.rows) || columns > static_cast<unsigned>(config_.array.cols))
    return weft::Status::address_error;
  std::vector<std::int32_t> values(columns);
  std::memcpy(values.data(), transfer.data, 4u * columns);
  const bool by_pulse = config_.endurance.pulses_model != endurance::PulseModel::array;
  if (cells_) {
    std::vector<Mark> marks(columns);
    for (unsigned column = 0; column < columns; ++column) {
      const std::uint8_t mark = transfer.data[4u * columns + column];
      if (mark > static_cast<std::uint8_t>(Mark::changed)) return weft::Status::generic_error;
      marks[column] = static_cast<Mark>(mark);
    }
    std::vector<std::int8_t> levels = levels_of(values);
    const int arrays = static_cast<int>(slices_in_use_) * config_.array.arrays_per_slice();
    const endurance::RowWrite done = cells_->write_row(static_cast<int>(row), static_cast<int>(columns),
                                                       marks.data(), levels.data(), arrays);
    values = weights_in_cells(row, columns);
    if (by_pulse) charge_pulses(done, 1, kernel_pulses_, delay);
  }
  const device::CellStatistics before = pulses_so_far();
  const Status status = array_->program(static_cast<int>(row), 0, 1, static_cast<int>(columns), values.data(),
                                        static_cast<int>(columns));
  if (!status.ok()) return weft::Status::address_error;
  rows_in_use_ = std::max(rows_in_use_, row + 1);
  columns_in_use_ = std::max(columns_in_use_, columns);
  if (!by_pulse) delay += write_cost(1, before, kernel_write_energy_, kernel_verified_energy_);
  return weft::Status::ok;
}

}  // namespace weft::crossbar

// SPDX-License-Identifier: Apache-2.0
// How a crossbar unit writes rows: programming, and digital updates that are written back.
#include <algorithm>
#include <cstring>
#include <limits>

#include "models/crossbar/crossbar_unit.h"
#include "models/crossbar/update_port.h"

namespace weft::crossbar {

using endurance::Mark;
using unit::Cause;
using unit::Command;
using unit::Fault;

std::optional<Fault> CrossbarUnit::write_back(const Command& command) {
  if (auto fault = offer_updates(command)) return fault;
  for (int row = 0; row < collected_->rows(); ++row) {
    if (auto fault = rewrite_row(command, row)) return fault;
  }
  collected_->clear();
  return cells_ ? level_wear(command) : std::nullopt;
}

std::optional<Fault> CrossbarUnit::offer_updates(const Command& command) {
  const UpdateShape shape{static_cast<std::uint16_t>(collected_->rows()),
                          static_cast<std::uint16_t>(collected_->cols())};
  sc_core::sc_time delay;
  if (auto fault = send_update(update_begin_address, &shape, sizeof shape, command.opcode, delay))
    return fault;
  std::vector<std::int64_t> changes(shape.columns);
  for (unsigned row = 0; row < shape.rows; ++row) {
    collected_->take_row(static_cast<int>(row), changes.data());
    if (auto fault =
            send_update(update_row_address(row), changes.data(), 8u * shape.columns, command.opcode, delay))
      return fault;
  }
  const std::uint32_t trigger = 1;
  if (auto fault = send_update(update_decide_address, &trigger, sizeof trigger, command.opcode, delay))
    return fault;
  if (delay != sc_core::SC_ZERO_TIME) wait(delay);
  return std::nullopt;
}

std::optional<Fault> CrossbarUnit::rewrite_row(const Command& command, int row) {
  const auto columns = static_cast<unsigned>(collected_->cols());
  burst_.resize(std::size_t{9} * columns);
  sc_core::sc_time delay;
  if (update_out.read(update_row_address(static_cast<unsigned>(row)), burst_.data(), 9 * columns, delay) !=
      weft::Status::ok) {
    return Fault{Cause::illegal_instruction, command.opcode};
  }
  const std::vector<std::uint8_t> marks(burst_.begin() + 8 * static_cast<std::ptrdiff_t>(columns),
                                        burst_.end());
  if (std::all_of(marks.begin(), marks.end(), [](std::uint8_t mark) { return mark == 0; }))
    return std::nullopt;
  std::vector<std::int64_t> changes(columns);
  std::memcpy(changes.data(), burst_.data(), 8u * columns);

  std::vector<std::int32_t> weights(columns);
  const Status status = array_->read(row, 0, 1, collected_->cols(), weights.data(), collected_->cols());
  if (!status.ok()) return Fault{Cause::illegal_instruction, command.opcode};
  update_read_energy_.charge(static_cast<unsigned>(config_.array.slices));
  update_add_energy_.charge(columns);
  constexpr std::int64_t low = std::numeric_limits<std::int32_t>::min();
  constexpr std::int64_t high = std::numeric_limits<std::int32_t>::max();
  for (unsigned column = 0; column < columns; ++column)
    weights[column] = static_cast<std::int32_t>(std::clamp(weights[column] + changes[column], low, high));
  std::memcpy(burst_.data(), weights.data(), 4u * columns);
  std::copy(marks.begin(), marks.end(), burst_.begin() + 4 * static_cast<std::ptrdiff_t>(columns));
  delay += row_time(config_.timing.array_read, 1);
  if (auto fault = send_update(rewrite_row_address(static_cast<unsigned>(row)), burst_.data(), 5 * columns,
                               command.opcode, delay)) {
    return fault;
  }
  wait(delay);
  return std::nullopt;
}

std::optional<Fault> CrossbarUnit::level_wear(const Command& command) {
  const endurance::WornCells::Move move = cells_->end_of_pass();
  if (move.rows == 0) return std::nullopt;
  sc_core::sc_time delay = row_time(config_.timing.array_read, move.rows);
  update_read_energy_.charge(std::uint64_t{move.rows} * static_cast<unsigned>(config_.array.slices));
  if (config_.endurance.pulses_model == endurance::PulseModel::array) {
    update_write_energy_.charge(std::uint64_t{move.rows} * static_cast<unsigned>(config_.array.slices));
    delay += row_time(config_.timing.array_write, move.rows);
  } else {
    charge_pulses(move.write, move.rows, update_pulses_, delay);
  }
  wait(delay);
  if (config_.policy == UpdatePolicy::in_place) {
    hold_moved_cells();
    return std::nullopt;
  }
  for (unsigned row = 0; move.digits_changed && row < rows_in_use_; ++row) {
    const std::vector<std::int32_t> held = weights_in_cells(row, columns_in_use_);
    const Status status = array_->program(static_cast<int>(row), 0, 1, static_cast<int>(columns_in_use_),
                                          held.data(), static_cast<int>(columns_in_use_));
    if (!status.ok()) return Fault{Cause::illegal_instruction, command.opcode};
  }
  return std::nullopt;
}

weft::Status CrossbarUnit::show_write_counts(const Transfer& transfer) const {
  WriteCounts counts{};
  if (transfer.address != write_counts_address || transfer.write) return weft::Status::address_error;
  if (transfer.size != sizeof counts) return weft::Status::burst_error;
  counts.cells = cells_ ? cells_->statistics().cells_written : array().statistics().cells_programmed;
  if (cells_) counts.pulses = cells_->statistics().pulses;
  std::memcpy(transfer.data, &counts, sizeof counts);
  return weft::Status::ok;
}

weft::Status CrossbarUnit::update_row(const Transfer& transfer, sc_core::sc_time& delay) {
  const auto row = static_cast<unsigned>(transfer.address / program_row_pitch);
  if (transfer.address % program_row_pitch != 0 || transfer.size % 4 != 0) return weft::Status::burst_error;
  const unsigned columns = transfer.size / 4;
  if (columns > output_.size()) return weft::Status::burst_error;
  std::vector<std::int32_t> values(columns);
  std::memcpy(values.data(), transfer.data, transfer.size);
  const std::vector<Mark> marks(columns, Mark::whole);
  return write_row(row, values, marks.data(), false, delay);
}

weft::Status CrossbarUnit::update_rewrite(const Transfer& transfer, sc_core::sc_time& delay) {
  const std::uint64_t offset = transfer.address - rewrite_base;
  if (offset % rewrite_row_pitch != 0 || transfer.size % 5 != 0) return weft::Status::burst_error;
  const unsigned columns = transfer.size / 5;
  if (columns > output_.size()) return weft::Status::burst_error;
  std::vector<std::int32_t> values(columns);
  std::memcpy(values.data(), transfer.data, 4u * columns);
  std::vector<Mark> marks(columns);
  for (unsigned column = 0; column < columns; ++column) {
    const std::uint8_t mark = transfer.data[4u * columns + column];
    if (mark > static_cast<std::uint8_t>(Mark::changed)) return weft::Status::generic_error;
    marks[column] = static_cast<Mark>(mark);
  }
  return write_row(static_cast<unsigned>(offset / rewrite_row_pitch), values, marks.data(), true, delay);
}

weft::Status CrossbarUnit::write_row(unsigned row, std::vector<std::int32_t>& values, const Mark* marks,
                                     bool updates, sc_core::sc_time& delay) {
  const auto columns = static_cast<unsigned>(values.size());
  if (row >= static_cast<unsigned>(config_.array.rows) || columns > static_cast<unsigned>(config_.array.cols))
    return weft::Status::address_error;
  if (cells_) write_cells(row, values, marks, updates, delay);
  const device::CellStatistics before = pulses_so_far();
  const Status status = array_->program(static_cast<int>(row), 0, 1, static_cast<int>(columns), values.data(),
                                        static_cast<int>(columns));
  if (!status.ok()) return weft::Status::address_error;
  if (cells_ && config_.policy == UpdatePolicy::in_place) hold_failed_cells();
  rows_in_use_ = std::max(rows_in_use_, row + 1);
  columns_in_use_ = std::max(columns_in_use_, columns);
  if (config_.endurance.pulses_model != endurance::PulseModel::array) return weft::Status::ok;
  delay += write_cost(1, before, updates ? update_write_energy_ : write_energy_,
                      updates ? update_verified_energy_ : verified_energy_);
  return weft::Status::ok;
}

void CrossbarUnit::write_cells(unsigned row, std::vector<std::int32_t>& values, const Mark* marks,
                               bool updates, sc_core::sc_time& delay) {
  const auto columns = static_cast<int>(values.size());
  for (std::int32_t& value : values) {
    value = static_cast<std::int32_t>(
        std::clamp<std::int64_t>(value, config_.array.weight_min(), config_.array.weight_max()));
  }
  std::vector<std::int8_t> levels = levels_of(values);
  const bool in_place = config_.policy == UpdatePolicy::in_place;
  if (in_place) take_levels(row);
  const endurance::RowWrite done = cells_->write_row(static_cast<int>(row), columns, marks, levels.data());
  // In place the array itself holds the cells that do not switch.
  if (!in_place) values = weights_in_cells(row, static_cast<unsigned>(columns));
  if (config_.endurance.pulses_model != endurance::PulseModel::array)
    charge_pulses(done, 1, updates ? update_pulses_ : program_pulses_, delay);
}

// [array][column]: the digits of a slice, or, of a pair, what is above zero and what is below.
std::vector<std::int8_t> CrossbarUnit::levels_of(const std::vector<std::int32_t>& values) const {
  const std::size_t columns = values.size();
  const int arrays = config_.array.arrays_per_slice();
  std::vector<std::int8_t> levels(static_cast<std::size_t>(config_.array.slices * arrays) * columns);
  std::int8_t* first = levels.data();
  for (int slice = 0; slice < config_.array.slices;
       ++slice, first += static_cast<std::size_t>(arrays) * columns) {
    code_.encode(values.data(), static_cast<int>(columns), slice, first);
    if (!config_.array.pairs()) continue;
    for (std::size_t column = 0; column < columns; ++column) {
      const std::int8_t digit = first[column];
      first[column] = std::max<std::int8_t>(digit, 0);
      first[columns + column] = static_cast<std::int8_t>(std::max(-digit, 0));
    }
  }
  return levels;
}

int CrossbarUnit::digit_in_cells(int slice, int row, int column) const {
  if (!config_.array.pairs()) return cells_->level(slice, row, column);
  return cells_->level(2 * slice, row, column) - cells_->level(2 * slice + 1, row, column);
}

int CrossbarUnit::level_in_array(int physical, unsigned row, int column) {
  const int at = static_cast<int>(row);
  if (!config_.array.pairs()) return array_->cell(physical, at, column);
  return array_->cell_of_pair(physical / 2, at, column, physical % 2);
}

void CrossbarUnit::wear_out(const UpdateHeader& header, const std::int16_t* x, const std::int16_t* d) {
  endurance::Deposit done;
  done.x = x;
  done.rows = header.rows;
  done.d = d;
  done.columns = header.columns;
  done.digit_bits = config_.array.digit_bits;
  done.steps = header.magnitude_bits;
  done.pairs = config_.array.pairs();
  cells_->deposit(done);
  hold_failed_cells();
}

// A cell whose level is right already takes no pulse: the rows have just been read.
void CrossbarUnit::wear_out_rewritten(sc_core::sc_time& delay) {
  const std::vector<Mark> marks(columns_in_use_, Mark::changed);
  const int arrays = cells_->geometry().slices;
  const std::size_t digits_of_row = static_cast<std::size_t>(arrays) * columns_in_use_;
  for (unsigned row = 0; row < rows_in_use_; ++row) {
    std::vector<std::int8_t> digits;
    digits.reserve(digits_of_row);
    for (int physical = 0; physical < arrays; ++physical) {
      for (unsigned column = 0; column < columns_in_use_; ++column)
        digits.push_back(static_cast<std::int8_t>(level_in_array(physical, row, static_cast<int>(column))));
    }
    const endurance::RowWrite done = cells_->write_row(
        static_cast<int>(row), static_cast<int>(columns_in_use_), marks.data(), digits.data());
    if (config_.endurance.pulses_model != endurance::PulseModel::array)
      charge_pulses(done, 1, update_pulses_, delay);
  }
  hold_failed_cells();
}

void CrossbarUnit::take_levels(unsigned row) {
  if (cells_->geometry().by_row) return;
  for (int physical = 0; physical < cells_->geometry().slices; ++physical) {
    for (int column = 0; column < config_.array.cols; ++column) {
      const int level = level_in_array(physical, row, column);
      cells_->set_level(physical, static_cast<int>(row), column, static_cast<std::int8_t>(level));
    }
  }
}

void CrossbarUnit::hold_failed_cells() {
  if (cells_->statistics().cells_stuck == cells_held_) return;
  hold_cells([this](const endurance::WornCells::StuckCell& stuck) {
    return level_in_array(stuck.slice, static_cast<unsigned>(stuck.row), stuck.column);
  });
}

// The carries have been resolved, so that cells_ knows all levels; the array does not know what has moved.
void CrossbarUnit::hold_moved_cells() {
  if (cells_->statistics().cells_stuck == 0) return;
  hold_cells([this](const endurance::WornCells::StuckCell& stuck) {
    return cells_->level(stuck.slice, stuck.row, stuck.column);
  });
}

template <typename Level>
void CrossbarUnit::hold_cells(Level level_of) {
  cells_held_ = cells_->statistics().cells_stuck;
  const int arrays = config_.array.arrays_per_slice();
  std::vector<HeldCell> held;
  for (const endurance::WornCells::StuckCell& stuck : cells_->stuck_cells()) {
    held.push_back({stuck.slice / arrays, stuck.row, stuck.column, static_cast<std::int8_t>(level_of(stuck)),
                    stuck.slice % arrays});
  }
  array_->hold(held);
}

std::vector<std::int32_t> CrossbarUnit::weights_in_cells(unsigned row, unsigned columns) const {
  std::vector<std::int32_t> weights(columns);
  for (unsigned column = 0; column < columns; ++column) {
    std::int64_t weight = 0;
    for (int slice = config_.array.slices - 1; slice >= 0; --slice) {
      weight = weight * (std::int64_t{1} << config_.array.digit_bits) +
               digit_in_cells(slice, static_cast<int>(row), static_cast<int>(column));
    }
    weights[column] = static_cast<std::int32_t>(weight);
  }
  return weights;
}

CrossbarUnit::PulseAccounts CrossbarUnit::open_pulses(Context& context, const std::string& prefix) const {
  const CrossbarEnergy& energy = config_.energy;
  return {context.energy.open(name(), prefix + "write_pulse", energy.write_pulse),
          context.energy.open(name(), prefix + "write_half_select", energy.half_select),
          context.energy.open(name(), prefix + "write_row_setup", energy.row_setup),
          endurance::LineAccounts(context.energy, name(), prefix, energy.lines)};
}

void CrossbarUnit::charge_pulses(const endurance::RowWrite& done, unsigned rows, PulseAccounts& accounts,
                                 sc_core::sc_time& delay) {
  accounts.pulse.charge(done.pulses);
  accounts.half_select.charge(done.half_selected);
  accounts.lines.charge(done);
  accounts.row_setup.charge(std::uint64_t{rows} * slices_in_use_ *
                            static_cast<unsigned>(config_.array.arrays_per_slice()));
  delay += config_.timing.write_pulse * static_cast<double>(done.set_pulses + done.reset_pulses);
}

}  // namespace weft::crossbar

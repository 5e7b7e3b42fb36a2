// SPDX-License-Identifier: Apache-2.0
#include "models/reram_buffer/reram_memory.h"

#include <algorithm>
#include <cstring>

namespace weft::reram_buffer {

using endurance::Mark;
using sc_core::sc_time;

ReramMemory::ReramMemory(const sc_core::sc_module_name& name, const ReramMemoryConfig& config,
                         Context& context)
    : sc_module(name),
      config_(config),
      rows_(config.rows),
      bank_time_(static_cast<std::size_t>(config.rows.banks)),
      read_energy_(context.energy.open(this->name(), "row read", config.row_read_energy)),
      pulse_energy_(context.energy.open(this->name(), "cell pulse", config.pulse_energy)),
      half_select_energy_(
          context.energy.open(this->name(), "half-selected pulse", config.half_select_energy)),
      setup_energy_(context.energy.open(this->name(), "row set-up", config.row_setup_energy)),
      line_energy_(context.energy, this->name(), "", config.line_energy) {
  socket.on_access([this](const Transfer& transfer, sc_time& delay) { return access(transfer, delay); });
}

bool ReramMemory::holds(std::uint64_t offset, std::uint64_t size) const {
  return offset < rows_.size() && size <= rows_.size() - offset;
}

Status ReramMemory::access(const Transfer& transfer, sc_time& delay) {
  if (transfer.address >= marked_base) return write_marked(transfer, delay);
  if (!holds(transfer.address, transfer.size)) return Status::address_error;
  return transfer.write ? write(transfer, delay) : read(transfer, delay);
}

Status ReramMemory::read(const Transfer& transfer, sc_time& delay) {
  std::memcpy(transfer.data, rows_.bytes() + transfer.address, transfer.size);
  if (transfer.debug) return Status::ok;
  const std::uint32_t row_bytes = config_.rows.row_bytes();
  const std::uint64_t rows =
      (transfer.address + transfer.size - 1) / row_bytes - transfer.address / row_bytes + 1;
  const auto banks = static_cast<std::uint64_t>(config_.rows.banks);
  const sc_time time = config_.row_read * static_cast<double>((rows + banks - 1) / banks);
  rows_read_ += rows;
  read_energy_.charge(rows);
  read_time_ += time;
  occupy_port(time, delay);
  return Status::ok;
}

Status ReramMemory::write(const Transfer& transfer, sc_time& delay) {
  if (transfer.debug) {
    rows_.put(transfer.address, transfer.size, transfer.data);
    if (on_write_) on_write_(transfer.address, transfer.size);
    return Status::ok;
  }
  whole_.assign(transfer.size, Mark::whole);
  write_rows(WriteClass::other, transfer.address, transfer.size, transfer.data, whole_.data(), delay);
  return Status::ok;
}

Status ReramMemory::write_marked(const Transfer& transfer, sc_time& delay) {
  const std::uint64_t number = (transfer.address - marked_base) / class_pitch;
  const std::uint64_t offset = (transfer.address - marked_base) % class_pitch;
  const std::uint32_t size = transfer.size / 2;
  if (number >= class_count || !holds(offset, size)) return Status::address_error;
  if (!transfer.write || transfer.debug) return Status::command_error;
  if (transfer.size % 2 != 0) return Status::burst_error;
  const bool known = std::all_of(transfer.data + size, transfer.data + transfer.size, [](std::uint8_t mark) {
    return mark <= static_cast<std::uint8_t>(Mark::changed);
  });
  if (!known) return Status::generic_error;
  whole_.resize(size);
  std::transform(transfer.data + size, transfer.data + transfer.size, whole_.begin(),
                 [](std::uint8_t mark) { return static_cast<Mark>(mark); });
  write_rows(static_cast<WriteClass>(number), offset, size, transfer.data, whole_.data(), delay);
  return Status::ok;
}

void ReramMemory::write_rows(WriteClass of, std::uint64_t offset, std::uint32_t size,
                             const std::uint8_t* data, const Mark* marks, sc_time& delay) {
  const std::uint32_t row_bytes = config_.rows.row_bytes();
  std::fill(bank_time_.begin(), bank_time_.end(), sc_core::SC_ZERO_TIME);
  for (std::uint32_t done = 0; done < size;) {
    const std::uint64_t at = offset + done;
    const auto part =
        static_cast<std::uint32_t>(std::min<std::uint64_t>(size - done, row_bytes - at % row_bytes));
    const bool any =
        std::any_of(marks + done, marks + done + part, [](Mark mark) { return mark != Mark::skip; });
    if (any)
      bank_time_[at / row_bytes % bank_time_.size()] += write_row(of, at, part, data + done, marks + done);
    done += part;
  }
  const sc_time time = *std::max_element(bank_time_.begin(), bank_time_.end());
  write_time_ += time;
  occupy_port(time, delay);
  if (on_write_) on_write_(offset, size);
  if (on_write_ && contents_moved_) on_write_(0, rows_.size());
  contents_moved_ = false;
}

sc_time ReramMemory::write_row(WriteClass of, std::uint64_t offset, std::uint32_t size,
                               const std::uint8_t* data, const Mark* marks) {
  const endurance::RowWrite done = rows_.write_row(offset, size, data, marks);
  ClassWrites& sum = writes_[static_cast<std::size_t>(of)];
  sum.cells += done.cells;
  sum.pulses += done.pulses;
  // A row none of whose cells changes takes no pulse.
  if (done.pulses == 0) return sc_core::SC_ZERO_TIME;
  sum.rows += 1;
  charge(done, 1);
  return write_time_of(done, 1) + level_wear(offset);
}

void ReramMemory::charge(const endurance::RowWrite& done, std::uint64_t rows) {
  pulse_energy_.charge(done.pulses);
  half_select_energy_.charge(done.half_selected);
  line_energy_.charge(done);
  setup_energy_.charge(rows);
}

sc_time ReramMemory::write_time_of(const endurance::RowWrite& done, std::uint64_t rows) const {
  if (config_.rows.endurance.pulses_model == endurance::PulseModel::array)
    return config_.row_write * static_cast<double>(rows);
  return config_.row_write * static_cast<double>(done.set_pulses + done.reset_pulses);
}

sc_time ReramMemory::level_wear(std::uint64_t offset) {
  const endurance::WornCells::Move move = rows_.end_of_write(offset);
  if (move.rows == 0) return sc_core::SC_ZERO_TIME;
  moved_.cells += move.write.cells;
  moved_.pulses += move.write.pulses;
  moved_.rows += move.rows_written;
  rows_read_ += move.rows;
  read_energy_.charge(move.rows);
  charge(move.write, move.rows_written);
  contents_moved_ = contents_moved_ || move.digits_changed;
  return config_.row_read * static_cast<double>(move.rows) + write_time_of(move.write, move.rows_written);
}

void ReramMemory::occupy_port(const sc_time& time, sc_time& delay) {
  const sc_time now = sc_core::sc_time_stamp();
  const sc_time arrival = now + delay;
  const sc_time start = std::max(arrival, port_free_);
  waited_ += start - arrival;
  port_free_ = start + time;
  delay = port_free_ - now;
}

}  // namespace weft::reram_buffer

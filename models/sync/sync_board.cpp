// SPDX-License-Identifier: Apache-2.0
#include "models/sync/sync_board.h"

#include <fmt/format.h>

#include <cstring>

#include "models/common/error.h"
#include "models/sync/registers.h"

namespace weft::sync {

SyncBoard::SyncBoard(const sc_core::sc_module_name& name, unsigned counters)
    : sc_module(name), registers("registers"), units("units"), waits("waits"), counters_(counters, 0) {
  if (counters == 0 || counters > max_counters) {
    throw Error(
        fmt::format("{}: {} sync counters; allowed are 1 to {}", this->name(), counters, max_counters));
  }
  SC_HAS_PROCESS(SyncBoard);
  SC_METHOD(add_due);
  sensitive << due_;
  dont_initialize();
  units.bind(*this);
  waits.bind(*this);
  registers.on_access(
      [this](const Transfer& transfer, sc_core::sc_time& delay) { return access(transfer, delay); });
}

void SyncBoard::reset() {
  counters_.assign(counters_.size(), 0);
  issued_.fill(0);
  finished_.fill(0);
  busy_ = 0;
  faults_.clear();
  pending_.clear();
  due_.cancel();
}

Status SyncBoard::access(const Transfer& transfer, sc_core::sc_time& delay) {
  if (transfer.size != 4 || transfer.address % 4 != 0) return Status::burst_error;
  const bool adds = transfer.address >= registers::add.offset;
  const std::uint64_t index = (transfer.address - (adds ? registers::add.offset : 0)) / 4;
  if (index >= counters_.size()) return Status::address_error;
  if (adds && !transfer.write) return Status::command_error;
  std::uint32_t value = 0;
  if (!transfer.write) {
    value = counters_[index];
    std::memcpy(transfer.data, &value, sizeof value);
    return Status::ok;
  }
  std::memcpy(&value, transfer.data, sizeof value);
  if (!adds) {
    counters_[index] = value;
    if (!transfer.debug) notify();
  } else if (!transfer.debug) {
    add_at(sc_core::sc_time_stamp() + delay, static_cast<unsigned>(index), value);
  }
  return Status::ok;
}

void SyncBoard::add_at(const sc_core::sc_time& when, unsigned index, std::uint32_t amount) {
  if (when <= sc_core::sc_time_stamp()) {
    counters_[index] += amount;
    notify();
    return;
  }
  pending_.emplace(when, std::make_pair(index, amount));
  due_.notify(pending_.begin()->first - sc_core::sc_time_stamp());
}

void SyncBoard::add_due() {
  while (!pending_.empty() && pending_.begin()->first <= sc_core::sc_time_stamp()) {
    const auto [index, amount] = pending_.begin()->second;
    counters_[index] += amount;
    pending_.erase(pending_.begin());
  }
  if (!pending_.empty()) due_.notify(pending_.begin()->first - sc_core::sc_time_stamp());
  notify();
}

void SyncBoard::accepted(unsigned unit) {
  ++issued_.at(unit);
  busy_ |= std::uint64_t{1} << unit;
}

void SyncBoard::completed(unsigned unit, const unit::Command& command) {
  if (command.raises_counter() && command.counter() < counters_.size()) {
    counters_[command.counter()] += command.amount();
  }
  finish(unit);
}

void SyncBoard::failed(unsigned unit, const unit::Fault& fault) {
  faults_.push_back({unit, fault});
  finish(unit);
}

void SyncBoard::failed_late(unsigned unit, const unit::Fault& fault) {
  faults_.push_back({unit, fault});
  notify();
}

void SyncBoard::finish(unsigned unit) {
  if (++finished_.at(unit) == issued_.at(unit)) busy_ &= ~(std::uint64_t{1} << unit);
  notify();
}

std::optional<UnitFault> SyncBoard::take_fault() {
  if (faults_.empty()) return std::nullopt;
  const UnitFault fault = faults_.front();
  faults_.pop_front();
  return fault;
}

}  // namespace weft::sync

// SPDX-License-Identifier: Apache-2.0
#include "models/memory/memory.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "models/common/error.h"

namespace weft::memory {

namespace {

constexpr std::uint64_t word_bytes = 4;

const MemoryConfig& checked(const MemoryConfig& config, const char* name) {
  if (config.size == 0) throw Error(fmt::format("{}: memory of 0 bytes; at least 1 is needed", name));
  if (!std::isfinite(config.bytes_per_second) || config.bytes_per_second < 0.0) {
    throw Error(fmt::format("{}: bandwidth {} bytes/s; 0 (unlimited) or a positive number is allowed", name,
                            config.bytes_per_second));
  }
  if (config.banks > 1 && (config.word_bytes == 0 || config.word_bytes % word_bytes != 0)) {
    throw Error(fmt::format("{}: banks with words of {} bytes; a multiple of {} is needed", name,
                            config.word_bytes, word_bytes));
  }
  if (config.banks > 1 && config.bytes_per_second == 0.0)
    throw Error(
        fmt::format("{}: {} banks without a bandwidth; a positive number is needed", name, config.banks));
  return config;
}

std::uint8_t* allocate(std::uint64_t size, const char* name) {
  auto* pointer = static_cast<std::uint8_t*>(std::calloc(size, 1));
  if (pointer == nullptr) throw Error(fmt::format("{}: this computer has no {} bytes to give", name, size));
  return pointer;
}

}  // namespace

Memory::Memory(const sc_core::sc_module_name& name, const MemoryConfig& config, Context& context)
    : sc_module(name),
      config_(checked(config, this->name())),
      bytes_(allocate(config.size, this->name())),
      read_energy_(context.energy.open(this->name(), "read byte", config.read_energy_per_byte)),
      write_energy_(context.energy.open(this->name(), "write byte", config.write_energy_per_byte)) {
  if (config.banks != 1) banks_.emplace(config.banks, config.word_bytes);
  // Zeros need no writing, see bytes_.
  if (config.fill != 0) std::memset(bytes_.get(), config.fill, config.size);
  socket.on_access(
      [this](const Transfer& transfer, sc_core::sc_time& delay) { return access(transfer, delay); });
  socket.on_direct([this](std::uint64_t) { return direct_region(); });
}

void Memory::reset() {
  port_free_ = sc_core::SC_ZERO_TIME;
  if (banks_) banks_->forget_before(std::numeric_limits<Slot>::max());
}

void Memory::load(std::uint64_t address, const void* data, std::uint64_t size) {
  require(address, size);
  if (size == 0) return;  // `data` may be null then
  std::memcpy(bytes_.get() + address, data, size);
  if (on_write_) on_write_(address, size);
}

void Memory::save(std::uint64_t address, void* data, std::uint64_t size) const {
  require(address, size);
  if (size > 0) std::memcpy(data, bytes_.get() + address, size);
}

Status Memory::access(const Transfer& transfer, sc_core::sc_time& delay) {
  if (!holds(transfer.address, transfer.size)) return Status::address_error;
  if (transfer.write && config_.read_only && !transfer.debug) return Status::command_error;
  std::uint8_t* place = bytes_.get() + transfer.address;
  if (transfer.write) {
    std::memcpy(place, transfer.data, transfer.size);
    if (on_write_) on_write_(transfer.address, transfer.size);
  } else {
    std::memcpy(transfer.data, place, transfer.size);
  }
  if (transfer.debug) return Status::ok;
  (transfer.write ? write_energy_ : read_energy_).charge(transfer.size);
  if (banks_) {
    occupy_banks(transfer.address, transfer.size, delay);
  } else {
    occupy_port(transfer.size, delay);
  }
  return Status::ok;
}

std::optional<DirectRegion> Memory::direct_region() const {
  if (!config_.direct) return std::nullopt;
  const sc_core::sc_time each = config_.latency + transfer_time(banks_ ? config_.word_bytes : word_bytes);
  return DirectRegion{bytes_.get(), 0, config_.size - 1, true, !config_.read_only, each, each};
}

void Memory::occupy_port(std::uint32_t size, sc_core::sc_time& delay) {
  const sc_core::sc_time& now = sc_core::sc_time_stamp();
  const sc_core::sc_time arrival = now + delay;
  const sc_core::sc_time start = std::max(arrival, port_free_);
  const sc_core::sc_time transfer = transfer_time(size);
  port_free_ = start + transfer;
  waited_ += start - arrival;
  busy_ += transfer;
  delay = port_free_ + config_.latency - now;
}

void Memory::occupy_banks(std::uint64_t address, std::uint32_t size, sc_core::sc_time& delay) {
  const std::uint64_t slot = std::max<std::uint64_t>(transfer_time(config_.word_bytes).value(), 1);
  const std::uint64_t now = sc_core::sc_time_stamp().value();
  const std::uint64_t arrival = now + delay.value();
  const BankStatistics before = banks_->statistics();
  // Annotated delays end after now, so nobody can come before it.
  banks_->forget_before(now / slot);
  const Slot end = banks_->reserve((arrival + slot - 1) / slot, address, size);
  const BankStatistics& after = banks_->statistics();
  busy_ += sc_core::sc_time::from_value((after.words - before.words) * slot);
  waited_ += sc_core::sc_time::from_value((after.waited - before.waited) * slot);
  delay = sc_core::sc_time::from_value(end * slot - now) + config_.latency;
}

sc_core::sc_time Memory::transfer_time(std::uint64_t size) const {
  if (config_.bytes_per_second == 0.0) return sc_core::SC_ZERO_TIME;
  const std::uint64_t whole = (size + word_bytes - 1) / word_bytes * word_bytes;
  return sc_core::sc_time::from_seconds(static_cast<double>(whole) / config_.bytes_per_second);
}

bool Memory::holds(std::uint64_t address, std::uint64_t size) const {
  return address < config_.size && size <= config_.size - address;
}

void Memory::require(std::uint64_t address, std::uint64_t size) const {
  if (size == 0 || holds(address, size)) return;
  throw Error(fmt::format("{}: {} bytes at {:#x} do not fit; the memory has {} bytes", name(), size, address,
                          config_.size));
}

}  // namespace weft::memory

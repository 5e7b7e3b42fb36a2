// SPDX-License-Identifier: Apache-2.0
#include "tests/models/hart/machine.h"

#include <catch2/catch.hpp>
#include <cstring>

#include "tests/models/hart/engine.h"

namespace weft::test {

using hart::AccessStatus;
using hart::CsrStatus;
using hart::CustomResult;

namespace {
constexpr std::uint32_t largest_vendor_value = 7;

hart::CoreConfig from_ram(hart::CoreConfig config) {
  if (config.reset_pc == hart::CoreConfig{}.reset_pc) config.reset_pc = ram_base;
  return config;
}
}  // namespace

Machine::Machine(hart::CoreConfig config, bool use_direct_memory)
    : ram(ram_bytes), direct_memory(use_direct_memory), core(with_engine(from_ram(config)), *this) {
  core.set_trap_observer([this](const hart::TrapEvent& event) { traps.push_back(event); });
}

void Machine::program(const std::vector<std::uint32_t>& words, std::uint32_t address) {
  REQUIRE(in_ram(address, static_cast<unsigned>(4 * words.size())));
  std::memcpy(ram.data() + (address - ram_base), words.data(), 4 * words.size());
  core.flush_code();
}

std::uint32_t Machine::word(std::uint32_t address) const {
  std::uint32_t value = 0;
  std::memcpy(&value, ram.data() + (address - ram_base), sizeof value);
  return value;
}

void Machine::set_word(std::uint32_t address, std::uint32_t value) {
  std::memcpy(ram.data() + (address - ram_base), &value, sizeof value);
}

void Machine::step(unsigned count) {
  for (unsigned i = 0; i < count; ++i) core.run(core.cycles() + 1);
}

std::uint32_t Machine::csr(unsigned number) {
  std::uint32_t value = 0;
  REQUIRE(core.read_csr(number, value) == CsrStatus::ok);
  return value;
}

void Machine::set_csr(unsigned number, std::uint32_t value) {
  REQUIRE(core.write_csr(number, value) == CsrStatus::ok);
}

bool Machine::in_ram(std::uint32_t address, unsigned size) const {
  return address >= ram_base && std::uint64_t{address} + size <= std::uint64_t{ram_base} + ram.size();
}

AccessStatus Machine::load(std::uint32_t address, unsigned size, std::uint32_t& value) {
  if (in_ram(address, size)) {
    std::memcpy(&value, ram.data() + (address - ram_base), size);
    return AccessStatus::ok;
  }
  if (address - device >= 4) return AccessStatus::fault;
  value = device_value;
  accesses.push_back({false, address, size, value});
  if (on_device) on_device();
  return AccessStatus::ok;
}

AccessStatus Machine::store(std::uint32_t address, unsigned size, std::uint32_t value) {
  if (in_ram(address, size)) {
    std::memcpy(ram.data() + (address - ram_base), &value, size);
    return AccessStatus::ok;
  }
  if (address - device >= 4) return AccessStatus::fault;
  device_value = value;
  accesses.push_back({true, address, size, value});
  if (on_device) on_device();
  return AccessStatus::ok;
}

AccessStatus Machine::fetch(std::uint32_t address, std::uint16_t& parcel) {
  if (!in_ram(address, sizeof parcel)) return AccessStatus::fault;
  std::memcpy(&parcel, ram.data() + (address - ram_base), sizeof parcel);
  if (on_fetch) on_fetch();
  return AccessStatus::ok;
}

bool Machine::peek(std::uint32_t address, std::uint16_t& parcel) {
  if (!in_ram(address, sizeof parcel)) return false;
  std::memcpy(&parcel, ram.data() + (address - ram_base), sizeof parcel);
  return true;
}

hart::DirectMemory Machine::direct(std::uint32_t address) {
  if (!direct_memory || !in_ram(address, 1)) return {};
  const auto last = static_cast<std::uint32_t>(ram_base + ram.size() - 1);
  return {ram.data(), ram_base, last, true, true};
}

CustomResult Machine::custom(std::uint32_t instruction, hart::Core&) {
  if (on_custom) return on_custom(instruction);
  return CustomResult::trap(hart::cause::illegal_instruction, instruction);
}

CsrStatus Machine::csr_read(unsigned number, std::uint32_t& value) {
  if (number != 0x7C0) return CsrStatus::no_such_csr;
  value = vendor_csr;
  return CsrStatus::ok;
}

CsrStatus Machine::csr_write(unsigned number, std::uint32_t value) {
  if (number != 0x7C0) return CsrStatus::no_such_csr;
  if (value > largest_vendor_value) return CsrStatus::illegal_value;
  vendor_csr = value;
  return CsrStatus::ok;
}

}  // namespace weft::test

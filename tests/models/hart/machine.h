// SPDX-License-Identifier: Apache-2.0
// The smallest machine a core runs in: 64 KiB of RAM, one device register, nothing else.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "models/hart/core.h"

namespace weft::test {

constexpr std::uint32_t ram_base = 0x80000000;
constexpr std::uint32_t ram_bytes = 0x10000;
constexpr std::uint32_t data_base = ram_base + 0x8000;
constexpr std::uint32_t device = 0x10000000;  // one word
constexpr std::uint32_t unmapped = 0x40000000;
constexpr std::uint64_t unlimited = ~std::uint64_t{0} >> 1;

class Machine : public hart::Environment {
 public:
  struct Access {
    bool is_store = false;
    std::uint32_t address = 0;
    unsigned size = 0;
    std::uint32_t value = 0;
  };

  explicit Machine(hart::CoreConfig config = {}, bool direct_memory = true);

  // Writes a program, in words; from the base of the RAM unless told otherwise.
  void program(const std::vector<std::uint32_t>& words, std::uint32_t address = ram_base);
  std::uint32_t word(std::uint32_t address) const;
  void set_word(std::uint32_t address, std::uint32_t value);
  // Runs `count` instructions or trap entries.
  void step(unsigned count = 1);
  std::uint32_t csr(unsigned number);
  void set_csr(unsigned number, std::uint32_t value);

  hart::AccessStatus load(std::uint32_t address, unsigned size, std::uint32_t& value) override;
  hart::AccessStatus store(std::uint32_t address, unsigned size, std::uint32_t value) override;
  hart::AccessStatus fetch(std::uint32_t address, std::uint16_t& parcel) override;
  bool peek(std::uint32_t address, std::uint16_t& parcel) override;
  hart::DirectMemory direct(std::uint32_t address) override;
  std::uint64_t time() override { return time_value; }
  hart::CustomResult custom(std::uint32_t instruction, hart::Core& core) override;
  hart::CsrStatus csr_read(unsigned number, std::uint32_t& value) override;
  hart::CsrStatus csr_write(unsigned number, std::uint32_t value) override;

  std::vector<std::uint8_t> ram;
  bool direct_memory;
  std::vector<Access> accesses;  // of the device
  std::uint32_t device_value = 0;
  std::uint64_t time_value = 0;
  std::uint32_t vendor_csr = 0;  // 0x7C0, values up to 7
  std::function<void()> on_device;
  std::function<void()> on_fetch;
  std::function<hart::CustomResult(std::uint32_t)> on_custom;
  std::vector<hart::TrapEvent> traps;
  hart::Core core;

 private:
  bool in_ram(std::uint32_t address, unsigned size) const;
};

}  // namespace weft::test

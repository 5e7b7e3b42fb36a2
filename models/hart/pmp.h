// SPDX-License-Identifier: Apache-2.0
// Physical memory protection (RISC-V Privileged Architecture 20211203, section 3.7): up to 16 entries,
// grain of 4 bytes, modes OFF, TOR, NA4 and NAPOT.
//
// WARL choices: all 32 bits of an implemented pmpaddr are kept; bits 5 and 6 of an entry's configuration
// read 0; the reserved combination of W without R drops W. As the architecture knows 0, 16 or 64 entries,
// the registers of entries 0 to 15 exist as soon as there is any, and those not implemented read 0.
#pragma once

#include <array>
#include <cstdint>

#include "models/hart/environment.h"
#include "models/hart/privilege.h"

namespace weft::hart {

namespace csr {
constexpr unsigned pmpcfg0 = 0x3A0;
constexpr unsigned pmpcfg3 = 0x3A3;
constexpr unsigned pmpaddr0 = 0x3B0;
constexpr unsigned pmpaddr15 = 0x3BF;

constexpr bool is_protection(unsigned number) {
  return (number >= pmpcfg0 && number <= pmpcfg3) || (number >= pmpaddr0 && number <= pmpaddr15);
}
}  // namespace csr

enum class AccessKind { load, store, fetch };

class Pmp {
 public:
  static constexpr unsigned max_entries = 16;

  struct Permissions {
    bool readable = false;
    bool writable = false;
    bool executable = false;

    bool operator==(const Permissions& other) const {
      return readable == other.readable && writable == other.writable && executable == other.executable;
    }
    bool allow(AccessKind kind) const;
  };

  // Addresses `start` to `end`, both inclusive, with the same permissions.
  struct Region {
    std::uint32_t start = 0;
    std::uint32_t end = ~std::uint32_t{0};
    Permissions permissions{true, true, true};
  };

  // Up to max_entries; with none there is no protection and there are no registers.
  explicit Pmp(unsigned entries) : entries_(entries) {}

  // Every entry off and unlocked.
  void reset();

  // Registers for which csr::is_protection holds; anything else answers no_such_csr.
  CsrStatus read(unsigned number, std::uint32_t& value) const;
  CsrStatus write(unsigned number, std::uint32_t value);

  // Whether an access to `size` bytes (at least 1) may take place. An access that goes on at address 0
  // behind the end of the address space is two accesses.
  bool allows(std::uint32_t address, unsigned size, AccessKind kind, Privilege level) const;
  // The largest region around an address in which every byte has the same permissions. An access inside may
  // still be refused by allows() if it is not naturally aligned, for touching two entries.
  Region region(std::uint32_t address, Privilege level) const;

 private:
  struct Entry {
    std::uint8_t config = 0;
    std::uint32_t address = 0;  // as written: bits 33 to 2
    // What the entry matches, `end` exclusive; both 0 if nothing.
    std::uint64_t start = 0;
    std::uint64_t end = 0;
  };

  static Permissions granted(const Entry& entry, Privilege level);
  Permissions permissions_at(std::uint64_t address, Privilege level) const;
  std::uint32_t read_config(unsigned first) const;
  void write_config(unsigned index, std::uint8_t value);
  void write_address(unsigned index, std::uint32_t value);
  void update_ranges();
  bool locked(unsigned index) const;

  unsigned entries_;
  std::array<Entry, max_entries> table_{};
};

}  // namespace weft::hart

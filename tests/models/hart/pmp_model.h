// SPDX-License-Identifier: Apache-2.0
// Physical memory protection byte by byte, word for word as the Privileged Architecture 20211203 (section
// 3.7.1) says it: slow, and independent of the model under test. Works on the values of the registers.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "models/common/counter_rng.h"
#include "models/hart/pmp.h"

namespace weft::test {

struct PmpRegisters {
  std::array<std::uint8_t, 16> config{};
  std::array<std::uint32_t, 16> address{};
  unsigned entries = 16;

  std::uint32_t config_word(unsigned i) const {
    return config[4 * i] | config[4 * i + 1] << 8 | config[4 * i + 2] << 16 |
           static_cast<std::uint32_t>(config[4 * i + 3]) << 24;
  }

  bool matches(unsigned i, std::uint32_t byte) const {
    const std::uint64_t word = byte / 4;
    switch ((config[i] / 8) % 4) {
      case 0:
        return false;
      case 1:
        return (i == 0 || word >= address[i - 1]) && word < address[i];
      case 2:
        return word == address[i];
      default: {
        unsigned ones = 0;
        while (ones < 32 && ((address[i] >> ones) & 1u) != 0) ++ones;
        return (word >> (ones + 1)) == (std::uint64_t{address[i]} >> (ones + 1));
      }
    }
  }

  std::optional<unsigned> first_match(std::uint32_t byte) const {
    for (unsigned i = 0; i < entries; ++i) {
      if (matches(i, byte)) return i;
    }
    return std::nullopt;
  }

  // For an access that does not wrap around the end of the address space.
  bool allows(std::uint32_t start, unsigned size, hart::AccessKind kind, hart::Privilege level) const {
    if (entries == 0) return true;
    const bool machine = level == hart::Privilege::machine;
    for (unsigned i = 0; i < entries; ++i) {
      unsigned matched = 0;
      for (unsigned byte = 0; byte < size; ++byte) matched += matches(i, start + byte) ? 1 : 0;
      if (matched == 0) continue;
      if (matched < size) return false;
      if (machine && config[i] < 0x80) return true;
      const unsigned bit = kind == hart::AccessKind::load ? 1 : kind == hart::AccessKind::store ? 2 : 4;
      return (config[i] & bit) != 0;
    }
    return machine;
  }
};

// Entries of all modes and sizes that overlap a lot within `span` bytes from `base`.
inline PmpRegisters random_protection(CounterRng& rng, unsigned entries, std::uint32_t base,
                                      std::uint32_t span) {
  constexpr std::array<std::uint8_t, 6> rights = {0, 1, 3, 4, 5, 7};
  PmpRegisters result;
  result.entries = entries;
  for (unsigned i = 0; i < entries; ++i) {
    const std::uint32_t mode = rng.below(4);
    const std::uint32_t lock = rng.below(4) == 0 ? 0x80 : 0;
    result.config[i] = static_cast<std::uint8_t>(lock | mode << 3 | rights[rng.below(6)]);
    result.address[i] = (base + rng.below(span)) >> 2;
    if (mode == 3) result.address[i] |= (1u << rng.below(7)) - 1u;
    if (rng.below(20) == 0) result.address[i] = rng.below(2) == 0 ? 0 : ~0u >> rng.below(3);
  }
  return result;
}

}  // namespace weft::test

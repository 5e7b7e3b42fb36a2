// SPDX-License-Identifier: Apache-2.0
// The two machines that run the same slots.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/common/counter_rng.h"
#include "tests/models/hart/machine.h"
#include "tests/models/hart/qemu/features.h"
#include "tests/models/hart/qemu/slot.h"

namespace weft::test {

constexpr std::uint32_t slot_base(std::size_t index) {
  return first_slot + static_cast<std::uint32_t>(index) * slot::bytes;
}

bool have_qemu();

// Runs the slots one after the other on QEMU's `virt` machine and returns their data pages. Throws
// std::runtime_error if QEMU does not come to an end.
std::vector<std::vector<std::uint8_t>> run_on_qemu(const Features& features,
                                                   const std::vector<std::vector<std::uint8_t>>& slots);

// This core with the memory of one slot and nothing else.
class SlotMachine : public Machine {
 public:
  SlotMachine(const hart::CoreConfig& config, bool use_direct_memory) : Machine(config, use_direct_memory) {}

  struct Result {
    std::vector<std::uint8_t> data;  // the data page
    std::uint64_t cycles = 0;
    std::uint64_t instructions = 0;
    bool ended = false;
  };
  // With `slices`, in pieces of random length.
  Result run_slot(const std::vector<std::uint8_t>& image, std::uint32_t base, CounterRng* slices = nullptr);

  hart::DirectMemory direct(std::uint32_t address) override;
  hart::AccessStatus load(std::uint32_t address, unsigned size, std::uint32_t& value) override;
  hart::AccessStatus store(std::uint32_t address, unsigned size, std::uint32_t value) override;
  hart::AccessStatus fetch(std::uint32_t address, std::uint16_t& parcel) override;
  bool peek(std::uint32_t address, std::uint16_t& parcel) override;

 private:
  bool inside(std::uint32_t address, unsigned size) const;

  std::vector<std::uint8_t> memory_ = std::vector<std::uint8_t>(slot::bytes);
  std::uint32_t base_ = 0;
};

}  // namespace weft::test

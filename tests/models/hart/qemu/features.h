// SPDX-License-Identifier: Apache-2.0
// Which parts of the instruction set a comparison with QEMU exercises: the same choice for this core, for
// QEMU's command line and for whoever writes the programs.
#pragma once

#include <string>

#include "models/hart/core.h"

namespace weft::test {

struct Features {
  bool muldiv = true;
  bool atomics = true;
  bool compressed = true;
  bool zba = false;
  bool zbb = false;
  bool zbs = false;
  bool single_float = false;
  bool user_mode = false;
  bool protection = false;  // 16 entries; needs user mode
  bool locks =
      false;  // locked entries as well: every program gets a QEMU of its own, for only a reset unlocks
  bool misaligned = false;  // loads and stores of any alignment, which QEMU always does
};

// Values of the identification registers on both sides.
constexpr std::uint32_t vendor_id = 17;
constexpr std::uint32_t architecture_id = 18;
constexpr std::uint32_t implementation_id = 19;

hart::CoreConfig core_config(const Features& features);
// Operand of QEMU's -cpu: everything off that this core does not have.
std::string qemu_cpu(const Features& features);

}  // namespace weft::test

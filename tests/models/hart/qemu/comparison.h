// SPDX-License-Identifier: Apache-2.0
// Programs on QEMU and on this core in all its ways of running them.
#pragma once

#include <string>
#include <vector>

#include "tests/models/hart/qemu/features.h"
#include "tests/models/hart/qemu/slot.h"

namespace weft::test {

struct Findings {
  // One text a program that behaves differently: what differs, behind which unit, and the listing.
  std::vector<std::string> texts;
  std::uint64_t instructions = 0;  // retired by this core, in one of its ways
  std::uint64_t traps = 0;
};

// Stops after a few differences: one bug shows in many programs.
Findings compare_with_qemu(const Features& features, const std::vector<Program>& programs);

}  // namespace weft::test

// SPDX-License-Identifier: Apache-2.0
// Privilege levels (RISC-V Privileged Architecture 20211203, table 1.1).
#pragma once

#include <cstddef>

namespace weft::hart {

// The values are those of mstatus.MPP.
enum class Privilege : unsigned { user = 0, machine = 3 };

constexpr std::size_t privilege_levels = 2;
// For tables with one entry a level.
constexpr std::size_t index_of(Privilege level) { return level == Privilege::user ? 0 : 1; }

}  // namespace weft::hart

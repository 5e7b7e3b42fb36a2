// SPDX-License-Identifier: Apache-2.0
// The extensions of a hart as the RISC-V manuals write them: "rv32imafc_zicsr_zifencei_zba_zbb_zbs" (RISC-V
// Unprivileged ISA 20191213, chapter 27).
#pragma once

#include <string>

#include "models/hart/core.h"

namespace weft::hart {

// What a hart can have beyond RV32I_Zicsr_Zifencei_Zicntr, which is always there.
struct Isa {
  bool muldiv = false;
  bool atomics = false;
  bool single_float = false;
  bool compressed = false;
  bool zba = false;
  bool zbb = false;
  bool zbs = false;
  bool user_mode = false;
  bool xweft = false;
};

// Upper or lower case, extensions in any order: single letters first, then names with underscores before
// them; "b" stands for all of zba, zbb and zbs. Zicsr, Zifencei and Zicntr may be left out. Throws
// weft::Error for anything unknown or named twice, with a list of what there is, and for what this simulator
// does not have (64-bit registers, double precision).
Isa parse_isa(const std::string& text);

// Lower case, in canonical order, with everything that is always there.
std::string to_string(const Isa& isa);

// Sets the extensions of a core; user mode is its owner's to switch on.
void apply(const Isa& isa, CoreConfig& config);

}  // namespace weft::hart

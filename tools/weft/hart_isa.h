// SPDX-License-Identifier: Apache-2.0
// An ISA string of the command line ("rv32imac") as what a hart can be.
#pragma once

#include <string>

#include "models/hart/core.h"

namespace weft::tool {

constexpr const char* default_isa = "rv32imac";

// Throws Error for what the string asks for and the hart has not.
void set_isa(hart::CoreConfig& config, const std::string& isa);

}  // namespace weft::tool

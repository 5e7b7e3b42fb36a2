// SPDX-License-Identifier: Apache-2.0
// Networks and machines drawn at random, the same for the same number everywhere.
#pragma once

#include <cstdint>

#include "tests/tools/weft/training.h"

namespace weft::tool::test {

// Every second one has just as many tiles as it needs, so that layers share tiles.
Setup random_setup(std::uint64_t number);

}  // namespace weft::tool::test

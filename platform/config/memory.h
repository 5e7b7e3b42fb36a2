// SPDX-License-Identifier: Apache-2.0
// What the keys of platform.memory stand for.
#pragma once

#include "models/dram/dram_config.h"
#include "platform/config/scenario.h"

namespace weft::config {

// A channel of the memory's kind with what the scenario changes in it; not validated. Not for `simple`.
dram::ChannelConfig dram_channel(const MemoryConfig& memory, const MemoryTechnology& technology);
// Channels of one controller.
int dram_channels(const MemoryConfig& memory);
const char* to_text(MemoryKind kind);

}  // namespace weft::config

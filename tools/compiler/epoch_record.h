// SPDX-License-Identifier: Apache-2.0
// The end of an epoch in a tile's program: the record of its results goes to DRAM, and the host gets an
// event.
#pragma once

#include <cstdint>

#include "tools/compiler/emitter.h"

namespace weft::compiler {

struct EpochRecordPlace {
  std::uint32_t record;  // in the buffer
  std::uint32_t train_metrics;
  std::uint32_t test_metrics;
  Reg epoch;    // number, from 0
  Reg out;      // the record's address in DRAM
  Reg control;  // base of the tile's control registers
};

// Uses a0 to a2 and t0 to t2.
void emit_epoch_record(Emitter& emitter, const EpochRecordPlace& place);

}  // namespace weft::compiler

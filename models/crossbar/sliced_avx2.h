// SPDX-License-Identifier: Apache-2.0
// The loops of the sliced model for AVX2; see struct Kernels. Only to be called where the processor has it.
#pragma once

#if defined(__x86_64__)

#include "models/crossbar/kernels.h"

namespace weft::crossbar::avx2 {

void column_currents(const CellBlock& block, const ActiveLine* rows, int row_count, const Chunks& chunks,
                     std::uint8_t* scratch, const Currents& current);
void row_currents(const CellBlock& block, int rows, const Chunks& chunks, std::uint8_t* scratch,
                  const Currents& current);
void convert(const Conversion& job, std::int64_t* y, AdcCounts& counts);
Saturation deposit(const DepositJob& job);

}  // namespace weft::crossbar::avx2

#endif

// SPDX-License-Identifier: Apache-2.0
// How long instructions take.
#pragma once

namespace weft::hart {

// Cycles of each instruction class; an instruction that traps costs `trap` instead of its class, and so
// does taking an interrupt. `load` is also paid by lr.w and flw, `store` by fsw, `atomic` by sc.w and the
// AMOs, `jump` by mret, `fence` by fence, fence.i and wfi. Allowed: 1 to 1,000,000.
//
// `load_use` (0 allowed) is added to a load whose result the next instruction in memory reads. It depends on
// the code alone, so that it is the same wherever execution is interrupted between the two.
struct CycleCosts {
  unsigned alu = 1;
  unsigned load = 2;
  unsigned store = 1;
  unsigned branch = 1;
  unsigned branch_taken = 3;
  unsigned jump = 2;
  unsigned multiply = 3;
  unsigned divide = 20;
  unsigned csr = 1;
  unsigned atomic = 4;
  unsigned fence = 1;
  unsigned custom = 1;
  unsigned trap = 4;
  unsigned load_use = 0;
  unsigned float_simple = 1;      // comparisons, minimum, maximum, sign injection, moves, classification
  unsigned float_arithmetic = 3;  // addition, multiplication, fused multiply-add, conversions
  unsigned float_divide = 12;
  unsigned float_sqrt = 12;
};

}  // namespace weft::hart

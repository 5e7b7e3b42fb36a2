// SPDX-License-Identifier: Apache-2.0
// The registers of a hart that a back-trace starts from.
#pragma once

#include "models/hart/hart.h"
#include "platform/backtrace/backtrace.h"

namespace weft::backtrace {

// As they are now.
inline Registers registers_of(const hart::Hart& hart) {
  Registers registers{hart.core().pc(), {}};
  for (unsigned i = 0; i < register_count; ++i) registers.x[i] = hart.core().x(i);
  return registers;
}

// As they were when the hart took its last exception; as they are now if it took none.
inline Registers registers_at_exception(const hart::Hart& hart) {
  if (!hart.last_exception()) return registers_of(hart);
  return {hart.last_exception()->trap.pc, hart.last_exception()->x};
}

}  // namespace weft::backtrace

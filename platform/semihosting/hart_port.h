// SPDX-License-Identifier: Apache-2.0
// Lets a hart's ebreaks be semihosting requests.
#pragma once

#include "models/hart/hart.h"
#include "platform/semihosting/semihosting.h"

namespace weft::semihosting {

// `semihosting` and what `memory` refers to must outlive the hart's run.
inline void attach(hart::Hart& hart, Semihosting& semihosting, const GuestMemory& memory) {
  constexpr unsigned a0 = 10;
  constexpr unsigned a1 = 11;
  hart.set_breakpoint_handler([&semihosting, memory](hart::Core& core) {
    if (!is_request(memory, core.pc())) return false;
    core.set_x(a0, semihosting.call(core.x(a0), core.x(a1)));
    // A file may have been read into code.
    core.flush_code();
    return true;
  });
}

// Nanoseconds of simulated time, rounded down.
inline std::uint64_t simulated_nanoseconds() {
  static const std::uint64_t nanosecond = sc_core::sc_time(1, sc_core::SC_NS).value();
  return sc_core::sc_time_stamp().value() / nanosecond;
}

}  // namespace weft::semihosting

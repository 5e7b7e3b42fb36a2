// SPDX-License-Identifier: Apache-2.0
// Annotated delay becomes simulated time.
#pragma once

#include <systemc>
#include <utility>

namespace weft {

// Lets `delay` pass and clears it; does not yield if it is zero. From an SC_THREAD.
inline void consume(sc_core::sc_time& delay) {
  const sc_core::sc_time time = std::exchange(delay, sc_core::SC_ZERO_TIME);
  if (time != sc_core::SC_ZERO_TIME) sc_core::wait(time);
}

}  // namespace weft

// SPDX-License-Identifier: Apache-2.0
// What a hart does for a debugger. A stop is like the end of a quantum, which may fall anywhere, so a program
// that is only looked at computes and ends as if nobody had.
#include <algorithm>

#include "models/hart/hart.h"

namespace weft::hart {

void Hart::set_debug_listener(DebugListener* listener) {
  debug_.listener = listener;
  if (listener == nullptr) {
    cancel_step();
    resume();
  }
}

void Hart::resume() {
  if (!debug_.stopped) return;
  debug_.stopped = false;
  debug_.resumed.notify(sc_core::SC_ZERO_TIME);
}

void Hart::request_step() {
  debug_.stepping = true;
  debug_.step_from = boundaries();
  core_->inside_run() ? core_->request_yield() : core_->pass_debug_points();
}

// In the hart's thread, between two runs of the core.
void Hart::stop_for_debugger(StopReason reason) {
  DebugStop stop;
  if (reason == StopReason::debug) {
    stop = core_->debug_stop();
    // It may have been removed, or the program moved, while the hart caught up with simulated time.
    if (!core_->still_wanted(stop) || core_->pc() != stop.pc) return;
  } else if (debug_.stepping && boundaries() != debug_.step_from) {
    stop.reason = DebugStop::Reason::step;
    stop.pc = core_->pc();
  } else {
    return;
  }
  debug_.stepping = false;
  debug_.stopped = true;
  debug_.listener->stopped(*this, stop);
  while (debug_.stopped) wait(debug_.resumed);
}

bool Hart::set_pc(std::uint32_t pc) {
  if (core_->inside_run()) return false;
  core_->set_pc(pc);
  control_changed_.notify(sc_core::SC_ZERO_TIME);
  return true;
}

CsrStatus Hart::peek_csr(unsigned number, std::uint32_t& value) {
  if (number != csr::time && number != csr::timeh) return core_->read_csr(number, value);
  const std::uint64_t ticks = ticks_ ? ticks_() : 0;
  value = static_cast<std::uint32_t>(number == csr::time ? ticks : ticks >> 32);
  return CsrStatus::ok;
}

CsrStatus Hart::poke_csr(unsigned number, std::uint32_t value) {
  const CsrStatus status = core_->write_csr(number, value);
  // An interrupt that has become enabled ends a wfi.
  interrupt_changed_.notify(sc_core::SC_ZERO_TIME);
  return status;
}

Status Hart::peek(std::uint32_t address, void* data, std::uint32_t size) {
  return data_socket.read_debug(address, data, size);
}

Status Hart::poke(std::uint32_t address, const void* data, std::uint32_t size) {
  return data_socket.write_debug(address, data, size);
}

void Hart::start_now(std::uint32_t entry) {
  start(entry);
  if (!core_->inside_run()) restart();
}

}  // namespace weft::hart

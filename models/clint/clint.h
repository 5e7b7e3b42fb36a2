// SPDX-License-Identifier: Apache-2.0
// Core-local interruptor: software and timer interrupts of the harts, in the register layout of QEMU's
// RISC-V `virt` machine (SiFive E31 core complex manual, chapter "Core-Local Interruptor").
//
// MTIME is computed from simulated time when it is asked for; nothing ticks. The timer interrupt
// rises exactly at the simulated time of its compare value. A compare value that simulated time cannot
// reach schedules nothing, so that a platform in which everybody sleeps runs out of events.
#pragma once

#include <cstdint>
#include <systemc>

#include "models/common/context.h"
#include "models/tlm/register_file.h"
#include "models/tlm/target_socket.h"

namespace weft::clint {

struct ClintConfig {
  unsigned harts = 1;                          // 1 to 16
  sc_core::sc_time tick{100, sc_core::SC_NS};  // period of MTIME: 10 MHz
};

class Clint : public sc_core::sc_module {
 public:
  // Throws weft::Error for a number of harts outside the limits and for a tick of zero.
  Clint(const sc_core::sc_module_name& name, const ClintConfig& config, Context& context);
  SC_HAS_PROCESS(Clint);

  TargetSocket socket{"socket"};
  sc_core::sc_vector<sc_core::sc_out<bool>> software;  // per hart
  sc_core::sc_vector<sc_core::sc_out<bool>> timer;     // per hart

  void reset();

  // MTIME at simulated time `time` (a hart's local time); never before the last reset.
  std::uint64_t ticks_at(const sc_core::sc_time& time) const;
  std::uint64_t now_ticks() const { return ticks_at(sc_core::sc_time_stamp()); }

 private:
  Status access(const Transfer& transfer, sc_core::sc_time& delay);
  void describe_registers();
  std::uint64_t compare(unsigned hart) const;
  void set_ticks(std::uint64_t ticks);
  void drive();
  void schedule(std::uint64_t compare_value);

  const ClintConfig config_;
  Context& context_;
  RegisterFile registers_;
  sc_core::sc_time now_;            // local time of the access being served
  std::uint64_t offset_ticks_ = 0;  // MTIME minus the ticks since the start of simulation (wraps)
  sc_core::sc_event changed_;
  sc_core::sc_event compare_;
};

}  // namespace weft::clint

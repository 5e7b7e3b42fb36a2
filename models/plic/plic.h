// SPDX-License-Identifier: Apache-2.0
// Platform-level interrupt controller (RISC-V PLIC specification 1.0.0, chapters 3 to 9) in the address
// layout of QEMU's `virt` machine, with level-sensitive gateways.
//
// A gateway forwards a high input once: the source becomes pending and stays so even if the input
// falls, until a context claims it. The gateway then waits for the completion; if the input is still
// high, the source becomes pending again. Claiming looks at priorities and enables, not at the
// threshold.
#pragma once

#include <cstdint>
#include <systemc>
#include <vector>

#include "models/common/context.h"
#include "models/tlm/register_file.h"
#include "models/tlm/target_socket.h"

namespace weft::plic {

struct PlicConfig {
  unsigned sources = 63;  // highest source number, 1 to 63
  unsigned contexts = 1;  // 1 to 16
};

class Plic : public sc_core::sc_module {
 public:
  // Throws weft::Error for numbers outside the limits.
  Plic(const sc_core::sc_module_name& name, const PlicConfig& config, Context& context);
  SC_HAS_PROCESS(Plic);

  TargetSocket socket{"socket"};
  // By source number; [0] exists for that reason only. An input that nothing is bound to is low.
  sc_core::sc_vector<sc_core::sc_in<bool>> sources;
  sc_core::sc_vector<sc_core::sc_out<bool>> external;  // per context

  void reset();

 private:
  void before_end_of_elaboration() override;
  void describe_registers();
  Status access(const Transfer& transfer);
  // Source that a claim by this context would get; 0 = none.
  std::uint32_t best(unsigned context) const;
  std::uint32_t claim(unsigned context);
  void complete(unsigned context, std::uint32_t source);
  std::uint64_t enabled(unsigned context) const;
  void drive();

  const PlicConfig config_;
  Context& context_;
  RegisterFile registers_;
  sc_core::sc_signal<bool> low_{"low"};
  const std::uint64_t existing_;  // bit n: source n exists
  std::uint64_t pending_ = 0;     // bit n: source n waits to be claimed
  std::uint64_t in_service_ = 0;  // bit n: gateway n waits for a completion
  sc_core::sc_event changed_;
};

}  // namespace weft::plic

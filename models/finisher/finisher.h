// SPDX-License-Identifier: Apache-2.0
// The register through which firmware ends a run, as on QEMU's RISC-V `virt` machine (SiFive test
// device). It reports the request and leaves what follows (stop, exit status, reset) to the platform.
#pragma once

#include <cstdint>
#include <functional>
#include <systemc>

#include "models/common/context.h"
#include "models/tlm/register_file.h"
#include "models/tlm/target_socket.h"

namespace weft::finisher {

enum class ExitKind { pass, fail, reset };

struct ExitRequest {
  ExitKind kind = ExitKind::pass;
  std::uint32_t code = 0;  // of a failure; 0 otherwise
};

class Finisher : public sc_core::sc_module {
 public:
  using Handler = std::function<void(const ExitRequest&)>;

  Finisher(const sc_core::sc_module_name& name, Context& context);

  TargetSocket socket{"socket"};

  // Called from within the write, at most once for each.
  void on_exit(Handler handler) { exit_ = std::move(handler); }
  void reset() { registers_.reset(); }

 private:
  void finish(std::uint32_t value);

  Context& context_;
  RegisterFile registers_;
  Handler exit_;
};

}  // namespace weft::finisher

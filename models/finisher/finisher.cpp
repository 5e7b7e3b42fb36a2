// SPDX-License-Identifier: Apache-2.0
#include "models/finisher/finisher.h"

#include <fmt/format.h>

#include "models/finisher/registers.h"

namespace weft::finisher {

namespace {

namespace reg = registers;

constexpr std::uint32_t request_pass = 0x5555;
constexpr std::uint32_t request_fail = 0x3333;
constexpr std::uint32_t request_reset = 0x7777;

}  // namespace

Finisher::Finisher(const sc_core::sc_module_name& name, Context& context)
    : sc_module(name), context_(context), registers_(reg::table()) {
  socket.on_access(
      [this](const Transfer& transfer, sc_core::sc_time&) { return registers_.access(transfer); });
  registers_.on_peek(reg::finish, [](unsigned) { return 0u; });
  registers_.on_write(reg::finish, [this](unsigned, std::uint32_t value) { finish(value); });
}

void Finisher::finish(std::uint32_t value) {
  const std::uint32_t request = value & reg::finish_request;
  const std::uint32_t code = (value & reg::finish_code) >> reg::finish_code_shift;
  if (request != request_pass && request != request_fail && request != request_reset) {
    context_.log.write(
        {LogLevel::warning, sc_core::sc_time_stamp().to_string(), name(),
         fmt::format("{:#x} is no request; {:#x} (pass), code << 16 | {:#x} (fail) and {:#x} (reset) are",
                     value, request_pass, request_fail, request_reset)});
    return;
  }
  if (!exit_) return;
  if (request == request_fail) return exit_({ExitKind::fail, code});
  exit_({request == request_pass ? ExitKind::pass : ExitKind::reset, 0});
}

}  // namespace weft::finisher

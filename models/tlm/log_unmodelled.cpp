// SPDX-License-Identifier: Apache-2.0
#include "models/tlm/log_unmodelled.h"

#include <fmt/format.h>

#include <string>

namespace weft {

void log_unmodelled(RegisterFile& registers, const sc_core::sc_object& block, const Log& log) {
  registers.on_unmodelled([&block, &log](const RegisterInfo& info, unsigned index, std::uint32_t bits) {
    log_unmodelled(info, index, bits, block, log);
  });
}

void log_unmodelled(const RegisterInfo& info, unsigned index, std::uint32_t bits,
                    const sc_core::sc_object& block, const Log& log) {
  if (!log.wants(LogLevel::info)) return;
  const std::string place = info.count > 1 ? fmt::format("{}[{}]", info.name, index) : info.name;
  log.write({LogLevel::info, sc_core::sc_time_stamp().to_string(), block.name(),
             fmt::format("{}: bits {:#x} are not modelled", place, bits)});
}

}  // namespace weft

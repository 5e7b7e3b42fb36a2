// SPDX-License-Identifier: Apache-2.0
// System controller: what machine firmware runs on, and what firmware reports about the run.
#pragma once

#include <cstdint>
#include <functional>
#include <systemc>

#include "models/common/context.h"
#include "models/tlm/register_file.h"
#include "models/tlm/target_socket.h"

namespace weft::syscon {

struct SysconConfig {
  std::uint32_t version_major = 0;  // up to 65535
  std::uint32_t version_minor = 0;  // up to 255
  std::uint32_t version_patch = 0;  // up to 255
  std::uint32_t tile_columns = 0;
  std::uint32_t tile_rows = 0;
  std::uint32_t crossbars_per_tile = 0;
  std::uint32_t crossbar_rows = 0;
  std::uint32_t crossbar_columns = 0;
  std::uint64_t dram_bytes = 0;
  std::uint32_t clock_hz = 0;
  std::uint32_t boot_info = 0;  // address of the boot information, 0 = none
};

struct Progress {
  std::uint32_t done = 0;
  std::uint32_t total = 0;  // 0 = unknown
};

class Syscon : public sc_core::sc_module {
 public:
  // Throws weft::Error when a part of the version does not fit its field.
  Syscon(const sc_core::sc_module_name& name, const SysconConfig& config, Context& context);

  TargetSocket socket{"socket"};

  // Firmware has asked for a reset; called from within the write.
  void on_reset_request(std::function<void()> handler) { reset_request_ = std::move(handler); }
  // Firmware has written PROGRESS; called from within the write.
  void on_progress(std::function<void(const Progress&)> handler) { progress_ = std::move(handler); }

  std::uint32_t exit_code() const;
  void set_exit_code(std::uint32_t code);

  // Everything but the scratch registers, which carry a message from before the reset to after it.
  void reset();

 private:
  void describe_registers();
  void fill_capabilities();

  const SysconConfig config_;
  Context& context_;
  RegisterFile registers_;
  std::function<void()> reset_request_;
  std::function<void(const Progress&)> progress_;
};

}  // namespace weft::syscon

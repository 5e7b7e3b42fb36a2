// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "tools/weft/run_elf.h"
#include "tools/weft/trace_options.h"

namespace weft::tool {

class RunElfCommand {
 public:
  explicit RunElfCommand(CLI::App& app);

  bool parsed() const { return command_->parsed(); }
  // Throws Error for values that are wrong.
  RunElfOptions options() const;

 private:
  CLI::App* command_;
  RunElfOptions options_;
  std::optional<TraceOptions> trace_;
  std::string ram_;
  std::string raw_;
  std::string jit_ = "on";
};

}  // namespace weft::tool

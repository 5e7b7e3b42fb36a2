// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace weft::test {

struct CommandResult {
  int exit_code = -1;
  std::string output;  // standard output and standard error
};

// Runs a shell command to its end.
CommandResult run_command(const std::string& command);

}  // namespace weft::test

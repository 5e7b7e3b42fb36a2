// SPDX-License-Identifier: Apache-2.0
// The options of a debugger, alike for `run` and `run-elf`.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>

namespace weft::tool {

inline void add_gdb_options(CLI::App& command, std::optional<std::string>& address, bool& wait) {
  CLI::Option* const gdb =
      command
          .add_option("--gdb", address, "Let a GDB client attach, as in --gdb :3333; port 0 is any free one")
          ->type_name("[ADDRESS]:PORT");
  command.add_flag("--gdb-wait", wait, "Wait for the client before the first instruction")->needs(gdb);
}

}  // namespace weft::tool

// SPDX-License-Identifier: Apache-2.0
// Debian's debugger against `weft`, both as a user starts them.
#pragma once

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "tests/tools/cli/cli.h"

namespace weft::test {

inline bool no_gdb() { return std::string(WEFT_GDB).empty(); }

struct Session {
  std::string text;  // what GDB has printed
  ProgramResult weft;
};

// Where `weft` says that it listens; empty after most of a test's time without that.
inline std::string listening_place(const std::filesystem::path& log) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(45);
  while (std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    const std::string line = read_text(log);
    const std::size_t at = line.find("127.0.0.1:");
    if (at != std::string::npos && line.find('\n', at) != std::string::npos)
      return line.substr(at, line.find('\n', at) - at);
  }
  return "";
}

// Starts weft with the arguments and a port of its own, and GDB on it with the commands.
inline Session debug_program(const TemporaryFolder& folder, const std::vector<std::string>& weft_arguments,
                             const std::string& symbols, const std::vector<std::string>& commands) {
  const std::filesystem::path log = folder / "stderr.txt";
  std::filesystem::remove(log);  // a session before this one has said there where it listened
  std::vector<std::string> arguments{"-c", "log=$1; shift; exec \"$@\" 2>\"$log\"", "sh", log.string(),
                                     WEFT_PROGRAM};
  arguments.insert(arguments.end(), weft_arguments.begin(), weft_arguments.end());
  arguments.insert(arguments.end(), {"--gdb", "127.0.0.1:0"});
  Session session;
  std::thread weft([&] { session.weft = run_program("/bin/sh", arguments); });
  std::vector<std::string> gdb{"-nx", "-batch"};
  std::vector<std::string> all{"set pagination off", "set architecture riscv:rv32", "file " + symbols,
                               "target remote " + listening_place(log)};
  all.insert(all.end(), commands.begin(), commands.end());
  for (const std::string& each : all) gdb.insert(gdb.end(), {"-ex", each});
  const ProgramResult result = run_program(WEFT_GDB, gdb);
  session.text = result.output + result.errors;
  weft.join();
  session.weft.errors = read_text(log);
  return session;
}

}  // namespace weft::test

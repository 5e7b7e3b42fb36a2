// SPDX-License-Identifier: Apache-2.0
// The commands of `weft`. Each returns the program's exit status: 0 success, 1 a run that failed. Bad usage
// and bad input are thrown as Error, which main() turns into status 2.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "platform/trace/trace_writer.h"

namespace weft::tool {

struct ScenarioOptions {
  std::filesystem::path scenario;
  std::vector<std::string> set;
  std::optional<std::filesystem::path> data;
};

struct RunOptions {
  ScenarioOptions scenario;
  std::optional<std::filesystem::path> out;
  bool reference = true;  // train the golden and the float32 reference as well
  std::optional<trace::TraceConfig> trace;
  std::string trace_hart = "all";
  std::optional<std::string> threads;  // overrides run.threads
  bool quiet = false;                  // no UART output and no progress on the terminal
  bool verbose = false;                // log what blocks have to say
  std::optional<std::string> gdb;      // where to listen for a debugger
  bool gdb_wait = false;               // for it, before the first instruction
};

constexpr int status_ok = 0;
constexpr int status_failed = 1;
constexpr int status_bad_input = 2;

int run(const RunOptions& options);
int compile(const ScenarioOptions& options, const std::filesystem::path& out);
int check(const ScenarioOptions& options);
int show_config(const ScenarioOptions& options);
int show_area(const ScenarioOptions& options, bool as_json);
int disassemble(const std::filesystem::path& file);

}  // namespace weft::tool

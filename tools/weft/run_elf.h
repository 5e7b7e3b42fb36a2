// SPDX-License-Identifier: Apache-2.0
// `weft run-elf`: any bare-metal RV32 program on the smallest machine. The exit status is the program's own;
// how a run ends otherwise has statuses of its own, which docs/run-elf.md lists.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "platform/config/scenario.h"
#include "platform/trace/trace_writer.h"

namespace weft::tool {

struct RunElfOptions {
  std::optional<std::filesystem::path> file;
  std::optional<std::uint32_t> raw;            // `file` has no structure and lies at this address
  std::optional<std::filesystem::path> flash;  // image to boot from
  std::string isa = "rv32imafc_zba_zbb_zbs";   // all there is
  config::JitMode jit = config::JitMode::on;
  std::uint64_t ram_size = 0;  // bytes
  std::optional<std::uint64_t> max_instructions;
  std::optional<std::filesystem::path> signature;
  unsigned signature_granularity = 4;
  bool semihosting = false;
  std::filesystem::path semihosting_root = ".";
  std::vector<std::string> arguments;  // of the program
  std::optional<trace::TraceConfig> trace;
  std::optional<std::string> gdb;  // where to listen for a debugger
  bool gdb_wait = false;           // for it, before the first instruction
  bool quiet = false;
  bool verbose = false;
};

constexpr int status_fatal_trap = 120;
constexpr int status_stuck = 121;
constexpr int status_reset = 122;
constexpr int status_instruction_limit = 124;
constexpr int status_interrupted = 130;

int run_elf(const RunElfOptions& options);

}  // namespace weft::tool

// SPDX-License-Identifier: Apache-2.0
// The execution trace: a line for every instruction that retires and every trap. The format is described in
// docs/run-elf.md.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "models/hart/observer.h"
#include "platform/loader/elf_file.h"
#include "platform/trace/trace_file.h"

namespace weft::trace {

struct AddressRange {
  std::uint32_t first = 0;
  std::uint32_t last = 0xffffffff;  // inclusive
};

// "0x80000000-0x80001000", the last address not included. Throws weft::Error.
AddressRange parse_range(const std::string& text);

struct TraceConfig {
  std::filesystem::path file;
  AddressRange range;                  // only instructions there, and traps of them
  std::optional<std::uint64_t> limit;  // lines of instructions and traps
};

class TraceWriter {
 public:
  explicit TraceWriter(const TraceConfig& config) : config_(config), file_(config.file) {}

  // An observer for one hart, which lives as long as this. `detach` is called once when it has seen enough.
  hart::ExecutionObserver& add(const std::string& hart, const std::vector<loader::Symbol>& symbols,
                               std::function<void()> detach);
  void close() { file_.close(); }

 private:
  class HartTrace;

  bool wants(std::uint32_t pc) const { return pc >= config_.range.first && pc <= config_.range.last; }
  bool full() const { return config_.limit && lines_ >= *config_.limit; }
  void line(const std::string& text);

  const TraceConfig config_;
  TraceFile file_;
  std::uint64_t lines_ = 0;
  std::vector<std::unique_ptr<hart::ExecutionObserver>> harts_;
};

}  // namespace weft::trace

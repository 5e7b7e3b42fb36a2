// SPDX-License-Identifier: Apache-2.0
// The options of an execution trace, alike for `run` and `run-elf`.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "platform/trace/trace_writer.h"

namespace weft::tool {

class TraceOptions {
 public:
  explicit TraceOptions(CLI::App& command);

  // Nothing without --trace. Throws Error for a range that is none and for options without --trace.
  std::optional<trace::TraceConfig> config() const;

 private:
  std::string file_;
  std::string range_;
  std::optional<std::uint64_t> limit_;
};

}  // namespace weft::tool

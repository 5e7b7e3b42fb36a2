// SPDX-License-Identifier: Apache-2.0
#include "tools/weft/trace_options.h"

#include "models/common/error.h"

namespace weft::tool {

TraceOptions::TraceOptions(CLI::App& command) {
  command.add_option("--trace", file_, "Write every instruction executed into this file; .gz compresses it")
      ->type_name("FILE");
  command.add_option("--trace-range", range_, "Only instructions from LOW up to HIGH")->type_name("LOW-HIGH");
  command.add_option("--trace-limit", limit_, "End the trace after so many instructions and traps")
      ->type_name("N");
}

std::optional<trace::TraceConfig> TraceOptions::config() const {
  if (file_.empty()) {
    if (!range_.empty() || limit_)
      throw Error("--trace-range and --trace-limit are of use only with --trace");
    return std::nullopt;
  }
  trace::TraceConfig config;
  config.file = file_;
  config.limit = limit_;
  if (!range_.empty()) config.range = trace::parse_range(range_);
  return config;
}

}  // namespace weft::tool

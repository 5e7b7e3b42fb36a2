// SPDX-License-Identifier: Apache-2.0
// Where blocks say what a firmware engineer wants to know (an unmodelled bit was touched, a bus error
// answered). The sink is handed in; there is no global logger.
#pragma once

#include <functional>
#include <string>
#include <utility>

namespace weft {

enum class LogLevel { debug, info, warning };

struct LogEntry {
  LogLevel level;
  std::string time;    // simulated time, as SystemC prints it
  std::string source;  // hierarchical name of the block
  std::string text;
};

class Log {
 public:
  using Sink = std::function<void(const LogEntry&)>;

  void set_sink(Sink sink, LogLevel lowest) {
    sink_ = std::move(sink);
    lowest_ = lowest;
  }
  bool wants(LogLevel level) const { return sink_ && level >= lowest_; }
  void write(const LogEntry& entry) const {
    if (wants(entry.level)) sink_(entry);
  }

 private:
  Sink sink_;
  LogLevel lowest_ = LogLevel::warning;
};

}  // namespace weft

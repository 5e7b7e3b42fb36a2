// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "models/common/log.h"

using weft::Log;
using weft::LogEntry;
using weft::LogLevel;

TEST_CASE("the log passes on what is at or above its level") {
  Log log;
  std::vector<std::string> seen;
  log.set_sink([&seen](const LogEntry& entry) { seen.push_back(entry.text); }, LogLevel::info);
  log.write({LogLevel::debug, "0 s", "top", "debug"});
  log.write({LogLevel::info, "0 s", "top", "info"});
  log.write({LogLevel::warning, "0 s", "top", "warning"});
  CHECK(seen == std::vector<std::string>{"info", "warning"});
  CHECK_FALSE(log.wants(LogLevel::debug));
  CHECK(log.wants(LogLevel::info));
}

TEST_CASE("a log without a sink wants nothing and drops everything") {
  const Log log;
  CHECK_FALSE(log.wants(LogLevel::warning));
  CHECK_NOTHROW(log.write({LogLevel::warning, "0 s", "top", "text"}));
}

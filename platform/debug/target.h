// SPDX-License-Identifier: Apache-2.0
// What a debugger is given to work on: harts by name, and commands of the embedding program.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "models/hart/hart.h"

namespace weft::debug {

// Thread n of the client is element n - 1.
struct Thread {
  std::string name;
  hart::Hart* hart = nullptr;
};

// A word after `monitor`, for what the protocol has no packet. `run` gets the words behind it and returns
// text for the user, whole lines; an Error it throws is shown as well.
struct MonitorCommand {
  std::string name;
  std::string arguments;  // for the help: "UNIT", or ""
  std::string help;       // one line
  std::function<std::string(const std::vector<std::string>& arguments)> run;
};

struct Target {
  std::vector<Thread> threads;  // at least one
  std::vector<MonitorCommand> commands;
};

// "cwait: counter 3 is 16, waits for 17"
std::string state_text(const hart::Hart& hart);

// `help`, `time` and `harts`, then the target's own; what is not known gets an explanation.
std::string run_monitor(const Target& target, const std::string& line);

}  // namespace weft::debug

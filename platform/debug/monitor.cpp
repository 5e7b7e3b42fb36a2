// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "models/common/error.h"
#include "platform/debug/target.h"

namespace weft::debug {

namespace {

std::string show_time() { return sc_core::sc_time_stamp().to_string() + "\n"; }

std::string show_harts(const Target& target) {
  std::string text;
  for (std::size_t index = 0; index < target.threads.size(); ++index) {
    const Thread& thread = target.threads[index];
    text +=
        fmt::format("{:>4}  {:<14} pc {:#010x}  {:>12} instructions  {}\n", index + 1, thread.name,
                    thread.hart->core().pc(), thread.hart->core().instructions(), state_text(*thread.hart));
  }
  return text;
}

std::vector<MonitorCommand> all_commands(const Target& target) {
  using Words = std::vector<std::string>;
  std::vector<MonitorCommand> commands{
      {"time", "", "Simulated time", [](const Words&) { return show_time(); }},
      {"harts", "", "All harts: program counter, instructions, what they are doing",
       [&target](const Words&) { return show_harts(target); }}};
  commands.insert(commands.end(), target.commands.begin(), target.commands.end());
  return commands;
}

std::string help(const std::vector<MonitorCommand>& commands) {
  std::string text;
  for (const MonitorCommand& each : commands) {
    const std::string usage = each.arguments.empty() ? each.name : each.name + " " + each.arguments;
    text += fmt::format("{:<16} {}\n", usage, each.help);
  }
  return text;
}

}  // namespace

std::string state_text(const hart::Hart& hart) {
  const std::string text = describe(hart.state());
  return text.substr(0, text.rfind(" (pc "));
}

std::string run_monitor(const Target& target, const std::string& line) {
  std::istringstream stream(line);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  const std::vector<MonitorCommand> commands = all_commands(target);
  if (words.empty() || words.front() == "help") return help(commands);
  const auto found = std::find_if(commands.begin(), commands.end(),
                                  [&](const MonitorCommand& each) { return each.name == words.front(); });
  if (found == commands.end()) {
    return fmt::format("there is no monitor command '{}'; these exist:\n", words.front()) + help(commands);
  }
  words.erase(words.begin());
  if (!words.empty() && found->arguments.empty()) {
    return fmt::format("monitor {} takes no arguments\n", found->name);
  }
  try {
    return found->run(words);
  } catch (const Error& error) {
    return std::string(error.what()) + "\n";
  }
}

}  // namespace weft::debug

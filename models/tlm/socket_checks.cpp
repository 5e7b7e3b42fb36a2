// SPDX-License-Identifier: Apache-2.0
#include "models/tlm/socket_checks.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include <cctype>

#include "models/common/error.h"

namespace weft {

namespace {

constexpr std::size_t described_violations = 10;

// Tiles and units are many and alike: their numbers become `*`, so that a list of names stays readable.
std::string without_numbers(const std::string& name) {
  std::string result;
  for (const char letter : name) {
    const bool digit = std::isdigit(static_cast<unsigned char>(letter)) != 0;
    if (!digit) {
      result += letter;
    } else if (result.empty() || result.back() != '*') {
      result += '*';
    }
  }
  return result;
}

}  // namespace

SocketChecks::SocketChecks(std::vector<std::string> patterns)
    : patterns_(std::move(patterns)), used_(patterns_.size(), false) {}

bool SocketChecks::fits(const std::string& socket) {
  names_.insert(without_numbers(socket));
  bool any = false;
  for (std::size_t index = 0; index < patterns_.size(); ++index) {
    const std::string& pattern = patterns_[index];
    if (pattern != "all" && fnmatch(pattern.c_str(), socket.c_str(), 0) != 0) continue;
    used_[index] = any = true;
  }
  return any;
}

ProtocolChecker* SocketChecks::between(const std::string& initiator, const std::string& target) {
  const bool of_initiator = fits(initiator);
  if (!fits(target) && !of_initiator) return nullptr;
  checkers_.push_back(std::make_unique<ProtocolChecker>(sc_core::sc_gen_unique_name("checker")));
  checkers_.back()->on_violation(
      [this, initiator, target](const std::string& violation) { note(initiator, target, violation); });
  return checkers_.back().get();
}

void SocketChecks::note(const std::string& initiator, const std::string& target,
                        const std::string& violation) {
  if (first_.size() < described_violations) {
    first_.push_back(fmt::format("{}: {} -> {}: {}", sc_core::sc_time_stamp().to_string(), initiator, target,
                                 violation.substr(violation.find(": ") + 2)));
  }
  if (++violations_ == 1 && handler_) handler_();
}

void SocketChecks::require_matches() const {
  for (std::size_t index = 0; index < patterns_.size(); ++index) {
    if (used_[index]) continue;
    std::string names;
    for (const std::string& name : names_) names += "\n  " + name;
    throw Error(
        fmt::format("run.check_protocol: no socket is called '{}'; allowed: all, or a pattern with * and ? "
                    "that fits one of (numbers written as *){}",
                    patterns_[index], names));
  }
}

std::uint64_t SocketChecks::transactions() const {
  std::uint64_t sum = 0;
  for (const auto& checker : checkers_) sum += checker->transactions();
  return sum;
}

std::string SocketChecks::describe() const {
  if (violations_ == 0) return "";
  std::string text = fmt::format("the base protocol of TLM-2.0 is violated (run.check_protocol), {} time{}",
                                 violations_, violations_ == 1 ? "" : "s");
  for (const std::string& each : first_) text += "\n  " + each;
  return text;
}

}  // namespace weft

// SPDX-License-Identifier: Apache-2.0
// Which sockets of a platform are watched by a ProtocolChecker, and what these have found.
//
// Assemblies bind their sockets with connect(); where the name of one of the two ends fits a pattern, a
// checker is put between them. Checkers hand everything through: results, simulated time and energy are
// those without them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "models/common/context.h"
#include "models/tlm/protocol_checker.h"

namespace weft {

class SocketChecks {
 public:
  // Told of the first violation of the run.
  using Handler = std::function<void()>;

  // Patterns of hierarchical names as in a shell (`*`, `?`, `[...]`), or `all`.
  explicit SocketChecks(std::vector<std::string> patterns);

  void on_first_violation(Handler handler) { handler_ = std::move(handler); }

  // A checker to be put between the two sockets, or null where no pattern fits. While modules are built.
  ProtocolChecker* between(const std::string& initiator, const std::string& target);

  // Once everything is bound: throws Error when a pattern fits no socket, with the names there are.
  void require_matches() const;

  std::uint64_t violations() const { return violations_; }
  std::uint64_t checkers() const { return checkers_.size(); }
  // Transactions that began at watched sockets.
  std::uint64_t transactions() const;
  // For the user: the first violations, each with time, sockets, address and rule; empty without any.
  std::string describe() const;

 private:
  bool fits(const std::string& socket);
  void note(const std::string& initiator, const std::string& target, const std::string& violation);

  const std::vector<std::string> patterns_;
  std::vector<bool> used_;  // by pattern
  std::set<std::string> names_;
  std::vector<std::unique_ptr<ProtocolChecker>> checkers_;
  std::vector<std::string> first_;
  std::uint64_t violations_ = 0;
  Handler handler_;
};

// Binds an initiator socket to a target socket, with a checker between them where the platform wants one.
template <class Initiator, class Target>
void connect(Context& context, Initiator& initiator, Target& target) {
  ProtocolChecker* const checker =
      context.checks == nullptr ? nullptr : context.checks->between(initiator.name(), target.name());
  if (checker == nullptr) {
    initiator.bind(target);
    return;
  }
  initiator.bind(checker->target);
  checker->initiator.bind(target);
}

}  // namespace weft

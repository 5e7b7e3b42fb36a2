// SPDX-License-Identifier: Apache-2.0
#include "tools/weft/run_apart.h"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <exception>
#include <map>

#include "models/common/error.h"

namespace weft::tool {

namespace {

pid_t start(const RunOptions& options) {
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child < 0) throw Error("a process for the simulation cannot be started");
  if (child > 0) return child;
  int status = status_bad_input;
  if (std::freopen("/dev/null", "w", stdout) != nullptr) {
    try {
      status = run(options);
    } catch (const std::exception& error) {
      fmt::print(stderr, "weft: {}\n", error.what());
    }
  }
  std::fflush(nullptr);
  _exit(status);
}

}  // namespace

std::vector<int> run_apart(const std::vector<RunOptions>& runs, unsigned at_once,
                           const std::function<void(std::size_t)>& started) {
  std::vector<int> statuses(runs.size(), status_failed);
  std::map<pid_t, std::size_t> children;
  std::size_t next = 0;
  bool going_on = true;
  while (!children.empty() || (going_on && next < runs.size())) {
    if (going_on && next < runs.size() && children.size() < at_once) {
      started(next);
      children.emplace(start(runs[next]), next);
      ++next;
      continue;
    }
    int status = 0;
    const pid_t child = waitpid(-1, &status, 0);
    if (child < 0 && errno == EINTR) continue;
    if (child < 0) throw Error("a simulation's process is gone");
    const auto found = children.find(child);
    if (found == children.end()) continue;
    statuses[found->second] = WIFEXITED(status) ? WEXITSTATUS(status) : status_failed;
    going_on = going_on && statuses[found->second] == status_ok;
    children.erase(found);
  }
  return statuses;
}

}  // namespace weft::tool

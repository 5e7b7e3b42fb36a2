// SPDX-License-Identifier: Apache-2.0
// Shows how far a run is: a bar with the time left on a terminal, a plain line now and then otherwise.
#pragma once

#include <chrono>
#include <string>

#include "platform/config/scenario.h"
#include "tools/weft/simulation.h"

namespace weft::tool {

class ProgressDisplay {
 public:
  explicit ProgressDisplay(config::Progress mode);

  void update(const Progress& progress);
  // Takes the bar off the line, so that other text can be printed.
  void clear();

 private:
  std::string text(const Progress& progress) const;

  enum class Style { bar, lines, none };
  Style style_;
  std::chrono::steady_clock::time_point start_;
  std::chrono::steady_clock::time_point shown_;
  bool on_screen_ = false;
};

}  // namespace weft::tool

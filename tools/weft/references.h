// SPDX-License-Identifier: Apache-2.0
// The two references of a run: the golden fixed-point executor, whose bits the platform must reach, and
// float32 training, whose accuracy and speed it is measured against.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "platform/config/scenario.h"
#include "tools/compiler/lowering.h"
#include "tools/reference/float_reference.h"
#include "tools/reference/golden.h"
#include "tools/weft/workload.h"

namespace weft::tool {

struct GoldenEpoch {
  reference::EpochMetrics train;
  reference::EpochMetrics test;  // no samples without evaluation
};

struct GoldenRun {
  std::vector<GoldenEpoch> epochs;
  std::vector<compiler::LoweredWeights> weights;
  reference::KfacCounts kfac;
  double wall_s = 0;
};

struct FloatRun {
  std::vector<reference::EpochResult> epochs;
  double wall_s = 0;  // training and evaluation, the same work as the platform's
};

GoldenRun run_golden(const Workload& workload, const config::Scenario& scenario,
                     const reference::StopRequest& stop = {});
FloatRun run_float(const Workload& workload, const config::Scenario& scenario,
                   const reference::StopRequest& stop = {});

// What a run is compared with; each is whole or missing.
struct References {
  std::optional<FloatRun> float32;
  std::optional<GoldenRun> golden;
  bool stopped = false;  // somebody did not want to wait for what is missing
};

// Trains both, float32 where it knows the optimizer, until `stop` becomes true.
References run_references(const Workload& workload, const config::Scenario& scenario,
                          const std::atomic<bool>& stop);

// Where two sets of weights first differ, or "" if they are equal.
std::string first_difference(const std::vector<compiler::LoweredWeights>& platform,
                             const std::vector<compiler::LoweredWeights>& golden);

}  // namespace weft::tool

// SPDX-License-Identifier: Apache-2.0
// What every module of one platform shares. A platform owns one; two platforms fit in one process.
#pragma once

#include "models/common/energy_ledger.h"
#include "models/common/log.h"
#include "models/common/worker_pool.h"

namespace weft {

struct Context {
  EnergyLedger energy;
  Log log;
  // Where units may compute while simulated time goes on; null: they compute at once.
  WorkerPool* workers = nullptr;
};

}  // namespace weft

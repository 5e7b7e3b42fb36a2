// SPDX-License-Identifier: Apache-2.0
// What every module of one platform shares. A platform owns one; two platforms fit in one process.
#pragma once

#include "models/common/energy_ledger.h"
#include "models/common/log.h"
#include "models/common/worker_pool.h"

namespace weft {

class SocketChecks;  // models/tlm/socket_checks.h

struct Context {
  EnergyLedger energy;
  Log log;
  // Where units may compute while simulated time goes on; null: they compute at once.
  WorkerPool* workers = nullptr;
  // Which sockets are watched for violations of the base protocol; null: none.
  SocketChecks* checks = nullptr;
};

}  // namespace weft

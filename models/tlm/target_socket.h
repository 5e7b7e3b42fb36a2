// SPDX-License-Identifier: Apache-2.0
// The target socket of every model. It answers the base protocol, splits streaming and byte-enabled
// bursts into plain accesses, turns a model's Status into the response status, and counts traffic.
#pragma once

#include <tlm_utils/simple_target_socket.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "models/tlm/non_blocking_target.h"
#include "models/tlm/posting.h"
#include "models/tlm/transfer.h"

namespace weft {

struct SocketTraffic {
  std::uint64_t reads = 0;
  std::uint64_t writes = 0;
  std::uint64_t bytes_read = 0;
  std::uint64_t bytes_written = 0;
  std::uint64_t errors = 0;
};

class TargetSocket : public tlm_utils::simple_target_socket<TargetSocket, 32> {
 public:
  // Serves one access; adds the time it takes to `delay` and never touches it for a debug access.
  using AccessHandler = std::function<Status(const Transfer&, sc_core::sc_time& delay)>;
  // Serves a burst that is not plain as a whole; without a handler it is split into plain accesses.
  using BurstHandler = std::function<Status(const Burst&, sc_core::sc_time& delay)>;
  // Serves a write whose initiator offers not to wait for it; without a handler such writes are plain.
  using PostHandler = std::function<Status(const Transfer&, Posting&, sc_core::sc_time& delay)>;
  // Says which region around `address` may be reached directly, if any.
  using DirectHandler = std::function<std::optional<DirectRegion>(std::uint64_t address)>;

  explicit TargetSocket(const char* name);

  void on_access(AccessHandler handler) { access_ = std::move(handler); }
  void on_burst(BurstHandler handler) { burst_ = std::move(handler); }
  void on_post(PostHandler handler) { post_ = std::move(handler); }
  void on_direct(DirectHandler handler) { direct_ = std::move(handler); }

  // Non-blocking requests that may be under way at a time, at least 1; before the first of them.
  void set_outstanding(unsigned requests) { outstanding_ = requests; }

  // Withdraws every pointer granted for [start, end].
  void invalidate_direct(std::uint64_t start, std::uint64_t end);

  const SocketTraffic& traffic() const { return traffic_; }

 private:
  void transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
  tlm::tlm_sync_enum transport_non_blocking(tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase,
                                            sc_core::sc_time& delay);
  unsigned int transport_debug(tlm::tlm_generic_payload& payload);
  bool get_direct(tlm::tlm_generic_payload& payload, tlm::tlm_dmi& dmi);
  Status serve(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay, bool debug);
  Status serve_enabled_runs(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay, bool debug);
  void count(const tlm::tlm_generic_payload& payload, Status status);

  AccessHandler access_;
  BurstHandler burst_;
  PostHandler post_;
  DirectHandler direct_;
  SocketTraffic traffic_;
  unsigned outstanding_ = 1;
  std::unique_ptr<NonBlockingTarget> non_blocking_;  // made by the first request
};

}  // namespace weft

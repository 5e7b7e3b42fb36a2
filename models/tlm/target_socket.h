// SPDX-License-Identifier: Apache-2.0
// The target socket of every model. It answers the base protocol, splits streaming and byte-enabled
// bursts into plain accesses, turns a model's Status into the response status, and counts traffic.
#pragma once

#include <tlm_utils/simple_target_socket.h>

#include <cstdint>
#include <functional>
#include <optional>

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
  // Says which region around `address` may be reached directly, if any.
  using DirectHandler = std::function<std::optional<DirectRegion>(std::uint64_t address)>;

  explicit TargetSocket(const char* name);

  void on_access(AccessHandler handler) { access_ = std::move(handler); }
  void on_direct(DirectHandler handler) { direct_ = std::move(handler); }

  // Withdraws every pointer granted for [start, end].
  void invalidate_direct(std::uint64_t start, std::uint64_t end);

  const SocketTraffic& traffic() const { return traffic_; }

 private:
  void transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
  unsigned int transport_debug(tlm::tlm_generic_payload& payload);
  bool get_direct(tlm::tlm_generic_payload& payload, tlm::tlm_dmi& dmi);
  Status serve(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay, bool debug);
  Status serve_enabled_runs(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay, bool debug);
  void count(const tlm::tlm_generic_payload& payload, Status status);

  AccessHandler access_;
  DirectHandler direct_;
  SocketTraffic traffic_;
};

}  // namespace weft

// SPDX-License-Identifier: Apache-2.0
// Stands in front of an array's update port: everything that changes cells passes through it. The
// transparent policy, the only one so far, lets every write pass and costs nothing.
#pragma once

#include <cstdint>
#include <systemc>

#include "models/tlm/initiator_socket.h"
#include "models/tlm/target_socket.h"

namespace weft::write_filter {

class WriteFilter : public sc_core::sc_module {
 public:
  TargetSocket in;
  InitiatorSocket out;

  explicit WriteFilter(const sc_core::sc_module_name& name);

  std::uint64_t writes_seen() const { return in.traffic().writes; }
  std::uint64_t bytes_seen() const { return in.traffic().bytes_written; }
};

}  // namespace weft::write_filter

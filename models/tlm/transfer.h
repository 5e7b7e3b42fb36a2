// SPDX-License-Identifier: Apache-2.0
// One access as a model sees it: what is left of a generic payload once the socket has checked it.
#pragma once

#include <cstdint>
#include <systemc>
#include <tlm>

namespace weft {

// The response statuses of TLM-2.0 that a model can answer.
enum class Status { ok, address_error, command_error, burst_error, byte_enable_error, generic_error };

tlm::tlm_response_status to_tlm(Status status);
Status from_tlm(tlm::tlm_response_status status);
const char* to_text(Status status);

struct Transfer {
  bool write = false;
  std::uint64_t address = 0;
  std::uint8_t* data = nullptr;
  std::uint32_t size = 0;  // bytes, at least 1
  bool debug = false;      // no side effect, no time
};

// A burst as an interconnect sees it: also one with byte enables or a streaming width shorter than its data.
struct Burst {
  Transfer data;
  const std::uint8_t* enables = nullptr;  // null: all bytes
  std::uint32_t enable_length = 0;        // bytes; repeats
  std::uint32_t streaming_width = 0;      // bytes, at least 1; the address begins again after so many

  bool plain() const { return enables == nullptr && streaming_width >= data.size; }
};

// Memory that may be reached through a host pointer instead of transactions. `end` is inclusive, as in
// TLM-2.0; latencies are per access, whatever its size.
struct DirectRegion {
  std::uint8_t* pointer = nullptr;  // host address of `start`
  std::uint64_t start = 0;
  std::uint64_t end = 0;
  bool readable = false;
  bool writable = false;
  sc_core::sc_time read_latency;
  sc_core::sc_time write_latency;
};

}  // namespace weft

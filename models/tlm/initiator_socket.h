// SPDX-License-Identifier: Apache-2.0
// The initiator socket of every model: reads and writes without raw payloads.
#pragma once

#include <tlm_utils/simple_initiator_socket.h>

#include <cstdint>
#include <functional>
#include <optional>

#include "models/tlm/payload_pool.h"
#include "models/tlm/posting.h"
#include "models/tlm/transfer.h"

namespace weft {

class InitiatorSocket : public tlm_utils::simple_initiator_socket<InitiatorSocket, 32> {
 public:
  using InvalidateHandler = std::function<void(std::uint64_t start, std::uint64_t end)>;

  explicit InitiatorSocket(const char* name);

  // Blocking transport. The target adds to `delay`; a target behind the on-chip network may also let
  // simulated time pass, so the caller is an SC_THREAD.
  Status read(std::uint64_t address, void* data, std::uint32_t size, sc_core::sc_time& delay);
  Status write(std::uint64_t address, const void* data, std::uint32_t size, sc_core::sc_time& delay);
  Status access(const Transfer& transfer, sc_core::sc_time& delay);
  // The same for what an interconnect hands on; not for debug transport.
  Status forward(const Burst& burst, sc_core::sc_time& delay);

  // A write that `posting` goes with. Answers at once where the network takes it (posting.taken); otherwise
  // it was a plain write to `address`.
  Status post(std::uint64_t address, const void* data, std::uint32_t size, Posting& posting,
              sc_core::sc_time& delay);

  // Debug transport: no side effect, no time. Answers address_error when not every byte was reached.
  Status read_debug(std::uint64_t address, void* data, std::uint32_t size);
  Status write_debug(std::uint64_t address, const void* data, std::uint32_t size);

  // Asks for a host pointer to the memory around `address`.
  std::optional<DirectRegion> direct(std::uint64_t address);
  // Called when a target withdraws pointers it has granted.
  void on_invalidate(InvalidateHandler handler) { invalidate_ = std::move(handler); }

 private:
  void invalidate(sc_dt::uint64 start, sc_dt::uint64 end);

  // A payload of its own for every call under way: targets may block, and then several threads are
  // inside one socket.
  PayloadPool payloads_;
  InvalidateHandler invalidate_;
};

}  // namespace weft

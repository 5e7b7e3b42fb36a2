// SPDX-License-Identifier: Apache-2.0
// The host-target interface of the RISC-V ISA tests: a program asks its environment for something by
// storing to the word named `tohost`. This module stands between the bus and the memory that word lies in,
// passes everything through and watches the stores.
//
// A request is 64 bits: device (8), command (8), payload (48). Served are
//   device 0, command 0, payload odd:  end of the program, exit code = payload / 2
//   device 0, command 0, payload even: address of a system call block; `write` to 1 and 2, and `exit`
//   device 1, command 1:               one character to the console
// after which `tohost` is cleared; a system call is answered by a 1 in `fromhost`. Anything else is logged.
//
// An RV32 program stores the two halves one after the other, in either order. A request is complete with
// the second half, with a second store of the same half (programs that end by repeating the store), or
// after half_timeout, for programs that store one half only. Where the symbol is a 32-bit object, every
// store is a request.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <systemc>

#include "models/common/context.h"
#include "models/tlm/initiator_socket.h"
#include "models/tlm/target_socket.h"

namespace weft::bare {

struct HtifConfig {
  std::uint64_t memory_base = 0;        // bus address of the memory's first byte
  std::optional<std::uint32_t> tohost;  // bus addresses; without tohost nothing is watched
  std::optional<std::uint32_t> fromhost;
  bool wide = true;  // tohost has 64 bits
  sc_core::sc_time half_timeout = sc_core::sc_time(1, sc_core::SC_US);
};

class Htif : public sc_core::sc_module {
 public:
  Htif(const sc_core::sc_module_name& name, const HtifConfig& config, Context& context);
  SC_HAS_PROCESS(Htif);

  TargetSocket socket{"socket"};  // addresses are offsets in the memory
  InitiatorSocket memory{"memory"};

  void on_exit(std::function<void(std::uint64_t code)> handler) { exit_ = std::move(handler); }
  void on_output(std::function<void(std::uint8_t)> handler) { output_ = std::move(handler); }

 private:
  Status access(const Transfer& transfer, sc_core::sc_time& delay);
  std::optional<DirectRegion> direct(std::uint64_t offset);
  void note_store(const Transfer& transfer);
  void serve();
  void execute(std::uint64_t request);
  void system_call(std::uint64_t address);
  std::int64_t write_out(std::uint64_t descriptor, std::uint64_t address, std::uint64_t size);
  void finish(std::uint64_t code);

  std::uint64_t offset(std::uint64_t bus_address) const { return bus_address - config_.memory_base; }
  std::uint64_t bytes() const { return config_.wide ? 8 : 4; }

  const HtifConfig config_;
  Context& context_;
  std::function<void(std::uint64_t)> exit_;
  std::function<void(std::uint8_t)> output_;
  std::array<bool, 2> stored_{};  // halves of a request that is not complete
  sc_core::sc_event timeout_;
};

}  // namespace weft::bare

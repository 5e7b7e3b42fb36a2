// SPDX-License-Identifier: Apache-2.0
// System memory whose controllers sit at routers of the accelerator's network.
//
//   tile i ──▶ interleaver i ──▶ network ──▶ controller k ──▶┐
//   host ────▶ interleaver ────▶ network                     ├─▶ bus ──▶ the memory that holds the bytes
//          └── debug access, host pointers ─────────────────▶┘
//
// On the network every controller has addresses of its own, beyond those of 32 bits, so that the address map
// of the network knows nothing of interleaving.
#pragma once

#include <cstdint>
#include <memory>
#include <systemc>
#include <vector>

#include "models/bus/bus.h"
#include "models/common/context.h"
#include "models/dram/dram_controller.h"
#include "models/dram/interleaver.h"
#include "models/noc/noc.h"

namespace weft::machine {

struct NetworkMemoryConfig {
  std::vector<int> nodes;                 // of the controllers; empty: no such memory
  std::uint64_t base = 0;                 // of the memory in the address map
  dram::DramControllerConfig controller;  // share and shares are filled in

  // Where controller `number` is on the network.
  static constexpr std::uint64_t controller_base(std::size_t number) {
    return std::uint64_t{number + 1} << 40;
  }
  std::vector<noc::AddressRange> ranges() const;
  // Throws weft::Error when a controller's node does not exist or has another one.
  void validate(int nodes_there_are) const;
  // Number of the controller at a node, or -1.
  int controller_at(int node) const;
};

class NetworkMemory : public sc_core::sc_module {
 public:
  NetworkMemory(const sc_core::sc_module_name& name, const NetworkMemoryConfig& config, int tiles,
                Context& context);

  dram::Interleaver& of_tile(int number) { return *tiles_.at(static_cast<std::size_t>(number)); }
  dram::Interleaver& of_host() { return host_; }
  dram::DramController& controller(int number) { return *controllers_.at(static_cast<std::size_t>(number)); }
  const dram::DramController& controller(int number) const {
    return *controllers_.at(static_cast<std::size_t>(number));
  }
  int controllers() const { return static_cast<int>(controllers_.size()); }
  // Towards the memory that holds the bytes, addresses from 0 on.
  bus::Bus::Output& store() { return store_.to("memory"); }

 private:
  bus::Bus store_;
  dram::Interleaver host_;
  std::vector<std::unique_ptr<dram::Interleaver>> tiles_;
  std::vector<std::unique_ptr<dram::DramController>> controllers_;
};

}  // namespace weft::machine

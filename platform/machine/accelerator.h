// SPDX-License-Identifier: Apache-2.0
// The accelerator: tiles on a mesh network, as one module an SoC can hold. Its target socket takes what
// the host reads and writes in the tile windows; its initiator socket is where the tiles' DMA reaches
// system memory; its interrupt is the disjunction of the tiles'.
//
// The host side shares the router of one tile ("host node"). Accesses block in simulated time while they
// cross the network, so whoever is bound to `host` calls from an SC_THREAD.
#pragma once

#include <cstdint>
#include <memory>
#include <systemc>
#include <vector>

#include "models/bus/bus.h"
#include "models/common/context.h"
#include "models/noc/noc.h"
#include "models/tile/tile.h"
#include "platform/machine/network_memory.h"

namespace weft::machine {

struct AcceleratorConfig {
  int columns = 2;
  int rows = 2;
  std::uint64_t tiles_base = 0x40000000;
  int host_column = 0;
  int host_row = 0;
  tile::TileConfig tile;  // every tile alike
  noc::NocConfig noc;     // mesh size and address map are filled in
  NetworkMemoryConfig memory;

  int tiles() const { return columns * rows; }
  int host_node() const { return host_row * columns + host_column; }
};

class Accelerator : public sc_core::sc_module {
 public:
  tlm::tlm_target_socket<32> host;
  tlm::tlm_initiator_socket<32> system;
  sc_core::sc_out<bool> irq;

  Accelerator(const sc_core::sc_module_name& name, const AcceleratorConfig& config, Context& context);

  tile::Tile& tile(int number) { return *tiles_.at(static_cast<std::size_t>(number)); }
  const tile::Tile& tile(int number) const { return *tiles_.at(static_cast<std::size_t>(number)); }
  int tiles() const { return static_cast<int>(tiles_.size()); }
  const noc::Noc& noc() const { return noc_; }
  // Null unless memory controllers sit on the network. Then the host reaches the memory through
  // memory()->of_host().in, and whoever holds its bytes is bound to memory()->store().
  NetworkMemory* memory() { return memory_.get(); }
  const NetworkMemory* memory() const { return memory_.get(); }

 private:
  void bind(const AcceleratorConfig& config, Context& context);
  void build_memory(const AcceleratorConfig& config, Context& context);
  void drive_irq();

  noc::Noc noc_;
  bus::Bus entry_;  // what enters the network at the host node: the host, and the tile there
  bus::Bus exit_;   // what leaves the network at the host node: to the tile there, and to system memory
  std::vector<std::unique_ptr<tile::Tile>> tiles_;
  std::unique_ptr<NetworkMemory> memory_;
  std::vector<std::unique_ptr<bus::Bus>> exits_;  // at other nodes with a memory controller
  sc_core::sc_vector<sc_core::sc_signal<bool>> tile_irqs_;
};

}  // namespace weft::machine

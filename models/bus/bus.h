// SPDX-License-Identifier: Apache-2.0
// An address decoder between N initiators and M targets.
//
// The bus forwards the initiator's own payload, so extensions and the DMI hint pass untouched; only
// the address is replaced on the way to the target and put back on the way home. It adds a constant
// latency to every transaction, and to the latencies of direct access, and does not arbitrate: where
// contention matters, the target models it.
//
// A transaction must lie within one region; what lies in none goes to the default route, or is an
// address error.
#pragma once

#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>

#include <cstdint>
#include <string>
#include <systemc>
#include <vector>

#include "models/common/context.h"

namespace weft::bus {

struct Region {
  std::string name;
  std::uint64_t base = 0;
  std::uint64_t size = 0;     // bytes
  bool keep_address = false;  // the target sees the bus address instead of the offset in the region
};

struct BusConfig {
  unsigned initiators = 1;
  sc_core::sc_time latency;  // added to every transaction
  std::vector<Region> regions;
  std::string default_route;  // name of one more output for all other addresses, unchanged; "" = none
};

class Bus : public sc_core::sc_module {
 public:
  using Input = tlm_utils::simple_target_socket_tagged<Bus, 32>;
  using Output = tlm_utils::simple_initiator_socket_tagged<Bus, 32>;

  // Throws weft::Error when regions overlap, are empty, pass the end of the address space or share a
  // name, and when there is no initiator.
  Bus(const sc_core::sc_module_name& name, const BusConfig& config, Context& context);

  sc_core::sc_vector<Input> inputs;
  // The socket towards the target of a region (or the default route); throws weft::Error for a name
  // that is not in the configuration.
  Output& to(const std::string& region);

 private:
  struct Route {
    Region region;
    std::uint64_t last;    // last bus address, inclusive
    std::uint64_t offset;  // bus address - target address
    bool contains(std::uint64_t address) const { return address - region.base <= last - region.base; }
  };
  struct Range {
    std::uint64_t start;
    std::uint64_t end;  // inclusive
  };

  static std::vector<Route> make_routes(const BusConfig& config, const std::string& bus);

  void transport(int input, tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
  unsigned int transport_debug(int input, tlm::tlm_generic_payload& payload);
  bool get_direct(int input, tlm::tlm_generic_payload& payload, tlm::tlm_dmi& dmi);
  void invalidate_direct(int output, sc_dt::uint64 start, sc_dt::uint64 end);

  // Number of the output that serves [address, address + size), or none.
  static constexpr int unmapped = -1;
  int decode(int input, std::uint64_t address, std::uint64_t size);
  int find(std::uint64_t address) const;
  std::uint64_t offset_of(int output) const;
  // The bus addresses that belong to an output around `address`, which it serves.
  Range extent(int output, std::uint64_t address) const;
  // The bus addresses from `base` on up to the next region.
  Range gap_around(std::uint64_t address) const;
  void log_unmapped(const tlm::tlm_generic_payload& payload) const;

  const BusConfig config_;
  const std::vector<Route> routes_;  // by base address; output i serves routes_[i], the default is last
  sc_core::sc_vector<Output> outputs_;
  std::vector<int> recent_;  // per input, the route it used last
  Context& context_;
};

}  // namespace weft::bus

// SPDX-License-Identifier: Apache-2.0
// The address decoder of an initiator whose memory has several controllers: cuts an access to that
// memory at the blocks in which the controllers take turns and sends the pieces on their way, each to the
// addresses of its controller. Pieces are under way at the same time; the access is done when all are.
// Everything else passes unchanged.
//
// With `store` bound, debug accesses go there and direct memory access is granted from there: the way of a
// host that caches what it uses. Without, debug accesses take the way of all others, and there is no direct
// access.
//
// Simulated time may pass inside a call, so callers are SC_THREADs.
#pragma once

#include <cstdint>
#include <deque>
#include <systemc>
#include <vector>

#include "models/tlm/initiator_socket.h"
#include "models/tlm/target_socket.h"

namespace weft::dram {

struct InterleaverConfig {
  std::uint64_t base = 0;  // of the memory, where the initiator sees it
  std::uint64_t size = 0;  // bytes
  // Where the controllers are addressed. Block n of `block_bytes` bytes is number n modulo their count's.
  std::vector<std::uint64_t> controllers;
  std::uint64_t block_bytes = 4096;
  bool has_store = false;
  bool direct = false;
};

class Interleaver : public sc_core::sc_module {
 public:
  // Throws weft::Error when there are no controllers or the blocks are empty.
  Interleaver(const sc_core::sc_module_name& name, const InterleaverConfig& config);

  TargetSocket in{"in"};
  InitiatorSocket out{"out"};
  sc_core::sc_vector<InitiatorSocket> store;  // one, if has_store; addresses from 0 on

 private:
  // The pieces of one access.
  struct Job {
    std::size_t open = 0;
    Status status = Status::ok;
    sc_core::sc_event done;
  };
  struct Piece {
    Transfer transfer;
    Job* job;
  };

  Status access(const Transfer& transfer, sc_core::sc_time& delay);
  Status access_pieces(const std::vector<Transfer>& pieces, sc_core::sc_time& delay);
  Status access_debug(const Transfer& transfer);
  std::vector<Transfer> cut(const Transfer& transfer) const;
  std::optional<DirectRegion> direct_region(std::uint64_t address);
  void work();

  const InterleaverConfig config_;
  std::deque<Piece> waiting_;
  sc_core::sc_event arrived_;
  std::size_t workers_ = 0;
  std::size_t busy_ = 0;
};

}  // namespace weft::dram

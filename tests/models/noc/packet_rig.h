// SPDX-License-Identifier: Apache-2.0
// A network with an initiator and a memory at every node, a checker of the base protocol on both sides of
// each; non-blocking initiators where a test wants them. A violation without a handler is a warning, and a
// warning fails a test.
#pragma once

#include <tlm_utils/simple_initiator_socket.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "models/common/counter_rng.h"
#include "models/noc/noc.h"
#include "models/tlm/payload_pool.h"
#include "models/tlm/protocol_checker.h"
#include "tests/models/tlm/driver.h"

namespace weft::test {

constexpr std::uint64_t node_window = 0x10000;
constexpr std::uint64_t node_base(int node) { return static_cast<std::uint64_t>(node) * node_window; }

// Keeps what is written, and remembers when it was accessed.
class NodeMemory : public sc_core::sc_module {
 public:
  struct Access {
    sc_core::sc_time time;
    bool write;
    std::uint64_t address;
    std::uint32_t size;
  };

  explicit NodeMemory(const sc_core::sc_module_name& name, int node)
      : sc_module(name), bytes(node_window), base_(node_base(node)) {
    socket.on_access([this](const Transfer& transfer, sc_core::sc_time& time) {
      if (!transfer.debug) {
        log.push_back({sc_core::sc_time_stamp() + time, transfer.write, transfer.address, transfer.size});
        time += delay;
      }
      const Status status = answer ? answer(transfer) : Status::ok;
      if (status != Status::ok) return status;
      std::uint8_t* const at = &bytes.at(transfer.address - base_);
      transfer.write ? std::memcpy(at, transfer.data, transfer.size)
                     : std::memcpy(transfer.data, at, transfer.size);
      return Status::ok;
    });
  }

  TargetSocket socket{"socket"};
  std::vector<std::uint8_t> bytes;
  std::deque<Access> log;
  sc_core::sc_time delay = ns(3);
  std::function<Status(const Transfer&)> answer;

 private:
  std::uint64_t base_;
};

// One transaction of a non-blocking initiator.
struct NonBlockingRequest {
  bool write = false;
  std::uint64_t address = 0;
  std::vector<std::uint8_t> data;     // written, or to be read into
  std::vector<std::uint8_t> enables;  // empty: all bytes
  std::uint32_t width = 0;            // 0: as long as the data
  sc_core::sc_time delay;             // annotated to BEGIN_REQ
  tlm::tlm_response_status status = tlm::TLM_INCOMPLETE_RESPONSE;
  bool done = false;
};

// Has as many requests under way as the target lets it, and answers every BEGIN_RESP in one of the three
// ways.
class NonBlockingInitiator : public sc_core::sc_module {
 public:
  explicit NonBlockingInitiator(const sc_core::sc_module_name& name) : sc_module(name) {
    socket.register_nb_transport_bw(this, &NonBlockingInitiator::backward);
  }

  tlm_utils::simple_initiator_socket<NonBlockingInitiator> socket{"socket"};
  PayloadPool payloads;
  CounterRng rng{1, 1, 1};
  unsigned most_under_way = 0;
  std::uint64_t accepted_late = 0;     // END_REQ on the backward path
  std::uint64_t accepted_at_once = 0;  // END_REQ as TLM_UPDATED
  std::uint64_t completed_at_once = 0;

  // Returns when the target has accepted the request, which may be long before it is done.
  void send(NonBlockingRequest& request) {
    tlm::tlm_generic_payload& payload = payloads.acquire();
    payload.set_command(request.write ? tlm::TLM_WRITE_COMMAND : tlm::TLM_READ_COMMAND);
    payload.set_address(request.address);
    payload.set_data_ptr(request.data.data());
    const auto size = static_cast<unsigned>(request.data.size());
    payload.set_data_length(size);
    payload.set_streaming_width(request.width == 0 ? size : request.width);
    // Also where there are none: the payload may have been used before.
    payload.set_byte_enable_ptr(request.enables.empty() ? nullptr : request.enables.data());
    payload.set_byte_enable_length(static_cast<unsigned>(request.enables.size()));
    payload.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
    under_way_[&payload] = &request;
    waiting_for_ = &payload;
    most_under_way = std::max(most_under_way, static_cast<unsigned>(under_way_.size()));
    tlm::tlm_phase phase = tlm::BEGIN_REQ;
    sc_core::sc_time delay = request.delay;
    const tlm::tlm_sync_enum answer = socket->nb_transport_fw(payload, phase, delay);
    if (answer == tlm::TLM_COMPLETED) {
      ++completed_at_once;
      finish(payload);
    } else if (answer == tlm::TLM_UPDATED) {
      REQUIRE(phase == tlm::END_REQ);
      ++accepted_at_once;
      waiting_for_ = nullptr;
    }
    while (waiting_for_ != nullptr) sc_core::wait(accepted_);
  }
  // Returns when every request is done.
  void wait_for_all() {
    while (!under_way_.empty()) sc_core::wait(finished_);
  }

 private:
  tlm::tlm_sync_enum backward(tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase,
                              sc_core::sc_time& delay) {
    if (waiting_for_ == &payload) {
      if (phase == tlm::END_REQ) ++accepted_late;
      waiting_for_ = nullptr;
      accepted_.notify(sc_core::SC_ZERO_TIME);
    }
    if (phase != tlm::BEGIN_RESP) return tlm::TLM_ACCEPTED;
    switch (rng.below(4)) {
      case 0:
        finish(payload);
        return tlm::TLM_COMPLETED;
      case 1:
        finish(payload);
        phase = tlm::END_RESP;
        delay += ns(5);
        return tlm::TLM_UPDATED;
      case 2:
        end_response(payload, sc_core::SC_ZERO_TIME);
        return tlm::TLM_ACCEPTED;
      default:
        payload.acquire();
        sc_core::sc_spawn([this, &payload] {
          sc_core::wait(ns(7));
          end_response(payload, ns(2));
          payload.release();
        });
        return tlm::TLM_ACCEPTED;
    }
  }
  void end_response(tlm::tlm_generic_payload& payload, sc_core::sc_time delay) {
    tlm::tlm_phase phase = tlm::END_RESP;
    CHECK(socket->nb_transport_fw(payload, phase, delay) == tlm::TLM_COMPLETED);
    finish(payload);
  }
  void finish(tlm::tlm_generic_payload& payload) {
    if (waiting_for_ == &payload) waiting_for_ = nullptr;
    NonBlockingRequest& request = *under_way_.at(&payload);
    request.status = payload.get_response_status();
    request.done = true;
    under_way_.erase(&payload);
    payload.release();
    finished_.notify(sc_core::SC_ZERO_TIME);
  }

  std::map<tlm::tlm_generic_payload*, NonBlockingRequest*> under_way_;
  const tlm::tlm_generic_payload* waiting_for_ = nullptr;  // for its END_REQ
  sc_core::sc_event accepted_;
  sc_core::sc_event finished_;
};

// `columns` x `rows` nodes; node n owns the addresses from node_base(n) on.
struct PacketRig {
  explicit PacketRig(noc::NocConfig config, const std::vector<int>& non_blocking = {}) {
    for (int node = 0; node < config.mesh.nodes(); ++node)
      config.map.push_back({node_base(node), node_window, node});
    network = std::make_unique<noc::Noc>("noc", config, ledger);
    for (int node = 0; node < config.mesh.nodes(); ++node) {
      const std::string number = std::to_string(node);
      ProtocolChecker& before = checkers.emplace_back(("before" + number).c_str());
      ProtocolChecker& behind = checkers.emplace_back(("behind" + number).c_str());
      memories.emplace_back(("memory" + number).c_str(), node);
      if (std::count(non_blocking.begin(), non_blocking.end(), node) > 0) {
        initiators.emplace_back();
        asking.emplace_back(std::make_unique<NonBlockingInitiator>(("asking" + number).c_str()));
        asking.back()->socket.bind(before.target);
      } else {
        asking.emplace_back();
        initiators.emplace_back(std::make_unique<Driver>(("initiator" + number).c_str()));
        initiators.back()->socket.bind(before.target);
      }
      before.initiator.bind(network->from_node(node));
      network->to_node(node).bind(behind.target);
      behind.initiator.bind(memories.back().socket);
    }
  }

  InitiatorSocket& socket(int node) { return initiators.at(static_cast<std::size_t>(node))->socket; }
  NonBlockingInitiator& non_blocking(int node) { return *asking.at(static_cast<std::size_t>(node)); }
  NodeMemory& memory(int node) { return memories.at(static_cast<std::size_t>(node)); }
  // A process of the simulation.
  static void thread(std::function<void()> body) {
    sc_core::sc_spawn([body = std::move(body)] { body(); });
  }

  EnergyLedger ledger;
  std::unique_ptr<noc::Noc> network;
  std::deque<ProtocolChecker> checkers;
  std::deque<NodeMemory> memories;
  std::vector<std::unique_ptr<Driver>> initiators;
  std::vector<std::unique_ptr<NonBlockingInitiator>> asking;
};

}  // namespace weft::test

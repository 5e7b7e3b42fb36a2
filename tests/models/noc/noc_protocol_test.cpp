// SPDX-License-Identifier: Apache-2.0
// The network between checkers of the base protocol: blocking and non-blocking initiators.
#include <tlm_utils/simple_initiator_socket.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <deque>
#include <string>
#include <vector>

#include "models/noc/noc.h"
#include "models/tlm/protocol_checker.h"

using sc_core::SC_NS;
using sc_core::sc_time;
using tlm::tlm_generic_payload;
using tlm::tlm_phase;
using tlm::tlm_sync_enum;
using weft::ProtocolChecker;
using namespace weft::noc;

namespace {

// Sends its transactions one after the other with BEGIN_REQ and waits for the response.
struct NonBlockingInitiator : sc_core::sc_module, tlm::tlm_mm_interface {
  explicit NonBlockingInitiator(const sc_core::sc_module_name& name) : sc_module(name), socket("socket") {
    socket.register_nb_transport_bw(this, &NonBlockingInitiator::backward);
  }
  void free(tlm_generic_payload* payload) override { payload->reset(); }

  tlm::tlm_response_status transact(tlm::tlm_command command, std::uint64_t address,
                                    std::vector<unsigned char>& data) {
    tlm_generic_payload& payload = payloads.emplace_back();
    payload.set_mm(this);
    payload.acquire();
    payload.set_command(command);
    payload.set_address(address);
    payload.set_data_ptr(data.data());
    payload.set_data_length(static_cast<unsigned>(data.size()));
    payload.set_streaming_width(static_cast<unsigned>(data.size()));
    payload.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
    tlm_phase phase = tlm::BEGIN_REQ;
    sc_time delay;
    responded = false;
    const tlm_sync_enum answer = socket->nb_transport_fw(payload, phase, delay);
    if (answer != tlm::TLM_COMPLETED && !(answer == tlm::TLM_UPDATED && phase == tlm::BEGIN_RESP)) {
      while (!responded) sc_core::wait(response);
    }
    phase = tlm::END_RESP;
    if (answer != tlm::TLM_COMPLETED) socket->nb_transport_fw(payload, phase, delay);
    return payload.get_response_status();
  }
  tlm_sync_enum backward(tlm_generic_payload&, tlm_phase& phase, sc_time&) {
    if (phase != tlm::BEGIN_RESP) return tlm::TLM_ACCEPTED;
    responded = true;
    response.notify();
    return tlm::TLM_ACCEPTED;
  }

  tlm_utils::simple_initiator_socket<NonBlockingInitiator> socket;
  std::deque<tlm_generic_payload> payloads;
  sc_core::sc_event response;
  bool responded = false;
};

// Sockets belong to modules.
struct Ends : sc_core::sc_module {
  explicit Ends(const sc_core::sc_module_name& name) : sc_module(name) {}
  weft::InitiatorSocket blocking{"blocking"};
  weft::TargetSocket memory{"memory"};
};

}  // namespace

TEST_CASE("non-blocking and blocking transactions cross the network within the base protocol") {
  weft::EnergyLedger ledger;
  NocConfig config;
  config.fidelity = GENERATE(Fidelity::kIdeal, Fidelity::kLt, Fidelity::kFlit, Fidelity::kAuto);
  config.map = {{0, 0x1000, 15}};
  Noc network("noc", config, ledger);
  NonBlockingInitiator asking("asking");
  Ends ends("ends");
  weft::InitiatorSocket& blocking = ends.blocking;
  weft::TargetSocket& memory = ends.memory;
  std::vector<unsigned char> bytes(0x1000);
  memory.on_access([&](const weft::Transfer& transfer, sc_time& delay) {
    if (!transfer.debug) delay += sc_time(3, SC_NS);
    unsigned char* const at = &bytes.at(transfer.address);
    transfer.write ? std::memcpy(at, transfer.data, transfer.size)
                   : std::memcpy(transfer.data, at, transfer.size);
    return weft::Status::ok;
  });
  // A violation without a handler is a warning, and a warning fails a test.
  ProtocolChecker before("before");
  ProtocolChecker beside("beside");
  ProtocolChecker behind("behind");
  asking.socket.bind(before.target);
  before.initiator.bind(network.from_node(0));
  blocking.bind(beside.target);
  beside.initiator.bind(network.from_node(5));
  network.to_node(15).bind(behind.target);
  behind.initiator.bind(memory);

  sc_time taken;
  int done = 0;
  sc_core::sc_spawn([&] {
    for (unsigned i = 0; i < 10; ++i) {
      std::vector<unsigned char> data(40, static_cast<unsigned char>(i + 1));
      const sc_time begin = sc_core::sc_time_stamp();
      CHECK(asking.transact(tlm::TLM_WRITE_COMMAND, i * 64, data) == tlm::TLM_OK_RESPONSE);
      if (i == 0) taken = sc_core::sc_time_stamp() - begin;
      std::vector<unsigned char> back(40);
      CHECK(asking.transact(tlm::TLM_READ_COMMAND, i * 64, back) == tlm::TLM_OK_RESPONSE);
      CHECK(back == data);
    }
    std::vector<unsigned char> outside(4);
    CHECK(asking.transact(tlm::TLM_READ_COMMAND, 0x2000, outside) == tlm::TLM_ADDRESS_ERROR_RESPONSE);
    ++done;
  });
  sc_core::sc_spawn([&] {
    for (unsigned i = 0; i < 10; ++i) {
      unsigned char byte = 0;
      sc_time delay;
      CHECK(blocking.read(0x800 + i, &byte, 1, delay) == weft::Status::ok);
    }
    ++done;
  });
  sc_core::sc_start();
  CHECK(done == 2);
  CHECK(before.transactions() == 21);
  CHECK(beside.transactions() == 10);
  CHECK(behind.transactions() == 30);
  CHECK(before.violations() + beside.violations() + behind.violations() == 0);
  // There and back over seven routers, five flits of payload, the memory's 3 ns rounded up to an edge.
  if (config.fidelity == Fidelity::kIdeal) CHECK(taken == sc_time(2 * 30 + 5 + 3, SC_NS));
  unsigned char byte = 0;
  CHECK(blocking.read_debug(9 * 64, &byte, 1) == weft::Status::ok);
  CHECK(byte == 10);
  CHECK(behind.transactions() == 30);
}

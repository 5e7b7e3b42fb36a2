// SPDX-License-Identifier: Apache-2.0
// Random transactions through the network against a plain memory: blocking and non-blocking, with byte
// enables and streaming widths, in every fidelity.
#include <catch2/catch.hpp>
#include <deque>
#include <string>
#include <vector>

#include "tests/models/noc/packet_rig.h"
#include "tests/models/tlm/fresh_kernel.h"

using namespace weft;
using namespace weft::noc;
using weft::test::node_base;
using weft::test::NonBlockingInitiator;
using weft::test::NonBlockingRequest;
using weft::test::ns;
using weft::test::PacketRig;

namespace {

using Bytes = std::vector<std::uint8_t>;

const auto fidelities = [] { return GENERATE(Fidelity::kIdeal, Fidelity::kLt, Fidelity::kFlit); };

NocConfig with(Fidelity fidelity) {
  NocConfig config;
  config.fidelity = fidelity;
  config.mesh.max_packet_flits = 4;
  return config;
}

// The plain memory: what a request does to it and, of a read, what comes back.
void apply(Bytes& memory, const NonBlockingRequest& request, Bytes& data) {
  const std::size_t width = request.width == 0 ? request.data.size() : request.width;
  const std::uint64_t offset = request.address % weft::test::node_window;
  for (std::size_t i = 0; i < request.data.size(); ++i) {
    if (!request.enables.empty() && request.enables[i % request.enables.size()] == TLM_BYTE_DISABLED)
      continue;
    std::uint8_t& cell = memory.at(offset + i % width);
    (request.write ? cell : data[i]) = request.write ? request.data[i] : cell;
  }
}

// Lengths around the edges of flits (8 bytes) and packets (32), in a region that requests share.
NonBlockingRequest random_request(CounterRng& rng, int node, std::uint64_t region) {
  constexpr std::uint32_t region_bytes = 256;
  constexpr std::array<std::uint32_t, 10> lengths = {1, 7, 8, 9, 31, 32, 33, 63, 64, 65};
  NonBlockingRequest request;
  request.write = rng.below(2) == 0;
  const std::uint32_t length = lengths.at(rng.below(lengths.size()));
  request.address = node_base(node) + region * region_bytes + rng.below(region_bytes - length + 1);
  request.data.resize(length);
  for (std::uint8_t& byte : request.data) byte = static_cast<std::uint8_t>(rng.below(256));
  if (rng.below(4) == 0) {
    request.enables.resize(1 + rng.below(length));
    for (std::uint8_t& each : request.enables)
      each = rng.below(2) == 0 ? TLM_BYTE_ENABLED : TLM_BYTE_DISABLED;
  } else if (rng.below(4) == 0) {
    request.width = 1 + rng.below(length);
  }
  if (rng.below(3) == 0) request.delay = ns(rng.below(20));
  return request;
}

}  // namespace

TEST_CASE("random non-blocking transactions, several under way, do what they do to a plain memory") {
  const Fidelity fidelity = fidelities();
  const unsigned outstanding = GENERATE(1u, 2u, 8u);
  NocConfig config = with(fidelity);
  config.outstanding = outstanding;
  const std::vector<int> asking = {0, 3, 6, 13};
  PacketRig rig(config, asking);
  // Regions of their own at nodes that they share: requests of a pair take effect in the order in which they
  // were made, whatever is under way.
  std::deque<std::deque<NonBlockingRequest>> requests(asking.size());
  std::deque<std::deque<Bytes>> expected(asking.size());
  std::vector<Bytes> memories(16, Bytes(weft::test::node_window));
  for (std::size_t who = 0; who < asking.size(); ++who) {
    CounterRng rng(7, static_cast<std::uint32_t>(who), outstanding);
    for (int i = 0; i < 150; ++i) {
      const int node = static_cast<int>(rng.below(3)) * 5;
      requests[who].push_back(random_request(rng, node, who));
      expected[who].push_back(requests[who].back().data);
      apply(memories[static_cast<std::size_t>(node)], requests[who].back(), expected[who].back());
    }
    PacketRig::thread([&, who] {
      NonBlockingInitiator& self = rig.non_blocking(asking[who]);
      for (NonBlockingRequest& request : requests[who]) self.send(request);
      self.wait_for_all();
    });
  }
  sc_core::sc_start();
  std::uint64_t late = 0;
  std::uint64_t at_once = 0;
  for (std::size_t who = 0; who < asking.size(); ++who) {
    for (std::size_t i = 0; i < requests[who].size(); ++i) {
      CAPTURE(who, i);
      const NonBlockingRequest& request = requests[who][i];
      REQUIRE(request.done);
      REQUIRE(request.status == tlm::TLM_OK_RESPONSE);
      REQUIRE(request.data == expected[who][i]);
    }
    const NonBlockingInitiator& self = rig.non_blocking(asking[who]);
    // Also while one waits for its END_REQ.
    CHECK(self.most_under_way == outstanding + 1);
    // Payloads are used again, and nobody holds one when all is done.
    CHECK(self.payloads.held() == 0);
    CHECK(self.payloads.size() <= outstanding + 2);
    late += self.accepted_late;
    at_once += self.accepted_at_once;
  }
  CHECK(late > 100);
  // Most find the node full; some of each kind must have been there.
  CHECK(at_once > 0);
  for (const int node : {0, 5, 10}) CHECK(rig.memory(node).bytes == memories[static_cast<std::size_t>(node)]);
  for (const ProtocolChecker& checker : rig.checkers) CHECK(checker.violations() == 0);
}

TEST_CASE("blocking initiators beside non-blocking ones see the same memory") {
  PacketRig rig(with(fidelities()), {9});
  Bytes memory(weft::test::node_window);
  PacketRig::thread([&] {
    CounterRng rng(3, 0, 0);
    for (int i = 0; i < 100; ++i) {
      NonBlockingRequest request = random_request(rng, 5, 0);
      Bytes wanted = request.data;
      apply(memory, request, wanted);
      sc_core::sc_time delay = request.delay;
      if (i % 2 == 0) {
        const Burst burst{
            {request.write, request.address, request.data.data(),
             static_cast<std::uint32_t>(request.data.size()), false},
            request.enables.empty() ? nullptr : request.enables.data(),
            static_cast<std::uint32_t>(request.enables.size()),
            request.width == 0 ? static_cast<std::uint32_t>(request.data.size()) : request.width};
        CHECK(rig.socket(2).forward(burst, delay) == Status::ok);
      } else {
        rig.non_blocking(9).send(request);
        rig.non_blocking(9).wait_for_all();
        CHECK(request.status == tlm::TLM_OK_RESPONSE);
      }
      REQUIRE(request.data == wanted);
      Bytes peeked(request.data.size());
      const std::uint64_t offset = request.address - node_base(5);
      CHECK(rig.socket(14).read_debug(request.address, peeked.data(),
                                      static_cast<std::uint32_t>(peeked.size())) == Status::ok);
      REQUIRE(std::equal(peeked.begin(), peeked.end(), memory.begin() + static_cast<std::ptrdiff_t>(offset)));
    }
  });
  sc_core::sc_start();
  CHECK(rig.memory(5).bytes == memory);
  for (const ProtocolChecker& checker : rig.checkers) CHECK(checker.violations() == 0);
}

TEST_CASE("a request beyond what a node may have under way is accepted when one has ended") {
  NocConfig config = with(fidelities());
  config.outstanding = 2;
  PacketRig rig(config, {0});
  NonBlockingInitiator& self = rig.non_blocking(0);
  std::deque<NonBlockingRequest> requests(3);
  std::vector<sc_core::sc_time> accepted;
  PacketRig::thread([&] {
    for (NonBlockingRequest& request : requests) {
      request.address = node_base(15);
      request.data.resize(8);
      self.send(request);
      accepted.push_back(weft::test::now());
    }
    CHECK(requests[0].done);
    self.wait_for_all();
  });
  sc_core::sc_start();
  CHECK(accepted[0] == sc_core::SC_ZERO_TIME);
  CHECK(accepted[1] == sc_core::SC_ZERO_TIME);
  // There and back over seven routers, a flit more for the data, the memory's 3 ns.
  CHECK(accepted[2] >= ns(2 * 30 + 1 + 3));
  CHECK(accepted[2] < ns(2 * 30 + 1 + 3 + 20));
}

TEST_CASE("an ignored command is completed at once, errors come back with their status") {
  PacketRig rig(with(fidelities()), {0});
  NonBlockingInitiator& self = rig.non_blocking(0);
  NonBlockingRequest outside;
  outside.address = node_base(16);
  outside.data.resize(4);
  NonBlockingRequest refused = outside;
  refused.address = node_base(5);
  rig.memory(5).answer = [](const Transfer&) { return Status::command_error; };
  tlm::tlm_response_status ignored = tlm::TLM_INCOMPLETE_RESPONSE;
  tlm::tlm_sync_enum answer = tlm::TLM_ACCEPTED;
  PacketRig::thread([&] {
    tlm::tlm_generic_payload& payload = self.payloads.acquire();
    payload.set_streaming_width(1);
    tlm::tlm_phase phase = tlm::BEGIN_REQ;
    sc_core::sc_time delay;
    answer = self.socket->nb_transport_fw(payload, phase, delay);
    ignored = payload.get_response_status();
    payload.release();
    self.send(outside);
    self.send(refused);
    self.wait_for_all();
  });
  sc_core::sc_start();
  CHECK(answer == tlm::TLM_COMPLETED);
  CHECK(ignored == tlm::TLM_OK_RESPONSE);
  CHECK(outside.status == tlm::TLM_ADDRESS_ERROR_RESPONSE);
  CHECK(refused.status == tlm::TLM_COMMAND_ERROR_RESPONSE);
}

TEST_CASE("bursts that cannot be are refused without a message") {
  PacketRig rig(with(Fidelity::kLt));
  std::array<std::uint8_t, 4> data{};
  std::array<std::uint8_t, 1> enable{TLM_BYTE_ENABLED};
  const Transfer transfer{true, node_base(3), data.data(), 4, false};
  PacketRig::thread([&] {
    sc_core::sc_time delay;
    // On this side of the checkers, which would object.
    CHECK(rig.network->from_node(0).traffic().errors == 0);
    tlm::tlm_generic_payload payload;
    payload.set_write();
    payload.set_address(node_base(3));
    payload.set_data_ptr(data.data());
    payload.set_data_length(4);
    payload.set_streaming_width(0);
    rig.checkers[0].on_violation([](const std::string&) {});
    rig.socket(0)->b_transport(payload, delay);
    CHECK(payload.get_response_status() == tlm::TLM_BURST_ERROR_RESPONSE);
    payload.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
    payload.set_streaming_width(4);
    payload.set_byte_enable_ptr(enable.data());
    payload.set_byte_enable_length(0);
    rig.socket(0)->b_transport(payload, delay);
    CHECK(payload.get_response_status() == tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE);
    CHECK(rig.socket(0).access(transfer, delay) == Status::ok);
  });
  sc_core::sc_start();
  CHECK(rig.network->traffic().messages == 2);
}

TEST_CASE("a streaming burst needs room for one width, however long it is") {
  PacketRig rig(with(fidelities()));
  Bytes data(40, 1);
  data.back() = 9;
  Status fits = Status::generic_error;
  Status crosses = Status::generic_error;
  PacketRig::thread([&] {
    sc_core::sc_time delay;
    const std::uint64_t end = node_base(3) + weft::test::node_window;
    Burst burst{{true, node_base(15) + weft::test::node_window - 4, data.data(), 40, false}, nullptr, 0, 4};
    fits = rig.socket(0).forward(burst, delay);
    burst.data.address = end - 3;
    crosses = rig.socket(0).forward(burst, delay);
  });
  sc_core::sc_start();
  CHECK(fits == Status::ok);
  CHECK(rig.memory(15).bytes.back() == 9);
  CHECK(rig.memory(15).log.size() == 10);
  CHECK(crosses == Status::address_error);
}

TEST_CASE("messages of every length around packet sizes arrive whole, as flits of so many packets") {
  const Fidelity fidelity = fidelities();
  for (const std::uint32_t bytes : {1u, 7u, 8u, 9u, 31u, 32u, 33u, 64u, 65u, 96u, 97u, 1000u, 1024u, 1025u}) {
    CAPTURE(bytes);
    weft::test::fresh_kernel();
    PacketRig rig(with(fidelity));
    Bytes data(bytes);
    for (std::size_t i = 0; i < data.size(); ++i) data[i] = static_cast<std::uint8_t>(1 + i % 251);
    Bytes back(bytes);
    PacketRig::thread([&] {
      sc_core::sc_time delay;
      CHECK(rig.socket(0).write(node_base(15) + 3, data.data(), bytes, delay) == Status::ok);
      CHECK(rig.socket(0).read(node_base(15) + 3, back.data(), bytes, delay) == Status::ok);
    });
    sc_core::sc_start();
    CHECK(back == data);
    const std::uint64_t flits = (bytes + 7) / 8;
    const std::uint64_t packets = (flits + 3) / 4;
    // Data once each way, and a header for the acknowledgement and one for the request of the read.
    CHECK(rig.network->traffic().packets == 2 * packets + 2);
    CHECK(rig.network->traffic().flits == 2 * (flits + packets) + 2);
    CHECK(rig.network->traffic().bytes == 2 * bytes);
    REQUIRE(rig.memory(15).log.size() == 2);
    CHECK(rig.memory(15).log[0].size == bytes);
  }
}

// SPDX-License-Identifier: Apache-2.0
// Writes that their initiators do not wait for.
#include <catch2/catch.hpp>
#include <deque>
#include <vector>

#include "tests/models/noc/packet_rig.h"
#include "tests/models/tlm/fresh_kernel.h"

using namespace weft;
using namespace weft::noc;
using weft::test::node_base;
using weft::test::now;
using weft::test::ns;
using weft::test::PacketRig;

namespace {

using Bytes = std::vector<std::uint8_t>;

const auto fidelities = [] { return GENERATE(Fidelity::kIdeal, Fidelity::kLt, Fidelity::kFlit); };

NocConfig with(Fidelity fidelity, unsigned posted_writes) {
  NocConfig config;
  config.fidelity = fidelity;
  config.posted_writes = posted_writes;
  return config;
}

struct Refusal {
  Status status;
  std::uint64_t address;
  sc_core::sc_time time;
};

Posting posting_to(std::uint64_t address, std::uint64_t counter = 0, std::uint32_t amount = 0) {
  Posting posting;
  posting.destinations = {{address, counter, amount}};
  return posting;
}

}  // namespace

TEST_CASE("a posted write is answered at once, and its counter follows its data") {
  PacketRig rig(with(fidelities(), 4));
  const std::uint64_t counter = node_base(15) + 0x8000;
  sc_core::sc_time answered = ns(1);
  PacketRig::thread([&] {
    Bytes data(100, 0x5a);
    Posting posting = posting_to(node_base(15) + 0x40, counter, 7);
    sc_core::sc_time delay;
    CHECK(rig.socket(0).post(node_base(15) + 0x40, data.data(), 100, posting, delay) == Status::ok);
    CHECK(posting.taken);
    answered = now();
    // What the initiator does with its buffer afterwards is no longer the network's business.
    data.assign(100, 0);
  });
  sc_core::sc_start();
  CHECK(answered == sc_core::SC_ZERO_TIME);
  const auto& log = rig.memory(15).log;
  REQUIRE(log.size() == 2);
  CHECK(log[0].address == node_base(15) + 0x40);
  CHECK(log[0].size == 100);
  // Seven routers of 4 cycles, 2, and 13 + 1 flits of data, 1 more of address and amount.
  CHECK(log[0].time == ns(7 * 4 + 2 + 14));
  CHECK(log[1].address == counter);
  CHECK(log[1].size == 4);
  CHECK(log[1].time == log[0].time + ns(3));
  CHECK(rig.memory(15).bytes[0x40 + 99] == 0x5a);
  CHECK(rig.memory(15).bytes[0x8000] == 7);
  // Nothing comes back.
  CHECK(rig.network->traffic().messages == 1);
  CHECK(rig.network->traffic().flits == 15);
  CHECK(rig.network->traffic().bytes == 108);
  CHECK(rig.network->posted().messages == 1);
  const ClassStatistics& posted = rig.network->traffic(TrafficClass::kPosted);
  CHECK(posted.messages == 1);
  CHECK(posted.flits == 15);
  CHECK(posted.latency_sum == rig.network->traffic().latency_sum);
  CHECK(rig.network->traffic(TrafficClass::kTiles).messages == 0);
}

TEST_CASE("a network without room for posted writes takes them as plain ones") {
  PacketRig rig(with(fidelities(), 0));
  Posting posting = posting_to(node_base(15), node_base(15) + 0x8000, 7);
  sc_core::sc_time answered;
  PacketRig::thread([&] {
    Bytes data(8, 1);
    sc_core::sc_time delay;
    CHECK(rig.socket(0).post(node_base(15), data.data(), 8, posting, delay) == Status::ok);
    answered = now();
  });
  sc_core::sc_start();
  CHECK_FALSE(posting.taken);
  CHECK(answered == ns(2 * 30 + 1 + 3));
  CHECK(rig.memory(15).log.size() == 1);
}

TEST_CASE("a full interface holds initiators back until a message has left it") {
  PacketRig rig(with(fidelities(), 2));
  std::vector<sc_core::sc_time> answered;
  PacketRig::thread([&] {
    Bytes data(152, 1);  // with the 8 bytes more, 20 flits and a header
    for (unsigned i = 0; i < 4; ++i) {
      Posting posting = posting_to(node_base(15) + i * 256);
      sc_core::sc_time delay;
      rig.socket(0).post(node_base(15) + i * 256, data.data(), 152, posting, delay);
      answered.push_back(now());
    }
  });
  sc_core::sc_start();
  CHECK(answered[1] == sc_core::SC_ZERO_TIME);
  CHECK(answered[2] >= ns(20));
  CHECK(answered[2] <= ns(30));
  CHECK(answered[3] >= answered[2]);
  CHECK(rig.network->posted().blocked == (rig.network->config().fidelity == Fidelity::kIdeal ? 1 : 2));
  CHECK(rig.memory(15).log.size() == 4);
}

TEST_CASE("a read behind posted writes to the same place returns what they have written") {
  NocConfig config = with(fidelities(), 3);
  config.mesh.max_packet_flits = 4;
  PacketRig rig(config);
  const std::vector<int> nodes = {0, 2, 7, 12};
  std::vector<Bytes> memories(nodes.size(), Bytes(256));
  int done = 0;
  for (std::size_t who = 0; who < nodes.size(); ++who) {
    PacketRig::thread([&, who] {
      CounterRng rng(11, static_cast<std::uint32_t>(who), 0);
      const std::uint64_t base = node_base(5) + who * 256;
      for (int i = 0; i < 200; ++i) {
        const std::uint32_t length = 1 + rng.below(100);
        const std::uint32_t offset = rng.below(256 - length + 1);
        Bytes data(length);
        sc_core::sc_time delay = ns(rng.below(3));
        if (rng.below(3) != 0) {
          for (std::uint8_t& byte : data) byte = static_cast<std::uint8_t>(rng.below(256));
          std::copy(data.begin(), data.end(), memories[who].begin() + offset);
          Posting posting = posting_to(base + offset);
          REQUIRE(rig.socket(nodes[who]).post(base + offset, data.data(), length, posting, delay) ==
                  Status::ok);
          REQUIRE(posting.taken);
        } else {
          REQUIRE(rig.socket(nodes[who]).read(base + offset, data.data(), length, delay) == Status::ok);
          REQUIRE(std::equal(data.begin(), data.end(), memories[who].begin() + offset));
        }
      }
      ++done;
    });
  }
  sc_core::sc_start();
  CHECK(done == 4);
  for (std::size_t who = 0; who < nodes.size(); ++who) {
    const auto at = rig.memory(5).bytes.begin() + static_cast<std::ptrdiff_t>(who * 256);
    CHECK(std::equal(memories[who].begin(), memories[who].end(), at));
  }
}

TEST_CASE("what a posted write is refused comes back to its initiator, and no counter is raised") {
  PacketRig rig(with(fidelities(), 4));
  const std::uint64_t counter = node_base(15) + 0x8000;
  const bool data_is_wrong = GENERATE(true, false);
  std::vector<Refusal> refusals;
  rig.memory(15).answer = [&](const Transfer& transfer) {
    return (transfer.address == counter) == data_is_wrong ? Status::ok : Status::address_error;
  };
  PacketRig::thread([&] {
    Bytes data(8, 1);
    Posting posting = posting_to(node_base(15), counter, 7);
    posting.failed = [&](Status status, std::uint64_t address) {
      refusals.push_back({status, address, now()});
    };
    sc_core::sc_time delay;
    CHECK(rig.socket(0).post(node_base(15), data.data(), 8, posting, delay) == Status::ok);
  });
  sc_core::sc_start();
  REQUIRE(refusals.size() == 1);
  CHECK(refusals[0].status == Status::address_error);
  CHECK(refusals[0].address == (data_is_wrong ? node_base(15) : counter));
  // There, the memory's time once or twice, and a header's way back.
  CHECK(refusals[0].time == ns(32 + (data_is_wrong ? 3 : 6) + 30));
  CHECK(rig.network->posted().failed == 1);
  CHECK(rig.memory(15).bytes[0x8000] == 0);
  CHECK(rig.memory(15).log.size() == (data_is_wrong ? 1 : 2));
}

TEST_CASE("a posted write to no node is refused at once") {
  PacketRig rig(with(fidelities(), 4));
  Status status = Status::ok;
  Posting posting = posting_to(node_base(16));
  PacketRig::thread([&] {
    Bytes data(8, 1);
    sc_core::sc_time delay;
    status = rig.socket(0).post(node_base(16), data.data(), 8, posting, delay);
  });
  sc_core::sc_start();
  CHECK(status == Status::address_error);
  CHECK_FALSE(posting.taken);
}

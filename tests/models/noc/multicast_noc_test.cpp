// SPDX-License-Identifier: Apache-2.0
// Posted messages with several destinations, through the network.
#include <catch2/catch.hpp>
#include <numeric>
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

constexpr std::uint64_t counter_offset = 0x8000;

NocConfig with(Fidelity fidelity, bool multicast = true) {
  NocConfig config;
  config.fidelity = fidelity;
  config.posted_writes = 2;
  config.multicast = multicast;
  return config;
}

Posting to_nodes(const std::vector<int>& nodes, std::uint64_t offset) {
  Posting posting;
  for (const int node : nodes)
    posting.destinations.push_back({node_base(node) + offset, node_base(node) + counter_offset, 1});
  return posting;
}

std::vector<int> all_nodes(int count) {
  std::vector<int> nodes(static_cast<std::size_t>(count));
  std::iota(nodes.begin(), nodes.end(), 0);
  return nodes;
}

Bytes pattern(std::size_t count) {
  Bytes bytes(count);
  for (std::size_t i = 0; i < count; ++i) bytes[i] = static_cast<std::uint8_t>(1 + i % 251);
  return bytes;
}

}  // namespace

TEST_CASE("a multicast reaches every node, each link carries its packets once, and energy follows") {
  PacketRig rig(with(fidelities()));
  const Bytes data = pattern(500);
  bool taken = false;
  PacketRig::thread([&] {
    Posting posting = to_nodes(all_nodes(16), 0x100);
    sc_core::sc_time delay;
    rig.socket(5).post(node_base(0) + 0x100, data.data(), 500, posting, delay);
    taken = posting.taken;
  });
  sc_core::sc_start();
  CHECK(taken);
  for (int node = 0; node < 16; ++node) {
    CAPTURE(node);
    const auto& memory = rig.memory(node);
    CHECK(std::equal(data.begin(), data.end(), memory.bytes.begin() + 0x100));
    CHECK(memory.bytes[counter_offset] == 1);
    REQUIRE(memory.log.size() == 2);
    CHECK(memory.log[1].address == node_base(node) + counter_offset);
  }
  // 500 bytes and 16 times 8: 79 flits, in three packets with a header each.
  const TrafficStatistics& traffic = rig.network->traffic();
  CHECK(traffic.link_flits == 15 * (79 + 3));
  CHECK(rig.network->posted().multicasts == 1);
  CHECK(rig.network->traffic(TrafficClass::kMulticast).messages == traffic.messages);
  CHECK(rig.network->traffic(TrafficClass::kMulticast).flits == traffic.flits);
  CHECK(rig.network->traffic(TrafficClass::kMulticast).latency_sum == traffic.latency_sum);
  const Joule expected = static_cast<double>(traffic.router_flits) * rig.network->config().router_flit +
                         static_cast<double>(traffic.link_flits) * rig.network->config().link_flit_millimetre;
  CHECK(rig.ledger.total().value() == expected.value());
}

TEST_CASE("a multicast to several tiles is over sooner than as many posted writes, and crosses fewer links") {
  const Fidelity fidelity = GENERATE(Fidelity::kLt, Fidelity::kFlit);
  const Bytes data = pattern(512);
  struct Result {
    sc_core::sc_time end;
    std::uint64_t link_flits = 0;
  };
  const auto run = [&](bool multicast) {
    weft::test::fresh_kernel();
    PacketRig rig(with(fidelity, multicast));
    PacketRig::thread([&] {
      const std::vector<int> nodes = all_nodes(16);
      std::vector<std::vector<int>> groups;
      if (multicast) {
        groups = {nodes};
      } else {
        for (const int node : nodes) groups.push_back({node});
      }
      for (const std::vector<int>& group : groups) {
        Posting posting = to_nodes(group, 0x100);
        sc_core::sc_time delay;
        rig.socket(0).post(node_base(group.front()) + 0x100, data.data(), 512, posting, delay);
        CHECK(posting.taken);
      }
    });
    sc_core::sc_start();
    for (int node = 0; node < 16; ++node) CHECK(rig.memory(node).bytes[counter_offset] == 1);
    return Result{weft::test::now(), rig.network->traffic().link_flits};
  };
  const Result one = run(true);
  const Result many = run(false);
  // 15 links instead of 48; the list of destinations is what the tree carries more.
  CHECK(one.link_flits == 15 * (64 + 16 + 3));
  CHECK(many.link_flits == 48 * (64 + 1 + 3));
  CHECK(one.end < 0.5 * many.end);
}

TEST_CASE("messages of a pair keep their order, whether they come as multicast, posted or plain") {
  NocConfig config = with(fidelities());
  config.mesh.max_packet_flits = 4;
  config.mesh.topology = GENERATE(TopologyKind::kMesh, TopologyKind::kTorus, TopologyKind::kConcentratedMesh);
  PacketRig rig(config);
  // Two sources write over the same places of four nodes, one half each.
  const std::vector<int> destinations = {3, 6, 10, 15};
  std::vector<std::vector<Bytes>> wanted(2, std::vector<Bytes>(4, Bytes(128)));
  int done = 0;
  for (std::size_t half = 0; half < 2; ++half) {
    PacketRig::thread([&, half] {
      CounterRng rng(21, static_cast<std::uint32_t>(half), 0);
      const int source = half == 0 ? 0 : 13;
      for (int i = 0; i < 150; ++i) {
        const std::uint32_t length = 1 + rng.below(60);
        const std::uint64_t offset = rng.below(128 - length + 1);
        Bytes data(length);
        for (std::uint8_t& byte : data) byte = static_cast<std::uint8_t>(rng.below(256));
        sc_core::sc_time delay;
        const std::uint32_t kind = rng.below(4);
        const std::size_t one = rng.below(4);
        const auto note = [&](std::size_t which) {
          std::copy(data.begin(), data.end(),
                    wanted[half][which].begin() + static_cast<std::ptrdiff_t>(offset));
        };
        const std::uint64_t place = half * 128 + offset;
        if (kind == 0) {
          Posting posting;
          for (std::size_t which = 0; which < 4; ++which) {
            posting.destinations.push_back({node_base(destinations[which]) + place, 0, 0});
            note(which);
          }
          REQUIRE(rig.socket(source).post(posting.destinations[0].address, data.data(), length, posting,
                                          delay) == Status::ok);
          REQUIRE(posting.taken);
        } else if (kind == 1) {
          Posting posting;
          posting.destinations = {{node_base(destinations[one]) + place, 0, 0}};
          note(one);
          rig.socket(source).post(posting.destinations[0].address, data.data(), length, posting, delay);
        } else if (kind == 2) {
          note(one);
          rig.socket(source).write(node_base(destinations[one]) + place, data.data(), length, delay);
        } else {
          rig.socket(source).read(node_base(destinations[one]) + place, data.data(), length, delay);
          REQUIRE(std::equal(data.begin(), data.end(),
                             wanted[half][one].begin() + static_cast<std::ptrdiff_t>(offset)));
        }
      }
      ++done;
    });
  }
  sc_core::sc_start();
  CHECK(done == 2);
  for (std::size_t which = 0; which < 4; ++which) {
    for (std::size_t half = 0; half < 2; ++half) {
      const auto at = rig.memory(destinations[which]).bytes.begin() + static_cast<std::ptrdiff_t>(half * 128);
      CHECK(std::equal(wanted[half][which].begin(), wanted[half][which].end(), at));
    }
  }
}

TEST_CASE(
    "without multicast a message to several nodes is not taken, and goes to the first as a plain write") {
  PacketRig rig(with(fidelities(), false));
  const Bytes data = pattern(8);
  Posting posting = to_nodes({3, 4}, 0);
  PacketRig::thread([&] {
    sc_core::sc_time delay;
    rig.socket(0).post(node_base(3), data.data(), 8, posting, delay);
  });
  sc_core::sc_start();
  CHECK_FALSE(posting.taken);
  CHECK(rig.memory(3).log.size() == 1);
  CHECK(rig.memory(4).log.empty());
}

TEST_CASE("one destination that refuses does not keep a multicast from the others") {
  PacketRig rig(with(fidelities()));
  rig.memory(6).answer = [](const Transfer&) { return Status::generic_error; };
  const Bytes data = pattern(8);
  std::vector<std::uint64_t> refused;
  PacketRig::thread([&] {
    Posting posting = to_nodes({2, 6, 7}, 0);
    posting.failed = [&](Status, std::uint64_t address) { refused.push_back(address); };
    sc_core::sc_time delay;
    rig.socket(4).post(node_base(2), data.data(), 8, posting, delay);
  });
  sc_core::sc_start();
  CHECK(refused == std::vector<std::uint64_t>{node_base(6)});
  CHECK(rig.memory(2).bytes[counter_offset] == 1);
  CHECK(rig.memory(7).bytes[counter_offset] == 1);
  CHECK(rig.memory(7).bytes[7] == 8);
}

TEST_CASE("everybody's broadcast to everybody ends, in every topology and fidelity, with small buffers") {
  NocConfig config = with(fidelities());
  config.mesh.topology = GENERATE(TopologyKind::kMesh, TopologyKind::kTorus, TopologyKind::kConcentratedMesh,
                                  TopologyKind::kRing, TopologyKind::kCrossbar);
  config.routers.buffer_flits = 1;
  PacketRig rig(config);
  const Bytes data = pattern(100);
  for (int source = 0; source < 16; ++source) {
    PacketRig::thread([&, source] {
      const std::uint64_t offset = static_cast<std::uint64_t>(source) * 128;
      Posting posting = to_nodes(all_nodes(16), offset);
      for (PostedDestination& each : posting.destinations)
        each.counter += 4 * static_cast<std::uint64_t>(source);
      sc_core::sc_time delay;
      rig.socket(source).post(node_base(0) + offset, data.data(), 100, posting, delay);
    });
  }
  sc_core::sc_start();
  for (int node = 0; node < 16; ++node) {
    for (std::size_t source = 0; source < 16; ++source) {
      CHECK(rig.memory(node).bytes[counter_offset + 4 * source] == 1);
      CHECK(rig.memory(node).bytes[source * 128 + 99] == 100);
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
#include "models/noc/mesh.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "models/common/counter_rng.h"
#include "models/common/error.h"

using weft::noc::Cycle;
using weft::noc::Delivery;
using weft::noc::Mesh;
using weft::noc::MeshConfig;
using weft::noc::Port;

namespace {

struct Message {
  Cycle now;
  int source;
  int destination;
  std::uint64_t bytes;
};

MeshConfig square(int side, unsigned virtual_channels = 2) {
  MeshConfig config;
  config.columns = side;
  config.rows = side;
  config.virtual_channels = virtual_channels;
  return config;
}

// `spread` cycles of creation times per message; 0 keeps the times in order.
std::vector<Message> random_messages(int count, int nodes, std::uint32_t spread) {
  weft::CounterRng random(42, 0, 0);
  std::vector<Message> messages;
  for (int i = 0; i < count; ++i) {
    const Cycle now = static_cast<Cycle>(i) + (spread == 0 ? 0 : random.below(spread));
    const auto bound = static_cast<std::uint32_t>(nodes);
    const int source = static_cast<int>(random.below(bound));
    const int destination = static_cast<int>(random.below(bound));
    messages.push_back({now, source, destination, random.below(600)});
  }
  return messages;
}

Delivery send(Mesh& mesh, const Message& message) {
  return mesh.send(message.now, message.source, message.destination, message.bytes);
}

// The rules of the calendar model written down a second time, cycle by cycle and without intervals,
// for messages of one packet.
class SlowMesh {
 public:
  explicit SlowMesh(const MeshConfig& config) : config_(config) {}

  Cycle tail(const Message& message) {
    flits_ = 1 + (message.bytes + config_.flit_bytes - 1) / config_.flit_bytes;
    longest_shared_ = 0;
    spared_ = 0;
    const int columns = config_.columns;
    int x = message.source % columns;
    int y = message.source / columns;
    const int to_x = message.destination % columns;
    const int to_y = message.destination / columns;
    late_ = message.now < newest_;
    newest_ = std::max(newest_, message.now);
    Taken& injection = ports_[{x, y, "inject"}];
    Cycle start = message.now;
    while (!is_free(injection, {}, start, flits_)) ++start;
    take(injection, start, flits_, false);
    --start;
    std::string from = "local";
    while (x != to_x || y != to_y) {
      const int step_x = x < to_x ? 1 : (x > to_x ? -1 : 0);
      const int step_y = step_x != 0 ? 0 : (y < to_y ? 1 : -1);
      const char* port = step_x > 0 ? "+x" : (step_x < 0 ? "-x" : (step_y > 0 ? "+y" : "-y"));
      start = pass(x, y, from, port, start + config_.hop_cycles);
      x += step_x;
      y += step_y;
      from = port;
    }
    start = pass(x, y, from, "eject", start + config_.hop_cycles);
    Cycle& last = last_tail_[{message.source, message.destination}];
    const double shared =
        static_cast<double>((flits_ - 1) * longest_shared_) / static_cast<double>(3 * flits_);
    last = std::max(last + flits_, start + 3 + flits_ - 1 + static_cast<Cycle>(shared + 0.5) - spared_);
    return last;
  }

 private:
  using Key = std::tuple<int, int, std::string>;

  // Cycles taken at a port.
  using Taken = std::set<Cycle>;

  bool is_free(const Taken& output, const Taken& input, Cycle begin, Cycle length) const {
    for (Cycle i = 0; i < length; ++i) {
      if (output.count(begin + i) > 0 || (i < flits_ && input.count(begin + i) > 0)) return false;
    }
    return true;
  }

  static void take(Taken& port, Cycle from, Cycle length, bool pieces) {
    for (Cycle taken = 0; taken < length; ++from) taken += port.insert(from).second || !pieces ? 1 : 0;
  }

  // When it goes.
  Cycle pass(int x, int y, const std::string& from, const std::string& to, Cycle ready) {
    const Cycle length = config_.virtual_channels == 1 ? flits_ + 1 : flits_;
    Taken& input = ports_[{x, y, "from " + from}];
    Taken& output = ports_[{x, y, to}];
    Cycle start = ready;
    while (!is_free(output, input, start, length)) ++start;
    Cycle first = ready;
    while (!is_free(output, input, first, 1)) ++first;
    Cycle goes = start;
    if (first < start) {
      Cycle gap = 0;
      while (output.count(first + gap) == 0 && input.count(first + gap) == 0) ++gap;
      goes = std::min(start, first + (length > gap ? length - gap : 0));
    }
    longest_shared_ =
        std::max(longest_shared_, std::min(start - ready, (config_.virtual_channels - 1) * flits_));
    const bool pieces = late_ && goes < start;
    take(output, pieces ? first : start, length, pieces);
    take(input, pieces ? first : start, flits_, pieces);
    if (!pieces) spared_ += start - goes;
    for (Cycle blocked = ready; blocked < goes && config_.virtual_channels == 1; ++blocked)
      input.insert(blocked);
    return pieces ? goes : start;
  }

  MeshConfig config_;
  Cycle flits_ = 0;
  Cycle longest_shared_ = 0;
  Cycle spared_ = 0;
  Cycle newest_ = 0;
  bool late_ = false;  // called after a message that leaves later
  std::map<Key, Taken> ports_;
  std::map<std::pair<int, int>, Cycle> last_tail_;
};

}  // namespace

TEST_CASE("an empty mesh takes (D+1) t_hop + 2 + L-1 cycles between any two nodes") {
  const int side = GENERATE(4, 8);
  const unsigned hop = GENERATE(3u, 4u, 5u);
  const unsigned channels = GENERATE(1u, 2u);
  MeshConfig config = square(side, channels);
  config.hop_cycles = hop;
  Mesh mesh(config);
  Cycle now = 0;
  for (int source = 0; source < side * side; ++source) {
    for (int destination = 0; destination < side * side; ++destination) {
      now += 1000;
      const int distance =
          std::abs(source % side - destination % side) + std::abs(source / side - destination / side);
      const Delivery delivery = mesh.send(now, source, destination, 61);
      const Cycle head = (static_cast<Cycle>(distance) + 1) * hop + 2;
      REQUIRE(delivery.flits == 9);
      REQUIRE(delivery.hops == distance);
      REQUIRE(delivery.head - now == head);
      REQUIRE(delivery.tail - now == head + 8);
      REQUIRE(delivery.contention == 0);
      REQUIRE(mesh.zero_load_latency(source, destination, 61) == head + 8);
    }
  }
}

TEST_CASE("packets go along the row first and then along the column") {
  Mesh mesh(square(4));
  mesh.send(0, mesh.node(0, 3), mesh.node(2, 1), 0);
  for (int column : {0, 1}) CHECK(mesh.link(mesh.node(column, 3), Port::kEast).flits == 1);
  for (int row : {3, 2}) CHECK(mesh.link(mesh.node(2, row), Port::kNorth).flits == 1);
  CHECK(mesh.link(mesh.node(2, 1), Port::kEjection).flits == 1);
  CHECK(mesh.link(mesh.node(0, 3), Port::kInjection).flits == 1);
  CHECK(mesh.link(mesh.node(0, 3), Port::kNorth).flits == 0);

  mesh.send(0, mesh.node(3, 0), mesh.node(2, 1), 0);
  CHECK(mesh.link(mesh.node(3, 0), Port::kWest).flits == 1);
  CHECK(mesh.link(mesh.node(2, 0), Port::kSouth).flits == 1);
}

TEST_CASE("a long message is cut into packets, each with a header, that leave back to back") {
  MeshConfig config = square(4);
  config.max_packet_flits = 8;
  Mesh mesh(config);
  const Delivery delivery = mesh.send(0, 0, 3, 20 * 8 + 1);
  CHECK(delivery.packets == 3);
  CHECK(delivery.flits == 21 + 3);
  CHECK(delivery.head == 4 * 4 + 2);
  CHECK(delivery.tail == delivery.head + 23);
  CHECK(delivery.contention == 0);
}

TEST_CASE("with one virtual channel every packet of a message costs the turnaround") {
  MeshConfig config = square(4, 1);
  config.max_packet_flits = 8;
  config.vc_turnaround_cycles = 2;
  Mesh mesh(config);
  const Delivery delivery = mesh.send(0, 0, 3, 24 * 8);
  CHECK(delivery.packets == 3);
  CHECK(delivery.tail - delivery.head == 26 + 2 * 2);
  CHECK(delivery.contention == 0);
}

TEST_CASE("an empty message is one header") {
  Mesh mesh(square(4));
  const Delivery delivery = mesh.send(5, 0, 0, 0);
  CHECK(delivery.packets == 1);
  CHECK(delivery.flits == 1);
  CHECK(delivery.tail == 5 + 6);
}

TEST_CASE("two messages that need one link are served one after the other") {
  Mesh mesh(square(4));
  const Delivery first = mesh.send(0, 0, 3, 64);
  // It is ready at the link from node 1 to node 2 in the same cycle as the first message.
  const Delivery second = mesh.send(4, 1, 3, 64);
  CHECK(first.contention == 0);
  // Nine cycles of waiting, and a third of 8 / 9 of them for what the first one loses by sharing the link.
  CHECK(second.contention == 9 + 3);
  CHECK(second.tail == first.tail + 9 + 3);
  CHECK(mesh.link(1, Port::kEast).waiting == 9);
  CHECK(mesh.link(1, Port::kEast).busy == 18);
  CHECK(mesh.traffic().contention_sum == 9 + 3);
}

TEST_CASE("with one virtual channel nothing is shared, messages are served one after the other") {
  Mesh mesh(square(4, 1));
  mesh.send(0, 0, 3, 64);
  CHECK(mesh.send(4, 1, 3, 64).contention == 9 + 1);
}

TEST_CASE("with one virtual channel a packet that waits for its port blocks the one behind it") {
  const unsigned channels = GENERATE(1u, 2u);
  Mesh mesh(square(4, channels));
  // Node 1 fills the link to the east of node 1 with 33 flits. The packet from node 0 to node 2 waits there;
  // the one behind it goes south at node 1.
  mesh.send(4, 1, 2, 32 * 8);
  const Delivery waits = mesh.send(0, 0, 2, 24);
  const Delivery behind = mesh.send(0, 0, 5, 24);
  CHECK(waits.contention >= 33);
  CHECK(behind.contention == (channels == 1 ? 34 + 4 : 4));
}

TEST_CASE("a packet that meets a later one's reservation pays for that one's delay only") {
  Mesh mesh(square(4));
  // The later one takes the ejection port of node 1 in cycles 107 to 115, the earlier one is ready at 105.
  mesh.send(100, 0, 1, 64);
  const Delivery earlier = mesh.send(102, 1, 1, 64);
  // It starts in cycle 116 in the calendar, in a router in 105; the other one would then start 7 cycles late.
  // 11 less 4 cycles are taken off, a third of 8 / 9 of 9 waited cycles comes on top.
  CHECK(earlier.contention == 11 - 4 + 3);
}

TEST_CASE(
    "a message called late takes the gaps that are too short for it, and nothing of the time after them") {
  Mesh mesh(square(4));
  // Two messages of 9 flits leave 4 free cycles before the first at the ejection port of node 1, from cycle
  // 12 on, and 5 between them.
  mesh.send(9, 0, 1, 64);
  mesh.send(23, 0, 1, 64);
  const Delivery late = mesh.send(5, 5, 1, 64);
  // It goes 5 cycles late, which is what the first gap lacks, and pays a third of 8 / 9 of 9 cycles.
  CHECK(late.contention == 5 + 3);
  // Cycles 12 to 38 of the port are full now: a header that is ready in cycle 15 waits for the end of them.
  CHECK(mesh.send(8, 2, 1, 0).tail == 39 + 3);
}

TEST_CASE("messages on disjoint links do not see each other") {
  Mesh mesh(square(4));
  CHECK(mesh.send(0, 0, 3, 64).contention == 0);
  CHECK(mesh.send(0, 3, 0, 64).contention == 0);
  CHECK(mesh.send(0, 4, 7, 64).contention == 0);
}

TEST_CASE("a message from an earlier time fills the gap before one that was sent ahead") {
  Mesh mesh(square(4));
  mesh.send(1000, 0, 3, 64);
  const Delivery earlier = mesh.send(10, 1, 3, 64);
  CHECK(earlier.contention == 0);
  const Delivery from_the_same_node = mesh.send(20, 0, 3, 64);
  CHECK(from_the_same_node.contention == 0);
}

TEST_CASE("a short message does not overtake a long one of the same pair") {
  Mesh mesh(square(4));
  // The ejection port of node 3 is taken in cycles 40 to 72 and 78 to 110, because node 12 sends five flits
  // to another node in between: a header fits there, the long message does not. It is ready in cycle 35, five
  // before the first of them, which it would make 28 late: 28 of 76 cycles of waiting count, and 11 for
  // sharing.
  mesh.send(13, 12, 3, 32 * 8);
  mesh.send(13, 12, 8, 4 * 8);
  mesh.send(13, 12, 3, 32 * 8);
  const Delivery long_one = mesh.send(24, 1, 3, 32 * 8);
  CHECK(long_one.tail == 35 + 28 + 11 + 3 + 32);
  const Delivery behind_it = mesh.send(60, 1, 3, 0);
  CHECK(behind_it.tail == long_one.tail + 1);
  const Delivery of_another_pair = mesh.send(60, 2, 3, 0);
  CHECK(of_another_pair.tail == 74 + 3);
}

TEST_CASE("messages of a pair arrive in the order in which they were sent") {
  MeshConfig config = square(4);
  config.max_packet_flits = 8;
  Mesh mesh(config);
  std::map<std::pair<int, int>, Cycle> last;
  for (const Message& message : random_messages(5000, 16, 0)) {
    const Delivery delivery = send(mesh, message);
    Cycle& previous = last[{message.source, message.destination}];
    REQUIRE(delivery.head > previous);
    previous = delivery.tail;
  }
}

TEST_CASE("the mesh agrees with a model that searches cycle by cycle") {
  const unsigned channels = GENERATE(1u, 2u);
  // One packet length and rising times exclude overtaking, which the slow model does not know.
  MeshConfig config = square(4, channels);
  Mesh mesh(config);
  SlowMesh slow(config);
  for (Message message : random_messages(1500, 16, 0)) {
    message.bytes = 24;
    REQUIRE(send(mesh, message).tail == slow.tail(message));
  }
  CHECK(mesh.traffic().contention_sum > 1000);
}

TEST_CASE("the mesh agrees with the slow model when initiators run ahead") {
  MeshConfig config = square(4, GENERATE(1u, 2u));
  Mesh mesh(config);
  SlowMesh slow(config);
  weft::CounterRng random(3, 0, 0);
  for (Cycle quantum = 0; quantum < 20; ++quantum) {
    for (int source = 0; source < 16; ++source) {
      for (Cycle step = 0; step < 8; ++step) {
        // Off the grid of packet lengths, so that there are gaps too short for a packet.
        const Cycle now = quantum * 80 + step * 10 + random.below(10);
        const Message message{now, source, static_cast<int>(random.below(16)), 24};
        REQUIRE(send(mesh, message).tail == slow.tail(message));
      }
    }
  }
}

TEST_CASE("no flit is lost or made") {
  Mesh mesh(square(4));
  std::uint64_t flits = 0;
  std::uint64_t link_flits = 0;
  std::uint64_t bytes = 0;
  Cycle latency = 0;
  Cycle longest = 0;
  for (const Message& message : random_messages(2000, 16, 200)) {
    const Delivery delivery = send(mesh, message);
    flits += delivery.flits;
    link_flits += delivery.flits * static_cast<std::uint64_t>(delivery.hops);
    bytes += message.bytes;
    latency += delivery.tail - message.now;
    longest = std::max(longest, delivery.tail - message.now);
  }
  std::map<Port, std::uint64_t> by_port;
  for (int node = 0; node < 16; ++node) {
    for (Port port :
         {Port::kEast, Port::kWest, Port::kNorth, Port::kSouth, Port::kEjection, Port::kInjection}) {
      by_port[port] += mesh.link(node, port).flits;
    }
  }
  CHECK(by_port[Port::kInjection] == flits);
  CHECK(by_port[Port::kEjection] == flits);
  CHECK(by_port[Port::kEast] + by_port[Port::kWest] + by_port[Port::kNorth] + by_port[Port::kSouth] ==
        link_flits);
  CHECK(mesh.traffic().messages == 2000);
  CHECK(mesh.traffic().flits == flits);
  CHECK(mesh.traffic().bytes == bytes);
  CHECK(mesh.traffic().link_flits == link_flits);
  CHECK(mesh.traffic().router_flits == link_flits + flits);
  CHECK(mesh.traffic().latency_sum == latency);
  CHECK(mesh.traffic().latency_max == longest);
  CHECK(mesh.traffic().mean_latency() == Approx(static_cast<double>(latency) / 2000.0));
}

TEST_CASE("the latency is the empty network's plus the contention") {
  Mesh mesh(square(4));
  for (const Message& message : random_messages(500, 16, 100)) {
    const Delivery delivery = send(mesh, message);
    const Cycle zero_load = mesh.zero_load_latency(message.source, message.destination, message.bytes);
    REQUIRE(delivery.tail - message.now == zero_load + delivery.contention);
  }
}

TEST_CASE("the same messages give the same deliveries") {
  Mesh a(square(4));
  Mesh b(square(4));
  for (const Message& message : random_messages(1000, 16, 300)) {
    const Delivery one = send(a, message);
    const Delivery other = send(b, message);
    REQUIRE(one.head == other.head);
    REQUIRE(one.tail == other.tail);
    REQUIRE(one.contention == other.contention);
  }
}

TEST_CASE("forgetting the past does not change the future") {
  Mesh remembers(square(4));
  Mesh forgets(square(4));
  for (const Message& message : random_messages(3000, 16, 0)) {
    forgets.forget_before(message.now);
    REQUIRE(send(remembers, message).tail == send(forgets, message).tail);
  }
}

TEST_CASE("a message before the horizon is refused instead of finding a forgotten link free") {
  Mesh mesh(square(4));
  mesh.forget_before(100);
  mesh.forget_before(50);
  CHECK_THROWS_AS(mesh.send(99, 0, 1, 8), weft::Error);
  CHECK(mesh.traffic().messages == 0);
  CHECK_NOTHROW(mesh.send(100, 0, 1, 8));
}

TEST_CASE("a node outside the mesh is an error that names what is allowed") {
  Mesh mesh(square(4));
  CHECK_THROWS_WITH(mesh.send(0, 16, 0, 8), Catch::Contains("source is node 16, allowed are 0 to 15"));
  CHECK_THROWS_WITH(mesh.send(0, 0, -1, 8), Catch::Contains("destination is node -1"));
  CHECK_THROWS_AS(mesh.link(16, Port::kEast), weft::Error);
  CHECK_THROWS_AS(mesh.node(4, 0), weft::Error);
  CHECK(mesh.traffic().messages == 0);
}

TEST_CASE("a configuration out of range is an error that names the field") {
  const auto refused = [](auto change, const char* field) {
    MeshConfig config;
    change(config);
    CHECK_THROWS_WITH(Mesh(config), Catch::Contains(field) && Catch::Contains("allowed are"));
  };
  refused([](MeshConfig& c) { c.columns = 0; }, "columns is 0");
  refused([](MeshConfig& c) { c.rows = 65; }, "rows is 65");
  refused([](MeshConfig& c) { c.flit_bytes = 0; }, "flit_bytes is 0");
  refused([](MeshConfig& c) { c.hop_cycles = 0; }, "hop_cycles is 0");
  refused([](MeshConfig& c) { c.max_packet_flits = 0; }, "max_packet_flits is 0");
  refused([](MeshConfig& c) { c.header_flits = 0; }, "header_flits is 0");
  refused([](MeshConfig& c) { c.virtual_channels = 0; }, "virtual_channels is 0");
  refused([](MeshConfig& c) { c.vc_turnaround_cycles = 17; }, "vc_turnaround_cycles is 17");
}

TEST_CASE("every port has its name") {
  CHECK(std::string(to_string(Port::kEast)) == "east");
  CHECK(std::string(to_string(Port::kEjection)) == "ejection");
  CHECK(std::string(to_string(Port::kInjection)) == "injection");
}

// SPDX-License-Identifier: Apache-2.0
// Where routers and nodes sit, which port leads where, and which way a packet goes. No time, no state.
//
// Ports of a router: the directions first, then one local port per node attached. A mesh, a torus and a
// concentrated mesh have the directions east, west, south and north; a ring has clockwise and
// counter-clockwise; a crossbar switch is one router and has local ports only. What leaves through
// direction p enters the neighbour through the port that faces back.
//
// Node y * columns + x sits in column x of row y, whatever the topology; a ring visits the nodes in the
// order of their numbers.
//
// Freedom from deadlock (Dally and Seitz, IEEE TC C-36(5), 1987): XY and YX order the dimensions and
// west-first forbids every turn into west (Glass and Ni, ISCA 1992), so channels cannot wait in a circle.
// The circles of a torus and a ring are cut by a dateline: a packet uses the lower half of the virtual
// channels while its way in a dimension still crosses the wrap-around link, and the upper half after it.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace weft::noc {

enum class TopologyKind : std::uint8_t { kMesh, kTorus, kConcentratedMesh, kRing, kCrossbar };
enum class Routing : std::uint8_t { kXy, kYx, kWestFirst };

const char* to_string(TopologyKind kind);
const char* to_string(Routing routing);

struct TopologyConfig {
  TopologyKind kind = TopologyKind::kMesh;
  int columns = 4;                 // of nodes; 1 to 64
  int rows = 4;                    // of nodes; 1 to 64
  Routing routing = Routing::kXy;  // west-first for meshes only; rings and switches have no choice
  int concentration = 2;           // a concentrated mesh's router serves this many columns and rows; 1 to 8

  int nodes() const { return columns * rows; }
  // Throws weft::Error naming the field, what was found and what is allowed.
  void validate() const;
};

class Topology {
 public:
  // A port of a router.
  struct Place {
    int router = -1;
    int port = -1;
    bool exists() const { return router >= 0; }
  };
  // Which virtual channels of a port a packet may take.
  enum class Channels : std::uint8_t { kAll, kLower, kUpper };
  struct Way {
    int port = 0;
    Channels channels = Channels::kAll;
  };
  // One way, or two to choose from.
  struct Ways {
    std::array<Way, 2> way;
    int count = 1;
  };

  // Throws weft::Error if the configuration is not valid.
  explicit Topology(const TopologyConfig& config);

  const TopologyConfig& config() const { return config_; }
  int nodes() const { return config_.nodes(); }
  int routers() const { return routers_; }
  int directions() const { return directions_; }
  // Alike for all routers; some lead nowhere.
  int ports() const { return ports_; }
  // Whether two halves of the virtual channels are needed.
  bool has_wrap() const;

  // The local port of a node; in both directions.
  Place attachment(int node) const { return attachments_[static_cast<std::size_t>(node)]; }
  // The node behind a local port, or -1.
  int node_at(int router, int port) const;
  // The input port that the output port `port` of `router` feeds; none for local ports and at edges.
  Place neighbour(int router, int port) const;
  // The ways to `destination` out of `router`: its local port if it is attached there, otherwise only ways
  // that come closer. XY, YX, rings and switches give one.
  Ways ways(int router, int destination) const;
  // Links between routers that a packet crosses.
  int hops(int source, int destination) const;
  // Where a router sits in a grid of router_columns() by router_rows(); a ring and a switch are one row.
  int router_columns() const { return router_columns_; }
  int router_rows() const { return router_rows_; }
  // "east", "north", "clockwise", "local 2".
  std::string port_name(int port) const;

 private:
  struct Point {
    int x = 0;
    int y = 0;
  };

  const Point& point(int router) const { return points_[static_cast<std::size_t>(router)]; }
  bool wraps() const;
  Way toward(int from, int to, int size, int forward_port, int parity) const;

  TopologyConfig config_;
  int router_columns_ = 1;
  int router_rows_ = 1;
  int routers_ = 1;
  int directions_ = 0;
  int ports_ = 1;
  std::vector<Point> points_;       // by router
  std::vector<Place> attachments_;  // by node
  std::vector<int> nodes_;          // by router and local port; -1 where there is none
};

}  // namespace weft::noc

// SPDX-License-Identifier: Apache-2.0
#include "models/noc/topology.h"

#include <fmt/format.h>

#include <cstdlib>

#include "models/common/error.h"

namespace weft::noc {

namespace {

// The direction ports: a pair faces each other.
constexpr int kEast = 0;
constexpr int kSouth = 2;

int facing(int port) { return port ^ 1; }

void check(const char* field, int value, int low, int high) {
  if (value >= low && value <= high) return;
  throw Error(fmt::format("network topology: {} is {}, allowed are {} to {}", field, value, low, high));
}

int ceil_divide(int value, int by) { return (value + by - 1) / by; }

}  // namespace

const char* to_string(TopologyKind kind) {
  constexpr std::array<const char*, 5> names = {"mesh", "torus", "cmesh", "ring", "crossbar"};
  return names.at(static_cast<std::size_t>(kind));
}

const char* to_string(Routing routing) {
  constexpr std::array<const char*, 3> names = {"xy", "yx", "west_first"};
  return names.at(static_cast<std::size_t>(routing));
}

void TopologyConfig::validate() const {
  check("columns", columns, 1, 64);
  check("rows", rows, 1, 64);
  check("concentration", concentration, 1, 8);
  const bool mesh = kind == TopologyKind::kMesh || kind == TopologyKind::kConcentratedMesh;
  if (routing == Routing::kWestFirst && !mesh) {
    throw Error(
        fmt::format("network topology: west_first routing does not keep a {} free of deadlock, allowed are "
                    "mesh and cmesh",
                    to_string(kind)));
  }
}

Topology::Topology(const TopologyConfig& config) : config_(config) {
  config_.validate();
  int local_columns = 1;
  int local_rows = 1;
  switch (config_.kind) {
    case TopologyKind::kMesh:
    case TopologyKind::kTorus:
      break;
    case TopologyKind::kConcentratedMesh:
      local_columns = local_rows = config_.concentration;
      break;
    case TopologyKind::kRing:
      break;
    case TopologyKind::kCrossbar:
      local_columns = config_.columns;
      local_rows = config_.rows;
      break;
  }
  const bool ring = config_.kind == TopologyKind::kRing;
  router_columns_ = ring ? nodes() : ceil_divide(config_.columns, local_columns);
  router_rows_ = ring ? 1 : ceil_divide(config_.rows, local_rows);
  routers_ = router_columns_ * router_rows_;
  directions_ = config_.kind == TopologyKind::kCrossbar ? 0 : ring ? 2 : 4;
  for (int router = 0; router < routers_; ++router)
    points_.push_back({router % router_columns_, router / router_columns_});
  const int locals = local_columns * local_rows;
  ports_ = directions_ + locals;
  nodes_.assign(static_cast<std::size_t>(routers_ * locals), -1);
  for (int node = 0; node < nodes(); ++node) {
    Place place{node, directions_};
    if (!ring) {
      const int x = node % config_.columns;
      const int y = node / config_.columns;
      place.router = y / local_rows * router_columns_ + x / local_columns;
      place.port = directions_ + y % local_rows * local_columns + x % local_columns;
    }
    attachments_.push_back(place);
    nodes_[static_cast<std::size_t>(place.router * locals + place.port - directions_)] = node;
  }
}

bool Topology::wraps() const {
  return config_.kind == TopologyKind::kTorus || config_.kind == TopologyKind::kRing;
}

bool Topology::has_wrap() const { return wraps() && (router_columns_ > 2 || router_rows_ > 2); }

int Topology::node_at(int router, int port) const {
  if (port < directions_) return -1;
  return nodes_[static_cast<std::size_t>(router * (ports_ - directions_) + port - directions_)];
}

Topology::Place Topology::neighbour(int router, int port) const {
  if (port >= directions_) return {};
  const bool horizontal = port < kSouth;
  const int size = horizontal ? router_columns_ : router_rows_;
  const int step = facing(port) > port ? 1 : -1;
  const Point from = point(router);
  int at = (horizontal ? from.x : from.y) + step;
  if (wraps() && size > 1) at = (at + size) % size;
  if (at < 0 || at >= size) return {};
  const int to = horizontal ? from.y * router_columns_ + at : at * router_columns_ + from.x;
  return {to, facing(port)};
}

// One step in a dimension of `size`, from `from` to another place `to`. Of two ways equally long around a
// circle, even places take the forward one and odd places the other.
Topology::Way Topology::toward(int from, int to, int size, int forward_port, int parity) const {
  if (!wraps()) return {to > from ? forward_port : facing(forward_port), Channels::kAll};
  const int forward = (to - from + size) % size;
  const bool take_forward = 2 * forward < size || (2 * forward == size && parity % 2 == 0);
  // A circle of two routers has no dependency around it: every way is a single hop.
  if (size <= 2) return {take_forward ? forward_port : facing(forward_port), Channels::kAll};
  const int next = (from + (take_forward ? 1 : size - 1)) % size;
  const bool wrap_ahead = take_forward ? to < next : to > next;
  return {take_forward ? forward_port : facing(forward_port),
          wrap_ahead ? Channels::kLower : Channels::kUpper};
}

Topology::Ways Topology::ways(int router, int destination) const {
  const Place end = attachment(destination);
  Ways ways;
  if (end.router == router) {
    ways.way[0].port = end.port;
    return ways;
  }
  const Point at = point(router);
  const Point to = point(end.router);
  const auto horizontal = [&] { return toward(at.x, to.x, router_columns_, kEast, at.x + at.y); };
  const auto vertical = [&] { return toward(at.y, to.y, router_rows_, kSouth, at.x + at.y); };
  if (config_.routing == Routing::kWestFirst && to.x > at.x && to.y != at.y) {
    ways.way = {horizontal(), vertical()};
    ways.count = 2;
    return ways;
  }
  const bool column_first = config_.routing == Routing::kYx;
  const bool go_vertical = column_first ? to.y != at.y : to.x == at.x;
  ways.way[0] = go_vertical ? vertical() : horizontal();
  return ways;
}

int Topology::hops(int source, int destination) const {
  const Point from = point(attachment(source).router);
  const Point to = point(attachment(destination).router);
  const auto distance = [this](int a, int b, int size) {
    const int direct = std::abs(a - b);
    return wraps() && size - direct < direct ? size - direct : direct;
  };
  return distance(from.x, to.x, router_columns_) + distance(from.y, to.y, router_rows_);
}

std::string Topology::port_name(int port) const {
  if (port >= directions_) {
    return ports_ - directions_ == 1 ? std::string("local") : fmt::format("local {}", port - directions_);
  }
  constexpr std::array<const char*, 4> mesh = {"east", "west", "south", "north"};
  constexpr std::array<const char*, 2> ring = {"clockwise", "counter-clockwise"};
  return directions_ == 2 ? ring.at(static_cast<std::size_t>(port)) : mesh.at(static_cast<std::size_t>(port));
}

}  // namespace weft::noc

// SPDX-License-Identifier: Apache-2.0
#include "models/noc/multicast.h"

#include <algorithm>

namespace weft::noc {

namespace {

constexpr int kNone = -1;

std::size_t index(int value) { return static_cast<std::size_t>(value); }

// Routers of the tree and how they hang together.
class Branches {
 public:
  Branches(const Topology& topology, int source, const std::vector<int>& destinations)
      : topology_(topology),
        root_(topology.attachment(source).router),
        parents_(index(topology.routers()), kNone),
        children_(index(topology.routers())),
        local_(index(topology.routers())) {
    for (std::size_t number = 0; number < destinations.size(); ++number) {
      const int end = topology.attachment(destinations[number]).router;
      local_[index(end)].push_back(number);
      walk(destinations[number]);
      keep(end);
    }
  }

  int root() const { return root_; }
  const std::vector<int>& children(int router) const { return children_[index(router)]; }
  // Destinations attached to the router.
  const std::vector<std::size_t>& local(int router) const { return local_[index(router)]; }
  bool stops_at(int router) const { return !local(router).empty() || children(router).size() > 1; }

 private:
  // Where a torus leaves the choice between two ways, a router keeps the parent it got first.
  void walk(int destination) {
    const int end = topology_.attachment(destination).router;
    for (int at = root_; at != end;) {
      const int next = topology_.neighbour(at, topology_.ways(at, destination).way[0].port).router;
      if (next != root_ && parents_[index(next)] == kNone) parents_[index(next)] = at;
      at = next;
    }
  }
  void keep(int router) {
    while (router != root_) {
      const int parent = parents_[index(router)];
      std::vector<int>& siblings = children_[index(parent)];
      if (std::find(siblings.begin(), siblings.end(), router) != siblings.end()) return;
      siblings.push_back(router);
      router = parent;
    }
  }

  const Topology& topology_;
  int root_;
  std::vector<int> parents_;
  std::vector<std::vector<int>> children_;
  std::vector<std::vector<std::size_t>> local_;
};

int any_node(const Topology& topology, int router) {
  for (int port = topology.directions(); port < topology.ports(); ++port) {
    if (const int node = topology.node_at(router, port); node >= 0) return node;
  }
  return kNone;
}

}  // namespace

MulticastTree::MulticastTree(const Topology& topology, int source, const std::vector<int>& destinations) {
  const Branches branches(topology, source, destinations);
  stops_.push_back({source, {}, std::nullopt});
  // Routers still to be looked at, with the stop that their packet comes from.
  std::vector<std::pair<int, std::size_t>> open{{branches.root(), 0}};
  while (!open.empty()) {
    auto [router, from] = open.back();
    open.pop_back();
    std::size_t first_local = 0;
    const std::vector<std::size_t>& local = branches.local(router);
    if (router != branches.root() && branches.stops_at(router)) {
      if (local.empty()) {
        from = add(from, any_node(topology, router));
      } else {
        from = add(from, destinations[local[first_local]]);
        stops_[from].destination = local[first_local++];
      }
    }
    for (; first_local < local.size(); ++first_local) {
      stops_[add(from, destinations[local[first_local]])].destination = local[first_local];
    }
    for (const int child : branches.children(router)) open.emplace_back(child, from);
  }
}

std::size_t MulticastTree::add(std::size_t from, int node) {
  stops_[from].next.push_back(stops_.size());
  stops_.push_back({node, {}, std::nullopt});
  return stops_.size() - 1;
}

}  // namespace weft::noc

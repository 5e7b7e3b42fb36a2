// SPDX-License-Identifier: Apache-2.0
#include "platform/machine/network_memory.h"

#include <fmt/format.h>

#include <algorithm>

#include "models/common/error.h"
#include "models/tlm/socket_checks.h"

namespace weft::machine {

namespace {

bus::BusConfig store_config(const NetworkMemoryConfig& config) {
  bus::BusConfig result;
  result.initiators = static_cast<unsigned>(config.nodes.size()) + 1;
  result.regions = {{"memory", 0, config.controller.size}};
  return result;
}

dram::InterleaverConfig interleaver_config(const NetworkMemoryConfig& config, bool is_host) {
  dram::InterleaverConfig result;
  result.base = config.base;
  result.size = config.controller.size;
  result.block_bytes = config.controller.share_bytes;
  for (std::size_t number = 0; number < config.nodes.size(); ++number)
    result.controllers.push_back(NetworkMemoryConfig::controller_base(number));
  result.has_store = is_host;
  result.direct = config.controller.direct;
  return result;
}

}  // namespace

std::vector<noc::AddressRange> NetworkMemoryConfig::ranges() const {
  std::vector<noc::AddressRange> result;
  for (std::size_t number = 0; number < nodes.size(); ++number)
    result.push_back({controller_base(number), controller.size, nodes[number]});
  return result;
}

void NetworkMemoryConfig::validate(int nodes_there_are) const {
  for (const int node : nodes) {
    if (node < 0 || node >= nodes_there_are)
      throw Error(
          fmt::format("a memory controller at node {}, allowed are 0 to {}", node, nodes_there_are - 1));
    if (std::count(nodes.begin(), nodes.end(), node) > 1)
      throw Error(fmt::format("several memory controllers at node {}; one is allowed at each", node));
  }
}

int NetworkMemoryConfig::controller_at(int node) const {
  const auto found = std::find(nodes.begin(), nodes.end(), node);
  return found == nodes.end() ? -1 : static_cast<int>(found - nodes.begin());
}

NetworkMemory::NetworkMemory(const sc_core::sc_module_name& name, const NetworkMemoryConfig& config,
                             int tiles, Context& context)
    : sc_module(name),
      store_("store", store_config(config), context),
      host_("host", interleaver_config(config, true)) {
  for (int number = 0; number < tiles; ++number) {
    tiles_.push_back(std::make_unique<dram::Interleaver>(fmt::format("tile{}", number).c_str(),
                                                         interleaver_config(config, false)));
  }
  for (std::size_t number = 0; number < config.nodes.size(); ++number) {
    dram::DramControllerConfig own = config.controller;
    own.share = static_cast<unsigned>(number);
    own.shares = static_cast<unsigned>(config.nodes.size());
    // The host gets its pointers from the store; tiles get none.
    own.direct = false;
    controllers_.push_back(
        std::make_unique<dram::DramController>(fmt::format("controller{}", number).c_str(), own, context));
    connect(context, controllers_.back()->store, store_.inputs[static_cast<unsigned>(number)]);
  }
  connect(context, host_.store[0], store_.inputs[static_cast<unsigned>(config.nodes.size())]);
}

}  // namespace weft::machine

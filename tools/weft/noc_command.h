// SPDX-License-Identifier: Apache-2.0
// `weft noc`: synthetic traffic through a network, or the replay of recorded packets, without a platform.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "models/noc/flit_network.h"
#include "models/noc/topology.h"
#include "models/noc/traffic.h"

namespace weft::tool {

class NocCommand {
 public:
  explicit NocCommand(CLI::App& app);

  bool parsed() const { return command_->parsed(); }
  // Exit status of the program. Throws Error for values that are wrong.
  int run() const;

 private:
  void check_options() const;
  int run_traffic() const;
  int replay() const;
  int find_saturation() const;
  noc::TopologyConfig topology() const;
  noc::RouterConfig routers() const;
  noc::TrafficConfig traffic() const;
  std::vector<double> rates() const;

  CLI::App* command_;
  std::string topology_ = "mesh";
  std::string size_ = "8x8";
  std::string routing_ = "xy";
  int concentration_ = 2;
  std::string pipeline_ = "P3";
  std::optional<unsigned> routing_cycles_;
  std::optional<unsigned> vc_cycles_;
  std::optional<unsigned> switch_cycles_;
  std::optional<unsigned> traversal_cycles_;
  std::optional<unsigned> link_cycles_;
  std::optional<unsigned> credit_cycles_;
  unsigned channels_ = 2;
  unsigned buffer_ = 8;
  unsigned iterations_ = 1;
  bool no_dateline_ = false;
  std::string fidelity_ = "flit";
  std::string pattern_ = "uniform";
  std::vector<std::string> rates_;
  bool saturation_ = false;
  noc::TrafficConfig traffic_;
  std::filesystem::path replay_;
  std::filesystem::path out_;
  bool as_json_ = false;
};

}  // namespace weft::tool

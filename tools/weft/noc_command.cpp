// SPDX-License-Identifier: Apache-2.0
#include "tools/weft/noc_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <initializer_list>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>

#include "models/common/error.h"
#include "models/noc/mesh.h"
#include "tools/weft/commands.h"
#include "tools/weft/files.h"
#include "tools/weft/packet_trace.h"

namespace weft::tool {

namespace {

using nlohmann::json;

const std::map<std::string, noc::TopologyKind> topologies = {{"mesh", noc::TopologyKind::kMesh},
                                                             {"torus", noc::TopologyKind::kTorus},
                                                             {"cmesh", noc::TopologyKind::kConcentratedMesh},
                                                             {"ring", noc::TopologyKind::kRing},
                                                             {"crossbar", noc::TopologyKind::kCrossbar}};
const std::map<std::string, noc::Routing> routings = {
    {"xy", noc::Routing::kXy}, {"yx", noc::Routing::kYx}, {"west_first", noc::Routing::kWestFirst}};
const std::map<std::string, noc::Pattern> patterns = {
    {"uniform", noc::Pattern::kUniform},       {"transpose", noc::Pattern::kTranspose},
    {"bitcomp", noc::Pattern::kBitComplement}, {"neighbor", noc::Pattern::kNeighbor},
    {"hotspot", noc::Pattern::kHotspot},       {"incast", noc::Pattern::kIncast}};

template <typename Value>
std::vector<std::string> names(const std::map<std::string, Value>& values) {
  std::vector<std::string> result;
  for (const auto& entry : values) result.push_back(entry.first);
  return result;
}

double parse_rate(const std::string& text, const std::string& whole) {
  std::size_t used = 0;
  double value = -1.0;
  try {
    value = std::stod(text, &used);
  } catch (const std::exception&) {
    used = 0;
  }
  if (used == text.size() && used > 0 && std::isfinite(value) && value > 0.0) return value;
  throw Error(fmt::format("--rate {}: allowed: a number above 0 of flits per node and cycle, or FROM:TO:STEP",
                          whole));
}

noc::TrafficResult measure(const noc::TopologyConfig& topology, const noc::RouterConfig& routers,
                           const noc::TrafficConfig& traffic, const std::string& fidelity) {
  if (fidelity == "flit") return noc::run_traffic(topology, routers, traffic);
  noc::MeshConfig config;
  config.topology = topology.kind;
  config.columns = topology.columns;
  config.rows = topology.rows;
  config.routing = topology.routing;
  config.concentration = topology.concentration;
  config.hop_cycles = routers.hop_cycles();
  config.virtual_channels = routers.virtual_channels;
  config.contention = fidelity != "ideal";
  // Of a single virtual channel, as long as it takes to compute the next packet's route and allocate.
  config.vc_turnaround_cycles = routers.speculative ? 0 : routers.routing_cycles + 1;
  return fidelity == "auto" ? noc::run_traffic(config, routers, traffic) : noc::run_traffic(config, traffic);
}

json to_json(const noc::TrafficConfig& traffic, const noc::TrafficResult& result) {
  return {{"rate", traffic.rate},
          {"offered_flits_node_cycle", result.offered},
          {"accepted_flits_node_cycle", result.accepted},
          {"mean_latency_cycles", result.mean_latency},
          {"half_width_95_cycles", result.half_width},
          {"zero_load_cycles", result.zero_load},
          {"p50_cycles", result.p50},
          {"p95_cycles", result.p95},
          {"p99_cycles", result.p99},
          {"max_cycles", result.max},
          {"packets", result.packets},
          {"flit_packets", result.flit_packets},
          {"measured_cycles", result.cycles},
          {"simulated_cycles", result.simulated},
          {"flit_cycles", result.flit_cycles},
          {"saturated", result.saturated},
          {"locked_up", result.locked},
          {"trusted", result.trusted}};
}

// How much of an automatic run was simulated flit by flit.
std::string flit_share(const noc::TrafficResult& result) {
  constexpr double percent = 100.0;
  return fmt::format(" {:9.1f} %", percent * static_cast<double>(result.flit_packets) /
                                       static_cast<double>(std::max<std::uint64_t>(result.packets, 1)));
}

std::string remark(const noc::TrafficResult& result) {
  if (result.locked) return "  locked up";
  if (result.saturated) return "  saturated";
  return result.trusted ? "" : "  a port is too busy for this model";
}

}  // namespace

NocCommand::NocCommand(CLI::App& app)
    : command_(app.add_subcommand(
          "noc",
          "Send synthetic traffic or recorded packets through a network on chip, without a platform")) {
  CLI::App& command = *command_;
  command.add_option("--topology", topology_, "How routers are connected")
      ->check(CLI::IsMember(names(topologies)))
      ->capture_default_str();
  command
      .add_option("--size", size_, "Columns and rows of nodes, 1x1 to 64x64 (replay: default from the trace)")
      ->type_name("CxR")
      ->capture_default_str();
  command.add_option("--routing", routing_, "Way through a mesh or torus")
      ->check(CLI::IsMember(names(routings)))
      ->capture_default_str();
  command
      .add_option("--concentration", concentration_,
                  "Columns and rows of nodes that share a router of a cmesh")
      ->capture_default_str();
  command.add_option("--pipeline", pipeline_, "P3: four cycles a hop, P4: five, P2S: three, speculative")
      ->check(CLI::IsMember({"P3", "P4", "P2S"}))
      ->capture_default_str();
  const auto cycles = [&command](const char* name, std::optional<unsigned>& value, const char* what) {
    command.add_option(name, value, what)->type_name("CYCLES");
  };
  cycles("--routing-cycles", routing_cycles_, "Route computation, instead of the pipeline's");
  cycles("--vc-cycles", vc_cycles_, "Allocation of a virtual channel");
  cycles("--switch-cycles", switch_cycles_, "Allocation of the switch");
  cycles("--traversal-cycles", traversal_cycles_, "Switch traversal");
  cycles("--link-cycles", link_cycles_, "A link between routers");
  cycles("--credit-cycles", credit_cycles_, "Handling of a credit");
  command.add_option("--channels", channels_, "Virtual channels of a port")->capture_default_str();
  command.add_option("--buffer", buffer_, "Flits a virtual channel has room for")->capture_default_str();
  command.add_option("--iterations", iterations_, "Iterations of each allocator")->capture_default_str();
  command.add_flag("--no-dateline", no_dateline_, "Do not cut the circles of a torus or ring: may lock up");
  command
      .add_option("--fidelity", fidelity_,
                  "flit by flit, lt: ports reserved by calendar, auto: lt, and flit by flit while that is "
                  "saturated, ideal: latency only")
      ->check(CLI::IsMember({"flit", "lt", "auto", "ideal"}))
      ->capture_default_str();
  command.add_option("--traffic", pattern_, "Who sends to whom")
      ->check(CLI::IsMember(names(patterns)))
      ->capture_default_str();
  command.add_option("--rate", rates_, "Flits per node and cycle; several, or FROM:TO:STEP, are a sweep")
      ->type_name("RATE");
  command.add_flag("--saturation", saturation_,
                   "Find the rate at which latency is three times the empty network's");
  command.add_option("--packet", traffic_.packet_flits, "Flits of a packet")->capture_default_str();
  command.add_option("--packets", traffic_.packets, "Packets to measure")->capture_default_str();
  command.add_option("--warm-up", traffic_.warm_up, "Cycles before that")->capture_default_str();
  command.add_option("--seed", traffic_.seed, "Of the random numbers")->capture_default_str();
  command.add_option("--hotspot", traffic_.hotspot,
                     "Node that hotspot and incast are about (default: the middle)");
  command.add_option("--hotspot-weight", traffic_.hotspot_weight, "Times as likely as another node")
      ->capture_default_str();
  command.add_option("--replay", replay_, "Send the packets of this trace in their cycles of creation")
      ->type_name("TRACE.csv");
  command.add_option("--out", out_, "Where the replay's arrivals go")->type_name("ARRIVALS.csv");
  command.add_flag("--json", as_json_, "As JSON");
}

noc::TopologyConfig NocCommand::topology() const {
  noc::TopologyConfig config;
  config.kind = topologies.at(topology_);
  config.routing = routings.at(routing_);
  config.concentration = concentration_;
  char rest = 0;
  if (std::sscanf(size_.c_str(), "%4dx%4d%c", &config.columns, &config.rows, &rest) != 2)
    throw Error(fmt::format("--size {}: allowed: columns and rows of nodes, like 8x8", size_));
  config.validate();
  return config;
}

noc::RouterConfig NocCommand::routers() const {
  noc::RouterConfig config = noc::router_preset(pipeline_);
  config.routing_cycles = routing_cycles_.value_or(config.routing_cycles);
  config.vc_cycles = vc_cycles_.value_or(config.vc_cycles);
  config.switch_cycles = switch_cycles_.value_or(config.switch_cycles);
  config.traversal_cycles = traversal_cycles_.value_or(config.traversal_cycles);
  config.link_cycles = link_cycles_.value_or(config.link_cycles);
  config.credit_cycles = credit_cycles_.value_or(config.credit_cycles);
  config.virtual_channels = channels_;
  config.buffer_flits = buffer_;
  config.iterations = iterations_;
  config.dateline = !no_dateline_;
  return config;
}

noc::TrafficConfig NocCommand::traffic() const {
  noc::TrafficConfig config = traffic_;
  config.pattern = patterns.at(pattern_);
  return config;
}

std::vector<double> NocCommand::rates() const {
  std::vector<double> result;
  for (const std::string& text : rates_) {
    const std::size_t first = text.find(':');
    if (first == std::string::npos) {
      result.push_back(parse_rate(text, text));
      continue;
    }
    const std::size_t second = text.find(':', first + 1);
    if (second == std::string::npos) throw Error(fmt::format("--rate {}: a range is FROM:TO:STEP", text));
    const double from = parse_rate(text.substr(0, first), text);
    const double to = parse_rate(text.substr(first + 1, second - first - 1), text);
    const double step = parse_rate(text.substr(second + 1), text);
    constexpr double most = 1000;
    if (to < from || (to - from) / step > most)
      throw Error(fmt::format("--rate {}: allowed: TO not below FROM, up to {} steps", text, most));
    // The last one is meant to be part of it, in spite of rounding.
    const auto steps = static_cast<int>(std::floor((to - from) / step + 1e-9));
    for (int i = 0; i <= steps; ++i) result.push_back(from + i * step);
  }
  if (result.empty()) result.push_back(noc::TrafficConfig{}.rate);
  return result;
}

// An option that would change nothing is a mistake of whoever gives it.
void NocCommand::check_options() const {
  const auto only_with = [this](std::initializer_list<const char*> options, bool of_use, const char* with) {
    for (const char* option : options) {
      if (command_->count(option) == 0 || of_use) continue;
      throw Error(fmt::format("{} is of use only with {}", option, with));
    }
  };
  only_with({"--buffer", "--iterations", "--credit-cycles", "--no-dateline"},
            fidelity_ == "flit" || fidelity_ == "auto", "--fidelity flit or auto");
  only_with({"--concentration"}, topology_ == "cmesh", "--topology cmesh");
  only_with({"--out"}, !replay_.empty(), "--replay");
  only_with({"--traffic", "--rate", "--saturation", "--packet", "--packets", "--warm-up", "--seed",
             "--hotspot", "--hotspot-weight"},
            replay_.empty(), "synthetic traffic, not with --replay");
  only_with({"--hotspot"}, pattern_ == "hotspot" || pattern_ == "incast", "--traffic hotspot or incast");
  only_with({"--hotspot-weight"}, pattern_ == "hotspot", "--traffic hotspot");
  only_with({"--rate"}, !saturation_, "given rates, not with --saturation");
}

int NocCommand::run() const {
  check_options();
  if (!replay_.empty()) {
    if (out_.empty()) throw Error("--replay needs --out, the file for the arrivals");
    if (fidelity_ != "flit") throw Error(fmt::format("--replay: --fidelity {}, allowed is flit", fidelity_));
    return replay();
  }
  return saturation_ ? find_saturation() : run_traffic();
}

int NocCommand::find_saturation() const {
  if (fidelity_ != "flit")
    throw Error(fmt::format("--saturation: --fidelity {}, allowed is flit", fidelity_));
  const double rate = noc::saturation_rate(topology(), routers(), traffic(), 0.01);
  if (as_json_) {
    fmt::print("{}\n", json{{"saturation_flits_node_cycle", rate}}.dump(2));
  } else {
    fmt::print("saturates at {:.4f} flits per node and cycle\n", rate);
  }
  return status_ok;
}

int NocCommand::run_traffic() const {
  const noc::TopologyConfig network = topology();
  noc::TrafficConfig traffic = this->traffic();
  routers().validate(noc::Topology(network));
  for (const double rate : rates()) {
    traffic.rate = rate;
    traffic.validate(network);
  }
  json points = json::array();
  bool locked = false;
  if (!as_json_) {
    fmt::print("{} {}x{}, {}, packets of {} flits, {} virtual channels of {} flits, {} cycles a hop\n",
               noc::to_string(network.kind), network.columns, network.rows, noc::to_string(traffic.pattern),
               traffic.packet_flits, channels_, buffer_, routers().hop_cycles());
    fmt::print("{:>8} {:>9} {:>10} {:>8} {:>10} {:>7} {:>7} {:>7}{}\n", "rate", "accepted", "latency",
               "+-95 %", "zero load", "p50", "p95", "p99", fidelity_ == "auto" ? "    by flits" : "");
  }
  for (const double rate : rates()) {
    traffic.rate = rate;
    const noc::TrafficResult result = measure(network, routers(), traffic, fidelity_);
    locked = locked || result.locked;
    points.push_back(to_json(traffic, result));
    if (as_json_) continue;
    fmt::print("{:8.4f} {:9.4f} {:10.3f} {:8.3f} {:10.3f} {:7} {:7} {:7}{}{}\n", rate, result.accepted,
               result.mean_latency, result.half_width, result.zero_load, result.p50, result.p95, result.p99,
               fidelity_ == "auto" ? flit_share(result) : "", remark(result));
    if (result.locked) fmt::print("waiting for each other: {}\n", result.waiting_circle);
  }
  if (as_json_) fmt::print("{}\n", points.dump(2));
  return locked ? status_failed : status_ok;
}

int NocCommand::replay() const {
  std::vector<TracePacket> packets = read_packets(replay_);
  noc::TopologyConfig config = topology();
  if (command_->count("--size") == 0) {
    int last = 0;
    for (const TracePacket& packet : packets) last = std::max({last, packet.source, packet.destination});
    config.columns = 1;
    while (config.columns * config.columns <= last) ++config.columns;
    config.rows = config.columns;
  }
  noc::FlitNetwork network(config, routers());
  std::vector<std::size_t> order(packets.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&packets](std::size_t a, std::size_t b) {
    return packets[a].created < packets[b].created;
  });
  std::size_t next = 0;
  while (next < order.size() || !network.idle()) {
    if (network.idle()) network.skip_to(packets[order[next]].created);
    for (; next < order.size() && packets[order[next]].created == network.now(); ++next) {
      const TracePacket& packet = packets[order[next]];
      network.send({packet.source, packet.destination, packet.flits, 0, order[next]});
    }
    network.step();
    for (const noc::Arrival& arrival : network.arrivals()) {
      packets[arrival.packet.tag].injected = arrival.injected;
      packets[arrival.packet.tag].arrived = arrival.arrived;
    }
    if (!network.stuck()) continue;
    fmt::print(stderr, "weft: the network has locked up in cycle {}: {}\n", network.now(),
               network.waiting_circle());
    return status_failed;
  }
  write_file(out_, packets_csv(packets));
  std::uint64_t recorded = 0;
  std::uint64_t different = 0;
  double latency = 0.0;
  for (const TracePacket& packet : packets) {
    latency += static_cast<double>(packet.arrived - packet.created);
    if (!packet.recorded_arrival) continue;
    ++recorded;
    different += *packet.recorded_arrival != packet.arrived ? 1 : 0;
  }
  const double mean = latency / static_cast<double>(packets.size());
  if (as_json_) {
    json summary = {{"packets", packets.size()}, {"mean_latency_cycles", mean}};
    if (recorded > 0) summary["different_arrivals"] = different;
    fmt::print("{}\n", summary.dump(2));
    return status_ok;
  }
  fmt::print("{} {}x{}: {} packets, mean latency {:.3f} cycles\n", noc::to_string(config.kind),
             config.columns, config.rows, packets.size(), mean);
  if (recorded > 0) fmt::print("{} of {} recorded arrivals differ\n", different, recorded);
  return status_ok;
}

}  // namespace weft::tool

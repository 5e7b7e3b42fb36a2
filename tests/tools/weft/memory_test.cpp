// SPDX-License-Identifier: Apache-2.0
// Training on machines with different memories: the same weights bit for bit, at different times and costs.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <set>

#include "platform/loader/elf_file.h"
#include "tests/models/tlm/fresh_kernel.h"
#include "tests/tools/weft/training.h"
#include "tools/weft/files.h"
#include "tools/weft/memory_report.h"
#include "tools/weft/references.h"
#include "tools/weft/workload.h"

using namespace weft;
using namespace weft::tool;
using namespace weft::tool::test;
using nlohmann::json;

namespace {

using Overrides = std::vector<std::string>;

struct Trained {
  double simulated_s = 0;
  std::vector<compiler::LoweredWeights> weights;
  double energy_J = 0;
  std::uint64_t instructions = 0;
  json memory;
  json banks;  // of the first tile's buffer
};

Trained train(const Overrides& more) {
  weft::test::fresh_kernel();
  Setup setup;
  setup.train = 12;
  setup.test = 4;
  setup.more = more;
  const config::Scenario scenario = make_scenario(setup);
  const Workload workload = prepare(scenario);
  SimulationOptions options;
  options.firmware = loader::read_file(default_firmware());
  Simulation simulation(scenario, &workload.program, options);
  Trained result;
  const Outcome outcome = simulation.run();
  REQUIRE(outcome.ending == Ending::finished);
  result.simulated_s = outcome.simulated_s;
  result.weights = simulation.trained_weights();
  result.energy_J = simulation.context().energy.total().value();
  result.instructions = simulation.machine().instructions();
  json results;
  add_memory_report(results, scenario, simulation.machine(), simulation.context(), outcome.simulated_s);
  result.banks = bank_report(simulation.machine().accelerator().tile(0).buffer(), outcome.simulated_s);
  if (results.contains("memory")) result.memory = results["memory"];
  return result;
}

Overrides with(const std::string& kind, const Overrides& more = {}) {
  Overrides result = {"platform.memory.kind=" + kind};
  result.insert(result.end(), more.begin(), more.end());
  return result;
}

std::uint64_t count(const json& controller, const char* what) {
  return controller[what].get<std::uint64_t>();
}

}  // namespace

TEST_CASE("every memory trains the same weights at a time and energy of its own") {
  const Trained simple = train({});
  CHECK(simple.memory.is_null());
  std::set<double> times{simple.simulated_s};
  std::set<double> energies{simple.energy_J};
  for (const char* kind : {"ddr4-2400", "ddr4-3200", "lpddr4-3200", "hbm2"}) {
    INFO(kind);
    const Trained trained = train(with(kind));
    CHECK(first_difference(trained.weights, simple.weights) == "");
    CHECK(times.insert(trained.simulated_s).second);
    CHECK(energies.insert(trained.energy_J).second);
    CHECK(trained.memory["kind"] == kind);
    const json& controller = trained.memory["controllers"][0];
    CHECK(controller["router"].is_null());
    CHECK(count(controller, "row_hits") + count(controller, "row_misses") +
              count(controller, "row_conflicts") >
          0);
    CHECK(count(controller, "refreshes") > 0);
    double sum = 0;
    for (const auto& [operation, joule] : controller["energy_J"].items()) {
      if (operation != "total") sum += joule.get<double>();
    }
    CHECK(sum == Approx(controller["energy_J"]["total"].get<double>()).epsilon(1e-12));
    // Whole bursts for short accesses cost more than their bits, standby more than all.
    CHECK(trained.memory["access_pJ_per_bit"].get<double>() > 3);
    CHECK(trained.memory["access_pJ_per_bit"].get<double>() < trained.memory["pJ_per_bit"].get<double>());
    CHECK(trained.memory["energy_J"].get<double>() == controller["energy_J"]["total"].get<double>());
  }
}

TEST_CASE("controllers on the network share the accesses and train the same weights") {
  const Trained simple = train({});
  const char* const fidelity = GENERATE("ideal", "lt", "flit");
  const std::string network = fmt::format("platform.noc.fidelity={}", fidelity);
  const Overrides four = {network, "platform.memory.controllers=[[1, 0], [0, 0], [3, 3], [2, 1]]",
                          "platform.memory.interleave=256 B"};
  const Trained trained = train(with("ddr4-2400", four));
  CHECK(first_difference(trained.weights, simple.weights) == "");
  REQUIRE(trained.memory["controllers"].size() == 4);
  std::uint64_t bytes = 0;
  for (const json& controller : trained.memory["controllers"]) {
    CHECK(count(controller, "requests") > 0);
    bytes += count(controller, "bytes_read") + count(controller, "bytes_written");
  }
  CHECK(bytes == trained.memory["bytes"].get<std::uint64_t>());
  CHECK(trained.memory["controllers"][2]["router"] == json({3, 3}));
  // The bytes are those that one controller moves, in pieces.
  const Trained one = train(with("ddr4-2400", {network}));
  CHECK(bytes == one.memory["bytes"].get<std::uint64_t>());
  CHECK(trained.simulated_s != one.simulated_s);
}

TEST_CASE("time and energy with a DRAM depend neither on the quantum nor on switches of speed") {
  const Overrides placement =
      GENERATE(Overrides{},
               Overrides{"platform.memory.controllers=[[1, 0], [2, 2]]", "platform.memory.interleave=256 B"},
               Overrides{"platform.memory.direct=false"});
  const Trained expected = train(with("ddr4-3200", placement));
  for (const Overrides& change : {Overrides{"platform.quantum=100 ns"}, Overrides{"platform.quantum=1 ms"},
                                  Overrides{"run.speed.direct_memory=false"},
                                  Overrides{"run.speed.jit=off", "run.speed.block_cache=false"}}) {
    INFO(change.front());
    Overrides more = placement;
    more.insert(more.end(), change.begin(), change.end());
    const Trained found = train(with("ddr4-3200", more));
    CHECK(found.simulated_s == expected.simulated_s);
    CHECK(found.energy_J == expected.energy_J);
    CHECK(found.instructions == expected.instructions);
    CHECK(found.memory == expected.memory);
    CHECK(first_difference(found.weights, expected.weights) == "");
  }
}

TEST_CASE("a host without pointers into the DRAM waits for every access to it") {
  const Trained direct = train(with("ddr4-2400"));
  const Trained through = train(with("ddr4-2400", {"platform.memory.direct=false"}));
  CHECK(first_difference(through.weights, direct.weights) == "");
  CHECK(through.simulated_s > direct.simulated_s);
  CHECK(count(through.memory["controllers"][0], "requests") >
        count(direct.memory["controllers"][0], "requests"));
}

TEST_CASE("timings and prices of a scenario replace those of the kind") {
  const Trained slow =
      train(with("ddr4-2400", {"platform.memory.timing.cl=60", "platform.memory.timing.trtw=60"}));
  const Trained usual = train(with("ddr4-2400"));
  CHECK(slow.memory["controllers"][0]["mean_latency_ns"].get<double>() >
        usual.memory["controllers"][0]["mean_latency_ns"].get<double>() + 20);
  const Trained priced = train(with("ddr4-2400", {"technology.memory.read_pJ_per_bit=1000"}));
  CHECK(priced.memory["prices_J"]["read_bit"].get<double>() == Approx(1e-9));
  CHECK(priced.simulated_s == usual.simulated_s);
  const Trained closed = train(with("ddr4-2400", {"platform.memory.page_policy=closed"}));
  CHECK(count(closed.memory["controllers"][0], "row_hits") <
        count(usual.memory["controllers"][0], "row_hits"));
  CHECK(closed.simulated_s != usual.simulated_s);
}

TEST_CASE("a buffer with banks trains the same weights, and its users meet less often in more banks") {
  const Trained port = train({});
  CHECK(port.banks.is_null());
  const Trained two = train({"platform.tile.buffer_banks=2", "platform.tile.buffer_word=8"});
  const Trained many = train({"platform.tile.buffer_banks=16", "platform.tile.buffer_word=8"});
  CHECK(first_difference(two.weights, port.weights) == "");
  CHECK(first_difference(many.weights, port.weights) == "");
  CHECK(count(two.banks, "words") == count(many.banks, "words"));
  CHECK(count(two.banks, "conflicts") > count(many.banks, "conflicts"));
  CHECK(two.simulated_s != port.simulated_s);
  const Trained slow =
      train({"platform.tile.buffer_banks=2", "platform.tile.buffer_word=8", "platform.quantum=100 ns"});
  CHECK(slow.simulated_s == two.simulated_s);
  CHECK(slow.banks == two.banks);
}

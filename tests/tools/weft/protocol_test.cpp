// SPDX-License-Identifier: Apache-2.0
// Whole machines whose sockets are watched for violations of the base protocol.
#include <catch2/catch.hpp>
#include <optional>
#include <string>
#include <vector>

#include "models/common/error.h"
#include "platform/loader/elf_file.h"
#include "tests/models/tlm/fresh_kernel.h"
#include "tests/tools/weft/training.h"
#include "tools/weft/files.h"
#include "tools/weft/workload.h"

using namespace weft;
using namespace weft::tool;
using namespace weft::tool::test;

namespace {

struct Watched {
  Outcome outcome;
  std::vector<compiler::LoweredWeights> weights;
  std::uint64_t transactions = 0;
  std::uint64_t violations = 0;
};

// Two layers over several tiles, with small arrays.
Setup setup_of(const std::string& fidelity, const std::string& watched) {
  Setup setup;
  setup.layers = {{20, "relu"}, {10, "none"}};
  setup.train = 3;
  setup.test = 2;
  setup.crossbars = 4;
  setup.more = {"platform.noc.fidelity=" + fidelity};
  if (!watched.empty()) setup.more.push_back("run.check_protocol=" + watched);
  return setup;
}

Watched train(const Setup& setup) {
  const config::Scenario scenario = make_scenario(setup);
  const Workload workload = prepare(scenario);
  SimulationOptions options;
  options.firmware = loader::read_file(default_firmware());
  Simulation simulation(scenario, &workload.program, options);
  Watched result;
  result.outcome = simulation.run();
  result.weights = simulation.trained_weights();
  if (simulation.checks() != nullptr) {
    result.transactions = simulation.checks()->transactions();
    result.violations = simulation.checks()->violations();
  }
  return result;
}

}  // namespace

TEST_CASE("a training run keeps the base protocol at every socket, with the same bits in the same time") {
  const std::string fidelity = GENERATE("ideal", "lt", "flit");
  const std::string watched = GENERATE("all", "[\"*.tile1.*\"]");
  CAPTURE(fidelity, watched);
  const Watched plain = train(setup_of(fidelity, ""));
  weft::test::fresh_kernel();
  const Watched checked = train(setup_of(fidelity, watched));
  REQUIRE(plain.outcome.ending == Ending::finished);
  CHECK(checked.outcome.ending == Ending::finished);
  CHECK(checked.outcome.detail.empty());
  CHECK(checked.violations == 0);
  CHECK(checked.transactions > (watched == "all" ? 3'000 : 300));
  CHECK(checked.outcome.simulated_s == plain.outcome.simulated_s);
  for (std::size_t layer = 0; layer < plain.weights.size(); ++layer) {
    CHECK(checked.weights[layer].weights == plain.weights[layer].weights);
    CHECK(checked.weights[layer].bias == plain.weights[layer].bias);
  }
}

TEST_CASE("a name of no socket is refused before the run, with the names there are") {
  CHECK_THROWS_WITH(train(setup_of("lt", "[all, \"*.tile33.*\"]")),
                    Catch::Contains("no socket is called '*.tile33.*'") &&
                        Catch::Contains("weft.accelerator.tile*.dma.operands"));
}

TEST_CASE("a violation ends the run and is told with time, socket and rule") {
  const config::Scenario scenario = make_scenario(setup_of("lt", "\"*.noc.to_node_1\""));
  const Workload workload = prepare(scenario);
  SimulationOptions options;
  options.firmware = loader::read_file(default_firmware());
  Simulation simulation(scenario, &workload.program, options);
  auto* const socket =
      dynamic_cast<tlm::tlm_initiator_socket<32>*>(sc_core::sc_find_object("weft.accelerator.noc.to_node_1"));
  REQUIRE(socket != nullptr);
  sc_core::sc_spawn([socket] {
    sc_core::wait(sc_core::sc_time(7, sc_core::SC_US));
    tlm::tlm_generic_payload without_data;
    without_data.set_address(0x40100000);
    sc_core::sc_time delay;
    (*socket)->b_transport(without_data, delay);
  });
  const Outcome outcome = simulation.run();
  CHECK(outcome.ending == Ending::failed);
  CHECK(outcome.simulated_s < 1e-4);
  CHECK_THAT(outcome.detail,
             Catch::Contains("7 us: weft.accelerator.noc.to_node_1 -> weft.accelerator.tile1.bus.input_0: "
                             "address 0x40100000") &&
                 Catch::Contains("run.check_protocol"));
}

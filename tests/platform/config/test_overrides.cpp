// SPDX-License-Identifier: Apache-2.0
// --set on the command line.
#include <catch2/catch.hpp>

#include "tests/platform/config/support.h"

using namespace weft::config;
using namespace weft::config::test;

namespace {

Scenario parse(const std::vector<std::string>& overrides) {
  return parse_scenario(network, "x.yaml", set(overrides));
}

std::string errors(const std::vector<std::string>& overrides) { return errors_of(network, set(overrides)); }

}  // namespace

TEST_CASE("an override changes a value the file gives and one it leaves out") {
  const Scenario scenario = parse({"training.epochs=7", "platform.noc.hop_cycles=0x3"});
  CHECK(scenario.training.epochs == 7);
  CHECK(scenario.platform.noc.hop_cycles == 3);
}

TEST_CASE("an override reaches into a list") {
  const Scenario scenario = parse({"workload.layers[0].outputs=48"});
  CHECK(scenario.workload.layers[0].outputs == 48);
  CHECK(scenario.workload.layers[0].activation == Activation::relu);
  CHECK(scenario.workload.layers[1].outputs == 10);
}

TEST_CASE("an override's value is YAML") {
  const Scenario scenario = parse({"training.learning_rate=[0.5, 0.25]", "platform.quantum=1 us",
                                   "description=a = b", "platform.tiles={columns: 5, rows: 1}"});
  CHECK(scenario.training.learning_rate.schedule == std::vector<double>{0.5, 0.25});
  CHECK(scenario.platform.quantum_ns == 1000);
  CHECK(scenario.description == "a = b");
  CHECK(scenario.platform.tiles.count() == 5);
}

TEST_CASE("of two overrides the later wins") {
  CHECK(parse({"training.epochs=7", "training.epochs=8"}).training.epochs == 8);
  CHECK(parse({"platform.tiles.rows=3", "platform.tiles={columns: 4}"}).platform.tiles.rows == 2);
}

TEST_CASE("a wrong override is reported with itself as its place") {
  CHECK(
      errors({"platform.quantum=soon"}) ==
      "--set platform.quantum=soon: platform.quantum: found 'soon', expected a duration with its unit, from "
      "1 ns to 1 s, such as '10 us'");
  CHECK(
      errors({"training.batsh=2"}) ==
      "--set training.batsh=2: training.batsh: unknown key; did you mean 'batch'? (allowed: optimizer, kfac, "
      "epochs, batch, learning_rate, moments, seed, initial, variant, gradient, gradient_store, schedule, "
      "deposits, carry_period, carry_unit, carry_limit, carry_slice, write_filter_schedule, evaluate, "
      "shuffle)");
  CHECK(errors({"workload.layers[2].outputs=5"}) ==
        "--set workload.layers[2].outputs=5: workload.layers: has 2 entries; [2] is not one of them");
  CHECK(errors({"training[0]=5"}) ==
        "--set training[0]=5: training: found a mapping where [0] expects a list");
  CHECK(errors({"training.epochs.max=5"}) ==
        "--set training.epochs.max=5: training.epochs: found '1' where .max expects a mapping");
  CHECK(errors({"training.epochs="}) ==
        "--set training.epochs=: training.epochs: found nothing, expected an integer from 1 to 100000");
  CHECK(errors({"training.learning_rate=[1"}) ==
        "--set training.learning_rate=[1: not valid YAML: end of sequence flow not found");
  CHECK(errors({"run={progress: bar, progress: none}"}) ==
        "--set run={progress: bar, progress: none}: run.progress: duplicate key; it was given on line 1 "
        "already");
  CHECK(errors({"include=a.yaml"}) == "--set include=a.yaml: include can only stand in a file");
}

TEST_CASE("an override that is not key=value is refused") {
  CHECK(errors({"training.epochs"}) ==
        "--set training.epochs: expected key=value, such as platform.quantum=1 us");
  for (const char* path : {"", ".a", "a.", "a..b", "[0]", "a[", "a[x]", "a[0]b", "a b", "a[-1]"}) {
    INFO(path);
    CHECK(errors({std::string(path) + "=1"}) ==
          "--set " + std::string(path) + "=1: '" + path +
              "' is not the path of a key, such as workload.layers[0].outputs");
  }
}

TEST_CASE("overrides and file are checked together") {
  CHECK(
      errors({"training.batch=200", "platform.noc.host_node=[2, 0]"}) ==
      "--set platform.noc.host_node=[2, 0]: platform.noc.host_node: [2, 0] is outside the mesh of 2 columns "
      "and 2 rows\n"
      "--set training.batch=200: training.batch: found 200, but dataset.train has only 100 samples");
}

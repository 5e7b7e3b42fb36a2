// SPDX-License-Identifier: Apache-2.0
// PANTHER (arXiv 1912.11516), sections 7.3 and 7.4: energy of the dense layers of its table 4, other design
// over PANTHER. Runs compute no numbers, which changes neither time nor energy; the first test shows it.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <map>

#include "tests/tools/cli/cli.h"

using namespace weft::test;

namespace {

constexpr int carry_period = 1024;  // section 6.3

// Energy per example of one matrix of a layer, and the part of it that writing back or a carry resolution is.
struct Energy {
  double every_example = 0;
  double once = 0;
};

struct Layer {
  std::string name;
  Energy panther;
  Energy digital;
  Energy mvm;

  double per_example(const Energy& energy, int batch) const {
    return energy.every_example + energy.once / batch;
  }
  double to_digital() const { return per_example(digital, 1) / per_example(panther, carry_period); }
  double to_mvm(int batch) const { return per_example(mvm, batch) / per_example(panther, carry_period); }
};

struct Network {
  int inputs;
  std::vector<std::string> names;  // of the published layers
  std::vector<int> outputs;        // of the layers, the first of which stands for what comes before them
  std::string tiles;
};

// Dense1 to Dense4 are PANTHER's perceptron, Dense14 to Dense16 the end of its VGG-16. The paper charges
// three operations for every matrix, also for the perceptron's first, whose error nobody needs.
const Network perceptron{
    1024, {"Dense1", "Dense2", "Dense3", "Dense4"}, {1024, 256, 512, 512, 10}, "{columns: 4, rows: 4}"};
const Network vgg{512, {"Dense14", "Dense15", "Dense16"}, {512, 4096, 4096, 100}, "{columns: 10, rows: 8}"};

std::string scenario(const Network& network, int samples, int batch) {
  std::string layers;
  for (const int& outputs : network.outputs) {
    const bool last = &outputs == &network.outputs.back();
    layers += fmt::format("    - {{outputs: {}, activation: {}}}\n", outputs, last ? "none" : "relu");
  }
  return fmt::format(
      "name: dense\n"
      "platform: {{preset: panther, tiles: {}, tile: {{buffer_size: 768 KiB, sync_counters: 64}}, "
      "crossbar: {{arithmetic: none}}}}\n"
      "technology: {{preset: panther-32nm}}\n"
      "workload:\n  layers:\n{}"
      "  number_format: {{input_bits: 15, activation_bits: 15, error_bits: 15}}\n"
      "dataset: {{kind: csv, path: examples.csv, train: {}, test: 1}}\n"
      "training: {{epochs: 1, batch: {}, learning_rate: 0.001, carry_period: {}, evaluate: false}}\n"
      "run: {{progress: none}}\n",
      network.tiles, layers, samples, batch, carry_period);
}

// Every label occurs.
std::string examples(int features, int labels) {
  constexpr int count = 101;
  std::string text;
  for (int example = 0; example < count; ++example) {
    for (int i = 0; i < features; ++i) text += fmt::format("{},", (example * 7 + i * 13) % 256);
    text += fmt::format("{}\n", example % labels);
  }
  return text;
}

nlohmann::json compare(const Network& network, int samples, int batch) {
  const TemporaryFolder folder;
  folder.file("examples.csv", examples(network.inputs, network.outputs.back()));
  const std::string file = folder.file("dense.yaml", scenario(network, samples, batch));
  const ProgramResult result = weft::test::weft(
      {"compare", file, "--on", "panther", "--on", "base-digital", "--on", "base-mvm", "--set",
       "platform.tiles=" + network.tiles, "--json", "--out", (folder / "out").string()});
  CAPTURE(result.errors);
  REQUIRE(result.status == 0);
  return nlohmann::json::parse(result.output);
}

Energy energy(const nlohmann::json& figures, const std::string& layer, int samples, int batches) {
  const double update = figures[layer + ".update_J"];
  const double training = figures[layer + ".training_J"];
  return {(training - update) / samples, update / batches};
}

std::vector<Layer> layers(const Network& network, int samples, int batch) {
  const nlohmann::json all = compare(network, samples, batch);
  std::vector<Layer> result;
  for (std::size_t i = 0; i < network.names.size(); ++i) {
    const std::string key = fmt::format("layer{}", i + 1);
    // PANTHER resolves carries once in a run as short as this, at its end; Base_mvm writes back once a batch.
    result.push_back({network.names[i], energy(all["runs"][0]["figures"], key, samples, 1),
                      energy(all["runs"][1]["figures"], key, samples, 1),
                      energy(all["runs"][2]["figures"], key, samples, samples / batch)});
  }
  return result;
}

nlohmann::json ran(const std::string& platform, const std::string& arithmetic) {
  const TemporaryFolder folder;
  const std::string file = folder.file("small.yaml", small_scenario);
  const ProgramResult run = weft::test::weft(
      {"run", file, "-q", "--set", "platform.preset=" + platform, "--set", "training.batch=4", "--set",
       "platform.crossbar.arithmetic=" + arithmetic, "--out", (folder / "out").string()});
  CAPTURE(run.errors);
  REQUIRE(run.status == 0);
  return results(folder / "out");
}

// By component.
nlohmann::json accelerator_energy(const nlohmann::json& all) {
  nlohmann::json components;
  for (const auto& [name, joule] : all["energy"]["components"].items()) {
    if (contains(name, "accelerator")) components[name] = joule;
  }
  CHECK(components.size() > 4);
  return components;
}

// What the network has carried, without what depends on the time the host takes before and after.
nlohmann::json carried(const nlohmann::json& all) {
  nlohmann::json noc = all["noc"];
  noc["bottleneck"].erase("utilisation");
  noc["heat_map"].erase("utilisation");
  noc["energy"].erase("router_leakage_J");
  for (auto& each : noc["classes"]) each.erase("throughput_bytes_per_s");
  for (auto& link : noc["links"]) link.erase("utilisation");
  return noc;
}

}  // namespace

TEST_CASE("without numbers, a run takes the time and the energy that it takes with them") {
  for (const std::string platform : {"panther", "base-digital", "base-mvm"}) {
    CAPTURE(platform);
    const nlohmann::json with = ran(platform, "automatic");
    const nlohmann::json without = ran(platform, "none");
    for (const char* key : {"area", "layers"}) {
      CAPTURE(key);
      CHECK(with[key] == without[key]);
    }
    CHECK(carried(with) == carried(without));
    CHECK(accelerator_energy(with) == accelerator_energy(without));
    // The host prints what has been learned, which takes it more or fewer instructions.
    CHECK(with["time"]["simulated_s"].get<double>() ==
          Approx(without["time"]["simulated_s"].get<double>()).margin(1e-6));
    for (const char* key : {"mvm", "mtvm", "opa", "crs", "adc_conversions", "cells_programmed"})
      CHECK(with["operations"]["crossbar"][key] == without["operations"]["crossbar"][key]);
    CHECK(with["operations"]["instructions"]["tiles"] == without["operations"]["instructions"]["tiles"]);
    CHECK(with["accuracy"]["platform"].is_number());
    CHECK(without["accuracy"]["platform"].is_null());
    CHECK(without["reference"]["bit_exact"].is_null());
    CHECK(without["operations"]["crossbar"]["computed_exactly"] == 0);
    CHECK(without["operations"]["crossbar"]["computed_sliced"] == 0);
  }
}

// What is left is explained in docs/panther.md.
TEST_CASE("dense layers cost the baselines what PANTHER publishes") {
  struct Case {
    const Network& network;
    int batch;
  };
  for (const Case& each : {Case{perceptron, 1}, Case{perceptron, 4}, Case{vgg, 4}}) {
    for (const Layer& layer : layers(each.network, 4, each.batch)) {
      CAPTURE(layer.name, each.batch);
      CHECK(layer.to_digital() == Approx(8.02).epsilon(0.15));
      CHECK(layer.to_digital() >= 7.01);
      CHECK(layer.to_digital() <= 8.02);
      CHECK(layer.to_mvm(1) == Approx(54.21).epsilon(0.15));
      CHECK(layer.to_mvm(64) == Approx(2.16).epsilon(0.15));
      CHECK(layer.to_mvm(1024) == Approx(1.18).epsilon(0.15));
    }
  }
}

TEST_CASE("a batch of 64 costs what the parts of smaller batches say") {
  const std::vector<Layer> large = layers(perceptron, 64, 64);
  const std::vector<Layer> small = layers(perceptron, 4, 4);
  for (std::size_t i = 0; i < large.size(); ++i) {
    CAPTURE(large[i].name);
    CHECK(large[i].to_mvm(64) == Approx(small[i].to_mvm(64)).epsilon(1e-6));
    CHECK(large[i].to_mvm(64) >= 1.61);
    CHECK(large[i].to_mvm(64) <= 2.16);
  }
}

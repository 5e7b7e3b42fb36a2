// SPDX-License-Identifier: Apache-2.0
// The scenarios that come with Weft, the resolved scenario, and the manual.
#include <catch2/catch.hpp>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>

#include "tests/platform/config/support.h"

using namespace weft::config;
using namespace weft::config::test;

namespace {

const std::filesystem::path source_folder = WEFT_SOURCE_DIR;

std::vector<std::filesystem::path> scenario_files() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(source_folder / "scenarios")) {
    if (entry.path().extension() == ".yaml") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

std::string contents(const std::filesystem::path& file) {
  std::ifstream stream(file);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

// What a key that has just been given differs in from what it was.
bool changes(const std::string& base, const std::string& key, const std::string& value) {
  const Scenario before = parse_scenario(base, "x.yaml");
  const Scenario after = parse_scenario(base, "x.yaml", set({key + "=" + value}));
  const std::string dump = dump_resolved(after);
  CHECK(dump_resolved(parse_scenario(dump, "y.yaml")) == dump);
  return dump != dump_resolved(before);
}

// A legal value that is not the default, for keys where any will do.
std::string another_value(const KeyDoc& doc) {
  if (doc.type == "choice") {
    std::istringstream words(doc.range);
    std::string word;
    while (std::getline(words >> std::ws, word, ',')) {
      if (word != doc.default_value) return word;
    }
    return "";
  }
  if (doc.type == "boolean") return doc.default_value == "true" ? "false" : "true";
  const std::string separator = " … ";
  const std::size_t middle = doc.range.find(separator);
  if (middle == std::string::npos) return "other";
  const std::string low = doc.range.substr(0, middle);
  std::string high = doc.range.substr(middle + separator.size());
  high = high.substr(0, high.find(','));
  return doc.default_value == high ? low : high;
}

}  // namespace

TEST_CASE("the scenarios that come with Weft are valid and survive being resolved") {
  REQUIRE(scenario_files().size() >= 5);
  for (const auto& file : scenario_files()) {
    INFO(file.string());
    REQUIRE(errors_of_file(file).empty());
    const Scenario scenario = load_scenario(file);
    CHECK(scenario.name == file.stem());
    CHECK_FALSE(scenario.description.empty());
    const std::string dump = dump_resolved(scenario);
    const Scenario again = parse_scenario(dump, "/somewhere/else.yaml");
    CHECK(dump_resolved(again) == dump);
    CHECK(scenario_hash(again) == scenario_hash(scenario));
    CHECK(again.dataset.directory == scenario.dataset.directory);
    CHECK(again.platform.crossbar.cell_bits == scenario.platform.crossbar.cell_bits);
  }
}

TEST_CASE("every preset that comes with Weft can be chosen") {
  for (const auto& [section, folder] :
       std::map<std::string, std::string>{{"platform", "platforms"}, {"technology", "technologies"}}) {
    for (const auto& entry : std::filesystem::directory_iterator(source_folder / "scenarios" / folder)) {
      INFO(entry.path().string());
      LoadOptions options = set({section + ".preset=" + entry.path().stem().string()});
      CHECK(errors_of_file(source_folder / "scenarios/digits_mlp.yaml", options).empty());
    }
  }
}

TEST_CASE("the default platform and technology are the presets mesh2x2 and reram-32nm") {
  LoadOptions options;
  options.preset_path = {source_folder / "scenarios"};
  const std::string presets = "platform: {preset: mesh2x2}\ntechnology: {preset: reram-32nm}\n";
  CHECK(dump_resolved(parse_scenario(network + presets, "x.yaml", options)) ==
        dump_resolved(parse_scenario(network, "x.yaml")));
}

TEST_CASE("defaults and given values arrive in the scenario in the units its members name") {
  const Scenario scenario = parse_scenario(
      network +
          "platform:\n  quantum: 2 ms\n  host: {dram_bandwidth: 500 MB/s, dram_size: 0x100000}\n"
          "technology:\n  crossbar: {mvm_step: 0.2 us, write_energy: 1 uJ}\n"
          "run: {watchdog: 5 ms, progress: lines}\n",
      "x.yaml");
  CHECK(scenario.platform.quantum_ns == 2e6);
  CHECK(scenario.platform.host.dram_bandwidth_GBps == 0.5);
  CHECK(scenario.platform.host.dram_size_bytes == mebibyte);
  CHECK(scenario.platform.host.dram_latency_ns == 60);
  CHECK(scenario.technology.crossbar.mvm_step_ns == 200);
  CHECK(scenario.technology.crossbar.write_pJ == 1e6);
  CHECK(scenario.technology.crossbar.opa_step_pJ == 88.8);
  CHECK(scenario.run.watchdog_ns == 5e6);
  CHECK(scenario.run.progress == Progress::lines);
  CHECK(scenario.platform.crossbar.weight_bits() == 32);
  CHECK(scenario.platform.crossbar.cell_bits == std::vector<int>(16, 6));
  CHECK(scenario.platform.crossbar.adc_bits == std::vector<int>(16, 10));
}

TEST_CASE("a learning rate is a number, a list or a first rate with its decay") {
  const auto rate = [](const std::string& value) {
    return parse_scenario(network, "x.yaml", set({"training.learning_rate=" + value})).training.learning_rate;
  };
  CHECK(rate("0.25").at(100) == 0.25);
  CHECK(rate("{initial: 0.5, decay: 0.5}").at(0) == 0.5);
  CHECK(rate("{initial: 0.5, decay: 0.5}").at(3) == 0.0625);
  CHECK(rate("[0.3, 0.2]").at(1) == 0.2);
  CHECK(rate("[0.3, 0.2]").at(5) == 0.2);
}

TEST_CASE("every documented key reaches the resolved scenario and comes back from it") {
  const TemporaryFolder folder;
  const std::string file = folder.write("other", "elf").string();
  const std::string head =
      "workload: {layers: [{outputs: 12}], loss: mean_squared_error}\n"
      "training: {epochs: 1, learning_rate: {initial: 0.1}}\n";
  const std::string digits = head + "dataset: {kind: digits, train: 100, test: 10}\n";
  const std::string idx = head + "dataset: {kind: idx, train: 100, test: 10}\n";
  const std::string csv = head + "dataset: {kind: csv, train: 100, test: 10, path: t.csv}\n";
  const std::string devices = digits + "platform: {crossbar: {arithmetic: device}}\n";
  const std::string writes = digits +
                             "platform: {crossbar: {update: write_back, write_filter: {policy: drop}, "
                             "endurance: {count_wear: true}}}\n";
  const std::string schedule =
      "workload: {layers: [{outputs: 12}], loss: mean_squared_error}\n"
      "training: {epochs: 3, learning_rate: 0.1, write_filter_schedule: [{from_epoch: 1, policy: drop}]}\n"
      "dataset: {kind: digits, train: 100, test: 10}\n"
      "platform: {crossbar: {update: write_back}}\n";
  const std::string buffers =
      digits + "platform: {tile: {reram_buffer: {size: 64 KiB, endurance: {count_wear: true}}}}\n";
  const std::string kernels =
      "workload: {layers: [{outputs: 12}]}\n"
      "training: {epochs: 1, learning_rate: 0.1, gradient: activation_kernels}\n"
      "dataset: {kind: digits, train: 100, test: 10}\n"
      "platform: {crossbar: {update: write_back, kernel_filter: {policy: drop}}}\n";
  const std::string nested = digits + "platform: {inversion: {mode: nested}}\n";
  const std::string merged = digits + "platform: {inversion: {mode: merged}}\n";
  const std::string posted = digits + "platform: {noc: {posted_writes: 4}}\n";
  const std::string banks = digits + "platform: {tile: {buffer_banks: 2}}\n";
  const std::string ddr4 = digits + "platform: {memory: {kind: ddr4-2400}}\n";
  const std::string programs = "workload: {programs: [{tile: 1, elf: " + file + "}]}\n";
  const std::map<std::string, std::string> values = {
      // Keys that other keys limit.
      {"platform.crossbar.slices", "8"},
      {"platform.crossbar.digit_bits", "1"},
      {"platform.noc.host_node", "[1, 1]"},
      {"workload.layers", "[{outputs: 20}, {outputs: 10}]"},
      {"workload.layers[].outputs", "20"},
      {"workload.programs", "[{tile: 2, elf: " + file + "}]"},
      {"workload.programs[].tile", "0"},
      {"workload.loss", "cross_entropy"},
      {"training.batch", "100"},
      {"dataset.kind", "idx"},
      {"run.firmware", file},
      {"platform.host.flash.image", file},
      {"platform.host.semihosting", "true"},
      {"dataset.delimiter", "';'"},
      {"platform.crossbar.adcs", "2"},
      {"training.learning_rate", "0.2"},
      {"training.write_filter_schedule", "[{from_epoch: 2, policy: drop}]"},
      {"training.write_filter_schedule[].from_epoch", "2"},
      {"platform.crossbar.endurance.count_wear", "false"},
      {"platform.memory.channels", "2"},
      {"platform.memory.controllers", "[[1, 0]]"},
      {"platform.memory.interleave", "8192"},
      {"platform.memory.channel_interleave", "512"},
      {"platform.memory.timing.cl", "17"},
      {"platform.memory.timing.cwl", "15"},
      {"platform.memory.timing.trcd", "17"},
      {"platform.memory.timing.trp", "15"},
      {"platform.memory.timing.trpab", "17"},
      {"platform.memory.timing.tras", "38"},
      {"platform.memory.timing.trc", "56"},
      {"platform.memory.timing.tccd_s", "5"},
      {"platform.memory.timing.tccd_l", "7"},
      {"platform.memory.timing.trrd_s", "5"},
      {"platform.memory.timing.trrd_l", "7"},
      {"platform.memory.timing.trfc", "420"},
      {"platform.memory.timing.twtr_s", "4"},
      {"platform.tile.reram_buffer.size", "4 KiB"},
      {"platform.tile.reram_buffer.row_cells", "64"},
      {"platform.tile.reram_buffer.cell_bits", "2"},
      {"platform.tile.reram_buffer.endurance.count_wear", "false"},
  };
  const std::set<std::string> one_value_only = {"workload.layers[].type"};
  // Presets and includes leave their contents, not themselves; test_files.cpp is about them.
  const std::set<std::string> of_the_loader = {"include", "platform.preset", "technology.preset"};
  const std::set<std::string> go_in_pairs = {"dataset.images",
                                             "dataset.labels",
                                             "platform.host.boot",
                                             "platform.crossbar.adc_range",
                                             "platform.crossbar.adc_full_scale",
                                             "platform.crossbar.device.drift.time_s",
                                             "platform.crossbar.kernel_filter.keep_residual",
                                             "training.gradient",
                                             "training.optimizer",
                                             "workload.mapping",
                                             "platform.crossbar.adc_full_scale_by_layer"};
  int checked = 0;
  for (const KeyDoc& doc : schema_documentation()) {
    INFO(doc.path);
    CHECK_FALSE(doc.type.empty());
    CHECK_FALSE(doc.default_value.empty());
    CHECK_FALSE(doc.range.empty());
    CHECK_FALSE(doc.description.empty());
    const bool special = of_the_loader.count(doc.path) + go_in_pairs.count(doc.path) != 0;
    if (special || doc.path == "workload.programs[].elf") continue;
    const auto given = values.find(doc.path);
    std::string value = given != values.end() ? given->second : another_value(doc);
    if (one_value_only.count(doc.path) != 0) {
      CHECK(value.empty());
      continue;
    }
    const bool needs_csv = doc.description.find("kind: csv") != std::string::npos;
    const bool needs_idx = doc.description.find("kind: idx") != std::string::npos;
    const bool of_programs = doc.path.find("workload.programs") == 0;
    const bool of_devices = doc.path.find("platform.crossbar.device") == 0;
    const bool of_writes = doc.path.find("platform.crossbar.write_filter") == 0 ||
                           doc.path.find("platform.crossbar.endurance") == 0;
    const bool of_schedule = doc.path.find("training.write_filter_schedule") == 0;
    const bool of_buffers = doc.path.find("platform.tile.write_filters") == 0 ||
                            doc.path.find("platform.tile.reram_buffer.") == 0;
    const bool of_kernels =
        doc.path.find("platform.crossbar.kernel_filter") == 0 || doc.path == "training.gradient_store";
    const bool of_inversion =
        doc.path.find("platform.inversion.") == 0 && doc.path != "platform.inversion.mode";
    const bool needs_merged = doc.description.find("Only with mode: merged") != std::string::npos;
    const bool of_banks = doc.path == "platform.tile.buffer_word";
    const bool of_memory = doc.path.find("platform.memory.") == 0 && doc.path != "platform.memory.kind";
    const std::string& base = of_programs                            ? programs
                              : of_memory                            ? ddr4
                              : of_banks                             ? banks
                              : doc.path == "platform.noc.multicast" ? posted
                              : needs_idx                            ? idx
                              : needs_csv                            ? csv
                              : of_devices                           ? devices
                              : of_writes                            ? writes
                              : of_schedule                          ? schedule
                              : of_buffers                           ? buffers
                              : of_kernels                           ? kernels
                              : needs_merged                         ? merged
                              : of_inversion                         ? nested
                                                                     : digits;
    CHECK(changes(base, replaced(doc.path, "[]", "[0]"), value));
    ++checked;
  }
  CHECK(checked > 80);
  const std::string fp_pim =
      "workload: {layers: [{outputs: 10}], mapping: fp_pim}\n"
      "training: {epochs: 1, learning_rate: 0.1}\n"
      "dataset: {kind: digits, train: 100, test: 10}\n"
      "platform: {tile: {fp_pim_units: 4, hart: {isa: rv32imafc}}}\n";
  CHECK(changes(fp_pim, "workload.mapping", "crossbar"));
  CHECK(changes(fp_pim, "training.optimizer", "adam"));
  CHECK(changes(writes, "training.gradient", "activation_kernels"));
  CHECK(changes(digits, "platform.crossbar.adc_range", "granular"));
  CHECK(changes(devices, "platform.crossbar.device.drift", "{age: configured, time_s: 5}"));
  CHECK(changes(digits, "platform.crossbar", "{adc_range: calibrated, adc_full_scale: 200}"));
  CHECK(changes(digits + "platform: {tile: {inversion_units: 2, hart: {isa: rv32imafc}}}\n",
                "training.optimizer", "kfac"));
  CHECK(changes(digits, "platform.crossbar", "{adc_range: calibrated, adc_full_scale_by_layer: [[200]]}"));
  CHECK(changes(digits, "platform.host", "{boot: flash, flash: {image: " + file + "}}"));
  CHECK(changes(idx, "dataset", "{kind: idx, train: 100, test: 10, images: i.gz, labels: l.gz}"));
}

TEST_CASE("the hash follows what is simulated, not where or how it is shown") {
  const auto hash = [](const std::string& text, const std::vector<std::string>& overrides,
                       const std::string& data = "") {
    LoadOptions options = set(overrides);
    if (!data.empty()) options.data_directory = data;
    return scenario_hash(parse_scenario(text, "/a/x.yaml", options));
  };
  const std::string idx =
      "workload: {layers: [{outputs: 10}]}\n"
      "training: {epochs: 1, learning_rate: 0.1}\n"
      "dataset: {kind: idx, train: 100, test: 10}\n";
  const std::string base = hash(idx, {});
  CHECK(base.size() == 16);
  CHECK(base.find_first_not_of("0123456789abcdef") == std::string::npos);
  CHECK(hash(idx, {"run.output=elsewhere", "run.progress=none"}) == base);
  CHECK(hash(idx, {}, "/data") == base);
  CHECK(hash(idx, {"training.seed=2"}) != base);
  CHECK(hash(idx, {"platform.quantum=11 us"}) != base);
  CHECK(hash(idx, {"training.learning_rate={initial: 0.1, decay: 1}"}) == base);
}

TEST_CASE("texts and paths with any characters survive being resolved") {
  const std::string odd = "a: 'b' \"c\" \\ # - {x} \xc3\xa9\t\n\x01 end";
  Scenario scenario = parse_scenario(network, "x.yaml");
  scenario.description = odd;
  scenario.run.output = "re sults/\"quoted\": [1]";
  const Scenario again = parse_scenario(dump_resolved(scenario), "y.yaml");
  CHECK(again.description == odd);
  CHECK(again.run.output == scenario.run.output);
}

TEST_CASE("the manual lists exactly the keys of the schema") {
  const std::string manual = contents(source_folder / "docs/scenario.md");
  const std::string expected = schema_markdown();
  if (manual.find(expected) == std::string::npos) {
    const std::filesystem::path wanted = std::filesystem::path(WEFT_BINARY_DIR) / "scenario_keys.md";
    std::ofstream(wanted) << expected;
    FAIL_CHECK("docs/scenario.md differs from the schema; the table it should have is in " << wanted);
  }
  const std::string row = "\n| `";
  const auto rows = [&row](const std::string& text) {
    int count = 0;
    for (std::size_t at = text.find(row); at != std::string::npos; at = text.find(row, at + 1)) ++count;
    return count;
  };
  const std::size_t key_section = manual.find("## All keys");
  REQUIRE(key_section != std::string::npos);
  CHECK(rows(manual.substr(key_section)) == rows(expected));
}

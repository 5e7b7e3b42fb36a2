// SPDX-License-Identifier: Apache-2.0
#include "tools/weft/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <fstream>

#include "models/common/error.h"
#include "tools/weft/commands.h"
#include "tools/weft/files.h"
#include "tools/weft/run_apart.h"
#include "tools/weft/variations.h"

namespace weft::tool {

namespace fs = std::filesystem;

namespace {

using nlohmann::json;

constexpr const char* passes[] = {"forward", "error", "gradient", "update", "access"};

json read_results(const fs::path& file) {
  std::ifstream stream(file);
  if (!stream) throw Error(fmt::format("{}: cannot be read", file.string()));
  json results = json::parse(stream, nullptr, false);
  if (results.is_discarded() || !results.is_object() || !results.contains("schema_version")) {
    throw Error(fmt::format("{}: not a results.json of weft run", file.string()));
  }
  constexpr int readable_version = 2;
  if (results["schema_version"] != readable_version) {
    throw Error(fmt::format("{}: schema_version {}, allowed: {}", file.string(),
                            results["schema_version"].dump(), readable_version));
  }
  return results;
}

struct Job {
  std::string name;
  fs::path results;               // that are there, or will be
  std::optional<RunOptions> run;  // none: they are there
};

Job job_of_scenario(const CompareOptions& options, const fs::path& scenario, const std::string& platform,
                    const Variation& variation, std::size_t number) {
  Job job;
  job.name = scenario.stem().string();
  RunOptions run;
  run.scenario = {scenario, options.set, options.data};
  if (!platform.empty()) {
    run.scenario.set.insert(run.scenario.set.begin(), "platform.preset=" + platform);
    job.name += "@" + platform;
  }
  run.scenario.set.insert(run.scenario.set.end(), variation.set.begin(), variation.set.end());
  run.out = options.out / fmt::format("{}-{}", number, job.name);
  run.quiet = true;
  run.reference = false;
  job.results = *run.out / "results.json";
  job.run = std::move(run);
  // Under the scenario's name columns would all begin alike.
  if (!variation.name.empty())
    job.name = options.inputs.size() > 1 ? job.name + " " + variation.name : variation.name;
  return job;
}

std::vector<Job> jobs(const CompareOptions& options) {
  const std::vector<std::string> platforms =
      options.platforms.empty() ? std::vector<std::string>{""} : options.platforms;
  const std::vector<Variation> varied = variations(options.vary);
  std::vector<Job> list;
  for (const fs::path& input : options.inputs) {
    if (fs::is_directory(input)) {
      list.push_back(
          {input.filename().empty() ? input.parent_path().filename().string() : input.filename().string(),
           input / "results.json",
           {}});
    } else if (input.extension() == ".json") {
      list.push_back({input.stem() == "results" ? fs::absolute(input).parent_path().filename().string()
                                                : input.stem().string(),
                      input,
                      {}});
    } else {
      for (const std::string& platform : platforms) {
        for (const Variation& variation : varied)
          list.push_back(job_of_scenario(options, input, platform, variation, list.size() + 1));
      }
    }
  }
  return list;
}

// The value at a path of keys, or null.
json at(const json& object, const std::vector<std::string>& path) {
  const json* here = &object;
  for (const std::string& key : path) {
    if (!here->is_object() || !here->contains(key)) return nullptr;
    here = &(*here)[key];
  }
  return *here;
}

double as_number(const json& value) { return value.is_number() ? value.get<double>() : 0; }

double sum_of_layers(const json& layers, const char* quantity, const char* pass) {
  double sum = 0;
  for (const json& layer : layers) sum += as_number(at(layer, {quantity, pass}));
  return sum;
}

// Cells by class: weights, and what ReRAM beside the tiles' buffers holds.
void add_writes(const json& results, json& flat) {
  const json writes = at(results, {"writes"});
  for (const auto& [name, of_class] : writes.items()) {
    for (const char* what : {"cells", "pulses", "filtered"}) {
      const json count = at(of_class, {what});
      if (count.is_number()) flat[fmt::format("writes.{}.{}", name, what)] = count;
    }
  }
}

// The figures that are compared, flat.
json figures(const json& results) {
  json flat;
  flat["time_s"] = at(results, {"time", "simulated_s"});
  flat["energy_J"] = at(results, {"energy", "total_J"});
  flat["dynamic_J"] = at(results, {"energy", "dynamic_J"});
  flat["leakage_J"] = at(results, {"energy", "leakage_J"});
  flat["area_mm2"] = at(results, {"area", "chip", "area_mm2"});
  flat["accuracy"] = at(results, {"accuracy", "platform"});
  for (const char* pass : passes)
    flat[fmt::format("crossbars.{}_J", pass)] = at(results, {"energy", "by_pass_J", pass});
  flat["other_J"] = at(results, {"energy", "by_pass_J", "other"});
  add_writes(results, flat);
  for (const char* what : {"worst_cell_years", "p99_years", "mean_years", "cells_stuck"}) {
    const json years = at(results, {"lifetime", what});
    if (years.is_number()) flat[fmt::format("lifetime.{}", what)] = years;
    const json of_buffers = at(results, {"reram_buffer", "lifetime", what});
    if (of_buffers.is_number()) flat[fmt::format("buffer_lifetime.{}", what)] = of_buffers;
  }
  for (const char* what : {"energy_J", "pJ_per_bit", "access_pJ_per_bit", "bytes"}) {
    const json figure = at(results, {"memory", what});
    if (figure.is_number()) flat[fmt::format("memory.{}", what)] = figure;
  }
  const json epochs = at(results, {"epochs"});
  for (std::size_t epoch = 0; epoch < epochs.size(); ++epoch) {
    flat[fmt::format("accuracy.epoch{:02}", epoch + 1)] = at(epochs[epoch], {"platform", "test", "accuracy"});
  }
  const json fp_pim = at(results, {"operations", "fp_pim"});
  if (fp_pim.is_object()) {
    flat["fp_pim.area_mm2"] = fp_pim["area_mm2"];
    flat["fp_pim.busy_s"] = fp_pim["busy_s"];
    for (const auto& [component, joule] : fp_pim["energy_J"].items())
      flat[fmt::format("fp_pim.{}_J", component)] = joule;
  }
  const json layers = at(results, {"layers"});
  if (!layers.is_array()) return flat;
  for (const char* pass : passes)
    flat[fmt::format("crossbars.{}_s", pass)] = sum_of_layers(layers, "time_s", pass);
  for (std::size_t number = 0; number < layers.size(); ++number) {
    double whole = 0;
    for (const char* pass : passes) {
      const json joule = at(layers[number], {"energy_J", pass});
      flat[fmt::format("layer{}.{}_J", number, pass)] = joule;
      flat[fmt::format("layer{}.{}_s", number, pass)] = at(layers[number], {"time_s", pass});
      if (std::string(pass) != "access") whole += as_number(joule);
    }
    flat[fmt::format("layer{}.training_J", number)] = whole;
    flat[fmt::format("layer{}.busy_s", number)] = at(layers[number], {"busy_s"});
  }
  return flat;
}

json ratios(const json& figures, const json& base) {
  json result;
  for (const auto& [key, value] : figures.items()) {
    const json& one = base.contains(key) ? base[key] : json();
    const bool possible = value.is_number() && one.is_number() && one.get<double>() != 0;
    result[key] = possible ? json(value.get<double>() / one.get<double>()) : json();
  }
  return result;
}

std::string cell(const json& value, const json& ratio) {
  const std::string number = value.is_number() ? fmt::format("{:.4g}", value.get<double>()) : "-";
  const std::string factor = ratio.is_number() ? fmt::format("x {:.3f}", ratio.get<double>()) : "";
  return fmt::format("{:>12} {:>11}", number, factor);
}

}  // namespace

json comparison(const std::vector<NamedResults>& runs) {
  json result = {{"runs", json::array()}, {"ratios", json::array()}};
  for (const NamedResults& run : runs) {
    const json own = figures(run.results);
    result["runs"].push_back({{"name", run.name},
                              {"ending", at(run.results, {"ending"})},
                              {"technology", at(run.results, {"scenario", "technology"})},
                              {"figures", own}});
    result["ratios"].push_back(ratios(own, result["runs"][0]["figures"]));
  }
  return result;
}

std::string comparison_table(const json& comparison) {
  std::vector<std::string> keys;
  for (const json& run : comparison["runs"]) {
    for (const auto& [key, value] : run["figures"].items()) {
      if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
    }
  }
  std::sort(keys.begin(), keys.end());
  std::size_t width = 22;
  for (const std::string& key : keys) width = std::max(width, key.size());
  std::string text = fmt::format("{:<{}}", "", width);
  for (const json& run : comparison["runs"]) {
    const std::string mark = run["ending"] == "finished" ? "" : " (" + run["ending"].dump() + ")";
    text += fmt::format("  {:>24}", run["name"].get<std::string>() + mark);
  }
  text += "\n";
  for (const std::string& key : keys) {
    text += fmt::format("{:<{}}", key, width);
    for (std::size_t run = 0; run < comparison["runs"].size(); ++run) {
      const json& own = comparison["runs"][run]["figures"];
      const json ratio = run == 0 ? json() : at(comparison["ratios"][run], {key});
      text += "  " + cell(at(own, {key}), ratio);
    }
    text += "\n";
  }
  return text;
}

int compare(const CompareOptions& options) {
  std::vector<NamedResults> runs;
  int status = status_ok;
  for (const Job& job : jobs(options)) {
    if (job.run) {
      if (!options.as_json) fmt::print(stderr, "running {}\n", job.name);
      const int ended = run_apart({*job.run}, 1, [](std::size_t) {}).front();
      if (ended == status_bad_input) return status_bad_input;
      if (ended != status_ok) status = status_failed;
    }
    runs.push_back({job.name, read_results(job.results)});
  }
  const json result = comparison(runs);
  fmt::print("{}", options.as_json ? result.dump(2) + "\n" : comparison_table(result));
  return status;
}

}  // namespace weft::tool

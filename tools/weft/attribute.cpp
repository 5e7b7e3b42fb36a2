// SPDX-License-Identifier: Apache-2.0
#include "tools/weft/attribute.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <fstream>

#include "models/common/error.h"
#include "models/device/effects.h"
#include "platform/config/config.h"
#include "tools/weft/files.h"
#include "tools/weft/run_apart.h"

namespace weft::tool {

namespace fs = std::filesystem;

namespace {

using nlohmann::json;

constexpr const char* none = "none";
constexpr const char* all = "all";

// Quantile 0.975 of Student's t distribution: standard errors beyond which a mean is told from zero.
double separable(std::size_t values) {
  constexpr std::array<double, 10> of_freedom = {12.706, 4.303, 3.182, 2.776, 2.571,
                                                 2.447,  2.365, 2.306, 2.262, 2.228};
  constexpr double of_normal = 1.96;
  const std::size_t freedom = values - 1;
  if (freedom <= of_freedom.size()) return of_freedom[freedom - 1];
  // Cornish and Fisher's first two terms, off by less than 0.1 % from 11 degrees on.
  const double inverse = 1 / static_cast<double>(freedom);
  return of_normal + inverse * (2.3725 + inverse * 2.823);
}

struct Estimate {
  std::size_t values = 0;
  double mean = 0;
  double deviation = 0;       // of one value, n - 1 in the denominator
  double standard_error = 0;  // of the mean; infinite for a single value

  bool above_zero() const { return values > 1 && mean > separable(values) * standard_error; }
};

Estimate estimate(const std::vector<double>& values) {
  Estimate result;
  result.values = values.size();
  const auto count = static_cast<double>(values.size());
  for (const double value : values) result.mean += value / count;
  if (values.size() < 2) {
    result.standard_error = INFINITY;
    return result;
  }
  double squares = 0;
  for (const double value : values) squares += (value - result.mean) * (value - result.mean);
  result.deviation = std::sqrt(squares / (count - 1));
  result.standard_error = result.deviation / std::sqrt(count);
  return result;
}

std::vector<double> differences(const std::vector<double>& from, const std::vector<double>& to) {
  std::vector<double> result;
  for (std::size_t i = 0; i < from.size(); ++i) result.push_back(from[i] - to[i]);
  return result;
}

json number_or_null(double value) { return std::isfinite(value) ? json(value) : json(); }

json summary(const std::vector<double>& values) {
  const Estimate own = estimate(values);
  return {{"mean", own.mean}, {"deviation", own.deviation}, {"values", values}};
}

json drop(const std::vector<double>& values) {
  const Estimate own = estimate(values);
  return {{"mean", own.mean}, {"standard_error", number_or_null(own.standard_error)}};
}

// An effect on its own, with the accuracy it costs seed by seed.
struct Alone {
  std::string effect;
  std::vector<double> drops;
};

std::vector<Alone> alone(const std::vector<DeviceScores>& scores) {
  std::vector<Alone> list;
  for (const DeviceScores& each : scores) {
    if (each.variant.effects.size() != 1 || each.variant.name != each.variant.effects.front()) continue;
    list.push_back({each.variant.name, differences(scores.front().accuracy, each.accuracy)});
  }
  std::stable_sort(list.begin(), list.end(), [](const Alone& a, const Alone& b) {
    return estimate(a.drops).mean > estimate(b.drops).mean;
  });
  return list;
}

std::string points(double share) { return fmt::format("{:.2f} points", 100 * share); }

// The effect that costs most, if the seeds tell, and a sentence about it.
std::pair<json, std::string> finding(const std::vector<Alone>& list, std::size_t seeds) {
  const Alone& first = list.front();
  const Estimate largest = estimate(first.drops);
  if (seeds < 2) return {nullptr, "one seed cannot tell an effect from chance: use more"};
  if (!largest.above_zero()) {
    return {nullptr, fmt::format("no effect alone costs accuracy that {} seeds can tell from chance", seeds)};
  }
  const std::string costs = fmt::format("{} alone costs {}", first.effect, points(largest.mean));
  if (list.size() == 1) return {first.effect, costs};
  const Alone& second = list[1];
  const std::string other = fmt::format("{} {}", second.effect, points(estimate(second.drops).mean));
  if (estimate(differences(first.drops, second.drops)).above_zero())
    return {first.effect, fmt::format("{}, the most; next is {}", costs, other)};
  return {nullptr, fmt::format("{}, {}: {} seeds cannot tell which is more", costs, other, seeds)};
}

std::string folder_name(const DeviceVariant& variant, int seed) {
  std::string name = variant.name;
  std::replace(name.begin(), name.end(), ' ', '_');
  return fmt::format("{}-seed{}", name, seed);
}

// The same samples, initial weights and order for every variant of a seed, so that differences are the
// effects'.
config::Scenario with_variant(const config::Scenario& scenario, const DeviceVariant& variant, int seed) {
  config::Scenario result = scenario;
  device::DeviceConfig& device = result.platform.crossbar.device;
  device = device::with_effects(device, variant.effects);
  device.seed += static_cast<std::uint64_t>(seed);
  result.training.seed += static_cast<std::uint64_t>(seed);
  return result;
}

std::vector<RunOptions> prepare_runs(const config::Scenario& scenario,
                                     const std::vector<DeviceVariant>& variants, int seeds,
                                     const fs::path& out) {
  std::vector<RunOptions> runs;
  for (const DeviceVariant& variant : variants) {
    for (int seed = 0; seed < seeds; ++seed) {
      const fs::path folder = out / folder_name(variant, seed);
      make_folder(folder);
      const fs::path file = folder / "variant.yaml";
      write_file(file, config::dump_resolved(with_variant(scenario, variant, seed)));
      RunOptions run;
      run.scenario.scenario = file;
      run.out = folder;
      run.quiet = true;
      run.reference = false;
      runs.push_back(run);
    }
  }
  return runs;
}

DeviceScores read_scores(const DeviceVariant& variant, int seeds, const fs::path& out) {
  DeviceScores scores{variant, {}, {}};
  for (int seed = 0; seed < seeds; ++seed) {
    const fs::path file = out / folder_name(variant, seed) / "results.json";
    std::ifstream stream(file);
    const json results = json::parse(stream, nullptr, false);
    if (results.is_discarded()) throw Error(fmt::format("{}: cannot be read", file.string()));
    scores.accuracy.push_back(results.at("accuracy").at("platform").get<double>());
    scores.loss.push_back(results.at("epochs").back().at("platform").at("test").at("loss").get<double>());
  }
  return scores;
}

std::string plus_minus(double value, const json& spread, double factor, int digits) {
  const std::string error =
      spread.is_number() ? fmt::format("± {:.{}f}", factor * spread.get<double>(), digits) : "";
  return fmt::format("{:>8.{}f} {:<8}", factor * value, digits, error);
}

}  // namespace

std::vector<DeviceVariant> device_variants(const config::Scenario& scenario, bool leave_one_out) {
  if (!scenario.workload.programs.empty() || !scenario.training.evaluate) {
    throw Error(
        "attribute compares test accuracies: the scenario needs workload.layers and training.evaluate: true");
  }
  const config::CrossbarConfig& crossbar = scenario.platform.crossbar;
  const std::vector<std::string> on =
      crossbar.has_devices() ? crossbar.device.effects() : std::vector<std::string>{};
  if (on.empty()) {
    std::string names;
    for (const device::Effect& effect : device::all_effects())
      names += (names.empty() ? "" : ", ") + std::string(effect.name);
    throw Error(fmt::format(
        "no effect of devices is on: attribute needs platform.crossbar.arithmetic: device, an update that "
        "is not digital, and one or more of platform.crossbar.device: {}",
        names));
  }
  std::vector<DeviceVariant> variants{{none, {}}};
  for (const std::string& effect : on) variants.push_back({effect, {effect}});
  if (on.size() == 1) return variants;
  variants.push_back({all, on});
  if (!leave_one_out) return variants;
  for (const std::string& effect : on) {
    DeviceVariant rest{"all but " + effect, on};
    rest.effects.erase(std::find(rest.effects.begin(), rest.effects.end(), effect));
    variants.push_back(std::move(rest));
  }
  return variants;
}

json attribution(const std::vector<DeviceScores>& scores) {
  json result = {{"seeds", scores.front().accuracy.size()}, {"variants", json::array()}};
  for (const DeviceScores& each : scores) {
    result["variants"].push_back(
        {{"name", each.variant.name},
         {"effects", each.variant.effects},
         {"accuracy", summary(each.accuracy)},
         {"loss", summary(each.loss)},
         {"accuracy_drop", drop(differences(scores.front().accuracy, each.accuracy))}});
  }
  const std::vector<Alone> list = alone(scores);
  const auto [largest, sentence] = finding(list, scores.front().accuracy.size());
  result["largest"] = largest;
  result["finding"] = sentence;
  double sum = 0;
  for (const Alone& each : list) sum += estimate(each.drops).mean;
  result["sum_of_drops"] = sum;
  return result;
}

std::string attribution_table(const json& attribution) {
  std::string text =
      fmt::format("{:<24} {:>17} {:>17} {:>17}\n", "effects", "accuracy (%)", "drop (points)", "loss");
  for (const json& each : attribution["variants"]) {
    const bool base = each["name"] == none;
    text += fmt::format(
        "{:<24} {} {} {}\n", each["name"].get<std::string>(),
        plus_minus(each["accuracy"]["mean"], each["accuracy"]["deviation"], 100, 2),
        base ? std::string(17, ' ')
             : plus_minus(each["accuracy_drop"]["mean"], each["accuracy_drop"]["standard_error"], 100, 2),
        plus_minus(each["loss"]["mean"], each["loss"]["deviation"], 1, 3));
  }
  text += fmt::format("\n{} seeds; ± of accuracy and loss: standard deviation, of drops: standard error\n",
                      attribution["seeds"].get<std::size_t>());
  for (const json& each : attribution["variants"]) {
    if (each["name"] != all) continue;
    text += fmt::format("together {}, one by one {} in sum\n", points(each["accuracy_drop"]["mean"]),
                        points(attribution["sum_of_drops"]));
  }
  return text + attribution["finding"].get<std::string>() + "\n";
}

int attribute(const AttributeOptions& options) {
  config::LoadOptions load;
  load.overrides = options.scenario.set;
  load.data_directory = options.scenario.data;
  load.preset_path = preset_folders();
  const config::Scenario scenario = config::load_scenario(options.scenario.scenario, load);
  const std::vector<DeviceVariant> variants = device_variants(scenario, options.leave_one_out);
  const fs::path out = options.out.empty() ? fs::path("results") / "attribute" / scenario.name : options.out;
  const std::vector<RunOptions> runs = prepare_runs(scenario, variants, options.seeds, out);

  const std::vector<int> statuses =
      run_apart(runs, static_cast<unsigned>(options.jobs), [&](std::size_t number) {
        if (options.as_json) return;
        fmt::print(stderr, "run {} of {}: {}\n", number + 1, runs.size(),
                   runs[number].scenario.scenario.parent_path().filename().string());
      });
  for (const int status : statuses) {
    if (status != status_ok) return *std::max_element(statuses.begin(), statuses.end());
  }

  std::vector<DeviceScores> scores;
  for (const DeviceVariant& variant : variants) scores.push_back(read_scores(variant, options.seeds, out));
  const json result = attribution(scores);
  write_file(out / "attribution.json", result.dump(2) + "\n");
  fmt::print("{}", options.as_json ? result.dump(2) + "\n" : attribution_table(result));
  return status_ok;
}

}  // namespace weft::tool

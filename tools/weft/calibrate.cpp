// SPDX-License-Identifier: Apache-2.0
#include "tools/weft/calibrate.h"

#include <fmt/format.h>

#include <map>
#include <utility>

#include "models/common/error.h"
#include "platform/assembly/machine_config.h"
#include "platform/config/config.h"
#include "platform/loader/elf_file.h"
#include "tools/weft/files.h"
#include "tools/weft/progress.h"
#include "tools/weft/simulation.h"
#include "tools/weft/workload.h"

namespace weft::tool {

namespace fs = std::filesystem;

namespace {

// Calls visit(layer, unit) for every unit that holds weights.
template <typename Visitor>
void for_each_unit(const compiler::Placement& placement, const machine::Accelerator& accelerator,
                   Visitor visit) {
  for (const compiler::Shard& shard : placement.shards) {
    const auto& units = accelerator.tile(shard.tile).crossbars();
    for (int number = 0; number < shard.units(); ++number)
      visit(shard.layer, *units[static_cast<std::size_t>(shard.first_unit + number)]);
  }
}

void require_converters(const config::Scenario& scenario, const fs::path& file) {
  if (!scenario.workload.programs.empty()) {
    throw Error(
        fmt::format("{}: the workload is hand-written programs, whose arrays belong to no layer; allowed: "
                    "workload.layers",
                    file.string()));
  }
  if (scenario.workload.mapping == config::Mapping::fp_pim) {
    throw Error(fmt::format(
        "{}: floating-point PIM units (workload.mapping) have no converters to calibrate; allowed: "
        "crossbar",
        file.string()));
  }
  if (scenario.platform.crossbar.arithmetic == config::Arithmetic::none) {
    throw Error(
        fmt::format("{}: arithmetic none computes no currents; allowed: automatic, exact, sliced, device",
                    file.string()));
  }
  if (scenario.platform.crossbar.update != config::UpdatePolicy::digital) return;
  throw Error(
      fmt::format("{}: digital units (platform.crossbar.update) have no converters to calibrate; allowed: "
                  "in_place, write_back",
                  file.string()));
}

std::string numbers(const std::vector<int>& values) {
  std::string text;
  for (const int value : values) text += (text.empty() ? "[" : ", ") + std::to_string(value);
  return text + "]";
}

std::vector<int> steps(const crossbar::ArrayConfig& array, const std::vector<int>& full_scale) {
  crossbar::ArrayConfig calibrated = array;
  calibrated.adc_range = crossbar::AdcRange::calibrated;
  calibrated.full_scale = full_scale;
  std::vector<int> result;
  for (int slice = 0; slice < array.slices; ++slice)
    result.push_back(1 << crossbar::make_adc(calibrated, array.rows, slice, false).shift);
  return result;
}

std::string fragment(const std::vector<LayerCalibration>& layers, const crossbar::ArrayConfig& array,
                     const config::Scenario& scenario, double coverage) {
  std::string text = fmt::format(
      "# Converter ranges for the network of scenario {}, hash {}, by `weft calibrate`:\n"
      "# {} of the currents of its run in every slice do not clip. One line a layer, least significant "
      "slice\n"
      "# first, in cell units. A converter's step is the power of two that covers its full scale.\n"
      "platform:\n"
      "  crossbar:\n"
      "    adc_range: calibrated\n"
      "    adc_full_scale_by_layer:\n",
      scenario.name, config::scenario_hash(scenario),
      coverage == 1 ? "all" : fmt::format("{:.10g} %", 100 * coverage));
  for (const LayerCalibration& layer : layers)
    text += fmt::format("      - {}  # steps {}\n", numbers(layer.full_scale),
                        numbers(steps(array, layer.full_scale)));
  return text;
}

std::string summary(const std::vector<LayerCalibration>& layers, const crossbar::ArrayConfig& array) {
  std::string text = fmt::format("{:>5} {:>5} {:>8} {:>13} {:>8} {:>10} {:>6}  {:^25}  {:^25}\n", "layer",
                                 "slice", "ADC bits", "conversions", "largest", "full scale", "step",
                                 "clipped, rounded before", "with these ranges");
  for (std::size_t number = 0; number < layers.size(); ++number) {
    const LayerCalibration& layer = layers[number];
    const std::vector<int> step = steps(array, layer.full_scale);
    for (int slice = 0; slice < array.slices; ++slice) {
      const auto at = static_cast<std::size_t>(slice);
      const crossbar::AdcCounts before = layer.profile.losses(slice);
      text += fmt::format("{:>5} {:>5} {:>8} {:>13} {:>8} {:>10} {:>6}  {:>12} {:>12}  {:>12} {:>12}\n",
                          number, slice, array.adc_bits_of(slice), layer.profile.observed(slice),
                          layer.profile.largest(slice), layer.full_scale[at], step[at], before.clipped,
                          before.rounded, layer.after[at].clipped, layer.after[at].rounded);
    }
  }
  return text;
}

}  // namespace

LayerCalibration calibrate_layer(crossbar::CurrentProfile profile, const crossbar::ArrayConfig& array,
                                 double coverage) {
  LayerCalibration result{std::move(profile), {}, {}};
  result.full_scale = result.profile.full_scale(coverage);
  crossbar::ArrayConfig calibrated = array;
  calibrated.adc_range = crossbar::AdcRange::calibrated;
  calibrated.full_scale = result.full_scale;
  for (int slice = 0; slice < array.slices; ++slice) {
    result.after.push_back(
        result.profile.losses_with(slice, crossbar::make_adc(calibrated, array.rows, slice, false)));
  }
  return result;
}

void apply_full_scales(const std::vector<std::vector<int>>& by_layer, const compiler::Placement& placement,
                       const machine::Accelerator& accelerator) {
  if (by_layer.empty()) return;
  for_each_unit(placement, accelerator, [&](int layer, crossbar::CrossbarUnit& unit) {
    unit.calibrate(by_layer[static_cast<std::size_t>(layer)]);
  });
}

int calibrate(const CalibrateOptions& options) {
  if (!(options.coverage > 0 && options.coverage <= 1))
    throw Error(fmt::format("--coverage {}: not allowed (above 0, up to 1)", options.coverage));
  config::LoadOptions load;
  load.overrides = options.scenario.set;
  load.data_directory = options.scenario.data;
  load.preset_path = preset_folders();
  const config::Scenario scenario = config::load_scenario(options.scenario.scenario, load);
  require_converters(scenario, options.scenario.scenario);
  const Workload workload = prepare(scenario);
  const fs::path folder = fs::absolute(options.out).parent_path();
  make_folder(folder);

  ProgressDisplay progress(options.quiet ? config::Progress::none : scenario.run.progress);
  SimulationOptions simulation_options;
  simulation_options.firmware =
      loader::read_file(scenario.run.firmware ? *scenario.run.firmware : default_firmware());
  simulation_options.progress = [&](const Progress& now) { progress.update(now); };
  Simulation simulation(scenario, &workload.program, simulation_options);

  // One profile a unit, so that units may work side by side.
  std::map<crossbar::CrossbarUnit*, crossbar::CurrentProfile> profiles;
  const compiler::Placement& placement = workload.program.placement;
  const machine::Accelerator& accelerator = simulation.machine().accelerator();
  const crossbar::ArrayConfig array = assembly::array_config(scenario.platform.crossbar);
  for_each_unit(placement, accelerator, [&](int, crossbar::CrossbarUnit& unit) {
    unit.observe(&profiles.emplace(&unit, array.slices).first->second);
  });
  const Outcome outcome = simulation.run();
  progress.clear();
  if (outcome.ending != Ending::finished) {
    fmt::print(stderr, "weft: the run did not finish ({}), nothing is written\n", to_text(outcome.ending));
    return status_failed;
  }

  std::vector<crossbar::CurrentProfile> by_layer(workload.program.network.layers.size(),
                                                 crossbar::CurrentProfile(array.slices));
  for_each_unit(placement, accelerator, [&](int layer, crossbar::CrossbarUnit& unit) {
    by_layer[static_cast<std::size_t>(layer)].add(profiles.at(&unit));
  });
  std::vector<LayerCalibration> layers;
  for (crossbar::CurrentProfile& profile : by_layer)
    layers.push_back(calibrate_layer(std::move(profile), array, options.coverage));
  write_file(options.out, fragment(layers, array, scenario, options.coverage));
  fmt::print("{}{}: for include, after the scenario\n", summary(layers, array), options.out.string());
  return status_ok;
}

}  // namespace weft::tool

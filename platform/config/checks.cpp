// SPDX-License-Identifier: Apache-2.0
// What no key can know by itself.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>

#include "models/common/error.h"
#include "platform/config/filter_schedule.h"
#include "platform/config/schema.h"

namespace weft::config {

namespace {

void check_entries(const std::string& path, const std::vector<int>& values, int slices, Reader& reader) {
  const auto entries = static_cast<int>(values.size());
  if (entries == 1 || entries == slices) return;
  reader.error(
      reader.where(path), path,
      fmt::format("found {} entries, expected one number or one for each of the {} slices", entries, slices));
}

// Of a line driven with one DAC unit, in cell units (models/crossbar/array_config.h).
int largest_cell(const CrossbarConfig& crossbar, std::size_t slice) {
  const int bits = crossbar.cell_bits[slice];
  const bool about_the_middle =
      crossbar.encoding == Encoding::reference || crossbar.encoding == Encoding::twos_complement;
  return about_the_middle ? 1 << (bits - 1) : (1 << bits) - 1;
}

// A converter for more than the largest current is a mistake in the calibration.
void check_full_scales(const CrossbarConfig& crossbar, const std::vector<int>& scales,
                       const std::string& path, Reader& reader) {
  check_entries(path, scales, crossbar.slices, reader);
  const std::size_t entries = std::min(scales.size(), crossbar.cell_bits.size());
  for (std::size_t slice = 0; slice < entries; ++slice) {
    const std::int64_t largest = std::int64_t{std::max(crossbar.rows, crossbar.columns)} *
                                 ((1 << crossbar.dac_bits) - 1) * largest_cell(crossbar, slice);
    if (scales[slice] <= largest) continue;
    reader.error(reader.where(path), path,
                 fmt::format("found {} for slice {}, whose largest current is {} cell units", scales[slice],
                             slice, largest));
    return;
  }
}

void check_calibration(const Scenario& scenario, Reader& reader) {
  const CrossbarConfig& crossbar = scenario.platform.crossbar;
  if (crossbar.adc_range != AdcRange::calibrated) return;
  const std::string one = "platform.crossbar.adc_full_scale";
  const std::string by_layer = one + "_by_layer";
  const std::vector<std::vector<int>>& layers = crossbar.adc_full_scale_by_layer;
  if (crossbar.adc_full_scale.empty() && layers.empty()) {
    reader.error(reader.where(one), one, "missing; it or adc_full_scale_by_layer is required");
    return;
  }
  if (layers.empty()) return check_full_scales(crossbar, crossbar.adc_full_scale, one, reader);
  if (!crossbar.adc_full_scale.empty()) {
    reader.error(reader.where(by_layer), by_layer, "adc_full_scale says the same; give one of them");
    return;
  }
  for (std::size_t layer = 0; layer < layers.size(); ++layer)
    check_full_scales(crossbar, layers[layer], fmt::format("{}[{}]", by_layer, layer), reader);
  if (scenario.workload.layers.size() == layers.size()) return;
  reader.error(reader.where(by_layer), by_layer,
               fmt::format("found {} lists, the network has {} layers", layers.size(),
                           scenario.workload.layers.size()));
}

void check_encoding(const CrossbarConfig& crossbar, Reader& reader) {
  const std::string cells = "platform.crossbar.cell_bits";
  constexpr int widest_of_a_pair = 7;
  for (std::size_t slice = 0; slice < crossbar.cell_bits.size(); ++slice) {
    const int bits = crossbar.cell_bits[slice];
    const bool signed_digit =
        crossbar.encoding != Encoding::twos_complement || static_cast<int>(slice) + 1 == crossbar.slices;
    if (!signed_digit && bits == crossbar.digit_bits) {
      reader.error(
          reader.where(cells), cells,
          fmt::format("with encoding twos_complement a cell below the top slice needs a bit more than "
                      "the {} of a digit; found {} for slice {}",
                      crossbar.digit_bits, bits, slice));
      break;
    }
    if (crossbar.encoding == Encoding::differential && bits > widest_of_a_pair) {
      reader.error(reader.where(cells), cells,
                   fmt::format("with encoding differential a cell has at most {} bits; found {} for slice {}",
                               widest_of_a_pair, bits, slice));
      break;
    }
  }
}

void check_crossbar(const CrossbarConfig& crossbar, Reader& reader) {
  constexpr int max_weight_bits = 32;
  if (crossbar.weight_bits() > max_weight_bits) {
    const std::string path = "platform.crossbar.slices";
    reader.error(reader.where(path), path,
                 fmt::format("{} slices of {} digit_bits make a weight of {} bits, at most {} are possible",
                             crossbar.slices, crossbar.digit_bits, crossbar.weight_bits(), max_weight_bits));
  }
  check_entries("platform.crossbar.adc_bits", crossbar.adc_bits, crossbar.slices, reader);
  const std::string adcs = "platform.crossbar.adcs";
  if (crossbar.adcs > std::min(crossbar.rows, crossbar.columns)) {
    reader.error(reader.where(adcs), adcs,
                 fmt::format("{} converters for {} rows and {} columns: some would have no line",
                             crossbar.adcs, crossbar.rows, crossbar.columns));
  }
  const std::string path = "platform.crossbar.cell_bits";
  check_entries(path, crossbar.cell_bits, crossbar.slices, reader);
  const int smallest = *std::min_element(crossbar.cell_bits.begin(), crossbar.cell_bits.end());
  if (smallest < crossbar.digit_bits) {
    reader.error(
        reader.where(path), path,
        fmt::format("a cell of {} bits cannot hold a digit of {} bits (platform.crossbar.digit_bits)",
                    smallest, crossbar.digit_bits));
  }
  check_encoding(crossbar, reader);
}

// What the tables of devices cannot say.
void check_writes(const CrossbarConfig& crossbar, Reader& reader) {
  const auto check = [&reader](const std::string& path, const auto& part) {
    try {
      part.validate();
    } catch (const Error& error) {
      reader.error(reader.where(path), path, error.what());
    }
  };
  check("platform.crossbar.write_filter", crossbar.write_filter);
  check("platform.crossbar.kernel_filter", crossbar.kernel_filter);
  check("platform.crossbar.endurance", crossbar.endurance);
  const endurance::EnduranceConfig& wear = crossbar.endurance;
  const bool in_place = crossbar.update == UpdatePolicy::in_place;
  if (!in_place || !wear.count_wear || !wear.cells_fail) return;
  const bool follows = crossbar.arithmetic != Arithmetic::exact && crossbar.arithmetic != Arithmetic::device;
  if (follows) return;
  const std::string path = "platform.crossbar.endurance.cells_fail";
  reader.error(reader.where(path), path,
               "cells that have failed are followed under outer products (update: in_place) only with "
               "arithmetic automatic or sliced; allowed otherwise: cells_fail: false");
}

bool has_two_updated_copies(const Scenario& scenario) {
  const auto& layers = scenario.workload.layers;
  return std::any_of(layers.begin(), layers.end(), [&](const LayerConfig& layer) {
    return layer.variant.value_or(scenario.training.variant) == 2;
  });
}

void check_filter_schedule(const Scenario& scenario, Reader& reader) {
  const std::string path = "training.write_filter_schedule";
  const auto refuse = [&](const std::string& what) { reader.error(reader.where(path), path, what); };
  const std::string filter_path = "platform.crossbar.write_filter";
  const auto refuse_filter = [&](const std::string& what) {
    reader.error(reader.where(filter_path), filter_path, what);
  };
  FilterSchedule schedule;
  try {
    schedule = filter_schedule(scenario);
  } catch (const Error& error) {
    return refuse(error.what());
  }
  const CrossbarConfig& crossbar = scenario.platform.crossbar;
  const auto fits = [](const auto& rules) { return rules.fit_outer_products(); };
  if (crossbar.update == UpdatePolicy::in_place &&
      !(std::all_of(schedule.epochs.begin(), schedule.epochs.end(), fits) &&
        fits(crossbar.write_filter.rules()))) {
    refuse_filter(
        "outer products in the array pulse only the digits that change: policy compare and granularity cell "
        "have nothing to leave out; allowed with update: in_place: another policy, and granularity weight, "
        "row or crossbar");
  }
  if (crossbar.arithmetic == Arithmetic::none && schedule.holds_back())
    refuse_filter(
        "arithmetic: none computes no updates that could be filtered; allowed: policy none or compare");
  const bool has_filter = scenario.platform.crossbar.update != UpdatePolicy::digital;
  if (!has_filter && !scenario.training.write_filter_schedule.empty())
    refuse("there is no filter with platform.crossbar.update: digital");
  const bool draws = std::any_of(schedule.epochs.begin(), schedule.epochs.end(), [](const auto& rules) {
    return rules.policy == write_filter::Policy::stochastic;
  });
  if (draws && has_two_updated_copies(scenario)) {
    refuse(
        "policy stochastic would draw for each of the two copies of variant 2, which must stay alike; "
        "allowed: variant 1 or 3, or another policy");
  }
}

// A cell that is not written keeps what an earlier sample left there: nothing may be owed to it.
void check_kernel_filter(const Scenario& scenario, Reader& reader) {
  using write_filter::Policy;
  const write_filter::FilterConfig& filter = scenario.platform.crossbar.kernel_filter;
  const std::string path = "platform.crossbar.kernel_filter";
  const bool judges_change = filter.policy == Policy::none || filter.policy == Policy::compare ||
                             filter.policy == Policy::drop || filter.policy == Policy::top_k ||
                             filter.policy == Policy::percentile;
  if (!judges_change || filter.has_residual()) {
    reader.error(reader.where(path), path,
                 "activations have the policies none, compare, drop, top_k and percentile, without residual");
  }
  if (filter.policy == Policy::none || scenario.training.gradient == Gradient::activation_kernels) return;
  reader.error(reader.where(path), path, "has no effect without training.gradient: activation_kernels");
}

// Machines that compute gradients with activations as kernels, and schedules.
void check_gradient(const Scenario& scenario, Reader& reader) {
  const TrainingConfig& training = scenario.training;
  const CrossbarConfig& crossbar = scenario.platform.crossbar;
  const bool kernels = training.gradient == Gradient::activation_kernels;
  check_kernel_filter(scenario, reader);
  int most_copies = training.variant;
  for (const LayerConfig& layer : scenario.workload.layers)
    most_copies = std::max(most_copies, layer.variant.value_or(training.variant));
  const auto refuse = [&](const std::string& path, const std::string& what) {
    reader.error(reader.where(path), path, what);
  };
  const bool fp_pim = scenario.workload.mapping == Mapping::fp_pim;
  const bool plain = training.optimizer == Optimizer::sgd && !fp_pim;
  if (training.schedule == Schedule::pipelined && fp_pim)
    refuse("training.schedule", "networks on floating-point PIM units have the schedules auto, sequential");
  if (training.schedule != Schedule::automatic && !plain && !fp_pim)
    refuse("training.schedule", "networks on crossbars with optimizer kfac have one schedule; allowed: auto");
  if (training.schedule == Schedule::sequential && most_copies > 2)
    refuse("training.schedule", "variant 3 updates beside the passes; allowed: auto, pipelined");
  if (!kernels) return;
  const std::string gradient = "training.gradient";
  if (!plain) refuse(gradient, "activation_kernels needs workload.mapping crossbar and optimizer sgd");
  if (crossbar.update != UpdatePolicy::write_back)
    refuse(gradient, "activation_kernels needs platform.crossbar.update: write_back");
  if (most_copies > 2)
    refuse("training.variant", "activation_kernels goes with one or two copies of the weights");
  if (training.deposits == PerBatch::batch)
    refuse("training.deposits", "activation_kernels has no outer products to deposit; leave it out");
  if (crossbar.columns < crossbar.rows) {
    refuse("platform.crossbar.columns",
           fmt::format("found {}, but activation_kernels lays the inputs of {} rows across the columns",
                       crossbar.columns, crossbar.rows));
  }
  if (training.batch > crossbar.rows) {
    refuse("training.batch", fmt::format("found {}, but activation_kernels gives each sample one of {} rows",
                                         training.batch, crossbar.rows));
  }
}

void check_devices(const CrossbarConfig& crossbar, Reader& reader) {
  const device::DeviceConfig& device = crossbar.device;
  if (crossbar.arithmetic != Arithmetic::device) return;
  if (device.on_off != 0 && device.on_off < 1.01) {
    const std::string path = "platform.crossbar.device.on_off";
    reader.error(reader.where(path), path,
                 fmt::format("found {}, expected 0 or at least 1.01", device.on_off));
  }
  if (device.stuck.low + device.stuck.high > 1) {
    const std::string path = "platform.crossbar.device.stuck";
    reader.error(reader.where(path), path, "low and high are more than all cells together");
  }
}

// What the table of inversion units cannot say.
void check_inversion(const InversionConfig& inversion, Reader& reader) {
  if (inversion.matrix_bits == 1) {
    const std::string path = "platform.inversion.matrix_bits";
    reader.error(reader.where(path), path, "found 1, expected 0 or at least 2");
  }
  if (inversion.product_effects.adc_bits == 1) {
    const std::string path = "platform.inversion.product_effects.adc_bits";
    reader.error(reader.where(path), path, "found 1, expected 0 or at least 2");
  }
  const double on_off = inversion.product_effects.on_off;
  if (on_off != 0 && on_off <= 1) {
    const std::string path = "platform.inversion.product_effects.on_off";
    reader.error(reader.where(path), path, fmt::format("found {}, expected 0 or more than 1", on_off));
  }
  const double gain = inversion.effects.amplifier_gain;
  if (gain != 0 && gain < 1) {
    const std::string path = "platform.inversion.effects.amplifier_gain";
    reader.error(reader.where(path), path, fmt::format("found {}, expected 0 or at least 1", gain));
  }
}

void check_boot(const Scenario& scenario, Reader& reader) {
  const HostConfig& host = scenario.platform.host;
  if (host.boot != BootSource::flash) return;
  const std::string path = "platform.host.boot";
  if (!host.flash.image) {
    reader.error(reader.where(path), path,
                 "flash has nothing to boot from; platform.host.flash.image is needed");
  }
  if (!scenario.run.firmware) return;
  const std::string firmware = "run.firmware";
  reader.error(reader.where(firmware), firmware,
               "is not loaded when the host boots from flash; leave it out, or boot from elf");
}

void check_host_node(const PlatformConfig& platform, Reader& reader) {
  const MeshPosition& node = platform.noc.host_node;
  if (node.x < platform.tiles.columns && node.y < platform.tiles.rows) return;
  const std::string path = "platform.noc.host_node";
  reader.error(reader.where(path), path,
               fmt::format("[{}, {}] is outside the mesh of {} columns and {} rows", node.x, node.y,
                           platform.tiles.columns, platform.tiles.rows));
}

// What the network's keys cannot say one by one.
void check_network(const NocConfig& noc, Reader& reader) {
  const auto error = [&reader](const std::string& path, const std::string& what) {
    reader.error(reader.where(path), path, what);
  };
  const bool mesh = noc.topology == NocTopology::mesh || noc.topology == NocTopology::cmesh;
  if (noc.routing == NocRouting::west_first && !mesh)
    error("platform.noc.routing", "west_first keeps only a mesh and a cmesh free of deadlock");
  if (noc.multicast && noc.posted_writes == 0)
    error("platform.noc.multicast",
          "nobody acknowledges a multicast: platform.noc.posted_writes must be at least 1");
  if (noc.fidelity != NocFidelity::flit && noc.fidelity != NocFidelity::automatic) return;
  if (noc.hop_cycles < 3)
    error("platform.noc.hop_cycles",
          fmt::format("found {}, routers of flits take at least 3", noc.hop_cycles));
  const int classes = noc.control_priority ? 2 : 1;
  const bool circles = noc.topology == NocTopology::torus || noc.topology == NocTopology::ring;
  const int channels = noc.virtual_channels;
  if (channels % classes != 0 || channels / classes < (circles ? 2 : 1)) {
    error("platform.noc.virtual_channels",
          fmt::format("found {}, needed are at least {}{}{}", channels, classes * (circles ? 2 : 1),
                      classes == 2 ? ", an even number" : "",
                      circles ? ": a torus or ring takes two a class to be free of deadlock" : ""));
  }
}

void check_programs(const Scenario& scenario, Reader& reader) {
  std::map<int, std::size_t> program_of_tile;
  const std::vector<TileProgram>& programs = scenario.workload.programs;
  for (std::size_t i = 0; i < programs.size(); ++i) {
    const std::string path = fmt::format("workload.programs[{}].tile", i);
    const int tile = programs[i].tile;
    if (tile >= scenario.platform.tiles.count()) {
      reader.error(reader.where(path), path,
                   fmt::format("found {}, but the platform has tiles 0 to {}", tile,
                               scenario.platform.tiles.count() - 1));
    }
    const auto [first, is_new] = program_of_tile.emplace(tile, i);
    if (is_new) continue;
    reader.error(reader.where(path), path,
                 fmt::format("tile {} runs workload.programs[{}] already", tile, first->second));
  }
}

void check_network(const Scenario& scenario, Reader& reader) {
  const WorkloadConfig& workload = scenario.workload;
  const LayerConfig& last = workload.layers.back();
  const std::string last_path = fmt::format("workload.layers[{}]", workload.layers.size() - 1);
  if (workload.loss == Loss::cross_entropy && last.activation != Activation::none) {
    const std::string path = last_path + ".activation";
    reader.error(reader.where(path), path,
                 "the last layer's activation must be none with loss cross_entropy, which has a softmax of "
                 "its own");
  }
  constexpr int digit_classes = 10;
  if (scenario.dataset.kind == DatasetKind::digits && last.outputs < digit_classes) {
    const std::string path = last_path + ".outputs";
    reader.error(reader.where(path), path,
                 fmt::format("found {}, but the dataset has {} classes", last.outputs, digit_classes));
  }
}

// Networks on floating-point PIM units, and what only they have.
void check_fp_pim(const Scenario& scenario, Reader& reader) {
  if (scenario.workload.mapping == Mapping::crossbar) {
    const Optimizer optimizer = scenario.training.optimizer;
    if (optimizer == Optimizer::sgd || optimizer == Optimizer::kfac) return;
    const std::string path = "training.optimizer";
    reader.error(reader.where(path), path,
                 "networks on crossbars have sgd and kfac; momentum and adam need workload.mapping fp_pim");
    return;
  }
  if (scenario.training.optimizer == Optimizer::kfac) {
    const std::string path = "training.optimizer";
    reader.error(reader.where(path), path, "found kfac, which needs workload.mapping crossbar");
    return;
  }
  if (scenario.platform.tile.fp_pim_units == 0) {
    const std::string path = "platform.tile.fp_pim_units";
    reader.error(reader.where(path), path, "found 0, but workload.mapping fp_pim needs at least one");
  }
  const std::string& isa = scenario.platform.tile.hart.isa;
  if (isa.substr(0, isa.find('_')).find('f', 4) == std::string::npos) {
    const std::string path = "platform.tile.hart.isa";
    reader.error(
        reader.where(path), path,
        fmt::format("found {}, but workload.mapping fp_pim needs the extension f, as in rv32imafc", isa));
  }
}

void check_samples(const Scenario& scenario, Reader& reader) {
  const TrainingConfig& training = scenario.training;
  const DatasetConfig& dataset = scenario.dataset;
  if (training.batch > dataset.train) {
    const std::string path = "training.batch";
    reader.error(
        reader.where(path), path,
        fmt::format("found {}, but dataset.train has only {} samples", training.batch, dataset.train));
  }
  if (training.carry_limit > 0 && training.carry_slice >= scenario.platform.crossbar.slices) {
    const std::string path = "training.carry_slice";
    reader.error(reader.where(path), path,
                 fmt::format("found {}, but a weight has slices 0 to {}", training.carry_slice,
                             scenario.platform.crossbar.slices - 1));
  }
  if (training.evaluate && dataset.test == 0) {
    const std::string path = "dataset.test";
    reader.error(reader.where(path), path, "found 0, but training.evaluate needs test samples");
  }
  if (dataset.kind == DatasetKind::idx && dataset.images.has_value() != dataset.labels.has_value()) {
    const std::string path = dataset.images ? "dataset.images" : "dataset.labels";
    reader.error(reader.where(path), path, "dataset.images and dataset.labels go together");
  }
}

void check_optimizer(const Scenario& scenario, Reader& reader) {
  if (scenario.training.optimizer != Optimizer::kfac) return;
  const TileConfig& tile = scenario.platform.tile;
  const auto refuse = [&](const char* path, const std::string& what) {
    reader.error(reader.where(path), path, what + " with training.optimizer: kfac");
  };
  if (tile.hart.isa.find('f', 4) == std::string::npos) {
    refuse("platform.tile.hart.isa",
           fmt::format("found {}, expected one with single-precision floating point (f), such as rv32imafc,",
                       tile.hart.isa));
  }
  if (tile.inversion_units < 1) refuse("platform.tile.inversion_units", "found 0, expected at least 1");
  const InversionConfig& inversion = scenario.platform.inversion;
  if (scenario.training.kfac.bits > 0 && (!inversion.is_analogue() || inversion.residual_bits > 0)) {
    const std::string path = "training.kfac.bits";
    reader.error(
        reader.where(path), path,
        fmt::format("found {}, which chooses terms or passes: needs platform.inversion.mode nested or "
                    "merged and platform.inversion.residual_bits 0",
                    scenario.training.kfac.bits));
  }
  if (tile.crossbars < 2) {
    refuse("platform.tile.crossbars",
           fmt::format("found {}, expected one more than those that hold weights", tile.crossbars));
  }
}

// A file may be called anything; a scenario's name has to pass as a file name and as a word.
std::string name_from(const std::string& stem) {
  std::string name = stem;
  for (char& character : name) {
    const bool allowed = std::isalnum(static_cast<unsigned char>(character)) != 0 || character == '.' ||
                         character == '_' || character == '-';
    if (!allowed) character = '_';
  }
  const bool good_start = !name.empty() && std::isalnum(static_cast<unsigned char>(name.front())) != 0;
  constexpr std::size_t longest = 100;
  return (good_start ? name : "scenario" + name).substr(0, longest);
}

}  // namespace

void complete(Scenario& scenario, const Source& file,
              const std::optional<std::filesystem::path>& data_directory) {
  if (scenario.name.empty()) scenario.name = name_from(std::filesystem::path(file.name).stem().string());
  if (scenario.run.output.empty()) scenario.run.output = std::filesystem::path("results") / scenario.name;

  CrossbarConfig& crossbar = scenario.platform.crossbar;
  const auto one_a_slice = [&crossbar](std::vector<int>& values) {
    if (values.size() == 1) values.assign(static_cast<std::size_t>(crossbar.slices), values.front());
  };
  one_a_slice(crossbar.cell_bits);
  one_a_slice(crossbar.adc_bits);
  one_a_slice(crossbar.adc_full_scale);
  for (std::vector<int>& layer : crossbar.adc_full_scale_by_layer) one_a_slice(layer);

  DatasetConfig& dataset = scenario.dataset;
  const bool has_files = scenario.workload.programs.empty() && dataset.kind != DatasetKind::digits;
  if (!has_files) return;
  if (data_directory) {
    dataset.directory = *data_directory;
  } else if (dataset.directory.empty()) {
    dataset.directory = file.directory;
  }
  dataset.directory = absolute_path(dataset.directory);
}

void check_consistency(const Scenario& scenario, Reader& reader) {
  check_writes(scenario.platform.crossbar, reader);
  check_crossbar(scenario.platform.crossbar, reader);
  check_calibration(scenario, reader);
  check_devices(scenario.platform.crossbar, reader);
  check_reram_buffer(scenario, reader);
  check_inversion(scenario.platform.inversion, reader);
  check_host_node(scenario.platform, reader);
  check_network(scenario.platform.noc, reader);
  check_memory(scenario, reader);
  check_boot(scenario, reader);
  const bool network = !scenario.workload.layers.empty();
  const bool programs = !scenario.workload.programs.empty();
  if (network == programs) {
    const std::string path = network ? "workload.programs" : "workload";
    reader.error(reader.where(path), path,
                 network ? "a workload has either layers or programs, not both"
                         : "either layers (a network to train) or programs is required");
    return;
  }
  if (programs) {
    check_programs(scenario, reader);
    return;
  }
  check_network(scenario, reader);
  check_fp_pim(scenario, reader);
  check_samples(scenario, reader);
  check_filter_schedule(scenario, reader);
  check_optimizer(scenario, reader);
  check_gradient(scenario, reader);
}

double LearningRate::at(int epoch) const {
  if (!schedule.empty()) {
    return schedule[std::min(static_cast<std::size_t>(epoch), schedule.size() - 1)];
  }
  double rate = initial;
  for (int i = 0; i < epoch; ++i) rate *= decay;
  return rate;
}

}  // namespace weft::config

// SPDX-License-Identifier: Apache-2.0
#include "tools/weft/results.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <map>

#include "models/unit/command.h"
#include "tools/weft/area_report.h"
#include "tools/weft/buffer_report.h"
#include "tools/weft/fp_pim_report.h"
#include "tools/weft/layer_report.h"
#include "tools/weft/memory_report.h"
#include "tools/weft/noc_report.h"
#include "tools/weft/write_report.h"

namespace weft::tool {

namespace {

using nlohmann::json;

constexpr int schema_version = 2;
constexpr double q16 = 65536.0;

json mean(double sum, std::uint64_t count) {
  return count == 0 ? json() : json(sum / static_cast<double>(count));
}

std::int64_t join(std::uint32_t low, std::uint32_t high) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(high) << 32 | low);
}

json score(std::uint64_t samples, std::uint64_t correct, std::int64_t loss_q16) {
  return {{"samples", samples},
          {"accuracy", mean(static_cast<double>(correct), samples)},
          {"loss", mean(static_cast<double>(loss_q16) / q16, samples)}};
}

json score(const reference::EpochMetrics& metrics) {
  return score(static_cast<std::uint64_t>(metrics.samples), static_cast<std::uint64_t>(metrics.correct),
               metrics.loss_q16);
}

json platform_epoch(const weft_epoch_record& record, bool computed) {
  json epoch = {{"train", score(record.train_samples, record.train_correct,
                                join(record.train_loss_low, record.train_loss_high))},
                {"test", score(record.test_samples, record.test_correct,
                               join(record.test_loss_low, record.test_loss_high))}};
  if (computed) return epoch;
  // Guesses among equal results mean nothing.
  for (const char* part : {"train", "test"}) epoch[part]["accuracy"] = epoch[part]["loss"] = nullptr;
  return epoch;
}

json epochs(const RunReport& report) {
  const bool computed = report.scenario.platform.crossbar.arithmetic != config::Arithmetic::none;
  json list = json::array();
  for (std::size_t index = 0; index < report.outcome.records.size(); ++index) {
    json epoch = {{"epoch", report.outcome.records[index].epoch},
                  {"learning_rate", report.workload->plan.learning_rate[index]},
                  {"platform", platform_epoch(report.outcome.records[index], computed)}};
    if (report.golden) {
      epoch["golden"] = {{"train", score(report.golden->epochs[index].train)},
                         {"test", score(report.golden->epochs[index].test)}};
    }
    if (report.float32) {
      const reference::EpochResult& result = report.float32->epochs[index];
      epoch["float32"] = {{"train", {{"accuracy", result.train.accuracy}, {"loss", result.train.loss}}},
                          {"test", {{"accuracy", result.test.accuracy}, {"loss", result.test.loss}}}};
      if (!report.scenario.training.evaluate)
        epoch["float32"]["test"] = {{"accuracy", nullptr}, {"loss", nullptr}};
    }
    list.push_back(std::move(epoch));
  }
  return list;
}

// The last epoch's test accuracy, or null.
json final_accuracy(const json& epochs, const char* who) {
  if (epochs.empty() || !epochs.back().contains(who)) return nullptr;
  return epochs.back()[who]["test"]["accuracy"];
}

bool metrics_equal(const RunReport& report) {
  if (report.outcome.records.size() != report.golden->epochs.size()) return false;
  for (std::size_t index = 0; index < report.outcome.records.size(); ++index) {
    const weft_epoch_record& record = report.outcome.records[index];
    const GoldenEpoch& golden = report.golden->epochs[index];
    if (record.train_correct != golden.train.correct || record.test_correct != golden.test.correct)
      return false;
    if (join(record.train_loss_low, record.train_loss_high) != golden.train.loss_q16) return false;
    if (join(record.test_loss_low, record.test_loss_high) != golden.test.loss_q16) return false;
  }
  return true;
}

std::vector<std::string> device_effects(const config::Scenario& scenario) {
  const config::CrossbarConfig& crossbar = scenario.platform.crossbar;
  if (!crossbar.has_devices()) return {};
  return crossbar.device.effects();
}

// Which effects of devices are on, and what they met.
json devices(const RunReport& report) {
  device::CellStatistics sum;
  const machine::Accelerator& accelerator = report.simulation.machine().accelerator();
  for (int number = 0; number < accelerator.tiles(); ++number) {
    for (const auto& unit : accelerator.tile(number).crossbars()) {
      sum += unit->array().device_statistics();
    }
  }
  return {{"effects", device_effects(report.scenario)},
          {"program_pulses", sum.program_pulses},
          {"row_pulses", sum.row_pulses},
          {"verify_failures", sum.verify_failures},
          {"update_pulses", sum.update_pulses},
          {"stuck_low", sum.stuck_low},
          {"stuck_high", sum.stuck_high}};
}

// The golden reference of second-order training solves its systems in double precision.
bool solves_on_arrays(const config::Scenario& scenario) {
  return scenario.training.optimizer == config::Optimizer::kfac && scenario.platform.inversion.is_analogue();
}

// Why a run is not expected to give the golden bits, or cannot be compared; empty if it is.
std::string not_compared(const RunReport& report) {
  if (report.references_stopped) return "the references were interrupted";
  if (!report.golden || !report.difference) return "there is no golden result";
  if (!device_effects(report.scenario).empty()) return "effects of devices are on";
  if (solves_on_arrays(report.scenario)) return "analogue arrays have solved the systems of K-FAC";
  if (cells_have_failed(report.simulation.machine().accelerator())) return "cells of crossbars have worn out";
  if (buffers_worn(report.simulation.machine().accelerator())) return "cells of ReRAM buffers have worn out";
  return "";
}

json reference(const RunReport& report) {
  const std::string reason = not_compared(report);
  if (!reason.empty())
    return {{"bit_exact", nullptr}, {"not_compared", reason}, {"stopped", report.references_stopped}};
  json result = {{"stopped", false}, {"bit_exact", report.difference->empty() && metrics_equal(report)}};
  result["first_difference"] = report.difference->empty() ? json() : json(*report.difference);
  result["metrics_equal"] = metrics_equal(report);
  return result;
}

// "weft.accelerator.tile3.crossbar12" is of the kind "tile.crossbar".
std::string kind(const std::string& component) {
  std::string result;
  std::string part;
  const auto flush = [&] {
    while (!part.empty() && std::isdigit(static_cast<unsigned char>(part.back())) != 0) part.pop_back();
    if (part != "weft" && part != "accelerator") result += (result.empty() ? "" : ".") + part;
    part.clear();
  };
  for (const char letter : component) {
    if (letter == '.') {
      flush();
    } else {
      part += letter;
    }
  }
  flush();
  return result;
}

json energy(const Context& context, double leakage_J) {
  struct Sum {
    std::uint64_t count = 0;
    double joule = 0;
  };
  std::map<std::string, std::map<std::string, Sum>> kinds;
  std::map<std::string, double> components;
  for (const EnergyLedger::Account& account : context.energy.accounts()) {
    if (account.count() == 0) continue;
    Sum& sum = kinds[kind(account.component())][account.operation()];
    sum.count += account.count();
    sum.joule += account.total().value();
    components[account.component()] += account.total().value();
  }
  json operations = json::array();
  for (const auto& [name, sums] : kinds) {
    for (const auto& [operation, sum] : sums) {
      operations.push_back(
          {{"kind", name}, {"operation", operation}, {"count", sum.count}, {"energy_J", sum.joule}});
    }
  }
  const double dynamic_J = context.energy.total().value();
  return {{"total_J", dynamic_J + leakage_J},
          {"dynamic_J", dynamic_J},
          {"leakage_J", leakage_J},
          {"operations", operations},
          {"components", components}};
}

json crossbar_counts(const machine::Accelerator& accelerator) {
  crossbar::ArrayStatistics sum;
  crossbar::PathStatistics paths;
  std::uint64_t results_saturated = 0;
  for (int number = 0; number < accelerator.tiles(); ++number) {
    for (const auto& unit : accelerator.tile(number).crossbars()) {
      sum += unit->array().statistics();
      paths += unit->array().path_statistics();
      results_saturated += unit->results_saturated();
    }
  }
  json saturated = json::array();
  for (const crossbar::Saturation& slice : sum.saturated) saturated.push_back(slice.cells);
  return {{"mvm", sum.mvms},
          {"mtvm", sum.mtvms},
          {"opa", sum.opas},
          {"crs", sum.carry_resolutions},
          {"cells_programmed", sum.cells_programmed},
          {"adc_conversions", sum.conversions},
          {"adc_clipped", sum.conversions_clipped},
          {"adc_rounded", sum.conversions_rounded},
          {"opa_deposits", sum.opa_deposits},
          {"opa_products_truncated", sum.opa_products_truncated},
          {"cells_saturated_by_slice", saturated},
          {"weights_clamped", sum.weights_clamped},
          {"results_saturated", results_saturated},
          {"computed_exactly", paths.exact_operations},
          {"computed_sliced", paths.sliced_operations}};
}

// What inversion units did, and how exact their solutions were; null where nothing was measured.
json inversion(const machine::Accelerator& accelerator, int wanted_bits) {
  inversion::InversionStatistics sum;
  for (int number = 0; number < accelerator.tiles(); ++number) {
    for (const auto& unit : accelerator.tile(number).inversions()) sum.add(unit->statistics());
  }
  json failures = json::object();
  for (std::size_t i = 1; i < inversion::failure_count; ++i)
    failures[inversion::to_text(static_cast<inversion::Failure>(i))] = sum.failures[i];
  json fallbacks = json::object();
  for (std::size_t i = 0; i < inversion::fallback_count; ++i)
    fallbacks[inversion::to_text(static_cast<inversion::Fallback>(i + 1))] = sum.fallbacks[i];
  const auto measured = [](const inversion::BitHistogram& values) -> json {
    if (values.total() == 0) return {{"min", nullptr}, {"p50", nullptr}};
    return {{"min", values.lowest()}, {"p50", values.median()}};
  };
  json bits = measured(sum.bits);
  if (wanted_bits > 0) {
    bits["target"] = wanted_bits;
    bits["below_target"] = sum.bits.below(static_cast<unsigned>(wanted_bits));
  }
  return {{"loads", sum.loads},
          {"compensated_loads", sum.compensated_loads},
          {"solves", sum.solves},
          {"measured", sum.bits.total()},
          {"bits", bits},
          {"residual_bits", measured(sum.residual)},
          {"failures", failures},
          {"fallbacks", fallbacks},
          {"inversions", sum.inversions},
          {"products", sum.products},
          {"inversions_per_solve", mean(static_cast<double>(sum.inversions), sum.solves)},
          {"products_per_solve", mean(static_cast<double>(sum.products), sum.solves)},
          {"iterations_per_solve", mean(static_cast<double>(sum.iterations), sum.solves)}};
}

std::string per_batch(compiler::PerBatch what) {
  return what == compiler::PerBatch::batch ? "batch" : "example";
}

const char* name_of(compiler::FpOptimizer optimizer) {
  switch (optimizer) {
    case compiler::FpOptimizer::momentum:
      return "momentum";
    case compiler::FpOptimizer::adam:
      return "adam";
    case compiler::FpOptimizer::sgd:
      break;
  }
  return "sgd";
}

const char* name_of(unit::Format format) {
  if (format == unit::Format::fp16) return "fp16";
  return format == unit::Format::bf16 ? "bf16" : "fp32";
}

json fp_training(const compiler::FpMapping& mapping, const std::string& schedule) {
  json layers = json::array();
  for (const compiler::FpLayer& layer : mapping.layers) {
    layers.push_back({{"tile", layer.tile},
                      {"units", mapping.units_of(layer)},
                      {"groups", layer.groups},
                      {"group_rows", layer.group_rows},
                      {"columns", layer.width}});
  }
  return {{"mapping", "fp_pim"},
          {"format", name_of(mapping.options.format)},
          {"optimizer", name_of(mapping.options.optimizer)},
          {"batch", mapping.batch},
          {"schedule", schedule},
          {"layers", layers}};
}

std::uint64_t carry_resolutions(const machine::Accelerator& accelerator) {
  std::uint64_t total = 0;
  for (int number = 0; number < accelerator.tiles(); ++number) {
    for (const auto& unit : accelerator.tile(number).crossbars())
      total += unit->array().statistics().carry_resolutions;
  }
  return total;
}

// "activation_kernels, batch": where gradients came from, and what was summed before it was stored.
std::string gradient_text(const compiler::LoweredNetwork& network) {
  if (!network.has_kernels()) return "outer_products";
  return std::string("activation_kernels, ") + per_batch(network.gradient_store);
}

std::string schedule_text(const compiler::LoweredNetwork& network) {
  if (network.pipelined()) return "pipelined";
  return network.schedule == compiler::Schedule::sequential ? "sequential" : "all forward, all backward";
}

json training(const RunReport& report) {
  const compiler::LoweredNetwork& network = report.workload->program.network;
  if (report.workload->program.fp)
    return fp_training(report.workload->program.fp->mapping, schedule_text(network));
  const std::uint64_t all = carry_resolutions(report.simulation.machine().accelerator());
  const std::uint64_t early = report.simulation.early_carry_resolutions();
  json variants = json::array();
  for (const compiler::LoweredLayer& layer : network.layers) variants.push_back(layer.variant);
  return {{"variants", variants},
          {"gradient", gradient_text(network)},
          {"schedule", schedule_text(network)},
          {"deposits", per_batch(network.deposits)},
          {"batch", network.batch},
          {"carry_period", network.carry_period},
          {"carry_unit", per_batch(network.carry_unit)},
          {"carry_limit", network.carry_limit},
          {"carry_slice", network.carry_slice},
          {"carry_resolutions", {{"by_period", all - early}, {"by_limit", early}}}};
}

json second_order(const compiler::LoweredNetwork& network, const OptimiserCounts& counts) {
  const auto mapping = [](const compiler::LoweredFactor& factor) {
    return factor.fused ? "fused" : "direct";
  };
  json factors = json::array();
  for (const compiler::LoweredLayer& layer : network.layers) {
    json factor = {{"A", mapping(layer.kfac->a)},
                   {"A_order", layer.kfac->a.order},
                   {"G", mapping(layer.kfac->g)},
                   {"G_order", layer.kfac->g.order}};
    if (layer.kfac->a.terms > 0) {
      factor["A_terms"] = layer.kfac->a.terms;
      factor["G_terms"] = layer.kfac->g.terms;
    }
    factors.push_back(std::move(factor));
  }
  return {
      {"factors", factors},        {"updates", counts.updates},        {"refreshes", counts.refreshes},
      {"solves", counts.solves},   {"failures", counts.failures},      {"compensated", counts.compensated},
      {"retries", counts.retries}, {"digital_solves", counts.digital}, {"clipped", counts.clipped}};
}

json operations(const machine::Machine& machine) {
  const machine::Accelerator& accelerator = machine.accelerator();
  std::uint64_t elements = 0;
  std::uint64_t saturated = 0;
  std::uint64_t bytes = 0;
  std::uint64_t tile_instructions = 0;
  for (int number = 0; number < accelerator.tiles(); ++number) {
    const tile::Tile& tile = accelerator.tile(number);
    elements += tile.vector().elements();
    saturated += tile.vector().saturated();
    bytes += tile.dma().bytes_moved();
    tile_instructions += tile.hart().core().instructions();
  }
  return {{"crossbar", crossbar_counts(accelerator)},
          {"vector", {{"elements", elements}, {"results_saturated", saturated}}},
          {"dma", {{"bytes", bytes}}},
          {"instructions", {{"host", machine.hart().core().instructions()}, {"tiles", tile_instructions}}}};
}

json posted(const noc::PostedStatistics& counted) {
  return {{"messages", counted.messages},
          {"multicasts", counted.multicasts},
          {"refused", counted.failed},
          {"waited_for_room", counted.blocked}};
}

json utilisation(const machine::Machine& machine, double simulated_s) {
  json tiles = json::array();
  const machine::Accelerator& accelerator = machine.accelerator();
  const auto share = [&](const sc_core::sc_time& busy) {
    return simulated_s > 0 ? busy.to_seconds() / simulated_s : 0;
  };
  for (int number = 0; number < accelerator.tiles(); ++number) {
    const tile::Tile& tile = accelerator.tile(number);
    json crossbars = json::array();
    for (const auto& unit : tile.crossbars()) crossbars.push_back(share(unit->busy_time()));
    json own = {{"tile", number},
                {"vector", share(tile.vector().busy_time())},
                {"dma", share(tile.dma().busy_time())},
                {"crossbars", crossbars}};
    for (const auto& unit : tile.fp_pims()) own["fp_pims"].push_back(share(unit->busy_time()));
    const json banks = bank_report(tile.buffer(), simulated_s);
    if (!banks.is_null()) own["buffer"] = banks;
    tiles.push_back(std::move(own));
  }
  return tiles;
}

json host(const RunReport& report) {
  const Outcome& outcome = report.outcome;
  const std::uint64_t instructions = report.simulation.machine().instructions();
  json result = {
      {"wall_s", outcome.wall_s},
      {"instructions", instructions},
      {"mips", outcome.wall_s > 0 ? static_cast<double>(instructions) / outcome.wall_s / 1e6 : 0.0},
      {"slowdown_vs_float", nullptr},
      {"float32_wall_s", nullptr},
      {"golden_wall_s", nullptr}};
  if (report.float32) {
    result["float32_wall_s"] = report.float32->wall_s;
    if (outcome.ending == Ending::finished)
      result["slowdown_vs_float"] = outcome.wall_s / report.float32->wall_s;
  }
  if (report.golden) result["golden_wall_s"] = report.golden->wall_s;
  return result;
}

json faults(const RunReport& report) {
  json list = json::array();
  for (const TileFault& fault : report.outcome.faults) {
    json entry = {{"tile", fault.tile}, {"cause", fault.cause}, {"pc", fault.pc}, {"value", fault.value}};
    if (report.workload != nullptr) {
      const compiler::ListingPlace place = compiler::find_in_listing(report.workload->program, fault.pc);
      if (place.line != 0)
        entry["listing"] = {{"line", place.line}, {"region", place.region}, {"note", place.note}};
    }
    list.push_back(std::move(entry));
  }
  return list;
}

std::string percent(const json& value) {
  return value.is_number() ? fmt::format("{:.2f} %", 100 * value.get<double>()) : "-";
}

std::string inversion_summary(const json& inversion) {
  std::uint64_t failed = 0;
  for (const json& count : inversion["failures"]) failed += count.get<std::uint64_t>();
  std::string text =
      fmt::format("\n  inversion         {} systems solved", inversion["solves"].get<std::uint64_t>());
  if (inversion["bits"]["min"].is_number()) {
    text += fmt::format(" to {:.1f} bits at least, {:.1f} in the median",
                        inversion["bits"]["min"].get<double>(), inversion["bits"]["p50"].get<double>());
    if (inversion["bits"].contains("target")) {
      text += fmt::format(" ({} with fewer than {})", inversion["bits"]["below_target"].get<std::uint64_t>(),
                          inversion["bits"]["target"].get<int>());
    }
  }
  return text + fmt::format("; {} commands failed", failed);
}

}  // namespace

json make_results(const RunReport& report) {
  json results;
  results["schema_version"] = schema_version;
  results["scenario"] = {{"name", report.scenario.name},
                         {"description", report.scenario.description},
                         {"hash", report.scenario_hash},
                         {"technology", report.scenario.technology.name}};
  results["ending"] = to_text(report.outcome.ending);
  results["partial"] = report.outcome.ending != Ending::finished;
  results["exit_code"] = report.outcome.exit_code;
  results["detail"] = report.outcome.detail;
  results["faults"] = faults(report);
  const json list = epochs(report);
  results["accuracy"] = {{"platform", final_accuracy(list, "platform")},
                         {"golden", final_accuracy(list, "golden")},
                         {"float32", final_accuracy(list, "float32")}};
  results["epochs"] = list;
  if (report.workload != nullptr) results["training"] = training(report);
  if (report.workload != nullptr && report.workload->plan.kfac)
    results["second_order"] = second_order(report.workload->program.network, report.outcome.optimiser);
  results["reference"] = reference(report);
  results["time"] = {{"simulated_s", report.outcome.simulated_s}};
  const assembly::AreaReport chip = assembly::area(report.scenario);
  results["area"] = area_json(chip);
  constexpr double watt_per_milliwatt = 1e-3;
  results["energy"] = energy(report.simulation.context(),
                             chip.chip_total().leakage_mW * watt_per_milliwatt * report.outcome.simulated_s);
  results["energy"]["by_pass_J"] =
      pass_report(report.simulation.machine().accelerator(), report.simulation.context(),
                  results["energy"]["total_J"].get<double>());
  if (report.workload != nullptr && !report.workload->program.fp) {
    results["layers"] = layer_report(report.workload->program.placement,
                                     report.simulation.machine().accelerator(), report.simulation.context());
  }
  results["operations"] = operations(report.simulation.machine());
  const json fp_pim = fp_pim_report(report.scenario, report.simulation.machine().accelerator(),
                                    report.simulation.context(), report.outcome.simulated_s);
  if (!fp_pim.is_null()) results["operations"]["fp_pim"] = fp_pim;
  if (report.scenario.platform.crossbar.arithmetic == config::Arithmetic::device)
    results["devices"] = devices(report);
  if (report.scenario.platform.tile.inversion_units > 0)
    results["inversion"] =
        inversion(report.simulation.machine().accelerator(), report.scenario.training.kfac.bits);
  add_write_report(results, report.scenario, report.simulation.machine().accelerator(),
                   report.outcome.simulated_s);
  add_buffer_report(results, report.scenario, report.simulation.machine().accelerator(),
                    report.outcome.simulated_s);
  const noc::Noc& network = report.simulation.machine().accelerator().noc();
  results["noc"] = noc_report(network, chip, report.outcome.simulated_s);
  if (network.config().posted_writes > 0) results["noc"]["posted"] = posted(network.posted());
  add_memory_report(results, report.scenario, report.simulation.machine(), report.simulation.context(),
                    report.outcome.simulated_s);
  results["utilisation"] = utilisation(report.simulation.machine(), report.outcome.simulated_s);
  results["host"] = host(report);
  return results;
}

std::string make_summary(const RunReport& report, const json& results) {
  std::string text = fmt::format("\n{}: {}", report.scenario.name, to_text(report.outcome.ending));
  if (!report.outcome.detail.empty()) text += "\n" + report.outcome.detail;
  const json& accuracy = results["accuracy"];
  if (report.workload != nullptr) {
    const json& plan = results["training"];
    if (report.workload->program.fp) {
      text += fmt::format("\n  training          {} on floating-point PIM, {}",
                          plan["format"].get<std::string>(), plan["optimizer"].get<std::string>());
    } else {
      text += fmt::format("\n  training          variants {}, ", plan["variants"].dump());
      if (plan["gradient"] == "outer_products") {
        text += fmt::format("deposits once {} {}", plan["deposits"] == "batch" ? "a" : "an",
                            plan["deposits"].get<std::string>());
      } else {
        text += "gradients of " + plan["gradient"].get<std::string>();
      }
      const json& resolutions = plan["carry_resolutions"];
      text += fmt::format("\n  carries resolved  {} times at the period",
                          resolutions["by_period"].get<std::uint64_t>());
      if (plan["carry_limit"] != 0)
        text += fmt::format(", {} times at the limit", resolutions["by_limit"].get<std::uint64_t>());
    }
    text +=
        fmt::format("\n  test accuracy     platform {}   golden {}   float32 {}",
                    percent(accuracy["platform"]), percent(accuracy["golden"]), percent(accuracy["float32"]));
    const json& exact = results["reference"]["bit_exact"];
    const std::string answer = exact.is_null()     ? "not compared, " + not_compared(report)
                               : exact.get<bool>() ? "yes"
                                                   : "no";
    text += "\n  bit-exact         " + answer;
    if (exact.is_boolean() && !exact.get<bool>() && results["reference"]["first_difference"].is_string()) {
      text += " (" + results["reference"]["first_difference"].get<std::string>() + ")";
    }
  }
  if (results.contains("second_order")) {
    const json& counts = results["second_order"];
    text += fmt::format(
        "\n  second order      {} updates, {} solves, {} failures, {} retries, {} solved digitally",
        counts["updates"].dump(), counts["solves"].dump(), counts["failures"].dump(),
        counts["retries"].dump(), counts["digital_solves"].dump());
  }
  const char* separator = "\n  device effects    ";
  for (const std::string& effect : device_effects(report.scenario)) {
    text += separator + effect;
    separator = ", ";
  }
  if (results.contains("inversion")) text += inversion_summary(results["inversion"]);
  text += write_summary(results) + buffer_summary(results);
  text += memory_summary(results);
  text += noc_summary(results["noc"]);
  text += fmt::format("\n  simulated time    {:.6f} s", report.outcome.simulated_s);
  text +=
      fmt::format("\n  energy            {:.6g} J, {:.3g} J of it leakage",
                  results["energy"]["total_J"].get<double>(), results["energy"]["leakage_J"].get<double>());
  text += fmt::format("\n  host              {:.2f} s wall, {} instructions, {:.1f} MIPS",
                      report.outcome.wall_s, results["host"]["instructions"].get<std::uint64_t>(),
                      results["host"]["mips"].get<double>());
  if (results["host"]["slowdown_vs_float"].is_number()) {
    text += fmt::format(", {:.2f} x the float32 loop", results["host"]["slowdown_vs_float"].get<double>());
  }
  return text + "\n";
}

}  // namespace weft::tool

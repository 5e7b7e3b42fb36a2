// SPDX-License-Identifier: Apache-2.0
// The technologies of floating-point PIM against what FloatPIM (ISCA 2019) and arXiv 2003.01551 print.
#include <catch2/catch.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "models/fp_pim/cost.h"
#include "platform/assembly/area.h"
#include "platform/assembly/machine_config.h"
#include "platform/config/config.h"

using namespace weft;

namespace {

config::Scenario scenario(const std::string& technology, const std::vector<std::string>& more = {}) {
  config::LoadOptions options;
  options.preset_path = {std::filesystem::path(WEFT_SOURCE_DIR) / "scenarios"};
  options.overrides = {"technology.preset=" + technology, "platform.tile.fp_pim_units=1"};
  options.overrides.insert(options.overrides.end(), more.begin(), more.end());
  return config::parse_scenario(
      "workload: {layers: [{outputs: 10}]}\n"
      "training: {epochs: 1, learning_rate: 0.1}\n"
      "dataset: {kind: digits, train: 10, test: 10}\n",
      "x.yaml", options);
}

struct Mac {
  double ns;
  double pJ;  // of a lane among 1024
};

Mac mac(const std::string& technology, const std::vector<std::string>& more = {}) {
  const fp_pim::Primitives primitives =
      assembly::machine_config(scenario(technology, more), 0).accelerator.tile.fp_pim.primitives;
  const fp_pim::FormatCost cost = cost_of(unit::Format::fp32, primitives);
  const double lanes = primitives.search_scope == fp_pim::SearchScope::lane ? 1 : 1024;
  const Joule energy =
      cost.multiplication.lane + cost.addition.lane + cost.addition.searches / lanes * primitives.search;
  return {(cost.multiplication.time + cost.addition.time).to_seconds() * 1e9, energy.value() * 1e12};
}

double subarrays_mm2(const std::string& technology, const std::vector<std::string>& more = {}) {
  for (const assembly::AreaItem& item : assembly::area(scenario(technology, more)).tile) {
    if (item.part == "fp_pim_subarray") return item.cost.area_mm2;
  }
  throw std::runtime_error("no subarray");
}

}  // namespace

TEST_CASE(
    "floatpim is FloatPIM, sot_calibrated 1.8 times faster, 3.3 times lower in energy, 2.5 times smaller") {
  const Mac floatpim = mac("floatpim");
  const Mac sot = mac("sot_calibrated");
  CHECK(floatpim.ns == Approx(4973.2));
  CHECK(floatpim.pJ == Approx(265.6).epsilon(0.001));
  CHECK(floatpim.ns / sot.ns == Approx(1.8).epsilon(0.05));
  CHECK(floatpim.pJ / sot.pJ == Approx(3.3).epsilon(0.05));
  // The scratch cells of a lane, 349 and 92, are too few to be seen beside 1024 numbers.
  const std::vector<std::string> tall{"platform.fp_pim.rows=1024"};
  CHECK(subarrays_mm2("floatpim", tall) / subarrays_mm2("sot_calibrated", tall) == Approx(2.5).epsilon(0.01));
}

TEST_CASE("a search charged to all lanes together leaves FloatPIM's MAC at 9.5 pJ, below SOT-MRAM's") {
  const Mac amortised = mac("floatpim", {"technology.fp_pim.search_scope=array"});
  CHECK(amortised.pJ == Approx(9.52).epsilon(0.001));
  CHECK(amortised.pJ < mac("sot_calibrated").pJ);
}

TEST_CASE("sot_fast cuts a MAC by 56.7 %, sot_bank takes a bank's read and write") {
  CHECK(1 - mac("sot_fast").ns / mac("sot_calibrated").ns == Approx(0.567).epsilon(0.005));
  const fp_pim::Primitives bank =
      assembly::machine_config(scenario("sot_bank"), 0).accelerator.tile.fp_pim.primitives;
  // 32 Mb, 512 bits an access: 2.85 and 2.59 ns, 0.57 and 0.66 nJ (Angizi et al., ISVLSI 2019).
  CHECK(bank.read_time == sc_core::sc_time(2.85, sc_core::SC_NS));
  CHECK(bank.write_time == sc_core::sc_time(2.59, sc_core::SC_NS));
  CHECK(bank.read.value() * 512 == Approx(0.57e-9).epsilon(0.005));
  CHECK(bank.write.value() * 512 == Approx(0.66e-9).epsilon(0.005));
}

TEST_CASE("the area of units follows numbers, format and scratch cells") {
  // FloatPIM: 3468.8 um2 a subarray of 2^20 cells.
  const double unit =
      subarrays_mm2("floatpim", {"platform.fp_pim.rows=1024", "platform.fp_pim.columns=1024"});
  CHECK(unit == Approx(0.0034688 * (32 * 1024 + 349) / 1024));
  CHECK(subarrays_mm2("floatpim", {"platform.fp_pim.rows=1024", "platform.fp_pim.columns=1024",
                                   "platform.fp_pim.format=bf16"}) ==
        Approx(0.0034688 * (16 * 1024 + 93) / 1024));
  CHECK(subarrays_mm2("floatpim", {"platform.tile.fp_pim_units=3"}) == Approx(3 * subarrays_mm2("floatpim")));
}

// SPDX-License-Identifier: Apache-2.0
// The presets against what the papers print: PANTHER (arXiv 1912.11516), PUMA (ASPLOS 2019), ISAAC (ISCA
// 2016).
#include <catch2/catch.hpp>

#include <algorithm>
#include <string>
#include <vector>

#include "models/crossbar/array_presets.h"
#include "platform/assembly/area.h"
#include "tests/platform/assembly/preset_scenario.h"

using namespace weft;

namespace {

config::Scenario scenario(const std::vector<std::string>& overrides) {
  return test::preset_scenario(overrides);
}

// One product of 16 operand bits.
double product_nJ(const std::vector<std::string>& overrides) {
  const config::Scenario given = scenario(overrides);
  const crossbar::CrossbarEnergy energy = assembly::machine_config(given, 0).accelerator.tile.crossbar.energy;
  constexpr int steps = 16;
  return steps * given.platform.crossbar.slices * (energy.mvm_step + energy.adc_step).value() * 1e9;
}

double uniform_nJ(int cell_bits) {
  return product_nJ({"platform.preset=panther",
                     "platform.crossbar.digit_bits=" + std::to_string(std::min(cell_bits, 4)),
                     "platform.crossbar.cell_bits=" + std::to_string(cell_bits),
                     "platform.crossbar.adc_bits=" + std::to_string(7 + cell_bits - 1)});
}

const config::PartCost& cost(const std::vector<assembly::AreaItem>& items, const std::string& part) {
  for (const assembly::AreaItem& item : items) {
    if (item.part == part) return item.cost;
  }
  throw std::runtime_error("no part " + part);
}

}  // namespace

TEST_CASE("the platform preset panther is the published array") {
  const crossbar::ArrayConfig preset =
      assembly::array_config(scenario({"platform.preset=panther"}).platform.crossbar);
  const crossbar::ArrayConfig published = crossbar::panther_array();
  CHECK(preset.rows == published.rows);
  CHECK(preset.cols == published.cols);
  CHECK(preset.slices == published.slices);
  CHECK(preset.digit_bits == published.digit_bits);
  CHECK(preset.cell_bits == published.cell_bits);
  CHECK(preset.slice_adc_bits == published.slice_adc_bits);
  CHECK_NOTHROW(preset.validate());
}

TEST_CASE("calibrated converters of a scenario reach the array slice by slice") {
  const std::string crossbar = "platform.crossbar.";
  const config::Scenario given =
      scenario({crossbar + "slices=2", crossbar + "adc_bits=[7, 9]", crossbar + "adc_range=calibrated",
                crossbar + "adc_full_scale=[100, 300]"});
  const crossbar::ArrayConfig array = assembly::array_config(given.platform.crossbar);
  CHECK(array.adc_range == crossbar::AdcRange::calibrated);
  CHECK(array.full_scale == std::vector<int>{100, 300});
  CHECK(array.slice_adc_bits == std::vector<int>{7, 9});
  CHECK_NOTHROW(array.validate());
}

TEST_CASE("slicing changes the energy of a product as PANTHER publishes it") {
  const double base = product_nJ({"platform.crossbar.adc_bits=8"});
  const double panther = product_nJ({"platform.preset=panther"});
  CHECK(base == Approx(35.10).epsilon(0.005));            // section 7.3, 16 slices of 2 bits
  CHECK(panther == Approx(41.24).epsilon(0.005));         // sections 6.3 and 7.3
  CHECK(panther / base == Approx(1.175).epsilon(0.005));  // section 6.3
  // Figure 10 shows uniform slices of 3 to 6 bits on an axis from 20 to 60 nJ; the points are derived.
  CHECK(uniform_nJ(3) == Approx(23.0).epsilon(0.005));
  CHECK(uniform_nJ(4) == Approx(30.7).epsilon(0.005));
  CHECK(uniform_nJ(5) == Approx(41.5).epsilon(0.005));
  CHECK(uniform_nJ(6) == Approx(56.7).epsilon(0.005));
}

TEST_CASE("pairs of cells double what arrays cost, a unit column adds one line, converters stay") {
  const auto costs = [](const std::string& encoding) {
    return assembly::machine_config(scenario({"platform.crossbar.encoding=" + encoding}), 0)
        .accelerator.tile.crossbar.energy;
  };
  const auto arrays_mm2 = [](const std::string& encoding) {
    return cost(assembly::area(scenario({"platform.crossbar.encoding=" + encoding})).tile, "crossbar_array")
        .area_mm2;
  };
  const crossbar::CrossbarEnergy reference = costs("reference");
  for (const std::string same : {"offset", "twos_complement"}) {
    CAPTURE(same);
    CHECK(costs(same).mvm_step.value() == reference.mvm_step.value());
    CHECK(arrays_mm2(same) == arrays_mm2("reference"));
  }
  const crossbar::CrossbarEnergy pairs = costs("differential");
  CHECK(pairs.mvm_step.value() == Approx(2 * reference.mvm_step.value()));
  CHECK(pairs.array_read.value() == Approx(2 * reference.array_read.value()));
  CHECK(pairs.array_write.value() == Approx(2 * reference.array_write.value()));
  CHECK(pairs.array_pulse.value() == Approx(2 * reference.array_pulse.value()));
  CHECK(pairs.opa_step.value() == reference.opa_step.value());
  CHECK(pairs.adc_step.value() == reference.adc_step.value());
  CHECK(arrays_mm2("differential") == Approx(2 * arrays_mm2("reference")));
  const crossbar::CrossbarEnergy unit_column = costs("unit_column");
  CHECK(unit_column.mvm_step.value() == Approx(129.0 / 128 * reference.mvm_step.value()));
  CHECK(unit_column.adc_step.value() == Approx(129.0 / 128 * reference.adc_step.value()));
  CHECK(unit_column.array_write.value() == reference.array_write.value());
  CHECK(arrays_mm2("unit_column") == Approx(129.0 / 128 * arrays_mm2("reference")));
}

TEST_CASE("converters of an array cost area and power each, and no energy") {
  const auto report = [](const std::string& adcs) {
    return assembly::area(scenario({"platform.crossbar.adcs=" + adcs}));
  };
  CHECK(cost(report("4").tile, "adc").area_mm2 == Approx(4 * cost(report("1").tile, "adc").area_mm2));
  CHECK(cost(report("4").tile, "adc").leakage_mW == Approx(4 * cost(report("1").tile, "adc").leakage_mW));
  CHECK(product_nJ({"platform.crossbar.adcs=4"}) == product_nJ({}));
}

TEST_CASE("PUMA's product costs what PUMA prints") {
  // Section 7.4.3: 43.97 nJ for 128 x 128 and 16 bits.
  CHECK(product_nJ({"platform.preset=puma", "technology.preset=puma-32nm"}) == Approx(43.97).epsilon(0.005));
}

TEST_CASE("core, tile and node of PUMA add up to its table 3") {
  const assembly::AreaReport report =
      assembly::area(scenario({"platform.preset=puma", "technology.preset=puma-32nm"}));
  REQUIRE(report.tiles == 138);
  REQUIRE(report.without_figures.empty());
  config::PartCost core;
  for (const char* part : {"crossbar_array", "adc", "crossbar_unit", "vector_lane"}) {
    core.area_mm2 += cost(report.tile, part).area_mm2 / 8;
    core.power_mW += cost(report.tile, part).power_mW / 8;
  }
  CHECK(core.power_mW == Approx(42.37).epsilon(0.01));
  // Printed as 0.036. The table's rounded parts make that exactly, and the tile then 1.3 % more than it
  // prints; the parts of PUMA's simulator, which are not rounded, make 0.0355.
  CHECK(core.area_mm2 == Approx(0.0355).epsilon(0.002));
  CHECK(report.tile_total().power_mW == Approx(373.8).epsilon(0.01));
  CHECK(report.tile_total().area_mm2 == Approx(0.479).epsilon(0.01));
  CHECK(report.chip_total().power_mW == Approx(62'500).epsilon(0.01));
  CHECK(report.chip_total().area_mm2 == Approx(90.64).epsilon(0.01));
}

TEST_CASE("a tile of ISAAC adds up to its table I") {
  const assembly::AreaReport report = assembly::area(
      scenario({"platform.preset=puma", "platform.tile.crossbars=12", "platform.tile.vector_lanes=2",
                "platform.tiles={columns: 14, rows: 12}", "technology.preset=isaac-32nm"}));
  const double router_mW = cost(report.chip, "router").power_mW / report.tiles;
  const double router_mm2 = cost(report.chip, "router").area_mm2 / report.tiles;
  CHECK(report.tile_total().power_mW + router_mW == Approx(330).epsilon(0.01));
  CHECK(report.tile_total().area_mm2 + router_mm2 == Approx(0.372).epsilon(0.01));
  CHECK(report.chip_total().power_mW == Approx(65'800).epsilon(0.01));
  CHECK(report.chip_total().area_mm2 == Approx(85.4).epsilon(0.01));
}

TEST_CASE("138 tiles with PANTHER's arrays are as large as its node") {
  const assembly::AreaReport report =
      assembly::area(scenario({"platform.preset=panther", "platform.tiles={columns: 23, rows: 6}",
                               "platform.tile.buffer_size=64 KiB", "platform.tile.vector_lanes=8"}));
  CHECK(report.chip_total().area_mm2 == Approx(117).epsilon(0.01));  // table 3
}

TEST_CASE("138 tiles of digital units are as large as PANTHER's Base_digital") {
  const assembly::AreaReport report =
      assembly::area(scenario({"platform.preset=base-digital", "platform.tiles={columns: 23, rows: 6}",
                               "platform.tile.buffer_size=64 KiB", "platform.tile.vector_lanes=8"}));
  CHECK(report.chip_total().area_mm2 == Approx(578).epsilon(0.01));      // table 3
  CHECK(report.chip_total().power_mW == Approx(839'000).epsilon(0.01));  // table 3
}

TEST_CASE("write filters have area where something is held back") {
  const auto tile = [](const std::vector<std::string>& overrides) {
    std::vector<std::string> all = {"platform.tile.crossbars=8"};
    all.insert(all.end(), overrides.begin(), overrides.end());
    return assembly::area(scenario(all)).tile;
  };
  const std::string write_back = "platform.crossbar.update=write_back";
  const auto has = [](const std::vector<assembly::AreaItem>& parts, const std::string& name) {
    return std::any_of(parts.begin(), parts.end(), [&](const auto& part) { return part.part == name; });
  };
  CHECK_FALSE(has(tile({}), "write_filter_lane"));
  CHECK_FALSE(has(tile({write_back}), "write_filter_lane"));
  const auto dropping = tile({write_back, "platform.crossbar.write_filter.policy=drop"});
  CHECK(cost(dropping, "write_filter_lane").area_mm2 == Approx(8 * 16 * 1e-4));
  CHECK_FALSE(has(dropping, "write_filter_memory"));
  CHECK_FALSE(has(dropping, "write_filter_product"));
  // 128 x 128 residuals of 16 bits: 32 KiB a unit.
  const auto keeping = tile({"platform.crossbar.write_filter={policy: ef_reset, residual_bits: 16}"});
  CHECK(cost(keeping, "write_filter_memory").area_mm2 == Approx(8 * 32 * 1.05e-3));
  CHECK(has(keeping, "write_filter_product"));
  // A memory that only a later epoch needs is there all the time.
  CHECK(has(tile({write_back, "training.write_filter_schedule=[{from_epoch: 1, policy: ef_grain}]"}),
            "write_filter_memory"));
}

TEST_CASE("area follows what a platform has of each part") {
  const auto tile = [](const std::vector<std::string>& overrides) {
    return assembly::area(scenario(overrides)).tile;
  };
  const std::vector<assembly::AreaItem> base = tile({});
  const auto ratio = [&](const std::string& part, const std::string& change) {
    return cost(tile({change}), part).area_mm2 / cost(base, part).area_mm2;
  };
  CHECK(ratio("crossbar_array", "platform.crossbar.rows=64") == Approx(0.5));
  CHECK(ratio("adc", "platform.crossbar.rows=64") == Approx(1));
  CHECK(ratio("adc", "platform.crossbar.adc_bits=12") == Approx(1.31 * 1.31));
  CHECK(ratio("crossbar_unit", "platform.tile.crossbars=16") == Approx(2));
  CHECK(ratio("buffer", "platform.tile.buffer_size=64 KiB") == Approx(0.25));
  CHECK(ratio("vector_lane", "platform.tile.vector_lanes=4") == Approx(0.25));
}

TEST_CASE("an analogue inversion unit has arrays, converters and amplifiers") {
  const assembly::AreaReport report = assembly::area(scenario({"platform.preset=repast"}));
  CHECK(report.without_figures.empty());
  // 32 bits in cells of four and, inside the loop, eight bits: ten arrays of 256 x 256.
  CHECK(cost(report.tile, "inversion_array").area_mm2 == Approx(10 * 4 * 3e-5));
  CHECK(cost(report.tile, "inversion_adc").area_mm2 == Approx((8 + 1) * 2 * 0.0012));
  CHECK(cost(report.tile, "inversion_amplifier").area_mm2 == Approx(256 * 150e-6));
  CHECK(cost(report.tile, "inversion_amplifier").power_mW == Approx(51.2));
  // Blocks: the same elements for products, half of them inside the loop, twice the converters a column.
  const assembly::AreaReport blocks =
      assembly::area(scenario({"platform.preset=repast", "platform.inversion.array=128"}));
  CHECK(cost(blocks.tile, "inversion_array").area_mm2 == Approx((8 * 4 + 2 * 2) * 3e-5));
  CHECK(cost(blocks.tile, "inversion_adc").area_mm2 == Approx((8 * 2 + 1) * 2 * 0.0012));
}

TEST_CASE("the platform preset repast solves nested, and its technology prices the operations") {
  const auto unit = [](const std::vector<std::string>& overrides) {
    return assembly::machine_config(scenario(overrides), 0).accelerator.tile.inversion;
  };
  const inversion::InversionUnitConfig base = unit({"platform.preset=repast"});
  CHECK(base.solver.mode == inversion::Mode::nested);
  CHECK(base.solver.array_bits == 8);
  CHECK(base.energy.amplifier_ns.value() == Approx(0.2e-12));
  CHECK(base.energy.microsiemens_ns.value() == Approx(1e-17));
  CHECK(base.times.gain_bandwidth_Hz == Approx(1e9));
  CHECK(unit({}).solver.mode == inversion::Mode::reference);
  const inversion::InversionUnitConfig other =
      unit({"platform.preset=repast", "platform.inversion.mode=merged", "platform.inversion.passes=7",
            "platform.inversion.rounding=compensated", "platform.inversion.conversion=each_slice",
            "platform.inversion.effects={programming_sigma: 0.01, amplifier_gain: 1e4, wire_ohm: 2}",
            "technology.inversion.g_max_uS=50", "technology.inversion.amplifier_power_mW=0.4"});
  CHECK(other.solver.mode == inversion::Mode::merged);
  CHECK(other.solver.passes == 7);
  CHECK(other.solver.rounding == inversion::LevelRounding::compensated);
  CHECK(other.solver.conversion == inversion::Conversion::each_slice);
  CHECK(other.solver.effects.programming_sigma == 0.01);
  CHECK(other.solver.effects.amplifier_gain == 1e4);
  CHECK(other.solver.effects.wire_ohm == 2);
  CHECK(other.solver.effects.g_max_uS == 50);
  CHECK(other.energy.amplifier_ns.value() == Approx(0.4e-12));
}

TEST_CASE("memory controllers on the chip take up area by the width of their channels") {
  const auto of = [](const std::string& preset) {
    return assembly::area(scenario({"platform.preset=" + preset}));
  };
  // Two controllers of 64 bits, and four of two channels of 16 bits.
  CHECK(cost(of("mesh4x4-ddr4").chip, "dram_channel").area_mm2 == Approx(2 * 9.93));
  CHECK(cost(of("mesh4x4-ddr4").chip, "dram_channel").power_mW == Approx(2 * 5e-12 * 8 * 25.6e9 * 1e3));
  CHECK(cost(of("mesh4x4-lpddr4").chip, "dram_channel").area_mm2 == Approx(4 * 2 * 9.93 / 4));
  CHECK_THROWS(cost(of("mesh4x4").chip, "dram_channel"));
  CHECK_THROWS(cost(of("mesh4x4-hbm2").chip, "dram_channel"));
  CHECK(of("mesh4x4-hbm2").without_figures == std::vector<std::string>{"controllers of HBM2"});
  CHECK(of("mesh4x4").without_figures.empty());
  CHECK(of("mesh4x4-ddr4").chip_total().area_mm2 - of("mesh4x4").chip_total().area_mm2 == Approx(2 * 9.93));
  // One on the host's bus is not on the chip.
  const assembly::AreaReport host =
      assembly::area(scenario({"platform.preset=mesh4x4", "platform.memory.kind=ddr4-2400"}));
  CHECK_THROWS(cost(host.chip, "dram_channel"));
}
